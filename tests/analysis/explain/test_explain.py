"""`shapecalc explain` and `shapecalc.explain` as a user meets them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import shapecalc
from shapecalc.analysis.explain import TOPICS
from shapecalc.analysis.explain.model import Explanation
from shapecalc.cli import main
from shapecalc.output.formats import formats_of
from tests.analysis.explain.support import report
from tests.paths import ROOT
from tests.runner import runner

if TYPE_CHECKING:
    from click.testing import Result

ROOM = ROOT / "shapecalc" / "analysis" / "explain"
SPEC = """
name: a | b <script>
input: 9x11x2
layers:
  - conv: {name: first, filters: 3, kernel: 5, note: "see [here](x) & <b>there</b>"}
  - relu
"""


def run(*words: str, text: str | None = None) -> Result:
    return runner().invoke(main, list(words), input=text, catch_exceptions=False)


def test_layers_are_found_by_name_by_path_by_its_end_and_in_capitals() -> None:
    full = run("explain", "googlenet", "inception_3a/3x3/reduce").stdout
    assert full.startswith("inception_3a/3x3/reduce of GoogLeNet\n")
    assert run("explain", "googlenet", "3a/3x3/reduce").exit_code == 2  # no whole part of the path
    assert run("explain", "googlenet", "conv2/reduce").stdout.startswith("conv2/reduce of")
    assert run("explain", "alexnet", "CONV1").stdout == run("explain", "alexnet", "conv1").stdout
    assert run("explain", "resnet50", "conv3_x/bottleneck1").stdout.startswith(
        "conv3_x/bottleneck1"
    )


def test_the_usual_topics_and_those_asked_for() -> None:
    usual = shapecalc.explain("alexnet", "conv1")
    assert [each.topic for each in usual.sections] == ["output", "params", "macs", "what-if"]
    asked = shapecalc.explain("alexnet", "conv1", "memory, macs")
    assert [each.topic for each in asked.sections] == ["memory", "macs"]
    assert [each.topic for each in shapecalc.explain("alexnet").sections] == ["output"]
    relu = shapecalc.explain("alexnet", "relu1")
    assert "what-if" not in [each.topic for each in relu.sections]  # it has none


def test_input_set_batch_dtype_and_layout_are_those_of_summarize() -> None:
    out = run("explain", "alexnet", "conv1", "--input", "224x224x3", "--layout", "chw").stdout
    assert "conv 96 11x11 /4: 3x224x224 -> 96x54x54" in out
    out = run("explain", "alphago", "conv2", "--of", "params", "--set", "k=100").stdout
    assert "100 x (3 x 3 x 100) + 100" in out
    words = ("--of", "memory", "--batch", "3", "--dtype", "float16")
    out = run("explain", "alexnet", "conv1", *words).stdout
    assert "(55 x 55 x 96) x 3 x 2" in out
    assert "1,742,400 bytes" in out


def test_a_graph_a_report_and_a_name_give_the_same_lesson() -> None:
    graph = shapecalc.load("alexnet")
    lessons = [shapecalc.explain(each, "conv1") for each in ("alexnet", graph)]
    lessons.append(shapecalc.explain(shapecalc.summarize(graph), "conv1"))
    assert lessons[0].sections == lessons[1].sections == lessons[2].sections
    with pytest.raises(TypeError, match="computed already"):
        shapecalc.explain(report("alexnet"), "conv1", input="224x224x3")
    with pytest.raises(shapecalc.SpecErrors, match="E310"):
        shapecalc.explain("alexnet", "conv9")


def test_sections_are_found_by_their_topic() -> None:
    lesson = shapecalc.explain("alexnet", "conv1")
    assert lesson.section("params").values == (34944,)
    with pytest.raises(KeyError):
        lesson.section("memory")


@pytest.mark.parametrize("suffix", ["txt", "md", "html", "json"])
def test_files_are_written_by_their_suffix(
    suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("explain", "alexnet", "conv1", "-o", f"conv1.{suffix}")
    assert (result.exit_code, result.stdout) == (0, "")
    text = Path(f"conv1.{suffix}").read_text(encoding="utf-8")
    assert "34,944" in text


def test_json_has_the_rule_the_steps_and_the_facts() -> None:
    lesson = json.loads(
        run("explain", "alexnet", "conv1", "-f", "json", "--input", "224x224x3").stdout
    )
    assert lesson["schema"] == "shapecalc.explanation/1"
    output, params, macs, _ = lesson["sections"]
    assert (
        output["facts"]["height"]
        | {
            "left_over": 1,
            "unseen": 1,
            "exact_inputs": [223, 227],
            "windows": 54,
        }
        == output["facts"]["height"]
    )
    (side,) = [each for each in output["blocks"] if each.get("label") == "height = width"]
    assert side["rule"] == "floor((n + 2p - k)/s) + 1"
    assert side["substituted"] == "floor((224 + 2*0 - 11)/4) + 1"
    assert side["steps"] == ["floor(213/4) + 1", "floor(53.25) + 1", "53 + 1", "54"]
    assert (side["value"], params["values"], macs["values"]) == (54, [34944], [101616768])


class Tags(HTMLParser):
    """Whether every tag that is opened is closed, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_html_is_well_formed_stands_alone_and_escapes(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(SPEC, encoding="utf-8")
    text = run("explain", str(path), "first", "-f", "html").stdout
    assert "see [here](x) &amp; &lt;b&gt;there" in text
    reader = Tags()
    reader.feed(text)
    assert reader.open == []
    assert "<script" not in text
    assert "<b>" not in text
    assert not re.search(r"(src|href)=|https?:|@import|url\(", text)
    assert shapecalc.explain("alexnet", "conv1")._repr_html_().startswith('<div class="shapecalc">')


def test_markdown_escapes_what_would_be_markup(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(SPEC, encoding="utf-8")
    text = run("explain", str(path), "first", "-f", "markdown").stdout
    assert "\\[here\\]" in text
    assert "a \\| b" in text
    assert "<script>" not in text
    for line in run("explain", str(path), "-f", "markdown").stdout.splitlines():
        if line.startswith("|"):
            assert len(re.findall(r"(?<!\\)\|", line)) == 4


def test_a_terminal_has_colours_and_a_pipe_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    coloured = run("explain", "alexnet", "conv1", "-f", "terminal").stdout
    plain = run("explain", "alexnet", "conv1").stdout
    assert "\x1b" in coloured
    assert "\x1b" not in plain
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


def test_control_characters_of_a_spec_reach_no_output(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(
        'name: "a\\eb"\ninput: 9x7x1\nlayers: [{relu: {name: "x\\ey", note: "\\e[31m"}}]'
    )
    for format_ in formats_of(Explanation)[1:]:
        for words in ([], ["relu1"]):
            result = run("explain", str(path), *words, "-f", format_)
            assert "\x1b" not in result.stdout + result.stderr


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("shapecalc explain alexnet conv", {f"conv{i}" for i in range(1, 6)}),
        (
            "shapecalc explain googlenet inception_3a/3x3/r",
            {f"inception_3a/3x3/r{end}" for end in ("educe", "elu1", "elu2")},
        ),
        ("shapecalc explain no-such-spec c", set()),
        ("shapecalc explain alexnet --of output,m", {"output,macs", "output,memory"}),
        ("shapecalc explain alexnet --format t", {"terminal", "text"}),
    ],
)
def test_shells_complete_layers_topics_and_formats(words: str, offered: set[str]) -> None:
    place = str(len(words.split()) - 1)
    env = {**os.environ, "_SHAPECALC_COMPLETE": "bash_complete"}
    env |= {"COMP_WORDS": words, "COMP_CWORD": place}
    code = "from shapecalc.cli import main; main(prog_name='shapecalc')"
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
    )
    found = [line for line in done.stdout.splitlines() if line.startswith("plain")]
    assert {line.split(",", 1)[1] for line in found} == offered
    assert done.stderr == ""


@pytest.mark.parametrize("name", ["", "/", "input/", "x" * 5000, "\x1b[31m", "ß", "conv1/"])
def test_strange_names_are_refused_in_words(name: str) -> None:
    result = run("explain", "alexnet", name)
    assert result.exit_code == 2
    assert result.stderr.startswith("error[E310]")
    assert "\x1b" not in result.stderr


def test_every_topic_is_in_the_help() -> None:
    text = " ".join(run("explain", "--help").stdout.split())
    listed = text.partition("--of TOPIC ")[2].partition(";")[0]
    assert re.split(", | or ", listed) == list(TOPICS)


def test_every_module_that_explains_is_a_topic() -> None:
    modules = {
        path.stem for path in ROOM.glob("*.py") if "\ndef explain(" in path.read_text("utf-8")
    }
    explained = {topic.layer.__module__.rpartition(".")[2] for topic in TOPICS.values()}
    assert modules - {"__init__"} == explained


def test_summaries_import_no_lessons() -> None:
    code = (
        "import sys, shapecalc; shapecalc.summarize('googlenet').render('text')\n"
        "print(*[name for name in sys.modules if 'lesson' in name or 'formula' in name])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []

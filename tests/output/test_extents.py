"""Extents are set with a multiplication sign in every page and paper."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

import shapecalc
from shapecalc.cli import main
from shapecalc.output.document import Document, Prose
from shapecalc.output.html import document_to_html
from tests.runner import runner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from shapecalc.text.shown import Shown

COMMANDS = {
    "summarize": ["summarize", "lenet5"],
    "verify": ["verify", "lenet5"],
    "run": ["run", "lenet5"],
    "explain": ["explain", "lenet5", "conv1"],
}
TIMES = {"html": "×", "latex": r"$\times$"}


def written(command: list[str], format_: str) -> str:
    done = runner().invoke(main, [*command, "-f", format_], catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout


@pytest.mark.parametrize("format_", TIMES)
@pytest.mark.parametrize("name", COMMANDS)
def test_volumes_are_set_with_the_sign(name: str, format_: str) -> None:
    text = written(COMMANDS[name], format_)
    assert TIMES[format_].join(("28", "28", "6")) in text
    assert "28x28x6" not in text


OWN = """
name: own
let: {N: 28}
input: NxNx16
layers:
  - conv: {filters: 8, kernel: 3, pad: 1, name: 3x3}
  - conv: {filters: 4, kernel: 5, name: 5x5_reduce}
  - maxpool: {kernel: 2, name: 2x2}
"""
EVERYTHING = "output,params,macs,memory,receptive-field,gradient,what-if"


def own(folder: Path) -> str:
    """Write a spec whose file and whose layers are called like extents; return its path."""
    path = folder / "9x9.yaml"
    path.write_text(OWN, encoding="utf-8")
    return str(path)


def lines(result: Shown, format_: str) -> str:
    """Return what is shown, with the escapes of LaTeX undone."""
    text = result.render(format_)
    return text.replace(r"\_", "_").replace(r"{[}", "[") if format_ == "latex" else text


def changed(names: Iterable[str], text: str, format_: str) -> list[str]:
    """List the names that stand in a text with a multiplication sign."""
    made = {name: re.sub("(?<=[0-9])x(?=[0-9])", lambda _: TIMES[format_], name) for name in names}
    return [
        name
        for name, other in made.items()
        if other != name and re.search(rf"(?<![\w×$]){re.escape(other)}(?![\w×$])", text)
    ]


@pytest.mark.parametrize("format_", TIMES)
def test_names_of_googlenet_are_explained_unchanged(format_: str) -> None:
    graph = shapecalc.load("googlenet")
    names = graph.names()
    assert "inception_4a/1x1" in names
    for name in names:
        topics = EVERYTHING if name in graph.groups else "output,params,receptive-field"
        text = lines(shapecalc.explain(graph, name, topics), format_)
        assert name in text
        assert changed(names, text, format_) == []
    whole = lines(shapecalc.explain(graph, "inception_4a"), format_)
    assert TIMES[format_].join(("14", "14", "512")) in whole
    for name in ("1x1", "3x3", "5x5", "pool", "concat1"):
        assert f"inception_4a/{name}" in whole


@pytest.mark.parametrize("format_", TIMES)
def test_layers_and_files_called_like_extents_stay(format_: str, tmp_path: Path) -> None:
    path = own(tmp_path)
    names = (*shapecalc.load(path).names(), "9x9.yaml")
    assert names == ("input", "3x3", "5x5_reduce", "2x2", "9x9.yaml")
    for name in names[1:4]:
        text = lines(shapecalc.explain(path, name, EVERYTHING), format_)
        assert name in text
        assert "9x9.yaml" in text
        assert changed(names, text, format_) == []
        assert TIMES[format_].join(("28", "28", "8")) in text or name == "2x2"
    text = lines(shapecalc.explain(path, None, "output"), format_)
    assert changed(names, text, format_) == []


@pytest.mark.parametrize("format_", TIMES)
@pytest.mark.parametrize("question", ["no loss", "no loss and macs < 99"])
def test_layers_called_like_extents_stay_in_solutions(
    question: str, format_: str, tmp_path: Path
) -> None:
    path = own(tmp_path)
    solution = shapecalc.solve(path, question, free=["N"])
    text = lines(solution, format_)
    assert changed(solution.layers, text, format_) == []
    assert "2x2" in text


def test_names_that_extents_only_begin_with_are_no_names() -> None:
    document = Document("t", (Prose("3x3 gives 3x3x8 after a/3x3"),), names=("3x3",))
    page = document_to_html(document)
    assert "3x3 gives 3×3×8 after a/3×3" in page


ARROWS: dict[str, Callable[[], Shown]] = {
    "compare": lambda: shapecalc.compare("vgg11", "vgg16"),
    "explain": lambda: shapecalc.explain("alexnet", "conv1", EVERYTHING),
    "windows": lambda: shapecalc.windows_between("227 -> 55"),
}


@pytest.mark.parametrize("name", ARROWS)
def test_arrows_are_a_sign_that_no_line_breaks(name: str) -> None:
    body = ARROWS[name]().render("html").partition("<main")[2]
    shown = re.sub(r"<pre>.*?</pre>|<table [^>]*>", "", body, flags=re.DOTALL)
    assert " \N{RIGHTWARDS ARROW} " in shown
    assert "-&gt;" not in shown


def test_a_printed_line_and_its_computed_one_are_a_body() -> None:
    page = shapecalc.published_tables("googlenet")[0].render("html")
    bodies = re.findall(r"<tbody>\n(.*?)</tbody>", page, re.DOTALL)
    assert len(bodies) > 10
    assert {(body.count("<tr>"), body.count(">computed<")) for body in bodies} == {(2, 1)}

"""The documentation says what is true: its commands run, and nothing is missing from it.

`SHAPECALC_REGENERATE=1 pytest tests/test_docs.py` writes the outputs of the README's console
blocks and the pages of docs/make.py anew.
"""

import os
import re
import shlex
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
from click.testing import CliRunner

from shapecalc.analysis.explain import TOPICS
from shapecalc.analysis.tables import compare_file
from shapecalc.cli import COMMANDS, main
from shapecalc.errors import CODES
from shapecalc.layers import ALIASES, BUILTIN, STRUCTURE
from shapecalc.output.columns import COLUMNS
from shapecalc.output.formats import FORMATS
from shapecalc.spec.grammar import TOP_KEYS

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
REGENERATE = os.environ.get("SHAPECALC_REGENERATE") == "1"
CONSOLE = re.compile(r"(?<=```console\n).*?(?=```)", re.DOTALL)
ANSWERS = """\
layer,output,params,MACs
conv1,54x54x96,"34,848",101.6M
pool1,26x26x96,0,0
conv2,256@26x26,614.400,5*5*96*256*26*26
pool2,12x12x256,-,-
conv3,12x12x384,884736,
"""
HOMEWORK = """\
title: LeNet-5 by hand
spec: lenet5
layers: [conv1, pool1, conv2, fc1, total]
given: {conv1: {output: 28x28x6}}             # filled in, not graded
points: {macs: 2}
policy: {follow_through: 1/2, deduct: once}
"""
SMALL = "input: 12x5x3\nlayers:\n  - conv: {filters: 64, kernel: 7}\n  - rleu\n"


def answer(command: str) -> str:
    """Run a command of the README in this process; return what a terminal would show."""
    words = shlex.split(command)
    if words[0] == "cat":
        return Path(words[1]).read_text(encoding="utf-8")
    assert words[0] == "shapecalc"
    return CliRunner().invoke(main, words[1:]).output


def executed(block: str) -> str:
    """Return a console block with its outputs as they come out now."""
    commands = [line for line in block.splitlines() if line.startswith("$ ")]
    return "\n".join(f"{line}\n{answer(line[2:]).rstrip()}" for line in commands) + "\n"


def test_console_blocks_of_the_readme_show_what_the_commands_print(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("small.yaml").write_text(SMALL, encoding="utf-8")
    Path("homework.yaml").write_text(HOMEWORK, encoding="utf-8")
    Path("answers.csv").write_text(ANSWERS, encoding="utf-8")
    text = README.read_text(encoding="utf-8")
    renewed = CONSOLE.sub(lambda match: executed(match[0]), text)
    if REGENERATE:
        README.write_text(renewed, encoding="utf-8")
    assert len(CONSOLE.findall(text)) >= 6
    assert renewed == text


def test_python_block_of_the_readme_says_what_the_library_returns() -> None:
    (block,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, object] = {}
    compared = 0
    for line in block.splitlines():
        code, _, comment = line.partition("  #")
        if re.match(r"\s*(Map\(|\(|\d|')", comment):
            value = eval(code, names)
            assert (repr(value) if isinstance(value, str) else str(value)) == comment.strip()
            compared += 1
        elif code.strip():
            exec(code, names)
    assert compared == 7


def test_pages_of_reference_are_made_from_the_code() -> None:
    found = spec_from_file_location("make", ROOT / "docs" / "make.py")
    assert found is not None
    assert found.loader is not None
    made = module_from_spec(found)
    found.loader.exec_module(made)
    for path, text in made.pages().items():
        if REGENERATE:
            path.write_text(text, encoding="utf-8")
        assert path.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("word", [*BUILTIN, *ALIASES, *STRUCTURE])
def test_every_layer_type_is_documented(word: str) -> None:
    assert re.search(rf"(## {word}\n|`{word}`)", (ROOT / "docs/layers.md").read_text("utf-8"))


@pytest.mark.parametrize("code", CODES)
def test_every_error_code_is_documented(code: str) -> None:
    assert code in (ROOT / "docs/errors.md").read_text("utf-8")


@pytest.mark.parametrize("key", TOP_KEYS)
def test_every_key_of_the_language_is_documented(key: str) -> None:
    assert f"`{key}`" in (ROOT / "docs/language.md").read_text("utf-8")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_documented_and_its_help_has_an_example(command: str) -> None:
    assert f"shapecalc {command}" in README.read_text("utf-8")
    help_ = CliRunner().invoke(main, [command, "--help"])
    assert help_.exit_code == 0
    assert "Example" in help_.output


@pytest.mark.parametrize("topic", TOPICS)
def test_every_topic_of_explanations_is_documented(topic: str) -> None:
    assert f"| `{topic}` |" in (ROOT / "docs/explain.md").read_text("utf-8")


@pytest.mark.parametrize("column", [column.key for column in COLUMNS])
def test_every_column_is_documented(column: str) -> None:
    assert f"`{column}`" in (ROOT / "docs/columns.md").read_text("utf-8")


def test_the_example_of_a_table_holds(tmp_path: Path) -> None:
    (example,) = re.findall(
        r"```yaml\n(.*?)```", (ROOT / "docs/tables.md").read_text("utf-8"), re.DOTALL
    )
    (tmp_path / "example.yaml").write_text(example, encoding="utf-8")
    compared = compare_file(tmp_path / "example.yaml")
    # 5 x 5 x 6 x 16 + 16 = 2,416 is an erratum; the other four cells are LeNet-5's
    assert tuple(compared.counts) == (5, 4, 0, 1, 0)


@pytest.mark.parametrize("format_", FORMATS)
def test_every_format_is_in_the_help(format_: str) -> None:
    assert format_ in CliRunner().invoke(main, ["summarize", "--help"]).output

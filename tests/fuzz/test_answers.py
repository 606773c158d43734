"""Odd inputs with the answer that each must get, and odd places to read a spec from."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest

import shapecalc
from shapecalc.cli import main
from shapecalc.errors import SpecErrors
from tests.fuzz.support import judge
from tests.runner import runner
from tests.spec.support import place_of, problems_of

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "input: 32x32x3\n"
FINE = ""

#: What is odd: the text, and the first code of the answer.
CASES: dict[str, tuple[str, str]] = {
    "an alias for layers, used twice": (
        HEAD + "x-a: &a [relu]\n"
        "layers: [repeat: {times: 2, layers: *a}, repeat: {times: 2, layers: *a}]\n",
        FINE,
    ),
    "an alias for fields, used 10,000 times": (
        HEAD + "x-c: &c {filters: 3, kernel: 1}\nlayers:\n" + "- conv: *c\n" * 10_000,
        FINE,
    ),
    "a mistake behind an alias, used 10,000 times": (
        HEAD + "x-c: &c {filters: 0, kernel: 1}\nlayers:\n" + "- conv: *c\n" * 10_000,
        "E114",
    ),
    "a million open brackets": ("[" * 1_000_000, "E103"),
    "a thousand keys inside each other": ("".join(" " * i + "a:\n" for i in range(1000)), "E103"),
    "names that stand for names, 10,000 of them": (
        HEAD
        + "let:\n  a0: same\n"
        + "".join(f"  a{i}: a{i - 1}\n" for i in range(1, 10_000))
        + "layers: [conv: {filters: 1, kernel: 3, pad: a9999}]\n",
        FINE,
    ),
    "an expression of 299 signs": (HEAD + f"layers: [dense: {'1+' * 149}1]\n", FINE),
    "a very long key": (f"{'a' * 1_000_000}: 3\n{HEAD}layers: [relu]\n", "E101"),
    "a very long quoted key": (f'? "{"a" * 100_000}"\n: 3\n{HEAD}layers: [relu]\n', "E111"),
    "a reference of 100,000 steps": (
        HEAD + f"layers: [relu: {{from: {'a/' * 100_000}a}}]\n",
        "E150",
    ),
    "an input of 100,000 sides": (f"input: {'1x' * 100_000}1\nlayers: [relu]\n", "E110"),
    "an input made for a slow pattern": (f"input: {'ax' * 50_000}!\nlayers: [relu]\n", "E110"),
    "long names, deep inside each other": (
        HEAD
        + "layers: ["
        + "".join(f"group: {{name: {'a' * 100}, layers: [" for _ in range(20))
        + "]}" * 20
        + "]\n",
        "E117",
    ),
    "a receptive field that explodes": (
        "input: 1x1x1\nlayers: [repeat: {times: 9999, layers: [pad: 1, maxpool: 3]}]\n",
        "E114",
    ),
    "a receptive field in ever smaller parts": (
        "input: 1x1x1\nlayers: [repeat: {times: 9999, layers: [upsample: 3, crop: {to: 1}]}]\n",
        FINE,
    ),
    "the largest numbers that fields hold": (
        "input: 1000000000x1000000000x1000000000\n"
        "layers: [conv: {filters: 1000000000, kernel: 1000000000}]\n",
        FINE,
    ),
    "a volume too large for one vector": (
        "input: 1000000000x1000000000x3\nlayers: [flatten]\n",
        "E114",
    ),
    "5,000 references to references": (
        "input: 3\nblocks: {p: {layers: []}}\nlayers:\n- relu\n"
        + "".join(f"- p: {{name: p{i}, from: p{i + 1}}}\n" for i in range(5000))
        + "- p: {name: p5000, from: relu1}\n- tanh: {from: p0}\n",
        FINE,
    ),
    "5,000 layers in a circle": (
        "input: 3\nlayers:\n- relu: {name: a, from: relu5000}\n" + "- relu\n" * 4999,
        "E151",
    ),
    "a null in a reference": (HEAD + 'layers: [relu: {from: "a\\0b"}]\n', "E150"),
    "half a character, escaped": (HEAD + 'layers: [relu: {name: "\\ud800"}]\n', "E101"),
    "ends of lines as old Macs have them": (HEAD.replace("\n", "\r") + "layers: [rel]\r", "E112"),
    "ends of lines as Windows has them": (HEAD.replace("\n", "\r\n") + "layers: [relu]\r\n", FINE),
    "a byte order mark": ("\ufeff" + HEAD + "layers: [relu]\n", FINE),
}


@pytest.mark.parametrize("name", CASES)
def test_it_is_answered(name: str) -> None:
    text, code = CASES[name]
    assert judge(text, ())[:1] == ((code,) if code else ())


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x85", "\u2028", "\u2029"])
def test_a_caret_finds_its_line_whatever_ends_lines(end: str) -> None:
    # the YAML parser counts all of these as ends of lines
    text = end.join(["# remark", "input: 3", "layers:", "  - relu", "  - rellu", ""])
    (problem,) = problems_of(text)
    assert problem.code == "E112"
    assert place_of(problem) == "rellu"


def test_standard_input_without_end() -> None:
    result = runner().invoke(main, ["summarize", "-"], input=b"#" * 40_000_000)
    assert result.exit_code == 2
    assert "error[E005]" in result.stderr


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names here")
def test_a_pipe_is_read_to_its_end(tmp_path: Path) -> None:
    # `shapecalc summarize <(generate)` names a pipe.  One that nobody writes to is waited for, as
    # every tool does.
    path = tmp_path / "pipe.yaml"
    os.mkfifo(path)
    text = "input: 3\nlayers: [dense: 2]\n"
    writer = threading.Thread(target=path.write_text, args=(text,), daemon=True)
    writer.start()
    report = shapecalc.summarize(path)
    writer.join(10)
    assert report.totals.params == 8


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0,
    reason="permissions do not bind root; tests/errors simulates a refusal",
)
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "secret.yaml"
    path.write_text("input: 3\nlayers: []\n")
    path.chmod(0)
    with pytest.raises(SpecErrors) as caught:
        shapecalc.summarize(path)
    assert [problem.code for problem in caught.value.problems] == ["E003"]


def test_a_files_name_moves_no_cursor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a\x1b[31m.yaml").write_text("input: 3\nlayers: [rellu]\n")
    result = runner().invoke(main, ["summarize", "a\x1b[31m.yaml"])
    assert result.exit_code == 2
    assert all(character.isprintable() or character == "\n" for character in result.stderr)

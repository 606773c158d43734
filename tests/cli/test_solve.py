"""`shapecalc solve` as a command: exit codes, formats, files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from shapecalc.cli import main
from tests.runner import runner

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result


def run(*words: str) -> Result:
    return runner().invoke(main, ["solve", *words])


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["alexnet", "pool3 = 6x6"], 0),
        (["alexnet", "pool3 = 6x6x255"], 1),
        (["alexnet", "pol3 = 6x6"], 2),
        (["alexnet"], 2),
        (["--conv", "227 -> 55"], 0),
        (["--conv", "5 -> 9"], 1),
        (["--conv", "5 -> 9", "--transposed"], 0),
        (["--conv", "5"], 2),
        (["alexnet", "pool3 = 6x6", "--conv", "5 -> 9"], 2),
        (["alexnet", "pool3 = 6x6", "--kernel", "3"], 2),
    ],
)
def test_exit_codes(words: list[str], code: int) -> None:
    assert run(*words).exit_code == code


def test_free_set_and_input_are_those_of_summarize() -> None:
    done = run("alphago", "params <= 5M", "--input", "19x19x48", "--free", "k")
    assert "k from 1 to 218" in done.output
    done = run("alexnet", "pool3 = 6x6", "--input", "HxHx3")
    assert "H from 227 to 258 (32 in all)" in done.output
    done = run("alexnet", "pool3.width = 6", "--input", "NxWx3", "--set", "N=227")
    assert "W from 227 to 258" in done.output


def test_json_of_windows() -> None:
    record = json.loads(run("--conv", "227 -> 55", "-f", "json").output)
    first = record["windows"][0]
    assert (first["kernel"], first["stride"], first["pad"]) == (11, {"from": 4, "to": 4}, 0)
    assert first["inputs"] == [[{"from": 227, "to": 230, "modulus": 1, "residues": [0]}]]


def test_long_tables_are_cut_for_people_only() -> None:
    short, whole = run("--conv", "227 -> 55").output, run("--conv", "227 -> 55", "--all").output
    assert "The first 40 of 46" in short
    assert len(whole.splitlines()) > len(short.splitlines())


def test_a_file_gets_the_format_of_its_suffix(tmp_path: Path) -> None:
    path = tmp_path / "answer.md"
    assert run("alexnet", "pool3 = 6x6", "-o", str(path)).exit_code == 0
    assert path.read_text(encoding="utf-8").startswith("**AlexNet: pool3 = 6x6**")

"""The worked solution ends in the key, under every convention, and only when it is asked for."""

from __future__ import annotations

import re

import pytest

from shapecalc.cli import main
from shapecalc.homework.assignment.teacher import read_homework
from shapecalc.homework.sheets.worked import solution_lines, work_out
from shapecalc.text import Source
from tests.runner import runner

ALL = "columns: [output, units, weights, biases, params, macs, flops, memory, connections, rf]\n"


def homework(text: str):
    return read_homework(Source("homework.yaml", text))


def last_number(text: str) -> int:
    return int(re.findall(r"\d[\d,]*", text.split("; ", maxsplit=1)[0])[-1].replace(",", ""))


@pytest.mark.parametrize(
    "text",
    [
        "spec: alexnet\n" + ALL,
        "spec: alexnet\nconventions: {bias: left_out, flops_per_mac: 1, element: 2}\n" + ALL,
        "spec: googlenet\ncolumns: [output, params, macs]\n",
        "spec: lenet5\nlayers: [conv1, pool1, conv2, fc1, total]\n" + ALL,
    ],
)
def test_every_calculation_ends_in_the_key(text: str) -> None:
    assigned = homework(text)
    counted = 0
    for cell in assigned.cells:
        worked = work_out(assigned, cell)
        if isinstance(cell.key, int) and worked.steps:
            assert last_number(worked.steps[-1]) == cell.key, (cell.at, worked.steps)
            counted += 1
        elif cell.key is not None and cell.quantity.key == "output":
            numbers = {last_number(step) for step in worked.steps}
            sides = set(getattr(cell.key, "sides", ()))
            assert not sides or not worked.steps or sides & numbers, (cell.at, worked.steps)
    assert counted > 15


def test_without_biases_the_lesson_that_counts_them_is_not_told() -> None:
    assigned = homework(
        "spec: alexnet\nlayers: [conv1]\ncolumns: params\nconventions: {bias: left_out}\n"
    )
    (worked,) = (work_out(assigned, cell) for cell in assigned.cells)
    assert worked.steps == ("11*11*3*96 = 34,848",)
    assert worked.words == ()


def test_a_lesson_tells_the_rule_the_numbers_and_why() -> None:
    text = "\n".join(solution_lines(homework("spec: alexnet\nlayers: [conv1]\n")))
    assert "floor((n + 2p - k)/s) + 1 = floor((227 + 2*0 - 11)/4) + 1" in text
    assert "96 x (11 x 11 x 3) + 96" in text
    assert "Each of the 96 filters sees all 3 input channels" in text


def test_a_check_shows_it_for_what_is_not_right_when_asked(tmp_path, monkeypatch) -> None:
    (tmp_path / "a.csv").write_text("layer,output,params\nconv1,28x28x6,150\n")
    monkeypatch.chdir(tmp_path)
    words = ["homework", "check", "a.csv", "--against", "lenet5"]
    assert "156" not in runner().invoke(main, words).output
    shown = " ".join(runner().invoke(main, [*words, "--solution"]).output.split())
    assert "6 x (5 x 5 x 1) + 6 = 6 x 25 + 6 = 150 + 6 = 156" in shown
    assert "• conv1, output" not in shown

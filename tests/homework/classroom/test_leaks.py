"""A feedback page never says what a student does not have: no value of the key, in any cell.

Every cell of whole sheets gets the value of a wrong rule, so that every message and every rule with
numbers comes up; then the numbers and volumes of the page are searched for the key.
"""

from __future__ import annotations

import re
from html import unescape
from random import Random
from typing import TYPE_CHECKING

import pytest
from example_class import Student, judge, record

import shapecalc
from shapecalc.homework.assignment.model import Homework, assign
from shapecalc.homework.assignment.notation import value_text
from shapecalc.homework.assignment.quantities import QUANTITIES
from shapecalc.homework.classroom.feedback import feedback
from shapecalc.homework.diagnosis.explanations import alone, paired
from shapecalc.homework.diagnosis.judge import case_of
from shapecalc.homework.sheets.sheet import sheet

if TYPE_CHECKING:
    from shapecalc.homework.diagnosis import Checked

NETWORKS = ("alexnet", "vgg16", "lenet5-1998", "googlenet", "resnet18", "alexnet-2012")
#: The verdicts of those who have the key; what follows from own values is another value.
PLAIN = ("right", "right_other_notation")
_TOKEN = re.compile(r"\d[\d,]*(?:\s?[x×]\s?\d[\d,]*)*")


def tokens(text: str) -> set[str]:
    """Return the numbers and volumes of a text, without separators."""
    return {
        re.sub(r"\s", "", token).replace("×", "x").replace(",", "")
        for token in _TOKEN.findall(text)
    }


def visible(html: str) -> str:
    body = re.sub(r"<style>.*?</style>", " ", html, flags=re.DOTALL)
    return unescape(re.sub(r"<[^>]*>", " ", body))


def wrong_answers(rng: Random, homework: Homework) -> str:
    """Fill a sheet in with values of wrong rules, some of two at once, some of none."""
    lines = ["layer;" + ";".join(column.key for column in homework.columns)]
    cells = {cell.at: cell for cell in homework.cells}
    for layer in homework.layers:
        row = [layer]
        for column in homework.columns:
            cell = cells.get((layer, column.key))
            if cell is None or cell.key is None:
                row.append("")
                continue
            case = case_of(homework, cell, homework.rows)
            explanations = [*alone(case).all, *(paired(case).all if rng.random() < 0.2 else ())]
            values = [explanation.value for explanation in explanations]
            texts = [
                "x".join(map(str, value)) if isinstance(value, tuple) else str(value)
                for value in values
            ]
            right = value_text(cell.key, homework.conventions).replace(",", "")
            choices = [*(text for text in texts if "/" not in text), "12345677", "five", "", right]
            row.append(rng.choice(choices))
        lines.append(";".join(row))
    return "\n".join(lines) + "\n"


def leaks(homework: Homework, checked: Checked, text: str, page: str) -> set[str]:
    """Return the values of the key that a page says, though the student has them nowhere."""
    secret = {
        value_text(judged_cell.cell.key, homework.conventions).replace(",", "")
        for judged_cell in checked.cells
        if judged_cell.verdict not in PLAIN and judged_cell.cell.key is not None
    }
    has = {
        value_text(judged_cell.cell.key, homework.conventions).replace(",", "")
        for judged_cell in checked.cells
        if judged_cell.verdict in PLAIN
    }
    stated = tokens(sheet(homework, "markdown")) | tokens(text)
    return {
        token
        for token in (secret - has - stated) & tokens(page)
        if len(token) > 2  # small numbers are kernels, strides, counts of cells
    }


@pytest.mark.parametrize("network", NETWORKS)
def test_no_value_of_the_key_is_on_a_page(network: str) -> None:
    rng = Random(3)
    report = shapecalc.summarize(network)
    homeworks = [
        assign(report, columns=("output", "params", "macs")),
        assign(report, columns=tuple(QUANTITIES)),
    ]
    for homework in homeworks:
        for _ in range(6):
            text = wrong_answers(rng, homework)
            checked = judge(homework, text)
            graded = record(checked, Student("s1"))
            assert checked.findings
            for hint in (1, 2, 3):
                pages = feedback(homework, graded, checked, hint=hint)
                assert leaks(homework, checked, text, visible(pages.html)) == set()
                assert leaks(homework, checked, text, pages.markdown) == set()


def test_the_search_for_leaks_bites() -> None:
    homework = assign(shapecalc.summarize("alexnet"))
    text = wrong_answers(Random(5), homework)
    checked = judge(homework, text)
    pages = feedback(homework, record(checked, Student("s1")), checked, solution=True)
    wrong = [cell for cell in checked.cells if not cell.verdict.startswith("right")]
    for page in (visible(pages.html), pages.markdown):
        assert len(leaks(homework, checked, text, page)) > len(wrong) // 3


@pytest.mark.parametrize(
    ("network", "sheet", "rule"),
    [
        # subsampling multiplies once per output, and C3 has a table of connections: no products
        ("lenet5-1998", "layer,output,macs\nC3,10x10x16,\nS4,5x5x16,2400\n", ""),
        ("lenet5-1998", "layer,params\nC3,1500\n", ""),
        # a scale and a shift per channel, where the volume is known; no product either
        ("resnet18", "layer,output,params\nconv1,112x112x64,\nbn1,112x112x64,256\n", "64 + 64"),
        ("resnet18", "layer,params\nbn1,256\n", ""),
    ],
)
def test_a_rule_that_is_the_answer_is_not_told(network: str, sheet: str, rule: str) -> None:
    columns = sheet.splitlines()[0].split(",")[1:]
    layers = [line.split(",")[0] for line in sheet.splitlines()[1:]]
    homework = assign(shapecalc.summarize(network), columns=columns, layers=layers, depth=9)
    (finding,) = judge(homework, sheet).findings
    assert finding.cells[0].diagnoses[0].rule == rule


def test_a_part_of_a_calculation_may_be_the_answer_of_another_cell() -> None:
    # 11*11*3*96*55*55 + 55*55*96: the last product is the number of units
    homework = assign(shapecalc.summarize("alexnet"), columns=("output", "units", "params"))
    text = "layer,output,units,params\nconv1,55x55x96,{},105705600\n"
    for units, shown in (("290400", True), ("", False)):
        (diagnosis,) = judge(homework, text.format(units)).findings[0].cells[0].diagnoses
        assert ("290,400" in diagnosis.working) == shown

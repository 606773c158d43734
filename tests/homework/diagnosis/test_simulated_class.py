"""A simulated class is judged as intended: mistakes named, follow-through earned, nobody accused.

`benchmarks/bench_homework.py` does the same with a thousand students a network.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from shapecalc.homework.diagnosis.misconceptions import CATALOGUE
from tests.homework.diagnosis.simulated import rules
from tests.homework.diagnosis.simulated.classes import CLASSES, judged
from tests.homework.diagnosis.simulated.students import DEFAULT, Fault, filled_in, known_values
from tests.homework.diagnosis.simulated.table import Table
from tests.homework.diagnosis.simulated.verdicts import compared, score

if TYPE_CHECKING:
    from tests.homework.diagnosis.simulated.classes import Classroom
    from tests.homework.diagnosis.simulated.students import Student

SEED = 6
#: Students of the three networks' own columns, and of the larger sheets.
COUNTS = (60, 60, 60, 12, 12, 12, 4)


@pytest.mark.parametrize(
    ("classroom", "count"), list(zip(CLASSES, COUNTS, strict=True)), ids=[c.words for c in CLASSES]
)
def test_a_class_is_judged_as_intended(classroom: Classroom, count: int) -> None:
    homework = classroom.homework()
    students = classroom.students(count, SEED)
    sheets = [(who, judged(homework, who)) for who in students]
    result = score(sheets)
    odd = [
        (
            who.faults,
            comparison.at,
            who.texts[comparison.at],
            comparison.intent,
            comparison.judged.verdict,
        )
        for who, checked in sheets
        for comparison in compared(who, checked)
        if comparison.accused or comparison.falsely_certain
    ]
    assert odd == []
    assert result.cells > 30 * count
    assert result.mistakes > 0
    assert result.named >= 0.99 * result.mistakes
    assert result.agreed >= 0.999 * result.cells
    assert result.followed_rightly == result.followed
    assert result.exact == result.sheets


def test_mistakes_that_are_the_same_everywhere_are_never_certain() -> None:
    assert sum(map(alike_in, CLASSES[:6])) >= 4


def alike_in(classroom: Classroom) -> int:
    """Check the mistakes of a class that give the same numbers everywhere; return how many."""
    homework, alike = classroom.homework(), 0
    for column in classroom.columns:
        shown = {
            name: shows(classroom.table, column, name) for name in rules.COLUMNS.get(column, ())
        }
        for name, values in shown.items():
            twins = [other for other in shown if other != name and shown[other] == values]
            if values and twins:
                alike += 1
                for row in compared(who := alone(classroom, name), judged(homework, who)):
                    if row.intent.kind == "mistake":
                        names = {n for diagnosis in row.judged.diagnoses for n in diagnosis.ids}
                        assert {name, *twins} <= names, (name, row)
                        assert not any(diagnosis.certain for diagnosis in row.judged.diagnoses)
    return alike


def shows(table: Table, column: str, name: str) -> dict[str, object]:
    """Return what a mistake makes of every row by the key, where that is not right."""
    return {
        row: value
        for row in table.rows
        for value, sets in known_values(
            table, row, column, tuple(table.key[source] for source in table.sources(row)), None
        ).items()
        if frozenset((name,)) in sets
    }


def alone(classroom: Classroom, name: str) -> Student:
    """Make somebody who has one misconception, everywhere."""
    column = next(c for c in classroom.columns if name in rules.COLUMNS.get(c, ()))
    fault = Fault(name, column, 0, len(classroom.table.rows) - 1, 0)
    return filled_in(Random(1), classroom.table, classroom.columns, (fault,))


def test_the_simulation_bites() -> None:
    # who is right has no mistakes; who forgets the biases has them wrong in eight layers
    table = Table("alexnet")
    right = filled_in(Random(1), table, DEFAULT, ())
    wrong = alone(CLASSES[0], "P1")
    assert ({cell.kind for cell in right.cells.values()}, right.marks) == ({"right"}, 33)
    assert wrong.marks == 25
    assert sum(cell.ids == ("P1",) for cell in wrong.cells.values()) == 8
    # a key that is wrong is noticed: VGG's class does not agree with AlexNet's homework
    swapped = CLASSES[0].homework()
    accused = [
        comparison
        for comparison in compared(right, judged(swapped, wrong))
        if not comparison.agrees
    ]
    assert len(accused) == 8


def test_the_networks_are_those_of_the_papers() -> None:
    totals = {name: Table(name).total("params") for name in ("alexnet", "vgg16", "googlenet")}
    assert totals == {"alexnet": 62_378_344, "vgg16": 138_357_544, "googlenet": 6_998_552}
    assert Table("googlenet", inside=True).total("macs") == Table("googlenet").total("macs")


def test_nearly_all_misconceptions_are_simulated() -> None:
    # those left out need groups, dilation, transposed or depthwise convolutions, layers that pad,
    # normalisation, flattening, attention, recurrent layers, gray images or layers without biases,
    # which these networks have not; S21 and S22 are notations
    simulated = {name for names in rules.COLUMNS.values() for name in names} | {*rules.OF_TOTAL}
    left = [
        "S16",
        "S17",
        "S19",
        "S20",
        "S21",
        "S22",
        *(f"S{number}" for number in range(24, 29)),
        "P20",
        "P21",
        "P23",
        "P30",
        "P31",
        "P32",
        *(f"P{number}" for number in range(36, 41)),
        "F10",
        "F15",
        *(f"R{number}" for number in range(1, 11)),
    ]
    assert {*CATALOGUE} - simulated == {*left}

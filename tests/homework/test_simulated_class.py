"""A simulated class is judged as intended: mistakes named, follow-through earned, nobody accused."""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random

import pytest

import shapecalc
from shapecalc.homework.assignment import assign
from shapecalc.homework.check import check
from shapecalc.homework.load import read_answers

sys.path.insert(0, str(Path(__file__).parent))

from simulated import NETWORKS, OF_MACS, OF_PARAMS, OF_SIDES, Student, student

ALL = (*OF_SIDES, *OF_PARAMS, *OF_MACS)


def classroom(network: str) -> list[Student]:
    """Return a student for none, every single one, and many pairs of misconceptions."""
    rng = Random(20)
    pairs = [(rng.choice(OF_SIDES), rng.choice((*OF_PARAMS, *OF_MACS))) for _ in range(25)]
    pairs += [(rng.choice(OF_PARAMS), rng.choice(OF_MACS)) for _ in range(15)]
    return [student(rng, network, names) for names in ((), *((name,) for name in ALL), *pairs)]


@pytest.mark.parametrize("network", NETWORKS)
def test_a_class_is_judged_as_intended(network: str) -> None:
    homework = assign(shapecalc.summarize(network))
    named = explained = students = 0
    for each in classroom(network):
        if each.text.count("\n") < len(homework.layers):
            continue  # nothing was left of the image on the way
        students += 1
        found = check(homework, read_answers(each.text.encode(), "answers.csv"))
        far = any("too far" in cell.note for cell in found.cells)
        for cell in found.cells:
            meant = each.mistakes.get(cell.cell.at)
            if meant is None:
                assert cell.verdict.startswith("right") or far, (cell, each)
                continue
            explained += 1
            assert not cell.verdict.startswith("right"), (cell, each)
            ids = [diagnosis.ids for diagnosis in cell.diagnoses]
            assert any(meant in one for one in ids), (cell, each)
            if cell.diagnoses[0].certain:
                assert ids[0] == (meant,), (cell, each)
            named += ids[0] == (meant,)
        assert found.marks == each.marks or (far and found.marks < each.marks)
    assert students > 60
    assert named >= 0.95 * explained


def test_the_simulation_bites() -> None:
    # a student who is right has no mistakes, and one with a misconception has
    right, wrong = (student(Random(1), "alexnet", names) for names in ((), ("P1",)))
    assert (right.mistakes, right.marks) == ({}, 33)
    assert (set(wrong.mistakes.values()), wrong.marks) == ({"P1"}, 25)

"""Verdicts to marks, as exact fractions."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from shapecalc.homework.diagnosis.model import added

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapecalc.homework.assignment.model import Homework
    from shapecalc.homework.diagnosis.model import JudgedCell


def marked(homework: Homework, cells: Iterable[JudgedCell]) -> tuple[JudgedCell, ...]:
    """Give every cell its marks, by the homework's policy.

    What follows through earns its share until the cap is reached.  Where a misconception costs
    once, its first cell pays and the others are full.
    """
    policy = homework.policy
    whole = added(cell.out_of for cell in homework.cells if not cell.filled_in)
    left = policy.cap * whole
    charged: set[frozenset[str]] = set()
    done = []
    for judged in cells:
        worth, share = judged.cell.out_of, Fraction(0)
        if judged.verdict in ("right", "right_other_notation"):
            share = Fraction(1)
        elif judged.verdict == "right_other_convention":
            share = policy.other_convention
        elif judged.verdict == "misconception":
            ids = frozenset(judged.diagnoses[0].ids)
            again = policy.deduct == "once" and judged.diagnoses[0].certain and ids in charged
            share = Fraction(1) if again else policy.misconception
            charged.add(ids)
        elif judged.verdict == "right_follow_through":
            earned = min(policy.follow_through * worth, left)
            left -= earned
            done.append(judged._replace(marks=earned))
            continue
        marks = Fraction(0) if judged.verdict == "not_graded" else share * worth
        done.append(judged._replace(marks=marks))
    return tuple(done)

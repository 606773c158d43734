"""Verdicts to marks, as exact fractions."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from shapecalc.homework.diagnosis.model import added

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapecalc.homework.assignment.model import Homework
    from shapecalc.homework.diagnosis.model import Judged


def marked(homework: Homework, cells: Iterable[Judged]) -> tuple[Judged, ...]:
    """Give every cell its marks, by the homework's policy.

    What follows through earns its share until the cap is reached.  Where a misconception costs
    once, its first cell pays and the others are full.
    """
    policy = homework.policy
    whole = added(cell.out_of for cell in homework.cells if not cell.given)
    left = policy.cap * whole
    charged: set[frozenset[str]] = set()
    done = []
    for each in cells:
        worth, share = each.cell.out_of, Fraction(0)
        if each.verdict in ("right", "right_other_notation"):
            share = Fraction(1)
        elif each.verdict == "right_other_convention":
            share = policy.other_convention
        elif each.verdict == "misconception":
            ids = frozenset(each.diagnoses[0].ids)
            again = policy.deduct == "once" and each.diagnoses[0].certain and ids in charged
            share = Fraction(1) if again else policy.misconception
            charged.add(ids)
        elif each.verdict == "right_follow_through":
            earned = min(policy.follow_through * worth, left)
            left -= earned
            done.append(each._replace(marks=earned))
            continue
        marks = Fraction(0) if each.verdict == "not_graded" else share * worth
        done.append(each._replace(marks=marks))
    return tuple(done)

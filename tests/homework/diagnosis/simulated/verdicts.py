"""What was judged beside what was meant."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shapecalc.homework.diagnosis import Checked, JudgedCell
    from tests.homework.diagnosis.simulated.students import Intent, Student

#: The verdict that each kind of intent must get.
VERDICT = {
    "right": "right",
    "notation": "right_other_notation",
    "convention": "right_other_convention",
    "follow": "right_follow_through",
    "far": "wrong",
    "mistake": "misconception",
    "slip": "wrong",
    "blank": "blank",
}
EARNS = ("right", "notation", "convention", "follow")


class Compared(NamedTuple):
    """A cell, with what was wrong about its verdict: nothing when all is well."""

    at: tuple[str, str]
    intent: Intent
    judged: JudgedCell
    agrees: bool
    named: bool
    falsely_certain: bool
    accused: bool


def compared(student: Student, checked: Checked) -> Iterator[Compared]:
    """Compare every cell."""
    cells = {judged_cell.cell.at: judged_cell for judged_cell in checked.cells}
    for at, intent in student.cells.items():
        judged = cells[at]
        if judged.verdict == "not_graded":
            continue
        first = judged.diagnoses[0] if judged.diagnoses else None
        ids = frozenset(first.ids if first is not None else ())
        named = ids == frozenset(intent.ids)
        # Where one mistake gives the number of two, one is the fairer guess, and may be certain.
        simpler = len(ids) < len(intent.ids) and ids in intent.rivals
        yield Compared(
            at,
            intent,
            judged,
            judged.verdict == VERDICT[intent.kind],
            named,
            first is not None and first.certain and not named and not simpler,
            intent.kind in EARNS and not judged.verdict.startswith("right"),
        )


class Score(NamedTuple):
    """A class in numbers: cells, and those that were judged as meant.

    `mistakes` are cells with a mistake that no other gives, `named` those where it is named first;
    `followed` are those meant to follow through, `followed_rightly` those with full marks;
    `falsely_certain` names the wrong mistake as certain, `accused` calls wrong what is right;
    `sheets` counts students, `exact` those with exactly the marks meant.
    """

    sheets: int
    exact: int
    cells: int
    agreed: int
    mistakes: int
    named: int
    followed: int
    followed_rightly: int
    falsely_certain: int
    accused: int


def score(sheets: Iterable[tuple[Student, Checked]]) -> Score:
    """Count a class."""
    count: Counter[str] = Counter()
    for student, checked in sheets:
        count["sheets"] += 1
        count["exact"] += checked.marks == student.marks
        for comparison in compared(student, checked):
            alone = comparison.intent.kind in ("mistake", "convention") and comparison.intent.alone
            follows = comparison.intent.kind == "follow"
            count["cells"] += 1
            count["agreed"] += comparison.agrees
            count["mistakes"] += alone
            count["named"] += alone and comparison.named
            count["followed"] += follows
            count["followed_rightly"] += (
                follows and comparison.judged.marks == comparison.judged.cell.out_of
            )
            count["falsely_certain"] += comparison.falsely_certain
            count["accused"] += comparison.accused
    return Score(**{name: count[name] for name in Score._fields})

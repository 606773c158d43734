"""Classes made up for the tests: simulated sheets, judged, as the records of a class.

Turning judged cells into records is written here again, in the smallest way: what makes them for
users has its own tests.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import shapecalc
from shapecalc.homework.answers.files import read_answers
from shapecalc.homework.assignment.model import Homework, assign
from shapecalc.homework.assignment.notation import value_text
from shapecalc.homework.classroom import Classroom, Graded, Leftover, MarkedCell, Student
from shapecalc.homework.diagnosis.check import check
from tests.homework.diagnosis.simulated.classes import CLASSES

if TYPE_CHECKING:
    from shapecalc.homework.diagnosis import Checked, JudgedCell

NAMES = ("Zoë Ångström", '<b>Bobby</b> & "Co"', "محمد علی", "王小明", "می‌روم", "O'Neil\u202egpj")


class Handed(NamedTuple):
    """What a student handed in, judged."""

    graded: Graded
    checked: Checked | None


def mark_of(homework: Homework, judged: JudgedCell) -> MarkedCell:
    graded = judged.verdict != "not_graded"
    return MarkedCell(
        judged.cell.layer,
        judged.cell.quantity.key,
        judged.raw,
        judged.read_as,
        judged.read_as,
        value_text(judged.cell.key, homework.conventions),
        judged.verdict,
        tuple(diagnosis.ids for diagnosis in judged.diagnoses),
        all(diagnosis.certain for diagnosis in judged.diagnoses),
        judged.marks,
        judged.cell.out_of if graded else Fraction(0),
        judged.follows,
    )


def record(checked: Checked, who: Student, *, late: int = 0, page: str = "") -> Graded:
    """Make the record of a judged sheet; a tenth is taken off for lateness."""
    cells = tuple(mark_of(checked.homework, judged) for judged in checked.cells)
    marks = checked.marks * (Fraction(9, 10) if late else 1)
    return Graded(
        who, "graded", checked.source, late, checked.marks, marks, checked.out_of, cells, (), page
    )


def judge(homework: Homework, text: str, source: str = "answers.csv") -> Checked:
    return check(homework, read_answers(text.encode(), source))


@cache
def alexnet(**options: object) -> Homework:
    return assign(shapecalc.summarize("alexnet"), **options)  # type: ignore[arg-type]


@cache
def handed(students: int, seed: int = 6, network: str = "alexnet") -> tuple[Handed, ...]:
    """Hand in sheets with one or two misconceptions, or none, under names of every kind."""
    simulated = next(item for item in CLASSES if item.words == network)
    homework, _ = simulated.homework()
    done = []
    for at, sheet in enumerate(simulated.students(students, seed)):
        who = Student(f"s{at:03}", NAMES[at] if at < len(NAMES) else f"Student {at}")
        if at % 11 == 10:
            done.append(Handed(Graded(who, "missing", out_of=Fraction(33), page=who.id), None))
            continue
        checked = check(homework, read_answers(sheet.data, sheet.name))
        checked = replace(checked, source=f"{who.id} (1).csv")
        late = 5 if at % 7 == 3 else 0
        done.append(Handed(record(checked, who, late=late, page=who.id), checked))
    return tuple(done)


def classroom(students: int = 24, seed: int = 6, network: str = "alexnet") -> Classroom:
    people = handed(students, seed, network)
    broken = Graded(
        Student("s998", "Unreadable"), "unreadable", "s998.pdf", notes=("a PDF",), page="s998"
    )
    leftovers = (Leftover("notes <1>.txt", "no student of the roster"),)
    return Classroom(
        "AlexNet", "ae1193a4", (*(person.graded for person in people), broken), leftovers
    )

"""A whole class: what was handed in, graded, and what the teacher gets of it.

Here are its records: students, what became of what each handed in, and every cell of it.  They
hold texts and fractions only, so that they go from one process to another and to a file and back.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from shapecalc.homework.languages import say

if TYPE_CHECKING:
    from shapecalc.homework.diagnosis import Verdict

#: `unreadable`: something was handed in that is no table of answers; nobody is graded by it.
Status: TypeAlias = Literal["graded", "unreadable", "missing"]


class Student(NamedTuple):
    """A student of the roster.  `columns` is the roster's row as it was, for exports."""

    id: str
    name: str = ""
    email: str = ""
    columns: tuple[tuple[str, str], ...] = ()


class MarkedCell(NamedTuple):
    """One cell of one student.

    `right` is the key and `value` what was read, in one notation, so that equal values are equal
    texts; `misconceptions` are the explanations, each of one id or two, the likeliest first.
    `follows`: a wrong value that follows from own ones which are too far off to count.
    """

    layer: str
    column: str
    raw: str
    read_as: str
    value: str
    right: str
    verdict: Verdict
    misconceptions: tuple[tuple[str, ...], ...]
    certain: bool
    marks: Fraction
    out_of: Fraction
    follows: bool = False

    def __hash__(self) -> int:
        """Take what tells nearly all of them apart."""
        return hash((self.layer, self.column, self.raw, self.verdict))


class Graded(NamedTuple):
    """A student with what became of the submission.

    `file` is the submission's path in the folder, `late` the hours after the deadline, begun ones
    counted; `earned` are the marks of the cells, `marks` those after the policy for lateness.
    `page` is the name of the feedback page, without its suffix.
    """

    student: Student
    status: Status
    file: str = ""
    late: int = 0
    earned: Fraction = Fraction(0)
    marks: Fraction = Fraction(0)
    out_of: Fraction = Fraction(0)
    cells: tuple[MarkedCell, ...] = ()
    notes: tuple[str, ...] = ()
    page: str = ""


def standing(graded: Graded) -> str:
    """Say to a student who is not graded why there are no marks; nothing to who is."""
    if graded.status == "missing":
        return say("Nothing was handed in, or nothing was found under this name.")
    if graded.status == "unreadable" and not graded.file:
        return say("Nothing says which file counts, or whose it is; your teacher decides.")
    if graded.status == "unreadable":
        return say("What was handed in could not be read as a table of answers; this is not wrong.")
    return ""


class Leftover(NamedTuple):
    """A file that is nobody's answer, and why."""

    file: str
    reason: str


class Classroom(NamedTuple):
    """A class in the order of its roster, and the files that were nobody's."""

    title: str
    stamp: str
    students: tuple[Graded, ...]
    leftovers: tuple[Leftover, ...] = ()

"""Moodle's own grading worksheet of an assignment with the marks filled in.

Moodle knows a row by its identifier and no row by anything else, and compares the time of the last
change, so all that Moodle wrote stays as it is.  What lies above the assignment's maximum Moodle
passes over without a word; that is refused here.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING

from shapecalc.homework.answers import refuse_file
from shapecalc.homework.assignment.notation import marks_text
from shapecalc.homework.classroom.roster import (
    EMAIL_WORDS,
    ID_WORDS,
    NAME_WORDS,
    identities,
    plain_heading,
)
from shapecalc.homework.exports.tables import (
    csv_text,
    left_out,
    load_table,
    mark_of,
    paired,
    sentence_of,
)
from shapecalc.text.files import bare, fold
from shapecalc.text.safe import csv_safe, one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shapecalc.homework.classroom import Classroom, Graded, Student
    from shapecalc.homework.exports.tables import PlatformTable

_HINT = "download the grading worksheet in Moodle (Submissions), and leave it as it is"
_MAXIMUM = "maximum grade"
_LOCKED = "grade can be changed"


def worksheet(
    classroom: Classroom,
    *,
    worksheet: str,
    grade: str = "Grade",
    feedback: str = "Feedback comments",
    missing: str = "blank",
) -> tuple[str, Iterator[str]]:
    """Fill a worksheet's columns of marks and of comments; return its text, and what became.

    Who handed nothing in keeps what stands there, or gets 0 with `missing`; who handed in what
    could not be read gets the comment alone.  Raises `SpecErrors`: E741 for another file, E742
    without a column of marks, E744 where the maximum is not the homework's marks.
    """
    table = load_table(worksheet, _HINT)
    header = [cell.strip() for cell in table.rows[0]] if table.rows else []
    marks = _column(header, grade)
    if marks is None:
        shown = ", ".join(one_line(name) for name in header[:12]) or "there are none"
        hint = f"name it with --grade; the columns are {shown}"
        raise refuse_file("E742", f"no column is '{one_line(grade)}'", table.name, hint)
    comments, maximum = _column(header, feedback), _column(header, _MAXIMUM)
    pairs, ambiguous = _matched(table, classroom)
    graded = {at: student for student in classroom.students
              if (at := pairs.get(student.student.id)) is not None}  # fmt: skip
    _points_agree(table, graded, maximum)
    rows = [list(row) for row in table.rows]
    for at, student in graded.items():
        row = rows[at]
        row += [""] * (len(header) - len(row))
        mark = mark_of(student, missing)
        row[marks] = mark or row[marks]
        if comments is not None and (mark or student.status == "unreadable"):
            row[comments] = csv_safe(sentence_of(student))
    text = table.mark + csv_text(rows, table.delimiter, table.ending)
    return text, _report(table, classroom, graded, ambiguous, maximum, comments, feedback)


def _column(header: Sequence[str], name: str) -> int | None:
    wanted = plain_heading(name)
    return next((at for at, cell in enumerate(header) if plain_heading(cell) == wanted), None)


def _matched(table: PlatformTable, classroom: Classroom) -> tuple[dict[str, int], list[str]]:
    """Match students with rows: by an identifier or an address, else by a name."""
    header = [plain_heading(cell) for cell in table.rows[0]]
    by_id: dict[str, set[int]] = {}
    by_name: dict[str, set[int]] = {}
    empty: set[int] = set()
    for at, row in enumerate(table.rows[1:], 1):
        for heading, cell in zip(header, row, strict=False):
            if heading in (*ID_WORDS, *EMAIL_WORDS) and cell.strip():
                by_id.setdefault(fold(cell), set()).add(at)
            elif heading in NAME_WORDS and cell.strip():
                by_name.setdefault(bare(cell), set()).add(at)

    def places(student: Student) -> list[int]:
        rows = {at for word in identities(student) for at in by_id.get(fold(word), empty)}
        return sorted(rows or by_name.get(bare(student.name), empty))

    return paired({graded.student.id: places(graded.student) for graded in classroom.students})


def _points_agree(table: PlatformTable, graded: dict[int, Graded], maximum: int | None) -> None:
    """Require that every row's maximum is what the homework is worth, where that is said."""
    for at, student in graded.items():
        row = table.rows[at]
        points = row[maximum].strip() if maximum is not None and maximum < len(row) else ""
        number = re.fullmatch(r"\d{1,9}(?:[.,]\d{1,9})?", points, re.ASCII)
        if maximum is None or student.status != "graded":
            continue
        if number is None or Fraction(points.replace(",", ".")) != round(student.out_of, 2):
            marks = marks_text(student.out_of)
            message = (
                f"the assignment's maximum is {one_line(points) or 'none'}, the homework has"
                f" {marks} marks"
            )
            hint = f"set the maximum grade in Moodle to {marks}, and download the worksheet anew"
            raise refuse_file("E744", message, table.name, hint)


def _report(
    table: PlatformTable,
    classroom: Classroom,
    graded: dict[int, Graded],
    ambiguous: Sequence[str],
    maximum: int | None,
    comments: int | None,
    feedback: str,
) -> Iterator[str]:
    """Yield what became of the class and of the worksheet's rows, a line each."""
    yield f"{len(graded)} students were found in the worksheet."
    known = {student.student.id for student in graded.values()} | set(ambiguous)
    locked = _column(table.rows[0], _LOCKED)
    first = [row[0] if row else "" for row in table.rows]
    closed = [first[at] for at in graded
              if locked is not None and fold(table.rows[at][locked]) == "no"]  # fmt: skip
    others = [first[at] for at in range(1, len(first)) if at not in graded and any(table.rows[at])]
    what = {
        "in no row of the worksheet": [
            g.student.id for g in classroom.students if g.student.id not in known
        ],
        "fit several rows, or share one; their marks were left out": list(ambiguous),
        "rows of nobody in the class": others,
        "locked in Moodle, which passes their marks over": closed,
    }
    yield from left_out(what)
    if comments is None:
        yield f"no column is '{one_line(feedback)}': there are no comments; --feedback names it"
    if maximum is None:
        marks = " or ".join(sorted({marks_text(student.out_of) for student in graded.values()}))
        yield f"no column is 'Maximum grade': see to it that the assignment has {marks} points"

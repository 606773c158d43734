"""A graded class in a few lines: how many, how well, and what to look at."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from statistics import median
from typing import TYPE_CHECKING

from shapecalc.homework.assignment.notation.values import marks_text
from shapecalc.output.table import Fact, Head, Line, Table
from shapecalc.text.safe import one_line
from shapecalc.text.shown import Shapes, Shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shapecalc.homework.classroom.model import Classroom, Graded

#: So many students or files are named in a line.
_NAMED = 12


@dataclass(frozen=True)
class ClassSummary(Shown):
    """How a class stands, and what is remarked on it."""

    shapes = Shapes(
        "a class",
        table="homework.classroom.summary.tabulate",
        records="homework.classroom.results.summary_records",
    )
    classroom: Classroom
    remarks: tuple[str, ...] = ()


def tabulate(summary: ClassSummary, width: int | None = None) -> Table:
    """Lay out how a class stands."""
    classroom = summary.classroom
    by = {status: [graded for graded in classroom.students if graded.status == status]
          for status in ("graded", "unreadable", "missing")}  # fmt: skip
    late = [graded for graded in classroom.students if graded.late]
    rows = (
        ("graded", by["graded"]),
        ("unreadable", by["unreadable"]),
        ("missing", by["missing"]),
    )
    return Table(
        title=one_line(classroom.title),
        about=(),
        columns=(Head("what was handed in"), Head("how many", numeric=True)),
        header=("status", "students"),
        lines=tuple(Line((word, str(len(students)))) for word, students in rows),
        footer=("all", str(len(classroom.students))),
        facts=tuple(_facts(by["graded"], len(late))),
        notes=tuple(_notes(classroom, late, by["unreadable"], by["missing"])),
        legend=(),
        remarks=(*summary.remarks, f"Sheet: shapecalc homework {classroom.stamp}."),
    )


def _facts(graded: Sequence[Graded], late: int) -> Iterator[Fact]:
    yield Fact("handed in late", str(late))
    percents = [100 * record.marks / record.out_of for record in graded if record.out_of]
    if percents:
        mean = sum(percents, Fraction(0)) / len(percents)
        yield Fact("mean of the marks", f"{marks_text(mean)}%")
        yield Fact("median", f"{marks_text(Fraction(median(percents)))}%")


def _notes(
    classroom: Classroom,
    late: Sequence[Graded],
    unreadable: Sequence[Graded],
    missing: Sequence[Graded],
) -> Iterator[str]:
    if late:
        yield f"• Late: {_listed([f'{record.student.id} ({record.late} h)' for record in late])}."
    for record in unreadable[:_NAMED]:
        reason = one_line("; ".join(record.notes))
        who = ", ".join(filter(None, (record.student.id, record.file)))
        yield f"• Unreadable: {one_line(who)}: {reason}."
    if len(unreadable) > _NAMED:
        yield f"• Unreadable as well: {len(unreadable) - _NAMED} more, in grades.csv."
    if missing:
        yield f"• Missing: {_listed([record.student.id for record in missing])}."
    if classroom.leftovers:
        count = len(classroom.leftovers)
        files = "1 file is" if count == 1 else f"{count} files are"
        shown = [
            f"{leftover.file} ({leftover.reason})" for leftover in classroom.leftovers[:_NAMED]
        ]
        more = f", and {count - _NAMED} more in leftovers.csv" if count > _NAMED else ""
        yield f"• Left over: {files} nobody's answers: {one_line(', '.join(shown))}{more}."


def _listed(words: Sequence[str]) -> str:
    more = f" and {len(words) - _NAMED} more" if len(words) > _NAMED else ""
    return one_line(", ".join(words[:_NAMED])) + more

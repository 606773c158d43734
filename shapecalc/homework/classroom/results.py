"""A graded class in a few lines, and in files: there every student of the roster stands in each."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from statistics import median
from typing import TYPE_CHECKING

from shapecalc.homework.assignment.notation import marks_text
from shapecalc.homework.classroom import Leftover
from shapecalc.homework.classroom.class_report import class_report
from shapecalc.homework.classroom.store import document
from shapecalc.output.csv import Plain, to_csv, written
from shapecalc.output.json import to_json
from shapecalc.output.table import Fact, Head, Line, Table
from shapecalc.text.files import replace
from shapecalc.text.safe import one_line
from shapecalc.text.shown import Shapes, Shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from shapecalc.homework.classroom import Classroom, Graded
    from shapecalc.output.records import Records

#: So many students or files are named in a line.
_NAMED = 12


@dataclass(frozen=True)
class ClassSummary(Shown):
    """How a class stands, and what is remarked on it."""

    shapes = Shapes(
        "a class",
        table="homework.classroom.results.tabulate",
        records="homework.classroom.results.summary_records",
    )
    classroom: Classroom
    remarks: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


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


GRADES = (
    "id", "name", "email", "status", "marks", "out_of", "percent", "late_hours", "file", "page",
    "notes",
)  # fmt: skip
CELLS = (
    "student", "layer", "column", "raw", "read_as", "value", "verdict", "marks", "out_of",
    "misconceptions", "certain",
)  # fmt: skip

#: The tables and the class, beside the report.
FILES = ("grades.csv", "cells.csv", "leftovers.csv", "class.json")


def write_results(classroom: Classroom, results: Path) -> None:
    """Write grades.csv, cells.csv, leftovers.csv, class.json and the report, each by renaming."""
    grades, cells, leftover, class_json = (results / name for name in FILES)
    class_ = records(classroom)
    replace(grades, to_csv(class_))
    replace(cells, written((CELLS, *_cells(classroom))))
    replace(leftover, written((("file", "reason"), *_leftovers(classroom))))
    replace(class_json, to_json(class_))
    for suffix, text in class_report(classroom).by_suffix().items():
        replace(results / f"report.{suffix}", [text])


def _leftovers(classroom: Classroom) -> Iterator[tuple[str, str]]:
    """Yield every file by which nobody is graded, and why: nobody's, and those not readable."""
    unread: dict[str, list[Graded]] = {}
    for graded in classroom.students:
        if graded.status == "unreadable" and graded.file:
            unread.setdefault(graded.file, []).append(graded)
    left = list(classroom.leftovers)
    for file, students in unread.items():
        ids = " and ".join(graded.student.id for graded in students)
        left.append(Leftover(file, f"of {ids}, unreadable: {'; '.join(students[0].notes)}"))
    yield from ((_line(file), _line(reason)) for file, reason in sorted(left))


def records(classroom: Classroom) -> Records:
    """Return a class: as a document all of it, in lines a student each, as the roster has them."""
    return document(classroom, GRADES, map(_grade, classroom.students))


def summary_records(summary: ClassSummary) -> Records:
    """Return the whole class, of which a table for people says how it stands."""
    return records(summary.classroom)


def _line(text: str) -> str:
    """Make a stranger's text one line."""
    return " ".join(text.split())


def _grade(graded: Graded) -> tuple[object, ...]:
    """Return a student's line; without a file that could be judged there are no marks in it."""
    student, counted = graded.student, graded.status == "graded"
    percent = 100 * graded.marks / graded.out_of if counted and graded.out_of else None
    return (
        Plain(
            student.id
        ),  # as it is, since grade books look it up; the roster lets no formula through
        _line(student.name),
        _line(student.email),
        graded.status,
        marks_text(graded.marks) if counted else "",
        marks_text(graded.out_of),
        "" if percent is None else marks_text(percent),
        graded.late,
        _line(graded.file),
        _line(graded.page),
        _line("; ".join(graded.notes)),
    )


def _cells(classroom: Classroom) -> Iterator[tuple[object, ...]]:
    """Yield a line a cell; a student without cells has one line that says so."""
    for graded in classroom.students:
        if not graded.cells:
            yield (Plain(graded.student.id), *[""] * 5, graded.status, *[""] * 4)
        for mark in graded.cells:
            yield (
                Plain(graded.student.id),
                _line(mark.layer),
                mark.column,
                _line(mark.raw),
                _line(mark.read_as),
                _line(mark.value),
                mark.verdict,
                marks_text(mark.marks),
                marks_text(mark.out_of),
                "; ".join(" ".join(ids) for ids in mark.misconceptions),
                "yes" if mark.certain else "no" if mark.misconceptions else "",
            )

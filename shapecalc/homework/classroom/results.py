"""The files of a graded class: every student of the roster stands in each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.homework.assignment.notation.values import marks_text
from shapecalc.homework.classroom.class_report import class_report
from shapecalc.homework.classroom.store import document
from shapecalc.output.csv import Plain, to_csv, written
from shapecalc.output.json import to_json
from shapecalc.text.files import replace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from shapecalc.homework.classroom.model import Classroom, Graded
    from shapecalc.homework.classroom.summary import ClassSummary
    from shapecalc.output.records import Records

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
    leftovers = ((_line(left.file), _line(left.reason)) for left in classroom.leftovers)
    class_ = records(classroom)
    replace(grades, to_csv(class_))
    replace(cells, written((CELLS, *_cells(classroom))))
    replace(leftover, written((("file", "reason"), *leftovers)))
    replace(class_json, to_json(class_))
    for suffix, text in class_report(classroom).by_suffix().items():
        replace(results / f"report.{suffix}", [text])


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

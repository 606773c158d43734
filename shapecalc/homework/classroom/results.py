"""The files of a graded class: every student of the roster stands in each of them."""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING

from shapecalc.homework.assignment.notation.values import marks_text
from shapecalc.homework.classroom.class_report import class_report
from shapecalc.homework.classroom.store import json_parts
from shapecalc.output.csv import harmless
from shapecalc.text.writing import replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from shapecalc.homework.classroom.model import Classroom, Graded

GRADES = (
    "id", "name", "email", "status", "marks", "out_of", "percent", "late_hours", "file", "page",
    "notes",
)  # fmt: skip
CELLS = (
    "student", "layer", "column", "raw", "read_as", "value", "verdict", "marks", "out_of",
    "misconceptions", "certain",
)  # fmt: skip


def write_results(classroom: Classroom, results: Path) -> None:
    """Write grades.csv, cells.csv, leftovers.csv, class.json and the report, each by renaming."""
    replace(results / "grades.csv", grades_csv(classroom))
    replace(results / "cells.csv", _csv(CELLS, _cells(classroom)))
    left = ((_safe(leftover.file), _safe(leftover.reason)) for leftover in classroom.leftovers)
    replace(results / "leftovers.csv", _csv(("file", "reason"), left))
    replace(results / "class.json", json_parts(classroom))
    for suffix, text in class_report(classroom).by_suffix().items():
        replace(results / f"report.{suffix}", [text])


def grades_csv(classroom: Classroom) -> Iterator[str]:
    """Yield a line a student, in the order of the roster."""
    return _csv(GRADES, map(_grade, classroom.students))


def _csv(header: Iterable[str], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """Yield the lines of a table."""
    target = StringIO()
    writer = csv.writer(target, lineterminator="\n")
    for row in (header, *rows):
        writer.writerow(row)
        yield target.getvalue()
        target.seek(0)
        target.truncate()


def _safe(text: str) -> str:
    """Make a stranger's text one line that is no formula."""
    return harmless(" ".join(text.split()))


def _grade(graded: Graded) -> tuple[object, ...]:
    """Return a student's line; without a file that could be judged there are no marks in it."""
    student, counted = graded.student, graded.status == "graded"
    percent = 100 * graded.marks / graded.out_of if counted and graded.out_of else None
    return (
        student.id,  # as it is, since grade books look it up; the roster lets no formula through
        _safe(student.name),
        _safe(student.email),
        graded.status,
        marks_text(graded.marks) if counted else "",
        marks_text(graded.out_of),
        "" if percent is None else marks_text(percent),
        graded.late,
        _safe(graded.file),
        _safe(graded.page),
        _safe("; ".join(graded.notes)),
    )


def _cells(classroom: Classroom) -> Iterator[tuple[object, ...]]:
    """Yield a line a cell; a student without cells has one line that says so."""
    for graded in classroom.students:
        if not graded.cells:
            yield (graded.student.id, *[""] * 5, graded.status, *[""] * 4)
        for mark in graded.cells:
            yield (
                graded.student.id,
                _safe(mark.layer),
                mark.column,
                _safe(mark.raw),
                _safe(mark.read_as),
                _safe(mark.value),
                mark.verdict,
                marks_text(mark.marks),
                marks_text(mark.out_of),
                "; ".join(" ".join(ids) for ids in mark.misconceptions),
                "yes" if mark.certain else "no" if mark.misconceptions else "",
            )

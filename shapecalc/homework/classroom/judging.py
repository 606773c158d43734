"""One student judged, whatever the file holds: the boundary that no failure crosses."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapecalc.errors import SpecErrors
from shapecalc.homework.answers.load import read_answers
from shapecalc.homework.classroom.asked import homework_of
from shapecalc.homework.classroom.feedback import feedback
from shapecalc.homework.classroom.marks import marks_of
from shapecalc.homework.diagnosis.check import check

if TYPE_CHECKING:
    from shapecalc.homework.assignment.assignment import Homework
    from shapecalc.homework.classroom.asked import Asked
    from shapecalc.homework.classroom.records import Graded


class Task(NamedTuple):
    """A student to judge: the record so far, the file's name and bytes.

    The record is `missing` where nothing was handed in, else `unreadable` until it was read.
    `refused` is why there are no bytes.  `key` tells this work from any other.
    """

    at: int
    graded: Graded
    name: str
    data: bytes
    key: str
    refused: str = ""


class Outcome(NamedTuple):
    """What became of a task: the record, the pages by suffix, and an error of the tool itself."""

    at: int
    key: str
    graded: Graded
    pages: dict[str, str]
    error: str = ""


def judge(asked: Asked, task: Task, *, solution: bool) -> Outcome:
    """Judge one student's file.

    What cannot be read makes the record `unreadable`, and so does a failure of this program, which
    is told in `error`: one file never stops the others.
    """
    homework = homework_of(asked, task.graded.student)
    error = ""
    try:
        return _judged(homework, task, solution=solution)
    except SpecErrors as refused:
        first = refused.problems[0]
        reason = f"{first.message}; {first.hint}" if first.hint else first.message
    except Exception as failure:  # noqa: BLE001  (the one place: every student gets a record)
        said = " ".join(str(failure).split())[:200]
        error = f"{task.graded.student.id}: {type(failure).__name__}: {said}"
        reason = f"shapecalc failed on it ({type(failure).__name__}), which is its own mistake"
    notes = (*task.graded.notes, reason)
    graded = task.graded._replace(status="unreadable", notes=notes)
    pages = feedback(homework, graded).by_suffix()
    return Outcome(task.at, task.key, graded, pages, error)


def _judged(homework: Homework, task: Task, *, solution: bool) -> Outcome:
    if task.refused or task.graded.status == "missing":
        notes = (*task.graded.notes, task.refused) if task.refused else task.graded.notes
        graded = task.graded._replace(notes=notes)
        return Outcome(task.at, task.key, graded, feedback(homework, graded).by_suffix())
    checked = check(homework, read_answers(task.data, task.name))
    earned, out_of = checked.marks, checked.out_of
    graded = task.graded._replace(
        status="graded",
        earned=earned,
        marks=homework.deadline.marks(earned, out_of, task.graded.late),
        out_of=out_of,
        cells=marks_of(checked),
        notes=(*task.graded.notes, *checked.notes),
    )
    pages = feedback(homework, graded, checked, solution=solution).by_suffix()
    return Outcome(task.at, task.key, graded, pages)

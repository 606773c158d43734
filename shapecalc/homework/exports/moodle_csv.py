"""A table of grades that Moodle imports: who, the marks, and a sentence.

One unknown user or one text for a number stops Moodle's whole import, so only students of the
roster stand here, and who has no mark has a dash, which Moodle takes for no grade.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.homework.answers.model import refuse_file
from shapecalc.homework.assignment.notation.values import marks_text
from shapecalc.homework.exports.canvas import csv_text, mark_of
from shapecalc.text.safe import csv_safe

if TYPE_CHECKING:
    from shapecalc.homework.classroom.model import Classroom, Graded


def grades(classroom: Classroom, *, missing: str = "blank") -> str:
    """Write a row a student, in the order of the roster.

    Raises `SpecErrors` (E743) for an id or an address that a spreadsheet would run.
    """
    rows = [["ID number", "Email address", "Grade", "Feedback comments"]]
    for graded in classroom.students:
        student = graded.student
        for text in (student.id, student.email):
            if csv_safe(text) != text:
                message = f"a spreadsheet would run '{text[:40]}'"
                hint = "change it in the roster: with a ' before it Moodle would not know it"
                raise refuse_file("E743", message, classroom.title, hint)
        mark = mark_of(graded, missing) or "-"
        rows.append([student.id, student.email, mark, _sentence(graded)])
    return csv_text(rows)


def _sentence(graded: Graded) -> str:
    if graded.status == "missing":
        return "Nothing was handed in."
    if graded.status == "unreadable":
        return "What was handed in could not be read; nothing was graded."
    text = f"{marks_text(graded.earned)} of {marks_text(graded.out_of)} marks."
    if not graded.late:
        return text
    hours = "1 hour" if graded.late == 1 else f"{graded.late} hours"
    return f"{text} Late by {hours}, so {marks_text(graded.marks)} count."

"""The pages of a class: where feedback and reports are made, behind one seam each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.homework.deadline import length_text
from shapecalc.homework.show import show
from shapecalc.homework.show.values import marks_text
from shapecalc.printing import printable
from shapecalc.render import draw
from shapecalc.table import Head, Line, Table

if TYPE_CHECKING:
    from shapecalc.homework.classroom.records import Classroom, Graded
    from shapecalc.homework.verdict import Checked

#: The formats of the pages, with their suffixes.
_FORMATS = {"html": "html", "md": "markdown"}


def feedback_pages(checked: Checked, graded: Graded, *, solution: bool) -> dict[str, str]:
    """Return a student's feedback by suffix; the key is in it only with `solution`."""
    told = checked._replace(notes=(*checked.notes, *late_notes(graded)))
    return {
        suffix: show(told, each, hint=3, solution=solution) for suffix, each in _FORMATS.items()
    }


def unread_pages(graded: Graded, title: str) -> dict[str, str]:
    """Return the feedback on what could not be read, by suffix: why, and what to do."""
    table = Table(
        title=printable(title),
        about=("What you handed in could not be read, so nothing was judged. This is not wrong.",),
        columns=(Head("the file"), Head("why it was not read")),
        header=("file", "what happened"),
        lines=(Line((printable(graded.file), printable("; ".join(graded.notes)))),),
        footer=(),
        facts=(),
        notes=(),
        legend=(),
        remarks=(),
    )
    return {
        suffix: draw(lambda _: table, each, None, standalone=True)
        for suffix, each in _FORMATS.items()
    }


def late_notes(graded: Graded) -> tuple[str, ...]:
    """Say how late something was handed in and what is left of its marks; nothing when in time."""
    if not graded.late:
        return ()
    said = f"handed in late, by up to {length_text(graded.late)}"
    if graded.marks != graded.earned:
        left = f"{marks_text(graded.marks)} of {marks_text(graded.earned)} marks"
        said += f"; of what was earned, {left} are left"
    return (said,)


def class_pages(classroom: Classroom) -> dict[str, str]:
    """Return the report on the class, by file name."""
    from shapecalc.homework.classroom.summary import tabulate

    table = tabulate(classroom)
    return {
        f"report.{suffix}": draw(lambda _: table, each, None, standalone=True)
        for suffix, each in _FORMATS.items()
    }

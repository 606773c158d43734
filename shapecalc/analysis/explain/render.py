"""Lessons as text for a terminal, for lecture notes, for a page, for a program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.errors import Problem, SpecErrors
from shapecalc.output.document_formats import write
from shapecalc.output.formats import format_for
from shapecalc.text.source import Origin, Source

if TYPE_CHECKING:
    from shapecalc.analysis.explain.model import Explanation

#: The formats that a lesson has: it is no table of plain numbers.
LESSON_FORMATS = ("terminal", "text", "markdown", "html", "json", "latex")


def lesson_format(name: str | None, path: str | None = None, *, terminal: bool = False) -> str:
    """Return the format of a lesson, as `format_for` does for a table.

    Raises `SpecErrors` (E302) for a format that lessons do not have.
    """
    found = format_for(name, path, terminal=terminal)
    if found in LESSON_FORMATS:
        return found
    asked = f"--format {name}" if name is not None else f"--output {path}"
    message = f"an explanation cannot be written as {found}"
    hint = f"one of {', '.join(LESSON_FORMATS)}"
    raise SpecErrors([Problem("E302", message, Origin(Source(asked, "")), hint=hint)])


def render(
    lesson: Explanation,
    format: str = "text",  # noqa: A002  (the word of the command line)
    *,
    width: int | None = None,
    standalone: bool = True,
) -> str:
    """Write a lesson in a format, the last line ended.

    `width` is the page's in characters, 80 without it; a terminal is measured.
    """
    lesson_format(format)
    if format == "json":
        from shapecalc.analysis.explain.json import to_json

        return to_json(lesson)
    from shapecalc.analysis.explain.document import document

    return write(document(lesson), format, width, standalone=standalone)

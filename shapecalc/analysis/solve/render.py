"""Solutions as text, for a terminal, for notes, for a page, for a program."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Protocol

from shapecalc.errors import Problem, SpecErrors
from shapecalc.output.document import Document
from shapecalc.output.document_formats import write
from shapecalc.output.formats import format_for
from shapecalc.text.safe import printable
from shapecalc.text.source import Origin, Source

if TYPE_CHECKING:
    from typing import Any

    from shapecalc.output.document import Grid

#: The formats that a solution has: it is no table of plain numbers.
SOLUTION_FORMATS = ("terminal", "text", "markdown", "html", "json")
#: So many rows of a table are shown to people; programs get all.
MAX_ROWS = 40


class Answered(Protocol):
    """What is shown: a solution of a question, or the windows between two sizes."""

    @property
    def question(self) -> str:
        """What was asked."""

    @property
    def network(self) -> str:
        """Of what."""

    @property
    def remarks(self) -> tuple[str, ...]:
        """What limits the answer."""

    def answer(self) -> tuple[str, ...]:
        """Say it in a few lines."""

    def grids(self, most: int | None) -> tuple[Grid, ...]:
        """Return the tables under it, of at most so many rows each."""

    def data(self) -> dict[str, Any]:
        """Return it as plain records."""


def solution_format(name: str | None, path: str | None = None, *, terminal: bool = False) -> str:
    """Return the format of a solution, as `format_for` does for a table.

    Raises `SpecErrors` (E302) for a format that solutions do not have.
    """
    found = format_for(name, path, terminal=terminal)
    if found in SOLUTION_FORMATS:
        return found
    asked = f"--format {name}" if name is not None else f"--output {path}"
    message = f"a solution cannot be written as {found}"
    hint = f"one of {', '.join(SOLUTION_FORMATS)}"
    raise SpecErrors([Problem("E302", message, Origin(Source(asked, "")), hint=hint)])


def render(
    solved: Answered,
    format: str = "text",  # noqa: A002  (the word of the command line)
    *,
    width: int | None = None,
    standalone: bool = True,
    most: int | None = MAX_ROWS,
) -> str:
    """Write a solution in a format, the last line ended.

    `width` is the page's in characters, 80 without it; a terminal is measured.  Tables for people
    have at most so many rows; None: all.
    """
    solution_format(format)
    if format == "json":
        text = json.dumps(solved.data(), ensure_ascii=False, indent=2)
        return (text if printable(text) == text.replace("\n", "") else _ascii(solved)) + "\n"
    return write(_document(solved, most), format, width, standalone=standalone)


def _ascii(solved: Answered) -> str:
    return json.dumps(solved.data(), indent=2)  # a terminal would obey control characters


def _document(solved: Answered, most: int | None) -> Document:
    """Return what a person reads."""
    return Document(
        printable(f"{solved.network}: {solved.question}"),
        tuple(grid.printable() for grid in solved.grids(most)),
        answer=tuple(map(printable, solved.answer())),
        remarks=tuple(map(printable, solved.remarks)),
        level=0,
    )

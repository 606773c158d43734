"""Solutions and windows as documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from shapecalc.output.document import Document
from shapecalc.text.safe import one_line

if TYPE_CHECKING:
    from shapecalc.output.document import Grid

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
    def layers(self) -> tuple[str, ...]:
        """The names of its layers and blocks."""

    @property
    def remarks(self) -> tuple[str, ...]:
        """What limits the answer."""

    def answer(self) -> tuple[str, ...]:
        """Say it in a few lines."""

    def grids(self, most: int | None) -> tuple[Grid, ...]:
        """Return the tables under it, of at most so many rows each."""


def document(solved: Answered, most: int | None = MAX_ROWS) -> Document:
    """Return what a person reads; tables have at most so many rows, None: all."""
    return Document(
        one_line(f"{solved.network}: {solved.question}"),
        tuple(grid.one_line() for grid in solved.grids(most)),
        answer=tuple(map(one_line, solved.answer())),
        remarks=tuple(map(one_line, solved.remarks)),
        level=0,
        names=solved.layers,
    )

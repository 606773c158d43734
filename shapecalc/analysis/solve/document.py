"""Solutions and windows laid out: documents for people, records for programs.

A record as a document has all that is known, in lines the answers.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Protocol

from shapecalc.analysis.solve.answer import MAX_ROWS, Solution
from shapecalc.output.document import Document, Grid
from shapecalc.output.records import Records
from shapecalc.text.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.algebra.integer_sets import Stretch
    from shapecalc.analysis.solve.windows import Windows


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


#: The schemas' names and versions.
SOLUTION = "shapecalc.solution/1"
WINDOWS = "shapecalc.windows/1"


def solution_records(solution: Solution, most: int | None = None) -> Records:
    """Return all boxes; a line is a stretch of numbers for every name.

    It holds for the numbers from `from` to `to` (nothing: without end) whose remainder modulo
    `modulus` is one of `residues`; where names are `equal`, for those points where they are.
    """
    ends = ("from", "to", "modulus", "residues")
    equal = "; ".join(" = ".join(group) for group in solution.tied)
    names = [f"{name}_{end}" for name in solution.names for end in ends]
    return Records(
        SOLUTION,
        solution.data,
        columns=(*names, "equal") if equal else names,
        lines=((*line, equal) if equal else line for line in _stretches(solution)),
        ascii=True,
    )


def _stretches(solution: Solution) -> Iterator[tuple[object, ...]]:
    for box in solution.boxes:
        for stretches in product(*(box[name].stretches for name in solution.names)):
            yield tuple(cell for stretch in stretches for cell in _cells(stretch))


def _cells(stretch: Stretch) -> tuple[object, ...]:
    residues = " ".join(map(str, stretch.residues))
    return (stretch.low, stretch.high, stretch.modulus, residues)


def windows_records(windows: Windows, most: int | None = None) -> Records:
    """Return all windows, a line each; without a kernel every one does."""
    return Records(
        WINDOWS,
        windows.data,
        columns=(
            "kernel", "stride_from", "stride_to", "pad", "dilation", "inputs", "known_from",
        ),
        lines=(
            (
                move.kernel,
                move.low,
                move.high,
                "same" if move.pad is None else move.pad,
                move.dilation,
                windows.inputs_text(move),
                "" if windows.transposed else move.known,
            )
            for move in windows.moves
        ),
        ascii=True,
    )  # fmt: skip

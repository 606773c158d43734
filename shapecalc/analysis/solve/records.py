"""Solutions and windows for programs: as a document all that is known, in lines the answers."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from shapecalc.output.records import Records

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.algebra.integer_sets import Stretch
    from shapecalc.analysis.solve.answer import Solution
    from shapecalc.analysis.solve.windows import Windows

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

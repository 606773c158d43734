"""Fitting a table to a page: texts are wrapped, and columns left out where that is not enough."""

from __future__ import annotations

import re
from itertools import zip_longest
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.output.table import GAP, Head
from shapecalc.text.safe import width_of

if TYPE_CHECKING:
    from collections.abc import Sequence


# What is kept whole: a word, or a step of a path.
_STEP = re.compile(r"\S*?\w/(?=\w)|\S+\s*")


class Laid(NamedTuple):
    """A column with its texts.

    `drop` orders what a narrow page leaves out, 1 first; 0 stays.  Texts of more than `wraps`
    characters may go on in further lines, words kept whole but for paths; 0 keeps lines whole.
    """

    head: Head
    header: str
    cells: tuple[str, ...]
    footer: str = ""
    drop: int = 0
    wraps: int = 0

    @property
    def widest(self) -> int:
        """The width that the column takes."""
        lines = "\n".join(self.cells).split("\n")
        return max(map(width_of, (self.header, self.footer, *lines)))

    @property
    def narrowest(self) -> int:
        """The width that it can be brought to."""
        if not self.wraps:
            return self.widest
        pieces = [width_of(piece) for cell in self.cells for piece in _pieces(cell)]
        steps = [width_of(step.rstrip()) for cell in self.cells for step in _STEP.findall(cell)]
        preferred = min(self.wraps, max(pieces, default=0))
        return max(width_of(self.header), width_of(self.footer), preferred, *steps)


def fit(columns: Sequence[Laid], width: int | None) -> tuple[Laid, ...]:
    """Return the columns that fit a page, those that wrap as wide as there is room."""
    if width is None:
        return tuple(columns)
    kept = _kept(columns, width)
    spare = width - _total([column.narrowest for column in kept])
    fitted = []
    for column in kept:
        more = min(max(spare, 0), column.widest - column.narrowest)
        spare -= more
        cells = column.cells
        if column.wraps:
            room = column.narrowest + more
            cells = tuple("\n".join(_wrapped(cell, room)) for cell in cells)
        fitted.append(column._replace(cells=cells))
    return tuple(fitted)


def _kept(columns: Sequence[Laid], width: int) -> list[Laid]:
    """Leave columns out, those of low `drop` first, and take back what fits beside the rest."""
    sizes = [column.narrowest for column in columns]
    chosen = set(range(len(columns)))
    for drop in sorted({column.drop for column in columns} - {0}):
        if _total([sizes[i] for i in chosen]) > width:
            chosen -= {i for i in chosen if columns[i].drop == drop}
    for drop in sorted({column.drop for column in columns} - {0}, reverse=True):
        back = {i for i in range(len(columns)) if columns[i].drop == drop} - chosen
        if back and _total([sizes[i] for i in chosen | back]) <= width:
            chosen |= back
    return [column for i, column in enumerate(columns) if i in chosen]


def width_of_all(columns: Sequence[Laid]) -> int:
    """Return the width of a table of these columns."""
    return _total([column.widest for column in columns])


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + GAP * (len(widths) - 1)


def lines_of(columns: Sequence[Laid]) -> list[tuple[str, ...]]:
    """Return the lines of a table: a row whose texts go on has several."""
    rows = zip(*(column.cells for column in columns), strict=True)
    return [line for row in rows for line in lines_of_row(row)]


def lines_of_row(cells: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the lines of one row."""
    return list(zip_longest(*(cell.split("\n") for cell in cells), fillvalue=""))


def _wrapped(text: str, width: int) -> list[str]:
    """Break a text at its commas; at spaces and in paths where a piece between them is too long."""
    lines = [""]
    for piece in _pieces(text):
        joined = f"{lines[-1]} {piece}".lstrip()
        if width_of(joined) <= width:
            lines[-1] = joined
            continue
        lines.append("")
        for step in _STEP.findall(piece):
            if width_of((lines[-1] + step).rstrip()) > width:
                lines.append("")
            lines[-1] += step
    return [line.rstrip() for line in lines if line] or [""]


def _pieces(text: str) -> list[str]:
    parts = text.split(", ")
    return [f"{part}," for part in parts[:-1]] + parts[-1:]

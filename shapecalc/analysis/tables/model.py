"""Published tables: the keys and words of their files, what one prints, what the comparison finds.

The keys stand with the sentences of docs/tables.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from shapecalc.text.shown import Shapes, Shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.output.cells import Json
    from shapecalc.text import Scalar, Source


#: The keys of a table file, with the sentences of its documentation.
TABLE_KEYS: Mapping[str, str] = {
    "table": "the table's title: the paper and the number of the table",
    "source": "where it was printed",
    "note": "a line about it",
    "spec": "the network, a spec beside this file or a shipped one; a list where several are meant",
    "also": "other networks to compare the whole table with",
    "conventions": "how each counted quantity was printed: one convention each, for all cells",
    "columns": "the columns, from the title to the quantity or to keys",
    "rows": "the rows, from the name to the cells or to keys",
    "errata": "the cells that are known to be wrong, each with its account",
}
COLUMN_KEYS: Mapping[str, str] = {
    "quantity": "what the cells hold",
    "inner": "where in a row's layer: `3x3/reduce` in `inception_3a`",
    "spec": "the column's own network, or several that print the same",
}
ROW_KEYS: Mapping[str, str] = {
    "cells": "the cells in the order of the columns, as printed; ~ or null where nothing is",
    "layer": "the layer, or several that print the same; `total` is the whole network."
    " By default the row's name",
    "quantity": "what the cells hold, where the column does not say it",
    "spec": "the row's own network, or several that print the same",
    "over": "another network to divide by: how many times more",
    "at": "other layers in some columns, from the column's title to the layer",
}
CONVENTION_KEYS: Mapping[str, str] = {
    "count": "what is counted, in the words of the quantity; of operations, a profile",
    "K": "what K stands for, 1000 or 1024; M and G are its powers",
    "unit": "what numbers without a unit of their own are in: K, M, G, million, billion",
    "rounding": "nearest (a half upward), down or up",
    "significant": "digits to which is rounded, so that zeros fill up: 802,816 to 2 is 800K."
    " A number without a unit that has more digits is exact",
    "layers": "types of layers to count, where a cell is about several; by default all",
    "bytes": "of memory and storage: bytes of a number, by default 4",
}
ERRATUM_KEYS: Mapping[str, str] = {
    "row": "the row, or several",
    "column": "the column, or several",
    "account": "what happened, or that nobody knows",
    "spec": "the network under which the cell does match",
    "convention": "keys of the convention under which it does match",
    "working": "the arithmetic of the slip, where that is known: `55*48*96` must give what is"
    " printed",
    "printed": "what the cell says; needed, with `computed`, where neither network nor convention"
    " is named, so that no other cell and no other value is excused. Of several cells a list, row"
    " by row",
    "computed": "what comes out, as the tool writes it",
}
#: The quantities whose convention has `bytes`.
IN_BYTES = ("memory", "storage")
ROUNDINGS = ("nearest", "down", "up")
UNITS = ("K", "M", "G", "thousand", "million", "billion")
#: The layer that stands for the whole network.
TOTAL = "total"
#: A table is compared with at most so many other networks.
MAX_ALSO = 10
#: Where a row prints nothing in a column.
NOTHING = ("", "~", "null", "Null", "NULL")


#: What the comparison says of a cell.
Status: TypeAlias = Literal["match", "erratum", "MISMATCH"]


class Convention(NamedTuple):
    """How a table prints one thing that it counts: a table has one for each, and no cell its own.

    `counted` says what is counted, in the words of its quantity (of operations: a profile's name);
    `layers` restricts it to types of layers.  `k` is what K stands for, `unit` what the numbers
    are in where they have no unit of their own.  `rounding` is how printed digits come from
    computed ones.  With `significant` digits numbers are printed to so many, and zeros fill up;
    only a number without a unit that has more digits is exact.
    """

    counted: str = ""
    k: int = 1000
    unit: str = ""
    rounding: str = "nearest"
    significant: int = 0
    layers: tuple[str, ...] = ()
    bytes: int = 4


class PrintedColumn(NamedTuple):
    """A column: what it holds, and where in a row's layer that is found (`inner`)."""

    name: Scalar
    quantity: str
    inner: str
    specs: tuple[Scalar, ...]


class PrintedLine(NamedTuple):
    """A row: the layers it speaks of, its own specs, and what it divides by.

    `quantity` stands here where a row, and not a column, holds one thing.  `at` gives other layers
    in some columns.
    """

    name: Scalar
    layers: tuple[Scalar, ...]
    quantity: str
    specs: tuple[Scalar, ...]
    over: Scalar | None
    at: dict[str, Scalar]


class Working(NamedTuple):
    """The arithmetic of a slip: as written, and the number that it gives."""

    text: Scalar
    value: int


class Erratum(NamedTuple):
    """A cell that is known to be wrong: the account, and under what it does match, if known.

    `printed` and `computed` are the texts that the account is about; they may be empty only where
    something else is said that the cell must match.
    """

    place: Scalar
    account: str
    spec: Scalar | None
    changes: tuple[tuple[str, Any], ...]
    """Keys of the convention that are otherwise, with their values."""
    printed: str = ""
    computed: str = ""
    working: Working | None = None

    def is_about(self, result: CellResult) -> bool:
        """Whether the cell and what comes out are still those that the account is about."""
        return not self.printed or (self.printed, self.computed) == (
            result.printed,
            result.computed,
        )


class PrintedTable(NamedTuple):
    """A table as printed.  `cells` and `errata` are by the names of row and column."""

    name: str
    title: str
    citation: str
    note: str
    source: Source
    specs: tuple[Scalar, ...]
    also: tuple[Scalar, ...]
    """Other networks to compare the whole table with, beside the one that it belongs to."""
    conventions: dict[str, Convention]
    columns: dict[str, PrintedColumn]
    lines: dict[str, PrintedLine]
    cells: dict[tuple[str, str], Scalar]
    errata: dict[tuple[str, str], Erratum]


class CellResult(NamedTuple):
    """A printed cell and what comes out.

    `computed` reads like the printed text, `value` is exact.  Of an erratum, `explained` tells
    whether the network, the convention or the working that it names (`under`) was computed and
    does match; `recomputed` is what comes out there.
    """

    row: str
    column: str
    quantity: str
    printed: str
    computed: str
    value: Json
    status: Status
    account: str = ""
    under: str = ""
    recomputed: str = ""

    @property
    def explained(self) -> bool:
        """Whether this is an erratum whose stated explanation was recomputed and matches."""
        return self.status == "erratum" and bool(self.under)


class Counts(NamedTuple):
    """How many cells were compared, and what was found."""

    cells: int
    match: int
    explained: int
    unexplained: int
    mismatch: int

    @property
    def erratum(self) -> int:
        """The errata, explained or not."""
        return self.explained + self.unexplained

    def sentences(self) -> tuple[str, str]:
        """Say it in two lines, which fit a narrow page."""
        cells = "cell" if self.cells == 1 else "cells"
        mismatches = "mismatch" if self.mismatch == 1 else "mismatches"
        first = f"{self.cells:,} {cells} compared: {self.match:,} matched"
        explained, unexplained = (
            f"{number:,} {'erratum' if number == 1 else 'errata'}"
            for number in (self.explained, self.unexplained)
        )
        return (
            f"{first}, {self.mismatch:,} {mismatches}",
            f"{explained} explained, {unexplained} unexplained",
        )


class NetworkTally(NamedTuple):
    """How many cells of each column match under another network: (column, match, cells)."""

    network: str
    columns: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True)
class Judgement(Shown):
    """A printed table with every cell judged.

    `conventions` says, for each thing counted, how; `networks` are the files it was computed from,
    `also` what comes out of other networks.
    """

    shapes = Shapes(
        "a judged table",
        table="analysis.tables.table.tabulate",
        records="analysis.tables.table.records",
    )
    name: str
    title: str
    citation: str
    note: str
    conventions: tuple[tuple[str, str], ...]
    networks: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[str, ...]
    cells: tuple[CellResult, ...]
    also: tuple[NetworkTally, ...]
    doubts: tuple[str, ...] = ()

    @property
    def counts(self) -> Counts:
        """Count the cells by what was found."""
        return count(self.cells)

    @property
    def holds(self) -> bool:
        """Whether every cell matches or is a known erratum."""
        return all(cell.status != "MISMATCH" for cell in self.cells)

    def cell(self, row: str, column: str) -> CellResult:
        """Return the cell of a row and a column.  Raises `KeyError` where none is printed."""
        for cell in self.cells:
            if (cell.row, cell.column) == (row, column):
                return cell
        raise KeyError(f"nothing is printed in row '{row}', column '{column}'")


class Judgements(Shown, tuple[Judgement, ...]):
    """Several printed tables, judged."""

    __slots__ = ()
    shapes = Judgement.shapes

    @property
    def doubts(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(doubt for judgement in self for doubt in judgement.doubts))


def count(cells: tuple[CellResult, ...]) -> Counts:
    """Count cells by what was found."""
    return Counts(
        cells=len(cells),
        match=sum(cell.status == "match" for cell in cells),
        explained=sum(cell.explained for cell in cells),
        unexplained=sum(cell.status == "erratum" and not cell.explained for cell in cells),
        mismatch=sum(cell.status == "MISMATCH" for cell in cells),
    )

"""The nouns of published tables: what a table prints, and what the comparison finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from shapecalc.text.shown import Shapes, Shown

if TYPE_CHECKING:
    from shapecalc.output.cells import Json
    from shapecalc.text import Scalar, Source

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
        records="analysis.tables.records.records",
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


def count(cells: tuple[CellResult, ...]) -> Counts:
    """Count cells by what was found."""
    return Counts(
        cells=len(cells),
        match=sum(cell.status == "match" for cell in cells),
        explained=sum(cell.explained for cell in cells),
        unexplained=sum(cell.status == "erratum" and not cell.explained for cell in cells),
        mismatch=sum(cell.status == "MISMATCH" for cell in cells),
    )

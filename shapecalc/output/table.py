"""A table of texts: what every format for people draws, whatever was laid out in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

from shapecalc.text.safe import width_of

if TYPE_CHECKING:
    from shapecalc.output.view import Column

T = TypeVar("T")

#: What is said under a table with blocks.
FOLDED = "Blocks are folded into one line each; --depth all shows every layer."
#: Spaces between columns of plain text, which the fitting reckons with.
GAP = 2


class Line(NamedTuple):
    """The cells of a layer; `mark` is the raised number of its note, set behind the first cell."""

    cells: tuple[str, ...]
    mark: str = ""


class Fact(NamedTuple):
    """A total under the table: what, how many, and the bytes it takes, if any."""

    label: str
    number: str
    bytes: str = ""


class Head(NamedTuple):
    """What a format must know of a column that no single report has."""

    meaning: str
    numeric: bool = False
    extents: bool = False


class TotalsGrid(NamedTuple):
    """Totals of several networks, side by side, in place of facts."""

    columns: tuple[Head, ...]
    header: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]

    def blocks(self, room: int) -> list[TotalsGrid]:
        """Cut into grids of so many columns of numbers each, the labels in front of all."""
        starts = range(1, len(self.header), room)
        cuts = [(0, *range(at, min(at + room, len(self.header)))) for at in starts]
        return [
            TotalsGrid(
                _pick(self.columns, cut),
                _pick(self.header, cut),
                tuple(_pick(line, cut) for line in self.lines),
            )
            for cut in cuts
        ]

    def spelled(self) -> list[str]:
        """Write every line as words, where there is no room for columns."""
        spelled = []
        for label, *cells in self.lines:
            pairs = zip(self.header[1:], cells, strict=True)
            spelled.append(
                f"{label}: {', '.join(f'{title} {cell}' for title, cell in pairs if cell)}"
            )
        return spelled


class Table(NamedTuple):
    """A finished table.  Every text is plain: no format's markup, nothing that breaks a line.

    `about` is the source and the story of the network, `notes` the remarks that marks point to,
    `legend` terms with their meanings, `remarks` what was folded, sorted or left
    out, and which file was read.  `columns` are those shown, `dropped` those left out for width.
    Several networks have `totals` in place of facts.
    Where nothing adds up there is no footer, and there are no facts.
    A `continued` table goes on below where it is too wide for its page.  So many lines at a time
    stand `together`: no page ends between them.
    """

    title: str
    about: tuple[str, ...]
    columns: tuple[Column | Head, ...]
    header: tuple[str, ...]
    lines: tuple[Line, ...]
    footer: tuple[str, ...]
    facts: tuple[Fact, ...]
    notes: tuple[str, ...]
    legend: tuple[tuple[str, str], ...]
    remarks: tuple[str, ...]
    dropped: tuple[str, ...] = ()
    totals: TotalsGrid | None = None
    continued: bool = False
    together: int = 1


def panels(table: Table, width: int | None) -> tuple[Table, ...]:
    """Cut a table that may go on below into pieces of at most `width`, each with its first column.

    Any other table stays whole.
    """
    if not table.continued or width is None:
        return (table,)
    rows = (table.header, *(line.cells for line in table.lines), table.footer or table.header)
    first, *sizes = [max(map(width_of, cells)) for cells in zip(*rows, strict=True)]
    pieces: list[list[int]] = [[]]
    used = first
    for index, size in enumerate(sizes, 1):
        if pieces[-1] and used + GAP + size > width:
            pieces.append([])
            used = first
        pieces[-1].append(index)
        used += GAP + size
    return tuple(_piece(table, (0, *piece)) for piece in pieces)


def _piece(table: Table, kept: tuple[int, ...]) -> Table:
    """Return a table of some columns, without the lines that are empty in them."""
    lines = (Line(_pick(cells, kept), mark) for cells, mark in table.lines)
    return table._replace(
        columns=_pick(table.columns, kept),
        header=_pick(table.header, kept),
        lines=tuple(line for line in lines if any(line.cells[1:])),
        footer=_pick(table.footer, kept) if table.footer else (),
    )


def _pick(cells: tuple[T, ...], kept: tuple[int, ...]) -> tuple[T, ...]:
    return tuple(cells[index] for index in kept)


def marked_text(cell: str, mark: str) -> str:
    """Set a note's mark behind a cell."""
    return f"{cell} {mark}" if mark else cell


def left_out(
    columns: tuple[str, ...], width: int | None, remedy: str = "--columns chooses others"
) -> str:
    """Say which columns a narrow page does not have, and what to do about it."""
    return f"Left out to fit a width of {width}: {', '.join(columns)}; {remedy}."

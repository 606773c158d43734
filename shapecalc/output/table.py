"""A table of texts: what every format for people draws, whatever was laid out in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from shapecalc.text import NamedTuple
from shapecalc.text.safe import widest, width_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shapecalc.output.view import Column

T = TypeVar("T")

#: What is said under a table with blocks.
FOLDED = "Blocks are folded into one line each; --depth all shows every layer."
#: What is said where the rounds of a repeat share a line.
ROUNDS_FOLDED = "Blocks of a repeat that are alike share a line; --depth 1 gives each its own."
#: Spaces between columns of plain text, which the fitting reckons with.
GAP = 2


#: Entries of a legend that say for which values of the symbols what holds.
OF_SYMBOLS = ("domain", "weights")


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
    """What a format must know of a column that no single report has.

    `drop` orders what a narrow page leaves out, 1 first; 0 stays.
    """

    meaning: str
    numeric: bool = False
    extents: bool = False
    drop: int = 0


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


class Picture(NamedTuple):
    """Lines of plain characters, to be set in a fixed width, or a drawing.

    `drawn` makes that, an element of `output.markup`, or nothing where it cannot be drawn, for
    formats that show drawings in place of lines; the others show nothing where there are no lines.
    With a `summary` it lies folded below that.
    """

    lines: tuple[str, ...]
    drawn: Callable[[], Any] | None = None
    summary: str = ""

    def __eq__(self, other: object) -> bool:
        """Tell whether both say the same; what makes a drawing is no part of that."""
        return isinstance(other, Picture) and self[::2] == other[::2]

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self[::2])


class Table(NamedTuple):
    """A finished table.  Every text is plain: no format's markup, nothing that breaks a line.

    `about` is the source and the story of the network, `notes` the remarks that marks point to,
    `legend` terms with their meanings, `remarks` what was folded, sorted or left
    out, and which file was read.  `columns` are those shown, `dropped` those left out for width.
    Several networks have `totals` in place of facts.
    Where nothing adds up there is no footer, and there are no facts.
    A `continued` table goes on below where it is too wide for its page.  So many lines at a time
    stand `together`: no page ends between them.  `symbols` are the letters in its formulas.
    A page that stands alone shows `pictures` below it.  `language` is that of its words.
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
    symbols: tuple[str, ...] = ()
    pictures: tuple[Picture, ...] = ()
    language: str = "en"


def panels(table: Table, width: int | None) -> tuple[Table, ...]:
    """Cut a table that may go on below into pieces of at most `width`, each with its first column.

    Any other table stays whole.
    """
    if not table.continued or width is None:
        return (table,)
    rows = (table.header, *(line.cells for line in table.lines), table.footer or table.header)
    first, *sizes = [widest(cells) for cells in zip(*rows, strict=True)]
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


def fitting(sizes: Sequence[int], drops: Sequence[int], width: int) -> list[int]:
    """Return the columns that stay on a page: those of low `drop` go first, those of 0 never.

    >>> fitting([5, 10, 10], [0, 2, 1], 20)
    [0, 1]
    """
    kept = list(range(len(sizes)))
    for index in sorted((i for i in kept if drops[i]), key=lambda i: drops[i]):
        if sum(sizes[i] for i in kept) + GAP * (len(kept) - 1) <= width:
            break
        kept.remove(index)
    return kept


def fitted(table: Table, width: int | None) -> Table:
    """Leave out columns of a table until the rest fits a page, and say so under it."""
    if width is None:
        return table
    first = (marked_text(line.cells[0], line.mark) for line in table.lines)
    rows = (table.header, *(line.cells for line in table.lines), table.footer or table.header)
    sizes = [widest(cells) for cells in zip(*rows, strict=True)]
    sizes[0] = max(sizes[0], *map(width_of, first))
    drops = [column.drop for column in table.columns]
    kept = tuple(fitting(sizes, drops, width))
    dropped = tuple(name for at, name in enumerate(table.header) if at not in kept)
    if not dropped:
        return table
    taken = sum(sizes[at] for at in kept) + GAP * (len(kept) - 1)
    return table._replace(
        columns=_pick(table.columns, kept),
        header=_pick(table.header, kept),
        lines=tuple(Line(_pick(line.cells, kept), line.mark) for line in table.lines),
        footer=_pick(table.footer, kept) if table.footer else (),
        remarks=(left_out(dropped, width, taken, WIDER), *table.remarks),
        dropped=dropped,
    )


#: What is to be done where a narrow page leaves columns out.
OTHER_COLUMNS = "--columns chooses others"
#: The same where the columns cannot be chosen.
WIDER = "a wider --width has all"


def left_out(columns: tuple[str, ...], width: int, taken: int, remedy: str = OTHER_COLUMNS) -> str:
    """Say which columns a narrow page does not have, and what to do about it.

    `taken` is the width of the columns that stay.
    """
    names = ", ".join(columns)
    if taken > width:
        return f"Left out for a width of {width}: {names}; the table still takes {taken}; {remedy}."
    return f"Left out to fit a width of {width}: {names}; {remedy}."

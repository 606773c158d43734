"""A report as a table of texts: what every format for people consumes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

from shapecalc.algebra.dim import is_symbolic
from shapecalc.graph.model import channels_first
from shapecalc.layers.shape import SIDE_NAMES, as_text
from shapecalc.output.cells import (
    NOT_APPLICABLE_MARK,
    UNKNOWN_MARK,
    amount_text,
    bytes_text,
    cell_text,
    superscript,
)
from shapecalc.output.columns import conventions, default_columns, sorted_rows
from shapecalc.output.sums import (
    sums,
)
from shapecalc.output.view import View
from shapecalc.report.fold import fold
from shapecalc.text.safe import printable, width_of

if TYPE_CHECKING:
    from shapecalc.algebra.notation import Notation
    from shapecalc.output.view import (
        Column,
    )
    from shapecalc.report.model import Report, Row

T = TypeVar("T")

#: A column is not widened beyond this for its sum alone.
WIDEST_SUM = 24
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


class Grid(NamedTuple):
    """Totals of several networks, side by side, in place of facts."""

    columns: tuple[Head, ...]
    header: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]

    def blocks(self, room: int) -> list[Grid]:
        """Cut into grids of so many columns of numbers each, the labels in front of all."""
        starts = range(1, len(self.header), room)
        cuts = [(0, *range(at, min(at + room, len(self.header)))) for at in starts]
        return [
            Grid(
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
    A `continued` table goes on below where it is too wide for its page.
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
    totals: Grid | None = None
    continued: bool = False


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


def tabulate(report: Report, view: View | None = None, width: int | None = None) -> Table:
    """Lay a report out.

    `width` is the page's, in characters: default columns are dropped in the order of their `drop`
    until the table fits; columns asked for stay.
    """
    view = view or View()
    if report.domain is not None:
        view = view._replace(notation=_notation(report, view), units="exact")
    rows = sorted_rows(fold(report, 1 if view.depth is None else view.depth), view, report.totals)
    marks, notes = _notes(rows)
    wanted = view.columns or default_columns(view, machine=False)
    columns = tuple(_lay_out(report, rows, view, column) for column in wanted)
    if report.domain is not None and width is not None and _size(columns, marks) > width:
        view = view._replace(named=True)  # in volumes, too, names stand for formulas
        columns = tuple(_lay_out(report, rows, view, column) for column in wanted)
    kept = columns if view.columns or width is None else _fit(columns, marks, width)
    shown = tuple(column.column for column in kept)
    dropped = tuple(column.header for column in columns if column not in kept)
    return Table(
        title=printable(report.name) or "network",
        about=tuple(
            printable(text) for text in (report.graph.spec.citation, report.graph.spec.note) if text
        ),
        columns=shown,
        header=tuple(column.header for column in kept),
        lines=tuple(map(Line, zip(*(column.cells for column in kept), strict=True), marks)),
        footer=(kept[0].footer or "total", *(column.footer for column in kept[1:])),
        facts=_facts(report, view),
        notes=notes,
        legend=tuple(
            (conventions(report, view, shown) | _symbols(report, view) | _marks(kept)).items()
        ),
        remarks=_remarks(report, rows, view, dropped, width),
        dropped=dropped,
    )


def _notation(report: Report, view: View) -> Notation:
    """Find how to write the expressions that the totals and the numeric columns hold."""
    from shapecalc.algebra.notation import notation_of

    totals = report.totals
    dims = [totals.params, totals.macs, view.activations(totals), totals.peak]
    for row in report.rows:
        dims += [row.params, row.macs, view.activations(row)]
        dims += [side.size for side in row.field or ()]
        dims += row.output.sides
    return notation_of(dims)


def _symbols(report: Report, view: View) -> dict[str, str]:
    """Say what the names of recurring expressions stand for, and for which sizes all this holds."""
    if view.notation is None or report.domain is None:
        return {}
    made_for = "; ".join(fit.text() for fit in report.weights_fit)
    domain = {"domain": "; ".join(report.domain.texts())}
    return view.notation.legend() | domain | ({"weights": made_for} if made_for else {})


class _Column(NamedTuple):
    """A column with its texts."""

    column: Column
    header: str
    cells: tuple[str, ...]
    footer: str


def _lay_out(report: Report, rows: tuple[Row, ...], view: View, column: Column) -> _Column:
    totals = report.totals
    cells = tuple(cell_text(column.kind, column.of_row(row, view, totals), view) for row in rows)
    footer = ""
    if column.total is not None:
        value = column.of_all(totals, view)
        footer = cell_text(column.kind, value, view)
        if is_symbolic(value) and len(footer) > max(WIDEST_SUM, *map(len, cells)):
            footer = "below"  # a sum of formulas is longer than all of them
    return _Column(column, column.heading(view), cells, footer)


def _fit(columns: tuple[_Column, ...], marks: tuple[str, ...], width: int) -> tuple[_Column, ...]:
    """Drop columns, those of low `drop` first, until the rest fits; those of 0 stay."""
    sizes = [_width(column, marks if index == 0 else ()) for index, column in enumerate(columns)]
    kept = list(range(len(columns)))
    order = sorted(
        (i for i in kept if columns[i].column.drop), key=lambda i: columns[i].column.drop
    )
    for index in order:
        if sum(sizes[i] for i in kept) + GAP * (len(kept) - 1) <= width:
            break
        kept.remove(index)
    return tuple(columns[i] for i in kept)


def _size(columns: tuple[_Column, ...], marks: tuple[str, ...]) -> int:
    """Return how wide columns are together."""
    widths = [_width(column, marks if index == 0 else ()) for index, column in enumerate(columns)]
    return sum(widths) + GAP * (len(widths) - 1)


def _width(column: _Column, marks: tuple[str, ...]) -> int:
    widest = max(map(width_of, (column.header, *column.cells, column.footer)))
    if any(marks):
        marked = zip(column.cells, marks, strict=True)
        widest = max(widest, *(width_of(marked_text(cell, mark)) for cell, mark in marked))
    return widest


def marked_text(cell: str, mark: str) -> str:
    """Set a note's mark behind a cell."""
    return f"{cell} {mark}" if mark else cell


def _notes(rows: tuple[Row, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Number the notes; layers with the same note have the same mark."""
    marks = []
    notes: dict[str, str] = {}
    for row in rows:
        said = [printable(row.note)] if row.note else []
        if row.shared and (row.parameters or row.layer is None):
            said.append(f"weights shared with {row.shared} and counted there")
        text = "; ".join(said)
        marks.append(notes.setdefault(text, superscript(len(notes) + 1)) if text else "")
    return tuple(marks), tuple(f"{mark} {text}" for text, mark in notes.items())


def _facts(report: Report, view: View) -> tuple[Fact, ...]:
    """Return the totals, of the layers and of the whole."""
    return tuple(
        Fact(
            each.label,
            amount_text(each.number, view),
            "" if each.bytes is None else bytes_text(each.bytes, view),
        )
        for each in sums(report, view)
        if each.key != "buffers" or each.number != 0
    )


def _marks(columns: tuple[_Column, ...]) -> dict[str, str]:
    """Explain the marks that occur."""
    cells = {
        cell for column in columns if column.column.kind.name != "text" for cell in column.cells
    }
    marks = {NOT_APPLICABLE_MARK: "not applicable", UNKNOWN_MARK: "unknown"}
    return {mark: meaning for mark, meaning in marks.items() if mark in cells}


#: What is said under a table with blocks.
FOLDED = "Blocks are folded into one line each; --depth all shows every layer."


def left_out(
    columns: tuple[str, ...], width: int | None, remedy: str = "--columns chooses others"
) -> str:
    """Say which columns a narrow page does not have, and what to do about it."""
    return f"Left out to fit a width of {width}: {', '.join(columns)}; {remedy}."


def _remarks(
    report: Report, rows: tuple[Row, ...], view: View, dropped: tuple[str, ...], width: int | None
) -> tuple[str, ...]:
    said = []
    if any(row.layer is None for row in rows):
        said.append(FOLDED)
    if view.sort is not None:
        last = ", formulas last" if report.domain is not None else ""
        said.append(f"Sorted by {view.sort.title}{last}.")
    if dropped:
        said.append(left_out(dropped, width))
    said += [
        f"Shapes are {' x '.join(SIDE_NAMES[2])} x channels: {as_text(row.output)} has"
        f" {row.output.channels:,} channels.  Was {as_text(meant)} meant?"
        for row in report.rows
        if row.type == "input" and (meant := channels_first(row.output)) is not None
    ]
    said.append(f"Read from {printable(report.graph.spec.source.name)}.")
    return tuple(said)

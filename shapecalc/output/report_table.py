"""A report as a table of texts."""

from __future__ import annotations

from functools import partial
from itertools import repeat
from typing import TYPE_CHECKING

from shapecalc.algebra import is_symbolic
from shapecalc.errors import SpecErrors
from shapecalc.graph import without_values
from shapecalc.output.alike import kinds_of, seeing_alike
from shapecalc.output.cells import (
    NOT_APPLICABLE_MARK,
    TEXT,
    UNKNOWN_MARK,
    amount_text,
    bytes_text,
    cell_text,
    superscript,
)
from shapecalc.output.columns import (
    conventions,
    default_columns,
    has_frozen,
    shown_rows,
    units_owed,
)
from shapecalc.output.table import (
    FOLDED,
    GAP,
    ROUNDS_FOLDED,
    Fact,
    Line,
    Picture,
    Table,
    fitting,
    left_out,
    marked_text,
)
from shapecalc.output.totals import bound_text, peak_owed, sums
from shapecalc.output.view import Column, View
from shapecalc.text import NamedTuple, collector_paused
from shapecalc.text.safe import one_line, widest, width_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from shapecalc.algebra.notation import Notation
    from shapecalc.output.alike import Kinds
    from shapecalc.output.totals import Sum
    from shapecalc.report import Report, Row

#: A column is not widened beyond this for its sum alone.
WIDEST_SUM = 24


@collector_paused
def tabulate(report: Report, view: View = View(), width: int | None = None) -> Table:
    """Lay a report out.

    `width` is the page's, in characters: default columns are dropped in the order of their `drop`
    until the table fits; columns asked for stay.
    """
    if report.domain is not None:
        view = view._replace(
            notation=notation_of_report(report, view), units="exact", column_units=()
        )
    depth = 1 if view.depth is None else view.depth
    rows, taken, number = shown_rows(report, view, depth, rounds=view.depth is None)
    kinds = {"": kinds_of(rows), "field": seeing_alike(rows)}
    marks, notes = _notes(rows)
    wanted = view.columns or default_columns(view, machine=False, frozen=has_frozen(report))
    columns = _laid_out(report, rows, kinds, view, wanted)
    if report.domain is not None and (width is None or _size(columns, marks) > width):
        # In volumes, too, names stand for formulas: where room is short, and where none is stated,
        # since a page that is set by others reads best in one notation.
        view = view._replace(named=True)
        columns = _laid_out(report, rows, kinds, view, wanted)
    room = width if width is None else width - _least_room(view)
    kept = columns if view.columns or room is None else _fit(columns, marks, room)
    if width is not None and len(kept) < len(columns) and any(asides := _asides(kinds[""])):
        brief = tuple(_brief(column, kinds[""]) for column in columns)
        beside = _notes(rows, asides)
        fitting = _fit(brief, beside[0], room or width)
        if len(fitting) > len(kept):  # what has no room in the column goes under the table
            columns, kept, (marks, notes) = brief, fitting, beside
    shown = tuple(column.column for column in kept)
    dropped = tuple(column.header for column in columns if column not in kept)
    bars = _bars(report, rows, view, (width or TEXT_WIDTH) - _size(kept, marks) - GAP)
    kept = (*kept, *bars)
    left = (left_out(dropped, width, _size(kept, marks)),) if dropped and width else ()
    return Table(
        title=one_line(report.name) or "network",
        about=tuple(
            one_line(text) for text in (report.graph.spec.citation, report.graph.spec.note) if text
        ),
        columns=tuple(column.column for column in kept),
        header=tuple(column.header for column in kept),
        lines=tuple(map(Line, zip(*(column.cells for column in kept), strict=True), marks)),
        footer=tuple(column.footer for column in kept),
        facts=_facts(report, view),
        notes=notes,
        legend=tuple(
            (
                conventions(report, view, (*shown, *filter(None, [view.chart])))
                | {bar.header: bar.column.meaning for bar in bars}
                | units_owed([*(column.unit for column in kept), *_units_of_facts(report, view)])
                | peak_owed(report, view)
                | symbols_owed(report, view)
                | _marks(kept)
            ).items()
        ),
        remarks=_remarks(report, rows, taken, number, view, left),
        dropped=dropped,
        symbols=symbols_of(report, view),
        pictures=tuple(
            Picture((), partial(_drawn, report, name, words), summary)
            for name, summary, words in (
                ("graph", "The graph", {"depth": depth, "layout": view.layout}),
                ("costs", "What the layers cost", {"depth": view.depth}),
            )
        ),
    )


def _drawn(report: Report, name: str, words: Mapping[str, object]) -> object:
    """Draw a picture for a page; nothing where it cannot be drawn: of letters, or of too much."""
    try:
        return report.draw(name, **words).element(f"{name}-")
    except SpecErrors:
        return None


def total_label(view: View) -> str:
    """Name the line of the totals, which add up all rows, whichever are shown."""
    return "total" if view.choice is None else "total of all"


def notation_of_report(report: Report, view: View) -> Notation:
    """Find how to write the expressions that the totals and the numeric columns hold."""
    from shapecalc.algebra.notation import notation_of

    totals = report.totals
    dims = [totals.params, totals.trainable, totals.macs, view.activations(totals), totals.peak]
    for row in report.rows:
        dims += [row.params, row.trainable, row.macs, view.activations(row)]
        dims += [side.size for side in row.field or ()]
        dims += row.output.sides
    return notation_of(dims)


def symbols_of(report: Report, view: View) -> tuple[str, ...]:
    """Return the letters that formulas are written in, and the names of those that come again."""
    if view.notation is None or report.domain is None:
        return ()
    return (*report.domain.symbols, *view.notation.names.values())


def symbols_owed(report: Report, view: View) -> dict[str, str]:
    """Say what the names of recurring expressions stand for, and for which sizes all this holds."""
    if view.notation is None or report.domain is None:
        return {}
    made_for = "; ".join(fit.text() for fit in report.weights_fit)
    domain = {"domain": "; ".join(report.domain.texts())}
    return view.notation.legend() | domain | ({"weights": made_for} if made_for else {})


def _brief(column: _Column, kinds: Kinds) -> _Column:
    """Shorten what the layers do to what most of them are told apart by."""
    if column.column.key != "does":
        return column
    texts = [one_line(row.brief) for row in kinds.firsts]
    return column._replace(cells=tuple(map(texts.__getitem__, kinds.numbers)))


def _asides(kinds: Kinds) -> list[str]:
    """Return what a narrow column leaves out of every row."""
    texts = [one_line(row.aside) for row in kinds.firsts]
    return [texts[number] for number in kinds.numbers]


class _Column(NamedTuple):
    """A column with its texts, and the unit of its numbers."""

    column: Column
    header: str
    cells: tuple[str, ...]
    footer: str
    unit: str


def _laid_out(
    report: Report,
    rows: tuple[Row, ...],
    kinds: Mapping[str, Kinds],
    view: View,
    wanted: Sequence[Column],
) -> tuple[_Column, ...]:
    """Lay columns out; what names the line of the totals takes room in the first."""
    first, *others = (_lay_out(report, rows, kinds, view, column) for column in wanted)
    return (first._replace(footer=first.footer or total_label(view)), *others)


def _lay_out(
    report: Report, rows: tuple[Row, ...], kinds: Mapping[str, Kinds], view: View, column: Column
) -> _Column:
    totals = report.totals
    firsts, numbers = kinds.get(column.placed, (rows, None))
    values = [column.of_row(row, view, totals) for row in firsts]
    fitted = view.fitted(column.key, [*values, column.of_all(totals, view)])
    texts = [cell_text(column.kind, value, fitted) for value in values]
    cells = tuple(texts if numbers is None else map(texts.__getitem__, numbers))
    footer = ""
    if column.total is not None:
        value = column.of_all(totals, fitted)
        footer = sum_text(value, cell_text(column.kind, value, fitted), cells)
    counts = column.kind.name in ("number", "bytes")
    units = fitted.units if counts else "exact"
    return _Column(column, column.heading(fitted), cells, footer, units)


def _bars(report: Report, rows: tuple[Row, ...], view: View, room: int) -> tuple[_Column, ...]:
    """Draw a column of bars; the longest fills the room that the others leave.

    Raises `SpecErrors` (E121) for symbols, which have no length.
    """
    if view.chart is None:
        return ()
    problems = without_values(report.graph, "a chart")
    if problems:
        raise SpecErrors(list(problems))
    values = [view.chart.of_row(row, view, report.totals) for row in rows]
    numbers = [value if isinstance(value, int) else 0 for value in values]
    most = max(numbers, default=0)
    at = one_line(rows[numbers.index(most)].name) if numbers else ""
    exact = View()
    meaning = f"from 0 to {cell_text(view.chart.kind, most, exact)}, that of {at}"
    if view.chart.kind.name == "bytes":
        meaning = f"from 0 to {bytes_text(most, exact)}, those of {at}"
    header = _bars_header(view.chart)
    column = Column("bars", header, meaning, TEXT, lambda row, _: row)
    longest = min(MOST_BAR, max(LEAST_BAR, width_of(header), room))
    cells = tuple(bar_text(number, most, longest) for number in numbers)
    return (_Column(column, header, cells, "", "exact"),)


def _bars_header(column: Column) -> str:
    return f"{column.title}, as bars"


def _least_room(view: View) -> int:
    """Return how many characters bars take at least, with the gap before them."""
    if view.chart is None:
        return 0
    return GAP + max(LEAST_BAR, width_of(_bars_header(view.chart)))


#: The longest bar has at least so many characters, and at most.
LEAST_BAR, MOST_BAR = 16, 40
#: Where no width is given, bars end here if the table does before.
TEXT_WIDTH = 120


def bar_text(number: int, most: int, longest: int) -> str:
    """Draw a bar to an eighth of a character; what is more than nothing shows.

    >>> bar_text(1, 1000, 4), bar_text(500, 1000, 4), bar_text(690, 1000, 4), bar_text(0, 9, 4)
    ('▏', '██', '██▊', '')
    """
    if number <= 0:
        return ""
    full, eighths = divmod(max(1, (16 * number * longest + most) // (2 * most)), 8)
    return "█" * full + " ▏▎▍▌▋▊▉"[eighths].strip()


def sum_text(value: object, text: str, cells: Iterable[str]) -> str:
    """Write a column's sum; one of formulas that is longer than all of them stands below."""
    return "below" if is_symbolic(value) and len(text) > max(WIDEST_SUM, *map(len, cells)) else text


def _fit(columns: tuple[_Column, ...], marks: tuple[str, ...], width: int) -> tuple[_Column, ...]:
    """Drop columns, those of low `drop` first, until the rest fits; those of 0 stay."""
    sizes = [_width(column, marks if index == 0 else ()) for index, column in enumerate(columns)]
    drops = [column.column.drop for column in columns]
    return tuple(columns[i] for i in fitting(sizes, drops, width))


def _size(columns: tuple[_Column, ...], marks: tuple[str, ...]) -> int:
    """Return how wide columns are together."""
    widths = [_width(column, marks if index == 0 else ()) for index, column in enumerate(columns)]
    return sum(widths) + GAP * (len(widths) - 1)


def _width(column: _Column, marks: tuple[str, ...]) -> int:
    texts = {column.header, *column.cells, column.footer}
    if any(marks):
        marked = zip(column.cells, marks, strict=True)
        texts |= {marked_text(cell, mark) for cell, mark in marked if mark}
    return widest(texts)


def _notes(
    rows: tuple[Row, ...], asides: Iterable[str] | None = None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Number the notes; layers with the same note have the same mark.

    `asides` are what a narrow column leaves out of every row.
    """
    marks = []
    notes: dict[str, str] = {}
    for row, aside in zip(rows, asides or repeat(""), strict=False):
        if not (aside or row.note or row.shared):  # most have none
            marks.append("")
            continue
        parts = [aside] if aside else []
        parts += [one_line(row.note)] if row.note else []
        if row.shared and (row.parameters or row.layer is None):
            parts.append(f"weights shared with {row.shared} and counted there")
        text = "; ".join(parts)
        marks.append(notes.setdefault(text, superscript(len(notes) + 1)) if text else "")
    return tuple(marks), tuple(f"{mark} {text}" for text, mark in notes.items())


def _facts(report: Report, view: View) -> tuple[Fact, ...]:
    """Return the totals, of the layers and of the whole."""
    return tuple(
        Fact(
            total.label,
            amount_text(total.number, view.fitted(total.key, [total.number])),
            ""
            if total.bytes is None
            else bytes_text(total.bytes, view.fitted("memory", [total.bytes])),
        )
        for total in shown_sums(report, view)
    )


def shown_sums(report: Report, view: View) -> list[Sum]:
    """Return the totals that stand under a table; buffers where there are any."""
    return [
        total
        for total in sums(report, view, frozen=has_frozen(report))
        if total.key != "buffers" or total.number != 0
    ]


def _units_of_facts(report: Report, view: View) -> Iterator[str]:
    for total in shown_sums(report, view):
        yield view.unit(total.key, [total.number])
        if total.bytes is not None:
            yield view.unit("memory", [total.bytes])


def _marks(columns: tuple[_Column, ...]) -> dict[str, str]:
    """Explain the marks that occur."""
    cells = {
        cell for column in columns if column.column.kind.name != "text" for cell in column.cells
    }
    marks = {NOT_APPLICABLE_MARK: "not applicable", UNKNOWN_MARK: "unknown"}
    return {mark: meaning for mark, meaning in marks.items() if mark in cells}


def _remarks(
    report: Report,
    rows: tuple[Row, ...],
    taken: int,
    number: int,
    view: View,
    left: tuple[str, ...],
) -> tuple[str, ...]:
    """Say what the table leaves out and puts together; `taken` of `number` rows are in it."""
    remarks = []
    if view.choice is not None:
        from shapecalc.output.row_choice import left_out as rows_left_out

        remarks.append(rows_left_out(view.choice, taken, number))
    if any(row.layer is None for row in rows):
        remarks.append(FOLDED)
    if len(rows) < taken:
        remarks.append(ROUNDS_FOLDED)
    if view.sort is not None:
        last = ", formulas last" if report.domain is not None else ""
        remarks.append(f"Sorted by {view.sort.title}{last}.")
    remarks += left
    remarks += filter(None, [bound_text(report, view)])
    remarks.append(f"Read from {one_line(report.graph.spec.source.name)}.")
    return tuple(remarks)

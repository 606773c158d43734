"""The columns of a comparison's table, as texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.algebra.dim import known
from shapecalc.analysis.compare.fit import Laid
from shapecalc.output.cells import NOT_APPLICABLE_MARK, cell_text, number_text
from shapecalc.output.table import Head
from shapecalc.text.safe import printable, width_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shapecalc.analysis.compare.entries import Entry
    from shapecalc.output.view import Column, View
    from shapecalc.report.model import Report

#: Between what was and what is.
ARROW = " -> "
#: What a narrow page leaves out first.
_DIFFERENCE = 1


def names_column(entries: Sequence[Entry], footer: str) -> Laid:
    """Name the rows: two names where two networks differ in them, else the first."""
    cells = []
    for entry in entries:
        names = [printable(row.name) for row in entry.rows if row is not None]
        two = len(entry.rows) == 2 and len(set(names)) == 2
        cells.append(ARROW.join(names) if two else names[0])
    meaning = "the layer's name, after those of the blocks that it stands in"
    return Laid(Head(meaning), "layer", tuple(cells), footer, wraps=22)


def change_column(entries: Sequence[Entry]) -> Laid:
    """Say what changed between two networks."""
    meaning = "what differs between the first network's layer and the second's"
    return Laid(Head(meaning, extents=True), "change", _changes(entries), wraps=20)


def _changes(entries: Sequence[Entry]) -> tuple[str, ...]:
    return tuple(printable(entry.change) for entry in entries)


def configurations(
    entries: Sequence[Entry], reports: Sequence[Report], view: View, labels: Sequence[str]
) -> Iterator[Laid]:
    """Lay the networks out as columns of layers, as in the paper of VGG."""
    for k, (report, label) in enumerate(zip(reports, labels, strict=True)):
        cells = (printable(entry.what[k]) or NOT_APPLICABLE_MARK for entry in entries)
        footer = number_text(report.totals.params, view.units)
        head = Head(f"the layers of {label}", extents=True)
        yield Laid(head, label, tuple(cells), footer, wraps=12)


def side_by_side(
    entries: Sequence[Entry],
    reports: Sequence[Report],
    view: View,
    column: Column,
    headers: Sequence[str],
) -> Iterator[Laid]:
    """Lay a quantity out in a column for every network."""
    for k, (report, header) in enumerate(zip(reports, headers, strict=True)):
        cells = [_text(entry, report, view, column, k) for entry in entries]
        head = Head(column.meaning, column.numeric, column.extents)
        yield Laid(head, header, tuple(cells), _total(report, view, column))


def pair_columns(
    entries: Sequence[Entry],
    reports: Sequence[Report],
    view: View,
    column: Column,
    drop: int,
) -> Iterator[Laid]:
    """Lay a quantity of two networks out: both in one column, and the difference in another."""
    columns = list(side_by_side(entries, reports, view, column, ("", "")))
    pairs = list(zip(*(laid.cells for laid in columns), strict=True))
    texts = [*pairs, (columns[0].footer, columns[1].footer)]
    widths = [
        max((width_of(pair[k]) for pair in texts if pair[0] != pair[1]), default=0) for k in (0, 1)
    ]
    joined = [_joined(before, after, widths, column.numeric) for before, after in texts]
    yield Laid(columns[0].head, column.heading(view), tuple(joined[:-1]), joined[-1], drop)
    if column.total is not None and not column.share:
        footer = [known(column.total(report.totals, view)) for report in reports]
        yield Laid(
            Head(f"the difference in {column.title}", numeric=True),
            f"+/- {column.heading(view)}",
            tuple(_difference(*_numbers(entry, view, column), view) for entry in entries),
            _difference(footer[0], footer[1], view),
            _DIFFERENCE,
        )


def _joined(before: str, after: str, widths: Sequence[int], numeric: bool) -> str:
    if before == after:
        return after
    if numeric:  # so that digits stand under digits
        before = " " * (widths[0] - width_of(before)) + before
        after = " " * (widths[1] - width_of(after)) + after
    return f"{before}{ARROW}{after}"


def _text(entry: Entry, report: Report, view: View, column: Column, k: int) -> str:
    row = entry.rows[k]
    if row is None:
        return NOT_APPLICABLE_MARK
    return cell_text(column.kind, column.of_row(row, view, report.totals), view)


def _total(report: Report, view: View, column: Column) -> str:
    if column.total is None:
        return ""
    return cell_text(column.kind, column.of_all(report.totals, view), view)


def _numbers(entry: Entry, view: View, column: Column) -> tuple[int, int]:
    """Return a count of either network; nothing counts as 0."""
    values = [0 if row is None else column.value(row, view) or 0 for row in entry.rows]
    before, after = (value if isinstance(value, int) else 0 for value in values)
    return before, after


def _difference(before: int, after: int, view: View) -> str:
    """Write how much more it is, with its sign."""
    if before == after:
        return "0"
    text = number_text(abs(after - before), view.units)
    return f"{'+' if after > before else '-'}{text}"

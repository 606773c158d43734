"""The lines of a comparison's table, and its columns as texts."""

from __future__ import annotations

from collections import Counter
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.algebra import known
from shapecalc.analysis.compare.fit import Laid
from shapecalc.layers.conv import Conv
from shapecalc.layers.dense import Dense
from shapecalc.layers.fields import MODES
from shapecalc.layers.pool import MaxPool
from shapecalc.output.cells import NOT_APPLICABLE_MARK, amount_text, cell_text, number_text
from shapecalc.output.table import Head
from shapecalc.report.fold import is_next_round, round_row, runs_of, together
from shapecalc.text.safe import one_line, width_of

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence

    from shapecalc.analysis.compare.parts import NetworkPart
    from shapecalc.analysis.compare.rows import Aligned
    from shapecalc.layers.base import Layer
    from shapecalc.output.view import Column, View
    from shapecalc.report import Report, Row


#: So many changes of a level are told; those of a layer all.
MOST = 4
#: So many lines in a row that say the same become one.
LONG = 6


class Entry(NamedTuple):
    """A line: a row for every network, None where it has none; what they are, and what changed."""

    rows: tuple[Row | None, ...]
    what: tuple[str, ...]
    change: str = ""


def entries_of(aligned: Iterable[Aligned], shown: Callable[[Row], Hashable]) -> list[Entry]:
    """Make lines of rows; `shown` gives what a line will show of a row's shapes and numbers.

    Long stretches where nothing differs become one line each, and so do those of layers that are
    all added or all removed, and all alike.
    """
    entries: list[Entry] = []
    for (kind, _), group in groupby(aligned, lambda row: _stretch(row, shown)):
        members = list(group)
        if kind == "none" or len(members) < LONG:
            entries += map(entry_of, members)
        else:
            entries.append(_folded(members))
    return entries


def _stretch(row: Aligned, shown: Callable[[Row], Hashable]) -> tuple[str, Hashable]:
    """Tell which rows may fold with their neighbours."""
    parts = [part for part in row.parts if part is not None]
    if row.same and len({shown(part.row) for part in parts}) == 1:
        return "same", None
    if set(row.statuses) <= {"added", "absent", "removed"} and len({p.key for p in parts}) == 1:
        return "alike", (row.statuses, tuple(part and part.key for part in row.parts))
    return "none", id(row)


def entry_of(row: Aligned) -> Entry:
    """Make a line of a row."""
    what = tuple("" if part is None else what_is(part) for part in row.parts)
    return Entry(tuple(part and part.row for part in row.parts), what, _change(row, what))


def _change(row: Aligned, what: Sequence[str]) -> str:
    """Say in words what became of the first network's part in the second."""
    status = row.statuses[0]
    if status == "changed":
        texts = [change.text for change in row.changes[0]]
        more = len(texts) - MOST
        if more > 1 and row.parts[0] is not None and row.parts[0].layer is None:
            texts = [*texts[:MOST], f"{more} more changes"]
        return ", ".join(texts)
    words = {"added": f"added: {what[1]}", "removed": f"removed: {what[0]}"}
    return words.get(status) or {"affected": "another input"}.get(status, status)


def _folded(rows: Sequence[Aligned]) -> Entry:
    """Make one line of several rows: the sums of every network."""
    number = len(rows)
    folded: list[Row | None] = []
    what: list[str] = []
    for k, begin in enumerate(rows[0].parts):
        last = rows[-1].parts[k]
        if begin is None or last is None:
            folded.append(None)
            what.append("")
            continue
        name = f"{begin.row.name} to {last.row.name}"
        members = [part.row for row in rows if (part := row.parts[k]) is not None]
        folded.append(together(members)._replace(name=name))
        what.append(f"{number} the same" if rows[0].same else f"{number} x {what_is(begin)}")
    change = what[0] if rows[0].same else f"{rows[0].statuses[0]}: {''.join(what[:2])}"
    return Entry(tuple(folded), tuple(what), change)


def rounds_joined(reports: Sequence[Report], aligned: Sequence[Aligned]) -> list[Aligned]:
    """Put a repeat's rounds that are alike in every network, and have become alike, into one."""

    def goes_on(before: Aligned, row: Aligned) -> bool:
        return (before.statuses, before.changes) == (row.statuses, row.changes) and all(
            a is b is None or (a and b and is_next_round(report, a.row, b.row))
            for report, a, b in zip(reports, before.parts, row.parts, strict=True)
        )

    runs = runs_of(aligned, goes_on)
    return [_of_run(reports, run) if len(run) > 1 else run[0] for run in runs]


def _of_run(reports: Sequence[Report], run: Sequence[Aligned]) -> Aligned:
    parts: list[NetworkPart | None] = []
    for number, report in enumerate(reports):
        rounds = [part for row in run if (part := row.parts[number]) is not None]
        row = round_row(report, [part.row for part in rounds]) if rounds else None
        parts.append(rounds[0]._replace(row=row) if row is not None else None)
    return run[0]._replace(parts=tuple(parts))


def without_followers(rows: Sequence[Aligned], silent: Callable[[Row], bool]) -> list[Aligned]:
    """Leave out layers that work in place, go with the layer before, and cost nothing.

    They go with it where the same networks have both, with the same fields.
    """
    kept = list(rows[:1])
    for before, row in pairwise(rows):
        if not _follows(before, row, silent):
            kept.append(row)
    return kept


def _follows(before: Aligned, row: Aligned, silent: Callable[[Row], bool]) -> bool:
    parts = [part for part in row.parts if part is not None]
    return (
        all(part.layer is not None and part.layer.inplace for part in parts)
        and len({part.key for part in parts}) == 1
        and not any(row.changes)
        and [part is None for part in before.parts] == [part is None for part in row.parts]
        and all(silent(part.row) for part in parts)
    )


def what_is(part: NetworkPart) -> str:
    """Say what a part is: a layer in the papers' notation, or how many blocks a level holds."""
    row = part.row
    if part.layer is None:
        return f"{row.type}, {part.holds}"
    return _notation(part.layer) or f"{row.type} {row.does}".rstrip()


def _notation(layer: Layer) -> str:
    """Write a layer as the papers do, where that says it all: ``conv3-64``, ``FC-4096``."""
    if isinstance(layer, Conv):
        plain = Conv(filters=layer.filters, kernel=layer.kernel[:1], pad=MODES["same"])
        return f"conv{layer.kernel[0]}-{layer.filters}" if layer == plain else ""
    if isinstance(layer, Dense):
        return f"FC-{layer.units}" if layer == Dense(units=layer.units) else ""
    return layer.type if isinstance(layer, MaxPool) and layer == MaxPool() else ""


#: Between what was and what is.
ARROW = " -> "
#: What a narrow page leaves out first.
_DIFFERENCE = 1


def names_column(entries: Sequence[Entry], footer: str, labels: Sequence[str] = ()) -> Laid:
    """Name the rows: two names where two networks differ in them, else the first.

    Of more networks with these labels, one that several rows have says whose it is.
    """
    cells = []
    firsts = Counter(name for name, _ in map(_first_name, entries))
    for entry in entries:
        names = [one_line(row.name) for row in entry.rows if row is not None]
        two = len(entry.rows) == 2 and len(set(names)) == 2
        name, network = _first_name(entry)
        whose = f" ({labels[network]})" if labels and firsts[name] > 1 else ""
        cells.append(ARROW.join(names) if two else f"{name}{whose}")
    meaning = "the layer's name, after those of the blocks that it stands in"
    return Laid(Head(meaning), "layer", tuple(cells), footer, wraps=22)


def _first_name(entry: Entry) -> tuple[str, int]:
    """Return how the first network that has a row calls it, and which of them that is."""
    return next(
        (one_line(row.name), number) for number, row in enumerate(entry.rows) if row is not None
    )


def change_column(entries: Sequence[Entry]) -> Laid:
    """Say what changed between two networks."""
    meaning = "what differs between the first network's layer and the second's"
    return Laid(Head(meaning, extents=True), "change", _changes(entries), wraps=20)


def _changes(entries: Sequence[Entry]) -> tuple[str, ...]:
    return tuple(one_line(entry.change) for entry in entries)


def configurations(
    entries: Sequence[Entry], reports: Sequence[Report], view: View, labels: Sequence[str]
) -> Iterator[Laid]:
    """Lay the networks out as columns of layers, as in the paper of VGG."""
    for k, (report, label) in enumerate(zip(reports, labels, strict=True)):
        cells = (one_line(entry.what[k]) or NOT_APPLICABLE_MARK for entry in entries)
        footer = amount_text(report.totals.params, view)
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
    if column.summed and column.total is not None:
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


def fitted(entries: Sequence[Entry], reports: Sequence[Report], view: View, column: Column) -> View:
    """Return the view in whose units a quantity of all networks is read."""
    values = [
        column.of_row(row, view, report.totals)
        for entry in entries
        for row, report in zip(entry.rows, reports, strict=True)
        if row is not None
    ]
    totals = [column.of_all(report.totals, view) for report in reports]
    return view.fitted(column.key, [*values, *totals])


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

"""A comparison laid out: a table for people, records for programs.

The table has rows of layers, and under them the totals with their ratios; the records have totals,
exact ratios, and aligned rows with what changed in each.
"""

from __future__ import annotations

from collections import Counter
from itertools import chain
from string import ascii_uppercase
from typing import TYPE_CHECKING

from shapecalc.analysis.compare.fit import Laid, fit, lines_of, width_of_all
from shapecalc.analysis.compare.layout import (
    Entry,
    change_column,
    configurations,
    entries_of,
    entry_of,
    fitted,
    names_column,
    pair_columns,
    rounds_joined,
    side_by_side,
    without_followers,
)
from shapecalc.analysis.compare.totals import (
    WEIGHTED,
    labels_of,
    ratio,
    source_of,
    totals_of,
    weighted_layers,
)
from shapecalc.output.cells import (
    NOT_APPLICABLE_MARK,
    UNITS,
    Json,
    amount_in,
    cell_data,
    cell_plain,
    number_text,
)
from shapecalc.output.columns import BY_WORD, conventions, default_columns, has_frozen, units_owed
from shapecalc.output.records import Records
from shapecalc.output.report_records import chosen_data, peak_data, profile_data
from shapecalc.output.report_table import total_label
from shapecalc.output.table import (
    FOLDED,
    OTHER_COLUMNS,
    ROUNDS_FOLDED,
    Head,
    Line,
    Table,
    TotalsGrid,
    left_out,
)
from shapecalc.output.totals import Sum, attends_causally, is_deployed, peak_text, sums
from shapecalc.output.view import Column, View

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shapecalc.algebra import Dim
    from shapecalc.analysis.compare import Comparison
    from shapecalc.analysis.compare.rows import Aligned, Status
    from shapecalc.report import Report, Row


#: Columns of two networks that are shown when none are asked for, with the order in which a narrow
#: page leaves them out.  Of three and more the layers themselves are shown.
DEFAULT = {"output": 3, "params": 0, "macs": 4, "count": 5}


def shown_depth(view: View) -> int:
    """Return the depth of the paths that a table shows: blocks in one line each by default."""
    return 1 if view.depth is None else view.depth


def tabulate(
    comparison: Comparison,
    view: View = View(),
    width: int | None = None,
    *,
    full: bool = False,
) -> Table:
    """Lay a comparison out.  `full` shows every row, those that are the same too.

    `width` is the page's, in characters: texts are wrapped and default columns left out until the
    table fits; columns asked for stay.
    """
    reports = comparison.reports
    aligned = comparison.rows(shown_depth(view))
    wanted = _wanted(view, len(reports))
    shown_parts = _chosen(reports, aligned, view, shown_depth(view))
    folds = view.depth is None and not full
    listed = rounds_joined(reports, shown_parts) if folds else shown_parts
    entries, hidden = _entries(listed, view, wanted, full=full)
    labels = labels_of(reports)
    laid = _lay_out(comparison, entries, view, wanted, labels)
    kept = fit(laid, width)
    letters = {}
    if len(reports) > 2 and width is not None and width_of_all(kept) > width:
        letters = dict(zip(_letters(len(labels)), labels, strict=True))
        laid = _lay_out(comparison, entries, view, wanted, tuple(letters))
        kept = fit(laid, width)
    shown = [column.header for column in kept]
    dropped = tuple(column.header for column in laid if column.header not in shown)
    left: tuple[str, ...] = ()
    if dropped and width is not None:
        left = (left_out(dropped, width, width_of_all(kept), _remedy(view, dropped)),)
    lines = tuple(Line(cells) for cells in lines_of(kept))
    return Table(
        title=" -> ".join(labels) if len(labels) == 2 else _listed(labels),
        about=tuple(summary(comparison, aligned, labels)),
        columns=tuple(column.head for column in kept),
        header=tuple(column.header for column in kept),
        lines=lines,
        footer=tuple(column.footer for column in kept),
        facts=(),
        notes=(),
        legend=tuple(
            (
                letters
                | _legend(reports, view, wanted, lines, labels)
                | _peaks(reports, view, tuple(letters) or labels)
                | units_owed(_units(entries, reports, view, wanted))
            ).items()
        ),
        remarks=(
            *_left_out(view, len(shown_parts), len(aligned)),
            *_remarks(comparison, shown_parts, hidden, left, rounds=len(listed) < len(shown_parts)),
        ),
        dropped=dropped,
        totals=totals_grid(reports, view, labels),
    )


def _chosen(
    reports: Sequence[Report], aligned: Sequence[Aligned], view: View, depth: int
) -> Sequence[Aligned]:
    """Return the rows that a view shows: those that any of the networks has a chosen part in."""
    if view.choice is None:
        return aligned
    from shapecalc.output.row_choice import chosen

    def rows(row: Aligned) -> Iterator[Row]:
        return (part.row for part in row.parts if part is not None)

    return chosen(reports, aligned, rows, view.choice, depth)


def _left_out(view: View, shown: int, of: int) -> tuple[str, ...]:
    if view.choice is None:
        return ()
    from shapecalc.output.row_choice import left_out as rows_left_out

    return (rows_left_out(view.choice, shown, of),)


def _remedy(view: View, dropped: tuple[str, ...]) -> str:
    """Say how what is left out is seen; the columns of differences cannot be chosen."""
    differences = [header.startswith("+/-") for header in dropped]
    if view.columns is not None or all(differences):
        return "a larger --width shows them"
    return f"{OTHER_COLUMNS}, a larger --width shows all" if any(differences) else OTHER_COLUMNS


def _wanted(view: View, networks: int) -> tuple[Column, ...]:
    """Return the quantities to show; the names of the layers always stand first."""
    if view.columns is not None:
        return tuple(column for column in view.columns if column.key != "name")
    if networks > 2:
        return ()
    return tuple(BY_WORD[key] for key in DEFAULT if BY_WORD[key].there(view))


def _entries(
    aligned: Sequence[Aligned], view: View, wanted: Sequence[Column], *, full: bool
) -> tuple[list[Entry], list[Aligned]]:
    """Make the table's lines, and tell which rows have none."""
    if full:
        return list(map(entry_of, aligned)), []
    counted = [column for column in wanted if column.total is not None]

    def silent(row: Row) -> bool:
        return not row.params and not any(column.value(row, view) for column in counted)

    rows = without_followers(aligned, silent)
    kept = set(map(id, rows))
    hidden = [row for row in aligned if id(row) not in kept]
    return entries_of(rows, lambda row: tuple(column.value(row, view) for column in wanted)), hidden


def _lay_out(
    comparison: Comparison,
    entries: Sequence[Entry],
    view: View,
    wanted: Sequence[Column],
    labels: Sequence[str],
) -> list[Laid]:
    reports = comparison.reports
    if len(reports) == 2:
        columns = [names_column(entries, total_label(view)), change_column(entries)]
        for column in wanted:
            drop = 0 if view.columns else DEFAULT[column.key]
            shown = fitted(entries, reports, view, column)
            columns += pair_columns(entries, reports, shown, column, drop)
        return columns
    if not wanted:
        names = names_column(entries, "parameters", labels)
        return [names, *configurations(entries, reports, view, labels)]
    columns = [names_column(entries, total_label(view), labels)]
    for column in wanted:
        shown = fitted(entries, reports, view, column)
        heading = column.heading(shown)
        headers = labels if len(wanted) == 1 else [f"{heading} {label}" for label in labels]
        columns += side_by_side(entries, reports, shown, column, headers)
    return columns


def _letters(number: int) -> list[str]:
    """Return short names for networks: A, B, ... and numbers where the letters end."""
    return list(ascii_uppercase[:number]) if number <= 26 else [str(n + 1) for n in range(number)]


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"


#: What became of the first network's layers, in words and in order.
_BECAME: dict[Status, str] = {
    "changed": "changed",
    "affected": "with another input",
    "added": "added",
    "removed": "removed",
    "same": "the same",
}


def summary(
    comparison: Comparison, aligned: Sequence[Aligned], labels: Sequence[str]
) -> Iterator[str]:
    """Say in a sentence for every network after the first how much differs."""
    if comparison.same:
        yield "The networks do not differ."
        return
    levels = any(part.layer is None for row in aligned for part in row.parts if part is not None)
    nouns = ("layer or block", "layers and blocks") if levels else ("layer", "layers")
    for k, label in enumerate(labels[1:]):
        counts = Counter(row.statuses[k] for row in aligned)
        changes = [f"{counts[status]} {word}" for status, word in _BECAME.items() if counts[status]]
        number, _, became = changes[0].partition(" ")
        changes[0] = f"{number} {nouns[number != '1']} {became}"
        yield f"{label} against {labels[0]}: {', '.join(changes)}."


def _legend(
    reports: Sequence[Report],
    view: View,
    wanted: Sequence[Column],
    lines: Sequence[Line],
    labels: Sequence[str],
) -> dict[str, str]:
    """Explain the terms, of all networks at once."""
    rows = tuple(chain.from_iterable(report.rows for report in reports))
    legend = conventions(reports[0].with_rows(rows), view, wanted)
    legend["weighted layers"] = (
        "those that multiply and accumulate: convolutions, dense layers, subsampling"
    )
    first, *others = labels
    if len(others) == 1:
        legend["ratio"] = f"{others[0]} divided by {first}, and the change in percent"
        if any(column.total is not None and not column.share for column in wanted):
            legend["+/-"] = f"{others[0]} minus {first}"
    else:
        legend["layer"] = "as the first network that has it calls it"
    if any(NOT_APPLICABLE_MARK in cell.split() for line in lines for cell in line.cells[1:]):
        legend[NOT_APPLICABLE_MARK] = "no such layer, or not applicable"
    return legend


def _peaks(reports: Sequence[Report], view: View, labels: Sequence[str]) -> dict[str, str]:
    """Say where the peak of every network is, once where it is the same."""
    texts = [peak_text(report.peak, view) for report in reports if report.peak is not None]
    if len(set(texts)) == 1:
        return {"peak": texts[0]}
    return {"peak": "; ".join(f"{label} {text}" for label, text in zip(labels, texts, strict=True))}


def _units(
    entries: Sequence[Entry], reports: Sequence[Report], view: View, wanted: Sequence[Column]
) -> Iterator[str]:
    """Yield the units of the columns and of the totals."""
    for column in wanted:
        if column.kind.name in ("number", "bytes"):
            yield fitted(entries, reports, view, column).units
    for row in zip(*_sums(reports, view), strict=True):
        yield view.unit(row[0].key, [total.number for total in row])
        yield view.unit("memory", [total.bytes for total in row])


def _remarks(
    comparison: Comparison,
    aligned: Sequence[Aligned],
    hidden: Sequence[Aligned],
    left: tuple[str, ...],
    *,
    rounds: bool,
) -> Iterator[str]:
    if any(part.layer is None for row in aligned for part in row.parts if part is not None):
        yield FOLDED
    if rounds:
        yield ROUNDS_FOLDED
    if hidden:
        types = dict.fromkeys(part.row.type for row in hidden for part in row.parts if part)
        yield (
            f"Not shown: layers that work in place and go with the one before"
            f" ({', '.join(types)}); --full shows them."
        )
    yield from left
    yield f"Read from {_listed([source_of(report) for report in comparison.reports])}."


def totals_grid(reports: Sequence[Report], view: View, labels: Sequence[str]) -> TotalsGrid:
    """Lay totals out, a network a column; the ratios of two stand beside, of more beneath."""
    both = zip(_sums(reports, view), reports, strict=True)
    columns = [(*row, _weighted(report)) for row, report in both]
    rows = [
        row for row in zip(*columns, strict=True) if row[0].key != "buffers" or _any_number(row)
    ]
    two = len(reports) == 2
    lines = _total_lines(rows, view, labels[0], two=two)
    heads = [Head("the total"), *(Head(f"of {label}", numeric=True) for label in labels)]
    header = ["total", *labels]
    if two:
        heads.append(Head("the second network against the first", numeric=True))
        header.append("ratio")
    return TotalsGrid(tuple(heads), tuple(header), tuple(lines))


def _any_number(row: Sequence[Sum]) -> bool:
    return any(total.number for total in row)


def _total_lines(
    rows: Sequence[tuple[Sum, ...]], view: View, first: str, *, two: bool
) -> Iterator[tuple[str, ...]]:
    """Write every total: the number, the ratio to the first network, and the bytes it takes."""
    for row in rows:
        key, label = row[0].key, row[0].label
        shown = view._replace(units="exact", column_units=()) if key == WEIGHTED else view
        ratios = [ratio(row[0].number, total.number).text for total in row[1:]]
        unit = shown.unit(key, [total.number for total in row])
        yield (
            label,
            *(amount_in(total.number, unit) for total in row),
            *(ratios if two else ()),
        )
        if not two and key != "flops":  # theirs are those of the MACs
            yield (f"  divided by {first}", "", *ratios)
        if row[0].bytes is not None:
            unit = shown.unit("memory", [total.bytes for total in row])
            sizes = [number_text(total.bytes or 0, unit) for total in row]
            yield (
                f"{label.split(' (')[0]}, {UNITS[unit][1]}",
                *sizes,
                *([""] if two else ()),
            )


def _sums(reports: Sequence[Report], view: View) -> list[tuple[Sum, ...]]:
    """Return the totals of every network, all of the same kinds."""
    deployed = any(is_deployed(report, view) for report in reports)
    frozen = has_frozen(*reports)
    cached = any(map(attends_causally, reports))
    return [
        sums(report, view, frozen=frozen, deployed=deployed, cached=cached) for report in reports
    ]


def _weighted(report: Report) -> Sum:
    return Sum(WEIGHTED, "weighted layers", weighted_layers(report))


#: The schema's name and version.
SCHEMA = "shapecalc.comparison/2"


def records(comparison: Comparison, view: View = View(), *, full: bool = False) -> Records:
    """Return every aligned row, whether it is `full` or not.

    A document has what the networks have in lists of one order, None where there is no such layer;
    `changes` and `status` are against the first.  A line has every column once a network, numbered
    from 1: ``params_1``, ``params_2``; status and changes begin with ``status_2``.
    """
    numbers = range(1, len(comparison.reports) + 1)
    columns = tuple(
        column
        for column in view.columns
        or default_columns(view, machine=True, frozen=has_frozen(*comparison.reports))
        if column.key != "name"
    )
    aligned = comparison.rows(view.depth or 0)
    rows = _chosen(comparison.reports, aligned, view, view.depth or 0)
    return Records(
        SCHEMA,
        lambda: {**_head(comparison, view), **chosen_data(view, len(rows), len(aligned))},
        "rows",
        (_record(row, comparison, view, columns) for row in rows),
        columns=(
            *(f"name_{n}" for n in numbers),
            *(f"{word}_{n}" for n in numbers[1:] for word in ("status", "changes")),
            *(f"{column.name}_{n}" for column in columns for n in numbers),
        ),
        lines=(tuple(_cells(row, comparison, view, columns)) for row in rows),
    )


def _head(comparison: Comparison, view: View) -> dict[str, object]:
    reports = comparison.reports
    frozen = has_frozen(*reports)
    cached = any(map(attends_causally, reports))
    totals = [totals_of(report, view, frozen=frozen, cached=cached) for report in reports]
    return {
        "layout": view.layout,
        "batch": view.batch,
        "dtype": view.dtype,
        "profile": view.profile
        and profile_data(view.profile, [row for report in reports for row in report.rows]),
        "same": comparison.same,
        "networks": [
            {
                "name": report.name,
                "file": source_of(report),
                "totals": numbers,
                **peak_data(report, view),
            }
            for report, numbers in zip(reports, totals, strict=True)
        ],
        "ratios": [_ratios(totals[0], numbers) for numbers in totals[1:]],
    }


def _ratios(first: dict[str, Dim], other: dict[str, Dim]) -> dict[str, Json]:
    """Return for every total its ratio to the first network's, which it is divided by.

    As a decimal and exact, and the change in percent; None where the first's is 0.
    """
    ratios: dict[str, Json] = {}
    for name, number in other.items():
        compared = ratio(first[name], number)
        quotient = compared.quotient
        ratios[name] = {
            "ratio": None if quotient is None else float(quotient),
            "exact": None if quotient is None else str(quotient),
            "percent": compared.percent,
        }
    return ratios


def _record(
    row: Aligned, comparison: Comparison, view: View, columns: tuple[Column, ...]
) -> dict[str, object]:
    return {
        "names": [part and part.row.name for part in row.parts],
        "status": list(row.statuses),
        "changes": [[change._asdict() for change in changes] for changes in row.changes],
        **{
            column.name: [
                cell_data(column.kind, value, view)
                for value in _values(row, comparison, view, column)
            ]
            for column in columns
        },
    }


def _cells(
    row: Aligned, comparison: Comparison, view: View, columns: tuple[Column, ...]
) -> Iterator[str]:
    yield from (part.row.name if part else "" for part in row.parts)
    for status, changes in zip(row.statuses, row.changes, strict=True):
        yield status
        yield ", ".join(change.text for change in changes)
    for column in columns:
        for value in _values(row, comparison, view, column):
            yield cell_plain(column.kind, value, view)


def _values(row: Aligned, comparison: Comparison, view: View, column: Column) -> Iterator[object]:
    """Yield a column's value in every network, None where it has no such layer."""
    for part, report in zip(row.parts, comparison.reports, strict=True):
        yield None if part is None else column.of_row(part.row, view, report.totals)

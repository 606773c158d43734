"""A comparison for programs: totals, exact ratios, aligned rows with what changed in each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.analysis.compare.names import ratio, source_of, totals_of
from shapecalc.output.cells import cell_data, cell_plain
from shapecalc.output.columns import default_columns
from shapecalc.output.records import Records
from shapecalc.output.report_records import profile_data
from shapecalc.output.view import View

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.algebra import Dim
    from shapecalc.analysis.compare import Comparison
    from shapecalc.analysis.compare.rows import Aligned
    from shapecalc.output.cells import Json
    from shapecalc.output.view import Column

#: The schema's name and version.
SCHEMA = "shapecalc.comparison/1"


def records(comparison: Comparison, view: View = View(), *, full: bool = False) -> Records:
    """Return every aligned row, whether it is `full` or not.

    A document has what the networks have in lists of one order, None where there is no such layer;
    `changes` and `status` are against the first.  A line has every column once a network, numbered
    from 1: ``params_1``, ``params_2``; status and changes begin with ``status_2``.
    """
    numbers = range(1, len(comparison.reports) + 1)
    columns = tuple(
        column
        for column in view.columns or default_columns(view, machine=True)
        if column.key != "name"
    )
    rows = comparison.rows(view.depth or 0)
    return Records(
        SCHEMA,
        lambda: _head(comparison, view),
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
    totals = [totals_of(report, view) for report in reports]
    return {
        "layout": view.layout,
        "batch": view.batch,
        "dtype": view.dtype,
        "profile": view.profile
        and profile_data(view.profile, [row for report in reports for row in report.rows]),
        "same": comparison.same,
        "networks": [
            {"name": report.name, "file": source_of(report), "totals": numbers}
            for report, numbers in zip(reports, totals, strict=True)
        ],
        "ratios": [_ratios(totals[0], numbers) for numbers in totals[1:]],
    }


def _ratios(first: dict[str, Dim], other: dict[str, Dim]) -> dict[str, Json]:
    """Return for every total the ratio to the first network's: a decimal, and exact."""
    ratios: dict[str, Json] = {}
    for name, number in other.items():
        times, direction = ratio(first[name], number)
        ratios[name] = {
            "ratio": None if times is None else float(times),
            "exact": None if times is None else str(times),
            "direction": direction,
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

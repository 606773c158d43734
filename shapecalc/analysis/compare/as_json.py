"""A comparison as JSON: totals, exact ratios, aligned rows with what changed in each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.analysis.compare.names import ratio, source_of, totals_of
from shapecalc.output.columns import default_columns
from shapecalc.output.json import dump, profile_json, value_json

if TYPE_CHECKING:
    from shapecalc.algebra.dim import Dim
    from shapecalc.analysis.compare import Comparison
    from shapecalc.analysis.compare.rows import Aligned
    from shapecalc.output.cells import Json
    from shapecalc.output.view import (
        Column,
        View,
    )

#: The schema's name and version: a field that changes its meaning makes a new version.
SCHEMA = "shapecalc.comparison/1"


def to_json(comparison: Comparison, view: View) -> str:
    """Write the rows, one a line, with what every network has in lists of one order.

    None is not applicable or no such layer.  `changes` and `status` are against the first.
    """
    reports = comparison.reports
    columns = [
        column
        for column in view.columns or default_columns(view, machine=True)
        if column.key != "name"
    ]
    totals = [totals_of(report, view) for report in reports]
    networks = [
        {"name": report.name, "file": source_of(report), "totals": each}
        for report, each in zip(reports, totals, strict=True)
    ]
    head: dict[str, object] = {
        "schema": SCHEMA,
        "layout": view.layout,
        "batch": view.batch,
        "dtype": view.dtype,
        "profile": view.profile
        and profile_json(view.profile, [row for report in reports for row in report.rows]),
        "same": comparison.same,
        "networks": networks,
        "ratios": [_ratios(totals[0], each) for each in totals[1:]],
    }
    lines = [f"  {dump(key)}: {dump(value)}," for key, value in head.items()]
    records = [_record(row, comparison, view, columns) for row in comparison.rows(view.depth or 0)]
    body = ",\n".join(f"    {dump(record)}" for record in records)
    return "\n".join(["{", *lines, '  "rows": [', body, "  ]", "}"]) + "\n"


def _ratios(first: dict[str, Dim], other: dict[str, Dim]) -> dict[str, Json]:
    """Return for every total the ratio to the first network's: a decimal, and exact."""
    found: dict[str, Json] = {}
    for name, number in other.items():
        times, direction = ratio(first[name], number)
        found[name] = {
            "ratio": None if times is None else float(times),
            "exact": None if times is None else str(times),
            "direction": direction,
        }
    return found


def _record(
    row: Aligned, comparison: Comparison, view: View, columns: list[Column]
) -> dict[str, object]:
    changes = [[change._asdict() for change in each] for each in row.changes]
    return {
        "names": [part and part.row.name for part in row.parts],
        "status": list(row.statuses),
        "changes": changes,
        **{
            column.name: [
                None
                if part is None
                else value_json(column.kind, column.of_row(part.row, view, report.totals), view)
                for part, report in zip(row.parts, comparison.reports, strict=True)
            ]
            for column in columns
        },
    }

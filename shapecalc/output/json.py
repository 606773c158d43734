"""JSON for programs: plain numbers, shapes as lists, totals, and how was counted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from shapecalc.output.cells import (
    NUMBER,
)
from shapecalc.output.columns import conventions, default_columns, sorted_rows
from shapecalc.output.sums import (
    measures,
)
from shapecalc.report.fold import fold
from shapecalc.report.unknown import (
    UNKNOWN,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapecalc.counting.profile import Profile
    from shapecalc.output.cells import Json, Kind
    from shapecalc.output.view import View
    from shapecalc.report.model import Report, Row

#: The schema's name and version: a field that changes its meaning makes a new version.
SCHEMA = "shapecalc.report/1"


def to_json(report: Report, view: View) -> str:
    """Write the rows, one a line, with the totals.

    None is not applicable, the text `unknown` what no rule could compute.
    """
    columns = view.columns or default_columns(view, machine=True)
    rows = sorted_rows(fold(report, view.depth or 0), view, report.totals)
    records = [
        {
            column.name: value_json(column.kind, column.of_row(row, view, report.totals), view)
            for column in columns
        }
        for row in rows
    ]
    spec = report.graph.spec
    head: dict[str, Json] = {
        "schema": SCHEMA,
        "network": report.name,
        "source": {"file": spec.source.name, "citation": spec.citation, "note": spec.note},
        "layout": view.layout,
        "batch": view.batch,
        "dtype": view.dtype,
        "count_inplace": view.count_inplace,
        "profile": view.profile and profile_json(view.profile, report.rows),
        "conventions": {**conventions(report, view._replace(units="exact"), columns)},
    }
    if report.domain is not None:
        head["domain"] = report.domain.data()
        head["fits"] = [fit.data() for fit in report.weights_fit]
    lines = [f"  {dump(key)}: {dump(value)}," for key, value in head.items()]
    body = ",\n".join(f"    {dump(record)}" for record in records)
    totals = {name: NUMBER.data(each, view) for name, each in measures(report, view).items()}
    lines += ['  "rows": [', body, "  ],", f'  "totals": {dump(totals)}']
    return "\n".join(["{", *lines, "}"]) + "\n"


def profile_json(profile: Profile, rows: Iterable[Row]) -> dict[str, Json]:
    """Return what a profile is, and which types of these layers it has no rule for."""
    return {
        "name": profile.name,
        "label": profile.label,
        "note": profile.note,
        "version": profile.version,
        "of": profile.of,
        "not_counted": list(profile.not_counted(rows)),
    }


def dump(value: object, indent: int | None = None) -> str:
    """Write a value in one line, or indented in several."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    if text.replace("\n", "").isprintable():
        return text
    return json.dumps(value, indent=indent)  # a terminal would obey it


def value_json(kind: Kind, value: object, view: View) -> Json:
    """Return a cell's value as JSON has it."""
    if value is None:
        return None
    return "unknown" if value is UNKNOWN else kind.data(value, view)

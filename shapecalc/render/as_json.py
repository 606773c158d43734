"""JSON for programs: plain numbers, shapes as lists, totals, and how was counted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from shapecalc.cells import NUMBER, UNKNOWN
from shapecalc.columns import conventions, default_columns, sorted_rows
from shapecalc.fold import fold

if TYPE_CHECKING:
    from shapecalc.cells import Json, Kind
    from shapecalc.report import Report
    from shapecalc.view import View

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
            column.name: _value(column.kind, column.of_row(row, view, report.totals), view)
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
        "profile": view.profile and {"name": view.profile.name, "label": view.profile.label},
        "conventions": {**conventions(report, view._replace(units="exact"), columns)},
    }
    lines = [f"  {_dump(key)}: {_dump(value)}," for key, value in head.items()]
    if report.domain is not None:
        from shapecalc.fits import fits

        head["domain"] = report.domain.data()
        head["fits"] = [each.data() for each in fits(report)]
    body = ",\n".join(f"    {_dump(record)}" for record in records)
    lines += ['  "rows": [', body, "  ],", f'  "totals": {_dump(_totals(report, view))}']
    return "\n".join(["{", *lines, "}"]) + "\n"


def _dump(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if text.isprintable() else json.dumps(value)  # a terminal would obey it


def _value(kind: Kind, value: object, view: View) -> Json:
    if value is None:
        return None
    return "unknown" if value is UNKNOWN else kind.data(value, view)


def _totals(report: Report, view: View) -> dict[str, Json]:
    """Return every total: those of the columns, the peak, and what the parameters take."""
    totals = report.totals
    return {
        **{
            column.name: _value(column.kind, column.of_all(totals, view), view)
            for column in default_columns(view, machine=True)
            if column.total is not None
        },
        **{
            key: NUMBER.data(value, view)
            for key, value in (
                ("peak_activations", totals.peak),
                ("peak_memory", view.memory(totals.peak)),
                ("parameter_memory", view.bytes(totals.params)),
            )
        },
    }

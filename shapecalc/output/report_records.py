"""A report for programs: a row a layer, the totals, and how was counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.output.alike import lines
from shapecalc.output.cells import NUMBER, cell_data, cell_plain
from shapecalc.output.columns import (
    conventions,
    default_columns,
    has_frozen,
    shown_rows,
    with_bounds,
)
from shapecalc.output.records import Records
from shapecalc.output.view import View

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapecalc.counting.profile import Profile
    from shapecalc.output.cells import Json
    from shapecalc.output.view import Column
    from shapecalc.report import Report, Row

#: The schema's name and version.
SCHEMA = "shapecalc.report/1"


def records(report: Report, view: View = View()) -> Records:
    """Return the rows, the totals apart from them: in lines they would be added to sums."""
    columns = view.columns or default_columns(view, machine=True, frozen=has_frozen(report))
    columns = with_bounds(columns, report)
    rows, taken, number = shown_rows(report, view, view.depth or 0)
    names = tuple(column.name for column in columns)

    def data(column: Column, value: object) -> Json:
        return cell_data(column.kind, value, view)

    def plain(column: Column, value: object) -> str:
        return cell_plain(column.kind, value, view)

    return Records(
        SCHEMA,
        lambda: _head(report, view, columns, chosen_data(view, taken, number)),
        "rows",
        (
            dict(zip(names, line, strict=True))
            for line in lines(rows, columns, report.totals, view, data)
        ),
        lambda: {"totals": _totals(report, view), **peak_data(report, view)},
        names,
        lines(rows, columns, report.totals, view, plain),
    )


def chosen_data(view: View, shown: int, of: int) -> dict[str, Json]:
    """Return which rows are shown, where not all are."""
    if view.choice is None:
        return {}
    from shapecalc.output.row_choice import choice_data

    return {"rows_chosen": choice_data(view.choice, shown, of)}


def _head(
    report: Report, view: View, columns: Iterable[Column], choice: dict[str, Json]
) -> dict[str, Json]:
    """Return what holds for all rows."""
    spec = report.graph.spec
    head: dict[str, Json] = {
        "network": report.name,
        "source": {"file": spec.source.name, "citation": spec.citation, "note": spec.note},
        "layout": view.layout,
        "batch": view.batch,
        "dtype": view.dtype,
        "count_inplace": view.count_inplace,
        "profile": view.profile and profile_data(view.profile, report.rows),
        **choice,
        **_deployment(report, view),
        "conventions": {**conventions(report, view, columns)},
    }
    if report.domain is not None:
        head["domain"] = report.domain.data()
        head["fits"] = [fit.data() for fit in report.weights_fit]
    return head


def _totals(report: Report, view: View) -> dict[str, Json]:
    from shapecalc.output.totals import measures

    totals = measures(report, view, frozen=has_frozen(report))
    return {name: NUMBER.data(total, view) for name, total in totals.items()}


def _deployment(report: Report, view: View) -> dict[str, Json]:
    """Return what bounds the network on a device."""
    head: dict[str, Json] = {}
    if view.device is not None:
        from shapecalc.counting.roofline import bounds, least_times, seconds

        times = least_times(report.rows, view, view.device)
        head["device"] = {
            **view.device._asdict(),
            "least_seconds": None if times is None else float(seconds(times)),
            "bounds": None if times is None else {**bounds(times)},
        }
    return head


def peak_data(report: Report, view: View) -> dict[str, Json]:
    """Return where the peak is, and what is alive there; nothing of formulas."""
    peak = report.peak
    if peak is None:
        return {}
    alive: list[Json] = [
        {
            "layer": volume.layer,
            "role": volume.role,
            "reader": volume.reader,
            "elements": NUMBER.data(volume.elements, view),
            "bytes": NUMBER.data(view.memory(volume.elements), view),
        }
        for volume in peak.alive
    ]
    return {"peak": {"layer": peak.layer, "alive": alive}}


def profile_data(profile: Profile, rows: Iterable[Row]) -> dict[str, Json]:
    """Return what a profile is, and which types of these layers it has no rule for."""
    return {
        "name": profile.name,
        "label": profile.label,
        "note": profile.note,
        "version": profile.version,
        "of": profile.of,
        "not_counted": list(profile.not_counted(rows)),
    }

"""A sweep for programs, made block by block, so that its length takes no memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.analysis.sweep.compute import names_of
from shapecalc.output.records import Records

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.analysis.sweep.compute import RowBlock
    from shapecalc.analysis.sweep.plan import Plan
    from shapecalc.analysis.sweep.result import Stream, Sweep

#: The schema's name and version.
SCHEMA = "shapecalc.sweep/1"


def records(sweep: Sweep | Stream) -> Records:
    """Return a line of plain numbers a point; a cell without a value is None."""
    plan = sweep.plan
    columns = (*(axis.name for axis in plan.ground.axes), *names_of(plan), "note")
    lines = (line for block in sweep.blocks for line in _lines(block))
    return Records(
        SCHEMA,
        lambda: {**_head(plan), "columns": columns},
        "rows",
        lines,
        lambda: {"points": sweep.points, "missing": sweep.missing},
        columns,
    )


def _lines(block: RowBlock) -> Iterator[tuple[Any, ...]]:
    """Return a block's lines, of Python's integers."""
    columns = [values.tolist() for values in block.axes.values()]
    complete = bool(block.exists.all())
    for values in block.columns.values():
        if complete:
            columns.append(values.tolist())
        else:
            shown = values.astype(object)
            shown[~block.exists] = None
            columns.append(shown.tolist())
    return zip(*columns, block.notes.tolist(), strict=True)


def _head(plan: Plan) -> dict[str, Any]:
    """Return what holds for all points."""
    view, spec = plan.view, plan.ground.spec
    return {
        "network": spec.name,
        "source": {"file": spec.source.name, "citation": spec.citation, "note": spec.note},
        "batch": view.batch,
        "dtype": view.dtype,
        "count_inplace": view.count_inplace,
        "profile": view.profile and {"name": view.profile.name, "label": view.profile.label},
        "over": [{"name": axis.name, "means": axis.meaning} for axis in plan.ground.axes],
        "meanings": {measure.name: measure.meaning for measure in plan.measures},
    }

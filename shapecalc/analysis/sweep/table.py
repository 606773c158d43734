"""A sweep laid out: a table of texts for people, records for programs.

Records are made block by block, so that the length of a sweep takes no memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.analysis.sweep.axes import Axis, fixed_at
from shapecalc.analysis.sweep.columns import EXTENTS, SweepColumn
from shapecalc.analysis.sweep.compute import RowBlock, names_of
from shapecalc.analysis.sweep.result import Stream, Sweep, collected
from shapecalc.layers.base import square
from shapecalc.layers.shape import times_text
from shapecalc.output.cells import (
    NOT_APPLICABLE_MARK,
    UNITS,
    UNKNOWN_MARK,
    number_text,
    superscript,
)
from shapecalc.output.columns import BY_WORD, units_owed
from shapecalc.output.records import Records
from shapecalc.output.table import Head, Line, Table
from shapecalc.report.compute import compute_report
from shapecalc.text.safe import one_line, width_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from shapecalc.analysis.sweep.plan import Plan
    from shapecalc.output.view import View


#: A longer table shows its first and its last rows.
LINES = 200
#: A longer note stands under the table.
NOTE = 32
#: A longer list of values is cut in its middle.
LISTED = 10
ELLIPSIS = "…"


def tabulate(swept: Sweep | Stream, width: int | None = None) -> Table:
    """Lay a sweep out; `width` changes nothing, since every column was asked for."""
    sweep = collected(swept) if isinstance(swept, Stream) else swept
    plan = sweep.plan
    shown = _shown(len(sweep))
    notes = [one_line(note) for note in sweep.block.notes[shown].tolist()]
    marks = _marks(notes)
    columns = [_axis_cells(sweep, axis, shown) for axis in plan.ground.axes]
    columns += [_cells(sweep, measure, shown) for measure in plan.measures]
    heads = [
        Head(axis.meaning or f"the value of {axis.name}", numeric=True) for axis in plan.ground.axes
    ]
    heads += [
        Head(measure.meaning, not measure.shaped, measure.shaped) for measure in plan.measures
    ]
    header = [*(axis.name for axis in plan.ground.axes)]
    header += [heading(measure, fitted(sweep, measure)) for measure in plan.measures]
    if marks:
        columns.append([marks.get(note, note) for note in notes])
        heads.append(Head("why the point does not exist"))
        header.append("note")
    lines = [Line(tuple(cells)) for cells in zip(*columns, strict=True)]
    if len(shown) < len(sweep):
        lines.insert(LINES // 2, Line((ELLIPSIS,) * len(header)))
    return Table(
        title=one_line(plan.ground.spec.name) or "network",
        about=("Over " + "; ".join(map(_values_text, plan.ground.axes)),),
        columns=tuple(heads),
        header=tuple(header),
        lines=tuple(lines),
        footer=(),
        facts=(),
        notes=tuple(f"{mark} {note}" for note, mark in marks.items() if mark not in ("", note)),
        legend=tuple(_legend(sweep, columns).items()),
        remarks=tuple(_remarks(sweep, len(shown))),
    )


def _shown(rows: int) -> list[int]:
    if rows <= LINES:
        return list(range(rows))
    half = LINES // 2
    return [*range(half), *range(rows - half, rows)]


def _marks(notes: Iterable[str]) -> dict[str, str]:
    """Pair notes with what stands for them in the table: themselves, or if long a number."""
    distinct = [note for note in dict.fromkeys(notes) if note]
    if not distinct:
        return {}
    short = all(width_of(note) <= NOTE for note in distinct)
    marks = {note: note if short else superscript(i) for i, note in enumerate(distinct, 1)}
    return {"": "", **marks}


def heading(measure: SweepColumn, view: View) -> str:
    """Return a column's title with its unit."""
    if measure.kind.name == "bytes":
        return f"{measure.title} ({UNITS[view.units][1]})"
    if measure.kind.name == "number" and view.units != "exact":
        return f"{measure.title} ({view.units})"
    return measure.title


def fitted(sweep: Sweep, measure: SweepColumn) -> View:
    """Return the view in whose units a column is read."""
    view = sweep.plan.view
    if measure.shaped or measure.extent:
        return view._replace(units="exact")
    key = measure.column.key if measure.column is not None else measure.name
    return view.fitted(key, sweep.block.columns[measure.name][sweep.exists].tolist())


def _axis_cells(sweep: Sweep, axis: Axis, shown: Sequence[int]) -> list[str]:
    return [f"{value:,}" for value in sweep.block.axes[axis.name][shown].tolist()]


def _cells(sweep: Sweep, measure: SweepColumn, shown: Sequence[int]) -> list[str]:
    """Write a column's values; the extents of a shape together."""
    block = sweep.block
    names = [measure.name]
    if measure.shaped:
        names = [f"{measure.name}.{extent}" for extent in EXTENTS]
        names = [name for name in names if name in block.columns]
    values = [block.columns[name][shown].tolist() for name in names]
    exists = block.exists[shown].tolist()
    view = fitted(sweep, measure)
    return [
        _cell(measure, [part[i] for part in values], view) if there else UNKNOWN_MARK
        for i, there in enumerate(exists)
    ]


def _cell(measure: SweepColumn, parts: list[Any], view: View) -> str:
    values = tuple(part for part in parts if part is not None)
    if not values:
        return NOT_APPLICABLE_MARK
    if measure.kind.name == "shape":
        return times_text(values)
    if measure.kind.name == "sides":
        return square(values)
    return number_text(values[0], view.units)


def _values_text(axis: Axis) -> str:
    """Say which values a name runs through."""
    values = axis.values
    if isinstance(values, range) and len(values) > 2:
        every = f", every {values.step:,}" if values.step > 1 else ""
        return f"{axis.name} from {values[0]:,} to {values[-1]:,}{every}"
    texts = [f"{value:,}" for value in values[:LISTED]]
    if len(values) > LISTED:
        texts[-2:] = [ELLIPSIS, f"{values[-1]:,}"]
    return f"{axis.name} = {', '.join(texts)}"


def _legend(sweep: Sweep, columns: Iterable[Iterable[str]]) -> dict[str, str]:
    """Return what the columns owe to the reader."""
    plan, view = sweep.plan, sweep.plan.view
    first = int(sweep.exists.argmax())
    values = [int(sweep.block.axes[axis.name][first]) for axis in plan.ground.axes]
    report = compute_report(plan.ground.wire(fixed_at(plan.ground.axes, values)))
    owed = {axis.name: axis.meaning for axis in plan.ground.axes if axis.meaning}
    for measure in plan.measures:
        if measure.kind.name == "shape":
            continue  # below
        if measure.column is not None and measure.column.convention is not None:
            owed |= measure.column.convention(report, view)
        elif measure.column is None and not measure.extent:
            owed[measure.title] = measure.meaning
    if all(measure.column is not BY_WORD["flops"] for measure in plan.measures):
        owed.pop("FLOPs", None)
    if any(measure.kind.name == "shape" for measure in plan.measures) and _maps(sweep):
        owed |= BY_WORD["output"].convention(report, view)  # type: ignore[misc]
    if any(measure.kind.name == "bytes" for measure in plan.measures):
        owed |= BY_WORD["memory"].convention(report, view)  # type: ignore[misc]
    owed |= units_owed(fitted(sweep, measure).units for measure in plan.measures)
    cells = {cell for column in columns for cell in column}
    if NOT_APPLICABLE_MARK in cells:
        owed[NOT_APPLICABLE_MARK] = "the network has no such layer"
    if UNKNOWN_MARK in cells:
        owed[UNKNOWN_MARK] = "the network does not exist"
    return owed


def _maps(sweep: Sweep) -> bool:
    """Tell whether any shape of the table has sides."""
    sides = tuple(f"{m.name}.{e}" for m in sweep.plan.measures if m.shaped for e in EXTENTS[:-1])
    return any(name in sides for name in sweep.block.columns)


def _remarks(sweep: Sweep, shown: int) -> list[str]:
    axes = sweep.plan.ground.axes
    remarks = []
    if any(isinstance(axis.values, range) for axis in axes):
        remarks.append("Both ends of a range belong to it.")
    if len(axes) > 1:
        remarks.append(f"{axes[-1].name} runs fastest.")
    if sweep.choice is not None:
        remarks.append(sweep.choice.text())
    if shown < len(sweep):
        left = len(sweep) - shown
        remarks.append(f"{left:,} rows in the middle are left out; csv and json have all of them.")
    missing = int((~sweep.exists).sum())
    if missing:
        remarks.append(missing_text(missing, len(sweep)))
    remarks.append(f"Read from {one_line(sweep.plan.ground.spec.source.name)}.")
    return [" ".join(remarks[:-1]), remarks[-1]] if len(remarks) > 1 else remarks


def missing_text(missing: int, points: int) -> str:
    """Say how many points do not exist."""
    verb = "does" if missing == 1 else "do"
    return f"{missing:,} of {points:,} points {verb} not exist; the column note says why."


#: The schema's name and version.
SCHEMA = "shapecalc.sweep/1"


def records(sweep: Sweep | Stream) -> Records:
    """Return a line of plain numbers a point; a cell without a value is None."""
    plan = sweep.plan
    columns = (*(axis.name for axis in plan.ground.axes), *names_of(plan), "note")
    lines = (line for block in sweep.blocks for line in lines_of(block))
    return Records(
        SCHEMA,
        lambda: {**head_of(plan), "columns": columns},
        "rows",
        lines,
        lambda: {"points": sweep.points, "missing": sweep.missing},
        columns,
    )


def lines_of(block: RowBlock) -> Iterator[tuple[Any, ...]]:
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


def head_of(plan: Plan) -> dict[str, Any]:
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

"""The columns of a report.

`COLUMNS` is the one table that every format, the captions and the help derive from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from shapecalc.algebra import is_symbolic
from shapecalc.counting import MEASURES
from shapecalc.output import legend
from shapecalc.output.cells import BYTES, NAMES, NUMBER, PERCENT, SHAPE, SHAPES, SIDES, TEXT, UNITS
from shapecalc.output.view import Column
from shapecalc.report import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from shapecalc.output.cells import CellKind
    from shapecalc.output.view import Legend, View
    from shapecalc.report import Report, Row, Totals


#: How the values of a measure are written.
KINDS: dict[str, CellKind] = {
    "number": NUMBER,
    "bytes": BYTES,
    "shape": SHAPE,
    "shapes": SHAPES,
    "sides": SIDES,
}


def _measured(
    key: str,
    shown: Literal["everywhere", "machines"] = "machines",
    drop: int = 0,
    convention: Callable[[Report, View], Legend] | None = None,
) -> Column:
    """Make the column of a measure."""
    measure = MEASURES[key]
    assert measure.value is not None, f"no row has {key}"
    kind = KINDS[measure.kind]
    return Column(key, measure.title, measure.meaning, kind, measure.value, measure.total,
                  shown, drop, measure.field, convention)  # fmt: skip


def _percent(key: str, whole: str, convention: Callable[[Report, View], Legend]) -> Column:
    """Make the column of a layer's part of a total."""
    measure = MEASURES[key]
    assert measure.value is not None
    assert measure.total is not None
    return Column(f"{key}%", f"{measure.title} %", f"the layer's part of all {whole}, in percent",
                  PERCENT, measure.value, measure.total, shown="asked",
                  field=f"{key}_percent", convention=convention, share=True)  # fmt: skip


#: Every column, in the order of the tables.
# fmt: off
COLUMNS: tuple[Column, ...] = (
    Column("name", "layer", "the layer's name, after those of the blocks that it stands in",
           TEXT, lambda row, _: row.name, shown="everywhere"),
    Column("type", "type", "the layer's type, or the block's",
           TEXT, lambda row, _: row.type, shown="everywhere", drop=4),
    Column("does", "what it does", "filters or units, kernel, /stride, padding, as in 96 11x11 /4",
           TEXT, lambda row, _: row.does, shown="everywhere", drop=5),
    Column("from", "from", "the layers that flow in",
           NAMES, lambda row, _: row.sources),
    _measured("input", "everywhere", 3, legend.volumes),
    _measured("output", "everywhere", 7, legend.volumes),
    _measured("units"),
    _measured("weights"),
    _measured("biases"),
    _measured("params", "everywhere", convention=legend.params),
    _percent("params", "parameters", legend.params),
    _measured("buffers", convention=legend.buffers),
    _measured("connections", convention=legend.connections),
    _measured("macs", "everywhere", 6, legend.macs),
    _percent("macs", "MACs", legend.macs),
    _measured("flops", convention=legend.macs),
    _measured("count", "everywhere", convention=legend.count),
    _measured("activations", "everywhere", 1, legend.activations),
    _measured("memory", convention=legend.memory),
    _measured("rf", "everywhere", 2, legend.field),
    _measured("jump", convention=legend.jump),
    Column("shared", "shares weights of", "the layer whose weights this one uses",
           TEXT, lambda row, _: row.shared if row.parameters else None),
    Column("note", "note", "the remark in the spec", TEXT, lambda row, _: row.note),
)
# fmt: on

#: A column answers to its key, its machine name and its title.
BY_WORD: dict[str, Column] = {
    word.lower(): column for column in COLUMNS for word in (column.title, column.name, column.key)
}


def default_columns(view: View, *, machine: bool) -> tuple[Column, ...]:
    """Return the columns that a format shows when none are asked for."""
    shown = ("everywhere", "machines") if machine else ("everywhere",)
    return tuple(
        column
        for column in COLUMNS
        if column.shown in shown and (column.key != "count" or view.profile is not None)
    )


def conventions(report: Report, view: View, columns: Iterable[Column]) -> Legend:
    """Return what a table of these columns owes to its reader: terms with their meanings.

    What the totals under every table speak of is always owed.
    """
    owed: Legend = {}
    for column in (*columns, *(BY_WORD[key] for key in ("macs", "activations", "memory"))):
        if column.convention is not None:
            owed.update(column.convention(report, view))
    if view.units != "exact":
        owed[view.units] = f"{UNITS[view.units][0]:,}"
    return owed


def sorted_rows(rows: tuple[Row, ...], view: View, totals: Totals) -> tuple[Row, ...]:
    """Sort rows as the view asks: numbers downward, texts upward, empty cells last."""
    column = view.sort
    if column is None:
        return rows
    ranked = []
    empty = []
    for row in rows:
        value = column.of_row(row, view, totals)
        rank = None if value is None or value is UNKNOWN or value == () else column.kind.rank(value)
        if rank is None or is_symbolic(rank):  # how large depends on the symbols
            empty.append(row)
        else:
            ranked.append((rank, row))
    ranked.sort(key=lambda pair: pair[0], reverse=column.kind.name != "text")
    return (*(row for _, row in ranked), *empty)

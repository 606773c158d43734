"""The columns of a report.

`COLUMNS` is the one table that every format, the captions and the help derive from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.algebra.dim import is_symbolic
from shapecalc.output import legend
from shapecalc.output.cells import (
    BYTES,
    NAMES,
    NUMBER,
    PERCENT,
    SHAPE,
    SHAPES,
    SIDES,
    TEXT,
    UNITS,
)
from shapecalc.output.view import Column
from shapecalc.report.unknown import (
    UNKNOWN,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from shapecalc.layers.receptive_field import (
        Field,
    )
    from shapecalc.output.view import (
        Legend,
        View,
    )
    from shapecalc.report.model import Report, Row, Totals


def _per_side(row: Row, value: Callable[[Field], object]) -> object:
    """Return a value of the receptive field per side; None without sides."""
    if row.field is None:
        return UNKNOWN
    values = tuple(map(value, row.field))
    if None in values:
        return UNKNOWN
    return None if set(values) <= {0} else values


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
    Column("input", "input", "the volume that flows in; several for a join",
           SHAPES, lambda row, _: row.inputs, shown="everywhere", drop=3,
           field="inputs", convention=legend.volumes),
    Column("output", "output", "the output volume, or the number of units",
           SHAPE, lambda row, _: row.output, shown="everywhere", drop=7,
           convention=legend.volumes),
    Column("units", "units", "output elements, whether they are stored or work in place",
           NUMBER, lambda row, _: row.units),
    Column("weights", "weights", "trained weights",
           NUMBER, lambda row, _: row.weights, lambda all_, _: all_.weights),
    Column("biases", "biases", "trained biases",
           NUMBER, lambda row, _: row.biases, lambda all_, _: all_.biases),
    Column("params", "params", "trained weights + biases",
           NUMBER, lambda row, _: row.params, lambda all_, _: all_.params, shown="everywhere",
           convention=legend.params),
    Column("params%", "params %", "the layer's part of all parameters, in percent",
           PERCENT, lambda row, _: row.params, lambda all_, _: all_.params, shown="asked",
           field="params_percent", convention=legend.params, of=lambda all_: all_.params),
    Column("buffers", "buffers", "stored but not trained: running statistics, fixed codes",
           NUMBER, lambda row, _: row.buffers, lambda all_, _: all_.buffers,
           convention=legend.buffers),
    Column("connections", "connections", "(inputs of a unit + its bias) x units",
           NUMBER, lambda row, _: row.connections, lambda all_, _: all_.connections,
           convention=legend.connections),
    Column("macs", "MACs", "multiply-accumulates of convolutions and dense layers",
           NUMBER, lambda row, _: row.macs, lambda all_, _: all_.macs, shown="everywhere", drop=6,
           convention=legend.macs),
    Column("macs%", "MACs %", "the layer's part of all MACs, in percent",
           PERCENT, lambda row, _: row.macs, lambda all_, _: all_.macs, shown="asked",
           field="macs_percent", convention=legend.macs, of=lambda all_: all_.macs),
    Column("flops", "FLOPs", "floating-point operations of those: 2 x MACs",
           NUMBER, lambda row, _: row.flops, lambda all_, _: all_.flops, convention=legend.macs),
    Column("count", "count", "operations as the profile counts them (--profile)",
           NUMBER, lambda row, view: view.count_cell(row), lambda all_, view: view.count(all_),
           shown="everywhere", convention=legend.count),
    Column("activations", "activations", "output elements; 0 for layers that work in place",
           NUMBER, lambda row, view: view.activations(row),
           lambda all_, view: view.activations(all_), shown="everywhere", drop=1,
           convention=legend.activations),
    Column("memory", "memory", "bytes of the activations (--dtype) of a batch (--batch)",
           BYTES, lambda row, view: view.memory(view.activations(row)),
           lambda all_, view: view.memory(view.activations(all_)), convention=legend.memory),
    Column("rf", "rf", "receptive field: pixels of the input that a unit sees, along a side",
           SIDES, lambda row, _: _per_side(row, lambda side: side.size),
           shown="everywhere", drop=2, field="receptive_field", convention=legend.field),
    Column("jump", "jump", "pixels between the receptive fields of neighbouring units",
           SIDES, lambda row, _: _per_side(row, lambda side: side.jump),
           convention=legend.jump),
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

"""The columns of a report, what each owes to its reader, and the totals.

`COLUMNS` is the one table that every format, the captions and the help derive from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from shapecalc.algebra import is_symbolic
from shapecalc.counting import MEASURES
from shapecalc.counting.storage import BITS
from shapecalc.layers.shape import axes_text
from shapecalc.output.cells import (
    BYTES,
    DECIMAL,
    FLAG,
    NAMES,
    NUMBER,
    PERCENT,
    SHAPE,
    SHAPES,
    SIDES,
    TEXT,
    UNITS,
    decimal_text,
)
from shapecalc.output.view import Column, View
from shapecalc.report import UNKNOWN
from shapecalc.report.receptive_field import at_most
from shapecalc.text.words import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from shapecalc.counting.roofline import Moved
    from shapecalc.counting.storage import NumberTypes
    from shapecalc.output.cells import CellKind
    from shapecalc.output.view import Legend
    from shapecalc.report import Report, Row, Totals


# -- legends: what the columns owe to their reader, as terms with their meanings -------------------


def _volumes_owed(report: Report, view: View) -> Legend:
    """Say in which order extents stand."""
    ranks = report.ranks
    return {"volumes": axes_text(ranks, view.layout)} if ranks else {}


def params_owed(report: Report, view: View) -> Legend:
    """Say what parameters are, and which of them training changes."""
    once = "; shared ones counted once" if any(row.shared for row in report.rows) else ""
    if not has_frozen(report):
        return {"params": f"trained weights + biases{once}"}
    return {"params": f"weights + biases, trained and frozen{once}", **_frozen_owed(report, view)}


def _frozen_owed(report: Report, view: View) -> Legend:
    """Say which parameters are trained and which are not."""
    return {
        "trainable": "parameters that training changes",
        "frozen": "parameters that training leaves as they are (trainable: false)",
    }


def with_macs(report: Report, convolutions: str = "(transposed) convolutions") -> str:
    """Name what the MACs of a network are of."""
    types = {row.type for row in report.rows}
    products = ", dense layers and products of activations (matmul)"
    layers = f"{convolutions}{products if 'matmul' in types else ' and dense layers'}"
    if "subsampling" in types:
        layers += ", and 1 per output of subsampling"
    if types & {"rnn", "lstm", "gru"}:
        layers += ", and the products of recurrent layers with inputs and state"
    return layers


def macs_owed(report: Report, view: View) -> Legend:
    """Say what MACs and FLOPs are."""
    per_example = ", per example" if view.batch > 1 else ""
    meaning = f"multiply-accumulates of {with_macs(report)}, without bias adds{per_example}"
    return {"MACs": meaning, "FLOPs": f"2 x MACs{per_example}"}


def _activations_owed(report: Report, view: View) -> Legend:
    """Say which elements count as activations."""
    inplace = list(dict.fromkeys(row.type for row in report.rows if row.overwritten != 0))
    named = ", ".join(inplace[:3]) + (", ..." if len(inplace) > 3 else "")
    per_example = ", per example" if view.batch > 1 else ""
    meaning = f"output elements{per_example}"
    if inplace and view.count_inplace:
        meaning += f"; those written in place ({named}) count too"
    elif inplace:
        meaning += f"; 0 for layers that work in place ({named})"
    return {"activations": meaning}


def _memory_owed(report: Report, view: View) -> Legend:
    """Say how many bytes an element takes."""
    batch = f"; activations of a batch of {view.batch:,}" if view.batch > 1 else ""
    return {"memory": f"{types_text(view.types)}{batch}"}


def _live_owed(report: Report, view: View) -> Legend:
    """Say what is alive."""
    batch = f", of a batch of {view.batch:,} in bytes" if view.batch > 1 else ""
    meaning = (
        f"what inference holds while a layer runs{batch}: its inputs, its output and results kept"
        " for later layers; of a block, the most while its layers run; the largest is the peak"
    )
    return {"live": meaning}


def types_text(types: NumberTypes) -> str:
    """Say how many bytes an element takes, of each kind where they differ.

    >>> from shapecalc.counting.storage import read_types
    >>> types_text(read_types("int8"))
    '1 byte per element (int8)'
    >>> types_text(read_types("float16,weights=int8"))
    'weights 1 byte per element (int8), activations 2 bytes per element (float16)'
    >>> types_text(read_types("weights=int4")).partition(", activations")[0]
    'weights 4 bits per element (int4), arrays in whole bytes'
    """
    kinds = [kind.rpartition("=") for kind in types.text.split(",")]
    return ", ".join(
        f"{of} {_element_text(word)}" if of else _element_text(word) for of, _, word in kinds
    )


def _element_text(word: str) -> str:
    if BITS[word] % 8:
        return f"{counted(BITS[word], 'bit')} per element ({word}), arrays in whole bytes"
    return f"{counted(BITS[word] // 8, 'byte')} per element ({word})"


def _count_owed(report: Report, view: View) -> Legend:
    """Say what the profile counts, in its own words."""
    if view.profile is None:
        return {}
    from shapecalc.counting.profile import described  # a report without a count need not know of it

    profile = view.profile
    per_example = ", per example" if view.batch > 1 and profile.of == "operations" else ""
    legend = {f"count: {profile.name}": described(profile) + per_example}
    if missing := profile.not_counted(report.rows):
        legend["not counted"] = f"{', '.join(missing)}: {profile.name} has no rule for them (?)"
    return legend


def buffers_owed(report: Report, view: View) -> Legend:
    """Say what buffers are."""
    return {"buffers": "stored but not trained (running statistics, fixed codes)"}


def _connections_owed(report: Report, view: View) -> Legend:
    """Say what connections are (LeCun et al. 1998, II.B)."""
    return {"connections": "(inputs of a unit + its bias) x units"}


def _cache_owed(report: Report, view: View) -> Legend:
    """Say what a cache holds."""
    batch = f", of a batch of {view.batch:,} in bytes" if view.batch > 1 else ""
    return {"KV cache": f"keys and values that causal attention keeps for generation{batch}"}


def _field_owed(report: Report, view: View) -> Legend:
    """Say what a receptive field is."""
    text = f"receptive field, the input's {_places(report)} that a unit sees per side"
    if bounded(report):
        text += "; at most: which of them it is was not followed, so it may be fewer"
    return {"rf": text}


def bounded(report: Report) -> bool:
    """Tell whether any receptive field is no more than a bound."""
    return any(at_most(row.field) for row in report.rows)


def _moved_owed(report: Report, view: View) -> Legend:
    """Say what is moved, and what a bound is."""
    batch = f", of a batch of {view.batch:,}" if view.batch > 1 else ""
    owed = {
        "moved": f"bytes{batch}: weights and buffers read once, inputs read and outputs written"
        " once, also by layers that work in place; views move nothing"
    }
    if view.device is not None:
        owed["least \N{MICRO SIGN}s"] = (
            "the larger of FLOPs / ops and bytes moved / bandwidth, the layers one after the other:"
            " a bound and no prediction; fused layers move less"
        )
        owed["device"] = (
            f"{view.device.ops:,} operations and {view.device.bandwidth:,} bytes a second, even at"
            f" {decimal_text(view.device.even)} FLOPs/byte"
        )
    return owed


def _jump_owed(report: Report, view: View) -> Legend:
    """Say what the jump is."""
    return {"jump": f"{_places(report)} between the receptive fields of neighbouring units"}


def _places(report: Report) -> str:
    """Name what an input is made of: a signal has no pixels."""
    return "positions" if all(len(row.field or ()) < 2 for row in report.rows) else "pixels"


# -- columns ---------------------------------------------------------------------------------------

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
    shown: Literal["everywhere", "machines", "frozen", "frozen machines", "asked"] = "machines",
    drop: int = 0,
    convention: Callable[[Report, View], Legend] | None = None,
    needs: Literal["", "profile", "device"] = "",
    placed: Literal["", "row", "field"] = "",
) -> Column:
    """Make the column of a measure."""
    measure = MEASURES[key]
    assert measure.value is not None, f"no row has {key}"
    kind = KINDS[measure.kind]
    return Column(key, measure.title, measure.meaning, kind, measure.value, measure.total,
                  shown, drop, measure.field, convention, needs=needs,
                  placed=placed)  # fmt: skip


def _percent(key: str, whole: str, convention: Callable[[Report, View], Legend]) -> Column:
    """Make the column of a layer's part of a total."""
    measure = MEASURES[key]
    assert measure.value is not None
    assert measure.total is not None
    return Column(f"{key}%", f"{measure.title} %", f"the layer's part of all {whole}, in percent",
                  PERCENT, measure.value, measure.total, shown="asked",
                  field=f"{key}_percent", convention=convention, share=True)  # fmt: skip


def _roofline(
    key: str,
    title: str,
    meaning: str,
    kind: CellKind,
    value: Callable[[Row, View], object],
    total: Callable[[Totals, View], Any] | None = None,
    needs: Literal["", "device"] = "",
) -> Column:
    """Make a column of what is moved, and of what bounds a layer on a device."""
    return Column(key, title, meaning, kind, value, total, shown="asked",
                  convention=_moved_owed, needs=needs)  # fmt: skip


def _moved(counted: Row | Totals, view: View) -> Moved:
    from shapecalc.counting.roofline import moved  # few tables need to know of it

    return moved(counted.layers, view)


def _intensity(counted: Row | Totals, view: View) -> object:
    from shapecalc.counting.roofline import intensity

    if is_symbolic(_moved(counted, view).all) or any(
        is_symbolic(row.flops) for row in counted.layers
    ):
        return UNKNOWN
    return intensity(counted.layers, view)


def _microseconds(counted: Row | Totals, view: View) -> object:
    from shapecalc.counting.roofline import least_times, seconds

    assert view.device is not None, "the column is there only with a device"
    times = least_times(counted.layers, view, view.device)
    return UNKNOWN if times is None else 10**6 * seconds(times)


def _bound(row: Row, view: View) -> object:
    """Say what bounds a layer, or how many layers of a block either does."""
    from shapecalc.counting.roofline import bounds, least_times

    assert view.device is not None, "the column is there only with a device"
    times = least_times(row.layers, view, view.device)
    if times is None:
        return UNKNOWN
    counts = bounds(times)
    if row.layer is not None:
        return next(iter(counts), None)
    return ", ".join(f"{word} {number}" for word, number in counts.items()) or None


#: Every column, in the order of the tables.
# fmt: off
COLUMNS: tuple[Column, ...] = (
    Column("name", "layer", "the layer's name, after those of the blocks that it stands in",
           TEXT, lambda row, _: row.name, shown="everywhere", placed="row"),
    Column("type", "type", "the layer's type, or the block's",
           TEXT, lambda row, _: row.type, shown="everywhere", drop=4),
    Column("does", "what it does", "filters or units, kernel, /stride, padding, as in 96 11x11 /4,"
           " and what is off its default; of a block its fields",
           TEXT, lambda row, _: row.does, shown="everywhere", drop=5),
    Column("from", "from", "the layers that flow in",
           NAMES, lambda row, _: row.sources, placed="row"),
    _measured("input", "everywhere", 3, _volumes_owed),
    _measured("output", "everywhere", 7, _volumes_owed),
    _measured("units"),
    _measured("weights"),
    _measured("biases"),
    _measured("params", "everywhere", convention=params_owed),
    _percent("params", "parameters", params_owed),
    _measured("trainable", "frozen", convention=_frozen_owed),
    _measured("frozen", "frozen machines", convention=_frozen_owed),
    _measured("buffers", convention=buffers_owed),
    _measured("connections", convention=_connections_owed),
    _measured("macs", "everywhere", 6, macs_owed),
    _percent("macs", "MACs", macs_owed),
    _measured("flops", convention=macs_owed),
    _measured("count", "everywhere", convention=_count_owed, needs="profile"),
    _measured("activations", "everywhere", 1, _activations_owed),
    _measured("memory", convention=_memory_owed),
    _measured("live", "asked", convention=_live_owed, placed="row"),
    _measured("live_memory", "asked", convention=_live_owed, placed="row"),
    _measured("kv_cache", "asked", convention=_cache_owed, placed="row"),
    _measured("kv_cache_memory", "asked", convention=_cache_owed, placed="row"),
    _measured("rf", "everywhere", 2, _field_owed, placed="field"),
    _measured("jump", convention=_jump_owed, placed="field"),
    _roofline("moved", "moved", "bytes that are read and written: weights, inputs, outputs",
              BYTES, lambda row, view: _moved(row, view).all,
              lambda all_, view: _moved(all_, view).all),
    _roofline("weights_read", "weights read", "bytes of weights, biases and buffers, once a batch",
              BYTES, lambda row, view: _moved(row, view).stored,
              lambda all_, view: _moved(all_, view).stored),
    _roofline("inputs_read", "inputs read", "bytes of the inputs of a batch",
              BYTES, lambda row, view: _moved(row, view).inputs,
              lambda all_, view: _moved(all_, view).inputs),
    _roofline("outputs_written", "outputs written", "bytes of the outputs of a batch",
              BYTES, lambda row, view: _moved(row, view).outputs,
              lambda all_, view: _moved(all_, view).outputs),
    _roofline("intensity", "FLOPs/byte", "arithmetic intensity: FLOPs a byte moved",
              DECIMAL, _intensity, _intensity),
    _roofline("least_time", "least \N{MICRO SIGN}s",
              "microseconds of a batch at least, on the --device",
              DECIMAL, _microseconds, _microseconds, needs="device"),
    _roofline("bound", "bound by", "whether arithmetic or memory bounds it, on the --device",
              TEXT, _bound, needs="device"),
    Column("shared", "shares weights of", "the layer whose weights this one uses",
           TEXT, lambda row, _: row.shared if row.parameters else None, placed="row"),
    Column("note", "note", "the remark in the spec", TEXT, lambda row, _: row.note, placed="row"),
)
# fmt: on

#: What CSV and JSON say beside the receptive field where one is no more than a bound.
AT_MOST = Column("rf_at_most", "at most", "the receptive field may be smaller",
                 FLAG, lambda row, _: at_most(row.field), shown="asked",
                 field="receptive_field_at_most", placed="field")  # fmt: skip

#: A column answers to its key, its machine name and its title.
BY_WORD: dict[str, Column] = {
    word.lower(): column for column in COLUMNS for word in (column.title, column.name, column.key)
}


def has_frozen(*reports: Report) -> bool:
    """Tell whether training leaves any parameter of these networks as it is."""
    return any(row.frozen != 0 for report in reports for row in report.rows)


def default_columns(view: View, *, machine: bool, frozen: bool = False) -> tuple[Column, ...]:
    """Return the columns that a format shows when none are asked for.

    `frozen` says that there is something which training leaves as it is.
    """
    shown = {"everywhere"}
    if machine:
        shown.add("machines")
    if frozen:
        shown |= {"frozen", "frozen machines"} if machine else {"frozen"}
    on_device = ("moved", "intensity", "least_time", "bound") if view.device is not None else ()
    return tuple(
        column
        for column in COLUMNS
        if (column.shown in shown or column.key in on_device) and column.there(view)
    )


def with_bounds(columns: tuple[Column, ...], report: Report) -> tuple[Column, ...]:
    """Say beside the receptive fields, for machines, which of them are no more than bounds."""
    keys = [column.key for column in columns]
    if "rf" not in keys or not bounded(report):
        return columns
    place = keys.index("rf") + 1
    return (*columns[:place], AT_MOST, *columns[place:])


def conventions(report: Report, view: View, columns: Iterable[Column]) -> Legend:
    """Return what a table of these columns owes to its reader: terms with their meanings.

    What the totals under every table speak of is always owed.
    """
    owed: Legend = {}
    for column in (*columns, *(BY_WORD[key] for key in ("macs", "activations", "memory"))):
        if column.convention is not None:
            owed.update(column.convention(report, view))
    return owed


def units_owed(units: Iterable[str]) -> Legend:
    """Say what the units stand for."""
    used = set(units)
    return {unit: f"{UNITS[unit][0]:,}" for unit in UNITS if unit in used and unit != "exact"}


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


def shown_rows(
    report: Report, view: View, depth: int, *, rounds: bool = False
) -> tuple[tuple[Row, ...], int, int]:
    """Return the rows that a view shows, in its order; how many it takes, and how many there are.

    With `rounds`, those of a repeat's rounds that are alike are put into one.
    """
    rows = report.rows
    if report.graph.groups:  # blocks, branches or repeats, which plain networks have not
        from shapecalc.report.fold import fold

        rows = fold(report, depth)
    number = len(rows)
    if view.choice is not None:
        from shapecalc.output.row_choice import chosen

        rows = chosen((report,), rows, lambda row: (row,), view.choice, depth)
    taken = len(rows)
    if rounds and report.graph.groups:
        from shapecalc.report.fold import rounds_together

        rows = rounds_together(report, rows)
    return sorted_rows(rows, view, report.totals), taken, number


# -- totals: those under a table, and all of them by their names -----------------------------------

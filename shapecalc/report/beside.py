"""What a slice sees of channels that lie beside others: of a join, only what it takes.

A row's field is that of its widest unit, whatever its channel.  A slice may take channels of one
operand alone, or of one direction of a recurrent layer, also through layers between that keep
every channel to itself.  Where a symbol decides which these are, what all of them see is a bound.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.algebra.bounds import is_recorded
from shapecalc.layers.merge import Concat
from shapecalc.layers.window import OWN, UP_TO_OWN, InputSpan, UndecidedError
from shapecalc.report.receptive_field import FAR, is_plain, look_back, look_back_both, through

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.algebra import Dim
    from shapecalc.graph import Graph
    from shapecalc.layers.base import Layer
    from shapecalc.layers.shape import Shape
    from shapecalc.layers.slicing import Slice
    from shapecalc.report import Row
    from shapecalc.report.receptive_field import Fields

#: So many rows are looked at for a slice; what all channels further back see is a bound.
MOST_ROWS = 64
#: No pixels: within these no unit sees all that it sees, so that what is said is a bound for each.
NOBODY = (FAR, -FAR)


def of_taken(layer: Slice, graph: Graph, rows: Sequence[Row | None], source: int) -> Fields | None:
    """Return what the channels that a slice takes of a row see; None: what all of them do."""
    row = rows[source]
    if row is None:
        return None
    apart = _apart(layer, row.output)
    if apart is None:
        return None
    channels = layer.output(row.output).channels
    dims = (channels, row.output.channels, *apart)
    if not (isinstance(channels, int) and all(isinstance(dim, int) for dim in dims)):
        return _WayBack(graph, rows).of_some(source, dims)
    taken = _before(layer, row.output, range(channels))
    return None if taken is None else _WayBack(graph, rows).fields(source, taken)


class _WayBack:
    """The way back from a slice."""

    def __init__(self, graph: Graph, rows: Sequence[Row | None]) -> None:
        self.graph = graph
        self.rows = rows
        self.left = MOST_ROWS

    def fields(self, index: int, taken: range) -> Fields | None:
        """Return what some channels of a row see; None where all have to count."""
        row: Any = self.rows[index]
        if row is None or type(row.field) is not tuple:
            return None
        sources = self.graph.nodes[index].inputs
        self.left -= 1
        if self.left <= 0:
            return _as_bound(row.field)
        if not sources:
            return row.field
        if isinstance(row.layer, Concat):
            return self.joined(row, sources, taken)
        if getattr(row.layer, "bidirectional", False):
            return _of_direction(row, self.rows[sources[0]].field, taken)  # type: ignore[union-attr]
        window = row.layer.window(*row.inputs)
        before = _before(row.layer, row.inputs[0], taken) if len(sources) == 1 else None
        if before is None or not (window is None or is_plain(window)):
            return row.field
        fields = self.fields(sources[0], before)
        return None if fields is None else through(fields, window, row.inputs[0], row.output)

    def of_some(self, index: int, dims: tuple[Dim, ...]) -> Fields | None:
        """Return what any channels of a row see at most; None where all see the same.

        Raises `UndecidedError` where `dims` decide which they are, and one is recorded.
        """
        row: Any = self.rows[index]
        if row is None or type(row.field) is not tuple or not self.differs(index):
            return None
        if any(map(is_recorded, dims)):
            raise UndecidedError
        return _as_bound(row.field)

    def differs(self, index: int) -> bool:
        """Tell whether channels of a row may see more than others of it."""
        row: Any = self.rows[index]
        sources = self.graph.nodes[index].inputs
        self.left -= 1
        if row is None or not sources:
            return False
        if self.left <= 0:
            return True
        if isinstance(row.layer, Concat):
            fields = {None if (of := self.rows[source]) is None else of.field for source in sources}
            return len(fields) > 1 or any(map(self.differs, sources))
        if getattr(row.layer, "bidirectional", False):
            return True
        window = row.layer.window(*row.inputs)
        passes = len(sources) == 1 and _apart(row.layer, row.inputs[0]) is not None
        return passes and (window is None or is_plain(window)) and self.differs(sources[0])

    def joined(self, row: Row, sources: Sequence[int], taken: range) -> Fields | None:
        """Return what channels of a join see: those of one operand, or of several."""
        seen: list[Fields] = []
        start = 0
        for source, shape in zip(sources, row.inputs, strict=True):
            channels = shape.channels
            if not isinstance(channels, int):
                return row.field
            own = _within(taken, start, start + channels)
            start += channels
            if own:
                fields = self.fields(source, own)
                if fields is None:
                    return None
                seen.append(fields)
        if len({len(fields) for fields in seen}) != 1:  # of other inputs
            return row.field
        joined, *others = seen
        for fields in others:
            joined = tuple(map(look_back_both, joined, fields))
        return joined


def _as_bound(fields: Fields) -> Fields:
    return tuple([side._replace(within=(*side.within, NOBODY)) for side in fields])


def _of_direction(row: Row, fields: Fields | None, taken: range) -> Fields | None:
    """Return what units of one direction of a recurrent layer see: all before them, or behind."""
    layer: Any = row.layer
    (n,) = row.inputs[0].sides
    if layer.layers > 1 or layer.returns == "last" or not isinstance(layer.units, int):
        return row.field
    backward = taken[0] >= layer.units
    if type(fields) is not tuple or len(fields) != 1:  # steps that were no positions of the input
        return row.field
    if not (backward or taken[-1] < layer.units):
        return row.field
    if not backward:
        return through(fields, (UP_TO_OWN,), row.inputs[0], row.output)
    (field,) = fields
    # The last step may see less than one before it.
    if len(field.first) > 1 or field.also or field.rims:
        return row.field
    last = InputSpan((n - 1,), (n - 1,), 0)
    return (look_back_both(look_back(field, OWN, n), look_back(field, last, n)),)


def _within(taken: range, start: int, end: int) -> range:
    """Return the numbers from `start` to before `end` that are taken, counted from `start`.

    >>> list(_within(range(1, 9, 3), 2, 8))
    [2, 5]
    """
    first, after = (
        min(max(-((taken.start - place) // taken.step), 0), len(taken)) for place in (start, end)
    )
    own = taken[first:after]
    return range(own.start - start, own.stop - start, own.step)


def _apart(layer: Layer, shape: Shape) -> tuple[Dim, Dim] | None:
    """Return which channel of an input the first one of the output comes from, and the step.

    None where channels are mixed.
    """
    (first, *more), last, step, side = layer.mixes(shape)[:4]
    return None if more or last != (first,) or side != -1 or not step else (first, step)


def _before(layer: Layer, shape: Shape, taken: range) -> range | None:
    """Return the channels of an input that some of the output come from; None for all of them."""
    n = shape.channels
    apart = _apart(layer, shape)
    if apart is None or not taken:
        return None
    first, step = apart
    if not (isinstance(first, int) and isinstance(step, int) and isinstance(n, int)):
        return None
    start, stop = (first + step * place for place in (taken[0], taken[-1]))
    return _within(range(start, stop + 1, step * taken.step), 0, n) or None

"""How ONNX spells layers of sequences: recurrent ones, products of matrices, and windows.

What they give has its channels last.
"""

from __future__ import annotations

from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.algebra import known
from shapecalc.layers.fields import per_side
from shapecalc.writers.onnx_net import BOOL, INT
from shapecalc.writers.site import channels_of_operands

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from shapecalc.writers.onnx_net import LaidValue, Place


# -- recurrent layers ---------------------------------------------------------------------------

#: Where our gates stand in ONNX's order: of an LSTM input, output, forget, candidate; of a GRU
#: update, reset, candidate.
_GATES = {"LSTM": (0, 3, 1, 2), "GRU": (1, 0, 2), "RNN": (0,)}


def _recurrent(op: str) -> Callable[[Place], LaidValue]:
    more: dict[str, Any] = {"linear_before_reset": 1} if op == "GRU" else {}

    def spell(place: Place) -> LaidValue:
        net, layer = place.net, place.layer
        units, ways = known(layer.units), 2 if layer.bidirectional else 1
        words = {"hidden_size": units, **({"direction": "bidirectional"} if ways == 2 else {})}
        if place.x.has_last():
            x = net.node("Transpose", place.x.last(), perm=[1, 0, 2])
        else:
            x = net.node("Transpose", place.x.first(), perm=[2, 0, 1])
        y = end = ""
        for number in range(known(layer.layers)):
            arrays = [_gates(place, op, which, number) for which in ("weight_ih", "weight_hh")]
            if layer.biases:
                arrays.append(_biases(place, op, number))
            if number + 1 == known(layer.layers) and layer.returns == "last":
                outputs = net.node_of(op, (x, *arrays), 2, **words, **more)
                end = outputs[1]
            else:
                y = net.node(op, x, *arrays, **words, **more)
                x = _side_by_side(place, y, [0, 2, 1, 3], ways)
        if layer.returns == "last":
            if ways == 1:
                return place.gives(net.node("Squeeze", end, net.ints(0)))
            turned = net.node("Transpose", end, perm=[1, 0, 2])
            return place.gives(net.node("Reshape", turned, net.ints(0, -1)))
        return place.gives(last=net.node("Transpose", x, perm=[1, 0, 2]))

    return spell


def _side_by_side(place: Place, y: str, order: list[int], ways: int) -> str:
    """Lay the directions of what a layer gives, an axis of their own, side by side."""
    net = place.net
    if ways == 1:
        return net.node("Squeeze", y, net.ints(1))
    return net.node("Reshape", net.node("Transpose", y, perm=order), net.ints(0, 0, -1))


def _directions(place: Place) -> list[str]:
    return ["", "_reverse"] if place.layer.bidirectional else [""]


def _gates(place: Place, op: str, which: str, number: int) -> str:
    """Return the matrices of all directions, with the gates in ONNX's order."""
    units = known(place.layer.units)
    names = [f"{which}_l{number}{way}" for way in _directions(place)]
    columns = next(known(p.shape[1]) for p in place.row.parameters if p.name == names[0])
    dims = (len(names), len(_GATES[op]) * units, columns)
    return _joined(place, op, names[0], dims, names, 1 / columns)


def _biases(place: Place, op: str, number: int) -> str:
    """Return the biases of all directions; where a unit has one of two, the other is 0."""
    rows = len(_GATES[op]) * known(place.layer.units)
    ways = _directions(place)
    names = [
        f"bias_{which}_l{number}{way}" if place.layer.biases > beside else ""
        for way in ways
        for beside, which in enumerate(("ih", "hh"))
    ]
    return _joined(place, op, f"bias_l{number}", (len(ways), 2 * rows), names, 0.0)


def _joined(
    place: Place, op: str, name: str, dims: tuple[int, ...], parts: list[str], fill: float
) -> str:
    """Store several of the layer's arrays, of gates each, as one; without a name it is of zeros."""
    net, owner, gates = place.net, place.owner, list(_GATES[op])
    if net.arrays is None:
        return net.own(owner, name, dims, None, fill)
    arrays: list[Any] = []
    for word in parts:
        if word:
            array = net.arrays[f"{owner}.{word}"]
            arrays.append(array.reshape(len(gates), -1)[gates])
        else:
            arrays.append(arrays[-1] * 0)
    return net.own(owner, name, dims, arrays, fill)


# -- products of matrices -----------------------------------------------------------------------


class _Operand(NamedTuple):
    """An operand of a product: which channels count, in how many heads, and whether it turns."""

    span: tuple[int, int] | None
    heads: int
    repeated: int
    turned: bool


def _matrices(place: Place, x: LaidValue, operand: _Operand) -> str:
    """Read what flows as stacks of matrices."""
    net, layer = place.net, place.layer
    rows, channels = x.last(), x.channels
    if operand.span is not None:
        start, stop = operand.span
        rows = net.node("Slice", rows, net.ints(start), net.ints(stop), net.ints(-1))
        channels = stop - start
    rank = x.rank + 2
    if operand.heads:
        stack = int(layer.windows)
        shape = (*(0,) * (1 + stack), -1, operand.heads, channels // operand.heads)
        if stack + 1 == x.rank:
            shape = (*(0,) * (1 + x.rank), operand.heads, channels // operand.heads)
        rows = net.node("Reshape", rows, net.ints(*shape))
        rank = len(shape)
        order = [*range(rank - 3), rank - 2, rank - 3, rank - 1]
        if operand.turned:
            order = [*range(rank - 3), rank - 2, rank - 1, rank - 3]
        rows = net.node("Transpose", rows, perm=order)
        return _repeated(place, rows, x, operand, channels) if operand.repeated > 1 else rows
    if operand.turned:
        rows = net.node("Transpose", rows, perm=[*range(rank - 2), rank - 1, rank - 2])
    return rows


def _repeated(place: Place, rows: str, x: LaidValue, operand: _Operand, channels: int) -> str:
    """Let every head serve several of the first operand's."""
    net, stack = place.net, int(place.layer.windows)
    wide, high = channels // operand.heads, prod(x.sides[stack:])
    matrix = (wide, high) if operand.turned else (high, wide)
    before = 2 + stack
    rows = net.node("Unsqueeze", rows, net.ints(before))
    ones = (1,) * (1 + before)
    rows = net.node("Expand", rows, net.ints(*ones[:-1], operand.repeated, 1, 1))
    heads = operand.heads * operand.repeated
    return net.node("Reshape", rows, net.ints(*(0,) * (1 + stack), heads, *matrix))


def _matmul(place: Place) -> LaidValue:
    net, layer = place.net, place.layer
    heads = known(layer.heads) if layer.heads is not None else 0
    groups = known(layer.groups) if layer.groups is not None else heads
    merged, turned = layer.merge != "none", layer.transpose
    spans = channels_of_operands(layer, place.site.inputs)
    first = _Operand(spans["first"], 0 if merged else heads, 1, turned in ("first", "both"))
    repeated = heads // max(groups, 1)
    second = _Operand(spans["second"], groups, repeated, turned in ("second", "both"))
    a, b = (
        _matrices(place, x, operand)
        for x, operand in zip(place.operands, (first, second), strict=True)
    )
    if layer.root:
        (_, _, inner), _ = layer.factors(*place.site.inputs)
        a = net.node("Div", a, net.number(known(inner) ** 0.5))
    y = net.node("MatMul", a, b)
    if merged:
        stack = int(layer.windows)
        order = [*range(1 + stack), 2 + stack, 1 + stack, 3 + stack]
        y = net.node("Transpose", y, perm=order)
        shape = (*(0,) * (2 + stack), place.channels)
        if layer.merge == "map":
            shape = (0, *place.sides, place.channels)
        y = net.node("Reshape", y, net.ints(*shape))
    return place.gives(last=y)


# -- scores -------------------------------------------------------------------------------------


def _causal_mask(place: Place) -> LaidValue:
    """Hide from every row the columns behind it."""
    net = place.net
    rows, columns = place.sides[-1], place.channels
    later = net.node(
        "Greater",
        net.constant(range(columns), (1, columns), INT),
        net.constant(range(rows), (rows, 1), INT),
    )
    return place.gives(last=_hidden(place, later))


def _hidden(place: Place, mask: str) -> str:
    return place.net.node("Where", mask, place.net.number(float("-inf")), place.x.last())


def _relative_position(place: Place) -> LaidValue:
    net, rank = place.net, place.x.rank
    size = tuple(map(known, place.layer.size))
    sides = size * 2 if len(size) == 1 else size
    spots = list(product(*map(range, sides)))
    numbers = []
    for mine in spots:
        for other in spots:
            at = 0
            for a, b, side in zip(mine, other, sides, strict=True):
                at = at * (2 * side - 1) + a - b + side - 1
            numbers.append(at)
    index = net.constant(numbers, (len(spots), len(spots)), INT)
    biases = net.node("Gather", place.array("table"), index, axis=0)
    biases = net.node("Transpose", biases, perm=[2, 0, 1])
    assert rank >= 2
    return place.gives(last=net.node("Add", place.x.last(), biases))


# -- windows of a map ---------------------------------------------------------------------------


class _Cut(NamedTuple):
    """How a map falls into windows: its sides filled up, its windows, how far it moves."""

    sides: tuple[int, ...]
    whole: tuple[int, ...]
    size: tuple[int, ...]
    moves: tuple[int, ...]
    grid: bool

    @property
    def counts(self) -> tuple[int, ...]:
        """The number of windows along every side."""
        return tuple(w // s for w, s in zip(self.whole, self.size, strict=True))

    def order(self) -> list[int]:
        """Return the cut map's axes, behind the batch: those of the windows, of their places."""
        rank = len(self.sides)
        windows, places = range(1, 2 * rank, 2), range(2, 2 * rank + 1, 2)
        return [*places, *windows] if self.grid else [*windows, *places]

    def parts(self) -> tuple[int, ...]:
        """Return the extents of the map's sides, each cut in two."""
        pairs = zip(self.counts, self.size, strict=True)
        return tuple(n for c, s in pairs for n in ((s, c) if self.grid else (c, s)))


def _cut(place: Place, sides: tuple[int, ...], *, grid: bool) -> _Cut:
    layer, rank = place.layer, len(sides)
    given = (layer.size, layer.shift)
    size, shift = (tuple(map(known, per_side(tuple(v), rank, "size"))) for v in given)
    whole = tuple(-(-n // s) * s for n, s in zip(sides, size, strict=True))
    moves = tuple(0 if s >= n else m for n, s, m in zip(whole, size, shift, strict=True))
    return _Cut(sides, whole, size, moves, grid)


def _rolled(place: Place, x: str, sides: Sequence[int], shifts: Sequence[int]) -> str:
    """Move a map with its channels last around its ends."""
    net = place.net
    for axis, (n, shift) in enumerate(zip(sides, shifts, strict=True), 1):
        at = -shift % n
        if at:
            axes = net.ints(axis)
            first = net.node("Slice", x, net.ints(at), net.ints(n), axes)
            rest = net.node("Slice", x, net.ints(0), net.ints(at), axes)
            x = net.node("Concat", first, rest, axis=axis)
    return x


def _roll(place: Place) -> LaidValue:
    shifts = list(map(known, place.site.spread(place.layer.shift)))
    return place.gives(last=_rolled(place, place.x.last(), place.sides, shifts))


def _partition(place: Place) -> LaidValue:
    net, x = place.net, place.x.last()
    cut = _cut(place, place.x.sides, grid=place.layer.grid)
    if cut.whole != cut.sides:
        more = [w - n for w, n in zip(cut.whole, cut.sides, strict=True)]
        x = net.node("Pad", x, net.ints(*(0,) * (len(more) + 2), 0, *more, 0))
    x = _rolled(place, x, cut.whole, [-move for move in cut.moves])
    channels = place.channels
    x = net.node("Reshape", x, net.ints(0, *cut.parts(), channels))
    x = net.node("Transpose", x, perm=[0, *cut.order(), 2 * len(cut.sides) + 1])
    return place.gives(last=net.node("Reshape", x, net.ints(0, *place.sides, channels)))


def _merge(place: Place) -> LaidValue:
    """Put windows together: each place to where it was."""
    net, channels = place.net, place.channels
    cut = _cut(place, place.sides, grid=place.layer.grid)
    parts, order = cut.parts(), cut.order()
    laid = net.ints(0, *(parts[axis - 1] for axis in order), channels)
    x = net.node("Reshape", place.x.last(), laid)
    back = [1 + order.index(axis) for axis in range(1, len(order) + 1)]
    x = net.node("Transpose", x, perm=[0, *back, len(order) + 1])
    x = net.node("Reshape", x, net.ints(0, *cut.whole, channels))
    x = _rolled(place, x, cut.whole, cut.moves)
    if cut.whole != cut.sides:
        axes = range(1, len(cut.sides) + 1)
        x = net.node("Slice", x, net.ints(*(0,) * len(axes)), net.ints(*cut.sides), net.ints(*axes))
    return place.gives(last=x)


def _window_mask(place: Place) -> LaidValue:
    """Hide from each other the places of a window that only the shift brought together."""
    cut = _cut(place, place.operands[1].sides, grid=False)
    flat = [region for window in _regions(cut) for mine in window for region in
            (other != mine for other in window)]  # fmt: skip
    count, places = prod(cut.counts), prod(cut.size)
    stack = (count, 1) if place.x.rank > 2 else (count,)
    mask = place.net.constant(flat, (*stack, places, places), BOOL)
    return place.gives(last=_hidden(place, mask))


def _regions(cut: _Cut) -> Iterator[list[tuple[bool, ...]]]:
    """Yield for every window which of its places came around an end, along every side."""
    for window in product(*map(range, cut.counts)):
        yield [
            tuple(
                c * s + at >= whole - move
                for c, s, at, whole, move in zip(
                    window, cut.size, inside, cut.whole, cut.moves, strict=True
                )
            )
            for inside in product(*map(range, cut.size))
        ]


#: How the types of this room are spelled.
STACKS: dict[str, Callable[[Place], LaidValue]] = {
    "rnn": _recurrent("RNN"),
    "lstm": _recurrent("LSTM"),
    "gru": _recurrent("GRU"),
    "matmul": _matmul,
    "causal_mask": _causal_mask,
    "relative_position": _relative_position,
    "roll": _roll,
    "window_partition": _partition,
    "window_merge": _merge,
    "window_mask": _window_mask,
}

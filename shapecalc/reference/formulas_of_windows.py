"""Formulas of convolutions and pools, forward and backward, with a layer's own numbers in them."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from shapecalc.algebra.dim import known
from shapecalc.reference.arrays import spread
from shapecalc.reference.formula import (
    PLACES,
    POSITIONS,
    TAPS,
    Formula,
    Index,
    Ref,
    Term,
    number,
    plain,
    ref,
    summed,
)
from shapecalc.reference.globalpool import spans
from shapecalc.reference.padded import along, frame_of, places_along
from shapecalc.reference.pool import divisor
from shapecalc.reference.transposed import landing

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from shapecalc.layers.conv import Conv
    from shapecalc.layers.depthwise import Depthwise, Separable
    from shapecalc.layers.pool import AvgPool, MaxPool, Subsampling
    from shapecalc.layers.transposed import Transposed
    from shapecalc.reference.arrays import Array, Axes
    from shapecalc.reference.formula import Values
    from shapecalc.reference.padded import Frame

    Formulas = dict[str, Formula]

OUTSIDE = "x is 0 outside the input."
WINS = (
    "The gradient goes to the winner of every window, and to no other; of equals the first wins,"
    " row by row."
)
CORRELATED = (
    "The weights' gradient is the correlation of the input with the output's gradient: a weight"
    " gets, from every position, the gradient there times what it met there."
)
SPREAD = (
    "The input's gradient spreads the kernel from every position, times the gradient there: the"
    " full correlation of g{apart} with the kernel turned by 180 degrees."
)
TIED = "The bias is added at every position, so its gradient is the sum over all of them."
#: A side with more windows than this is not counted window by window.
COUNTED = 1_000_000


class Moves(NamedTuple):
    """How a window moves: its letters with their extents, and where tap and position meet."""

    places: dict[str, int]
    kernel: dict[str, int]
    meet: dict[str, Index]
    note: str

    @property
    def apart(self) -> bool:
        """Whether windows lie more than one element apart."""
        return any(index.parts[0][1] > 1 for index in self.meet.values())


def moves(x: Array, frame: Frame) -> Moves:
    """Read how windows move over `x`."""
    meet = {}
    for axis, (before, _) in enumerate(frame.pads):
        parts = ((POSITIONS[axis], frame.stride[axis], 1), (TAPS[axis], frame.dilation[axis], 1))
        meet[PLACES[axis]] = Index(parts, -before)
    padded = any(frame.over) or any(map(any, frame.pads))
    return Moves(
        dict(zip(POSITIONS, places_along(x, frame), strict=False)),
        dict(zip(TAPS, frame.kernel, strict=False)),
        meet,
        OUTSIDE if padded else "",
    )


# -- convolutions -------------------------------------------------------------------------------


class _Kernels(NamedTuple):
    """What filters see: so many channels each, and so many filters see the same.

    `only` lists the pairs (f, c) of a table of connections.
    """

    filters: int
    seen: int
    made: int
    grouped: bool
    only: Collection[tuple[int, int]] | None = None

    def own(self, letter: str) -> str:
        """Name the channels of a filter: by a letter, or 0 where it has one."""
        return letter if self.seen > 1 or not self.grouped else "0"

    def channel(self, f: str, letter: str = "c") -> Index:
        """Return the input channel that a filter sees as its first, second, ..."""
        each = ((letter, 1, 1),) if self.own(letter) != "0" else ()
        return Index(((f, self.seen, self.made), *each) if self.grouped else each)


def of_conv(layer: Conv, x: Array) -> Formulas:
    """Write a convolution's formulas."""
    filters, groups, only = known(layer.filters), layer.groups, None
    if layer.connections is not None:
        only = {(f, c) for f, row in enumerate(layer.connections) for c in row}
    kernels = _Kernels(filters, x.shape[1] // groups, filters // groups, groups > 1, only)
    return _convolution(layer.bias, moves(x, frame_of(layer, x)), kernels)


def of_depthwise(layer: Depthwise, x: Array) -> Formulas:
    """Write a depthwise convolution's formulas: as many groups as channels."""
    each = known(layer.multiplier)
    kernels = _Kernels(x.shape[1] * each, 1, each, x.shape[1] > 1)
    return _convolution(layer.bias, moves(x, frame_of(layer, x)), kernels)


def of_separable(layer: Separable, x: Array) -> Formulas:
    """Write both steps' formulas: z is what the depthwise convolution gives, h its gradient."""
    each, move = known(layer.multiplier), moves(x, frame_of(layer, x))
    between, filters = x.shape[1] * each, known(layer.filters)
    first = _convolution(
        False, move, _Kernels(between, 1, each, x.shape[1] > 1), y="z", w="w1", g="h", f="d"
    )
    places = "".join(move.places)
    g, w2, z = ref("g", f"f{places}"), ref("w2", "fd"), ref("z", f"d{places}")
    added = ref("b", f"f{places}" if layer.bias == "per_position" else "f") if layer.bias else None
    return {
        "z": first["z"],
        "y": summed("y", f"f{places}", (w2, z), {"d": between}, plus=added),
        "w2": summed("w2", "fd", (g, z), move.places),
        "h": summed("h", f"d{places}", (g, w2), {"f": filters}, note="h is the gradient of z."),
        "w1": first["w1"],
        "x": first["x"],
        **_bias(layer.bias, move.places),
    }


def _convolution(
    bias: object,
    move: Moves,
    kernels: _Kernels,
    *,
    y: str = "y",
    w: str = "w",
    g: str = "g",
    f: str = "f",
) -> Formulas:
    """Write the formulas of y = w * x + b, with the letters asked for."""
    places, taps = "".join(move.places), "".join(move.kernel)
    shown = Ref("x", (kernels.channel(f), *move.meet.values()))
    above, kernel = ref(g, f"{f}{places}"), ref(w, f"{f}{kernels.own('c')}{taps}")
    added = ref("b", f"f{places}" if bias == "per_position" else "f") if bias else None
    over = ({"c": kernels.seen} if kernels.own("c") == "c" else {}) | move.kernel
    entry = f"{f}{kernels.own('c')}{taps}"
    return {
        y: summed(
            y, f"{f}{places}", (kernel, shown), over, plus=added, note=move.note, only=kernels.only
        ),
        w: summed(w, entry, (above, shown), move.places, note=CORRELATED, only=kernels.only),
        "x": _input_of(move, kernels, above, w, f),
        **_bias(bias, move.places),
    }


def _input_of(move: Moves, kernels: _Kernels, above: Ref, w: str, f: str) -> Formula:
    """Spread every gradient over the places that its window showed."""
    taps, at = "".join(move.kernel), "".join(("c", *move.meet))
    over, met = {f: kernels.filters, **move.places, **move.kernel}, dict(move.meet)
    note = SPREAD.format(apart=", its elements a stride apart," if move.apart else "")
    if not kernels.grouped:
        factors = (above, ref(w, f"{f}c{taps}"))
        return summed("x", at, factors, over, met, note=note, only=kernels.only)
    e = kernels.own("e")
    factors = (above, ref(w, f"{f}{e}{taps}"))
    every = {e: kernels.seen, **over} if e == "e" else over
    return summed("x", at, factors, every, {"c": kernels.channel(f, "e"), **met}, note=note)


def _bias(bias: object, places: Mapping[str, int], f: str = "f") -> Formulas:
    """Write the gradient of the bias, if there is one."""
    if not bias:
        return {}
    letters = "".join(places)
    g = ref("g", f"{f}{letters}")
    if bias == "per_position":
        return {"b": summed("b", f"{f}{letters}", (g,), {})}
    return {"b": summed("b", f, (g,), places, note=TIED)}


def spread_table(layer: Conv, weight: Array, channels: int) -> Array:
    """Write kernels of connected pairs as F x C x kernel, 0 where a filter does not see a map."""
    pairs = [(f, c) for f, row in enumerate(layer.connections or ()) for c in row]
    found = np.zeros((len(layer.connections or ()), channels, *weight.shape[1:]))
    for (f, c), kernel in zip(pairs, weight, strict=True):
        found[f, c] = kernel
    return found


def of_transposed(layer: Transposed, x: Array) -> Formulas:
    """Write a transposed convolution's formulas: its forward is a convolution's way back."""
    where, filters, groups = landing(layer, x), known(layer.filters), layer.groups
    frame, starts = where.frame, [part.start for part in where.cut]
    seen, made = x.shape[1] // groups, filters // groups
    sides, kernel, land = {}, {}, {}
    for axis, before in enumerate(starts):
        parts = ((PLACES[axis], frame.stride[axis], 1), (TAPS[axis], frame.dilation[axis], 1))
        land[POSITIONS[axis]] = Index(parts, -before)
        sides[PLACES[axis]], kernel[TAPS[axis]] = x.shape[2 + axis], frame.kernel[axis]
    inputs, taps, places = "".join(sides), "".join(kernel), "".join(land)
    filter_ = Index((("c", made, seen), ("e", 1, 1))) if groups > 1 else plain("f")[0]
    own = "e" if groups > 1 else "f"
    weight, shown = ref("w", f"c{own}{taps}"), ref("x", f"c{inputs}")
    met = Ref("g", (filter_, *land.values()))
    added = ref("b", f"f{places}" if layer.bias == "per_position" else "f") if layer.bias else None
    over = {"c": x.shape[1], **({"e": made} if groups > 1 else {}), **sides, **kernel}
    condition = {**({"f": filter_} if groups > 1 else {}), **land}
    cut = "g is 0 outside the output." if any(starts) else ""
    kept = {letter: part.stop - part.start for letter, part in zip(land, where.cut, strict=True)}
    return {
        "y": summed("y", f"f{places}", (weight, shown), over, condition, plus=added),
        "w": summed("w", f"c{own}{taps}", (shown, met), sides, note=TRANSPOSED_WEIGHT),
        "x": summed("x", f"c{inputs}", (met, weight), {own: made, **kernel},
                    note=" ".join(filter(None, (TRANSPOSED_INPUT, cut)))),
        **_bias(layer.bias, kept),
    }  # fmt: skip


TRANSPOSED_WEIGHT = (
    "The weights' gradient is the correlation of the output's gradient with the input: a weight"
    " gets, from every unit, that unit times the gradient where the weight landed."
)
TRANSPOSED_INPUT = "The way back is a plain convolution of g with the same kernels."


# -- pools --------------------------------------------------------------------------------------


def of_avgpool(layer: AvgPool, x: Array) -> Formulas:
    """Write the formulas of a mean; n, where the divisors differ."""
    frame = frame_of(layer, x)
    move, by = moves(x, frame), _divisor(layer, x, frame)
    places, inputs = "".join(move.places), "".join(move.meet)
    found = {}
    divide: Ref | int = by or ref("n", places)
    if not by:
        note = "n is how many elements of its window a mean divides by."
        found["n"] = Formula("n", places, "the elements that the window counts", note, _of_n)
    shown = Ref("x", (*plain("c"), *move.meet.values()))
    back = "Every element of a window gets an equal share of its gradient."
    return found | {
        "y": summed("y", f"c{places}", (shown,), move.kernel, divide=divide, note=move.note),
        "x": summed("x", f"c{inputs}", (ref("g", f"c{places}"),), {**move.places, **move.kernel},
                    move.meet, divide=divide, note=back),
    }  # fmt: skip


def _of_n(values: Values, at: Axes) -> list[Term]:
    return [Term((float(values["n"][at]),))]


def _divisor(layer: AvgPool, x: Array, frame: Frame) -> int | None:
    """Return the one number that all means divide by; None where they differ."""
    if not any(frame.over) and not any(map(any, frame.pads)):
        return int(np.prod(frame.kernel))
    if max(x.shape[2:]) > COUNTED:
        return None
    by = 1
    for axis in range(x.ndim - 2):
        line = np.broadcast_to(0.0, (1, 1, x.shape[2 + axis]))
        counts = divisor(layer, line, along(frame, axis))
        if (counts != counts.flat[0]).any():
            return None
        by *= int(counts.flat[0])
    return by


def of_subsampling(layer: Subsampling, x: Array) -> Formulas:
    """Write the formulas of LeNet's trained pool."""
    move = moves(x, frame_of(layer, x))
    places, inputs = "".join(move.places), "".join(move.meet)
    shown, g, w = (
        Ref("x", (*plain("c"), *move.meet.values())),
        ref("g", f"c{places}"),
        ref("w", "c"),
    )
    return {
        "y": summed("y", f"c{places}", (w, shown), move.kernel, plus=ref("b", "c"), note=move.note),
        "w": summed("w", "c", (g, shown), {**move.places, **move.kernel},
                    note="The coefficient is shared by a whole map, so its gradient sums over it."),
        "x": summed("x", f"c{inputs}", (g, w), {**move.places, **move.kernel}, move.meet),
        **_bias(True, move.places, "c"),
    }  # fmt: skip


def of_maxpool(layer: MaxPool, x: Array) -> Formulas:
    """Write the formulas of a maximum."""
    move = moves(x, frame_of(layer, x))
    places, inputs = "".join(move.places), "".join(move.meet)
    shown = Ref("x", (*plain("c"), *move.meet.values()))

    def elements(sides: Axes, window: Axes) -> Iterable[Axes]:
        for tap in product(*map(range, move.kernel.values())):
            bound = dict(zip((*move.places, *move.kernel), (*window, *tap), strict=True))
            place = tuple(index.at(bound) for index in move.meet.values())
            if all(0 <= at < n for at, n in zip(place, sides, strict=True)):
                yield place

    return _maximum(
        places, inputs, tuple(move.places.values()), elements,
        f"max over {', '.join(move.kernel)} of {shown}",
        f"the sum of g[{', '.join(('c', *places))}] over all {', '.join(places)} whose largest"
        f" {shown} is x[{', '.join(('c', *inputs))}]",
        "Padding never wins." if move.note else "",
    )  # fmt: skip


def _maximum(
    places: str,
    inputs: str,
    counts: Axes,
    elements: Callable[[Axes, Axes], Iterable[Axes]],
    forward: str,
    backward: str,
    note: str,
) -> Formulas:
    """Make the formulas of maxima over windows; `elements` lists the places of a window."""

    def best(values: Values, channel: int, window: Axes) -> Axes | None:
        found, most = None, -np.inf
        for place in elements(values["x"].shape[1:], window):
            value = float(values["x"][(channel, *place)])
            if value > most:
                found, most = place, value
        return found

    def output(values: Values, at: tuple[int, ...]) -> list[Term]:
        seen = elements(values["x"].shape[1:], at[1:])
        found = [float(values["x"][(at[0], *place)]) for place in seen]
        return [Term((max(found, default=-np.inf),), told=f"max({', '.join(map(number, found))})")]

    def back(values: Values, at: tuple[int, ...]) -> list[Term]:
        won = [w for w in product(*map(range, counts)) if best(values, at[0], w) == at[1:]]
        return [Term((float(values["g"][(at[0], *each)]),)) for each in won]

    return {
        "y": Formula("y", f"c{places}", forward, note, output),
        "x": Formula("x", f"c{inputs}", backward, WINS, back),
    }


class _Boxes(NamedTuple):
    """The boxes of an adaptive or global pool: their letters, their words, their elements."""

    places: str
    inputs: str
    counts: Axes
    over: str
    note: str


def _boxes(layer: Any, x: Array) -> _Boxes:  # noqa: ANN401
    rank = x.ndim - 2
    inputs = PLACES[:rank]
    if not hasattr(layer, "size"):
        return _Boxes("0" * rank, inputs, (1,) * rank, f"all {', '.join(inputs)}", "")
    counts, told = spread(layer.size, x), []
    for letter, place, n, o in zip(inputs, POSITIONS, x.shape[2:], counts, strict=False):
        told.append(f"{letter} from floor({place}*{n}/{o}) to ceil(({place} + 1)*{n}/{o}) - 1")
    note = f"Its box: {', '.join(told)}."
    return _Boxes(
        POSITIONS[:rank], inputs, counts, f"the box of {', '.join(POSITIONS[:rank])}", note
    )


def _inside(layer: Any, sides: Axes, window: Axes) -> Iterable[Axes]:  # noqa: ANN401
    """List the elements of a box, row by row."""
    found = spans(layer, np.broadcast_to(0.0, (1, 1, *sides)))
    chosen = [each[at] for each, at in zip(found, window or (0,) * len(sides), strict=True)]
    return product(*(range(each.start, each.stop) for each in chosen))


def of_boxed_max(layer: Any, x: Array) -> Formulas:  # noqa: ANN401
    """Write the formulas of a maximum over boxes."""
    box = _boxes(layer, x)
    shown = f"x[{', '.join(('c', *box.inputs))}]"
    g = f"g[{', '.join(('c', *box.places))}]"
    back = (
        f"the sum of {g} over all {', '.join(box.places)} whose box has {shown} for its largest"
        if box.note
        else f"{g} where {shown} is the largest of its map, else 0"
    )
    return _maximum(
        box.places, box.inputs, box.counts, lambda sides, window: _inside(layer, sides, window),
        f"max over {box.over} of {shown}", back, box.note,
    )  # fmt: skip


def of_boxed_mean(layer: Any, x: Array) -> Formulas:  # noqa: ANN401
    """Write the formulas of a mean over boxes."""
    box = _boxes(layer, x)
    shown, size = f"x[{', '.join(('c', *box.inputs))}]", int(np.prod(x.shape[2:]))
    g = f"g[{', '.join(('c', *box.places))}]"

    def output(values: Values, at: tuple[int, ...]) -> list[Term]:
        inside = list(_inside(layer, values["x"].shape[1:], at[1:]))
        return [Term((float(values["x"][(at[0], *each)]),), len(inside)) for each in inside]

    def back(values: Values, at: tuple[int, ...]) -> list[Term]:
        found = []
        for window in product(*map(range, box.counts)):
            inside = list(_inside(layer, values["x"].shape[1:], window))
            if at[1:] in inside:
                found.append(Term((float(values["g"][(at[0], *window)]),), len(inside)))
        return found

    forward, backward = f"the mean over {box.over} of {shown}", f"{g}/{size}"
    if box.note:
        backward = (
            f"the sum of {g}/(size of its box) over all boxes that hold {', '.join(box.inputs)}"
        )
    return {
        "y": Formula("y", f"c{box.places}", forward, box.note, output),
        "x": Formula("x", f"c{box.inputs}", backward, "Every element gets an equal share.", back),
    }

"""Layers that take a part of their input, and that trade places for channels."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from shapecalc.algebra import known
from shapecalc.layers.shape import Map, Vector
from shapecalc.layers.slicing import PadChannels, PixelShuffle, PixelUnshuffle, Slice
from shapecalc.reference import registry
from shapecalc.reference.arrays import spread
from shapecalc.reference.example import SIDES, copied, least, shape_like
from shapecalc.reference.formula import (
    PLACES,
    POSITIONS,
    Index,
    Ref,
    Term,
    place_names,
    plain,
    single,
    summed,
)

if TYPE_CHECKING:
    from shapecalc.layers.base import Layer
    from shapecalc.layers.shape import Shape
    from shapecalc.reference.arrays import Array, Arrays, Axes
    from shapecalc.reference.formula import Formulas, Values

# -- slice -----------------------------------------------------------------------------------------

#: The names of the axes as arrays have them, by the number of sides.
_AXES = {
    0: ("channels",),
    1: ("channels", "length"),
    2: ("channels", "height", "width"),
    3: ("channels", "depth", "height", "width"),
}


def as_slice(part: Any, n: int) -> slice:  # noqa: ANN401  (whatever a slice takes of an axis)
    """Write what is taken of an axis as Python does."""
    if part is None:
        return slice(None)
    if not hasattr(part, "of"):
        first, after = (
            known(end.distance) if end.side == "start" else n - known(end.distance)
            for end in (part.start, part.stop)
        )
        return slice(first, after, known(part.step))
    if isinstance(part.of, tuple):
        ends = np.cumsum([0, *map(known, part.of)])
    else:
        ends = np.linspace(0, n, known(part.of) + 1).astype(int)
    return slice(int(ends[part.number - 1]), int(ends[part.number]))


def _kept(layer: Slice, x: Array) -> tuple[slice, ...]:
    """Say what stays of every axis, without the batch."""
    names = _AXES[x.ndim - 2]
    return tuple(as_slice(getattr(layer, a), n) for a, n in zip(names, x.shape[1:], strict=True))


@registry.forward(Slice)
@registry.counted(Slice)
def take(layer: Slice, arrays: Arrays, x: Array) -> Array:
    """Take a part of some axes."""
    return np.array(x[(slice(None), *_kept(layer, x))], order="C")


@registry.gradient(Slice)
def take_gradient(layer: Slice, x: Array, y: Array, g: Array) -> Array:
    """Nothing comes back to what was not taken."""
    back = np.zeros_like(x)
    back[(slice(None), *_kept(layer, x))] = g
    return back


@registry.formula(Slice)
def take_formulas(layer: Slice, x: Array) -> Formulas:
    """Write the formulas of a part of a map."""
    rank = x.ndim - 2
    outs, places = f"c{POSITIONS[:rank]}", place_names(rank)
    read, sent, over, met = [], [], {}, {}
    for letter, place, part, n in zip(outs, places, _kept(layer, x), x.shape[1:], strict=True):
        first, after, step = part.indices(n)
        read.append(Index(((letter, step, 1),), first))
        if step == 1:
            sent.append(Index(((place, 1, 1),), -first))
            continue
        other = "e" if letter == "c" else letter
        over[other] = len(range(first, after, step))
        met[place] = Index(((other, step, 1),), first)
        sent.append(Index(((other, 1, 1),)))
    note = "g is 0 outside the output: nothing comes back to what was not taken."
    return {
        "y": summed("y", outs, (Ref("x", tuple(read)),), {}),
        "x": summed("x", places, (Ref("g", tuple(sent)),), over, met, note=note),
    }


@registry.paper_copy(Slice)
def take_paper_copy(layer: Slice, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    """Keep a short part of short axes."""
    names = _AXES[len(inputs[0].sides)]
    small = {name: _few(getattr(layer, name), 4) for name in names}
    extents = [
        4 if small[name] is not None else n for name, n in zip(names, (1, *SIDES), strict=False)
    ]
    shape = Map(tuple(extents[1:]), extents[0]) if len(names) > 1 else Vector(4)
    return copied(layer, **small), (shape,)


def _few(part: Any, n: int) -> Any:  # noqa: ANN401
    """Cut what is taken down to an axis of `n`."""
    if part is None:
        return None
    if hasattr(part, "of"):
        if not isinstance(part.of, tuple):
            of: Any = min(known(part.of), 2)
        else:
            of = (1, n - 1) if len(part.of) > 1 else (n,)
        return part._replace(number=min(part.number, 2), of=of)
    start, stop, step = part
    first, last = min(known(start.distance), 1), min(known(stop.distance), 1)
    if start.side == stop.side == "start":
        last = first + min(known(stop.distance) - known(start.distance), 2)
    elif start.side == stop.side == "end":
        first = last + min(known(start.distance) - known(stop.distance), 2)
    elif start.side == "end":  # and so far from the start that something is left
        stop, last = stop._replace(side="end"), 0
    return part._replace(
        start=start._replace(distance=first),
        stop=stop._replace(distance=last),
        step=min(known(step), 2),
    )


# -- channels of zeros -----------------------------------------------------------------------------


@registry.forward(PadChannels)
@registry.counted(PadChannels)
def pad_channels(layer: PadChannels, arrays: Arrays, x: Array) -> Array:
    """Put channels of zeros before and after."""
    before, after = (np.zeros((len(x), known(n), *x.shape[2:]), x.dtype) for n in layer.channels)
    return np.concatenate([before, x, after], 1)


@registry.gradient(PadChannels)
def pad_channels_gradient(layer: PadChannels, x: Array, y: Array, g: Array) -> Array:
    """Cut the channels of zeros off."""
    before = known(layer.channels[0])
    return g[:, before : before + x.shape[1]]


@registry.formula(PadChannels)
def pad_channels_formulas(layer: PadChannels, x: Array) -> Formulas:
    """Write the formulas of channels that move on."""
    before, rank = known(layer.channels[0]), x.ndim - 2
    outs, places = f"c{POSITIONS[:rank]}", place_names(rank)
    read = Ref("x", (Index((("c", 1, 1),), -before), *plain(outs[1:])))
    sent = Ref("g", (Index((("c", 1, 1),), before), *plain(places[1:])))
    note = "What is before the channels of zeros is cut off."
    return {
        "y": summed("y", outs, (read,), {}, note="x is 0 outside the input."),
        "x": summed("x", places, (sent,), {}, note=note),
    }


@registry.paper_copy(PadChannels)
def pad_channels_paper_copy(layer: PadChannels, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    """Keep a channel at either end."""
    return copied(layer, channels=least(layer.channels, 1)), (shape_like(inputs[0], SIDES, 2, 3),)


# -- pixel shuffle ---------------------------------------------------------------------------------


def _spread_out(x: Array, factors: Axes, order: str) -> Array:
    """Lay the channels of every place out as a block of places."""
    examples, channels, *sides = x.shape
    rank, left = len(sides), channels // prod(factors)
    split = (left, *factors) if order == "crd" else (*factors, left)
    own = 1 if order == "crd" else 1 + rank
    first = 2 if order == "crd" else 1
    pairs = [axis for side in range(rank) for axis in (2 + rank + side, first + side)]
    blocks = x.reshape(examples, *split, *sides).transpose(0, own, *pairs)
    grown = (n * f for n, f in zip(sides, factors, strict=True))
    return np.ascontiguousarray(blocks.reshape(examples, left, *grown))


def _gather(x: Array, factors: Axes, order: str) -> Array:
    """Collect every block of places in the channels of one place."""
    examples, channels, *sides = x.shape
    rank = len(sides)
    shrunk = [n // f for n, f in zip(sides, factors, strict=True)]
    halves = [extent for pair in zip(shrunk, factors, strict=True) for extent in pair]
    within, places = [3 + 2 * side for side in range(rank)], [2 + 2 * side for side in range(rank)]
    front = (1, *within) if order == "crd" else (*within, 1)
    blocks = x.reshape(examples, channels, *halves).transpose(0, *front, *places)
    return np.ascontiguousarray(blocks.reshape(examples, channels * prod(factors), *shrunk))


@registry.forward(PixelShuffle)
@registry.counted(PixelShuffle)
def pixel_shuffle(layer: PixelShuffle, arrays: Arrays, x: Array) -> Array:
    """Lay channels out as places."""
    return _spread_out(x, _factors(layer, x), layer.order)


@registry.gradient(PixelShuffle)
def pixel_shuffle_gradient(layer: PixelShuffle, x: Array, y: Array, g: Array) -> Array:
    """Collect the places again."""
    return _gather(g, _factors(layer, x), layer.order)


@registry.forward(PixelUnshuffle)
@registry.counted(PixelUnshuffle)
def pixel_unshuffle(layer: PixelUnshuffle, arrays: Arrays, x: Array) -> Array:
    """Collect places in channels."""
    return _gather(x, _factors(layer, x), layer.order)


@registry.gradient(PixelUnshuffle)
def pixel_unshuffle_gradient(layer: PixelUnshuffle, x: Array, y: Array, g: Array) -> Array:
    """Lay the channels out again."""
    return _spread_out(g, _factors(layer, x), layer.order)


def _factors(layer: PixelShuffle | PixelUnshuffle, x: Array) -> Axes:
    return tuple(map(known, spread(layer.factor, x)))


@registry.formula(PixelShuffle)
def shuffle_formulas(layer: PixelShuffle, x: Array) -> Formulas:
    """Write the formulas of channels that become places."""
    rank, factors = x.ndim - 2, _factors(layer, x)
    few = x.shape[1] // prod(factors)
    return {
        "y": _from_channels("x", "y", POSITIONS[:rank], factors, few, layer.order),
        "x": _from_places("g", "x", PLACES[:rank], factors, few, layer.order),
    }


@registry.formula(PixelUnshuffle)
def unshuffle_formulas(layer: PixelUnshuffle, x: Array) -> Formulas:
    """Write the formulas of places that become channels."""
    rank, factors = x.ndim - 2, _factors(layer, x)
    return {
        "y": _from_places("x", "y", POSITIONS[:rank], factors, x.shape[1], layer.order),
        "x": _from_channels("g", "x", PLACES[:rank], factors, x.shape[1], layer.order),
    }


def _from_channels(source: str, of: str, places: str, factors: Axes, few: int, order: str) -> Any:  # noqa: ANN401
    """Find an element of the larger map among the channels of the smaller one."""
    strides = [prod(factors[side + 1 :]) for side, _ in enumerate(factors)]
    apart, block = (1, prod(factors)) if order == "crd" else (few, 1)

    def term(values: Values, at: Axes) -> Term:
        inside = sum(p % f * s for p, f, s in zip(at[1:], factors, strides, strict=True))
        place = (p // f for p, f in zip(at[1:], factors, strict=True))
        return Term((float(values[source][(at[0] * block + inside * apart, *place)]),))

    own = _times("c", block)
    offsets = [
        _times(f"({p} mod {f})", s * apart)
        for p, f, s in zip(places, factors, strides, strict=True)
    ]
    over = [f"{p} // {f}" for p, f in zip(places, factors, strict=True)]
    text = f"{source}[{', '.join((' + '.join((own, *offsets)), *over))}]"
    return single(of, f"c{places}", text, term)


def _from_places(source: str, of: str, places: str, factors: Axes, few: int, order: str) -> Any:  # noqa: ANN401
    """Find an element of the smaller map at a place of the larger one."""
    strides = [prod(factors[side + 1 :]) for side, _ in enumerate(factors)]
    block = prod(factors)

    def term(values: Values, at: Axes) -> Term:
        channel, inside = divmod(at[0], block) if order == "crd" else divmod(at[0], few)[::-1]
        place = (p * f + inside // s % f for p, f, s in zip(at[1:], factors, strides, strict=True))
        return Term((float(values[source][(channel, *place)]),))

    own, inside = (f"c // {block}", "c") if order == "crd" else (f"c mod {few}", f"(c // {few})")
    rows = [
        f"{_times(p, f)} + ({inside if s == 1 else f'{inside} // {s}'}) mod {f}"
        for p, f, s in zip(places, factors, strides, strict=True)
    ]
    return single(of, f"c{places}", f"{source}[{', '.join((own, *rows))}]", term)


def _times(word: str, factor: int) -> str:
    return word if factor == 1 else f"{factor}*{word}"


@registry.paper_copy(PixelShuffle)
def shuffle_paper_copy(layer: PixelShuffle, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    """Keep a factor of 2, and two channels."""
    rank, factor = len(inputs[0].sides), least(layer.factor, 2)
    blocks = prod(factor * (rank if len(factor) == 1 else 1))
    return copied(layer, factor=factor), (Map((1, 2, 1)[:rank], 2 * blocks),)


@registry.paper_copy(PixelUnshuffle)
def unshuffle_paper_copy(layer: PixelUnshuffle, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    """Keep a factor of 2, and two channels."""
    return copied(layer, factor=least(layer.factor, 2)), (
        Map((2, 4, 2)[: len(inputs[0].sides)], 2),
    )

"""Layers that move, add or take away elements.

A row holds a map channel by channel, each row by row; so flatten, dense layers and reshapes
between a row and a map agree.  Between maps a reshape keeps the order in which shapes are
written, sides first and channels last.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from shapecalc.algebra import known
from shapecalc.layers.reshape import ChannelShuffle, Crop, Flatten, PadLayer, Permute, Reshape
from shapecalc.reference import registry, upsample  # noqa: F401  (it registers itself)
from shapecalc.reference.arrays import along_sides, spread, spread_pairs
from shapecalc.reference.example import SIDES, copied, least, shape_like
from shapecalc.reference.formula import (
    PLACES,
    POSITIONS,
    Index,
    Ref,
    Term,
    place_names,
    plain,
    ref,
    single,
    summed,
)
from shapecalc.reference.moving import SlidingWindow, inside, surround

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shapecalc.layers.base import Layer
    from shapecalc.layers.shape import Shape
    from shapecalc.reference.arrays import Array, Arrays, Axes
    from shapecalc.reference.formula import Formulas, Values

# -- flatten and reshape ---------------------------------------------------------------------------


@registry.forward(Flatten)
@registry.counted(Flatten)
def flatten(layer: object, arrays: Arrays, x: Array) -> Array:
    """Write all elements in one row."""
    return x.reshape(len(x), -1)


@registry.gradient(Flatten)
def flatten_gradient(layer: object, x: Array, y: Array, g: Array) -> Array:
    """Read the gradient as the input's shape."""
    return g.reshape(x.shape)


@registry.formula(Flatten)
def flatten_formulas(layer: object, x: Array) -> Formulas:
    """Write the formulas of a map in one row."""
    at = place_names(x.ndim - 2)
    row = _row(at, x.shape[2:])
    text = f"x[{', '.join(at)}] where n = {row}"
    return {
        "y": single("y", "n", text, _found_again("x", "y", by_channel=True)),
        "x": summed("x", at, (Ref("g", (row,)),), {}, note="The gradient is put back in place."),
    }


def _row(at: str, sides: Axes) -> Index:
    """Count an element's place in a row, channel by channel, each row by row."""
    factors = [prod(sides[axis:]) for axis, _ in enumerate(at)]
    return Index(tuple((name, times, 1) for name, times in zip(at, factors, strict=True)))


def _written(x: Array) -> Array:
    """Put the channels last, as shapes are written."""
    return np.moveaxis(x, 1, -1)


def _stored(x: Array) -> Array:
    """Put the channels first again."""
    return np.moveaxis(x, -1, 1)


def _reread(x: Array, shape: Axes) -> Array:
    """Read the elements as another shape, sides first and channels last."""
    if x.ndim == 2 or len(shape) == 1:
        return x.reshape(len(x), *shape[-1:], *shape[:-1])
    return _stored(_written(x).reshape(len(x), *shape))


@registry.forward(Reshape)
@registry.counted(Reshape)
def reshape(layer: Reshape, arrays: Arrays, x: Array) -> Array:
    """Read the same elements as another shape."""
    return _reread(x, tuple(map(known, layer.shape)))


@registry.overwriting(Reshape)
def reshape_over(layer: Reshape, arrays: Arrays, x: Array) -> Array:
    """Read the same elements as another shape, in the memory where they are."""
    y = _reread(x, tuple(map(known, layer.shape)))
    if np.may_share_memory(x, y):
        return y
    place = x.reshape(y.shape)
    place[...] = y
    return place


@registry.gradient(Reshape)
def reshape_gradient(layer: Reshape, x: Array, y: Array, g: Array) -> Array:
    """Read the gradient as the input's shape."""
    return _reread(g, (*x.shape[2:], x.shape[1]))


@registry.formula(Reshape)
def reshape_formulas(layer: Reshape, x: Array) -> Formulas:
    """Say in which order the elements are read."""
    target = tuple(map(known, layer.shape))
    by_channel = x.ndim == 2 or len(target) == 1
    order = "channel by channel, each row by row" if by_channel else "row by row, channels last"
    extents = "x".join(map(str, target))
    return {
        "y": single("y", f"c{POSITIONS[: len(target) - 1]}",
                    f"those of x, {order}, read as {extents}",
                    _found_again("x", "y", by_channel=by_channel)),
        "x": single("x", place_names(x.ndim - 2), f"those of g, {order}, read in the shape of x",
                    _found_again("g", "x", by_channel=by_channel)),
    }  # fmt: skip


def _found_again(source: str, target: str, *, by_channel: bool) -> Callable[[Values, Axes], Term]:
    """Find an element of `target` in `source`, which holds the same in the same order."""

    def ordered(entries: Axes) -> Axes:
        return entries if by_channel else (*entries[1:], entries[0])

    def term(values: Values, at: Axes) -> Term:
        array, shape = values[source], ordered(values[target].shape)
        number = sum(p * prod(shape[axis:]) for axis, p in enumerate(ordered(at), 1))
        row = array if by_channel else np.moveaxis(array, 0, -1)
        return Term((float(row.reshape(-1)[number]),))

    return term


#: The shapes of 12 elements, by the number of their extents.
TWELVE = {1: (12,), 2: (4, 3), 3: (3, 2, 2), 4: (3, 1, 2, 2)}


@registry.paper_copy(Reshape)
def reshape_paper_copy(layer: Reshape, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    """Keep 12 elements."""
    small = copied(layer, shape=TWELVE[len(layer.shape)])
    return small, (
        shape_like(inputs[0], SIDES, 12 // int(np.prod(SIDES[: len(inputs[0].sides)])), 12),
    )


# -- permute ---------------------------------------------------------------------------------------


@registry.forward(Permute)
@registry.counted(Permute)
def permute(layer: Permute, arrays: Arrays, x: Array) -> Array:
    """Output axis i is input axis order[i], with the channels as the last axis."""
    order = (0, *(axis + 1 for axis in layer.order))
    return np.array(_stored(_written(x).transpose(order)), order="C")


@registry.gradient(Permute)
def permute_gradient(layer: Permute, x: Array, y: Array, g: Array) -> Array:
    """Put every axis back."""
    order = (0, *(axis + 1 for axis in layer.order))
    return _stored(_written(g).transpose(np.argsort(order)))


@registry.formula(Permute)
def permute_formulas(layer: Permute, x: Array) -> Formulas:
    """Write the formulas of axes in another order."""
    rank = x.ndim - 2
    names = (*PLACES[:rank], "c")  # as shapes are written, channels last
    order = layer.order
    moved = [names[axis] for axis in order]
    put = {axis: place for place, axis in enumerate(order)}
    there = (*POSITIONS[:rank], "c")
    back = [there[put[axis]] for axis in range(rank + 1)]
    at = f"c{POSITIONS[:rank]}"
    note = "The gradient's axes are put back."
    return {
        "y": summed("y", at, (ref("x", back[-1] + "".join(back[:-1])),), {}),
        "x": summed("x", f"c{PLACES[:rank]}", (ref("g", moved[-1] + "".join(moved[:-1])),), {},
                    note=note),
    }  # fmt: skip


# -- pad and crop ----------------------------------------------------------------------------------


def _rim(layer: PadLayer, x: Array) -> SlidingWindow:
    ones, rank = (1,) * (x.ndim - 2), x.ndim - 2
    return SlidingWindow(
        ones, ones, ones, spread_pairs(layer.pad.pairs, x), (0,) * rank, (None,) * rank
    )


@registry.forward(PadLayer)
@registry.counted(PadLayer)
def pad(layer: PadLayer, arrays: Arrays, x: Array) -> Array:
    """Put zeros around the input."""
    padded = surround(x, _rim(layer, x))
    return padded if padded is not x else x.copy()


@registry.gradient(PadLayer)
def pad_gradient(layer: PadLayer, x: Array, y: Array, g: Array) -> Array:
    """Cut the rim off."""
    return inside(g, x, _rim(layer, x))


def _shifted(shifts: Sequence[int], forward: str, backward: str) -> Formulas:
    rank = len(shifts)
    to = [Index(((i, 1, 1),), -n) for i, n in zip(POSITIONS, shifts, strict=False)]
    back = [Index(((u, 1, 1),), n) for u, n in zip(PLACES, shifts, strict=False)]
    return {
        "y": summed("y", f"c{POSITIONS[:rank]}", (Ref("x", (*plain("c"), *to)),), {}, note=forward),
        "x": summed("x", f"c{PLACES[:rank]}", (Ref("g", (*plain("c"), *back)),), {}, note=backward),
    }


@registry.formula(PadLayer)
def pad_formulas(layer: PadLayer, x: Array) -> Formulas:
    """Write the formulas of zeros around a map."""
    starts = [before for before, _ in spread_pairs(layer.pad.pairs, x)]
    return _shifted(starts, "x is 0 outside the input.", "What is before the rim is cut off.")


@registry.paper_copy(PadLayer)
def pad_paper_copy(layer: PadLayer, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    """Keep a rim of 1."""
    pairs = tuple((min(known(a), 1), min(known(b), 1)) for a, b in layer.pad.pairs)
    return copied(layer, pad=layer.pad._replace(pairs=pairs)), (shape_like(inputs[0], SIDES, 1, 4),)


def _cut_out(layer: Crop, x: Array) -> list[tuple[int, int]]:
    """Return where what is cut out of every side starts, and its size."""
    sizes = tuple(map(known, spread(layer.to or layer.like or (), x)))
    if layer.offset is not None:
        return list(zip(map(known, spread(layer.offset, x)), sizes, strict=True))
    return [((n - size) // 2, size) for n, size in zip(x.shape[2:], sizes, strict=True)]


def _kept(layer: Crop, x: Array) -> tuple[Any, ...]:
    """Say which rows of every side stay; an odd row more is taken at the end."""
    if layer.crop is None:
        sizes = _cut_out(layer, x)
        return along_sides(slice(start, start + size) for start, size in sizes)
    pairs = spread_pairs(layer.crop.pairs, x) if layer.crop else ()
    ends = zip(x.shape[2:], pairs, strict=True)
    return along_sides(slice(before, n - after) for n, (before, after) in ends)


@registry.forward(Crop)
@registry.counted(Crop)
def crop(layer: Crop, arrays: Arrays, x: Array) -> Array:
    """Take rows away at the ends of the sides."""
    return np.array(x[_kept(layer, x)])


@registry.gradient(Crop)
def crop_gradient(layer: Crop, x: Array, y: Array, g: Array) -> Array:
    """Nothing comes back to what was taken away."""
    back = np.zeros_like(x)
    back[_kept(layer, x)] = g
    return back


@registry.formula(Crop)
def crop_formulas(layer: Crop, x: Array) -> Formulas:
    """Write the formulas of a part of a map."""
    if layer.crop is None:
        starts = [start for start, _ in _cut_out(layer, x)]
    else:
        starts = [before for before, _ in spread_pairs(layer.crop.pairs, x)]
    note = "g is 0 outside the output: nothing comes back to what was cut off."
    return _shifted([-n for n in starts], "", note)


@registry.paper_copy(Crop)
def crop_paper_copy(layer: Crop, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    """Cut 1 off, or down to 2."""
    shape = shape_like(inputs[0], (4, 5, 4), 1, 4)
    if layer.crop is None:
        size = least(layer.to or layer.like or (), 2)
        offset = None if layer.offset is None else least(layer.offset, 1)
        return copied(layer, to=size, like=None, offset=offset), (shape,)
    pairs = tuple((min(known(a), 1), min(known(b), 1)) for a, b in layer.crop.pairs)
    return copied(layer, crop=layer.crop._replace(pairs=pairs)), (shape,)


# -- channel shuffle -------------------------------------------------------------------------------


def _deal(x: Array, hands: int) -> Array:
    dealt = x.reshape(len(x), hands, -1, *x.shape[2:]).swapaxes(1, 2)
    return np.ascontiguousarray(dealt).reshape(x.shape)


@registry.forward(ChannelShuffle)
@registry.counted(ChannelShuffle)
def channel_shuffle(layer: ChannelShuffle, arrays: Arrays, x: Array) -> Array:
    """Take a channel of every group in turn."""
    return _deal(x, layer.groups)


@registry.gradient(ChannelShuffle)
def channel_shuffle_gradient(layer: ChannelShuffle, x: Array, y: Array, g: Array) -> Array:
    """Collect the groups again."""
    return _deal(g, x.shape[1] // layer.groups)


@registry.formula(ChannelShuffle)
def shuffle_formulas(layer: ChannelShuffle, x: Array) -> Formulas:
    """Write the formulas of channels taken from every group in turn."""
    rest, groups = PLACES[: x.ndim - 2], layer.groups
    size = x.shape[1] // groups

    def moved(source: str, hands: int) -> Callable[[Values, Axes], Term]:
        def term(values: Values, at: Axes) -> Term:
            array = values[source]
            channel = at[0] % hands * (len(array) // hands) + at[0] // hands
            return Term((float(array[(channel, *at[1:])]),))

        return term

    def text(letter: str, hands: int, deck: int) -> str:
        return f"{letter}[{', '.join((f'{deck}*(c mod {hands}) + c // {hands}', *rest))}]"

    return {
        "y": single("y", f"c{rest}", text("x", groups, size), moved("x", groups)),
        "x": single("x", f"c{rest}", text("g", size, groups), moved("g", size),
                    "The groups are collected again."),
    }  # fmt: skip


@registry.paper_copy(ChannelShuffle)
def shuffle_paper_copy(layer: ChannelShuffle, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    """Keep two groups of three channels."""
    groups = min(layer.groups, 2)
    return copied(layer, groups=groups), (shape_like(inputs[0], (1, 2, 1), 3 * groups, 3 * groups),)

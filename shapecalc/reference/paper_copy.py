"""A layer and what flows into it, cut down to what fits on paper."""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING, Any

import numpy as np

from shapecalc.algebra.dim import known
from shapecalc.layers.activation import Softmax
from shapecalc.layers.conv import Conv
from shapecalc.layers.dense import FullyConnected
from shapecalc.layers.depthwise import Depthwise, Separable
from shapecalc.layers.globalpool import AdaptivePool
from shapecalc.layers.lrn import Lrn
from shapecalc.layers.merge import Concat, Join, Multiply
from shapecalc.layers.norm import GroupNorm, LayerNorm, Norm
from shapecalc.layers.pool import Pool
from shapecalc.layers.reshape import ChannelShuffle, Crop, PadLayer, Reshape, Upsample
from shapecalc.layers.shape import Map, Vector
from shapecalc.layers.slope import Prelu
from shapecalc.layers.transposed import Transposed
from shapecalc.reference.padded import extent_of, frame_of, places_along
from shapecalc.reference.transposed import landing

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.layers.base import Layer
    from shapecalc.layers.shape import Shape

#: Windows of an example have at most this kernel, stride, dilation and padding.
KERNEL, STRIDE, DILATION, PAD = 3, 2, 2, 1
#: So many positions an example's output has along its sides, if padding does not make them more.
POSITIONS = (2, 3, 2)
#: The sides of an input over which no window moves.
SIDES = (2, 3, 2)
#: So many operands a join shows.
FEW = 3
#: The shapes of 12 elements, by the number of their extents.
TWELVE = {1: (12,), 2: (4, 3), 3: (3, 2, 2), 4: (3, 1, 2, 2)}


@singledispatch
def tiny(layer: Layer, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    """Cut a layer and its inputs down: here those that take any, and look at single elements."""
    return layer, (_shape(inputs[0], SIDES, 1, 4),)


def _shape(shape: Shape, sides: tuple[int, ...], channels: int, units: int) -> Shape:
    """Return a shape with as many sides."""
    rank = len(shape.sides)
    return Map(sides[:rank], channels) if rank else Vector(units)


def _with(layer: Layer, **changes: Any) -> Any:  # noqa: ANN401
    return type(layer)(
        **{each.name: getattr(layer, each.name) for each in layer.fields()} | changes
    )


def _least(values: tuple[Any, ...], most: int) -> tuple[int, ...]:
    return tuple(min(known(n), most) for n in values)


# -- windows ------------------------------------------------------------------------------------


def _window(layer: Any, inputs: tuple[Shape, ...], kernel: int = KERNEL) -> Any:  # noqa: ANN401
    """Cut kernel, stride, dilation and padding down; kernels of three sides some more."""
    kernel = min(kernel, 2) if len(inputs[0].sides) > 2 else kernel
    stride = layer.kernel if layer.stride is None else layer.stride
    pairs = tuple((min(known(a), PAD), min(known(b), PAD)) for a, b in layer.pad.pairs)
    return _with(
        layer,
        kernel=_least(layer.kernel, kernel),
        stride=_least(stride, STRIDE if layer.stride is not None else kernel),
        dilation=_least(layer.dilation, DILATION),
        pad=layer.pad._replace(pairs=pairs),
    )


def _moved_over(layer: Layer, rank: int, channels: int = 1) -> tuple[Layer, tuple[Shape, ...]]:
    """Give a layer's windows the smallest sides, from 2 on, that have so many positions or more."""

    def positions(n: int, axis: int) -> int:
        x = np.broadcast_to(0.0, (1, 1, *(n if each == axis else 40 for each in range(rank))))
        frame = frame_of(layer, x)
        extent = frame.dilation[axis] * (frame.kernel[axis] - 1) + 1
        return places_along(x, frame)[axis] if extent_of(x, frame)[axis] >= extent else 0

    return layer, (Map(_sides(rank, positions), channels),)


def _sides(rank: int, positions: Callable[[int, int], int]) -> tuple[int, ...]:
    """Return, for every axis, the smallest side that gives it its positions."""
    return tuple(
        next(n for n in range(2, 40) if positions(n, axis) >= POSITIONS[axis])
        for axis in range(rank)
    )


@tiny.register(Conv)
def _(layer: Conv, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    small, rank = _window(layer, inputs), len(inputs[0].sides)
    if layer.connections is None:
        return _moved_over(_with(small, filters=1, groups=1), rank)
    rows = [row[:2] for row in layer.connections[:2]]
    used = sorted({c for row in rows for c in row})
    table = tuple(tuple(used.index(c) for c in row) for row in rows)
    small = _with(_window(layer, inputs, 2), filters=len(table), connections=table)
    return _moved_over(small, rank, len(used))


@tiny.register(Depthwise)
def _(layer: Depthwise, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    small = _with(_window(layer, inputs, 2), multiplier=min(known(layer.multiplier), 2))
    return _moved_over(small, len(inputs[0].sides), 2 // known(small.multiplier))


@tiny.register(Separable)
def _(layer: Separable, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    small = _with(_window(layer, inputs, 2), filters=1, multiplier=1)
    return _moved_over(small, len(inputs[0].sides), 2)


@tiny.register(Pool)
def _(layer: Pool, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    return _moved_over(_window(layer, inputs), len(inputs[0].sides))


@tiny.register(Transposed)
def _(layer: Transposed, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    rank, extra = len(inputs[0].sides), layer.output_padding
    small = _with(_window(layer, inputs), filters=1, groups=1)
    if extra is not None:
        small = _with(small, output_padding=_least(extra, 1))

    def kept(n: int, axis: int) -> int:
        x = np.broadcast_to(0.0, (1, 1, *(n if each == axis else 40 for each in range(rank))))
        part = landing(small, x).cut[axis]
        return int(part.stop - part.start)

    return small, (Map(_sides(rank, kept), 1),)


@tiny.register(AdaptivePool)
def _(layer: AdaptivePool, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    shape = _shape(inputs[0], (3, 4, 3), 1, 1)
    return _with(layer, size=_least(layer.size, 2)), (shape,)


# -- what has no windows ------------------------------------------------------------------------


@tiny.register(FullyConnected)
def _(layer: FullyConnected, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    return _with(layer, units=2), (Vector(3),)


@tiny.register(Norm)
def _(layer: Norm, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    return layer, (_shape(inputs[0], SIDES, 2, 4),)


@tiny.register(LayerNorm)
def _(layer: LayerNorm, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    return layer, (_shape(inputs[0], (1, 2, 1), 3, 4),)  # two numbers would be -1 and 1


@tiny.register(GroupNorm)
def _(layer: GroupNorm, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    groups = min(layer.groups, 2)
    return _with(layer, groups=groups), (_shape(inputs[0], (1, 2, 1), 2 * groups, 2 * groups),)


@tiny.register(Lrn)
def _(layer: Lrn, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    small = _with(layer, size=min(layer.size, 3), alpha=1.0)  # the usual one moves no fourth digit
    return small, (_shape(inputs[0], (1, 2, 1), 3, 4),)


@tiny.register(Prelu)
def _(layer: Prelu, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    return layer, (_shape(inputs[0], SIDES, 2, 4),)


@tiny.register(Softmax)
def _(layer: Softmax, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    over_channels = layer.over == "channels"
    sides, channels = ((1, 2, 1), 3) if over_channels else (SIDES, 1)
    return layer, (_shape(inputs[0], sides, channels, 4),)


@tiny.register(Reshape)
def _(layer: Reshape, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    small = _with(layer, shape=TWELVE[len(layer.shape)])
    return small, (_shape(inputs[0], SIDES, 12 // int(np.prod(SIDES[: len(inputs[0].sides)])), 12),)


@tiny.register(PadLayer)
def _(layer: PadLayer, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    pairs = tuple((min(known(a), 1), min(known(b), 1)) for a, b in layer.pad.pairs)
    return _with(layer, pad=layer.pad._replace(pairs=pairs)), (_shape(inputs[0], SIDES, 1, 4),)


@tiny.register(Crop)
def _(layer: Crop, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    shape = _shape(inputs[0], (4, 5, 4), 1, 4)
    if layer.to is not None:
        return _with(layer, to=_least(layer.to, 2)), (shape,)
    assert layer.crop is not None
    pairs = tuple((min(known(a), 1), min(known(b), 1)) for a, b in layer.crop.pairs)
    return _with(layer, crop=layer.crop._replace(pairs=pairs)), (shape,)


@tiny.register(Upsample)
def _(layer: Upsample, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    return _with(layer, factor=_least(layer.factor, 2)), (_shape(inputs[0], SIDES, 1, 4),)


@tiny.register(ChannelShuffle)
def _(layer: ChannelShuffle, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    groups = min(layer.groups, 2)
    return _with(layer, groups=groups), (_shape(inputs[0], (1, 2, 1), 3 * groups, 3 * groups),)


@tiny.register(Join)
def _(layer: Join, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    return layer, tuple(_shape(shape, SIDES, 1, 3) for shape in inputs[:FEW])


@tiny.register(Concat)
def _(layer: Concat, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    shapes = enumerate(inputs[:FEW])
    return layer, tuple(_shape(shape, (1, 2, 1), 1 + n % 2, 2 + n) for n, shape in shapes)


@tiny.register(Multiply)
def _(layer: Multiply, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    return layer, tuple(_stretching(shape) for shape in inputs[:FEW])


def _stretching(shape: Shape) -> Shape:
    """Keep the extents of 1, which stretch."""
    channels = min(known(shape.channels), 2)
    if not shape.sides:
        return Vector(channels)
    sides = zip(shape.sides, SIDES, strict=False)
    return Map(tuple(min(known(n), few) for n, few in sides), channels)

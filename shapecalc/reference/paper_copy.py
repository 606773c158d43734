"""A layer and what flows into it, cut down to what fits on paper: what families share for that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shapecalc.algebra import known
from shapecalc.layers.shape import Map, Vector
from shapecalc.reference import registry
from shapecalc.reference.padded import extent_of, places_along, sliding_window

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


def on_paper(layer: Layer, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    """Cut a layer and its inputs down; a layer that has no way of its own looks at elements."""
    cut = registry.paper_copy.nearest(type(layer))
    return (layer, (shape_like(inputs[0], SIDES, 1, 4),)) if cut is None else cut(layer, *inputs)


def shape_like(shape: Shape, sides: tuple[int, ...], channels: int, units: int) -> Shape:
    """Return a shape with as many sides."""
    rank = len(shape.sides)
    return Map(sides[:rank], channels) if rank else Vector(units)


def copied(layer: Layer, **changes: Any) -> Any:  # noqa: ANN401
    """Return a layer with other values in some of its fields."""
    return type(layer)(
        **{field.name: getattr(layer, field.name) for field in layer.fields()} | changes
    )


def least(values: tuple[Any, ...], most: int) -> tuple[int, ...]:
    """Return sizes of at most `most`."""
    return tuple(min(known(n), most) for n in values)


def small_window(layer: Any, inputs: tuple[Shape, ...], kernel: int = KERNEL) -> Any:  # noqa: ANN401
    """Cut kernel, stride, dilation and padding down; kernels of three sides some more."""
    kernel = min(kernel, 2) if len(inputs[0].sides) > 2 else kernel
    stride = layer.kernel if layer.stride is None else layer.stride
    pairs = tuple((min(known(a), PAD), min(known(b), PAD)) for a, b in layer.pad.pairs)
    return copied(
        layer,
        kernel=least(layer.kernel, kernel),
        stride=least(stride, STRIDE if layer.stride is not None else kernel),
        dilation=least(layer.dilation, DILATION),
        pad=layer.pad._replace(pairs=pairs),
    )


def moved_over(layer: Layer, rank: int, channels: int = 1) -> tuple[Layer, tuple[Shape, ...]]:
    """Give a layer's windows the smallest sides, from 2 on, that have so many positions or more."""

    def positions(n: int, axis: int) -> int:
        x = np.broadcast_to(0.0, (1, 1, *(n if side == axis else 40 for side in range(rank))))
        sliding = sliding_window(layer, x)
        extent = sliding.dilation[axis] * (sliding.kernel[axis] - 1) + 1
        return places_along(x, sliding)[axis] if extent_of(x, sliding)[axis] >= extent else 0

    return layer, (Map(fewest_sides(rank, positions), channels),)


def fewest_sides(rank: int, positions: Callable[[int, int], int]) -> tuple[int, ...]:
    """Return, for every axis, the smallest side that gives it its positions."""
    return tuple(
        next(n for n in range(2, 40) if positions(n, axis) >= POSITIONS[axis])
        for axis in range(rank)
    )

"""Convolution: plain, grouped, and with LeNet's table of connections."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

from shapecalc.algebra import known
from shapecalc.layers.conv import Conv
from shapecalc.reference import registry
from shapecalc.reference.arrays import Gradients, Slot, kernel_slot, spread
from shapecalc.reference.example import copied, moved_over, small_window
from shapecalc.reference.moving import (
    Kernels,
    blank,
    convolution_formulas,
    inside,
    moves,
    sliding_window,
    surround,
    windows,
)
from shapecalc.reference.weighted import (
    add_bias,
    bias_gradient,
    bias_slots,
    correlate,
    correlate_back,
    correlate_kernels,
    counted_bias,
    counted_products,
    counted_windows,
    grouped,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.layers.base import Layer
    from shapecalc.layers.shape import Shape
    from shapecalc.reference.arrays import Array, Arrays
    from shapecalc.reference.formula import Formulas


@registry.slots(Conv)
def slots(layer: Conv, x: Array) -> dict[str, Slot]:
    """F x C/groups x kernel; with a table, a kernel for every connected pair of maps."""
    kernel, filters = spread(layer.kernel, x), known(layer.filters)
    if layer.connections is not None:
        pairs = [pair for row in layer.connections for pair in row]
        terms = len(pairs) * prod(kernel) // len(layer.connections)
        needed = {"weight": kernel_slot((len(pairs), *kernel), terms)}
    else:
        seen = (x.shape[1] // layer.groups, *kernel)
        needed = {"weight": kernel_slot((filters, *seen), prod(seen))}
    return needed | bias_slots(layer, filters, x)


@registry.forward(Conv)
def forward(layer: Conv, arrays: Arrays, x: Array) -> Array:
    """Weigh every window with every kernel, add up, add the bias."""
    sliding = sliding_window(layer, x)
    canvas, weight = surround(x, sliding), arrays["weight"]
    if layer.connections is None:
        return add_bias(correlate(windows(canvas, sliding), weight, layer.groups), arrays)
    maps = [
        correlate(windows(canvas[:, row], sliding), kernels[None])
        for row, kernels in _table(layer, weight)
    ]
    return add_bias(np.concatenate(maps, 1), arrays)


@registry.backward(Conv)
def backward(layer: Conv, arrays: Arrays, x: Array, y: Array, gradient: Array) -> Gradients:
    """Correlate the input with the gradient for the weights, spread the kernels for the input."""
    sliding = sliding_window(layer, x)
    canvas, weight, back = surround(x, sliding), arrays["weight"], blank(x, sliding)
    trained = bias_gradient(gradient, arrays)
    if layer.connections is None:
        view = windows(canvas, sliding)
        trained["weight"] = correlate_kernels(view, gradient, layer.groups)
        correlate_back(windows(back, sliding), weight, gradient, layer.groups)
        return Gradients((inside(back, x, sliding),), trained)
    pieces = []
    for number, (row, kernels) in enumerate(_table(layer, weight)):
        above = gradient[:, number : number + 1]
        pieces.append(correlate_kernels(windows(canvas[:, row], sliding), above)[0])
        seen = np.zeros_like(canvas[:, row])
        correlate_back(windows(seen, sliding), kernels[None], above)
        back[:, row] += seen
    trained["weight"] = np.concatenate(pieces)
    return Gradients((inside(back, x, sliding),), trained)


def _table(layer: Conv, weight: Array) -> Iterator[tuple[list[int], Array]]:
    """Pair every filter's input maps with their kernels."""
    start = 0
    for row in layer.connections or ():
        yield list(row), weight[start : start + len(row)]
        start += len(row)


@registry.counted(Conv)
def counted(layer: Conv, arrays: Arrays, x: Array) -> Array:
    """Add up a product for every tap of every map that a filter sees."""
    weight = arrays["weight"]
    if layer.connections is None:
        return counted_bias(
            counted_products(counted_windows(layer, x), grouped(weight, layer.groups), x), arrays
        )
    ends = np.cumsum([len(row) for row in layer.connections])[:-1]
    rows = zip(layer.connections, np.split(weight, ends), strict=True)
    return counted_bias(counted_products(counted_windows(layer, x), rows, x), arrays)


# -- formulas --------------------------------------------------------------------------------------


@registry.formula(Conv)
def formulas(layer: Conv, x: Array) -> Formulas:
    """Write a convolution's formulas."""
    filters, groups, only = known(layer.filters), layer.groups, None
    if layer.connections is not None:
        only = {(f, c) for f, row in enumerate(layer.connections) for c in row}
    kernels = Kernels(filters, x.shape[1] // groups, filters // groups, groups > 1, only)
    return convolution_formulas(layer.bias, moves(x, sliding_window(layer, x)), kernels)


@registry.arranged(Conv)
def arranged(layer: Conv, name: str, array: Array, channels: int) -> Array:
    """Write kernels of connected pairs as F x C x kernel, 0 where a filter does not see a map."""
    if layer.connections is None or name != "weight":
        return array
    pairs = [(f, c) for f, row in enumerate(layer.connections) for c in row]
    spread_out = np.zeros((len(layer.connections), channels, *array.shape[1:]))
    for (f, c), kernel in zip(pairs, array, strict=True):
        spread_out[f, c] = kernel
    return spread_out


@registry.paper_copy(Conv)
def paper_copy(layer: Conv, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    """Keep one filter, or two of a table of connections."""
    small, rank = small_window(layer, inputs), len(inputs[0].sides)
    if layer.connections is None:
        return moved_over(copied(small, filters=1, groups=1), rank)
    rows = [row[:2] for row in layer.connections[:2]]
    used = sorted({c for row in rows for c in row})
    table = tuple(tuple(used.index(c) for c in row) for row in rows)
    small = copied(small_window(layer, inputs, 2), filters=len(table), connections=table)
    return moved_over(small, rank, len(used))

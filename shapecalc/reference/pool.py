"""Pools: the maximum or the mean of every window, and LeNet's trained subsampling."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shapecalc.reference.arrays import Gradients, along_sides, bias_slot, places, scale_slot
from shapecalc.reference.conv import add_bias, bias_gradient
from shapecalc.reference.padded import Frame, blank, frame_of, inside, surround, windows
from shapecalc.reference.product import matmul

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.layers.pool import AvgPool, MaxPool, Pool, Subsampling
    from shapecalc.reference.arrays import Array, Arrays, Slot


def taps(view: Array) -> Iterator[Array]:
    """View what every window shows at one of its taps, tap after tap in row-major order."""
    rank = (view.ndim - 2) // 2
    for tap in np.ndindex(*view.shape[2 + rank :]):
        yield view[along_sides(tap)]


def side_by_side(canvas: Array, frame: Frame, join: np.ufunc) -> Array:
    """Join the elements of every window, along one side after the other.

    The maximum of a window is that of its rows' maxima, its sum the sum of their sums.
    """
    counts = windows(canvas, frame).shape[2 : canvas.ndim]
    y = canvas
    moves = zip(frame.kernel, frame.stride, frame.dilation, counts, strict=True)
    for axis, (k, s, d, n) in enumerate(moves, 2):
        before = (slice(None),) * axis
        first, *others = (
            y[(*before, slice(tap * d, tap * d + (n - 1) * s + 1, s))] for tap in range(k)
        )
        y = join(first, others[0]) if others else first.copy()
        for each in others[1:]:
            join(y, each, out=y)
    return y


def max_forward(layer: MaxPool, arrays: Arrays, x: Array) -> Array:
    """Keep the largest element of every window; padding counts for -infinity."""
    frame = frame_of(layer, x)
    return side_by_side(surround(x, frame, -np.inf), frame, np.maximum)


def max_backward(layer: MaxPool, arrays: Arrays, x: Array, y: Array, gradient: Array) -> Gradients:
    """Send the gradient to the winner of every window: the first in row-major order of equals."""
    frame = frame_of(layer, x)
    seen, back = windows(surround(x, frame, -np.inf), frame), blank(x, frame)
    open_still = np.ones(y.shape, bool)
    for shown, target in zip(taps(seen), taps(windows(back, frame)), strict=True):
        won = open_still & (shown == y)
        target[...] += won * gradient
        open_still &= ~won
    return Gradients((inside(back, x, frame),), {})


def spread_back(layer: Pool, x: Array, frame: Frame, gradient: Array) -> Array:
    """Give every element of a window the window's gradient: the adjoint of a sum."""
    back = blank(x, frame)
    for target in taps(windows(back, frame)):
        target[...] += gradient
    return inside(back, x, frame)


def divisor(layer: AvgPool, x: Array, frame: Frame) -> Array:
    """Count what a mean divides by: a window's elements in the input, or in the padding as well.

    What hangs over the end under ceil counts in neither case, as in Caffe and PyTorch.  Under
    `ceil_full` a window may hold nothing at all; its mean is 0.
    """
    counted = blank(x[:1, :1], frame)
    if layer.count_include_pad:
        ends = zip(counted.shape[2:], frame.over, strict=True)
        counted[along_sides(slice(0, n - over) for n, over in ends)] = 1
    else:
        inside(counted, x, frame)[...] = 1
    return np.maximum(side_by_side(counted, frame, np.add), 1)


def avg_forward(layer: AvgPool, arrays: Arrays, x: Array) -> Array:
    """Add up every window and divide by how many elements it counts."""
    frame = frame_of(layer, x)
    y = side_by_side(surround(x, frame), frame, np.add)
    y /= divisor(layer, x, frame)
    return y


def avg_backward(layer: AvgPool, arrays: Arrays, x: Array, y: Array, gradient: Array) -> Gradients:
    """Share every window's gradient out evenly."""
    frame = frame_of(layer, x)
    return Gradients((spread_back(layer, x, frame, gradient / divisor(layer, x, frame)),), {})


def subsampling_slots(layer: Subsampling, x: Array) -> dict[str, Slot]:
    """One coefficient and one bias per map."""
    return {"weight": scale_slot((x.shape[1],)), "bias": bias_slot((x.shape[1],))}


def subsampling_forward(layer: Subsampling, arrays: Arrays, x: Array) -> Array:
    """Multiply every window's sum by its map's coefficient and add the map's bias."""
    frame = frame_of(layer, x)
    total = side_by_side(surround(x, frame), frame, np.add)
    rows = total.reshape(*total.shape[:2], 1, -1)
    y = matmul(arrays["weight"].reshape(-1, 1, 1), rows)
    return add_bias(y.reshape(total.shape), arrays)


def subsampling_backward(
    layer: Subsampling, arrays: Arrays, x: Array, y: Array, gradient: Array
) -> Gradients:
    """Go back through the coefficient, then to every element of a window."""
    frame = frame_of(layer, x)
    total = side_by_side(surround(x, frame), frame, np.add)
    trained = bias_gradient(gradient, arrays)
    trained["weight"] = (gradient * total).sum(places(x))
    coefficient = arrays["weight"].reshape(-1, *(1,) * (x.ndim - 2))
    return Gradients((spread_back(layer, x, frame, gradient * coefficient),), trained)

"""Convolutions and pools as their definitions read, for numbers that count their operations.

Sums start at 0 and maxima at -infinity, and every element of a window takes part, padding too.
Arrays hold `tally.Counting` numbers; N x C x sides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shapecalc.algebra.dim import known
from shapecalc.reference.arrays import along_sides, column
from shapecalc.reference.globalpool import boxes
from shapecalc.reference.padded import frame_of, surround, windows
from shapecalc.reference.pool import divisor, taps
from shapecalc.reference.transposed import landing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from shapecalc.layers.conv import Conv
    from shapecalc.layers.depthwise import Depthwise, Separable
    from shapecalc.layers.pool import AvgPool, MaxPool, Subsampling
    from shapecalc.layers.transposed import Transposed
    from shapecalc.reference.arrays import Array, Arrays


def blank(shape: Iterable[int], x: Array, value: float = 0.0) -> Array:
    """Return accumulators that count, all of one value."""
    return np.full(tuple(shape), x.flat[0].like(value), object)


larger = np.frompyfunc(lambda a, b: max(b, a), 2, 1)


# -- convolutions -------------------------------------------------------------------------------


def _view(layer: Any, x: Array, fill: float = 0.0) -> Array:  # noqa: ANN401
    frame = frame_of(layer, x)
    return windows(surround(x, frame, x.flat[0].like(fill)), frame)


def _convolved(view: Array, rows: Iterable[tuple[Iterable[int], Array]], x: Array) -> Array:
    """Weigh, for every filter, the input maps that it sees with their kernels."""
    maps = []
    for seen, kernels in rows:
        y = blank((len(x), *view.shape[2 : x.ndim]), x)
        for channel, kernel in zip(seen, kernels, strict=True):
            for weight, shown in zip(
                kernel.flat, taps(view[:, channel : channel + 1]), strict=True
            ):
                y = y + shown[:, 0] * weight
        maps.append(y)
    return np.stack(maps, 1)


def _grouped(weight: Array, groups: int) -> Iterable[tuple[Iterable[int], Array]]:
    """Pair every filter's kernels with the input maps of its group."""
    each = weight.shape[1]
    for number, kernels in enumerate(weight):
        first = number // (len(weight) // groups) * each
        yield range(first, first + each), kernels


def _biased(y: Array, arrays: Arrays) -> Array:
    if "bias" not in arrays:
        return y
    bias = arrays["bias"]
    return y + (bias if bias.ndim > 1 else column(bias, y))


def conv(layer: Conv, arrays: Arrays, x: Array) -> Array:
    """Add up a product for every tap of every map that a filter sees."""
    weight = arrays["weight"]
    if layer.connections is None:
        return _biased(_convolved(_view(layer, x), _grouped(weight, layer.groups), x), arrays)
    ends = np.cumsum([len(row) for row in layer.connections])[:-1]
    rows = zip(layer.connections, np.split(weight, ends), strict=True)
    return _biased(_convolved(_view(layer, x), rows, x), arrays)


def depthwise(layer: Depthwise, arrays: Arrays, x: Array) -> Array:
    """Do so for every channel by itself."""
    rows = _grouped(arrays["weight"], x.shape[1])
    return _biased(_convolved(_view(layer, x), rows, x), arrays)


def separable(layer: Separable, arrays: Arrays, x: Array) -> Array:
    """Do so for every channel by itself, then across the channels of every position."""
    between = _convolved(_view(layer, x), _grouped(arrays["depthwise.weight"], x.shape[1]), x)
    points = between.reshape(*between.shape, *(1,) * (x.ndim - 2))
    return _biased(_convolved(points, _grouped(arrays["pointwise.weight"], 1), between), arrays)


def transposed(layer: Transposed, arrays: Arrays, x: Array) -> Array:
    """Add every input's product with every weight to the place where it lands."""
    where, filters = landing(layer, x), known(layer.filters)
    each = filters // layer.groups
    canvas = blank((len(x), filters, *where.extents), x)
    for channel, kernels in enumerate(arrays["weight"]):
        group = channel // (x.shape[1] // layer.groups)
        for number, kernel in enumerate(kernels, group * each):
            for tap in np.ndindex(*kernel.shape):
                lands = along_sides(
                    slice(t * d, t * d + s * (n - 1) + 1, s)
                    for t, d, s, n in zip(
                        tap, where.frame.dilation, where.frame.stride, x.shape[2:], strict=True
                    )
                )
                part = canvas[:, number][lands]
                canvas[:, number][lands] = part + x[:, channel] * kernel[tap]
    return _biased(canvas[along_sides(where.cut)], arrays)


# -- pools --------------------------------------------------------------------------------------


def _summed(layer: Any, x: Array) -> Array:  # noqa: ANN401
    view = _view(layer, x)
    y = blank(view.shape[: x.ndim], x)
    for shown in taps(view):
        y = y + shown
    return y


def maxpool(layer: MaxPool, arrays: Arrays, x: Array) -> Array:
    """Compare with every element of a window."""
    view = _view(layer, x, -np.inf)
    y = blank(view.shape[: x.ndim], x, -np.inf)
    for shown in taps(view):
        y = larger(shown, y)
    return y


def avgpool(layer: AvgPool, arrays: Arrays, x: Array) -> Array:
    """Add up and divide."""
    frame = frame_of(layer, x)
    return _summed(layer, x) / divisor(layer, np.zeros(x.shape), frame)


def subsampling(layer: Subsampling, arrays: Arrays, x: Array) -> Array:
    """Add up; one product in a sum of one; add the bias."""
    total = _summed(layer, x)
    y = blank(total.shape, x) + total * column(arrays["weight"], x)
    return _biased(y, arrays)


def _boxed(layer: Any, x: Array, start: float, step: Callable[..., Array]) -> Array:  # noqa: ANN401
    """Take `step` through every element of every box."""
    pooled = {}
    for place, box in boxes(layer, x):
        y = blank(x.shape[:2], x, start)
        for each in np.moveaxis(x[box].reshape(*x.shape[:2], -1), -1, 0):
            y = step(each, y)
        pooled[place[1:]] = y
    shape = [1 + max(axis) for axis in zip(*pooled, strict=True)]
    return np.stack(list(pooled.values()), -1).reshape(*x.shape[:2], *shape)


def adaptive_maxpool(layer: Any, arrays: Arrays, x: Array) -> Array:  # noqa: ANN401
    """Compare with every element of a box."""
    return _boxed(layer, x, -np.inf, larger)


def adaptive_avgpool(layer: Any, arrays: Arrays, x: Array) -> Array:  # noqa: ANN401
    """Add up and divide."""
    y = _boxed(layer, x, 0.0, np.add)
    sizes = [x[0, 0][box].size for _, box in boxes(layer, x)]
    means: Array = y / np.array(sizes, float).reshape(y.shape[2:])
    return means

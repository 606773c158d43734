"""Every layer once more, as its definition reads, for numbers that count their operations.

Nothing is done cleverly: sums start at 0 and maxima at -infinity, every element of a window takes
part, padding too, and both sides of a rectifier are computed before one is chosen.  Arrays hold
`tally.Counting` numbers; N x C x sides.
"""

from __future__ import annotations

from itertools import product
from math import prod, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from shapecalc.algebra.dim import known
from shapecalc.layers.activation import (
    Dropout,
    Gelu,
    HardSigmoid,
    HardSwish,
    Identity,
    Relu,
    Relu6,
    Sigmoid,
    Silu,
    Softmax,
    Softplus,
    Tanh,
)
from shapecalc.layers.conv import Conv
from shapecalc.layers.dense import Dense, Rbf
from shapecalc.layers.depthwise import Depthwise, Separable
from shapecalc.layers.globalpool import (
    AdaptiveAvgPool,
    AdaptiveMaxPool,
    GlobalAvgPool,
    GlobalMaxPool,
)
from shapecalc.layers.lrn import Lrn
from shapecalc.layers.merge import Add, Concat, Multiply
from shapecalc.layers.norm import BatchNorm, GroupNorm, InstanceNorm, LayerNorm
from shapecalc.layers.pool import AvgPool, MaxPool, Subsampling
from shapecalc.layers.reshape import (
    ChannelShuffle,
    Crop,
    Flatten,
    PadLayer,
    Permute,
    Reshape,
    Upsample,
)
from shapecalc.layers.slope import Elu, LeakyRelu, Prelu
from shapecalc.layers.transposed import Transposed
from shapecalc.reference import naive_windows
from shapecalc.reference.arrays import along_sides, column, spread
from shapecalc.reference.naive_windows import blank, larger
from shapecalc.reference.norm import EPSILON, fixed, sets
from shapecalc.reference.table import FORWARD

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.layers.base import Layer
    from shapecalc.reference.arrays import Array, Arrays
    from shapecalc.reference.table import Forward
    from shapecalc.reference.tally import Counting


# -- dense layers, normalisations ---------------------------------------------------------------


def dense(layer: Dense, arrays: Arrays, x: Array) -> Array:
    """Add up a product for every element."""
    y = blank((len(x), known(layer.units)), x)
    for each, weights in zip(x.reshape(len(x), -1).T, arrays["weight"].T, strict=True):
        y = y + each[:, None] * weights
    return y + arrays["bias"] if "bias" in arrays else y


def rbf(layer: Rbf, arrays: Arrays, x: Array) -> Array:
    """Add up a squared difference for every element."""
    y = blank((len(x), known(layer.units)), x)
    for each, codes in zip(x.reshape(len(x), -1).T, arrays["codes"].T, strict=True):
        apart = each[:, None] - codes
        y = y + apart * apart
    return y


def lrn(layer: Lrn, arrays: Arrays, x: Array) -> Array:
    """Divide by a power of the scaled sum of neighbouring squares."""
    before = layer.size // 2
    squares = blank((len(x), x.shape[1] + layer.size - 1, *x.shape[2:]), x)
    squares[:, before : before + x.shape[1]] = x * x
    total = blank(x.shape, x)
    for first in range(layer.size):
        total = total + squares[:, first : first + x.shape[1]]
    scale: Array = (total * (layer.alpha / layer.size) + layer.k) ** layer.beta
    return x / scale


def norm(layer: Any, arrays: Arrays, x: Array) -> Array:  # noqa: ANN401
    """Mean, centred, variance, scaled; with running statistics a factor and a shift."""
    if "running_mean" in arrays:
        factor, shift = fixed(layer, arrays)
        scaled: Array = x * column(factor, x) + column(shift, x)
        return scaled
    elements, axes = sets(layer, x)
    extent = prod(elements.shape[axis] for axis in axes)
    mean = _total(elements, axes, x) / extent
    centred = elements - mean
    variance = _total(centred * centred, axes, x) / extent
    y: Array = (centred * (1 / _root(variance + EPSILON))).reshape(x.shape)
    if not layer.affine:
        return y
    weight, bias = arrays["weight"], arrays["bias"]
    if weight.ndim == 1:
        weight, bias = column(weight, x), column(bias, x)
    affine: Array = y * weight + bias
    return affine


_root = np.frompyfunc(lambda v: v.sqrt(), 1, 1)


def _total(elements: Array, axes: tuple[int, ...], x: Array) -> Array:
    """Add up along axes, from 0."""
    total = blank((1 if axis in axes else n for axis, n in enumerate(elements.shape)), x)
    moved = np.moveaxis(elements, axes, range(len(axes)))
    for each in moved.reshape(-1, *moved.shape[len(axes) :]):
        total = total + each.reshape(total.shape)
    return total


# -- element by element -------------------------------------------------------------------------


def _each(function: Callable[..., Any]) -> Forward:
    """Apply a function of the layer and one number to every element."""

    def forward(layer: Layer, arrays: Arrays, x: Array) -> Array:
        result: Array = np.frompyfunc(lambda v: function(layer, v), 1, 1)(x)
        return result

    return forward


def _clip(v: Counting) -> Counting:
    """min(max(v, 0), 6)."""
    low = v if v > 0 else v.like(0)
    return v.like(6) if low > 6 else low


def _chosen(v: Counting, low: Counting) -> Counting:
    return v if v > 0 else low


def prelu(layer: Prelu, arrays: Arrays, x: Array) -> Array:
    """Choose between x and its channel's slope times x."""
    choose: Any = np.frompyfunc(_chosen, 2, 1)
    chosen: Array = choose(x, x * column(arrays["weight"], x))
    return chosen


def softmax(layer: Softmax, arrays: Arrays, x: Array) -> Array:
    """Maximum, difference, exponential, sum, quotient."""
    axes = (1,) if layer.over == "channels" else tuple(range(2, x.ndim))
    best = blank((1 if axis in axes else n for axis, n in enumerate(x.shape)), x, -np.inf)
    moved = np.moveaxis(x, axes, range(len(axes)))
    for each in moved.reshape(-1, *moved.shape[len(axes) :]):
        best = larger(each.reshape(best.shape), best)
    powers = np.frompyfunc(lambda v: v.exp(), 1, 1)(x - best)
    result: Array = powers / _total(powers, axes, x)
    return result


def upsample(layer: Upsample, arrays: Arrays, x: Array) -> Array:
    """Blend the two nearest elements of every side: 2**sides products for every output."""
    if layer.mode == "nearest":
        return FORWARD[Upsample](layer, arrays, x)
    corners = [
        _corners(n, factor) for n, factor in zip(x.shape[2:], spread(layer.factor, x), strict=True)
    ]
    y = blank((*x.shape[:2], *(len(low) for (_, low), _ in corners)), x)
    for corner in product(*corners):
        shares = np.array(1.0)
        for share, _ in corner:
            shares = np.multiply.outer(shares, share)
        y = y + x[along_sides(np.ix_(*(index for _, index in corner)))] * shares
    return y


def _corners(n: int, factor: int) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """Return, for both neighbours of every output along a side, its share and its index."""
    shares, low, high = [], [], []
    for u in range(n * factor):
        at = min(max((u + 0.5) / factor - 0.5, 0), n - 1)
        low.append(int(at))
        high.append(min(int(at) + 1, n - 1))
        shares.append(at - int(at))
    share = np.array(shares)
    return (1 - share, np.array(low)), (share, np.array(high))


# -- joins --------------------------------------------------------------------------------------


def add(layer: object, arrays: Arrays, *inputs: Array) -> Array:
    """Add the second and all further operands."""
    y, *others = inputs
    for x in others:
        y = y + x
    return y


def multiply(layer: object, arrays: Arrays, *inputs: Array) -> Array:
    """Multiply every output's operands, stretched to the output's extents."""
    rank = max(x.ndim for x in inputs)
    y, *others = np.broadcast_arrays(
        *(x.reshape(*x.shape, *(1,) * (rank - x.ndim)) for x in inputs)
    )
    for x in others:
        y = y * x
    return y


NAIVE: dict[type[Layer], Forward] = {
    Conv: naive_windows.conv,
    Depthwise: naive_windows.depthwise,
    Separable: naive_windows.separable,
    Transposed: naive_windows.transposed,
    MaxPool: naive_windows.maxpool,
    AvgPool: naive_windows.avgpool,
    Subsampling: naive_windows.subsampling,
    GlobalAvgPool: naive_windows.adaptive_avgpool,
    GlobalMaxPool: naive_windows.adaptive_maxpool,
    AdaptiveAvgPool: naive_windows.adaptive_avgpool,
    AdaptiveMaxPool: naive_windows.adaptive_maxpool,
    Dense: dense,
    Rbf: rbf,
    Lrn: lrn,
    BatchNorm: norm,
    LayerNorm: norm,
    GroupNorm: norm,
    InstanceNorm: norm,
    Relu: _each(lambda _, v: _chosen(v, v.like(0))),
    Relu6: _each(lambda _, v: _clip(v)),
    LeakyRelu: _each(lambda layer, v: _chosen(v, v * layer.slope)),
    Prelu: prelu,
    Elu: _each(lambda layer, v: _chosen(v, (v.exp() - 1) * layer.alpha)),
    Gelu: _each(lambda _, v: v * 0.5 * (1 + (v * (1 / sqrt(2))).erf())),
    Silu: _each(lambda _, v: v / (1 + (-v).exp())),
    Sigmoid: _each(lambda _, v: 1 / (1 + (-v).exp())),
    HardSigmoid: _each(lambda _, v: _clip(v + 3) / 6),
    HardSwish: _each(lambda _, v: v * _clip(v + 3) / 6),
    Tanh: _each(lambda _, v: v.tanh()),
    Softplus: _each(lambda _, v: (1 + v.exp()).log()),
    Softmax: softmax,
    Upsample: upsample,
    Add: add,
    Multiply: multiply,
    # What only moves elements does so whatever they are.
    **{
        layer: FORWARD[layer]
        for layer in (
            ChannelShuffle, Concat, Crop, Dropout, Flatten, Identity, PadLayer, Permute, Reshape,
        )
    },
}  # fmt: skip

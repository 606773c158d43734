"""Transposed convolution: every input unit spreads its kernels over the output."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from shapecalc.algebra.dim import known
from shapecalc.reference.arrays import (
    Gradients,
    along_sides,
    bias_slot,
    kernel_slot,
    spread,
    spread_pairs,
)
from shapecalc.reference.conv import add_bias, bias_gradient
from shapecalc.reference.padded import Frame, windows
from shapecalc.reference.unfold import correlate, correlate_back, correlate_kernels

if TYPE_CHECKING:
    from shapecalc.layers.transposed import Transposed
    from shapecalc.reference.arrays import Array, Arrays, Axes, Slot


class Landing(NamedTuple):
    """Where the kernels land: on a canvas of `extents`, of which the part `cut` is the output.

    The first `reached` rows of a side take part; the rest are rows that nothing reaches.
    """

    frame: Frame
    extents: Axes
    reached: tuple[slice, ...]
    cut: tuple[slice, ...]


def landing(layer: Transposed, x: Array) -> Landing:
    """Read where the kernels of the units of `x` land, and what of that is kept."""
    kernel, stride, dilation = (
        spread(each, x) for each in (layer.kernel, layer.stride, layer.dilation)
    )
    pairs, rank = spread_pairs(layer.pad.pairs, x), x.ndim - 2
    given = layer.output_padding
    extra = (None,) * rank if given is None else spread(given, x)
    sides = [
        _side((n - 1) * s + d * (k - 1) + 1, d * (k - 1) + 1, n * s, layer.pad.mode, pair, more)
        for n, k, s, d, pair, more in zip(
            x.shape[2:], kernel, stride, dilation, pairs, extra, strict=True
        )
    ]
    extents, reached, cut = zip(*sides, strict=True)
    none = (0,) * rank
    frame = Frame(kernel, stride, dilation, ((0, 0),) * rank, none, (None,) * rank)
    return Landing(frame, extents, reached, cut)


def _side(
    last: int, extent: int, strides: int, mode: str, pair: tuple[int, int], extra: int | None
) -> tuple[int, slice, slice]:
    """Return one side's canvas, the rows of it that kernels reach, and the rows that are kept.

    `last` rows are reached; `extent` is what a kernel covers, `strides` a stride for every unit.
    `same` keeps `strides` rows (with an output padding, Keras's number), the odd one too many is
    cut at the end; `valid` keeps all, and no fewer than `strides` unless an output padding says.
    """
    if mode == "same":
        kept = strides if extra is None else last - extent + extent % 2 + extra
        before = max(last - kept, 0) // 2
    elif mode == "valid" and extra is None:
        kept, before = max(last, strides), 0
    else:
        before, after = pair
        kept = last + (extra or 0) - before - after
    return max(last, before + kept), slice(0, last), slice(before, before + kept)


def slots(layer: Transposed, x: Array) -> dict[str, Slot]:
    """C x F/groups x kernel: the kernels by the unit that spreads them."""
    kernel, filters = spread(layer.kernel, x), known(layer.filters)
    terms = x.shape[1] // layer.groups * prod(kernel)
    found = {"weight": kernel_slot((x.shape[1], filters // layer.groups, *kernel), terms)}
    if layer.bias == "per_position":
        kept = [part.stop - part.start for part in landing(layer, x).cut]
        found["bias"] = bias_slot((filters, *kept))
    elif layer.bias:
        found["bias"] = bias_slot((filters,))
    return found


def forward(layer: Transposed, arrays: Arrays, x: Array) -> Array:
    """Add every unit's kernels, so weighted, to the canvas; keep the part; add the bias."""
    where = landing(layer, x)
    canvas = np.zeros((len(x), known(layer.filters), *where.extents), x.dtype)
    reached = canvas[along_sides(where.reached)]
    correlate_back(windows(reached, where.frame), arrays["weight"], x, layer.groups)
    return add_bias(np.ascontiguousarray(canvas[along_sides(where.cut)]), arrays)


def backward(layer: Transposed, arrays: Arrays, x: Array, y: Array, gradient: Array) -> Gradients:
    """Convolve the gradient with the kernels for the input, and with the input for the kernels."""
    where = landing(layer, x)
    canvas = np.zeros((len(x), known(layer.filters), *where.extents), x.dtype)
    canvas[along_sides(where.cut)] = gradient
    view = windows(canvas[along_sides(where.reached)], where.frame)
    trained = bias_gradient(gradient, arrays)
    trained["weight"] = correlate_kernels(view, x, layer.groups)
    return Gradients((correlate(view, arrays["weight"], layer.groups),), trained)

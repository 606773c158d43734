"""Convolutions of every channel by itself: as many groups as channels."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

from shapecalc.algebra.dim import known
from shapecalc.reference.arrays import Gradients, kernel_slot, spread
from shapecalc.reference.conv import add_bias, bias_gradient, bias_slots
from shapecalc.reference.padded import blank, frame_of, inside, surround, windows
from shapecalc.reference.unfold import correlate, correlate_back, correlate_kernels

if TYPE_CHECKING:
    from shapecalc.layers.depthwise import Depthwise, Separable
    from shapecalc.reference.arrays import Array, Arrays, Slot


def slots(layer: Depthwise, x: Array) -> dict[str, Slot]:
    """C*multiplier x 1 x kernel; the outputs of one channel stand together."""
    kernel, filters = spread(layer.kernel, x), x.shape[1] * layer.multiplier
    weight = kernel_slot((filters, 1, *kernel), prod(kernel))
    return {"weight": weight} | bias_slots(layer, filters, x)


def forward(layer: Depthwise, arrays: Arrays, x: Array) -> Array:
    """Weigh the windows of every channel with that channel's kernels."""
    frame = frame_of(layer, x)
    view = windows(surround(x, frame), frame)
    return add_bias(correlate(view, arrays["weight"], x.shape[1]), arrays)


def backward(layer: Depthwise, arrays: Arrays, x: Array, y: Array, gradient: Array) -> Gradients:
    """Do as a grouped convolution does."""
    frame = frame_of(layer, x)
    view, back = windows(surround(x, frame), frame), blank(x, frame)
    trained = bias_gradient(gradient, arrays)
    trained["weight"] = correlate_kernels(view, gradient, x.shape[1])
    correlate_back(windows(back, frame), arrays["weight"], gradient, x.shape[1])
    return Gradients((inside(back, x, frame),), trained)


def separable_slots(layer: Separable, x: Array) -> dict[str, Slot]:
    """A depthwise kernel for every channel, then a 1x1 kernel that mixes them; one bias."""
    kernel, between = spread(layer.kernel, x), x.shape[1] * layer.multiplier
    ones, filters = (1,) * len(kernel), known(layer.filters)
    return {
        "depthwise.weight": kernel_slot((between, 1, *kernel), prod(kernel)),
        "pointwise.weight": kernel_slot((filters, between, *ones), between),
    } | bias_slots(layer, filters, x)


def separable_forward(layer: Separable, arrays: Arrays, x: Array) -> Array:
    """Convolve every channel by itself, then mix the channels of every position."""
    frame = frame_of(layer, x)
    view = windows(surround(x, frame), frame)
    between = correlate(view, arrays["depthwise.weight"], x.shape[1])
    return add_bias(correlate(_points(between), arrays["pointwise.weight"]), arrays)


def separable_backward(
    layer: Separable, arrays: Arrays, x: Array, y: Array, gradient: Array
) -> Gradients:
    """Go back through the mixture, then through the depthwise convolution."""
    frame = frame_of(layer, x)
    view, back = windows(surround(x, frame), frame), blank(x, frame)
    depthwise = arrays["depthwise.weight"]
    between, middle = halves(layer, arrays, x, gradient)
    trained = bias_gradient(gradient, arrays)
    trained["pointwise.weight"] = correlate_kernels(_points(between), gradient)
    trained["depthwise.weight"] = correlate_kernels(view, middle, x.shape[1])
    correlate_back(windows(back, frame), depthwise, middle, x.shape[1])
    return Gradients((inside(back, x, frame),), trained)


def halves(layer: Separable, arrays: Arrays, x: Array, gradient: Array) -> tuple[Array, Array]:
    """Return what lies between the two convolutions, and the gradient that reaches it."""
    frame = frame_of(layer, x)
    view = windows(surround(x, frame), frame)
    between = correlate(view, arrays["depthwise.weight"], x.shape[1])
    middle = np.zeros_like(between)
    correlate_back(_points(middle), arrays["pointwise.weight"], gradient)
    return between, middle


def _points(x: Array) -> Array:
    """View every element as a window of one tap."""
    return x.reshape(*x.shape, *(1,) * (x.ndim - 2))

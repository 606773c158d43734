"""Layers that map every element by itself, softmax, and those that do nothing at inference.

A function here writes over its input and returns it; its gradient gets the layer's input and
output, x and y, and the gradient g of the output.
"""

from __future__ import annotations

from math import erfc, pi, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from shapecalc.layers.activation import Softmax
    from shapecalc.reference.arrays import Array, Arrays, Axes

_ERFC = np.vectorize(erfc, otypes=[float])  # NumPy has none


def relu(layer: object, arrays: Arrays, x: Array) -> Array:
    """max(x, 0)."""
    zeros = np.zeros(x.shape[2:], x.dtype)  # NumPy takes several times as long with a single 0
    return np.maximum(x, zeros, out=x)


def relu_gradient(layer: object, x: Array, y: Array, g: Array) -> Array:
    """1 above 0, else 0."""
    return g * (x > 0)


def relu6(layer: object, arrays: Arrays, x: Array) -> Array:
    """min(max(x, 0), 6)."""
    return np.clip(x, 0, 6, out=x)


def relu6_gradient(layer: object, x: Array, y: Array, g: Array) -> Array:
    """1 between 0 and 6, else 0."""
    return g * ((x > 0) & (x < 6))


def gelu(layer: object, arrays: Arrays, x: Array) -> Array:
    """Weigh x by the probability that a normal deviate is smaller: x/2 * (1 + erf(x/sqrt(2)))."""
    x *= _below(x)
    return x


def gelu_gradient(layer: object, x: Array, y: Array, g: Array) -> Array:
    """The probability, and x times the normal density."""
    return g * (_below(x) + x * np.exp(-x * x / 2) / sqrt(2 * pi))


def _below(x: Array) -> Array:
    below: Array = _ERFC(x / -sqrt(2)) / 2  # 1 + erf would lose all digits far below 0
    return below.astype(x.dtype)


def _logistic(x: Array) -> Array:
    """1/(1 + exp(-x)), by an identity that cannot overflow."""
    logistic: Array = (1 + np.tanh(x / 2)) / 2
    return logistic


def silu(layer: object, arrays: Arrays, x: Array) -> Array:
    """Compute x/(1 + exp(-x))."""
    x *= _logistic(x)
    return x


def silu_gradient(layer: object, x: Array, y: Array, g: Array) -> Array:
    """By the product rule."""
    s = _logistic(x)
    back: Array = g * (s + x * s * (1 - s))
    return back


def sigmoid(layer: object, arrays: Arrays, x: Array) -> Array:
    """Compute 1/(1 + exp(-x))."""
    x[...] = _logistic(x)
    return x


def sigmoid_gradient(layer: object, x: Array, y: Array, g: Array) -> Array:
    """Multiply by y (1 - y)."""
    back: Array = g * y * (1 - y)
    return back


def hard_sigmoid(layer: object, arrays: Arrays, x: Array) -> Array:
    """min(max(x + 3, 0), 6)/6."""
    x += 3
    np.clip(x, 0, 6, out=x)
    x /= 6
    return x


def hard_sigmoid_gradient(layer: object, x: Array, y: Array, g: Array) -> Array:
    """1/6 between -3 and 3, else 0."""
    return g * (np.abs(x) < 3) / 6


def hard_swish(layer: object, arrays: Arrays, x: Array) -> Array:
    """Weigh x by its hard sigmoid."""
    x *= np.clip(x + 3, 0, 6) / 6
    return x


def hard_swish_gradient(layer: object, x: Array, y: Array, g: Array) -> Array:
    """(2 x + 3)/6 between -3 and 3, 1 above, 0 below."""
    back: Array = g * np.where(x >= 3, 1, np.where(x > -3, (2 * x + 3) / 6, 0)).astype(x.dtype)
    return back


def tanh(layer: object, arrays: Arrays, x: Array) -> Array:
    """The hyperbolic tangent."""
    return np.tanh(x, out=x)


def tanh_gradient(layer: object, x: Array, y: Array, g: Array) -> Array:
    """1 - y**2."""
    back: Array = g * (1 - y * y)
    return back


def softplus(layer: object, arrays: Arrays, x: Array) -> Array:
    """log(1 + exp(x))."""
    return np.logaddexp(x, 0, out=x)


def softplus_gradient(layer: object, x: Array, y: Array, g: Array) -> Array:
    """Compute 1/(1 + exp(-x))."""
    return g * _logistic(x)


def _shared(layer: Softmax, x: Array) -> Axes:
    return (1,) if layer.over == "channels" else tuple(range(2, x.ndim))


def softmax(layer: Softmax, arrays: Arrays, x: Array) -> Array:
    """Compute exp(x - max)/sum over the channels of a position or the positions of a channel."""
    axes = _shared(layer, x)
    x -= x.max(axes, keepdims=True)
    np.exp(x, out=x)
    x /= x.sum(axes, keepdims=True)
    return x


def softmax_gradient(layer: Softmax, x: Array, y: Array, g: Array) -> Array:
    """Compute y (g - sum of g y)."""
    back: Array = y * (g - (g * y).sum(_shared(layer, x), keepdims=True))
    return back


def nothing(layer: Any, arrays: Arrays, x: Array) -> Array:  # noqa: ANN401
    """Pass the very array on: identity, and dropout at inference."""
    return x


def nothing_gradient(layer: object, x: Array, y: Array, g: Array) -> Array:
    """Pass the gradient on."""
    return g

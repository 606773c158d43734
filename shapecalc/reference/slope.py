"""Rectifiers that let something of what is negative through; they write over their input."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shapecalc.reference.arrays import Gradients, Slot, column, places

if TYPE_CHECKING:
    from shapecalc.layers.slope import Elu, LeakyRelu, Prelu
    from shapecalc.reference.arrays import Array, Arrays


def leaky_relu(layer: LeakyRelu, arrays: Arrays, x: Array) -> Array:
    """Keep x where x > 0, else slope*x."""
    return np.multiply(x, layer.slope, out=x, where=x <= 0)


def leaky_relu_gradient(layer: LeakyRelu, x: Array, y: Array, g: Array) -> Array:
    """1 above 0, else the slope."""
    return np.where(x > 0, g, g * layer.slope)


def elu(layer: Elu, arrays: Arrays, x: Array) -> Array:
    """Keep x where x > 0, else alpha*(exp(x) - 1)."""
    low = layer.alpha * np.expm1(np.minimum(x, 0))
    np.copyto(x, low, where=x <= 0)
    return x


def elu_gradient(layer: Elu, x: Array, y: Array, g: Array) -> Array:
    """1 above 0, else alpha*exp(x)."""
    return np.where(x > 0, g, g * layer.alpha * np.exp(np.minimum(x, 0)))


def prelu_slots(layer: Prelu, x: Array) -> dict[str, Slot]:
    """A slope per channel, or one."""
    return {"weight": Slot((1 if layer.shared else x.shape[1],), 0.1, 0.4)}


def prelu(layer: Prelu, arrays: Arrays, x: Array) -> Array:
    """Keep x where x > 0, else its channel's slope times x."""
    return np.multiply(x, column(arrays["weight"], x), out=x, where=x <= 0)


def prelu_backward(layer: Prelu, arrays: Arrays, x: Array, y: Array, gradient: Array) -> Gradients:
    """1 above 0, else the slope; to the slope, what is negative."""
    weight = arrays["weight"]
    trained = (gradient * np.minimum(x, 0)).sum(places(x))
    if layer.shared:
        trained = trained.sum(keepdims=True)
    inner = np.where(x > 0, gradient, gradient * column(weight, x))
    return Gradients((inner,), {"weight": trained})

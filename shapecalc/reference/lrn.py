"""Local response normalisation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shapecalc.reference.arrays import Gradients

if TYPE_CHECKING:
    from shapecalc.layers.lrn import Lrn
    from shapecalc.reference.arrays import Array, Arrays


def neighbours(x: Array, before: int, after: int) -> Array:
    """Add to every channel so many channels before and after it, where there are any."""
    channels = x.shape[1]
    y = x.copy()
    for step in (*range(-before, 0), *range(1, after + 1)):
        y[:, max(-step, 0) : max(channels - step, 0)] += x[
            :, max(step, 0) : max(channels + step, 0)
        ]
    return y


def scale(layer: Lrn, x: Array) -> Array:
    """Compute k + alpha/n * sum of squares; an even n has one neighbour more before than after."""
    total = neighbours(np.square(x), layer.size // 2, (layer.size - 1) // 2)
    total *= layer.alpha / layer.size
    total += layer.k
    return total


def forward(layer: Lrn, arrays: Arrays, x: Array) -> Array:
    """Divide by the power beta of the scale."""
    y = np.power(scale(layer, x), -layer.beta)
    y *= x
    return y


def backward(layer: Lrn, arrays: Arrays, x: Array, y: Array, gradient: Array) -> Gradients:
    """An element acts on its own output, and through the scale on those of its neighbours."""
    divided = scale(layer, x)
    through = gradient * y / divided
    pull = neighbours(through, (layer.size - 1) // 2, layer.size // 2)
    factor = 2 * layer.alpha * layer.beta / layer.size
    return Gradients((gradient * divided**-layer.beta - factor * x * pull,), {})

"""Normalisations to mean 0 and variance 1, and batch normalisation by running statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shapecalc.layers.norm import BatchNorm, GroupNorm, LayerNorm
from shapecalc.reference.arrays import Gradients, Slot, bias_slot, column, places, scale_slot

if TYPE_CHECKING:
    from shapecalc.reference.arrays import Array, Arrays, Axes

#: What is added to a variance so that nothing is divided by 0.
EPSILON = 1e-5


def slots(layer: Any, x: Array) -> dict[str, Slot]:  # noqa: ANN401
    """A scale and a shift per channel, or per element; batch normalisation's statistics."""
    everything = isinstance(layer, LayerNorm) and layer.over == "all"
    each = x.shape[1:] if everything else x.shape[1:2]
    found = {"weight": scale_slot(each), "bias": bias_slot(each)} if layer.affine else {}
    if isinstance(layer, BatchNorm) and layer.statistics:
        found["running_mean"] = bias_slot(each)._replace(trained=False)
        found["running_var"] = scale_slot(each)._replace(trained=False)
    return found


def sets(layer: Any, x: Array) -> tuple[Array, Axes]:  # noqa: ANN401
    """Arrange the elements, and name the axes along which they share a mean."""
    if isinstance(layer, GroupNorm):
        return x.reshape(len(x), layer.groups, -1), (2,)
    if isinstance(layer, LayerNorm):
        return x, tuple(range(1, x.ndim)) if layer.over == "all" else (1,)
    if isinstance(layer, BatchNorm):
        return x, places(x)
    return x, tuple(range(2, x.ndim))


def standard(layer: Any, x: Array) -> tuple[Array, Array, Axes]:  # noqa: ANN401
    """Return the normalised elements in their sets, 1/deviation, and the axes of a set."""
    elements, axes = sets(layer, x)
    centred = elements - elements.mean(axes, keepdims=True)
    inverse = 1 / np.sqrt(np.square(centred).mean(axes, keepdims=True) + EPSILON)
    return centred * inverse, inverse, axes


def _along(values: Array, x: Array) -> Array:
    """Lay a value per channel, or per element, along `x`."""
    return column(values, x) if values.ndim == 1 else values


def fixed(layer: Any, arrays: Arrays) -> tuple[Array, Array]:  # noqa: ANN401
    """Fold running statistics, scale and shift into one factor and one shift per channel."""
    factor = 1 / np.sqrt(arrays["running_var"] + EPSILON)
    shift = -arrays["running_mean"] * factor
    if layer.affine:
        factor, shift = factor * arrays["weight"], shift * arrays["weight"] + arrays["bias"]
    return factor, shift


def forward(layer: Any, arrays: Arrays, x: Array) -> Array:  # noqa: ANN401
    """Normalise, then scale and shift; with running statistics all of that is one line."""
    if "running_mean" in arrays:
        factor, shift = fixed(layer, arrays)
        y = x * column(factor, x)
        y += column(shift, x)
        return y
    y = standard(layer, x)[0].reshape(x.shape)
    if layer.affine:
        y *= _along(arrays["weight"], x)
        y += _along(arrays["bias"], x)
    return y


def backward(layer: Any, arrays: Arrays, x: Array, y: Array, gradient: Array) -> Gradients:  # noqa: ANN401
    """Go back through scale and shift, then through deviation and mean where they follow from x."""
    running = "running_mean" in arrays
    if running:
        inverse = 1 / np.sqrt(column(arrays["running_var"], x) + EPSILON)
        normal = (x - column(arrays["running_mean"], x)) * inverse
    else:
        normal, inverse, axes = standard(layer, x)
    trained, inner = {}, gradient
    if layer.affine:
        shared = 0 if arrays["weight"].ndim > 1 else places(x)
        trained["weight"] = (gradient * normal.reshape(x.shape)).sum(shared)
        trained["bias"] = gradient.sum(shared)
        inner = gradient * _along(arrays["weight"], x)
    if running:
        return Gradients((inner * inverse,), trained)
    inner = inner.reshape(normal.shape)
    back = inner - inner.mean(axes, keepdims=True)
    back -= normal * (inner * normal).mean(axes, keepdims=True)
    return Gradients(((back * inverse).reshape(x.shape),), trained)

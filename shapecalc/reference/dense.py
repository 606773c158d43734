"""Fully connected layers.  A volume is read channel by channel, each row by row."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

from shapecalc.algebra.dim import known
from shapecalc.reference.arrays import Gradients, Slot, bias_slot, kernel_slot
from shapecalc.reference.product import matmul

if TYPE_CHECKING:
    from shapecalc.layers.dense import Dense, Rbf
    from shapecalc.reference.arrays import Array, Arrays


def slots(layer: Dense, x: Array) -> dict[str, Slot]:
    """A weight for every unit and element of the input."""
    units, elements = known(layer.units), prod(x.shape[1:])
    found = {"weight": kernel_slot((units, elements), elements)}
    return found | ({"bias": bias_slot((units,))} if layer.bias else {})


def forward(layer: Dense, arrays: Arrays, x: Array) -> Array:
    """Multiply all inputs by the matrix, and add the bias."""
    y = matmul(x.reshape(len(x), -1), arrays["weight"].T)
    if "bias" in arrays:
        y += arrays["bias"]
    return y


def backward(layer: Dense, arrays: Arrays, x: Array, y: Array, gradient: Array) -> Gradients:
    """Multiply by the matrix the other way; pair every gradient with every input."""
    trained = {"weight": matmul(gradient.T, x.reshape(len(x), -1))}
    if "bias" in arrays:
        trained["bias"] = gradient.sum(0)
    return Gradients((matmul(gradient, arrays["weight"]).reshape(x.shape),), trained)


def rbf_slots(layer: Rbf, x: Array) -> dict[str, Slot]:
    """A fixed code of -1 to 1 for every unit."""
    return {"codes": Slot((known(layer.units), prod(x.shape[1:])), -1.0, 1.0, trained=False)}


def rbf_forward(layer: Rbf, arrays: Arrays, x: Array) -> Array:
    """Add up the squares of the input's distances from every unit's code."""
    apart = x.reshape(len(x), 1, -1) - arrays["codes"]
    sums: Array = np.square(apart).sum(2)
    return sums


def rbf_backward(layer: Rbf, arrays: Arrays, x: Array, y: Array, gradient: Array) -> Gradients:
    """Go back through the squares; the codes are not trained."""
    apart = x.reshape(len(x), 1, -1) - arrays["codes"]
    return Gradients(((2 * apart * gradient[..., None]).sum(1).reshape(x.shape),), {})

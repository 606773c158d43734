"""One layer at a time: allocate its arrays, run it forward, go back through it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shapecalc.reference.naive import NAIVE
from shapecalc.reference.table import BACKWARD, FORWARD, OVERWRITE, SLOTS
from shapecalc.reference.tally import counted

if TYPE_CHECKING:
    from numpy.random import Generator

    from shapecalc.layers.base import Layer
    from shapecalc.reference.arrays import Array, Arrays, Gradients, Slot
    from shapecalc.reference.tally import Operations


def slots(layer: Layer, *inputs: Array) -> dict[str, Slot]:
    """Say which arrays a layer needs for what flows in, by the referee's reading of its fields."""
    needs = SLOTS.get(type(layer))
    return needs(layer, inputs[0]) if needs is not None else {}


def random_arrays(layer: Layer, *inputs: Array, random: Generator) -> dict[str, Array]:
    """Allocate a layer's arrays, uniform at random, in the type of what flows in."""
    return {
        name: uniform(slot.shape, slot.low, slot.high, inputs[0].dtype, random)
        for name, slot in slots(layer, *inputs).items()
    }


def uniform(
    shape: tuple[int, ...],
    low: float,
    high: float,
    dtype: Any,  # noqa: ANN401
    random: Generator,
) -> Array:
    """Draw numbers between `low` and `high`."""
    values: Array = random.random(shape, np.dtype(dtype).type)
    values *= high - low
    values += low
    return values


def forward(layer: Layer, arrays: Arrays, *inputs: Array, overwrite: bool = False) -> Array:
    """Run a layer.  With `overwrite` it may write over its input, if that is its way."""
    if overwrite and type(layer) in OVERWRITE:
        return OVERWRITE[type(layer)](layer, arrays, *inputs)
    return FORWARD[type(layer)](layer, arrays, *inputs)


def backward(
    layer: Layer, arrays: Arrays, inputs: tuple[Array, ...], output: Array, gradient: Array
) -> Gradients:
    """Take the gradient of a layer's output to its inputs and its trained arrays."""
    return BACKWARD[type(layer)](layer, arrays, inputs, output, gradient)


def count(layer: Layer, arrays: Arrays, *inputs: Array) -> tuple[Array, Operations]:
    """Run a layer by its plain definition, on numbers that count: its output, the operations.

    It takes a microsecond an operation: for small inputs.
    """
    return counted(NAIVE[type(layer)], layer, arrays, *inputs)

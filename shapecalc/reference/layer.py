"""One layer at a time: allocate its arrays, run it forward, go back through it, write it down."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shapecalc.reference import registry
from shapecalc.reference.arrays import extents
from shapecalc.reference.tally import counted

if TYPE_CHECKING:
    from numpy.random import Generator

    from shapecalc.layers.base import Layer
    from shapecalc.layers.shape import Shape
    from shapecalc.reference.arrays import Array, Arrays, Gradients, Slot
    from shapecalc.reference.formula import Formulas
    from shapecalc.reference.tally import Operations


def slots(layer: Layer, *inputs: Array) -> dict[str, Slot]:
    """Say which arrays a layer needs for what flows in, by the referee's reading of its fields."""
    needs = registry.slots.own(type(layer))
    return needs(layer, *inputs[:1]) if needs is not None else {}


def random_arrays(layer: Layer, *inputs: Array, random: Generator) -> dict[str, Array]:
    """Allocate a layer's arrays in the type of what flows in: fixed values, or random ones."""
    dtype = np.result_type(*inputs) if inputs else float
    return {name: slot.allocated(dtype, random) for name, slot in slots(layer, *inputs).items()}


def forward(layer: Layer, arrays: Arrays, *inputs: Array, overwrite: bool = False) -> Array:
    """Run a layer.  With `overwrite` it may write over its input, if that is its way."""
    made = type(layer)
    over = registry.overwriting.own(made)
    if over is None or (made in registry.forward and not overwrite):
        return registry.forward.needed(made)(layer, arrays, *inputs)
    return over(layer, arrays, *(inputs if overwrite else [x.copy() for x in inputs]))


def backward(
    layer: Layer, arrays: Arrays, inputs: tuple[Array, ...], output: Array, gradient: Array
) -> Gradients:
    """Take the gradient of a layer's output to its inputs and its trained arrays."""
    return registry.backward_to_all.needed(type(layer))(layer, arrays, inputs, output, gradient)


def count(layer: Layer, arrays: Arrays, *inputs: Array) -> tuple[Array, Operations]:
    """Run a layer by its plain definition, on numbers that count: its output, the operations.

    It takes a microsecond an operation: for small inputs.
    """
    return counted(registry.counted.needed(type(layer)), layer, arrays, *inputs)


def formulas(layer: Layer, *shapes: Shape) -> Formulas:
    """Return a layer's formulas for what flows in, by the letters of what they give.

    That is `y`, what is computed on the way, and the gradients of the inputs (`x`, or `x1`, `x2`,
    ...) and of the trained arrays (`w`, `b`).
    """
    inputs = (np.broadcast_to(0.0, (1, *extents(shape))) for shape in shapes)
    return registry.formula.needed(type(layer))(layer, *inputs)

"""Joins of branches."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

from shapecalc.reference.arrays import Gradients

if TYPE_CHECKING:
    from shapecalc.reference.arrays import Array, Arrays


def concat(layer: object, arrays: Arrays, *inputs: Array) -> Array:
    """Put the operands' channels side by side."""
    return np.concatenate(inputs, 1)


def concat_backward(
    layer: object, arrays: Arrays, inputs: tuple[Array, ...], y: Array, gradient: Array
) -> Gradients:
    """Give every operand the gradient of its channels."""
    ends = np.cumsum([x.shape[1] for x in inputs])
    return Gradients(tuple(np.split(gradient, ends[:-1], 1)), {})


def add(layer: object, arrays: Arrays, *inputs: Array) -> Array:
    """Add element by element; nothing stretches."""
    for x in inputs[1:]:
        if x.shape[1:] != inputs[0].shape[1:]:
            first, other = (
                "x".join(map(str, (*each.shape[2:], each.shape[1]))) for each in (inputs[0], x)
            )
            raise ValueError(f"{first} and {other} cannot be added")
    y = inputs[0] + inputs[1]
    for x in inputs[2:]:
        y += x
    return y


def add_backward(
    layer: object, arrays: Arrays, inputs: tuple[Array, ...], y: Array, gradient: Array
) -> Gradients:
    """Give every operand the gradient."""
    return Gradients((gradient,) * len(inputs), {})


def _aligned(inputs: tuple[Array, ...]) -> list[Array]:
    """Give a row of units as many sides, of 1, as the maps that it joins have."""
    rank = max(x.ndim for x in inputs)
    return [x.reshape(*x.shape, *(1,) * (rank - x.ndim)) for x in inputs]


def multiply(layer: object, arrays: Arrays, *inputs: Array) -> Array:
    """Multiply element by element; an extent of 1 stretches."""
    first, second, *others = _aligned(inputs)
    y: Array = first * second
    for x in others:
        y = y * x
    return y


def multiply_backward(
    layer: object, arrays: Arrays, inputs: tuple[Array, ...], y: Array, gradient: Array
) -> Gradients:
    """Give every operand the gradient times all others, added up where it stretched."""
    operands, back = _aligned(inputs), []
    for number, (x, given) in enumerate(zip(operands, inputs, strict=True)):
        others = prod(operands[:number] + operands[number + 1 :], start=gradient)
        stretched = tuple(axis for axis, n in enumerate(x.shape) if n != others.shape[axis])
        back.append(others.sum(stretched).reshape(given.shape))
    return Gradients(tuple(back), {})

"""What the referee's layers share: their arrays, and how a field's value spreads over the sides.

An array of activations has the batch first, then the channels, then the sides: N x C x H x W for
images, N x C for rows of units.  Weights have the extents that PyTorch gives them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from shapecalc.algebra import known

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.random import Generator

    from shapecalc.algebra import Dim
    from shapecalc.layers.base import Layer
    from shapecalc.layers.shape import Shape

Array: TypeAlias = NDArray[Any]
Arrays: TypeAlias = "Mapping[str, Array]"
"""The arrays of one layer, by their names."""
Axes: TypeAlias = tuple[int, ...]


class Slot(NamedTuple):
    """An array that a layer needs: its extents, and the range of its random values, or its values.

    `letter` is what formulas call it.
    """

    shape: Axes
    low: float
    high: float
    trained: bool = True
    letter: str = "w"
    values: Array | None = None

    def allocated(self, dtype: Any, random: Generator) -> Array:  # noqa: ANN401
        """Return the array: its values if they are fixed, else uniform at random."""
        if self.values is not None:
            return self.values.astype(dtype)
        return uniform(self.shape, self.low, self.high, dtype, random)


class Gradients(NamedTuple):
    """What goes back through a layer: to each of its inputs, and to each trained array."""

    inputs: tuple[Array, ...]
    arrays: dict[str, Array]


def uniform(shape: Axes, low: float, high: float, dtype: Any, random: Generator) -> Array:  # noqa: ANN401
    """Draw numbers between `low` and `high`."""
    values: Array = random.random(shape, np.dtype(dtype).type)
    values *= high - low
    values += low
    return values


def kernel_slot(shape: Axes, terms: int) -> Slot:
    """Describe weights `terms` of which make one sum: uniform, so that a sum's variance is 2.

    Rectifiers halve that, so activations keep their size through deep networks (He et al. 2015,
    "Delving Deep into Rectifiers", equation 10).
    """
    bound = (6 / max(terms, 1)) ** 0.5
    return Slot(shape, -bound, bound)


def bias_slot(shape: Axes) -> Slot:
    """Describe biases: small, but not 0, or an error with them would not show."""
    return Slot(shape, -0.1, 0.1, letter="b")


def scale_slot(shape: Axes) -> Slot:
    """Describe factors around 1."""
    return Slot(shape, 0.5, 1.5)


def fixed_slot(values: Array) -> Slot:
    """Describe a buffer that always holds these values."""
    return Slot(values.shape, values.min(), values.max(), trained=False, values=values)


def spread(values: tuple[Dim, ...], x: Array) -> Axes:
    """Give every side of `x` its value; one number stands for all."""
    numbers = tuple(map(known, values))
    return numbers * (x.ndim - 2) if len(numbers) == 1 else numbers


def spread_pairs(pairs: tuple[tuple[Dim, Dim], ...], x: Array) -> tuple[tuple[int, int], ...]:
    """Give every side of `x` its (before, after); one pair stands for all."""
    numbers = tuple((known(before), known(after)) for before, after in pairs)
    return numbers * (x.ndim - 2) if len(numbers) == 1 else numbers


def in_domain(layer: Layer, x: Array, least: float = 0) -> Array:
    """Return numbers that a layer is judged on: above 0, or indices, where it needs these."""
    if layer.indexes:
        return as_indices(x, getattr(layer, layer.indexes)).astype(x.dtype)
    return least + np.abs(x) if layer.positive else x


def as_indices(x: Array, choices: Dim) -> Array:
    """Return the nearest whole numbers; those beyond the last choice begin anew."""
    indices: Array = np.rint(x).astype(int) % known(choices)
    return indices


def extents(shape: Shape) -> Axes:
    """Return an example's extents, channels first."""
    return tuple(map(known, (shape.channels, *shape.sides)))


def logistic(x: Array) -> Array:
    """1/(1 + exp(-x)), by an identity that cannot overflow."""
    result: Array = (1 + np.tanh(x / 2)) / 2
    return result


def along_sides(parts: Iterable[int | slice | Array]) -> tuple[Any, ...]:
    """Return the index that takes a part of every side, and all of the axes before."""
    return (..., *parts)


def column(values: Array, x: Array) -> Array:
    """Turn a value per channel so that it lies along the channels of `x`."""
    return values.reshape(-1, *(1,) * (x.ndim - 2))


def places(x: Array) -> Axes:
    """Return all axes but the channels: what shares a channel's weight."""
    return (0, *range(2, x.ndim))

"""Work, counted by executing it: numbers that count what is done with them.

A layer's counted forward runs on arrays of `Counting` numbers, one example at a time.
Weights and other constants are plain numbers, so what is computed of these alone is free, like
batch normalisation's factor.  At full size `weighted.recorded` has the matrix products.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from shapecalc.layers.base import Layer
    from shapecalc.reference.arrays import Array, Arrays
    from shapecalc.reference.registry import Forward


class Operations(NamedTuple):
    """How often each kind of operation was executed."""

    multiplies: int = 0
    adds: int = 0
    """Additions and subtractions."""
    compares: int = 0
    divisions: int = 0
    exponentials: int = 0
    """Exponentials, logarithms, powers, roots, error functions."""


class Tally:
    """The counters behind the numbers of one computation."""

    def __init__(self) -> None:
        self.multiplies = self.adds = self.compares = self.divisions = self.exponentials = 0

    def operations(self) -> Operations:
        """Return what has been counted."""
        return Operations(**vars(self))


class Counting:
    """A number that counts its operations.  Changing the sign is free."""

    __slots__ = ("tally", "value")
    __array_ufunc__ = None  # so that NumPy's scalars leave the operation to it

    def __init__(self, value: float, tally: Tally) -> None:
        self.value, self.tally = value, tally

    def like(self, value: float) -> Self:
        """Return another number on the same counters."""
        return type(self)(float(value), self.tally)

    def __mul__(self, other: float | Counting) -> Self:
        self.tally.multiplies += 1
        return self.like(self.value * _value(other))

    def __add__(self, other: float | Counting) -> Self:
        self.tally.adds += 1
        return self.like(self.value + _value(other))

    def __sub__(self, other: float | Counting) -> Self:
        self.tally.adds += 1
        return self.like(self.value - _value(other))

    def __rsub__(self, other: float) -> Self:
        self.tally.adds += 1
        return self.like(_value(other) - self.value)

    def __truediv__(self, other: float | Counting) -> Self:
        self.tally.divisions += 1
        return self.like(self.value / _value(other))

    def __rtruediv__(self, other: float) -> Self:
        self.tally.divisions += 1
        return self.like(_value(other) / self.value)

    __rmul__, __radd__ = __mul__, __add__

    def __neg__(self) -> Self:
        return self.like(-self.value)

    def __gt__(self, other: float | Counting) -> bool:
        self.tally.compares += 1
        return self.value > _value(other)

    def __pow__(self, exponent: float) -> Self:
        return self._powered(self.value**exponent)

    def exp(self) -> Self:
        """Return e to the power of this."""
        return self._powered(math.exp(self.value))

    def log(self) -> Self:
        """Return the natural logarithm."""
        return self._powered(math.log(self.value))

    def sqrt(self) -> Self:
        """Return the root."""
        return self._powered(math.sqrt(self.value))

    def tanh(self) -> Self:
        """Return the hyperbolic tangent."""
        return self._powered(math.tanh(self.value))

    def erf(self) -> Self:
        """Return the error function."""
        return self._powered(math.erf(self.value))

    def _powered(self, value: float) -> Self:
        self.tally.exponentials += 1
        return self.like(value)


def _value(number: Any) -> float:  # noqa: ANN401
    return number.value if isinstance(number, Counting) else float(number)


def counted(
    function: Forward, layer: Layer, arrays: Arrays, *inputs: Array
) -> tuple[Array, Operations]:
    """Run a plain forward of a layer; return its output and the operations that it took."""
    tally = Tally()
    wrapped = np.frompyfunc(lambda value: Counting(float(value), tally), 1, 1)
    output = function(layer, arrays, *map(wrapped, inputs))
    plain: Array = np.frompyfunc(_value, 1, 1)(output).astype(float)
    return plain, tally.operations()


# -- what counted forwards share -------------------------------------------------------------------


def accumulators(shape: Iterable[int], x: Array, value: float = 0.0) -> Array:
    """Return accumulators that count, all of one value."""
    return np.full(tuple(shape), x.flat[0].like(value), object)


larger = np.frompyfunc(lambda a, b: max(b, a), 2, 1)


def elementwise(function: Callable[[Any, Counting], Counting]) -> Forward:
    """Make the counted forward of a function of the layer and one number."""

    def forward(layer: Layer, arrays: Arrays, x: Array) -> Array:
        result: Array = np.frompyfunc(lambda v: function(layer, v), 1, 1)(x)
        return result

    return forward


def chosen(v: Counting, low: Counting) -> Counting:
    """Return v where it is positive, and what takes its place where it is not."""
    return v if v > 0 else low


def add_up(elements: Array, axes: tuple[int, ...], x: Array) -> Array:
    """Add up along axes, from 0."""
    total = accumulators((1 if axis in axes else n for axis, n in enumerate(elements.shape)), x)
    moved = np.moveaxis(elements, axes, range(len(axes)))
    for part in moved.reshape(-1, *moved.shape[len(axes) :]):
        total = total + part.reshape(total.shape)
    return total

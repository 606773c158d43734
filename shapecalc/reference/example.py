"""A layer worked through on a tiny input, forward and backward, with numbers for pen and paper."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from shapecalc.layers.activation import Pointwise, Softmax
from shapecalc.layers.conv import Conv
from shapecalc.layers.depthwise import Separable
from shapecalc.layers.lrn import Lrn
from shapecalc.layers.norm import Norm
from shapecalc.layers.pool import AvgPool
from shapecalc.layers.reshape import Upsample
from shapecalc.reference import formulas_of_elements, formulas_of_moves
from shapecalc.reference.arrays import Gradients, extents
from shapecalc.reference.depthwise import halves
from shapecalc.reference.formula import FORWARD as COMPUTED
from shapecalc.reference.formulas import formulas
from shapecalc.reference.formulas_of_windows import spread_table
from shapecalc.reference.layer import backward, forward, slots
from shapecalc.reference.lrn import scale
from shapecalc.reference.padded import frame_of
from shapecalc.reference.paper_copy import tiny
from shapecalc.reference.pool import divisor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.layers.base import Layer
    from shapecalc.layers.shape import Shape
    from shapecalc.reference.arrays import Array, Arrays
    from shapecalc.reference.formula import Formula

#: What arrays are called in formulas.
LETTERS = {
    "weight": "w",
    "bias": "b",
    "codes": "w",
    "running_mean": "M",
    "running_var": "V",
    "depthwise.weight": "w1",
    "pointwise.weight": "w2",
}
#: Half the distance of the central differences.
STEP = 1e-4


class Example(NamedTuple):
    """A small layer like the one asked for, and everything that goes through it.

    `values` holds what flows in, the arrays, the output, its gradient g, and what is computed on
    the way, by their letters and without a batch; `gradients` those of the loss, the sum of g*y,
    by the same letters.  `lines` writes one entry of each formula out: its name, the sum, the
    value.  `differences` is how far the gradients are from central differences of the loss, at
    most, in units of the largest, and `compared` how many entries that is.
    """

    layer: Layer
    inputs: tuple[Shape, ...]
    values: dict[str, Array]
    gradients: dict[str, Array]
    formulas: dict[str, Formula]
    lines: dict[str, tuple[str, ...]]
    differences: float
    compared: int


def example(layer: Layer, *inputs: Shape) -> Example:
    """Work a layer through on tiny inputs, like those that it has.

    Kernel, stride, dilation, padding, channels and units are cut down to what fits on paper.
    """
    small, shapes = tiny(layer, *inputs)
    xs = tuple(_input(small, shape, number) for number, shape in enumerate(shapes))
    arrays = {
        name: _positive(_numbers(slot.shape, 5, 2 + number % 2), name)
        for number, (name, slot) in enumerate(slots(small, *xs).items())
    }
    y = forward(small, arrays, *xs)
    g = np.arange(1.0, 1 + y.size).reshape(y.shape)
    back = backward(small, arrays, xs, y, g)
    found = formulas(small, *shapes)
    values, gradients = by_letters(small, arrays, xs, y, g, back)
    values = {of: each for of, each in values.items() if of in found or of not in COMPUTED}
    arranged = values | gradients
    lines = {of: _fullest(each, values, arranged[of].shape) for of, each in found.items()}
    apart = _apart(small, arrays, xs, g, back)
    count = sum(each.size for each in (*back.inputs, *back.arrays.values()))
    return Example(small, shapes, values, gradients, found, lines, apart, count)


def by_letters(
    layer: Layer, arrays: Arrays, xs: tuple[Array, ...], y: Array, g: Array, back: Gradients
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Name the arrays of one example by their letters: the values, and the gradients."""
    names = [f"x{number}" for number, _ in enumerate(xs, 1)] if len(xs) > 1 else ["x"]
    values = {name: x[0] for name, x in zip(names, xs, strict=True)}
    gradients: dict[str, Array] = {}
    for all_of, mine in ((values, arrays), (gradients, back.arrays)):
        for name, array in mine.items():
            all_of[LETTERS[name]] = _written(layer, name, array, xs[0].shape[1])
    gradients |= {name: x[0] for name, x in zip(names, back.inputs, strict=True)}
    on_the_way = _between(layer, arrays, xs[0], y, g)
    return values | on_the_way | {"y": y[0], "g": g[0]}, gradients


def _written(layer: Layer, name: str, array: Array, channels: int) -> Array:
    """Arrange an array as formulas have it: a table's kernels by f and c, 1x1 ones by f and d."""
    if isinstance(layer, Conv) and layer.connections is not None and name == "weight":
        return spread_table(layer, array, channels)
    return array.reshape(array.shape[:2]) if name == "pointwise.weight" else array


def _between(layer: Layer, arrays: Arrays, x: Array, y: Array, g: Array) -> dict[str, Array]:
    """Return what a layer computes on the way and its formulas speak of."""
    if isinstance(layer, AvgPool):
        return {"n": divisor(layer, x, frame_of(layer, x))[0, 0]}
    if isinstance(layer, Norm):
        return formulas_of_elements.between(layer, arrays, x, g)
    if isinstance(layer, Lrn):
        return {"s": scale(layer, x)[0]}
    if isinstance(layer, Softmax):
        axes = 0 if layer.over == "channels" else tuple(range(1, x.ndim - 1))
        return {"a": (g * y)[0].sum(axes)}
    if isinstance(layer, Upsample) and layer.mode != "nearest":
        return formulas_of_moves.matrices(layer, x)
    if isinstance(layer, Separable):
        z, h = halves(layer, arrays, x, g)
        return {"z": z[0], "h": h[0]}
    return {}


def _fullest(
    formula: Formula, values: Mapping[str, Array], shape: tuple[int, ...]
) -> tuple[str, ...]:
    """Write the entry out that has the most terms other than 0, the first of them."""

    def count(at: tuple[int, ...]) -> int:
        return sum(term.value != 0 for term in formula.terms(values, at))

    at = max(np.ndindex(*shape), key=count)
    return formula.written(values, at)


def _apart(layer: Layer, arrays: Arrays, xs: tuple[Array, ...], g: Array, back: Gradients) -> float:
    """Return the largest distance between backward and central differences, entry by entry."""

    def slope(moved: Array, at: tuple[int, ...]) -> float:
        """Move one entry of an array up and down, there and back."""
        whole, ends = moved[at], []
        for h in (STEP, -STEP):
            moved[at] = whole + h
            y = forward(layer, arrays, *xs)
            ends.append(float((np.where(np.isfinite(y), y, 0) * g).sum()))
        moved[at] = whole
        return (ends[0] - ends[1]) / (2 * STEP)

    pairs = [*zip(xs, back.inputs, strict=True)]
    pairs += [(arrays[name], each) for name, each in back.arrays.items()]
    apart = [
        abs(slope(moved, at) - gradient[at])
        for moved, gradient in pairs
        for at in np.ndindex(*gradient.shape)
    ]
    largest = max(float(np.abs(gradient).max(initial=0)) for _, gradient in pairs)
    return float(max(apart, default=0.0)) / max(largest, 1.0)


def _input(layer: Layer, shape: Shape, number: int) -> Array:
    """Return an input of whole numbers; of halves between, where functions have corners."""
    x = _numbers((1, *extents(shape)), 7 - 2 * (number % 2), 3 + number)
    return x / 2 + 0.25 if isinstance(layer, Pointwise | Softmax) else x


def _positive(values: Array, name: str) -> Array:
    return np.abs(values) if name == "running_var" else values


def _numbers(shape: tuple[int, ...], span: int, start: int) -> Array:
    """Return small whole numbers, some negative, no two neighbours alike; no 0."""
    count = int(np.prod(shape))
    if count > span:
        span = count | 1
    step = next(n for n in range(start, span + start) if np.gcd(n, span) == 1)
    mixed = (np.arange(1, count + 1) * step) % span - span // 3
    return np.where(mixed <= 0, mixed - 1, mixed).astype(float).reshape(shape)

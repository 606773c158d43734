"""Repeating or blending elements along every side."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from shapecalc.algebra import known
from shapecalc.layers.reshape import Upsample
from shapecalc.reference import registry
from shapecalc.reference.arrays import along_sides, spread
from shapecalc.reference.example import SIDES, copied, least, shape_like
from shapecalc.reference.formula import (
    PLACES,
    POSITIONS,
    ArrayFormula,
    Index,
    Ref,
    Term,
    plain,
    ref,
    summed,
)
from shapecalc.reference.tally import accumulators

if TYPE_CHECKING:
    from shapecalc.layers.base import Layer
    from shapecalc.layers.shape import Shape
    from shapecalc.reference.arrays import Array, Arrays, Axes
    from shapecalc.reference.formula import Formulas, Values


class Resized(NamedTuple):
    """A side of `n` that becomes one of `m`: output u lies at at[u]/by among the n elements.

    `factor` is the whole factor, if there is one; `text` writes the place of an output.
    """

    n: int
    m: int
    at: Array
    by: int
    factor: int
    text: str

    @property
    def low(self) -> Array:
        """The element at the place of every output, or the last before it."""
        low: Array = self.at // self.by
        return low

    @property
    def high(self) -> Array:
        """The element after that, or the last."""
        high: Array = np.minimum(self.low + 1, self.n - 1)
        return high

    @property
    def part(self) -> Array:
        """How far every output is from the one on its way to the other."""
        part: Array = (self.at % self.by) / self.by
        return part


def resized(layer: Upsample, x: Array) -> list[Resized]:
    """Say of every side where its outputs lie."""
    size = layer.like if layer.to is None else layer.to
    if size is not None:
        pairs = [(known(m), n) for m, n in zip(spread(size, x), x.shape[2:], strict=True)]
        return [_side(layer, n, m, m, n) for m, n in pairs]
    given: Any = layer.factor or (2,)
    factors = given * (x.ndim - 2) if len(given) == 1 else given
    whole = [f if isinstance(f, tuple) else (f, 1) for f in factors]
    return [
        _side(layer, n, n * times // over, times, over)
        for n, (times, over) in zip(x.shape[2:], whole, strict=True)
    ]


def _side(layer: Upsample, n: int, m: int, times: int, over: int) -> Resized:
    """Place the outputs of a side that grows by times/over."""
    u = np.arange(m)
    factor = times // over if times % over == 0 else 0
    if layer.mode == "nearest":
        return Resized(n, m, u * over, times, factor, f"floor({{i}}*{over}/{times})")
    if layer.align == "corners":
        by = max(m - 1, 1)
        return Resized(n, m, u * (n - 1), by, 0, f"{{i}}*{n - 1}/{by}")
    at = np.clip((2 * u + 1) * over - times, 0, (n - 1) * 2 * times)
    text = f"({{i}} + 1/2)/{factor} - 1/2" if factor else f"({{i}} + 1/2)*{over}/{times} - 1/2"
    return Resized(n, m, at, 2 * times, factor, text)


def blend(side: Resized) -> Array:
    """Return the matrix that resizes a side of n: m x n."""
    rows, matrix = np.arange(side.m), np.zeros((side.m, side.n))
    matrix[rows, side.low] += 1 - side.part
    matrix[rows, side.high] += side.part
    return matrix


def _matrix(layer: Upsample, side: Resized) -> Array:
    """Return the matrix of blended or of repeated elements."""
    return blend(side) if layer.mode == "bilinear" else np.eye(side.n)[side.low]


@registry.forward(Upsample)
def upsample(layer: Upsample, arrays: Arrays, x: Array) -> Array:
    """Repeat or blend along every side, one side after the other."""
    for axis, side in enumerate(resized(layer, x), 2):
        if layer.mode == "nearest":
            x = x.take(side.low, axis)
        else:
            matrix = blend(side).astype(x.dtype)
            x = np.moveaxis(np.moveaxis(x, axis, -1) @ matrix.T, -1, axis)
    return np.ascontiguousarray(x)


@registry.gradient(Upsample)
def upsample_gradient(layer: Upsample, x: Array, y: Array, g: Array) -> Array:
    """Add up what every element gave."""
    for axis, side in enumerate(resized(layer, x), 2):
        matrix = _matrix(layer, side).astype(x.dtype)
        g = np.moveaxis(np.moveaxis(g, axis, -1) @ matrix, -1, axis)
    return g


@registry.counted(Upsample)
def counted(layer: Upsample, arrays: Arrays, x: Array) -> Array:
    """Blend the two nearest elements of every side: 2**sides products for every output."""
    if layer.mode == "nearest":
        return upsample(layer, arrays, x)
    sides = resized(layer, x)
    corners = [((1 - side.part, side.low), (side.part, side.high)) for side in sides]
    y = accumulators((*x.shape[:2], *(side.m for side in sides)), x)
    for corner in product(*corners):
        shares = np.array(1.0)
        for share, _ in corner:
            shares = np.multiply.outer(shares, share)
        y = y + x[along_sides(np.ix_(*(index for _, index in corner)))] * shares
    return y


@registry.formula(Upsample)
def formulas(layer: Upsample, x: Array) -> Formulas:
    """Write the formulas of repeated or blended elements; A1, A2 are the matrices that blend."""
    sides = resized(layer, x)
    places, inputs = POSITIONS[: len(sides)], PLACES[: len(sides)]
    over = {i: side.m for i, side in zip(places, sides, strict=True)}
    if _repeats(layer, sides):
        source = [Index(((i, 1, side.factor),)) for i, side in zip(places, sides, strict=True)]
        met = dict(zip(inputs, source, strict=True))
        note = "Every element gets the sum of the gradients of its copies."
        return {
            "y": summed("y", f"c{places}", (Ref("x", (*plain("c"), *source)),), {}),
            "x": summed("x", f"c{inputs}", (ref("g", f"c{places}"),), over, met, note=note),
        }
    blends = [
        ref(f"A{axis}", f"{i}{u}")
        for axis, (i, u) in enumerate(zip(places, inputs, strict=True), 1)
    ]
    seen = {u: side.n for u, side in zip(inputs, sides, strict=True)}
    share = "max(1 - |{at} - {u}|, 0)" if layer.mode == "bilinear" else "1 where {u} is {at}, or 0"
    shares = " and ".join(
        f"{blend} of {u} in {i} is {share.format(at=side.text.format(i=i), u=u)}"
        for blend, i, u, side in zip(blends, places, inputs, sides, strict=True)
    )
    y = summed("y", f"c{places}", (*blends, ref("x", f"c{inputs}")), seen,
               note=f"The share {shares}; beyond the ends the last element counts.")  # fmt: skip
    x_ = summed("x", f"c{inputs}", (*blends, ref("g", f"c{places}")), over,
                note="The gradient goes back by the same shares.")  # fmt: skip
    return {"y": _with_shares(y), "x": _with_shares(x_)}


def _repeats(layer: Upsample, sides: list[Resized]) -> bool:
    """Tell whether every element is repeated equally often."""
    return layer.mode == "nearest" and all(side.factor for side in sides)


def _with_shares(formula: ArrayFormula) -> ArrayFormula:
    """Leave out the terms of elements that have no share."""

    def terms(values: Values, at: Axes) -> list[Term]:
        return [term for term in formula.terms(values, at) if all(term.factors[:-1])]

    return formula._replace(terms=terms)


@registry.on_the_way(Upsample)
def on_the_way(layer: Upsample, arrays: Arrays, x: Array, y: Array, g: Array) -> dict[str, Array]:
    """Return the matrices that blend, by their letters."""
    sides = resized(layer, x)
    if _repeats(layer, sides):
        return {}
    return {f"A{axis}": _matrix(layer, side) for axis, side in enumerate(sides, 1)}


@registry.paper_copy(Upsample)
def paper_copy(layer: Upsample, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    """Keep a factor of 2, or a size of 3."""
    # A factor below 1 needs sides of which something is left.
    parts = (f for f in layer.factor or () if isinstance(f, tuple))
    least_side = max((-(-over // times) for times, over in parts), default=1)
    small = (shape_like(inputs[0], tuple(max(n, least_side) for n in SIDES), 1, 4),)
    size = layer.like if layer.to is None else layer.to
    if size is not None:
        return copied(layer, to=least(size, 3), like=None), small
    factor = tuple(
        f if isinstance(f, tuple) and f[0] <= 3 else min(f, 2) if isinstance(f, int) else 2
        for f in layer.factor or (2,)
    )
    return copied(layer, factor=factor), small

"""Repeating or blending elements along every side."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

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


def blend(n: int, factor: int, mode: str) -> Array:
    """Return the matrix that enlarges a side of `n`: n*factor x n.

    Output u lies at (u + 1/2)/factor - 1/2; beyond the ends there is the last element.
    """
    rows = np.arange(n * factor)
    at: Array = np.clip((rows + 0.5) / factor - 0.5, 0, n - 1)
    if mode == "nearest":
        at = rows // factor
    low = np.floor(at).astype(int)
    high, part = np.minimum(low + 1, n - 1), at - low
    matrix = np.zeros((n * factor, n))
    matrix[rows, low] += 1 - part
    matrix[rows, high] += part
    return matrix


@registry.forward(Upsample)
def upsample(layer: Upsample, arrays: Arrays, x: Array) -> Array:
    """Repeat or blend along every side, one side after the other."""
    for axis, factor in enumerate(spread(layer.factor, x), 2):
        if layer.mode == "nearest":
            x = np.repeat(x, factor, axis)
        else:
            matrix = blend(x.shape[axis], factor, layer.mode).astype(x.dtype)
            x = np.moveaxis(np.moveaxis(x, axis, -1) @ matrix.T, -1, axis)
    return np.ascontiguousarray(x)


@registry.gradient(Upsample)
def upsample_gradient(layer: Upsample, x: Array, y: Array, g: Array) -> Array:
    """Add up what every element gave."""
    for axis, factor in enumerate(spread(layer.factor, x), 2):
        matrix = blend(x.shape[axis], factor, layer.mode).astype(x.dtype)
        g = np.moveaxis(np.moveaxis(g, axis, -1) @ matrix, -1, axis)
    return g


@registry.counted(Upsample)
def counted(layer: Upsample, arrays: Arrays, x: Array) -> Array:
    """Blend the two nearest elements of every side: 2**sides products for every output."""
    if layer.mode == "nearest":
        return upsample(layer, arrays, x)
    corners = [
        _corners(n, factor) for n, factor in zip(x.shape[2:], spread(layer.factor, x), strict=True)
    ]
    y = accumulators((*x.shape[:2], *(len(low) for (_, low), _ in corners)), x)
    for corner in product(*corners):
        shares = np.array(1.0)
        for share, _ in corner:
            shares = np.multiply.outer(shares, share)
        y = y + x[along_sides(np.ix_(*(index for _, index in corner)))] * shares
    return y


def _corners(n: int, factor: int) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """Return, for both neighbours of every output along a side, its share and its index."""
    shares, low, high = [], [], []
    for u in range(n * factor):
        at = min(max((u + 0.5) / factor - 0.5, 0), n - 1)
        low.append(int(at))
        high.append(min(int(at) + 1, n - 1))
        shares.append(at - int(at))
    share = np.array(shares)
    return (1 - share, np.array(low)), (share, np.array(high))


@registry.formula(Upsample)
def formulas(layer: Upsample, x: Array) -> Formulas:
    """Write the formulas of repeated or blended elements; A1, A2 are the matrices that blend."""
    rank, factors = x.ndim - 2, spread(layer.factor, x)
    places, inputs = POSITIONS[:rank], PLACES[:rank]
    if layer.mode == "nearest":
        source = [Index(((i, 1, n),)) for i, n in zip(places, factors, strict=True)]
        met = dict(zip(inputs, source, strict=True))
        counts = [n * f for n, f in zip(x.shape[2:], factors, strict=True)]
        over = dict(zip(places, counts, strict=True))
        note = "Every element gets the sum of the gradients of its copies."
        return {
            "y": summed("y", f"c{places}", (Ref("x", (*plain("c"), *source)),), {}),
            "x": summed("x", f"c{inputs}", (ref("g", f"c{places}"),), over, met, note=note),
        }
    blends = [
        ref(f"A{axis}", f"{i}{u}")
        for axis, (i, u) in enumerate(zip(places, inputs, strict=True), 1)
    ]
    sides = dict(zip(inputs, x.shape[2:], strict=True))
    larger = {i: n * f for i, n, f in zip(places, x.shape[2:], factors, strict=True)}
    share = " and ".join(
        f"{blend} of {u} in {i} is max(1 - |({i} + 1/2)/{f} - 1/2 - {u}|, 0)"
        for blend, i, u, f in zip(blends, places, inputs, factors, strict=True)
    )
    y = summed("y", f"c{places}", (*blends, ref("x", f"c{inputs}")), sides,
               note=f"The share {share}; beyond the ends the last element counts.")  # fmt: skip
    x_ = summed("x", f"c{inputs}", (*blends, ref("g", f"c{places}")), larger,
                note="The gradient goes back by the same shares.")  # fmt: skip
    return {"y": _with_shares(y), "x": _with_shares(x_)}


def _with_shares(formula: ArrayFormula) -> ArrayFormula:
    """Leave out the terms of elements that have no share."""

    def terms(values: Values, at: Axes) -> list[Term]:
        return [term for term in formula.terms(values, at) if all(term.factors[:-1])]

    return formula._replace(terms=terms)


@registry.on_the_way(Upsample)
def on_the_way(layer: Upsample, arrays: Arrays, x: Array, y: Array, g: Array) -> dict[str, Array]:
    """Return the matrices that blend, by their letters."""
    if layer.mode == "nearest":
        return {}
    pairs = enumerate(spread(layer.factor, x), 1)
    return {f"A{axis}": blend(x.shape[1 + axis], factor, layer.mode) for axis, factor in pairs}


@registry.paper_copy(Upsample)
def paper_copy(layer: Upsample, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    """Keep a factor of 2."""
    return copied(layer, factor=least(layer.factor, 2)), (shape_like(inputs[0], SIDES, 1, 4),)

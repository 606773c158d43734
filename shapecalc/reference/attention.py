"""What attention does to its scores: masks, and numbers by distance."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

from shapecalc.algebra import known
from shapecalc.layers.attention import CausalMask, RelativePosition, WindowMask
from shapecalc.layers.shape import Map
from shapecalc.reference import registry
from shapecalc.reference.arrays import Gradients, Slot
from shapecalc.reference.example import copied
from shapecalc.reference.formula import (
    ArrayFormula,
    Term,
    operand_names,
    place_names,
    ref,
    single,
    summed,
)
from shapecalc.reference.partition import Tiling, cut, cut_of, small_windows, windows_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.layers.base import Layer
    from shapecalc.layers.shape import Shape
    from shapecalc.reference.arrays import Array, Arrays, Axes
    from shapecalc.reference.formula import Formulas, Values


# -- masks: of scores in the order stack x heads x queries, with the keys as channels --------------


def _visible(layer: CausalMask | WindowMask, *xs: Array) -> Array:
    """Tell which keys a query may see: an array that stretches to the scores."""
    between = (1,) * (xs[0].ndim - 3)
    if isinstance(layer, CausalMask):
        seen = np.tri(xs[0].shape[-1], dtype=bool).T  # keys x queries
        return seen.reshape(len(seen), *between, len(seen))
    how = cut_of(layer, xs[1])
    regions = cut(layer, _regions(how), how)
    seen = regions[:, :, None] == regions[:, None, :]  # windows x keys x queries
    seen = np.moveaxis(seen, 0, 1)
    return seen.reshape(*seen.shape[:2], *between[1:], seen.shape[-1])


def _regions(how: Tiling) -> Array:
    """Number the parts of a filled map that were neighbours before its sides moved."""
    numbers = np.zeros((), int)
    for n, shift in zip(how.sides, how.shifts, strict=True):
        carried = np.arange(n) < shift  # around the end
        numbers = 2 * numbers[..., None] + carried
    return numbers


@registry.overwriting(CausalMask, WindowMask)
def mask(layer: CausalMask | WindowMask, arrays: Arrays, x: Array, *others: Array) -> Array:
    """Put -infinity where a query does not see the key."""
    np.copyto(x, -np.inf, where=~_visible(layer, x, *others))
    return x


@registry.backward_to_all(CausalMask, WindowMask)
def mask_backward(
    layer: CausalMask | WindowMask, arrays: Arrays, xs: tuple[Array, ...], y: Array, g: Array
) -> Gradients:
    """Nothing goes back to what is hidden, nor to the map, of which only the sides count."""
    return Gradients((np.where(_visible(layer, *xs), g, 0), *map(np.zeros_like, xs[1:])), {})


@registry.counted(CausalMask, WindowMask)
def mask_counted(layer: CausalMask | WindowMask, arrays: Arrays, *xs: Array) -> Array:
    """Put -infinity where a query does not see the key: no operation."""
    hidden: Array = np.where(_visible(layer, *xs), xs[0], xs[0].flat[0].like(-np.inf))
    return hidden


@registry.formula(CausalMask, WindowMask)
def mask_formulas(layer: CausalMask | WindowMask, *xs: Array) -> Formulas:
    """Write the formulas of a mask."""
    seen = np.broadcast_to(_visible(layer, *xs), xs[0].shape[1:])
    first, *others = operand_names(xs)
    at = place_names(xs[0].ndim - 2)
    place = ", ".join(at)

    def term(name: str, hidden: float) -> Callable[[Values, Axes], Term]:
        return lambda values, at: Term((float(values[name][at]) if seen[at] else hidden,))

    when = f"c <= {at[-1]}" if isinstance(layer, CausalMask) else f"{at[-1]} sees c"
    note = (
        ""
        if isinstance(layer, CausalMask)
        else ("A position sees those of its window that were near it before the map was shifted.")
    )
    return {
        "y": single("y", at, f"{first}[{place}] where {when}, else -infinity",
                    term(first, -np.inf), note),
        first: single(first, at, f"g[{place}] where {when}, else 0", term("g", 0)),
        **{name: single(name, place_names(x.ndim - 2), "0", lambda *_: Term((0,)))
           for name, x in zip(others, xs[1:], strict=True)},
    }  # fmt: skip


@registry.paper_copy(CausalMask)
def causal_paper_copy(layer: CausalMask, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    """Keep three positions."""
    rank = len(inputs[0].sides)
    return layer, (Map((2, 1, 3)[-rank:] if rank != 2 else (2, 3), 3),)


@registry.paper_copy(WindowMask)
def window_mask_paper_copy(layer: WindowMask, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    """Keep windows of two places a side."""
    small = small_windows(layer)
    whole = Map((3, 4, 3)[: len(inputs[1].sides)], 1)
    windows, positions = windows_of(small, whole)
    heads = (1,) * (len(inputs[0].sides) - 2)
    return small, (Map((windows, *heads, positions), positions), whole)


# -- relative positions ----------------------------------------------------------------------------


def _sides(layer: RelativePosition) -> Axes:
    sides = tuple(map(known, layer.size))
    return sides * 2 if len(sides) == 1 else sides


def _distances(layer: RelativePosition) -> Array:
    """Number the distance of every key from every query, in the axes keys x queries."""
    sides = _sides(layer)
    places = np.stack(np.unravel_index(np.arange(prod(sides)), sides), 1)
    apart = places[None, :] - places[:, None] + np.array(sides) - 1  # query - key, from 0
    numbers: Array = np.ravel_multi_index(
        tuple(np.moveaxis(apart, -1, 0)), [2 * side - 1 for side in sides]
    )
    return numbers


@registry.slots(RelativePosition)
def slots(layer: RelativePosition, x: Array) -> dict[str, Slot]:
    """A number for every distance and head."""
    distances = prod(2 * side - 1 for side in _sides(layer))
    return {"table": Slot((distances, x.shape[-2]), -0.5, 0.5)}


def _added(layer: RelativePosition, arrays: Arrays, x: Array) -> Array:
    """Return what is added to the scores of an example: keys x ... x heads x queries."""
    table = arrays["table"][_distances(layer)]  # keys x queries x heads
    between = (1,) * (x.ndim - 4)
    keys, queries, heads = table.shape
    return table.swapaxes(1, 2).reshape(keys, *between, heads, queries)


@registry.overwriting(RelativePosition)
def forward(layer: RelativePosition, arrays: Arrays, x: Array) -> Array:
    """Add the number of its distance and head to every score."""
    x += _added(layer, arrays, x)
    return x


@registry.backward(RelativePosition)
def backward(
    layer: RelativePosition, arrays: Arrays, x: Array, y: Array, gradient: Array
) -> Gradients:
    """Scores get the gradient as it is; a number of the table that of all scores it went to."""
    g = np.moveaxis(gradient.sum((0, *range(2, x.ndim - 2))), 1, 2)  # keys x queries x heads
    table = np.zeros_like(arrays["table"])
    np.add.at(table, _distances(layer), g)
    return Gradients((gradient,), {"table": table})


@registry.counted(RelativePosition)
def counted(layer: RelativePosition, arrays: Arrays, x: Array) -> Array:
    """Add one number to every score."""
    result: Array = x + _added(layer, arrays, x)
    return result


@registry.formula(RelativePosition)
def formulas(layer: RelativePosition, x: Array) -> Formulas:
    """Write the formulas of numbers added by distance."""
    at, distances = place_names(x.ndim - 2), _distances(layer)
    head, query, place = at[-2], at[-1], ", ".join(at)

    def output(values: Values, at: Axes) -> list[Term]:
        table = values["w"][distances[at[0], at[-1]], at[-2]]
        return [Term((float(values["x"][at]),)), Term((float(table),))]

    def table(values: Values, at: Axes) -> list[Term]:
        distance, head = at
        g = values["g"]
        return [
            Term((float(g[place]),))
            for place in np.ndindex(*g.shape)
            if place[-2] == head and distances[place[0], place[-1]] == distance
        ]

    note = "d numbers the distances of a key c from a query, row by row."
    return {
        "y": ArrayFormula("y", at, f"x[{place}] + w[d(c, {query}), {head}]", note, output),
        "w": ArrayFormula("w", "df", f"sum over all c, {query} as far apart of g[{place}]",
                          "", table),
        "x": summed("x", at, (ref("g", at),), {}),
    }  # fmt: skip


@registry.paper_copy(RelativePosition)
def paper_copy(layer: RelativePosition, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    """Keep a window of one row by two, and two heads."""
    sides = (1,) * (len(_sides(layer)) - 1)
    return copied(layer, size=(*sides, 2)), (Map((1, 2, 2)[-len(inputs[0].sides) :], 2),)

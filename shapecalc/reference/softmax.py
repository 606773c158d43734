"""Softmax, over the channels of a position, the positions of a channel, or other axes."""

from __future__ import annotations

from math import exp
from typing import TYPE_CHECKING

import numpy as np

from shapecalc.layers.activation import Softmax
from shapecalc.reference import registry
from shapecalc.reference.arrays import extents
from shapecalc.reference.example import SIDES, shape_like
from shapecalc.reference.formula import ArrayFormula, Term, place_names, single
from shapecalc.reference.reduce import axes_of
from shapecalc.reference.tally import accumulators, add_up, larger

if TYPE_CHECKING:
    from shapecalc.layers.base import Layer
    from shapecalc.layers.shape import Shape
    from shapecalc.reference.arrays import Array, Arrays, Axes
    from shapecalc.reference.formula import Formulas, Values


def _shared(layer: Softmax, x: Array) -> Axes:
    return axes_of(layer.over, x)


@registry.overwriting(Softmax)
def softmax(layer: Softmax, arrays: Arrays, x: Array) -> Array:
    """Compute exp(x - max)/sum over all that shares a sum."""
    axes = _shared(layer, x)
    x -= x.max(axes, keepdims=True)
    np.exp(x, out=x)
    x /= x.sum(axes, keepdims=True)
    return x


@registry.gradient(Softmax)
def softmax_gradient(layer: Softmax, x: Array, y: Array, g: Array) -> Array:
    """Compute y (g - sum of g y)."""
    back: Array = y * (g - (g * y).sum(_shared(layer, x), keepdims=True))
    return back


@registry.counted(Softmax)
def softmax_counted(layer: Softmax, arrays: Arrays, x: Array) -> Array:
    """Maximum, difference, exponential, sum, quotient."""
    axes = axes_of(layer.over, x)
    best = accumulators((1 if axis in axes else n for axis, n in enumerate(x.shape)), x, -np.inf)
    moved = np.moveaxis(x, axes, range(len(axes)))
    for part in moved.reshape(-1, *moved.shape[len(axes) :]):
        best = larger(part.reshape(best.shape), best)
    powers = np.frompyfunc(lambda v: v.exp(), 1, 1)(x - best)
    result: Array = powers / add_up(powers, axes, x)
    return result


@registry.formula(Softmax)
def softmax_formulas(layer: Softmax, x: Array) -> Formulas:
    """Write the formulas of a softmax: a is what its outputs share."""
    at, axes = place_names(x.ndim - 2), _shared(layer, x)
    place = ", ".join(at)
    over = ", ".join(i for axis, i in enumerate(at, 1) if axis in axes)
    rest = "".join(i for axis, i in enumerate(at, 1) if axis not in axes)
    shared = f"[{', '.join(rest)}]" if rest else ""

    def mine(place: Axes) -> Axes:
        """Return the place of the sum that an element is in."""
        return tuple(n for axis, n in enumerate(place, 1) if axis not in axes)

    def mates(values: Values, entry: Axes) -> list[Axes]:
        """List the elements that share a sum."""
        return [other for other in np.ndindex(*values["x"].shape) if mine(other) == entry]

    def output(values: Values, place: Axes) -> Term:
        powers = [exp(float(values["x"][mate])) for mate in mates(values, mine(place))]
        return Term((exp(float(values["x"][place])),), sum(powers))

    def sums(values: Values, entry: Axes) -> list[Term]:
        pairs = ((values["g"][mate], values["y"][mate]) for mate in mates(values, entry))
        return [Term((float(g), float(y))) for g, y in pairs]

    def back(values: Values, place: Axes) -> Term:
        total = float(values["a"][mine(place)])
        return Term((float(values["y"][place]), (float(values["g"][place]), -total)))

    note = "An output takes from the others what it gains, so they share a."
    return {
        "y": single("y", at, f"exp(x[{place}])/(sum over {over} of exp(x[{place}]))", output),
        "a": ArrayFormula("a", rest, f"sum over {over} of g[{place}] * y[{place}]", "", sums),
        "x": single("x", at, f"y[{place}] * (g[{place}] - a{shared})", back, note),
    }


@registry.on_the_way(Softmax)
def on_the_way(layer: Softmax, arrays: Arrays, x: Array, y: Array, g: Array) -> dict[str, Array]:
    """Return what the outputs of the first example share."""
    return {"a": (g * y).sum(_shared(layer, x))[0]}


@registry.paper_copy(Softmax)
def softmax_paper_copy(layer: Softmax, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    """Keep three channels, or the positions of one, or both."""
    axes = axes_of(layer.over, np.broadcast_to(0.0, (1, *extents(inputs[0]))))
    sides = (1, 2, 1) if axes == (1,) else SIDES
    return layer, (shape_like(inputs[0], sides, 3 if 1 in axes else 1, 4),)

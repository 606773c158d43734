"""Softmax, over the channels of a position or the positions of a channel."""

from __future__ import annotations

from math import exp
from typing import TYPE_CHECKING

import numpy as np

from shapecalc.layers.activation import Softmax
from shapecalc.reference import registry
from shapecalc.reference.example import SIDES, shape_like
from shapecalc.reference.formula import ArrayFormula, Term, place_names, single
from shapecalc.reference.tally import accumulators, add_up, larger

if TYPE_CHECKING:
    from shapecalc.layers.base import Layer
    from shapecalc.layers.shape import Shape
    from shapecalc.reference.arrays import Array, Arrays, Axes
    from shapecalc.reference.formula import Formulas, Values


def _shared(layer: Softmax, x: Array) -> Axes:
    return (1,) if layer.over == "channels" else tuple(range(2, x.ndim))


@registry.overwriting(Softmax)
def softmax(layer: Softmax, arrays: Arrays, x: Array) -> Array:
    """Compute exp(x - max)/sum over the channels of a position or the positions of a channel."""
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
    axes = (1,) if layer.over == "channels" else tuple(range(2, x.ndim))
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
    at = place_names(x.ndim - 2)
    place, over_channels = ", ".join(at), layer.over == "channels"
    over, rest = ("c", at[1:]) if over_channels else (", ".join(at[1:]), "c")
    shared = f"[{', '.join(rest)}]" if rest else ""

    def mates(place: Axes, values: Values) -> list[Axes]:
        """List the elements that share a sum."""
        kept = slice(1, None) if over_channels else slice(0, 1)
        return [other for other in np.ndindex(*values["x"].shape) if other[kept] == place[kept]]

    def output(values: Values, place: Axes) -> Term:
        powers = [exp(float(values["x"][mate])) for mate in mates(place, values)]
        return Term((exp(float(values["x"][place])),), sum(powers))

    def sums(values: Values, at: Axes) -> list[Term]:
        place = (0, *at) if over_channels else (*at, *(0,) * (values["x"].ndim - 1))
        return [
            Term((float(values["g"][mate]), float(values["y"][mate])))
            for mate in mates(place, values)
        ]

    def back(values: Values, place: Axes) -> Term:
        total = float(values["a"][place[1:] if over_channels else place[:1]])
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
    """Keep three channels, or the positions of one."""
    over_channels = layer.over == "channels"
    sides, channels = ((1, 2, 1), 3) if over_channels else (SIDES, 1)
    return layer, (shape_like(inputs[0], sides, channels, 4),)

"""Activations that make one channel of several: gated units and maxout."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shapecalc.algebra import known
from shapecalc.layers.activation import Gelu, Sigmoid, Silu
from shapecalc.layers.gated import Gated, Geglu, Glu, Maxout, Swiglu
from shapecalc.reference import registry
from shapecalc.reference.example import SIDES, copied, shape_like
from shapecalc.reference.formula import Index, Ref, Term, place_names, single
from shapecalc.reference.tally import accumulators, larger

if TYPE_CHECKING:
    from shapecalc.layers.base import Layer
    from shapecalc.layers.shape import Shape
    from shapecalc.reference.arrays import Array, Arrays, Axes
    from shapecalc.reference.formula import Formulas, Values

# -- gated units -----------------------------------------------------------------------------------


#: The functions of the gates, which have a referee of their own.
_GATES: dict[type[Layer], Layer] = {Glu: Sigmoid(), Geglu: Gelu(), Swiglu: Silu()}


def _gate(layer: Gated, b: Array) -> Array:
    """Apply the function of the gate."""
    gate = _GATES[type(layer)]
    return registry.overwriting.needed(type(gate))(gate, {}, b.copy())


def _back_through_gate(layer: Gated, b: Array, s: Array, g: Array) -> Array:
    """Return the gradient of what the gate is a function of."""
    gate = _GATES[type(layer)]
    return registry.backward_to_all.needed(type(gate))(gate, {}, (b,), s, g).inputs[0]


@registry.forward(Glu, Geglu, Swiglu)
def gated(layer: Gated, arrays: Arrays, x: Array) -> Array:
    """Multiply the first half of the channels by the gate of the second."""
    a, b = np.split(x, 2, axis=1)
    y: Array = a * _gate(layer, b)
    return y


@registry.gradient(Glu, Geglu, Swiglu)
def gated_gradient(layer: Gated, x: Array, y: Array, g: Array) -> Array:
    """By the product rule."""
    a, b = np.split(x, 2, axis=1)
    s = _gate(layer, b)
    return np.concatenate([g * s, _back_through_gate(layer, b, s, g * a)], axis=1)


@registry.counted(Glu, Geglu, Swiglu)
def gated_counted(layer: Gated, arrays: Arrays, x: Array) -> Array:
    """Multiply by the gate, whose operations count as its own."""
    a, b = np.split(x, 2, axis=1)
    gate = _GATES[type(layer)]
    y: Array = a * registry.counted.needed(type(gate))(gate, {}, b)
    return y


@registry.formula(Glu, Geglu, Swiglu)
def gated_formulas(layer: Gated, x: Array) -> Formulas:
    """Write the formulas of a gated unit."""
    at, half = place_names(x.ndim - 2), x.shape[1] // 2
    name = _GATES[type(layer)].type
    rest = "".join(f", {letter}" for letter in at[1:])

    def parts(values: Values, place: Axes) -> tuple[float, float, float, float]:
        """Return a, b, the gate of b, and the gate's slope there."""
        c = place[0] % half
        a, b = (float(values["x"][(n, *place[1:])]) for n in (c, c + half))
        array = np.full((1, 1), b)
        s = _gate(layer, array)
        slope = _back_through_gate(layer, array, s, np.ones((1, 1)))
        return a, b, float(s[0, 0]), float(slope[0, 0])

    def output(values: Values, place: Axes) -> Term:
        a, _, s, _ = parts(values, place)
        return Term((a, s))

    def back(values: Values, place: Axes) -> Term:
        a, _, s, slope = parts(values, place)
        g = float(values["g"][(place[0] % half, *place[1:])])
        return Term((g, s)) if place[0] < half else Term((g, a, slope))

    text = (
        f"g[c{rest}] * {name}(x[c + {half}{rest}]) where c < {half},"
        f" else g[c - {half}{rest}] * x[c - {half}{rest}] * {name}'(x[c{rest}])"
    )
    note = f"{name}' is the slope of {name}."
    return {
        "y": single("y", at, f"x[c{rest}] * {name}(x[c + {half}{rest}])", output),
        "x": single("x", at, text, back, note),
    }


@registry.paper_copy(Gated)
def gated_paper_copy(layer: Gated, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    """Keep two channels of each half."""
    return layer, (shape_like(inputs[0], SIDES, 4, 4),)


# -- maxout ----------------------------------------------------------------------------------------


def _pieces(layer: Maxout, x: Array) -> Array:
    """View the channels as groups of pieces."""
    return x.reshape(len(x), -1, known(layer.pieces), *x.shape[2:])


@registry.forward(Maxout)
def maxout(layer: Maxout, arrays: Arrays, x: Array) -> Array:
    """Take the maximum of every group of channels."""
    y: Array = _pieces(layer, x).max(2)
    return y


@registry.gradient(Maxout)
def maxout_gradient(layer: Maxout, x: Array, y: Array, g: Array) -> Array:
    """Give it to the first of the largest."""
    pieces = _pieces(layer, x)
    first = np.expand_dims(pieces.argmax(2), 2)
    back = np.zeros_like(pieces)
    np.put_along_axis(back, first, np.expand_dims(g, 2), 2)
    return back.reshape(x.shape)


@registry.counted(Maxout)
def maxout_counted(layer: Maxout, arrays: Arrays, x: Array) -> Array:
    """Compare every piece with the largest so far, from -infinity on."""
    pieces = np.moveaxis(_pieces(layer, x), 2, 0)
    y = accumulators(pieces.shape[1:], x, -np.inf)
    for piece in pieces:
        y = larger(y, piece)
    return y


@registry.formula(Maxout)
def maxout_formulas(layer: Maxout, x: Array) -> Formulas:
    """Write the formulas of the maximum of neighbouring channels."""
    at, k = place_names(x.ndim - 2), known(layer.pieces)
    rest = "".join(f", {letter}" for letter in at[1:])
    first = "c" if k == 1 else f"{k}*c"
    last = "c" if k == 1 else f"{k}*c + {k - 1}"

    def group(values: Values, place: Axes, c: int) -> list[float]:
        return [float(values["x"][(n, *place[1:])]) for n in range(c * k, c * k + k)]

    def output(values: Values, place: Axes) -> Term:
        values_ = group(values, place, place[0])
        shown = ", ".join(f"{value + 0.0:.4g}" for value in values_)
        return Term((max(values_),), text=f"max({shown})" if k > 1 else "")

    def back(values: Values, place: Axes) -> Term:
        c, piece = divmod(place[0], k)
        pieces = group(values, place, c)
        won = pieces.index(max(pieces)) == piece
        return Term((float(values["g"][(c, *place[1:])]) if won else 0.0,))

    source = Ref("g", (Index((("c", 1, k),)), *(Index(((n, 1, 1),)) for n in at[1:])))
    return {
        "y": single("y", at, f"max of x[{first}{rest}] to x[{last}{rest}]", output),
        "x": single(
            "x", at, f"{source} where x is the largest of its {k}, else 0", back,
            "Of equals the first counts.",
        ),
    }  # fmt: skip


@registry.paper_copy(Maxout)
def maxout_paper_copy(layer: Maxout, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    """Keep two groups of at most three channels."""
    pieces = min(known(layer.pieces), 3)
    return copied(layer, pieces=pieces), (shape_like(inputs[0], SIDES, 2 * pieces, 2 * pieces),)

"""Normalisation by the root of the mean square."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shapecalc.layers.rmsnorm import RmsNorm
from shapecalc.reference import registry
from shapecalc.reference.arrays import Gradients, Slot, column, places, scale_slot
from shapecalc.reference.example import shape_like
from shapecalc.reference.formula import ArrayFormula, Term, place_names, single
from shapecalc.reference.norm import EPSILON
from shapecalc.reference.tally import add_up

if TYPE_CHECKING:
    from shapecalc.layers.base import Layer
    from shapecalc.layers.shape import Shape
    from shapecalc.reference.arrays import Array, Arrays, Axes
    from shapecalc.reference.formula import Formulas, Values


@registry.slots(RmsNorm)
def slots(layer: RmsNorm, x: Array) -> dict[str, Slot]:
    """A scale per channel."""
    return {"weight": scale_slot(x.shape[1:2])} if layer.scale else {}


def inverse(x: Array) -> Array:
    """Return 1/root of the mean square of every position's channels."""
    r: Array = 1 / np.sqrt(np.square(x).mean(1, keepdims=True) + EPSILON)
    return r


@registry.forward(RmsNorm)
def forward(layer: RmsNorm, arrays: Arrays, x: Array) -> Array:
    """Multiply by the reciprocal, and by the scale."""
    y: Array = x * inverse(x)
    return y * column(arrays["weight"], x) if layer.scale else y


@registry.backward(RmsNorm)
def backward(layer: RmsNorm, arrays: Arrays, x: Array, y: Array, gradient: Array) -> Gradients:
    """Go back through the scale, then through the reciprocal, which follows from x."""
    r = inverse(x)
    z = x * r
    inner = gradient * column(arrays["weight"], x) if layer.scale else gradient
    trained = {"weight": (gradient * z).sum(places(x))} if layer.scale else {}
    back = r * (inner - z * (inner * z).mean(1, keepdims=True))
    return Gradients((back,), trained)


_root = np.frompyfunc(lambda v: v.sqrt(), 1, 1)


@registry.counted(RmsNorm)
def counted(layer: RmsNorm, arrays: Arrays, x: Array) -> Array:
    """Square, add up, divide, root, and scale."""
    mean = add_up(x * x, (1,), x) / x.shape[1]
    z: Array = x * (1 / _root(mean + EPSILON))
    return z * column(arrays["weight"], x) if layer.scale else z


@registry.on_the_way(RmsNorm)
def on_the_way(layer: RmsNorm, arrays: Arrays, x: Array, y: Array, g: Array) -> dict[str, Array]:
    """Return r, z and h of an example."""
    r = np.broadcast_to(inverse(x), x.shape)
    h = g * column(arrays["weight"], x) if layer.scale else g
    return {"r": r[0], "z": (x * r)[0], "h": h[0]}


@registry.formula(RmsNorm)
def formulas(layer: RmsNorm, x: Array) -> Formulas:
    """Write the formulas: z is normalised, r the scale, h the gradient of z."""
    at = place_names(x.ndim - 2)
    place = ", ".join(at)

    def entry(letter: str, place: Axes, values: Values) -> float:
        return float(values[letter][place])

    def scaled(letter: str) -> Formulas:
        def term(values: Values, p: Axes) -> Term:
            own = (entry("w", p[:1], values),) if layer.scale else ()
            return Term((*own, entry(letter, p, values)))

        of, text = ("y", "z") if letter == "z" else ("h", "g")
        note = "" if of == "y" else "h is the gradient of z."
        return {
            of: single(of, at, f"{'w[c] * ' if layer.scale else ''}{text}[{place}]", term, note)
        }

    def back(values: Values, p: Axes) -> Term:
        turn = float((values["h"] * values["z"]).mean(0)[p[1:]])
        r, h, z = (entry(letter, p, values) for letter in "rhz")
        return Term((r, (h, -z * turn)))

    def trained(values: Values, p: Axes) -> list[Term]:
        gs, zs = values["g"][p[0]].ravel(), values["z"][p[0]].ravel()
        return [Term((float(g), float(z))) for g, z in zip(gs, zs, strict=True)]

    over = f"sum over {', '.join(at[1:])} of " if at[1:] else ""
    by_letter: Formulas = {
        "r": single(
            "r", at, f"1/sqrt(mean of x^2 + {EPSILON:g}) over the channels of the position",
            lambda values, p: Term((entry("r", p, values),)),
        ),
        "z": single(
            "z", at, f"x[{place}] * r[{place}]",
            lambda values, p: Term((entry("x", p, values), entry("r", p, values))),
        ),
        **scaled("z"),
    }  # fmt: skip
    if layer.scale:
        by_letter["w"] = ArrayFormula("w", "c", f"{over}g[{place}] * z[{place}]", "", trained)
    text = f"r[{place}] * (h[{place}] - z[{place}] * mean of h*z)"
    note = "The mean over the channels of the position: r follows from x."
    return by_letter | scaled("g") | {"x": single("x", at, text, back, note)}


@registry.paper_copy(RmsNorm)
def paper_copy(layer: RmsNorm, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    """Keep three channels."""
    return layer, (shape_like(inputs[0], (1, 2, 1), 3, 4),)

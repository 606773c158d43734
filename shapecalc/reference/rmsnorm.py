"""Normalisation by the root of the mean square."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shapecalc.algebra import known
from shapecalc.layers.rmsnorm import RmsNorm
from shapecalc.reference import registry
from shapecalc.reference.arrays import Gradients, Slot, scale_slot
from shapecalc.reference.formula import ArrayFormula, Term, place_names, single
from shapecalc.reference.norm import (
    EPSILON,
    by_channel_of_a_head,
    for_all_heads,
    in_few_heads,
    in_heads,
)
from shapecalc.reference.tally import add_up

if TYPE_CHECKING:
    from shapecalc.layers.base import Layer
    from shapecalc.layers.shape import Shape
    from shapecalc.reference.arrays import Array, Arrays, Axes
    from shapecalc.reference.formula import Formulas, Values


@registry.slots(RmsNorm)
def slots(layer: RmsNorm, x: Array) -> dict[str, Slot]:
    """A scale per channel of a head."""
    return {"weight": scale_slot((x.shape[1] // known(layer.heads),))} if layer.scale else {}


def _mean(layer: RmsNorm, x: Array) -> Array:
    """Give every element the mean over the channels of its head."""
    parts = in_heads(x, known(layer.heads))
    return np.broadcast_to(parts.mean(2, keepdims=True), parts.shape).reshape(x.shape)


def inverse(layer: RmsNorm, x: Array) -> Array:
    """Return 1/root of the mean square of every position's channels, head by head."""
    r: Array = 1 / np.sqrt(_mean(layer, np.square(x)) + EPSILON)
    return r


@registry.forward(RmsNorm)
def forward(layer: RmsNorm, arrays: Arrays, x: Array) -> Array:
    """Multiply by the reciprocal, and by the scale."""
    y: Array = x * inverse(layer, x)
    return y * for_all_heads(arrays["weight"], x) if layer.scale else y


@registry.backward(RmsNorm)
def backward(layer: RmsNorm, arrays: Arrays, x: Array, y: Array, gradient: Array) -> Gradients:
    """Go back through the scale, then through the reciprocal, which follows from x."""
    r = inverse(layer, x)
    z = x * r
    inner = gradient * for_all_heads(arrays["weight"], x) if layer.scale else gradient
    trained = {}
    if layer.scale:
        trained["weight"] = by_channel_of_a_head(gradient * z, known(layer.heads))
    back = r * (inner - z * _mean(layer, inner * z))
    return Gradients((back,), trained)


_root = np.frompyfunc(lambda v: v.sqrt(), 1, 1)


@registry.counted(RmsNorm)
def counted(layer: RmsNorm, arrays: Arrays, x: Array) -> Array:
    """Square, add up, divide, root, and scale."""
    parts = in_heads(x, known(layer.heads))
    mean = add_up(parts * parts, (2,), x) / parts.shape[2]
    z: Array = (parts * (1 / _root(mean + EPSILON))).reshape(x.shape)
    return z * for_all_heads(arrays["weight"], x) if layer.scale else z


@registry.on_the_way(RmsNorm)
def on_the_way(layer: RmsNorm, arrays: Arrays, x: Array, y: Array, g: Array) -> dict[str, Array]:
    """Return r, z and h of an example."""
    r = inverse(layer, x)
    h = g * for_all_heads(arrays["weight"], x) if layer.scale else g
    return {"r": r[0], "z": (x * r)[0], "h": h[0]}


@registry.formula(RmsNorm)
def formulas(layer: RmsNorm, x: Array) -> Formulas:
    """Write the formulas: z is normalised, r the scale, h the gradient of z."""
    at = place_names(x.ndim - 2)
    place, size = ", ".join(at), x.shape[1] // known(layer.heads)
    index, whose = ("c", "position") if size == x.shape[1] else (f"c mod {size}", "head")

    def entry(letter: str, place: Axes, values: Values) -> float:
        return float(values[letter][place])

    def scaled(letter: str) -> Formulas:
        def term(values: Values, p: Axes) -> Term:
            own = (entry("w", (p[0] % size,), values),) if layer.scale else ()
            return Term((*own, entry(letter, p, values)))

        of, text = ("y", "z") if letter == "z" else ("h", "g")
        note = "" if of == "y" else "h is the gradient of z."
        factor = f"w[{index}] * " if layer.scale else ""
        return {of: single(of, at, f"{factor}{text}[{place}]", term, note)}

    def back(values: Values, p: Axes) -> Term:
        turn = float(_mean(layer, (values["h"] * values["z"])[None])[0][p])
        r, h, z = (entry(letter, p, values) for letter in "rhz")
        return Term((r, (h, -z * turn)))

    def trained(values: Values, p: Axes) -> list[Term]:
        gs, zs = values["g"][p[0] :: size].ravel(), values["z"][p[0] :: size].ravel()
        return [Term((float(g), float(z))) for g, z in zip(gs, zs, strict=True)]

    over = ", ".join([*(["all heads"] if whose == "head" else []), *at[1:]])
    over = f"sum over {over} of " if over else ""
    by_letter: Formulas = {
        "r": single(
            "r", at, f"1/sqrt(mean of x^2 + {EPSILON:g}) over the channels of the {whose}",
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
    note = f"The mean over the channels of the {whose}: r follows from x."
    return by_letter | scaled("g") | {"x": single("x", at, text, back, note)}


@registry.paper_copy(RmsNorm)
def paper_copy(layer: RmsNorm, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    """Keep three channels, of up to two heads."""
    return in_few_heads(layer, inputs[0])

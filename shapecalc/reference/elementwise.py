"""Functions of every element by itself: their counted forwards, and their formulas."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from shapecalc.reference import registry
from shapecalc.reference.formula import Term, number, place_names, single

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.layers.base import Layer
    from shapecalc.reference.arrays import Array, Arrays, Axes
    from shapecalc.reference.formula import Formulas, Values
    from shapecalc.reference.registry import Forward
    from shapecalc.reference.tally import Counting


def elementwise(function: Callable[[Any, Counting], Counting]) -> Forward:
    """Make the counted forward of a function of the layer and one number."""

    def forward(layer: Layer, arrays: Arrays, x: Array) -> Array:
        result: Array = np.frompyfunc(lambda v: function(layer, v), 1, 1)(x)
        return result

    return forward


def chosen(v: Counting, low: Counting) -> Counting:
    """Return v where it is positive, and what takes its place where it is not."""
    return v if v > 0 else low


def formula_of(made: type[Layer], backward: str, note: str = "", *, forward: str = "") -> None:
    """Register the formulas of a type: what y is, and what dL/dx is.

    `{x}`, `{y}` and `{g}` stand for the elements, and fields of the layer for their values.  Where
    there is no `forward` the layer's help says it: ``y = max(x, 0)``.  The numbers of a worked
    example are those that the referee's own forward and backward computed.
    """
    names = [field.name for field in made.fields()]
    letters = "|".join(("x", *names))
    forward = forward or re.sub(rf"\b({letters})\b", r"{\1}", made.rule.removeprefix("y = "))

    @registry.formula(made)
    def formulas(layer: Layer, x: Array) -> Formulas:
        at = place_names(x.ndim - 2)
        words = {name: getattr(layer, name) for name in names}
        words |= {letter: f"{letter}[{', '.join(at)}]" for letter in "xyg"}

        def output(values: Values, place: Axes) -> Term:
            shown = words | {"x": _bracketed(float(values["x"][place]))}
            text = "" if " where " in forward else forward.format(**shown)
            return Term((float(values["y"][place]),), text=text)

        def back(values: Values, place: Axes) -> Term:
            return Term((float(values["g"][place]), _slope(layer, values, place)))

        return {
            "y": single("y", at, forward.format(**words), output),
            "x": single("x", at, backward.format(**words), back, note),
        }


def _slope(layer: Layer, values: Values, place: Axes) -> float:
    """Return dy/dx of an element, by the layer's backward for a gradient of 1."""
    x, y = (np.reshape(values[letter][place], (1, 1)) for letter in "xy")
    back = registry.backward_to_all.needed(type(layer))(layer, {}, (x,), y, np.ones((1, 1)))
    return float(back.inputs[0][0, 0])


def _bracketed(x: float) -> str:
    return number(x) if x >= 0 else f"({number(x)})"

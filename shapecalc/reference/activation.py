"""Layers that map every element by itself, and those that do nothing at inference.

A function here writes over its input and returns it; its gradient gets the layer's input and
output, x and y, and the gradient g of the output.
"""

from __future__ import annotations

import re
from math import erfc, pi, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from shapecalc.layers.activation import (
    Dropout,
    Elu,
    Gelu,
    HardSigmoid,
    HardSwish,
    Identity,
    LeakyRelu,
    Mish,
    Prelu,
    Relu,
    Relu6,
    Sigmoid,
    Silu,
    Softplus,
    StochasticDepth,
    Tanh,
)
from shapecalc.reference import registry, softmax  # noqa: F401  (it registers itself)
from shapecalc.reference.arrays import Gradients, Slot, column, logistic, places
from shapecalc.reference.example import SIDES, shape_like
from shapecalc.reference.formula import PLACES, ArrayFormula, Term, number, place_names, single
from shapecalc.reference.tally import chosen, elementwise

if TYPE_CHECKING:
    from shapecalc.layers.base import Layer
    from shapecalc.layers.shape import Shape
    from shapecalc.reference.arrays import Array, Arrays, Axes
    from shapecalc.reference.formula import Formulas, Values
    from shapecalc.reference.tally import Counting


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


@registry.overwriting(Relu)
def relu(layer: object, arrays: Arrays, x: Array) -> Array:
    """max(x, 0)."""
    zeros = np.zeros(x.shape[2:], x.dtype)  # NumPy takes several times as long with a single 0
    return np.maximum(x, zeros, out=x)


@registry.gradient(Relu)
def relu_gradient(layer: object, x: Array, y: Array, g: Array) -> Array:
    """1 above 0, else 0."""
    return g * (x > 0)


registry.counted(Relu)(elementwise(lambda _, v: chosen(v, v.like(0))))
formula_of(
    Relu,
    "{g} where {x} > 0, else 0",
    "The gradient passes where the input was positive; at 0 itself it is taken as 0.",
)


@registry.overwriting(Relu6)
def relu6(layer: object, arrays: Arrays, x: Array) -> Array:
    """min(max(x, 0), 6)."""
    return np.clip(x, 0, 6, out=x)


@registry.gradient(Relu6)
def relu6_gradient(layer: object, x: Array, y: Array, g: Array) -> Array:
    """1 between 0 and 6, else 0."""
    return g * ((x > 0) & (x < 6))


registry.counted(Relu6)(elementwise(lambda _, v: _clip(v)))
formula_of(Relu6, "{g} where 0 < {x} < 6, else 0")


@registry.overwriting(LeakyRelu)
def leaky_relu(layer: LeakyRelu, arrays: Arrays, x: Array) -> Array:
    """Keep x where x > 0, else slope*x."""
    return np.multiply(x, layer.slope, out=x, where=x <= 0)


@registry.gradient(LeakyRelu)
def leaky_relu_gradient(layer: LeakyRelu, x: Array, y: Array, g: Array) -> Array:
    """1 above 0, else the slope."""
    return np.where(x > 0, g, g * layer.slope)


registry.counted(LeakyRelu)(elementwise(lambda layer, v: chosen(v, v * layer.slope)))
formula_of(LeakyRelu, "{g} where {x} > 0, else {slope}*{g}")


@registry.overwriting(Elu)
def elu(layer: Elu, arrays: Arrays, x: Array) -> Array:
    """Keep x where x > 0, else alpha*(exp(x) - 1)."""
    low = layer.alpha * np.expm1(np.minimum(x, 0))
    np.copyto(x, low, where=x <= 0)
    return x


@registry.gradient(Elu)
def elu_gradient(layer: Elu, x: Array, y: Array, g: Array) -> Array:
    """1 above 0, else alpha*exp(x)."""
    return np.where(x > 0, g, g * layer.alpha * np.exp(np.minimum(x, 0)))


registry.counted(Elu)(elementwise(lambda layer, v: chosen(v, (v.exp() - 1) * layer.alpha)))
formula_of(Elu, "{g} where {x} > 0, else {g} * {alpha}*exp({x})")


@registry.overwriting(Gelu)
def gelu(layer: object, arrays: Arrays, x: Array) -> Array:
    """Weigh x by the probability that a normal deviate is smaller: x/2 * (1 + erf(x/sqrt(2)))."""
    x *= _below(x)
    return x


@registry.gradient(Gelu)
def gelu_gradient(layer: object, x: Array, y: Array, g: Array) -> Array:
    """The probability, and x times the normal density."""
    return g * (_below(x) + x * np.exp(-x * x / 2) / sqrt(2 * pi))


registry.counted(Gelu)(elementwise(lambda _, v: v * 0.5 * (1 + (v * (1 / sqrt(2))).erf())))
formula_of(
    Gelu,
    "{g} * (Phi({x}) + {x} * phi({x}))",
    "Phi is the share of a normal distribution below x, phi its density.",
    forward="{x} * Phi({x})",
)


@registry.overwriting(Silu)
def silu(layer: object, arrays: Arrays, x: Array) -> Array:
    """Compute x/(1 + exp(-x))."""
    x *= logistic(x)
    return x


@registry.gradient(Silu)
def silu_gradient(layer: object, x: Array, y: Array, g: Array) -> Array:
    """By the product rule."""
    s = logistic(x)
    back: Array = g * (s + x * s * (1 - s))
    return back


registry.counted(Silu)(elementwise(lambda _, v: v / (1 + (-v).exp())))
formula_of(Silu, "{g} * (s + {x} * s * (1 - s))", "s is 1/(1 + exp(-x)).")


@registry.overwriting(Sigmoid)
def sigmoid(layer: object, arrays: Arrays, x: Array) -> Array:
    """Compute 1/(1 + exp(-x))."""
    x[...] = logistic(x)
    return x


@registry.gradient(Sigmoid)
def sigmoid_gradient(layer: object, x: Array, y: Array, g: Array) -> Array:
    """Multiply by y (1 - y)."""
    back: Array = g * y * (1 - y)
    return back


registry.counted(Sigmoid)(elementwise(lambda _, v: 1 / (1 + (-v).exp())))
formula_of(
    Sigmoid,
    "{g} * {y} * (1 - {y})",
    "Never more than a quarter of g comes back, and next to nothing far from 0.",
)


@registry.overwriting(HardSigmoid)
def hard_sigmoid(layer: object, arrays: Arrays, x: Array) -> Array:
    """min(max(x + 3, 0), 6)/6."""
    x += 3
    np.clip(x, 0, 6, out=x)
    x /= 6
    return x


@registry.gradient(HardSigmoid)
def hard_sigmoid_gradient(layer: object, x: Array, y: Array, g: Array) -> Array:
    """1/6 between -3 and 3, else 0."""
    return g * (np.abs(x) < 3) / 6


registry.counted(HardSigmoid)(elementwise(lambda _, v: _clip(v + 3) / 6))
formula_of(HardSigmoid, "{g}/6 where -3 < {x} < 3, else 0")


@registry.overwriting(HardSwish)
def hard_swish(layer: object, arrays: Arrays, x: Array) -> Array:
    """Weigh x by its hard sigmoid."""
    x *= np.clip(x + 3, 0, 6) / 6
    return x


@registry.gradient(HardSwish)
def hard_swish_gradient(layer: object, x: Array, y: Array, g: Array) -> Array:
    """(2 x + 3)/6 between -3 and 3, 1 above, 0 below."""
    back: Array = g * np.where(x >= 3, 1, np.where(x > -3, (2 * x + 3) / 6, 0)).astype(x.dtype)
    return back


registry.counted(HardSwish)(elementwise(lambda _, v: v * _clip(v + 3) / 6))
formula_of(HardSwish, "{g} where {x} >= 3, 0 where {x} <= -3, else {g} * (2*{x} + 3)/6")


@registry.overwriting(Tanh)
def tanh(layer: object, arrays: Arrays, x: Array) -> Array:
    """The hyperbolic tangent."""
    return np.tanh(x, out=x)


@registry.gradient(Tanh)
def tanh_gradient(layer: object, x: Array, y: Array, g: Array) -> Array:
    """1 - y**2."""
    back: Array = g * (1 - y * y)
    return back


registry.counted(Tanh)(elementwise(lambda _, v: v.tanh()))
formula_of(Tanh, "{g} * (1 - {y}*{y})")


@registry.overwriting(Softplus)
def softplus(layer: object, arrays: Arrays, x: Array) -> Array:
    """log(1 + exp(x))."""
    return np.logaddexp(x, 0, out=x)


@registry.gradient(Softplus)
def softplus_gradient(layer: object, x: Array, y: Array, g: Array) -> Array:
    """Compute 1/(1 + exp(-x))."""
    return g * logistic(x)


registry.counted(Softplus)(elementwise(lambda _, v: (1 + v.exp()).log()))
formula_of(Softplus, "{g}/(1 + exp(-{x}))")


@registry.overwriting(Mish)
def mish(layer: object, arrays: Arrays, x: Array) -> Array:
    """Weigh x by tanh(log(1 + exp(x)))."""
    x *= np.tanh(np.logaddexp(x, 0))
    return x


@registry.gradient(Mish)
def mish_gradient(layer: object, x: Array, y: Array, g: Array) -> Array:
    """By the product rule; the softplus goes back by the sigmoid."""
    s = np.tanh(np.logaddexp(x, 0))
    back: Array = g * (s + x * (1 - s * s) * logistic(x))
    return back


registry.counted(Mish)(elementwise(lambda _, v: v * (1 + v.exp()).log().tanh()))
formula_of(
    Mish,
    "{g} * (s + {x} * (1 - s*s)/(1 + exp(-{x})))",
    "s is tanh(log(1 + exp(x))).",
)

_ERFC = np.vectorize(erfc, otypes=[float])  # NumPy has none


def _below(x: Array) -> Array:
    below: Array = _ERFC(x / -sqrt(2)) / 2  # 1 + erf would lose all digits far below 0
    return below.astype(x.dtype)


@registry.forward(Dropout, StochasticDepth, Identity)
@registry.counted(Dropout, StochasticDepth, Identity)
def nothing(layer: Any, arrays: Arrays, x: Array) -> Array:  # noqa: ANN401
    """Pass the very array on: identity, and what drops in training only."""
    return x


@registry.gradient(Dropout, StochasticDepth, Identity)
def nothing_gradient(layer: object, x: Array, y: Array, g: Array) -> Array:
    """Pass the gradient on."""
    return g


formula_of(
    Dropout,
    "{g}",
    "As at inference.  In training a random share of x is set to 0, the rest divided by the"
    " share that stays; the gradient goes the same way through the same elements.",
    forward="{x}",
)
formula_of(
    StochasticDepth,
    "{g}",
    "As at inference.  In training a random share of the examples gets 0 for all of x, the others x"
    " divided by the share that stays; the gradient goes the same way.",
    forward="{x}",
)
formula_of(Identity, "{g}", forward="{x}")


def _clip(v: Counting) -> Counting:
    """min(max(v, 0), 6)."""
    low = v if v > 0 else v.like(0)
    return v.like(6) if low > 6 else low


# -- prelu -----------------------------------------------------------------------------------------


@registry.slots(Prelu)
def prelu_slots(layer: Prelu, x: Array) -> dict[str, Slot]:
    """A slope per channel, or one."""
    return {"weight": Slot((1 if layer.shared else x.shape[1],), 0.1, 0.4)}


@registry.overwriting(Prelu)
def prelu(layer: Prelu, arrays: Arrays, x: Array) -> Array:
    """Keep x where x > 0, else its channel's slope times x."""
    return np.multiply(x, column(arrays["weight"], x), out=x, where=x <= 0)


@registry.backward(Prelu)
def prelu_backward(layer: Prelu, arrays: Arrays, x: Array, y: Array, gradient: Array) -> Gradients:
    """1 above 0, else the slope; to the slope, what is negative."""
    weight = arrays["weight"]
    trained = (gradient * np.minimum(x, 0)).sum(places(x))
    if layer.shared:
        trained = trained.sum(keepdims=True)
    inner = np.where(x > 0, gradient, gradient * column(weight, x))
    return Gradients((inner,), {"weight": trained})


@registry.counted(Prelu)
def prelu_counted(layer: Prelu, arrays: Arrays, x: Array) -> Array:
    """Choose between x and its channel's slope times x."""
    choose: Any = np.frompyfunc(chosen, 2, 1)
    result: Array = choose(x, x * column(arrays["weight"], x))
    return result


@registry.formula(Prelu)
def prelu_formulas(layer: Prelu, x: Array) -> Formulas:
    """Write the formulas of a rectifier with trained slopes."""
    at, inner = place_names(x.ndim - 2), PLACES[: x.ndim - 2]
    which = "" if layer.shared else "c"
    place, w = ", ".join(at), f"w[{which or 0}]"

    def slope(values: Values, at: Axes) -> float:
        return float(values["w"][0 if layer.shared else at[0]])

    def output(values: Values, at: Axes) -> Term:
        x = float(values["x"][at])
        return Term((x,) if x > 0 else (slope(values, at), x))

    def back(values: Values, at: Axes) -> Term:
        g = float(values["g"][at])
        return Term((g,) if values["x"][at] > 0 else (slope(values, at), g))

    def trained(values: Values, at: Axes) -> list[Term]:
        mine = [
            index for index in np.ndindex(*values["x"].shape)
            if values["x"][index] <= 0 and (layer.shared or index[0] == at[0])
        ]  # fmt: skip
        return [Term((float(values["g"][index]), float(values["x"][index]))) for index in mine]

    over = ", ".join(at if layer.shared else inner)
    sums = f"the sum over {over} with x[{place}] <= 0 of " if over else ""
    text = f"{sums}g[{place}] * x[{place}]{'' if over else f' where x[{place}] <= 0, else 0'}"
    return {
        "y": single("y", at, f"x[{place}] where x[{place}] > 0, else {w}*x[{place}]", output),
        "w": ArrayFormula("w", "n" if layer.shared else "c", text, "", trained),
        "x": single("x", at, f"g[{place}] where x[{place}] > 0, else {w}*g[{place}]", back),
    }


@registry.paper_copy(Prelu)
def prelu_paper_copy(layer: Prelu, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    """Keep two channels."""
    return layer, (shape_like(inputs[0], SIDES, 2, 4),)

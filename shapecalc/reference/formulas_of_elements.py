"""Formulas of activations, softmax and normalisations, forward and backward."""

from __future__ import annotations

from math import erfc, exp, expm1, log1p, pi, sqrt, tanh
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from shapecalc.layers.norm import BatchNorm, GroupNorm, InstanceNorm, LayerNorm
from shapecalc.reference.formula import PLACES, Formula, Term, number, single
from shapecalc.reference.norm import EPSILON, sets, standard

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.layers.activation import Softmax
    from shapecalc.layers.lrn import Lrn
    from shapecalc.layers.slope import Prelu
    from shapecalc.reference.arrays import Array, Arrays, Axes
    from shapecalc.reference.formula import Values

    Formulas = dict[str, Formula]


def _at(x: Array) -> str:
    """Name the indices of an element."""
    return f"c{PLACES[: x.ndim - 2]}"


# -- activations --------------------------------------------------------------------------------


class Pointwise(NamedTuple):
    """A function of one number, in words and as one: y = f(x), and dy/dx from layer, x and y.

    `{x}` and `{y}` stand for the elements, and fields of the layer for their values.
    """

    forward: str
    backward: str
    function: Callable[[Any, float], float]
    derivative: Callable[[Any, float, float], float]
    note: str = ""


def _logistic(x: float) -> float:
    return (1 + tanh(x / 2)) / 2


def _below(x: float) -> float:
    return erfc(-x / sqrt(2)) / 2


PHI = "Phi is the share of a normal distribution below x, phi its density."

POINTWISE: dict[str, Pointwise] = {
    "relu": Pointwise(
        "max({x}, 0)", "{g} where {x} > 0, else 0",
        lambda _, x: max(x, 0.0), lambda _, x, __: float(x > 0),
        "The gradient passes where the input was positive; at 0 itself it is taken as 0.",
    ),
    "relu6": Pointwise(
        "min(max({x}, 0), 6)", "{g} where 0 < {x} < 6, else 0",
        lambda _, x: min(max(x, 0.0), 6.0), lambda _, x, __: float(0 < x < 6),
    ),
    "leaky_relu": Pointwise(
        "{x} where {x} > 0, else {slope}*{x}", "{g} where {x} > 0, else {slope}*{g}",
        lambda own, x: x if x > 0 else own.slope * x,
        lambda own, x, _: 1.0 if x > 0 else own.slope,
    ),
    "elu": Pointwise(
        "{x} where {x} > 0, else {alpha}*(exp({x}) - 1)",
        "{g} where {x} > 0, else {g} * {alpha}*exp({x})",
        lambda own, x: x if x > 0 else own.alpha * expm1(x),
        lambda own, x, _: 1.0 if x > 0 else own.alpha * exp(x),
    ),
    "gelu": Pointwise(
        "{x} * Phi({x})", "{g} * (Phi({x}) + {x} * phi({x}))",
        lambda _, x: x * _below(x),
        lambda _, x, __: _below(x) + x * exp(-x * x / 2) / sqrt(2 * pi), PHI,
    ),
    "silu": Pointwise(
        "{x}/(1 + exp(-{x}))", "{g} * (s + {x} * s * (1 - s))",
        lambda _, x: x * _logistic(x),
        lambda _, x, __: _logistic(x) * (1 + x * (1 - _logistic(x))), "s is 1/(1 + exp(-x)).",
    ),
    "sigmoid": Pointwise(
        "1/(1 + exp(-{x}))", "{g} * {y} * (1 - {y})",
        lambda _, x: _logistic(x), lambda _, __, y: y * (1 - y),
        "Never more than a quarter of g comes back, and next to nothing far from 0.",
    ),
    "hard_sigmoid": Pointwise(
        "min(max({x} + 3, 0), 6)/6", "{g}/6 where -3 < {x} < 3, else 0",
        lambda _, x: min(max(x + 3, 0.0), 6.0) / 6, lambda _, x, __: (abs(x) < 3) / 6,
    ),
    "hard_swish": Pointwise(
        "{x} * min(max({x} + 3, 0), 6)/6",
        "{g} where {x} >= 3, 0 where {x} <= -3, else {g} * (2*{x} + 3)/6",
        lambda _, x: x * min(max(x + 3, 0.0), 6.0) / 6,
        lambda _, x, __: 1.0 if x >= 3 else (2 * x + 3) / 6 if x > -3 else 0.0,
    ),
    "tanh": Pointwise(
        "tanh({x})", "{g} * (1 - {y}*{y})",
        lambda _, x: tanh(x), lambda _, __, y: 1 - y * y,
    ),
    "softplus": Pointwise(
        "log(1 + exp({x}))", "{g}/(1 + exp(-{x}))",
        lambda _, x: max(x, 0.0) + log1p(exp(-abs(x))), lambda _, x, __: _logistic(x),
    ),
    "dropout": Pointwise(
        "{x}", "{g}", lambda _, x: x, lambda *_: 1.0,
        "As at inference.  In training a random share of x is set to 0, the rest divided by the"
        " share that stays; the gradient goes the same way through the same elements.",
    ),
    "identity": Pointwise("{x}", "{g}", lambda _, x: x, lambda *_: 1.0),
}  # fmt: skip


def of_pointwise(layer: Any, x: Array) -> Formulas:  # noqa: ANN401
    """Write the formulas of a function of every element by itself."""
    own, at = POINTWISE[layer.type], _at(x)
    names = {each.name: getattr(layer, each.name) for each in layer.fields()}
    names |= {letter: f"{letter}[{', '.join(at)}]" for letter in "xyg"}

    def output(values: Values, place: Axes) -> Term:
        x = float(values["x"][place])
        told = (
            "" if " where " in own.forward else own.forward.format(**names | {"x": _bracketed(x)})
        )
        return Term((own.function(layer, x),), told=told)

    def back(values: Values, place: Axes) -> Term:
        x, y, g = (float(values[letter][place]) for letter in "xyg")
        return Term((g, own.derivative(layer, x, y)))

    return {
        "y": single("y", at, own.forward.format(**names), output),
        "x": single("x", at, own.backward.format(**names), back, own.note),
    }


def _bracketed(x: float) -> str:
    return number(x) if x >= 0 else f"({number(x)})"


def of_prelu(layer: Prelu, x: Array) -> Formulas:
    """Write the formulas of a rectifier with trained slopes."""
    at, inner = _at(x), PLACES[: x.ndim - 2]
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
            each for each in np.ndindex(*values["x"].shape)
            if values["x"][each] <= 0 and (layer.shared or each[0] == at[0])
        ]  # fmt: skip
        return [Term((float(values["g"][each]), float(values["x"][each]))) for each in mine]

    over = ", ".join(at if layer.shared else inner)
    sums = f"the sum over {over} with x[{place}] <= 0 of " if over else ""
    text = f"{sums}g[{place}] * x[{place}]{'' if over else f' where x[{place}] <= 0, else 0'}"
    return {
        "y": single("y", at, f"x[{place}] where x[{place}] > 0, else {w}*x[{place}]", output),
        "w": Formula("w", "n" if layer.shared else "c", text, "", trained),
        "x": single("x", at, f"g[{place}] where x[{place}] > 0, else {w}*g[{place}]", back),
    }


def of_softmax(layer: Softmax, x: Array) -> Formulas:
    """Write the formulas of a softmax: a is what its outputs share."""
    at = _at(x)
    place, over_channels = ", ".join(at), layer.over == "channels"
    over, rest = ("c", at[1:]) if over_channels else (", ".join(at[1:]), "c")
    shared = f"[{', '.join(rest)}]" if rest else ""

    def mates(place: Axes, values: Values) -> list[Axes]:
        """List the elements that share a sum."""
        kept = slice(1, None) if over_channels else slice(0, 1)
        return [each for each in np.ndindex(*values["x"].shape) if each[kept] == place[kept]]

    def output(values: Values, place: Axes) -> Term:
        powers = [exp(float(values["x"][each])) for each in mates(place, values)]
        return Term((exp(float(values["x"][place])),), sum(powers))

    def sums(values: Values, at: Axes) -> list[Term]:
        place = (0, *at) if over_channels else (*at, *(0,) * (values["x"].ndim - 1))
        return [
            Term((float(values["g"][each]), float(values["y"][each])))
            for each in mates(place, values)
        ]

    def back(values: Values, place: Axes) -> Term:
        total = float(values["a"][place[1:] if over_channels else place[:1]])
        return Term((float(values["y"][place]), (float(values["g"][place]), -total)))

    note = "An output takes from the others what it gains, so they share a."
    return {
        "y": single("y", at, f"exp(x[{place}])/(sum over {over} of exp(x[{place}]))", output),
        "a": Formula("a", rest, f"sum over {over} of g[{place}] * y[{place}]", "", sums),
        "x": single("x", at, f"y[{place}] * (g[{place}] - a{shared})", back, note),
    }


# -- normalisations -----------------------------------------------------------------------------


def of_lrn(layer: Lrn, x: Array) -> Formulas:
    """Write the formulas of local response normalisation: s is the scale."""
    at, channels = _at(x), x.shape[1]
    before, after = layer.size // 2, (layer.size - 1) // 2
    rest = ", ".join(("", *at[1:]))
    share = layer.alpha / layer.size

    def near(values: Values, place: Axes, low: int, high: int) -> list[Axes]:
        count = values["x"].shape[0]
        return [
            (d, *place[1:]) for d in range(max(place[0] - low, 0), min(place[0] + high + 1, count))
        ]

    def scale(values: Values, place: Axes) -> list[Term]:
        found = [float(values["x"][each]) for each in near(values, place, before, after)]
        return [Term((layer.k,)), *(Term((share, each, each)) for each in found)]

    def output(values: Values, place: Axes) -> Term:
        return Term((float(values["x"][place]), float(values["s"][place]) ** -layer.beta))

    def back(values: Values, place: Axes) -> list[Term]:
        own, s = float(values["g"][place]), float(values["s"][place])
        factor = -2 * share * layer.beta
        pulls = [
            Term((factor, float(values["x"][place]), *(float(values[k][each]) for k in "gy")),
                 float(values["s"][each]))
            for each in near(values, place, after, before)
        ]  # fmt: skip
        return [Term((own, s**-layer.beta)), *pulls]

    window = f"d from c - {before} to c + {after}"
    seen_by = f"d from c - {after} to c + {before}"
    pull = f"g[d{rest}] * y[d{rest}]/s[d{rest}]"
    place = ", ".join(at)
    return {
        "s": Formula("s", at, f"{layer.k:g} + {layer.alpha:g}/{layer.size} * sum over {window} of"
                     f" x[d{rest}]*x[d{rest}]", f"d stays from 0 to {channels - 1}.", scale),
        "y": single("y", at, f"x[{place}] * s[{place}]^-{layer.beta:g}", output),
        "x": Formula("x", at, f"g[{place}] * s[{place}]^-{layer.beta:g} -"
                     f" 2*{layer.alpha:g}*{layer.beta:g}/{layer.size} * x[{place}] *"
                     f" sum over {seen_by} of {pull}",
                     "An element acts on its own output, and through the scale on its neighbours'.",
                     back),
    }  # fmt: skip


def of_norm(layer: Any, x: Array) -> Formulas:  # noqa: ANN401
    """Write the formulas of a normalisation: z is normalised, r the scale, h the gradient of z."""
    fixed = isinstance(layer, BatchNorm) and layer.statistics
    at = _at(x)
    place, share = ", ".join(at), _weights_share(layer, at)
    w, b = (f"{letter}[{', '.join(share)}]" for letter in "wb")
    mean, var = ("M[c]", "V[c]") if fixed else (f"mean over {_set(layer, x)}", "variance")
    within = f"1/sqrt({var} + {EPSILON:g})" + ("" if fixed else " over the same")
    found: Formulas = {
        "r": single("r", "c" if fixed else at, within, _of("r")),
        "z": single("z", at, f"(x[{place}] - {mean}) * r[{'c' if fixed else place}]", _of_z(fixed)),
    }
    if layer.affine:
        found["y"] = Formula("y", at, f"{w} * z[{place}] + {b}", "", _of_y(share))
        over = ", ".join(i for i in at if i not in share)
        for letter, factors in (("w", "gz"), ("b", "g")):
            product = " * ".join(f"{each}[{place}]" for each in factors)
            text = f"sum over {over} of {product}" if over else product
            found[letter] = Formula(letter, share, text, "", _over(share, factors))
        found["h"] = single("h", at, f"{w} * g[{place}]", _of_h(share), "h is the gradient of z.")
    else:
        found["y"] = single("y", at, f"z[{place}]", _of("z"))
        found["h"] = single("h", at, f"g[{place}]", _of("g"), "h is the gradient of z.")
    found["x"] = _of_norm_input(layer, x, at, fixed=fixed)
    return found


def _weights_share(layer: Any, at: str) -> str:  # noqa: ANN401
    return at if isinstance(layer, LayerNorm) and layer.over == "all" else "c"


def _of_norm_input(layer: Any, x: Array, at: str, *, fixed: bool) -> Formula:  # noqa: ANN401
    place = ", ".join(at)
    if fixed:
        note = (
            "As at inference, where M and V are running statistics.  In training they are the"
            " batch's own, and the gradient goes through them as well: dL/dx = r * (h - mean of h"
            " - z * mean of h*z), the means over the batch and all positions of a channel."
        )
        return single(
            "x", at, f"h[{place}] * r[c]",
            lambda values, p: Term((float(values["h"][p]), float(values["r"][p[0]]))), note,
        )  # fmt: skip

    def back(values: Values, p: Axes) -> Term:
        h, z = values["h"], values["z"]
        shift, turn = (_mean_in_set(layer, each)[p] for each in (h, h * z))
        return Term((float(values["r"][p]), (float(h[p]), -shift, -float(z[p]) * turn)))

    text = f"r[{place}] * (h[{place}] - mean of h - z[{place}] * mean of h*z)"
    note = f"Means over {_set(layer, x)}: they follow from x, so each element acts on all."
    return single("x", at, text, back, note)


def _set(layer: Any, x: Array) -> str:  # noqa: ANN401
    """Say which elements share a mean."""
    if isinstance(layer, GroupNorm):
        return f"the {x.shape[1] // layer.groups} channels of a group" + (
            " and all positions" if x.ndim > 2 else ""
        )
    if isinstance(layer, InstanceNorm):
        return "all positions of a channel"
    if isinstance(layer, BatchNorm):
        return "the batch" + (" and all positions" if x.ndim > 2 else "")
    return "everything" if layer.over == "all" else "the channels of a position"


def _mean_in_set(layer: Any, values: Array) -> Array:  # noqa: ANN401
    """Give every element of an example its set's mean."""
    elements, axes = sets(layer, values[None])
    means: Array = np.broadcast_to(elements.mean(axes, keepdims=True), elements.shape)
    return means.reshape(values.shape)


def between(layer: Any, arrays: Arrays, x: Array, g: Array) -> dict[str, Array]:  # noqa: ANN401
    """Return what a normalisation computes on the way: r, z and h of an example."""
    if "running_mean" in arrays:
        r = 1 / np.sqrt(arrays["running_var"] + EPSILON)
        ones = (1,) * (x.ndim - 2)
        z = (x[0] - arrays["running_mean"].reshape(-1, *ones)) * r.reshape(-1, *ones)
    else:
        normal, inverse, _ = standard(layer, x)
        z = normal.reshape(x.shape)[0]
        r = np.broadcast_to(inverse, normal.shape).reshape(x.shape)[0]
    if not layer.affine:
        return {"r": r, "z": z, "h": g[0]}
    w = arrays["weight"]
    return {"r": r, "z": z, "h": g[0] * (w if w.ndim > 1 else w.reshape(-1, *(1,) * (x.ndim - 2)))}


def _of(letter: str) -> Callable[[Values, Axes], Term]:
    return lambda values, at: Term((float(values[letter][at]),))


def _shared(share: str, at: Axes) -> Axes:
    return at[: len(share)]


def _of_z(fixed: bool) -> Callable[[Values, Axes], Term]:
    def term(values: Values, at: Axes) -> Term:
        r = float(values["r"][at[:1] if fixed else at])
        x = float(values["x"][at])
        mean = float(values["M"][at[0]]) if fixed else x - float(values["z"][at]) / r
        return Term(((x, -mean), r))

    return term


def _of_y(share: str) -> Callable[[Values, Axes], list[Term]]:
    def terms(values: Values, at: Axes) -> list[Term]:
        own = _shared(share, at)
        w, b, z = float(values["w"][own]), float(values["b"][own]), float(values["z"][at])
        return [Term((w, z)), Term((b,))]

    return terms


def _of_h(share: str) -> Callable[[Values, Axes], Term]:
    return lambda values, at: Term((float(values["w"][_shared(share, at)]), float(values["g"][at])))


def _over(share: str, factors: str) -> Callable[[Values, Axes], list[Term]]:
    def terms(values: Values, at: Axes) -> list[Term]:
        mine = [each for each in np.ndindex(*values["g"].shape) if _shared(share, each) == at]
        return [Term(tuple(float(values[f][each]) for f in factors)) for each in mine]

    return terms

"""Local response normalisation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shapecalc.layers.lrn import Lrn
from shapecalc.reference import registry
from shapecalc.reference.arrays import Gradients
from shapecalc.reference.example import copied, shape_like
from shapecalc.reference.formula import ArrayFormula, Term, place_names, single
from shapecalc.reference.tally import accumulators

if TYPE_CHECKING:
    from shapecalc.layers.base import Layer
    from shapecalc.layers.shape import Shape
    from shapecalc.reference.arrays import Array, Arrays, Axes
    from shapecalc.reference.formula import Formulas, Values


def neighbours(x: Array, before: int, after: int) -> Array:
    """Add to every channel so many channels before and after it, where there are any."""
    channels = x.shape[1]
    y = x.copy()
    for step in (*range(-before, 0), *range(1, after + 1)):
        y[:, max(-step, 0) : max(channels - step, 0)] += x[
            :, max(step, 0) : max(channels + step, 0)
        ]
    return y


def scale(layer: Lrn, x: Array) -> Array:
    """Compute k + alpha/n * sum of squares; an even n has one neighbour more before than after."""
    total = neighbours(np.square(x), layer.size // 2, (layer.size - 1) // 2)
    total *= layer.alpha / layer.size
    total += layer.k
    return total


@registry.forward(Lrn)
def forward(layer: Lrn, arrays: Arrays, x: Array) -> Array:
    """Divide by the power beta of the scale."""
    y = np.power(scale(layer, x), -layer.beta)
    y *= x
    return y


@registry.backward(Lrn)
def backward(layer: Lrn, arrays: Arrays, x: Array, y: Array, gradient: Array) -> Gradients:
    """An element acts on its own output, and through the scale on those of its neighbours."""
    divided = scale(layer, x)
    through = gradient * y / divided
    pull = neighbours(through, (layer.size - 1) // 2, layer.size // 2)
    factor = 2 * layer.alpha * layer.beta / layer.size
    return Gradients((gradient * divided**-layer.beta - factor * x * pull,), {})


@registry.counted(Lrn)
def counted(layer: Lrn, arrays: Arrays, x: Array) -> Array:
    """Divide by a power of the scaled sum of neighbouring squares."""
    before = layer.size // 2
    squares = accumulators((len(x), x.shape[1] + layer.size - 1, *x.shape[2:]), x)
    squares[:, before : before + x.shape[1]] = x * x
    total = accumulators(x.shape, x)
    for first in range(layer.size):
        total = total + squares[:, first : first + x.shape[1]]
    scale: Array = (total * (layer.alpha / layer.size) + layer.k) ** layer.beta
    return x / scale


@registry.formula(Lrn)
def formulas(layer: Lrn, x: Array) -> Formulas:
    """Write the formulas of local response normalisation: s is the scale."""
    at, channels = place_names(x.ndim - 2), x.shape[1]
    before, after = layer.size // 2, (layer.size - 1) // 2
    rest = ", ".join(("", *at[1:]))
    share = layer.alpha / layer.size

    def near(values: Values, place: Axes, low: int, high: int) -> list[Axes]:
        count = values["x"].shape[0]
        return [
            (d, *place[1:]) for d in range(max(place[0] - low, 0), min(place[0] + high + 1, count))
        ]

    def scale(values: Values, place: Axes) -> list[Term]:
        neighbours = [float(values["x"][other]) for other in near(values, place, before, after)]
        return [Term((layer.k,)), *(Term((share, value, value)) for value in neighbours)]

    def output(values: Values, place: Axes) -> Term:
        return Term((float(values["x"][place]), float(values["s"][place]) ** -layer.beta))

    def back(values: Values, place: Axes) -> list[Term]:
        own, s = float(values["g"][place]), float(values["s"][place])
        factor = -2 * share * layer.beta
        pulls = [
            Term((factor, float(values["x"][place]), *(float(values[k][other]) for k in "gy")),
                 float(values["s"][other]))
            for other in near(values, place, after, before)
        ]  # fmt: skip
        return [Term((own, s**-layer.beta)), *pulls]

    window = f"d from c - {before} to c + {after}"
    seen_by = f"d from c - {after} to c + {before}"
    pull = f"g[d{rest}] * y[d{rest}]/s[d{rest}]"
    place = ", ".join(at)
    squares = f"{layer.alpha:g}/{layer.size} * sum over {window} of x[d{rest}]*x[d{rest}]"
    pulls = (
        f"2*{layer.alpha:g}*{layer.beta:g}/{layer.size} * x[{place}] * sum over {seen_by} of {pull}"
    )
    ends = f"d stays from 0 to {channels - 1}."
    acts = "An element acts on its own output, and through the scale on its neighbours'."
    return {
        "s": ArrayFormula("s", at, f"{layer.k:g} + {squares}", ends, scale),
        "y": single("y", at, f"x[{place}] * s[{place}]^-{layer.beta:g}", output),
        "x": ArrayFormula(
            "x", at, f"g[{place}] * s[{place}]^-{layer.beta:g} - {pulls}", acts, back
        ),
    }


@registry.on_the_way(Lrn)
def on_the_way(layer: Lrn, arrays: Arrays, x: Array, y: Array, gradient: Array) -> dict[str, Array]:
    """Return the scale of the first example."""
    return {"s": scale(layer, x)[0]}


@registry.paper_copy(Lrn)
def paper_copy(layer: Lrn, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    """Keep three channels, and a factor that shows: the usual one moves no fourth digit."""
    small = copied(layer, size=min(layer.size, 3), alpha=1.0)  # the usual one moves no fourth digit
    return small, (shape_like(inputs[0], (1, 2, 1), 3, 4),)

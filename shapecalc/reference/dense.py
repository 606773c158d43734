"""Fully connected layers.  A volume is read channel by channel, each row by row."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

from shapecalc.algebra import known
from shapecalc.layers.dense import Dense, FullyConnected, Rbf
from shapecalc.layers.shape import Vector
from shapecalc.reference import registry
from shapecalc.reference.arrays import Gradients, Slot, bias_slot, kernel_slot
from shapecalc.reference.example import copied, shape_like
from shapecalc.reference.formula import PLACES, ArrayFormula, Term, ref, summed
from shapecalc.reference.tally import accumulators
from shapecalc.reference.weighted import matmul

if TYPE_CHECKING:
    from shapecalc.layers.base import Layer
    from shapecalc.layers.shape import Shape
    from shapecalc.reference.arrays import Array, Arrays, Axes
    from shapecalc.reference.formula import Formulas, Values

ROW = "x stands in one row, channel by channel, each row by row."


@registry.slots(Dense)
def slots(layer: Dense, x: Array) -> dict[str, Slot]:
    """A weight for every unit and element that it sees."""
    units, elements = known(layer.units), _seen(layer, x)
    needed = {"weight": kernel_slot((units, elements), elements)}
    return needed | ({"bias": bias_slot((units,))} if layer.bias else {})


def _seen(layer: Dense, x: Array) -> int:
    return x.shape[1] if layer.over == "channels" else prod(x.shape[1:])


def _rows(layer: Dense, x: Array) -> Array:
    """Write out what units see, a row each: an example's elements, or a position's channels."""
    row = np.moveaxis(x, 1, -1) if layer.over == "channels" else x
    return row.reshape(-1, _seen(layer, x))


def _placed(layer: Dense, rows: Array, x: Array) -> Array:
    """Put rows, one of what was computed for each, back to their places."""
    if layer.over == "all":
        return rows
    return np.ascontiguousarray(np.moveaxis(rows.reshape(len(x), *x.shape[2:], -1), -1, 1))


@registry.forward(Dense)
def forward(layer: Dense, arrays: Arrays, x: Array) -> Array:
    """Multiply all inputs by the matrix, and add the bias."""
    y = matmul(_rows(layer, x), arrays["weight"].T)
    if "bias" in arrays:
        y += arrays["bias"]
    return _placed(layer, y, x)


@registry.backward(Dense)
def backward(layer: Dense, arrays: Arrays, x: Array, y: Array, gradient: Array) -> Gradients:
    """Multiply by the matrix the other way; pair every gradient with every input."""
    g, rows = np.moveaxis(gradient, 1, -1).reshape(-1, gradient.shape[1]), _rows(layer, x)
    trained = {"weight": matmul(g.T, rows)}
    if "bias" in arrays:
        trained["bias"] = g.sum(0)
    back = matmul(g, arrays["weight"])
    if layer.over == "all":
        return Gradients((back.reshape(x.shape),), trained)
    return Gradients((_placed(layer, back, x),), trained)


@registry.counted(Dense)
def counted(layer: Dense, arrays: Arrays, x: Array) -> Array:
    """Add up a product for every element."""
    rows = _rows(layer, x)
    y = accumulators((len(rows), known(layer.units)), x)
    for element, weights in zip(rows.T, arrays["weight"].T, strict=True):
        y = y + element[:, None] * weights
    return _placed(layer, y + arrays["bias"] if "bias" in arrays else y, x)


@registry.formula(Dense)
def formulas(layer: Dense, x: Array) -> Formulas:
    """Write the formulas of a matrix product, at every place by itself if it is over channels."""
    units, elements = known(layer.units), _seen(layer, x)
    everywhere = PLACES[: x.ndim - 2] if layer.over == "channels" else ""
    weight, note = ref("w", "fc"), ROW if x.ndim > 2 and not everywhere else ""
    places = dict(zip(everywhere, x.shape[2:], strict=False))
    g, element = ref("g", f"f{everywhere}"), ref("x", f"c{everywhere}")
    outer = "Every weight gets the gradient of its unit times its input: an outer product."
    if everywhere:
        outer = "The weights are the same at every position, so what they get adds up."
    back = "The way back is the product with the transposed matrix."
    by_letter = {
        "y": summed("y", f"f{everywhere}", (weight, element), {"c": elements},
                    plus=ref("b", "f") if layer.bias else None, note=note),
        "w": summed("w", "fc", (g, element), places, note=outer),
        "x": summed("x", f"c{everywhere}", (g, weight), {"f": units}, note=back),
    }  # fmt: skip
    return by_letter | ({"b": summed("b", "f", (g,), places)} if layer.bias else {})


@registry.paper_copy(FullyConnected)
def paper_copy(layer: FullyConnected, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    """Keep two units of three inputs; over channels at a few positions."""
    if isinstance(layer, Dense) and layer.over == "channels":
        return copied(layer, units=2), (shape_like(inputs[0], (2, 1, 1), 3, 3),)
    return copied(layer, units=2), (Vector(3),)


# -- radial basis functions ------------------------------------------------------------------------


@registry.slots(Rbf)
def rbf_slots(layer: Rbf, x: Array) -> dict[str, Slot]:
    """A fixed code of -1 to 1 for every unit."""
    return {"codes": Slot((known(layer.units), prod(x.shape[1:])), -1.0, 1.0, trained=False)}


@registry.forward(Rbf)
def rbf_forward(layer: Rbf, arrays: Arrays, x: Array) -> Array:
    """Add up the squares of the input's distances from every unit's code."""
    apart = x.reshape(len(x), 1, -1) - arrays["codes"]
    sums: Array = np.square(apart).sum(2)
    return sums


@registry.backward(Rbf)
def rbf_backward(layer: Rbf, arrays: Arrays, x: Array, y: Array, gradient: Array) -> Gradients:
    """Go back through the squares; the codes are not trained."""
    apart = x.reshape(len(x), 1, -1) - arrays["codes"]
    return Gradients(((2 * apart * gradient[..., None]).sum(1).reshape(x.shape),), {})


@registry.counted(Rbf)
def rbf_counted(layer: Rbf, arrays: Arrays, x: Array) -> Array:
    """Add up a squared difference for every element."""
    y = accumulators((len(x), known(layer.units)), x)
    for element, codes in zip(x.reshape(len(x), -1).T, arrays["codes"].T, strict=True):
        apart = element[:, None] - codes
        y = y + apart * apart
    return y


@registry.formula(Rbf)
def rbf_formulas(layer: Rbf, x: Array) -> Formulas:
    """Write the formulas of squared distances; w are the codes, which are not trained."""
    elements, units = prod(x.shape[1:]), known(layer.units)

    def distance(values: Values, at: Axes) -> list[Term]:
        parts = [(float(values["x"][c]), -float(values["w"][at[0], c])) for c in _range(values)]
        return [Term((part, part)) for part in parts]

    def back(values: Values, at: Axes) -> list[Term]:
        x = float(values["x"][at])
        rows = zip(values["g"], values["w"][:, at[0]], strict=True)
        return [Term((2, float(g), (x, -float(w)))) for g, w in rows]

    note = f"w are the codes; they are fixed.{' ' + ROW if x.ndim > 2 else ''}"
    over, every = f"c from 0 to {elements - 1}", f"f from 0 to {units - 1}"
    return {
        "y": ArrayFormula("y", "f", f"sum over {over} of (x[c] - w[f, c])^2", note, distance),
        "x": ArrayFormula("x", "c", f"sum over {every} of 2 * g[f] * (x[c] - w[f, c])", "", back),
    }


def _range(values: Values) -> range:
    return range(values["w"].shape[1])

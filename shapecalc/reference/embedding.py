"""Tables whose rows are looked up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shapecalc.algebra import known
from shapecalc.layers.embedding import Embedding
from shapecalc.layers.shape import Map, Vector
from shapecalc.reference import registry
from shapecalc.reference.arrays import Gradients, as_indices, kernel_slot
from shapecalc.reference.example import SIDES, copied
from shapecalc.reference.formula import ArrayFormula, Term, place_names, single

if TYPE_CHECKING:
    from shapecalc.layers.base import Layer
    from shapecalc.layers.shape import Shape
    from shapecalc.reference.arrays import Array, Arrays, Axes, Slot
    from shapecalc.reference.formula import Formulas, Values


def _indices(layer: Embedding, x: Array) -> Array:
    """Return the indices at the output's places."""
    return as_indices(x if x.ndim == 2 else x[:, 0], layer.entries)


@registry.slots(Embedding)
def slots(layer: Embedding, x: Array) -> dict[str, Slot]:
    """A row for every entry."""
    return {"weight": kernel_slot((known(layer.entries), known(layer.size)), 6)}


@registry.forward(Embedding)
def forward(layer: Embedding, arrays: Arrays, x: Array) -> Array:
    """Look the rows up, and lay each along the channels of its place."""
    return np.ascontiguousarray(np.moveaxis(arrays["weight"][_indices(layer, x)], -1, 1))


@registry.counted(Embedding)
def counted(layer: Embedding, arrays: Arrays, x: Array) -> Array:
    """Look the rows up: nothing is computed."""
    return forward(layer, arrays, np.frompyfunc(lambda v: v.value, 1, 1)(x).astype(float))


@registry.backward(Embedding)
def backward(layer: Embedding, arrays: Arrays, x: Array, y: Array, gradient: Array) -> Gradients:
    """Give every row what all its places have for it; an index has no gradient."""
    rows = np.zeros_like(arrays["weight"])
    np.add.at(rows, _indices(layer, x), np.moveaxis(gradient, 1, -1))
    return Gradients((np.zeros_like(x),), {"weight": rows})


@registry.formula(Embedding)
def formulas(layer: Embedding, x: Array) -> Formulas:
    """Write the formulas of a table: m is an entry, c a number of its row."""
    rank = max(x.ndim - 2, 1)
    at = place_names(rank)
    own = at[1:] if x.ndim == 2 else f"0{at[1:]}"
    places, index = ", ".join(at[1:]), f"x[{', '.join(own)}]"

    def entry(values: Values, place: Axes) -> int:
        """Return the index at a place."""
        return int(values["x"][place if x.ndim == 2 else (0, *place)])

    def output(values: Values, place: Axes) -> Term:
        return Term((float(values["w"][entry(values, place[1:]), place[0]]),))

    def summed(values: Values, at: Axes) -> list[Term]:
        row, channel = at
        return [
            Term((float(values["g"][channel, *place]),))
            for place in np.ndindex(*values["g"].shape[1:])
            if entry(values, place) == row
        ]

    text = f"sum over {places} with {index} = m of g[c, {places}]"
    note = "Every place adds to the row that it looked up; all other rows get 0."
    return {
        "y": single("y", at, f"w[{index}, c]", output),
        "w": ArrayFormula("w", "mc", text, note, summed),
        "x": single("x", own, "0", lambda _, __: Term((0.0,)), "An index has no slope."),
    }


@registry.paper_copy(Embedding)
def paper_copy(layer: Embedding, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    """Keep four entries of two numbers, and a few places."""
    small = copied(layer, entries=min(known(layer.entries), 4), size=min(known(layer.size), 2))
    rank = len(inputs[0].sides)
    return small, (Map(SIDES[:rank], 1) if rank else Vector(5),)

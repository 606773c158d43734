"""Layers that bring trained arrays of their own into the flow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shapecalc.algebra import known
from shapecalc.layers.trained import (
    Bias,
    PositionEmbedding,
    Scale,
    SharedNumbers,
    Token,
    TrainedArray,
)
from shapecalc.reference import registry
from shapecalc.reference.arrays import Gradients, Slot, bias_slot, column, kernel_slot, scale_slot
from shapecalc.reference.example import SIDES, copied, least, shape_like
from shapecalc.reference.formula import ArrayFormula, Term, entry, place_names, single

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.layers.base import Layer
    from shapecalc.layers.shape import Shape
    from shapecalc.reference.arrays import Array, Arrays, Axes
    from shapecalc.reference.formula import Formulas, Values


# -- scale, bias -----------------------------------------------------------------------------------


def _shape(layer: SharedNumbers, x: Array) -> Axes:
    """Return the extents of the array for what flows in."""
    if layer.per == "one":
        return (1,)
    by_word: dict[str, Axes] = {
        "channel": x.shape[1:2], "position": x.shape[2:], "element": x.shape[1:],
    }  # fmt: skip
    return by_word[layer.per]


def _along(layer: SharedNumbers, values: Array, x: Array) -> Array:
    """Lay the numbers along the axes that they differ on."""
    laid: Array = column(values, x) if layer.per == "channel" else values
    return laid


def _gathered(layer: SharedNumbers, values: Array) -> Array:
    """Add up what belongs to one number, over the batch and all that the number serves."""
    axes: dict[str, Axes] = {
        "channel": (0, *range(2, values.ndim)), "position": (0, 1), "element": (0,),
    }  # fmt: skip
    every = tuple(range(values.ndim))
    total: Array = values.sum(axes.get(layer.per, every), keepdims=layer.per == "one")
    return total.reshape(1) if layer.per == "one" else total


@registry.slots(Scale)
def scale_slots(layer: Scale, x: Array) -> dict[str, Slot]:
    """Factors, and as many biases."""
    shape = _shape(layer, x)
    return {"weight": scale_slot(shape)} | ({"bias": bias_slot(shape)} if layer.bias else {})


@registry.slots(Bias)
def bias_slots(layer: Bias, x: Array) -> dict[str, Slot]:
    """Biases."""
    return {"bias": bias_slot(_shape(layer, x))}


@registry.forward(Scale)
@registry.counted(Scale, Bias)
def elementwise(layer: Any, arrays: Arrays, x: Array) -> Array:  # noqa: ANN401
    """Multiply by the factors, and add the biases."""
    if "weight" in arrays:
        x = x * _along(layer, arrays["weight"], x)
    if "bias" in arrays:
        x = x + _along(layer, arrays["bias"], x)
    return x


@registry.overwriting(Bias)
def bias(layer: Bias, arrays: Arrays, x: Array) -> Array:
    """Add the biases."""
    x += _along(layer, arrays["bias"], x)
    return x


@registry.backward(Scale, Bias)
def elementwise_backward(
    layer: Any,  # noqa: ANN401
    arrays: Arrays,
    x: Array,
    y: Array,
    gradient: Array,
) -> Gradients:
    """Give each number what all that it serves have for it."""
    trained, inner = {}, gradient
    if "weight" in arrays:
        trained["weight"] = _gathered(layer, gradient * x)
        inner = gradient * _along(layer, arrays["weight"], x)
    if "bias" in arrays:
        trained["bias"] = _gathered(layer, gradient)
    return Gradients((inner,), trained)


@registry.formula(Scale, Bias)
def elementwise_formulas(layer: Any, x: Array) -> Formulas:  # noqa: ANN401
    """Write the formulas of factors and biases, each of which serves some of the elements."""
    at = place_names(x.ndim - 2)
    place = ", ".join(at)
    own = {"channel": "c", "position": at[1:], "element": at, "one": "0"}[layer.per]
    index, over = f"[{', '.join(own)}]", ", ".join(i for i in at if i not in own)
    scaled, shifted = isinstance(layer, Scale), isinstance(layer, Bias) or layer.bias

    def mine(at: Axes) -> Axes:
        """Return the place of the number that serves an element."""
        by_word = {"channel": at[:1], "position": at[1:], "element": at}
        return by_word.get(layer.per, (0,))

    def output(values: Values, at: Axes) -> list[Term]:
        x = float(values["x"][at])
        product = (float(values["w"][mine(at)]), x) if scaled else (x,)
        terms = [Term(product)]
        return [*terms, Term((float(values["b"][mine(at)]),))] if shifted else terms

    def back(values: Values, at: Axes) -> Term:
        g = float(values["g"][at])
        return Term((float(values["w"][mine(at)]), g) if scaled else (g,))

    def summed(factors: str) -> Callable[[Values, Axes], list[Term]]:
        return lambda values, entry: [
            Term(tuple(float(values[letter][place]) for letter in factors))
            for place in np.ndindex(*values["g"].shape)
            if mine(place) == entry
        ]

    def trained(of: str, factors: str) -> ArrayFormula:
        text = " * ".join(f"{letter}[{place}]" for letter in factors)
        return ArrayFormula(
            of, own, f"sum over {over} of {text}" if over else text, "", summed(factors)
        )

    text = f"w{index} * x[{place}]" if scaled else f"x[{place}]"
    by_letter = {
        "y": ArrayFormula("y", at, f"{text} + b{index}" if shifted else text, "", output),
    }
    if scaled:
        by_letter["w"] = trained("w", "gx")
    if shifted:
        by_letter["b"] = trained("b", "g")
    back_text = f"w{index} * g[{place}]" if scaled else f"g[{place}]"
    return by_letter | {"x": single("x", at, back_text, back)}


@registry.paper_copy(SharedNumbers)
def elementwise_paper_copy(layer: SharedNumbers, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    """Keep two channels."""
    return layer, (shape_like(inputs[0], SIDES, 2, 4),)


# -- position_embedding ----------------------------------------------------------------------------


@registry.slots(PositionEmbedding)
def embedding_slots(layer: PositionEmbedding, x: Array) -> dict[str, Slot]:
    """A number for every element."""
    return {"weight": kernel_slot(x.shape[1:], 6)}


@registry.overwriting(PositionEmbedding)
@registry.counted(PositionEmbedding)
def embedding(layer: object, arrays: Arrays, x: Array) -> Array:
    """Add the array to every example."""
    x += arrays["weight"]
    return x


@registry.backward(PositionEmbedding)
def embedding_backward(
    layer: object, arrays: Arrays, x: Array, y: Array, gradient: Array
) -> Gradients:
    """Pass the gradient on, and add it up over the batch."""
    return Gradients((gradient,), {"weight": gradient.sum(0)})


@registry.formula(PositionEmbedding)
def embedding_formulas(layer: object, x: Array) -> Formulas:
    """Write the formulas of an array that is added."""
    at = place_names(x.ndim - 2)
    place = ", ".join(at)

    def output(values: Values, at: Axes) -> list[Term]:
        return [Term((float(values["x"][at]),)), Term((float(values["w"][at]),))]

    note = "All examples of a batch add to the gradient of the array."
    return {
        "y": ArrayFormula("y", at, f"x[{place}] + w[{place}]", "", output),
        "w": single("w", at, f"g[{place}]", entry("g"), note),
        "x": single("x", at, f"g[{place}]", entry("g")),
    }


@registry.paper_copy(PositionEmbedding)
def embedding_paper_copy(
    layer: PositionEmbedding, *inputs: Shape
) -> tuple[Layer, tuple[Shape, ...]]:
    """Keep two channels."""
    return layer, (shape_like(inputs[0], SIDES, 2, 4),)


# -- token -----------------------------------------------------------------------------------------


@registry.slots(Token)
def token_slots(layer: Token, x: Array) -> dict[str, Slot]:
    """A number for every channel of every row."""
    return {"weight": kernel_slot((x.shape[1], known(layer.count)), 6)}


@registry.forward(Token)
@registry.counted(Token)
def token(layer: object, arrays: Arrays, x: Array) -> Array:
    """Put the rows in front of every example's own."""
    rows = np.broadcast_to(arrays["weight"], (len(x), *arrays["weight"].shape))
    return np.concatenate((rows, x), 2)


@registry.backward(Token)
def token_backward(layer: object, arrays: Arrays, x: Array, y: Array, gradient: Array) -> Gradients:
    """Give the rows in front their gradient, added up over the batch, and the input its own."""
    count = arrays["weight"].shape[1]
    return Gradients((gradient[:, :, count:],), {"weight": gradient[:, :, :count].sum(0)})


@registry.formula(Token)
def token_formulas(layer: Token, x: Array) -> Formulas:
    """Write the formulas of rows in front."""
    count = known(layer.count)

    def output(values: Values, at: Axes) -> Term:
        channel, row = at
        letter, place = ("w", row) if row < count else ("x", row - count)
        return Term((float(values[letter][channel, place]),))

    def back(values: Values, at: Axes) -> Term:
        return Term((float(values["g"][at[0], at[1] + count]),))

    note = "All examples of a batch add to the gradient of the rows in front."
    return {
        "y": single("y", "cu", f"w[c, u] where u < {count}, else x[c, u - {count}]", output),
        "w": single("w", "cu", "g[c, u]", entry("g"), note),
        "x": single("x", "cu", f"g[c, u + {count}]", back),
    }


@registry.paper_copy(Token)
def token_paper_copy(layer: Token, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    """Keep two channels, and two rows in front."""
    count = min(known(layer.count), 2)
    return copied(layer, count=count), (shape_like(inputs[0], (3,), 2, 4),)


# -- parameter -------------------------------------------------------------------------------------


@registry.slots(TrainedArray)
def array_slots(layer: TrainedArray) -> dict[str, Slot]:
    """The array."""
    *sides, channels = map(known, layer.shape)
    return {"weight": kernel_slot((channels, *sides), 6)}


@registry.forward(TrainedArray)
@registry.counted(TrainedArray)
def array(layer: object, arrays: Arrays) -> Array:
    """Be a batch of one example."""
    return arrays["weight"][None]


@registry.backward_to_all(TrainedArray)
def array_backward(
    layer: object, arrays: Arrays, inputs: tuple[()], y: Array, gradient: Array
) -> Gradients:
    """Add the gradient up over the batch."""
    return Gradients((), {"weight": gradient.sum(0)})


@registry.formula(TrainedArray)
def array_formulas(layer: TrainedArray) -> Formulas:
    """Write the formulas of an array that is there."""
    at = place_names(len(layer.shape) - 1)
    place = ", ".join(at)
    note = "All examples of a batch add to the gradient of the array."
    return {
        "y": single("y", at, f"w[{place}]", entry("w")),
        "w": single("w", at, f"g[{place}]", entry("g"), note),
    }


@registry.paper_copy(TrainedArray)
def array_paper_copy(layer: TrainedArray, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    """Keep few positions, and two channels."""
    *sides, channels = layer.shape
    small = (*least(tuple(sides), 3), *least((channels,), 2 if sides else 4))
    return copied(layer, shape=small), ()

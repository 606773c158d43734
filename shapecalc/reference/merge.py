"""Joins of branches."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

from shapecalc.algebra import known
from shapecalc.layers.merge import Add, Concat, Elementwise, Join, Multiply, Stretching
from shapecalc.layers.shape import Map, Vector
from shapecalc.reference import registry
from shapecalc.reference.arrays import Gradients
from shapecalc.reference.example import FEW, SIDES, shape_like
from shapecalc.reference.formula import (
    PLACES,
    ArrayFormula,
    Index,
    Ref,
    Term,
    number,
    operand_names,
    place_names,
    plain,
    ref,
    single,
    summed,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.layers.base import Layer
    from shapecalc.layers.shape import Shape
    from shapecalc.reference.arrays import Array, Arrays, Axes
    from shapecalc.reference.formula import Formulas, Values


@registry.paper_copy(Join)
def paper_copy(layer: Join, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    """Keep a few operands."""
    return layer, tuple(shape_like(shape, SIDES, 1, 3) for shape in inputs[:FEW])


def ends(layer: Elementwise) -> tuple[list[float], list[float]]:
    """Return the constant in front of the operands, and the one behind them, if there are."""
    left, right = ([] if end is None else [end] for end in (layer.left, layer.right))
    return left, right


def written(constant: float) -> str:
    """Write a constant among other words: a negative one in brackets."""
    return number(constant) if constant >= 0 else f"({number(constant)})"


def constants(layer: Elementwise) -> list[float]:
    """Return both."""
    left, right = ends(layer)
    return left + right


# -- concat ----------------------------------------------------------------------------------------


@registry.forward(Concat)
@registry.counted(Concat)
def concat(layer: object, arrays: Arrays, *inputs: Array) -> Array:
    """Put the operands' channels side by side."""
    return np.concatenate(inputs, 1)


@registry.backward_to_all(Concat)
def concat_backward(
    layer: object, arrays: Arrays, inputs: tuple[Array, ...], y: Array, gradient: Array
) -> Gradients:
    """Give every operand the gradient of its channels."""
    ends = np.cumsum([x.shape[1] for x in inputs])
    return Gradients(tuple(np.split(gradient, ends[:-1], 1)), {})


@registry.formula(Concat)
def concat_formulas(layer: object, *xs: Array) -> Formulas:
    """Write the formulas of channels side by side: every operand gets those that are its own."""
    names, counts = operand_names(xs), [x.shape[1] for x in xs]
    rest, by_letter, first = PLACES[: xs[0].ndim - 2], {}, 0
    at = f"c{rest}"

    def output(values: Values, at: Axes) -> Term:
        channel = at[0]
        for name in names:
            if channel < len(values[name]):
                return Term((float(values[name][(channel, *at[1:])]),))
            channel -= len(values[name])
        raise AssertionError(f"no operand has channel {at[0]}")

    ends = [sum(counts[: n + 1]) for n, _ in enumerate(counts)]
    choices = ", ".join(
        f"{name}[{', '.join((f'c - {end - count}' if end > count else 'c', *rest))}]"
        f" where c < {end}"
        for name, end, count in zip(names, ends, counts, strict=True)
    )
    by_letter["y"] = single("y", at, f"the first of {choices}", output)
    for name, count in zip(names, counts, strict=True):
        shifted = Ref("g", (Index((("c", 1, 1),), first), *plain(rest)))
        note = "Every operand gets the gradient of its own channels."
        by_letter[name] = summed(name, at, (shifted,), {}, note=note)
        first += count
    return by_letter


@registry.paper_copy(Concat)
def concat_paper_copy(layer: Concat, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    """Keep a few operands, of one channel and of two."""
    shapes = enumerate(inputs[:FEW])
    return layer, tuple(shape_like(shape, (1, 2, 1), 1 + n % 2, 2 + n) for n, shape in shapes)


# -- add -------------------------------------------------------------------------------------------


@registry.forward(Add)
def add(layer: Add, arrays: Arrays, *inputs: Array) -> Array:
    """Add element by element; nothing stretches."""
    for x in inputs[1:]:
        if x.shape[1:] != inputs[0].shape[1:]:
            first, other = (
                "x".join(map(str, (*operand.shape[2:], operand.shape[1])))
                for operand in (inputs[0], x)
            )
            raise ValueError(f"{first} and {other} cannot be added")
    y = inputs[0].copy()
    for x in inputs[1:]:
        y += x
    for constant in constants(layer):
        y += constant
    return y


@registry.backward_to_all(Add)
def add_backward(
    layer: object, arrays: Arrays, inputs: tuple[Array, ...], y: Array, gradient: Array
) -> Gradients:
    """Give every operand the gradient."""
    return Gradients((gradient,) * len(inputs), {})


@registry.counted(Add)
def add_counted(layer: Add, arrays: Arrays, *inputs: Array) -> Array:
    """Add the second and all further operands, and constants."""
    y, *others = inputs
    for x in others:
        y = y + x
    for constant in constants(layer):
        y = y + constant
    return y


@registry.formula(Add)
def add_formulas(layer: Add, *xs: Array) -> Formulas:
    """Write the formulas of a sum: the gradient goes to every operand."""
    at, names = place_names(xs[0].ndim - 2), operand_names(xs)
    place = ", ".join(at)

    def output(values: Values, at: Axes) -> list[Term]:
        terms = [Term((float(values[name][at]),)) for name in names]
        return terms + [Term((constant,)) for constant in constants(layer)]

    note = "A sum hands its gradient to every operand unchanged: why shortcuts let deep nets learn."
    text = " + ".join([f"{name}[{place}]" for name in names] + list(map(written, constants(layer))))
    by_letter = {"y": ArrayFormula("y", at, text, "", output)}
    for name in names:
        by_letter[name] = summed(name, at, (ref("g", at),), {}, note=note)
    return by_letter


# -- what stretches --------------------------------------------------------------------------------


def aligned(inputs: tuple[Array, ...]) -> list[Array]:
    """Give a row of units as many sides, of 1, as the maps that it joins have."""
    rank = max(x.ndim for x in inputs)
    return [x.reshape(*x.shape, *(1,) * (rank - x.ndim)) for x in inputs]


def spread_out(inputs: tuple[Array, ...]) -> tuple[Array, ...]:
    """Stretch every operand to the extents of the output."""
    return tuple(np.broadcast_arrays(*aligned(inputs)))


def gathered(gradient: Array, x: Array) -> Array:
    """Add up what comes back for an operand where it was stretched."""
    own = x.reshape(*x.shape, *(1,) * (gradient.ndim - x.ndim))
    stretched = tuple(axis for axis, n in enumerate(own.shape) if n != gradient.shape[axis])
    total: Array = gradient.sum(stretched).reshape(x.shape)
    return total


def lookup(values: Values, name: str, place: Axes) -> float:
    """Return the element of an operand that meets a place of the output."""
    array = values[name]
    sides = zip(place, array.shape, strict=False)
    return float(array[tuple(p if n > 1 else 0 for p, n in sides)])


class Operands:
    """The operands of a join that stretches, by their names, and how their elements are written."""

    def __init__(self, xs: tuple[Array, ...]) -> None:
        self.names = operand_names(xs)
        self.at = place_names(max(x.ndim for x in xs) - 2)
        shapes = [x.shape[1:] for x in aligned(xs)]
        whole = tuple(max(extents) for extents in zip(*shapes, strict=True))
        self.indices: dict[str, str] = {}
        self.over: dict[str, str] = {}
        for name, x, shape in zip(self.names, xs, shapes, strict=True):
            kept = list(zip(self.at, shape, whole, strict=True))
            letters = [letter if n == most else "0" for letter, n, most in kept]
            self.indices[name] = "".join(letters[: x.ndim - 1])
            self.over[name] = ", ".join(i for i, n, most in kept if n != most)
        self.written = {
            name: f"{name}[{', '.join(letters)}]" for name, letters in self.indices.items()
        }
        self.g = f"g[{', '.join(self.at)}]"

    def back(
        self, name: str, text: str, term: Callable[[Values, Axes], Term | None]
    ) -> ArrayFormula:
        """Make the formula of an operand's gradient, from that of one place of the output."""

        def terms(values: Values, at: Axes) -> list[Term]:
            summands, own = [], values[name]
            for place in np.ndindex(*values["g"].shape):
                mine = tuple(p if n > 1 else 0 for p, n in zip(place, own.shape, strict=False))
                if mine == at and (made := term(values, place)) is not None:
                    summands.append(made)
            return summands

        over = self.over[name]
        if over:
            text = f"sum over {over} of {text}"
        note = "Where an operand was stretched its gradients add up." if over else ""
        return ArrayFormula(name, self.indices[name], text, note, terms)


# -- multiply --------------------------------------------------------------------------------------


@registry.forward(Multiply)
def multiply(layer: Multiply, arrays: Arrays, *inputs: Array) -> Array:
    """Multiply element by element; an extent of 1 stretches."""
    y, *others = aligned(inputs)
    for x in others:
        y = y * x
    for constant in constants(layer):
        y = y * constant
    return y if y is not inputs[0] else y.copy()


@registry.backward_to_all(Multiply)
def multiply_backward(
    layer: Multiply, arrays: Arrays, inputs: tuple[Array, ...], y: Array, gradient: Array
) -> Gradients:
    """Give every operand the gradient times all others, added up where it stretched."""
    operands, back = aligned(inputs), []
    start = gradient * prod(constants(layer))
    for at, x in enumerate(inputs):
        others = prod(operands[:at] + operands[at + 1 :], start=start)
        back.append(gathered(others, x))
    return Gradients(tuple(back), {})


@registry.counted(Multiply)
def multiply_counted(layer: Multiply, arrays: Arrays, *inputs: Array) -> Array:
    """Multiply every output's operands, stretched to the output's extents, and constants."""
    y, *others = spread_out(inputs)
    for x in others:
        y = y * x
    for constant in constants(layer):
        y = y * constant
    return y


@registry.formula(Multiply)
def multiply_formulas(layer: Multiply, *xs: Array) -> Formulas:
    """Write the formulas of a product: an operand's gradient is g times the others."""
    operands, factors = Operands(xs), constants(layer)
    numbers = list(map(written, factors))

    def output(values: Values, place: Axes) -> Term:
        return Term((*(lookup(values, name, place) for name in operands.names), *factors))

    text = " * ".join([*operands.written.values(), *numbers])
    by_letter = {"y": single("y", operands.at, text, output)}
    for name in operands.names:
        others = [other for other in operands.names if other != name]
        text = " * ".join([operands.g, *(operands.written[other] for other in others), *numbers])
        by_letter[name] = operands.back(name, text, _product_back(others, factors))
    return by_letter


def _product_back(others: list[str], factors: list[float]) -> Callable[[Values, Axes], Term]:
    def back(values: Values, place: Axes) -> Term:
        rest = (lookup(values, other, place) for other in others)
        return Term((float(values["g"][place]), *rest, *factors))

    return back


@registry.paper_copy(Stretching)
def stretching_paper_copy(layer: Stretching, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    """Keep a few operands, stretched where they were."""
    return layer, tuple(_stretching(shape) for shape in inputs[:FEW])


def _stretching(shape: Shape) -> Shape:
    """Keep the extents of 1, which stretch."""
    channels = min(known(shape.channels), 2)
    if not shape.sides:
        return Vector(channels)
    sides = zip(shape.sides, SIDES, strict=False)
    return Map(tuple(min(known(n), few) for n, few in sides), channels)

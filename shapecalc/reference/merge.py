"""Joins of branches."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

from shapecalc.algebra import known
from shapecalc.layers.merge import Add, Concat, Join, Multiply
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
def add(layer: object, arrays: Arrays, *inputs: Array) -> Array:
    """Add element by element; nothing stretches."""
    for x in inputs[1:]:
        if x.shape[1:] != inputs[0].shape[1:]:
            first, other = (
                "x".join(map(str, (*operand.shape[2:], operand.shape[1])))
                for operand in (inputs[0], x)
            )
            raise ValueError(f"{first} and {other} cannot be added")
    y = inputs[0] + inputs[1]
    for x in inputs[2:]:
        y += x
    return y


@registry.backward_to_all(Add)
def add_backward(
    layer: object, arrays: Arrays, inputs: tuple[Array, ...], y: Array, gradient: Array
) -> Gradients:
    """Give every operand the gradient."""
    return Gradients((gradient,) * len(inputs), {})


@registry.counted(Add)
def add_counted(layer: object, arrays: Arrays, *inputs: Array) -> Array:
    """Add the second and all further operands."""
    y, *others = inputs
    for x in others:
        y = y + x
    return y


@registry.formula(Add)
def add_formulas(layer: object, *xs: Array) -> Formulas:
    """Write the formulas of a sum: the gradient goes to every operand."""
    at, names = place_names(xs[0].ndim - 2), operand_names(xs)
    place = ", ".join(at)

    def output(values: Values, at: Axes) -> list[Term]:
        return [Term((float(values[name][at]),)) for name in names]

    note = "A sum hands its gradient to every operand unchanged: why shortcuts let deep nets learn."
    by_letter = {
        "y": ArrayFormula("y", at, " + ".join(f"{name}[{place}]" for name in names), "", output),
    }
    for name in names:
        by_letter[name] = summed(name, at, (ref("g", at),), {}, note=note)
    return by_letter


# -- multiply --------------------------------------------------------------------------------------


def _aligned(inputs: tuple[Array, ...]) -> list[Array]:
    """Give a row of units as many sides, of 1, as the maps that it joins have."""
    rank = max(x.ndim for x in inputs)
    return [x.reshape(*x.shape, *(1,) * (rank - x.ndim)) for x in inputs]


@registry.forward(Multiply)
def multiply(layer: object, arrays: Arrays, *inputs: Array) -> Array:
    """Multiply element by element; an extent of 1 stretches."""
    first, second, *others = _aligned(inputs)
    y: Array = first * second
    for x in others:
        y = y * x
    return y


@registry.backward_to_all(Multiply)
def multiply_backward(
    layer: object, arrays: Arrays, inputs: tuple[Array, ...], y: Array, gradient: Array
) -> Gradients:
    """Give every operand the gradient times all others, added up where it stretched."""
    operands, back = _aligned(inputs), []
    for number, (operand, x) in enumerate(zip(operands, inputs, strict=True)):
        others = prod(operands[:number] + operands[number + 1 :], start=gradient)
        stretched = tuple(axis for axis, n in enumerate(operand.shape) if n != others.shape[axis])
        back.append(others.sum(stretched).reshape(x.shape))
    return Gradients(tuple(back), {})


@registry.counted(Multiply)
def multiply_counted(layer: object, arrays: Arrays, *inputs: Array) -> Array:
    """Multiply every output's operands, stretched to the output's extents."""
    rank = max(x.ndim for x in inputs)
    y, *others = np.broadcast_arrays(
        *(x.reshape(*x.shape, *(1,) * (rank - x.ndim)) for x in inputs)
    )
    for x in others:
        y = y * x
    return y


@registry.formula(Multiply)
def multiply_formulas(layer: object, *xs: Array) -> Formulas:
    """Write the formulas of a product: an operand's gradient is g times the others."""
    names, rank = operand_names(xs), max(x.ndim for x in xs) - 2
    at = place_names(rank)
    shapes = [(*x.shape[1:], *(1,) * (rank + 2 - x.ndim)) for x in xs]
    whole = tuple(max(extents) for extents in zip(*shapes, strict=True))

    def indices(shape: Axes, own: Array) -> list[str]:
        kept = zip(at, shape, whole, strict=True)
        named = [letter if n == most else "0" for letter, n, most in kept]
        return named[: own.ndim - 1]

    written = {
        name: f"{name}[{', '.join(indices(shape, x))}]"
        for name, shape, x in zip(names, shapes, xs, strict=True)
    }

    def lookup(values: Values, name: str, place: Axes) -> float:
        array = values[name]
        sides = zip(place, array.shape, strict=False)
        return float(array[tuple(p if n > 1 else 0 for p, n in sides)])

    def output(values: Values, place: Axes) -> Term:
        return Term(tuple(lookup(values, name, place) for name in names))

    by_letter = {"y": single("y", at, " * ".join(written.values()), output)}
    for name, shape, x in zip(names, shapes, xs, strict=True):
        others = [other for other in names if other != name]
        stretched = [i for i, n, most in zip(at, shape, whole, strict=True) if n != most]
        text = " * ".join((f"g[{', '.join(at)}]", *(written[other] for other in others)))
        if stretched:
            text = f"sum over {', '.join(stretched)} of {text}"
        note = "Where an operand was stretched its gradients add up." if stretched else ""
        back = _product_back(name, others, lookup)
        left = "".join(indices(shape, x))
        by_letter[name] = ArrayFormula(name, left, text, note, back)
    return by_letter


def _product_back(
    name: str, others: list[str], lookup: Callable[[Values, str, Axes], float]
) -> Callable[[Values, Axes], list[Term]]:
    def back(values: Values, at: Axes) -> list[Term]:
        terms, own, g = [], values[name], values["g"]
        for place in np.ndindex(*g.shape):
            mine = tuple(p if n > 1 else 0 for p, n in zip(place, own.shape, strict=False))
            if mine == at:
                rest = tuple(lookup(values, other, place) for other in others)
                terms.append(Term((float(g[place]), *rest)))
        return terms

    return back


@registry.paper_copy(Multiply)
def multiply_paper_copy(layer: Multiply, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    """Keep a few operands, stretched where they were."""
    return layer, tuple(_stretching(shape) for shape in inputs[:FEW])


def _stretching(shape: Shape) -> Shape:
    """Keep the extents of 1, which stretch."""
    channels = min(known(shape.channels), 2)
    if not shape.sides:
        return Vector(channels)
    sides = zip(shape.sides, SIDES, strict=False)
    return Map(tuple(min(known(n), few) for n, few in sides), channels)

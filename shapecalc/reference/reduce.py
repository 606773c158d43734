"""Reductions along axes, and normalisation to a length of 1."""

from __future__ import annotations

from math import prod, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from shapecalc.layers.reduce import L2Norm, MaxOver, MeanOver, Reduction, SumOver
from shapecalc.reference import registry
from shapecalc.reference.arrays import Gradients
from shapecalc.reference.example import SIDES, shape_like
from shapecalc.reference.formula import ArrayFormula, Term, place_names, single
from shapecalc.reference.tally import accumulators, add_up, larger

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapecalc.layers.base import Layer
    from shapecalc.layers.shape import Shape
    from shapecalc.reference.arrays import Array, Arrays, Axes
    from shapecalc.reference.formula import Formulas, Values

#: What is added to a sum of squares so that nothing is divided by 0: a length of 1e-12 (PyTorch).
EPSILON = 1e-24

#: The sides of an array by their names, from the first on.
_SIDES = {1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}


def axes_of(over: Iterable[str | int], x: Array) -> Axes:
    """Return the axes of an array: names, or numbers of sides from 0 on and of the channels."""
    rank = x.ndim - 2
    numbers: set[int] = set()
    for word in over:
        if word == "positions":
            numbers |= set(range(2, x.ndim))
        elif word in ("channels", rank):
            numbers.add(1)
        else:
            numbers.add(2 + (word if isinstance(word, int) else _SIDES[rank].index(word)))
    return tuple(sorted(numbers))


def _left(layer: Reduction, y: Array, axes: Axes) -> Array:
    """Take the axes away that are 1, and let the last of what is left, as written, be channels."""
    if layer.keep:
        return y
    written = np.moveaxis(y, 1, -1)
    rank = y.ndim - 2
    gone = tuple(1 + rank if axis == 1 else axis - 1 for axis in axes)
    left = written.squeeze(gone)
    return left[:, None] if left.ndim == 1 else np.moveaxis(left, -1, 1)


def _back(layer: Reduction, y: Array, x: Array, axes: Axes) -> Array:
    """Put what is left back to where it was, with axes of 1 for those that went."""
    if layer.keep:
        return y
    kept = [n for axis, n in enumerate(x.shape) if axis not in axes and axis > 1]
    kept += [] if 1 in axes else [x.shape[1]]
    written = np.moveaxis(y, 1, -1).reshape(len(y), *kept)
    whole = [1 if axis in axes else n for axis, n in enumerate(x.shape)]
    return np.moveaxis(written.reshape(len(y), *whole[2:], whole[1]), -1, 1)


@registry.forward(MeanOver)
def mean(layer: MeanOver, arrays: Arrays, x: Array) -> Array:
    """Take the mean."""
    axes = axes_of(layer.over, x)
    return _left(layer, x.mean(axes, keepdims=True), axes)


@registry.forward(SumOver)
def total(layer: SumOver, arrays: Arrays, x: Array) -> Array:
    """Add up."""
    axes = axes_of(layer.over, x)
    return _left(layer, x.sum(axes, keepdims=True), axes)


@registry.forward(MaxOver)
def maximum(layer: MaxOver, arrays: Arrays, x: Array) -> Array:
    """Take the maximum."""
    axes = axes_of(layer.over, x)
    return _left(layer, x.max(axes, keepdims=True), axes)


@registry.counted(MeanOver, SumOver)
def sum_counted(layer: Any, arrays: Arrays, x: Array) -> Array:  # noqa: ANN401
    """Add up from 0; of a mean, divide."""
    axes = axes_of(layer.over, x)
    y = add_up(x, axes, x)
    if isinstance(layer, MeanOver):
        y = y / prod(x.shape[axis] for axis in axes)
    return _left(layer, y, axes)


@registry.counted(MaxOver)
def maximum_counted(layer: MaxOver, arrays: Arrays, x: Array) -> Array:
    """Compare with every element."""
    axes = axes_of(layer.over, x)
    best = accumulators((1 if axis in axes else n for axis, n in enumerate(x.shape)), x, -np.inf)
    moved = np.moveaxis(x, axes, range(len(axes)))
    for part in moved.reshape(-1, *moved.shape[len(axes) :]):
        best = larger(part.reshape(best.shape), best)
    return _left(layer, best, axes)


@registry.backward(MeanOver, SumOver)
def sum_backward(layer: Any, arrays: Arrays, x: Array, y: Array, gradient: Array) -> Gradients:  # noqa: ANN401
    """Give every element the gradient, or an even share of it."""
    axes = axes_of(layer.over, x)
    share = _back(layer, gradient, x, axes)
    if isinstance(layer, MeanOver):
        share = share / prod(x.shape[axis] for axis in axes)
    return Gradients((np.broadcast_to(share, x.shape).copy(),), {})


@registry.backward(MaxOver)
def maximum_backward(
    layer: MaxOver, arrays: Arrays, x: Array, y: Array, gradient: Array
) -> Gradients:
    """Send the gradient to the winner: the first of equals, as shapes are written."""
    axes = axes_of(layer.over, x)
    ordered = (*(axis for axis in axes if axis > 1), *(axis for axis in axes if axis == 1))
    moved = np.moveaxis(x, ordered, range(len(ordered)))
    rows = moved.reshape(-1, *moved.shape[len(ordered) :])
    won = np.arange(len(rows)).reshape(-1, *(1,) * (rows.ndim - 1)) == rows.argmax(0)
    place = np.moveaxis(won.reshape(moved.shape), range(len(ordered)), ordered)
    return Gradients((place * _back(layer, gradient, x, axes),), {})


# -- formulas --------------------------------------------------------------------------------------


class _Places:
    """Where the elements of an input go: the letters of what is left, and of what is joined."""

    def __init__(self, layer: Reduction, x: Array) -> None:
        self.keep = layer.keep
        self.axes = axes_of(layer.over, x)
        self.at = place_names(x.ndim - 2)
        self.size = prod(x.shape[axis] for axis in self.axes)
        self.over = ", ".join(i for axis, i in enumerate(self.at, 1) if axis in self.axes)
        letters = ["0" if axis in self.axes else i for axis, i in enumerate(self.at, 1)]
        self.own = "".join(self._left(letters, "0"))

    def _left(self, entries: list[Any], nothing: Any) -> tuple[Any, ...]:  # noqa: ANN401
        """Arrange what belongs to an element as the output does: channels first."""
        if self.keep:
            return tuple(entries)
        left = [n for axis, n in enumerate(entries[1:], 2) if axis not in self.axes]
        left += [] if 1 in self.axes else entries[:1]
        return (left[-1], *left[:-1]) if left else (nothing,)

    def to(self, place: Axes) -> Axes:
        """Return the output's entry that an element of the input goes into."""
        at = [0 if axis in self.axes else n for axis, n in enumerate(place, 1)]
        return self._left(at, 0)

    def within(self, values: Values, entry: Axes) -> list[Axes]:
        """List the elements that go into an entry, as shapes are written."""
        inside = (place for place in np.ndindex(*values["x"].shape) if self.to(place) == entry)
        return sorted(inside, key=lambda place: (*place[1:], place[0]))


def _element(values: Values, place: Axes) -> float:
    return float(values["x"][place])


@registry.formula(MeanOver, SumOver)
def sum_formulas(layer: Any, x: Array) -> Formulas:  # noqa: ANN401
    """Write the formulas of a sum, or a mean."""
    places = _Places(layer, x)
    size = places.size if isinstance(layer, MeanOver) else 1
    word, share = ("mean", f"/{size}") if isinstance(layer, MeanOver) else ("sum", "")

    def output(values: Values, entry: Axes) -> list[Term]:
        inside = places.within(values, entry)
        return [Term((_element(values, place),), size) for place in inside]

    def back(values: Values, place: Axes) -> Term:
        return Term((float(values["g"][places.to(place)]),), size)

    shown, g = f"x[{', '.join(places.at)}]", f"g[{', '.join(places.own)}]"
    note = "Every element gets an equal share." if isinstance(layer, MeanOver) else ""
    return {
        "y": ArrayFormula("y", places.own, f"{word} over {places.over} of {shown}", "", output),
        "x": single("x", places.at, f"{g}{share}", back, note),
    }


@registry.formula(MaxOver)
def maximum_formulas(layer: MaxOver, x: Array) -> Formulas:
    """Write the formulas of a maximum: the gradient goes to the winner."""
    places = _Places(layer, x)

    def output(values: Values, entry: Axes) -> Term:
        inside = [_element(values, place) for place in places.within(values, entry)]
        return Term((max(inside),), text=f"max({', '.join(f'{n:.4g}' for n in inside)})")

    def back(values: Values, place: Axes) -> Term:
        inside = places.within(values, places.to(place))
        winner = max(inside, key=lambda other: _element(values, other))
        return Term((float(values["g"][places.to(place)]) if winner == place else 0.0,))

    shown, g = f"x[{', '.join(places.at)}]", f"g[{', '.join(places.own)}]"
    text = f"{g} where {shown} is the largest over {places.over}, else 0"
    return {
        "y": single("y", places.own, f"max over {places.over} of {shown}", output),
        "x": single("x", places.at, text, back),
    }


@registry.paper_copy(Reduction)
def paper_copy(layer: Reduction, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    """Keep two channels."""
    return layer, (shape_like(inputs[0], SIDES, 2, 4),)


# -- l2norm ----------------------------------------------------------------------------------------


def _length(x: Array, axes: Axes) -> Array:
    length: Array = np.sqrt(np.square(x).sum(axes, keepdims=True) + EPSILON)
    return length


@registry.forward(L2Norm)
def l2norm(layer: L2Norm, arrays: Arrays, x: Array) -> Array:
    """Divide by the length."""
    y: Array = x / _length(x, axes_of(layer.over, x))
    return y


@registry.counted(L2Norm)
def l2norm_counted(layer: L2Norm, arrays: Arrays, x: Array) -> Array:
    """Square, add up, take the root, divide."""
    squares = add_up(x * x, axes_of(layer.over, x), x)
    y: Array = x / np.frompyfunc(lambda v: (v + EPSILON).sqrt(), 1, 1)(squares)
    return y


@registry.gradient(L2Norm)
def l2norm_gradient(layer: L2Norm, x: Array, y: Array, g: Array) -> Array:
    """(g - y * sum of g y)/length."""
    axes = axes_of(layer.over, x)
    back: Array = (g - y * (g * y).sum(axes, keepdims=True)) / _length(x, axes)
    return back


@registry.formula(L2Norm)
def l2norm_formulas(layer: L2Norm, x: Array) -> Formulas:
    """Write the formulas: r is 1/length, a what the elements of a set share on the way back."""
    at, axes = place_names(x.ndim - 2), axes_of(layer.over, x)
    own = [i for axis, i in enumerate(at, 1) if axis not in axes]
    over = ", ".join(i for axis, i in enumerate(at, 1) if axis in axes)
    place, shared = ", ".join(at), f"[{', '.join(own)}]" if own else ""

    def mine(place: Axes) -> Axes:
        return tuple(n for axis, n in enumerate(place, 1) if axis not in axes)

    def mates(values: Values, entry: Axes) -> list[Axes]:
        return [place for place in np.ndindex(*values["x"].shape) if mine(place) == entry]

    def scale(values: Values, entry: Axes) -> Term:
        squares = sum(_element(values, mate) ** 2 for mate in mates(values, entry))
        return Term((1.0,), sqrt(squares + EPSILON))

    def output(values: Values, place: Axes) -> Term:
        return Term((_element(values, place), float(values["r"][mine(place)])))

    def sums(values: Values, entry: Axes) -> list[Term]:
        pairs = ((values["g"][mate], values["y"][mate]) for mate in mates(values, entry))
        return [Term((float(g), float(y))) for g, y in pairs]

    def back(values: Values, place: Axes) -> Term:
        share = -float(values["y"][place]) * float(values["a"][mine(place)])
        return Term((float(values["r"][mine(place)]), (float(values["g"][place]), share)))

    note = "The length follows from all elements, so each acts on all."
    text = f"r{shared} * (g[{place}] - y[{place}] * a{shared})"
    return {
        "r": single("r", "".join(own), f"1/sqrt(sum over {over} of x[{place}]*x[{place}])", scale),
        "y": single("y", at, f"x[{place}] * r{shared}", output),
        "a": ArrayFormula(
            "a", "".join(own), f"sum over {over} of g[{place}] * y[{place}]", "", sums
        ),
        "x": single("x", at, text, back, note),
    }


@registry.on_the_way(L2Norm)
def on_the_way(layer: L2Norm, arrays: Arrays, x: Array, y: Array, g: Array) -> dict[str, Array]:
    """Return what the elements of a set of the first example share."""
    axes = axes_of(layer.over, x)
    scale = (1 / _length(x, axes)).squeeze(axes)
    return {"r": scale[0], "a": (g * y).sum(axes)[0]}


@registry.paper_copy(L2Norm)
def l2norm_paper_copy(layer: L2Norm, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    """Keep three channels."""
    return layer, (shape_like(inputs[0], (1, 2, 1), 3, 4),)

"""Products of two activations, as stacks of matrices."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from shapecalc.algebra import known
from shapecalc.layers.axes import Cut, End
from shapecalc.layers.product import Matmul
from shapecalc.layers.shape import Map
from shapecalc.reference import registry
from shapecalc.reference.arrays import Gradients
from shapecalc.reference.example import copied
from shapecalc.reference.formula import ArrayFormula, Term, place_names
from shapecalc.reference.slicing import as_slice
from shapecalc.reference.tally import accumulators
from shapecalc.reference.weighted import matmul

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.layers.base import Layer
    from shapecalc.layers.shape import Shape
    from shapecalc.reference.arrays import Array, Arrays, Axes
    from shapecalc.reference.formula import Formulas, Values


class _View(NamedTuple):
    """How an operand is read: which channels, in how many heads, and what repeats or turns them."""

    channels: slice
    batch: int
    heads: int
    repeated: int
    turned: bool

    def matrices(self, x: Array) -> Array:
        """Read an array as stacks of matrices."""
        rows = np.moveaxis(x, 1, -1)[..., self.channels]
        if self.heads:
            part = rows.shape[-1] // self.heads
            rows = rows.reshape(*rows.shape[: self.batch], -1, self.heads, part)
            rows = rows.swapaxes(-3, -2).repeat(self.repeated, -3)
        return rows.swapaxes(-2, -1) if self.turned else rows

    def back(self, gradient: Array, x: Array) -> Array:
        """Take the gradient of the matrices to the array; channels left out get none."""
        rows = gradient.swapaxes(-2, -1) if self.turned else gradient
        if self.heads:
            stack, (high, wide) = rows.shape[:-3], rows.shape[-2:]
            rows = rows.reshape(*stack, self.heads, self.repeated, high, wide).sum(-3)
            rows = rows.swapaxes(-3, -2)
        whole = np.zeros_like(np.moveaxis(x, 1, -1))
        whole[..., self.channels] = rows.reshape(*whole.shape[:-1], -1)
        return np.moveaxis(whole, -1, 1)


def _views(layer: Matmul, inputs: Sequence[Array]) -> tuple[_View, _View]:
    heads = known(layer.heads) if layer.heads is not None else 0
    groups = known(layer.groups) if layer.groups is not None else heads
    batch = 1 + int(layer.windows)
    first, second = (
        as_slice(part, x.shape[1])
        for part, x in zip((layer.first, layer.second), inputs, strict=True)
    )
    turned = layer.transpose
    return (
        _View(first, batch, 0 if layer.merge != "none" else heads, 1, turned in ("first", "both")),
        _View(second, batch, groups, heads // max(groups, 1), turned in ("second", "both")),
    )


def _factors(layer: Matmul, inputs: tuple[Array, ...]) -> tuple[Array, Array]:
    """Return both operands as matrices, the first one scaled."""
    a, b = (view.matrices(x) for view, x in zip(_views(layer, inputs), inputs, strict=True))
    if layer.root:
        a = a * (1 / a.shape[-1] ** 0.5)
    return a, b


def _placed(layer: Matmul, y: Array, other: Array) -> Array:
    """Arrange matrices as the output: its sides, and the channels behind the batch."""
    if layer.merge != "none":
        y = y.swapaxes(-3, -2)
        sides = other.shape[2:] if layer.merge == "map" else y.shape[1:-2]
        y = y.reshape(len(y), *sides, -1)
    return np.ascontiguousarray(np.moveaxis(y, -1, 1))


@registry.forward(Matmul)
def forward(layer: Matmul, arrays: Arrays, *inputs: Array) -> Array:
    """Multiply the matrices, those at the same place of the stacks."""
    return _placed(layer, matmul(*_factors(layer, inputs)), inputs[1])


@registry.backward_to_all(Matmul)
def backward(
    layer: Matmul, arrays: Arrays, inputs: tuple[Array, ...], y: Array, gradient: Array
) -> Gradients:
    """Multiply the gradient by either factor, transposed."""
    a, b = _factors(layer, inputs)
    g = np.moveaxis(gradient, 1, -1)
    if layer.merge != "none":
        heads = a.shape[-3]
        g = g.reshape(*a.shape[:-3], a.shape[-2], heads, -1).swapaxes(-3, -2)
    to_first = matmul(g, b.swapaxes(-2, -1))
    if layer.root:
        to_first = to_first * (1 / a.shape[-1] ** 0.5)
    both = (to_first, matmul(a.swapaxes(-2, -1), g))
    pairs = zip(_views(layer, inputs), both, inputs, strict=True)
    return Gradients(tuple(view.back(part, x) for view, part, x in pairs), {})


@registry.counted(Matmul)
def counted(layer: Matmul, arrays: Arrays, *inputs: Array) -> Array:
    """Add up the products of a row and a column."""
    a, b = _factors(layer, inputs)
    y = accumulators((*a.shape[:-1], b.shape[-1]), inputs[0])
    for number in range(a.shape[-1]):
        y = y + a[..., number, None] * b[..., number, None, :]
    return _placed(layer, y, inputs[1])


def _numbers(x: Array) -> Array:
    """Number the elements of an example."""
    return np.arange(x[0].size).reshape(1, *x.shape[1:])


@registry.formula(Matmul)
def formulas(layer: Matmul, *xs: Array) -> Formulas:
    """Write the formulas of a matrix product and of the way back: products with the transposed."""
    views = _views(layer, xs)
    # Which element stands where in the matrices, and where a product's element goes.
    a, b = (view.matrices(_numbers(x))[0] for view, x in zip(views, xs, strict=True))
    high, wide = a.shape[-2], b.shape[-1]
    product = np.arange(a[..., 0].size * wide).reshape(1, *a.shape[:-1], wide)
    y = _placed(layer, product, xs[1])[0]
    factor = 1 / a.shape[-1] ** 0.5 if layer.root else 1

    def entry(values: Values, name: str, number: int) -> float:
        return float(values[name].flat[number])

    def term(values: Values, first: float, second: float) -> Term:
        return Term((first, second, factor)) if layer.root else Term((first, second))

    def output(values: Values, at: Axes) -> list[Term]:
        *stack, row, column = np.unravel_index(y[at], product.shape[1:])
        pairs = zip(a[*stack, row], b[*stack, :, column], strict=True)
        return [term(values, entry(values, "x1", i), entry(values, "x2", j)) for i, j in pairs]

    at_output = {int(number): place for place, number in np.ndenumerate(y)}

    def g(values: Values, place: tuple[int, ...]) -> float:
        return float(values["g"][at_output[int(product[(0, *place)])]])

    def to_first(values: Values, at: Axes) -> list[Term]:
        number = np.ravel_multi_index(at, xs[0].shape[1:])
        return [
            term(values, g(values, (*stack, row, column)), entry(values, "x2", other))
            for *stack, row, inner in np.argwhere(a == number).tolist()
            for column, other in enumerate(b[*stack, inner])
        ]

    def to_second(values: Values, at: Axes) -> list[Term]:
        number = np.ravel_multi_index(at, xs[1].shape[1:])
        return [
            term(values, g(values, (*stack, row, column)), entry(values, "x1", other))
            for *stack, inner, column in np.argwhere(b == number).tolist()
            for row, other in enumerate(a[*stack, :, inner])
        ]

    ranks = [x.ndim - 2 for x in xs]
    root = f"/sqrt({a.shape[-1]})" if layer.root else ""
    of_heads = " of every head" if layer.heads is not None else ""
    shape = f"A is {high} x {a.shape[-1]}, B {b.shape[-2]} x {wide}{of_heads}."
    back = "The way back is a product as well, with the other factor transposed."
    return {
        "y": ArrayFormula("y", place_names(y.ndim - 1),
                          f"sum over q of A[row, q] * B[q, column]{root}",
                          f"A are the matrices of x1, B those of x2: {shape}", output),
        "x1": ArrayFormula("x1", place_names(ranks[0]),
                           f"sum over columns of g[row, column] * B[q, column]{root}", back,
                           to_first),
        "x2": ArrayFormula("x2", place_names(ranks[1]),
                           f"sum over rows of A[row, q] * g[row, column]{root}", "", to_second),
    }  # fmt: skip


@registry.paper_copy(Matmul)
def paper_copy(layer: Matmul, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    """Keep matrices of two rows by three columns, and two heads; a channel is left out at a cut."""
    mine, other = _shapes(layer, [len(shape.sides) for shape in inputs])
    shapes, spans = [], []
    for shape, span in ((mine, layer.first), (other, layer.second)):
        channels = known(shape.channels)
        spans.append(None if span is None else Cut(End(1), End(1 + channels)))
        shapes.append(shape if span is None else Map(shape.sides, channels + 2))
    heads = {} if layer.heads is None else {"heads": 2, "groups": _groups(layer)}
    return copied(layer, first=spans[0], second=spans[1], **heads), tuple(shapes)


def _groups(layer: Matmul) -> int | None:
    return None if layer.groups is None else 2 if layer.groups == layer.heads else 1


def _shapes(layer: Matmul, ranks: list[int]) -> tuple[Map, Map]:
    first, second = layer.transpose in ("first", "both"), layer.transpose in ("second", "both")
    high, inner, wide = 2, 3, 2
    if layer.heads is None:
        stack = (2,) * (ranks[0] - 1)
        return _matrix(stack, high, inner, first), _matrix(stack, inner, wide, second)
    stack = (2,) * int(layer.windows)
    other = _split(_matrix(stack, inner, wide, second), _groups(layer) or 2, ranks[1])
    if layer.merge == "none":
        return _split(_matrix(stack, high, inner, first), 2, ranks[0]), other
    if layer.merge == "map":
        high = wide if second else inner
    return _matrix((*stack, 2), high, inner, first), other


def _matrix(stack: Axes, rows: int, columns: int, turned: bool) -> Map:
    return Map((*stack, columns), rows) if turned else Map((*stack, rows), columns)


def _split(shape: Map, heads: int, rank: int) -> Map:
    """Give a matrix heads in its channels, and as many sides as the operand has."""
    return Map((*shape.sides, *(1,) * (rank - len(shape.sides))), heads * known(shape.channels))

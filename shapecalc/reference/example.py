"""A layer worked through on a tiny input, forward and backward, with numbers for pen and paper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from shapecalc.algebra import known
from shapecalc.layers.activation import Pointwise
from shapecalc.layers.arithmetic import Maximum, Minimum
from shapecalc.layers.recurrent import Recurrent
from shapecalc.layers.shape import Map, Vector
from shapecalc.reference import registry
from shapecalc.reference.arrays import Gradients, extents, in_domain
from shapecalc.reference.formula import FORWARD as COMPUTED
from shapecalc.reference.formula import operand_names
from shapecalc.reference.layer import backward, formulas, forward, slots
from shapecalc.reference.moving import extent_of, places_along, sliding_window

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shapecalc.layers.base import Layer
    from shapecalc.layers.shape import Shape
    from shapecalc.reference.arrays import Array, Arrays, Slot
    from shapecalc.reference.formula import ArrayFormula

#: Half the distance of the central differences.
STEP = 1e-4


class Example(NamedTuple):
    """A small layer like the one asked for, and everything that goes through it.

    `values` holds what flows in, the arrays, the output, its gradient g, and what is computed on
    the way, by their letters and without a batch; `gradients` those of the loss, the sum of g*y,
    by the same letters.  `places` has an entry of each formula that is shown, and `lines` writes it
    out: its name, the sum, the value.  `differences` is how far the gradients are from central
    differences of the loss, at most, in units of the largest, and `compared` how many entries that
    is.
    """

    layer: Layer
    inputs: tuple[Shape, ...]
    values: dict[str, Array]
    gradients: dict[str, Array]
    formulas: dict[str, ArrayFormula]
    places: dict[str, tuple[int, ...]]
    lines: dict[str, tuple[str, ...]]
    differences: float
    compared: int


def example(layer: Layer, *inputs: Shape) -> Example:
    """Work a layer through on tiny inputs, like those that it has.

    Kernel, stride, dilation, padding, channels and units are cut down to what fits on paper.
    """
    small, shapes = on_paper(layer, *inputs)
    xs = tuple(_input(small, shape, number) for number, shape in enumerate(shapes))
    arrays = {
        name: _array(name, slot, number) * _scale(small)
        for number, (name, slot) in enumerate(slots(small, *xs).items())
    }
    y = forward(small, arrays, *xs)
    g = np.arange(1.0, 1 + y.size).reshape(y.shape)
    back = backward(small, arrays, xs, y, g)
    written = formulas(small, *shapes)
    values, gradients = by_letters(small, arrays, xs, y, g, back)
    values = {of: value for of, value in values.items() if of in written or of not in COMPUTED}
    arranged = values | gradients
    at = {of: _fullest(formula, values, arranged[of].shape) for of, formula in written.items()}
    lines = {of: formula.written(values, at[of]) for of, formula in written.items()}
    apart = _apart(small, arrays, xs, g, back)
    count = sum(gradient.size for gradient in (*back.inputs, *back.arrays.values()))
    return Example(small, shapes, values, gradients, written, at, lines, apart, count)


def by_letters(
    layer: Layer, arrays: Arrays, xs: tuple[Array, ...], y: Array, g: Array, back: Gradients
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Name the arrays of one example by their letters: the values, and the gradients."""
    names, needs = operand_names(xs), slots(layer, *xs)
    arrange = registry.arranged.own(type(layer))
    values = {name: x[0] for name, x in zip(names, xs, strict=True)}
    gradients: dict[str, Array] = {}
    for all_of, mine in ((values, arrays), (gradients, back.arrays)):
        for name, array in mine.items():
            shown = array if arrange is None else arrange(layer, name, array, xs[0].shape[1])
            all_of[needs[name].letter] = shown
    gradients |= {name: x[0] for name, x in zip(names, back.inputs, strict=True)}
    compute = registry.on_the_way.own(type(layer))
    others = {} if compute is None else compute(layer, arrays, xs[0], y, g)
    return values | others | {"y": y[0], "g": g[0]}, gradients


def _fullest(
    formula: ArrayFormula, values: Mapping[str, Array], shape: tuple[int, ...]
) -> tuple[int, ...]:
    """Return the place of the entry with the most terms other than 0, the first of them."""

    def count(at: tuple[int, ...]) -> int:
        return sum(term.value != 0 for term in formula.terms(values, at))

    return max(np.ndindex(*shape), key=count)


def _apart(layer: Layer, arrays: Arrays, xs: tuple[Array, ...], g: Array, back: Gradients) -> float:
    """Return the largest distance between backward and central differences, entry by entry."""

    def slope(moved: Array, at: tuple[int, ...]) -> float:
        """Move one entry of an array up and down, there and back."""
        whole, ends = moved[at], []
        for h in (STEP, -STEP):
            moved[at] = whole + h
            y = forward(layer, arrays, *xs)
            ends.append(float((np.where(np.isfinite(y), y, 0) * g).sum()))
        moved[at] = whole
        return (ends[0] - ends[1]) / (2 * STEP)

    pairs = [*zip(xs, back.inputs, strict=True)]
    pairs += [(arrays[name], gradient) for name, gradient in back.arrays.items()]
    apart = [
        abs(slope(moved, at) - gradient[at])
        for moved, gradient in pairs
        for at in np.ndindex(*gradient.shape)
    ]
    largest = max(float(np.abs(gradient).max(initial=0)) for _, gradient in pairs)
    return float(max(apart, default=0.0)) / max(largest, 1.0)


def _input(layer: Layer, shape: Shape, number: int) -> Array:
    """Return an input of whole numbers; of halves between, where functions have corners."""
    x = in_domain(layer, _numbers((1, *extents(shape)), 7 - 2 * (number % 2), 3 + number))
    if isinstance(layer, Maximum | Minimum):  # no two alike, as of equals one wins
        return x + (1 + number) * 0.15
    return x / 2 + 0.25 if isinstance(layer, Pointwise) else x * _scale(layer)


def _scale(layer: Layer) -> float:
    """Return what numbers are multiplied by, so that gates are neither shut nor wide open."""
    return 0.25 if isinstance(layer, Recurrent) else 1.0


def _array(name: str, slot: Slot, number: int) -> Array:
    """Return an array of the layer's own: whole numbers, if it is not fixed."""
    if slot.values is not None:
        return slot.values
    values = _numbers(slot.shape, 5, 2 + number % 2)
    return np.abs(values) if name == "running_var" else values


def _numbers(shape: tuple[int, ...], span: int, start: int) -> Array:
    """Return small whole numbers, some negative, no two neighbours alike; no 0."""
    count = int(np.prod(shape))
    if count > span:
        span = count | 1
    step = next(n for n in range(start, span + start) if np.gcd(n, span) == 1)
    mixed = (np.arange(1, count + 1) * step) % span - span // 3
    return np.where(mixed <= 0, mixed - 1, mixed).astype(float).reshape(shape)


# -- cut down to what fits on paper: what families share for that ----------------------------------

#: Windows of an example have at most this kernel, stride, dilation and padding.
KERNEL, STRIDE, DILATION, PAD = 3, 2, 2, 1
#: So many positions an example's output has along its sides, if padding does not make them more.
POSITIONS = (2, 3, 2)
#: The sides of an input over which no window moves.
SIDES = (2, 3, 2)
#: So many operands a join shows.
FEW = 3


def on_paper(layer: Layer, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    """Cut a layer and its inputs down; a layer that has no way of its own looks at elements."""
    cut = registry.paper_copy.nearest(type(layer))
    return (layer, (shape_like(inputs[0], SIDES, 1, 4),)) if cut is None else cut(layer, *inputs)


def shape_like(shape: Shape, sides: tuple[int, ...], channels: int, units: int) -> Shape:
    """Return a shape with as many sides."""
    rank = len(shape.sides)
    return Map(sides[:rank], channels) if rank else Vector(units)


def copied(layer: Layer, **changes: Any) -> Any:  # noqa: ANN401
    """Return a layer with other values in some of its fields."""
    return type(layer)(
        **{field.name: getattr(layer, field.name) for field in layer.fields()} | changes
    )


def least(values: tuple[Any, ...], most: int) -> tuple[int, ...]:
    """Return sizes of at most `most`."""
    return tuple(min(known(n), most) for n in values)


def small_window(layer: Any, inputs: tuple[Shape, ...], kernel: int = KERNEL) -> Any:  # noqa: ANN401
    """Cut kernel, stride, dilation and padding down; kernels of three sides some more."""
    kernel = min(kernel, 2) if len(inputs[0].sides) > 2 else kernel
    stride = layer.kernel if layer.stride is None else layer.stride
    pairs = tuple((min(known(a), PAD), min(known(b), PAD)) for a, b in layer.pad.pairs)
    return copied(
        layer,
        kernel=least(layer.kernel, kernel),
        stride=least(stride, STRIDE if layer.stride is not None else kernel),
        dilation=least(layer.dilation, DILATION),
        pad=layer.pad._replace(pairs=pairs),
    )


def moved_over(layer: Layer, rank: int, channels: int = 1) -> tuple[Layer, tuple[Shape, ...]]:
    """Give a layer's windows the smallest sides, from 2 on, that have so many positions or more."""

    def positions(n: int, axis: int) -> int:
        x = np.broadcast_to(0.0, (1, 1, *(n if side == axis else 40 for side in range(rank))))
        sliding = sliding_window(layer, x)
        extent = sliding.dilation[axis] * (sliding.kernel[axis] - 1) + 1
        return places_along(x, sliding)[axis] if extent_of(x, sliding)[axis] >= extent else 0

    return layer, (Map(fewest_sides(rank, positions), channels),)


def fewest_sides(rank: int, positions: Callable[[int, int], int]) -> tuple[int, ...]:
    """Return, for every axis, the smallest side that gives it its positions."""
    return tuple(
        next(n for n in range(2, 40) if positions(n, axis) >= POSITIONS[axis])
        for axis in range(rank)
    )

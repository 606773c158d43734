"""Pools: the maximum or the mean of every window, and LeNet's trained subsampling."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from shapecalc.layers.pool import AvgPool, MaxPool, Pool, Subsampling
from shapecalc.reference import registry
from shapecalc.reference.arrays import (
    Gradients,
    Slot,
    along_sides,
    bias_slot,
    column,
    places,
    scale_slot,
)
from shapecalc.reference.formula import (
    Formula,
    Ref,
    Term,
    plain,
    ref,
    summed,
)
from shapecalc.reference.moving import (
    bias_formula,
    maximum_formulas,
    moves,
)
from shapecalc.reference.padded import (
    Frame,
    along,
    blank,
    frame_of,
    inside,
    surround,
    taps,
    windows,
)
from shapecalc.reference.paper_copy import (
    moved_over,
    small_window,
)
from shapecalc.reference.product import matmul
from shapecalc.reference.tally import accumulators, larger
from shapecalc.reference.weighted import (
    add_bias,
    bias_gradient,
    counted_bias,
    counted_windows,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapecalc.layers.base import Layer
    from shapecalc.layers.shape import Shape
    from shapecalc.reference.arrays import Array, Arrays, Axes
    from shapecalc.reference.formula import Formulas, Values


def side_by_side(canvas: Array, frame: Frame, join: np.ufunc) -> Array:
    """Join the elements of every window, along one side after the other.

    The maximum of a window is that of its rows' maxima, its sum the sum of their sums.
    """
    counts = windows(canvas, frame).shape[2 : canvas.ndim]
    y = canvas
    moves = zip(frame.kernel, frame.stride, frame.dilation, counts, strict=True)
    for axis, (k, s, d, n) in enumerate(moves, 2):
        before = (slice(None),) * axis
        first, *others = (
            y[(*before, slice(tap * d, tap * d + (n - 1) * s + 1, s))] for tap in range(k)
        )
        y = join(first, others[0]) if others else first.copy()
        for each in others[1:]:
            join(y, each, out=y)
    return y


def spread_back(layer: Pool, x: Array, frame: Frame, gradient: Array) -> Array:
    """Give every element of a window the window's gradient: the adjoint of a sum."""
    back = blank(x, frame)
    for target in taps(windows(back, frame)):
        target[...] += gradient
    return inside(back, x, frame)


@registry.paper_copy(Pool)
def paper_copy(layer: Pool, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    """Keep a small window."""
    return moved_over(small_window(layer, inputs), len(inputs[0].sides))


# -- maxima ----------------------------------------------------------------------------------------


@registry.forward(MaxPool)
def max_forward(layer: MaxPool, arrays: Arrays, x: Array) -> Array:
    """Keep the largest element of every window; padding counts for -infinity."""
    frame = frame_of(layer, x)
    return side_by_side(surround(x, frame, -np.inf), frame, np.maximum)


@registry.backward(MaxPool)
def max_backward(layer: MaxPool, arrays: Arrays, x: Array, y: Array, gradient: Array) -> Gradients:
    """Send the gradient to the winner of every window: the first in row-major order of equals."""
    frame = frame_of(layer, x)
    seen, back = windows(surround(x, frame, -np.inf), frame), blank(x, frame)
    open_still = np.ones(y.shape, bool)
    for shown, target in zip(taps(seen), taps(windows(back, frame)), strict=True):
        won = open_still & (shown == y)
        target[...] += won * gradient
        open_still &= ~won
    return Gradients((inside(back, x, frame),), {})


@registry.counted(MaxPool)
def max_counted(layer: MaxPool, arrays: Arrays, x: Array) -> Array:
    """Compare with every element of a window."""
    view = counted_windows(layer, x, -np.inf)
    y = accumulators(view.shape[: x.ndim], x, -np.inf)
    for shown in taps(view):
        y = larger(shown, y)
    return y


@registry.formula(MaxPool)
def max_formulas(layer: MaxPool, x: Array) -> Formulas:
    """Write the formulas of a maximum."""
    move = moves(x, frame_of(layer, x))
    places, inputs = "".join(move.places), "".join(move.meet)
    shown = Ref("x", (*plain("c"), *move.meet.values()))

    def elements(sides: Axes, window: Axes) -> Iterable[Axes]:
        for tap in product(*map(range, move.kernel.values())):
            bound = dict(zip((*move.places, *move.kernel), (*window, *tap), strict=True))
            place = tuple(index.at(bound) for index in move.meet.values())
            if all(0 <= at < n for at, n in zip(place, sides, strict=True)):
                yield place

    return maximum_formulas(
        places, inputs, tuple(move.places.values()), elements,
        f"max over {', '.join(move.kernel)} of {shown}",
        f"the sum of g[{', '.join(('c', *places))}] over all {', '.join(places)} whose largest"
        f" {shown} is x[{', '.join(('c', *inputs))}]",
        "Padding never wins." if move.note else "",
    )  # fmt: skip


# -- means -----------------------------------------------------------------------------------------


def divisor(layer: AvgPool, x: Array, frame: Frame) -> Array:
    """Count what a mean divides by: a window's elements in the input, or in the padding as well.

    What hangs over the end under ceil counts in neither case, as in Caffe and PyTorch.  Under
    `ceil_full` a window may hold nothing at all; its mean is 0.
    """
    counted = blank(x[:1, :1], frame)
    if layer.count_include_pad:
        ends = zip(counted.shape[2:], frame.over, strict=True)
        counted[along_sides(slice(0, n - over) for n, over in ends)] = 1
    else:
        inside(counted, x, frame)[...] = 1
    return np.maximum(side_by_side(counted, frame, np.add), 1)


@registry.forward(AvgPool)
def avg_forward(layer: AvgPool, arrays: Arrays, x: Array) -> Array:
    """Add up every window and divide by how many elements it counts."""
    frame = frame_of(layer, x)
    y = side_by_side(surround(x, frame), frame, np.add)
    y /= divisor(layer, x, frame)
    return y


@registry.backward(AvgPool)
def avg_backward(layer: AvgPool, arrays: Arrays, x: Array, y: Array, gradient: Array) -> Gradients:
    """Share every window's gradient out evenly."""
    frame = frame_of(layer, x)
    return Gradients((spread_back(layer, x, frame, gradient / divisor(layer, x, frame)),), {})


def _summed(layer: Any, x: Array) -> Array:  # noqa: ANN401
    view = counted_windows(layer, x)
    y = accumulators(view.shape[: x.ndim], x)
    for shown in taps(view):
        y = y + shown
    return y


@registry.counted(AvgPool)
def avg_counted(layer: AvgPool, arrays: Arrays, x: Array) -> Array:
    """Add up and divide."""
    frame = frame_of(layer, x)
    return _summed(layer, x) / divisor(layer, np.zeros(x.shape), frame)


#: A side with more windows than this is not counted window by window.
COUNTED = 1_000_000


@registry.formula(AvgPool)
def avg_formulas(layer: AvgPool, x: Array) -> Formulas:
    """Write the formulas of a mean; n, where the divisors differ."""
    frame = frame_of(layer, x)
    move, by = moves(x, frame), _divisor(layer, x, frame)
    places, inputs = "".join(move.places), "".join(move.meet)
    found = {}
    divide: Ref | int = by or ref("n", places)
    if not by:
        note = "n is how many elements of its window a mean divides by."
        found["n"] = Formula("n", places, "the elements that the window counts", note, _of_n)
    shown = Ref("x", (*plain("c"), *move.meet.values()))
    back = "Every element of a window gets an equal share of its gradient."
    return found | {
        "y": summed("y", f"c{places}", (shown,), move.kernel, divide=divide, note=move.note),
        "x": summed("x", f"c{inputs}", (ref("g", f"c{places}"),), {**move.places, **move.kernel},
                    move.meet, divide=divide, note=back),
    }  # fmt: skip


@registry.on_the_way(AvgPool)
def avg_on_the_way(
    layer: AvgPool, arrays: Arrays, x: Array, y: Array, gradient: Array
) -> dict[str, Array]:
    """Return what the means divide by."""
    return {"n": divisor(layer, x, frame_of(layer, x))[0, 0]}


def _of_n(values: Values, at: Axes) -> list[Term]:
    return [Term((float(values["n"][at]),))]


def _divisor(layer: AvgPool, x: Array, frame: Frame) -> int | None:
    """Return the one number that all means divide by; None where they differ."""
    if not any(frame.over) and not any(map(any, frame.pads)):
        return int(np.prod(frame.kernel))
    if max(x.shape[2:]) > COUNTED:
        return None
    by = 1
    for axis in range(x.ndim - 2):
        line = np.broadcast_to(0.0, (1, 1, x.shape[2 + axis]))
        counts = divisor(layer, line, along(frame, axis))
        if (counts != counts.flat[0]).any():
            return None
        by *= int(counts.flat[0])
    return by


# -- subsampling -----------------------------------------------------------------------------------


@registry.slots(Subsampling)
def subsampling_slots(layer: Subsampling, x: Array) -> dict[str, Slot]:
    """One coefficient and one bias per map."""
    return {"weight": scale_slot((x.shape[1],)), "bias": bias_slot((x.shape[1],))}


@registry.forward(Subsampling)
def subsampling_forward(layer: Subsampling, arrays: Arrays, x: Array) -> Array:
    """Multiply every window's sum by its map's coefficient and add the map's bias."""
    frame = frame_of(layer, x)
    total = side_by_side(surround(x, frame), frame, np.add)
    rows = total.reshape(*total.shape[:2], 1, -1)
    y = matmul(arrays["weight"].reshape(-1, 1, 1), rows)
    return add_bias(y.reshape(total.shape), arrays)


@registry.backward(Subsampling)
def subsampling_backward(
    layer: Subsampling, arrays: Arrays, x: Array, y: Array, gradient: Array
) -> Gradients:
    """Go back through the coefficient, then to every element of a window."""
    frame = frame_of(layer, x)
    total = side_by_side(surround(x, frame), frame, np.add)
    trained = bias_gradient(gradient, arrays)
    trained["weight"] = (gradient * total).sum(places(x))
    coefficient = arrays["weight"].reshape(-1, *(1,) * (x.ndim - 2))
    return Gradients((spread_back(layer, x, frame, gradient * coefficient),), trained)


@registry.counted(Subsampling)
def subsampling_counted(layer: Subsampling, arrays: Arrays, x: Array) -> Array:
    """Add up; one product in a sum of one; add the bias."""
    total = _summed(layer, x)
    y = accumulators(total.shape, x) + total * column(arrays["weight"], x)
    return counted_bias(y, arrays)


@registry.formula(Subsampling)
def subsampling_formulas(layer: Subsampling, x: Array) -> Formulas:
    """Write the formulas of LeNet's trained pool."""
    move = moves(x, frame_of(layer, x))
    places, inputs = "".join(move.places), "".join(move.meet)
    shown, g, w = (
        Ref("x", (*plain("c"), *move.meet.values())),
        ref("g", f"c{places}"),
        ref("w", "c"),
    )
    return {
        "y": summed("y", f"c{places}", (w, shown), move.kernel, plus=ref("b", "c"), note=move.note),
        "w": summed("w", "c", (g, shown), {**move.places, **move.kernel},
                    note="The coefficient is shared by a whole map, so its gradient sums over it."),
        "x": summed("x", f"c{inputs}", (g, w), {**move.places, **move.kernel}, move.meet),
        **bias_formula(True, move.places, "c"),
    }  # fmt: skip

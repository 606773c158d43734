"""Pools: maximum, mean or blur of every window, and LeNet's trained subsampling."""

from __future__ import annotations

from itertools import product
from math import comb
from typing import TYPE_CHECKING, Any

import numpy as np

from shapecalc.layers.pool import AvgPool, BlurPool, MaxPool, Pool, Subsampling
from shapecalc.reference import registry
from shapecalc.reference.arrays import (
    Gradients,
    Slot,
    along_sides,
    bias_slot,
    column,
    fixed_slot,
    places,
    scale_slot,
    spread,
)
from shapecalc.reference.example import copied, least, moved_over, shape_like, small_window
from shapecalc.reference.formula import ArrayFormula, Ref, Term, entry, ref, single, summed
from shapecalc.reference.moving import (
    SlidingWindow,
    along,
    bias_formula,
    blank,
    inside,
    maximum_formulas,
    moves,
    side_by_side,
    sliding_window,
    surround,
    taps,
    windows,
)
from shapecalc.reference.tally import accumulators, larger
from shapecalc.reference.weighted import (
    add_bias,
    bias_gradient,
    counted_bias,
    counted_windows,
    matmul,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from shapecalc.layers.base import Layer
    from shapecalc.layers.shape import Shape
    from shapecalc.reference.arrays import Array, Arrays, Axes
    from shapecalc.reference.formula import Formulas, Values


def spread_back(layer: Pool, x: Array, sliding: SlidingWindow, gradient: Array) -> Array:
    """Give every element of a window the window's gradient: the adjoint of a sum."""
    back = blank(x, sliding)
    for target in taps(windows(back, sliding)):
        target[...] += gradient
    return inside(back, x, sliding)


def add_up_windows(layer: Any, x: Array) -> Array:  # noqa: ANN401
    """Add up the elements of every window, numbers that count."""
    view = counted_windows(layer, x)
    y = accumulators(view.shape[: x.ndim], x)
    for shown in taps(view):
        y = y + shown
    return y


@registry.paper_copy(Pool)
def paper_copy(layer: Pool, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    """Keep a small window."""
    return moved_over(small_window(layer, inputs), len(inputs[0].sides))


# -- maxima ----------------------------------------------------------------------------------------


@registry.forward(MaxPool)
def max_forward(layer: MaxPool, arrays: Arrays, x: Array) -> Array:
    """Keep the largest element of every window; padding counts for -infinity."""
    sliding = sliding_window(layer, x)
    return side_by_side(surround(x, sliding, -np.inf), sliding, np.maximum)


@registry.backward(MaxPool)
def max_backward(layer: MaxPool, arrays: Arrays, x: Array, y: Array, gradient: Array) -> Gradients:
    """Send the gradient to the winner of every window: the first in row-major order of equals."""
    sliding = sliding_window(layer, x)
    seen, back = windows(surround(x, sliding, -np.inf), sliding), blank(x, sliding)
    open_still = np.ones(y.shape, bool)
    for shown, target in zip(taps(seen), taps(windows(back, sliding)), strict=True):
        won = open_still & (shown == y)
        target[...] += won * gradient
        open_still &= ~won
    return Gradients((inside(back, x, sliding),), {})


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
    move = moves(x, sliding_window(layer, x))
    places, inputs = "".join(move.places), "".join(move.meet)

    def elements(sides: Axes, window: Axes) -> Iterable[Axes]:
        for tap in product(*map(range, move.kernel.values())):
            bound = dict(zip((*move.places, *move.kernel), (*window, *tap), strict=True))
            place = tuple(index.at(bound) for index in move.meet.values())
            if all(0 <= at < n for at, n in zip(place, sides, strict=True)):
                yield place

    return maximum_formulas(
        places, inputs, tuple(move.places.values()), elements,
        f"max over {', '.join(move.kernel)} of {move.shown}",
        f"the sum of g[{', '.join(('c', *places))}] over all {', '.join(places)} whose largest"
        f" {move.shown} is x[{', '.join(('c', *inputs))}]",
        "Padding never wins." if move.note else "",
    )  # fmt: skip


# -- means -----------------------------------------------------------------------------------------


def divisor(layer: AvgPool, x: Array, sliding: SlidingWindow) -> Array:
    """Count what a mean divides by: a window's elements in the input, or in the padding as well.

    What hangs over the end under ceil counts in neither case, as in Caffe and PyTorch.  Under
    `ceil_full` a window may hold nothing at all; its mean is 0.
    """
    counted = blank(x[:1, :1], sliding)
    if layer.count_include_pad:
        ends = zip(counted.shape[2:], sliding.over, strict=True)
        counted[along_sides(slice(0, n - over) for n, over in ends)] = 1
    else:
        inside(counted, x, sliding)[...] = 1
    return np.maximum(side_by_side(counted, sliding, np.add), 1)


@registry.forward(AvgPool)
def avg_forward(layer: AvgPool, arrays: Arrays, x: Array) -> Array:
    """Add up every window and divide by how many elements it counts."""
    sliding = sliding_window(layer, x)
    y = side_by_side(surround(x, sliding), sliding, np.add)
    y /= divisor(layer, x, sliding)
    return y


@registry.backward(AvgPool)
def avg_backward(layer: AvgPool, arrays: Arrays, x: Array, y: Array, gradient: Array) -> Gradients:
    """Share every window's gradient out evenly."""
    sliding = sliding_window(layer, x)
    return Gradients((spread_back(layer, x, sliding, gradient / divisor(layer, x, sliding)),), {})


@registry.counted(AvgPool)
def avg_counted(layer: AvgPool, arrays: Arrays, x: Array) -> Array:
    """Add up and divide."""
    sliding = sliding_window(layer, x)
    return add_up_windows(layer, x) / divisor(layer, np.zeros(x.shape), sliding)


#: A side with more windows than this is not counted window by window.
COUNTED = 1_000_000


@registry.formula(AvgPool)
def avg_formulas(layer: AvgPool, x: Array) -> Formulas:
    """Write the formulas of a mean; n, where the divisors differ."""
    sliding = sliding_window(layer, x)
    move, by = moves(x, sliding), _divisor(layer, x, sliding)
    places, inputs = "".join(move.places), "".join(move.meet)
    others = {}
    divide: Ref | int = by or ref("n", places)
    if not by:
        note = "n is how many elements of its window a mean divides by."
        others["n"] = single("n", places, "the elements that the window counts", entry("n"), note)
    back = "Every element of a window gets an equal share of its gradient."
    return others | {
        "y": summed("y", f"c{places}", (move.shown,), move.kernel, divide=divide, note=move.note),
        "x": summed("x", f"c{inputs}", (ref("g", f"c{places}"),), {**move.places, **move.kernel},
                    move.meet, divide=divide, note=back),
    }  # fmt: skip


@registry.on_the_way(AvgPool)
def avg_on_the_way(
    layer: AvgPool, arrays: Arrays, x: Array, y: Array, gradient: Array
) -> dict[str, Array]:
    """Return what the means divide by."""
    return {"n": divisor(layer, x, sliding_window(layer, x))[0, 0]}


def _divisor(layer: AvgPool, x: Array, sliding: SlidingWindow) -> int | None:
    """Return the one number that all means divide by; None where they differ."""
    if not any(sliding.over) and not any(map(any, sliding.pads)):
        return int(np.prod(sliding.kernel))
    if max(x.shape[2:]) > COUNTED:
        return None
    by = 1
    for axis in range(x.ndim - 2):
        line = np.broadcast_to(0.0, (1, 1, x.shape[2 + axis]))
        counts = divisor(layer, line, along(sliding, axis))
        if (counts != counts.flat[0]).any():
            return None
        by *= int(counts.flat[0])
    return by


# -- blurring -----------------------------------------------------------------------------------


def _blurring(layer: BlurPool, x: Array) -> SlidingWindow:
    """Read how the filter moves over `x`, and by how much `x` is mirrored."""
    kernel, rank = spread(layer.kernel, x), x.ndim - 2
    pads = tuple(((k - 1) // 2, k // 2) for k in kernel)
    stride = spread(layer.stride, x)
    return SlidingWindow(kernel, stride, (1,) * rank, pads, (0,) * rank, (None,) * rank)


def _mirrored(x: Array, sliding: SlidingWindow) -> Array:
    """Continue `x` beyond its ends as in a mirror."""
    for n, (_, after) in zip(x.shape[2:], sliding.pads, strict=True):
        if after >= n:
            raise ValueError(f"a side of {n} cannot be mirrored by {after}")
    return np.pad(x, ((0, 0), (0, 0), *sliding.pads), "reflect")


@registry.slots(BlurPool)
def blur_slots(layer: BlurPool, x: Array) -> dict[str, Slot]:
    """A filter for every channel: a row of Pascal's triangle for every side, multiplied out."""
    weights = np.ones(())
    for k in spread(layer.kernel, x):
        row = np.array([comb(k - 1, tap) for tap in range(k)]) / 2 ** (k - 1)
        weights = np.multiply.outer(weights, row)
    return {"filt": fixed_slot(np.stack([weights[None]] * x.shape[1]))}


@registry.forward(BlurPool)
def blur_forward(layer: BlurPool, arrays: Arrays, x: Array) -> Array:
    """Weigh every window by its channel's filter."""
    return _blurred(layer, arrays, x, lambda extents: np.zeros(extents, x.dtype))


@registry.backward(BlurPool)
def blur_backward(
    layer: BlurPool, arrays: Arrays, x: Array, y: Array, gradient: Array
) -> Gradients:
    """Give every tap its share, and what is in the mirror to what is before it."""
    sliding, weights = _blurring(layer, x), arrays["filt"][:, 0]
    back = blank(x, sliding)
    for tap, target in zip(np.ndindex(*sliding.kernel), taps(windows(back, sliding)), strict=True):
        target[...] += gradient * column(weights[:, *tap], x)
    for axis, (n, (before, after)) in enumerate(zip(x.shape[2:], sliding.pads, strict=True), 2):
        side = np.moveaxis(back, axis, 0)
        own = side[before : before + n].copy()
        own[1 : before + 1] += side[:before][::-1]
        own[n - 1 - after : n - 1] += side[before + n :][::-1]
        back = np.moveaxis(own, 0, axis)
    return Gradients((back,), {})


@registry.counted(BlurPool)
def blur_counted(layer: BlurPool, arrays: Arrays, x: Array) -> Array:
    """Add up a product for every tap."""
    return _blurred(layer, arrays, x, lambda extents: accumulators(extents, x))


def _blurred(layer: BlurPool, arrays: Arrays, x: Array, zeros: Callable[[Axes], Array]) -> Array:
    sliding = _blurring(layer, x)
    view, weights = windows(_mirrored(x, sliding), sliding), arrays["filt"][:, 0]
    y = zeros(view.shape[: x.ndim])
    for tap, shown in zip(np.ndindex(*sliding.kernel), taps(view), strict=True):
        y += shown * column(weights[:, *tap], x)
    return y


@registry.formula(BlurPool)
def blur_formulas(layer: BlurPool, x: Array) -> Formulas:
    """Write the formulas of a fixed filter over an input that is mirrored at its ends."""
    move, sides = moves(x, _blurring(layer, x)), x.shape[2:]
    letters, inputs = (*move.places, *move.kernel), "".join(move.meet)
    weight = ref("w", f"c0{''.join(move.kernel)}")

    def seen(window: Axes, tap: Axes) -> Axes:
        bound = dict(zip(letters, (*window, *tap), strict=True))
        rows = zip(move.meet.values(), sides, strict=True)
        return tuple(min(abs(i.at(bound)), 2 * (n - 1) - abs(i.at(bound))) for i, n in rows)

    def output(values: Values, at: Axes) -> list[Term]:
        pairs = ((tap, seen(at[1:], tap)) for tap in np.ndindex(*move.kernel.values()))
        return [
            Term((float(values["w"][at[0], 0, *tap]), float(values["x"][at[0], *place])))
            for tap, place in pairs
        ]

    def back(values: Values, at: Axes) -> list[Term]:
        return [
            Term((float(values["g"][at[0], *window]), float(values["w"][at[0], 0, *tap])))
            for window in np.ndindex(*move.places.values())
            for tap in np.ndindex(*move.kernel.values())
            if seen(window, tap) == at[1:]
        ]

    met = " and ".join(f"{index} = {place}" for place, index in move.meet.items())
    n = " x ".join(map(str, sides))
    return {
        "y": ArrayFormula(
            "y", f"c{''.join(move.places)}",
            f"sum over {', '.join(move.kernel)} of {weight} * {move.shown}",
            f"w is fixed.  Beyond its ends x, which is {n}, is mirrored: x[-1] is x[1].", output,
        ),
        "x": ArrayFormula(
            "x", f"c{inputs}",
            f"sum over {', '.join(letters)} with {met} of"
            f" g[{', '.join(('c', *move.places))}] * {weight}",
            "What is met in the mirror counts for what is before it.", back,
        ),
    }  # fmt: skip


@registry.paper_copy(BlurPool)
def blur_paper_copy(layer: BlurPool, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    """Keep a filter of three taps at most."""
    small = copied(layer, kernel=least(layer.kernel, 3), stride=least(layer.stride, 2))
    return small, (shape_like(inputs[0], (3, 4, 3), 1, 1),)


# -- subsampling -----------------------------------------------------------------------------------


@registry.slots(Subsampling)
def subsampling_slots(layer: Subsampling, x: Array) -> dict[str, Slot]:
    """One coefficient and one bias per map."""
    return {"weight": scale_slot((x.shape[1],)), "bias": bias_slot((x.shape[1],))}


@registry.forward(Subsampling)
def subsampling_forward(layer: Subsampling, arrays: Arrays, x: Array) -> Array:
    """Multiply every window's sum by its map's coefficient and add the map's bias."""
    sliding = sliding_window(layer, x)
    total = side_by_side(surround(x, sliding), sliding, np.add)
    rows = total.reshape(*total.shape[:2], 1, -1)
    y = matmul(arrays["weight"].reshape(-1, 1, 1), rows)
    return add_bias(y.reshape(total.shape), arrays)


@registry.backward(Subsampling)
def subsampling_backward(
    layer: Subsampling, arrays: Arrays, x: Array, y: Array, gradient: Array
) -> Gradients:
    """Go back through the coefficient, then to every element of a window."""
    sliding = sliding_window(layer, x)
    total = side_by_side(surround(x, sliding), sliding, np.add)
    trained = bias_gradient(gradient, arrays)
    trained["weight"] = (gradient * total).sum(places(x))
    coefficient = column(arrays["weight"], x)
    return Gradients((spread_back(layer, x, sliding, gradient * coefficient),), trained)


@registry.counted(Subsampling)
def subsampling_counted(layer: Subsampling, arrays: Arrays, x: Array) -> Array:
    """Add up; one product in a sum of one; add the bias."""
    total = add_up_windows(layer, x)
    y = accumulators(total.shape, x) + total * column(arrays["weight"], x)
    return counted_bias(y, arrays)


@registry.formula(Subsampling)
def subsampling_formulas(layer: Subsampling, x: Array) -> Formulas:
    """Write the formulas of LeNet's trained pool."""
    move = moves(x, sliding_window(layer, x))
    places, inputs = "".join(move.places), "".join(move.meet)
    g, w, b, over = ref("g", f"c{places}"), ref("w", "c"), ref("b", "c"), move.places | move.kernel
    return {
        "y": summed("y", f"c{places}", (w, move.shown), move.kernel, plus=b, note=move.note),
        "w": summed("w", "c", (g, move.shown), over,
                    note="The coefficient is shared by a whole map, so its gradient sums over it."),
        "x": summed("x", f"c{inputs}", (g, w), over, move.meet),
        **bias_formula(True, move.places, "c"),
    }  # fmt: skip

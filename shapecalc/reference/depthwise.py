"""Convolutions of every channel by itself: as many groups as channels."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

from shapecalc.algebra import known
from shapecalc.layers.depthwise import Depthwise, Separable
from shapecalc.reference import registry
from shapecalc.reference.arrays import Gradients, Slot, kernel_slot, spread
from shapecalc.reference.example import copied, moved_over, small_window
from shapecalc.reference.formula import ref, summed
from shapecalc.reference.moving import (
    Kernels,
    bias_formula,
    blank,
    convolution_formulas,
    inside,
    moves,
    sliding_window,
    surround,
    windows,
)
from shapecalc.reference.weighted import (
    add_bias,
    bias_gradient,
    bias_slots,
    correlate,
    correlate_back,
    correlate_kernels,
    counted_bias,
    counted_products,
    counted_windows,
    grouped,
)

if TYPE_CHECKING:
    from shapecalc.layers.base import Layer
    from shapecalc.layers.shape import Shape
    from shapecalc.reference.arrays import Array, Arrays
    from shapecalc.reference.formula import Formulas


@registry.slots(Depthwise)
def slots(layer: Depthwise, x: Array) -> dict[str, Slot]:
    """C*multiplier x 1 x kernel; the outputs of one channel stand together."""
    kernel, filters = spread(layer.kernel, x), x.shape[1] * layer.multiplier
    weight = kernel_slot((filters, 1, *kernel), prod(kernel))
    return {"weight": weight} | bias_slots(layer, filters, x)


@registry.forward(Depthwise)
def forward(layer: Depthwise, arrays: Arrays, x: Array) -> Array:
    """Weigh the windows of every channel with that channel's kernels."""
    sliding = sliding_window(layer, x)
    view = windows(surround(x, sliding), sliding)
    return add_bias(correlate(view, arrays["weight"], x.shape[1]), arrays)


@registry.backward(Depthwise)
def backward(layer: Depthwise, arrays: Arrays, x: Array, y: Array, gradient: Array) -> Gradients:
    """Do as a grouped convolution does."""
    sliding = sliding_window(layer, x)
    view, back = windows(surround(x, sliding), sliding), blank(x, sliding)
    trained = bias_gradient(gradient, arrays)
    trained["weight"] = correlate_kernels(view, gradient, x.shape[1])
    correlate_back(windows(back, sliding), arrays["weight"], gradient, x.shape[1])
    return Gradients((inside(back, x, sliding),), trained)


@registry.counted(Depthwise)
def counted(layer: Depthwise, arrays: Arrays, x: Array) -> Array:
    """Do so for every channel by itself."""
    rows = grouped(arrays["weight"], x.shape[1])
    return counted_bias(counted_products(counted_windows(layer, x), rows, x), arrays)


@registry.formula(Depthwise)
def formulas(layer: Depthwise, x: Array) -> Formulas:
    """Write a depthwise convolution's formulas: as many groups as channels."""
    multiplier = known(layer.multiplier)
    kernels = Kernels(x.shape[1] * multiplier, 1, multiplier, x.shape[1] > 1)
    return convolution_formulas(layer.bias, moves(x, sliding_window(layer, x)), kernels)


@registry.paper_copy(Depthwise)
def paper_copy(layer: Depthwise, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    """Keep two kernels."""
    small = copied(small_window(layer, inputs, 2), multiplier=min(known(layer.multiplier), 2))
    return moved_over(small, len(inputs[0].sides), 2 // known(small.multiplier))


# -- separable -------------------------------------------------------------------------------------


@registry.slots(Separable)
def separable_slots(layer: Separable, x: Array) -> dict[str, Slot]:
    """A depthwise kernel for every channel, then a 1x1 kernel that mixes them; one bias."""
    kernel, between = spread(layer.kernel, x), x.shape[1] * layer.multiplier
    ones, filters = (1,) * len(kernel), known(layer.filters)
    return {
        "depthwise.weight": kernel_slot((between, 1, *kernel), prod(kernel))._replace(letter="w1"),
        "pointwise.weight": kernel_slot((filters, between, *ones), between)._replace(letter="w2"),
    } | bias_slots(layer, filters, x)


@registry.forward(Separable)
def separable_forward(layer: Separable, arrays: Arrays, x: Array) -> Array:
    """Convolve every channel by itself, then mix the channels of every position."""
    sliding = sliding_window(layer, x)
    view = windows(surround(x, sliding), sliding)
    between = correlate(view, arrays["depthwise.weight"], x.shape[1])
    return add_bias(correlate(_points(between), arrays["pointwise.weight"]), arrays)


@registry.backward(Separable)
def separable_backward(
    layer: Separable, arrays: Arrays, x: Array, y: Array, gradient: Array
) -> Gradients:
    """Go back through the mixture, then through the depthwise convolution."""
    sliding = sliding_window(layer, x)
    view, back = windows(surround(x, sliding), sliding), blank(x, sliding)
    depthwise = arrays["depthwise.weight"]
    between, middle = halves(layer, arrays, x, gradient)
    trained = bias_gradient(gradient, arrays)
    trained["pointwise.weight"] = correlate_kernels(_points(between), gradient)
    trained["depthwise.weight"] = correlate_kernels(view, middle, x.shape[1])
    correlate_back(windows(back, sliding), depthwise, middle, x.shape[1])
    return Gradients((inside(back, x, sliding),), trained)


@registry.on_the_way(Separable)
def on_the_way(
    layer: Separable, arrays: Arrays, x: Array, y: Array, gradient: Array
) -> dict[str, Array]:
    """Return what lies between the two convolutions, and its gradient, of the first example."""
    between, middle = halves(layer, arrays, x, gradient)
    return {"z": between[0], "h": middle[0]}


@registry.arranged(Separable)
def arranged(layer: Separable, name: str, array: Array, channels: int) -> Array:
    """Write a 1x1 kernel as a number."""
    return array.reshape(array.shape[:2]) if name == "pointwise.weight" else array


def halves(layer: Separable, arrays: Arrays, x: Array, gradient: Array) -> tuple[Array, Array]:
    """Return what lies between the two convolutions, and the gradient that reaches it."""
    sliding = sliding_window(layer, x)
    view = windows(surround(x, sliding), sliding)
    between = correlate(view, arrays["depthwise.weight"], x.shape[1])
    middle = np.zeros_like(between)
    correlate_back(_points(middle), arrays["pointwise.weight"], gradient)
    return between, middle


def _points(x: Array) -> Array:
    """View every element as a window of one tap."""
    return x.reshape(*x.shape, *(1,) * (x.ndim - 2))


@registry.counted(Separable)
def separable_counted(layer: Separable, arrays: Arrays, x: Array) -> Array:
    """Do so for every channel by itself, then across the channels of every position."""
    between = counted_products(
        counted_windows(layer, x), grouped(arrays["depthwise.weight"], x.shape[1]), x
    )
    points = between.reshape(*between.shape, *(1,) * (x.ndim - 2))
    return counted_bias(
        counted_products(points, grouped(arrays["pointwise.weight"], 1), between), arrays
    )


@registry.formula(Separable)
def separable_formulas(layer: Separable, x: Array) -> Formulas:
    """Write both steps' formulas: z is what the depthwise convolution gives, h its gradient."""
    multiplier, move = known(layer.multiplier), moves(x, sliding_window(layer, x))
    between, filters = x.shape[1] * multiplier, known(layer.filters)
    first = convolution_formulas(
        False, move, Kernels(between, 1, multiplier, x.shape[1] > 1), y="z", w="w1", g="h", f="d"
    )
    places = "".join(move.places)
    g, w2, z = ref("g", f"f{places}"), ref("w2", "fd"), ref("z", f"d{places}")
    added = ref("b", f"f{places}" if layer.bias == "per_position" else "f") if layer.bias else None
    return {
        "z": first["z"],
        "y": summed("y", f"f{places}", (w2, z), {"d": between}, plus=added),
        "w2": summed("w2", "fd", (g, z), move.places),
        "h": summed("h", f"d{places}", (g, w2), {"f": filters}, note="h is the gradient of z."),
        "w1": first["w1"],
        "x": first["x"],
        **bias_formula(layer.bias, move.places),
    }


@registry.paper_copy(Separable)
def separable_paper_copy(layer: Separable, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    """Keep two channels and one filter."""
    small = copied(small_window(layer, inputs, 2), filters=1, multiplier=1)
    return moved_over(small, len(inputs[0].sides), 2)

"""Convolution: plain, grouped, and with LeNet's table of connections."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from shapecalc.algebra.dim import known
from shapecalc.reference.arrays import Gradients, bias_slot, column, kernel_slot, places, spread
from shapecalc.reference.padded import blank, frame_of, inside, surround, windows
from shapecalc.reference.unfold import correlate, correlate_back, correlate_kernels

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.layers.conv import Conv
    from shapecalc.reference.arrays import Array, Arrays, Slot


def slots(layer: Conv, x: Array) -> dict[str, Slot]:
    """F x C/groups x kernel; with a table, a kernel for every connected pair of maps."""
    kernel, filters = spread(layer.kernel, x), known(layer.filters)
    if layer.connections is not None:
        pairs = [pair for row in layer.connections for pair in row]
        terms = len(pairs) * prod(kernel) // len(layer.connections)
        found = {"weight": kernel_slot((len(pairs), *kernel), terms)}
    else:
        seen = (x.shape[1] // layer.groups, *kernel)
        found = {"weight": kernel_slot((filters, *seen), prod(seen))}
    return found | bias_slots(layer, filters, x)


def bias_slots(layer: Any, filters: int, x: Array) -> dict[str, Slot]:  # noqa: ANN401
    """Describe no bias, one per filter, or one per filter and position of a moving window."""
    if layer.bias == "per_position":
        frame = frame_of(layer, x)
        view = windows(surround(x, frame), frame)
        return {"bias": bias_slot((filters, *view.shape[2 : x.ndim]))}
    return {"bias": bias_slot((filters,))} if layer.bias else {}


def add_bias(y: Array, arrays: Arrays) -> Array:
    """Add the bias, if there is one, into `y`."""
    if "bias" in arrays:
        bias = arrays["bias"]
        y += bias if bias.ndim > 1 else column(bias, y)
    return y


def bias_gradient(gradient: Array, arrays: Arrays) -> dict[str, Array]:
    """Add up the gradient over everything that shares a bias."""
    if "bias" not in arrays:
        return {}
    return {"bias": gradient.sum(0 if arrays["bias"].ndim > 1 else places(gradient))}


def forward(layer: Conv, arrays: Arrays, x: Array) -> Array:
    """Weigh every window with every kernel, add up, add the bias."""
    frame = frame_of(layer, x)
    canvas, weight = surround(x, frame), arrays["weight"]
    if layer.connections is None:
        return add_bias(correlate(windows(canvas, frame), weight, layer.groups), arrays)
    maps = [
        correlate(windows(canvas[:, row], frame), kernels[None])
        for row, kernels in _table(layer, weight)
    ]
    return add_bias(np.concatenate(maps, 1), arrays)


def backward(layer: Conv, arrays: Arrays, x: Array, y: Array, gradient: Array) -> Gradients:
    """Correlate the input with the gradient for the weights, spread the kernels for the input."""
    frame = frame_of(layer, x)
    canvas, weight, back = surround(x, frame), arrays["weight"], blank(x, frame)
    trained = bias_gradient(gradient, arrays)
    if layer.connections is None:
        view = windows(canvas, frame)
        trained["weight"] = correlate_kernels(view, gradient, layer.groups)
        correlate_back(windows(back, frame), weight, gradient, layer.groups)
        return Gradients((inside(back, x, frame),), trained)
    pieces = []
    for number, (row, kernels) in enumerate(_table(layer, weight)):
        above = gradient[:, number : number + 1]
        pieces.append(correlate_kernels(windows(canvas[:, row], frame), above)[0])
        seen = np.zeros_like(canvas[:, row])
        correlate_back(windows(seen, frame), kernels[None], above)
        back[:, row] += seen
    trained["weight"] = np.concatenate(pieces)
    return Gradients((inside(back, x, frame),), trained)


def _table(layer: Conv, weight: Array) -> Iterator[tuple[list[int], Array]]:
    """Pair every filter's input maps with their kernels."""
    start = 0
    for row in layer.connections or ():
        yield list(row), weight[start : start + len(row)]
        start += len(row)

"""What weighted layers share: biases, and sums of products of numbers that count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shapecalc.reference.arrays import Slot, bias_slot, column, places
from shapecalc.reference.padded import sliding_window, surround, taps, windows
from shapecalc.reference.tally import accumulators

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapecalc.reference.arrays import Array, Arrays


def bias_slots(layer: Any, filters: int, x: Array) -> dict[str, Slot]:  # noqa: ANN401
    """Describe no bias, one per filter, or one per filter and position of a moving window."""
    if layer.bias == "per_position":
        sliding = sliding_window(layer, x)
        view = windows(surround(x, sliding), sliding)
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


def counted_windows(layer: Any, x: Array, fill: float = 0.0) -> Array:  # noqa: ANN401
    """View the windows of an input of numbers that count."""
    sliding = sliding_window(layer, x)
    return windows(surround(x, sliding, x.flat[0].like(fill)), sliding)


def counted_products(view: Array, rows: Iterable[tuple[Iterable[int], Array]], x: Array) -> Array:
    """Weigh, for every filter, the input maps that it sees with their kernels."""
    maps = []
    for seen, kernels in rows:
        y = accumulators((len(x), *view.shape[2 : x.ndim]), x)
        for channel, kernel in zip(seen, kernels, strict=True):
            for weight, shown in zip(
                kernel.flat, taps(view[:, channel : channel + 1]), strict=True
            ):
                y = y + shown[:, 0] * weight
        maps.append(y)
    return np.stack(maps, 1)


def grouped(weight: Array, groups: int) -> Iterable[tuple[Iterable[int], Array]]:
    """Pair every filter's kernels with the input maps of its group."""
    seen = weight.shape[1]
    for number, kernels in enumerate(weight):
        first = number // (len(weight) // groups) * seen
        yield range(first, first + seen), kernels


def counted_bias(y: Array, arrays: Arrays) -> Array:
    """Add the bias, if there is one."""
    if "bias" not in arrays:
        return y
    bias = arrays["bias"]
    return y + (bias if bias.ndim > 1 else column(bias, y))

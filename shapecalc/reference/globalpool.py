"""Pools whose output size is fixed: a global pool is an adaptive one of size 1."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from shapecalc.reference.arrays import Gradients, spread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.reference.arrays import Array, Arrays


def spans(layer: Any, x: Array) -> list[list[slice]]:  # noqa: ANN401
    """Divide every side into as many spans as asked for, as evenly as it goes.

    Span i of o reaches from floor(i*n/o) up to ceil((i + 1)*n/o), so neighbours may overlap.
    """
    sizes = spread(getattr(layer, "size", (1,)), x)
    return [
        [slice(i * n // o, -(-(i + 1) * n // o)) for i in range(o)]
        for n, o in zip(x.shape[2:], sizes, strict=True)
    ]


def boxes(layer: Any, x: Array) -> Iterator[tuple[tuple[Any, ...], tuple[Any, ...]]]:  # noqa: ANN401
    """Pair the index of every output position with the index of the box that it pools."""
    for box in product(*map(enumerate, spans(layer, x))):
        yield (..., *(place for place, _ in box)), (..., *(span for _, span in box))


def _empty(layer: Any, x: Array) -> Array:  # noqa: ANN401
    return np.empty((*x.shape[:2], *map(len, spans(layer, x))), x.dtype)


def max_forward(layer: Any, arrays: Arrays, x: Array) -> Array:  # noqa: ANN401
    """Keep the largest element of every box."""
    y, sides = _empty(layer, x), tuple(range(2, x.ndim))
    for place, box in boxes(layer, x):
        y[place] = x[box].max(sides)
    return y


def max_backward(layer: Any, arrays: Arrays, x: Array, y: Array, gradient: Array) -> Gradients:  # noqa: ANN401
    """Send the gradient to the winner of every box: the first in row-major order of equals."""
    back = np.zeros_like(x)
    for place, box in boxes(layer, x):
        seen = x[box].reshape(*x.shape[:2], -1)
        won = np.arange(seen.shape[2]) == seen.argmax(2)[..., None]
        back[box] += (won * gradient[place][..., None]).reshape(x[box].shape)
    return Gradients((back,), {})


def avg_forward(layer: Any, arrays: Arrays, x: Array) -> Array:  # noqa: ANN401
    """Take the mean of every box."""
    y, sides = _empty(layer, x), tuple(range(2, x.ndim))
    for place, box in boxes(layer, x):
        y[place] = x[box].mean(sides)
    return y


def avg_backward(layer: Any, arrays: Arrays, x: Array, y: Array, gradient: Array) -> Gradients:  # noqa: ANN401
    """Share every box's gradient out evenly."""
    back, ones = np.zeros_like(x), (1,) * (x.ndim - 2)
    for place, box in boxes(layer, x):
        share = gradient[place] / x[0, 0][box].size
        back[box] += share.reshape(*share.shape, *ones)
    return Gradients((back,), {})

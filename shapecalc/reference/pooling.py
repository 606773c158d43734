"""What pools share: windows joined side after side, and the way back of a sum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.reference.padded import SlidingWindow, blank, inside, taps, windows
from shapecalc.reference.tally import accumulators
from shapecalc.reference.weighted import counted_windows

if TYPE_CHECKING:
    import numpy as np

    from shapecalc.layers.pool import Pool
    from shapecalc.reference.arrays import Array


def side_by_side(canvas: Array, sliding: SlidingWindow, join: np.ufunc) -> Array:
    """Join the elements of every window, along one side after the other.

    The maximum of a window is that of its rows' maxima, its sum the sum of their sums.
    """
    counts = windows(canvas, sliding).shape[2 : canvas.ndim]
    y = canvas
    moves = zip(sliding.kernel, sliding.stride, sliding.dilation, counts, strict=True)
    for axis, (k, s, d, n) in enumerate(moves, 2):
        before = (slice(None),) * axis
        first, *others = (
            y[(*before, slice(tap * d, tap * d + (n - 1) * s + 1, s))] for tap in range(k)
        )
        y = join(first, others[0]) if others else first.copy()
        for other in others[1:]:
            join(y, other, out=y)
    return y


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

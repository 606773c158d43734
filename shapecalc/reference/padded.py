"""Windows by doing: put a sliding around the input, slide, stride.

Nothing here computes an output size; it is the number of windows that come out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from shapecalc.reference.arrays import along_sides, spread, spread_pairs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.reference.arrays import Array, Axes


class SlidingWindow(NamedTuple):
    """How a window moves over an array; an entry for every side.

    `pads` is the padding, `over` how much further the last window may hang over the end, and from
    `stop` on no window may start.
    """

    kernel: Axes
    stride: Axes
    dilation: Axes
    pads: tuple[tuple[int, int], ...]
    over: Axes
    stop: tuple[int | None, ...]


def sliding_window(layer: Any, x: Array) -> SlidingWindow:  # noqa: ANN401  (whatever has a kernel)
    """Read the fields of a layer with a window, for the sides of `x`."""
    kernel = spread(layer.kernel, x)
    stride = kernel if layer.stride is None else spread(layer.stride, x)
    dilation, pairs = spread(layer.dilation, x), spread_pairs(layer.pad.pairs, x)
    rounding = getattr(layer, "rounding", "floor")
    if rounding == "ceil_caffe" and any(map(any, pairs)):  # one padded side, and all are clipped
        rounding = "ceil"
    sides = [
        _side(n, d * (k - 1) + 1, s, pair, "same" if layer.pad.mode == "same" else rounding)
        for n, k, s, d, pair in zip(x.shape[2:], kernel, stride, dilation, pairs, strict=True)
    ]
    pads, over, stop = zip(*sides, strict=True)
    return SlidingWindow(kernel, stride, dilation, pads, over, stop)


def _side(
    n: int, extent: int, stride: int, pair: tuple[int, int], rule: str
) -> tuple[tuple[int, int], int, int | None]:
    """Return the padding of one side, what may hang over, and where no window starts any more."""
    if rule == "same":  # a window for every stride-th element, centred; the odd pixel at the end
        missing = max(range(0, n, stride)[-1] + extent - n, 0)
        return (missing // 2, missing - missing // 2), 0, None
    if rule == "floor":
        return pair, 0, None
    # A last window that lacks less than a stride is kept; if clipped, one that starts in the input
    # or the padding before it.
    return pair, stride - 1, pair[0] + n if rule == "ceil" else None


def surround(x: Array, sliding: SlidingWindow, fill: Any = 0) -> Array:  # noqa: ANN401
    """Return `x` with its padding, and what may hang over, filled with `fill`."""
    if not any(sliding.over) and not any(map(any, sliding.pads)):
        return x
    canvas = np.empty(_extents(x, sliding), x.dtype)
    inside(canvas, x, sliding)[...] = x
    for axis, (n, (before, _)) in enumerate(zip(x.shape[2:], sliding.pads, strict=True), 2):
        side = np.moveaxis(canvas, axis, 0)
        side[:before] = side[before + n :] = fill
    return canvas


def blank(x: Array, sliding: SlidingWindow) -> Array:
    """Return zeros, as many as `x` has with its padding: what gradients are added up on."""
    return np.zeros(_extents(x, sliding), x.dtype)


def _extents(x: Array, sliding: SlidingWindow) -> Axes:
    sides = zip(x.shape[2:], sliding.pads, sliding.over, strict=True)
    return (*x.shape[:2], *(n + before + after + over for n, (before, after), over in sides))


def places_along(x: Array, sliding: SlidingWindow) -> Axes:
    """Count the windows along every side, without the memory that a canvas takes."""
    counts = []
    for axis, extent in enumerate(extent_of(x, sliding)):
        side = np.broadcast_to(np.False_, (1, 1, extent))
        counts.append(windows(side, along(sliding, axis)).shape[2])
    return tuple(counts)


def extent_of(x: Array, sliding: SlidingWindow) -> Axes:
    """Return the sides of `x` with their padding, and what may hang over."""
    return _extents(x, sliding)[2:]


def along(sliding: SlidingWindow, axis: int) -> SlidingWindow:
    """Take one side of a sliding."""
    kernel, stride, dilation, pads, over, stop = (field[axis : axis + 1] for field in sliding)
    return SlidingWindow(kernel, stride, dilation, pads, over, stop)  # type: ignore[arg-type]


def inside(canvas: Array, x: Array, sliding: SlidingWindow) -> Array:
    """Return the part of a canvas where `x` lies."""
    sides = zip(x.shape[2:], sliding.pads, strict=True)
    part: Array = canvas[along_sides(slice(before, before + n) for n, (before, _) in sides)]
    return part


def windows(canvas: Array, sliding: SlidingWindow) -> Array:
    """View a canvas as its windows: N x C x positions x taps.  Writing there writes the canvas."""
    extents = [d * (k - 1) + 1 for k, d in zip(sliding.kernel, sliding.dilation, strict=True)]
    axes = tuple(range(2, canvas.ndim))
    view: Array = sliding_window_view(canvas, extents, axes, writeable=True)
    starts = (slice(0, end, step) for end, step in zip(sliding.stop, sliding.stride, strict=True))
    taps = (slice(None, None, step) for step in sliding.dilation)
    part: Array = view[along_sides((*starts, *taps))]
    return part


def taps(view: Array) -> Iterator[Array]:
    """View what every window shows at one of its taps, tap after tap in row-major order."""
    rank = (view.ndim - 2) // 2
    for tap in np.ndindex(*view.shape[2 + rank :]):
        yield view[along_sides(tap)]

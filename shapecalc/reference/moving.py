"""Moving windows: by doing, and the formulas of what they do, with a layer's own numbers.

Doing it is to pad the input, slide, stride.  Nothing here computes an output size; it is the number
of windows that come out.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from shapecalc.reference.arrays import along_sides, spread, spread_pairs
from shapecalc.reference.formula import (
    PLACES,
    POSITIONS,
    TAPS,
    ArrayFormula,
    Index,
    Ref,
    Term,
    number,
    plain,
    ref,
    summed,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from shapecalc.reference.arrays import Array, Axes
    from shapecalc.reference.formula import Formulas, Values


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
    if layer.pad.mode == "causal":  # the last tap lies on the unit's own place
        pairs = tuple((d * k - d, 0) for k, d in zip(kernel, dilation, strict=True))
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


def side_by_side(canvas: Array, sliding: SlidingWindow, join: np.ufunc) -> Array:
    """Join the elements of every window, along one side after the other.

    The maximum of a window is that of its rows' maxima, its sum the sum of their sums.
    """
    counts = windows(canvas, sliding).shape[2 : canvas.ndim]
    y = canvas
    sides = zip(sliding.kernel, sliding.stride, sliding.dilation, counts, strict=True)
    for axis, (k, s, d, n) in enumerate(sides, 2):
        before = (slice(None),) * axis
        first, *others = (
            y[(*before, slice(tap * d, tap * d + (n - 1) * s + 1, s))] for tap in range(k)
        )
        y = join(first, others[0]) if others else first.copy()
        for other in others[1:]:
            join(y, other, out=y)
    return y


# -- formulas --------------------------------------------------------------------------------------

OUTSIDE = "x is 0 outside the input."

WINS = (
    "The gradient goes to the winner of every window, and to no other; of equals the first wins,"
    " row by row."
)

CORRELATED = (
    "The weights' gradient is the correlation of the input with the output's gradient: a weight"
    " gets, from every position, the gradient there times what it met there."
)

SPREAD = (
    "The input's gradient spreads the kernel from every position, times the gradient there: the"
    " full correlation of g{apart} with the kernel turned by 180 degrees."
)

TIED = "The bias is added at every position, so its gradient is the sum over all of them."


class Moves(NamedTuple):
    """How a window moves: its letters with their extents, and where tap and position meet."""

    places: dict[str, int]
    kernel: dict[str, int]
    meet: dict[str, Index]
    note: str

    @property
    def shown(self) -> Ref:
        """What a window shows of a channel."""
        return Ref("x", (*plain("c"), *self.meet.values()))

    @property
    def apart(self) -> bool:
        """Whether windows lie more than one element apart."""
        return any(index.parts[0][1] > 1 for index in self.meet.values())


def moves(x: Array, sliding: SlidingWindow) -> Moves:
    """Read how windows move over `x`."""
    meet = {}
    for axis, (before, _) in enumerate(sliding.pads):
        parts = (
            (POSITIONS[axis], sliding.stride[axis], 1),
            (TAPS[axis], sliding.dilation[axis], 1),
        )
        meet[PLACES[axis]] = Index(parts, -before)
    padded = any(sliding.over) or any(map(any, sliding.pads))
    return Moves(
        dict(zip(POSITIONS, places_along(x, sliding), strict=False)),
        dict(zip(TAPS, sliding.kernel, strict=False)),
        meet,
        OUTSIDE if padded else "",
    )


class Kernels(NamedTuple):
    """What filters see: so many channels each, and so many filters see the same.

    `only` lists the pairs (f, c) of a table of connections.
    """

    filters: int
    seen: int
    made: int
    grouped: bool
    only: Collection[tuple[int, int]] | None = None

    def own(self, letter: str) -> str:
        """Name the channels of a filter: by a letter, or 0 where it has one."""
        return letter if self.seen > 1 or not self.grouped else "0"

    def channel(self, f: str, letter: str = "c") -> Index:
        """Return the input channel that a filter sees as its first, second, ..."""
        parts = ((letter, 1, 1),) if self.own(letter) != "0" else ()
        return Index(((f, self.seen, self.made), *parts) if self.grouped else parts)


def convolution_formulas(
    bias: object,
    move: Moves,
    kernels: Kernels,
    *,
    y: str = "y",
    w: str = "w",
    g: str = "g",
    f: str = "f",
) -> Formulas:
    """Write the formulas of y = w * x + b, with the letters asked for."""
    places, taps = "".join(move.places), "".join(move.kernel)
    shown = Ref("x", (kernels.channel(f), *move.meet.values()))
    above, kernel = ref(g, f"{f}{places}"), ref(w, f"{f}{kernels.own('c')}{taps}")
    added = ref("b", f"f{places}" if bias == "per_position" else "f") if bias else None
    over = ({"c": kernels.seen} if kernels.own("c") == "c" else {}) | move.kernel
    entry = f"{f}{kernels.own('c')}{taps}"
    return {
        y: summed(
            y, f"{f}{places}", (kernel, shown), over, plus=added, note=move.note, only=kernels.only
        ),
        w: summed(w, entry, (above, shown), move.places, note=CORRELATED, only=kernels.only),
        "x": _input_of(move, kernels, above, w, f),
        **bias_formula(bias, move.places),
    }


def _input_of(move: Moves, kernels: Kernels, above: Ref, w: str, f: str) -> ArrayFormula:
    """Spread every gradient over the places that its window showed."""
    taps, at = "".join(move.kernel), "".join(("c", *move.meet))
    over, met = {f: kernels.filters, **move.places, **move.kernel}, dict(move.meet)
    note = SPREAD.format(apart=", its elements a stride apart," if move.apart else "")
    if not kernels.grouped:
        factors = (above, ref(w, f"{f}c{taps}"))
        return summed("x", at, factors, over, met, note=note, only=kernels.only)
    e = kernels.own("e")
    factors = (above, ref(w, f"{f}{e}{taps}"))
    every = {e: kernels.seen, **over} if e == "e" else over
    return summed("x", at, factors, every, {"c": kernels.channel(f, "e"), **met}, note=note)


def bias_formula(bias: object, places: Mapping[str, int], f: str = "f") -> Formulas:
    """Write the gradient of the bias, if there is one."""
    if not bias:
        return {}
    letters = "".join(places)
    g = ref("g", f"{f}{letters}")
    if bias == "per_position":
        return {"b": summed("b", f"{f}{letters}", (g,), {})}
    return {"b": summed("b", f, (g,), places, note=TIED)}


def maximum_formulas(
    places: str,
    inputs: str,
    counts: Axes,
    elements: Callable[[Axes, Axes], Iterable[Axes]],
    forward: str,
    backward: str,
    note: str,
) -> Formulas:
    """Make the formulas of maxima over windows; `elements` lists the places of a window."""

    def best(values: Values, channel: int, window: Axes) -> Axes | None:
        winner, most = None, -np.inf
        for place in elements(values["x"].shape[1:], window):
            value = float(values["x"][(channel, *place)])
            if value > most:
                winner, most = place, value
        return winner

    def output(values: Values, at: tuple[int, ...]) -> list[Term]:
        seen = elements(values["x"].shape[1:], at[1:])
        numbers = [float(values["x"][(at[0], *place)]) for place in seen]
        return [
            Term((max(numbers, default=-np.inf),), text=f"max({', '.join(map(number, numbers))})")
        ]

    def back(values: Values, at: tuple[int, ...]) -> list[Term]:
        sides = values["x"].shape[1:]
        hold = (w for w in product(*map(range, counts)) if at[1:] in elements(sides, w))
        won = [w for w in hold if best(values, at[0], w) == at[1:]]
        return [Term((float(values["g"][(at[0], *window)]),)) for window in won]

    return {
        "y": ArrayFormula("y", f"c{places}", forward, note, output),
        "x": ArrayFormula("x", f"c{inputs}", backward, WINS, back),
    }

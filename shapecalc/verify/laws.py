"""The laws: what a layer's rules say, beside what the referee found by doing it.

Each law returns its disagreement in words, and nothing when there is none.  An array of examples
is N x C x sides; the rules' shapes are without the batch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shapecalc.algebra import known
from shapecalc.layers.base import SEES_ALL
from shapecalc.layers.shape import whole
from shapecalc.layers.window import (
    EVERYTHING,
    FIRST,
    OWN,
    UNSEEN,
    UP_TO_OWN,
    ByAxis,
    PerInput,
    Rearranged,
    Reduced,
    is_some,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from shapecalc.algebra import Dim
    from shapecalc.layers.base import Layer, Parameter, Work
    from shapecalc.layers.shape import Shape
    from shapecalc.layers.window import InputSpan, Sees
    from shapecalc.reference.arrays import Array, Slot
    from shapecalc.reference.probe import Noticed, Slope
    from shapecalc.reference.tally import Operations
    from shapecalc.reference.weighted import Product

#: What a slope by central differences may be off: the step's square, and rounding.
TOLERANCE = 1e-6


def shape_law(array: Array, shape: Shape) -> str:
    """Compare the extents of an array that was computed with a rule's shape."""
    channels, *sides = array.shape[1:]
    return _differ("output", (*sides, channels), (*shape.sides, shape.channels))


def weight_law(slots: Mapping[str, Slot], parameters: Iterable[Parameter]) -> str:
    """Compare the arrays that the referee allocated with those that a rule names."""
    ruled = {
        parameter.name: (parameter.shape, parameter.role != "buffer") for parameter in parameters
    }
    done = {name: (slot.shape, slot.trained) for name, slot in slots.items()}
    if done.keys() != ruled.keys():
        return f"arrays {', '.join(done) or 'none'}, by the rule {', '.join(ruled) or 'none'}"
    differences = [_differ(name, done[name][0], ruled[name][0]) for name in done]
    differences += [
        f"{name} is {'' if done[name][1] else 'not '}trained, by the rule it is"
        f" {'' if ruled[name][1] else 'not'}".rstrip()
        for name in done
        if done[name][1] != ruled[name][1]
    ]
    return "; ".join(filter(None, differences))


def product_law(products: Iterable[Product], work: Work, batch: int = 1) -> str:
    """Compare the matrix products that were done for a batch with a rule's multiply-accumulates."""
    done = sum(product.macs for product in products)
    return "" if done == batch * work.macs else f"MACs {done:,}, by the rule {batch * work.macs:,}"


def work_law(operations: Operations, work: Work) -> str:
    """Compare the operations that one example took, number by number, with a rule's work.

    A multiply-accumulate is a multiplication and an addition.
    """
    ruled = {
        "multiplies": work.macs + work.multiplies,
        "adds": work.macs + work.bias_adds + work.adds,
        "compares": work.compares,
        "divisions": work.divisions,
        "exponentials": work.exponentials,
    }
    done = operations._asdict()
    differences = [
        f"{kind} {done[kind]:,}, by the rule {ruled[kind]:,}"
        for kind in ruled
        if done[kind] != ruled[kind]
    ]
    return "; ".join(differences)


def value_law(fast: Array, plain: Array) -> str:
    """Compare the referee's two forwards: by matrix products, and as the definition reads."""
    if fast.shape != plain.shape:
        return _differ("output of the fast forward", fast.shape, plain.shape, "of the plain one")
    if np.allclose(fast, plain, rtol=1e-9, atol=1e-9):
        return ""
    return f"the layer's two forwards differ by {np.nanmax(np.abs(fast - plain)):.3g}"


def reach_law(
    noticed: Iterable[Noticed],
    layer: Layer,
    window: Sees,
    inputs: tuple[Shape, ...],
    output: Shape,
) -> str | None:
    """Compare what the output noticed of each input, row by row, with what the rules say it sees.

    Beyond the ends of a side there is nothing to notice.  Where a row's elements are not told
    apart, because a statistic is taken of one element alone, there is nothing either.  None: the
    rules say of no side more than that units see some of it.
    """
    ruled: list[_Moved | _Spans] = []
    for operand, given in enumerate(inputs):
        own = window.windows[operand] if isinstance(window, PerInput) else window
        if isinstance(own, Rearranged):
            ruled.append(_Moved(own, given, output))
        else:
            ruled.append(_Spans(layer, own, inputs, operand, output))
    if not any(spans.judges for spans in ruled):
        return None
    difference, alive = "", False
    for operand, axis, row, changed in noticed:
        alive = alive or bool(changed.any())
        difference = difference or ruled[operand].difference(axis, row, changed)
        if difference and alive:
            return difference
    return "" if all(spans.single for spans in ruled) else difference


class _Moved:
    """What is seen of an input whose elements are arranged otherwise: each element sees one."""

    single = False
    judges = True

    def __init__(self, window: Rearranged, given: Shape, output: Shape) -> None:
        cut = [known(extent) for extent in window.cut] or whole(given)
        written = [whole(output)[axis] for axis in window.written]
        self.rows = [
            np.transpose(
                np.transpose(rows.reshape(cut), window.read).reshape(written),
                np.argsort(window.written),
            )
            for rows in np.indices(whole(given))
        ]

    def difference(self, axis: int, row: int, changed: Array) -> str:
        """Return a disagreement on who sees a row of an axis."""
        right = self.rows[axis] == row
        if np.array_equal(changed, right):
            return ""
        place = np.argwhere(changed != right)[0].tolist()
        return f"element {place} {_sees(changed[tuple(place)])} row {row} of axis {axis}"


class _Spans:
    """What is seen of an input through a span for every axis of it."""

    def __init__(
        self,
        layer: Layer,
        window: tuple[InputSpan, ...] | Reduced | ByAxis | None,
        inputs: tuple[Shape, ...],
        operand: int,
        output: Shape,
    ) -> None:
        given, made = whole(inputs[operand]), whole(output)
        spans = _by_axis(window, given)
        if len(given) - 1 not in spans and window != UNSEEN:
            spans[len(given) - 1] = len(made) - 1, layer.mixes(*inputs, operand=operand)
        spans = {axis: pair for axis, pair in spans.items() if not is_some(pair[1])}
        self.seen = {
            axis: (
                by,
                [_seen(span, unit, given[axis]) for unit in range(1 if by is None else made[by])],
            )
            for axis, (by, span) in spans.items()
        }
        self.unseen = window == UNSEEN
        sides = range(len(given) - 1)
        self.judges = not sides or any(side in spans for side in sides)
        self.open = {axis for axis, (_, span) in spans.items() if span.every == 0}
        self.blind = any(not any(map(len, rows)) for _, rows in self.seen.values())
        self.single = all(max(map(len, rows)) <= 1 for _, rows in self.seen.values())

    def difference(self, axis: int, row: int, changed: Array) -> str:
        """Return a disagreement on who sees a row of an axis."""
        if self.unseen:
            return f"a unit sees row {row} of axis {axis}" if changed.any() else ""
        if axis not in self.seen:
            return ""  # some of it, and no rule says which
        by, units = self.seen[axis]
        if by is None and row in units[0]:
            return (
                ""
                if changed.all() or self.blind
                else f"not every unit sees row {row} of axis {axis}"
            )
        others = tuple(other for other in range(changed.ndim) if other != by)
        done: list[bool] = np.any(changed, others, keepdims=True).ravel().tolist()
        for unit, rows in enumerate(units):
            if axis in self.open and rows[0] < row < rows[-1]:
                continue  # some of those between the ends
            if done[unit] != (not self.blind and row in rows):
                what = f"unit {unit} of axis {by} {_sees(done[unit])} row {row} of axis {axis}"
                return f"{what}, by the rule it sees {rows}"
        return ""


def _by_axis(
    window: tuple[InputSpan, ...] | Reduced | ByAxis | None, given: Sequence[int]
) -> dict[int, tuple[int | None, InputSpan]]:
    """List the spans of a window by the axis looked at, with the output's axis along which."""
    channels = len(given) - 1
    if isinstance(window, ByAxis):
        return dict(enumerate(zip(window.along, window.spans, strict=True)))
    if isinstance(window, Reduced):
        stay = [axis for axis in range(len(given)) if axis not in window.axes]
        gone: dict[int, tuple[int | None, InputSpan]] = dict.fromkeys(
            window.axes, (None, EVERYTHING)
        )
        return gone | {axis: (at, OWN) for at, axis in enumerate(stay)}
    if window is SEES_ALL:
        return dict.fromkeys(range(channels), (None, EVERYTHING))
    if window is None:
        return {axis: (axis, FIRST if n == 1 else OWN) for axis, n in enumerate(given[:-1])}
    return {axis if span.side < 0 else span.side: (axis, span) for axis, span in enumerate(window)}


def _sees(noticed: bool) -> str:
    return "sees" if noticed else "does not see"


def _seen(span: InputSpan, unit: int, n: int) -> list[int]:
    """List the rows of an axis of `n` that a unit sees by a rule."""
    if span is EVERYTHING:
        return list(range(n))
    if span is UP_TO_OWN:
        return list(range(unit + 1))
    around, phase = divmod(unit, len(span.lo))
    first, last = (known(end[phase] + around * span.step) for end in (span.lo, span.hi))
    rows = range(first, last + 1, max(known(span.every), 1))
    if span.beyond == "mirrored":
        return sorted({min(abs(row), 2 * (n - 1) - abs(row)) for row in rows})
    return [row for row in rows if 0 <= row < n]


def gradient_law(slopes: Iterable[Slope], tolerance: float = TOLERANCE) -> str:
    """Compare backward with what the forward does along random directions."""
    differences = [
        f"slope of {slope.of} {slope.backward:.6g}, by differences {slope.difference:.6g}"
        for slope in slopes
        if not slope.error <= tolerance
    ]
    return "; ".join(differences)


def _differ(
    what: str, done: tuple[Dim, ...], ruled: tuple[Dim, ...], whose: str = "by the rule"
) -> str:
    if done == ruled:
        return ""
    return f"{what} {'x'.join(map(str, done))}, {whose} {'x'.join(map(str, ruled))}"

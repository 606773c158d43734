"""The laws: what a layer's rules say, beside what the referee found by doing it.

Each law returns its disagreement in words, and nothing when there is none.  An array of examples
is N x C x sides; the rules' shapes are without the batch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shapecalc.algebra import known
from shapecalc.layers.base import SEES_ALL
from shapecalc.layers.window import EVERYTHING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shapecalc.algebra import Dim
    from shapecalc.layers.base import Parameter, Work
    from shapecalc.layers.shape import Shape
    from shapecalc.layers.window import InputSpan
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
    noticed: Noticed, reaches: tuple[InputSpan, ...] | None, sides: tuple[int, ...]
) -> str:
    """Compare what rows of the output noticed of the input's rows with what a rule says they see.

    `sides` are the input's; beyond their ends there is nothing to notice.  Not judged is a rule
    that says nothing (units at their own place; that a normalisation's mean looks further is by
    convention no receptive field), and one that says that all see everything, as it does where it
    does not follow how elements are arranged.
    """
    ranks = {side for side, _ in noticed}
    if not ranks or reaches is None or reaches is SEES_ALL:
        return ""
    differences = []
    ruled = {}
    for side in sorted(ranks):
        reach = reaches[side]
        looked_at = reach.side if reach.side >= 0 else side
        units = range(len(noticed[side, looked_at]))
        ruled[side, looked_at] = [_seen(reach, unit, sides[looked_at]) for unit in units]
    blind = any(not any(map(len, rows)) for rows in ruled.values())
    for (side, looked_at), rows in ruled.items():
        for unit, right in enumerate(rows):
            done = np.flatnonzero(noticed[side, looked_at][unit]).tolist()
            if done != ([] if blind else right):
                differences.append(f"unit {unit} of side {side} sees {done}, by the rule {right}")
    return differences[0] if differences else ""


def _seen(reach: InputSpan, unit: int, n: int) -> list[int]:
    """List the rows of a side of `n` that a unit sees by a rule."""
    if reach == EVERYTHING:
        return list(range(n))
    around, phase = divmod(unit, len(reach.lo))
    first, last = (known(end[phase] + around * reach.step) for end in (reach.lo, reach.hi))
    rows = range(first, last + 1, max(known(reach.every), 1))
    if reach.mirrored:
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

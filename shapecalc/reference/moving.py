"""Formulas of what a moving window does, with a layer's own numbers in them."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from shapecalc.reference.formula import (
    PLACES,
    POSITIONS,
    TAPS,
    ArrayFormula,
    Index,
    Ref,
    Term,
    number,
    ref,
    summed,
)
from shapecalc.reference.padded import SlidingWindow, places_along

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from shapecalc.reference.arrays import Array, Axes
    from shapecalc.reference.formula import Formulas, Values

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
        won = [w for w in product(*map(range, counts)) if best(values, at[0], w) == at[1:]]
        return [Term((float(values["g"][(at[0], *window)]),)) for window in won]

    return {
        "y": ArrayFormula("y", f"c{places}", forward, note, output),
        "x": ArrayFormula("x", f"c{inputs}", backward, WINS, back),
    }

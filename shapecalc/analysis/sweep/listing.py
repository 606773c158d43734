"""Recorded numbers (`algebra.tape`) computed for many points at once, with NumPy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shapecalc.algebra.tape import Recorded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from numpy.typing import NDArray

    from shapecalc.algebra import Dim

#: The largest number of NumPy's int64, which wraps around silently: what may exceed it on the way
#: is computed with Python's integers.
INT64_MAX = 2**63 - 1


class Listing:
    """The steps that some recorded numbers need, in an order in which they can be computed.

    >>> from shapecalc.algebra.tape import Tape
    >>> tape = Tape()
    >>> n, s = tape.symbol("n", 1, 300), tape.symbol("s", 1, 8)
    >>> positions = (n - 11) // s + 1
    >>> Listing([positions]).run({"n": np.array([224, 227]), "s": np.array([4, 4])})[positions]
    array([54, 55])
    """

    def __init__(self, wanted: Iterable[Dim]) -> None:
        self.wanted = {dim for dim in wanted if isinstance(dim, Recorded)}
        needed: set[Recorded] = set()
        waiting = list(self.wanted)
        while waiting:
            step = waiting.pop()
            if step not in needed:
                needed.add(step)
                waiting += step.of
        self.steps = sorted(needed, key=lambda step: step.index)
        last = {part: at for at, step in enumerate(self.steps) for part in step.of}
        self.done: list[list[Recorded]] = [[] for _ in self.steps]
        for part, at in last.items():
            if part not in self.wanted:
                self.done[at].append(part)

    def run(self, values: Mapping[str, NDArray[Any]]) -> dict[Recorded, NDArray[Any]]:
        """Compute the numbers for arrays of the symbols' values.

        An array has int64, or where a number may be larger Python's integers.
        """
        results: dict[Recorded, NDArray[Any]] = {}
        for step, done in zip(self.steps, self.done, strict=True):
            results[step] = _computed(step, results, values)
            for part in done:
                del results[part]
        return results


def _computed(
    step: Recorded, results: Mapping[Recorded, NDArray[Any]], values: Mapping[str, NDArray[Any]]
) -> NDArray[Any]:
    """Compute a step from its parts; what may grow too large on the way with Python's integers."""
    if not step.of:
        return values[step.kind[1:]]
    arrays = [results[part] for part in step.of]
    wide = step.widest > INT64_MAX
    if wide or any(array.dtype == np.object_ for array in arrays):
        arrays = [array.astype(np.object_) for array in arrays]
    made = _OPERATIONS[step.kind](step, arrays)
    if made.dtype == np.object_ and max(abs(step.low), abs(step.high)) <= INT64_MAX:
        made = made.astype(np.int64)
    return made


def _sum_of(step: Recorded, arrays: list[NDArray[Any]]) -> NDArray[Any]:
    total: NDArray[Any] | None = None
    for array, factor in zip(arrays, step.factors, strict=True):
        if total is None:
            total = array * factor if factor != 1 else array.copy()
        elif factor == 1:
            total += array
        elif factor == -1:
            total -= array
        else:
            total += array * factor
    assert total is not None
    if step.constant:
        total += step.constant
    return total


def _extreme_of(step: Recorded, arrays: list[NDArray[Any]]) -> NDArray[Any]:
    pick = np.maximum if step.kind == "max" else np.minimum
    best = arrays[0] if step.constant is None else pick(arrays[0], step.constant)
    for array in arrays[1:]:
        best = pick(best, array)
    return best


def _at_least_1(array: NDArray[Any], divisor: Recorded) -> NDArray[Any]:
    """Return a divisor that nothing fails by: where it is below 1 the result means nothing."""
    return array if divisor.low >= 1 else np.maximum(array, 1)


_OPERATIONS: dict[str, Callable[[Recorded, list[NDArray[Any]]], NDArray[Any]]] = {
    "sum": _sum_of,
    "product": lambda step, arrays: arrays[0] * arrays[1],
    "over": lambda step, arrays: arrays[0] // step.constant,
    "quotient": lambda step, arrays: arrays[0] // _at_least_1(arrays[1], step.of[1]),
    "divide": lambda step, arrays: step.constant // _at_least_1(arrays[0], step.of[0]),
    "min": _extreme_of,
    "max": _extreme_of,
    "gcd": lambda step, arrays: np.gcd(arrays[0], step.constant or 1),
}

"""Masks that hide later positions: squares of one number up to the diagonal, and another beyond.

Of such a square, however long its sides are, the two numbers are followed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shapecalc.readers.onnx.file import OnnxNode, Tensor
    from shapecalc.readers.onnx.values import Value

    #: What stands up to the diagonal, and what beyond it.
    Halves: TypeAlias = tuple[Any, Any]

#: Operations that leave elements in their rows and columns.
_IN_PLACE = frozenset({"Cast", "Expand", "Reshape", "Slice", "Squeeze", "Unsqueeze"})
#: What is added to a score is this or less where it hides it.
_HIDDEN = -1e4


def halves_of(array: Tensor) -> Halves | None:
    """Return what the two halves of a square hold, or None where it is no such square."""
    if array.halves is None:
        array.halves = _looked_at(array) or ()
    return (array.halves[0], array.halves[1]) if array.halves else None


def _looked_at(array: Tensor) -> Halves | None:
    """Look at the elements row by row, up to the first that stands in the wrong half."""
    n = array.dims[-1] if len(array.dims) > 1 else 0
    if n < 2 or array.dims[-2] != n or array.size != n * n:
        return None
    elements = array.values()
    held: Any = array.raw() if elements is None else elements
    if held is None:
        return None
    width = len(held) // array.size
    low, high = held[:width], held[width : 2 * width]
    for row in range(n):
        there = held[row * n * width : (row + 1) * n * width]
        if there != low * (row + 1) + high * (n - row - 1):
            return None
    if elements is not None:
        return elements[0], elements[1]
    return array.number_in(low), array.number_in(high)


def note_halves(
    node: OnnxNode,
    inputs: Sequence[Tensor | None],
    array: Tensor,
    compute: Callable[..., Any] | None,
) -> None:
    """Note what the halves of a result hold, of what those of its operands do.

    `compute` is what the operation does with elements, where it does anything with these.
    """
    n = array.dims[-1] if len(array.dims) > 1 else 0
    if n < 2 or array.dims[-2] != n or array.size != n * n:
        return
    operands = [operand for operand in inputs if operand is not None]
    if compute is None:
        operands = operands[:1] if node.op in _IN_PLACE or node.op == "Trilu" else []
    given = [_spread(operand, n) for operand in operands]
    if not given or None in given:
        return
    lows, highs = zip(*(pair for pair in given if pair is not None), strict=True)
    if node.op == "Trilu":
        upper = bool(node.attributes.get("upper", 1))
        k = _diagonal(inputs)
        if (upper, k) in ((False, 0), (True, 1)):
            array.halves = (0, highs[0]) if upper else (lows[0], 0)
    else:
        array.halves = (lows[0], highs[0]) if compute is None else (compute(*lows), compute(*highs))


def _spread(array: Tensor, n: int) -> Halves | None:
    """Return the halves of an array that fills a square of n by n."""
    if array.size == 1:
        values = array.values()
        return None if values is None else (values[0], values[0])
    return halves_of(array) if array.dims[-1] == n else None


def _diagonal(inputs: Sequence[Tensor | None]) -> int | None:
    """Return from which diagonal on Trilu keeps or drops."""
    given = inputs[1] if len(inputs) > 1 else None
    if given is None:
        return 0
    values = given.values()
    return int(values[0]) if values else None


def is_of_scores(value: Value, array: Tensor) -> bool:
    """Tell whether an array has a number for each of a value's pairs of positions."""
    rank = len(value.dims)
    if value.axes[-2:] != (rank - 2, rank - 1) or value.dims[-2] != value.dims[-1]:
        return False
    return value.dims[-2:] == array.dims[-2:]


def is_causal(array: Tensor) -> bool:
    """Tell whether it hides what comes later where it is added to scores."""
    halves = halves_of(array)
    return halves is not None and halves[0] == 0 and halves[1] <= _HIDDEN


def hides(array: Tensor) -> bool:
    """Tell whether it hides some scores that it is added to: no trained number is as low."""
    numbers = array.values()
    return min(array.numbers() if numbers is None else numbers, default=0) <= _HIDDEN


def chooses_causally(condition: Tensor, other: float | None, *, first: bool) -> bool:
    """Tell whether a choice puts a large negative number where later positions are.

    The scores are the `first` of what is chosen from, or the second.
    """
    halves = halves_of(condition)
    return (
        halves is not None
        and other is not None
        and other <= _HIDDEN
        and (bool(halves[0]), bool(halves[1])) == (first, not first)
    )

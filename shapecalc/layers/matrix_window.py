"""What the elements of a matrix product see of its factors: a row of one, a column of the other.

An element's own row or column counts along an axis of its operand, which may be the channels; what
is summed over counts along another.  Where heads lie in channels, each has a part of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from shapecalc.layers.window import (
    EVERYTHING,
    LONGEST_PERIOD,
    OWN,
    SOME,
    ByAxis,
    InputSpan,
    PerInput,
    reach_moved,
)

if TYPE_CHECKING:
    from shapecalc.algebra import Dim
    from shapecalc.layers.product import Matmul
    from shapecalc.layers.shape import Shape

#: A span, and the axis of the output along which it is looked at.
Look: TypeAlias = "tuple[InputSpan, int | None]"

ALL: Look = (EVERYTHING, None)
ANY: Look = (SOME, None)


def window_of(layer: Matmul, a: Shape, b: Shape) -> PerInput:
    """Return how a matrix product looks at its two operands."""
    return PerInput((_of_first(layer, a, b), _of_second(layer, a, b)))


def _of_first(layer: Matmul, a: Shape, b: Shape) -> ByAxis:
    """Look at the own row of the first operand."""
    last, batch = len(layer.output(a, b).sides), int(layer.windows)  # `last`: the channels
    first, second = layer.factors(a, b)
    in_channels = layer.transpose in ("first", "both")
    row: Look = (OWN, last - 1)
    if layer.heads is not None and not layer.merges:
        size = first.rows if in_channels else first.columns
        part = (_parts(_start(layer.first), size), batch)
        return _by_axis(a, _own(batch), row, _bound(part) if in_channels else part, in_channels)
    stack = _own(len(a.sides) - 1)
    if layer.merges:
        row = (OWN, batch) if last == batch + 1 else ANY
        stack[batch] = _turns(second.columns), last
    return _by_axis(a, stack, row, _channels(layer.first, row, in_channels), in_channels)


def _of_second(layer: Matmul, a: Shape, b: Shape) -> ByAxis:
    """Look at the own column of the second operand, in the head that the own one shares."""
    last, batch = len(layer.output(a, b).sides), int(layer.windows)
    _, rows, columns = layer.factors(a, b)[1]
    in_channels = layer.transpose not in ("second", "both")
    column: Look = (OWN, last)
    if layer.heads is None:
        channels = _channels(layer.second, column, in_channels)
        return _by_axis(b, _own(last - 1), column, channels, in_channels)
    start = _start(layer.second)
    sharing = 1 if layer.groups is None else layer.heads // layer.groups
    if not layer.merges:
        part = (_parts(start, columns if in_channels else rows, sharing), batch)
        return _by_axis(b, _own(batch), column, _bound(part) if in_channels else part, in_channels)
    if in_channels:
        return _by_axis(b, _own(batch), ALL, (_shared(start, columns, sharing), last), True)
    period = sharing * columns
    column = (_cycle(columns), last)
    return _by_axis(b, _own(batch), column, (_parts(start, rows, period), last), False)


def _by_axis(shape: Shape, stack: list[Look], line: Look, channels: Look, inside: bool) -> ByAxis:
    """Look at a stack, at the sides behind it, and at channels, where lines are `inside` or not."""
    rest = len(shape.sides) - len(stack)
    side = ALL if inside else line if rest == 1 else ANY  # rows on several sides are not followed
    spans, along = zip(*stack, *[side] * rest, channels, strict=True)
    return ByAxis(spans, along)


def _own(count: int) -> list[Look]:
    return [(OWN, axis) for axis in range(count)]


def _start(part: tuple[Dim, Dim] | None) -> Dim:
    return 0 if part is None else part[0]


def _channels(part: tuple[Dim, Dim] | None, line: Look, inside: bool) -> Look:
    """Look at channels: the own line's, or all that are summed over."""
    if inside:
        return (reach_moved(_start(part)), line[1]) if line != ANY else ANY
    return ALL if part is None else (InputSpan((part[0],), (part[1] - 1,), 0), None)


def _bound(part: Look) -> Look:
    """Look at some of a head's channels: which also depends on the own line."""
    return part[0]._replace(every=0), part[1]


def _parts(start: Dim, size: Dim, times: Dim = 1) -> InputSpan:
    """Look at parts of `size` channels, each `times` in a row."""
    count = _short(times)
    return InputSpan((start,) * count, (start + size - 1,) * count, size) if count else SOME


def _turns(times: Dim) -> InputSpan:
    """Look at every place so many times in a row."""
    count = _short(times)
    return InputSpan((0,) * count, (0,) * count, 1) if count else SOME


def _cycle(period: Dim) -> InputSpan:
    """Look at places in turn, again and again."""
    places = tuple(range(_short(period)))
    return InputSpan(places, places, 0) if places else SOME


def _shared(start: Dim, columns: Dim, sharing: Dim) -> InputSpan:
    """Look at the columns of a head in turn, so many times before those of the next one."""
    if sharing == 1:
        return reach_moved(start)
    period = _short(sharing * columns)
    places = tuple([start + unit % columns for unit in range(period)])
    return InputSpan(places, places, columns) if places else SOME


def _short(period: Dim) -> int:
    """Return a period that is a number and not too long, or 0."""
    return period if isinstance(period, int) and period <= LONGEST_PERIOD else 0

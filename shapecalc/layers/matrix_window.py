"""What the elements of a matrix product see of its factors: a row of one, a column of the other.

An element's own row or column counts along an axis of its operand, which may be the channels; what
is summed over counts along another.  Where heads lie in channels, each has a part of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapecalc.layers.window import (
    EVERYTHING,
    LONGEST_PERIOD,
    OWN,
    SOME,
    ByAxis,
    InputSpan,
    Look,
    PerInput,
    reach_moved,
)

if TYPE_CHECKING:
    from shapecalc.algebra import Dim
    from shapecalc.layers.shape import Shape

ALL: Look = (EVERYTHING, None)
ANY: Look = (SOME, None)


class Operand(NamedTuple):
    """A factor: so many `lines` of so many elements that are multiplied and `summed`.

    Lines are the rows of a first factor or the columns of a second; they lie `inside` where they
    count along the channels.  Of the channels those in `part` count, or all.
    """

    shape: Shape
    lines: Dim
    summed: Dim
    part: tuple[Dim, Dim] | None
    inside: bool

    @property
    def start(self) -> Dim:
        """The first channel that counts."""
        return 0 if self.part is None else self.part[0]

    @property
    def size(self) -> Dim:
        """The channels of a matrix."""
        return self.lines if self.inside else self.summed


class Heads(NamedTuple):
    """How channels fall into heads; `merges`: those of the first operand are a side already.

    So many heads in a row are `sharing` one of the second operand.
    """

    sharing: Dim
    merges: bool


def window_of(a: Operand, b: Operand, heads: Heads | None, sides: int, batch: int) -> PerInput:
    """Return how a product of so many sides, `batch` of which count windows, looks at its factors.

    Without heads every side but the last counts matrices.
    """
    return PerInput(
        (_of_first(a, b.lines, heads, sides, batch), _of_second(b, heads, sides, batch))
    )


def _of_first(a: Operand, columns: Dim, heads: Heads | None, sides: int, batch: int) -> ByAxis:
    """Look at the own row of the first operand."""
    row: Look = (OWN, sides - 1)
    if heads is not None and not heads.merges:
        part = (_parts(a.start, a.size), batch)
        return _by_axis(a, _own(batch), row, _bound(part) if a.inside else part)
    stack = _own(len(a.shape.sides) - 1)
    if heads is not None:
        row = (OWN, batch) if sides == batch + 1 else ANY
        stack[batch] = _turns(columns), sides  # the channels, in which a head's columns lie
    return _by_axis(a, stack, row, _channels(a, row))


def _of_second(b: Operand, heads: Heads | None, sides: int, batch: int) -> ByAxis:
    """Look at the own column of the second operand, in the head that the own one shares."""
    column: Look = (OWN, sides)
    if heads is None:
        return _by_axis(b, _own(sides - 1), column, _channels(b, column))
    if not heads.merges:
        part = (_parts(b.start, b.size, heads.sharing), batch)
        return _by_axis(b, _own(batch), column, _bound(part) if b.inside else part)
    if b.inside:
        return _by_axis(b, _own(batch), ALL, (_shared(b.start, b.lines, heads.sharing), sides))
    part = (_parts(b.start, b.size, heads.sharing * b.lines), sides)
    return _by_axis(b, _own(batch), (_cycle(b.lines), sides), part)


def _by_axis(operand: Operand, stack: list[Look], line: Look, channels: Look) -> ByAxis:
    """Look at a stack of matrices, at the sides behind it and at channels: at lines and sums."""
    rest = len(operand.shape.sides) - len(stack)
    # Lines that count along several sides are not followed.
    side = ALL if operand.inside else line if rest == 1 else ANY
    spans, along = zip(*stack, *[side] * rest, channels, strict=True)
    return ByAxis(spans, along)


def _channels(operand: Operand, line: Look) -> Look:
    """Look at channels without heads: the own line's, or all that are summed over."""
    part = operand.part
    if operand.inside:
        return (reach_moved(operand.start), line[1]) if line != ANY else ANY
    return ALL if part is None else (InputSpan((part[0],), (part[1] - 1,), 0), None)


def _own(count: int) -> list[Look]:
    return [(OWN, axis) for axis in range(count)]


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

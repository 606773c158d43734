"""Axes cut and joined: the elements in another arrangement, and a whole axis as one factor."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.algebra import is_symbolic
from shapecalc.layers.shape import as_list
from shapecalc.layers.window import LONGEST_PERIOD, UndecidedError, as_number
from shapecalc.report.arrangement.model import Factored, shifted, sum_of_ends
from shapecalc.report.receptive_field import FAR, ReceptiveField, over_all

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.algebra import Dim
    from shapecalc.layers.shape import Shape
    from shapecalc.layers.window import Rearranged


class _Factor(NamedTuple):
    """A factor of an axis, with what its places add along sides of the input."""

    extent: Dim
    parts: dict[int, ReceptiveField]


class _UncutError(Exception):
    """Axes are cut where no factors end."""


def rearranged(state: Factored, window: Rearranged, output: Shape) -> Factored:
    """Write the elements in another arrangement."""
    sides = [side.empty() for side in state.sides]
    given = [
        [
            _Factor(
                extent,
                {
                    number: side.parts[axis, place]
                    for number, side in enumerate(state.sides)
                    if (axis, place) in side.parts
                },
            )
            for place, extent in enumerate(factors)
        ]
        for axis, factors in enumerate(state.axes)
    ]
    extents = as_list(output)
    lost: list[tuple[int, ReceptiveField]] = []
    flat = [*chain.from_iterable(given)]
    try:
        if window.cut:
            given = _regrouped(flat, list(window.cut), lost)
        flat = [*chain.from_iterable(given[axis] for axis in window.read)]
        groups = _regrouped(flat, [extents[axis] for axis in window.written], lost)
    except _UncutError:
        if any(map(is_symbolic, (*extents, *(factor.extent for factor in flat)))):
            raise UndecidedError from None
        lost = [pair for factor in flat for pair in factor.parts.items()]
        groups = [[_Factor(extents[axis], {})] for axis in window.written]
    for number, part in lost:
        sides[number] = sides[number].moved(over_all(part))
    axes: list[tuple[Dim, ...]] = [()] * len(extents)
    for axis, group in zip(window.written, groups, strict=True):
        axes[axis] = tuple([factor.extent for factor in group])
        for place, one in enumerate(group):
            for number, part in one.parts.items():
                sides[number].parts[axis, place] = part
    return Factored(tuple(axes), tuple(sides), state.at_most or bool(lost))


def _regrouped(
    flat: list[_Factor], extents: list[Dim], lost: list[tuple[int, ReceptiveField]]
) -> list[list[_Factor]]:
    """Deal factors out to axes of these extents, from the innermost on, cut where one is larger."""
    left, groups = [*flat], []
    for extent in reversed(extents):
        group: list[_Factor] = []
        rest = extent
        if extent == 1 and left and left[-1].extent == 1:
            group.append(left.pop())
        while rest != 1:
            if not left:
                raise _UncutError
            factor = left.pop()
            if factor.extent == rest:
                group.append(factor)
                break
            if (more := _divided(rest, factor.extent)) is not None:
                group.append(factor)
                rest = more
            elif (outer := _divided(factor.extent, rest)) is not None:
                first, second = _cut(factor, outer, rest, lost)
                left.append(first)
                group.append(second)
                break
            else:
                raise _UncutError
        groups.append(group[::-1])
    if any(factor.extent != 1 for factor in left):
        raise _UncutError
    groups[-1][:0] = left
    return groups[::-1]


def _divided(a: Dim, b: Dim) -> Dim | None:
    """Return a/b where that is whole whatever the symbols."""
    quotient = a // b
    return quotient if quotient * b == a else None


def _cut(
    factor: _Factor, outer: Dim, inner: Dim, lost: list[tuple[int, ReceptiveField]]
) -> tuple[_Factor, _Factor]:
    """Cut a factor in two: the place a*inner + b is place a of the first and b of the second."""
    first, second = _Factor(outer, {}), _Factor(inner, {})
    for number, field in factor.parts.items():
        halves = _halves(field, factor.extent, outer, inner)
        if halves is None:
            lost.append((number, field))
        else:
            first.parts[number], second.parts[number] = halves
    return first, second


def _halves(
    field: ReceptiveField, extent: Dim, outer: Dim, inner: Dim
) -> tuple[ReceptiveField, ReceptiveField] | None:
    """Write what places see as a sum over an outer and an inner place, if it is one."""
    period, step, also = len(field.first), field.step, field.also
    if (
        not also
        and not field.rims
        and (period == 1 or (isinstance(inner, int) and inner % period == 0))
    ):
        far = ReceptiveField((0,), (0,), inner // period * step, outer)
        return far, field._replace(units=inner)
    if not isinstance(extent, int) or extent > LONGEST_PERIOD:
        return None
    assert isinstance(inner, int)
    ends = [field.sees(unit) for unit in range(extent)]
    if (FAR, -FAR) in ends:
        return None  # what sees nothing is no sum
    within = ends[:inner]
    low, high = ends[0]
    across = [(first - low, last - high) for first, last in ends[::inner]]
    for place, (first, last) in enumerate(ends):
        (a, b), (c, d) = across[place // inner], within[place % inner]
        if (a + c, b + d) != (first, last):
            return None
    return _pattern(across), _pattern(within)


def _pattern(ends: list[tuple[Dim, Dim]]) -> ReceptiveField:
    """Write a list of what units see with the least period that it has."""
    count = len(ends)
    for period in range(1, count):
        pace = ends[period][0] - ends[0][0]
        backwards = isinstance(pace, int) and pace < 0  # which no field may move
        if not backwards and all(
            (after[0] - before[0], after[1] - before[1]) == (pace, pace)
            for before, after in zip(ends, ends[period:], strict=False)
        ):
            break
    else:
        period, pace = count, 0
    firsts, lasts = zip(*ends[:period], strict=True)
    return ReceptiveField(firsts, lasts, pace, count)


def merged(factors: tuple[Dim, ...], parts: dict[int, ReceptiveField]) -> ReceptiveField | None:
    """Return what the places of a whole axis see; None where that has too long a period."""
    extent: Dim = 1
    field: ReceptiveField | None = None
    for number, factor in enumerate(factors):
        inner = parts.get(number)
        if field is None and (inner is None or extent == 1):
            field = inner
        elif factor == 1:
            if inner is not None and field is not None:
                field = shifted(field, *over_all(inner))
        else:
            if field is None and inner is not None:
                field = ReceptiveField((0,), (0,), 0, extent)
            assert field is not None
            size = as_number(factor)
            if max(len(part.first) for part in (field, *field.also)) * size > LONGEST_PERIOD:
                return None
            table = [(0, 0)] * size if inner is None else [inner.sees(at) for at in range(size)]
            field = _repeated(field, table)
        extent *= factor
    return None if field is None else field._replace(units=extent)


def _repeated(field: ReceptiveField, table: Sequence[tuple[Dim, Dim]]) -> ReceptiveField:
    """Give every place as many places within, each of which adds to what is seen."""
    return field._replace(
        first=tuple([sum_of_ends(low, first) for low in field.first for first, _ in table]),
        last=tuple([sum_of_ends(high, last) for high in field.last for _, last in table]),
        also=tuple([_repeated(part, table) for part in field.also]),
        rims=tuple(
            [
                (unit * len(table) + at, sum_of_ends(low, first), sum_of_ends(high, last))
                for unit, low, high in field.rims
                for at, (first, last) in enumerate(table)
            ]
        ),
    )

"""Sums joined along a side of the input: where one says it all, and else a few or a bound."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.algebra import larger, product, smaller
from shapecalc.report.arrangement.model import Factored, SideParts, all_of, shifted
from shapecalc.report.arrangement.regroup import merged
from shapecalc.report.receptive_field import ReceptiveField, look_back_both, of_units, over_all

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapecalc.algebra import Dim


#: So many sums along a side are kept by themselves.
MOST_SUMS = 4


def both_operands(a: Factored, b: Factored) -> Factored:
    """Return the state of units that see what the units of two operands see."""
    if a.rank != b.rank:  # they come from other inputs
        return a if a.rank > b.rank else b
    lost = a.at_most or b.at_most
    axes = list(a.axes)
    for axis, (mine, other) in enumerate(zip(a.axes, b.axes, strict=True)):
        if mine == other:
            continue
        used = [
            any(key[0] == axis for side in state.sides for key in side.parts) for state in (a, b)
        ]
        if all(used):
            units = product(mine)  # extents that look different but must agree are counted as these
            a, more = _one_factor(a, axis, units)
            b, again = _one_factor(b, axis, units)
            lost, axes[axis] = lost or more or again, (units,)
        elif used[1]:
            axes[axis] = other
    sides, more = joined_sums((*a.sides, *b.sides))
    return Factored(tuple(axes), tuple(sides), lost or more)


def _one_factor(state: Factored, axis: int, units: Dim) -> tuple[Factored, bool]:
    """Join an axis's factors to one of `units`; tell whether what is seen was lost with that."""
    sides, lost = [], False
    for side in state.sides:
        parts = {factor: part for (at, factor), part in side.parts.items() if at == axis}
        others = {key: part for key, part in side.parts.items() if key[0] != axis}
        joined = side._replace(parts=others)
        if parts:
            field = merged(state.axes[axis], parts)
            if field is None:
                lost, joined = True, all_of(joined, parts.values())
            else:
                others[axis, 0] = of_units(field, units)
        sides.append(joined)
    axes = (*state.axes[:axis], (units,), *state.axes[axis + 1 :])
    return Factored(axes, tuple(sides), state.at_most), lost


def joined_sums(sides: Iterable[SideParts]) -> tuple[list[SideParts], bool]:
    """Join sums along the same sides where one says it all; tell whether units may see less."""
    joined: list[SideParts] = []
    lost = False
    for side in sides:
        same = [place for place, other in enumerate(joined) if other.along == side.along]
        for place in same:
            both = _both_sides(joined[place], side)
            if both is not None:
                joined[place] = both
                break
        else:
            if len(same) < MOST_SUMS:
                joined.append(side)
            else:
                lost, joined[same[0]] = True, bound_of_both(joined[same[0]], side)
    return joined, lost


def _differing(a: SideParts, b: SideParts) -> list[tuple[int, int]]:
    return sorted(key for key in {*a.parts, *b.parts} if a.parts.get(key) != b.parts.get(key))


def _both_sides(a: SideParts, b: SideParts) -> SideParts | None:
    """Join what is seen along a side; None where no one sum says it."""
    differing = _differing(a, b)
    if not differing:
        return a._replace(first=smaller(a.first, b.first), last=larger(a.last, b.last))
    if len(differing) > 1:
        return None
    (key,) = differing
    same = {k: part for k, part in a.parts.items() if k != key}
    both = look_back_both(_alone(a, key), _alone(b, key))
    return SideParts(a.along, 0, 0, {**same, key: both})


def bound_of_both(a: SideParts, b: SideParts) -> SideParts:
    """Let every unit see what any place of the factors sees that differ."""
    for key in _differing(a, b):
        a, b = (
            side.moved(over_all(side.parts[key]), key) if key in side.parts else side
            for side in (a, b)
        )
    return a._replace(first=smaller(a.first, b.first), last=larger(a.last, b.last))


def _alone(side: SideParts, key: tuple[int, int]) -> ReceptiveField:
    """Return what a side's part sees, together with what all see."""
    if key in side.parts:
        return shifted(side.parts[key], side.first, side.last)
    return ReceptiveField((side.first,), (side.last,), 0, 1)

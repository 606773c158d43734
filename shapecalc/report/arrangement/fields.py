"""From fields a side to sums over factors, and back to plain fields where units lie as pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.algebra import is_symbolic, largest
from shapecalc.layers.shape import as_list
from shapecalc.layers.window import UndecidedError
from shapecalc.report.arrangement.model import Factored, SideParts, shifted
from shapecalc.report.arrangement.regroup import rearranged
from shapecalc.report.receptive_field import Arranged, ReceptiveField, furthest, over_all

if TYPE_CHECKING:
    from shapecalc.algebra import Dim
    from shapecalc.layers.shape import Shape
    from shapecalc.report.receptive_field import Fields


def state_of(fields: Fields, shape: Shape) -> Factored:
    """Return what the units of a shape see as factors."""
    if isinstance(fields, Arranged):
        if fields.state is None:
            assert fields.source is not None
            source, given, window = fields.source
            fields.state = rearranged(state_of(source, given), window, shape)
        state: Factored = fields.state
        return state
    sides = []
    for number, field in enumerate(fields):
        key = (number, 0)
        if field.is_alike:
            sides.append(SideParts(number, field.first[0], field.last[0], {}))
        elif number < len(shape.sides):
            sides.append(SideParts(number, 0, 0, {key: field}))
        else:
            sides.append(SideParts(number, *over_all(field), {}))
    return Factored(tuple([(n,) for n in as_list(shape)]), tuple(sides))


def as_fields(state: Factored, shape: Shape) -> Fields:
    """Return fields a side, plain ones where units lie as pixels do or all see the same."""
    axes, sides, at_most = state
    sums = [[side for side in sides if side.along == along] for along in range(state.rank)]
    single = len(sides) == len(sums)
    natural = single and len(shape.sides) == len(sides) and all(
        len(axes[key[0]]) == 1 and key[0] == side.along for side in sides for key in side.parts
    )  # fmt: skip
    fields = [
        _written_side(state, same[0], shape.sides[number] if natural else 1)
        if len(same) == 1
        else _written_together(state, same)
        for number, same in enumerate(sums)
    ]
    if (natural or (single and not any(side.parts for side in sides))) and not at_most:
        return tuple(fields)
    return Arranged(fields, state)


def _written_together(state: Factored, sums: list[SideParts]) -> ReceptiveField:
    """Return a field from the first to the last pixel of several sums: of the unit with most."""
    sizes = [_between(state, one, other) for one in sums for other in sums]
    one = _written_side(state, sums[0], 1)
    low, period = over_all(one)[0], len(one.first)
    return one._replace(
        first=(low,) * period, last=(low + largest(sizes),) * period, also=(), rims=()
    )


def _between(state: Factored, one: SideParts, other: SideParts) -> Dim:
    """Return the most that a unit's last pixel by one sum lies behind its first by another."""
    between = one.last - other.first
    for axis, factor in {*one.parts, *other.parts}:
        still = ReceptiveField((0,), (0,), 0, state.axes[axis][factor])
        ends = [side.parts.get((axis, factor), still) for side in (one, other)]
        between = between + furthest(*ends)
    return between


def _written_side(state: Factored, side: SideParts, units: Dim) -> ReceptiveField:
    """Return the field along a side; of several parts one that is as wide and moves as fast."""
    if not side.parts:
        return ReceptiveField((side.first,), (side.last,), 0, units)
    if len(side.parts) == 1:
        return shifted(next(iter(side.parts.values())), side.first, side.last)
    for part in side.parts.values():
        if len(part.first) > 1 and is_symbolic(part.units):
            raise UndecidedError
    channels = len(state.axes) - 1
    key = max(side.parts, key=lambda key: (key[0] != channels, key))
    part = side.parts[key]
    first = side.first + sum(over_all(part)[0] for part in side.parts.values())
    size = side.last - side.first + sum(part.size - 1 for part in side.parts.values()) + 1
    period = len(part.first)
    return ReceptiveField((first,) * period, (first + size - 1,) * period, part.step, part.units)

"""What a cell may be when it follows from the student's own other cells."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.algebra.dim import known
from shapecalc.homework.assignment.assignment import TOTAL, is_total
from shapecalc.homework.assignment.reading import Blank, Number, Unreadable
from shapecalc.homework.diagnosis.working import params_of, sides_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.homework.answers.claims import Claims
    from shapecalc.homework.assignment.assignment import Cell, Homework
    from shapecalc.homework.assignment.quantities import Value
    from shapecalc.homework.diagnosis.follow_through import World

#: A sum of rounded answers is followed while they leave no more than this part of it open.
_OPEN = Fraction(1, 50)


class Followed(NamedTuple):
    """A value that follows from own cells.

    `slack` is what these leave open where they are rounded; `counted`: it follows from counts of
    the student's, and not from volumes alone.
    """

    value: Value
    slack: Fraction = Fraction(0)
    counted: bool = False


class Own(NamedTuple):
    """A student's own count.

    `slack` is half a unit of its last place when it is rounded; `right`: it may be the right one.
    """

    value: Fraction
    slack: Fraction = Fraction(0)
    right: bool = False


def followed(
    homework: Homework, cell: Cell, claims: Claims, world: World, within: int
) -> Iterator[Followed]:
    """Yield what follows from own cells and differs from the key.

    From own volumes by the layers' rules, from the row's own output, and from own counts: FLOPs
    from MACs, memory from units, params from weights and biases, MACs from weights, totals from
    their column.  What follows from counts must be within a factor of the key.
    """
    key, seen = cell.key, {cell.key}
    if not is_total(cell.layer) and world.own:
        told, column = homework.conventions, cell.quantity.key
        rows = (world.expected,) if column == "output" else (world.expected, world.used)
        for each in rows:
            value = cell.quantity.of(each[cell.layer], told)
            if column == "connections":
                value = _connections(world, cell.layer, known(each[cell.layer].output.size))
            if value is not None and value not in seen:
                seen.add(value)
                yield Followed(value)
    if not isinstance(key, int):
        return
    for own in _of_counts(homework, cell, claims, world):
        number = own.value.numerator
        near = not key or 0 < number <= within * key <= within * within * number
        if near and own.value.denominator == 1 and own.slack <= _OPEN * number and number != key:
            yield Followed(number, own.slack, counted=True)


def _of_counts(homework: Homework, cell: Cell, claims: Claims, world: World) -> Iterator[Own]:
    """Yield what follows from own counts."""
    told, column, layer = homework.conventions, cell.quantity.key, cell.layer
    if is_total(layer):
        yield from _sum(homework, cell, claims)
        return
    if column == "flops" and told.operations == "macs":
        yield from _times(own_count(claims, layer, "macs"), told.flops_per_mac)
    elif column == "memory":
        yield from _times(own_count(claims, layer, "units"), told.element)
    elif column == "params":
        yield from _added(homework, claims, layer, world)
    elif column == "connections":
        units = own_count(claims, layer, "units")
        each = _connections(world, layer, 1)
        if each is not None:
            yield from _times(units, each)
    elif column == "macs":
        row = world.used[layer]
        product = params_of(row, bias=False)
        if row.layer is not None and (product.kernel or product.depth):
            places = 1
            for side in sides_of(row.output):
                places *= side
            weights = own_count(claims, layer, "weights")
            yield from _times(weights if weights is None or not weights.right else None, places)


def _connections(world: World, layer: str, units: int) -> int | None:
    """Count the connections of so many units: each has those that the rule gives it."""
    row = world.expected[layer]
    if row.connections is None:
        return None
    if row.layer is None:
        return known(world.used[layer].connections or 0) if units > 1 else None
    return known(row.connections) // known(row.output.size) * units


def _times(own: Own | None, factor: int) -> Iterator[Own]:
    if own is not None:
        yield Own(own.value * factor, own.slack * factor)


def _added(homework: Homework, claims: Claims, layer: str, world: World) -> Iterator[Own]:
    """Add own weights and own biases; where one was not answered it is the right one."""
    weights, biases = own_count(claims, layer, "weights"), own_count(claims, layer, "biases")
    if weights is None and biases is None:
        return
    told = homework.conventions
    for row in (world.expected[layer], homework.rows[layer]):
        one = weights or Own(Fraction(known(row.weights)))
        two = biases or Own(Fraction(known(row.biases)))
        yield Own(one.value + two.value, one.slack + two.slack) if told.bias else one


def _sum(homework: Homework, cell: Cell, claims: Claims) -> Iterator[Own]:
    """Add up the column as the student has it; what was not asked or not answered is by the key."""
    total, column = cell.key, cell.quantity.key
    assert isinstance(total, int), "only sums have a total"
    value, slack = Fraction(total), Fraction(0)
    for each in homework.cells:
        inside = each.layer.startswith(cell.layer.removesuffix(TOTAL)) and not is_total(each.layer)
        if each.quantity.key == column and inside and isinstance(each.key, int):
            own = own_count(claims, each.layer, column)
            if own is not None:
                value, slack = value + own.value - each.key, slack + own.slack
    yield Own(value, slack)


def own_count(claims: Claims, layer: str, column: str) -> Own | None:
    """Return a student's own count: the right one where it may be meant."""
    claim = claims.by_cell.get((layer, column))
    if claim is None or isinstance(claim.readings, Unreadable | Blank):
        return None
    key = claim.cell.key
    numbers = [each for each in claim.readings if isinstance(each, Number)]
    if not numbers or not isinstance(key, int):
        return None
    number = next((each for each in numbers if each.fits(key)), numbers[0])
    return Own(number.value, number.half, number.fits(key))

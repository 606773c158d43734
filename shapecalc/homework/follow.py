"""What a cell may be when it follows from the student's own other cells."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from shapecalc.homework.assignment import TOTAL, is_total
from shapecalc.homework.reading import Blank, Number, Unreadable
from shapecalc.homework.working import params_of, sides_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.homework.assignment import Cell, Homework
    from shapecalc.homework.claims import Claims
    from shapecalc.homework.quantity import Value
    from shapecalc.homework.world import World


def followed(homework: Homework, cell: Cell, claims: Claims, world: World) -> Iterator[Value]:
    """Yield the values that follow from own cells and differ from the key.

    From own volumes by the layers' rules, from the row's own output, and from the row's own counts:
    FLOPs from MACs, params from weights and biases, MACs from weights.
    """
    told, key = homework.conventions, cell.key
    if is_total(cell.layer):
        values: Iterator[Value] = _sum(homework, cell, claims)
    else:
        values = _of_row(homework, cell, claims, world)
    seen = {key}
    for value in values:
        if value is not None and value not in seen:
            seen.add(value)
            yield value
    if cell.quantity.key == "flops" and told.operations == "macs":
        macs = _own(homework, claims, cell.layer, "macs")
        if macs is not None and told.flops_per_mac * macs not in seen:
            yield told.flops_per_mac * macs


def _of_row(homework: Homework, cell: Cell, claims: Claims, world: World) -> Iterator[Value]:
    told, column = homework.conventions, cell.quantity.key
    if world.own:
        yield cell.quantity.of(world.expected[cell.layer], told)
        if column != "output":
            yield cell.quantity.of(world.used[cell.layer], told)
    weights = _own(homework, claims, cell.layer, "weights")
    biases = _own(homework, claims, cell.layer, "biases")
    if column == "params" and (weights is not None or biases is not None):
        for row in (world.expected[cell.layer], homework.rows[cell.layer]):
            own = weights if weights is not None else int(row.weights)  # type: ignore[arg-type]
            added = biases if biases is not None else int(row.biases)  # type: ignore[arg-type]
            yield own + (added if told.bias else 0)
    row = world.used[cell.layer]
    if column == "macs" and weights is not None and row.layer is not None:
        product = params_of(row, bias=False)
        if product.kernel or product.depth:
            places = 1
            for side in sides_of(row.output):
                places *= side
            yield weights * places


def _sum(homework: Homework, cell: Cell, claims: Claims) -> Iterator[Value]:
    """Add up the column as the student has it; what was not asked or not answered is by the key."""
    column = cell.quantity.key
    total = cell.key
    assert isinstance(total, int), "only sums have a total"
    own = total
    for each in homework.cells:
        inside = each.layer.startswith(cell.layer.removesuffix(TOTAL)) and not is_total(each.layer)
        if each.quantity.key != column or not inside or not isinstance(each.key, int):
            continue
        answer = _own(homework, claims, each.layer, column)
        if answer is not None:
            own += answer - each.key
    yield own


def _own(homework: Homework, claims: Claims, layer: str, column: str) -> int | None:
    """Return a student's own count, when it was read exactly and is near enough to be followed."""
    claim = claims.by_cell.get((layer, column))
    if claim is None or isinstance(claim.readings, Unreadable | Blank):
        return None
    key = claim.cell.key
    for number in claim.readings:
        if isinstance(number, Number) and number.fits(
            Fraction(key if isinstance(key, int) else -1)
        ):
            return None  # right: nothing to follow
    number = claim.readings[0]
    if not isinstance(number, Number) or number.half > Fraction(1, 2) or not isinstance(key, int):
        return None
    value, within = number.value, homework.policy.within
    near = value.denominator == 1 and 0 < value <= within * key and key <= within * value
    return value.numerator if near else None

"""The receptive fields of a row: those that flow in, joined, looked at through its window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.errors import RuleError
from shapecalc.graph.model import Input
from shapecalc.layers.base import SEES_ALL, Requirement
from shapecalc.layers.receptive_field import (
    EVERYTHING,
    UndecidedError,
    look_back,
    look_back_both,
    own_places,
)
from shapecalc.report.apply import UNDECIDED, WIDEST, RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.graph.model import Graph
    from shapecalc.layers.base import Layer
    from shapecalc.layers.receptive_field import InputSpan, ReceptiveField
    from shapecalc.layers.shape import Shape
    from shapecalc.report.domain import Domain
    from shapecalc.report.model import Row


def field_of(
    layer: Layer, sources: list[Row | None], window: tuple[InputSpan, ...] | None, output: Shape
) -> tuple[ReceptiveField, ...] | None:
    """Return the receptive field of the layer's units, along every side of the input.

    None: with these symbols no one formula gives it.
    """
    if isinstance(layer, Input):
        return tuple([own_places(n) for n in output.sides])
    try:
        seen: tuple[ReceptiveField, ...] = ()
        for source in sources:
            if source is None:
                continue
            field = source.field
            if field is None:
                return None
            if len(sources) > 1 and source.output.sides != output.sides:
                field = _stretched(source, output)
            same = len(field) == len(seen)
            seen = tuple(map(look_back_both, seen, field)) if same else field or seen
        if window is UNDECIDED:
            return None
        if window is None:
            return seen
        if window is SEES_ALL:
            seen = tuple([look_back(along, EVERYTHING, 1) for along in seen])
        elif len(window) == len(seen):
            seen = tuple(
                [
                    look_back(seen[side if step.side < 0 else step.side], step, units)
                    for side, (step, units) in enumerate(zip(window, output.sides, strict=True))
                ]
            )
    except RuleError as error:
        raise RefusedError([error]) from None
    except UndecidedError:
        return None
    for side in seen:
        if any(map(_too_wide, (side, *side.also))):
            message = f"the receptive field outgrows {WIDEST:.0e} pixels"
            hint = "do layers with strides repeat too often?"
            raise RefusedError([RuleError("E114", message, hint=hint)])
    return seen


def _too_wide(field: ReceptiveField) -> bool:
    ends = [dim for dim in (*field.first, *field.last, field.step) if isinstance(dim, int)]
    if max(map(abs, ends), default=0) <= WIDEST or len(ends) <= 2 * len(field.first):
        return False  # what holds symbols has no bound
    *ends, step = ends
    pairs = zip(ends[: len(field.first)], ends[len(field.first) :], strict=True)
    # Units that see nothing count as far away, but never with the pixels of one that sees some.
    return step > WIDEST or any(low <= high and max(-low, high) > WIDEST for low, high in pairs)


def _stretched(source: Row, output: Shape) -> tuple[ReceptiveField, ...]:
    """Return the field of an operand of a join, seen at the places of the output.

    Where a side of 1 stretches, every place sees that one unit; a row acts as a map of one place.
    Sides that look different but must agree are counted as the output's.
    """
    sides, fields = source.output.sides, source.field
    assert fields is not None
    if len(sides) != len(fields) or len(sides) != len(output.sides):
        return tuple([look_back(along, EVERYTHING, 1) for along in fields])
    return tuple(
        [
            look_back(field, EVERYTHING, units)
            if n == 1 != units
            else field._replace(units=units)
            if field.units == n
            else field
            for field, n, units in zip(fields, sides, output.sides, strict=True)
        ]
    )


def with_sure_fields(graph: Graph, rows: tuple[Row, ...], domain: Domain) -> tuple[Row, ...]:
    """Leave out the receptive fields that reckon with more units than there may be."""
    sure: list[Row] = []
    for node, row in zip(graph.nodes, rows, strict=True):
        doubtful = any(sure[source].field is None for source in node.inputs)
        if doubtful or not all(map(domain.implies, _units_needed(row))):
            sure.append(row._replace(field=None))
        else:
            sure.append(row)
    return tuple(sure)


def _units_needed(row: Row) -> Iterator[Requirement]:
    """Require a whole period of units, where a formula for the receptive field reckons with it."""
    for side in row.field or ():
        for part in (side, *side.also):
            if len(part.first) > 1 and not isinstance(part.units, int):
                yield Requirement(part.units, "at least", len(part.first), _never)


def _never() -> RuleError:
    raise AssertionError("fewer units than a period have receptive fields of their own")

"""One operand through a window: what is seen along each axis that the window looks at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.algebra import product
from shapecalc.layers.base import SEES_ALL
from shapecalc.layers.shape import as_list
from shapecalc.layers.window import EVERYTHING, FIRST, OWN, SOME
from shapecalc.report.arrangement.model import Factored, all_of
from shapecalc.report.arrangement.regroup import merged
from shapecalc.report.arrangement.sums import joined_sums
from shapecalc.report.receptive_field import is_stretched, look_back, over_all

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.algebra import Dim
    from shapecalc.layers.base import Layer
    from shapecalc.layers.shape import Shape
    from shapecalc.layers.window import InputSpan, Look, Reduced
    from shapecalc.report.receptive_field import ReceptiveField


def looks_of(
    state: Factored,
    window: tuple[InputSpan, ...] | None,
    channels: InputSpan,
    shape: Shape,
    output: Shape,
    join: Layer,
) -> list[Look | None]:
    """Tell by the axes of an operand how a window looks at them; None: not at all."""
    given = len(shape.sides)
    if window is SEES_ALL:
        return [*[(EVERYTHING, None)] * given, (channels, len(output.sides))]
    looks: list[Look | None] = [None] * (given + 1)
    if window is None:
        window = tuple(
            FIRST if _stretches(state, side, n, output, join) else OWN
            for side, n in enumerate(shape.sides)
        )
    for axis, span in enumerate(window):
        looks[axis if span.side < 0 else span.side] = span, axis
    return [*looks[:given], looks[given] or (channels, len(output.sides))]


def through(state: Factored, looks: Sequence[Look | None], shape: Shape, output: Shape) -> Factored:
    """Look at a state through a span for every axis of the operand, along an axis of the output."""
    made = as_list(output)
    axes: list[tuple[Dim, ...]] = [(n,) for n in made]
    own = set()
    for at, (look, n) in enumerate(zip(looks, as_list(shape), strict=True)):
        if look is None or look[1] is None or not _is_own(look[0]):
            continue
        if not _is_cut(n, made[look[1]]):
            own.add(at)
            axes[look[1]] = state.axes[at]
    sides, lost = [], state.at_most
    for side in state.sides:
        seen = side.empty()
        for at, factors in enumerate(state.axes):
            parts = {factor: part for (axis, factor), part in side.parts.items() if axis == at}
            if not parts:
                continue
            span, axis = looks[at] or (SOME, None)
            if at in own:
                lost = lost or span.every == 0
                assert axis is not None
                seen.parts.update({(axis, factor): part for factor, part in parts.items()})
                continue
            if _is_whole(span):
                lost = lost or (span.every == 0 and not all(map(_is_alike, parts.values())))
                seen = all_of(seen, parts.values())
                continue
            field = merged(factors, parts)
            if field is None:
                lost, seen = True, all_of(seen, parts.values())
                continue
            if span.every == 0:
                lost, span = True, span._replace(every=1)
            if span.beyond == "padding" and _is_apart(state, at):
                span = span._replace(beyond="nothing")
            field = look_back(field, span, 1 if axis is None else made[axis])
            if axis is None or field.is_alike:
                seen = all_of(seen, [field])
            elif (axis, 0) in seen.parts:  # two axes of the operand along one of the output
                lost, seen = True, all_of(seen, [field])
            else:
                seen.parts[axis, 0] = field
        sides.append(seen)
    sides, more = joined_sums(sides)
    return Factored(tuple(axes), tuple(sides), lost or more)


def _is_apart(state: Factored, axis: int) -> bool:
    """Tell whether an axis is no side of the input, or one enlarged: none is padded beyond it.

    What a reshape cuts or joins goes on elsewhere, so no pixels lie beyond the ends of its parts.
    """
    for side in state.sides:
        here = [factor for at, factor in side.parts if at == axis]
        if here and (len(side.parts) > 1 or product(state.axes[axis][: here[0]]) != 1):
            return True
    return False


def _is_cut(n: Dim, units: Dim) -> bool:
    """Tell whether an axis and that of the output differ, as where only a part counts."""
    return isinstance(n, int) and isinstance(units, int) and n != units


def _is_whole(span: InputSpan) -> bool:
    return span[:3] == EVERYTHING[:3]


def _is_alike(field: ReceptiveField) -> bool:
    """Tell whether every unit sees all that any of them sees."""
    if field.rims:
        return False
    ends = over_all(field)
    parts = (field._replace(also=()), *field.also)
    return any(
        part.step == 0 and set(zip(part.first, part.last, strict=True)) == {ends} for part in parts
    )


def _stretches(state: Factored, axis: int, n: Dim, output: Shape, join: Layer) -> bool:
    """Tell whether all places of the output see the one place of an operand's side."""
    parts = [part for side in state.sides for (at, _), part in side.parts.items() if at == axis]
    return any(is_stretched(n, output.sides[axis], join, part) for part in parts)


def reduced(state: Factored, window: Reduced) -> Factored:
    """See all along axes that go, and number those that stay anew."""
    stay = [axis for axis in range(len(state.axes)) if axis not in window.axes]
    sides = []
    for side in state.sides:
        seen = all_of(
            side.empty(), [part for key, part in side.parts.items() if key[0] not in stay]
        )
        kept = ((key, part) for key, part in side.parts.items() if key[0] in stay)
        seen.parts.update({(stay.index(axis), factor): part for (axis, factor), part in kept})
        sides.append(seen)
    sides, lost = joined_sums(sides)
    axes = tuple([state.axes[axis] for axis in stay]) or ((1,),)
    return Factored(axes, tuple(sides), state.at_most or lost)


def _is_own(span: InputSpan) -> bool:
    return span[:3] == OWN[:3]

"""Receptive fields where units do not lie as the input's pixels do: after reshapes and permutes.

Every axis of a shape, the channels among them, is a product of factors, the outer ones first.  What
a unit sees along a side of the network's input is a sum of what its places on some of the factors
add, and where a window takes in several places of each, the sum of the spans.  A reshape that
cuts and joins axes where factors end only regroups them.  An element of a matrix product sees what
a row and a column see, which no sum says: then it is from the first to the last of two sums.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.layers.base import SEES_ALL
from shapecalc.layers.shape import as_list
from shapecalc.layers.window import (
    EVERYTHING,
    SOME,
    UNSEEN,
    ByAxis,
    PerInput,
    Rearranged,
    Reduced,
    as_number,
)
from shapecalc.report.arrangement.fields import as_fields, state_of
from shapecalc.report.arrangement.looks import looks_of, reduced, through
from shapecalc.report.arrangement.model import Factored, SideParts, all_of
from shapecalc.report.arrangement.sums import both_operands, bound_of_both
from shapecalc.report.receptive_field import Arranged, at_most, own_places

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.layers.base import Layer
    from shapecalc.layers.shape import Shape
    from shapecalc.layers.window import Sees
    from shapecalc.report.receptive_field import Fields


def looked_through(
    layer: Layer,
    sources: Sequence[tuple[Fields, Shape]],
    window: Sees,
    output: Shape,
) -> Fields:
    """Return the fields of a layer's units, from those of each operand and its shape."""
    if isinstance(window, Reduced):
        ((fields, shape),) = sources
        return as_fields(reduced(state_of(fields, shape), window), output)
    shapes = tuple(shape for _, shape in sources)
    states, beside = [], False
    for operand, (fields, shape) in enumerate(sources):
        own = window.windows[operand] if isinstance(window, PerInput) else window
        state = state_of(fields, shape)
        if isinstance(own, ByAxis):
            if own != UNSEEN:
                looked = [*zip(own.spans, own.along, strict=True)]
                states.append(through(state, looked, shape, output))
            continue
        assert not isinstance(own, Rearranged | Reduced | PerInput)
        channels = layer.mixes(*shapes, operand=operand)
        if len(sources) > 1 and channels.step == 1 and shape.channels != output.channels:
            # Channels beside those of others: which of these see this one is not followed.
            channels, beside = SOME, True
        looks = looks_of(state, own, channels, shape, output, layer)
        states.append(through(state, looks, shape, output))
    joined = states[0]
    for state in states[1:]:
        joined = both_operands(joined, state)
    if window is SEES_ALL and layer.mixes(*shapes) == EVERYTHING:
        # All elements are seen, wherever they lie: nothing is lost that was not before.
        joined = joined._replace(at_most=any(at_most(fields) for fields, _ in sources))
    seen = as_fields(joined, output)
    if beside and joined.at_most:
        return _widest_of([fields for fields, _ in sources], seen)
    return seen


def _widest_of(operands: list[Fields], joined: Fields) -> Fields:
    """Return the fields of elements that lie beside each other: each sees what it saw.

    What lies where is not followed, so a window over them sees at most all of it.
    """
    assert isinstance(joined, Arranged)
    ranked = [fields for fields in operands if len(fields) == len(joined)]
    sizes = [[side.size for side in fields] for fields in ranked]
    if any(map(at_most, operands)):
        return joined
    widest = []
    for side in range(len(joined)):
        seen = {row[side]: fields[side] for row, fields in zip(sizes, ranked, strict=True)}
        widest.append(
            seen[max(seen, key=as_number)] if len(seen) > 1 else next(iter(seen.values()))
        )
    return Arranged(widest, joined.state, exact=True)


def bounded(sources: Sequence[tuple[Fields, Shape]], output: Shape) -> Fields:
    """Return fields of units each of which sees at most all that any unit of its operands sees."""
    bounds: dict[int, SideParts] = {}
    for fields, shape in sources:
        for side in state_of(fields, shape).sides:
            whole = all_of(side.empty(), side.parts.values())
            before = bounds.get(side.along)
            bounds[side.along] = whole if before is None else bound_of_both(before, whole)
    axes = tuple([(n,) for n in as_list(output)])
    return as_fields(Factored(axes, tuple(bounds.values()), at_most=True), output)


def of_indices(shape: Shape) -> Fields:
    """Return the fields of the numbers of a vector, each of which has a place of its own."""
    places = own_places(shape.channels)
    state = Factored(((shape.channels,),), (SideParts(0, 0, 0, {(0, 0): places}),))
    return Arranged((places,), state)

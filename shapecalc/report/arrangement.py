"""Receptive fields where units do not lie as the input's pixels do: after reshapes and permutes.

Every axis of a shape, the channels among them, is a product of factors, the outer ones first.  What
a unit sees along a side of the network's input is a sum of what its places on some of the factors
add, and where a window takes in several places of each, the sum of the spans.  A reshape that
cuts and joins axes where factors end only regroups them.  An element of a matrix product sees what
a row and a column see, which no sum says: then it is from the first to the last of two sums.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.algebra import is_symbolic, larger, largest, product, smaller
from shapecalc.layers.base import SEES_ALL
from shapecalc.layers.shape import as_list
from shapecalc.layers.window import (
    EVERYTHING,
    FIRST,
    LONGEST_PERIOD,
    OWN,
    SOME,
    UNSEEN,
    ByAxis,
    PerInput,
    Rearranged,
    Reduced,
    UndecidedError,
    as_number,
)
from shapecalc.report.receptive_field import (
    FAR,
    Arranged,
    ReceptiveField,
    at_most,
    furthest,
    is_stretched,
    look_back,
    look_back_both,
    of_units,
    over_all,
    own_places,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shapecalc.algebra import Dim
    from shapecalc.layers.base import Layer
    from shapecalc.layers.shape import Shape
    from shapecalc.layers.window import InputSpan, Look, Sees
    from shapecalc.report.receptive_field import Fields


class SideParts(NamedTuple):
    """What is seen along a side of the network's input: from `first` to `last` everywhere, plus.

    `parts` holds, by axis and factor, what a place there adds to both.  `along` numbers the side.
    """

    along: int
    first: Dim
    last: Dim
    parts: dict[tuple[int, int], ReceptiveField]

    def moved(self, ends: tuple[Dim, Dim], without: tuple[int, int] | None = None) -> SideParts:
        """Add what all units see; of a part that is no longer one."""
        parts = {key: part for key, part in self.parts.items() if key != without}
        return SideParts(self.along, self.first + ends[0], self.last + ends[1], parts)

    def empty(self) -> SideParts:
        """Return what is seen everywhere."""
        return self._replace(parts={})


class Factored(NamedTuple):
    """The factors of every axis, the sides' first and the channels' last, and what is seen.

    Along a side of the network's input units see all that its `sides` say, one or a few.
    `at_most`: something was lost on the way, so units may see less.
    """

    axes: tuple[tuple[Dim, ...], ...]
    sides: tuple[SideParts, ...]
    at_most: bool = False

    @property
    def rank(self) -> int:
        """How many sides the network's input has."""
        return 1 + max((side.along for side in self.sides), default=-1)


def looked_through(
    layer: Layer,
    sources: Sequence[tuple[Fields, Shape]],
    window: Sees,
    output: Shape,
) -> Fields:
    """Return the fields of a layer's units, from those of each operand and its shape."""
    if isinstance(window, Reduced):
        ((fields, shape),) = sources
        return _written(_reduced(state_of(fields, shape), window), output)
    shapes = tuple(shape for _, shape in sources)
    states, beside = [], False
    for operand, (fields, shape) in enumerate(sources):
        own = window.windows[operand] if isinstance(window, PerInput) else window
        state = state_of(fields, shape)
        if isinstance(own, ByAxis):
            if own != UNSEEN:
                looked = [*zip(own.spans, own.along, strict=True)]
                states.append(_through(state, looked, shape, output))
            continue
        assert not isinstance(own, Rearranged | Reduced | PerInput)
        channels = layer.mixes(*shapes, operand=operand)
        if len(sources) > 1 and channels.step == 1 and shape.channels != output.channels:
            # Channels beside those of others: which of these see this one is not followed.
            channels, beside = SOME, True
        looks = _looks(state, own, channels, shape, output, layer)
        states.append(_through(state, looks, shape, output))
    joined = states[0]
    for state in states[1:]:
        joined = _both(joined, state)
    if window is SEES_ALL and layer.mixes(*shapes) == EVERYTHING:
        # All elements are seen, wherever they lie: nothing is lost that was not before.
        joined = joined._replace(at_most=any(at_most(fields) for fields, _ in sources))
    seen = _written(joined, output)
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
            whole = _all_of(side.empty(), side.parts.values())
            before = bounds.get(side.along)
            bounds[side.along] = whole if before is None else _bound(before, whole)
    axes = tuple([(n,) for n in as_list(output)])
    return _written(Factored(axes, tuple(bounds.values()), at_most=True), output)


def of_indices(shape: Shape) -> Fields:
    """Return the fields of the numbers of a vector, each of which has a place of its own."""
    places = own_places(shape.channels)
    state = Factored(((shape.channels,),), (SideParts(0, 0, 0, {(0, 0): places}),))
    return Arranged((places,), state)


def state_of(fields: Fields, shape: Shape) -> Factored:
    """Return what the units of a shape see as factors."""
    if isinstance(fields, Arranged):
        if fields.state is None:
            assert fields.source is not None
            source, given, window = fields.source
            fields.state = _rearranged(state_of(source, given), window, shape)
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


def _written(state: Factored, shape: Shape) -> Fields:
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
        return _shifted(next(iter(side.parts.values())), side.first, side.last)
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


def _shifted(field: ReceptiveField, first: Dim, last: Dim) -> ReceptiveField:
    """Add to the first and the last pixel that every unit sees."""
    if first == 0 == last:
        return field
    return field._replace(
        rims=tuple([(unit, _sum(low, first), _sum(high, last)) for unit, low, high in field.rims]),
        first=tuple([_sum(low, first) for low in field.first]),
        last=tuple([_sum(high, last) for high in field.last]),
        also=tuple([_shifted(part, first, last) for part in field.also]),
    )


# -- one operand through a window ------------------------------------------------------------------


def _looks(
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


def _through(
    state: Factored, looks: Sequence[Look | None], shape: Shape, output: Shape
) -> Factored:
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
                seen = _all_of(seen, parts.values())
                continue
            field = _merged(factors, parts)
            if field is None:
                lost, seen = True, _all_of(seen, parts.values())
                continue
            if span.every == 0:
                lost, span = True, span._replace(every=1)
            if span.beyond == "padding" and _is_apart(state, at):
                span = span._replace(beyond="nothing")
            field = look_back(field, span, 1 if axis is None else made[axis])
            if axis is None or field.is_alike:
                seen = _all_of(seen, [field])
            elif (axis, 0) in seen.parts:  # two axes of the operand along one of the output
                lost, seen = True, _all_of(seen, [field])
            else:
                seen.parts[axis, 0] = field
        sides.append(seen)
    sides, more = _joined(sides)
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


def _reduced(state: Factored, window: Reduced) -> Factored:
    """See all along axes that go, and number those that stay anew."""
    stay = [axis for axis in range(len(state.axes)) if axis not in window.axes]
    sides = []
    for side in state.sides:
        seen = _all_of(
            side.empty(), [part for key, part in side.parts.items() if key[0] not in stay]
        )
        kept = ((key, part) for key, part in side.parts.items() if key[0] in stay)
        seen.parts.update({(stay.index(axis), factor): part for (axis, factor), part in kept})
        sides.append(seen)
    sides, lost = _joined(sides)
    axes = tuple([state.axes[axis] for axis in stay]) or ((1,),)
    return Factored(axes, tuple(sides), state.at_most or lost)


def _is_own(span: InputSpan) -> bool:
    return span[:3] == OWN[:3]


def _all_of(side: SideParts, parts: Iterable[ReceptiveField]) -> SideParts:
    """Let every unit see what any place of some factors sees."""
    for part in parts:
        side = side.moved(over_all(part))
    return side


# -- axes cut and joined ---------------------------------------------------------------------------


class _Factor(NamedTuple):
    """A factor of an axis, with what its places add along sides of the input."""

    extent: Dim
    parts: dict[int, ReceptiveField]


class _UncutError(Exception):
    """Axes are cut where no factors end."""


def _rearranged(state: Factored, window: Rearranged, output: Shape) -> Factored:
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


def _merged(factors: tuple[Dim, ...], parts: dict[int, ReceptiveField]) -> ReceptiveField | None:
    """Return what the places of a whole axis see; None where that has too long a period."""
    extent: Dim = 1
    field: ReceptiveField | None = None
    for number, factor in enumerate(factors):
        inner = parts.get(number)
        if field is None and (inner is None or extent == 1):
            field = inner
        elif factor == 1:
            if inner is not None and field is not None:
                field = _shifted(field, *over_all(inner))
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
        first=tuple([_sum(low, first) for low in field.first for first, _ in table]),
        last=tuple([_sum(high, last) for high in field.last for _, last in table]),
        also=tuple([_repeated(part, table) for part in field.also]),
        rims=tuple(
            [
                (unit * len(table) + at, _sum(low, first), _sum(high, last))
                for unit, low, high in field.rims
                for at, (first, last) in enumerate(table)
            ]
        ),
    )


def _sum(a: Dim, b: Dim) -> Dim:
    """Add two ends of what is seen; with nothing in one there is nothing."""
    return a if a in (FAR, -FAR) else b if b in (FAR, -FAR) else a + b


# -- operands joined -------------------------------------------------------------------------------


#: So many sums along a side are kept by themselves.
MOST_SUMS = 4


def _both(a: Factored, b: Factored) -> Factored:
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
    sides, more = _joined((*a.sides, *b.sides))
    return Factored(tuple(axes), tuple(sides), lost or more)


def _one_factor(state: Factored, axis: int, units: Dim) -> tuple[Factored, bool]:
    """Join an axis's factors to one of `units`; tell whether what is seen was lost with that."""
    sides, lost = [], False
    for side in state.sides:
        parts = {factor: part for (at, factor), part in side.parts.items() if at == axis}
        others = {key: part for key, part in side.parts.items() if key[0] != axis}
        joined = side._replace(parts=others)
        if parts:
            field = _merged(state.axes[axis], parts)
            if field is None:
                lost, joined = True, _all_of(joined, parts.values())
            else:
                others[axis, 0] = of_units(field, units)
        sides.append(joined)
    axes = (*state.axes[:axis], (units,), *state.axes[axis + 1 :])
    return Factored(axes, tuple(sides), state.at_most), lost


def _joined(sides: Iterable[SideParts]) -> tuple[list[SideParts], bool]:
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
                lost, joined[same[0]] = True, _bound(joined[same[0]], side)
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


def _bound(a: SideParts, b: SideParts) -> SideParts:
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
        return _shifted(side.parts[key], side.first, side.last)
    return ReceptiveField((side.first,), (side.last,), 0, 1)

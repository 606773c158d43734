"""Receptive fields: what units see of the network's input, looked back through every layer.

One side at a time.  A unit's pixels lie between a first and a last one, and repeat, moved on,
after a period of units.  What a layer's own window sees of its input, `layers.window` says.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import accumulate, pairwise
from math import gcd, lcm
from typing import TYPE_CHECKING, Any, TypeAlias

from shapecalc.algebra import larger, largest, smaller, smallest
from shapecalc.layers.base import SEES_ALL
from shapecalc.layers.window import (
    EVERYTHING,
    FIRST,
    OWN,
    UP_TO_OWN,
    UndecidedError,
    as_number,
    refuse_period,
)
from shapecalc.text import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable
    from fractions import Fraction
    from typing import Self

    from shapecalc.algebra import Dim
    from shapecalc.layers.base import Layer
    from shapecalc.layers.shape import Shape
    from shapecalc.layers.window import InputSpan, Rearranged, Sees

#: Further than any pixel: a unit that sees nothing sees from FAR to -FAR.
FAR = 10**40


class ReceptiveField(NamedTuple):
    """What the units see along one side of the network's input: their receptive fields.

    Unit u of `units`, with a period of P = len(first), sees the pixels from
    first[u mod P] + (u // P)*step to last[u mod P] + (u // P)*step, padding included, so these
    may be negative; nothing where last < first.  Units beyond the map, which padding makes up,
    continue the pattern.  With step 0 all see the same.
    (Araujo, Norris & Sim 2019, "Computing Receptive Fields of Convolutional Neural Networks".)

    `also` holds what a unit sees besides, through branches whose fields move at a slower pace:
    most often one that sees everything, such as a gate.

    `rims` lists units that see otherwise, in their order, with the first and the last pixel that
    each sees: near an end of a map beyond which there is nothing, no padding either.  Units that
    padding makes up are none of these.  With a symbol which units these are is not told: then
    `within` holds pixels, and a unit that sees no others sees what is said, and no other one more.
    """

    first: tuple[Dim, ...]
    last: tuple[Dim, ...]
    step: Dim
    units: Dim
    also: tuple[ReceptiveField, ...] = ()
    rims: tuple[tuple[int, Dim, Dim], ...] = ()
    within: tuple[tuple[Dim, Dim], ...] = ()

    @property
    def size(self) -> Dim:
        """The pixels from the first to the last one that a unit sees: of the unit with most."""
        first, last, _, units, also = self[:5]
        if self.rims:
            widest = furthest(self, self)
        elif also:
            widest = _widest((self, *also))
        elif len(first) == 1:
            widest = last[0] - first[0]
        else:
            there = units if isinstance(units, int) else None
            ends = zip(first[:there], last[:there], strict=True)
            widest = largest(_of_those_that_see([high - low for low, high in ends]))
        return larger(widest + 1, 0) if isinstance(widest, int) else widest + 1

    @property
    def jump(self) -> Dim | Fraction | None:
        """The pixels from a unit's field to its neighbour's, on average over a period.

        None: a fraction of a symbol.
        """
        period = len(self.first)
        if self.step % period == 0:
            return self.step // period
        if not isinstance(self.step, int):
            return None
        from fractions import Fraction  # it costs 4 ms

        return Fraction(self.step, period)

    def sees(self, unit: Dim) -> tuple[Dim, Dim]:
        """Return the first and the last pixel that a unit sees; the last is less for none.

        >>> ReceptiveField((0, 0), (1, 1), 2, 8).sees(3)
        (2, 3)
        """
        for rim, first, last in self.rims:
            if rim == unit:
                return first, last
        ends = [_between(part, unit, unit) for part in (self, *self.also)]
        return smallest([first for first, _ in ends]), largest([last for _, last in ends])

    @property
    def is_alike(self) -> bool:
        """Tell whether all units see the same pixels, by the pattern alone."""
        return self.step == 0 and len(self.first) == 1 and not self.also and not self.rims


class Arranged(tuple["ReceptiveField", ...]):  # noqa: SLOT001  (a tuple's has to be empty)
    """Receptive fields, a side of the input each, of units that do not lie as its pixels do.

    After a reshape or a permute the fields are those of before, of units that lie elsewhere, as
    `source` has it: their fields and shape, and how they were rearranged.  `state` is what
    `report.arrangement` makes of that, once a window looks at it.  `exact`: they are right for
    these units, though the state has no more than a bound for what looks at several.
    """

    source: tuple[Fields, Shape, Rearranged] | None
    state: Any
    exact: bool

    def __new__(
        cls,
        fields: Iterable[ReceptiveField],
        state: Any = None,  # noqa: ANN401  (its class is not imported until it is needed)
        source: tuple[Fields, Shape, Rearranged] | None = None,
        *,
        exact: bool = False,
    ) -> Self:
        made = super().__new__(cls, fields)
        made.state, made.source, made.exact = state, source, exact
        return made

    @property
    def at_most(self) -> bool:
        """Tell whether units may see less, because which ones see what was not followed."""
        if self.source is not None:
            return at_most(self.source[0])
        return not self.exact and bool(self.state.at_most)


#: Per side of the network's input what units see.
Fields: TypeAlias = "tuple[ReceptiveField, ...]"


class AtMost(tuple["Dim | Fraction", ...]):
    """The sizes of receptive fields per side, where units may see less."""

    __slots__ = ()


def at_most(fields: Fields | None) -> bool:
    """Tell whether receptive fields are no more than bounds."""
    if fields is None:
        return False
    return any(side.within for side in fields) or (isinstance(fields, Arranged) and fields.at_most)


def own_places(n: Dim) -> ReceptiveField:
    """Return the field of the input's own units: each sees itself."""
    return ReceptiveField((0,), (0,), 1, n)


def of_units(field: ReceptiveField, units: Dim) -> ReceptiveField:
    """Count the same units otherwise: extents that look different may have to agree."""
    return field._replace(units=units, also=tuple([of_units(part, units) for part in field.also]))


@lru_cache(maxsize=1024)
def _widest(parts: tuple[ReceptiveField, ...]) -> Dim:
    """Return the most that a unit's last pixel of any part lies behind its first of any part.

    Every phase of every pair of parts is looked at, so it is kept: a way through a transformer asks
    for one field some hundred times.
    """
    return _largest_of([_distances(a, b) for a in parts for b in parts])


def furthest(a: ReceptiveField, b: ReceptiveField) -> Dim:
    """Return the largest distance from what a unit sees first in `b` to its last in `a`."""
    if a.rims or b.rims:
        units = telling_units(a, b)
        return largest(_of_those_that_see([a.sees(u)[1] - b.sees(u)[0] for u in units]))
    ends = [(one, other) for one in (a, *a.also) for other in (b, *b.also)]
    return _largest_of([_distances(one, other) for one, other in ends])


def telling_units(*fields: ReceptiveField) -> list[int]:
    """List units that see as far as any, numbers: the first and the last of each phase, and rims.

    The units of one phase are like each other but for a distance that is linear along them.
    """
    period = lcm(*(len(part.first) for field in fields for part in (field, *field.also)))
    refuse_period(period)
    rims = {unit for field in fields for unit, *_ in field.rims}
    telling = set(rims)
    for phase in range(period):
        units = range(phase, as_number(fields[0].units), period)
        ends = [next((u for u in order if u not in rims), None) for order in (units, units[::-1])]
        telling.update(unit for unit in ends if unit is not None)
    return sorted(telling)


class _Ends(NamedTuple):
    """What may be largest, and what surely is not: another of these is, for other units."""

    kept: list[Dim]
    passed: list[Dim]


def _largest_of(ends: list[_Ends]) -> Dim:
    """Return the largest, without a comparison of symbols that is decided."""
    kept = _of_those_that_see([end for group in ends for end in group.kept])
    passed = [end for group in ends for end in group.passed]
    return largest([end for end in kept if end not in passed] or kept)


def _distances(a: ReceptiveField, b: ReceptiveField) -> _Ends:
    """Return distances from what a unit sees first in `b` to what it sees last in `a`.

    They are linear along the units of one phase, so the first and the last of them tell.
    """
    period, units = lcm(len(a.first), len(b.first)), a.units
    if isinstance(units, int):
        ends = {*range(min(period, units)), *range(max(0, units - period), units)}
        return _Ends([_between(a, u, u)[1] - _between(b, u, u)[0] for u in ends], [])
    spans: list[Dim] = []
    for phase in range(period):
        span = _between(a, phase, phase)[1] - _between(b, phase, phase)[0]
        turns = (units - 1 - phase) // period  # to the last unit of the phase
        pace = a.step * (period // len(a.first)) - b.step * (period // len(b.first))
        spans += [span, span + turns * pace]
    if period == 1 and isinstance(pace, int) and pace:  # there is a first unit
        return _Ends(spans[1:], spans[:1]) if pace > 0 else _Ends(spans[:1], spans[1:])
    return _Ends(spans, [])


def _of_those_that_see(spans: list[Dim]) -> list[Dim]:
    """Leave out the spans of units that see nothing, unless all do."""
    seeing = [span for span in spans if not isinstance(span, int) or span > -FAR // 2]
    return seeing or spans[:1]


def over_all(field: ReceptiveField) -> tuple[Dim, Dim]:
    """Return the first and the last pixel that any unit sees."""
    if field.rims:
        seen = [field.sees(unit) for unit in telling_units(field)]
        return smallest([first for first, _ in seen]), largest([last for _, last in seen])
    parts = (field, *field.also)
    ends = [_over_all(part) for part in parts]
    passed = [
        part.last[0]
        for part in parts
        if len(part.last) == 1 and isinstance(part.step, int) and part.step > 0
        if not isinstance(part.units, int)
    ]
    lasts = _largest_of([_Ends([last for _, last in ends], passed)])
    return smallest([first for first, _ in ends]), lasts


def _over_all(field: ReceptiveField) -> tuple[Dim, Dim]:
    """Return the first and the last pixel that any unit sees, but for what it sees besides.

    Of a symbolic number of units every phase has some, and its last one comes last.
    """
    units, period = field.units, len(field.first)
    if isinstance(units, int):
        return _between(field, 0, units - 1)
    ends = [
        (first, last + (units - 1 - phase) // period * field.step)
        for phase, (first, last) in enumerate(zip(field.first, field.last, strict=True))
        if first != FAR
    ]
    if not ends:
        return FAR, -FAR
    return smallest([first for first, _ in ends]), largest([last for _, last in ends])


def _between(field: ReceptiveField, low: Dim, high: Dim, every: Dim = 1) -> tuple[Dim, Dim]:
    """Return the first and the last pixel that one unit in `every` from `low` to `high` sees.

    Units after a whole period see only later pixels, so a period at either end tells.
    """
    first, last, step = field[:3]
    period = len(first)
    if period == 1:
        return _only_phase(field, low, high)
    low, high = as_number(low), as_number(high)
    if high < low:
        return FAR, -FAR
    if every != 1 and low < high:
        every = as_number(every)
        taps = range(min((high - low) // every + 1, period // gcd(period, every)))
        return (
            smallest([_between(field, low + t * every, low + t * every)[0] for t in taps]),
            largest([_between(field, high - t * every, high - t * every)[1] for t in taps]),
        )
    count = min(high - low + 1, period)
    at, end = low % period, high % period + 1
    start = smallest(first[at : at + count])
    if at + count > period:
        start = smaller(start, _moved(smallest(first[: at + count - period]), step))
    stop = largest(last[max(end - count, 0) : end])
    if end < count:
        stop = larger(stop, _moved(largest(last[end - count :]), -step))
    return _moved(start, low // period * step), _moved(stop, high // period * step)


def _only_phase(field: ReceptiveField, low: Dim, high: Dim) -> tuple[Dim, Dim]:
    """Return what units from `low` to `high` see of a field without phases."""
    if not _in_order((low, high)):
        return FAR, -FAR
    first, last, step = field[:3]
    return _moved(first[0], low * step), _moved(last[0], high * step)


def _moved(pixel: Dim, by: Dim) -> Dim:
    """Move an end of what is seen; what sees nothing sees nothing anywhere."""
    return pixel if pixel in (FAR, -FAR) else pixel + by


def _in_order(ends: tuple[Dim, ...], step: Dim | None = None) -> bool:
    """Tell whether later units never begin (or end) earlier: the units at the ends tell then."""
    after = ends[1:] if step is None else (*ends[1:], ends[0] + step)
    return all(map(_not_before, after, ends))


def _not_before(later: Dim, earlier: Dim) -> bool:
    difference = later - earlier
    if isinstance(difference, int):
        return difference >= 0
    from shapecalc.algebra.relations import always_at_least

    return always_at_least(difference, 0) or as_number(difference) >= 0


def look_back(field: ReceptiveField, step: InputSpan, units: Dim) -> ReceptiveField:
    """Return the field of `units` units that reach `step` into units that have `field`.

    >>> from shapecalc.layers.window import InputSpan, reach_up
    >>> look_back(ReceptiveField((0,), (10,), 4, 55), InputSpan((0,), (2,), 2), 27)
    ReceptiveField(first=(0,), last=(18,), step=8, units=27, also=(), rims=(), within=())
    >>> look_back(ReceptiveField((0,), (1,), 2, 4), reach_up(2, blend=False), 8)
    ReceptiveField(first=(0, 0), last=(1, 1), step=2, units=8, also=(), rims=(), within=())
    """
    if step == UP_TO_OWN:
        return _up_to_own(field, units)
    if (field.rims or step.beyond != "padding") and _has_rims(field, step):
        return _look_back_at_rims(field, step, units)
    first, last, pace, _, also = field[:5]
    lo, hi, stride = step[:3]
    if stride != 0 and not also and len(first) == 1 == len(lo):
        return ReceptiveField(
            (_moved(first[0], lo[0] * pace),),
            (_moved(last[0], hi[0] * pace),),
            pace * stride,
            units,
            within=field.within,
        )
    if step is EVERYTHING:
        begin, end = over_all(field)
        return ReceptiveField((begin,), (end,), 0, units, within=field.within)
    return _look_back(field, step, units, tuple([look_back(part, step, units) for part in also]))


def _has_rims(field: ReceptiveField, step: InputSpan) -> bool:
    """Tell whether it matters which units there are: not where all see the same, or nothing."""
    return not field.is_alike or (step.beyond == "nothing" and isinstance(field.units, int))


def _look_back_at_rims(field: ReceptiveField, step: InputSpan, units: Dim) -> ReceptiveField:
    """Return the field of units that look beyond the ends of a map, or at units near them."""
    plain = step._replace(beyond="padding")
    if not (isinstance(field.units, int) and isinstance(units, int)):
        if field.rims:  # which of the units look at them, only numbers tell
            raise UndecidedError
        return _look_back_within(field, plain, units)
    if step[:3] == EVERYTHING[:3]:
        begin, end = over_all(field)
        return ReceptiveField((begin,), (end,), 0, units)
    pattern = look_back(field._replace(rims=()), plain, units)
    rims = []
    for unit in _units_at_rims(field, step, units):
        seen = [field.sees(place) for place in _places(step, unit, field.units)] or [(FAR, -FAR)]
        ends = smallest([first for first, _ in seen]), largest([last for _, last in seen])
        if ends != pattern.sees(unit):
            rims.append((unit, *ends))
    return pattern._replace(rims=tuple(rims))


def _units_at_rims(field: ReceptiveField, step: InputSpan, units: int) -> list[int]:
    """List the units that look at one near the rim, or beyond it."""
    stretches = [(unit, unit) for unit, *_ in field.rims]
    if step.beyond != "padding":
        stretches += [(-FAR, -1), (as_number(field.units), FAR)]
    looking: set[int] = set()
    period, pace = len(step.lo), as_number(step.step)
    for phase, ends in enumerate(zip(step.lo, step.hi, strict=True)):
        low, high = map(as_number, ends)
        last = (units - 1 - phase) // period
        if high < low or last < 0:
            continue
        for start, stop in stretches:
            # Turns t of the period with low + t*pace <= stop and start <= high + t*pace.
            turns = range(last + 1)
            if pace:
                turns = range(
                    max(0, -((high - start) // pace)), min(last, (stop - low) // pace) + 1
                )
            elif low > stop or high < start:
                continue
            refuse_period(len(turns))
            looking.update(phase + period * turn for turn in turns)
    return sorted(looking)


def _places(step: InputSpan, unit: int, n: int) -> list[int]:
    """List the units of a side of `n` that a unit looks at."""
    turn, phase = divmod(unit, len(step.lo))
    low, high = (as_number(end[phase] + turn * step.step) for end in (step.lo, step.hi))
    places = range(low, high + 1, max(as_number(step.every), 1))
    refuse_period(len(places))
    if step.beyond == "nothing":
        return [place for place in places if 0 <= place < n]
    if step.beyond == "nearest":
        return sorted({min(max(place, 0), n - 1) for place in places})
    if step.beyond == "mirrored":
        return sorted({min(abs(place), 2 * (n - 1) - abs(place)) for place in places})
    return [*places]


def _look_back_within(field: ReceptiveField, plain: InputSpan, units: Dim) -> ReceptiveField:
    """Return the same with symbols: of units that see what is there, this is what they see."""
    pattern = look_back(field, plain, units)
    first, last = over_all(ReceptiveField(plain.lo, plain.hi, plain.step, units))
    if _never_before(first, 0) and _never_before(field.units - 1, last):
        return pattern
    within = dict.fromkeys((*field.within, over_all(field)))
    return pattern._replace(within=tuple(within))


def _never_before(a: Dim, b: Dim) -> bool:
    """Tell whether a is surely at least b."""
    if isinstance(a, int) and isinstance(b, int):
        return a >= b
    from shapecalc.algebra.bounds import surely_at_least

    return surely_at_least(a, b, {})


def _up_to_own(field: ReceptiveField, units: Dim) -> ReceptiveField:
    """Return the field of units that reach from the first unit to the one at their own place."""
    first, last, pace = field[:3]
    ordered = len(first) == 1 or (_in_order(first, pace) and _in_order(last, pace))
    if not field.also and not field.rims and ordered:
        return look_back_both(look_back(field, OWN, units), look_back(field, FIRST, units))
    count = as_number(units)
    refuse_period(count)
    firsts, lasts = zip(*map(field.sees, range(count)), strict=True)
    step = count // len(first) * pace
    return ReceptiveField(
        tuple(accumulate(firsts, smaller)), tuple(accumulate(lasts, larger)), step, units
    )


def _look_back(
    field: ReceptiveField, step: InputSpan, units: Dim, also: tuple[ReceptiveField, ...]
) -> ReceptiveField:
    first, last, pace = field[:3]
    lo, hi, stride, _, every = step[:5]
    if pace == 0 and len(first) == 1 and all(map(_sees_some, lo, hi)):
        return ReceptiveField(first, last, 0, units, also, within=field.within)
    period = len(first)
    rounds = 1 if period == 1 else period // gcd(period, as_number(stride))
    refuse_period(len(lo) * rounds)
    reached = [
        (low + turn * stride, high + turn * stride)
        for turn in range(rounds)
        for low, high in zip(lo, hi, strict=True)
    ]
    if period == 1 or (_in_order(first, pace) and _in_order(last, pace)):
        seeing = [_sees_some(low, high) for low, high in reached]
        firsts = [
            _moved(first[as_number(low % period)], low // period * pace) if sees else FAR
            for (low, _), sees in zip(reached, seeing, strict=True)
        ]
        lasts = [
            _moved(last[as_number(high % period)], high // period * pace) if sees else -FAR
            for (_, high), sees in zip(reached, seeing, strict=True)
        ]
    else:
        ends = [_between(field, low, high, every) for low, high in reached]
        firsts, lasts = [first for first, _ in ends], [last for _, last in ends]
    return ReceptiveField(
        tuple(firsts),
        tuple(lasts),
        rounds * stride // period * pace,
        units,
        also,
        within=field.within,
    )


def _sees_some(low: Dim, high: Dim) -> bool:
    """Tell whether a reach is not empty; with symbols only those of adaptive pools are unequal."""
    return not isinstance(low, int) or not isinstance(high, int) or low <= high


def through(
    fields: Fields, window: tuple[InputSpan, ...] | None, given: Shape, output: Shape
) -> Fields:
    """Look at the fields of a shape's units through a span a side."""
    if window is None:
        return fields
    if window is SEES_ALL:
        return tuple([look_back(along, EVERYTHING, 1) for along in fields])
    if len(window) != len(fields):
        return fields
    for step in window:
        if step.beyond == "nothing":  # where all see the same it matters how many there are
            fields = tuple(map(of_units, fields, given.sides))
    return tuple(map(look_back, fields, window, output.sides))


def is_plain(window: Sees) -> bool:
    """Tell whether a window looks along every side at its own place, as nearly all do."""
    if type(window) is not tuple:
        return False
    for step in window:  # noqa: SIM110  (half of the time that `any` takes, for every layer)
        if step.side >= 0 or step.every == 0:  # type: ignore[union-attr]
            return False
    return True


def look_back_both(a: ReceptiveField, b: ReceptiveField) -> ReceptiveField:
    """Return the field of units that see what the units of two branches see.

    >>> look_back_both(ReceptiveField((-1,), (1,), 2, 7), ReceptiveField((-3,), (3,), 2, 7))
    ReceptiveField(first=(-3,), last=(3,), step=2, units=7, also=(), rims=(), within=())
    """
    if a == b:
        return a
    if a[2:] == b[2:] and not (a.also or a.rims) and len(a.first) == 1 == len(b.first):
        first, last = smaller(a.first[0], b.first[0]), larger(a.last[0], b.last[0])
        return ReceptiveField((first,), (last,), a.step, a.units, within=a.within)
    if a.units != b.units and _differs(a) and _differs(b):  # rows of elements arranged otherwise
        a, b = look_back(a, EVERYTHING, a.units), look_back(b, EVERYTHING, a.units)
    if a.rims or b.rims or a.within or b.within:
        return _both_at_rims(a, b)
    units = a.units if _differs(a) else b.units
    parts = [a._replace(units=units, also=()), *a.also]
    for new in (b._replace(units=units, also=()), *b.also):
        for place, part in enumerate(parts):
            if new.step * len(part.first) == part.step * len(new.first):
                parts[place] = _same_pace(part, new)
                break
        else:
            parts.append(new)
    if len(parts) == 1:
        return parts[0]
    refuse_period(lcm(*(len(part.first) for part in parts)))
    common = lcm(*(len(part.first) for part in parts))
    paces = [part.step * (common // len(part.first)) for part in parts]
    fastest, *others = [parts[i] for i in _falling(paces)]
    return fastest._replace(also=tuple(others))


def _falling(paces: list[Dim]) -> list[int]:
    """Return the order in which paces fall.  Raises `UndecidedError` where symbols decide."""
    from shapecalc.algebra.bounds import is_recorded, surely_at_least

    least = [pace.low if is_recorded(pace) else as_number(pace) for pace in paces]
    order = sorted(range(len(paces)), key=lambda i: -least[i])
    if not all(surely_at_least(paces[a], paces[b], {}) for a, b in pairwise(order)):
        raise UndecidedError
    return order


def _both_at_rims(a: ReceptiveField, b: ReceptiveField) -> ReceptiveField:
    """Return the same where units near the rims see otherwise, or may see less."""
    both = look_back_both(a._replace(rims=(), within=()), b._replace(rims=(), within=()))
    rims = []
    for unit in sorted({unit for field in (a, b) for unit, *_ in field.rims}):
        (first, last), (first_b, last_b) = a.sees(unit), b.sees(unit)
        ends = smaller(first, first_b), larger(last, last_b)
        if ends != both.sees(unit):
            rims.append((unit, *ends))
    within = tuple(dict.fromkeys((*a.within, *b.within)))
    return both._replace(rims=tuple(rims), within=within)


def _differs(field: ReceptiveField) -> bool:
    """Tell whether units differ in what they see, by their own pace or by a list without one."""
    return field.step != 0 or len(field.first) > 1 or bool(field.rims)


def _same_pace(a: ReceptiveField, b: ReceptiveField) -> ReceptiveField:
    """Join fields that move alike, over the least period that both have."""
    period = lcm(len(a.first), len(b.first))
    refuse_period(period)
    (first, last), (first_b, last_b) = _over(a, period), _over(b, period)
    return ReceptiveField(
        tuple(map(smaller, first, first_b)),
        tuple(map(larger, last, last_b)),
        a.step * period // len(a.first),
        a.units,
    )


def _over(field: ReceptiveField, period: int) -> tuple[tuple[Dim, ...], tuple[Dim, ...]]:
    """Write a field's pattern over a multiple of its period."""
    first, last, step = field[:3]
    turns = range(period // len(first))
    return (
        tuple([_moved(pixel, turn * step) for turn in turns for pixel in first]),
        tuple([_moved(pixel, turn * step) for turn in turns for pixel in last]),
    )


def is_stretched(n: Dim, units: Dim, join: Layer, field: ReceptiveField) -> bool:
    """Tell whether a side is 1 and stretches; otherwise it is that of the output."""
    from shapecalc.layers.merge import Join

    if n == units or not (isinstance(join, Join) and join.stretches(1)):
        return False
    if isinstance(n, int) and isinstance(units, int):
        return n == 1
    from shapecalc.algebra.relations import joined_only_where

    if joined_only_where(n, units, n, "equal to", units):
        return False
    # Where both are 1 nothing stretches, and the unit keeps its distance to others.
    sure = field.step == 0 or joined_only_where(n, units, units, "at least", 2)
    if sure and (n == 1 or joined_only_where(n, units, n, "equal to", 1)):
        return True
    raise UndecidedError

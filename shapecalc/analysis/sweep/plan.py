"""How a sweep is computed: what is a formula of its names, and what must be wired anew.

Names that can stay symbols are `free`: one propagation gives every column as a formula of them.
Where that does not do for all, as for strides, what the rules compute is recorded for the values of
the free ones (`taped`).  The others, such as numbers of repeats, are `fixed`: for each of their
values the network is wired and propagated again.
"""

from __future__ import annotations

from itertools import product
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.algebra.expr import Atom, Floor, Quotient, Symbol, divisors_of, symbols_of
from shapecalc.algebra.relations import where
from shapecalc.algebra.tape import Recorded
from shapecalc.analysis.sweep.axes import Axis, Ground, fixed_at
from shapecalc.analysis.sweep.columns import (
    NeedsNumbersError,
    SweepColumn,
    asks_for_fields,
    read_measures,
)
from shapecalc.analysis.sweep.taped import Asked, Taped, record
from shapecalc.errors import NO_SYMBOL, Problem, SpecErrors
from shapecalc.graph import UnequalRoundsError, done_to
from shapecalc.graph.expand_statements import MAX_LAYERS
from shapecalc.layers.base import field_bounds
from shapecalc.layers.fields import LARGEST
from shapecalc.layers.shape import as_list
from shapecalc.report.apply import WIDEST
from shapecalc.report.compute import compute_report, total
from shapecalc.report.receptive_field import FAR
from shapecalc.spec.ranges import must_be_few, points

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from shapecalc.algebra import Dim
    from shapecalc.algebra.integer_sets import Integers
    from shapecalc.output.view import View
    from shapecalc.report import Report, Row
    from shapecalc.report.domain import Domain
    from shapecalc.spec.ranges import Range

    #: Passes on what it is given, and shows how far it is; the number is how many there are.
    Progress = Callable[[Iterable[tuple[int, ...]], int], Iterable[tuple[int, ...]]]


class Guard(NamedTuple):
    """A number of the network that outgrows what is computed with, somewhere in the sweep."""

    value: Dim
    most: int
    note: str


class Formulas(NamedTuple):
    """Columns by machine name, as formulas of the symbols; or `refused`, why there are none.

    A column is None where the network has no such layer.  `domain` and `guards` tell where the
    formulas hold.  What is in `doubtful`, a layer with the numbers or the value that it asks for,
    is asked by a formula alone, not by the network.  Instead of formulas there may be what was
    `taped`, which has other conditions.
    """

    columns: Mapping[str, Dim | None]
    domain: Domain | None = None
    guards: tuple[Guard, ...] = ()
    doubtful: frozenset[tuple[str, object]] = frozenset()
    refused: str = ""
    taped: Taped | None = None


def formulas_of(
    report: Report, measures: Sequence[SweepColumn], view: View, highest: Mapping[str, int]
) -> Formulas:
    """Take the columns out of a report.

    `highest` holds the symbols' largest values.  Raises `columns.NeedsNumbersError` where
    with symbols a value has no formula.
    """
    columns = _columns_of(report, measures, view)
    if report.domain is None:
        return Formulas(columns)
    guards = _guards_of(report, highest)
    doubtful = frozenset((row.name, period) for row in report.rows for period in _periods(row))
    return Formulas(columns, report.domain, guards, doubtful)


def _columns_of(
    report: Report, measures: Sequence[SweepColumn], view: View
) -> dict[str, Dim | None]:
    columns: dict[str, Dim | None] = {}
    for measure in measures:
        try:
            values = measure.values(report, view)
        except SpecErrors as error:
            if _codes(error) & NO_SYMBOL:
                raise NeedsNumbersError from None
            raise
        if values is None:
            columns[measure.name] = None
            continue
        for part, value in values.items():
            columns[f"{measure.name}.{part}" if part else measure.name] = value
    return columns


def _guards_of(report: Report, highest: Mapping[str, int]) -> tuple[Guard, ...]:
    memo: dict[object, tuple[int, int]] = {}
    guards = dict.fromkeys(
        guard
        for row in report.rows
        for guard in _guards(row)
        if magnitude(guard.value, highest, memo) > guard.most  # type: ignore[arg-type]
    )
    return tuple(guards)


def _taped_formulas(taped: Taped, measures: Sequence[SweepColumn], view: View) -> Formulas:
    """Take the columns out of what was recorded.  Raises `columns.NeedsNumbersError`."""
    if taped.alike is not None:
        columns = _columns_alike(taped, measures, view)
    else:
        columns = _columns_of(taped.report, measures, view)
    fields = any(measure.kind.name == "sides" for measure in measures)
    return formulas_for(taped, columns, fields=fields)


def formulas_for(taped: Taped, columns: Mapping[str, Dim | None], *, fields: bool) -> Formulas:
    """Pair columns with what tells where they hold; receptive `fields` may not be asked for.

    Raises `columns.NeedsNumbersError`.
    """
    if not fields:
        taped = taped._replace(doubts=())
    guards = _guards_of(taped.report, {})
    if taped.alike is not None:
        guards += (Guard(taped.alike.steps, MAX_LAYERS, "the network grows too large"),)
        if not _all_have_values(taped, [*columns.values(), *(guard.value for guard in guards)]):
            raise NeedsNumbersError
    return Formulas(columns, guards=guards, taped=taped)


def _all_have_values(taped: Taped, dims: Iterable[Dim | None]) -> bool:
    """Tell whether nothing depends on the number of a round."""
    needs = [*(check.need for check in taped.checks), *taped.doubts]
    every = [*dims, *(side for need in needs for side in (need.value, need.bound)), *taped.times]
    every += [dim for node in range(len(taped.report.rows)) for dim in taped.parts_of(node)]
    names = {name for dim in every if isinstance(dim, Recorded) for name in dim.names}
    return names <= {*taped.report.graph.symbols}


#: Totals that are added up of the rows' own, and those that sums of the rows give.
_BY_ROWS = ("count", "moved", "weights_read", "inputs_read", "outputs_written",
            "parameter_memory", "flash")  # fmt: skip
_BY_SUMS = ("weights", "biases", "params", "trainable", "frozen", "buffers", "connections",
            "macs", "flops", "activations", "memory", "peak_activations", "peak_memory",
            "kv_cache", "kv_cache_memory")  # fmt: skip


def _columns_alike(
    taped: Taped, measures: Sequence[SweepColumn], view: View
) -> dict[str, Dim | None]:
    """Take columns out of a network of which layers stand for several.

    Raises `columns.NeedsNumbersError` for what such a layer does not have.
    """
    groups: dict[Dim, list[Row]] = {}
    for row, times in zip(taped.report.rows, taped.times, strict=True):
        groups.setdefault(times, []).append(row)
    columns: dict[str, Dim | None] = {}
    for measure in measures:
        if measure.layer or measure.name not in _BY_ROWS:
            if not (measure.layer or measure.of_end or measure.name in _BY_SUMS):
                raise NeedsNumbersError
            if measure.layer and not _is_settled(taped, measure.layer):
                raise NeedsNumbersError
            columns |= _columns_of(taped.report, [measure], view)
            continue
        summed: Dim = 0
        for times, rows in groups.items():
            part = taped.report.with_rows(tuple(rows), total(tuple(rows), 0))
            value = _columns_of(part, [measure], view)[measure.name]
            assert value is not None
            summed += value * times
        columns[measure.name] = summed
    return columns


def _is_settled(taped: Taped, layer: str) -> bool:
    """Tell whether a name is that of one layer, or of a level of such, however many rounds."""
    assert taped.alike is not None
    inside = [
        index
        for index, row in enumerate(taped.report.rows)
        if f"{row.name}/".startswith(f"{layer}/")
    ]
    rounds = taped.alike.rounds
    return (
        bool(inside)
        and not taped.is_numbered(layer)
        and not any(one.first <= index < one.end for one in rounds for index in inside)
    )


def _guards(row: Row) -> Iterator[Guard]:
    """List what propagation refuses when it grows too large: fields, extents, fields of view."""
    if row.layer is not None:
        for need in field_bounds(row.layer):
            note = f"{row.name}: {need.value} exceeds {LARGEST:,}, the most that a field may hold"
            yield Guard(need.value, LARGEST, note)
    for extent in as_list(row.output):
        if not isinstance(extent, int):
            yield Guard(extent, WIDEST, f"{row.name}: an extent outgrows {WIDEST:.0e}")
    for side in row.field or ():
        for part in (side, *side.also):
            for dim in (*part.first, *part.last, part.step):
                if not isinstance(dim, int) and _near(dim):
                    note = f"{row.name}: the receptive field outgrows {WIDEST:.0e} pixels"
                    yield Guard(dim, WIDEST, note)


def _near(dim: Dim) -> bool:
    """Tell the ends of fields from those that stand for a unit that sees nothing."""
    if isinstance(dim, Recorded):
        return dim.widest < FAR
    return magnitude(dim, dict.fromkeys(symbols_of(dim), 0)) < FAR


def _periods(row: Row) -> Iterator[Integers | Dim]:
    """Yield what the receptive field's formula asks for: a whole period of units.

    For one symbol that is a set of its values, as the domain's limits have it.
    """
    for side in row.field or ():
        for part in (side, *side.also):
            if len(part.first) > 1 and not isinstance(part.units, int):
                names = symbols_of(part.units)
                alone = next(iter(names)) if len(names) == 1 else None
                numbers = alone and where(part.units, "at least", len(part.first), alone)
                yield numbers or part.units


def magnitude(
    dim: Dim, highest: Mapping[str, int], memo: dict[Atom, tuple[int, int]] | None = None
) -> int:
    """Return a number that no intermediate result of `expr.evaluate` exceeds, signs aside.

    `highest` holds the largest value of every symbol, each from 0 on.  `memo` keeps what was found
    for atoms.

    >>> from shapecalc.algebra.expr import symbol
    >>> magnitude(3 * symbol("H") * symbol("H") - 7, {"H": 10})
    307
    """
    return _bounds(dim, highest, {} if memo is None else memo)[1]


def largest(dim: Dim, highest: Mapping[str, int]) -> int:
    """Return a number that the value itself does not exceed, its sign aside."""
    return _bounds(dim, highest, {})[0]


def _bounds(
    dim: Dim, highest: Mapping[str, int], memo: dict[Atom, tuple[int, int]]
) -> tuple[int, int]:
    """Bound the value, and all that is computed on the way to it."""
    if isinstance(dim, int):
        return abs(dim), abs(dim)
    if isinstance(dim, Recorded):
        return max(abs(dim.low), abs(dim.high)), dim.widest
    total = inside = 0
    for atoms, factor in dim.terms:
        term = abs(factor)
        for atom, power in atoms:
            if atom not in memo:
                memo[atom] = _of_atom(atom, highest, memo)
            value, most = memo[atom]
            term *= max(value, 1) ** power  # a later 0 does not undo what came before it
            inside = max(inside, most)
        total += term
    return total, max(total, inside)


def _of_atom(
    atom: Atom, highest: Mapping[str, int], memo: dict[Atom, tuple[int, int]]
) -> tuple[int, int]:
    if isinstance(atom, Symbol):
        return highest[atom.name], highest[atom.name]
    if isinstance(atom, Floor):
        over, inside = _bounds(atom.over, highest, memo)
        return over // atom.by + 1, max(inside, atom.by)
    if isinstance(atom, Quotient):
        over, inside = _bounds(atom.over, highest, memo)
        return over + 1, max(inside, _bounds(atom.by, highest, memo)[1])
    bounds = [_bounds(argument, highest, memo) for argument in atom.of]
    value = max(largest for largest, _ in bounds)
    return value, max(4 * value, *(inside for _, inside in bounds))  # a + b + |a - b|


#: A sweep may have so many points, one that is written as it is computed so many; and so many of
#: them may be propagated one by one.
MAX_POINTS = 10_000_000
MAX_STREAMED = 10_000_000_000
MAX_PROPAGATED = 10_000


class _Trials:
    """Propagations of one ground, each done once."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.done: dict[tuple[tuple[str, int], ...], Report | SpecErrors] = {}

    def report(self, values: Mapping[str, int]) -> Report:
        """Propagate; the symbols of axes without a value stay.  Raises `SpecErrors`."""
        key = tuple(sorted(values.items()))
        outcome = self.done.pop(key, None)
        if outcome is None:
            outcome = compute_report(self.ground.wire(values))
        if isinstance(outcome, SpecErrors):
            raise outcome
        return outcome

    def divisors(self, values: Mapping[str, int]) -> set[str]:
        """Return the symbols that sizes are divided by: value by value more is known of these."""
        self.refuses(values)
        outcome = self.done[tuple(sorted(values.items()))]
        rows = () if isinstance(outcome, SpecErrors) else outcome.rows
        return {name for row in rows for n in as_list(row.output) for name in divisors_of(n)}

    def refuses(self, values: Mapping[str, int]) -> bool:
        """Tell whether some name without a value cannot be a symbol."""
        key = tuple(sorted(values.items()))
        try:
            self.done[key] = self.report(values)
        except SpecErrors as error:
            self.done[key] = error
            return bool(_codes(error) & NO_SYMBOL)
        return False


class Plan(NamedTuple):
    """A sweep on its way: `formulas` by the indices of the fixed axes' values."""

    ground: Ground
    measures: tuple[SweepColumn, ...]
    view: View
    free: tuple[Axis, ...]
    fixed: tuple[Axis, ...]
    formulas: Mapping[tuple[int, ...], Formulas]

    @property
    def doubts(self) -> tuple[str, ...]:
        """Doubts about how the spec was read, with values of what is swept, and what is asked."""
        let = self.ground.spec.let
        values = {
            axis.symbol: axis.values[0]
            for axis in self.ground.axes
            if axis.over.field is not None or axis.symbol in let
        }
        bytes_ = any(measure.counts_bytes for measure in self.measures)
        return (*self.ground.wire(values).remarks, *self.view.idle(counts_bytes=bytes_))

    @property
    def deployed(self) -> tuple[str, ...]:
        """What was done to the network at every point."""
        return done_to(self.ground.spec)


def make_plan(
    ground: Ground,
    columns: str | None,
    view: View,
    progress: Progress | None = None,
    sample: tuple[int, int] | None = None,
    most: int = MAX_POINTS,
) -> Plan:
    """Find formulas for every column; of a `sample` so many points are drawn with a seed.

    There may be at most so many points.
    Raises `SpecErrors`: E342 for too many points, E301 for an unknown column, and what is wrong
    with the network when it is wrong at every value.
    """
    ranges = [axis.over for axis in ground.axes]
    if sample is None:
        must_be_few(ranges, most, "use a step, fewer values, or --sample 100000")
    ground = ground._replace(drawn=_drawn(ranges, sample))
    trials = _Trials(ground)
    if _all_symbols(trials):
        try:
            return _planned(trials, (), columns, view, progress)
        except NeedsNumbersError:
            pass
    for wirings in _wirings(ground, asks_for_fields(columns)):
        if wirings.joint or len(wirings.fixed) < len(ground.axes):
            try:
                return _planned(trials, wirings.fixed, columns, view, progress, wirings)
            except NeedsNumbersError:
                pass
    try:
        return _planned(trials, _fixed(trials), columns, view, progress)
    except NeedsNumbersError:
        return _planned(trials, ground.axes, columns, view, progress)


def _drawn(ranges: Sequence[Range], sample: tuple[int, int] | None) -> tuple[int, ...] | None:
    """Draw points, by their numbers in the order of the grid; None: all of them."""
    total = points(ranges)
    if sample is None or sample[0] >= total:
        return None
    count, seed = sample
    draw = Random(seed)  # noqa: S311  (no secret)
    if 2 * count > total:
        return tuple(sorted(draw.sample(range(total), count)))
    drawn: set[int] = set()
    while len(drawn) < count:
        drawn.add(draw.randrange(total))
    return tuple(sorted(drawn))


def _planned(
    trials: _Trials,
    fixed: tuple[Axis, ...],
    columns: str | None,
    view: View,
    progress: Progress | None,
    wirings: Wirings | None = None,
) -> Plan:
    """Propagate for each value of the fixed axes: with `wirings` recorded, else with symbols."""
    ground = trials.ground
    names = " and ".join(f"'{axis.name}'" for axis in fixed)
    if ground.drawn is None:
        must_be_few(
            [axis.over for axis in fixed],
            MAX_PROPAGATED,
            f"the network is wired anew for every value of {names}: use a step, or fewer values",
        )
    free = tuple(axis for axis in ground.axes if axis not in fixed)
    highest = {axis.symbol: axis.highest for axis in free}
    indices = _indices(ground, fixed)
    total = len(indices)
    known = ground.paths({axis.symbol: axis.values[-1] for axis in ground.axes})
    measures: tuple[SweepColumn, ...] | None = None
    formulas: dict[tuple[int, ...], Formulas] = {}
    late: dict[tuple[int, ...], SpecErrors] = {}
    made: dict[int, tuple[Taped, Formulas]] = {}  # what was recorded stays, so that an id means it
    for index in progress(indices, total) if progress is not None else indices:
        values = fixed_at(fixed, [axis.values[i] for axis, i in zip(fixed, index, strict=True)])
        recorded = None
        try:
            if wirings is not None:
                recorded = wirings.at(values)
                report = recorded.report
            else:
                report = _report(trials, values, free)
        except SpecErrors as error:
            late[index] = error
            formulas[index] = Formulas({}, refused=note_of(error))
            continue
        if measures is None:
            measures = read_measures(columns, view, report, known)
        if recorded is None:
            formulas[index] = formulas_of(report, measures, view, highest)
            continue
        if id(recorded) not in made:
            made[id(recorded)] = recorded, _taped_formulas(recorded, measures, view)
        formulas[index] = made[id(recorded)][1]
    if measures is None:
        raise _as_swept(next(iter(late.values())), ground)
    return Plan(ground, measures, view, free, fixed, formulas)


def _indices(ground: Ground, fixed: Sequence[Axis]) -> Sequence[tuple[int, ...]]:
    """List the indices of the fixed axes' values that occur."""
    if ground.drawn is None:
        return list(product(*(range(len(axis.values)) for axis in fixed)))
    which = [at for at, axis in enumerate(ground.axes) if axis in fixed]
    places = (ground.place(number) for number in ground.drawn)
    return sorted({tuple([place[at] for at in which]) for place in places})


def _report(trials: _Trials, values: Mapping[str, int], free: Sequence[Axis]) -> Report:
    """Propagate with the free axes as symbols.

    Raises `NeedsNumbersError` when that fails although some of their values would do.
    """
    try:
        return trials.report(values)
    except SpecErrors as error:
        if not free:
            raise
        if _codes(error) & NO_SYMBOL:
            raise NeedsNumbersError from None
        for end in (0, -1):
            try:
                trials.report({**values, **{a.symbol: a.values[end] for a in free}})
            except SpecErrors:
                continue
            raise NeedsNumbersError from None
        try:  # what is refused of letters may be there between the ends
            _recorded(trials.ground, values, free, Asked(rounds=False, fields=False))
        except SpecErrors:
            raise error from None
        raise NeedsNumbersError from None


#: What is said of recorded numbers where only numbers of one point will do: beside symbols,
#: exponents and divisors, and shared weights, which two numbers may be equal for.
_NEEDS_NUMBERS = NO_SYMBOL | {"E115", "E154"}


def _recorded(
    ground: Ground, values: Mapping[str, int], free: Sequence[Axis], asked: Asked
) -> Taped:
    """Record a wiring.  Raises `NeedsNumbersError` where the rules need numbers of one point."""
    try:
        return record(ground, values, free, asked)
    except UnequalRoundsError:
        raise NeedsNumbersError from None
    except SpecErrors as error:
        if _codes(error) & _NEEDS_NUMBERS:
            raise NeedsNumbersError from None
        raise


#: So many of the smallest values of a name are wired by themselves, where the others are recorded
#: together: of no round, and of one or two.
FEW = 3


class Wirings:
    """How a ground is wired for the values of its `fixed` axes, with those of others recorded.

    Of `joint` axes, by their symbols, these values are recorded together.  `alone`: where that will
    not do with the values of others, each is wired by itself.
    """

    def __init__(
        self,
        ground: Ground,
        fixed: tuple[Axis, ...],
        joint: Mapping[str, Axis],
        asked: Asked,
        *,
        alone: bool,
    ) -> None:
        self.ground = ground
        self.fixed = fixed
        self.joint = joint
        self.asked = asked
        self.alone = alone
        self.free = tuple(axis for axis in ground.axes if axis not in fixed)
        self.done: dict[tuple[tuple[str, int], ...], Taped | None] = {}

    def at(self, values: Mapping[str, int]) -> Taped:
        """Record a wiring for values of the fixed axes.

        Raises `SpecErrors` where it does not exist, `NeedsNumbersError` where it needs numbers of
        one point.
        """
        joint = [axis for name, axis in self.joint.items() if values[name] >= axis.lowest]
        if not joint:
            return _recorded(self.ground, values, self.free, self.asked)
        symbols = {axis.symbol for axis in joint}
        rest = {name: value for name, value in values.items() if name not in symbols}
        key = tuple(rest.items())
        if key not in self.done:
            try:
                self.done[key] = _recorded(self.ground, rest, (*self.free, *joint), self.asked)
            except (NeedsNumbersError, SpecErrors):
                self.done[key] = None
        recorded = self.done[key]
        if recorded is not None:
            return recorded
        if not self.alone:
            raise NeedsNumbersError
        return _recorded(self.ground, values, self.free, self.asked._replace(rounds=False))


def _wirings(ground: Ground, fields: bool) -> Iterator[Wirings]:
    """Yield ways to wire a ground, from the one with the fewest wirings on."""
    counted = Asked(rounds=True, fields=fields)
    few = _wired(ground, counted)
    joint = {axis.symbol: most for axis in few if (most := _joint(ground, axis, counted))}
    yield Wirings(ground, few, joint, counted, alone=False)
    last = by_values(ground, fields=fields)
    joint |= {axis.symbol: axis for axis in last.fixed if axis not in few}
    if joint:
        yield Wirings(ground, last.fixed, joint, counted, alone=True)
    yield last


def by_values(ground: Ground, *, fields: bool) -> Wirings:
    """Return the way to wire a ground anew for each number of rounds."""
    asked = Asked(rounds=False, fields=fields)
    return Wirings(ground, _wired(ground, asked), {}, asked, alone=False)


def _wired(ground: Ground, asked: Asked) -> tuple[Axis, ...]:
    """Find the axes whose values cannot be recorded: the network must be wired anew for each."""
    axes = ground.axes
    if not _needs_numbers(ground, axes, asked):
        return ()
    return tuple(axis for axis in axes if _needs_numbers(ground, [axis], asked))


def _joint(ground: Ground, axis: Axis, asked: Asked) -> Axis | None:
    """Return an axis with all but a few small values, where these can be recorded together."""
    rising = sorted(set(axis.values))
    for few in range(1, min(FEW, len(rising) - 1) + 1):
        rest = axis._replace(over=axis.over._replace(values=tuple(rising[few:])))
        if not _needs_numbers(ground, [rest], asked):
            return rest
    return None


def _needs_numbers(ground: Ground, free: Sequence[Axis], asked: Asked) -> bool:
    """Tell whether values of axes cannot be recorded, at the ends of those of the others."""
    names = {axis.symbol for axis in free}
    for end in (0, -1) if asked.rounds else (0,):
        values = {axis.symbol: axis.values[end] for axis in ground.axes if axis.symbol not in names}
        try:
            _recorded(ground, values, free, asked)
        except NeedsNumbersError:
            continue
        except SpecErrors:  # at these values, for another reason
            pass
        return False
    return True


def _all_symbols(trials: _Trials) -> bool:
    """Tell whether every axis can stay a symbol of one formula."""
    axes = trials.ground.axes
    if any(axis.lowest < 1 for axis in axes) or trials.refuses({}):
        return False
    return trials.divisors({}).isdisjoint(axis.symbol for axis in axes)


def _fixed(trials: _Trials) -> tuple[Axis, ...]:
    """Find the axes that the network must be wired anew for."""
    axes = trials.ground.axes
    first = {axis.symbol: axis.values[0] for axis in axes}
    fixed = [axis for axis in axes if axis.lowest < 1]  # symbols are from 1 on
    rest = [axis for axis in axes if axis not in fixed]
    if rest and trials.refuses({axis.symbol: first[axis.symbol] for axis in fixed}):
        fixed += [
            axis
            for axis in rest
            if trials.refuses({name: v for name, v in first.items() if name != axis.symbol})
        ]
    if len(fixed) < len(axes):
        dividing = trials.divisors({axis.symbol: first[axis.symbol] for axis in fixed})
        fixed += [axis for axis in axes if axis.symbol in dividing]
    return tuple(axis for axis in axes if axis in fixed)


def _codes(error: SpecErrors) -> set[str]:
    return {problem.code for problem in error.problems}


def note_of(error: SpecErrors) -> str:
    """Say in a line why a network does not exist."""
    first, *more = error.problems
    why = f" ({first.hint})" if first.hint.startswith("no value of ") else ""
    others = f" (and {len(more)} more)" if more else ""
    return first.message + why + others


def _as_swept(error: SpecErrors, ground: Ground) -> SpecErrors:
    """Name the option that a value really came from."""
    names = {f"--set {axis.symbol}=": axis for axis in ground.axes}

    def moved(problem: Problem) -> Problem:
        if problem.origin is None:
            return problem
        name = problem.origin.source.name
        axis = next((axis for begin, axis in names.items() if name.startswith(begin)), None)
        return problem if axis is None else problem._replace(origin=axis.over.origin)

    return SpecErrors(map(moved, error.problems))

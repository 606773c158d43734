"""How a sweep is computed: what is a formula of its names, and what must be wired anew.

Names that can stay symbols are `free`: one propagation gives every column as a formula of them.
The others, such as strides and numbers of repeats, are `fixed`: for each of their values the
network is wired and propagated again.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.analysis.sweep.axes import fixed_at
from shapecalc.analysis.sweep.columns import NeedsNumbersError, read_measures
from shapecalc.analysis.sweep.formulas import Formulas, formulas_of
from shapecalc.errors import Problem, SpecErrors
from shapecalc.report.compute import compute_report
from shapecalc.spec.ranges import must_be_few

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from shapecalc.analysis.sweep.axes import Axis, Ground
    from shapecalc.analysis.sweep.columns import SweepColumn
    from shapecalc.output.view import View
    from shapecalc.report import Report

    #: Passes on what it is given, and shows how far it is; the number is how many there are.
    Progress = Callable[[Iterable[tuple[int, ...]], int], Iterable[tuple[int, ...]]]

#: A sweep may have so many points, and so many of them may be propagated one by one.
MAX_POINTS = 10_000_000
MAX_PROPAGATED = 10_000
#: What the rules say of symbols that they cannot compute with.
_NO_SYMBOL = frozenset({"E121", "E122"})


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

    def refuses(self, values: Mapping[str, int]) -> bool:
        """Tell whether some name without a value cannot be a symbol."""
        key = tuple(sorted(values.items()))
        try:
            self.done[key] = self.report(values)
        except SpecErrors as error:
            self.done[key] = error
            return bool(_codes(error) & _NO_SYMBOL)
        return False


class Plan(NamedTuple):
    """A sweep on its way: `formulas` by the indices of the fixed axes' values."""

    ground: Ground
    measures: tuple[SweepColumn, ...]
    view: View
    free: tuple[Axis, ...]
    fixed: tuple[Axis, ...]
    formulas: Mapping[tuple[int, ...], Formulas]


def make_plan(
    ground: Ground, columns: str | None, view: View, progress: Progress | None = None
) -> Plan:
    """Find formulas for every column.

    Raises `SpecErrors`: E342 for too many points, E301 for an unknown column, and what is wrong
    with the network when it is wrong at every value.
    """
    ranges = [axis.over for axis in ground.axes]
    must_be_few(ranges, MAX_POINTS, "use a step, or fewer values")
    trials = _Trials(ground)
    try:
        return _planned(trials, _fixed(trials), columns, view, progress)
    except NeedsNumbersError:
        return _planned(trials, ground.axes, columns, view, progress)


def _planned(
    trials: _Trials,
    fixed: tuple[Axis, ...],
    columns: str | None,
    view: View,
    progress: Progress | None,
) -> Plan:
    ground = trials.ground
    names = " and ".join(f"'{axis.name}'" for axis in fixed)
    must_be_few(
        [axis.over for axis in fixed],
        MAX_PROPAGATED,
        f"the network is wired anew for every value of {names}: use a step, or fewer values",
    )
    free = tuple(axis for axis in ground.axes if axis not in fixed)
    highest = {axis.symbol: axis.highest for axis in free}
    indices = product(*(range(len(axis.values)) for axis in fixed))
    total = 1
    for axis in fixed:
        total *= len(axis.values)
    known = ground.paths({axis.symbol: axis.values[-1] for axis in ground.axes})
    measures: tuple[SweepColumn, ...] | None = None
    formulas: dict[tuple[int, ...], Formulas] = {}
    late: dict[tuple[int, ...], SpecErrors] = {}
    for index in progress(indices, total) if progress is not None else indices:
        values = [axis.values[i] for axis, i in zip(fixed, index, strict=True)]
        try:
            report = _report(trials, fixed_at(fixed, values), free)
        except SpecErrors as error:
            late[index] = error
            formulas[index] = Formulas({}, refused=note_of(error))
            continue
        if measures is None:
            measures = read_measures(columns, view, report, known)
        formulas[index] = formulas_of(report, measures, view, highest)
    if measures is None:
        raise _as_swept(next(iter(late.values())), ground)
    return Plan(ground, measures, view, free, fixed, formulas)


def _report(trials: _Trials, values: Mapping[str, int], free: Sequence[Axis]) -> Report:
    """Propagate with the free axes as symbols.

    Raises `NeedsNumbersError` when that fails although some of their values would do.
    """
    try:
        return trials.report(values)
    except SpecErrors as error:
        if not free:
            raise
        if _codes(error) & _NO_SYMBOL:
            raise NeedsNumbersError from None
        for end in (0, -1):
            try:
                trials.report({**values, **{a.symbol: a.values[end] for a in free}})
            except SpecErrors:
                continue
            raise NeedsNumbersError from None
        raise


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

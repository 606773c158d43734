"""Formulas over a grid of values, as NumPy arrays: a block of rows at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from shapecalc.algebra.expr import evaluate
from shapecalc.analysis.sweep import taped_rows
from shapecalc.analysis.sweep.axes import fixed_at
from shapecalc.analysis.sweep.columns import EXTENTS
from shapecalc.analysis.sweep.listing import INT64_MAX
from shapecalc.analysis.sweep.plan import (
    MAX_PROPAGATED,
    Formulas,
    Plan,
    formulas_of,
    magnitude,
    note_of,
)
from shapecalc.analysis.sweep.taped_rows import TapedRows, holds
from shapecalc.errors import SpecErrors, refuse
from shapecalc.report.compute import compute_report

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from shapecalc.algebra import Dim
    from shapecalc.algebra.integer_sets import Integers
    from shapecalc.report.domain import Condition

#: Rows that are computed together.
ROWS = 1 << 16
#: So many different reasons why points do not exist are remembered.
NOTES = 1 << 16


class RowBlock(NamedTuple):
    """Rows: the axes' values, and the columns, each an array; `notes` say why a row is missing.

    Columns are int64, or Python's integers as objects where a number may be larger; None where the
    network has no such layer.  In a row that does not exist their values mean nothing.
    """

    axes: dict[str, NDArray[Any]]
    columns: dict[str, NDArray[Any]]
    exists: NDArray[np.bool_]
    notes: NDArray[np.object_]

    @property
    def size(self) -> int:
        """How many rows there are."""
        return len(self.exists)

    def at(self, rows: NDArray[Any]) -> RowBlock:
        """Return some of the rows, by a mask or by their indices."""
        return RowBlock(
            {name: values[rows] for name, values in self.axes.items()},
            {name: values[rows] for name, values in self.columns.items()},
            self.exists[rows],
            self.notes[rows],
        )


def joined(parts: Sequence[RowBlock]) -> RowBlock:
    """Put blocks behind each other."""
    first = parts[0]
    return RowBlock(
        {name: np.concatenate([part.axes[name] for part in parts]) for name in first.axes},
        {name: np.concatenate([part.columns[name] for part in parts]) for name in first.columns},
        np.concatenate([part.exists for part in parts]),
        np.concatenate([part.notes for part in parts]),
    )


def names_of(plan: Plan) -> tuple[str, ...]:
    """List the machine names of the columns in their order, the extents of a shape in theirs."""
    known = dict.fromkeys(name for formula in plan.formulas.values() for name in formula.columns)
    names: list[str] = []
    for measure in plan.measures:
        if measure.shaped:
            parts = [f"{measure.name}.{extent}" for extent in EXTENTS]
            names += [part for part in parts if part in known]
        else:
            names.append(measure.name)
    return tuple(names)


class Trials:
    """How many points were propagated one by one."""

    def __init__(self, tried: int = 0) -> None:
        self.tried = tried


def rows_of(plan: Plan, rows: int = ROWS) -> int:
    """Return how many rows a block has."""
    return max(rows, 16 * len(plan.formulas))


def first_point(plan: Plan) -> RowBlock:
    """Compute the first row by itself, whether it exists or not."""
    return _Compute(plan, Trials()).block(0, 1)


def block_at(plan: Plan, number: int, tally: Trials) -> RowBlock:
    """Compute a single block of those of `blocks`."""
    first = number * rows_of(plan)
    return _Compute(plan, tally).block(first, min(first + rows_of(plan), plan.ground.size))


def blocks(
    plan: Plan, rows: int = ROWS, start: int = 0, tally: Trials | None = None
) -> Iterator[RowBlock]:
    """Compute the rows of a sweep in their order, the last axis fastest.

    Raises `SpecErrors` (E353) when no row exists; until one does, blocks are held back, and not
    kept: they are computed once more.  One that goes on begins with the block `start`, and with the
    tally of those before it, among which some rows exist.
    """
    compute = _Compute(plan, tally or Trials())
    rows = rows_of(plan, rows)
    total = plan.ground.size
    parts = [(first, min(first + rows, total)) for first in range(0, total, rows)]
    if start:
        yield from (compute.block(*part) for part in parts[start:])
        return
    for number, part in enumerate(parts):
        block = compute.block(*part)
        if block.exists.any():
            yield from (compute.block(*before) for before in parts[:number])
            yield block
            yield from (compute.block(*after) for after in parts[number + 1 :])
            return
    raise _nothing(compute.block(*parts[0]).notes[0], total, plan)


def _nothing(note: str, total: int, plan: Plan) -> SpecErrors:
    message = f"none of the {total:,} points exists: {note}"
    hint = "give " + " and ".join(axis.name for axis in plan.ground.axes) + " other values"
    return refuse("E353", message, plan.ground.axes[0].over.origin, hint)


def _values_at(values: range | tuple[int, ...], places: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the values of an axis at some places; no range is written out."""
    if isinstance(values, range):
        return values.start + values.step * places
    return np.array(values, dtype=np.int64)[places]


def _partial(plan: Plan) -> set[str]:
    """Find the columns that some of the networks do not have."""
    networks = [formula.columns for formula in plan.formulas.values() if not formula.refused]
    return {
        name for name in names_of(plan) if any(network.get(name) is None for network in networks)
    }


class _Compute:
    """What is the same for all blocks of a sweep."""

    def __init__(self, plan: Plan, tally: Trials) -> None:
        self.plan = plan
        self.tally = tally
        self.names = names_of(plan)
        self.axes = plan.ground.axes
        self.fixed = [self.axes.index(axis) for axis in plan.fixed]
        self.shape = tuple(len(axis.values) for axis in self.axes)
        self.highest = {axis.symbol: axis.highest for axis in plan.free}
        self.partial = _partial(plan)
        self.wide: dict[Dim, bool] = {}
        self.tapes: dict[int, TapedRows] = {}

    def block(self, start: int, stop: int) -> RowBlock:
        """Compute the rows from `start` to before `stop`."""
        places = self.places(start, stop)
        size = stop - start
        block = RowBlock(
            {
                axis.name: _values_at(axis.values, at)
                for axis, at in zip(self.axes, places, strict=True)
            },
            {},
            np.ones(size, dtype=np.bool_),
            np.full(size, "", dtype=np.object_),
        )
        for index, rows in self.groups(places, size):
            part = self.part(self.plan.formulas[index], [at[rows] for at in places])
            self.place(block, part, rows)
        for name in self.names:
            block.columns.setdefault(name, np.full(size, None, dtype=np.object_))
        columns = {name: block.columns[name] for name in self.names}
        return block._replace(columns=columns)

    def places(self, start: int, stop: int) -> tuple[NDArray[Any], ...]:
        """Return the indices of the axes' values, an array an axis."""
        drawn = self.plan.ground.drawn
        if drawn is None:
            return np.unravel_index(np.arange(start, stop), self.shape)
        numbers = np.array(drawn[start:stop])  # of Python's integers, where one is too large
        return tuple(array.astype(np.int64) for array in self.plan.ground.place(numbers))

    def groups(
        self, places: tuple[NDArray[Any], ...], size: int
    ) -> Iterator[tuple[tuple[int, ...], Any]]:
        """Yield the rows of each of the networks."""
        if not self.fixed:
            yield (), slice(None)
            return
        lengths = [self.shape[i] for i in self.fixed]
        keys = np.ravel_multi_index([places[i] for i in self.fixed], lengths)
        order = np.argsort(keys, kind="stable")
        starts = np.flatnonzero(np.diff(keys[order], prepend=-1))
        alike: dict[int, list[NDArray[np.intp]]] = {}
        indices: dict[int, tuple[int, ...]] = {}
        for rows in np.split(order, starts[1:]):
            index = tuple(map(int, np.unravel_index(keys[rows[0]], lengths)))
            network = id(self.plan.formulas[index])
            indices.setdefault(network, index)
            alike.setdefault(network, []).append(rows)
        for network, parts in alike.items():
            yield indices[network], np.sort(np.concatenate(parts))

    def place(self, block: RowBlock, part: RowBlock, rows: Any) -> None:  # noqa: ANN401  (a slice or indices)
        """Put the rows of one network where they belong."""
        block.exists[rows] = part.exists
        block.notes[rows] = part.notes
        for name, values in part.columns.items():
            if len(values) == len(block.exists):  # there is no other network here
                block.columns[name] = values
                continue
            there = block.columns.get(name)
            if there is None and name in self.partial:
                there = np.full(len(block.exists), None, dtype=np.object_)
            elif there is None:
                there = np.zeros(len(block.exists), dtype=values.dtype)
            elif values.dtype == np.object_ != there.dtype:
                there = there.astype(np.object_)
            there[rows] = values
            block.columns[name] = there

    def part(self, formulas: Formulas, places: list[NDArray[Any]]) -> RowBlock:
        """Compute rows of one network."""
        size = len(places[0])
        exists = np.ones(size, dtype=np.bool_)
        notes = np.full(size, "", dtype=np.object_)
        if formulas.refused:
            exists[:] = False
            notes[:] = formulas.refused
            return RowBlock({}, {}, exists, notes)
        values = {
            axis.symbol: _values_at(axis.values, places[i]) for i, axis in enumerate(self.axes)
        }
        if formulas.taped is not None:
            return self.taped_part(formulas, values, places)
        arrays = _Arrays(values, self.highest, self.wide, size)
        columns = {
            name: np.full(size, None, dtype=np.object_) if dim is None else arrays.of(dim)
            for name, dim in formulas.columns.items()
        }
        part = RowBlock({}, columns, exists, notes)
        if formulas.domain is not None:
            doubts = _refuse(formulas, arrays, part)
            for row in np.flatnonzero(doubts):
                self.again(part, int(row), self.point(places, int(row)))
        return part

    def taped_part(
        self, formulas: Formulas, values: dict[str, NDArray[Any]], places: list[NDArray[Any]]
    ) -> RowBlock:
        """Compute rows of one network of which it was recorded what to compute."""
        rows = self.tapes.get(id(formulas))
        if rows is None:
            rows = self.tapes[id(formulas)] = TapedRows(formulas)
        size = len(places[0])
        notes = np.full(size, "", dtype=np.object_)
        pieces = list(rows.pieces(values, size))
        for number, piece in enumerate(pieces):
            for places_in_it, signature in piece.refused:
                at = places_in_it + number * taped_rows.ROWS
                if signature not in rows.notes:
                    if len(rows.notes) >= NOTES:
                        rows.notes.clear()
                    error = rows.refusal(signature) or self.refusal_of(places, int(at[0]))
                    rows.notes[signature] = note_of(error)
                notes[at] = rows.notes[signature]
        columns = {
            name: np.concatenate([piece.columns[name] for piece in pieces])
            for name in formulas.columns
        }
        exists, doubt = (
            np.concatenate([getattr(piece, name) for piece in pieces])
            for name in ("exists", "doubt")
        )
        part = RowBlock({}, columns, exists, notes)
        for row in np.flatnonzero(doubt):
            self.again(part, int(row), self.point(places, int(row)))
        return part

    def point(self, places: list[NDArray[Any]], row: int) -> list[int]:
        """Return a row's values of all axes."""
        return [axis.values[int(at[row])] for axis, at in zip(self.axes, places, strict=True)]

    def refusal_of(self, places: list[NDArray[Any]], row: int) -> SpecErrors:
        """Return what is refused at a point of which it is known that it does not exist."""
        values = fixed_at(self.axes, self.point(places, row))
        try:
            compute_report(self.plan.ground.wire(values), search=False)
        except SpecErrors as error:
            return error
        raise AssertionError(f"{values} exists after all")

    def again(self, part: RowBlock, row: int, values: list[int]) -> None:
        """Propagate a single point, where a formula does not hold but the network may exist."""
        self.tally.tried += 1
        if self.tally.tried > MAX_PROPAGATED:
            part.notes[row] += f", and no more than {MAX_PROPAGATED:,} points are tried by numbers"
            return
        try:
            report = compute_report(
                self.plan.ground.wire(fixed_at(self.axes, values)), search=False
            )
        except SpecErrors as error:
            part.notes[row] = note_of(error)
            return
        numbers = formulas_of(report, self.plan.measures, self.plan.view, {})
        part.exists[row] = True
        part.notes[row] = ""
        for name, value in numbers.columns.items():
            if isinstance(value, int) and value > INT64_MAX:
                part.columns[name] = part.columns[name].astype(np.object_)
            part.columns[name][row] = value


class _Arrays:
    """Values of expressions for arrays of values of their symbols."""

    def __init__(
        self,
        values: Mapping[str, NDArray[Any]],
        highest: Mapping[str, int],
        wide: dict[Dim, bool],
        size: int,
    ) -> None:
        self.values = values
        self.highest = highest
        self.wide = wide
        self.size = size
        self.memo: dict[Any, Any] = {}
        self.objects: dict[str, NDArray[Any]] = {}
        self.object_memo: dict[Any, Any] = {}

    def of(self, dim: Dim) -> NDArray[Any]:
        """Evaluate an expression: with int64, or where that may overflow with Python's."""
        wide = self.wide.get(dim)
        if wide is None:
            wide = self.wide[dim] = magnitude(dim, self.highest) > INT64_MAX
        if isinstance(dim, int):
            return np.full(self.size, dim, dtype=np.object_ if wide else np.int64)
        if not wide:
            values: NDArray[Any] = evaluate(dim, self.values, self.memo)
            return values
        if not self.objects:
            self.objects = {name: v.astype(np.object_) for name, v in self.values.items()}
        values = evaluate(dim, self.objects, self.object_memo)
        return np.asarray(values)


def _refuse(formulas: Formulas, arrays: _Arrays, part: RowBlock) -> NDArray[np.bool_]:
    """Mark the rows that do not exist, with the reason; return those to be tried by numbers."""
    domain = formulas.domain
    assert domain is not None
    exists, notes = part.exists, part.notes
    doubts = np.zeros(len(exists), dtype=np.bool_)

    def mark(bad: NDArray[np.bool_], note: str, *, doubtful: bool = False) -> None:
        rows = bad & exists if doubtful else bad & (exists | doubts)
        notes[rows] = note
        doubts[rows] = doubtful
        exists[rows] = False

    for limit in domain.limits:
        bad = ~_members(limit.numbers, arrays.values[limit.symbol])
        note = f"{limit.layer} needs {limit.numbers.text(limit.symbol)}"
        mark(bad, note, doubtful=(limit.layer, limit.numbers) in formulas.doubtful)
    for condition in domain.mixed:
        mark(
            ~_holds(condition, arrays),
            f"{condition.layer} needs {condition.text().removesuffix(f' ({condition.layer})')}",
            doubtful=(condition.layer, condition.need.value) in formulas.doubtful,
        )
    for guard in formulas.guards:
        value = arrays.of(guard.value)
        mark(((value > guard.most) | (value < -guard.most)).astype(np.bool_), guard.note)
    return doubts


def _members(numbers: Integers, values: NDArray[Any]) -> NDArray[np.bool_]:
    """Tell which values are in a set."""
    members = np.zeros(len(values), dtype=np.bool_)
    for low, high, modulus, residues in numbers.stretches:
        inside = values >= low
        if high is not None:
            inside &= values <= high
        if modulus > 1:
            inside &= np.isin(values % modulus, residues)
        members |= inside
    return members


def _holds(condition: Condition, arrays: _Arrays) -> NDArray[np.bool_]:
    """Tell where a condition holds."""
    value, relation, bound = condition.need[:3]
    return holds(arrays.of(value), relation, arrays.of(bound))

"""Networks that are asked together, not one by one: what holds where is computed for all points.

What the rules compute is recorded, as a sweep has it, and what is asked is bound to it once for
each wiring.  A point that the records leave in doubt is asked by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from shapecalc.analysis.sweep.axes import Axis, Ground, fixed_at
from shapecalc.analysis.sweep.listing import INT64_MAX
from shapecalc.analysis.sweep.plan import MAX_PROPAGATED, by_values, formulas_for
from shapecalc.analysis.sweep.taped_rows import ROWS, TapedRows
from shapecalc.errors import SpecErrors
from shapecalc.spec.ranges import must_be_few

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from shapecalc.algebra import Dim
    from shapecalc.analysis.solve.atoms import Atom
    from shapecalc.analysis.solve.unknowns import Unknowns
    from shapecalc.analysis.sweep.plan import Wirings
    from shapecalc.report import Report

    #: From a report, and what its names stand for, to the relations that are asked.
    Asking = Callable[[Report, Mapping[str, Dim]], list[Atom]]


class Judged(NamedTuple):
    """For every point, in the order of the grid: whether it exists, and by how much it misses."""

    exists: NDArray[np.bool_]
    misses: NDArray[Any]

    def solved(self) -> NDArray[np.intp]:
        """Return the points that miss by nothing."""
        return np.flatnonzero(self.exists & (self.misses == 0))

    def nearest(self, most: int) -> list[int]:
        """Return the points that miss by least, the first of equals first."""
        there = np.flatnonzero(self.exists)
        return [int(n) for n in there[np.argsort(self.misses[there], kind="stable")[:most]]]


def ground_of(unknowns: Unknowns) -> Ground:
    """Return what a question is asked over as what a sweep runs over."""
    axes = []
    for over in unknowns.tried:
        word = unknowns.inner.get(over.name, over.name)
        axes.append(Axis(over._replace(name=word), word))
    return Ground(unknowns.spec, unknowns.settings, unknowns.inputs, tuple(axes))


def judged(unknowns: Unknowns, asking: Asking) -> Judged:
    """Ask all points.

    Raises `columns.NeedsNumbersError` or `SpecErrors` where they cannot be asked together.
    """
    ground = ground_of(unknowns)
    wirings = by_values(ground, fields=unknowns.fields)
    must_be_few([axis.over for axis in wirings.fixed], MAX_PROPAGATED, "narrow the ranges")
    shape = tuple(len(axis.values) for axis in ground.axes)
    places = np.unravel_index(np.arange(ground.size), shape)
    values = {
        axis.symbol: np.array(axis.values, dtype=np.int64)[at]
        for axis, at in zip(ground.axes, places, strict=True)
    }
    judging = _Judging(unknowns, wirings, asking, values)
    which = [ground.axes.index(axis) for axis in wirings.fixed]
    if not which:
        judging.wiring((), np.arange(ground.size))
        return judging.judged
    keys = np.ravel_multi_index([places[n] for n in which], [shape[n] for n in which])
    order = np.argsort(keys, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(keys[order])) + 1):
        judging.wiring([int(values[axis.symbol][rows[0]]) for axis in wirings.fixed], rows)
    return judging.judged


class _Judging:
    """The points of one question on their way."""

    def __init__(
        self,
        unknowns: Unknowns,
        wirings: Wirings,
        asking: Asking,
        values: Mapping[str, NDArray[np.int64]],
    ) -> None:
        self.unknowns = unknowns
        self.wirings = wirings
        self.asking = asking
        self.values = values
        size = wirings.ground.size
        self.judged = Judged(np.zeros(size, dtype=np.bool_), np.zeros(size, dtype=np.int64))

    def wiring(self, fixed: Sequence[int], rows: NDArray[np.intp]) -> None:
        """Ask the points of one wiring."""
        try:
            taped = self.wirings.at(fixed_at(self.wirings.fixed, fixed))
        except SpecErrors:  # which none of them exists for
            return
        own = fixed_at(self.wirings.fixed, fixed)
        names = {
            over.name: taped.symbols.get(axis.symbol, own.get(axis.symbol, 0))
            for over, axis in zip(self.unknowns.tried, self.wirings.ground.axes, strict=True)
        }
        atoms = self.asking(taped.report, names)
        columns = {str(n): _compared(atom) for n, atom in enumerate(atoms)}
        computing = TapedRows(formulas_for(taped, columns, fields=self.unknowns.fields))
        part = {name: array[rows] for name, array in self.values.items()}
        for number, piece in enumerate(computing.pieces(part, len(rows))):
            here = rows[number * ROWS : (number + 1) * ROWS]
            self.judged.exists[here] = piece.exists
            misses = [
                np.where(piece.exists, missed(atom, piece.columns[str(n)]), 0)
                for n, atom in enumerate(atoms)
            ]
            self.keep(here, summed(misses))
            for row in here[piece.doubt]:
                self.alone(int(row))

    def keep(self, rows: Any, misses: Any) -> None:  # noqa: ANN401  (rows, and their numbers)
        """Note by how much points miss; with Python's integers where these are too large."""
        wide = np.asarray(misses).dtype == np.object_
        if wide and max(map(abs, np.atleast_1d(misses))) <= INT64_MAX:
            misses = np.asarray(misses).astype(np.int64)
        elif wide and self.judged.misses.dtype != np.object_:
            self.judged = self.judged._replace(misses=self.judged.misses.astype(np.object_))
        self.judged.misses[rows] = misses

    def alone(self, row: int) -> None:
        """Ask one point by itself."""
        point = {
            over.name: int(self.values[axis.symbol][row])
            for over, axis in zip(self.unknowns.tried, self.wirings.ground.axes, strict=True)
        }
        try:
            atoms = self.asking(self.unknowns.report(point), point)
        except SpecErrors:
            return
        self.judged.exists[row] = True
        self.keep(row, np.array(sum(atom.miss({}) for atom in atoms), dtype=np.object_))


def summed(misses: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Add up by how much each relation fails; in Python's integers where 64 bits may not do."""
    if any(miss.max(initial=0) > INT64_MAX // len(misses) for miss in misses):
        misses = [miss.astype(np.object_) for miss in misses]
    return np.sum(misses, axis=0)  # type: ignore[no-any-return]


def _compared(atom: Atom) -> Dim:
    """Return the number of a relation that tells whether it holds."""
    return atom.left if atom.relation == "divisible by" else atom.left - atom.right


def missed(atom: Atom, numbers: NDArray[Any]) -> Any:  # noqa: ANN401  (an array)
    """Return by how much a relation fails, as `Atom.miss` does for one point."""
    if atom.relation == "divisible by":
        return np.minimum(numbers % atom.right, -numbers % atom.right)
    match atom.relation:
        case "at least":
            return np.maximum(-numbers, 0)
        case "at most":
            return np.maximum(numbers, 0)
        case "equal to":
            return abs(numbers)
        case _:
            return (numbers == 0).astype(np.int64)

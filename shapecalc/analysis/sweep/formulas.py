"""What one propagation tells of a sweep: every column as a formula, and where it holds.

`magnitude` bounds every intermediate result of a formula's evaluation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapecalc.algebra.expr import Floor, Symbol, symbols_of
from shapecalc.algebra.relations import where
from shapecalc.layers.base import field_bounds
from shapecalc.layers.fields import LARGEST
from shapecalc.layers.shape import as_list
from shapecalc.report.apply import WIDEST
from shapecalc.report.receptive_field import FAR

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from shapecalc.algebra import Dim
    from shapecalc.algebra.expr import Atom
    from shapecalc.algebra.integer_sets import Integers
    from shapecalc.analysis.sweep.columns import SweepColumn
    from shapecalc.output.view import View
    from shapecalc.report import Report, Row
    from shapecalc.report.domain import Domain

#: The largest number of NumPy's int64, which wraps around silently: what may exceed it on the way
#: is computed with Python's integers.
INT64_MAX = 2**63 - 1


class Guard(NamedTuple):
    """A number of the network that outgrows what is computed with, somewhere in the sweep."""

    value: Dim
    most: int
    note: str


class Formulas(NamedTuple):
    """Columns by machine name, as formulas of the symbols; or `refused`, why there are none.

    A column is None where the network has no such layer.  `domain` and `guards` tell where the
    formulas hold.  What is in `doubtful`, a layer with the numbers or the value that it asks for,
    is asked by a formula alone, not by the network.
    """

    columns: Mapping[str, Dim | None]
    domain: Domain | None = None
    guards: tuple[Guard, ...] = ()
    doubtful: frozenset[tuple[str, object]] = frozenset()
    refused: str = ""


def formulas_of(
    report: Report, measures: Sequence[SweepColumn], view: View, highest: Mapping[str, int]
) -> Formulas:
    """Take the columns out of a report.

    `highest` holds the symbols' largest values.  Raises `columns.NeedsNumbersError` where
    with symbols a value has no formula.
    """
    columns: dict[str, Dim | None] = {}
    for measure in measures:
        values = measure.values(report, view)
        if values is None:
            columns[measure.name] = None
            continue
        for part, value in values.items():
            columns[f"{measure.name}.{part}" if part else measure.name] = value
    if report.domain is None:
        return Formulas(columns)
    memo: dict[object, tuple[int, int]] = {}
    guards = dict.fromkeys(
        guard
        for row in report.rows
        for guard in _guards(row)
        if magnitude(guard.value, highest, memo) > guard.most  # type: ignore[arg-type]
    )
    doubtful = frozenset((row.name, period) for row in report.rows for period in _periods(row))
    return Formulas(columns, report.domain, tuple(guards), doubtful)


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


def _bounds(
    dim: Dim, highest: Mapping[str, int], memo: dict[Atom, tuple[int, int]]
) -> tuple[int, int]:
    """Bound the value, and all that is computed on the way to it."""
    if isinstance(dim, int):
        return abs(dim), abs(dim)
    total = inside = 0
    for product, factor in dim.terms:
        term = abs(factor)
        for atom, power in product:
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
    bounds = [_bounds(argument, highest, memo) for argument in atom.of]
    value = max(largest for largest, _ in bounds)
    return value, max(4 * value, *(inside for _, inside in bounds))  # a + b + |a - b|

"""For which sizes the weights that a spec's own input gives still fit.

A dense layer takes whatever arrives, so with a symbolic input its weights become symbolic too: a
different size is a different network.  Trained weights fit where the volume that arrives is the
one that they were made for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.algebra.expr import symbols_of
from shapecalc.algebra.integer_sets import Integers, common
from shapecalc.algebra.relations import where
from shapecalc.errors import SpecErrors
from shapecalc.graph import Input
from shapecalc.graph.expand import expand
from shapecalc.report.domain import Fit
from shapecalc.report.propagate import propagate

if TYPE_CHECKING:
    from shapecalc.algebra import Dim
    from shapecalc.report import Report, Row


def fits(report: Report) -> list[Fit]:
    """Return a fit for every layer whose weights depend on the symbols of the input's sides.

    Nothing where the spec itself has symbols for an input: then no weights are its own.
    """
    own = _own_rows(report)
    if own is None:
        return []
    theirs = {row.name: row for row in own}
    if any(_rank(row) != _rank(theirs.get(row.name)) for row in report.rows):
        return []  # as where images were given to a network for sequences: no weights fit
    inputs = (row for row in report.rows if isinstance(row.layer, Input))
    names = frozenset().union(*(symbols_of(n) for row in inputs for n in row.output.sides))
    made = (_fit(report, row, theirs[row.name], names) for row in report.rows)
    return [fit for fit in made if fit is not None]


def _rank(row: Row | None) -> int:
    return -1 if row is None else len(row.output.sides)


def _own_rows(report: Report) -> list[Row] | None:
    """Compute the rows for the spec's own input."""
    settings, _ = report.graph.options
    given = {name: value for name, value in settings.items() if value != "free"}
    try:
        graph = expand(report.graph.spec, given)
        return None if graph.symbols else propagate(graph, fields=False).rows
    except SpecErrors:
        return None


def _fit(report: Report, row: Row, own: Row, sides: frozenset[str]) -> Fit | None:
    """Solve for what arrives, if the arrays grow with it as a dense layer's do."""
    assert report.domain is not None
    if len(row.inputs) != 1:
        return None
    grow = frozenset().union(
        *(symbols_of(n) for parameter in row.parameters for n in parameter.shape)
    )
    sizes: dict[str, Integers] = {}
    for extent, wanted in zip(_extents(row), _extents(own), strict=True):
        names = symbols_of(extent) & grow & sides
        if names and len(symbols_of(extent)) > 1:  # another side's, or a constant that is free
            return None
        for name in names:
            numbers = where(extent, "equal to", wanted, name)
            if numbers is None:
                return None
            sizes[name] = common(sizes.get(name, report.domain.allowed[name]), numbers)
    return Fit(row.name, own.inputs[0], sizes) if sizes else None


def _extents(row: Row) -> tuple[Dim, ...]:
    return (*row.inputs[0].sides, row.inputs[0].channels)

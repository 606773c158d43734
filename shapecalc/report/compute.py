"""A graph's report: the rows of the walk, their totals, and with symbols the domain."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapecalc.algebra import add_up, largest, smaller
from shapecalc.errors import RuleError, SpecErrors, refuse
from shapecalc.graph import UnequalRoundsError
from shapecalc.layers.base import Work
from shapecalc.report import Computing, Report, Totals
from shapecalc.report.peak import find_peak, most
from shapecalc.report.propagate import propagate
from shapecalc.text import Origin, collector_paused

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shapecalc.algebra import Dim
    from shapecalc.graph import Graph
    from shapecalc.layers.base import Requirement
    from shapecalc.report import Row
    from shapecalc.report.domain import Domain, Fit


@collector_paused
def compute_report(graph: Graph, *, fields: bool = True, search: bool = True) -> Report:
    """Compute what a network costs.

    Without `fields` there are no receptive fields; without `search` an error does not say for
    which sizes the network would exist.  Raises `SpecErrors` with everything that is wrong; with
    symbols, also when no values fit.
    """
    try:
        rows, needs, taken = propagate(graph, fields=fields)
    except SpecErrors as errors:
        from shapecalc.report.advice import with_advice

        raise with_advice(errors, graph, search=search) from None
    if graph.symbols:
        return _symbolic(graph, rows, needs, taken)
    return _finished(graph, rows, most(taken))


def _finished(graph: Graph, rows: list[Row], peak: Dim, domain: Domain | None = None) -> Report:
    """Add up, and make the report."""
    if any(row.type == "causal_mask" for row in rows):
        from shapecalc.report.generation import give_caches

        give_caches(rows)
    whole = tuple(rows)
    return Report(graph, whole, total(whole, peak), domain, computing=COMPUTING)


def total(rows: tuple[Row, ...], peak: Dim) -> Totals:
    """Add the rows up; `peak` is what no sum gives."""
    works = [row.work for row in rows]
    return Totals(
        weights=add_up(row.weights for row in rows),
        biases=add_up(row.biases for row in rows),
        buffers=add_up(row.buffers for row in rows),
        connections=add_up(row.connections for row in rows if row.connections is not None),
        work=Work(*map(add_up, zip(*works, strict=True))) if works else Work(),
        activations=add_up(row.activations for row in rows),
        overwritten=add_up(row.overwritten for row in rows),
        peak=peak,
        layers=rows,
        frozen=add_up(row.frozen for row in rows),
        kv_cache=add_up(row.kv_cache for row in rows),
    )


def _symbolic(
    graph: Graph,
    rows: list[Row],
    needs: tuple[tuple[str, Requirement], ...],
    taken: Iterable[Dim],
) -> Report:
    """Solve what the layers need of the symbols, and finish the report."""
    from shapecalc.report.advice import no_size
    from shapecalc.report.domain import Condition, domain_of
    from shapecalc.report.propagate import with_sure_fields

    try:
        domain = domain_of(graph.symbols, [Condition(*need) for need in needs])
        if domain.empty is not None:
            raise no_size(graph, domain, domain.empty)
        sure = with_sure_fields(graph, rows, domain)
        return _finished(graph, sure, most(taken, domain), domain)
    except RuleError as error:  # an expression grows too large
        at = Origin(graph.spec.source)
        raise refuse(error.code, error.message, at, error.hint, rule=error.rule) from None


class _Granting:
    """Takes for granted that requirements hold, and lists them."""

    def __init__(self) -> None:
        self.granted: list[Requirement] = []

    def implies(self, need: Requirement) -> bool:
        """Take it for granted."""
        self.granted.append(need)
        return True


def _totals_of(rows: Sequence[Row], times: Sequence[Dim]) -> Totals:
    """Add rows up, each as often as it is there; what it holds alive counts once, if at all."""
    peak = largest([0, *(row.live * smaller(1, n) for row, n in zip(rows, times, strict=True))])
    summed = [_times(row, n) for row, n in zip(rows, times, strict=True)]
    return total(tuple(summed), peak)._replace(layers=tuple(rows))


def _times(row: Row, times: Dim) -> Row:
    """Multiply what is added up."""
    if times == 1:
        return row
    return row._replace(
        weights=row.weights * times,
        biases=row.biases * times,
        buffers=row.buffers * times,
        connections=None if row.connections is None else row.connections * times,
        work=Work(*(part * times for part in row.work)),
        activations=row.activations * times,
        overwritten=row.overwritten * times,
        frozen=row.frozen * times,
        kv_cache=row.kv_cache * times,
    )


class RecordedReport(NamedTuple):
    """What a network costs whose numbers are recorded (`algebra.tape`).

    `needs` is what the layers, by their names, need for it to hold at a point, `granted` what must
    hold for the receptive fields.  Each node stands for `times` of its kind.
    """

    report: Report
    needs: tuple[tuple[str, Requirement], ...]
    granted: list[Requirement]
    times: tuple[Dim, ...]


def recorded_report(graph: Graph, *, fields: bool = True) -> RecordedReport:
    """Compute what a network costs whose numbers are recorded.

    Where nodes stand for several rounds, the receptive fields are right only if they are asked
    for.  Raises `SpecErrors` with what is refused everywhere, `UnequalRoundsError` where rounds
    are not known to be alike.
    """
    from shapecalc.report.propagate import with_sure_fields

    granting = _Granting()
    if graph.alike is None:
        rows, needs, taken = propagate(graph, recorded=True)
        report = _finished(graph, with_sure_fields(graph, rows, granting), most(taken))
        return RecordedReport(report, needs, granting.granted, (1,) * len(rows))
    from shapecalc.report.alike import FieldsAlike, must_be_alike, times_of

    then = FieldsAlike(graph).then if fields else None
    try:
        rows, needs, _ = propagate(graph, recorded=True, then=then)
    except SpecErrors:
        raise UnequalRoundsError from None
    must_be_alike(graph, rows, fields=fields)
    times = times_of(graph)
    sure = with_sure_fields(graph, rows, granting)
    report = Report(graph, tuple(sure), _totals_of(sure, times), computing=COMPUTING)
    return RecordedReport(report, needs, granting.granted, times)


def _fits(report: Report) -> tuple[Fit, ...]:
    from shapecalc.report.weights_fit import fits

    return tuple(fits(report))


def _level(report: Report, path: str) -> Row | None:
    from shapecalc.report.fold import level

    if path not in report.graph.groups:
        return None
    below = f"{path}/"
    inside = [at for at, row in enumerate(report.rows) if f"{row.name}/".startswith(below)]
    return level(report, path, inside) if inside else None


#: Every report can be computed anew, and knows its levels and its peak.
COMPUTING = Computing(compute_report, _fits, _level, find_peak)

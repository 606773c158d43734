"""Totals of a report: those that stand under a table, and all of them by their names."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapecalc.counting import MEASURES, OF_NETWORK
from shapecalc.output.columns import default_columns

if TYPE_CHECKING:
    from shapecalc.algebra import Dim
    from shapecalc.output.view import View
    from shapecalc.report import Report


class Sum(NamedTuple):
    """A total: its name in JSON, what people call it, how many, and the bytes it takes, if any."""

    key: str
    label: str
    number: Dim
    bytes: Dim | None = None


def sums(report: Report, view: View) -> tuple[Sum, ...]:
    """Return the totals that stand under every table."""
    totals = report.totals

    def summed(key: str, label: str, memory: str = "") -> Sum:
        taken = MEASURES[memory].of_all(totals, view) if memory else None
        return Sum(key, label, MEASURES[key].of_all(totals, view), taken)

    counted = []
    if view.profile is not None:
        counted.append(summed("count", f"count: {view.profile.name}"))
    return (
        summed("params", "parameters", "parameter_memory"),
        Sum("buffers", "buffers", totals.buffers, view.bytes(totals.buffers)),
        summed("macs", "MACs"),
        summed("flops", "FLOPs"),
        *counted,
        summed("activations", "activations, all (training)", "memory"),
        summed("peak_activations", "activations, peak (inference)", "peak_memory"),
    )


def measures(report: Report, view: View) -> dict[str, Dim]:
    """Return every total by its name: those of the columns, the peak, and what parameters take."""
    totals = report.totals
    return {
        **{
            column.name: column.total(totals, view)
            for column in default_columns(view, machine=True)
            if column.total is not None
        },
        **{name: measure.of_all(totals, view) for name, measure in OF_NETWORK.items()},
    }


def measure_names(view: View) -> tuple[str, ...]:
    """List the names of the totals."""
    columns = default_columns(view, machine=True)
    return (*(column.name for column in columns if column.total is not None), *OF_NETWORK)

"""Totals of a report: those that stand under a table, and all of them by their names."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapecalc.output.columns import default_columns

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.algebra.dim import Dim
    from shapecalc.output.view import View
    from shapecalc.report.model import Report, Totals


class Sum(NamedTuple):
    """A total: its name in JSON, what people call it, how many, and the bytes it takes, if any."""

    key: str
    label: str
    number: Dim
    bytes: Dim | None = None


def sums(report: Report, view: View) -> tuple[Sum, ...]:
    """Return the totals that stand under every table."""
    totals = report.totals
    activations = view.activations(totals)
    counted = []
    if view.profile is not None:
        counted.append(Sum("count", f"count: {view.profile.name}", view.count(totals)))
    return (
        Sum("params", "parameters", totals.params, view.bytes(totals.params)),
        Sum("buffers", "buffers", totals.buffers, view.bytes(totals.buffers)),
        Sum("macs", "MACs", totals.macs),
        Sum("flops", "FLOPs", totals.flops),
        *counted,
        Sum("activations", "activations, all (training)", activations, view.memory(activations)),
        Sum(
            "peak_activations",
            "activations, peak (inference)",
            totals.peak,
            view.memory(totals.peak),
        ),
    )


#: Totals that no column adds up to.
_OWN: dict[str, Callable[[Totals, View], Dim]] = {
    "peak_activations": lambda all_, _: all_.peak,
    "peak_memory": lambda all_, view: view.memory(all_.peak),
    "parameter_memory": lambda all_, view: view.bytes(all_.params),
}


def measures(report: Report, view: View) -> dict[str, Dim]:
    """Return every total by its name: those of the columns, the peak, and what parameters take."""
    totals = report.totals
    return {
        **{
            column.name: column.total(totals, view)
            for column in default_columns(view, machine=True)
            if column.total is not None
        },
        **{name: measure(totals, view) for name, measure in _OWN.items()},
    }


def measure_names(view: View) -> tuple[str, ...]:
    """List the names of the totals."""
    columns = default_columns(view, machine=True)
    return (*(column.name for column in columns if column.total is not None), *_OWN)

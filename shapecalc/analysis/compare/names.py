"""What a comparison calls its networks, and what it counts of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.output.sums import (
    measure_names,
    measures,
)
from shapecalc.text.safe import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.algebra.dim import Dim
    from shapecalc.output.view import View
    from shapecalc.report.model import Report

#: The total that only a comparison has.
WEIGHTED = "weighted_layers"


def labels_of(reports: Sequence[Report]) -> tuple[str, ...]:
    """Name networks so that all names differ: by themselves, by their files, or by numbers."""
    names = [printable(report.name) or "network" for report in reports]
    if len(set(names)) == len(names):
        return tuple(names)
    files = [source_of(report) for report in reports]
    if len(set(files)) == len(files):
        return tuple(files)
    return tuple(f"{name} ({number})" for number, name in enumerate(names, 1))


def source_of(report: Report) -> str:
    """Return the name of a network's spec."""
    return printable(report.graph.spec.source.name)


def weighted_layers(report: Report) -> int:
    """Count the layers whose units multiply and accumulate: what makes VGG-16 one of 16."""
    return sum(row.layer is not None and row.layer.weighted for row in report.rows)


def totals_of(report: Report, view: View) -> dict[str, Dim]:
    """Return every total by its name."""
    return {**measures(report, view), WEIGHTED: weighted_layers(report)}


def total_names(view: View) -> tuple[str, ...]:
    """List the names of the totals."""
    return (*measure_names(view), WEIGHTED)

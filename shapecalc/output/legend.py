"""Legends: what the columns of a table owe to its reader, as terms with their meanings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.layers.shape import SIDE_NAMES
from shapecalc.output.cells import DTYPES

if TYPE_CHECKING:
    from shapecalc.output.view import Legend, View
    from shapecalc.report import Report


def volumes(report: Report, view: View) -> Legend:
    """Say in which order extents stand."""
    ranks = sorted({len(row.output.sides) for row in report.rows} - {0})
    orders = [
        (*SIDE_NAMES[rank], "channels") if view.layout == "hwc" else ("channels", *SIDE_NAMES[rank])
        for rank in ranks
    ]
    return {"volumes": " or ".join(map(" x ".join, orders))} if orders else {}


def params(report: Report, view: View) -> Legend:
    """Say what parameters are."""
    once = "; shared ones counted once" if any(row.shared for row in report.rows) else ""
    return {"params": f"trained weights + biases{once}"}


def macs(report: Report, view: View) -> Legend:
    """Say what MACs and FLOPs are."""
    pooled = any(row.type == "subsampling" for row in report.rows)
    meaning = "multiply-accumulates of (transposed) convolutions and dense layers"
    if pooled:
        meaning += ", and 1 per output of subsampling"
    per_example = ", per example" if view.batch > 1 else ""
    return {"MACs": f"{meaning}, without bias adds{per_example}", "FLOPs": f"2 x MACs{per_example}"}


def activations(report: Report, view: View) -> Legend:
    """Say which elements count as activations."""
    inplace = list(dict.fromkeys(row.type for row in report.rows if row.overwritten != 0))
    named = ", ".join(inplace[:3]) + (", ..." if len(inplace) > 3 else "")
    per_example = ", per example" if view.batch > 1 else ""
    meaning = f"output elements{per_example}"
    if inplace and view.count_inplace:
        meaning += f"; those written in place ({named}) count too"
    elif inplace:
        meaning += f"; 0 for layers that work in place ({named})"
    return {"activations": meaning}


def memory(report: Report, view: View) -> Legend:
    """Say how many bytes an element takes."""
    size = DTYPES[view.dtype]
    amount = f"{size} bytes" if size > 1 else "1 byte"
    batch = f"; activations of a batch of {view.batch:,}" if view.batch > 1 else ""
    return {"memory": f"{amount} per element ({view.dtype}){batch}"}


def count(report: Report, view: View) -> Legend:
    """Say what the profile counts, in its own words."""
    if view.profile is None:
        return {}
    from shapecalc.counting.profile import described  # a report without a count need not know of it

    profile = view.profile
    legend = {f"count: {profile.name}": described(profile)}
    if missing := profile.not_counted(report.rows):
        legend["not counted"] = f"{', '.join(missing)}: {profile.name} has no rule for them (?)"
    return legend


def buffers(report: Report, view: View) -> Legend:
    """Say what buffers are."""
    return {"buffers": "stored but not trained (running statistics, fixed codes)"}


def connections(report: Report, view: View) -> Legend:
    """Say what connections are (LeCun et al. 1998, II.B)."""
    return {"connections": "(inputs of a unit + its bias) x units"}


def field(report: Report, view: View) -> Legend:
    """Say what a receptive field is."""
    return {"rf": f"receptive field, the input's {_places(report)} that a unit sees per side"}


def jump(report: Report, view: View) -> Legend:
    """Say what the jump is."""
    return {"jump": f"{_places(report)} between the receptive fields of neighbouring units"}


def _places(report: Report) -> str:
    """Name what an input is made of: a signal has no pixels."""
    return "positions" if all(len(row.field or ()) < 2 for row in report.rows) else "pixels"

"""What a table says of the whole network: sums of columns, and what no column adds up to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.algebra import add_up
from shapecalc.counting import MEASURES, OF_NETWORK
from shapecalc.output.cells import (
    bytes_text,
    decimal_text,
)
from shapecalc.output.columns import default_columns
from shapecalc.output.view import View
from shapecalc.text import NamedTuple
from shapecalc.text.safe import one_line
from shapecalc.text.words import counted

if TYPE_CHECKING:
    from shapecalc.algebra import Dim
    from shapecalc.output.view import Legend
    from shapecalc.report import Alive, Peak, Report


#: So many of the volumes that are alive at the peak are named beside the output.
MOST_ALIVE = 12

_KEPT = "KV cache, keys and values kept for generation"


class Sum(NamedTuple):
    """A total: its name in JSON, what people call it, how many, and the bytes it takes, if any."""

    key: str
    label: str
    number: Dim
    bytes: Dim | None = None


def sums(
    report: Report,
    view: View,
    *,
    frozen: bool,
    deployed: bool | None = None,
    cached: bool | None = None,
) -> tuple[Sum, ...]:
    """Return the totals that stand under every table; what is `frozen` where anything is.

    What is kept from token to token stands there where it is `cached`; None: where the network
    attends causally.

    Those of a `deployed` network say what a device must hold; None: where the options or the
    network speak of one.
    """
    totals = report.totals

    def summed(key: str, label: str, memory: str = "") -> Sum:
        taken = MEASURES[memory].of_all(totals, view) if memory else None
        return Sum(key, label, MEASURES[key].of_all(totals, view), taken)

    caches = attends_causally(report) if cached is None else cached
    counted = []
    if view.profile is not None:
        counted.append(summed("count", f"count: {view.profile.name}"))
    apart = (
        summed("trainable", "parameters, trainable"),
        summed("frozen", "parameters, frozen"),
    )
    return (
        summed("params", "parameters", "parameter_memory"),
        *(apart if frozen else ()),
        Sum("buffers", "buffers", totals.buffers, view.arrays(totals, "buffers")),
        summed("macs", "MACs"),
        summed("flops", "FLOPs"),
        *counted,
        summed("activations", "activations, all (training)", "memory"),
        summed("peak_activations", "activations, peak (inference)", "peak_memory"),
        *((summed("kv_cache", _KEPT, "kv_cache_memory"),) if caches else ()),
        *(_on_device(report, view) if is_deployed(report, view, deployed) else ()),
    )


def attends_causally(report: Report) -> bool:
    """Tell whether a network may go on from token to token."""
    return any(row.type == "causal_mask" for row in report.rows)


def is_deployed(report: Report, view: View, deployed: bool | None = None) -> bool:
    """Tell whether the options or the network speak of a device, or somebody says so."""
    if deployed is not None:
        return deployed
    return view.device is not None or view.dtype != View().dtype or bool(report.graph.deployed)


def _on_device(report: Report, view: View) -> tuple[Sum, ...]:
    """Return what a device must hold."""
    totals = report.totals
    return (
        Sum("flash", "flash: parameters, buffers", totals.params + totals.buffers,
            MEASURES["flash"].of_all(totals, view)),
        Sum("peak_memory", "RAM: the peak of the batch", totals.peak * view.batch,
            MEASURES["peak_memory"].of_all(totals, view)),
    )  # fmt: skip


def bound_text(report: Report, view: View) -> str:
    """Say in a sentence what bounds the layers on the view's device, "" without one."""
    if view.device is None:
        return ""
    from shapecalc.counting.roofline import least_times, seconds

    times = least_times(report.rows, view, view.device)
    if times is None:
        return "Of formulas nothing tells whether memory or arithmetic bounds a layer."
    memory = [time for time in times if time.bound == "memory"]
    batch = f"a batch of {view.batch:,}" if view.batch > 1 else "an example"
    return (
        f"Memory bounds {len(memory):,} of the {counted(len(times), 'layer')} that move anything,"
        f" {decimal_text(10**6 * seconds(memory))} of {decimal_text(10**6 * seconds(times))}"
        f" \N{MICRO SIGN}s that {batch} takes at least: a bound, no prediction."
    )


def peak_owed(report: Report, view: View) -> Legend:
    """Say where the peak is, and what is alive there; of formulas nothing."""
    peak = report.peak
    return {} if peak is None else {"peak": peak_text(peak, view)}


def peak_text(peak: Peak, view: View) -> str:
    """Say at which layer the peak is, and what is alive there; of very many volumes some."""

    def sized(words: str, elements: Dim) -> str:
        size = view.memory(elements)
        return f"{words} {bytes_text(size, view.fitted('memory', [size]))}"

    alone = sum(volume.role == "input" for volume in peak.alive) == 1
    output = [volume for volume in peak.alive if volume.role == "output"]
    others = [volume for volume in peak.alive if volume.role != "output"]
    more = others[MOST_ALIVE:]
    shown = [*others[:MOST_ALIVE], *output] if more else peak.alive
    parts = [sized(_alive_text(volume, alone=alone), volume.elements) for volume in shown]
    if more:
        elements = add_up(volume.elements for volume in more)
        parts.append(sized(f"{counted(len(more), 'more volume')}, together", elements))
    return f"at {one_line(peak.layer)}: " + " + ".join(parts)


def _alive_text(volume: Alive, *, alone: bool) -> str:
    """Name a volume that is alive: the layer's input, which may be alone, or output, or another."""
    if volume.role == "output":
        return "output"
    if volume.role == "input":
        return "input" if alone else f"input {one_line(volume.layer)}"
    reader = one_line(volume.reader) or "the network's output"
    return f"{one_line(volume.layer)} (kept for {reader})"


def measures(
    report: Report, view: View, *, frozen: bool, cached: bool | None = None
) -> dict[str, Dim]:
    """Return every total by its name: those of the columns, the peak, and what parameters take.

    What is `frozen` is among them where that is asked for, and so are the view's own columns, and
    what is kept from token to token where it is `cached`; None: where the network attends causally.
    """
    totals = report.totals
    caches = attends_causally(report) if cached is None else cached
    columns = (*default_columns(view, machine=True, frozen=frozen), *(view.columns or ()))
    return {
        **{
            column.name: column.total(totals, view)
            for column in columns
            if column.total is not None and column.summed
        },
        **{
            name: measure.of_all(totals, view)
            for name, measure in OF_NETWORK.items()
            if caches or not name.startswith("kv_cache")
        },
    }


def measure_names(view: View) -> tuple[str, ...]:
    """List the names of the totals."""
    columns = default_columns(view, machine=True, frozen=True)
    return (*(column.name for column in columns if column.summed), *OF_NETWORK)

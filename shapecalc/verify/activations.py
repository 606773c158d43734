"""What a run's activations look like: a line a layer with their mean, deviation and extremes."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from shapecalc.layers.shape import as_text
from shapecalc.output.records import Records
from shapecalc.output.table import Fact, Head, Line, Table, fitted
from shapecalc.text.safe import one_line
from shapecalc.text.shown import Shapes, Shown

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from shapecalc.reference.run import Step
    from shapecalc.report import Report

#: The schema's name and version.
SCHEMA = "shapecalc.activity/1"
HEADER = ("layer", "type", "output", "mean", "deviation", "least", "largest", "zeros")
#: What a narrow page leaves out, in this order.
_DROPS = {"type": 1, "deviation": 2, "least": 3, "largest": 4, "output": 5}


class Activity(NamedTuple):
    """The activations of one layer, summed up."""

    name: str
    mean: float
    deviation: float
    least: float
    largest: float
    zeros: float
    """The share of elements that are 0."""

    @property
    def finite(self) -> bool:
        """Whether all elements are numbers, none NaN or infinite: both ends are then."""
        return isfinite(self.least) and isfinite(self.largest)


@dataclass(frozen=True)
class Activations(Shown):
    """The activations of a run: `inputs` tells what went in, `saved` which files were written."""

    shapes = Shapes(
        "a run",
        table="verify.activations.tabulate",
        records="verify.activations.activity_records",
    )
    report: Report
    layers: tuple[Activity, ...]
    inputs: tuple[str, ...] = ()
    saved: tuple[str, ...] = ()


def unwarned() -> AbstractContextManager[None]:
    """Keep NumPy from warning while a network runs over: the table says where that begins."""
    return np.errstate(all="ignore")


def activity(step: Step) -> Activity:
    """Sum up what a layer has just given."""
    y = step.output
    with np.errstate(invalid="ignore"):  # a maximum of nothing is -infinity
        return Activity(
            step.node.path,
            float(y.mean(dtype=float)),
            float(y.std(dtype=float)),
            float(y.min()),
            float(y.max()),
            float((y == 0).mean()),
        )


def tabulate(run: Activations, width: int | None = None) -> Table:
    """Lay a run out."""
    columns = tuple(
        Head("", numeric=place >= 3, extents=title == "output", drop=_DROPS.get(title, 0))
        for place, title in enumerate(HEADER)
    )
    rows = {row.name: row for row in run.report.rows}
    lines = tuple(
        Line(
            (
                layer.name,
                rows[layer.name].type,
                as_text(rows[layer.name].output),
                *(f"{number:.4g}" for number in layer[1:5]),
                f"{100 * layer.zeros:.1f}%",
            )
        )
        for layer in run.layers
    )
    table = Table(
        title=one_line(run.report.name) or "network",
        about=run.inputs,
        columns=columns,
        header=HEADER,
        lines=lines,
        footer=(f"{len(run.layers):,} layers", *("",) * (len(HEADER) - 1)),
        facts=(
            Fact("outputs of all layers", f"{sum(row.output.size for row in run.report.rows):,}"),
        ),
        notes=(),
        legend=(
            ("deviation", "standard deviation of the layer's activations"),
            ("outputs of all layers", "elements, those written in place too"),
            ("zeros", "share of activations that are exactly 0, as rectifiers leave them"),
        ),
        remarks=(
            *_not_finite(run.layers),
            *run.saved,
            f"Read from {one_line(run.report.graph.spec.source.name)}.",
        ),
    )
    return fitted(table, width)


def _not_finite(layers: tuple[Activity, ...]) -> tuple[str, ...]:
    """Name the layer at which the numbers stop being numbers, if there is one."""
    first = next((layer.name for layer in layers if not layer.finite), None)
    if first is None:
        return ()
    return (f"{first} is the first layer with values that are not finite (NaN or infinite).",)


def activity_records(run: Activations) -> Records:
    """Return every layer's activations summed up; in a document no number is None."""
    return Records(
        SCHEMA,
        lambda: {"network": run.report.name},
        "layers",
        (
            {
                name: None if isinstance(value, float) and not isfinite(value) else value
                for name, value in layer._asdict().items()
            }
            for layer in run.layers
        ),
        columns=Activity._fields,
        lines=run.layers,
        dense=True,
        ascii=True,
    )

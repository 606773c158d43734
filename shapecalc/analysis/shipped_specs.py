"""The networks that come with the tool, each computed: what flows in, what it holds and costs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.api import build
from shapecalc.graph import Input
from shapecalc.layers.shape import as_text
from shapecalc.output.cells import NUMBER, Json, number_text
from shapecalc.output.columns import macs_owed, params_owed, units_owed
from shapecalc.output.records import Records
from shapecalc.output.table import Head, Line, Table, fitted
from shapecalc.output.view import View
from shapecalc.report.compute import compute_report
from shapecalc.spec.find import find, shipped
from shapecalc.text.safe import one_line
from shapecalc.text.shown import Shapes, Shown

if TYPE_CHECKING:
    from shapecalc.report import Report


class ShippedSpec(NamedTuple):
    """A network that comes with the tool, by the name that stands for a SPEC."""

    name: str
    report: Report

    @property
    def input(self) -> str:
        """What flows in; several volumes where it has several inputs."""
        graph = self.report.graph
        rows = zip(self.report.rows, graph.nodes, strict=True)
        return ", ".join(as_text(row.output) for row, node in rows if isinstance(node.layer, Input))

    @property
    def year(self) -> int | None:
        """The year of its source, where that has one."""
        match = re.search(r"\b(?:19|20)\d\d\b", self.report.graph.spec.citation)
        return int(match[0]) if match else None

    @property
    def authors(self) -> str:
        """Who made it, or where it is from: what the source says before its year."""
        before, year, _ = self.report.graph.spec.citation.partition(str(self.year))
        return (before if year else before.partition(",")[0]).strip(" ,;")


class ShippedSpecs(Shown):
    """All networks that come with the tool."""

    shapes = Shapes(
        "a list of specs",
        table="analysis.shipped_specs.tabulate",
        records="analysis.shipped_specs.records",
    )

    def __init__(self, specs: tuple[ShippedSpec, ...]) -> None:
        self.specs = specs


def shipped_specs() -> ShippedSpecs:
    """Compute every network that comes with the tool, without receptive fields."""
    return ShippedSpecs(
        tuple(
            ShippedSpec(name, compute_report(build(find(f"{name}.yaml")), fields=False))
            for name in shipped()
        )
    )


def tabulate(listed: ShippedSpecs, view: View = View(), width: int | None = None) -> Table:
    """Lay the list out; a narrow page leaves the sources out, then the inputs."""
    reports = [spec.report for spec in listed.specs]
    params = view.fitted("params", [report.totals.params for report in reports]).units
    macs = view.fitted("macs", [report.totals.macs for report in reports]).units
    all_rows = reports[0].with_rows(tuple(row for report in reports for row in report.rows))
    table = Table(
        title="Networks that come with shapecalc",
        about=(),
        columns=(
            Head("the name that stands for a SPEC"),
            Head("what flows in", extents=True, drop=2),
            Head("weights + biases", numeric=True),
            Head("multiply-accumulates", numeric=True),
            Head("the year of the source", numeric=True, drop=3),
            Head("who made it, or where it is from", drop=1),
        ),
        header=("spec", "input", _in("params", params), _in("MACs", macs), "year", "source"),
        lines=tuple(
            Line(
                (
                    spec.name,
                    spec.input,
                    number_text(spec.report.totals.params, params),
                    number_text(spec.report.totals.macs, macs),
                    str(spec.year or ""),
                    one_line(spec.authors),
                )
            )
            for spec in listed.specs
        ),
        footer=(),
        facts=(),
        notes=(),
        legend=(
            *params_owed(all_rows, view).items(),
            ("MACs", macs_owed(all_rows, view)["MACs"]),
            *units_owed((params, macs)).items(),
        ),
        remarks=("Any of these names works as a SPEC: shapecalc summarize alexnet.",),
    )
    return fitted(table, width)


def _in(title: str, unit: str) -> str:
    """Head a column with its unit, if it has one."""
    return title if unit == "exact" else f"{title} ({unit})"


#: The schema's name and version.
SCHEMA = "shapecalc.specs/1"
#: The columns of lines, and the names in a document.
COLUMNS = ("name", "title", "input", "params", "macs", "year", "source", "note")


def records(listed: ShippedSpecs, view: View = View()) -> Records:
    """Return a record a network, with its whole source and its story."""
    return Records(
        SCHEMA,
        key="specs",
        rows=(_record(spec, view) for spec in listed.specs),
        columns=COLUMNS,
    )


def _record(spec: ShippedSpec, view: View) -> dict[str, Json]:
    written, totals = spec.report.graph.spec, spec.report.totals
    values = (
        spec.name,
        spec.report.name,
        spec.input,
        NUMBER.data(totals.params, view),
        NUMBER.data(totals.macs, view),
        spec.year,
        written.citation,
        written.note,
    )
    return dict(zip(COLUMNS, values, strict=True))

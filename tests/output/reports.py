"""The reports that the tests of the formats show."""

from functools import cache
from typing import Any

from shapecalc.api import build
from shapecalc.report import Report
from shapecalc.report.compute import compute_report
from shapecalc.spec.find import find
from shapecalc.text import Source
from tests.paths import NETWORKS, TESTS

GOLDEN = TESTS / "output" / "golden"
#: Sequential, folded, with buffers, with connections, with several inputs, with far skips.
NAMES = (
    "alexnet",
    "alphago",
    "googlenet",
    "resnet50",
    "lenet5-1998",
    "padding-same",
    "small",
    "siamese",
    "two-input",
    "unet",
    "dcgan-generator",
)


def compute(text: str) -> Report:
    """Return the report of a spec."""
    return compute_report(build(Source("<text>", text)))


@cache
def report(name: str) -> Report:
    """Return the report of the small spec, of a test of the language, or of a shipped one."""
    for path in (GOLDEN / f"{name}.yaml", NETWORKS / f"{name}.yaml"):
        if path.exists():
            return compute(path.read_text(encoding="utf-8"))
    return compute_report(build(find(name)))


def changed(report: Report, **fields: Any) -> Report:
    """Return a report with other values in some fields."""
    return report.with_rows(**{"rows": report.rows, **fields})


def with_name(text: str) -> Report:
    """Return a report in which every text that a writer of specs may choose is this one."""
    plain = compute("input: 5x3x2\nlayers: [conv: {filters: 4, kernel: 1}]\n")
    spec = plain.graph.spec._replace(name=text, citation=text, note=text)
    rows = tuple(row._replace(name=text, type=text, fields=text, note=text) for row in plain.rows)
    return changed(plain, graph=plain.graph._replace(spec=spec), rows=rows)

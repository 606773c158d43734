"""The law of symbols: a symbolic report at given values is the numeric report, cell by cell."""

from __future__ import annotations

from itertools import islice, product
from typing import TYPE_CHECKING, Any

import shapecalc
from shapecalc.algebra.expr import Expr, evaluate
from shapecalc.output.columns import COLUMNS
from shapecalc.output.options import make_view
from shapecalc.report import UNKNOWN
from shapecalc.report.receptive_field import AtMost

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Mapping

    from shapecalc.report import Report
    from shapecalc.report.domain import Domain

VIEW = make_view(profile="full", batch=3, dtype="float16", device="ops=1T, bandwidth=10G")
SIDES = {1: "H", 2: "HxW", 3: "DxHxW"}


def symbolic(name: str) -> Report:
    """Load a network with symbols for all sides of its inputs."""
    graph = shapecalc.load(name)
    inputs = {node.path: node.layer.shape for node in graph.nodes if node.layer.type == "input"}
    shapes = {
        path: f"{SIDES[len(shape.sides)]}x{shape.channels}" if shape.sides else "N"
        for path, shape in inputs.items()
    }
    return shapecalc.summarize(name, input=shapes)


def points(report: Report, rng: random.Random, count: int) -> list[dict[str, int]]:
    """Draw admissible values: the smallest, and some further on; or what a grid of them meets.

    Where symbols must fit each other few drawn ones do, and a law without values would hold.
    """
    assert report.domain is not None
    found = []
    for number in range(count):
        values = {}
        for name in report.domain.symbols:
            steps = 0 if number == 0 else rng.choice([1, 2, 3, 10, 40, 90])
            allowed = report.domain.allowed[name].walk()
            values[name] = [value for value, _ in zip(allowed, range(steps + 1), strict=False)][-1]
        if report.domain.admits(values):
            found.append(values)
    return found or list(islice(_on_a_grid(report.domain), count))


def _on_a_grid(domain: Domain) -> Iterator[dict[str, int]]:
    """Yield admissible values among every 13th of the first ones of every symbol."""
    walks = [islice(domain.allowed[name].walk(), 0, 300, 13) for name in domain.symbols]
    for values in product(*walks):
        point = dict(zip(domain.symbols, values, strict=True))
        if domain.admits(point):
            yield point


def cells(report: Report) -> Iterator[tuple[str, str, Any]]:
    """Yield every cell that holds numbers: the layer, the column, the value."""
    numeric = [column for column in COLUMNS if column.kind.name not in ("text", "percent")]
    for row in report.rows:
        for column in numeric:
            yield row.name, column.key, column.value(row, VIEW)
    for column in numeric:
        if column.total is not None:
            yield "total", column.key, column.total(report.totals, VIEW)
    yield "total", "peak", report.totals.peak


def at(value: Any, values: Mapping[str, int]) -> Any:
    """Put values into whatever a cell holds."""
    if isinstance(value, Expr):
        return evaluate(value, values)
    if isinstance(value, tuple):
        made = [at(each, values) for each in value]
        return type(value)(*made) if hasattr(value, "_fields") else tuple(made)
    return value


def differences(
    symbolic: Report, numeric: Report, values: Mapping[str, int]
) -> list[tuple[str, str, Any, Any]]:
    """Return the cells that differ; one that is unknown to the symbolic report differs not.

    A receptive field that is "at most" so large may be smaller at some sizes, and never larger.
    """
    found = []
    for (layer, column, formula), (_, _, number) in zip(
        cells(symbolic), cells(numeric), strict=True
    ):
        value = at(formula, values)
        if isinstance(value, tuple) and set(value) == {0} and column == "jump":
            value = None  # a side without steps: the column shows none
        if isinstance(formula, AtMost) and len(value) == len(number or ()):
            value = tuple(map(min, value, number))
        if formula is not UNKNOWN and value != number:
            found.append((layer, column, value, number))
    return found

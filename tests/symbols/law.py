"""The law of symbols: a symbolic report at given values is the numeric report, cell by cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.cells import UNKNOWN
from shapecalc.columns import COLUMNS
from shapecalc.expr import Expr, evaluate
from shapecalc.view import make_view

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shapecalc.report import Report

VIEW = make_view(profile="full", batch=3, dtype="float16")


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
    """Return the cells that differ; one that is unknown to the symbolic report differs not."""
    found = []
    for (layer, column, formula), (_, _, number) in zip(
        cells(symbolic), cells(numeric), strict=True
    ):
        value = at(formula, values)
        if isinstance(value, tuple) and set(value) == {0} and column == "jump":
            value = None  # a side without steps: the column shows none
        if formula is not UNKNOWN and value != number:
            found.append((layer, column, value, number))
    return found

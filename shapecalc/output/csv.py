"""Comma-separated values: one header row of machine names, then a row a layer, plain numbers."""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING

from shapecalc.output.cells import (
    UNKNOWN_MARK,
)
from shapecalc.output.columns import default_columns, sorted_rows
from shapecalc.report.fold import fold
from shapecalc.report.unknown import (
    UNKNOWN,
)

if TYPE_CHECKING:
    from shapecalc.output.cells import Kind
    from shapecalc.output.view import View
    from shapecalc.report.model import Report

# What a spreadsheet would take for the start of a formula.
FORMULA = (*"=+-@\t\r", *"＝＋－＠﹢﹣﹦﹫")  # noqa: RUF001  (as wide and small letters)


def to_csv(report: Report, view: View) -> str:
    """Write the rows, without totals: they would be added to the sums of a spreadsheet.

    An empty cell is not applicable, `?` is unknown.  A text that a spreadsheet would read as a
    formula gets a `'` before it.
    """
    columns = view.columns or default_columns(view, machine=True)
    totals = report.totals
    target = StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow([column.name for column in columns])
    for row in sorted_rows(fold(report, view.depth or 0), view, totals):
        writer.writerow(
            [cell_plain(column.kind, column.of_row(row, view, totals), view) for column in columns]
        )
    return target.getvalue()


def cell_plain(kind: Kind, value: object, view: View) -> str:
    """Write a cell's value."""
    if value is None:
        return ""
    if value is UNKNOWN:
        return UNKNOWN_MARK
    return harmless(kind.plain(value, view))


def harmless(text: str) -> str:
    """Put a `'` before what a spreadsheet would read as a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text

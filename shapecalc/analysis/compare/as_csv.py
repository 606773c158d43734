"""A comparison as comma-separated values: a row for every aligned row, plain numbers."""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING

from shapecalc.output.columns import default_columns
from shapecalc.output.csv import cell_plain, harmless

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.analysis.compare import Comparison
    from shapecalc.analysis.compare.rows import Aligned
    from shapecalc.output.view import (
        Column,
        View,
    )


def to_csv(comparison: Comparison, view: View) -> str:
    """Write every column once a network, numbered from 1: ``params_1``, ``params_2``.

    Status and changes, against the first network, begin with ``status_2``.  The cells of a network
    without such a layer are empty.
    """
    numbers = range(1, len(comparison.reports) + 1)
    columns = view.columns or default_columns(view, machine=True)
    columns = tuple(column for column in columns if column.key != "name")
    target = StringIO()
    writer = csv.writer(target, lineterminator="\n")
    header = [f"name_{n}" for n in numbers]
    header += [f"{word}_{n}" for n in numbers[1:] for word in ("status", "changes")]
    writer.writerow([*header, *(f"{column.name}_{n}" for column in columns for n in numbers)])
    for row in comparison.rows(view.depth or 0):
        writer.writerow(_cells(comparison, row, view, columns))
    return target.getvalue()


def _cells(
    comparison: Comparison, row: Aligned, view: View, columns: tuple[Column, ...]
) -> Iterator[str]:
    yield from (harmless(part.row.name) if part else "" for part in row.parts)
    for status, changes in zip(row.statuses, row.changes, strict=True):
        yield status
        yield harmless(", ".join(change.text for change in changes))
    for column in columns:
        for part, report in zip(row.parts, comparison.reports, strict=True):
            value = None if part is None else column.of_row(part.row, view, report.totals)
            yield cell_plain(column.kind, value, view)

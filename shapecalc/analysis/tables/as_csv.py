"""Judged tables as comma-separated values: a row for every cell."""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING

from shapecalc.analysis.tables.as_json import chosen, record
from shapecalc.analysis.tables.model import CellResult
from shapecalc.output.csv import harmless
from shapecalc.text.safe import printable

if TYPE_CHECKING:
    from shapecalc.analysis.tables.model import Judgement, Status
    from shapecalc.output.cells import Json

#: What is written of every cell, after its table's name.
COLUMNS = tuple(record(CellResult("", "", "", "", "", None, "match")))


def to_csv(judgements: tuple[Judgement, ...], only: Status | None = None) -> str:
    """Write a row a cell; numbers exact, texts that a spreadsheet would compute behind a `'`."""
    target = StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(["table", *COLUMNS])
    for each in judgements:
        for cell in chosen(each, only):
            values = record(cell).values()
            texts = (_plain(value) for value in (each.name, *values))
            writer.writerow([harmless(text) for text in texts])
    return target.getvalue()


def _plain(value: Json) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else printable(str(value))

"""Judged tables as JSON: their counts, and every cell with what was found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.analysis.tables.model import count
from shapecalc.output.json import dump

if TYPE_CHECKING:
    from shapecalc.analysis.tables.model import CellResult, Counts, Judgement, Status
    from shapecalc.output.cells import Json

#: The schema's name and version: a field that changes its meaning makes a new version.
SCHEMA = "shapecalc.tables/1"


def to_json(judgements: tuple[Judgement, ...], only: Status | None = None) -> str:
    """Write tables with their counts and their cells, a cell a line."""
    tables = ",\n".join(_table(each, only) for each in judgements)
    total = count(tuple(cell for each in judgements for cell in each.cells))
    summary = {**_counts(total), "sentence": "; ".join(total.sentences())}
    lines = [
        "{",
        f'  "schema": {dump(SCHEMA)},',
        '  "tables": [',
        tables,
        "  ],",
        f'  "summary": {dump(summary)}',
        "}",
    ]
    return "\n".join(lines) + "\n"


def _table(each: Judgement, only: Status | None) -> str:
    head: dict[str, Json] = {
        "name": each.name,
        "title": each.title,
        "source": each.citation,
        "note": each.note,
        "networks": each.networks,
        "conventions": dict(each.conventions),
        **_counts(each.counts),
        "also": [
            {
                "network": tally.network,
                "columns": {title: [match, cells] for title, match, cells in tally.columns},
            }
            for tally in each.also
        ],
    }
    lines = [f"      {dump(key)}: {dump(value)}," for key, value in head.items()]
    records = ",\n".join(f"        {dump(record(cell))}" for cell in chosen(each, only))
    return "\n".join(["    {", *lines, '      "cells_detail": [', records, "      ]", "    }"])


def _counts(counts: Counts) -> dict[str, Json]:
    return {
        "cells": counts.cells,
        "match": counts.match,
        "erratum": counts.erratum,
        "explained": counts.explained,
        "unexplained": counts.unexplained,
        "mismatch": counts.mismatch,
    }


def record(cell: CellResult) -> dict[str, Json]:
    """Return a cell: `computed` exactly, `computed_text` as it would be printed."""
    return {
        "row": cell.row,
        "column": cell.column,
        "quantity": cell.quantity,
        "printed": cell.printed,
        "computed": cell.value,
        "computed_text": cell.computed,
        "status": cell.status,
        "explained": cell.explained if cell.status == "erratum" else None,
        "account": cell.account or None,
        "under": cell.under or None,
        "recomputed": cell.recomputed or None,
    }


def chosen(each: Judgement, only: Status | None) -> list[CellResult]:
    """List the cells, or only those of a status."""
    return [cell for cell in each.cells if only in (None, cell.status)]

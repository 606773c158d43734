"""Judged tables for programs: their counts, and every cell with what comes out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.analysis.tables.model import CellResult, Judgement, count
from shapecalc.output.records import Records, Rows
from shapecalc.text.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.analysis.tables.model import Counts, Judgements, Status
    from shapecalc.output.cells import Json

#: The schema's name and version.
SCHEMA = "shapecalc.tables/1"


def records(judged: Judgements | Judgement, *, only: Status | None = None) -> Records:
    """Return the tables with their cells, or with those of a status; a line is a cell."""
    judgements = (judged,) if isinstance(judged, Judgement) else judged
    counts = count(tuple(cell for judgement in judgements for cell in judgement.cells))
    return Records(
        SCHEMA,
        key="tables",
        rows=(_table(judgement, only) for judgement in judgements),
        tail=lambda: {"summary": {**_counts(counts), "sentence": "; ".join(counts.sentences())}},
        columns=("table", *_cell(CellResult("", "", "", "", "", None, "match"))),
        lines=(
            tuple(map(_plain, (judgement.name, *_cell(cell).values())))
            for judgement in judgements
            for cell in _chosen(judgement, only)
        ),
    )


def _table(judgement: Judgement, only: Status | None) -> dict[str, object]:
    return {
        "name": judgement.name,
        "title": judgement.title,
        "source": judgement.citation,
        "note": judgement.note,
        "networks": judgement.networks,
        "conventions": dict(judgement.conventions),
        **_counts(judgement.counts),
        "also": [
            {
                "network": tally.network,
                "columns": {title: [match, cells] for title, match, cells in tally.columns},
            }
            for tally in judgement.also
        ],
        "cells_detail": Rows(map(_cell, _chosen(judgement, only))),
    }


def _counts(counts: Counts) -> dict[str, Json]:
    return {
        "cells": counts.cells,
        "match": counts.match,
        "erratum": counts.erratum,
        "explained": counts.explained,
        "unexplained": counts.unexplained,
        "mismatch": counts.mismatch,
    }


def _cell(cell: CellResult) -> dict[str, Json]:
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


def _plain(value: Json) -> Json:
    return one_line(value) if isinstance(value, str) else value


def _chosen(judgement: Judgement, only: Status | None) -> Iterator[CellResult]:
    """Yield the cells, or only those of a status."""
    return (cell for cell in judgement.cells if only in (None, cell.status))

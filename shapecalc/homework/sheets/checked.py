"""Checked answers for programs: every cell with its verdict, marks and explanations."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from shapecalc.homework.assignment.conventions import stated_conventions, stated_policy
from shapecalc.homework.assignment.model import is_total
from shapecalc.homework.assignment.notation.values import marks_number, value_text
from shapecalc.homework.diagnosis.misconceptions import CATALOGUE
from shapecalc.homework.diagnosis.model import VERDICTS
from shapecalc.homework.diagnosis.wording import finding_text, why_text
from shapecalc.output.csv import Plain
from shapecalc.output.records import Records

if TYPE_CHECKING:
    from shapecalc.homework.diagnosis.model import Checked, Diagnosis, JudgedCell


#: The schema's name and version.
SCHEMA = "shapecalc.homework.check/1"

_FIELDS = ("layer", "column", "raw", "read_as", "verdict", "misconceptions", "marks", "out_of")


def records(checked: Checked, *, hint: int = 2, solution: bool = False) -> Records:
    """Return the cells with their verdicts.

    `hint` 1 tells which cells, 2 which idea, 3 the rule with numbers; `solution` the key.
    """
    cells = (_cell(checked, judged, hint, solution=solution) for judged in checked.cells)
    extras = (_extra(extra.layer, extra.column, extra.raw, extra.hint) for extra in checked.extras)
    return Records(
        SCHEMA,
        lambda: _head(checked),
        "cells",
        chain(cells, extras),
        lambda: {
            "findings": _findings(checked) if hint > 1 else [],
            "totals": _totals(checked),
        },
        (*_FIELDS, "key") if solution else _FIELDS,
        (_line(checked, judged, hint, solution=solution) for judged in checked.cells),
    )


def _head(checked: Checked) -> dict[str, object]:
    homework = checked.homework
    columns = {column.key for column in homework.columns}
    return {
        "title": homework.title,
        "answers": checked.source,
        "network": homework.report.graph.spec.source.name,
        "conventions": stated_conventions(homework.conventions, columns),
        "policy": stated_policy(homework.policy),
        "notes": list(checked.notes),
    }


def _line(checked: Checked, judged: JudgedCell, hint: int, *, solution: bool) -> tuple[object, ...]:
    cell = judged.cell
    names = [" ".join(diagnosis.ids) for diagnosis in judged.diagnoses] if hint > 1 else []
    line = (
        cell.layer,
        cell.quantity.key,
        " ".join(judged.raw.split()),
        judged.read_as,
        judged.verdict,
        "; ".join(names),
        marks_number(judged.marks),
        marks_number(cell.out_of) if judged.verdict != "not_graded" else 0,
    )
    key = Plain(value_text(cell.key, checked.homework.conventions))
    return (*line, key) if solution else line


def _cell(checked: Checked, judged: JudgedCell, hint: int, *, solution: bool) -> dict[str, object]:
    cell = judged.cell
    graded = judged.verdict != "not_graded"
    fields: dict[str, object] = {
        "layer": cell.layer,
        "column": cell.quantity.key,
        "raw": judged.raw,
        "read_as": judged.read_as or None,
        "verdict": judged.verdict,
        "misconceptions": [
            entry
            for diagnosis in (judged.diagnoses if hint > 1 else ())
            for entry in _entries(diagnosis, hint)
        ],
        "marks": marks_number(judged.marks),
        "out_of": marks_number(cell.out_of) if graded else 0,
        "note": judged.note,
    }
    if solution:
        from shapecalc.homework.sheets.worked import work_out  # lessons take their time to import

        fields["key"] = (
            None if cell.key is None else value_text(cell.key, checked.homework.conventions)
        )
        fields["worked"] = list(work_out(checked.homework, cell).steps)
    return fields


def _entries(diagnosis: Diagnosis, hint: int) -> list[dict[str, object]]:
    """Return the misconceptions of an explanation; `with` names the other of two."""
    entries = []
    for name in diagnosis.ids:
        known = CATALOGUE[name]
        entry: dict[str, object] = {
            "id": name,
            "name": known.name,
            "on": diagnosis.on,
            "certain": diagnosis.certain,
            "with": [other for other in diagnosis.ids if other != name],
            "message": f"{known.done} {known.why}",
        }
        if hint > 2:
            entry |= {"working": diagnosis.working, "rule": diagnosis.rule}
        entries.append(entry)
    return entries


def _extra(layer: str, column: str, raw: str, hint: str) -> dict[str, object]:
    return {
        "layer": layer,
        "column": column,
        "raw": raw,
        "read_as": None,
        "verdict": "not_graded",
        "misconceptions": [],
        "marks": 0,
        "out_of": 0,
        "note": f"not asked; {hint}" if hint else "not asked",
    }


def _findings(checked: Checked) -> list[dict[str, object]]:
    return [
        {
            "misconceptions": list(finding.ids),
            "verdict": finding.verdict,
            "cells": [list(judged.cell.at) for judged in finding.cells],
            "shown": finding.shown,
            "certain": finding.certain,
            "text": finding_text(finding, all_else=False),
            "why": why_text(finding.ids),
        }
        for finding in checked.findings
    ]


def _totals(checked: Checked) -> dict[str, object]:
    graded = [judged for judged in checked.cells if judged.verdict != "not_graded"]
    counts: dict[str, int] = {verdict: checked.count(verdict) for verdict in VERDICTS}
    counts["not_graded"] += len(checked.extras)
    return {
        "marks": marks_number(checked.marks),
        "out_of": marks_number(checked.out_of),
        "cells": len(graded),
        **counts,
        "layers": len(
            {judged.cell.layer for judged in checked.cells if not is_total(judged.cell.layer)}
        ),
    }

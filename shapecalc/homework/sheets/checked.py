"""Checked answers in every format; for programs a cell with its verdict, marks and explanations."""

from __future__ import annotations

import csv
from functools import partial
from io import StringIO
from typing import TYPE_CHECKING

from shapecalc.homework.assignment.conventions import stated_conventions, stated_policy
from shapecalc.homework.assignment.model import is_total
from shapecalc.homework.assignment.notation.values import marks_number, value_text
from shapecalc.homework.diagnosis.misconceptions import CATALOGUE
from shapecalc.homework.diagnosis.model import VERDICTS
from shapecalc.homework.diagnosis.wording import finding_text, why_text
from shapecalc.output.csv import harmless
from shapecalc.output.formats import draw, format_for
from shapecalc.output.json import dump

if TYPE_CHECKING:
    from shapecalc.homework.diagnosis.model import Checked, Diagnosis, JudgedCell

#: Hint levels: which cells; which idea; the rule with the student's numbers.
HINTS = (1, 2, 3)


def show(
    checked: Checked,
    format: str = "text",  # noqa: A002  (the word of the command line)
    *,
    hint: int = 2,
    solution: bool = False,
    width: int | None = None,
) -> str:
    """Write checked answers in a format, the last line ended; see `output.formats.render`.

    `hint` 1 tells which cells, 2 which idea, 3 the rule with numbers; `solution` the key.
    """
    format_for(format)
    if format == "json":
        return to_json(checked, hint=hint, solution=solution)
    if format == "csv":
        return to_csv(checked, hint=hint, solution=solution)
    from shapecalc.homework.sheets.checked_table import tabulate

    table = partial(tabulate, checked, hint=hint, solution=solution)
    return draw(lambda _: table(), format, width, standalone=True)


_FIELDS = ("layer", "column", "raw", "read_as", "verdict", "misconceptions", "marks", "out_of")


def to_csv(checked: Checked, *, hint: int = 2, solution: bool = False) -> str:
    """Write the cells; texts of strangers are no formulas."""
    target = StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow([*_FIELDS, "key"] if solution else _FIELDS)
    for judged in checked.cells:
        names = [" ".join(diagnosis.ids) for diagnosis in judged.diagnoses] if hint > 1 else []
        row = [
            harmless(judged.cell.layer),
            judged.cell.quantity.key,
            harmless(" ".join(judged.raw.split())),
            harmless(judged.read_as),
            judged.verdict,
            "; ".join(names),
            marks_number(judged.marks),
            marks_number(judged.cell.out_of) if judged.verdict != "not_graded" else 0,
        ]
        key = value_text(judged.cell.key, checked.homework.conventions)
        writer.writerow([*row, key] if solution else row)
    return target.getvalue()


#: The schema's name and version: a field that changes its meaning makes a new version.
SCHEMA = "shapecalc.homework.check/1"


def to_json(checked: Checked, *, hint: int = 3, solution: bool = False) -> str:
    """Write the cells, one a line.  The key is there only with `solution`."""
    homework = checked.homework
    columns = {column.key for column in homework.columns}
    head = {
        "schema": SCHEMA,
        "title": homework.title,
        "answers": checked.source,
        "network": homework.report.graph.spec.source.name,
        "conventions": stated_conventions(homework.conventions, columns),
        "policy": stated_policy(homework.policy),
        "notes": list(checked.notes),
    }
    lines = [f"  {dump(key)}: {dump(value)}," for key, value in head.items()]
    cells = [_cell(checked, judged, hint, solution=solution) for judged in checked.cells]
    cells += [_extra(extra.layer, extra.column, extra.raw, extra.hint) for extra in checked.extras]
    body = ",\n".join(f"    {dump(cell)}" for cell in cells)
    lines += ['  "cells": [', body, "  ],"] if cells else ['  "cells": [],']
    lines.append(f'  "findings": {dump(_findings(checked) if hint > 1 else [])},')
    lines.append(f'  "totals": {dump(_totals(checked))}')
    return "\n".join(["{", *lines, "}"]) + "\n"


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

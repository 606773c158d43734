"""Checked answers as comma-separated values, a row a cell."""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING

from shapecalc.homework.assignment.values import marks_number, value_text
from shapecalc.output.csv import harmless

if TYPE_CHECKING:
    from shapecalc.homework.diagnosis.verdict import Checked

_FIELDS = ("layer", "column", "raw", "read_as", "verdict", "misconceptions", "marks", "out_of")


def to_csv(checked: Checked, *, hint: int = 2, solution: bool = False) -> str:
    """Write the cells; texts of strangers are no formulas."""
    target = StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow([*_FIELDS, "key"] if solution else _FIELDS)
    for each in checked.cells:
        names = [" ".join(diagnosis.ids) for diagnosis in each.diagnoses] if hint > 1 else []
        row = [
            harmless(each.cell.layer),
            each.cell.quantity.key,
            harmless(" ".join(each.raw.split())),
            harmless(each.read_as),
            each.verdict,
            "; ".join(names),
            marks_number(each.marks),
            marks_number(each.cell.out_of) if each.verdict != "not_graded" else 0,
        ]
        key = value_text(each.cell.key, checked.homework.conventions)
        writer.writerow([*row, key] if solution else row)
    return target.getvalue()

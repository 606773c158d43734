"""Sheets to fill in, worked solutions, and checked answers.

Here is what stands on a sheet, whatever its format: rows, cells, marks, and what holds for them.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.homework.assignment.conventions import share_text, stated_conventions, stated_policy
from shapecalc.homework.assignment.deadline import stated_deadline
from shapecalc.homework.assignment.notation.values import marks_text, value_text
from shapecalc.homework.assignment.outline import described
from shapecalc.layers.shape import as_text
from shapecalc.text.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.homework.assignment.model import AskedCell, Homework

#: What stands in a cell that is not asked.
NOT_ASKED = "-"


class SheetRow(NamedTuple):
    """A row of a sheet: a layer, what it does, and its cell in each column, if that is asked."""

    layer: str
    does: str
    cells: tuple[AskedCell | None, ...]


def grid_of(homework: Homework) -> Iterator[SheetRow]:
    """Yield the rows of a sheet."""
    by_cell = {cell.at: cell for cell in homework.cells}
    for layer, does in described(homework):
        cells = tuple(by_cell.get((layer, column.key)) for column in homework.columns)
        yield SheetRow(layer, does, cells)


def shown(homework: Homework, cell: AskedCell | None, *, solution: bool, blank: str = "") -> str:
    """Write a cell of the sheet: a blank, what is given, or a dash where nothing is asked."""
    if cell is None:
        return NOT_ASKED
    if cell.filled_in or solution or cell.key is None:
        return value_text(cell.key, homework.conventions)
    return blank


def stated(homework: Homework) -> dict[str, str]:
    """Say what holds for a sheet, term by term: nothing is assumed silently."""
    columns = {column.key for column in homework.columns}
    terms = stated_conventions(homework.conventions, columns) | stated_policy(homework.policy)
    terms |= stated_deadline(homework.deadline)
    if any(cell.accepted for cell in homework.cells):
        full = homework.policy.accepted == "right"
        share = "full marks" if full else share_text(homework.policy.other_convention)
        terms["accepted"] = f"{share} for other values that your teacher accepts in some cells"
    if any(None in cells for _, _, cells in grid_of(homework)):
        terms[NOT_ASKED] = "not asked"
    return terms


def inputs_text(homework: Homework) -> str:
    """Say what flows into the network, or into each of several."""
    rows = [row for row in homework.report.rows if row.type == "input"]
    if len(rows) == 1:
        return f"The input is {as_text(rows[0].output)}."
    inputs = ", ".join(f"{one_line(row.name)} {as_text(row.output)}" for row in rows)
    return f"The inputs are {inputs}."


def marks_of(homework: Homework) -> Iterator[str]:
    """Yield the marks of every column."""
    for column in homework.columns:
        marks = [
            cell.out_of
            for cell in homework.cells
            if cell.quantity.key == column.key and cell.is_asked
        ]
        yield marks_text(sum(marks, Fraction(0))) if marks else ""

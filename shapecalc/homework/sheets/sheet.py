"""Sheets to fill in, and worked solutions: text, Markdown, HTML, CSV, YAML."""

from __future__ import annotations

import csv
from fractions import Fraction
from io import StringIO
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.homework.answers.answers import DOES
from shapecalc.homework.assignment.conventions import share_text, stated_conventions, stated_policy
from shapecalc.homework.assignment.deadline import stated_deadline
from shapecalc.homework.assignment.outline import described
from shapecalc.homework.assignment.values import marks_text, value_text
from shapecalc.layers.shape import as_text
from shapecalc.output import table
from shapecalc.output.csv import harmless
from shapecalc.output.formats import draw, format_for
from shapecalc.output.table import Fact, Head, Table
from shapecalc.text.safe import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.homework.assignment.assignment import Cell, Homework

#: A place for an answer, on paper.
_BLANK = "_" * 14
#: What stands in a cell that is not asked.
NOT_ASKED = "-"


def sheet(
    homework: Homework,
    format: str,  # noqa: A002
    *,
    solution: bool = False,
    who: str = "",
) -> str:
    """Write the sheet of a homework, the last line ended; with `solution` its answers.

    `who` is whose sheet it is.
    """
    if format == "yaml":
        return _yaml(homework, who, solution=solution)
    format_for(format)
    if format == "csv":
        return _csv(homework, who, solution=solution)
    blank = _BLANK if format in ("html", "latex") else ""
    made = _table(homework, who, solution=solution, blank=blank)
    if format == "html":
        from shapecalc.homework.sheets.as_page import to_page

        return to_page(homework, made, solution=solution)
    return draw(lambda _: made, format, None, standalone=True)


def stamp_text(homework: Homework) -> str:
    """Write what identifies the homework on a sheet."""
    return f"shapecalc homework {homework.stamp}"


class Line(NamedTuple):
    """A row of a sheet: a layer, what it does, and its cell in each column, if that is asked."""

    layer: str
    does: str
    cells: tuple[Cell | None, ...]


def grid_of(homework: Homework) -> Iterator[Line]:
    """Yield the rows of a sheet."""
    by_cell = {cell.at: cell for cell in homework.cells}
    for layer, said in described(homework):
        cells = tuple(by_cell.get((layer, column.key)) for column in homework.columns)
        yield Line(layer, said, cells)


def shown(homework: Homework, cell: Cell | None, *, solution: bool, blank: str = "") -> str:
    """Write a cell of the sheet: a blank, what is given, or a dash where nothing is asked."""
    if cell is None:
        return NOT_ASKED
    if cell.given or solution or cell.key is None:
        return value_text(cell.key, homework.conventions)
    return blank


def _table(homework: Homework, who: str, *, solution: bool, blank: str) -> Table:
    columns = homework.columns
    heads = [Head(column.title, extents=column.key == "output") for column in columns]
    lines = tuple(
        table.Line(
            (
                printable(layer),
                printable(said),
                *(shown(homework, cell, solution=solution, blank=blank) for cell in cells),
            )
        )
        for layer, said, cells in grid_of(homework)
    )
    graded = [cell.out_of for cell in homework.cells if not cell.given and cell.key is not None]
    marks = (Fact("marks", marks_text(sum(graded, Fraction(0)))),)
    return Table(
        title=printable(homework.title) + (": solution" if solution else ""),
        about=tuple(text for text in (inputs_text(homework), printable(homework.note)) if text),
        columns=(Head("the layer"), Head("what it does", extents=True), *heads),
        header=("layer", DOES, *(column.title for column in columns)),
        lines=lines,
        footer=("marks", "", *marks_of(homework)),
        facts=(Fact("name", printable(who) or _BLANK * 2), *marks) if not solution else marks,
        notes=tuple(_worked(homework)) if solution else (),
        legend=tuple(stated(homework).items()),
        remarks=(f"Sheet: {stamp_text(homework)}.",),
    )


def stated(homework: Homework) -> dict[str, str]:
    """Say what holds for a sheet, term by term: nothing is assumed silently."""
    asked = {column.key for column in homework.columns}
    said = stated_conventions(homework.conventions, asked) | stated_policy(homework.policy)
    said |= stated_deadline(homework.deadline)
    if any(cell.accepted for cell in homework.cells):
        full = homework.policy.accepted == "right"
        share = "full marks" if full else share_text(homework.policy.other_convention)
        said["accepted"] = f"{share} for other values that your teacher accepts in some cells"
    if any(None in cells for _, _, cells in grid_of(homework)):
        said[NOT_ASKED] = "not asked"
    return said


def inputs_text(homework: Homework) -> str:
    """Say what flows into the network, or into each of several."""
    rows = [row for row in homework.report.rows if row.type == "input"]
    if len(rows) == 1:
        return f"The input is {as_text(rows[0].output)}."
    said = ", ".join(f"{printable(row.name)} {as_text(row.output)}" for row in rows)
    return f"The inputs are {said}."


def marks_of(homework: Homework) -> Iterator[str]:
    """Yield the marks of every column."""
    for column in homework.columns:
        marks = [
            cell.out_of
            for cell in homework.cells
            if cell.quantity.key == column.key and not cell.given and cell.key is not None
        ]
        yield marks_text(sum(marks, Fraction(0))) if marks else ""


def _worked(homework: Homework) -> Iterator[str]:
    from shapecalc.homework.sheets.worked import solution_lines  # lessons take their time to import

    return solution_lines(homework)


def _csv(homework: Homework, who: str, *, solution: bool) -> str:
    target = StringIO()
    writer = csv.writer(target, lineterminator="\n")
    heading = [printable(homework.title), *([printable(who)] if who else [])]
    writer.writerow([stamp_text(homework), *map(harmless, heading)])
    writer.writerow(["input", inputs_text(homework)])
    if homework.note:
        writer.writerow(["note", harmless(printable(homework.note))])
    writer.writerows((term, said) for term, said in stated(homework).items() if term != NOT_ASKED)
    writer.writerow(["layer", DOES, *(column.key for column in homework.columns)])
    for layer, said, cells in grid_of(homework):
        texts = (shown(homework, cell, solution=solution) for cell in cells)
        writer.writerow([harmless(layer), harmless(printable(said)), *texts])
    return target.getvalue()


def _yaml(homework: Homework, who: str, *, solution: bool) -> str:
    lines = [f"# {stamp_text(homework)}", f"# {printable(homework.title)}"]
    lines += [f"# {printable(who)}"] if who else []
    lines.append(f"# {inputs_text(homework)}")
    lines += [f"# {printable(homework.note)}"] if homework.note else []
    lines += [f"# {term}: {said}" for term, said in stated(homework).items() if term != NOT_ASKED]
    for layer, described_as, cells in grid_of(homework):
        said = printable(described_as)
        asked_here = any(cells)
        mark = "" if asked_here else "# "
        lines.append(f"{mark}{_key(layer)}:" + (f"  # {said}" if said else ""))
        for column, cell in zip(homework.columns, cells, strict=True):
            if cell is not None:
                text = shown(homework, cell, solution=solution).replace(",", "")
                lines.append(f"  {column.key}: {text}".rstrip())
    return "\n".join(lines) + "\n"


def _key(word: str) -> str:
    """Write a layer's name as a key of YAML."""
    plain = word.replace("_", "").replace("/", "").replace("-", "").isalnum() and word[0].isalpha()
    return word if plain else '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'

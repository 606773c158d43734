"""Sheets to fill in, and worked solutions: text, Markdown, HTML, CSV, YAML."""

from __future__ import annotations

import csv
from fractions import Fraction
from io import StringIO
from typing import TYPE_CHECKING

from shapecalc.homework.answers import DOES
from shapecalc.homework.assignment import TOTAL
from shapecalc.homework.conventions import stated_conventions, stated_policy
from shapecalc.homework.deadline import stated_deadline
from shapecalc.homework.show.values import marks_text, value_text
from shapecalc.homework.working import working_of
from shapecalc.printing import printable
from shapecalc.render import draw, format_for
from shapecalc.render.as_csv import harmless
from shapecalc.shape import as_text
from shapecalc.table import Fact, Head, Line, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.homework.assignment import Cell, Homework

#: A place for an answer, on paper.
_BLANK = "_" * 14


def sheet(homework: Homework, format: str, *, solution: bool = False) -> str:  # noqa: A002
    """Write the sheet of a homework, the last line ended; with `solution` its answers."""
    if format == "yaml":
        return _yaml(homework, solution=solution)
    format_for(format)
    if format == "csv":
        return _csv(homework, solution=solution)
    blank = _BLANK if format in ("html", "latex") else ""
    table = _table(homework, solution=solution, blank=blank)
    return draw(lambda _: table, format, None, standalone=True)


def stamp_text(homework: Homework) -> str:
    """Write what identifies the homework on a sheet."""
    return f"shapecalc homework {homework.stamp}"


def _grid(homework: Homework) -> Iterator[tuple[str, list[Cell | None]]]:
    by_cell = {cell.at: cell for cell in homework.cells}
    for layer in homework.layers:
        yield layer, [by_cell.get((layer, column.key)) for column in homework.columns]


def does(homework: Homework, layer: str) -> str:
    """Say what a layer does, in the words of the sheet."""
    row = homework.rows.get(layer)
    if row is None:
        return ""
    return f"{row.type} {row.does}".strip() if row.layer is not None else row.does


def _shown(homework: Homework, cell: Cell | None, *, solution: bool, blank: str = "") -> str:
    if cell is None:
        return ""
    if cell.given or solution or cell.key is None:
        return value_text(cell.key, homework.conventions)
    return blank


def _table(homework: Homework, *, solution: bool, blank: str) -> Table:
    columns = homework.columns
    heads = [Head(column.title, extents=column.key == "output") for column in columns]
    lines = tuple(
        Line(
            (
                printable(layer),
                printable(does(homework, layer)),
                *(_shown(homework, cell, solution=solution, blank=blank) for cell in cells),
            )
        )
        for layer, cells in _grid(homework)
    )
    asked = {column.key for column in columns}
    graded = [cell.out_of for cell in homework.cells if not cell.given and cell.key is not None]
    marks = (Fact("marks", marks_text(sum(graded, Fraction(0)))),)
    legend = stated_conventions(homework.conventions, asked) | stated_policy(homework.policy)
    legend |= stated_deadline(homework.deadline)
    inputs = ", ".join(as_text(row.output) for row in homework.report.rows if row.type == "input")
    return Table(
        title=printable(homework.title) + (": solution" if solution else ""),
        about=tuple(text for text in (f"The input is {inputs}.", printable(homework.note)) if text),
        columns=(Head("the layer"), Head("what it does", extents=True), *heads),
        header=("layer", DOES, *(column.title for column in columns)),
        lines=lines,
        footer=("marks", "", *_marks(homework)),
        facts=(Fact("name", _BLANK * 2), *marks) if not solution else marks,
        notes=tuple(_workings(homework)) if solution else (),
        legend=tuple(legend.items()),
        remarks=(f"Sheet: {stamp_text(homework)}.",),
    )


def _marks(homework: Homework) -> Iterator[str]:
    for column in homework.columns:
        marks = [
            cell.out_of
            for cell in homework.cells
            if cell.quantity.key == column.key and not cell.given and cell.key is not None
        ]
        yield marks_text(sum(marks, Fraction(0))) if marks else ""


def _workings(homework: Homework) -> Iterator[str]:
    """Yield how every cell is worked out, where it is a calculation."""
    for cell in homework.cells:
        row = homework.rows.get(cell.layer)
        if cell.layer == TOTAL or row is None or row.layer is None:
            continue
        working = working_of(row, cell.quantity.key, homework.conventions)
        text = working.text if working is not None else ""
        if any(sign in text for sign in "*+-/"):
            answer = value_text(cell.key, homework.conventions)
            yield f"{cell.layer}, {cell.quantity.title}: {text} = {answer}"


def _csv(homework: Homework, *, solution: bool) -> str:
    target = StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow([stamp_text(homework), harmless(printable(homework.title))])
    writer.writerow(["layer", DOES, *(column.key for column in homework.columns)])
    for layer, cells in _grid(homework):
        texts = (_shown(homework, cell, solution=solution) for cell in cells)
        writer.writerow([harmless(layer), harmless(does(homework, layer)), *texts])
    return target.getvalue()


def _yaml(homework: Homework, *, solution: bool) -> str:
    asked = {column.key for column in homework.columns}
    lines = [f"# {stamp_text(homework)}", f"# {printable(homework.title)}"]
    stated = stated_conventions(homework.conventions, asked)
    lines += [f"# {term}: {said}" for term, said in stated.items()]
    for layer, cells in _grid(homework):
        told = printable(does(homework, layer))
        lines.append(f"{_key(layer)}:" + (f"  # {told}" if told else ""))
        for column, cell in zip(homework.columns, cells, strict=True):
            if cell is not None:
                shown = _shown(homework, cell, solution=solution).replace(",", "")
                lines.append(f"  {column.key}: {shown}".rstrip())
    return "\n".join(lines) + "\n"


def _key(word: str) -> str:
    """Write a layer's name as a key of YAML."""
    plain = word.replace("_", "").replace("/", "").replace("-", "").isalnum() and word[0].isalpha()
    return word if plain else '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'

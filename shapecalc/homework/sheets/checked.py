"""Checked answers: as a table, a line a layer with what explains it, and for programs, by cells."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from shapecalc.homework.assignment.conventions import stated_conventions, stated_policy
from shapecalc.homework.assignment.model import is_total
from shapecalc.homework.assignment.notation import GIVES, marks_number, marks_text, value_text
from shapecalc.homework.diagnosis import VERDICTS, added
from shapecalc.homework.diagnosis.misconceptions import CATALOGUE
from shapecalc.homework.diagnosis.wording import (
    calculation_said,
    finding_text,
    findings_text,
    message_of,
    notes_text,
    place_text,
    read_said,
    rounded_text,
    standing_text,
    why_text,
)
from shapecalc.homework.languages import beginning, figures, in_its_language, say, spoken
from shapecalc.output.csv import Plain
from shapecalc.output.records import Records
from shapecalc.output.table import Fact, Head, Line, Table
from shapecalc.text.safe import one_line
from shapecalc.text.words import sentence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from fractions import Fraction

    from shapecalc.homework.answers import Extra
    from shapecalc.homework.diagnosis import Checked, Diagnosis, JudgedCell

#: The schema's name and version.
SCHEMA = "shapecalc.homework.check/1"

_FIELDS = ("layer", "column", "raw", "read_as", "verdict", "misconceptions", "marks", "out_of")


def records(checked: Checked, *, hint: int = 2, solution: bool = False) -> Records:
    """Return the cells with their verdicts.

    `hint` 1 tells which cells, 2 which idea, 3 the rule with numbers; `solution` the key.
    """
    cells = (_record(checked, judged, hint, solution=solution) for judged in checked.cells)
    extras = (_extra(checked, extra) for extra in checked.extras)
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


@in_its_language
def _head(checked: Checked) -> dict[str, object]:
    homework = checked.homework
    columns = {column.key for column in homework.columns}
    return {
        "title": homework.title,
        "answers": checked.source,
        "network": homework.report.graph.spec.source.name,
        "conventions": stated_conventions(homework.conventions, columns, homework.report),
        "policy": stated_policy(homework.policy),
        "notes": list(checked.notes),
    }


@in_its_language
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


@in_its_language
def _record(
    checked: Checked, judged: JudgedCell, hint: int, *, solution: bool
) -> dict[str, object]:
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
        entry: dict[str, object] = {
            "id": name,
            "name": say(CATALOGUE[name].name),
            "on": diagnosis.on,
            "certain": diagnosis.certain,
            "with": [other for other in diagnosis.ids if other != name],
            "message": message_of(name),
        }
        if hint > 2:
            working, rule = map(calculation_said, (diagnosis.working, diagnosis.rule))
            entry |= {"working": working, "rule": rule}
        entries.append(entry)
    return entries


@in_its_language
def _extra(checked: Checked, extra: Extra) -> dict[str, object]:
    hint = extra.hint
    return {
        "layer": extra.layer,
        "column": extra.column,
        "raw": extra.raw,
        "read_as": None,
        "verdict": "not_graded",
        "misconceptions": [],
        "marks": 0,
        "out_of": 0,
        "note": say("not asked; {hint}", hint=hint) if hint else say("not asked"),
    }


@in_its_language
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


@in_its_language
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


#: A cell that could not be read is shown up to here.
_SHOWN = 24


@in_its_language
def tabulate(
    checked: Checked, *, hint: int = 2, solution: bool = False, width: int | None = None
) -> Table:
    """Lay checked answers out; `hint` and `solution` say how much is told."""
    homework = checked.homework
    columns = homework.columns
    by_cell = {judged.cell.at: judged for judged in checked.cells}
    lines = []
    for layer in homework.layers:
        row = [by_cell.get((layer, column.key)) for column in columns]
        cells = [_cell(checked, judged, solution=solution) for judged in row]
        lines.append(Line((one_line(layer), *cells)))
    titles = [say(column.title) for column in columns]
    heads = [
        Head(title, extents=column.key == "output")
        for title, column in zip(titles, columns, strict=True)
    ]
    return Table(
        title=one_line(homework.title),
        about=standing_text(checked),
        columns=(Head(say("the layer")), *heads),
        header=(say("layer"), *titles),
        lines=tuple(lines),
        footer=(say("marks"), *(column_marks(checked, column.key) for column in columns)),
        facts=tuple(_facts(checked)),
        notes=(*_notes(checked, hint), *(_corrections(checked) if solution else ())),
        legend=tuple(_legend(checked)),
        remarks=tuple(_remarks(checked, hint, solution=solution)),
        language=spoken(),
    )


def _cell(checked: Checked, judged: JudgedCell | None, *, solution: bool) -> str:
    if judged is None:
        return ""
    conventions = checked.homework.conventions
    if judged.verdict == "not_graded" and judged.cell.filled_in:
        return figures(value_text(judged.cell.key, conventions))
    sign = VERDICTS[judged.verdict][1]
    raw = one_line(judged.raw)
    read = read_said(judged.read_as) or (raw if len(raw) <= _SHOWN else raw[: _SHOWN - 1] + "…")
    shown = f"{read} {sign}".strip()
    if solution and not judged.verdict.startswith("right") and judged.cell.key is not None:
        shown += f" ({figures(value_text(judged.cell.key, conventions))})"
    return shown


def marks_said(marks: Fraction, out_of: Fraction) -> str:
    """Write marks, and how many there are."""
    return say(
        "{marks} of {out_of}",
        marks=figures(marks_text(marks)),
        out_of=figures(marks_text(out_of)),
    )


def column_marks(checked: Checked, column: str) -> str:
    """Write the marks of a column."""
    graded = [
        judged
        for judged in checked.cells
        if judged.cell.quantity.key == column and judged.verdict != "not_graded"
    ]
    marks = added(judged.marks for judged in graded)
    out_of = added(judged.cell.out_of for judged in graded)
    return marks_said(marks, out_of) if graded else ""


def _facts(checked: Checked) -> Iterator[Fact]:
    yield Fact(say("marks"), marks_said(checked.marks, checked.out_of))
    for verdict, (meaning, _) in VERDICTS.items():
        if count := checked.count(verdict):
            yield Fact(say("cells: {verdict}", verdict=say(meaning)), str(count))


def _notes(checked: Checked, hint: int) -> Iterator[str]:
    """Yield what explains the cells, as far as the hint level goes."""
    if hint < 2:
        yield from _cell_notes(judged for judged in checked.cells if judged.accepted)
        return
    for finding, text, done, rules in findings_text(checked):
        why = f" {done[0]}" if finding.certain else ""
        yield f"• {text}{why}"
        if hint >= 3:
            yield from (f"  – {rule}" for rule in rules)
    unknown = [judged for judged in checked.cells if judged.verdict == "wrong"]
    if unknown:
        places = ", ".join(
            f"{judged.cell.layer} {say(judged.cell.quantity.title)}" for judged in unknown
        )
        unexplained = say("No known mistake gives what stands in {cells}.", cells=one_line(places))
        yield f"• {unexplained}"
    yield from _cell_notes(judged for judged in checked.cells if worth_telling(judged))
    if rounded := rounded_text(checked.cells):
        yield f"• {rounded}"


def _cell_notes(cells: Iterable[JudgedCell]) -> Iterator[str]:
    """Yield what is noted of single cells."""
    for judged in cells:
        yield f"• {place_text(judged)}: {sentence(one_line(judged.note))}"


def _corrections(checked: Checked) -> Iterator[str]:
    from shapecalc.homework.sheets.worked import (
        correction_lines,  # lessons take their time to import
    )

    return correction_lines(checked)


def worth_telling(judged: JudgedCell) -> bool:
    """Tell whether a note says more than what the cell shows."""
    if not judged.note or not judged.verdict.startswith("right"):
        return bool(judged.note)
    return judged.accepted or beginning(GIVES) in judged.note


def _legend(checked: Checked) -> Iterator[tuple[str, str]]:
    signs: dict[str, list[str]] = {}
    for verdict, (meaning, sign) in VERDICTS.items():
        if sign and checked.count(verdict):
            signs.setdefault(sign, []).append(say(meaning))
    for sign, meanings in signs.items():
        yield sign, "; ".join(meanings)
    homework = checked.homework
    columns = {column.key for column in homework.columns}
    yield from stated_conventions(homework.conventions, columns, homework.report).items()
    yield from stated_policy(homework.policy).items()


def _remarks(checked: Checked, hint: int, *, solution: bool) -> Iterator[str]:
    yield from notes_text(checked)
    if not solution and checked.marks < checked.out_of and hint < 3:
        yield say("--hint {level} tells more.", level=hint + 1)
    source = one_line(checked.homework.report.graph.spec.source.name)
    yield say(
        "Read from {answers}, judged by {network}.",
        answers=one_line(checked.source),
        network=source,
    )

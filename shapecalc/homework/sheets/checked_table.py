"""Checked answers as a table: a line a layer, what was read with a sign, and what explains it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.homework.assignment.conventions import stated_conventions, stated_policy
from shapecalc.homework.assignment.notation.values import marks_text, value_text
from shapecalc.homework.diagnosis.model import VERDICTS, added
from shapecalc.homework.diagnosis.wording import (
    findings_text,
    notes_text,
    place_text,
    rounded_text,
    summary_text,
)
from shapecalc.output.table import Fact, Head, Line, Table
from shapecalc.text.safe import one_line
from shapecalc.text.words import sentence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shapecalc.homework.diagnosis.model import Checked, JudgedCell

#: A cell that could not be read is shown up to here.
_SHOWN = 24


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
    heads = [Head(column.title, extents=column.key == "output") for column in columns]
    return Table(
        title=one_line(homework.title),
        about=(summary_text(checked),),
        columns=(Head("the layer"), *heads),
        header=("layer", *(column.title for column in columns)),
        lines=tuple(lines),
        footer=("marks", *(column_marks(checked, column.key) for column in columns)),
        facts=tuple(_facts(checked)),
        notes=(*_notes(checked, hint), *(_corrections(checked) if solution else ())),
        legend=tuple(_legend(checked)),
        remarks=tuple(_remarks(checked, hint, solution=solution)),
    )


def _cell(checked: Checked, judged: JudgedCell | None, *, solution: bool) -> str:
    if judged is None:
        return ""
    conventions = checked.homework.conventions
    if judged.verdict == "not_graded" and judged.cell.filled_in:
        return value_text(judged.cell.key, conventions)
    sign = VERDICTS[judged.verdict][1]
    raw = one_line(judged.raw)
    read = judged.read_as or (raw if len(raw) <= _SHOWN else raw[: _SHOWN - 1] + "…")
    shown = f"{read} {sign}".strip()
    if solution and not judged.verdict.startswith("right") and judged.cell.key is not None:
        shown += f" ({value_text(judged.cell.key, conventions)})"
    return shown


def column_marks(checked: Checked, column: str) -> str:
    """Write the marks of a column."""
    graded = [
        judged
        for judged in checked.cells
        if judged.cell.quantity.key == column and judged.verdict != "not_graded"
    ]
    marks = added(judged.marks for judged in graded)
    out_of = added(judged.cell.out_of for judged in graded)
    return f"{marks_text(marks)} of {marks_text(out_of)}" if graded else ""


def _facts(checked: Checked) -> Iterator[Fact]:
    yield Fact("marks", f"{marks_text(checked.marks)} of {marks_text(checked.out_of)}")
    for verdict, (meaning, _) in VERDICTS.items():
        if count := checked.count(verdict):
            yield Fact(f"cells: {meaning}", str(count))


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
            f"{judged.cell.layer} {judged.cell.quantity.title}" for judged in unknown
        )
        yield f"• No known mistake gives what stands in {one_line(places)}."
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
    return judged.accepted or "gives" in judged.note


def _legend(checked: Checked) -> Iterator[tuple[str, str]]:
    signs: dict[str, list[str]] = {}
    for verdict, (meaning, sign) in VERDICTS.items():
        if sign and checked.count(verdict):
            signs.setdefault(sign, []).append(meaning)
    for sign, meanings in signs.items():
        yield sign, "; ".join(meanings)
    columns = {column.key for column in checked.homework.columns}
    yield from stated_conventions(checked.homework.conventions, columns).items()
    yield from stated_policy(checked.homework.policy).items()


def _remarks(checked: Checked, hint: int, *, solution: bool) -> Iterator[str]:
    yield from notes_text(checked)
    if not solution and checked.marks < checked.out_of and hint < 3:
        yield f"--hint {hint + 1} tells more."
    source = one_line(checked.homework.report.graph.spec.source.name)
    yield f"Read from {one_line(checked.source)}, judged by {source}."

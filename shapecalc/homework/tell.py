"""Explanations in words: what was done, why it is not so, and the rule with own numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.homework.assignment import TOTAL
from shapecalc.homework.catalogue import CATALOGUE
from shapecalc.homework.working import working_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.homework.assignment import Homework
    from shapecalc.homework.claims import Claims
    from shapecalc.homework.misconception import Case
    from shapecalc.homework.verdict import Diagnosis, Finding, Judged
    from shapecalc.shape import Shape

#: The rules in words, where numbers would give an answer away.
RULES = {
    "params": "kernel x depth x filters + one bias a filter; dense: inputs x units + units",
    "weights": "kernel x depth x filters; dense: inputs x units",
    "biases": "one a filter, or one a unit",
    "macs": "weights x places of the output; dense: inputs x units",
    "flops": "operations per multiply-accumulate x weights x places of the output",
    "memory": "bytes per number x height x width x channels",
    "units": "height x width x channels",
    "output": "side = floor((n + 2p - k)/s) + 1; channels = filters",
}


def rule_text(homework: Homework, claims: Claims, case: Case) -> tuple[str, bool]:
    """Return the right rule for a case, and whether it has numbers.

    It has numbers where these are the student's own or stand on the sheet: what flows in, and for
    operations what flows out, must not be an answer that the student does not have.
    """
    row, column = case.row, case.column
    if row.name == TOTAL or row.layer is None:
        return "", False
    outputs = [cell for cell in homework.cells if cell.quantity.key == "output"]
    given = {cell.layer: homework.rows[cell.layer].output for cell in outputs if cell.given}
    stated = {**claims.own, **given}
    asked = {cell.layer for cell in outputs}
    needed = list(zip(row.sources, row.inputs, strict=True))
    if column in ("macs", "flops", "units", "memory", "connections"):
        needed.append((row.name, row.output))
    right = working_of(row, column, case.told)
    public = right is not None and all(
        _known(homework, name, shape, stated, asked) for name, shape in needed
    )
    if not public or right is None:
        return RULES.get(column, ""), False
    return right.text, True


def _known(
    homework: Homework, name: str, shape: Shape, stated: Mapping[str, Shape], asked: set[str]
) -> bool:
    """Tell whether a volume is the student's own, or follows from what the sheet shows."""
    if name in asked:
        return stated.get(name) == shape
    row = homework.rows.get(name)
    if row is None or not row.sources:
        return row is not None
    if row.layer is not None and row.inputs == (row.output,):  # relu and the like show their input
        return _known(homework, row.sources[0], shape, stated, asked)
    return False


def names(ids: tuple[str, ...]) -> str:
    """Write the names of one or two misconceptions."""
    return " and ".join(CATALOGUE[name].name for name in ids)


def finding_text(finding: Finding, *, all_else: bool) -> str:
    """Say in a sentence what explains cells of the table."""
    count, shown = len(finding.cells), finding.shown
    columns = dict.fromkeys(each.cell.quantity.title for each in finding.cells)
    where = ", ".join(columns)
    if count == 1:
        place = f"in {where} of {finding.cells[0].cell.layer}"
    elif count == shown:
        place = f"in all {count} cells of {where} where it shows"
    else:
        place = f"in {count} of the {shown} cells of {where} where it would show"
    said = f"{names(finding.ids)}, {place}."
    if not finding.certain:
        others = _others(finding)
        said = f"Perhaps {names(finding.ids)}{others}, {place}: the number is the same."
    if all_else:
        said += " Everything else is right."
    return said[:1].upper() + said[1:]


def _others(finding: Finding) -> str:
    """Name what else would explain the cells."""
    other = dict.fromkeys(names(each.ids) for cell in finding.cells for each in cell.diagnoses[1:])
    return "".join(f", or {name}" for name in list(other)[:3])


def why_text(ids: tuple[str, ...]) -> str:
    """Say what was probably done and why it is not so."""
    return " ".join(f"{CATALOGUE[name].done} {CATALOGUE[name].why}" for name in ids)


def rule_line(judged: Judged, diagnosis: Diagnosis) -> str:
    """Write the rule for one cell, with the student's numbers where there are."""
    cell = judged.cell
    said = f"{cell.layer}, {cell.quantity.title}: you have {judged.read_as}"
    if diagnosis.working:
        said += f" = {diagnosis.working}"
    own = " from your own volumes" if diagnosis.on == "own" else ""
    return said + (f"; the rule{own} is {diagnosis.rule}" if diagnosis.rule else "")

"""A cell's verdict, as far as it can be told without the rest of the table."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Literal, NamedTuple

from shapecalc.fold import levels_of, together
from shapecalc.homework.assignment import TOTAL, added, is_total
from shapecalc.homework.claims import forms_of
from shapecalc.homework.diagnose import Explanation, pairs, singles
from shapecalc.homework.follow import followed
from shapecalc.homework.misconception import Case
from shapecalc.homework.reading import Blank, Number, Unreadable
from shapecalc.homework.verdict import FAR
from shapecalc.homework.working import whole

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from shapecalc.homework.assignment import Cell, Homework
    from shapecalc.homework.claims import Claim, Claims
    from shapecalc.homework.quantity import Value
    from shapecalc.homework.verdict import Verdict
    from shapecalc.homework.world import World
    from shapecalc.report import Row


class Candidate(NamedTuple):
    """An explanation that fits, by the key or by the student's own values."""

    explanation: Explanation
    on: Literal["key", "own"]


class Tentative(NamedTuple):
    """A cell before the whole table is looked at: a verdict, or the candidates for one."""

    claim: Claim
    verdict: Verdict | None
    read_as: str = ""
    note: str = ""
    candidates: tuple[Candidate, ...] = ()


def tentative(
    homework: Homework, claim: Claim, claims: Claims, near: World, world: World
) -> Tentative:
    """Judge a cell against the key and the own values, or collect what may explain it.

    What earns marks follows from own values that are `near`; what explains, from all of them.
    """
    cell, readings = claim.cell, claim.readings
    if cell.given or cell.key is None:
        return Tentative(claim, "not_graded")
    if isinstance(readings, Blank):
        return Tentative(claim, "blank")
    if isinstance(readings, Unreadable):
        return Tentative(claim, "unreadable", note=readings.reason)
    exact = homework.conventions.rounding == "exact"
    right = _fits(claim, cell.key, first=claims.channels_first, exact=exact)
    if right is not None:
        return _right(homework, claim, right)
    for other in cell.accepted:
        fit = _fits(claim, other.value, first=claims.channels_first, exact=exact)
        if fit is not None:
            note = other.reason or "accepted beside the right value"
            return Tentative(claim, homework.policy.accepted, fit.read_as, note)
    for own in (near,) if world is near else (near, world):
        for value in followed(homework, cell, claims, own):
            fit = _fits(claim, value, first=claims.channels_first, exact=exact)
            if fit is not None and own is near:
                return Tentative(claim, "right_follow_through", fit.read_as, fit.note)
            if fit is not None:
                return Tentative(claim, "wrong", fit.read_as, FAR)
    said = _said(claim)
    note = said.note
    if cell.layer in near.far and cell.quantity.key == "output":
        note = "; ".join(filter(None, (note, "too far from the right volume to be followed")))
    found = tuple(_candidates(homework, claim, claims, world))
    return Tentative(claim, None, said.read_as, note, found)


class _Fit(NamedTuple):
    read_as: str
    note: str
    plain: bool
    swapped: bool = False
    number: Number | None = None


def _fits(claim: Claim, value: Value, *, first: bool = False, exact: bool = False) -> _Fit | None:
    """Return how a claim may be read as `value`."""
    if isinstance(claim.readings, Unreadable | Blank):
        return None
    if isinstance(value, int):
        for number in claim.readings:
            if isinstance(number, Number) and number.fits(value):
                if exact and number.half > Fraction(1, 2):
                    continue
                return _Fit(number.text, number.note, number.plain, number=number)
        return None
    if value is None:
        return None
    for extents, form in forms_of(
        claim._replace(cell=claim.cell._replace(key=value)), channels_first=first
    ):
        if form.dims == tuple(map(Fraction, whole(value))):
            note = form.other or extents.note
            plain = extents.plain and not note
            return _Fit(extents.text, note, plain, form.swapped)
    return None


def _right(homework: Homework, claim: Claim, fit: _Fit) -> Tentative:
    """Tell a plain right answer from one in another notation or order."""
    layout = homework.conventions.layout
    first = fit.swapped or fit.note == "channels first"
    if layout == "chw" and claim.cell.quantity.key == "output" and not first:
        square = isinstance(claim.cell.key, int) or not claim.cell.key or not claim.cell.key.sides
        if not square:
            return Tentative(claim, "right_other_convention", fit.read_as, "channels last")
    if fit.swapped and layout == "hwc":
        return Tentative(claim, None, fit.read_as, "channels first", _swapped())
    if fit.swapped and layout == "either":
        note = "channels first; the sheet has them last"
        return Tentative(claim, "right_other_convention", fit.read_as, note, _swapped())
    note = fit.note
    if fit.number is not None and fit.number.half > Fraction(1, 2):
        note = "; ".join(filter(None, (note, _hidden(homework, claim, fit.number))))
    plain = fit.plain or (fit.swapped and not fit.note)
    return Tentative(claim, "right" if plain else "right_other_notation", fit.read_as, note)


def _swapped() -> tuple[Candidate, ...]:
    return (Candidate(Explanation(("S21",), (), ""), "key"),)


def _hidden(homework: Homework, claim: Claim, number: Number) -> str:
    """Say what a rounded answer does not tell apart."""
    from shapecalc.homework.catalogue import CATALOGUE

    case = case_of(homework, claim.cell, homework.rows)
    names = [
        CATALOGUE[each.ids[0]].name
        for each in singles(case)
        if isinstance(each.value, Fraction) and number.fits(each.value)
    ]
    if not names:
        return "rounded"
    shown = ", ".join(dict.fromkeys(names[:3]))
    return f"rounded: at this precision it cannot be told whether {shown}"


def _said(claim: Claim) -> _Fit:
    """Return the likeliest reading of an answer that is not right."""
    assert not isinstance(claim.readings, Unreadable | Blank)
    first = claim.readings[0]
    return _Fit(first.text, first.note, first.plain)


def case_of(homework: Homework, cell: Cell, rows: dict[str, Row]) -> Case:
    """Make the case of a cell, by the key's rows or by others."""
    report, column, told = homework.report, cell.quantity.key, homework.conventions
    if is_total(cell.layer):
        summed = added(report, cell.layer)
        row = together(summed)._replace(name=TOTAL)
        return Case(row, column, told, report, -1, summed)
    report = homework.networks.get(cell.layer.partition("/")[0], report)
    at = next((at for at, row in enumerate(report.rows) if row.name == cell.layer), -1)
    members = () if at >= 0 else _members(homework, cell.layer)
    return Case(rows[cell.layer], column, told, report, at, members)


def _members(homework: Homework, name: str) -> tuple[Row, ...]:
    report = homework.report
    inside = levels_of(report, name.count("/") + 1, range(len(report.rows)))
    return tuple(report.rows[index] for index in inside.get(name, ()))


def _candidates(
    homework: Homework, claim: Claim, claims: Claims, world: World
) -> Iterator[Candidate]:
    """Yield what explains an answer: one misconception, or two where no single one does."""
    cases = list(cases_of(homework, claim.cell, world))
    meant = {form.dims for _, form in forms_of(claim)}
    for find in (singles, pairs):
        found = [
            Candidate(explanation, on)
            for on, case in cases
            for explanation in find(case)
            if explains(claim, explanation, meant)
        ]
        if found:
            yield from _once(found)
            return


def cases_of(
    homework: Homework, cell: Cell, world: World
) -> Iterator[tuple[Literal["key", "own"], Case]]:
    """Yield the case of a cell by the key and, where that differs, by the own values."""
    key = case_of(homework, cell, homework.rows)
    yield "key", key
    if world.own and not is_total(cell.layer):
        rows = world.expected if cell.quantity.key == "output" else world.used
        own = case_of(homework, cell, rows)
        if own.row != key.row:
            yield "own", own


def _once(found: list[Candidate]) -> Iterator[Candidate]:
    """Leave out what is told already: the same misconceptions, by the key first."""
    seen = set()
    for each in found:
        ids = frozenset(each.explanation.ids)
        if ids not in seen:
            seen.add(ids)
            yield each


def explains(
    claim: Claim, explanation: Explanation, meant: Container[tuple[Fraction, ...]]
) -> bool:
    """Tell whether a wrong rule's value is what was answered; `meant` are the extents it may be."""
    value = explanation.value
    if isinstance(value, tuple):
        if "S21" in explanation.ids and len(explanation.ids) > 1:
            return False  # every form is tried with every value
        return value in meant
    return not isinstance(claim.readings, Unreadable | Blank) and any(
        isinstance(number, Number) and number.fits(value) for number in claim.readings
    )

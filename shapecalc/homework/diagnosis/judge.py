"""A cell's verdict, as far as it can be told without the rest of the table."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple

from shapecalc.homework.answers.claims import KEPT, forms_for, forms_of
from shapecalc.homework.assignment.model import TOTAL, added, is_total
from shapecalc.homework.assignment.notation import Blank, ReadNumber, Unreadable
from shapecalc.homework.diagnosis import FAR
from shapecalc.homework.diagnosis.explanations import (
    NOTHING,
    CellExplanation,
    alone,
    on_count,
    paired,
    source_of,
)
from shapecalc.homework.diagnosis.follow_through import ANY, followed, own_count
from shapecalc.homework.diagnosis.misconceptions.model import Case
from shapecalc.homework.diagnosis.working import Sides
from shapecalc.homework.languages import kept_by_language, say, say_counted, to_say
from shapecalc.layers.shape import whole
from shapecalc.report.fold import together

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from shapecalc.homework.answers.claims import Claim, Claims
    from shapecalc.homework.assignment.model import AskedCell, Homework
    from shapecalc.homework.assignment.quantities import Value
    from shapecalc.homework.diagnosis import Verdict
    from shapecalc.homework.diagnosis.explanations import CellExplanations
    from shapecalc.homework.diagnosis.follow_through import Followed, OwnNetwork
    from shapecalc.report import Row

#: What an answer to the last digit leaves open.
_WHOLE = Fraction(1, 2)

#: The note of a volume in the other order, where that is accepted.
_SWAPPED = to_say("channels first; the sheet has them last")


class FittingExplanation(NamedTuple):
    """An explanation that fits, by the key or by the student's own values."""

    explanation: CellExplanation
    on: Literal["key", "own"]


class Tentative(NamedTuple):
    """A cell before the whole table is looked at: a verdict, or the candidates for one.

    `counted`: it follows from own counts, and says nothing of the rule for its own.  `hidden` is
    what a rounded answer does not show: the mistakes that round to the same.
    """

    claim: Claim
    verdict: Verdict | None
    read_as: str = ""
    note: str = ""
    candidates: tuple[FittingExplanation, ...] = ()
    counted: bool = False
    hidden: tuple[str, ...] = ()

    def __hash__(self) -> int:
        """Take what tells nearly all of them apart."""
        return hash((self.claim, self.verdict))

    @property
    def column(self) -> str:
        """The column of the cell."""
        return self.claim.cell.quantity.key


def tentative(
    homework: Homework, claim: Claim, claims: Claims, near: OwnNetwork, network: OwnNetwork
) -> Tentative:
    """Judge a cell against the key and the own values, or collect what may explain it.

    What earns marks follows from own values that are `near`; what explains, from all of them.
    """
    by_key = _by_key(homework, claim, first=claims.channels_first)
    if by_key is not None:
        return by_key
    cell, exact = claim.cell, homework.conventions.rounding == "exact"
    for own, within in ((near, homework.policy.within), (network, ANY)):
        for value in followed(homework, cell, claims, own, within):
            fit = _fits(
                claim, value.value, slack=value.slack, first=claims.channels_first, exact=exact
            )
            if fit is not None and within != ANY:
                verdict: Verdict = "right_follow_through"
                return Tentative(claim, verdict, fit.read_as, fit.note, counted=value.counted)
            if fit is not None and not _chance(homework, value, claim, network):
                return Tentative(claim, "wrong", fit.read_as, say(FAR), counted=value.counted)
    reading = _likeliest(claim)
    note = reading.note
    if cell.layer in near.far and cell.quantity.key == "output":
        far = say("too far from the right volume to be followed")
        note = "; ".join(filter(None, (note, far)))
    candidates = tuple(_candidates(homework, claim, claims, network))
    return Tentative(claim, None, reading.read_as, note, candidates)


@kept_by_language(KEPT)
def _by_key(homework: Homework, claim: Claim, *, first: bool) -> Tentative | None:
    """Judge a cell as far as the key and what the teacher accepts beside it go."""
    cell, readings = claim.cell, claim.readings
    if cell.filled_in or cell.key is None:
        return Tentative(claim, "not_graded")
    if isinstance(readings, Blank):
        return Tentative(claim, "blank")
    if isinstance(readings, Unreadable):
        return Tentative(claim, "unreadable", note=readings.reason)
    exact = homework.conventions.rounding == "exact"
    right = _fits(claim, cell.key, first=first, exact=exact)
    if right is not None:
        return _right(homework, claim, right)
    if exact and all(
        isinstance(reading, ReadNumber) and reading.half > _WHOLE for reading in readings
    ):
        return Tentative(
            claim, "wrong", _likeliest(claim).read_as, say("rounded, where whole numbers count")
        )
    for other in cell.accepted:
        fit = _fits(claim, other.value, first=first, exact=exact)
        if fit is not None:
            return Tentative(claim, homework.policy.accepted, fit.read_as, other.note)
    return None


def _chance(homework: Homework, value: Followed, claim: Claim, network: OwnNetwork) -> bool:
    """Tell whether MACs follow from weights that are far from right, but are a mistake's as well.

    MACs are seldom worked out from the weights, the other counts mostly from those before them.
    """
    return (
        value.counted
        and claim.cell.quantity.key == "macs"
        and not is_total(claim.cell.layer)
        and any(
            any(explaining(claim, alone(case)))
            for _, case in cases_of(homework, claim.cell, network)
        )
    )


class _Fit(NamedTuple):
    read_as: str
    note: str
    plain: bool
    swapped: bool = False
    number: ReadNumber | None = None


def _fits(
    claim: Claim,
    value: Value,
    *,
    slack: Fraction = Fraction(0),
    first: bool = False,
    exact: bool = False,
) -> _Fit | None:
    """Return how a claim may be read as `value`, of which `slack` is open."""
    if isinstance(claim.readings, Unreadable | Blank):
        return None
    if isinstance(value, int):
        for number in claim.readings:
            if isinstance(number, ReadNumber) and number.fits(value, slack):
                if exact and number.half > _WHOLE:
                    continue
                return _Fit(number.text, number.note, number.plain, number=number)
        return None
    if value is None:
        return None
    for extents, form in forms_for(claim, value, channels_first=first):
        if form.dims == tuple(map(Fraction, whole(value))):
            note = form.other or extents.note
            plain = extents.plain and not note
            return _Fit(extents.text, note, plain, form.swapped)
    return None


def _right(homework: Homework, claim: Claim, fit: _Fit) -> Tentative:
    """Tell a plain right answer from one in another notation or order."""
    layout = homework.conventions.layout
    first = fit.swapped or fit.note == say("channels first")
    if layout == "chw" and claim.cell.quantity.key == "output" and not first:
        square = isinstance(claim.cell.key, int) or not claim.cell.key or not claim.cell.key.sides
        if not square:
            return Tentative(claim, "right_other_convention", fit.read_as, say("channels last"))
    if fit.swapped and layout == "hwc":
        return Tentative(claim, None, fit.read_as, say("channels first"), _swapped())
    if fit.swapped and layout == "either":
        note = "; ".join(filter(None, (say(_SWAPPED), fit.note)))
        return Tentative(claim, "right_other_convention", fit.read_as, note, _swapped())
    note = fit.note
    hidden: tuple[str, ...] = ()
    if fit.number is not None and fit.number.half > _WHOLE:
        hidden = _hidden(homework, claim, fit.number)
        note = "; ".join(filter(None, (note, _rounded(hidden))))
    plain = fit.plain or (fit.swapped and not fit.note)
    verdict: Verdict = "right" if plain else "right_other_notation"
    if fit.number is not None and fit.number.other:
        verdict = "right_other_convention"
    return Tentative(claim, verdict, fit.read_as, note, hidden=hidden)


def _swapped() -> tuple[FittingExplanation, ...]:
    return (FittingExplanation(CellExplanation(("S21",), Sides((), 0), ()), "key"),)


def _hidden(homework: Homework, claim: Claim, number: ReadNumber) -> tuple[str, ...]:
    """Name the mistakes that round to the same, the first three of them."""
    from shapecalc.homework.diagnosis.misconceptions import CATALOGUE

    fitting = alone(key_cases(homework)[claim.cell.at]).fitting(number)
    return tuple(dict.fromkeys(CATALOGUE[explanation.ids[0]].name for explanation in fitting))[:3]


def _rounded(hidden: tuple[str, ...]) -> str:
    if not hidden:
        return say("rounded")
    return say_counted(
        "rounded, so it does not show whether this was done: {mistakes}",
        "rounded, so it does not show whether one of these was done: {mistakes}",
        len(hidden),
        mistakes="; ".join(map(say, hidden)),
    )


def _likeliest(claim: Claim) -> _Fit:
    """Return the likeliest reading of an answer that is not right."""
    assert not isinstance(claim.readings, Unreadable | Blank)
    first = claim.readings[0]
    return _Fit(first.text, first.note, first.plain)


def case_of(homework: Homework, cell: AskedCell, rows: Mapping[str, Row]) -> Case:
    """Make the case of a cell, by the key's rows or by others."""
    report, column, conventions = homework.report, cell.quantity.key, homework.conventions
    if is_total(cell.layer):
        row = _whole(homework, cell.layer)
        return Case(row, column, conventions, report, -1, row.members)
    report = homework.networks.get(cell.layer.partition("/")[0], report)
    row, at = rows[cell.layer], _places(homework).get(cell.layer, -1)
    return Case(row, column, conventions, report, at, row.members)


@lru_cache(maxsize=16)
def _whole(homework: Homework, layer: str) -> Row:
    """Return the sum of all layers, or of those of a network."""
    return together(added(homework.report, layer))._replace(name=TOTAL)


@lru_cache(maxsize=16)
def _places(homework: Homework) -> dict[str, int]:
    """Return where each layer stands in its network."""
    reports = homework.networks.values() or (homework.report,)
    return {row.name: at for report in reports for at, row in enumerate(report.rows)}


@lru_cache(maxsize=16)
def key_cases(homework: Homework) -> dict[tuple[str, str], Case]:
    """Return the case of every asked cell by the key."""
    return {cell.at: case_of(homework, cell, homework.rows) for cell in homework.cells}


def _candidates(
    homework: Homework, claim: Claim, claims: Claims, network: OwnNetwork
) -> Iterator[FittingExplanation]:
    """Yield what explains an answer: one misconception, or two where no single one does."""
    cases = list(cases_of(homework, claim.cell, network))
    for finders in ((alone, _on_counts(claim, claims)), (paired,)):
        candidates = [
            FittingExplanation(explanation, on)
            for find in finders
            for on, case in cases
            for explanation in explaining(claim, find(case))
        ]
        if candidates:
            yield from _once(candidates)
            return


def _on_counts(claim: Claim, claims: Claims) -> Callable[[Case], CellExplanations]:
    """Return what finds explanations of a cell by another count of its row, where that is own."""
    layer, column = claim.cell.at
    own = own_count(claims, layer, source_of(column) or "")
    if own is None or own.slack or own.value.denominator > 1:
        return lambda _: NOTHING
    value = own.value.numerator
    return lambda case: on_count(case, value)


def cases_of(
    homework: Homework, cell: AskedCell, network: OwnNetwork
) -> Iterator[tuple[Literal["key", "own"], Case]]:
    """Yield the case of a cell by the key and, where that differs, by the own values."""
    key = key_cases(homework)[cell.at]
    yield "key", key
    if network.own and not is_total(cell.layer):
        rows = network.expected if cell.quantity.key == "output" else network.used
        if rows[cell.layer] is not homework.rows[cell.layer]:
            own = case_of(homework, cell, rows)
            if own.row != key.row:
                yield "own", own


def _once(candidates: list[FittingExplanation]) -> Iterator[FittingExplanation]:
    """Leave out what is told already: the same misconceptions, by the key first."""
    seen = set()
    for candidate in candidates:
        ids = frozenset(candidate.explanation.ids)
        if ids not in seen:
            seen.add(ids)
            yield candidate


def explaining(claim: Claim, known: CellExplanations) -> Iterator[CellExplanation]:
    """Yield the explanations whose value is what was answered."""
    if isinstance(claim.readings, Unreadable | Blank):
        return
    if isinstance(claim.cell.key, int):
        for number in claim.readings:
            if isinstance(number, ReadNumber):
                yield from known.fitting(number)
        return
    for dims in dict.fromkeys(form.dims for _, form in forms_of(claim)):
        for explanation in known.by_value.get(dims, ()):
            if (
                "S21" not in explanation.ids or len(explanation.ids) == 1
            ):  # every order is tried with all others
                yield explanation

"""Answers to verdicts, marks and explanations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.homework.answers.claims import Claims, claims_of
from shapecalc.homework.diagnosis.follow_through import ANY, World, world_of
from shapecalc.homework.diagnosis.judge import Candidate, Tentative, cases_of, tentative
from shapecalc.homework.diagnosis.marking import marked
from shapecalc.homework.diagnosis.model import Checked, Diagnosis, Finding, Judged, Verdict
from shapecalc.homework.diagnosis.ranking import (
    Evidence,
    evidence,
    other_convention,
    ranked,
    with_pairs,
)
from shapecalc.homework.diagnosis.wording import rule_text, secrets_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.homework.answers.model import Answers
    from shapecalc.homework.assignment.model import Homework

#: How the note on a sheet of another homework begins.
OTHER_STAMP = "the sheet is stamped"
#: So many explanations are given for one cell.
MOST = 4
#: The note on a sheet whose volumes are in the other order.
CHANNELS_FIRST = "most volumes have their channels first, so all were read that way"


def check(homework: Homework, answers: Answers) -> Checked:
    """Judge every cell of a homework by a student's answers."""
    claims = claims_of(homework, answers)
    near = world_of(homework, claims.own, homework.policy.within)
    world = world_of(homework, claims.own, ANY) if near.far else near
    cells = [tentative(homework, each, claims, near, world) for each in claims.by_cell.values()]
    weighed = evidence_by_column(homework, cells, world)
    cells = [
        with_pairs(homework, each, world, weighed[each.claim.cell.quantity.key]) for each in cells
    ]
    known = ("right", "right_other_notation")
    secrets = secrets_of(homework, (e.claim.cell for e in cells if e.verdict not in known))
    judged = [
        _judged(homework, each, claims, world, weighed[each.claim.cell.quantity.key], secrets)
        for each in cells
    ]
    done = marked(homework, judged)
    notes = [*answers.notes]
    if answers.stamp and answers.stamp != homework.stamp:
        notes.append(f"{OTHER_STAMP} {answers.stamp}, but this homework {homework.stamp}")
    if claims.channels_first and homework.conventions.layout != "chw":
        notes.append(CHANNELS_FIRST)
    if answers.ignored:
        notes.append(f"columns that were not read: {', '.join(answers.ignored)}")
    findings = _findings(done, weighed)
    return Checked(homework, answers.source, done, findings, claims.extras, tuple(notes))


def evidence_by_column(
    homework: Homework, cells: Sequence[Tentative], world: World
) -> dict[str, Evidence]:
    """Weigh the misconceptions in every column by itself."""
    columns: dict[str, list[Tentative]] = {}
    for each in cells:
        columns.setdefault(each.claim.cell.quantity.key, []).append(each)
    return {column: evidence(homework, some, world) for column, some in columns.items()}


def _judged(
    homework: Homework,
    each: Tentative,
    claims: Claims,
    world: World,
    weighed: Evidence,
    secrets: frozenset[str],
) -> Judged:
    claim = each.claim
    verdict: Verdict | None = each.verdict
    order = ranked(each.candidates, weighed)
    if verdict is None:
        best = order[0] if order else None
        verdict = "misconception" if best is not None else "wrong"
        if best is not None and other_convention(best, claim.cell.quantity.key, weighed):
            verdict = "right_other_convention"
    sure = weighed.sure(order) if order else True
    told = tuple(
        _diagnosis(homework, claims, world, each, candidate, secrets, certain=sure and at == 0)
        for at, candidate in enumerate(order[: 1 if sure else MOST])
    )
    note, hidden = each.note, each.hidden
    return Judged(claim.cell, claim.raw, each.read_as, verdict, told, note=note, hidden=hidden)


def _diagnosis(
    homework: Homework,
    claims: Claims,
    world: World,
    each: Tentative,
    candidate: Candidate,
    secrets: frozenset[str],
    *,
    certain: bool,
) -> Diagnosis:
    ids, text = candidate.explanation.ids, candidate.explanation.text
    if ids == ("S21",):  # an order is no calculation: the numbers are the right ones
        return Diagnosis(ids, candidate.on, certain)
    case = dict(cases_of(homework, each.claim.cell, world))[candidate.on]
    working, rule = rule_text(homework, claims, case, text, secrets)
    return Diagnosis(ids, candidate.on, certain, working, rule)


def _findings(cells: Sequence[Judged], weighed: dict[str, Evidence]) -> tuple[Finding, ...]:
    """Put cells of one explanation together, those of most cells first.

    What is certain of some cells and not of others makes two findings.
    """
    groups: dict[tuple[Verdict, tuple[str, ...], bool], list[Judged]] = {}
    for each in cells:
        if each.diagnoses and each.verdict in ("misconception", "right_other_convention"):
            first = each.diagnoses[0]
            groups.setdefault((each.verdict, first.ids, first.certain), []).append(each)
    found = []
    for (verdict, ids, certain), members in groups.items():
        columns = {each.cell.quantity.key for each in members}
        shown = sum(min(weighed[column].shown[name] for name in ids) for column in columns)
        found.append(Finding(ids, verdict, tuple(members), max(shown, len(members)), certain))
    wrong = sorted(found, key=lambda each: (each.verdict != "misconception", -len(each.cells)))
    return tuple(wrong)

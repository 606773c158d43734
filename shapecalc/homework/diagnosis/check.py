"""Answers to verdicts, marks and explanations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.homework.answers.claims import Claims, claims_of
from shapecalc.homework.diagnosis.follow_through import ANY, OwnNetwork, follow_through
from shapecalc.homework.diagnosis.judge import FittingExplanation, Tentative, cases_of, tentative
from shapecalc.homework.diagnosis.marking import marked
from shapecalc.homework.diagnosis.model import Checked, Diagnosis, Finding, JudgedCell, Verdict
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
    near = follow_through(homework, claims.own, homework.policy.within)
    network = follow_through(homework, claims.own, ANY) if near.far else near
    cells = [tentative(homework, claim, claims, near, network) for claim in claims.by_cell.values()]
    weighed = evidence_by_column(homework, cells, network)
    cells = [
        with_pairs(homework, judgement, network, weighed[judgement.column]) for judgement in cells
    ]
    known = ("right", "right_other_notation")
    secrets = secrets_of(homework, (e.claim.cell for e in cells if e.verdict not in known))
    judged = [
        _judged(homework, judgement, claims, network, weighed[judgement.column], secrets)
        for judgement in cells
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
    homework: Homework, cells: Sequence[Tentative], network: OwnNetwork
) -> dict[str, Evidence]:
    """Weigh the misconceptions in every column by itself."""
    columns: dict[str, list[Tentative]] = {}
    for judgement in cells:
        columns.setdefault(judgement.column, []).append(judgement)
    return {
        column: evidence(homework, judgements, network) for column, judgements in columns.items()
    }


def _judged(
    homework: Homework,
    judgement: Tentative,
    claims: Claims,
    network: OwnNetwork,
    weighed: Evidence,
    secrets: frozenset[str],
) -> JudgedCell:
    claim = judgement.claim
    verdict: Verdict | None = judgement.verdict
    order = ranked(judgement.candidates, weighed)
    if verdict is None:
        best = order[0] if order else None
        verdict = "misconception" if best is not None else "wrong"
        if best is not None and other_convention(best, claim.cell.quantity.key, weighed):
            verdict = "right_other_convention"
    sure = weighed.sure(order) if order else True
    diagnoses = tuple(
        _diagnosis(
            homework, claims, network, judgement, candidate, secrets, certain=sure and at == 0
        )
        for at, candidate in enumerate(order[: 1 if sure else MOST])
    )
    note, hidden = judgement.note, judgement.hidden
    return JudgedCell(
        claim.cell, claim.raw, judgement.read_as, verdict, diagnoses, note=note, hidden=hidden
    )


def _diagnosis(
    homework: Homework,
    claims: Claims,
    network: OwnNetwork,
    judgement: Tentative,
    candidate: FittingExplanation,
    secrets: frozenset[str],
    *,
    certain: bool,
) -> Diagnosis:
    ids, text = candidate.explanation.ids, candidate.explanation.text
    if ids == ("S21",):  # an order is no calculation: the numbers are the right ones
        return Diagnosis(ids, candidate.on, certain)
    case = dict(cases_of(homework, judgement.claim.cell, network))[candidate.on]
    working, rule = rule_text(homework, claims, case, text, secrets)
    return Diagnosis(ids, candidate.on, certain, working, rule)


def _findings(cells: Sequence[JudgedCell], weighed: dict[str, Evidence]) -> tuple[Finding, ...]:
    """Put cells of one explanation together, those of most cells first.

    What is certain of some cells and not of others makes two findings.
    """
    groups: dict[tuple[Verdict, tuple[str, ...], bool], list[JudgedCell]] = {}
    for judged in cells:
        if judged.diagnoses and judged.verdict in ("misconception", "right_other_convention"):
            first = judged.diagnoses[0]
            groups.setdefault((judged.verdict, first.ids, first.certain), []).append(judged)
    findings = []
    for (verdict, ids, certain), members in groups.items():
        columns = {judged.cell.quantity.key for judged in members}
        shown = sum(min(weighed[column].shown[name] for name in ids) for column in columns)
        findings.append(Finding(ids, verdict, tuple(members), max(shown, len(members)), certain))
    wrong = sorted(
        findings, key=lambda finding: (finding.verdict != "misconception", -len(finding.cells))
    )
    return tuple(wrong)

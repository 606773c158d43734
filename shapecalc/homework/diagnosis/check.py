"""Answers to verdicts, marks and explanations.

The whole table is looked at at once: few explanations for many cells, ranked, and how sure they
are.  Verdicts become marks as exact fractions.
"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.homework.answers import refuse_file
from shapecalc.homework.answers.claims import KEPT, Claims, claims_of
from shapecalc.homework.assignment.notation import Blank, ReadNumber
from shapecalc.homework.diagnosis import (
    FAR,
    OTHER_STAMP,
    SIMPLY_RIGHT,
    Checked,
    Diagnosis,
    Finding,
    JudgedCell,
    Verdict,
    added,
)
from shapecalc.homework.diagnosis.explanations import alone, paired_of
from shapecalc.homework.diagnosis.follow_through import ANY, OwnNetwork, follow_through
from shapecalc.homework.diagnosis.judge import (
    FittingExplanation,
    Tentative,
    cases_of,
    explaining,
    key_cases,
    tentative,
)
from shapecalc.homework.diagnosis.misconceptions import CATALOGUE, PRIOR
from shapecalc.homework.diagnosis.wording import rule_text, secrets_of, unasked_text
from shapecalc.homework.languages import (
    in_its_language,
    kept_by_language,
    listed_said,
    say,
    say_counted,
    to_say,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from collections.abc import Set as AbstractSet

    from shapecalc.errors import SpecErrors
    from shapecalc.homework.answers import Answers
    from shapecalc.homework.answers.claims import Claim
    from shapecalc.homework.assignment.model import Homework
    from shapecalc.homework.diagnosis.follow_through import OwnNetwork
    from shapecalc.homework.diagnosis.judge import Tentative
    from shapecalc.homework.diagnosis.misconceptions.model import Case

#: One cell in so many may be wrong in a known way where another convention is kept.
_FEW = 4


class Evidence(NamedTuple):
    """What speaks for and against every misconception, in cells of the table.

    `explained` counts those it explains, `against` those that are right where it would show,
    `otherwise` those that other mistakes explain where it would show, and `shown` all answered
    ones where it would show.
    """

    explained: Counter[str]
    against: Counter[str]
    otherwise: Counter[str]
    shown: Counter[str]

    def rank(self, candidate: FittingExplanation) -> tuple[int, int, int, int]:
        """Order candidates: those first that explain most, against which least speaks."""
        ids = candidate.explanation.ids
        return (
            -min(self.explained[name] for name in ids),
            sum(self.against[name] for name in ids),
            candidate.on == "own",
            sum(PRIOR[name] for name in ids),
        )

    def sure(self, ranked: Sequence[FittingExplanation]) -> bool:
        """Tell whether the first of ranked candidates is the only reasonable one.

        Two mistakes at once give so many volumes that a slip may be one of them: one of the two
        must be known from another cell.
        """
        first = ranked[0].explanation
        two = len(first.ids) > 1 and isinstance(first.value, tuple)
        if two and max(self.explained[name] for name in first.ids) <= 1:
            return False
        if ranked[0].on == "key" and any(candidate.on == "own" for candidate in ranked[1:]):
            return False  # by the own values, with which most go on, it is something else
        if len(ranked) == 1:
            return True
        best, second = self.rank(ranked[0]), self.rank(ranked[1])
        return best[0] <= -2 and best[0] < second[0] and best[1] <= second[1]


def _evidence(homework: Homework, cells: Sequence[Tentative], network: OwnNetwork) -> Evidence:
    """Weigh every misconception on all answered cells.

    What follows from own counts says nothing of a rule, nor does what is right and would be the
    same number by the wrong one.
    """
    explained: list[AbstractSet[str]] = []
    against: list[AbstractSet[str]] = []
    otherwise: list[AbstractSet[str]] = []
    shown: list[AbstractSet[str]] = []
    by_key = key_cases(homework)
    for judgement in cells:
        named: AbstractSet[str] = frozenset()
        if judgement.candidates:
            ids_of = [candidate.explanation.ids for candidate in judgement.candidates]
            named = {ids[0] for ids in ids_of if len(ids) == 1}
            explained.append(named or _in_all(judgement.candidates))
        if judgement.counted or judgement.verdict in ("blank", "unreadable", "not_graded"):
            continue
        if judgement.verdict is not None:
            case = by_key[judgement.claim.cell.at]
            if network.own:
                *_, (_, case) = cases_of(homework, judgement.claim.cell, network)
            would = _refuted(homework, judgement.claim, case, frozenset(named))
            against.append(would - named if named else would)
        else:
            would = alone(by_key[judgement.claim.cell.at]).names | named
        if judgement.verdict is None and judgement.candidates:
            ids = {name for c in judgement.candidates for name in c.explanation.ids}
            otherwise.append(would - ids)
        shown.append(would)
    counted = (explained, against, otherwise, shown)
    return Evidence(*(Counter(chain.from_iterable(names)) for names in counted))


@lru_cache(maxsize=KEPT)
def _refuted(homework: Homework, claim: Claim, case: Case, named: frozenset[str]) -> frozenset[str]:
    """Name the mistakes that would show in a judged answer, those of the key and the `named` ones.

    Rounded it may fit what is wrong, too; `case` is the cell's by the own values.
    """
    fitting = {explanation.ids[0] for explanation in explaining(claim, alone(case))}
    return (alone(key_cases(homework)[claim.cell.at]).names | named) - fitting


def _with_pairs(
    homework: Homework, judgement: Tentative, network: OwnNetwork, weighed: Evidence
) -> Tentative:
    """Add two mistakes at once where one explains a cell, but two are known from other cells."""
    named = {name for candidate in judgement.candidates for name in candidate.explanation.ids}
    if not named or any(len(c.explanation.ids) > 1 for c in judgement.candidates):
        return judgement
    elsewhere = {name for name, cells in weighed.explained.items() if cells > (name in named)}
    known = frozenset(name for name in elsewhere if not CATALOGUE[name].convention)
    if len(known) < 2:
        return judgement
    candidates = [
        FittingExplanation(explanation, on)
        for on, case in cases_of(homework, judgement.claim.cell, network)
        for explanation in explaining(judgement.claim, paired_of(case, known - named))
    ]
    return judgement._replace(candidates=(*judgement.candidates, *candidates))


def _in_all(candidates: Sequence[FittingExplanation]) -> set[str]:
    """Return the misconceptions that are in every one of a cell's candidates."""
    every = [set(candidate.explanation.ids) for candidate in candidates]
    return set.intersection(*every) if every else set()


def _ranked(
    candidates: Sequence[FittingExplanation], weighed: Evidence
) -> list[FittingExplanation]:
    """Order the candidates of a cell, likeliest first."""
    return sorted(candidates, key=weighed.rank)


def _other_convention(candidate: FittingExplanation, column: str, weighed: Evidence) -> bool:
    """Tell whether a candidate is another convention, kept through the column.

    It is kept when it explains at least half of the answered cells where it would show, no cell is
    right without it, and few are wrong in a known way without it.
    """
    ids = candidate.explanation.ids
    if not all(CATALOGUE[name].convention for name in ids):
        return False
    return all(
        2 * weighed.explained[name] >= weighed.shown[name]
        and not weighed.against[name]
        and _FEW * weighed.otherwise[name] <= weighed.explained[name]
        for name in ids
    )


def _marked(homework: Homework, cells: Iterable[JudgedCell]) -> tuple[JudgedCell, ...]:
    """Give every cell its marks, by the homework's policy; what is simply right has them.

    What follows through earns its share until the cap is reached.  Where a misconception costs
    once, its first cell pays and the others are full.
    """
    policy = homework.policy
    left = policy.cap * _worth(homework)
    charged: set[frozenset[str]] = set()
    done = []
    for judged in cells:
        if judged.verdict in SIMPLY_RIGHT:
            done.append(judged)
            continue
        worth, share = judged.cell.out_of, Fraction(0)
        if judged.verdict == "right_other_convention":
            share = policy.other_convention
        elif judged.verdict == "misconception":
            ids = frozenset(judged.diagnoses[0].ids)
            again = policy.deduct == "once" and judged.diagnoses[0].certain and ids in charged
            share = Fraction(1) if again else policy.misconception
            charged.add(ids)
        elif judged.verdict == "right_follow_through":
            earned = min(policy.follow_through * worth, left)
            left -= earned
            done.append(judged._replace(marks=earned))
            continue
        done.append(judged._replace(marks=share * worth) if share else judged)
    return tuple(done)


@lru_cache(maxsize=16)
def _worth(homework: Homework) -> Fraction:
    """Return the marks of all cells that are not filled in."""
    return added(cell.out_of for cell in homework.cells if not cell.filled_in)


#: So many explanations are given for one cell.
MOST = 4
#: The note on a sheet whose volumes are in the other order.
CHANNELS_FIRST = to_say("most volumes have their channels first, so all were read that way")


@in_its_language
def check(homework: Homework, answers: Answers) -> Checked:
    """Judge every cell of a homework by a student's answers.

    Raises `SpecErrors` (E704) where they answer nothing of what is asked, but something else: that
    is another sheet, or other names, and no sheet without answers.
    """
    claims = claims_of(homework, answers)
    if not claims.answers and (claims.extras or claims.doubts):
        raise _not_asked(homework, answers, claims)
    near = follow_through(homework, claims.own, homework.policy.within)
    network = follow_through(homework, claims.own, ANY) if near.far else near
    cells = [tentative(homework, claim, claims, near, network) for claim in claims.by_cell.values()]
    weighed = evidence_by_column(homework, cells, network)
    cells = [
        _with_pairs(homework, judgement, network, weighed[judgement.column]) for judgement in cells
    ]
    secrets = secrets_of(homework, (e.claim.cell for e in cells if e.verdict not in SIMPLY_RIGHT))
    judged = [
        _judged(homework, judgement, claims, network, weighed[judgement.column], secrets)
        for judgement in cells
    ]
    done = _marked(homework, judged)
    notes = [*answers.notes, *claims.notes, *claims.doubts]
    if other := _other_stamp(homework, answers):
        notes.insert(0, other)
    if claims.channels_first and homework.conventions.layout != "chw":
        notes.append(say(CHANNELS_FIRST))
    if answers.ignored:
        columns = ", ".join(answers.ignored)
        notes.append(say("columns that were not read: {columns}", columns=columns))
    notes += _without_key(claims)
    findings = _findings(done, weighed)
    return Checked(homework, answers.source, done, findings, claims.extras, tuple(notes))


def _not_asked(homework: Homework, answers: Answers, claims: Claims) -> SpecErrors:
    """Refuse answers of which none was asked for."""
    unasked = (unasked_text(homework, claims.extras),) if claims.extras else ()
    doubts = claims.doubts[:3]
    more = len(claims.doubts) - len(doubts)
    others = (
        (say_counted("and so of {count:,} row more", "and so of {count:,} rows more", more),)
        if more
        else ()
    )
    reasons = "; ".join((*unasked, *doubts, *others))
    message = say("no answer is to what was asked; {reasons}", reasons=reasons)
    hint = say("the rows asked for are {rows}", rows=listed_said(homework.layers, 8))
    if other := _other_stamp(homework, answers):
        hint = say("{doubt}: is it the right file", doubt=other)
    return refuse_file("E704", message, answers.source, hint)


def _other_stamp(homework: Homework, answers: Answers) -> str:
    """Say that a sheet belongs to another homework, where its stamp says so."""
    if not answers.stamp or answers.stamp in (homework.stamp, homework.part_of):
        return ""
    return say(OTHER_STAMP, stamp=answers.stamp, own=homework.stamp)


def _without_key(claims: Claims) -> list[str]:
    """Say which answers are not graded as what they are about is no one number."""
    without = [
        claim.cell
        for claim in claims.by_cell.values()
        if claim.cell.key is None
        and not claim.cell.filled_in
        and not isinstance(claim.readings, Blank)
        and not any(isinstance(r, ReadNumber) and not r.value for r in claim.readings)
    ]
    columns = dict.fromkeys(cell.quantity.title for cell in without)
    return [
        say(
            "not graded, as it is no one number there: {column} of {layers}",
            column=say(title),
            layers=", ".join(cell.layer for cell in without if cell.quantity.title == title),
        )
        for title in columns
    ]


def evidence_by_column(
    homework: Homework, cells: Sequence[Tentative], network: OwnNetwork
) -> dict[str, Evidence]:
    """Weigh the misconceptions in every column by itself."""
    columns: dict[str, list[Tentative]] = {}
    for judgement in cells:
        columns.setdefault(judgement.column, []).append(judgement)
    return {
        column: _evidence(homework, judgements, network) for column, judgements in columns.items()
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
    if verdict is not None and not judgement.candidates:
        return _decided(judgement)
    order = _ranked(judgement.candidates, weighed)
    if verdict is None:
        best = order[0] if order else None
        verdict = "misconception" if best is not None else "wrong"
        if best is not None and _other_convention(best, claim.cell.quantity.key, weighed):
            verdict = "right_other_convention"
    sure = weighed.sure(order) if order else True
    diagnoses = tuple(
        _diagnosis(
            homework, claims, network, judgement, candidate, secrets, certain=sure and at == 0
        )
        for at, candidate in enumerate(order[: 1 if sure else MOST])
    )
    return _given(judgement, verdict, diagnoses)


@kept_by_language(KEPT)
def _decided(judgement: Tentative) -> JudgedCell:
    """Return what the rest of the table has no say in; what is simply right has its marks."""
    assert judgement.verdict is not None
    return _given(judgement, judgement.verdict)


def _given(
    judgement: Tentative, verdict: Verdict, diagnoses: tuple[Diagnosis, ...] = ()
) -> JudgedCell:
    """Return a cell that is given a verdict; what is simply right has its marks."""
    claim, note = judgement.claim, judgement.note
    accepted = (other.note for other in claim.cell.accepted)
    return JudgedCell(
        claim.cell,
        claim.raw,
        judgement.read_as,
        verdict,
        diagnoses,
        claim.cell.out_of if verdict in SIMPLY_RIGHT else Fraction(0),
        note=note,
        hidden=judgement.hidden,
        accepted=verdict.startswith("right") and note in accepted,
        follows=verdict == "wrong" and note == say(FAR),
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

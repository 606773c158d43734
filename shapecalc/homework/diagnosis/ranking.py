"""The whole table at once: few explanations for many cells, ranked, and how sure they are."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.homework.diagnosis.explanations import alone, paired_of
from shapecalc.homework.diagnosis.judge import FittingExplanation, cases_of, explaining, key_cases
from shapecalc.homework.diagnosis.misconceptions import CATALOGUE, PRIOR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.homework.assignment.model import Homework
    from shapecalc.homework.diagnosis.follow_through import OwnNetwork
    from shapecalc.homework.diagnosis.judge import Tentative

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


def evidence(homework: Homework, cells: Sequence[Tentative], network: OwnNetwork) -> Evidence:
    """Weigh every misconception on all answered cells.

    What follows from own counts says nothing of a rule, nor does what is right and would be the
    same number by the wrong one.
    """
    explained: Counter[str] = Counter()
    against: Counter[str] = Counter()
    otherwise: Counter[str] = Counter()
    shown: Counter[str] = Counter()
    for judgement in cells:
        named = {c.explanation.ids[0] for c in judgement.candidates if len(c.explanation.ids) == 1}
        explained.update(named or _in_all(judgement.candidates))
        if judgement.counted or judgement.verdict in ("blank", "unreadable", "not_graded"):
            continue
        would = alone(key_cases(homework)[judgement.claim.cell.at]).names | named
        if judgement.verdict is not None:  # rounded it may fit what is wrong, too
            *_, (_, case) = cases_of(homework, judgement.claim.cell, network)
            would -= {
                explanation.ids[0] for explanation in explaining(judgement.claim, alone(case))
            }
        shown.update(would)
        if judgement.verdict is not None:
            against.update(would - named)
        elif judgement.candidates:
            ids = {name for c in judgement.candidates for name in c.explanation.ids}
            otherwise.update(would - ids)
    return Evidence(explained, against, otherwise, shown)


def with_pairs(
    homework: Homework, judgement: Tentative, network: OwnNetwork, weighed: Evidence
) -> Tentative:
    """Add two mistakes at once where one explains a cell, but two are known from other cells."""
    named = {name for candidate in judgement.candidates for name in candidate.explanation.ids}
    elsewhere = {name for name, cells in weighed.explained.items() if cells > (name in named)}
    known = frozenset(name for name in elsewhere if not CATALOGUE[name].convention)
    if not named or len(known) < 2 or any(len(c.explanation.ids) > 1 for c in judgement.candidates):
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


def ranked(candidates: Sequence[FittingExplanation], weighed: Evidence) -> list[FittingExplanation]:
    """Order the candidates of a cell, likeliest first."""
    return sorted(candidates, key=weighed.rank)


def other_convention(candidate: FittingExplanation, column: str, weighed: Evidence) -> bool:
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

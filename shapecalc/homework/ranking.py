"""The whole table at once: few explanations for many cells, ranked, and how sure they are."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.homework.catalogue import CATALOGUE, PRIOR
from shapecalc.homework.diagnose import singles
from shapecalc.homework.judge import case_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.homework.assignment import Homework
    from shapecalc.homework.judge import Candidate, Tentative


class Evidence(NamedTuple):
    """What speaks for and against every misconception, in cells of the table.

    `explained` counts those it explains, `against` those that are right where it would show, and
    `shown` all answered ones where it would show.
    """

    explained: Counter[str]
    against: Counter[str]
    shown: Counter[str]

    def rank(self, candidate: Candidate) -> tuple[int, int, int, int]:
        """Order candidates: those first that explain most, against which least speaks."""
        ids = candidate.explanation.ids
        return (
            -min(self.explained[name] for name in ids),
            sum(self.against[name] for name in ids),
            candidate.on == "own",
            sum(PRIOR[name] for name in ids),
        )

    def sure(self, ranked: Sequence[Candidate]) -> bool:
        """Tell whether the first of ranked candidates is the only reasonable one."""
        if len(ranked) == 1:
            return True
        best, second = self.rank(ranked[0]), self.rank(ranked[1])
        return best[0] <= -2 and best[0] < second[0] and best[1] <= second[1]


def evidence(homework: Homework, cells: Sequence[Tentative]) -> Evidence:
    """Weigh every misconception on all answered cells."""
    explained: Counter[str] = Counter()
    against: Counter[str] = Counter()
    shown: Counter[str] = Counter()
    for each in cells:
        alone = [c.explanation.ids for c in each.candidates if len(c.explanation.ids) == 1]
        named = {name for ids in alone for name in ids}
        explained.update(named)
        if each.verdict in ("blank", "unreadable", "not_graded"):
            continue
        case = case_of(homework, each.claim.cell, homework.rows)
        would = {explanation.ids[0] for explanation in singles(case)} | named
        shown.update(would)
        if each.verdict is not None:
            against.update(would - named)
    for each in cells:  # pairs speak for their members where these are known from elsewhere
        for candidate in each.candidates:
            if len(candidate.explanation.ids) > 1:
                for name in candidate.explanation.ids:
                    explained.setdefault(name, 0)
    return Evidence(explained, against, shown)


def ranked(candidates: Sequence[Candidate], weighed: Evidence) -> list[Candidate]:
    """Order the candidates of a cell, likeliest first."""
    return sorted(candidates, key=weighed.rank)


def other_convention(candidate: Candidate, column: str, weighed: Evidence) -> bool:
    """Tell whether a candidate is another convention, kept through the column.

    It is kept when it explains at least half of the answered cells where it would show, and no
    cell is right without it.
    """
    ids = candidate.explanation.ids
    if not all(CATALOGUE[name].convention for name in ids):
        return False
    return all(
        2 * weighed.explained[name] >= weighed.shown[name] and not weighed.against[name]
        for name in ids
    )

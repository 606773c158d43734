"""Which wrong rules give a value: singly, and two of them one after the other."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from shapecalc.homework.catalogue import CATALOGUE
from shapecalc.homework.working import Count, Volume, working_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction

    from shapecalc.homework.misconception import Case, Misconception
    from shapecalc.homework.working import Working

#: What a working gives: a number, or extents.
Result: TypeAlias = "Fraction | tuple[Fraction, ...]"


class Explanation(NamedTuple):
    """One or two misconceptions, and what they make of a cell."""

    ids: tuple[str, ...]
    value: Result
    text: str


@lru_cache(maxsize=8192)
def singles(case: Case) -> tuple[Explanation, ...]:
    """Apply every misconception to a cell; those that change nothing there are left out."""
    right = working_of(case.row, case.column, case.told)
    if right is None:
        return ()
    found: dict[tuple[tuple[str, ...], Result], Explanation] = {}
    for name, working in _applied(case, right):
        if working.value != right.value:
            found.setdefault(((name,), working.value), _explain((name,), working))
    return tuple(found.values())


@lru_cache(maxsize=2048)
def pairs(case: Case) -> tuple[Explanation, ...]:
    """Apply two misconceptions one after the other, where no single one gives the same."""
    right = working_of(case.row, case.column, case.told)
    if right is None:
        return ()
    known = {right.value, *(each.value for each in singles(case))}
    found: dict[tuple[frozenset[str], Result], Explanation] = {}
    for first, between in _applied(case, right):
        for second, working in _applied(case, between):
            if first != second and working.value not in known:
                ids = (first, second)
                found.setdefault((frozenset(ids), working.value), _explain(ids, working))
    return tuple(found.values())


def _explain(ids: tuple[str, ...], working: Working) -> Explanation:
    return Explanation(ids, working.value, working.text)


def _applied(case: Case, right: Working) -> Iterator[tuple[str, Working]]:
    """Yield what every misconception of the column makes of a working."""
    for each in CATALOGUE.values():
        if case.column in each.columns:
            for working in apply(each, case, right):
                yield each.id, working


def apply(misconception: Misconception, case: Case, right: Working) -> tuple[Working, ...]:
    """Apply one misconception to a working: no, one or several wrong ones."""
    rule = misconception.rule
    if rule is None:
        return ()
    wrong = rule(case, right)  # type: ignore[arg-type]
    if wrong is None:
        return ()
    return (wrong,) if isinstance(wrong, Count | Volume) else wrong

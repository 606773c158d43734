"""Which wrong rules give a value: singly, and two of them one after the other.

A block's counts, and the totals, are sums: there a wrong rule is applied to every layer inside.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from shapecalc.homework.assignment.model import TOTAL
from shapecalc.homework.diagnosis.misconceptions import CATALOGUE
from shapecalc.homework.diagnosis.working import Factors, LayerSum, Sides, working_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from fractions import Fraction

    from shapecalc.homework.assignment.notation import ReadNumber
    from shapecalc.homework.diagnosis.misconceptions.model import Case, Misconception
    from shapecalc.homework.diagnosis.working import Working

#: What a working gives: a number, or extents.
Result: TypeAlias = "int | tuple[int | Fraction, ...]"

#: The columns in which a block is the sum of its layers.
_SUMMED = frozenset({"weights", "biases", "params", "macs", "flops"})
#: What has a name of its own in the total.
_OF_TOTAL = frozenset({"P1"})


class CellExplanation(NamedTuple):
    """One or two misconceptions, and what they make of a cell."""

    ids: tuple[str, ...]
    working: Working
    value: Result

    @property
    def text(self) -> str:
        """The calculation, without its result."""
        return self.working.text


class CellExplanations(NamedTuple):
    """All explanations of one kind for a cell, by what they make of it.

    `counts` are the numbers among these, in order; `names` all misconceptions.
    """

    all: tuple[CellExplanation, ...]
    by_value: dict[Result, tuple[CellExplanation, ...]]
    counts: tuple[int, ...]
    names: frozenset[str]

    def fitting(self, number: ReadNumber) -> Iterator[CellExplanation]:
        """Yield those that give a number, at the number's own precision."""
        if not number.half:
            yield from self.by_value.get(number.value, ())  # type: ignore[call-overload]
            return
        first = bisect_left(self.counts, number.value - number.half)
        last = bisect_right(self.counts, number.value + number.half)
        for value in self.counts[first:last]:
            yield from self.by_value[value]


NOTHING = CellExplanations((), {}, (), frozenset())


def singles(case: Case) -> tuple[CellExplanation, ...]:
    """Apply every misconception to a cell; those that change nothing there are left out."""
    return alone(case).all


@lru_cache(maxsize=8192)
def alone(case: Case) -> CellExplanations:
    """Find every single misconception's value for a cell."""
    right = _right(case)
    if right is None:
        return NOTHING
    explained: dict[tuple[str, Result], CellExplanation] = {}
    for name, working in _applied(case, case.inner, right):
        value = working.value
        if value != right.value:
            explained.setdefault((name, value), CellExplanation((name,), working, value))
    return _sorted(explained.values())


def paired(case: Case) -> CellExplanations:
    """Find the values of two misconceptions, one after the other, where no single one has them."""
    return _two(case, None)


def paired_of(case: Case, names: frozenset[str]) -> CellExplanations:
    """Find the values of two misconceptions out of some, whatever else has them."""
    return _two(case, names)


@lru_cache(maxsize=2048)
def _two(case: Case, among: frozenset[str] | None) -> CellExplanations:
    right = _right(case)
    if right is None or case.row.name == TOTAL:  # too many would fit a total
        return NOTHING
    taken, inner = {right.value, *(alone(case).by_value if among is None else ())}, case.inner
    explained: dict[tuple[frozenset[str], Result], CellExplanation] = {}
    for first, between in _applied(case, inner, right):
        if CATALOGUE[first].instead or (among is not None and first not in among):
            continue
        for second, working in _applied(case, inner, between):
            if first == second or CATALOGUE[second].instead:
                continue
            if among is not None and second not in among:
                continue
            value = working.value
            if value not in taken:
                ids = (first, second)
                explained.setdefault((frozenset(ids), value), CellExplanation(ids, working, value))
    return _sorted(explained.values())


#: From which own count a column is worked out, and by which factor of a working it stands there.
_FROM = {"params": "weights", "flops": "macs", "memory": "units"}


def on_count(case: Case, own: int) -> CellExplanations:
    """Apply the misconceptions to a cell that is worked out from another count of its row.

    Those count that change what is added to it or multiplied with it, and nothing within it.
    """
    right = working_of(case.row, case.column, case.conventions)
    if not isinstance(right, Factors) or case.column not in _FROM:
        return NOTHING
    base = right._replace(kernel=(1,), depth=(1,), filters=(own,), places=(1,))
    explained = [
        CellExplanation((name,), working._replace(kernel=(), depth=(), places=()), working.value)
        for name, working in _applied(case, (), base)
        if isinstance(working, Factors) and working[:4] == base[:4] and working.value != base.value
    ]
    return _sorted(explained)


def source_of(column: str) -> str | None:
    """Name the count of its row from which a column may be worked out."""
    return _FROM.get(column)


def _sorted(explanations: Iterable[CellExplanation]) -> CellExplanations:
    every = tuple(explanations)
    by_value: dict[Result, tuple[CellExplanation, ...]] = {}
    for explanation in every:
        by_value[explanation.value] = (*by_value.get(explanation.value, ()), explanation)
    counts = tuple(sorted(value for value in by_value if isinstance(value, int)))
    return CellExplanations(every, by_value, counts, frozenset(n for e in every for n in e.ids))


def _right(case: Case) -> Working | None:
    """Return how a cell is worked out: in a block by its layers, where these add up to it."""
    right = working_of(case.row, case.column, case.conventions)
    if case.members and case.column in _SUMMED and isinstance(right, Factors):
        parts = [working_of(member.row, member.column, member.conventions) for member in case.inner]
        counts = tuple(part for part in parts if isinstance(part, Factors))
        if len(counts) == len(parts) and sum(part.value for part in counts) == right.value:
            return LayerSum(counts)
    return right


def _applied(case: Case, inner: tuple[Case, ...], right: Working) -> Iterator[tuple[str, Working]]:
    """Yield what every misconception of the column makes of a working."""
    for misconception in _by_column()[case.column]:
        if isinstance(right, LayerSum):
            for working in _inside(misconception, case, inner, right):
                yield misconception.id, working
        else:
            for working in apply(misconception, case, right):
                yield misconception.id, working


def _inside(
    misconception: Misconception, case: Case, inner: tuple[Case, ...], right: LayerSum
) -> Iterator[Working]:
    """Apply a misconception to every layer of a block; to the block itself where none has it."""
    if case.row.name == TOTAL and misconception.id in _OF_TOTAL:
        return
    changed = [apply(misconception, *pair) for pair in zip(inner, right.parts, strict=True)]
    most = max(map(len, changed), default=0)
    if not most:
        whole = working_of(case.row, case.column, case.conventions)
        assert isinstance(whole, Factors)
        if whole.value == right.value:
            yield from apply(misconception, case, whole)
    for variant in range(most):
        parts = [
            new[min(variant, len(new) - 1)] if new else old
            for new, old in zip(changed, right.parts, strict=True)
        ]
        yield LayerSum(tuple(part for part in parts if isinstance(part, Factors)))


@lru_cache(maxsize=1)
def _by_column() -> dict[str, tuple[Misconception, ...]]:
    """Return the misconceptions of every column."""
    columns = {column for misconception in CATALOGUE.values() for column in misconception.columns}
    columns |= {"units", "connections", "rf", "memory"}
    return {
        column: tuple(
            misconception for misconception in CATALOGUE.values() if column in misconception.columns
        )
        for column in columns
    }


def apply(misconception: Misconception, case: Case, right: Working) -> tuple[Working, ...]:
    """Apply one misconception to a working: no, one or several wrong ones."""
    rule: Callable[[Case, Working], Working | tuple[Working, ...] | None] | None
    rule = misconception.rule  # type: ignore[assignment]
    wrong = rule(case, right) if rule is not None else None
    if wrong is None:
        return ()
    return (wrong,) if isinstance(wrong, Factors | Sides) else wrong  # type: ignore[return-value]

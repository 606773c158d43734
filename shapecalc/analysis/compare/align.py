"""Alignment of two sequences: which item of the one stands for which of the other.

Items are paired at the highest total score (Needleman & Wunsch 1970, gaps free).  Where that would
take too many steps, what begins and ends alike is paired first; then stretches that occur once in
either sequence are taken for fixed points; and what no fixed point divides is cut into pieces, so
that the work never grows faster than the sequences.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import pairwise
from math import isqrt
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

#: Pairs of indices, both ascending.
Pairs: TypeAlias = "list[tuple[int, int]]"
#: So many pairs of items are scored in all, or little more.
WORK = 1_000_000
#: The longest stretches that are aligned at the highest score, and the shortest.
LONGEST, SHORTEST = 500, 20
#: So many items that are alike stay with what differs beside them.
MARGIN = 40
#: Items on either side of an item that must agree for it to be a fixed point.
AROUND = 2


def align(
    first: Sequence[Hashable],
    second: Sequence[Hashable],
    score: Callable[[int, int], int],
    names: tuple[Sequence[str], Sequence[str]],
) -> Pairs:
    """Pair items of two sequences in order, equal ones and others that score above 0.

    Exchanging the sequences exchanges the pairs, as long as `score` does not mind.
    """
    if _turned(first, second, names):
        turned = _gap(second, first, lambda a, b: score(b, a), (names[1], names[0]))
        return [(a, b) for b, a in turned]
    return _gap(first, second, score, names)


def _turned(
    first: Sequence[Hashable],
    second: Sequence[Hashable],
    names: tuple[Sequence[str], Sequence[str]],
) -> bool:
    """Decide which sequence goes first, whichever is given first, so that ties fall alike."""
    if len(first) != len(second):
        return len(first) > len(second)
    if names[0] != names[1]:
        return list(names[0]) > list(names[1])
    return next((repr(a) > repr(b) for a, b in zip(first, second, strict=True) if a != b), False)


def _gap(
    first: Sequence[Hashable],
    second: Sequence[Hashable],
    score: Callable[[int, int], int],
    names: tuple[Sequence[str], Sequence[str]],
) -> Pairs:
    """Align by fixed points of two kinds, then what lies between them."""
    numbers: dict[Hashable, int] = {}
    first, second = (
        [numbers.setdefault(item, len(numbers)) for item in items] for items in (first, second)
    )
    small = max(SHORTEST, min(LONGEST, WORK // (len(first) + len(second) + 1))) ** 2
    marks = [_surroundings(first), _surroundings(second)]
    named = [list(zip(*pair, strict=True)) for pair in zip(names, marks, strict=True)]
    pairs: Pairs = []
    todo: list[tuple[int, ...]] = [(0, len(first), 0, len(second), 0)]
    while todo:
        *area, tried = todo.pop()
        if _size(area) > small and tried < 3:
            area, ends = _trimmed(area, first, second)
            pairs += ends
        if _size(area) <= small or tried == 3:
            pairs += _best(area, score)
        elif tried == 2:
            todo += [(*piece, 3) for piece in _pieces(area, small)]
        else:
            ours, theirs = (marks, named)[tried]
            todo += [(*piece, tried + 1) for piece in _between(area, _once(area, ours, theirs))]
    return sorted(pairs)


def _size(area: Sequence[int]) -> int:
    begin, end, start, stop = area
    return (end - begin) * (stop - start)


def _trimmed(
    area: Sequence[int], first: Sequence[Hashable], second: Sequence[Hashable]
) -> tuple[list[int], Pairs]:
    """Pair what an area begins and ends with alike, but for the items next to what differs.

    Those stay, because among items that are all alike names decide which is new.
    """
    begin, end, start, stop = area
    shorter = min(end - begin, stop - start)
    before = next((i for i in range(shorter) if first[begin + i] != second[start + i]), shorter)
    rest = shorter - before
    after = next((i for i in range(rest) if first[end - 1 - i] != second[stop - 1 - i]), rest)
    before, after = max(0, before - MARGIN), max(0, after - MARGIN)
    pairs = [(begin + i, start + i) for i in range(before)]
    pairs += [(end - 1 - i, stop - 1 - i) for i in range(after)]
    return [begin + before, end - after, start + before, stop - after], pairs


def _surroundings(items: Sequence[Hashable]) -> list[Hashable]:
    """Return for every item what it and its neighbours are."""
    ends: list[Hashable] = [None] * AROUND
    padded = [*ends, *items, *ends]
    return [hash(tuple(padded[i : i + 2 * AROUND + 1])) for i in range(len(items))]


def _once(area: Sequence[int], first: Sequence[Hashable], second: Sequence[Hashable]) -> Pairs:
    """Pair what occurs once in either area; of crossing pairs keep the longest row that ascends."""
    begin, end, start, stop = area
    ours, theirs = _single(first, begin, end), _single(second, start, stop)
    pairs = [(at, theirs[mark]) for mark, at in ours.items() if mark in theirs]
    tails: list[int] = []  # the least end of an ascending row, by its length
    rows: list[tuple[int, int, object]] = []
    ends: list[tuple[int, int, object] | None] = []
    for at, other in pairs:
        length = bisect_left(tails, other)
        row = (at, other, ends[length - 1] if length else None)
        tails[length : length + 1] = [other]
        ends[length : length + 1] = [row]
        rows.append(row)
    kept: Pairs = []
    last: object = ends[-1] if ends else None
    while isinstance(last, tuple):
        at, other, last = last
        kept.append((at, other))
    return kept[::-1]


def _single(marks: Sequence[Hashable], begin: int, end: int) -> dict[Hashable, int]:
    """Return the places of what occurs once, ascending."""
    places: dict[Hashable, int] = {}
    twice = set()
    for at in range(begin, end):
        if marks[at] in places:
            twice.add(marks[at])
        places[marks[at]] = at
    return {mark: at for mark, at in places.items() if mark not in twice}


def _between(area: Sequence[int], points: Pairs) -> list[tuple[int, int, int, int]]:
    """Cut an area at fixed points, each of which begins a piece."""
    begin, end, start, stop = area
    cuts = [(begin, start), *points, (end, stop)]
    return [(a, b, c, d) for (a, c), (b, d) in pairwise(cuts)]


def _pieces(area: Sequence[int], small: int) -> list[tuple[int, int, int, int]]:
    """Cut an area along its diagonal into pieces that are small."""
    begin, end, start, stop = area
    count = -(-max(end - begin, stop - start) // isqrt(small))
    cuts = [
        (begin + (end - begin) * i // count, start + (stop - start) * i // count)
        for i in range(1, count)
    ]
    return _between(area, cuts)


def _best(area: Sequence[int], score: Callable[[int, int], int]) -> Pairs:
    """Return the pairs of the highest total score; of equal ones those that stand first."""
    begin, end, start, stop = area
    if begin == end or start == stop:
        return []
    width = stop - start
    scores = [[score(a, b) for b in range(start, stop)] for a in range(begin, end)]
    sums = [[0] * (width + 1)]
    for line in scores:
        above, now = sums[-1], [0]
        for b, gain in enumerate(line):
            now.append(max(above[b] + gain if gain else 0, above[b + 1], now[b]))
        sums.append(now)
    pairs: Pairs = []
    a, b = end - begin, width
    while a and b:
        total = sums[a][b]
        if total == sums[a][b - 1]:
            b -= 1
        elif total == sums[a - 1][b]:
            a -= 1
        else:
            a, b = a - 1, b - 1
            pairs.append((begin + a, start + b))
    return pairs

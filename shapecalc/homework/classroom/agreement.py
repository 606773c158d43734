"""Wrong values that students have in common: a wrong key, a gap in the catalogue, or neighbours.

Values are compared only where students have the same key.
"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import combinations
from math import log2
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from shapecalc.homework.classroom.model import Graded, MarkedCell
    from shapecalc.homework.diagnosis.model import Verdict

#: A key is doubted when a value that differs has this many students, and this share of the answers.
DOUBTED_BY, DOUBTED_SHARE = 3, Fraction(1, 3)
#: A value is rare when so many students have it at most, and this share at most; two always are,
#: where there are so many students that it can be told.
RARE, RARE_SHARE, ENOUGH = 5, Fraction(1, 20), 8
#: So many rare values make a pair worth a look, and so many pairs are named.
SHARED, PAIRS = 2, 20

#: A cell of the sheet: layer and column.
At: TypeAlias = tuple[str, str]


class Common(NamedTuple):
    """A wrong value of a cell that nothing explains, and that most of its students have."""

    at: At
    right: str
    value: str
    students: int
    wrong: int


class Doubt(NamedTuple):
    """A cell whose key may be wrong: more students have another value than the key.

    `misconceptions` explain that value, if any; `answers` are all that were read.
    """

    at: At
    right: str
    value: str
    students: int
    agree: int
    answers: int
    misconceptions: tuple[str, ...]


class Pair(NamedTuple):
    """Two students who share rare wrong values that nothing explains, by their place in the class.

    `bits` add up log2(students with the key / students with the value).
    """

    students: tuple[int, int]
    values: tuple[tuple[At, str], ...]
    bits: float


class Misplaced(NamedTuple):
    """A student some of whose wrong values are right in another one's variant.

    `owners` are the places in the class of those who have that variant.
    """

    student: int
    owners: tuple[int, ...]
    values: tuple[tuple[At, str], ...]


def is_right(verdict: Verdict) -> bool:
    """Tell whether a verdict says yes, in any way."""
    return verdict.startswith("right")


def unexplained(mark: MarkedCell) -> bool:
    """Tell whether a value is wrong and nothing explains it, not even own values."""
    return mark.verdict == "wrong" and not mark.follows and bool(mark.value)


def common(cells: Mapping[At, Sequence[MarkedCell]]) -> Iterator[Common]:
    """Yield the commonest unexplained value of every cell and key that two students have."""
    for at, marks in cells.items():
        by_key: dict[str, Counter[str]] = {}
        for mark in marks:
            if unexplained(mark):
                by_key.setdefault(mark.right, Counter())[mark.value] += 1
        for right, values in by_key.items():
            value, students = min(values.items(), key=lambda item: (-item[1], item[0]))
            if students > 1:
                yield Common(at, right, value, students, values.total())


def doubts(cells: Mapping[At, Sequence[MarkedCell]]) -> Iterator[Doubt]:
    """Yield the cells whose key may be wrong.

    One other value has more students than the key, at least `DOUBTED_BY`, and at least
    `DOUBTED_SHARE` of the answers.  What follows from own earlier values speaks for neither: the
    cell where it begins does.
    """
    for at, marks in cells.items():
        by_key: dict[str, list[MarkedCell]] = {}
        for mark in marks:
            if mark.verdict not in ("blank", "unreadable", "right_follow_through"):
                by_key.setdefault(mark.right, []).append(mark)
        for right, answers in by_key.items():
            others = [mark for mark in answers if not is_right(mark.verdict) and not mark.follows]
            counts = Counter(mark.value for mark in others if mark.value)
            if not counts:
                continue
            value, students = min(counts.items(), key=lambda item: (-item[1], item[0]))
            agree = sum(is_right(mark.verdict) for mark in answers)
            share = Fraction(students, len(answers))
            if students > agree and students >= DOUBTED_BY and share >= DOUBTED_SHARE:
                first = next(mark for mark in others if mark.value == value)
                ids = first.misconceptions[0] if first.misconceptions else ()
                yield Doubt(at, right, value, students, agree, len(answers), ids)


def pairs(students: Sequence[Graded], cells: Mapping[At, Sequence[MarkedCell]]) -> Iterator[Pair]:
    """Yield the pairs that share most.

    An index leads from every rare value to those who have it, so the work grows with the number of
    answers and not with that of pairs.
    """
    keys = Counter((at, mark.right) for at, marks in cells.items() for mark in marks)
    holders: dict[tuple[At, str, str], list[int]] = {}
    for index, student in enumerate(students):
        for mark in student.cells:
            if unexplained(mark):
                place = ((mark.layer, mark.column), mark.right, mark.value)
                holders.setdefault(place, []).append(index)
    shared: dict[tuple[int, int], list[tuple[At, str, float]]] = {}
    for (at, right, value), sharing in holders.items():
        if _rare(len(sharing), keys[at, right]):
            bits = log2(keys[at, right] / len(sharing))
            for first, second in combinations(sharing, 2):
                shared.setdefault((first, second), []).append((at, value, bits))
    alike = []
    for (first, second), values in shared.items():
        if len(values) >= SHARED:
            begin = _shared_slip(students[first], students[second])
            kept = [item for item in values if item[0][0] not in begin]
            if len(kept) >= SHARED:
                places = tuple((at, value) for at, value, _ in kept)
                alike.append(Pair((first, second), places, sum(bits for *_, bits in kept)))
    yield from sorted(alike, key=lambda pair: (-pair.bits, pair.students))[:PAIRS]


def _shared_slip(graded: Graded, other: Graded) -> set[str]:
    """Name the layers from the first one on whose volume both have wrong alike, for known reasons.

    Values there may follow from that slip in a way that was not recognised.
    """
    theirs = {(mark.layer, mark.value) for mark in other.cells if mark.column == "output"}
    layers = list(dict.fromkeys(mark.layer for mark in graded.cells))
    for mark in graded.cells:
        explained = mark.verdict == "misconception" or mark.follows
        if explained and mark.column == "output" and (mark.layer, mark.value) in theirs:
            return set(layers[layers.index(mark.layer) :])
    return set()


def _rare(holders: int, students: int) -> bool:
    few = holders <= RARE and Fraction(holders, students) <= RARE_SHARE
    return students >= ENOUGH and (holders == 2 or (holders > 2 and few))


def misplaced(students: Sequence[Graded]) -> Iterator[Misplaced]:
    """Yield the students whose unexplained values fit another variant in `SHARED` cells or more.

    A key that more than `RARE` variants have says nothing of whose it is, and is passed over.
    """
    variants: dict[tuple[tuple[At, str], ...], list[int]] = {}
    for index, student in enumerate(students):
        key = tuple(((mark.layer, mark.column), mark.right) for mark in student.cells)
        variants.setdefault(key, []).append(index)
    holders: dict[tuple[At, str], list[int]] = {}
    for variant, key in enumerate(variants):
        for place in key:
            holders.setdefault(place, []).append(variant)
    owners = list(variants.values())
    for index, student in enumerate(students):
        fits: dict[int, list[tuple[At, str]]] = {}
        for mark in filter(unexplained, student.cells):
            place = ((mark.layer, mark.column), mark.value)
            having = holders.get(place, ())
            for variant in having if len(having) <= RARE else ():
                fits.setdefault(variant, []).append(place)
        if fits:
            variant = min(fits, key=lambda number: (-len(fits[number]), number))
            if len(fits[variant]) >= SHARED:
                yield Misplaced(index, tuple(owners[variant]), tuple(fits[variant]))

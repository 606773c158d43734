"""What a graded class shows: every cell, every mistake, and what a teacher should look at.

Marks are exact fractions.  Wrong values that students have in common speak of a wrong key, a gap
in the catalogue, or neighbours.  Values are compared only where students have the same key.
"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import combinations
from math import lcm, log2, sqrt
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from shapecalc.homework.classroom import Classroom, Graded, MarkedCell, Status
    from shapecalc.homework.diagnosis import Verdict

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


def _is_right(verdict: Verdict) -> bool:
    """Tell whether a verdict says yes, in any way."""
    return verdict.startswith("right")


def unexplained(mark: MarkedCell) -> bool:
    """Tell whether a value is wrong and nothing explains it, not even own values."""
    return mark.verdict == "wrong" and not mark.follows and bool(mark.value)


def _common(cells: Mapping[At, Sequence[MarkedCell]]) -> Iterator[Common]:
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


def _doubts(cells: Mapping[At, Sequence[MarkedCell]]) -> Iterator[Doubt]:
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
            others = [mark for mark in answers if not _is_right(mark.verdict) and not mark.follows]
            counts = Counter(mark.value for mark in others if mark.value)
            if not counts:
                continue
            value, students = min(counts.items(), key=lambda item: (-item[1], item[0]))
            agree = sum(_is_right(mark.verdict) for mark in answers)
            share = Fraction(students, len(answers))
            if students > agree and students >= DOUBTED_BY and share >= DOUBTED_SHARE:
                first = next(mark for mark in others if mark.value == value)
                ids = first.misconceptions[0] if first.misconceptions else ()
                yield Doubt(at, right, value, students, agree, len(answers), ids)


def _pairs(students: Sequence[Graded], cells: Mapping[At, Sequence[MarkedCell]]) -> Iterator[Pair]:
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


def _misplaced(students: Sequence[Graded]) -> Iterator[Misplaced]:
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


#: The bars of the histogram.
BINS = 10


class Item(NamedTuple):
    """A cell over the whole class.

    `students` have it graded; `right` of them are right by any way of being so.  `discrimination`
    is the correlation of the cell's marks with those of the rest, None where one does not vary.
    """

    at: At
    students: int
    right: int
    verdicts: Counter[Verdict]
    misconceptions: Counter[str]
    discrimination: float | None

    @property
    def share(self) -> Fraction:
        """The share of the students who are right: the larger, the easier."""
        return Fraction(self.right, self.students)


class MistakeCount(NamedTuple):
    """A misconception, or another convention, over the whole class: in how many students and cells.

    `certain` counts the students with a cell that nothing else explains as well.
    """

    id: str
    students: int
    cells: int
    certain: int


class Spread(NamedTuple):
    """The marks of the graded students; `bins` count tenths of what could be earned."""

    mean: Fraction
    median: Fraction
    quartiles: tuple[Fraction, Fraction]
    least: Fraction
    most: Fraction
    bins: tuple[int, ...]


class Statistics(NamedTuple):
    """What a class shows.  `spread` is None when nobody was graded.

    `conventions` are those other than the sheet's that count as right, and no mistakes.
    """

    statuses: Counter[Status]
    late: int
    spread: Spread | None
    items: tuple[Item, ...]
    mistakes: tuple[MistakeCount, ...]
    conventions: tuple[MistakeCount, ...]
    common: tuple[Common, ...]
    doubts: tuple[Doubt, ...]
    pairs: tuple[Pair, ...]
    misplaced: tuple[Misplaced, ...]


def statistics(classroom: Classroom) -> Statistics:
    """Look at a class as a whole."""
    graded = [student for student in classroom.students if student.status == "graded"]
    cells = _by_cell(graded)
    return Statistics(
        Counter(student.status for student in classroom.students),
        sum(student.late > 0 for student in graded),
        _spread(graded),
        tuple(_items(graded, cells)),
        tuple(_mistakes(graded, "misconception")),
        tuple(_mistakes(graded, "right_other_convention")),
        tuple(_common(cells)),
        tuple(_doubts(cells)),
        tuple(_pairs(classroom.students, cells)),
        tuple(_misplaced(classroom.students)),
    )


def quantile(ordered: Sequence[Fraction], share: Fraction) -> Fraction:
    """Return a quantile of ordered values, linear between neighbours; the median is share 1/2.

    >>> quantile([Fraction(1), Fraction(2), Fraction(4)], Fraction(1, 4))
    Fraction(3, 2)
    """
    place = share * (len(ordered) - 1)
    below = place.numerator // place.denominator
    if below + 1 == len(ordered):
        return ordered[below]
    return ordered[below] + (place - below) * (ordered[below + 1] - ordered[below])


def _by_cell(graded: Iterable[Graded]) -> dict[At, list[MarkedCell]]:
    """Return the cells of all students that are graded, in the order of the sheets."""
    cells: dict[At, list[MarkedCell]] = {}
    for student in graded:
        for mark in student.cells:
            if mark.verdict != "not_graded":
                cells.setdefault((mark.layer, mark.column), []).append(mark)
    return cells


def _spread(graded: Sequence[Graded]) -> Spread | None:
    if not graded:
        return None
    marks = sorted(student.marks for student in graded)
    bins = Counter(_bin(student.marks / student.out_of) for student in graded if student.out_of)
    return Spread(
        sum(marks, Fraction(0)) / len(marks),
        quantile(marks, Fraction(1, 2)),
        (quantile(marks, Fraction(1, 4)), quantile(marks, Fraction(3, 4))),
        marks[0],
        marks[-1],
        tuple(bins[index] for index in range(BINS)),
    )


def _bin(share: Fraction) -> int:
    """Return the tenth where a share is; all marks are in the last one, extra ones too."""
    return max(0, min(int(share * BINS), BINS - 1))


def _items(graded: Sequence[Graded], cells: dict[At, list[MarkedCell]]) -> Iterator[Item]:
    discriminations = _discriminations(graded)
    for at, marks in cells.items():
        named = Counter(
            name
            for mark in marks
            if mark.verdict == "misconception" and mark.misconceptions
            for name in mark.misconceptions[0]
        )
        verdicts = Counter(mark.verdict for mark in marks)
        right = sum(count for verdict, count in verdicts.items() if _is_right(verdict))
        yield Item(at, len(marks), right, verdicts, named, discriminations[at])


def _discriminations(graded: Sequence[Graded]) -> dict[At, float | None]:
    """Correlate every cell's marks with the marks for all other cells of the same student.

    Sums are exact: marks are scaled to whole numbers, which changes no correlation.
    """
    marks = [
        [((mark.layer, mark.column), mark.marks) for mark in student.cells if _counts(mark)]
        for student in graded
    ]
    scale = lcm(*(number.denominator for row in marks for _, number in row))
    points: dict[At, list[tuple[int, int]]] = {}
    for row in marks:
        whole = [(at, number.numerator * (scale // number.denominator)) for at, number in row]
        total = sum(number for _, number in whole)
        for at, number in whole:
            points.setdefault(at, []).append((number, total - number))
    return {at: correlation(pairs) for at, pairs in points.items()}


def _counts(mark: MarkedCell) -> bool:
    return mark.verdict != "not_graded"


def correlation(points: Sequence[tuple[int, int]]) -> float | None:
    """Return Pearson's correlation of pairs of whole numbers; None where one does not vary.

    (n sum xy - sum x sum y) / sqrt((n sum xx - (sum x)^2) (n sum yy - (sum y)^2)), where only the
    root is rounded.

    >>> correlation([(0, 1), (1, 2), (2, 3)]), correlation([(1, 1), (1, 2)])
    (1.0, None)
    """
    n = len(points)
    x, y = sum(x for x, _ in points), sum(y for _, y in points)
    both = n * sum(x * y for x, y in points) - x * y
    spread = n * sum(x * x for x, _ in points) - x * x
    other = n * sum(y * y for _, y in points) - y * y
    if not spread or not other:
        return None
    size = sqrt(Fraction(both * both, spread * other))
    return size if both >= 0 else -size


def _mistakes(graded: Sequence[Graded], verdict: Verdict) -> Iterator[MistakeCount]:
    """Yield what explains the cells of a verdict, that of most students first.

    Another convention may be a value that the teacher accepts, which nothing explains.
    """
    students: Counter[str] = Counter()
    certain: Counter[str] = Counter()
    cells: Counter[str] = Counter()
    for student in graded:
        shown = [mark for mark in student.cells if mark.verdict == verdict and mark.misconceptions]
        cells.update(name for mark in shown for name in mark.misconceptions[0])
        students.update({name for mark in shown for name in mark.misconceptions[0]})
        certain.update({name for mark in shown if mark.certain for name in mark.misconceptions[0]})
    for name in sorted(students, key=lambda name: (-students[name], -cells[name], name)):
        yield MistakeCount(name, students[name], cells[name], certain[name])

"""What a graded class shows: every cell, every mistake, and what a teacher should look at.

Marks are exact fractions.  Where students have variants, values are compared only under one key.
"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from math import lcm, sqrt
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.homework.classroom.agreement import common, doubts, is_right, misplaced, pairs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from shapecalc.homework.classroom.agreement import At, Common, Doubt, Misplaced, Pair
    from shapecalc.homework.classroom.model import Classroom, Graded, MarkedCell, Status
    from shapecalc.homework.diagnosis.model import Verdict

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
        tuple(common(cells)),
        tuple(doubts(cells)),
        tuple(pairs(classroom.students, cells)),
        tuple(misplaced(classroom.students)),
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
        right = sum(count for verdict, count in verdicts.items() if is_right(verdict))
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

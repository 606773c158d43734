"""A solution: all points for which a question holds, why, and what is near where there are none.

Points are given as boxes: one set of integers a name.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import lcm, prod
from typing import TYPE_CHECKING, Any, TypeAlias

from shapecalc.algebra.integer_sets import Integers, Stretch, integers
from shapecalc.output.document import Grid
from shapecalc.text.shown import Shapes, Shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from shapecalc.spec.ranges import Range


#: The points whose every coordinate is in the set of its name.
Box: TypeAlias = "dict[str, Integers]"
#: A set is written anew when it takes no more numbers than this to compare.
MAX_LISTED = 100_000


def of_range(over: Range) -> Integers:
    """Return the values of a range, however many."""
    values = over.values
    if not isinstance(values, range):
        return compress(values, values)
    return integers([Stretch(values[0], values[-1], values.step, (values[0] % values.step,))])


def has(numbers: Integers, number: int) -> bool:
    """Tell whether a number is in a set."""
    return any(number in stretch for stretch in numbers.stretches)


def union(a: Integers, b: Integers) -> Integers:
    """Return the numbers that are in either set."""
    return integers([*a.stretches, *b.stretches])


def size(numbers: Integers) -> int | None:
    """Count the numbers of a set; None when it does not end."""
    total = 0
    for stretch in numbers.stretches:
        if stretch.high is None:
            return None
        whole, rest = divmod(stretch.high - stretch.low + 1, stretch.modulus)
        last = stretch.high - rest + 1
        total += whole * len(stretch.residues)
        total += sum(n % stretch.modulus in stretch.residues for n in range(last, stretch.high + 1))
    return total


def listed(numbers: Integers, most: int | None = None) -> list[int]:
    """List the numbers of a set in rising order; the first ones, where there are more than `most`.

    >>> listed(Integers((Stretch(3, None, 4, (1, 3)),)), 3)
    [3, 5, 7]
    """
    values: set[int] = set()
    for stretch in numbers.stretches:
        values.update(_first(stretch, most))
    return sorted(values)[:most]


def _first(stretch: Stretch, most: int | None) -> Iterable[int]:
    low, high, modulus, residues = stretch
    assert high is not None or most is not None
    count, start = 0, low - low % modulus
    while (most is None or count < most) and (high is None or start <= high):
        for residue in residues:
            if low <= start + residue and (high is None or start + residue <= high):
                count += 1
                yield start + residue
        start += modulus


def compress(values: Iterable[int], among: Iterable[int]) -> Integers:
    """Write some of the numbers `among` as few stretches.

    A number that was not among those tried is never in the set.

    >>> compress([32, 64, 128], range(32, 161, 32)).text("H")
    'H = 128 or H a multiple of 32, from 32 to 64'
    >>> compress(range(0, 1000, 4), range(1000)).text("n")
    'n a multiple of 4, from 0 to 996'
    """
    universe = sorted(set(among))
    chosen = set(values)
    steps = {after - before for before, after in pairwise(universe)}
    step = steps.pop() if len(steps) == 1 else 1  # 1 where they do not lie evenly
    stretches: list[Stretch] = []
    for number in universe:
        if number not in chosen:
            continue
        if stretches and stretches[-1].high == number - step:
            stretches[-1] = stretches[-1]._replace(high=number)
        else:
            stretches.append(Stretch(number, number, step, (number % step,)))
    if len(stretches) > 4 and len(steps) == 0:
        stretches = _periodic(sorted(chosen), step, stretches) or stretches
    return integers(stretches)


def tidied(numbers: Integers) -> Integers:
    """Write a set with fewer stretches where it can be: residues that fill up become intervals.

    >>> halves = (Stretch(4, 20, 2, (0,)), Stretch(3, 21, 2, (1,)))
    >>> tidied(Integers(halves)).text("n")
    'n from 3 to 21'
    """
    if len(numbers.stretches) < 2:
        return numbers
    endless = [stretch for stretch in numbers.stretches if stretch.high is None]
    low = min(stretch.low for stretch in numbers.stretches)
    end = max(
        stretch.low if stretch.high is None else stretch.high for stretch in numbers.stretches
    )
    period = lcm(*(stretch.modulus for stretch in endless))
    if end - low + period > MAX_LISTED:
        return numbers
    tail = {n % period for n in range(end + 1, end + 1 + period) if has(numbers, n)}
    if endless:  # the end without end begins where the set begins to repeat itself
        while end >= low and has(numbers, end) == (end % period in tail):
            end -= 1
    head = [number for number in range(low, end + 1) if has(numbers, number)]
    finite = compress(head, range(low, end + 1)).stretches if head else ()
    last = [Stretch(end + 1, None, period, tuple(sorted(tail)))] if endless else []
    best = integers([*finite, *last])
    return best if len(best.stretches) < len(numbers.stretches) else numbers


def _periodic(chosen: Sequence[int], step: int, runs: Sequence[Stretch]) -> list[Stretch]:
    """Write numbers out of every `step` as residues, if they are between the first and the last.

    A period takes the beginning of a run to that of another.
    """
    low, high = chosen[0], chosen[-1]
    for run in runs[2:34]:
        modulus = run.low - runs[1].low
        residues = {number % modulus for number in chosen}
        turns, rest = divmod((high - low) // step + 1, modulus // step)
        begun = sum((low + n * step) % modulus in residues for n in range(rest))
        if turns * len(residues) + begun == len(chosen) and turns > 1:
            return [Stretch(low, high, modulus, tuple(sorted(residues)))]
    return []


def boxes_of(
    rows: Mapping[tuple[int, ...], list[Box]],
    names: Sequence[str],
    among: Mapping[str, Iterable[int]],
) -> list[Box]:
    """Put names around boxes: `rows` gives for values of the names the boxes inside.

    Boxes that differ in one name only become one, the last name's first.
    """
    if not names:
        return rows.get((), [])
    first, *rest = names
    slices: dict[int, dict[tuple[int, ...], list[Box]]] = {}
    for place, boxes in rows.items():
        slices.setdefault(place[0], {})[place[1:]] = boxes
    inner = {value: boxes_of(part, rest, among) for value, part in slices.items()}
    return joined(first, inner, among[first])


def joined(name: str, inner: Mapping[int, list[Box]], among: Iterable[int]) -> list[Box]:
    """Put one more name around boxes: values with the same boxes inside share one."""
    alike: dict[tuple[tuple[tuple[str, Integers], ...], ...], list[int]] = {}
    for value, boxes in inner.items():
        alike.setdefault(tuple(tuple(box.items()) for box in boxes), []).append(value)
    universe = sorted(set(among))
    return [
        {name: compress(values, universe), **dict(box)}
        for boxes, values in alike.items()
        for box in boxes
    ]


#: So many rows of a table are shown to people; programs get all.
MAX_ROWS = 40
#: So many boxes are said in sentences; more are a table.
SENTENCES = 6


def _grid_data(grid: Grid) -> dict[str, Any]:
    """Return a table as a plain record."""
    return {
        "title": grid.caption,
        "columns": list(grid.header),
        "rows": list(map(list, grid.rows)),
    }


def bare(numbers: Integers) -> str:
    """Write a set where its name stands elsewhere: ``227 to 258``."""
    parts = (part.removeprefix("n ").removeprefix("= ") for part in numbers.text("n").split(" or "))
    return " or ".join(part.removeprefix("from ") for part in parts)


@dataclass(frozen=True)
class Solution(Shown):
    """The answer to a question: boxes of integers whose union is every point that holds.

    `names` are what the question was asked over.  `tied` are groups of names that were taken to be
    equal: then the boxes hold the points where they are.  `why` and `nearest` are tables for
    people, `remarks` what limits the answer, `source` where the network was read, `layers`
    are the names of its layers and blocks.
    """

    shapes = Shapes(
        "a solution",
        document="analysis.solve.document.document",
        records="analysis.solve.document.solution_records",
    )
    network: str
    question: str
    names: tuple[str, ...]
    boxes: tuple[Mapping[str, Integers], ...]
    tied: tuple[tuple[str, ...], ...]
    why: tuple[Grid, ...]
    nearest: tuple[Grid, ...]
    remarks: tuple[str, ...]
    source: str
    layers: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    deployed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything solves it."""
        return bool(self.boxes)

    def admits(self, **values: int) -> bool:
        """Tell whether a point solves it; a name with a dot is given as `**{"conv1.pad": 2}`.

        Where some names are left out: whether it solves it for some value of theirs.  Raises
        `TypeError` for a name that the answer does not have.
        """
        for name in values:
            if name not in self.names:
                raise TypeError(f"there is no '{name}' in the answer, but {', '.join(self.names)}")
        given = [[values[name] for name in group if name in values] for group in self.tied]
        if any(len(set(numbers)) > 1 for numbers in given):
            return False
        return any(all(has(box[name], values[name]) for name in values) for box in self.boxes)

    def total(self) -> int | None:
        """Count the solutions; None when there is no end to them."""
        count = 0
        bound = {name for group in self.tied for name in group[1:]}
        for box in self.boxes:
            sizes = [size(numbers) for name, numbers in box.items() if name not in bound]
            known = [number for number in sizes if number is not None]
            if len(known) < len(sizes):
                return None
            count += prod(known)
        return count

    def answer(self) -> tuple[str, ...]:
        """Say the solution: a box a line, and how many points there are."""
        if not self.boxes:
            return (f"none: it holds for no {' and '.join(self.names)}",)
        count = self.total()
        free = len(self.names) - sum(len(group) - 1 for group in self.tied)
        what = "combinations" if free > 1 else "in all"
        all_ = f" ({count:,} {what})" if count is not None and count > 1 else ""
        if len(self.boxes) > SENTENCES:
            return (f"{len(self.boxes):,} combinations of stretches, listed below{all_}",)
        lines = [self._sentence(box) for box in self.boxes]
        return (*lines[:-1], lines[-1] + all_)

    def table(self, most: int | None = None) -> Grid | None:
        """Return the boxes as a table, when they are too many for sentences."""
        if len(self.boxes) <= SENTENCES:
            return None
        rows = [tuple(bare(box[name]) for name in box) for box in self.boxes[:most]]
        more = len(self.boxes) - len(rows)
        title = (
            "It holds for:"
            if not more
            else (f"It holds for these, and {more:,} more; --format json has all of them:")
        )
        names = tuple(self.boxes[0])
        return Grid(names, tuple(rows), (False,) * len(names), title)

    def grids(self, most: int | None = None) -> tuple[Grid, ...]:
        """Return the tables under the answer."""
        table = self.table(most)
        tables = (*([table] if table is not None else []), *self.why, *self.nearest)
        return tuple(grid._replace(rows=grid.rows[:most]) for grid in tables)

    def _sentence(self, box: Mapping[str, Integers]) -> str:
        alike: dict[Integers, list[str]] = {}
        for name, numbers in box.items():
            alike.setdefault(numbers, []).append(name)
        groups = {name: " = ".join(group) for group in self.tied for name in group}
        texts = [
            numbers.text(" and ".join(dict.fromkeys(groups.get(name, name) for name in names)))
            for numbers, names in alike.items()
        ]
        return "; ".join(texts) if texts else "it holds"

    def data(self) -> dict[str, Any]:
        """Return it as plain records: every box a map from names to stretches."""
        return {
            "network": self.network,
            "question": self.question,
            "over": list(self.names),
            "solved": bool(self.boxes),
            "count": self.total(),
            "equal": list(map(list, self.tied)),
            "solutions": [
                {name: numbers.data() for name, numbers in box.items()} for box in self.boxes
            ],
            "why": list(map(_grid_data, self.why)),
            "nearest": list(map(_grid_data, self.nearest)),
            "remarks": list(self.remarks),
            "source": self.source,
        }

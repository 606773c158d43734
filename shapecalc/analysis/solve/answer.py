"""A solution: all points for which a question holds, why, and what is near where there are none."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

from shapecalc.analysis.solve.boxes import has, size
from shapecalc.output.document import Grid
from shapecalc.text.shown import Shapes, Shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.algebra.integer_sets import Integers

#: So many boxes are said in sentences; more are a table.
SENTENCES = 6


def grid_data(grid: Grid) -> dict[str, Any]:
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
        records="analysis.solve.records.solution_records",
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

    def __bool__(self) -> bool:
        """Whether anything solves it."""
        return bool(self.boxes)

    def admits(self, **values: int) -> bool:
        """Tell whether a point solves it; a name with a dot is given as `**{"conv1.pad": 2}`."""
        if any(len({values[name] for name in group}) > 1 for group in self.tied):
            return False
        return any(all(has(box[name], values[name]) for name in box) for box in self.boxes)

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
            "why": list(map(grid_data, self.why)),
            "nearest": list(map(grid_data, self.nearest)),
            "remarks": list(self.remarks),
            "source": self.source,
        }

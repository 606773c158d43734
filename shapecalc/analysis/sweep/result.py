"""A finished sweep: its columns as NumPy arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from shapecalc.analysis.sweep.columns import machine_name
from shapecalc.analysis.sweep.compute import ROWS, RowBlock, Trials, blocks, joined, rows_of
from shapecalc.text.shown import Shapes, Shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from numpy.typing import NDArray

    from shapecalc.analysis.sweep.choice import Chosen
    from shapecalc.analysis.sweep.plan import Plan

    #: Passes on what has a `size`, and shows how much of the total there is.
    Watched = Callable[[Iterator[Any], int, int], Iterator[Any]]


class Stream(Shown):
    """A sweep that is computed while it is written, some `rows` at a time.

    `points` counts those that went by so far, `missing` those of them that do not exist.  `watched`
    passes the blocks on, and shows how many of the points they have.  `done` are the `counts` of
    one that is continued, and its number of `blocks`.
    """

    shapes = Shapes(
        "a sweep",
        table="analysis.sweep.table.tabulate",
        records="analysis.sweep.table.records",
    )

    def __init__(
        self,
        plan: Plan,
        rows: int = ROWS,
        choice: Chosen | None = None,
        watched: Watched | None = None,
        done: Mapping[str, int] | None = None,
    ) -> None:
        self.plan = plan
        self.rows = rows
        self.choice = choice
        self.watched = watched
        before = done or {}
        self.start = before.get("blocks", 0)
        self.points = before.get("points", 0)
        self.missing = before.get("missing", 0)
        self.tally = Trials(before.get("tried", 0))

    @property
    def before(self) -> int:
        """How many points of the grid an earlier run has done."""
        return min(self.start * rows_of(self.plan, self.rows), self.plan.ground.size)

    def counts(self) -> dict[str, int]:
        """Return what it counts."""
        return {"points": self.points, "missing": self.missing, "tried": self.tally.tried}

    @property
    def doubts(self) -> tuple[str, ...]:
        return self.plan.doubts

    @property
    def deployed(self) -> tuple[str, ...]:
        return self.plan.deployed

    @property
    def blocks(self) -> Iterator[RowBlock]:
        """Compute the points.  Raises `SpecErrors` (E353) when none exists."""
        every = blocks(self.plan, self.rows, self.start, self.tally)
        if self.watched is not None:
            every = self.watched(every, self.before, self.plan.ground.size)
        if self.choice is not None:
            every = self.choice.rows(every, there=self.points > 0)
        for block in every:
            self.count(block.size, int((~block.exists).sum()))
            yield block

    def count(self, points: int, missing: int) -> None:
        """Count rows that go by."""
        self.points += points
        self.missing += missing


@dataclass(frozen=True, eq=False, repr=False)
class Sweep(Shown):
    """The columns of a sweep, a row a point, the last name fastest.

    `sweep["macs"]` is an array of int64; of Python's integers where one exceeds that, or where some
    rows do not exist: there it holds None, and `sweep["note"]` why.  `exists` tells which do.
    """

    shapes = Stream.shapes
    plan: Plan
    block: RowBlock
    choice: Chosen | None = None

    @property
    def doubts(self) -> tuple[str, ...]:
        return self.plan.doubts

    @property
    def deployed(self) -> tuple[str, ...]:
        return self.plan.deployed

    @property
    def blocks(self) -> tuple[RowBlock, ...]:
        """The rows, all in one."""
        return (self.block,)

    def __len__(self) -> int:
        """Count the points."""
        return len(self.block.exists)

    @property
    def points(self) -> int:
        """How many points there are."""
        return len(self)

    @property
    def missing(self) -> int:
        """How many of them do not exist."""
        return int((~self.exists).sum())

    def __getitem__(self, name: str) -> NDArray[Any]:
        """Return a column, by its own name or a word that asks for it, like `peak`.

        Of an output or a receptive field it has a column an extent.  Raises `KeyError` for an
        unknown one.
        """
        if name not in self.names:
            name = machine_name(name, self.plan.view)
        if name == "note":
            return self.block.notes
        if name in self.block.axes:
            return self.block.axes[name]
        parts = [part for part in self.block.columns if part.rpartition(".")[0] == name]
        if parts:
            return np.stack([self[part] for part in parts], axis=1)
        if name not in self.block.columns:
            raise KeyError(f"there is no column '{name}'; there are {', '.join(self.names)}")
        values = self.block.columns[name]
        if self.exists.all():
            return values
        shown = values.astype(np.object_)
        shown[~self.exists] = None
        return shown

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names: what was swept, what came out, and the notes."""
        return (*self.block.axes, *self.block.columns, "note")

    @property
    def columns(self) -> dict[str, NDArray[Any]]:
        """Every column by its name: what `pandas.DataFrame` takes."""
        return {name: self[name] for name in self.names}

    @property
    def exists(self) -> NDArray[np.bool_]:
        """Which rows exist."""
        return self.block.exists

    @property
    def existing(self) -> Sweep:
        """The rows that exist, by themselves."""
        return Sweep(self.plan, _sealed(self.block.at(self.exists)), self.choice)

    def __repr__(self) -> str:
        without = f", {self.missing:,} of them do not exist" if self.missing else ""
        return f"<Sweep {self.plan.ground.spec.name}: {len(self):,} points{without}>"


def collect(plan: Plan, choice: Chosen | None = None) -> Sweep:
    """Compute the rows of a sweep.  Raises `SpecErrors` (E353) when none exists, or is chosen."""
    return collected(Stream(plan, choice=choice))


def collected(stream: Stream) -> Sweep:
    """Put the blocks of a sweep together."""
    return Sweep(stream.plan, _sealed(joined(list(stream.blocks))), stream.choice)


def _sealed(block: RowBlock) -> RowBlock:
    """Make the arrays read-only."""
    arrays: Iterable[NDArray[Any]] = (
        *block.axes.values(),
        *block.columns.values(),
        block.exists,
        block.notes,
    )
    for array in arrays:
        array.flags.writeable = False
    return block

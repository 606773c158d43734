"""Which rows of a sweep are asked for: those under a budget, a Pareto front, the first of an order.

Rows are looked at block by block, and only those that may be wanted are kept, so that a long sweep
takes no more memory.  A point that does not exist meets no condition and is on no front.
"""

from __future__ import annotations

import re
from math import ceil, floor
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from shapecalc.analysis.compare.totals import ALIASES, NAME, TotalCondition, read_conditions
from shapecalc.analysis.sweep.columns import DEFAULT, machine_name, total_words
from shapecalc.analysis.sweep.compute import RowBlock, joined, names_of
from shapecalc.errors import SpecErrors, refuse
from shapecalc.text import Origin, Source, Span
from shapecalc.text.words import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from shapecalc.analysis.sweep.plan import Plan
    from shapecalc.output.view import View

_AND = re.compile(r"\s+and\s+|\s*;\s*")


class Wishes(NamedTuple):
    """What is asked for, as it is written: conditions, objectives, and how many of an order.

    `where` are conditions joined by `and`; `pareto` names what is to be small, `maximize` what is
    to be large; of `top` rows the first ones have the largest `by`, or with ``-macs`` the smallest.
    """

    where: str = ""
    pareto: str = ""
    maximize: str = ""
    top: int = 0
    by: str = ""

    @property
    def any(self) -> bool:
        """Whether anything is asked for."""
        return bool(self.where or self.pareto or self.maximize or self.top)

    def words(self) -> list[str]:
        """List the columns and the names that it is about."""
        conditions = [NAME.match(part)[1] for part in _AND.split(self.where) if part]  # type: ignore[index]
        listed = ",".join((self.pareto, self.maximize, self.by.removeprefix("-"))).split(",")
        return [word.strip() for word in (*conditions, *listed) if word.strip()]

    def columns(self, columns: str | None, axes: Iterable[str], view: View) -> str | None:
        """Add the columns that it is about to those that are asked for.

        A word for none of them is refused where it stands, by `read_choice`.
        """
        named, totals = set(axes), {*total_words(view), *ALIASES}
        more = [
            word for word in self.words()
            if word not in named and ("." in word or word.lower() in totals)
        ]  # fmt: skip
        return ",".join([columns or DEFAULT, *more]) if more else columns


class Goal(NamedTuple):
    """A column or a swept name, and what its values are multiplied by to be small."""

    name: str
    sign: int


class Chosen(NamedTuple):
    """What is asked for, read for a sweep."""

    wishes: Wishes
    conditions: tuple[TotalCondition, ...]
    front: tuple[Goal, ...]
    order: Goal | None

    @property
    def streams(self) -> bool:
        """Whether each block's rows are wanted or not by themselves."""
        return not self.front and self.order is None

    def rows(self, blocks: Iterable[RowBlock], *, there: bool = False) -> Iterator[RowBlock]:
        """Yield the rows that are wanted.  Raises `SpecErrors` (E353) where none is, nor was."""
        kept: RowBlock | None = None
        for block in blocks:
            wanted = block.at(self.meeting(block))
            if self.streams:
                there = there or bool(len(wanted.exists))
                yield wanted
                continue
            kept = self.best(wanted if kept is None else joined([kept, wanted]))
        if kept is not None:
            if self.order is not None:
                kept = self.first(kept, self.order)
            there = bool(len(kept.exists))
            yield kept
        if not there:
            text = self.wishes.where
            origin = Origin(Source(f"--where {text}", text), Span(0, 0, 0, len(text)))
            raise refuse("E353", "no point meets the conditions", origin, "allow more")

    def meeting(self, block: RowBlock) -> NDArray[np.bool_]:
        """Tell which rows exist and meet the conditions."""
        rows = block.exists.copy()
        for condition in self.conditions:
            values = _values(block, condition.total)
            if values.dtype == np.object_:
                rows &= values != None  # noqa: E711  (an array is compared)
                values = np.where(rows, values, 0)
            rows &= np.asarray(_meets(values, condition)).astype(np.bool_)
        return rows

    def best(self, block: RowBlock) -> RowBlock:
        """Keep the rows that may be wanted: those on the front by now, or else the first ones."""
        if self.front:
            return block.at(on_front([_goal(block, goal) for goal in self.front]))
        assert self.order is not None
        return self.first(block, self.order)

    def first(self, block: RowBlock, order: Goal) -> RowBlock:
        """Keep the first rows of an order."""
        return block.at(np.argsort(_goal(block, order), kind="stable")[: self.wishes.top])

    def text(self) -> str:
        """Say which rows these are."""
        parts = [f"those where {self.wishes.where}"] if self.wishes.where else []
        if self.front:
            names = [f"{'more' if goal.sign < 0 else 'less'} {goal.name}" for goal in self.front]
            parts.append(f"those that no other point beats ({', '.join(names)})")
        if self.order is not None:
            which = "most" if self.order.sign < 0 else "least"
            parts.append(f"the {self.wishes.top:,} with the {which} {self.order.name}")
        return "Of all points " + ", of these ".join(parts) + "."


def read_choice(wishes: Wishes, plan: Plan) -> Chosen | None:
    """Read what is asked for of a sweep; None for all rows.

    Raises `SpecErrors`: E331 and E332 for a condition, E301 for a name that has no values.
    """
    if not wishes.any:
        return None
    names = [*(axis.name for axis in plan.ground.axes), *names_of(plan)]
    parts = [part for part in _AND.split(wishes.where) if part]
    conditions = read_conditions(
        parts, names, alone=True, option="where", several="join conditions by `and`"
    )
    front = [_read(word, "pareto", wishes.pareto, 1, names, plan) for word in _split(wishes.pareto)]
    front += [
        _read(word, "maximize", wishes.maximize, -1, names, plan)
        for word in _split(wishes.maximize)
    ]
    order = None
    if wishes.top:
        sign = 1 if wishes.by.startswith("-") else -1
        order = _read(wishes.by.removeprefix("-"), "by", wishes.by, sign, names, plan)
    return Chosen(wishes, conditions, tuple(front), order)


def _split(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _read(word: str, option: str, text: str, sign: int, names: list[str], plan: Plan) -> Goal:
    name = word if word in names else machine_name(word, plan.view)
    if name not in names:
        at = max(text.find(word), 0)
        origin = Origin(Source(f"--{option} {text}", text), Span(0, at, 0, at + len(word)))
        hint = did_you_mean(word, names) or "one of " + ", ".join(names)
        raise refuse("E301", f"'{word}' is no column of one number", origin, hint)
    return Goal(name, sign)


def _values(block: RowBlock, name: str) -> NDArray[Any]:
    return block.axes[name] if name in block.axes else block.columns[name]


def _goal(block: RowBlock, goal: Goal) -> NDArray[Any]:
    """Return what is to be small; what a network does not have is last."""
    values = _values(block, goal.name)
    if values.dtype == np.object_:
        worst = 10**40 * goal.sign
        values = np.array([worst if value is None else value for value in values], dtype=object)
    return values * goal.sign


def _meets(values: NDArray[Any], condition: TotalCondition) -> Any:  # noqa: ANN401  (an array)
    """Compare whole numbers with an exact bound."""
    below, above = floor(condition.bound), ceil(condition.bound)
    match condition.comparison:
        case "<=":
            return values <= below
        case "<":
            return values < above
        case ">=":
            return values >= above
        case ">":
            return values > below
        case "==":
            return (values == below) & (below == above)
    return (values != below) | (below != above)


def on_front(goals: list[NDArray[Any]]) -> NDArray[np.bool_]:
    """Tell which rows no other one beats: is as small in every goal, and smaller in one.

    >>> on_front([np.array([1, 2, 3, 2]), np.array([5, 3, 4, 3])]).tolist()
    [True, True, False, True]
    """
    numbers = np.stack(goals, axis=1)
    front = np.zeros(len(numbers), dtype=np.bool_)
    left = np.lexsort(goals[::-1]) if numbers.dtype != np.object_ else _sorted(numbers)
    while len(left):
        first = numbers[left[0]]  # none before it in this order is left to beat it
        rest = numbers[left]
        same = (rest == first).all(axis=1)
        front[left[same]] = True
        left = left[~(rest >= first).all(axis=1).astype(np.bool_)]
    return front


def _sorted(numbers: NDArray[Any]) -> NDArray[np.intp]:
    rows = numbers.tolist()
    return np.array(sorted(range(len(rows)), key=lambda row: rows[row]), dtype=np.intp)


def must_go_together(wishes: Wishes) -> None:
    """Require an order for the first rows, and rows for an order.  Raises `SpecErrors` (E303)."""
    if wishes.top and not wishes.by:
        raise _lonely(f"--top {wishes.top}", "--top needs an order", "add --by macs")
    if wishes.by and not wishes.top:
        raise _lonely(f"--by {wishes.by}", "--by orders the rows of --top", "add --top 20")


def _lonely(option: str, message: str, hint: str) -> SpecErrors:
    return refuse("E303", message, Origin(Source(option, option), Span(0, 0, 0, len(option))), hint)

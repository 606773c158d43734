"""What units see as sums over factors of axes: the values, and what is added to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapecalc.report.receptive_field import FAR, over_all

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapecalc.algebra import Dim
    from shapecalc.report.receptive_field import ReceptiveField


class SideParts(NamedTuple):
    """What is seen along a side of the network's input: from `first` to `last` everywhere, plus.

    `parts` holds, by axis and factor, what a place there adds to both.  `along` numbers the side.
    """

    along: int
    first: Dim
    last: Dim
    parts: dict[tuple[int, int], ReceptiveField]

    def moved(self, ends: tuple[Dim, Dim], without: tuple[int, int] | None = None) -> SideParts:
        """Add what all units see; of a part that is no longer one."""
        parts = {key: part for key, part in self.parts.items() if key != without}
        return SideParts(self.along, self.first + ends[0], self.last + ends[1], parts)

    def empty(self) -> SideParts:
        """Return what is seen everywhere."""
        return self._replace(parts={})


class Factored(NamedTuple):
    """The factors of every axis, the sides' first and the channels' last, and what is seen.

    Along a side of the network's input units see all that its `sides` say, one or a few.
    `at_most`: something was lost on the way, so units may see less.
    """

    axes: tuple[tuple[Dim, ...], ...]
    sides: tuple[SideParts, ...]
    at_most: bool = False

    @property
    def rank(self) -> int:
        """How many sides the network's input has."""
        return 1 + max((side.along for side in self.sides), default=-1)


def all_of(side: SideParts, parts: Iterable[ReceptiveField]) -> SideParts:
    """Let every unit see what any place of some factors sees."""
    for part in parts:
        side = side.moved(over_all(part))
    return side


def shifted(field: ReceptiveField, first: Dim, last: Dim) -> ReceptiveField:
    """Add to the first and the last pixel that every unit sees."""
    if first == 0 == last:
        return field
    return field._replace(
        rims=tuple(
            [
                (unit, sum_of_ends(low, first), sum_of_ends(high, last))
                for unit, low, high in field.rims
            ]
        ),
        first=tuple([sum_of_ends(low, first) for low in field.first]),
        last=tuple([sum_of_ends(high, last) for high in field.last]),
        also=tuple([shifted(part, first, last) for part in field.also]),
    )


def sum_of_ends(a: Dim, b: Dim) -> Dim:
    """Add two ends of what is seen; with nothing in one there is nothing."""
    return a if a in (FAR, -FAR) else b if b in (FAR, -FAR) else a + b

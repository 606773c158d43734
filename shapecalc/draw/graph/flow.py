"""Which items of a strand read each other, and which layers are drawn as one node."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.draw.graph.tree import (
    Compound,
    Folded,
    Fork,
    Leaf,
    Rounds,
    Twig,
    leaves_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from shapecalc.draw.graph.tree import Item, Link, Strand


class Reads:
    """What reads what, and whether a layer can be drawn on others (`joins`).

    `targets` are those of the links, by their sources; `linked` is all that links reach.
    """

    def __init__(
        self,
        inputs: Sequence[tuple[int, ...]],
        links: Iterable[Link],
        joins: Callable[[tuple[Item, ...], Leaf | Folded], bool],
    ) -> None:
        self.inputs = inputs
        self.joins = joins
        self.targets: dict[int, list[int]] = {}
        for source, target in links:
            self.targets.setdefault(source, []).append(target)
        self.linked = {target for targets in self.targets.values() for target in targets}

    def grouped(self, items: Strand) -> list[tuple[Item, ...]]:
        """Put layers together that are drawn on each other."""
        groups: list[tuple[Item, ...]] = []
        for item in items:
            if groups and isinstance(item, Leaf | Folded) and self._is_one(groups[-1], item):
                groups[-1] += (item,)
            else:
                groups.append((item,))
        return groups

    def _is_one(self, before: tuple[Item, ...], item: Leaf | Folded) -> bool:
        last = before[-1]
        return (
            isinstance(last, Leaf | Folded)
            and self.follows(last, item)
            and self.targets.keys().isdisjoint(leaves_of([last]))
            and self.linked.isdisjoint(leaves_of([item]))
            and self.joins(before, item)
        )

    def follows(self, before: Item, item: Item) -> bool:
        """Tell whether an item reads the one before it on the strand."""
        if isinstance(before, Fork) or isinstance(item, Fork):
            return True
        given = set(_last(before))
        return any(given.intersection(self.inputs[index]) for index in _first(item))


def _first(item: Item) -> Iterator[int]:
    """Yield the layers that may read what stands before an item."""
    match item:
        case Leaf():
            yield item.node
        case Folded():
            yield from item.indices
        case Compound() | Rounds():
            yield from _first(next(inner for inner in item.items if not isinstance(inner, Twig)))
        case _:
            for branch in item.branches if isinstance(item, Fork) else ():
                if branch:
                    yield from _first(branch[0])


def _last(item: Item) -> Iterator[int]:
    """Yield the layers that may be read by what stands behind an item."""
    match item:
        case Leaf():
            yield item.node
        case Folded() | Rounds():
            yield from item.indices
        case Compound():
            ends = [inner for inner in item.items if not isinstance(inner, Twig)]
            yield from _last(ends[-1])
        case _:
            for branch in item.branches if isinstance(item, Fork) else ():
                if branch:
                    yield from _last(branch[-1])

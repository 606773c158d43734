"""The levels of the paths and the rounds of repeats in a network's strands."""

from __future__ import annotations

import re
from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING

from shapecalc.draw.graph.structure import settled, structure_of
from shapecalc.draw.graph.tree import (
    NOWHERE,
    Compound,
    Folded,
    Fork,
    Leaf,
    Rounds,
    Tree,
    Twig,
    drawn,
    leaves_of,
    parts,
    with_parts,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from shapecalc.draw.graph.tree import Item, Link, Strand
    from shapecalc.report import Report

#: Without a depth, levels are open as long as no more nodes are drawn.
MANY = 200
#: A round has so many items at most.
_LONGEST = 48
#: The number of a round in the names of others' files.
_NUMBER = re.compile(r"\d+$")
#: What no repeat made is folded when a round has so many layers.
_FEWEST = 4


def tree_of(report: Report, depth: int | None = None, *, unrolled: bool = False) -> Tree:
    """Return what is drawn of a network: levels open down to `depth`, repeats once.

    0 opens all levels; None as many as can be seen.
    """
    inputs = [node.inputs for node in report.graph.nodes]
    levels = _Levels(report)
    tree = settled(levels.uncut(structure_of(inputs).items, ()), inputs)
    rounds = None if unrolled else _Repeats(report, tree.links)
    depths = [depth] if depth is not None else [0, *range(levels.deepest - 1, 0, -1)]
    for chosen in depths:
        items = levels.framed(tree.items, (), chosen)
        if rounds is not None:
            items = rounds.folded(items)
        if drawn(items) <= MANY:
            break
    return Tree(items, tree.links)


class _Levels:
    """Which layers lie in which levels."""

    def __init__(self, report: Report) -> None:
        self.paths = [tuple(node.path.split("/")[:-1]) for node in report.graph.nodes]
        self.sizes = Counter(path[:end] for path in self.paths for end in range(1, len(path) + 1))
        self.deepest = max(map(len, self.paths), default=0)

    def _names(self, item: Item, at: int) -> Counter[str]:
        """Count the layers of an item by the levels that they lie in; '' is none."""
        paths = (self.paths[index] for index in leaves_of([item]))
        return Counter(path[at] if len(path) > at else "" for path in paths)

    def _groups(
        self, items: Strand, above: tuple[str, ...]
    ) -> Iterator[tuple[str, bool, tuple[Item, ...]]]:
        """Yield items of one level together, and whether they are all of it."""
        names = [self._names(item, len(above)) for item in items]
        labels = [next(iter(inside)) if len(inside) == 1 else "" for inside in names]
        at = 0
        for label, run in groupby(labels):
            end = at + len(list(run))
            while at < end and (not label or isinstance(items[at], Twig)):
                yield "", False, (items[at],)
                at += 1
            whole = end
            while whole > at and isinstance(items[whole - 1], Fork):  # which meets outside
                whole -= 1
            if at < whole:
                size = sum(inside.total() for inside in names[at:whole])
                yield label, size == self.sizes[*above, label], items[at:whole]
            for item in items[whole:end]:
                yield "", False, (item,)
            at = end

    def uncut(self, items: Strand, above: tuple[str, ...]) -> Strand:
        """Take apart the forks in which only a part of a level lies, and those that never meet."""
        made: list[Item] = []
        for label, _, group in self._groups(items, above):
            if label:
                made += self.uncut(group, (*above, label))
                continue
            (item,) = group
            if isinstance(item, Fork) and self._is_cutting(item, above):
                made += self.uncut(_straightened(item), above)
            else:
                inner = tuple(self.uncut(strand, above) for strand in parts(item))
                made.append(with_parts(item, inner))
        return tuple(made)

    def _is_cutting(self, fork: Fork, above: tuple[str, ...]) -> bool:
        if NOWHERE in (fork.start, fork.end):
            return fork.start != NOWHERE  # its branches never meet
        inside = self._names(fork, len(above))
        return any(label and size != self.sizes[*above, label] for label, size in inside.items())

    def framed(self, items: Strand, above: tuple[str, ...], depth: int) -> Strand:
        """Put the levels that lie on a strand as a whole into frames, folded below a depth."""
        made: list[Item] = []
        for label, whole, group in self._groups(items, above):
            if not label:
                (item,) = group
                inner = tuple(self.framed(strand, above, depth) for strand in parts(item))
                made.append(with_parts(item, inner))
                continue
            path = (*above, label)
            inside = self.framed(group, path, depth)
            if not whole or (len(inside) == 1 and isinstance(inside[0], Leaf)):
                made += inside
            elif depth and len(path) >= depth:
                made.append(Folded("/".join(path), tuple(sorted(leaves_of(group)))))
            else:
                made.append(Compound("/".join(path), inside))
        return tuple(made)


def _straightened(fork: Fork) -> Strand:
    """Put a fork's longest branch on the strand, and hang the others beside it."""
    sizes = [sum(1 for _ in leaves_of(branch)) for branch in fork.branches]
    longest = sizes.index(max(sizes))
    twigs = [
        Twig(fork.start, fork.end, branch)
        for number, branch in enumerate(fork.branches)
        if branch and number != longest
    ]
    return (*twigs, *fork.branches[longest])


class _Repeats:
    """Finds rounds that do the same, one behind the other."""

    def __init__(self, report: Report, links: Iterable[Link]) -> None:
        self.report = report
        uses = Counter(id(node.use) for node in report.graph.nodes if node.use is not None)
        self.stated = {use for use, times in uses.items() if times > 1}
        words = Counter(id(group.word) for group in report.graph.groups.values() if group.word)
        self.stated |= {word for word, times in words.items() if times > 1}
        self.keys: dict[object, int] = {}
        self.linked: dict[int, list[int]] = {}
        for source, target in links:
            self.linked.setdefault(source, []).append(target)
            self.linked.setdefault(target, []).append(source)

    def folded(self, items: Strand) -> Strand:
        """Fold repeats, the inner ones first."""
        inside: list[Item] = [
            with_parts(item, tuple(map(self.folded, parts(item)))) for item in items
        ]
        keys = [self._key(item) for item in inside]
        made: list[Item] = []
        at = 0
        while at < len(inside):
            times, length = self._best(inside, keys, at)
            end = at + times * length
            if times > 1:
                indices = tuple(leaves_of(inside[at:end]))
                made.append(Rounds(times, tuple(inside[at : at + length]), indices))
            else:
                made += inside[at:end]
            at = end
        return tuple(made)

    def _best(self, items: list[Item], keys: list[int], at: int) -> tuple[int, int]:
        """Return how often what begins at an item is repeated, and how long that is; 1, 1: not."""
        best = (0, 1, 1)
        for length in range(1, min(_LONGEST, (len(items) - at) // 2) + 1):
            if keys[at] != keys[at + length]:
                continue
            times = _times(keys, at, length)
            layers = sum(1 for _ in leaves_of(items[at : at + length]))
            if times < 2 or layers * (times - 1) <= best[0]:
                continue
            if self._is_round(items[at : at + times * length], length) and not _begins_late(
                items, keys, at, length, times
            ):
                best = (layers * (times - 1), times, length)
        return best[1:]

    def _is_round(self, run: list[Item], length: int) -> bool:
        """Tell whether a run can be drawn once: stated as a repeat or long, and read at its end."""
        if isinstance(run[0], Twig):
            return False
        first = list(leaves_of(run[:length]))
        stated = isinstance(run[0], Compound | Folded) or all(map(self._is_stated, first))
        if not stated and len(first) < _FEWEST:
            return False
        for start in range(0, len(run), length):
            own = set(leaves_of(run[start : start + length]))
            if any(other not in own for node in own for other in self.linked.get(node, ())):
                return False
        return True

    def _is_stated(self, index: int) -> bool:
        return id(self.report.graph.nodes[index].use) in self.stated

    def _key(self, item: Item) -> int:
        """Return a number that items which do the same agree in."""
        key: object
        match item:
            case Leaf():
                key = self._layer_key(item.node)
            case Compound() | Folded():
                group = self.report.graph.groups[item.path]
                word = id(group.word) if id(group.word) in self.stated else 0
                inner = (
                    tuple(map(self._key, item.items))
                    if isinstance(item, Compound)
                    else tuple(map(self._layer_key, item.indices))
                )
                name = _NUMBER.sub("", item.path.rpartition("/")[2])
                key = (type(item), word or (group.type, name), inner)
            case _:
                times = item.times if isinstance(item, Rounds) else 0
                inner = tuple(tuple(map(self._key, strand)) for strand in parts(item))
                key = (type(item), times, inner)
        return self.keys.setdefault(key, len(self.keys))

    def _layer_key(self, index: int) -> object:
        row, node = self.report.rows[index], self.report.graph.nodes[index]
        shared = 0 if node.share is None else node.share
        links = tuple(sorted(other - index for other in self.linked.get(index, ())))
        own = (type(row.layer), row.layer, row.frozen != 0, shared, links)
        if self._is_stated(index):
            return (id(node.use), *own)
        return (*own, row.inputs, row.output)


def _times(keys: Sequence[int], at: int, length: int) -> int:
    """Count how often a part stands one behind the other."""
    part = keys[at : at + length]
    times = 1
    while keys[at + times * length : at + (times + 1) * length] == part:
        times += 1
    return times


def _begins_late(items: list[Item], keys: list[int], at: int, length: int, times: int) -> bool:
    """Tell whether a run begins with the end of a round, and as long a one with a fork."""
    if isinstance(items[at], Fork | Compound | Folded):
        return False
    return any(
        isinstance(items[at + shift], Fork | Compound | Folded)
        and _times(keys, at + shift, length) >= times
        for shift in range(1, length)
    )

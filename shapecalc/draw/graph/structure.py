"""A network's graph as nested strands: what stands one behind another, and where branches part.

Edges are put together in series and in parallel until one is left (Valdes, Tarjan and Lawler 1982).
Where nothing more can be put together, the reference is cut that carries least and reaches
furthest: it becomes a link, which is drawn in a lane beside the strand.
"""

from __future__ import annotations

from collections import deque
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from shapecalc.draw.graph.tree import (
    NOWHERE,
    Fork,
    Leaf,
    Link,
    Tree,
    Twig,
    leaves_of,
    parts,
    with_parts,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from shapecalc.draw.graph.tree import Item, Strand

#: Forks stand inside each other so deep; what is deeper stands in one strand, with links.
DEEPEST = 40


def structure_of(inputs: Sequence[tuple[int, ...]]) -> Tree:
    """Take a graph apart, whose nodes each come after the nodes that they read."""
    return settled(_Reduction(inputs).reduced(), inputs)


# -- series and parallel ---------------------------------------------------------------------------


class _Edge:
    """What leads from a node to another: a strand of `size` layers.  `order` is its operand's."""

    __slots__ = ("depth", "items", "order", "size", "source", "target")

    def __init__(
        self, source: int, target: int, order: int, items: deque[Item], size: int, depth: int
    ) -> None:
        self.source, self.target, self.order = source, target, order
        self.items, self.size, self.depth = items, size, depth


class _Reduction:
    """Puts edges together."""

    def __init__(self, inputs: Sequence[tuple[int, ...]]) -> None:
        self.inputs = inputs
        self.start, self.end = len(inputs), len(inputs) + 1
        self.after: list[dict[int, _Edge]] = [{} for _ in range(len(inputs) + 2)]
        self.before: list[dict[int, _Edge]] = [{} for _ in range(len(inputs) + 2)]
        self.twigs: dict[int, list[Twig]] = {}
        self.depths: dict[int, int] = {}
        self.ready: list[int] = []
        self.candidates: list[tuple[int, int, int, _Edge]] = []
        self.made = 0

    def reduced(self) -> Strand:
        self._enter()
        self.ready = list(range(self.start - 1, -1, -1))
        left = len(self.inputs)
        while True:
            left -= self._in_series()
            if not left:
                break
            self._cut()
        (edge,) = self.after[self.start].values() if self.inputs else (None,)
        items = tuple(edge.items) if edge else ()
        return *self.twigs.get(self.start, ()), *items

    def _enter(self) -> None:
        read = {source for sources in self.inputs for source in sources}
        for index, sources in enumerate(self.inputs):
            for order, source in enumerate(dict.fromkeys(sources)):
                self._add(_Edge(source, index, order, deque(), 0, 0))
            if not sources:
                self._add(_Edge(self.start, index, index, deque(), 0, 0))
            if index not in read:
                self._add(_Edge(index, self.end, index, deque(), 0, 0))

    def _add(self, edge: _Edge) -> None:
        """Enter an edge, beside one that joins the same nodes."""
        beside = self.after[edge.source].get(edge.target)
        if beside is not None:
            edge = self._beside(beside, edge)
        self.after[edge.source][edge.target] = edge
        self.before[edge.target][edge.source] = edge
        self.made += 1
        span = edge.target - edge.source if edge.source != self.start else 0
        if edge.target != self.end:
            heappush(self.candidates, (edge.size, -span, self.made, edge))

    def _beside(self, one: _Edge, other: _Edge) -> _Edge:
        """Put two edges together in parallel."""
        source, target = one.source, one.target
        depth = 1 + max(one.depth, other.depth)
        size, order = one.size + other.size, min(one.order, other.order)
        if depth > DEEPEST:
            nodes = sorted((*leaves_of(one.items), *leaves_of(other.items)))
            return _Edge(source, target, order, deque(map(Leaf, nodes)), size, 0)
        branches: list[tuple[int, Strand]] = []
        for edge in (one, other):
            alone = edge.items[0] if len(edge.items) == 1 else None
            if isinstance(alone, Fork) and (alone.start, alone.end) == self._ends(edge):
                branches += [(edge.order, branch) for branch in alone.branches]
            else:
                branches.append((edge.order, tuple(edge.items)))
        branches.sort(key=lambda branch: branch[0])
        fork = Fork(*self._ends(one), tuple(branch for _, branch in branches))
        return _Edge(source, target, order, deque([fork]), size, depth)

    def _ends(self, edge: _Edge) -> tuple[int, int]:
        return (
            NOWHERE if edge.source == self.start else edge.source,
            NOWHERE if edge.target == self.end else edge.target,
        )

    def _in_series(self) -> int:
        """Put edges together over nodes that have one before and one behind them."""
        done = 0
        while self.ready:
            node = self.ready.pop()
            if len(self.before[node]) != 1 or len(self.after[node]) != 1:
                continue
            (one,), (other,) = self.before[node].values(), self.after[node].values()
            del self.after[one.source][node], self.before[other.target][node]
            self.before[node].clear()
            self.after[node].clear()
            middle = (Leaf(node), *self.twigs.get(node, ()))
            if len(one.items) >= len(other.items):
                items = one.items
                items.extend(middle)
                items.extend(other.items)
            else:
                items = other.items
                items.extendleft(reversed(middle))
                items.extendleft(reversed(one.items))
            size = one.size + other.size + 1
            depth = max(one.depth, other.depth, self.depths.get(node, 0))
            order = other.order
            self._add(_Edge(one.source, other.target, order, items, size, depth))
            self.ready += [end for end in (one.source, other.target) if end < self.start]
            done += 1
        return done

    def _cut(self) -> None:
        """Cut the reference that carries least and reaches furthest."""
        while True:
            *_, edge = heappop(self.candidates)
            if self.after[edge.source].get(edge.target) is not edge:
                continue
            if len(self.after[edge.source]) > 1 and len(self.before[edge.target]) > 1:
                break
        del self.after[edge.source][edge.target], self.before[edge.target][edge.source]
        self._hang(edge)
        self.ready += [end for end in (edge.source, edge.target) if end < self.start]

    def _hang(self, edge: _Edge) -> None:
        """Leave what an edge carries hanging at its source."""
        if not edge.items:
            return
        items, depth = tuple(edge.items), edge.depth + 1
        if depth > DEEPEST:
            items, depth = tuple(map(Leaf, sorted(leaves_of(items)))), 1
        self.twigs.setdefault(edge.source, []).append(Twig(*self._ends(edge), items))
        self.depths[edge.source] = max(self.depths.get(edge.source, 0), depth)


# -- links have their ends on one strand -----------------------------------------------------------


def settled(items: Strand, inputs: Sequence[tuple[int, ...]]) -> Tree:
    """Take forks apart into their layers until both ends of every link lie on one strand."""
    while True:
        held = set(_held(items, NOWHERE, NOWHERE, inputs))
        links = tuple(
            Link(source, target)
            for target, sources in enumerate(inputs)
            for source in dict.fromkeys(sources)
            if (source, target) not in held
        )
        places = _Whereabouts(items)
        apart = places.to_take_apart(links)
        ranges = {} if apart else places.backward(links)
        if not apart and not ranges:
            return Tree(items, links)
        items = _taken_apart(items, apart) if apart else _in_order(items, ranges)


def _held(
    items: Strand, before: int, after: int, inputs: Sequence[tuple[int, ...]]
) -> Iterator[tuple[int, int]]:
    """Yield the references that a strand between two nodes has by its nesting."""
    last = before
    for item in items:
        if isinstance(item, Leaf):
            if last in inputs[item.node]:
                yield last, item.node
            last = item.node
            continue
        assert isinstance(item, Fork | Twig)
        for inner in parts(item):
            yield from _held(inner, item.start, item.end, inputs)
        last = NOWHERE if isinstance(item, Fork) else last
    if last != NOWHERE != after and last in inputs[after]:
        yield last, after


class _Whereabouts:
    """On which strand every layer lies, and in which item of which strand that one lies."""

    def __init__(self, items: Strand) -> None:
        self.strand_of: dict[int, int] = {}
        self.position: dict[int, int] = {}
        self.strands: list[Strand] = []
        self.outer: list[tuple[int, Item | None]] = []
        self.twigs: list[tuple[int, Twig]] = []
        self._note(items, NOWHERE, None)

    def _note(self, items: Strand, outer: int, around: Item | None) -> None:
        number = len(self.outer)
        self.outer.append((outer, around))
        self.strands.append(items)
        for position, item in enumerate(items):
            if isinstance(item, Leaf):
                self.strand_of[item.node] = number
                self.position[item.node] = position
            if isinstance(item, Twig):
                self.twigs.append((number, item))
            for inner in parts(item):
                self._note(inner, number, item)

    def to_take_apart(self, links: Iterable[Link]) -> set[int]:
        """Return the items, by identity, that an end of a link lies in."""
        apart: set[int] = set()
        for source, target in links:
            apart.update(self._between(self.strand_of[source], self.strand_of[target]))
        for number, twig in self.twigs:
            if twig.end != NOWHERE and self.strand_of[twig.end] != number:
                apart.add(id(twig))
        broken = {twig.start for _, twig in self.twigs if id(twig) in apart}
        return apart | {id(twig) for _, twig in self.twigs if twig.start in broken}

    def backward(self, links: Iterable[Link]) -> dict[int, tuple[int, int]]:
        """Return by strands, by identity, what lies between a target and a source behind it."""
        ranges: dict[int, tuple[int, int]] = {}
        for source, target in links:
            first, last = self.position[target], self.position[source]
            if last < first:
                continue
            items = self.strands[self.strand_of[source]]
            before = ranges.get(id(items), (first, last))
            first, last = min(before[0], first), max(before[1], last)
            while first > 0 and not isinstance(items[first - 1], Leaf):
                first -= 1
            while last + 1 < len(items) and not isinstance(items[last + 1], Leaf):
                last += 1
            ranges[id(items)] = first, last
        return ranges

    def _between(self, one: int, other: int) -> Iterator[int]:
        """Yield the items that lie around two strands up to one that holds both."""
        around: dict[int, Item | None] = {one: None}
        at = one
        while at > 0:
            at, item = self.outer[at]
            around[at] = item
        inner: Item | None = None
        at = other
        while at not in around:
            at, inner = self.outer[at]
        yield from (id(item) for item in (around[at], inner) if item is not None)


def _taken_apart(items: Strand, apart: set[int]) -> Strand:
    """Put the layers of items that are to be taken apart on the strand, in their order."""
    made: list[Item] = []
    broken = False  # a twig's layers stand between a node and what reads it next
    for item in items:
        if id(item) in apart or (broken and isinstance(item, Fork)):
            made += map(Leaf, sorted(leaves_of([item])))
            broken = broken or isinstance(item, Twig)
            continue
        broken = broken and not isinstance(item, Leaf)
        inner = tuple(_taken_apart(strand, apart) for strand in parts(item))
        made.append(with_parts(item, inner))
    return tuple(made)


def _in_order(items: Strand, ranges: dict[int, tuple[int, int]]) -> Strand:
    """Put the layers of a part of a strand one behind another, each behind what it reads."""
    inner = tuple(
        with_parts(item, tuple(_in_order(strand, ranges) for strand in parts(item)))
        for item in items
    )
    if id(items) not in ranges:
        return inner
    first, last = ranges[id(items)]
    nodes = sorted(leaves_of(items[first : last + 1]))
    return (*inner[:first], *map(Leaf, nodes), *inner[last + 1 :])

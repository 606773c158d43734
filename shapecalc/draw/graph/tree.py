"""What a picture of a graph is made of: strands of layers, forks, levels and repeats."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

#: Where no node is: before the inputs, and behind the ends.
NOWHERE = -1


class Leaf(NamedTuple):
    """A layer, by its index."""

    node: int


class Fork(NamedTuple):
    """Branches that part behind a node and meet before another; an empty one is a residual.

    `start` is NOWHERE where inputs begin, `end` where ends are read by nobody.
    """

    start: int
    end: int
    branches: tuple[Strand, ...]


class Twig(NamedTuple):
    """What begins behind a node and comes back by a link alone, or never."""

    start: int
    end: int
    items: Strand


class Compound(NamedTuple):
    """A level of the paths that is open."""

    path: str
    items: Strand


class Folded(NamedTuple):
    """A level of the paths that is drawn as one node; `indices` are those of its layers."""

    path: str
    indices: tuple[int, ...]


class Rounds(NamedTuple):
    """A repeat: the first round is drawn, `indices` are the layers of all, round by round."""

    times: int
    items: Strand
    indices: tuple[int, ...]


class Link(NamedTuple):
    """A reference that no nesting has: from a node to a later one."""

    source: int
    target: int


Item: TypeAlias = "Leaf | Fork | Twig | Compound | Folded | Rounds"
Strand: TypeAlias = "tuple[Item, ...]"


class Tree(NamedTuple):
    """The strand from the inputs to the ends, and what does not nest in it."""

    items: Strand
    links: tuple[Link, ...]


def parts(item: Item) -> tuple[Strand, ...]:
    """Return the strands inside an item."""
    match item:
        case Fork():
            return item.branches
        case Twig() | Compound() | Rounds():
            return (item.items,)
        case _:
            return ()


def with_parts(item: Item, strands: tuple[Strand, ...]) -> Item:
    """Return an item with other strands inside."""
    match item:
        case Fork():
            return item._replace(branches=strands)
        case Twig() | Compound() | Rounds():
            return item._replace(items=strands[0])
        case _:
            return item


def leaves_of(items: Iterable[Item]) -> Iterator[int]:
    """Yield the indices of all layers inside, in their order there."""
    for item in items:
        match item:
            case Leaf():
                yield item.node
            case Folded() | Rounds():
                yield from item.indices
            case _:
                for strand in parts(item):
                    yield from leaves_of(strand)


def drawn(items: Iterable[Item]) -> int:
    """Count the nodes that are drawn."""
    return sum(
        1 if isinstance(item, Leaf | Folded) else sum(map(drawn, parts(item))) for item in items
    )


class Border(NamedTuple):
    """A frame: its level and that around it, how often what it holds comes, and its layers."""

    path: str
    above: str
    times: int
    indices: tuple[int, ...]

    @property
    def is_drawn(self) -> bool:
        """Whether there is anything to say of it."""
        return bool(self.path) or self.times > 1


def framed(
    item: Compound | Rounds, above: str, is_level: Callable[[str], bool]
) -> tuple[Border, Strand, str]:
    """Return the frame around what is open, what is in it, and the level that names start from.

    Levels and repeats that hold nothing but another one have one frame together.
    """
    path, around, times, indices = "", above, 1, tuple(leaves_of([item]))
    while True:
        if isinstance(item, Rounds):
            times *= item.times
        elif is_level(item.path):
            path = item.path if not path or times == 1 else path
            above = item.path
        inside = item.items[0]
        if len(item.items) > 1 or not isinstance(inside, Compound | Rounds):
            return Border(path, around, times, indices), item.items, above
        item = inside

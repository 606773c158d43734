"""The nodes, the frames and the edges that are drawn, for texts that other programs lay out."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapecalc.draw.graph.tree import Compound, Folded, Leaf, Rounds, framed, leaves_of, parts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.draw.graph.nodes import Plate
    from shapecalc.draw.graph.scene import GraphScene
    from shapecalc.draw.graph.tree import Border, Strand


class Edge(NamedTuple):
    """From a drawn node to another, by the first layer of each; which layer's result it carries."""

    source: int
    target: int
    carries: int


class _Drawn:
    """As which node every layer is drawn."""

    def __init__(self, items: Strand) -> None:
        self.node: dict[int, int] = {}
        self.rounds: dict[int, dict[int, int]] = {}
        self._note(items)

    def _note(self, items: Strand) -> None:
        for item in items:
            if isinstance(item, Leaf):
                self.node[item.node] = item.node
            elif isinstance(item, Folded):
                self.node.update(dict.fromkeys(item.indices, item.indices[0]))
            else:
                for strand in parts(item):
                    self._note(strand)
            if isinstance(item, Rounds):
                self._note_rounds(item)

    def _note_rounds(self, item: Rounds) -> None:
        """Note the layers of later rounds as those of the first."""
        first = list(leaves_of(item.items))
        for number, index in enumerate(item.indices):
            turn, place = divmod(number, len(first))
            self.node[index] = self.node[first[place]]
            self.rounds.setdefault(index, {})[id(item)] = turn

    def is_between_rounds(self, source: int, target: int) -> bool:
        own, other = self.rounds.get(source, {}), self.rounds.get(target, {})
        return any(other.get(item, turn) != turn for item, turn in own.items())


def edges(scene: GraphScene) -> Iterator[Edge]:
    """Yield the edges between the nodes that are drawn, each once, in order of the readers."""
    drawn = _Drawn(scene.tree.items)
    yielded: set[tuple[int, int]] = set()
    for target, node in enumerate(scene.report.graph.nodes):
        for source in dict.fromkeys(node.inputs):
            pair = drawn.node[source], drawn.node[target]
            if pair[0] == pair[1] or pair in yielded or drawn.is_between_rounds(source, target):
                continue
            yielded.add(pair)
            yield Edge(*pair, source)


def nested(
    scene: GraphScene, items: Strand, above: str = "", depth: int = 0
) -> Iterator[tuple[int, Plate | Border | None]]:
    """Yield nodes, frames and their ends (None), with how many frames are around them."""
    for item in items:
        if isinstance(item, Leaf | Folded):
            (plate,) = scene.stack((item,), above).plates
            yield depth, plate
            continue
        if isinstance(item, Compound | Rounds):
            border, inner, names = framed(item, above, scene.is_framed)
            if border.is_drawn:
                yield depth, border
                yield from nested(scene, inner, names, depth + 1)
                yield depth, None
                continue
            strands: tuple[Strand, ...] = (inner,)
        else:
            strands, names = parts(item), above
        for strand in strands:
            yield from nested(scene, strand, names, depth)

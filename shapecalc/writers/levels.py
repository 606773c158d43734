"""The levels of a network's names: what each holds, what flows in, and what flows out."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.graph import Graph, Group


class NamedLevel:
    """A level of the paths as a part that can be called: a function from sources to results.

    `members` are indices of nodes and inner levels, in an order in which each comes after what it
    reads; `sources` the nodes outside that are read inside, `results` those inside that are read
    outside or are outputs of the network.
    """

    def __init__(self, name: str, path: str, group: Group | None) -> None:
        self.name = name
        self.path = path
        self.group = group
        self.members: list[Member] = []
        self.nodes: list[int] = []
        self.sources: tuple[int, ...] = ()
        self.results: tuple[int, ...] = ()

    def inner(self) -> Iterator[NamedLevel]:
        """Yield the levels inside, the innermost first."""
        for member in self.members:
            if isinstance(member, NamedLevel):
                yield from member.inner()
                yield member

    def is_chain(self, graph: Graph) -> bool:
        """Tell whether its members only hand on, one to the next, what flows in."""
        if len(self.sources) != 1 or len(self.results) != 1:
            return False
        (before,) = self.sources
        for number, member in enumerate(self.members):
            last = number == len(self.members) - 1
            read = member.sources if isinstance(member, NamedLevel) else graph.nodes[member].inputs
            given = member.results if isinstance(member, NamedLevel) else (member,)
            if tuple(read) != (before,) or len(given) != 1:
                return False
            (before,) = given
            if last != (before in self.results):
                return False
        return True


Member: TypeAlias = "int | NamedLevel"


def levels_of(graph: Graph) -> NamedLevel:
    """Return the network as the outermost level."""
    root = NamedLevel("", "", None)
    readers: list[list[int]] = [[] for _ in graph.nodes]
    for index, node in enumerate(graph.nodes):
        for source in node.inputs:
            readers[source].append(index)
    known = {"": root}
    for index, node in enumerate(graph.nodes):
        *outer, _ = node.path.split("/")
        level = root
        for depth, name in enumerate(outer, 1):
            path = "/".join(outer[:depth])
            if path not in known:
                known[path] = NamedLevel(name, path, graph.groups.get(path))
                level.members.append(known[path])
            level = known[path]
        level.members.append(index)
    _finish(root, graph, readers)
    return root


def _finish(level: NamedLevel, graph: Graph, readers: list[list[int]]) -> None:
    """Find what flows through a level, and take those apart that are no function."""
    members: list[Member] = []
    for member in level.members:
        if isinstance(member, NamedLevel):
            _finish(member, graph, readers)
            if _is_function(member):
                members.append(member)
            else:
                members += member.members
        else:
            members.append(member)
    level.members = sorted(members, key=_first)
    level.nodes = sorted(node for member in level.members for node in _nodes(member))
    inside = set(level.nodes)
    read = (source for node in level.nodes for source in graph.nodes[node].inputs)
    level.sources = tuple(dict.fromkeys(source for source in read if source not in inside))
    ends = set(graph.outputs)
    level.results = tuple(
        node for node in level.nodes if node in ends or not inside.issuperset(readers[node])
    )


def _first(member: Member) -> int:
    return member.nodes[0] if isinstance(member, NamedLevel) else member


def _nodes(member: Member) -> list[int]:
    return member.nodes if isinstance(member, NamedLevel) else [member]


def _is_function(level: NamedLevel) -> bool:
    """Tell whether something flows in, all before its first layer, and something comes out."""
    before = all(source < level.nodes[0] for source in level.sources)
    return bool(level.sources) and bool(level.results) and before

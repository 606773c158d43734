"""Which activations are alive while the layers run, and where they are most."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.algebra import largest
from shapecalc.report import Alive, Peak, Row

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from shapecalc.algebra import Dim
    from shapecalc.graph import Graph
    from shapecalc.report.domain import Domain


def give_live(graph: Graph, rows: list[Row], domain: Domain | None = None) -> Dim:
    """Give every row, in its place, the elements that are alive while it runs; return the most.

    With symbols that is the largest of those that may be: each surely is at some size, or may be.
    """
    owner: list[int] = []
    own: dict[Dim, None] = {}  # most recur
    for index, live, _ in _live(graph, rows, owner):
        rows[index] = Row(*rows[index][:-1], live)  # the last field: `_replace` takes three times
        if owner[index] == index:
            own[live] = None
    if domain is None:
        return largest([*own, 0])
    from shapecalc.algebra.bounds import undominated

    return largest(undominated(own, domain.start))


def _live(
    graph: Graph, rows: Sequence[Row], owner: list[int]
) -> Iterator[tuple[int, Dim, dict[int, int]]]:
    """Yield for each layer the elements that are alive while it runs.

    Layers run in order.  A result is kept until its last reader has run, the network's outputs to
    the end.  A layer that works in place takes over its input's buffer when no one else still
    reads that; a view always does.

    `owner` is filled with the layer that took each result's buffer; the last of what is yielded
    gives by that layer whose result the buffer holds now.
    """
    sizes = [row.activations + row.overwritten for row in rows]  # one of them is 0
    readers = [0] * len(rows)  # reads still to come, per buffer's first owner
    owner[:] = range(len(rows))
    held: dict[int, int] = {}
    for node in graph.nodes:
        for source in node.inputs:
            readers[source] += 1
    for output in graph.outputs:
        readers[output] += 1
    live: Dim = 0
    for index, node in enumerate(graph.nodes):
        layer, size = rows[index].layer, sizes[index]
        source = owner[node.inputs[0]] if node.inputs else index
        if layer is not None and layer.inplace and (layer.view or readers[source] == 1):
            owner[index] = source
            held[source] = index
            yield index, live, held
            readers[source] += readers[index]
            done = node.inputs
        else:
            live += size
            held[index] = index
            yield index, live, held
            readers[index] += 1  # itself, until here
            done = (*node.inputs, index)
        for origin in done:
            buffer = owner[origin]
            readers[buffer] -= 1
            if readers[buffer] == 0:
                live -= sizes[buffer]
                del held[buffer]


def find_peak(graph: Graph, rows: tuple[Row, ...], layer: str | None = None) -> Peak | None:
    """Find the first layer where most elements are alive, or tell it of one layer.

    None with symbols, where the peak depends on the sizes, and for a layer that takes no buffer.
    """
    owner: list[int] = []
    at, most = None, -1
    for index, live, _ in _live(graph, rows, owner):
        if owner[index] != index:
            continue
        if not isinstance(live, int):
            return None
        if live > most if layer is None else at is None and rows[index].name == layer:
            at, most = index, live
    if at is None:
        return None
    walk = _live(graph, rows, owner)
    held = next(dict(now) for index, _, now in walk if index == at)
    for _ in walk:
        pass  # to its end, which fills `owner`
    sources = {owner[source] for source in graph.nodes[at].inputs}
    readers = _next_readers(graph, owner, held.keys() - sources - {at}, at)
    volumes = [
        Alive(
            rows[result].name,
            "output" if buffer == at else "input" if buffer in sources else "kept",
            rows[buffer].output.size,
            readers.get(buffer, ""),
        )
        for buffer, result in held.items()
    ]
    order = ("input", "output", "kept")
    return Peak(
        rows[at].name,
        most,
        tuple(sorted(volumes, key=lambda volume: order.index(volume.role))),
    )


def _next_readers(
    graph: Graph, owner: list[int], buffers: Collection[int], after: int
) -> dict[int, str]:
    """Name the next layer that reads each buffer; none where only the network's outside does."""
    readers: dict[int, str] = {}
    for node in graph.nodes[after + 1 :]:
        for source in node.inputs:
            if owner[source] in buffers:
                readers.setdefault(owner[source], node.path)
        if len(readers) == len(buffers):
            break
    return readers

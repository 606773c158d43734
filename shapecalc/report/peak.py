"""Which activations are alive while the layers run, and where they are most."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.algebra import largest
from shapecalc.report import Alive, Peak

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from shapecalc.algebra import Dim
    from shapecalc.graph import Graph
    from shapecalc.report import Row
    from shapecalc.report.domain import Domain


def with_live(
    graph: Graph, rows: tuple[Row, ...], domain: Domain | None = None
) -> tuple[tuple[Row, ...], Dim]:
    """Give every row the elements that are alive while it runs; return also the most of them.

    With symbols that is the largest of those that may be: each surely is at some size, or may be.
    """
    owner: list[int] = []
    walk = _live(graph, rows, owner)
    live = {index: elements for index, elements, _ in walk}
    known = tuple(row._replace(live=live[index]) for index, row in enumerate(rows))
    own = [elements for index, elements in live.items() if owner[index] == index]
    if domain is None:
        return known, largest([*own, 0])
    from shapecalc.algebra.bounds import undominated

    return known, largest(undominated(own, domain.start))


def _live(
    graph: Graph, rows: tuple[Row, ...], owner: list[int]
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
    walk = _live(graph, rows, owner)
    alive = {index: live for index, live, _ in walk if owner[index] == index}
    numbers = {index: live for index, live in alive.items() if isinstance(live, int)}
    if len(numbers) < len(alive):
        return None
    if layer is None:
        at = max(numbers, key=numbers.__getitem__, default=None)
    else:
        at = next((index for index in numbers if rows[index].name == layer), None)
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
        numbers[at],
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

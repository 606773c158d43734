"""Which activations are alive while the layers run, and where they are most."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.algebra import largest
from shapecalc.report import Alive, Peak

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Generator, Iterable
    from typing import TypeAlias

    from shapecalc.algebra import Dim
    from shapecalc.graph import Graph
    from shapecalc.layers.base import Layer
    from shapecalc.report import Row
    from shapecalc.report.domain import Domain

    #: Takes a layer and the size of its output, and gives what is alive while it runs.
    Running: TypeAlias = Callable[[tuple[Layer | None, Dim]], Dim]


class Buffers:
    """Which layer's result a buffer holds, while the layers of a graph run.

    `owner` is filled with the layer that took each result's buffer; `held` gives by that layer
    whose result the buffer holds now, and `taken` what was alive whenever one was taken.
    """

    __slots__ = ("held", "owner", "taken")

    def __init__(self, graph: Graph) -> None:
        self.owner = list(range(len(graph.nodes)))
        self.held: dict[int, int] = {}
        self.taken: dict[Dim, None] = {}  # most recur

    def run(self, graph: Graph) -> Generator[Dim, tuple[Layer | None, Dim], None]:
        """Take a layer and the size of its output, in the graph's order; give what is alive then.

        Layers run in order.  A result is kept until its last reader has run, the network's outputs
        to the end.  A layer that works in place takes over its input's buffer when no one else
        still reads that; a view always does.
        """
        owner, held, taken = self.owner, self.held, self.taken
        readers = [0] * len(owner)  # reads still to come, per buffer's first owner
        sizes: list[Dim] = []
        for node in graph.nodes:
            for source in node.inputs:
                readers[source] += 1
        for output in graph.outputs:
            readers[output] += 1
        live: Dim = 0
        layer, size = yield live
        for index, node in enumerate(graph.nodes):
            sizes.append(size)
            source = owner[node.inputs[0]] if node.inputs else index
            if layer is not None and layer.inplace and (layer.view or readers[source] == 1):
                owner[index] = source
                held[source] = index
                layer, size = yield live
                readers[source] += readers[index]
                done = node.inputs
            else:
                live += size
                held[index] = index
                taken[live] = None
                layer, size = yield live
                readers[index] += 1  # itself, until here
                done = (*node.inputs, index)
            for origin in done:
                buffer = owner[origin]
                readers[buffer] -= 1
                if readers[buffer] == 0:
                    live -= sizes[buffer]
                    del held[buffer]


def running(graph: Graph, buffers: Buffers) -> Running:
    """Return what runs the layers of a graph, one at a call: what `Buffers.run` takes and gives."""
    run = buffers.run(graph)
    next(run)
    return run.send


def most(taken: Iterable[Dim], domain: Domain | None = None) -> Dim:
    """Return the largest number of elements of those alive when a buffer was taken.

    With symbols that is the largest of those that may be: each surely is at some size, or may be.
    """
    if domain is None:
        return largest([*taken, 0])
    from shapecalc.algebra.bounds import undominated

    return largest(undominated(taken, domain.start))


def give_live(graph: Graph, rows: list[Row]) -> Dim:
    """Give every row, in its place, the elements that are alive while it runs; return the most."""
    buffers = Buffers(graph)
    run = running(graph, buffers)
    rows[:] = [row._replace(live=run((row.layer, size_of(row)))) for row in rows]
    return most(buffers.taken)


def size_of(row: Row) -> Dim:
    """Return the elements of a layer's result."""
    return row.activations + row.overwritten  # one of them is 0


def find_peak(graph: Graph, rows: tuple[Row, ...], layer: str | None = None) -> Peak | None:
    """Find the first layer where most elements are alive, or tell it of one layer.

    None with symbols, where the peak depends on the sizes, and for a layer that takes no buffer.
    """
    lives = [row.live for row in rows if isinstance(row.live, int)]
    if not lives or len(lives) < len(rows):
        return None
    at = lives.index(max(lives))  # what works in place holds no more than was held before it
    if layer is not None:
        at = [row.name for row in rows].index(layer)
    buffers = Buffers(graph)
    run, owner = running(graph, buffers), buffers.owner
    for index, row in enumerate(rows):  # all of them, which fills `owner`
        run((row.layer, size_of(row)))
        if index == at:
            held = dict(buffers.held)
    if owner[at] != at:
        return None
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
        lives[at],
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

"""Which activations are alive, and how many bytes that is; how many the machine has to spare."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shapecalc.graph import Graph, Node
    from shapecalc.reference.arrays import Array


class Memory:
    """The activations of a run that something will still read.

    An activation lives until its last reader has run; the network's outputs, and what is kept on
    request, to the end.  Layers that pass on a view of their input share its memory, which counts
    once.
    """

    def __init__(self, graph: Graph, kept: set[str]) -> None:
        self.values: dict[int, Array] = {}
        self.peak = 0
        self._memory: dict[int, _Buffer] = {}
        self._left = [int(node.path in kept) for node in graph.nodes]
        for node in graph.nodes:
            for source in node.inputs:
                self._left[source] += 1
        for output in graph.outputs:
            self._left[output] += 1

    def inputs(self, node: Node) -> tuple[Array, ...]:
        """Return what flows into a layer."""
        return tuple([self.values[source] for source in node.inputs])

    def only_here(self, node: Node) -> bool:
        """Tell whether nothing but this layer will read the memory of its first input."""
        if not node.inputs or self._left[node.inputs[0]] != 1:
            return False
        own = self._memory[node.inputs[0]]
        return sum(buffer is own for buffer in self._memory.values()) == 1

    def put(self, index: int, output: Array, same: int | None = None) -> None:
        """Take a layer's output in; it holds the `same` elements as an earlier one, if told."""
        buffer = owner(output)
        shared = [i for i, value in self.values.items() if owner(value) is buffer or i == same]
        own = self._memory[shared[0]] if shared else _Buffer(buffer.nbytes)
        self.values[index], self._memory[index] = output, own
        self.peak = max(self.peak, self.bytes())

    def release(self, index: int, node: Node) -> None:
        """Free what has been read for the last time, and an output that no one reads."""
        for source in node.inputs:
            self._left[source] -= 1
        for activation in {index, *node.inputs}:
            if not self._left[activation]:
                self.values.pop(activation, None)  # of a layer that cannot be run there is none
                self._memory.pop(activation, None)

    def bytes(self) -> int:
        """Count the bytes of the distinct pieces of memory that are alive."""
        distinct = {id(buffer): buffer.bytes for buffer in self._memory.values()}
        return sum(distinct.values())


class _Buffer:
    """A piece of memory, which several activations may be views of."""

    def __init__(self, size: int) -> None:
        self.bytes = size


def owner(array: Array) -> Array:
    """Return the array whose memory this one views."""
    while array.base is not None:
        array = array.base
    return array


def free_bytes() -> int | None:
    """Return the bytes that a new process may take without swapping; None where no one tells."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:  # noqa: PTH123
            lines = dict(line.split(":", 1) for line in file)
        return int(lines["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError, IndexError):
        return None

"""Which activations are alive, and how many bytes that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shapecalc.execute.arrays import Array
    from shapecalc.graph import Graph, Node


class Live:
    """The activations of a run that something will still read.

    An activation lives until its last reader has run; the network's outputs, and what is kept on
    request, to the end.  Layers that pass on a view of their input share its memory, which counts
    once.
    """

    def __init__(self, graph: Graph, kept: set[str]) -> None:
        self.values: dict[int, Array] = {}
        self.peak = 0
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
        buffer = owner(self.values[node.inputs[0]])
        return sum(owner(value) is buffer for value in self.values.values()) == 1

    def put(self, index: int, output: Array) -> None:
        """Take a layer's output in."""
        self.values[index] = output
        self.peak = max(self.peak, self.bytes())

    def release(self, index: int, node: Node) -> None:
        """Free what has been read for the last time, and an output that no one reads."""
        for source in node.inputs:
            self._left[source] -= 1
        for each in {index, *node.inputs}:
            if not self._left[each]:
                self.values.pop(each, None)  # of a layer that cannot be run there is none

    def bytes(self) -> int:
        """Count the bytes of the distinct buffers that are alive."""
        buffers = {id(buffer): buffer.nbytes for buffer in map(owner, self.values.values())}
        return sum(buffers.values())


def owner(array: Array) -> Array:
    """Return the array whose memory this one views."""
    while array.base is not None:
        array = array.base
    return array

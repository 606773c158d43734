"""A network with a node less or more: what points into it points to where things are now."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from shapecalc.graph import Deferred, Graph, Node

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from collections.abc import Set as AbstractSet

    from shapecalc.layers.base import Layer
    from shapecalc.layers.shape import Shape


def left_out(
    graph: Graph, into: Mapping[int, int], biased: AbstractSet[int] = frozenset()
) -> Graph:
    """Return a network without some nodes; their readers read the nodes that `into` names.

    Layers of the nodes in `biased` get a bias.
    """
    new: dict[int, int] = {}
    kept = count()
    for index in range(len(graph.nodes)):
        new[index] = new[into[index]] if index in into else next(kept)
    nodes = tuple(
        _moved(node, new, biased=index in biased)
        for index, node in enumerate(graph.nodes)
        if index not in into
    )
    return _renumbered(graph, nodes, new)


def put_before(graph: Graph, at: int, layer: Layer, path: str) -> Graph:
    """Return a network in which what a node of one input reads goes through a new layer first."""
    new = {index: index + (index >= at) for index in range(len(graph.nodes))}
    nodes = [_moved(node, new, biased=False) for node in graph.nodes]
    nodes.insert(at, Node(path, layer, nodes[at].inputs))
    nodes[at + 1] = nodes[at + 1]._replace(inputs=(at,))
    return _renumbered(graph, tuple(nodes), new)


def _renumbered(graph: Graph, nodes: tuple[Node, ...], new: Mapping[int, int]) -> Graph:
    groups = {
        path: group._replace(output=new[group.output]) for path, group in graph.groups.items()
    }
    outputs = tuple(new[index] for index in graph.outputs)
    return graph._replace(nodes=nodes, groups=groups, outputs=outputs)


def _biased(layer: Layer) -> Layer:
    values: dict[str, Any] = {field.name: getattr(layer, field.name) for field in layer.fields()}
    return type(layer)(**{**values, "bias": values["bias"] or True})


def _moved(node: Node, new: dict[int, int], *, biased: bool) -> Node:
    """Let a node point to where its sources are now, and give it a bias if it takes one up."""
    layer = node.layer
    if isinstance(layer, Deferred):
        layer = _deferred(layer, new, biased=biased)
    elif biased:
        layer = _biased(layer)
    return node._replace(
        layer=layer,
        inputs=tuple(new[source] for source in node.inputs),
        share=None if node.share is None else new[node.share],
    )


def _deferred(layer: Deferred, new: dict[int, int], *, biased: bool) -> Deferred:
    """Let a layer be built from where its sources are now."""

    def build(shape: Callable[[int], Shape]) -> Layer:
        built = layer.build(lambda index: shape(new[index]))
        return _biased(built) if biased else built

    return Deferred(layer.type, build, layer.from_extents)

"""A network as it is deployed: batch normalisations folded into the layers before them.

At inference a batch normalisation with running statistics scales and shifts every channel by
constants, a = gamma / sqrt(var + eps) and b = beta - a * mean.  After a layer that multiplies and
accumulates, a goes into its weights and b, with a times its own bias, into its bias.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.graph import Deferred, Graph, Node
from shapecalc.graph.rewire import left_out
from shapecalc.layers.norm import BatchNorm
from shapecalc.text.words import counted, listed_briefly, plural

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.layers.base import Layer

#: So many of those that stay are named.
_NAMED = 3


def fold_batchnorm(graph: Graph) -> Graph:
    """Return a network without the batch normalisations that fold into the layer before them.

    Those that cannot be folded stay; `Graph.deployed` says which, and why.  The spec remembers it,
    so that what is wired of it with other values is folded, too.
    """
    if graph.spec.deployed:
        return graph
    return folded(graph._replace(spec=graph.spec._replace(deployed=True)))


def folded(graph: Graph) -> Graph:
    """Fold the batch normalisations of what a spec was wired to."""
    into: dict[int, int] = {}
    kept: list[tuple[str, str]] = []
    for index, node in enumerate(graph.nodes):
        if _type(node) is BatchNorm:
            reason = _reason(graph, index, into)
            if reason:
                kept.append((node.path, reason))
            else:
                into[index] = into.get(node.inputs[0], node.inputs[0])
    left = left_out(graph, into, biased=set(into.values()))
    return left._replace(deployed=(*graph.deployed, _sentence(len(into), kept)))


def _type(node: Node) -> type[Layer]:
    return node.layer.type if isinstance(node.layer, Deferred) else type(node.layer)


def _reason(graph: Graph, index: int, into: Mapping[int, int]) -> str:
    """Say why a batch normalisation cannot be folded; "" when it can.

    `into` has those before it that can, each with the layer that takes it up.
    """
    node = graph.nodes[index]
    (read,) = node.inputs or (index,)
    source = into.get(read, read)
    before = graph.nodes[source]
    if not getattr(node.layer, "statistics", True):
        return "it computes its statistics anew"
    if _is_shared(graph, index):
        return "it shares its arrays"
    if not _type(before).weighted or not any(f.name == "bias" for f in _type(before).fields()):
        return f"{before.path} before it has no weights that it could go into"
    if _is_shared(graph, source):
        return f"{before.path} before it shares its weights"
    readers = sum(other.inputs.count(read) for other in graph.nodes)
    if readers > 1 or read in graph.outputs:
        return f"what {before.path} gives is read elsewhere, too"
    return ""


def _is_shared(graph: Graph, index: int) -> bool:
    return graph.nodes[index].share is not None or any(n.share == index for n in graph.nodes)


def _sentence(folded: int, kept: list[tuple[str, str]]) -> str:
    """Say what was folded, and what stays and why."""
    noun = "batch normalisation"
    texts = [f"{path} ({reason})" for path, reason in kept]
    done = (
        f"{counted(folded, noun)} {plural(folded, 'is')} folded into the {plural(folded, 'layer')}"
        " before"
        if folded
        else f"No {noun} is folded"
    )
    return f"{done}; kept: {listed_briefly(texts, _NAMED)}." if kept else f"{done}."

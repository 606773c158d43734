"""Other forms of a network that somebody may have counted under its name.

Each is one change: a version that ships, what frameworks write otherwise than papers do, or another
size of input.  Which of them a printed number is of, the search asks every count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.api import load
from shapecalc.errors import SpecErrors
from shapecalc.graph import Deferred, Graph, Input, Node
from shapecalc.graph.deploy import fold_batchnorm
from shapecalc.graph.rewire import left_out, put_before
from shapecalc.layers import layer_class
from shapecalc.layers.conv import Conv
from shapecalc.layers.shape import Map
from shapecalc.report.compute import compute_report
from shapecalc.spec.find import is_shipped, shipped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shapecalc.report import Report

#: Square inputs that networks for images are counted with.
SIDES = (32, 64, 128, 160, 192, 224, 227, 256, 299, 320, 384, 448, 512)
#: What stands between a convolution and the next without moving anything.
BETWEEN = {"batchnorm", "relu", "relu6", "leaky_relu", "silu", "gelu", "dropout"}


class ChangedNetwork(NamedTuple):
    """A form of a network, and in what it differs; "" is the network as it was given."""

    what: str
    report: Report
    sized: bool = False
    """Whether it is another size of the input, which changes every layer."""


def changes(report: Report) -> Iterator[ChangedNetwork]:
    """Yield the forms in which a network without symbols is counted, the likeliest first."""
    yield ChangedNetwork("", report)
    yield from _versions(report)
    graph = report.graph
    for what, change in _REWIRED.items():
        yield from _counted(what, change(graph), graph)
    for side in SIDES:
        for sized in _counted(f"at {side}x{side}", _sized(graph, side), graph):
            yield sized._replace(sized=True)


def _counted(what: str, changed: Graph | None, graph: Graph) -> Iterator[ChangedNetwork]:
    """Yield a form, if it is another one and its sizes fit."""
    if changed is None or changed.nodes == graph.nodes:
        return
    try:
        yield ChangedNetwork(what, compute_report(changed))
    except SpecErrors:
        return  # a window that has no room in that size


def _versions(report: Report) -> Iterator[ChangedNetwork]:
    """Yield the other versions that ship of a shipped network; what differs least comes first."""
    options = report.graph.options
    if options.settings or options.inputs or report.graph.spec.deployed:
        return
    versions = [(name, compute_report(load(name))) for name in _siblings(report)]
    own = {row.name for row in report.rows}

    def unlike(version: tuple[str, Report]) -> tuple[int, int, str]:
        name, other = version
        return len(own ^ {row.name for row in other.rows}), len(name), name

    for name, other in sorted(versions, key=unlike):
        if not other.graph.symbols:
            yield ChangedNetwork(f"as {name}", other)


def _siblings(report: Report) -> set[str]:
    """Return the shipped specs that are named as versions of a shipped one."""
    source = report.graph.spec.source.name
    if not is_shipped(source):
        return set()
    own = source.removesuffix(" (shipped with shapecalc)").removesuffix(".yaml")
    own = own.removeprefix("keras-")
    stem = min((name for name in shipped() if f"{own}-".startswith(f"{name}-")), key=len)
    named = {name: name.removeprefix("keras-") for name in shipped()}
    return {name for name, bare in named.items() if f"{bare}-".startswith(f"{stem}-")} - {
        source.removesuffix(" (shipped with shapecalc)").removesuffix(".yaml")
    }


def _bare_scores(graph: Graph) -> Graph | None:
    """Leave out a softmax at the end: frameworks put it into the loss."""
    ends = [index for index in graph.outputs if _type(graph.nodes[index]) == "softmax"]
    into = {index: graph.nodes[index].inputs[0] for index in ends}
    return left_out(graph, into) if into else None


def _idle_pool(graph: Graph) -> Graph | None:
    """Put an adaptive pool that changes no size before the first dense layer that reads a map."""
    report = compute_report(graph)
    for at, node in enumerate(graph.nodes):
        if _type(node) in {"dense", "flatten"} and len(node.inputs) == 1:
            shape = report.rows[node.inputs[0]].output
            before = _type(graph.nodes[node.inputs[0]])
            if isinstance(shape, Map) and "pool" in before and len(shape.sides) == 2:
                pool = layer_class("adaptive_avgpool")(size=shape.sides)
                return put_before(graph, at, pool, "adaptive_avgpool")
    return None


def _as_torchvision(graph: Graph) -> Graph | None:
    bare = _bare_scores(graph)
    return None if bare is None else _idle_pool(bare)


def _convolutions(graph: Graph) -> Graph | None:
    """Leave out the dense layers, as who counts convolutions does."""
    kinds = [_type(node) for node in graph.nodes]
    into = {
        index: graph.nodes[index].inputs[0] for index, kind in enumerate(kinds) if kind == "dense"
    }
    return left_out(graph, into) if into and "conv" in kinds else None


def _stride_later(graph: Graph) -> Graph | None:
    return _strides_moved(graph, later=True)


def _stride_earlier(graph: Graph) -> Graph | None:
    return _strides_moved(graph, later=False)


def _strides_moved(graph: Graph, *, later: bool) -> Graph | None:
    """Swap the strides of a 1x1 convolution and of the larger one behind it, in bottlenecks.

    `later`: from the 1x1 to the larger one, and else back.
    """
    nodes = list(graph.nodes)
    readers: dict[int, list[int]] = {}
    for index, node in enumerate(nodes):
        for source in node.inputs:
            readers.setdefault(source, []).append(index)
    for first in range(len(nodes)):
        second = _next_conv(nodes, readers, first)
        third = None if second is None else _next_conv(nodes, readers, second)
        if second is None or third is None:
            continue
        thin, wide, last = (nodes[index].layer for index in (first, second, third))
        if not isinstance(thin, Conv) or not isinstance(wide, Conv) or not isinstance(last, Conv):
            continue  # built when the shapes are known
        if not _is_point(thin) or _is_point(wide) or not _is_point(last):
            continue
        if (_is_strided(thin), _is_strided(wide)) == (later, not later):
            nodes[first] = nodes[first]._replace(layer=_with(thin, stride=wide.stride))
            nodes[second] = nodes[second]._replace(layer=_with(wide, stride=thin.stride))
    return graph._replace(nodes=tuple(nodes))


def _next_conv(nodes: list[Node], readers: dict[int, list[int]], index: int) -> int | None:
    """Return the convolution that alone reads another, through norms and activations."""
    if _type(nodes[index]) != "conv":
        return None
    while len(readers.get(index, ())) == 1:
        (index,) = readers[index]
        if _type(nodes[index]) == "conv":
            return index
        if _type(nodes[index]) not in BETWEEN:
            return None
    return None


def _is_point(conv: Conv) -> bool:
    return all(extent == 1 for extent in conv.kernel)


def _is_strided(conv: Conv) -> bool:
    return any(stride != 1 for stride in conv.stride)


def _with(conv: Conv, **values: object) -> Conv:
    fields: dict[str, Any] = {field.name: getattr(conv, field.name) for field in conv.fields()}
    return Conv(**{**fields, **values})


def _sized(graph: Graph, side: int) -> Graph | None:
    """Give the one square map that comes in another size."""
    inputs = [index for index, node in enumerate(graph.nodes) if isinstance(node.layer, Input)]
    given = graph.nodes[inputs[0]].layer if len(inputs) == 1 else None
    shape = given.shape if isinstance(given, Input) else None
    if not isinstance(shape, Map) or len(shape.sides) != 2 or len({*shape.sides}) != 1:
        return None
    nodes = list(graph.nodes)
    layer = Input(shape=shape._replace(sides=(side, side)))
    nodes[inputs[0]] = nodes[inputs[0]]._replace(layer=layer)
    return graph._replace(nodes=tuple(nodes))


def _type(node: Node) -> str:
    """Return a layer's word."""
    layer = node.layer
    return layer.type.type if isinstance(layer, Deferred) else layer.type


#: What is changed -> how, or None where there is nothing of the kind.
_REWIRED: dict[str, Callable[[Graph], Graph | None]] = {
    "without the last softmax": _bare_scores,
    "with an adaptive pool before the first dense layer": _idle_pool,
    "with that pool and without the softmax, as torchvision writes it": _as_torchvision,
    "of its convolutions alone, without dense layers": _convolutions,
    "with the stride in the 3x3 of its bottlenecks": _stride_later,
    "with the stride in the first 1x1 of its bottlenecks": _stride_earlier,
    "with its batch norms folded": fold_batchnorm,
}

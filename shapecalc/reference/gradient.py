"""A network backward: gradients from the outputs to the inputs and all trained arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from shapecalc.graph.model import Input
from shapecalc.reference.inputs import Unfit, must_know
from shapecalc.reference.layer import backward as layer_backward

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.reference.arrays import Array
    from shapecalc.reference.run import Run


class NetworkGradients(NamedTuple):
    """The gradients of a network: by the inputs' names, and by `conv1.weight` and the like."""

    inputs: dict[str, Array]
    parameters: dict[str, Array]


def backward(run: Run, outputs: Mapping[str, Array] | None = None) -> NetworkGradients:
    """Go back through a network that was run with `keep="all"`.

    `outputs` maps the outputs' names to the gradients that come from outside; an output that is
    not there gets none.  Without any it is 1 everywhere, which is the gradient of the outputs' sum.
    Where branches part, and where weights are shared, gradients add up.  Raises `Unfit` for names
    that are no outputs, and for activations that were not kept.
    """
    nodes = run.graph.nodes
    must_know(outputs or (), run.outputs, "output")
    if len(run.values) < len(nodes):
        raise Unfit('backward needs all activations: run with keep="all"')
    coming: dict[int, Array] = {}
    for index in run.graph.outputs:
        path = nodes[index].path
        if outputs is None:
            _add(coming, index, np.ones_like(run.values[path]))
        elif path in outputs:
            _add(coming, index, outputs[path])
    inputs: dict[str, Array] = {}
    weights: dict[str, Array] = {}
    for index in reversed(range(len(nodes))):
        node, layer = nodes[index], run.layers[index]
        output = run.values[node.path]
        gradient = coming.pop(index, None)
        if gradient is None:  # nothing that counts follows from it
            gradient = np.zeros_like(output)
        if isinstance(layer, Input):
            inputs[node.path] = gradient
            continue
        sources = tuple([run.values[nodes[source].path] for source in node.inputs])
        back = layer_backward(layer, run.arrays[node.path], sources, output, gradient)
        for source, input_gradient in zip(node.inputs, back.inputs, strict=True):
            _add(coming, source, input_gradient)
        owner = node.path if node.share is None else nodes[node.share].path
        for name, array_gradient in back.arrays.items():
            _add(weights, f"{owner}.{name}", array_gradient)
    return NetworkGradients(inputs, weights)


def _add(total: dict[Any, Array], key: int | str, more: Array) -> None:
    """Add to what is there, without writing on arrays that others hold."""
    total[key] = total[key] + more if key in total else more

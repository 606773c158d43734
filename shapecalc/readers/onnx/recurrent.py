"""Recurrent layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.readers.onnx.layouts import in_files_order
from shapecalc.readers.onnx.rules import rule
from shapecalc.readers.onnx.values import Value
from shapecalc.readers.onnx.walk import NoRuleError, must_fit

if TYPE_CHECKING:
    from shapecalc.readers.onnx.file import OnnxNode
    from shapecalc.readers.onnx.walk import GraphWalk


@rule("LSTM", "GRU", "RNN")
def _recurrent(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    value = walk.value(node)
    matrix = walk.kernel(node, 1)
    directions = matrix.dims[0]
    units = node.attributes.get("hidden_size") or walk.kernel(node, 2).dims[-1]
    if len(value.dims) != 3 or node.attributes.get("layout", 0) or directions not in (1, 2):
        raise NoRuleError("another layout")
    value = value._replace(batch=1) if value.batch is None and value.dims[1] == 1 else value
    if value.batch != 1:
        raise NoRuleError("the batch stands elsewhere")
    value = in_files_order(walk, node, value)
    length, channels = value.extents
    if matrix.dims[-1] != channels:
        raise walk.refuse(
            f"{node.op} '{node.name[:80]}' takes {matrix.dims[-1]} channels, not {channels}"
        )
    every = node.outputs[0] if node.outputs else ""
    last = node.outputs[1] if len(node.outputs) > 1 else ""
    used = [name in walk.readers or name in walk.file.outputs for name in (every, last)]
    fields: dict[str, Any] = {"units": units}
    if directions == 2:
        fields["bidirectional"] = True
    if not walk.has(node, 3):
        fields["biases"] = 0
    if used[1] and not used[0]:
        fields["returns"] = "last"
    if (why := _unlike_ours(walk, node)) is not None:
        walk.differs(node, why)
    arrays = [matrix, walk.array(node, 2), walk.array(node, 3)]
    source = walk.add(node, node.op.lower(), fields, [value], arrays)
    batch = value.dims[1]
    width = directions * units
    must_fit(walk, node, (width,))
    if used[1] and not used[0]:
        ends = Value(source, (width,), (2,), (1, batch, width), 1)
        two_directions(walk, node, ends, directions, (directions, batch, units), 1)
        return
    steps = Value(source, (length, width), (0, 2), (length, batch, width), 1)
    if used[1]:
        cut = walk.add(node, "slice", {"length": [length - 1, length]}, [steps])
        flat = walk.add(node, "flatten", {}, [steps._replace(source=cut)])
        ends = Value(flat, (width,), (2,), (1, batch, width), 1)
        two_directions(walk, node, ends, directions, (directions, batch, units), 1)
    two_directions(walk, node, steps, directions, (length, directions, batch, units), 0)


def _unlike_ours(walk: GraphWalk, node: OnnxNode) -> str | None:
    """Say what of a layer's numbers no layer of ours has; None where all are alike."""
    attributes = node.attributes
    if attributes.get("direction") == "reverse":
        return "it reads from the end"
    if attributes.get("activations") or attributes.get("clip"):
        return "its activations are stated"
    if node.op == "GRU" and not attributes.get("linear_before_reset", 0):
        return "its reset gate comes before the product"
    if walk.has(node, 4) or walk.has(node, 7):
        return "it has lengths or peepholes"
    return None


def two_directions(
    walk: GraphWalk,
    node: OnnxNode,
    value: Value,
    directions: int,
    dims: tuple[int, ...],
    output: int,
) -> None:
    """Give what a recurrent layer gives, with the directions as an axis of their own."""
    batch = len(dims) - 2
    if directions == 1:
        axes = (0, 3) if len(dims) == 4 else (2,)
        walk.give(node, Value(value.source, value.extents, axes, dims, batch), output)
        return
    own = tuple(axis for axis in range(len(dims)) if axis != batch)
    extents = tuple(dims[axis] for axis in own)
    source = walk.add(node, "reshape", {"shape": list(extents)}, [value])
    walk.give(node, Value(source, extents, own, dims, batch), output)

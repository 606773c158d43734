"""Graphs within nodes, where it is known what becomes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.readers.onnx.constants import constant
from shapecalc.readers.onnx.rules import rule
from shapecalc.readers.onnx.walk import NoRuleError
from shapecalc.readers.protobuf import ByteRange

if TYPE_CHECKING:
    from shapecalc.readers.onnx.file import OnnxNode
    from shapecalc.readers.onnx.walk import GraphWalk

#: So deep graphs may lie in each other.
_DEEPEST = 16


@rule("If")
def _branch(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    """Take the one of two graphs that a constant chooses."""
    asked = walk.array(node, 0)
    values = None if asked is None else asked.values()
    if not values:
        raise NoRuleError("a choice by what flows")
    span = node.attributes.get("then_branch" if values[0] else "else_branch")
    if not isinstance(span, ByteRange) or walk.depth >= _DEEPEST:
        raise NoRuleError("no graph, or too many in each other")
    nodes, arrays, outputs = walk.file.subgraph(span)
    walk.arrays.update(arrays)
    walk.stored.update(arrays)
    walk.depth += 1
    for inner in nodes:
        array = constant(inner) if inner.op == "Constant" else None
        if array is not None and inner.outputs:
            walk.arrays[inner.outputs[0]] = array
        else:
            walk.take(inner, number)
    walk.depth -= 1
    for place, name in enumerate(outputs[: len(node.outputs)]):
        if name in walk.values:
            walk.give(node, walk.values[name], place)
        elif name in walk.arrays:
            walk.arrays[node.outputs[place]] = walk.arrays[name]
        else:
            walk.lost_values.add(node.outputs[place])

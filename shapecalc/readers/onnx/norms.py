"""Normalisation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.readers.onnx import patterns
from shapecalc.readers.onnx.constants import axes_of
from shapecalc.readers.onnx.layouts import channels_second, with_last
from shapecalc.readers.onnx.patterns import decimal
from shapecalc.readers.onnx.rules import rule
from shapecalc.readers.onnx.walk import NoRuleError

if TYPE_CHECKING:
    from shapecalc.readers.onnx.file import OnnxNode, Tensor
    from shapecalc.readers.onnx.values import Value
    from shapecalc.readers.onnx.walk import GraphWalk


@rule("BatchNormalization", "SpatialBN")
def _batch_norm(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    value = channels_second(walk, node, walk.value(node))
    scale = walk.kernel(node, 1)
    of_channels(walk, node, scale, value)
    buffers = [walk.array(node, 3), walk.array(node, 4)]
    walk.same(node, "batchnorm", {}, value, [scale, walk.array(node, 2)], buffers)


def of_channels(walk: GraphWalk, node: OnnxNode, array: Tensor, value: Value) -> None:
    """Require a number for every channel.  Raises `SpecErrors`."""
    if array.size != value.extents[-1]:
        raise walk.refuse(
            f"{node.op} '{node.name[:80]}' has numbers for {array.size:,} channels, but"
            f" {value.extents[-1]:,} flow in"
        )


@rule("InstanceNormalization")
def _instance_norm(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    value = channels_second(walk, node, walk.value(node))
    scale = walk.kernel(node, 1)
    of_channels(walk, node, scale, value)
    walk.adds_epsilon(node, node.attributes.get("epsilon"))
    walk.same(node, "instancenorm", {}, value, [scale, walk.array(node, 2)])


@rule("GroupNormalization")
def _group_norm(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    value = channels_second(walk, node, walk.value(node))
    scale = walk.kernel(node, 1)
    groups = node.attributes["num_groups"]
    if scale.size != value.extents[-1]:
        walk.remark(
            f"as stored: {node.op} has a scale and a shift for each of {scale.size:,} groups, as"
            " opset 18 has it; counted is one for each channel"
        )
    walk.adds_epsilon(node, node.attributes.get("epsilon"))
    walk.same(node, "groupnorm", {"groups": groups}, value, [scale, walk.array(node, 2)])


@rule("LayerNormalization", "SimplifiedLayerNormalization", "RMSNormalization")
def _layer_norm(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    value = walk.value(node)
    axis = node.attributes.get("axis", -1) % len(value.dims)
    scale = walk.kernel(node, 1) if walk.has(node, 1) else None
    walk.adds_epsilon(node, node.attributes.get("epsilon"))
    if node.op != "LayerNormalization":
        if axis != len(value.dims) - 1:
            raise NoRuleError("a norm over several axes")
        value = with_last(walk, node, value, axis)
        walk.same(node, "rmsnorm", {} if scale else {"scale": False}, value, [scale])
        return
    scale = walk.kernel(node, 1)
    shift = walk.array(node, 2)
    patterns.normalise(walk, node, value, axis, [scale, shift] if shift is not None else [scale])


@patterns.of_the_graph
def root_mean_square(walk: GraphWalk, node: OnnxNode, number: int) -> bool:
    """Recognise x/sqrt(mean of squares + eps), with a scale if one follows.

    A square is a power of 2, or a product with itself.
    """
    x, other = node.inputs[0], node.inputs[1]
    value = walk.values.get(x)
    trail = patterns.Trail(walk, number).step("ReduceMean")
    squares = walk.number(other) == 2 if node.op == "Pow" else other == x
    if value is None or value.loose or not squares or not trail.goes():
        return False
    axes = axes_of(trail.last, walk.array(trail.last, 1), len(value.dims))
    trail.step("Add")
    epsilon = trail.operand() if trail.goes() else None
    trail.step("Sqrt").step("Reciprocal", "Div")
    if trail.goes() and trail.last.op == "Reciprocal":
        trail.step("Mul", other=x)
    elif trail.goes() and trail.last.inputs[0] != x:
        return False
    if axes != [len(value.dims) - 1] or not trail.goes() or epsilon is None or epsilon.size != 1:
        return False
    walk.adds_epsilon(node, (epsilon.values() or (None,))[0])
    scale = trail.scale(value.dims[-1])
    fields = {} if scale else {"scale": False}
    return trail.become("rmsnorm", fields, with_last(walk, node, value, axes[0]), [scale])


@rule("LRN")
def _lrn(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    value = channels_second(walk, node, walk.value(node))
    attributes = node.attributes
    walk.same(
        node,
        "lrn",
        {
            "size": attributes["size"],
            "alpha": decimal(attributes.get("alpha", 1e-4)),
            "beta": decimal(attributes.get("beta", 0.75)),
            "k": decimal(attributes.get("bias", 1.0)),
        },
        value,
    )


@rule("ReduceL2")
def _length(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    if not patterns.length_norm(walk, node, number):
        raise NoRuleError("a length by itself")


@rule("LpNormalization")
def _length_norm(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    value = walk.value(node)
    if node.attributes.get("p", 2) != 2:
        raise NoRuleError("another norm")
    axis = node.attributes.get("axis", -1) % len(value.dims)
    walk.same(node, "l2norm", {}, with_last(walk, node, value, axis))

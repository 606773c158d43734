"""Functions of every element."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.readers.onnx import patterns
from shapecalc.readers.onnx.constants import joined
from shapecalc.readers.onnx.file import Tensor
from shapecalc.readers.onnx.layouts import with_last
from shapecalc.readers.onnx.masks import chooses_causally, is_of_scores
from shapecalc.readers.onnx.norms import of_channels, root_mean_square
from shapecalc.readers.onnx.patterns import decimal
from shapecalc.readers.onnx.rules import rule
from shapecalc.readers.onnx.walk import NoRuleError

if TYPE_CHECKING:
    from shapecalc.readers.onnx.file import OnnxNode
    from shapecalc.readers.onnx.walk import GraphWalk


_PLAIN = {
    "Relu": "relu", "Tanh": "tanh", "Sigmoid": "sigmoid", "Softplus": "softplus", "Mish": "mish",
    "HardSwish": "hard_swish", "Gelu": "gelu", "Exp": "exp", "Log": "log", "Sqrt": "sqrt",
    "Abs": "abs", "Neg": "negative", "Swish": "silu",
}  # fmt: skip


@rule(*_PLAIN)
def _pointwise(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    if patterns.gate(walk, node, number):
        return
    walk.same(node, _PLAIN[node.op], {}, walk.solid(node))


@rule("LeakyRelu", "Elu")
def _sloped(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    kind, field, usual = {
        "LeakyRelu": ("leaky_relu", "slope", 0.01), "Elu": ("elu", "alpha", 1.0),
    }[node.op]  # fmt: skip
    value = decimal(node.attributes.get("alpha", usual))
    fields = {} if value == usual else {field: value}
    walk.same(node, kind, fields, walk.solid(node))


@rule("HardSigmoid")
def _hard_sigmoid(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    slope = decimal(node.attributes.get("alpha", 0.2))
    if slope == decimal(1 / 6) and patterns.gate(walk, node, number):
        return
    fields = {} if slope == decimal(1 / 6) else {"note": f"its slope is {slope}"}
    walk.same(node, "hard_sigmoid", fields, walk.solid(node))


@rule("PRelu")
def _prelu(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    value = walk.solid(node)
    slope = walk.kernel(node, 1)
    if slope.size == 1:
        walk.same(node, "prelu", {"shared": True} if value.extents[-1] != 1 else {}, value, [slope])
        return
    of_channels(walk, node, slope, value)
    walk.same(node, "prelu", {}, value, [slope])


@rule("Softmax", "LogSoftmax")
def _softmax(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    value = walk.solid(node)
    old = walk.file.opset < 13
    axis = node.attributes.get("axis", 1 if old else -1) % len(value.dims)
    last = (
        len(value.dims) if old else axis + 1
    )  # earlier sets of operations flatten from the axis on
    several = [own for own in range(axis, last) if value.dims[own] > 1] or [axis]
    places = [value.of_axis(own) for own in several]
    over = sorted(place for place in places if place is not None)
    fields: dict[str, Any] = {}
    if len(over) < len(places):
        if len(places) > 1:
            raise NoRuleError("a softmax over the batch")
        value = with_last(walk, node, value, axis)
    elif over == list(range(len(value.axes) - 1)):
        fields = {"over": "positions"}
    elif over != [len(value.axes) - 1]:
        fields = {"over": over[0] if len(over) == 1 else over}
    source = walk.add(node, "softmax", fields, [value])
    value = value._replace(source=source)
    if node.op == "LogSoftmax":
        value = value._replace(source=walk.add(node, "log", {}, [value]))
    walk.give(node, value)


@rule("Clip")
def _clip(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    value = walk.solid(node)
    low, high = node.attributes.get("min"), node.attributes.get("max")
    if walk.has(node, 1):
        low = walk.number(node.inputs[1])
    if walk.has(node, 2):
        high = walk.number(node.inputs[2])
    low = None if low is None or low < -1e30 else low
    high = None if high is None or high > 1e30 else high
    if low == 0 and high == 6:
        walk.same(node, "relu6", {}, value)
    elif low == 0 and high is None:
        walk.same(node, "relu", {}, value)
    elif low is not None and high is not None and low < high:
        walk.same(node, "clip", {"range": [decimal(low), decimal(high)]}, value)
    elif low is not None and high is None:
        walk.same(node, "maximum", {"right": decimal(low)}, value)
    elif high is not None and low is None:
        walk.same(node, "minimum", {"right": decimal(high)}, value)
    else:
        walk.give(node, value)


@rule("Pow")
def _power(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    if root_mean_square(walk, node, number):
        return
    exponent = walk.number(node.inputs[1])
    if exponent is None:
        raise NoRuleError("a power that flows")
    walk.same(node, "power", {"exponent": decimal(exponent)}, walk.solid(node))


@rule("Where")
def _masked(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    """Read what hides elements by a constant mask, which costs nothing."""
    flowing = [walk.values[name] for name in node.inputs[1:] if name in walk.values]
    condition = walk.array(node, 0)
    if condition is None or len(flowing) != 1 or flowing[0].loose:
        raise NoRuleError("a choice by what flows")
    (value,) = flowing
    others = [walk.arrays[name].dims for name in node.inputs if name in walk.arrays]
    if joined([value.dims, *others]) != value.dims:
        raise NoRuleError("a mask that stretches")
    first = node.inputs[1] in walk.values
    other = walk.number(node.inputs[2 if first else 1])
    if chooses_causally(condition, other, first=first) and is_of_scores(value, condition):
        walk.same(node, "causal_mask", {}, value)
        return
    walk.same(node, "identity", {"note": "a constant mask hides elements"}, value)


@rule("Reciprocal")
def _reciprocal(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    walk.same(node, "divide", {"left": 1}, walk.solid(node))


@rule("Dropout")
def _dropout(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    rate = node.attributes.get("ratio", 0.5)
    if walk.has(node, 1):
        rate = walk.number(node.inputs[1]) or 0
    walk.same(node, "dropout", {"rate": decimal(rate)}, walk.solid(node))


@rule("DynamicQuantizeLinear")
def _quantised(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    """Read what also gives the scale and the zero point that it finds."""
    walk.give(node, walk.value(node))
    for name in filter(None, node.outputs[1:]):
        walk.arrays[name] = Tensor((), 1)
        walk.scales.add(name)


@rule("Identity", "Cast", "CastLike", "QuantizeLinear", "DequantizeLinear")
def _nothing(walk: GraphWalk, node: OnnxNode, number: int) -> None:
    if walk.file.is_ours and node.op == "Identity":  # of others it names a value anew
        walk.same(node, "identity", {}, walk.solid(node))
        return
    walk.give(node, walk.value(node))

"""What each operator of TensorFlow Lite is among the operations of ONNX, or as a layer.

(https://ai.google.dev/edge/litert/models/ops_compatibility)
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

from shapecalc.readers.onnx.constants import shape_asked
from shapecalc.readers.onnx.layouts import in_files_order
from shapecalc.readers.onnx.parts import cut
from shapecalc.readers.onnx.patterns import Trail, groups_apart, multiplied_norm
from shapecalc.readers.onnx.rules import RULES
from shapecalc.readers.onnx.steps import Steps, in_steps
from shapecalc.readers.onnx.walk import GraphWalk, NoRuleError, must_fit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shapecalc.readers.onnx.file import OnnxNode
    from shapecalc.readers.onnx.rules import Rule
    from shapecalc.readers.onnx.steps import StepsRule
    from shapecalc.readers.onnx.values import Value

#: An activation within an operator, by its number: the layer that it is.
_ACTIVATIONS: dict[int, tuple[str, dict[str, Any]]] = {
    1: ("relu", {}),
    2: ("clip", {"range": [-1, 1]}),
    3: ("relu6", {}),
    4: ("tanh", {}),
}
_SAME = 0


_OPERATORS: dict[str, StepsRule] = {}


def _operator(*ops: str) -> Callable[[StepsRule], StepsRule]:
    """Enter a function as the rule of operators: it returns what their results are called."""

    def enter(function: StepsRule) -> StepsRule:
        _OPERATORS.update(dict.fromkeys(ops, function))
        return function

    return enter


def _activated(walk: GraphWalk, node: OnnxNode, value: Value) -> Value:
    """Add the activation that an operator has within itself, if any."""
    number = node.attributes.get("FusedActivationFunction", 0)
    if not number:
        return value
    if number not in _ACTIVATIONS:
        raise NoRuleError("an activation that nobody knows")
    kind, fields = _ACTIVATIONS[number]
    named = node._replace(name=f"{node.name}_{kind}" if node.name else "")
    return value._replace(source=walk.add(named, kind, fields, [value]))


# Windows


def _window(steps: Steps, sides: str = "HW") -> dict[str, Any]:
    """Return how a window moves."""
    return {
        "strides": [steps.option(f"Stride{side}", 1) for side in sides],
        "dilations": [steps.option(f"Dilation{side}Factor", 1) for side in sides],
        "auto_pad": "SAME_UPPER" if steps.option("Padding") == _SAME else "VALID",
    }


@_operator("CONV_2D", "CONV_3D")
def _conv(steps: Steps) -> str:
    x, weights, *bias = steps.inputs
    window = _window(steps, "HW" if steps.node.op == "CONV_2D" else "DHW")
    return _convolved(steps, x, weights, bias, window)


def _convolved(
    steps: Steps, x: str, weights: str, bias: Sequence[str], window: dict[str, Any]
) -> str:
    """Take a convolution; a kernel of fewer channels than flow in is one of groups."""
    op = steps.node.op
    order = {"CONV_3D": [4, 3, 0, 1, 2], "DEPTHWISE_CONV_2D": [3, 0, 1, 2]}.get(op, [0, 3, 1, 2])
    if len(steps.dims(weights)) != len(order):
        raise steps.walk.refuse(f"{op} '{steps.node.name[:80]}' has no such kernel")
    kernel = steps("Transpose", weights, perm=order)
    groups = max(1, steps.dims(x)[-1] // max(1, steps.dims(kernel)[1]))
    return steps.channels_second("Conv", x, kernel, *bias, group=groups, **window)


@_operator("DEPTHWISE_CONV_2D")
def _depthwise(steps: Steps) -> str:
    x, weights, *bias = steps.inputs
    return _convolved(steps, x, weights, bias, _window(steps))


@_operator("TRANSPOSE_CONV", "CONV_3D_TRANSPOSE")
def _transposed(steps: Steps) -> str:
    _, weights, x, *bias = steps.inputs
    plain = steps.node.op == "TRANSPOSE_CONV"
    window = _window(steps, "HW" if plain else "DHW")
    kernel = steps("Transpose", weights, perm=[3, 0, 1, 2] if plain else [4, 3, 0, 1, 2])
    shape = steps.walk.array(steps.node, 0)
    asked = shape.values() if shape is not None else None
    if asked is not None:
        window["output_shape"] = [asked[0], asked[-1], *asked[1:-1]]
    return steps.channels_second("ConvTranspose", x, kernel, *bias, **window)


@_operator("AVERAGE_POOL_2D", "MAX_POOL_2D")
def _pool(steps: Steps) -> str:
    op = "MaxPool" if steps.node.op == "MAX_POOL_2D" else "AveragePool"
    sizes = [steps.option("FilterHeight"), steps.option("FilterWidth")]
    return steps.channels_second(op, steps.inputs[0], kernel_shape=sizes, **_window(steps))


@_operator("SPACE_TO_BATCH_ND")
def _dilated(steps: Steps) -> list[str]:
    """Recognise a dilated convolution: its input split into a batch, convolved, and joined."""
    walk, nodes = steps.walk, steps.walk.file.nodes
    block, ends = steps.numbers(1), steps.numbers(2)
    inner = walk.only_reader(steps.node.outputs[0], "CONV_2D", "DEPTHWISE_CONV_2D")
    if inner is None or len(block) != 2 or len(ends) != 4:
        raise NoRuleError("no convolution follows")
    conv = nodes[inner]
    back = walk.only_reader(conv.outputs[0], "BATCH_TO_SPACE_ND")
    if back is None or conv.attributes.get("Padding") == _SAME:
        raise NoRuleError("it is not joined again")
    crops = Steps(walk, nodes[back], back).numbers(2)
    if len(crops) != 4:
        raise NoRuleError("it is not joined again")
    pads = [ends[place] - crops[place] for place in (0, 2, 1, 3)]
    whole_conv = Steps(walk, conv, inner)
    window = {"strides": [1, 1], "dilations": block, "pads": pads}
    inputs = (steps.inputs[0], conv.inputs[1], conv.inputs[2:])
    result = walk.values[_convolved(whole_conv, *inputs, window)]
    whole_conv.forget()
    walk.give(nodes[back], _activated(walk, conv, result))
    walk.skip(inner, back)
    return []


# Products


@_operator("FULLY_CONNECTED")
def _dense(steps: Steps) -> str:
    x, weights, *bias = steps.inputs
    inputs = steps.dims(weights)[-1]
    dims = steps.dims(x)
    if not steps.option("KeepNumDims") and (len(dims) != 2 or dims[-1] != inputs):
        if prod(dims) % max(1, inputs):
            raise steps.walk.refuse(
                f"FULLY_CONNECTED '{steps.node.name[:80]}' has {inputs:,} weights a unit, which"
                f" does not divide {prod(dims):,} inputs"
            )
        x = steps("Reshape", x, steps.whole([prod(dims) // inputs, inputs]))
    matrix = steps("Transpose", weights, perm=[1, 0])
    if bias and bias[0] and len(steps.dims(x)) == 2:
        return steps("Gemm", x, matrix, bias[0])
    product = steps("MatMul", x, matrix)
    return steps("Add", product, bias[0]) if bias and bias[0] else product


@_operator("BATCH_MATMUL")
def _product(steps: Steps) -> str:
    sides = []
    for name, turned in zip(steps.inputs, ("AdjX", "AdjY"), strict=True):
        dims = steps.dims(name)
        if name in steps.walk.arrays and len(dims) > 2 and prod(dims[:-2]) == 1:
            name, dims = steps("Reshape", name, steps.whole(dims[-2:])), dims[-2:]  # noqa: PLW2901
        order = [*range(len(dims))]
        order[-2:] = [order[-1], order[-2]]
        sides.append(steps("Transpose", name, perm=order) if steps.option(turned) else name)
    return steps("MatMul", *sides)


# Functions of elements, and norms


@_operator("ADD", "SUB", "MUL", "DIV")
def _activated_join(steps: Steps) -> str:
    return steps(steps.node.op.title(), *steps.inputs)


@_operator("Relu6", "RELU_N1_TO_1", "RELU_0_TO_1")
def _limited(steps: Steps) -> str:
    low, high = {"Relu6": (0, 6), "RELU_0_TO_1": (0, 1)}.get(steps.node.op, (-1, 1))
    return steps("Clip", steps.inputs[0], min=low, max=high)


@_operator("LEAKY_RELU")
def _leaky(steps: Steps) -> str:
    return steps("LeakyRelu", steps.inputs[0], alpha=steps.option("Alpha"))


@_operator("PRELU")
def _prelu(steps: Steps) -> str:
    x, slope = steps.inputs
    if prod(steps.dims(slope)) not in (1, steps.dims(x)[-1]):
        raise NoRuleError("a slope of more than the channels")
    return steps("PRelu", x, slope)


@_operator("RSQRT")
def _one_by_root(steps: Steps) -> str:
    return steps("Reciprocal", steps("Sqrt", steps.inputs[0]))


@_operator("SQUARE", "SQUARED_DIFFERENCE")
def _squared(steps: Steps) -> str:
    x = steps.inputs[0] if steps.node.op == "SQUARE" else steps("Sub", *steps.inputs)
    return steps("Pow", x, steps.number(2))


@_operator("SOFTMAX", "LOG_SOFTMAX")
def _softmax(steps: Steps) -> str:
    return steps("Softmax" if steps.node.op == "SOFTMAX" else "LogSoftmax", steps.inputs[0])


@_operator("L2_NORMALIZATION")
def _length_norm(steps: Steps) -> str:
    return steps("LpNormalization", steps.inputs[0])


@_operator("LOCAL_RESPONSE_NORMALIZATION")
def _lrn(steps: Steps) -> str:
    size = 2 * steps.option("Radius") + 1  # its alpha is a factor of the sum, not of the mean
    alpha, beta, k = (steps.option(name) for name in ("Alpha", "Beta", "Bias"))
    norm = {"size": size, "alpha": alpha * size, "beta": beta, "bias": k}
    return steps.channels_second("LRN", steps.inputs[0], **norm)


_REDUCED = {
    "MEAN": "ReduceMean", "REDUCE_MAX": "ReduceMax", "REDUCE_MIN": "ReduceMin",
    "REDUCE_PROD": "ReduceProd", "SUM": "ReduceSum",
}  # fmt: skip


@_operator(*_REDUCED)
def _reduced(steps: Steps) -> str | list[str]:
    if steps.node.op == "MEAN" and _layer_norm(steps):
        return []
    op = _REDUCED[steps.node.op]
    if steps.inputs[0] in steps.walk.values and op not in RULES:
        raise NoRuleError("no such reduction")
    return steps(op, *steps.inputs[:2], keepdims=int(steps.option("KeepDims")))


def _layer_norm(steps: Steps) -> bool:
    """Recognise (x - mean)/sqrt(variance + eps), with a scale and a shift if they follow."""
    walk, nodes = steps.walk, steps.walk.file.nodes
    x, mean = steps.inputs[0], steps.node.outputs[0]
    squares = [
        n
        for n in walk.few_readers(mean)
        if nodes[n].op == "SQUARED_DIFFERENCE" and x in nodes[n].inputs
    ]
    if len(squares) != 1 or x not in walk.values:
        return False
    trail = Trail(walk, squares[0]).step("MEAN").step("Add")
    epsilon = trail.operand() if trail.goes() else None
    trail.step("RSQRT")
    axes = [axis % len(steps.dims(x)) for axis in steps.numbers(1)]
    return trail.goes() and multiplied_norm(walk, steps.node, trail, epsilon, axes)


@_operator("UNIDIRECTIONAL_SEQUENCE_LSTM")
def _lstm(steps: Steps) -> str:
    """Read a layer of the usual four gates; its biases are one for each."""
    walk, node = steps.walk, steps.node
    given = [bool(name) for name in node.inputs] + [False] * 24
    value = walk.solid(node)
    if steps.option("TimeMajor") or len(value.dims) != 3 or value.batch != 0:
        raise NoRuleError("another layout")
    if any([*given[9:12], *given[16:18], *given[20:24]]) or not all(given[1:9]):
        raise NoRuleError("gates, peepholes or projections that are other than ours")
    value = in_files_order(walk, node, value)
    units = walk.kernel(node, 1).dims[0]
    must_fit(walk, node, (units,))
    fields = {"units": units, "biases": int(given[12])}
    source = walk.add(node, "lstm", fields, [value])
    extents, dims = (value.extents[0], units), (*value.dims[:2], units)
    return steps.value(value._replace(source=source, extents=extents, dims=dims))


# Elements that move


@_operator("TRANSPOSE")
def _transpose(steps: Steps) -> str:
    return steps("Transpose", steps.inputs[0], perm=steps.numbers(1))


@_operator("RESHAPE")
def _reshape(steps: Steps) -> str | list[str]:
    x = steps.inputs[0]
    array = steps.walk.array(steps.node, 1)
    wanted = array.values() if array is not None else None
    if wanted is None and not steps.walk.has(steps.node, 1):
        wanted = steps.option("NewShape", None)
    if wanted is None:
        given = steps.walk.stated(steps.node.outputs[0])
        if given is None or not all(isinstance(n, int) for n in given[1:]):
            raise NoRuleError("a shape that is computed")
        wanted = [steps.dims(x)[0], *given[1:]]
    value = steps.walk.values.get(x)
    dims = shape_asked([int(n) for n in wanted], steps.dims(x), keeps_zero=True)
    if value is not None and dims and groups_apart(steps.walk, steps.node, value, dims):
        return []
    return steps("Reshape", x, steps.whole([int(n) for n in wanted]), allowzero=1)


@_operator("SQUEEZE")
def _squeeze(steps: Steps) -> str:
    dims = steps.dims(steps.inputs[0])
    axes = steps.option("SqueezeDims", []) or [axis for axis, n in enumerate(dims) if n == 1]
    return steps("Squeeze", steps.inputs[0], axes=axes) if axes else steps.inputs[0]


@_operator("EXPAND_DIMS")
def _expand(steps: Steps) -> str:
    return steps("Unsqueeze", steps.inputs[0], steps.whole(steps.numbers(1)))


@_operator("CONCATENATION")
def _concat(steps: Steps) -> str:
    return steps("Concat", *steps.inputs, axis=steps.option("Axis"))


@_operator("PACK")
def _pack(steps: Steps) -> str:
    axis = steps.option("Axis")
    rows = [steps("Unsqueeze", name, steps.whole([axis])) for name in steps.inputs]
    return steps("Concat", *rows, axis=axis)


@_operator("UNPACK")
def _unpack(steps: Steps) -> list[str]:
    axis = steps.whole([steps.option("Axis")])
    rows = []
    for place in range(len(steps.node.outputs)):
        row = steps("Slice", steps.inputs[0], steps.whole([place]), steps.whole([place + 1]), axis)
        rows.append(steps("Squeeze", row, axis))
    return rows


@_operator("SPLIT", "SPLIT_V")
def _split(steps: Steps) -> list[str]:
    walk, node = steps.walk, steps.node
    plain = node.op == "SPLIT"
    x = walk.value(node, 1 if plain else 0)
    axis = steps.numbers(0 if plain else 2)[0] % len(x.dims)
    count = len(node.outputs)
    n = x.dims[axis]
    sizes = [n // max(1, count)] * count if plain else steps.numbers(1)
    if -1 in sizes:
        sizes[sizes.index(-1)] = n - sum(sizes) - 1
    if sum(sizes) != n or len(sizes) != count:
        raise walk.refuse(f"{node.op} '{node.name[:80]}' cuts {n} into {sizes[:9]}")
    parts, start = [], 0
    for size in sizes:
        parts.append(steps.value(cut(walk, node, x, {axis: (start, start + size, 1)})))
        start += size
    return parts


@_operator("SLICE")
def _slice(steps: Steps) -> str:
    dims, begins, sizes = steps.dims(steps.inputs[0]), steps.numbers(1), steps.numbers(2)
    ends = [
        n if size < 0 else begin + size
        for n, begin, size in zip(dims, begins, sizes, strict=True)
    ]  # fmt: skip
    return steps("Slice", steps.inputs[0], steps.whole(begins), steps.whole(ends))


@_operator("STRIDED_SLICE")
def _strided(steps: Steps) -> str:
    x, dims = steps.inputs[0], steps.dims(steps.inputs[0])
    if steps.option("EllipsisMask") or steps.option("NewAxisMask") or steps.option("Offset"):
        raise NoRuleError("axes that are put in")
    places = list(zip(dims, *map(steps.numbers, (1, 2, 3)), strict=False))
    if any(step < 1 for *_, step in places):
        raise NoRuleError("it turns an axis around")
    starts, ends, gone = [], [], []
    for axis, (n, begin, end, step) in enumerate(places):
        bit = 1 << axis
        if steps.option("ShrinkAxisMask") & bit:
            gone.append(axis)
            span = slice(begin, begin + 1 or None, 1)
        else:
            first = None if steps.option("BeginMask") & bit else begin
            span = slice(first, None if steps.option("EndMask") & bit else end, step)
        start, stop, _ = span.indices(n)
        starts.append(start)
        ends.append(stop)
    axes, paces = [*range(len(places))], [step for *_, step in places]
    part = steps("Slice", x, *map(steps.whole, (starts, ends, axes, paces)))
    return steps("Squeeze", part, steps.whole(gone)) if gone else part


@_operator("GATHER", "EMBEDDING_LOOKUP")
def _gather(steps: Steps) -> str:
    table, places = steps.inputs if steps.node.op == "GATHER" else reversed(steps.inputs)
    if steps.option("BatchDims"):
        raise NoRuleError("another table for every example")
    return steps("Gather", table, places, axis=steps.option("Axis"))


@_operator("PAD", "PADV2", "MIRROR_PAD")
def _pad(steps: Steps) -> str:
    pads = steps.numbers(1)
    mode = "reflect" if steps.node.op == "MIRROR_PAD" else "constant"
    return steps("Pad", steps.inputs[0], pads=[*pads[::2], *pads[1::2]], mode=mode)


@_operator("FILL")
def _fill(steps: Steps) -> str:
    return steps("Expand", steps.inputs[1], steps.inputs[0])


@_operator("TILE")
def _tile(steps: Steps) -> str:
    if set(steps.numbers(1)) != {1}:
        raise NoRuleError("it repeats elements")
    return steps.inputs[0]


@_operator("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR")
def _resize(steps: Steps) -> str:
    dims = steps.dims(steps.inputs[0])
    sizes = steps.whole([dims[0], *steps.numbers(1), *dims[3:]])
    how = {"mode": "linear" if steps.node.op == "RESIZE_BILINEAR" else "nearest"}
    if steps.option("AlignCorners"):
        how["coordinate_transformation_mode"] = "align_corners"
    return steps("Resize", steps.inputs[0], "", "", sizes, **how)


@_operator("DEPTH_TO_SPACE", "SPACE_TO_DEPTH")
def _shuffled(steps: Steps) -> str:
    op = "DepthToSpace" if steps.node.op == "DEPTH_TO_SPACE" else "SpaceToDepth"
    return steps.channels_second(op, steps.inputs[0], blocksize=steps.option("BlockSize"))


#: Every operator that is not called as the one of ONNX that it is.
LITE_RULES: dict[str, Rule] = {op: in_steps(rule, _activated) for op, rule in _OPERATORS.items()}

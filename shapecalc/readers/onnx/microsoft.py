"""Operations of ONNX Runtime's own, which its optimizers and its quantizer write.

(https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md)
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Any

from shapecalc.readers.onnx.file import Tensor
from shapecalc.readers.onnx.rules import RULES
from shapecalc.readers.onnx.steps import Steps, in_steps
from shapecalc.readers.onnx.walk import NoRuleError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shapecalc.readers.onnx.steps import StepsRule


def microsoft(*ops: str) -> Callable[[StepsRule], StepsRule]:
    """Enter a function as the rule of operations."""

    def enter(function: StepsRule) -> StepsRule:
        RULES.update({f"com.microsoft.{op}": in_steps(function) for op in ops})
        return function

    return enter


def given(steps: Steps, place: int) -> str:
    """Return the name of an input, "" for one that is left out."""
    return steps.inputs[place] if place < len(steps.inputs) else ""


#: The options that are an activation within a convolution.
ACTIVATION = ("activation", "activation_params")
#: An activation within an operation, and what its parameters are called.
_PARAMETERS = {
    "Clip": ("min", "max"), "Elu": ("alpha",), "HardSigmoid": ("alpha", "beta"),
    "LeakyRelu": ("alpha",), "Relu": (), "Sigmoid": (), "Tanh": (),
}  # fmt: skip


def activated(steps: Steps, x: str, parameters: Sequence[float]) -> str:
    """Take the activation that an operation has within itself, if any."""
    name = steps.option("activation", "")
    if not name:
        return x
    if name not in _PARAMETERS:
        raise NoRuleError("an activation that nobody knows")
    return steps(name, x, **dict(zip(_PARAMETERS[name], parameters, strict=False)))


def finished(steps: Steps, result: str) -> str:
    """Take what a convolution has within itself: a value that is added, and an activation."""
    if given(steps, 3):
        result = steps("Add", result, steps.inputs[3])
    return activated(steps, result, steps.option("activation_params", []))


def without(steps: Steps, *names: str) -> dict[str, Any]:
    """Return the operator's options, but for these."""
    return {key: value for key, value in steps.node.attributes.items() if key not in names}


# Fused products


@microsoft("FusedConv")
def _fused_conv(steps: Steps) -> str:
    return finished(steps, steps("Conv", *steps.inputs[:3], **without(steps, *ACTIVATION)))


@microsoft("FusedGemm")
def _fused_gemm(steps: Steps) -> str:
    names = ("activation", "activation_alpha", "activation_beta", "activation_gamma")
    result = steps("Gemm", *steps.inputs, **without(steps, *names))
    parameters = [steps.option(name) for name in names[1:] if name in steps.node.attributes]
    return activated(steps, result, parameters)


@microsoft("FusedMatMul")
def _fused_product(steps: Steps) -> str:
    sides = []
    for name, side in zip(steps.inputs, "AB", strict=True):
        order = [*range(len(steps.dims(name)))]
        if steps.option(f"transBatch{side}"):  # its rows come before what is multiplied one by one
            order = [*order[1:-1], 0, order[-1]]
        if steps.option(f"trans{side}"):
            order[-2:] = [order[-1], order[-2]]
        plain = order == sorted(order)
        sides.append(name if plain else steps("Transpose", name, perm=order))
    return _scaled(steps, steps("MatMul", *sides), steps.option("alpha", 1.0))


def _scaled(steps: Steps, x: str, factor: float) -> str:
    return x if factor == 1 else steps("Mul", x, steps.number(factor))


@microsoft("MatMulNBits")
def _narrow_product(steps: Steps) -> str:
    """Read a product by a matrix whose numbers are packed, with scales for blocks of them."""
    packed = steps.walk.kernel(steps.node, 1)
    matrix = steps.constant(Tensor((steps.option("K"), steps.option("N")), 1, None, packed.origin))
    product = steps("MatMul", steps.inputs[0], matrix)
    return steps("Add", product, steps.inputs[5]) if given(steps, 5) else product


@microsoft("DynamicQuantizeMatMul", "MatMulIntegerToFloat")
def _integer_product(steps: Steps) -> str:
    bias = given(steps, 4 if steps.node.op == "DynamicQuantizeMatMul" else 6)
    product = steps("MatMul", *steps.inputs[:2])
    return steps("Add", product, bias) if bias else product


# Functions of elements, and norms


@microsoft("Gelu", "FastGelu", "BiasGelu")
def _gelu(steps: Steps) -> str:
    x, bias = steps.inputs[0], given(steps, 1)
    return steps("Gelu", steps("Add", x, bias) if bias else x)


@microsoft("QuickGelu")
def _quick_gelu(steps: Steps) -> str:
    x = steps.inputs[0]
    gate = steps("Sigmoid", _scaled(steps, x, steps.option("alpha", 1.0)))
    return steps("Mul", x, gate)


@microsoft("BiasSoftmax")
def _biased_softmax(steps: Steps) -> str:
    return steps("Softmax", steps("Add", *steps.inputs), axis=steps.option("axis", 1))


@microsoft("SkipLayerNormalization", "SkipSimplifiedLayerNormalization")
def _skip_norm(steps: Steps) -> list[str]:
    """Read a sum and its norm; the fourth result is the sum itself."""
    plain = steps.node.op == "SkipLayerNormalization"
    x, skip, *arrays = steps.inputs
    arrays, bias = arrays[: 2 if plain else 1], given(steps, 4 if plain else 3)
    total = steps("Add", x, skip)
    if bias:
        total = steps("Add", total, bias)
    op = "LayerNormalization" if plain else "SimplifiedLayerNormalization"
    norm = steps(op, total, *arrays, axis=-1, epsilon=steps.option("epsilon", 1e-12))
    return [norm, "", "", total]


@microsoft("GroupNorm")
def _group_norm(steps: Steps) -> str:
    norm = {"num_groups": steps.option("groups"), "epsilon": steps.option("epsilon", 1e-5)}
    take = steps.channels_second if steps.option("channels_last", 1) else steps
    result = take("GroupNormalization", *steps.inputs, **norm)
    return steps("Swish", result) if steps.option("activation") else result


# Attention


@microsoft("Attention")
def _attention(steps: Steps) -> str:
    x, weights = steps.inputs[:2]
    if steps.option("qkv_hidden_sizes", None) or given(steps, 4):
        raise NoRuleError("heads of unlike depths, or a past")
    product = steps("MatMul", x, weights)
    if given(steps, 2):
        product = steps("Add", product, steps.inputs[2])
    width = steps.dims(weights)[1] // 3
    parts = [_part(steps, product, place * width, width) for place in range(3)]
    return _heads(steps, *parts)


@microsoft("MultiHeadAttention")
def _attention_of_three(steps: Steps) -> str:
    parts = [given(steps, place) for place in range(3)]
    if not all(parts) or any(len(steps.dims(part)) != 3 for part in parts) or given(steps, 6):
        raise NoRuleError("heads that are packed, or a past")
    if given(steps, 3):
        start = 0
        for place, part in enumerate(parts):
            width = steps.dims(part)[-1]
            bias = steps(
                "Slice", steps.inputs[3], steps.whole([start]), steps.whole([start + width])
            )
            parts[place] = steps("Add", part, bias)
            start += width
    return _heads(steps, *parts)


def _part(steps: Steps, x: str, start: int, width: int) -> str:
    return steps("Slice", x, *map(steps.whole, ([start], [start + width], [2], [1])))


def _heads(steps: Steps, query: str, key: str, value: str) -> str:
    """Take the products of attention in heads, of sequences; masks hide, and cost nothing."""
    heads = steps.option("num_heads")
    width = steps.dims(value)[-1]
    if heads < 1 or any(steps.dims(part)[-1] % heads for part in (query, key, value)):
        raise NoRuleError("channels that make no heads")
    depth = steps.dims(query)[-1] // heads
    q, k, v = (
        steps(
            "Transpose",
            steps("Reshape", part, steps.whole([0, 0, heads, steps.dims(part)[-1] // heads])),
            perm=order,
        )
        for part, order in ((query, [0, 2, 1, 3]), (key, [0, 2, 3, 1]), (value, [0, 2, 1, 3]))
    )
    scores = _scaled(steps, steps("MatMul", q, k), steps.option("scale", 0.0) or 1 / sqrt(depth))
    if given(steps, 3) and steps.node.op == "Attention":
        steps.walk.differs(steps.node, "a mask hides elements")
    product = steps("MatMul", steps("Softmax", scores, axis=-1), v)
    return steps(
        "Reshape", steps("Transpose", product, perm=[0, 2, 1, 3]), steps.whole([0, 0, width])
    )


# What the quantizer writes: beside each operand stand its scale and its zero point


@microsoft("QLinearAdd", "QLinearMul")
def _quantised_join(steps: Steps) -> str:
    return steps(steps.node.op.removeprefix("QLinear"), steps.inputs[0], steps.inputs[3])


@microsoft("QLinearSigmoid", "QLinearLeakyRelu", "QLinearSoftmax")
def _quantised_function(steps: Steps) -> str:
    options = without(steps, "opset")
    return steps(steps.node.op.removeprefix("QLinear"), steps.inputs[0], **options)


@microsoft("QLinearGlobalAveragePool", "QLinearAveragePool", "NhwcMaxPool")
def _quantised_pool(steps: Steps) -> str:
    op = steps.node.op.removeprefix("QLinear").removeprefix("Nhwc")
    last = steps.option("channels_last") or steps.node.op == "NhwcMaxPool"
    take = steps.channels_second if last else steps
    return take(op, steps.inputs[0], **without(steps, "channels_last"))


@microsoft("QLinearConcat")
def _quantised_concat(steps: Steps) -> str:
    return steps("Concat", *steps.inputs[2::3], axis=steps.option("axis"))


@microsoft("QLinearReduceMean")
def _quantised_mean(steps: Steps) -> str:
    return steps("ReduceMean", steps.inputs[0], **without(steps))


@microsoft("QGemm")
def _quantised_gemm(steps: Steps) -> str:
    return steps("Gemm", *steps.inputs[0:7:3], **without(steps))

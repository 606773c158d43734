"""Operations of ONNX Runtime for one kind of processor, with channels last or in blocks.

Channels in blocks (`com.microsoft.nchwc`) are rounded up to whole ones, and kernels lie in another
order.  How many channels there were, what leaves the blocks says, else the zeros that a bias ends
in.  (https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.readers.onnx.file import Tensor
from shapecalc.readers.onnx.microsoft import (
    ACTIVATION,
    activated,
    finished,
    given,
    microsoft,
    without,
)
from shapecalc.readers.onnx.rules import RULES
from shapecalc.readers.onnx.steps import Steps, in_steps

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shapecalc.readers.onnx.file import OnnxNode
    from shapecalc.readers.onnx.steps import StepsRule
    from shapecalc.readers.onnx.walk import GraphWalk

_BLOCKS, _LAST = "com.microsoft.nchwc", "com.ms.internal.nhwc"
#: What leaves the channels as many as they are, in blocks or not.
_KEEPS = frozenset({
    "Add", "AveragePool", "Clip", "GlobalAveragePool", "GlobalMaxPool", "HardSigmoid", "LeakyRelu",
    "MaxPool", "Mul", "Relu", "Sigmoid", "Sum", "Tanh", "Upsample",
})  # fmt: skip
#: The most channels that are one block.
_BLOCK = 16
#: So many operations are looked through.
_FARTHEST = 64


def _in(domain: str, *ops: str) -> Callable[[StepsRule], StepsRule]:
    """Enter a function as the rule of a domain's operations."""

    def enter(function: StepsRule) -> StepsRule:
        RULES.update({f"{domain}.{op}": in_steps(function) for op in ops})
        return function

    return enter


# Channels last


@_in(
    _LAST, "AveragePool", "BatchNormalization", "Conv", "ConvTranspose", "DepthToSpace",
    "GlobalAveragePool", "GlobalMaxPool", "InstanceNormalization", "LRN", "MaxPool", "QLinearConv",
    "SpaceToDepth",
)  # fmt: skip
def _channels_last(steps: Steps) -> str:
    """Read an operation of ONNX' whose input and output have their channels last."""
    options = without(steps, *ACTIVATION)
    result = steps.channels_second(steps.node.op, *steps.inputs, **options)
    return activated(steps, result, steps.option("activation_params", []))


@_in(_LAST, "Resize")
def _resize_last(steps: Steps) -> str:
    return steps("Resize", *steps.inputs, **without(steps))


@microsoft("NhwcConv", "NhwcFusedConv")
def _conv_last(steps: Steps) -> str:
    """Read a convolution; NhwcConv has the channels of its kernels last, too."""
    kernel = steps.inputs[1]
    if steps.node.op == "NhwcConv":
        rank = len(steps.dims(kernel))
        kernel = steps("Transpose", kernel, perm=[0, rank - 1, *range(1, rank - 1)])
    inputs = (steps.inputs[0], kernel, given(steps, 2))
    return finished(steps, steps.channels_second("Conv", *inputs, **without(steps, *ACTIVATION)))


@microsoft("QLinearConv")
def _quantised_conv(steps: Steps) -> str:
    take = steps.channels_second if steps.option("channels_last") else steps
    return take("QLinearConv", *steps.inputs, **without(steps, "channels_last"))


# Channels in blocks


@_in(_BLOCKS, "Conv")
def _conv_in_blocks(steps: Steps) -> str:
    kernel, bias = steps.walk.kernel(steps.node, 1), steps.walk.array(steps.node, 2)
    rows, depth, *sizes = kernel.dims
    channels, groups = steps.dims(steps.inputs[0])[1], steps.option("group", 1)
    if _is_alone(steps.walk, steps.node):  # the channels that fill a block as well
        groups = filters = channels
    else:
        filters = _filters(steps, rows, bias)
        depth = channels if groups == 1 else depth
    kernel = kernel.moved("an order for one processor", (filters, depth, *sizes))
    arrays = [steps.constant(kernel)]
    if bias is not None:
        arrays.append(steps.constant(bias.moved("filling up blocks", (filters,))))
    options = {**without(steps, *ACTIVATION), "group": groups}
    return finished(steps, steps("Conv", steps.inputs[0], *arrays, **options))


def _is_alone(walk: GraphWalk, node: OnnxNode) -> bool:
    """Tell whether a convolution has a kernel for every channel alone."""
    kernel = walk.array(node, 1)
    return kernel is not None and kernel.dims[:2] == (node.attributes.get("group", 1), 1)


def _filters(steps: Steps, rows: int, bias: Tensor | None) -> int:
    """Return how many of a kernel's rows do not fill a block up, as far as that is known."""
    left = _as_left(steps.walk, steps.node.outputs[0])
    if left is not None and left <= rows:
        return left
    numbers = None if bias is None else bias.values()
    filling = None if numbers is None else _zeros_behind(numbers)
    if filling is None or filling >= _BLOCK:
        steps.walk.remark(
            "as stored: channels in blocks for one processor, of which the last may be filled up;"
            " all are counted where nothing says how many there were"
        )
        return rows
    if filling:
        steps.walk.remark(
            "as stored: channels in blocks for one processor; those at an end whose bias is 0 are"
            " taken for what fills a block up, and not counted"
        )
    return rows - filling


def _zeros_behind(numbers: Sequence[float]) -> int:
    """Count the zeros that numbers end in."""
    return next((at for at, n in enumerate(reversed(numbers)) if n), len(numbers))


def _as_left(walk: GraphWalk, name: str) -> int | None:
    """Return how many channels a value has when it leaves the blocks, if it does so unchanged."""
    waiting, seen = [name], {name}
    while waiting and len(seen) < _FARTHEST:
        name = waiting.pop()
        for node in (walk.file.nodes[number] for number in walk.few_readers(name)):
            if node.op == "ReorderOutput":
                channels: int = node.attributes.get("channels", 0)
                return channels
            if node.op in _KEEPS or (node.op == "Conv" and _keeps(walk, node, name)):
                waiting += [output for output in node.outputs if output not in seen]
                seen.update(node.outputs)
    return None


def _keeps(walk: GraphWalk, node: OnnxNode, name: str) -> bool:
    """Tell whether a convolution's result has as many channels as what it reads, or adds."""
    return _is_alone(walk, node) or name in node.inputs[3:]


@_in(_BLOCKS, "AveragePool", "GlobalAveragePool", "GlobalMaxPool", "MaxPool")
def _pool_in_blocks(steps: Steps) -> str:
    return steps(steps.node.op, steps.inputs[0], **without(steps))


@_in(_BLOCKS, "Upsample")
def _upsample_in_blocks(steps: Steps) -> str:
    scales = [float(scale) for scale in steps.option("scales", [])]
    factors = steps.constant(Tensor((len(scales),), 1, scales))
    return steps("Resize", steps.inputs[0], "", factors, **without(steps, "scales"))


@_in(_BLOCKS, "ReorderInput")
def _into_blocks(steps: Steps) -> str:
    x = steps.inputs[0]
    return steps("Transpose", x, perm=[0, 3, 1, 2]) if steps.option("channels_last") else x


@_in(_BLOCKS, "ReorderOutput")
def _out_of_blocks(steps: Steps) -> str:
    x, channels = steps.inputs[0], steps.option("channels")
    if channels < steps.dims(x)[1]:
        x = steps("Slice", x, *map(steps.whole, ([0], [channels], [1])))
    return steps("Transpose", x, perm=[0, 2, 3, 1]) if steps.option("channels_last") else x

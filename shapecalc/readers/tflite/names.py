"""Names of layers: what a converter leaves of TensorFlow's, as paths."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What TensorFlow calls its own operations, within the layer that they are of.
_OPERATION = re.compile(
    r"(Add(V2|N)?|[Aa]vg[Pp]ool\dd|AvgPool|BatchMatMul(V2)?|BatchToSpaceND|BiasAdd|[Cc]onv(2[Dd]|3[Dd]|olution)"
    r"|Const(ant)?|[Dd]epthwise|Elu|Erf|FusedBatchNorm(V3)?|[Gg]elu|HardSwish|Identity|LeakyRelu"
    r"|Log|MatMul|Max|MaxPool|[Mm]ax[Pp]ool\dd|Maximum|Mean|Minimum|Mul|Neg|Pad|Pow|ReadVariableOp|Relu6?"
    r"|Rsqrt|Reshape|ResizeBilinear|ResizeNearestNeighbor|Shape|Sigmoid|[Ss]ilu|Softmax|Sqrt"
    r"|SquaredDifference|StopGradient|Sub|Sum|Tanh|Transpose|add|clip_by_value|concat"
    r"|conv2d_transpose|div|mul|sub|truediv|transpose|mean|hard_\w+|relu6?|batchnorm|moments|variance|dropout)(_?\d+)?",
)
#: What operators with weights are called: of the parts of a name theirs says whose weights.
_OWN = {
    "CONV_2D": ("Conv2D", "convolution"),
    "DEPTHWISE_CONV_2D": ("depthwise", "Conv2D", "convolution"),
    "TRANSPOSE_CONV": ("conv2d_transpose",),
    "FULLY_CONNECTED": ("MatMul", "Tensordot"),
}
#: What the converter calls the results of whole functions.
_CALLS = re.compile(r"(Stateful)?PartitionedCall\w*(:\d+)?|Identity(_\d+)?|\d+|arith\.\w+|tfl\.\w+")

#: The end of a name that was used before: `conv` and `conv_1` become `conv_1` and `conv_1_2`.
_AGAIN = re.compile(r"_1(_2)?$")


class LiteNames:
    """Says what operators are called, by the names of their results.

    A result of several fused operations has the names of all, with `;` between.
    """

    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names
        parts = [part for name in names.values() for part in name.split(";") if "/" in part]
        first = {part.split("/", 1)[0] for part in parts}
        #: A first level that all names have says nothing.
        self.common = f"{next(iter(first))}/" if len(first) == 1 else ""
        layers = {part.removeprefix(self.common).split("/")[0] for part in parts}
        layers = {layer for layer in layers if not _OPERATION.fullmatch(layer)}
        #: Keras numbers layers of one name, and saving a model calls every layer once more.
        self.again = bool(layers) and all(map(_AGAIN.search, layers))

    def of(self, op: str, result: str) -> str:
        """Return an operator's path, "" where the file has no name for it."""
        parts = self.names.get(result, "").split(";")
        words = _OWN.get(op, ())
        own = next(
            (part for part in parts if any(word in part.rpartition("/")[2] for word in words)),
            parts[0],
        )
        levels = own.removeprefix(self.common).split("/")
        while len(levels) > 1 and _OPERATION.fullmatch(levels[-1].partition(":")[0]):
            levels.pop()
        if self.again:
            levels[0] = _AGAIN.sub(lambda match: "_1" if match[1] else "", levels[0])
        path = "/".join(levels)
        return "" if _CALLS.fullmatch(path) else path

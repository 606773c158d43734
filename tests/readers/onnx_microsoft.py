"""Networks of ONNX Runtime's own operations, and the layers that they are."""

from __future__ import annotations

import random
from math import prod
from typing import Any, NamedTuple

from tests.readers.onnx_bytes import graph, model, node, tensor

DOMAIN, BLOCKS, LAST = "com.microsoft", "com.microsoft.nchwc", "com.ms.internal.nhwc"


def fused(op: str, inputs: str, outputs: str | list[str], **attributes: Any) -> bytes:
    return node(op, inputs, outputs, domain=DOMAIN, **attributes)


def blocks(op: str, inputs: str, outputs: str, **attributes: Any) -> bytes:
    return node(op, inputs, outputs, domain=BLOCKS, **attributes)


def last(op: str, inputs: str, outputs: str, **attributes: Any) -> bytes:
    return node(op, inputs, outputs, domain=LAST, **attributes)


class Case(NamedTuple):
    """A network: its nodes, extents, and what comes of it: type, volume, parameters, MACs.

    One that is `run` has the numbers that ONNX Runtime computes.
    """

    nodes: list[bytes]
    input: tuple[int, ...]
    output: tuple[int, ...]
    arrays: dict[str, tuple[int, ...]]
    rows: list[tuple[str, str, int, int]]
    run: bool = True

    def data(self) -> bytes:
        """Return the file, with weights drawn by chance."""
        chance = random.Random(7)
        arrays = {
            name: tensor(name, dims, [chance.uniform(-1, 1) for _ in range(prod(dims))])
            for name, dims in self.arrays.items()
        }
        arrays |= {"s": tensor("s", [4], [5, 1, 2, 8]), "one": tensor("one", [1], [1])}
        domains = [DOMAIN, BLOCKS, LAST]
        return model(
            self.nodes, {"x": self.input}, {"y": self.output}, arrays, domains=domains, opset=18
        )


IMAGE, SEQUENCE = (1, 3, 9, 7), (1, 5, 8)
KERNEL = {"w": (8, 3, 3, 3), "b": (8,)}
CONV = ("conv", "7x5x8", 224, 7560)
PLAIN = "5x8"
#: An image as it lies where the channels are last.
TO_LAST = node("Transpose", "x", "t", perm=[0, 2, 3, 1])
#: What no operation tells the channels of has them second.
TURNED = "8x5"

#: Attention from queries, keys and values on.
HEADS = [
    *[("reshape", "5x2x4", 0, 0)] * 3, ("permute", "2x5x4", 0, 0), ("permute", "2x4x5", 0, 0),
    ("matmul", "2x5x5", 0, 200), ("multiply", "2x5x5", 0, 0), ("softmax", "2x5x5", 0, 0),
    ("permute", "2x5x4", 0, 0), ("matmul", "2x5x4", 0, 200), ("permute", "5x2x4", 0, 0),
    ("reshape", PLAIN, 0, 0),
]  # fmt: skip

CASES: dict[str, Case] = {
    "FusedConv": Case(
        [fused("FusedConv", "x w b", "y", kernel_shape=[3, 3], activation="Relu")],
        IMAGE, (1, 8, 7, 5), KERNEL, [CONV, ("relu", "7x5x8", 0, 0)],
    ),
    "FusedConv, with a slope": Case(
        [fused("FusedConv", "x w b", "y", kernel_shape=[3, 3], activation="LeakyRelu",
               activation_params=[0.2])],
        IMAGE, (1, 8, 7, 5), KERNEL, [CONV, ("leaky_relu", "7x5x8", 0, 0)],
    ),
    "FusedConv, added": Case(
        [node("Conv", "x v", "z", kernel_shape=[3, 3]),
         fused("FusedConv", "x w b z", "y", kernel_shape=[3, 3], activation="Relu")],
        IMAGE, (1, 8, 7, 5), {**KERNEL, "v": (8, 3, 3, 3)},
        [("conv", "7x5x8", 216, 7560), CONV, ("add", "7x5x8", 0, 0), ("relu", "7x5x8", 0, 0)],
    ),
    "FusedGemm": Case(
        [fused("FusedGemm", "x w b", "y", activation="LeakyRelu", activation_alpha=0.3)],
        (1, 8), (1, 4), {"w": (8, 4), "b": (4,)},
        [("dense", "4", 36, 32), ("leaky_relu", "4", 0, 0)],
    ),
    "FusedMatMul": Case(
        [fused("FusedMatMul", "x x", "y", transB=1, alpha=0.5)],
        SEQUENCE, (1, 5, 5), {}, [("matmul", "5x5", 0, 200), ("multiply", "5x5", 0, 0)],
    ),
    "FusedMatMul, of turned batches": Case(
        [node("Transpose", "x", "t", perm=[1, 0, 2]), node("Reshape", "t s", "r"),
         fused("FusedMatMul", "r r", "y", transB=1, transBatchA=1, transBatchB=1)],
        (1, 5, 16), (1, 2, 5, 5), {},
        [("reshape", "5x2x8", 0, 0), ("permute", "2x5x8", 0, 0), ("permute", "2x8x5", 0, 0),
         ("matmul", "2x5x5", 0, 400)],
    ),
    "Gelu": Case([fused("Gelu", "x", "y")], SEQUENCE, SEQUENCE, {}, [("gelu", TURNED, 0, 0)]),
    "BiasGelu": Case(
        [fused("BiasGelu", "x b", "y")],
        SEQUENCE, SEQUENCE, {"b": (8,)}, [("bias", PLAIN, 8, 0), ("gelu", PLAIN, 0, 0)],
    ),
    "FastGelu": Case(  # by a tangent, which is no number of ours
        [fused("FastGelu", "x b", "y")],
        SEQUENCE, SEQUENCE, {"b": (8,)}, [("bias", PLAIN, 8, 0), ("gelu", PLAIN, 0, 0)], run=False,
    ),
    "QuickGelu": Case(
        [fused("QuickGelu", "x", "y", alpha=1.702)],
        SEQUENCE, SEQUENCE, {},
        [("multiply", TURNED, 0, 0), ("sigmoid", TURNED, 0, 0), ("multiply", TURNED, 0, 0)],
    ),
    "QuickGelu, multiplied again": Case(
        [fused("QuickGelu", "x", "q", alpha=1.0), node("Mul", "q x", "y")],
        SEQUENCE, SEQUENCE, {},
        [("sigmoid", TURNED, 0, 0), ("multiply", TURNED, 0, 0), ("multiply", TURNED, 0, 0)],
    ),
    "SkipLayerNormalization": Case(
        [node("Relu", "x", "r"),
         fused("SkipLayerNormalization", "x r g h b", ["n", "", "", "t"], epsilon=1e-5),
         node("Sub", "n t", "y")],
        SEQUENCE, SEQUENCE, {"g": (8,), "h": (8,), "b": (8,)},
        [("relu", PLAIN, 0, 0), ("add", PLAIN, 0, 0), ("bias", PLAIN, 8, 0),
         ("layernorm", PLAIN, 16, 0), ("subtract", PLAIN, 0, 0)],
    ),
    "SkipSimplifiedLayerNormalization": Case(
        [node("Relu", "x", "r"),
         fused("SkipSimplifiedLayerNormalization", "x r g", "y", epsilon=1e-5)],
        SEQUENCE, SEQUENCE, {"g": (8,)},
        [("relu", PLAIN, 0, 0), ("add", PLAIN, 0, 0), ("rmsnorm", PLAIN, 8, 0)],
    ),
    "Attention": Case(
        [fused("Attention", "x w b", "y", num_heads=2)],
        SEQUENCE, SEQUENCE, {"w": (8, 24), "b": (24,)},
        [("dense", "5x24", 192, 960), ("bias", "5x24", 24, 0), *[("slice", PLAIN, 0, 0)] * 3,
         *HEADS],
    ),
    "MultiHeadAttention": Case(
        [node("MatMul", "x w", "q"), node("MatMul", "x v", "k"),
         fused("MultiHeadAttention", "q k x", "y", num_heads=2)],
        SEQUENCE, SEQUENCE, {"w": (8, 8), "v": (8, 8)},
        [("dense", PLAIN, 64, 320), ("dense", PLAIN, 64, 320), *HEADS],
    ),
    "MatMulNBits": Case(
        [fused("MatMulNBits", "x w sc", "y", K=8, N=6, bits=4, block_size=16)],
        SEQUENCE, (1, 5, 6), {"w": (6, 1, 8), "sc": (6,)}, [("dense", "5x6", 48, 240)], run=False,
    ),
    "BiasSoftmax": Case(
        [node("MatMul", "x w", "m"), fused("BiasSoftmax", "m x", "y", axis=2)],
        SEQUENCE, SEQUENCE, {"w": (8, 8)},
        [("dense", PLAIN, 64, 320), ("add", PLAIN, 0, 0), ("softmax", PLAIN, 0, 0)], run=False,
    ),
    "GroupNorm": Case(
        [node("Transpose", "x", "t", perm=[0, 2, 3, 1]),
         fused("GroupNorm", "t g h", "y", groups=3, activation=1, channels_last=1)],
        IMAGE, (1, 9, 7, 3), {"g": (3,), "h": (3,)},
        [("groupnorm", "9x7x3", 6, 0), ("silu", "9x7x3", 0, 0)], run=False,
    ),
    "NhwcConv": Case(
        [TO_LAST, fused("NhwcConv", "t w b", "y", kernel_shape=[3, 2], group=3)],
        IMAGE, (1, 7, 6, 6), {"w": (6, 3, 2, 1), "b": (6,)},
        [("depthwise", "7x6x6", 42, 1512)], run=False,
    ),
    "NhwcFusedConv, added": Case(
        [TO_LAST, fused("NhwcConv", "t v", "z", kernel_shape=[3, 3]),
         fused("NhwcFusedConv", "t w b z", "y", kernel_shape=[3, 3], activation="Relu")],
        IMAGE, (1, 7, 5, 8), {**KERNEL, "v": (8, 3, 3, 3)},
        [("conv", "7x5x8", 216, 7560), CONV, ("add", "7x5x8", 0, 0), ("relu", "7x5x8", 0, 0)],
        run=False,
    ),
    "QLinearConv, channels last": Case(
        [TO_LAST, fused("QLinearConv", "t k k w k k k k b", "y", kernel_shape=[3, 3], channels_last=1)],
        IMAGE, (1, 7, 5, 8), {**KERNEL, "k": (1,)}, [CONV], run=False,
    ),
    "channels last": Case(
        [TO_LAST, last("Conv", "t w b", "c", kernel_shape=[3, 3], activation="Relu"),
         last("MaxPool", "c", "y", kernel_shape=[2, 2], strides=[2, 2])],
        IMAGE, (1, 3, 2, 8), KERNEL, [CONV, ("relu", "7x5x8", 0, 0), ("maxpool", "3x2x8", 0, 0)],
        run=False,
    ),
    "channels in blocks": Case(
        [blocks("Conv", "x w b", "c", kernel_shape=[3, 3], activation="Relu"),
         blocks("MaxPool", "c", "p", kernel_shape=[2, 2], strides=[2, 2]),
         blocks("ReorderOutput", "p", "y", channels=5)],
        IMAGE, (1, 5, 3, 2), KERNEL,
        [("conv", "7x5x5", 140, 4725), ("relu", "7x5x5", 0, 0), ("maxpool", "3x2x5", 0, 0)], run=False,
    ),
    "every channel alone in blocks": Case(
        [TO_LAST, blocks("ReorderInput", "t", "r", channels_last=1),
         blocks("Conv", "r d b", "c", kernel_shape=[3, 3], group=8),
         blocks("Upsample", "c", "u", scales=[1, 1, 2, 2], mode="nearest"),
         blocks("ReorderOutput", "u", "y", channels=3, channels_last=1)],
        IMAGE, (1, 14, 10, 3), {"d": (8, 1, 3, 3), "b": (8,)},
        [("depthwise", "7x5x3", 30, 945), ("upsample", "14x10x3", 0, 0)], run=False,
    ),
    "what is added in blocks": Case(
        [blocks("Conv", "x v b", "a", kernel_shape=[3, 3]),
         blocks("Conv", "x w b a", "c", kernel_shape=[3, 3], activation="Relu"),
         blocks("GlobalAveragePool", "c", "g"), blocks("ReorderOutput", "g", "y", channels=5)],
        IMAGE, (1, 5, 1, 1), {**KERNEL, "v": (8, 3, 3, 3)},
        [("conv", "7x5x5", 140, 4725), ("conv", "7x5x5", 140, 4725), ("add", "7x5x5", 0, 0),
         ("relu", "7x5x5", 0, 0), ("global_avgpool", "1x1x5", 0, 0)], run=False,
    ),
    "what is quantised as it flows": Case(
        [node("DynamicQuantizeLinear", "x", "xq xs xz"),
         node("ConvInteger", "xq w xz wz", "c", kernel_shape=[3, 3]),
         node("Cast", "c", "f", to=1), node("Mul", "xs ws", "fs"), node("Mul", "f fs", "y")],
        IMAGE, (1, 8, 7, 5), {"w": (8, 3, 3, 3), "ws": (1,), "wz": (1,)},
        [("conv", "7x5x8", 216, 7560)], run=False,
    ),
    "what the quantizer writes": Case(
        [node("QuantizeLinear", "x k k", "a"),
         fused("QLinearSigmoid", "a k k k k", "g"), fused("QLinearMul", "a k k g k k k k", "m"),
         fused("QLinearAdd", "a k k m k k k k", "d"),
         fused("QLinearConcat", "k k a k k d k k", "c", axis=1),
         fused("QLinearAveragePool", "c k k k k", "p", kernel_shape=[3, 3], strides=[2, 2]),
         fused("QLinearGlobalAveragePool", "p k k k k", "e", channels_last=0),
         node("Flatten", "e", "f"), fused("QGemm", "f k k w k k b k k", "y", transB=1)],
        IMAGE, (1, 4), {"k": (1,), "w": (4, 6), "b": (4,)},
        [("sigmoid", "9x7x3", 0, 0), ("multiply", "9x7x3", 0, 0), ("add", "9x7x3", 0, 0),
         ("concat", "9x7x6", 0, 0), ("avgpool", "4x3x6", 0, 0), ("global_avgpool", "1x1x6", 0, 0),
         ("flatten", "6", 0, 0), ("dense", "4", 28, 24)], run=False,
    ),
}  # fmt: skip

#: Rounds of a convolution, and sides that are left open; for the fuzzer.
LOOPED = model(
    [node("Loop", "n yes x", "y", body=graph(
        [node("Identity", "goes", "on"), node("Conv", "a w", "c", kernel_shape=[1, 1])],
        "on c", inputs="i goes a",
    ))],
    {"x": IMAGE}, {"y": None},
    {"n": tensor("n", [], [3]), "yes": tensor("yes", [], [1]), "w": [3, 3, 1, 1]},
)  # fmt: skip
OPEN = model(
    [node("Conv", "x w", "c", kernel_shape=[3, 3]), node("Shape", "c", "s"),
     node("Slice", "s zero two", "head"), node("Concat", "head all", "to", axis=0),
     node("Reshape", "c to", "y")],
    {"x": ["N", 3, "height", "width"]}, {"y": None},
    {"w": [8, 3, 3, 3], "zero": tensor("zero", [1], [0]), "two": tensor("two", [1], [2]),
     "all": tensor("all", [1], [-1])},
)  # fmt: skip

"""Networks as ONNX graphs, a node a layer, for tools that read those.

Weights are inputs without values: what is counted depends on their shapes alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from judge import AnyLayer, need

from shapecalc.graph import Input
from shapecalc.layers.shape import Map, Shape

if TYPE_CHECKING:
    from shapecalc.report import Report

helper = need("onnx.helper")
FLOAT = need("onnx").TensorProto.FLOAT

#: Layers that are one node without attributes.
PLAIN = {
    "relu": "Relu", "tanh": "Tanh", "sigmoid": "Sigmoid", "softplus": "Softplus", "elu": "Elu",
    "leaky_relu": "LeakyRelu", "global_avgpool": "GlobalAveragePool", "add": "Add",
    "hard_sigmoid": "HardSigmoid", "hard_swish": "HardSwish", "multiply": "Mul", "dropout": "Dropout", "identity": "Identity", "flatten": "Flatten",
}  # fmt: skip


def spread(values: tuple[Any, ...], x: Shape) -> list[Any]:
    return list(values * len(x.sides) if len(values) == 1 else values)


class Builder:
    """Collects nodes, and the arrays that they take."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.given: list[Any] = []
        self.values: list[Any] = []

    def array(self, *shape: int) -> str:
        name = f"w{len(self.given)}"
        self.given.append(helper.make_tensor_value_info(name, FLOAT, shape))
        return name

    def node(self, kind: str, *inputs: str, **options: Any) -> str:
        name = f"y{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name, **options))
        return name

    def window(self, layer: AnyLayer, x: Shape) -> dict[str, Any]:
        options: dict[str, Any] = {
            "kernel_shape": spread(layer.kernel, x),
            "strides": spread(layer.kernel if layer.stride is None else layer.stride, x),
            "dilations": spread(layer.dilation, x),
        }
        if layer.pad.mode == "same":
            options["auto_pad"] = "SAME_UPPER"
        elif layer.pad.mode == "causal":
            taps = zip(options["kernel_shape"], options["dilations"], strict=True)
            options["pads"] = [*(d * (k - 1) for k, d in taps), *(0 for _ in x.sides)]
        else:
            before, after = zip(*spread(layer.pad.pairs, x), strict=True)
            options["pads"] = [*before, *after]
        return options

    def biased(self, layer: AnyLayer, y: Shape) -> tuple[str, ...]:
        return (self.array(y.channels),) if layer.bias is True else ()

    def layer(self, layer: AnyLayer, shapes: tuple[Any, ...], y: Any, flow: list[str]) -> str:
        """Add a layer's nodes; return the name of what flows out."""
        x = shapes[0]
        if layer.type in PLAIN:
            return self.node(PLAIN[layer.type], *flow)
        return getattr(self, layer.type)(layer, x, y, flow)

    def conv(self, layer: AnyLayer, x: Map, y: Map, flow: list[str]) -> str:
        if layer.connections is not None:
            raise NotImplementedError("a table of connections")
        kernel = self.array(y.channels, x.channels // layer.groups, *spread(layer.kernel, x))
        arrays = (kernel, *self.biased(layer, y))
        options = self.window(layer, x)
        if layer.rounding != "floor":  # ONNX rounds no convolution: the overhang is padding
            places = zip(
                x.sides,
                y.sides,
                *(spread(each, x) for each in (layer.kernel, layer.stride, layer.dilation)),
                spread(layer.pad.pairs, x),
                strict=True,
            )
            ends = [(a, (o - 1) * s + d * (k - 1) + 1 - n - a) for n, o, k, s, d, (a, _) in places]
            options["pads"] = [end for side in zip(*ends, strict=True) for end in side]
        out = self.node("Conv", *flow, *arrays, group=layer.groups, **options)
        if layer.bias == "per_position":
            out = self.node("Add", out, self.array(y.channels, *y.sides))
        return out

    def depthwise(self, layer: AnyLayer, x: Map, y: Map, flow: list[str]) -> str:
        kernel = self.array(y.channels, 1, *spread(layer.kernel, x))
        arrays = (kernel, *self.biased(layer, y))
        return self.node("Conv", *flow, *arrays, group=x.channels, **self.window(layer, x))

    def separable(self, layer: AnyLayer, x: Map, y: Map, flow: list[str]) -> str:
        between = x.channels * layer.multiplier
        kernel = self.array(between, 1, *spread(layer.kernel, x))
        out = self.node("Conv", *flow, kernel, group=x.channels, **self.window(layer, x))
        ones = [1] * len(x.sides)
        mix = (self.array(y.channels, between, *ones), *self.biased(layer, y))
        return self.node("Conv", out, *mix, kernel_shape=ones, strides=ones, dilations=ones)

    def transposed(self, layer: AnyLayer, x: Map, y: Map, flow: list[str]) -> str:
        kernel = self.array(x.channels, y.channels // layer.groups, *spread(layer.kernel, x))
        arrays = (kernel, *self.biased(layer, y))
        return self.node(
            "ConvTranspose", *flow, *arrays, group=layer.groups, **self.window(layer, x)
        )

    def dense(self, layer: AnyLayer, x: Shape, y: Shape, flow: list[str]) -> str:
        if layer.over == "channels" and isinstance(x, Map):
            last = len(x.sides) + 1
            row = self.node("Transpose", *flow, perm=[0, *range(2, last + 1), 1])
            row = self.node("MatMul", row, self.array(x.channels, y.channels))
            for bias in self.biased(layer, y):
                row = self.node("Add", row, bias)
            return self.node("Transpose", row, perm=[0, last, *range(1, last)])
        rows = [self.node("Flatten", *flow)] if isinstance(x, Map) else flow
        arrays = (self.array(y.size, x.size), *self.biased(layer, y))
        return self.node("Gemm", *rows, *arrays, transB=1)

    def matmul(self, layer: AnyLayer, x: Map, y: Map, flow: list[str]) -> str:
        """Multiply sequences: with the channels first it is the second by the first."""
        if layer != type(layer)(transpose="second"):
            raise NotImplementedError("matmul with heads")
        first = self.node("Transpose", flow[0], perm=[0, 2, 1])
        return self.node("Transpose", self.node("MatMul", first, flow[1]), perm=[0, 2, 1])

    def maxpool(self, layer: AnyLayer, x: Map, y: Map, flow: list[str]) -> str:
        ceil = int(layer.rounding == "ceil")
        return self.node("MaxPool", *flow, ceil_mode=ceil, **self.window(layer, x))

    def avgpool(self, layer: AnyLayer, x: Map, y: Map, flow: list[str]) -> str:
        ceil = int(layer.rounding == "ceil")
        return self.node("AveragePool", *flow, ceil_mode=ceil, **self.window(layer, x))

    def batchnorm(self, layer: AnyLayer, x: Shape, y: Shape, flow: list[str]) -> str:
        return self.node("BatchNormalization", *flow, *(self.array(x.channels) for _ in range(4)))

    def instancenorm(self, layer: AnyLayer, x: Shape, y: Shape, flow: list[str]) -> str:
        return self.node(
            "InstanceNormalization", *flow, self.array(x.channels), self.array(x.channels)
        )

    def prelu(self, layer: AnyLayer, x: Shape, y: Shape, flow: list[str]) -> str:
        return self.node("PRelu", *flow, self.array(x.channels, *[1] * len(x.sides)))

    def lrn(self, layer: AnyLayer, x: Shape, y: Shape, flow: list[str]) -> str:
        return self.node("LRN", *flow, size=layer.size)

    def softmax(self, layer: AnyLayer, x: Shape, y: Shape, flow: list[str]) -> str:
        if layer.over == ("positions",):
            flow = [self.node("Flatten", *flow)]
            if x.channels != 1:
                raise NotImplementedError("positions of several channels")
        return self.node("Softmax", *flow, axis=1)

    def upsample(self, layer: AnyLayer, x: Map, y: Map, flow: list[str]) -> str:
        scales = [1.0, 1.0, *map(float, spread(layer.factor or (2,), x))]
        name = f"scales{len(self.values)}"
        self.values.append(helper.make_tensor(name, FLOAT, [len(scales)], scales))
        mode = "nearest" if layer.mode == "nearest" else "linear"
        return self.node("Resize", *flow, "", name, mode=mode)

    def concat(self, layer: AnyLayer, x: Shape, y: Shape, flow: list[str]) -> str:
        return self.node("Concat", *flow, axis=1)


def model(report: Report) -> tuple[Any, dict[str, tuple[int, ...]]]:
    """Write a network as a graph; return it with the shapes of its inputs."""
    made = Builder()
    flow: list[str] = []
    feeds: dict[str, tuple[int, ...]] = {}
    for row, node in zip(report.rows, report.graph.nodes, strict=True):
        if isinstance(row.layer, Input):
            name = f"x{len(flow)}"
            feeds[name] = (1, row.output.channels, *row.output.sides)
            made.given.append(helper.make_tensor_value_info(name, FLOAT, feeds[name]))
            flow.append(name)
            continue
        names = [flow[index] for index in node.inputs]
        flow.append(made.layer(row.layer, row.inputs, row.output, names))
    ends = [
        helper.make_tensor_value_info(flow[index], FLOAT, None) for index in report.graph.outputs
    ]
    graph = helper.make_graph(made.nodes, "net", made.given, ends, made.values)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), feeds

"""Long generated networks, and networks as ONNX models."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from shapecalc.text import Source

if TYPE_CHECKING:
    from collections.abc import Callable

    from onnx import ModelProto

    from shapecalc.report import Report

#: A prime beyond the number of convolutions, so that no two of them have as many filters.
PRIME = 30_011

#: The layers of the chain, over and over.
KINDS = (
    "conv: {{filters: {n}, kernel: 3, pad: 1}}",
    "batchnorm",
    "relu",
    "maxpool: {{kernel: 3, stride: 1, pad: 1}}",
    "conv: {{filters: {n}, kernel: 1}}",
    "lrn: 5",
    "relu",
    "avgpool: {{kernel: [3, 5], stride: 1, pad: [1, 2]}}",
)


def chain(layers: int) -> Source:
    """Write a spec of so many layers that all differ, by their channels at least."""
    lines = ["  - " + KINDS[i % len(KINDS)].format(n=1 + i * 7919 % PRIME) for i in range(layers)]
    return Source("chain.yaml", "\n".join(["input: 56x48x3", "layers:", *lines, ""]))


def window(layer: Any, rank: int) -> dict[str, Any]:  # noqa: ANN401
    """Write a window's fields as ONNX attributes."""

    def spread(values: Any) -> list[Any]:  # noqa: ANN401
        return list(values * rank if len(values) == 1 else values)

    kernel, stride = spread(layer.kernel), spread(layer.stride or layer.kernel)
    ends = spread(layer.pad.pairs)
    if layer.pad.mode == "same":
        assert set(stride) == {1}
        ends = [((size - 1) // 2, size // 2) for size in kernel]
    before, after = zip(*ends, strict=True)
    found = {"kernel_shape": kernel, "strides": stride, "pads": [*before, *after]}
    if layer.rounding == "floor":
        return found
    assert layer.rounding == "ceil"
    return {**found, "ceil_mode": 1}


#: Type word -> the ONNX operator and its attributes.
OPERATORS: dict[str, tuple[str, Callable[[Any, int], dict[str, Any]]]] = {
    "conv": ("Conv", window),
    "maxpool": ("MaxPool", window),
    "avgpool": ("AveragePool", window),
    "dense": ("Gemm", lambda *_: {"transB": 1}),
    "batchnorm": ("BatchNormalization", lambda *_: {}),
    "lrn": ("LRN", lambda layer, _: {"size": layer.size}),
    "relu": ("Relu", lambda *_: {}),
    "dropout": ("Dropout", lambda *_: {}),
    "flatten": ("Flatten", lambda *_: {"axis": 1}),
    "softmax": ("Softmax", lambda *_: {"axis": 1}),
    "concat": ("Concat", lambda *_: {"axis": 1}),
    "add": ("Sum", lambda *_: {}),
    "global_avgpool": ("GlobalAveragePool", lambda *_: {}),
}


def as_onnx(report: Report) -> Any:  # noqa: ANN401
    """Write a network as an ONNX model; its weights are inputs, so that it carries no data."""
    from onnx import TensorProto, helper

    def typed(name: str, extents: tuple[int, ...]) -> Any:  # noqa: ANN401
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, extents)

    inputs, nodes = [], []
    for row in report.rows:
        if row.type == "input":
            inputs.append(typed(row.name, (1, row.output.channels, *row.output.sides)))
            continue
        operator, attributes = OPERATORS[row.type]
        sources = list(row.sources)
        if row.type == "dense" and row.inputs[0].sides:
            nodes.append(helper.make_node("Flatten", sources, [f"{row.name}_flat"], axis=1))
            sources = [f"{row.name}_flat"]
        arrays = [typed(f"{row.name}_{each.name}", each.shape) for each in row.parameters]
        names = [*sources, *(array.name for array in arrays)]
        inputs += arrays
        fields = attributes(row.layer, len(row.inputs[0].sides))
        nodes.append(helper.make_node(operator, names, [row.name], **fields))
    last = helper.make_tensor_value_info(report.rows[-1].name, TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "network", inputs, [last])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def check(inferred: ModelProto, report: Report) -> None:
    """Require that ONNX inferred every shape, and the same ones."""
    shapes = {each.name: each.type.tensor_type.shape for each in inferred.graph.value_info}
    shapes |= {each.name: each.type.tensor_type.shape for each in inferred.graph.output}
    for row in report.rows[1:]:
        dims = [dim.dim_value for dim in shapes[row.name].dim]
        assert dims == [1, row.output.channels, *row.output.sides], row.name


if __name__ == "__main__":  # python chain.py SPEC FILE: write a spec as ONNX, print its layers
    import onnx

    import shapecalc

    network = shapecalc.summarize(sys.argv[1])
    model = as_onnx(network)
    check(onnx.shape_inference.infer_shapes(model), network)
    onnx.save(model, sys.argv[2])
    print(len(network.rows) - 1)

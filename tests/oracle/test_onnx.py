"""ONNX's shape inference as judge: convolutions and pools, explicit pads and `auto_pad`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from draw import layers
from hypothesis import given, settings
from hypothesis import strategies as st
from judge import answer, need

from shapecalc.layers import layer_class
from shapecalc.shape import Map, Shape

if TYPE_CHECKING:
    from shapecalc.layers.base import Layer

onnx = need("onnx")
helper = need("onnx.helper")
FLOAT = onnx.TensorProto.FLOAT

pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore")]

#: Our word -> the operator, and the values of its fields that ONNX has.
OPERATORS = {
    "conv": "Conv",
    "transposed": "ConvTranspose",
    "maxpool": "MaxPool",
    "avgpool": "AveragePool",
}
ONLY: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "conv": {"bias": st.booleans(), "rounding": st.just("floor")},
    "transposed": {"bias": st.booleans()},
    "maxpool": {"rounding": st.sampled_from(["floor", "ceil"])},
    "avgpool": {"rounding": st.sampled_from(["floor", "ceil"])},
}


def spread(values: tuple[Any, ...], x: Shape) -> list[Any]:
    return list(values * len(x.sides) if len(values) == 1 else values)


def node(layer: Layer, x: Map, lower: bool = False) -> tuple[Any, list[Any]]:
    """Write a layer as an ONNX node; return it with its arrays' types."""
    options: dict[str, Any] = {
        "kernel_shape": spread(layer.kernel, x),
        "strides": spread(layer.kernel if layer.stride is None else layer.stride, x),
        "dilations": spread(layer.dilation, x),
    }
    if layer.pad.mode == "given":
        before, after = zip(*spread(layer.pad.pairs, x), strict=True)
        options["pads"] = [*before, *after]
    elif layer.pad.mode == "valid":
        options["auto_pad"] = "VALID"
    else:
        options["auto_pad"] = "SAME_LOWER" if lower else "SAME_UPPER"
    if layer.type in ("maxpool", "avgpool"):
        options["ceil_mode"] = int(layer.rounding == "ceil")
        return helper.make_node(OPERATORS[layer.type], ["x"], ["y"], **options), []
    options["group"] = layer.groups
    kernel = (layer.filters, x.channels // layer.groups)
    if layer.type == "transposed":
        kernel = (x.channels, layer.filters // layer.groups)
        if layer.output_padding is not None:
            options["output_padding"] = spread(layer.output_padding, x)
    arrays = [helper.make_tensor_value_info("w", FLOAT, [*kernel, *options["kernel_shape"]])]
    if layer.bias:
        arrays.append(helper.make_tensor_value_info("b", FLOAT, [layer.filters]))
    names = ["x", *(array.name for array in arrays)]
    return helper.make_node(OPERATORS[layer.type], names, ["y"], **options), arrays


def inferred(layer: Layer, x: Map, lower: bool = False) -> tuple[int, ...]:
    """Return the output's extents as ONNX infers them; raises when it refuses."""
    made, arrays = node(layer, x, lower)
    given = helper.make_tensor_value_info("x", FLOAT, [2, x.channels, *x.sides])
    y = helper.make_tensor_value_info("y", FLOAT, None)
    graph = helper.make_graph([made], "alone", [given, *arrays], [y])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)])
    result = onnx.shape_inference.infer_shapes(model, strict_mode=True, check_type=True)
    return tuple(dim.dim_value for dim in result.graph.output[0].type.tensor_type.shape.dim)


@pytest.mark.parametrize("word", OPERATORS)
@settings(max_examples=1500, deadline=None)
@given(data=st.data(), lower=st.booleans())
def test_any_layer_is_onnx_s(word: str, data: st.DataObject, lower: bool) -> None:
    layer, (x,) = data.draw(layers(word, **ONLY[word]))
    report = answer(layer, x)
    if report is None:
        return
    output = report["layer"].output
    assert inferred(layer, x, lower) == (2, output.channels, *output.sides)

"""ONNX's shape inference as judge: convolutions and pools, explicit pads and `auto_pad`.

It judges what we take; it refuses little itself, and gives zero and negative extents.
"""

from __future__ import annotations

from typing import Any

import pytest
from draw import layers
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st
from judge import AnyLayer, answer, need, taken

from shapecalc.layers import layer_class
from shapecalc.layers.fields import MODES
from shapecalc.layers.shape import Map, Shape

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


def node(layer: AnyLayer, x: Map, lower: bool = False) -> tuple[Any, list[Any]]:
    """Write a layer as an ONNX node; return it with its arrays' types."""
    options: dict[str, Any] = {
        "kernel_shape": spread(layer.kernel, x),
        "strides": spread(layer.kernel if layer.stride is None else layer.stride, x),
        "dilations": spread(layer.dilation, x),
    }
    if layer.pad.mode == "given":
        before, after = zip(*spread(layer.pad.pairs, x), strict=True)
        options["pads"] = [*before, *after]
    elif layer.pad.mode == "causal":
        taps = zip(options["kernel_shape"], options["dilations"], strict=True)
        options["pads"] = [*(d * (k - 1) for k, d in taps), *(0 for _ in x.sides)]
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


def inferred(layer: AnyLayer, x: Map, lower: bool = False) -> tuple[int, ...]:
    """Return the output's extents as ONNX infers them; raises when it refuses."""
    made, arrays = node(layer, x, lower)
    given = helper.make_tensor_value_info("x", FLOAT, [2, x.channels, *x.sides])
    y = helper.make_tensor_value_info("y", FLOAT, None)
    graph = helper.make_graph([made], "alone", [given, *arrays], [y])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)])
    result = onnx.shape_inference.infer_shapes(model, strict_mode=True, check_type=True)
    return tuple(dim.dim_value for dim in result.graph.output[0].type.tensor_type.shape.dim)


def onnx_agrees(layer: AnyLayer, x: Map) -> bool:
    """Tell whether ONNX means the same by `same` and `valid`: they are Keras's."""
    if layer.type != "transposed" or layer.pad.mode == "given":
        return True
    fields = (spread(each, x) for each in (layer.kernel, layer.stride, layer.dilation))
    short = any(d * (k - 1) + 1 < s for k, s, d in zip(*fields, strict=True))
    return layer.output_padding is None and not short


@pytest.mark.parametrize("word", OPERATORS)
@settings(max_examples=1500, deadline=None)
@given(data=st.data(), lower=st.booleans())
def test_any_layer_is_onnx_s(word: str, data: st.DataObject, lower: bool) -> None:
    layer, (x,) = data.draw(layers(word, only=ONLY[word]))
    assume(onnx_agrees(layer, x))
    report = answer(layer, x)
    if report is None:
        reject()
    output = report["layer"].output
    assert inferred(layer, x, lower) == (2, output.channels, *output.sides)


# -- where the two differ -----------------------------------------------------------------------


def test_a_window_that_misses_the_input_by_less_than_a_stride() -> None:
    """Its division truncates towards 0, where floor((1 - 3)/3) + 1 is 0; PyTorch refuses too."""
    layer = layer_class("maxpool")(kernel=(3,))
    assert inferred(layer, Map((1, 7), 5)) == (2, 5, 1, 2)
    assert answer(layer, Map((1, 7), 5)) is None


def test_same_with_a_kernel_shorter_than_the_stride() -> None:
    """Its text says "output_shape[i] = input_shape[i] * strides[i]", but it infers fewer."""
    layer = layer_class("transposed")(filters=5, kernel=(2,), stride=(3,), pad=MODES["same"])
    assert inferred(layer, Map((4, 7), 2)) == (2, 5, 11, 20)
    report = taken(layer, Map((4, 7), 2))
    assert report["layer"].output == Map((12, 21), 5)


def test_valid_with_a_kernel_shorter_than_the_stride() -> None:
    """Its `VALID` has no padding, Keras's also fills up the last stride."""
    layer = layer_class("transposed")(filters=5, kernel=(2,), stride=(3,), pad=MODES["valid"])
    assert inferred(layer, Map((4, 7), 2)) == (2, 5, 11, 20)
    report = taken(layer, Map((4, 7), 2))
    assert report["layer"].output == Map((12, 21), 5)


def test_same_with_an_output_padding() -> None:
    """It adds the output padding to n*stride, Keras to (n - 1)*stride + kernel mod 2."""
    layer = layer_class("transposed")(
        filters=5, kernel=(3,), stride=(2,), pad=MODES["same"], output_padding=(1,)
    )
    assert inferred(layer, Map((4, 7), 2)) == (2, 5, 9, 15)
    report = taken(layer, Map((4, 7), 2))
    assert report["layer"].output == Map((8, 14), 5)


def test_a_wrong_node_is_caught() -> None:
    right = layer_class("conv")(filters=5, kernel=(3,), stride=(2,))
    wrong = layer_class("conv")(filters=5, kernel=(3,), stride=(3,))
    report = taken(right, Map((11, 14), 2))
    assert report["layer"].output == Map((5, 6), 5)
    assert inferred(right, Map((11, 14), 2)) == (2, 5, 5, 6)
    assert inferred(wrong, Map((11, 14), 2)) != (2, 5, 5, 6)

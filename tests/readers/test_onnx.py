"""ONNX files become specs: what each operation is, what names they get, and what is told."""

from __future__ import annotations

import struct
from itertools import pairwise
from operator import attrgetter
from random import Random
from time import process_time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import shapecalc
from shapecalc.cli import main
from shapecalc.errors import SpecErrors
from shapecalc.layers.axes import chosen
from shapecalc.layers.shape import Map
from shapecalc.readers import MODEL_FILES
from shapecalc.readers.protobuf import packed
from shapecalc.spec.find import tree_of
from shapecalc.text import Source
from tests.readers.onnx_bytes import block, elsewhere, model, node, tensor
from tests.runner import runner

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from shapecalc.report import Report


@pytest.fixture
def read(tmp_path: Path):
    def reading(data: bytes) -> Report:
        path = tmp_path / "net.onnx"
        path.write_bytes(data)
        return shapecalc.summarize(path)

    return reading


def rows(report: Report) -> list[tuple[str, str, str]]:
    """Return the layers' names, types and outputs."""
    shapes = [row.output for row in report.rows]
    texts = ["x".join(map(str, (*shape.sides, shape.channels))) for shape in shapes]
    return [(row.name, row.type, text) for row, text in zip(report.rows, texts, strict=True)][1:]


#: A convolution, its activation and a pool, a flatten and a dense layer, as PyTorch exports them.
SMALL = [
    node("Conv", "x c.weight c.bias", "a", "/c/Conv", pads=[1, 1, 1, 1], kernel_shape=[3, 3]),
    node("Relu", "a", "b", "/relu/Relu"),
    node("MaxPool", "b", "p", "/pool/MaxPool", kernel_shape=[2, 2], strides=[2, 2]),
    node("Flatten", "p", "f", "/Flatten"),
    node("Gemm", "f fc.weight fc.bias", "y", "/fc/Gemm", transB=1),
]
ARRAYS = {"c.weight": [8, 3, 3, 3], "c.bias": [8], "fc.weight": [10, 8 * 4 * 5], "fc.bias": [10]}
SMALL_NET = model(SMALL, {"x": [1, 3, 8, 10]}, {"y": [1, 10]}, ARRAYS)


def test_a_small_network_is_read(read) -> None:
    report = read(SMALL_NET)
    assert rows(report) == [
        ("c", "conv", "8x10x8"),
        ("relu", "relu", "8x10x8"),
        ("pool", "maxpool", "4x5x8"),
        ("flatten", "flatten", "160"),
        ("fc", "dense", "10"),
    ]
    assert report.totals.params == 8 * 27 + 8 + 160 * 10 + 10
    assert report.totals.macs == 8 * 10 * 8 * 27 + 1600
    assert report.remarks == ()


@pytest.mark.parametrize("batch", [1, 4, "N", None])
def test_the_batch_is_left_out(read, batch) -> None:
    data = model(SMALL, {"x": [batch, 3, 8, 10]}, {"y": [batch, 10]}, ARRAYS)
    assert rows(read(data)) == rows(read(SMALL_NET))


def test_weights_may_lie_in_another_file_or_be_inputs(read) -> None:
    arrays = {name: elsewhere(name, dims) for name, dims in ARRAYS.items()}
    outside = model(SMALL, {"x": [1, 3, 8, 10]}, {"y": [1, 10]}, arrays)
    given = model(SMALL, {"x": [1, 3, 8, 10], **ARRAYS}, {"y": [1, 10]})
    for data in (outside, given):
        assert read(data).totals.params == read(SMALL_NET).totals.params


def one(op: str, dims: Sequence[int], arrays: dict[str, Any] | None = None, *,
        opset: int = 20, **attributes: Any) -> bytes:  # fmt: skip
    """Write a model of one operation."""
    inputs = " ".join(["x", *(arrays or {})])
    return model(
        [node(op, inputs, "y", **attributes)], {"x": dims}, {"y": None}, arrays, opset=opset
    )


@pytest.mark.parametrize(
    ("axis", "opset", "over"),
    [(2, 20, ("positions",)), (-2, 20, (0,)), (1, 20, ("channels",)), (1, 11, ("channels", 0, 1))],
)
def test_a_softmax_is_over_its_axes(read, axis, opset, over) -> None:
    dims = [1, 3, 4] if over == ("positions",) else [1, 3, 4, 5]
    made = model([node("Conv", "x w", "c"), node("Softmax", "c", "y", axis=axis)],
                 {"x": dims}, {"y": None}, {"w": [6, 3, *[1] * (len(dims) - 2)]}, opset=opset)  # fmt: skip
    layer = read(made).rows[-1].layer
    assert layer.type == "softmax"
    shape = read(made).rows[-1].output
    assert chosen(layer.over, shape) == tuple(sorted(chosen(over, shape)))


@pytest.mark.parametrize(
    ("file", "data", "kind"),
    [
        ("model.onnx.data", [0, 1, 2, 3], "reshape"),
        ("model.onnx.data", [0, 1, 2], "opaque"),  # too few
        ("missing.data", [0, 1, 2, 3], "opaque"),
        ("../outside.data", [0, 1, 2, 3], "opaque"),
    ],
)
def test_places_may_lie_in_a_file_of_the_models_folder(
    file: str, data: list[int], kind: str, tmp_path: Path
) -> None:
    folder = tmp_path / "net"
    folder.mkdir()
    for path in (folder / "model.onnx.data", tmp_path / "outside.data"):
        path.write_bytes(struct.pack(f"<{len(data)}q", *data))
    arrays = {"at": elsewhere("at", [2, 2], 7, file)}
    nodes = [node("Relu", "x", "r"), node("Gather", "r at", "y", axis=1)]
    (folder / "net.onnx").write_bytes(model(nodes, {"x": [1, 4]}, {"y": [1, 2, 2]}, arrays))
    assert shapecalc.summarize(folder / "net.onnx").rows[-1].type == kind


@pytest.mark.parametrize(
    ("numbers", "pads", "mode", "kinds"),
    [
        ([0.25, 0.5, 0.25], [1, 1], "reflect", ["blurpool"]),
        ([0.125, 0.375, 0.375, 0.125], [1, 2], "reflect", ["blurpool"]),
        ([0.25, 0.5, 0.2], [1, 1], "reflect", ["pad", "depthwise"]),
        ([0.25, 0.5, 0.25], [1, 1], "edge", ["pad", "depthwise"]),
        ([0.25, 0.5, 0.25], [0, 2], "reflect", ["pad", "depthwise"]),
    ],
)
def test_a_filter_that_blurs_is_known_by_its_numbers(read, numbers, pads, mode, kinds) -> None:
    arrays = {
        "p": tensor("p", [6], [0, 0, pads[0], 0, 0, pads[1]]),
        "w": tensor("w", [5, 1, len(numbers)], numbers * 5),
    }
    nodes = [
        node("Pad", "x p", "m", mode=mode),
        node("Conv", "m w", "y", group=5, strides=[3]),
    ]
    report = read(model(nodes, {"x": [1, 5, 11]}, {"y": [1, 5, 4]}, arrays))
    assert [row.type for row in report.rows[1:]] == kinds
    assert rows(report)[-1][2] == "4x5"


def test_a_table_is_looked_up_and_a_head_uses_it(read) -> None:
    made = model(
        [
            node("Gather", "words x", "e"),
            node("Relu", "e", "r"),
            node("Transpose", "words", "t", perm=[1, 0]),
            node("MatMul", "r t", "y"),
        ],
        {"x": [1, 7]}, {"y": [1, 7, 11]}, {"words": [11, 5]},
    )  # fmt: skip
    report = read(made)
    assert [(row.type, str(row.params)) for row in report.rows[1:]] == [
        ("embedding", "55"), ("relu", "0"), ("dense", "0"),
    ]  # fmt: skip
    assert report.totals.macs == 7 * 55
    assert rows(report)[-1][2] == "7x11"


@pytest.mark.parametrize(
    ("numbers", "changed", "counted"),
    [
        ([0.5 * n for n in range(55)], 0, 0),
        ([0.5 * n for n in range(55)], 7, 55),
        ([0.5] * 55, 0, 55),
    ],
)
def test_a_head_whose_weights_are_the_tables_turned_around_is_counted_once(
    read, numbers, changed, counted
) -> None:
    turned = [numbers[5 * (at % 11) + at // 11] for at in range(55)]
    turned[changed] += 3.5 * bool(changed)
    arrays = {"words": tensor("words", [11, 5], numbers), "head": tensor("head", [5, 11], turned)}
    nodes = [node("Gather", "words x", "e"), node("MatMul", "e head", "y")]
    report = read(model(nodes, {"x": [1, 7]}, {"y": [1, 7, 11]}, arrays))
    assert [row.params for row in report.rows[1:]] == [55, counted]
    assert len(report.remarks) == (not counted)


def test_a_product_with_a_table_the_other_way_is_a_layer_of_its_own(read) -> None:
    flow = [
        node("Gather", "words x", "e"),
        node("MatMul", "e up", "u"),
        node("MatMul", "u words", "y"),
    ]
    made = model(flow, {"x": [1, 7]}, {"y": [1, 7, 5]}, {"words": [11, 5], "up": [5, 11]})
    assert [row.params for row in read(made).rows[1:]] == [55, 55, 55]


OPEN = model(SMALL, {"x": ["N", 3, "height", "width"]}, {"y": ["N", 10]}, ARRAYS)


def test_an_open_side_is_refused(read) -> None:
    with pytest.raises(SpecErrors, match="leaves sizes open") as caught:
        read(OPEN)
    assert caught.value.problems[0].hint == "give them: --input 224x224x3"


def test_an_open_side_is_as_large_as_the_input_that_is_given(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(OPEN)
    fixed = tmp_path / "fixed.onnx"
    fixed.write_bytes(model(SMALL, {"x": [1, 3, 8, 10]}, {"y": [1, 10]}, ARRAYS))
    given = shapecalc.summarize(path, input="8x10x3")
    assert rows(given) == rows(shapecalc.summarize(fixed))
    result = runner().invoke(main, ["verify", str(path), "--input", "8x10x3"])
    assert result.exit_code == 0, result.output
    assert "the weights of model.onnx" in result.output


def test_of_several_open_inputs_each_is_named(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    inputs = {"a": ["N", 3, "H", "W"], "b": ["N", 3, "H", "W"]}
    path.write_bytes(model([node("Add", "a b", "y")], inputs, {"y": ["N", 3, "H", "W"]}, {}))
    report = shapecalc.summarize(path, input={"a": "5x6x3", "b": "5x6x3"})
    assert rows(report)[-1] == ("y", "add", "5x6x3")
    with pytest.raises(SpecErrors) as caught:
        shapecalc.summarize(path, input={"a": "5x6x3"})
    assert caught.value.problems[0].hint == "give them: --input b=224x224x3"


def test_an_image_that_is_scaled_has_its_channels_where_a_convolution_takes_them(read) -> None:
    nodes = [
        node("Mul", "x k", "a"),
        node("Sub", "a m", "b"),
        node("Transpose", "b", "t", perm=[0, 3, 1, 2]),
        node("Conv", "t w", "y", kernel_shape=[3, 3]),
    ]
    arrays = {"k": tensor("k", [], [0.5]), "m": [3], "w": [4, 3, 3, 3]}
    report = read(model(nodes, {"x": [1, 8, 10, 3]}, {"y": [1, 4, 6, 8]}, arrays))
    assert [row.type for row in report.rows] == ["input", "multiply", "bias", "conv"]
    assert (report.totals.params, report.totals.macs) == (3 + 108, 48 * 108)


@pytest.mark.parametrize(
    "shape", ["8x10x4", "8x10", "8x10xC", "Hx10.5x3", "8x10x3x3", "8x-1x3", ""]
)
def test_an_input_that_does_not_fit_an_open_one_is_refused(shape: str, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(OPEN)
    with pytest.raises(SpecErrors, match="1x3xheightxwidth") as caught:
        shapecalc.summarize(path, input=shape)
    assert caught.value.problems[0].code == "E303"


def test_tensors_of_whole_numbers_are_read(read) -> None:
    shape = tensor("s", [2], [0, -1])
    data = model([node("Reshape", "x s", "y")], {"x": [2, 3, 4, 5]}, {"y": [2, 60]}, {"s": shape})
    assert rows(read(data)) == [("y", "flatten", "60")]


def test_numbers_side_by_side_may_be_negative() -> None:
    minus_two = bytes([0xFE, *[0xFF] * 8, 1])  # of 64 bits, seven to a byte
    assert packed(b"\x03" + minus_two, "int", 0) == [3, -2]


#: A product of three values, of which no layer knows.
EINSUM = [
    node("Conv", "x w", "a", "c", kernel_shape=[1, 1]),
    node("Einsum", "a m", "b", "mix", equation="bchw,cd->bdhw"),
    node("Relu", "b", "y", "last"),
]


def einsum(stated: dict[str, Any]) -> bytes:
    return model(
        EINSUM, {"x": [1, 3, 4, 5]}, {"y": [1, 6, 4, 5]}, {"w": [8, 3, 1, 1], "m": [8, 6]}, stated
    )


def test_what_has_no_rule_is_a_row_of_unknown_costs(read) -> None:
    report = read(einsum({"b": [1, 6, 4, 5]}))
    assert rows(report)[1] == ("mix", "opaque", "4x5x6")
    assert report.remarks == (
        "partial: 1 Einsum without a rule; totals are those of all other layers, at least",
    )
    assert report["mix"].params == 48
    assert not report["mix"].is_counted
    line = next(text for text in report.render("csv").splitlines() if text.startswith("mix,"))
    assert "?" in line.split(",")
    assert report.totals.macs == 20 * 24


def test_what_has_no_shape_either_is_left_out_and_listed(read) -> None:
    report = read(einsum({}))
    assert [name for name, *_ in rows(report)] == ["c"]
    assert report.remarks[0].startswith(
        "partial: 1 Einsum and 1 Relu behind it left out, as there is no rule for them"
    )


@pytest.mark.parametrize(("stated", "code"), [({"b": [1, 6, 4, 5]}, 1), ({}, 1)])
def test_strict_does_not_pass_what_is_partial(stated, code, tmp_path) -> None:
    (tmp_path / "net.onnx").write_bytes(einsum(stated))
    path = str(tmp_path / "net.onnx")
    assert runner().invoke(main, ["summarize", path]).exit_code == 0
    assert runner().invoke(main, ["summarize", path, "--strict"]).exit_code == code
    (tmp_path / "net.onnx").write_bytes(SMALL_NET)
    assert runner().invoke(main, ["summarize", path, "--strict"]).exit_code == 0


@pytest.mark.parametrize("stated", [{"b": [1, 6, 4, 5]}, {}], ids=["row", "left out"])
@pytest.mark.parametrize(
    "words",
    [["explain", "c"], ["sweep", "--over", "c.filters=6:8"], ["solve", "params <= 1M", "--over", "c.filters=6:8"],
     ["compare", "lenet5"], ["training"], ["reconcile", "torchinfo", "fvcore"]],
)  # fmt: skip
def test_strict_is_every_commands(words, stated, tmp_path) -> None:
    path = tmp_path / "net.onnx"
    command, *more = words
    codes = []
    for data, strict in (
        (einsum(stated), []),
        (einsum(stated), ["--strict"]),
        (SMALL_NET, ["--strict"]),
    ):
        path.write_bytes(data)
        done = runner().invoke(main, [command, str(path), *more, *strict])
        assert done.exit_code != 2, done.output
        codes.append(done.exit_code)
    assert codes == [0, 1, 0]


@pytest.mark.parametrize(
    "words",
    [["explain", "mix"], ["verify"], ["sweep", "--over", "c.filters=6:8"],
     ["solve", "params <= 1M", "--over", "c.filters=6:8"], ["compare", "lenet5"], ["training"]],
)  # fmt: skip
def test_every_command_lives_with_what_has_no_rule(words, tmp_path) -> None:
    (tmp_path / "net.onnx").write_bytes(einsum({"b": [1, 6, 4, 5]}))
    command, *more = words
    done = runner().invoke(main, [command, str(tmp_path / "net.onnx"), *more])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert done.exit_code != 2, done.output


def test_training_does_not_call_it_nothing(tmp_path) -> None:
    (tmp_path / "net.onnx").write_bytes(einsum({"b": [1, 6, 4, 5]}))
    done = runner().invoke(main, ["training", str(tmp_path / "net.onnx")])
    (line,) = (text for text in done.stdout.splitlines() if text.startswith("mix"))
    assert line.split()[1:] == ["48", "?", "?", "?", "?"]


def test_running_says_that_it_cannot_be_run(tmp_path) -> None:
    (tmp_path / "net.onnx").write_bytes(einsum({"b": [1, 6, 4, 5]}))
    done = runner().invoke(main, ["run", str(tmp_path / "net.onnx")])
    assert done.exit_code == 2
    assert "mix cannot be run: Einsum is an operation of another program" in done.stderr
    assert "mistake of shapecalc" not in done.stderr


def test_explain_does_not_call_it_nothing(tmp_path) -> None:
    (tmp_path / "net.onnx").write_bytes(einsum({"b": [1, 6, 4, 5]}))
    done = runner().invoke(main, ["explain", str(tmp_path / "net.onnx"), "mix", "--of", "macs"])
    assert "MACs: ?" in done.stdout
    assert "What Einsum computes is not known" in done.stdout


#: An operation, what flows in, its arrays, its attributes; and what comes out: types, the last
#: output, parameters, MACs.  Worked out by hand.
OPERATIONS: list[tuple[str, list[int], dict[str, Any], dict[str, Any], str, str, int, int]] = [
    ("Conv", [1, 4, 9, 11], {"w": [6, 2, 3, 5]}, {"group": 2, "strides": [2, 1]}, "conv", "4x7x6", 180, 28 * 180),
    ("Conv", [1, 4, 9, 11], {"w": [8, 1, 3, 3]}, {"group": 4, "auto_pad": "SAME_UPPER", "strides": [2, 2]}, "depthwise", "5x6x8", 72, 30 * 72),
    ("Conv", [1, 4, 10], {"w": [6, 4, 4]}, {"auto_pad": "SAME_LOWER", "strides": [3]}, "conv", "4x6", 96, 384),
    ("Conv", [1, 2, 5, 6, 7], {"w": [3, 2, 2, 2, 2], "b": [3]}, {"dilations": [1, 2, 3]}, "conv", "4x4x4x3", 51, 64 * 48),
    ("ConvTranspose", [1, 4, 5, 6], {"w": [4, 3, 3, 2]}, {"strides": [2, 3], "pads": [1, 0, 0, 1], "output_padding": [1, 2], "group": 2}, "transposed", "11x18x6", 72, 30 * 72),
    ("ConvTranspose", [1, 2, 5], {"w": [2, 3, 4]}, {"strides": [2], "output_shape": [11]}, "transposed", "11x3", 24, 120),
    ("MaxPool", [1, 3, 7, 9], {}, {"kernel_shape": [3, 2], "strides": [2, 2], "ceil_mode": 1, "pads": [0, 1, 0, 0]}, "maxpool", "3x5x3", 0, 0),
    ("MaxPool", [1, 3, 6, 6], {}, {"kernel_shape": [3, 3], "strides": [4, 4], "pads": [1, 1, 1, 1], "ceil_mode": 1}, "maxpool", "2x2x3", 0, 0),
    ("AveragePool", [1, 3, 7], {}, {"kernel_shape": [3], "pads": [1, 1]}, "avgpool", "7x3", 0, 0),
    ("GlobalAveragePool", [1, 3, 7, 5], {}, {}, "global_avgpool", "1x1x3", 0, 0),
    ("GlobalMaxPool", [1, 3, 7, 5], {}, {}, "global_maxpool", "1x1x3", 0, 0),
    ("ReduceMean", [1, 3, 7, 5], {"axes": tensor("axes", [2], [-1, -2])}, {}, "global_avgpool", "1x1x3", 0, 0),
    ("ReduceMean", [1, 3, 7, 5], {"axes": tensor("axes", [2], [2, 3])}, {"keepdims": 0}, "mean", "3", 0, 0),
    ("ReduceMax", [1, 3, 7, 5], {"axes": tensor("axes", [1], [3])}, {"keepdims": 0}, "max", "7x3", 0, 0),
    ("ReduceSum", [1, 3, 7, 5], {"axes": tensor("axes", [1], [1])}, {}, "sum", "7x5x1", 0, 0),
    ("Gemm", [1, 12], {"w": [12, 5], "b": [5]}, {}, "dense", "5", 65, 60),
    ("Gemm", [1, 12], {"w": [5, 12]}, {"transB": 1}, "dense", "5", 60, 60),
    ("MatMul", [1, 7, 12], {"w": [12, 5]}, {}, "dense", "7x5", 60, 420),
    ("BatchNormalization", [1, 3, 7, 5], {"g": [3], "b": [3], "m": [3], "v": [3]}, {}, "batchnorm", "7x5x3", 6, 0),
    ("InstanceNormalization", [1, 3, 7, 5], {"g": [3], "b": [3]}, {}, "instancenorm", "7x5x3", 6, 0),
    ("GroupNormalization", [1, 4, 7, 5], {"g": [4], "b": [4]}, {"num_groups": 2}, "groupnorm", "7x5x4", 8, 0),
    ("LayerNormalization", [1, 7, 6], {"g": [6], "b": [6]}, {}, "layernorm", "7x6", 12, 0),
    ("LayerNormalization", [1, 3, 7, 5], {"g": [3, 7, 5], "b": [3, 7, 5]}, {"axis": 1}, "layernorm", "7x5x3", 210, 0),
    ("LRN", [1, 6, 7, 5], {}, {"size": 5}, "lrn", "7x5x6", 0, 0),
    ("LpNormalization", [1, 6, 7, 5], {}, {"axis": 1}, "l2norm", "7x5x6", 0, 0),
    ("Clip", [1, 6], {"lo": tensor("lo", [], [0.0]), "hi": tensor("hi", [], [6.0])}, {}, "relu6", "6", 0, 0),
    ("Clip", [1, 6], {"lo": tensor("lo", [], [-1.5]), "hi": tensor("hi", [], [2.5])}, {}, "clip", "6", 0, 0),
    ("PRelu", [1, 6, 4, 5], {"s": [6, 1, 1]}, {}, "prelu", "4x5x6", 6, 0),
    ("PRelu", [1, 6, 4, 5], {"s": [1]}, {}, "prelu", "4x5x6", 1, 0),
    ("LeakyRelu", [1, 6], {}, {"alpha": 0.2}, "leaky_relu", "6", 0, 0),
    ("Softmax", [1, 6], {}, {}, "softmax", "6", 0, 0),
    ("LogSoftmax", [1, 6], {}, {}, "softmax log", "6", 0, 0),
    ("Softmax", [1, 3, 4, 5], {}, {"axis": 2}, "softmax", "4x5x3", 0, 0),
    ("Pow", [1, 6], {"e": tensor("e", [], [3.0])}, {}, "power", "6", 0, 0),
    ("Add", [1, 6, 4, 5], {"b": [6, 1, 1]}, {}, "bias", "4x5x6", 6, 0),
    ("Mul", [1, 6, 4, 5], {"b": [6, 4, 5]}, {}, "scale", "4x5x6", 120, 0),
    ("Mul", [1, 6, 4, 5], {"b": tensor("b", [1], [0.5])}, {}, "multiply", "4x5x6", 0, 0),
    ("Add", [1, 7, 12], {"b": [1, 7, 12]}, {}, "position_embedding", "7x12", 84, 0),
    ("Flatten", [1, 3, 4, 5], {}, {"axis": 1}, "flatten", "60", 0, 0),
    ("Reshape", [1, 3, 4, 5], {"s": tensor("s", [3], [0, 3, 20])}, {}, "reshape", "20x3", 0, 0),
    ("Pad", [1, 3, 4, 5], {"p": tensor("p", [8], [0, 0, 1, 2, 0, 0, 0, 3])}, {}, "pad", "5x10x3", 0, 0),
    ("Pad", [1, 3, 4, 5], {"p": tensor("p", [8], [0, 1, 0, 0, 0, 2, 0, 0])}, {}, "pad_channels", "4x5x6", 0, 0),
    ("Pad", [1, 3, 4, 5], {"p": tensor("p", [8], [0, 0, -1, 0, 0, 0, 0, -2])}, {}, "crop", "3x3x3", 0, 0),
    ("Slice", [1, 6, 9, 5], {"a": tensor("a", [2], [1, 2]), "b": tensor("b", [2], [4, 99]), "c": tensor("c", [2], [1, 2]), "d": tensor("d", [2], [1, 3])}, {}, "slice", "3x5x3", 0, 0),
    ("Gather", [1, 6, 9, 5], {"i": tensor("i", [], [2])}, {"axis": 1}, "slice", "9x5x1", 0, 0),
    ("Resize", [1, 3, 4, 5], {"r": tensor("r", [0], []), "s": tensor("s", [4], [1.0, 1.0, 2.0, 2.0])}, {}, "upsample", "8x10x3", 0, 0),
    ("Resize", [1, 3, 4, 5], {"r": tensor("r", [0], []), "s": tensor("s", [0], []), "z": tensor("z", [4], [1, 3, 7, 9])}, {"mode": "linear"}, "upsample", "7x9x3", 0, 0),
    ("DepthToSpace", [1, 12, 4, 5], {}, {"blocksize": 2}, "pixel_shuffle", "8x10x3", 0, 0),
    ("ConvInteger", [1, 4, 9, 11], {"w": [6, 4, 3, 3]}, {}, "conv", "7x9x6", 216, 63 * 216),
    ("QLinearConv", [1, 4, 9, 11], {"xs": [1], "xz": [1], "w": [6, 4, 3, 3], "ws": [1], "wz": [1], "ys": [1], "yz": [1], "b": [6]}, {}, "conv", "7x9x6", 222, 63 * 216),
    ("MatMulInteger", [1, 7, 12], {"w": [12, 5]}, {}, "dense", "7x5", 60, 420),
    ("SpaceToDepth", [1, 3, 4, 6], {}, {"blocksize": 2}, "pixel_unshuffle", "2x3x12", 0, 0),
    ("ConvTranspose", [1, 2, 5], {"w": [2, 3, 3]}, {"strides": [2], "auto_pad": "SAME_LOWER"}, "transposed", "10x3", 18, 90),
    ("ConvTranspose", [1, 2, 5], {"w": [2, 3, 3]}, {"strides": [2], "auto_pad": "SAME_UPPER", "output_padding": [1]}, "transposed", "10x3", 18, 90),
    ("ConvTranspose", [1, 2, 5], {"w": [2, 3, 2]}, {"strides": [3], "auto_pad": "SAME_UPPER"}, "transposed", "14x3", 12, 60),
    # a scale of 5/3 is a little less in single precision, and their product is 5 again
    ("Resize", [1, 3, 3, 7], {"r": tensor("r", [0], []), "s": tensor("s", [4], [1.0, 1.0, 5 / 3, 15 / 7])}, {}, "upsample", "5x15x3", 0, 0),
]  # fmt: skip


@pytest.mark.parametrize(
    ("op", "dims", "arrays", "attributes", "kinds", "output", "params", "macs"),
    OPERATIONS,
    ids=[f"{op}-{number}" for number, (op, *_) in enumerate(OPERATIONS)],
)
def test_an_operation_is_a_layer(
    read, op, dims, arrays, attributes, kinds, output, params, macs
) -> None:
    report = read(one(op, dims, arrays, **attributes))
    assert [row.type for row in report.rows[1:]] == kinds.split()
    assert rows(report)[-1][2] == output
    assert (report.totals.params, report.totals.macs) == (params, macs)
    assert report.remarks == ()


#: An operation as above, and a field of its layer that neither its shape nor its costs tell.
FIELDS: list[tuple[str, list[int], dict[str, Any], dict[str, Any], str, object]] = [
    # 3*3 + 4 - 10 in all: what is left over stands at the start, or at the end
    ("Conv", [1, 4, 10], {"w": [6, 4, 4]}, {"auto_pad": "SAME_LOWER", "strides": [3]}, "pad.pairs", ((2, 1),)),
    ("Conv", [1, 4, 9, 11], {"w": [6, 4, 3, 3]}, {"pads": [1, 2, 0, 4]}, "pad.pairs", ((1, 0), (2, 4))),
    ("Pad", [1, 3, 4, 5], {"p": tensor("p", [8], [0, 0, 1, 2, 0, 0, 0, 3])}, {}, "pad.pairs", ((1, 0), (2, 3))),
    ("MaxPool", [1, 3, 7, 9], {}, {"kernel_shape": [2, 2], "strides": [2, 2], "ceil_mode": 1}, "rounding", "ceil"),
    ("AveragePool", [1, 3, 7], {}, {"kernel_shape": [3], "pads": [1, 1]}, "count_include_pad", False),
    ("AveragePool", [1, 3, 7], {}, {"kernel_shape": [3], "pads": [1, 1], "count_include_pad": 1}, "count_include_pad", True),
    ("LRN", [1, 6, 7, 5], {}, {"size": 5, "bias": 2.0}, "k", 2),
    ("ConvTranspose", [1, 2, 5], {"w": [2, 3, 3]}, {"auto_pad": "SAME_LOWER", "strides": [2]}, "pad.pairs", ((1, 0),)),
    ("ConvTranspose", [1, 2, 5], {"w": [2, 3, 3]}, {"auto_pad": "SAME_UPPER", "strides": [2]}, "pad.pairs", ((0, 1),)),
]  # fmt: skip


@pytest.mark.parametrize(("op", "dims", "arrays", "attributes", "field", "value"), FIELDS)
def test_a_field_of_an_operation(read, op, dims, arrays, attributes, field, value) -> None:
    report = read(one(op, dims, arrays, **attributes))
    assert attrgetter(field)(report.rows[-1].layer) == value


def test_a_pool_that_rounds_up_is_as_large_as_the_file_states(read) -> None:
    pool = node("MaxPool", "x", "y", kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1)
    report = read(model([pool], {"x": [1, 3, 7, 9]}, {"y": [1, 3, 4, 5]}))
    assert rows(report)[0][2] == "4x5x3"
    assert report.remarks == ()


def test_a_recurrent_layer_without_biases_has_none(read) -> None:
    arrays = {"w": [1, 28, 5], "r": [1, 28, 7]}
    nodes = [
        node("Transpose", "x", "t", perm=[1, 0, 2]),
        node("LSTM", "t w r", "s", hidden_size=7),
        node("Relu", "s", "y"),
    ]
    report = read(model(nodes, {"x": [1, 6, 5]}, {"y": [6, 1, 1, 7]}, arrays))
    assert report.totals.params == 28 * (5 + 7)


def test_a_number_stands_on_the_side_where_it_is_subtracted_from(read) -> None:
    number = tensor("n", [1], [3.0])
    for inputs, field in (("n x", "left"), ("x n", "right")):
        data = model([node("Sub", inputs, "y")], {"x": [1, 6]}, {"y": [1, 6]}, {"n": number})
        assert attrgetter(field)(read(data).rows[-1].layer) == 3


def test_a_mean_of_values_is_their_sum_by_their_number(read) -> None:
    nodes = [node("Relu", "x", "r"), node("Tanh", "x", "t"), node("Mean", "x r t", "y")]
    report = read(model(nodes, {"x": [1, 6]}, {"y": [1, 6]}))
    assert [row.type for row in report.rows[-2:]] == ["add", "divide"]
    assert attrgetter("right")(report.rows[-1].layer) == 3


def test_parts_of_a_split_are_one_behind_the_other(read) -> None:
    nodes = [node("Split", "x", "a b", axis=1), node("Sub", "a b", "y")]
    report = read(model(nodes, {"x": [1, 6, 4, 5]}, {"y": [1, 3, 4, 5]}))
    parts = [attrgetter("channels")(row.layer) for row in report.rows if row.type == "slice"]
    assert [(part.start.distance, part.stop.distance) for part in parts] == [(0, 3), (3, 6)]


def test_layers_of_one_kernel_and_two_biases_share_nothing(read) -> None:
    nodes = [
        node("Conv", "x w b", "a", "first", pads=[1, 1, 1, 1]),
        node("Conv", "a w c", "y", "second", pads=[1, 1, 1, 1]),
    ]
    arrays = {"w": [3, 3, 3, 3], "b": [3], "c": [3]}
    report = read(model(nodes, {"x": [1, 3, 4, 5]}, {"y": [1, 3, 4, 5]}, arrays))
    assert [row.params for row in report.rows[1:]] == [84, 84]
    assert report.remarks[0].startswith("as stored: 1 array used by several layers")


@pytest.mark.parametrize("op", ["Relu", "Tanh", "Sigmoid", "Softplus", "Elu", "HardSwish", "Gelu", "Mish",
                                "Exp", "Log", "Sqrt", "Abs", "Neg", "Reciprocal", "Dropout"])  # fmt: skip
def test_what_works_by_element_keeps_the_shape(read, op) -> None:
    assert rows(read(one(op, [1, 3, 4, 5])))[-1][2] == "4x5x3"


@pytest.mark.parametrize("op", ["Identity", "Cast"])
def test_what_does_nothing_is_no_layer(read, op) -> None:
    data = model([node(op, "x", "a"), node("Relu", "a", "y")], {"x": [1, 3]}, {"y": [1, 3]})
    assert [kind for _, kind, _ in rows(read(data))] == ["relu"]


@pytest.mark.parametrize(
    ("op", "directions", "gates"), [("LSTM", 2, 4), ("GRU", 1, 3), ("RNN", 2, 1)]
)
def test_recurrent_layers(read, op, directions, gates) -> None:
    d, units = directions, 7
    arrays = {
        "w": [d, gates * units, 5],
        "r": [d, gates * units, units],
        "b": [d, 2 * gates * units],
    }
    nodes = [
        node("Transpose", "x", "t", perm=[1, 0, 2]),
        node(op, "t w r b", "s", hidden_size=units, direction="x"),
        node("Transpose", "s", "u", perm=[0, 2, 1, 3]),
        node("Reshape", "u shape", "y"),
    ]
    shape = tensor("shape", [3], [0, 0, -1])
    report = read(
        model(nodes, {"x": [1, 6, 5]}, {"y": [6, 1, d * units]}, {**arrays, "shape": shape})
    )
    assert rows(report)[-1][2] == f"6x{d * units}"
    assert report.totals.macs == 6 * d * gates * units * (5 + units)
    assert report.totals.params == d * gates * units * (5 + units + 2)


def test_transposes_are_no_layers(read) -> None:
    """A block of ConvNeXt: a norm and dense layers over channels that lie last meanwhile."""
    nodes = [
        node("Conv", "x d", "a", pads=[3, 3, 3, 3], group=8),
        node("Transpose", "a", "b", perm=[0, 2, 3, 1]),
        node("LayerNormalization", "b g h", "c"),
        node("MatMul", "c w", "e"),
        node("Add", "v e", "f"),
        node("Transpose", "f", "t", perm=[0, 3, 1, 2]),
        node("Add", "t x", "y"),
    ]
    arrays = {"d": [8, 1, 7, 7], "g": [8], "h": [8], "w": [8, 8], "v": [8]}
    report = read(model(nodes, {"x": [1, 8, 9, 5]}, {"y": [1, 8, 9, 5]}, arrays))
    assert [row.type for row in report.rows[1:]] == ["depthwise", "layernorm", "dense", "add"]
    assert report.totals.macs == 45 * (8 * 49 + 64)
    assert report.totals.params == 8 * 49 + 16 + 72


def test_a_shape_that_is_computed_is_understood(read) -> None:
    """x.view(x.size(0), -1), as exporters before constant folding wrote it."""
    nodes = [
        node("Shape", "x", "s"),
        node("Gather", "s zero", "n", axis=0),
        node("Unsqueeze", "n axes", "m"),
        node("Concat", "m rest", "t", axis=0),
        node("Reshape", "x t", "y"),
    ]
    arrays = {"zero": tensor("zero", [], [0]), "axes": tensor("axes", [1], [0]),
              "rest": tensor("rest", [1], [-1])}  # fmt: skip
    data = model(nodes, {"x": ["N", 3, 4, 5]}, {"y": ["N", 60]}, arrays)
    assert rows(read(data)) == [("y", "flatten", "60")]


def test_kernels_used_twice_are_shared_and_merged_biases_counted_by_use(read) -> None:
    nodes = [
        node("Conv", "x w b", "a", "first", pads=[1, 1, 1, 1]),
        node("Conv", "a w b", "c", "second", pads=[1, 1, 1, 1]),
        node("Conv", "c v b", "y", "third", pads=[1, 1, 1, 1]),
    ]
    arrays = {"w": [3, 3, 3, 3], "v": [3, 3, 3, 3], "b": [3]}
    report = read(model(nodes, {"x": [1, 3, 4, 5]}, {"y": [1, 3, 4, 5]}, arrays))
    assert report["second"].shared == "first"
    assert report.totals.params == 2 * (81 + 3)
    assert report.totals.macs == 3 * 20 * 81
    assert report.remarks[0].startswith("as stored: 1 array used by several layers")


SCOPES = "['', 'layer1', 'layer1.0', 'layer1.0.{}', '{}_1']"


@pytest.mark.parametrize(
    ("names", "paths"),
    [
        (["/layer1/layer1.0/conv1/Conv", "/layer1/layer1.0/relu/Relu", "/layer1/layer1.0/Add"],
         ["layer1/0/conv1", "layer1/0/relu", "layer1/0/add"]),
        (["StatefulPartitionedCall/net/conv/Conv2D", "StatefulPartitionedCall/net/act/Relu", "StatefulPartitionedCall/net/sum"],
         ["net/conv", "net/act", "net/sum"]),
        (["conv0_fwd", "relu0 <b>fwd</b>", "плюс"], ["conv0_fwd", "relu0_b_fwd/b", "layer"]),
        (["", "", ""], ["a", "b", "y"]),
        (["input", "input", "../x"], ["input_2", "input_3", "x"]),
    ],
)  # fmt: skip
def test_names_become_paths(read, names, paths) -> None:
    first, second, third = names
    nodes = [
        node("Conv", "x w", "a", first, pads=[1, 1, 1, 1]),
        node("Relu", "a", "b", second),
        node("Add", "b x", "y", third),
    ]
    report = read(model(nodes, {"x": [1, 3, 4, 5]}, {"y": [1, 3, 4, 5]}, {"w": [3, 3, 3, 3]}))
    assert [name for name, *_ in rows(report)] == paths


def test_names_of_torchs_newer_exporter_are_its_modules(read) -> None:
    nodes = [
        node("Conv", ["x", "layer1.0.conv1.weight"], "a", "node_Conv_3", pads=[1, 1, 1, 1],
             scopes=SCOPES.format("bn1", "norm")),
        node("Relu", "a", "b", "node_relu", scopes=SCOPES.format("relu", "relu")),
        node("Add", "b x", "y", "node_add", scopes="['', 'layer1', 'layer1.0', 'add_7']"),
    ]  # fmt: skip
    arrays = {"layer1.0.conv1.weight": [3, 3, 3, 3]}
    report = read(model(nodes, {"x": [1, 3, 4, 5]}, {"y": [1, 3, 4, 5]}, arrays))
    assert [name for name, *_ in rows(report)] == [
        "layer1/0/conv1", "layer1/0/relu", "layer1/0/add",
    ]  # fmt: skip
    assert report["layer1/0"].params == 81


# -- what is refused -------------------------------------------------------------------------------


def test_a_stated_shape_that_is_not_ours_is_refused_with_both(read) -> None:
    with pytest.raises(SpecErrors, match="gives 1x8x8x10, and the file states 1x8x9x10"):
        read(model(SMALL, {"x": [1, 3, 8, 10]}, {"y": [1, 10]}, ARRAYS, {"b": [1, 8, 9, 10]}))


@pytest.mark.parametrize(("opset", "remarks"), [(21, 1), (22, 0)])
def test_a_ceil_pool_of_shape_inference_is_remarked_up_to_opset_21(read, opset, remarks) -> None:
    pool = node(
        "MaxPool", "x", "y", kernel_shape=[3, 3], strides=[4, 4], pads=[1, 1, 1, 1], ceil_mode=1
    )
    size = 3 if opset < 22 else 2
    report = read(model([pool], {"x": [1, 3, 6, 6]}, {"y": [1, 3, size, size]}, opset=opset))
    assert rows(report)[0][2] == "2x2x3"
    assert len(report.remarks) == remarks


@pytest.mark.parametrize(
    ("op", "attributes", "arrays", "opset"),
    [
        ("MaxPool", {"kernel_shape": [3, 3], "strides": [4, 4], "pads": [1] * 4, "ceil_mode": 1}, {}, 13),
        ("Resize", {}, {"none": tensor("none", [0], []), "s": tensor("s", [4], [1.0, 1.0, 7 / 3, 7 / 3])}, 19),
    ],
)  # fmt: skip
def test_what_comes_after_a_shape_that_inference_gets_wrong_is_stated_likewise(
    read, op, attributes, arrays, opset
) -> None:
    """Broken by a refusal of what was inferred from it: such files run."""
    n, ours, stated = (6, 2, 3) if op == "MaxPool" else (3, 7, 6)
    nodes = [
        node(op, ["x", *arrays], "a", **attributes), node("Relu", "a", "b"),
        node("Add", "b b", "c"), node("Transpose", "c", "y", perm=[0, 2, 3, 1]),
    ]  # fmt: skip
    shapes = {name: [1, 3, stated, stated] for name in "abc"}
    ends = {"y": [1, stated, stated, 3]}
    report = read(model(nodes, {"x": [1, 3, n, n]}, ends, arrays, shapes, opset=opset))
    assert {row[2] for row in rows(report)} == {f"{ours}x{ours}x3"}
    (remark,) = report.remarks
    assert f"gives 1x3x{ours}x{ours}, and the file states 1x3x{stated}x{stated}" in remark


def test_a_resized_shape_that_no_rounding_explains_is_refused(read) -> None:
    arrays = {"none": tensor("none", [0], []), "s": tensor("s", [4], [1.0, 1.0, 2.5, 2.5])}
    resize = node("Resize", "x none s", "y")
    with pytest.raises(SpecErrors, match="gives 1x3x10x10, and the file states 1x3x8x8"):
        read(model([resize], {"x": [1, 3, 4, 4]}, {"y": [1, 3, 8, 8]}, arrays, opset=19))


def test_a_node_that_gives_nothing_is_nobodys(read) -> None:
    nodes = [node("Cast", "x", ""), node("Relu", "x", "y")]
    report = read(model(nodes, {"x": [1, 3, 4]}, {"y": [1, 3, 4]}))
    assert [row[1] for row in rows(report)] == ["relu"]


CIRCLE = [node("Add", "x b", "a"), node("Relu", "a", "b")]
REFUSED = [
    (SMALL_NET[:-40], "cut|said to hold|ends within"),
    (b"", "no graph"),
    (b"\x08\x07", "no graph"),
    (model([], {"x": [1, 3]}, {"x": [1, 3]}), "without nodes"),
    (model(CIRCLE, {"x": [1, 3]}, {"b": [1, 3]}), "circle"),
    (model([node("Relu", "x", "y")] * 2, {"x": [1, 3]}, {"y": [1, 3]}), "two nodes give 'y'"),
    (model(SMALL, {"x": [1, 4, 8, 10]}, {"y": [1, 10]}, ARRAYS), "3 channels in 1 groups, but 4"),
    (model(SMALL, {"x": [1, 3, 8, 12]}, {"y": [1, 10]}, ARRAYS), "1,600 weights for 10 units"),
    (model(SMALL, {"x": [1, 3, 1, 1]}, {"y": [1, 10]}, ARRAYS), "leaves 0x0"),
    (model(SMALL, {"x": [1, 3, -8, 10]}, {"y": [1, 10]}, ARRAYS), "is 1x3x-8x10"),
    (model(SMALL, {"x": [1, 3, 2**40, 10]}, {"y": [1, 10]}, ARRAYS), "is 1x3x1099511627776"),
    (model(SMALL, {}, {"y": [1, 10]}, ARRAYS), "no input that flows"),
    (model(SMALL, {"x": [1, 3, 8, 10]}, {"y": [1, 10]}, ARRAYS, opset=6), "opset 6"),
    (model(SMALL, {"x": [1, 3, 8, 10]}, {"y": [1, 10]}, {**ARRAYS, "c.weight": elsewhere("c.weight", [8, 3, -3, 3])}), "extents that none has"),
    (model([node("Unheard", "x", "y")], {"x": [1, 3]}, {"y": ["N", None]}), "nothing of it can be read: 1 Unheard"),
    (one("Conv", [1, 3, 8], {"w": [8, 3, 3]}, pads=[1]), "sizes for another number of sides"),
    (one("Reshape", [1, 3, 8], {"s": tensor("s", [2], [1, 25])}), "asks for"),
    (one("Transpose", [1, 3, 8], perm=[0, 0, 1]), "has the order"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "message"), REFUSED, ids=[text for _, text in REFUSED])
def test_what_no_network_can_be_is_refused(read, data, message) -> None:
    with pytest.raises(SpecErrors, match=message) as refused:
        read(data)
    assert {problem.code for problem in refused.value.problems} <= {"E009", "E006"}


def mutated(data: bytes, random: Random) -> bytes:
    """Change a few bytes, cut out some, or put some twice."""
    changed = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 5))):
        at = random.randrange(len(changed))
        kind = random.randrange(4)
        if kind == 0:
            changed[at] = random.randrange(256)
        elif kind == 1:
            del changed[at : at + random.choice((1, 2, 8, 100))]
        elif kind == 2:
            changed[at:at] = changed[at : at + random.choice((1, 4, 60))]
        else:
            changed[at] ^= 1 << random.randrange(8)
        if not changed:
            return data
    return bytes(changed)


#: Networks to mutate: small, and with many kinds of attributes.
SEEDS = [
    SMALL_NET,
    einsum({"b": [1, 6, 4, 5]}),
    *(one(op, dims, arrays, **attributes) for op, dims, arrays, attributes, *_ in OPERATIONS),
]


def fuzz(count: int, seed: int) -> tuple[int, int]:
    """Read mutated files; return how many were read and how many refused."""
    random = Random(seed)
    taken = refused = 0
    for number in range(count):
        data = mutated(SEEDS[number % len(SEEDS)], random)
        try:
            source = find_bytes(data)
            shapecalc.summarize(source)
            taken += 1
        except SpecErrors:
            refused += 1
    return taken, refused


def find_bytes(data: bytes) -> Source:
    reading = MODEL.read("net.onnx", data)
    return Source("net.onnx", "", tree_of(reading.data, "net.onnx"), reading.remarks)


MODEL = next(kind for kind in MODEL_FILES if kind.reader == "onnx")


def test_mutated_files_are_read_or_refused_in_words() -> None:
    taken, refused = fuzz(400, seed=7)
    assert taken > 20
    assert refused > 20


# -- other exporters' ways, and earlier sets of operations -----------------------------------------


def test_channels_may_lie_last_as_tensorflow_has_them(read) -> None:
    nodes = [
        node("Transpose", "x", "t", "net/conv__6", perm=[0, 3, 1, 2]),
        node("Conv", "t w", "a", "net/conv/Conv2D", pads=[1, 1, 1, 1]),
        node("Relu", "a", "b", "net/relu"),
        node("Transpose", "b", "c", "net/relu__12", perm=[0, 2, 3, 1]),
        node("Reshape", "c s", "f", "net/flatten/Reshape"),
        node("MatMul", "f v", "m", "net/dense/MatMul"),
        node("Add", "m b2", "y", "net/dense/BiasAdd"),
    ]
    arrays = {"w": [8, 3, 3, 3], "v": [480, 10], "b2": [10], "s": tensor("s", [2], [-1, 480])}
    report = read(model(nodes, {"x": ["N", 6, 10, 3]}, {"y": ["N", 10]}, arrays))
    assert rows(report) == [
        ("conv", "conv", "6x10x8"),
        ("relu", "relu", "6x10x8"),
        ("flatten", "flatten", "480"),
        ("dense", "dense", "10"),
    ]
    assert report.totals.params == 216 + 4810


@pytest.mark.parametrize(
    ("op", "dims", "arrays", "attributes", "output"),
    [
        ("Clip", [1, 6], {}, {"min": 0.0, "max": 6.0}, "6"),
        ("Pad", [1, 3, 4, 5], {}, {"pads": [0, 0, 1, 2, 0, 0, 0, 3]}, "5x10x3"),
        ("Slice", [1, 6, 9, 5], {}, {"starts": [1], "ends": [-1], "axes": [2]}, "7x5x6"),
        ("Squeeze", [1, 6, 1, 1], {}, {"axes": [2, 3]}, "6"),
        ("Unsqueeze", [1, 6], {}, {"axes": [2, 3]}, "6"),
        ("Upsample", [1, 3, 4, 5], {"s": tensor("s", [4], [1.0, 1.0, 2.0, 2.0])}, {}, "8x10x3"),
        ("ReduceMean", [1, 3, 4, 5], {}, {"axes": [2, 3]}, "1x1x3"),
        ("Softmax", [1, 6], {}, {"axis": 1}, "6"),
        ("Split", [1, 6, 4, 5], {}, {"axis": 1, "split": [6]}, "4x5x6"),
    ],
)
def test_earlier_sets_of_operations(read, op, dims, arrays, attributes, output) -> None:
    nodes = [
        node(op, " ".join(["x", *arrays]), "a", **attributes),
        node("Relu", "a", "y"),
    ]
    report = read(model(nodes, {"x": dims}, {"y": None}, arrays, opset=9))
    assert rows(report)[-1][2] == output


def test_nodes_may_stand_in_any_order(read) -> None:
    data = model(SMALL[::-1], {"x": [1, 3, 8, 10]}, {"y": [1, 10]}, ARRAYS)
    assert rows(read(data)) == rows(read(SMALL_NET))


# -- hostile files ---------------------------------------------------------------------------------


def seconds(function, *arguments) -> float:
    start = process_time()
    function(*arguments)
    return process_time() - start


def test_a_value_that_everybody_reads_takes_no_longer(read) -> None:
    """What patterns look for would take a second for every hundred nodes."""
    many = [node("Softplus", "x", f"a{number}") for number in range(4000)]
    squares = [node("Mul", "x x", f"b{number}") for number in range(4000)]
    data = model([*many, *squares], {"x": [1, 3]}, {"a0": [1, 3]})
    assert seconds(find_bytes, data) < 5


def test_axes_do_not_pile_up(read) -> None:
    names = ["x", *(f"a{number}" for number in range(3000))]
    nodes = [node("Unsqueeze", [a, "axes"], b) for a, b in pairwise(names)]
    arrays = {"axes": tensor("axes", [4], [0, 1, 2, 3])}
    data = model([node("Relu", "x", "r"), *nodes], {"x": [1, 3]}, {"r": [1, 3]}, arrays)
    assert seconds(find_bytes, data) < 5


def test_numbers_do_not_pile_up(read) -> None:
    names = ["n", *(f"a{number}" for number in range(3000))]
    nodes = [node("Mul", [a, a], b) for a, b in pairwise(names)]
    arrays = {"n": tensor("n", [4], [2**40, 3, 4, 5])}
    data = model([node("Relu", "x", "r"), *nodes], {"x": [1, 3]}, {"r": [1, 3]}, arrays)
    assert seconds(find_bytes, data) < 5


def test_a_message_within_itself_is_read_to_its_depth() -> None:
    data = b"\x08\x01"
    for _ in range(3000):
        data = block(7, data)
    with pytest.raises(SpecErrors):
        find_bytes(data)


def test_a_name_is_shown_without_what_a_terminal_would_do(tmp_path) -> None:
    nodes = [node("Conv", "x w", "y", "\x1b[31mred\x07\n", pads=[0, 0, 0, 0])]
    data = model(nodes, {"x": [1, 4, 8, 8]}, {"y": None}, {"w": [8, 3, 3, 3]})
    (tmp_path / "net.onnx").write_bytes(data)
    done = runner().invoke(main, ["summarize", str(tmp_path / "net.onnx")])
    assert done.exit_code == 2
    assert "\x1b" not in done.output
    assert "\x07" not in done.output


def test_a_long_path_has_its_last_levels_in_one_name(read) -> None:
    nodes = [node("Relu", "x", "y", "/".join("abcdefghijklmnopqrstuvwxyz" * 9) + "/Relu")]
    (row,) = rows(read(model(nodes, {"x": [1, 3]}, {"y": [1, 3]})))
    assert row[0].count("/") == 11


# -- more axes than a volume has -------------------------------------------------------------------


def whole(name: str, *numbers: int) -> bytes:
    return tensor(name, [len(numbers)], list(numbers))


def test_windows_and_heads_of_attention(read) -> None:
    """A window partition, queries, keys and values of 2 heads, scores by distance, and back."""
    nodes = [
        node("Reshape", "x s1", "a"),
        node("Transpose", "a", "b", perm=[0, 1, 3, 2, 4, 5]),
        node("Reshape", "b s2", "c"),
        node("MatMul", "c w", "d"),
        node("Reshape", "d s3", "e"),
        node("Transpose", "e", "f", perm=[2, 0, 3, 1, 4]),
        *(node("Gather", f"f i{number}", f"g{number}", axis=0) for number in range(3)),
        node("Transpose", "g1", "k", perm=[0, 1, 3, 2]),
        node("MatMul", "g0 k", "h"),
        node("Add", "h bias", "i"),
        node("Softmax", "i", "j"),
        node("MatMul", "j g2", "l"),
        node("Transpose", "l", "m", perm=[0, 2, 1, 3]),
        node("Reshape", "m s4", "n"),
        node("Reshape", "n s5", "o"),
        node("Transpose", "o", "p", perm=[0, 1, 3, 2, 4, 5]),
        node("Reshape", "p s6", "y"),
    ]
    arrays = {
        "w": [8, 24], "bias": [1, 2, 4, 4],
        "s1": whole("s1", 1, 3, 2, 4, 2, 8), "s2": whole("s2", -1, 4, 8),
        "s3": whole("s3", 12, 4, 3, 2, 4), "s4": whole("s4", 12, 4, 8),
        "s5": whole("s5", 1, 3, 4, 2, 2, 8), "s6": whole("s6", 1, 6, 8, 8),
        **{f"i{number}": tensor(f"i{number}", [], [number]) for number in range(3)},
    }  # fmt: skip
    report = read(model(nodes, {"x": [1, 6, 8, 8]}, {"y": [1, 6, 8, 8]}, arrays))
    kinds = [row.type for row in report.rows if row.type not in ("reshape", "permute")]
    assert kinds == ["input", "dense", "slice", "slice", "slice", "matmul", "relative_position",
                     "softmax", "matmul"]  # fmt: skip
    products = [row for row in report.rows if row.type == "matmul"]
    assert [row.macs for row in products] == [12 * 2 * 4 * 4 * 4] * 2
    assert report.totals.macs == 48 * 8 * 24 + sum(row.macs for row in products)
    assert report.totals.params == 8 * 24 + 2 * 9
    assert report.remarks[0].startswith("as stored: biases of 2 x 4 x 4 scores")


def test_a_mask_is_a_constant_and_no_parameter(read) -> None:
    nodes = [
        node("ConstantOfShape", "s", "mask"),
        node("MatMul", "x w", "a"),
        node("Add", "a mask", "y"),
    ]
    arrays = {"s": whole("s", 1, 3, 1, 5), "w": [5, 5]}
    report = read(model(nodes, {"x": [1, 3, 4, 5]}, {"y": [1, 3, 4, 5]}, arrays))
    assert report.totals.params == 25
    assert report.rows[-1].note == "a constant of 1x3x1x5 numbers"


def test_channels_that_are_shuffled(read) -> None:
    nodes = [
        node("Reshape", "x s1", "a"),
        node("Transpose", "a", "b", perm=[0, 2, 1, 3, 4]),
        node("Reshape", "b s2", "y"),
    ]
    arrays = {"s1": whole("s1", 1, 2, 4, 3, 5), "s2": whole("s2", 1, -1, 3, 5)}
    report = read(model(nodes, {"x": [1, 8, 3, 5]}, {"y": [1, 8, 3, 5]}, arrays))
    assert rows(report) == [("y", "channel_shuffle", "3x5x8")]


def test_places_keep_their_elements_through_moves(read) -> None:
    """What is reshaped and turned in the file is so in the spec, element by element."""
    nodes = [
        node("Reshape", "x s1", "a"),
        node("Transpose", "a", "b", perm=[0, 3, 1, 2, 4, 5]),
        node("Reshape", "b s2", "y"),
    ]
    arrays = {"s1": whole("s1", 1, 2, 3, 2, 5, 2), "s2": whole("s2", 1, 2, 60)}
    report = read(model(nodes, {"x": [1, 6, 20]}, {"y": [1, 2, 60]}, arrays))
    values = np.arange(120).reshape(6, 20)
    expected = values.reshape(2, 3, 2, 5, 2).transpose(2, 0, 1, 3, 4).reshape(2, 60)
    moved = values.T  # the file's first axis are our channels
    for row in report.rows[1:]:
        if row.type == "permute":
            moved = moved.transpose(row.layer.order)
        else:
            assert row.type == "reshape"
            moved = moved.reshape(row.layer.shape)
    assert moved.tolist() == expected.tolist()


def test_moves_of_too_many_axes_are_an_operation_without_a_rule(read) -> None:
    nodes = [
        node("Reshape", "x s1", "a"),
        node("Transpose", "a", "b", perm=[0, 4, 2, 1, 3, 5]),
        node("Reshape", "b s2", "y"),
    ]
    arrays = {"s1": whole("s1", 1, 2, 3, 2, 5, 2), "s2": whole("s2", 1, 10, 12)}
    report = read(model(nodes, {"x": [1, 6, 20]}, {"y": [1, 10, 12]}, arrays))
    assert report.rows[-1].type == "opaque"
    assert report.remarks[0].startswith("partial: 1 Reshape without a rule")


def test_a_variation_says_what_its_base_does(tmp_path) -> None:
    (tmp_path / "net.onnx").write_bytes(einsum({}))
    (tmp_path / "mine.yaml").write_text("extends: net.onnx\nchange: {c: {filters: 9}}\n")
    report = shapecalc.summarize(tmp_path / "mine.yaml")
    assert report.totals.params == 27
    assert report.remarks[0].startswith("partial: 1 Einsum and 1 Relu behind it left out")


def test_a_constant_mask_hides_and_costs_nothing(read) -> None:
    nodes = [node("Where", "mask x low", "y")]
    arrays = {"mask": [1, 1, 5, 5], "low": tensor("low", [], [-1e9])}
    report = read(model(nodes, {"x": [1, 2, 5, 5]}, {"y": [1, 2, 5, 5]}, arrays))
    assert rows(report)[-1] == ("y", "identity", "5x5x2")
    assert report.remarks == ()


def test_einsum_of_matrices_is_a_product(read) -> None:
    nodes = [
        node("MatMul", "x w", "q"),
        node("MatMul", "x v", "k"),
        node("Einsum", "q k", "y", equation="b i d, bjd -> bji"),
    ]
    report = read(model(nodes, {"x": [1, 7, 6]}, {"y": [1, 7, 7]}, {"w": [6, 4], "v": [6, 4]}))
    assert [row.type for row in report.rows[1:]] == ["dense", "dense", "matmul"]
    assert report.rows[-1].macs == 7 * 7 * 4
    assert report.remarks == ()


def test_inputs_that_are_left_out_are_none(read) -> None:
    """The output of all steps is not asked for, and an input is not given: both are called ''."""
    nodes = [
        node("Transpose", "x", "t", perm=[1, 0, 2]),
        node("GRU", ["t", "w", "r", "b", "", "h"], ["", "last"], hidden_size=7),
        node("Squeeze", "last zero", "y"),
        node("Add", "zero one", []),
        node("Shape", "x", []),
    ]
    arrays = {"w": [1, 21, 5], "r": [1, 21, 7], "b": [1, 42], "h": [1, 1, 7],
              "zero": whole("zero", 0), "one": whole("one", 1)}  # fmt: skip
    report = read(model(nodes, {"x": [1, 6, 5]}, {"y": [1, 7]}, arrays))
    assert rows(report) == [("gru", "gru", "7")]


def test_factors_of_heads_are_a_parameter(read) -> None:
    nodes = [node("Exp", "s", "e"), node("Mul", "x e", "y")]
    report = read(model(nodes, {"x": [1, 4, 5, 6]}, {"y": [1, 4, 5, 6]}, {"s": [1, 1, 5, 1]}))
    assert [row.type for row in report.rows[1:]] == ["parameter", "multiply"]
    assert report.totals.params == 5


def test_a_length_of_1_is_recognised(read) -> None:
    nodes = [
        node("ReduceL2", "x axes", "n", keepdims=1),
        node("Clip", "n low", "c"),
        node("Expand", "c shape", "e"),
        node("Div", "x e", "y"),
    ]
    arrays = {
        "axes": whole("axes", -1),
        "low": tensor("low", [], [1e-12]),
        "shape": whole("shape", 1, 7, 6),
    }
    report = read(model(nodes, {"x": [1, 7, 6]}, {"y": [1, 7, 6]}, arrays))
    assert [row.type for row in report.rows if row.type != "permute"] == ["input", "l2norm"]


def _expanded(read, new: int, wide: list[int], shape: list[int]) -> Report:
    nodes = [
        node("Unsqueeze", "x new", "u"),
        node("Expand", "u wide", "e"),
        node("Reshape", "e shape", "r"),
        node("MatMul", "q r", "y"),
    ]
    arrays = {
        "new": whole("new", new),
        "wide": whole("wide", *wide),
        "shape": whole("shape", *shape),
    }
    inputs = {"x": [1, 2, 7, 5], "q": [1, 6, 7, 7]}
    return read(model(nodes, inputs, {"y": [1, 6, 7, 5]}, arrays))


@pytest.mark.parametrize("wide", [[1, 2, 3, 7, 5], [3, 1, 1]])
@pytest.mark.parametrize("shape", [[1, 6, 7, 5], [0, -1, 7, 5]])
def test_heads_that_serve_several_are_repeated(read, wide: list[int], shape: list[int]) -> None:
    report = _expanded(read, 2, wide, shape)
    (repeated,) = (row for row in report.rows if row.type == "upsample")
    assert (repeated.output, repeated.does) == (Map((6, 7), 5), "x3x1 nearest")
    assert report.totals.macs == 6 * 7 * 7 * 5


def test_heads_that_take_turns_are_not_those_that_are_repeated(read) -> None:
    with pytest.raises(SpecErrors, match="nothing of it can be read: 1 Expand"):
        _expanded(read, 1, [1, 3, 2, 7, 5], [1, 6, 7, 5])


def _turned(x: str, y: str, axis: str, first: str, again: str) -> list[bytes]:
    return [
        node("Slice", f"{x} {first} end {axis}", f"{y}a"),
        node("Slice", f"{x} none {again} {axis}", f"{y}b"),
        node("Concat", f"{y}a {y}b", y, axis=int(axis[-1])),
    ]


@pytest.mark.parametrize(
    ("first", "again", "expected"),
    [("two", "two", "by 2 x -3"), ("three", "two", None), ("two", "three", None)],
)
def test_parts_put_together_the_other_way_round_are_a_roll(
    read, first: str, again: str, expected: str | None
) -> None:
    """Five places of seven along the first side, three of nine along the second."""
    numbers = {"none": 0, "two": 5, "three": 3, "end": 2**40, "axis2": 2, "axis3": 3}
    arrays = {name: whole(name, n) for name, n in numbers.items()}
    nodes = [
        *_turned("x", "t", "axis2", first, again),
        *_turned("t", "u", "axis3", "three", "three"),
        node("Relu", "u", "y"),
    ]
    report = read(model(nodes, {"x": [1, 4, 7, 9]}, {"y": None}, arrays))
    types = [row.type for row in report.rows]
    if expected:
        assert (types, report.rows[1].does) == (["input", "roll", "relu"], expected)
    else:  # a part is there twice, or not at all; the second side is turned around all the same
        assert types.count("concat") == types.count("roll") == 1


def test_what_is_multiplied_with_constants_alone_is_told(read) -> None:
    nodes = [
        node("MatMul", "table w", "t"),
        node("Sigmoid", "t", "bias"),
        node("Add", "x bias", "y"),
    ]
    arrays = {"table": [1, 7, 2], "w": [2, 6]}
    report = read(model(nodes, {"x": [1, 7, 6]}, {"y": [1, 7, 6]}, arrays))
    (remark,) = report.remarks
    assert remark.startswith("as stored: 26 numbers only make constants")
    assert f"with {7 * 2 * 6} MACs" in remark
    assert report.totals.macs == 0


def test_large_weights_in_a_memory_map_are_stepped_over(read) -> None:
    """Pages that were touched are given back meanwhile; what is read stays the same."""
    names = ["x", *(f"a{number}" for number in range(30))]
    nodes = [node("Conv", [a, f"w{b}"], b, f"c/{b}", pads=[1, 1, 1, 1]) for a, b in pairwise(names)]
    arrays = {f"w{name}": [64, 64, 3, 3] for name in names[1:]}
    data = model(nodes, {"x": [1, 64, 8, 8]}, {"a29": [1, 64, 8, 8]}, arrays)
    assert len(data) > 30 * 4 * 64 * 64 * 9
    assert read(data).totals.params == 30 * 64 * 64 * 9
    assert rows(read(data)) == rows(shapecalc.summarize(find_bytes(data)))

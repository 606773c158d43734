"""TensorFlow Lite models are read as they are stored."""

from __future__ import annotations

import random
import struct
import sys
from typing import TYPE_CHECKING, Any

import pytest

import shapecalc
from shapecalc import SpecErrors
from shapecalc.cli import main
from tests.paths import TESTS
from tests.readers.lite_bytes import LiteModel
from tests.readers.refusal import refused_as_unreadable
from tests.runner import runner

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from shapecalc.report import Report, Row


FOLDER = TESTS / "readers" / "tflite"
SMALL = FOLDER / "small.tflite"


def volume(row: Row) -> str:
    return "x".join(map(str, (*row.output.sides, row.output.channels)))


def read(model: LiteModel, folder: Path) -> Report:
    path = folder / "net.tflite"
    path.write_bytes(model.data())
    return shapecalc.summarize(path)


def rows(report: Report) -> list[tuple[Any, ...]]:
    """Return what each layer behind the input is and costs."""
    return [(row.type, volume(row), row.params, row.macs) for row in report.rows[1:]]


WINDOW = {"StrideH": 1, "StrideW": 1, "DilationHFactor": 1, "DilationWFactor": 1}
SAME, VALID = 0, 1


# What TensorFlow's converter writes


def test_a_model_that_tensorflow_converted() -> None:
    # TensorFlow 2.21 of a model of Keras 3.15: its norms are folded, one bias is kept by itself
    report = shapecalc.summarize(SMALL)
    assert (report.totals.params, report.totals.macs) == (1637, 144_900)
    assert [(row.name, row.type, volume(row), row.params) for row in report.rows] == [
        ("input", "input", "21x21x3", 0),
        ("zero_padding2d", "pad", "22x22x3", 0),
        ("stem", "conv", "10x10x8", 224),
        ("stem_relu6", "relu6", "10x10x8", 0),
        ("dw", "depthwise", "10x10x16", 160),
        ("act", "silu", "10x10x16", 0),
        ("project", "conv", "10x10x8", 136),
        ("join", "add", "10x10x8", 0),
        ("dilated", "conv", "10x10x8", 584),
        ("dilated_2", "bias", "10x10x8", 8),
        ("dilated_relu", "relu", "10x10x8", 0),
        ("norm", "layernorm", "10x10x8", 16),
        ("mlp/Tensordot", "reshape", "100x8", 0),
        ("mlp/Tensordot_2", "dense", "100x16", 128),
        ("mlp/Tensordot_3", "reshape", "10x10x16", 0),
        ("mlp_2", "bias", "10x10x16", 16),
        ("mlp_3", "gelu", "10x10x16", 0),
        ("pool", "maxpool", "5x5x16", 0),
        ("resize/resize", "upsample", "20x20x16", 0),
        ("up", "transposed", "20x20x4", 260),
        ("cat", "concat", "20x20x20", 0),
        ("avg", "avgpool", "10x10x20", 0),
        ("gap", "mean", "20", 0),
        ("head", "dense", "5", 105),
        ("softmax", "softmax", "5", 0),
    ]
    (remark,) = report.remarks
    assert remark.startswith("as stored: the converter folds normalisations")


def test_a_quantised_model_has_the_same_numbers() -> None:
    whole, quantised = shapecalc.summarize(SMALL), shapecalc.summarize(FOLDER / "small_int8.tflite")
    assert quantised.totals.params == whole.totals.params
    assert quantised.totals.macs == whole.totals.macs
    assert [row.output for row in quantised.rows] == [row.output for row in whole.rows]
    assert quantised.remarks[-1] == (
        "as stored: quantised: 12 arrays of int8; --dtype int8 computes the memory of that"
    )


def test_groups_and_heads_are_recognised() -> None:
    # a GroupNormalization, a Reshape and a MultiHeadAttention of Keras, which counts 126
    report = shapecalc.summarize(FOLDER / "attention.tflite")
    assert report.totals.params == 126
    assert rows(report)[:2] == [("groupnorm", "8x8x4", 8, 0), ("reshape", "64x4", 0, 0)]
    products = [row for row in rows(report) if row[3]]
    assert products == [
        *[("dense", "64x6", 24, 1536)] * 2,
        ("matmul", "2x64x64", 0, 24_576),
        ("dense", "64x6", 24, 1536),
        ("matmul", "2x64x3", 0, 24_576),
        ("dense", "64x4", 24, 1536),
    ]


# Operator by operator

Build = "Callable[[LiteModel], int]"


def conv(m: LiteModel) -> int:
    x, w, b = m.input(1, 9, 8, 6), m.array(4, 3, 5, 6), m.array(4)
    window = {**WINDOW, "StrideH": 2, "Padding": SAME, "FusedActivationFunction": 3}
    return m.add("CONV_2D", [x, w, b], (1, 5, 8, 4), options="Conv2DOptions", **window)


def grouped(m: LiteModel) -> int:
    x, w = m.input(1, 9, 8, 6), m.array(4, 3, 3, 3)
    window = {**WINDOW, "DilationWFactor": 2, "Padding": VALID}
    return m.add("CONV_2D", [x, w, -1], (1, 7, 4, 4), options="Conv2DOptions", **window)


def depthwise(m: LiteModel) -> int:
    x, w, b = m.input(1, 9, 8, 6), m.array(1, 3, 3, 12), m.array(12)
    window = {**WINDOW, "Padding": SAME, "DepthMultiplier": 2}
    options = "DepthwiseConv2DOptions"
    return m.add("DEPTHWISE_CONV_2D", [x, w, b], (1, 9, 8, 12), options=options, **window)


def conv_3d(m: LiteModel) -> int:
    x, w, b = m.input(1, 5, 9, 8, 6), m.array(2, 3, 3, 6, 4), m.array(4)
    window = {**WINDOW, "StrideD": 1, "DilationDFactor": 1, "Padding": VALID}
    return m.add("CONV_3D", [x, w, b], (1, 4, 7, 6, 4), options="Conv3DOptions", **window)


def transposed(m: LiteModel) -> int:
    size, w, x = m.whole([1, 17, 16, 4]), m.array(4, 3, 3, 6), m.input(1, 9, 8, 6)
    window = {"StrideH": 2, "StrideW": 2, "Padding": SAME}
    options = "TransposeConvOptions"
    return m.add("TRANSPOSE_CONV", [size, w, x], (1, 17, 16, 4), options=options, **window)


def average(m: LiteModel) -> int:
    x = m.input(1, 9, 8, 6)
    window = {"StrideH": 2, "StrideW": 1, "FilterHeight": 5, "FilterWidth": 2, "Padding": VALID}
    return m.add("AVERAGE_POOL_2D", [x], (1, 3, 7, 6), options="Pool2DOptions", **window)


def dense_of_all(m: LiteModel) -> int:
    x, w, b = m.input(1, 4, 4, 3), m.array(10, 48), m.array(10)
    return m.add("FULLY_CONNECTED", [x, w, b], (1, 10), options="FullyConnectedOptions")


def dense_along_channels(m: LiteModel) -> int:
    x, w, b = m.input(1, 12, 48), m.array(10, 48), m.array(10)
    options = {"options": "FullyConnectedOptions", "KeepNumDims": True}
    return m.add("FULLY_CONNECTED", [x, w, b], (1, 12, 10), **options)


def half_weights(m: LiteModel) -> int:
    x, w = m.input(1, 48), m.add("DEQUANTIZE", [m.array(10, 48, kind="FLOAT16")], (10, 48))
    return m.add("FULLY_CONNECTED", [x, w, -1], (1, 10), options="FullyConnectedOptions")


def product(m: LiteModel) -> int:
    x = m.input(1, 12, 8)
    options = {"options": "BatchMatMulOptions", "AdjY": True}
    return m.add("BATCH_MATMUL", [x, x], (1, 12, 12), **options)


def mean(m: LiteModel) -> int:
    x = m.input(1, 9, 8, 6)
    options = {"options": "ReducerOptions", "KeepDims": True}
    return m.add("MEAN", [x, m.whole([1, 2])], (1, 1, 1, 6), **options)


def concat(m: LiteModel) -> int:
    x = m.input(1, 9, 8, 6)
    options = {"options": "ConcatenationOptions", "FusedActivationFunction": 1}
    return m.add("CONCATENATION", [x, x], (1, 9, 8, 12), Axis=-1, **options)


def padded(m: LiteModel) -> int:
    x = m.input(1, 9, 8, 6)
    return m.add("PAD", [x, m.whole([[0, 0], [0, 1], [2, 3], [0, 0]])], (1, 10, 13, 6))


def resized(m: LiteModel) -> int:
    x = m.input(1, 9, 8, 6)
    return m.add("RESIZE_BILINEAR", [x, m.whole([18, 20])], (1, 18, 20, 6))


def flattened(m: LiteModel) -> int:
    """Flatten as Keras writes it: the batch is taken from the shape."""
    x = m.input(1, 9, 8, 6)
    shape = m.add("SHAPE", [x], (4,))
    cut = {"options": "StridedSliceOptions", "ShrinkAxisMask": 1}
    batch = m.add("STRIDED_SLICE", [shape, m.whole([0]), m.whole([1]), m.whole([1])], (1,), **cut)
    packed = {"options": "PackOptions", "ValuesCount": 2}
    wanted = m.add("PACK", [batch, m.whole(-1)], (2,), **packed)
    return m.add("RESHAPE", [x, wanted], (1, 432))


def reshaped_by_option(m: LiteModel) -> int:
    x = m.input(1, 9, 8, 6)
    return m.add("RESHAPE", [x], (1, 72, 6), options="ReshapeOptions", NewShape=[-1, 72, 6])


def taken_apart(m: LiteModel) -> int:
    x = m.input(1, 9, 8, 6)
    m.add("SPLIT", [m.whole(3), x], (1, 9, 8, 3), (1, 9, 8, 3))
    a, b = m.outputs
    part = m.add("SLICE", [b, m.whole([0, 1, 2, 0]), m.whole([-1, 7, 6, -1])], (1, 7, 6, 3))
    cut = {"options": "StridedSliceOptions", "BeginMask": 1, "EndMask": 6}
    strides = [a, *map(m.whole, ([0, 1, 2, 0], [1, 2, 3, 2], [1, 2, 2, 1]))]
    m.add("STRIDED_SLICE", strides, (1, 4, 3, 2), **cut)
    m.outputs = [*m.outputs, part]
    return part


def shuffled(m: LiteModel) -> int:
    x, options = m.input(1, 9, 8, 12), {"options": "DepthToSpaceOptions", "BlockSize": 2}
    return m.add("DEPTH_TO_SPACE", [x], (1, 18, 16, 3), **options)


def embedded(m: LiteModel) -> int:
    x, table = m.input(1, 12, kind="INT32"), m.array(100, 16)
    return m.add("GATHER", [table, x], (1, 12, 16), options="GatherOptions")


def norm(m: LiteModel) -> int:
    x = m.input(1, 9, 8, 6)
    options = {"options": "LocalResponseNormalizationOptions", "Radius": 2, "Bias": 1.0}
    op = "LOCAL_RESPONSE_NORMALIZATION"
    return m.add(op, [x], (1, 9, 8, 6), **options, Alpha=0.0001, Beta=0.75)


def scaled(m: LiteModel) -> int:
    x = m.input(1, 9, 8, 6)
    y = m.add("MUL", [x, m.array(6)], (1, 9, 8, 6))
    options = {"options": "AddOptions", "FusedActivationFunction": 1}
    return m.add("ADD", [y, m.array(1, 1, 1, 6)], (1, 9, 8, 6), **options)


def gates(m: LiteModel) -> int:
    x, weights = m.input(1, 12, 7), [m.array(5, 7) for _ in range(4)]
    weights += [m.array(5, 5) for _ in range(4)]
    inputs = [x, *weights, -1, -1, -1, *[m.array(5) for _ in range(4)], -1, -1]
    op = "UNIDIRECTIONAL_SEQUENCE_LSTM"
    return m.add(op, inputs, (1, 12, 5), options="UnidirectionalSequenceLSTMOptions")


#: What a file has, and the layers that it is read as: type, volume, parameters, MACs.
OPERATORS: list[tuple[Any, list[tuple[Any, ...]]]] = [
    (conv, [("conv", "5x8x4", 364, 14_400), ("relu6", "5x8x4", 0, 0)]),
    (grouped, [("conv", "7x4x4", 108, 3024)]),
    (depthwise, [("depthwise", "9x8x12", 120, 7776)]),
    (conv_3d, [("conv", "4x7x6x4", 436, 72_576)]),
    (transposed, [("transposed", "17x16x4", 216, 15_552)]),
    (average, [("avgpool", "3x7x6", 0, 0)]),
    (dense_of_all, [("flatten", "48", 0, 0), ("dense", "10", 490, 480)]),
    (dense_along_channels, [("dense", "12x10", 480, 5760), ("bias", "12x10", 10, 0)]),
    (half_weights, [("dense", "10", 480, 480)]),
    (product, [("matmul", "12x12", 0, 1152)]),
    (mean, [("global_avgpool", "1x1x6", 0, 0)]),
    (concat, [("concat", "9x8x12", 0, 0), ("relu", "9x8x12", 0, 0)]),
    (padded, [("pad", "10x13x6", 0, 0)]),
    (resized, [("upsample", "18x20x6", 0, 0)]),
    (flattened, [("flatten", "432", 0, 0)]),
    (reshaped_by_option, [("reshape", "72x6", 0, 0)]),
    (taken_apart, [
        ("slice", "9x8x3", 0, 0), ("slice", "9x8x3", 0, 0), ("slice", "7x6x3", 0, 0),
        ("slice", "4x3x2", 0, 0),
    ]),
    (shuffled, [("pixel_shuffle", "18x16x3", 0, 0)]),
    (embedded, [("embedding", "12x16", 1600, 0)]),
    (norm, [("lrn", "9x8x6", 0, 0)]),
    (scaled, [("scale", "9x8x6", 6, 0), ("bias", "9x8x6", 6, 0), ("relu", "9x8x6", 0, 0)]),
    (gates, [("lstm", "12x5", 260, 2880)]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("build", "expected"), OPERATORS, ids=[build.__name__ for build, _ in OPERATORS]
)
def test_an_operator(
    build: Callable[[LiteModel], int], expected: list[tuple[Any, ...]], tmp_path: Path
) -> None:
    model = LiteModel()
    build(model)
    assert rows(read(model, tmp_path)) == expected


def test_a_quantised_number_is_scaled(tmp_path: Path) -> None:
    model = LiteModel()
    number = model.tensor(kind="INT8", data=bytes([5]), scale=[0.5], zero=1)
    model.add("MUL", [model.input(1, 9, 8, 6, kind="INT8"), number], (1, 9, 8, 6))
    assert read(model, tmp_path).rows[1].layer.right == 2


def test_alpha_of_a_response_norm_is_of_the_sum(tmp_path: Path) -> None:
    model = LiteModel()
    norm(model)
    layer = read(model, tmp_path).rows[1].layer
    assert (layer.size, layer.alpha, layer.k) == (5, 0.0005, 1)


# What is told, and what is refused


def test_what_has_no_rule_is_counted_and_strict_ends_with_1(tmp_path: Path) -> None:
    model = LiteModel()
    x = model.input(1, 9, 8, 6)
    y = model.add("CUSTOM.Blur", [x, model.array(3, 3)], (1, 9, 8, 6))
    y = model.add("FLOOR", [y], (1, 9, 8, 6))
    model.add("RELU", [y], (1, 9, 8, 6))
    report = read(model, tmp_path)
    assert rows(report) == [
        ("opaque", "9x8x6", 9, 0),
        ("opaque", "9x8x6", 0, 0),
        ("relu", "9x8x6", 0, 0),
    ]
    assert report.remarks[0].startswith("partial: 1 CUSTOM.Blur and 1 FLOOR without a rule")
    call = ["summarize", str(tmp_path / "net.tflite"), "--strict"]
    assert runner().invoke(main, call).exit_code == 1


def test_a_stated_shape_is_held_against_ours(tmp_path: Path) -> None:
    model = LiteModel()
    x, w = model.input(1, 9, 8, 6), model.array(4, 3, 3, 6)
    model.add("CONV_2D", [x, w, -1], (1, 9, 8, 4), options="Conv2DOptions", Padding=1, **WINDOW)
    with refused_as_unreadable("gives 1x7x6x4, and the file states 1x9x8x4"):
        read(model, tmp_path)


def test_an_open_batch_is_none(tmp_path: Path) -> None:
    model = LiteModel()
    model.add("RELU", [model.input(1, 9, 8, 6, signature=[-1, 9, 8, 6])], (1, 9, 8, 6))
    assert rows(read(model, tmp_path)) == [("relu", "9x8x6", 0, 0)]


def test_open_sides_are_refused(tmp_path: Path) -> None:
    model = LiteModel()
    model.add("RELU", [model.input(1, 1, 1, 6, signature=[-1, -1, -1, 6])], (1, 1, 1, 6))
    with refused_as_unreadable("is 1x?x?x6, which leaves sizes open"):
        read(model, tmp_path)


def test_without_the_package_its_extra_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tflite", None)
    (tmp_path / "net.tflite").write_bytes(SMALL.read_bytes())
    with pytest.raises(SpecErrors) as caught:
        shapecalc.summarize(tmp_path / "net.tflite")
    assert "tflite, which is not installed" in caught.value.problems[0].message
    assert "shapecalc-convnets[tflite]" in caught.value.problems[0].hint


def test_a_circle(tmp_path: Path) -> None:
    model = LiteModel()
    x = model.input(1, 9, 8, 6)
    a, b = model.tensor(1, 9, 8, 6), model.tensor(1, 9, 8, 6)
    model.operators += [("ADD", [x, b], [a], "", {}), ("RELU", [a], [b], "", {})]
    model.outputs = [b]
    with refused_as_unreadable("in a circle"):
        read(model, tmp_path)


def test_huge_and_missing_extents(tmp_path: Path) -> None:
    for shape in ((1, 2**31 - 1, 8, 6), (1, 0, 8, 6), (1, -5, 8, 6), (1, 2, 2, 2, 2, 2), ()):
        model = LiteModel()
        model.add("RELU", [model.input(*shape)], shape)
        with refused_as_unreadable("the input"):
            read(model, tmp_path)


def test_an_array_of_other_bytes_than_its_shape_has(tmp_path: Path) -> None:
    model = LiteModel()
    weights = model.tensor(4, 3, 3, 6, data=bytes(100))
    model.add("CONV_2D", [model.input(1, 9, 8, 6), weights, -1], (1, 9, 8, 4))
    with refused_as_unreadable("an array of 4x3x3x6 float32 has 100 bytes"):
        read(model, tmp_path)


def test_a_vector_that_many_tables_have_is_not_read_for_ever(tmp_path: Path) -> None:
    model = LiteModel()
    x = model.input(1, 9, 8, 6)
    for _ in range(2000):
        model.operators.append(("ADD_N", [x] * 9000, [], "", {}))
    model.add("RELU", [x], (1, 9, 8, 6))
    with refused_as_unreadable("more than 8,000,000 numbers"):
        read(model, tmp_path)


@pytest.mark.parametrize("cut", range(8, 3000, 271))
def test_cut_off(cut: int, tmp_path: Path) -> None:
    (tmp_path / "net.tflite").write_bytes(SMALL.read_bytes()[:cut])
    with refused_as_unreadable("cannot be read as a TensorFlow Lite model"):
        shapecalc.summarize(tmp_path / "net.tflite")


def test_another_version(tmp_path: Path) -> None:
    data = bytearray(SMALL.read_bytes())
    data[4:8] = b"TFL2"
    (tmp_path / "net.tflite").write_bytes(data)
    with refused_as_unreadable("another one than 3"):
        shapecalc.summarize(tmp_path / "net.tflite")


def test_offsets_that_lead_anywhere(tmp_path: Path) -> None:
    """Every file of which an offset is another is read or refused, through a memory map, too."""
    data, chance = SMALL.read_bytes(), random.Random(5)
    for _ in range(60):
        spoilt = bytearray(data)
        at = 4 * chance.randrange(len(data) // 4)
        struct.pack_into("<I", spoilt, at, chance.choice((0, 1, 2**31, 2**32 - 1, len(data) - 2)))
        (tmp_path / "net.tflite").write_bytes(spoilt)
        try:
            shapecalc.summarize(tmp_path / "net.tflite")
        except SpecErrors as error:
            assert {problem.code for problem in error.problems} <= {"E009", "E008"}  # noqa: PT017

"""Caffe's networks are read as Caffe lays them out."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any

import pytest

import shapecalc
from shapecalc.cli import main
from tests.readers import caffe_networks as networks
from tests.readers.refusal import refused_as_unreadable
from tests.runner import runner

if TYPE_CHECKING:
    from pathlib import Path

    from shapecalc.report import Report, Row

#: Networks that are shipped as specs, too.
SHIPPED = {
    "vgg16": networks.vgg16(),
    "alexnet-2012": networks.alexnet(),
    "googlenet": networks.googlenet(),
    "googlenet-train": networks.googlenet(train=True),
    "resnet50": networks.resnet50(),
}


def summarized(folder: Path, text: str, **options: Any) -> Report:
    path = folder / "net.prototxt"
    path.write_text(text)
    return shapecalc.summarize(path, **options)


def volume(row: Row) -> str:
    return "x".join(map(str, (*row.output.sides, row.output.channels)))


def costs(report: Report) -> list[tuple[str, ...]]:
    """Return what every layer is and costs, in an order that no naming changes."""
    rows = [row for row in report.rows if row.type != "input"]
    kinds = {"avgpool": "mean", "global_avgpool": "mean"}
    return sorted(
        (
            kinds.get(row.type, row.type),
            volume(row),
            str(row.params),
            str(row.macs),
            str(row.buffers),
        )
        for row in rows
    )


@pytest.mark.parametrize("name", SHIPPED)
def test_a_network_is_the_shipped_one(name: str, tmp_path: Path) -> None:
    theirs, ours = summarized(tmp_path, SHIPPED[name]), shapecalc.summarize(name)
    assert costs(theirs) == costs(ours)
    assert repr(theirs.totals) == repr(ours.totals)
    assert theirs.totals.activations == ours.totals.activations


def test_caffenet_is_alexnet_with_its_pools_first(tmp_path: Path) -> None:
    theirs = summarized(tmp_path, networks.alexnet(pool_first=True))
    ours = shapecalc.summarize("alexnet-2012")
    assert (theirs.totals.params, theirs.totals.macs) == (ours.totals.params, ours.totals.macs)
    assert [row.type for row in theirs.rows][1:5] == ["conv", "relu", "maxpool", "lrn"]


def test_the_old_spelling_and_the_phase_of_tests(tmp_path: Path) -> None:
    report = summarized(tmp_path, networks.LENET, input="28x28x1")
    assert [row.name for row in report.rows] == [
        *["input", "conv1", "pool1", "conv2", "pool2", "ip1", "relu1", "ip2", "loss"]
    ]
    assert (report.totals.params, report.totals.macs) == (431_080, 2_293_000)
    assert volume(report["pool2"]) == "4x4x50"


def test_what_a_phase_excludes_is_not_in_it(tmp_path: Path) -> None:
    kinds = {"TanH": "TEST", "ELU": "TRAIN"}
    layers = [layer(kind, f"exclude {{ phase: {kinds[kind]} }}", name=kind) for kind in kinds]
    assert [row.type for row in summarized(tmp_path, one(*layers)).rows] == ["input", "elu"]


def test_a_slice_without_points_cuts_even_parts_in_order(tmp_path: Path) -> None:
    text = one('layer { name: "s" type: "Slice" bottom: "data" top: "a" top: "b" }')
    report = summarized(tmp_path, text)
    parts = [attrgetter("channels")(row.layer) for row in report.rows[1:]]
    assert [(part.number, part.of) for part in parts] == [(1, 2), (2, 2)]


def test_a_size_that_is_not_stated_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "net.prototxt").write_text(networks.LENET)
    done = runner().invoke(main, ["summarize", str(tmp_path / "net.prototxt")])
    assert done.exit_code == 0
    assert "does not say how large 'data' is: `--input 224x224x3` gives it a size" in done.output
    assert "left out, since they only measure: ACCURACY (1)" in done.output


def one(*layers: str, shape: str = "dim: 1 dim: 8 dim: 9 dim: 9") -> str:
    return networks.file("One", iter(layers), 'input: "data"', f"input_shape {{ {shape} }}")


def layer(kind: str, body: str = "", reads: str = "data", name: str = "x") -> str:
    return networks.layer(name, kind, reads.split(), name, body)


#: A layer's type and parameters; what is read of it: its type, its output, its parameters, its MACs.
LAYERS: list[tuple[str, str, tuple[object, ...]]] = [
    ("Convolution", "convolution_param { num_output: 4 kernel_size: 3 kernel_size: 5 pad: 1 pad: 2 }",
     ("conv", "9x9x4", 8 * 15 * 4 + 4, 8 * 15 * 4 * 81)),
    ("Convolution", "convolution_param { num_output: 4 kernel_h: 3 kernel_w: 1 stride_h: 2 stride_w: 1 }",
     ("conv", "4x9x4", 8 * 3 * 4 + 4, 8 * 3 * 4 * 36)),
    ("Convolution", "convolution_param { num_output: 4 kernel_size: 3 dilation: 2 bias_term: false }",
     ("conv", "5x5x4", 8 * 9 * 4, 8 * 9 * 4 * 25)),
    ("Convolution", "convolution_param { num_output: 8 kernel_size: 3 group: 8 }",
     ("conv", "7x7x8", 80, 72 * 49)),
    ("Deconvolution", "convolution_param { num_output: 4 kernel_size: 4 stride: 2 pad: 1 }",
     ("transposed", "18x18x4", 8 * 4 * 16 + 4, 8 * 4 * 16 * 81)),
    # rounded up: (9 - 2)/3 + 1 = 3.33; and clipped, where there is padding: the third starts at 10 - 1
    ("Pooling", "pooling_param { pool: MAX kernel_size: 2 stride: 3 }", ("maxpool", "4x4x8", 0, 0)),
    ("Pooling", "pooling_param { kernel_size: 2 stride: 3 round_mode: FLOOR }", ("maxpool", "3x3x8", 0, 0)),
    ("Pooling", "pooling_param { pool: AVE kernel_size: 3 stride: 5 pad: 1 }", ("avgpool", "2x2x8", 0, 0)),
    ("Pooling", "pooling_param { pool: 1 global_pooling: true }", ("global_avgpool", "1x1x8", 0, 0)),
    ("Pooling", "pooling_param { global_pooling: true }", ("global_maxpool", "1x1x8", 0, 0)),
    ("InnerProduct", "inner_product_param { num_output: 5 bias_term: false }",
     ("dense", "5", 3240, 3240)),
    ("LRN", "lrn_param { norm_region: ACROSS_CHANNELS }", ("lrn", "9x9x8", 0, 0)),
    ("LRN", "lrn_param { norm_region: WITHIN_CHANNEL local_size: 3 }", ("multiply", "9x9x8", 0, 0)),
    ("BatchNorm", "", ("batchnorm", "9x9x8", 0, 0)),
    ("Scale", "scale_param { bias_term: true }", ("scale", "9x9x8", 16, 0)),
    ("Scale", "scale_param { num_axes: -1 }", ("scale", "9x9x8", 648, 0)),
    ("Bias", "", ("bias", "9x9x8", 8, 0)),
    ("ReLU", "relu_param { negative_slope: 0.1 }", ("leaky_relu", "9x9x8", 0, 0)),
    ("PReLU", "", ("prelu", "9x9x8", 8, 0)),
    ("PReLU", "prelu_param { channel_shared: true }", ("prelu", "9x9x8", 1, 0)),
    ("ELU", "", ("elu", "9x9x8", 0, 0)),
    ("TanH", "", ("tanh", "9x9x8", 0, 0)),
    ("Sigmoid", "", ("sigmoid", "9x9x8", 0, 0)),
    ("AbsVal", "", ("abs", "9x9x8", 0, 0)),
    ("BNLL", "", ("softplus", "9x9x8", 0, 0)),
    ("Power", "power_param { power: 2 scale: 3 shift: 1 }", ("power", "9x9x8", 0, 0)),
    ("Power", "power_param { scale: 3 }", ("multiply", "9x9x8", 0, 0)),
    ("Power", "", ("identity", "9x9x8", 0, 0)),
    ("MVN", "", ("instancenorm", "9x9x8", 0, 0)),
    ("Flatten", "", ("flatten", "648", 0, 0)),
    ("Reshape", "reshape_param { shape { dim: 0 dim: -1 } }", ("flatten", "648", 0, 0)),
    ("Reshape", "reshape_param { shape { dim: 0 dim: 72 dim: 3 dim: 3 } }", ("reshape", "3x3x72", 0, 0)),
    ("Dropout", "", ("dropout", "9x9x8", 0, 0)),
    ("Softmax", "", ("softmax", "9x9x8", 0, 0)),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "body", "expected"), LAYERS)
def test_a_layer(kind: str, body: str, expected: tuple[object, ...], tmp_path: Path) -> None:
    row = summarized(tmp_path, one(layer(kind, body)))["x"]
    assert (row.type, volume(row), row.params, row.macs) == expected


def test_defaults_of_normalisation_are_caffe_s(tmp_path: Path) -> None:
    row = summarized(tmp_path, one(layer("LRN")))["x"]
    assert (row.layer.size, row.layer.alpha, row.layer.beta, row.layer.k) == (5, 1, 0.75, 1)


@pytest.mark.parametrize(
    ("layers", "word", "output"),
    [
        ([layer("Eltwise", reads="data data")], "add", "9x9x8"),
        ([layer("Eltwise", "eltwise_param { operation: MAX }", "data data")], "maximum", "9x9x8"),
        ([layer("Eltwise", "eltwise_param { operation: 0 }", "data data")], "multiply", "9x9x8"),
        (
            [layer("Eltwise", "eltwise_param { coeff: 1 coeff: -1 }", "data data")],
            *("subtract", "9x9x8"),
        ),
        ([layer("Concat", reads="data data")], "concat", "9x9x16"),
        ([layer("Concat", "concat_param { concat_dim: 1 }", "data data")], "concat", "9x9x16"),
    ],
)
def test_a_join(layers: list[str], word: str, output: str, tmp_path: Path) -> None:
    row = summarized(tmp_path, one(*layers))["x"]
    assert (row.type, volume(row)) == (word, output)


@pytest.mark.parametrize(
    ("first", "second", "names"),
    [
        ("0.5", "1.0", ["x_1", "x"]),
        ("1", "10", ["x_2", "x"]),
        ("0.1", "1.", ["x_1", "x"]),
        ("10", "-1", ["x_1", "x_2", "x"]),
    ],
)
def test_factors_of_a_sum_are_layers(
    first: str, second: str, names: list[str], tmp_path: Path
) -> None:
    body = f"eltwise_param {{ coeff: {first} coeff: {second} }}"
    report = summarized(tmp_path, one(layer("Eltwise", body, "data data")))
    assert [row.name for row in report.rows[1:]] == names
    assert [row.type for row in report.rows[1:]] == ["multiply"] * (len(names) - 1) + ["add"]


@pytest.mark.parametrize(
    ("body", "sizes"),
    [("", (4, 4)), ("slice_param { slice_point: 3 }", (3, 5))],
)
def test_slices(body: str, sizes: tuple[int, int], tmp_path: Path) -> None:
    split = f'layer {{ name: "s" type: "Slice" bottom: "data" top: "a" top: "b" {body} }}'
    ends = [layer("ReLU", reads=top, name=f"{top}_end") for top in "ab"]
    report = summarized(tmp_path, one(split, *ends))
    assert tuple(report[f"{top}_end"].output.channels for top in "ab") == sizes


def test_what_a_silence_takes_is_left_out(tmp_path: Path) -> None:
    split = 'layer { name: "s" type: "Slice" bottom: "data" top: "a" top: "b" }'
    silence = 'layer { name: "rest" type: "Silence" bottom: "b" }'
    report = summarized(tmp_path, one(split, silence))
    assert [row.name for row in report.rows] == ["input", "s"]


def test_scales_complete_the_batch_normalisation_that_they_alone_read(tmp_path: Path) -> None:
    norm = networks.layer("bn", "BatchNorm", "data", "bn")
    scale = networks.layer("sc", "Scale", "bn", "sc")
    report = summarized(tmp_path, one(norm, scale, layer("ReLU", reads="sc")))
    assert [(row.type, row.params) for row in report.rows[1:]] == [("batchnorm", 8), ("relu", 0)]
    both = [norm, scale, layer("Eltwise", reads="bn sc")]
    report = summarized(tmp_path, one(*both))
    assert [row.type for row in report.rows[1:]] == ["batchnorm", "scale", "add"]


@pytest.mark.parametrize(
    ("body", "params", "trainable"),
    [
        ("", [8], 8),
        ("scale_param { bias_term: true }", [16], 16),
        ("param { lr_mult: 0 }", [8], 0),
        ("scale_param { num_axes: -1 }", [0, 648], 648),
        ('param { name: "s" }', [0, 8], 8),
    ],
)
def test_scales_behind_a_normalisation(
    body: str, params: list[int], trainable: int, tmp_path: Path
) -> None:
    norm = networks.layer("bn", "BatchNorm", "data", "bn")
    report = summarized(tmp_path, one(norm, layer("Scale", body, "bn")))
    assert [row.params for row in report.rows[1:]] == params
    assert report.totals.trainable == trainable


def test_a_normalisation_is_completed_once(tmp_path: Path) -> None:
    norm = networks.layer("bn", "BatchNorm", "data", "bn")
    scales = [networks.layer("s", "Scale", "bn", "s"), networks.layer("t", "Scale", "s", "t")]
    report = summarized(tmp_path, one(norm, *scales))
    assert [(row.type, row.params) for row in report.rows[1:]] == [("batchnorm", 8), ("scale", 8)]


def test_weights_of_one_name_are_shared_and_still_ones_frozen(tmp_path: Path) -> None:
    body = 'inner_product_param { num_output: 2 } param { name: "w" } param { name: "b" }'
    first, second = (layer("InnerProduct", body, name=name) for name in ("p", "q"))
    report = summarized(tmp_path, one(first, second))
    assert (report["q"].params, report.totals.params) == (0, report["p"].params)
    still = "inner_product_param { num_output: 2 } param { lr_mult: 0 } param { lr_mult: 0.0 }"
    report = summarized(tmp_path, one(layer("InnerProduct", still)))
    assert (report.totals.trainable, report.totals.params) == (0, 1298)


@pytest.mark.parametrize(
    ("bias", "rates", "trainable", "remarks"),
    [
        ("true", "param { lr_mult: 0 } param { lr_mult: 0 }", 0, 0),
        ("true", "param { lr_mult: 0 }", 1298, 1),
        ("true", "blobs_lr: 0 blobs_lr: 2", 1298, 1),
        ("false", "param { lr_mult: 0 }", 0, 0),
    ],
)
def test_a_layer_is_frozen_where_all_its_weights_are(
    bias: str, rates: str, trainable: int, remarks: int, tmp_path: Path
) -> None:
    body = f"inner_product_param {{ num_output: 2 bias_term: {bias} }} {rates}"
    report = summarized(tmp_path, one(layer("InnerProduct", body)))
    assert (report.totals.trainable, len(report.remarks)) == (trainable, remarks)


def test_a_blob_is_what_wrote_it_last(tmp_path: Path) -> None:
    conv = networks.conv("c", "data", 8, 3, "pad: 1")
    report = summarized(
        tmp_path, one(conv, networks.relu("r", "c"), layer("Eltwise", reads="c data"))
    )
    assert report["x"].sources == ("r", "input")


#: Two layers that share their matrix, and each has a bias of its own.
HALF_SHARED = [
    layer("InnerProduct", f'inner_product_param {{ num_output: 2 }} param {{ name: "w" }} {more}', name=name)
    for name, more in (("p", 'param { name: "b" }'), ("q", ""))
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        ("layer {\n  name: x\n", "the file ends within a message that begins here", ":1:7"),
        ('layer { name: "x }\n}', "'\"' begins nothing here", ":1:15"),
        ("layer {\n  name }", "`:` or `{` is expected behind a field's name", ":2:8"),
        ("layer { : }", "a field's name is expected, not :", ":1:9"),
        ("layer: {", "the file ends within a message", ":1:8"),
        ("x {" * 60, "messages are nested more than 50 deep", ""),
        ("net: 'train.prototxt'\nbase_lr: 0.01", "the file has no layers", ""),
        (one(layer("Convolution")), "layer 'x': it has no num_output", ":4:7"),
        (one(layer("Convolution", "convolution_param { num_output: many }")), "num_output is a whole number, not 'many'", ""),
        (one(layer("Convolutoin")), "there is no layer for its type 'Convolutoin'", ":4:7"),
        (one(layer("ReLU", reads="dta")), "no layer before it has the top 'dta'", ""),
        (one(layer("ReLU", reads="x")), "no layer before it has the top 'x'", ""),
        (one(layer("LRN", "lrn_param { norm_region: 7 }")), "norm_region is one of ACROSS_CHANNELS or WITHIN_CHANNEL, not '7'", ""),
        (one(layer("Concat", "concat_param { axis: 2 }")), "its axis is not 1", ""),
        (one(layer("Softmax", "softmax_param { axis: 2 }")), "its axis is read as 1 alone", ":4:7"),
        (one(layer("Flatten", "flatten_param { end_axis: 2 }")), "its end_axis is read as -1 alone", ":4:7"),
        (one(layer("Exp", "exp_param { base: 2 }")), "its base is read as -1 alone", ":4:7"),
        (one(layer("MVN", "mvn_param { normalize_variance: false }")), "and no variance, is not read", ":4:7"),
        (one(layer("InnerProduct", "inner_product_param { num_output: 2 bias_term: ture }")), "bias_term is true or false, not 'ture'", ":4:7"),
        (one(*HALF_SHARED), "layer 'q': it shares some of its weights", ":5:7"),
        ("layers { layer { name: 'x' type: 'conv' } }", "Caffe's first format", ":1:8"),
        ('layer { name: "x" type: "ReLU" top: "x" }', "it reads nothing that is computed", ""),
        (one(layer("ReLU"), shape="dim: 1 dim: 2 dim: 3 dim: 4 dim: 5 dim: 6"), "the input 'data' has 6 dimensions", ""),
        (one(layer("Clip", "clip_param { min: 0 }")), "it has no min or no max", ":4:7"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said_with_its_place(
    text: str, message: str, place: str, tmp_path: Path
) -> None:
    with refused_as_unreadable(message, place):
        summarized(tmp_path, text)

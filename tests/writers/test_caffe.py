"""Deploy files written for Caffe: read back as the same network, and refused where it has no words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import shapecalc
from shapecalc.cli import main
from shapecalc.errors import SpecErrors
from shapecalc.layers import BUILTIN
from shapecalc.readers.protobuf import Field, Messages
from shapecalc.readers.protobuf_text import Message, parse
from shapecalc.spec.find import shipped
from shapecalc.text import Source
from shapecalc.writers.caffe import written
from shapecalc.writers.caffe_layers import SPELLINGS
from tests.runner import runner

if TYPE_CHECKING:
    from pathlib import Path

    from shapecalc.report import Report

#: The shipped networks that are refused, and a layer and a reason in the message.
REFUSED = {
    "alexnet-cuda-convnet": "conv1 cannot be written for Caffe: Caffe pads both ends alike: with 0"
    " the output is 54x54, not 55x55",
    "alexnet-linked": "conv1 cannot be written for Caffe: Caffe pads both ends alike: with 3 the"
    " output is 55x55, not 56x56",
    "alphago": "softmax1 cannot be written for Caffe: its softmax is not along the channels",
    "c3d": "pool1 cannot be written for Caffe: Caffe has pools of images alone",
    "convnext-tiny": "layernorm",
    "dcgan": "transposed1 cannot be written for Caffe: Caffe pads both ends alike: with 2 the"
    " output is 7x7, not 8x8",
    "deit-s": "reshape1",
    "googlenet-linked": "conv1",
    "gpt2-small": "embedding",
    "gru-mnist": "gru",
    "lenet5-1998": "S2 cannot be written for Caffe: Caffe has no subsampling",
    "lstm-mnist": "lstm",
    "m5": "pool1",
    "maxvit-t": "gelu1",
    "mobilenet-v1": "conv1",
    "padding-same": "conv1",
    "r3d-18": "global_avgpool1",
    "resnet-cifar": "pad_channels",
    "resnet34-linked": "conv1",
    "shufflenet-v2": "channel_shuffle",
    "ssd300": "l2norm1",
    "swin-t": "layernorm",
    "tiny-yolo-v2": "pool6 cannot be written for Caffe: Caffe's pool gives 12x12, not 13x13",
    "vit-b-16": "reshape1",
    "zfnet-linked": "conv1",
}
#: Networks with layers that Caffe writes as several: as many parameters and MACs.
COMPOSED = frozenset({
    "efficientnet-b0", "googlenet-as-trained", "mobilenet-v3-small", "regnet-y-400mf",
})  # fmt: skip
#: Types that are read back as others, which do the same.
SAME = {"depthwise": "conv", "adaptive_avgpool": "avgpool", "adaptive_maxpool": "maxpool"}


def read_back(report: Report, folder: Path) -> Report:
    path = folder / "net.prototxt"
    path.write_text(written(report).text)
    return shapecalc.summarize(path)


def rows_of(report: Report) -> list[tuple[Any, ...]]:
    return [
        (row.name, SAME.get(row.type, row.type), row.output, row.params, row.macs)
        for row in report.rows
    ]


@pytest.mark.parametrize("name", [name for name in shipped() if name not in REFUSED])
def test_a_shipped_network_is_read_back_as_it_was(name: str, tmp_path: Path) -> None:
    report = shapecalc.summarize(name)
    again = read_back(report, tmp_path)
    assert (again.totals.params, again.totals.macs) == (report.totals.params, report.totals.macs)
    if name not in COMPOSED:
        assert rows_of(again) == rows_of(report)


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_words_is_refused_by_its_name(name: str) -> None:
    with pytest.raises(SpecErrors, match="E360") as refusal:
        written(shapecalc.summarize(name))
    assert REFUSED[name] in str(refusal.value)


def test_only_types_of_the_language_have_words() -> None:
    assert SPELLINGS.keys() <= BUILTIN.keys()


#: A layer on 9x8x4, and the types that it becomes with what stands in their parameters.
SPELLED: list[tuple[Any, list[str]]] = [
    ({"conv": {"filters": 8, "kernel": [3, 5], "groups": 2, "stride": [1, 2]}}, ["Convolution num_output 8 kernel_h 3 kernel_w 5 group 2 stride_h 1 stride_w 2"]),
    ({"conv": {"filters": 8, "kernel": 3, "dilation": [1, 2], "bias": False}}, ["Convolution num_output 8 bias_term false kernel_size 3 dilation 1 dilation 2"]),
    ({"conv": {"filters": 8, "kernel": 1, "bias": "per_position"}}, ["Convolution num_output 8 bias_term false kernel_size 1", "Bias num_axes -1"]),
    ({"depthwise": {"kernel": 3, "pad": 1}}, ["Convolution num_output 4 pad 1 kernel_size 3 group 4"]),
    ({"transposed": {"filters": 8, "kernel": 4, "stride": 2, "pad": 1}}, ["Deconvolution num_output 8 pad 1 kernel_size 4 stride 2"]),
    ({"maxpool": {"kernel": 2, "rounding": "ceil_caffe"}}, ["Pooling pool MAX kernel_size 2 stride 2"]),
    ({"maxpool": {"kernel": 2}}, ["Pooling pool MAX kernel_size 2 stride 2 round_mode FLOOR"]),
    ({"avgpool": {"kernel": 3, "stride": 2, "rounding": "ceil_caffe"}}, ["Pooling pool AVE kernel_size 3 stride 2"]),
    ("global_avgpool", ["Pooling pool AVE global_pooling true"]),
    ("batchnorm", ["BatchNorm", "Scale bias_term true"]),
    ({"batchnorm": {"scale": False}}, ["BatchNorm", "Bias"]),
    ({"lrn": {"size": 3, "k": 2}}, ["LRN local_size 3 alpha 0.0001 beta 0.75 k 2.0"]),
    ({"leaky_relu": 0.1}, ["ReLU negative_slope 0.1"]),
    ("relu6", ["Clip min 0 max 6"]),
    ("hard_swish", ["Power shift 3", "Clip min 0 max 6", f"Power scale {1 / 6!r}", "Eltwise operation PROD"]),
    ({"subtract": {"left": 1}}, ["Power scale -1 shift 1"]),
    ({"divide": {"left": 4}}, ["Power power -1 scale 0.25"]),
    ({"slice": {"channels": "2 of 2"}}, ["Slice slice_point 2", "Silence"]),
    ({"dropout": 0.3}, ["Dropout dropout_ratio 0.3"]),
    ({"scale": {"per": "element", "bias": True}}, ["Scale num_axes -1 bias_term true"]),
    ({"dense": {"units": 5, "over": "channels"}}, ["Convolution num_output 5 kernel_size 1"]),
]  # fmt: skip


def in_words(layer: Message) -> str:
    words = [layer.word("type")]
    for name in layer.fields:
        if name.endswith("_param"):
            for field in layer.message(name).fields:
                words += [f"{field} {word.text}" for word in layer.message(name).words(field)]
    return " ".join(words)


def layers_of(spec: dict[str, Any]) -> list[Message]:
    text = written(shapecalc.summarize(spec)).text
    return parse(Source("net.prototxt", text)).messages("layer")[1:]


@pytest.mark.parametrize(("layer", "words"), SPELLED)
def test_a_layer_is_spelled_with_all_its_fields(layer: Any, words: list[str]) -> None:
    made = layers_of({"input": "9x8x4", "layers": [layer]})
    assert [in_words(one) for one in made] == words


#: A layer on 9x8x4 that Caffe has no means for, and why.
UNSAYABLE: list[tuple[Any, str]] = [
    ({"conv": {"filters": 8, "kernel": 2, "pad": "same"}}, "with 0 the output is 8x7, not 9x8"),
    ({"maxpool": {"kernel": 2, "dilation": 2}}, "no pool with a dilation"),
    ({"maxpool": {"kernel": 2, "stride": 1, "pad": "same"}}, "gives 8x7, not 9x8"),
    ({"avgpool": {"kernel": 3, "pad": 1, "count_include_pad": False}}, "divides by the padding"),
    ({"lrn": {"size": 4}}, "an odd number of channels, not 4"),
    ({"slice": {"height": [0, 2]}}, "parts of channels alone"),
    ({"batchnorm": {"statistics": False}}, "by statistics"),
    ("gelu", "no gelu"),
]  # fmt: skip


@pytest.mark.parametrize(("layer", "reason"), UNSAYABLE)
def test_what_caffe_has_no_means_for_is_refused(layer: Any, reason: str) -> None:
    with pytest.raises(SpecErrors, match="E360") as refusal:
        written(shapecalc.summarize({"input": "9x8x4", "layers": [layer]}))
    assert reason in str(refusal.value)


def test_layers_work_in_place_where_nobody_else_reads() -> None:
    spec = {
        "input": "8x8x4",
        "layers": [
            "relu",
            {"conv": {"filters": 4, "kernel": 1, "name": "c"}},
            {"relu": {"name": "r"}},
            {"add": {"from": ["r", "c"]}},
            {"sigmoid": {"name": "s"}},
        ],
    }
    tops = [[word.text for word in layer.words("top")] for layer in layers_of(spec)]
    assert tops == [["relu1"], ["c"], ["r"], ["add1"], ["add1"]]


def test_shared_and_frozen_weights_are_told(tmp_path: Path) -> None:
    conv = {"filters": 4, "kernel": 1}
    layers = [
        {"conv": {**conv, "name": "own"}},
        {"conv": {**conv, "share": "own"}},
        {"conv": {**conv, "trainable": False}},
    ]
    report = shapecalc.summarize({"input": "8x8x4", "layers": layers})
    again = read_back(report, tmp_path)
    assert rows_of(again) == rows_of(report)
    assert [row.frozen for row in again.rows] == [row.frozen for row in report.rows]


_SHAPE = {1: Field("dims", "int", many=True)}
_BLOB = {5: Field("data", "span"), 7: Field("shape", "message", schema=_SHAPE)}
_LAYER = {1: Field("name", "text"), 7: Field("blobs", "message", many=True, schema=_BLOB)}
_NET = {100: Field("layers", "message", many=True, schema=_LAYER)}


def test_weights_are_written_beside_the_file(tmp_path: Path) -> None:
    run = runner()
    spec, weights, target = (str(tmp_path / name) for name in ("n.yaml", "w.npz", "n.prototxt"))
    layers = "[conv3-3, batchnorm, fc: 4]"
    (tmp_path / "n.yaml").write_text(f"input: 5x5x2\nlayers: {layers}\n")
    assert run.invoke(main, ["run", spec, "--save-weights", weights]).exit_code == 0
    done = run.invoke(main, ["convert", spec, target, "--weights", weights])
    assert (done.exit_code, done.output) == (0, "")
    data = (tmp_path / "n.caffemodel").read_bytes()
    stored = {layer["name"]: layer["blobs"] for layer in Messages(data).read(_NET)["layers"]}
    extents = {name: [blob["shape"]["dims"] for blob in blobs] for name, blobs in stored.items()}
    assert extents == {
        "conv1": [[3, 2, 3, 3], [3]],
        "bn1": [[3], [3], [1]],  # Caffe divides its statistics by the last
        "bn1_scale": [[3], [3]],
        "fc1": [[4, 75], [4]],
    }
    start, stop = stored["conv1"][0]["data"]
    with np.load(weights) as arrays:
        assert data[start:stop] == arrays["conv1.weight"].astype("<f4").tobytes()


def test_texts_of_the_spec_stay_texts(tmp_path: Path) -> None:
    spec = {"name": 'x"\nlayer {\\', "input": "4x4x2", "layers": ["relu"]}
    report = shapecalc.summarize(spec)
    assert 'name: "x\\" layer {\\\\"' in written(report).text
    assert rows_of(read_back(report, tmp_path)) == rows_of(report)


def test_an_input_may_not_take_a_layers_name(tmp_path: Path) -> None:
    report = shapecalc.summarize({"input": "4x4x2", "layers": [{"relu": {"name": "data"}}]})
    assert rows_of(read_back(report, tmp_path)) == rows_of(report)


def test_a_file_is_written_by_its_suffix(tmp_path: Path) -> None:
    target = tmp_path / "net.prototxt"
    assert runner().invoke(main, ["convert", "lenet5", str(target)]).exit_code == 0
    assert runner().invoke(main, ["compare", "lenet5", str(target)]).exit_code == 0
    assert "layer {  # 6 x 28 x 28\n" in target.read_text()

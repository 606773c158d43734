"""Models written as ONNX, without ONNX: whole, and read back as the same network.

`tests/oracle/test_onnx_written.py` checks and runs them.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import shapecalc
from shapecalc.cli import main
from shapecalc.errors import SpecErrors
from shapecalc.layers import BUILTIN
from shapecalc.readers.onnx.file import OnnxFile, read_file
from shapecalc.readers.protobuf import Messages
from shapecalc.spec.find import shipped
from shapecalc.writers.onnx import model, written
from shapecalc.writers.onnx_layers import SPELLINGS
from tests.runner import runner

if TYPE_CHECKING:
    from pathlib import Path

    from shapecalc.report import Report

#: Layers that ONNX writes out, so that more of them are read back: as many parameters and MACs.
COMPOSED = frozenset({
    "alphago", "dcgan", "deit-s", "googlenet-as-trained", "gpt2-small", "maxvit-t", "swin-t",
    "vit-b-16",
})  # fmt: skip
#: Of LeNet's own layers the sums of windows and the codes are no layers of ours when read back.
LOST = frozenset({"lenet5-1998"})
#: Types that are read back as others, which do the same.
SAME = {"stochastic_depth": "identity", "crop": "slice", "adaptive_avgpool": "avgpool"}


def data_of(report: Report, arrays: Any = None) -> bytes:
    return b"".join(model(report, arrays).pieces)


def file_of(spec: dict[str, Any]) -> OnnxFile:
    return read_file(Messages(data_of(shapecalc.summarize(spec))))


def read_back(report: Report, folder: Path) -> Report:
    path = folder / "net.onnx"
    path.write_bytes(data_of(report))
    return shapecalc.summarize(path)


def rows_of(report: Report) -> list[tuple[Any, ...]]:
    return [
        (row.name, SAME.get(row.type, row.type), row.output, row.params, row.macs)
        for row in report.rows
    ]


def test_every_type_is_spelled() -> None:
    assert SPELLINGS.keys() == BUILTIN.keys()


@pytest.mark.parametrize("name", [name for name in shipped() if name not in LOST])
def test_a_shipped_network_is_read_back_as_it_was(name: str, tmp_path: Path) -> None:
    report = shapecalc.summarize(name)
    again = read_back(report, tmp_path)
    assert (again.totals.params, again.totals.macs) == (report.totals.params, report.totals.macs)
    if name not in COMPOSED:
        assert rows_of(again) == rows_of(report)


@pytest.mark.parametrize(
    ("attention", "shape"),
    [
        ("{heads: 4, groups: 2}", "7x8"),
        ("{heads: 4, groups: 1, causal: true, qk_norm: rmsnorm}", "7x8"),
        ("{heads: 2, key: 3, groups: 1, qk_norm: rmsnorm, causal: true}", "9x8"),
        ("{heads: 4, groups: 2, window: 3}", "6x6x8"),
    ],
)
def test_heads_with_common_keys_are_read_back(attention: str, shape: str, tmp_path: Path) -> None:
    spec = f"input: {shape}\nlayers: [attention: {attention}, gelu]"
    report = shapecalc.summarize(shapecalc.loads(spec))
    again = read_back(report, tmp_path)
    assert again.remarks == ()
    assert again.rows[-1].output == report.rows[-1].output
    assert (again.totals.params, again.totals.macs) == (report.totals.params, report.totals.macs)
    assert again.totals.kv_cache == report.totals.kv_cache


def test_a_file_without_weights_holds_all_shapes_and_no_payload(tmp_path: Path) -> None:
    data = data_of(shapecalc.summarize("vgg16"))
    assert len(data) < 10_000  # of 553 MB
    file = read_file(Messages(data))
    assert file.inputs == {"input": ("N", 3, 224, 224)}
    assert file.stated["pool5"] == ("N", 512, 7, 7)


def test_equal_networks_are_equal_bytes() -> None:
    assert data_of(shapecalc.summarize("googlenet")) == data_of(shapecalc.summarize("googlenet"))


#: A layer on 9x8x4, and the operations that it becomes.
SPELLED: list[tuple[Any, list[str]]] = [
    ({"conv": {"filters": 8, "kernel": 3, "pad": [[0, 1], [2, 3]]}}, ["Conv"]),
    ({"conv": {"filters": 8, "kernel": 1, "bias": "per_position"}}, ["Conv", "Add"]),
    ({"separable": {"filters": 8, "kernel": 3}}, ["Conv", "Conv"]),
    ({"maxpool": {"kernel": 3, "stride": 2, "rounding": "ceil"}}, ["MaxPool"]),
    ({"avgpool": {"kernel": 3, "stride": 2, "pad": 1, "rounding": "ceil_full"}}, ["AveragePool"]),
    ({"adaptive_avgpool": {"size": [4, 4]}}, ["AveragePool"]),
    ("silu", ["Sigmoid", "Mul"]),
    ({"groupnorm": {"groups": 2}}, ["Reshape", "InstanceNormalization", "Reshape", "Mul", "Add"]),
    ({"dense": 5}, ["Flatten", "Gemm"]),
    ({"lrn": {"size": 5}}, ["LRN"]),
    ({"upsample": 2}, ["Resize"]),
    ("layernorm", ["Transpose", "LayerNormalization", "Transpose"]),
    ({"roll": {"shift": 0}}, ["Transpose", "Identity", "Transpose"]),
]  # fmt: skip


@pytest.mark.parametrize(("layer", "ops"), SPELLED)
def test_a_layer_is_its_operations(layer: Any, ops: list[str]) -> None:
    nodes = file_of({"input": "9x8x4", "layers": [layer]}).nodes
    assert [node.op for node in nodes if node.op != "ConstantOfShape"] == ops


def test_pads_and_rounding_are_stated() -> None:
    layers = [
        {"conv": {"filters": 8, "kernel": 3, "stride": 2, "pad": "same"}},
        {"maxpool": {"kernel": 3, "stride": 2, "pad": 1, "rounding": "ceil"}},
    ]
    file = file_of({"input": "9x8x4", "layers": layers})
    conv, pool = (node.attributes for node in file.nodes if node.op in ("Conv", "MaxPool"))
    assert conv["pads"] == [1, 0, 1, 1]
    assert (pool["pads"], pool["ceil_mode"], file.opset) == ([1, 1, 1, 1], 1, 22)


def test_a_pool_whose_rounding_onnx_does_not_have_hangs_over_its_padding() -> None:
    pool = {"avgpool": {"kernel": 3, "stride": 4, "pad": 1, "rounding": "ceil_full"}}
    nodes = file_of({"input": "6x6x4", "layers": [pool]}).nodes
    assert [node.op for node in nodes] == ["Pad", "AveragePool", "Mul"]


def test_a_window_of_padding_alone_is_refused() -> None:
    pool = {"maxpool": {"kernel": 1, "stride": 2, "rounding": "ceil_full"}}
    with pytest.raises(SpecErrors, match="pool1 cannot be written for ONNX"):
        written(shapecalc.summarize({"input": "2x2x1", "layers": [pool]}))


def test_an_input_that_is_an_output_is_refused() -> None:
    spec = {"input": "2x2x1", "layers": ["relu"], "outputs": ["input", "relu1"]}
    with pytest.raises(SpecErrors, match="E360"):
        written(shapecalc.summarize(spec))


def test_weights_go_into_the_file(tmp_path: Path) -> None:
    run = runner()
    spec, weights, target = (str(tmp_path / name) for name in ("n.yaml", "w.npz", "net.onnx"))
    (tmp_path / "n.yaml").write_text("input: 5x5x2\nlayers: [conv3-3, fc: 4]\n")
    assert run.invoke(main, ["run", spec, "--save-weights", weights]).exit_code == 0
    done = run.invoke(main, ["convert", spec, target, "--weights", weights])
    assert (done.exit_code, done.output) == (0, "")
    file = read_file(Messages((tmp_path / "net.onnx").read_bytes()))
    with np.load(weights) as arrays:
        for name in arrays.files:
            stored = file.arrays[name]
            assert stored.dims == arrays[name].shape
            assert stored.values() == tuple(arrays[name].ravel().tolist())
    assert not (tmp_path / "net.npz").exists()


def test_weights_that_two_layers_share_are_stored_once(tmp_path: Path) -> None:
    tied = {"dense": {"units": 11, "over": "channels", "bias": False, "share": "words"}}
    words = {"embedding": {"name": "words", "entries": 11, "size": 5}}
    report = shapecalc.summarize({"input": 7, "layers": [words, "gelu", tied, "softmax"]})
    again = read_back(report, tmp_path)
    assert again.totals.params == report.totals.params == 55
    assert rows_of(again) == rows_of(report)


def test_names_that_mean_something_elsewhere_stay_names(tmp_path: Path) -> None:
    names = ["constant1", "conv1.weight", "relu1", "3x3", "Conv"]
    inner = {"name": "layer1", "layers": [{"relu": {"name": "layer1.0"}}]}
    layers = [*({"relu": {"name": name}} for name in names), {"group": inner}, "conv1-2"]
    report = shapecalc.summarize({"name": 'x"\n\0', "input": "4x4x2", "layers": layers})
    assert rows_of(read_back(report, tmp_path)) == rows_of(report)


def test_a_model_is_no_text(tmp_path: Path) -> None:
    done = runner().invoke(main, ["convert", "lenet5", "--to", "onnx"])
    assert done.exit_code == 2
    assert "error[E323]" in done.output
    target = tmp_path / "net.onnx"
    assert runner().invoke(main, ["convert", "lenet5", str(target)]).exit_code == 0
    assert runner().invoke(main, ["compare", "lenet5", str(target)]).exit_code == 0


def test_more_than_a_file_holds_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shapecalc.writers.onnx._MOST_BYTES", 1000)
    with pytest.raises(SpecErrors, match="a file holds 2 GB"):
        written(shapecalc.summarize("lenet5"))


def test_one_number_for_all_comes_back_as_a_weight(tmp_path: Path) -> None:
    layers = [{"scale": {"per": "one"}}, {"bias": {"per": "one"}}, {"multiply": {"right": 3}}]
    spec, target = tmp_path / "net.yaml", tmp_path / "net.onnx"
    spec.write_text(json.dumps({"input": "5x4x3", "layers": layers}))
    assert runner().invoke(main, ["convert", str(spec), str(target)]).exit_code == 0
    report = shapecalc.summarize(target)
    assert [row.params for row in report.rows] == [0, 1, 1, 0]

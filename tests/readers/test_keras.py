"""Keras' models are read from whatever Keras writes, without Keras."""

from __future__ import annotations

import io
import json
import sys
import zipfile
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import pytest

import shapecalc
from shapecalc import SpecErrors
from tests.paths import TESTS
from tests.readers.refusal import refused_as_unreadable

if TYPE_CHECKING:
    from pathlib import Path

    from shapecalc.report import Report, Row

#: What Keras 3.15 wrote.
WRITTEN = TESTS / "readers" / "keras"

Config = dict[str, Any]


def layer(kind: str, name: str = "x", **config: object) -> Config:
    return {"class_name": kind, "module": "keras.layers", "config": {"name": name, **config}}


def entry(*shape: int | None, name: str = "in") -> Config:
    return layer("InputLayer", name, batch_shape=[None, *shape])


def sequential(*layers: Config, **more: object) -> Config:
    return {"class_name": "Sequential", "config": {"name": "net", "layers": list(layers), **more}}


def tensor(name: str, *shape: int | None, call: int = 0) -> Config:
    history = {"shape": [None, *shape], "dtype": "float32", "keras_history": [name, call, 0]}
    return {"class_name": "__keras_tensor__", "config": history}


def functional(inputs: list[str], outputs: list[str], *layers: tuple[Config, list[Any]]) -> Config:
    """Write a graph: layers, each with the arguments of its calls."""
    return {
        "class_name": "Functional",
        "config": {
            "name": "net",
            "layers": [
                {**one, "name": one["config"]["name"], "inbound_nodes": calls}
                for one, calls in layers
            ],
            "input_layers": [[name, 0, 0] for name in inputs],
            "output_layers": [[name, 0, 0] for name in outputs],
        },
    }


def call(*args: object, **kwargs: object) -> Config:
    return {"args": list(args), "kwargs": kwargs}


def summarized(folder: Path, config: object, name: str = "net.json") -> Report:
    path = folder / name
    path.write_text(json.dumps(config))
    return shapecalc.summarize(path)


def volume(row: Row) -> str:
    return "x".join(map(str, (*row.output.sides, row.output.channels)))


def rows(report: Report) -> dict[str, tuple[str, str, int]]:
    return {row.name: (row.type, volume(row), row.params) for row in report.rows}


def test_models_in_models_are_levels_and_what_is_called_twice_shares() -> None:
    report = shapecalc.summarize(WRITTEN / "siamese.json")
    assert (report.totals.params, report.totals.macs) == (1403, 2 * (6912 + 1280) + 5)
    types = [row.type for row in report.rows]
    assert types == [
        *("input", "input"),
        *("conv", "relu6", "flatten", "dense") * 2,
        *("subtract", "dense", "sigmoid"),
    ]
    first, second = (row for row in report.rows if row.type == "conv")
    assert (first.params, second.params) == (112, 0)
    # what is subtracted is of the two calls, not twice of one
    calls = [row.name for row in report.rows if row.type == "dense"][:2]
    assert report.rows[types.index("subtract")].sources == (*calls,)


def test_each_output_of_a_model_within_is_its_own(tmp_path: Path) -> None:
    within = functional(
        ["i"],
        ["r", "t"],
        (entry(4, 4, 2, name="i"), []),
        (layer("ReLU", "r"), [call(tensor("i", 4, 4, 2))]),
        (layer("Activation", "t", activation="tanh"), [call(tensor("i", 4, 4, 2))]),
    )
    within["config"]["name"] = "m"
    second = tensor("m", 4, 4, 2)
    second["config"]["keras_history"] = ["m", 0, 1]
    whole = functional(
        ["in"],
        ["s"],
        (entry(4, 4, 2), []),
        (within, [call(tensor("in", 4, 4, 2))]),
        (layer("Subtract", "s"), [call([tensor("m", 4, 4, 2), second])]),
    )
    report = summarized(tmp_path, whole)
    assert report["s"].sources == ("m/r", "m/t")


def test_channels_first() -> None:
    report = shapecalc.summarize(WRITTEN / "first.json")
    assert rows(report) == {
        "input": ("input", "20x24x3", 0),
        "c1": ("conv", "20x24x6", 276),
        "b1": ("batchnorm", "20x24x6", 12),
        "p1": ("maxpool", "10x12x6", 0),
        "z1": ("pad", "11x14x6", 0),
        "k1": ("concat", "10x12x12", 0),
        "t1": ("transposed", "23x29x6", 150),
        "g1": ("global_avgpool", "1x1x12", 0),
        "g2": ("global_maxpool", "1x1x6", 0),
        "k2": ("concat", "1x1x18", 0),
        "d1": ("dense", "2", 38),
    }
    assert report.totals.params + report.totals.buffers == 488  # Keras' count_params


def test_sequences() -> None:
    report = shapecalc.summarize(WRITTEN / "sequence.json")
    assert report.totals.params == 3751  # Keras' count_params
    read = rows(report)
    assert read["c"][:2] == ("conv", "30x16")
    assert read["both"][:2] == ("gru", "12")
    assert read["td"][:2] == ("dense", "30x7")
    assert read["cat"][:2] == ("concat", "19")
    assert report["mha"].type == "attention"


SMALL = sequential(
    entry(28, 28, 1),
    layer("Conv2D", "c", filters=8, kernel_size=[3, 3], padding="same", activation="relu"),
    layer("Flatten", "f"),
    layer("Dense", "d", units=10, activation="softmax"),
)


def test_an_archive_is_opened_and_its_weights_are_not(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "net.keras", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("metadata.json", "{}")
        archive.writestr("config.json", json.dumps(SMALL))
        archive.writestr("model.weights.h5", b"no HDF5 at all")
    report = shapecalc.summarize(tmp_path / "net.keras")
    assert report.totals.params == 80 + 62_730
    assert [row.name for row in report.rows] == ["input", "c", "c_relu", "f", "d", "d_softmax"]


def test_hdf5(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py", reason="h5py is not installed: the extra `test` has it")
    with h5py.File(tmp_path / "net.h5", "w") as file:
        file.attrs["model_config"] = json.dumps(SMALL)
    assert shapecalc.summarize(tmp_path / "net.h5").totals.params == 62_810
    with h5py.File(tmp_path / "weights.h5", "w") as file:
        file.attrs["layer_names"] = "c"
    with pytest.raises(SpecErrors, match="the file holds weights, and no layers"):
        shapecalc.summarize(tmp_path / "weights.h5")
    torn = (tmp_path / "net.h5").read_bytes()[:700]
    (tmp_path / "torn.h5").write_bytes(torn)
    with pytest.raises(SpecErrors, match="the HDF5 file is damaged"):
        shapecalc.summarize(tmp_path / "torn.h5")


def test_without_h5py_its_name_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "h5py", None)
    (tmp_path / "net.h5").write_bytes(b"\x89HDF\r\n\x1a\n")
    with pytest.raises(SpecErrors) as caught:
        shapecalc.summarize(tmp_path / "net.h5")
    assert "h5py, which is not installed" in caught.value.problems[0].message
    assert "shapecalc-convnets[h5]" in caught.value.problems[0].hint


#: A layer of Keras on 9x9x8, and a field of it that neither its shape nor its costs tell.
FIELDS: list[tuple[Config, str, object]] = [
    (layer("AveragePooling2D", pool_size=3, strides=1, padding="same"), "count_include_pad", False),
    (layer("LeakyReLU"), "slope", 0.3),
    (layer("Conv2D", filters=4, kernel_size=1, activation=layer("LeakyReLU")), "slope", 0.3),
    (layer("Dense", units=4, activation="leaky_relu"), "slope", 0.2),
]


@pytest.mark.parametrize(("config", "field", "value"), FIELDS)
def test_a_field_of_a_layer(config: Config, field: str, value: object, tmp_path: Path) -> None:
    report = summarized(tmp_path, sequential(entry(9, 9, 8), config))
    assert attrgetter(field)(report.rows[-1].layer) == value


#: A layer of Keras on 9x9x8, and what it is: its type, its output, its parameters.
ON_MAPS: list[tuple[Config, tuple[str, str, int]]] = [
    (layer("Conv2D", filters=4, kernel_size=[3, 5], strides=[2, 1]), ("conv", "4x5x4", 484)),
    (layer("Conv2D", filters=4, kernel_size=3, padding="same", strides=2), ("conv", "5x5x4", 292)),
    (layer("Conv2D", filters=4, kernel_size=3, dilation_rate=2, groups=2, use_bias=False), ("conv", "5x5x4", 144)),
    (layer("DepthwiseConv2D", kernel_size=3, depth_multiplier=2), ("depthwise", "7x7x16", 160)),
    (layer("SeparableConv2D", filters=4, kernel_size=3, depth_multiplier=2), ("separable", "7x7x4", 212)),
    # Keras: (9 - 1)*2 + 3; 9*2; (9 - 1)*2 + 3 - 2*1 + 1; (9 - 1)*3 + 2 and the stride's rest
    (layer("Conv2DTranspose", filters=4, kernel_size=3, strides=2), ("transposed", "19x19x4", 292)),
    (layer("Conv2DTranspose", filters=4, kernel_size=3, strides=2, padding="same"), ("transposed", "18x18x4", 292)),
    (layer("Conv2DTranspose", filters=4, kernel_size=3, strides=2, padding="same", output_padding=1), ("transposed", "18x18x4", 292)),
    (layer("Conv2DTranspose", filters=4, kernel_size=2, strides=3), ("transposed", "27x27x4", 132)),
    (layer("MaxPooling2D", pool_size=[2, 2], strides=None), ("maxpool", "4x4x8", 0)),
    (layer("MaxPooling2D", pool_size=3, strides=2, padding="same"), ("maxpool", "5x5x8", 0)),
    (layer("AveragePooling2D", pool_size=2, strides=1), ("avgpool", "8x8x8", 0)),
    (layer("GlobalAveragePooling2D", keepdims=True), ("global_avgpool", "1x1x8", 0)),
    (layer("AdaptiveAveragePooling2D", output_size=[3, 2]), ("adaptive_avgpool", "3x2x8", 0)),
    (layer("Dense", units=5), ("dense", "9x9x5", 45)),
    (layer("Flatten"), ("flatten", "648", 0)),
    (layer("Reshape", target_shape=[27, -1]), ("reshape", "27x24", 0)),
    (layer("Reshape", target_shape=[-1]), ("flatten", "648", 0)),
    (layer("Permute", dims=[3, 1, 2]), ("permute", "8x9x9", 0)),
    (layer("ZeroPadding2D", padding=[[1, 2], [0, 3]]), ("pad", "12x12x8", 0)),
    (layer("Cropping2D", cropping=[[1, 2], [0, 3]]), ("crop", "6x6x8", 0)),
    (layer("UpSampling2D", size=[2, 3], interpolation="bilinear"), ("upsample", "18x27x8", 0)),
    (layer("Resizing", height=5, width=6), ("upsample", "5x6x8", 0)),
    (layer("BatchNormalization", axis=[3], scale=False), ("batchnorm", "9x9x8", 8)),
    (layer("LayerNormalization", axis=[1, 2, 3]), ("layernorm", "9x9x8", 1296)),
    (layer("LayerNormalization", axis=-1, center=False), ("layernorm", "9x9x8", 8)),
    (layer("GroupNormalization", groups=4), ("groupnorm", "9x9x8", 16)),
    (layer("GroupNormalization", groups=-1), ("instancenorm", "9x9x8", 16)),
    (layer("RMSNormalization"), ("rmsnorm", "9x9x8", 8)),
    (layer("ReLU", max_value=6.0), ("relu6", "9x9x8", 0)),
    (layer("ReLU", max_value=1.0), ("clip", "9x9x8", 0)),
    (layer("ReLU", negative_slope=0.1), ("leaky_relu", "9x9x8", 0)),
    (layer("LeakyReLU", alpha=0.2), ("leaky_relu", "9x9x8", 0)),
    (layer("PReLU", shared_axes=[1, 2]), ("prelu", "9x9x8", 8)),
    (layer("PReLU", shared_axes=[1, 2, 3]), ("prelu", "9x9x8", 1)),
    (layer("Softmax", axis=-1), ("softmax", "9x9x8", 0)),
    (layer("UnitNormalization", axis=[1, -1]), ("l2norm", "9x9x8", 0)),
    (layer("Softmax", axis=1), ("softmax", "9x9x8", 0)),
    (layer("Softmax", axis=[1, 2]), ("softmax", "9x9x8", 0)),
    (layer("Activation", activation="hard_silu"), ("hard_swish", "9x9x8", 0)),
    (layer("Activation", activation={"class_name": "function", "config": "relu6"}), ("relu6", "9x9x8", 0)),
    (layer("Activation", activation="selu"), ("multiply", "9x9x8", 0)),
    (layer("SpatialDropout2D", rate=0.2), ("dropout", "9x9x8", 0)),
    (layer("Rescaling", scale=2.0, offset=0.0), ("multiply", "9x9x8", 0)),
    (layer("Normalization", axis=-1), ("batchnorm", "9x9x8", 0)),
    # a kernel of 3 dilated by 2 spans 5: 9 - 1 + 5 mod 2; one of 2 spans 3: (9 - 1)*2 + 3 mod 2 + 1
    (layer("Conv2DTranspose", filters=4, kernel_size=3, dilation_rate=2, padding="same", output_padding=0), ("transposed", "9x9x4", 292)),
    (layer("Conv2DTranspose", filters=4, kernel_size=[2, 4], strides=2, dilation_rate=[2, 1], padding="same", output_padding=1), ("transposed", "18x17x4", 260)),
    (layer("Conv2DTranspose", filters=4, kernel_size=2, strides=3, output_padding=0), ("transposed", "26x26x4", 132)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("activation", "expected"),
    [
        (layer("PReLU", shared_axes=[1, 2]), ("prelu", "9x9x4", 4)),
        (layer("ReLU", max_value=6.0), ("relu6", "9x9x4", 0)),
    ],
)
def test_a_layer_where_an_activation_stands(
    activation: Config, expected: tuple[str, str, int], tmp_path: Path
) -> None:
    config = layer("Conv2D", "c", filters=4, kernel_size=1, activation=activation)
    report = summarized(tmp_path, sequential(entry(9, 9, 8), config))
    assert rows(report)["c_activation"] == expected


@pytest.mark.parametrize(("config", "expected"), ON_MAPS)
def test_a_layer_on_a_map(config: Config, expected: tuple[str, str, int], tmp_path: Path) -> None:
    network = functional(
        *(["in"], ["x"]), (entry(9, 9, 8), []), (config, [call(tensor("in", 9, 9, 8))])
    )
    assert rows(summarized(tmp_path, network))["x"] == expected


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (layer("LSTM", units=4, return_sequences=True), ("lstm", "12x4", 4 * 4 * (8 + 4 + 1))),
        (layer("GRU", units=4), ("gru", "4", 3 * 4 * (8 + 4 + 2))),
        (layer("GRU", units=4, reset_after=False), ("gru", "4", 3 * 4 * (8 + 4 + 1))),
        (layer("SimpleRNN", units=4, use_bias=False), ("rnn", "4", 4 * (8 + 4))),
        (layer("Conv1D", filters=4, kernel_size=3, padding="causal"), ("conv", "12x4", 100)),
        (layer("ZeroPadding1D", padding=[1, 2]), ("pad", "15x8", 0)),
        (layer("MaxPooling1D", pool_size=5), ("maxpool", "2x8", 0)),
    ],
)
def test_a_layer_on_a_sequence(
    config: Config, expected: tuple[str, str, int], tmp_path: Path
) -> None:
    report = summarized(tmp_path, sequential(entry(12, 8), config))
    assert rows(report)["x"] == expected


@pytest.mark.parametrize(("shape", "size"), [((7,), [5, 5]), ((7,), 0), ((7,), None), ((7, 5), 5)])
def test_a_table_that_is_none_is_refused(shape: Any, size: Any, tmp_path: Path) -> None:
    table = layer("Embedding", input_dim=11, output_dim=size)
    with pytest.raises(SpecErrors):
        summarized(tmp_path, sequential(entry(*shape), table))


def test_a_norm_along_a_side_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecErrors, match="along axis 1, not along the channels"):
        summarized(tmp_path, sequential(entry(7, 5), layer("RMSNormalization", axis=1)))


def test_a_table_is_looked_up_twice(tmp_path: Path) -> None:
    table = layer("Embedding", "words", input_dim=11, output_dim=5)
    network = functional(
        ["a", "b"],
        ["end"],
        (entry(7, name="a"), []),
        (entry(7, name="b"), []),
        (table, [call(tensor("a", 7)), call(tensor("b", 7))]),
        (layer("Softmax", "end", axis=1), [call(tensor("words", 7, 5))]),
    )
    report = summarized(tmp_path, network)
    made = [(row.type, str(row.output), row.params) for row in report.rows]
    assert made.count(("embedding", str(report.rows[-1].output), 55)) == 1
    assert report.totals.params == 55
    assert report.rows[-1].does == "over length"


def test_joins_and_operations_on_numbers(tmp_path: Path) -> None:
    both = [tensor("a", 4, 4, 2), tensor("b", 4, 4, 2)]
    network = functional(
        ["a", "b"],
        ["end"],
        (entry(4, 4, 2, name="a"), []),
        (entry(4, 4, 2, name="b"), []),
        (layer("Add", "sum"), [call(both)]),
        (layer("Average", "mean"), [call(both)]),
        (layer("Concatenate", "join", axis=-1), [call(both)]),
        (layer("Multiply", "half"), [call(tensor("mean", 4, 4, 2), 0.5)]),
        (layer("Subtract", "less"), [call(1.0, tensor("half", 4, 4, 2))]),
        (layer("Add", "last"), [call(tensor("sum", 4, 4, 2), tensor("less", 4, 4, 2))]),
        (layer("Maximum", "end"), [call([tensor("last", 4, 4, 2), tensor("a", 4, 4, 2)])]),
    )
    report = summarized(tmp_path, network)
    assert {name: row[:2] for name, row in rows(report).items()} == {
        "a": ("input", "4x4x2"),
        "b": ("input", "4x4x2"),
        "sum": ("add", "4x4x2"),
        "mean_sum": ("add", "4x4x2"),
        "mean": ("divide", "4x4x2"),
        "join": ("concat", "4x4x4"),
        "half": ("multiply", "4x4x2"),
        "less": ("subtract", "4x4x2"),
        "last": ("add", "4x4x2"),
        "end": ("maximum", "4x4x2"),
    }
    assert (report["less"].layer.left, report["half"].layer.right) == (1, 0.5)


def test_layers_that_stand_before_what_they_read(tmp_path: Path) -> None:
    network = functional(
        *(["in"], ["b"]),
        (layer("ReLU", "b"), [call(tensor("a", 4, 4, 2))]),
        (layer("ELU", "a"), [call(tensor("in", 4, 4, 2))]),
        (entry(4, 4, 2), []),
    )
    assert [row.type for row in summarized(tmp_path, network).rows] == ["input", "elu", "relu"]


def test_keras_2(tmp_path: Path) -> None:
    first = {
        "class_name": "Conv2D",
        "config": {
            "name": "c",
            "filters": 4,
            "kernel_size": [3, 3],
            "batch_input_shape": [None, 8, 8, 3],
        },
    }
    report = summarized(
        tmp_path, {"class_name": "Sequential", "config": [first, layer("ReLU", "r")]}
    )
    assert rows(report)["r"] == ("relu", "6x6x4", 0)
    old = functional(
        *(["in"], ["x"]),
        (layer("InputLayer", "in", batch_input_shape=[None, 4, 4, 2]), []),
        (layer("ELU", "e"), [[["in", 0, 0, {}]]]),
        (layer("Add", "x"), [[["in", 0, 0, {}], ["e", 0, 0, {}]]]),
    )
    assert rows(summarized(tmp_path, {**old, "class_name": "Model"}))["x"] == ("add", "4x4x2", 0)


@pytest.mark.parametrize(
    "where",
    [
        {"build_config": {"input_shape": [None, 8, 8, 3]}},
        {"more": {"build_input_shape": [None, 8, 8, 3]}},
    ],
)
def test_an_input_that_only_building_states(where: Config, tmp_path: Path) -> None:
    network = sequential(layer("ReLU"), **where.pop("more", {}))
    assert volume(summarized(tmp_path, {**network, **where})["x"]) == "8x8x3"


def test_open_sizes_are_letters(tmp_path: Path) -> None:
    path = tmp_path / "net.json"
    path.write_text(
        json.dumps(sequential(entry(None, None, 3), layer("Conv2D", filters=2, kernel_size=3)))
    )
    report = shapecalc.summarize(path)
    assert volume(report["x"]) == "H - 2xW - 2x2"
    assert any("--input" in remark for remark in report.remarks)
    assert volume(shapecalc.summarize(path, input="9x7x3")["x"]) == "7x5x2"


def test_a_class_of_its_own_is_partial_where_its_result_has_a_shape(tmp_path: Path) -> None:
    mine = {**layer("MyGate", "gate"), "module": "mine"}
    network = functional(
        *(["in"], ["x"]),
        (entry(4, 4, 2), []),
        (mine, [call(tensor("in", 4, 4, 2))]),
        (layer("ReLU"), [call(tensor("gate", 2, 2, 8))]),
    )
    report = summarized(tmp_path, network)
    assert [(row.type, volume(row)) for row in report.rows[1:]] == [
        *[("opaque", "2x2x8"), ("relu", "2x2x8")]
    ]
    assert report.remarks[0].startswith("partial: 1 MyGate without a rule")
    behind = {**layer("Dense", "d", units=3), "build_config": {"input_shape": [None, 8]}}
    report = summarized(tmp_path, sequential(entry(5), layer("Lambda", "my"), behind))
    assert (report["my"].type, report["d"].params) == ("opaque", 27)


def test_frozen_layers(tmp_path: Path) -> None:
    network = sequential(entry(4, 4, 2), layer("Conv2D", filters=2, kernel_size=3, trainable=False))
    assert summarized(tmp_path, network).totals.trainable == 0


DEEP: Config = sequential(entry(4, 4, 2), layer("ReLU"))
for _ in range(40):
    DEEP = sequential(DEEP)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"class_name": "MyModel", "config": {}}, "it is of the class 'MyModel'"),
        ({"module": "x"}, "it has no class"),
        (sequential(), "it has no layers"),
        (sequential(entry(4, 4, 2)), "it has no layers that compute anything"),
        (sequential(layer("ReLU")), "nothing says how large its input is"),
        (sequential(entry(4, 4, 2), layer("Lambda", "my")), "layer 'my': there is no layer for its class 'Lambda'"),
        (sequential(entry(4, 4, 2), layer("Conv2D")), "layer 'x': filters is a whole number, not null"),
        (sequential(entry(4, 4, 2), layer("Conv2D", filters="many", kernel_size=3)), 'filters is a whole number, not "many"'),
        (sequential(entry(4, 4, 2), layer("Conv2D", filters=2, kernel_size=[3, 3, 1])), "kernel_size has 3 sizes for 2 sides"),
        (sequential(entry(4, 4, 2), layer("Conv1D", filters=2, kernel_size=3)), "it works on 1 sides, and what it reads has 2"),
        (sequential(entry(4, 2), layer("MultiHeadAttention", num_heads=1, key_dim=2, use_gate=True)), "the gate behind it has weights that are not read"),
        (sequential(entry(4), layer("Dense", units=2, lora_rank=1)), "it has weights of a low rank beside its own"),
        (sequential(entry(4, 4, 2), layer("Activation", activation="dance")), 'there is no layer for its activation "dance"'),
        (sequential(entry(4, 4, 2), layer("BatchNormalization", axis=1)), "it works along axis 1, not along the channels"),
        (sequential(entry(1, 2, 3, 4, 5), layer("ReLU")), "the input 'in' has 5 axes"),
        (sequential(layer("InputLayer", "in", batch_shape="all"), layer("ReLU")), "the input 'in' has no shape that is read"),
        (DEEP, "models are nested more than 30 deep"),
        (functional(["in"], ["x"], (entry(4, 4, 2), []), (layer("ReLU"), [call(tensor("y", 4, 4, 2))])), "nothing before it computes 'y'"),
        (functional(["in"], ["x"], (entry(4, 4, 2), []), (layer("ReLU"), [call(tensor("x", 4, 4, 2))])), "nothing before it computes 'x'"),
        (functional(["in"], ["z"], (entry(4, 4, 2), []), (layer("ReLU"), [call(tensor("in", 4, 4, 2))])), "nothing computes its output 'z'"),
        (functional(["in"], ["x"], (entry(4, 4, 2), []), (layer("ReLU"), [call(tensor("in", 4, 4, 2), tensor("in", 4, 4, 2))])), "it reads 2 tensors"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said(config: Config, message: str, tmp_path: Path) -> None:
    with refused_as_unreadable(message):
        summarized(tmp_path, config)


def doubled(depth: int) -> Config:
    """Models that call a model twice: 2 to the power of their depth calls."""
    model = functional(
        ["in"], ["x"], (entry(4, 4, 2), []), (layer("ReLU"), [call(tensor("in", 4, 4, 2))])
    )
    for _ in range(depth):
        inner = {**model, "config": {**model["config"], "name": "m"}}
        model = functional(
            *(["in"], ["x"]),
            (entry(4, 4, 2), []),
            (inner, [call(tensor("in", 4, 4, 2)), call(tensor("in", 4, 4, 2))]),
            (layer("Add"), [call([tensor("m", 4, 4, 2), tensor("m", 4, 4, 2, call=1)])]),
        )
    return model


def test_calls_are_bounded(tmp_path: Path) -> None:
    assert len(summarized(tmp_path, doubled(3))) == 1 + 8 + 7
    with pytest.raises(SpecErrors, match="called more than 100,000 times"):
        summarized(tmp_path, doubled(25))


def test_damaged_archives(tmp_path: Path) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", json.dumps(SMALL) + " " * 40_000_000)
    bomb = file.getvalue()
    assert len(bomb) < 100_000
    for data, message in [
        (bomb, "unpacks to more than 32 MiB"),
        (bomb[:-30], "its list of files cannot be read"),
        (bomb[:60] + b"\0" * 900 + bomb[960:], "damaged or packed in another way"),
        (b"PK\3\4", "its list of files cannot be read"),
        (b"PK\3\4" + b"PK\5\6" + b"\xff" * 18, "the archive's list of files is too long"),
    ]:
        (tmp_path / "net.keras").write_bytes(data)
        with pytest.raises(SpecErrors) as caught:
            shapecalc.summarize(tmp_path / "net.keras")
        assert message in caught.value.problems[0].message


@pytest.mark.parametrize(
    "text",
    [
        '{"class_name": "Seq',
        '{"class_name": 1' + "0" * 5000 + "}",
        '{"class_name": ' + "[" * 100_000,
    ],
)
def test_damaged_json(text: str, tmp_path: Path) -> None:
    (tmp_path / "net.json").write_text(text)
    with pytest.raises(SpecErrors, match="its JSON"):
        shapecalc.summarize(tmp_path / "net.json")

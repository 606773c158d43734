"""Programs for Keras, without Keras: formatted, whole, and refused where there are no words.

`tests/oracle/test_keras_code.py` runs them.
"""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import shapecalc
from shapecalc.cli import main
from shapecalc.errors import SpecErrors
from shapecalc.layers import BUILTIN
from shapecalc.readers.keras.own import OWN_LAYERS
from shapecalc.reference.run import allocate
from shapecalc.report.compute import compute_report
from shapecalc.spec.find import shipped
from shapecalc.writers.keras import written
from shapecalc.writers.keras_layers import SPELLINGS
from shapecalc.writers.keras_modules import HELPERS
from shapecalc.writers.pytorch import program
from tests.runner import runner

if TYPE_CHECKING:
    from pathlib import Path


def test_all_networks_programs_are_formatted_and_clean(tmp_path: Path) -> None:
    for number, name in enumerate(shipped()):
        text = written(shapecalc.summarize(name)).text
        (tmp_path / f"n{number}.py").write_text(text, encoding="utf-8")
    (tmp_path / "helpers.py").write_text(every_helper(), encoding="utf-8")
    for words in (["check"], ["format", "--check"]):
        ruff = [sys.executable, "-m", "ruff", *words, "--isolated", "--no-cache", str(tmp_path)]
        done = subprocess.run(ruff, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def every_helper() -> str:
    """Return a program of nothing but what programs bring with them."""
    imports = ["import functools", "import itertools", "import math", ""]
    imports += ["import keras", "import numpy as np", "from keras import layers, ops"]
    return "\n".join([*imports, *(f"\n\n{text}" for text in HELPERS.values()), ""])


def test_every_type_has_words() -> None:
    assert SPELLINGS.keys() == BUILTIN.keys()


def test_what_a_program_brings_is_read_back_by_its_name() -> None:
    classes = {name for name, text in HELPERS.items() if text.startswith("@keras")}
    assert classes - {"GatedCell"} == OWN_LAYERS.keys()


def test_a_network_without_an_input_is_refused() -> None:
    trained = {"input": "4x3", "layers": [{"add": [[{"parameter": "4x3"}], []]}]}
    graph = shapecalc.summarize(trained).graph
    (node,) = [node for node in graph.nodes if node.layer.type == "parameter"]
    alone = compute_report(graph._replace(nodes=(node,), groups={}, outputs=(0,)))
    with pytest.raises(SpecErrors, match=r"E360.*a model has an input, but it has none"):
        written(alone)


def test_layers_that_share_weights_are_one_layer_built_at_the_top() -> None:
    fields = {"filters": 3, "kernel": 3, "pad": [[0, 1], [0, 1]]}
    layers = [
        {"conv": {**fields, "name": "one"}},
        {"conv": {**fields, "name": "two", "share": "one"}},
    ]
    text = written(shapecalc.summarize({"input": "9x9x3", "layers": layers})).text
    made = [line.strip() for line in text.split("\n") if "one" in line or "two" in line]
    assert made == [
        'one_layer = layers.Conv2D(3, 3, name="one")',
        'x = layers.ZeroPadding2D(((0, 1), (0, 1)), name="one_pad")(x)',
        "x = one_layer(x)  # 8 x 8 x 3",
        'x = layers.ZeroPadding2D(((0, 1), (0, 1)), name="two_pad")(x)',
        "x = one_layer(x)  # 7 x 7 x 3",
    ]


def test_weights_of_layers_with_other_strides_are_not_one_layer() -> None:
    layers = [
        {"conv": {"name": "one", "filters": 3, "kernel": 3}},
        {"conv": {"name": "two", "filters": 3, "kernel": 3, "stride": 2, "share": "one"}},
    ]
    with pytest.raises(SpecErrors, match=r"E360: two cannot be written.*those of one differ"):
        written(shapecalc.summarize({"input": "9x9x3", "layers": layers}))


def test_a_head_that_uses_a_table_calls_it_backwards() -> None:
    text = written(shapecalc.summarize("gpt2-small")).text
    assert "= layers.ReversibleEmbedding(50257, 768, name=" in text
    assert ", reverse=True)" in text


def test_a_frozen_layer_says_so() -> None:
    frozen = {"conv": {"filters": 3, "kernel": 1, "trainable": False}}
    text = written(shapecalc.summarize({"input": "4x4x3", "layers": [frozen, "relu"]})).text
    assert 'layers.Conv2D(3, 1, trainable=False, name="conv1")' in text
    assert 'layers.ReLU(name="relu1")' in text


def test_a_block_is_a_function() -> None:
    text = written(shapecalc.summarize("googlenet")).text
    assert "def build_inception(x, c1, r3, c3, r5, c5, proj, name):" in text
    assert "c1=64, r3=96, c3=128, r5=16, c5=32, proj=32, name=" in text


def test_a_padding_of_its_own_is_a_layer_of_its_own() -> None:
    spec = {
        "input": "9x9x3",
        "layers": [{"conv": {"filters": 4, "kernel": 3, "stride": 2, "pad": 1}}],
    }
    text = written(shapecalc.summarize(spec)).text
    assert 'x = layers.Conv2D(4, 3, strides=2, padding="same", name="conv1")(x)' in text
    spec["input"] = "8x8x3"  # `same` would pad at the end alone
    text = written(shapecalc.summarize(spec)).text
    assert 'layers.ZeroPadding2D(((1, 1), (1, 1)), name="conv1_pad")(x)' in text


def test_layers_of_a_program_are_not_called_as_one_of_the_spec() -> None:
    conv = {"name": "conv1", "filters": 4, "kernel": 3, "stride": 2, "pad": 1}
    apart = {"name": "sep", "filters": 6, "kernel": 3, "stride": [1, 2], "pad": 1}
    layers: list[Any] = [{"relu": {"name": "conv1_pad"}}, {"conv": conv}]
    layers += [{"separable": apart}, {"tanh": {"name": "sep_depthwise"}}]
    report = shapecalc.summarize(
        {"input": "16x16x3", "layers": [*layers, {"group": {"name": "g", "layers": layers}}]}
    )
    text = written(report).text
    names = re.findall(r'name="([\w.]+)"', text)
    assert len({*names}) == len(names)
    assert {"conv1_pad", "conv1_pad_", "sep_depthwise", "sep_depthwise_"} <= {*names}
    arrays = allocate(report.graph)
    laid = {name.rpartition("/")[0] for name in written(report).laid(arrays)}
    assert laid == {"conv1", "g.conv1", "sep", "g.sep", "sep_depthwise_", "g.sep_depthwise_"}


#: A layer on 9x8x4, and the expressions that it becomes.
SPELLED: list[tuple[dict[str, Any], list[str]]] = [
    ({"conv": {"filters": 8, "kernel": 3, "bias": False}}, ["layers.Conv2D(8, 3, use_bias=False, "]),
    ({"conv": {"filters": 8, "kernel": 3, "groups": 2, "dilation": 2}}, ["layers.Conv2D(8, 3, dilation_rate=2, groups=2, "]),
    ({"conv": {"filters": 8, "kernel": 3, "pad": [[0, 1], [2, 3]]}}, ["layers.ZeroPadding2D(((0, 1), (2, 3)), ", "layers.Conv2D(8, 3, "]),
    ({"depthwise": {"kernel": 3, "multiplier": 2}}, ["layers.DepthwiseConv2D(3, depth_multiplier=2, "]),
    # a maximum is of what is there, not of zeros around it
    ({"maxpool": {"kernel": 3, "stride": 2, "pad": 1}}, ['ops.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]], constant_values=float("-inf"))', "layers.MaxPooling2D(pool_size=3, strides=2, "]),
    ({"avgpool": {"kernel": 3, "stride": 2}}, ["layers.AveragePooling2D(pool_size=3, strides=2, "]),
    # our maps are flattened channel by channel, Keras' place by place
    ({"flatten": {}}, ["layers.Permute((3, 1, 2), ", "layers.Flatten("]),
    ({"transposed": {"filters": 2, "kernel": 4, "stride": 2, "pad": 1}}, ['layers.Conv2DTranspose(2, 4, strides=2, padding="same", ']),
    ({"transposed": {"filters": 2, "kernel": 3, "stride": 2, "pad": 1}}, ["CutConvTranspose("]),
    ({"reshape": {"shape": "288"}}, ["layers.Permute((3, 1, 2), ", "layers.Flatten("]),
    ({"scale": {"per": "channel", "init": 0.5}}, ['Scale("channel", init=0.5, ']),
    ({"dense": {"units": 5}}, ["layers.Permute((3, 1, 2), ", "layers.Flatten(", "layers.Dense(5, "]),
]  # fmt: skip


@pytest.mark.parametrize(("layer", "spelling"), SPELLED)
def test_a_layer_is_spelled_with_all_its_fields(layer: dict[str, Any], spelling: list[str]) -> None:
    text = written(shapecalc.summarize({"input": "9x8x4", "layers": [layer]})).text
    body = text[text.index("def build()") :].split("\n")
    made = [line for line in body if line.startswith("    x = ")][1:]  # but the input
    assert len(made) == len(spelling)
    for line, expression in zip(made, spelling, strict=True):
        assert line.startswith(f"    x = {expression}")


def test_a_program_is_written_by_the_name_of_its_format(tmp_path: Path) -> None:
    target = tmp_path / "net.py"
    assert runner().invoke(main, ["convert", "lenet5", str(target), "--to", "keras"]).exit_code == 0
    assert "def build() -> keras.Model:" in target.read_text()


def test_weights_are_laid_as_keras_has_them(tmp_path: Path) -> None:
    net, target, given = tmp_path / "net.yaml", tmp_path / "net.py", tmp_path / "w.npz"
    net.write_text("input: 5x5x2\nlayers: [conv3-3, batchnorm, dense: 4]\n")
    arrays = allocate(shapecalc.summarize(net).graph)
    np.savez(given, **arrays)
    arguments = ["convert", str(net), str(target), "--to", "keras", "--weights", str(given)]
    assert runner().invoke(main, arguments).exit_code == 0
    assert 'load_weights(model, "net.npz")' in target.read_text()
    with np.load(tmp_path / "net.npz") as theirs:
        shapes = {name: theirs[name].shape for name in theirs.files}
        assert shapes == {
            "conv1/0": (3, 3, 2, 3), "conv1/1": (3,),
            **{f"bn1/{number}": (3,) for number in range(4)},
            "fc1/0": (75, 4), "fc1/1": (4,),
        }  # fmt: skip
        assert (theirs["conv1/0"][1, 2, 1, 0], theirs["fc1/0"][7, 2]) == (
            arrays["conv1.weight"][0, 1, 1, 2],
            arrays["fc1.weight"][2, 7],
        )


def test_fields_are_called_otherwise_where_a_variable_has_their_name() -> None:
    block = {
        "fields": ["self", "body", "name_", "layers"],
        "layers": [
            {"conv": {"filters": "self", "kernel": 1}},
            {"concat": {
                "first": ["relu"],
                "body": [{"conv": {"filters": "body", "kernel": 1}}],
                "skip": [{"conv": {"filters": "body", "kernel": 1}}],
            }},
            {"conv": {"filters": "layers", "kernel": 1}},
            {"conv": {"filters": "name_", "kernel": 1}},
        ],
    }  # fmt: skip
    uses = [{"b": {"self": 2, "body": 3, "name_": 4, "layers": 5}},
            {"b": {"self": 6, "body": 8, "name_": 10, "layers": 12}}]  # fmt: skip
    report = shapecalc.summarize({"input": "4x4x2", "blocks": {"b": block}, "layers": uses})
    text = written(report).text
    compile(text, "net.py", "exec")
    assert "def build_b(x, self_, body_, layers_, name_, name):" in text
    text = program(report).text
    compile(text, "net.py", "exec")
    assert "        in_channels: int,\n        self_: int,\n        body: int,\n" in text

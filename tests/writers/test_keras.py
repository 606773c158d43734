"""Programs for Keras, without Keras: formatted, whole, and refused where there are no words.

`tests/oracle/test_keras_code.py` runs them.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

import shapecalc
from shapecalc.cli import main
from shapecalc.errors import SpecErrors
from shapecalc.layers import BUILTIN
from shapecalc.spec.find import shipped
from shapecalc.writers.keras import written
from shapecalc.writers.keras_layers import SPELLINGS
from shapecalc.writers.pytorch import program
from tests.runner import runner

if TYPE_CHECKING:
    from pathlib import Path

#: The shipped networks that are refused, and a type or a reason in the message.
REFUSED = {
    "alphago": "a bias for every position",
    "convnext-tiny": "scale1",
    "dcgan": "reshape1",
    "deit-s": "token1",
    "fcn8s": "upscore2",
    "googlenet-as-trained": "conv1",
    "gpt2-small": "weights that layers share",
    "gru-mnist": "recurrent",
    "lenet5-1998": "S2",
    "lstm-mnist": "recurrent",
    "maxvit-t": "partition",
    "resnet34-linked": "pool2",
    "ssd300": "l2norm1",
    "swin-t": "partition",
    "unet": "transposed1",
    "vit-b-16": "token1",
}


def test_all_other_networks_programs_are_formatted_and_clean(tmp_path: Path) -> None:
    wrote = set()
    for name in shipped():
        with suppress(SpecErrors):
            text = written(shapecalc.summarize(name)).text
            wrote.add(name)
            (tmp_path / f"n{len(wrote)}.py").write_text(text, encoding="utf-8")
    assert set(shipped()) - wrote == REFUSED.keys()
    for words in (["check"], ["format", "--check"]):
        ruff = [sys.executable, "-m", "ruff", *words, "--isolated", "--no-cache", str(tmp_path)]
        done = subprocess.run(ruff, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_words_is_refused_by_its_name(name: str) -> None:
    with pytest.raises(SpecErrors, match="E360") as refusal:
        written(shapecalc.summarize(name))
    assert REFUSED[name] in str(refusal.value)


def test_only_types_of_the_language_have_words() -> None:
    assert SPELLINGS.keys() <= BUILTIN.keys()


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
    ({"dense": {"units": 5}}, ["layers.Permute((3, 1, 2), ", "layers.Flatten(", "layers.Dense(5, "]),
]  # fmt: skip


@pytest.mark.parametrize(("layer", "spelling"), SPELLED)
def test_a_layer_is_spelled_with_all_its_fields(layer: dict[str, Any], spelling: list[str]) -> None:
    text = written(shapecalc.summarize({"input": "9x8x4", "layers": [layer]})).text
    made = [line for line in text.split("\n") if line.startswith("    x = ")][1:]  # but the input
    assert len(made) == len(spelling)
    for line, expression in zip(made, spelling, strict=True):
        assert line.startswith(f"    x = {expression}")


def test_a_program_is_written_by_the_name_of_its_format(tmp_path: Path) -> None:
    target = tmp_path / "net.py"
    assert runner().invoke(main, ["convert", "lenet5", str(target), "--to", "keras"]).exit_code == 0
    assert "def build() -> keras.Model:" in target.read_text()
    done = runner().invoke(
        main, ["convert", "lenet5", str(target), "--to", "keras", "--weights", "w"]
    )
    assert done.exit_code == 2
    assert "error[E323]" in done.output


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

"""Programs for PyTorch, without PyTorch: they are formatted, whole, and name nothing that is not there.

`tests/oracle/test_pytorch_code.py` runs them.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import shapecalc
from shapecalc.cli import main
from shapecalc.errors import SpecErrors
from shapecalc.spec.find import shipped
from shapecalc.writers.pytorch import program
from tests.paths import NETWORKS
from tests.runner import runner

if TYPE_CHECKING:
    from pathlib import Path

NAMES = [*shipped(), *(str(path) for path in sorted(NETWORKS.glob("*.yaml")))]


def text_of(spec: dict[str, Any]) -> str:
    return program(shapecalc.summarize(spec)).text


def test_every_network_s_program_is_formatted_and_clean(tmp_path: Path) -> None:
    for number, name in enumerate(NAMES):
        text = program(shapecalc.summarize(name)).text
        (tmp_path / f"n{number}.py").write_text(text, encoding="utf-8")
    for words in (["check"], ["format", "--check"]):
        ruff = [sys.executable, "-m", "ruff", *words, "--isolated", "--no-cache", str(tmp_path)]
        done = subprocess.run(ruff, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def test_a_block_is_a_class_and_its_fields_are_its_arguments() -> None:
    text = program(shapecalc.summarize("googlenet")).text
    assert "self, in_channels: int, c1: int, r3: int, c3: int, r5: int, c5: int, proj: int" in text
    assert "self.inception_3a = Inception(192, c1=64, r3=96, c3=128, r5=16, c5=32, proj=32)" in text
    assert text.count("class ") == 2


def test_numbers_that_are_a_multiple_of_a_field_are_written_so() -> None:
    text = program(shapecalc.summarize("resnet50")).text
    assert "nn.Conv2d(filters, 4 * filters, kernel_size=1, bias=False)" in text


def test_numbers_that_are_nearly_a_multiple_of_a_field_are_not_written_so() -> None:
    convs = [{"conv": {"filters": name, "kernel": 1}} for name in ("a", "b")]
    spec = {
        "input": "4x4x3",
        "blocks": {"two": {"fields": ["a", "b"], "layers": convs}},
        "layers": [{"two": {"a": 4, "b": 9}}, {"two": {"a": 8, "b": 17}}],
    }
    text = text_of(spec)
    assert "2 * a" not in text
    assert "a=4, b=9" in text
    assert "a=8, b=17" in text


#: A layer on 9x8x4, and what constructs it: all that is off PyTorch's defaults is there.
SPELLED: list[tuple[dict[str, Any], str]] = [
    ({"conv": {"filters": 8, "kernel": 3, "pad": 1}}, "nn.Conv2d(4, 8, kernel_size=3, padding=1)"),
    ({"conv": {"filters": 8, "kernel": 3, "bias": False}}, "nn.Conv2d(4, 8, kernel_size=3, bias=False)"),
    ({"conv": {"filters": 8, "kernel": 3, "groups": 2, "dilation": 2}}, "nn.Conv2d(4, 8, kernel_size=3, dilation=2, groups=2)"),
    # F.pad takes the last side first
    ({"conv": {"filters": 8, "kernel": 3, "pad": [[0, 1], [2, 3]]}}, "PaddedConv2d(4, 8, kernel_size=3, margins=(2, 3, 0, 1))"),
    ({"depthwise": {"kernel": 3, "multiplier": 2}}, "nn.Conv2d(4, 8, kernel_size=3, groups=4)"),
    ({"maxpool": {"kernel": 2, "rounding": "ceil"}}, "nn.MaxPool2d(kernel_size=2, ceil_mode=True)"),
    ({"maxpool": {"kernel": 3, "stride": 2, "pad": 1}}, "nn.MaxPool2d(kernel_size=3, stride=2, padding=1)"),
    ({"avgpool": {"kernel": 3, "pad": 1}}, "nn.AvgPool2d(kernel_size=3, padding=1)"),
    ({"avgpool": {"kernel": 3, "pad": 1, "count_include_pad": False}}, "nn.AvgPool2d(kernel_size=3, padding=1, count_include_pad=False)"),
    ({"dense": {"units": 5}}, "nn.Linear(288, 5)"),
    ({"dense": {"units": 5, "over": "channels"}}, "nn.Linear(4, 5)"),
    ({"position_embedding": {}}, "PositionEmbedding(4, 9, 8)"),
]  # fmt: skip


@pytest.mark.parametrize(("layer", "spelling"), SPELLED)
def test_a_layer_is_spelled_with_all_its_fields(layer: dict[str, Any], spelling: str) -> None:
    assert f" = {spelling}" in _on_one_line(text_of({"input": "9x8x4", "layers": [layer]}))


def _on_one_line(text: str) -> str:
    """Put calls that the formatter broke together again."""
    return re.sub(r",?\n\s*\)", ")", re.sub(r"([(,])\n\s+", r"\1 ", text)).replace("( ", "(")


def test_names_that_python_cannot_have_are_changed() -> None:
    names = ["3x3", "class", "forward", "self"]
    layers = [{"relu": {"name": name}} for name in names]
    made = program(shapecalc.summarize({"input": "4x4x2", "layers": layers}))
    assert [*made.names.values()] == ["layer_3x3", "class_", "forward2", "self2"]


@pytest.mark.parametrize("name", ["none", "true", "f", "path", "tensor", "ordered-dict", "50"])
def test_a_network_may_be_called_as_a_word_of_python_or_of_the_program(name: str) -> None:
    text = text_of({"name": name, "input": "4x4x2", "layers": ["relu"]})
    (made,) = [node for node in ast.parse(text).body if isinstance(node, ast.ClassDef)]
    assert made.name not in {"F", "OrderedDict", "Path", "Tensor"}


def test_texts_of_the_spec_stay_texts() -> None:
    spec = {
        "name": 'x"""\nimport os\n"""\\',
        "note": 'a """ b \\',
        "input": "4x4x2",
        "layers": ["relu"],
    }
    assert "\nimport os" not in text_of(spec)
    compile(text_of(spec), "x.py", "exec")


def test_a_layer_that_reads_later_ones_takes_its_group_apart() -> None:
    group = {"name": "g", "layers": ["relu", {"tanh": {"name": "late", "from": "outer"}}]}
    layers = [{"group": group}, {"sigmoid": {"name": "outer", "from": "g/relu1"}}]
    text = text_of({"input": "4x4x2", "layers": [*layers, {"add": {"from": ["g", "outer"]}}]})
    assert re.findall(r"self\.(\w+) = ", text) == ["g_relu1", "outer", "g_late"]


def test_shared_weights_are_one_module() -> None:
    text = program(shapecalc.summarize(NETWORKS / "siamese.yaml")).text
    assert 'share(self, "right_twin.conv1", "left_twin.conv1")' in text


def test_one_bias_a_gate_is_refused() -> None:
    spec = {"input": "7x5", "layers": [{"lstm": {"units": 4, "biases": 1}}]}
    with pytest.raises(SpecErrors, match="E360: lstm1 cannot be written for PyTorch"):
        text_of(spec)


def test_weights_are_written_beside_the_program(tmp_path: Path) -> None:
    run = runner()
    spec, weights, target = (str(tmp_path / name) for name in ("n.yaml", "w.npz", "net.py"))
    (tmp_path / "n.yaml").write_text(
        "input: 5x5x2\nlayers: [separable: {filters: 3, kernel: 3}, group: {name: g, layers: [fc: 4]}]\n"
    )
    assert run.invoke(main, ["run", spec, "--save-weights", weights]).exit_code == 0
    done = run.invoke(main, ["convert", spec, target, "--weights", weights])
    assert (done.exit_code, done.output) == (0, "")
    assert 'load_weights(model, "net.npz")' in (tmp_path / "net.py").read_text()
    with np.load(weights) as ours, np.load(tmp_path / "net.npz") as theirs:
        assert sorted(theirs.files) == [
            "g.fc1.bias",
            "g.fc1.weight",
            "separable1.depthwise.weight",
            "separable1.pointwise.bias",
            "separable1.pointwise.weight",
        ]
        assert (ours["separable1.bias"] == theirs["separable1.pointwise.bias"]).all()


def test_weights_that_would_be_overwritten_are_refused(tmp_path: Path) -> None:
    run, weights = runner(), str(tmp_path / "net.npz")
    assert run.invoke(main, ["run", "lenet5", "--save-weights", weights]).exit_code == 0
    before = (tmp_path / "net.npz").read_bytes()
    done = run.invoke(main, ["convert", "lenet5", str(tmp_path / "net.py"), "--weights", weights])
    assert done.exit_code == 2
    assert "E007" in done.output
    assert (tmp_path / "net.npz").read_bytes() == before
    assert not (tmp_path / "net.py").exists()


def test_a_file_that_is_there_is_written_anew(tmp_path: Path) -> None:
    target = tmp_path / "net.py"
    target.write_text("old")
    assert runner().invoke(main, ["convert", "lenet5", str(target)]).exit_code == 0
    assert "class LeNet5" in target.read_text()


def test_a_spec_is_never_overwritten(tmp_path: Path) -> None:
    target = tmp_path / "net.yaml"
    target.write_text("layers: [relu]")
    done = runner().invoke(main, ["convert", "lenet5", str(target), "--to", "pytorch"])
    assert done.exit_code == 2
    assert target.read_text() == "layers: [relu]"


@pytest.mark.parametrize("words", [["--to", "torch"], ["x.docx"], []])
def test_an_unknown_format_is_refused(words: list[str]) -> None:
    done = runner().invoke(main, ["convert", "lenet5", *words])
    assert done.exit_code == 2
    assert "error[E302]" in done.output

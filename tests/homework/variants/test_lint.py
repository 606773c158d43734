"""What a homework cannot see is said before it is given out."""

from __future__ import annotations

import csv
import json
from io import StringIO

import pytest

import shapecalc
from shapecalc.cli import main
from shapecalc.homework.assignment.model import assign
from shapecalc.homework.variants.lint import lint, suggest
from tests.runner import runner


def test_rounding_is_invisible_on_alexnet_whose_windows_all_fit() -> None:
    result = lint(assign(shapecalc.summarize("alexnet")))
    assert {"S6", "S8"} <= set(result.silent)
    assert "P1" not in result.silent


def test_dividing_by_the_stride_is_right_on_all_of_vgg() -> None:
    result = lint(assign(shapecalc.summarize("vgg16")))
    assert {"S6", "S8", "S10", "S11"} <= set(result.silent)


def test_a_bias_per_input_channel_is_silent_where_as_many_come_out() -> None:
    # 9 of the 13 convolutions of VGG-16 have as many filters as channels
    result = lint(assign(shapecalc.summarize("vgg16"), columns=["params"]))
    silent = [judged_cell.cell.layer for judged_cell in result.cells if "P7" in judged_cell.silent]
    assert [name for name in silent if name.startswith("conv")] == [
        "conv1_2", "conv2_2", "conv3_2", "conv3_3", "conv4_2", "conv4_3", "conv5_1", "conv5_2",
        "conv5_3",
    ]  # fmt: skip


def test_kernel_and_depth_are_alike_in_vggs_first_layer() -> None:
    result = lint(assign(shapecalc.summarize("vgg16"), layers=["conv1_1"], columns=["params"]))
    (cell,) = result.cells
    assert any({"P2", "P5"} <= set(group) for group in cell.alike)
    assert ("P2", "P5") in result.confused


def test_another_size_shows_more() -> None:
    homework = assign(shapecalc.summarize("vgg16"))
    suggestion = suggest(homework)
    assert suggestion is not None
    assert suggestion.lint.named > lint(homework).named
    assert len(suggestion.lint.silent) < len(lint(homework).silent)


@pytest.mark.parametrize("format_", ["csv", "json"])
def test_programs_get_the_mistakes_of_every_cell(tmp_path, format_: str) -> None:
    (tmp_path / "homework.yaml").write_text("spec: vgg16\nlayers: [conv1_1]\ncolumns: [params]\n")
    words = ["homework", "lint", str(tmp_path / "homework.yaml"), "--format", format_]
    output = runner().invoke(main, words)
    assert output.exit_code == 0, output.output
    if format_ == "json":
        (cell,) = json.loads(output.output)["cells"]
        alike = ["=".join(group) for group in cell["alike"]]
    else:
        (cell,) = csv.DictReader(StringIO(output.output))
        alike, cell["named"] = cell["alike"].split(), cell["named"].split()
    assert (cell["layer"], cell["column"]) == ("conv1_1", "params")
    assert any({"P2", "P5"} <= set(group.split("=")) for group in alike)
    assert float(cell["score"]) == pytest.approx(
        len(cell["named"]) / int(cell["applicable"]), abs=1e-3
    )


def test_the_command(tmp_path) -> None:
    (tmp_path / "homework.yaml").write_text("spec: vgg16\n")
    done = runner().invoke(main, ["homework", "lint", str(tmp_path / "homework.yaml")])
    assert done.exit_code == 0
    assert "Silent: S11, the side was divided by the stride" in done.output

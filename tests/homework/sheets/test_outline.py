"""A sheet shows the architecture: whoever has it, and nothing else, can find every answer."""

from __future__ import annotations

import re

import pytest

import shapecalc
from shapecalc.homework.assignment.teacher import read_homework
from shapecalc.homework.sheets import described
from shapecalc.homework.sheets.sheet import sheet
from shapecalc.text import Source


def rows(text: str) -> dict[str, str]:
    return dict(described(read_homework(Source("homework.yaml", text))))


def test_layers_between_those_asked_are_shown_and_those_behind_are_not() -> None:
    assert list(rows("spec: alexnet\nlayers: [conv1, fc6]\n")) == [
        "conv1", "pool1", "conv2", "pool2", "conv3", "conv4", "conv5", "pool3", "fc6",
    ]  # fmt: skip
    assert list(rows("spec: alexnet\nlayers: [total]\n"))[-2:] == ["fc8", "total"]
    assert next(iter(rows("spec: alexnet\nlayers: [fc6, conv1]\n"))) == "conv1"


def test_a_block_is_shown_by_its_layers_and_what_flows_into_each_is_said() -> None:
    result = rows("spec: googlenet\nlayers: [inception_3a]\n")
    assert result["inception_3a/3x3/reduce"] == "conv 96 1x1, from pool2"
    assert result["inception_3a/3x3/conv2"] == "conv 128 3x3, pad 1"
    assert result["inception_3a/pool/pool1"] == "maxpool 3x3, pad 1, from pool2"
    assert result["inception_3a/pool/proj"] == "conv 32 1x1"
    assert "from 1x1/conv1, 3x3/conv2, 5x5/conv2, pool/proj" in result["inception_3a/concat1"]
    assert not any("3b" in name for name in result)


@pytest.mark.parametrize("spec", ["lenet5", "vgg16", "googlenet", "resnet18"])
def test_parameters_can_be_added_up_from_the_sheet_alone(spec: str) -> None:
    """Work the convolutions and dense layers out by the words of the sheet, following `from`."""
    report = shapecalc.summarize(spec)
    result = rows(f"spec: {spec}\nlayers: [total]\n")
    channels = {"input": report["input"].output.channels}
    before, weights = "input", 0
    for name, does in result.items():
        if name == "total":
            continue
        source = re.search(r", from ([^,]+)", does)
        came = [channel for channel in channels if source and channel.endswith(source[1])]
        into = channels[came[-1] if came else before]
        if match := re.match(r"conv (\d+) (\d+)x(\d+)", does):
            out, high, wide = map(int, match.groups())
            weights += out * high * wide * into
            channels[name] = out
        elif match := re.match(r"dense (\d+)", does):
            size = next(row.inputs[0].size for row in report.rows if row.name == name)
            weights += int(match[1]) * size  # how the volume is read needs its sides
            channels[name] = int(match[1])
        else:
            channels[name] = next(r.output.channels for r in report.rows if r.name == name)
        before = name
    of_layers = sum(row.weights for row in report.rows if row.type in ("conv", "dense"))
    tables = any(getattr(row.layer, "connections", None) for row in report.rows)
    assert weights == of_layers or tables


def test_weights_of_another_layer_are_said_to_be() -> None:
    text = "input: 5x5x2\nlayers: [conv: {name: a, filters: 2, kernel: 3, pad: 1}, conv: {name: b, filters: 2, kernel: 3, pad: 1, share: a}]\n"
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "net.yaml").write_text(text, encoding="utf-8")
        assigned = read_homework(Source(f"{folder}/homework.yaml", "spec: net\n"))
    assert dict(described(assigned))["b"] == "conv 2 3x3, pad 1, weights of a"


def test_on_paper_all_columns_are_seen() -> None:
    few = read_homework(Source("h.yaml", "spec: lenet5\n"))
    many = read_homework(Source("h.yaml", "spec: lenet5\ncolumns: [output, units, params, macs]\n"))
    assert "size: landscape" not in sheet(few, "html")
    assert "size: landscape" in sheet(many, "html")
    on_paper = sheet(many, "html").split("@media print")[1]
    assert "overflow: visible" in on_paper
    assert "overflow-x: auto" not in on_paper

"""Inputs: vectors, signals, images, volumes, several of them; outputs; --input."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import shapecalc
from shapecalc.layers.shape import Map, Vector
from tests.spec.support import codes_of, names_of, output_of, place_of, problems_of, report_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("written", "shape"),
    [
        ("227x227x3", Map((227, 227), 3)),
        ("227 x 227 x 3", Map((227, 227), 3)),
        ("227×227×3", Map((227, 227), 3)),
        ('"227x227x3"', Map((227, 227), 3)),
        ("[227, 227, 3]", Map((227, 227), 3)),
        ("100", Vector(100)),
        ("[100]", Vector(100)),
        ("13x1", Map((13,), 1)),
        ("16x112x113x3", Map((16, 112, 113), 3)),
        ("1x1x1", Map((1, 1), 1)),
    ],
)
def test_every_way_to_write_an_input(written: str, shape: Map | Vector) -> None:
    assert report_of(f"input: {written}\nlayers: [relu]\n")["input"].output == shape


@pytest.mark.parametrize(
    ("written", "shape"),
    [
        ("{length: 28, channels: 28}", Map((28,), 28)),
        ("{channels: 5, width: 4, height: 3}", Map((3, 4), 5)),
        ("{depth: 2, height: 3, width: 4, channels: 5}", Map((2, 3, 4), 5)),
        ("{height: n, width: 2*n, channels: 1, x-of: mine}", Map((7, 14), 1)),
    ],
)
def test_extents_may_be_written_by_their_names(written: str, shape: Map) -> None:
    report = report_of(f"input: {written}\nlet: {{n: 7}}\nlayers: [relu]\n")
    assert report["input"].output == shape
    several = report_of(f"inputs: {{a: {written}}}\nlet: {{n: 7}}\nlayers: [relu]\n")
    assert several["a"].output == shape


@pytest.mark.parametrize(
    ("written", "shape"),
    [
        ("3x224x225", Map((224, 225), 3)),
        ("[3, 224, 225]", Map((224, 225), 3)),
        ("2x16000", Map((16000,), 2)),
        ("3x16x112x113", Map((16, 112, 113), 3)),
        ("784", Vector(784)),
        ("{height: 3, width: 4, channels: 5}", Map((3, 4), 5)),
    ],
)
def test_a_layout_may_put_channels_first(written: str, shape: Map | Vector) -> None:
    report = report_of(f"layout: chw\ninput: {written}\nlayers: [relu]\n")
    assert report["input"].output == shape


def test_a_layout_is_that_of_its_file(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text("input: 3x8x9\nlayout: chw\nlayers: [relu]\n")
    mine = tmp_path / "mine.yaml"
    mine.write_text("extends: base\n")
    assert shapecalc.summarize(mine)["input"].output == Map((8, 9), 3)
    mine.write_text("extends: base\ninput: 8x9x4\n")
    assert shapecalc.summarize(mine)["input"].output == Map((8, 9), 4)
    assert shapecalc.summarize(mine, input="5x6x7")["input"].output == Map((5, 6), 7)
    mine.write_text("extends: base\nlayout: chw\n")
    with pytest.raises(shapecalc.SpecErrors, match="here are none"):
        shapecalc.summarize(mine)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("{}", "E113"),
        ("{length: 28}", "E113"),
        ("{length: 28, height: 3, channels: 3}", "E113"),
        ("{height: 28, width: 28, channel: 1}", "E111"),
        ("{h: 3}", "E111"),
        ("{batch: 1, height: 28, width: 28, channels: 1}", "E111"),
        ("{height: 0, width: 28, channels: 1}", "E114"),
    ],
)
def test_names_of_extents_that_cannot_be(written: str, code: str) -> None:
    assert codes_of(f"input: {written}\nlayers: [relu]\n") == [code]


@pytest.mark.parametrize(("written", "height"), [("CHW", 8), ("Chw", 8), ("HWC", 3), ("hwc", 3)])
def test_a_layout_is_read_in_any_case_of_letters(written: str, height: int) -> None:
    report = report_of(f"input: 3x8x9\nlayout: {written}\nlayers: [relu]\n")
    assert report["input"].output.sides[0] == height
    assert report.remarks == ()


@pytest.mark.parametrize("written", ["NCHW", "channels_first", "whc", "[c, h, w]", '""'])
def test_layouts_that_are_none(written: str) -> None:
    assert codes_of(f"input: 3x8x8\nlayout: {written}\nlayers: [relu]\n") == ["E110"]


@pytest.mark.parametrize(
    ("written", "repair"),
    [
        ("None x 32x32x3", "32x32x3"),
        ("Nonex32x32x3", "32x32x3"),
        ("[null, 32, 32, 3]", "32x32x3"),
        ("[~, 32, 32, 3]", "32x32x3"),
        ("[None, 3, 224, 224]", "224x224x3"),
        ("(None, 32, 32, 3)", "32x32x3"),
        ("batchx28x28x1", "28x28x1"),
        ("[batch_size, 28, 28, 1]", "28x28x1"),
        ('"?x32x32x3"', "32x32x3"),
        ("-1x32x32x3", "32x32x3"),
        ("[-1, 1, 28, 28]", "28x28x1"),
        ("Nonex784", "784"),
        ("Nonex28x28", "28x28x1"),
        ("[null, 16, 112, 112, 3]", "16x112x112x3"),
        ("[None, None, 3]", "HxWx3"),
        ("Nonex3", "3"),
        ("[None, None, None, 3]", "HxWx3"),
        ("[224, 224, None]", "224x224xC"),
        ("torch.Size([-1, 3, 32, 32])", "32x32x3"),
    ],
)
def test_a_batch_is_no_part_of_a_shape(written: str, repair: str) -> None:
    (problem,) = problems_of(f"input: {written}\nlayers: [relu]\n")
    assert problem.code == "E110"
    assert problem.hint.endswith(f": {repair}")


@pytest.mark.parametrize(
    ("own", "given", "repair"),
    [
        ("227x227x3", "320x320", "320x320x3"),
        ("227x227x3", "227", "227x227x3"),
        ("227x227x3", "1x320x320x3", "320x320x3"),
        ("227x227x3", "1x3x320x320", "320x320x3"),
        ("227x227x3", "HxW", "HxWx3"),
        ("16000x1", "8000", "8000x1"),
        ("16000x1", "1x8000x1", "8000x1"),
        ("16x112x112x3", "56x56x3", "16x56x56x3"),
        ("784", "28x28", "784"),
        ("784", "1x28x28", "784"),
        ("{height: 9, width: 9, channels: 2}", "7x7", "7x7x2"),
        ("[n, n, c]", "7x7", "7x7xc"),
    ],
)
def test_an_input_of_another_rank_is_refused(own: str, given: str, repair: str) -> None:
    spec = f"input: {own}\nlet: {{n: 9, c: 4}}\nlayers: [relu]\n"
    (problem,) = problems_of(spec, inputs={"": given})
    assert problem.code == "E303"
    assert place_of(problem) == given
    assert problem.hint == f"did you mean {repair}?"


def test_entries_of_a_list_may_be_expressions() -> None:
    report = report_of("input: [h, 2*h, c]\nlet: {h: 7, c: 3}\nlayers: [relu]\n")
    assert output_of(report, "input") == "7x14x3"


def test_letters_are_names_when_they_are_defined() -> None:
    report = report_of("input: HxWxC\nlet: {H: 7, W: 9, C: 3}\nlayers: [relu]\n")
    assert output_of(report, "input") == "7x9x3"


def test_letters_that_nothing_defines_are_symbols() -> None:
    report = report_of("input: HxWx3\nlayers: [maxpool]\n")
    assert output_of(report, "pool1") == "floor(H/2) x floor(W/2) x 3"
    assert report.domain is not None
    assert report.domain.texts() == ["H >= 2: pool1", "W >= 2: pool1"]


@pytest.mark.parametrize(
    "written",
    [
        "",
        "a b",
        "3x",
        "x3",
        "3xx3",
        "3x3x3x3x3",
        "[]",
        "[1, 2, 3, 4, 5]",
        "[[3]]",
        "3,3",
        "-3x3",
        "3.5x3",
        "3*3",
        '""',
    ],
)
def test_what_an_input_is_not(written: str) -> None:
    assert codes_of(f"input: {written}\nlayers: [relu]\n") == ["E110"]


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("0x3x3", "E114"),
        ("3x0", "E114"),
        ("[3, -1]", "E114"),
        ("1000000001x3", "E114"),
        ("[3, 1//0]", "E115"),
        ("[3, channels]", "E116"),
        ("010x3", "E115"),
    ],
)
def test_extents_that_cannot_be(written: str, code: str) -> None:
    assert codes_of(f"input: {written}\nlayers: [relu]\n") == [code]


def test_a_signal() -> None:
    report = report_of(
        """
        input: 16000x1
        layers:
          - conv: {filters: 8, kernel: 80, stride: 4}
          - maxpool: 4
          - conv: {filters: 16, kernel: [3], pad: [[2, 0]]}
          - global_avgpool
          - dense: 10
        """
    )
    # floor((16000 - 80)/4) + 1 = 3981, floor(3981/4) = 995
    assert [output_of(report, row.name) for row in report.rows[1:]] == [
        "3981x8",
        "995x8",
        "995x16",
        "1x16",
        "10",
    ]
    assert report["conv1"].weights == 640  # 8 x 1 x 80
    assert report["conv2"].weights == 384  # 16 x 8 x 3
    assert report["conv2"].macs == 382_080  # 384 x 995


def test_a_volume() -> None:
    # C3D's first layers (Tran et al. 2015): 16 frames of 112x112, 3x3x3 kernels, pool1 1x2x2
    report = report_of(
        """
        input: 16x112x112x3
        layers:
          - conv3-64
          - maxpool: {kernel: 1x2x2}
          - conv: {filters: 128, kernel: 3, pad: [1, 1, 1]}
          - maxpool
        """
    )
    assert [output_of(report, row.name) for row in report.rows[1:]] == [
        "16x112x112x64",
        "16x56x56x64",
        "16x56x56x128",
        "8x28x28x128",
    ]
    assert report["conv1"].weights == 5184  # 64 x 3 x 27
    assert report["conv2"].weights == 221_184  # 128 x 64 x 27
    assert report["conv2"].macs == 11_098_128_384  # 221,184 x 16 x 56 x 56


def test_a_vector() -> None:
    report = report_of("input: 784\nlayers: [dense: 300, relu, dense: 10]\n")
    assert report.totals.params == 238_510  # 784 x 300 + 300 + 300 x 10 + 10


def test_a_convolution_does_not_take_a_vector() -> None:
    assert codes_of("input: 784\nlayers: [conv: {filters: 3, kernel: 1}]\n") == ["E201"]


def test_several_inputs_and_which_one_flows_where() -> None:
    report = report_of(
        """
        inputs: {left: 8x8x1, right: 8x8x2}
        layers:
          - conv: {name: a, from: left, filters: 3, kernel: 3}
          - conv: {name: b, from: right, filters: 3, kernel: 3}
          - concat: {from: [a, b]}
        """
    )
    assert [row.name for row in report.rows] == ["left", "right", "a", "b", "concat1"]
    assert (report["a"].weights, report["b"].weights) == (27, 54)
    assert output_of(report, "concat1") == "6x6x6"
    assert report.totals.activations == 624  # 64 + 128 + 2 x 108 + 216


def test_with_several_inputs_none_flows_by_itself() -> None:
    (problem,) = problems_of("inputs: {left: 3, right: 3}\nlayers: [relu]\n")
    assert problem.code == "E155"
    assert "left, right" in problem.hint
    assert codes_of("inputs: {left: 3, right: 3}\nlayers: [relu: {from: input}]\n") == ["E150"]


def test_one_input_under_inputs_flows_by_itself() -> None:
    report = report_of("inputs: {picture: 8x8x1}\nlayers: [relu, tanh: {from: /input}]\n")
    assert report["relu1"].sources == ("picture",)
    assert report["tanh1"].sources == ("picture",)


@pytest.mark.parametrize(
    ("inputs", "code"),
    [("{a/b: 3}", "E117"), ("{input: 3}", "E117"), ("[3]", "E110"), ("3", "E110"), ("{}", "E113")],
)
def test_inputs_that_cannot_be(inputs: str, code: str) -> None:
    assert codes_of(f"inputs: {inputs}\nlayers: []\n")[0] == code


def test_input_and_inputs_together() -> None:
    (problem,) = problems_of("input: 3\ninputs: {a: 3}\nlayers: [relu]\n")
    assert problem.code == "E111"
    assert place_of(problem) == "inputs"


def test_no_input_at_all() -> None:
    assert codes_of("layers: [relu]\n") == ["E113"]


def test_the_outputs_are_the_ends_by_default() -> None:
    report = report_of(
        """
        input: 8x8x2
        layers: [relu, side: {a: [tanh]}, side: {b: [sigmoid]}, elu]
        """
    )
    ends = [report.rows[index].name for index in report.graph.outputs]
    assert ends == ["a/tanh1", "b/sigmoid1", "elu1"]


def test_the_outputs_may_be_said() -> None:
    report = report_of("input: 8x8x2\noutputs: [relu1, elu1]\nlayers: [relu, elu]\n")
    assert [report.rows[index].name for index in report.graph.outputs] == ["relu1", "elu1"]
    report = report_of("input: 8x8x2\noutputs: relu1\nlayers: [relu, elu]\n")
    assert [report.rows[index].name for index in report.graph.outputs] == ["relu1"]


def test_an_output_kept_to_the_end_costs_memory() -> None:
    # 8x8x2 = 128 elements; the tanh overwrites unless its input is an output
    kept = report_of("input: 8x8x2\noutputs: [pool1, pool2]\nlayers: [maxpool: 1, maxpool: 1]\n")
    freed = report_of("input: 8x8x2\nlayers: [maxpool: 1, maxpool: 1]\n")
    assert (freed.totals.peak, kept.totals.peak) == (256, 256)
    kept = report_of(
        "input: 8x8x2\noutputs: [pool1, pool3]\nlayers: [maxpool: 1, maxpool: 1, maxpool: 1]\n"
    )
    assert kept.totals.peak == 384


@pytest.mark.parametrize("outputs", ["fc9", "[relu1, fc9]"])
def test_outputs_that_do_not_exist(outputs: str) -> None:
    assert codes_of(f"input: 3\noutputs: {outputs}\nlayers: [relu]\n") == ["E150"]


@pytest.mark.parametrize("outputs", ["[]", "{a: b}", "[[relu1]]", '""'])
def test_outputs_that_are_no_names(outputs: str) -> None:
    assert codes_of(f"input: 3\noutputs: {outputs}\nlayers: [relu]\n") == ["E110"]


def test_another_input_from_the_command_line() -> None:
    spec = "input: 8x8x2\nlayers: [conv3-4]\n"
    for given in ("9x11x3", "9X11X3", "9 x 11 x 3", "9×11×3"):
        assert output_of(report_of(spec, inputs={"": given}), "conv1") == "9x11x4"
    assert output_of(report_of(spec, inputs={"input": "9x11x3"}), "conv1") == "9x11x4"


def test_another_input_may_name_constants() -> None:
    spec = "input: 8x8x2\nlet: {k: 5}\nlayers: [conv3-4]\n"
    assert output_of(report_of(spec, inputs={"": "kx7x1"}), "conv1") == "5x7x4"


def test_several_inputs_are_replaced_by_name() -> None:
    spec = "inputs: {a: 3, b: 3}\nlayers: [concat: {from: [a, b]}]\n"
    assert output_of(report_of(spec, inputs={"b": "5"}), "concat1") == "8"
    assert codes_of(spec, inputs={"": "5"}) == ["E303"]
    assert codes_of(spec, inputs={"c": "5"}) == ["E303"]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("", "E303"),
        ("abc", "E303"),
        ("Hx-x3", "E303"),
        ("samexWx3", "E303"),
        ("224,224,3", "E303"),
        ("3x", "E303"),
        ("1x2x3x4x5", "E303"),
        ("0x3x3", "E114"),
        ("-1x3", "E303"),
        ("3.5x3", "E303"),
    ],
)
def test_inputs_from_the_command_line_that_cannot_be(given: str, code: str) -> None:
    assert codes_of("input: 8x8x2\nlayers: [relu]\n", inputs={"": given}) == [code]


def test_the_input_is_a_row_of_its_own() -> None:
    report = report_of("input: 8x8x2\nlayers: [relu]\n")
    row = report.rows[0]
    assert (row.name, row.type, row.activations, row.params, row.macs) == (
        "input",
        "input",
        128,
        0,
        0,
    )
    assert names_of(report) == ["relu1"]

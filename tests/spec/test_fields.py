"""Fields: sizes per side, pads, roundings, biases, connections; booleans; what they refuse."""

from __future__ import annotations

import pytest

from tests.spec.support import codes_of, output_of, place_of, problems_of, report_of


def conv(fields: str, given: str = "13x17x3") -> str:
    return f"input: {given}\nlayers:\n  - conv: {{filters: 2, {fields}}}\n"


def pool(fields: str, given: str = "13x17x3") -> str:
    return f"input: {given}\nlayers:\n  - maxpool: {{{fields}}}\n"


@pytest.mark.parametrize("size", ["3x5", "[3, 5]", '"3x5"'])
def test_a_size_per_side(size: str) -> None:
    report = report_of(conv(f"kernel: {size}"))
    assert output_of(report, "conv1") == "11x13x2"
    assert report["conv1"].weights == 90  # 2 x 3 x 3 x 5


@pytest.mark.parametrize("size", ["3", "[3]", "3x3", "[3, 3]"])
def test_one_number_stands_for_every_side(size: str) -> None:
    assert output_of(report_of(conv(f"kernel: {size}")), "conv1") == "11x15x2"


def test_strides_and_dilations_per_side() -> None:
    assert output_of(report_of(conv("kernel: 3, stride: 2x3")), "conv1") == "6x5x2"
    assert output_of(report_of(conv("kernel: 3, stride: [1, 4]")), "conv1") == "11x4x2"
    # 13 - (2*2 + 1) + 1 and 17 - (3*2 + 1) + 1
    assert output_of(report_of(conv("kernel: 3, dilation: 2x3")), "conv1") == "9x11x2"


@pytest.mark.parametrize(
    ("pad", "output"),
    [
        ("0", "11x15x2"),
        ("1", "13x17x2"),
        ("[1, 2]", "13x19x2"),
        ("1x2", "13x19x2"),
        ("[[1, 0], [2, 3]]", "12x20x2"),
        ("[[1, 2]]", "14x18x2"),
        ("same", "13x17x2"),
        ("valid", "11x15x2"),
    ],
)
def test_every_way_to_pad(pad: str, output: str) -> None:
    assert output_of(report_of(conv(f"kernel: 3, pad: {pad}")), "conv1") == output


def test_pad_same_gives_the_ceiling_of_size_over_stride() -> None:
    # TensorFlow's SAME: ceil(13/5) = 3, ceil(17/5) = 4
    assert output_of(report_of(conv("kernel: 6, stride: 5, pad: same")), "conv1") == "3x4x2"


@pytest.mark.parametrize(
    ("rounding", "output"),
    # side 10, kernel 3, stride 4: (10 - 3)/4 = 1.75; side 9, kernel 1, stride 4, padded 1:
    [("floor", "2"), ("ceil", "3"), ("ceil_caffe", "3"), ("ceil_full", "3")],
)
def test_roundings_of_a_pool(rounding: str, output: str) -> None:
    spec = pool(f"kernel: 3, stride: 4, rounding: {rounding}", "10x10x1")
    assert output_of(report_of(spec), "pool1") == f"{output}x{output}x1"


def test_roundings_differ_in_what_they_clip() -> None:
    # kernel 1, stride 2 on 10: floor(9/2) + 1 = 5; the sixth window would start at 10, outside:
    # PyTorch clips it, Caffe clips only when there is padding (pooling_layer.cpp).
    sizes = {
        rule: output_of(
            report_of(pool(f"kernel: 1, stride: 2, rounding: {rule}", "10x10x1")), "pool1"
        )
        for rule in ("floor", "ceil", "ceil_caffe", "ceil_full")
    }
    assert sizes == {"floor": "5x5x1", "ceil": "5x5x1", "ceil_caffe": "6x6x1", "ceil_full": "6x6x1"}


def test_cuda_convnet_rounds_a_convolution_up() -> None:
    # published.md section 3: 224, kernel 11, stride 4, no pad, ceil -> 55
    spec = conv("kernel: 11, stride: 4, rounding: ceil_full", "224x224x3")
    assert output_of(report_of(spec), "conv1") == "55x55x2"


def test_a_pools_stride_is_its_kernel() -> None:
    assert output_of(report_of(pool("kernel: 3")), "pool1") == "4x5x3"
    assert output_of(report_of(pool("kernel: 2x3")), "pool1") == "6x5x3"
    assert output_of(report_of(pool("stride: 1")), "pool1") == "12x16x3"  # kernel 2


@pytest.mark.parametrize(
    ("bias", "biases"),
    [("true", 2), ("false", 0), ("per_position", 330)],  # 2 x 11 x 15
)
def test_every_bias(bias: str, biases: int) -> None:
    assert report_of(conv(f"kernel: 3, bias: {bias}"))["conv1"].biases == biases


def test_a_dense_layer_without_bias() -> None:
    report = report_of("input: 100\nlayers: [dense: {units: 7, bias: false}]\n")
    assert (report["fc1"].weights, report["fc1"].biases) == (700, 0)


def test_groups_share_out_the_channels() -> None:
    # Krizhevsky et al. 2012: conv2 sees 48 of 96 maps: 256 x 48 x 5 x 5 = 307,200 (published.md)
    report = report_of(
        "input: 27x27x96\nlayers: [conv: {filters: 256, kernel: 5, pad: 2, groups: 2}]\n"
    )
    assert report["conv1"].weights == 307_200
    assert report["conv1"].macs == 223_948_800


def test_connections_count_only_the_pairs_listed() -> None:
    report = report_of(
        """
        input: 8x8x3
        layers:
          - conv: {filters: 2, kernel: 3, connections: [[0, 2], [1]]}
        """
    )
    assert report["conv1"].weights == 27  # 3 pairs x 9
    assert report["conv1"].macs == 972  # 27 x 36
    assert report["conv1"].connections == 1044  # 972 + 72 biases


@pytest.mark.parametrize(
    ("transposed", "output"),
    [
        ("kernel: 4, stride: 2, pad: 1", "26x34x2"),  # (n - 1)*2 + 4 - 2
        ("kernel: 3, stride: 2, pad: 1, output_padding: 1", "26x34x2"),  # (n - 1)*2 + 3 - 2 + 1
        ("kernel: 3, stride: 2, pad: 1", "25x33x2"),
        ("kernel: 2, stride: 3x2, output_padding: [1, 0]", "39x34x2"),
        ("kernel: 5, stride: 2, pad: same", "26x34x2"),
    ],
)
def test_transposed_convolutions(transposed: str, output: str) -> None:
    spec = f"input: 13x17x3\nlayers: [transposed: {{filters: 2, {transposed}}}]\n"
    assert output_of(report_of(spec), "transposed1") == output


@pytest.mark.parametrize(
    "written", ["yes", "no", "on", "off", "True", "FALSE", "1", '"true"', "null"]
)
def test_true_and_false_are_the_only_booleans(written: str) -> None:
    spec = f"input: 100\nlayers: [dense: {{units: 7, bias: {written}}}]\n"
    (problem,) = problems_of(spec)
    assert problem.code == "E110"
    assert place_of(problem) == written


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("0", "E114"),
        ("-1", "E114"),
        ("1000000001", "E114"),
        ("10**12", "E114"),
        ("2.5", "E115"),
        ("1e3", "E115"),
        ("010", "E115"),
        ("1_000", "E115"),
        ("0x10", "E115"),
        ("12:30", "E115"),
        ("1/2", "E115"),
        ("6 // 0", "E115"),
        ("2**-1", "E115"),
        ("three", "E116"),
        ("true", "E110"),
        ("[1, 2]", "E110"),
        ("{a: 1}", "E110"),
        ("", "E110"),
        ('""', "E110"),
    ],
)
def test_what_a_whole_number_is_not(value: str, code: str) -> None:
    assert codes_of(f"input: 13x17x3\nlayers: [conv: {{kernel: 3, filters: {value}}}]\n") == [code]


@pytest.mark.parametrize(
    "value", ["1", "6", "1000000000", "2*3", "(4)", "2**3**1", "7 // 2", '"min(3, 4)"']
)
def test_what_a_whole_number_is(value: str) -> None:
    report_of(f"input: 1x1x1\nlayers: [dense: {value}]\n")


@pytest.mark.parametrize(
    "fields",
    [
        "kernel: 1x2x3x4",
        "kernel: []",
        "kernel: [1, 2, 3, 4]",
        "kernel: {h: 1}",
        "kernel: 3, pad: sane",
        "kernel: 3, pad: [[1, 2, 3]]",
        "kernel: 3, pad: [[1, 2], 3]",
        "kernel: 3, rounding: up",
        "kernel: 3, bias: maybe",
        "kernel: 3, connections: []",
        "kernel: 3, connections: [[0, 0], [1]]",
        "kernel: 3, connections: [[], [1]]",
        "kernel: 3, connections: 5",
    ],
)
def test_what_sizes_pads_and_choices_are_not(fields: str) -> None:
    assert codes_of(conv(fields)) == ["E110"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ("kernel: 3x3x3", "kernel"),
        ("kernel: 3, stride: [1, 1, 1]", "stride"),
        ("kernel: 3, pad: [1, 1, 1]", "pad"),
        ("kernel: 3, dilation: 1x1x1", "dilation"),
    ],
)
def test_sizes_for_another_number_of_sides(fields: str, field: str) -> None:
    (problem,) = problems_of(conv(fields))
    assert problem.code == "E202"
    assert dict(problem.facts)["field"] == field


def test_every_wrong_field_of_a_layer_is_told_at_once() -> None:
    problems = problems_of(conv("kernel: 0, stride: 1.5, pad: sane, bias: 7, groups: x"))
    assert sorted(problem.code for problem in problems) == ["E110", "E110", "E114", "E115", "E116"]


def test_a_field_that_a_layer_does_not_have() -> None:
    (problem,) = problems_of(conv("kernal: 3, kernel: 3"))
    assert problem.code == "E111"
    assert place_of(problem) == "kernal"
    assert problem.hint == "did you mean 'kernel'?"


def test_a_required_field_that_is_missing() -> None:
    (problem,) = problems_of("input: 9x9x3\nlayers: [conv: {filters: 3}]\n")
    assert problem.code == "E113"
    assert "kernel" in problem.message


def test_a_field_that_is_like_no_other_is_told_which_there_are() -> None:
    (problem,) = problems_of("input: 8x8x3\nlayers: [dense: {units: 3, qqqq: 1}]\n")
    words = "bias, from, if, inherit, name, note, over, share, trainable, units"
    assert problem.hint == f"dense takes {words}"


@pytest.mark.parametrize("kernel", ["3x-1", "3x1.5", "-1x3"])
def test_sizes_of_which_one_is_no_size(kernel: str) -> None:
    (problem,) = problems_of(f"input: 8x8x3\nlayers: [conv: {{filters: 3, kernel: {kernel}}}]\n")
    assert problem.code == "E115"
    assert f"in '{kernel}'" in problem.message


@pytest.mark.parametrize("size", ["1x-7", "3x(k + 1)", "3x", "k xk"])
def test_what_is_no_size_per_side_is_refused_as_a_whole(size: str) -> None:
    given = conv(f"kernel: '{size}'")
    (problem,) = problems_of(f"let: {{k: 3}}\n{given}")
    assert problem.code == "E115"
    assert f"is not expected in '{size}'" in problem.message

"""`channels`: the channels that flow in, wherever they become known."""

from __future__ import annotations

from tests.spec.support import codes_of, output_of, place_of, problems_of, report_of


def test_channels_in_a_field() -> None:
    report = report_of(
        "input: 8x8x5\nlayers: [conv: {filters: 6*channels, kernel: 1}, conv: {filters: channels // 4, kernel: 1}]\n"
    )
    assert output_of(report, "conv1") == "8x8x30"
    assert output_of(report, "conv2") == "8x8x7"


def test_channels_of_a_vector_are_its_units() -> None:
    report = report_of("input: 8x8x5\nlayers: [flatten, dense: channels // 10]\n")
    assert output_of(report, "fc1") == "32"


def test_channels_in_groups_makes_a_depthwise_convolution() -> None:
    report = report_of(
        "input: 8x8x5\nlayers: [conv: {filters: channels, kernel: 3, groups: channels}]\n"
    )
    assert report["conv1"].weights == 45


def test_channels_as_an_argument_are_the_blocks_input() -> None:
    # the block's input has 5 channels, the second convolution's 10
    report = report_of(
        """
        input: 8x8x5
        blocks:
          b: {fields: [n], layers: [conv: {filters: 2*n, kernel: 1}, conv: {filters: n, kernel: 1}]}
        layers: [b: channels]
        """
    )
    assert output_of(report, "b1/conv1") == "8x8x10"
    assert output_of(report, "b1/conv2") == "8x8x5"


def test_channels_through_two_blocks() -> None:
    report = report_of(
        """
        input: 8x8x5
        blocks:
          inner: {fields: [n], layers: [conv1-3, conv: {filters: n, kernel: 1}]}
          outer: {fields: [n], layers: [conv1-7, inner: n + 1, inner: channels]}
        layers: [outer: 2*channels]
        """
    )
    assert output_of(report, "outer1/inner1/conv2") == "8x8x11"  # 2 x 5 + 1
    assert output_of(report, "outer1/inner2/conv2") == "8x8x11"  # inner1's output


def test_channels_as_a_default_are_the_blocks_input() -> None:
    report = report_of(
        """
        input: 8x8x5
        blocks: {b: {fields: {n: 3*channels}, layers: [conv1-2, conv: {filters: n, kernel: 1}]}}
        layers: [b]
        """
    )
    assert output_of(report, "b1/conv2") == "8x8x15"


def test_channels_in_defaults_are_the_layers_input() -> None:
    report = report_of(
        """
        input: 8x8x5
        defaults: {conv: {filters: 2*channels, kernel: 1}}
        layers: [conv, conv]
        """
    )
    assert output_of(report, "conv2") == "8x8x20"


def test_channels_in_a_list_that_a_repeat_walks_are_those_before_it() -> None:
    report = report_of(
        "input: 8x8x5\nlayers: [repeat: {for: {c: [2*channels, 3*channels]}, layers: [conv: {filters: c, kernel: 1}]}]\n"
    )
    assert output_of(report, "conv2") == "8x8x15"


def test_channels_after_a_join_and_of_a_reference() -> None:
    report = report_of(
        """
        input: 8x8x5
        layers:
          - concat: [[conv1-3], [conv1-4]]
          - conv: {filters: channels, kernel: 1}
          - conv: {from: conv1, filters: channels, kernel: 1}
          - conv: {from: later, filters: channels + 1, kernel: 1}
          - conv: {name: later, from: conv1, filters: 9, kernel: 1}
        """
    )
    assert [output_of(report, name) for name in ("conv3", "conv4", "conv5")] == [
        "8x8x7",
        "8x8x3",
        "8x8x10",
    ]


def test_channels_that_halve_to_nothing() -> None:
    (problem,) = problems_of("input: 8x8x5\nlayers: [conv: {filters: channels // 8, kernel: 1}]\n")
    assert problem.code == "E114"
    assert problem.message.startswith("conv1: ")
    assert place_of(problem) == "channels // 8"


def test_channels_that_nobody_knows_are_not_complained_about_twice() -> None:
    assert codes_of(
        "input: 8x8x5\nlayers: [conv: {filters: 0, kernel: 1}, conv: {filters: channels, kernel: 1}]\n"
    ) == ["E114"]


def test_where_channels_mean_nothing() -> None:
    assert codes_of(
        "input: 8x8x5\nlet: {k: 2*channels}\nlayers: [conv: {filters: k, kernel: 1}]\n"
    ) == ["E116"]
    assert codes_of("input: 8x8x5\nlayers: [repeat: {times: channels, layers: [relu]}]\n") == [
        "E115"
    ]
    assert codes_of("input: 8x8x5\nexpect: {params: channels}\nlayers: [relu]\n") == ["E116"]
    spec = "inputs: {a: 3, b: 3}\nlayers: [dense: channels]\n"
    assert codes_of(spec) == ["E155"]


def test_doubling_through_many_blocks_is_quick() -> None:
    # 2**40 additions if every use of an argument were computed anew
    blocks = "".join(f"  b{i}: {{fields: [n], layers: [b{i + 1}: n + n - n]}}\n" for i in range(40))
    report = report_of(
        f"input: 5\nblocks:\n{blocks}  b40: {{fields: [n], layers: [dense: n + n]}}\nlayers: [b0: channels]\n"
    )
    assert report.rows[-1].output.size == 10

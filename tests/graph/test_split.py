"""`split` in a join: a part of what flows in for each branch."""

from __future__ import annotations

import pytest

from tests.spec.support import codes_of, output_of, place_of, problems_of, report_of

#: A unit of ShuffleNet v2 with stride 1 (Ma et al. 2018, figure 3c): half of the channels goes on.
SHUFFLE = """
input: 28x28x116
layers:
  - concat:
      split: 2
      branches:
        - []
        - [conv1-58, relu, dwconv3, conv1-58, relu]
  - channel_shuffle: 2
"""


def test_half_of_the_channels_goes_on() -> None:
    report = report_of(SHUFFLE)
    assert report["concat1"].sources == ("slice1", "relu2")
    assert output_of(report, "slice1") == output_of(report, "slice2") == "28x28x58"
    assert [row.does for row in report.rows if row.type == "slice"] == [
        "channels 1 of 2",
        "channels 2 of 2",
    ]
    # Two 1x1 convolutions of 58 to 58 channels with biases, and a 3x3 kernel and bias a channel.
    assert report.totals.weights + report.totals.biases == 2 * 58 * 59 + 58 * 10
    assert output_of(report, "channel_shuffle1") == "28x28x116"


@pytest.mark.parametrize(
    ("join", "output"),
    [
        ("multiply: {split: 2, branches: [[], [sigmoid]]}", "6x9x8"),  # a gated linear unit
        ("concat: {split: [4, 12], left: [conv1-3], right: []}", "6x9x15"),
        ("concat: {split: [k, channels - k], left: [conv1-3], right: []}", "6x9x14"),
        ("add: {split: {width: 3}, branches: [[], [relu], []]}", "6x3x16"),
        ("add: {split: {height: [3, 3]}, branches: [[], []]}", "3x9x16"),
        ("concat: {name: cat, from: input, split: 4, branches: [[], [], [], []]}", "6x9x16"),
    ],
)
def test_how_a_split_is_written(join: str, output: str) -> None:
    report = report_of(f"input: 6x9x16\nlet: {{k: 5}}\nlayers: [{join}]\n")
    assert output_of(report, report.rows[-1].name) == output


def test_a_side_may_split_too() -> None:
    text = "input: 6x9x16\nlayers: [side: {split: 2, a: [conv1-3], b: [tanh]}, conv1-3]\n"
    report = report_of(text)
    assert report["conv1"].sources == ("input",)
    assert report["a/conv1"].weights == 8 * 3
    assert output_of(report, "b/tanh1") == "6x9x8"


def test_the_parts_of_res2net_add_up_along_the_branches() -> None:
    text = """
        input: 14x14x104
        layers:
          - concat:
              - [slice: 1 of 4]
              - [slice: 2 of 4, conv3-26: {name: y2}]
              - [slice: 3 of 4, add: {from: [., y2]}, conv3-26: {name: y3}]
              - [slice: 4 of 4, add: {from: [., y3]}, conv3-26]
    """
    report = report_of(text)
    assert output_of(report, "concat1") == "14x14x104"
    sizes = [side.size for side in report["concat1"].field or ()]
    assert sizes == [7, 7]  # three 3x3 convolutions in a row
    assert report.totals.macs == 3 * 14 * 14 * 26 * 26 * 9


def test_a_branch_may_still_be_called_split() -> None:
    for branch in ("[conv3-4]", "conv3-4"):
        report = report_of(f"input: 8x8x3\nlayers: [concat: {{split: {branch}, b: [conv3-6]}}]\n")
        assert output_of(report, "concat1") == "8x8x10"
        assert report["concat1"].sources[0] == "split/conv1"


@pytest.mark.parametrize(
    ("join", "code", "message", "place"),
    [
        (
            "concat: {split: 3, branches: [[], [relu]]}",
            "E203",
            "split makes 3 parts, but concat has 2 branches",
            "3",
        ),
        (
            "concat: {split: [4, 12]}",
            "E203",
            "split makes 2 parts, but concat has 0 branches",
            "[4, 12]",
        ),
        (
            "concat: {split: k, branches: [[], [relu]]}",
            "E110",
            "split takes a number of parts or their sizes, not 'k'",
            "k",
        ),
        (
            "concat: {split: [4, 5], branches: [[], [relu]]}",
            "E205",
            "slice1: parts of 4 and 5 are 9 in all, but the channels are 15",
            "[4, 5]",
        ),
        (
            "concat: {split: 2, branches: [[], [relu]]}",
            "E205",
            "slice1: channels of 15 cannot be split into 2 equal parts",
            "2",
        ),
        (
            "concat: {split: {length: 2}, branches: [[], [relu]]}",
            "E202",
            "slice1: slice takes a part of the length, but 6x9x15 has none",
            "2",
        ),
    ],
)
def test_a_split_that_does_not_fit(join: str, code: str, message: str, place: str) -> None:
    text = f"input: 6x9x15\nlayers:\n  - {join}\n"
    assert codes_of(text)[0] == code
    first = problems_of(text)[0]
    assert first.message.removesuffix(" (and 1 more from the same line)") == message
    assert first.hint
    assert place_of(first) == place

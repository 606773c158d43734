"""`share`: layers, blocks, groups and repeats that use the weights of others."""

from __future__ import annotations

import pytest

from tests.spec.support import codes_of, place_of, problems_of, report_of

TWICE = """
input: 8x8x3
layers:
  - conv: {name: a, filters: 3, kernel: 3, pad: 1}
  - conv: {name: b, filters: 3, kernel: 3, pad: 1, share: a}
"""


def test_shared_weights_are_counted_once_and_work_twice() -> None:
    report = report_of(TWICE)
    assert (report["a"].params, report["b"].params) == (84, 0)  # 3 x 3 x 3 x 3 + 3
    assert (report["a"].macs, report["b"].macs) == (5184, 5184)  # 81 x 64
    assert (report["a"].shared, report["b"].shared) == (None, "a")
    assert (report.totals.params, report.totals.macs) == (84, 10_368)


def test_the_owner_may_come_later() -> None:
    report = report_of(TWICE.replace(", share: a", "").replace("name: a,", "name: a, share: b,"))
    assert (report["a"].params, report["b"].params) == (0, 84)
    assert report["a"].shared == "b"
    assert report.totals.params == 84


def test_shared_weights_of_shared_weights_have_one_owner() -> None:
    layer = "- conv: {name: %s, filters: 3, kernel: 3, pad: 1, share: %s}\n"
    spec = "input: 8x8x3\nlayers:\n" + layer.replace(", share: %s", "") % "a"
    spec += "".join(layer % pair for pair in (("b", "a"), ("c", "b"), ("d", "c"), ("e", "b")))
    report = report_of(spec)
    assert [row.shared for row in report.rows[1:]] == [None, "a", "a", "a", "a"]
    assert report.totals.params == 84


@pytest.mark.parametrize(
    "shares", [{"a": "a"}, {"a": "b", "b": "a"}, {"a": "b", "b": "c", "c": "a"}]
)
def test_someone_must_own_the_weights(shares: dict[str, str]) -> None:
    layers = "".join(
        f"- conv: {{name: {name}, filters: 3, kernel: 3, pad: 1, share: {shares.get(name, 'z')}}}\n"
        for name in shares
    )
    assert codes_of(f"input: 8x8x3\nlayers:\n{layers}") == ["E154"]


def test_buffers_are_shared_too() -> None:
    report = report_of("input: 8x8x3\nlayers: [batchnorm, batchnorm: {share: bn1}]\n")
    assert report.totals.params == 6  # gamma and beta
    assert report.totals.buffers == 6  # mean and variance


def test_a_block_shares_layer_by_layer() -> None:
    spec = """
        inputs: {left: 8x8x3, right: 8x8x3}
        blocks: {twin: {fields: [n], layers: [conv: {filters: n, kernel: 3}, relu, dense: 10]}}
        layers:
          - twin: {name: a, from: left, n: 4}
          - twin: {name: b, from: right, n: %d, share: a}
        """
    report = report_of(spec % 4)
    assert report["b/conv1"].shared == "a/conv1"
    assert report["b/fc1"].shared == "a/fc1"
    assert report.totals.params == 1562  # 4 x 3 x 9 + 4, 10 x 144 + 10
    problems = problems_of(spec % 5)
    assert {problem.code for problem in problems} == {"E154"}
    assert "a/conv1" in problems[0].message


def test_a_group_shares_layer_by_layer() -> None:
    report = report_of(
        """
        input: 8x8x3
        layers:
          - group: {name: a, layers: [conv3-3, relu]}
          - group: {name: b, share: a, layers: [conv3-3, relu]}
        """
    )
    assert report["b/conv1"].shared == "a/conv1"
    assert report.totals.params == 84


def test_a_named_repeat_shares_layer_by_layer() -> None:
    report = report_of(
        """
        input: 8x8x3
        layers:
          - repeat: {name: a, times: 2, layers: [conv3-3]}
          - repeat: {name: b, times: 2, share: a, layers: [conv3-3]}
        """
    )
    assert [row.shared for row in report.rows[1:]] == [None, None, "a/1/conv1", "a/2/conv1"]
    assert report.totals.params == 168


def test_an_unnamed_repeat_has_nothing_to_share_under() -> None:
    assert codes_of(
        "input: 8x8x3\nlayers: [conv3-3, repeat: {times: 1, share: conv1, layers: [conv3-3]}]\n"
    ) == ["E111"]


def test_the_rounds_of_a_repeat_may_share_the_first_ones_weights() -> None:
    # a recurrent layer (unrolled): the first round outside, the others share its weights
    report = report_of(
        """
        input: 8x8x3
        layers:
          - conv3-3: {name: step}
          - repeat: {name: more, times: 4, layers: [conv3-3: {share: step}]}
        """
    )
    assert report.totals.params == 84
    assert report.totals.macs == 25_920  # 5 x 81 x 64


def test_weights_that_do_not_fit() -> None:
    (problem,) = problems_of(TWICE.replace("share: a", "share: a, bias: false"))
    assert problem.code == "E154"
    assert "3x3x3x3, 3" in problem.message
    assert place_of(problem) == "a"
    assert codes_of(TWICE.replace("b, filters: 3", "b, filters: 4")) == ["E154"]
    assert codes_of(
        TWICE.replace("conv: {name: b", "depthwise: {name: b").replace("b, filters: 3,", "b,")
    ) == ["E154"]


def test_sharing_with_nothing() -> None:
    assert codes_of(TWICE.replace("share: a", "share: z")) == ["E150"]
    assert codes_of(TWICE.replace("share: a", "share: input")) == ["E154"]
    assert codes_of(TWICE.replace("share: a", "share: []")) == ["E110"]


def test_a_block_that_holds_more_cannot_share() -> None:
    assert codes_of(
        """
        input: 8x8x3
        layers:
          - group: {name: a, layers: [conv3-3]}
          - group: {name: b, share: a, layers: [conv3-3, relu]}
        """
    ) == ["E154"]
    assert codes_of(
        "input: 8x8x3\nlayers: [group: {name: a, layers: []}, conv3-3: {share: a}]\n"
    ) == ["E154"]

"""Names: automatic numbers, paths, clashes, and what a name may be."""

from __future__ import annotations

import pytest

from tests.spec.support import codes_of, names_of, place_of, problems_of, report_of


def test_each_kind_is_numbered_by_itself() -> None:
    report = report_of(
        """
        input: 32x32x3
        layers: [conv3-4, batchnorm, relu, maxpool, lrn, conv3-4, batchnorm, relu, avgpool, lrn,
                 dropout, dense: 10, relu, fc: 10, softmax]
        """
    )
    assert names_of(report) == [
        "conv1",
        "bn1",
        "relu1",
        "pool1",
        "norm1",
        "conv2",
        "bn2",
        "relu2",
        "pool2",
        "norm2",
        "dropout1",
        "fc1",
        "relu3",
        "fc2",
        "softmax1",
    ]


def test_maximum_and_average_pools_are_numbered_together() -> None:
    report = report_of("input: 32x32x3\nlayers: [maxpool, avgpool, maxpool]\n")
    assert names_of(report) == ["pool1", "pool2", "pool3"]


def test_other_types_are_numbered_under_their_own_word() -> None:
    report = report_of(
        "input: 8x8x4\nlayers: [global_avgpool, depthwise: 1, separable: {filters: 4, kernel: 1}]\n"
    )
    assert names_of(report) == ["global_avgpool1", "depthwise1", "separable1"]


def test_named_layers_count_too() -> None:
    report = report_of(
        """
        input: 32x32x3
        layers:
          - conv: {name: stem, filters: 4, kernel: 3}
          - conv: {filters: 4, kernel: 3}
          - conv: {name: C3, filters: 4, kernel: 3}
          - conv: {filters: 4, kernel: 3}
        """
    )
    assert names_of(report) == ["stem", "conv2", "C3", "conv4"]


def test_every_level_numbers_by_itself() -> None:
    report = report_of(
        """
        input: 32x32x3
        blocks:
          b: {layers: [relu, relu]}
        layers:
          - relu
          - b
          - group: {name: g, layers: [relu, b]}
          - b
          - relu
        """
    )
    assert names_of(report) == [
        "relu1",
        "b1/relu1",
        "b1/relu2",
        "g/relu1",
        "g/b1/relu1",
        "g/b1/relu2",
        "b2/relu1",
        "b2/relu2",
        "relu2",
    ]


def test_unnamed_branches_number_in_the_level_around_them() -> None:
    report = report_of("input: 8x8x2\nlayers: [concat: [[relu], [relu, relu]], relu]\n")
    assert names_of(report) == ["relu1", "relu2", "relu3", "concat1", "relu4"]


def test_inner_names_are_paths() -> None:
    report = report_of(
        """
        input: 28x28x192
        blocks:
          inception:
            fields: [c1, r3, c3]
            layers:
              - concat:
                  1x1: [conv: {filters: c1, kernel: 1}]
                  3x3: [conv: {name: reduce, filters: r3, kernel: 1}, conv: {filters: c3, kernel: 3, pad: 1}]
        layers: [inception: {name: inception_3a, c1: 64, r3: 96, c3: 128}]
        """
    )
    assert names_of(report) == [
        "inception_3a/1x1/conv1",
        "inception_3a/3x3/reduce",
        "inception_3a/3x3/conv2",
        "inception_3a/concat1",
    ]


def test_a_named_join_with_branches_is_a_level_and_its_own_row() -> None:
    report = report_of("input: 8x8x2\nlayers: [add: {name: res, a: [relu], b: [tanh]}, relu]\n")
    assert names_of(report) == ["res/a/relu1", "res/b/tanh1", "res", "relu1"]


@pytest.mark.parametrize(
    "name", ["a", "C1", "1x1", "fc6", "conv1_1", "inception_4a", "a.b", "a-b", "a+b", "_a", "3"]
)
def test_good_names(name: str) -> None:
    assert names_of(report_of(f"input: 3\nlayers: [relu: {{name: {name}}}]\n")) == [name]


@pytest.mark.parametrize(
    "name", ["a/b", "a b", "-a", "+a", ".a", "a*", "é", '"a\\nb"', '"\\e[31m"', "input", "a" * 101]
)
def test_names_that_paths_could_not_hold(name: str) -> None:
    (problem,) = problems_of(f"input: 3\nlayers: [relu: {{name: {name}}}]\n")
    assert problem.code == "E117"


@pytest.mark.parametrize("name", ["[a]", "{a: b}", '""', ""])
def test_names_that_are_no_words(name: str) -> None:
    assert codes_of(f"input: 3\nlayers: [relu: {{name: {name}}}]\n") == ["E110"]


def test_two_layers_of_one_name() -> None:
    (problem,) = problems_of(
        """
        input: 3
        layers:
          - relu: {name: a}
          - tanh: {name: a}
        """
    )
    assert problem.code == "E152"
    assert "line 4" in problem.message
    assert place_of(problem) == "a"


def test_a_name_that_an_automatic_one_takes_later() -> None:
    (problem,) = problems_of("input: 3\nlayers: [relu: {name: relu2}, relu]\n")
    assert problem.code == "E152"
    assert "automatic" in problem.hint


def test_two_branches_of_one_level_with_one_name() -> None:
    assert codes_of("input: 3\nlayers: [add: {a: [relu], b: []}, add: {a: [relu], b: []}]\n") == [
        "E152",
        "E152",
    ]


def test_one_name_in_two_scopes_is_fine() -> None:
    report = report_of(
        "input: 3\nlayers: [add: {a: [relu: {name: x}], b: [tanh: {name: x}]}, relu: {name: x}]\n"
    )
    assert names_of(report) == ["a/x", "b/x", "add1", "x"]


def test_a_layer_named_like_an_input() -> None:
    assert codes_of("inputs: {left: 3, right: 3}\nlayers: [relu: {name: left, from: right}]\n") == [
        "E152"
    ]


def test_a_report_finds_its_rows_by_name() -> None:
    report = report_of("input: 3\nlayers: [relu, dense: {name: fc6, units: 4}]\n")
    assert report["fc6"].type == "dense"
    with pytest.raises(KeyError):
        report["fc7"]

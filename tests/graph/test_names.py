"""Names: automatic numbers, paths, clashes, and what a name may be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapecalc import SpecErrors, summarize
from tests.spec.support import codes_of, names_of, place_of, problems_of, report_of

if TYPE_CHECKING:
    from pathlib import Path


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


#: Statements, and what they are called: no automatic name is another layer's.
FREE_NAMES = {
    "a word that ends in a digit": ("[relu6, relu, relu6]", ["relu6_1", "relu1", "relu6_2"]),
    "61 relu beside one relu6": (
        "[repeat: {times: 61, layers: [relu]}, relu6]",
        [*(f"relu{number}" for number in range(1, 62)), "relu6_1"],
    ),
    "a name before its turn": (
        "[relu: {name: relu2}, relu, relu]",
        ["relu2", "relu3", "relu4"],
    ),
    "a name after its turn": (
        "[relu, relu: {name: relu1}, relu]",
        ["relu2", "relu1", "relu3"],
    ),
    "a name of another kind": ("[tanh: {name: relu1}, relu]", ["relu1", "relu2"]),
    "block c eleven times, c1 once": (
        "[repeat: {times: 11, layers: [c]}, c1]",
        [*(f"c{number}/tanh1" for number in range(1, 12)), "c1_1/tanh1"],
    ),
    "blocks c1 and c1_": (
        "[c1, c1_, c1]",
        ["c1_1/tanh1", "c1_2/tanh1", "c1_3/tanh1"],
    ),
    "a block called as a layer is": (
        "[softmax, softmax1, softmax: {name: softmax2}, softmax]",
        ["softmax1", "softmax1_1/tanh1", "softmax2", "softmax3"],
    ),
    "a branch": (
        "[relu, add: {relu1: [relu], relu2: []}, relu]",
        ["relu3", "relu1/relu1", "add1", "relu4"],
    ),
    "inside of unnamed branches": (
        "[relu, add: [[relu: {name: relu1}], [relu]]]",
        ["relu2", "relu1", "relu3", "add1"],
    ),
    "inside of a side": (
        "[relu, side: [[relu, relu: {name: relu1}]]]",
        ["relu2", "relu3", "relu1"],
    ),
    "inside of a named side": (
        "[relu, side: {name: relu2, branches: [[relu, relu: {name: relu1}]]}, relu]",
        ["relu1", "relu2/relu2", "relu2/relu1", "relu3"],
    ),
    "inside of a repeat": (
        "[relu, repeat: {times: 1, layers: [relu: {name: relu1}]}, relu]",
        ["relu2", "relu1", "relu3"],
    ),
    "inside of a named repeat": (
        "[repeat: {name: relu1, times: 2, layers: [relu, relu: {name: relu1}]}, relu]",
        ["relu1/1/relu2", "relu1/1/relu1", "relu1/2/relu2", "relu1/2/relu1", "relu2"],
    ),
    "inside of a group": (
        "[group: {name: relu1, layers: [relu, tanh: {name: relu1}]}, relu]",
        ["relu1/relu2", "relu1/relu1", "relu2"],
    ),
    "a join": (
        "[add: [[], []], add: {name: add1, branches: [[relu, tanh: {name: relu1}], []]}]",
        ["add2", "add1/relu2", "add1/relu1", "add1"],
    ),
}


@pytest.mark.parametrize(
    ("layers", "names"),
    list(FREE_NAMES.values()),
    ids=[key.replace(" ", "-") for key in FREE_NAMES],
)
def test_an_automatic_name_takes_the_next_free_number(layers: str, names: list[str]) -> None:
    blocks = ", ".join(f"{name}: {{layers: [tanh]}}" for name in ("c", "c1", "c1_", "softmax1"))
    report = report_of(f"input: 3\nblocks: {{{blocks}}}\nlayers: {layers}\n")
    assert names_of(report) == names


def test_an_automatic_name_is_no_input_either() -> None:
    report = report_of(
        "inputs: {relu1: 3, relu3: 3}\nlayers: [relu: {from: relu1}, relu, relu: {from: relu3}]\n"
    )
    assert [row.name for row in report.rows] == ["relu1", "relu3", "relu2", "relu4", "relu5"]


LAYER = st.tuples(
    st.sampled_from(["relu", "relu6", "c", "c1", "c6_"]),
    st.none() | st.sampled_from(["relu", "relu6", "relu6_", "c", "c1", "c1_", "c6_"]),
    st.integers(1, 12),
)


@given(st.lists(LAYER, min_size=1, max_size=30))
def test_layers_whose_names_differ_are_never_refused(
    layers: list[tuple[str, str | None, int]],
) -> None:
    """A name refused, or given twice: an automatic one that overlooks another would fail here."""
    given_names: set[str] = set()
    statements = []
    for word, stem, number in layers:
        name = f"{stem}{number}"
        if stem is None or name in given_names:
            statements.append(word)
        else:
            given_names.add(name)
            statements.append(f"{word}: {{name: {name}}}")
    blocks = ", ".join(f"{name}: {{layers: [tanh]}}" for name in ("c", "c1", "c6_"))
    report = report_of(f"input: 3\nblocks: {{{blocks}}}\nlayers: [{', '.join(statements)}]\n")
    names = names_of(report)
    assert len(set(names)) == len(layers)
    assert given_names <= {name.split("/")[0] for name in names}


def test_what_is_inserted_never_renames_the_base(tmp_path: Path) -> None:
    """The base's names are those that edits go by: one that takes such a name is refused."""
    (tmp_path / "base.yaml").write_text("input: 3\nlayers: [relu, relu]\n", "utf-8")
    mine = tmp_path / "mine.yaml"
    mine.write_text("extends: base.yaml\nbefore: {relu1: [tanh: {name: relu2}]}\n", "utf-8")
    with pytest.raises(SpecErrors) as caught:
        summarize(str(mine))
    assert [problem.code for problem in caught.value.problems] == ["E152"]
    mine.write_text("extends: base.yaml\nbefore: {relu1: [relu, tanh: {name: relu3}]}\n", "utf-8")
    assert names_of(summarize(str(mine))) == ["relu4", "relu3", "relu1", "relu2"]


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

"""Blocks: layer types that a spec defines, their fields, and what can be handed to them."""

from __future__ import annotations

import pytest

from shapecalc.report.fold import fold
from tests.spec.support import codes_of, names_of, output_of, place_of, problems_of, report_of


@pytest.mark.parametrize(
    "fields",
    [
        "[filters, stride]",
        "{filters: , stride: }",
        "[filters, {stride: 2}]",
        "{filters: 7, stride: 2}",
        "[{filters: 7}, {stride: 2}]",
        "[{filters: 7, stride: 2}]",
    ],
)
def test_fields_as_a_list_as_a_map_and_mixed(fields: str) -> None:
    report = report_of(
        f"""
        input: 9x9x1
        blocks:
          unit: {{fields: {fields}, layers: [conv: {{filters: filters, kernel: 3, stride: stride}}]}}
        layers: [unit: {{filters: 5, stride: 3}}]
        """
    )
    assert output_of(report, "unit1/conv1") == "3x3x5"


UNIT = """
input: 9x9x1
blocks:
  unit:
    fields: [filters, {kernel: 3, pad: 0}]
    layers: [conv: {filters: filters, kernel: kernel, pad: pad}]
layers: [%s]
"""


def test_a_field_with_a_default_may_be_left_out() -> None:
    assert output_of(report_of(UNIT % "unit: {filters: 5}"), "unit1/conv1") == "7x7x5"
    assert output_of(report_of(UNIT % "unit: {filters: 5, kernel: 1}"), "unit1/conv1") == "9x9x5"


def test_a_field_without_a_default_may_not() -> None:
    for use in ("unit", "unit: {kernel: 3}", "unit: {}"):
        (problem,) = problems_of(UNIT % use)
        assert problem.code == "E113"
        assert "filters" in problem.message


def test_the_first_field_takes_a_bare_value() -> None:
    assert output_of(report_of(UNIT % "unit: 5"), "unit1/conv1") == "7x7x5"


def test_a_block_without_fields_takes_no_value() -> None:
    spec = "input: 9x9x1\nblocks: {b: {layers: [relu]}}\nlayers: [%s]\n"
    assert names_of(report_of(spec % "b")) == ["b1/relu1"]
    assert names_of(report_of(spec % "b: {name: x}")) == ["x/relu1"]
    assert codes_of(spec % "b: 3") == ["E110"]
    assert codes_of(spec % "b: {width: 3}") == ["E111"]


def test_an_unknown_field_gets_a_suggestion_and_its_place() -> None:
    (problem,) = problems_of(UNIT % "unit: {filters: 5, kernl: 1}")
    assert (problem.code, problem.hint) == ("E111", "did you mean 'kernel'?")
    assert place_of(problem) == "kernl"


def test_words_and_sizes_and_booleans_can_be_handed_on() -> None:
    report = report_of(
        """
        input: 9x11x2
        blocks:
          inner:
            fields: {kernel: 1, pad: 0, bias: true, rounding: floor}
            layers: [conv: {filters: 3, kernel: kernel, pad: pad, bias: bias, stride: 2, rounding: rounding}]
          outer:
            fields: [k, p, b]
            layers: [inner: {kernel: k, pad: p, bias: b}]
        layers:
          - outer: {k: 1x7, p: same, b: false}
          - outer: {k: [3, 1], p: valid, b: true}
          - inner: {kernel: 2, pad: [[1, 0], [0, 1]], bias: per_position, rounding: ceil}
        """
    )
    first, second, third = report.rows[1:]
    assert (output_of(report, first.name), first.weights, first.biases) == ("5x6x3", 42, 0)
    assert (output_of(report, second.name), second.weights, second.biases) == ("2x3x3", 27, 3)
    # (2 + 1 - 2)/2 and (3 + 1 - 2)/2 up: 2x2; one bias a unit
    assert (output_of(report, third.name), third.biases) == ("2x2x3", 12)


def test_a_wrong_argument_is_told_at_the_place_where_it_was_written() -> None:
    (problem,) = problems_of(UNIT % "unit: {filters: 5, pad: sane}")
    assert problem.code == "E110"
    assert place_of(problem) == "sane"
    (problem,) = problems_of(UNIT % "unit: {filters: 5*x}")
    assert (problem.code, place_of(problem)) == ("E116", "5*x")


def test_a_mistake_in_a_block_is_told_once() -> None:
    (problem,) = problems_of(
        """
        input: 9x9x1
        blocks:
          b: {layers: [conv: {filters: 0, kernel: 1}]}
        layers: [b, b, b]
        """
    )
    assert problem.code == "E114"
    assert "2 more" in problem.message


def test_blocks_use_blocks_in_any_order() -> None:
    report = report_of(
        """
        input: 9x9x1
        blocks:
          outer: {layers: [inner: 4, relu, inner: 5]}
          inner: {fields: [filters], layers: [conv: {filters: filters, kernel: 3}]}
        layers: [outer]
        """
    )
    assert names_of(report) == ["outer1/inner1/conv1", "outer1/relu1", "outer1/inner2/conv1"]
    assert output_of(report, "outer1/inner2/conv1") == "5x5x5"


def test_a_block_without_layers_passes_its_input_on() -> None:
    report = report_of(
        "input: 9x9x1\nblocks: {nothing: {layers: []}}\nlayers: [relu, nothing, tanh: {from: nothing1}]\n"
    )
    assert names_of(report) == ["relu1", "tanh1"]
    assert report["tanh1"].sources == ("relu1",)


def test_what_comes_out_of_a_block_has_the_blocks_name() -> None:
    report = report_of(
        "input: 9x9x1\nblocks: {b: {layers: [relu, tanh]}}\nlayers: [b: {name: x}, relu, elu: {from: x}]\n"
    )
    assert report["elu1"].sources == ("x/tanh1",)


def test_from_says_what_flows_into_a_block() -> None:
    report = report_of(
        "input: 9x9x1\nblocks: {b: {layers: [relu]}}\nlayers: [tanh, relu, b: {from: tanh1}]\n"
    )
    assert report["b1/relu1"].sources == ("tanh1",)


def test_blocks_that_use_each_other_in_a_circle() -> None:
    for blocks in ("{a: {layers: [a]}}", "{a: {layers: [b]}, b: {layers: [relu, a]}}"):
        assert codes_of(f"input: 9x9x1\nblocks: {blocks}\nlayers: [a]\n") == ["E118"]


@pytest.mark.parametrize("name", ["conv", "relu", "fc", "repeat", "concat", "side"])
def test_a_block_cannot_take_the_name_of_a_type(name: str) -> None:
    assert "E117" in codes_of(f"input: 9\nblocks: {{{name}: {{layers: []}}}}\nlayers: []\n")


@pytest.mark.parametrize("name", ['"a/b"', '"a b"', '""', "é"])
def test_a_blocks_name_is_a_word(name: str) -> None:
    assert codes_of(f"input: 9\nblocks: {{{name}: {{layers: []}}}}\nlayers: []\n") == ["E117"]


@pytest.mark.parametrize(
    ("block", "code"),
    [
        ("3", "E110"),
        ("[relu]", "E110"),
        ("{fields: [a]}", "E113"),
        ("{layers: relu, feilds: [a]}", "E111"),
        ("{layers: [relu], fields: 3}", "E110"),
        ("{layers: [relu], fields: [[a]]}", "E110"),
        ("{layers: [relu], fields: [a-b]}", "E117"),
        ("{layers: [relu], fields: [same]}", "E117"),
        ("{layers: [relu], fields: [name]}", "E117"),
        ("{layers: [relu], fields: {note: 3}}", "E117"),
        ("{layers: [relu], fields: [share]}", "E117"),
        ("{layers: [relu], fields: [a, a]}", "E102"),
        ("{layers: 3}", "E112"),
        ("{layers: {relu: }}", "E110"),
    ],
)
def test_blocks_that_cannot_be(block: str, code: str) -> None:
    assert codes_of(f"input: 9\nblocks: {{b: {block}}}\nlayers: []\n") == [code]


def test_blocks_take_a_note() -> None:
    report_of("input: 9\nblocks: {b: {note: what it is for, layers: [relu]}}\nlayers: [b]\n")


def test_a_blocks_input_is_called_input() -> None:
    report = report_of(
        """
        input: 9x9x4
        blocks:
          gate: {layers: [global_avgpool, dense: channels, sigmoid, multiply: {from: [input, .]}]}
        layers: [relu, gate]
        """
    )
    assert report["gate1/multiply1"].sources == ("relu1", "gate1/sigmoid1")
    assert output_of(report, "gate1/multiply1") == "9x9x4"


def test_a_block_does_not_see_the_variables_of_who_uses_it() -> None:
    """Its own fields and the network's constants are all that a block knows."""
    text = """
    input: 8x8x3
    let: {n: 1}
    blocks: {b: {layers: [conv: {filters: WORD + 1, kernel: 1}]}}
    layers: [repeat: {times: 2, index: i, layers: [b]}]
    """
    assert codes_of(text.replace("WORD", "i")) == ["E116"]
    assert output_of(report_of(text.replace("WORD", "n")), "b2/conv1") == "8x8x2"


def test_a_block_that_nothing_flows_through_gives_its_last_head() -> None:
    """Between two inputs nothing flows yet; both heads read one of them."""
    text = """
    inputs: {picture: 9x9x3, map: 5x5x2}
    blocks:
      heads:
        layers:
          - side:
              near: [conv: {filters: 2, kernel: 1, from: picture}]
              far: [conv: {filters: 5, kernel: 3, from: map}]
    layers: [heads: {name: h}]
    """
    (block,) = (row for row in fold(report_of(text), 1) if row.name == "h")
    assert (*block.output.sides, block.output.channels) == (3, 3, 5)

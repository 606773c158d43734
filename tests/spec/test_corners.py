"""Corners where a spec once computed something other than what it says."""

from pathlib import Path

import pytest

import shapecalc
from tests.spec.support import report_of


def codes(text: str) -> list[str]:
    with pytest.raises(shapecalc.SpecErrors) as caught:
        report_of(text)
    return [problem.code for problem in caught.value.problems]


def message(text: str) -> str:
    with pytest.raises(shapecalc.SpecErrors) as caught:
        report_of(text)
    return " ".join(f"{each.message} {each.hint}" for each in caught.value.problems)


def test_flow_goes_on_unchanged_past_a_side_that_begins_elsewhere() -> None:
    report = report_of(
        "input: 8x9x3\nlayers: [conv3-4, conv3-5, side: {from: conv1, aux: [conv3-2]}, relu]"
    )
    assert report["relu1"].sources == ("conv2",)
    assert report["aux/conv1"].sources == ("conv1",)


@pytest.mark.parametrize("view", ["flatten", "identity", "dropout", "reshape: 16x24x1"])
def test_views_take_no_memory_of_their_own(view: str) -> None:
    text = f"input: 6x8x2\nlayers: [conv3-8, {view}, dense: 3, {{conv3-1: {{from: conv1}}}}]"
    # conv1's 384 are kept for conv2, beside the input's 96 first and the dense layer's 3 later
    assert report_of(text).totals.peak == 480


def test_a_removed_layer_is_not_replaced_by_an_outer_one_of_its_name(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(
        "input: 8x9x3\nblocks: {b: {layers: [conv1-4, relu, conv1-5: {from: conv1}]}}\n"
        "layers: [conv3-4, b]\n"
    )
    (tmp_path / "child.yaml").write_text("extends: base.yaml\nremove: [b1/conv1]\n")
    with pytest.raises(shapecalc.SpecErrors, match="'conv1' was removed"):
        shapecalc.load(tmp_path / "child.yaml")


@pytest.mark.parametrize("before", ["", "dense: {units: 10, bias: false}, "])
def test_a_quoted_boolean_is_none_whatever_came_before(before: str) -> None:
    text = f"input: 8\nlayers: [{before}dense: {{units: 10, bias: 'false'}}]"
    assert codes(text) == ["E110"]


def test_a_quoted_boolean_is_none_among_choices() -> None:
    assert codes("input: 8x9x2\nlayers: [conv: {filters: 1, kernel: 1, bias: 'true'}]") == ["E110"]


def test_a_join_has_no_weights_to_share() -> None:
    assert codes("input: 8x9x2\nlayers: [add: {share: [conv3-2], b: []}]") == ["E111"]


def test_index_and_lists_have_different_names() -> None:
    text = "input: 8\nlayers: [repeat: {for: {i: [5, 6]}, index: i, layers: [dense: i]}]"
    assert codes(text) == ["E117"]


def test_papers_words_are_no_types_for_defaults() -> None:
    assert codes("input: 8x9x2\ndefaults: {conv3-64: {bias: false}}\nlayers: [relu]") == ["E112"]


def test_a_level_without_an_end_is_folded() -> None:
    report = report_of(
        "inputs: {l: 8x9x3, r: 8x9x2}\nlayers:\n"
        "  - group: {name: g, layers: [side: {a: [conv3-4: {from: l}]}]}\n"
        "  - conv3-3: {from: r}\n"
    )
    assert "g " in report.render("text")


@pytest.mark.parametrize(
    "text",
    [
        "let: {x-a: 1}\ninput: 8\nlayers: [relu]",
        "defaults: {x-b: 2}\ninput: 8\nlayers: [relu]",
        "inputs: {x-a: 3, in: 8}\nlayers: [relu]",
        "blocks: {x-c: 3}\ninput: 8\nlayers: [relu]",
        "expect: {x-d: 3}\ninput: 8\nlayers: [relu]",
        "input: 8\nlayers: [repeat: {for: {x-e: 7, u: [2]}, layers: [dense: u]}]",
    ],
)
def test_keys_that_begin_with_x_are_ignored_in_every_map(text: str) -> None:
    assert len(report_of(text).rows) == 2


def test_a_name_that_means_the_layer_itself_gets_the_way_out() -> None:
    text = "input: 8x9x2\nblocks: {b: {layers: [conv1-2: {from: conv1}]}}\nlayers: [conv1-4, b]"
    assert "`/name`" in message(text)
    report = report_of(text.replace("from: conv1", "from: /conv1"))
    assert report["b1/conv1"].sources == ("conv1",)


def test_branches_and_operands_do_not_mix() -> None:
    text = "input: 8x9x2\nlayers: [conv1-2, relu, concat: {from: [conv1, relu1], a: [relu], b: []}]"
    assert codes(text) == ["E203"]


def test_loop_variables_are_ascii() -> None:
    text = "input: 8\nlayers: [repeat: {times: 2, index: é, layers: [dense: 3]}]"
    assert codes(text) == ["E117"]


def test_a_quoted_decimal_is_a_decimal() -> None:
    assert report_of("input: 8\nlayers: [dropout: '0.25']")["dropout1"].does == "0.25"

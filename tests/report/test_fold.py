"""Rows folded to a line a block: what a block's row says, of networks small enough to see it."""

from __future__ import annotations

import pytest

import shapecalc
from shapecalc.counting.profiles import PROFILES
from shapecalc.layers.shape import as_text
from shapecalc.report import UNKNOWN
from shapecalc.report.fold import fold, together
from tests.spec.support import report_of

TWO_BLOCKS = """
input: 12x12x3
blocks:
  unit:
    fields: [n]
    layers:
      - conv: {filters: n, kernel: 3, note: from the left}
      - relu
      - maxpool: {note: halves}
layers:
  - unit: {name: first, n: 4, note: a block}
  - relu
  - unit: {name: second, n: 5}
  - dense: {units: 2, note: the end}
"""


def test_a_folded_block_keeps_the_notes_of_its_layers() -> None:
    rows = {row.name: row.note for row in fold(report_of(TWO_BLOCKS), 1)}
    assert rows == {
        "input": "",
        "first": "a block; from the left; halves",
        "relu1": "",
        "second": "from the left; halves",
        "fc1": "the end",
    }


def test_a_note_that_all_layers_of_a_block_have_is_written_once() -> None:
    report = report_of(
        "input: 8x8x3\n"
        "layers: [group: {name: g, layers: [relu: {note: n}, tanh: {note: n}, elu: {note: m}]}]\n"
    )
    assert report["g"].note == "n; m"


def test_a_folded_blocks_row() -> None:
    report = report_of(TWO_BLOCKS)
    first, second = report["first"], report["second"]
    assert (first.type, second.type) == ("unit", "unit")
    assert (first.brief, second.brief) == ("3 layers", "3 layers")
    assert (first.does, second.does) == ("n 4", "n 5")
    # 12 - 3 + 1 = 10, halved 5; 5 - 3 + 1 = 3, halved 1
    assert (as_text(first.output), as_text(second.output)) == ("5x5x4", "1x1x5")
    assert [as_text(shape) for shape in first.inputs] == ["12x12x3"]
    assert [as_text(shape) for shape in second.inputs] == ["5x5x4"]
    assert (first.sources, second.sources) == (("input",), ("relu1",))
    # weights 4 x 3 x 9 and 5 x 4 x 9; the two sums of a block are no other's
    assert (first.weights, first.biases, first.params) == (108, 4, 112)
    assert (second.weights, second.biases, second.params) == (180, 5, 185)
    assert (first.macs, second.macs) == (100 * 4 * 27, 9 * 5 * 36)
    # the convolution's and the pool's results; the rectifier works in place
    assert (first.activations, first.overwritten) == (400 + 100, 400)
    assert [layer.name for layer in first.layers] == ["first/conv1", "first/relu1", "first/pool1"]
    # windows of 3 and 2: 4 pixels; then 3 of those that lie 2 apart, and 2 of stride 2
    assert [[field.size for field in row.field or ()] for row in (first, second)] == [
        [4, 4],
        [10, 10],
    ]


def test_a_block_of_branches_takes_its_input_once_and_gives_its_join() -> None:
    report = report_of(
        """
        input: 6x6x2
        layers:
          - relu
          - group:
              name: g
              layers:
                - concat: {a: [conv: {filters: 3, kernel: 1}], b: [conv: {filters: 5, kernel: 1}]}
          - tanh
        """
    )
    row = report["g"]
    assert row.sources == ("relu1",)
    assert [as_text(shape) for shape in row.inputs] == ["6x6x2"]
    assert as_text(row.output) == "6x6x8"
    assert [each.name for each in fold(report, 1)] == ["input", "relu1", "g", "tanh1"]
    assert [each.name for each in fold(report, 2)][2:5] == ["g/a", "g/b", "g/concat1"]


def test_a_block_with_a_way_around_it_has_two_sources() -> None:
    report = report_of(
        """
        input: 6x6x2
        layers:
          - relu: {name: r}
          - tanh: {name: t}
          - group: {name: g, layers: [elu, add: {from: [., r]}]}
        """
    )
    assert report["g"].sources == ("t", "r")
    assert len(report["g"].inputs) == 2


def test_a_block_gives_what_flows_out_not_what_comes_last() -> None:
    report = report_of(
        """
        input: 8x8x2
        blocks: {b: {layers: [maxpool, side: {aux: [dense: 10]}]}}
        layers: [b, relu]
        """
    )
    assert as_text(report["b1"].output) == "4x4x2"
    assert [field.size for field in report["b1"].field or ()] == [2, 2]


def test_depths_of_folding() -> None:
    report = report_of(
        """
        input: 8x8x2
        blocks:
          inner: {layers: [relu, tanh]}
          outer: {layers: [inner, inner]}
        layers: [outer, elu]
        """
    )
    names = [[row.name for row in fold(report, depth)] for depth in range(4)]
    leaves = [f"outer1/inner{i}/{layer}1" for i in (1, 2) for layer in ("relu", "tanh")]
    assert names[0] == ["input", *leaves, "elu1"]
    assert names[1] == ["input", "outer1", "elu1"]
    assert names[2] == ["input", "outer1/inner1", "outer1/inner2", "elu1"]
    assert names[3] == names[0]


def test_a_block_that_uses_anothers_weights_says_whose() -> None:
    report = report_of(
        """
        input: 6x6x3
        blocks: {b: {layers: [conv: {filters: 3, kernel: 3, pad: 1}, relu]}}
        layers: [b: {name: one}, b: {name: two, share: one}, b: {name: three}]
        """
    )
    assert [report[name].shared for name in ("one", "two", "three")] == [None, "one", None]
    assert [report[name].params for name in ("one", "two", "three")] == [84, 0, 84]


def test_a_block_of_which_only_a_part_is_shared_is_no_ones() -> None:
    report = report_of(
        """
        input: 6x6x3
        layers:
          - conv: {name: own, filters: 3, kernel: 3, pad: 1}
          - group:
              name: g
              layers:
                - conv: {filters: 3, kernel: 3, pad: 1, share: own}
                - conv: {filters: 3, kernel: 3, pad: 1}
        """
    )
    assert report["g"].shared is None
    assert report["g"].params == 84


def test_connections_of_a_block_are_those_of_its_layers_that_have_any() -> None:
    report = report_of(
        "input: 6x6x3\nlayers: [group: {name: g, layers: [relu, conv: {filters: 2, kernel: 3}]}]\n"
    )
    alone = report_of("input: 6x6x3\nlayers: [relu, conv: {filters: 2, kernel: 3}]\n")
    assert alone["relu1"].connections is None
    assert report["g"].connections == alone["conv1"].connections == 16 * 2 * (27 + 1)
    nothing = report_of("input: 6x6x3\nlayers: [group: {name: g, layers: [relu, tanh]}]\n")
    assert nothing["g"].connections is None


def test_rows_together_reach_from_the_first_to_the_last() -> None:
    report = report_of("input: 9x9x2\nlayers: [maxpool: 3, conv: {filters: 4, kernel: 2}, relu]\n")
    row = together(report.rows[1:3])
    assert (row.sources, [as_text(shape) for shape in row.inputs]) == (("input",), ["9x9x2"])
    assert as_text(row.output) == "2x2x4"
    assert row.field == report["conv1"].field
    assert row.layers == report.rows[1:3]


#: A block of a convolution and of a layer that fvcore does not know, and one of such layers alone.
PARTLY_KNOWN = """
input: 6x6x3
layers:
  - group: {name: mixed, layers: [conv: {filters: 2, kernel: 3}, relu]}
  - group: {name: unheard, layers: [relu, lrn]}
"""


def test_a_profile_counts_what_it_knows_of_a_folded_block() -> None:
    """One layer with a rule is enough for a number; without any it is unknown, never 0."""
    report, fvcore = report_of(PARTLY_KNOWN), PROFILES["fvcore"]
    assert fvcore.cell(report["mixed"]) == 864  # 4 x 4 x 2 x 27
    assert fvcore.cell(report["unheard"]) is UNKNOWN
    text = report.render("text", depth=1, profile="fvcore", columns="name,count")
    cells = dict(line.split() for line in text.splitlines() if line.startswith(("mixed", "unhear")))
    assert cells == {"mixed": "864", "unheard": "?"}


@pytest.mark.parametrize("name", ["googlenet", "resnet18", "vgg16"])
def test_folding_loses_no_note_and_no_layer(name: str) -> None:
    report = shapecalc.summarize(name)
    for depth in (1, 2, 3):
        rows = fold(report, depth)
        assert sum(len(row.layers) for row in rows) == len(report.rows)
        notes = "\n".join(row.note for row in rows)
        assert all(row.note in notes for row in report.rows)

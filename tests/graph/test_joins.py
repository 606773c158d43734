"""Branches, joins, `from` with all its references, and `side`."""

from __future__ import annotations

import pytest

from tests.spec.support import codes_of, names_of, output_of, place_of, problems_of, report_of


@pytest.mark.parametrize(
    "branches",
    [
        "{a: [conv3-4], b: [conv3-6]}",
        "[[conv3-4], [conv3-6]]",
        "{branches: {a: [conv3-4], b: [conv3-6]}}",
        "{branches: [[conv3-4], [conv3-6]]}",
        "{name: cat, a: [conv3-4], b: [conv3-6]}",
        "{a: conv3-4, b: conv3-6}",
    ],
)
def test_every_way_to_write_branches(branches: str) -> None:
    report = report_of(f"input: 8x8x3\nlayers: [concat: {branches}]\n")
    last = report.rows[-1]
    assert output_of(report, last.name) == "8x8x10"
    assert len(last.sources) == 2
    assert {row.sources for row in report.rows[1:-1]} == {("input",)}


def test_an_empty_branch_is_the_identity() -> None:
    for branches in ("[[conv3-3], []]", "{a: [conv3-3], b: []}"):
        report = report_of(f"input: 8x8x3\nlayers: [relu, add: {branches}]\n")
        assert report["add1"].sources[1] == "relu1"
        assert output_of(report, "add1") == "8x8x3"


def test_concat_adds_channels_and_add_and_multiply_keep_them() -> None:
    for join, output in (("concat", "8x8x9"), ("add", "8x8x3"), ("multiply", "8x8x3")):
        report = report_of(f"input: 8x8x3\nlayers: [{join}: [[relu], [tanh], [elu]]]\n")
        assert output_of(report, f"{join}1") == output
    assert report.totals.work.multiplies == 384 + 192  # 2 x 192 by the join, 192 by elu


def test_vectors_are_joined_by_their_units() -> None:
    report = report_of("input: 5\nlayers: [concat: [[dense: 3], [dense: 4]]]\n")
    assert output_of(report, "concat1") == "7"


def test_a_gate_multiplies_every_position() -> None:
    report = report_of(
        "input: 8x8x3\nlayers: [multiply: [[], [global_avgpool]], multiply: [[], [flatten, dense: 3]]]\n"
    )
    assert output_of(report, "multiply1") == "8x8x3"
    assert output_of(report, "multiply2") == "8x8x3"


def test_joins_in_joins() -> None:
    report = report_of(
        """
        input: 8x8x2
        layers:
          - concat:
              a: [concat: {x: [conv1-3], y: []}]
              b: [relu, add: [[], [conv1-2]]]
        """
    )
    assert names_of(report) == [
        "a/x/conv1",
        "a/concat1",
        "b/relu1",
        "b/conv1",
        "b/add1",
        "concat1",
    ]
    assert output_of(report, "concat1") == "8x8x7"


def test_a_join_of_named_layers() -> None:
    report = report_of(
        "input: 8x8x2\nlayers: [conv1-3, relu, conv1-5, concat: {from: [relu1, ., conv1]}]\n"
    )
    assert report["concat1"].sources == ("relu1", "conv2", "conv1")
    assert output_of(report, "concat1") == "8x8x11"


def test_branches_that_start_elsewhere() -> None:
    report = report_of(
        "input: 8x8x2\nlayers: [conv1-3, conv1-5, concat: {from: conv1, a: [relu], b: []}]\n"
    )
    assert report["concat1"].sources == ("a/relu1", "conv1")


def test_from_on_a_layer_replaces_what_flows_in() -> None:
    report = report_of("input: 8x8x2\nlayers: [conv1-3, conv1-5, relu: {from: conv1}, elu]\n")
    assert report["relu1"].sources == ("conv1",)
    assert report["elu1"].sources == ("relu1",)


def test_the_dot_is_the_layer_before() -> None:
    report = report_of("input: 8x8x2\nlayers: [relu, elu: {from: .}, add: {from: [., relu1]}]\n")
    assert report["elu1"].sources == ("relu1",)
    assert report["add1"].sources == ("elu1", "relu1")


def test_the_dot_in_a_branch_is_the_layer_before_in_it() -> None:
    report = report_of(
        "input: 8x8x2\nlayers: [relu, concat: [[tanh, add: {from: [., relu1]}], [elu: {from: .}]]]\n"
    )
    assert report["add1"].sources == ("tanh1", "relu1")
    assert report["elu1"].sources == ("relu1",)


def test_names_resolve_from_the_innermost_scope_outward() -> None:
    report = report_of(
        """
        input: 8x8x2
        layers:
          - relu: {name: x}
          - group: {name: g, layers: [tanh: {name: x}, elu, identity: {from: x}, identity: {from: /x}]}
          - identity: {name: last, from: x}
        """
    )
    assert report["g/identity1"].sources == ("g/x",)
    assert report["g/identity2"].sources == ("x",)
    assert report["last"].sources == ("x",)


def test_paths_reach_into_levels() -> None:
    report = report_of(
        """
        input: 8x8x2
        blocks: {b: {layers: [add: {left: [relu], right: [tanh]}, elu]}}
        layers:
          - b: {name: one}
          - b: {name: two}
          - add: {from: [one/left/relu1, two/right/tanh1, /one/elu1, one/add1, two]}
        """
    )
    assert report["add1"].sources == (
        "one/left/relu1",
        "two/right/tanh1",
        "one/elu1",
        "one/add1",
        "two/elu1",
    )


def test_paths_are_looked_up_from_every_level() -> None:
    report = report_of(
        """
        input: 8x8x2
        layers:
          - group:
              name: g
              layers:
                - group: {name: h, layers: [relu]}
                - group: {name: i, layers: [tanh, identity: {from: h/relu1}, identity: {from: g/h/relu1}]}
        """
    )
    assert report["g/i/identity1"].sources == ("g/h/relu1",)
    assert report["g/i/identity2"].sources == ("g/h/relu1",)


def test_input_is_the_blocks_input_and_slash_input_the_networks() -> None:
    report = report_of(
        """
        input: 8x8x2
        blocks: {b: {layers: [tanh, add: {from: [., input]}, add: {from: [., /input]}]}}
        layers: [relu, b, identity: {from: input}]
        """
    )
    assert report["b1/add1"].sources == ("b1/tanh1", "relu1")
    assert report["b1/add2"].sources == ("b1/add1", "input")
    assert report["identity1"].sources == ("input",)


def test_branches_and_groups_keep_the_blocks_input() -> None:
    report = report_of(
        """
        input: 8x8x2
        blocks:
          b:
            layers:
              - tanh
              - group: {name: g, layers: [elu, identity: {from: input}]}
              - concat: {x: [elu, identity: {from: input}], y: []}
        layers: [relu, b]
        """
    )
    assert report["b1/g/identity1"].sources == ("relu1",)
    assert report["b1/x/identity1"].sources == ("relu1",)


def test_a_name_may_point_forward() -> None:
    report = report_of(
        """
        input: 8x8x2
        layers:
          - relu: {name: last, from: middle}
          - tanh: {name: first, from: input}
          - elu: {name: middle}
        """
    )
    # in an order in which every input comes before its readers
    assert names_of(report) == ["first", "middle", "last"]
    assert report["last"].sources == ("middle",)
    assert report.graph.outputs == (3,)


def test_a_forward_reference_through_a_block_without_layers() -> None:
    report = report_of(
        """
        input: 8x8x2
        blocks: {pass: {layers: []}}
        layers: [relu: {from: later}, tanh: {from: input}, pass: {name: later}]
        """
    )
    assert report["relu1"].sources == ("tanh1",)


def test_layers_that_feed_each_other() -> None:
    (problem,) = problems_of(
        """
        input: 8x8x2
        layers:
          - add: {name: a, from: [input, c]}
          - relu: {name: b}
          - tanh: {name: c}
        """
    )
    assert problem.code == "E151"
    assert place_of(problem) in ("input", "c")
    for name in "abc":
        assert name in problem.message
    assert codes_of("input: 3\nlayers: [relu: {name: a, from: a}]\n") == ["E151"]


def test_references_that_only_refer_to_each_other() -> None:
    assert codes_of(
        """
        input: 3
        blocks: {pass: {layers: []}}
        layers: [pass: {name: a, from: b}, pass: {name: b, from: a}, relu]
        """
    ) == ["E151"]


@pytest.mark.parametrize(
    "reference",
    ["conv9", "g/conv9", "relu1/x", "/g", "input/relu1", "/input/x", "/", "a//b", "..", "relu1/"],
)
def test_a_reference_to_nothing(reference: str) -> None:
    (problem,) = problems_of(f"input: 3\nlayers: [relu, tanh: {{from: {reference}}}]\n")
    assert problem.code == "E150"
    assert place_of(problem) == reference


def test_a_reference_to_nothing_gets_a_suggestion() -> None:
    (problem,) = problems_of("input: 3\nlayers: [relu: {name: trunk}, tanh: {from: tunk}]\n")
    assert problem.hint == "did you mean 'trunk'?"


def test_a_reference_does_not_see_into_other_levels() -> None:
    assert codes_of("input: 3\nlayers: [add: {a: [relu: {name: x}], b: [tanh: {from: x}]}]\n") == [
        "E150"
    ]


def test_a_layer_takes_one_input() -> None:
    assert codes_of("input: 3\nlayers: [relu, tanh: {from: [relu1, input]}]\n") == ["E207"]
    assert codes_of(
        "input: 3\nblocks: {b: {layers: []}}\nlayers: [relu, b: {from: [relu1, input]}]\n"
    ) == ["E207"]


@pytest.mark.parametrize(
    "join", ["concat: [[]]", "concat: {a: []}", "concat: {from: relu1}", "add: [[]]"]
)
def test_a_join_of_one_operand_is_that(join: str) -> None:
    report = report_of(f"input: 3\nlayers: [relu, {join}]\n")
    assert output_of(report, report.rows[-1].name) == "3"
    assert report.rows[-1].sources == ("relu1",)
    assert report.totals.work.adds == 0


@pytest.mark.parametrize("join", ["concat", "add: {}", "multiply: {name: gate}", "subtract"])
def test_a_join_of_which_nothing_is_said_has_no_operand(join: str) -> None:
    (problem,) = problems_of(f"input: 3\nlayers: [relu, {join}]\n")
    assert problem.code == "E207"
    assert problem.message.endswith("joins one or more branches, but has none")


def test_operands_that_do_not_match() -> None:
    (problem,) = problems_of(
        "input: 8x8x2\nlayers: [concat: {a: [maxpool], b: [conv: {filters: 3, kernel: 3}]}]\n"
    )
    assert problem.code == "E206"
    assert "4x4x2" in problem.message
    assert "6x6x3" in problem.message
    assert codes_of("input: 8x8x2\nlayers: [add: [[conv1-3], []]]\n") == ["E206"]
    assert codes_of("input: 8x8x2\nlayers: [concat: [[flatten], []]]\n") == ["E206"]


def test_side_computes_beside_the_flow() -> None:
    report = report_of(
        """
        input: 8x8x2
        layers:
          - relu
          - side: {aux1: [maxpool, dense: 10], aux2: []}
          - tanh
          - side: [[elu], [elu]]
          - identity: {from: aux1/fc1}
        """
    )
    assert names_of(report) == [
        "relu1",
        "aux1/pool1",
        "aux1/fc1",
        "tanh1",
        "elu1",
        "elu2",
        "identity1",
    ]
    assert report["aux1/pool1"].sources == ("relu1",)
    assert report["tanh1"].sources == ("relu1",)
    assert report.totals.params == 330  # 4 x 4 x 2 x 10 + 10


def test_a_named_side_is_a_level() -> None:
    report = report_of("input: 8x8x2\nlayers: [side: {name: aux, a: [relu]}, tanh]\n")
    assert names_of(report) == ["aux/a/relu1", "tanh1"]


def test_what_flows_out_of_a_named_side_is_its_last_branchs_end() -> None:
    report = report_of(
        """
        input: 8x8x3
        layers:
          - side:
              name: heads
              first: [conv: {filters: 4, kernel: 1}]
              second: [conv: {filters: 6, kernel: 1}, relu]
          - dense: {units: 2, from: heads}
          - tanh: {from: heads/first}
        """
    )
    assert report["fc1"].sources == ("heads/second/relu1",)
    assert report["fc1"].weights == 768  # 8 x 8 x 6 x 2
    assert report["tanh1"].sources == ("heads/first/conv1",)


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("concat: 3", "E110"),
        ("concat: [relu, tanh]", "E110"),
        ("concat: [[relu], tanh]", "E110"),
        ("concat: {branches: 3}", "E110"),
        ("concat: {from: []}", "E110"),
        ("concat: {from: [[a]]}", "E110"),
        ("concat: {from: {a: b}}", "E110"),
        ("concat: {a/b: [], c: []}", "E117"),
        ("concat: {input: [], c: []}", "E117"),
        ("concat: {a: 3, b: []}", "E111"),
        ("side", "E113"),
        ("side: {}", "E113"),
        ("side: []", "E113"),
        ("side: relu", "E110"),
        ("relu: {from: }", "E110"),
        ("[relu, tanh]", "E110"),
        ("{}", "E110"),
        ("{relu: , tanh: }", "E110"),
    ],
)
def test_statements_that_cannot_be(statement: str, code: str) -> None:
    assert codes_of(f"input: 8x8x2\nlayers: [{statement}]\n") == [code]


def test_a_second_layer_in_one_entry() -> None:
    (problem,) = problems_of("input: 8x8x2\nlayers:\n  - conv:\n    filters: 3\n    kernel: 3\n")
    assert problem.code == "E110"
    assert "indent" in problem.hint
    (problem,) = problems_of("input: 8x8x2\nlayers:\n  - relu:\n    tanh:\n")
    assert "- tanh" in problem.hint


def test_a_broken_branch_does_not_break_what_follows() -> None:
    # the conv's mistake is the only root cause; concat and dense are not blamed
    assert codes_of(
        "input: 8x8x2\nlayers: [concat: [[conv: {filters: 2, kernel: 9}], []], dense: 3, dense: 0]\n"
    ) == ["E204", "E114"]


def test_a_side_that_begins_elsewhere_leaves_the_flow_as_it_was() -> None:
    report = report_of(
        """
        input: 8x8x3
        layers:
          - relu: {name: a}
          - maxpool: {name: b}
          - side: {from: a, x: [tanh]}
          - elu: {name: c}
        """
    )
    assert report["x/tanh1"].sources == ("a",)
    assert report["c"].sources == ("b",)

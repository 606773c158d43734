"""`if`: layers, blocks, joins and branches that are there only where their condition holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import shapecalc
from tests.spec.support import codes_of, names_of, output_of, problems_of, report_of

if TYPE_CHECKING:
    from pathlib import Path


def layers(*statements: str, let: str = "k: 3", more: str = "") -> str:
    lines = "".join(f"  - {statement}\n" for statement in statements)
    return f"input: 13x11x4\nlet: {{{let}}}\n{more}layers:\n{lines}"


def names(*statements: str, let: str = "k: 3", more: str = "", **settings: str) -> list[str]:
    return names_of(report_of(layers(*statements, let=let, more=more), settings=settings))


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("true", True),
        ("false", False),
        ("1", True),
        ("0", False),
        ("k == 3", True),
        ("k != 3", False),
        ("k < 3", False),
        ("k <= 3", True),
        ("k > 2", True),
        ("k >= 4", False),
        ("not k == 3", False),
        ("not not k == 3", True),
        ("not (k == 3 and flag)", False),
        ("k == 3 and not flag", False),
        ("k == 2 or k == 3", True),
        ("k == 3 or k == 3 and false_", True),  # and before or
        ("(k == 3 or k == 3) and false_", False),
        ("not false_ and k == 2", False),  # not before and
        ("not (false_ and k == 2)", True),
        ("k + 1 == 2*2", True),  # sums before comparisons
        ("2*(k == 3) + (k == 2) == 2", True),
        ("min(k, 5) == max(k, 1)", True),
        ("flag", True),
        ("(flag)", True),
        ("flag and true", True),
        ("not flag", False),
        ("channels == 4", True),
        ("channels > k and channels <= 4", True),
        ("channels == 4*k or flag", True),
        ("make_divisible(18, 8) == 24", True),
    ],
)
def test_a_layer_is_there_where_its_condition_holds(condition: str, *, holds: bool) -> None:
    let = "k: 3, flag: true, false_: false"
    if condition not in ("true", "false"):
        condition = f'"{condition}"'
    expected = ["relu1", "conv1"] if holds else ["conv1"]
    assert names(f"relu: {{if: {condition}}}", "conv3-2", let=let) == expected
    of_block = "blocks: {unit: {layers: [relu]}}\n"
    assert len(names(f"unit: {{if: {condition}}}", "conv3-2", let=let, more=of_block)) == len(
        expected
    )


def test_what_is_not_there_takes_no_automatic_name_and_what_flows_in_flows_on() -> None:
    report = report_of(
        layers(
            "conv: {filters: 5, kernel: 3, if: k == 2}",
            "conv: {name: mine, filters: 6, kernel: 3, if: k == 2}",
            "repeat: {times: 2, if: k == 2, layers: [conv3-7]}",
            "group: {name: g, if: k == 2, layers: [conv3-8]}",
            "add: {if: k == 2, a: [conv3-9], b: [conv3-9]}",
            "side: {if: k == 2, aux: [conv3-9]}",
            "conv: {filters: 2, kernel: 1}",
        )
    )
    assert names_of(report) == ["conv1"]
    assert report.rows[1].parameters[0].shape == (2, 4, 1, 1)


def test_a_residual_block_skips_where_stride_and_channels_allow_it() -> None:
    block = """\
blocks:
  unit:
    fields: {filters: 4, stride: 1, expand: 1}
    layers:
      - add:
          body:
            - conv: {filters: expand*channels, kernel: 1, if: expand != 1}
            - conv: {filters: filters, kernel: 3, pad: 1, stride: stride}
          skip: {if: stride == 1 and channels == filters, layers: []}
"""
    report = report_of(
        layers("unit", "unit: {stride: 2}", "unit: {filters: 6, expand: 3}", "unit: 6", more=block)
    )
    assert names_of(report) == [
        "unit1/body/conv1",
        "unit1/add1",
        "unit2/body/conv1",
        "unit3/body/conv1",
        "unit3/body/conv2",
        "unit4/body/conv1",
        "unit4/add1",
    ]
    assert output_of(report, "unit3/body/conv1") == "7x6x12"


def test_a_join_that_is_left_one_branch_is_none_and_takes_no_name() -> None:
    join = "concat: [[conv3-2], {if: k == 3, layers: [conv3-5]}, {if: k == 4, layers: []}]"
    last = "concat: [[], []]"
    assert names(join, last) == ["conv1", "conv2", "concat1", "concat2"]
    assert names(join, last, k="4") == ["conv1", "concat1", "concat2"]
    assert names(join, last, k="5") == ["conv1", "concat1"]
    named = "add: {name: res, body: [conv3-4], skip: {if: k == 3, layers: []}}"
    assert names(named, "conv: {from: res, filters: 1, kernel: 1}") == [
        "res/body/conv1",
        "res",
        "conv1",
    ]
    report = report_of(layers(named, "conv: {from: res, filters: 1, kernel: 1}", let="k: 1"))
    assert names_of(report) == ["res/body/conv1", "conv1"]
    assert report.rows[-1].sources == ("res/body/conv1",)


def test_a_join_without_any_operand_left_is_refused() -> None:
    join = "add: [{if: k == 4, layers: []}, {if: false, layers: [conv3-4]}]"
    assert codes_of(layers(join)) == ["E207"]


def test_a_side_computes_the_branches_that_are_there() -> None:
    side = "side: {a: {if: k == 3, layers: [conv3-2]}, b: {if: k == 4, layers: [conv3-5]}}"
    assert names(side, "relu") == ["a/conv1", "relu1"]
    assert names(side, "relu", k="5") == ["relu1"]
    named = side.replace("{a:", "{name: heads, a:")
    assert names(named, "relu", k="4") == ["heads/b/conv1", "relu1"]


def test_a_reference_to_what_is_not_there_is_an_error() -> None:
    absent = "conv: {name: x, filters: 4, kernel: 1, if: k == 4}"
    for reader in (
        "relu: {from: x}",
        "conv: {filters: 4, kernel: 1, share: x}",
        "add: {from: [., x]}",
    ):
        (problem,) = problems_of(layers(absent, reader))
        assert problem.code == "E150"
        assert problem.message == "'x' is not there: its condition does not hold"
    (problem,) = problems_of(layers(absent, "relu") + "outputs: [x]\n")
    assert problem.code == "E150"
    join = "add: {name: res, body: [conv3-4], other: [], skip: {if: false, layers: []}}"
    (problem,) = problems_of(layers(join, "relu: {from: res/skip}"))
    assert problem.message == "'res/skip' is not there: its condition does not hold"
    both = (absent, "identity: {name: x, if: k != 4}", "relu: {from: x}")
    assert names(*both) == ["x", "relu1"]


def test_a_condition_in_a_block_of_a_block_hears_of_the_fields() -> None:
    blocks = """\
blocks:
  inner: {fields: {act: true, k: 1}, layers: [conv: {filters: channels, kernel: k}, relu: {if: act and k > 1}]}
  outer: {fields: {act: false, k: 3}, layers: [inner: {act: act, k: k}, inner: {act: true, k: channels - 1}]}
"""
    assert names("outer", "outer: {act: true}", more=blocks) == [
        "outer1/inner1/conv1",
        "outer1/inner2/conv1",
        "outer1/inner2/relu1",
        "outer2/inner1/conv1",
        "outer2/inner1/relu1",
        "outer2/inner2/conv1",
        "outer2/inner2/relu1",
    ]


def test_the_rounds_of_a_repeat_have_conditions_of_their_own() -> None:
    repeat = "repeat: {times: 3, index: i, layers: [conv: {filters: 2*channels, kernel: 1, stride: 1 + (i == 0)}, maxpool: {if: i == 2 or channels == 8}]}"
    report = report_of(layers(repeat))
    assert names_of(report) == ["conv1", "pool1", "conv2", "conv3", "pool2"]
    assert output_of(report, "conv1") == "7x6x8"


def test_channels_are_known_through_names_joins_and_layers_that_wait_for_them() -> None:
    statements = (
        "conv: {name: a, filters: 2*channels, kernel: 1}",
        "concat: {from: [a, input]}",
        "depthwise: {kernel: 3, multiplier: channels//6}",
        "relu: {if: channels == 24}",
        "sigmoid: {from: a, if: channels == 8}",
        "tanh: {from: a, if: channels == 24}",
    )
    assert names(*statements) == ["a", "concat1", "depthwise1", "relu1", "sigmoid1"]


def test_sides_are_known_too_those_of_another_layer_among_them() -> None:
    report = report_of(
        "input: 8x8x3\n"
        "layers:\n"
        "  - conv: {filters: 4, kernel: 3}\n"
        "  - upsample: {like: input}\n"
        "  - conv: {filters: 9, kernel: 1, if: channels == 3}\n"
        "  - conv: {filters: 7, kernel: 1, if: height == 8}\n"
        "  - conv: {filters: 5, kernel: 1, if: height == 6}\n"
    )
    assert [row.output.channels for row in report.layers] == [4, 4, 7]


def test_the_channels_that_enter_a_block_decide() -> None:
    text = (
        "input: 8x8x3\n"
        "blocks:\n"
        "  b:\n"
        "    fields: [f]\n"
        "    layers:\n"
        "      - conv: {filters: f, kernel: 1}\n"
        "      - relu: {if: entering == f}\n"
        "layers: [b: 4, b: 4]\n"
    )
    assert names_of(report_of(text)) == ["b1/conv1", "b2/conv1", "b2/relu1"]


def test_a_condition_cannot_depend_on_what_stands_below() -> None:
    (problem,) = problems_of(
        layers(
            "relu: {from: later, if: channels == 4}",
            "conv: {name: later, from: input, filters: 4, kernel: 1}",
        )
    )
    assert problem.code == "E115"
    assert "'later', which stands further below" in problem.message
    inner = "blocks: {unit: {layers: [relu: {from: x, if: channels == 4}, conv: {name: x, from: input, filters: 9, kernel: 1}]}}\n"
    (problem,) = problems_of(layers("identity: {name: x}", "unit", more=inner))
    assert problem.code == "E115"  # the outer x is met first, the inner one is meant


def test_layers_that_fail_are_complained_of_and_not_the_conditions_below_them() -> None:
    failing = ("conv: {filters: 4, kernel: 30}", "relu: {if: channels == 4}")
    assert codes_of(layers(*failing)) == ["E204"]
    assert codes_of(layers("conv: {filters: 4, kernel: z}", "relu: {if: channels == 4}")) == [
        "E116"
    ]
    assert codes_of(layers("relu: {from: nowhere, if: channels == 4}")) == ["E150"]


@pytest.mark.parametrize(
    ("condition", "outcome"),
    [
        ("n >= 1", True),
        ("n < 1", False),
        ("n == n", True),
        ("n + 1 > n", True),
        ("2*n == n", False),
        ("n != 0", True),
        ("channels == 4 or n == 5", True),
        ("n == 5 or channels == 4", True),
        ("n == 5 and channels == 5", False),
        ("n == 5", None),
        ("n > 2 and channels == 4", None),
        ("not n == 5", None),
        ("n", None),
        ("n//2 > 3 or false", None),
    ],
)
def test_symbols_decide_a_condition_or_leave_it_open(
    condition: str, *, outcome: bool | None
) -> None:
    text = layers(f"relu: {{if: {condition}}}", "conv: {filters: n, kernel: 1}", let="n: free")
    if outcome is None:
        (problem,) = problems_of(text)
        assert problem.code == "E121"
        assert "--set n=" in problem.hint
        report_of(text, settings={"n": "1"})
    else:
        assert names_of(report_of(text)) == (["relu1", "conv1"] if outcome else ["conv1"])


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        ("k", "E110"),
        ("k and true", "E115"),
        ("k = 3", "E115"),
        ("1 < k < 4", "E115"),
        ("k == 3 &&  k", "E115"),
        ("k ==", "E115"),
        ("and k", "E115"),
        ("z == 3", "E116"),
        ("[]", "E110"),
        ("{a: 1}", "E110"),
        ("''", "E110"),
        ("len(k) == 1", "E110"),
        ("'k[0] == 1'", "E110"),
        ("odd(k)", "E115"),
        ("not " * 60 + "k", "E115"),
        ("(" * 60 + "k" + ")" * 60, "E115"),
    ],
)
def test_what_is_no_condition(condition: str, code: str) -> None:
    assert codes_of(layers(f"relu: {{if: {condition}}}")) == [code]


def test_words_that_are_new_are_names_where_they_were_names() -> None:
    let = "and: 3, or: 2, not: 5, if: 4, len: 6"
    assert output_of(report_of(layers("dense: and*or + not - if", let=let)), "fc1") == "7"
    assert output_of(report_of(layers("dense: not - len + 2", let=let)), "fc1") == "1"
    assert output_of(report_of(layers("dense: and and and", let="and: 1")), "fc1") == "1"
    block = "blocks: {unit: {fields: [if], layers: [conv: {filters: if, kernel: 1}]}}\n"
    assert output_of(report_of(layers("unit: {if: 7}", more=block)), "unit1/conv1") == "13x11x7"
    before = (
        "blocks: {outer: {layers: [unit: {if: 7}]}, unit: {fields: {if: 2}, layers: [dense: if]}}\n"
    )
    assert output_of(report_of(layers("outer", more=before)), "outer1/unit1/fc1") == "7"
    branches = "concat: {if: [conv3-2], else: relu}"
    assert names(branches) == ["if/conv1", "else/relu1", "concat1"]
    assert names("add: {if: relu, a: []}") == ["if/relu1", "add1"]


def test_a_layer_that_shares_weights_may_have_a_condition() -> None:
    block = "blocks: {unit: {fields: {act: true}, layers: [conv3-4, batchnorm: {if: act}]}}\n"
    report = report_of(layers("unit: {name: a}", "unit: {name: b, share: a}", more=block))
    assert report.totals.params == 4 * 4 * 9 + 4 + 8
    assert codes_of(layers("unit: {name: a}", "unit: {share: a, act: false}", more=block)) == [
        "E154"
    ]
    assert names(
        "conv: {name: a, filters: 4, kernel: 1}",
        "conv: {filters: 4, kernel: 1, share: a, if: k == 4}",
    ) == ["a"]


def test_more_steps_than_allowed_are_seen_through_conditions() -> None:
    repeat = "repeat: {times: 10**6, layers: [relu]}"
    assert codes_of(layers(repeat)) == ["E153"]
    assert names(repeat.replace("{times", "{if: k == 4, times"), "relu") == ["relu1"]
    never = (
        f"repeat: {{times: 200, layers: [group: {{name: g, if: false, layers: [{repeat}]}}, relu]}}"
    )
    assert len(names(never)) == 200
    assert codes_of(layers(never.replace("false", "channels == 4"))) == ["E153"]


BASE = """\
name: base
input: 13x11x4
let: {k: 3}
layers:
  - conv: {name: a, filters: 4, kernel: 1, if: k == 4}
  - conv3-4
  - relu
"""


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        ("let: {k: 4}", ["a", "conv2", "relu1"]),
        ("change: {a: {if: true}}", ["a", "conv1", "relu1"]),
        ("change: {a: {kernel: 3}}", ["conv1", "relu1"]),
        ("change: {conv1: {if: k == 4}}", ["relu1"]),
        ("change: {conv1: {if: channels == 4}}", ["conv1", "relu1"]),
        (
            "before: {conv1: [conv3-7]}\nchange: {conv1: {if: channels == 7}}",
            ["conv2", "conv1", "relu1"],
        ),
        ("after: {a: [tanh]}", ["tanh1", "conv1", "relu1"]),
        ("remove: [a]", ["conv1", "relu1"]),
        (
            "after: {relu1: [tanh: {if: k == 4}, sigmoid: {if: k == 3}]}",
            ["conv1", "relu1", "sigmoid1"],
        ),
    ],
)
def test_edits_see_conditions_and_set_them(edits: str, expected: list[str], tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(BASE, encoding="utf-8")
    spec = tmp_path / "spec.yaml"
    spec.write_text(f"extends: base.yaml\n{edits}\n", encoding="utf-8")
    report = shapecalc.summarize(str(spec))
    assert [row.name for row in report.rows[1:]] == expected


def test_a_removed_or_changed_block_field_named_if_stays_a_field(tmp_path: Path) -> None:
    base = "input: 8\nblocks: {unit: {fields: [if], layers: [dense: if]}}\nlayers: [unit: 5]\n"
    (tmp_path / "base.yaml").write_text(base, encoding="utf-8")
    spec = tmp_path / "spec.yaml"
    spec.write_text("extends: base.yaml\nchange: {unit1: {if: 6}}\n", encoding="utf-8")
    assert shapecalc.summarize(str(spec)).totals.params == 8 * 6 + 6


def test_a_sweep_wires_the_network_anew_where_a_condition_changes() -> None:
    text = (
        "input: 8x8x4\nlet: {n: 2}\nlayers: [conv: {filters: 4, kernel: 1, if: n > 2}, dense: n]\n"
    )
    points = [report_of(text, settings={"n": str(n)}).totals.params for n in (1, 2, 3, 4)]
    sweep = shapecalc.sweep(shapecalc.loads(text), {"n": [1, 2, 3, 4]}, columns="params")
    assert list(sweep["params"]) == points

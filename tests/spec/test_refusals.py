"""Values that no layer can have are refused where they stand, with a message that is true."""

from __future__ import annotations

import pytest

from shapecalc import solve
from shapecalc.errors import SpecErrors
from shapecalc.text import Source
from tests.spec.support import output_of, place_of, problems_of, report_of

#: What is written in a layer of 8x8x4 -> the code, the place, the message and the hint.
REFUSED = [
    ("divide: 0", "E114", "0", "divide: right must not be 0", "nothing is divided by 0"),
    ("divide: 0.0", "E114", "0.0", "divide: right must not be 0", ""),
    ("divide: {left: 1, right: -0.0}", "E114", "-0.0", "divide: right must not be 0", ""),
    ("divide: two", "E110", "two", "divide takes branches, not 'two'", "divide: {from:"),
    ("upsample: 0", "E114", "0", "factor must be more than 0, but is 0", ""),
    ("upsample: 0.0", "E114", "0.0", "factor must be more than 0, but is 0", ""),
    ("upsample: -2", "E114", "-2", "factor must be more than 0, but is -2", ""),
    ("upsample: -0.5", "E114", "-0.5", "factor must be more than 0, but is -0.5", ""),
    ("upsample: [2, 0]", "E114", "0", "factor must be more than 0, but is 0", ""),
    ("upsample: .inf", "E110", ".inf", "a factor per side (2, 1.5, 1x2 or [1, 2])", ""),
    ("upsample: .nan", "E110", ".nan", "a factor per side (2, 1.5, 1x2 or [1, 2])", ""),
    ("upsample: 3/2", "E110", "3/2", "a factor per side", "write it as a decimal: 1.5"),
    ("upsample: [2, 4/3]", "E110", "4/3", "a factor per side", "`upsample: {to: 9}`"),
    ("upsample: 1.33333333", "E110", "1.33333333", "a factor per side", "6 digits after the point"),
    ("upsample: [[2, 3], 2]", "E110", "[2, 3]", "a factor per side", ""),
    ("upsample: [1.5x2, 2]", "E110", "[1.5x2, 2]", "a factor per side", "one, two or three"),
    ("upsample: [1, 2, 3, 4]", "E110", "[1, 2, 3, 4]", "a factor per side", "one, two or three"),
    ("upsample: 1.5x2x2x2", "E110", "1.5x2x2x2", "a factor per side", ""),
    ("crop", "E113", "crop", "crop needs the field `crop`, `to` or `like`", "{like: x}"),
    ("concat: {split: 3, branches: [[]]}", "E203", "3", "3 parts, but concat has 1 branch", ""),
    ("concat: {split: 1, branches: [[], []]}", "E203", "1", "1 part, but concat has 2 bran", ""),
    ("token: 1000000001", "E114", "1000000001", "1,000,000,001; the largest number a", ""),
    ("attention: {heads: 2, out: false, bias: out}", "E203", "out", "but out is false", ""),
]


@pytest.mark.parametrize(("layer", "code", "place", "message", "hint"), REFUSED)
def test_it_is_refused_where_it_stands(
    layer: str, code: str, place: str, message: str, hint: str
) -> None:
    shape = "8x4" if layer.startswith(("token", "attention")) else "8x8x4"
    text = f"input: {shape}\nlet: {{two: 2}}\nlayers:\n- {layer}\n"
    (problem,) = problems_of(text)
    assert problem.code == code
    assert message in problem.message
    assert hint in problem.hint
    assert place_of(problem) == place


def test_a_constant_that_is_set_to_0_divides_nothing() -> None:
    text = "input: 8x8x4\nlet: {d: 2}\nlayers: [divide: {right: d}]\n"
    assert report_of(text).rows[-1].does == "x / 2"
    (problem,) = problems_of(text, settings={"d": "0"})
    assert (problem.code, problem.message) == ("E114", "divide: right must not be 0")
    rounds = "input: 8x8x4\nlayers: [repeat: {times: 2, index: i, layers: [divide: {right: i}]}]\n"
    (problem,) = problems_of(rounds)  # counted from 0
    assert (problem.code, place_of(problem)) == ("E114", "i")
    left = text.replace("right: d", "left: 0")  # 0 / x is a number
    assert report_of(left).rows[-1].does == "0 / x"


@pytest.mark.parametrize(
    ("factor", "output"),
    [
        ("1.25x1.5", "10x12x4"),
        ("[1.25, 1.5]", "10x12x4"),
        ("1.5x2", "12x16x4"),
        ("2x1.5", "16x12x4"),
        (".5", "4x4x4"),
        ("1.5 x 2.", "12x16x4"),
    ],
)
def test_factors_of_sides_may_all_be_decimals(factor: str, output: str) -> None:
    report = report_of(f"input: 8x8x4\nlayers: [upsample: {factor}]\n")
    assert output_of(report, "upsample1") == output


@pytest.mark.parametrize(
    ("names", "meant"), [("a,,b", "a, b"), (",a", "a"), ("a b,", "a, b"), (",", "t, c")]
)
def test_a_comma_stands_between_two_names(names: str, meant: str) -> None:
    rows = "[[1, 2]]" if "b" in names else "[1, 2]"
    text = f'input: 8\nlayers: [repeat: {{for: {{"{names}": {rows}}}, layers: [dense: a]}}]\n'
    (problem,) = problems_of(text)
    assert problem.code == "E117"
    assert problem.message == f"for: '{names}' has a comma with no name at one side of it"
    assert problem.hint == f'write "{meant}"'
    assert place_of(problem) == f'"{names}"'


def test_an_article_is_that_of_the_word() -> None:
    text = "input: 16x24\nlayers: [add: {name: attend, left: [relu], right: [tanh]}]\n"
    group = text.replace("add: {name: attend,", "group: {name: attend, layers: [add: {")
    group = group.replace("]}]", "]}]}]")
    with pytest.raises(SpecErrors, match="'attend' is a group: it has no fields"):
        solve(Source("<text>", group), "params = 0", over="attend.heads=1:2")
    with pytest.raises(SpecErrors, match=r"an element of uint1 has 1 bit$"):
        report_of(text).render("text", dtype="uint1")


def test_a_field_of_attention_is_an_unknown_as_in_a_sweep() -> None:
    text = "input: 16x24\nlayers: [attention: {heads: 4}, dense: 3]\n"
    # 24 x (72 + 24) weights and 96 biases; 16 x 24 x 3 weights and 3 biases: whatever the heads
    found = solve(Source("<text>", text), "params <= 3555", over="attention1.heads=1:24")
    names = [1, 2, 3, 4, 6, 8, 12, 24]  # what divides 24
    assert "16 of them do not exist" in found.render("text")
    assert found.render("text").count("(8 in all)") == len(names) / 8

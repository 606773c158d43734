"""Lists as constants and fields, their items and lengths, and repeats that walk through them."""

from __future__ import annotations

import pytest

import shapecalc
from tests.spec.support import codes_of, names_of, output_of, problems_of, report_of

SPEC = """\
input: 13x11x4
let: {k: 3, widths: [5, 2*k, 7], table: [[1, 8, 1], [k, 9, 2]], pads: [same, 0, [[2, 0], [1, 1]]]}
layers:
"""


def outputs(*statements: str, more: str = "", **settings: str) -> list[str]:
    text = more + SPEC + "".join(f"  - {statement}\n" for statement in statements)
    report = report_of(text, settings=settings)
    return [output_of(report, name) for name in names_of(report)]


def codes(statement: str) -> list[str]:
    return codes_of(f"{SPEC}  - {statement}\n")


def test_for_walks_through_a_list_by_its_name() -> None:
    assert outputs("repeat: {for: {w: widths}, layers: [conv: {filters: w, kernel: 1}]}") == [
        "13x11x5",
        "13x11x6",
        "13x11x7",
    ]


@pytest.mark.parametrize("key", ["'e, c, s'", "e c s", "'e,c , s'"])
def test_for_walks_through_the_rows_of_a_table(key: str) -> None:
    layers = "layers: [conv: {filters: c*e, kernel: 1, stride: s}]"
    expected = ["13x11x8", "7x6x27"]
    assert outputs(f"repeat: {{for: {{{key}: table}}, {layers}}}") == expected
    assert outputs(f"repeat: {{for: {{{key}: [[1, 8, 1], [k, 9, 2]]}}, {layers}}}") == expected
    both = (
        f"repeat: {{for: {{{key}: table, extra: [0, k]}}, {layers.replace('c*e', 'c*e + extra')}}}"
    )
    assert outputs(both) == ["13x11x8", "7x6x30"]


def test_items_and_lengths_stand_in_expressions() -> None:
    assert outputs("conv: {filters: 'widths[1]', kernel: 1}") == ["13x11x6"]
    assert outputs("conv: {filters: 'widths[k - 1]*2 + 1', kernel: 1}") == ["13x11x15"]
    assert outputs("conv: {filters: 'table[1][0] + table[0][1]', kernel: 1}") == ["13x11x11"]
    assert outputs("conv: {filters: 'widths[table[0][0]]', kernel: 1}") == ["13x11x6"]
    assert outputs("conv: {filters: len(widths) + len(table), kernel: 1}") == ["13x11x5"]
    assert outputs("conv: {filters: 'len(table[0])', kernel: 1}") == ["13x11x3"]
    assert outputs("repeat: {times: len(widths), layers: [relu]}") == ["13x11x4"] * 3


def test_an_item_may_be_any_value_that_a_field_takes() -> None:
    layer = "conv: {filters: 2, kernel: 3, pad: 'pads[%d]'}"
    assert [outputs(layer % index)[0] for index in range(3)] == ["13x11x2", "11x9x2", "13x11x2"]
    repeat = "repeat: {for: {p: pads}, layers: [conv: {filters: 2, kernel: 3, pad: p}]}"
    assert outputs(repeat) == ["13x11x2", "11x9x2", "11x9x2"]


def test_a_list_is_a_field_of_a_block_and_one_spec_serves_a_family() -> None:
    blocks = """\
blocks:
  stage:
    fields: {widths: [2, w0], w0: 3}
    layers: [repeat: {for: {w: widths}, layers: [conv: {filters: w, kernel: 1}]}]
"""
    assert outputs("stage: {widths: [4, channels]}", more=blocks) == ["13x11x4", "13x11x4"]
    assert outputs("stage: {widths: widths}", more=blocks) == ["13x11x5", "13x11x6", "13x11x7"]
    assert outputs("stage: {widths: 'table[1]'}", more=blocks) == ["13x11x3", "13x11x9", "13x11x2"]


def test_a_list_is_set_from_outside() -> None:
    repeat = "repeat: {for: {w: widths}, layers: [conv: {filters: w, kernel: 1}]}"
    assert outputs(repeat, widths="[9, 8]") == ["13x11x9", "13x11x8"]
    assert outputs(repeat, k="1") == ["13x11x5", "13x11x2", "13x11x7"]


@pytest.mark.parametrize(
    ("statement", "code", "words"),
    [
        ("dense: 'widths[3]'", "E114", "item 3 of 'widths', which has 3 items"),
        ("dense: 'widths[-1]'", "E114", "item -1 of 'widths'"),
        ("dense: 'k[0]'", "E110", "'k', which is no list"),
        ("dense: 'none[0]'", "E116", "'none'"),
        ("dense: widths", "E110", "not a list of 3"),
        ("dense: 'table[0]'", "E110", "not a list of 3"),
        ("dense: 'table[0][0][0]'", "E110", "no list"),
        ("dense: 'widths[k == 3]'", "", ""),
        ("dense: 'widths[channels]'", "E114", "item 4"),
        ("dense: len(k)", "E110", "no list"),
        ("dense: len(3)", "E115", "len takes a list by its name"),
        ("dense: 'len(widths, 3)'", "E115", "not 2 values"),
        ("dense: 'make_divisible(8)'", "E115", "not 1 values"),
        ("dense: 'make_divisible(8, 0)'", "E115", "multiple of 0"),
        ("dense: 'widths[]'", "E115", "missing"),
        ("dense: '[3]'", "E115", "missing"),
        ("dense: 'widths[0'", "E115", "']' is missing"),
        ("repeat: {for: {w: k}, layers: [relu]}", "E110", "w takes a list, not 'k', which is '3'"),
        ("repeat: {for: {w: z}, layers: [relu]}", "E110", "w takes a list, not 'z'"),
        ("repeat: {for: {t, c: table}, layers: [relu]}", "E110", "not nothing"),
        ("repeat: {for: {t c: table}, layers: [relu]}", "E203", "a row has 3 values for 2 names"),
        (
            "repeat: {for: {t c: widths}, layers: [relu]}",
            "E110",
            "a row of a table is a list, not '5'",
        ),
        ("repeat: {for: {t t: [[1, 2]]}, layers: [relu]}", "E102", "'t' stands twice"),
        ("repeat: {for: {t c: [[1, 2]], c: [3]}, layers: [relu]}", "E102", "'c' stands twice"),
        ("repeat: {for: {t min: [[1, 2]]}, layers: [relu]}", "E117", "'min'"),
        ("repeat: {for: {t c e: table, w: widths}, layers: [relu]}", "E203", "differ in length"),
    ],
)
def test_what_is_no_list(statement: str, code: str, words: str) -> None:
    if not code:
        assert outputs(statement) == ["6"]
        return
    (problem,) = problems_of(f"{SPEC}  - {statement}\n")
    assert problem.code == code
    assert words in problem.message


@pytest.mark.parametrize(
    "let",
    [
        "a: 'a[0]'",
        "a: 'b[0]', b: [a]",
        "a: [a]",
        "a: 'len(a)'",
        "a: 'b[0]', b: 'a[0]'",
        "a: ['a[0]']",
    ],
)
def test_lists_in_a_circle_are_refused(let: str) -> None:
    for field in ("a", "'a[0]'", "len(a)"):
        text = f"input: 3\nlet: {{{let}}}\nlayers: [dense: {field}]\n"
        if (let, field) in (("a: [a]", "len(a)"), ("a: ['a[0]']", "len(a)")):
            assert output_of(report_of(text), "fc1") == "1"  # there is one item, whatever it is
        else:
            assert set(codes_of(text)) <= {"E118", "E115", "E110"}


@pytest.mark.parametrize(
    ("let", "item"),
    [
        ("t: [t, 1]", "t[0][1]"),
        ("t: [t, 1]", "t[0][0][0][1]"),
        ("t: [u, 1], u: [t, 2]", "t[0][0][1]"),
        ("t: [[t, 3], 1]", "t[0][0][1]"),
    ],
)
def test_no_item_is_taken_of_a_list_inside_itself(let: str, item: str) -> None:
    (problem,) = problems_of(f"input: 3\nlet: {{{let}}}\nlayers: [dense: '{item}']\n")
    assert (problem.code, problem.message) == (
        "E118",
        "dense: units cannot be computed: 't' is defined by itself",
    )


def test_a_list_may_stand_in_another_twice() -> None:
    text = "input: 3\nlet: {u: [5, 7], t: [u, u, [u]]}\nlayers: [dense: 't[0][1]', dense: 't[2][0][0]']\n"
    assert [output_of(report_of(text), name) for name in ("fc1", "fc2")] == ["7", "5"]


def test_a_long_list_is_walked_through_but_not_beyond_the_limit() -> None:
    many = ", ".join(["2"] * 1000)
    text = f"input: 3\nlet: {{many: [{many}]}}\nlayers:\n"
    one = "repeat: {for: {w: many}, layers: [dense: w]}"
    assert len(report_of(f"{text}  - {one}\n").rows) == 1001
    nested = f"repeat: {{for: {{v: many}}, layers: [{one}]}}"
    assert codes_of(f"{text}  - {nested}\n") == ["E153"]


def test_lists_of_different_lengths_are_counted_apart() -> None:
    blocks = "blocks: {unit: {fields: [times, act], layers: [repeat: {for: {w: times}, layers: [relu: {if: act}]}]}}\n"
    text = f"{blocks}input: 3\nlet: {{many: [{', '.join('1' * 300)}], few: [1]}}\nlayers:\n"
    few = "  - repeat: {times: 1600, layers: [unit: {times: few, act: false}]}\n"
    assert len(report_of(f"{text}{few}  - unit: {{times: many, act: true}}\n").rows) == 301
    much = "  - repeat: {times: 1600, layers: [unit: {times: many, act: false}]}\n"
    assert len(report_of(f"{text}{few}").rows) == 1
    (problem,) = problems_of(f"{text}{few}{much}")
    assert problem.code == "E153"


def test_a_sweep_walks_through_lists_made_of_its_name() -> None:
    text = "input: 8x8x4\nlet: {n: 2, widths: [n, 2*n]}\nlayers: [repeat: {for: {w: widths}, layers: [conv: {filters: w, kernel: 1}]}, dense: 'widths[n//2]']\n"
    points = [report_of(text, settings={"n": str(n)}).totals.params for n in (1, 2, 3)]
    sweep = shapecalc.sweep(shapecalc.loads(text), {"n": [1, 2, 3]}, columns="params")
    assert list(sweep["params"]) == points

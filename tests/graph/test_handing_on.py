"""Blocks with constants of their own, defaults made of other fields, and fields handed on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import shapecalc
from tests.spec.support import codes_of, names_of, output_of, problems_of, report_of

if TYPE_CHECKING:
    from pathlib import Path


def outputs(blocks: str, *statements: str, let: str = "") -> list[str]:
    lines = "".join(f"  - {statement}\n" for statement in statements)
    text = f"input: 13x11x4\nlet: {{{let}}}\nblocks:\n{blocks}layers:\n{lines}"
    report = report_of(text)
    return [output_of(report, name) for name in names_of(report)]


UNIT = (
    "  unit: {fields: {filters: 2, kernel: 3, pad: kernel//2}, layers: [conv: {inherit: true}]}\n"
)


def test_a_default_may_use_other_fields() -> None:
    assert outputs(UNIT, "unit", "unit: {kernel: 5}", "unit: {kernel: 5, pad: 0}") == [
        "13x11x2",
        "13x11x2",
        "9x7x2",
    ]
    chain = "  unit: {fields: {a: 2*b, b: c + 1, c: 3}, layers: [dense: a]}\n"
    assert outputs(chain, "unit", "unit: {c: 1}", "unit: {b: 5, c: 1}") == ["8", "4", "10"]
    listed = "  unit: {fields: {w: [k, 2*k], k: 3}, layers: [repeat: {for: {n: w}, layers: [dense: n]}]}\n"
    assert outputs(listed, "unit: {k: 5}") == ["5", "10"]


def test_in_a_default_a_constant_is_meant_before_a_field() -> None:
    block = "  unit: {fields: {k: k, filters: k, n: filters}, layers: [dense: n, dense: filters, dense: k]}\n"
    assert outputs(block, "unit: {k: 9}", let="k: 3, filters: 7") == ["7", "3", "9"]
    assert outputs(block, "unit", let="k: 3, filters: 7") == ["7", "3", "3"]


def test_defaults_in_a_circle_are_refused() -> None:
    text = "input: 3\nblocks: {unit: {fields: {a: b, b: a}, layers: [dense: a]}}\nlayers: [unit]\n"
    assert codes_of(text) == ["E118"]
    assert codes_of(text.replace("b: a}", "b: b + 1}")) == ["E118"]


def test_a_block_has_constants_of_its_own() -> None:
    block = "  unit: {fields: {k: 3}, let: {half: k//2, both: half + k, w: [half, channels]}, layers: [dense: both, dense: 'w[1]', dense: k2]}\n"
    assert outputs(block, "unit: 9", let="half: 100, k2: 6") == ["13", "4", "6"]
    (problem,) = problems_of(
        "input: 3\nblocks: {unit: {let: {half: 3}, layers: []}}\nlayers: [dense: half]\n"
    )
    assert problem.code == "E116"  # they are the block's


def test_a_constant_of_a_block_is_no_field_and_may_not_be_one() -> None:
    unit = "blocks: {unit: {fields: {k: 3}, let: {half: 1}, layers: [dense: half]}}\nlayers: "
    assert codes_of(f"input: 3\n{unit}[unit: {{half: 2}}]\n") == ["E111"]
    assert codes_of(f"input: 3\n{unit.replace('half: 1', 'k: 1')}[unit]\n")[0] == "E117"
    assert "E117" in codes_of(f"input: 3\n{unit.replace('half: 1', 'same: 1')}[unit]\n")


def test_all_fields_are_handed_on_that_are_taken_and_not_given() -> None:
    outer = "  outer: {fields: {filters: 5, kernel: 1, note_: 3}, let: {pad: 1}, layers: [unit: {inherit: true}, unit: {inherit: true, filters: 6}, unit: 7, unit: {inherit: false}]}\n"
    # the pad of `let` is handed on; what has no `inherit` has its own defaults
    assert outputs(
        UNIT + outer, "outer: {kernel: 3}", "outer: {pad: 1}".replace("pad: 1", "filters: 8")
    )[:4] == [
        "13x11x5",
        "13x11x6",
        "13x11x7",
        "13x11x2",
    ]


def test_a_word_of_papers_and_the_first_field_hold_before_what_is_inherited() -> None:
    outer = "  outer: {fields: {filters: 5, kernel: 3, stride: 2}, layers: [conv1-7: {inherit: true}, unit: {inherit: true, filters: 2}]}\n"
    assert outputs(UNIT + outer, "outer") == ["7x6x7", "7x6x2"]


def test_loop_variables_are_handed_on_in_place_of_a_field_of_their_name() -> None:
    outer = "  outer: {fields: {filters: 5}, layers: [repeat: {for: {filters: [3, 4]}, layers: [unit: {inherit: true}]}]}\n"
    assert outputs(UNIT + outer, "outer") == ["13x11x3", "13x11x4"]


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("dense: {inherit: true, units: 3}", "E111"),
        ("dense: {inherit: maybe, units: 3}", "E110"),
        ("repeat: {inherit: true, times: 2, layers: [relu]}", "E111"),
        ("group: {inherit: true, name: g, layers: [relu]}", "E111"),
        ("add: {inherit: true, a: [relu], b: []}", "E111"),
    ],
)
def test_where_nothing_can_be_inherited(statement: str, code: str) -> None:
    assert codes_of(f"input: 3\nlayers: [{statement}]\n") == [code]


def test_a_block_that_needs_no_definition_inherits_as_any_other() -> None:
    block = "blocks: {unit: {fields: {heads: 2}, layers: [attention: {inherit: true}, attention: {heads: 2}]}}\n"
    report = report_of(f"input: 7x12\n{block}layers: [unit: {{heads: 3}}, unit]\n")
    first, second = (report.graph.groups[f"unit1/attention{number}"].fields for number in (1, 2))
    assert (first, second) == ("heads 3", "heads 2")


def test_a_block_with_a_field_named_inherit_keeps_it() -> None:
    block = "  unit: {fields: {inherit: 3}, layers: [dense: inherit]}\n"
    assert outputs(block, "unit: {inherit: 4}", "unit: 5", "unit") == ["4", "5", "3"]


def test_a_change_may_let_a_layer_inherit(tmp_path: Path) -> None:
    base = "input: 3\nblocks: {unit: {fields: {units: 4}, layers: [dense: {name: d, units: 2}]}}\nlayers: [unit]\n"
    (tmp_path / "base.yaml").write_text(base, encoding="utf-8")
    spec = tmp_path / "spec.yaml"
    spec.write_text("extends: base.yaml\nchange: {unit1/d: {inherit: true}}\n", encoding="utf-8")
    assert shapecalc.summarize(str(spec)).totals.weights == 6  # what is given holds
    spec.write_text(
        "extends: base.yaml\nchange: {unit1/d: {bias: false, inherit: [1]}}\n", encoding="utf-8"
    )
    with pytest.raises(shapecalc.SpecErrors) as caught:
        shapecalc.summarize(str(spec))
    assert [problem.code for problem in caught.value.problems] == ["E110"]


def test_filters_and_strides_of_papers_words_may_be_names() -> None:
    words = (
        "conv3-f",
        "'3x3 conv, f, /s'",
        "sepconv3-F/2",
        "dwconv3/s",
        "deconv2-f/s",
        "maxpool3/s",
    )
    unit = f"  unit: {{fields: {{f: 5, s: 1, F: 6}}, layers: [{', '.join(words)}]}}\n"
    assert outputs(unit, "unit") == ["13x11x5", "13x11x5", "7x6x6", "7x6x6", "7x6x5", "5x4x5"]
    assert outputs(unit, "unit: {f: 2, s: 2}")[:2] == ["13x11x2", "7x6x2"]
    fields = "  unit: {fields: {f: 5}, layers: [conv3-f: {bias: false, stride: 2}]}\n"
    assert outputs(fields, "unit", "unit: 3") == ["7x6x5", "4x3x3"]
    symbolic = report_of("input: 13x11x4\nlet: {k: free}\nlayers: [conv3-k]\n")
    assert str(symbolic.totals.params) == "37k"
    assert codes_of("input: 13x11x4\nlayers: [conv3-k]\n") == ["E116"]
    assert codes_of("input: 13x11x4\nlayers: [conv3-same]\n") == ["E112"]
    block = "  conv3-f: {layers: [relu]}\n"
    assert outputs(block, "conv3-f") == ["13x11x4"]  # a block of the spec comes first


def test_steps_are_counted_through_defaults_constants_and_what_is_inherited() -> None:
    text = (
        "input: 3\nlet: {k: 1}\nblocks:\n"
        "  inner: {fields: {n: 1, m: n*n}, layers: [repeat: {times: m, layers: [relu]}]}\n"
        "  outer: {fields: {n: 1, k: 2}, let: {twice: 2*n}, layers: [inner: {inherit: true}, repeat: {times: twice, layers: [relu]}]}\n"
        "layers: [repeat: {times: 3000, layers: [outer: 1]}, outer: %s]\n"
    )
    assert len(report_of(text % 20).rows) == 1 + 3000 * 3 + 400 + 40
    (problem,) = problems_of(text % 1000)
    assert problem.code == "E153"

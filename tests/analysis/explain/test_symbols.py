"""Symbols: they stand in the rules, every step is a formula, and the formulas are the table's."""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import shapecalc
from shapecalc.algebra.expr import symbol
from shapecalc.algebra.traced import named
from shapecalc.analysis.explain import TOPICS
from shapecalc.analysis.explain.model import Derivation, twins
from shapecalc.output.document import Grid, Prose
from shapecalc.output.table import Picture
from shapecalc.spec.find import shipped
from tests.algebra.law import points, symbolic
from tests.analysis.explain.support import ends_rightly, of_text, wrong
from tests.paths import NETWORKS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.report import Report

OWN = sorted(map(str, NETWORKS.glob("*.yaml")))
#: Kernels, paddings, filters and multipliers that are symbols.
FREE = """\
input: 40x41x3
let: {p: free, q: free}
layers:
  - conv: {filters: 2, kernel: q, pad: p}
  - pad: p
  - conv: {filters: 4, kernel: 3, pad: [[p, 1], [0, q]]}
  - maxpool: {kernel: 3, stride: 2, pad: 1, rounding: ceil}
  - upsample: 3
  - transposed: {filters: 6*q, kernel: 3, pad: p, stride: 2}
  - conv: {filters: 4, kernel: 3, groups: 2, stride: 3, pad: same}
  - depthwise: {kernel: 3, multiplier: q}
  - separable: {filters: p, kernel: 3, multiplier: q}
  - conv: {filters: 4, kernel: 3, bias: per_position}
  - batchnorm
  - prelu
  - lrn
  - concat: [[], [relu]]
  - adaptive_avgpool: [2, 3]
  - reshape: [4, 3, 4]
  - dense: 10*p
  - rbf: 7
  - softmax
"""
SIZES = """\
input: HxWx4
layers:
  - maxpool: {kernel: 2, stride: 3, rounding: ceil_caffe, pad: 1}
  - conv: {filters: 4, kernel: 3, pad: same, stride: 2, dilation: 2}
  - crop: 1
  - depthwise: {kernel: [3, 2], bias: false}
  - subsampling: 2
  - channel_shuffle: 2
  - permute: [1, 2, 0]
  - permute: [2, 0, 1]
  - adaptive_maxpool: 3
  - global_avgpool
  - flatten
  - dense: 5
"""


#: Letters wherever a window is moved by them.
STRIDES = """
input: NxNx4
let: {s: free, t: free}
layers:
  - conv: {filters: 4, kernel: 3, stride: s, pad: 2}
  - depthwise: {kernel: 3, stride: t, pad: same}
  - transposed: {filters: 4, kernel: 3, stride: s}
  - separable: {filters: 4, kernel: 2, stride: s + t}
  - transposed: {filters: 4, kernel: 3, stride: 2*s, pad: same, output_padding: 1}
  - maxpool: {kernel: s, pad: 0}
  - avgpool: {kernel: 2, stride: t, rounding: ceil}
  - blurpool: {kernel: 3, stride: s}
  - subsampling: {kernel: s, stride: 1}
  - dense: 3*s
"""


def of_values(report: Report, name: str, count: int = 2) -> list[dict[str, int]]:
    """Draw values of the symbols for which the network exists."""
    found = points(report, random.Random(name), 40)[:count]
    assert found
    return found


@pytest.mark.parametrize("name", [*shipped(), *OWN], ids=lambda name: Path(name).stem)
def test_every_layer_is_explained_by_the_tables_formulas(name: str) -> None:
    report = symbolic(name)
    for values in of_values(report, name, 1):
        assert wrong(report, report.rows, values=values) == []


def can_be_free() -> Iterator[tuple[str, str]]:
    for name in [*shipped(), *OWN]:
        for constant in shapecalc.load(name).spec.let:
            try:
                shapecalc.load(name, free=[constant])
            except shapecalc.SpecErrors:  # it says how often something is repeated
                continue
            yield name, constant


@pytest.mark.parametrize(
    ("name", "constant"), list(can_be_free()), ids=lambda each: Path(each).stem
)
def test_constants_that_are_free(name: str, constant: str) -> None:
    report = shapecalc.summarize(name, free=[constant])
    for values in of_values(report, constant, 1):
        assert wrong(report, report.rows, values=values) == []


@pytest.mark.parametrize("text", [FREE, SIZES, STRIDES])
def test_every_field_that_may_be_a_symbol(text: str) -> None:
    report = of_text(text)
    for values in of_values(report, text, 3):
        assert wrong(report, report.rows, values=values) == []
    for format_ in ("text", "markdown", "html", "json"):
        for row in report.rows:
            shapecalc.explain(report, row.name, ",".join(TOPICS)).render(format_)


def test_the_law_bites_on_symbols() -> None:
    report = of_text("input: HxWx4\nlayers: [conv: {filters: 3, kernel: 2}]")
    row = report["conv1"]
    assert wrong(report, (row,), values={"H": 5, "W": 7}) == []
    n = symbol("H")
    other = row._replace(work=row.work._replace(macs=n))
    assert len(wrong(report, (other,), values={"H": 5, "W": 7})) == 1
    made = Derivation("side", (named("n", n) - named("k", 3)) // 2 + 1)
    assert ends_rightly(made, {"H": 9})
    parts = made.formula.parts
    untrue = made.formula.__class__("sum", n, parts, "", (1,), 1)
    assert not ends_rightly(Derivation("side", untrue), {"H": 9})


@pytest.mark.parametrize(
    ("layer", "line"),
    [
        ("conv: {filters: 4, kernel: 5, stride: 2}", "floor((H + 2*0 - 5)/2) + 1"),
        ("conv: {filters: 4, kernel: 5, pad: same, stride: 3}", "ceil(H/3)"),
        ("maxpool: {kernel: 3, stride: 2, rounding: ceil}", "ceil((H + 2*0 - 3)/2) + 1"),
        ("transposed: {filters: 4, kernel: 5, stride: 2}", "(H - 1)*2 + 5 - 2*0"),
        ("upsample: 3", "H*3"),
        ("flatten", "H x W x 3"),
    ],
)
def test_the_substituted_line_holds_the_symbols(layer: str, line: str) -> None:
    report = of_text(f"input: HxWx3\nlayers: [{layer}]")
    section = shapecalc.explain(report, report.rows[-1].name).section("output")
    derived = [block for block in section.blocks if isinstance(block, Derivation)]
    assert line in derived[0].lines
    assert not [block for block in section.blocks if isinstance(block, Picture)]


def test_a_second_side_that_goes_like_the_first_is_told_in_short() -> None:
    report = of_text("input: HxWx3\nlayers: [conv: {filters: 4, kernel: [5, 5], stride: 2}]")
    text = shapecalc.explain(report, "conv1", "output").render("text")
    assert "  width = floor((W + 2*0 - 5)/2) + 1 = floor((W - 3)/2)\n" in text
    assert text.count("with n =") == 1
    unlike = of_text("input: HxWx3\nlayers: [conv: {filters: 4, kernel: [5, 3], stride: 2}]")
    assert shapecalc.explain(unlike, "conv1", "output").render("text").count("with n =") == 2


def test_twins_differ_in_one_symbol_and_in_nothing_else() -> None:
    h, w, p = (named("n", symbol(name)) for name in "HWp")
    k = named("k", 3)
    assert twins((h - k) // 2 + 1, (w - k) // 2 + 1)
    assert twins(h + p, w + p)
    assert not twins(h + p, w + w)
    assert not twins((h - k) // 2 + 1, (w - k) // 3 + 1)
    assert not twins(h - k, h - k)
    assert not twins(k - 1, k - 1)


def test_where_no_one_formula_gives_the_field_it_is_said() -> None:
    report = of_text(FREE)
    assert report["transposed1"].field is None
    section = shapecalc.explain(report, "transposed1", "receptive-field").section("receptive-field")
    assert (section.answer, section.values) == ("?", ())
    assert isinstance(section.blocks[0], Prose)
    assert "No one formula gives it" in section.blocks[0].text
    assert "TRANSPOSED1" in shapecalc.explain(report, of="receptive-field").render("text")


def test_neighbours_need_sides_that_are_numbers_but_no_other() -> None:
    blocks = shapecalc.explain("alphago", "conv2", "what-if", free=["k"]).sections[0].blocks
    assert isinstance(blocks[0], Grid)
    assert ("kernel 5", "17x17xk", "25k^2 + k", "7225k^2") in blocks[0].rows
    for layer in ("conv1", "pool1"):
        (block,) = shapecalc.explain("alexnet", layer, "what-if", input="HxWx3").sections[0].blocks
        assert isinstance(block, Prose)
        assert "--input and --set" in block.text
    (block,) = shapecalc.explain(of_text(FREE), "conv1", "what-if").sections[0].blocks
    assert isinstance(block, Prose)


@pytest.mark.parametrize("width", [80, 140])
@pytest.mark.parametrize("name", ["alexnet", "vgg16", "resnet18", "unet"])
def test_slides_of_symbols_fit_the_page(name: str, width: int) -> None:
    topics = ",".join(topic.name for topic in TOPICS.values() if topic.formulas is not None)
    text = shapecalc.explain(symbolic(name), of=topics).render("text", width=width)
    assert max(map(len, text.splitlines())) <= width


def test_names_on_a_slide_stand_for_what_is_listed() -> None:
    text = shapecalc.explain("alexnet", input="HxWx3").render("text", width=140)
    lines = [" ".join(line.split()) for line in text.splitlines()]
    pool = "POOL1: 3x3 windows at stride 2, pad 0"
    assert f"[h8 x w8 x 96] {pool} floor((h4 - 3)/2) + 1 = h8" in lines
    assert "h4, w4 floor((H - 7)/4), floor((W - 7)/4)" in lines
    assert lines[-2] == "Domain: H >= 67: pool3; W >= 67: pool3."


def test_programs_read_expressions_in_the_specs_own_language() -> None:
    import json

    text = shapecalc.explain("alexnet", "conv1", "output,params", input="HxWx3").render("json")
    lesson = json.loads(text)
    assert lesson["sections"][0]["values"] == ["(H - 7)//4", "(W - 7)//4", 96]
    assert lesson["domain"] == ["H >= 67: pool3", "W >= 67: pool3"]
    width = [block for block in lesson["sections"][0]["blocks"] if block.get("label") == "width"]
    assert width[0]["rule"] == "floor((n + 2p - k)/s) + 1"  # programs get every step


def test_free_is_that_of_summarize() -> None:
    report = shapecalc.summarize("alphago", free=["k"])
    once = shapecalc.explain("alphago", "conv2", free=["k"])
    assert once.sections == shapecalc.explain(report, "conv2").sections
    with pytest.raises(TypeError, match="computed already"):
        shapecalc.explain(report, "conv2", free=["k"])

"""A letter as stride: the first formula of every course, and the law that it is right."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from shapecalc import explain, loads, solve, sweep
from shapecalc.errors import SpecErrors
from shapecalc.output.formats import write
from tests.algebra.law import differences
from tests.spec.support import problems_of, report_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.report import Report

COURSE = """
input: mxmx3
let: {k: free, p: free, s: free, n: free}
layers: [conv: {filters: n, kernel: k, stride: s, pad: p}]
"""


def test_the_first_formula_of_every_course() -> None:
    report = report_of(COURSE)
    side = "floor((m + 2p - k)/s) + 1"
    assert [str(n) for n in report["conv1"].output.sides] == [side, side]
    assert str(report["conv1"].macs) == "3*k^2*n*(floor((m + 2p - k)/s) + 1)^2"
    field = report["conv1"].field
    assert field is not None
    assert [str(side.size) for side in field] == ["k", "k"]
    assert report.domain is not None
    assert report.domain.texts()[-1] == "m + 2p - k >= 0 (conv1)"


#: Layers with letters where they divide, over an input of NxNx4.
LETTERS = [
    "conv: {filters: 8, kernel: 3, stride: s}",
    "conv: {filters: 8, kernel: k, stride: s, pad: t}",
    "conv: {filters: 8, kernel: 3, stride: s, pad: same}",
    "conv: {filters: 8, kernel: 3, stride: s, pad: valid, dilation: 2}",
    "conv: {filters: 8, kernel: 3, stride: 2*s + t}",
    "conv: {filters: 8, kernel: 3x5, stride: sx1}",
    "conv: {filters: 8, kernel: 3, stride: [s, t]}",
    "conv: {filters: 8, kernel: 3, stride: s, rounding: ceil}",
    "conv: {filters: 8, kernel: k, stride: s, pad: 1, rounding: ceil}",
    "conv: {filters: 8, kernel: 3, stride: s, pad: 1, rounding: ceil_caffe}",
    "conv: {filters: 8, kernel: 3, stride: s, rounding: ceil_full}",
    "conv: {filters: 8*s//t, kernel: 3, bias: per_position, stride: s}",
    "conv: {filters: 16//s + 1, kernel: 1}",
    "depthwise: {kernel: 3, stride: s}",
    "separable: {filters: 8, kernel: 3, stride: s, pad: same}",
    "transposed: {filters: 8, kernel: 3, stride: s}",
    "transposed: {filters: 8, kernel: 3, stride: s, pad: same}",
    "transposed: {filters: 8, kernel: 3, stride: s, pad: valid}",
    "transposed: {filters: 8, kernel: 3, stride: s, pad: 1, output_padding: 2}",
    "transposed: {filters: 8, kernel: 3, stride: s, pad: same, output_padding: 1}",
    "maxpool: k",
    "maxpool: {kernel: k, stride: s}",
    "maxpool: {kernel: 2, stride: s, rounding: ceil}",
    "maxpool: {kernel: 3, stride: s, pad: 1, rounding: ceil_caffe}",
    "avgpool: {kernel: kx2, stride: s, pad: same}",
    "subsampling: {kernel: k}",
    "blurpool: {kernel: 3, stride: s}",
    "blurpool: {kernel: k}",
    "repeat: {times: 2, layers: [conv: {filters: 4, kernel: 3, stride: s, pad: 1}]}",
    "repeat: {times: 2, layers: [maxpool: s]}, conv: {filters: 4, kernel: 3, stride: 2}",
    "conv: {filters: 4, kernel: 3, stride: s}, dense: 5",
    "add: [[conv: {filters: 4, kernel: 3, stride: s, pad: 1}], [maxpool: {kernel: 1, stride: s}]]",
    "add: [[conv: {filters: 4, kernel: 3, stride: s, pad: 1}], [maxpool: {kernel: 1, stride: t}]]",
    "concat: [[maxpool: {kernel: 3, stride: s, pad: 1}], [avgpool: {kernel: 2, stride: s}]]",
    "upsample: 2, conv: {filters: 4, kernel: 3, stride: s}",
    "conv: {filters: 4, kernel: 3, stride: s}, upsample: 2, relu",
    "conv: {filters: 4, kernel: 3, stride: s}, adaptive_avgpool: 2",
    "conv: {filters: 4, kernel: 3, stride: s}, global_avgpool, dense: s",
    "conv: {filters: 8, kernel: 3, dilation: s}",
    "conv: {filters: 8, kernel: 3, dilation: s, pad: s}",
    "conv: {filters: 8, kernel: k, stride: t, dilation: s, pad: 2*s}",
    "conv: {filters: 8, kernel: 3, dilation: s, pad: same}",
    "conv: {filters: 8, kernel: 2, dilation: s, pad: causal}",
    "conv: {filters: 8, kernel: 3x1, dilation: [s, t], pad: valid}",
    "conv: {filters: 8, kernel: 3, dilation: s, rounding: ceil, stride: 2}",
    "conv: {filters: 8, kernel: 3, dilation: 2*s - 1, bias: per_position}",
    "conv: {filters: 8, kernel: 3, dilation: s*t}",
    "conv: {filters: 8, kernel: 3, dilation: s, groups: 4}",
    "conv: {filters: 8, kernel: 1, dilation: s}",
    "depthwise: {kernel: 3, dilation: s, multiplier: t}",
    "separable: {filters: 8, kernel: k, dilation: s, pad: same}",
    "maxpool: {kernel: 3, stride: 1, dilation: s}",
    "maxpool: {kernel: 3, stride: 2, dilation: s, pad: 1, rounding: ceil}",
    "repeat: {times: 2, layers: [conv: {filters: 4, kernel: 3, dilation: s, pad: s}]}",
    "conv: {filters: 4, kernel: 3, dilation: s}, maxpool: 2, conv: {filters: 2, kernel: k}",
    "add: [[conv: {filters: 4, kernel: 3, dilation: s, pad: s}], []]",
    "conv: {filters: 4, kernel: 3, dilation: s}, upsample: 2, conv: {filters: 4, kernel: 2}",
    "transposed: {filters: 8, kernel: k}",
    "transposed: {filters: 8, kernel: k, stride: 2, pad: 1}",
    "transposed: {filters: 8, kernel: k, stride: s, pad: t}",
    "transposed: {filters: 8, kernel: k, stride: 2, pad: same}",
    "transposed: {filters: 8, kernel: k, stride: 3, pad: valid}",
    "transposed: {filters: 8, kernel: k, stride: 2, pad: same, output_padding: 1}",
    "transposed: {filters: 8, kernel: k, stride: 2, pad: valid, output_padding: 1}",
    "transposed: {filters: 8, kernel: 3, dilation: s}",
    "transposed: {filters: 8, kernel: k, dilation: s, pad: 1}",
    "transposed: {filters: 8, kernel: 2, stride: 2, dilation: s, output_padding: 2}",
    "transposed: {filters: 8, kernel: kx3, stride: 2x1, groups: 2}",
    "transposed: {filters: 8, kernel: k, stride: k}",
    "transposed: {filters: 8, kernel: k, bias: per_position}, conv: {filters: 2, kernel: 3}",
    "transposed: {filters: 8, kernel: k}, dense: 3",
]


def report_at(layers: str, values: Mapping[str, int]) -> Report:
    """Compute a network with numbers for some of N, k, s and t; the others stay letters."""
    n = values.get("N", "N")
    constants = ", ".join(f"{name}: {values.get(name, 'free')}" for name in "kst")
    return report_of(f"input: {n}x{n}x4\nlet: {{{constants}}}\nlayers: [{layers}]\n")


@pytest.mark.parametrize("layers", LETTERS)
def test_at_values_it_is_the_numeric_report_and_exists_just_there(layers: str) -> None:
    rng = random.Random(layers)
    symbolic = report_at(layers, {})
    assert symbolic.domain is not None
    admitted = 0
    for _ in range(40):
        values = {"N": rng.randint(1, 40)} | {name: rng.randint(1, 6) for name in "kst"}
        known = {name: values[name] for name in symbolic.domain.symbols}
        try:
            numeric = report_at(layers, values)
        except SpecErrors:
            assert not symbolic.domain.admits(known), values
            continue
        assert symbolic.domain.admits(known), values
        assert differences(symbolic, numeric, values) == [], values
        admitted += 1
    assert admitted > 5


def test_the_law_bites() -> None:
    layers = "conv: {filters: 8, kernel: 3, stride: s}"
    symbolic = report_at(layers, {})
    wrong = report_at(layers, {"N": 20, "k": 1, "s": 3, "t": 1})
    assert differences(symbolic, wrong, {"N": 20, "k": 1, "s": 2, "t": 1})


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ("stride: s - 1", "stride must be at least 1, and s - 1 is not"),
        ("stride: s//2", "stride must be at least 1, and floor(s/2) is not"),
        ("stride: [1, s - t]", "stride must be at least 1, and s - t is not"),
    ],
)
def test_a_stride_that_may_be_0_is_refused(field: str, message: str) -> None:
    layer = f"conv: {{filters: 2, kernel: 1, {field}}}"
    (problem,) = problems_of(f"input: 9x9x4\nlet: {{s: free, t: free}}\nlayers: [{layer}]\n")
    assert problem.code == "E114"
    assert message in problem.message


@pytest.mark.parametrize(
    ("format_", "written"),
    [
        ("text", "(floor((m + 2p - k)/s) + 1)"),
        ("markdown", "(floor((m + 2p - k)/s) + 1)"),
        ("html", "(floor((m + 2p - k)/s) + 1)"),
        ("latex", r"\left(\left\lfloor \frac{m + 2p - k}{s}\right\rfloor + 1\right)"),
        ("csv", "((m + 2*p - k)//s) + 1"),
        ("json", '"((m + 2*p - k)//s) + 1"'),
    ],
)
def test_every_format_of_a_table_writes_it(format_: str, written: str) -> None:
    assert written in write(report_of(COURSE), format_)


@pytest.mark.parametrize(
    ("format_", "written"),
    [
        ("text", "= floor((m + 2p - k)/s) + 1"),
        ("markdown", r"$= \left\lfloor \frac{m + 2p - k}{s}\right\rfloor + 1$"),
        ("latex", r"\left\lfloor \frac{m + 2p - k}{s}\right\rfloor + 1"),
        (
            "html",
            "<mi>m</mi><mo>+</mo><mn>2</mn><mi>p</mi><mo>−</mo><mi>k</mi></mrow><mi>s</mi></mfrac>",
        ),
    ],
)
def test_every_format_of_a_lesson_writes_it(format_: str, written: str) -> None:
    assert written in explain(report_of(COURSE), "conv1", "output").render(format_)


def test_a_sweep_over_a_stride_is_the_numbers_of_every_stride() -> None:
    layers = "[conv: {filters: 96, kernel: 11, stride: s}, maxpool: s]"
    text = f"input: 227x227x3\nlet: {{s: free}}\nlayers: {layers}\n"
    swept = sweep(loads(text), {"s": range(1, 40)}, columns=["macs", "pool1.output"])
    rows = zip(swept["s"], swept["macs"], swept["pool1.output.height"], strict=True)
    exist = 0
    for stride, macs, height in rows:
        try:
            report = report_of(text, settings={"s": str(stride)})
        except SpecErrors:
            assert (macs, height) == (None, None)
            continue
        exist += 1
        assert (macs, height) == (report.totals.macs, report["pool1"].output.sides[0])
    assert exist == 15  # floor(216/s) + 1 >= s up to s = 15, and no further


def test_a_stride_is_solved_for() -> None:
    layers = "[conv: {filters: 96, kernel: 11, stride: s}]"
    graph = loads(f"input: 227x227x3\nlet: {{s: free}}\nlayers: {layers}\n")
    for size in range(1, 60):
        right = [s for s in range(1, 300) if 216 // s + 1 == size]
        answer = solve(graph, f"conv1 = {size}x{size}")
        assert [s for s in range(1, 300) if answer.admits(s=s)] == right

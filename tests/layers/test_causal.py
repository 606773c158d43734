"""Padding so that no output sees what comes after its place."""

from __future__ import annotations

import numpy as np
import pytest

import shapecalc
from shapecalc.layers import layer_class
from shapecalc.layers.shape import Map
from shapecalc.reference.layer import forward, slots
from shapecalc.verify.judge import verify
from tests.spec.support import codes_of, output_of, problems_of, report_of


@pytest.mark.parametrize(
    ("fields", "length"),
    [
        ("kernel: 9", 100),
        ("kernel: 9, dilation: 4", 100),
        ("kernel: 9, stride: 3", 34),  # ceil(100/3)
        ("kernel: 9, stride: 3, dilation: 2", 34),
        ("kernel: 1", 100),
        ("kernel: 2, stride: 2", 50),
    ],
)
def test_the_output_is_as_long_as_the_strides(fields: str, length: int) -> None:
    report = report_of(f"input: 100x3\nlayers: [conv: {{filters: 4, {fields}, pad: causal}}]\n")
    assert output_of(report, "conv1") == f"{length}x4"


def test_it_is_the_pair_that_puts_all_before() -> None:
    causal = "conv: {filters: 4, kernel: 9, dilation: 2, stride: 3, pad: causal}"
    pairs = "conv: {filters: 4, kernel: 9, dilation: 2, stride: 3, pad: [[16, 0]]}"
    first, second = (report_of(f"input: 100x3\nlayers: [{layer}]\n") for layer in (causal, pairs))
    assert first["conv1"].output == second["conv1"].output
    assert first["conv1"].macs == second["conv1"].macs
    assert first["conv1"].field == second["conv1"].field


def test_the_pairs_that_a_mode_in_a_list_is_answered_with_are_causal_on_one_side() -> None:
    report = report_of(
        "input: 9x10x2\nlayers: [conv: {filters: 4, kernel: 3, pad: [[2, 0], [1, 1]]}]"
    )
    assert output_of(report, "conv1") == "9x10x4"
    first, second = report["conv1"].field or ()
    assert first.sees(5) == (3, 5)
    assert second.sees(5) == (4, 6)


def test_every_side_looks_back() -> None:
    report = report_of(
        "input: 9x10x2\nlayers: [conv: {filters: 4, kernel: 3x4, dilation: 1x2, pad: causal}]\n"
    )
    assert output_of(report, "conv1") == "9x10x4"
    first, second = report["conv1"].field or ()
    assert first.sees(0) == (-2, 0)  # two of them zeros
    assert first.sees(5) == (3, 5)
    assert second.sees(8) == (2, 8)


def test_no_output_sees_what_comes_after_it() -> None:
    for word, fields in (
        ("conv", {"filters": 2}),
        ("depthwise", {}),
        ("separable", {"filters": 2}),
    ):
        layer = layer_class(word)(
            kernel=(3,), dilation=(2,), pad=shapecalc.layers.fields.CAUSAL, **fields
        )
        random = np.random.default_rng(3)
        x = random.normal(size=(1, 2, 11))
        arrays = {name: random.normal(size=slot.shape) for name, slot in slots(layer, x).items()}
        whole = forward(layer, arrays, x)
        for end in range(1, 11):
            cut = forward(layer, arrays, x[..., :end])
            np.testing.assert_allclose(cut, whole[..., :end])


def test_with_symbols_it_keeps_the_length() -> None:
    report = report_of("input: Nx1\nlayers: [conv: {filters: 4, kernel: 5, pad: causal}]\n")
    assert output_of(report, "conv1") == "Nx4"
    strided = "input: Nx1\nlayers: [conv: {filters: 4, kernel: 5, stride: 2, pad: causal}]\n"
    solved = shapecalc.solve(shapecalc.loads(strided), "conv1 = 50")
    assert solved.answer() == ("N from 99 to 100 (2 in all)",)


def test_the_referee_agrees() -> None:
    spec = {
        "input": "13x2",
        "layers": [
            {"conv": {"filters": 4, "kernel": 3, "pad": "causal", "dilation": 2}},
            {"separable": {"filters": 5, "kernel": 4, "pad": "causal", "stride": 2}},
            {"depthwise": {"kernel": 2, "pad": "causal", "rounding": "ceil"}},
        ],
    }
    assert verify(spec, gradients=True).disagreements == []


def test_what_it_does_is_shown() -> None:
    report = report_of("input: 100x3\nlayers: [conv: {filters: 4, kernel: 9, pad: causal}]\n")
    assert report["conv1"].does == "4 9, pad causal"
    text = shapecalc.explain(report, "conv1", "output").render("text")
    assert "`causal` puts 8 zeros before and none after" in " ".join(text.split())


@pytest.mark.parametrize(
    "layer", ["maxpool: {pad: causal}", "transposed: {filters: 2, kernel: 3, pad: causal}"]
)
def test_only_convolutions_look_back(layer: str) -> None:
    (problem,) = problems_of(f"input: 100x3\nlayers: [{layer}]\n")
    assert problem.code == "E110"
    assert "[before, after]" in problem.hint


def test_a_block_hands_it_on() -> None:
    text = """
    input: 100x3
    blocks: {unit: {fields: {pad: causal}, layers: [conv: {filters: 4, kernel: 9, pad: pad}]}}
    layers: [unit]
    """
    assert output_of(report_of(text), "unit1/conv1") == "100x4"
    assert codes_of("input: 3x3x3\nlet: {causal: 1}\nlayers: [relu]\n") == ["E117"]
    assert Map((100,), 4) == report_of(text)["unit1/conv1"].output

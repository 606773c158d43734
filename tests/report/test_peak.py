"""The most elements alive at once, in small networks worked out by hand."""

from __future__ import annotations

import pytest

import shapecalc
from shapecalc.algebra.expr import evaluate
from shapecalc.report.fold import fold
from tests.spec.support import report_of

#: Spec -> the elements alive at once, step by step; the largest is the peak.
BY_HAND = {
    # the input and the convolution's 128; the rectifier in place; then both and the sum
    "layers: [conv: {name: a, filters: 8, kernel: 1}, relu]": max(32 + 128, 128),
    # the rectifier's result is read by nobody: with it goes the buffer that it took over
    """layers:
  - conv: {name: a, filters: 8, kernel: 1}
  - relu: {name: lost, from: a}
  - conv: {name: b, filters: 4, kernel: 1, from: input}
outputs: [b]""": max(32 + 128, 32 + 64),
    # as above, but the result is an output of the network, and stays to the end
    """layers:
  - conv: {name: a, filters: 8, kernel: 1}
  - relu: {name: kept, from: a}
  - conv: {name: b, filters: 4, kernel: 1, from: input}
outputs: [kept, b]""": max(32 + 128, 32 + 128 + 64),
    # a convolution that nobody reads is there while it runs, and no longer
    """layers:
  - conv: {name: lost, filters: 8, kernel: 1}
  - conv: {name: b, filters: 4, kernel: 1, from: input}
  - conv: {name: c, filters: 3, kernel: 1}
outputs: [c]""": max(32 + 128, 32 + 64, 64 + 48),
    # the input is read twice, and waits for its second reader
    "layers: [add: [[conv: {filters: 2, kernel: 1}], []], maxpool]": max(32 + 32, 3 * 32, 32 + 8),
    # what the rectifier would write over is read later: it takes a buffer of its own
    """layers:
  - conv: {name: a, filters: 4, kernel: 1}
  - relu
  - add: {from: [a, relu1]}""": max(32 + 64, 2 * 64, 3 * 64),
    # two readers of the rectified: the buffer of both stays until the second has run
    """layers:
  - conv: {name: a, filters: 4, kernel: 1}
  - relu: {name: r}
  - maxpool: {name: p}
  - conv: {name: b, filters: 2, kernel: 1, from: r}
outputs: [p, b]""": max(32 + 64, 64 + 16, 64 + 16 + 32),
    # a mask in the scores' place is the last to read the input's sides, which goes with it
    """layers:
  - window_partition: {name: w, size: 2, shift: 1}
  - matmul: {name: s, from: [w, w], transpose: second}
  - window_mask: {from: [s, input], size: 2, shift: 1}
  - conv: {filters: 20, kernel: 1}""": max(32 + 32 + 64, 64 + 320),
    # flat or not, it is one buffer
    "layers: [flatten, dense: 3]": 32 + 3,
}  # fmt: skip


@pytest.mark.parametrize(("text", "most"), BY_HAND.items())
def test_peak(text: str, most: int) -> None:
    assert report_of(f"input: 4x4x2\n{text}\n").totals.peak == most


#: Layer -> the elements alive while it runs, step by step: a branch, a rectifier in place, a view.
LIVE = {
    "input": 32,
    "a": 32 + 128,
    "relu1": 32 + 128,  # in place, beside the input that waits for b
    "b": 32 + 128 + 64,
    "c": 128 + 64 + 64,
    "join": 3 * 64,
    "flatten1": 64,
    "fc1": 64 + 3,
}
BRANCHED = """input: 4x4x2
layers:
  - conv: {name: a, filters: 8, kernel: 1}
  - relu
  - conv: {name: b, filters: 4, kernel: 1, from: input}
  - conv: {name: c, filters: 4, kernel: 1, from: relu1}
  - add: {name: join, from: [b, c]}
  - flatten
  - dense: 3
"""


def test_what_is_alive_while_each_layer_runs() -> None:
    report = report_of(BRANCHED)
    assert {row.name: row.live for row in report.rows} == LIVE
    assert max(LIVE.values()) == report.totals.peak


def test_columns_of_what_is_alive() -> None:
    report = report_of(BRANCHED)
    records = report.to_records(columns="name,live,live_memory", batch=3, dtype="float16")
    assert [record["live"] for record in records] == list(LIVE.values())
    assert [record["live_memory"] for record in records] == [6 * live for live in LIVE.values()]
    text = report.render("text", columns="name,live,live_memory", batch=3, dtype="float16")
    assert "live memory (bytes)" in text
    assert "what inference holds while a layer runs, of a batch of 3 in bytes" in text


@pytest.mark.parametrize("name", ["lenet5", "resnet18", "squeezenet"])
def test_levels_hold_what_most_of_them_holds_and_symbols_are_numbers_later(name: str) -> None:
    report = shapecalc.summarize(name)
    assert max(row.live for row in fold(report, 1)) == report.totals.peak
    symbolic = shapecalc.summarize(name, input=f"HxWx{report.rows[0].output.channels}")
    height, width = report.rows[0].output.sides
    at = {"H": height, "W": width}
    for mine, its in zip(fold(report, 1), fold(symbolic, 1), strict=True):
        assert evaluate(its.live, at) == mine.live
    assert [evaluate(row.live, at) for row in symbolic] == [row.live for row in report]

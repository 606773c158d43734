"""The most elements alive at once, in small networks worked out by hand."""

from __future__ import annotations

import pytest

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

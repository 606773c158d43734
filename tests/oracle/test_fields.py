"""PyTorch as judge of receptive fields: the pixels that have a gradient, by its own backward."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from judge import need

from shapecalc import summarize
from shapecalc.api import loads
from shapecalc.report.receptive_field import at_most

if TYPE_CHECKING:
    import torch

else:
    torch = need("torch")

import twin_others  # noqa: F401  (these register the twins)
import twin_windows  # noqa: F401
from twin import twin

pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore")]

CONV = "conv: {filters: 4, kernel: 3}"
SHUFFLE = ("reshape: 4x4x2x2", "permute: [0, 2, 1, 3]", "reshape: 8x8x1")

NETWORKS = {
    "groupnorm": ("8x8x3", CONV, "groupnorm: 2", CONV),
    "instancenorm": ("8x8x3", CONV, "instancenorm", CONV),
    "layernorm over all": ("8x8x3", CONV, "layernorm: {over: all}", CONV),
    "layernorm": ("8x8x3", CONV, "layernorm", CONV),
    "softmax over positions": ("8x8x3", CONV, "softmax: {over: positions}", CONV),
    "softmax over a side": ("8x8x3", CONV, "softmax: {over: width}", CONV),
    "softmax over channels and a side": ("8x8x3", CONV, "softmax: {over: [channels, 0]}", CONV),
    "permutes": ("8x7x3", CONV, "permute: [2, 0, 1]", "permute: [1, 2, 0]", CONV),
    "channels that were a side": ("8x7x3", CONV, "permute: [2, 0, 1]", CONV),
    "a sequence": ("8x6x3", "reshape: 48x3", CONV, "maxpool: 2"),
    "a sequence and back": ("8x6x3", CONV, "reshape: 24x4", "relu", "reshape: 6x4x4", CONV),
    "a pixel shuffle": ("6x6x3", CONV, *SHUFFLE, CONV),
    "a row and back": ("8x6x3", CONV, "flatten", "reshape: 6x4x4", CONV),
    "a blend to its rim": (
        "4x5x3",
        "upsample: {factor: 2, mode: bilinear}",
        "conv: {filters: 2, kernel: 8}",
    ),
    "a transposed kernel to its rim": (
        "4x5x3",
        "transposed: {filters: 2, kernel: 3, stride: 2}",
        "global_avgpool",
    ),
    "neighbours of a channel that was a side": ("6x2x4", "permute: [1, 2, 0]", "lrn: 3"),
    "padding beside a part of a side": (
        "4x3x2",
        "reshape: 2x2x6",
        "avgpool: {kernel: 3, stride: 1, pad: 1}",
    ),
    "a bound": ("8x6x3", CONV, "reshape: 4x6x4", CONV),
}


def extent(slopes: torch.Tensor, side: int) -> int:
    """Return the pixels from the first to the last with a gradient, of the unit with most."""
    others = [axis + 1 for axis in range(slopes.ndim - 1) if axis != side]
    seen = slopes.amax(others) > 0
    places = [row.nonzero().flatten().tolist() for row in seen]
    return max(row[-1] - row[0] + 1 for row in places if row)


@pytest.mark.parametrize("what", NETWORKS)
def test_pixels_with_a_gradient_are_the_field(what: str) -> None:
    shape, *layers = NETWORKS[what]
    text = f"input: {shape}\nlayers:\n" + "".join(f"  - {layer}\n" for layer in layers)
    report = summarize(loads(text))
    torch.manual_seed(0)
    sides = report.rows[0].output.sides
    x = torch.rand(
        1, report.rows[0].output.channels, *sides, dtype=torch.float64, requires_grad=True
    )
    y = x
    for row in report.rows[1:]:
        y = twin(row.layer, y.detach()).double().train(False)(y)
        (slopes,) = torch.autograd.grad(
            y.flatten(), x, torch.eye(y.numel(), dtype=y.dtype), retain_graph=True,
            is_grads_batched=True,
        )  # fmt: skip
        widest = [extent(slopes[:, 0].abs().amax(1), side) for side in range(len(sides))]
        cut = [min(size, n) for size, n in zip(row.receptive_field, sides, strict=True)]
        if at_most(row.field):
            assert all(size >= n for size, n in zip(cut, widest, strict=True))
        else:
            assert cut == widest, row.name

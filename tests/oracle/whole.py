"""A whole network beside the model of the same: the same layers, outputs, parameters and MACs."""

from __future__ import annotations

from collections import Counter
from math import prod
from typing import TYPE_CHECKING, Any

from judge import need

if TYPE_CHECKING:
    import torch
    from torch import nn

    from shapecalc.report import Report
else:
    torch = need("torch")
    nn = torch.nn

FlopCounterMode = need("torch.utils.flop_counter").FlopCounterMode


#: What is compared one by one: everything that multiplies by trained matrices.
WEIGHTED = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose2d, nn.Linear)


def flattened(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return channels and positions, whether these stand on a map, in windows or in a row."""
    return shape[0], prod(shape[1:])


def weighted(model: nn.Module, report: Report, *, flat: bool = False) -> tuple[Counter[Any], int]:
    """Run a model; return its weighted layers as (weights, bias, output), and its MACs."""
    layers: Counter[Any] = Counter()

    def note(module: nn.Module, _: object, output: torch.Tensor) -> None:
        bias, shape = module.bias is not None, tuple(output.shape[1:])
        if isinstance(module, nn.Linear):  # which has the channels last
            shape = (*shape[-1:], *shape[:-1])
        shape = flattened(shape) if flat else shape
        layers[tuple(module.weight.shape), bias, shape] += 1

    for module in model.modules():
        if isinstance(module, WEIGHTED):
            module.register_forward_hook(note)
    given = report.rows[0].output
    with FlopCounterMode(display=False) as counter:
        model(torch.empty(1, given.channels, *given.sides, device="meta"))
    return layers, counter.get_total_flops() // 2


def ours(report: Report, apart: str = "", *, flat: bool = False) -> Counter[Any]:
    """Return the weighted layers; without those whose names hold `apart`, if it is given."""
    layers: Counter[Any] = Counter()
    for row in report.rows:
        if row.type in ("conv", "depthwise", "transposed", "dense"):
            shape = (row.output.channels, *row.output.sides)
            if not (apart and apart in row.name):
                shape = flattened(shape) if flat else shape
                layers[row.parameters[0].shape, row.biases > 0, shape] += 1
    return layers


def agree(report: Report, model: nn.Module, apart: str = "", *, flat: bool = False) -> None:
    """Both own the same layers, with the same outputs, and both count the same.

    Layers whose names hold `apart` are compared by the sums only; `flat` compares how many
    positions an output has, not how they lie.
    """
    layers, macs = weighted(model, report, flat=flat)
    assert ours(report, apart, flat=flat) == layers
    assert report.totals.macs == macs
    assert report.totals.params == sum(each.numel() for each in model.parameters())
    beside = ("num_batches_tracked", "relative_position_index")  # counts, and which number is where
    statistics = [each for name, each in model.named_buffers() if not name.endswith(beside)]
    assert report.totals.buffers == sum(each.numel() for each in statistics)

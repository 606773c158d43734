"""A whole network beside the model of the same: the same layers, outputs, parameters and MACs."""

from __future__ import annotations

from collections import Counter
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


def weighted(model: nn.Module, report: Report) -> tuple[Counter[Any], int]:
    """Run a model; return its weighted layers as (weights, bias, output), and its MACs."""
    layers: Counter[Any] = Counter()

    def note(module: nn.Module, _: object, output: torch.Tensor) -> None:
        bias = module.bias is not None
        layers[tuple(module.weight.shape), bias, tuple(output.shape[1:])] += 1

    for module in model.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            module.register_forward_hook(note)
    given = report.rows[0].output
    with FlopCounterMode(display=False) as counter:
        model(torch.empty(1, given.channels, *given.sides, device="meta"))
    return layers, counter.get_total_flops() // 2


def ours(report: Report) -> Counter[Any]:
    return Counter(
        (row.parameters[0].shape, row.biases > 0, (row.output.channels, *row.output.sides))
        for row in report.rows
        if row.type in ("conv", "depthwise", "transposed", "dense")
    )


def agree(report: Report, model: nn.Module) -> None:
    """Both own the same layers, with the same outputs, and both count the same."""
    layers, macs = weighted(model, report)
    assert ours(report) == layers
    assert report.totals.macs == macs
    assert report.totals.params == sum(each.numel() for each in model.parameters())
    statistics = [
        each for name, each in model.named_buffers() if not name.endswith("num_batches_tracked")
    ]
    assert report.totals.buffers == sum(each.numel() for each in statistics)

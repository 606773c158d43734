"""torchvision as judge: its models own and compute what the specs of the same networks say.

Its `googlenet` is another network (batch normalisation, and 3x3 where the paper has 5x5), and its
`alexnet` is the one of `alexnet-owt`.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from judge import need

from shapecalc import summarize
from tests.paths import NETWORKS

if TYPE_CHECKING:
    import torch
    from torch import nn

    from shapecalc.report import Report
else:
    torch = need("torch")
    nn = torch.nn

models = need("torchvision.models")
FlopCounterMode = need("torch.utils.flop_counter").FlopCounterMode

pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore")]


#: Our spec -> torchvision's model.
SAME = {
    "alexnet-owt": "alexnet",
    "vgg11": "vgg11",
    "vgg13": "vgg13",
    "vgg16": "vgg16",
    "vgg19": "vgg19",
    "resnet18": "resnet18",
    "resnet34": "resnet34",
    "resnet50": "resnet50",
    "resnet101": "resnet101",
    "resnet152": "resnet152",
    NETWORKS / "densenet121.yaml": "densenet121",
    NETWORKS / "mobilenetv2.yaml": "mobilenet_v2",
    NETWORKS / "inceptionv3.yaml": "inception_v3",
}

#: Options that leave out what the specs leave out (and initialisation, which takes a minute).
OPTIONS = {"inception_v3": {"aux_logits": False, "init_weights": False}}


def build(name: str) -> nn.Module:
    with torch.device("meta"):
        return getattr(models, name)(**OPTIONS.get(name, {})).eval()


def as_version_1(model: nn.Module) -> nn.Module:
    """Move the stride to the first 1x1, where He et al. (2015) have it; torchvision's is v1.5."""
    for block in model.modules():
        if isinstance(block, models.resnet.Bottleneck):
            block.conv1.stride, block.conv2.stride = block.conv2.stride, block.conv1.stride
    return model


def weighted(model: nn.Module, report: Report) -> tuple[Counter[Any], int]:
    """Run a model; return its weighted layers as (weights, bias, output), and its MACs."""
    found: Counter[Any] = Counter()

    def note(module: nn.Module, _: object, output: torch.Tensor) -> None:
        bias = module.bias is not None
        found[tuple(module.weight.shape), bias, tuple(output.shape[1:])] += 1

    for module in model.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            module.register_forward_hook(note)
    given = report.rows[0].output
    with FlopCounterMode(display=False) as counter:
        model(torch.empty(1, given.channels, *given.sides, device="meta"))
    return found, counter.get_total_flops() // 2


def ours(report: Report) -> Counter[Any]:
    return Counter(
        (row.parameters[0].shape, row.biases > 0, (row.output.channels, *row.output.sides))
        for row in report.rows
        if row.type in ("conv", "depthwise", "dense")
    )


@pytest.mark.parametrize("spec", SAME, ids=lambda spec: Path(spec).stem)
def test_the_network_is_torchvision_s(spec: str | Path) -> None:
    report, model = summarize(spec), as_version_1(build(SAME[spec]))
    layers, macs = weighted(model, report)
    assert ours(report) == layers
    assert report.totals.macs == macs
    assert report.totals.params == sum(each.numel() for each in model.parameters())
    statistics = [
        each for name, each in model.named_buffers() if not name.endswith("num_batches_tracked")
    ]
    assert report.totals.buffers == sum(each.numel() for each in statistics)


@pytest.mark.parametrize("name", ["resnet50", "resnet101", "resnet152"])
def test_version_1_5_costs_more_by_three_1x1_at_the_larger_size(name: str) -> None:
    report = summarize(name)
    layers, macs = weighted(build(name), report)
    assert layers != ours(report)
    assert macs - report.totals.macs == 3 * 256 * 128 * (56 * 56 - 28 * 28)

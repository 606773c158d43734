"""Live modules of PyTorch and models of Keras: the numbers are those of their frameworks."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from judge import need

import shapecalc
from shapecalc import SpecErrors

if TYPE_CHECKING:
    import keras
    import torch
    from torchvision import models
else:
    os.environ.setdefault("KERAS_BACKEND", "jax")
    torch = need("torch")
    models = need("torchvision.models")
    keras = need("keras")

FlopCounterMode = need("torch.utils.flop_counter").FlopCounterMode

pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore")]


@pytest.mark.parametrize("name", ["resnet50", "vit_b_16", "swin_t", "shufflenet_v2_x1_0"])
def test_a_live_module_is_pytorch_s(name: str) -> None:
    with torch.device("meta"):
        model = models.get_model(name, weights=None).eval()
    totals = shapecalc.summarize(shapecalc.from_torch(model, "224x224x3")).totals
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(torch.empty(1, 3, 224, 224, device="meta"))
    assert totals.params == sum(each.numel() for each in model.parameters())
    assert totals.macs == counter.get_total_flops() // 2


def test_a_module_in_training_with_tied_weights_and_a_batch() -> None:
    class Tied(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = torch.nn.Linear(6, 6), torch.nn.Linear(6, 6)
            self.second.weight = self.first.weight
            self.norm = torch.nn.BatchNorm1d(6)

        def forward(self, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
            one, two = self.second(self.norm(self.first(a))).chunk(2, dim=1)
            return one * two + b[:, :3]

    model = Tied()
    graph = shapecalc.from_torch(model, (torch.zeros(3, 6), torch.zeros(3, 6)))
    assert model.training
    report = shapecalc.summarize(graph)
    assert report.totals.params == sum(each.numel() for each in model.parameters())
    assert report.totals.macs == 2 * 36
    by_sizes = shapecalc.from_torch(model.eval(), ([6], [6]))  # lists of extents, for two inputs
    assert shapecalc.summarize(by_sizes).totals.params == report.totals.params


def test_a_module_that_pytorch_cannot_follow() -> None:
    class Choosing(torch.nn.Module):  # type: ignore[misc, name-defined]
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x if x.sum() > 0 else -x

    with pytest.raises(SpecErrors, match=r"torch.export cannot follow the module"):
        shapecalc.from_torch(Choosing(), "4")


def test_a_live_model_of_keras_is_keras_s() -> None:
    model = keras.applications.MobileNetV2(weights=None)
    totals = shapecalc.summarize(shapecalc.from_keras(model)).totals
    assert totals.params + totals.buffers == model.count_params()

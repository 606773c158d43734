"""torchvision's EfficientNets and RegNets run again: the numbers of data/families.json."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from judge import need

from tests.paths import TESTS

if TYPE_CHECKING:
    import torch
else:
    torch = need("torch")

models = need("torchvision.models")

pytestmark = pytest.mark.oracle

RECORDED = json.loads((TESTS / "data" / "families.json").read_text("utf-8"))["torchvision"]
MODELS = {
    f"{family}_{name.replace('-', '_').replace('.', '_')}": expected
    for family in ("efficientnet", "regnet")
    for name, expected in RECORDED[family].items()
}


@pytest.mark.parametrize("name", MODELS)
def test_torchvision_still_counts_so(name: str) -> None:
    from torch.utils.flop_counter import FlopCounterMode

    model = models.get_model(name).eval()
    side = models.get_model_weights(name).IMAGENET1K_V1.transforms().crop_size[0]
    params = sum(parameter.numel() for parameter in model.parameters())
    with FlopCounterMode(display=False) as counter:
        model.to("meta")(torch.zeros(1, 3, side, side, device="meta"))
    macs = counter.get_total_flops() // 2
    assert {"side": side, "params": params, "macs": macs} == MODELS[name]

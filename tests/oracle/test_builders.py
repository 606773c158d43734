"""All of torchvision's classifiers, converted: the same layers, shapes, parameters and MACs.

What counts is what a forward pass in evaluation reaches; the products of attention are counted on
the meta device, since on the CPU PyTorch's counter sees none of them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest
from judge import need

from shapecalc import summarize
from shapecalc.reference.run import run

if TYPE_CHECKING:
    import torch
    from torch import nn
    from torchvision import models

    from shapecalc.report import Row
else:
    torch = need("torch")
    models = need("torchvision.models")

from converter import Converted, by_pair, convert

pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore")]

BUILDERS = sorted(models.list_models(module=models))

#: Those whose initialisation takes a minute, which a model without values can do without.
SLOW = ("googlenet", "inception_v3")

#: Builder -> parameters of its auxiliary heads, which evaluation does not reach.
AUXILIARY = {"googlenet": 6_379_984, "inception_v3": 3_326_696}

#: Parameters and MACs that issues, papers and counters know.
KNOWN = {
    "convnext_tiny": (28_589_128, 4_455_531_264),
    "resnet50": (25_557_032, 4_089_184_256),
    "vit_b_16": (86_567_656, 17_563_828_224),
}


@pytest.fixture(autouse=True)
def _widths_with_values(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let RegNet compute its widths with tensors that have values, on whatever device it stands."""
    compute = models.regnet.BlockParams.from_init_params

    def on_the_cpu(*args: Any, **options: Any) -> Any:
        with torch.device("cpu"):
            return compute(*args, **options)

    monkeypatch.setattr(models.regnet.BlockParams, "from_init_params", on_the_cpu)


def build(name: str) -> nn.Module:
    options: dict[str, Any] = {"init_weights": False} if name in SLOW else {}
    with torch.device("meta"):
        return models.get_model(name, weights=None, **options).eval()


def converted(name: str) -> tuple[nn.Module, Converted]:
    """Build a model and convert it, at the size of picture that it was published for."""
    model = build(name)
    weights = models.get_model_weights(name).DEFAULT
    size = getattr(model, "image_size", None) or weights.transforms().crop_size[0]
    return model, convert(model, size)


def output(row: Row) -> tuple[Any, ...]:
    """Return a row's output as one tuple, sides first."""
    return (*row.output.sides, row.output.channels)


def test_torchvision_has_80_of_them() -> None:
    assert len(BUILDERS) == 80


@pytest.mark.parametrize("name", BUILDERS)
def test_the_builder_s_network_is_ours(name: str) -> None:
    model, theirs = converted(name)
    report = summarize(theirs.spec)
    rows = {row.name: row for row in report.rows}
    ours = {layer: output(rows.get(layer) or report[layer]) for layer, _ in theirs.outputs}
    assert [(layer, ours[layer]) for layer, _ in theirs.outputs] == theirs.outputs
    for layer, (channels, places) in theirs.windows:
        *sides, own = output(report[layer])
        assert (own, math.prod(sides)) == (channels, places)
    assert {layer: report[layer].params for layer in theirs.params_of} == theirs.params_of
    assert report.totals.params == theirs.params
    assert report.totals.buffers == theirs.statistics
    assert report.totals.macs == theirs.macs
    whole = sum(each.numel() for each in model.parameters())
    assert whole - theirs.params == AUXILIARY.get(name, 0)


@pytest.mark.parametrize("name", KNOWN)
def test_what_is_counted_is_what_is_known(name: str) -> None:
    _, theirs = converted(name)
    assert (theirs.params, theirs.macs) == KNOWN[name]


def test_biases_by_distance_are_laid_out_by_pairs_as_torchvision_does() -> None:
    side, heads = 3, 2
    distances = torch.arange((2 * side - 1) ** 2 * heads, dtype=torch.float32)
    theirs = models.swin_transformer.ShiftedWindowAttention(4, [side, side], [0, 0], heads)
    theirs.relative_position_bias_table.data = distances.reshape(-1, heads)
    table = theirs.relative_position_bias_table.data.reshape(2 * side - 1, 2 * side - 1, heads)
    spec = {"input": [2 * side - 1, 2 * side - 1, heads], "layers": by_pair(side, heads)}
    ran = run(spec, {"input": table.permute(2, 0, 1)[None].numpy()})
    (ours,) = ran.outputs.values()
    expected = theirs.get_relative_position_bias().detach()[0]  # heads x queries x keys
    assert torch.equal(torch.from_numpy(ours[0, :, 0]).permute(1, 2, 0), expected)

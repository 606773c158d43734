"""All of torchvision's classifiers, exported by PyTorch and read without it: the same numbers.

A model on the meta device has no weights; its program has all of the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from judge import need

import shapecalc

if TYPE_CHECKING:
    from pathlib import Path

    import torch
else:
    torch = need("torch")
    need("torchvision")

from test_builders import AUXILIARY, BUILDERS, _widths_with_values, build, models

FlopCounterMode = need("torch.utils.flop_counter").FlopCounterMode

pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore")]

#: A fixture of the other module, which makes RegNet's widths.
__all__ = ["_widths_with_values"]


@pytest.mark.parametrize("name", BUILDERS)
def test_an_exported_classifier_is_pytorch_s(name: str, tmp_path: Path) -> None:
    model = build(name)
    weights = models.get_model_weights(name).DEFAULT
    size = getattr(model, "image_size", None) or weights.transforms().crop_size[0]
    picture = torch.empty(1, 3, size, size, device="meta")
    path = tmp_path / "net.pt2"
    torch.export.save(torch.export.export(model, (picture,)), path)
    report = shapecalc.summarize(path)
    params = sum(each.numel() for each in model.parameters()) - AUXILIARY.get(name, 0)
    assert (report.totals.params, report.remarks) == (params, ())

    shapes: dict[str, tuple[int, ...]] = {}
    for path_of, module in model.named_modules():
        if isinstance(module, torch.nn.Conv2d | torch.nn.Linear | torch.nn.MaxPool2d):

            def note(_: object, __: object, result: torch.Tensor, path_of: str = path_of) -> None:
                shapes[path_of.replace(".", "/")] = tuple(result.shape[1:])

            module.register_forward_hook(note)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(picture)
    assert report.totals.macs == counter.get_total_flops() // 2

    rows = {row.name: row for row in report.rows}
    named = [(rows[path_of], dims) for path_of, dims in shapes.items() if path_of in rows]
    assert len(named) >= 8
    for row, dims in named:
        channels = dims[0] if len(dims) == 3 and row.type != "dense" else dims[-1]
        assert row.output.channels == channels, row.name
        # axes that the module swaps before and after are in our order all the time (MaxViT's grid)
        assert sorted((*row.output.sides, channels)) == sorted(dims), row.name


@pytest.mark.parametrize(
    "name", ["resnet18", "mobilenet_v3_small", "vit_b_16", "convnext_tiny", "shufflenet_v2_x1_0"]
)
def test_a_decomposed_program_has_the_same_numbers(name: str, tmp_path: Path) -> None:
    model = build(name)
    picture = torch.empty(1, 3, 224, 224, device="meta")
    path = tmp_path / "net.pt2"
    torch.export.save(torch.export.export(model, (picture,)).run_decompositions(), path)
    report = shapecalc.summarize(path)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(picture)
    params = sum(each.numel() for each in model.parameters())
    assert (report.totals.params, report.remarks) == (params, ())
    assert report.totals.macs == counter.get_total_flops() // 2


def test_recurrent_layers_and_attention_of_pytorch(tmp_path: Path) -> None:
    class Recurrent(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.lstm = torch.nn.LSTM(8, 16, 2, batch_first=True, bidirectional=True)
            self.out = torch.nn.Linear(32, 4)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.out(self.lstm(x)[0])

    encoder = torch.nn.TransformerEncoderLayer(32, 4, 64, batch_first=True)
    for model, width, macs in (
        (Recurrent(), 8, 20 * 2 * 4 * 16 * ((8 + 16) + (32 + 16)) + 20 * 32 * 4),
        (encoder, 32, 20 * 32 * (4 * 32 + 2 * 64) + 2 * 20 * 20 * 32),
    ):
        path = tmp_path / "net.pt2"
        torch.export.save(torch.export.export(model.eval(), (torch.zeros(1, 20, width),)), path)
        report = shapecalc.summarize(path)
        assert report.totals.params == sum(each.numel() for each in model.parameters())
        assert (report.totals.macs, report.remarks) == (macs, ())

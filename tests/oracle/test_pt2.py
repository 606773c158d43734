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

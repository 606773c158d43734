"""Networks that torchvision has not, written in PyTorch from their papers' tables and figures.

Nothing of a spec is read here: each model is typed from the source that it names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from judge import need
from whole import agree

from shapecalc import summarize

if TYPE_CHECKING:
    import torch
    from torch import nn
else:
    torch = need("torch")
    nn = torch.nn

pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore")]


def convolution(
    inputs: int, filters: int, size: int, stride: int = 1, groups: int = 1
) -> list[nn.Module]:
    """Return a convolution that keeps the size, less its stride, and its batch normalisation."""
    made = nn.Conv2d(inputs, filters, size, stride, padding=size // 2, groups=groups, bias=False)
    return [made, nn.BatchNorm2d(filters)]


def mobilenet(width: float) -> nn.Module:
    """Howard et al. 2017, Table 1, with the stride of 1 in its last depthwise layer."""
    wide = [int(width * each) for each in (32, 64, 128, 128, 256, 256, *[512] * 6, 1024, 1024)]
    strides = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1)
    layers = [*convolution(3, wide[0], 3, 2), nn.ReLU()]
    for before, after, stride in zip(wide[:-1], wide[1:], strides, strict=True):
        layers += [*convolution(before, before, 3, stride, groups=before), nn.ReLU()]
        layers += [*convolution(before, after, 1), nn.ReLU()]
    layers += [nn.AvgPool2d(7), nn.Flatten(), nn.Linear(wide[-1], 1000), nn.Softmax(1)]
    return nn.Sequential(*layers)


class UNet(nn.Module):
    """Ronneberger, Fischer, Brox 2015, Figure 1."""

    def __init__(self) -> None:
        super().__init__()
        wide = (64, 128, 256, 512, 1024)
        self.down = nn.ModuleList(map(self.twice, (1, *wide[:-1]), wide))
        self.grow = nn.ModuleList(nn.ConvTranspose2d(2 * each, each, 2, 2) for each in wide[-2::-1])
        self.up = nn.ModuleList(self.twice(2 * each, each) for each in wide[-2::-1])
        self.last = nn.Conv2d(64, 2, 1)

    @staticmethod
    def twice(inputs: int, filters: int) -> nn.Module:
        first, second = nn.Conv2d(inputs, filters, 3), nn.Conv2d(filters, filters, 3)
        return nn.Sequential(first, nn.ReLU(), second, nn.ReLU())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        levels = []
        for number, convolve in enumerate(self.down):
            x = convolve(x if not number else nn.functional.max_pool2d(x, 2))
            levels.append(x)
        for grow, convolve, level in zip(self.grow, self.up, levels[-2::-1], strict=True):
            x = grow(x)
            edge = (level.shape[-1] - x.shape[-1]) // 2
            x = convolve(torch.cat([nn.functional.pad(level, [-edge] * 4), x], 1))
        output: torch.Tensor = self.last(x)
        return output


def dcgan(width: int) -> nn.Module:
    """Radford, Metz, Chintala 2015, Figure 1, with the arrays of the authors' code."""
    layers: list[nn.Module] = [
        nn.Linear(100, 128 * width, bias=False),
        nn.BatchNorm1d(128 * width),
        nn.ReLU(),
        nn.Unflatten(1, (8 * width, 4, 4)),
    ]
    for inputs in (8 * width, 4 * width, 2 * width):
        filters = inputs // 2
        grow = nn.ConvTranspose2d(inputs, filters, 5, 2, 2, output_padding=1, bias=False)
        layers += [grow, nn.BatchNorm2d(filters), nn.ReLU()]
    last = nn.ConvTranspose2d(width, 3, 5, 2, 2, output_padding=1, bias=False)
    return nn.Sequential(*layers, last, nn.Tanh())


def tiny_yolo(filters: int) -> nn.Module:
    """Darknet's cfg/yolov2-tiny-voc.cfg; its pool of stride 1 is padded at the end."""
    layers: list[nn.Module] = []
    inputs = 3
    for wide in (16, 32, 64, 128, 256, 512, 1024, 1024):
        layers += [*convolution(inputs, wide, 3), nn.LeakyReLU(0.1)]
        if wide < 512:
            layers += [nn.MaxPool2d(2)]
        if wide == 512:
            layers += [nn.ZeroPad2d((0, 1, 0, 1)), nn.MaxPool2d(2, 1)]
        inputs = wide
    return nn.Sequential(*layers, nn.Conv2d(1024, filters, 1))


@pytest.mark.parametrize("width", [1, 0.75, 0.5, 0.25])
def test_mobilenet_in_every_width_of_the_paper(width: float) -> None:
    with torch.device("meta"):
        model = mobilenet(width).eval()
    agree(summarize("mobilenet-v1", settings={"w": int(32 * width)}), model)


def test_u_net() -> None:
    with torch.device("meta"):
        model = UNet().eval()
    agree(summarize("unet"), model)


@pytest.mark.parametrize("width", [128, 64])
def test_dcgan(width: int) -> None:
    with torch.device("meta"):
        model = dcgan(width).eval()
    agree(summarize("dcgan", settings={"ngf": width}), model)


@pytest.mark.parametrize("classes", [20, 80])
def test_tiny_yolo(classes: int) -> None:
    with torch.device("meta"):
        model = tiny_yolo(5 * (classes + 5)).eval()
    agree(summarize("tiny-yolo-v2", settings={"classes": classes}), model)

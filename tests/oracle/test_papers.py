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


def c3d() -> nn.Module:
    """Tran et al. 2015, Figure 3; Caffe's pools keep a last window that is not full."""
    layers: list[nn.Module] = []
    inputs = 3
    for number, wide in enumerate(((64,), (128,), (256, 256), (512, 512), (512, 512))):
        for filters in wide:
            layers += [nn.Conv3d(inputs, filters, 3, padding=1), nn.ReLU()]
            inputs = filters
        layers.append(nn.MaxPool3d(2 if number else (1, 2, 2), ceil_mode=True))
    layers.append(nn.Flatten())
    for before, after in ((8192, 4096), (4096, 4096)):
        layers += [nn.Linear(before, after), nn.ReLU(), nn.Dropout()]
    return nn.Sequential(*layers, nn.Linear(4096, 487), nn.Softmax(1))


def m5() -> nn.Module:
    """Dai et al. 2016, Table 1, whose lengths are 8000, 2000, 500, 125 and 32."""
    layers: list[nn.Module] = [nn.ConstantPad1d((38, 38), 0)]
    inputs = 1
    for filters in (128, 128, 256, 512):
        kernel, stride, pad = (3, 1, 1) if inputs > 1 else (80, 4, 0)
        layers += [
            nn.Conv1d(inputs, filters, kernel, stride, pad, bias=False),
            nn.BatchNorm1d(filters),
            nn.ReLU(),
            nn.MaxPool1d(4, ceil_mode=True),
        ]
        inputs = filters
    pooled = [nn.AdaptiveAvgPool1d(1), nn.Flatten()]
    return nn.Sequential(*layers, *pooled, nn.Linear(512, 10), nn.Softmax(1))


def yolo() -> nn.Module:
    """Redmon et al. 2016, Figure 3: (filters, size, stride), and 0 for a pool."""
    narrow, wide = [(256, 1, 1), (512, 3, 1)], [(512, 1, 1), (1024, 3, 1)]
    figure = [
        (64, 7, 2), 0, (192, 3, 1), 0, (128, 1, 1), (256, 3, 1), *narrow, 0,
        *narrow * 4, *wide, 0, *wide * 2, (1024, 3, 1), (1024, 3, 2), *[(1024, 3, 1)] * 2,
    ]  # fmt: skip
    layers: list[nn.Module] = []
    inputs = 3
    for each in figure:
        if isinstance(each, int):
            layers.append(nn.MaxPool2d(2))
            continue
        filters, size, stride = each
        layers += [nn.Conv2d(inputs, filters, size, stride, size // 2), nn.LeakyReLU(0.1)]
        inputs = filters
    layers += [nn.Flatten(), nn.Linear(7 * 7 * 1024, 4096), nn.LeakyReLU(0.1), nn.Dropout()]
    return nn.Sequential(*layers, nn.Linear(4096, 7 * 7 * 30))


class Fcn8s(nn.Module):
    """Long et al. 2015, as its released voc-fcn8s has it: pad 100, offsets 5, 9 and 31."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.levels = nn.ModuleList()
        inputs = 3
        for number, (filters, times) in enumerate(
            ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))
        ):
            layers: list[nn.Module] = []
            for turn in range(times):
                pad = 1 if number or turn else 100
                layers += [nn.Conv2d(inputs, filters, 3, padding=pad), nn.ReLU()]
                inputs = filters
            self.levels.append(nn.Sequential(*layers, nn.MaxPool2d(2, ceil_mode=True)))
        wide = [nn.Conv2d(512, 4096, 7), nn.ReLU(), nn.Conv2d(4096, 4096, 1), nn.ReLU()]
        self.last = nn.Sequential(*wide, nn.Conv2d(4096, classes, 1))
        self.fourth, self.third = nn.Conv2d(512, classes, 1), nn.Conv2d(256, classes, 1)
        self.twice = nn.ConvTranspose2d(classes, classes, 4, 2, bias=False)
        self.again = nn.ConvTranspose2d(classes, classes, 4, 2, bias=False)
        self.eight = nn.ConvTranspose2d(classes, classes, 16, 8, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        size, pools = x.shape[-1], []
        for level in self.levels:
            x = level(x)
            pools.append(x)
        x = self.twice(self.last(x))
        x = self.again(x + cut(self.fourth(pools[3]), 5, x.shape[-1]))
        x = self.eight(x + cut(self.third(pools[2]), 9, x.shape[-1]))
        return cut(x, 31, size)


def cut(x: torch.Tensor, offset: int, size: int) -> torch.Tensor:
    kept = slice(offset, offset + size)
    result = x[..., kept, kept]
    assert result.shape[-2:] == (size, size)
    return result


class Recurrent(nn.Module):
    """A cell's equations, step by step, then a dense layer; PyTorch's two biases a gate."""

    def __init__(self, gates: int, units: int) -> None:
        super().__init__()
        self.units = units
        self.entering = nn.Parameter(torch.empty(gates * units, 1))
        self.again = nn.Parameter(torch.empty(gates * units, units))
        self.biases = nn.Parameter(torch.empty(2, gates * units))
        self.last = nn.Linear(units, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        state = cell = torch.zeros(len(x), self.units, device=x.device)
        for step in x.unbind(-1):
            entering = nn.functional.linear(step, self.entering, self.biases[0])
            again = nn.functional.linear(state, self.again, self.biases[1])
            state, cell = self.step(entering, again, state, cell)
        output: torch.Tensor = self.last(state)
        return output


class Lstm(Recurrent):
    """Hochreiter, Schmidhuber 1997, with a forget gate (Gers et al. 2000)."""

    @staticmethod
    def step(entering: torch.Tensor, again: torch.Tensor, _: torch.Tensor, cell: torch.Tensor):
        admit, forget, fresh, show = (entering + again).chunk(4, 1)
        cell = forget.sigmoid() * cell + admit.sigmoid() * fresh.tanh()
        return show.sigmoid() * cell.tanh(), cell


class Gru(Recurrent):
    """Cho et al. 2014, equations 5 to 8; the reset gate after the product, as in cuDNN."""

    @staticmethod
    def step(entering: torch.Tensor, again: torch.Tensor, state: torch.Tensor, cell: torch.Tensor):
        (reset, keep, fresh), (old, same, past) = entering.chunk(3, 1), again.chunk(3, 1)
        keep = (keep + same).sigmoid()
        fresh = (fresh + (reset + old).sigmoid() * past).tanh()
        return keep * state + (1 - keep) * fresh, cell


class Gpt2Block(nn.Module):
    """Radford et al. 2019, section 2.3: the normalisation stands before each part."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.three, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        wide, narrow = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.rest = nn.Sequential(wide, nn.GELU(), narrow)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        parts = self.three(self.norms[0](x)).chunk(3, -1)
        query, key, value = (each.unflatten(-1, (self.heads, -1)).transpose(1, 2) for each in parts)
        scores = query @ key.mT / query.shape[-1] ** 0.5
        later = torch.ones(scores.shape[-2:], device=x.device).triu(1).bool()
        mixed = scores.masked_fill(later, -torch.inf).softmax(-1) @ value
        x = x + self.out(mixed.transpose(1, 2).flatten(-2))
        result: torch.Tensor = x + self.rest(self.norms[1](x))
        return result


class Gpt2(nn.Module):
    """Radford et al. 2019, Table 2: the table that words are looked up in scores them, too."""

    def __init__(self, depth: int, width: int, heads: int) -> None:
        super().__init__()
        self.table = nn.Embedding(50257, width)
        self.scores = nn.Linear(width, 50257, bias=False)
        self.scores.weight = self.table.weight
        self.places = nn.Parameter(torch.empty(1024, width))
        self.blocks = nn.Sequential(*(Gpt2Block(width, heads) for _ in range(depth)))
        self.norm = nn.LayerNorm(width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.norm(self.blocks(self.table(x.long()) + self.places))
        scores: torch.Tensor = self.scores(x)
        return scores


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


#: Networks without constants that are tried: our spec, and the model that is typed here.
TYPED = {"c3d": c3d, "m5": m5, "yolo-v1": yolo}


@pytest.mark.parametrize("spec", TYPED)
def test_the_network_is_the_paper_s(spec: str) -> None:
    with torch.device("meta"):
        model = TYPED[spec]().eval()
    agree(summarize(spec), model)


@pytest.mark.parametrize("classes", [21, 60])
def test_fcn_for_voc_and_for_another_number_of_classes(classes: int) -> None:
    with torch.device("meta"):
        model = Fcn8s(classes).eval()
    report = summarize("fcn8s", settings={"classes": classes})
    agree(report, model)
    assert report.graph.expected == {"params": report.totals.params, "macs": report.totals.macs}


@pytest.mark.parametrize(
    ("spec", "cell", "gates", "built"),
    [("lstm-mnist", Lstm, 4, nn.LSTM), ("gru-mnist", Gru, 3, nn.GRU)],
)
def test_recurrent_classifiers(
    spec: str, cell: type[Recurrent], gates: int, built: type[nn.Module]
) -> None:
    with torch.device("meta"):
        model = cell(gates, 100).eval()
        same = built(1, 100)
    report = summarize(spec)
    agree(report, model)
    assert report["recurrent"].params == sum(each.numel() for each in same.parameters())


def test_the_typed_cells_compute_what_pytorch_s_compute() -> None:
    torch.manual_seed(1)
    for cell, gates, built in ((Lstm, 4, nn.LSTM), (Gru, 3, nn.GRU)):
        model, same = cell(gates, 5), built(1, 5, batch_first=True)
        model.entering.data, model.again.data = same.weight_ih_l0.data, same.weight_hh_l0.data
        model.biases.data = torch.stack([same.bias_ih_l0.data, same.bias_hh_l0.data])
        x = torch.rand(2, 1, 7)
        assert torch.allclose(model(x), model.last(same(x.mT)[0][:, -1]), atol=1e-6)


#: Depth, width and heads of Table 2's first two rows, and the parameters that were released.
GPT2 = {"small": (12, 768, 12, 124_439_808), "medium": (24, 1024, 16, 354_823_168)}


@pytest.mark.parametrize("size", GPT2)
def test_gpt2(size: str) -> None:
    depth, width, heads, released = GPT2[size]
    with torch.device("meta"):
        model = Gpt2(depth, width, heads).eval()
    settings = {"n": depth, "d": width, "heads": heads}
    report = summarize("gpt2-small", settings=settings)
    agree(report, model)
    assert report.totals.params == released
    assert report.graph.expected == {"params": released, "macs": report.totals.macs}

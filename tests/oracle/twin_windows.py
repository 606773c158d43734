"""The PyTorch twins of convolutions and pools."""

from __future__ import annotations

import math
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

from judge import AnyLayer, need
from twin import Do, framed, is_even, margins, of, padded, pairs, ranked, rounding, spread

from shapecalc.layers import FAMILIES

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn
    from torch.nn import functional
else:
    torch = need("torch")
    nn, functional, Tensor = torch.nn, torch.nn.functional, torch.Tensor


# -- convolutions -------------------------------------------------------------------------------


class Untied(nn.Module):
    """Adds a bias for every place to what a convolution without bias gives."""

    def __init__(self, tied: nn.Module, x: Tensor) -> None:
        super().__init__()
        self.weight, self.__dict__["tied"] = tied.weight, tied
        self.bias = nn.Parameter(torch.empty_like(tied(x)[0]))

    def forward(self, x: Tensor) -> Tensor:
        return self.tied(x) + self.bias


def convolution(
    layer: AnyLayer, x: Tensor, filters: int, groups: int, bias: bool | str, name: str = "Conv"
) -> nn.Module:
    """Build a convolution, with the padding that PyTorch has or in a frame."""
    native = is_even(layer, x) and rounding(layer) == "floor"
    made = ranked(name, x)(
        x.shape[1],
        filters,
        spread(layer.kernel, x),
        spread(layer.stride, x),
        tuple(before for before, _ in pairs(layer.pad, x)) if native else 0,
        dilation=spread(layer.dilation, x),
        groups=groups,
        bias=bias is True,
    )
    made = made if native else framed(made, layer)
    return Untied(made, x) if bias == "per_position" else made


@of("conv")
def _(layer: AnyLayer, x: Tensor) -> nn.Module:
    if layer.connections is not None:
        return Table(layer, x)
    return convolution(layer, x, layer.filters, layer.groups, layer.bias)


class Table(nn.Module):
    """A convolution for every output map, over the input maps that the table names."""

    def __init__(self, layer: AnyLayer, x: Tensor) -> None:
        super().__init__()
        if layer.groups > 1 or len(layer.connections) != layer.filters:
            raise ValueError("one row per filter")
        self.rows = layer.connections
        one = convolution(layer, x[:, :1], 1, 1, bias=False)
        self.weight = nn.Parameter(one.weight.new_empty(sum(map(len, self.rows)), *one.kernel_size))
        self.bias = nn.Parameter(one.weight.new_empty(layer.filters)) if layer.bias else None
        self.window = (one.stride, 0, one.dilation)
        self.margins = margins(layer, x)
        if layer.bias == "per_position":
            sides = one(x[:, :1]).shape[2:]
            self.bias = nn.Parameter(one.weight.new_empty(layer.filters, *sides))

    def forward(self, x: Tensor) -> Tensor:
        x = padded(x, self.margins)
        convolve = getattr(functional, f"conv{x.ndim - 2}d")
        kernels = self.weight.split([len(row) for row in self.rows])
        maps = [
            convolve(x[:, list(row)], kernel[None], None, *self.window)
            for row, kernel in zip(self.rows, kernels, strict=True)
        ]
        y = torch.cat(maps, 1)
        if self.bias is None:
            return y
        return y + (self.bias if self.bias.ndim > 1 else column(self.bias, y))


def column(values: Tensor, like: Tensor) -> Tensor:
    """Shape a value per channel so that it spreads over the sides."""
    return values.reshape(-1, *(1,) * (like.ndim - 2))


@of("depthwise")
def _(layer: AnyLayer, x: Tensor) -> nn.Module:
    channels = x.shape[1]
    return convolution(layer, x, channels * layer.multiplier, channels, layer.bias)


@of("separable")
def _(layer: AnyLayer, x: Tensor) -> nn.Module:
    return Separable(layer, x)


class Separable(nn.Module):
    """A depthwise convolution without bias, then a 1x1 convolution."""

    def __init__(self, layer: AnyLayer, x: Tensor) -> None:
        super().__init__()
        channels = x.shape[1]
        between = channels * layer.multiplier
        self.depthwise = convolution(layer, x, between, channels, bias=False)
        mix = ranked("Conv", x)(between, layer.filters, 1, bias=layer.bias is True)
        untied = layer.bias == "per_position"
        self.pointwise = Untied(mix, self.depthwise(x)) if untied else mix

    def forward(self, x: Tensor) -> Tensor:
        return self.pointwise(self.depthwise(x))


@of("transposed")
def _(layer: AnyLayer, x: Tensor) -> nn.Module:
    fields = kernel, stride, dilation = [
        spread(each, x) for each in (layer.kernel, layer.stride, layer.dilation)
    ]
    extents = [(d * (k - 1) + 1, s) for k, s, d in zip(*fields, strict=True)]
    mode, extra = layer.pad.mode, layer.output_padding
    cut = pairs(layer.pad, x)
    if mode == "same":  # Keras: half of what is too much goes at the start, the rest at the end
        more = (None,) * len(kernel) if extra is None else spread(extra, x)
        cut = [halves(*each) for each in zip(extents, more, strict=True)]
    elif mode == "valid" and extra is None:  # and a stride is never longer than what it gives
        cut = [(0, min(extent - step, 0)) for extent, step in extents]
    even = mode != "same" and all(before == after for before, after in cut)
    made = ranked("ConvTranspose", x)(
        x.shape[1],
        layer.filters,
        kernel,
        stride,
        tuple(before for before, _ in cut) if even else 0,
        output_padding=0 if extra is None or mode == "same" else spread(extra, x),
        groups=layer.groups,
        bias=layer.bias is True,
        dilation=dilation,
    )
    if (
        mode == "same"
        and extra is not None
        and any(one >= step for one, (_, step) in zip(spread(extra, x), extents, strict=True))
    ):
        raise ValueError("more output padding than a stride")
    if not even:
        made.register_forward_hook(lambda _, __, y: framed_output(made, y, cut))
    return Untied(made, x) if layer.bias == "per_position" else made


def halves(side: tuple[int, int], extra: int | None) -> tuple[int, int]:
    """Split what `same` cuts off one side; less than nothing is added at the end."""
    extent, step = side
    surplus = extent - step if extra is None else extent - extent % 2 - extra
    before = max(surplus, 0) // 2
    return before, surplus - before


def framed_output(made: nn.Module, y: Tensor, cut: list[tuple[int, int]]) -> Tensor:
    """Cut margins off an output, or add rows that only the bias reaches."""
    ends = [(-before, -after) for before, after in cut]
    if made.bias is None:
        return padded(y, ends)
    bias = column(made.bias, y)
    return padded(y - bias, ends) + bias


# -- pools --------------------------------------------------------------------------------------


def pooling(name: str, layer: AnyLayer, x: Tensor) -> nn.Module:
    """Build a pool, with PyTorch's own padding and rounding wherever it takes them."""
    kernel, dilation = spread(layer.kernel, x), spread(layer.dilation, x)
    if set(dilation) != {1}:
        name = "MaxPool"  # PyTorch's average pools have no dilation; the windows are the same
    ends = pairs(layer.pad, x)
    if any(max(pad) > d * (k - 1) for pad, k, d in zip(ends, kernel, dilation, strict=True)):
        raise ValueError("a window of padding only")
    native = (
        is_even(layer, x)
        and layer.rounding in ("floor", "ceil")
        and all(before <= k // 2 for (before, _), k in zip(ends, kernel, strict=True))
        and (name == "MaxPool" or all(n >= k for n, k in zip(x.shape[2:], kernel, strict=True)))
    )
    made = ranked(name, x)(
        kernel,
        None if layer.stride is None else spread(layer.stride, x),
        tuple(before for before, _ in ends) if native else 0,
        ceil_mode=native and layer.rounding == "ceil",
        **({"dilation": dilation} if name == "MaxPool" else {}),
    )
    return made if native else framed(made, layer, -math.inf if name == "MaxPool" else 0.0)


@of("maxpool")
def _(layer: AnyLayer, x: Tensor) -> nn.Module:
    return pooling("MaxPool", layer, x)


@of("avgpool")
def _(layer: AnyLayer, x: Tensor) -> nn.Module:
    made = pooling("AvgPool", layer, x)
    if isinstance(made, ranked("AvgPool", x)) and not made._forward_pre_hooks:
        made.count_include_pad = layer.count_include_pad
        return made
    return Do(lambda x: sums(layer, x) / counted(layer, x))


def sums(layer: AnyLayer, x: Tensor, ends: list[tuple[int, int]] | None = None) -> Tensor:
    """Add up every window, inside the layer's margins."""
    x = padded(x, margins(layer, x) if ends is None else ends)
    steps = layer.kernel if layer.stride is None else layer.stride
    fields = (spread(each, x) for each in (layer.kernel, steps, layer.dilation))
    for axis, (k, s, d) in enumerate(zip(*fields, strict=True), 2):
        x = x.unfold(axis, d * (k - 1) + 1, s)[..., ::d].sum(-1)
    return x


def counted(layer: AnyLayer, x: Tensor) -> Tensor:
    """Count each window's elements in the input, or in its padding too; what hangs over never."""
    ones, frame = torch.ones_like(x), margins(layer, x)
    if not layer.count_include_pad:
        return sums(layer, ones).clamp(min=1)
    inner = frame if layer.pad.mode == "same" else pairs(layer.pad, x)
    inner = [(b, min(a, after)) for (b, a), (_, after) in zip(inner, frame, strict=True)]
    over = [(0, after - a) for (_, a), (_, after) in zip(inner, frame, strict=True)]
    inside = functional.pad(ones, [end for pair in reversed(inner) for end in pair], value=1.0)
    return sums(layer, inside, over).clamp(min=1)


@of("subsampling")
def _(layer: AnyLayer, x: Tensor) -> nn.Module:
    pooling("AvgPool", layer, x)  # for what it refuses
    scale = ranked("Conv", x)(x.shape[1], x.shape[1], 1, groups=x.shape[1])
    scale.weight = nn.Parameter(scale.weight.reshape(-1))
    plain = scale._conv_forward
    scale.forward = lambda x: plain(
        sums(layer, x), scale.weight.reshape(-1, 1, *spread((1,), x)), scale.bias
    )
    return scale


@of("global_avgpool")
def _(_: AnyLayer, x: Tensor) -> nn.Module:
    return ranked("AdaptiveAvgPool", x)(1)


@of("global_maxpool")
def _(_: AnyLayer, x: Tensor) -> nn.Module:
    return ranked("AdaptiveMaxPool", x)(1)


@of("adaptive_avgpool")
def _(layer: AnyLayer, x: Tensor) -> nn.Module:
    return ranked("AdaptiveAvgPool", x)(spread(layer.size, x))


@of("adaptive_maxpool")
def _(layer: AnyLayer, x: Tensor) -> nn.Module:
    return ranked("AdaptiveMaxPool", x)(spread(layer.size, x))


# -- what PyTorch has no class for: the tests of a family may hold the twin ----------------------

for _family in FAMILIES:
    if find_spec(f"tests.layers.test_{_family}"):
        for _word, _made in getattr(
            import_module(f"tests.layers.test_{_family}"), "TWINS", {}
        ).items():
            of(_word)(_made)

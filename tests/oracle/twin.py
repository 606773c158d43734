"""A PyTorch twin of every layer, built from the layer's fields and nothing else.

No rule of ours is asked: PyTorch allocates the arrays and sizes the outputs.  Where it has no such
layer, or not with such a field, the twin does what the field says with the means that PyTorch has
(`F.pad`, slices, sums), and that is said where it happens.
"""

from __future__ import annotations

import math
from functools import singledispatch
from typing import TYPE_CHECKING, Any, NamedTuple

from judge import AnyLayer, need

from shapecalc.graph import Input
from shapecalc.layers import layer_class

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import torch
    from torch import Tensor, nn
    from torch.nn import functional
    from torch.utils.flop_counter import FlopCounterMode

    from shapecalc.graph import Node
    from shapecalc.layers.fields import Padding
    from shapecalc.report import Report
    from shapecalc.shape import Shape
else:
    torch = need("torch")
    nn, functional, Tensor = torch.nn, torch.nn.functional, torch.Tensor
    FlopCounterMode = need("torch.utils.flop_counter").FlopCounterMode

#: Batches of two: unlike 1 it cannot hide in a product, and batch normalisation needs it.
BATCH = 2


@singledispatch
def twin(layer: AnyLayer, *inputs: Tensor) -> nn.Module:
    """Build the twin of a layer for inputs of these sizes."""
    raise NotImplementedError(type(layer).__name__)


def of(word: str) -> Callable[..., Any]:
    """Register the twin of a type, by its word."""
    return twin.register(layer_class(word))


class Do(nn.Module):
    """A twin that is a function."""

    def __init__(self, function: Callable[..., Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *inputs: Tensor) -> Tensor:
        return self.function(*inputs)


# -- fields -------------------------------------------------------------------------------------


def spread(values: tuple[int, ...], x: Tensor) -> tuple[int, ...]:
    """Give every side of `x` its value."""
    rank = x.ndim - 2
    if len(values) not in (1, rank) or not rank:
        raise ValueError(f"{len(values)} values for {rank} sides")
    return values * rank if len(values) == 1 else values


def pairs(pad: Padding, x: Tensor) -> list[tuple[int, int]]:
    """Give every side of `x` its padding, before and after."""
    before, after = (spread(tuple(ends), x) for ends in zip(*pad.pairs, strict=True))
    return list(zip(before, after, strict=True))


def ranked(name: str, x: Tensor) -> type[nn.Module]:
    """Return the class for the number of sides that `x` has."""
    if x.ndim == 2:
        raise ValueError(f"{name} needs sides")
    found: type[nn.Module] = getattr(nn, f"{name}{x.ndim - 2}d")
    return found


def rounding(layer: AnyLayer) -> str:
    """Return the rounding where there is that field."""
    return getattr(layer, "rounding", "floor")


def padded(x: Tensor, ends: Sequence[tuple[int, int]], fill: float = 0.0) -> Tensor:
    """Put margins around `x`, or cut them off where they are negative."""
    flat = [end for pair in reversed(ends) for end in pair]
    x = functional.pad(x, [max(end, 0) for end in flat], value=fill)
    return functional.pad(x, [min(end, 0) for end in flat])


def margins(layer: AnyLayer, x: Tensor) -> list[tuple[int, int]]:
    """Return the margins inside which plain windows stand just where the layer's stand."""
    steps = layer.kernel if layer.stride is None else layer.stride
    fields = (spread(each, x) for each in (layer.kernel, steps, layer.dilation))
    return [
        margin(layer.pad.mode, rounding(layer), *numbers)
        for numbers in zip(x.shape[2:], *fields, pairs(layer.pad, x), strict=True)
    ]


def margin(
    mode: str, rule: str, n: int, k: int, s: int, d: int, pad: tuple[int, int]
) -> tuple[int, int]:
    """Return the margins of one side, by where its windows start."""
    before, after = pad
    extent = d * (k - 1) + 1
    if mode == "same":  # TensorFlow, api_docs/python/tf/nn, "Notes on padding"
        total = max((-(-n // s) - 1) * s + extent - n, 0)
        return total // 2, total - total // 2
    if rule == "floor":
        return before, after
    starts = range(0, before + n + after - extent + s, s)  # the last hangs over by less than s
    if rule == "ceil" or (rule == "ceil_caffe" and before + after):
        starts = range(0, min(starts.stop, before + n), s)
    if not starts:
        raise ValueError("no window at all")
    return before, starts[-1] + extent - before - n


def is_even(layer: AnyLayer, x: Tensor) -> bool:
    """Tell whether PyTorch can pad so by itself: a number per side, for both ends."""
    return layer.pad.mode != "same" and all(a == b for a, b in pairs(layer.pad, x))


def framed(module: nn.Module, layer: AnyLayer, fill: float = 0.0) -> nn.Module:
    """Let `module`, which does not pad, find the layer's margins around its input."""
    module.register_forward_pre_hook(lambda _, args: padded(args[0], margins(layer, args[0]), fill))
    return module


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
    if mode == "same" and extra is not None:  # Keras: half a kernel goes at either end,
        cut = [(extent // 2, extent // 2) for extent, _ in extents]
    elif mode == "same":  # or all but a stride for every input;
        cut = [(0, extent - step) for extent, step in extents]
    elif mode == "valid" and extra is None:  # and a stride is never longer than what it gives
        cut = [(0, min(extent - step, 0)) for extent, step in extents]
    even = all(before == after for before, after in cut)
    made = ranked("ConvTranspose", x)(
        x.shape[1],
        layer.filters,
        kernel,
        stride,
        tuple(before for before, _ in cut) if even else 0,
        output_padding=0 if extra is None else spread(extra, x),
        groups=layer.groups,
        bias=layer.bias is True,
        dilation=dilation,
    )
    if not even:
        made.register_forward_hook(lambda _, __, y: padded(y, [(-a, -b) for a, b in cut]))
    return Untied(made, x) if layer.bias == "per_position" else made


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
    return pooling("AvgPool", layer, x)


@of("subsampling")
def _(layer: AnyLayer, x: Tensor) -> nn.Module:
    scale = ranked("Conv", x)(x.shape[1], x.shape[1], 1, groups=x.shape[1])
    scale.weight = nn.Parameter(scale.weight.reshape(-1))
    plain = scale._conv_forward
    pools = pooling("AvgPool", layer, x)
    scale.forward = lambda x: plain(
        pools(x), scale.weight.reshape(-1, 1, *spread((1,), x)), scale.bias
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


# -- dense layers -------------------------------------------------------------------------------


@of("dense")
def _(layer: AnyLayer, x: Tensor) -> nn.Module:
    made = nn.Linear(x[0].numel(), layer.units, layer.bias)
    made.register_forward_pre_hook(lambda _, args: args[0].flatten(1))
    return made


@of("rbf")
def _(layer: AnyLayer, x: Tensor) -> nn.Module:
    made = Do(lambda x: (x.flatten(1)[:, None] - made.codes).square().sum(2))
    made.register_buffer("codes", torch.empty(layer.units, x[0].numel()))
    return made


# -- normalisations -----------------------------------------------------------------------------


@of("lrn")
def _(layer: AnyLayer, x: Tensor) -> nn.Module:
    made = nn.LocalResponseNorm(layer.size, layer.alpha, layer.beta, layer.k)
    return made if x.ndim > 2 else Do(lambda x: made(x[..., None])[..., 0])  # it wants sides


@of("batchnorm")
def _(layer: AnyLayer, x: Tensor) -> nn.Module:
    options = {"affine": layer.affine, "track_running_stats": layer.statistics}
    return getattr(nn, f"BatchNorm{max(x.ndim - 2, 1)}d")(x.shape[1], **options).eval()


@of("layernorm")
def _(layer: AnyLayer, x: Tensor) -> nn.Module:
    if layer.over == "all":
        return nn.LayerNorm(x.shape[1:], elementwise_affine=layer.affine)
    made = nn.LayerNorm(x.shape[1], elementwise_affine=layer.affine)  # over the last axis
    made.register_forward_pre_hook(lambda _, args: args[0].movedim(1, -1))
    made.register_forward_hook(lambda _, __, y: y.movedim(-1, 1))
    return made


@of("groupnorm")
def _(layer: AnyLayer, x: Tensor) -> nn.Module:
    return nn.GroupNorm(layer.groups, x.shape[1], affine=layer.affine)


@of("instancenorm")
def _(layer: AnyLayer, x: Tensor) -> nn.Module:
    made = ranked("InstanceNorm", x)(x.shape[1], affine=layer.affine)
    if math.prod(x.shape[2:]) == 1:  # PyTorch refuses a single place, save as groups of 1 channel
        return nn.GroupNorm(x.shape[1], x.shape[1], affine=layer.affine)
    return made


# -- element by element -------------------------------------------------------------------------

PLAIN = {
    "relu": nn.ReLU,
    "relu6": nn.ReLU6,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "sigmoid": nn.Sigmoid,
    "hard_sigmoid": nn.Hardsigmoid,
    "hard_swish": nn.Hardswish,
    "tanh": nn.Tanh,
    "softplus": nn.Softplus,
    "identity": nn.Identity,
    "flatten": nn.Flatten,
}
for _word, _made in PLAIN.items():
    of(_word)(lambda _, __, made=_made: made())


@of("leaky_relu")
def _(layer: AnyLayer, _: Tensor) -> nn.Module:
    return nn.LeakyReLU(layer.slope)


@of("prelu")
def _(layer: AnyLayer, x: Tensor) -> nn.Module:
    return nn.PReLU(1 if layer.shared else x.shape[1])


@of("elu")
def _(layer: AnyLayer, _: Tensor) -> nn.Module:
    return nn.ELU(layer.alpha)


@of("softmax")
def _(layer: AnyLayer, x: Tensor) -> nn.Module:
    if layer.over == "channels":
        return nn.Softmax(1)
    if x.ndim == 2:
        raise ValueError("no positions")
    return Do(lambda x: x.flatten(2).softmax(2).reshape(x.shape))


@of("dropout")
def _(layer: AnyLayer, _: Tensor) -> nn.Module:
    return nn.Dropout(layer.rate)


# -- moving elements ----------------------------------------------------------------------------


@of("reshape")
def _(layer: AnyLayer, _: Tensor) -> nn.Module:
    return Do(lambda x: x.movedim(1, -1).reshape(len(x), *layer.shape).movedim(-1, 1))


@of("permute")
def _(layer: AnyLayer, x: Tensor) -> nn.Module:
    if x.ndim == 2:
        raise ValueError("a single axis")
    order = [0, *(axis + 1 for axis in layer.order)]
    return Do(lambda x: x.movedim(1, -1).permute(order).movedim(-1, 1))


@of("pad")
def _(layer: AnyLayer, x: Tensor) -> nn.Module:
    ends = pairs(layer.pad, x)
    return Do(lambda x: padded(x, ends))


@of("crop")
def _(layer: AnyLayer, x: Tensor) -> nn.Module:
    if (layer.to is None) == (layer.crop is None):
        raise ValueError("one of the two")
    if layer.to is None:
        ends = pairs(layer.crop, x)
        return Do(lambda x: padded(x, [(-before, -after) for before, after in ends]))
    sizes = spread(layer.to, x)

    def centre(x: Tensor) -> Tensor:
        for axis, size in enumerate(sizes, 2):
            x = x.narrow(axis, (x.shape[axis] - size) // 2, size)
        return x

    return Do(centre)


@of("upsample")
def _(layer: AnyLayer, x: Tensor) -> nn.Module:
    linear = ("linear", "bilinear", "trilinear")
    factors = tuple(map(float, spread(layer.factor, x)))
    return nn.Upsample(
        scale_factor=factors, mode="nearest" if layer.mode == "nearest" else linear[x.ndim - 3]
    )


@of("channel_shuffle")
def _(layer: AnyLayer, x: Tensor) -> nn.Module:
    made = nn.ChannelShuffle(layer.groups)
    return made if x.ndim > 2 else Do(lambda x: made(x[..., None])[..., 0])  # it wants sides


# -- joins --------------------------------------------------------------------------------------


@of("concat")
def _(_: AnyLayer, *__: Tensor) -> nn.Module:
    return Do(lambda *inputs: torch.cat(inputs, 1))


@of("add")
def _(_: AnyLayer, *__: Tensor) -> nn.Module:
    return Do(lambda *inputs: torch.stack(inputs).sum(0))  # unlike +, it wants equal shapes


@of("multiply")
def _(_: AnyLayer, *inputs: Tensor) -> nn.Module:
    like = max(inputs, key=Tensor.dim)
    if any(x.ndim not in (2, like.ndim) for x in inputs):
        raise ValueError("maps of different ranks")

    def multiply(*inputs: Tensor) -> Tensor:
        return math.prod(x.reshape(*x.shape, *(1,) * (like.ndim - x.ndim)) for x in inputs)

    return Do(multiply)


# -- networks -----------------------------------------------------------------------------------


class Ran(NamedTuple):
    """What a layer's twin owned and gave: everything without the batch, channels first."""

    arrays: Mapping[str, tuple[str, tuple[int, ...]]]
    output: tuple[int, ...]
    macs: int


def run(
    nodes: Sequence[tuple[AnyLayer, Node]],
    build: Callable[..., nn.Module] = twin,
    device: str = "meta",
) -> tuple[list[Ran], int]:
    """Build and run the twin of a network; return what its layers did, and its parameters."""
    outputs: list[Tensor] = []
    modules: list[nn.Module] = []
    ran = []
    with torch.device(device), torch.no_grad():
        for layer, node in nodes:
            inputs = [outputs[index] for index in node.inputs]
            if isinstance(layer, Input):
                module: nn.Module = Do(
                    lambda shape=layer.shape: torch.rand(BATCH, *as_torch(shape))
                )
            else:
                module = build(layer, *inputs) if node.share is None else modules[node.share]
            with FlopCounterMode(display=False) as counter:
                output = module(*inputs)
            if 0 in output.shape:
                raise ValueError("nothing is left")
            modules.append(module)
            outputs.append(output)
            macs, rest = divmod(counter.get_total_flops(), 2 * BATCH)
            assert not rest
            ran.append(Ran(arrays(module), tuple(output.shape[1:]), macs))
    distinct = {id(array): array for module in modules for array in module.parameters()}
    return ran, sum(array.numel() for array in distinct.values())


def as_torch(shape: Shape) -> tuple[int, ...]:
    """Order a shape's extents as PyTorch does."""
    return (shape.channels, *shape.sides)


def arrays(module: nn.Module) -> dict[str, tuple[str, tuple[int, ...]]]:
    """List a twin's arrays: name -> (role, shape)."""
    found = {}
    for name, array in module.named_parameters():
        last = name.rsplit(".", 1)[-1]
        found["bias" if last == "bias" else name] = (last, tuple(array.shape))
    for name, array in module.named_buffers():
        if name != "num_batches_tracked":
            found[name] = ("buffer", tuple(array.shape))
    return found


def differences(
    report: Report, build: Callable[..., nn.Module] = twin, device: str = "meta"
) -> list[str]:
    """List where a report and the twin of its network disagree."""
    wired = [(row.layer, node) for row, node in zip(report.rows, report.graph.nodes, strict=True)]
    ran, params = run(wired, build, device)
    found = []
    for row, theirs in zip(report.rows, ran, strict=True):
        owned = {each.name: (each.role, each.shape) for each in row.parameters}
        ours = Ran(owned, as_torch(row.output), row.macs)
        for what, mine, other in zip(Ran._fields, ours, theirs, strict=True):
            if mine != other:
                found.append(f"{row.name} {what}: ours {mine}, PyTorch's {other}")
    for what, mine, other in (
        ("params", report.totals.params, params),
        ("macs", report.totals.macs, sum(each.macs for each in ran)),
    ):
        if mine != other:
            found.append(f"total {what}: ours {mine}, PyTorch's {other}")
    return found

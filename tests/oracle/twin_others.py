"""The PyTorch twins of layers without a window."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from judge import AnyLayer, need
from twin import Do, of, padded, pairs, ranked, spread

from tests.kinds import PLAIN

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch
    from torch import Tensor, nn
else:
    torch = need("torch")
    nn, Tensor = torch.nn, torch.Tensor


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


@of("rmsnorm")
def _(layer: AnyLayer, x: Tensor) -> nn.Module:
    made = nn.RMSNorm(x.shape[1], eps=1e-5, elementwise_affine=layer.scale)  # over the last axis
    made.register_forward_pre_hook(lambda _, args: args[0].movedim(1, -1))
    made.register_forward_hook(lambda _, __, y: y.movedim(-1, 1))
    return made


# -- element by element -------------------------------------------------------------------------

#: PyTorch's classes by their names, without capitals.
CLASSES = {name.lower(): made for name, made in vars(nn).items() if isinstance(made, type)}
#: What has no fields is PyTorch's class of the same name.
SAME = {word: CLASSES[word.replace("_", "")] for word in PLAIN}
SAME["flatten"] = nn.Flatten
for _word, _made in SAME.items():
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


@of("stochastic_depth")
def _(layer: AnyLayer, _: Tensor) -> nn.Module:
    return need("torchvision.ops").StochasticDepth(layer.rate, "row").eval()


def halves(gate: Callable[[Tensor], Tensor]) -> nn.Module:
    """Weigh one half of the channels by a function of the other."""

    def forward(x: Tensor) -> Tensor:
        if x.shape[1] % 2:
            raise ValueError("no halves")
        a, b = x.chunk(2, 1)
        return a * gate(b)

    return Do(forward)


@of("glu")
def _(_: AnyLayer, __: Tensor) -> nn.Module:
    return nn.GLU(1)


@of("geglu")
def _(_: AnyLayer, __: Tensor) -> nn.Module:
    return halves(nn.functional.gelu)


@of("swiglu")
def _(_: AnyLayer, __: Tensor) -> nn.Module:
    return halves(nn.functional.silu)


@of("maxout")
def _(layer: AnyLayer, _: Tensor) -> nn.Module:
    return Do(lambda x: x.unflatten(1, (-1, layer.pieces)).amax(2))


# -- recurrent layers ---------------------------------------------------------------------------


def recurrent(made: type[nn.RNNBase]) -> Callable[[AnyLayer, Tensor], nn.Module]:
    """Build PyTorch's layer, which reads the batch, the steps, then the channels."""

    def build(layer: AnyLayer, x: Tensor) -> nn.Module:
        if x.ndim != 3:
            raise ValueError("no sequence")
        if layer.biases not in (0, 2):
            raise ValueError("two biases or none")
        options = {"bias": layer.biases > 0, "bidirectional": layer.bidirectional}
        net = made(x.shape[1], layer.units, layer.layers, batch_first=True, **options)
        ways = 2 if layer.bidirectional else 1

        def chosen(_: nn.Module, __: object, result: tuple[Tensor, Any]) -> Tensor:
            outputs, states = result
            if layer.returns == "all":
                return outputs.movedim(1, 2)
            last = states[0] if isinstance(states, tuple) else states
            return torch.cat(list(last[-ways:]), 1)

        net.register_forward_pre_hook(lambda _, args: args[0].movedim(1, 2))
        net.register_forward_hook(chosen)
        return net

    return build


for _word, _recurrent in {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}.items():
    of(_word)(recurrent(_recurrent))


# -- moving elements ----------------------------------------------------------------------------


@of("reshape")
def _(layer: AnyLayer, x: Tensor) -> nn.Module:
    *sides, channels = layer.shape
    if x.ndim == 2 or not sides:  # a row holds a map channel by channel
        return Do(lambda x: x.reshape(len(x), channels, *sides))
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
    if layer.to is None and layer.offset is not None:
        raise ValueError("an offset of nothing")
    if layer.to is None:
        ends = pairs(layer.crop, x)
        return Do(lambda x: padded(x, [(-before, -after) for before, after in ends]))
    sizes = spread(layer.to, x)
    starts = [(n - size) // 2 for n, size in zip(x.shape[2:], sizes, strict=True)]
    if layer.offset is not None:
        starts = list(spread(layer.offset, x))

    def centre(x: Tensor) -> Tensor:
        for axis, (start, size) in enumerate(zip(starts, sizes, strict=True), 2):
            if start < 0:  # which counts from the end
                raise ValueError("too large")
            x = x.narrow(axis, start, size)
        return x

    return Do(centre)


@of("upsample")
def _(layer: AnyLayer, x: Tensor) -> nn.Module:
    linear = ("linear", "bilinear", "trilinear")
    if layer.to is not None and layer.factor is not None:
        raise ValueError("one of the two")
    mode = "nearest" if layer.mode == "nearest" else linear[x.ndim - 3]
    corners = None if layer.align == "centres" else True
    if layer.to is not None:
        return nn.Upsample(size=spread(layer.to, x), mode=mode, align_corners=corners)
    parts = spread(layer.factor or (2,), x)
    factors = tuple(p[0] / p[1] if isinstance(p, tuple) else float(p) for p in parts)
    return nn.Upsample(scale_factor=factors, mode=mode, align_corners=corners)


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

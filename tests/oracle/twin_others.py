"""The PyTorch twins of layers without a window."""

from __future__ import annotations

import math
from functools import reduce
from typing import TYPE_CHECKING, Any

from judge import AnyLayer, need
from twin import Do, of, padded, pairs, ranked, spread

from tests.kinds import PLAIN

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import torch
    from torch import Tensor, nn
else:
    torch = need("torch")
    nn, Tensor = torch.nn, torch.Tensor


# -- dense layers -------------------------------------------------------------------------------


@of("dense")
def _(layer: AnyLayer, x: Tensor) -> nn.Module:
    if layer.over == "channels":
        made = nn.Linear(x.shape[1], layer.units, layer.bias)
        made.register_forward_pre_hook(lambda _, args: args[0].movedim(1, -1))
        made.register_forward_hook(lambda _, __, output: output.movedim(-1, 1))
        return made
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


def trained(layer: AnyLayer, made: nn.Module) -> nn.Module:
    """Take a normalisation's scale or its shift away, which PyTorch has for few by itself."""
    for name, has in (("weight", layer.scale), ("bias", layer.shift)):
        if layer.affine and not has:
            setattr(made, name, None)
    return made


def head(layer: AnyLayer, x: Tensor) -> int:
    """Return the channels of a head."""
    size, rest = divmod(x.shape[1], layer.heads)
    if rest:
        raise ValueError("channels that fall into no heads")
    return int(size)


def by_heads(layer: AnyLayer, made: nn.Module) -> nn.Module:
    """Let what normalises the last axis normalise the channels of every head."""
    made.register_forward_pre_hook(
        lambda _, args: args[0].movedim(1, -1).unflatten(-1, (layer.heads, -1))
    )
    made.register_forward_hook(lambda _, __, y: y.flatten(-2).movedim(-1, 1))
    return made


@of("batchnorm")
def _(layer: AnyLayer, x: Tensor) -> nn.Module:
    options = {"affine": layer.affine, "track_running_stats": layer.statistics}
    made = getattr(nn, f"BatchNorm{max(x.ndim - 2, 1)}d")(x.shape[1], **options).eval()
    return trained(layer, made)


@of("layernorm")
def _(layer: AnyLayer, x: Tensor) -> nn.Module:
    if layer.over == "all":
        if layer.heads != 1:
            raise ValueError("heads are parts of the channels")
        return trained(layer, nn.LayerNorm(x.shape[1:], elementwise_affine=layer.affine))
    made = nn.LayerNorm(head(layer, x), elementwise_affine=layer.affine)  # over the last axis
    return by_heads(layer, trained(layer, made))


def grouped(layer: AnyLayer, groups: int, x: Tensor) -> nn.Module:
    """Normalise groups; a shift alone is added behind, as PyTorch 2.13 has no way back through it."""
    alone = layer.affine and layer.shift and not layer.scale
    made = nn.GroupNorm(groups, x.shape[1], affine=layer.affine and not alone)
    if not alone:
        return trained(layer, made)
    made.register_parameter("bias", nn.Parameter(x.new_zeros(x.shape[1])))
    made.forward = lambda x: (
        nn.functional.group_norm(x, groups) + made.bias.reshape(-1, *(1,) * (x.ndim - 2))
    )
    return made


@of("groupnorm")
def _(layer: AnyLayer, x: Tensor) -> nn.Module:
    return grouped(layer, layer.groups, x)


@of("instancenorm")
def _(layer: AnyLayer, x: Tensor) -> nn.Module:
    made = ranked("InstanceNorm", x)(x.shape[1], affine=layer.affine)
    if math.prod(x.shape[2:]) == 1:  # PyTorch refuses a single place, save as groups of 1 channel
        return grouped(layer, x.shape[1], x)
    return trained(layer, made)


@of("rmsnorm")
def _(layer: AnyLayer, x: Tensor) -> nn.Module:
    made = nn.RMSNorm(head(layer, x), eps=1e-5, elementwise_affine=layer.scale)
    return by_heads(layer, made)


# -- element by element -------------------------------------------------------------------------

#: PyTorch's classes by their names, without capitals.
CLASSES = {name.lower(): made for name, made in vars(nn).items() if isinstance(made, type)}
#: What has no fields is PyTorch's class of the same name.
SAME = {word: CLASSES[word.replace("_", "")] for word in PLAIN if word.replace("_", "") in CLASSES}
SAME["flatten"] = nn.Flatten
for _word, _made in SAME.items():
    of(_word)(lambda _, __, made=_made: made())


for _word, _function in {
    "abs": torch.abs, "negative": torch.neg, "exp": torch.exp, "log": torch.log, "sqrt": torch.sqrt,
}.items():  # fmt: skip
    of(_word)(lambda _, __, function=_function: Do(function))


@of("power")
def _(layer: AnyLayer, _: Tensor) -> nn.Module:
    return Do(lambda x: x.pow(layer.exponent))


@of("clip")
def _(layer: AnyLayer, _: Tensor) -> nn.Module:
    return Do(lambda x: x.clamp(*layer.range))


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
    axes = along(layer.over, x)
    if len(axes) == 1:
        return nn.Softmax(axes[0])
    last = range(-len(axes), 0)

    def over_several(x: Tensor) -> Tensor:
        moved = x.movedim(axes, tuple(last))
        rows = moved.flatten(-len(axes)).softmax(-1)
        return rows.reshape(moved.shape).movedim(tuple(last), axes)

    return Do(over_several)


@of("dropout")
def _(layer: AnyLayer, _: Tensor) -> nn.Module:
    return nn.Dropout(layer.rate)


@of("hardtanh")
def _(layer: AnyLayer, _: Tensor) -> nn.Module:
    return nn.Hardtanh(*layer.range)


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


# -- trained arrays -----------------------------------------------------------------------------


class Trained(nn.Module):
    """Arrays of its own, which PyTorch's programmers write as `nn.Parameter`."""

    def __init__(
        self, function: Callable[..., Tensor], shape: Sequence[int], names: Sequence[str]
    ) -> None:
        super().__init__()
        self.function = function
        for name in names:
            self.register_parameter(name, nn.Parameter(torch.ones(*shape)))

    def forward(self, *inputs: Tensor) -> Tensor:
        return self.function(*self.parameters(), *inputs)


def numbers(layer: AnyLayer, x: Tensor) -> tuple[int, ...]:
    """Return the extents of what a scale or a bias trains."""
    if layer.per == "position" and x.ndim == 2:
        raise ValueError("no positions")
    extents = {"channel": x.shape[1:2], "position": x.shape[2:], "element": x.shape[1:]}
    return tuple(extents.get(layer.per, (1,)))


def laid(layer: AnyLayer, array: Tensor, x: Tensor) -> Tensor:
    """Lay what is trained along what flows in."""
    return array.reshape(-1, *(1,) * (x.ndim - 2)) if layer.per == "channel" else array


@of("scale")
def _(layer: AnyLayer, x: Tensor) -> nn.Module:
    def scaled(weight: Tensor, *rest: Tensor) -> Tensor:
        *shift, x = rest
        y = x * laid(layer, weight, x)
        return y + laid(layer, shift[0], x) if shift else y

    return Trained(scaled, numbers(layer, x), ["weight", "bias"] if layer.bias else ["weight"])


@of("bias")
def _(layer: AnyLayer, x: Tensor) -> nn.Module:
    return Trained(lambda bias, x: x + laid(layer, bias, x), numbers(layer, x), ["bias"])


@of("position_embedding")
def _(_: AnyLayer, x: Tensor) -> nn.Module:
    return Trained(lambda weight, x: x + weight, x.shape[1:], ["weight"])


@of("token")
def _(layer: AnyLayer, x: Tensor) -> nn.Module:
    if x.ndim != 3:
        raise ValueError("no sequence")

    def extended(weight: Tensor, x: Tensor) -> Tensor:
        return torch.cat((weight.expand(len(x), -1, -1), x), 2)

    return Trained(extended, (x.shape[1], layer.count), ["weight"])


@of("parameter")
def _(layer: AnyLayer) -> nn.Module:
    *sides, channels = layer.shape
    return Trained(lambda weight: weight[None].clone(), (channels, *sides), ["weight"])


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
    given = [size for size in (layer.crop, layer.to, layer.like) if size is not None]
    if len(given) != 1:
        raise ValueError("one of the three")
    if layer.crop is not None and layer.offset is not None:
        raise ValueError("an offset of nothing")
    if layer.crop is not None:
        ends = pairs(layer.crop, x)
        return Do(lambda x: padded(x, [(-before, -after) for before, after in ends]))
    sizes = spread(given[0], x)
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


# -- tables ---------------------------------------------------------------------------------------


@of("embedding")
def _(layer: AnyLayer, x: Tensor) -> nn.Module:
    if x.ndim > 2 and x.shape[1] != 1:
        raise ValueError("more than one index at a place")
    made = nn.Embedding(layer.entries, layer.size)

    def indices(_: nn.Module, args: tuple[Tensor]) -> Tensor:
        whole = args[0].round().long() % layer.entries
        return whole if x.ndim == 2 else whole[:, 0]

    made.register_forward_pre_hook(indices)
    made.register_forward_hook(lambda _, __, output: output.movedim(-1, 1))
    return made


# -- along axes ---------------------------------------------------------------------------------


def along(over: Sequence[str | int], x: Tensor) -> tuple[int, ...]:
    """Return a tensor's axes by their names, or by their numbers in a shape that is written."""
    rank = x.ndim - 2
    names = {0: (), 1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}[rank]
    if "positions" in over and not rank:
        raise ValueError("no positions")
    words = [axis for word in over for axis in (names if word == "positions" else [word])]
    written = [
        axis if isinstance(axis, int) else (*names, "channels").index(axis) for axis in words
    ]
    if max(written) > rank or len(set(written)) < len(written):
        raise ValueError("no such axes")
    return tuple(1 if axis == rank else axis + 2 for axis in written)


def reduced(join: Callable[..., Tensor]) -> Callable[..., nn.Module]:
    """Make the twin of a reduction."""

    def build(layer: AnyLayer, x: Tensor) -> nn.Module:
        axes = along(layer.over, x)

        def reduce_(x: Tensor) -> Tensor:
            if layer.keep:
                return join(x, axes, keepdim=True)
            channels_last = x.movedim(1, -1)
            last = [x.ndim - 1 if axis == 1 else axis - 1 for axis in axes]
            left = join(channels_last, last)
            return left[:, None] if left.ndim == 1 else left.movedim(-1, 1)

        return Do(reduce_)

    return build


for _word, _join in {"mean": torch.mean, "sum": torch.sum, "max": torch.amax}.items():
    of(_word)(reduced(_join))


@of("l2norm")
def _(layer: AnyLayer, x: Tensor) -> nn.Module:
    axes = along(layer.over, x)
    return Do(lambda x: nn.functional.normalize(x, dim=axes))


# -- joins --------------------------------------------------------------------------------------


@of("concat")
def _(_: AnyLayer, *__: Tensor) -> nn.Module:
    return Do(lambda *inputs: torch.cat(inputs, 1))


@of("add")
def _(layer: AnyLayer, *__: Tensor) -> nn.Module:
    constants = sum(end for end in (layer.left, layer.right) if end is not None)
    # Unlike +, stack wants equal shapes.
    return Do(lambda *inputs: torch.stack(inputs).sum(0) + constants)


def joining(step: Callable[[Tensor, Tensor], Tensor]) -> Callable[..., nn.Module]:
    """Make the twin of a join that stretches, from what it does to two."""

    def build(layer: AnyLayer, *inputs: Tensor) -> nn.Module:
        like = max(inputs, key=Tensor.dim)
        if any(x.ndim not in (2, like.ndim) for x in inputs):
            raise ValueError("maps of different ranks")

        def join(*inputs: Tensor) -> Tensor:
            operands = [x.reshape(*x.shape, *(1,) * (like.ndim - x.ndim)) for x in inputs]
            left, right = (
                [] if end is None else [operands[0].new_tensor(end)]
                for end in (layer.left, layer.right)
            )
            return reduce(step, [*left, *operands, *right])

        return Do(join)

    return build


for _word, _step in {
    "multiply": torch.mul, "subtract": torch.sub, "divide": torch.div,
    "maximum": torch.maximum, "minimum": torch.minimum,
}.items():  # fmt: skip
    of(_word)(joining(_step))

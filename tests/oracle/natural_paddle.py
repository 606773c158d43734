"""Networks of Paddle's layers, built from our graphs, for its own counter, which counts modules."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from judge import AnyLayer, need
from twin import margins, pairs, spread

from shapecalc.graph import Input
from shapecalc.layers.shape import Vector

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shapecalc.layers.shape import Shape
    from shapecalc.report import Report

paddle = need("paddle")
nn = paddle.nn


class NotInPaddleError(Exception):
    """Paddle has no such layer, or not with such a field."""


def as_tensor(shape: Shape) -> Any:
    """Return what `twin.margins` asks of a tensor: its extents, channels first."""
    extents = (1, shape.channels, *shape.sides)
    return SimpleNamespace(shape=extents, ndim=len(extents))


def alike(layer: AnyLayer, x: Shape) -> list[int]:
    """Return the padding of every side, for both ends."""
    ends = margins(layer, as_tensor(x))
    if any(before != after for before, after in ends):
        raise NotInPaddleError("its two ends are padded differently, by a layer of its own")
    return [before for before, _ in ends]


def window(layer: AnyLayer, x: Shape) -> dict[str, Any]:
    """Return the fields that convolutions share."""
    tensor = as_tensor(x)
    if getattr(layer, "bias", True) == "per_position":
        raise NotInPaddleError("a bias for every position")
    return {
        "kernel_size": list(spread(layer.kernel, tensor)),
        "stride": list(spread(layer.stride, tensor)),
        "dilation": list(spread(layer.dilation, tensor)),
        "bias_attr": None if layer.bias else False,
    }


class Do(nn.Layer):  # type: ignore[misc,name-defined]
    """What is a function in a programmer's forward, and no layer that is counted."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *flow: Any) -> Any:
        return self.function(*flow)


def plain() -> dict[str, Callable[[], Any]]:
    """Return the layers without fields that we have too."""
    names = {
        "relu": "ReLU", "relu6": "ReLU6", "leaky_relu": "LeakyReLU", "elu": "ELU", "gelu": "GELU",
        "silu": "Silu", "sigmoid": "Sigmoid", "hard_sigmoid": "Hardsigmoid", "tanh": "Tanh",
        "hard_swish": "Hardswish", "softplus": "Softplus", "mish": "Mish", "dropout": "Dropout",
        "identity": "Identity", "flatten": "Flatten",
    }  # fmt: skip
    return {word: getattr(nn, name) for word, name in names.items()}


def written(layer: AnyLayer, shapes: Sequence[Shape], y: Shape) -> Any:
    """Build a layer as a programmer would."""
    word, x = layer.type, shapes[0]
    rank = len(x.sides)
    functions: dict[str, Callable[..., Any]] = {
        "add": lambda *xs: sum(xs[1:], start=xs[0]),
        "multiply": lambda *xs: math.prod(xs[1:], start=xs[0]),
        "concat": lambda *xs: paddle.concat(list(xs), 1),
        "abs": paddle.abs, "exp": paddle.exp, "log": paddle.log, "sqrt": paddle.sqrt, "negative": lambda x: -x,
        "stochastic_depth": lambda x: x,
    }  # fmt: skip
    if word in functions:
        return Do(functions[word])
    if word in plain():
        return plain()[word]()
    if word in ("conv", "depthwise", "separable") and getattr(layer, "connections", None) is None:
        return convolution(layer, x)
    if word == "transposed" and layer.pad.mode == "given":
        tensor, ends = as_tensor(x), pairs(layer.pad, as_tensor(x))
        if any(before != after for before, after in ends):
            raise NotInPaddleError("its two ends are cut differently")
        extra = spread(layer.output_padding or (0,), tensor)
        return getattr(nn, f"Conv{rank}DTranspose")(
            x.channels,
            layer.filters,
            padding=[before for before, _ in ends],
            output_padding=list(extra),
            groups=layer.groups,
            **window(layer, x),
        )
    if word == "dense":
        linear = nn.Linear(
            x.channels if layer.over == "channels" else x.size,
            layer.units,
            bias_attr=None if layer.bias else False,
        )
        if layer.over == "channels" and rank:
            return nn.Sequential(Do(last), linear, Do(first))
        return nn.Sequential(nn.Flatten(), linear) if rank else linear
    if word in ("maxpool", "avgpool"):
        return pooled(layer, x)
    if word in ("global_avgpool", "global_maxpool", "adaptive_avgpool", "adaptive_maxpool"):
        name = f"Adaptive{'Avg' if 'avg' in word else 'Max'}Pool{rank}D"
        size = [1] * rank if word.startswith("global") else list(spread(layer.size, as_tensor(x)))
        return getattr(nn, name)(size if rank > 1 else size[0])
    if word in ("batchnorm", "instancenorm", "groupnorm"):
        attr = None if layer.affine else False
        if word == "groupnorm":
            return nn.GroupNorm(layer.groups, x.channels, weight_attr=attr, bias_attr=attr)
        name = f"{'BatchNorm' if word == 'batchnorm' else 'InstanceNorm'}{max(rank, 1)}D"
        return getattr(nn, name)(x.channels, weight_attr=attr, bias_attr=attr)
    if word == "lrn":
        return nn.LocalResponseNorm(layer.size)
    if word == "softmax" and tuple(layer.over) == ("channels",):
        return nn.Softmax(1)
    if word == "prelu":
        return nn.PReLU(x.channels)
    if word == "upsample" and layer.mode == "nearest" and rank == 2:
        return nn.Upsample(size=list(y.sides))
    raise NotInPaddleError(f"no twin of {word}")


def last(x: Any) -> Any:
    """Move the channels to the end."""
    return paddle.moveaxis(x, 1, -1)


def first(x: Any) -> Any:
    """Move the channels back."""
    return paddle.moveaxis(x, -1, 1)


def convolution(layer: AnyLayer, x: Shape) -> Any:
    """Build a convolution, or the two of a separable one."""
    made = getattr(nn, f"Conv{len(x.sides)}D")
    pad = alike(layer, x)
    if layer.type == "conv":
        return made(x.channels, layer.filters, padding=pad, groups=layer.groups, **window(layer, x))
    between = x.channels * layer.multiplier
    fields = {"padding": pad, "groups": x.channels, **window(layer, x)}
    if layer.type == "depthwise":
        return made(x.channels, between, **fields)
    mix = made(between, layer.filters, 1, bias_attr=fields["bias_attr"])
    return nn.Sequential(made(x.channels, between, **fields | {"bias_attr": False}), mix)


def pooled(layer: AnyLayer, x: Shape) -> Any:
    """Build a pool; what its padding holds changes no count."""
    tensor = as_tensor(x)
    if set(layer.dilation) != {1}:
        raise NotInPaddleError("its pools have no dilation")
    rounding = layer.rounding == "ceil"
    if layer.rounding not in ("floor", "ceil"):
        raise NotInPaddleError("it has no such rounding")
    given = layer.pad.mode == "given"
    ends = pairs(layer.pad, tensor) if given else margins(layer, tensor)
    if any(before != after for before, after in ends):
        raise NotInPaddleError("its two ends are padded differently, by a layer of its own")
    steps = layer.kernel if layer.stride is None else layer.stride
    name = f"{'Max' if layer.type == 'maxpool' else 'Avg'}Pool{len(x.sides)}D"
    return getattr(nn, name)(
        list(spread(layer.kernel, tensor)),
        list(spread(steps, tensor)),
        padding=[before for before, _ in ends],
        ceil_mode=rounding,
    )


class Net(nn.Layer):  # type: ignore[misc,name-defined]
    """A network: every layer a module, wired as the graph says."""

    def __init__(self, report: Report) -> None:
        super().__init__()
        self.nodes, self.shapes = report.graph.nodes, [row.output for row in report.rows]
        self.made = nn.LayerList()
        for row, node in zip(report.rows, self.nodes, strict=True):
            inputs = [self.shapes[index] for index in node.inputs]
            if node.share is not None:
                raise NotInPaddleError("weights of another layer")
            is_input = isinstance(row.layer, Input)
            self.made.append(nn.Identity() if is_input else written(row.layer, inputs, row.output))

    def forward(self, *given: Any) -> Any:
        flow: list[Any] = []
        waiting = iter(given)
        for layer, node, shape in zip(self.made, self.nodes, self.shapes, strict=True):
            inputs = [flow[index] for index in node.inputs]
            flow.append(layer(*inputs) if inputs else next(waiting))
            assert tuple(flow[-1].shape) == extents(shape), (flow[-1].shape, shape)
        return flow[-1]


def flops(report: Report) -> int:
    """Return what `paddle.flops` prints of a network of one input.

    Raises `NotInPaddleError` for a layer that it has not.
    """
    inputs = [row for row in report.rows if isinstance(row.layer, Input)]
    if len(inputs) > 1:
        raise NotInPaddleError("paddle.flops makes one input by itself")
    return int(paddle.flops(Net(report), list(extents(inputs[0].output))))


def extents(shape: Any) -> tuple[int, ...]:
    """Return the extents of one example, channels first."""
    return (1, shape.size) if isinstance(shape, Vector) else (1, shape.channels, *shape.sides)

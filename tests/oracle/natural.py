"""Networks as PyTorch programmers write them, built from our graphs, for tools that count modules.

The twins of `twin.py` do what our layers do by whatever means; a tool that counts by the type of a
module needs the means that people use: `+` for a sum, `nn.MaxPool2d(3)` with one number for a square
kernel, a flatten before a dense layer.
"""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING, Any

import twin_others
import twin_windows
from judge import AnyLayer, need
from twin import Do, margins, tied, twin

from shapecalc.graph import Input
from shapecalc.layers import layer_class
from shapecalc.layers.fields import Padding

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch
    from torch import Tensor, nn

    from shapecalc.report import Report
else:
    torch = need("torch")
    nn, Tensor = torch.nn, torch.Tensor

assert twin_others  # the two register their twins
assert twin_windows


@singledispatch
def natural(layer: AnyLayer, *inputs: Tensor) -> nn.Module:
    """Build a layer as a programmer would; for most types that is the twin."""
    return twin(layer, *inputs)


def of(word: str) -> Callable[..., Any]:
    """Register how a type is written, by its word."""
    return natural.register(layer_class(word))


class Added(nn.Module):
    """A trained array, added to what flows in."""

    def __init__(self, like: Tensor) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.empty_like(like[0]))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.bias


class Moved(nn.Module):
    """Moves an axis, in memory too, as the models of sequences have them."""

    def __init__(self, source: int, target: int) -> None:
        super().__init__()
        self.source, self.target = source, target

    def forward(self, x: Tensor) -> Tensor:
        return x.movedim(self.source, self.target).contiguous()


@of("dense")
def _(layer: AnyLayer, x: Tensor) -> nn.Module:
    if layer.over == "channels":
        linear = nn.Linear(x.shape[1], layer.units, layer.bias)
        return linear if x.ndim == 2 else nn.Sequential(Moved(1, -1), linear, Moved(-1, 1))
    linear = nn.Linear(x[0].numel(), layer.units, layer.bias)
    return linear if x.ndim == 2 else nn.Sequential(nn.Flatten(), linear)


def untied(layer: AnyLayer, x: Tensor) -> nn.Module:
    """Write a convolution: a bias for every position is an array of its own, added after."""
    made = twin(layer, x)
    if layer.bias != "per_position" or layer.type != "conv":
        return made
    made = made.__dict__["tied"]
    return nn.Sequential(made, Added(made(x)))


@of("conv")
def _(layer: AnyLayer, x: Tensor) -> nn.Module:
    return untied(layer, x)


@of("separable")
def _(layer: AnyLayer, x: Tensor) -> nn.Module:
    made = twin(layer, x)
    return nn.Sequential(made.depthwise, made.pointwise)


def pool(layer: AnyLayer, x: Tensor) -> nn.Module:
    """Write a pool, with one number for what is the same along all sides."""
    made = twin(numbered(layer, x), x)
    for name in ("kernel_size", "stride", "padding", "dilation"):
        value = getattr(made, name, None)
        if isinstance(value, tuple) and len(set(value)) == 1:
            setattr(made, name, value[0])
    return made


def numbered(layer: AnyLayer, x: Tensor) -> AnyLayer:
    """Write a `same` that splits evenly as the number that a programmer gives."""
    ends = margins(layer, x)
    if layer.pad.mode == "same" and all(before == after for before, after in ends):
        names = (each.name for each in layer.fields())
        fields = dict(zip(names, layer.values(), strict=True))
        return type(layer)(**{**fields, "pad": Padding(tuple(ends))})
    return layer


for _word in ("maxpool", "avgpool"):
    of(_word)(pool)


@of("upsample")
def _(layer: AnyLayer, x: Tensor) -> nn.Module:
    made = twin(layer, x)
    if made.scale_factor and len(set(made.scale_factor)) == 1:
        made.scale_factor = made.scale_factor[0]
    return made


@of("softmax")
def _(layer: AnyLayer, x: Tensor) -> nn.Module:
    dims = twin_others.along(layer.over, x)
    if len(dims) == 1:
        return nn.Softmax(dims[0])
    assert dims == tuple(range(2, x.ndim)), dims  # all positions
    return nn.Sequential(nn.Flatten(2), nn.Softmax(2), nn.Unflatten(2, x.shape[2:]))


class Reading(nn.Module):
    """PyTorch's recurrent layer, with the steps before the channels."""

    def __init__(self, layer: AnyLayer, x: Tensor) -> None:
        super().__init__()
        made = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}[layer.type]
        options = {"bias": layer.biases > 0, "bidirectional": layer.bidirectional}
        self.net = made(x.shape[1], layer.units, layer.layers, batch_first=True, **options)
        self.whole = layer.returns == "all"
        self.ways = 2 if layer.bidirectional else 1

    def forward(self, x: Tensor) -> Tensor:
        outputs, states = self.net(x.movedim(1, 2))
        if self.whole:
            return outputs.movedim(1, 2)
        last = states[0] if isinstance(states, tuple) else states
        return torch.cat(list(last[-self.ways :]), 1)


for _word in ("rnn", "lstm", "gru"):
    of(_word)(Reading)


@of("add")
def _(_: AnyLayer, *__: Tensor) -> nn.Module:
    return Do(lambda first, *others: sum(others, start=first))


@of("multiply")
def _(_: AnyLayer, *__: Tensor) -> nn.Module:
    def multiply(first: Tensor, *others: Tensor) -> Tensor:
        for other in others:
            first = first * other
        return first

    return Do(multiply)


class Net(nn.Module):
    """A network: every layer a module, wired as the graph says."""

    def __init__(self, report: Report) -> None:
        super().__init__()
        self.wires = [node.inputs for node in report.graph.nodes]
        self.layers = nn.ModuleList()
        self.places: list[int | None] = []
        self.inputs: list[Tensor] = []
        self.last = report.graph.outputs
        outputs: list[Tensor] = []
        with torch.device("meta"), torch.no_grad():
            for row, node in zip(report.rows, report.graph.nodes, strict=True):
                if isinstance(row.layer, Input):
                    self.places.append(None)
                    self.inputs.append(torch.empty(1, row.output.channels, *row.output.sides))
                    outputs.append(self.inputs[-1])
                    continue
                flow = [outputs[index] for index in node.inputs]
                if node.share is not None and row.type == report.rows[node.share].type:
                    self.places.append(self.places[node.share])
                else:
                    self.layers.append(natural(row.layer, *flow))
                    self.places.append(len(self.layers) - 1)
                    if node.share is not None:
                        tied(self.layers[-1], self.layers[self.places[node.share]])
                made = self.layers[self.places[-1]].eval()
                outputs.append(made(*flow))
        self.eval()

    def forward(self, *given: Tensor) -> tuple[Tensor, ...] | Tensor:
        outputs: list[Tensor] = []
        waiting = iter(given)
        for place, wires in zip(self.places, self.wires, strict=True):
            flow = [outputs[index] for index in wires]
            outputs.append(next(waiting) if place is None else self.layers[place](*flow))
        results = tuple(outputs[index] for index in self.last)
        return results[0] if len(results) == 1 else results

"""A PyTorch twin of every layer, built from the layer's fields and nothing else.

No rule of ours is asked: PyTorch allocates the arrays and sizes the outputs.  Where it has no such
layer, or not with such a field, the twin does what the field says with the means that PyTorch has
(`F.pad`, slices, sums), and that is said where it happens.

This file has what all twins share; those of layers with a window are in `twin_windows.py`, the
others in `twin_others.py`.
"""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING, Any

from judge import AnyLayer, need

from shapecalc.layers import layer_class

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import torch
    from torch import Tensor, nn
    from torch.nn import functional

    from shapecalc.layers.fields import Padding
else:
    torch = need("torch")
    nn, functional, Tensor = torch.nn, torch.nn.functional, torch.Tensor


@singledispatch
def twin(layer: AnyLayer, *inputs: Tensor) -> nn.Module:
    """Build the twin of a layer for inputs of these sizes."""
    raise NotImplementedError(type(layer).__name__)


def of(word: str) -> Callable[..., Any]:
    """Register the twin of a type, by its word."""
    return twin.register(layer_class(word))


def tied(made: nn.Module, owner: nn.Module) -> nn.Module:
    """Let a layer use the matrix of another type: a dense layer a table, or a table its matrix."""

    def matrix(module: nn.Module) -> nn.Module:
        (found,) = (part for part in module.modules() if isinstance(part, nn.Linear | nn.Embedding))
        return found

    matrix(made).weight = matrix(owner).weight
    return made


class Do(nn.Module):
    """A twin that is a function."""

    def __init__(self, function: Callable[..., Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *inputs: Tensor) -> Tensor:
        return self.function(*inputs)


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
    rule = rounding(layer)
    if rule == "ceil_caffe":  # pooling_layer.cpp: `if (pad_h_ || pad_w_)` before it clips both
        padded_ = any(map(any, pairs(layer.pad, x)))
        if layer.pad.mode == "causal":
            taps = zip(spread(layer.kernel, x), spread(layer.dilation, x), strict=True)
            padded_ = any(d * (k - 1) for k, d in taps)
        rule = "ceil" if padded_ else "ceil_full"
    return [
        margin(layer.pad.mode, rule, *numbers)
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
    if mode == "causal":  # keras.ops.conv after a pad of dilation * (kernel - 1) in front
        before, after = extent - 1, 0
    if rule == "floor":
        return before, after
    starts = range(0, before + n + after - extent + s, s)  # the last hangs over by less than s
    if rule == "ceil":
        starts = range(0, min(starts.stop, before + n), s)
    if not starts:
        raise ValueError("no window at all")
    return before, starts[-1] + extent - before - n


def is_even(layer: AnyLayer, x: Tensor) -> bool:
    """Tell whether PyTorch can pad so by itself: a number per side, for both ends."""
    return layer.pad.mode not in ("same", "causal") and all(a == b for a, b in pairs(layer.pad, x))


def framed(module: nn.Module, layer: AnyLayer, fill: float = 0.0) -> nn.Module:
    """Let `module`, which does not pad, find the layer's margins around its input."""
    module.register_forward_pre_hook(lambda _, args: padded(args[0], margins(layer, args[0]), fill))
    return module

"""A layer worked through on a tiny input, forward and backward, with numbers for pen and paper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from shapecalc.dim import known
from shapecalc.execute.arrays import extents
from shapecalc.execute.formulas import formulas
from shapecalc.execute.frame import frame_of, surround, windows
from shapecalc.execute.layer import backward, forward, slots
from shapecalc.execute.pool import divisor
from shapecalc.layers.conv import Conv
from shapecalc.layers.dense import Dense
from shapecalc.layers.pool import AvgPool, MaxPool
from shapecalc.shape import Map, Vector

if TYPE_CHECKING:
    from shapecalc.execute.arrays import Array
    from shapecalc.execute.formulas import Formula
    from shapecalc.layers.base import Layer
    from shapecalc.shape import Shape

#: Windows of an example have at most this kernel, stride, dilation and padding.
KERNEL, STRIDE, DILATION, PAD = 3, 2, 2, 1
#: So many positions an example's output has along its sides, if padding does not make them more.
POSITIONS = (2, 3, 2)


class Example(NamedTuple):
    """A small layer like the one asked for, and everything that goes through it.

    `values` holds x, w, b, y, g by their letters (and n, a mean's divisors, where they differ),
    without a batch; `gradients` those of the loss with respect to x, w, b; `lines` writes one
    entry of the output and of each gradient out.
    """

    layer: Layer
    values: dict[str, Array]
    gradients: dict[str, Array]
    formulas: dict[str, Formula]
    lines: tuple[str, ...]


def example(layer: Layer, rank: int = 2) -> Example | None:
    """Work a layer through, on an input of one channel with `rank` sides (a dense layer: a row).

    Kernel, stride, dilation and padding are the layer's, cut down to what fits on paper.  None:
    there are no formulas for its type.
    """
    tiny, shape = _tiny(layer, rank)
    found = formulas(tiny, shape)
    if found is None:
        return None
    x = _numbers((1, *extents(shape)), 7, 3)
    arrays = {
        name: _numbers(slot.shape, 5, 2 + len(name) % 2) for name, slot in slots(tiny, x).items()
    }
    y = forward(tiny, arrays, x)
    g = np.arange(1.0, 1 + y.size).reshape(y.shape)
    back = backward(tiny, arrays, (x,), y, g)
    values = {"x": x[0], "y": y[0], "g": g[0]} | {name[0]: each for name, each in arrays.items()}
    if isinstance(tiny, AvgPool):
        values["n"] = divisor(tiny, x, frame_of(tiny, x))[0, 0]
    gradients = {"x": back.inputs[0][0]} | {name[0]: each for name, each in back.arrays.items()}
    shapes = {"y": y[0].shape} | {letter: each.shape for letter, each in gradients.items()}
    lines = tuple(_fullest(found[letter], values, shapes[letter]) for letter in shapes)
    return Example(tiny, values, gradients, found, lines)


def _fullest(formula: Formula, values: dict[str, Array], shape: tuple[int, ...]) -> str:
    """Write the entry with the most terms out, the first of them."""
    at = max(np.ndindex(*shape), key=lambda each: len(formula.terms(values, each)))
    return formula.written(values, at)


def _numbers(shape: tuple[int, ...], span: int, start: int) -> Array:
    """Return small whole numbers, some negative, no two neighbours alike; no 0."""
    count = int(np.prod(shape))
    if count > span:
        span = count | 1
    step = next(n for n in range(start, span + start) if np.gcd(n, span) == 1)
    mixed = (np.arange(1, count + 1) * step) % span - span // 3
    return np.where(mixed <= 0, mixed - 1, mixed).astype(float).reshape(shape)


def _tiny(layer: Layer, rank: int) -> tuple[Layer, Shape]:
    """Cut a layer and its input down."""
    if isinstance(layer, Dense):
        return type(layer)(units=2, bias=layer.bias), Vector(3)
    if not isinstance(layer, Conv | MaxPool | AvgPool):
        return layer, Map((2, 3, 2)[:rank], 1)
    fields: dict[str, Any] = {each.name: getattr(layer, each.name) for each in layer.fields()}
    for name, most in (("kernel", KERNEL), ("stride", STRIDE), ("dilation", DILATION)):
        if fields[name] is not None:
            fields[name] = tuple(min(known(n), most) for n in fields[name])
    pairs = tuple((min(known(a), PAD), min(known(b), PAD)) for a, b in layer.pad.pairs)
    fields["pad"] = layer.pad._replace(pairs=pairs)
    if isinstance(layer, Conv):
        fields |= {"filters": 1, "groups": 1, "connections": None}
    tiny = type(layer)(**fields)
    return tiny, Map(tuple(_side(tiny, rank, axis) for axis in range(rank)), 1)


def _side(layer: Layer, rank: int, axis: int) -> int:
    """Return the smallest side, from 2 on, that gives so many positions or more."""
    for n in range(2, 40):
        x = np.broadcast_to(0.0, (1, 1, *(n if each == axis else 40 for each in range(rank))))
        frame = frame_of(layer, x)
        if x.shape[2 + axis] + sum(frame.pads[axis]) < frame.kernel[axis] * frame.dilation[axis]:
            continue
        if windows(surround(x, frame), frame).shape[2 + axis] >= POSITIONS[axis]:
            return n
    raise AssertionError(f"no side gives {layer} its positions")

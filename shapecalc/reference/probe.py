"""What a layer does, found out by changing what flows in: who sees what, and how it slopes.

Is a backward the gradient of its forward?  Along a random direction v a forward f changes by
d(h) = f(x + hv) - f(x - hv) over 2h, or to the fourth order by (8 d(h) - d(2h)) over 12h, which a
normalisation of two near numbers needs.  With a random gradient g of the output, that change times
g must be v times what backward gives for g.  For a layer that is linear in what is moved it is the
adjoint identity, <g, A v> = <A* g, v>, and holds for a step of any size.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from shapecalc.reference.layer import backward, forward

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.random import Generator

    from shapecalc.layers.base import Layer
    from shapecalc.reference.arrays import Array, Arrays

#: Half the distance of a central difference, for values around 1 in float64.
STEP = 1e-5


class Slope(NamedTuple):
    """A change of the output along a direction, by backward and by four forwards.

    `scale` is the size of the terms that either is a sum of, `rounding` what a difference of
    rounded outputs may be off.
    """

    of: str
    backward: float
    difference: float
    scale: float
    rounding: float

    @property
    def error(self) -> float:
        """The disagreement beyond rounding, relative to the terms."""
        apart = abs(self.backward - self.difference) - self.rounding
        return max(apart, 0.0) / self.scale if self.scale else apart


def slopes(
    layer: Layer, arrays: Arrays, *inputs: Array, random: Generator, step: float = STEP
) -> list[Slope]:
    """Compare backward with central differences, for every input and every trained array."""
    output = forward(layer, arrays, *inputs)
    gradient = random.normal(size=output.shape)
    back = backward(layer, arrays, inputs, output, gradient)
    compared = []
    for number, (x, slope) in enumerate(zip(inputs, back.inputs, strict=True)):
        v = random.normal(size=x.shape)
        ends = [
            forward(layer, arrays, *inputs[:number], x + h * v, *inputs[number + 1 :])
            for h in (step, -step, 2 * step, -2 * step)
        ]
        compared.append(_slope(f"input {number + 1}", slope, v, gradient, ends, step))
    for name, slope in back.arrays.items():
        v = random.normal(size=arrays[name].shape)
        ends = [
            forward(layer, {**arrays, name: arrays[name] + h * v}, *inputs)
            for h in (step, -step, 2 * step, -2 * step)
        ]
        compared.append(_slope(name, slope, v, gradient, ends, step))
    return compared


def _slope(
    of: str, slope: Array, v: Array, gradient: Array, ends: list[Array], step: float
) -> Slope:
    same = ends[0] == ends[1]  # also where both are -infinity, in a window that sees nothing
    high, low, higher, lower = (np.where(same, 0, end) for end in ends)
    change = (8 * (high - low) - (higher - lower)) / (12 * step)
    terms = np.abs(slope * v).sum() + np.abs(change * gradient).sum()
    size = np.abs(np.where(np.isfinite(ends[0]), ends[0], 0))  # what stays is rounded as well
    off = 6 * np.finfo(slope.dtype).eps * (size * np.abs(gradient)).sum() / step
    return Slope(
        of,
        float((slope * v).sum()),
        float((change * gradient).sum()),
        float(terms),
        float(off),
    )


class Noticed(NamedTuple):
    """Which elements of the output, sides first, notice one row of an axis of an input.

    Axes are counted as shapes are written: the sides, then the channels.
    """

    operand: int
    axis: int
    row: int
    changed: Array


#: So many rows of an axis are raised; of a longer one some, evenly spread.
ROWS = 24


def probe(
    layer: Layer, arrays: Arrays, inputs: tuple[Array, ...], random: Generator
) -> Iterator[Noticed]:
    """Raise the rows of every axis of every input in turn, far above the rest.

    So a row wins every maximum and leaves the flat parts of all activations; and unevenly, or a
    softmax and a normalisation would not notice.  An index is the next one.
    """
    flat = [np.full_like(x, 0 if layer.indexes else 0.5) for x in inputs]
    calm = forward(layer, arrays, *flat)
    for operand, x in enumerate(flat):
        for axis in range(x.ndim - 1):
            place = axis + 2 if axis < x.ndim - 2 else 1
            for row in np.unique(np.linspace(0, x.shape[place] - 1, ROWS).astype(int)).tolist():
                raised = x.copy()
                part = (slice(None),) * place + (row,)
                raised[part] += 1 if layer.indexes else random.uniform(50, 100, raised[part].shape)
                moved = forward(layer, arrays, *flat[:operand], raised, *flat[operand + 1 :])
                yield Noticed(operand, axis, row, np.moveaxis((moved != calm)[0], 0, -1))

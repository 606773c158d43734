"""What a layer does, found out by changing what flows in: who sees what, and how it slopes.

Is a backward the gradient of its forward?  Along a random direction v a forward f changes by
d(h) = f(x + hv) - f(x - hv) over 2h, or to the fourth order by (8 d(h) - d(2h)) over 12h, which a
normalisation of two near numbers needs.  With a random gradient g of the output, that change times
g must be v times what backward gives for g.  For a layer that is linear in what is moved it is the
adjoint identity, <g, A v> = <A* g, v>, and holds for a step of any size.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from shapecalc.reference.layer import backward, forward

if TYPE_CHECKING:
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


Noticed: TypeAlias = "dict[tuple[int, int], Array]"
"""(output side, input side) -> whether output row v notices input row u: outputs x inputs."""


def probe(layer: Layer, arrays: Arrays, x: Array, random: Generator) -> Noticed:
    """Raise every row of every side of the input in turn, far above the rest.

    So it wins every maximum and leaves the flat parts of all activations; and unevenly, or a
    softmax would not notice.
    """
    flat = np.full_like(x, 0.5)
    calm, by_sides = forward(layer, arrays, flat), {}
    sides = range(2, calm.ndim)
    for axis in range(2, x.ndim):
        noticed = []
        for row in range(x.shape[axis]):
            raised = flat.copy()
            part = (slice(None),) * axis + (row,)
            raised[part] += random.uniform(50, 100, raised[part].shape)
            noticed.append(forward(layer, arrays, raised) != calm)
        for side in sides:
            others = tuple(dimension for dimension in range(calm.ndim) if dimension != side)
            by_sides[side - 2, axis - 2] = np.stack([changed.any(others) for changed in noticed], 1)
    return by_sides

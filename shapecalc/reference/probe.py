"""What the units of a layer see of its input, by changing the input and looking who notices."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from shapecalc.reference.layer import forward

if TYPE_CHECKING:
    from numpy.random import Generator

    from shapecalc.layers.base import Layer
    from shapecalc.reference.arrays import Array, Arrays

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

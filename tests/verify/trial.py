"""A random layer, put before the rules and before the referee."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from shapecalc.reference.arrays import in_domain
from shapecalc.reference.layer import forward, random_arrays, slots
from shapecalc.reference.weighted import recorded
from tests.kinds import MAXIMA
from tests.oracle.draw import layers, tables
from tests.oracle.judge import AnyLayer, answer

if TYPE_CHECKING:
    from numpy.random import Generator

    from shapecalc.layers.shape import Shape
    from shapecalc.reference.arrays import Array, Slot
    from shapecalc.reference.weighted import Product
    from shapecalc.report import Row

#: So many numbers of the grid are distinct.
DISTINCT = 4001


class Trial(NamedTuple):
    """A layer with its inputs and arrays, what the rules say of it, and a source of chance."""

    layer: AnyLayer
    row: Row
    inputs: tuple[Array, ...]
    arrays: dict[str, Array]
    random: Generator


class Outcome(NamedTuple):
    """What the referee did."""

    output: Array
    slots: dict[str, Slot]
    products: list[Product]


@st.composite
def trials(draw: st.DrawFn, /, word: str, most: int, batch: int | None = None) -> Trial:
    """A layer of a type that the rules take, with at most so many multiply-accumulates.

    Without a `batch` it is a number that no extent is.
    """
    connected = word == "conv" and draw(st.integers(0, 3)) == 0
    layer, shapes = draw(tables() if connected else layers(word))
    trial = put(layer, shapes, draw(st.integers(0, 999)), most, batch)
    assume(trial is not None)
    assert trial is not None
    return trial


def put(
    layer: AnyLayer, shapes: tuple[Shape, ...], seed: int, most: int, batch: int | None = None
) -> Trial | None:
    """Put a layer before the rules; give it inputs and arrays.  None: refused, or too large."""
    report = answer(layer, *shapes)
    if report is None:
        return None
    row = report["layer"]
    if row.work.macs + (row.connections or 0) > most or row.output.size > most:
        return None
    extents = {row.output.channels, *row.output.sides}
    for shape in shapes:
        extents |= {shape.channels, *shape.sides}
    examples = batch or next(n for n in range(2, 99) if n not in extents)
    if layer.type in (*MAXIMA, "maxout") and examples * shapes[0].size > DISTINCT:
        return None
    random = np.random.default_rng(seed)
    inputs = tuple(
        in_domain(layer, values(random, (examples, s.channels, *s.sides), number), 1)
        for number, s in enumerate(shapes)
    )
    return Trial(layer, row, inputs, random_arrays(layer, *inputs, random=random), random)


def values(random: Generator, shape: tuple[int, ...], number: int = 0) -> Array:
    """Return numbers of a grid, no two alike where that goes, away from the rectifiers' corners.

    So a small step changes no maximum, and crosses none of 0, 3, 6 and -3; there are numbers on
    either side of each.  Nor are those of several inputs, by their `number`, alike, nor any a
    multiple of 0.25, as constants are.
    """
    size = int(np.prod(shape))
    grid, spacing = (160, 0.1) if size <= 160 else (DISTINCT, 0.004)
    numbers = random.permutation(max(grid, size))[:size] % grid - grid // 2
    return ((numbers + 0.37 + 0.27 * number) * spacing).reshape(shape)


def do(trial: Trial) -> Outcome:
    """Let the referee run the layer."""
    with recorded() as products:
        output = forward(trial.layer, trial.arrays, *trial.inputs)
    return Outcome(output, slots(trial.layer, *trial.inputs), products)


def make(word: str, **fields: Any) -> AnyLayer:
    """Make a layer by its word."""
    from shapecalc.layers import layer_class

    return layer_class(word)(**fields)

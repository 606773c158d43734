"""Pools whose output size is fixed: a global pool is an adaptive one of size 1."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from shapecalc.layers.globalpool import (
    AdaptiveAvgPool,
    AdaptiveMaxPool,
    AdaptivePool,
    GlobalAvgPool,
    GlobalMaxPool,
)
from shapecalc.reference import registry
from shapecalc.reference.arrays import Gradients, spread
from shapecalc.reference.example import copied, least, shape_like
from shapecalc.reference.formula import PLACES, POSITIONS, ArrayFormula, Term
from shapecalc.reference.moving import maximum_formulas
from shapecalc.reference.tally import accumulators, larger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from shapecalc.layers.base import Layer
    from shapecalc.layers.shape import Shape
    from shapecalc.reference.arrays import Array, Arrays, Axes
    from shapecalc.reference.formula import Formulas, Values


def spans(layer: Any, x: Array) -> list[list[slice]]:  # noqa: ANN401
    """Divide every side into as many spans as asked for, as evenly as it goes.

    Span i of o reaches from floor(i*n/o) up to ceil((i + 1)*n/o), so neighbours may overlap.
    """
    sizes = spread(layer.size if isinstance(layer, AdaptivePool) else (1,), x)
    return [
        [slice(i * n // o, -(-(i + 1) * n // o)) for i in range(o)]
        for n, o in zip(x.shape[2:], sizes, strict=True)
    ]


def boxes(layer: Any, x: Array) -> Iterator[tuple[tuple[Any, ...], tuple[Any, ...]]]:  # noqa: ANN401
    """Pair the index of every output position with the index of the box that it pools."""
    for box in product(*map(enumerate, spans(layer, x))):
        yield (..., *(place for place, _ in box)), (..., *(span for _, span in box))


def _pooled(layer: Any, x: Array, join: Callable[..., Any]) -> Array:  # noqa: ANN401
    """Join the elements of every box."""
    y = np.empty((*x.shape[:2], *map(len, spans(layer, x))), x.dtype)
    for place, box in boxes(layer, x):
        y[place] = join(x[box], tuple(range(2, x.ndim)))
    return y


@registry.forward(GlobalMaxPool, AdaptiveMaxPool)
def max_forward(layer: Any, arrays: Arrays, x: Array) -> Array:  # noqa: ANN401
    """Keep the largest element of every box."""
    return _pooled(layer, x, np.max)


@registry.backward(GlobalMaxPool, AdaptiveMaxPool)
def max_backward(layer: Any, arrays: Arrays, x: Array, y: Array, gradient: Array) -> Gradients:  # noqa: ANN401
    """Send the gradient to the winner of every box: the first in row-major order of equals."""
    back = np.zeros_like(x)
    for place, box in boxes(layer, x):
        seen = x[box].reshape(*x.shape[:2], -1)
        won = np.arange(seen.shape[2]) == seen.argmax(2)[..., None]
        back[box] += (won * gradient[place][..., None]).reshape(x[box].shape)
    return Gradients((back,), {})


@registry.forward(GlobalAvgPool, AdaptiveAvgPool)
def avg_forward(layer: Any, arrays: Arrays, x: Array) -> Array:  # noqa: ANN401
    """Take the mean of every box."""
    return _pooled(layer, x, np.mean)


@registry.backward(GlobalAvgPool, AdaptiveAvgPool)
def avg_backward(layer: Any, arrays: Arrays, x: Array, y: Array, gradient: Array) -> Gradients:  # noqa: ANN401
    """Share every box's gradient out evenly."""
    back, ones = np.zeros_like(x), (1,) * (x.ndim - 2)
    for place, box in boxes(layer, x):
        share = gradient[place] / x[0, 0][box].size
        back[box] += share.reshape(*share.shape, *ones)
    return Gradients((back,), {})


def _boxed(layer: Any, x: Array, start: float, step: Callable[..., Array]) -> Array:  # noqa: ANN401
    """Take `step` through every element of every box."""
    pooled = {}
    for place, box in boxes(layer, x):
        y = accumulators(x.shape[:2], x, start)
        for element in np.moveaxis(x[box].reshape(*x.shape[:2], -1), -1, 0):
            y = step(element, y)
        pooled[place[1:]] = y
    shape = [1 + max(axis) for axis in zip(*pooled, strict=True)]
    return np.stack(list(pooled.values()), -1).reshape(*x.shape[:2], *shape)


@registry.counted(GlobalMaxPool, AdaptiveMaxPool)
def max_counted(layer: Any, arrays: Arrays, x: Array) -> Array:  # noqa: ANN401
    """Compare with every element of a box."""
    return _boxed(layer, x, -np.inf, larger)


@registry.counted(GlobalAvgPool, AdaptiveAvgPool)
def avg_counted(layer: Any, arrays: Arrays, x: Array) -> Array:  # noqa: ANN401
    """Add up and divide."""
    y = _boxed(layer, x, 0.0, np.add)
    sizes = [x[0, 0][box].size for _, box in boxes(layer, x)]
    means: Array = y / np.array(sizes, float).reshape(y.shape[2:])
    return means


# -- formulas --------------------------------------------------------------------------------------


class _Boxes(NamedTuple):
    """The boxes of an adaptive or global pool: their letters, their words, their elements."""

    places: str
    inputs: str
    counts: Axes
    over: str
    note: str


def _boxes(layer: Any, x: Array) -> _Boxes:  # noqa: ANN401
    rank = x.ndim - 2
    inputs = PLACES[:rank]
    if not isinstance(layer, AdaptivePool):
        return _Boxes("0" * rank, inputs, (1,) * rank, f"all {', '.join(inputs)}", "")
    counts, ranges = spread(layer.size, x), []
    for letter, place, n, o in zip(inputs, POSITIONS, x.shape[2:], counts, strict=False):
        ranges.append(f"{letter} from floor({place}*{n}/{o}) to ceil(({place} + 1)*{n}/{o}) - 1")
    note = f"Its box: {', '.join(ranges)}."
    return _Boxes(
        POSITIONS[:rank], inputs, counts, f"the box of {', '.join(POSITIONS[:rank])}", note
    )


def _inside(layer: Any, sides: Axes, window: Axes) -> Iterable[Axes]:  # noqa: ANN401
    """List the elements of a box, row by row."""
    per_side = spans(layer, np.broadcast_to(0.0, (1, 1, *sides)))
    chosen = [side[at] for side, at in zip(per_side, window or (0,) * len(sides), strict=True)]
    return product(*(range(span.start, span.stop) for span in chosen))


@registry.formula(GlobalMaxPool, AdaptiveMaxPool)
def max_formulas(layer: Any, x: Array) -> Formulas:  # noqa: ANN401
    """Write the formulas of a maximum over boxes."""
    box = _boxes(layer, x)
    shown = f"x[{', '.join(('c', *box.inputs))}]"
    g = f"g[{', '.join(('c', *box.places))}]"
    back = (
        f"the sum of {g} over all {', '.join(box.places)} whose box has {shown} for its largest"
        if box.note
        else f"{g} where {shown} is the largest of its map, else 0"
    )
    return maximum_formulas(
        box.places, box.inputs, box.counts, lambda sides, window: _inside(layer, sides, window),
        f"max over {box.over} of {shown}", back, box.note,
    )  # fmt: skip


@registry.formula(GlobalAvgPool, AdaptiveAvgPool)
def avg_formulas(layer: Any, x: Array) -> Formulas:  # noqa: ANN401
    """Write the formulas of a mean over boxes."""
    box = _boxes(layer, x)
    shown, size = f"x[{', '.join(('c', *box.inputs))}]", int(np.prod(x.shape[2:]))
    g = f"g[{', '.join(('c', *box.places))}]"

    def output(values: Values, at: tuple[int, ...]) -> list[Term]:
        inside = list(_inside(layer, values["x"].shape[1:], at[1:]))
        return [Term((float(values["x"][(at[0], *place)]),), len(inside)) for place in inside]

    def back(values: Values, at: tuple[int, ...]) -> list[Term]:
        terms = []
        for window in product(*map(range, box.counts)):
            inside = list(_inside(layer, values["x"].shape[1:], window))
            if at[1:] in inside:
                terms.append(Term((float(values["g"][(at[0], *window)]),), len(inside)))
        return terms

    forward, backward = f"the mean over {box.over} of {shown}", f"{g}/{size}"
    if box.note:
        backward = (
            f"the sum of {g}/(size of its box) over all boxes that hold {', '.join(box.inputs)}"
        )
    return {
        "y": ArrayFormula("y", f"c{box.places}", forward, box.note, output),
        "x": ArrayFormula(
            "x", f"c{box.inputs}", backward, "Every element gets an equal share.", back
        ),
    }


@registry.paper_copy(AdaptivePool)
def paper_copy(layer: AdaptivePool, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    """Keep two boxes a side, of sides that they do not divide."""
    shape = shape_like(inputs[0], (3, 4, 3), 1, 1)
    return copied(layer, size=least(layer.size, 2)), (shape,)

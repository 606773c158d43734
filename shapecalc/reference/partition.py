"""Maps rolled around, and cut into windows: which element of the input comes where."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from shapecalc.algebra import known
from shapecalc.layers.partition import Partition, Roll, WindowMerge, WindowPartition
from shapecalc.layers.shape import Map
from shapecalc.reference import registry
from shapecalc.reference.arrays import Gradients, spread
from shapecalc.reference.example import copied
from shapecalc.reference.formula import Term, operand_names, place_names, single

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.layers.base import Layer
    from shapecalc.layers.shape import Shape
    from shapecalc.reference.arrays import Array, Arrays, Axes
    from shapecalc.reference.formula import Formulas, Values

    Moving = Roll | WindowPartition | WindowMerge

#: In the place of an element's number: zeros around a map.
NOTHING = -1


def _numbered(x: Array) -> Array:
    """Number the positions of an input."""
    sides = x.shape[2:]
    return np.arange(prod(sides)).reshape(sides)


class Tiling(NamedTuple):
    """How a map falls into windows: their sides, the filled map's, and how far each side moves."""

    sizes: Axes
    sides: Axes
    shifts: Axes


def cut_of(layer: Partition, x: Array) -> Tiling:
    """Work out how a layer cuts a map.  A side that is one window alone does not move."""
    sizes, shifts = spread(layer.size, x), spread(layer.shift, x)
    if not len(sizes) == len(shifts) == x.ndim - 2:
        raise ValueError(f"sizes for another number of sides than {x.ndim - 2}")
    sides = tuple(n + -n % size for n, size in zip(x.shape[2:], sizes, strict=True))
    pairs = zip(shifts, sides, sizes, strict=True)
    return Tiling(sizes, sides, tuple(shift if n > size else 0 for shift, n, size in pairs))


def cut(layer: Partition, numbers: Array, how: Tiling) -> Array:
    """Cut what stands at the positions of a filled map into windows x positions."""
    sizes, sides, shifts = how
    rolled = np.roll(numbers, [-shift for shift in shifts], tuple(range(numbers.ndim)))
    pairs = zip(sides, sizes, strict=True)
    cells = [(size, n // size) if layer.grid else (n // size, size) for n, size in pairs]
    apart = rolled.reshape([n for pair in cells for n in pair])
    windows, places = range(0, apart.ndim, 2), range(1, apart.ndim, 2)
    order = (*places, *windows) if layer.grid else (*windows, *places)
    return apart.transpose(order).reshape(-1, prod(sizes))


def _windows(layer: Partition, x: Array) -> Array:
    """Return which of a map's positions stand in the windows."""
    how = cut_of(layer, x)
    rest = [(0, side - n) for n, side in zip(x.shape[2:], how.sides, strict=True)]
    return cut(layer, np.pad(_numbered(x), rest, constant_values=NOTHING), how)


def _moved(layer: Moving, *xs: Array) -> Array:
    """Return the number of the input's position that comes to each of the output's."""
    if isinstance(layer, Roll):
        shifts = spread(layer.shift, xs[0])
        return np.roll(_numbered(xs[0]), shifts, tuple(range(xs[0].ndim - 2)))
    if isinstance(layer, WindowPartition):
        return _windows(layer, xs[0])
    windows = _windows(layer, xs[1])
    if windows.shape != xs[0].shape[2:]:
        raise ValueError(f"{windows.shape} windows, but {xs[0].shape[2:]} flow in")
    back = np.empty(prod(xs[1].shape[2:]), int)
    inside = windows != NOTHING
    back[windows[inside]] = np.flatnonzero(inside)
    return back.reshape(xs[1].shape[2:])


@registry.forward(Roll, WindowPartition, WindowMerge)
@registry.counted(Roll, WindowPartition, WindowMerge)
def forward(layer: Moving, arrays: Arrays, *xs: Array) -> Array:
    """Fetch every position's channels from where they come."""
    numbers = _moved(layer, *xs)
    y = xs[0].reshape(*xs[0].shape[:2], -1)[:, :, numbers]
    y[:, :, numbers == NOTHING] = 0
    return y


@registry.backward_to_all(Roll, WindowPartition, WindowMerge)
def backward(
    layer: Moving, arrays: Arrays, xs: tuple[Array, ...], y: Array, gradient: Array
) -> Gradients:
    """Bring every position's gradient back; of the map to merge to only the sides counted."""
    numbers = _moved(layer, *xs)
    inside = numbers != NOTHING
    back = np.zeros_like(xs[0]).reshape(*xs[0].shape[:2], -1)
    back[:, :, numbers[inside]] = gradient[:, :, inside]
    return Gradients((back.reshape(xs[0].shape), *map(np.zeros_like, xs[1:])), {})


_WORDS = {
    Roll: ("the element that lies shift places before, around the ends", "moved back likewise"),
    WindowPartition: ("the element of that window and place; 0 outside the map", "put back"),
    WindowMerge: ("the element of the window that the place lies in", "cut into windows"),
}


@registry.formula(Roll, WindowPartition, WindowMerge)
def formulas(layer: Moving, *xs: Array) -> Formulas:
    """Write the formulas of elements that change places."""
    numbers, sides = _moved(layer, *xs), xs[0].shape[2:]
    places = {int(n): place for place, n in np.ndenumerate(numbers)}

    def output(values: Values, at: Axes) -> Term:
        number = numbers[at[1:]]
        if number == NOTHING:
            return Term((0,))
        return Term((float(values[first][(at[0], *np.unravel_index(number, sides))]),))

    def back(values: Values, at: Axes) -> Term:
        number = int(np.ravel_multi_index(at[1:], sides))
        return Term((float(values["g"][(at[0], *places[number])]) if number in places else 0,))

    def nothing(values: Values, at: Axes) -> Term:
        return Term((0,))

    first, *others = operand_names(xs)
    forth, home = _WORDS[type(layer)]
    texts: dict[str, tuple[int, str, Callable[[Values, Axes], Term]]] = {
        "y": (numbers.ndim, forth, output),
        first: (len(sides), f"that of g, {home}", back),
        **{name: (x.ndim - 2, "0", nothing) for name, x in zip(others, xs[1:], strict=True)},
    }
    return {
        of: single(of, place_names(rank), text, term) for of, (rank, text, term) in texts.items()
    }


@registry.paper_copy(Roll)
def roll_paper_copy(layer: Roll, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    """Move by one or two places."""
    shift = tuple(int(np.sign(n)) * min(abs(n), 2) for n in layer.shift)
    return copied(layer, shift=shift), (Map((3, 4, 2)[: len(inputs[0].sides)], 1),)


@registry.paper_copy(Partition)
def paper_copy(layer: Partition, *inputs: Shape) -> tuple[Layer, tuple[Shape, ...]]:
    """Keep windows of two places a side, of which the last ones are not full."""
    small = small_windows(layer)
    whole = Map((3, 4, 3)[: len(inputs[-1].sides)], 1)
    if isinstance(layer, WindowPartition):
        return small, (whole,)
    return small, (Map(windows_of(small, whole), 1), whole)


def windows_of(layer: Partition, whole: Map) -> tuple[int, int]:
    """Return how many windows a map has, and how many positions those have."""
    how = cut_of(layer, np.broadcast_to(0.0, (1, 1, *map(known, whole.sides))))
    positions = prod(how.sizes)
    return prod(how.sides) // positions, positions


def small_windows(layer: Partition) -> Partition:
    """Make windows of at most two places a side, shifted by at most one."""
    small: Partition = copied(
        layer,
        size=tuple(min(known(n), 2) for n in layer.size),
        shift=tuple(min(known(n), 1) for n in layer.shift),
    )
    return small

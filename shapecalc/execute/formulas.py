"""What a layer computes, forward and backward, as formulas with the layer's own numbers in them.

Arrays go by single letters: x the input, w the weights, b the bias, y the output, g the gradient of
the loss L with respect to y.  Indices: c channels, f filters, i j k positions of the output, p q r
taps of the kernel, u v t places of the input.  A formula is text and the sum behind it, of which
every entry can be written out.
"""

from __future__ import annotations

from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from shapecalc.dim import known
from shapecalc.execute.arrays import extents
from shapecalc.execute.frame import frame_of, surround, windows
from shapecalc.execute.pool import divisor
from shapecalc.layers.activation import Relu
from shapecalc.layers.conv import Conv
from shapecalc.layers.dense import Dense
from shapecalc.layers.pool import AvgPool, MaxPool

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shapecalc.execute.arrays import Array, Axes
    from shapecalc.execute.frame import Frame
    from shapecalc.layers.base import Layer
    from shapecalc.shape import Shape

POSITIONS, TAPS, PLACES = "ijk", "pqr", "uvt"
OUTSIDE = "x is 0 outside the input"
WINS = "of equals the first wins, row by row"


class Term(NamedTuple):
    """One summand: the product of some numbers, divided."""

    factors: tuple[float, ...]
    divisor: float = 1

    @property
    def value(self) -> float:
        """The number."""
        return prod(self.factors) / self.divisor

    def __str__(self) -> str:
        bare = "*".join(f"({each:g})" if each < 0 else f"{each:g}" for each in self.factors)
        return bare if self.divisor == 1 else f"{bare}/{self.divisor:g}"


class Formula(NamedTuple):
    """A formula as text, what to say beside it, and the terms of its entry at an index."""

    of: str
    text: str
    note: str
    terms: Callable[[Mapping[str, Array], tuple[int, ...]], list[Term]]

    def written(self, values: Mapping[str, Array], at: tuple[int, ...]) -> str:
        """Write one entry out, number by number."""
        terms = self.terms(values, at)
        total = sum(term.value for term in terms)
        summed = " + ".join(map(str, terms)) or "0"
        return f"{_name(self.of)}[{', '.join(map(str, at))}] = {summed}" + (
            f" = {total:g}" if len(terms) > 1 or "*" in summed or "/" in summed else ""
        )


class _Index(NamedTuple):
    """A sum of indices, with factors and floor divisors, and a shift: 4*i + p - 2."""

    parts: tuple[tuple[str, int, int], ...]  # name, factor, divisor
    shift: int = 0

    def at(self, bound: Mapping[str, int]) -> int:
        return self.shift + sum(bound[name] // over * times for name, times, over in self.parts)

    def __str__(self) -> str:
        words = []
        for name, times, over in self.parts:
            word = name if over == 1 else f"({name} // {over})"
            words.append(word if times == 1 else f"{times}*{word}")
        sign = f" {'-' if self.shift < 0 else '+'} {abs(self.shift)}" if self.shift else ""
        return " + ".join(words) + sign


class _Ref(NamedTuple):
    """An element of an array."""

    name: str
    indices: tuple[_Index, ...]

    def at(self, values: Mapping[str, Array], bound: Mapping[str, int]) -> float:
        """Look the element up; outside the array it is 0."""
        place = tuple(index.at(bound) for index in self.indices)
        array = values[self.name]
        inside = all(0 <= at < n for at, n in zip(place, array.shape, strict=True))
        return float(array[place]) if inside else 0.0

    def __str__(self) -> str:
        return f"{self.name}[{', '.join(map(str, self.indices))}]"


def _plain(names: str) -> tuple[_Index, ...]:
    return tuple(_Index(((name, 1, 1),)) for name in names)


def _ref(name: str, indices: str) -> _Ref:
    return _Ref(name, _plain(indices))


def _sum(
    of: str,
    at: str,
    factors: tuple[_Ref, ...],
    over: Mapping[str, int],
    where: Mapping[str, _Index] | None = None,
    plus: _Ref | None = None,
    note: str = "",
    divide: _Ref | int = 1,
) -> Formula:
    """Make the formula of a sum of products, over indices with their extents."""
    conditions = dict(where or {})

    def terms(values: Mapping[str, Array], place: tuple[int, ...]) -> list[Term]:
        found = []
        for chosen in product(*map(range, over.values())):
            bound = dict(zip(at, place, strict=True)) | dict(zip(over, chosen, strict=True))
            if all(index.at(bound) == bound[name] for name, index in conditions.items()):
                by = divide if isinstance(divide, int) else divide.at(values, bound)
                found.append(Term(tuple(each.at(values, bound) for each in factors), by))
        if plus is not None:
            found.append(Term((plus.at(values, dict(zip(at, place, strict=True))),)))
        return found

    text = " * ".join(map(str, factors)) + ("" if divide == 1 else f"/{divide}")
    told = " and ".join(f"{index} = {name}" for name, index in conditions.items())
    if over:
        text = f"sum over {', '.join(over)}{' with ' if told else ''}{told} of {text}"
    if plus is not None:
        text = f"{plus} + {text}"
    return Formula(of, f"{_name(of)}[{', '.join(at)}] = {text}", note, terms)


def _name(of: str) -> str:
    return of if of == "y" else f"dL/d{of}"


def formulas(layer: Layer, shape: Shape) -> dict[str, Formula] | None:
    """Return a layer's formulas for an input, of `y`, and of the gradients of `x`, `w` and `b`.

    None: there are none for its type, or for a table of connections.
    """
    write = FORMULAS.get(type(layer))
    return None if write is None else write(layer, np.broadcast_to(0.0, (1, *extents(shape))))


class _Moves(NamedTuple):
    """How a window moves: its letters with their extents, and where tap and position meet."""

    places: dict[str, int]
    kernel: dict[str, int]
    meet: dict[str, _Index]
    note: str


def _moves(x: Array, frame: Frame) -> _Moves:
    rank = x.ndim - 2
    counts = windows(surround(x, frame), frame).shape[2 : 2 + rank]
    meet = {}
    for axis, (before, _) in enumerate(frame.pads):
        parts = ((POSITIONS[axis], frame.stride[axis], 1), (TAPS[axis], frame.dilation[axis], 1))
        meet[PLACES[axis]] = _Index(parts, -before)
    padded = any(frame.over) or any(map(any, frame.pads))
    return _Moves(
        dict(zip(POSITIONS, counts, strict=False)),
        dict(zip(TAPS, frame.kernel, strict=False)),
        meet,
        OUTSIDE if padded else "",
    )


def _of_conv(layer: Conv, x: Array) -> dict[str, Formula] | None:
    if layer.connections is not None:
        return None
    move, filters, groups = _moves(x, frame_of(layer, x)), known(layer.filters), layer.groups
    seen, made = x.shape[1] // groups, filters // groups
    places, taps, inputs = ("".join(each) for each in (move.places, move.kernel, move.meet))
    grouped = _Index((("f", seen, made), ("c", 1, 1)))
    channel = grouped if groups > 1 else _plain("c")[0]
    shown = _Ref("x", (channel, *move.meet.values()))
    kernel, g = _ref("w", f"fc{taps}"), _ref("g", f"f{places}")
    bias = None
    if layer.bias:
        bias = _ref("b", f"f{places}" if layer.bias == "per_position" else "f")
    found = {
        "y": _sum("y", f"f{places}", (kernel, shown), {"c": seen, **move.kernel}, plus=bias,
                  note=move.note),
        "w": _sum("w", f"fc{taps}", (g, shown), move.places, note=move.note),
        "x": _of_conv_input(move, filters, g, taps, inputs, grouped if groups > 1 else None, seen),
    }  # fmt: skip
    if bias is not None:
        tied = layer.bias != "per_position"
        found["b"] = _sum("b", "f" if tied else f"f{places}", (g,), move.places if tied else {})
    return found


def _of_conv_input(
    move: _Moves, filters: int, g: _Ref, taps: str, inputs: str, grouped: _Index | None, seen: int
) -> Formula:
    """Spread every gradient over the places that its window showed."""
    over, met = {"f": filters, **move.places, **move.kernel}, dict(move.meet)
    if grouped is None:
        return _sum("x", f"c{inputs}", (g, _ref("w", f"fc{taps}")), over, met)
    own = _Index((*grouped.parts[:1], ("d", 1, 1)))
    kernel = _ref("w", f"fd{taps}")
    return _sum("x", f"c{inputs}", (g, kernel), {"d": seen, **over}, {"c": own, **met})


def _of_dense(layer: Dense, x: Array) -> dict[str, Formula]:
    units, elements = known(layer.units), prod(x.shape[1:])
    weight, note = _ref("w", "fc"), "x in one row, channel by channel" if x.ndim > 2 else ""
    found = {
        "y": _sum("y", "f", (weight, _ref("x", "c")), {"c": elements},
                  plus=_ref("b", "f") if layer.bias else None, note=note),
        "w": _sum("w", "fc", (_ref("g", "f"), _ref("x", "c")), {}, note=note),
        "x": _sum("x", "c", (_ref("g", "f"), weight), {"f": units}, note=note),
    }  # fmt: skip
    return found | ({"b": _sum("b", "f", (_ref("g", "f"),), {})} if layer.bias else {})


def _of_avgpool(layer: AvgPool, x: Array) -> dict[str, Formula]:
    frame = frame_of(layer, x)
    move, counts = _moves(x, frame), divisor(layer, x, frame)[0, 0]
    places, inputs = "".join(move.places), "".join(move.meet)
    same = bool((counts == counts.flat[0]).all())
    by = int(counts.flat[0]) if same else _ref("n", places)
    told = "" if same else "n counts the elements of a window that its mean divides by"
    shown = _Ref("x", (*_plain("c"), *move.meet.values()))
    return {
        "y": _sum("y", f"c{places}", (shown,), move.kernel, divide=by,
                  note="; ".join(filter(None, (move.note, told)))),
        "x": _sum("x", f"c{inputs}", (_ref("g", f"c{places}"),), {**move.places, **move.kernel},
                  move.meet, divide=by, note=told),
    }  # fmt: skip


def _of_maxpool(layer: MaxPool, x: Array) -> dict[str, Formula]:
    move = _moves(x, frame_of(layer, x))
    places, inputs = ", ".join(move.places), ", ".join(move.meet)
    shown = _Ref("x", (*_plain("c"), *move.meet.values()))

    def best(values: Mapping[str, Array], channel: int, window: Axes) -> Axes | None:
        """Find the place of a window's largest element; None where it shows none."""
        found, most = None, -np.inf
        for tap in product(*map(range, move.kernel.values())):
            letters = zip((*move.places, *move.kernel), (*window, *tap), strict=True)
            bound = dict(letters)
            place = tuple(index.at(bound) for index in move.meet.values())
            sides = values["x"].shape[1:]
            if all(0 <= at < n for at, n in zip(place, sides, strict=True)):
                value = float(values["x"][(channel, *place)])
                if value > most:
                    found, most = place, value
        return found

    def output(values: Mapping[str, Array], at: tuple[int, ...]) -> list[Term]:
        place = best(values, at[0], at[1:])
        return [Term((-np.inf if place is None else float(values["x"][(at[0], *place)]),))]

    def back(values: Mapping[str, Array], at: tuple[int, ...]) -> list[Term]:
        every = product(*map(range, move.places.values()))
        won = [each for each in every if best(values, at[0], each) == at[1:]]
        return [Term((float(values["g"][(at[0], *each)]),)) for each in won]

    return {
        "y": Formula("y", f"y[c, {places}] = max over {', '.join(move.kernel)} of {shown}",
                     "padding never wins" if move.note else "", output),
        "x": Formula("x", f"dL/dx[c, {inputs}] = sum of g[c, {places}] over all {places} whose"
                     f" largest {shown} is x[c, {inputs}]", WINS, back),
    }  # fmt: skip


def _of_relu(layer: Relu, x: Array) -> dict[str, Formula]:
    at = ", ".join(("c", *PLACES[: x.ndim - 2]))

    def output(values: Mapping[str, Array], place: tuple[int, ...]) -> list[Term]:
        return [Term((max(float(values["x"][place]), 0.0),))]

    def back(values: Mapping[str, Array], place: tuple[int, ...]) -> list[Term]:
        return [Term((float(values["g"][place]),))] if values["x"][place] > 0 else []

    return {
        "y": Formula("y", f"y[{at}] = max(x[{at}], 0)", "", output),
        "x": Formula("x", f"dL/dx[{at}] = g[{at}] where x[{at}] > 0, else 0", "", back),
    }


FORMULAS: dict[type[Layer], Callable[[Any, Array], dict[str, Formula] | None]] = {
    Conv: _of_conv,
    Dense: _of_dense,
    MaxPool: _of_maxpool,
    AvgPool: _of_avgpool,
    Relu: _of_relu,
}

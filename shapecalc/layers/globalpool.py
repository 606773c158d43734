"""Pools whose output size is fixed: over the whole map, or over as many windows as asked for."""

from __future__ import annotations

from typing import ClassVar, Literal

from shapecalc.algebra import Dim, common_divisor, product
from shapecalc.layers.base import SEES_ALL, Layer, Work, count_text
from shapecalc.layers.fields import Sizes, field, per_side
from shapecalc.layers.shape import Map, Shape
from shapecalc.layers.window import InputSpan, reach_adaptive


class GlobalPool(Layer):
    """Reduces every channel's whole map to one unit."""

    takes: ClassVar[Literal["any", "map"]] = "map"
    by_channel: ClassVar[bool] = True
    rule: ClassVar[str] = "output side = 1"
    statistic: ClassVar[str]

    def output(self, *inputs: Shape) -> Map:
        return Map((1,) * len(inputs[0].sides), inputs[0].channels)

    def connected(self, inputs: tuple[Shape, ...], output: Shape, work: Work | None = None) -> Dim:
        return inputs[0].size

    def window(self, *inputs: Shape) -> tuple[InputSpan, ...]:
        return SEES_ALL


class GlobalAvgPool(GlobalPool):
    """Takes the mean of every channel (Lin, Chen & Yan 2014).

    The sum starts at 0, so K elements are K additions, and 1 division.
    """

    type: ClassVar[str] = "global_avgpool"
    statistic: ClassVar[str] = "mean"
    summary: ClassVar[str] = "mean of every channel"
    term: ClassVar[str] = "average pools"
    learns: ClassVar[str] = "nothing: it takes the mean of what it sees"
    counts: ClassVar[str] = (
        "no parameters, no MACs; adds = input elements, divisions = output elements"
    )

    def work(self, inputs: tuple[Shape, ...], output: Shape) -> Work:
        return Work(adds=self.connected(inputs, output), divisions=output.size)


class GlobalMaxPool(GlobalPool):
    """Takes the maximum of every channel; it starts at -infinity, so K elements are K compares."""

    type: ClassVar[str] = "global_maxpool"
    statistic: ClassVar[str] = "maximum"
    summary: ClassVar[str] = "maximum of every channel"
    term: ClassVar[str] = "max pools"
    learns: ClassVar[str] = "nothing: it takes the maximum of what it sees"
    counts: ClassVar[str] = "no parameters, no MACs; compares = input elements"

    def work(self, inputs: tuple[Shape, ...], output: Shape) -> Work:
        return Work(compares=self.connected(inputs, output))


class AdaptivePool(Layer):
    """Divides every side into as many windows as asked for, as evenly as it goes.

    With n input and o output units, window i holds the elements from floor(i*n/o) up to, but not
    including, ceil((i + 1)*n/o) (PyTorch).  Windows overlap where o does not divide n.
    """

    takes: ClassVar[Literal["any", "map"]] = "map"
    by_channel: ClassVar[bool] = True
    principal: ClassVar[str] = "size"
    rule: ClassVar[str] = "output side = size, whatever the input"

    size: tuple[int, ...] = field(Sizes(), "extent of the output, per side")

    def configuration(self, *inputs: Shape) -> str:
        return f"to {count_text(self.size)}"

    def output(self, *inputs: Shape) -> Map:
        return Map(per_side(self.size, len(inputs[0].sides), "size"), inputs[0].channels)

    def connected(self, inputs: tuple[Shape, ...], output: Shape, work: Work | None = None) -> Dim:
        # Along a side the o windows hold n + o - gcd(n, o) elements: they tile the side but for
        # one element shared at each of the o - 1 inner borders i*n/o, save where that is whole,
        # which it is for gcd(n, o) - 1 of them.
        sizes = per_side(self.size, len(inputs[0].sides), "size")
        sides = zip(inputs[0].sides, sizes, strict=True)
        return product(n + o - common_divisor(n, o) for n, o in sides) * output.channels

    def window(self, *inputs: Shape) -> tuple[InputSpan, ...]:
        sizes = per_side(self.size, len(inputs[0].sides), "size")
        return tuple(map(reach_adaptive, inputs[0].sides, sizes))


class AdaptiveAvgPool(AdaptivePool):
    """Takes the mean of every one of the windows that divide a side evenly.

    The sum starts at 0, so K elements are K additions, and 1 division.
    """

    type: ClassVar[str] = "adaptive_avgpool"
    summary: ClassVar[str] = "mean of windows that divide every side into a given number"
    term: ClassVar[str] = "average pools"
    learns: ClassVar[str] = "nothing: it takes the mean of what it sees"
    counts: ClassVar[str] = (
        "no parameters, no MACs; adds = elements of all windows, divisions = output elements"
    )
    example: ClassVar[str] = "adaptive_avgpool: 6"

    def work(self, inputs: tuple[Shape, ...], output: Shape) -> Work:
        return Work(adds=self.connected(inputs, output), divisions=output.size)


class AdaptiveMaxPool(AdaptivePool):
    """Takes the maximum of every one of the windows that divide a side evenly.

    The maximum starts at -infinity, so K elements are K compares.
    """

    type: ClassVar[str] = "adaptive_maxpool"
    summary: ClassVar[str] = "maximum of windows that divide every side into a given number"
    term: ClassVar[str] = "max pools"
    learns: ClassVar[str] = "nothing: it takes the maximum of what it sees"
    counts: ClassVar[str] = "no parameters, no MACs; compares = elements of all windows"
    example: ClassVar[str] = "adaptive_maxpool: 6"

    def work(self, inputs: tuple[Shape, ...], output: Shape) -> Work:
        return Work(compares=self.connected(inputs, output))

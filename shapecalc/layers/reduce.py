"""Layers that reduce axes to one number, or normalise along them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from shapecalc.layers.axes import (
    Axes,
    Axis,
    chosen,
    in_words,
    mixed_along,
    reach_along,
    sets_along,
)
from shapecalc.layers.base import Layer, Work
from shapecalc.layers.fields import Flag, field
from shapecalc.layers.shape import Shape, Vector, as_list, shape_of
from shapecalc.layers.window import Reduced

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapecalc.layers.base import Requirement
    from shapecalc.layers.window import InputSpan


class AlongAxes(Layer):
    """Depends on all elements along some axes."""

    over: tuple[Axis, ...] = field(Axes(), "the axes along which elements meet")

    def configuration(self, *inputs: Shape) -> str:
        return f"over {in_words(self.over, *inputs)}"

    def requires(self, *inputs: Shape) -> Iterable[Requirement]:
        chosen(self.over, inputs[0])
        return ()

    def mixes(self, *inputs: Shape, operand: int = 0) -> InputSpan:
        return mixed_along(chosen(self.over, inputs[0]), inputs[0])


class Reduction(AlongAxes):
    """Joins all elements along some axes into one.

    The axes go, and what is left is a shape as it is written: the last extent are its channels.
    With `keep` they stay, with an extent of 1.
    """

    principal: ClassVar[str] = "over"
    rule: ClassVar[str] = "output = the axes that are left; with `keep` the others are 1"
    statistic: ClassVar[str]

    over: tuple[Axis, ...] = field(Axes(), "the axes that become one number")
    keep: bool = field(
        Flag(),
        "keep the axes, with an extent of 1",
        default=False,
        words={True: "axes kept"},
        unsaid="axes over which a layer reduces go",
    )

    def output(self, *inputs: Shape) -> Shape:
        axes = chosen(self.over, inputs[0])
        extents = list(enumerate(as_list(inputs[0])))
        if self.keep:
            return shape_of(tuple(1 if axis in axes else n for axis, n in extents))
        left = tuple(n for axis, n in extents if axis not in axes)
        return shape_of(left) if left else Vector(1)

    def window(self, *inputs: Shape) -> tuple[InputSpan, ...] | Reduced | None:
        axes = chosen(self.over, inputs[0])
        return reach_along(axes, inputs[0]) if self.keep else Reduced(axes)


class MeanOver(Reduction):
    """Takes the mean along axes.  The sum starts at 0: K elements are K additions, 1 division."""

    type: ClassVar[str] = "mean"
    yields: ClassVar[bool] = True
    statistic: ClassVar[str] = "mean"
    summary: ClassVar[str] = "mean over axes"
    term: ClassVar[str] = "reductions"
    learns: ClassVar[str] = "nothing: it takes the mean of what it sees"
    counts: ClassVar[str] = (
        "no parameters, no MACs; adds = input elements, divisions = output elements"
    )
    example: ClassVar[str] = "mean: [height, width]"

    def work(self, inputs: tuple[Shape, ...], output: Shape) -> Work:
        return Work(adds=inputs[0].size, divisions=output.size)


class SumOver(Reduction):
    """Adds up along axes, from 0: K elements are K additions."""

    type: ClassVar[str] = "sum"
    yields: ClassVar[bool] = True
    statistic: ClassVar[str] = "sum"
    summary: ClassVar[str] = "sum over axes"
    term: ClassVar[str] = "reductions"
    learns: ClassVar[str] = "nothing: it adds up what it sees"
    counts: ClassVar[str] = "no parameters, no MACs; adds = input elements"
    example: ClassVar[str] = "sum: {over: channels, keep: true}"

    def work(self, inputs: tuple[Shape, ...], output: Shape) -> Work:
        return Work(adds=inputs[0].size)


class MaxOver(Reduction):
    """Takes the maximum along axes; it starts at -infinity, so K elements are K compares."""

    type: ClassVar[str] = "max"
    yields: ClassVar[bool] = True
    statistic: ClassVar[str] = "maximum"
    summary: ClassVar[str] = "maximum over axes"
    term: ClassVar[str] = "reductions"
    learns: ClassVar[str] = "nothing: it takes the maximum of what it sees"
    counts: ClassVar[str] = "no parameters, no MACs; compares = input elements"
    example: ClassVar[str] = "max: positions"

    def work(self, inputs: tuple[Shape, ...], output: Shape) -> Work:
        return Work(compares=inputs[0].size)


class L2Norm(AlongAxes):
    """Divides by the root of the sum of squares along axes (ParseNet, SSD: over the channels).

    A trained gain is a layer of its own: `scale: {init: 20}`.  Per element: squared, added up,
    divided; per set of elements that are normalised together: epsilon added, 1 root.
    """

    type: ClassVar[str] = "l2norm"
    yields: ClassVar[bool] = True
    principal: ClassVar[str] = "over"
    summary: ClassVar[str] = "normalisation to a length of 1"
    term: ClassVar[str] = "normalisation"
    learns: ClassVar[str] = "nothing: it divides by the length of what it sees"
    rule: ClassVar[str] = "y = x/sqrt(sum of x*x)"
    counts: ClassVar[str] = (
        "no parameters, no MACs; per element: multiplies 1, adds 1, divisions 1; per normalised"
        " set: adds 1, exponentials 1"
    )

    over: tuple[Axis, ...] = field(
        Axes(), "the axes along which squares are added up", default=("channels",)
    )

    def work(self, inputs: tuple[Shape, ...], output: Shape) -> Work:
        n, sets = output.size, sets_along(chosen(self.over, inputs[0]), inputs[0])
        return Work(multiplies=n, adds=n + sets, divisions=n, exponentials=sets)

    def window(self, *inputs: Shape) -> tuple[InputSpan, ...] | None:
        return reach_along(chosen(self.over, inputs[0]), inputs[0])

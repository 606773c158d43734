"""Convolutions of every channel by itself: depthwise, and separable, which mixes them after."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from shapecalc.algebra import product
from shapecalc.layers.base import Parameter, as_word
from shapecalc.layers.conv import (
    Bias,
    Rounded,
    bias_field,
    biases,
    causal_pad_field,
    convolution_work,
    filters_field,
    window_text,
)
from shapecalc.layers.fields import Count, Padding, field, per_side
from shapecalc.layers.shape import Map, Shape
from shapecalc.layers.window import InputSpan, reach_groups

if TYPE_CHECKING:
    from shapecalc.algebra import Dim
    from shapecalc.layers.base import Work


class Depthwise(Rounded):
    """Slides `multiplier` kernels over every channel by itself."""

    type: ClassVar[str] = "depthwise"
    weighted: ClassVar[bool] = True
    principal: ClassVar[str] = "kernel"
    summary: ClassVar[str] = "convolution of every channel by itself"
    term: ClassVar[str] = ""
    learns: ClassVar[str] = "a kernel or more for every channel, and a bias for each"
    counts: ClassVar[str] = (
        "output channels = channels x multiplier, weights = output channels x kernel,"
        " MACs = weights x output positions"
    )
    example: ClassVar[str] = "depthwise: {kernel: 3, pad: 1}"

    pad: Padding = causal_pad_field()
    multiplier: Dim = field(
        Count(symbolic=True),
        "output channels per input channel",
        default=1,
        unsaid="one kernel per channel",
    )
    bias: Bias = bias_field()

    def configuration(self, *inputs: Shape) -> str:
        return window_text(self, *inputs) + (
            f", x{as_word(self.multiplier)}" if self.multiplier != 1 else ""
        )

    def output(self, *inputs: Shape) -> Map:
        return Map(self.positions(inputs[0]), inputs[0].channels * self.multiplier)

    def _kernel(self, shape: Shape) -> Parameter:
        kernel = per_side(self.kernel, len(shape.sides), "kernel")
        return Parameter("weight", (shape.channels * self.multiplier, 1, *kernel))

    def weights(self, *inputs: Shape) -> tuple[Parameter, ...]:
        filters = inputs[0].channels * self.multiplier
        return (self._kernel(inputs[0]), *biases(self.bias, filters, self.output, inputs))

    def work(self, inputs: tuple[Shape, ...], output: Shape) -> Work:
        return convolution_work(
            self._kernel(inputs[0]).size, product(output.sides), self.bias, output
        )

    def mixes(self, *inputs: Shape, operand: int = 0) -> InputSpan:
        channels = inputs[0].channels
        return reach_groups(channels, channels, channels * self.multiplier)


class Separable(Rounded):
    """A depthwise convolution, then a 1x1 convolution that mixes its channels; one bias."""

    type: ClassVar[str] = "separable"
    weighted: ClassVar[bool] = True
    principal: ClassVar[str] = "filters"
    summary: ClassVar[str] = "depthwise convolution followed by a 1x1 convolution"
    term: ClassVar[str] = ""
    learns: ClassVar[str] = (
        "a kernel or more for every channel, then a weight for every filter and channel, and a bias"
    )
    counts: ClassVar[str] = (
        "weights = channels x multiplier x kernel + filters x channels x multiplier,"
        " biases = filters, MACs = weights x output positions"
    )
    example: ClassVar[str] = "separable: {filters: 64, kernel: 7, stride: 2, pad: 3, multiplier: 8}"

    pad: Padding = causal_pad_field()
    filters: Dim = filters_field()
    multiplier: Dim = field(
        Count(symbolic=True),
        "depthwise outputs per input channel",
        default=1,
        unsaid="one kernel per channel",
    )
    bias: Bias = bias_field()

    def configuration(self, *inputs: Shape) -> str:
        words = f"{as_word(self.filters)} {window_text(self, *inputs)}"
        return words + (f", x{as_word(self.multiplier)}" if self.multiplier != 1 else "")

    def output(self, *inputs: Shape) -> Map:
        return Map(self.positions(inputs[0]), self.filters)

    def _kernels(self, shape: Shape) -> tuple[Parameter, Parameter]:
        kernel = per_side(self.kernel, len(shape.sides), "kernel")
        between = shape.channels * self.multiplier
        ones = (1,) * len(kernel)
        return (
            Parameter("depthwise.weight", (between, 1, *kernel)),
            Parameter("pointwise.weight", (self.filters, between, *ones)),
        )

    def weights(self, *inputs: Shape) -> tuple[Parameter, ...]:
        return (*self._kernels(inputs[0]), *biases(self.bias, self.filters, self.output, inputs))

    def work(self, inputs: tuple[Shape, ...], output: Shape) -> Work:
        depthwise, pointwise = self._kernels(inputs[0])
        return convolution_work(
            depthwise.size + pointwise.size, product(output.sides), self.bias, output
        )

"""Pools: maximum, mean or blur of a moving window, and LeNet's trained subsampling."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import TYPE_CHECKING, ClassVar

from shapecalc.algebra import Dim, larger, product
from shapecalc.errors import RuleError
from shapecalc.layers.base import Parameter, Requirement, Work
from shapecalc.layers.conv import Rounded, window_text
from shapecalc.layers.fields import Flag, Padding, Sizes, field, per_side
from shapecalc.layers.shape import Map, Shape

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapecalc.layers.window import InputSpan, Rounding, Window


class Pool(Rounded):
    """Slides a window over every channel by itself.

    Windows lie side by side unless a stride says otherwise.  Every unit is connected to each
    element of its window, padding included (LeCun et al. 1998, II.B).
    """

    principal: ClassVar[str] = "kernel"
    by_channel: ClassVar[bool] = True

    kernel: tuple[Dim, ...] = field(
        Sizes(divides=True), "extent of the window, per side", default=(2,)
    )
    # Unlike a convolution's, a pool's stride may be left open.
    stride: tuple[Dim, ...] | None = field(  # type: ignore[assignment]
        Sizes(divides=True),
        "step from window to window, per side; by default the kernel's extent",
        default=None,
        unsaid="stride 1",
    )

    def steps(self) -> tuple[Dim, ...]:
        return self.kernel if self.stride is None else self.stride

    def configuration(self, *inputs: Shape) -> str:
        return window_text(self, *inputs)

    def requires(self, *inputs: Shape) -> Iterable[Requirement]:
        return (*_seeing(self.moves(inputs[0])), *super().requires(*inputs))

    def output(self, *inputs: Shape) -> Map:
        return Map(self.positions(inputs[0]), inputs[0].channels)

    def taps(self, shape: Shape) -> Dim:
        """Count the elements of one window."""
        return product(per_side(self.kernel, len(shape.sides), "kernel"))

    def connected(self, inputs: tuple[Shape, ...], output: Shape, work: Work | None = None) -> Dim:
        return self.taps(inputs[0]) * output.size


@lru_cache(maxsize=4096)
def _seeing(moves: tuple[Window, ...]) -> tuple[Requirement, ...]:
    """Require that no window sees padding only."""
    return tuple(
        Requirement(move.extent - pad, "at least", 1, partial(_blind, move))
        for move in moves
        for pad in {move.before, move.after}
    )


def _blind(move: Window) -> RuleError:
    pad = larger(move.before, move.after)
    return RuleError(
        "E203",
        f"with padding {pad} a window that covers {move.extent} would see padding only",
        field="pad",
        rule=f"pad < dilation*(kernel - 1) + 1 = {move.extent}",
        hint=f"use pad <= {move.extent - 1}",
        facts=(("padding", [move.before, move.after]), ("extent", move.extent)),
    )


class MaxPool(Pool):
    """Takes the maximum of every window; padding never wins, as it counts for -infinity.

    The maximum starts at -infinity, so K elements are K compares.
    """

    type: ClassVar[str] = "maxpool"
    stem: ClassVar[str] = "pool"
    summary: ClassVar[str] = "maximum of every window"
    term: ClassVar[str] = "max pools"
    learns: ClassVar[str] = "nothing: it takes the maximum of what it sees"
    counts: ClassVar[str] = "no parameters, no MACs; compares = kernel x output elements"
    example: ClassVar[str] = "maxpool: {kernel: 3, stride: 2}"

    def work(self, inputs: tuple[Shape, ...], output: Shape) -> Work:
        return Work(compares=self.connected(inputs, output))


class AvgPool(Pool):
    """Takes the mean of every window.

    The sum starts at 0, so K elements are K additions, padding zeros included, and 1 division.
    """

    type: ClassVar[str] = "avgpool"
    stem: ClassVar[str] = "pool"
    summary: ClassVar[str] = "mean of every window"
    term: ClassVar[str] = "average pools"
    learns: ClassVar[str] = "nothing: it takes the mean of what it sees"
    counts: ClassVar[str] = (
        "no parameters, no MACs; adds = kernel x output elements, divisions = output elements"
    )
    example: ClassVar[str] = "avgpool: {kernel: 5, stride: 3}"

    count_include_pad: bool = field(
        Flag(),
        "let padding count in the divisor; what hangs over under ceil never does (changes values,"
        " never shapes)",
        default=True,
        words={False: "padding not averaged"},
        unsaid="padding counts in a mean",
    )

    def work(self, inputs: tuple[Shape, ...], output: Shape) -> Work:
        return Work(adds=self.connected(inputs, output), divisions=output.size)


class Subsampling(Pool):
    """Adds up every window, multiplies the sum by one trained coefficient and adds one bias.

    One coefficient and one bias per map (LeCun et al. 1998, II.B: S2 and S4).  The multiplication
    counts as 1 MAC per output.
    """

    type: ClassVar[str] = "subsampling"
    weighted: ClassVar[bool] = True
    summary: ClassVar[str] = "LeNet's pool: sum of every window, a trained coefficient and a bias"
    term: ClassVar[str] = "subsampling"
    learns: ClassVar[str] = "one coefficient and one bias for every channel"
    counts: ClassVar[str] = (
        "weights = channels, biases = channels, MACs = output elements;"
        " adds = kernel x output elements, connections = (kernel + 1) x output elements"
    )

    def weights(self, *inputs: Shape) -> tuple[Parameter, ...]:
        per_channel = (inputs[0].channels,)
        return Parameter("weight", per_channel), Parameter("bias", per_channel, "bias")

    def work(self, inputs: tuple[Shape, ...], output: Shape) -> Work:
        units = output.size
        return Work(macs=units, bias_adds=units, adds=self.taps(inputs[0]) * units)

    def connected(self, inputs: tuple[Shape, ...], output: Shape, work: Work | None = None) -> Dim:
        return (self.taps(inputs[0]) + 1) * output.size


class BlurPool(Pool):
    """Weighs every window by a fixed binomial filter, against aliasing (Zhang 2019).

    Along a side the filter is a row of Pascal's triangle over its sum: 1 2 1 over 4 for a kernel of
    3.  The input is mirrored at its ends, the outermost element not repeated, by floor((kernel -
    1)/2) before and floor(kernel/2) after; so no window sees a zero, and the author's sizes come
    out.  The weights are not trained: like those of bilinear upsampling they count as other
    multiplications and additions, not as MACs.
    """

    type: ClassVar[str] = "blurpool"
    summary: ClassVar[str] = "blurs every channel before it strides, against aliasing"
    term: ClassVar[str] = "blurring"
    learns: ClassVar[str] = "nothing: it weighs what it sees by a fixed filter, a buffer"
    rule: ClassVar[str] = (
        "output side = ceil(n/stride); the input is mirrored by floor((kernel - 1)/2) before and"
        " floor(kernel/2) after"
    )
    counts: ClassVar[str] = (
        "no parameters, buffers = channels x kernel, no MACs;"
        " multiplies and adds = kernel x output elements"
    )

    kernel: tuple[Dim, ...] = field(
        Sizes(divides=True), "extent of the filter, per side", default=(3,)
    )
    stride: tuple[Dim, ...] = field(
        Sizes(divides=True),
        "step from window to window, per side",
        default=(2,),
        unsaid="stride 1",
    )
    dilation: ClassVar[tuple[Dim, ...]] = (1,)  # type: ignore[misc]
    rounding: ClassVar[Rounding] = "floor"  # type: ignore[misc]

    @property  # type: ignore[misc]
    def pad(self) -> Padding:
        """The rows that are mirrored."""
        return Padding(tuple(((k - 1) // 2, k // 2) for k in self.kernel))

    def requires(self, *inputs: Shape) -> Iterable[Requirement]:
        for n, move in zip(inputs[0].sides, self.moves(inputs[0]), strict=True):
            yield Requirement(n - move.after, "at least", 1, partial(_unmirrored, n, move))

    def weights(self, *inputs: Shape) -> tuple[Parameter, ...]:
        kernel = per_side(self.kernel, len(inputs[0].sides), "kernel")
        return (Parameter("filt", (inputs[0].channels, 1, *kernel), "buffer"),)

    def work(self, inputs: tuple[Shape, ...], output: Shape) -> Work:
        taps = self.connected(inputs, output)
        return Work(multiplies=taps, adds=taps)

    def window(self, *inputs: Shape) -> tuple[InputSpan, ...]:
        return tuple(side._replace(beyond="mirrored") for side in super().window(*inputs))


def _unmirrored(n: Dim, move: Window) -> RuleError:
    return RuleError(
        "E204",
        f"an input of {n} has no {move.after} elements to mirror beside its last one",
        field="kernel",
        rule=f"floor(kernel/2) = {move.after} must be less than {n}",
        hint=f"use kernel <= {2 * n - 1}",
        facts=(("input", n), ("kernel", move.kernel), ("mirrored", move.after)),
    )

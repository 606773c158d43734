"""Normalisations to mean 0 and variance 1, over different sets of elements.

One convention counts them all.  Per element: 3 additions (to the sum, minus the mean, to the sum
of squares) and 2 multiplications (square, scale), with a trained scale and shift 1 of each more.
Per set of elements normalised together: 3 divisions (mean, variance, 1/deviation), 1 addition
(epsilon) and 1 root.  Batch normalisation is the exception: at inference its mean and deviation
are constants, which fold into one scale and one shift.

A unit sees all that its mean and its variance are taken of: the whole map, where they are taken
over positions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from shapecalc.algebra import Dim, product
from shapecalc.errors import RuleError
from shapecalc.layers.base import Layer, Parameter, Requirement, Work, groups_divide
from shapecalc.layers.fields import Choice, Count, Flag, field
from shapecalc.layers.window import EVERYTHING, OWN, reach_groups
from shapecalc.text.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapecalc.layers.shape import Shape
    from shapecalc.layers.window import InputSpan

_PER_ELEMENT = (
    "; per element: adds 3, multiplies 2, and 1 each for scale and shift;"
    " per normalised set: divisions 3, adds 1, exponentials 1"
)


class Norm(Layer):
    """Subtracts the mean of a set of elements and divides by their deviation."""

    counts: ClassVar[str] = "weights = channels (scale), biases = channels (shift)" + _PER_ELEMENT
    gathers: ClassVar[str] = "The mean and the variance are taken over all positions"

    affine: bool = field(
        Flag(),
        "scale and shift the result by trained weights and biases",
        default=True,
        words={False: "no scale or shift"},
        unsaid="a trained scale and shift",
    )
    scale: bool = field(
        Flag(),
        "scale by trained weights, where `affine` is true",
        default=True,
        words={False: "no scale"},
        unsaid="a trained scale and shift",
    )
    shift: bool = field(
        Flag(),
        "shift by trained biases, where `affine` is true",
        default=True,
        words={False: "no shift"},
        unsaid="a trained scale and shift",
    )

    def exceptions(self) -> str:
        if self.affine or (self.scale and self.shift):
            return super().exceptions()
        names = (declared.name for declared in self.fields())
        fields = dict(zip(names, self.values(), strict=True))  # that says it of both
        return type(self)(**{**fields, "scale": True, "shift": True}).exceptions()

    def trains(self) -> tuple[bool, bool]:
        """Tell whether the result is scaled, and whether it is shifted."""
        return self.affine and self.scale, self.affine and self.shift

    def sets(self, shape: Shape) -> Dim:
        """Count the sets of elements that are normalised by themselves."""
        raise NotImplementedError

    def over_positions(self) -> bool:
        """Tell whether a set reaches over all positions; if not, it lies at one."""
        return True

    def window(self, *inputs: Shape) -> tuple[InputSpan, ...] | None:
        sides = inputs[0].sides
        return (EVERYTHING,) * len(sides) if sides and self.over_positions() else None

    def scaled(self, shape: Shape) -> tuple[Dim, ...]:
        """Return the extents of the trained scale, and of the shift."""
        return (shape.channels,)

    def weights(self, *inputs: Shape) -> tuple[Parameter, ...]:
        extents = self.scaled(inputs[0])
        scaled, shifted = self.trains()
        weight = (Parameter("weight", extents),) if scaled else ()
        return (*weight, Parameter("bias", extents, "bias")) if shifted else weight

    def work(self, inputs: tuple[Shape, ...], output: Shape) -> Work:
        n, sets = output.size, self.sets(inputs[0])
        scaled, shifted = (n if trained else 0 for trained in self.trains())
        return Work(
            multiplies=2 * n + scaled,
            adds=3 * n + sets + shifted,
            divisions=3 * sets,
            exponentials=sets,
        )


class BatchNorm(Norm):
    """Normalises every channel over the batch in training, by running statistics at inference.

    Inference folds to 1 multiplication and 1 addition per element (Ioffe & Szegedy 2015,
    algorithm 2).  Without running statistics it computes them, counted as in instance
    normalisation.
    """

    type: ClassVar[str] = "batchnorm"
    stem: ClassVar[str] = "bn"
    summary: ClassVar[str] = "batch normalisation"
    term: ClassVar[str] = "batch normalisation"
    learns: ClassVar[str] = "a scale and a shift for every channel"
    counts: ClassVar[str] = (
        "weights = channels (gamma), biases = channels (beta), buffers = 2 x channels (running"
        " mean and variance), no MACs; per element: multiplies 1, adds 1"
    )

    statistics: bool = field(
        Flag(),
        "keep a running mean and variance, as buffers",
        default=True,
        words={False: "no running statistics"},
        unsaid="running statistics",
    )

    def sets(self, shape: Shape) -> Dim:
        return shape.channels

    def weights(self, *inputs: Shape) -> tuple[Parameter, ...]:
        trained = super().weights(*inputs)
        if not self.statistics:
            return trained
        per_channel = (inputs[0].channels,)
        mean = Parameter("running_mean", per_channel, "buffer")
        return *trained, mean, mean._replace(name="running_var")

    def work(self, inputs: tuple[Shape, ...], output: Shape) -> Work:
        if not self.statistics:
            return super().work(inputs, output)
        return Work(multiplies=output.size, adds=output.size)

    def over_positions(self) -> bool:
        return not self.statistics

    def mixes(self, *inputs: Shape, operand: int = 0) -> InputSpan:
        return OWN


def heads_field() -> Any:  # noqa: ANN401  (as `field`)
    """Declare the parts that channels fall into, for what normalises those of a position."""
    return field(
        Count(symbolic=True, divides=True),
        "parts of the channels, each normalised by itself, by the same weights (attention's heads)",
        default=1,
        words="heads",
        unsaid="all channels together",
    )


def heads_divide(channels: Dim, heads: Dim) -> Requirement:
    """Require that the channels fall into heads of one size."""
    return Requirement(
        channels,
        "divisible by",
        heads,
        lambda: RuleError(
            "E205",
            f"{channels} channels cannot be split into {heads} heads",
            field="heads",
            rule=f"{channels} mod {heads} = {channels % heads}, must be 0",
            hint="use heads that divide the channels",
            facts=(("channels", channels), ("heads", heads)),
        ),
    )


class LayerNorm(Norm):
    """Normalises every example by itself, over the channels of each position or over everything.

    Over `channels` is what transformers, ConvNeXt and Keras do; over `all`, channels and sides
    together with a weight for every element, is the paper's and PyTorch's over the whole shape
    (Ba, Kiros & Hinton 2016).  With `heads` the channels of every head are normalised by
    themselves, by the same weights (Dehghani et al. 2023, "Scaling Vision Transformers").
    """

    type: ClassVar[str] = "layernorm"
    principal: ClassVar[str] = "over"
    summary: ClassVar[str] = "layer normalisation"
    term: ClassVar[str] = "normalisation"
    learns: ClassVar[str] = "a scale and a shift for every channel, or for every element"
    counts: ClassVar[str] = (
        "weights and biases = channels each (of a head), or with `over: all` input elements each"
        + _PER_ELEMENT
    )
    example: ClassVar[str] = "layernorm: {over: all}"

    over: Literal["channels", "all"] = field(
        Choice("channels", "all"),
        "what has one mean: the channels of a position, or all",
        default="channels",
    )
    heads: Dim = heads_field()

    def configuration(self, *inputs: Shape) -> str:
        return f"over {self.over}"

    def requires(self, *inputs: Shape) -> Iterable[Requirement]:
        if self.heads != 1 and self.over == "all":
            raise RuleError(
                "E203",
                "heads are parts of the channels of a position, but the layer is over all",
                field="heads",
                hint="leave `over` or `heads` away",
            )
        return [heads_divide(inputs[0].channels, self.heads)]

    def sets(self, shape: Shape) -> Dim:
        return 1 if self.over == "all" else product(shape.sides) * self.heads

    def scaled(self, shape: Shape) -> tuple[Dim, ...]:
        if self.over == "all":
            return (shape.channels, *shape.sides)
        return (shape.channels // self.heads,)

    def over_positions(self) -> bool:
        return self.over == "all"

    def mixes(self, *inputs: Shape, operand: int = 0) -> InputSpan:
        return reach_groups(inputs[0].channels, self.heads, inputs[0].channels)


class GroupNorm(Norm):
    """Normalises groups of channels, each over all positions (Wu & He 2018; G = 32 there)."""

    type: ClassVar[str] = "groupnorm"
    principal: ClassVar[str] = "groups"
    summary: ClassVar[str] = "group normalisation"
    term: ClassVar[str] = "normalisation"
    learns: ClassVar[str] = "a scale and a shift for every channel"
    example: ClassVar[str] = "groupnorm: 32"

    groups: int = field(Count(), "number of groups that the channels fall into", default=32)

    def configuration(self, *inputs: Shape) -> str:
        return counted(self.groups, "group")

    def requires(self, *inputs: Shape) -> Iterable[Requirement]:
        channels = inputs[0].channels
        return [groups_divide(channels, self.groups, f"use groups that divide {channels}")]

    def sets(self, shape: Shape) -> Dim:
        return self.groups

    def mixes(self, *inputs: Shape, operand: int = 0) -> InputSpan:
        return reach_groups(inputs[0].channels, self.groups, inputs[0].channels)


class InstanceNorm(Norm):
    """Normalises every channel over all positions (Ulyanov, Vedaldi & Lempitsky 2016).

    It has a trained scale and shift like the other normalisations; PyTorch's own default is none.
    """

    type: ClassVar[str] = "instancenorm"
    takes: ClassVar[Literal["any", "map"]] = "map"
    summary: ClassVar[str] = "instance normalisation"
    term: ClassVar[str] = "normalisation"
    learns: ClassVar[str] = "a scale and a shift for every channel"

    def sets(self, shape: Shape) -> Dim:
        return shape.channels

    def mixes(self, *inputs: Shape, operand: int = 0) -> InputSpan:
        return OWN

"""Activations that make one channel of several: gated units and maxout."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from shapecalc.errors import RuleError
from shapecalc.layers.activation import Gelu, Pointwise, Sigmoid, Silu
from shapecalc.layers.base import Layer, Requirement, Work, map_like
from shapecalc.layers.fields import Count, field
from shapecalc.layers.window import InputSpan

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapecalc.algebra import Dim
    from shapecalc.layers.shape import Shape


def _divided(channels: Dim, parts: Dim, what: str) -> Requirement:
    """Require that the channels fall into parts of one size."""
    return Requirement(channels, "divisible by", parts, partial(_left_over, channels, parts, what))


def _left_over(channels: Dim, parts: Dim, what: str) -> RuleError:
    return RuleError(
        "E205",
        f"{channels} input channels cannot be split into {parts} {what}",
        rule=f"{channels} mod {parts} = {channels % parts}, must be 0",
        hint=f"let a multiple of {parts} channels flow in",
        facts=(("channels", channels), ("parts", parts)),
    )


class Gated(Layer):
    """Weighs the first half of the channels by a function of the second."""

    rule: ClassVar[str] = "output channels = input channels/2"
    gate: ClassVar[Pointwise]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "gate" in vars(cls):
            cost = cls.gate.cost._replace(multiplies=cls.gate.cost.multiplies + 1)
            words = ", ".join(f"{kind} {n}" for kind, n in cost._asdict().items() if n)
            cls.counts = f"no parameters, no MACs; per output element: {words}"

    def requires(self, *inputs: Shape) -> Iterable[Requirement]:
        return [_divided(inputs[0].channels, 2, "halves")]

    def output(self, *inputs: Shape) -> Shape:
        return map_like(inputs[0], inputs[0].channels // 2)

    def work(self, inputs: tuple[Shape, ...], output: Shape) -> Work:
        gated = self.gate.work((output,), output)
        return gated._replace(multiplies=gated.multiplies + output.size)

    def mixes(self, *inputs: Shape, operand: int = 0) -> InputSpan:
        half = inputs[0].channels // 2
        return InputSpan((0,), (half,), 1, every=half)


class Glu(Gated):
    """Weighs one half of the channels by the sigmoid of the other (Dauphin et al. 2017)."""

    type: ClassVar[str] = "glu"
    yields: ClassVar[bool] = True
    summary: ClassVar[str] = "gated linear unit: halves the channels"
    term: ClassVar[str] = "activations"
    learns: ClassVar[str] = "nothing: it maps pairs of elements by a fixed rule"
    rule: ClassVar[str] = "y = a * sigmoid(b), where a and b are the halves of the channels"
    gate: ClassVar[Pointwise] = Sigmoid()


class Geglu(Gated):
    """Weighs one half of the channels by the GELU of the other (Shazeer 2020)."""

    type: ClassVar[str] = "geglu"
    yields: ClassVar[bool] = True
    summary: ClassVar[str] = "unit gated by a GELU: halves the channels"
    term: ClassVar[str] = "activations"
    learns: ClassVar[str] = "nothing: it maps pairs of elements by a fixed rule"
    rule: ClassVar[str] = "y = a * gelu(b), where a and b are the halves of the channels"
    gate: ClassVar[Pointwise] = Gelu()


class Swiglu(Gated):
    """Weighs one half of the channels by the swish of the other (Shazeer 2020)."""

    type: ClassVar[str] = "swiglu"
    yields: ClassVar[bool] = True
    summary: ClassVar[str] = "unit gated by a swish (SiLU): halves the channels"
    term: ClassVar[str] = "activations"
    learns: ClassVar[str] = "nothing: it maps pairs of elements by a fixed rule"
    rule: ClassVar[str] = "y = a * silu(b), where a and b are the halves of the channels"
    gate: ClassVar[Pointwise] = Silu()


class Maxout(Layer):
    """Takes the maximum of every few neighbouring channels (Goodfellow et al. 2013).

    The pieces themselves are what a dense layer or a convolution before it computes.  The maximum
    starts at -infinity, so K elements are K compares.
    """

    type: ClassVar[str] = "maxout"
    yields: ClassVar[bool] = True
    principal: ClassVar[str] = "pieces"
    summary: ClassVar[str] = "maximum of every few neighbouring channels"
    term: ClassVar[str] = "activations"
    learns: ClassVar[str] = "nothing: it takes the maximum of what it sees"
    rule: ClassVar[str] = "output channels = input channels/pieces"
    counts: ClassVar[str] = "no parameters, no MACs; compares = input elements"
    example: ClassVar[str] = "maxout: 2"

    pieces: int = field(Count(), "number of channels of which one maximum is taken", default=2)

    def configuration(self, *inputs: Shape) -> str:
        return f"{self.pieces} pieces"

    def requires(self, *inputs: Shape) -> Iterable[Requirement]:
        return [_divided(inputs[0].channels, self.pieces, "pieces")]

    def output(self, *inputs: Shape) -> Shape:
        return map_like(inputs[0], inputs[0].channels // self.pieces)

    def work(self, inputs: tuple[Shape, ...], output: Shape) -> Work:
        return Work(compares=inputs[0].size)

    def mixes(self, *inputs: Shape, operand: int = 0) -> InputSpan:
        return InputSpan((0,), (self.pieces - 1,), self.pieces)

"""Rectifiers that let something of what is negative through."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from shapecalc.layers.activation import Pointwise
from shapecalc.layers.base import Parameter
from shapecalc.layers.fields import Decimal, Flag, field
from shapecalc.layers.work import Work

if TYPE_CHECKING:
    from shapecalc.layers.shape import Shape


class LeakyRelu(Pointwise):
    """Scales what is negative by a fixed slope (Maas, Hannun & Ng 2013)."""

    type: ClassVar[str] = "leaky_relu"
    principal: ClassVar[str] = "slope"
    summary: ClassVar[str] = "rectifier with a small slope below 0"
    rule: ClassVar[str] = "y = x where x > 0, else slope*x"
    example: ClassVar[str] = "leaky_relu: 0.2"
    cost: ClassVar[Work] = Work(multiplies=1, compares=1)

    slope: float = field(Decimal(), "slope below 0", default=0.01)

    def does(self, *inputs: Shape) -> str:
        return f"slope {self.slope:g}"


class Prelu(Pointwise):
    """Scales what is negative by a trained slope, one per channel (He et al. 2015)."""

    type: ClassVar[str] = "prelu"
    summary: ClassVar[str] = "rectifier with a trained slope below 0"
    rule: ClassVar[str] = "y = x where x > 0, else slope*x"
    trained: ClassVar[str] = "weights = channels, or 1 when shared"
    example: ClassVar[str] = "prelu: {shared: true}"
    cost: ClassVar[Work] = Work(multiplies=1, compares=1)

    shared: bool = field(Flag(), "train one slope for all channels", default=False)

    def does(self, *inputs: Shape) -> str:
        return "one slope" if self.shared else ""

    def weights(self, *inputs: Shape) -> tuple[Parameter, ...]:
        return (Parameter("weight", (1 if self.shared else inputs[0].channels,)),)


class Elu(Pointwise):
    """Bends what is negative towards -alpha (Clevert, Unterthiner & Hochreiter 2016)."""

    type: ClassVar[str] = "elu"
    principal: ClassVar[str] = "alpha"
    summary: ClassVar[str] = "exponential linear unit"
    rule: ClassVar[str] = "y = x where x > 0, else alpha*(exp(x) - 1)"
    cost: ClassVar[Work] = Work(multiplies=1, adds=1, compares=1, exponentials=1)

    alpha: float = field(Decimal(), "minus the limit far below 0", default=1.0)

    def does(self, *inputs: Shape) -> str:
        return f"alpha {self.alpha:g}"

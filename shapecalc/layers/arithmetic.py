"""Arithmetic: joins of outputs and constants, and functions of every element by itself.

`add` and `multiply`, the first joins of the language, are in `merge`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from shapecalc.layers.activation import Pointwise
from shapecalc.layers.base import Work
from shapecalc.layers.fields import Decimal, Divisor, Interval, decimal_text, field
from shapecalc.layers.merge import Stretching

if TYPE_CHECKING:
    from shapecalc.layers.shape import Shape


class Subtract(Stretching):
    """Subtracts from the first operand all others: m operands take m - 1 subtractions each."""

    type: ClassVar[str] = "subtract"
    yields: ClassVar[bool] = True
    sign: ClassVar[str] = " - "
    operation: ClassVar[str] = "adds"
    summary: ClassVar[str] = "subtracts branches or constants element by element; 1 stretches"
    term: ClassVar[str] = "joins"
    learns: ClassVar[str] = "nothing: it only puts together what the branches computed"
    counts: ClassVar[str] = "no parameters, no MACs; adds = (operands - 1) x output elements"
    example: ClassVar[str] = "subtract: {left: 1}"


class Divide(Stretching):
    """Divides the first operand by all others: m operands take m - 1 divisions each."""

    type: ClassVar[str] = "divide"
    yields: ClassVar[bool] = True
    positive: ClassVar[bool] = True
    sign: ClassVar[str] = " / "
    operation: ClassVar[str] = "divisions"
    summary: ClassVar[str] = "divides branches or constants element by element; 1 stretches"
    term: ClassVar[str] = "joins"
    learns: ClassVar[str] = "nothing: it only puts together what the branches computed"
    counts: ClassVar[str] = "no parameters, no MACs; divisions = (operands - 1) x output elements"
    example: ClassVar[str] = "divide: 8"

    right: float | None = field(Divisor(), "a constant behind the operands: x / 8", default=None)


class Maximum(Stretching):
    """Keeps the largest of the operands' elements: m operands take m - 1 comparisons each."""

    type: ClassVar[str] = "maximum"
    yields: ClassVar[bool] = True
    sign: ClassVar[str] = " max "
    operation: ClassVar[str] = "compares"
    summary: ClassVar[str] = "largest of branches or constants element by element; 1 stretches"
    term: ClassVar[str] = "joins"
    learns: ClassVar[str] = "nothing: it only puts together what the branches computed"
    counts: ClassVar[str] = "no parameters, no MACs; compares = (operands - 1) x output elements"
    example: ClassVar[str] = "maximum: 0"


class Minimum(Stretching):
    """Keeps the smallest of the operands' elements: m operands take m - 1 comparisons each."""

    type: ClassVar[str] = "minimum"
    yields: ClassVar[bool] = True
    sign: ClassVar[str] = " min "
    operation: ClassVar[str] = "compares"
    summary: ClassVar[str] = "smallest of branches or constants element by element; 1 stretches"
    term: ClassVar[str] = "joins"
    learns: ClassVar[str] = "nothing: it only puts together what the branches computed"
    counts: ClassVar[str] = "no parameters, no MACs; compares = (operands - 1) x output elements"
    example: ClassVar[str] = "minimum: 6"


class Abs(Pointwise):
    """Takes the sign away: 1 compare, as changing a sign is free."""

    type: ClassVar[str] = "abs"
    yields: ClassVar[bool] = True
    summary: ClassVar[str] = "absolute value"
    term: ClassVar[str] = "activations"
    learns: ClassVar[str] = "nothing: it maps every element by a fixed rule"
    rule: ClassVar[str] = "y = x where x > 0, else -x"
    cost: ClassVar[Work] = Work(compares=1)


class Negative(Pointwise):
    """Changes the sign, which counts nothing."""

    type: ClassVar[str] = "negative"
    yields: ClassVar[bool] = True
    summary: ClassVar[str] = "the other sign"
    term: ClassVar[str] = "activations"
    learns: ClassVar[str] = "nothing: it maps every element by a fixed rule"
    rule: ClassVar[str] = "y = -x"


class Exp(Pointwise):
    """Raises e to the power of every element."""

    type: ClassVar[str] = "exp"
    yields: ClassVar[bool] = True
    summary: ClassVar[str] = "exponential function"
    term: ClassVar[str] = "activations"
    learns: ClassVar[str] = "nothing: it maps every element by a fixed rule"
    rule: ClassVar[str] = "y = exp(x)"
    cost: ClassVar[Work] = Work(exponentials=1)


class Log(Pointwise):
    """Takes the natural logarithm, which is no number for what is negative."""

    type: ClassVar[str] = "log"
    yields: ClassVar[bool] = True
    positive: ClassVar[bool] = True
    summary: ClassVar[str] = "natural logarithm"
    term: ClassVar[str] = "activations"
    learns: ClassVar[str] = "nothing: it maps every element by a fixed rule"
    rule: ClassVar[str] = "y = log(x)"
    cost: ClassVar[Work] = Work(exponentials=1)


class Sqrt(Pointwise):
    """Takes the square root, which is no number for what is negative."""

    type: ClassVar[str] = "sqrt"
    yields: ClassVar[bool] = True
    positive: ClassVar[bool] = True
    summary: ClassVar[str] = "square root"
    term: ClassVar[str] = "activations"
    learns: ClassVar[str] = "nothing: it maps every element by a fixed rule"
    rule: ClassVar[str] = "y = sqrt(x)"
    cost: ClassVar[Work] = Work(exponentials=1)


class PowerOf(Pointwise):
    """Raises every element to a power, whichever counts as 1 exponential."""

    type: ClassVar[str] = "power"
    yields: ClassVar[bool] = True
    positive: ClassVar[bool] = True
    principal: ClassVar[str] = "exponent"
    summary: ClassVar[str] = "every element to a power"
    term: ClassVar[str] = "activations"
    learns: ClassVar[str] = "nothing: it maps every element by a fixed rule"
    rule: ClassVar[str] = "y = x**exponent"
    example: ClassVar[str] = "power: 3"
    cost: ClassVar[Work] = Work(exponentials=1)

    exponent: float = field(Decimal(), "the power")

    def configuration(self, *inputs: Shape) -> str:
        return f"to the {decimal_text(self.exponent)}"


class Between(Pointwise):
    """Cuts off what is outside of an interval: 2 compares."""

    yields: ClassVar[bool] = True
    principal: ClassVar[str] = "range"
    rule: ClassVar[str] = "y = min(max(x, low), high)"
    cost: ClassVar[Work] = Work(compares=2)

    range: tuple[float, float] = field(Interval(), "the smallest and the largest that stays")

    def configuration(self, *inputs: Shape) -> str:
        low, high = self.range
        return f"{decimal_text(low)} to {decimal_text(high)}"


class Clip(Between):
    """Cuts off what is below or above an interval."""

    type: ClassVar[str] = "clip"
    summary: ClassVar[str] = "cuts off what is outside of an interval"
    term: ClassVar[str] = "activations"
    learns: ClassVar[str] = "nothing: it maps every element by a fixed rule"
    example: ClassVar[str] = "clip: [0, 6]"


class Hardtanh(Between):
    """Squashes x by straight lines: cuts off what is outside of an interval."""

    type: ClassVar[str] = "hardtanh"
    summary: ClassVar[str] = "hyperbolic tangent of straight lines"
    term: ClassVar[str] = "activations"
    learns: ClassVar[str] = "nothing: it maps every element by a fixed rule"
    example: ClassVar[str] = "hardtanh: [-1, 1]"

    range: tuple[float, float] = field(
        Interval(), "the smallest and the largest that stays", default=(-1.0, 1.0)
    )

"""Normalisation by the root of the mean square."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from shapecalc.algebra import product
from shapecalc.layers.base import Layer, Parameter, Work
from shapecalc.layers.fields import Flag, field
from shapecalc.layers.norm import heads_divide, heads_field
from shapecalc.layers.window import reach_groups

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapecalc.algebra import Dim
    from shapecalc.layers.base import Requirement
    from shapecalc.layers.shape import Shape
    from shapecalc.layers.window import InputSpan


class RmsNorm(Layer):
    """Divides the channels of every position, or of a head there, by the root of their mean square.

    Per element: its square, an addition to the sum and a multiplication by the reciprocal, with a
    trained scale 1 multiplication more.  Per normalised set: 2 divisions (mean, reciprocal), 1
    addition (epsilon) and 1 root (Zhang & Sennrich 2019).
    """

    type: ClassVar[str] = "rmsnorm"
    yields: ClassVar[bool] = True
    summary: ClassVar[str] = "normalisation by the root mean square of the channels"
    term: ClassVar[str] = "normalisation"
    learns: ClassVar[str] = "a scale for every channel, or every channel of a head"
    rule: ClassVar[str] = "y = w * x/sqrt(mean of x^2 over the channels of a position)"
    counts: ClassVar[str] = (
        "weights = channels (scale; of a head), no biases, no MACs; per element: multiplies 2, adds"
        " 1, and 1 multiply for scale; per normalised set: divisions 2, adds 1, exponentials 1"
    )

    scale: bool = field(
        Flag(),
        "scale the result by trained weights",
        default=True,
        words={False: "no scale"},
        unsaid="a trained scale",
    )
    heads: Dim = heads_field()

    def requires(self, *inputs: Shape) -> Iterable[Requirement]:
        return [heads_divide(inputs[0].channels, self.heads)]

    def weights(self, *inputs: Shape) -> tuple[Parameter, ...]:
        extents = (inputs[0].channels // self.heads,)
        return (Parameter("weight", extents),) if self.scale else ()

    def work(self, inputs: tuple[Shape, ...], output: Shape) -> Work:
        n, sets = output.size, product(output.sides) * self.heads
        return Work(
            multiplies=(3 if self.scale else 2) * n,
            adds=n + sets,
            divisions=2 * sets,
            exponentials=sets,
        )

    def mixes(self, *inputs: Shape, operand: int = 0) -> InputSpan:
        return reach_groups(inputs[0].channels, self.heads, inputs[0].channels)

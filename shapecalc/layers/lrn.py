"""Local response normalisation."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from shapecalc.layers.base import Layer, Work
from shapecalc.layers.fields import Count, Decimal, field
from shapecalc.layers.window import InputSpan
from shapecalc.text.words import counted

if TYPE_CHECKING:
    from shapecalc.layers.shape import Shape


class Lrn(Layer):
    """Divides every element by (k + alpha/n * sum of squares)**beta over n neighbouring channels.

    Per element: its square and the scaling by alpha/n, n additions to the sum and k, one power,
    one division.  AlexNet's paper has n = 5, k = 2 and alpha without the /n (Krizhevsky,
    Sutskever & Hinton 2012, 3.3).
    """

    type: ClassVar[str] = "lrn"
    stem: ClassVar[str] = "norm"
    principal: ClassVar[str] = "size"
    summary: ClassVar[str] = "local response normalisation across channels"
    term: ClassVar[str] = "response normalisation"
    learns: ClassVar[str] = "nothing: size, alpha, beta and k are chosen, not trained"
    counts: ClassVar[str] = (
        "no parameters, no MACs; per element: multiplies 2, adds size + 1, exponentials 1,"
        " divisions 1"
    )
    example: ClassVar[str] = "lrn: {size: 5, k: 2}"

    size: int = field(
        Count(), "number of neighbouring channels n, the element's own included", default=5
    )
    alpha: float = field(
        Decimal(), "factor of the mean square", default=1e-4, words="alpha", unsaid="alpha 0.0001"
    )
    beta: float = field(Decimal(), "exponent", default=0.75, words="beta", unsaid="beta 0.75")
    k: float = field(
        Decimal(),
        "constant added to the scaled squares; AlexNet's paper has 2",
        default=1.0,
        words="k",
        unsaid="k 1",
    )

    def configuration(self, *inputs: Shape) -> str:
        return f"over {counted(self.size, 'channel')}"

    def work(self, inputs: tuple[Shape, ...], output: Shape) -> Work:
        n = output.size
        return Work(multiplies=2 * n, adds=(self.size + 1) * n, exponentials=n, divisions=n)

    def mixes(self, *inputs: Shape, operand: int = 0) -> InputSpan:
        return InputSpan((-(self.size // 2),), ((self.size - 1) // 2,), 1, beyond="nothing")

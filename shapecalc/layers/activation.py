"""Layers that map every element by itself: activations, softmax, dropout, identity.

They work in place.  How many operations an element takes is a convention, stated in `cost`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from shapecalc.errors import RuleError
from shapecalc.layers.axes import Axes, Axis, chosen, in_words, mixed_along
from shapecalc.layers.base import Layer, Parameter, Work
from shapecalc.layers.fields import Decimal, Flag, decimal_text, field
from shapecalc.layers.shape import Vector
from shapecalc.layers.window import EVERYTHING, OWN

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapecalc.layers.base import Requirement
    from shapecalc.layers.shape import Shape
    from shapecalc.layers.window import InputSpan


class Pointwise(Layer):
    """Maps every element by itself, at `cost` operations each."""

    inplace: ClassVar[bool] = True
    cost: ClassVar[Work] = Work()
    trained: ClassVar[str] = "no parameters"

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        words = ", ".join(f"{kind} {n}" for kind, n in cls.cost._asdict().items() if n)
        cls.counts = f"{cls.trained}, no MACs" + (f"; per element: {words}" if words else "")

    def work(self, inputs: tuple[Shape, ...], output: Shape) -> Work:
        n = output.size
        return Work(*[operation * n for operation in self.cost])


class Relu(Pointwise):
    """Cuts off what is negative: 1 compare (Nair & Hinton 2010)."""

    type: ClassVar[str] = "relu"
    summary: ClassVar[str] = "rectifier"
    term: ClassVar[str] = "activations"
    learns: ClassVar[str] = "nothing: it maps every element by a fixed rule"
    rule: ClassVar[str] = "y = max(x, 0)"
    cost: ClassVar[Work] = Work(compares=1)


class Relu6(Pointwise):
    """Cuts off what is negative or above 6: 2 compares (Sandler et al. 2018)."""

    type: ClassVar[str] = "relu6"
    summary: ClassVar[str] = "rectifier that stops at 6"
    term: ClassVar[str] = "activations"
    learns: ClassVar[str] = "nothing: it maps every element by a fixed rule"
    rule: ClassVar[str] = "y = min(max(x, 0), 6)"
    cost: ClassVar[Work] = Work(compares=2)


class LeakyRelu(Pointwise):
    """Scales what is negative by a fixed slope (Maas, Hannun & Ng 2013)."""

    type: ClassVar[str] = "leaky_relu"
    principal: ClassVar[str] = "slope"
    summary: ClassVar[str] = "rectifier with a small slope below 0"
    term: ClassVar[str] = "activations"
    learns: ClassVar[str] = "nothing: it maps every element by a fixed rule"
    rule: ClassVar[str] = "y = x where x > 0, else slope*x"
    example: ClassVar[str] = "leaky_relu: 0.2"
    cost: ClassVar[Work] = Work(multiplies=1, compares=1)

    slope: float = field(Decimal(), "slope below 0", default=0.01)

    def configuration(self, *inputs: Shape) -> str:
        return f"slope {decimal_text(self.slope)}"


class Prelu(Pointwise):
    """Scales what is negative by a trained slope, one per channel (He et al. 2015)."""

    type: ClassVar[str] = "prelu"
    summary: ClassVar[str] = "rectifier with a trained slope below 0"
    term: ClassVar[str] = "activations"
    learns: ClassVar[str] = "a slope for every channel, or one for all"
    rule: ClassVar[str] = "y = x where x > 0, else slope*x"
    trained: ClassVar[str] = "weights = channels, or 1 when shared"
    example: ClassVar[str] = "prelu: {shared: true}"
    cost: ClassVar[Work] = Work(multiplies=1, compares=1)

    shared: bool = field(
        Flag(),
        "train one slope for all channels",
        default=False,
        words={True: "one slope"},
        unsaid="a slope per channel",
    )

    def weights(self, *inputs: Shape) -> tuple[Parameter, ...]:
        return (Parameter("weight", (1 if self.shared else inputs[0].channels,)),)


class Elu(Pointwise):
    """Bends what is negative towards -alpha (Clevert, Unterthiner & Hochreiter 2016)."""

    type: ClassVar[str] = "elu"
    principal: ClassVar[str] = "alpha"
    summary: ClassVar[str] = "exponential linear unit"
    term: ClassVar[str] = "activations"
    learns: ClassVar[str] = "nothing: it maps every element by a fixed rule"
    rule: ClassVar[str] = "y = x where x > 0, else alpha*(exp(x) - 1)"
    cost: ClassVar[Work] = Work(multiplies=1, adds=1, compares=1, exponentials=1)

    alpha: float = field(Decimal(), "minus the limit far below 0", default=1.0)

    def configuration(self, *inputs: Shape) -> str:
        return f"alpha {decimal_text(self.alpha)}"


class Gelu(Pointwise):
    """Weighs x by the probability of a normal deviate below it (Hendrycks & Gimpel 2016).

    The error function counts as 1 exponential; x/sqrt(2), x/2 and their product as 3 multiplies.
    """

    type: ClassVar[str] = "gelu"
    summary: ClassVar[str] = "Gaussian error linear unit"
    term: ClassVar[str] = "activations"
    learns: ClassVar[str] = "nothing: it maps every element by a fixed rule"
    rule: ClassVar[str] = "y = x/2 * (1 + erf(x/sqrt(2)))"
    cost: ClassVar[Work] = Work(multiplies=3, adds=1, exponentials=1)


class Silu(Pointwise):
    """Weighs x by its sigmoid, as one division; also called swish (Elfwing, Uchibe & Doya 2018)."""

    type: ClassVar[str] = "silu"
    summary: ClassVar[str] = "sigmoid linear unit (swish)"
    term: ClassVar[str] = "activations"
    learns: ClassVar[str] = "nothing: it maps every element by a fixed rule"
    rule: ClassVar[str] = "y = x/(1 + exp(-x))"
    cost: ClassVar[Work] = Work(adds=1, divisions=1, exponentials=1)


class Sigmoid(Pointwise):
    """Squashes x to between 0 and 1."""

    type: ClassVar[str] = "sigmoid"
    summary: ClassVar[str] = "logistic function"
    term: ClassVar[str] = "activations"
    learns: ClassVar[str] = "nothing: it maps every element by a fixed rule"
    rule: ClassVar[str] = "y = 1/(1 + exp(-x))"
    cost: ClassVar[Work] = Work(adds=1, divisions=1, exponentials=1)


class HardSigmoid(Pointwise):
    """Squashes x to between 0 and 1 by three straight lines (Howard et al. 2019)."""

    type: ClassVar[str] = "hard_sigmoid"
    summary: ClassVar[str] = "sigmoid of straight lines"
    term: ClassVar[str] = "activations"
    learns: ClassVar[str] = "nothing: it maps every element by a fixed rule"
    rule: ClassVar[str] = "y = min(max(x + 3, 0), 6)/6"
    cost: ClassVar[Work] = Work(adds=1, compares=2, divisions=1)


class HardSwish(Pointwise):
    """Weighs x by its hard sigmoid (Howard et al. 2019)."""

    type: ClassVar[str] = "hard_swish"
    summary: ClassVar[str] = "swish of straight lines"
    term: ClassVar[str] = "activations"
    learns: ClassVar[str] = "nothing: it maps every element by a fixed rule"
    rule: ClassVar[str] = "y = x * min(max(x + 3, 0), 6)/6"
    cost: ClassVar[Work] = Work(multiplies=1, adds=1, compares=2, divisions=1)


class Tanh(Pointwise):
    """Squashes x to between -1 and 1; the function counts as 1 exponential."""

    type: ClassVar[str] = "tanh"
    summary: ClassVar[str] = "hyperbolic tangent"
    term: ClassVar[str] = "activations"
    learns: ClassVar[str] = "nothing: it maps every element by a fixed rule"
    rule: ClassVar[str] = "y = tanh(x)"
    cost: ClassVar[Work] = Work(exponentials=1)


class Softplus(Pointwise):
    """Rounds off the rectifier; the logarithm counts as an exponential (Dugas et al. 2001)."""

    type: ClassVar[str] = "softplus"
    summary: ClassVar[str] = "smooth rectifier"
    term: ClassVar[str] = "activations"
    learns: ClassVar[str] = "nothing: it maps every element by a fixed rule"
    rule: ClassVar[str] = "y = log(1 + exp(x))"
    cost: ClassVar[Work] = Work(adds=1, exponentials=2)


class Mish(Pointwise):
    """Weighs x by the hyperbolic tangent of its softplus (Misra 2020).

    Exponential, logarithm and hyperbolic tangent count as 3 exponentials.
    """

    type: ClassVar[str] = "mish"
    summary: ClassVar[str] = "smooth rectifier that dips below 0"
    term: ClassVar[str] = "activations"
    learns: ClassVar[str] = "nothing: it maps every element by a fixed rule"
    rule: ClassVar[str] = "y = x * tanh(log(1 + exp(x)))"
    cost: ClassVar[Work] = Work(multiplies=1, adds=1, exponentials=3)


class Softmax(Pointwise):
    """Turns scores into probabilities that sum to 1.

    Per element: compared for the maximum, less the maximum, exponentiated, summed, divided.
    """

    type: ClassVar[str] = "softmax"
    principal: ClassVar[str] = "over"
    summary: ClassVar[str] = "probabilities over channels, or over other axes"
    term: ClassVar[str] = "softmax"
    learns: ClassVar[str] = "nothing: it maps every element by a fixed rule"
    rule: ClassVar[str] = "y = exp(x - max)/sum of exp(x - max)"
    example: ClassVar[str] = "softmax: {over: positions}"
    gathers: ClassVar[str] = "The scores that sum to 1 are divided by their sum"
    cost: ClassVar[Work] = Work(adds=2, compares=1, divisions=1, exponentials=1)

    over: tuple[Axis, ...] = field(
        Axes(),
        "what sums to 1: the channels at a position, the positions of a channel (AlphaGo), or all"
        " along other axes",
        default=("channels",),
        unsaid="softmax over channels",
    )

    def configuration(self, *inputs: Shape) -> str:
        return "" if self.over == ("channels",) else f"over {in_words(self.over, *inputs)}"

    def window(self, *inputs: Shape) -> tuple[InputSpan, ...] | None:
        axes, sides = chosen(self.over, inputs[0]), range(len(inputs[0].sides))
        if set(axes).isdisjoint(sides):
            return None
        return tuple([EVERYTHING if side in axes else OWN for side in sides])

    def mixes(self, *inputs: Shape, operand: int = 0) -> InputSpan:
        return mixed_along(chosen(self.over, inputs[0]), inputs[0])

    def requires(self, *inputs: Shape) -> Iterable[Requirement]:
        if "positions" in self.over and isinstance(inputs[0], Vector):
            raise RuleError(
                "E201",
                f"softmax over positions needs sides, but a vector of {inputs[0].size} flows in",
                field="over",
                hint="use `softmax`, which is over the units of a vector",
                facts=(("input", str(inputs[0].size)),),
            )
        chosen(self.over, inputs[0])
        return ()


class Dropout(Pointwise):
    """Drops elements at random in training and none at inference (Srivastava et al. 2014)."""

    type: ClassVar[str] = "dropout"
    view: ClassVar[bool] = True
    principal: ClassVar[str] = "rate"
    summary: ClassVar[str] = "drops elements in training"
    term: ClassVar[str] = ""
    learns: ClassVar[str] = "nothing: it maps every element by a fixed rule"
    example: ClassVar[str] = "dropout: 0.5"

    rate: float = field(Decimal(0, 1), "share of the elements that are dropped", default=0.5)

    def configuration(self, *inputs: Shape) -> str:
        return decimal_text(self.rate)


class StochasticDepth(Pointwise):
    """Drops a whole branch at random in training and none at inference (Huang et al. 2016)."""

    type: ClassVar[str] = "stochastic_depth"
    yields: ClassVar[bool] = True
    view: ClassVar[bool] = True
    principal: ClassVar[str] = "rate"
    summary: ClassVar[str] = "drops a branch in training (drop path)"
    term: ClassVar[str] = ""
    learns: ClassVar[str] = "nothing: it maps every element by a fixed rule"
    example: ClassVar[str] = "stochastic_depth: 0.2"

    rate: float = field(Decimal(0, 1), "share of the examples that lose the branch", default=0.5)

    def configuration(self, *inputs: Shape) -> str:
        return decimal_text(self.rate)


class Identity(Pointwise):
    """Passes its input on."""

    type: ClassVar[str] = "identity"
    view: ClassVar[bool] = True
    summary: ClassVar[str] = "nothing"
    term: ClassVar[str] = ""
    learns: ClassVar[str] = "nothing: it maps every element by a fixed rule"

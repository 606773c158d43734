"""Recurrent layers: sequences read step by step, with a state that goes from step to step.

At every step a gate of a unit weighs the channels of the step and the units' outputs of the step
before, in one sum; the state begins at 0, and products with it count, as those with padding zeros
do.  So a layer of u units and d inputs takes gates x u x (d + u) multiply-accumulates a step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from shapecalc.errors import RuleError
from shapecalc.layers.base import SEES_ALL, Layer, Parameter, Requirement, Work
from shapecalc.layers.fields import Choice, Count, Flag, field
from shapecalc.layers.shape import Map, Shape, Vector
from shapecalc.layers.window import EVERYTHING, UP_TO_OWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shapecalc.algebra import Dim
    from shapecalc.layers.window import InputSpan


#: The most layers of one recurrent layer: each has arrays of its own, which are listed.
MOST_LAYERS = 1_000


def _counted(number: Any) -> int:  # noqa: ANN401
    """Return a count as a number, also where an explanation has it as a formula."""
    count: int = getattr(number, "value", number)
    return count


class Recurrent(Layer):
    """Reads a sequence, length x channels, step by step.

    Every layer has its own weights, and so has every direction; the layers after the first read
    both directions of the one before.  PyTorch has two biases per gate, one beside each matrix;
    Keras has one in SimpleRNN and LSTM, two in GRU, or one with reset_after=False.
    """

    takes: ClassVar[Literal["any", "map", "sequence"]] = "sequence"
    weighted: ClassVar[bool] = True
    yields: ClassVar[bool] = True
    principal: ClassVar[str] = "units"
    gathers: ClassVar[str] = "The state carries what all steps before have left"
    rule: ClassVar[str] = "output = length x units, or units for the last step; twice the units"
    gates: ClassVar[int]
    #: What a unit takes a step beside its sums and biases.
    cost: ClassVar[Work]

    units: Dim = field(Count(symbolic=True), "number of units of a layer and direction")
    layers: int = field(
        Count(most=MOST_LAYERS, hint="for more, let several follow each other"),
        "number of layers, each reading the one before",
        default=1,
        words="layers",
        unsaid="one recurrent layer",
    )
    bidirectional: bool = field(
        Flag(),
        "read the sequence in both directions, and lay the outputs side by side",
        default=False,
        words={True: "both directions"},
        unsaid="one direction",
    )
    returns: Literal["all", "last"] = field(
        Choice("all", "last"),
        "the outputs of all steps, or the last of each direction",
        default="all",
        words={"last": "last step"},
        unsaid="outputs of all steps",
    )
    biases: int = field(
        Count(0),
        "biases per gate of a unit: 2 in PyTorch, 1 in most of Keras, or 0",
        default=2,
        words="biases",
        unsaid="two biases per gate",
    )

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "cost" in vars(cls):
            words = ", ".join(f"{kind} {n}" for kind, n in cls.cost._asdict().items() if n)
            gates = "" if cls.gates == 1 else f"{cls.gates} x "
            cls.counts = (
                f"per layer and direction: weights = {gates}units x (inputs + units),"
                f" biases = {gates}units x biases; per step: MACs = weights, bias adds = biases;"
                f" per step and unit: {words}"
            )

    def configuration(self, *inputs: Shape) -> str:
        return str(self.units)

    @property
    def directions(self) -> int:
        """How often the sequence is read by a layer."""
        return 2 if self.bidirectional else 1

    def requires(self, *inputs: Shape) -> Iterable[Requirement]:
        if self.biases > 2:
            raise RuleError(
                "E114",
                f"biases must be at most 2, but is {self.biases}",
                field="biases",
                hint="PyTorch has 2 per gate, Keras 1 or 2",
                facts=(("biases", self.biases),),
            )
        return ()

    def output(self, *inputs: Shape) -> Shape:
        channels = self.directions * self.units
        return Vector(channels) if self.returns == "last" else Map(inputs[0].sides[:1], channels)

    def read(self, shape: Shape) -> Iterator[tuple[str, Dim]]:
        """Yield what every layer and direction is called, and how many inputs it has."""
        for number in range(_counted(self.layers)):
            inputs = shape.channels if number == 0 else self.directions * self.units
            for suffix in ("", "_reverse")[: self.directions]:
                yield f"l{number}{suffix}", inputs

    def weights(self, *inputs: Shape) -> tuple[Parameter, ...]:
        rows = self.gates * self.units
        arrays: list[Parameter] = []
        for name, read in self.read(inputs[0]):
            arrays += [
                Parameter(f"weight_ih_{name}", (rows, read)),
                Parameter(f"weight_hh_{name}", (rows, self.units)),
            ]
            beside = ("ih", "hh")[: _counted(self.biases)]
            arrays += [Parameter(f"bias_{which}_{name}", (rows,), "bias") for which in beside]
        return tuple(arrays)

    def work(self, inputs: tuple[Shape, ...], output: Shape) -> Work:
        steps = inputs[0].sides[0]
        rows, times = self.gates * self.units, self.layers * self.directions
        seen = sum(read + self.units for _, read in self.read(inputs[0]))
        work = Work._make(operation * self.units * steps * times for operation in self.cost)
        return work._replace(macs=rows * seen * steps, bias_adds=self.biases * rows * times * steps)

    def within(self, *inputs: Shape) -> Dim:
        """Count the outputs of all steps of all layers that are not the layer's own."""
        all_steps = self.layers * self.directions * self.units * inputs[0].sides[0]
        return all_steps - self.output(*inputs).size

    def window(self, *inputs: Shape) -> tuple[InputSpan, ...]:
        if self.returns == "last":
            return SEES_ALL
        return (EVERYTHING if self.bidirectional else UP_TO_OWN,)


class Rnn(Recurrent):
    """Squashes the sum by a hyperbolic tangent, which is output and state (Elman 1990)."""

    type: ClassVar[str] = "rnn"
    summary: ClassVar[str] = "recurrent layer without gates"
    term: ClassVar[str] = "activations"
    learns: ClassVar[str] = "a weight for every unit and input, and every two units; biases"
    example: ClassVar[str] = "rnn: {units: 128, returns: last}"
    gates: ClassVar[int] = 1
    cost: ClassVar[Work] = Work(exponentials=1)


class Lstm(Recurrent):
    """Keeps a cell that gates fill, empty and show (Hochreiter & Schmidhuber 1997; Gers 2000).

    Three gates are sigmoids, the candidate and the cell go through hyperbolic tangents:
    c = f*c + i*g, and y = o*tanh(c).
    """

    type: ClassVar[str] = "lstm"
    summary: ClassVar[str] = "long short-term memory"
    term: ClassVar[str] = "activations"
    learns: ClassVar[str] = "for each of 4 gates a weight for every unit and input, and two units"
    example: ClassVar[str] = "lstm: {units: 128, bidirectional: true}"
    gates: ClassVar[int] = 4
    cost: ClassVar[Work] = Work(multiplies=3, adds=4, divisions=3, exponentials=5)


class Gru(Recurrent):
    """Blends the state with a candidate, for which part of it is reset (Cho et al. 2014).

    The reset gate weighs what the state adds to the candidate's sum, as in PyTorch, cuDNN and
    Keras: n = tanh(W x + r*(U y)), and y = (1 - z)*n + z*y.
    """

    type: ClassVar[str] = "gru"
    summary: ClassVar[str] = "gated recurrent unit"
    term: ClassVar[str] = "activations"
    learns: ClassVar[str] = "for each of 3 gates a weight for every unit and input, and two units"
    example: ClassVar[str] = "gru: {units: 128, layers: 2}"
    gates: ClassVar[int] = 3
    cost: ClassVar[Work] = Work(multiplies=3, adds=5, divisions=2, exponentials=3)

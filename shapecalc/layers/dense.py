"""Fully connected layers: trained ones, and LeNet's fixed radial basis functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from shapecalc.layers.base import SEES_ALL, Layer, Parameter, Work, map_like
from shapecalc.layers.fields import Choice, Count, Flag, field
from shapecalc.layers.shape import Shape, Vector
from shapecalc.layers.window import EVERYTHING, InputSpan

if TYPE_CHECKING:
    from shapecalc.algebra import Dim


class FullyConnected(Layer):
    """Connects every unit to every element of the input, which it flattens by itself."""

    principal: ClassVar[str] = "units"
    rule: ClassVar[str] = "output = units"

    units: Dim = field(Count(symbolic=True), "number of output units")

    def configuration(self, *inputs: Shape) -> str:
        return str(self.units)

    def output(self, *inputs: Shape) -> Shape:
        return Vector(self.units)

    def window(self, *inputs: Shape) -> tuple[InputSpan, ...] | None:
        return SEES_ALL


class Dense(FullyConnected):
    """Multiplies all inputs by a matrix of weights and adds a bias to every unit.

    Over channels it does so at every position by itself, with the same weights at all of them
    (PyTorch's Linear, Keras's Dense: transformers).
    """

    type: ClassVar[str] = "dense"
    stem: ClassVar[str] = "fc"
    weighted: ClassVar[bool] = True
    summary: ClassVar[str] = "fully connected layer; flattens a volume by itself"
    term: ClassVar[str] = ""
    learns: ClassVar[str] = "a weight for every unit and input, and a bias"
    rule: ClassVar[str] = "output = units; over channels: the input's sides x units"
    counts: ClassVar[str] = (
        "weights = units x input elements (over channels: units x channels), biases = units,"
        " MACs = units x input elements"
    )
    example: ClassVar[str] = "dense: {name: fc6, units: 4096}"

    bias: bool = field(
        Flag(),
        "one bias per unit, or none",
        default=True,
        words={False: "no bias"},
        unsaid="one bias per unit",
    )

    over: Literal["all", "channels"] = field(
        Choice("all", "channels"),
        "what a unit sees: the whole input, or the channels of a position (transformers)",
        default="all",
        words={"channels": "at every position"},
    )

    def output(self, *inputs: Shape) -> Shape:
        return map_like(inputs[0], self.units) if self.over == "channels" else Vector(self.units)

    def weights(self, *inputs: Shape) -> tuple[Parameter, ...]:
        seen = inputs[0].channels if self.over == "channels" else inputs[0].size
        matrix = Parameter("weight", (self.units, seen))
        return (matrix, Parameter("bias", (self.units,), "bias")) if self.bias else (matrix,)

    def work(self, inputs: tuple[Shape, ...], output: Shape) -> Work:
        return Work(macs=self.units * inputs[0].size, bias_adds=output.size if self.bias else 0)

    def window(self, *inputs: Shape) -> tuple[InputSpan, ...] | None:
        return None if self.over == "channels" else SEES_ALL

    def mixes(self, *inputs: Shape, operand: int = 0) -> InputSpan:
        return EVERYTHING


class Rbf(FullyConnected):
    """Measures the squared distance of the input to one fixed code per unit.

    A code element takes a subtraction, a multiplication and an addition to the sum, none of them
    a MAC; the codes are buffers, not trained (LeCun et al. 1998, II.B: OUTPUT).
    """

    type: ClassVar[str] = "rbf"
    summary: ClassVar[str] = "LeNet's output: squared distance to a fixed code per unit"
    term: ClassVar[str] = "distances to codes"
    learns: ClassVar[str] = "nothing: its codes are fixed"
    counts: ClassVar[str] = (
        "buffers = units x input elements; multiplies = buffers, adds = 2 x buffers,"
        " connections = buffers"
    )
    example: ClassVar[str] = "rbf: 10"

    def weights(self, *inputs: Shape) -> tuple[Parameter, ...]:
        return (Parameter("codes", (self.units, inputs[0].size), "buffer"),)

    def work(self, inputs: tuple[Shape, ...], output: Shape) -> Work:
        elements = self.connected(inputs, output)
        return Work(multiplies=elements, adds=2 * elements)

    def connected(self, inputs: tuple[Shape, ...], output: Shape, work: Work | None = None) -> Dim:
        return self.units * inputs[0].size

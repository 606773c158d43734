"""Layers that bring trained arrays of their own into the flow: factors, biases, rows, whole maps.

An array has its channels before its sides, as normalisations over everything have theirs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from shapecalc.errors import RuleError
from shapecalc.layers.base import Layer, Parameter, Work, count_text
from shapecalc.layers.fields import (
    Choice,
    Count,
    Decimal,
    Extents,
    Flag,
    field,
)
from shapecalc.layers.shape import Map, Shape, Vector, as_list, shape_of
from shapecalc.layers.window import InputSpan, reach_behind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapecalc.algebra import Dim
    from shapecalc.layers.base import Requirement


def whole_array(shape: Shape) -> tuple[Dim, ...]:
    """Return the extents of an array with a number for every element."""
    return tuple(as_list(shape, "chw"))


class SharedNumbers(Layer):
    """Meets every element with a number of a trained array, which may serve many of them."""

    per: Literal["channel", "position", "element", "one"] = field(
        Choice("channel", "position", "element", "one"),
        "what has a number of its own: a channel, a position, an element, or nothing (one for all)",
        default="channel",
    )

    def configuration(self, *inputs: Shape) -> str:
        return "one for all" if self.per == "one" else f"per {self.per}"

    def requires(self, *inputs: Shape) -> Iterable[Requirement]:
        if self.per == "position" and isinstance(inputs[0], Vector):
            raise RuleError(
                "E201",
                f"{self.type} per position needs sides, but a vector of {inputs[0].size} flows in",
                field="per",
                hint=f"use `{self.type}`, which has a number for every unit of a vector",
                facts=(("input", str(inputs[0].size)),),
            )
        return ()

    def extents(self, shape: Shape) -> tuple[Dim, ...]:
        """Return the extents of the trained array."""
        if self.per == "element":
            return whole_array(shape)
        by_word = {"channel": (shape.channels,), "position": shape.sides}
        return by_word.get(self.per, (1,))


class Scale(SharedNumbers):
    """Multiplies by trained factors (Caffe's Scale; ConvNeXt's layer scale, Touvron et al. 2021).

    With a bias it shifts as well, by as many numbers.  What the factors begin with changes no
    count; a random run draws them like all weights.
    """

    type: ClassVar[str] = "scale"
    yields: ClassVar[bool] = True
    principal: ClassVar[str] = "per"
    summary: ClassVar[str] = "multiplies by trained factors"
    term: ClassVar[str] = "scales"
    learns: ClassVar[str] = "a factor for every channel, position or element, or one for all"
    rule: ClassVar[str] = "y = weight*x, or weight*x + bias"
    counts: ClassVar[str] = (
        "weights = channels, positions, input elements, or 1, and with `bias` as many biases;"
        " no MACs; per element: multiplies 1, and with `bias` bias adds 1"
    )
    example: ClassVar[str] = "scale: {init: 1e-6}"

    bias: bool = field(
        Flag(),
        "add trained biases, as many as there are factors",
        default=False,
        words={True: "with bias"},
        unsaid="no bias",
    )
    init: float = field(
        Decimal(),
        "what the factors begin with, for the record",
        default=1.0,
        words="init",
        unsaid="init 1",
    )

    def weights(self, *inputs: Shape) -> tuple[Parameter, ...]:
        extents = self.extents(inputs[0])
        factors = Parameter("weight", extents)
        return (factors, Parameter("bias", extents, "bias")) if self.bias else (factors,)

    def work(self, inputs: tuple[Shape, ...], output: Shape) -> Work:
        return Work(multiplies=output.size, bias_adds=output.size if self.bias else 0)


class Bias(SharedNumbers):
    """Adds trained biases: what follows a convolution without its own (Caffe's Bias)."""

    type: ClassVar[str] = "bias"
    inplace: ClassVar[bool] = True
    yields: ClassVar[bool] = True
    principal: ClassVar[str] = "per"
    summary: ClassVar[str] = "adds trained biases"
    term: ClassVar[str] = ""
    learns: ClassVar[str] = "a bias for every channel, position or element, or one for all"
    rule: ClassVar[str] = "y = x + bias"
    counts: ClassVar[str] = (
        "biases = channels, positions, input elements, or 1; no MACs; per element: bias adds 1"
    )
    example: ClassVar[str] = "bias: element"

    def weights(self, *inputs: Shape) -> tuple[Parameter, ...]:
        return (Parameter("bias", self.extents(inputs[0]), "bias"),)

    def work(self, inputs: tuple[Shape, ...], output: Shape) -> Work:
        return Work(bias_adds=output.size)


class PositionEmbedding(Layer):
    """Adds a trained array of the input's own shape (Dosovitskiy et al. 2021: 197x768)."""

    type: ClassVar[str] = "position_embedding"
    yields: ClassVar[bool] = True
    inplace: ClassVar[bool] = True
    summary: ClassVar[str] = "adds a trained array of the input's shape"
    term: ClassVar[str] = "embeddings"
    learns: ClassVar[str] = "a number for every element that flows in"
    rule: ClassVar[str] = "y = x + weight"
    counts: ClassVar[str] = "weights = input elements; no MACs; per element: adds 1"

    def weights(self, *inputs: Shape) -> tuple[Parameter, ...]:
        return (Parameter("weight", whole_array(inputs[0])),)

    def work(self, inputs: tuple[Shape, ...], output: Shape) -> Work:
        return Work(adds=output.size)


class Token(Layer):
    """Puts trained rows in front of a sequence: class token, distillation token (Devlin et al.)."""

    type: ClassVar[str] = "token"
    yields: ClassVar[bool] = True
    takes: ClassVar[Literal["any", "map", "sequence"]] = "sequence"
    by_channel: ClassVar[bool] = True
    principal: ClassVar[str] = "count"
    summary: ClassVar[str] = "trained rows in front of a sequence"
    term: ClassVar[str] = ""
    learns: ClassVar[str] = "a number for every channel of every row that is put in front"
    rule: ClassVar[str] = "output length = n + count"
    counts: ClassVar[str] = "weights = count x channels; no MACs"
    example: ClassVar[str] = "token: 1"

    count: Dim = field(Count(symbolic=True), "how many rows", default=1)

    def configuration(self, *inputs: Shape) -> str:
        return f"{self.count} in front"

    def output(self, *inputs: Shape) -> Map:
        (length,) = inputs[0].sides
        return Map((length + self.count,), inputs[0].channels)

    def weights(self, *inputs: Shape) -> tuple[Parameter, ...]:
        return (Parameter("weight", (inputs[0].channels, self.count)),)

    def window(self, *inputs: Shape) -> tuple[InputSpan, ...]:
        return (reach_behind(inputs[0].sides[0], self.count),)


class TrainedArray(Layer):
    """Is a trained array: what other layers' outputs may be joined with.

    It is the same for every example, and counts as an activation of each.
    """

    type: ClassVar[str] = "parameter"
    yields: ClassVar[bool] = True
    principal: ClassVar[str] = "shape"
    inputs: ClassVar[int | None] = 0
    summary: ClassVar[str] = "a trained array, an operand of a join"
    term: ClassVar[str] = ""
    learns: ClassVar[str] = "every number of the array"
    rule: ClassVar[str] = "output = shape"
    counts: ClassVar[str] = "weights = output elements; no MACs"
    example: ClassVar[str] = "parameter: 1x1x64"

    shape: tuple[Dim, ...] = field(Extents(), "its shape, sides first and channels last")

    def configuration(self, *inputs: Shape) -> str:
        return count_text(self.shape)

    def output(self, *inputs: Shape) -> Shape:
        return shape_of(self.shape)

    def weights(self, *inputs: Shape) -> tuple[Parameter, ...]:
        return (Parameter("weight", whole_array(self.output())),)

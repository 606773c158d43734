"""Tables whose rows are looked up by their numbers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from shapecalc.errors import RuleError
from shapecalc.layers.base import Layer, Parameter, Requirement, as_word
from shapecalc.layers.fields import Count, field
from shapecalc.layers.shape import Map, Shape, Vector, as_text
from shapecalc.layers.window import EVERYTHING, OWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.algebra import Dim
    from shapecalc.layers.window import InputSpan


class Embedding(Layer):
    """Gives every index the row of a trained table that it names (Bengio et al. 2003: words).

    A vector of N indices becomes a sequence of N rows; a map has an index at every position, in
    its only channel.  Nothing is computed, and no gradient goes back to the indices.
    """

    type: ClassVar[str] = "embedding"
    yields: ClassVar[bool] = True
    indexes: ClassVar[str] = "entries"
    summary: ClassVar[str] = "rows of a trained table, by their numbers"
    term: ClassVar[str] = ""
    learns: ClassVar[str] = "a row of numbers for every entry; only rows that are looked up change"
    rule: ClassVar[str] = "output = N x size for N indices, or the sides of a map x size"
    counts: ClassVar[str] = "weights = entries x size; no MACs"
    example: ClassVar[str] = "embedding: {entries: 50257, size: 768}"

    entries: Dim = field(
        Count(symbolic=True, divides=True), "rows of the table: words, tokens, codes"
    )
    size: Dim = field(Count(symbolic=True), "numbers of a row, the output's channels")

    def configuration(self, *inputs: Shape) -> str:
        return f"{as_word(self.entries)} entries of {as_word(self.size)}"

    def requires(self, *inputs: Shape) -> Iterator[Requirement]:
        if isinstance(inputs[0], Map):
            complain = partial(_not_indices, inputs[0])
            yield Requirement(inputs[0].channels, "equal to", 1, complain)

    def output(self, *inputs: Shape) -> Map:
        (indices,) = inputs
        sides = (indices.size,) if isinstance(indices, Vector) else indices.sides
        return Map(sides, self.size)

    def weights(self, *inputs: Shape) -> tuple[Parameter, ...]:
        return (Parameter("weight", (self.entries, self.size)),)

    def window(self, *inputs: Shape) -> tuple[InputSpan, ...] | None:
        return (OWN._replace(side=0),) if isinstance(inputs[0], Vector) else None

    def mixes(self, *inputs: Shape, operand: int = 0) -> InputSpan:
        return EVERYTHING


def _not_indices(shape: Map) -> RuleError:
    text = as_text(shape)
    # 1x5 are five indices in a row
    sides = (shape.channels,) if shape.sides == (1,) else shape.sides
    return RuleError(
        "E201",
        f"embedding reads one index at a position, but {shape.channels} channels flow in ({text})",
        rule=f"{shape.channels} = 1 must hold",
        hint=f"indices are a vector, such as `input: {sides[0]}`, or a map of one channel,"
        f" such as {as_text(Map(sides, 1))}",
        facts=(("input", text),),
    )

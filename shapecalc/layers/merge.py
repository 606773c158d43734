"""Joins of branches: side by side along the channels, or element by element."""

from __future__ import annotations

from functools import partial, reduce
from itertools import combinations
from typing import TYPE_CHECKING, ClassVar, Literal

from shapecalc.algebra import is_symbolic, larger
from shapecalc.errors import RuleError
from shapecalc.layers.base import Layer, Requirement, Work, map_like
from shapecalc.layers.fields import Decimal, decimal_text, field
from shapecalc.layers.shape import Shape, as_list, as_text, shape_of
from shapecalc.layers.window import FIRST, OWN, reach_moved

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shapecalc.algebra import Dim
    from shapecalc.layers.window import InputSpan


class Join(Layer):
    """Makes one volume of one or more whose extents agree."""

    inputs: ClassVar[int | None] = None
    hint: ClassVar[str] = "all extents must agree"

    def extents(self, inputs: tuple[Shape, ...]) -> list[tuple[Dim, ...]]:
        """Return the extents of every operand that must agree, in one order."""
        return [tuple(as_list(shape)) for shape in inputs]

    @property
    def relation(self) -> Literal["equal to", "joined with"]:
        """What must hold of every two extents."""
        return "joined with" if self.stretches(1) else "equal to"

    def stretches(self, extent: Dim) -> bool:
        """Tell whether an operand of this extent takes on whatever the others have."""
        return False

    def requires(self, *inputs: Shape) -> Iterable[Requirement]:
        extents = self.extents(inputs)
        for number, sides in enumerate(extents):
            if len(sides) != len(extents[0]):
                raise self._differ(inputs, 0, number)
        for axis in zip(*extents, strict=True):
            bound = [number for number, extent in enumerate(axis) if not self.stretches(extent)]
            # What may be 1 speaks for no other: then every two have to agree.
            open_ = self.stretches(1) and any(is_symbolic(axis[number]) for number in bound)
            pairs = combinations(bound, 2) if open_ else ((bound[0], n) for n in bound[1:])
            for first, number in pairs:
                complain = partial(self._differ, inputs, first, number)
                yield Requirement(axis[number], self.relation, axis[first], complain)

    def _differ(self, inputs: tuple[Shape, ...], first: int, other: int) -> RuleError:
        a, b = as_text(inputs[first]), as_text(inputs[other])
        return RuleError(
            "E206",
            f"operand {other + 1} of {self.type} is {b}, but operand {first + 1} is {a}",
            rule=f"{self.rule}; {self.hint}",
            hint="mend the branch, or bring it into shape with conv, pad, crop or reshape",
            facts=(("operands", [first + 1, other + 1]), ("shapes", [a, b])),
        )


class Concat(Join):
    """Joins along the channels; vectors join their units."""

    type: ClassVar[str] = "concat"
    summary: ClassVar[str] = "joins branches along the channels"
    term: ClassVar[str] = ""
    learns: ClassVar[str] = "nothing: it only puts together what the branches computed"
    rule: ClassVar[str] = "output channels = sum of the operands' channels"
    hint: ClassVar[str] = "all sides must agree"
    example: ClassVar[str] = "concat: {from: [conv1, conv2]}"

    def extents(self, inputs: tuple[Shape, ...]) -> list[tuple[Dim, ...]]:
        return [shape.sides for shape in inputs]

    def output(self, *inputs: Shape) -> Shape:
        return map_like(inputs[0], sum(shape.channels for shape in inputs))

    def mixes(self, *inputs: Shape, operand: int = 0) -> InputSpan:
        return reach_moved(-sum(shape.channels for shape in inputs[:operand]))


class Elementwise(Join):
    """Computes element by element, with constants at either hand: 1 - x, x * 0.17."""

    principal: ClassVar[str] = "right"
    sign: ClassVar[str]
    operation: ClassVar[str]

    right: float | None = field(Decimal(), "a constant behind the operands: x * 0.17", default=None)
    left: float | None = field(
        Decimal(), "a constant in front of the operands: 1 - x", default=None
    )

    def constants(self) -> tuple[float, ...]:
        """Return the constants, the one in front first."""
        return tuple(value for value in (self.left, self.right) if value is not None)

    def configuration(self, *inputs: Shape) -> str:
        words = []
        if self.constants():
            ends = [_written(n) if n is not None else "" for n in (self.left, self.right)]
            words = [self.sign.join(filter(None, (ends[0], "x", ends[1])))]
        return ", ".join([*words, *self.stretched(*inputs)])

    def stretched(self, *inputs: Shape) -> Iterator[str]:
        """Name the operands that stretch."""
        yield from ()

    def work(self, inputs: tuple[Shape, ...], output: Shape) -> Work:
        times = len(inputs) + len(self.constants()) - 1
        return Work(**{self.operation: times * output.size})


class Add(Elementwise):
    """Adds element by element: m operands take m - 1 additions each."""

    type: ClassVar[str] = "add"
    sign: ClassVar[str] = " + "
    operation: ClassVar[str] = "adds"
    summary: ClassVar[str] = "adds branches element by element"
    term: ClassVar[str] = "joins"
    learns: ClassVar[str] = "nothing: it only puts together what the branches computed"
    rule: ClassVar[str] = "output = shape of every operand"
    counts: ClassVar[str] = "no parameters, no MACs; adds = (operands - 1) x output elements"
    example: ClassVar[str] = "add: {from: [conv2, .]}"


class Stretching(Elementwise):
    """Computes element by element; an extent that is 1 stretches to that of the others.

    A vector counts as a map with sides of 1, so that a gate per channel or per position can be
    applied (Hu, Shen & Sun 2018).
    """

    rule: ClassVar[str] = "output extent = the operands' extent that is not 1"

    def extents(self, inputs: tuple[Shape, ...]) -> list[tuple[Dim, ...]]:
        rank = max(len(shape.sides) for shape in inputs)
        ones = (1,) * rank
        return [(*(shape.sides or ones), shape.channels) for shape in inputs]

    def stretches(self, extent: Dim) -> bool:
        # Only what is 1 for every input size; of a symbol that may be 1 `requires` speaks.
        return isinstance(extent, int) and extent == 1

    def stretched(self, *inputs: Shape) -> Iterator[str]:
        for own in dict.fromkeys(inputs) if len(inputs) > 1 else ():
            extents = self.extents((own, *inputs))
            if any(
                self.stretches(n) and set(more) != {n} for n, *more in zip(*extents, strict=True)
            ):
                yield f"{as_text(own)} stretched"

    def output(self, *inputs: Shape) -> Shape:
        axes = zip(*self.extents(inputs), strict=True)
        return shape_of(tuple(reduce(_wider, axis) for axis in axes))

    def mixes(self, *inputs: Shape, operand: int = 0) -> InputSpan:
        stretched = len(inputs) > 1 and self.stretches(inputs[operand].channels)
        return FIRST if stretched else OWN


class Multiply(Stretching):
    """Multiplies element by element: m operands take m - 1 multiplications each."""

    type: ClassVar[str] = "multiply"
    sign: ClassVar[str] = " * "
    operation: ClassVar[str] = "multiplies"
    summary: ClassVar[str] = "multiplies branches element by element; 1 stretches"
    term: ClassVar[str] = "joins"
    learns: ClassVar[str] = "nothing: it only puts together what the branches computed"
    counts: ClassVar[str] = "no parameters, no MACs; multiplies = (operands - 1) x output elements"
    example: ClassVar[str] = "multiply: {from: [., gate]}"


def _written(value: float) -> str:
    """Write a constant among other words: a negative one in brackets."""
    return decimal_text(value) if value >= 0 else f"({decimal_text(value)})"


def _wider(a: Dim, b: Dim) -> Dim:
    """Return the extent of two that the other one equals, or is 1 and stretches to."""
    if isinstance(a, int) and a == 1:
        return b
    if (isinstance(b, int) and b == 1) or not (is_symbolic(a) or is_symbolic(b)) or a == b:
        return a
    from shapecalc.algebra.bounds import surely_at_least
    from shapecalc.algebra.relations import joined_only_where

    for extent, other in ((a, b), (b, a)):
        if not is_symbolic(extent) or joined_only_where(a, b, extent, "at least", other):
            return extent
        if surely_at_least(extent, other, {}):
            return extent
    return larger(a, b)

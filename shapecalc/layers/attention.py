"""What attention does to its scores, heads x queries x keys, before they become weights."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar, Literal

from shapecalc.algebra import product
from shapecalc.errors import RuleError
from shapecalc.layers.base import Layer, Parameter, Requirement, Work, square
from shapecalc.layers.fields import Sizes, field
from shapecalc.layers.partition import Partition
from shapecalc.layers.shape import Shape, as_text
from shapecalc.layers.window import HIDDEN, OWN, UNSEEN, InputSpan, PerInput

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.algebra import Dim


class CausalMask(Layer):
    """Hides from every position what comes after it: scores above the diagonal are -infinity.

    After softmax they weigh nothing.  Nothing is computed, and nothing is saved either: products
    with what is hidden count like all others.
    """

    type: ClassVar[str] = "causal_mask"
    yields: ClassVar[bool] = True
    takes: ClassVar[Literal["any", "map"]] = "map"
    inplace: ClassVar[bool] = True
    summary: ClassVar[str] = "hides later positions from earlier ones"
    term: ClassVar[str] = ""
    learns: ClassVar[str] = "nothing: it hides scores by a fixed rule"
    rule: ClassVar[str] = "y[i, j] = x[i, j] for j <= i, else -infinity"

    def requires(self, *inputs: Shape) -> Iterator[Requirement]:
        queries, keys = inputs[0].sides[-1], inputs[0].channels
        yield Requirement(keys, "equal to", queries, partial(_not_square, inputs[0]))

    def window(self, *inputs: Shape) -> tuple[InputSpan, ...]:
        return _hidden(inputs[0])

    def mixes(self, *inputs: Shape, operand: int = 0) -> InputSpan:
        return HIDDEN


def _hidden(scores: Shape) -> tuple[InputSpan, ...]:
    """Tell that a score sees itself or nothing, by its query and key."""
    return (*(OWN,) * (len(scores.sides) - 1), HIDDEN)


def _not_square(shape: Shape) -> RuleError:
    return RuleError(
        "E206",
        f"{as_text(shape)} are scores of {shape.channels} keys for {shape.sides[-1]} queries",
        rule=f"{shape.channels} = {shape.sides[-1]} must hold",
        hint="scores of positions with themselves: heads x N x N",
        facts=(("shape", as_text(shape)),),
    )


class WindowMask(Partition):
    """Hides from every position what was rolled into its window from the other end of the map.

    The second input is the map; only its sides count (Liu et al. 2021, "Swin Transformer").
    """

    type: ClassVar[str] = "window_mask"
    yields: ClassVar[bool] = True
    inputs: ClassVar[int | None] = 2
    inplace: ClassVar[bool] = True
    summary: ClassVar[str] = "hides what shifting brought into a window"
    term: ClassVar[str] = ""
    learns: ClassVar[str] = "nothing: it hides scores by a fixed rule"
    rule: ClassVar[str] = "y = x where both lie in the same region of the map, else -infinity"
    example: ClassVar[str] = "window_mask: {from: [scores, map], size: 7, shift: 3}"

    def requires(self, *inputs: Shape) -> Iterator[Requirement]:
        scores, whole = inputs
        yield from self.shifted_within(whole)
        windows, positions = self.cut(whole)
        if len(scores.sides) < 2:
            raise self.unfit(scores, whole)
        for extent, wanted in (
            (scores.sides[0], windows), (scores.sides[-1], positions), (scores.channels, positions)
        ):  # fmt: skip
            yield Requirement(extent, "equal to", wanted, partial(self.unfit, scores, whole))

    def window(self, *inputs: Shape) -> PerInput:
        return PerInput((_hidden(inputs[0]), UNSEEN))

    def mixes(self, *inputs: Shape, operand: int = 0) -> InputSpan:
        return HIDDEN


class RelativePosition(Layer):
    """Adds a trained number to every score, by how far key and query lie apart, for every head.

    Positions are those of a window, row by row; it has (2*rows - 1) x (2*columns - 1) distances
    (Liu et al. 2021, "Swin Transformer", equation 4).
    """

    type: ClassVar[str] = "relative_position"
    yields: ClassVar[bool] = True
    takes: ClassVar[Literal["any", "map"]] = "map"
    inplace: ClassVar[bool] = True
    principal: ClassVar[str] = "size"
    summary: ClassVar[str] = "a trained bias of scores by distance"
    term: ClassVar[str] = "position biases"
    learns: ClassVar[str] = "a weight for every distance and head"
    rule: ClassVar[str] = "y[h, i, j] = x[h, i, j] + w[distance of i and j, h]"
    counts: ClassVar[str] = (
        "weights = heads x product of (2*size - 1); adds = output elements; no MACs"
    )
    example: ClassVar[str] = "relative_position: 7"

    size: tuple[Dim, ...] = field(
        Sizes(symbolic=True), "the window's sides; one number is a square, 1x49 a sequence of 49"
    )

    def configuration(self, *inputs: Shape) -> str:
        return square(self.size)

    def _sides(self) -> tuple[Dim, ...]:
        return self.size * 2 if len(self.size) == 1 else self.size

    def requires(self, *inputs: Shape) -> Iterator[Requirement]:
        (scores,) = inputs
        if len(scores.sides) < 2:
            raise self._unfit(scores)
        for extent in (scores.sides[-1], scores.channels):
            yield Requirement(
                extent, "equal to", product(self._sides()), partial(self._unfit, scores)
            )

    def _unfit(self, scores: Shape) -> RuleError:
        positions = product(self._sides())
        return RuleError(
            "E206",
            f"{as_text(scores)} are no scores of a window of {square(self.size)}",
            field="size",
            rule=f"heads x {positions} x {positions}",
            hint="give the sides of the window that attends",
            facts=(("shape", as_text(scores)), ("positions", positions)),
        )

    def weights(self, *inputs: Shape) -> tuple[Parameter, ...]:
        distances = product(2 * side - 1 for side in self._sides())
        return (Parameter("table", (distances, inputs[0].sides[-2])),)

    def work(self, inputs: tuple[Shape, ...], output: Shape) -> Work:
        return Work(adds=output.size)

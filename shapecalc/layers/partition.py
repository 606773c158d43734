"""Maps rolled around, and cut into windows that are looked at by themselves."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar, Literal

from shapecalc.algebra import ceil_div, product
from shapecalc.errors import RuleError
from shapecalc.layers.base import Layer, Requirement, square
from shapecalc.layers.fields import Flag, Sizes, field, per_side
from shapecalc.layers.shape import Map, Shape, as_text
from shapecalc.layers.window import OWN, SOME, InputSpan, PerInput, some_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shapecalc.algebra import Dim

_MOVES = "nothing: elements are moved, added or taken away by a fixed rule"


class Roll(Layer):
    """Moves everything along the sides; what leaves at one end comes in at the other."""

    type: ClassVar[str] = "roll"
    yields: ClassVar[bool] = True
    takes: ClassVar[Literal["any", "map"]] = "map"
    principal: ClassVar[str] = "shift"
    summary: ClassVar[str] = "moves a map around its ends"
    term: ClassVar[str] = ""
    learns: ClassVar[str] = _MOVES
    rule: ClassVar[str] = "y[i] = x[(i - shift) mod n]"
    example: ClassVar[str] = "roll: -3"

    shift: tuple[int, ...] = field(
        Sizes(-(10**9)), "places that everything moves towards the end of every side; below 0: back"
    )

    def configuration(self, *inputs: Shape) -> str:
        return f"by {square(self.shift)}"

    def output(self, *inputs: Shape) -> Shape:
        per_side(self.shift, len(inputs[0].sides), "shift")
        return inputs[0]

    def window(self, *inputs: Shape) -> tuple[InputSpan, ...]:
        return some_of(len(inputs[0].sides), len(inputs[0].sides))

    def mixes(self, *inputs: Shape, operand: int = 0) -> InputSpan:
        return OWN


class Partition(Layer):
    """What speaks of a map cut into windows of one size.

    Zeros at the ends of its sides fill the last windows; then everything moves `shift` places back,
    around the ends.  A `grid` has so many cells, and a window takes the same place in all of them
    (Tu et al. 2022, "MaxViT").
    """

    takes: ClassVar[Literal["any", "map"]] = "map"
    principal: ClassVar[str] = "size"

    size: tuple[Dim, ...] = field(Sizes(symbolic=True, divides=True), "sides of a window")
    shift: tuple[Dim, ...] = field(
        Sizes(0, symbolic=True),
        "places that the map moves back, around its ends, before it is cut",
        default=(0,),
        unsaid="windows not shifted",
    )
    grid: bool = field(
        Flag(),
        "windows of places that lie far apart: one in each cell of a grid of this size",
        default=False,
        words={True: "grid"},
        unsaid="windows of neighbours",
    )

    def configuration(self, *inputs: Shape) -> str:
        moved = "" if set(self.shift) == {0} else f" shifted by {square(self.shift)}"
        return f"{square(self.size)}{moved}"

    def cut(self, shape: Shape) -> tuple[Dim, Dim]:
        """Return how many windows a map has, and how many positions a window has."""
        rank = len(shape.sides)
        sizes = per_side(self.size, rank, "size")
        per_side(self.shift, rank, "shift")
        counts = map(ceil_div, shape.sides, sizes)
        return product(counts), product(sizes)

    def shifted_within(self, shape: Shape) -> Iterator[Requirement]:
        """Require that windows move by less than one: further moves give these windows again."""
        rank = len(shape.sides)
        sizes, shifts = per_side(self.size, rank, "size"), per_side(self.shift, rank, "shift")
        for size, shift in () if self.grid else zip(sizes, shifts, strict=True):
            if shift != 0:
                complain = partial(_shifted_too_far, size, shift)
                yield Requirement(size, "at least", shift + 1, complain)

    def unfit(self, windows: Shape, whole: Shape) -> RuleError:
        """Return the complaint that windows are not those of a map."""
        count, positions = self.cut(whole)
        return RuleError(
            "E206",
            f"{as_text(windows)} are not windows of {square(self.size)} of {as_text(whole)}",
            rule=f"it has {count} windows of {positions} positions",
            hint="give the size and the shift that it was cut with",
            facts=(("shapes", [as_text(windows), as_text(whole)]),),
        )


def _shifted_too_far(size: Dim, shift: Dim) -> RuleError:
    return RuleError(
        "E203",
        f"windows of {size} cannot be shifted by {shift}: a whole window's shift changes nothing",
        field="shift",
        rule=f"{shift} < {size} must hold",
        hint="give less than the window's side; Swin moves by half of it",
        facts=(("size", size), ("shift", shift)),
    )


class WindowPartition(Partition):
    """Cuts a map into windows: windows x positions x channels, both row by row."""

    type: ClassVar[str] = "window_partition"
    yields: ClassVar[bool] = True
    summary: ClassVar[str] = "cuts a map into windows"
    term: ClassVar[str] = ""
    learns: ClassVar[str] = _MOVES
    rule: ClassVar[str] = "output = product of ceil(n/size) x product of size x channels"
    example: ClassVar[str] = "window_partition: {size: 7, shift: 3}"

    def requires(self, *inputs: Shape) -> Iterator[Requirement]:
        yield from self.shifted_within(inputs[0])

    def output(self, *inputs: Shape) -> Map:
        return Map(self.cut(inputs[0]), inputs[0].channels)

    def window(self, *inputs: Shape) -> tuple[InputSpan, ...]:
        return some_of(len(inputs[0].sides), len(self.output(*inputs).sides))

    def mixes(self, *inputs: Shape, operand: int = 0) -> InputSpan:
        return OWN


class WindowMerge(Partition):
    """Puts windows together again to the map that they were cut from, the second input.

    Only that one's sides count: what had filled the last windows is cut off.
    """

    type: ClassVar[str] = "window_merge"
    yields: ClassVar[bool] = True
    inputs: ClassVar[int | None] = 2
    summary: ClassVar[str] = "puts windows together to a map"
    term: ClassVar[str] = ""
    learns: ClassVar[str] = _MOVES
    rule: ClassVar[str] = "output = the second input's sides x channels"
    example: ClassVar[str] = "window_merge: {from: [windows, map], size: 7, shift: 3}"

    def requires(self, *inputs: Shape) -> Iterable[Requirement]:
        windows, whole = inputs
        yield from self.shifted_within(whole)
        if len(windows.sides) != 2:
            raise self.unfit(windows, whole)
        for extent, wanted in zip(windows.sides, self.cut(whole), strict=True):
            yield Requirement(extent, "equal to", wanted, partial(self.unfit, windows, whole))

    def output(self, *inputs: Shape) -> Map:
        return Map(inputs[1].sides, inputs[0].channels)

    def window(self, *inputs: Shape) -> PerInput:
        sides = len(self.output(*inputs).sides)
        return PerInput(tuple([some_of(len(shape.sides), sides) for shape in inputs]))

    def mixes(self, *inputs: Shape, operand: int = 0) -> InputSpan:
        return OWN if operand == 0 else SOME

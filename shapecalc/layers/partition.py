"""Maps rolled around, and cut into windows that are looked at by themselves."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar, Literal

from shapecalc.algebra import ceil_div, is_symbolic, product
from shapecalc.errors import RuleError
from shapecalc.layers.base import Layer, Requirement, square
from shapecalc.layers.fields import Flag, Sizes, field, per_side
from shapecalc.layers.shape import Map, Shape, as_text
from shapecalc.layers.window import (
    OWN,
    UNSEEN,
    InputSpan,
    PerInput,
    Rearranged,
    UndecidedError,
    reach_rolled,
    some_of,
)

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
        sides = inputs[0].sides
        return tuple(map(reach_rolled, sides, per_side(self.shift, len(sides), "shift")))

    def mixes(self, *inputs: Shape, operand: int = 0) -> InputSpan:
        return OWN


class Partition(Layer):
    """What speaks of a map cut into windows of one size.

    Zeros at the ends of its sides fill the last windows; then everything moves `shift` places back,
    around the ends, but along a side that is one window alone.  A `grid` has so many cells, and a
    window takes the same place in all of them (Tu et al. 2022, "MaxViT").
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

    def cells(self, shape: Shape) -> tuple[tuple[Dim, ...], tuple[int, ...]] | None:
        """Cut every side in two, and tell in what order the pieces make windows and positions.

        None where windows cannot be written so: of a map that is filled, or moved around its ends,
        which puts places of both ends into one window.  Raises `UndecidedError` where only the
        symbols' values tell.
        """
        rank = len(shape.sides)
        sizes, shifts = per_side(self.size, rank, "size"), per_side(self.shift, rank, "shift")
        sides = list(zip(shape.sides, sizes, shifts, strict=True))
        if not all(n == size or (n % size == 0 and shift == 0) for n, size, shift in sides):
            if any(map(is_symbolic, (*shape.sides, *sizes, *shifts))):
                raise UndecidedError
            return None
        pairs = [(size, n // size) if self.grid else (n // size, size) for n, size, _ in sides]
        outer, inner = range(0, 2 * rank, 2), range(1, 2 * rank, 2)
        order = (*inner, *outer) if self.grid else (*outer, *inner)
        return (*(extent for pair in pairs for extent in pair), shape.channels), (*order, 2 * rank)

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

    def window(self, *inputs: Shape) -> tuple[InputSpan, ...] | Rearranged:
        cells = self.cells(inputs[0])
        if cells is None:
            return some_of(len(inputs[0].sides), 2)
        cut, order = cells
        return Rearranged(order, (0, 1, 2), cut)

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
        windows, whole = inputs
        cells = self.cells(Map(whole.sides, windows.channels))
        if cells is None:
            return PerInput((some_of(2, len(whole.sides)), UNSEEN))
        cut, order = cells
        back = tuple([order.index(piece) for piece in range(len(order))])
        extents = tuple([cut[piece] for piece in order])
        return PerInput((Rearranged(back, tuple(range(len(whole.sides) + 1)), extents), UNSEEN))

    def mixes(self, *inputs: Shape, operand: int = 0) -> InputSpan:
        return OWN

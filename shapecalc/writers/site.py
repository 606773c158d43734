"""A layer in its place, as what writes programs of any kind sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from shapecalc.algebra import known
from shapecalc.layers.fields import pads_per_side, per_side
from shapecalc.layers.window import output_size, padding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.layers.fields import Padding
    from shapecalc.layers.shape import Shape

#: A layer of whatever type; its class is known where it is spelled.
AnyLayer: TypeAlias = Any


class Site(NamedTuple):
    """A layer in its place: what flows in, and what comes out.

    `whole`: what flows in first is an input of the network that holds nothing but indices.
    """

    layer: AnyLayer
    inputs: tuple[Shape, ...]
    output: Shape
    whole: bool = False

    @property
    def rank(self) -> int:
        """The number of sides of what flows in first."""
        return len(self.inputs[0].sides)

    @property
    def channels(self) -> int:
        """The channels of what flows in first."""
        return known(self.inputs[0].channels)

    def spread(self, values: Sequence[Any]) -> tuple[Any, ...]:
        """Give every side its value."""
        return tuple(per_side(tuple(values), self.rank, "kernel"))


class UnsayableError(Exception):
    """PyTorch, or another program, has no means for a layer: the reason, and what to do."""

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.reason, self.hint = reason, hint


def pad_pairs(pad: Padding, rank: int) -> list[tuple[int, int]]:
    """Return the padding of every side, before and after."""
    return [(known(before), known(after)) for before, after in pads_per_side(pad, rank)]


def alike_as_one(values: Sequence[float]) -> Any:  # noqa: ANN401
    """Write sizes per side as one number where all are the same."""
    return values[0] if len(set(values)) == 1 else tuple(values)


def frame_of(site: Site) -> list[tuple[int, int]]:
    """Return the margins inside which windows that round down stand where the layer's stand."""
    margins = []
    moves = site.layer.moves(site.inputs[0])
    for side, move in zip(site.inputs[0].sides, moves, strict=True):
        n = known(side)
        before, after = map(known, padding(n, move))
        if move.rounding != "floor" and move.mode != "same":
            size = known(output_size(n, move))
            after = (size - 1) * int(move.stride) + int(move.extent) - n - before
        margins.append((before, after))
    return margins

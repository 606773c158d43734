"""Shapes: a volume of sides and channels, or a vector.  The batch stands apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from shapecalc.algebra import known, product
from shapecalc.text import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shapecalc.algebra import Dim

Layout: TypeAlias = Literal["hwc", "chw"]

#: The names of a map's sides, by their number.
SIDE_NAMES: dict[int, tuple[str, ...]] = {
    1: ("length",),
    2: ("height", "width"),
    3: ("depth", "height", "width"),
}


def axes_text(ranks: Sequence[int], layout: Layout = "hwc") -> str:
    """Name the axes of volumes with so many sides.

    >>> axes_text([2]), axes_text([1], "chw")
    ('height x width x channels', 'channels x length')
    """
    named = (SIDE_NAMES[rank] for rank in ranks)
    orders = [("channels", *sides) if layout == "chw" else (*sides, "channels") for sides in named]
    return " or ".join(map(" x ".join, orders))


class Map(NamedTuple):
    """A signal, an image or a volume: one to three spatial sides, and channels.

    >>> Map((55, 55), 96).size
    290400
    """

    sides: tuple[Dim, ...]
    channels: Dim

    @property
    def size(self) -> Dim:
        """The number of elements."""
        return product(self.sides) * self.channels


class Vector(NamedTuple):
    """A row of units without sides.  Its channels are its units."""

    size: Dim

    @property
    def sides(self) -> tuple[Dim, ...]:
        """A vector has none."""
        return ()

    @property
    def channels(self) -> Dim:
        """The units."""
        return self.size


Shape: TypeAlias = Map | Vector


def shape_of(dims: tuple[Dim, ...]) -> Shape:
    """Make a shape of numbers written sides first, channels last; one number is a vector."""
    return Vector(dims[0]) if len(dims) == 1 else Map(dims[:-1], dims[-1])


def as_list(shape: Shape, layout: Layout = "hwc") -> list[Dim]:
    """List the extents in the layout that the caller states.

    >>> as_list(Map((55, 55), 96)), as_list(Map((55, 55), 96), "chw"), as_list(Vector(4096))
    ([55, 55, 96], [96, 55, 55], [4096])
    """
    if isinstance(shape, Vector):
        return [shape.size]
    if layout == "chw":
        return [shape.channels, *shape.sides]
    return [*shape.sides, shape.channels]


def whole(shape: Shape) -> tuple[int, ...]:
    """Return a shape's extents, channels last."""
    return tuple(map(known, as_list(shape)))


def as_text(shape: Shape, layout: Layout = "hwc", write: Callable[[Dim], str] | None = None) -> str:
    """Write a shape as papers do; `write` is how an extent is written, if not by itself.

    >>> as_text(Map((55, 55), 96))
    '55x55x96'
    """
    return times_text(as_list(shape, layout), write)


def times_text(dims: Sequence[Dim], write: Callable[[Dim], str] | None = None) -> str:
    """Write extents with a times sign between them, and with room where they are expressions."""
    texts = list(map(write or str, dims))
    if len(texts) == 1 or all(map(_stands_close, texts)):
        return "x".join(texts)
    from shapecalc.algebra.notation import as_factor

    return " x ".join(map(as_factor, texts))


def _stands_close(text: str) -> bool:
    """Tell whether an x beside an extent reads as a times sign: 19x19x2k, but h4 x w4."""
    return text.isalnum() and (text[0].isdigit() or text.isalpha())

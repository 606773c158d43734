"""What extents may mean as the volume that a cell asks for: order, batch, vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapecalc.layers.shape import (
    Map,
    Vector,
    shape_of,
    whole,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction

    from shapecalc.homework.assignment.reading import Extents
    from shapecalc.layers.shape import Shape


class Form(NamedTuple):
    """Extents with the channels last.

    `swapped`: they were written first, without saying so.  `other`: another notation of the same,
    with what was understood.
    """

    dims: tuple[Fraction, ...]
    swapped: bool = False
    other: str = ""

    @property
    def shape(self) -> Shape | None:
        """The volume, when all extents are whole and there is something in it."""
        if any(each.denominator != 1 or each < 1 for each in self.dims):
            return None
        return shape_of(tuple(each.numerator for each in self.dims))


_BATCH = "the batch axis was left out"
_VECTOR = "a vector is a volume with sides of 1"


def forms(extents: Extents, key: Shape, *, channels_first: bool = False) -> Iterator[Form]:
    """Yield what extents may mean for a cell whose key is `key`, likeliest first.

    `channels_first`: the whole sheet seems to be written so.
    """
    dims, other = extents.dims, _BATCH if extents.batch else ""
    wanted = len(whole(key))
    if len(dims) == wanted + 1 and dims[0] == 1:
        dims, other = dims[1:], _BATCH
    if isinstance(key, Vector):
        yield from _vector(dims, other)
        return
    if len(dims) == 1 and isinstance(key, Map) and set(key.sides) == {1}:
        yield Form((dims[0] ** 0,) * (wanted - 1) + dims, other=other or _VECTOR)
        return
    if len(dims) != wanted:
        yield Form(dims, other=other)
        return
    said = "channels first" if extents.channels_first else ""
    last = Form(dims, other=other)
    first = Form((*dims[1:], dims[0]), swapped=not said, other=other or said)
    if extents.channels_first is False:
        yield last
    elif extents.channels_first or channels_first:
        yield from (first, last)
    else:
        yield from (last, first)


def _vector(dims: tuple[Fraction, ...], other: str) -> Iterator[Form]:
    """Read a vector, which may have sides of 1."""
    beyond = [each for each in dims if each != 1]
    if len(dims) > 1 and len(beyond) <= 1:
        yield Form((beyond[0] if beyond else dims[0],), other=other or _VECTOR)
    else:
        yield Form(dims, other=other)

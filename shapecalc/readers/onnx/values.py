"""What flows through an ONNX graph, as our layers see it.

The file's extents have the batch in front and mostly the channels second; ours are sides and
channels, without the batch.  A value notes which of the file's axes is which of ours, so that a
Transpose is nothing but another note until a layer needs an order.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Value(NamedTuple):
    """What a layer gives: `extents` as ours, `dims` as the file's.

    `axes` are the file's axes of our extents, None for one of 1 that the file does not have; what
    of the file's axes is in none of ours has an extent of 1, but for the `batch`.  One that is
    `loose` has more axes than a volume: its `extents` are how the elements lie in the volume that
    its source gives, and nothing but moves and parts are made of it.
    """

    source: str
    extents: tuple[int, ...]
    axes: tuple[int | None, ...]
    dims: tuple[int, ...]
    batch: int | None = 0
    loose: bool = False

    def of_axis(self, axis: int) -> int | None:
        """Return our axis for one of the file's, None for the batch or one of 1."""
        return self.axes.index(axis) if axis in self.axes else None

    @property
    def own_axes(self) -> tuple[int, ...]:
        """The file's axes without the batch, in the file's order."""
        return tuple(axis for axis in range(len(self.dims)) if axis != self.batch)


def transposed(value: Value, order: Sequence[int]) -> Value:
    """Return a value whose axes the file puts in another order."""
    place = {old: new for new, old in enumerate(order)}
    return value._replace(
        axes=tuple(None if axis is None else place[axis] for axis in value.axes),
        dims=tuple(value.dims[axis] for axis in order),
        batch=None if value.batch is None else place[value.batch],
    )


def squeezed(value: Value, gone: set[int]) -> Value:
    """Return a value without some axes of 1."""
    left = [axis for axis in range(len(value.dims)) if axis not in gone]
    place = {old: new for new, old in enumerate(left)}
    return value._replace(
        axes=tuple(None if axis is None else place.get(axis) for axis in value.axes),
        dims=tuple(value.dims[axis] for axis in left),
        batch=None if value.batch is None else place.get(value.batch),
    )


def unsqueezed(value: Value, new: set[int]) -> Value:
    """Return a value with more axes of 1."""
    rank = len(value.dims) + len(new)
    places = [axis for axis in range(rank) if axis not in new]
    dims = [1] * rank
    for old, axis in enumerate(places):
        dims[axis] = value.dims[old]
    return value._replace(
        axes=tuple(None if axis is None else places[axis] for axis in value.axes),
        dims=tuple(dims),
        batch=None if value.batch is None else places[value.batch],
    )


def pieces(old: Sequence[int], new: Sequence[int]) -> Iterator[tuple[list[int], list[int]]]:
    """Yield the places of extents that hold the same elements, in two shapes of the same.

    >>> list(pieces([14, 14, 768], [196, 768])), list(pieces([6, 4], [2, 3, 4]))
    ([([0, 1], [0]), ([2], [1])], [([0], [0, 1]), ([1], [2])])
    """
    at = to = 0
    while at < len(old) or to < len(new):
        left, right = [], []
        a = b = 1
        if at < len(old):
            left, a, at = [at], old[at], at + 1
        if to < len(new):
            right, b, to = [to], new[to], to + 1
        while a != b:
            if a < b and at < len(old):
                a, left, at = a * old[at], [*left, at], at + 1
            elif to < len(new):
                b, right, to = b * new[to], [*right, to], to + 1
            else:
                return
        yield left, right


def size_of(extents: Sequence[int]) -> int:
    """Count elements."""
    return prod(extents)

"""Where the elements of an array come from, once they were moved: offsets and strides.

What layers of moves make of an array (reshape, permute, slice) is told of its extents alone.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    #: A part of an axis: so many elements, so far apart.
    Stride: TypeAlias = tuple[int, int]


class Strides(NamedTuple):
    """An array as a part of another one: the first element's place, and how each axis goes on.

    An axis is of parts, the outermost first; none for an extent of 1.
    """

    offset: int
    axes: tuple[tuple[Stride, ...], ...]

    @classmethod
    def of(cls, extents: Sequence[int]) -> Strides:
        """Return an array of these extents as a part of itself.

        >>> Strides.of([5, 6]).reshape([5, 2, 3]).permute([1, 0, 2])
        Strides(offset=0, axes=(((2, 3),), ((5, 6),), ((3, 1),)))
        """
        parts = [((n, prod(extents[axis + 1 :])),) for axis, n in enumerate(extents)]
        return cls(0, tuple(map(_merged, parts)))

    def permute(self, order: Sequence[int]) -> Strides:
        """Return it with its axes in another order.  Raises `ValueError` for other axes."""
        if len(order) != len(self.axes):
            raise ValueError("axes of another number")
        return self._replace(axes=tuple(self.axes[axis] for axis in order))

    def slice(self, axis: int, start: int, stop: int) -> Strides:
        """Return a part of it along an axis.  Raises `ValueError` where no strides say that."""
        own = self.axes[axis]
        if not own:
            return self
        (count, stride), *inner = own
        size = prod(n for n, _ in inner)
        if start % size or stop % size or not start < stop <= count * size:
            raise ValueError("a part of parts")
        taken = _merged([((stop - start) // size, stride), *inner])
        axes = (*self.axes[:axis], taken, *self.axes[axis + 1 :])
        return Strides(self.offset + start // size * stride, axes)

    def repeat(self, axis: int, times: int) -> Strides:
        """Return it with each place along an axis several times, one behind the other."""
        own = (*self.axes[axis], (times, 0))
        return self._replace(axes=(*self.axes[:axis], own, *self.axes[axis + 1 :]))

    def reshape(self, extents: Sequence[int]) -> Strides:
        """Return it in other extents.  Raises `ValueError` where no strides say that."""
        left = [part for axis in self.axes for part in axis]
        axes = []
        for extent in extents:
            own, n = [], extent
            while n > 1:
                if not left:
                    raise ValueError("too few elements")
                count, stride = left.pop(0)
                if n % count == 0:
                    own.append((count, stride))
                    n //= count
                elif count % n == 0:
                    own.append((n, stride * (count // n)))
                    left.insert(0, (count // n, stride))
                    n = 1
                else:
                    raise ValueError("extents that share no factors")
            axes.append(_merged(own))
        if left:
            raise ValueError("too many elements")
        return Strides(self.offset, tuple(axes))


def _merged(parts: Iterable[Stride]) -> tuple[Stride, ...]:
    """Join parts of an axis that go on as one."""
    joined: list[Stride] = []
    for count, stride in parts:
        if count == 1:
            continue
        if joined and joined[-1][1] == count * stride:
            joined[-1] = (joined[-1][0] * count, stride)
        else:
            joined.append((count, stride))
    return tuple(joined)

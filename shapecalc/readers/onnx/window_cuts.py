"""Maps that are cut into windows, by where their elements come from and go to."""

from __future__ import annotations

from math import isqrt, prod
from typing import NamedTuple

from shapecalc.readers.onnx.strides import Strides


class WindowCut(NamedTuple):
    """How a map is cut: into windows of one side, of neighbours or of a `grid`'s places."""

    extents: tuple[int, int, int]
    side: int
    grid: bool

    @property
    def counts(self) -> tuple[int, int]:
        """How many windows there are along each side."""
        return self.extents[0] // self.side, self.extents[1] // self.side

    def apart(self) -> Strides:
        """Return windows, positions and channels as parts of the map."""
        (rows, columns), side, channels = self.counts, self.side, self.extents[2]
        if self.grid:
            parts = Strides.of(self.extents).reshape((side, rows, side, columns, channels))
            ordered = parts.permute((1, 3, 0, 2, 4))
        else:
            parts = Strides.of(self.extents).reshape((rows, side, columns, side, channels))
            ordered = parts.permute((0, 2, 1, 3, 4))
        return ordered.reshape((rows * columns, side * side, channels))

    def together(self) -> Strides:
        """Return the map as parts of windows, positions and channels."""
        parts = Strides.of((*self.counts, self.side, self.side, self.extents[2]))
        order = (2, 0, 3, 1, 4) if self.grid else (0, 2, 1, 3, 4)
        return parts.permute(order).reshape(self.extents)


def cut_into(strides: Strides, length: int) -> WindowCut | None:
    """Return how a map is cut whose elements these are, of windows of so many positions."""
    side = isqrt(length)
    if len(strides.axes) != 3 or side * side != length:
        return None
    height, width, channels = (prod(count for count, _ in axis) for axis in strides.axes)
    if height % side or width % side:
        return None
    for grid in (False, True):
        cut = WindowCut((height, width, channels), side, grid)
        if cut.together() == strides:
            return cut
    return None

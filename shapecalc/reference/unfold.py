"""Convolution as a matrix product: windows are written out as columns, in bounded pieces.

A convolution correlates its input with its kernels.  `correlate` does that; `correlate_back` is
its adjoint, which takes gradients to the input (and is what a transposed convolution computes);
`correlate_kernels` correlates the input with the output's gradient, which gives the gradient of
the weights.  (Dumoulin & Visin 2016; Goodfellow, Bengio & Courville 2016, section 9.5.)

Windows are those of `sliding.windows`, N x C x positions x taps; kernels are F x C/groups x taps.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

from shapecalc.reference.arrays import along_sides
from shapecalc.reference.product import matmul

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.reference.arrays import Array

#: Elements of columns that are written out at once, 16 MB of float32: smaller pieces are written
#: again while other cores still have them in their caches, larger ones take fresh memory.
PIECE = 1 << 22


def correlate(view: Array, kernels: Array, groups: int = 1) -> Array:
    """Weigh every window with every kernel of its group and add up: N x F x positions."""
    rank = kernels.ndim - 2
    positions, filters = view.shape[2 : 2 + rank], len(kernels)
    rows = kernels.reshape(groups, filters // groups, -1)
    y = np.empty((len(view), groups, filters // groups, prod(positions)), view.dtype)
    for example, span, columns in _unfolded(view, groups):
        matmul(rows, columns, out=y[example, :, :, span])
    return y.reshape(len(view), filters, *positions)


def correlate_kernels(view: Array, gradient: Array, groups: int = 1) -> Array:
    """Correlate the input with the output's gradient: F x C/groups x taps.

    dL/dw[f, c, tap] is the sum over all positions of gradient[f, position] times what that
    position's window shows at c and tap.
    """
    examples, filters = gradient.shape[:2]
    rank = gradient.ndim - 2
    spread = gradient.reshape(examples, groups, filters // groups, -1)
    taps, channels = view.shape[2 + rank :], view.shape[1] // groups
    total = np.zeros((groups, filters // groups, channels * prod(taps)), view.dtype)
    for example, span, columns in _unfolded(view, groups):
        total += matmul(spread[example, :, :, span], columns.swapaxes(1, 2))
    return total.reshape(filters, channels, *taps)


def correlate_back(view: Array, kernels: Array, gradient: Array, groups: int = 1) -> None:
    """Add to every window what its position's gradient gives it: all kernels, so weighted.

    `view` are the windows of the canvas that is added to.
    """
    rank = kernels.ndim - 2
    examples, filters = gradient.shape[:2]
    columns_of = kernels.reshape(groups, filters // groups, -1).swapaxes(1, 2)
    spread = gradient.reshape(examples, groups, filters // groups, -1)
    target = _split(view, groups, rank)
    row = prod(gradient.shape[3:])
    for example, first, last in _pieces(target, rank):
        columns = matmul(columns_of, spread[example, :, :, first * row : last * row])
        piece = _rows(target[example], rank, first, last)
        columns = columns.reshape(piece.shape)
        for tap in np.ndindex(*kernels.shape[2:]):
            piece[:, :, *tap] += columns[:, :, *tap]


def _split(view: Array, groups: int, rank: int) -> Array:
    """View windows as N x groups x C/groups x taps x positions."""
    examples, channels, *rest = view.shape
    split = view.reshape(examples, groups, channels // groups, *rest)
    return split.transpose(0, 1, 2, *range(3 + rank, 3 + 2 * rank), *range(3, 3 + rank))


def _rows(split: Array, rank: int, first: int, last: int) -> Array:
    """Take some positions along the first side."""
    part: Array = split[along_sides((slice(first, last), *(slice(None),) * (rank - 1)))]
    return part


def _pieces(split: Array, rank: int) -> Iterator[tuple[int, int, int]]:
    """Cut the work into (example, first, last) along the first side, `PIECE` elements at most."""
    length = split.shape[-rank]
    pieces = -(-split[0].size // PIECE)
    step = -(-length // min(pieces, length))  # all of one size, but for the last
    for example in range(len(split)):
        for first in range(0, length, step):
            yield example, first, min(first + step, length)


def _unfolded(view: Array, groups: int) -> Iterator[tuple[int, slice, Array]]:
    """Write windows out as columns: (example, places, groups x C/groups*taps x places).

    The columns are overwritten by the next piece.
    """
    rank = (view.ndim - 2) // 2
    split = _split(view, groups, rank)
    channels, taps, positions = split.shape[2], split.shape[3 : 3 + rank], split.shape[3 + rank :]
    if prod(taps) == 1:  # these are columns already
        for example, block in enumerate(split):
            yield example, slice(None), block.reshape(groups, channels, -1)
        return
    row, tall = prod(positions[1:]), channels * prod(taps)
    buffer = np.empty(0, view.dtype)
    for example, first, last in _pieces(split, rank):
        size = groups * tall * row * (last - first)
        if buffer.size < size:
            buffer = np.empty(size, view.dtype)
        piece = _rows(split[example], rank, first, last)
        columns = buffer[:size]
        np.copyto(columns.reshape(piece.shape), piece)
        yield example, slice(first * row, last * row), columns.reshape(groups, tall, -1)

"""What weighted layers share: the matrix product, convolution by it, biases, counted products.

All of them go through the one `matmul`, so that it can be counted.

A convolution correlates its input with its kernels.  `correlate` does that, by windows written out
as columns in bounded pieces; `correlate_back` is its adjoint, which takes gradients to the input
(and is what a transposed convolution computes); `correlate_kernels` correlates the input with the
output's gradient, which gives the gradient of the weights.  (Dumoulin & Visin 2016; Goodfellow,
Bengio & Courville 2016, section 9.5.)

Windows are those of `moving.windows`, N x C x positions x taps; kernels are F x C/groups x taps.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from shapecalc.reference.arrays import Slot, along_sides, bias_slot, column, places
from shapecalc.reference.moving import sliding_window, surround, taps, windows
from shapecalc.reference.tally import accumulators

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shapecalc.reference.arrays import Array, Arrays


class Product(NamedTuple):
    """A product that was done: `times` matrices of rows x inner by inner x columns."""

    times: int
    rows: int
    inner: int
    columns: int

    @property
    def macs(self) -> int:
        """The multiply-accumulates: the accumulators start at zero."""
        return self.times * self.rows * self.inner * self.columns


_RECORD: ContextVar[list[Product] | None] = ContextVar("record", default=None)


@contextmanager
def recorded() -> Iterator[list[Product]]:
    """Note the shapes of all products done inside, in the list that this gives."""
    done: list[Product] = []
    token = _RECORD.set(done)
    try:
        yield done
    finally:
        _RECORD.reset(token)


def matmul(a: Array, b: Array, out: Array | None = None) -> Array:
    """Multiply matrices, or stacks of them: ... x rows x inner by ... x inner x columns."""
    product: Array = np.matmul(a, b, out=out) if out is not None else np.matmul(a, b)
    record = _RECORD.get()
    if record is not None:
        times = product.size // (product.shape[-2] * product.shape[-1])
        record.append(Product(times, a.shape[-2], a.shape[-1], b.shape[-1]))
    return product


# -- convolution -----------------------------------------------------------------------------------

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


# -- biases, and numbers that count ----------------------------------------------------------------


def bias_slots(layer: Any, filters: int, x: Array) -> dict[str, Slot]:  # noqa: ANN401
    """Describe no bias, one per filter, or one per filter and position of a moving window."""
    if layer.bias == "per_position":
        sliding = sliding_window(layer, x)
        view = windows(surround(x, sliding), sliding)
        return {"bias": bias_slot((filters, *view.shape[2 : x.ndim]))}
    return {"bias": bias_slot((filters,))} if layer.bias else {}


def add_bias(y: Array, arrays: Arrays) -> Array:
    """Add the bias, if there is one, into `y`."""
    if "bias" in arrays:
        bias = arrays["bias"]
        y += bias if bias.ndim > 1 else column(bias, y)
    return y


def bias_gradient(gradient: Array, arrays: Arrays) -> dict[str, Array]:
    """Add up the gradient over everything that shares a bias."""
    if "bias" not in arrays:
        return {}
    return {"bias": gradient.sum(0 if arrays["bias"].ndim > 1 else places(gradient))}


def counted_windows(layer: Any, x: Array, fill: float = 0.0) -> Array:  # noqa: ANN401
    """View the windows of an input of numbers that count."""
    sliding = sliding_window(layer, x)
    return windows(surround(x, sliding, x.flat[0].like(fill)), sliding)


def counted_products(view: Array, rows: Iterable[tuple[Iterable[int], Array]], x: Array) -> Array:
    """Weigh, for every filter, the input maps that it sees with their kernels."""
    maps = []
    for seen, kernels in rows:
        y = accumulators((len(x), *view.shape[2 : x.ndim]), x)
        for channel, kernel in zip(seen, kernels, strict=True):
            for weight, shown in zip(
                kernel.flat, taps(view[:, channel : channel + 1]), strict=True
            ):
                y = y + shown[:, 0] * weight
        maps.append(y)
    return np.stack(maps, 1)


def grouped(weight: Array, groups: int) -> Iterable[tuple[Iterable[int], Array]]:
    """Pair every filter's kernels with the input maps of its group."""
    seen = weight.shape[1]
    for number, kernels in enumerate(weight):
        first = number // (len(weight) // groups) * seen
        yield range(first, first + seen), kernels


def counted_bias(y: Array, arrays: Arrays) -> Array:
    """Add the bias, if there is one."""
    if "bias" not in arrays:
        return y
    bias = arrays["bias"]
    return y + (bias if bias.ndim > 1 else column(bias, y))

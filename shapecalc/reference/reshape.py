"""Layers that move, add or take away elements.

A row holds a map channel by channel, each row by row; so flatten, dense layers and reshapes
between a row and a map agree.  Between maps a reshape keeps the order in which shapes are
written, sides first and channels last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shapecalc.algebra.dim import known
from shapecalc.reference.arrays import along_sides, spread, spread_pairs
from shapecalc.reference.padded import Frame, inside, surround

if TYPE_CHECKING:
    from shapecalc.layers.reshape import ChannelShuffle, Crop, PadLayer, Permute, Reshape, Upsample
    from shapecalc.reference.arrays import Array, Arrays, Axes


def flatten(layer: object, arrays: Arrays, x: Array) -> Array:
    """Write all elements in one row."""
    return x.reshape(len(x), -1)


def _written(x: Array) -> Array:
    """Put the channels last, as shapes are written."""
    return np.moveaxis(x, 1, -1)


def _stored(x: Array) -> Array:
    """Put the channels first again."""
    return np.moveaxis(x, -1, 1)


def _reread(x: Array, shape: Axes) -> Array:
    """Read the elements as another shape, sides first and channels last."""
    if x.ndim == 2 or len(shape) == 1:
        return x.reshape(len(x), *shape[-1:], *shape[:-1])
    return _stored(_written(x).reshape(len(x), *shape))


def reshape(layer: Reshape, arrays: Arrays, x: Array) -> Array:
    """Read the same elements as another shape."""
    return _reread(x, tuple(map(known, layer.shape)))


def reshape_over(layer: Reshape, arrays: Arrays, x: Array) -> Array:
    """Read the same elements as another shape, in the memory where they are."""
    y = _reread(x, tuple(map(known, layer.shape)))
    if np.may_share_memory(x, y):
        return y
    place = x.reshape(y.shape)
    place[...] = y
    return place


def reshape_gradient(layer: Reshape, x: Array, y: Array, g: Array) -> Array:
    """Read the gradient as the input's shape."""
    return _reread(g, (*x.shape[2:], x.shape[1]))


def flatten_gradient(layer: object, x: Array, y: Array, g: Array) -> Array:
    """Read the gradient as the input's shape."""
    return g.reshape(x.shape)


def permute(layer: Permute, arrays: Arrays, x: Array) -> Array:
    """Output axis i is input axis order[i], with the channels as the last axis."""
    order = (0, *(axis + 1 for axis in layer.order))
    return np.array(_stored(_written(x).transpose(order)), order="C")


def permute_gradient(layer: Permute, x: Array, y: Array, g: Array) -> Array:
    """Put every axis back."""
    order = (0, *(axis + 1 for axis in layer.order))
    return _stored(_written(g).transpose(np.argsort(order)))


def _rim(layer: PadLayer, x: Array) -> Frame:
    ones, rank = (1,) * (x.ndim - 2), x.ndim - 2
    return Frame(ones, ones, ones, spread_pairs(layer.pad.pairs, x), (0,) * rank, (None,) * rank)


def pad(layer: PadLayer, arrays: Arrays, x: Array) -> Array:
    """Put zeros around the input."""
    padded = surround(x, _rim(layer, x))
    return padded if padded is not x else x.copy()


def pad_gradient(layer: PadLayer, x: Array, y: Array, g: Array) -> Array:
    """Cut the rim off."""
    return inside(g, x, _rim(layer, x))


def _kept(layer: Crop, x: Array) -> tuple[Any, ...]:
    """Say which rows of every side stay; an odd row more is taken at the end."""
    if layer.to is not None:
        sizes = zip(x.shape[2:], spread(layer.to, x), strict=True)
        starts = [((n - size) // 2, size) for n, size in sizes]
        return along_sides(slice(start, start + size) for start, size in starts)
    pairs = spread_pairs(layer.crop.pairs, x) if layer.crop else ()
    ends = zip(x.shape[2:], pairs, strict=True)
    return along_sides(slice(before, n - after) for n, (before, after) in ends)


def crop(layer: Crop, arrays: Arrays, x: Array) -> Array:
    """Take rows away at the ends of the sides."""
    return np.array(x[_kept(layer, x)])


def crop_gradient(layer: Crop, x: Array, y: Array, g: Array) -> Array:
    """Nothing comes back to what was taken away."""
    back = np.zeros_like(x)
    back[_kept(layer, x)] = g
    return back


def blend(n: int, factor: int, mode: str) -> Array:
    """Return the matrix that enlarges a side of `n`: n*factor x n.

    Output u lies at (u + 1/2)/factor - 1/2; beyond the ends there is the last element.
    """
    rows = np.arange(n * factor)
    at: Array = np.clip((rows + 0.5) / factor - 0.5, 0, n - 1)
    if mode == "nearest":
        at = rows // factor
    low = np.floor(at).astype(int)
    high, part = np.minimum(low + 1, n - 1), at - low
    matrix = np.zeros((n * factor, n))
    matrix[rows, low] += 1 - part
    matrix[rows, high] += part
    return matrix


def upsample(layer: Upsample, arrays: Arrays, x: Array) -> Array:
    """Repeat or blend along every side, one side after the other."""
    for axis, factor in enumerate(spread(layer.factor, x), 2):
        if layer.mode == "nearest":
            x = np.repeat(x, factor, axis)
        else:
            matrix = blend(x.shape[axis], factor, layer.mode).astype(x.dtype)
            x = np.moveaxis(np.moveaxis(x, axis, -1) @ matrix.T, -1, axis)
    return np.ascontiguousarray(x)


def upsample_gradient(layer: Upsample, x: Array, y: Array, g: Array) -> Array:
    """Add up what every element gave."""
    for axis, factor in enumerate(spread(layer.factor, x), 2):
        matrix = blend(x.shape[axis], factor, layer.mode).astype(x.dtype)
        g = np.moveaxis(np.moveaxis(g, axis, -1) @ matrix, -1, axis)
    return g


def _deal(x: Array, hands: int) -> Array:
    dealt = x.reshape(len(x), hands, -1, *x.shape[2:]).swapaxes(1, 2)
    return np.ascontiguousarray(dealt).reshape(x.shape)


def channel_shuffle(layer: ChannelShuffle, arrays: Arrays, x: Array) -> Array:
    """Take a channel of every group in turn."""
    return _deal(x, layer.groups)


def channel_shuffle_gradient(layer: ChannelShuffle, x: Array, y: Array, g: Array) -> Array:
    """Collect the groups again."""
    return _deal(g, x.shape[1] // layer.groups)

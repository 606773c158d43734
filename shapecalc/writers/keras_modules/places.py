"""Elements that move: other sizes, and places that become channels."""

from __future__ import annotations

#: Classes as a program has them, by their names.
PLACES: dict[str, str] = {
    "Resize": '''
class Resize(layers.Layer):
    """Resizes every side, repeating elements or blending the nearest two."""

    def __init__(self, sizes, factors=None, mode="nearest", align="centres", **options):
        super().__init__(**options)
        self.sizes, self.factors, self.mode, self.align = sizes, factors, mode, align

    def call(self, x):
        for axis, m in enumerate(self.sizes):
            n, u = x.shape[axis + 1], np.arange(m)
            times, over = self.factors[axis] if self.factors else (m, n)
            if self.mode == "nearest":
                x = ops.take(x, u * over // times, axis=axis + 1)
                continue
            at, by = u * (n - 1), max(m - 1, 1)
            if self.align == "centres":
                by = 2 * times
                at = np.clip((2 * u + 1) * over - times, 0, (n - 1) * by)
            low = ops.take(x, at // by, axis=axis + 1)
            high = ops.take(x, np.minimum(at // by + 1, n - 1), axis=axis + 1)
            part = (at % by / by).reshape(-1, *[1] * (len(x.shape) - axis - 2))
            x = low + (high - low) * ops.cast(part, x.dtype)
        return x
''',
    "BlockShuffle": '''
class BlockShuffle(layers.Layer):
    """Turns channels into places: every side grows by its factor."""

    def __init__(self, factors, order, **options):
        super().__init__(**options)
        self.factors, self.order = factors, order

    def call(self, x):
        *sides, channels = x.shape[1:]
        rank, depth = len(sides), channels // math.prod(self.factors)
        first = self.order == "crd"
        parts = (depth, *self.factors) if first else (*self.factors, depth)
        x = ops.reshape(x, (-1, *sides, *parts))
        last, begin = (1 + rank, 2 + rank) if first else (1 + 2 * rank, 1 + rank)
        pairs = [axis for i in range(rank) for axis in (1 + i, begin + i)]
        x = ops.transpose(x, (0, *pairs, last))
        grown = (side * factor for side, factor in zip(sides, self.factors))
        return ops.reshape(x, (-1, *grown, depth))
''',
    "BlockUnshuffle": '''
class BlockUnshuffle(layers.Layer):
    """Turns places into channels: every side shrinks by its factor."""

    def __init__(self, factors, order, **options):
        super().__init__(**options)
        self.factors, self.order = factors, order

    def call(self, x):
        *sides, channels = x.shape[1:]
        rank = len(sides)
        smaller = [side // factor for side, factor in zip(sides, self.factors)]
        parts = [n for pair in zip(smaller, self.factors) for n in pair]
        x = ops.reshape(x, (-1, *parts, channels))
        places, blocks = range(1, 2 * rank, 2), range(2, 2 * rank + 1, 2)
        last = 1 + 2 * rank
        behind = (last, *blocks) if self.order == "crd" else (*blocks, last)
        x = ops.transpose(x, (0, *places, *behind))
        return ops.reshape(x, (-1, *smaller, channels * math.prod(self.factors)))
''',
    "ChannelShuffle": '''
class ChannelShuffle(layers.Layer):
    """Deals the channels of every group out over all groups."""

    def __init__(self, groups, **options):
        super().__init__(**options)
        self.groups = groups

    def call(self, x):
        *sides, channels = x.shape[1:]
        x = ops.reshape(x, (-1, *sides, self.groups, channels // self.groups))
        return ops.reshape(ops.swapaxes(x, -1, -2), (-1, *sides, channels))
''',
}

"""Products of matrices, in heads and in windows, and what is done to their scores."""

from __future__ import annotations

#: Classes as a program has them, by their names.
ATTENTION: dict[str, str] = {
    "MatrixProduct": '''
class MatrixProduct(layers.Layer):
    """A product of two stacks of matrices, whose channels may be those of several heads.

    `first` and `second` are the channels taken of either one; with a `merge` the heads are put
    side by side again, as a sequence or as the map that the second one is.
    """

    def __init__(
        self,
        transpose="none",
        heads=None,
        groups=None,
        merge="none",
        windows=False,
        first=None,
        second=None,
        root=False,
        **options,
    ):
        super().__init__(**options)
        self.turned = [transpose in (which, "both") for which in ("first", "second")]
        self.heads, self.groups, self.merge = heads, groups or heads, merge
        self.windows, self.spans, self.root = windows, (first, second), root

    def operand(self, x, number, heads):
        if self.spans[number]:
            start, stop = self.spans[number]
            x = x[..., start:stop]
        if heads:
            stack = 1 + self.windows
            rows = math.prod(x.shape[stack:-1])
            sizes = (*x.shape[1:stack], rows, heads, x.shape[-1] // heads)
            x = ops.swapaxes(ops.reshape(x, (-1, *sizes)), -3, -2)
            x = ops.repeat(x, self.heads // heads, axis=-3)
        return ops.swapaxes(x, -1, -2) if self.turned[number] else x

    def call(self, operands):
        first, second = operands
        merged = self.merge != "none"
        a = self.operand(first, 0, None if merged else self.heads)
        b = self.operand(second, 1, self.groups)
        y = ops.matmul(a / a.shape[-1] ** 0.5 if self.root else a, b)
        if merged:
            y = ops.swapaxes(y, -3, -2)
            sides = second.shape[1:-1] if self.merge == "map" else y.shape[1:-2]
            y = ops.reshape(y, (-1, *sides, y.shape[-2] * y.shape[-1]))
        return y
''',
    "CausalMask": '''
class CausalMask(layers.Layer):
    """Hides later positions from earlier ones."""

    def call(self, x):
        rows, columns = x.shape[-2:]
        later = np.arange(rows)[:, None] < np.arange(columns)
        return ops.where(later, float("-inf"), x)
''',
    "WindowPartition": '''
class WindowPartition(layers.Layer):
    """Cuts a map into windows, after moving it back around its ends by a shift."""

    def __init__(self, size, shift, grid=False, **options):
        super().__init__(**options)
        self.size, self.shift, self.grid = size, shift, grid

    def call(self, x):
        *sides, channels = x.shape[1:]
        places = window_places(sides, self.size, self.shift, self.grid)
        rows = ops.reshape(x, (-1, math.prod(sides), channels))
        rows = ops.pad(rows, [(0, 0), (0, 1), (0, 0)])  # -1 is the row behind the last
        return ops.take(rows, places % (math.prod(sides) + 1), axis=1)
''',
    "WindowMerge": '''
class WindowMerge(layers.Layer):
    """Puts windows together to a map like the second input: each place to where it was."""

    def __init__(self, size, shift, grid=False, **options):
        super().__init__(**options)
        self.size, self.shift, self.grid = size, shift, grid

    def call(self, operands):
        windows, like = operands
        sides = like.shape[1:-1]
        places = window_places(sides, self.size, self.shift, self.grid).flatten()
        order = np.argsort(places, kind="stable")[-math.prod(sides) :]
        rows = ops.reshape(windows, (-1, len(places), windows.shape[-1]))
        return ops.reshape(ops.take(rows, order, axis=1), (-1, *sides, rows.shape[-1]))
''',
    "WindowMask": '''
class WindowMask(layers.Layer):
    """Hides from each other the places of a window that only the shift brought together."""

    def __init__(self, size, shift, **options):
        super().__init__(**options)
        self.size, self.shift = size, shift

    def call(self, operands):
        scores, whole = operands
        sides, moves = window_moves(whole.shape[1:-1], self.size, self.shift)
        regions = np.zeros((), int)
        for side, move in zip(sides, moves):
            regions = 2 * regions[..., None] + (np.arange(side) >= side - move)
        parts = cut_windows(regions, self.size)
        hidden = parts[:, :, None] != parts[:, None]
        hidden = hidden[:, None] if len(scores.shape) > 4 else hidden
        return ops.where(hidden, float("-inf"), scores)
''',
    "RelativePosition": '''
class RelativePosition(layers.Layer):
    """Adds a trained number to every score, by distance and head."""

    def __init__(self, size, **options):
        super().__init__(**options)
        self.size = size

    def build(self, shape):
        distances = math.prod(2 * side - 1 for side in self.size)
        self.table = self.add_weight(
            shape=(distances, shape[-3]),
            initializer=keras.initializers.RandomNormal(stddev=0.02),
            name="table",
        )

    def call(self, x):
        places = np.stack(np.indices(self.size), -1).reshape(-1, len(self.size))
        apart = places[:, None] - places[None] + np.array(self.size) - 1
        index = np.zeros(apart.shape[:2], int)
        for axis, side in enumerate(self.size):
            index = index * (2 * side - 1) + apart[..., axis]
        return x + ops.transpose(ops.take(self.table, index, axis=0), (2, 0, 1))
''',
}

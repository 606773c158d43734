"""Layers for what Keras has none, as texts that go into the program that needs them.

They are registered, so that a saved model is read by Keras again, and by shapecalc: their
arguments are those of our layers.
"""

from __future__ import annotations

from shapecalc.readers.keras.own import PACKAGE

_REGISTER = f'@keras.saving.register_keras_serializable("{PACKAGE}")\n'

_FUNCTIONS: dict[str, str] = {
    "framed": '''
def framed(x, margins, value=0.0):
    """Put margins around the sides of a map; one below 0 takes places away."""
    pads = [(max(before, 0), max(after, 0)) for before, after in margins]
    x = ops.pad(x, [(0, 0), *pads, (0, 0)], constant_values=value)
    ends = zip(margins, x.shape[1:-1])
    kept = [slice(max(-before, 0), n - max(-after, 0)) for (before, after), n in ends]
    return x[(slice(None), *kept)]
''',
    "taps": '''
def taps(x, kernel, strides, dilation):
    """Return what lies under every place of a kernel as it moves over a map."""
    spans = [n - d * (k - 1) for n, k, d in zip(x.shape[1:-1], kernel, dilation)]
    places = itertools.product(*(range(0, d * k, d) for k, d in zip(kernel, dilation)))
    return [
        x[
            (
                slice(None),
                *(slice(at, at + n, s) for at, n, s in zip(place, spans, strides)),
            )
        ]
        for place in places
    ]
''',
    "window_moves": '''
def window_moves(sides, size, shift):
    """Return the sides of a map of whole windows, and how far it moves along each."""
    whole = [-(-side // window) * window for side, window in zip(sides, size)]
    moves = zip(whole, size, shift)
    return whole, [0 if window >= side else move for side, window, move in moves]
''',
    "cut_windows": '''
def cut_windows(numbers, size, grid=False):
    """Cut an array of whole windows into these: windows x places."""
    rank = len(size)
    for axis, window in enumerate(size):
        at = 2 * axis
        parts = (window, -1) if grid else (-1, window)
        numbers = numbers.reshape(*numbers.shape[:at], *parts, *numbers.shape[at + 1 :])
        numbers = numbers.swapaxes(at, at + 1) if grid else numbers
    numbers = numbers.transpose(*range(0, 2 * rank, 2), *range(1, 2 * rank, 2))
    return numbers.reshape(-1, math.prod(size))
''',
    "window_places": '''
def window_places(sides, size, shift, grid):
    """Number the places of a map as its windows hold them; -1 is a place beyond the map."""
    whole, moves = window_moves(sides, size, shift)
    numbers = np.full(whole, -1)
    numbers[tuple(map(slice, sides))] = np.arange(math.prod(sides)).reshape(sides)
    numbers = np.roll(numbers, [-move for move in moves], tuple(range(len(sides))))
    return cut_windows(numbers, size, grid)
''',
}

_CLASSES: dict[str, str] = {
    "Indices": '''
class Indices(layers.Layer):
    """Takes the nearest indices of a table, begun anew where they end."""

    def __init__(self, entries, **options):
        super().__init__(**options)
        self.entries = entries

    def call(self, x):
        x = x[..., 0] if len(x.shape) > 2 else x
        return ops.cast(ops.mod(ops.round(x), self.entries), "int32")
''',
    "FreeConv": '''
class FreeConv(layers.Layer):
    """A convolution with strides and dilations, whose bias may differ by position."""

    def __init__(
        self, filters, kernel_size, strides, dilation_rate, groups, bias, **options
    ):
        super().__init__(**options)
        self.filters, self.kernel_size, self.groups = filters, kernel_size, groups
        self.strides, self.dilation_rate, self.bias_shape = strides, dilation_rate, bias

    def build(self, shape):
        size = (*self.kernel_size, shape[-1] // self.groups, self.filters)
        self.kernel = self.add_weight(shape=size, name="kernel")
        if self.bias_shape:
            self.bias = self.add_weight(
                shape=self.bias_shape, initializer="zeros", name="bias"
            )

    def call(self, x):
        y = ops.conv(x, self.kernel, padding="valid", dilation_rate=self.dilation_rate)
        y = y[(slice(None), *(slice(None, None, step) for step in self.strides))]
        return y + self.bias if self.bias_shape else y
''',
    "TableConv": '''
class TableConv(layers.Layer):
    """A convolution whose filters read only those input maps that a table names.

    It trains kernels for these alone; the others are zeros.
    """

    def __init__(self, table, kernel_size, strides, dilation_rate, bias, **options):
        super().__init__(**options)
        self.filters = len(table)
        self.reads = [(c, number) for number, row in enumerate(table) for c in row]
        self.kernel_size, self.strides = kernel_size, strides
        self.dilation_rate, self.bias_shape = dilation_rate, bias

    def build(self, shape):
        size = (len(self.reads), *self.kernel_size)
        self.kernel = self.add_weight(shape=size, name="kernel")
        if self.bias_shape:
            self.bias = self.add_weight(
                shape=self.bias_shape, initializer="zeros", name="bias"
            )

    def call(self, x):
        size = (x.shape[-1], self.filters, *self.kernel_size)
        kernel = ops.scatter(
            np.array(self.reads), ops.convert_to_tensor(self.kernel), size
        )
        kernel = ops.transpose(kernel, (*range(2, len(size)), 0, 1))
        y = ops.conv(x, kernel, padding="valid", dilation_rate=self.dilation_rate)
        y = y[(slice(None), *(slice(None, None, step) for step in self.strides))]
        return y + self.bias if self.bias_shape else y
''',
    "CutConvTranspose": '''
class CutConvTranspose(layers.Layer):
    """A transposed convolution with groups and dilations, cut at its ends.

    It is a convolution of a map with zeros between its places; an end that is cut by less than
    nothing is filled up.
    """

    def __init__(
        self,
        filters,
        kernel_size,
        strides,
        dilation_rate,
        groups,
        cuts,
        bias,
        **options,
    ):
        super().__init__(**options)
        self.filters, self.kernel_size, self.groups = filters, kernel_size, groups
        self.strides, self.dilation_rate = strides, dilation_rate
        self.cuts, self.bias_shape = cuts, bias

    def build(self, shape):
        size = (*self.kernel_size, shape[-1] // self.groups, self.filters)
        self.kernel = self.add_weight(shape=size, name="kernel")
        if self.bias_shape:
            self.bias = self.add_weight(
                shape=self.bias_shape, initializer="zeros", name="bias"
            )

    def call(self, x):
        for axis, step in enumerate(self.strides, 1):
            sides = (*x.shape[1:axis], x.shape[axis] * step, *x.shape[axis + 1 :])
            x = ops.expand_dims(x, axis + 1)
            ends = [
                (0, step - 1) if at == axis + 1 else (0, 0)
                for at in range(len(x.shape))
            ]
            x = ops.reshape(ops.pad(x, ends), (-1, *sides))
        rims = [d * (k - 1) for k, d in zip(self.kernel_size, self.dilation_rate)]
        ends = zip(rims, self.strides, self.cuts)
        margins = [
            (rim - start, rim - (step - 1) - end) for rim, step, (start, end) in ends
        ]
        y = framed(x, margins)
        y = ops.conv(y, self.kernel, padding="valid", dilation_rate=self.dilation_rate)
        return y + self.bias if self.bias_shape else y
''',
    "PaddedMaxPool": '''
class PaddedMaxPool(layers.Layer):
    """A maximum pool with dilations, inside margins of what is smaller than every number."""

    def __init__(self, pool_size, strides, dilation_rate, margins, **options):
        super().__init__(**options)
        self.window = (pool_size, strides, dilation_rate)
        self.margins = margins

    def call(self, x):
        x = framed(x, self.margins, float("-inf"))
        return functools.reduce(ops.maximum, taps(x, *self.window))
''',
    "MeanPool": '''
class MeanPool(layers.Layer):
    """A mean over windows inside margins, of which those in `counted` count as elements."""

    def __init__(self, pool_size, strides, dilation_rate, margins, counted, **options):
        super().__init__(**options)
        self.window = (pool_size, strides, dilation_rate)
        self.margins, self.counted = margins, counted

    def call(self, x):
        pairs = zip(self.margins, self.counted)
        beyond = [(before - a, after - b) for (before, after), (a, b) in pairs]
        ones = framed(framed(ops.ones_like(x), self.counted, 1.0), beyond)
        count = ops.maximum(sum(taps(ones, *self.window)), 1)
        return sum(taps(framed(x, self.margins), *self.window)) / count
''',
    "Subsampling": '''
class Subsampling(layers.Layer):
    """LeNet's pool: the sum of every window, times a coefficient, plus a bias."""

    def __init__(self, pool_size, strides, dilation_rate, **options):
        super().__init__(**options)
        self.window = (pool_size, strides, dilation_rate)

    def build(self, shape):
        size = shape[-1:]
        self.scale = self.add_weight(shape=size, initializer="ones", name="scale")
        self.bias = self.add_weight(shape=size, initializer="zeros", name="bias")

    def call(self, x):
        return sum(taps(x, *self.window)) * self.scale + self.bias
''',
    "BlurPool": '''
class BlurPool(layers.Layer):
    """Blurs every channel by a fixed binomial filter before it strides."""

    def __init__(self, pool_size, strides, **options):
        super().__init__(**options)
        self.pool_size, self.strides = pool_size, strides

    def build(self, shape):
        filt = np.ones(())
        for k in self.pool_size:
            row = [math.comb(k - 1, tap) / 2 ** (k - 1) for tap in range(k)]
            filt = filt[..., None] * np.array(row)
        filt = np.repeat(filt[..., None], shape[-1], -1)
        self.filt = self.add_weight(
            shape=filt.shape,
            initializer=lambda shape, dtype: ops.convert_to_tensor(filt, dtype),
            trainable=False,
            name="filt",
        )

    def call(self, x):
        ends = [((k - 1) // 2, k // 2) for k in self.pool_size]
        x = ops.pad(x, [(0, 0), *ends, (0, 0)], mode="reflect")
        parts = taps(x, self.pool_size, self.strides, [1] * len(ends))
        places = itertools.product(*map(range, self.pool_size))
        return sum(self.filt[place] * part for place, part in zip(places, parts))
''',
    "Rbf": '''
class Rbf(layers.Layer):
    """LeNet's output: the squared distance to a fixed code, for every unit."""

    def __init__(self, units, **options):
        super().__init__(**options)
        self.units = units

    def build(self, shape):
        self.codes = self.add_weight(
            shape=(self.units, shape[-1]),
            initializer=lambda shape, dtype: ops.sign(
                keras.random.uniform(shape, -1, 1, dtype)
            ),
            trainable=False,
            name="codes",
        )

    def call(self, x):
        return ops.sum(ops.square(x[:, None] - self.codes), axis=2)
''',
    "LocalResponseNorm": '''
class LocalResponseNorm(layers.Layer):
    """Divides by the squares of neighbouring channels."""

    def __init__(self, size, alpha, beta, k, **options):
        super().__init__(**options)
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def call(self, x):
        channels, size = x.shape[-1], self.size
        ends = [(0, 0)] * (len(x.shape) - 1) + [(size // 2, (size - 1) // 2)]
        squares = ops.pad(ops.square(x), ends)
        total = sum(squares[..., i : i + channels] for i in range(size))
        return x / (self.k + self.alpha / size * total) ** self.beta
''',
    "BatchStatistics": '''
class BatchStatistics(layers.Layer):
    """Normalises by the mean and the variance of the batch, always."""

    def __init__(self, scale=True, center=True, **options):
        super().__init__(**options)
        self.scale, self.center = scale, center

    def build(self, shape):
        size = shape[-1:]
        if self.scale:
            self.gamma = self.add_weight(shape=size, initializer="ones", name="gamma")
        if self.center:
            self.beta = self.add_weight(shape=size, initializer="zeros", name="beta")

    def call(self, x):
        axes = tuple(range(len(x.shape) - 1))
        y = x - ops.mean(x, axes, keepdims=True)
        y = y / ops.sqrt(ops.mean(ops.square(y), axes, keepdims=True) + 1e-5)
        y = y * self.gamma if self.scale else y
        return y + self.beta if self.center else y
''',
    "HeadNorm": '''
class HeadNorm(layers.Layer):
    """Normalises the channels of every head by themselves, with the same weights."""

    def __init__(self, heads, centred, scale=True, center=True, **options):
        super().__init__(**options)
        self.heads, self.centred = heads, centred
        self.scale, self.center = scale, center

    def build(self, shape):
        size = (shape[-1] // self.heads,)
        if self.scale:
            self.gamma = self.add_weight(shape=size, initializer="ones", name="gamma")
        if self.center:
            self.beta = self.add_weight(shape=size, initializer="zeros", name="beta")

    def call(self, x):
        *sides, channels = x.shape[1:]
        y = ops.reshape(x, (-1, *sides, self.heads, channels // self.heads))
        y = y - ops.mean(y, -1, keepdims=True) if self.centred else y
        y = y / ops.sqrt(ops.mean(ops.square(y), -1, keepdims=True) + 1e-5)
        y = y * self.gamma if self.scale else y
        y = y + self.beta if self.center else y
        return ops.reshape(y, (-1, *sides, channels))
''',
    "GatedUnit": '''
class GatedUnit(layers.Layer):
    """Multiplies one half of the channels by an activation of the other half."""

    def __init__(self, gate, **options):
        super().__init__(**options)
        self.gate = gate

    def call(self, x):
        half, gate = x.shape[-1] // 2, keras.activations.get(self.gate)
        return x[..., :half] * gate(x[..., half:])
''',
    "Maxout": '''
class Maxout(layers.Layer):
    """Takes the largest of several neighbouring channels."""

    def __init__(self, pieces, **options):
        super().__init__(**options)
        self.pieces = pieces

    def call(self, x):
        *sides, channels = x.shape[1:]
        pieces = ops.reshape(x, (-1, *sides, channels // self.pieces, self.pieces))
        return ops.max(pieces, axis=-1)
''',
    "GatedCell": '''
class GatedCell(layers.Layer):
    """A step of a recurrent layer with up to two biases for every unit, in PyTorch's order."""

    def __init__(self, units, kind, biases, **options):
        super().__init__(**options)
        self.units, self.kind, self.biases = units, kind, biases
        self.state_size = [units, units] if kind == "lstm" else units
        self.output_size = units

    def build(self, shape):
        rows = {"rnn": 1, "gru": 3, "lstm": 4}[self.kind] * self.units
        self.kernel = self.add_weight(shape=(shape[-1], rows), name="kernel")
        self.recurrent_kernel = self.add_weight(
            shape=(self.units, rows), initializer="orthogonal", name="recurrent_kernel"
        )
        self.added = [
            self.add_weight(shape=(rows,), initializer="zeros", name=f"bias{number}")
            for number in range(self.biases)
        ]

    def call(self, inputs, states, training=False):
        state = states[0]
        a = ops.matmul(inputs, self.kernel) + sum(self.added[:1])
        b = ops.matmul(state, self.recurrent_kernel) + sum(self.added[1:])
        if self.kind == "rnn":
            y = ops.tanh(a + b)
            return y, [y]
        if self.kind == "lstm":
            i, f, g, o = ops.split(a + b, 4, axis=-1)
            cell = ops.sigmoid(f) * states[1] + ops.sigmoid(i) * ops.tanh(g)
            y = ops.sigmoid(o) * ops.tanh(cell)
            return y, [y, cell]
        parts = zip(ops.split(a, 3, axis=-1), ops.split(b, 3, axis=-1))
        (r1, r2), (z1, z2), (n1, n2) = parts
        update = ops.sigmoid(z1 + z2)
        y = (1 - update) * ops.tanh(n1 + ops.sigmoid(r1 + r2) * n2) + update * state
        return y, [y]
''',
    "Scale": '''
class Scale(layers.Layer):
    """Multiplies by trained factors, and adds trained biases where there are any."""

    def __init__(self, per, bias=False, init=1.0, **options):
        super().__init__(**options)
        self.per, self.has_bias, self.init = per, bias, init

    def build(self, shape):
        sizes = {
            "channel": shape[-1:],
            "position": (*shape[1:-1], 1),
            "element": shape[1:],
        }
        size = sizes.get(self.per, (1,))
        initializer = keras.initializers.Constant(self.init)
        self.scale = self.add_weight(shape=size, initializer=initializer, name="scale")
        if self.has_bias:
            self.bias = self.add_weight(shape=size, initializer="zeros", name="bias")

    def call(self, x):
        return x * self.scale + self.bias if self.has_bias else x * self.scale
''',
    "Bias": '''
class Bias(layers.Layer):
    """Adds trained biases."""

    def __init__(self, per, **options):
        super().__init__(**options)
        self.per = per

    def build(self, shape):
        sizes = {
            "channel": shape[-1:],
            "position": (*shape[1:-1], 1),
            "element": shape[1:],
        }
        size = sizes.get(self.per, (1,))
        self.bias = self.add_weight(shape=size, initializer="zeros", name="bias")

    def call(self, x):
        return x + self.bias
''',
    "PositionEmbedding": '''
class PositionEmbedding(layers.Layer):
    """Adds a trained array of the input's shape."""

    def build(self, shape):
        initializer = keras.initializers.RandomNormal(stddev=0.02)
        self.added = self.add_weight(
            shape=shape[1:], initializer=initializer, name="added"
        )

    def call(self, x):
        return x + self.added
''',
    "Tokens": '''
class Tokens(layers.Layer):
    """Puts trained rows in front of a sequence."""

    def __init__(self, count, **options):
        super().__init__(**options)
        self.count = count

    def build(self, shape):
        size = (self.count, shape[-1])
        self.tokens = self.add_weight(shape=size, initializer="zeros", name="tokens")

    def call(self, x):
        rows = ops.broadcast_to(self.tokens, (ops.shape(x)[0], *self.tokens.shape))
        return ops.concatenate([rows, x], axis=1)
''',
    "TrainedArray": '''
class TrainedArray(layers.Layer):
    """A trained array by itself, for as many examples as there are of something else."""

    def __init__(self, shape, **options):
        super().__init__(**options)
        self.shape = shape

    def build(self, _):
        initializer = keras.initializers.RandomNormal(stddev=0.02)
        self.array = self.add_weight(
            shape=self.shape, initializer=initializer, name="array"
        )

    def call(self, like):
        return ops.broadcast_to(self.array, (ops.shape(like)[0], *self.shape))
''',
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

#: Functions and classes that the program needs where their names stand in it.
HELPERS: dict[str, str] = {
    **{name: text.strip() for name, text in _FUNCTIONS.items()},
    **{name: _REGISTER + text.strip() for name, text in _CLASSES.items()},
}

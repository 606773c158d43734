"""Units, norms and gates that Keras has no layer for."""

from __future__ import annotations

#: Classes as a program has them, by their names.
UNITS: dict[str, str] = {
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
}

"""Trained arrays, and what they are added to or multiplied by."""

from __future__ import annotations

#: Classes as a program has them, by their names.
ARRAYS: dict[str, str] = {
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
}

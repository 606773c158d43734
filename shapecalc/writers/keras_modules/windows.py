"""Convolutions and pools that Keras has no layer for."""

from __future__ import annotations

#: Classes as a program has them, by their names.
WINDOWS: dict[str, str] = {
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
}

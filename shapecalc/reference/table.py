"""Which function runs which layer: a line a layer type in every table.

A layer type that is missing in `FORWARD` or `BACKWARD` fails tests/reference/test_table.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from shapecalc.layers.activation import (
    Dropout,
    Gelu,
    HardSigmoid,
    HardSwish,
    Identity,
    Relu,
    Relu6,
    Sigmoid,
    Silu,
    Softmax,
    Softplus,
    Tanh,
)
from shapecalc.layers.conv import Conv
from shapecalc.layers.dense import Dense, Rbf
from shapecalc.layers.depthwise import Depthwise, Separable
from shapecalc.layers.globalpool import (
    AdaptiveAvgPool,
    AdaptiveMaxPool,
    GlobalAvgPool,
    GlobalMaxPool,
)
from shapecalc.layers.lrn import Lrn
from shapecalc.layers.merge import Add, Concat, Multiply
from shapecalc.layers.norm import BatchNorm, GroupNorm, InstanceNorm, LayerNorm
from shapecalc.layers.pool import AvgPool, MaxPool, Subsampling
from shapecalc.layers.reshape import (
    ChannelShuffle,
    Crop,
    Flatten,
    PadLayer,
    Permute,
    Reshape,
    Upsample,
)
from shapecalc.layers.slope import Elu, LeakyRelu, Prelu
from shapecalc.layers.transposed import Transposed
from shapecalc.reference import (
    activation,
    conv,
    dense,
    depthwise,
    globalpool,
    lrn,
    merge,
    norm,
    pool,
    reshape,
    slope,
    transposed,
)
from shapecalc.reference.arrays import Gradients

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.layers.base import Layer
    from shapecalc.reference.arrays import Array, Arrays, Slot

Forward: TypeAlias = "Callable[..., Array]"
"""(layer, arrays, *inputs) -> output."""
Backward: TypeAlias = "Callable[..., Gradients]"
"""(layer, arrays, inputs, output, the output's gradient) -> gradients."""


def _on_copy(overwrite: Forward) -> Forward:
    """Let a function that writes over its input keep it."""

    def forward(layer: Layer, arrays: Arrays, x: Array) -> Array:
        return overwrite(layer, arrays, x.copy())

    return forward


def _single(function: Callable[..., Gradients]) -> Backward:
    """Hand the only input over by itself."""

    def backward(
        layer: Layer, arrays: Arrays, inputs: tuple[Array, ...], y: Array, g: Array
    ) -> Gradients:
        return function(layer, arrays, inputs[0], y, g)

    return backward


def _plain(function: Callable[[Any, Array, Array, Array], Array]) -> Backward:
    """Wrap a gradient of one input and no arrays."""

    def backward(
        layer: Layer, arrays: Arrays, inputs: tuple[Array, ...], y: Array, g: Array
    ) -> Gradients:
        return Gradients((function(layer, inputs[0], y, g),), {})

    return backward


#: Layers whose results may take the place of their inputs, which nothing else reads any more.
OVERWRITE: dict[type[Layer], Forward] = {
    Relu: activation.relu,
    Relu6: activation.relu6,
    LeakyRelu: slope.leaky_relu,
    Prelu: slope.prelu,
    Elu: slope.elu,
    Gelu: activation.gelu,
    Silu: activation.silu,
    Sigmoid: activation.sigmoid,
    HardSigmoid: activation.hard_sigmoid,
    HardSwish: activation.hard_swish,
    Tanh: activation.tanh,
    Softplus: activation.softplus,
    Softmax: activation.softmax,
    Reshape: reshape.reshape_over,
}

#: Layers that only read their input otherwise.  Where the input is read again as it was, storing
#: channels first may take a copy, which is the referee's own affair: the elements count once.
REREAD: frozenset[type[Layer]] = frozenset({Reshape})

FORWARD: dict[type[Layer], Forward] = {
    Conv: conv.forward,
    Depthwise: depthwise.forward,
    Separable: depthwise.separable_forward,
    Transposed: transposed.forward,
    MaxPool: pool.max_forward,
    AvgPool: pool.avg_forward,
    Subsampling: pool.subsampling_forward,
    GlobalAvgPool: globalpool.avg_forward,
    GlobalMaxPool: globalpool.max_forward,
    AdaptiveAvgPool: globalpool.avg_forward,
    AdaptiveMaxPool: globalpool.max_forward,
    Dense: dense.forward,
    Rbf: dense.rbf_forward,
    Lrn: lrn.forward,
    BatchNorm: norm.forward,
    LayerNorm: norm.forward,
    GroupNorm: norm.forward,
    InstanceNorm: norm.forward,
    **{layer: _on_copy(function) for layer, function in OVERWRITE.items()},
    Reshape: reshape.reshape,
    Dropout: activation.nothing,
    Identity: activation.nothing,
    Flatten: reshape.flatten,
    Permute: reshape.permute,
    PadLayer: reshape.pad,
    Crop: reshape.crop,
    Upsample: reshape.upsample,
    ChannelShuffle: reshape.channel_shuffle,
    Concat: merge.concat,
    Add: merge.add,
    Multiply: merge.multiply,
}

BACKWARD: dict[type[Layer], Backward] = {
    Conv: _single(conv.backward),
    Depthwise: _single(depthwise.backward),
    Separable: _single(depthwise.separable_backward),
    Transposed: _single(transposed.backward),
    MaxPool: _single(pool.max_backward),
    AvgPool: _single(pool.avg_backward),
    Subsampling: _single(pool.subsampling_backward),
    GlobalAvgPool: _single(globalpool.avg_backward),
    GlobalMaxPool: _single(globalpool.max_backward),
    AdaptiveAvgPool: _single(globalpool.avg_backward),
    AdaptiveMaxPool: _single(globalpool.max_backward),
    Dense: _single(dense.backward),
    Rbf: _single(dense.rbf_backward),
    Lrn: _single(lrn.backward),
    BatchNorm: _single(norm.backward),
    LayerNorm: _single(norm.backward),
    GroupNorm: _single(norm.backward),
    InstanceNorm: _single(norm.backward),
    Relu: _plain(activation.relu_gradient),
    Relu6: _plain(activation.relu6_gradient),
    LeakyRelu: _plain(slope.leaky_relu_gradient),
    Prelu: _single(slope.prelu_backward),
    Elu: _plain(slope.elu_gradient),
    Gelu: _plain(activation.gelu_gradient),
    Silu: _plain(activation.silu_gradient),
    Sigmoid: _plain(activation.sigmoid_gradient),
    HardSigmoid: _plain(activation.hard_sigmoid_gradient),
    HardSwish: _plain(activation.hard_swish_gradient),
    Tanh: _plain(activation.tanh_gradient),
    Softplus: _plain(activation.softplus_gradient),
    Softmax: _plain(activation.softmax_gradient),
    Dropout: _plain(activation.nothing_gradient),
    Identity: _plain(activation.nothing_gradient),
    Flatten: _plain(reshape.flatten_gradient),
    Reshape: _plain(reshape.reshape_gradient),
    Permute: _plain(reshape.permute_gradient),
    PadLayer: _plain(reshape.pad_gradient),
    Crop: _plain(reshape.crop_gradient),
    Upsample: _plain(reshape.upsample_gradient),
    ChannelShuffle: _plain(reshape.channel_shuffle_gradient),
    Concat: merge.concat_backward,
    Add: merge.add_backward,
    Multiply: merge.multiply_backward,
}

#: The layers that own arrays: (layer, input) -> what they need, by name.
SLOTS: dict[type[Layer], Callable[[Any, Array], dict[str, Slot]]] = {
    Conv: conv.slots,
    Depthwise: depthwise.slots,
    Separable: depthwise.separable_slots,
    Transposed: transposed.slots,
    Subsampling: pool.subsampling_slots,
    Dense: dense.slots,
    Rbf: dense.rbf_slots,
    BatchNorm: norm.slots,
    LayerNorm: norm.slots,
    GroupNorm: norm.slots,
    InstanceNorm: norm.slots,
    Prelu: slope.prelu_slots,
}

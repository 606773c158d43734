"""What a layer computes, forward and backward, as formulas with the layer's own numbers in them.

`formula.py` says how they are made, and what their letters are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

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
from shapecalc.reference import formulas_of_elements as elements
from shapecalc.reference import formulas_of_moves as moves
from shapecalc.reference import formulas_of_windows as windows
from shapecalc.reference.arrays import extents

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.layers.base import Layer
    from shapecalc.layers.shape import Shape
    from shapecalc.reference.formula import Formula

    Write: TypeAlias = Callable[..., dict[str, Formula]]


def formulas(layer: Layer, *shapes: Shape) -> dict[str, Formula]:
    """Return a layer's formulas for what flows in, by the letters of what they give.

    That is `y`, what is computed on the way, and the gradients of the inputs (`x`, or `x1`, `x2`,
    ...) and of the trained arrays (`w`, `b`).
    """
    inputs = (np.broadcast_to(0.0, (1, *extents(shape))) for shape in shapes)
    return FORMULAS[type(layer)](layer, *inputs)


#: (layer, *inputs) -> formulas; a type that is missing fails tests/reference/test_table.py.
FORMULAS: dict[type[Layer], Write] = {
    Conv: windows.of_conv,
    Depthwise: windows.of_depthwise,
    Separable: windows.of_separable,
    Transposed: windows.of_transposed,
    MaxPool: windows.of_maxpool,
    AvgPool: windows.of_avgpool,
    Subsampling: windows.of_subsampling,
    GlobalAvgPool: windows.of_boxed_mean,
    GlobalMaxPool: windows.of_boxed_max,
    AdaptiveAvgPool: windows.of_boxed_mean,
    AdaptiveMaxPool: windows.of_boxed_max,
    Dense: moves.of_dense,
    Rbf: moves.of_rbf,
    Lrn: elements.of_lrn,
    Prelu: elements.of_prelu,
    Softmax: elements.of_softmax,
    Flatten: moves.of_flatten,
    Reshape: moves.of_reshape,
    Permute: moves.of_permute,
    PadLayer: moves.of_pad,
    Crop: moves.of_crop,
    Upsample: moves.of_upsample,
    ChannelShuffle: moves.of_channel_shuffle,
    Concat: moves.of_concat,
    Add: moves.of_add,
    Multiply: moves.of_multiply,
    **dict.fromkeys((BatchNorm, LayerNorm, GroupNorm, InstanceNorm), elements.of_norm),
    **dict.fromkeys(
        (
            Relu, Relu6, LeakyRelu, Elu, Gelu, Silu, Sigmoid, HardSigmoid, HardSwish, Tanh,
            Softplus, Dropout, Identity,
        ),
        elements.of_pointwise,
    ),
}  # fmt: skip

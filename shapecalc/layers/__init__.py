"""The layer types.  `BUILTIN` is the one table from a word of the language to its family."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shapecalc.layers.base import Layer

#: Type word -> (module of the family, class).  A family is imported when a spec uses it.
BUILTIN: dict[str, tuple[str, str]] = {
    "conv": ("conv", "Conv"),
    "depthwise": ("depthwise", "Depthwise"),
    "separable": ("depthwise", "Separable"),
    "transposed": ("transposed", "Transposed"),
    "maxpool": ("pool", "MaxPool"),
    "avgpool": ("pool", "AvgPool"),
    "subsampling": ("pool", "Subsampling"),
    "global_avgpool": ("globalpool", "GlobalAvgPool"),
    "global_maxpool": ("globalpool", "GlobalMaxPool"),
    "adaptive_avgpool": ("globalpool", "AdaptiveAvgPool"),
    "adaptive_maxpool": ("globalpool", "AdaptiveMaxPool"),
    "dense": ("dense", "Dense"),
    "rbf": ("dense", "Rbf"),
    "lrn": ("lrn", "Lrn"),
    "batchnorm": ("norm", "BatchNorm"),
    "layernorm": ("norm", "LayerNorm"),
    "groupnorm": ("norm", "GroupNorm"),
    "instancenorm": ("norm", "InstanceNorm"),
    "relu": ("activation", "Relu"),
    "relu6": ("activation", "Relu6"),
    "leaky_relu": ("slope", "LeakyRelu"),
    "prelu": ("slope", "Prelu"),
    "elu": ("slope", "Elu"),
    "gelu": ("activation", "Gelu"),
    "silu": ("activation", "Silu"),
    "sigmoid": ("activation", "Sigmoid"),
    "hard_sigmoid": ("activation", "HardSigmoid"),
    "hard_swish": ("activation", "HardSwish"),
    "tanh": ("activation", "Tanh"),
    "softplus": ("activation", "Softplus"),
    "softmax": ("activation", "Softmax"),
    "dropout": ("activation", "Dropout"),
    "identity": ("activation", "Identity"),
    "flatten": ("reshape", "Flatten"),
    "reshape": ("reshape", "Reshape"),
    "permute": ("reshape", "Permute"),
    "pad": ("reshape", "PadLayer"),
    "crop": ("reshape", "Crop"),
    "upsample": ("reshape", "Upsample"),
    "channel_shuffle": ("reshape", "ChannelShuffle"),
    "concat": ("merge", "Concat"),
    "add": ("merge", "Add"),
    "multiply": ("merge", "Multiply"),
}

#: Words that other tools use for a type of ours.
ALIASES: dict[str, str] = {"fc": "dense", "linear": "dense"}

#: Words that build structure and are not layers.
STRUCTURE: tuple[str, ...] = ("repeat", "group", "side")

#: The layers that join branches.
JOINS: frozenset[str] = frozenset({"concat", "add", "multiply"})


def layer_class(word: str) -> type[Layer]:
    """Return the class of a built-in type word.  Raises `KeyError` for another word."""
    module, name = BUILTIN[word]
    found: type[Layer] = getattr(import_module(f"shapecalc.layers.{module}"), name)
    return found

"""Kinds of layer types, read from their classes: a new type is in the lists where it belongs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.layers import BUILTIN
from shapecalc.layers.activation import Pointwise
from shapecalc.layers.axes import Cut, End
from shapecalc.layers.conv import Windowed
from shapecalc.layers.fields import REQUIRED, Padding
from shapecalc.layers.shape import Map

if TYPE_CHECKING:
    from shapecalc.layers.base import Layer
    from shapecalc.layers.shape import Shape

#: A value for every field without a default, by the type or for all types; and where one of several
#: must be given.
VALUES: dict[str, Any] = {
    "filters": 2, "kernel": (3,), "size": (6,), "units": 10, "groups": 3, "dense.units": 4096,
    "embedding.entries": 11, "embedding.size": 10,
    "roll.shift": (2,), "window_partition.size": (2,), "window_merge.size": (2,),
    "window_mask.size": (2,), "relative_position.size": (3, 10),
    "reshape.shape": (2, 3, 5), "permute.order": (1, 0, 2), "pad.pad": Padding(((1, 2),)),
    "pad_channels.channels": (1, 2), "pixel_shuffle.factor": (2,), "pixel_unshuffle.factor": (3,), "slice.channels": Cut(End(1), End(5)),
    "parameter.shape": (2, 3, 5), "power.exponent": 3.0, "clip.range": (0.0, 6.0),
    "over": ("channels",),
}  # fmt: skip

#: The types whose kernel moves: those with the most fields, which most examples are for.
WINDOWED = {word for word, made in BUILTIN.items() if issubclass(made, Windowed)}

#: The types that need sides to work on.
NEED_SIDES = [word for word, made in BUILTIN.items() if made.takes == "map"]

#: The types that need just one side.
NEED_SEQUENCES = [word for word, made in BUILTIN.items() if made.takes == "sequence"]

#: The types that may be a bare word.  A crop needs one of its two fields, a slice an axis, a causal
#: mask scores.
BARE = [
    word
    for word, made in BUILTIN.items()
    if made.inputs == 1
    and made.takes != "sequence"
    and word not in ("crop", "slice", "causal_mask")
    and all(declared.default is not REQUIRED for declared in made.fields())
]

#: Functions of every element by itself that have no fields.
PLAIN = [
    word for word, made in BUILTIN.items() if issubclass(made, Pointwise) and not made.fields()
]

#: The types that take a maximum, of which the first of equals counts.
MAXIMA = [word for word, made in BUILTIN.items() if made.term == "max pools" or word == "max"]

#: What is no sum of products with declared single input or array: functions that bend, maxima, squares,
#: quotients.  Batch normalisation is one, as far as its statistics are not the batch's own.
_BENT = {
    "activations", "max pools", "softmax", "normalisation", "response normalisation",
    "distances to codes",
}  # fmt: skip
_BENT_TYPES = {"divide", "maximum", "minimum", "max", "embedding"}
LINEAR = [
    word for word, made in BUILTIN.items() if made.term not in _BENT and word not in _BENT_TYPES
]


def copies(word: str, shape: Shape) -> tuple[Shape, ...]:
    """Return a shape as often as a layer of a type takes it."""
    inputs = BUILTIN[word].inputs
    return (shape,) * (2 if inputs is None else inputs)


def taken(word: str) -> tuple[Shape, ...]:
    """Return what may flow into a layer of a type: maps of 30 channels, or of indices."""
    channels = 1 if BUILTIN[word].indexes else 30
    return copies(word, Map((9,) if word in NEED_SEQUENCES else (7, 9), channels))


def make(word: str) -> Layer:
    """Make a layer of a type, with values for the fields that need one."""
    made = BUILTIN[word]
    return made(
        **{
            declared.name: VALUES.get(f"{word}.{declared.name}", VALUES.get(declared.name))
            for declared in made.fields()
            if declared.default is REQUIRED or f"{word}.{declared.name}" in VALUES
        }
    )

"""The tensors between Keras' layers."""

from __future__ import annotations

from typing import NamedTuple

#: The sides of a volume, by how many it has.
SIDES = {1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}


class Flow(NamedTuple):
    """A tensor: what computes it, how many axes it has behind the batch, and in ours; its shape.

    Ours may have more: what a global pool makes of a map stays one, of 1x1.  `around` is what is
    padded with a number below all others, for a maximum pool that follows.
    """

    layer: str
    rank: int
    sides: int
    shape: tuple[int | None, ...] | None = None
    around: tuple[tuple[int, ...], ...] = ()


class TensorNumber(int):
    """The number of a tensor among those that a call reads."""

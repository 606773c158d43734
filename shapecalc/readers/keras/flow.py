"""The tensors between Keras' layers."""

from __future__ import annotations

from typing import NamedTuple


class Flow(NamedTuple):
    """A tensor: what computes it, how many axes it has behind the batch, and in ours; its shape.

    Ours may have more: what a global pool makes of a map stays one, of 1x1.
    """

    layer: str
    rank: int
    sides: int
    shape: tuple[int | None, ...] | None = None


class TensorNumber(int):
    """The number of a tensor among those that a call reads."""

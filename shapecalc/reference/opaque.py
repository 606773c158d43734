"""The referee on operations without a rule: it cannot run them either, and says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.layers.opaque import Opaque
from shapecalc.reference import registry

if TYPE_CHECKING:
    from shapecalc.reference.arrays import Array, Arrays, Slot


class NoOperationError(ValueError):
    """Nobody here knows how to compute it."""

    hint = "run a spec that `extends` the file, and removes it"


@registry.forward(Opaque)
def opaque(layer: Opaque, arrays: Arrays, *inputs: Array) -> Array:
    """Raise: there is nothing to run."""
    raise NoOperationError(f"{layer.op} is an operation of another program, without a rule here")


@registry.slots(Opaque)
def numbers(layer: Opaque, *inputs: Any) -> dict[str, Slot]:  # noqa: ANN401
    """It owns nothing that could be allocated."""
    return {}

"""What a layer is in Keras' words, whose shapes have the channels last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from shapecalc.writers.python_code import CallCode, Code, SlotCode, call

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

#: Arrays of a layer by our names, and those of a layer of Keras in its order.
LaidArrays: TypeAlias = "Callable[[Mapping[str, Any]], list[Any]]"


class KerasSpelling(NamedTuple):
    """A layer in Keras.

    `made` is what is constructed, None where there is nothing to; `use` makes the expression of the
    layer and of what flows in.  `before` are layers in front of it, each with the ending that its
    name has behind that of the layer; `laid` says by these endings what arrays they have.
    """

    made: CallCode | None
    use: Callable[..., Code] = call
    before: tuple[tuple[str, CallCode], ...] = ()
    laid: tuple[tuple[str, LaidArrays], ...] = ()


def layer_of(kind: str, *positional: Code, **fields: Code | None) -> KerasSpelling:
    """Spell a layer that Keras has, without arrays."""
    return KerasSpelling(call(f"layers.{kind}", *positional, **fields))


def expression(use: Callable[..., Code]) -> KerasSpelling:
    """Spell what is no layer in Keras."""
    return KerasSpelling(None, use)


def listed(operands: Sequence[Code]) -> str:
    """Write what flows into a join."""
    return f"[{', '.join(map(str, operands))}]"


def channels_last(array: Any) -> Any:  # noqa: ANN401
    """Move the first axis of an array to the end."""
    return array.transpose(*range(1, array.ndim), 0)


def laid_as(*names: str) -> tuple[tuple[str, LaidArrays], ...]:
    """Lay those arrays of a layer that there are, channels last."""

    def laid(arrays: Mapping[str, Any]) -> list[Any]:
        return [channels_last(arrays[name]) for name in names if name in arrays]

    return (("", laid),)


def tuple_slot(values: Sequence[Any], hint: str) -> SlotCode:
    """Write sizes of sides that a layer of the program takes as they are."""
    return SlotCode(tuple(values), hint)

"""What a layer is in PyTorch's words, whose shapes have the channels first."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapecalc.algebra import known
from shapecalc.writers.python_code import Code, call

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shapecalc.layers.shape import Shape


class Spelling(NamedTuple):
    """A layer in PyTorch.

    `module` is what is constructed, None where there is nothing to; `use` makes the expression of
    the module and of what flows in.  `helpers` are texts that the program needs, with the number of
    sides that they are for; `comment` says what PyTorch has no word for; `renamed` has the names of
    arrays that differ.
    """

    module: Code | None = None
    use: Callable[..., Code] = call
    helpers: tuple[tuple[str, int], ...] = ()
    comment: str = ""
    renamed: tuple[tuple[str, str], ...] = ()


def extents(shape: Shape) -> tuple[int, ...]:
    """Return a shape in PyTorch's order, channels first."""
    return (known(shape.channels), *map(known, shape.sides))


def last_side_first(pairs: Sequence[tuple[int, int]]) -> tuple[int, ...]:
    """Order the ends of sides as F.pad does: the last side first."""
    return tuple(end for pair in reversed(pairs) for end in pair)

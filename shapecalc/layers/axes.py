"""Axes by their names, or by the numbers that `permute` uses: which a layer works over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from shapecalc.algebra import product
from shapecalc.errors import RuleError
from shapecalc.layers.base import SEES_ALL
from shapecalc.layers.fields import Kind
from shapecalc.layers.shape import SIDE_NAMES, Shape, Vector, as_list, as_text
from shapecalc.layers.window import EVERYTHING, OWN, InputSpan
from shapecalc.text import List, Scalar
from shapecalc.text.words import did_you_mean, listed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.algebra import Dim
    from shapecalc.layers.fields import Reading
    from shapecalc.text import Tree

#: A name, or a number: the sides from 0 on, the channels last.
Axis: TypeAlias = str | int

#: The names; `positions` are all sides together.
NAMES = ("channels", "positions", "length", "depth", "height", "width")


class Axes(Kind):
    """One axis or a list of them."""

    words = f"axes ({', '.join(NAMES)}, or their numbers)"
    _axis: Mapping[str, Any] = {
        "anyOf": [{"enum": list(NAMES)}, {"type": "integer", "minimum": 0, "maximum": 3}]
    }
    schema = {
        "anyOf": [*_axis["anyOf"], {"type": "array", "items": _axis, "minItems": 1, "maxItems": 4}]
    }

    def owns(self, word: str) -> bool:
        return word in NAMES

    def read(self, tree: Tree, reading: Reading) -> tuple[Axis, ...]:
        items = tree.items if isinstance(tree, List) else (tree,)
        if not 1 <= len(items) <= 4:
            raise self.wants(tree)
        return tuple(self._one(item) for item in items)

    def _one(self, tree: Tree) -> Axis:
        if isinstance(tree, Scalar) and tree.text in NAMES:
            return tree.text
        if isinstance(tree, Scalar) and tree.text in ("0", "1", "2", "3"):
            return int(tree.text)
        hint = did_you_mean(tree.text, NAMES) if isinstance(tree, Scalar) else ""
        raise self.wants(tree, hint)


def names_of(shape: Shape) -> tuple[str, ...]:
    """Name the axes of a shape, as it is written.

    >>> from shapecalc.layers.shape import Map
    >>> names_of(Map((14, 7), 64))
    ('height', 'width', 'channels')
    """
    return (*SIDE_NAMES.get(len(shape.sides), ()), "channels")


def chosen(over: tuple[Axis, ...], shape: Shape) -> tuple[int, ...]:
    """Return the numbers of the axes.  Raises `RuleError` for one that the shape has not."""
    names = names_of(shape)
    numbers: list[int] = []
    for axis in over:
        if axis == "positions" and shape.sides:
            numbers += range(len(shape.sides))
        elif axis in names:
            numbers.append(names.index(axis))
        elif isinstance(axis, int) and axis < len(names):
            numbers.append(axis)
        else:
            kind = "a vector of " if isinstance(shape, Vector) else ""
            raise RuleError(
                "E201",
                f"there are no axes {axis} in {kind}{as_text(shape)}"
                if axis == "positions"
                else f"there is no axis {axis} in {kind}{as_text(shape)}",
                field="over",
                hint="its axes are " + ", ".join(f"{n} {name}" for n, name in enumerate(names)),
                facts=(("input", as_text(shape)),),
            )
    if len(set(numbers)) < len(numbers):
        raise RuleError(
            "E203",
            f"over {in_words(over)} names an axis of {as_text(shape)} twice",
            field="over",
            hint="name each axis once",
        )
    return tuple(sorted(numbers))


def in_words(over: tuple[Axis, ...], *inputs: Shape) -> str:
    """Name axes in a text; numbers by their names, if what flows in is known."""
    names = names_of(inputs[0]) if inputs else ()
    return listed([
        names[axis] if isinstance(axis, int) and axis < len(names) else str(axis) for axis in over
    ])  # fmt: skip


def sets_along(axes: tuple[int, ...], shape: Shape) -> Dim:
    """Count the sets of elements that differ in these axes only."""
    return product(n for axis, n in enumerate(as_list(shape)) if axis not in axes)


def reach_along(axes: tuple[int, ...], shape: Shape) -> tuple[InputSpan, ...] | None:
    """Tell what a unit sees that depends on all along these axes, and keeps its place."""
    sides = range(len(shape.sides))
    if not set(axes) & set(sides):
        return None
    if set(sides) <= set(axes):
        return SEES_ALL
    return tuple([EVERYTHING if side in axes else OWN for side in sides])


def mixed_along(axes: tuple[int, ...], shape: Shape) -> InputSpan:
    """Tell which channels a channel sees that depends on all along these axes."""
    return EVERYTHING if len(shape.sides) in axes else OWN

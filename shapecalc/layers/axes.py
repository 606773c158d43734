"""Axes by their names, or by the numbers that `permute` uses, and the parts taken of them."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

from shapecalc.algebra import Dim, add_up, ceil_div, product
from shapecalc.errors import RuleError
from shapecalc.layers.base import SEES_ALL, Requirement, as_word
from shapecalc.layers.fields import LARGEST, Count, Kind, UnreadError, beyond
from shapecalc.layers.shape import SIDE_NAMES, Shape, Vector, as_list, as_text
from shapecalc.layers.window import EVERYTHING, OWN, InputSpan
from shapecalc.text import List, NamedTuple, Scalar, YamlMap
from shapecalc.text.words import did_you_mean, listed

if TYPE_CHECKING:
    from collections.abc import Mapping

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


# -- parts of an axis ------------------------------------------------------------------------------


class End(NamedTuple):
    """A place on an axis, so far from its start, or from its end."""

    distance: Dim
    side: Literal["start", "end"] = "start"

    def on(self, n: Dim) -> Dim:
        """Count the place from the start of an axis of `n`."""
        if self.distance == 0:
            return 0 if self.side == "start" else n
        return self.distance if self.side == "start" else n - self.distance


class Cut(NamedTuple):
    """What lies from `start` up to `stop`, which is left out: one element in `step`."""

    start: End = End(0)
    stop: End = End(0, "end")
    step: Dim = 1

    def ends(self, n: Dim) -> tuple[Dim, Dim]:
        """Return the first place of an axis of `n`, and the place after the last."""
        return self.start.on(n), self.stop.on(n)

    def __str__(self) -> str:
        first, last = (
            ("-" if end.side == "end" else "") + as_word(end.distance) if end != usual else ""
            for end, usual in ((self.start, End(0)), (self.stop, End(0, "end")))
        )
        step = "" if self.step == 1 else f":{as_word(self.step)}"
        return f"{first}:{last}{step}"


class PartOf(NamedTuple):
    """The part of that number, from 1 on, of so many alike or of parts of these sizes."""

    number: int
    of: Dim | tuple[Dim, ...]

    @property
    def step(self) -> int:
        """A part leaves nothing out."""
        return 1

    def ends(self, n: Dim) -> tuple[Dim, Dim]:
        """Return the first place of an axis of `n`, and the place after the last."""
        if isinstance(self.of, tuple):
            first = add_up(self.of[: self.number - 1])
            return first, first + self.of[self.number - 1]
        size = n // self.of
        return (self.number - 1) * size, self.number * size

    def __str__(self) -> str:
        sizes = self.of if isinstance(self.of, tuple) else (self.of,)
        return f"{self.number} of {'+'.join(map(as_word, sizes))}"


class AxisPart(Kind):
    """What a layer takes of an axis: `[from, to]`, `[from, to, step]`, `2 of 4`, or a map.

    As in Python places are counted from 0, negative ones from the end, and `to` is left out; but
    a place outside of the axis is refused.
    """

    words = "a part of an axis ([from, to], [from, to, step] or 2 of 4)"
    _number: ClassVar[dict[str, Any]] = {"type": ["integer", "string", "null"]}
    schema = {
        "anyOf": [
            {"type": "array", "items": _number, "minItems": 2, "maxItems": 3},
            {"type": "string", "pattern": r"^\s*\d+ of \d+\s*$"},
            {
                "type": "object",
                "properties": {"from": _number, "to": _number, "step": _number},
                "additionalProperties": False,
            },
            {
                "type": "object",
                "properties": {
                    "part": {"type": "integer", "minimum": 1},
                    "of": {"anyOf": [{"type": ["integer", "string"]}, {"type": "array"}]},
                },
                "required": ["part", "of"],
                "additionalProperties": False,
            },
        ]
    }

    def __init__(self, *, steps: bool = True) -> None:
        self.most = 3 if steps else 2
        if not steps:
            self.words = "a part of an axis ([from, to] or 2 of 4)"
            ends, part, _, named = self.schema["anyOf"]
            self.schema = {"anyOf": [{**ends, "maxItems": 2}, part, named]}

    def read(self, tree: Tree, reading: Reading) -> Cut | PartOf:
        if isinstance(tree, List) and 2 <= len(tree.items) <= self.most:
            return _cut(tree.items, reading)
        if isinstance(tree, YamlMap) and tree.items.keys() == {"part", "of"}:
            return _part(tree.items["part"], tree.items["of"], reading)
        if isinstance(tree, YamlMap) and self.most == 3 and _names_ends(tree):
            nothing = tree.keys[next(iter(tree.keys))]._replace(text="", plain=True)
            items = tree.items
            first, last = items.get("from", nothing), items.get("to", nothing)
            return _cut((first, last, *([items["step"]] if "step" in items else [])), reading)
        if isinstance(tree, Scalar):
            if match := re.fullmatch(r"(\w+) of (\w+)", tree.text, re.ASCII):
                number, of = (tree._replace(text=word) for word in match.groups())
                return _part(number, of, reading)
            if ":" in tree.text:
                raise self.wants(tree, f"write [{', '.join(tree.text.split(':'))}]")
        raise self.wants(tree, "[0, 58] are the first 58, [-58, null] the last, 1 of 2 a half")


def _names_ends(tree: YamlMap) -> bool:
    return bool(tree.items) and tree.items.keys() <= {"from", "to", "step"}


_STEP = Count(1, divides=True)
_PART = Count(1)
_PARTS = Count(1, divides=True)
_SIZE = Count(1, symbolic=True)


def _cut(items: tuple[Tree, ...], reading: Reading) -> Cut:
    start = _end(items[0], reading)
    stop = _end(items[1], reading)
    step = _STEP.read(items[2], reading) if len(items) > 2 else 1
    return Cut(End(0) if start is None else start, End(0, "end") if stop is None else stop, step)


def _end(tree: Tree, reading: Reading) -> End | None:
    """Read a place; nothing for an end that is left open."""
    if isinstance(tree, Scalar) and tree.plain and tree.text in ("", "null", "~"):
        return None
    place = reading.number(tree)
    if isinstance(place, int):
        if abs(place) > LARGEST:
            raise UnreadError(f"counts to {beyond(place)}", at=tree, code="E114")
        return End(place) if place >= 0 else End(-place, "end")
    from shapecalc.algebra.bounds import always_positive

    return End(-place, "end") if always_positive(-place) else End(place)


def _part(number: Tree, of: Tree, reading: Reading) -> PartOf:
    part = _PART.read(number, reading)
    sizes: Dim | tuple[Dim, ...]
    if isinstance(of, List):
        sizes = tuple([_SIZE.read(size, reading) for size in of.items])
        parts: Dim = len(sizes)
    else:
        sizes = parts = _PARTS.read(of, reading)
    assert isinstance(part, int)
    if isinstance(parts, int) and part > parts:
        message = f"names part {part}, but there {'is' if parts == 1 else 'are'} {parts}"
        raise UnreadError(message, f"parts are 1 to {parts}", at=number, code="E114")
    return PartOf(part, sizes)


def taken(n: Dim, part: Cut | PartOf) -> Dim:
    """Count what is taken of an axis of `n`.

    >>> taken(116, PartOf(2, 2)), taken(7, Cut(End(1), End(1, "end"), 2))
    (58, 3)
    """
    if isinstance(part, PartOf):
        return n // part.of if not isinstance(part.of, tuple) else part.of[part.number - 1]
    first, after = part.ends(n)
    return ceil_div(after - first, part.step)


def parted(axis: str, n: Dim, part: PartOf, field: str = "") -> Requirement:
    """Require that an axis falls into its parts; a fault is its field's, or another's."""
    if isinstance(part.of, tuple):
        return Requirement(
            n, "equal to", add_up(part.of), partial(_unlike, axis, n, part.of, field)
        )
    return Requirement(n, "divisible by", part.of, partial(_uneven, axis, n, part.of, field))


def _unlike(axis: str, n: Dim, sizes: tuple[Dim, ...], field: str) -> RuleError:
    total = add_up(sizes)
    return RuleError(
        "E205",
        f"parts of {listed(list(map(str, sizes)))} are {total} in all, but the {axis} are {n}",
        field=field or axis,
        rule=f"{total} = {n} must hold",
        hint="give sizes that add up to all that flows in",
        facts=(("input", n), ("sizes", list(sizes))),
    )


def _uneven(axis: str, n: Dim, parts: Dim, field: str) -> RuleError:
    return RuleError(
        "E205",
        f"{axis} of {n} cannot be split into {parts} equal parts",
        field=field or axis,
        rule=f"{n} mod {parts} = {n % parts}, must be 0",
        hint=f"use a number that divides {n}, or give the parts sizes: [16, 48]",
        facts=(("input", n), ("parts", parts)),
    )

"""Layers that take a part of their input, and that trade places for channels."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from shapecalc.algebra import Dim, product
from shapecalc.errors import RuleError
from shapecalc.layers.axes import AxisPart, Cut, End, PartOf, names_of, parted, taken
from shapecalc.layers.base import Layer, Requirement, as_word, map_like, square
from shapecalc.layers.fields import (
    REQUIRED,
    Choice,
    Count,
    Kind,
    Sizes,
    field,
    per_side,
)
from shapecalc.layers.shape import Map, Shape, Vector, as_list, as_text
from shapecalc.layers.window import OWN, InputSpan, Rearranged, reach_moved
from shapecalc.text import List, Scalar
from shapecalc.text.words import listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.layers.fields import Reading
    from shapecalc.text import Tree

_MOVED = "nothing: elements are moved, added or taken away by a fixed rule"


def _of(axis: str) -> Any:  # noqa: ANN401
    return field(
        AxisPart(), f"what to take of the {axis}, counted from 0; the end is left out", default=None
    )


class Slice(Layer):
    """Takes a part of the channels or of sides, as a slice of an array does."""

    type: ClassVar[str] = "slice"
    yields: ClassVar[bool] = True
    principal: ClassVar[str] = "channels"
    summary: ClassVar[str] = "a part of the channels or of sides"
    term: ClassVar[str] = ""
    learns: ClassVar[str] = _MOVED
    rule: ClassVar[str] = "output extent = ceil((to - from)/step), or n/parts"
    example: ClassVar[str] = "slice: {channels: [0, 58]}"

    channels: Cut | PartOf | None = _of("channels")
    height: Cut | PartOf | None = _of("height")
    width: Cut | PartOf | None = _of("width")
    length: Cut | PartOf | None = _of("length")
    depth: Cut | PartOf | None = _of("depth")

    def configuration(self, *inputs: Shape) -> str:
        given = ((axis, getattr(self, axis)) for axis in AXES)
        return " ".join(f"{axis} {part}" for axis, part in given if part is not None)

    def parts(self, shape: Shape) -> list[tuple[str, Dim, Cut | PartOf | None]]:
        """Return every axis of the input, sides first: its name, its extent, what is taken."""
        axes = zip(names_of(shape), as_list(shape), strict=True)
        return [(name, n, getattr(self, name)) for name, n in axes]

    def requires(self, *inputs: Shape) -> Iterator[Requirement]:
        parts = self.parts(inputs[0])
        names = [name for name, _, _ in parts]
        given = [axis for axis in AXES if getattr(self, axis) is not None]
        if not given:
            raise RuleError(
                "E113",
                "slice says of no axis what to take",
                hint="slice: {channels: [0, 58]}, or slice: 1 of 2 for half of the channels",
            )
        for axis in given:
            if axis not in names:
                raise RuleError(
                    "E202",
                    f"slice takes a part of the {axis}, but {as_text(inputs[0])} has none",
                    field=axis,
                    hint=f"it has {listed(names)}",
                    facts=(("input", as_text(inputs[0])), ("axes", names)),
                )
        for name, n, part in parts:
            if isinstance(part, Cut):
                yield from _within(name, n, part)
            elif part is not None:
                yield parted(name, n, part)

    def output(self, *inputs: Shape) -> Shape:
        *sides, channels = (
            n if part is None else taken(n, part) for _, n, part in self.parts(inputs[0])
        )
        return Map(tuple(sides), channels) if sides else Vector(channels)

    def window(self, *inputs: Shape) -> tuple[InputSpan, ...] | None:
        sides = self.parts(inputs[0])[:-1]
        if all(part is None for _, _, part in sides):
            return None
        return tuple(
            [
                reach_moved(0) if part is None else _seen(part.ends(n)[0], part.step)
                for _, n, part in sides
            ]
        )

    def mixes(self, *inputs: Shape, operand: int = 0) -> InputSpan:
        _, n, part = self.parts(inputs[0])[-1]
        return OWN if part is None else _seen(part.ends(n)[0], part.step)


#: The axes that a slice may name.
AXES = tuple(declared.name for declared in Slice.fields())


def _seen(first: Dim, step: Dim) -> InputSpan:
    return InputSpan((first,), (first,), step)


def _within(axis: str, n: Dim, cut: Cut) -> Iterator[Requirement]:
    """Require that a cut lies inside of its axis, and takes something."""
    for end in (cut.start, cut.stop):
        if end.distance != 0:
            yield Requirement(n, "at least", end.distance, partial(_outside, axis, n, end))
    first, after = cut.ends(n)
    yield Requirement(after - first, "at least", 1, partial(_empty, axis, n, cut))


def _outside(axis: str, n: Dim, end: End) -> RuleError:
    place = f"-{as_word(end.distance)}" if end.side == "end" else str(end.distance)
    return RuleError(
        "E204",
        f"place {place} lies outside of the {axis}, of which there are {n}",
        field=axis,
        rule=f"{n} >= {end.distance} must hold",
        hint=f"use {-n} to {n}, or null for an open end" if isinstance(n, int) else "",
        facts=(("input", n), ("place", place)),
    )


def _empty(axis: str, n: Dim, cut: Cut) -> RuleError:
    first, after = cut.ends(n)
    return RuleError(
        "E210",
        f"from {first} to {after}, which is left out, nothing is taken of the {axis}",
        field=axis,
        rule=f"{after} - {first} = {after - first}, must be at least 1",
        hint="the end comes after the start, and is itself left out",
        facts=(("input", n), ("from", first), ("to", after)),
    )


class Ends(Kind):
    """How much stands before and after: `[0, 16]`, or one number for both ends."""

    words = "a number for both ends, or [before, after]"
    _number: ClassVar[dict[str, Any]] = {"type": ["integer", "string"], "minimum": 0}
    schema = {"anyOf": [_number, {"type": "array", "items": _number, "minItems": 2, "maxItems": 2}]}

    def read(self, tree: Tree, reading: Reading) -> tuple[Dim, Dim]:
        count = Count(0, symbolic=True)
        if isinstance(tree, Scalar):
            both = count.read(tree, reading)
            return both, both
        if isinstance(tree, List) and len(tree.items) == 2:
            before, after = (count.read(item, reading) for item in tree.items)
            return before, after
        raise self.wants(tree)


class PadChannels(Layer):
    """Adds channels of zeros, as shortcuts without weights do (He et al. 2015, option A)."""

    type: ClassVar[str] = "pad_channels"
    yields: ClassVar[bool] = True
    principal: ClassVar[str] = "channels"
    summary: ClassVar[str] = "channels of zeros before and after"
    term: ClassVar[str] = ""
    learns: ClassVar[str] = _MOVED
    rule: ClassVar[str] = "output channels = channels before + input channels + channels after"
    example: ClassVar[str] = "pad_channels: [0, 64]"

    channels: tuple[Dim, Dim] = field(Ends(), "channels of zeros added (before, after)")

    def configuration(self, *inputs: Shape) -> str:
        return "{}+{}".format(*map(as_word, self.channels))

    def output(self, *inputs: Shape) -> Shape:
        before, after = self.channels
        return map_like(inputs[0], before + inputs[0].channels + after)

    def mixes(self, *inputs: Shape, operand: int = 0) -> InputSpan:
        return reach_moved(-self.channels[0])._replace(beyond="nothing")


class _Rearranging(Layer):
    """What both pixel shuffles share: the factor of every side, and the order of the channels."""

    takes: ClassVar[Literal["any", "map"]] = "map"
    principal: ClassVar[str] = "factor"

    factor: tuple[Dim, ...] = field(
        Sizes(symbolic=True, divides=True), "by how much every side changes", default=REQUIRED
    )
    order: Literal["crd", "dcr"] = field(
        Choice("crd", "dcr"),
        "what a channel's number counts in: channel, row, column (PyTorch), or row, column, channel"
        " (TensorFlow's depth_to_space)",
        default="crd",
        words={"crd": "order crd", "dcr": "order dcr"},
        unsaid="the channels of a place side by side",
    )

    def factors(self, shape: Shape) -> tuple[Dim, ...]:
        """Return the factor of every side."""
        return per_side(self.factor, len(shape.sides), "factor")


class PixelShuffle(_Rearranging):
    """Makes a block of places of so many channels (Shi et al. 2016, ESPCN)."""

    type: ClassVar[str] = "pixel_shuffle"
    yields: ClassVar[bool] = True
    summary: ClassVar[str] = "channels become places: sides grow by a factor"
    term: ClassVar[str] = ""
    learns: ClassVar[str] = _MOVED
    rule: ClassVar[str] = "output side = n*factor, channels / product of the factors"
    example: ClassVar[str] = "pixel_shuffle: 2"

    def configuration(self, *inputs: Shape) -> str:
        return f"by {square(self.factor)}"

    def requires(self, *inputs: Shape) -> list[Requirement]:
        channels, block = inputs[0].channels, product(self.factors(inputs[0]))
        return [Requirement(channels, "divisible by", block, partial(_no_blocks, channels, block))]

    def output(self, *inputs: Shape) -> Map:
        factors = self.factors(inputs[0])
        sides = zip(inputs[0].sides, factors, strict=True)
        return Map(tuple(n * f for n, f in sides), inputs[0].channels // product(factors))

    def window(self, *inputs: Shape) -> Rearranged:
        factors, channels = self.factors(inputs[0]), self.output(*inputs).channels
        rank, crd = len(factors), self.order == "crd"
        first = rank + 1 if crd else rank  # of the axes that the channels are cut into
        read = [axis for side in range(rank) for axis in (side, first + side)]
        within = (channels, *factors) if crd else (*factors, channels)
        last = rank if crd else 2 * rank
        return Rearranged((*read, last), tuple(range(rank + 1)), cut=(*inputs[0].sides, *within))


class PixelUnshuffle(_Rearranging):
    """Makes channels of every block of places: space to depth."""

    type: ClassVar[str] = "pixel_unshuffle"
    yields: ClassVar[bool] = True
    summary: ClassVar[str] = "places become channels: sides shrink by a factor"
    term: ClassVar[str] = ""
    learns: ClassVar[str] = _MOVED
    rule: ClassVar[str] = "output side = n/factor, channels * product of the factors"
    example: ClassVar[str] = "pixel_unshuffle: 2"

    def configuration(self, *inputs: Shape) -> str:
        return f"by {square(self.factor)}"

    def requires(self, *inputs: Shape) -> list[Requirement]:
        sides = zip(inputs[0].sides, self.factors(inputs[0]), strict=True)
        return [
            Requirement(n, "divisible by", factor, partial(_no_tiles, n, factor))
            for n, factor in sides
        ]

    def output(self, *inputs: Shape) -> Map:
        factors = self.factors(inputs[0])
        sides = zip(inputs[0].sides, factors, strict=True)
        return Map(tuple(n // f for n, f in sides), inputs[0].channels * product(factors))

    def window(self, *inputs: Shape) -> Rearranged:
        factors, output = self.factors(inputs[0]), self.output(*inputs)
        rank = len(factors)
        blocks = [n for pair in zip(output.sides, factors, strict=True) for n in pair]
        sides, places = range(0, 2 * rank, 2), range(1, 2 * rank, 2)
        channel = 2 * rank
        within = (channel, *places) if self.order == "crd" else (*places, channel)
        return Rearranged(
            (*sides, *within), tuple(range(rank + 1)), cut=(*blocks, inputs[0].channels)
        )


def _no_blocks(channels: Dim, block: Dim) -> RuleError:
    return RuleError(
        "E205",
        f"{channels} channels do not make blocks of {block} places",
        field="factor",
        rule=f"{channels} mod {block} = {channels % block}, must be 0",
        hint=f"let a multiple of {block} channels flow in",
        facts=(("channels", channels), ("block", block)),
    )


def _no_tiles(n: Dim, factor: Dim) -> RuleError:
    return RuleError(
        "E205",
        f"a side of {n} does not fall into blocks of {factor}",
        field="factor",
        rule=f"{n} mod {factor} = {n % factor}, must be 0",
        hint="pad or slice the side first",
        facts=(("input", n), ("factor", factor)),
    )

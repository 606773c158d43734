"""Layers that move, add or take away elements and compute little or nothing."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar, Literal

from shapecalc.algebra import Dim, ceil_div, product
from shapecalc.errors import RuleError
from shapecalc.layers.base import (
    NO_WORK,
    Layer,
    Requirement,
    Work,
    count_text,
    groups_divide,
    square,
)
from shapecalc.layers.conv import pad_text
from shapecalc.layers.fields import (
    NO_PADDING,
    Choice,
    Count,
    Extents,
    Indices,
    Pad,
    Padding,
    Sizes,
    field,
    pads_per_side,
    per_side,
)
from shapecalc.layers.shape import SIDE_NAMES, Map, Shape, Vector, as_list, as_text, shape_of
from shapecalc.layers.window import InputSpan, Rearranged, reach_moved, reach_up, refuse_period

if TYPE_CHECKING:
    from collections.abc import Iterable


class Flatten(Layer):
    """Writes all elements in one row, channel by channel; each still sees what it saw."""

    type: ClassVar[str] = "flatten"
    inplace: ClassVar[bool] = True
    view: ClassVar[bool] = True
    summary: ClassVar[str] = "volume to vector"
    term: ClassVar[str] = ""
    learns: ClassVar[str] = "nothing: elements are moved, added or taken away by a fixed rule"
    rule: ClassVar[str] = "output = product of sides and channels"

    def output(self, *inputs: Shape) -> Vector:
        return Vector(inputs[0].size)

    def window(self, *inputs: Shape) -> Rearranged | None:
        sides = len(inputs[0].sides)
        return Rearranged((sides, *range(sides)), (0,)) if sides else None


class Reshape(Layer):
    """Reads the same elements, in the same order, as another shape.

    Between maps that is the order in which shapes are written, channels last; a row holds a map
    channel by channel, as `flatten` writes it.

    Every element still sees what it saw.
    """

    type: ClassVar[str] = "reshape"
    view: ClassVar[bool] = True
    principal: ClassVar[str] = "shape"
    inplace: ClassVar[bool] = True
    summary: ClassVar[str] = "the same elements in another shape"
    term: ClassVar[str] = ""
    learns: ClassVar[str] = "nothing: elements are moved, added or taken away by a fixed rule"
    rule: ClassVar[str] = "output = shape, with as many elements as the input"
    example: ClassVar[str] = "reshape: 4x4x1024"

    shape: tuple[Dim, ...] = field(Extents(), "new shape, sides first and channels last")

    def configuration(self, *inputs: Shape) -> str:
        return f"to {count_text(self.shape)}"

    def requires(self, *inputs: Shape) -> list[Requirement]:
        size, wanted = inputs[0].size, product(self.shape)
        return [Requirement(size, "equal to", wanted, partial(self._misfit, inputs[0]))]

    def _misfit(self, shape: Shape) -> RuleError:
        wanted = shape_of(self.shape)
        return RuleError(
            "E209",
            f"{as_text(shape)} has {shape.size:,} elements,"
            f" but {as_text(wanted)} has {wanted.size:,}",
            field="shape",
            rule=f"{shape.size} = {wanted.size} must hold",
            hint="give a shape with as many elements as flow in",
            facts=(("input", as_list(shape)), ("shape", list(self.shape))),
        )

    def output(self, *inputs: Shape) -> Shape:
        return shape_of(self.shape)

    def window(self, *inputs: Shape) -> Rearranged | None:
        output = self.output(*inputs)
        if output == inputs[0]:
            return None
        read, written = len(inputs[0].sides), len(output.sides)
        if read and written:
            return Rearranged((*range(read), read), (*range(written), written))
        return Rearranged((read, *range(read)), (written, *range(written)))


class Permute(Layer):
    """Reorders the axes: output axis i is input axis `order[i]`."""

    type: ClassVar[str] = "permute"
    takes: ClassVar[Literal["any", "map"]] = "map"
    principal: ClassVar[str] = "order"
    summary: ClassVar[str] = "another order of the axes"
    term: ClassVar[str] = ""
    learns: ClassVar[str] = "nothing: elements are moved, added or taken away by a fixed rule"
    rule: ClassVar[str] = "output axis i = input axis order[i]"
    example: ClassVar[str] = "permute: [1, 0, 2]"

    order: tuple[int, ...] = field(
        Indices(), "axes of the input, counted from 0: height 0, width 1, channels 2"
    )

    def configuration(self, *inputs: Shape) -> str:
        return " ".join(map(str, self.order))

    def requires(self, *inputs: Shape) -> Iterable[Requirement]:
        axes = (*SIDE_NAMES[len(inputs[0].sides)], "channels")
        if sorted(self.order) != list(range(len(axes))):
            raise RuleError(
                "E203",
                f"order {list(self.order)} does not name each of the {len(axes)} axes once",
                field="order",
                hint="the axes are " + ", ".join(f"{i} {name}" for i, name in enumerate(axes)),
                facts=(("order", list(self.order)), ("axes", list(axes))),
            )
        return ()

    def output(self, *inputs: Shape) -> Shape:
        extents = as_list(inputs[0])
        return shape_of(tuple(extents[axis] for axis in self.order))

    def window(self, *inputs: Shape) -> Rearranged:
        return Rearranged(self.order, tuple(range(len(self.order))))


class PadLayer(Layer):
    """Adds zeros around the input."""

    type: ClassVar[str] = "pad"
    takes: ClassVar[Literal["any", "map"]] = "map"
    by_channel: ClassVar[bool] = True
    principal: ClassVar[str] = "pad"
    summary: ClassVar[str] = "zeros around the input"
    term: ClassVar[str] = ""
    learns: ClassVar[str] = "nothing: elements are moved, added or taken away by a fixed rule"
    rule: ClassVar[str] = "output side = n + pad before + pad after"
    example: ClassVar[str] = "pad: [[0, 1], [0, 1]]"

    pad: Padding = field(Pad(modes=False), "zeros around the input")

    def configuration(self, *inputs: Shape) -> str:
        return pad_text(self.pad) or "0"

    def _pairs(self, shape: Shape) -> tuple[tuple[Dim, Dim], ...]:
        return pads_per_side(self.pad, len(shape.sides))

    def output(self, *inputs: Shape) -> Map:
        sides = zip(inputs[0].sides, self._pairs(inputs[0]), strict=True)
        return Map(tuple(n + before + after for n, (before, after) in sides), inputs[0].channels)

    def window(self, *inputs: Shape) -> tuple[InputSpan, ...]:
        return tuple(reach_moved(-before) for before, _ in self._pairs(inputs[0]))


class Crop(Layer):
    """Takes rows away at the ends of the sides, so many, or down to a size around the centre.

    An odd row more is taken at the end.
    """

    type: ClassVar[str] = "crop"
    takes: ClassVar[Literal["any", "map"]] = "map"
    by_channel: ClassVar[bool] = True
    principal: ClassVar[str] = "crop"
    summary: ClassVar[str] = "takes away the rim"
    term: ClassVar[str] = ""
    learns: ClassVar[str] = "nothing: elements are moved, added or taken away by a fixed rule"
    rule: ClassVar[str] = "output side = n - crop before - crop after, or `to`"
    example: ClassVar[str] = "crop: {to: 56}"

    crop: Padding | None = field(
        Pad(modes=False), "rows taken away at the ends of the sides", default=None
    )
    to: tuple[int, ...] | None = field(
        Sizes(), "size to cut out around the centre (U-Net)", default=None
    )

    def configuration(self, *inputs: Shape) -> str:
        if self.to is not None:
            return f"to {square(self.to)}"
        return pad_text(self.crop or NO_PADDING) or "0"

    def requires(self, *inputs: Shape) -> list[Requirement]:
        if (self.crop is None) == (self.to is None):
            raise self._undecided()
        sides = inputs[0].sides
        if self.to is not None:
            sizes = per_side(self.to, len(sides), "to")
            return [
                Requirement(n, "at least", size, partial(_too_large, n, size))
                for n, size in zip(sides, sizes, strict=True)
            ]
        return [
            Requirement(n - sum(cut), "at least", 1, partial(_nothing_left, n, cut))
            for n, cut in zip(sides, self._cuts(sides), strict=True)
        ]

    def _undecided(self) -> RuleError:
        hint = "`crop: 2` takes 2 rows away at each end, `crop: {to: 56}` leaves 56"
        if self.to is None:
            return RuleError("E113", "crop needs the field `crop` or `to`", hint=hint)
        return RuleError("E203", "crop takes `crop` or `to`, but not both", field="to", hint=hint)

    def _cuts(self, sides: tuple[Dim, ...]) -> tuple[tuple[Dim, Dim], ...]:
        """Return how many rows every side loses before and after."""
        if self.to is None:
            return pads_per_side(self.crop or NO_PADDING, len(sides), "crop")
        sizes = per_side(self.to, len(sides), "to")
        surplus = [n - size for n, size in zip(sides, sizes, strict=True)]
        return tuple((rows // 2, ceil_div(rows, 2)) for rows in surplus)

    def output(self, *inputs: Shape) -> Map:
        sides, channels = inputs[0].sides, inputs[0].channels
        if self.to is not None:
            return Map(per_side(self.to, len(sides), "to"), channels)
        cuts = zip(sides, self._cuts(sides), strict=True)
        return Map(tuple(n - sum(cut) for n, cut in cuts), channels)

    def window(self, *inputs: Shape) -> tuple[InputSpan, ...]:
        return tuple(reach_moved(before) for before, _ in self._cuts(inputs[0].sides))


def _too_large(n: Dim, size: int) -> RuleError:
    return RuleError(
        "E204",
        f"{size} rows cannot be cut out of a side of {n}",
        field="to",
        rule=f"{n} >= {size} must hold",
        hint=f"use at most {n}, or `pad` to add rows",
        facts=(("input", n), ("to", size)),
    )


def _nothing_left(n: Dim, cut: tuple[Dim, Dim]) -> RuleError:
    before, after = cut
    return RuleError(
        "E210",
        f"taking away {before} and {after} leaves nothing of a side of {n}",
        field="crop",
        rule=f"{n} - {before} - {after} = {n - before - after}, must be at least 1",
        hint=f"take away at most {n - 1} in all",
        facts=(("input", n), ("crop", [before, after])),
    )


class Upsample(Layer):
    """Enlarges every side by a factor, repeating elements or blending the nearest ones linearly.

    An output of bilinear upsampling is a weighted sum of 2 elements per side: 2**sides
    multiplications and additions, at the rim too.  Pixels are areas: output u lies at
    (u + 1/2)/factor - 1/2 (PyTorch's align_corners=False, Keras, ONNX half_pixel).
    """

    type: ClassVar[str] = "upsample"
    takes: ClassVar[Literal["any", "map"]] = "map"
    by_channel: ClassVar[bool] = True
    principal: ClassVar[str] = "factor"
    summary: ClassVar[str] = "enlarges by a whole factor"
    term: ClassVar[str] = "upsampling"
    learns: ClassVar[str] = "nothing: elements are moved, added or taken away by a fixed rule"
    rule: ClassVar[str] = "output side = n*factor"
    counts: ClassVar[str] = (
        "no parameters, no MACs; bilinear: 2**sides multiplies and adds per output element"
    )
    example: ClassVar[str] = "upsample: {factor: 2, mode: bilinear}"

    factor: tuple[int, ...] = field(Sizes(), "by how much every side grows", default=(2,))
    mode: Literal["nearest", "bilinear"] = field(
        Choice("nearest", "bilinear"),
        "repeat the nearest element, or blend linearly",
        default="nearest",
    )

    def configuration(self, *inputs: Shape) -> str:
        return f"x{square(self.factor)} {self.mode}"

    def _factors(self, shape: Shape) -> tuple[int, ...]:
        return per_side(self.factor, len(shape.sides), "factor")

    def output(self, *inputs: Shape) -> Map:
        sides = zip(inputs[0].sides, self._factors(inputs[0]), strict=True)
        return Map(tuple(n * factor for n, factor in sides), inputs[0].channels)

    def work(self, inputs: tuple[Shape, ...], output: Shape) -> Work:
        if self.mode == "nearest":
            return NO_WORK
        taps = 2 ** len(output.sides) * output.size
        return Work(multiplies=taps, adds=taps)

    def window(self, *inputs: Shape) -> tuple[InputSpan, ...]:
        blend = self.mode == "bilinear"
        return tuple([reach_up(factor, blend=blend) for factor in self._factors(inputs[0])])


class ChannelShuffle(Layer):
    """Deals the channels of every group out over all groups (Zhang et al. 2018, ShuffleNet)."""

    type: ClassVar[str] = "channel_shuffle"
    principal: ClassVar[str] = "groups"
    summary: ClassVar[str] = "mixes the channels of groups"
    term: ClassVar[str] = ""
    learns: ClassVar[str] = "nothing: elements are moved, added or taken away by a fixed rule"
    example: ClassVar[str] = "channel_shuffle: 3"

    groups: int = field(Count(), "number of groups that the channels fall into")

    def configuration(self, *inputs: Shape) -> str:
        return f"{self.groups} groups"

    def requires(self, *inputs: Shape) -> list[Requirement]:
        channels = inputs[0].channels
        return [groups_divide(channels, self.groups, f"use groups that divide {channels}")]

    def mixes(self, *inputs: Shape, operand: int = 0) -> InputSpan:
        size = inputs[0].channels // self.groups
        refuse_period(self.groups)
        starts = tuple([group * size for group in range(self.groups)])
        return InputSpan(starts, starts, 1)

"""Layers that move, add or take away elements and compute little or nothing."""

from __future__ import annotations

from functools import partial
from math import gcd
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from shapecalc.algebra import Dim, ceil_div, product
from shapecalc.errors import RuleError
from shapecalc.layers.axes import names_of
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
    FactorSizes,
    Indices,
    Pad,
    Padding,
    Rational,
    SidesOf,
    Sizes,
    field,
    pads_per_side,
    per_side,
)
from shapecalc.layers.shape import Map, Shape, Vector, as_list, as_text, shape_of
from shapecalc.layers.window import (
    InputSpan,
    Rearranged,
    as_number,
    reach_moved,
    reach_resized,
    reach_up,
    refuse_period,
)
from shapecalc.text.words import counted

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
        axes = names_of(inputs[0])
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
    """Takes rows away at the ends of the sides, so many, or down to a size.

    Down to a size it keeps the centre, and takes an odd row more at the end; or what begins after
    an offset (Long et al. 2015, FCN).
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
    to: tuple[Dim, ...] | None = field(
        Sizes(symbolic=True), "size to cut out around the centre (U-Net)", default=None
    )
    like: tuple[Dim, ...] | None = field(
        SidesOf(), "a layer whose sides are the size to cut out", default=None
    )
    offset: tuple[Dim, ...] | None = field(
        Sizes(0, symbolic=True), "rows taken away before what is cut out (FCN)", default=None
    )

    @property
    def size(self) -> tuple[Dim, ...] | None:
        """The size to cut out, if one is given."""
        return self.like if self.to is None else self.to

    def configuration(self, *inputs: Shape) -> str:
        after = "" if self.offset is None else f" after {square(self.offset)}"
        if self.size is not None:
            return f"to {square(self.size)}{after}"
        return (pad_text(self.crop or NO_PADDING) or "0") + after

    def requires(self, *inputs: Shape) -> list[Requirement]:
        given = [name for name in ("crop", "to", "like") if getattr(self, name) is not None]
        if len(given) != 1 or (self.offset is not None and self.size is None):
            raise self._undecided(given)
        sides = inputs[0].sides
        if self.size is not None:
            sizes = per_side(self.size, len(sides), given[0])
            starts = per_side(self.offset or (0,), len(sides), "offset")
            return [
                Requirement(n, "at least", start + size, partial(_too_large, n, size, start))
                for n, size, start in zip(sides, sizes, starts, strict=True)
            ]
        return [
            Requirement(n - sum(cut), "at least", 1, partial(_nothing_left, n, cut))
            for n, cut in zip(sides, self._cuts(sides), strict=True)
        ]

    def _undecided(self, given: list[str]) -> RuleError:
        hint = (
            "`crop: 2` takes 2 rows away at each end, `crop: {to: 56}` leaves 56,"
            " `crop: {like: x}` as x has"
        )
        if not given:
            return RuleError("E113", "crop needs the field `crop`, `to` or `like`", hint=hint)
        if len(given) == 1:
            message = "crop takes an `offset` only with `to` or `like`"
            hint = "`crop: [[5, 8]]` takes 5 rows away before and 8 after"
            return RuleError("E203", message, field="offset", hint=hint)
        *_, first, second = given
        message = f"crop takes `{first}` or `{second}`, but not both"
        return RuleError("E203", message, field=second, hint=hint)

    def _cuts(self, sides: tuple[Dim, ...]) -> tuple[tuple[Dim, Dim], ...]:
        """Return how many rows every side loses before and after."""
        if self.size is None:
            return pads_per_side(self.crop or NO_PADDING, len(sides), "crop")
        sizes = per_side(self.size, len(sides), "to")
        surplus = [n - size for n, size in zip(sides, sizes, strict=True)]
        if self.offset is not None:
            starts = per_side(self.offset, len(sides), "offset")
            return tuple((first, rows - first) for first, rows in zip(starts, surplus, strict=True))
        return tuple((rows // 2, ceil_div(rows, 2)) for rows in surplus)

    def output(self, *inputs: Shape) -> Map:
        sides, channels = inputs[0].sides, inputs[0].channels
        if self.size is not None:
            return Map(per_side(self.size, len(sides), "to"), channels)
        cuts = zip(sides, self._cuts(sides), strict=True)
        return Map(tuple(n - sum(cut) for n, cut in cuts), channels)

    def window(self, *inputs: Shape) -> tuple[InputSpan, ...]:
        return tuple(reach_moved(before) for before, _ in self._cuts(inputs[0].sides))


def _too_large(n: Dim, size: Dim, start: Dim) -> RuleError:
    after = "" if start == 0 else f" after the first {start}"
    return RuleError(
        "E204",
        f"{size} rows cannot be cut out of a side of {n}{after}",
        field="to",
        rule=f"{n} >= {size if start == 0 else f'{start} + {size}'} must hold",
        hint=f"use at most {n - start}, or `pad` to add rows",
        facts=(("input", n), ("to", size), *([("offset", start)] if start != 0 else [])),
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
    """Resizes every side, repeating elements or blending the nearest ones linearly.

    By a factor f, or to a size m, when f = m/n.  An output of bilinear upsampling is a weighted
    sum of 2 elements per side: 2**sides multiplications and additions, at the rim too.  Pixels are
    areas, aligned at their centres: output u lies at (u + 1/2)/f - 1/2 (PyTorch's
    align_corners=False, Keras, ONNX half_pixel); or the corners of both maps are aligned, and u
    lies at u*(n - 1)/(m - 1).  Nearest takes the element at floor(u/f).
    """

    type: ClassVar[str] = "upsample"
    takes: ClassVar[Literal["any", "map"]] = "map"
    by_channel: ClassVar[bool] = True
    principal: ClassVar[str] = "factor"
    summary: ClassVar[str] = "enlarges by a factor, or to a size"
    term: ClassVar[str] = "upsampling"
    learns: ClassVar[str] = "nothing: elements are moved, added or taken away by a fixed rule"
    rule: ClassVar[str] = "output side = floor(n*factor), or `to`"
    counts: ClassVar[str] = (
        "no parameters, no MACs; bilinear: 2**sides multiplies and adds per output element"
    )
    example: ClassVar[str] = "upsample: {factor: 2, mode: bilinear}"

    factor: tuple[int | Rational, ...] | None = field(
        FactorSizes(), "by how much every side grows; 2 where no size is given", default=None
    )
    to: tuple[Dim, ...] | None = field(
        Sizes(symbolic=True, divides=True), "size of the output's sides", default=None
    )
    like: tuple[Dim, ...] | None = field(
        SidesOf(), "a layer whose sides are the output's", default=None
    )
    mode: Literal["nearest", "bilinear"] = field(
        Choice("nearest", "bilinear"),
        "repeat the nearest element, or blend linearly",
        default="nearest",
    )
    align: Literal["centres", "corners"] = field(
        Choice("centres", "corners"),
        "what of the first and the last pixels lies on each other",
        default="centres",
        words={"centres": "", "corners": "corners aligned"},
        unsaid="pixels are areas",
    )

    @property
    def size(self) -> tuple[Dim, ...] | None:
        """The size of the output's sides, if one is given."""
        return self.like if self.to is None else self.to

    @property
    def resizes(self) -> bool:
        """Whether the units may lie at any fractions of the input's."""
        whole = all(isinstance(factor, int) for factor in self.factor or ())
        return self.size is not None or self.align == "corners" or not whole

    def configuration(self, *inputs: Shape) -> str:
        factor: Any = self.factor or (2,)
        by = f"x{square(factor)}" if self.size is None else f"to {square(self.size)}"
        return f"{by} {self.mode}"

    def requires(self, *inputs: Shape) -> list[Requirement]:
        given = [name for name in ("factor", "to", "like") if getattr(self, name) is not None]
        if len(given) > 1:
            first, second = given[:2]
            message = f"upsample takes `{first}` or `{second}`, but not both"
            hint = "`upsample: 2` doubles the sides, `upsample: {to: 65}` makes them 65"
            raise RuleError("E203", message, field=second, hint=hint)
        if self.align == "corners" and self.mode == "nearest":
            message = "upsample aligns corners only where it blends"
            raise RuleError("E203", message, field="align", hint="add `mode: bilinear`")
        output = self.output(*inputs)
        return [
            Requirement(m, "at least", 1, partial(_vanishes, n, m))
            for n, m in zip(inputs[0].sides, output.sides, strict=True)
        ]

    def factors(self, shape: Shape) -> tuple[int | Rational, ...]:
        """Return the factor of every side; a size has none."""
        factor: Any = self.factor or (2,)
        return per_side(factor, len(shape.sides), "factor")

    def output(self, *inputs: Shape) -> Map:
        sides, channels = inputs[0].sides, inputs[0].channels
        if self.size is not None:
            return Map(per_side(self.size, len(sides), "to"), channels)
        factors = zip(sides, self.factors(inputs[0]), strict=True)
        return Map(tuple(_enlarged(n, factor) for n, factor in factors), channels)

    def work(self, inputs: tuple[Shape, ...], output: Shape) -> Work:
        if self.mode == "nearest":
            return NO_WORK
        taps = 2 ** len(output.sides) * output.size
        return Work(multiplies=taps, adds=taps)

    def window(self, *inputs: Shape) -> tuple[InputSpan, ...]:
        sides, output = inputs[0].sides, self.output(*inputs).sides
        factors = self.factors(inputs[0]) if self.size is None else (None,) * len(sides)
        return tuple([self._reach(*side) for side in zip(sides, output, factors, strict=True)])

    def _reach(self, n: Dim, m: Dim, factor: int | Rational | None) -> InputSpan:
        blend, centred = self.mode == "bilinear", self.align == "centres"
        if centred and isinstance(factor, Rational):
            return reach_resized((factor.over, factor.times), blend=blend, centred=True)
        if centred and isinstance(factor, int):
            return reach_up(factor, blend=blend)
        if n == m:
            return reach_moved(0)
        less = 0 if centred else 1
        q, p = as_number(n) - less, max(as_number(m) - less, 1)
        if p == 1 and not centred and m == 1:
            return reach_resized((0, 1), blend=blend, centred=False)
        shared = gcd(q, p)
        return reach_resized((q // shared, p // shared), blend=blend, centred=centred)


def _enlarged(n: Dim, factor: int | Rational) -> Dim:
    return n * factor.times // factor.over if isinstance(factor, Rational) else n * factor


def _vanishes(n: Dim, m: Dim) -> RuleError:
    return RuleError(
        "E210",
        f"nothing is left of a side of {n}",
        field="factor",
        rule=f"{m}, must be at least 1",
        hint="use a larger factor",
        facts=(("input", n), ("output", m)),
    )


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
        return counted(self.groups, "group")

    def requires(self, *inputs: Shape) -> list[Requirement]:
        channels = inputs[0].channels
        return [groups_divide(channels, self.groups, f"use groups that divide {channels}")]

    def mixes(self, *inputs: Shape, operand: int = 0) -> InputSpan:
        size = inputs[0].channels // self.groups
        refuse_period(self.groups)
        starts = tuple([group * size for group in range(self.groups)])
        return InputSpan(starts, starts, 1)

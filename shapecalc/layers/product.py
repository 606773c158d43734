"""Products of two activations: matrices times matrices, for every head by itself if there are."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple

from shapecalc.algebra import product
from shapecalc.errors import RuleError
from shapecalc.layers.axes import AxisPart, Cut, PartOf, parted, taken
from shapecalc.layers.base import Layer, Requirement, Work, as_word
from shapecalc.layers.fields import Choice, Count, Flag, field
from shapecalc.layers.matrix_window import Heads, Operand, window_of
from shapecalc.layers.shape import Map, Shape, as_text
from shapecalc.layers.window import SOME, InputSpan, PerInput

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.algebra import Dim


class Matrices(NamedTuple):
    """An operand as matrices: as many as `stack` has places, `rows` x `columns` each."""

    stack: tuple[Dim, ...]
    rows: Dim
    columns: Dim


class Matmul(Layer):
    """Multiplies two operands as matrices: their last side by their channels.

    Sides before the last count matrices, which are multiplied each by itself.  With `heads` the
    channels of an operand fall into so many parts, and all its sides are rows: a sequence of N by
    one of M gives heads x N x M, with the second one transposed.  `merge` undoes that: heads x N x
    M by a sequence of M, whose channels fall into heads, gives a sequence of N with the heads side
    by side in the channels.  With `groups` several heads in a row share one of the second operand's
    (Vaswani et al. 2017, "Attention Is All You Need"; Ainslie et al. 2023, "GQA").
    """

    type: ClassVar[str] = "matmul"
    yields: ClassVar[bool] = True
    inputs: ClassVar[int | None] = 2
    takes: ClassVar[Literal["any", "map"]] = "map"
    summary: ClassVar[str] = "matrix product of two branches, also head by head"
    term: ClassVar[str] = "scaling"
    learns: ClassVar[str] = "nothing: both of its factors were computed"
    rule: ClassVar[str] = "... x n x k by ... x k x m gives ... x n x m"
    counts: ClassVar[str] = (
        "no parameters; MACs = matrices x n x k x m; `root`: a multiply per element of the first"
        " operand"
    )
    example: ClassVar[str] = "matmul: {from: [query, key], transpose: second, heads: 12}"

    transpose: Literal["none", "first", "second", "both"] = field(
        Choice("none", "first", "second", "both"),
        "operands whose matrices are transposed",
        default="none",
        words={which: f"{which} transposed" for which in ("first", "second", "both")},
        unsaid="nothing transposed",
    )
    heads: Dim | None = field(
        Count(symbolic=True, divides=True),
        "parts that the channels of an operand fall into",
        default=None,
        unsaid="no heads",
    )
    groups: Dim | None = field(
        Count(symbolic=True, divides=True),
        "heads of the second operand, each for several of the first; as many if nothing is said",
        default=None,
        words="heads of the second",
        unsaid="as many heads of the second operand",
    )
    merge: Literal["none", "sequence", "map"] = field(
        Choice("none", "sequence", "map"),
        "the first operand is heads x N x M; the heads of the product lie side by side: as a"
        " sequence, or on the sides of the second operand",
        default="none",
        words={"sequence": "heads merged", "map": "heads merged on the sides of the second"},
        unsaid="heads as a side of their own",
    )
    windows: bool = field(
        Flag(),
        "the first side counts windows, each of which is multiplied by itself",
        default=False,
        words={True: "window by window"},
        unsaid="no windows",
    )
    first: Cut | PartOf | None = field(
        AxisPart(steps=False),
        "channels of the first operand that count: [from, to], or 1 of 3",
        default=None,
        unsaid="all channels of the first",
    )
    second: Cut | PartOf | None = field(
        AxisPart(steps=False),
        "channels of the second operand that count: [from, to], or 2 of 3",
        default=None,
        unsaid="all channels of the second",
    )
    root: bool = field(
        Flag(),
        "divide the first operand by the square root of the length of a sum",
        default=False,
        words={True: "by the root"},
        unsaid="no root",
    )

    @property
    def merges(self) -> bool:
        """Tell whether the first operand has its heads already."""
        return self.merge != "none"

    def factors(self, a: Shape, b: Shape) -> tuple[Matrices, Matrices]:
        """Return both operands as matrices."""
        heads = None if self.merges else self.heads
        return (
            self._matrices(a, self.first, heads, heads, ("first", "both")),
            self._matrices(b, self.second, self.heads, self.parts(), ("second", "both")),
        )

    def parts(self) -> Dim | None:
        """Return the heads of the second operand."""
        return self.heads if self.groups is None else self.groups

    def _matrices(
        self,
        shape: Shape,
        part: Cut | PartOf | None,
        heads: Dim | None,
        parts: Dim | None,
        turned: tuple[str, ...],
    ) -> Matrices:
        channels = shape.channels if part is None else taken(shape.channels, part)
        stack, rows = shape.sides[:-1], shape.sides[-1]
        if heads is not None and parts is not None:
            batch = int(self.windows)
            stack = (*shape.sides[:batch], heads)
            rows, channels = product(shape.sides[batch:]), channels // parts
        if self.transpose in turned:
            rows, channels = channels, rows
        return Matrices(stack, rows, channels)

    def configuration(self, *inputs: Shape) -> str:
        words = [] if self.heads is None else [f"{as_word(self.heads)} heads"]
        spans = (("first", self.first), ("second", self.second))
        words += [f"{name} {_in_words(part)}" for name, part in spans if part is not None]
        return ", ".join(words)

    def requires(self, *inputs: Shape) -> Iterator[Requirement]:
        a, b = inputs
        if self.heads is None and (self.merges or self.groups is not None or self.windows):
            name = "merge" if self.merges else "groups" if self.groups is not None else "windows"
            raise RuleError("E203", f"{name} needs heads", field=name, hint="give `heads`")
        yield from self._of_channels(a, b)
        if self.heads is None:
            self._must_have_sides(a, len(b.sides), b)
        else:
            self._must_have_sides(a, int(self.windows) + 2 if self.merges else None, b)
            if len(b.sides) <= self.windows:
                raise self._unfit(a, b)
        first, second = self.factors(a, b)
        for mine, other in zip(first.stack, second.stack, strict=True):
            yield Requirement(mine, "equal to", other, partial(self._unfit, a, b))
        yield Requirement(second.rows, "equal to", first.columns, partial(self._unfit, a, b))
        if self.merge == "map":
            rows = product(b.sides[int(self.windows) :])
            yield Requirement(first.rows, "equal to", rows, partial(self._unfit, a, b))

    def _of_channels(self, a: Shape, b: Shape) -> Iterator[Requirement]:
        """Require that the parts of the channels are there, and fall into heads."""
        whole = None if self.merges else self.heads
        for name, shape, parts in (("first", a, whole), ("second", b, self.parts())):
            part: Cut | PartOf | None = getattr(self, name)
            channels = shape.channels
            if part is not None:
                yield from _is_there(name, shape, part)
                channels = taken(channels, part)
            if parts is not None:
                complain = partial(_unshared, "channels", channels, parts)
                yield (need := Requirement(channels, "divisible by", parts, complain))
                if need.holds() is False:
                    return  # what comes of heads that are none is no fault of its own
        if self.heads is not None and self.groups is not None:
            complain = partial(_unshared, "heads", self.heads, self.groups)
            yield Requirement(self.heads, "divisible by", self.groups, complain)

    def _must_have_sides(self, a: Shape, count: int | None, b: Shape) -> None:
        if count is None:
            if len(a.sides) <= self.windows:
                raise self._unfit(a, b)
        elif len(a.sides) != count:
            raise self._unfit(a, b)

    def _unfit(self, a: Shape, b: Shape) -> RuleError:
        texts = [as_text(a), as_text(b)]
        rule = self.rule
        if self.heads is not None:
            rule = "N x C by M x C, the second transposed, gives heads x N x M"
            if self.merges:
                rule = "heads x N x M by M x C gives N x C"
        return RuleError(
            "E206",
            f"{texts[0]} cannot be multiplied by {texts[1]}"
            + ("" if self.transpose == "none" else f", {self.transpose} transposed"),
            rule=rule,
            hint="`transpose: second` for products of rows; `reshape` or `permute` else",
            facts=(("shapes", texts),),
        )

    def output(self, *inputs: Shape) -> Map:
        first, second = self.factors(*inputs)
        if not self.merges:
            return Map((*first.stack, first.rows), second.columns)
        assert self.heads is not None
        channels = self.heads * second.columns
        if self.merge == "map":
            return Map(inputs[1].sides, channels)
        return Map((*first.stack[:-1], first.rows), channels)

    def work(self, inputs: tuple[Shape, ...], output: Shape) -> Work:
        (stack, rows, inner), second = self.factors(*inputs)
        factor = product(stack) * rows * inner
        return Work(macs=factor * second.columns, multiplies=factor if self.root else 0)

    def held(self, *inputs: Shape) -> Dim:
        """Count the second operand's elements: a head's keys, or its values."""
        other = inputs[1]
        part = self.second
        channels = other.channels if part is None else taken(other.channels, part)
        return product(other.sides) * channels

    def window(self, *inputs: Shape) -> PerInput:
        a, b = inputs
        first, second = self.factors(a, b)
        heads = None
        if self.heads is not None:
            heads = Heads(1 if self.groups is None else self.heads // self.groups, self.merges)
        return window_of(
            Operand(
                a,
                first.rows,
                first.columns,
                _ends(a, self.first),
                self.transpose in ("first", "both"),
            ),
            Operand(
                b,
                second.columns,
                second.rows,
                _ends(b, self.second),
                self.transpose in ("none", "first"),
            ),
            heads,
            len(self.output(a, b).sides),
            int(self.windows),
        )

    def mixes(self, *inputs: Shape, operand: int = 0) -> InputSpan:
        return SOME  # the windows have spans for the channels, too


def _in_words(part: Cut | PartOf) -> str:
    if isinstance(part, PartOf) or "end" in (part.start.side, part.stop.side):
        return str(part)
    return f"{as_word(part.start.distance)} to {as_word(part.stop.distance)}"


def _ends(shape: Shape, part: Cut | PartOf | None) -> tuple[Dim, Dim] | None:
    return None if part is None else part.ends(shape.channels)


def _is_there(name: str, shape: Shape, part: Cut | PartOf) -> Iterator[Requirement]:
    """Require that an operand has the channels that are taken of it."""
    channels = shape.channels
    if isinstance(part, PartOf):
        yield parted("channels", channels, part, name)
        return
    complain = partial(_beyond, name, shape)
    for end in (part.start, part.stop):
        yield Requirement(channels, "at least", end.distance, complain)
    yield Requirement(taken(channels, part), "at least", 1, complain)


def _beyond(name: str, shape: Shape) -> RuleError:
    return RuleError(
        "E203",
        f"{name} names channels that the operand {as_text(shape)} does not have",
        field=name,
        hint="[from, to], counted from 0; the channel `to` is the first that is left out",
        facts=(("channels", shape.channels),),
    )


def _unshared(what: str, count: Dim, parts: Dim) -> RuleError:
    name = "heads" if what == "channels" else "groups"
    return RuleError(
        "E205",
        f"{count} {what} cannot be split into {parts} {name}",
        field=name,
        rule=f"{count} mod {parts} = {count % parts}, must be 0",
        hint=f"use {name} that divide {count}",
        facts=((what, count), (name, parts)),
    )

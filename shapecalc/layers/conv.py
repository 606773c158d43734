"""What convolutions and pools share, a kernel that moves over every side; and convolution."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

from shapecalc.algebra import Dim, is_number, larger, product
from shapecalc.errors import RuleError
from shapecalc.layers.base import (
    Layer,
    Parameter,
    Requirement,
    Work,
    as_word,
    groups_divide,
    square,
)
from shapecalc.layers.fields import (
    NO_PADDING,
    Choice,
    Connections,
    Count,
    Pad,
    Padding,
    Sizes,
    field,
    pads_per_side,
    per_side,
)
from shapecalc.layers.shape import SIDE_NAMES, Map, Shape, times_text
from shapecalc.layers.window import (
    InputSpan,
    Rounding,
    Window,
    output_size,
    reach,
    reach_groups,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


class Windowed(Layer):
    """A layer with a kernel, and how that moves."""

    takes: ClassVar[Literal["any", "map"]] = "map"
    rule: ClassVar[str] = (
        "output side = floor((n + pad before + pad after - (dilation*(kernel - 1) + 1))/stride)"
        " + 1; with pad same: ceil(n/stride)"
    )

    kernel: tuple[Dim, ...] = field(Sizes(symbolic=True), "extent of the window, per side")
    stride: tuple[Dim, ...] = field(
        Sizes(divides=True),
        "step from window to window, per side",
        default=(1,),
        unsaid="stride 1",
    )
    pad: Padding = field(
        Pad(),
        "padding around the input; `same` keeps ceil(n/stride), the odd one at the end",
        default=NO_PADDING,
        unsaid="no padding",
    )
    dilation: tuple[Dim, ...] = field(
        Sizes(symbolic=True),
        "distance of the kernel's taps, per side",
        default=(1,),
        unsaid="dilation 1",
    )

    def steps(self) -> tuple[Dim, ...]:
        """Return the stride as given, or as it follows from the kernel."""
        return self.stride

    def rounds(self) -> Rounding:
        """Return the rounding, where the layer has a choice."""
        return "floor"

    def moves(self, shape: Shape) -> tuple[Window, ...]:
        """Return the window of each of the shape's sides."""
        return _windows(
            self.kernel, self.steps(), self.pad, self.dilation, self.rounds(), len(shape.sides)
        )

    def positions(self, shape: Shape) -> tuple[Dim, ...]:
        """Count the window's positions on every side."""
        return _positions(shape.sides, self.moves(shape))

    def requires(self, *inputs: Shape) -> Iterable[Requirement]:
        return _fitting(inputs[0].sides, self.moves(inputs[0]))

    def window(self, *inputs: Shape) -> tuple[InputSpan, ...]:
        return _reaches(inputs[0].sides, self.moves(inputs[0]))


class Rounded(Windowed):
    """A window whose last, partial position may be kept."""

    rounding: Rounding = field(
        Choice("floor", "ceil", "ceil_caffe", "ceil_full"),
        "what becomes of a last, partial window: `floor` drops it, `ceil` keeps it when it starts"
        " in the input or the padding before (PyTorch), `ceil_caffe` clips so only when a side"
        " is padded, and then all of them, `ceil_full` never clips (cuda-convnet)",
        default="floor",
        unsaid="sides rounded down",
    )

    def rounds(self) -> Rounding:
        return self.rounding


@lru_cache(maxsize=4096)
def _windows(
    kernel: tuple[Dim, ...],
    stride: tuple[Dim, ...],
    pad: Padding,
    dilation: tuple[Dim, ...],
    rounding: Rounding,
    rank: int,
) -> tuple[Window, ...]:
    pairs = pads_per_side(pad, rank)
    if pad.mode == "causal":
        steps = per_side(kernel, rank, "kernel"), per_side(dilation, rank, "dilation")
        pairs = tuple((d * (k - 1), 0) for k, d in zip(*steps, strict=True))
    rules: list[Rounding] = [rounding] * rank
    if rounding == "ceil_caffe":  # pooling_layer.cpp clips all sides as soon as one is padded
        if not all(is_number(end) for pair in pairs for end in pair):
            raise RuleError(
                "E121",
                "under ceil_caffe windows are clipped only where there is padding, so pad must be"
                " a number",
                field="pad",
                hint="give its symbols values with --set, or use rounding: ceil",
            )
        padded = [bool(before + after) for before, after in pairs]
        rules = ["ceil" if any(padded) and not side else rounding for side in padded]
    return tuple(
        Window(k, s, before, after, d, rule, "given" if pad.mode == "causal" else pad.mode)
        for k, s, (before, after), d, rule in zip(
            per_side(kernel, rank, "kernel"),
            per_side(stride, rank, "stride"),
            pairs,
            per_side(dilation, rank, "dilation"),
            rules,
            strict=True,
        )
    )


@lru_cache(maxsize=4096)
def _positions(sides: tuple[Dim, ...], moves: tuple[Window, ...]) -> tuple[Dim, ...]:
    return tuple(map(output_size, sides, moves))


@lru_cache(maxsize=4096)
def _fitting(sides: tuple[Dim, ...], moves: tuple[Window, ...]) -> tuple[Requirement, ...]:
    """Require that every window has a position."""
    sizes = zip(_positions(sides, moves), sides, moves, strict=True)
    return tuple(
        Requirement(size, "at least", 1, _Misfit(n, window, side, len(sides)))
        for side, (size, n, window) in enumerate(sizes)
    )


@lru_cache(maxsize=4096)
def _reaches(sides: tuple[Dim, ...], moves: tuple[Window, ...]) -> tuple[InputSpan, ...]:
    return tuple(map(reach, sides, moves))


class _Misfit:
    """The complaint that a window has no position on a side."""

    __slots__ = ("n", "side", "sides", "window")

    def __init__(self, n: Dim, window: Window, side: int, sides: int) -> None:
        self.n, self.window, self.side, self.sides = n, window, side, sides

    def __call__(self) -> RuleError:
        from shapecalc.text.words import article

        n, window = self.n, self.window
        axis = SIDE_NAMES[self.sides][self.side]
        adjective = {"height": "high", "depth": "deep", "length": "long"}.get(axis, "wide")
        shown = f"{window.extent}-{adjective} window"
        if window.dilation != 1:
            shown += f" (kernel {window.kernel}, dilation {window.dilation})"
        before, after = window.before, window.after
        padding, added = (
            (f"{before}", f"2*{before}")
            if before == after
            else (f"{before} and {after}", f"{before} + {after}")
        )
        bracket = "floor" if window.rounding == "floor" else "ceil"
        rule = (
            f"{bracket}(({n} + {added} - {window.extent})/{window.stride}) + 1"
            f" = {output_size(n, window)}"
        )
        room = n + before + after
        fits = is_number(room) and is_number(window.dilation)  # not to be told of a symbol
        largest = (room - 1) // window.dilation + 1 if fits else 0
        smaller = isinstance(largest, int) and largest > 1
        enough = before - (room - window.extent) // 2
        return RuleError(
            "E204",
            f"{article(shown)} does not fit an input {n} {adjective} with padding {padding}",
            field="kernel",
            rule=rule,
            hint=f"use kernel <= {largest}, or pad >= {enough}"
            if smaller
            else f"use fewer strides and pools before it, a larger input, or pad >= {enough}",
            facts=(
                ("side", axis),
                ("input", n),
                ("kernel", window.kernel),
                ("stride", window.stride),
                ("dilation", window.dilation),
                ("padding", [before, after]),
            ),
        )


def window_text(layer: Windowed, *inputs: Shape) -> str:
    """Write a window as slides do: ``3x3 /2, pad 1``; of an image when no input is given."""
    rank = len(inputs[0].sides) if inputs else 2
    words = times_text(layer.kernel * rank if len(layer.kernel) == 1 else layer.kernel)
    if set(steps := layer.steps()) != {1}:
        words += f" /{as_word(square(steps))}"
    if pad := pad_text(layer.pad):
        words += f", pad {pad}"
    if set(layer.dilation) != {1}:
        words += f", dilation {as_word(square(layer.dilation))}"
    if layer.rounds() != "floor":
        words += f", {layer.rounds()}"
    return words


def pad_text(pad: Padding) -> str:
    """Write a padding shortly: `2`, `same`, `1x2`, `(0,1)x(1,2)`; nothing for none."""
    if pad.mode != "given":
        return "" if pad.mode == "valid" else pad.mode
    if all(before == after for before, after in pad.pairs):
        sizes = tuple(before for before, _ in pad.pairs)
        return square(sizes) if set(sizes) != {0} else ""
    return "x".join(f"({before},{after})" for before, after in pad.pairs)


Bias: TypeAlias = bool | Literal["per_position"]


def filters_field() -> Any:  # noqa: ANN401  (a dataclass field stands in for its value)
    """Declare the number of kernels."""
    return field(Count(symbolic=True), "number of kernels = output channels")


def bias_field() -> Any:  # noqa: ANN401
    """Declare the bias."""
    doc = "one bias per filter, none, or one per output position and filter (untied)"
    words = {False: "no bias", "per_position": "bias per position"}
    return field(
        Choice(True, False, "per_position"),
        doc,
        default=True,
        words=words,
        unsaid="one bias per filter",
    )


def causal_pad_field() -> Any:  # noqa: ANN401
    """Declare the padding of a convolution."""
    doc = (
        "padding around the input; `same` keeps ceil(n/stride), the odd one at the end; `causal`"
        " puts all of dilation*(kernel - 1) before"
    )
    return field(Pad(causal=True), doc, default=NO_PADDING, unsaid="no padding")


def groups_field() -> Any:  # noqa: ANN401
    """Declare the groups."""
    doc = "split channels and filters into groups that do not mix"
    return field(Count(), doc, default=1, unsaid="one group")


def biases(
    bias: Bias, filters: Dim, output: Callable[..., Shape], inputs: tuple[Shape, ...]
) -> tuple[Parameter, ...]:
    """Return the bias array, if there is one; the rule `output` tells its positions if untied."""
    if not bias:
        return ()
    sides = output(*inputs).sides if bias == "per_position" else ()
    return (Parameter("bias", (filters, *sides), "bias"),)


def convolution_work(weights: Dim, applied: Dim, bias: Bias, output: Shape) -> Work:
    """Count a convolution whose `weights` are each used at `applied` positions."""
    return Work(macs=weights * applied, bias_adds=output.size if bias else 0)


def filters_in_groups(groups: int, filters: Dim, channels: Dim) -> Iterator[Requirement]:
    """Require that groups divide the filters and the channels."""
    yield Requirement(
        filters,
        "divisible by",
        groups,
        lambda: RuleError(
            "E205",
            f"{filters} filters cannot be split into {groups} groups",
            field="groups",
            rule=f"{filters} mod {groups} = {filters % groups}, must be 0",
            hint=f"use {larger(filters // groups, 1) * groups} filters, or groups that divide both",
            facts=(("filters", filters), ("groups", groups)),
        ),
    )
    yield groups_divide(channels, groups, f"use groups that divide both {channels} and {filters}")


class Conv(Rounded):
    """Slides `filters` kernels over the input; each sees every channel of its group."""

    type: ClassVar[str] = "conv"
    weighted: ClassVar[bool] = True
    principal: ClassVar[str] = "filters"
    summary: ClassVar[str] = "convolution, plain or grouped"
    term: ClassVar[str] = ""
    learns: ClassVar[str] = "a kernel for every filter over all channels that it sees, and a bias"
    counts: ClassVar[str] = (
        "weights = filters x (channels/groups) x kernel, biases = filters,"
        " MACs = weights x output positions"
    )
    example: ClassVar[str] = "conv: {filters: 96, kernel: 11, stride: 4}"

    pad: Padding = causal_pad_field()
    filters: Dim = filters_field()
    groups: int = groups_field()
    bias: Bias = bias_field()
    connections: tuple[tuple[int, ...], ...] | None = field(
        Connections(),
        "the input maps, counted from 0, that each filter sees (LeNet's C3)",
        default=None,
        unsaid="filters over all channels",
    )

    def configuration(self, *inputs: Shape) -> str:
        words = f"{as_word(self.filters)} {window_text(self, *inputs)}"
        if self.groups > 1:
            words += f", groups {self.groups}"
        if self.connections:
            words += f", {sum(map(len, self.connections))} connected pairs"
        return words

    def requires(self, *inputs: Shape) -> Iterable[Requirement]:
        channels = inputs[0].channels
        needs = super().requires(*inputs)
        if self.groups > 1:
            needs = (*needs, *filters_in_groups(self.groups, self.filters, channels))
        if self.connections is not None:
            needs = (*needs, self._table_fits(self.connections, channels))
        return needs

    def _table_fits(self, table: tuple[tuple[int, ...], ...], channels: Dim) -> Requirement:
        if len(table) != self.filters or self.groups > 1:
            raise RuleError(
                "E208",
                f"the table lists {len(table)} output maps for {self.filters} filters"
                + (f" in {self.groups} groups" if self.groups > 1 else ""),
                field="connections",
                hint="one list per filter, without groups",
                facts=(("rows", len(table)), ("filters", self.filters)),
            )
        last = max(map(max, table))
        return Requirement(
            channels,
            "at least",
            last + 1,
            lambda: RuleError(
                "E208",
                f"the table names input map {last}, but only 0 to {channels - 1} flow in",
                field="connections",
                hint="input maps count from 0",
                facts=(("map", last), ("channels", channels)),
            ),
        )

    def output(self, *inputs: Shape) -> Map:
        return Map(self.positions(inputs[0]), self.filters)

    def _kernel(self, shape: Shape) -> Parameter:
        kernel = per_side(self.kernel, len(shape.sides), "kernel")
        if self.connections is not None:
            return Parameter("weight", (sum(map(len, self.connections)), *kernel))
        return Parameter("weight", (self.filters, shape.channels // self.groups, *kernel))

    def weights(self, *inputs: Shape) -> tuple[Parameter, ...]:
        tied = biases(self.bias, self.filters, self.output, inputs)
        return (self._kernel(inputs[0]), *tied)

    def work(self, inputs: tuple[Shape, ...], output: Shape) -> Work:
        return convolution_work(
            self._kernel(inputs[0]).size, product(output.sides), self.bias, output
        )

    def mixes(self, *inputs: Shape, operand: int = 0) -> InputSpan:
        if self.connections is None:
            return reach_groups(inputs[0].channels, self.groups, self.filters)
        firsts, lasts = map(min, self.connections), map(max, self.connections)
        return InputSpan(tuple(firsts), tuple(lasts), 0, every=0)

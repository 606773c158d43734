"""What convolutions and pools share: a kernel that moves over every side of a map."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar, Literal

from shapecalc.algebra import is_number
from shapecalc.errors import RuleError
from shapecalc.layers.base import Layer, Requirement, square
from shapecalc.layers.fields import (
    NO_PADDING,
    Choice,
    Pad,
    Padding,
    Sizes,
    field,
    pads_per_side,
    per_side,
)
from shapecalc.layers.receptive_field import InputSpan, reach
from shapecalc.layers.shape import SIDE_NAMES, Shape, times_text
from shapecalc.layers.window import Rounding, Window, output_size

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapecalc.algebra import Dim


class Windowed(Layer):
    """A layer with a kernel, and how that moves."""

    takes: ClassVar[Literal["any", "map"]] = "map"
    rule: ClassVar[str] = (
        "output side = floor((n + pad before + pad after - (dilation*(kernel - 1) + 1))/stride)"
        " + 1; with pad same: ceil(n/stride)"
    )

    kernel: tuple[Dim, ...] = field(Sizes(symbolic=True), "extent of the window, per side")
    stride: tuple[int, ...] = field(Sizes(), "step from window to window, per side", default=(1,))
    pad: Padding = field(
        Pad(),
        "padding around the input; `same` keeps ceil(n/stride), the odd one at the end",
        default=NO_PADDING,
    )
    dilation: tuple[int, ...] = field(
        Sizes(), "distance of the kernel's taps, per side", default=(1,)
    )

    def steps(self) -> tuple[int, ...]:
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
        sides, moves = inputs[0].sides, self.moves(inputs[0])
        return [
            Requirement(size, "at least", 1, _Misfit(n, window, side, len(sides)))
            for side, (size, n, window) in enumerate(
                zip(_positions(sides, moves), sides, moves, strict=True)
            )
        ]

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
    )

    def rounds(self) -> Rounding:
        return self.rounding


@lru_cache(maxsize=4096)
def _windows(
    kernel: tuple[Dim, ...],
    stride: tuple[int, ...],
    pad: Padding,
    dilation: tuple[int, ...],
    rounding: Rounding,
    rank: int,
) -> tuple[Window, ...]:
    pairs = pads_per_side(pad, rank)
    rules: list[Rounding] = [rounding] * rank
    if rounding == "ceil_caffe":  # pooling_layer.cpp clips all sides as soon as one is padded
        if not all(is_number(end) for pair in pairs for end in pair):
            raise RuleError(
                "E203",
                "under ceil_caffe windows are clipped only where there is padding, so pad must be"
                " a number",
                field="pad",
                hint="give its symbols values with --set, or use rounding: ceil",
            )
        padded = [bool(before + after) for before, after in pairs]
        rules = ["ceil" if any(padded) and not side else rounding for side in padded]
    return tuple(
        Window(k, s, before, after, d, rule, pad.mode)
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
        if window.dilation > 1:
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
        largest = (room - 1) // window.dilation + 1
        smaller = isinstance(largest, int) and largest > 1  # not to be told of a symbol
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
        words += f" /{square(steps)}"
    if pad := pad_text(layer.pad):
        words += f", pad {pad}"
    if set(layer.dilation) != {1}:
        words += f", dilation {square(layer.dilation)}"
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

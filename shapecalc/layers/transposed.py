"""Transposed convolution."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from shapecalc.algebra import larger, product
from shapecalc.errors import RuleError
from shapecalc.layers.base import Parameter, Requirement, as_word, square
from shapecalc.layers.conv import (
    Bias,
    Windowed,
    bias_field,
    biases,
    convolution_work,
    filters_field,
    filters_in_groups,
    groups_field,
    window_text,
)
from shapecalc.layers.fields import Sizes, field, per_side
from shapecalc.layers.shape import Map, Shape
from shapecalc.layers.window import (
    InputSpan,
    reach_groups,
    reach_transposed,
    transposed_size,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapecalc.algebra import Dim
    from shapecalc.layers.base import Work
    from shapecalc.layers.window import Window


class Transposed(Windowed):
    """The adjoint of a convolution: every input unit spreads its kernel over the output."""

    type: ClassVar[str] = "transposed"
    weighted: ClassVar[bool] = True
    principal: ClassVar[str] = "filters"
    summary: ClassVar[str] = 'transposed convolution ("deconvolution")'
    term: ClassVar[str] = ""
    learns: ClassVar[str] = "a kernel for every input channel and filter, and a bias"
    rule: ClassVar[str] = (
        "output side = (n - 1)*stride + dilation*(kernel - 1) + 1 - pad before - pad after"
        " + output_padding; with pad same: n*stride;"
        " with pad valid: n*stride + max(dilation*(kernel - 1) + 1 - stride, 0)"
    )
    counts: ClassVar[str] = (
        "weights = channels x (filters/groups) x kernel, biases = filters,"
        " MACs = weights x input positions"
    )
    example: ClassVar[str] = "transposed: {filters: 64, kernel: 4, stride: 2, pad: 1}"

    filters: Dim = filters_field()
    groups: int = groups_field()
    bias: Bias = bias_field()
    output_padding: tuple[int, ...] | None = field(
        Sizes(0),
        "rows added at the end, to choose among the sizes that a stride folds",
        default=None,
        unsaid="no output padding",
    )

    def configuration(self, *inputs: Shape) -> str:
        words = f"{as_word(self.filters)} {window_text(self, *inputs)}"
        if self.pad.mode == "valid":  # which is not 0 where the stride exceeds the kernel
            words += ", pad valid"
        # 0 says nothing beside a number, but takes away what `same` and `valid` would add.
        if self.output_padding and (any(self.output_padding) or self.pad.mode != "given"):
            words += f", output padding {square(self.output_padding)}"
        return words + (f", groups {self.groups}" if self.groups > 1 else "")

    def extra_rows(self, rank: int) -> tuple[int | None, ...]:
        """Return the output padding of every side; None: as it follows from `pad`."""
        if self.output_padding is None:
            return (None,) * rank
        return per_side(self.output_padding, rank, "output_padding")

    def requires(self, *inputs: Shape) -> Iterable[Requirement]:
        shape = inputs[0]
        moves, extras = self.moves(shape), self.extra_rows(len(shape.sides))
        for n, move, extra in zip(shape.sides, moves, extras, strict=True):
            given = self.pad.mode == "given"
            limit = larger(move.stride, move.dilation) if given else move.stride
            if extra is not None:
                yield Requirement(
                    limit, "at least", extra + 1, partial(_too_far, move, extra, limit)
                )
            size = transposed_size(n, move, extra)
            yield Requirement(
                size,
                "at least",
                1,
                lambda size=size, move=move, n=n, extra=extra: RuleError(  # type: ignore[misc]
                    "E204",
                    f"the padding cuts away the whole output of a side of {n}",
                    field="pad",
                    rule=f"({n} - 1)*{move.stride} + {move.extent} - {move.before + move.after}"
                    f" + {extra or 0} = {size}",
                    hint="use a smaller pad",
                    facts=(("input", n), ("padding", [move.before, move.after])),
                ),
            )
        if self.groups > 1:
            yield from filters_in_groups(self.groups, self.filters, shape.channels)

    def output(self, *inputs: Shape) -> Map:
        shape = inputs[0]
        moves, extras = self.moves(shape), self.extra_rows(len(shape.sides))
        return Map(tuple(map(transposed_size, shape.sides, moves, extras)), self.filters)

    def _kernel(self, shape: Shape) -> Parameter:
        kernel = per_side(self.kernel, len(shape.sides), "kernel")
        return Parameter("weight", (shape.channels, self.filters // self.groups, *kernel))

    def weights(self, *inputs: Shape) -> tuple[Parameter, ...]:
        return (self._kernel(inputs[0]), *biases(self.bias, self.filters, self.output, inputs))

    def work(self, inputs: tuple[Shape, ...], output: Shape) -> Work:
        shape = inputs[0]
        return convolution_work(self._kernel(shape).size, product(shape.sides), self.bias, output)

    def window(self, *inputs: Shape) -> tuple[InputSpan, ...]:
        shape = inputs[0]
        moves, extras = self.moves(shape), self.extra_rows(len(shape.sides))
        return tuple(map(reach_transposed, moves, extras))

    def mixes(self, *inputs: Shape, operand: int = 0) -> InputSpan:
        return reach_groups(inputs[0].channels, self.groups, self.filters)


def _too_far(move: Window, extra: int, limit: Dim) -> RuleError:
    return RuleError(
        "E203",
        f"output_padding {extra} is too large for stride {move.stride}"
        + (f" and dilation {move.dilation}" if move.dilation != 1 else ""),
        field="output_padding",
        rule=f"output_padding < max(stride, dilation) = {limit}",
        hint=f"use at most {limit - 1}",
        facts=(("output_padding", extra), ("stride", move.stride)),
    )

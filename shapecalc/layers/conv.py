"""Convolutions: plain and grouped, depthwise, separable, transposed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

from shapecalc.dim import Dim, product
from shapecalc.errors import RuleError
from shapecalc.layers.base import Parameter, Requirement, groups_divide, layer
from shapecalc.layers.fields import Choice, Connections, Count, Sizes, field, per_side
from shapecalc.layers.windowed import Rounded, Windowed, window_text
from shapecalc.shape import Map, Shape
from shapecalc.window import Reach, transposed_size
from shapecalc.work import Work

if TYPE_CHECKING:
    from collections.abc import Iterable

Bias: TypeAlias = bool | Literal["per_position"]


def filters_field() -> Any:  # noqa: ANN401  (a dataclass field stands in for its value)
    """Declare the number of kernels."""
    return field(Count(), "number of kernels = output channels")


def bias_field() -> Any:  # noqa: ANN401
    """Declare the bias."""
    doc = "one bias per filter, none, or one per output position and filter (untied)"
    return field(Choice(True, False, "per_position"), doc, default=True)


def groups_field() -> Any:  # noqa: ANN401
    """Declare the groups."""
    return field(Count(), "split channels and filters into groups that do not mix", default=1)


def biases(bias: Bias, output: Shape) -> tuple[Parameter, ...]:
    """Return the bias array, if there is one."""
    if not bias:
        return ()
    extents = (output.channels, *(output.sides if bias == "per_position" else ()))
    return (Parameter("bias", extents, "bias"),)


def convolution_work(weights: Dim, applied: Dim, bias: Bias, output: Shape) -> Work:
    """Count a convolution whose `weights` are each used at `applied` positions."""
    return Work(macs=weights * applied, bias_adds=output.size if bias else 0)


def filters_in_groups(groups: int, filters: int, channels: Dim) -> Requirement:
    """Require that groups divide the channels.  Raises when they do not divide the filters."""
    if filters % groups:
        raise RuleError(
            "E205",
            f"{filters} filters cannot be split into {groups} groups",
            field="groups",
            rule=f"{filters} mod {groups} = {filters % groups}, must be 0",
            hint=f"use {filters // groups * groups or groups} filters, or groups that divide both",
            facts=(("filters", filters), ("groups", groups)),
        )
    return groups_divide(channels, groups, f"use groups that divide both {channels} and {filters}")


@layer
class Conv(Rounded):
    """Slides `filters` kernels over the input; each sees every channel of its group."""

    type: ClassVar[str] = "conv"
    weighted: ClassVar[bool] = True
    principal: ClassVar[str] = "filters"
    summary: ClassVar[str] = "convolution, plain or grouped"
    counts: ClassVar[str] = (
        "weights = filters x (channels/groups) x kernel, biases = filters,"
        " MACs = weights x output positions"
    )
    example: ClassVar[str] = "conv: {filters: 96, kernel: 11, stride: 4}"

    filters: int = filters_field()
    groups: int = groups_field()
    bias: Bias = bias_field()
    connections: tuple[tuple[int, ...], ...] | None = field(
        Connections(),
        "the input maps, counted from 0, that each filter sees (LeNet's C3)",
        default=None,
    )

    def does(self) -> str:
        words = f"{self.filters} {window_text(self)}"
        if self.groups > 1:
            words += f", groups {self.groups}"
        if self.connections:
            words += f", {sum(map(len, self.connections))} connected pairs"
        return words

    def requires(self, *inputs: Shape) -> Iterable[Requirement]:
        channels = inputs[0].channels
        yield from super(Conv, self).requires(*inputs)
        if self.groups > 1:
            yield filters_in_groups(self.groups, self.filters, channels)
        if self.connections is not None:
            yield self._table_fits(self.connections, channels)

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
        tied = biases(self.bias, self.output(*inputs)) if self.bias else ()
        return (self._kernel(inputs[0]), *tied)

    def work(self, inputs: tuple[Shape, ...], output: Shape) -> Work:
        return convolution_work(
            self._kernel(inputs[0]).size, product(output.sides), self.bias, output
        )


@layer
class Depthwise(Rounded):
    """Slides `multiplier` kernels over every channel by itself."""

    type: ClassVar[str] = "depthwise"
    weighted: ClassVar[bool] = True
    principal: ClassVar[str] = "kernel"
    summary: ClassVar[str] = "convolution of every channel by itself"
    counts: ClassVar[str] = (
        "output channels = channels x multiplier, weights = output channels x kernel,"
        " MACs = weights x output positions"
    )
    example: ClassVar[str] = "depthwise: {kernel: 3, pad: 1}"

    multiplier: int = field(Count(), "output channels per input channel", default=1)
    bias: Bias = bias_field()

    def does(self) -> str:
        return window_text(self) + (f", x{self.multiplier}" if self.multiplier > 1 else "")

    def output(self, *inputs: Shape) -> Map:
        return Map(self.positions(inputs[0]), inputs[0].channels * self.multiplier)

    def _kernel(self, shape: Shape) -> Parameter:
        kernel = per_side(self.kernel, len(shape.sides), "kernel")
        return Parameter("weight", (shape.channels * self.multiplier, 1, *kernel))

    def weights(self, *inputs: Shape) -> tuple[Parameter, ...]:
        return (self._kernel(inputs[0]), *biases(self.bias, self.output(*inputs)))

    def work(self, inputs: tuple[Shape, ...], output: Shape) -> Work:
        return convolution_work(
            self._kernel(inputs[0]).size, product(output.sides), self.bias, output
        )


@layer
class Separable(Rounded):
    """A depthwise convolution, then a 1x1 convolution that mixes its channels; one bias."""

    type: ClassVar[str] = "separable"
    weighted: ClassVar[bool] = True
    principal: ClassVar[str] = "filters"
    summary: ClassVar[str] = "depthwise convolution followed by a 1x1 convolution"
    counts: ClassVar[str] = (
        "weights = channels x multiplier x kernel + filters x channels x multiplier,"
        " biases = filters, MACs = weights x output positions"
    )
    example: ClassVar[str] = "separable: {filters: 64, kernel: 7, stride: 2, pad: 3, multiplier: 8}"

    filters: int = filters_field()
    multiplier: int = field(Count(), "depthwise outputs per input channel", default=1)
    bias: Bias = bias_field()

    def does(self) -> str:
        words = f"{self.filters} {window_text(self)}"
        return words + (f", x{self.multiplier}" if self.multiplier > 1 else "")

    def output(self, *inputs: Shape) -> Map:
        return Map(self.positions(inputs[0]), self.filters)

    def _kernels(self, shape: Shape) -> tuple[Parameter, Parameter]:
        kernel = per_side(self.kernel, len(shape.sides), "kernel")
        between = shape.channels * self.multiplier
        ones = (1,) * len(kernel)
        return (
            Parameter("depthwise.weight", (between, 1, *kernel)),
            Parameter("pointwise.weight", (self.filters, between, *ones)),
        )

    def weights(self, *inputs: Shape) -> tuple[Parameter, ...]:
        return (*self._kernels(inputs[0]), *biases(self.bias, self.output(*inputs)))

    def work(self, inputs: tuple[Shape, ...], output: Shape) -> Work:
        depthwise, pointwise = self._kernels(inputs[0])
        return convolution_work(
            depthwise.size + pointwise.size, product(output.sides), self.bias, output
        )


@layer
class Transposed(Windowed):
    """The adjoint of a convolution: every input unit spreads its kernel over the output."""

    type: ClassVar[str] = "transposed"
    weighted: ClassVar[bool] = True
    principal: ClassVar[str] = "filters"
    summary: ClassVar[str] = 'transposed convolution ("deconvolution")'
    rule: ClassVar[str] = (
        "output side = (n - 1)*stride + dilation*(kernel - 1) + 1 - pad before - pad after"
        " + output_padding; with pad same: n*stride;"
        " with pad valid: n*stride + max(kernel - stride, 0)"
    )
    counts: ClassVar[str] = (
        "weights = channels x (filters/groups) x kernel, biases = filters,"
        " MACs = weights x input positions"
    )
    example: ClassVar[str] = "transposed: {filters: 64, kernel: 4, stride: 2, pad: 1}"

    filters: int = filters_field()
    groups: int = groups_field()
    bias: Bias = bias_field()
    output_padding: tuple[int, ...] | None = field(
        Sizes(0),
        "rows added at the end, to choose among the sizes that a stride folds",
        default=None,
    )

    def does(self) -> str:
        words = f"{self.filters} {window_text(self)}"
        if self.output_padding is not None and any(self.output_padding):
            words += f", output padding {'x'.join(map(str, self.output_padding))}"
        return words + (f", groups {self.groups}" if self.groups > 1 else "")

    def _extra(self, rank: int) -> tuple[int | None, ...]:
        if self.output_padding is None:
            return (None,) * rank
        return per_side(self.output_padding, rank, "output_padding")

    def requires(self, *inputs: Shape) -> Iterable[Requirement]:
        shape = inputs[0]
        moves, extras = self.moves(shape), self._extra(len(shape.sides))
        for n, move, extra in zip(shape.sides, moves, extras, strict=True):
            limit = move.stride if self.pad.mode != "given" else max(move.stride, move.dilation)
            if extra is not None and extra >= limit:
                raise RuleError(
                    "E203",
                    f"output_padding {extra} is too large for stride {move.stride}"
                    + (f" and dilation {move.dilation}" if move.dilation > 1 else ""),
                    field="output_padding",
                    rule=f"output_padding < max(stride, dilation) = {limit}",
                    hint=f"use at most {limit - 1}, or a larger pad-free kernel",
                    facts=(("output_padding", extra), ("stride", move.stride)),
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
            yield filters_in_groups(self.groups, self.filters, shape.channels)

    def output(self, *inputs: Shape) -> Map:
        shape = inputs[0]
        moves, extras = self.moves(shape), self._extra(len(shape.sides))
        return Map(tuple(map(transposed_size, shape.sides, moves, extras)), self.filters)

    def _kernel(self, shape: Shape) -> Parameter:
        kernel = per_side(self.kernel, len(shape.sides), "kernel")
        return Parameter("weight", (shape.channels, self.filters // self.groups, *kernel))

    def weights(self, *inputs: Shape) -> tuple[Parameter, ...]:
        return (self._kernel(inputs[0]), *biases(self.bias, self.output(*inputs)))

    def work(self, inputs: tuple[Shape, ...], output: Shape) -> Work:
        shape = inputs[0]
        return convolution_work(self._kernel(shape).size, product(shape.sides), self.bias, output)

    def window(self, *inputs: Shape) -> tuple[Reach, ...]:
        from fractions import Fraction

        steps = []
        for move, extra in zip(
            self.moves(inputs[0]), self._extra(len(inputs[0].sides)), strict=True
        ):
            cut = move.before
            if move.mode == "same":
                cut = max(move.extent - move.stride, 0) // 2 if extra is None else move.extent // 2
            steps.append(
                Reach(
                    Fraction(1, move.stride),
                    Fraction(move.extent - 1 - cut, move.stride),
                    Fraction(cut, move.stride),
                )
            )
        return tuple(steps)

"""Convolution, plain and grouped, and what all convolutions share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

from shapecalc.algebra import Dim, larger, product
from shapecalc.errors import RuleError
from shapecalc.layers.base import Parameter, Requirement, groups_divide
from shapecalc.layers.fields import Choice, Connections, Count, field, per_side
from shapecalc.layers.shape import Map, Shape
from shapecalc.layers.windowed import Rounded, window_text
from shapecalc.layers.work import Work

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Bias: TypeAlias = bool | Literal["per_position"]


def filters_field() -> Any:  # noqa: ANN401  (a dataclass field stands in for its value)
    """Declare the number of kernels."""
    return field(Count(symbolic=True), "number of kernels = output channels")


def bias_field() -> Any:  # noqa: ANN401
    """Declare the bias."""
    doc = "one bias per filter, none, or one per output position and filter (untied)"
    return field(Choice(True, False, "per_position"), doc, default=True)


def groups_field() -> Any:  # noqa: ANN401
    """Declare the groups."""
    return field(Count(), "split channels and filters into groups that do not mix", default=1)


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

    filters: Dim = filters_field()
    groups: int = groups_field()
    bias: Bias = bias_field()
    connections: tuple[tuple[int, ...], ...] | None = field(
        Connections(),
        "the input maps, counted from 0, that each filter sees (LeNet's C3)",
        default=None,
    )

    def configuration(self, *inputs: Shape) -> str:
        words = f"{self.filters} {window_text(self, *inputs)}"
        if self.groups > 1:
            words += f", groups {self.groups}"
        if self.connections:
            words += f", {sum(map(len, self.connections))} connected pairs"
        return words

    def requires(self, *inputs: Shape) -> Iterable[Requirement]:
        channels = inputs[0].channels
        yield from super().requires(*inputs)
        if self.groups > 1:
            yield from filters_in_groups(self.groups, self.filters, channels)
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
        tied = biases(self.bias, self.filters, self.output, inputs)
        return (self._kernel(inputs[0]), *tied)

    def work(self, inputs: tuple[Shape, ...], output: Shape) -> Work:
        return convolution_work(
            self._kernel(inputs[0]).size, product(output.sides), self.bias, output
        )

"""A layer in its place, as what writes programs of any kind sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from shapecalc.algebra import known
from shapecalc.graph import Input
from shapecalc.layers.fields import pads_per_side, per_side
from shapecalc.layers.window import output_size, padding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.layers.fields import Padding
    from shapecalc.layers.shape import Shape
    from shapecalc.report import Report

#: A layer of whatever type; its class is known where it is spelled.
AnyLayer: TypeAlias = Any


class Site(NamedTuple):
    """A layer in its place: what flows in, and what comes out.

    `whole`: what flows in first is an input of the network that holds nothing but indices.
    """

    layer: AnyLayer
    inputs: tuple[Shape, ...]
    output: Shape
    whole: bool = False

    @property
    def rank(self) -> int:
        """The number of sides of what flows in first."""
        return len(self.inputs[0].sides)

    @property
    def channels(self) -> int:
        """The channels of what flows in first."""
        return known(self.inputs[0].channels)

    def spread(self, values: Sequence[Any]) -> tuple[Any, ...]:
        """Give every side its value."""
        return tuple(per_side(tuple(values), self.rank, "kernel"))


class UnsayableError(Exception):
    """PyTorch, or another program, has no means for a layer: the reason, and what to do."""

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.reason, self.hint = reason, hint


def pad_pairs(pad: Padding, rank: int) -> list[tuple[int, int]]:
    """Return the padding of every side, before and after."""
    return [(known(before), known(after)) for before, after in pads_per_side(pad, rank)]


def alike_as_one(values: Sequence[float]) -> Any:  # noqa: ANN401
    """Write sizes per side as one number where all are the same."""
    return values[0] if len(set(values)) == 1 else tuple(values)


def frame_of(site: Site) -> list[tuple[int, int]]:
    """Return the margins inside which windows that round down stand where the layer's stand."""
    margins = []
    moves = site.layer.moves(site.inputs[0])
    for side, move in zip(site.inputs[0].sides, moves, strict=True):
        n = known(side)
        before, after = map(known, padding(n, move))
        if move.rounding != "floor" and move.mode != "same":
            size = known(output_size(n, move))
            after = (size - 1) * int(move.stride) + int(move.extent) - n - before
        margins.append((before, after))
    return margins


def mean_counts(site: Site) -> list[list[int]]:
    """Count along every side the elements of each window by which a mean divides.

    Of a pool without a mean it counts those that are in the input.
    """
    layer, frame = site.layer, frame_of(site)
    inner = [(0, 0)] * site.rank
    if getattr(layer, "count_include_pad", False):
        given = frame if layer.pad.mode == "same" else pads_per_side(layer.pad, site.rank)
        pairs = zip(given, frame, strict=True)
        inner = [(known(b), min(known(a), after)) for (b, a), (_, after) in pairs]
    moves = map(site.spread, (layer.kernel, layer.steps(), layer.dilation))
    sides = zip(site.inputs[0].sides, site.output.sides, frame, inner, *moves, strict=True)
    return [
        [
            sum(-b <= at * s - before + tap * d < known(n) + a for tap in range(k))
            for at in range(known(size))
        ]
        for n, size, (before, _), (b, a), k, s, d in sides
    ]


def transposed_cuts(site: Site) -> tuple[list[tuple[int, int]], tuple[int, ...]]:
    """Return what a transposed convolution cuts off every side, and its output padding.

    Below 0 it is filled up by zeros.
    """
    layer, rank = site.layer, site.rank
    extra = (0,) * rank if layer.output_padding is None else site.spread(layer.output_padding)
    if layer.pad.mode != "same" and (layer.pad.mode != "valid" or layer.output_padding is not None):
        return pad_pairs(layer.pad, rank), extra
    moves = zip(*map(site.spread, (layer.kernel, layer.stride, layer.dilation)), strict=True)
    sides = zip(site.inputs[0].sides, site.output.sides, moves, strict=True)
    surplus = [(known(n) - 1) * s + d * (k - 1) + 1 - known(m) for n, m, (k, s, d) in sides]
    if layer.pad.mode == "valid":
        return [(0, much) for much in surplus], extra
    # half of what is too much goes at the start, the rest at the end
    halves = [max(much, 0) // 2 for much in surplus]
    return [(half, much - half) for half, much in zip(halves, surplus, strict=True)], (0,) * rank


def indices_of(report: Report) -> dict[int, int]:
    """Return the inputs that hold nothing but indices, with how many these choose from."""
    choices: dict[int, int] = {}
    for row, node in zip(report.rows, report.graph.nodes, strict=True):
        layer: Any = row.layer
        count = known(getattr(layer, layer.indexes)) if layer.indexes else 0
        for source in node.inputs:
            choices[source] = min(choices.get(source, count), count)
    rows = report.rows
    return {i: n for i, n in choices.items() if n and isinstance(rows[i].layer, Input)}


def channels_of_operands(
    layer: AnyLayer, inputs: Sequence[Shape]
) -> dict[str, tuple[int, int] | None]:
    """Return the channels that a product takes of each operand, from the first up to the last."""
    spans: dict[str, tuple[int, int] | None] = {}
    for name, shape in zip(("first", "second"), inputs, strict=True):
        part = getattr(layer, name)
        start, stop = (0, 0) if part is None else map(known, part.ends(shape.channels))
        spans[name] = None if part is None else (start, stop)
    return spans

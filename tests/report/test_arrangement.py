"""Receptive fields after reshapes, permutes and statistics, against what the referee notices."""

from __future__ import annotations

from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shapecalc.api import loads, summarize
from shapecalc.graph import Input, Node
from shapecalc.layers import BUILTIN
from shapecalc.layers.activation import Pointwise, Softmax
from shapecalc.layers.arithmetic import Divide, Subtract
from shapecalc.layers.attention import CausalMask, WindowMask
from shapecalc.layers.axes import Cut, End, chosen
from shapecalc.layers.conv import Windowed
from shapecalc.layers.depthwise import Depthwise
from shapecalc.layers.globalpool import AdaptivePool
from shapecalc.layers.merge import Add, Concat, Multiply
from shapecalc.layers.partition import Roll, WindowMerge, WindowPartition
from shapecalc.layers.pool import AvgPool, BlurPool
from shapecalc.layers.product import Matmul
from shapecalc.layers.recurrent import Recurrent
from shapecalc.layers.reduce import L2Norm
from shapecalc.layers.reshape import Crop, Flatten, Permute, Reshape, Upsample
from shapecalc.layers.shape import Map, Shape, as_list
from shapecalc.layers.slicing import Slice
from shapecalc.layers.transposed import Transposed
from shapecalc.layers.window import padding
from shapecalc.reference.layer import forward, random_arrays
from shapecalc.report.arrangement.fields import state_of
from shapecalc.report.compute import compute_report
from shapecalc.report.receptive_field import at_most
from tests.oracle.draw import layers
from tests.oracle.judge import answer

if TYPE_CHECKING:
    from shapecalc.layers.base import Layer
    from shapecalc.report import Report, Row
    from shapecalc.report.arrangement.model import Factored, SideParts

    #: A layer, and the numbers of the nodes that flow into it.
    Drawn = tuple[Layer, tuple[int, ...]]


def seen(shape: str, *layers: str) -> list[tuple[Any, bool]]:
    """Return what every layer sees, and whether that is a bound."""
    text = f"input: {shape}\nlayers:\n" + "".join(f"  - {layer}\n" for layer in layers)
    return [(row.receptive_field, at_most(row.field)) for row in summarize(loads(text)).rows]


CONV = "conv: {filters: 2, kernel: 3}"
NETWORKS = {
    "axes move and come back": (
        ("32x32x3", CONV, "permute: [2, 0, 1]", "permute: [1, 2, 0]", CONV), [1, 3, 3, 3, 5],
    ),
    "sides change places": (("32x32x3", CONV, "permute: [1, 0, 2]", CONV), [1, 3, 3, 5]),
    "a map as a sequence and back": (
        ("32x32x3", "reshape: 1024x3", "reshape: 32x32x3", CONV), [1, 1, 1, 3],
    ),
    "the same with symbols": (
        ("HxWx3", "reshape: [H*W, 3]", "reshape: [H, W, 3]", CONV), [1, 1, 1, 3],
    ),
    "a row and back": (("8x8x2", CONV, "flatten", "reshape: 6x6x2", CONV), [1, 3, 3, 3, 5]),
    "ESPCN": (
        (
            "30x30x1", "conv: {filters: 64, kernel: 5, pad: 2}",
            "conv: {filters: 32, kernel: 3, pad: 1}", "conv: {filters: 9, kernel: 5, pad: 2}",
            "reshape: 30x30x3x3", "permute: [0, 2, 1, 3]", "reshape: 90x90x1",
        ),
        [1, 5, 7, 11, 11, 11, 11],
    ),
    "a pixel shuffle looked at": (
        ("6x6x4", "reshape: 6x6x2x2", "permute: [0, 2, 1, 3]", "reshape: 12x12x1", CONV),
        [1, 1, 1, 1, 2],
    ),
    "space to depth": (
        ("8x8x1", "reshape: 4x2x4x2", "permute: [0, 2, 1, 3]", "reshape: 4x4x4", CONV),
        [1, 1, 1, 1, 6],
    ),
    "groups of what was a side": (
        ("8x8x4", "permute: [2, 0, 1]", "conv: {filters: 4, kernel: 1, groups: 4}"),
        [1, 1, (1, 2)],
    ),
    "steps through a map, row by row": (
        ("2x2x1", "reshape: 4x1", "rnn: {units: 1}", "slice: {length: [1, 3]}",
         "slice: {length: [1, 2]}"),
        [1, 1, 2, 2, 2],
    ),
    "a gate of blocks, and the mean of what it opens": (
        ("6x6x4", "pixel_unshuffle: 3", "multiply: [[], [global_avgpool]]",
         "multiply: [[], [mean: {over: channels, keep: true}]]"),
        [1, 1, 4, 4, 6, 6],
    ),
    "steps two by two, times the first": (
        ("8x4", "rnn: 4", "reshape: 4x8", "multiply: [[], [slice: {length: [0, 1]}]]"),
        [(1,), (8,), (8,), (2,), (8,)],
    ),
    "rows moved around the rim, every other one": (
        ("6x1x1", "roll: [-2, 0]", "reshape: 3x2x1", "permute: [1, 0, 2]", "softmax: {over: width}"),
        [(1, 1), (1, 1), (1, 1), (1, 1), (5, 1)],
    ),
    "the first part of a row": (
        ("4x4x2", "flatten", "slice: {channels: [0, 2]}", "dense: 3"), [1, 1, 1, (1, 2)],
    ),
    "a norm of a part of what was a side": (
        ("6x6x4", "permute: [2, 0, 1]", "slice: {channels: [0, 2]}", "rmsnorm"),
        [1, 1, 1, (1, 2)],
    ),
    "neighbours of a channel that was a side": (
        ("6x2x4", "permute: [1, 2, 0]", "lrn: 9"), [1, 1, (6, 1)],
    ),
    "channels of zeros beside what was a side": (
        ("4x2x3", "permute: [0, 2, 1]", "pad_channels: [1, 1]", "dense: {units: 2, over: channels}"),
        [1, 1, 1, (1, 2)],
    ),
    "padding beside a part of a side": (
        ("8x3", "reshape: 2x1x12", "depthwise: {kernel: 3, pad: 1}"), [(1,), (1,), (5,)],
    ),
    "a window that hangs over rows joined": (
        ("6x8x3", "reshape: 2x24x3", "avgpool: {kernel: 3, stride: 2, rounding: ceil}"),
        [1, 1, (5, 8)],
    ),
    "a norm of what was a side": (("8x8x4", "permute: [2, 0, 1]", "layernorm"), [1, 1, (1, 8)]),
}  # fmt: skip


@pytest.mark.parametrize("what", NETWORKS)
def test_elements_are_followed_where_they_go(what: str) -> None:
    network, sizes = NETWORKS[what]
    expected = [n if isinstance(n, tuple) else (n, n) for n in sizes]
    assert seen(*network) == [(sides, False) for sides in expected]


def test_trained_rows_see_nothing() -> None:
    """Broken by rows in front of a sequence that count as positions of the input."""
    tokens = ("6x2", "token: 2")
    assert seen(*tokens, "attention: 1", "slice: {length: [0, 2]}")[1:] == [((1,), False)] + [
        ((n,), False) for n in (1, 6, 6, 6, 6, 6)
    ]
    assert seen(*tokens, "conv: {filters: 1, kernel: 4}")[-1] == ((4,), False)
    # a field of nothing is none
    assert seen(*tokens, "slice: {length: [0, 2]}", "dense: 3")[1:] == [
        ((1,), False), (None, False), (None, False)
    ]  # fmt: skip
    assert seen("Nx2", "token: 2")[-1] == ((1,), True)


def test_what_cannot_be_followed_is_a_bound() -> None:
    # A row of 2x3 elements written as 3x2 cuts axes where no factor ends.
    *_, last = seen("2x3x1", "reshape: 3x2x1", "conv: {filters: 1, kernel: 1}")
    assert last == ((2, 3), True)
    *_, whole = seen("2x3x1", "reshape: 3x2x1", "dense: 4")
    assert whole == ((2, 3), False)  # all elements are there, wherever they lie


# -- the law: what the referee notices ----------------------------------------------------------

#: Functions that are flat somewhere hide influence from any change of numbers: two are not.
STEEP = {"leaky_relu", "prelu", "identity", "dropout"}
DRAWN = [
    word
    for word, made in BUILTIN.items()
    if made.inputs == 1
    and (word in STEEP or not issubclass(made, Pointwise) or word == "softmax")
    # Drawn by `arranged`; and an index, which hides a change of what it was computed from until it
    # is another whole number.
    and word not in ("reshape", "permute", "flatten", "embedding")
]


def arranged(draw: st.DrawFn, shape: Shape) -> Layer:
    """Draw a reshape along factors or across them, a permute, or a flatten."""
    extents = as_list(shape)
    word = draw(st.sampled_from(["reshape", "reshape", "permute", "permute", "flatten"]))
    if word == "permute" and shape.sides:
        return Permute(order=tuple(draw(st.permutations(range(len(extents))))))
    if word == "flatten":
        return Flatten()
    size, out = prod(extents), []
    for _ in range(draw(st.integers(1, 3))):
        out.append(draw(st.sampled_from([n for n in range(1, size + 1) if size % n == 0])))
        size //= out[-1]
    return Reshape(shape=(*out, size))


#: Joins that are nowhere flat, as the larger of two is where the other one moves.
SMOOTH = [Add(), Concat(), Multiply(), Subtract(), Divide()]


def divisor(draw: st.DrawFn, n: int) -> int:
    """Draw a number that divides another."""
    return draw(st.sampled_from([part for part in range(1, n + 1) if n % part == 0]))


def windowed(draw: st.DrawFn, shape: Shape) -> Layer:
    """Draw windows that leave out a part of the map, where 1 pixel or all are no answer."""
    made = draw(st.sampled_from([AvgPool, Depthwise]))
    kernel = tuple([draw(st.integers(min(2, (n + 1) // 2), (n + 1) // 2)) for n in shape.sides])
    return made(kernel=kernel, stride=tuple([draw(st.integers(1, k)) for k in kernel]))


def product_of(draw: st.DrawFn, a: Shape, b: Shape) -> Layer:
    """Draw a matrix product that may fit; of heads, too, whose rows lie on several sides."""
    how = draw(st.sampled_from(["plain", "plain", "split", "sequence", "map"]))
    fields: dict[str, Any] = {
        "transpose": draw(st.sampled_from(["none", "first", "second", "both"]))
    }
    if how != "plain":
        fields["heads"] = divisor(draw, b.channels)
    if how in ("sequence", "map"):
        fields |= {"merge": how, "heads": a.sides[0] if a.sides else 1}
    elif draw(st.booleans()):
        end = draw(st.integers(1, b.channels))
        fields["second"] = Cut(End(end - divisor(draw, end)), End(end))
    return Matmul(**fields)


def attention(draw: st.DrawFn, last: int, memory: int, shapes: list[Shape]) -> list[Drawn]:
    """Draw the parts of an attention: of a map or a sequence with itself or another, in windows."""
    whole, parts = last, []
    fields: dict[str, Any] = {}
    windows = draw(st.booleans())
    if windows and shapes[last].sides:
        size = tuple(divisor(draw, n) if draw(st.booleans()) else 2 for n in shapes[last].sides)
        fields = {"size": size, "shift": (draw(st.integers(0, 1)),), "grid": draw(st.booleans())}
        parts.append((WindowPartition(**fields), (last,)))
        last = memory = len(shapes)
    heads = {"heads": divisor(draw, shapes[whole].channels), "windows": bool(parts)}
    if draw(st.booleans()):
        heads["groups"] = divisor(draw, heads["heads"])
    at = len(shapes) + len(parts)
    parts.append((Matmul(transpose="second", **heads), (last, memory)))
    masks = [None, (CausalMask(), ()), *([(WindowMask(**fields), (whole,))] if fields else [])]
    if mask := draw(st.sampled_from(masks)):
        parts.append((mask[0], (at, *mask[1])))
        at += 1
    merge = draw(st.sampled_from(["sequence", "map"]))
    parts += [(Softmax(), (at,)), (Matmul(merge=merge, **heads), (at + 1, memory))]
    if fields:
        parts.append((WindowMerge(**fields), (at + 2, whole)))
    return parts


@st.composite
def networks(draw: st.DrawFn) -> tuple[list[Node], Report]:
    """Draw a small network over all layer types, with reshapes, joins and products among them."""
    rank = draw(st.integers(1, 3))
    sides = tuple(draw(st.integers(2, 9 if rank < 3 else 4)) for _ in range(rank))
    nodes = [Node("in", Input(shape=Map(sides, draw(st.integers(1, 4)))), ())]
    report = reported(nodes)
    for _ in range(draw(st.integers(1, 5))):
        for layer, inputs in parts_of(draw, [row.output for row in report.rows]):
            if getattr(layer, "statistics", True) is False:
                break  # it would mix the examples of the batch that tries the pixels
            given = [report.rows[index].output for index in inputs]
            if answer(layer, *given) is None or is_constant(layer, given, nodes):
                break
            more = reported([*nodes, Node(str(len(nodes)), layer, inputs)])
            if more.rows[-1].output.size > 600:
                break
            nodes.append(more.graph.nodes[-1])
            report = more
    return nodes, report


def is_constant(layer: Layer, shapes: list[Shape], before: list[Node]) -> bool:
    """Tell whether a length says nothing: that of one number, or of what has length 1 already."""
    if not isinstance(layer, L2Norm):
        return False
    if any(isinstance(node.layer, L2Norm) for node in before):
        return True
    extents = as_list(shapes[0])
    return prod(extents[axis] for axis in chosen(layer.over, shapes[0])) == 1


def parts_of(draw: st.DrawFn, shapes: list[Shape]) -> list[Drawn]:
    """Draw layers to go on with, each with the numbers of its inputs."""
    last = len(shapes) - 1
    kinds = ["layer", "layer", "arranged", "arranged", "window", "join", "product", "attention"]
    kind = draw(st.sampled_from(kinds))
    if kind == "window" and shapes[last].sides:
        return [(windowed(draw, shapes[last]), (last,))]
    if kind == "arranged":
        return [(arranged(draw, shapes[last]), (last,))]
    if kind in ("layer", "window"):
        return [(draw(layers(draw(st.sampled_from(DRAWN)), shapes[last]))[0], (last,))]
    other = draw(st.just(last) | st.integers(0, last))
    if kind == "attention":
        return attention(draw, last, other, shapes)
    pair = draw(st.permutations([other, last]))
    if kind == "join":
        return [(draw(st.sampled_from(SMOOTH)), tuple(pair))]
    return [(product_of(draw, *[shapes[index] for index in pair]), tuple(pair))]


def reported(nodes: list[Node]) -> Report:
    return compute_report(
        loads("input: 1\nlayers: [relu]\n")._replace(nodes=tuple(nodes), outputs=(0,))
    )


def noticed(nodes: list[Node], rounds: int = 4) -> list[np.ndarray]:
    """Return per node, pixels x elements, which elements notice a change of a pixel."""
    shape = nodes[0].layer.shape
    places = list(product(*map(range, shape.sides)))
    totals: list[Any] = [None] * len(nodes)
    for turn in range(rounds):
        random = np.random.default_rng(turn)
        calm = random.uniform(0.5, 1, (1, shape.channels, *shape.sides))
        x = np.repeat(calm, len(places) + 1, 0)
        for number, place in enumerate(places):
            x[(number, slice(None), *place)] += random.uniform(1, 2, shape.channels) * 8 ** (
                turn % 2
            )
        flows = [x]
        for node in nodes[1:]:
            given = [flows[index] for index in node.inputs]
            arrays = random_arrays(node.layer, *given, random=random)
            # What goes from step to step through gates wide open is soon too little to notice.
            scale = 0.2 if isinstance(node.layer, Recurrent) else 1
            arrays = {name: scale * (np.abs(array) + 0.1) for name, array in arrays.items()}
            y = forward(node.layer, arrays, *[x.copy() for x in given])
            hidden = isinstance(node.layer, CausalMask | WindowMask) & np.isneginf(y)
            if not (np.isfinite(y) | hidden).all():
                break  # a maximum over padding alone
            # Between 0 and 1 no softmax hides all but the largest.
            flows.append(y / (np.abs(y[~hidden]).max() or 1))
        for index, y in enumerate(flows):
            # Products of matrices round an example otherwise in another row.
            changed = np.moveaxis(~np.isclose(y[:-1], y[-1], 1e-12, 1e-15), 1, -1)
            totals[index] = changed | (False if totals[index] is None else totals[index])
    return totals[: len(flows)]


def hulls(changed: np.ndarray, sides: tuple[int, ...], side: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the first and the last row of a side that each element notices."""
    rows = changed.reshape(*sides, *changed.shape[1:])
    rows = rows.any(tuple(axis for axis in range(len(sides)) if axis != side))
    n = sides[side]
    numbers = np.arange(n).reshape(-1, *[1] * (rows.ndim - 1))
    return np.where(rows, numbers, n).min(0), np.where(rows, numbers, -1).max(0)


def ruled(row: Row, side: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the same by the report, cut to the input."""
    state = state_of(row.field, row.output)
    firsts, lasts = zip(
        *[summed(state, one, as_list(row.output)) for one in state.sides if one.along == side],
        strict=True,
    )
    first, last = np.minimum.reduce(firsts), np.maximum.reduce(lasts)
    return np.maximum(first, 0), np.minimum(last, n - 1)


def summed(state: Factored, one: SideParts, extents: list[Any]) -> list[np.ndarray]:
    """Return the first and the last row that each element sees by one sum."""
    ends = [np.full(extents, end, object) for end in (one.first, one.last)]
    for (axis, factor), part in one.parts.items():
        inner = prod(state.axes[axis][factor + 1 :])
        places = np.arange(extents[axis]) // inner % state.axes[axis][factor]
        along = [1] * len(extents)
        along[axis] = -1
        for number, values in enumerate(zip(*map(part.sees, places.tolist()), strict=True)):
            ends[number] = ends[number] + np.array(values, object).reshape(along)
    return ends


def widest(low: np.ndarray, high: np.ndarray) -> int:
    return max(0, *(np.array(high - low, object).ravel() + 1).tolist())


def padded(node: Node) -> bool:
    """Tell whether windows may hang over the rim, where padding counts."""
    if isinstance(node.layer, Transposed | BlurPool):  # they cut and mirror
        return False
    pad = getattr(node.layer, "pad", None)
    if getattr(node.layer, "rounding", "floor") != "floor":
        return True
    return pad is not None and (pad.mode != "given" or any(map(any, pad.pairs)))


def leaps(row: Row) -> bool:
    """Tell whether neighbouring units, or a unit's taps, may leave out what lies between.

    Windows take pieces that lie apart where the first row stands behind the last one.  What a side
    ends before, padding goes on with.
    """
    layer: Any = row.layer
    if not isinstance(layer, Windowed):
        apart = Upsample | AdaptivePool | Roll | Slice | Crop
        return isinstance(layer, apart)
    if isinstance(layer, Transposed) or set(layer.dilation) != {1}:
        return True
    if max(layer.steps()) > min(layer.kernel):
        return True
    sides = zip(row.inputs[0].sides, row.output.sides, layer.moves(row.inputs[0]), strict=True)
    return any(
        (units - 1) * move.stride + move.extent - padding(n, move)[0] < n
        for n, units, move in sides
    )


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(drawn=networks())
def test_fields_cut_to_the_input_are_what_the_referee_notices(
    drawn: tuple[list[Node], Report],
) -> None:
    """Broken by any field that is too small, or too large without saying "at most"."""
    nodes, report = drawn
    sides = nodes[0].layer.shape.sides
    # A field that ends beyond the input may end within it at a pixel between two that are seen.
    gaps = any(map(padded, nodes)) and any(map(leaps, report.rows))
    constant: set[int] = set()  # a difference of equals, a softmax of one: nothing moves them
    for index, (row, changed) in enumerate(zip(report.rows, noticed(nodes), strict=False)):
        if not changed.any() or not constant.isdisjoint(nodes[index].inputs):
            constant.add(index)
            continue
        for side, n in enumerate(sides):
            low, high = hulls(changed, sides, side)
            first, last = ruled(row, side, n)
            nothing = low > high
            assert ((first <= low) | nothing).all()
            assert ((last >= high) | nothing).all()
            assert row.field[side].size >= widest(low, high)
            if gaps:
                continue
            # An element that lies where it is not followed still sees what it saw.
            followed = not at_most(row.field) and not state_of(row.field, row.output).at_most
            if followed:
                assert widest(first, last) == widest(low, high)
            if not (at_most(row.field) or any(map(padded, nodes))):
                assert row.field[side].size == widest(low, high)

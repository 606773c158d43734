"""What a unit sees: published receptive fields, and every reach against enumerated taps."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shapecalc.api import loads, summarize
from shapecalc.errors import SpecErrors
from shapecalc.graph import Input, Node
from shapecalc.layers.activation import Softmax
from shapecalc.layers.conv import Conv
from shapecalc.layers.dense import Dense
from shapecalc.layers.depthwise import Depthwise, Separable
from shapecalc.layers.fields import Padding
from shapecalc.layers.globalpool import AdaptiveAvgPool, GlobalAvgPool
from shapecalc.layers.merge import Add, Concat, Multiply
from shapecalc.layers.norm import BatchNorm, GroupNorm, InstanceNorm, LayerNorm
from shapecalc.layers.pool import AvgPool, BlurPool, MaxPool, Subsampling
from shapecalc.layers.reshape import Crop, Flatten, PadLayer, Upsample
from shapecalc.layers.shape import Map, Shape
from shapecalc.layers.transposed import Transposed
from shapecalc.layers.window import EVERYTHING, InputSpan
from shapecalc.report.compute import compute_report
from shapecalc.report.receptive_field import ReceptiveField, at_most

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from shapecalc.layers.base import Layer
    from shapecalc.report import Report, Row


NETWORK = loads("input: 1\nlayers: [relu]\n")._replace(outputs=(0,))


def both(size: int) -> Padding:
    return Padding(((size, size),))


def run(nodes: Sequence[Node]) -> Report:
    """Propagate through nodes."""
    return compute_report(NETWORK._replace(nodes=tuple(nodes)))


def taken(shape: Shape, layers: Iterable[Layer]) -> Report:
    """Apply layers, one after the other."""
    nodes = [Node("in", Input(shape=shape), ())]
    nodes += [Node(str(i), layer, (i,)) for i, layer in enumerate(layers)]
    return run(tuple(nodes))


def fields(shape: Shape, layers: Iterable[Layer]) -> list[tuple[int, int]]:
    """Return the size and the jump of every layer's receptive field, along the first side."""
    seen = [row.field[0] for row in taken(shape, layers).rows[1:]]
    return [(side.size, int(side.jump)) for side in seen]


def conv(kernel: int, stride: int = 1, pad: int = 0) -> Conv:
    return Conv(filters=2, kernel=(kernel,), stride=(stride,), pad=both(pad))


def pool(kernel: int, stride: int, pad: int = 0) -> MaxPool:
    return MaxPool(kernel=(kernel,), stride=(stride,), pad=both(pad))


def up(kernel: int, stride: int) -> Transposed:
    return Transposed(filters=1, kernel=(kernel,), stride=(stride,))


def test_alexnet() -> None:
    # Araujo, Norris & Sim 2019: 195 with stride 32 at pool5.
    layers = [
        conv(11, 4), pool(3, 2), conv(5, 1, 2), pool(3, 2),
        conv(3, 1, 1), conv(3, 1, 1), conv(3, 1, 1), pool(3, 2),
    ]  # fmt: skip
    assert fields(Map((227, 227), 3), layers) == [
        (11, 4), (19, 8), (51, 8), (67, 16), (99, 16), (131, 16), (163, 16), (195, 32),
    ]  # fmt: skip


def test_vgg16() -> None:
    # The same paper: 212 with stride 32.
    layers = [layer for depth in (2, 2, 3, 3, 3) for layer in (*[conv(3, 1, 1)] * depth, MaxPool())]
    assert fields(Map((224, 224), 3), layers)[-1] == (212, 32)


def test_lenet() -> None:
    # Every unit of C5 sees the whole 32x32 image.
    layers = [conv(5), Subsampling(), conv(5), Subsampling(), conv(5), Dense(units=84)]
    assert fields(Map((32, 32), 1), layers) == [
        (5, 1), (6, 2), (14, 2), (16, 4), (32, 4), (32, 0),
    ]  # fmt: skip


def test_a_global_pool_sees_everything() -> None:
    # The last of 7 columns, seen at jump 2 through 3-wide windows: 6*2 + 3.
    assert fields(Map((15, 17), 3), [conv(3, 2), GlobalAvgPool()])[-1] == (15, 0)


def test_where_the_first_field_begins() -> None:
    (_, given), (_, same) = (
        taken(Map((224,), 3), [Conv(filters=2, kernel=(7,), stride=(2,), pad=pad)]).rows
        for pad in (both(3), Padding(((0, 0),), "same"))
    )
    assert given.field == (ReceptiveField((-3,), (3,), 2, 112),)
    assert same.field == (ReceptiveField((-2,), (4,), 2, 112),)


def test_every_side_has_its_own_reach() -> None:
    shape = Map((7, 11), 2)
    kernel, stride, pad = (3, 2), (2, 3), Padding(((1, 0), (0, 2)))
    expected = (InputSpan((-1,), (1,), 2), InputSpan((0,), (1,), 3))
    for layer in (
        Conv(filters=5, kernel=kernel, stride=stride, pad=pad),
        Depthwise(kernel=kernel, stride=stride, pad=pad),
        Separable(filters=5, kernel=kernel, stride=stride, pad=pad),
        MaxPool(kernel=kernel, stride=stride, pad=pad),
        AvgPool(kernel=kernel, stride=stride, pad=pad),
    ):
        assert layer.window(shape) == expected


WHOLE = {
    "groupnorm": GroupNorm(groups=2),
    "instancenorm": InstanceNorm(),
    "layernorm over all": LayerNorm(over="all"),
    "batchnorm by the batch": BatchNorm(statistics=False),
    "softmax over positions": Softmax(over=("positions",)),
}


@pytest.mark.parametrize("what", WHOLE)
def test_statistics_over_positions_see_the_whole_map(what: str) -> None:
    # By gradients in PyTorch; padding counts.
    for pad, seen in ((0, 32), (1, 34)):
        report = taken(Map((32, 32), 3), [conv(3, pad=pad), WHOLE[what], conv(3)])
        assert [row.receptive_field for row in report.rows] == [(1, 1), (3, 3)] + [(seen, seen)] * 2


# Every output's taps, enumerated from what the layer does.

Taps: TypeAlias = "Callable[[int], list[int]]"


def convolution(k: int, s: int, p: int, d: int) -> Taps:
    return lambda u: [u * s - p + t * d for t in range(k)]


def transposed(k: int, s: int, p: int, d: int) -> Taps:
    # Input i spreads over the outputs i*s - p + t*d.
    return lambda u: [i for i in range(-99, 99) for t in range(k) if i * s - p + t * d == u]


def nearest(f: int) -> Taps:
    return lambda u: [u // f]


def bilinear(f: int) -> Taps:
    def taps(u: int) -> list[int]:
        at = Fraction(2 * u + 1, 2 * f) - Fraction(1, 2)
        low = at.numerator // at.denominator
        return [low] if at == low else [low, low + 1]

    return taps


def adaptive(n: int, o: int) -> Taps:
    return lambda u: list(range(u * n // o, -(-(u + 1) * n // o)))


def same_transposed(n: int, k: int, s: int) -> Taps:
    # The adjoint of TensorFlow's same on n*s: its window i begins at i*s - before.
    before = max((n - 1) * s + k - n * s, 0) // 2
    return transposed(k, s, before, 1)


N = 6

CASES: dict[str, tuple[Layer, Taps]] = {
    **{
        f"conv k{k} s{s} p{p} d{d}": (
            Conv(filters=1, kernel=(k,), stride=(s,), pad=both(p), dilation=(d,)),
            convolution(k, s, p, d),
        )
        for k, s, p, d in ((1, 1, 0, 1), (3, 2, 1, 1), (2, 3, 0, 1), (3, 1, 2, 2), (4, 2, 1, 1))
    },
    **{
        f"transposed k{k} s{s} p{p} d{d}": (
            Transposed(filters=1, kernel=(k,), stride=(s,), pad=both(p), dilation=(d,)),
            transposed(k, s, p, d),
        )
        for k, s, p, d in (
            (1, 1, 0, 1), (4, 2, 1, 1), (3, 2, 1, 1), (5, 3, 0, 1), (2, 3, 0, 1), (3, 1, 0, 2),
            (4, 3, 2, 2),
        )
    },
    **{
        f"transposed same k{k} s{s}": (
            Transposed(filters=1, kernel=(k,), stride=(s,), pad=Padding(((0, 0),), "same")),
            same_transposed(N, k, s),
        )
        for k, s in ((3, 2), (4, 2), (5, 2), (5, 3), (2, 3))
    },
    **{f"nearest {f}": (Upsample(factor=(f,)), nearest(f)) for f in range(1, 6)},
    **{
        f"bilinear {f}": (Upsample(factor=(f,), mode="bilinear"), bilinear(f))
        for f in range(1, 6)
    },
    **{
        f"adaptive {o}": (AdaptiveAvgPool(size=(o,)), adaptive(N, o)) for o in (1, 2, 3, 4, 5, 6, 7)
    },
    "pad": (PadLayer(pad=Padding(((2, 1),))), lambda u: [u - 2]),
    "crop": (Crop(crop=Padding(((2, 1),))), lambda u: [u + 2]),
    "crop to": (Crop(to=(3,)), lambda u: [u + 1]),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_reach_is_from_the_first_to_the_last_tap(name: str) -> None:
    layer, taps = CASES[name]
    (reach,) = layer.window(Map((N,), 1)) or ()
    if reach is EVERYTHING:
        assert taps(0) == list(range(N))
        return
    period = len(reach.lo)
    for unit in range(-2 * period, 3 * period):
        low, high = (
            ends[unit % period] + unit // period * reach.step for ends in (reach.lo, reach.hi)
        )
        seen = taps(unit)
        assert (low, high) == (min(seen), max(seen)) if seen else high < low


def test_fields_through_upsampling() -> None:
    # A 3-wide convolution over repeated pairs sees 2 pixels, wherever it stands.
    report = taken(Map((8,), 1), [Upsample(), conv(3)])
    (seen,) = report.rows[-1].field
    assert (seen.size, seen.jump) == (2, Fraction(1, 2))


# Whole networks: what every unit sees, collected position by position.

DEEP = {
    "repeated after its pool": ([pool(2, 2), Upsample()], 2),
    "repeated 4 times": ([pool(4, 4), Upsample(factor=(4,))], 4),
    "FCN-32 without its kernel": ([*[pool(2, 2)] * 5, Upsample(factor=(32,))], 32),
    "2 pools, k2 s2": ([pool(2, 2), pool(2, 2), up(2, 2)], 4),
    "between convolutions": ([pool(2, 2), pool(2, 2), conv(3), Upsample(), conv(3)], 16),
    "a small U-Net": ([conv(3), pool(2, 2), conv(3), up(2, 2), conv(3)], 10),
    "k4 s2": ([pool(2, 2), up(4, 2)], 4),
    "k3 s2": ([pool(2, 2), up(3, 2)], 4),
    "flattened": ([pool(2, 2), pool(2, 2), Flatten()], 4),
}


@pytest.mark.parametrize("name", DEEP)
def test_what_deep_layers_see(name: str) -> None:
    layers, size = DEEP[name]
    for shape in (Map((96,), 1), Map((96, 128), 1)):
        assert {side.size for side in taken(shape, layers).rows[-1].field} == {size}


def test_joined_rows_that_were_arranged_otherwise() -> None:
    graph = [
        Node("in", Input(shape=Map((8,), 2)), ()),
        Node("a", Flatten(), (0,)),
        Node("pool", pool(2, 2), (0,)),
        Node("b", Flatten(), (2,)),
        Node("both", Concat(), (1, 3)),
        Node("fc", Dense(units=3), (1,)),
        Node("gated", Concat(), (1, 5)),
    ]
    report = run(tuple(graph))
    assert [row.field[0].size for row in report.rows] == [1, 1, 2, 2, 2, 8, 8]


def test_a_stretched_unit_is_seen_everywhere() -> None:
    graph = [
        Node("in", Input(shape=Map((7,), 2)), ()),
        Node("gate", conv(7), (0,)),
        Node("x", conv(3, 1, 1), (0,)),
        Node("scaled", Multiply(), (2, 1)),
    ]
    report = run(tuple(graph))
    assert list(map(report.rows[-1].field[0].sees, (0, 3, 6))) == [(-1, 6), (0, 6), (0, 7)]
    assert report.rows[-1].field[0].size == 8


def test_periods_have_an_end() -> None:
    """Fields that repeat only after very many units are bounds, of the layers behind, too."""
    *followed, last = taken(Map((2,), 1), [Upsample(factor=(3,))] * 8).rows
    assert (followed[-1].field[0].size, at_most(followed[-1].field)) == (1, False)
    assert (last.field[0].size, at_most(last.field)) == (2, True)
    layers = [conv(3), AdaptiveAvgPool(size=(5000,)), conv(3), Dense(units=2)]
    rows = taken(Map((9009,), 1), layers).rows
    sizes = [(row.field[0].size, at_most(row.field)) for row in rows]
    assert sizes == [(1, False), (3, False), (9009, True), (9009, True), (9009, True)]
    assert taken(Map((5000,), 1), [AdaptiveAvgPool(size=(5000,))]).rows[-1].field[0].size == 1


def test_steps_of_a_recurrent_layer_see_all_before_them() -> None:
    """Also with a symbol: broken by a maximum over what surely is not the largest."""
    text = "input: Tx2\nlayers: [{conv: {filters: 2, kernel: 3}}, {lstm: {units: 3}}, {X}]"
    for last in (
        "dense: 2",
        "gru: {units: 2, bidirectional: true}",
        "rnn: {units: 2, returns: last}",
    ):
        report = summarize(loads(text.replace("X", last)))
        assert [str(row.field[0].size) for row in report.rows] == ["1", "3", "T", "T"]
        assert [row.field[0].size for row in report.at(T=9).rows] == [1, 3, 9, 9]


def _tap_sets(layer: Layer, n: int, o: int) -> Taps:
    """Return what a layer's units see, each written from what the layer does."""
    if isinstance(layer, Transposed):
        k, s, d = layer.kernel[0], layer.stride[0], layer.dilation[0]
        if layer.pad.mode == "same":
            before = max((k - 1) * d + 1 - s, 0) // 2
        else:
            before = layer.pad.pairs[0][0]
        return lambda u: [
            (u + before - t * d) // s for t in range(k) if (u + before - t * d) % s == 0
        ]
    if isinstance(layer, (Conv, MaxPool, BlurPool)):
        k, s, d = layer.kernel[0], layer.steps()[0], layer.dilation[0]
        before = layer.pad.pairs[0][0]
        if layer.pad.mode == "same":  # what remains, halved, the odd one after
            before = max((o - 1) * s + (k - 1) * d + 1 - n, 0) // 2
        return convolution(k, s, before, d)
    if isinstance(layer, Upsample):
        return (nearest if layer.mode == "nearest" else bilinear)(layer.factor[0])
    if isinstance(layer, AdaptiveAvgPool):
        return adaptive(n, o)
    if isinstance(layer, PadLayer):
        return lambda u: [u - layer.pad.pairs[0][0]]
    if isinstance(layer, Crop):
        assert layer.crop is not None
        rows = layer.crop.pairs[0][0]
        return lambda u: [u + rows]
    return lambda u: [u]


def _seen(rows: Sequence[Row], nodes: Sequence[Node]) -> Callable[[int, int], frozenset[int]]:
    """Return what gives the positions of the input that a unit of a node sees.

    Units and positions that padding makes up go on as those inside do, as if the line had no ends.
    A unit that is there looks beyond an end only where there is padding.
    """

    @cache
    def seen(index: int, unit: int, *, there: bool = True) -> frozenset[int]:
        if not index:
            return frozenset([unit])
        node, row = nodes[index], rows[index]
        found: frozenset[int] = frozenset()
        extent = row.output.sides[0] if row.output.sides else None
        there = there and (extent is None or 0 <= unit < extent)
        for source in node.inputs:
            given = rows[source].output
            n = given.sides[0] if given.sides else rows[source - 1].output.sides[0]
            if _sees_all(node.layer):
                found = found.union(*(seen(source, tap) for tap in range(n)))
                continue
            if len(node.inputs) > 1:
                taps = [unit] if n == extent else [0]
            else:
                taps = _tap_sets(node.layer, n, extent or 1)(unit)
                if there:
                    taps = _at_rims(node.layer, n, taps)
            found = found.union(*(seen(source, tap, there=there) for tap in taps))
        return found

    return seen


def _at_rims(layer: Layer, n: int, taps: list[int]) -> list[int]:
    """Return what a unit sees where layers make up no padding beyond the ends of a side."""
    if isinstance(layer, Transposed):
        return [tap for tap in taps if 0 <= tap < n]
    if isinstance(layer, Upsample):
        return [min(max(tap, 0), n - 1) for tap in taps]
    if isinstance(layer, BlurPool):
        return [tap if 0 <= tap < n else -tap if tap < 0 else 2 * (n - 1) - tap for tap in taps]
    return taps


def _sees_all(layer: Layer) -> bool:
    return isinstance(layer, GlobalAvgPool) or (
        isinstance(layer, AdaptiveAvgPool) and layer.size == (1,)
    )


#: Layers behind an input of 6x6x1, none of which pads -> what the last of them sees.
TO_THE_RIM = {
    "a blend": (["upsample: {factor: 2, mode: bilinear}", "global_avgpool"], 6),
    "a mirror": (["blurpool: {kernel: 4}", "global_maxpool"], 6),
    "two, and layers between": (
        ["upsample: {factor: 2, mode: bilinear}", "relu", "blurpool", "batchnorm", "dense: 2"], 6,
    ),
    "statistics": (["blurpool", "layernorm: {over: all}"], 6),
    "elements that lie otherwise": (["blurpool", "flatten", "dense: 2"], 6),
    "what was there before it": (["conv3-2/2", "blurpool", "global_avgpool"], 7),
    "not all of it": (["upsample: {factor: 0.25, mode: bilinear}", "global_avgpool"], 2),
    "by one window": (["upsample: {factor: 2, mode: bilinear}", "conv: {filters: 2, kernel: 12, pad: 0}"], 6),
    "joined before the pool": (["concat: [[blurpool], [avgpool: 2]]", "global_avgpool"], 6),
    "joined with what is padded": (
        [
            "concat: [[blurpool: {stride: 1}], [conv: {filters: 1, kernel: 5, pad: 2}]]",
            "global_avgpool",
        ],
        10,
    ),
    "the last of a mirror": (
        [
            "crop: {to: 3}",
            "blurpool: {kernel: 4, stride: 2}",
            "slice: {height: [1, 2], width: [1, 2]}",
        ],
        3,
    ),
    "a transposed kernel": (["transposed: {filters: 1, kernel: 3, stride: 2}", "global_avgpool"], 6),
    "both rims at once": (["crop: {to: 3}", "blurpool: {kernel: 4, stride: 1}"], 3),
    "both rims, and a window": (["crop: {to: 2}", "blurpool: {stride: 1}", "conv: {filters: 2, kernel: 2, pad: 0}"], 2),
    "a part of it": (["blurpool", "flatten", "slice: {channels: [0, 1]}", "dense: 2"], 2),
}  # fmt: skip


@pytest.mark.parametrize("what", TO_THE_RIM)
def test_all_units_together_see_what_is_there(what: str) -> None:
    """Broken by a rim that blends or mirrors, and counts as if it were padded."""
    layers, size = TO_THE_RIM[what]
    text = "".join(f"  - {layer}\n" for layer in layers)
    rows = summarize(loads(f"input: 6x6x1\ndefaults: {{conv: {{pad: 1}}}}\nlayers:\n{text}")).rows
    assert rows[-1].receptive_field == (size, size)


def test_with_symbols_a_map_may_be_so_small_that_every_unit_is_at_its_rim() -> None:
    """Broken by a bound that is said as if it were exact, and by a bound where none is needed."""
    blended = "upsample: {factor: 2, mode: bilinear}"
    rows = summarize(loads(f"input: NxNx1\nlayers: [{blended}, relu, conv3-2]\n")).rows
    assert [tuple(map(str, row.receptive_field)) for row in rows[1:]] == [("2", "2")] * 2 + [
        ("3", "3")
    ]
    assert [at_most(row.field) for row in rows] == [False, True, True, True]
    large = f"input: NxNx1\nlayers: [{blended}, conv: {{filters: 1, kernel: 25}}]\n"
    assert [at_most(row.field) for row in summarize(loads(large)).rows] == [False, False, True]
    tiled = "input: NxNx1\nlayers: [transposed: {filters: 1, kernel: 2, stride: 2}]\n"
    assert not at_most(summarize(loads(tiled)).rows[-1].field)


def test_all_units_together_see_what_is_there_of_any_size() -> None:
    upsampled = "layers: [upsample: {factor: 2, mode: bilinear}, global_avgpool]\n"
    last = summarize(loads(f"input: NxNx1\n{upsampled}")).rows[-1]
    assert tuple(map(str, last.receptive_field)) == ("N", "N")


@st.composite
def networks(draw: st.DrawFn) -> list[Node]:
    """Draw a network on a signal; a layer that cannot work on what flows in is left out."""
    numbers = {name: st.integers(low, high) for name, low, high in (
        ("k", 1, 4), ("s", 1, 4), ("d", 1, 3), ("p", 0, 3), ("o", 1, 9),
    )}  # fmt: skip
    nodes = [Node("in", Input(shape=Map((draw(st.integers(4, 24)),), 1)), ())]

    def extent(index: int) -> int:
        return run(tuple(nodes[: index + 1])).rows[index].output.sides[0]

    def offer(layer: Layer, *inputs: int) -> None:
        node = Node(str(len(nodes)), layer, inputs)
        try:
            report = run((*nodes, node))
        except SpecErrors:
            return
        if report.rows[-1].output.sides[0] < 100:
            nodes.append(node)

    for _ in range(draw(st.integers(1, 7))):
        word = draw(st.sampled_from(
            ["conv", "pool", "transposed", "blur", "nearest", "bilinear", "adaptive", "crop", "pad",
             "join", "gate"]
        ))  # fmt: skip
        k, s, d, p, after, o = (draw(numbers[name]) for name in ("k", "s", "d", "p", "p", "o"))
        pad = Padding(((p, after),))
        if draw(st.integers(0, 3)) == 0:
            pad = Padding(((0, 0),), "same")
        last = len(nodes) - 1
        window = {"kernel": (k,), "stride": (s,), "dilation": (d,), "pad": pad}
        if word == "conv":
            offer(Conv(filters=1, **window), last)
        elif word == "pool":
            offer(MaxPool(**window, rounding="ceil"), last)
        elif word == "transposed":
            offer(Transposed(filters=1, **window), last)
        elif word == "blur":
            offer(BlurPool(kernel=(k,), stride=(s,)), last)
        elif word in ("nearest", "bilinear"):
            offer(Upsample(factor=(s,), mode=word), last)
        elif word == "adaptive":
            offer(AdaptiveAvgPool(size=(o,)), last)
        elif word in ("crop", "pad") and pad.mode == "given":
            offer(Crop(crop=pad) if word == "crop" else PadLayer(pad=pad), last)
        elif word == "gate":
            offer(GlobalAvgPool(), draw(st.integers(0, last)))
            offer(Multiply(), last, len(nodes) - 1)
        elif word == "join":
            alike = [i for i in range(last) if extent(i) == extent(last)]
            if not alike:
                offer(Upsample(factor=(2,)), last)
                offer(Conv(filters=1, kernel=(3,), stride=(2,), pad=both(1)), len(nodes) - 1)
                alike = [last]
            offer(draw(st.sampled_from([Concat(), Add()])), draw(st.sampled_from(alike)),
                  len(nodes) - 1)  # fmt: skip
    return nodes


@settings(max_examples=300, deadline=None)
@given(nodes=networks())
def test_every_unit_of_a_network_sees_what_the_field_says(nodes: list[Node]) -> None:
    rows = run(tuple(nodes)).rows
    seen = _seen(rows, nodes)
    for index, row in enumerate(rows):
        (field,) = row.field
        units = range(row.output.sides[0])
        found = [seen(index, unit) for unit in units]
        assert field.size == max(max(each) - min(each) + 1 if each else 0 for each in found)
        if index and isinstance(nodes[index].layer, GlobalAvgPool):
            continue
        for unit, each in zip(units, found, strict=True):
            low, high = field.sees(unit)
            assert (low, high) == (min(each), max(each)) if each else high < low
    last = len(nodes) - 1
    if rows[last].output.sides[0] > 0:
        nodes.append(Node("all", GlobalAvgPool(), (last,)))
        everything = _seen(run(tuple(nodes)).rows, nodes)(last + 1, 0)
        del nodes[-1]
        flat, dense = (
            run((*nodes, Node("flat", Flatten(), (last,)), *more)).rows[-1]
            for more in ((), (Node("fc", Dense(units=2), (last + 1,)),))
        )
        assert flat.field == rows[last].field
        assert dense.field[0].size == (max(everything) - min(everything) + 1 if everything else 0)

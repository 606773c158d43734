"""Layers that take a part of their input, and that trade places for channels."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from shapecalc import SpecErrors, loads, summarize
from shapecalc.layers.axes import Cut, End, PartOf
from shapecalc.layers.base import NO_WORK
from shapecalc.layers.shape import Map, Vector
from shapecalc.layers.slicing import PadChannels, PixelShuffle, PixelUnshuffle, Slice
from shapecalc.layers.window import InputSpan
from shapecalc.reference.layer import forward

if TYPE_CHECKING:
    from conftest import Refusal

    from shapecalc.layers.base import Layer
    from shapecalc.report import Row

SHAPE = Map((7, 11), 6)


def cut(start: int | None = None, stop: int | None = None, step: int = 1) -> Cut:
    """Write a cut as Python writes a slice."""
    first, last = (
        usual if place is None else End(abs(place), "end" if place < 0 else "start")
        for place, usual in ((start, End(0)), (stop, End(0, "end")))
    )
    return Cut(first, last, step)


@pytest.mark.parametrize(
    ("fields", "output"),
    [
        ({"channels": cut(0, 4)}, Map((7, 11), 4)),
        ({"channels": cut(-4)}, Map((7, 11), 4)),
        ({"channels": cut(1, -1, 2)}, Map((7, 11), 2)),  # 1 and 3
        ({"height": cut(0, -1)}, Map((6, 11), 6)),
        ({"height": cut(step=2), "width": cut(1, step=2)}, Map((4, 5), 6)),
        ({"height": cut(-5, -2), "channels": PartOf(2, 3)}, Map((3, 11), 2)),
        ({"width": PartOf(2, (4, 7))}, Map((7, 7), 6)),
        ({"width": cut(10, 11, 9)}, Map((7, 1), 6)),
    ],
)
def test_slice(fields: dict[str, Any], output: Map, refusal: Refusal) -> None:
    layer = Slice(**fields)
    assert refusal(layer, SHAPE) is None
    assert layer.output(SHAPE) == output
    assert layer.work((SHAPE,), output) == NO_WORK


def test_slice_of_other_ranks(refusal: Refusal) -> None:
    assert Slice(channels=cut(2, 5)).output(Vector(7)) == Vector(3)
    assert Slice(length=cut(1, step=3)).output(Map((8,), 5)) == Map((3,), 5)
    volume = Map((4, 6, 9), 5)
    assert Slice(depth=cut(0, 2), width=PartOf(3, 3)).output(volume) == Map((2, 6, 3), 5)
    assert refusal(Slice(depth=cut(0, 2)), volume) is None


def test_a_slice_sees_what_it_takes() -> None:
    assert Slice(channels=cut(0, 4)).window(SHAPE) is None
    assert Slice(height=cut(2, -1), width=cut(-9, step=3)).window(SHAPE) == (
        InputSpan((2,), (2,), 1),
        InputSpan((2,), (2,), 3),  # 11 - 9
    )
    # the last third of 6 begins at 4
    assert Slice(channels=PartOf(3, 3)).mixes(SHAPE) == InputSpan((4,), (4,), 1)
    assert Slice(width=PartOf(2, (4, 7))).window(SHAPE) == (
        InputSpan((0,), (0,), 1),
        InputSpan((4,), (4,), 1),
    )


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"channels": cut(0, 58)}, "channels :58"),
        ({"channels": cut(58, -1, 3)}, "channels 58:-1:3"),
        ({"height": cut(step=2), "width": cut(1, step=2)}, "height ::2 width 1::2"),
        ({"channels": PartOf(2, 4)}, "channels 2 of 4"),
        ({"channels": PartOf(2, (16, 48))}, "channels 2 of 16+48"),
    ],
)
def test_a_slice_in_words(fields: dict[str, Any], text: str) -> None:
    assert Slice(**fields).does() == text


@pytest.mark.parametrize(
    ("layer", "code", "field", "message", "rule"),
    [
        (
            Slice(channels=cut(0, 8)),
            "E204",
            "channels",
            "place 8 lies outside of the channels, of which there are 6",
            "6 >= 8 must hold",
        ),
        (
            Slice(width=cut(-12)),
            "E204",
            "width",
            "place -12 lies outside of the width, of which there are 11",
            "11 >= 12 must hold",
        ),
        (
            Slice(height=cut(5, -2)),
            "E210",
            "height",
            "from 5 to 5, which is left out, nothing is taken of the height",
            "5 - 5 = 0, must be at least 1",
        ),
        (
            Slice(channels=PartOf(1, 4)),
            "E205",
            "channels",
            "channels of 6 cannot be split into 4 equal parts",
            "6 mod 4 = 2, must be 0",
        ),
        (
            Slice(channels=PartOf(1, (2, 3))),
            "E205",
            "channels",
            "parts of 2 and 3 are 5 in all, but the channels are 6",
            "5 = 6 must hold",
        ),
        (
            Slice(length=cut(1)),
            "E202",
            "length",
            "slice takes a part of the length, but 7x11x6 has none",
            "",
        ),
        (Slice(), "E113", "", "slice says of no axis what to take", ""),
        (
            PixelShuffle(factor=(2,)),
            "E205",
            "factor",
            "6 channels do not make blocks of 4 places",
            "6 mod 4 = 2, must be 0",
        ),
        (
            PixelUnshuffle(factor=(7, 2)),
            "E205",
            "factor",
            "a side of 11 does not fall into blocks of 2",
            "11 mod 2 = 1, must be 0",
        ),
        (
            PixelShuffle(factor=(1, 2, 3)),
            "E202",
            "factor",
            "factor gives 3 sizes, but the input has 2 sides",
            "",
        ),
    ],
)
def test_what_is_refused(
    layer: Layer, code: str, field: str, message: str, rule: str, refusal: Refusal
) -> None:
    error = refusal(layer, SHAPE)
    assert error is not None
    assert (error.code, error.field, error.message) == (code, field, message)
    assert error.rule == rule
    assert error.hint


def row(statement: str, shape: str = "7x11x6", **let: str) -> Row:
    """Summarize one layer."""
    constants = ", ".join(f"{name}: {value}" for name, value in let.items())
    report = summarize(loads(f"input: {shape}\nlet: {{{constants}}}\nlayers:\n  - {statement}\n"))
    return report.rows[1]


@pytest.mark.parametrize(
    ("statement", "part"),
    [
        ("slice: [0, 4]", cut(0, 4)),
        ("slice: {channels: [1, null, 2]}", cut(1, None, 2)),
        ("slice: {channels: [~, -2]}", cut(None, -2)),
        ("slice: {channels: {from: 1, step: 2}}", cut(1, None, 2)),
        ("slice: {channels: {to: -1}}", cut(None, -1)),
        ("slice: 2 of 3", PartOf(2, 3)),
        ("slice: k of n", PartOf(2, 3)),
        ("slice: {channels: {part: k, of: 3}}", PartOf(2, 3)),
        ("slice: {channels: {part: 2, of: [k, 4]}}", PartOf(2, (2, 4))),
        ("slice: [channels//2, channels]", cut(3, 6)),
        ("slice: [-channels//2, null]", cut(-3)),
    ],
)
def test_how_a_slice_is_written(statement: str, part: Cut | PartOf) -> None:
    layer = row(statement, k="2", n="3").layer
    assert isinstance(layer, Slice)
    assert layer.channels == part


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("slice: 3", "E110"),
        ("slice: '0:4'", "E110"),
        ("slice: [1]", "E110"),
        ("slice: 4 of 3", "E114"),
        ("slice: 0 of 3", "E114"),
        ("slice: {channels: [0, 4, -1]}", "E114"),
        ("slice: {channels: [0, 99999999999]}", "E114"),
        ("slice: {channels: {part: 3, of: [2, 4]}}", "E114"),
        ("slice: {channels: {first: 1}}", "E110"),
        ("slice: {channels: [a, 4]}", "E116"),
    ],
)
def test_how_a_slice_is_not_written(statement: str, code: str) -> None:
    with pytest.raises(SpecErrors) as caught:
        row(statement)
    assert [problem.code for problem in caught.value.problems] == [code]


def test_numpy_s_notation_is_answered_with_ours() -> None:
    with pytest.raises(SpecErrors) as caught:
        row("slice: {channels: '0:4'}")
    assert caught.value.problems[0].hint == "write [0, 4]"


def test_symbols_stand_where_numbers_do() -> None:
    taken = row("slice: {height: [1, -1, 2], channels: [k, null]}", "HxWx4", k="free")
    assert [str(n) for n in (*taken.output.sides, taken.output.channels)] == [
        "floor((H - 1)/2)", "W", "4 - k",
    ]  # fmt: skip
    half = row("slice: {width: 2 of 2}", "HxWx3")
    assert str(half.output.sides[1]) == "floor(W/2)"
    shuffled = row("pixel_shuffle: r", "HxWx9", r="3")
    assert [str(n) for n in shuffled.output.sides] == ["3H", "3W"]


#: Three rows at the top and two below are left out; a quarter of the width stays.
DOMAIN = """
input: HxWx8
layers:
  - slice: {height: [3, -2], width: 1 of 4}
  - pixel_unshuffle: 1x2
"""


@pytest.mark.parametrize(
    ("height", "width", "output"),
    [(6, 8, Map((1, 1), 16)), (9, 16, Map((4, 2), 16)), (5, 8, None), (6, 12, None)],
)
def test_what_symbols_must_be_is_the_domain(height: int, width: int, output: Map | None) -> None:
    domain = summarize(loads(DOMAIN)).render("text").partition("domain ")[2]
    assert "H >= 6: slice1; W a multiple of 8" in " ".join(domain.split())
    if output is None:
        with pytest.raises(SpecErrors):
            summarize(loads(DOMAIN, settings={"H": height, "W": width}))
    else:
        report = summarize(loads(DOMAIN, settings={"H": height, "W": width}))
        assert report.rows[-1].output == output


@pytest.mark.parametrize(
    ("layer", "given", "output"),
    [
        (PixelShuffle(factor=(2,)), Map((7, 11), 12), Map((14, 22), 3)),
        (PixelShuffle(factor=(3, 2)), SHAPE, Map((21, 22), 1)),
        (PixelShuffle(factor=(5,)), Map((7,), 10), Map((35,), 2)),
        (PixelShuffle(factor=(2,), order="dcr"), Map((3, 5, 7), 16), Map((6, 10, 14), 2)),
        (PixelUnshuffle(factor=(7, 11)), SHAPE, Map((1, 1), 462)),
        (PixelUnshuffle(factor=(3,)), Map((12,), 5), Map((4,), 15)),
    ],
)
def test_pixel_shuffles(layer: Layer, given: Map, output: Map, refusal: Refusal) -> None:
    assert refusal(layer, given) is None
    assert layer.output(given) == output
    assert layer.work((given,), output) == NO_WORK


@pytest.mark.parametrize("order", ["crd", "dcr"])
def test_what_unshuffled_pixels_see(order: str) -> None:
    """An element lies elsewhere and sees what it saw; three blocks of 2 pixels are 6, and 2."""
    text = f"""
        input: 20x24x1
        layers: [conv3-4, pixel_unshuffle: {{factor: 2, order: {order}}}, conv3-8]
    """
    report = summarize(loads(text))
    assert [row.receptive_field for row in report.rows[1:]] == [(3, 3), (3, 3), (8, 8)]


def test_pad_channels(refusal: Refusal) -> None:
    layer = PadChannels(channels=(2, 5))
    assert refusal(layer, SHAPE) is None
    assert layer.output(SHAPE) == Map((7, 11), 13)
    assert layer.output(Vector(4)) == Vector(11)
    assert layer.window(SHAPE) is None
    assert layer.mixes(SHAPE) == InputSpan((-2,), (-2,), 1, beyond="nothing")
    assert layer.configuration() == "2+5"
    assert str(row("pad_channels: [0, k]", "8x8x3", k="free").output.channels) == "k + 3"


def test_the_shortcut_of_option_a_has_no_weights() -> None:
    """ResNet on CIFAR-10: every second pixel, and as many channels of zeros again."""
    text = """
        input: 32x32x16
        layers:
          - add:
              - [slice: {height: [0, null, 2], width: [0, null, 2]}, pad_channels: [0, channels]]
              - [conv3-32/2, relu, conv3-32]
    """
    report = summarize(loads(text))
    assert report.rows[-1].output == Map((16, 16), 32)
    assert report.totals.weights + report.totals.biases == 32 * (16 * 9 + 1) + 32 * (32 * 9 + 1)


def test_pixel_shuffle_sees_what_its_input_saw() -> None:
    """ESPCN: 5 + 2 + 2 pixels of its three kernels, wherever a unit of the large map lies."""
    text = """
        input: 17x17x1
        layers: [conv5-64, conv3-32, conv3-9, pixel_shuffle: 3]
    """
    report = summarize(loads(text))
    sizes = [[side.size for side in row.field or ()] for row in report.rows[1:]]
    assert sizes == [[5, 5], [7, 7], [9, 9], [9, 9]]


@pytest.mark.parametrize(
    ("order", "first"),
    [
        # channel 4*c + 2*row + column, and (2*row + column)*2 + c: those of the first 2x2 block
        ("crd", [[[0, 1], [2, 3]], [[4, 5], [6, 7]]]),
        ("dcr", [[[0, 2], [4, 6]], [[1, 3], [5, 7]]]),
    ],
)
def test_the_order_of_the_channels(order: str, first: list[list[list[int]]]) -> None:
    x = np.arange(8.0).reshape(1, 8, 1, 1)
    y = forward(PixelShuffle(factor=(2,), order=order), {}, x)
    assert y[0].tolist() == first
    assert forward(PixelUnshuffle(factor=(2,), order=order), {}, y).ravel().tolist() == [*range(8)]


# -- the twins in PyTorch --------------------------------------------------------------------------


def _slice_twin(layer: Any, x: Any) -> Any:
    import torch

    names = {2: (), 3: ("length",), 4: ("height", "width"), 5: ("depth", "height", "width")}
    axes = ("channels", *names[x.ndim])
    given = [a for a in ("channels", "height", "width", "length", "depth") if getattr(layer, a)]
    if not given or not set(given) <= set(axes):
        raise ValueError("which axis?")

    class Taken(torch.nn.Module):
        def forward(self, x: Any) -> Any:
            for axis, name in enumerate(axes, 1):
                part = getattr(layer, name)
                if isinstance(part, PartOf) and isinstance(part.of, int):
                    if x.shape[axis] % part.of:
                        raise ValueError("chunks of several sizes")
                    x = x.chunk(part.of, axis)[part.number - 1]
                elif isinstance(part, PartOf):
                    x = x.split(part.of, axis)[part.number - 1]
                elif part is not None:
                    n = x.shape[axis]
                    first, after = (
                        n - end.distance if end.side == "end" else end.distance for end in part[:2]
                    )
                    if not 0 <= first < after:  # where `narrow` counts from the end
                        raise ValueError("nothing, or outside")
                    x = x.narrow(axis, first, after - first)  # which refuses what lies behind
                    x = x.index_select(
                        axis, torch.arange(0, after - first, part.step, device=x.device)
                    )
            return x

    return Taken()


def _factors(layer: Any, x: Any) -> tuple[int, ...]:
    rank = x.ndim - 2
    if rank == 0 or len(layer.factor) not in (1, rank):
        raise ValueError("a factor for every side")
    return tuple(layer.factor) * (rank if len(layer.factor) == 1 else 1)


def _shuffle_twin(layer: Any, x: Any) -> Any:
    """PyTorch's own for images and one factor; else place by place."""
    import torch

    factors = _factors(layer, x)
    if x.shape[1] % prod(factors):
        raise ValueError("no whole blocks")
    if len(factors) == 2 and len(set(factors)) == 1 and layer.order == "crd":
        return torch.nn.PixelShuffle(factors[0])

    class Shuffled(torch.nn.Module):
        def forward(self, x: Any) -> Any:
            y = x.new_empty(
                len(x),
                x.shape[1] // prod(factors),
                *(n * f for n, f in zip(x.shape[2:], factors, strict=True)),
            )
            axis = 2 if layer.order == "crd" else 1
            blocks = x.unflatten(1, (y.shape[1], -1) if axis == 2 else (-1, y.shape[1])).unbind(
                axis
            )
            for place, block in zip(np.ndindex(*factors), blocks, strict=True):
                y[(..., *(slice(at, None, f) for at, f in zip(place, factors, strict=True)))] = (
                    block
                )
            return y

    return Shuffled()


def _unshuffle_twin(layer: Any, x: Any) -> Any:
    import torch

    factors = _factors(layer, x)
    if any(n % f for n, f in zip(x.shape[2:], factors, strict=True)):
        raise ValueError("no whole blocks")
    if len(factors) == 2 and len(set(factors)) == 1 and layer.order == "crd":
        return torch.nn.PixelUnshuffle(factors[0])

    class Gathered(torch.nn.Module):
        def forward(self, x: Any) -> Any:
            rows = list(np.ndindex(*factors))
            parts = [
                x[(..., *(slice(at, None, f) for at, f in zip(place, factors, strict=True)))]
                for place in rows
            ]
            return torch.stack(parts, 2 if layer.order == "crd" else 1).flatten(1, 2)

    return Gathered()


def _pad_channels_twin(layer: Any, x: Any) -> Any:
    import torch

    class Padded(torch.nn.Module):
        def forward(self, x: Any) -> Any:
            return torch.nn.functional.pad(x, (*(0, 0) * (x.ndim - 2), *layer.channels))

    return Padded()


TWINS = {
    "pad_channels": _pad_channels_twin,
    "slice": _slice_twin,
    "pixel_shuffle": _shuffle_twin,
    "pixel_unshuffle": _unshuffle_twin,
}

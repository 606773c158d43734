"""Layers that move, add or take away elements."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from shapecalc import explain, loads, summarize, verify
from shapecalc.layers.base import NO_WORK, Work
from shapecalc.layers.fields import Padding, Rational
from shapecalc.layers.reshape import (
    ChannelShuffle,
    Crop,
    Flatten,
    PadLayer,
    Permute,
    Reshape,
    Upsample,
)
from shapecalc.layers.shape import Map, Shape, Vector
from shapecalc.layers.window import InputSpan, Rearranged
from shapecalc.reference.layer import forward

if TYPE_CHECKING:
    from conftest import Refusal

    from shapecalc.layers.base import Layer

SHAPE = Map((7, 11), 6)


def test_flatten() -> None:
    assert Flatten().output(SHAPE) == Vector(462)
    assert Flatten().output(Map((2, 3, 5), 7)) == Vector(210)
    assert Flatten().output(Vector(5)) == Vector(5)
    assert Flatten().window(SHAPE) == Rearranged((2, 0, 1), (0,))  # channel by channel
    assert Flatten().window(Vector(5)) is None


@pytest.mark.parametrize(
    ("given", "shape", "expected"),
    [
        (SHAPE, (462,), Vector(462)),
        (SHAPE, (77, 6), Map((77,), 6)),
        (SHAPE, (2, 3, 77), Map((2, 3), 77)),
        (Vector(30), (2, 3, 5), Map((2, 3), 5)),
        (Vector(210), (2, 3, 5, 7), Map((2, 3, 5), 7)),
        (Vector(1), (1,), Vector(1)),
    ],
)
def test_reshape(given: Shape, shape: tuple[int, ...], expected: Shape, refusal: Refusal) -> None:
    layer = Reshape(shape=shape)
    assert refusal(layer, given) is None
    assert layer.output(given) == expected


def test_reshape_keeps_the_elements(refusal: Refusal) -> None:
    error = refusal(Reshape(shape=(2, 3, 7)), Map((2, 3), 5))
    assert error is not None
    assert (error.code, error.field) == ("E209", "shape")
    assert error.message == "2x3x5 has 30 elements, but 2x3x7 has 42"


@pytest.mark.parametrize("shape", [(11, 7, 6), (77, 6)])
def test_reshape_reads_and_writes_in_order(shape: tuple[int, ...]) -> None:
    axes = tuple(range(len(shape)))
    assert Reshape(shape=shape).window(SHAPE) == Rearranged((0, 1, 2), axes)
    assert Reshape(shape=(2, 3, 5)).window(Vector(30)) == Rearranged((0,), (2, 0, 1))
    assert Reshape(shape=(462,)).window(SHAPE) == Rearranged((2, 0, 1), (0,))
    assert Reshape(shape=(7, 11, 6)).window(SHAPE) is None


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ((0, 1, 2), Map((7, 11), 6)),
        ((1, 0, 2), Map((11, 7), 6)),
        ((2, 0, 1), Map((6, 7), 11)),
        ((2, 1, 0), Map((6, 11), 7)),
    ],
)
def test_permute(order: tuple[int, ...], expected: Map, refusal: Refusal) -> None:
    assert refusal(Permute(order=order), SHAPE) is None
    assert Permute(order=order).output(SHAPE) == expected


def test_permute_moves_the_axes() -> None:
    assert Permute(order=(2, 0, 1)).window(SHAPE) == Rearranged((2, 0, 1), (0, 1, 2))
    assert Permute(order=(1, 0)).output(Map((7,), 6)) == Map((6,), 7)


@pytest.mark.parametrize("order", [(0, 1), (0, 1, 1), (0, 1, 3), (0, 1, 2, 3)])
def test_permute_names_each_axis_once(order: tuple[int, ...], refusal: Refusal) -> None:
    error = refusal(Permute(order=order), SHAPE)
    assert error is not None
    assert (error.code, error.field) == ("E203", "order")
    assert error.hint == "the axes are 0 height, 1 width, 2 channels"


def test_pad() -> None:
    layer = PadLayer(pad=Padding(((0, 1), (2, 3))))
    assert layer.output(SHAPE) == Map((8, 16), 6)
    assert layer.window(SHAPE) == (InputSpan((0,), (0,), 1), InputSpan((-2,), (-2,), 1))
    assert layer.configuration() == "(0,1)x(2,3)"
    assert layer.work((SHAPE,), Map((8, 16), 6)) == NO_WORK
    assert PadLayer(pad=Padding(((1, 1),))).output(Map((2, 3, 5), 7)) == Map((4, 5, 7), 7)


def test_crop() -> None:
    layer = Crop(crop=Padding(((0, 1), (2, 3))))
    assert layer.output(SHAPE) == Map((6, 6), 6)
    assert layer.window(SHAPE) == (InputSpan((0,), (0,), 1), InputSpan((2,), (2,), 1))
    assert layer.configuration() == "(0,1)x(2,3)"
    assert Crop(crop=Padding(((1, 1),))).output(Map((3,), 2)) == Map((1,), 2)


def test_crop_to_the_centre() -> None:
    # U-Net: 64 to 56 takes 4 at each end.  7 to 4: one before, two after.
    assert Crop(to=(56,)).window(Map((64, 64), 512)) == (InputSpan((4,), (4,), 1),) * 2
    layer = Crop(to=(4, 11))
    assert layer.output(SHAPE) == Map((4, 11), 6)
    assert layer.window(SHAPE) == (InputSpan((1,), (1,), 1), InputSpan((0,), (0,), 1))
    assert layer.configuration() == "to 4x11"


def test_upsample() -> None:
    layer, output = Upsample(factor=(2, 3)), Map((14, 33), 6)
    assert layer.output(SHAPE) == output
    assert layer.work((SHAPE,), output) == NO_WORK
    assert layer.configuration() == "x2x3 nearest"
    assert Upsample().output(Map((5,), 3)) == Map((10,), 3)
    assert layer.window(SHAPE) == (
        InputSpan((0, 0), (0, 0), 1),
        InputSpan((0, 0, 0), (0, 0, 0), 1),
    )


def test_bilinear_blends_two_elements_per_side() -> None:
    layer = Upsample(mode="bilinear")
    one, two, three = Map((3,), 5), Map((2, 3), 5), Map((1, 2, 3), 5)
    assert layer.work((one,), Map((6,), 5)) == Work(multiplies=60, adds=60)
    assert layer.work((two,), Map((4, 6), 5)) == Work(multiplies=480, adds=480)
    assert layer.work((three,), Map((2, 4, 6), 5)) == Work(multiplies=1_920, adds=1_920)


@pytest.mark.parametrize(
    ("layer", "output"),
    [
        (Upsample(factor=(Rational(3, 2),)), Map((10, 16), 6)),  # 10.5 and 16.5, rounded down
        (Upsample(factor=(Rational(5, 4), 2)), Map((8, 22), 6)),
        (Upsample(to=(65, 33)), Map((65, 33), 6)),
        (Upsample(to=(5,), mode="bilinear"), Map((5, 5), 6)),
        (Upsample(like=(14, 9), mode="bilinear", align="corners"), Map((14, 9), 6)),
    ],
)
def test_upsample_to_a_size_and_by_fractions(
    layer: Upsample, output: Map, refusal: Refusal
) -> None:
    assert refusal(layer, SHAPE) is None
    assert layer.output(SHAPE) == output
    assert layer.work((SHAPE,), output) == (
        NO_WORK
        if layer.mode == "nearest"
        else Work(multiplies=4 * output.size, adds=4 * output.size)
    )


def test_what_resized_units_see() -> None:
    # Nearest, 4 to 6: 0 0 1 2 2 3.  Centres blended: -1/6, 1/2, 7/6, 11/6, 5/2, 19/6.
    four = Map((4,), 3)
    assert Upsample(to=(6,)).window(four) == (InputSpan((0, 0, 1), (0, 0, 1), 2),)
    assert Upsample(factor=(Rational(3, 2),)).window(four) == (InputSpan((0, 0, 1), (0, 0, 1), 2),)
    centres = Upsample(to=(6,), mode="bilinear")
    assert centres.window(four) == (InputSpan((-1, 0, 1), (0, 1, 2), 2, beyond="nearest"),)
    # Corners aligned, 4 to 7: every second output lies on an element.
    corners = Upsample(to=(7,), mode="bilinear", align="corners")
    assert corners.window(four) == (InputSpan((0, 0), (0, 1), 1, beyond="nearest"),)
    assert Upsample(to=(4,), mode="bilinear").window(four) == (InputSpan((0,), (0,), 1),)
    one = Upsample(to=(1,), mode="bilinear", align="corners")
    assert one.window(four) == (InputSpan((0,), (0,), 0, beyond="nearest"),)


def test_corners_and_centres_blend_otherwise() -> None:
    x = np.arange(3.0).reshape(1, 1, 3)
    corners = Upsample(to=(5,), mode="bilinear", align="corners")
    assert forward(corners, {}, x).ravel().tolist() == [0.0, 0.5, 1.0, 1.5, 2.0]
    centres = forward(Upsample(to=(6,), mode="bilinear"), {}, x).ravel().tolist()
    assert centres == [0.0, 0.25, 0.75, 1.25, 1.75, 2.0]


def test_crop_after_an_offset(refusal: Refusal) -> None:
    layer = Crop(to=(4, 6), offset=(3, 2))
    assert refusal(layer, SHAPE) is None
    assert layer.output(SHAPE) == Map((4, 6), 6)
    assert layer.window(SHAPE) == (InputSpan((3,), (3,), 1), InputSpan((2,), (2,), 1))
    assert layer.configuration() == "to 4x6 after 3x2"


def test_channel_shuffle(refusal: Refusal) -> None:
    assert ChannelShuffle(groups=3).output(SHAPE) == SHAPE
    assert ChannelShuffle(groups=3).window(SHAPE) is None
    assert refusal(ChannelShuffle(groups=3), SHAPE) is None
    error = refusal(ChannelShuffle(groups=4), SHAPE)
    assert error is not None
    assert (error.code, error.field) == ("E205", "groups")
    assert error.message == "6 input channels cannot be split into 4 groups"


@pytest.mark.parametrize(
    ("layer", "code", "field", "message"),
    [
        (
            Crop(crop=Padding(((0, 0), (5, 6)))),
            "E210",
            "crop",
            "taking away 5 and 6 leaves nothing of a side of 11",
        ),
        (Crop(to=(8,)), "E204", "to", "8 rows cannot be cut out of a side of 7"),
        (
            Crop(to=(5,), offset=(3,)),
            "E204",
            "to",
            "5 rows cannot be cut out of a side of 7 after the first 3",
        ),
        (
            Crop(crop=Padding(((1, 1),)), offset=(3,)),
            "E203",
            "offset",
            "crop takes an `offset` only with `to` or `like`",
        ),
        (
            Upsample(factor=(2,), to=(5,)),
            "E203",
            "to",
            "upsample takes `factor` or `to`, but not both",
        ),
        (
            Upsample(align="corners"),
            "E203",
            "align",
            "upsample aligns corners only where it blends",
        ),
        (
            Upsample(factor=(Rational(1, 8), 1)),
            "E210",
            "factor",
            "nothing is left of a side of 7",
        ),
        (Crop(), "E113", "", "crop needs the field `crop`, `to` or `like`"),
        (
            Crop(crop=Padding(((1, 1),)), to=(5,)),
            "E203",
            "to",
            "crop takes `crop` or `to`, but not both",
        ),
        (
            Crop(crop=Padding(((1, 1),) * 3)),
            "E202",
            "crop",
            "crop gives 3 sizes, but the input has 2 sides",
        ),
        (Crop(to=(1, 2, 3)), "E202", "to", "to gives 3 sizes, but the input has 2 sides"),
        (
            PadLayer(pad=Padding(((1, 1),) * 3)),
            "E202",
            "pad",
            "pad gives 3 sizes, but the input has 2 sides",
        ),
        (
            Upsample(factor=(1, 2, 3)),
            "E202",
            "factor",
            "factor gives 3 sizes, but the input has 2 sides",
        ),
    ],
)
def test_what_is_refused(
    layer: Layer, code: str, field: str, message: str, refusal: Refusal
) -> None:
    error = refusal(layer, SHAPE)
    assert error is not None
    assert (error.code, error.field, error.message) == (code, field, message)
    assert error.hint


@pytest.mark.parametrize("factor", ["1.5", "0.5", "[1.5, 2]", "0.3", "33.5"])
def test_a_factor_that_is_no_whole_number_is_run_and_gone_back_through(factor: str) -> None:
    report = summarize(loads(f"input: 8x10x2\nlayers: [upsample: {factor}]\n"))
    assert verify(report, gradients=True).disagreements == []
    text = explain(report, "upsample1", of="gradient").render("text")
    assert "give the same" in " ".join(text.split())

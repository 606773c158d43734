"""Convolutions, by hand and against the papers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shapecalc.layers.base import Parameter, Work
from shapecalc.layers.conv import Conv
from shapecalc.layers.depthwise import Depthwise, Separable
from shapecalc.layers.fields import Padding
from shapecalc.layers.shape import Map
from shapecalc.layers.transposed import Transposed

if TYPE_CHECKING:
    from conftest import Refusal

    from shapecalc.layers.base import Layer

#: LeNet's C3 (LeCun et al. 1998, table I): the maps of S2 that each of the 16 maps sees.
TABLE_I = (
    (0, 1, 2), (1, 2, 3), (2, 3, 4), (3, 4, 5), (0, 4, 5), (0, 1, 5),
    (0, 1, 2, 3), (1, 2, 3, 4), (2, 3, 4, 5), (0, 3, 4, 5), (0, 1, 4, 5), (0, 1, 2, 5),
    (0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5),
    (0, 1, 2, 3, 4, 5),
)  # fmt: skip


def both(size: int) -> Padding:
    return Padding(((size, size),))


def params(layer: Layer, shape: Map) -> int:
    return sum(each.size for each in layer.weights(shape))


def test_alexnets_conv1() -> None:
    # Krizhevsky et al. 2012 as taught: 227x227x3, 96 kernels of 11x11, stride 4.
    conv, shape = Conv(filters=96, kernel=(11,), stride=(4,)), Map((227, 227), 3)
    assert conv.output(shape) == Map((55, 55), 96)
    assert params(conv, shape) == 34_944
    assert conv.work((shape,), Map((55, 55), 96)) == Work(macs=105_415_200, bias_adds=290_400)


def test_alexnets_conv2_in_two_groups() -> None:
    conv, shape = Conv(filters=256, kernel=(5,), pad=both(2), groups=2), Map((27, 27), 96)
    assert conv.output(shape) == Map((27, 27), 256)
    assert conv.weights(shape)[0] == Parameter("weight", (256, 48, 5, 5))
    assert params(conv, shape) == 307_456
    assert conv.work((shape,), Map((27, 27), 256)).macs == 223_948_800


def test_lenets_c1() -> None:
    conv, shape = Conv(filters=6, kernel=(5,)), Map((32, 32), 1)
    assert conv.output(shape) == Map((28, 28), 6)
    assert params(conv, shape) == 156
    assert conv.connected((shape,), Map((28, 28), 6)) == 122_304


def test_lenets_c3_sees_part_of_the_maps() -> None:
    conv, shape = Conv(filters=16, kernel=(5,), connections=TABLE_I), Map((14, 14), 6)
    assert conv.output(shape) == Map((10, 10), 16)
    assert params(conv, shape) == 1_516
    assert conv.connected((shape,), Map((10, 10), 16)) == 151_600
    assert conv.configuration() == "16 5x5, 60 connected pairs"


def test_every_side_by_itself() -> None:
    conv = Conv(
        filters=5, kernel=(3, 2), stride=(2, 3), pad=Padding(((1, 0), (0, 2))), dilation=(1, 2)
    )
    shape = Map((7, 11), 2)
    assert conv.output(shape) == Map((3, 4), 5)  # (7 + 1 - 3)/2 + 1, (11 + 2 - 3)/3 + 1
    assert conv.weights(shape) == (
        Parameter("weight", (5, 2, 3, 2)),
        Parameter("bias", (5,), "bias"),
    )
    assert conv.work((shape,), Map((3, 4), 5)) == Work(macs=720, bias_adds=60)
    assert conv.configuration() == "5 3x2 /2x3, pad (1,0)x(0,2), dilation 1x2"


def test_one_side() -> None:
    conv, shape = Conv(filters=3, kernel=(5,), stride=(2,), bias=False), Map((13,), 2)
    assert conv.output(shape) == Map((5,), 3)
    assert conv.weights(shape) == (Parameter("weight", (3, 2, 5)),)
    assert conv.work((shape,), Map((5,), 3)) == Work(macs=150)


def test_three_sides() -> None:
    conv, shape = Conv(filters=3, kernel=(2, 3, 4)), Map((5, 7, 11), 2)
    assert conv.output(shape) == Map((4, 5, 8), 3)
    assert conv.work((shape,), Map((4, 5, 8), 3)) == Work(macs=23_040, bias_adds=480)


def test_an_untied_bias() -> None:
    conv, shape = Conv(filters=7, kernel=(1,), bias="per_position"), Map((3, 5), 2)
    assert conv.weights(shape)[1] == Parameter("bias", (7, 3, 5), "bias")
    assert conv.work((shape,), Map((3, 5), 7)).bias_adds == 105


def test_the_smallest() -> None:
    conv, shape = Conv(filters=1, kernel=(1,), bias=False), Map((1, 1), 1)
    assert conv.output(shape) == Map((1, 1), 1)
    assert conv.work((shape,), Map((1, 1), 1)) == Work(macs=1)


def test_depthwise() -> None:
    layer, shape = Depthwise(kernel=(3, 2), multiplier=2), Map((7, 11), 5)
    assert layer.output(shape) == Map((5, 10), 10)
    assert layer.weights(shape) == (
        Parameter("weight", (10, 1, 3, 2)),
        Parameter("bias", (10,), "bias"),
    )
    assert layer.work((shape,), Map((5, 10), 10)) == Work(macs=3_000, bias_adds=500)


def test_separable_is_googlenets_stem_as_trained() -> None:
    layer = Separable(filters=64, kernel=(7,), stride=(2,), pad=both(3), multiplier=8)
    shape = Map((224, 224), 3)
    assert layer.output(shape) == Map((112, 112), 64)
    assert layer.weights(shape) == (
        Parameter("depthwise.weight", (24, 1, 7, 7)),
        Parameter("pointwise.weight", (64, 24, 1, 1)),
        Parameter("bias", (64,), "bias"),
    )
    assert layer.work((shape,), Map((112, 112), 64)).macs == 34_019_328


@pytest.mark.parametrize(
    ("n", "kernel", "stride", "pad", "expected"),
    [
        (4, 4, 2, 1, 8),
        (1, 4, 1, 0, 4),  # DCGAN's first
        (16, 64, 32, 0, 544),  # FCN-32s
        (16, 4, 2, 0, 34),  # FCN-16s
    ],
)
def test_transposed_sizes(n: int, kernel: int, stride: int, pad: int, expected: int) -> None:
    layer = Transposed(filters=2, kernel=(kernel,), stride=(stride,), pad=both(pad))
    assert layer.output(Map((n, n), 3)) == Map((expected, expected), 2)


def test_transposed_work_counts_input_positions() -> None:
    layer, shape = Transposed(filters=2, kernel=(3, 2), stride=(2,)), Map((4, 5), 3)
    assert layer.output(shape) == Map((9, 10), 2)
    assert layer.weights(shape) == (
        Parameter("weight", (3, 2, 3, 2)),
        Parameter("bias", (2,), "bias"),
    )
    assert layer.work((shape,), Map((9, 10), 2)) == Work(macs=720, bias_adds=180)


def test_transposed_in_groups_with_output_padding() -> None:
    layer = Transposed(
        filters=6,
        kernel=(3,),
        stride=(2,),
        pad=both(1),
        groups=2,
        output_padding=(1, 0),
        bias=False,
    )
    shape = Map((4, 5), 8)
    assert layer.output(shape) == Map((8, 9), 6)
    assert layer.weights(shape) == (Parameter("weight", (8, 3, 3, 3)),)
    assert layer.configuration() == "6 3x3 /2, pad 1, output padding 1x0, groups 2"


REFUSED: list[tuple[Layer, str, str, str]] = [
    (
        Conv(filters=64, kernel=(7,)),
        "E204",
        "kernel",
        "a 7-high window does not fit an input 5 high with padding 0",
    ),
    (
        Conv(filters=64, kernel=(1, 7), pad=Padding(((0, 0), (0, 1))), dilation=(3,)),
        "E204",
        "kernel",
        (
            "a 19-wide window (kernel 7, dilation 3) does not fit an input 11 wide"
            " with padding 0 and 1"
        ),
    ),
    (
        Conv(filters=64, kernel=(1, 1, 1)),
        "E202",
        "kernel",
        "kernel gives 3 sizes, but the input has 2 sides",
    ),
    (
        Conv(filters=64, kernel=(1,), pad=Padding(((0, 0),) * 3)),
        "E202",
        "pad",
        "pad gives 3 sizes, but the input has 2 sides",
    ),
    (
        Conv(filters=64, kernel=(1,), groups=3),
        "E205",
        "groups",
        "64 filters cannot be split into 3 groups",
    ),
    (
        Conv(filters=64, kernel=(1,), groups=4),
        "E205",
        "groups",
        "6 input channels cannot be split into 4 groups",
    ),
    (
        Conv(filters=3, kernel=(1,), connections=((0, 1), (2,))),
        "E208",
        "connections",
        "the table lists 2 output maps for 3 filters",
    ),
    (
        Conv(filters=2, kernel=(1,), connections=((0, 1), (6,))),
        "E208",
        "connections",
        "the table names input map 6, but only 0 to 5 flow in",
    ),
    (
        Transposed(filters=2, kernel=(1,), pad=both(6)),
        "E204",
        "pad",
        "the padding cuts away the whole output of a side of 5",
    ),
    (
        Transposed(filters=2, kernel=(3,), stride=(2,), output_padding=(2,)),
        "E203",
        "output_padding",
        "output_padding 2 is too large for stride 2",
    ),
    (
        Transposed(filters=2, kernel=(3,), groups=4),
        "E205",
        "groups",
        "2 filters cannot be split into 4 groups",
    ),
]


@pytest.mark.parametrize(("layer", "code", "field", "message"), REFUSED)
def test_what_is_refused(
    layer: Layer, code: str, field: str, message: str, refusal: Refusal
) -> None:
    error = refusal(layer, Map((5, 11), 6))
    assert error is not None
    assert (error.code, error.field, error.message) == (code, field, message)
    assert error.hint


def test_the_rule_shows_the_numbers(refusal: Refusal) -> None:
    error = refusal(Conv(filters=64, kernel=(7,)), Map((5, 11), 6))
    assert error is not None
    assert error.rule == "floor((5 + 2*0 - 7)/1) + 1 = -1"
    assert error.hint == "use kernel <= 5, or pad >= 1"

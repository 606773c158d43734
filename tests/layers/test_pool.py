"""Pools, by hand and against LeNet's paper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from shapecalc.layers.base import Parameter
from shapecalc.layers.fields import Padding
from shapecalc.layers.pool import AvgPool, MaxPool, Subsampling
from shapecalc.layers.shape import Map
from shapecalc.layers.work import Work

if TYPE_CHECKING:
    from conftest import Refusal

pools = pytest.mark.parametrize("pool", [MaxPool, AvgPool, Subsampling])


@pools
def test_windows_lie_side_by_side_by_default(pool: type[MaxPool]) -> None:
    assert pool().output(Map((28, 14), 6)) == Map((14, 7), 6)
    assert pool(kernel=(2, 3)).output(Map((8, 9), 5)) == Map((4, 3), 5)
    assert pool(kernel=(2, 3), stride=(1,)).output(Map((8, 9), 5)) == Map((7, 7), 5)


@pools
def test_one_and_three_sides(pool: type[MaxPool]) -> None:
    assert pool(kernel=(3,), stride=(2,)).output(Map((13,), 5)) == Map((6,), 5)
    assert pool(kernel=(2, 3, 5)).output(Map((7, 11, 13), 2)) == Map((3, 3, 2), 2)
    assert pool(kernel=(1,)).output(Map((1, 1), 1)) == Map((1, 1), 1)


@pytest.mark.parametrize(
    ("n", "rounding", "pad", "expected"),
    [
        (55, "floor", 0, 27),  # AlexNet: exact, so all agree
        (55, "ceil", 0, 27),
        (112, "floor", 0, 55),  # GoogLeNet needs ceil for 56
        (112, "ceil", 0, 56),
        (112, "ceil_caffe", 0, 56),
        (112, "ceil_full", 0, 56),
        (112, "floor", 1, 56),  # ResNet
        (112, "ceil_caffe", 1, 57),  # Caffe with pad 1, netscope issue #25
        (110, "ceil", 0, 55),  # ZFNet
    ],
)
def test_three_by_three_stride_2(n: int, rounding: Any, pad: int, expected: int) -> None:
    pool = MaxPool(kernel=(3,), stride=(2,), pad=Padding(((pad, pad),)), rounding=rounding)
    assert pool.output(Map((n,), 3)) == Map((expected,), 3)


def test_an_asymmetric_pad_is_the_one_rule_of_same() -> None:
    given = MaxPool(kernel=(3,), stride=(2,), pad=Padding(((0, 1), (1, 1))))
    same = MaxPool(kernel=(3,), stride=(2,), pad=Padding(((0, 0),), "same"))
    assert given.output(Map((112, 55), 3)) == Map((56, 28), 3)
    assert same.output(Map((112, 55), 3)) == Map((56, 28), 3)


def test_maxpool_compares_every_element_of_every_window() -> None:
    pool, shape = MaxPool(kernel=(3, 2), stride=(2,)), Map((7, 11), 5)
    assert pool.output(shape) == Map((3, 5), 5)
    assert pool.work((shape,), Map((3, 5), 5)) == Work(compares=450)  # 6 x 75
    assert pool.connected((shape,), Map((3, 5), 5)) == 450
    assert pool.weights(shape) == ()


def test_avgpool_adds_and_divides() -> None:
    pool, shape = AvgPool(kernel=(3, 2), stride=(2,)), Map((7, 11), 5)
    assert pool.work((shape,), Map((3, 5), 5)) == Work(adds=450, divisions=75)
    exclusive = AvgPool(kernel=(3, 2), stride=(2,), count_include_pad=False)
    assert exclusive.output(shape) == Map((3, 5), 5)
    assert exclusive != pool


def test_googlenets_auxiliary_pool() -> None:
    assert AvgPool(kernel=(5,), stride=(3,)).output(Map((14, 14), 512)) == Map((4, 4), 512)


def test_lenets_s2() -> None:
    # LeCun et al. 1998, II.B: 12 trainable parameters and 5,880 connections.
    layer, shape, output = Subsampling(), Map((28, 28), 6), Map((14, 14), 6)
    assert layer.output(shape) == output
    assert layer.weights(shape) == (
        Parameter("weight", (6,)),
        Parameter("bias", (6,), "bias"),
    )
    assert layer.connected((shape,), output) == 5_880
    assert layer.work((shape,), output) == Work(macs=1_176, bias_adds=1_176, adds=4_704)


def test_lenets_s4() -> None:
    # The same: 32 and 2,000.
    layer, shape, output = Subsampling(), Map((10, 10), 16), Map((5, 5), 16)
    assert sum(each.size for each in layer.weights(shape)) == 32
    assert layer.connected((shape,), output) == 2_000


@pools
def test_a_window_must_fit(pool: type[MaxPool], refusal: Refusal) -> None:
    error = refusal(pool(kernel=(7,)), Map((5, 11), 3))
    assert error is not None
    assert (error.code, error.field) == ("E204", "kernel")
    assert error.message == "a 7-high window does not fit an input 5 high with padding 0"
    assert error.rule == "floor((5 + 2*0 - 7)/7) + 1 = 0"


@pools
def test_no_window_may_see_padding_only(pool: type[MaxPool], refusal: Refusal) -> None:
    error = refusal(pool(kernel=(2,), pad=Padding(((0, 2), (0, 0)))), Map((5, 11), 3))
    assert error is not None
    assert (error.code, error.field) == ("E203", "pad")
    assert error.message == "with padding 2 a window that covers 2 would see padding only"
    assert error.hint == "use pad <= 1"
    spread = pool(kernel=(2,), pad=Padding(((0, 2), (0, 0))), dilation=(2,))
    assert refusal(spread, Map((5, 11), 3)) is None


def test_the_sides_must_match(refusal: Refusal) -> None:
    for layer, field in (
        (MaxPool(kernel=(2, 2, 2)), "kernel"),
        (MaxPool(stride=(2, 2, 2)), "stride"),
        (MaxPool(dilation=(2, 2, 2)), "dilation"),
        (MaxPool(pad=Padding(((1, 1),) * 3)), "pad"),
    ):
        error = refusal(layer, Map((5, 11), 3))
        assert error is not None
        assert (error.code, error.field) == ("E202", field)


def test_labels() -> None:
    assert MaxPool(kernel=(3, 2), stride=(2,), rounding="ceil").does() == "3x2 /2, ceil"
    assert AvgPool(kernel=(7,)).does() == "7x7 /7"
    assert Subsampling().does() == "2x2 /2"

"""Pools, by hand and against LeNet's paper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from shapecalc.layers.base import Parameter, Work
from shapecalc.layers.fields import Padding
from shapecalc.layers.pool import AvgPool, BlurPool, MaxPool, Subsampling
from shapecalc.layers.shape import Map
from shapecalc.reference.layer import backward, forward, random_arrays

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
    assert MaxPool(kernel=(3, 2), stride=(2,), rounding="ceil").configuration() == "3x2 /2, ceil"
    assert AvgPool(kernel=(7,)).configuration() == "7x7 /7"
    assert Subsampling().configuration() == "2x2 /2"


# -- blurpool -----------------------------------------------------------------------------------


def test_a_blurpool_halves_every_side_whatever_its_filter() -> None:
    """The sizes of the author's code: padding of (k - 1)/2, rounded down before, up after."""
    for kernel in range(1, 8):
        assert BlurPool(kernel=(kernel,)).output(Map((13, 8), 5)) == Map((7, 4), 5)
    assert BlurPool(kernel=(2, 5), stride=(3, 1)).output(Map((7, 11), 2)) == Map((3, 11), 2)
    assert BlurPool().output(Map((9,), 2)) == Map((5,), 2)
    assert BlurPool().configuration() == "3x3 /2, pad 1"


def test_a_blurpool_owns_a_filter_for_every_channel_and_trains_nothing() -> None:
    pool, shape = BlurPool(kernel=(3, 5)), Map((7, 11), 2)
    assert pool.weights(shape) == (Parameter("filt", (2, 1, 3, 5), "buffer"),)
    output = pool.output(shape)
    assert output == Map((4, 6), 2)
    taps = 3 * 5 * 4 * 6 * 2
    assert pool.work((shape,), output) == Work(multiplies=taps, adds=taps)
    assert pool.connected((shape,), output) == taps
    assert not pool.weighted


def test_a_blurpool_by_hand() -> None:
    """0 4 8 12, mirrored to 4 | 0 4 8 12 | 8: (4 + 2*0 + 4)/4 and (4 + 2*8 + 12)/4."""
    x = np.array([[[0.0, 4, 8, 12]]])
    pool = BlurPool()
    arrays = random_arrays(pool, x, random=np.random.default_rng(0))
    assert arrays["filt"].tolist() == [[[0.25, 0.5, 0.25]]]
    y = forward(pool, arrays, x)
    assert y.tolist() == [[[2, 8]]]
    back = backward(pool, arrays, (x,), y, np.array([[[4.0, 8]]]))
    assert back.inputs[0].tolist() == [[[2, 1 + 1 + 2, 4, 2]]]
    assert back.arrays == {}


def test_an_even_filter_looks_one_element_further_at_the_end() -> None:
    """0 4 8, mirrored to 0 4 8 | 4: the means of 0 4, of 4 8 and of 8 4."""
    x, pool = np.array([[[0.0, 4, 8]]]), BlurPool(kernel=(2,), stride=(1,))
    arrays = random_arrays(pool, x, random=np.random.default_rng(0))
    assert forward(pool, arrays, x).tolist() == [[[2, 6, 6]]]


def test_a_filter_is_pascal_s_triangle() -> None:
    rows = [[1], [1, 1], [1, 2, 1], [1, 3, 3, 1], [1, 4, 6, 4, 1]]
    for row in rows:
        pool, x = BlurPool(kernel=(len(row),)), np.zeros((1, 2, 9, 9))
        (filt,) = random_arrays(pool, x, random=np.random.default_rng(0)).values()
        assert (filt == np.outer(row, row) / 4 ** (len(row) - 1)).all()


def test_what_is_too_small_to_be_mirrored_is_refused(refusal: Refusal) -> None:
    assert refusal(BlurPool(kernel=(5,)), Map((3, 7), 2)) is None
    error = refusal(BlurPool(kernel=(5,)), Map((2, 7), 2))
    assert error is not None
    assert (error.code, error.field, error.hint) == ("E204", "kernel", "use kernel <= 3")
    assert error.message == "an input of 2 has no 2 elements to mirror beside its last one"


def _blur_twin(layer: Any, x: Any) -> Any:
    """Do what the author's module does: pad by reflection, and weigh every channel's windows."""
    from math import comb

    import torch
    from torch.nn import functional

    rank = x.ndim - 2
    if not rank:
        raise ValueError("no sides")
    kernel, stride = (
        each * rank if len(each) == 1 else each for each in (layer.kernel, layer.stride)
    )
    if len(kernel) != rank or len(stride) != rank:
        raise ValueError("values for another number of sides")
    ends = [end for k in reversed(kernel) for end in ((k - 1) // 2, k // 2)]
    made = torch.nn.Module()
    rows = [torch.tensor([comb(k - 1, tap) / 2 ** (k - 1) for tap in range(k)]) for k in kernel]
    filt = rows[0]
    for row in rows[1:]:
        filt = filt[..., None] * row
    made.register_buffer("filt", filt.expand(x.shape[1], 1, *kernel).clone())

    def forward(x: Any) -> Any:
        view = functional.pad(x, ends, mode="reflect")
        for axis, (k, s) in enumerate(zip(kernel, stride, strict=True), 2):
            view = view.unfold(axis, k, s)
        weighed = view * made.filt.reshape(-1, *(1,) * rank, *kernel)
        return weighed.flatten(-rank).sum(-1)

    made.forward = forward
    return made


#: PyTorch has no such class.
TWINS = {"blurpool": _blur_twin}

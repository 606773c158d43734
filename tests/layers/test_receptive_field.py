"""What a unit sees: published receptive fields, and every reach against enumerated taps."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, TypeAlias

import pytest

from shapecalc.layers.conv import Conv
from shapecalc.layers.dense import Dense
from shapecalc.layers.depthwise import Depthwise, Separable
from shapecalc.layers.fields import Padding
from shapecalc.layers.globalpool import AdaptiveAvgPool, GlobalAvgPool
from shapecalc.layers.pool import AvgPool, MaxPool, Subsampling
from shapecalc.layers.reshape import Crop, PadLayer, Upsample
from shapecalc.layers.transposed import Transposed
from shapecalc.shape import Map, Shape
from shapecalc.window import Field, Reach, look_back, look_back_both

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from shapecalc.layers.base import Layer


def both(size: int) -> Padding:
    return Padding(((size, size),))


def fields(shape: Shape, layers: Iterable[Layer]) -> list[tuple[int, int]]:
    """Return the size and the jump of every layer's receptive field, along the first side."""
    seen, found = Field(0, 0, 1), []
    for layer in layers:
        if window := layer.window(shape):
            seen = look_back(seen, window[0])
        shape = layer.output(shape)
        found.append((seen.size, int(seen.jump)))
    return found


def conv(kernel: int, stride: int = 1, pad: int = 0) -> Conv:
    return Conv(filters=2, kernel=(kernel,), stride=(stride,), pad=both(pad))


def pool(kernel: int, stride: int, pad: int = 0) -> MaxPool:
    return MaxPool(kernel=(kernel,), stride=(stride,), pad=both(pad))


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
    window = conv(7, 2, 3).window(Map((224, 224), 3))
    assert look_back(Field(0, 0, 1), window[0]) == Field(-3, 3, 2)
    same = Conv(filters=2, kernel=(7,), stride=(2,), pad=Padding(((0, 0),), "same"))
    assert look_back(Field(0, 0, 1), same.window(Map((224, 224), 3))[0]) == Field(-2, 4, 2)


def test_branches_see_what_either_sees() -> None:
    assert look_back_both(Field(-1, 1, 2), Field(-3, 3, 2)) == Field(-3, 3, 2)


def test_every_side_has_its_own_reach() -> None:
    shape = Map((7, 11), 2)
    kernel, stride, pad = (3, 2), (2, 3), Padding(((1, 0), (0, 2)))
    expected = (Reach(2, 1, 1), Reach(3, 0, 1))
    for layer in (
        Conv(filters=5, kernel=kernel, stride=stride, pad=pad),
        Depthwise(kernel=kernel, stride=stride, pad=pad),
        Separable(filters=5, kernel=kernel, stride=stride, pad=pad),
        MaxPool(kernel=kernel, stride=stride, pad=pad),
        AvgPool(kernel=kernel, stride=stride, pad=pad),
    ):
        assert layer.window(shape) == expected


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
def test_the_reach_is_as_long_as_the_longest_row_of_taps(name: str) -> None:
    layer, taps = CASES[name]
    shape = Map((N,), 1)
    (step,) = layer.window(shape) or (Reach(1, 0, 0),)
    spans = [
        max(seen) - min(seen) for u in range(layer.output(shape).sides[0]) if (seen := taps(u))
    ]
    assert int((step.before + step.after) // 1) == max(spans)


@pytest.mark.parametrize("name", [name for name in CASES if not name.startswith("adaptive")])
def test_no_tap_is_out_of_reach(name: str) -> None:
    layer, taps = CASES[name]
    shape = Map((N,), 1)
    (step,) = layer.window(shape) or (Reach(1, 0, 0),)
    units = range(layer.output(shape).sides[0])
    firsts = [u * step.stride - min(seen) for u in units if (seen := taps(u))]
    lasts = [max(seen) - u * step.stride for u in units if (seen := taps(u))]
    assert max(firsts) <= step.before
    assert max(lasts) <= step.after


def test_fields_through_upsampling() -> None:
    # A 3-wide convolution over repeated pairs sees 2 pixels, wherever it stands.
    shape = Map((8, 9), 1)
    up = Upsample()
    seen = look_back(Field(0, 0, 1), up.window(shape)[0])
    seen = look_back(seen, conv(3).window(up.output(shape))[0])
    assert (seen.size, seen.jump) == (2, Fraction(1, 2))

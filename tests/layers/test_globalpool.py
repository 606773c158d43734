"""Global and adaptive pools."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shapecalc.layers.base import Work
from shapecalc.layers.globalpool import (
    AdaptiveAvgPool,
    AdaptiveMaxPool,
    GlobalAvgPool,
    GlobalMaxPool,
)
from shapecalc.layers.shape import Map
from shapecalc.layers.window import EVERYTHING, InputSpan

if TYPE_CHECKING:
    from conftest import Refusal


@pytest.mark.parametrize("pool", [GlobalAvgPool, GlobalMaxPool])
def test_one_unit_a_channel(pool: type[GlobalAvgPool]) -> None:
    layer = pool()
    assert layer.output(Map((7, 5), 3)) == Map((1, 1), 3)
    assert layer.output(Map((7,), 3)) == Map((1,), 3)
    assert layer.output(Map((7, 5, 2), 3)) == Map((1, 1, 1), 3)
    assert layer.connected((Map((7, 5), 3),), Map((1, 1), 3)) == 105
    assert layer.window(Map((7, 5), 3)) == (EVERYTHING,)
    assert layer.weights(Map((7, 5), 3)) == ()


def test_global_work() -> None:
    shape, output = Map((7, 5), 3), Map((1, 1), 3)
    assert GlobalAvgPool().work((shape,), output) == Work(adds=105, divisions=3)
    assert GlobalMaxPool().work((shape,), output) == Work(compares=105)


def test_adaptive_work_by_hand() -> None:
    # 13 to 6: six windows of 3 (PyTorch); 7 to 2: 0-4 and 3-7; so 18 x 8 elements per channel.
    shape, output = Map((13, 7), 3), Map((6, 2), 3)
    layer = AdaptiveAvgPool(size=(6, 2))
    assert layer.output(shape) == output
    assert layer.work((shape,), output) == Work(adds=432, divisions=36)
    assert AdaptiveMaxPool(size=(6, 2)).work((shape,), output) == Work(compares=432)
    assert layer.connected((shape,), output) == 432
    assert layer.configuration() == "to 6x2"


def test_adaptive_windows_by_hand() -> None:
    layer = AdaptiveAvgPool(size=(6, 1))
    reaches = layer.window(Map((13, 7), 3))
    assert reaches == (InputSpan((0, 2, 4, 6, 8, 10), (2, 4, 6, 8, 10, 12), 13), EVERYTHING)


def test_adaptive_output_may_be_larger() -> None:
    assert AdaptiveAvgPool(size=(7,)).output(Map((5, 3), 2)) == Map((7, 7), 2)


def test_adaptive_elements_and_windows_by_brute_force() -> None:
    for n in range(1, 31):
        for o in range(2, 31):
            begins = [i * n // o for i in range(o)]
            ends = [-(-(i + 1) * n // o) for i in range(o)]
            held = [end - begin for begin, end in zip(begins, ends, strict=True)]
            layer, shape = AdaptiveAvgPool(size=(o,)), Map((n,), 1)
            assert layer.connected((shape,), Map((o,), 1)) == sum(held)
            (step,) = layer.window(shape)
            turns = [divmod(i, len(step.lo)) for i in range(o)]
            assert begins == [step.lo[i] + turn * step.step for turn, i in turns]
            assert ends == [step.hi[i] + turn * step.step + 1 for turn, i in turns]


def test_sizes_must_match_the_sides(refusal: Refusal) -> None:
    error = refusal(AdaptiveAvgPool(size=(6, 2)), Map((7,), 3))
    assert error is not None
    assert (error.code, error.field) == ("E202", "size")
    assert error.message == "size gives 2 sizes, but the input has 1 side"

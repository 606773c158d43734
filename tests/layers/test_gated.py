"""Gated units, maxout and stochastic depth: counted by hand for a map of 2x3 with 8 channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from shapecalc.layers.activation import StochasticDepth
from shapecalc.layers.arithmetic import Hardtanh
from shapecalc.layers.base import NO_WORK, Work
from shapecalc.layers.gated import Gated, Geglu, Glu, Maxout, Swiglu
from shapecalc.layers.shape import Map, Vector
from shapecalc.reference.layer import forward
from tests.spec.support import output_of, report_of

if TYPE_CHECKING:
    from conftest import Refusal

SHAPE = Map((2, 3), 8)  # 24 output elements


@pytest.mark.parametrize(
    ("layer", "work"),
    [
        (Glu(), Work(multiplies=24, adds=24, divisions=24, exponentials=24)),
        (Geglu(), Work(multiplies=96, adds=24, exponentials=24)),
        (Swiglu(), Work(multiplies=24, adds=24, divisions=24, exponentials=24)),
    ],
)
def test_a_gated_unit_halves_the_channels(layer: Gated, work: Work, refusal: Refusal) -> None:
    assert layer.output(SHAPE) == Map((2, 3), 4)
    assert layer.output(Vector(10)) == Vector(5)
    assert layer.work((SHAPE,), Map((2, 3), 4)) == work
    assert layer.weights(SHAPE) == ()
    assert layer.window(SHAPE) is None
    error = refusal(layer, Map((2, 3), 7))
    assert error is not None
    assert (error.code, error.message) == ("E205", "7 input channels cannot be split into 2 halves")


def test_the_first_half_is_weighed_by_the_second() -> None:
    x = np.array([[3.0, -2.0, 0.0, np.log(3)]])
    np.testing.assert_allclose(forward(Glu(), {}, x), [[1.5, -1.5]])  # sigmoids 1/2, 3/4
    np.testing.assert_allclose(forward(Swiglu(), {}, x), [[0, -1.5 * np.log(3)]])
    assert forward(Geglu(), {}, x)[0, 0] == 0


def test_an_output_channel_sees_its_two() -> None:
    assert [Glu().mixes(SHAPE)[:3], Glu().mixes(SHAPE).every] == [((0,), (4,), 1), 4]


def test_maxout(refusal: Refusal) -> None:
    assert Maxout(pieces=4).output(SHAPE) == Map((2, 3), 2)
    assert Maxout().work((SHAPE,), Map((2, 3), 4)) == Work(compares=48)
    assert Maxout(pieces=4).mixes(SHAPE)[:3] == ((0,), (3,), 4)
    assert Maxout(pieces=3).does() == "3 pieces"
    x = np.array([[5.0, -7.0, 2.0, 1.0, 3.0, 4.0]])
    assert forward(Maxout(pieces=3), {}, x).tolist() == [[5.0, 4.0]]
    error = refusal(Maxout(pieces=3), SHAPE)
    assert error is not None
    assert (error.code, error.rule) == ("E205", "8 mod 3 = 2, must be 0")


def test_stochastic_depth_does_nothing_at_inference() -> None:
    layer = StochasticDepth(rate=0.25)
    assert (layer.does(), layer.output(SHAPE), layer.view) == ("0.25", SHAPE, True)
    assert layer.work((SHAPE,), SHAPE) == NO_WORK


def test_hardtanh_cuts_off() -> None:
    layer = Hardtanh()
    assert (layer.does(), Hardtanh(range=(-2.0, 0.5)).does()) == ("-1 to 1", "-2 to 0.5")
    assert layer.work((SHAPE,), SHAPE) == Work(compares=96)
    assert forward(layer, {}, np.array([[-3.0, 0.25, 4.0]])).tolist() == [[-1.0, 0.25, 1.0]]


def test_symbols() -> None:
    report = report_of("input: [T, 4*c]\nlet: {T: free, c: free}\nlayers: [swiglu, maxout: 2]\n")
    assert [output_of(report, name) for name in ("swiglu1", "maxout1")] == ["Tx2c", "Txc"]

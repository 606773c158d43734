"""Normalisation by the root mean square, counted by hand for 2x3 with 8 channels: 48 elements."""

from __future__ import annotations

import numpy as np

from shapecalc.layers.base import Parameter, Work
from shapecalc.layers.rmsnorm import RmsNorm
from shapecalc.layers.shape import Map, Vector
from shapecalc.layers.window import EVERYTHING
from shapecalc.reference.layer import forward

SHAPE = Map((2, 3), 8)


def test_rmsnorm() -> None:
    layer, bare = RmsNorm(), RmsNorm(scale=False)
    assert layer.output(SHAPE) == SHAPE
    assert layer.weights(SHAPE) == (Parameter("weight", (8,)),)
    assert layer.weights(Vector(7)) == (Parameter("weight", (7,)),)
    assert bare.weights(SHAPE) == ()
    assert layer.work((SHAPE,), SHAPE) == Work(
        multiplies=144, adds=54, divisions=12, exponentials=6
    )
    assert bare.work((SHAPE,), SHAPE).multiplies == 96
    assert (layer.window(SHAPE), layer.mixes(SHAPE)) == (None, EVERYTHING)
    assert (layer.does(), bare.does()) == ("", "no scale")


def test_the_mean_square_becomes_1() -> None:
    y = forward(RmsNorm(scale=False), {}, np.array([[3.0, 4.0]]))
    np.testing.assert_allclose(y, np.array([[3.0, 4.0]]) / 12.5**0.5, rtol=1e-5)
    scaled = forward(RmsNorm(), {"weight": np.array([2.0, -1.0])}, np.array([[3.0, 4.0]]))
    np.testing.assert_allclose(scaled, y * [2, -1])

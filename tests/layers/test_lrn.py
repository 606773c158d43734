"""Local response normalisation."""

from __future__ import annotations

import pytest

from shapecalc.layers.base import Work
from shapecalc.layers.lrn import Lrn
from shapecalc.layers.shape import Map, Shape, Vector


def test_the_defaults_are_pytorchs() -> None:
    layer = Lrn()
    assert (layer.size, layer.alpha, layer.beta, layer.k) == (5, 1e-4, 0.75, 1.0)
    assert layer.configuration() == "over 5 channels"


@pytest.mark.parametrize("shape", [Map((2, 3), 7), Map((6,), 7), Map((2, 1, 3), 7), Vector(42)])
def test_shape_and_work(shape: Shape) -> None:
    # 42 elements: square and scale, 3 squares and k to add up, a power, a division.
    layer = Lrn(size=3)
    assert layer.output(shape) == shape
    assert layer.weights(shape) == ()
    assert layer.window(shape) is None
    assert layer.connected((shape,), shape) is None
    work = Work(multiplies=84, adds=168, exponentials=42, divisions=42)
    assert layer.work((shape,), shape) == work

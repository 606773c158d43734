"""Activations: the operations of one element, times 30 elements."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shapecalc.layers.activation import (
    Dropout,
    Elu,
    Gelu,
    HardSigmoid,
    HardSwish,
    Identity,
    LeakyRelu,
    Mish,
    Pointwise,
    Prelu,
    Relu,
    Relu6,
    Sigmoid,
    Silu,
    Softmax,
    Softplus,
    Tanh,
)
from shapecalc.layers.base import NO_WORK, Parameter, Work
from shapecalc.layers.shape import Map, Vector
from shapecalc.layers.window import EVERYTHING, OWN

if TYPE_CHECKING:
    from conftest import Refusal

SHAPE = Map((2, 3), 5)


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (Relu(), Work(compares=30)),
        (Relu6(), Work(compares=60)),
        (LeakyRelu(), Work(compares=30, multiplies=30)),
        (Prelu(), Work(compares=30, multiplies=30)),
        (Elu(), Work(compares=30, exponentials=30, adds=30, multiplies=30)),
        (Gelu(), Work(multiplies=90, adds=30, exponentials=30)),
        (Silu(), Work(exponentials=30, adds=30, divisions=30)),
        (Sigmoid(), Work(exponentials=30, adds=30, divisions=30)),
        (HardSigmoid(), Work(compares=60, adds=30, divisions=30)),
        (HardSwish(), Work(compares=60, adds=30, divisions=30, multiplies=30)),
        (Tanh(), Work(exponentials=30)),
        (Softplus(), Work(exponentials=60, adds=30)),
        (Mish(), Work(exponentials=90, adds=30, multiplies=30)),
        (Softmax(), Work(compares=30, adds=60, exponentials=30, divisions=30)),
        (Softmax(over=("positions",)), Work(compares=30, adds=60, exponentials=30, divisions=30)),
        (Dropout(), NO_WORK),
        (Identity(), NO_WORK),
    ],
)
def test_work(layer: Pointwise, expected: Work) -> None:
    for shape in (SHAPE, Map((6,), 5), Map((1, 2, 3), 5)):
        assert layer.output(shape) == shape
        assert layer.work((shape,), shape) == expected
        whole = layer == Softmax(over=("positions",))
        assert layer.window(shape) == ((EVERYTHING,) * len(shape.sides) if whole else None)
        assert layer.connected((shape,), shape) is None


def test_the_help_states_the_cost() -> None:
    assert Relu.counts == "no parameters, no MACs; per element: compares 1"
    assert Dropout.counts == "no parameters, no MACs"
    assert Prelu.counts == (
        "weights = channels, or 1 when shared, no MACs; per element: multiplies 1, compares 1"
    )


def test_prelu_trains_its_slopes() -> None:
    assert Prelu().weights(SHAPE) == (Parameter("weight", (5,)),)
    assert Prelu().weights(Vector(7)) == (Parameter("weight", (7,)),)
    assert Prelu(shared=True).weights(SHAPE) == (Parameter("weight", (1,)),)
    assert LeakyRelu().weights(SHAPE) == ()


def test_defaults_and_labels() -> None:
    assert (LeakyRelu().slope, Elu().alpha, Dropout().rate) == (0.01, 1.0, 0.5)
    assert LeakyRelu(slope=0.2).configuration() == "slope 0.2"
    assert Elu().configuration() == "alpha 1"
    assert Prelu(shared=True).does() == "one slope"
    assert Softmax(over=("positions",)).does() == "over positions"
    assert Softmax().does() == Prelu().does() == Gelu().does() == ""


def test_softmax_over_any_axes(refusal: Refusal) -> None:
    """A map of 2x3 with 5 channels."""
    one, both = Softmax(over=("width",)), Softmax(over=(0, "channels"))
    assert one.window(SHAPE) == (OWN, EVERYTHING)
    assert one.mixes(SHAPE) == OWN
    assert both.window(SHAPE) == (EVERYTHING, OWN)
    assert both.mixes(SHAPE) == EVERYTHING
    assert one.does(SHAPE) == "over width"
    assert both.does(SHAPE) == "over height and channels"
    assert Softmax(over=(2,)).window(SHAPE) is None
    assert one.work((SHAPE,), SHAPE) == Softmax().work((SHAPE,), SHAPE)
    error = refusal(Softmax(over=("length",)), SHAPE)
    assert error is not None
    assert (error.code, error.field) == ("E201", "over")
    assert error.message == "there is no axis length in 2x3x5"


def test_softmax_over_positions_needs_positions(refusal: Refusal) -> None:
    assert refusal(Softmax(over=("positions",)), SHAPE) is None
    assert refusal(Softmax(), Vector(7)) is None
    error = refusal(Softmax(over=("positions",)), Vector(7))
    assert error is not None
    assert (error.code, error.field) == ("E201", "over")
    assert "needs sides" in error.message

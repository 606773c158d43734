"""Normalisations, counted by hand for a map of 2x3 with 8 channels: 48 elements."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shapecalc.layers.base import Parameter, Work
from shapecalc.layers.norm import BatchNorm, GroupNorm, InstanceNorm, LayerNorm, Norm
from shapecalc.layers.shape import Map, Vector
from shapecalc.layers.window import EVERYTHING

if TYPE_CHECKING:
    from conftest import Refusal

SHAPE = Map((2, 3), 8)
PER_CHANNEL = (Parameter("weight", (8,)), Parameter("bias", (8,), "bias"))
RUNNING = (
    Parameter("running_mean", (8,), "buffer"),
    Parameter("running_var", (8,), "buffer"),
)


@pytest.mark.parametrize(
    "layer", [BatchNorm(), LayerNorm(), LayerNorm(over="all"), GroupNorm(groups=4), InstanceNorm()]
)
def test_the_shape_stays(layer: Norm) -> None:
    assert layer.output(SHAPE) == SHAPE
    assert layer.connected((SHAPE,), SHAPE) is None


@pytest.mark.parametrize(
    ("layer", "whole"),
    [
        (BatchNorm(), False),
        (BatchNorm(statistics=False), True),
        (LayerNorm(), False),
        (LayerNorm(over="all"), True),
        (GroupNorm(groups=4), True),
        (InstanceNorm(), True),
    ],
)
def test_units_see_all_that_their_mean_is_taken_of(layer: Norm, whole: bool) -> None:
    assert layer.window(SHAPE) == ((EVERYTHING, EVERYTHING) if whole else None)
    if not isinstance(layer, InstanceNorm):
        assert layer.window(Vector(8)) is None


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (BatchNorm(), (*PER_CHANNEL, *RUNNING)),
        (BatchNorm(affine=False), RUNNING),
        (BatchNorm(statistics=False), PER_CHANNEL),
        (BatchNorm(affine=False, statistics=False), ()),
        (LayerNorm(), PER_CHANNEL),
        (
            LayerNorm(over="all"),
            (Parameter("weight", (8, 2, 3)), Parameter("bias", (8, 2, 3), "bias")),
        ),
        (LayerNorm(affine=False), ()),
        # Keras's scale=False and center=False, PyTorch's bias=False.
        (BatchNorm(scale=False), (PER_CHANNEL[1], *RUNNING)),
        (BatchNorm(shift=False), (PER_CHANNEL[0], *RUNNING)),
        (LayerNorm(shift=False), PER_CHANNEL[:1]),
        (GroupNorm(groups=4, scale=False), PER_CHANNEL[1:]),
        (InstanceNorm(scale=False, shift=False), ()),
        (BatchNorm(affine=False, scale=False), RUNNING),
        (GroupNorm(groups=4), PER_CHANNEL),
        (InstanceNorm(), PER_CHANNEL),
        (InstanceNorm(affine=False), ()),
    ],
)
def test_weights(layer: Norm, expected: tuple[Parameter, ...]) -> None:
    assert layer.weights(SHAPE) == expected


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        # At inference one scale and one shift.
        (BatchNorm(), Work(multiplies=48, adds=48)),
        (BatchNorm(affine=False), Work(multiplies=48, adds=48)),
        # Sets normalised together: 8 channels, 6 positions, the whole, 4 groups, 8 channels.
        (
            BatchNorm(statistics=False),
            Work(multiplies=144, adds=200, divisions=24, exponentials=8),
        ),
        (LayerNorm(), Work(multiplies=144, adds=198, divisions=18, exponentials=6)),
        (BatchNorm(scale=False), Work(multiplies=48, adds=48)),
        (LayerNorm(shift=False), Work(multiplies=144, adds=150, divisions=18, exponentials=6)),
        (LayerNorm(scale=False), Work(multiplies=96, adds=198, divisions=18, exponentials=6)),
        (LayerNorm(affine=False), Work(multiplies=96, adds=150, divisions=18, exponentials=6)),
        (LayerNorm(over="all"), Work(multiplies=144, adds=193, divisions=3, exponentials=1)),
        (GroupNorm(groups=4), Work(multiplies=144, adds=196, divisions=12, exponentials=4)),
        (InstanceNorm(), Work(multiplies=144, adds=200, divisions=24, exponentials=8)),
    ],
)
def test_work(layer: Norm, expected: Work) -> None:
    assert layer.work((SHAPE,), SHAPE) == expected


def test_of_a_vector() -> None:
    vector = Vector(48)
    assert BatchNorm().weights(vector)[2] == Parameter("running_mean", (48,), "buffer")
    work = Work(multiplies=144, adds=193, divisions=3, exponentials=1)
    for layer in (LayerNorm(), LayerNorm(over="all"), GroupNorm(groups=1)):
        assert layer.weights(vector)[0] == Parameter("weight", (48,))
        assert layer.work((vector,), vector) == work


def test_one_and_three_sides() -> None:
    assert LayerNorm().work((Map((5,), 3),), Map((5,), 3)).divisions == 15
    assert LayerNorm().work((Map((2, 3, 5), 7),), Map((2, 3, 5), 7)).divisions == 90


def test_groups_must_divide_the_channels(refusal: Refusal) -> None:
    assert refusal(GroupNorm(groups=4), SHAPE) is None
    assert GroupNorm().groups == 32  # Wu & He 2018
    error = refusal(GroupNorm(groups=3), SHAPE)
    assert error is not None
    assert (error.code, error.field) == ("E205", "groups")
    assert error.message == "8 input channels cannot be split into 3 groups"
    assert error.rule == "8 mod 3 = 2, must be 0"


def test_labels() -> None:
    assert BatchNorm().configuration() == ""
    assert LayerNorm(over="all").configuration() == "over all"
    assert GroupNorm(groups=4).configuration() == "4 groups"

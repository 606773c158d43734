"""Fully connected layers, by hand and against the papers."""

from __future__ import annotations

import pytest

from shapecalc.layers.base import Parameter, Work
from shapecalc.layers.dense import Dense, Rbf
from shapecalc.layers.shape import Map, Vector
from shapecalc.layers.window import EVERYTHING


def test_alexnets_fc6_flattens_by_itself() -> None:
    layer, shape = Dense(units=4096), Map((6, 6), 256)
    assert layer.output(shape) == Vector(4096)
    assert layer.weights(shape) == (
        Parameter("weight", (4096, 9216)),
        Parameter("bias", (4096,), "bias"),
    )
    assert layer.work((shape,), Vector(4096)) == Work(macs=37_748_736, bias_adds=4_096)


def test_lenets_f6() -> None:
    # LeCun et al. 1998, II.B: 10,164 trainable parameters.
    layer, shape = Dense(units=84), Vector(120)
    assert sum(each.size for each in layer.weights(shape)) == 10_164
    assert layer.connected((shape,), Vector(84)) == 10_164


def test_without_bias() -> None:
    layer, shape = Dense(units=10, bias=False), Map((2, 3), 5)
    assert layer.weights(shape) == (Parameter("weight", (10, 30)),)
    assert layer.work((shape,), Vector(10)) == Work(macs=300)
    assert layer.connected((shape,), Vector(10)) == 300


def test_one_unit_of_one_unit() -> None:
    assert Dense(units=1).work((Vector(1),), Vector(1)) == Work(macs=1, bias_adds=1)


@pytest.mark.parametrize("layer", [Dense(units=10), Rbf(units=10)])
def test_every_unit_sees_everything(layer: Dense | Rbf) -> None:
    for shape in (Map((7, 5), 3), Map((7, 5, 3), 2), Vector(105)):
        assert layer.window(shape) == (EVERYTHING,)


def test_lenets_output() -> None:
    # Ten fixed codes of 84 elements: 840 connections, nothing trained.
    layer, shape = Rbf(units=10), Vector(84)
    assert layer.output(shape) == Vector(10)
    assert layer.weights(shape) == (Parameter("codes", (10, 84), "buffer"),)
    assert layer.work((shape,), Vector(10)) == Work(multiplies=840, adds=1_680)
    assert layer.connected((shape,), Vector(10)) == 840
    assert layer.configuration() == "10"

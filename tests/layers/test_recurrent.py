"""Recurrent layers: a sequence of 7 steps with 3 channels, counted by hand for 5 units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from shapecalc import explain, loads
from shapecalc.algebra.expr import evaluate
from shapecalc.layers.base import SEES_ALL, Parameter, Work
from shapecalc.layers.recurrent import Gru, Lstm, Recurrent, Rnn
from shapecalc.layers.shape import Map, Vector
from shapecalc.layers.window import EVERYTHING, UP_TO_OWN
from shapecalc.reference.layer import forward
from tests.spec.support import codes_of, output_of, problems_of, report_of

if TYPE_CHECKING:
    from conftest import Refusal

SHAPE = Map((7,), 3)


@pytest.mark.parametrize(
    ("made", "work"),
    [
        # 5 x (3 + 5) x 7 a gate; 35 unit steps
        (Rnn, Work(macs=280, bias_adds=70, exponentials=35)),
        (
            Lstm,
            Work(
                macs=1120, bias_adds=280, multiplies=105, adds=140, divisions=105, exponentials=175
            ),
        ),
        (
            Gru,
            Work(macs=840, bias_adds=210, multiplies=105, adds=175, divisions=70, exponentials=105),
        ),
    ],
)
def test_work(made: type[Recurrent], work: Work) -> None:
    layer = made(units=5)
    assert layer.output(SHAPE) == Map((7,), 5)
    assert layer.work((SHAPE,), Map((7,), 5)) == work
    assert layer.connected((SHAPE,), Map((7,), 5)) == work.macs + work.bias_adds


def test_the_arrays_are_pytorch_s() -> None:
    assert Lstm(units=5).weights(SHAPE) == (
        Parameter("weight_ih_l0", (20, 3)),
        Parameter("weight_hh_l0", (20, 5)),
        Parameter("bias_ih_l0", (20,), "bias"),
        Parameter("bias_hh_l0", (20,), "bias"),
    )
    # two directions: 15 x (3 + 5), then 15 x (10 + 5), with 30 biases each
    sizes = [a.size for a in Gru(units=5, layers=2, bidirectional=True).weights(SHAPE)]
    assert sizes == [45, 75, 15, 15] * 2 + [150, 75, 15, 15] * 2


@pytest.mark.parametrize(("biases", "params"), [(2, 200), (1, 180), (0, 160)])
def test_biases(biases: int, params: int) -> None:
    layer = Lstm(units=5, biases=biases)
    assert sum(array.size for array in layer.weights(SHAPE)) == params
    assert layer.work((SHAPE,), Map((7,), 5)).bias_adds == 140 * biases


@pytest.mark.parametrize(
    ("fields", "output", "window"),
    [
        ({}, Map((7,), 5), (UP_TO_OWN,)),
        ({"bidirectional": True}, Map((7,), 10), (EVERYTHING,)),
        ({"returns": "last"}, Vector(5), SEES_ALL),
        ({"returns": "last", "bidirectional": True}, Vector(10), SEES_ALL),
        ({"layers": 3}, Map((7,), 5), (UP_TO_OWN,)),
    ],
)
def test_what_comes_out_and_what_it_sees(fields: dict[str, Any], output: Any, window: Any) -> None:
    layer = Rnn(units=5, **fields)
    assert layer.output(SHAPE) == output
    assert layer.window(SHAPE) == window
    assert layer.mixes(SHAPE) == EVERYTHING


def test_what_it_says_of_itself() -> None:
    assert Rnn(units=5).does() == "5"
    fields: dict[str, Any] = {"layers": 2, "bidirectional": True, "returns": "last", "biases": 1}
    assert Gru(units=5, **fields).does() == "5, layers 2, both directions, last step, biases 1"


def test_what_is_refused(refusal: Refusal) -> None:
    error = refusal(Lstm(units=5), Map((7, 9), 3))
    assert error is not None
    assert error.message == "lstm needs a sequence, length x channels, but 7x9x3 flows in"
    error = refusal(Lstm(units=5, biases=3), SHAPE)
    assert error is not None
    assert (error.code, error.field) == ("E114", "biases")


def test_a_unit_adds_up_its_past() -> None:
    arrays = {"weight_ih_l0": np.array([[1.0]]), "weight_hh_l0": np.array([[0.5]])}
    y = forward(Rnn(units=1, biases=0), arrays, np.array([[[1.0, 2.0]]]))
    first = np.tanh(1)
    np.testing.assert_allclose(y, [[[first, np.tanh(2 + first / 2)]]])


def test_a_gru_whose_update_gate_is_open_keeps_its_state() -> None:
    arrays = {"weight_ih_l0": np.zeros((3, 1)), "weight_hh_l0": np.zeros((3, 1))}
    arrays["bias_ih_l0"] = np.array([0.0, 0.0, 0.5])  # gates at 1/2
    y = forward(Gru(units=1, biases=1), arrays, np.zeros((1, 1, 2)))
    np.testing.assert_allclose(y[0, 0], np.tanh(0.5) * np.array([0.5, 0.75]))


def test_an_lstm_fills_its_cell() -> None:
    arrays = {"weight_ih_l0": np.zeros((4, 1)), "weight_hh_l0": np.zeros((4, 1))}
    arrays["bias_ih_l0"] = np.array([0.0, 0.0, 0.5, 0.0])
    y = forward(Lstm(units=1, biases=1), arrays, np.zeros((1, 1, 2)))
    cells = np.tanh(0.5) * np.array([0.5, 0.75])
    np.testing.assert_allclose(y[0, 0], np.tanh(cells) / 2)


def test_symbols() -> None:
    text = (
        "input: [T, d]\nlet: {T: free, d: free, u: free}\nlayers: [lstm: {units: u, layers: 2}]\n"
    )
    report = report_of(text)
    assert output_of(report, "lstm1") == "Txu"
    row = report["lstm1"]  # 20 x (3 + 5) + 20 x (5 + 5) weights, 80 biases, 7 steps
    values = {"T": 7, "d": 3, "u": 5}
    assert evaluate(row.params, values) == 440
    assert evaluate(row.work.macs, values) == 360 * 7


@pytest.mark.parametrize("topic", ["output", "params", "macs", "memory", "gradient"])
def test_it_is_explained(topic: str) -> None:
    text = "input: 7x3\nlayers: [gru: {units: 5, layers: 2, bidirectional: true}]\n"
    shown = explain(loads(text), "gru1", topic).render("text")
    assert {"params": "810", "macs": "4,830"}.get(topic, "gru1") in shown


@pytest.mark.parametrize("word", ["rnn", "lstm", "gru"])
def test_layers_without_end_are_refused(word: str) -> None:
    text = "input: 7x3\nlayers: [{}: {{units: 5, layers: {}}}]\n".format
    (problem,) = problems_of(text(word, 10**9))
    assert problem.message == f"{word}: layers must be at most 1,000, but is 1,000,000,000"
    assert codes_of(text(word, 1_001)) == ["E114"]
    assert len(report_of(text(word, 1_000))[f"{word}1"].parameters) == 4_000

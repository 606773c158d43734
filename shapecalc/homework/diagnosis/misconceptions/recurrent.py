"""Misconceptions about recurrent layers and embeddings, R1 to R10, as forums have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.algebra import known
from shapecalc.homework.diagnosis.misconceptions.model import (
    PARAMS,
    Case,
    CellExample,
    Misconception,
)
from shapecalc.homework.diagnosis.working import Factors
from shapecalc.layers.dense import Dense
from shapecalc.layers.embedding import Embedding
from shapecalc.layers.recurrent import Lstm, Recurrent

if TYPE_CHECKING:
    from collections.abc import Callable

_WITH_BIASES = ("params", "biases")
_LSTM = "input: 20x1\nlayers: [lstm: {units: 9, biases: 1, returns: last}]\n"
_GRU = "input: 200x16\nlayers: [gru: {units: 32, bidirectional: true, returns: last}]\n"
_KERAS = "input: 30x300\nlayers: [lstm: {units: 300, biases: 1, bidirectional: true}]\n"
_LSTM_DENSE = "input: 20x1\nlayers: [lstm: {units: 9, biases: 1, returns: last}, dense: 5]\n"
_RNN = "input: 20x1\nlayers: [rnn: {units: 4, biases: 1, returns: last}]\n"
_RNN_9 = "input: 10x9\nlayers: [rnn: {units: 4, biases: 1}]\n"
_WORDS = "input: 100\nlayers: [embedding: {entries: 92, size: 256}]\n"


class _RecurrentParts:
    """The arrays of a recurrent layer, added up by what they are for."""

    def __init__(self, case: Case, layer: Recurrent) -> None:
        rows, times = layer.gates * known(layer.units), layer.layers * layer.directions
        self.read = sum(rows * known(inputs) for _, inputs in layer.read(case.row.inputs[0]))
        self.carried = rows * known(layer.units) * times
        self.one_bias = rows * times
        counted = case.column == "params" and case.conventions.bias
        self.bias = self.one_bias * layer.biases if counted or case.column == "biases" else 0
        if case.column == "biases":
            self.read = self.carried = 0


def _recurrent(
    change: Callable[[_RecurrentParts, Recurrent, Case], tuple[int, int] | None],
) -> Callable[[Case, Factors], Factors | None]:
    """Make a rule of what becomes of a recurrent layer's weights and biases."""

    def rule(case: Case, right: Factors) -> Factors | None:
        layer = case.layer
        if not isinstance(layer, Recurrent):
            return None
        parts = _RecurrentParts(case, layer)
        changed = change(parts, layer, case)
        if changed is None or parts.read + parts.carried + parts.bias != right.value:
            return None
        weights, biases = changed
        return Factors(filters=(weights,) if weights else (), plus=(biases,) if biases else ())

    return rule


def _one_gate(parts: _RecurrentParts, layer: Recurrent, _: Case) -> tuple[int, int] | None:
    weights, gates = parts.read + parts.carried, layer.gates
    return (weights // gates, parts.bias // gates) if gates > 1 else None


def _three_gates(parts: _RecurrentParts, layer: Recurrent, _: Case) -> tuple[int, int] | None:
    weights = parts.read + parts.carried
    return (weights * 3 // 4, parts.bias * 3 // 4) if isinstance(layer, Lstm) else None


def _one_bias(parts: _RecurrentParts, layer: Recurrent, _: Case) -> tuple[int, int] | None:
    two = layer.biases == 2 and parts.bias
    return (parts.read + parts.carried, parts.one_bias) if two else None


def _two_biases(parts: _RecurrentParts, layer: Recurrent, _: Case) -> tuple[int, int] | None:
    one = layer.biases == 1 and parts.bias
    return (parts.read + parts.carried, 2 * parts.one_bias) if one else None


def _one_direction(parts: _RecurrentParts, layer: Recurrent, _: Case) -> tuple[int, int] | None:
    if not layer.bidirectional or layer.layers > 1:
        return None
    return (parts.read + parts.carried) // 2, parts.bias // 2


def _not_carried(parts: _RecurrentParts, _: Recurrent, __: Case) -> tuple[int, int] | None:
    return (parts.read, parts.bias) if parts.read else None


def _steps_as_features(
    parts: _RecurrentParts, layer: Recurrent, case: Case
) -> tuple[int, int] | None:
    (inputs,) = case.row.inputs
    if layer.layers > 1 or not parts.read:
        return None
    return parts.read * known(inputs.sides[0]) + parts.carried, parts.bias


def _biased_inputs(parts: _RecurrentParts, layer: Recurrent, case: Case) -> tuple[int, int] | None:
    inputs = known(case.row.inputs[0].channels)
    if layer.gates > 1 or layer.layers > 1 or layer.bidirectional or not parts.bias:
        return None
    return parts.read + parts.carried, inputs + known(layer.units)


def _dense_as_lstm(case: Case, _: Factors) -> Factors | None:
    before = case.report.rows[case.at - 1].layer if case.at > 0 else None
    if not isinstance(case.layer, Dense) or not isinstance(before, Lstm):
        return None
    inputs, units = known(case.row.inputs[0].channels), case.co
    return Factors(scale=(4,), filters=(units,), depth=(inputs + units,))


def _rows_of_positions(case: Case, _: Factors) -> Factors | None:
    layer = case.layer
    if not isinstance(layer, Embedding):
        return None
    return Factors(filters=(known(case.row.inputs[0].size), known(layer.size)))


# fmt: off
WRONG_RECURRENT: tuple[Misconception, ...] = (
    Misconception("R1", "one gate was counted", (*PARAMS, "biases"),
        "The weights of a single gate were counted.",
        "Every gate has a matrix for the inputs and one for the units, and biases of its own.",
        _recurrent(_one_gate),
        (CellExample(_LSTM, "lstm1", "params", "396", "99"),), instead=True),
    Misconception("R2", "three of an LSTM's gates were counted", (*PARAMS, "biases"),
        "The gates were counted, and not what is put into the cell.",
        "Beside three gates an LSTM computes what it writes into its cell: 4 of everything.",
        _recurrent(_three_gates),
        (CellExample(_LSTM, "lstm1", "params", "396", "297"),), instead=True),
    Misconception("R3", "the weights from step to step were forgotten", PARAMS,
        "Only the weights of the inputs were counted.",
        "Every unit weighs the outputs of all units of the step before, too.",
        _recurrent(_not_carried),
        (CellExample(_LSTM, "lstm1", "params", "396", "72"),), instead=True),
    Misconception("R4", "one bias per gate was counted", _WITH_BIASES,
        "Every gate of a unit got one bias.",
        "This layer has two per gate, one beside each matrix.",
        _recurrent(_one_bias),
        (CellExample(_GRU, "gru1", "params", "9,600", "9,408"),), convention=True, instead=True),
    Misconception("R5", "two biases per gate were counted", _WITH_BIASES,
        "Every gate of a unit got two biases.",
        "This layer has one per gate.",
        _recurrent(_two_biases),
        (CellExample(_KERAS, "lstm1", "params", "1,442,400", "1,444,800"),),
        convention=True, instead=True),
    Misconception("R6", "one direction was counted", (*PARAMS, "biases"),
        "The sequence was read in one direction.",
        "Both directions have all weights and biases of their own.",
        _recurrent(_one_direction),
        (CellExample(_GRU, "gru1", "params", "9,600", "4,800"),), instead=True),
    Misconception("R7", "an embedding got a row for every position", PARAMS,
        "The positions were multiplied with the size.",
        "A table has a row for every entry that an index may name, however many are looked up.",
        _rows_of_positions,
        (CellExample(_WORDS, "embedding1", "params", "23,552", "25,600"),), instead=True),
    Misconception("R8", "the steps were taken for inputs", PARAMS,
        "Every step got weights of its own.",
        "All steps are read with the same weights: the length is no factor.",
        _recurrent(_steps_as_features),
        (CellExample(_RNN, "rnn1", "params", "24", "100"),), instead=True),
    Misconception("R9", "the inputs got biases", _WITH_BIASES,
        "A bias was counted for every input and every unit.",
        "Biases belong to units, and to their gates.",
        _recurrent(_biased_inputs),
        (CellExample(_RNN_9, "rnn1", "params", "56", "65"),), instead=True),
    Misconception("R10", "a dense layer was counted like an LSTM", PARAMS,
        "The gates of the layer before were counted once more.",
        "A dense layer has a weight for every input and unit, and no gates.",
        _dense_as_lstm,
        (CellExample(_LSTM_DENSE, "fc1", "params", "50", "280"),), instead=True),
)
# fmt: on

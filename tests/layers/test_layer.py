"""What holds for every layer: help, names, equality, immutability, kinds and numbers of inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shapecalc.layers import BUILTIN, JOINS, layer_class
from shapecalc.layers.activation import Dropout, Relu
from shapecalc.layers.conv import Conv
from shapecalc.layers.dense import Dense
from shapecalc.layers.merge import Add
from shapecalc.layers.pool import AvgPool, MaxPool
from shapecalc.layers.shape import Map, Vector
from shapecalc.reference import registry
from tests.kinds import NEED_SEQUENCES, NEED_SIDES, make, taken

if TYPE_CHECKING:
    from conftest import Refusal

    from shapecalc.layers.base import Layer

every_type = pytest.mark.parametrize("word", BUILTIN)


@every_type
def test_a_layer_knows_its_word_and_explains_itself(word: str) -> None:
    found = layer_class(word)
    assert found.type == word
    assert found.summary
    assert found.rule
    assert found.counts
    assert found.example.split(":")[0] == word
    assert found.__doc__
    assert found.__doc__.split("\n")[0].endswith(".")
    assert (found.inputs is None) == (word in JOINS)


@every_type
def test_every_field_has_a_sentence_and_a_kind(word: str) -> None:
    found = layer_class(word)
    names = [each.name for each in found.fields()]
    assert not found.principal or names[0] == found.principal
    for each in found.fields():
        assert each.doc
        assert each.kind.words


@every_type
def test_a_layer_is_a_value(word: str) -> None:
    one, other = make(word), make(word)
    assert one == other
    assert hash(one) == hash(other)
    assert repr(one).startswith(type(one).__name__ + "(")
    name = one.fields()[0].name if one.fields() else "anything"
    with pytest.raises((AttributeError, TypeError)):
        setattr(one, name, 1)


def test_layers_differ_by_type_and_by_field() -> None:
    assert MaxPool() != AvgPool()
    assert Dense(units=10) != Dense(units=10, bias=False)
    assert len({Dense(units=10), Dense(units=10), Dense(units=11)}) == 2


def test_the_stems_of_automatic_names() -> None:
    other = {word: layer_class(word).stem for word in BUILTIN if layer_class(word).stem != word}
    assert other == {
        "maxpool": "pool",
        "avgpool": "pool",
        "dense": "fc",
        "lrn": "norm",
        "batchnorm": "bn",
    }


@every_type
def test_what_works_in_place_is_what_the_referee_writes_over_or_passes_on(word: str) -> None:
    made = layer_class(word)
    assert made.inplace == (made.view or registry.overwriting.own(made) is not None)


@every_type
def test_weighted_units_are_those_that_multiply_and_accumulate_by_trained_weights(
    word: str,
) -> None:
    layer = make(word)
    shapes = taken(word)
    output = Map((7, 9), 30) if word == "reshape" else layer.output(*shapes)
    assert layer.weighted == bool(layer.work(shapes, output).macs and layer.weights(*shapes))


@every_type
def test_a_layer_says_that_it_learns_what_it_trains(word: str) -> None:
    layer = make(word)
    weights = layer.weights(*taken(word))
    trained = any(each.role != "buffer" for each in weights)
    assert layer.learns.startswith("nothing: ") == (not trained)


@every_type
def test_which_layers_refuse_a_vector(word: str, refusal: Refusal) -> None:
    error = refusal(make(word), *(Vector(30) for _ in taken(word)))
    if word in NEED_SIDES:
        assert error is not None
        assert error.code == "E201"
        assert error.message == (f"{word} needs sides to work on, but a vector of 30 flows in")
    elif word in NEED_SEQUENCES:
        assert error is not None
        assert error.message == f"{word} needs a sequence, length x channels, but 30 flows in"
    else:
        assert error is None or error.code == "E205"


def test_a_layer_takes_one_input(refusal: Refusal) -> None:
    error = refusal(Relu(), Map((2, 3), 5), Map((2, 3), 5))
    assert error is not None
    assert (error.code, error.field) == ("E207", "from")
    assert error.message == "relu takes 1 input, but 2 flow in"


def test_a_join_takes_one_or_more(refusal: Refusal) -> None:
    assert refusal(Add(), Map((2, 3), 5)) is None
    error = refusal(Add())
    assert error is not None
    assert error.code == "E207"
    assert error.message == "add joins one or more branches, but has none"


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (Conv(filters=96, kernel=(11,), stride=(4,)), "96 11x11 /4"),
        (MaxPool(kernel=(3,), stride=(2,)), "3x3 /2"),
        (MaxPool(), "2x2 /2"),
        (Dense(units=4096), "4096"),
        (Dropout(), "0.5"),
        (Relu(), ""),
    ],
)
def test_the_short_label(layer: Layer, words: str) -> None:
    assert layer.configuration() == words

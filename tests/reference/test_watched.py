"""What an entry of a formula reads: nothing else matters for it, and without that it is none."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from shapecalc.layers import layer_class
from shapecalc.layers.shape import Map, Vector
from shapecalc.reference.example import example
from shapecalc.reference.watched import elements_read
from tests.reference.test_example import CASES


@cache
def worked(case):
    word, fields, shapes = CASES[case]
    return example(layer_class(word)(**fields), *shapes)


@pytest.mark.parametrize("case", CASES)
def test_what_is_not_read_does_not_matter(case):
    """All elements that an entry has not read may be anything: the terms stay what they are."""
    made = worked(case)
    for of, formula in made.formulas.items():
        at = made.places[of]
        read = elements_read(formula, made.values, at)
        others = {
            letter: np.where(read.get(letter, np.zeros(array.shape, bool)), array, 7e7)
            for letter, array in made.values.items()
        }
        before, after = (formula.terms(values, at) for values in (made.values, others))
        assert list(map(str, before)) == list(map(str, after))


@pytest.mark.parametrize("case", CASES)
def test_an_array_that_is_read_is_needed(case):
    """Without an array that it reads a formula cannot be written."""
    made = worked(case)
    for of, formula in made.formulas.items():
        at = made.places[of]
        for letter in elements_read(formula, made.values, at):
            without = {name: array for name, array in made.values.items() if name != letter}
            with pytest.raises(KeyError):
                formula.terms(without, at)


def test_a_convolution_reads_its_window_and_its_kernel():
    made = worked("plain")
    read = elements_read(made.formulas["y"], made.values, (0, 0, 0))
    assert set(read) == {"x", "w", "b"}
    assert np.argwhere(read["x"][0]).tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert read["w"][0].all()
    assert not read["w"][1:].any()
    assert np.argwhere(read["b"]).tolist() == [[0]]


def test_a_bias_reads_the_whole_gradient_of_its_map():
    layer = layer_class("conv")(filters=2, kernel=(2,))
    made = example(layer, Map((3, 3), 1))
    read = elements_read(made.formulas["b"], made.values, (0,))
    assert set(read) == {"g"}
    assert read["g"][0].all()
    assert not read["g"][1:].any()


def test_a_dense_unit_reads_a_row_of_weights():
    made = example(layer_class("dense")(units=3), Vector(4))
    read = elements_read(made.formulas["y"], made.values, (1,))
    assert read["x"].all()
    assert np.argwhere(read["w"].any(axis=1)).tolist() == [[1]]

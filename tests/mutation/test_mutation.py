"""The laws catch single faults: a handful here, all of them by `tests/mutation/run.py`."""

from __future__ import annotations

import pytest

from shapecalc.layers import FAMILIES
from shapecalc.layers.window import Window, output_size
from tests.mutation.catching import NETWORKS, catch
from tests.mutation.fault import Fault, planted
from tests.mutation.faults_in_referee import REFEREE
from tests.mutation.faults_in_rules import RULES

#: Some faults in rules and in the executor that show in the first examples, for every law.
SOME = {
    "the + 1 is dropped": "shape",
    "groups divide the filters in place of the channels": "arrays",
    "work at the output's positions": "MACs",
    "biases are added twice": "operations",
    "branches need not agree": "runs",
    "rectifiers write elsewhere": "peak",
    "padding counts for 0": "values",
    "overlapping spans overwrite": "gradient",
    "all in float64": "float32",
    "all equals win": "ties",
    "what others read is written over": "network gradient",
    "a piece forgets the others": "pieces",
    "shared weights are drawn twice": "shared",
}


def name(fault: Fault) -> str:
    return f"{fault.word}: {fault.what}"


@pytest.mark.parametrize("fault", [*RULES, *REFEREE], ids=name)
def test_every_fault_has_its_place(fault: Fault) -> None:
    """Fails when the source has changed: mend the fault's `right` and `wrong`."""
    with planted(fault):
        pass


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_has_faults(family: str) -> None:
    """The rules of a family and its part of the referee: a fault in each is caught, or unknown."""
    places = {fault.place.partition(":")[0] for fault in (*RULES, *REFEREE)}
    assert {f"layers.{family}", f"reference.{family}"} <= places


def test_faults_are_many_and_single() -> None:
    assert len(RULES) >= 30
    assert len(REFEREE) >= 30
    edits = [(fault.place, fault.right, fault.wrong) for fault in (*RULES, *REFEREE)]
    assert all(right != wrong for _, right, wrong in edits)


@pytest.mark.parametrize("what", SOME)
def test_a_fault_is_caught(what: str) -> None:
    fault = next(fault for fault in (*RULES, *REFEREE) if fault.what == what)
    # a trial ends with the first example that breaks a law; which that is, releases of Hypothesis
    # choose differently
    assert any(SOME[what] in catch(fault, chance=chance).laws for chance in range(1, 6))


@pytest.mark.parametrize("word", ["conv", "maxpool", "network"])
def test_what_is_right_is_not_caught(word: str) -> None:
    same = "free // stride + 1"
    nothing = Fault("nothing", word, "layers.window:output_size", same, same)
    caught = catch(nothing, examples=20)
    assert caught.laws == ()
    assert caught.examples == (len(NETWORKS) if word == "network" else 20)


def test_a_fault_goes_as_it_came() -> None:
    (fault,) = (fault for fault in RULES if fault.what == "the + 1 is dropped")
    with planted(fault):
        assert output_size(227, Window(11, 4)) == 54
    assert output_size(227, Window(11, 4)) == 55


def test_a_fault_without_a_place_is_refused() -> None:
    lost = Fault("lost", "conv", "layers.window:output_size", "free // stride + 2", "1")
    with pytest.raises(AssertionError, match="0 times"), planted(lost):
        pass

"""The laws of the rules and of the referee, for every layer type, over random configurations.

What breaks them is said at each; `test_bite.py` breaks each of them.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import shapecalc
from shapecalc.layers import BUILTIN
from shapecalc.layers.base import Parameter
from shapecalc.layers.window import UNSEEN, PerInput, is_some
from shapecalc.reference.arrays import Slot
from shapecalc.reference.layer import backward, count, forward
from shapecalc.reference.probe import slopes
from shapecalc.report.apply import apply
from shapecalc.verify import judge
from shapecalc.verify.judge import judged_reach, small_copy
from shapecalc.verify.laws import (
    gradient_law,
    product_law,
    shape_law,
    weight_law,
    work_law,
)
from tests.kinds import LINEAR, MAXIMA, WINDOWED
from tests.verify.trial import do, trials

every_type = pytest.mark.parametrize("word", BUILTIN)
quick = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))


def more(word: str, windows: int = 100) -> settings:
    return settings(quick, max_examples=windows if word in WINDOWED else 25)


@every_type
def test_arrays_have_the_rule_s_shapes_and_products_its_macs(word: str) -> None:
    """Broken by any wrong output side, weight extent or MAC: a lost +1, a forgotten group.

    Clips under ceil show in one example of a hundred (`tests/mutation` measures that).
    """

    @more(word, 400)
    @given(trial=trials(word, 300_000))
    def holds(trial) -> None:
        outcome, row = do(trial), trial.row
        assert shape_law(outcome.output, row.output) == ""
        assert weight_law(outcome.slots, row.parameters) == ""
        assert product_law(outcome.products, row.work, len(outcome.output)) == ""

    holds()


@every_type
def test_units_notice_the_changes_that_the_rule_lets_them_see(word: str) -> None:
    """Broken by a receptive field that is shifted, too wide or too narrow, or strides otherwise."""

    @more(word)
    @given(trial=trials(word, 20_000, 1))
    def holds(trial) -> None:
        row = trial.row
        facts = apply(trial.layer, row.inputs)
        outcome = judged_reach(
            trial.layer, trial.arrays, trial.inputs, row.inputs, facts, trial.random
        )
        window = facts.window
        own = window.windows if isinstance(window, PerInput) else (window,)
        bound = all(type(w) is tuple and w and all(map(is_some, w)) for w in own if w != UNSEEN)
        # What sees nothing is not judged, nor is what sees some of every side.
        assert outcome == (None if bound or not row.inputs else "")

    holds()


@every_type
def test_operations_executed_are_the_rule_s_work(word: str) -> None:
    """Broken by an operation too many or too few of any kind; and by two forwards that differ."""

    @quick
    @given(trial=trials(word, 2_000, 1))
    def holds(trial) -> None:
        output, operations = count(trial.layer, trial.arrays, *trial.inputs)
        assert work_law(operations, trial.row.work) == ""
        fast = forward(trial.layer, trial.arrays, *trial.inputs)
        np.testing.assert_allclose(fast, output, rtol=1e-11, atol=1e-11)

    holds()


@every_type
def test_backward_is_the_gradient_of_forward(word: str) -> None:
    """Broken by a gradient that is scaled, shifted, sent to the wrong element, or left out."""

    @more(word)
    @given(trial=trials(word, 100_000))
    def holds(trial) -> None:
        found = slopes(trial.layer, trial.arrays, *trial.inputs, random=trial.random)
        assert gradient_law(found) == ""
        trained = {each.name for each in trial.row.parameters if each.role != "buffer"}
        assert {each.of for each in found} - trained == {
            f"input {number}" for number, _ in enumerate(trial.inputs, 1)
        }

    holds()


@pytest.mark.parametrize("word", LINEAR)
def test_backward_is_the_adjoint_of_a_linear_forward(word: str) -> None:
    """Broken likewise, and to the last digits: a step of 1 is as good as a small one."""

    @more(word)
    @given(trial=trials(word, 100_000))
    def holds(trial) -> None:
        if word == "batchnorm" and not trial.layer.statistics:
            return
        found = slopes(trial.layer, trial.arrays, *trial.inputs, random=trial.random, step=1)
        assert gradient_law(found, 1e-12) == ""

    holds()


@every_type
def test_float32_is_float64_rounded(word: str) -> None:
    """Broken by a layer that computes in one type whatever it is given."""

    @settings(quick, max_examples=10)
    @given(trial=trials(word, 20_000))
    def holds(trial) -> None:
        exact = forward(trial.layer, trial.arrays, *trial.inputs)
        inputs = tuple(x.astype(np.float32) for x in trial.inputs)
        arrays = {name: each.astype(np.float32) for name, each in trial.arrays.items()}
        y = forward(trial.layer, arrays, *inputs)
        assert y.dtype == np.float32
        assert exact.dtype == np.float64
        size = np.abs(exact, where=np.isfinite(exact), out=np.zeros_like(exact)).max()
        np.testing.assert_allclose(y, exact, rtol=1e-3, atol=1e-3 * (1 + size))
        back = backward(trial.layer, arrays, inputs, y, np.ones_like(y))
        assert {x.dtype for x in (*back.inputs, *back.arrays.values())} == {np.dtype(np.float32)}

    holds()


@pytest.mark.parametrize("word", MAXIMA)
def test_of_equals_the_first_wins(word: str) -> None:
    """Broken by a maximum whose gradient is shared, doubled, or sent to a later equal."""

    @quick
    @given(trial=trials(word, 20_000), data=st.data())
    def holds(trial, data) -> None:
        (x,) = trial.inputs
        equal = np.full_like(x, data.draw(st.sampled_from([-2.0, 0.0, 3.0])))
        y = forward(trial.layer, {}, equal)
        back = backward(trial.layer, {}, (equal,), y, np.ones_like(y)).inputs[0]
        # Rising by less than any difference that counts, the first is the last of its window.
        rise = equal - np.arange(x[0, 0].size).reshape(x.shape[2:]) * 1e-9
        first = backward(
            trial.layer, {}, (rise,), forward(trial.layer, {}, rise), np.ones_like(y)
        ).inputs[0]
        np.testing.assert_array_equal(back, first)
        assert back.sum() == np.isfinite(y).sum()

    holds()


def test_an_array_that_one_side_trains_is_said_to_be_trained_there_only() -> None:
    slots = {"mean": Slot((4,), -1, 1, trained=False), "w": Slot((4,), -1, 1, trained=True)}
    mean, w = Parameter("mean", (4,), "buffer"), Parameter("w", (4,))
    assert weight_law(slots, [mean, w]) == ""
    assert weight_law(slots, [mean._replace(role="weight"), w]) == (
        "mean is not trained, by the rule it is"
    )
    assert weight_law(slots, [mean, w._replace(role="buffer")]) == (
        "w is trained, by the rule it is not"
    )


def test_a_small_copy_is_no_larger_and_keeps_its_groups() -> None:
    text = "input: 9x9x4\nlayers: [conv: {filters: 8, kernel: 3, groups: 4}]"
    row = shapecalc.summarize(shapecalc.loads(text)).rows[-1]
    layer, (shape,), _ = small_copy(row.layer, row.inputs)
    assert layer.groups == 4
    assert shape.channels == 4


def test_a_layer_is_probed_on_both_sides_of_0() -> None:
    """A rectifier's gradient is 0 below and 1 above: both must be met."""
    values = judge._distinct(np.random.default_rng(3), (2, 3, 4))
    assert values.min() < 0 < values.max()
    assert len(set(values.flat)) == values.size

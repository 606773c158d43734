"""Any input computes and renders, or is refused with `SpecErrors`, in bounded time."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shapecalc.graph import expand_statements as walk
from tests.fuzz.inputs import WORDS, any_input, edited, structured, swapped
from tests.fuzz.support import judge

FEW = settings(
    max_examples=60,
    deadline=timedelta(seconds=5),
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
RANDOM = st.randoms(use_true_random=False)
QUICK = ("text", "json")


@pytest.fixture(autouse=True, scope="module")
def _small_networks():
    """Cut networks short, so that a random `repeat` costs no minutes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(walk, "MAX_LAYERS", 2000)
        yield


@FEW
@given(st.text())
def test_any_text(text):
    judge(text, QUICK)


@FEW
@given(st.binary())
def test_any_bytes(data):
    judge(data, QUICK)


@FEW
@given(st.lists(st.sampled_from(WORDS)), st.sampled_from((" ", "", "\n", ": ", "\n  ", ", ")))
def test_any_words(words, glue):
    judge(glue.join(words), QUICK)


@FEW
@given(st.text(alphabet="12k+-*/()<>. ,abminx", max_size=40))
def test_any_expression(text):
    judge(f"input: 8x8x3\nlet: {{k: 2}}\nlayers:\n  - dense: {text}\n", QUICK)
    judge(f"input: 8x8x3\nlet:\n  k: {text}\nlayers: [dense: k]\n", QUICK)


@FEW
@given(RANDOM)
def test_spec_with_words_swapped(rng):
    judge(swapped(rng), QUICK)


@FEW
@given(RANDOM)
def test_spec_that_is_nearly_right(rng):
    judge(structured(rng))


@FEW
@given(RANDOM)
def test_spec_that_edits_another(rng):
    judge(edited(rng))


@pytest.mark.parametrize("seed", range(10))
def test_inputs_of_the_long_run(seed):
    # run.py draws from the same well for as long as one likes.
    rng = random.Random(seed)
    for _ in range(30):
        judge(any_input(rng), QUICK)


def test_random_specs_are_not_all_refused():
    rng = random.Random(0)
    computed = sum(not judge(structured(rng), ()) for _ in range(100))
    assert computed > 10

"""Solved sets against brute force."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shapecalc.algebra.expr import symbol
from shapecalc.algebra.integer_sets import NONE, Integers, Stretch, common, integers
from shapecalc.algebra.relations import always_at_least, where
from tests.algebra.expressions import Twin, twins

H = symbol("H")
SOME = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
stretches = st.builds(
    lambda low, size, modulus, residues: Stretch(
        low,
        None if size is None else low + size,
        modulus,
        tuple(each % modulus for each in residues),
    ),
    st.integers(1, 30),
    st.none() | st.integers(0, 40),
    st.integers(1, 12),
    st.lists(st.integers(0, 11), min_size=1, max_size=4),
)


def holds(value: int, relation: str, bound: int) -> bool:
    return {
        "at least": value >= bound,
        "at most": value <= bound,
        "equal to": value == bound,
        "divisible by": relation == "divisible by" and value % bound == 0,
    }[relation]


@SOME
@given(
    value=twins("H", 4, extremes=False),
    bound=twins("H", 2, extremes=False),
    relation=st.sampled_from(["at least", "at most", "equal to"]),
    low=st.integers(1, 20),
    far=st.integers(100, 10_000),
)
def test_a_relation_is_solved(value: Twin, bound: Twin, relation: str, low: int, far: int) -> None:
    found = where(value[0], relation, bound[0], "H", low)
    if found is not None:
        for n in (*range(low, low + 60), far):
            assert (n in found) == holds(value[1]({"H": n}), relation, bound[1]({"H": n}))


@SOME
@given(value=twins("H", 3, extremes=False), by=st.integers(1, 9), low=st.integers(1, 20))
def test_divisibility_is_solved(value: Twin, by: int, low: int) -> None:
    found = where(value[0], "divisible by", by, "H", low)
    if found is not None:
        for n in range(low, low + 90):
            assert (n in found) == (value[1]({"H": n}) % by == 0)


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (where((H - 35) // 32, "equal to", 6, "H"), "H from 227 to 258"),
        (where((H - 35) // 32, "at least", 1, "H"), "H >= 67"),
        (where(2 * (H // 2), "equal to", H, "H"), "H a multiple of 2"),
        (where(H * H - 30 * H, "at most", -200, "H"), "H from 10 to 20"),
        (where((H - 11) % 4, "equal to", 0, "H", 11), "H mod 4 = 3, from 11"),
        (where(H, "equal to", 7, "H"), "H = 7"),
        (where(H, "at least", 0, "H"), "any H"),
        (where(H // 3, "at most", -1, "H"), "no H"),
        (where(H % 4 * (H % 4 - 1), "equal to", 0, "H"), "H mod 4 in {0, 1}"),
        (where(-H, "at least", -9, "H"), "H from 1 to 9"),
        (where(H // 2**70, "at least", 1, "H"), "no H"),
    ],
)
def test_how_answers_read(found: Integers, text: str) -> None:
    assert found.text("H") == text


@SOME
@given(a=st.lists(stretches, max_size=3), b=st.lists(stretches, max_size=3))
def test_sets_join_and_meet(a: list[Stretch], b: list[Stretch]) -> None:
    one, two = integers(a), integers(b)
    both = common(one, two)
    for n in range(1, 120):
        assert (n in one) == any(n in each for each in a)
        assert (n in both) == (n in one and n in two)
    members = [n for n in range(1, 200) if n in one]
    assert one.smallest() == (min(members) if members else None)
    if one.largest() is not None:
        assert one.largest() == max(members)
    assert (one.gap(1) is None) == (members == list(range(1, 200)))


def test_empty_sets() -> None:
    assert NONE.smallest() is None
    assert NONE.largest() is None
    assert list(NONE.walk()) == []
    assert list(integers([Stretch(3, 9, 4, (3,))]).walk()) == [3, 7]
    assert integers([Stretch(1, 5), Stretch(6, 9)]) == integers([Stretch(1, 9)])


def test_always() -> None:
    assert always_at_least(5 * H // 6 - 4 * H // 6, 0)
    assert not always_at_least(H - 2, 0)
    assert not always_at_least(H * symbol("W"), 0)  # of two symbols: not decided

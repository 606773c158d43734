"""Equal, not equal, not proven: each with independent evidence."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import shapecalc
from shapecalc.algebra import larger, relations
from shapecalc.algebra.bounds import surely_at_least, undominated
from shapecalc.algebra.expr import evaluate, symbol
from shapecalc.algebra.integer_sets import Stretch, integers
from shapecalc.algebra.relations import (
    Counterexample,
    compare,
    course,
    for_all,
    increasing,
    where,
)
from tests.algebra.expressions import Twin, twins, values

H, W, K = map(symbol, "HWk")
SOME = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def test_what_looks_different_is_proven_equal() -> None:
    assert compare(H - H // 2, (H + 1) // 2) == "equal"
    assert compare(H // 3 + (H + 1) // 3 + (H + 2) // 3, H) == "equal"
    assert compare((H * H + H) // 2 * 2, H * H + H) == "equal"
    assert compare(H // 2 * (W // 2) * 4, (H - H % 2) * (W - W % 2)) == "equal"


def test_a_difference_is_an_example() -> None:
    assert compare(2 * (H // 2), H, {"H": 8}) == Counterexample({"H": 9}, 8, 9)
    # they agree on every class but one, and there only from far on they do not
    assert isinstance(compare(H * H // 6, H * (H // 6)), Counterexample)


def test_a_polynomial_that_vanishes_often_is_told_from_zero() -> None:
    zero_at_five = (H - 1) * (H - 2) * (H - 3) * (H - 4) * (H - 5)
    assert compare(zero_at_five, 0) == Counterexample({"H": 6}, 120, 0)


def test_what_would_take_too_long_or_holds_a_maximum_is_not_proven() -> None:
    assert compare(H // 2**20 * 2**20 + H % 2**20, H) == "equal"  # by its structure
    assert compare(H - H // 10**6, (H * (10**6 - 1) + 10**6 - 1) // 10**6) == "not proven"
    assert compare(larger(H, 0), H) == "not proven"


def test_degrees_go_through_floors() -> None:
    assert course((H * H // 3 + H) // 2, "H") == (3 * 2 * 2, 2)
    assert course(H // 4 * (W // 6), "H") == (4, 1)
    assert course(larger(H, W), "H") is None


@SOME
@given(twin=twins("H", 4, extremes=False), n=st.integers(-50, 200))
def test_a_course_is_one(twin: Twin, n: int) -> None:
    # On a residue class the differences of order degree + 1 vanish.
    dim, compute = twin
    run = course(dim, "H")
    assert run is not None
    assume(run.period < 10**6)
    values = [compute({"H": n + run.period * turn}) for turn in range(run.degree + 3)]
    for _ in range(run.degree + 1):
        values = [b - a for a, b in pairwise(values)]
    assert set(values) == {0}


@SOME
@given(a=twins(depth=3, extremes=False), b=twins(depth=3, extremes=False), point=values)
def test_a_proof_holds_everywhere(a: Twin, b: Twin, point: dict[str, int]) -> None:
    verdict = compare(a[0], b[0], budget=3000)
    if verdict == "equal":
        assert a[1](point) == b[1](point)
    elif isinstance(verdict, Counterexample):
        at = {**dict.fromkeys("HWk", 1), **verdict.values}
        assert (a[1](at), b[1](at)) == (verdict.left, verdict.right)
        assert verdict.left != verdict.right


@SOME
@given(twin=twins(depth=4), point=values, step=st.integers(0, 40), name=st.sampled_from("HWk"))
def test_what_is_called_increasing_never_decreases(
    twin: Twin, point: dict[str, int], step: int, name: str
) -> None:
    dim, compute = twin
    point = {each: max(1, value) for each, value in point.items()}
    if increasing(dim):
        assert compute(point) <= compute({**point, name: point[name] + step})


def test_increase_is_seen_where_rules_make_it() -> None:
    assert increasing((H - 35) // 32)
    assert increasing(96 * ((H + 1) // 4) * ((W + 1) // 4))
    assert not increasing((H - 7) * (W - 7))  # both negative at first: it falls
    assert not increasing(-H)


@SOME
@given(a=twins(depth=3), b=twins(depth=3), point=values, low=st.integers(1, 40))
def test_a_bound_holds_from_its_start_on(a: Twin, b: Twin, point: dict[str, int], low: int) -> None:
    start = dict.fromkeys("HWk", low)
    if surely_at_least(a[0], b[0], start):
        at = {name: max(value, low) for name, value in point.items()}
        assert a[1](at) >= b[1](at)


def test_candidates_that_never_win_are_left_out() -> None:
    assert undominated([64 * H * W, 64 * (H // 2) * W, 3 * H * W, 7], {"H": 2}) == [64 * H * W]
    kept = undominated([128 * H, 9000], {})
    assert {evaluate(dim, {"H": 1}) for dim in kept} == {128, 9000}


def test_a_search_takes_no_more_steps_than_it_may() -> None:
    """The product is 0 up to 49 of either; 16 steps are 4 of each."""
    product = (H // 50) * (W // 50)
    assert compare(product, 0, budget=16) == "not proven"
    assert compare(product, 0, budget=10_000) == Counterexample({"H": 50, "W": 50}, 1, 0)


@pytest.mark.parametrize(("low", "high"), [(5, 7), (4, 8), (8, 12), (1, 30)])
def test_a_hill_is_above_a_number_from_its_foot_to_its_foot(low: int, high: int) -> None:
    hill = (H - low) * (high - H)
    for least in range(1, (high - low) ** 2 // 4 + 1):
        numbers = where(hill, "at least", least, "H")
        assert numbers is not None
        expected = [n for n in range(1, 40) if (n - low) * (high - n) >= least]
        assert [n for n in range(1, 40) if n in numbers] == expected


@SOME
@given(st.integers(-60, 60), st.integers(-9, 9).filter(bool))
def test_a_line_has_the_signs_of_its_numbers(at_zero: int, slope: int) -> None:
    runs = relations._signs([at_zero, slope])
    assert [begin for begin, _ in runs] == sorted({begin for begin, _ in runs})
    for t in range(130):
        number = at_zero + slope * t
        (*_, sign) = (sign for begin, sign in runs if begin <= t)
        assert sign == (number > 0) - (number < 0)


@SOME
@given(
    st.lists(
        st.tuples(
            st.integers(1, 20),
            st.none() | st.integers(1, 30),
            st.integers(1, 6),
            st.sets(st.integers(0, 5), min_size=1),
        ),
        max_size=6,
    )
)
def test_a_union_has_the_numbers_of_its_parts_and_none_twice_over(parts: list[Any]) -> None:
    stretches = [Stretch(low, high, by, tuple(some)) for low, high, by, some in parts]
    wanted = {
        n
        for n in range(1, 80)
        for low, high, by, some in parts
        if n >= low and (high is None or n <= high) and n % by in {x % by for x in some}
    }
    joined = integers(stretches)
    assert {n for n in range(1, 80) if n in joined} == wanted
    plain = [part for part in joined.stretches if part.modulus == 1]
    for part in joined.stretches:  # none lies in one of all numbers
        within = [all(n in all_ for n in range(1, 80) if n in part) for all_ in plain]
        assert sum(within) == (part.modulus == 1)


def evaluations_of(gates: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """Count the evaluations of formulas behind the domain of a network with so many gates."""
    number = 0
    evaluate_once = relations.evaluate

    def counted(*args: Any) -> int:
        nonlocal number
        number += 1
        return evaluate_once(*args)

    for cached in (relations.where, relations.course, relations.increasing):
        cached.cache_clear()
    halved = "  - conv: {filters: 4, kernel: 3, stride: 2, pad: 1}\n"
    gate = "  - multiply: [[{avgpool: %d}], []]\n"
    layers = "".join(halved + gate % (2**9 >> at) for at in range(1, gates + 1))
    with monkeypatch.context() as patch:
        patch.setattr(relations, "evaluate", counted)
        report = shapecalc.summarize(shapecalc.loads(f"input: HxWx4\nlayers:\n{layers}"))
    assert report.domain is not None
    assert report.domain.mixed == ()
    return number


def test_domains_of_gates_take_time_in_proportion(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is asked of one extent again and again is worked out once."""
    two, four, eight = (evaluations_of(number, monkeypatch) for number in (2, 4, 8))
    assert four < 2.5 * two
    assert eight < 2.5 * four
    assert eight < 8 * 24 * 2**9  # places of 512, over and over


#: Relations that hold for all values of their symbols, or for none; None: it depends on them.
CONGRUENCES = {
    "odd": (2 * K, "equal to", 3, False),
    "no third": (3 * K, "equal to", 7, False),
    "of two symbols": (2 * K + 4, "equal to", 2 * H + 1, False),
    "a product of neighbours is even": (K * K + K, "equal to", 2 * H + 1, False),
    "no square is one less than a third": (K * K + 1, "equal to", 3 * H, False),
    "a floor is any number": (4 * (K // 3) + 2, "equal to", 4 * H, False),
    "halves": (K - K // 2, "equal to", (K + 1) // 2, True),
    "halves of two": (K - K // 2 + H, "equal to", (K + 1) // 2 + H, True),
    "no square": (K * K, "equal to", 3, False),
    "never more": (K // 2, "at most", K, True),
    "some": (2 * K, "equal to", 4, None),
    "some of two": (K, "equal to", H, None),
}


@pytest.mark.parametrize("what", CONGRUENCES)
def test_a_relation_for_all_values_is_decided(what: str) -> None:
    *relation, expected = CONGRUENCES[what]
    assert for_all(*relation) is expected


@SOME
@given(a=twins("Hk", 3), b=twins("Hk", 3), relation=st.sampled_from(["equal to", "at most"]))
def test_what_is_decided_for_all_values_holds_at_each(a: Twin, b: Twin, relation: str) -> None:
    decided = for_all(a[0], relation, b[0])
    if decided is None:
        return
    for place in ({"H": i, "k": j} for i in range(1, 8) for j in range(1, 8)):
        difference = a[1](place) - b[1](place)
        assert (difference == 0 if relation == "equal to" else difference <= 0) is decided

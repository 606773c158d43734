"""Division by a symbol: written, evaluated, rid of in lower bounds; and what is not decided."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shapecalc.algebra import ceil_div
from shapecalc.algebra.bounds import always_positive, surely_at_least
from shapecalc.algebra.expr import Quotient, atoms_of, evaluate, one, substitute, symbol
from shapecalc.algebra.notation import code_of, text_of
from shapecalc.algebra.relations import (
    Counterexample,
    Relation,
    cleared,
    compare,
    increasing,
    where,
)
from tests.algebra.expressions import Twin, twins

if TYPE_CHECKING:
    from shapecalc.algebra import Dim

k, m, p, s, t = map(symbol, "kmpst")
MANY = settings(max_examples=300, deadline=None)
#: What divides, with what computes it: at least 1 wherever s and t are.
DIVISORS: list[Twin] = [
    (s, lambda v: v["s"]),
    (2 * s, lambda v: 2 * v["s"]),
    (s * s, lambda v: v["s"] ** 2),
    (s * t, lambda v: v["s"] * v["t"]),
    (s + 1, lambda v: v["s"] + 1),
    (3 * s + 2 * t, lambda v: 3 * v["s"] + 2 * v["t"]),
]
places = st.fixed_dictionaries(
    {
        **{name: st.integers(-60, 300) for name in "HWk"},
        **{name: st.integers(1, 9) for name in "st"},
    }
)


@st.composite
def quotients(draw: st.DrawFn, depth: int = 3) -> Twin:
    """Draw what is divided by letters, perhaps more than once, and its twin in Python's ints."""
    a, f = draw(quotients(depth - 1)) if depth and draw(st.booleans()) else draw(twins(depth=2))
    b, g = draw(twins("HWkst", depth=2))
    by, h = draw(st.sampled_from([*DIVISORS, (3, lambda _: 3)]))
    if draw(st.booleans()):
        return (a + b) // by, lambda v: (f(v) + g(v)) // h(v)
    return a // by + by * b, lambda v: f(v) // h(v) + h(v) * g(v)


@MANY
@given(twin=quotients(), points=st.lists(places, min_size=6, max_size=6))
def test_it_has_the_value_that_python_computes(twin: Twin, points: list[dict[str, int]]) -> None:
    dim, compute = twin
    for point in points:
        assert evaluate(dim, point) == compute(point)
        assert substitute(dim, point) == compute(point)
        assert eval(code_of(dim), {}, {**point, "min": min, "max": max}) == compute(point)


def test_the_comparison_with_python_bites() -> None:
    wrong = one(Quotient(m, s))  # whoever drops the rounding up: ceil(m/s)
    assert any(evaluate(wrong, {"m": n, "s": 3}) != -(-n // 3) for n in range(10))


@MANY
@given(twin=quotients())
def test_arrays_pass_through(twin: Twin) -> None:
    dim, compute = twin
    grid = [
        {"H": h, "W": 7, "k": h % 4, "s": by, "t": 3} for h in range(1, 30, 3) for by in (1, 2, 5)
    ]
    columns = {name: np.array([point[name] for point in grid]) for name in grid[0]}
    expected = np.array([compute(point) for point in grid])
    assert (evaluate(dim, columns) == expected).all()


@pytest.mark.parametrize(
    ("dim", "text", "code"),
    [
        ((m + 2 * p - k) // s + 1, "floor((m + 2p - k)/s) + 1", "(m + 2*p - k)//s + 1"),
        (ceil_div(m, s), "floor((m - 1)/s) + 1", "(m - 1)//s + 1"),
        (213 // s, "floor(213/s)", "213//s"),
        (-5 // s, "floor(-5/s)", "(-5)//s"),
        ((m + 3 * s) // s, "floor(m/s) + 3", "m//s + 3"),
        (m * s // s, "m", "m"),
        ((2 * m - 2 * k) // (4 * s), "floor((m - k)/(2s))", "(m - k)//(2*s)"),
        ((2 * m + 3) // (2 * s), "floor((m + 1)/s)", "(m + 1)//s"),
        (m // s // s, "floor(m/s^2)", "m//s**2"),
        (m // s // 2, "floor(m/(2s))", "m//(2*s)"),
        (m // 2 // s, "floor(m/(2s))", "m//(2*s)"),
        ((m - k) // (s + 1), "floor((m - k)/(s + 1))", "(m - k)//(s + 1)"),
        ((s + 1) // (s + 1), "1", "1"),
        (m % s, "-s*floor(m/s) + m", "-s*(m//s) + m"),
    ],
)
def test_how_it_is_written(dim: Dim, text: str, code: str) -> None:
    assert (text_of(dim), bare(code_of(dim))) == (text, bare(code))


def bare(code: str) -> str:
    """Leave out brackets, which differ in what needs none."""
    return code.replace("(", "").replace(")", "")


@MANY
@given(over=twins(depth=2), rest=twins("HWkst", depth=2), at=places, by=st.sampled_from(DIVISORS))
def test_a_lower_bound_without_divisors_holds_just_where_it_does(
    over: Twin, rest: Twin, at: dict[str, int], by: Twin
) -> None:
    for sign in (1, -1):
        dim = sign * (over[0] // by[0]) + rest[0]
        holds = sign * (over[1](at) // by[1](at)) + rest[1](at) >= 0
        assert (evaluate(cleared(dim, 0), at) >= 0) == holds


RELATIONS: list[Relation] = ["at least", "at most", "equal to", "divisible by"]


@pytest.mark.parametrize("relation", RELATIONS)
@pytest.mark.parametrize("bound", [1, 2, 7, 54])
@pytest.mark.parametrize(
    "value",
    [213 // s + 1, 213 // (2 * s), (230 - 3 * s) // s // s + 1, 99 - 213 // s, 213 // (s + 3) + s],
    ids=text_of,
)
def test_what_is_solved_for_a_divisor_is_what_trying_finds(
    value: Dim, bound: int, relation: Relation
) -> None:
    numbers = where(value, relation, bound, "s")
    assert (numbers is None) == (relation == "divisible by")
    holds = {
        "at least": lambda n: n >= bound,
        "at most": lambda n: n <= bound,
        "equal to": lambda n: n == bound,
        "divisible by": lambda n: n % bound == 0,
    }[relation]
    if numbers is not None:
        assert [n in numbers for n in range(1, 400)] == [
            holds(evaluate(value, {"s": n})) for n in range(1, 400)
        ]


def test_what_is_not_decided_says_so() -> None:
    assert where((m // 2) // s, "divisible by", 3, "s") is None
    assert where(213 // s, "divisible by", 3, "s") is None
    assert compare(m // s - m // s, 0) == "equal"
    assert compare((m * s + s) // (s * s), (m + 1) // s) == "not proven"  # equal, and not seen
    verdict = compare(m // s, (m + 1) // s)
    assert isinstance(verdict, Counterexample)
    assert verdict.left != verdict.right
    assert not surely_at_least((m - k) // s, 0, {})


def test_what_divides_must_be_at_least_1_whatever_its_letters_are() -> None:
    good: list[Any] = [s, 2 * s, s * t, s + 1, s * s - s + 1 - s * s + 2 * s, 3]
    bad: list[Any] = [s - 1, s // 2, s - t, 0, -s]
    assert [always_positive(dim) for dim in good] == [True] * len(good)
    assert [always_positive(dim) for dim in bad] == [False] * len(bad)


@MANY
@given(over=twins(depth=2, extremes=False), by=st.sampled_from(DIVISORS), factor=st.integers(-3, 3))
def test_what_is_sure_of_a_quotient_holds(over: Twin, by: Twin, factor: int) -> None:
    dim = factor * (over[0] // by[0])
    grid = [
        {"H": h, "W": 3 * h + 1, "k": 5, "s": a, "t": b}
        for h in (1, 2, 9, 40)
        for a in (1, 2, 7)
        for b in (1, 3)
    ]
    values = [evaluate(dim, point) for point in grid]
    if surely_at_least(dim, 0, {}):
        assert min(values) >= 0
    if increasing(dim):
        for one_more in "HWkst":
            after = [evaluate(dim, {**point, one_more: point[one_more] + 1}) for point in grid]
            assert all(b >= a for a, b in zip(values, after, strict=True))


def test_atoms_inside_of_both_parts_are_seen() -> None:
    assert {str(one(atom)) for atom in atoms_of((m - k // 2) // (s * t))} >= {"s", "t", "k", "m"}

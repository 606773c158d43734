"""Formulas: numbers that remember how they were made."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapecalc.algebra import ceil_div, common_divisor, larger, product, smaller
from shapecalc.algebra.traced import Formula, exact, formula, grouped, named, value_text
from shapecalc.layers.window import Window, output_size, transposed_size
from tests.analysis.explain.support import value_of

whole = st.integers(-40, 40)
positive = st.integers(1, 9)


@st.composite
def pairs(draw: st.DrawFn, depth: int = 4) -> tuple[int, Formula]:
    """The same random computation on plain numbers and on formulas."""
    if depth == 0:
        n = draw(whole)
        return n, draw(st.sampled_from([named("n", n), formula(n)]))
    a, fa = draw(pairs(depth - 1))
    b, fb = draw(pairs(draw(st.integers(0, depth - 1))))
    c = draw(positive)
    return draw(
        st.sampled_from(
            [
                (a + b, fa + fb),
                (a - b, fa - fb),
                (a * b, fa * fb),
                (b - a, b - fa),
                (3 + a, 3 + fa),
                (2 * a, 2 * fa),
                (-a, -fa),
                (a // c, fa // c),
                (a // c, fa // named("s", c)),
                (ceil_div(a, c), ceil_div(fa, c)),
                (a % c, fa % c),
                (smaller(a, b), smaller(fa, fb)),
                (larger(a, b), larger(fa, b)),
                (common_divisor(a, c), common_divisor(fa, c)),
                (product([a, b]), product([fa, fb])),
            ]
        )
    )


@given(pair=pairs())
def test_a_formula_is_the_number_that_the_same_computation_gives(pair: tuple[int, Formula]) -> None:
    number, made = pair
    assert made.value == number
    if "mod" not in made.substituted() and "gcd" not in made.substituted():
        assert value_of(made.substituted()) == number
        assert {value_of(step) for step in made.steps()} <= {number}
    assert exact(made).value == number


@pytest.mark.parametrize(
    ("window", "rule"),
    [
        (Window(3), "floor((n + 2p - k)/s) + 1"),
        (Window(3, mode="same"), "ceil(n/s)"),
        (Window(3, rounding="ceil_full"), "ceil((n + 2p - k)/s) + 1"),
        (Window(3, rounding="ceil"), "ceil((n + 2p - k)/s) + 1"),  # no window can be clipped
        (Window(2, rounding="ceil"), "min(ceil((n + 2p - k)/s) + 1, ceil((n + p)/s))"),
    ],
)
def test_the_rule_of_a_window_writes_itself_down(window: Window, rule: str) -> None:
    traced: Any = window._replace(
        kernel=named("k", window.kernel),
        stride=named("s", 2),
        before=named("p", 1),
        after=named("p", 1),
    )
    made: Any = output_size(named("n", 8), traced)
    assert made.rule() == rule
    plain = window._replace(stride=2, before=1, after=1)
    assert made.value == output_size(8, plain)


def test_the_rule_of_a_transposed_convolution_writes_itself_down() -> None:
    traced: Any = Window(named("k", 5), named("s", 2), mode="valid")
    made: Any = transposed_size(named("n", 4), traced, None)
    assert made.rule() == "n*s + max(k - s, 0)"
    assert made.steps() == ("8 + max(3, 0)", "8 + 3", "11")


def test_steps_compute_the_innermost_first_and_say_nothing_twice() -> None:
    n, k, s = named("n", 224), named("k", 11), named("s", 4)
    assert ((n - k) // s + 1).steps() == ("floor(213/4) + 1", "floor(53.25) + 1", "53 + 1", "54")
    assert ((n + 3 - k) // s + 1).steps() == ("floor(216/4) + 1", "floor(54) + 1", "55")
    assert n.steps() == ()


def test_what_is_written_is_bracketed_where_it_must_be() -> None:
    a, b = named("a", 7), named("b", -2)
    assert (a - (b + 3)).rule() == "a - b - 3"
    assert (a * (b + 3)).rule() == "a*(b + 3)"
    assert (a * (b + 3)).substituted() == "7*(-2 + 3)"
    assert (a - b).substituted() == "7 - (-2)"
    assert ((a + b) // (b + 4)).substituted() == "floor((7 + (-2))/(-2 + 4))"
    assert grouped([a, grouped([a, a])]).substituted(" x ") == "7 x (7 x 7)"
    assert (a + a + a - b - b).rule() == "3a - 2b"
    assert (a + a + a - b - b).substituted() == "3*7 - 2*(-2)"


def test_given_numbers_are_written_as_given_and_computed_ones_for_reading() -> None:
    made = named("units", 4096) * named("inputs", 9216)
    assert (made.substituted(" x "), made.steps(" x ")) == ("4096 x 9216", ("37,748,736",))
    assert named("params", 12345, given=False).substituted() == "12,345"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Fraction(26, 2), "13"),
        (Fraction(213, 4), "53.25"),
        (Fraction(1, 8), "0.125"),
        (Fraction(7, 16), "7/16"),
        (Fraction(-7, 3), "-2 1/3"),
        (1234567, "1,234,567"),
    ],
)
def test_values_are_written_for_reading(value: Any, text: str) -> None:
    assert value_text(value) == text

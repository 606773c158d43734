"""Recorded numbers give what Python's integers give: random programs, tried at many points."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from shapecalc.algebra import add_up, ceil_div, common_divisor, larger, largest, smaller, smallest
from shapecalc.algebra.tape import Recorded, Tape, range_of
from shapecalc.analysis.sweep.listing import INT64_MAX, Listing
from shapecalc.spec.conditions import _divisible

if TYPE_CHECKING:
    from collections.abc import Callable

#: The values of the symbols: small ones, some below 1, and some whose products leave int64.
RANGES = {"a": (1, 300), "b": (1, 7), "c": (-20, 20), "d": (10**9, 10**10)}


#: Operations on two numbers, and one that may divide; the first number is from 1 on.
OPERATIONS: dict[str, Callable[..., Any]] = {
    "+": lambda x, y, by, first: x + y,
    "-": lambda x, y, by, first: y - x,
    "*": lambda x, y, by, first: x * y,
    "//": lambda x, y, by, first: y // by,
    "%": lambda x, y, by, first: x % by,
    "ceil": lambda x, y, by, first: ceil_div(x, by),
    "min": lambda x, y, by, first: smaller(x, y),
    "max": lambda x, y, by, first: larger(y, x),
    "least": lambda x, y, by, first: largest([smallest([x, y, 3]), first, by]),
    "sum": lambda x, y, by, first: add_up([x, y, first, x, 5]),
    "gcd": lambda x, y, by, first: common_divisor(first, 12) + x,
    "round": lambda x, y, by, first: _divisible(first * 3, 8) - x,
    "**": lambda x, y, by, first: x**2,
}


def program(draw: random.Random, numbers: list[Any]) -> list[Any]:
    """Do ten random operations on numbers, each on what came before."""
    made = list(numbers)
    for _ in range(10):
        x, y = draw.choice(made), draw.choice([*made, draw.randrange(-9, 40)])
        by = draw.choice([numbers[0], numbers[1], draw.randrange(1, 12)])
        made.append(OPERATIONS[draw.choice(list(OPERATIONS))](x, y, by, numbers[0]))
    return made


@pytest.mark.parametrize("seed", range(60))
def test_a_program_gives_what_integers_give(seed: int) -> None:
    tape = Tape()
    recorded = program(
        random.Random(seed), [tape.symbol(name, *ends) for name, ends in RANGES.items()]
    )
    draw = random.Random(-seed - 1)
    points = [
        [draw.choice([low, high, draw.randint(low, high)]) for low, high in RANGES.values()]
        for _ in range(20)
    ]
    values = {
        name: np.array(column, dtype=np.int64)
        for name, column in zip(RANGES, zip(*points, strict=True), strict=True)
    }
    results = Listing(recorded).run(values)
    for row, point in enumerate(points):
        for number, expected in zip(recorded, program(random.Random(seed), point), strict=True):
            given = results[number][row] if isinstance(number, Recorded) else number
            assert given == expected
            low, high = range_of(number)
            assert low <= expected <= high


def test_what_outgrows_a_word_is_exact_and_the_rest_stays_quick() -> None:
    tape = Tape()
    d = tape.symbol("d", 1, 10**10)
    wide, back = d * d * d, (d * d * d) // 10**25
    results = Listing([wide, back]).run({"d": np.array([10**10, 3])})
    assert results[wide].tolist() == [10**30, 27]
    assert INT64_MAX < 10**30
    assert results[back].dtype == np.int64
    assert results[back].tolist() == [10**5, 0]


def test_equal_steps_are_one_and_multiples_leave_a_division() -> None:
    tape = Tape()
    n, s = tape.symbol("n", 1, 300), tape.symbol("s", 1, 8)
    assert (n + 2 * 1 - 3) // 1 + 1 is n
    assert (n + s - 1) // s is (n - 1) // s + 1
    assert n * s is s * n
    assert larger(n, 0) is n
    assert (n * 0) == 0
    with pytest.raises(ZeroDivisionError):
        n // 0
    with pytest.raises(TypeError):
        bool(n)


def test_a_divisor_below_1_stops_nothing() -> None:
    tape = Tape()
    n, s = tape.symbol("n", 1, 300), tape.symbol("s", 0, 8)
    (result,) = Listing([n // s]).run({"n": np.array([7, 7]), "s": np.array([0, 2])}).values()
    assert result[1] == 3

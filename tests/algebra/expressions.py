"""Random expressions: each with a plain function of Python's ints that must agree with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from shapecalc.algebra import larger, smaller
from shapecalc.algebra.expr import symbol

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.algebra import Dim

NAMES = "HWk"
#: An expression, and what computes it for values of H, W and k.
Twin = tuple["Dim", "Callable[[dict[str, int]], int]"]


@st.composite
def twins(draw: st.DrawFn, names: str = NAMES, depth: int = 5, *, extremes: bool = True) -> Twin:
    """Draw an expression and its twin."""
    words = ["+", "-", "*", "//", "//", *(("min", "max") if extremes else ())]
    word = draw(st.sampled_from(["leaf", *words])) if depth else "leaf"
    if word == "leaf":
        if draw(st.booleans()):
            number = draw(st.integers(-40, 40))
            return number, lambda _: number
        name = draw(st.sampled_from(names))
        return symbol(name), lambda v: v[name]
    a, f = draw(twins(names, depth - 1, extremes=extremes))
    if word == "//":
        by = draw(st.sampled_from([1, 2, 3, 4, 5, 7, 8, 32, -3]))
        return a // by, lambda v: f(v) // by
    b, g = draw(twins(names, depth - 1, extremes=extremes))
    made: dict[str, Twin] = {
        "+": (a + b, lambda v: f(v) + g(v)),
        "-": (a - b, lambda v: f(v) - g(v)),
        "*": (a * b, lambda v: f(v) * g(v)),
    }
    if word in made:
        return made[word]
    if word == "min":
        return smaller(a, b), lambda v: min(f(v), g(v))
    return larger(a, b), lambda v: max(f(v), g(v))


values = st.fixed_dictionaries({name: st.integers(-60, 300) for name in NAMES})

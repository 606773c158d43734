"""The words of a lesson: counts, fractions of steps, formulas with their values."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from shapecalc.algebra.traced import value_text
from shapecalc.text.words import plural

if TYPE_CHECKING:
    from shapecalc.algebra import Dim

_PARTS = {
    Fraction(1, 2): "half a step",
    Fraction(1, 3): "a third of a step",
    Fraction(2, 3): "two thirds of a step",
    Fraction(1, 4): "a quarter step",
    Fraction(3, 4): "three quarters of a step",
}


#: Formulas longer than this, with their values, fill more than a line.
LONG = 72


def brief(text: str, value: str) -> str:
    """Write a formula and its value; only the shorter of them where both are no line's length.

    >>> brief("9 x 9", "81"), brief("k x (k + 1) + " * 5 + "k", "5k^2 + 6k" * 5)
    ('9 x 9 = 81', '5k^2 + 6k5k^2 + 6k5k^2 + 6k5k^2 + 6k5k^2 + 6k')
    """
    return min(text, value, key=len) if too_long(text, value) else f"{text} = {value}"


def too_long(text: str, value: str) -> bool:
    """Tell whether a formula and its value together are longer than a line."""
    return len(text) + len(" = ") + len(value) > LONG


def counted(number: Dim, noun: str) -> str:
    """Write a number with its noun.

    >>> counted(1, "pixel"), counted(3, "pixel"), counted(2, "bias")
    ('1 pixel', '3 pixels', '2 biases')
    """
    return f"{value_text(number)} {plural(number, noun)}"


def part_of_a_step(part: Fraction) -> str:
    """Name a part of a step.

    >>> part_of_a_step(Fraction(1, 4)), part_of_a_step(Fraction(3, 7))
    ('a quarter step', '3/7 of a step')
    """
    return _PARTS.get(part, f"{part} of a step")


def the_last(number: int, noun: str) -> str:
    """Name what stands at the end.

    >>> the_last(1, "pixel"), the_last(3, "pixel")
    ('the last pixel', 'the last 3 pixels')
    """
    return f"the last {noun}" if number == 1 else f"the last {counted(number, noun)}"

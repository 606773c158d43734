"""Values, marks and counts as texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.layers.shape import as_text

if TYPE_CHECKING:
    from fractions import Fraction

    from shapecalc.homework.assignment.conventions import Conventions
    from shapecalc.homework.assignment.quantities import Value


def value_text(value: Value, conventions: Conventions) -> str:
    """Write a value of the key as the sheet asks for it."""
    if value is None:
        return "\N{EN DASH}"
    if isinstance(value, int):
        return f"{value:,}"
    return as_text(value, "chw" if conventions.layout == "chw" else "hwc")


def marks_number(marks: Fraction) -> int | float:
    """Return marks as a number of JSON, rounded once."""
    return marks.numerator if marks.denominator == 1 else round(float(marks), 6)


def marks_text(marks: Fraction) -> str:
    """Write marks with at most two decimals.

    >>> from fractions import Fraction
    >>> marks_text(Fraction(31)), marks_text(Fraction(1, 3)), marks_text(Fraction(5, 2))
    ('31', '0.33', '2.5')
    """
    if marks.denominator == 1:
        return str(marks.numerator)
    return f"{float(round(marks, 2)):.2f}".rstrip("0")

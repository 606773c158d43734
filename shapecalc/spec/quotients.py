"""Expressions of fields that hold decimals: whole numbers may be divided, and have fractions.

quotient = unary (("*" | "/" | "//") unary)*

All else is written as in `conditions.py`, and parts without a fraction are computed there.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from shapecalc.spec.conditions import ConditionParser
from shapecalc.spec.expression import LIMIT, MAX_POWER, ExpressionError

if TYPE_CHECKING:
    from collections.abc import Callable

_TOKEN = re.compile(
    r"\s*(?:(\d+\.\d*|\.\d+|\d+)|([A-Za-z_]\w*)|(\*\*|//|[=!<>]=|[-+*/(),<>\[\]]))", re.ASCII
)


def compute_quotient(text: str, whole: Callable[[Any], int | Fraction]) -> Fraction:
    """Compute an expression; `whole` computes its parts that hold no fraction.

    Raises `ExpressionError`.

    >>> compute_quotient("1/2*k + 0.25", lambda part: {"k": 3}.get(part, part))
    Fraction(7, 4)
    """
    parser = _QuotientParser(text)
    parsed = parser.sum(0)
    if parser.token:
        raise ExpressionError(f"'{parser.token}' is not expected in '{text}'")
    return _value(parsed, whole)


class _QuotientParser(ConditionParser):
    """Recursive descent, with decimals and `/`."""

    pattern = _TOKEN

    def product(self, depth: int) -> Any:  # noqa: ANN401
        left: Any = self.unary(depth)
        while operator := self.accept("*", "/", "//"):
            left = (operator, (left, self.unary(depth)))
        return left

    def atom(self, depth: int) -> Any:  # noqa: ANN401
        if "." in self.token:
            return Fraction(self.advance())
        return super().atom(depth)

    def strange(self, rest: str) -> tuple[str, str]:
        return f"'{rest[0]}' in '{self.text}' means nothing in an expression", ""


def _value(parsed: Any, whole: Callable[[Any], int | Fraction]) -> Fraction:  # noqa: ANN401
    if not isinstance(parsed, tuple) or parsed[0] not in _OPERATORS:
        return parsed if isinstance(parsed, Fraction) else Fraction(whole(parsed))
    operator, operands = parsed
    values = [_value(operand, whole) for operand in operands]
    if operator in ("/", "//") and values[1] == 0:
        raise ExpressionError(f"{values[0]} {operator} 0 divides by zero")
    if operator == "**" and not (values[1].denominator == 1 and abs(values[1]) <= MAX_POWER):
        raise ExpressionError(f"the exponent {values[1]} is not a whole number to {MAX_POWER}")
    if operator == "**" and values[0] == 0 and values[1] < 0:
        raise ExpressionError(f"0**{values[1]} divides by zero")
    value = Fraction(_OPERATORS[operator](*values))
    if max(abs(value.numerator), value.denominator) > LIMIT:
        raise ExpressionError(f"the result exceeds {LIMIT:.0e}, or is finer than its inverse")
    return value


_OPERATORS: dict[str, Callable[..., Any]] = {
    "negative": lambda a: -a,
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "//": lambda a, b: a // b,
    "**": lambda a, b: a ** int(b),
    "min": min,
    "max": max,
}

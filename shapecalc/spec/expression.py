"""Whole-number expressions of the spec language: parsed by hand, never evaluated by Python.

sum     = product (("+" | "-") product)*
product = unary (("*" | "//") unary)*
unary   = "-" unary | power
power   = atom ("**" unary)?
atom    = number | name | "(" sum ")" | ("min" | "max") "(" sum ("," sum)* ")"
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from shapecalc.algebra import largest, smallest

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.algebra import Dim

MAX_LENGTH = 300
MAX_DEPTH = 40
#: No intermediate value may exceed this in size.
LIMIT = 10**18
#: Symbols are raised to no higher power.
MAX_POWER = 16

PARTS = "use whole numbers, names, + - * // ** ( ) min max"
#: Ways to write a number that are none here: compiled where one has been met.
_POWER_OF_TEN = r"(?a)(\d+)[eE]\+?(\d{1,2})"
_OTHER_BASE = r"(?ai)0x[\da-f]+|0o[0-7]+|0b[01]+"
_SEPARATED = r"(?a)\d+(?:[_,]\d+)+"
_TOKEN = re.compile(r"\s*(?:(\d+)|([A-Za-z_]\w*)|(\*\*|//|[-+*(),]))", re.ASCII)

_ARITHMETIC = frozenset(["min", "max", "negative", "+", "-", "*", "//", "**"])

#: A parsed expression: a number, a name, or an operator with its operands.
Parsed: TypeAlias = "int | str | tuple[str, tuple[Parsed, ...]]"


class ExpressionError(Exception):
    """An expression that cannot be read or computed, with a repair."""

    code: ClassVar[str] = "E115"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class OpenConditionError(ExpressionError):
    """A condition that holds for some values of its symbols, or may; `value` has these."""

    code: ClassVar[str] = "E121"

    def __init__(self, message: str, value: Dim) -> None:
        super().__init__(message)
        self.value = value


@lru_cache(maxsize=4096)
def parse(text: str) -> Parsed:
    """Read an expression.  Raises `ExpressionError`.

    >>> parse("6*channels")
    ('*', (6, 'channels'))
    """
    parser = Parser(text)
    parsed = parser.sum(0)
    if parser.token:
        if match := re.fullmatch(_POWER_OF_TEN, text):
            hint = f"write {int(match[1]) * 10 ** int(match[2])}"
            raise ExpressionError(f"'{text}' is not written as a whole number", hint)
        if re.fullmatch(_SEPARATED, text):
            mark = "_" if "_" in text else ","
            hint = f"write {text.replace('_', '').replace(',', '')}"
            raise ExpressionError(f"'{text}' has '{mark}' in a number", hint)
        if re.fullmatch(_OTHER_BASE, text):
            raise ExpressionError(f"'{text}' is not a decimal number", f"write {int(text, 0)}")
        raise ExpressionError(f"'{parser.token}' is not expected in '{text}'", PARTS)
    return parsed


def evaluate(
    parsed: Parsed,
    value_of: Callable[[str], Dim],
    other: Callable[[str, tuple[Parsed, ...]], Dim] | None = None,
) -> Dim:
    """Compute an expression; `value_of` gives the names' values, numbers or symbols.

    `other` computes operators that are none of arithmetic: those of `conditions.py`.  Raises
    `ExpressionError`.
    """
    if isinstance(parsed, int):
        return parsed
    if isinstance(parsed, str):
        return value_of(parsed)
    operator, operands = parsed
    if other is not None and operator not in _ARITHMETIC:
        return other(operator, operands)
    return _bounded(_apply(operator, [evaluate(operand, value_of, other) for operand in operands]))


def names(parsed: Parsed) -> set[str]:
    """Return the names that an expression uses."""
    if isinstance(parsed, int):
        return set()
    if isinstance(parsed, str):
        return {parsed}
    return set().union(*(names(operand) for operand in parsed[1]))


def _apply(operator: str, values: list[Dim]) -> Dim:
    first = values[0]
    match operator:
        case "min":
            return smallest(values)
        case "max":
            return largest(values)
        case "negative":
            return -first
        case "+":
            return first + values[1]
        case "-":
            return first - values[1]
        case "*":
            return first * values[1]
        case "//":
            return first // _divisor(first, values[1])
        case _:
            return _power(first, _literal(values[1], "an exponent"))


def _divisor(first: Dim, by: Dim) -> Dim:
    if by == 0:
        raise ExpressionError(f"{first} // 0 divides by zero")
    if isinstance(by, int):
        return by
    from shapecalc.algebra.bounds import always_positive

    if not always_positive(by):
        message = f"what is divided by must be at least 1, and {by} is not for all values"
        raise ExpressionError(message, "give its symbols values with --set")
    return by


def _literal(value: Dim, what: str) -> int:
    if not isinstance(value, int):
        message = f"{what} must be a number, but is {value}"
        raise ExpressionError(message, "give its symbols values with --set")
    return value


def _power(base: Dim, exponent: int) -> Dim:
    if not isinstance(base, int):
        if not 0 <= exponent <= MAX_POWER:
            raise ExpressionError(f"the exponent {exponent} is not from 0 to {MAX_POWER}")
        return base**exponent
    if exponent < 0:
        raise ExpressionError(f"{base}**{exponent} is not a whole number", "use // to divide")
    if abs(base) > 1 and exponent * (abs(base).bit_length() - 1) > LIMIT.bit_length():
        raise ExpressionError(f"{base}**{exponent} exceeds {LIMIT:.0e}")
    return int(base**exponent)


def _bounded(value: Dim) -> Dim:
    if isinstance(value, int) and abs(value) > LIMIT:
        raise ExpressionError(f"the result exceeds {LIMIT:.0e}")
    return value


class Parser:
    """Recursive descent; `token` is the one to look at."""

    pattern: ClassVar[re.Pattern[str]] = _TOKEN

    def __init__(self, text: str) -> None:
        if len(text) > MAX_LENGTH:
            raise ExpressionError(f"an expression of more than {MAX_LENGTH} characters")
        self.text = text
        self.position = 0
        self.token = ""
        self.advance()

    def advance(self) -> str:
        """Step to the next token; return the one left behind."""
        left = self.token
        rest = self.text[self.position :]
        if not rest.strip():
            self.token = ""
            return left
        match = self.pattern.match(rest)
        if match is None:
            raise ExpressionError(*self.strange(rest.strip()))
        self.token = match.group(0).strip()
        self.position += match.end()
        return left

    def accept(self, *tokens: str) -> str:
        """Take the token if it is one of these."""
        return self.advance() if self.token in tokens and self.token else ""

    def expect(self, token: str) -> None:
        if not self.accept(token):
            place = f"before '{self.token}'" if self.token else "at the end"
            raise ExpressionError(f"'{token}' is missing {place} of '{self.text}'")

    def inner(self, depth: int) -> Parsed:
        """Read what may stand in parentheses."""
        return self.sum(depth)

    def sum(self, depth: int) -> Parsed:
        left = self.product(depth)
        while operator := self.accept("+", "-"):
            left = (operator, (left, self.product(depth)))
        return left

    def product(self, depth: int) -> Parsed:
        left = self.unary(depth)
        while operator := self.accept("*", "//"):
            left = (operator, (left, self.unary(depth)))
        return left

    def unary(self, depth: int) -> Parsed:
        self.must_be_flat(depth)
        if self.accept("-"):
            return ("negative", (self.unary(depth + 1),))
        base = self.atom(depth + 1)
        if self.accept("**"):
            return ("**", (base, self.unary(depth + 1)))
        return base

    def must_be_flat(self, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise ExpressionError(f"an expression nested more than {MAX_DEPTH} deep")

    def atom(self, depth: int) -> Parsed:
        if self.accept("("):
            inner = self.inner(depth)
            self.expect(")")
            return inner
        token = self.advance()
        if token.isdigit():
            if len(token) > 1 and token[0] == "0":
                hint = f"write {token.lstrip('0') or '0'}"
                raise ExpressionError(f"'{token}' begins with a zero", hint)
            return int(token)
        if token in ("min", "max"):
            self.expect("(")
            operands = [self.inner(depth)]
            while self.accept(","):
                operands.append(self.inner(depth))
            self.expect(")")
            return (token, tuple(operands))
        if token.isidentifier():
            return token
        where = f"before '{token}'" if token else "at the end"
        raise ExpressionError(f"a number or a name is missing {where} of '{self.text}'")

    def strange(self, rest: str) -> tuple[str, str]:
        """Say what a character that is no token means, and what to write for it."""
        character, text = rest[0], self.text
        if character == "/":
            return f"'/' in '{text}' would give a fraction", "use // for whole division"
        if character == ".":
            return f"'{text}' is not a whole number", "write it without a decimal point"
        return f"'{character}' in '{text}' means nothing in an expression", PARTS

"""Expressions with conditions, items of lists, and functions; never evaluated by Python.

condition   = conjunction ("or" conjunction)*
conjunction = negation ("and" negation)*
negation    = "not" negation | comparison
comparison  = sum (("==" | "!=" | "<" | "<=" | ">" | ">=") sum)?
atom        = number | name | name ("[" condition "]")+ | "(" condition ")"
            | function "(" condition ("," condition)* ")"

The sums are those of `expression.py`, which reads what has none of this.  In a sum a condition that
holds is 1, another one 0.  `and`, `or` and `not` are operators only where they could be no names.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.spec.expression import (
    PARTS,
    ExpressionError,
    OpenConditionError,
    Parsed,
    Parser,
    evaluate,
    parse,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.algebra import Dim
    from shapecalc.algebra.relations import Relation

_COMPARISONS = ("==", "!=", "<=", ">=", "<", ">")
_TOKEN = re.compile(
    r"\s*(?:(\d+)|([A-Za-z_]\w*)|(\*\*|//|[=!<>]=|[-+*(),<>\[\]]))",
    re.ASCII,
)
#: What no expression without conditions holds.
_MARKS = re.compile(r"[<>=!&|\[\]]|\b(?:and|or|not)\b|[A-Za-z_]\w*\s*\(", re.ASCII)
#: What people write for an operator, and what it is here.
_MEANT = {"&": "and", "|": "or", "!": "not", "=": "=="}
#: Functions by their names, with the number of what they take.
FUNCTIONS = {"len": 1, "make_divisible": 2}
_PARTS = f"{PARTS} {' '.join(FUNCTIONS)}, == != < <= > >= and or not"


@lru_cache(maxsize=4096)
def parse_condition(text: str) -> Parsed:
    """Read an expression that may hold conditions.  Raises `ExpressionError`.

    >>> parse_condition("stride == 1 and channels == filters")
    ('and', (('==', ('stride', 1)), ('==', ('channels', 'filters'))))
    """
    try:
        return parse(text)  # whatever has a meaning without them keeps it
    except ExpressionError:
        if not _MARKS.search(text):
            raise
    parser = ConditionParser(text)
    parsed = parser.inner(0)
    if parser.token:
        if parser.token in _COMPARISONS:
            message = f"'{parser.token}' is a second comparison in '{text}'"
            raise ExpressionError(message, "join comparisons with `and`: 1 < k and k < 4")
        raise ExpressionError(f"'{parser.token}' is not expected in '{text}'", _PARTS)
    return parsed


class ConditionParser(Parser):
    """Recursive descent; what stands in parentheses may be a condition."""

    pattern = _TOKEN

    def inner(self, depth: int) -> Parsed:
        left = self.conjunction(depth)
        while self.accept("or"):
            left = ("or", (left, self.conjunction(depth)))
        return left

    def conjunction(self, depth: int) -> Parsed:
        left = self.negation(depth)
        while self.accept("and"):
            left = ("and", (left, self.negation(depth)))
        return left

    def negation(self, depth: int) -> Parsed:
        self.must_be_flat(depth)
        if self.token == "not" and self.begins_operand():  # noqa: S105
            self.advance()
            return ("not", (self.negation(depth + 1),))
        left = self.sum(depth)
        if comparison := self.accept(*_COMPARISONS):
            return (comparison, (left, self.sum(depth)))
        return left

    def begins_operand(self) -> bool:
        """Tell whether a number, a name or a bracket comes next, which no name stands before."""
        rest = self.text[self.position :].lstrip()
        word = re.match(r"\w+", rest, re.ASCII)
        return rest[:1] == "(" or (word is not None and word[0] not in ("and", "or"))

    def atom(self, depth: int) -> Parsed:
        name = self.token
        parsed = super().atom(depth)
        if not isinstance(parsed, str):
            return parsed
        if name in FUNCTIONS and self.accept("("):
            operands = [self.inner(depth)]
            while self.accept(","):
                operands.append(self.inner(depth))
            self.expect(")")
            if len(operands) != FUNCTIONS[name]:
                takes = "a list" if name == "len" else "a number and what is to divide it"
                raise ExpressionError(f"{name} takes {takes}, not {len(operands)} values")
            if name == "len" and not _is_item(operands[0]):
                raise ExpressionError("len takes a list by its name", "len(widths)")
            return (name, tuple(operands))
        if self.token == "(":  # noqa: S105
            hint = f"functions are min, max, {', '.join(FUNCTIONS)}"
            raise ExpressionError(f"there is no function '{name}'", hint)
        indices: list[Parsed] = []
        while self.accept("["):
            indices.append(self.inner(depth + 1))
            self.expect("]")
        return ("[]", (name, *indices)) if indices else name

    def strange(self, rest: str) -> tuple[str, str]:
        meant = _MEANT.get(rest[0])
        if meant is None:
            return super().strange(rest)
        written = rest[0] * 2 if rest[1:2] == rest[0] else rest[0]
        return f"'{written}' in '{self.text}' means nothing in an expression", f"write `{meant}`"


def _is_item(parsed: Parsed) -> bool:
    return isinstance(parsed, str) or (isinstance(parsed, tuple) and parsed[0] == "[]")


class Known(NamedTuple):
    """What the names in an expression stand for: numbers, true or false, lists."""

    value: Callable[[str], Dim]
    truth: Callable[[str], Dim]
    """The same, but `true` counts as 1 and `false` as 0."""
    item: Callable[[str, list[int], bool], Dim]
    """An item of a list by its index, of a list in a list by two; and whether `true` counts."""
    length: Callable[[str, list[int]], int]


def compute(parsed: Parsed, known: Known) -> Dim:
    """Compute an expression that may hold conditions.  Raises `ExpressionError`."""
    return evaluate(parsed, known.value, lambda word, of: compute_part(word, of, known))


def compute_part(operator: str, operands: tuple[Parsed, ...], known: Known) -> Dim:
    """Compute what `evaluate` leaves to conditions, lists and functions."""
    if operator == "[]":
        name, *indices = operands
        return known.item(str(name), [_index(index, known) for index in indices], False)
    if operator == "len":
        name, *indices = operands[0][1] if isinstance(operands[0], tuple) else operands
        return known.length(str(name), [_index(index, known) for index in indices])
    if operator in ("and", "or"):
        return int(_joined(operator, operands, known))
    if operator == "not":
        return int(not _truth(operands[0], known))
    values = [compute(operand, known) for operand in operands]
    if operator == "make_divisible":
        return _divisible(*values)
    return int(compare(operator, *values))


def _index(parsed: Parsed, known: Known) -> int:
    value = compute(parsed, known)
    if not isinstance(value, int):
        raise OpenConditionError(f"an index must be a number, but is {value}", value)
    return value


def _truth(parsed: Parsed, known: Known) -> bool:
    """Decide an operand of `and`, `or` or `not`."""
    if isinstance(parsed, str):
        value = known.truth(parsed)
    elif isinstance(parsed, tuple) and parsed[0] == "[]":
        name, *indices = parsed[1]
        value = known.item(str(name), [_index(index, known) for index in indices], True)
    else:
        value = compute(parsed, known)
    if not isinstance(value, int):
        raise OpenConditionError(f"{value} may be true or not", value)
    return truth_of(value)


def truth_of(value: int) -> bool:
    """Return whether a condition holds, which is 1 or 0.  Raises `ExpressionError`."""
    if value in (0, 1):
        return bool(value)
    raise ExpressionError(f"{value:,} is neither true nor false", "compare it: `k > 0`")


def _joined(operator: str, operands: tuple[Parsed, ...], known: Known) -> bool:
    """Decide `and` or `or`: by its first operand where that is enough, else by both."""
    deciding = operator == "or"
    left_open = None
    try:
        if _truth(operands[0], known) is deciding:
            return deciding
    except OpenConditionError as error:
        left_open = error
    value = _truth(operands[1], known)
    if left_open is not None and value is not deciding:
        raise left_open
    return value


def compare(relation: str, left: Dim, right: Dim) -> bool:
    """Decide a comparison for all values of its symbols.  Raises `OpenConditionError`.

    >>> from shapecalc.algebra.expr import symbol
    >>> compare("<", 3, 4), compare(">=", symbol("k"), 1), compare("!=", 2 * symbol("k"), 3)
    (True, True, True)
    """
    opposite = {"!=": "==", ">=": "<", ">": "<="}.get(relation)
    holds = _decided(opposite or relation, left - right)
    if holds is None:
        raise OpenConditionError(f"{left} {relation} {right} may hold or not", left - right)
    return holds is not bool(opposite)


def _decided(relation: str, difference: Dim) -> bool | None:
    """Decide how a difference compares with 0; None: for some symbols so, or it is not known."""
    if isinstance(difference, int):
        return {"==": difference == 0, "<": difference < 0, "<=": difference <= 0}[relation]
    from shapecalc.algebra.bounds import always_positive

    if relation == "==":
        apart = always_positive(difference) or always_positive(-difference)
        return False if apart else _for_all(difference, "equal to", 0)
    most = -1 if relation == "<" else 0
    if always_positive(most + 1 - difference):
        return True
    return False if always_positive(difference - most) else _for_all(difference, "at most", most)


def _for_all(value: Dim, relation: Relation, bound: Dim) -> bool | None:
    from shapecalc.algebra.relations import for_all

    return for_all(value, relation, bound)


def _divisible(value: Dim, by: Dim) -> Dim:
    """Round to a multiple as MobileNet's code does: half up, and never by more than a tenth down.

    >>> _divisible(18, 8), _divisible(12, 8), _divisible(3, 8), _divisible(88, 8)
    (24, 16, 8, 88)
    """
    own = getattr(value, "divisible", None)
    if own is not None and isinstance(by, int) and by >= 1:
        return own(by)  # type: ignore[no-any-return]
    for number in (value, by):
        if not isinstance(number, int):
            raise OpenConditionError(f"make_divisible needs numbers, but has {number}", number)
    assert isinstance(value, int)
    assert isinstance(by, int)
    if by < 1:
        raise ExpressionError(f"make_divisible cannot make {value} a multiple of {by}")
    rounded = max(by, (2 * value + by) // (2 * by) * by)
    return rounded + by if 10 * rounded < 9 * value else rounded

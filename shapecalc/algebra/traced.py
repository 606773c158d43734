"""A number that remembers how it was made.

The rules of the layers compute with `+ - * //` and the functions of `dim.py`.  Given formulas in
place of numbers they return formulas: so the very rule that filled a table's cell writes itself
down, with its symbols, with the numbers in their places, and step by step.

    >>> n, k, s = named("n", 224), named("k", 11), named("s", 4)
    >>> side = (n - k) // s + 1
    >>> side.rule(), side.substituted(), side.steps()
    ('floor((n - k)/s) + 1', 'floor((224 - 11)/4) + 1', ('floor(213/4) + 1', 'floor(53.25) + 1', '53 + 1', '54'))
    >>> side.value
    54
"""  # noqa: E501  (a doctest cannot break its result)

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial, reduce
from operator import mod
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from shapecalc.algebra import ceil_div, common_divisor, larger, smaller

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from shapecalc.algebra import Dim

Kind: TypeAlias = Literal[
    "number", "sum", "product", "quotient", "floor", "ceil", "min", "max", "gcd", "mod"
]

#: How tightly an operation binds: a part that binds less than its place asks for is bracketed.
_SUM, _PRODUCT, _ATOM = 1, 2, 3


@dataclass(frozen=True, slots=True)
class Formula:
    """A number, and the operation on `parts` that gave it.

    `value` is a dimension, the exact fraction of a quotient, or None for a quotient of symbols.
    A number without a name was computed, or stands in the rule itself; one that is `given` is
    written as it was given.  A sum has one of `factors` for each part, and a `constant`.
    """

    kind: Kind
    value: Any
    parts: tuple[Formula, ...] = ()
    name: str = ""
    factors: tuple[int, ...] = ()
    constant: int = 0
    given: bool = False

    # What the rules do.

    def __add__(self, other: Operand) -> Formula:
        return _sum(((1, self), (1, other)))

    def __radd__(self, other: Operand) -> Formula:
        return _sum(((1, other), (1, self)))

    def __sub__(self, other: Operand) -> Formula:
        return _sum(((1, self), (-1, other)))

    def __rsub__(self, other: Operand) -> Formula:
        return _sum(((1, other), (-1, self)))

    def __neg__(self) -> Formula:
        return _sum(((-1, self),))

    def __mul__(self, other: Operand) -> Formula:
        return _product((self, other))

    def __rmul__(self, other: Operand) -> Formula:
        return _product((other, self))

    def __floordiv__(self, other: Operand) -> Formula:
        if isinstance(other, int) and other == 1:
            return self
        return _round("floor", quotient(self, formula(other)))

    def __rfloordiv__(self, other: Operand) -> Formula:
        return _round("floor", quotient(formula(other), self))

    def __mod__(self, other: Operand) -> Formula:
        return _apply("mod", (self, formula(other)))

    def ceil_div(self, other: Operand) -> Formula:
        """Return the smallest whole number that is at least the quotient."""
        if isinstance(other, int) and other == 1:
            return self
        return _round("ceil", quotient(self, formula(other)))

    def smaller(self, other: Operand) -> Formula:
        """Return the smaller of two."""
        return _apply("min", (*_within(self, "min"), formula(other)))

    def larger(self, other: Operand) -> Formula:
        """Return the larger of two."""
        return _apply("max", (*_within(self, "max"), formula(other)))

    def common_divisor(self, other: Operand) -> Formula:
        """Return the greatest common divisor."""
        return _apply("gcd", (self, formula(other)))

    def __lt__(self, other: Operand) -> bool:
        return bool(self.value < formula(other).value)

    def __le__(self, other: Operand) -> bool:
        return bool(self.value <= formula(other).value)

    def __gt__(self, other: Operand) -> bool:
        return bool(self.value > formula(other).value)

    def __ge__(self, other: Operand) -> bool:
        return bool(self.value >= formula(other).value)

    def __bool__(self) -> bool:
        return bool(self.value)

    # What a reader sees.

    def rule(self, times: str = "*") -> str:
        """Write the rule in symbols; `times` is the sign of a multiplication."""
        return _written(self, partial(_symbol, times=times), times)[0]

    def substituted(self, times: str = "*", write: Write = str) -> str:
        """Write the rule with the numbers in its letters' places; `write` writes expressions."""
        return _written(self, partial(_number, write=write), times)[0]

    def steps(self, times: str = "*") -> tuple[str, ...]:
        """Write what is left after each round of computing the innermost parts, to the value."""
        return tuple(stage.substituted(times) for stage in self.stages(times))

    def stages(self, times: str = "*") -> tuple[Formula, ...]:
        """Return what is left after each round, where that is written in another way."""
        stages: list[Formula] = []
        before, now = self.substituted(times), _reduced(self)
        while True:
            text = now.substituted(times)
            if text != before:
                stages.append(now)
            if now.kind == "number":
                return tuple(stages)
            before, now = text, _reduced(now)


Operand: TypeAlias = "Formula | Dim"
#: How an expression over symbols is written.
Write: TypeAlias = "Callable[[Any], str]"


def named(name: str, value: Any, *, given: bool = True) -> Formula:  # noqa: ANN401  (a dimension)
    """Return a number that the rule calls by a name; `given` as it was written, or computed."""
    return Formula("number", value, name=name, given=given)


def formula(operand: Operand) -> Formula:
    """Return an operand as a formula: a plain dimension is one without a name."""
    return operand if isinstance(operand, Formula) else Formula("number", operand)


def quotient(dividend: Formula, divisor: Formula) -> Formula:
    """Divide exactly."""
    a, b = dividend.value, divisor.value
    value: Any = None
    if isinstance(a, int) and isinstance(b, int):
        value = Fraction(a, b) if a % b else a // b
    return Formula("quotient", value, (dividend, divisor))


def grouped(parts: Iterable[Formula]) -> Formula:
    """Multiply, leaving products among the parts in brackets: 96 x (11 x 11 x 3)."""
    factors = tuple(part for part in parts if not _is_one(part))
    return factors[0] if len(factors) == 1 else _multiplied(factors or (formula(1),))


def total(parts: Iterable[Formula]) -> Formula:
    """Add up; nothing adds up to 0."""
    return _sum((1, part) for part in parts)


def exact(made: Formula) -> Formula:
    """Leave out every floor and ceil of a division that goes without remainder.

    >>> exact(named("channels", 96) // named("groups", 2) * named("k", 5)).rule(" x ")
    '(channels/groups) x k'
    """
    parts = tuple(map(exact, made.parts))
    if made.kind in ("floor", "ceil") and isinstance(parts[0].value, int):
        return parts[0]
    return made if parts == made.parts else _again(made, parts)


def is_zero(value: object) -> bool:
    """Tell whether a count is 0: one in symbols is not."""
    return isinstance(value, int) and value == 0


def value_text(value: Any, write: Write = str) -> str:  # noqa: ANN401  (a `Formula.value`)
    """Write a computed number: with separators, a fraction as a decimal when that is short.

    >>> [value_text(each) for each in (34944, Fraction(26, 2), Fraction(213, 4), Fraction(160, 3))]
    ['34,944', '13', '53.25', '53 1/3']
    """
    if isinstance(value, int):
        return f"{value:,}"
    if not isinstance(value, Fraction):
        return write(value)
    if value.denominator == 1:
        return f"{value.numerator:,}"
    if 1000 % value.denominator == 0:
        return f"{float(value):,.3f}".rstrip("0")
    whole, rest = divmod(abs(value), 1)
    sign = "-" if value < 0 else ""
    return f"{sign}{whole:,} {rest}" if whole else f"{sign}{rest}"


def _is_one(part: Formula) -> bool:
    """Tell whether a factor is the plain 1, which changes nothing and says nothing."""
    return part.kind == "number" and not part.name and part.value == 1


def _sum(terms: Iterable[tuple[int, Operand]]) -> Formula:
    """Add, with sums in it laid open and equal parts counted: n + p + p - k is n + 2p - k."""
    factors: dict[Formula, int] = {}
    constant = 0
    for factor, operand in terms:
        term = formula(operand)
        if term.kind == "sum":
            constant += factor * term.constant
            for inner, part in zip(term.factors, term.parts, strict=True):
                factors[part] = factors.get(part, 0) + factor * inner
        elif term.kind == "number" and not term.name and isinstance(term.value, int):
            constant += factor * term.value
        else:
            factors[term] = factors.get(term, 0) + factor
    return _added({part: factor for part, factor in factors.items() if factor}, constant)


def _added(factors: dict[Formula, int], constant: int) -> Formula:
    if not factors:
        return formula(constant)
    if not constant and len(factors) == 1 and 1 in factors.values():
        return next(iter(factors))
    value: Any = constant
    for part, factor in factors.items():
        value = None if value is None or part.value is None else value + factor * part.value
    return Formula("sum", value, tuple(factors), "", tuple(factors.values()), constant)


def _product(operands: Iterable[Operand]) -> Formula:
    """Multiply, with products in it laid open and ones left out."""
    parts: list[Formula] = []
    for operand in map(formula, operands):
        if operand.kind == "product":
            parts += operand.parts
        elif not _is_one(operand):
            parts.append(operand)
    if any(part.kind == "number" and not part.name and part.value == 0 for part in parts):
        return formula(0)
    return parts[0] if len(parts) == 1 else _multiplied(tuple(parts) or (formula(1),))


def _multiplied(parts: tuple[Formula, ...]) -> Formula:
    value: Any = parts[0].value
    for part in parts[1:]:
        value = None if value is None or part.value is None else value * part.value
    return Formula("product", value, parts)


def _round(kind: Literal["floor", "ceil"], divided: Formula) -> Formula:
    a, b = (part.value for part in divided.parts)
    return Formula(kind, a // b if kind == "floor" else ceil_div(a, b), (divided,))


_VALUES: dict[Kind, Callable[[Any, Any], Any]] = {
    "min": smaller,
    "max": larger,
    "gcd": common_divisor,
    "mod": mod,
}


def _apply(kind: Kind, parts: tuple[Formula, ...]) -> Formula:
    return Formula(kind, reduce(_VALUES[kind], (part.value for part in parts)), parts)


def _within(made: Formula, kind: Kind) -> tuple[Formula, ...]:
    """Return what is compared already."""
    return made.parts if made.kind == kind else (made,)


def _again(made: Formula, parts: tuple[Formula, ...]) -> Formula:
    """Do the operation of a formula on other parts of the same values, in the same order."""
    return replace(made, parts=parts)


def _reduced(made: Formula) -> Formula:
    """Compute the innermost operations."""
    if made.kind == "number":
        return made
    if all(map(_settled, made.parts)) and made.value is not None:
        return formula(made.value)
    if made.kind == "quotient" and all(part.kind == "number" for part in made.parts):
        return made  # of symbols: the floor around it gives a number, or nothing does
    parts = tuple(part if _settled(part) else _reduced(part) for part in made.parts)
    if parts == made.parts:
        return formula(made.value)
    return _again(made, parts)


def _settled(part: Formula) -> bool:
    """Tell whether a part needs no step of its own: a number, or the floor of a whole one."""
    if part.kind in ("floor", "ceil"):
        return part.parts[0].kind == "number" and isinstance(part.parts[0].value, int)
    return part.kind == "number"


def _symbol(made: Formula, times: str) -> tuple[str, int]:
    return (made.name, _ATOM) if made.name else _number(made)


def _number(made: Formula, write: Write = str) -> tuple[str, int]:
    """Write a number: one that was given as it was written, one that was computed for reading."""
    value = made.value
    text = str(value) if made.given and isinstance(value, int) else value_text(value, write)
    if isinstance(value, (int, Fraction)):
        return text, _ATOM if value >= 0 else _SUM
    return text, _binding(text)


def _binding(text: str) -> int:
    """Return how tightly the text of a symbolic dimension binds."""
    depth, binding = 0, _ATOM
    for place, sign in enumerate(text):
        depth += (sign == "(") - (sign == ")")
        if depth == 0 and sign in "+-" and place:
            return _SUM
        if depth == 0 and sign in "*/":
            binding = _PRODUCT
    return binding


_Leaf: TypeAlias = "Callable[[Formula], tuple[str, int]]"


def _written(made: Formula, leaf: _Leaf, times: str) -> tuple[str, int]:
    """Write a formula, and tell how tightly it binds."""
    if made.kind == "number":
        return leaf(made)
    if made.kind == "sum":
        return _written_sum(made, leaf, times), _SUM
    if made.kind == "product":
        parts = (_bracketed(part, leaf, times, _ATOM) for part in made.parts)
        return times.join(parts), _PRODUCT
    if made.kind == "quotient":
        dividend, divisor = made.parts
        over = _bracketed(dividend, leaf, times, _PRODUCT)
        return f"{over}/{_bracketed(divisor, leaf, times, _ATOM)}", _PRODUCT
    if made.kind == "mod":
        return " mod ".join(_bracketed(part, leaf, times, _ATOM) for part in made.parts), _PRODUCT
    inside = ", ".join(_written(part, leaf, times)[0] for part in made.parts)
    return f"{made.kind}({inside})", _ATOM


def _bracketed(part: Formula, leaf: _Leaf, times: str, least: int) -> str:
    text, binding = _written(part, leaf, times)
    return text if binding >= least else f"({text})"


def _written_sum(made: Formula, leaf: _Leaf, times: str) -> str:
    text = ""
    for factor, part in zip(made.factors, made.parts, strict=True):
        size = abs(factor)
        if size == 1:
            begins = not text and factor == 1
            term = _bracketed(part, leaf, times, _SUM if begins else _PRODUCT)
        else:
            inside = _bracketed(part, leaf, times, _ATOM)
            beside = times == "*" and inside[:1].isalpha() and len(inside) <= 2
            term = f"{size}{inside}" if beside else f"{size}{times}{inside}"
        sign = "-" if factor < 0 else "+"
        text += f" {sign} {term}" if text else term if factor > 0 else f"-{term}"
    if made.constant:
        text += f" {'-' if made.constant < 0 else '+'} {abs(made.constant):,}"
    return text

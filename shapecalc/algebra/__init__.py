"""Dimensions: the whole numbers and the expressions over symbols that rules compute with.

Rules use only `+`, `-`, `*`, floor division by what is at least 1, and the functions of this
file, and never compare dimensions: what must hold is stated as a requirement (`layers.base`).  So
every rule is written once, for numbers and for symbols.  Numbers never build an expression, and a
summary of numbers never imports one: how expressions are written, compared, bounded and solved is
in the modules here.
"""

from __future__ import annotations

from math import gcd, prod
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapecalc.algebra.expr import Expr


Dim: TypeAlias = "int | Expr"


def is_symbolic(value: object) -> bool:
    """Tell what stands for a number from whatever else, without importing its class.

    That is an expression of symbols (`expr`), or a number that many points have (`tape`).
    """
    return hasattr(value, "extreme")


def known(dim: Dim) -> int:
    """Return a dimension of which it has been made sure that it is a number."""
    if isinstance(dim, int):
        return dim
    raise TypeError(f"{dim} is no number")


def ceil_div(a: Dim, b: Dim) -> Dim:
    """Return the smallest whole number that is at least `a / b`.

    >>> ceil_div(13, 5), ceil_div(-2, 3), ceil_div(10, 5)
    (3, 0, 2)
    """
    if isinstance(a, int) and isinstance(b, int):
        return -(-a // b)
    own = getattr(a, "ceil_div", None)
    return own(b) if own is not None else (a + (b - 1)) // b


def product(dims: Iterable[Dim]) -> Dim:
    """Multiply; the empty product is 1.

    >>> product([227, 227, 3])
    154587
    """
    return prod(dims)


def add_up(dims: Iterable[Dim]) -> Dim:
    """Add up; the empty sum is 0.

    >>> add_up([1, 2, 3])
    6
    """
    terms = list(dims)
    if {*map(type, terms)} <= {int}:
        return sum(terms)
    own = next((dim for dim in terms if not isinstance(dim, int) and is_symbolic(dim)), None)
    return sum(terms) if own is None else own.total(terms)


def is_number(dim: Dim) -> bool:
    """Tell whether a dimension is a number, one that remembers how it was made too."""
    return isinstance(getattr(dim, "value", dim), int)


def smaller(a: Dim, b: Dim) -> Dim:
    """Return the smaller of two dimensions."""
    if isinstance(a, int) and isinstance(b, int):
        return min(a, b)
    own = getattr(a, "smaller", None)
    return own(b) if own is not None else smallest((a, b))


def larger(a: Dim, b: Dim) -> Dim:
    """Return the larger of two dimensions."""
    if isinstance(a, int) and isinstance(b, int):
        return max(a, b)
    own = getattr(a, "larger", None)
    return own(b) if own is not None else largest((a, b))


def smallest(dims: Iterable[Dim]) -> Dim:
    """Return the smallest of one or more dimensions."""
    return _extreme("min", tuple(dims))


def largest(dims: Iterable[Dim]) -> Dim:
    """Return the largest of one or more dimensions."""
    return _extreme("max", tuple(dims))


def _extreme(word: str, dims: tuple[Dim, ...]) -> Dim:
    own = next((dim for dim in dims if not isinstance(dim, int) and is_symbolic(dim)), None)
    if own is None:
        return min(dims) if word == "min" else max(dims)  # type: ignore[type-var]
    return own.extreme(word, dims)


def common_divisor(a: Dim, b: int) -> Dim:
    """Return the greatest common divisor of two whole numbers from 1 on.

    It is b - 2*(the sum of the remainders a*i mod b below b/2) when summed up (Polezzi 1997):
    gcd(a, b) = a + b - a*b + 2*(floor(a/b) + floor(2a/b) + ... + floor((b - 1)a/b)).

    >>> common_divisor(54, 24)
    6
    """
    if isinstance(a, int):
        return gcd(a, b)
    own = getattr(a, "common_divisor", None)
    return own(b) if own is not None else a + b - a * b + 2 * sum(a * i // b for i in range(1, b))

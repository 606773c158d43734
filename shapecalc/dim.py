"""Dimensions: the whole numbers that rules compute with.

Rules use only `+`, `-`, `*`, floor division by a literal, and the functions of this file, and
never compare dimensions: what must hold is stated as a requirement (`layers.base`).  So every rule
is written once, for numbers and for the symbols that will join them here.
"""

from __future__ import annotations

from math import gcd, prod
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

Dim: TypeAlias = int


def ceil_div(a: Dim, b: int) -> Dim:
    """Return the smallest whole number that is at least `a / b`.

    >>> ceil_div(13, 5), ceil_div(-2, 3), ceil_div(10, 5)
    (3, 0, 2)
    """
    return -(-a // b)


def product(dims: Iterable[Dim]) -> Dim:
    """Multiply; the empty product is 1.

    >>> product([227, 227, 3])
    154587
    """
    return prod(dims)


def smaller(a: Dim, b: Dim) -> Dim:
    """Return the smaller of two dimensions."""
    return min(a, b)


def common_divisor(a: Dim, b: int) -> Dim:
    """Return the greatest common divisor."""
    return gcd(a, b)

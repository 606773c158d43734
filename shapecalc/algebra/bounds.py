"""What an expression surely is at least: floors replaced by the fractions around them.

floor(x/d) lies between (x - d + 1)/d and x/d.  With these an expression becomes a polynomial of
the symbols with fractions for coefficients; written in the distances from the symbols' smallest
values, it is at least 0 where no coefficient is negative.  The test is sound, not complete.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, TypeAlias, TypeGuard

from shapecalc.algebra.expr import Floor, Quotient, Symbol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shapecalc.algebra import Dim
    from shapecalc.algebra.expr import Atom
    from shapecalc.algebra.tape import Recorded

#: A polynomial: symbols with powers, in one order, to coefficients.
Polynomial: TypeAlias = "dict[tuple[tuple[str, int], ...], Fraction]"


class _OpenError(Exception):
    pass


def is_recorded(dim: Dim) -> TypeGuard[Recorded]:
    """Tell a number of many points (`tape`), which has a range and no formula."""
    return hasattr(dim, "low")


def surely_at_least(a: Dim, b: Dim, start: Mapping[str, int]) -> bool:
    """Tell whether a >= b surely holds for all symbols from `start` (or 1) on.

    >>> from shapecalc.algebra.expr import symbol
    >>> H = symbol("H")
    >>> surely_at_least(H, 2 * (H // 2), {}), surely_at_least(H // 2, 3, {"H": 6})
    (True, False)
    """
    difference = a - b
    if is_recorded(difference):
        return difference.low >= 0
    return _Bounds(start).surely(difference)


def always_positive(dim: Dim) -> bool:
    """Tell whether an expression is surely at least 1, whatever its symbols: it may divide."""
    return surely_at_least(dim, 1, {})


class _Bounds:
    """Polynomials below and above expressions; each atom's are found once."""

    def __init__(self, start: Mapping[str, int]) -> None:
        self.start = start
        self.known: dict[tuple[Atom, bool], Polynomial] = {}

    def surely(self, dim: Dim) -> bool:
        """Tell whether an expression is surely at least 0."""
        try:
            return _never_negative(self.lowest(dim))
        except _OpenError:
            return False

    def lowest(self, dim: Dim) -> Polynomial:
        """Return a polynomial that `dim` is at least."""
        if isinstance(dim, int):
            return {(): Fraction(dim)}
        total: Polynomial = {}
        for product, factor in dim.terms:
            term: Polynomial = {(): Fraction(factor)}
            several = sum(power for _, power in product) > 1
            for atom, power in product:
                if several:
                    self.must_not_be_negative(atom)
                bound = self.bound(atom, upper=factor < 0)
                for _ in range(power):
                    term = _multiply(term, bound)
            total = _add(total, term)
        return total

    def bound(self, atom: Atom, *, upper: bool) -> Polynomial:
        """Return a polynomial that an atom is at least, or at most."""
        limit = self.known.get((atom, upper))
        if limit is None:
            limit = self.known[atom, upper] = self.find(atom, upper=upper)
        return limit

    def find(self, atom: Atom, *, upper: bool) -> Polynomial:
        if isinstance(atom, Symbol):
            least = self.start.get(atom.name, 1)
            return {(): Fraction(least), ((atom.name, 1),): Fraction(1)}
        if isinstance(atom, Quotient):  # of what is not negative, by what is at least 1
            if not _never_negative(self.lowest(atom.over)):
                raise _OpenError
            return {key: -f for key, f in self.lowest(atom.over * -1).items()} if upper else {}
        if not isinstance(atom, Floor):
            raise _OpenError
        if upper:
            return {key: -f / atom.by for key, f in self.lowest(atom.over * -1).items()}
        inner = _add(self.lowest(atom.over), {(): Fraction(1 - atom.by)})
        return {key: factor / atom.by for key, factor in inner.items()}

    def must_not_be_negative(self, atom: Atom) -> None:
        """Refuse what may be negative: products of bounds bound no products of such."""
        if isinstance(atom, Floor):
            # The floor is at least 0 where what it divides is, which its lower bound may miss.
            inner = self.bound(atom, upper=False)
            if not _never_negative(_add(inner, {(): Fraction(atom.by - 1, atom.by)})):
                raise _OpenError


def _never_negative(polynomial: Polynomial) -> bool:
    return all(factor >= 0 for factor in polynomial.values())


def _add(a: Polynomial, b: Polynomial) -> Polynomial:
    total = dict(a)
    for powers, factor in b.items():
        total[powers] = total.get(powers, Fraction(0)) + factor
    return total


def _multiply(a: Polynomial, b: Polynomial) -> Polynomial:
    total: Polynomial = {}
    for p, f in a.items():
        for q, g in b.items():
            powers = dict(p)
            for name, power in q:
                powers[name] = powers.get(name, 0) + power
            key = tuple(sorted(powers.items()))
            total[key] = total.get(key, Fraction(0)) + f * g
    return total


def undominated(dims: Iterable[Dim], start: Mapping[str, int]) -> list[Dim]:
    """Return those of several that are not surely less than another one: a maximum's candidates."""
    from shapecalc.algebra.expr import evaluate, symbols_of

    different = list(dict.fromkeys(dims))
    far = {name: 64 * start.get(name, 1) for dim in different for name in symbols_of(dim)}
    different.sort(key=lambda dim: -evaluate(dim, far))
    kept: list[Dim] = []
    bounds = _Bounds(start)
    for dim in different:
        if not any(bounds.surely(other - dim) for other in kept):
            kept = [other for other in kept if not bounds.surely(dim - other)]
            kept.append(dim)
    return kept

"""Expressions: integers under +, -, x, floor division, min and max, over symbols.

An expression is a sum of products of atoms with whole factors, kept in one order; an atom is a
symbol, a floor, or a min or max.  What floors divide by is a number, or an expression that is at
least 1 for all values of its symbols (a stride s): the first are proved equal and solved, the
second only written and evaluated.  Equal structure is identity; what is equal but looks different
is the business of `relations`.  Three identities, which hold for all integers (c, d > 0), keep
floors few (Graham, Knuth & Patashnik 1994, Concrete Mathematics, 3.2):

    floor((x + d*y)/d)          = y + floor(x/d)
    floor((c*x + r)/(c*d))      = floor((x + floor(r/c))/d)
    floor((floor(x/c) + y)/d)   = floor((x + c*y)/(c*d))
"""

from __future__ import annotations

from functools import lru_cache
from math import gcd
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from shapecalc.errors import RuleError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from shapecalc.algebra import Dim

#: Written out, an expression may have so many parts, and floors so deep in each other.
MAX_PARTS = 5000
MAX_DEPTH = 64


class Symbol(NamedTuple):
    """A whole number from 1 on that has no value yet."""

    name: str


class Floor(NamedTuple):
    """The floor of `over`/`by`; `by` is at least 2."""

    over: Expr
    by: int


class Quotient(NamedTuple):
    """The floor of `over`/`by` where `by` holds symbols, and is at least 1 whatever they are."""

    over: Dim
    by: Expr


class Extreme(NamedTuple):
    """The smallest (`min`) or the largest (`max`) of several, in one order."""

    word: str
    of: tuple[Dim, ...]


Atom: TypeAlias = Symbol | Floor | Quotient | Extreme
#: Atoms with their powers, in one order; the empty product is 1.
Product: TypeAlias = tuple[tuple[Atom, int], ...]


class Expr:
    """A sum of products with whole factors; never a plain number.

    >>> n = symbol("n")
    >>> ((n + 3) // 2 + 5) // 2 == (n + 13) // 4
    True
    """

    __slots__ = ("_hash", "depth", "parts", "terms")

    def __init__(self, terms: tuple[tuple[Product, int], ...]) -> None:
        self.terms = terms
        extents = [_extent(atom) for product, _ in terms for atom, _ in product]
        self.parts = len(terms) + sum(parts for parts, _ in extents)
        self.depth = max((depth for _, depth in extents), default=0)
        self._hash = hash(terms)
        if self.parts > MAX_PARTS or self.depth > MAX_DEPTH:
            what = (
                f"{self.parts:,} parts" if self.parts > MAX_PARTS else f"{self.depth} floors deep"
            )
            raise RuleError(
                "E122",
                f"the expression grows to {what}",
                rule=f"at most {MAX_PARTS:,} parts, and floors {MAX_DEPTH} deep",
                hint="give some of the symbols a value",
            )

    @property
    def key(self) -> tuple[Any, ...]:
        """What expressions are ordered by: their structure, never their text."""
        return tuple([(_order_of(product), factor) for product, factor in self.terms])

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, Expr) and self._hash == other._hash and self.terms == other.terms

    def __hash__(self) -> int:
        return self._hash

    def __bool__(self) -> bool:
        raise TypeError("an expression is neither true nor false")

    def __add__(self, other: Dim) -> Dim:
        if isinstance(other, Expr):
            return _sum([*self.terms, *other.terms])
        return _sum([*self.terms, ((), other)]) if isinstance(other, int) else NotImplemented

    __radd__ = __add__

    def __neg__(self) -> Dim:
        return self * -1

    def __sub__(self, other: Dim) -> Dim:
        return self + other * -1 if isinstance(other, int | Expr) else NotImplemented

    def __rsub__(self, other: int) -> Dim:
        return self * -1 + other

    def __mul__(self, other: Dim) -> Dim:
        if isinstance(other, int):
            return Expr(tuple([(p, f * other) for p, f in self.terms])) if other else 0
        if not isinstance(other, Expr):
            return NotImplemented
        return _sum([(_times(p, q), f * g) for p, f in self.terms for q, g in other.terms])

    __rmul__ = __mul__

    def __pow__(self, exponent: int) -> Dim:
        result: Dim = 1
        for _ in range(exponent):
            result = self * result
        return result

    def __floordiv__(self, by: Dim) -> Dim:
        return floor(self, by) if isinstance(by, int | Expr) else NotImplemented

    def __rfloordiv__(self, over: int) -> Dim:
        return floor(over, self) if isinstance(over, int) else NotImplemented

    def __mod__(self, by: Dim) -> Dim:
        return self - self // by * by if isinstance(by, int | Expr) else NotImplemented

    def __rmod__(self, over: int) -> Dim:
        return over - over // self * self if isinstance(over, int) else NotImplemented

    def __format__(self, spec: str) -> str:
        return repr(self)  # `,` and the like are for numbers

    @staticmethod
    def total(dims: Iterable[Dim]) -> Dim:
        """Add up."""
        return add_up(dims)

    @staticmethod
    def extreme(word: str, dims: Iterable[Dim]) -> Dim:
        """Return the smallest (`min`) or the largest (`max`) of one or more."""
        return extreme(word, dims)

    def __repr__(self) -> str:
        from shapecalc.algebra.notation import (
            text_of,  # the one look forward: an expression shows itself
        )

        return text_of(self)


def symbol(name: str) -> Expr:
    """Return a symbol as an expression."""
    return one(Symbol(name))


def one(atom: Atom) -> Expr:
    """Return an atom as an expression."""
    return Expr(((((atom, 1),), 1),))


@lru_cache(maxsize=65536)
def _order_of(product: Product) -> tuple[Any, ...]:
    return tuple([(*_key(atom), power) for atom, power in product])


@lru_cache(maxsize=65536)
def _key(atom: Atom) -> tuple[Any, ...]:
    """Return what atoms are ordered by: their structure, never their text."""
    if isinstance(atom, Symbol):
        return (0, atom.name)
    if isinstance(atom, Floor):
        return (1, atom.by, atom.over.key)
    if isinstance(atom, Quotient):
        return (3, atom.by.key, _key_of(atom.over))
    return (2, atom.word, tuple(map(_key_of, atom.of)))


def _key_of(dim: Dim) -> tuple[Any, ...]:
    return dim.key if isinstance(dim, Expr) else (((), dim),)


def inside(atom: Atom) -> tuple[Dim, ...]:
    """Return the expressions and numbers that an atom is made of."""
    if isinstance(atom, Symbol):
        return ()
    if isinstance(atom, Extreme):
        return atom.of
    return (atom.over,) if isinstance(atom, Floor) else (atom.over, atom.by)


@lru_cache(maxsize=65536)
def _extent(atom: Atom) -> tuple[int, int]:
    """Return of how many parts an atom is made, and how deep floors stand in each other."""
    if isinstance(atom, Symbol):
        return 1, 0
    exprs = [dim for dim in inside(atom) if isinstance(dim, Expr)]
    return 1 + sum(dim.parts for dim in exprs), 1 + max(dim.depth for dim in exprs)


def add_up(dims: Iterable[Dim]) -> Dim:
    """Add up, all terms at once: much quicker than one expression after the other."""
    return _sum(term for dim in dims for term in _terms(dim))


def _sum(terms: Iterable[tuple[Product, int]]) -> Dim:
    """Collect like products; a sum without symbols is a plain number."""
    factors: dict[Product, int] = {}
    for product, factor in terms:
        factors[product] = factors.get(product, 0) + factor
    kept = [term for term in factors.items() if term[1]]
    if not kept:
        return 0
    if len(kept) == 1 and not kept[0][0]:
        return kept[0][1]
    if len(kept) > 1:
        kept.sort(key=lambda term: _order_of(term[0]))
    return Expr(tuple(kept))


@lru_cache(maxsize=65536)
def _times(a: Product, b: Product) -> Product:
    if not a or not b:
        return a or b
    powers = dict(a)
    for atom, power in b:
        powers[atom] = powers.get(atom, 0) + power
    return tuple(sorted(powers.items(), key=lambda entry: _key(entry[0])))


@lru_cache(maxsize=65536)
def floor(over: Dim, by: Dim) -> Dim:
    """Return the floor of `over`/`by`, by the three identities.  Raises `ZeroDivisionError`.

    An expression that divides is at least 1: whoever divides has made sure of it.

    >>> floor(symbol("H") - 35, 32), floor(symbol("m") - symbol("k"), symbol("s"))
    (floor((H - 35)/32), floor((m - k)/s))
    >>> floor(symbol("s") - 1, symbol("s")), floor(-2, 2 * symbol("s")), floor(-2, symbol("s"))
    (0, -1, floor(-2/s))
    """
    if isinstance(by, Expr):
        return _floor_by(over, by)
    if isinstance(over, int):
        return over // by
    if by == 0:
        raise ZeroDivisionError(f"({over}) // 0")
    if by < 0:
        return floor(over * -1, -by)
    whole: Dim = 0
    while isinstance(over, Expr):
        parts = [(product, *divmod(factor, by)) for product, factor in over.terms]
        whole = whole + _sum((product, times) for product, times, _ in parts)
        over = _sum((product, rest) for product, _, rest in parts)
        inner = _inner_floor(over)
        if inner is not None:
            over = inner.over + (over - one(inner)) * inner.by
            if isinstance(inner, Quotient):
                return whole + _floor_by(over, inner.by * by)
            by *= inner.by
            continue
        if isinstance(over, int):
            break
        shared = gcd(by, *(factor for product, factor in over.terms if product))
        if shared == 1:
            return whole + one(Floor(over, by))
        over = _sum((product, factor // shared) for product, factor in over.terms)
        by //= shared
    return whole + over // by


def _floor_by(over: Dim, by: Dim) -> Dim:
    """Return the floor of `over`/`by` by the same identities, which hold for what is at least 1."""
    whole: Dim = 0
    while isinstance(by, Expr):
        times, over = _divided(over, by)
        whole = whole + times
        inner = _inner_floor(over)
        if inner is not None:
            over = inner.over + (over - one(inner)) * inner.by
            by = by * inner.by
            continue
        if isinstance(over, int) and -(least := _least(by)) <= over < max(least, 1):
            return whole if over >= 0 else whole - 1
        shared = gcd(
            *(factor for _, factor in by.terms),
            *(factor for product, factor in _terms(over) if product),
        )
        if shared == 1:
            return whole + one(Quotient(over, by))
        over = _sum((product, factor // shared) for product, factor in _terms(over))
        by = _sum((product, factor // shared) for product, factor in by.terms)
    return whole + floor(over, by)


def _least(by: Expr) -> int:
    """Return what a sum of products of symbols, each 1 or more, is at least; else 0."""
    if all(f > 0 and all(isinstance(a, Symbol) for a, _ in product) for product, f in by.terms):
        return sum(factor for _, factor in by.terms)
    return 0


def _divided(over: Dim, by: Expr) -> tuple[Dim, Dim]:
    """Split `over` into a multiple of `by`, which it returns the factor of, and a rest.

    The terms that hold all atoms of `by` are divided; of a sum only the whole is.
    """
    if len(by.terms) > 1:
        return (1, 0) if over == by else (0, over)
    ((divisor, number),) = by.terms
    times: list[tuple[Product, int]] = []
    rest: list[tuple[Product, int]] = []
    for product, factor in _terms(over):
        powers = dict(product)
        if all(powers.get(atom, 0) >= power for atom, power in divisor):
            left = {**powers, **{atom: powers[atom] - power for atom, power in divisor}}
            quotient = tuple([(atom, power) for atom, power in left.items() if power])
            times.append((quotient, factor // number))
            factor %= number  # noqa: PLW2901
        rest.append((product, factor))
    return _sum(times), _sum(rest)


def _terms(dim: Dim) -> tuple[tuple[Product, int], ...]:
    return dim.terms if isinstance(dim, Expr) else (((), dim),)


def _inner_floor(over: Dim) -> Floor | Quotient | None:
    """Return a floor that is a term by itself, without a factor."""
    for product, factor in () if isinstance(over, int) else over.terms:
        if factor == 1 and len(product) == 1:
            atom, power = product[0]
            if power == 1 and isinstance(atom, Floor | Quotient):
                return atom
    return None


def extreme(word: str, dims: Iterable[Dim]) -> Dim:
    """Return the smallest (`min`) or the largest (`max`) of one or more.

    Of those that differ by a number only one is kept, and those inside others join them.
    """
    pick = min if word == "min" else max
    kept: dict[Dim, int] = {}  # what is left without its constant, to the constant
    for dim in _flattened(word, dims):
        base = _without_constant(dim)
        offset = dim - base
        assert isinstance(offset, int)
        kept[base] = pick(kept.get(base, offset), offset)
    sums = [base + offset for base, offset in kept.items()]
    if len(sums) == 1:
        return sums[0]
    sums.sort(key=lambda dim: dim.key if isinstance(dim, Expr) else (((), dim),))
    return one(Extreme(word, tuple(sums)))


def _flattened(word: str, dims: Iterable[Dim]) -> Iterator[Dim]:
    for dim in dims:
        atom = _only_atom(dim)
        if isinstance(atom, Extreme) and atom.word == word:
            yield from atom.of
        else:
            yield dim


def _only_atom(dim: Dim) -> Atom | None:
    """Return the atom that an expression consists of, if it is just one."""
    if isinstance(dim, Expr) and len(dim.terms) == 1:
        product, factor = dim.terms[0]
        if factor == 1 and len(product) == 1 and product[0][1] == 1:
            return product[0][0]
    return None


def _without_constant(dim: Dim) -> Dim:
    return 0 if isinstance(dim, int) else _sum(term for term in dim.terms if term[0])


def constant_of(dim: Dim) -> int:
    """Return the term without symbols."""
    return dim if isinstance(dim, int) else dict(dim.terms).get((), 0)


def atoms_of(dim: Dim) -> Iterator[Atom]:
    """Yield every atom of an expression, those inside of others after them; some repeat."""
    if isinstance(dim, Expr):
        for product, _ in dim.terms:
            for atom, _ in product:
                yield atom
                for part in inside(atom):
                    yield from atoms_of(part)


@lru_cache(maxsize=65536)
def symbols_of(dim: Dim) -> frozenset[str]:
    """Return the names of the symbols in an expression, or in what was recorded of them."""
    names: frozenset[str] | None = getattr(dim, "names", None)
    if names is not None:
        return names
    return frozenset(atom.name for atom in atoms_of(dim) if isinstance(atom, Symbol))


def divisors_of(dim: Dim) -> frozenset[str]:
    """Return the symbols that an expression divides by."""
    quotients = (atom for atom in atoms_of(dim) if isinstance(atom, Quotient))
    return frozenset().union(*(symbols_of(atom.by) for atom in quotients))


def evaluate(dim: Dim, values: Mapping[str, Any], memo: dict[Atom, Any] | None = None) -> Any:  # noqa: ANN401
    """Compute an expression for values of its symbols: ints, arrays, or other expressions.

    It uses nothing but + - * // and abs, so that whatever has these passes through (a NumPy or a
    Dask array).  `memo` keeps the atoms' values, for several expressions with the same values.
    Raises `KeyError` for a symbol without a value.
    """
    if isinstance(dim, int):
        return dim
    memo = {} if memo is None else memo
    total: Any = 0
    for product, factor in dim.terms:
        value: Any = factor
        for atom, power in product:
            if atom not in memo:
                memo[atom] = _value(atom, values, memo)
            for _ in range(power):
                value = value * memo[atom]
        total = total + value
    return total


def _value(atom: Atom, values: Mapping[str, Any], memo: dict[Atom, Any]) -> Any:  # noqa: ANN401
    if isinstance(atom, Symbol):
        return values[atom.name]
    if isinstance(atom, Floor):
        return evaluate(atom.over, values, memo) // atom.by
    if isinstance(atom, Quotient):
        return evaluate(atom.over, values, memo) // evaluate(atom.by, values, memo)
    numbers = [evaluate(part, values, memo) for part in atom.of]
    if all(isinstance(part, int) for part in numbers):
        return min(numbers) if atom.word == "min" else max(numbers)
    if any(isinstance(part, Expr) for part in numbers):
        return extreme(atom.word, numbers)
    best = numbers[0]
    for part in numbers[1:]:  # min(a, b) = (a + b - |a - b|)/2, which every kind of array can do
        apart = abs(best - part)
        best = (best + part + (apart if atom.word == "max" else -apart)) // 2
    return best


def replaced(dim: Dim, parts: Mapping[Atom, Dim]) -> Dim:
    """Put expressions in place of atoms, of those that are not inside of other atoms."""
    if isinstance(dim, int) or not any(a in parts for product, _ in dim.terms for a, _ in product):
        return dim
    total: Dim = 0
    for product, factor in dim.terms:
        term: Dim = factor
        for atom, power in product:
            value = parts.get(atom)
            term = term * ((one(atom) if value is None else value) ** power)
        total = total + term
    return total


def substitute(dim: Dim, values: Mapping[str, Dim]) -> Dim:
    """Put numbers or expressions in place of some of the symbols."""
    if isinstance(dim, int):
        return dim
    kept = {name: symbol(name) for name in symbols_of(dim)}
    result: Dim = evaluate(dim, {**kept, **values})
    return result

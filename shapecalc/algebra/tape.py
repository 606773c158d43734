"""Numbers that are recorded while rules compute with them, and computed later for many points.

A rule that is given recorded numbers gives recorded ones back: what it did stands on a tape, a
straight-line program, which a sweep runs with NumPy for the values of all points at once.  The
same step is recorded once, and sums are kept in one form, so that equal extents of branches are
mostly one number.  Unlike an `Expr` nothing is multiplied out, solved or proved: what must hold of
the points is checked at every one of them.  The numbers that each may be are bounded as it is
recorded; who divides by what may be 0 there gets a number that means nothing at these points.

    >>> tape = Tape()
    >>> n, s = tape.symbol("n", 1, 300), tape.symbol("s", 1, 8)
    >>> (n + 2 * 1 - 3) // 1 + 1 is n, (n - 11) // s + 1
    (True, one of -9 to 290)
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import TypeAlias

    from shapecalc.algebra import Dim
    from shapecalc.algebra.expr import Expr

    #: Recorded numbers with whole factors.
    Terms: TypeAlias = "dict[Recorded, int]"

if TYPE_CHECKING:
    Base = Expr  # whoever takes a dimension takes what is recorded for an expression
else:
    Base = object


class Recorded(Base):
    """A whole number of every point: a symbol, or an operation on what it is made `of`.

    It is from `low` to `high`.  A sum has one of `factors` for each part, and a `constant`, which a
    minimum, a maximum and the operands of a division have, too, where one of them is a number.
    """

    __slots__ = (
        "constant",
        "factors",
        "high",
        "index",
        "kind",
        "low",
        "names",
        "of",
        "tape",
        "widest",
    )

    def __init__(
        self,
        tape: Tape,
        kind: str,
        parts: tuple[Recorded, ...],
        factors: tuple[int, ...],
        constant: int | None,
        bounds: tuple[int, int, int],
    ) -> None:
        self.tape = tape
        self.kind = kind
        self.of = parts
        self.factors = factors
        self.constant = constant
        self.low, self.high, self.widest = bounds
        self.names: frozenset[str] = frozenset().union(*(part.names for part in parts))
        self.index = len(tape.table)

    def __add__(self, other: Dim) -> Dim:
        return self.tape.sum([(self, 1), (other, 1)])

    __radd__ = __add__

    def __neg__(self) -> Dim:
        return self.tape.sum([(self, -1)])

    def __sub__(self, other: Dim) -> Dim:
        return self.tape.sum([(self, 1), (other, -1)])

    def __rsub__(self, other: Dim) -> Dim:
        return self.tape.sum([(other, 1), (self, -1)])

    def __mul__(self, other: Dim) -> Dim:
        return self.tape.product(self, other)

    __rmul__ = __mul__

    def __pow__(self, exponent: int) -> Dim:
        return prod([self] * exponent)

    def __floordiv__(self, by: Dim) -> Dim:
        return self.tape.floor(self, by)

    def __rfloordiv__(self, over: Dim) -> Dim:
        return self.tape.floor(over, self)

    def __mod__(self, by: Dim) -> Dim:
        return self - self // by * by

    def __rmod__(self, over: Dim) -> Dim:
        return over - over // self * self

    def __bool__(self) -> bool:
        raise TypeError("a recorded number has a value for every point")

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __repr__(self) -> str:
        return f"one of {self.low:,} to {self.high:,}"

    def common_divisor(self, other: int) -> Dim:
        """Return the greatest common divisor with a number from 1 on."""
        return self.tape.record("gcd", (self,), (), other, (0, other, other))

    def divisible(self, by: int) -> Dim:
        """Round to a multiple as MobileNet's code does: never by more than a tenth down."""
        rounded = self.tape.extreme("max", [by, (2 * self + by) // (2 * by) * by])
        lost = 9 * self - 10 * rounded
        too_far = self.tape.extreme("min", [1, self.tape.extreme("max", [0, lost])])
        return rounded + too_far * by

    @staticmethod
    def total(dims: Iterable[Dim]) -> Dim:
        """Add up."""
        every = list(dims)
        return _tape_of(every).sum([(dim, 1) for dim in every])

    @staticmethod
    def extreme(word: str, dims: Iterable[Dim]) -> Dim:
        """Return the smallest (`min`) or the largest (`max`) of one or more."""
        every = list(dims)
        return _tape_of(every).extreme(word, every)


def _tape_of(dims: Sequence[Dim]) -> Tape:
    return next(dim.tape for dim in dims if isinstance(dim, Recorded))


def range_of(dim: Dim) -> tuple[int, int]:
    """Return the smallest and the largest that a number may be."""
    if isinstance(dim, int):
        return dim, dim
    assert isinstance(dim, Recorded)
    return dim.low, dim.high


class Tape:
    """What was recorded: every step once."""

    def __init__(self) -> None:
        self.table: dict[tuple[object, ...], Recorded] = {}

    def symbol(self, name: str, low: int, high: int) -> Recorded:
        """Return a number that has its values from outside."""
        made = self.record(f"${name}", (), (), None, (low, high, 0))
        made.names = frozenset({name})
        return made

    def record(
        self,
        kind: str,
        parts: tuple[Recorded, ...],
        factors: tuple[int, ...],
        constant: int | None,
        bounds: tuple[int, int, int],
    ) -> Recorded:
        """Record a step, or return it where it stands already.

        `bounds` are the smallest and the largest result, and the largest number on the way to it.
        """
        key = (kind, tuple([part.index for part in parts]), factors, constant)
        made = self.table.get(key)
        if made is None:
            low, high, widest = bounds
            widest = max(abs(low), abs(high), widest)
            made = Recorded(self, kind, parts, factors, constant, (low, high, widest))
            self.table[key] = made
        return made

    def sum(self, terms: Iterable[tuple[Dim, int]]) -> Dim:
        """Add multiples up; the parts of a sum among them are added by themselves."""
        factors: Terms = {}
        constant = 0
        for dim, factor in terms:
            if isinstance(dim, int):
                constant += dim * factor
                continue
            own, rest = _terms(dim)
            constant += rest * factor
            for part, inner in own.items():
                factors[part] = factors.get(part, 0) + inner * factor
        return self._collected(factors, constant)

    def _collected(self, factors: Terms, constant: int) -> Dim:
        kept = sorted(
            ((part, factor) for part, factor in factors.items() if factor),
            key=lambda term: term[0].index,
        )
        if not kept:
            return constant
        if len(kept) == 1 and kept[0][1] == 1 and not constant:
            return kept[0][0]
        low = high = constant
        widest = abs(constant)
        for part, factor in kept:
            ends = part.low * factor, part.high * factor
            low, high = low + min(ends), high + max(ends)
            widest += max(abs(factor), *map(abs, ends))
        parts, numbers = zip(*kept, strict=True)
        return self.record("sum", parts, numbers, constant, (low, high, widest))

    def product(self, a: Dim, b: Dim) -> Dim:
        """Multiply; what is multiplied by a number is a sum."""
        if isinstance(a, int):
            return self.sum([(b, a)])
        if isinstance(b, int):
            return self.sum([(a, b)])
        outside = 1
        parts: list[Recorded] = []
        for dim in (a, b):
            assert isinstance(dim, Recorded)
            if dim.kind == "sum" and len(dim.of) == 1 and not dim.constant:
                outside *= dim.factors[0]
                dim = dim.of[0]  # noqa: PLW2901
            parts.append(dim)
        one, other = sorted(parts, key=lambda part: part.index)
        ends = [x * y for x in (one.low, one.high) for y in (other.low, other.high)]
        low = 0 if one is other and min(ends) < 0 else min(ends)
        made = self.record("product", (one, other), (), None, (low, max(ends), 0))
        return self.sum([(made, outside)])

    def floor(self, over: Dim, by: Dim) -> Dim:
        """Divide, rounded down; multiples of the divisor are taken out.

        Raises `ZeroDivisionError` for the number 0.
        """
        if isinstance(by, int) and by <= 0:
            if by == 0:
                raise ZeroDivisionError(f"({over}) // 0")
            return self.floor(over * -1, -by)
        factors, constant = _terms(over)
        whole: Dim
        if isinstance(by, int):
            whole = self._collected({part: f // by for part, f in factors.items()}, constant // by)
            rest = self._collected({part: f % by for part, f in factors.items()}, constant % by)
        else:
            assert isinstance(by, Recorded)
            whole = factors.pop(by, 0)
            rest = self._collected(factors, constant)
        return self.sum([(whole, 1), (self._quotient(rest, by), 1)])

    def _quotient(self, over: Dim, by: Dim) -> Dim:
        """Divide what holds no multiple of the divisor."""
        if isinstance(over, int) and isinstance(by, int):
            return over // by
        low, high = range_of(over)
        least, most = range_of(by)
        if least >= 1 and low >= 0 and high < least:
            return 0
        ends = [end // divisor for end in (low, high) for divisor in (max(least, 1), max(most, 1))]
        bounds = min(ends), max(ends)
        if least < 1:  # by what may be less than 1: at points that will not do
            far = max(abs(low), abs(high))
            bounds = -far, far
        parts = tuple([dim for dim in (over, by) if isinstance(dim, Recorded)])
        if isinstance(by, int):
            return self.record("over", parts, (), by, (*bounds, 0))
        kind = "quotient" if len(parts) == 2 else "divide"
        constant = over if isinstance(over, int) else None
        return self.record(kind, parts, (), constant, (*bounds, 0))

    def extreme(self, word: str, dims: Iterable[Dim]) -> Dim:
        """Return the smallest (`min`) or the largest (`max`), without those that another beats."""
        kept: dict[Recorded, None] = {}
        numbers: list[int] = []
        for dim in dims:
            if isinstance(dim, Recorded) and dim.kind == word:
                kept |= dict.fromkeys(dim.of)
                numbers += [] if dim.constant is None else [dim.constant]
            elif isinstance(dim, Recorded):
                kept[dim] = None
            else:
                assert isinstance(dim, int)
                numbers.append(dim)
        largest = word == "max"
        pick = max if largest else min
        number = pick(numbers) if numbers else None
        border = pick([part.low if largest else part.high for part in kept] + numbers)
        parts = _furthest(kept, pick)
        parts = [p for p in parts if (p.high >= border if largest else p.low <= border)]
        if number is not None and number != border:
            number = None
        if not parts:
            assert number is not None
            return number
        if len(parts) == 1 and number is None:
            return parts[0]
        parts.sort(key=lambda part: part.index)
        given = [] if number is None else [number]
        low = pick([*(part.low for part in parts), *given])
        high = pick([*(part.high for part in parts), *given])
        return self.record(word, tuple(parts), (), number, (low, high, 0))


def _furthest(dims: Iterable[Recorded], pick: Callable[..., Recorded]) -> list[Recorded]:
    """Keep one of those that differ by a number alone."""
    alike: dict[tuple[object, ...], list[Recorded]] = {}
    for dim in dims:
        alike.setdefault(tuple(_terms(dim)[0].items()), []).append(dim)
    return [pick(group, key=lambda dim: _terms(dim)[1]) for group in alike.values()]


def _terms(dim: Dim) -> tuple[Terms, int]:
    """Return a number as a sum."""
    if isinstance(dim, int):
        return {}, dim
    assert isinstance(dim, Recorded)
    if dim.kind == "sum":
        assert dim.constant is not None
        return dict(zip(dim.of, dim.factors, strict=True)), dim.constant
    return {dim: 1}, 0

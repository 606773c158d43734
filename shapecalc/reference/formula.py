"""A formula as text, and the sum behind it, of which every entry can be written out.

Arrays go by letters: x the input (x1, x2 where there are several), w the weights, b the bias, y the
output, g the gradient of the loss L with respect to y.  Indices: c channels, f filters, i j k
positions of the output, p q r taps of the kernel, u v t places of the input.
"""

from __future__ import annotations

from itertools import product
from math import prod
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from shapecalc.reference.arrays import Array, Axes

    Values: TypeAlias = Mapping[str, Array]
    Formulas: TypeAlias = dict[str, "ArrayFormula"]
    Terms: TypeAlias = Callable[[Values, tuple[int, ...]], list["Term"]]

POSITIONS, TAPS, PLACES = "ijk", "pqr", "uvt"

#: What is computed forward: the output, a mean's divisors, scales, normalised elements, what lies
#: between two convolutions.
FORWARD = ("y", "n", "r", "s", "z")
#: What is computed on the way back and is no gradient: that of z, a sum that softmax needs.
BACK = ("h", "a")


class Term(NamedTuple):
    """One summand: the product of some numbers, divided; a factor of several is their sum.

    `text` is how it is written where it came about in another way, as a maximum.
    """

    factors: tuple[float | tuple[float, ...], ...]
    divisor: float = 1
    text: str = ""

    @property
    def value(self) -> float:
        """The number."""
        return prod(sum(f) if isinstance(f, tuple) else f for f in self.factors) / self.divisor

    def __str__(self) -> str:
        bare = self.text or "*".join(map(_factor, self.factors))
        return bare if self.divisor == 1 else f"{bare}/{_signed(self.divisor)}"


def _factor(factor: float | tuple[float, ...]) -> str:
    if not isinstance(factor, tuple):
        return _signed(factor)
    first, *others = factor
    more = "".join(f" {'-' if other < 0 else '+'} {number(abs(other))}" for other in others)
    return f"({number(first)}{more})"


def _signed(value: float) -> str:
    return f"({number(value)})" if value < 0 else number(value)


def number(value: float) -> str:
    """Write a number as examples do."""
    return f"{value + 0.0:.4g}"  # no -0


class ArrayFormula(NamedTuple):
    """A formula for every entry of an array, what to say beside it, and the terms of an entry."""

    of: str
    indices: str
    text: str
    note: str
    terms: Terms

    @property
    def name(self) -> str:
        """What the array is called: y, or the gradient dL/dw."""
        return called(self.of)

    @property
    def entry(self) -> str:
        """What stands left."""
        return f"{self.name}[{', '.join(self.indices)}]" if self.indices else self.name

    def written(self, values: Values, at: tuple[int, ...]) -> tuple[str, ...]:
        """Write one entry out, number by number: its name, the sum, and its value."""
        summands = self.terms(values, at)
        summed = _alone(summands) or " + ".join(map(str, summands)) or "0"
        left = f"{self.name}[{', '.join(map(str, at))}]" if at else self.name
        total = number(sum(term.value for term in summands))
        return (left, summed) if summed == total else (left, summed, total)


def _alone(summands: list[Term]) -> str:
    """Write a sum that is one number; without the brackets that one has among others."""
    term, *more = summands or (Term(()),)
    if more or len(term.factors) != 1 or term.divisor != 1 or term.text:
        return ""
    return number(term.value)


def computed(of: str) -> bool:
    """Tell whether an array is computed on the way forward."""
    return of in FORWARD


def called(of: str) -> str:
    """Name an array by its letter: a gradient, if it is not computed on the way forward.

    >>> called("y"), called("w1")
    ('y', 'dL/dw1')
    """
    return of if of in (*FORWARD, *BACK) else f"dL/d{of}"


class Index(NamedTuple):
    """A sum of indices, with factors and floor divisors, and a shift: 4*i + p - 2."""

    parts: tuple[tuple[str, int, int], ...]  # name, factor, divisor
    shift: int = 0

    def at(self, bound: Mapping[str, int]) -> int:
        """Return its value where the names have theirs."""
        return self.shift + sum(bound[name] // over * times for name, times, over in self.parts)

    def __str__(self) -> str:
        words = []
        for name, times, over in self.parts:
            word = name if over == 1 else f"({name} // {over})"
            words.append(word if times == 1 else f"{times}*{word}")
        sign = f" {'-' if self.shift < 0 else '+'} {abs(self.shift)}" if self.shift else ""
        return (" + ".join(words) + sign) or "0"


class Ref(NamedTuple):
    """An element of an array; outside it there is 0."""

    name: str
    indices: tuple[Index, ...]

    def at(self, values: Values, bound: Mapping[str, int]) -> float:
        """Look the element up."""
        place = tuple(index.at(bound) for index in self.indices)
        array = values[self.name]
        inside = all(0 <= at < n for at, n in zip(place, array.shape, strict=True))
        return float(array[place]) if inside else 0.0

    def __str__(self) -> str:
        return f"{self.name}[{', '.join(map(str, self.indices))}]"


def plain(names: str) -> tuple[Index, ...]:
    """Return indices that are just names, or 0."""
    return tuple(Index(((name, 1, 1),) if name != "0" else ()) for name in names)


def ref(name: str, indices: str) -> Ref:
    """Return an element by plain indices."""
    return Ref(name, plain(indices))


def summed(
    of: str,
    at: str,
    factors: tuple[Ref, ...],
    over: Mapping[str, int],
    where: Mapping[str, Index] | None = None,
    plus: Ref | None = None,
    note: str = "",
    divide: Ref | int = 1,
    only: Collection[tuple[int, int]] | None = None,
) -> ArrayFormula:
    """Make the formula of a sum of products, over indices with their extents.

    `where` says what an index must come to; `only` which filters f see which channels c.
    """
    conditions = dict(where or {})

    def counts(bound: Mapping[str, int]) -> bool:
        if only is not None and (bound["f"], bound["c"]) not in only:
            return False
        return all(index.at(bound) == bound[name] for name, index in conditions.items())

    def terms(values: Values, place: tuple[int, ...]) -> list[Term]:
        summands = []
        if plus is not None:
            summands.append(Term((plus.at(values, dict(zip(at, place, strict=True))),)))
        for chosen in product(*map(range, over.values())):
            bound = dict(zip(at, place, strict=True)) | dict(zip(over, chosen, strict=True))
            if counts(bound):
                by = divide if isinstance(divide, int) else divide.at(values, bound)
                summands.append(Term(tuple(factor.at(values, bound) for factor in factors), by))
        return summands

    text = " * ".join(map(str, factors)) + ("" if divide == 1 else f"/{divide}")
    needs = [f"{index} = {name}" for name, index in conditions.items()]
    if only is not None:
        needs.append("f seeing c")
    if over:
        condition = f" with {' and '.join(needs)}" if needs else ""
        text = f"sum over {', '.join(over)}{condition} of {text}"
    if plus is not None:
        text = f"{plus} + {text}"
    return ArrayFormula(of, at, text, note, terms)


def single(
    of: str, at: str, text: str, term: Callable[[Values, Axes], Term], note: str = ""
) -> ArrayFormula:
    """Make the formula of an entry that is one product."""
    return ArrayFormula(of, at, text, note, lambda values, place: [term(values, place)])


def entry(letter: str) -> Callable[[Values, Axes], Term]:
    """Return the product that is an entry of an array, at the very place."""
    return lambda values, place: Term((float(values[letter][place]),))


def operand_names(xs: Sequence[Array]) -> list[str]:
    """Name what flows in: x, or x1, x2, ... where there are several; nothing for nothing."""
    return [f"x{number}" for number, _ in enumerate(xs, 1)] if len(xs) > 1 else ["x"] * len(xs)


def place_names(rank: int) -> str:
    """Name the indices of an element of the input: its channel, and its place on every side."""
    return f"c{PLACES[:rank]}"

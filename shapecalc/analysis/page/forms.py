"""Expressions, formulas and sentences as JSON, for a page that computes them anew.

Lists refer to each other by places, the first two within themselves only backward, so that one pass
in order computes them:

- `forms`, whole numbers: a number (as text from 2^53 on, where programs keep no more digits),
  ``["=", name]`` a symbol, ``["+", factor, [form, power, ...], factor, ...]`` a sum of products,
  ``["/", over, by]`` the floor of a quotient, ``["min", form, ...]`` and ``["max", form, ...]``;
- `formulas`, how a number is made: ``["#", form, name, given]`` a number with its name,
  ``["%", over, under, name]`` a fraction, ``["sum", constant, factor, formula, ...]``, and
  ``[kind, formula, ...]`` for product, quotient, floor, ceil, min, max, gcd and mod;
- `texts`: a text is a list of texts and of forms, which stand for what they come to;
- `lessons`, what is said of the numbers of a layer, which many layers share.
"""

from __future__ import annotations

import json
import re
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

from shapecalc.algebra import is_symbolic
from shapecalc.algebra.expr import Expr, Floor, Quotient, Symbol
from shapecalc.algebra.notation import as_factor, text_of
from shapecalc.layers.shape import times_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from shapecalc.algebra import Dim
    from shapecalc.algebra.expr import Atom, Product
    from shapecalc.algebra.traced import Formula

#: What JSON holds.
Json: TypeAlias = Any
#: Programs that read JSON keep whole numbers up to here.
_EXACT = 2**53


class _Pool:
    """A list in which each thing stands once."""

    def __init__(self) -> None:
        self.entries: list[Json] = []
        self._places: dict[object, int] = {}

    def known(self, key: object) -> int | None:
        return self._places.get(key)

    def put(self, key: object, entry: Json) -> int:
        self._places[key] = len(self.entries)
        self.entries.append(entry)
        return self._places[key]


class Forms:
    """The lists, filled as they are asked for."""

    def __init__(self) -> None:
        self._forms = _Pool()
        self._dims: list[Dim] = []
        self._formulas = _Pool()
        self._texts = _Pool()
        self._lessons = _Pool()

    def lists(self) -> dict[str, list[Json]]:
        """Return the lists by their names."""
        return {
            "forms": self._forms.entries,
            "formulas": self._formulas.entries,
            "texts": self._texts.entries,
            "lessons": self._lessons.entries,
        }

    # -- whole numbers -----------------------------------------------------------------------------

    def form(self, dim: Dim) -> int:
        """Return the place of a dimension."""
        place = self._forms.known(dim)
        if place is not None:
            return place
        entry: Json
        if not isinstance(dim, Expr):
            entry = digits(dim)
        else:
            alone = _only_atom(dim)
            entry = self._sum(dim) if alone is None else self._atom(alone)
        self._dims.append(dim)
        return self._forms.put(dim, entry)

    def _sum(self, dim: Expr) -> Json:
        entry: list[Json] = ["+"]
        for product, factor in dim.terms:
            entry += [digits(factor), self._product(product)]
        return entry

    def _product(self, product: Product) -> list[int]:
        return [
            part
            for atom, power in product
            for part in (self.form(Expr(((((atom, 1),), 1),))), power)
        ]

    def _atom(self, atom: Atom) -> Json:
        if isinstance(atom, Symbol):
            return ["=", atom.name]
        if isinstance(atom, Floor | Quotient):
            return ["/", self.form(atom.over), self.form(atom.by)]
        return [atom.word, *map(self.form, atom.of)]

    # -- formulas ----------------------------------------------------------------------------------

    def formula(self, made: Formula) -> int:
        """Return the place of a formula."""
        place = self._formulas.known(made)
        return self._formulas.put(made, self._formula(made)) if place is None else place

    def _formula(self, made: Formula) -> Json:
        parts = [self.formula(part) for part in made.parts]
        if made.kind == "sum":
            pairs = zip(map(digits, made.factors), parts, strict=True)
            return ["sum", digits(made.constant), *(part for pair in pairs for part in pair)]
        if made.kind != "number":
            return [made.kind, *parts]
        if isinstance(made.value, Fraction):
            return ["%", digits(made.value.numerator), digits(made.value.denominator), made.name]
        return ["#", self.form(made.value), made.name, int(made.given)]

    # -- texts -------------------------------------------------------------------------------------

    def text(
        self, text: str, dims: Iterable[Dim] = (), extents: Iterable[Sequence[Dim]] = ()
    ) -> int:
        """Return the place of a text.

        Where it writes one of `dims`, or `extents` with a times sign between them, these stand
        there for what they come to.
        """
        written: dict[str, list[Dim]] = {}
        for dim in dims:
            if isinstance(dim, Expr):
                alone = _written(dim)
                written |= {"x".join([alone] * sides): [dim] * sides for sides in (1, 2, 3)}
                written[as_factor(alone)] = [dim]
        written |= {times_text(few): list(few) for few in extents if any(map(is_symbolic, few))}
        return self._put_text([part for part in self._pieces(text, written) if part != ""])

    def fields(self, text: str, dims: Iterable[Dim]) -> int:
        """Return the place of a block's fields, ``heads 12 causal true``.

        There a value may be written as the name before it is: the pairs are read in their order.
        """
        exprs = {_written(dim): dim for dim in dims if isinstance(dim, Expr)}
        entry: list[Json] = [text]
        if exprs:
            values = "|".join(map(re.escape, sorted(exprs, key=len, reverse=True)))
            pieces = re.split(rf"(?<!\S)(\S+ )({values})(?=\s|,|$)", text)
            entry = [
                self.form(exprs[piece]) if at % 3 == 2 else piece for at, piece in enumerate(pieces)
            ]
        return self._put_text([part for part in entry if part != ""])

    def _put_text(self, entry: list[Json]) -> int:
        key = tuple(entry)
        place = self._texts.known(key)
        return self._texts.put(key, entry) if place is None else place

    def _pieces(self, text: str, written: Mapping[str, list[Dim]]) -> Iterator[Json]:
        if not written:
            yield text
            return
        pattern = rf"(?<![\w.'])({_any_of(written)})(?!\w)"
        for at, piece in enumerate(re.split(pattern, text)):
            if at % 2 == 0:
                yield piece
                continue
            for number, dim in enumerate(written[piece]):
                yield from ("x",) if number else ()
                yield self.form(dim)

    def has_numbers(self, place: int) -> bool:
        """Tell whether a text has numbers in it that may change."""
        return any(isinstance(part, int) for part in self._texts.entries[place])

    def written(self, place: int, write: Callable[[Dim], str]) -> str:
        """Write a text; `write` writes the dimensions in it."""
        parts = self._texts.entries[place]
        return "".join(part if isinstance(part, str) else write(self._dims[part]) for part in parts)

    # -- lessons -----------------------------------------------------------------------------------

    def lesson(self, lesson: Json) -> int:
        """Return the place of what is said of a layer."""
        key = json.dumps(lesson)
        place = self._lessons.known(key)
        return self._lessons.put(key, lesson) if place is None else place


def digits(number: int) -> int | str:
    """Write a whole number so that nothing of it is lost.

    >>> digits(96), digits(2**53)
    (96, '9007199254740992')
    """
    return number if abs(number) < _EXACT else str(number)


@lru_cache(maxsize=4096)
def _written(dim: Expr) -> str:
    """Write an expression as sentences do; a layer's come again in the next one's."""
    return text_of(dim)


def _any_of(written: Iterable[str]) -> str:
    """Match any of several texts, the longest first; of a word said twice the first is the value.

    So it is in ``heads heads``, where the number of heads is called that, too.
    """
    longest_first = sorted(written, key=lambda words: (-len(words), words))
    return "|".join(
        rf"(?<!\b{words} ){words}" if words.isidentifier() and len(words) > 1 else re.escape(words)
        for words in longest_first
    )


def _only_atom(dim: Expr) -> Atom | None:
    """Return the atom that an expression consists of, if it is just one."""
    if len(dim.terms) != 1:
        return None
    product, factor = dim.terms[0]
    alone = factor == 1 and len(product) == 1 and product[0][1] == 1
    return product[0][0] if alone else None

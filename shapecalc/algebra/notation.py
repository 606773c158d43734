"""How expressions are written: factors kept, constants inside their floors, recurring floors named.

The same value has many texts.  For people: `99k^2 + 1213k + 361`, `floor((H - 35)/32)`; for
programs, in the spec's own expression language, which is Python's too: `(H - 35)//32`.
"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, TypeAlias

from shapecalc.algebra.expr import (
    Expr,
    Floor,
    Quotient,
    Symbol,
    atoms_of,
    one,
    replaced,
    symbols_of,
)
from shapecalc.errors import RuleError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from shapecalc.algebra import Dim
    from shapecalc.algebra.expr import Atom, Product

Style: TypeAlias = Literal["math", "code"]

#: A floor seen so often in a report gets a name.
OFTEN = 2


class Notation:
    """One way to write all expressions of a report.

    `shifts` tells by how many whole steps the constant inside a floor moves, `names` what a
    floor is called for short.
    """

    __slots__ = ("_atoms", "_forms", "names", "shifts", "style")

    def __init__(
        self, shifts: Mapping[Floor, int], names: Mapping[Floor, str], style: Style = "math"
    ) -> None:
        self.shifts, self.names, self.style = shifts, names, style
        # what was written: floors inside floors are met again and again
        self._atoms: dict[Atom, str] = {}
        self._forms: dict[Expr, str] = {}

    def text(self, dim: Dim | Fraction) -> str:
        """Write an expression, or a number."""
        if isinstance(dim, int):
            return self._number(dim)
        if not isinstance(dim, Expr):
            return str(dim)  # a fraction, as jumps are
        text = self._shortest(self._shifted(dim))
        alone = self.style == "code" and text.startswith("(") and _bare(text) == ""
        return text[1:-1] if alone else text

    def where(self) -> dict[str, str]:
        """Return the names with what they stand for."""
        plain = Notation(self.shifts, {}, self.style)
        return {name: plain.atom(atom) for atom, name in self.names.items()}

    def legend(self) -> dict[str, str]:
        """Return the same with the names of one divisor together: h4, w4."""
        together: dict[int, list[str]] = {}
        for atom, name in self.names.items():
            together.setdefault(atom.by, []).append(name)
        where = self.where()
        return {
            ", ".join(names): ", ".join(map(where.__getitem__, names))
            for names in together.values()
        }

    def _shifted(self, dim: Expr) -> Dim:
        moved: dict[Atom, Dim] = {
            atom: one(Floor(atom.over - atom.by * steps, atom.by)) + steps  # type: ignore[arg-type]
            for atom, steps in self.shifts.items()
            if steps
        }
        try:
            return replaced(dim, moved)
        except RuleError:  # with its constants moved it grows too large
            return dim

    def _number(self, value: int) -> str:
        return f"{value:,}" if self.style == "math" and abs(value) >= 10_000 else str(value)

    def _shortest(self, dim: Dim) -> str:
        if isinstance(dim, int):
            return self._number(dim)
        if dim not in self._forms:
            self._forms[dim] = self._shortest_form(dim)
        return self._forms[dim]

    def _shortest_form(self, dim: Expr) -> str:
        texts = [self._sum(dim)]
        for form in (dim, self._stepped(dim)) if len(dim.terms) > 1 else ():
            texts.append(self._sum(form))
            number, factors = _factors(form)
            if len(factors) > 1 or number != 1:
                texts.append(self._product(number, factors))
        return min(texts, key=len)

    def _stepped(self, dim: Expr) -> Expr:
        """Write (n32 - 6)^2 and a number where that leaves fewer terms than n32^2 and n32."""
        steps: dict[Atom, Dim] = {}
        for atom in dict.fromkeys(atom for product, _ in dim.terms for atom, _ in product):
            wishes = Counter(_wishes(dim, atom))
            wish = wishes.most_common(1)[0][0] if wishes else 0
            if wish:
                sign = "-" if wish > 0 else "+"
                name = f"({self.atom(atom)} {sign} {abs(wish)})"
                steps[atom] = one(Symbol(name)) + wish
        after = replaced(dim, steps)
        return after if isinstance(after, Expr) and len(after.terms) < len(dim.terms) else dim

    def _product(self, number: int, factors: list[tuple[Dim, int]]) -> str:
        parts = []
        for factor, power in factors:
            text = self._sum(factor) if isinstance(factor, Expr) else self._number(factor)
            if isinstance(factor, Expr) and len(factor.terms) > 1:
                text = f"({text})"
            parts.append(text + self._power(power))
        if number == 1:
            return "*".join(parts)
        return "-" + "*".join(parts) if number == -1 else "*".join([self._number(number), *parts])

    def _power(self, power: int) -> str:
        return "" if power == 1 else f"{'^' if self.style == 'math' else '**'}{power}"

    def _sum(self, dim: Expr, *, plus_first: bool = False) -> str:
        terms = sorted(dim.terms, key=lambda term: -_degree(term[0]))
        product, factor = terms[0]
        if factor < 0 and (plus_first or _linear(product)):  # m + 2p - k, not -k + m + 2p
            terms.sort(key=lambda term: term[1] < 0)
        text = ""
        for product, factor in terms:
            sign = ("-" if factor < 0 else "") if not text else " - " if factor < 0 else " + "
            text += sign + self._term(product, abs(factor))
        return text

    def _term(self, product: Product, factor: int) -> str:
        if not product:
            return self._number(factor)
        texts = [self.atom(atom) + self._power(power) for atom, power in product]
        if factor == 1:
            return "*".join(texts)
        atom = product[0][0]
        letter = isinstance(atom, Symbol) and len(atom.name) == 1 and len(product) == 1
        close = "" if letter and self.style == "math" else "*"
        return self._number(factor) + close + "*".join(texts)

    def atom(self, atom: Atom) -> str:
        """Write a symbol, a floor, or a min or max."""
        if atom not in self._atoms:
            self._atoms[atom] = self._atom(atom)
        return self._atoms[atom]

    def _atom(self, atom: Atom) -> str:
        if isinstance(atom, Symbol):
            return atom.name
        if isinstance(atom, Floor):
            if name := self.names.get(atom):
                return name
            return self._divided(atom.over, str(atom.by))
        if isinstance(atom, Quotient):
            by, ((product, factor), *more) = self._shortest(atom.by), atom.by.terms
            one_part = factor == 1 and len(product) == 1 and not more
            by = by if one_part else f"({by})"
            return self._divided(atom.over, by, plus_first=True)
        return f"{atom.word}({', '.join(map(self.text, atom.of))})"

    def _divided(self, over: Dim, by: str, *, plus_first: bool = False) -> str:
        text = (
            self._number(over) if isinstance(over, int) else self._sum(over, plus_first=plus_first)
        )
        several = isinstance(over, Expr) and len(over.terms) > 1
        if several or (self.style == "code" and not text.isalnum()):
            text = f"({text})"
        quotient = f"{text}{'/' if self.style == 'math' else '//'}{by}"
        return f"floor({quotient})" if self.style == "math" else f"({quotient})"


def _degree(product: Product) -> int:
    return sum(power for _, power in product)


def _linear(product: Product) -> bool:
    return len(product) == 1 and isinstance(product[0][0], Symbol) and product[0][1] == 1


@lru_cache(maxsize=4096)
def text_of(dim: Dim) -> str:
    """Write an expression for people, by itself.

    >>> from shapecalc.algebra.expr import symbol
    >>> k = symbol("k")
    >>> text_of(99 * k * k + 1213 * k + 361), text_of(256 * ((k - 35) // 32) * ((k - 35) // 32))
    ('99k^2 + 1213k + 361', '256*floor((k - 35)/32)^2')
    """
    return notation_of([dim], named=False).text(dim)


def code_of(dim: Dim) -> str:
    """Write an expression for programs.

    >>> from shapecalc.algebra.expr import symbol
    >>> code_of(3 * ((symbol("H") - 35) // 32))
    '3*((H - 35)//32)'
    """
    return Notation(notation_of([dim], named=False).shifts, {}, "code").text(dim)


def notation_of(dims: Iterable[Dim], *, named: bool = True) -> Notation:
    """Find how to write a report's expressions: the shifts that leave the fewest terms."""
    exprs = [dim for dim in dict.fromkeys(dims) if isinstance(dim, Expr)]
    wanted: dict[Floor, Counter[int]] = {}
    seen: Counter[Floor] = Counter()
    for expr in exprs:
        for atom in dict.fromkeys(_deep_floors(expr)):
            seen[atom] += 1
            wanted.setdefault(atom, Counter()).update(_wishes(expr, atom))
    shifts = {atom: _best(atom, wishes, exprs) for atom, wishes in wanted.items()}
    if not named:
        return Notation(shifts, {})
    taken = {name for expr in exprs for name in symbols_of(expr)}
    names: dict[Floor, str] = {}
    for atom in sorted(seen, key=lambda candidate: (candidate.by, one(candidate).key)):
        if seen[atom] >= OFTEN:
            moved = Floor(atom.over - atom.by * shifts[atom], atom.by)  # type: ignore[arg-type]
            names[moved] = _name(atom, taken)
            taken.add(names[moved])
    return Notation(shifts, names)


def _deep_floors(expr: Expr) -> Iterator[Floor]:
    return (atom for atom in atoms_of(expr) if isinstance(atom, Floor))


def _wishes(expr: Expr, atom: Atom) -> Iterator[int]:
    """Yield the shifts that make terms vanish: f*a^p*q + c*a^(p-1)*q wants -c/(p*f)."""
    factors = dict(expr.terms)
    for product, factor in expr.terms:
        power = dict(product).get(atom, 0)
        if power:
            less = tuple((base, p - (base == atom)) for base, p in product if p - (base == atom))
            wish = Fraction(-factors.get(less, 0), power * factor)
            if wish.denominator == 1:
                yield int(wish)


def _best(atom: Floor, wishes: Counter[int], exprs: list[Expr]) -> int:
    """Choose among the shifts wished for most the one that leaves the fewest terms."""
    concerned = [expr for expr in exprs if atom in dict.fromkeys(_deep_floors(expr))]

    def terms(steps: int) -> tuple[int, int]:
        moved = one(Floor(atom.over - atom.by * steps, atom.by)) + steps  # type: ignore[arg-type]
        after = [replaced(expr, {atom: moved}) for expr in concerned]
        return sum(len(dim.terms) for dim in after if isinstance(dim, Expr)), abs(steps)

    candidates = {0, *(steps for steps, _ in wishes.most_common(3))}
    try:
        return min(candidates, key=terms) if len(candidates) > 1 else 0
    except RuleError:
        return 0


def _name(atom: Floor, taken: set[str]) -> str:
    """Name a floor by its symbol and the divisor: h32 is H after strides of 32 together."""
    letters = symbols_of(one(atom))
    stem = min(letters).lower() if len(letters) == 1 else "q"
    name = f"{stem}{atom.by}"
    suffixes: tuple[str, ...] = ("", *"bcdefghijklmnopqrstuvwxyz")
    for suffix in suffixes:
        if name + suffix not in taken:
            return name + suffix
    return f"{name}_{len(taken)}"


def as_factor(text: str) -> str:
    """Put a sum in brackets.

    >>> as_factor("H - 2"), as_factor("floor((H - 35)/32)")
    ('(H - 2)', 'floor((H - 35)/32)')
    """
    outside = _bare(text)
    return f"({text})" if " + " in outside or " - " in outside else text


def _bare(text: str) -> str:
    """Return a text without what stands in brackets."""
    depth = 0
    kept: list[str] = []
    for character in text:
        depth += character == "("
        if not depth:
            kept.append(character)
        depth -= character == ")"
    return "".join(kept)


def _factors(dim: Expr) -> tuple[int, list[tuple[Dim, int]]]:
    """Split an expression into a number and factors with their powers.

    A factor that holds just one atom is found where the coefficients of that atom's powers are
    multiples of each other: 4ab - 2a - 2b + 1 is (2a - 1)*(2b - 1).
    """
    number, rest = _content(dim)
    factors: list[tuple[Dim, int]] = []
    for product, power in _common(rest):
        factors.append((one(product), power))
    if factors:
        rest = _without(rest, dict(_common(rest)))
    left: Dim = rest
    for atom in dict.fromkeys(atom for product, _ in rest.terms for atom, _ in product):
        split = _split(left, atom) if isinstance(left, Expr) else None
        if split is not None:
            factor, power, left = split
            factors.append((factor, power))
    if isinstance(left, int):
        return number * left, factors
    return number, [*factors, (left, 1)]


def _content(dim: Expr) -> tuple[int, Expr]:
    from math import gcd

    shared = gcd(*(factor for _, factor in dim.terms))
    if all(factor < 0 for _, factor in dim.terms):
        shared = -shared
    return shared, Expr(tuple([(product, factor // shared) for product, factor in dim.terms]))


def _common(dim: Expr) -> Product:
    """Return the atoms, with powers, that every term has."""
    shared = dict(dim.terms[0][0])
    for product, _ in dim.terms[1:]:
        powers = dict(product)
        shared = {a: min(p, powers[a]) for a, p in shared.items() if a in powers}
    return tuple(shared.items())


def _without(dim: Expr, taken: Mapping[Atom, int]) -> Expr:
    """Divide every term by atoms that it has."""
    terms = []
    for product, factor in dim.terms:
        left = [(atom, power - taken.get(atom, 0)) for atom, power in product]
        terms.append((tuple([term for term in left if term[1]]), factor))
    return Expr(tuple(terms))


def _split(dim: Expr, atom: Atom) -> tuple[Expr, int, Dim] | None:
    """Split off (m*atom + c)^p, if `dim` is that times something without the atom."""
    by_power: dict[int, dict[Product, int]] = {}
    for product, factor in dim.terms:
        power = dict(product).get(atom, 0)
        others = tuple([base for base in product if base[0] != atom])
        by_power.setdefault(power, {})[others] = factor
    degree = max(by_power)
    top = by_power[degree]
    if degree == 0 or len(by_power) < 2 or len(top) == len(dim.terms):
        return None
    below = by_power.get(degree - 1, {})
    first = next(iter(top))
    root = Fraction(below.get(first, 0), degree * top[first])
    if not root:
        return None
    m, c = root.denominator, root.numerator
    scaled = {product: Fraction(factor, m**degree) for product, factor in top.items()}
    if any(factor.denominator != 1 for factor in scaled.values()):
        return None
    rest = _collected({product: int(factor) for product, factor in scaled.items()})
    linear = one(atom) * m + c
    assert isinstance(linear, Expr)
    return (linear, degree, rest) if linear**degree * rest == dim else None


def _collected(terms: dict[Product, int]) -> Dim:
    if set(terms) == {()}:
        return terms[()]
    return sum((_single(product, factor) for product, factor in terms.items()), start=0)


def _single(product: Product, factor: int) -> Dim:
    return Expr(((product, factor),)) if product else factor

"""When two expressions are equal: proven, refuted by a counterexample, or not decided.

Let n run through one residue class modulo the period of an expression's floors.  There every
floor is a polynomial of n, so the expression is one, and a polynomial of degree d that vanishes at
d + 1 places vanishes everywhere.  So two expressions that agree on period x (degree + 1)
consecutive values of every symbol are equal, and where they do not agree is a counterexample.

min and max have no period; what holds them is not decided.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import product as grid
from math import factorial, lcm, prod
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from shapecalc.algebra.expr import Floor, Symbol, evaluate, symbols_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.algebra.dim import Dim
    from shapecalc.algebra.expr import Atom

#: So many evaluations are spent on a proof.
BUDGET = 20_000


class Course(NamedTuple):
    """How an expression runs along one symbol: a polynomial on each class of the period."""

    period: int
    degree: int


@lru_cache(maxsize=4096)
def course(dim: Dim, name: str) -> Course | None:
    """Return period and degree along a symbol; None where a min or max holds it.

    A floor of a polynomial of degree m by d repeats its remainder after d*m! steps, because
    whole-valued polynomials are sums of binomials, and binomial(n, m) mod d does.
    """
    if isinstance(dim, int):
        return Course(1, 0)
    period, degree = 1, 0
    for product, _ in dim.terms:
        together = 0
        for atom, power in product:
            step = _course_of(atom, name)
            if step is None:
                return None
            period = lcm(period, step.period)
            together += step.degree * power
        degree = max(degree, together)
    return Course(period, degree)


def _course_of(atom: Atom, name: str) -> Course | None:
    if isinstance(atom, Symbol):
        return Course(1, int(atom.name == name))
    if isinstance(atom, Floor):
        inner = course(atom.over, name)
        if inner is None or name not in symbols_of(atom.over):
            return inner and Course(1, 0)
        return Course(inner.period * atom.by * factorial(inner.degree), inner.degree)
    return None if any(name in symbols_of(part) for part in atom.of) else Course(1, 0)


class Counterexample(NamedTuple):
    """Values of the symbols for which two expressions differ, and what they are there."""

    values: Mapping[str, int]
    left: int
    right: int


Verdict: TypeAlias = "Literal['equal', 'not proven'] | Counterexample"


def compare(
    a: Dim, b: Dim, start: Mapping[str, int] | None = None, budget: int = BUDGET
) -> Verdict:
    """Tell whether two expressions are equal for all integers.

    `start` is where the search begins, per symbol (1 where it says nothing), so that a
    counterexample lies from there on.  "not proven": it would take more than `budget` evaluations,
    and those done found no difference.

    >>> from shapecalc.algebra.expr import symbol
    >>> n = symbol("n")
    >>> compare(n - n // 2, (n + 1) // 2)
    'equal'
    >>> compare(2 * (n // 2), n)
    Counterexample(values={'n': 1}, left=0, right=1)
    """
    difference = a - b
    if isinstance(difference, int):
        return "equal" if not difference else _differ({}, a, b)
    names = sorted(symbols_of(difference))
    courses = [course(difference, name) for name in names]
    known = [known_course for known_course in courses if known_course is not None]
    decided = len(known) == len(courses)
    sizes = [
        known_course.period * (known_course.degree + 1) if known_course else 8
        for known_course in courses
    ]
    if prod(sizes) > budget:
        decided = False
        most = max(2, int(budget ** (1 / len(sizes))))
        sizes = [min(size, most) for size in sizes]
    begin = [(start or {}).get(name, 1) for name in names]
    for place in grid(*(range(low, low + size) for low, size in zip(begin, sizes, strict=True))):
        values = dict(zip(names, place, strict=True))
        if evaluate(difference, values):
            return _differ(values, a, b)
    return "equal" if decided else "not proven"


def _differ(values: Mapping[str, int], a: Dim, b: Dim) -> Counterexample:
    full = {name: values.get(name, 1) for name in symbols_of(a) | symbols_of(b)}
    return Counterexample(full, evaluate(a, full), evaluate(b, full))


@lru_cache(maxsize=4096)
def increasing(dim: Dim) -> bool:
    """Tell whether an expression surely never decreases as any symbol grows from 1 on.

    Sums of products with positive factors of atoms that are never negative; False where that
    is not to be seen.

    >>> from shapecalc.algebra.expr import symbol
    >>> increasing(symbol("H") // 2 * 3 - 7), increasing(5 - symbol("H"))
    (True, False)
    """
    if isinstance(dim, int):
        return True
    for product, factor in dim.terms:
        if factor < 0 and product:
            return False
        several = sum(power for _, power in product) > 1
        for atom, _ in product:
            inner = (atom.over,) if isinstance(atom, Floor) else getattr(atom, "of", ())
            if not all(map(increasing, inner)):
                return False
            if several and not all(_never_negative(part) for part in inner):
                return False
    return True


def _never_negative(dim: Dim) -> bool:
    """Tell whether an increasing expression is at least 0 where all symbols are 1."""
    if isinstance(dim, int):
        return dim >= 0
    return bool(evaluate(dim, dict.fromkeys(symbols_of(dim), 1)) >= 0)

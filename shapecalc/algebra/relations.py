"""When expressions are equal, and for which values of a symbol a relation between them holds.

Let n run through one residue class modulo the period of an expression's floors.  There every
floor is a polynomial of n, so the expression is one, and a polynomial of degree d that vanishes at
d + 1 places vanishes everywhere.  So two expressions that agree on period x (degree + 1)
consecutive values of every symbol are equal, and where they do not agree is a counterexample.
min, max and what is divided by a symbol have no period; what holds them is not decided.

Where an expression never decreases the border of a relation is found by bisection.  Else it is
taken apart into the residue classes; on each the signs of its polynomial are found exactly.
"""

from __future__ import annotations

from functools import lru_cache, reduce
from itertools import pairwise
from itertools import product as grid
from math import comb, factorial, gcd, lcm, prod
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from shapecalc.algebra.bounds import is_recorded
from shapecalc.algebra.expr import (
    Floor,
    Quotient,
    Symbol,
    atoms_of,
    evaluate,
    inside,
    one,
    symbols_of,
)
from shapecalc.algebra.integer_sets import (
    NONE,
    Integers,
    Stretch,
    TooFineError,
    common,
    integers,
)
from shapecalc.errors import RuleError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from shapecalc.algebra import Dim
    from shapecalc.algebra.expr import Atom, Product


#: So many evaluations are spent on a proof.
BUDGET = 20_000


class Course(NamedTuple):
    """How an expression runs along one symbol: a polynomial on each class of the period."""

    period: int
    degree: int


@lru_cache(maxsize=4096)
def course(dim: Dim, name: str) -> Course | None:
    """Return period and degree along a symbol; None where a min or max, or a quotient, holds it.

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
    return None if any(name in symbols_of(part) for part in inside(atom)) else Course(1, 0)


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
        if _falls(product):
            factor = -factor  # noqa: PLW2901
        elif any(isinstance(atom, Quotient) for atom, _ in product):
            return False
        if factor < 0 and product:
            return False
        several = sum(power for _, power in product) > 1
        for atom, _ in product:
            inner = inside(atom)
            if not all(map(increasing, inner)):
                return False
            if several and not all(_never_negative(part) for part in inner):
                return False
    return True


def _falls(product: Product) -> bool:
    """Tell whether a product is a number from 0 on, over what never decreases."""
    atom, power = product[0] if len(product) == 1 else (None, 0)
    return (
        isinstance(atom, Quotient)
        and power == 1
        and isinstance(atom.over, int)
        and atom.over >= 0
        and increasing(atom.by)
    )


def _never_negative(dim: Dim) -> bool:
    """Tell whether an increasing expression is at least 0 where all symbols are 1."""
    if isinstance(dim, int):
        return dim >= 0
    return bool(evaluate(dim, dict.fromkeys(symbols_of(dim), 1)) >= 0)


Relation: TypeAlias = Literal["at least", "at most", "equal to", "divisible by", "joined with"]

#: Beyond this no one looks for a border.
FARTHEST = 2**62


@lru_cache(maxsize=256)  # a set may have thousands of residues
def where(value: Dim, relation: Relation, bound: Dim, name: str, low: int = 1) -> Integers | None:
    """Return for which `name` from `low` on a relation holds; None where that is not decided.

    `value` and `bound` hold no other symbol than `name`; what is divided by is a number, or it is
    not decided.

    >>> from shapecalc.algebra.expr import symbol
    >>> H = symbol("H")
    >>> where((H - 35) // 32, "equal to", 6, "H").text("H")
    'H from 227 to 258'
    >>> where(2 * (H // 2), "equal to", H, "H").text("H")
    'H a multiple of 2'
    """
    if relation == "divisible by":
        return _divisible(value, bound, name, low) if isinstance(bound, int) else None
    if relation == "joined with":
        return _either(where(*two, name, low) for two in _joined(value, bound))
    difference = cleared(value, bound) if relation == "at least" else value - bound
    if relation == "at most":
        difference = cleared(bound, value) * -1
    if relation == "equal to" and _has_quotients(difference):
        return _where_equal(value, bound, name, low)
    if isinstance(difference, int):
        holds = _holds(difference, relation)
        return Integers((Stretch(low),)) if holds else NONE
    sign = 1 if increasing(difference) else -1 if increasing(difference * -1) else 0
    if not sign:
        return _by_classes(difference, relation, name, low)

    def reaches(least: int) -> int | None:  # the first n with sign*difference >= least
        return _first(lambda n: sign * evaluate(difference, {name: n}) >= least, low)

    at_zero, at_one = reaches(0), reaches(1)
    before = None if at_one is None else at_one - 1
    if relation == "equal to":
        return NONE if at_zero is None else integers([Stretch(at_zero, before)])
    if (relation == "at least") == (sign == 1):
        return NONE if at_zero is None else integers([Stretch(at_zero)])
    return integers([Stretch(low, before)])


def _joined(value: Dim, bound: Dim) -> Iterator[tuple[Dim, Relation, Dim]]:
    """Yield the ways in which two extents can be joined: they are equal, or one of them is 1."""
    yield value, "equal to", bound
    yield value, "equal to", 1
    yield bound, "equal to", 1


def _either(sets: Iterable[Integers | None]) -> Integers | None:
    parts: list[Stretch] = []
    for numbers in sets:
        if numbers is None:
            return None
        parts += numbers.stretches
    return integers(parts)


def joined_only_where(a: Dim, b: Dim, value: Dim, relation: Relation, bound: Dim) -> bool:
    """Tell whether two extents, each from 1 on, can be joined only where a relation holds.

    False as well where that is not decided, or they depend on several symbols.

    >>> from shapecalc.algebra.expr import symbol
    >>> H = symbol("H")
    >>> joined_only_where(H, H // 4, H // 4, "equal to", 1)
    True
    """
    decided = _by_range(value, relation, bound)
    if decided is not None:
        return decided
    names = symbols_of(a) | symbols_of(b)
    if len(names) != 1 or is_recorded(value - bound):
        return False
    name = min(names)
    needs: list[tuple[Dim, Relation, Dim]] = [
        (a, "joined with", b),
        (a, "at least", 1),
        (b, "at least", 1),
    ]
    sets = [where(*need, name) for need in needs]
    wanted = where(value, relation, bound, name)
    if wanted is None or None in sets:
        return False
    try:
        joined = reduce(common, filter(None, sets))
        return common(joined, wanted) == common(joined, joined)
    except TooFineError:
        return False


def _by_range(value: Dim, relation: Relation, bound: Dim) -> bool | None:
    """Decide a relation by how far two numbers are apart; None where that does not tell."""
    difference = value - bound
    if isinstance(difference, int):
        low = high = difference
    elif is_recorded(difference):
        low, high = difference.low, difference.high
    else:
        return None
    if relation == "at least":
        return True if low >= 0 else False if high < 0 else None
    if relation == "at most":
        return True if high <= 0 else False if low > 0 else None
    if relation == "equal to":
        return True if low == high == 0 else False if low > 0 or high < 0 else None
    return None


def _where_equal(value: Dim, bound: Dim, name: str, low: int) -> Integers | None:
    above = where(value, "at least", bound, name, low)
    below = where(value, "at most", bound, name, low)
    try:
        return None if above is None or below is None else common(above, below)
    except TooFineError:
        return None


def cleared(value: Dim, bound: Dim) -> Dim:
    """Return what is at least 0 just where `value` is at least `bound`, rid of what divides.

    As b is at least 1, floor(x/b) + r >= 0 where x + r*b >= 0, and r - floor(x/b) >= 0 where
    (r + 1)*b - 1 - x >= 0.

    >>> from shapecalc.algebra.expr import symbol
    >>> m, k, s = symbol("m"), symbol("k"), symbol("s")
    >>> cleared((m - k) // s + 1, 1), cleared(3, 99 // s)
    (m - k, 4s - 100)
    """
    difference = value - bound
    while (lone := _lone_quotient(difference)) is not None:
        atom, factor = lone
        rest = difference - one(atom) * factor
        try:
            if factor == 1:
                difference = atom.over + rest * atom.by
            else:
                difference = (rest + 1) * atom.by - 1 - atom.over
        except RuleError:  # it grows too large
            return difference
    return difference


def _lone_quotient(dim: Dim) -> tuple[Quotient, int] | None:
    for product, factor in () if isinstance(dim, int) else dim.terms:
        if abs(factor) == 1 and len(product) == 1:
            atom, power = product[0]
            if power == 1 and isinstance(atom, Quotient):
                return atom, factor
    return None


def _has_quotients(dim: Dim) -> bool:
    return any(isinstance(atom, Quotient) for atom in atoms_of(dim))


@lru_cache(maxsize=4096)
def always_at_least(value: Dim, bound: int) -> bool:
    """Tell whether an expression of one symbol is at least a number wherever that is 1 or more.

    False as well where that is not decided, or depends on several symbols.
    """
    names = symbols_of(value)
    if len(names) != 1 or is_recorded(value):
        return bool(_by_range(value, "at least", bound))
    numbers = where(value, "at least", bound, min(names))
    return numbers is not None and numbers.gap(1) is None


def for_all(value: Dim, relation: Relation, bound: Dim) -> bool | None:
    """Tell whether a relation holds for all symbols from 1 on, or for none; None: not decided.

    >>> from shapecalc.algebra.expr import symbol
    >>> k, m = symbol("k"), symbol("m")
    >>> for_all(2 * k, "equal to", 2 * m + 3), for_all(k // 2, "at most", k)
    (False, True)
    """
    names = symbols_of(value) | symbols_of(bound)
    if is_recorded(value - bound):
        return _by_range(value, relation, bound)
    if len(names) == 1:
        try:
            numbers = where(value, relation, bound, min(names))
        except TooFineError:
            numbers = None
        if numbers is not None and not numbers.stretches:
            return False
        if numbers is not None and numbers.gap(1) is None:
            return True
    if relation != "equal to":
        return None
    if _leaves_remainder(value - bound):
        return False
    return True if compare(value, bound) == "equal" else None


#: Remainders by so many numbers are tried, each with at most so many evaluations.
MODULI = 12
REMAINDERS = 2_000


def _leaves_remainder(dim: Dim) -> bool:
    """Tell whether an expression is 0 for no integers, because some number never divides it.

    What a floor or a quotient comes to counts as any integer, so the test is sound, not complete.
    """
    if isinstance(dim, int):
        return dim != 0
    factors = [factor for product, factor in dim.terms if product]
    rest = sum(factor for product, factor in dim.terms if not product)
    if rest % gcd(*factors):
        return True
    atoms = list({atom: None for product, _ in dim.terms for atom, _ in product})
    for modulus in range(2, MODULI + 1):
        if modulus ** len(atoms) > REMAINDERS:
            return False
        residues = (
            dict(zip(atoms, place, strict=True))
            for place in grid(range(modulus), repeat=len(atoms))
        )
        if all(_value_at(dim.terms, place) % modulus for place in residues):
            return True
    return False


def _value_at(terms: Iterable[tuple[Product, int]], values: Mapping[Atom, int]) -> int:
    """Put integers for the atoms of a sum of products."""
    return sum(
        factor * prod(values[atom] ** power for atom, power in product) for product, factor in terms
    )


def _holds(difference: int, relation: Relation) -> bool:
    if relation == "equal to":
        return difference == 0
    return difference >= 0 if relation == "at least" else difference <= 0


def _first(holds: Callable[[int], bool], low: int, high: int | None = None) -> int | None:
    """Return the first number from `low` to `high` for which something holds, once and for all."""
    if holds(low):
        return low
    step = 1
    while not holds(low + step if high is None else min(low + step, high)):
        step *= 2
        if step > FARTHEST or (high is not None and low + step // 2 >= high):
            return None
    under, over = low + step // 2, low + step if high is None else min(low + step, high)
    while over - under > 1:
        middle = (under + over) // 2
        under, over = (under, middle) if holds(middle) else (middle, over)
    return over


def _divisible(value: Dim, by: int, name: str, low: int) -> Integers | None:
    run = course(value, name)
    if run is None:
        return None
    period = run.period * by * factorial(run.degree)
    if period > BUDGET:
        return None
    residues = [n % period for n in range(low, low + period) if not evaluate(value, {name: n}) % by]
    return integers([Stretch(low, None, period, tuple(residues))])


def _by_classes(difference: Dim, relation: Relation, name: str, low: int) -> Integers | None:
    """Solve on every residue class, where the difference is a polynomial."""
    run = course(difference, name)
    if run is None or run.period * (run.degree + 1) > BUDGET:
        return None
    period = run.period
    together: dict[tuple[int, int | None], list[int]] = {}
    for start in range(low, low + period):
        values = [
            evaluate(difference, {name: start + period * turn}) for turn in range(run.degree + 1)
        ]
        runs = _signs(_differences(values))
        ends = [begin - 1 for begin, _ in runs[1:]]
        for (begin, sign), end in zip(runs, [*ends, None], strict=True):
            if _holds(sign, relation):
                # One border for all classes, where they agree on it, joins them again.
                first = start + period * begin - (start - low)
                last = None if end is None else start + period * end + period - 1 - (start - low)
                together.setdefault((first, last), []).append(start % period)
    return integers(
        Stretch(first, last, period, tuple(residues))
        for (first, last), residues in together.items()
    )


def _differences(values: list[int]) -> list[int]:
    """Return the leading differences: the polynomial in the basis of binomials."""
    differences = []
    while values:
        differences.append(values[0])
        values = [after - before for before, after in pairwise(values)]
    while differences and differences[-1] == 0:
        differences.pop()
    return differences


def _signs(leading: list[int]) -> list[tuple[int, int]]:
    """Return where the signs of sum(leading[j]*binomial(t, j)) begin, for t from 0 on."""
    if len(leading) < 2:
        return [(0, _sign(leading[0]) if leading else 0)]
    if len(leading) == 2:
        return _signs_of_line(*leading)

    def sign_at(t: int) -> int:
        return _sign(sum(factor * comb(t, j) for j, factor in enumerate(leading)))

    steps = _signs(leading[1:])  # between these it rises or falls all the way
    signs: list[tuple[int, int]] = [(0, sign_at(0))]
    for (begin, direction), after in zip(steps, [*steps[1:], None], strict=True):
        end = None if after is None else after[0]
        for wanted in (0, 1) if direction > 0 else (0, -1):
            if sign_at(begin) * direction >= wanted * direction:
                continue
            border = _first(
                lambda t: sign_at(t) * direction >= wanted * direction,  # noqa: B023
                begin,
                end,
            )
            if border is not None:
                signs.append((border, sign_at(border)))
    return _merged(signs)


def _signs_of_line(at_zero: int, slope: int) -> list[tuple[int, int]]:
    """Return where the signs of at_zero + slope*t begin, for t from 0 on; it is not level.

    >>> _signs_of_line(-6, 3), _signs_of_line(-5, 3), _signs_of_line(4, 1)
    ([(0, -1), (2, 0), (3, 1)], [(0, -1), (2, 1)], [(0, 1)])
    """
    direction = _sign(slope)
    left = -at_zero * direction  # the way to 0
    if left < 0:
        return [(0, direction)]
    turns, rest = divmod(left, abs(slope))
    before = [(0, -direction)] if left else []
    return (
        [*before, (turns + 1, direction)] if rest else [*before, (turns, 0), (turns + 1, direction)]
    )


def _merged(runs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    kept: list[tuple[int, int]] = []
    for begin, sign in sorted(runs):
        if kept and kept[-1][0] == begin:
            kept[-1] = (begin, sign)
        elif not kept or kept[-1][1] != sign:
            kept.append((begin, sign))
    return kept


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)

"""How large numbers can get: a bound on every intermediate result of an expression's evaluation.

NumPy's integers wrap around silently, so expressions are evaluated with them only where no step
can leave their range, and else with Python's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.algebra.expr import Floor, Symbol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.algebra.dim import Dim
    from shapecalc.algebra.expr import Atom

#: The largest number of NumPy's int64.
LARGEST = 2**63 - 1


def magnitude(
    dim: Dim, highest: Mapping[str, int], memo: dict[Atom, tuple[int, int]] | None = None
) -> int:
    """Return a number that no intermediate result of `expr.evaluate` exceeds, signs aside.

    `highest` holds the largest value of every symbol, each from 0 on.  `memo` keeps what was found
    for atoms.

    >>> from shapecalc.algebra.expr import symbol
    >>> magnitude(3 * symbol("H") * symbol("H") - 7, {"H": 10})
    307
    """
    return _bounds(dim, highest, {} if memo is None else memo)[1]


def _bounds(
    dim: Dim, highest: Mapping[str, int], memo: dict[Atom, tuple[int, int]]
) -> tuple[int, int]:
    """Bound the value, and all that is computed on the way to it."""
    if isinstance(dim, int):
        return abs(dim), abs(dim)
    total = inside = 0
    for product, factor in dim.terms:
        term = abs(factor)
        for atom, power in product:
            if atom not in memo:
                memo[atom] = _of_atom(atom, highest, memo)
            value, most = memo[atom]
            term *= max(value, 1) ** power  # a later 0 does not undo what came before it
            inside = max(inside, most)
        total += term
    return total, max(total, inside)


def _of_atom(
    atom: Atom, highest: Mapping[str, int], memo: dict[Atom, tuple[int, int]]
) -> tuple[int, int]:
    if isinstance(atom, Symbol):
        return highest[atom.name], highest[atom.name]
    if isinstance(atom, Floor):
        over, inside = _bounds(atom.over, highest, memo)
        return over // atom.by + 1, max(inside, atom.by)
    found = [_bounds(each, highest, memo) for each in atom.of]
    value = max(each for each, _ in found)
    return value, max(4 * value, *(inside for _, inside in found))  # a + b + |a - b|

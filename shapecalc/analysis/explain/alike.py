"""Sides that differ in nothing but their symbol, such as H and W: one told in full is enough."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from shapecalc.algebra.dim import is_symbolic
from shapecalc.analysis.explain.model import Derivation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shapecalc.algebra.dim import Dim
    from shapecalc.algebra.traced import Formula


def derivations(labels: Mapping[Formula, list[str]], times: str) -> list[Derivation]:
    """Derive each of several formulas under its labels, what goes like an earlier one in short."""
    derived: list[Derivation] = []
    for made, names in labels.items():
        again = any(twins(derivation.formula, made) for derivation in derived)
        derived.append(Derivation(" = ".join(names), made, times, again))
    return derived


def twins(first: Formula, second: Formula) -> bool:
    """Tell whether one formula is the other with another symbol in place of one of its own."""
    own, others = _symbols(first), _symbols(second)
    if len(own - others) != 1 or len(others - own) != 1:
        return False
    from shapecalc.algebra.expr import symbol

    return _renamed(first, {min(own - others): symbol(min(others - own))}) == second


def _symbols(made: Formula) -> set[str]:
    return {name for value in _values(made) for name in _names(value)}


def _values(made: Formula) -> Iterator[Dim]:
    if is_symbolic(made.value):
        yield made.value
    for part in made.parts:
        yield from _values(part)


def _names(value: Dim) -> frozenset[str]:
    from shapecalc.algebra.expr import symbols_of

    return symbols_of(value)


def _renamed(made: Formula, names: Mapping[str, Dim]) -> Formula:
    value: Any = made.value
    if is_symbolic(value):
        from shapecalc.algebra.expr import substitute

        value = substitute(value, names)
    return replace(made, value=value, parts=tuple(_renamed(part, names) for part in made.parts))

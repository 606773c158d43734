"""The domain of a symbolic report: for which values of its symbols the network exists.

Rules state what must hold (`layers.base.Requirement`).  What depends on one symbol is solved for
it, so that the domain names lower bounds, multiples, and the layer that asks for each; what
depends on several stays a condition, which values are tried against.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.algebra.bounds import surely_at_least
from shapecalc.algebra.expr import Quotient, atoms_of, evaluate, symbols_of
from shapecalc.algebra.integer_sets import Integers, Stretch, TooFineError, common
from shapecalc.algebra.notation import text_of
from shapecalc.algebra.relations import cleared, compare, where
from shapecalc.layers.shape import as_text
from shapecalc.text.shown import brief_repr

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shapecalc.layers.base import Requirement
    from shapecalc.layers.shape import Shape


#: How the relations are written: what stands between the two sides, and what after them.
_WORDS = {
    "at least": (">=", ""),
    "equal to": ("=", ""),
    "divisible by": ("is divisible by", ""),
    "joined with": ("=", ", or one of them is 1"),
}


class Condition(NamedTuple):
    """A requirement of a layer."""

    layer: str
    need: Requirement

    @property
    def symbols(self) -> frozenset[str]:
        """The symbols that it depends on."""
        return symbols_of(self.need.value) | symbols_of(self.need.bound)

    def holds(self, values: Mapping[str, int]) -> bool:
        """Decide it for values of its symbols."""
        value, bound = (evaluate(side, values) for side in (self.need.value, self.need.bound))
        return bool(self.need._replace(value=value, bound=bound).holds())

    def text(self) -> str:
        """Write it: what must hold, and the layer."""
        value, relation, bound = self.need[:3]
        words, rest = _WORDS[relation]
        return f"{text_of(value)} {words} {text_of(bound)}{rest} ({self.layer})"


class Limit(NamedTuple):
    """What one layer asks of one symbol: the numbers that it leaves."""

    symbol: str
    layer: str
    numbers: Integers
    need: Requirement

    def clash(self, number: int) -> str:
        """Say what the layer would join at a number, where its operands do not agree."""
        if self.need.relation not in ("equal to", "joined with") or number in self.numbers:
            return ""
        at = {self.symbol: number}
        a, b = evaluate(self.need.bound, at), evaluate(self.need.value, at)
        return f"at {self.symbol} = {number:,} {self.layer} would join {a:,} and {b:,}"


class Domain(NamedTuple):
    """The values of the symbols for which the network exists, each from 1 on.

    `allowed` is what the conditions on one symbol leave of it, `limits` those of them that
    matter, and `mixed` the conditions that stay: on several symbols, or too fine to write out.
    """

    symbols: tuple[str, ...]
    allowed: Mapping[str, Integers]
    limits: tuple[Limit, ...]
    mixed: tuple[Condition, ...]

    def __repr__(self) -> str:
        return brief_repr(self)

    def admits(self, values: Mapping[str, int]) -> bool:
        """Tell whether the network exists for these values.  Raises `TypeError` where one lacks."""
        missing = [name for name in self.symbols if name not in values]
        if missing:
            raise TypeError(f"there is no value for {', '.join(missing)}")
        return all(values[name] in self.allowed[name] for name in self.symbols) and all(
            condition.holds(values) for condition in self.mixed
        )

    def implies(self, need: Requirement) -> bool:
        """Tell whether a requirement surely holds for all values of the domain."""
        limit = _limit(Condition("", need), self.symbols[0])
        if limit is None:
            need = _cleared(need)
            return surely_at_least(need.value, need.bound, self.start)
        allowed = self.allowed[limit.symbol]
        try:
            return common(allowed, limit.numbers) == allowed
        except TooFineError:
            return False

    @property
    def start(self) -> dict[str, int]:
        """The smallest value of every symbol."""
        return {name: self.allowed[name].smallest() or 1 for name in self.symbols}

    @property
    def empty(self) -> str | None:
        """A symbol that no value of fits; None where there is none such."""
        return next((name for name in self.symbols if not self.allowed[name].stretches), None)

    def texts(self) -> list[str]:
        """Say for every symbol what it may be and which layers ask for it: ``H >= 67: pool3``.

        Where operands must agree the smallest number that fails is named; conditions on several
        symbols follow.
        """
        return [*map(self._text, self.symbols), *(condition.text() for condition in self.mixed)]

    def _text(self, name: str) -> str:
        numbers = self.allowed[name]
        limits = [limit for limit in self.limits if limit.symbol == name]
        if not limits:
            return f"{name} >= 1"
        layers = ", ".join(dict.fromkeys(limit.layer for limit in limits))
        failing = numbers.gap(numbers.smallest() or 1)
        clashes = [] if failing is None else [limit.clash(failing) for limit in limits]
        clash = next(filter(None, clashes), "")
        return f"{numbers.text(name)}: {layers}" + (f" ({clash})" if clash else "")

    def data(self) -> dict[str, Any]:
        """Return it as plain records."""
        return {
            "symbols": {
                name: {
                    "values": self.allowed[name].data(),
                    "limits": [
                        {"layer": item.layer, "values": item.numbers.data()}
                        for item in self.limits
                        if item.symbol == name
                    ],
                }
                for name in self.symbols
            },
            "conditions": [item.text() for item in self.mixed],
        }


class Fit(NamedTuple):
    """A layer, the volume that its weights were made for, and the sizes that lead to it."""

    layer: str
    made_for: Shape
    sizes: Mapping[str, Integers]

    def text(self) -> str:
        """Say it: ``fc6 was made for 6x6x256: its weights fit H and W from 227 to 258``."""
        alike: dict[Integers, list[str]] = {}
        for name, numbers in self.sizes.items():
            alike.setdefault(numbers, []).append(name)
        sizes = ", ".join(n.text(" and ".join(names)) for n, names in alike.items())
        return f"{self.layer} was made for {as_text(self.made_for)}: its weights fit {sizes}"

    def data(self) -> dict[str, Any]:
        """Return it as a plain record."""
        return {
            "layer": self.layer,
            "made_for": as_text(self.made_for),
            "sizes": {name: numbers.data() for name, numbers in self.sizes.items()},
        }


ANY = Integers((Stretch(1),))


def domain_of(symbols: Iterable[str], conditions: Iterable[Condition]) -> Domain:
    """Solve what the layers require."""
    alone: dict[str, list[Limit]] = {name: [] for name in symbols}
    mixed: list[Condition] = []
    needs: dict[tuple[object, ...], Condition] = {}
    for stated in conditions:
        condition = Condition(stated.layer, _cleared(stated.need))
        needs.setdefault(condition.need[:3], condition)
    for condition in needs.values():
        limit = _limit(condition, next(iter(alone)))
        if limit is None:
            mixed.append(condition)
        else:
            alone[limit.symbol].append(limit)
    allowed: dict[str, Integers] = {}
    limits: list[Limit] = []
    for name, every in alone.items():
        allowed[name], binding, left = _narrow(every)
        limits += binding
        mixed += [Condition(limit.layer, limit.need) for limit in left]
    start = {name: numbers.smallest() or 1 for name, numbers in allowed.items()}
    open_ = tuple(condition for condition in mixed if not _implied(condition, start))
    return Domain(tuple(alone), allowed, tuple(limits), open_)


def _cleared(need: Requirement) -> Requirement:
    """State a lower bound without what divides by symbols: m - k >= 0 for (m - k)//s + 1 >= 1."""
    value, relation, bound, _ = need
    atoms = (*atoms_of(value), *atoms_of(bound))
    if relation != "at least" or not any(isinstance(atom, Quotient) for atom in atoms):
        return need
    return need._replace(value=cleared(value, bound), bound=0)


def _limit(condition: Condition, anyone: str) -> Limit | None:
    """Solve a condition that depends on one symbol; None for others.

    One in which all symbols cancel leaves everything or nothing of one of them, or of `anyone`.
    """
    value, relation, bound, _ = condition.need
    if relation == "joined with":
        names = condition.symbols
    else:
        names = symbols_of(value if relation == "divisible by" else value - bound)
    name = min(names or condition.symbols or {anyone})
    numbers = where(value, relation, bound, name) if len(names) < 2 else None
    return None if numbers is None else Limit(name, condition.layer, numbers, condition.need)


def _narrow(limits: list[Limit]) -> tuple[Integers, list[Limit], list[Limit]]:
    """Intersect, and keep the limits that matter: the first of each, none that others imply.

    The last list holds those with which the set would be too fine.
    """
    binding: list[Limit] = []
    left: list[Limit] = []
    numbers = ANY
    for limit in limits:
        try:
            narrower = common(numbers, limit.numbers)
        except TooFineError:
            left.append(limit)
            continue
        if narrower != numbers:
            numbers = narrower
            binding.append(limit)
    for limit in list(binding):
        rest = ANY
        for other in binding:
            if other is not limit:
                rest = common(rest, other.numbers)
        if rest == numbers:
            binding.remove(limit)
    return numbers, binding, left


def _implied(condition: Condition, start: Mapping[str, int]) -> bool:
    """Tell whether a condition on several symbols surely holds for all allowed values."""
    value, relation, bound = condition.need[:3]
    if relation == "at least":
        return surely_at_least(value, bound, start)
    if relation in ("equal to", "joined with"):
        return compare(value, bound) == "equal"
    # Whether a symbol divides another expression is not told.
    return isinstance(bound, int) and compare(value % bound, 0) == "equal"

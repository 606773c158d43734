"""Profiles: named conventions of what to count, applied once, at the report.

A profile is data: for every type of layer a small sum of quantities (`quantities.py`), written as
text.  A type without a rule is not counted, and that is told; a rule that counts nothing is `0`.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple

from shapecalc.counting.quantities import OTHER, QUANTITIES, kind, kind_text
from shapecalc.layers import BUILTIN
from shapecalc.layers.base import NO_WORK, Layer
from shapecalc.report import UNKNOWN, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shapecalc.algebra import Dim
    from shapecalc.report import Row, Totals

#: The rule for all types that have none of their own.
ANY = "*"


class Addend(NamedTuple):
    """So many times a quantity."""

    times: int
    quantity: str


class Surprise(NamedTuple):
    """A layer, the shape that it reads, and why a profile counts of it what few would guess."""

    layer: str
    shape: str
    why: str

    @property
    def spec(self) -> str:
        """The network of that layer alone, in the language."""
        return f"input: {self.shape}\nlayers: [{self.layer}]\n"


class Profile(NamedTuple):
    """A counting convention: what one layer of each kind counts for.

    `label` says in its own words what is counted, for the caption; `note` what is not, or where
    the convention comes from; `version` which release of a tool it reproduces.  `rules` go from a
    kind of layer (`quantities.kind`), or ``kind/2`` for that kind with 2 sides, to a sum such as
    ``2*macs + bias_adds``.  `without` names what has no rule, by layer types and by their terms: of
    a term, the types without a rule of their own.  `also` are other tools that count the same, each
    with its version.
    """

    name: str
    label: str
    rules: Mapping[str, str]
    note: str = ""
    version: str = ""
    of: Literal["operations", "parameters"] = "operations"
    without: str = ""
    also: tuple[str, ...] = ()
    surprise: Surprise | None = None

    def rule(self, row: Row) -> str | None:
        """Return the rule for a layer; None: the profile has none."""
        return self.rule_for(kind(row), len(row.output.sides))

    def rule_for(self, word: str, sides: int) -> str | None:
        """Return the rule for a kind of layer that gives so many sides."""
        for key in (f"{word}/{sides}", word, ANY):
            if key in self.rules:
                return self.rules[key]
        return None

    def terms(self, row: Row) -> dict[str, Dim]:
        """Return what a layer counts, by what that explains of a total.

        Without a rule it is nothing.
        """
        by_term: dict[str, Dim] = {}
        for times, name in addends(self.rule(row) or "0"):
            quantity = QUANTITIES[name]
            term = quantity.term or (row.layer and row.layer.term) or OTHER
            by_term[term] = by_term.get(term, 0) + times * quantity.of(row)
        return by_term

    def counts(self, row: Row) -> bool:
        """Tell whether a layer is counted: there is a rule, or nothing to count."""
        if not row.is_counted:
            return False
        if self.rule(row) is not None:
            return True
        return row.work == NO_WORK if self.of == "operations" else not row.parameters

    def count(self, item: Row | Totals) -> Dim:  # type: ignore[override]
        """Count a row, the layers that it folds, or a whole network."""
        return sum(sum(self.terms(row).values()) for row in item.layers)

    def cell(self, row: Row) -> Dim | Unknown:
        """Count a row; `UNKNOWN` when nothing in it has a rule."""
        layers = row.layers
        return self.count(row) if any(map(self.counts, layers)) else UNKNOWN

    def not_counted(self, rows: Iterable[Row]) -> tuple[str, ...]:
        """List the kinds of layers that compute something, but have no rule."""
        missing = (kind_text(row) for item in rows for row in item.layers if not self.counts(row))
        return tuple(dict.fromkeys(missing))


def count_all(profiles: Iterable[Profile], totals: Totals) -> dict[str, Dim]:
    """Count a network under several profiles, by their names: each quantity is added up once."""
    alike: dict[tuple[str, int], list[Row]] = {}
    for row in totals.layers:
        alike.setdefault((kind(row), len(row.output.sides)), []).append(row)

    @cache
    def amount(of: tuple[str, int], quantity: str) -> Dim:
        return sum(map(QUANTITIES[quantity].of, alike[of]))

    return {
        profile.name: sum(
            times * amount(of, quantity)
            for of in alike
            for times, quantity in addends(profile.rule_for(*of) or "0")
        )
        for profile in profiles
    }


@lru_cache(maxsize=512)
def addends(rule: str) -> tuple[Addend, ...]:
    """Read a rule.

    >>> addends("2*macs + bias_adds - sets")
    (Addend(times=2, quantity='macs'), Addend(times=1, quantity='bias_adds'), \
Addend(times=-1, quantity='sets'))
    >>> addends("0")
    ()
    """
    terms = []
    for part in rule.replace(" - ", " + -").split(" + "):
        sign, text = (-1, part[1:]) if part.startswith("-") else (1, part)
        times, star, name = text.rpartition("*")
        if star or name != "0":
            terms.append(Addend(sign * int(times or 1), name))
    return tuple(terms)


def described(profile: Profile) -> str:
    """Say what a profile counts, what it does not, and where it comes from."""
    version = profile.version and " and ".join([f"as {profile.version}", *profile.also])
    more = "; ".join(filter(None, (profile.note, version)))
    return profile.label + (f" ({more})" if more else "")


def without_rule(profile: Profile, types: Mapping[str, type[Layer]] = BUILTIN) -> list[str]:
    """List the layer types that have something to count, but for which there is no rule at all."""
    ruled = {key.partition("/")[0].partition(":")[0] for key in profile.rules}
    if ANY in ruled:
        return []
    return [word for word, made in types.items() if word not in ruled and _counts(profile, made)]


def _counts(profile: Profile, made: type[Layer]) -> bool:
    """Tell whether a type has what a profile is about."""
    if profile.of == "parameters":
        return made.weights is not Layer.weights and not made.learns.startswith("nothing")
    return made.work is not Layer.work and not made.view


def grouped(profile: Profile) -> dict[str, list[str]]:
    """Return the rules with the kinds of layers that each is for."""
    kinds: dict[str, list[str]] = {}
    for key, rule in profile.rules.items():
        word, slash, sides = key.partition("/")
        kind_of = "all layers" if word == ANY else word + (f" of {sides} sides" if slash else "")
        kinds.setdefault(rule, []).append(kind_of.replace(" of 1 sides", " of 1 side"))
    return kinds

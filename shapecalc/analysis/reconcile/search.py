"""Which counts of a network give a number that somebody printed.

The number is read as it may be meant: exact, or rounded in some unit.  Only counts that have a name
are tried, each plainly and under a few stated variations; nothing is fitted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.algebra import known
from shapecalc.analysis.reconcile.changes import changes
from shapecalc.counting.profile import count_all
from shapecalc.counting.profiles import PROFILES
from shapecalc.errors import Problem, SpecErrors
from shapecalc.text import Origin, Source, Span
from shapecalc.text.shown import Shapes, Shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shapecalc.analysis.reconcile.changes import ChangedNetwork
    from shapecalc.output.view import View
    from shapecalc.report import Report


#: So many are shown of those that fit, or of the nearest.
NEAREST = 5
#: What needs more assumptions explains nothing.
MOST_ASSUMED = 2
#: A target is at most so long.
LONGEST = 60

_TARGET = re.compile(
    r"\s*(?P<digits>\d{1,3}(?:[,_']\d{3})+|\d+)(?:\.(?P<decimals>\d+))?"
    r"(?:\s*(?:[eE]|[x*]\s*10\s*(?:\^|\*\*)\s*)(?P<power>\d{1,2}))?"
    r"\s*(?P<unit>[A-Za-z]*)\s*",
    re.ASCII,
)
#: Unit -> (the power of a thousand, whether it is of 1024, whether of bytes).
_UNITS: dict[str, tuple[int, bool, bool]] = {
    "": (0, False, False),
    "bytes": (0, False, True),
    "thousand": (1, False, False),
    "million": (2, False, False),
    "billion": (3, False, False),
    "b": (3, False, False),
}
for _power, _letter in enumerate("kmgt", 1):
    _UNITS |= {
        _letter: (_power, False, False),
        f"{_letter}i": (_power, True, False),
        f"{_letter}b": (_power, False, True),
        f"{_letter}ib": (_power, True, True),
    }


#: What tools print behind the unit, each meaning what it likes by it: 0.71 GMac, 1.4 GFLOPS.
_COUNTED = re.compile("(mac|flop)s?$")


class TargetReading(NamedTuple):
    """One way to read a printed number: the values that would be printed so."""

    how: str
    low: Fraction
    high: Fraction

    def holds(self, number: int) -> bool:
        """Tell whether a number would be printed so."""
        return self.low <= number < self.high


class Target(NamedTuple):
    """A printed number.  `exact`: to the unit, so that only that very number will do."""

    text: str
    value: Fraction
    step: Fraction
    power: int
    binary: bool
    bytes: bool

    @property
    def exact(self) -> bool:
        """Whether it was printed to the unit."""
        return self.step == 1

    def readings(self) -> Iterator[TargetReading]:
        """Yield the ways to read it, the plainest first."""
        if self.exact:
            yield TargetReading("exact", self.value, self.value + 1)
            return
        yield TargetReading("rounded", self.value - self.step / 2, self.value + self.step / 2)
        yield TargetReading("truncated", self.value, self.value + self.step)
        if self.power and not self.binary:  # a K that was 1024 although it was written as 1000
            scale = Fraction(1024, 1000) ** self.power
            value, step = self.value * scale, self.step * scale
            yield TargetReading("rounded, K = 1024", value - step / 2, value + step / 2)
            yield TargetReading("truncated, K = 1024", value, value + step)


def read_target(text: str) -> Target:
    """Read a number: ``714682664``, ``1,585,899,032``, ``0.72 GMac``, ``3.8 x 10^9``, ``233 MB``.

    Raises `SpecErrors` (E621) for anything else.
    """
    match = _TARGET.fullmatch(text) if len(text) <= LONGEST and text.isascii() else None
    unit = _UNITS.get(_COUNTED.sub("", match["unit"].lower())) if match else None
    if match is None or unit is None:
        shown = text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
        raise SpecErrors([_unreadable(shown)])
    decimals = match["decimals"] or ""
    digits = re.sub("[,_']", "", match["digits"]) + decimals
    thousands, binary, of_bytes = unit
    scale = Fraction(1024 if binary else 1000) ** thousands * 10 ** int(match["power"] or 0)
    step = scale / 10 ** len(decimals)
    power = thousands or int(match["power"] or 0) // 3
    return Target(text.strip(), int(digits) * step, step, power, binary, of_bytes)


def _unreadable(text: str) -> Problem:
    origin = Origin(Source(f"--target {text}", text), Span(0, 0, 0, len(text)))
    hint = "write it like 714682664, 1,585,899,032, 0.72 GMac, 3.8 x 10^9, 138 million or 233 MB"
    return Problem("E621", f"'{text}' is not a number as papers print them", origin, hint=hint)


class CountCandidate(NamedTuple):
    """A count with a name, of the network or of a changed one, and what it was multiplied by.

    `assumptions` are those that nothing in the network says: a change, a factor.
    """

    what: str
    variation: str
    number: int
    assumptions: int = 0
    change: ChangedNetwork | None = None


class Match(NamedTuple):
    """A candidate that would be printed as the target is, and how it is read."""

    candidate: CountCandidate
    how: str

    @property
    def assumptions(self) -> int:
        """How much must be assumed: the candidate's, and one where digits were not rounded."""
        return self.candidate.assumptions + (self.how not in {"exact", "rounded"})


@dataclass(frozen=True)
class Search(Shown):
    """What was found for a target: matches, the plainest first; or the nearest counts."""

    shapes = Shapes(
        "a search for a number",
        table="analysis.reconcile.table.tabulate_search",
        records="analysis.reconcile.table.search_records",
    )
    report: Report
    target: Target
    matches: tuple[Match, ...]
    nearest: tuple[CountCandidate, ...]
    tried: int
    inside: int
    """So many of those that were tried would be printed as the target is."""
    whole: bool = False
    """Whether a table is to show every match."""

    def closing(self, candidate: CountCandidate) -> tuple[tuple[str, int], ...]:
        """Return what a change adds to the count, layer by layer, the largest first.

        Nothing where the network is unchanged, another size, or the total is no profile's.
        """
        name = candidate.what.removeprefix("profile ")
        if candidate.change is None or name == candidate.what or candidate.change.sized:
            return ()
        profile = PROFILES[name]
        counts: dict[str, int] = {}
        for sign, report in ((-1, self.report), (1, candidate.change.report)):
            for row in report.rows:
                counts[row.name] = counts.get(row.name, 0) + sign * known(profile.count(row))
        differing = [(row, number) for row, number in counts.items() if number]
        return tuple(sorted(differing, key=lambda part: -abs(part[1])))


def search(
    report: Report, target: Target, view: View, *, batch: int = 1, whole: bool = False
) -> Search:
    """Find the counts of a network that would be printed as `target` is.

    Tried are its own and those of its `changes`, plainly and under a few factors, and for the batch
    that is asked for.  The report must have no symbols.
    """
    tried: list[CountCandidate] = []
    for change in changes(report):
        counts = list(_bytes(change.report, view) if target.bytes else _counts(change.report))
        for what, number in counts:
            plain = CountCandidate(what, change.what, number, 1 if change.what else 0)
            plain = plain._replace(change=change if change.what else None)
            varied = _varied(plain, target.bytes, batch)
            tried += [plain, *(count for count in varied if count.assumptions <= MOST_ASSUMED)]
    order = {reading.how: place for place, reading in enumerate(target.readings())}
    inside = list(_matching(tried, target))
    matches = sorted(inside, key=lambda match: (match.assumptions, order[match.how]))
    nearest: dict[tuple[str, int], CountCandidate] = {}
    tried.sort(key=lambda count: (abs(count.number - target.value), count.assumptions))
    for count in tried:
        nearest.setdefault((count.what, count.number), count)
    return Search(
        report,
        target,
        _plainest(matches, target),
        tuple(nearest.values())[:NEAREST],
        len(tried),
        len(inside),
        whole,
    )


def _matching(candidates: Iterable[CountCandidate], target: Target) -> Iterator[Match]:
    """Yield the candidates that would be printed as the target is."""
    for candidate in candidates:
        how = next(
            (reading.how for reading in target.readings() if reading.holds(candidate.number)), None
        )
        if how is not None:
            match = Match(candidate, how)
            if match.assumptions <= MOST_ASSUMED:
                yield match


def _plainest(matches: list[Match], target: Target) -> tuple[Match, ...]:
    """Leave out what assumes more than another explanation of the same count.

    A number to the unit is explained by what assumes least of all.
    """
    least: dict[str, int] = {}
    kept: dict[tuple[str, int], Match] = {}
    for match in matches:  # those that assume least come first
        what, number = match.candidate.what, match.candidate.number
        if match.assumptions <= least.setdefault("" if target.exact else what, match.assumptions):
            kept.setdefault((what, number), match)
    return tuple(kept.values())


def _counts(report: Report) -> Iterator[tuple[str, int]]:
    """Yield every profile's count, and the totals that have a name of their own."""
    for name, count in count_all(PROFILES.values(), report.totals).items():
        yield f"profile {name}", known(count)
    yield from _totals(report).items()


def _totals(report: Report) -> dict[str, int]:
    totals = report.totals
    inputs = sum(known(row.output.size) for row in report.rows if row.type == "input")
    activations = known(totals.activations)
    buffers = {"parameters with buffers": known(totals.params) + known(totals.buffers)}
    return {
        "weights, without biases": known(totals.weights),
        "biases": known(totals.biases),
        **(buffers if totals.buffers else {}),
        "activations, all": activations,
        "activations, without the input": activations - inputs,
        "activations, in place too": activations + known(totals.overwritten),
        "activations, peak": known(totals.peak),
        "connections": known(totals.connections),
    }


def _bytes(report: Report, view: View) -> Iterator[tuple[str, int]]:
    """Yield what parameters and activations take."""
    totals = report.totals
    stored = {
        "parameters": view.trained(totals),
        "weights, without biases": view.arrays(totals, "weights"),
        "biases": view.arrays(totals, "biases"),
        "parameters with buffers": view.stored(totals),
    }
    for what, number in {"parameters": 0, **_totals(report)}.items():
        if what != "connections":
            size = stored[what] if what in stored else view.bytes(number, "activations")
            yield f"{what}, {view.dtype}", known(size)


def _varied(plain: CountCandidate, of_bytes: bool, batch: int) -> Iterator[CountCandidate]:
    """Yield a count under the factors by which people multiply, one at a time."""
    what, number = plain.what, plain.number

    def times(variation: str, number: int, assumed: int) -> CountCandidate:
        how = f"{plain.variation}, {variation}" if plain.variation else variation
        assumptions = plain.assumptions + assumed
        return plain._replace(variation=how, number=number, assumptions=assumptions)

    operations = what.startswith("profile ") and PROFILES[what[8:]].of == "operations"
    if operations:
        yield times("x 2 (2 operations each)", 2 * number, 1)
        yield times("x 3 (a guess at forward and backward)", 3 * number, 2)
        if number % 2 == 0:
            yield times("/ 2", number // 2, 1)
    if batch > 1 and (operations or "activations" in what):
        yield times(f"x {batch} (the batch)", batch * number, 1)
    if of_bytes:
        yield times("x 2 (with gradients)", 2 * number, 2)

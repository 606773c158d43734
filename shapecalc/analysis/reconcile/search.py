"""Which counts of a network give a number that somebody printed.

The number is read as it may be meant: exact, or rounded in some unit.  Only counts that have a name
are tried, each plainly and under a few stated variations; nothing is fitted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.algebra import known
from shapecalc.api import load
from shapecalc.counting.profiles import PROFILES
from shapecalc.errors import Problem, SpecErrors
from shapecalc.report.compute import compute_report
from shapecalc.spec.find import is_shipped, shipped
from shapecalc.text import Origin, Source, Span
from shapecalc.text.shown import Shapes, Shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shapecalc.output.view import View
    from shapecalc.report import Report


#: Batches that a printed number may be of, though nothing says so.
BATCHES = (2, 4, 8, 10, 16, 32, 64, 100, 128, 256)
#: So many of the nearest are told when nothing fits.
NEAREST = 5
#: How far a count of another version of the network is.
OF_VARIANT = 4
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
    """A count with a name, under a stated variation; `far` orders variations, 0 is none."""

    what: str
    variation: str
    number: int
    far: int = 0


class Match(NamedTuple):
    """A candidate that would be printed as the target is, and how it is read."""

    candidate: CountCandidate
    how: str


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


def search(report: Report, target: Target, view: View) -> Search:
    """Find the counts of a network that would be printed as `target` is.

    The report must have no symbols.
    """
    plain = list(_bytes(report, view) if target.bytes else _counts(report))
    varied = (_varied(candidate, target.bytes) for candidate in plain)
    tried = [*plain, *chain.from_iterable(varied)]
    matches = list(_matching(tried, target))
    if not matches:
        others = list(_of_variants(report, target, view))
        tried += others
        matches = list(_matching(others, target))
    order = {reading.how: place for place, reading in enumerate(target.readings())}
    matches.sort(key=lambda match: (match.candidate.far, order[match.how]))
    near = sorted(plain, key=lambda candidate: abs(candidate.number - target.value))
    return Search(report, target, _plainest(matches), tuple(near[:NEAREST]), len(tried))


def _matching(candidates: Iterable[CountCandidate], target: Target) -> Iterator[Match]:
    """Yield the candidates that would be printed as the target is."""
    for candidate in candidates:
        how = next(
            (reading.how for reading in target.readings() if reading.holds(candidate.number)), None
        )
        if how is not None:
            yield Match(candidate, how)


def _of_variants(report: Report, target: Target, view: View) -> Iterator[CountCandidate]:
    """Yield the counts of a shipped network's other versions, which may have been counted."""
    options = report.graph.options
    if options.settings or options.inputs:
        return
    for name in sorted(_variants(report.graph.spec.source.name)):
        other = compute_report(load(name))
        if not other.graph.symbols:
            for what, _, number, _ in _bytes(other, view) if target.bytes else _counts(other):
                yield CountCandidate(what, f"of {name}", number, OF_VARIANT)


def _variants(source: str) -> set[str]:
    """Return the shipped specs that are named as versions of a shipped one."""
    own = source.removesuffix(" (shipped with shapecalc)").removesuffix(".yaml")
    if not is_shipped(source):
        return set()
    stem = min((name for name in shipped() if f"{own}-".startswith(f"{name}-")), key=len)
    return {name for name in shipped() if f"{name}-".startswith(f"{stem}-")} - {own}


def _plainest(matches: list[Match]) -> tuple[Match, ...]:
    """Leave out variations of a count that fits as it is."""
    plain = {match.candidate.what for match in matches if not match.candidate.far}
    return tuple(
        match for match in matches if not match.candidate.far or match.candidate.what not in plain
    )


def _counts(report: Report) -> Iterator[CountCandidate]:
    """Yield every profile's count, and the totals that have a name of their own."""
    for profile in PROFILES.values():
        yield CountCandidate(f"profile {profile.name}", "", known(profile.count(report.totals)))
    yield from (CountCandidate(what, "", number) for what, number in _totals(report).items())


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


def _bytes(report: Report, view: View) -> Iterator[CountCandidate]:
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
            yield CountCandidate(f"{what}, {view.dtype}", "", known(size))


def _varied(plain: CountCandidate, of_bytes: bool) -> Iterator[CountCandidate]:
    """Yield a count's stated variations."""
    what, _, number, _ = plain
    operations = what.startswith("profile ") and PROFILES[what[8:]].of == "operations"
    if operations:
        yield CountCandidate(what, "x 2 (2 operations each)", 2 * number, 1)
        yield CountCandidate(what, "x 3 (a guess at forward and backward)", 3 * number, 2)
        if number % 2 == 0:
            yield CountCandidate(what, "/ 2", number // 2, 1)
    if operations or "activations" in what:
        for batch in BATCHES:
            if not (operations and batch == 2):  # that is said above
                yield CountCandidate(what, f"x {batch} (a batch)", batch * number, 3)
    if of_bytes:
        yield CountCandidate(what, "x 2 (with gradients)", 2 * number, 2)

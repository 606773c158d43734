"""Which counts of a network give a number that somebody printed.

Only counts that have a name are tried, each plainly and under a few stated variations; nothing is
fitted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.algebra.dim import known
from shapecalc.counting.profiles import PROFILES
from shapecalc.text.shown import Shapes, Shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.analysis.reconcile.target import Target
    from shapecalc.output.view import View
    from shapecalc.report.model import Report

#: Batches that a printed number may be of, though nothing says so.
BATCHES = (2, 4, 8, 10, 16, 32, 64, 100, 128, 256)
#: So many of the nearest are told when nothing fits.
NEAREST = 5


class Candidate(NamedTuple):
    """A count with a name, under a stated variation; `far` orders variations, 0 is none."""

    what: str
    variation: str
    number: int
    far: int = 0


class Match(NamedTuple):
    """A candidate that would be printed as the target is, and how it is read."""

    candidate: Candidate
    how: str


@dataclass(frozen=True)
class Search(Shown):
    """What was found for a target: matches, the plainest first; or the nearest counts."""

    shapes = Shapes(
        "a search for a number",
        table="analysis.reconcile.found.tabulate",
        records="analysis.reconcile.records.search_records",
    )
    report: Report
    target: Target
    matches: tuple[Match, ...]
    nearest: tuple[Candidate, ...]
    tried: int


def search(report: Report, target: Target, view: View) -> Search:
    """Find the counts of a network that would be printed as `target` is.

    The report must have no symbols.
    """
    plain = list(_bytes(report, view) if target.bytes else _counts(report))
    tried = [*plain, *(each for candidate in plain for each in _varied(candidate, target.bytes))]
    found = []
    for candidate in tried:
        how = next((each.how for each in target.readings() if each.holds(candidate.number)), None)
        if how is not None:
            found.append(Match(candidate, how))
    order = {each.how: place for place, each in enumerate(target.readings())}
    found.sort(key=lambda each: (each.candidate.far, order[each.how]))
    near = sorted(plain, key=lambda each: abs(each.number - target.value))
    return Search(report, target, _plainest(found), tuple(near[:NEAREST]), len(tried))


def _plainest(found: list[Match]) -> tuple[Match, ...]:
    """Leave out variations of a count that fits as it is."""
    plain = {each.candidate.what for each in found if not each.candidate.far}
    return tuple(
        each for each in found if not each.candidate.far or each.candidate.what not in plain
    )


def _counts(report: Report) -> Iterator[Candidate]:
    """Yield every profile's count, and the totals that have a name of their own."""
    for profile in PROFILES.values():
        yield Candidate(f"profile {profile.name}", "", known(profile.count(report.totals)))
    yield from (Candidate(what, "", number) for what, number in _totals(report).items())


def _totals(report: Report) -> dict[str, int]:
    totals = report.totals
    given = sum(known(row.output.size) for row in report.rows if row.type == "input")
    activations = known(totals.activations)
    buffers = {"parameters with buffers": known(totals.params) + known(totals.buffers)}
    return {
        "weights, without biases": known(totals.weights),
        "biases": known(totals.biases),
        **(buffers if totals.buffers else {}),
        "activations, all": activations,
        "activations, without the input": activations - given,
        "activations, in place too": activations + known(totals.overwritten),
        "activations, peak": known(totals.peak),
        "connections": known(totals.connections),
    }


def _bytes(report: Report, view: View) -> Iterator[Candidate]:
    """Yield what parameters and activations take."""
    totals = {"parameters": known(report.totals.params), **_totals(report)}
    for what, number in totals.items():
        if what != "connections":
            yield Candidate(f"{what}, {view.dtype}", "", known(view.bytes(number)))


def _varied(plain: Candidate, of_bytes: bool) -> Iterator[Candidate]:
    """Yield a count's stated variations."""
    what, _, number, _ = plain
    operations = what.startswith("profile ") and PROFILES[what[8:]].of == "operations"
    if operations:
        yield Candidate(what, "x 2 (2 operations each)", 2 * number, 1)
        yield Candidate(what, "x 3 (a guess at forward and backward)", 3 * number, 2)
        if number % 2 == 0:
            yield Candidate(what, "/ 2", number // 2, 1)
    if operations or "activations" in what:
        for batch in BATCHES:
            if not (operations and batch == 2):  # that is said above
                yield Candidate(what, f"x {batch} (a batch)", batch * number, 3)
    if of_bytes:
        yield Candidate(what, "x 2 (with gradients)", 2 * number, 2)

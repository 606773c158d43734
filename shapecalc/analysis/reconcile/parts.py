"""The difference between two profiles, as parts: one layer and one term each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.report.fold import levels_of
from shapecalc.text.shown import Shapes, Shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shapecalc.algebra import Dim
    from shapecalc.counting.profile import Profile
    from shapecalc.report import Report, Row


class DifferencePart(NamedTuple):
    """What two profiles count of one layer, or of several, under one term.

    None: the profile has no rule for these layers.
    """

    layer: str
    term: str
    first: Dim | None
    second: Dim | None

    @property
    def difference(self) -> Dim:
        """How much more the second counts; without a rule that is nothing."""
        return _number(self.second) - _number(self.first)

    @property
    def nothing(self) -> bool:
        """Whether neither profile counts anything."""
        return _number(self.first) == 0 and _number(self.second) == 0


def _number(count: Dim | None) -> Dim:
    return 0 if count is None else count


def parts_of(row: Row, first: Profile, second: Profile) -> list[DifferencePart]:
    """Set side by side what two profiles count of a layer, term by term."""
    counted = [profile.terms(row) if profile.counts(row) else None for profile in (first, second)]
    terms = dict.fromkeys(term for counts in counted for term in counts or ())
    return [
        DifferencePart(
            row.name, term, *(None if counts is None else counts.get(term, 0) for counts in counted)
        )
        for term in terms
    ]


def added(name: str, parts: Iterable[DifferencePart]) -> list[DifferencePart]:
    """Add parts up, term by term."""
    sums: dict[str, tuple[Dim | None, Dim | None]] = {}
    for _, term, first, second in parts:
        before = sums.get(term, (None, None))
        sums[term] = (_plus(before[0], first), _plus(before[1], second))
    return [DifferencePart(name, term, *pair) for term, pair in sums.items()]


def _plus(a: Dim | None, b: Dim | None) -> Dim | None:
    if a is None or b is None:
        return b if a is None else a
    return a + b


@dataclass(frozen=True)
class Difference(Shown):
    """Why two profiles differ on one network: their totals, and the parts that explain it."""

    shapes = Shapes(
        "a reconciliation",
        table="analysis.reconcile.table.tabulate",
        records="analysis.reconcile.records.difference_records",
    )
    report: Report
    first: Profile
    second: Profile
    parts: tuple[DifferencePart, ...]

    @property
    def totals(self) -> tuple[Dim, Dim]:
        """What the profiles count in all."""
        return self.first.count(self.report.totals), self.second.count(self.report.totals)

    @property
    def terms(self) -> list[DifferencePart]:
        """The parts added up by their terms, the largest difference first."""
        return sorted(added("", self.parts), key=_weight)

    @property
    def rest(self) -> Dim:
        """What the parts leave unexplained: 0."""
        first, second = self.totals
        return second - first - sum(part.difference for part in self.parts)

    def layers(self, depth: int) -> list[DifferencePart]:
        """Return the parts that differ, those of a level of the paths together; 0: every layer."""
        names = [row.name for row in self.report.rows]
        of_layer: dict[str, list[DifferencePart]] = {}
        for part in self.parts:
            of_layer.setdefault(part.layer, []).append(part)
        levels = levels_of(self.report, depth, range(len(names)))
        parts = []
        for level, indices in levels.items():
            inside = [part for index in indices for part in of_layer.get(names[index], ())]
            parts += added(level, inside)
        return [part for part in parts if part.difference != 0]

    def alike(self, layers: Sequence[DifferencePart]) -> list[DifferencePart]:
        """Add up what the profiles count alike, term by term: all but `layers`."""
        shown = added("", layers)
        hidden = [
            DifferencePart("", term, None if a is None else -a, None if b is None else -b)
            for _, term, a, b in shown
        ]
        return [part for part in added("", [*self.parts, *hidden]) if not part.nothing]


def _weight(part: DifferencePart) -> tuple[bool, int]:
    difference = part.difference
    return (difference == 0, -abs(difference) if isinstance(difference, int) else 0)


def difference(report: Report, first: Profile, second: Profile) -> Difference:
    """Explain the difference between what two profiles count of a network."""
    parts = [part for row in report.rows for part in parts_of(row, first, second)]
    return Difference(report, first, second, tuple(parts))

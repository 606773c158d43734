"""Reconciliation: why two counts of a network differ, and which count gives a printed number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.errors import Problem, SpecErrors, refuse
from shapecalc.report.fold import levels_of
from shapecalc.text import Origin
from shapecalc.text.safe import one_line
from shapecalc.text.shown import Shapes, Shown
from shapecalc.text.words import did_you_mean, must_be_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from os import PathLike

    from shapecalc.algebra import Dim
    from shapecalc.analysis.reconcile.search import Search
    from shapecalc.counting.profile import Profile
    from shapecalc.graph import Graph
    from shapecalc.report import Report, Row


def reconcile(
    network: str | PathLike[str] | Graph | Report,
    *profiles: str,
    settings: Mapping[str, str | int] | None = None,
    input: str | Mapping[str, str] | None = None,  # noqa: A002  (the language's own word)
    free: Iterable[str] = (),
    fold_batchnorm: bool = False,
) -> Difference:
    """Explain the difference between what two profiles count of a network, down to zero.

    `network` is a report, a loaded network, or a spec by its path or name, which `settings`,
    `input`, `free` and `fold_batchnorm` go with as in `summarize`.  Raises `SpecErrors` for unknown
    profiles (E620), and for profiles that count different things or are not two (E622).
    """
    from shapecalc.api import report_of

    for profile in profiles:
        must_be_text(profile, "a profile", "fvcore")
    if len(profiles) != 2:
        named = ", ".join(profiles) or "none"
        message = f"a reconciliation takes two profiles, not {len(profiles)} ({named})"
        hint = "shapecalc reconcile alexnet torchinfo fvcore; `shapecalc profiles` lists them"
        raise refuse("E622", message, hint=hint)
    first, second = chosen(profiles)
    if first.of != second.of:
        message = f"{first.name} counts {first.of}, but {second.name} counts {second.of}"
        raise refuse("E622", message, hint="reconcile two that count the same")
    report = report_of(
        network, settings=settings, input=input, free=free, fold_batchnorm=fold_batchnorm
    )
    return difference(report, first, second)


def chosen(words: Sequence[str]) -> list[Profile]:
    """Return profiles by their names.  Raises `SpecErrors` with every unknown one (E620)."""
    from shapecalc.counting.profiles import profile_named, profile_names

    known = profile_names()
    unknown = [word for word in words if word not in known]
    if unknown:
        raise SpecErrors([_unknown(word, known) for word in unknown])
    return [profile_named(word) for word in words]


def _unknown(word: str, known: list[str]) -> Problem:
    hint = did_you_mean(word, known) or "`shapecalc profiles` lists them"
    return Problem("E620", f"unknown profile '{one_line(word)}'", hint=hint)


def find_count(
    network: str | PathLike[str] | Graph | Report,
    target: str | int,
    *,
    dtype: str = "float32",
    batch: int = 1,
    whole: bool = False,
    settings: Mapping[str, str | int] | None = None,
    input: str | Mapping[str, str] | None = None,  # noqa: A002
    fold_batchnorm: bool = False,
) -> Search:
    """Find which counts of a network would be printed as `target`: 714682664, 1.4G, 233 MB.

    `network`, `settings`, `input` and `fold_batchnorm` are those of `reconcile`; `dtype` is
    what bytes are of, `batch` tries counts of so many examples, too, and `whole` shows every
    match.  Raises `SpecErrors` for what is no number (E621), and for a network with
    symbols (E121).
    """
    from shapecalc.analysis.reconcile.search import read_target, search
    from shapecalc.api import report_of
    from shapecalc.output.options import make_view

    wanted, view = read_target(str(target)), make_view(dtype=dtype)
    report = report_of(network, settings=settings, input=input, fold_batchnorm=fold_batchnorm)
    if report.graph.symbols:
        names = report.graph.symbols
        verb = "has" if len(names) == 1 else "have"
        what = f"{' and '.join(names)} {verb} no value"
        message = f"{report.name}: a target needs numbers, but {what}"
        hint = "give them values: " + " ".join(f"--set {name}=224" for name in names)
        raise refuse("E121", message, Origin(report.graph.spec.source), hint)
    return search(report, wanted, view, batch=batch, whole=whole)


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


def _parts_of(row: Row, first: Profile, second: Profile) -> list[DifferencePart]:
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
        records="analysis.reconcile.table.difference_records",
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
    parts = [part for row in report.rows for part in _parts_of(row, first, second)]
    return Difference(report, first, second, tuple(parts))

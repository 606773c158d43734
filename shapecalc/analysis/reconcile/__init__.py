"""Reconciliation: why two counts of a network differ, and which count gives a printed number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.errors import Problem, SpecErrors, refuse
from shapecalc.text import Origin
from shapecalc.text.safe import one_line
from shapecalc.text.words import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from os import PathLike

    from shapecalc.analysis.reconcile.parts import Difference
    from shapecalc.analysis.reconcile.search import Search
    from shapecalc.counting.profile import Profile
    from shapecalc.graph import Graph
    from shapecalc.report import Report


def reconcile(
    network: str | PathLike[str] | Graph | Report,
    *profiles: str,
    settings: Mapping[str, str | int] | None = None,
    input: str | Mapping[str, str] | None = None,  # noqa: A002  (the language's own word)
    free: Iterable[str] = (),
) -> Difference:
    """Explain the difference between what two profiles count of a network, down to zero.

    `network` is a report, a loaded network, or a spec by its path or name, which `settings`,
    `input` and `free` go with as in `summarize`.  Raises `SpecErrors` for unknown profiles (E620),
    and for profiles that count different things or are not two (E622).
    """
    from shapecalc.analysis.reconcile.parts import difference
    from shapecalc.api import report_of

    if len(profiles) != 2:
        named = ", ".join(profiles) or "none"
        message = f"a reconciliation takes two profiles, not {len(profiles)} ({named})"
        hint = "shapecalc reconcile alexnet torchinfo fvcore; `shapecalc profiles` lists them"
        raise refuse("E622", message, hint=hint)
    first, second = chosen(profiles)
    if first.of != second.of:
        message = f"{first.name} counts {first.of}, but {second.name} counts {second.of}"
        raise refuse("E622", message, hint="reconcile two that count the same")
    report = report_of(network, settings=settings, input=input, free=free)
    return difference(report, first, second)


def chosen(words: Sequence[str]) -> list[Profile]:
    """Return profiles by their names.  Raises `SpecErrors` with every unknown one (E620)."""
    from shapecalc.counting.profiles import PROFILES

    unknown = [word for word in words if word not in PROFILES]
    if unknown:
        raise SpecErrors([_unknown(word, PROFILES) for word in unknown])
    return [PROFILES[word] for word in words]


def _unknown(word: str, known: dict[str, Profile]) -> Problem:
    hint = did_you_mean(word, known) or "`shapecalc profiles` lists them"
    return Problem("E620", f"unknown profile '{one_line(word)}'", hint=hint)


def find_count(
    network: str | PathLike[str] | Graph | Report,
    target: str | int,
    *,
    dtype: str = "float32",
    settings: Mapping[str, str | int] | None = None,
    input: str | Mapping[str, str] | None = None,  # noqa: A002
) -> Search:
    """Find which counts of a network would be printed as `target`: 714682664, 1.4G, 233 MB.

    `network`, `settings` and `input` are those of `reconcile`; `dtype` is what bytes are of.
    Raises `SpecErrors` for what is no number (E621), and for a network with symbols (E121).
    """
    from shapecalc.analysis.reconcile.search import read_target, search
    from shapecalc.api import report_of
    from shapecalc.output.options import make_view

    wanted, view = read_target(str(target)), make_view(dtype=dtype)
    report = report_of(network, settings=settings, input=input)
    if report.graph.symbols:
        names = report.graph.symbols
        verb = "has" if len(names) == 1 else "have"
        what = f"{' and '.join(names)} {verb} no value"
        message = f"{report.name}: a target needs numbers, but {what}"
        hint = "give them values: " + " ".join(f"--set {name}=224" for name in names)
        raise refuse("E121", message, Origin(report.graph.spec.source), hint)
    return search(report, wanted, view)

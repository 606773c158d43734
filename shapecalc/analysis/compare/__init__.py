"""Networks side by side: their totals with ratios, their layers aligned, and what changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shapecalc.report import Report, named_deployed, named_doubts
from shapecalc.text.shown import Shapes, Shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from os import PathLike

    from shapecalc.analysis.compare.rows import Aligned
    from shapecalc.errors import Problem
    from shapecalc.graph import Graph


@dataclass(frozen=True)
class Comparison(Shown):
    """Several networks side by side; every later one is compared with the first."""

    shapes = Shapes(
        "a comparison",
        table="analysis.compare.table.tabulate",
        records="analysis.compare.table.records",
    )
    reports: tuple[Report, ...]

    @property
    def doubts(self) -> tuple[str, ...]:
        return named_doubts(self.reports)

    @property
    def deployed(self) -> tuple[str, ...]:
        return named_deployed(self.reports)

    def rows(self, depth: int = 0) -> tuple[Aligned, ...]:
        """Align the layers, or the levels of the paths at a depth; 0 is every layer."""
        from shapecalc.analysis.compare.rows import rows_of

        return rows_of(self.reports, depth)

    @property
    def same(self) -> bool:
        """Whether all networks are built alike, layer by layer; names and notes do not count."""
        from shapecalc.analysis.compare.parts import structure

        first, *others = map(structure, self.reports)
        return all(first == other for other in others)


def compare(
    *networks: str | PathLike[str] | Graph | Report,
    settings: Mapping[str, str | int] | None = None,
    input: str | Mapping[str, str] | None = None,  # noqa: A002  (the language's own word)
    fold_batchnorm: bool = False,
) -> Comparison:
    """Compare two networks or more: specs by path or name, loaded ones, or their reports.

    `settings` and `input` are those of `load`, for every network that is not loaded yet, and
    `fold_batchnorm` takes all of them as deployed.  Raises `SpecErrors` with everything that is
    wrong in any of them.
    """
    from shapecalc.api import report_of, summarize
    from shapecalc.errors import SpecErrors
    from shapecalc.graph import Graph, without_values

    problems = list(_miscounted(networks))
    computed: dict[object, Report] = {}  # by id or name: a spec named twice is computed once
    for network in () if problems else networks:
        try:
            if isinstance(network, Report):
                computed[id(network)] = report_of(network, fold_batchnorm=fold_batchnorm)
            elif isinstance(network, Graph):
                computed[id(network)] = summarize(network, fold_batchnorm=fold_batchnorm)
            elif str(network) not in computed:
                computed[str(network)] = summarize(
                    network, settings=settings, input=input, fold_batchnorm=fold_batchnorm
                )
        except SpecErrors as error:
            problems += (_about(str(network), problem) for problem in error.problems)
    # of formulas no one number is the ratio
    problems += (
        problem
        for report in computed.values()
        for problem in without_values(report.graph, "a comparison")
    )
    if problems:
        raise SpecErrors(_once(problems))
    return Comparison(
        tuple(
            computed[id(network) if isinstance(network, Report | Graph) else str(network)]
            for network in networks
        )
    )


def _once(problems: list[Problem]) -> list[Problem]:
    """Keep one of problems that are the same, as of a spec that is named twice."""
    return [problem for at, problem in enumerate(problems) if problem not in problems[:at]]


def _miscounted(networks: tuple[object, ...]) -> Iterator[Problem]:
    """Complain about too few networks."""
    from shapecalc.errors import Problem

    if len(networks) < 2:
        message = f"a comparison takes two networks or more, not {len(networks)}"
        yield Problem("E330", message, hint="shapecalc compare main.yaml mine.yaml")
    if sum(network == "-" for network in networks) > 1:
        message = "standard input, -, holds one network, but is named twice"
        yield Problem("E330", message, hint="write one of them to a file first")


def _about(name: str, problem: Problem) -> Problem:
    """Say which network an option does not suit."""
    if problem.origin is None or not problem.origin.source.name.startswith("--"):
        return problem
    return problem._replace(message=f"{name}: {problem.message}")

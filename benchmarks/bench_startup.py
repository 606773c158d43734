"""Whole processes: `shapecalc summarize alexnet.yaml` beside the imports it cannot do without."""

from __future__ import annotations

import argparse
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from clock import ROOT, SHAPECALC, Cost, python, run, table

if TYPE_CHECKING:
    from collections.abc import Callable

ALEXNET = str(ROOT / "specs" / "alexnet.yaml")


class Case(NamedTuple):
    """A command, and what it is measured by."""

    title: str
    command: tuple[str, ...]
    base: tuple[str, ...]
    limit: float
    terminal: bool = False


SUMMARIZE = (*SHAPECALC, "summarize", ALEXNET)
RICH = python("import click, yaml, rich.console, rich.table")
PLAIN = python("import click, yaml")
CASES = (
    Case("summarize, to a terminal", SUMMARIZE, RICH, 1.2, terminal=True),
    Case("summarize, to a pipe", SUMMARIZE, RICH, 1.2),
    Case("summarize --format csv", (*SUMMARIZE, "--format", "csv"), PLAIN, 1.35),
)


def main() -> None:
    """Alternate every command with its base, and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=60, help="alternations (60)")
    runs = parser.parse_args().runs
    costs: dict[tuple[Case, bool], list[Cost]] = {}
    for number in range(runs + 1):
        for case in CASES:
            for base in (True, False) if number % 2 else (False, True):
                command = case.base if base else case.command
                cost = run(command, terminal=case.terminal)
                if number:  # the first round compiles and fills caches
                    costs.setdefault((case, base), []).append(cost)
    found = run(SUMMARIZE, terminal=True).output
    assert "62,378,344" in found
    assert "\x1b[" in found, "no Rich table was drawn"

    def milliseconds(case: Case, base: bool, which: str, fold: Callable[..., float]) -> float:
        return 1000 * fold([getattr(cost, which) for cost in costs[case, base]])

    rows = []
    for case in CASES:
        times = [
            (milliseconds(case, False, *each), milliseconds(case, True, *each))
            for each in (("seconds", median), ("processor", min), ("processor", median))
        ]
        rows.append(
            [
                case.title,
                *(f"{mine:.1f} / {base:.1f}" for mine, base in times),
                *(f"{mine / base:.2f}" for mine, base in times),
                f"{case.limit:g}",
            ]
        )
    print(f"{runs} alternating runs, milliseconds of ours / of the imports:\n")
    heads = ["median", "least processor", "processor", "ratio", "of least", "of processor"]
    table(["", *heads, "limit"], rows)


if __name__ == "__main__":
    main()

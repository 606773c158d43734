"""Whole processes: `shapecalc reconcile SPEC --target N`, of every spec that ships.

Each tries all profiles on all versions and forms of the network.
"""

from __future__ import annotations

import argparse
import re
from statistics import median

from clock import SHAPECALC, Cost, python, run, table

from shapecalc import summarize
from shapecalc.spec.find import shipped

IMPORTS = python("import click, yaml")


def target(name: str) -> str:
    """Return a number that the spec itself gives."""
    return str(summarize(name).totals.macs or summarize(name).totals.params)


def main() -> None:
    """Search in every spec's counts, and print the dearest, the median and the cheapest."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="runs of each (3)")
    runs = parser.parse_args().runs
    run(IMPORTS)
    base = min(run(IMPORTS).processor for _ in range(5))
    best: dict[str, tuple[Cost, int]] = {}
    for name in shipped():
        command = (*SHAPECALC, "reconcile", name, "--target", target(name))
        cost = min((run(command) for _ in range(runs)), key=lambda each: each.processor)
        tried = re.search(r"counts tried +([\d,]+)", cost.output)
        assert tried is not None, cost.output
        best[name] = cost, int(tried[1].replace(",", ""))
    order = sorted(best, key=lambda name: best[name][0].processor)
    print(f"{len(order)} specs, best of {runs} runs, seconds; the imports take {base:.2f}:\n")
    rows = [
        [
            name,
            f"{best[name][1]:,}",
            f"{best[name][0].seconds:.2f}",
            f"{best[name][0].processor:.2f}",
            f"{best[name][0].processor / base:.1f}",
        ]
        for name in (*order[:2], order[len(order) // 2], *order[-4:])
    ]
    table(["", "counts tried", "by the clock", "processor", "x imports"], rows)
    whole = [best[name][0].processor for name in order]
    over = sum(each >= 1 for each in whole)
    print(
        f"\nmedian {median(whole):.2f} s of the processor; {over} of {len(order)} take 1 s or more"
    )


if __name__ == "__main__":
    main()

"""Design spaces: points computed together, beside a network wired and propagated for each."""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

from clock import table

from shapecalc.analysis.sweep import prepare
from shapecalc.analysis.sweep.axes import fixed_at
from shapecalc.analysis.sweep.plan import Plan, formulas_of, note_of
from shapecalc.analysis.sweep.result import collect
from shapecalc.errors import SpecErrors
from shapecalc.output.view import View
from shapecalc.report.compute import compute_report

SPACES = Path(__file__).parent / "spaces"
COLUMNS = "params,macs,activations,peak,peak_memory,output"
#: So many points are computed one by one, and compared.
ONE_BY_ONE = 40


class Space(NamedTuple):
    """A network and what it is run over."""

    name: str
    spec: str
    over: dict[str, range | list[int]]


WIDTHS = range(25, 141)
SIDES = range(96, 289, 32)
WIDE = range(16, 129, 16)
#: Of another revision a space may take long: so many seconds are waited for it.
PATIENCE = 1800
#: What another revision is asked to do.
ELSEWHERE = """
import json, sys
from time import process_time
from shapecalc import sweep
spec, over, columns = json.loads(sys.argv[1])
sweep("alexnet", {"conv1.stride": [0, 4], "N": [227, 259]})  # all is imported
start = process_time()
swept = sweep(spec, over, columns=columns)
print(process_time() - start, int(sum(swept["macs"])))
"""
ALL = (
    Space(
        "AlexNet, conv1 kernel x stride x pad",
        "alexnet",
        {"conv1.kernel": range(3, 35), "conv1.stride": range(1, 17), "conv1.pad": range(32)},
    ),
    Space(
        "ResNet, blocks of two stages x width x side",
        str(SPACES / "resnets.yaml"),
        {"n3": range(1, 5), "n4": range(1, 5), "w": range(16, 129, 8), "N": SIDES},
    ),
    Space(
        "ResNet, blocks of four stages x width",
        str(SPACES / "resnets.yaml"),
        {"n2": range(1, 5), "n3": range(1, 5), "n4": range(1, 5), "n5": range(1, 5), "w": WIDE},
    ),
    Space(
        "ResNet, 1 to 8 blocks of four stages x width",
        str(SPACES / "resnets.yaml"),
        {"n2": range(1, 9), "n3": range(1, 9), "n4": range(1, 9), "n5": range(1, 9), "w": WIDE},
    ),
    Space(
        "MobileNetV2, width x depth x side",
        str(SPACES / "mobilenets.yaml"),
        {"width": WIDTHS, "depth": [50, 75, 100, 150], "N": SIDES},
    ),
    Space(
        "MobileNetV3-like blocks, gate x kernel x stride x width x side",
        str(SPACES / "gated.yaml"),
        {"gate": [0, 1], "k": [3, 5, 7], "s": [1, 2], "width": WIDTHS, "N": SIDES},
    ),
)


def by_point(plan: Plan, values: list[int]) -> tuple[dict[str, object], str]:
    """Wire and propagate a point by itself: its columns, or why it does not exist."""
    try:
        report = compute_report(plan.ground.wire(fixed_at(plan.ground.axes, values)), search=False)
    except SpecErrors as error:
        return {}, note_of(error)
    return dict(formulas_of(report, plan.measures, plan.view, {}).columns), ""


def elsewhere(root: str, space: Space) -> tuple[float, int] | None:
    """Sweep with the shapecalc in a folder, in a process of its own.

    Return the seconds of processor time, and all MACs; None where it cannot.
    """
    over = {name: list(values) for name, values in space.over.items()}
    text = json.dumps([space.spec, over, "params,macs,activations,peak,output"])
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, text],
        env={**os.environ, "PYTHONPATH": root},
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    if done.returncode:
        return None
    seconds, macs = done.stdout.split()
    return float(seconds), int(macs)


def against(root: str, runs: int, most: int, words: str) -> None:
    """Compare this shapecalc with another one, in turn; print the seconds and the ratio."""
    own = str(Path(__file__).parents[1])
    lines = []
    for space in ALL:
        size = 1
        for values in space.over.values():
            size *= len(values)
        if size > most or words not in space.name:
            continue
        turns = [[elsewhere(folder, space) for folder in (own, root)] for _ in range(runs)]
        done = [[turn for turn in each if turn is not None] for each in zip(*turns, strict=True)]
        if not all(done):
            lines.append((space.name, f"{size:,}", "", "cannot", ""))
            continue
        assert len({macs for turns in done for _, macs in turns}) == 1
        ours, theirs = (min(seconds for seconds, _ in turns) for turns in done)
        row = f"{size:,}", f"{ours:,.2f}", f"{theirs:,.2f}", f"{theirs / ours:,.0f}"
        lines.append((space.name, *row))
    table(["", "points", "seconds", "there", "ratio"], lines)


def main() -> None:
    """Measure both ways in one run, compare what they give, and print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="runs of the sweep, the best (3)")
    parser.add_argument("--against", metavar="DIR", help="another revision, instead of points")
    parser.add_argument("--space", default="", help="only spaces with this in their names")
    parser.add_argument("--most", type=int, default=10_000, help="points of a space for that")
    arguments = parser.parse_args()
    runs = arguments.runs
    if arguments.against:
        against(arguments.against, runs, arguments.most, arguments.space)
        return
    lines = []
    for space in (space for space in ALL if arguments.space in space.name):
        times = []
        for _ in range(runs):
            start = perf_counter()
            plan = prepare(space.spec, space.over, COLUMNS, View())
            swept = collect(plan)
            times.append(perf_counter() - start)
        rows = random.Random(1).sample(range(len(swept)), ONE_BY_ONE)
        start = perf_counter()
        for row in rows:
            columns, note = by_point(plan, [int(swept[name][row]) for name in space.over])
            assert swept["note"][row] == note
            assert all(swept[name][row] == value for name, value in columns.items())
        alone = (perf_counter() - start) / len(rows) * len(swept)
        own = min(times)
        lines.append(
            (
                space.name,
                f"{len(swept):,}",
                f"{len({id(formulas) for formulas in plan.formulas.values()}):,}",
                f"{own:,.2f}",
                f"{alone:,.1f}",
                f"{alone / own:,.0f}",
            )
        )
    heads = ["", "points", "wirings", "seconds", "point by point", "ratio"]
    table(heads, lines)


if __name__ == "__main__":
    main()

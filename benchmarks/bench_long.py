"""Long networks, every layer of them: whole processes of `summarize --depth all`."""

from __future__ import annotations

import argparse
from statistics import median

from clock import ROOT, SHAPECALC, python, run, table

#: A network's name -> its spec, and the constants that make it so long.
NETWORKS = {
    "ResNet-1202": ("resnet-cifar", "n=200"),
    "DenseNet-264": ("densenet121", "n3=64", "n4=48"),
}
BASE = python("import click, yaml")


def main() -> None:
    """Run every network as text and as JSON, in turn with the bare imports."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9, help="alternations (9)")
    runs = parser.parse_args().runs
    rows = []
    for name, (spec, *constants) in NETWORKS.items():
        settings = [word for constant in constants for word in ("--set", constant)]
        file = str(ROOT / "specs" / f"{spec}.yaml")
        for format_ in ("text", "json"):
            words = (file, *settings, "--depth", "all", "--format", format_)
            run((*SHAPECALC, "summarize", *words))  # compiles, and fills caches
            turns = [(run((*SHAPECALC, "summarize", *words)), run(BASE)) for _ in range(runs)]
            times = [1000 * own.processor for own, _ in turns]
            beyond = [1000 * (own.processor - base.processor) for own, base in turns]
            peak = max(own.megabytes for own, _ in turns)
            times = [median(times), min(times), median(beyond)]
            rows.append([f"{name}, {format_}", *(f"{time:.0f}" for time in times), f"{peak:.0f}"])
    print(f"{runs} alternating runs, milliseconds of processor time:\n")
    table(["", "processor", "least", "beyond the imports", "peak MB"], rows)


if __name__ == "__main__":
    main()

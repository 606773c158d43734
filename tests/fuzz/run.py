"""Try many mutated and random specs, and say what came of them.

    PYTHONPATH=. python tests/fuzz/run.py --inputs 200000
    PYTHONPATH=. python tests/fuzz/run.py --probes

Every input must compute and render, or be refused with `SpecErrors`, within the time limit.  A
network is cut at 5,000 layers here, so that a random `repeat` costs no minutes.
"""

from __future__ import annotations

import argparse
import random
import resource
import signal
import sys
import time
import traceback
from collections import Counter
from multiprocessing import Pool
from pathlib import Path
from tempfile import gettempdir
from typing import NamedTuple

from shapecalc.graph import expand_statements as walk
from shapecalc.output.formats import FORMATS
from tests.fuzz.inputs import KINDS
from tests.fuzz.support import judge

LAYERS = 5_000
MEMORY = 4 * 2**30
BATCH = 500


class Told(NamedTuple):
    """What came of a batch."""

    outcomes: Counter[str]
    kinds: Counter[str]
    slowest: tuple[float, str, int]
    crashes: list[str]


class TooSlowError(Exception):
    """An input took longer than the limit."""


def _alarm(*_: object) -> None:
    raise TooSlowError


def _begin() -> None:
    walk.MAX_LAYERS = LAYERS
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGALRM, _alarm)


def batch(job: tuple[int, int, float]) -> Told:
    """Try the inputs of some seeds."""
    first, count, limit = job
    outcomes: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    crashes = []
    slowest = (0.0, "", 0)
    for seed in range(first, first + count):
        rng = random.Random(seed)
        kind = rng.choice(KINDS)
        data = kind(rng)
        formats = FORMATS if seed % 4 == 0 else ("text", "json")
        began = time.perf_counter()
        signal.setitimer(signal.ITIMER_REAL, limit)
        try:
            codes = judge(data, formats)
        except Exception as error:  # noqa: BLE001  (what escapes is what is looked for)
            signal.setitimer(signal.ITIMER_REAL, 0)
            name = type(error).__name__
            path = Path(gettempdir()) / f"shapecalc-fuzz-{seed}.yaml"
            path.write_bytes(data.encode() if isinstance(data, str) else data)
            where = traceback.extract_tb(error.__traceback__)[-1]
            crashes.append(f"{name} at {where.filename}:{where.lineno}: {error!s:.200}  [{path}]")
            codes = (f"crash: {name}",)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        slowest = max(slowest, (time.perf_counter() - began, kind.__name__, seed))
        outcomes["computed" if not codes else "refused"] += 1
        outcomes.update(set(codes))
        kinds[kind.__name__] += 1
        kinds[f"{kind.__name__} computed"] += not codes
    return Told(outcomes, kinds, slowest, crashes)


def run(inputs: int, seed: int, limit: float, processes: int) -> int:
    """Try the inputs in several processes; print the counts; return the exit code."""
    jobs = [
        (first, min(BATCH, seed + inputs - first), limit)
        for first in range(seed, seed + inputs, BATCH)
    ]
    outcomes: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    slowest = (0.0, "", 0)
    crashes = []
    began = time.perf_counter()
    with Pool(processes, _begin, maxtasksperchild=40) as pool:
        for told in pool.imap_unordered(batch, jobs):
            outcomes += told.outcomes
            kinds += told.kinds
            slowest = max(slowest, told.slowest)
            for crash in told.crashes:
                print(crash, flush=True)
            crashes += told.crashes
    seconds = time.perf_counter() - began
    print(f"inputs    {inputs:>9,} in {seconds:.0f} s, {inputs / seconds:,.0f} a second")
    print(f"computed  {outcomes.pop('computed', 0):>9,}")
    print(f"refused   {outcomes.pop('refused', 0):>9,}, with")
    for code, count in sorted(outcomes.items()):
        print(f"    {code} {count:>9,}")
    print(f"slowest   {slowest[0]:.2f} s, {slowest[1]}, seed {slowest[2]}")
    print(f"crashes   {len(crashes)}")
    for kind in sorted({kind.__name__ for kind in KINDS}):
        print(f"    {kind:<18} {kinds[kind]:>7,} inputs, {kinds[f'{kind} computed']:>7,} computed")
    return 1 if crashes else 0


def probes() -> None:
    """Print how the time grows when the input grows fourfold; 4 is linear, 16 is quadratic."""
    from tests.fuzz.growth import PROBES, growth, spec

    for name, (make, size) in PROBES.items():
        seconds, ratio = growth(make, size)
        print(f"{name:<23} {size:>7,} to {4 * size:>7,}: {seconds:6.2f} s, ratio {ratio:5.1f}")
    for count in (100_000, 1_000_000):
        began = time.perf_counter()
        codes = judge(spec("  - relu\n" * count), ("csv",))
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
        said = ", ".join(codes) or "computed"
        print(f"{count:,} layers: {said}, {time.perf_counter() - began:.1f} s, {memory:,.0f} MiB")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--inputs", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--limit", type=float, default=10, help="seconds an input may take")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--probes", action="store_true", help="time how costs grow instead")
    asked = parser.parse_args()
    if asked.probes:
        probes()
        return 0
    return run(asked.inputs, asked.seed, asked.limit, asked.processes)


if __name__ == "__main__":
    sys.exit(main())

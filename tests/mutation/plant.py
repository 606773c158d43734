"""Plant faults in copies of the tree, one at a time, and print by which test each falls.

    PYTHONPATH=. python tests/mutation/plant.py --map /tmp/map.json
    PYTHONPATH=. python tests/mutation/plant.py --seed 7 --count 10
    PYTHONPATH=. python tests/mutation/plant.py --map /tmp/map.json --whole --record fold

With words only faults whose description or place holds one of them are planted.  Each is first met
by the test that it fell by the last time, if it is recorded; then by the tests that come by its
place: `--map` is the file of which these are, made by one run of all tests where there is none
yet.  Without a map it is met by the tests of its room.  A test that fails without the fault tells
nothing.  `--whole` lets the README's test command, to its first failure, meet what survives;
`--record` writes down by which test each fell, for the ten that the tests plant.  Ends with 1 when
a fault survives.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from tests.mutation.all_faults import FAULTS
from tests.mutation.covering import Map, map_of
from tests.mutation.ground import Ground, place_of, sources
from tests.mutation.judging import Judge, recorded, remember, sound_of, worker

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.mutation.ground import Planted


def chosen(words: Sequence[str], seed: int | None, count: int | None) -> list[Planted]:
    """Return the faults to plant: those with one of the words, of these some by a seed."""
    texts = sources()
    faults = [
        fault
        for fault in FAULTS
        if not words or any(w in f"{fault.what} {place_of(fault, texts).path}" for w in words)
    ]
    if seed is None and count is None:
        return faults
    return random.Random(seed).sample(faults, min(count or 10, len(faults)))


def known_map(file: Path | None, jobs: int) -> Map:
    """Read the map of tests, or make it."""
    if file is None:
        return Map({}, {})
    if not file.exists():
        with tempfile.TemporaryDirectory() as home:
            file.write_text(json.dumps(map_of(FAULTS, Path(home), jobs)), "utf-8")
    return Map(*json.loads(file.read_text("utf-8")))


def trusted(faults: Sequence[Planted]) -> dict[str, bool]:
    """Tell of the tests that are recorded for faults whether they pass without."""
    before = recorded()
    tests = [before[fault.what] for fault in faults if fault.what in before]
    with tempfile.TemporaryDirectory() as home, worker() as runner:
        return sound_of(tests, Ground(Path(home)), runner)


def plant(
    faults: Iterator[Planted], known: Map, sound: Mapping[str, bool], *, everything: bool
) -> dict[str, str]:
    """Plant the faults that are left, each in turn, and return by which test each fell."""
    before, fell = recorded(), {}
    with tempfile.TemporaryDirectory() as home, worker() as runner:
        ground = Ground(Path(home))
        judge = Judge(ground, runner, known, sound)
        for fault in faults:
            test = judge.fallen(fault, before.get(fault.what, ""))
            if not test and everything:
                test = judge.whole(fault)
            fell[fault.what] = test
            room = place_of(fault, ground.texts).room
            print(f"{room:24} {fault.what:64} {test or 'SURVIVES'}", flush=True)
    return fell


class _Left:
    """Faults that several threads take from."""

    def __init__(self, faults: Sequence[Planted]) -> None:
        self.faults = list(faults)

    def __iter__(self) -> Iterator[Planted]:
        while self.faults:
            yield self.faults.pop(0)


def main() -> int:
    """Run, print, count."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("words", nargs="*", help="plant only faults that hold one of these")
    parser.add_argument("--map", type=Path, help="which tests come by; made if it is not there")
    parser.add_argument("--jobs", type=int, default=2, help="how many are planted at a time")
    parser.add_argument("--seed", type=int, help="plant some, drawn by this number")
    parser.add_argument("--count", type=int, help="how many are drawn; 10")
    parser.add_argument("--whole", action="store_true", help="ask all tests about survivors")
    parser.add_argument("--record", action="store_true", help="write down by which test each fell")
    options = parser.parse_args()
    faults = chosen(options.words, options.seed, options.count)
    known, began = known_map(options.map, options.jobs), time.perf_counter()
    left, fell, sound = _Left(faults), {}, trusted(faults)
    with ThreadPoolExecutor(options.jobs) as pool:
        parts = [
            pool.submit(plant, iter(left), known, sound, everything=options.whole)
            for _ in range(options.jobs)
        ]
        for part in parts:
            fell |= part.result()
    if options.record:
        names = {fault.what for fault in FAULTS}
        now = {**recorded(), **{what: test for what, test in fell.items() if test}}
        remember({what: test for what, test in now.items() if what in names})
    survivors = sum(not test for test in fell.values())
    print(f"{len(faults)} faults, {survivors} survive; {time.perf_counter() - began:.0f} s")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())

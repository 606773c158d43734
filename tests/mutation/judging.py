"""By which test a fault falls: first those that come by its place, then all of their files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import defaultdict
from contextlib import contextmanager
from itertools import chain, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from tests.mutation.ground import place_of
from tests.mutation.worker import Job, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tests.mutation.covering import Map
    from tests.mutation.ground import Ground, Planted

#: Which test every fault falls by.
RECORD = Path(__file__).with_name("fallen.json")
#: Tests are asked in two rounds, of so many seconds in all.
FIRST, SECOND = 10.0, 120.0
#: Tests that need what not every machine has judge nothing.
ELSEWHERE = ("test_browser.py", "test_latex_signs.py", "/oracle/", "/mutation/")


class Worker:
    """A process that runs tests in forks of itself."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def run(self, job: Job) -> Outcome:
        """Run tests; a fork that dies or does not end has fallen as well."""
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps(job) + "\n")
        stdin.flush()
        outcome = Outcome(*json.loads(stdout.readline()))
        if outcome.fell.startswith("the worker fails"):
            raise RuntimeError(outcome.fell)
        return outcome


@contextmanager
def worker() -> Iterator[Worker]:
    """Start a worker, and end it."""
    file = Path(__file__).with_name("worker.py")
    quiet = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}  # a fork has one thread
    with subprocess.Popen(
        [sys.executable, str(file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | quiet,
        text=True,
    ) as process:
        try:
            yield Worker(process)
        finally:
            process.kill()


def recorded() -> dict[str, str]:
    """Read by which test every fault fell."""
    fell: dict[str, str] = json.loads(RECORD.read_text("utf-8")) if RECORD.exists() else {}
    return fell


def remember(fell: Mapping[str, str]) -> None:
    """Write down by which test every fault fell."""
    text = json.dumps(dict(sorted(fell.items())), indent=0, ensure_ascii=False)
    RECORD.write_text(text + "\n", "utf-8")


def file_of(test: str) -> str:
    """Return the file of a test."""
    return test.partition("::")[0]


class Judge:
    """Plants faults in a copy of the tree and asks tests, which must pass without the fault."""

    def __init__(
        self, ground: Ground, runner: Worker, known: Map, sound: Mapping[str, bool] | None = None
    ) -> None:
        self.ground = ground
        self.runner = runner
        self.seconds = {
            test: seconds
            for test, seconds in known.seconds.items()
            if not any(word in test for word in ELSEWHERE)
        }
        self.tests = known.tests
        self.sound: dict[str, bool] = dict(sound or {})

    def fallen(self, fault: Planted, last: str = "") -> str:
        """Name the test by which a fault falls; empty if it survives.

        `last` is the test by which it fell before, which is asked first.
        """
        while True:
            with self.ground.planted(fault):
                fell = self._fallen(fault, last)
            if not fell or self._passes(fell):
                return fell

    def whole(self, fault: Planted) -> str:
        """Name the first of all tests by which a fault falls."""
        while True:
            failing = [test for test, passes in self.sound.items() if not passes]
            fell = whole(fault, self.ground, failing)
            if not fell or self._passes(fell):
                return fell

    def _fallen(self, fault: Planted, last: str) -> str:
        if last and self.sound.get(last, True):
            fell = asked(last, self.ground, self.runner)
            if fell:
                return fell
        if not self.seconds:
            return self.runner.run(Job(str(self.ground.home), (self._folder(fault),))).fell
        for tests in self._rounds(fault):
            if tests:
                most = 60 + 5 * sum(self.seconds[test] for test in tests)
                files = tuple(dict.fromkeys(map(file_of, tests)))
                fell = self.runner.run(Job(str(self.ground.home), files, tuple(tests), most)).fell
                if fell:
                    return fell
        return ""

    def _folder(self, fault: Planted) -> str:
        """Return the tests' folder of a fault's room, or the nearest above it."""
        folder = Path("tests", place_of(fault, self.ground.texts).room)
        while not (self.ground.home / folder).is_dir():
            folder = folder.parent
        return str(folder)

    def _passes(self, test: str) -> bool:
        """Tell whether a test passes without a fault; if not, it is asked no more."""
        if test.startswith("no test"):
            return True
        if test not in self.sound:
            self.sound[test] = not asked(test, self.ground, self.runner)
            if not self.sound[test]:
                for same in [each for each in self.seconds if each.startswith(test)]:
                    del self.seconds[same]
        return self.sound[test]

    def _rounds(self, fault: Planted) -> Iterator[Sequence[str]]:
        """Yield the tests to ask: of few files at first, since all are read before one test runs.

        Those of the room come first, then those that come by often; last all tests of all these
        files.  By a place that is passed while the package is imported no test comes: then they
        are all tests.
        """
        seconds = self.seconds
        home = f"{self._folder(fault)}/"
        passing = [test for test in self.tests.get(fault.what, ()) if test in seconds]
        by_file: dict[str, list[str]] = defaultdict(list)
        for test in sorted(passing or seconds, key=seconds.__getitem__):
            by_file[file_of(test)].append(test)
        files = sorted(by_file, key=lambda file: (not file.startswith(home), -len(by_file[file])))
        before: set[str] = set()
        for part in (files[:3], files[3:10]):
            turns = chain.from_iterable(zip_longest(*(by_file[file] for file in part)))
            chosen = self._within((test for test in turns if test is not None), FIRST)
            before.update(chosen)
            yield chosen
        others = [test for test in seconds if file_of(test) in by_file]
        rest = dict.fromkeys(test for test in (*passing, *others) if test not in before)
        yield self._within(rest, SECOND)

    def _within(self, tests: Iterable[str], most: float) -> list[str]:
        """Return the first tests, as many as fit into some seconds."""
        chosen: list[str] = []
        for test in tests:
            most -= self.seconds[test]
            if chosen and most < 0:
                break
            chosen.append(test)
        return chosen


def sound_of(tests: Iterable[str], ground: Ground, runner: Worker) -> dict[str, bool]:
    """Tell of tests whether they pass where nothing is planted, all in one run if they do."""
    left, sound = list(dict.fromkeys(tests)), {}
    while left:
        files = tuple(dict.fromkeys(map(file_of, left)))
        fell = runner.run(Job(str(ground.home), files, tuple(left), 3600)).fell
        if not fell:
            return {**sound, **dict.fromkeys(left, True)}
        failed = [test for test in left if test == fell or file_of(test) == fell]
        if not failed:
            return sound
        sound |= dict.fromkeys(failed, False)
        left = [test for test in left if test not in failed]
    return sound


def asked(test: str, ground: Ground, runner: Worker) -> str:
    """Ask one test; if there is none of its name any more, all of its function, or of its file."""
    file = file_of(test)
    for name in dict.fromkeys((test, test.partition("[")[0], file)):
        outcome = runner.run(Job(str(ground.home), (file,), name))
        if outcome.fell or outcome.ran:
            return outcome.fell
    return ""


def whole(fault: Planted, ground: Ground, without: Iterable[str] = ()) -> str:
    """Plant a fault and run the README's test command, but for some tests, to its first failure."""
    command = [sys.executable, "-m", "pytest", "-n", "auto", "-x", "-q", "-p", "no:cacheprovider"]
    command += [f"--deselect={test}" for test in without]
    more = {"PYTHONPATH": str(ground.home), "CI": "true"}
    with ground.planted(fault):
        done = subprocess.run(
            command,
            cwd=ground.home,
            env=os.environ | more,
            capture_output=True,
            text=True,
            check=False,
        )
    failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    if failed:
        return failed[0].split(" ", 1)[1].split(" - ")[0]
    return f"no test: pytest ends with {done.returncode}" if done.returncode else ""

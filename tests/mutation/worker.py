"""Runs tests in forks of a process that has loaded all that they need but the package itself.

A job a line of standard input, its outcome a line of standard output, both JSON.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

#: Loaded once; what a fork needs of the package and of the tests it imports from its own copy.
LOADED = (
    *("click", "hypothesis", "jsonschema", "numpy", "openpyxl", "PIL.Image", "pypdf", "pytest"),
    *("rich.console", "yaml"),
)
#: What pytest says of plugins that are loaded already.
_LOADED_BEFORE = "ignore::pytest.PytestAssertRewriteWarning"
#: A fault may not take all memory.
MEMORY = 4 << 30


class Job(NamedTuple):
    """Tests to run in a copy of the tree: of these files those named, or whose name begins so."""

    home: str
    files: tuple[str, ...]
    tests: tuple[str, ...] | str = ""
    seconds: float = 120


class Outcome(NamedTuple):
    """The first test that failed, empty if none did; and how many ran."""

    fell: str
    ran: int = 0


class _Watch:
    """A plugin that chooses tests, in their order, and notes the first that fails."""

    def __init__(self, tests: tuple[str, ...] | str) -> None:
        self.tests = tests
        self.fell = ""
        self.ran = 0

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        if isinstance(self.tests, str):
            items[:] = [item for item in items if item.nodeid.startswith(self.tests)]
        else:
            order = {name: at for at, name in enumerate(self.tests)}
            asked = (item for item in items if item.nodeid in order)
            items[:] = sorted(asked, key=lambda item: order[item.nodeid])

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self.fell = self.fell or report.nodeid  # a file that cannot be imported

    def pytest_runtest_logreport(self, report: Any) -> None:
        self.ran += report.when == "call"
        if report.failed:
            self.fell = self.fell or report.nodeid


def run(job: Job) -> Outcome:
    """Run a job in this process; what it compiles stays in the copy for those that follow."""
    import pytest

    os.chdir(job.home)
    os.environ |= {"PYTHONPATH": job.home, "CI": "true"}
    sys.path[0] = job.home
    sys.dont_write_bytecode = False
    files = [file for file in job.files if Path(file).exists()]
    if not files:
        return Outcome("")
    watch = _Watch(job.tests)
    options = ["-x", "-q", "-p", "no:cacheprovider", "-W", _LOADED_BEFORE]
    code = pytest.main([*options, *files], plugins=[watch])
    if not watch.fell and code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        watch.fell = f"no test: pytest ends with {code}"
    return Outcome(watch.fell, watch.ran)


def forked(job: Job) -> Outcome:
    """Run a job in a fork, and end it when it takes too long."""
    here, there = os.pipe()
    child = os.fork()
    if not child:
        _in_fork(job, there)
    os.close(there)
    text, end = b"", time.monotonic() + job.seconds
    while (left := end - time.monotonic()) > 0 and select.select([here], [], [], left)[0]:
        chunk = os.read(here, 1 << 16)
        if not chunk:
            break
        text += chunk
    os.close(here)
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)  # and what it started
    os.waitpid(child, 0)
    if text:
        return Outcome(*json.loads(text))
    return Outcome("no test: it does not end" if left <= 0 else "no test: the interpreter dies")


def _in_fork(job: Job, there: int) -> None:
    import resource

    try:
        os.setsid()
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        seconds = int(job.seconds) + 1  # it ends also where the worker was ended before it
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        silent = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(silent, stream)
        os.write(there, json.dumps(run(job)).encode())
    except BaseException as error:  # noqa: BLE001  (it is the worker's, not the fault's)
        os.write(there, json.dumps([f"the worker fails: {error!r}"]).encode())
    finally:
        os._exit(0)


def main() -> None:
    """Answer jobs until there are no more."""
    for name in LOADED:
        with suppress(ImportError):  # an extra that is not installed: its tests are skipped
            __import__(name)
    for line in sys.stdin:
        home, files, tests, seconds = json.loads(line)
        named = tests if isinstance(tests, str) else tuple(tests)
        job = Job(home, tuple(files), named, seconds)
        sys.stdout.write(json.dumps(forked(job)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

"""Which tests come by a fault's place: a copy of the tree says so itself, each place by a call."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from tests.mutation.ground import PACKAGE, Ground, place_of, sources

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from tests.mutation.ground import Planted

#: What the copy calls, in a module of its own beside the package; also a plugin of pytest.
SEEN = """
import json
import os

HERE = os.path.dirname(os.path.abspath(__file__))
MOST = 300
known = {}
now = set()  # what the test at work has come by: most places are passed again and again


def note(name, *values):
    with open(os.path.join(HERE, name), "a", encoding="utf-8") as file:
        file.write(json.dumps(values) + "\\n")


def mark(number):
    if number in now:
        return
    now.add(number)
    tests = known.setdefault(number, set())
    if len(tests) < MOST:
        test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" (")[0]
        if test not in tests:
            tests.add(test)
            note("seen.jsonl", number, test)


def pytest_runtest_logstart(nodeid, location):
    now.clear()


def pytest_runtest_logreport(report):
    if "PYTEST_XDIST_WORKER" not in os.environ and (report.when == "call" or report.failed):
        note("done.jsonl", report.nodeid, report.duration, report.outcome)
"""


class Map(NamedTuple):
    """For every fault the tests that come by; for every test that passes how long it takes."""

    tests: Mapping[str, Sequence[str]]
    seconds: Mapping[str, float]


def map_of(faults: Sequence[Planted], home: Path, jobs: int = 2) -> Map:
    """Run all tests once in a copy that marks the faults' places."""
    ground = Ground(home)
    by_file: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for number, fault in enumerate(faults):
        place = place_of(fault, sources())
        by_file[place.path].append((place.start, number))
    for path, marks in by_file.items():
        text = _marked(ground.texts[path], marks)
        (home / PACKAGE / path).write_text(text, "utf-8")
    (home / "_seen.py").write_text(SEEN, "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-n", str(jobs), "-p", "_seen"]
    more = {"PYTHONPATH": str(home), "CI": "true"}
    subprocess.run(command, cwd=home, env=os.environ | more, check=False)
    tests: dict[str, set[str]] = defaultdict(set)
    for number, test in _lines(home / "seen.jsonl"):
        if test:
            tests[faults[number].what].add(test)
    seconds = {
        test: time for test, time, outcome in _lines(home / "done.jsonl") if outcome == "passed"
    }
    return Map({what: sorted(names) for what, names in tests.items()}, seconds)


def _lines(file: Path) -> Iterable[list]:
    return map(json.loads, file.read_text("utf-8").splitlines())


def _marked(text: str, marks: list[tuple[int, int]]) -> str:
    """Write a call before the statement of every mark, on a line of its own."""
    lines = text.splitlines(keepends=True)
    calls: dict[int, list[int]] = defaultdict(list)
    tree = ast.parse(text)
    for start, number in marks:
        line = _line_before(tree, text.count("\n", 0, start) + 1, lines)
        if line is not None:
            calls[line].append(number)
    for line in sorted(calls, reverse=True):
        first = lines[line - 1]
        blank = first[: len(first) - len(first.lstrip())]
        lines[line - 1 : line - 1] = [
            f'{blank}__import__("_seen").mark({number})\n' for number in calls[line]
        ]
    return "".join(lines)


def _line_before(tree: ast.Module, line: int, lines: list[str]) -> int | None:
    """Return the line of the smallest statement around a line that a call can stand before.

    None for what runs while the package is imported, which is no test's.
    """
    best = None
    around = [node for node in ast.walk(tree) if isinstance(node, ast.stmt)]
    for node in around:
        if node.lineno <= line <= (node.end_lineno or 0) and isinstance(node, ast.FunctionDef):
            inside = [
                each.lineno
                for each in ast.walk(node)
                if isinstance(each, ast.stmt) and each is not node
                if each.lineno <= line <= (each.end_lineno or 0)
                if not lines[each.lineno - 1].lstrip().startswith("elif ")
            ]
            best = max([best or 0, *inside]) or None
    return best

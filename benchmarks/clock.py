"""Run other processes and say what they cost; print tables."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

ROOT = Path(__file__).parent.parent
#: The variables that name the tree of the build to measure, and the file to write tables into.
BUILD = "BENCHMARKS_BUILD"
RECORD = "BENCHMARKS_RECORD"
TREE = Path(os.environ.get(BUILD, ROOT))
#: What the console script of an installed package does.
SHAPECALC = (
    sys.executable,
    "-c",
    "import sys; from shapecalc.__main__ import program; sys.argv[0] = 'shapecalc'; program()",
)
SETTINGS = {"PYTHONPATH": str(TREE), "COLUMNS": "100", "TERM": "xterm-256color"}


class Cost(NamedTuple):
    """What one process cost: by the clock, of the processor, and at most of memory."""

    seconds: float
    processor: float
    megabytes: float
    output: str


def python(code: str) -> tuple[str, ...]:
    """Return the command that runs some code."""
    return sys.executable, "-c", code


def run(command: Sequence[str], *, terminal: bool = False, root: Path = TREE) -> Cost:
    """Run a command to its end, its output read through a pipe or a terminal 100 wide.

    `root` holds the build that it is of.
    """
    ours, theirs = pty.openpty() if terminal else os.pipe()
    # A user's environment: bytecode is written, as pip does, and output buffered.
    given = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    start = perf_counter()
    process = subprocess.Popen(
        command,
        cwd=root,  # from where `-c` imports first
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
        env=given | SETTINGS | {"PYTHONPATH": str(root)},
    )
    os.close(theirs)
    output = b""
    try:
        while piece := os.read(ours, 65536):
            output += piece
    except OSError:  # how a terminal ends
        pass
    _, status, used = os.wait4(process.pid, 0)
    seconds = perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    os.close(ours)
    text = output.decode(errors="replace")
    if process.returncode:
        raise SystemExit(f"{' '.join(command)}\n{text}")
    return Cost(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, text)


def lines_of(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a Markdown table; all columns but the first are numbers."""
    lines = [list(header), *map(list, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    for cells in (lines[0], rule, *lines[1:]):
        first, *others = zip(cells, widths, strict=True)
        padded = (first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others))
        yield f"| {' | '.join(padded)} |"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table, and write it down where `python -m benchmarks` asks for it."""
    rows = [list(row) for row in rows]
    if RECORD in os.environ:
        with Path(os.environ[RECORD]).open("a", encoding="utf-8") as record:
            record.write(json.dumps({"columns": list(header), "rows": rows}) + "\n")
    print(*lines_of(header, rows), "", sep="\n")

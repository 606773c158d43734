"""Run benchmarks, keep what they print, and compare two builds: `python -m benchmarks --help`."""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks.clock import BUILD, RECORD, ROOT, lines_of, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HERE = Path(__file__).parent
README = HERE / "README.md"
RESULTS = HERE / "results.json"
NAMES = tuple(sorted(file.stem.removeprefix("bench_") for file in HERE.glob("bench_*.py")))


class Printed(NamedTuple):
    """A table that a benchmark printed: its columns, and its rows, the first cell their name."""

    columns: list[str]
    rows: list[list[str]]


class Outcome(NamedTuple):
    """What came of a benchmark: its tables, or the last line of why it did not end."""

    tables: list[Printed]
    failure: str = ""


def perform(name: str, build: Path, words: Sequence[str]) -> Outcome:
    """Run a benchmark of this tree on a build; what it prints is shown."""
    with tempfile.TemporaryDirectory() as folder:
        record = Path(folder) / "tables"
        record.touch()
        paths = os.pathsep.join([str(build), str(ROOT)])
        done = subprocess.run(
            [sys.executable, str(HERE / f"bench_{name}.py"), *words],
            cwd=build,
            env=os.environ | {"PYTHONPATH": paths, BUILD: str(build), RECORD: str(record)},
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        tables = [Printed(**json.loads(line)) for line in record.read_text("utf-8").splitlines()]
    if not done.returncode:
        return Outcome(tables)
    *_, last = ["ended without a word", *done.stderr.strip().splitlines()]
    return Outcome(tables, last)


def words_of(name: str, runs: int | None, *, peers: bool = False) -> list[str]:
    """Return the options of a benchmark, of those that it takes: how many runs, and other tools."""
    text = (HERE / f"bench_{name}.py").read_text("utf-8")
    words = ["--runs", str(runs)] if runs is not None and '"--runs"' in text else []
    return [*words, "--peers"] if peers and '"--peers"' in text else words


# -- two builds -----------------------------------------------------------------------------------


@contextmanager
def checked_out(revision: str, repository: Path = ROOT) -> Iterator[Path]:
    """Check another revision out into a folder that is gone at the end."""
    git = ["git", "-C", str(repository), "worktree"]
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "build"
        subprocess.run([*git, "add", "--quiet", "--detach", str(tree), revision], check=True)
        try:
            subprocess.run([sys.executable, "-m", "compileall", "-q", str(tree)], check=False)
            yield tree
        finally:
            subprocess.run([*git, "remove", "--force", str(tree)], check=True)


def number(cell: str) -> float | None:
    """Read the first number of a cell; None where there is none.

    >>> number("358.6 / 336.2"), number("1,309.96"), number("99.98%"), number("-")
    (358.6, 1309.96, 99.98, None)
    """
    found = re.match(r"-?\d[\d,]*(?:\.\d+)?", cell.strip())
    return float(found[0].replace(",", "")) if found else None


def numbers(outcome: Outcome) -> dict[tuple[str, str], float]:
    """Return the numbers of all tables, by their rows and columns."""
    return {
        (row[0], column): value
        for printed in outcome.tables
        for row in printed.rows
        for column, cell in zip(printed.columns[1:], row[1:], strict=True)
        if (value := number(cell)) is not None
    }


def ratios(turns: Sequence[tuple[Outcome, Outcome]]) -> list[list[str]]:
    """Divide what this build took by what the other took, turn by turn: median, least and most.

    What is the same in all turns was counted, not measured, and is left out.
    """
    each = [(numbers(mine), numbers(theirs)) for mine, theirs in turns]
    rows = []
    for row, column in each[0][0] if each else ():
        place = row, column
        pairs = [(mine.get(place), theirs.get(place)) for mine, theirs in each]
        found = [mine / other for mine, other in pairs if mine is not None and other]
        if len(found) == len(pairs) and len({*pairs}) + len({*found}) > 2:
            spread = (median(found), min(found), max(found))
            rows.append([f"{row}: {column}" if row else column, *(f"{n:.2f}" for n in spread)])
    return rows


# -- what is kept ---------------------------------------------------------------------------------


def revision_of(tree: Path) -> str:
    """Name the commit of a tree, and say where it was changed since."""
    words = ["git", "-C", str(tree), "describe", "--always", "--dirty", "--abbrev=10"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def about() -> dict[str, Any]:
    """Say what was measured, on what, and when."""
    return {
        "revision": revision_of(ROOT),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "machine": platform.platform(),
        "processors": os.cpu_count(),
        "load": os.getloadavg()[0],
    }


def with_tables(text: str, name: str, tables: Sequence[Printed]) -> str:
    """Put a benchmark's tables in place of those in its section that have the same columns."""
    parts = re.split(r"(?m)^(?=## )", text)
    for at, part in enumerate(parts):
        if f"`bench_{name}.py`" not in part.partition("\n")[0]:
            continue
        for printed in tables:
            head = r" *\| *".join(map(re.escape, printed.columns))
            pattern = rf"(?m)^\| *{head} *\|\n(?:\|.*\n)+"
            lines = "".join(f"{line}\n" for line in lines_of(*printed))
            part = re.sub(pattern, lambda _, lines=lines: lines, part, count=1)  # noqa: PLW2901
        parts[at] = part
    return "".join(parts)


def is_revision(name: str) -> bool:
    """Tell whether the repository has a commit of this name."""
    words = ["git", "-C", str(ROOT), "rev-parse", "--quiet", "--verify", "--end-of-options"]
    done = subprocess.run([*words, f"{name}^{{commit}}"], capture_output=True, check=False)
    return done.returncode == 0


# -- the command ----------------------------------------------------------------------------------


def times(text: str) -> int:
    """Read how often something is done."""
    if not re.fullmatch(r"0*[1-9]\d*", text, re.ASCII):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 on")
    return int(text)


def options() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}")
    parser.add_argument("--all", action="store_true", help="run all of them")
    parser.add_argument("--runs", type=times, help="runs of what takes a number of them")
    parser.add_argument("--peers", action="store_true", help="other tools beside, where there are")
    parser.add_argument("--against", metavar="REV", help="in turn with another revision's build")
    parser.add_argument("--turns", type=times, default=3, help="with --against: turns (3)")
    parser.add_argument(
        "-o", "--output", type=Path, default=RESULTS, help=f"the file of results ({RESULTS.name})"
    )
    parser.add_argument(
        "--readme", type=Path, help="where new tables replace the old (with --all: README.md here)"
    )
    return parser


def keep(
    names: Sequence[str], runs: int | None, *, peers: bool
) -> tuple[dict[str, Outcome], list[str]]:
    """Run benchmarks; return what came of them, and what did not end well."""
    outcomes = {name: perform(name, ROOT, words_of(name, runs, peers=peers)) for name in names}
    return outcomes, [f"{name}: {one.failure}" for name, one in outcomes.items() if one.failure]


def compare(
    names: Sequence[str], revision: str, runs: int | None, turns: int
) -> tuple[dict[str, list[list[str]]], list[str]]:
    """Run benchmarks on two builds in turn; return the ratios, and what did not end well."""
    compared, failed = {}, []
    with checked_out(revision) as other:
        for name in names:
            words = words_of(name, runs)
            pairs = []
            for turn in range(turns):  # the other one first in every second turn
                builds = (ROOT, other) if turn % 2 else (other, ROOT)
                found = {build: perform(name, build, words) for build in builds}
                pairs.append((found[ROOT], found[other]))
                failed += [f"{name}: {one.failure}" for one in found.values() if one.failure]
            compared[name] = ratios(pairs)
    return compared, failed


def main() -> int:
    """Run what is asked for; end with 1 where a benchmark did not end well."""
    parser = options()
    given = parser.parse_args()
    names = NAMES if given.all else tuple(given.names)
    unknown = [name for name in names if name not in NAMES]
    if unknown or not names:
        wrong = f"there is no benchmark {', '.join(map(repr, unknown))}; " if unknown else ""
        parser.error(f"{wrong}name some of {', '.join(NAMES)}, or --all")
    if given.against and not is_revision(given.against):
        parser.error(f"--against: git has no commit {given.against!r}; `git log` lists them")
    results = about()
    if given.against:
        compared, failed = compare(names, given.against, given.runs, given.turns)
        results["against"] = {"revision": given.against, "turns": given.turns, "ratios": compared}
        print(f"this build / {given.against}, {given.turns} turns:\n")
        rows = [[f"{name}, {row}", *cells] for name in names for row, *cells in compared[name]]
        table(["", "median", "least", "most"], rows)
    else:
        outcomes, failed = keep(names, given.runs, peers=given.peers)
        results["benchmarks"] = {
            name: {"tables": [printed._asdict() for printed in one.tables], "failure": one.failure}
            for name, one in outcomes.items()
        }
        readme = given.readme or (README if given.all else None)
        if readme is not None:
            text = readme.read_text("utf-8")
            for name, one in outcomes.items():
                text = with_tables(text, name, one.tables)
            readme.write_text(text, "utf-8")
    given.output.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    for failure in failed:
        print(f"did not end well: {failure}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

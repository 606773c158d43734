"""`python -m benchmarks`: what it keeps of tables, and how it compares two builds."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from benchmarks.__main__ import NAMES, Outcome, Printed, checked_out, ratios, with_tables, words_of
from tests.paths import ROOT

if TYPE_CHECKING:
    from pathlib import Path


def outcome(seconds: str, ratio: str = "1.5") -> Outcome:
    rows = [["sweep", seconds, ratio, "12"], ["note", "-", "", "12"]]
    return Outcome([Printed(["", "seconds", "x", "limit"], rows)])


def test_ratios_are_of_the_same_turn_and_have_a_spread():
    turns = [
        (outcome("1,000.0 / 7"), outcome("2,000.0 / 5")),
        (outcome("30"), outcome("40")),
        (outcome("9"), outcome("10")),
    ]
    assert ratios(turns) == [["sweep: seconds", "0.75", "0.50", "0.90"]]


def test_what_one_build_has_not_measured_is_left_out():
    assert ratios([(outcome("3"), Outcome([], "ImportError: no"))]) == []
    assert ratios([(Outcome([]), outcome("3"))]) == []


README = """# Benchmarks

## A: `bench_a.py`

|      | seconds |
| ---- | ------: |
| old  |       1 |

Words about it.

## B: `bench_b.py`

|      | seconds |
| ---- | ------: |
| kept |       2 |

| other | seconds |
| ----- | ------: |
| kept  |       3 |
"""


def test_a_table_takes_the_place_of_the_one_with_its_columns_in_its_section():
    made = with_tables(README, "a", [Printed(["", "seconds"], [["new", "1.25"], ["more", "4"]])])
    assert made == README.replace(
        "|      | seconds |\n| ---- | ------: |\n| old  |       1 |",
        "|      | seconds |\n| ---- | ------: |\n| new  |    1.25 |\n| more |       4 |",
    )


def test_a_table_of_other_columns_replaces_none():
    assert with_tables(README, "a", [Printed(["", "minutes"], [["new", "1"]])]) == README


def test_every_benchmark_is_named_and_described():
    text = (ROOT / "benchmarks" / "README.md").read_text("utf-8")
    assert NAMES
    assert [name for name in NAMES if f"`bench_{name}.py`\n" not in text] == []
    assert words_of("startup", 2) == ["--runs", "2"]
    assert words_of("sweep", 2, peers=True) == ["--runs", "2", "--peers"]
    assert words_of("startup", None, peers=True) == []
    assert words_of("startup", None) == words_of("layers", 2) == []


def git(folder: Path, *words: str) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", "-C", str(folder), *who, *words], check=True, capture_output=True)


def test_another_revision_is_there_as_long_as_it_is_measured(tmp_path):
    git(tmp_path, "init", "--quiet")
    for number in "12":
        (tmp_path / "number.py").write_text(f"N = {number}\n")
        git(tmp_path, "add", "number.py")
        git(tmp_path, "commit", "--quiet", "--message", number)
    with checked_out("HEAD~1", tmp_path) as tree:
        assert (tree / "number.py").read_text() == "N = 1\n"
    assert not tree.exists()
    with pytest.raises(subprocess.CalledProcessError), checked_out("nowhere", tmp_path):
        pass
    listed = subprocess.run(
        ["git", "-C", str(tmp_path), "worktree", "list"], capture_output=True, text=True, check=True
    )
    assert len(listed.stdout.splitlines()) == 1


def benchmarks(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_command_writes_what_a_benchmark_printed(tmp_path):
    file, readme = tmp_path / "results.json", tmp_path / "README.md"
    readme.write_text((ROOT / "benchmarks" / "README.md").read_text("utf-8"), "utf-8")
    words = ["startup", "--runs", "1", "--output", str(file), "--readme", str(readme)]
    done = benchmarks(*words)
    assert (done.returncode, done.stderr) == (0, "")
    results = json.loads(file.read_text("utf-8"))
    (printed,) = results["benchmarks"]["startup"]["tables"]
    assert [row[0] for row in printed["rows"]] == [
        "summarize, to a terminal",
        "summarize, to a pipe",
        "summarize --format csv",
    ]
    assert printed["rows"][2][1] in readme.read_text("utf-8")
    assert {"revision", "date", "python", "machine", "processors"} <= {*results}


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["nothing"], "there is no benchmark 'nothing'; name some of draw, execute,"),
        ([], "error: name some of draw, execute,"),
        (["startup", "--runs", "0"], "argument --runs: '0' is no whole number from 1 on"),
        (["startup", "--turns", "few"], "argument --turns: 'few' is no whole number from 1 on"),
        (["startup", "--against", "nowhere"], "git has no commit 'nowhere'"),
    ],
)
def test_what_cannot_be_run_is_refused_before_anything_is(words, reason):
    done = benchmarks(*words)
    assert done.returncode == 2
    assert reason in done.stderr
    assert "Traceback" not in done.stderr

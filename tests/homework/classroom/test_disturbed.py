"""Runs that are disturbed: killed, out of disk, two at once; what is left is a whole run's."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest

from shapecalc.errors import SpecErrors
from shapecalc.homework.classroom import store
from shapecalc.homework.classroom.grade import grade
from shapecalc.text import files
from shapecalc.text.files import kept_alone
from tests.homework.classroom.support import HEAD, HOMEWORK, RIGHT, lay_out, request, run, written
from tests.paths import ROOT

#: A name so long that a file which is half written loses its suffix.
LONG = "é" * 60


def class_of(folder: Path, students: int) -> None:
    ids = [f"n{at:03}" for at in range(students - 1)] + [LONG]
    texts = {f"{who}.csv": f"{HEAD}conv1,28x28x6,{at % 7},1\n" for at, who in enumerate(ids)}
    lay_out(folder, dict(texts), "id\n" + "".join(f"{who}\n" for who in ids))
    (folder / "homework.yaml").write_text(HOMEWORK)


def started(folder: Path, jobs: int = 1) -> subprocess.Popen[bytes]:
    """Start the program on a class, as a group of processes of its own."""
    code = "from shapecalc.cli import program; program()"
    words = [
        sys.executable, "-c", code, "homework", "grade", str(folder / "sub"),
        "--roster", str(folder / "class.csv"), "--homework", str(folder / "homework.yaml"),
        "-o", str(folder / "results"), "--jobs", str(jobs),
    ]  # fmt: skip
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(words, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def ended(process: subprocess.Popen[bytes]) -> tuple[int, str]:
    """Wait until a process has ended; return its code and what it said of errors."""
    _, errors = process.communicate()
    return process.returncode, errors.decode()


def until(holds: object, seconds: float = 30) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():  # type: ignore[operator]
            return True
        time.sleep(0.01)
    return False


def killed_and_run_again(folder: Path, after: int) -> bool:
    """Kill a run once so many pages are written, and run again; tell whether it was in the middle."""
    pages = folder / "results" / "feedback"
    process = started(folder)
    try:
        until(lambda: process.poll() is not None or len(list(pages.glob("*"))) >= after)
    finally:
        process.kill()
        process.communicate()
    return process.returncode == -signal.SIGKILL


@pytest.mark.skipif(os.name == "nt", reason="what kills at once here is a signal")
def test_a_killed_run_goes_on_and_leaves_nothing_behind(tmp_path: Path) -> None:
    class_of(tmp_path / "c", 60)
    class_of(tmp_path / "whole", 60)
    assert ended(started(tmp_path / "whole")) == (0, "")
    middle = [killed_and_run_again(tmp_path / "c", after) for after in (3, 41, 90)]
    assert any(middle)
    results = tmp_path / "c" / "results"
    # as a kill between writing and renaming leaves it
    (results / "feedback" / f".{(LONG + '.html')[-60:]}.0a1b2c3d").write_text("<html>half")
    (results / ".grades.csv.0a1b2c3d").write_text("id,na")
    (results / ".lock").touch()
    assert ended(started(tmp_path / "c")) == (0, "")
    assert written(results) == written(tmp_path / "whole" / "results")


def descendants(pid: int) -> list[int]:
    """List the processes that a process has started, as Linux tells them."""
    return [int(word) for task in Path(f"/proc/{pid}/task").iterdir()
            for word in (task / "children").read_text().split()]  # fmt: skip


def running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="Linux lists processes so")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["SIGKILL", "SIGTERM"])
def test_the_workers_of_a_run_end_with_it(tmp_path: Path, number: int) -> None:
    class_of(tmp_path / "c", 400)
    process = started(tmp_path / "c", jobs=2)
    try:
        assert until(lambda: len(list((tmp_path / "c" / "results").glob("feedback/*"))) > 20)
        workers = descendants(process.pid)
        assert len(workers) >= 2
        process.send_signal(number)
        process.communicate(timeout=30)
    finally:
        process.kill()
    assert until(lambda: not any(map(running, workers)), 10), workers


def test_a_second_run_on_the_same_results_is_refused(tmp_path: Path) -> None:
    lay_out(tmp_path / "c", {"s1.csv": RIGHT})
    results = tmp_path / "c" / "results"
    results.mkdir()
    with kept_alone(results), pytest.raises(SpecErrors) as caught:
        run(tmp_path / "c")
    (problem,) = caught.value.problems
    assert (problem.code, problem.message) == ("E716", f"another run is writing into '{results}'")
    done = run(tmp_path / "c")
    assert done.classroom.students[0].status == "graded"
    assert ".lock" not in written(results)


def test_two_runs_at_once_never_spoil_each_other(tmp_path: Path) -> None:
    class_of(tmp_path / "c", 60)
    class_of(tmp_path / "whole", 60)
    run(tmp_path / "whole")
    two = [started(tmp_path / "c") for _ in range(2)]
    ends = sorted(map(ended, two))
    assert [code for code, _ in ends] in ([0, 2], [0, 0]), ends
    assert all("E716" in errors for code, errors in ends if code)
    assert written(tmp_path / "c" / "results") == written(tmp_path / "whole" / "results")


@pytest.mark.parametrize("seed", range(6))
def test_a_full_disk_is_told_and_the_next_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    ids = [f"n{at}" for at in range(12)]
    lay_out(tmp_path / "c", {f"{who}.csv": RIGHT for who in ids}, "id\n" + "\n".join(ids))
    run(tmp_path / "c", results=str(tmp_path / "whole"))
    wanted = request(tmp_path / "c")
    rng = Random(seed)
    left = [rng.randrange(1, 29)]  # 24 pages, the state, four tables and the report
    fill = files.fill

    def filling(path: object, write: object) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        fill(path, write)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(files, "fill", filling)
        with pytest.raises(SpecErrors, match="No space left") as caught:
            grade(wanted)
        assert caught.value.problems[0].code == "E007"
    state = tmp_path / "c" / "results" / store.FILE
    if state.exists():  # and the last line was cut off
        text = state.read_text()
        state.write_text(text[: len(text) - rng.randrange(1, 200)])
    grade(wanted)
    assert written(tmp_path / "c" / "results") == written(tmp_path / "whole")

"""A run that finds nothing new writes nothing, and whatever is new is found."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from shapecalc.homework.classroom import judging, last_run
from tests.homework.classroom.support import HOMEWORK, NO_BIAS, RIGHT, lay_out, run, written

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from shapecalc.homework.classroom.grade import GradedRun

FILES: dict[str, str | bytes] = {"s1.csv": RIGHT, "s2.csv": NO_BIAS, "odd.bin": b"%PDF"}


def again(folder: Path, homework: str = HOMEWORK) -> GradedRun:
    return run(folder, homework, summary=True)


def results(folder: Path) -> dict[str, bytes]:
    return written(folder / "results")


def times(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in (folder / "results").rglob("*")}


@pytest.fixture
def graded(tmp_path: Path) -> Path:
    lay_out(tmp_path, FILES)
    again(tmp_path)
    return tmp_path


def test_nothing_new_is_neither_judged_nor_written(
    graded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run(graded)
    again(graded)  # keeps what the run without a summary has written
    before = times(graded)
    monkeypatch.setattr(judging, "judge", None)
    done = again(graded)
    assert {**times(graded), ".lock": 0} == {**before, ".lock": 0}
    without = [student._replace(cells=()) for student in first.classroom.students]
    assert list(done.classroom.students) == without
    assert done.classroom.leftovers == first.classroom.leftovers
    assert (done.kept, done.remarks) == (first.kept, first.remarks) == (2, first.remarks)


def keeping_times(path: Path, change: Callable[[bytes], bytes]) -> None:
    """Change what a file holds, and set its times back, as a sync or a copy may."""
    status = path.stat()
    path.write_bytes(change(path.read_bytes()))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def submission(folder: Path) -> None:
    keeping_times(folder / "sub" / "s2.csv", lambda data: data.replace(b"150", b"156"))


def roster(folder: Path) -> None:
    keeping_times(folder / "class.csv", lambda data: data.replace(b"Ida", b"Eda"))


def more(folder: Path) -> None:
    (folder / "sub" / "s3.csv").write_text(RIGHT)


def left_over(folder: Path) -> None:
    (folder / "sub" / "odd.bin").rename(folder / "sub" / "odder.bin")


def less(folder: Path) -> None:
    (folder / "sub" / "s1.csv").unlink()


@pytest.mark.parametrize("change", [submission, roster, more, left_over, less])
def test_what_is_read_is_compared_by_its_content(
    graded: Path, change: Callable[[Path], None]
) -> None:
    before = results(graded)
    change(graded)
    again(graded)
    here = results(graded)
    (graded / "results").rename(graded / "before")
    again(graded)
    assert here == results(graded) != before


def test_a_network_that_was_changed_is_read_anew_in_one_process(graded: Path) -> None:
    network, homework = graded / "net.yaml", "spec: net.yaml\nlayers: [conv1]\n"
    network.write_text("input: 227x227x3\nlayers: [{conv: {filters: 96, kernel: 11, stride: 4}}]\n")
    before = again(graded, homework).classroom
    network.write_text(network.read_text().replace("96", "64"))
    assert again(graded, homework).classroom.stamp != before.stamp


def test_another_homework_is_judged_anew(graded: Path) -> None:
    harder = again(graded, HOMEWORK + "points: {params: 3}\n")
    assert [student.marks for student in harder.classroom.students] == [10, 7, 0]


@pytest.mark.parametrize(
    "name", ["grades.csv", "class.json", "report.md", "feedback/s1.md", "state.jsonl"]
)
def test_what_was_written_is_there_as_it_was(graded: Path, name: str) -> None:
    whole = results(graded)
    keeping_times(graded / "results" / name, lambda data: data.swapcase())
    again(graded)
    assert results(graded) == whole
    (graded / "results" / name).unlink()
    again(graded)
    assert results(graded) == whole


def test_a_change_at_what_is_the_same_time_is_found_by_its_content(
    graded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk's clock may stand still between writing a page and changing it."""
    whole = results(graded)
    monkeypatch.setattr(last_run, "_seen", lambda path: [path.stat().st_size, 8, 8, 8])
    monkeypatch.setattr(last_run, "_is_new", lambda _seen, _now: True)
    again(graded)
    keeping_times(graded / "results" / "grades.csv", lambda data: data.swapcase())
    again(graded)
    assert results(graded) == whole


@pytest.mark.parametrize("text", ["", "x", "0\n{}\n", "0\n[1]\n", "a\nb\nc\n"])
def test_a_last_run_that_cannot_be_read_is_none(graded: Path, text: str) -> None:
    whole = results(graded)
    (graded / "results" / last_run.FILE).write_text(text)
    done = again(graded)
    assert done.classroom.students[0].cells  # it went the whole way
    assert results(graded) == whole


def test_a_last_run_that_somebody_has_changed_is_none(graded: Path) -> None:
    file = graded / "results" / last_run.FILE
    digest, text = file.read_text().splitlines()
    kept = json.loads(text)
    kept["outcomes"][1]["marks"] = "6"
    file.write_text(f"{digest}\n{json.dumps(kept)}\n")
    assert [student.marks for student in again(graded).classroom.students] == [6, 5, 0]


def test_a_failure_of_the_tool_is_tried_again(
    graded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (graded / "sub" / "s3.csv").write_text(RIGHT + "x")

    def failing(homework: object, answers: object) -> object:
        raise ZeroDivisionError

    with monkeypatch.context() as broken:
        broken.setattr(judging, "check", failing)
        assert again(graded).errors
    done = again(graded)
    assert not done.errors
    assert done.classroom.students[2].status == "graded"

"""A class from end to end: every student everywhere, the same bytes each time, nothing lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from shapecalc.cli import main
from shapecalc.errors import SpecErrors, refuse
from shapecalc.homework.classroom import Leftover, Student, judging
from shapecalc.homework.classroom.example import write_example
from shapecalc.homework.classroom.grade import grade
from shapecalc.homework.classroom.judging import PAYS, homework_of
from shapecalc.homework.classroom.store import from_json, to_json
from shapecalc.homework.diagnosis.check import check
from tests.homework.classroom.support import (
    HEAD,
    HOMEWORK,
    NO_BIAS,
    RIGHT,
    die,
    lay_out,
    request,
    rows,
    run,
    written,
)
from tests.paths import ROOT
from tests.runner import runner

if TYPE_CHECKING:
    from collections.abc import Callable

FILES: dict[str, str | bytes] = {"s1.csv": RIGHT, "s2.csv": NO_BIAS}


def test_a_class_is_graded(tmp_path: Path) -> None:
    lay_out(tmp_path / "c", FILES)
    done = run(tmp_path / "c")
    assert [student.status for student in done.classroom.students] == [
        "graded",
        "graded",
        "missing",
    ]
    assert [student.marks for student in done.classroom.students] == [6, 5, 0]
    files = written(tmp_path / "c" / "results")
    assert set(files) == {
        "grades.csv", "cells.csv", "leftovers.csv", "class.json", "state.jsonl", "report.html",
        "report.md", "feedback/s1.html", "feedback/s1.md", "feedback/s2.html", "feedback/s2.md",
        "feedback/s3.html", "feedback/s3.md",
    }  # fmt: skip
    marks = [(row["id"], row["marks"], row["percent"]) for row in rows(files["grades.csv"])]
    assert marks == [("s1", "6", "100"), ("s2", "5", "83.33"), ("s3", "", "")]
    wrong = [row for row in rows(files["cells.csv"]) if row["verdict"] == "misconception"]
    assert [(row["student"], row["layer"], row["value"]) for row in wrong] == [
        ("s2", "conv1", "150")
    ]
    assert wrong[0]["misconceptions"].split("; ")[0] == "P1"


def absent(results: dict[str, bytes], ids: list[str]) -> list[tuple[str, str]]:
    """List the outputs that lack a student, and the student."""
    listed = {
        "grades.csv": [row["id"] for row in rows(results["grades.csv"])],
        "cells.csv": [row["student"] for row in rows(results["cells.csv"])],
        "class.json": [
            student["student"]["id"] for student in json.loads(results["class.json"])["students"]
        ],
    }
    for suffix in ("html", "md"):
        listed[f"feedback {suffix}"] = [who for who in ids if f"feedback/{who}.{suffix}" in results]
    return [(name, who) for name, names in listed.items() for who in ids if who not in names]


def test_every_student_stands_in_every_output(tmp_path: Path) -> None:
    lay_out(tmp_path / "c", {"s1.csv": b"%PDF-1.7", "s2.csv": RIGHT, "x.csv": RIGHT})
    run(tmp_path / "c")
    results = written(tmp_path / "c" / "results")
    assert absent(results, ["s1", "s2", "s3"]) == []
    assert [row["status"] for row in rows(results["grades.csv"])] == [
        "unreadable", "graded", "missing",
    ]  # fmt: skip
    assert "PDF" in results["feedback/s1.md"].decode()
    # the test bites
    short = {**results, "grades.csv": results["grades.csv"].rsplit(b"\ns3", 1)[0]}
    del short["feedback/s3.md"]
    assert absent(short, ["s1", "s2", "s3"]) == [("grades.csv", "s3"), ("feedback md", "s3")]


def test_the_key_is_in_the_feedback_only_with_solution(tmp_path: Path) -> None:
    roster = "id,name\ns1,Ann Lee\n"
    lay_out(tmp_path / "c", {"s1.csv": HEAD + "conv1,28x28x6,7,117600\n"}, roster)
    for solution in (False, True):
        run(tmp_path / "c", solution=solution)
        pages = written(tmp_path / "c" / "results" / "feedback")
        assert [b"156" in page for page in pages.values()] == [solution, solution]


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    lay_out(tmp_path / "c", FILES)
    run(tmp_path / "c")
    first = written(tmp_path / "c" / "results")
    done = run(tmp_path / "c")
    assert done.kept == 2
    assert written(tmp_path / "c" / "results") == first
    run(tmp_path / "c", results=str(tmp_path / "other"))
    assert written(tmp_path / "other") == first


def large(folder: Path) -> None:
    """Lay out a class that is large enough for processes."""
    count = PAYS + 20
    roster = "id,name\n" + "".join(f"n{at},Student {at}\n" for at in range(count))
    texts = [f"{HEAD}conv1,28x28x6,{at % 7 * 6 + 150},{at}\n" for at in range(count)]
    lay_out(folder, {f"n{at}.csv": text for at, text in enumerate(texts)}, roster)


def test_processes_make_no_difference(tmp_path: Path) -> None:
    large(tmp_path / "c")
    results = []
    for jobs in (1, 2):
        place = tmp_path / f"by{jobs}"
        run(tmp_path / "c", results=str(place), jobs=jobs)
        results.append(written(place))
    assert results[0] == results[1]
    assert len(results[0]) > 2 * PAYS


def test_processes_that_die_cost_nobody_their_marks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    large(tmp_path / "c")
    run(tmp_path / "c", results=str(tmp_path / "whole"))
    monkeypatch.setattr(judging, "_judge_all", die)
    run(tmp_path / "c", jobs=2)
    assert written(tmp_path / "c" / "results") == written(tmp_path / "whole")


def stopping(after: int) -> Callable[[int], Callable[[], object]]:
    """Return a progress that interrupts as Ctrl-C does."""
    left = [after]

    def step() -> None:
        left[0] -= 1
        if not left[0]:
            raise KeyboardInterrupt

    return lambda _: step


@pytest.mark.parametrize(("jobs", "after"), [(1, 7), (2, 40)])
def test_an_interrupted_run_goes_on(tmp_path: Path, jobs: int, after: int) -> None:
    large(tmp_path / "c")
    run(tmp_path / "c", results=str(tmp_path / "whole"))
    wanted = request(tmp_path / "c", jobs=jobs)
    with pytest.raises(KeyboardInterrupt):
        grade(wanted, stopping(after))
    state = tmp_path / "c" / "results" / "state.jsonl"
    assert state.read_text().count("\n") == after
    with state.open("a") as file:
        file.write('{"key": "cut o')  # as a loss of power leaves it
    (state.parent / "feedback" / ".n9.html.a1b2c3_4").write_text("<html>half")
    done = grade(wanted)
    assert done.kept == after
    assert written(tmp_path / "c" / "results") == written(tmp_path / "whole")


def test_what_has_changed_is_graded_anew(tmp_path: Path) -> None:
    lay_out(tmp_path / "c", FILES)
    run(tmp_path / "c")
    assert run(tmp_path / "c").kept == 2
    (tmp_path / "c" / "sub" / "s2.csv").write_text(RIGHT)
    changed = run(tmp_path / "c")
    assert (changed.kept, changed.classroom.students[1].marks) == (1, 6)
    harder = run(tmp_path / "c", HOMEWORK + "points: {params: 3}\n")
    assert (harder.kept, harder.classroom.students[1].marks) == (0, 10)
    (tmp_path / "c" / "results" / "feedback" / "s1.md").write_text("was here")
    assert run(tmp_path / "c", HOMEWORK + "points: {params: 3}\n").kept == 1
    assert b"was here" not in written(tmp_path / "c" / "results")["feedback/s1.md"]


def test_a_page_of_somebody_who_has_left_the_class_goes(tmp_path: Path) -> None:
    lay_out(tmp_path / "c", FILES)
    run(tmp_path / "c")
    (tmp_path / "c" / "results" / "feedback" / "mine.txt").write_text("a note of the teacher")
    (tmp_path / "c" / "class.csv").write_text("id,name\ns1,Ann Lee\n")
    run(tmp_path / "c")
    names = {name for name in written(tmp_path / "c" / "results") if "feedback" in name}
    assert names == {"feedback/s1.html", "feedback/s1.md", "feedback/mine.txt"}


def test_a_failure_of_the_tool_itself_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_out(tmp_path / "c", FILES)

    def failing(homework: object, answers: object) -> object:
        if any(cell.raw == "150" for cell in answers.cells):  # type: ignore[attr-defined]
            raise ZeroDivisionError("as a bug\nwould")
        return check(homework, answers)  # type: ignore[arg-type]

    monkeypatch.setattr(judging, "check", failing)
    done = run(tmp_path / "c")
    assert [student.status for student in done.classroom.students] == [
        "graded",
        "unreadable",
        "missing",
    ]
    assert done.errors == ("s2: ZeroDivisionError: as a bug would",)
    assert "its own mistake" in done.classroom.students[1].notes[0]
    monkeypatch.setattr(judging, "check", check)
    assert run(tmp_path / "c").classroom.students[1].status == "graded"  # it was not kept


def test_a_failure_of_the_tool_is_said_loudly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_out(tmp_path / "c", FILES)
    monkeypatch.chdir(tmp_path / "c")
    monkeypatch.setattr(judging, "check", lambda *_: 1 // 0)
    words = ["homework", "grade", "sub", "--roster", "class.csv", "--against", "lenet5"]
    output = runner().invoke(main, words)
    assert output.exit_code == 0
    assert "shapecalc failed on 2 of the submissions" in output.stderr


def test_late_by_a_table_of_times_and_by_the_roster(tmp_path: Path) -> None:
    lay_out(tmp_path / "c", {**FILES, "s3.csv": RIGHT})
    roster = "id,extension\ns1,\ns2,\ns3,3 days\n"
    (tmp_path / "c" / "class.csv").write_text(roster)
    times = tmp_path / "times.csv"
    times.write_text("id,submitted\ns1,2026-11-20 23:59\ns2,2026-11-21 01:30\ns3,2026-11-23\n")
    due = HOMEWORK + "due: 2026-11-20T23:59\nlate: 10% per day\n"
    done = run(tmp_path / "c", due, times=str(times))
    students = done.classroom.students
    assert [(student.late, student.earned, student.marks) for student in students] == [
        (0, 6, 6),
        (2, 5, Fraction(9, 2)),
        (0, 6, 6),
    ]
    page = written(tmp_path / "c" / "results")["feedback/s2.md"].decode()
    assert "4.5 of 6 (5 earned, 0.5 taken off for lateness)" in page


def test_a_deadline_that_cannot_be_read_is_told_of_those_who_are_missing_too(
    tmp_path: Path,
) -> None:
    lay_out(tmp_path / "c", FILES, "id,extension\ns1,\ns2,\ns9,some days\n")
    with pytest.raises(SpecErrors) as caught:
        run(tmp_path / "c", HOMEWORK + "due: 2026-11-20\n")
    assert caught.value.problems[0].code == "E713"


def test_the_roster_among_the_submissions_is_no_submission(tmp_path: Path) -> None:
    lay_out(tmp_path / "c", FILES)
    roster = tmp_path / "c" / "sub" / "s3.csv"  # by its name it would be a student's
    (tmp_path / "c" / "class.csv").rename(roster)
    done = grade(request(tmp_path / "c")._replace(roster=str(roster)))
    assert done.classroom.leftovers == (Leftover("s3.csv", "the roster"),)
    assert done.classroom.students[2].status == "missing"


def test_late_by_canvas_own_mark(tmp_path: Path) -> None:
    lay_out(tmp_path / "c", {"leeann_LATE_7_8_a.csv": RIGHT})
    due = HOMEWORK + "due: 2026-11-20T23:59\nlate: 10% per day\n"
    student = run(tmp_path / "c", due).classroom.students[0]
    assert (student.late, student.marks) == (1, Fraction(54, 10))
    assert "Canvas" in student.notes[0]


def test_a_class_goes_to_json_and_back(tmp_path: Path) -> None:
    lay_out(tmp_path / "c", {**FILES, "leeann_LATE_7_8_a.csv": RIGHT, "nobody.csv": RIGHT})
    policy = "policy: {misconception: 1/3}\n"
    classroom = run(tmp_path / "c", HOMEWORK + policy).classroom
    assert classroom.students[1].marks == Fraction(16, 3)
    assert classroom.leftovers
    assert from_json(to_json(classroom)) == classroom


def test_values_that_are_equal_are_equal_texts(tmp_path: Path) -> None:
    lay_out(
        tmp_path / "c",
        {
            "s1.csv": HEAD + 'conv1,27x27x6,"9,999",1\n',
            "s2.csv": HEAD + 'conv1,"(1, 27, 27, 6)",9.999,1\n',
            "s3.csv": HEAD + "conv1,6@27x27,9999,1.0\n",
        },
    )
    students = run(tmp_path / "c").classroom.students
    values = [[mark.value for mark in student.cells[:2]] for student in students]
    assert values == [["27x27x6", "9,999"]] * 3
    assert {mark.right for student in students for mark in student.cells[:1]} == {"28x28x6"}


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("example") / "class"
    list(write_example(str(folder)))
    return folder


def test_the_example_shows_what_there_is(example: Path) -> None:
    words = ["homework", "grade", f"{example}/submissions", "--roster", f"{example}/class.csv"]
    words += ["--homework", f"{example}/homework.yaml", "-o", f"{example}/results"]
    output = runner().invoke(main, words)
    assert output.exit_code == 0, output.output
    grades = rows((example / "results" / "grades.csv").read_bytes())
    assert len(grades) == 12
    counts = {status: sum(row["status"] == status for row in grades)
              for status in ("graded", "missing", "unreadable")}  # fmt: skip
    assert counts == {"graded": 10, "missing": 1, "unreadable": 1}
    marks = {row["id"]: row["marks"] for row in grades}
    # 33 cells, MACs twice: 44.  One bias a layer left out in 8 params; the + 1 once, followed
    # through; 5 convolutions' MACs without their places, of 2 each; the depth in 5 params.
    expected = {"s101": "44", "s103": "36", "s104": "43", "s105": "34", "s106": "39", "s108": "44"}
    assert {name: marks[name] for name in expected} == expected
    assert marks["s107"] == "39.6"  # all right, and 10% off for being late
    leftovers = rows((example / "results" / "leftovers.csv").read_bytes())
    assert [leftover["file"] for leftover in leftovers] == ["notes.txt", "s110.csv"]


def test_the_example_overwrites_nothing(example: Path) -> None:
    output = runner().invoke(main, ["homework", "example", str(example)])
    assert output.exit_code == 2
    assert "E716" in output.stderr


@pytest.mark.parametrize("format_", ["text", "json", "csv", "markdown", "html"])
def test_the_summary_in_every_format(example: Path, format_: str) -> None:
    words = ["homework", "grade", f"{example}/submissions", "--roster", f"{example}/class.csv"]
    words += ["--homework", f"{example}/homework.yaml", "-o", f"{example}/results", "-f", format_]
    output = runner().invoke(main, words)
    assert output.exit_code == 0, output.output
    if format_ == "json":
        assert len(from_json(output.stdout).students) == 12
    elif format_ == "csv":
        assert output.stdout.encode() == (example / "results" / "grades.csv").read_bytes()
    else:
        assert "AlexNet by hand" in output.stdout


def test_a_system_without_names_in_all_scripts_says_so(tmp_path: Path) -> None:
    code = "from shapecalc.cli import program; program()"
    words = [sys.executable, "-X", "utf8=0", "-c", code, "homework", "example", "class"]
    env = {**os.environ, "LC_ALL": "en_US.ISO-8859-1", "PYTHONPATH": str(ROOT)}
    env |= {"PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path, env=env, check=False)
    if done.returncode:  # systems that have the locale, or always have UTF-8, write the names
        assert done.returncode == 2
        assert "error[E007]" in done.stderr
        assert "PYTHONUTF8=1" in done.stderr


def test_help_has_an_example() -> None:
    for command in ("grade", "example"):
        output = runner().invoke(main, ["homework", command, "--help"])
        assert output.exit_code == 0
        assert "Example" in output.output


def test_the_example_is_in_the_package() -> None:
    package = Path(judging.__file__).parent
    assert {path.suffix for path in (package / "shipped").iterdir()} > {".csv", ".yaml", ".json"}


def test_sheets_of_another_homework_are_told_at_once(tmp_path: Path) -> None:
    other = "shapecalc homework 0badcafe\n"
    lay_out(tmp_path / "c", {"s1.csv": RIGHT, "s2.csv": other + RIGHT, "s3.csv": other + NO_BIAS})
    remarks = " ".join(run(tmp_path / "c").remarks)
    assert "Sheets of another homework, by their stamps: s2, s3." in remarks


def test_the_example_goes_into_an_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = runner().invoke(main, ["homework", "example", str(tmp_path / "empty")])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "empty" / "homework.yaml").exists()


def test_a_given_cell_is_worth_nothing(tmp_path: Path) -> None:
    lay_out(tmp_path / "c", {"s1.csv": RIGHT})
    (first, *_) = run(tmp_path / "c", HOMEWORK + "given: {conv1: [output]}\n").classroom.students
    worth = {(cell.layer, cell.column): cell.out_of for cell in first.cells}
    assert worth["conv1", "output"] == 0
    assert worth["conv1", "params"] == 1
    assert first.out_of == sum(worth.values()) == 5


def test_a_file_that_is_refused_without_a_hint_is_told_without_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_out(tmp_path / "c", {"s1.csv": RIGHT})

    def refusing(homework: object, answers: object) -> object:
        raise refuse("E702", "the sheet is too large", None)

    monkeypatch.setattr(judging, "check", refusing)
    assert run(tmp_path / "c").classroom.students[0].notes == ("the sheet is too large",)


def test_a_state_that_names_pages_elsewhere_takes_none_away(tmp_path: Path) -> None:
    """Pages that nobody has any more go, but only those of the folder of pages."""
    lay_out(tmp_path / "c", {"s1.csv": RIGHT})
    run(tmp_path / "c")
    results = tmp_path / "c" / "results"
    (results / "mine.html").write_text("the teacher's own")
    (line, *_) = (results / "state.jsonl").read_text().splitlines()
    entry = json.loads(line)
    entry["key"], entry["graded"]["page"] = "elsewhere", "../mine"
    entry["pages"] = {"../mine.html": "", "../mine.md": ""}
    (results / "state.jsonl").write_text(f"{line}\n{json.dumps(entry)}\n")
    assert run(tmp_path / "c").kept == 1
    assert (results / "mine.html").read_text() == "the teacher's own"


def test_a_sheet_that_all_have_is_nobodys_own(tmp_path: Path) -> None:
    """Where homeworks do not vary, their stamp names no student, even in a class of one."""
    lay_out(tmp_path / "c", {}, "id,name\ns1,Ann Lee\n")
    stamp = homework_of(request(tmp_path / "c").source, Student("s1")).stamp
    (tmp_path / "c" / "sub" / "paper.csv").write_text(f"shapecalc homework {stamp}\n{RIGHT}")
    (student,) = run(tmp_path / "c").classroom.students
    assert student.status == "missing"

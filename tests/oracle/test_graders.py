"""The recipes of docs/notebooks.md, word for word, run by the graders that they are for.

The extra `notebooks` has these.  A class hands in notebooks made here; its marks are those that
`check` gives the same answers.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

import pytest

import shapecalc
from tests.paths import ROOT

pytestmark = pytest.mark.oracle

PAGE = (ROOT / "docs" / "notebooks.md").read_text("utf-8")
HOMEWORK = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[1]
TABLE, SOLUTION, NBGRADER, OTTER, GRADESCOPE = re.findall(r"```py\n(.*?)```", PAGE, re.DOTALL)
#: Who hands what in, and the marks of 6 that it earns; None where it cannot be read.
CLASS = {
    "right": (SOLUTION, 6),
    "blank": (TABLE, 0),
    "biases": (TABLE.replace("conv1,,", "conv1,55x55x96,34848").replace("pool1,,", "pool1,27x27x96,0"), 3),
    "followed": (TABLE.replace("conv1,,", "conv1,54x54x96,34944").replace("pool1,,", "pool1,26x26x96,-"), 3),
    "frame": ("import pandas\n\nanswers = pandas.DataFrame({'layer': ['conv1', 'conv2'], 'params': [34944, None]})", 1),
    "map": ("answers = {'conv1': {'output': (55, 55, 96), 'params': 34944.0}}", 2),
    "unreadable": ("answers = 'no table\\nat all'", None),
    "nothing": ("answer = 5", None),
}  # fmt: skip


def earned(answers: str) -> float:
    """Return the marks that `check` gives a student's cell."""
    names: dict[str, object] = {}
    exec(answers, names)
    return float(shapecalc.check(names["answers"], homework="homework.yaml").marks)


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """Return the teacher's folder, in which the program works."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "homework.yaml").write_text(HOMEWORK)
    return tmp_path


def run(*words: str) -> str:
    """Run a program of the interpreter's environment.  Raises for one that fails."""
    paths = [str(Path(sys.executable).parent), os.environ["PATH"]]
    environment = {**os.environ, "PATH": os.pathsep.join(paths), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(words, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize("who", [who for who in CLASS if who != "nothing"])
def test_the_class_earns_what_it_is_meant_to(here, who) -> None:
    pytest.importorskip("pandas")
    answers, marks = CLASS[who]
    if marks is None:
        with pytest.raises(shapecalc.SpecErrors, match="E701"):
            earned(answers)
    else:
        assert earned(answers) == marks


class Notebook:
    """A notebook for nbgrader, a cell of answers and one that grades."""

    def __init__(self, answers: str, points: float = 12, check: str = NBGRADER) -> None:
        nbformat = pytest.importorskip("nbformat")
        cell = nbformat.v4.new_code_cell
        common = {"schema_version": 3, "task": False}
        own = {"grade": False, "solution": True, "locked": False, "grade_id": "answers"}
        graded = {"grade": True, "solution": False, "locked": True, "grade_id": "check"}
        self.made = nbformat.v4.new_notebook(
            cells=[
                cell(answers, id="answers", metadata={"nbgrader": {**common, **own}}),
                cell(check, id="check", metadata={"nbgrader": {**common, **graded, "points": points}}),
            ],
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        )  # fmt: skip

    def write(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(pytest.importorskip("nbformat").writes(self.made))


def handed_in(released: Path, target: Path, answers: str) -> None:
    """Fill a released notebook in, as a student does."""
    nbformat = pytest.importorskip("nbformat")
    notebook = nbformat.read(released, 4)
    notebook.cells[0].source = answers
    target.parent.mkdir(parents=True)
    target.write_text(nbformat.writes(notebook))


def test_nbgrader_gives_the_marks_of_the_check(here) -> None:
    pytest.importorskip("nbgrader")
    gradebook = pytest.importorskip("nbgrader.api").Gradebook
    solved = f"{TABLE}### BEGIN SOLUTION\n{SOLUTION}### END SOLUTION"
    Notebook(solved).write(here / "source" / "ps1" / "sheet.ipynb")
    hidden = f"### BEGIN HIDDEN TESTS\n{NBGRADER}### END HIDDEN TESTS"
    Notebook(solved, check=hidden).write(here / "source" / "ps1" / "hidden.ipynb")
    shutil.copy("homework.yaml", "source/ps1/homework.yaml")
    (here / "nbgrader_config.py").write_text(
        "c = get_config()\nc.CourseDirectory.course_id = 'x'\n"
    )
    run("nbgrader", "generate_assignment", "ps1")
    released = here / "release" / "ps1"
    assert (released / "homework.yaml").read_text() == HOMEWORK
    assert "summarize" not in (released / "sheet.ipynb").read_text()
    assert "checked" not in (released / "hidden.ipynb").read_text()
    for who, (answers, _) in CLASS.items():
        for name in ("sheet", "hidden"):
            target = here / "submitted" / who / "ps1" / f"{name}.ipynb"
            target.parent.mkdir(parents=True, exist_ok=True)
            handed_in(released / f"{name}.ipynb", target.parent / "new" / target.name, answers)
            shutil.move(target.parent / "new" / target.name, target)
            (target.parent / "new").rmdir()
        (here / "submitted" / who / "ps1" / "homework.yaml").write_text("spec: lenet5\n")  # a cheat
    run("nbgrader", "autograde", "ps1")
    run("nbgrader", "generate_feedback", "ps1")
    with gradebook(f"sqlite:///{here}/gradebook.db") as book:
        for who, (_, marks) in CLASS.items():
            for name in ("sheet", "hidden"):
                (grade,) = book.find_submission_notebook(name, "ps1", who).grades
                assert (grade.auto_score, grade.max_score) == (2 * (marks or 0), 12), who
    page = (here / "feedback" / "biases" / "ps1" / "sheet.html").read_text()
    assert "The biases were forgotten" in page
    assert "34,944" not in page
    told = (here / "feedback" / "unreadable" / "ps1" / "sheet.html").read_text()
    assert "no row names the columns" in told
    assert "Traceback (most recent" not in told


def test_otter_gives_the_marks_of_the_check(here) -> None:
    pytest.importorskip("otter")
    nbformat = pytest.importorskip("nbformat")
    (here / "tests").mkdir()
    (here / "tests" / "q1.py").write_text(OTTER)
    run(
        "otter",
        "generate",
        "-t",
        "tests",
        "-o",
        "autograder.zip",
        "--no-requirements",
        "homework.yaml",
    )
    for who, (answers, marks) in CLASS.items():
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(answers, id="answers")]
        )
        path = here / who / "notebook.ipynb"
        path.parent.mkdir()
        path.write_text(nbformat.writes(notebook))
        run("otter", "run", "-a", "autograder.zip", "-o", str(path.parent), "--no-logo", str(path))
        results = json.loads((path.parent / "results.json").read_text())
        tests = [test for test in results["tests"] if test.get("max_score")]
        assert sum(test["max_score"] for test in tests) == 6, who
        assert sum(test["score"] for test in tests) == (marks or 0), who
        if who == "biases":
            assert any("11*11*3*96 + 96" in test["output"] for test in tests)
        if who == "unreadable":
            assert any("E701: no row names the columns" in test["output"] for test in tests)


def test_gradescope_utils_has_all_points_in_its_total(here) -> None:
    runner = pytest.importorskip(
        "gradescope_utils.autograder_utils.json_test_runner"
    ).JSONTestRunner
    (here / "source").mkdir()
    (here / "submission").mkdir()
    shutil.copy("homework.yaml", "source/homework.yaml")
    tables = {
        "layer,output,params\nconv1,55x55x96,34944\n": 2,
        "layer,output,params\nconv1,54x54x96,34944\npool1,26x26x96,0\n": 3,
        "layer,output,params\n": 0,
        "no table": 0,
        None: 0,
    }
    for table, marks in tables.items():
        path = here / "submission" / "answers.csv"
        path.unlink(missing_ok=True)
        if table is not None:
            path.write_text(table)
        names = {"__name__": "sheet"}
        exec(GRADESCOPE, names)
        suite = unittest.defaultTestLoader.loadTestsFromTestCase(names["Sheet"])
        stream = io.StringIO()
        runner(stream=stream, visibility="visible").run(suite)
        (test,) = json.loads(stream.getvalue())["tests"]
        assert (test["name"], test["score"], test["max_score"]) == ("AlexNet by hand", marks, 6)
        assert ("E701" in test["output"]) == (table == "no table")
        assert ("E001" in test["output"]) == (table is None)

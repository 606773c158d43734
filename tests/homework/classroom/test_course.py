"""The course that comes with the tool: its commands run, its solutions are right, its class is judged."""

from __future__ import annotations

import csv
import re
import shlex
from collections import Counter
from typing import TYPE_CHECKING

import pytest

import shapecalc
from shapecalc.cli import main
from shapecalc.homework.classroom.course import HOMEWORKS
from tests.runner import runner

if TYPE_CHECKING:
    from pathlib import Path

#: Who earns what, and what is found: the misconceptions that stand first, and other verdicts.  s11
#: hands in no table, and s12 nothing.
MEANT = {
    "1-volumes": {
        "s01": ("11", {}),
        "s02": ("11", {"S21": 5}),  # channels first
        "s03": ("10", {"S11": 1, "right_follow_through": 3}),  # rounded up
        "s04": ("10", {"S5": 1}),  # without the + 1
        "s05": ("10", {"S4": 1, "right_follow_through": 2}),  # without the padding
        "s06": ("6", {"S14": 3, "wrong": 1, "right_follow_through": 1}),  # the input's channels
        "s07": ("8", {"blank": 2}),
        "s08": ("9", {"wrong": 1}),  # digits
        "s09": ("11", {"right_other_notation": 6}),
        "s10": ("10", {"S3": 1, "right_follow_through": 4}),  # without the stride
    },
    "2-parameters": {
        "s01": ("24", {}),
        "s02": ("24", {"right_other_notation": 5}),  # rounded
        "s03": ("22.5", {"P1": 4, "right_follow_through": 1}),  # no biases
        "s04": ("22.5", {"P2": 3, "right_follow_through": 1}),  # no depth
        "s05": ("23.25", {"P24": 2, "right_follow_through": 1}),  # pools that learn
        "s06": ("24", {"F1": 4, "right_follow_through": 1}),  # operations
        "s07": ("16", {"blank": 4}),
        "s08": ("22", {"wrong": 1}),
        "s09": ("20.5", {"F5": 3, "wrong": 1}),  # at one place only
        "s10": ("24", {"right_other_notation": 3}),  # worked out
    },
    "3-budget": {
        "s01": ("14", {}),
        "s02": ("14", {"right_other_notation": 2}),
        "s03": ("9", {"wrong": 3, "right_follow_through": 4}),  # k = 16
        "s04": ("9", {"wrong": 3, "right_follow_through": 4}),  # k = 21
        "s05": ("12.5", {"P1": 3}),
        "s06": ("14", {"F1": 4}),
        "s07": ("8", {"blank": 6}),
        "s08": ("13", {"wrong": 1}),
        "s09": ("12.5", {"P2": 1, "blank": 1}),
        "s10": ("14", {}),
    },
    "4-published": {
        "s01": ("14", {}),
        "s02": ("14", {"right_other_notation": 3}),
        "s03": ("8", {"P1 P12": 1, "F1 F9": 1}),  # as printed
        "s04": ("11", {"P1": 1}),
        "s05": ("9", {"P1": 3}),
        "s06": ("14", {"F1": 3}),
        "s07": ("12", {"blank": 2}),
        "s08": ("13", {"wrong": 1}),
        "s09": ("13", {"wrong": 1}),
        "s10": ("11", {"P2": 1}),
    },
}


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Path:
    """Return a course of which every command of the README was run, in order."""
    folder = tmp_path_factory.mktemp("teacher") / "course"
    assert run("homework", "course", str(folder)).splitlines() == [
        f"{folder}/README.md: the commands of the course; begin here",
        f"{folder}/class.csv: a roster",
        *(f"{folder}/{name}: {what}" for name, what in HOMEWORKS.items()),
    ]
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for command in commands(folder):
            run(*command)
    for path, content in before.items():
        assert path.read_bytes() == content, path  # sheets made anew are those that were written
    return folder


def run(*words: str) -> str:
    done = runner().invoke(main, list(words))
    assert done.exit_code == 0, (words, done.output)
    return done.stdout


def commands(folder: Path) -> list[list[str]]:
    text = (folder / "README.md").read_text("utf-8")
    blocks = "".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL))
    lines = blocks.splitlines()
    assert all(line.startswith("shapecalc ") for line in lines)
    return [shlex.split(line)[1:] for line in lines]


def test_the_readme_has_every_command_for_every_homework(course) -> None:
    told = Counter(
        (words[1], name)
        for words in commands(course)
        for name in HOMEWORKS
        if words[0] == "homework" and any(word.startswith(f"{name}/") for word in words)
    )
    for name in HOMEWORKS:
        assert told["sheet", name] >= 4
        assert told["check", name] >= 1
        for command in ("lint", "grade", "variants"):
            assert told[command, name] == 1
    words = {words[0] for words in commands(course)}
    assert words == {"homework", "solve", "tables"}


@pytest.mark.parametrize("name", HOMEWORKS)
def test_the_official_solution_has_full_marks(course, name) -> None:
    folder = course / name
    checked = shapecalc.check(folder / "solution.csv", homework=folder / "homework.yaml")
    assert checked.marks == checked.out_of
    assert checked.count("right") == len([c for c in checked.cells if c.verdict != "not_graded"])
    assert checked.notes == ()
    empty = shapecalc.check(folder / "sheet.csv", homework=folder / "homework.yaml")
    assert empty.marks == 0
    assert {cell.verdict for cell in empty.cells} <= {"blank", "not_graded"}
    assert f"\n{checked.out_of} marks: " in (folder / "rubric.md").read_text("utf-8")


@pytest.mark.parametrize("name", HOMEWORKS)
def test_the_class_is_graded_as_it_is_meant_to_be(course, name) -> None:
    with (course / name / "results" / "grades.csv").open(encoding="utf-8-sig") as file:
        grades = {row["id"]: row for row in csv.DictReader(file)}
    with (course / name / "results" / "cells.csv").open(encoding="utf-8-sig") as file:
        cells = list(csv.DictReader(file))
    found: dict[str, Counter[str]] = {who: Counter() for who in grades}
    for cell in cells:
        if cell["verdict"] not in ("right", "not_graded"):
            found[cell["student"]][cell["misconceptions"].partition(";")[0] or cell["verdict"]] += 1
    meant = MEANT[name]
    assert {who: (grades[who]["marks"], dict(found[who])) for who in meant} == meant
    assert {who: row["status"] for who, row in grades.items()} == {
        **dict.fromkeys(meant, "graded"), "s11": "unreadable", "s12": "missing",
    }  # fmt: skip
    rubric = (course / name / "rubric.md").read_text("utf-8")
    for who in grades:
        assert (who in rubric) == (who != "s01" and (name, who) != ("3-budget", "s10"))


@pytest.mark.parametrize("name", HOMEWORKS)
def test_every_student_has_a_variant_whose_solution_has_full_marks(course, name) -> None:
    folder = course / name
    listed = folder / "variants" / "variants.csv"
    with listed.open(encoding="utf-8-sig") as file:
        students = [row["student"] for row in csv.DictReader(file)]
    assert students == [f"s{number:02}" for number in range(1, 13)]
    homework = folder / "variants.yaml"
    sheets = [(folder / "variants" / f"{who}.csv").read_text("utf-8") for who in students]
    assert len({sheet.split("\n", 1)[1] for sheet in sheets}) > 2
    for who in students[:3]:
        path = folder / f"{who}.csv"
        words = ("--variants", str(listed), "--variant", who, "--solution", "-o", str(path))
        run("homework", "sheet", str(homework), *words)
        checked = shapecalc.check(path, homework=homework, variants=listed)
        assert checked.marks == checked.out_of > 0


def test_the_design_is_not_given_away(course) -> None:
    for path in [course / "3-budget" / "sheet.csv", course / "3-budget" / "sheet.html", *(course / "3-budget" / "variants").glob("s*.csv")]:  # fmt: skip
        text = path.read_text("utf-8").replace("×", "x")
        assert "conv k 5x5" in text
        assert "k filters" in text
        assert not re.search(r"conv (1[7-9]|2\d) 5x5", text)
        assert "10x10" not in text
    net = course / "3-budget" / "net.yaml"  # sheets send students to it
    assert "20" not in net.read_text("utf-8")
    for words in ([], ["--over", "k=1:64"]):
        assert "k = 20" in run("solve", str(net), "params = 36942", *words).splitlines()


def test_what_the_paper_prints_is_what_the_table_of_the_tool_has(course) -> None:
    (table,) = shapecalc.published_tables("googlenet")
    page = (course / "4-published" / "published.md").read_text("utf-8")
    rows = re.findall(r"^\|.*\| (\S+) \| (\S+) \|$", page, re.MULTILINE)
    printed = [
        tuple(table.cell(row, column).printed for column in ("params", "ops"))
        for row in ("conv1", "conv2", "inception_3a")
    ]
    assert [row for row in rows if row[0][0].isdigit()] == printed


def test_nothing_is_written_over(tmp_path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    done = runner().invoke(main, ["homework", "course", str(tmp_path)])
    assert done.exit_code == 2
    assert "error[E716]: there is something in" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    file = tmp_path / "mine.txt"
    assert runner().invoke(main, ["homework", "course", str(file)]).exit_code == 2
    assert file.read_text() == "mine"

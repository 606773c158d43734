"""The pages of a class in a real browser: wide and narrow, light and dark, and on paper."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest
from example_class import alexnet, classroom, handed
from pagereader import Reader
from test_class_report import agreeing

from shapecalc.homework.classroom.class_report import class_report
from shapecalc.homework.classroom.feedback import feedback
from tests.output.browser import IN_A_BROWSER, browse, heads, lost, measured, problems

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = IN_A_BROWSER


@cache
def pages() -> dict[str, str]:
    """Return pages of every kind: a long report, doubts and pairs, feedback with and without."""
    people = handed(24)
    worst = min(
        (person for person in people if person.checked), key=lambda person: person.graded.marks
    )
    missing = next(person for person in people if person.checked is None)
    hostile = people[1]
    return {
        "report": class_report(classroom(40)).html,
        "doubts": class_report(agreeing()).html,
        "feedback": feedback(alexnet(), worst.graded, worst.checked).html,
        "solution": feedback(alexnet(), worst.graded, worst.checked, solution=True).html,
        "arabic": feedback(alexnet(), people[2].graded, people[2].checked).html,
        "hostile": feedback(alexnet(), hostile.graded, hostile.checked).html,
        "missing": feedback(alexnet(), missing.graded).html,
    }


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_are_legible_and_ask_for_nothing(tmp_path: Path, scheme: str) -> None:
    measures = measured(tmp_path, scheme, pages())
    assert problems(measures, scheme) == []
    for name, value in measures.items():
        # everything that is in the page is seen without a script
        seen = "".join(value["text"].split())
        page = Reader(pages()[name.split()[0]])
        for table in page.tables:
            for row in table.rows:
                for cell in row:
                    assert "".join(cell.split()) in seen, (name, cell)


@pytest.mark.parametrize("name", ["report", "doubts", "feedback", "solution"])
def test_no_column_is_lost_on_paper(tmp_path: Path, name: str) -> None:
    page = pages()[name]
    assert heads(page)
    assert lost(tmp_path, page, "dark") == []


def test_measuring_bites(tmp_path: Path) -> None:
    page = pages()["feedback"]
    wrong = {
        "overflow": page.replace("<h2>", '<h2 style="width: 2000px">', 1),
        "faint": page.replace("--bad: #b3261e", "--bad: #e0b0b0").replace(
            "--good: #17702f", "--good: #bde0c5"
        ),
        "paper": page.replace("--paper: #fff", "--paper: #eee"),
        "hidden": page.replace("<h2>", "<h2 hidden>", 1),
        "request": page.replace("<h1", '<img src="http://127.0.0.1:9/nothing.png"><h1'),
    }
    complaints = " ".join(problems(measured(tmp_path, "light", wrong), "light"))
    for name, complaint in (
        ("overflow", "overflows"),
        ("faint", "is faint"),
        ("paper", "is on rgb(238, 238, 238)"),
        ("hidden", "hides 1 texts"),
        ("request", "asks for ['http://127.0.0.1:9/nothing.png']"),
    ):
        assert f"{name} 360 {complaint}" in complaints
    assert "overflow 1280 overflows" in complaints


def test_links_lead_to_pages_that_are_there(tmp_path: Path) -> None:
    graded_class = classroom(24)
    (tmp_path / "feedback").mkdir()
    report = tmp_path / "report.html"
    report.write_text(class_report(graded_class).html, encoding="utf-8")
    checked = {person.graded.student.id: person.checked for person in handed(24)}
    for student in graded_class.students:
        made = feedback(alexnet(), student, checked.get(student.student.id))
        (tmp_path / "feedback" / f"{student.page}.html").write_text(made.html, encoding="utf-8")
    shown = browse(report)
    links = [link for link in Reader(shown).links if not link.startswith("#")]
    assert len(links) == len(graded_class.students)
    for link in links:
        assert "<h1" in (tmp_path / link).read_text(encoding="utf-8")

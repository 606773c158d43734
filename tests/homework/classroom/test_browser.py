"""The pages in a real browser: wide and narrow, light and dark, with scripts turned off.

A harness puts every page into frames that run no scripts and measures it from outside.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from example_class import alexnet, classroom, handed
from pagereader import Reader
from test_class_report import agreeing

from shapecalc.homework.classroom.class_report import class_report
from shapecalc.homework.classroom.feedback import feedback

HERE = Path(__file__).parent
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))),
    None,
)
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]
#: A page's own colour, in the light and in the dark, as `render.as_html` has it.
PAPER = {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 23, 28)"}


def browse(page: Path, scheme: str = "light") -> str:
    assert CHROMIUM is not None
    done = subprocess.run(
        [
            CHROMIUM,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--hide-scrollbars",
            f"--user-data-dir={page.parent / 'profile'}",
            f"--blink-settings=preferredColorScheme={0 if scheme == 'dark' else 1}",
            "--virtual-time-budget=20000",
            "--dump-dom",
            page.as_uri(),
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return done.stdout


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


def measured(folder: Path, scheme: str, made: dict[str, str]) -> dict[str, Any]:
    harness = (HERE / "harness.html").read_text(encoding="utf-8")
    data = json.dumps(made).replace("<", "\\u003c")
    page = folder / "harness.html"
    page.write_text(harness.replace("/*PAGES*/ {}", data), encoding="utf-8")
    shown = browse(page, scheme)
    assert "MEASURED" in shown, shown[-500:]
    measures: dict[str, Any] = json.loads(
        unescape(shown.rpartition("MEASURED")[2].partition("END</body>")[0])
    )
    return measures


def problems(measures: dict[str, Any], scheme: str) -> list[str]:
    """Say what is wrong with measured pages."""
    complaints = []
    for name, value in measures.items():
        if value["scrolls"] > value["width"] or value["outside"]:
            complaints.append(f"{name} overflows: {value['scrolls']} {value['outside'][:3]}")
        if value["width"] != int(name.split()[-1]):
            complaints.append(f"{name} was measured at {value['width']}")
        if value["faintest"][0] < 4.5:  # WCAG 2 AA, for text of any size
            complaints.append(f"{name} is faint: {value['faintest']}")
        if value["paper"] != PAPER[scheme]:
            complaints.append(f"{name} is on {value['paper']}")
        if value["requests"]:
            complaints.append(f"{name} asks for {value['requests']}")
        if value["hidden"]:
            complaints.append(f"{name} hides {value['hidden']} texts")
    return complaints


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_are_legible_and_ask_for_nothing(tmp_path: Path, scheme: str) -> None:
    measures = measured(tmp_path, scheme, pages())
    assert len(measures) == 2 * len(pages())
    assert problems(measures, scheme) == []
    for name, value in measures.items():
        # everything that is in the page is seen without a script
        seen = "".join(value["text"].split())
        page = Reader(pages()[name.split()[0]])
        for table in page.tables:
            for row in table.rows:
                for cell in row:
                    assert "".join(cell.split()) in seen, (name, cell)


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
    text = " ".join(problems(measured(tmp_path, "light", wrong), "light"))
    for name, complaint in (
        ("overflow", "overflows"),
        ("faint", "is faint"),
        ("paper", "is on rgb(238, 238, 238)"),
        ("hidden", "hides 1 texts"),
        ("request", "asks for ['http://127.0.0.1:9/nothing.png']"),
    ):
        assert f"{name} 360 {complaint}" in text
    assert "overflow 1280 overflows" in text


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

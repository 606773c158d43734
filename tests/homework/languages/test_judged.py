"""Checks and feedback in other languages: every verdict and every misconception is said in one."""

from __future__ import annotations

import json
import subprocess
import sys
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest

import shapecalc
from shapecalc.cli import main
from shapecalc.homework.answers.files import read_answers
from shapecalc.homework.assignment.conventions import Policy
from shapecalc.homework.assignment.model import TOTAL, Accepted, assign
from shapecalc.homework.classroom import Graded, Student
from shapecalc.homework.classroom.feedback import feedback
from shapecalc.homework.classroom.judging import marks_of
from shapecalc.homework.diagnosis import VERDICTS, Checked
from shapecalc.homework.diagnosis.check import check
from shapecalc.homework.diagnosis.misconceptions import CATALOGUE
from tests.homework.languages.pseudo import speak, untranslated
from tests.runner import runner

if TYPE_CHECKING:
    from pathlib import Path

    from shapecalc.homework.assignment.model import Homework

USUAL = Policy()
#: One of every verdict and of most notes: no bias, the + 1 forgotten, values that follow, near and
#: far, a slip, rounded, unreadable, blank, not asked, accepted.
ANSWERS = """\
layer,output,params,macs
conv1,55x55x96,34848,105M
pool1,96x26x26,0,-
conv2,26x26x256,614400,five
pool2,12x12x256,,0
conv3,12x12x384,884736,123456
conv4,13x13x384,1327104,191102976
conv5,12x12x256,885K,127401984
pool3,1x1x256,0,0
fc6,4096,1052672,26214400
fc7,4096,16777216,
fc8,1000,4096000,4096001
softmax,1000,0,0
total,,62.4M,
"""


def alexnet(language: str, policy: Policy = USUAL) -> Homework:
    made = assign(
        shapecalc.summarize("alexnet"),
        layers=(
            "conv1",
            "pool1",
            "conv2",
            "pool2",
            "conv3",
            "conv4",
            "conv5",
            "pool3",
            "fc6",
            "fc7",
            "fc8",
            TOTAL,
        ),
        filled_in=[("fc7", "output")],
        accepted={("fc8", "macs"): (Accepted(4096001),)},
        policy=policy,
    )
    return made.in_language(language)


def judged(asked: Homework, text: str) -> Checked:
    return check(asked, read_answers(text.encode(), "answers.csv"))


def pages_of(asked: Homework, checked: Checked, *, hint: int = 3) -> list[str]:
    graded = Graded(
        Student("s1", "S"),
        "graded",
        "s1.csv",
        5,
        checked.marks,
        checked.marks / 2,
        checked.out_of,
        marks_of(checked),
    )
    return [*feedback(asked, graded, checked, hint=hint, solution=True)]


def texts_of(asked: Homework, checked: Checked, hints: tuple[int, ...] = (1, 2, 3)) -> list[str]:
    """Return all that a student reads of answers that were judged."""
    forms = ("text", "markdown", "html", "latex") if len(hints) > 1 else ("text",)
    texts = [checked.render(form, hint=hint, solution=True) for hint in hints for form in forms]
    texts += [page for hint in hints for page in pages_of(asked, checked, hint=hint)]
    document = json.loads(checked.render("json", hint=3, solution=True))
    texts += [cell["note"] for cell in document["cells"]]
    texts += [
        entry[key]
        for cell in document["cells"]
        for entry in cell["misconceptions"]
        for key in ("name", "message", "working", "rule")
    ]
    texts += [finding[key] for finding in document["findings"] for key in ("text", "why")]
    return [*texts, *document["conventions"].values(), *document["policy"].values()]


def notation(checked: Checked) -> set[str]:
    """Return what is no sentence of ours: names."""
    return {checked.source, checked.homework.stamp, checked.homework.title}


def english_of(asked: Homework, text: str, hints: tuple[int, ...] = (1, 2, 3)) -> list[str]:
    checked = judged(asked, text)
    own = notation(checked)
    return [left for said in texts_of(asked, checked, hints) for left in untranslated(said, own)]


def test_every_verdict_is_there() -> None:
    assert {cell.verdict for cell in judged(alexnet("en"), ANSWERS).cells} == VERDICTS.keys()


@pytest.mark.parametrize("deduct", ["each", "once"])
def test_no_sentence_about_any_verdict_stays_english(
    deduct: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    speak(monkeypatch)
    policy = Policy(follow_through=Fraction(1, 2), misconception=Fraction(1, 4), deduct=deduct)  # type: ignore[arg-type]
    assert english_of(alexnet("de", policy), ANSWERS) == []


@pytest.mark.parametrize("name", CATALOGUE)
def test_no_sentence_about_a_misconception_stays_english(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    speak(monkeypatch)
    example = CATALOGUE[name].examples[0]
    spec = example.spec
    report = (
        shapecalc.summarize("alexnet", input="224x224x3")
        if "extends" in spec
        else shapecalc.summarize(shapecalc.loads(spec) if "\n" in spec else spec)
    )
    asked = assign(report, layers=[example.layer], columns=[example.column]).in_language("de")
    text = f"layer;{example.column}\n{example.layer};{example.wrong}\n"
    assert english_of(asked, text, (3,)) == []
    if CATALOGUE[name].rule is not None:
        explained = judged(asked, text).cells[0].diagnoses
        assert name in {known for diagnosis in explained for known in diagnosis.ids}


def test_the_test_finds_what_stays_english() -> None:
    assert len(english_of(alexnet("en"), ANSWERS)) > 100


@pytest.mark.parametrize("language", ["de", "es"])
def test_judgements_are_the_same_in_every_language(language: str) -> None:
    english, other = (judged(alexnet(code), ANSWERS) for code in ("en", language))
    assert [(cell.verdict, cell.marks, cell.read_as, cell.follows) for cell in english.cells] == [
        (cell.verdict, cell.marks, cell.read_as, cell.follows) for cell in other.cells
    ]


@pytest.mark.parametrize("language", ["de", "es"])
@pytest.mark.parametrize("status", ["missing", "unreadable"])
def test_who_is_not_graded_is_told_in_the_language(language: str, status: str) -> None:
    asked = alexnet(language)
    page = feedback(asked, Graded(Student("s1"), status)).markdown  # type: ignore[arg-type]
    english = feedback(alexnet("en"), Graded(Student("s1"), status)).markdown  # type: ignore[arg-type]
    assert page.splitlines()[0] == english.splitlines()[0]
    assert not {line for line in page.splitlines()[1:] if line} & {*english.splitlines()[1:]} - {
        "- id: s1"
    }


def test_a_stamp_of_another_homework_is_told_on_top_in_the_language() -> None:
    asked = alexnet("de")
    text = f"shapecalc homework 00000000\n{ANSWERS}"
    checked = judged(asked, text)
    assert checked.another == (
        f"das Blatt trägt den Stempel 00000000, diese Hausaufgabe aber {asked.stamp}",
    )
    assert checked.render("text").splitlines()[1].startswith("Das Blatt trägt den Stempel")


def test_the_summary_counts_what_is_blank() -> None:
    said = judged(alexnet("en"), ANSWERS).render("text").splitlines()[1]
    assert "11 wrong, 1 not readable, 3 blank;" in said


def test_the_command_judges_in_a_language(tmp_path: Path) -> None:
    answers = tmp_path / "a.csv"
    answers.write_text("layer,params\nconv1,34848\n")
    words = ["homework", "check", str(answers), "--against", "alexnet", "--hint", "3"]
    german = runner().invoke(main, [*words, "--language", "de"]).stdout.replace("\n", " ")
    assert "0 von 1 Zellen sind richtig; 1 falsch." in german
    assert "Die Biases wurden vergessen, bei Parameter von conv1." in german
    assert "conv1, Parameter: angegeben wurde 34\u202f848 = 11*11*3*96; die Regel lautet" in german
    spanish = runner().invoke(main, [*words, "--language", "es"]).stdout
    assert "Se olvidaron los sesgos, en parámetros de conv1." in spanish


def test_a_class_is_graded_in_the_language_of_its_homework(tmp_path: Path) -> None:
    (tmp_path / "homework.yaml").write_text("spec: lenet5\nlanguage: de\ncolumns: [params]\n")
    (tmp_path / "class.csv").write_text("id,name\ns1,A\ns2,B\ns3,C\ns4,D\n")
    folder = tmp_path / "submissions"
    folder.mkdir()
    (folder / "s1.csv").write_text("layer,params\nconv1,156\nconv2,2400\n")
    (folder / "s2.csv").write_text("layer,params\nnonsense,156\n")
    (folder / "s4.csv").write_text("layer,params\nconv1,156\n")
    (folder / "s4-new.csv").write_text("layer,params\nconv1,150\n")
    words = [str(folder), "--roster", str(tmp_path / "class.csv"), "-o", str(tmp_path / "results")]
    words += ["--homework", str(tmp_path / "homework.yaml")]
    done = runner().invoke(main, ["homework", "grade", *words])
    assert done.exit_code == 0, done.output
    pages = {path.stem: path.read_text() for path in (tmp_path / "results").glob("feedback/*.md")}
    joined = "\n".join(pages.values())
    for said in (
        "Die Biases wurden vergessen",
        "keine Antwort gehört zu dem, was gefragt war",
        "Es wurde nichts abgegeben",
        "und nichts sagt, was davon zählt",
    ):
        assert said.casefold() in joined.casefold()
    again = runner().invoke(main, ["homework", "grade", *words, "--language", "es"])
    assert again.exit_code == 0, again.output
    joined = "\n".join(path.read_text() for path in (tmp_path / "results").glob("feedback/*.md"))
    assert "Se olvidaron los sesgos" in joined


def test_english_judges_without_a_catalogue() -> None:
    code = (
        "from tests.homework.languages.test_judged import *\n"
        "from shapecalc.homework import languages\n"
        "asked = alexnet('en')\npages_of(asked, judged(asked, ANSWERS))\n"
        "assert languages._catalogue.cache_info().misses == 0\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

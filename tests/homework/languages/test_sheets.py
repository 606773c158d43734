"""Sheets in other languages: all of them said in one, and read back as the English one is."""

from __future__ import annotations

import subprocess
import sys
from itertools import product
from typing import TYPE_CHECKING

import pytest

from shapecalc.cli import main
from shapecalc.errors import SpecErrors
from shapecalc.homework.answers import DOES
from shapecalc.homework.answers.files import read_answers
from shapecalc.homework.assignment.model import stamp_text
from shapecalc.homework.assignment.teacher import read_homework
from shapecalc.homework.diagnosis.check import check
from shapecalc.homework.sheets.sheet import FORMATS, handout
from shapecalc.text import Source
from shapecalc.text.safe import one_line
from tests.homework.languages.pseudo import speak, untranslated
from tests.runner import runner

if TYPE_CHECKING:
    from pathlib import Path

    from shapecalc.homework.assignment.model import Homework

#: Every column, mark and deadline that a sheet speaks of.
FULL = """
title: T
spec: {spec}
columns: [output, units, weights, biases, params, trainable, frozen, macs, flops, memory, connections, rf]
depth: all
points: {{macs: 5/2}}
conventions: {conventions}
policy: {{follow_through: 1/2, cap: 1/2, deduct: once, misconception: 1/4}}
due: 2026-11-20T23:59 +01:00
late: {{deduct: 10% per day, grace: 15 min, until: 5 days, most: 50%}}
"""
#: Networks that together have most of the layers, and the ways to count.
SPECS = (
    "alexnet",
    "googlenet",
    "lenet5",
    "unet",
    "mobilenet-v2",
    "gpt2-small",
    "swin-t",
    "lstm-mnist",
)
WAYS = ("{}", "{operations: full, rounding: exact, bias: left_out, layout: chw}", "{digits: 3}")
#: The formats that a student fills in.
READ = ("csv", "markdown", "yaml", "xlsx")


def homework(spec: str, conventions: str = "{}", language: str = "de", more: str = "") -> Homework:
    text = FULL.format(spec=spec, conventions=conventions) + f"language: {language}\n{more}"
    if spec in ("gpt2-small", "swin-t", "lstm-mnist"):  # whose fields are no numbers
        text = text.replace(", rf]", "]")
    return read_homework(Source("homework.yaml", text))


def notation(asked: Homework) -> set[str]:
    """Return what stays as it is: names, the stamp, layers as specs write them, keys of CSV."""
    own = {stamp_text(asked), DOES}
    for row in asked.rows.values():
        own |= {row.does, row.type, one_line(row.name), row.shared or ""}
        own |= {row.layer.configuration(*row.inputs)} if row.layer is not None else set()
    return own


@pytest.mark.parametrize(("spec", "conventions"), list(product(SPECS, WAYS)))
def test_no_sentence_of_a_sheet_stays_english(
    spec: str, conventions: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    speak(monkeypatch)
    asked = homework(spec, conventions)
    own = notation(asked)
    for form in ("text", "markdown", "html", "csv", "yaml", "latex"):
        text = handout(asked, form, who="S", width=10**4)
        assert isinstance(text, str)
        assert untranslated(text, own) == [], form
    solved = handout(asked, "csv", solution=True)
    assert isinstance(solved, str)
    assert untranslated(solved, own) == []


def test_the_test_finds_what_stays_english(monkeypatch: pytest.MonkeyPatch) -> None:
    english = handout(homework("alexnet", language="en"), "text")
    assert isinstance(english, str)
    assert len(untranslated(english)) > 10
    speak(monkeypatch)
    german = handout(homework("alexnet"), "text")
    assert isinstance(german, str)
    assert "some words of English" in untranslated(f"{german} some words of English")[-1]


@pytest.mark.parametrize("language", ["de", "es"])
@pytest.mark.parametrize("form", READ)
@pytest.mark.parametrize("spec", ["alexnet", "googlenet", "lenet5"])
def test_a_filled_in_sheet_is_read_back_at_full_marks(spec: str, form: str, language: str) -> None:
    asked = homework(spec, language=language)
    filled = handout(asked, form, solution=True)
    data = filled if isinstance(filled, bytes) else filled.encode()
    checked = check(asked, read_answers(data, f"a{FORMATS[form][0]}"))
    assert checked.marks == checked.out_of > 0
    assert checked.extras == ()
    assert not checked.notes or form == "xlsx"  # which says that it has a second page


@pytest.mark.parametrize("language", ["de", "es"])
def test_the_stamp_is_of_the_questions_and_not_of_their_language(language: str) -> None:
    assert homework("lenet5", language=language).stamp == homework("lenet5", language="en").stamp


def test_a_page_says_which_language_it_is_in() -> None:
    pages = {
        code: handout(homework("lenet5", language=code), "html") for code in ("en", "de", "es")
    }
    for code, page in pages.items():
        assert isinstance(page, str)
        assert f'<html lang="{code}">' in page


def test_the_option_goes_before_the_file(tmp_path: Path) -> None:
    file = tmp_path / "homework.yaml"
    file.write_text("spec: lenet5\nlanguage: de\n")
    sheets = [
        runner().invoke(main, ["homework", "sheet", str(file), *option]).stdout
        for option in ([], ["--language", "es"], ["--language", "en"])
    ]
    against = runner().invoke(
        main, ["homework", "sheet", "--against", "lenet5", "--language", "de"]
    )
    assert [text.split("\n")[1].split()[0] for text in sheets] == ["Die", "La", "The"]
    assert against.stdout.split("\n")[1] == "Die Eingabe ist 32x32x1."


def test_an_unknown_language_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(SpecErrors) as refused:
        homework("lenet5", language="fr")
    assert refused.value.problems[0].hint == "one of en, de, es"


def test_english_reads_no_catalogue() -> None:
    code = (
        "import sys\nfrom shapecalc.homework.sheets.sheet import handout\n"
        "from shapecalc.homework.assignment.teacher import read_homework\n"
        "from shapecalc.text import Source\n"
        "handout(read_homework(Source('h', 'spec: lenet5')), 'text')\n"
        "assert not {'gettext', 'shapecalc.homework.languages.catalogue'} & sys.modules.keys()\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

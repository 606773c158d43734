"""Exports to platforms in other languages: what students read of questions and of checks."""

from __future__ import annotations

from html import unescape
from typing import TYPE_CHECKING

import pytest

from shapecalc.cli import main
from shapecalc.homework.classroom import Graded, Student
from shapecalc.homework.exports import EXPORTS
from shapecalc.homework.exports.tables import sentence_of
from shapecalc.homework.languages import speaking
from tests.homework.languages.pseudo import speak, untranslated
from tests.homework.languages.test_judged import ANSWERS
from tests.runner import runner

if TYPE_CHECKING:
    from pathlib import Path

#: What the formats have of words for the platforms.
_WORDS = {"moodle_auto_format", "x-python"}
TEXTS = [
    name
    for name, row in EXPORTS.items()
    if row.material in ("homework", "answers") and not row.binary
]


def exported(name: str, folder: Path, answers: str, *more: str) -> str:
    file = folder / "homework.yaml"
    file.write_text(
        "title: T\nspec: alexnet\nlanguage: de\ngiven: {conv1: [output]}\n"
        "columns: [output, params, macs, memory, units]\n"
        "accept: {conv1: {params: [1, 2]}}\n"
    )
    (folder / "a.csv").write_text(answers)
    words = ["homework", "export", name, "--homework", str(file), *more]
    words += [str(folder / "a.csv")] if EXPORTS[name].material == "answers" else []
    done = runner().invoke(main, words)
    assert done.exit_code == 0, done.output
    return unescape(unescape(done.stdout)).replace("\\n", "\n")


@pytest.mark.parametrize("answers", [ANSWERS, "layer,params\nnonsense,1\n"])
@pytest.mark.parametrize("name", TEXTS)
def test_no_sentence_of_an_export_stays_english(
    name: str, answers: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    speak(monkeypatch)
    assert untranslated(exported(name, tmp_path, answers), _WORDS) == []


@pytest.mark.parametrize("name", TEXTS)
def test_the_option_goes_before_the_file(name: str, tmp_path: Path) -> None:
    english = exported(name, tmp_path, ANSWERS, "--language", "en")
    assert len(untranslated(english, _WORDS)) > 3


@pytest.mark.parametrize("late", [0, 1, 5])
def test_a_sentence_on_marks_is_said_in_the_language(
    late: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    speak(monkeypatch)
    with speaking("de"):
        for status in ("graded", "missing", "unreadable"):
            said = sentence_of(Graded(Student("s1"), status, late=late))  # type: ignore[arg-type]
            assert untranslated(said) == []

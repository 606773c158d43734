"""Notes on how answers were read, and refusals of files, in other languages."""

from __future__ import annotations

from fractions import Fraction
from io import BytesIO
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

import pytest
from openpyxl import Workbook
from openpyxl.styles import Font

from shapecalc.cli import main
from shapecalc.errors import SpecErrors
from shapecalc.homework.answers.claims import against
from shapecalc.homework.answers.files import load_submission, read_answers
from shapecalc.homework.assignment.notation import Blank, Unreadable
from shapecalc.homework.assignment.notation.numerals import read_number
from shapecalc.homework.assignment.notation.volumes import forms, read_side, read_volume
from shapecalc.homework.assignment.quantities import QUANTITIES
from shapecalc.homework.diagnosis.check import check
from shapecalc.homework.languages import LANGUAGES, question_said, say, speaking
from shapecalc.layers.shape import Map, Vector
from tests.homework.languages.pseudo import speak, untranslated
from tests.homework.languages.test_judged import alexnet
from tests.runner import runner

if TYPE_CHECKING:
    from pathlib import Path

#: Numbers as students write them, of which something had to be understood, or could not be.
NUMBERS = (
    *("34944 (biases: 96)", "34,944 [34944]", "34944 (11*11*3*96+96)", "34944 (12)", "34944 (+96)"),
    *("11*11*3*96+96 = 34,944", "11*11*3*96 = 34944", "x = y", "34944 = ?", "12 = big"),
    *("35K", "1e30", "9" * 19, "12_34_5", "1.2.3", "1,05E+08", "1.23457E+11", "five", "1/", "a*b"),
    *("3^400", "2*3+4", "~~34~~", "~~34~~ 35", "1" * 300, "5e3x", "()", "10 0 1", "-"),
    "0x" + "F" * 20,
)
VOLUMES = (
    *("1x55x55x96", "(None, 55, 55, 96)", "96@55x55", "6-6-256", "55x", "55x55x96 = 290400", "= ="),
    *("2026-06-06", "128x55x55x96", "55x55x96x1", "1x1x4096", "~~1~~", "~~1~~ 5x5x2", "x" * 300),
)
#: Columns of no counts, whose titles nobody writes behind a number.
NO_COUNTS = ("output", "memory", "rf")


def notes_in(read: object) -> list[str]:
    if isinstance(read, Unreadable):
        return [read.reason]
    return [] if isinstance(read, Blank) else [reading.note for reading in read]  # type: ignore[attr-defined]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_of_the_sheet_may_stand_behind_a_number(language: str) -> None:
    with speaking(language):
        titles = [say(QUANTITIES[key].title) for key in QUANTITIES if key not in NO_COUNTS]
        units = say("units")
    unread = [title for title in titles if isinstance(read_number(f"4096 {title}"), Unreadable)]
    assert unread == []
    volumes = read_volume(f"4096 {units}")
    assert not isinstance(volumes, Unreadable | Blank)
    assert volumes[0].dims == (Fraction(4096),)


def all_notes() -> list[str]:
    """Return all that is noted of the numbers and volumes above."""
    notes = []
    for text in NUMBERS:
        notes += notes_in(read_number(text)) + notes_in(read_number(text, unit="K"))
        notes += notes_in(read_number(text, kilobyte=1024)) + notes_in(read_side(text))
    notes += notes_in(read_side("51x25"))
    for text in VOLUMES:
        volumes = read_volume(text)
        notes += notes_in(volumes)
        for key in (Map((55, 55), 96), Map((1, 1), 4096), Vector(4096)):
            if not isinstance(volumes, Unreadable | Blank):
                notes += [form.other for volume in volumes for form in forms(volume, key)]
    return [note for note in notes if note]


def test_no_note_on_a_reading_stays_english(monkeypatch: pytest.MonkeyPatch) -> None:
    english = all_notes()
    speak(monkeypatch)
    with speaking("de"):
        notes = all_notes()
    assert [left for note in notes for left in untranslated(note)] == []
    assert len({*english}) > 40
    assert all_notes() == english  # what was read before is not remembered in a language


def workbook(**cells: Any) -> bytes:
    """Make a workbook of a table with two rows, in which some cells are others."""
    book = Workbook()
    page: Any = book.active
    for row in (["layer", "params", "macs"], ["conv1", 34944, 5], ["conv2", 614656, 6]):
        page.append(row)
    for place, value in cells.items():
        page[place] = value
    return saved(book)


def saved(book: Any) -> bytes:
    file = BytesIO()
    book.save(file)
    return file.getvalue()


def formatted() -> bytes:
    book = Workbook()
    page: Any = book.active
    for row in (
        ["layer", "params", "macs", "units"],
        ["conv1", 0.5, 5, 1e16],
        ["conv2", 34944, 6, 2.5],
        ["pool1", 3, 4, 5],
    ):
        page.append(row)
    for place, form in {
        "B2": "0%",
        "C2": '"no"',
        "C3": ";;;",
        "B3": '0,"M"',
        "D3": "0",
        "B4": "0 0/0 0",
    }.items():
        page[place].number_format = form
    page["C4"].font = Font(strike=True)
    page.row_dimensions[3].hidden = True
    page.column_dimensions["C"].hidden = True
    page.merge_cells("A6:B6")
    other = book.create_sheet("more")
    other.append(["layer", "params"])
    return saved(book)


def packed(**files: str) -> bytes:
    file = BytesIO()
    with ZipFile(file, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "/"), text)
    return file.getvalue()


TABLE = "layer,params\nconv1,34848\n"
#: Files that are read with a note, or not at all.
FILES: dict[str, bytes] = {
    "utf-16.csv": b"\xff\xfe" + TABLE.encode("utf-16-le"),
    "broken-16.csv": b"\xff\xfe\x00",
    "western.csv": TABLE.encode() + "größe,1".encode("cp1252"),
    "twice.csv": "layer,output\nconv1,55×55×96\n".encode().decode("cp1252").encode(),
    "empty.csv": b" \n",
    "control.csv": b"layer,params\x00\x01\n",
    "a.pdf": b"%PDF-1.7",
    "a.png": b"\x89PNG",
    "a.gz": b"\x1f\x8b",
    "a.elf": b"\x7fELF",
    "a.rtf": b"{\\rtf",
    "a.doc": b"\xd0\xcf\x11\xe0",
    "headless.csv": b"1,2\n3,4\n",
    "large.csv": b"x" * (300 * 2**10),
    "cells.csv": b"layer,params\n" + b"a,1\n" * 10_001,
    "quote.csv": b'layer,params\n"conv1,1\n',
    "cell.csv": b'layer,params\n"' + b"x" * 200_000 + b'",1\n',
    "cut.csv": b"layer,output,params\nconv1,55,34,944,1\n",
    "parted.csv": b"layer,params,macs\nconv1;34848;5\nconv2,1,2\n",
    "nameless.csv": b"layer,params\n,34848\nconv2,1\n",
    "headingless.csv": b"layer,params,\nconv2,1,77\n",
    "tables.md": b"| layer | params |\n|--|--|\n| conv1 | 1 |\n\n| a | b |\n|--|--|\n| c | 2 |\n\n<table><tr><td>1</td></tr></table>\n",
    "broken.json": b"{",
    "twice.json": b'{"conv1": {"params": 1, "params": 2}}',
    "deep.json": b"[" * 2000,
    "nothing.json": b'{"a": {"b": 1}}',
    "beside.json": b'{"conv1": {"params": 1}, "conv2": 5}',
    "entries.json": b'[{"layer": "conv1", "params": 1}, 5]',
    "empty.yaml": b"# nothing\n",
    "broken.ipynb": b"{",
    "date.xlsx": workbook(
        B2=__import__("datetime").date(2026, 1, 2), B3=True, C2="=1+1", C3="#DIV/0!"
    ),
    "formatted.xlsx": formatted(),
    "broken.xlsx": packed(a="b"),
    "entities.xlsx": packed(**{"xl__workbook.xml": "<!DOCTYPE a>"}),
    "slides.pptx": packed(**{"ppt__presentation.xml": "<a/>"}),
    "pages.zip": packed(**{"Index__Document.iwa": "a"}),
    "binary.xlsb": packed(**{"xl__workbook.bin": "a"}),
    "word.docx": packed(**{"word__document.xml": "<a"}),
    "other.odp": packed(mimetype="application/vnd.oasis.opendocument.presentation"),
    "damaged.zip": b"PK\x03\x04damaged",
    "nameless.zip": packed(a="b"),
    "rows.csv": b'layer,params\nConvolution layer 1,34848\n2nd conv,1\nconv,5\nnonsense,3\nconv1,7\nconv1,8\npool1,"\n',
    "ditto.csv": b"layer,params\nconv1,34848\nconv2,''\n",
    "other-homework.csv": b"shapecalc homework 00000000\nlayer,params\nconv1,34848\n",
    "unknown.csv": b"layer,params\nnonsense,3\n",
    "near.csv": b"layer,params\nconvv1,3\nconv2,1\n",
    "channels.csv": b"layer,output,kernel\nconv1,96x55x55,11\npool1,96x27x27,3\nconv2,256x27x27,5\n",
}


def said_of(name: str, language: str) -> list[str]:
    """Return all that a student is told of a file."""
    asked = alexnet(language)
    try:
        with speaking(language):
            answers = read_answers(FILES[name], name)
            against(asked.report, answers)
        checked = check(asked, answers)
    except SpecErrors as refused:
        return [text for problem in refused.problems for text in (problem.message, problem.hint)]
    notes = [*checked.notes, *(cell.note for cell in checked.cells)]
    return [*notes, *(extra.hint for extra in checked.extras), checked.render("text")]


@pytest.mark.parametrize("name", FILES)
def test_nothing_that_is_said_of_a_file_stays_english(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    speak(monkeypatch)
    own = {name, "AlexNet", "b'", alexnet("de").stamp}
    assert [left for said in said_of(name, "de") for left in untranslated(said, own)] == []


def test_the_files_make_notes_and_refusals_in_english() -> None:
    said = [text for name in FILES for text in said_of(name, "en")]
    assert len(untranslated("\n".join({*said}))) > 150


def test_a_folder_with_several_files_is_refused_in_the_language(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    speak(monkeypatch)
    for held in ([], ["a.exe"], ["a.csv", "b.csv"]):
        folder = tmp_path / str(len(held) + ("a.exe" in held) * 5)
        folder.mkdir()
        for name in held:
            (folder / name).write_text(TABLE)
        with speaking("de"), pytest.raises(SpecErrors) as refused:
            load_submission(str(folder))
        (problem,) = refused.value.problems
        assert [*untranslated(problem.message), *untranslated(problem.hint)] == []


def test_the_language_of_the_file_is_that_of_refusals(tmp_path: Path) -> None:
    file = tmp_path / "homework.yaml"
    file.write_text("spec: lenet5\nlanguage: es\n")
    answers = tmp_path / "a.csv"
    answers.write_bytes(b"%PDF-1.7")
    words = ["homework", "check", str(answers), "--homework", str(file)]
    assert "el archivo es un PDF, no una tabla en texto" in runner().invoke(main, words).stderr
    german = runner().invoke(main, [*words, "--language", "de"]).stderr
    assert "die Datei ist ein PDF, keine Tabelle in Textform" in german
    file.write_text("spec: [\nlanguage: es\n")
    assert "E703" in runner().invoke(main, words).stderr


def test_a_hint_asks_in_the_language() -> None:
    with speaking("de"):
        assert (
            question_said("did you mean 'conv1' or 'conv2'?") == "ist 'conv1' oder 'conv2' gemeint?"
        )

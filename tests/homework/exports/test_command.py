"""The command: its help, its documentation, and what it prints, byte for byte.

`SHAPECALC_REGENERATE=1 pytest tests/homework/exports/test_command.py` writes the golden files anew; read the
difference before committing it.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import json
import os
import re
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from shapecalc.cli import main
from shapecalc.homework.exports import EXPORTS
from tests.paths import ROOT
from tests.runner import runner

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.homework.assignment.model import Homework

    Make = Callable[..., Homework]

HERE = Path(__file__).parent
GOLDEN = HERE / "golden"
DOCS = ROOT / "docs" / "exports.md"
ROOM = "shapecalc.homework.exports"
WRITERS = ROOT / "shapecalc" / "homework" / "exports"
REGENERATE = os.environ.get("SHAPECALC_REGENERATE") == "1"

SMALL = "title: Two layers by hand\nspec: net.yaml\nlayers: [one, two]\ncolumns: [output, params]\n"
ANSWERS = "layer,output,params\none,17x14x24,1800\ntwo,7x6x24,0\n"
BOOK = """\
Student,ID,SIS Login ID,Section,Homework 1 (16)
    Points Possible,,,,20
Ada,101,ada@example.org,One,
Tim,102,tim@example.org,One,
"""
WORKSHEET = """\
Identifier,Full name,ID number,Status,Grade,Maximum grade,Last modified (grade),Feedback comments
Participant 7,Ada Lovelace,ADA,Submitted,,20.00,-,
Participant 8,Grace Hopper,,Submitted,3.00,20.00,"Friday, 20 November 2026, 9:00 AM","an old, kept one"
Participant 9,김민준,kim,No submission,,20.00,-,
Participant 10,Known Nobody,nobody,Submitted,4.00,20.00,-,=kept
Participant 11,Sam,nul,Submitted,,20.00,-,
"""
CLASS = str(HERE / "files")
HOMEWORK = ["--homework", "homework.yaml"]

#: Golden file -> the words after `shapecalc homework export`.
FILES: dict[str, list[str]] = {
    "results.json": ["gradescope", "answers.csv", *HOMEWORK],
    "results-cell.json": ["gradescope", "answers.csv", *HOMEWORK, "--per", "cell", "--hint", "3"],
    "quiz.xml": ["moodle-xml", *HOMEWORK],
    "quiz-cell.xml": ["moodle-xml", *HOMEWORK, "--per", "cell"],
    "quiz.gift": ["gift", *HOMEWORK],
    "coderunner.json": ["coderunner", "answers.csv", *HOMEWORK],
    "prairielearn.json": ["prairielearn", "answers.csv", *HOMEWORK],
    "canvas.csv": ["canvas", CLASS, "--gradebook", "canvas.csv", "--assignment", "Homework 1"],
    "grades.csv": ["moodle-csv", CLASS],
    "worksheet.csv": ["moodle-worksheet", CLASS, "--worksheet", "moodle.csv", "--missing", "zero"],
}
#: Zips, with the files in them that are golden.
PACKAGES = {
    "gradescope-package": ("setup.sh", "run_autograder"),
    "qti": ("imsmanifest.xml", "assessment_meta.xml", "shapecalc_STAMP.xml"),
}


def compare(name: str, text: str) -> None:
    if REGENERATE:
        (GOLDEN / name).write_text(text, encoding="utf-8")
    assert (GOLDEN / name).read_text(encoding="utf-8") == text


@pytest.fixture
def folder(made: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    made(base=SMALL)
    Path("answers.csv").write_text(ANSWERS, encoding="utf-8")
    Path("canvas.csv").write_text(BOOK, encoding="utf-8")
    Path("moodle.csv").write_text(WORKSHEET, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("name", FILES)
def test_what_is_written(folder: Path, name: str) -> None:
    done = runner().invoke(main, ["homework", "export", *FILES[name]])
    assert done.exit_code == 0, done.output
    compare(name, done.stdout)
    again = runner().invoke(main, ["homework", "export", *FILES[name], "-o", "out"])
    assert again.stdout == ""
    assert Path("out").read_text(encoding="utf-8") == done.stdout


@pytest.mark.parametrize("format_", PACKAGES)
def test_what_is_packed(folder: Path, format_: str) -> None:
    words = ["homework", "export", format_, *HOMEWORK, "-o", "out.zip"]
    assert runner().invoke(main, words).exit_code == 0
    with zipfile.ZipFile("out.zip") as zipped:
        files = {}
        for name in zipped.namelist():
            files[re.sub(r"_[0-9a-f]{8}", "_STAMP", name).rpartition("/")[2]] = zipped.read(name)
    assert set(files) >= set(PACKAGES[format_])
    for name in PACKAGES[format_]:
        text = re.sub(r"shapecalc_[0-9a-f]{8}", "shapecalc_STAMP", files[name].decode())
        compare(name, re.sub(r"convnets==[\w.]+", "convnets==VERSION", text))


@pytest.mark.parametrize("format_", EXPORTS)
def test_every_export_has_a_golden_file_and_a_test_that_reads_what_it_writes(format_: str) -> None:
    assert format_ in {*PACKAGES, *(words[0] for words in FILES.values())}
    module, _, function = EXPORTS[format_].write.rpartition(".")
    assert callable(getattr(importlib.import_module(f"{ROOM}.{module}"), function))
    tests = [path.read_text("utf-8") for path in HERE.glob("test_*.py")]
    read = any(f"from {ROOM}.{module} import" in text for text in tests)
    assert read, f"no test reads what {format_} writes"


def test_every_module_writes_an_export_or_helps_one() -> None:
    texts = {path.stem: path.read_text("utf-8") for path in WRITERS.glob("[!_]*.py")}
    entered = {row.write.partition(".")[0] for row in EXPORTS.values()}
    imported = set(re.findall(rf"from {ROOM}\.(\w+) import", "".join(texts.values())))
    assert set(texts) - imported <= entered
    assert entered <= set(texts)


def test_golden_files_all_have_a_test() -> None:
    known = {*FILES, *(name for names in PACKAGES.values() for name in names)}
    assert {path.name for path in GOLDEN.iterdir()} == known


@pytest.mark.parametrize("format_", EXPORTS)
def test_the_help_of_a_format_says_what_it_loses(format_: str) -> None:
    done = runner().invoke(main, ["homework", "export", format_, "--help"])
    assert done.exit_code == 0
    output = " ".join(done.output.split())
    for loss in EXPORTS[format_].loses:
        assert loss.replace(": ", " ") in output
    assert f"Example: shapecalc homework export {format_} " in output


def test_the_help_lists_every_format() -> None:
    output = runner().invoke(main, ["homework", "export", "--help"]).output
    commands = re.findall(r"^  ([a-z-]+)  ", output.partition("Commands:")[2], re.MULTILINE)
    assert commands == [*EXPORTS, *EXPORTS]  # what it makes, and what it loses
    assert "export" in runner().invoke(main, ["homework", "--help"]).output


@pytest.mark.parametrize("format_", EXPORTS)
def test_the_documentation_says_what_is_lost(format_: str) -> None:
    page = " ".join(DOCS.read_text(encoding="utf-8").split())
    row = EXPORTS[format_]
    assert f"| `{format_}` | {row.makes} | {row.needs} |" in page
    for loss in row.loses:
        title, _, detail = loss.partition(":")
        assert f"**{title}**" in page
        assert detail.strip() in page


@pytest.mark.parametrize("format_", EXPORTS)
def test_a_row_names_a_function_that_takes_its_options(format_: str) -> None:
    row = EXPORTS[format_]
    name, _, function = row.write.partition(".")
    assert name == format_.partition("-")[0]
    module = importlib.import_module(f"shapecalc.homework.exports.{name}")
    keywords = {
        parameter.name: parameter.default
        for parameter in inspect.signature(getattr(module, function)).parameters.values()
        if parameter.kind is parameter.KEYWORD_ONLY
    }
    stated = {option.name: option.default or inspect.Parameter.empty for option in row.options}
    assert keywords == stated
    materials = {row.material for row in EXPORTS.values() if row.write.startswith(f"{name}.")}
    assert hasattr(module, "refused") == ("answers" in materials)


def test_a_format_that_there_is_not() -> None:
    done = runner().invoke(main, ["homework", "export", "moodle"])
    assert done.exit_code == 2
    assert done.stderr.startswith("error[E320]: there is no command 'moodle'")
    assert "did you mean 'moodle-xml' or 'moodle-csv'?" in done.stderr


VARIED = "spec: lenet5\nlayers: [conv1]\nvary: {input: [32, 36]}\n"


@pytest.mark.parametrize(
    "name", [name for name, row in EXPORTS.items() if "class" not in row.needs]
)
def test_variants_are_never_taken_for_the_homework(tmp_path: Path, name: str) -> None:
    """Broken by a format that judges or asks by what the file says for nobody."""
    (tmp_path / "homework.yaml").write_text(VARIED)
    (tmp_path / "answers.csv").write_text("layer,output\nconv1,28x28x6\n")
    (tmp_path / "variants.csv").write_text("student,stamp,input\ns1,0badcafe,36x36x1\n")
    answers = ["answers.csv"] if "answers" in EXPORTS[name].needs else []
    whose = [] if name == "gradescope-package" else ["--variant", "s1"]
    command = ["homework", "export", name, *answers, "--homework", "homework.yaml", "-o", "out.zip"]
    with contextlib.chdir(tmp_path):
        refused = runner().invoke(main, command)
        written = runner().invoke(main, [*command, "--variants", "variants.csv", *whose])
    assert refused.exit_code == 2
    assert "E752" in refused.output
    assert written.exit_code == 0, written.output
    if answers:  # 36x36 gives 32x32x6, so nothing is right
        result = json.loads((tmp_path / "out.zip").read_text(encoding="utf-8"))
        assert result.get("score", result.get("fraction")) == 0

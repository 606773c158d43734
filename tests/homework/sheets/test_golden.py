"""What students and teachers see, byte for byte.

`SHAPECALC_REGENERATE=1 pytest tests/homework/sheets/test_golden.py` writes the golden files anew; read the
difference before committing it.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from shapecalc.cli import main
from shapecalc.text.safe import width_of
from tests.paths import TESTS
from tests.runner import runner

HERE = Path(__file__).parent
GOLDEN = HERE / "golden"
REGENERATE = os.environ.get("SHAPECALC_REGENERATE") == "1"

CHECK = ["homework", "check", "answers.csv", "--against", "alexnet"]
GIVEN = ["homework", "check", "answers.csv", "--homework", "homework.yaml"]
SHEET = ["homework", "sheet", "homework.yaml"]

#: Golden file -> the words after `shapecalc`; answers.csv and homework.yaml lie beside them.
FILES: dict[str, list[str]] = {
    "check-1.txt": [*CHECK, "--hint", "1"],
    "check-2.txt": CHECK,
    "check-3.txt": [*CHECK, "--hint", "3"],
    "check-solution.txt": [*CHECK, "--solution"],
    "check.md": [*CHECK, "--hint", "3", "-f", "markdown"],
    "check.html": [*CHECK, "--hint", "3", "-f", "html"],
    "check.json": [*CHECK, "-f", "json"],
    "check.csv": [*CHECK, "-f", "csv"],
    "given.txt": [*GIVEN, "--hint", "3"],
    "sheet.txt": SHEET,
    "sheet.md": [*SHEET, "-f", "markdown"],
    "sheet.html": [*SHEET, "-f", "html"],
    "sheet.csv": [*SHEET, "-f", "csv"],
    "sheet.yaml": [*SHEET, "-f", "yaml"],
    "solution.txt": [*SHEET, "--solution"],
    "solution.html": [*SHEET, "--solution", "-f", "html"],
    "several.md": ["homework", "sheet", "several.yaml", "-f", "markdown"],
    "lint.txt": ["homework", "lint", "homework.yaml"],
}


@pytest.mark.parametrize("file", FILES)
def test_output_is_as_the_golden_file_has_it(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(TESTS / "homework" / "answers" / "files")
    result = runner().invoke(main, FILES[file])
    assert result.exit_code == 0, result.output
    if REGENERATE:
        (GOLDEN / file).write_text(result.output, encoding="utf-8")
    assert (GOLDEN / file).read_text(encoding="utf-8") == result.output


def test_golden_files_all_have_a_test() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == set(FILES)


@pytest.mark.parametrize("file", [file for file in FILES if file.endswith(".txt")])
def test_no_line_of_text_is_wide_or_ends_in_blanks(file: str) -> None:
    for line in (GOLDEN / file).read_text(encoding="utf-8").splitlines():
        assert width_of(line) <= 100 or "solution" in file  # a table is as wide as its cells
        assert line == line.rstrip()


def test_pages_ask_for_nothing_and_run_nothing() -> None:
    for file in ("check.html", "sheet.html", "solution.html"):
        text = (GOLDEN / file).read_text(encoding="utf-8")
        assert "<script" not in text
        assert "http" not in text
        assert "<img" not in text
        assert "&lt;b&gt;" in text or file != "check.html"

"""The tables as they are printed, byte for byte, in every format.

`SHAPECALC_REGENERATE=1 pytest tests/analysis/tables/test_golden.py` writes the golden files anew; read
the difference before committing it.
"""

import csv
import io
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from shapecalc.analysis import tables as published
from shapecalc.output.formats import write

GOLDEN = Path(__file__).parent / "golden"
REGENERATE = os.environ.get("SHAPECALC_REGENERATE") == "1"
ALL = "all"
FILES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "overview.txt": (ALL, "text", {}),
    "overview-80.txt": (ALL, "text", {"width": 80}),
    "overview.md": (ALL, "markdown", {}),
    "errata.txt": (ALL, "text", {"only": "erratum"}),
    "errata-80.txt": (ALL, "text", {"only": "erratum", "width": 80}),
    "mismatches.txt": (ALL, "text", {"only": "MISMATCH"}),
    "googlenet.txt": ("googlenet", "text", {}),
    "googlenet-80.ansi": ("googlenet", "terminal", {"width": 80}),
    "googlenet.md": ("googlenet", "markdown", {}),
    "googlenet.html": ("googlenet", "html", {}),
    "googlenet.tex": ("googlenet", "latex", {}),
    "googlenet.csv": ("googlenet", "csv", {}),
    "googlenet.json": ("googlenet", "json", {}),
    "googlenet-errata.md": ("googlenet", "markdown", {"only": "erratum"}),
    "resnet.tex": ("resnet", "latex", {}),
    "resnet.html": ("resnet", "html", {}),
    **{
        f"{name}.txt": (name, "text", {})
        for name in (
            "alexnet-course",
            "alexnet-paper",
            "alphago",
            "convnet-burden",
            "course-claims",
            "lenet5",
            "linked-code",
            "quoted",
            "resnet",
            "resnet-text",
            "vgg-memory",
            "vgg-table1",
            "vgg-table2",
            "zfnet",
        )
    },
}


def written(file: str) -> str:
    name, format_, options = FILES[file]
    comparisons = published.published_tables() if name == ALL else published.compare(name)
    return write(comparisons, format_, **options)


@pytest.mark.parametrize("file", FILES)
def test_a_table_is_as_the_golden_file_has_it(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    for name in ("NO_COLOR", "FORCE_COLOR", "COLORTERM", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    path = GOLDEN / file
    if REGENERATE:
        path.write_bytes(written(file).encode())
    text = written(file)
    assert path.read_bytes() == text.encode()
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    if not file.endswith(".csv"):
        assert [line for line in text.splitlines() if line != line.rstrip()] == []


@pytest.mark.parametrize("name", published.names())
def test_every_table_has_a_golden_file(name: str) -> None:
    assert f"{name}.txt" in FILES


def test_golden_files_all_have_a_test() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == set(FILES)


@pytest.mark.parametrize(
    ("file", "width"),
    [("googlenet-80.ansi", 80), ("overview-80.txt", 80), ("errata-80.txt", 80)],
)
def test_no_line_is_wider_than_its_page(file: str, width: int) -> None:
    text = re.sub(r"\x1b\[[0-9;]*m", "", (GOLDEN / file).read_text(encoding="utf-8"))
    assert max(map(len, text.splitlines())) <= width


@pytest.mark.parametrize("name", published.names())
def test_every_cell_stands_in_every_format(name: str) -> None:
    comparison = published.compare(name)
    counts = comparison.counts
    data = json.loads(comparison.render("json"))
    (table,) = data["tables"]
    assert table["name"] == name
    assert (table["cells"], table["match"], table["erratum"], table["mismatch"]) == (
        counts.cells,
        counts.match,
        counts.erratum,
        counts.mismatch,
    )
    assert table["cells"] == table["match"] + table["erratum"] + table["mismatch"]
    assert len(table["cells_detail"]) == counts.cells
    for cell in table["cells_detail"]:
        assert {"row", "column", "printed", "computed", "status", "account"} <= set(cell)
        assert cell["status"] in ("match", "erratum", "MISMATCH")
        assert (cell["account"] is None) == (cell["status"] == "match")
    rows = list(csv.DictReader(io.StringIO(comparison.render("csv"))))
    assert [row["printed"] for row in rows] == [c["printed"] for c in table["cells_detail"]]
    text = comparison.render("text")
    for cell in comparison.cells:
        assert cell.printed in text
        assert cell.computed in text
    *_, first, second = text.splitlines()
    assert (first, second) == counts.sentences()


def test_only_chooses_cells_in_machine_formats_too() -> None:
    googlenet = published.compare("googlenet")
    data = json.loads(googlenet.render("json", only="erratum"))
    assert len(data["tables"][0]["cells_detail"]) == 12
    assert data["tables"][0]["cells"] == 144  # the counts stay those of the table
    assert len(googlenet.render("csv", only="erratum").splitlines()) == 13

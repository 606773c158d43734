"""Every format, byte for byte.

`SHAPECALC_REGENERATE=1 pytest tests/output/test_golden.py` writes the golden files anew; read the
difference before committing it.
"""

import os
from pathlib import Path
from typing import Any

import pytest

from shapecalc.output.formats import FORMATS, write
from tests.output.reports import GOLDEN, report

REGENERATE = os.environ.get("SHAPECALC_REGENERATE") == "1"
FILES = [
    (name, format_, f"{name}{each.suffixes[0] if each.suffixes else '.ansi'}")
    for name in ("alexnet", "small")
    for format_, each in FORMATS.items()
]
VARIANTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "small-all-layers.txt": ("small", "text", {"depth": 0}),
    "small-all-columns.txt": ("small", "text", {"columns": "all", "profile": "full"}),
    "small-chw.md": ("small", "markdown", {"layout": "chw", "depth": 0}),
    "small-folded.csv": ("small", "csv", {"depth": 1, "columns": "name,inputs,params,params%"}),
    "small-batch.json": ("small", "json", {"batch": 32, "dtype": "float16", "profile": "macs"}),
    "small-part.html": ("small", "html", {"standalone": False}),
    "alexnet-40.txt": ("alexnet", "text", {"width": 40}),
    "alexnet-80.txt": ("alexnet", "text", {"width": 80, "units": "M", "batch": 128}),
    "googlenet-all-layers.tex": ("googlenet", "latex", {"depth": 0}),
    "alexnet-60.md": ("alexnet", "markdown", {"width": 60}),
    "alexnet-60-star.tex": (
        "alexnet",
        "latex",
        {"width": 60, "latex": "table*", "caption": "Costs, in $10^6$.", "label": "tab:costs"},
    ),
    "small-longtable.tex": ("small", "latex", {"latex": "longtable", "label": "tab:small"}),
    "resnet50.txt": ("resnet50", "text", {}),
    "siamese.md": ("siamese", "markdown", {"depth": 0, "sort": "params"}),
}


def compare(path: Path, text: str) -> None:
    if REGENERATE:
        path.write_bytes(text.encode())
    assert path.read_bytes() == text.encode()


@pytest.mark.parametrize(("name", "format_", "file"), FILES)
def test_format_is_as_the_golden_file_has_it(name: str, format_: str, file: str) -> None:
    width = 100 if format_ == "terminal" else None
    compare(GOLDEN / file, write(report(name), format_, width=width))


@pytest.mark.parametrize("file", VARIANTS)
def test_option_is_as_the_golden_file_has_it(file: str) -> None:
    name, format_, options = VARIANTS[file]
    compare(GOLDEN / file, write(report(name), format_, **options))


def test_golden_files_all_have_a_test() -> None:
    tested = {file for _, _, file in FILES} | set(VARIANTS) | {"small.yaml"}
    assert {path.name for path in GOLDEN.iterdir() if path.is_file()} == tested


@pytest.mark.parametrize("file", [file for _, _, file in FILES] + list(VARIANTS))
def test_output_ends_its_last_line_and_has_no_trailing_spaces(file: str) -> None:
    text = (GOLDEN / file).read_text(encoding="utf-8")
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    if not file.endswith(".csv"):
        assert not [line for line in text.splitlines() if line != line.rstrip()]

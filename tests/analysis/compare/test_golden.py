"""The main comparisons in every format, byte for byte.

`SHAPECALC_REGENERATE=1 pytest tests/analysis/compare/test_golden.py` writes the golden files anew; read
the difference before committing it.
"""

import os
from pathlib import Path
from typing import Any

import pytest
from nets import shipped

from shapecalc.output.formats import FORMATS
from shapecalc.text.safe import width_of

GOLDEN = Path(__file__).parent / "golden"
REGENERATE = os.environ.get("SHAPECALC_REGENERATE") == "1"
VGG = ("vgg11", "vgg13", "vgg16-c", "vgg16", "vgg19")

FILES: dict[str, tuple[tuple[str, ...], str, dict[str, Any]]] = {
    "alexnet-zfnet-80.txt": (("alexnet", "zfnet"), "text", {"width": 80}),
    "alexnet-zfnet-100.txt": (("alexnet", "zfnet"), "text", {"width": 100}),
    "alexnet-zfnet-140.txt": (("alexnet", "zfnet"), "text", {"width": 140}),
    "alexnet-zfnet-full.txt": (("alexnet", "zfnet"), "text", {"full": True}),
    "alexnet-2012-googlenet.txt": (("alexnet-2012", "googlenet"), "text", {"width": 100}),
    "resnet50-resnet101.txt": (("resnet50", "resnet101"), "text", {"width": 100}),
    "resnet50-resnet101-2.txt": (("resnet50", "resnet101"), "text", {"width": 100, "depth": 2}),
    "vgg-80.txt": (VGG, "text", {"width": 80}),
    "vgg-140.txt": (VGG, "text", {"width": 140}),
    "three-60.txt": (("alexnet", "zfnet", "googlenet"), "text", {"width": 60}),
    "three-params.txt": (
        ("alexnet", "zfnet", "googlenet"),
        "text",
        {"columns": "params,memory", "units": "M", "batch": 8, "profile": "full"},
    ),
    **{
        f"lenet5{each.suffixes[0] if each.suffixes else '.ansi'}": (
            ("lenet5", "lenet5-1998"),
            name,
            {"width": 100} if name in ("text", "terminal") else {},
        )
        for name, each in FORMATS.items()
    },
    "vgg.md": (VGG, "markdown", {}),
    "vgg.tex": (VGG, "latex", {}),
}


@pytest.fixture(autouse=True)
def _plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    for name in ("NO_COLOR", "FORCE_COLOR", "COLORTERM", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("file", FILES)
def test_comparison_is_as_the_golden_file_has_it(file: str) -> None:
    names, format_, options = FILES[file]
    text = shipped(*names).render(format_, **options)
    if REGENERATE:
        (GOLDEN / file).write_bytes(text.encode())
    assert (GOLDEN / file).read_bytes() == text.encode()


def test_golden_files_all_have_a_test() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == set(FILES)


@pytest.mark.parametrize("file", FILES)
def test_no_line_is_wider_than_the_page_or_ends_in_blanks(file: str) -> None:
    _, format_, options = FILES[file]
    lines = (GOLDEN / file).read_text(encoding="utf-8").splitlines()
    if format_ != "csv":
        assert not [line for line in lines if line != line.rstrip()]
    if format_ == "text" and "width" in options:
        assert max(map(width_of, lines)) <= options["width"]

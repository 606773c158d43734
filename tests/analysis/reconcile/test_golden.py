"""Reconciliations in every format, byte for byte.

`SHAPECALC_REGENERATE=1 pytest tests/analysis/reconcile/test_golden.py` writes the golden files anew; read
the difference before committing it.
"""

import os
from pathlib import Path

import pytest

from shapecalc import summarize
from shapecalc.analysis.reconcile import find_count, reconcile
from shapecalc.cli import main
from shapecalc.text.safe import width_of
from tests.runner import runner

GOLDEN = Path(__file__).parent / "golden"
REGENERATE = os.environ.get("SHAPECALC_REGENERATE") == "1"

#: File -> the words of the command, and its exit code.
FILES: dict[str, tuple[str, int]] = {
    **{
        f"alexnet-owt{suffix}": (f"reconcile alexnet-owt torchinfo fvcore -f {name}", 0)
        for name, suffix in (
            ("text", ".txt"),
            ("markdown", ".md"),
            ("csv", ".csv"),
            ("json", ".json"),
            ("latex", ".tex"),
            ("html", ".html"),
        )
    },
    "resnet18.txt": ("reconcile resnet18 onnx-tool ptflops:pytorch", 0),
    "resnet18-all.txt": ("reconcile resnet18 thop fvcore --depth all", 0),
    "same.txt": ("reconcile lenet5 macs calflops", 0),
    "params.txt": ("reconcile resnet18 params keras --units K", 0),
    "symbols.txt": ("reconcile alphago macs torchinfo --free k", 0),
    **{
        f"target{suffix}": (f"reconcile alexnet-owt --target 714682664 -f {name}", 0)
        for name, suffix in (
            ("text", ".txt"),
            ("csv", ".csv"),
            ("json", ".json"),
            ("html", ".html"),
        )
    },
    "target-coarse.txt": ("reconcile resnet50 --target 3.8G", 0),
    "target-none.txt": ("reconcile vgg16 --target 123456789", 1),
    "target-bytes.md": ("reconcile alexnet-2012 --target 233MB -f markdown", 0),
}


@pytest.mark.parametrize("file", FILES)
def test_output_is_as_the_golden_file_has_it(file: str) -> None:
    words, code = FILES[file]
    result = runner().invoke(main, words.split())
    assert result.exit_code == code, result.output
    if REGENERATE:
        (GOLDEN / file).write_text(result.stdout, encoding="utf-8")
    assert result.stdout == (GOLDEN / file).read_text(encoding="utf-8")


def test_golden_files_all_have_a_test() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == set(FILES)


@pytest.mark.parametrize("file", [file for file in FILES if not file.endswith(".csv")])
def test_no_line_ends_in_blanks(file: str) -> None:
    lines = (GOLDEN / file).read_text(encoding="utf-8").splitlines()
    assert not [line for line in lines if line != line.rstrip()]
    assert max(map(width_of, lines))


@pytest.mark.parametrize("width", [80, 100, 140])
@pytest.mark.parametrize("target", [None, "2142565440"])
def test_a_page_of_80_characters_is_wide_enough(width: int, target: str | None) -> None:
    report = summarize("resnet18" if target is None else "alexnet-owt")
    if target is None:
        text = reconcile(report, "onnx-tool", "thop").render(width=width)
    else:
        text = find_count(report, target).render(width=width)
    assert max(map(width_of, text.splitlines())) <= width

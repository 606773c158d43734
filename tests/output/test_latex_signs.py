"""LaTeX of every kind of result compiles with the packages that it names, and no others."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

import pytest

import shapecalc
from shapecalc.cli import main
from shapecalc.homework.api import check
from shapecalc.output.formats import write
from shapecalc.output.latex import escaped, is_latin, to_latex
from shapecalc.output.latex_letters import as_written
from shapecalc.output.table import Head, Line, Table
from shapecalc.verify.judge import Verdicts
from tests.output.test_escaping import compiled, needs_latex
from tests.paths import TESTS
from tests.runner import runner

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

#: Every sign that a table of ours can hold.
SIGNS = "✓✗–×→≥≤≠≈·⋅−±…•⁰¹²³⁴⁵⁶⁷⁸⁹⌊⌋⌈⌉"
NEEDS = "need LuaLaTeX"
ANSWERS = "layer,output,params\nconv1,28x28x6,156\nconv2,11x11x16,5\nconv3,1x1x120,5*5*16*120\n"

RESULTS: dict[str, Callable[[Path], str]] = {
    "summarize": lambda _: shapecalc.summarize("googlenet").render("latex"),
    "symbols": lambda _: shapecalc.summarize("vgg16", input="HxWx3").render("latex"),
    "compare": lambda _: shapecalc.compare("alexnet", "vgg16").render("latex"),
    "sweep": lambda _: shapecalc.sweep("alexnet", {"N": range(67, 300, 32)}).render("latex"),
    "tables": lambda _: shapecalc.published_tables("googlenet")[0].render("latex"),
    "all tables": lambda _: shapecalc.published_tables().render("latex"),
    "reconcile": lambda _: shapecalc.reconcile("alexnet-owt", "torchinfo", "fvcore").render(
        "latex"
    ),
    "training": lambda _: shapecalc.training_cost("alexnet", "adam").render("latex"),
    "verify": lambda _: shapecalc.verify("lenet5").render("latex"),
    "verify several": lambda _: Verdicts(map(shapecalc.verify, ("lenet5", "lenet5-1998"))).render(
        "latex"
    ),
    "run": lambda _: runner().invoke(main, ["run", "lenet5", "-f", "latex"]).stdout,
    "homework check": lambda folder: _checked(folder, hint=3),
    "homework check, solved": lambda folder: _checked(folder, solution=True),
}


def _checked(folder: Path, **options: object) -> str:
    path = folder / "answers.csv"
    path.write_text(ANSWERS, encoding="utf-8")
    return write(check(path, against="lenet5"), "latex", **options)


@cache
def goldens() -> list[str]:
    return [path.read_text(encoding="utf-8") for path in sorted(TESTS.rglob("golden/*.tex"))]


def unset(text: str) -> list[str]:
    """Name the characters that pdflatex does not set."""
    body = "".join(line for line in text.splitlines(True) if not line.startswith("%"))
    return sorted({unicodedata.name(c, repr(c)) for c in body if not is_latin(c)})


@pytest.mark.parametrize("name", RESULTS)
def test_results_hold_what_pdflatex_sets(name: str, tmp_path: Path) -> None:
    text = RESULTS[name](tmp_path)
    assert r"\begin{" in text
    assert NEEDS not in text
    assert unset(text) == []


def test_golden_files_hold_what_pdflatex_sets() -> None:
    assert len(goldens()) > 10
    assert [unset(text) for text in goldens() if unset(text) and NEEDS not in text] == []


@needs_latex
def test_results_compile(tmp_path: Path) -> None:
    compiled(tmp_path, [make(tmp_path) for make in RESULTS.values()])


@needs_latex
def test_what_counts_as_latin_compiles(tmp_path: Path) -> None:
    latin = [chr(c) for c in range(0x2100) if chr(c).isprintable() and is_latin(chr(c))]
    assert len(latin) > 250
    compiled(tmp_path, ["\n\n".join(map(escaped, (*latin, *SIGNS)))])


@pytest.mark.parametrize("sign", "ąđŋþ«„")
def test_letters_that_plain_latex_does_not_have_are_announced(sign: str) -> None:
    assert not is_latin(sign)


def test_signs_are_all_set_and_right_is_not_wrong() -> None:
    assert [sign for sign in SIGNS if not is_latin(escaped(sign))] == []
    assert escaped("✓") == r"$\surd$"
    assert escaped("✗") == r"\textsf{\bfseries X}"  # not what stands between extents


@pytest.mark.parametrize("sign", "％＃＄＆＿｛｝＼～＾﹪﹟")
def test_a_sign_of_another_width_gives_no_command(sign: str) -> None:
    """What it is at the usual width is escaped."""
    plain = unicodedata.normalize("NFKC", sign)
    assert escaped(sign) == escaped(plain) != plain
    assert as_written(sign).startswith(rf"\otherletter{{{sign}}}")


def test_only_numbers_are_raised_before_a_note() -> None:
    table = Table(
        "t", (), (Head("a"),), ("a",), (Line(("b",)),), (), (), ("¹² x_1", "LeNet_5, y"), (), ()
    )
    written = to_latex(table)
    assert r"\textsuperscript{12} x\_1\par" in written
    assert r"    LeNet\_5, y\par" in written
    assert not re.search(r"textsuperscript\{\D", written)

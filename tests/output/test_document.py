"""Documents in every format: whatever stands in whatever place is shown, and nothing is obeyed."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from shapecalc.algebra.traced import named
from shapecalc.output.document import (
    Bars,
    Card,
    Cell,
    Chain,
    Document,
    Form,
    Grid,
    Heading,
    Points,
    Prose,
)
from shapecalc.output.document_text import document_to_text
from shapecalc.output.html import document_to_html, to_html
from shapecalc.output.latex import document_to_latex
from shapecalc.output.markdown import document_to_markdown
from shapecalc.output.table import Fact, Head, Line, Picture, Table, TotalsGrid
from shapecalc.text.safe import one_line
from tests.output.reread import parse
from tests.output.test_escaping import HOSTILE, needs_latex
from tests.paths import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from shapecalc.output.document import Block


def blocks(text: str) -> tuple[Block, ...]:
    """Return every block there is, with a text in every place of it."""
    letters = Form(named(text, 3) * 2 + named("n", 5), letters=True)
    plain = Cell(text, (text, text), "bad", page=("feedback", text))
    return (
        Prose(text),
        Heading(text, text),
        Prose(text, "urgent"),
        Prose(text, "remarks"),
        Grid((text, text), ((text, text), (plain, Cell(text, heat=0.5))), (False, True), text, (text, text)),
        Grid(("", ""), ((text, text),), (False, True)),
        Bars(text, (text, text), ((text, 2), (text, 0))),
        Points((text, text)),
        Card(text, (text, text), (text,), text, "own"),
        Picture((text, text)),
        Chain(text, (letters, Form(letters.formula)), (("n", "5", text),), " x "),
        Chain(text, (text, text)),
    )  # fmt: skip


def document(text: str) -> Document:
    """Return a document with a text in every place of it."""
    text = one_line(text)
    pair = (text, text)
    return Document(text, blocks(text), pair, pair, (pair,), (pair,), pair)


def table(text: str) -> Table:
    """Return a table with a text in every place of it."""
    text = one_line(text)
    pair = (text, text)
    heads = (Head(text), Head(text, numeric=True, extents=True))
    totals = TotalsGrid(heads, pair, (pair,))
    return Table(
        text, pair, heads, pair, (Line(pair, text),), pair, (Fact(text, text, text),), pair,
        (pair,), pair, totals=totals,
    )  # fmt: skip


def pages(text: str, *, standalone: bool = True) -> list[str]:
    with_totals = table(text)
    return [
        document_to_html(document(text), standalone=standalone),
        to_html(with_totals, standalone=standalone),
        to_html(with_totals._replace(totals=None), standalone=standalone, below=blocks(one_line(text))),
    ]  # fmt: skip


@pytest.mark.parametrize("standalone", [True, False])
@pytest.mark.parametrize("text", HOSTILE)
def test_a_page_has_no_tag_and_no_attribute_that_is_not_its_own(
    text: str, standalone: bool
) -> None:
    for own, page in zip(pages("x", standalone=standalone), pages(text, standalone=standalone), strict=True):  # fmt: skip
        tags = [(tag, set(attributes)) for tag, attributes in parse(own).tags]
        # a letter of a formula is a sign of its own, and a long text in a cell may be broken
        tags = [("mi" if tag == "mtext" else tag, names - {"class"}) for tag, names in tags]
        assert [(tag, set(names) - {"class"}) for tag, names in parse(page).tags] == tags
        assert "</style>" not in page.split("</style>", 1)[1]


def test_a_page_leads_nowhere_else() -> None:
    for text in ("../../etc/passwd", "javascript:alert(1)", "//evil.example/x", "a?b#c", "\\x"):
        for _, attributes in parse(document_to_html(document(text))).tags:
            if "href" in attributes:
                assert re.fullmatch(r"feedback/[\w.%-]+\.html", str(attributes["href"]))


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_of_a_document_obeys_no_markup(text: str) -> None:
    from markdown_it import MarkdownIt

    render = MarkdownIt("commonmark").enable(["table", "strikethrough"]).render
    own = [tag for tag, _ in parse(render(document_to_markdown(document("x")))).tags]
    page = parse(render(document_to_markdown(document(text))))
    assert [tag for tag, _ in page.tags] == own
    assert page.text.count(one_line(text)) >= 15


@pytest.mark.parametrize("text", HOSTILE)
def test_a_document_as_text_is_lines_of_visible_characters(text: str) -> None:
    for width in (40, 80):
        written = document_to_text(document(text), width)
        assert all(line.isprintable() and line == line.rstrip() for line in written.splitlines())
    assert "".join(one_line(text).split()) in "".join(written.split())


@needs_latex
def test_latex_of_hostile_documents_compiles(tmp_path: Path) -> None:
    made = [document_to_latex(document(text)) for text in HOSTILE if "\u7f51" not in text]
    bodies = [re.split(r"\\begin\{document\}|\\end\{document\}\n", each)[1] for each in made]
    preamble = made[0].partition("\\begin{document}")[0]
    (tmp_path / "all.tex").write_text(
        f"{preamble}\\begin{{document}}{''.join(bodies)}\\end{{document}}\n", encoding="utf-8"
    )
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "all.tex"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-2000:]
    if shutil.which("pdftotext"):
        shown = subprocess.run(
            ["pdftotext", "all.pdf", "-"], cwd=tmp_path, capture_output=True, text=True, check=True
        ).stdout
        assert "alert(1)" in shown


def test_letters_beyond_latin_are_said_to_need_another_latex() -> None:
    assert "LuaLaTeX" in document_to_latex(document("\u7f51\u7edc"))
    assert "LuaLaTeX" not in document_to_latex(document("plain"))
    part = document_to_latex(document("plain"), standalone=False)
    assert "documentclass" not in part
    assert part.startswith(r"% Needs \usepackage{amsmath,booktabs,longtable}")


#: What finds tags in answers, and a question whose blanks are no HTML.
_WITH_TAGS = {"tables.py", "moodle.py"}
_TAG = re.compile(
    r"(?<!\(\?P)</?(?:html|head|body|style|title|main|section|div|span|p|a|b|i|h\d|table|tr|t[dh]|ul|li|d[ltd]"
    r"|pre|code|small|sup|math)(?: [a-z-]+=|/?>)"
)


def tags_in(path: Path) -> list[str]:
    """Find tags in texts of a module that are no documentation."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    said = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        if node.body and isinstance(node.body[0], ast.Expr)
    }
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said
        if _TAG.search(node.value)
    ]


def test_html_is_written_and_escaped_in_one_place(tmp_path: Path) -> None:
    modules = list((ROOT / "shapecalc").rglob("*.py"))
    assert {path.name for path in modules if tags_in(path)} == _WITH_TAGS
    escaping = [path.name for path in modules if "html import escape" in path.read_text("utf-8")]
    assert escaping == ["markup.py"]
    (tmp_path / "forgotten.py").write_text('def f(name):\n    "<p>"\n    return f"<p>{name}</p>"\n')
    assert tags_in(tmp_path / "forgotten.py") == ["<p>", "</p>"]

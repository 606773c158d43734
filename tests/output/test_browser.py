"""Pages in a real browser: every kind of them, wide and narrow, light and dark, and on paper."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

import pytest

import shapecalc
from shapecalc.homework.assignment.teacher import read_homework
from shapecalc.homework.sheets.sheet import sheet
from shapecalc.text import Source
from tests.output.browser import IN_A_BROWSER, PAPER, heads, lost, measured, printed, problems, run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = IN_A_BROWSER
SHEET = "spec: lenet5\ncolumns: [output, units, params, macs, flops]\n"
TURNED = {"summary", "columns", "symbols", "published", "solution", "sheet", "solved"}
LARGE = {"columns", "symbols"}
EVERYTHING = "output,params,macs,memory,receptive-field,gradient,what-if"


#: Pages of every kind but those of a class, and how they are made.
PAGES: dict[str, Callable[[], str]] = {
    "summary": lambda: shapecalc.summarize("alexnet").render("html"),
    "columns": lambda: shapecalc.summarize("googlenet").render("html", columns="all", depth=0),
    "symbols": lambda: shapecalc.summarize("vgg16", input="HxWx3").render("html", columns="all"),
    "comparison": lambda: shapecalc.compare("alexnet", "vgg16", "resnet18").render("html"),
    "published": lambda: shapecalc.published_tables("googlenet")[0].render("html"),
    "explanation": lambda: shapecalc.explain("alexnet", "conv1", EVERYTHING).render("html"),
    "formulas": lambda: shapecalc.explain("vgg16", "fc6", input="HxWx3").render("html"),
    "slide": lambda: shapecalc.explain("googlenet", None, "macs").render("html"),
    "solution": lambda: shapecalc.solve("alexnet", "no loss").render("html"),
    "sheet": lambda: sheet(read_homework(Source("h.yaml", SHEET)), "html"),
    "solved": lambda: sheet(read_homework(Source("h.yaml", SHEET)), "html", solution=True),
}


@cache
def page(name: str) -> str:
    return PAGES[name]()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_are_legible_and_ask_for_nothing(tmp_path: Path, scheme: str) -> None:
    assert problems(measured(tmp_path, scheme, {name: page(name) for name in PAGES}), scheme) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_a_notebook_shows_takes_the_colours_around_it(tmp_path: Path, scheme: str) -> None:
    ink = {"light": "#111", "dark": "#eee"}[scheme]
    shown = {
        "summary": shapecalc.summarize("alexnet"),
        "explanation": shapecalc.explain("alexnet", "conv1", EVERYTHING),
        "solution": shapecalc.solve("alexnet", "no loss"),
    }
    notebook = "<!doctype html><html><meta charset=utf-8><body style='background: {}; color: {}'>{}"
    made = {
        name: notebook.format(PAPER[scheme], ink, result._repr_html_())
        for name, result in shown.items()
    }
    assert problems(measured(tmp_path, scheme, made), scheme) == []


@pytest.mark.parametrize("name", PAGES)
def test_no_column_is_lost_on_paper(tmp_path: Path, name: str) -> None:
    assert lost(tmp_path, page(name)) == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_many_columns_is_turned(name: str) -> None:
    head = page(name).partition("</style>")[0]
    assert ("size: landscape" in head) == (name in TURNED)
    assert ("size: A3" in head) == (name in LARGE)


def test_printing_bites(tmp_path: Path) -> None:
    html = page("columns")
    assert len(heads(html)) > 10
    on_paper = re.search(r"  @media print \{\n    body.*?\n  \}\n", html, re.DOTALL)
    assert on_paper is not None
    before = html.replace(on_paper[0], "").replace("<style>\n", f"<style>\n{on_paper[0]}", 1)
    assert lost(tmp_path, before)


def test_no_page_ends_between_a_printed_line_and_its_computed_one(tmp_path: Path) -> None:
    html = shapecalc.published_tables("googlenet")[0].render("html")
    loose = html.replace("</tbody>\n<tbody>\n", "")
    assert parted(tmp_path, lower(html, 0)) == parted(tmp_path, lower(html, 26)) == []
    assert parted(tmp_path, lower(loose, 0)) or parted(tmp_path, lower(loose, 26))


def lower(html: str, pixels: int) -> str:
    """Move what a page shows down, so that a sheet ends at another line of its table."""
    return html.replace("<main", f"<main style='padding-top: {pixels}px'")


def parted(folder: Path, html: str) -> list[str]:
    """Return the computed lines that a sheet begins with."""
    sheets = [re.findall(r"^(?:computed [cmai]|\w+\d\w* [cmai]).*", sheet, re.MULTILINE)
              for sheet in printed(folder, html)]  # fmt: skip
    assert len(sheets) > 1
    assert sum(map(len, sheets)) > 30
    return [lines[0] for lines in sheets if lines and lines[0].startswith("computed")]


#: Pages of the README's own commands, and others with many or wide columns.
ON_A_SCREEN = {
    "tables": lambda: shapecalc.published_tables("googlenet")[0].render("html"),
    "comparison": lambda: shapecalc.compare("vgg16", "resnet50").render("html"),
    "four": lambda: shapecalc.compare("vgg11", "vgg13", "vgg16", "vgg19").render("html"),
    "layers": lambda: shapecalc.summarize("resnet50").render("html", depth=0),
}
#: Which tables of a page are wider than there is room for.
SCROLLED = """<script>
  addEventListener("load", () => {
    const boxes = [...document.querySelectorAll(".wide > table")].map((table) => table.parentElement);
    const wide = boxes.filter((box) => box.scrollWidth > box.clientWidth);
    document.title = `AT ${innerWidth}: ${wide.length}`;
  });
</script>"""


def scrolled(folder: Path, html: str) -> str:
    page = folder / "page.html"
    page.write_text(html + SCROLLED, encoding="utf-8")
    shown = run(page, "--dump-dom", "--window-size=1280,900")
    (title,) = re.findall(r"<title>(AT .*?)</title>", shown)
    return str(title)


@pytest.mark.parametrize("name", ON_A_SCREEN)
def test_a_screen_shows_a_wide_table_whole(tmp_path: Path, name: str) -> None:
    assert scrolled(tmp_path, ON_A_SCREEN[name]()) == "AT 1280: 0"


def test_scrolling_bites(tmp_path: Path) -> None:
    html = ON_A_SCREEN["comparison"]().replace("white-space: normal;", "white-space: nowrap;")
    assert scrolled(tmp_path, html) == "AT 1280: 1"

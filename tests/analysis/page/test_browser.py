"""The page in a real browser: its arithmetic, its keys, its colours, and who can use it."""

from __future__ import annotations

import json
import re
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from shapecalc.analysis.page.layout import to_page
from shapecalc.cli import main
from tests.analysis.page.devtools import Browser, browser
from tests.analysis.page.test_forms import network, points
from tests.cli.test_watch import served, write
from tests.output.browser import IN_A_BROWSER
from tests.runner import runner

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = IN_A_BROWSER

#: The numbers of a network's table and totals, by layer and column.
SEEN = """(() => {
  const net = document.querySelector('article');
  const rows = JSON.parse(document.getElementById('data').textContent).networks[0].rows;
  const cells = [...net.querySelectorAll('table.layers > tbody > tr:not(.detail)')];
  return {
    problem: net.querySelector('.problem').hidden ? '' : net.querySelector('.problem').textContent,
    totals: Object.fromEntries([...net.querySelectorAll('.tile')].map(
      (tile) => [tile.dataset.t, tile.querySelector('b').textContent])),
    rows: Object.fromEntries(rows.map(
      (row, at) => [row.path, [...cells[at].cells].slice(2).map((cell) => cell.textContent)])),
  };
})()"""


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("chromium")) as one:
        yield one


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pages")


def page_of(folder: Path, *names: str) -> Path:
    path = folder / f"{'-'.join(names)}.html"
    if not path.exists():
        path.write_text(to_page([network(name).opened for name in names]), encoding="utf-8")
    return path


def volume(text: str) -> str:
    return text.replace("x", "\N{MULTIPLICATION SIGN}")


@pytest.mark.parametrize("name", ["alexnet", "alphago", "swin-t", "unet", "strides", "joined"])
def test_numbers_are_those_of_the_library_at_random_sizes(
    tab: Browser, pages: Path, name: str
) -> None:
    made = network(name)
    path = page_of(pages, name)
    tab.show(1280)
    tab.open(path)
    for values in [made.opened.values, *points(made, 3, valid=True)]:
        place = "&".join(f"{letter}={value}" for letter, value in values.items())
        tab.do(f"location.hash = '#{place}'")
        for letter, value in values.items():
            tab.wait(f"document.querySelector('[name={letter}]').value === '{value}'")
        seen: dict[str, Any] = tab.do(SEEN)
        assert seen["problem"] == ""
        report = made.report.at(**values)
        totals = report.totals
        assert seen["totals"]["params"] == f"{totals.params:,}"
        assert seen["totals"]["macs"] == f"{totals.macs:,}"
        assert seen["totals"]["peak_activations"] == f"{totals.peak:,}"
        for line in made.walk():
            row = report[line.row.name]
            output, params, macs, activations, _ = seen["rows"][row.name]
            assert output == volume("x".join(map(str, (*row.output.sides, row.output.channels)
                                                 if row.output.sides else (row.output.size,))))  # fmt: skip
            assert (params, macs, activations) == tuple(
                f"{number:,}" for number in (row.params, row.macs, row.activations)
            )
    assert tab.errors == []


def test_where_there_is_no_network_the_rule_stands_and_no_number(tab: Browser, pages: Path) -> None:
    tab.open(page_of(pages, "unet"), "#H=600")
    seen = tab.do(SEEN)
    assert "concat1: operand 2 (transposed1) of concat is 58x56x512" in seen["problem"]
    assert "Near by fit H = 588 and H = 604." in seen["problem"]
    assert set(seen["totals"].values()) == {"\N{EN DASH}"}
    marked = "[...document.querySelectorAll('[aria-invalid=true]')].map((one) => one.name)"
    assert tab.do(marked) == ["H"]
    told = "document.getElementById(document.querySelector('[name=H]').ariaErrorMessageElements?.[0].id)"
    assert tab.do(f"{told}.textContent") == seen["problem"]
    tab.do("document.querySelector('.given').click()")
    assert tab.do(marked) == []
    assert tab.do(SEEN)["problem"] == ""


def typed(tab: Browser, name: str, text: str) -> None:
    tab.do(
        f"(() => {{ const i = document.querySelector('[name={name}]'); i.focus(); i.select(); }})()"
    )
    for letter in text:
        tab.press(letter)


def test_a_size_is_typed_and_stays_in_the_address(tab: Browser, pages: Path) -> None:
    tab.open(page_of(pages, "alphago"))
    typed(tab, "k", "64")
    assert tab.do(SEEN)["totals"]["params"] == f"{99 * 64**2 + 1213 * 64 + 361:,}"
    assert tab.do("location.hash") == "#k=64"
    typed(tab, "k", "-")
    assert "k must be a whole number" in tab.do(SEEN)["problem"]


def test_the_table_is_used_by_keys(tab: Browser, pages: Path) -> None:
    tab.open(page_of(pages, "googlenet"))
    tab.do("document.querySelector('table.layers tbody th').focus()")
    focus = "document.activeElement.textContent"
    tab.press("ArrowDown")
    assert tab.do(focus) == "conv1"
    tab.press("ArrowRight", "ArrowRight", "ArrowRight", "Enter")
    lesson = tab.do("document.querySelector('tr.detail').textContent")
    assert lesson.startswith("params of conv1: 64 7x7 /2, pad 3")
    assert "9,472" in lesson
    tab.press("Escape")
    assert tab.do("document.querySelector('tr.detail')") is None
    tab.press("Home", *["ArrowDown"] * 7)
    assert tab.do(focus) == "inception_3a"
    opened_ = "document.activeElement.parentElement.getAttribute('aria-expanded')"
    assert tab.do(opened_) == "false"
    tab.press("ArrowRight")
    assert tab.do(opened_) == "true"
    tab.press("ArrowDown")
    assert tab.do(focus) == "1x1"
    tab.press("ArrowLeft")
    assert tab.do(focus) == "inception_3a"


def test_arithmetic_is_that_of_explain(tab: Browser, pages: Path) -> None:
    tab.open(page_of(pages, "alexnet"), "#at=conv1:macs")
    lesson = tab.do("document.querySelector('tr.detail').textContent")
    assert "(11×11×3)×96×(55×55)" in lesson
    assert "=105,415,200" in lesson
    assert "34,848⋅h4⋅w4" in lesson
    tab.do("location.hash = '#H=331'")
    tab.wait("document.querySelector('tr.detail').textContent.includes('81')")
    assert "(11×11×3)×96×(81×55)" in tab.do("document.querySelector('tr.detail').textContent")


def test_a_row_and_its_node_light_up_together_and_a_node_leads_to_its_row(
    tab: Browser, pages: Path
) -> None:
    tab.show(1280)
    tab.open(page_of(pages, "googlenet"))
    tab.do("document.querySelectorAll('table.layers tbody tr')[1].cells[0].focus()")
    assert tab.do("document.querySelector('.graph .lit').dataset.name") == "conv1"
    tab.do("document.querySelector('[data-do=more]').click()")
    assert tab.do("[...document.querySelectorAll('.depth')].findIndex((one) => !one.hidden)") == 1
    node = "document.querySelector('.depth:not([hidden]) [data-name=\"pool2\"]')"
    tab.do(f"{node}.dispatchEvent(new MouseEvent('click', {{bubbles: true}}))")
    assert tab.do("document.activeElement.textContent") == "pool2"
    before = tab.do(
        "document.querySelector('.depth:not([hidden]) svg').getBoundingClientRect().width"
    )
    tab.do("document.querySelector('[data-do=large]').click()")
    after = tab.do(
        "document.querySelector('.depth:not([hidden]) svg').getBoundingClientRect().width"
    )
    assert after > before


def copied(tab: Browser, kind: str) -> str:
    tab.do(
        "navigator.clipboard.writeText = (text) => { window.copied = text; return Promise.resolve(); }"
    )
    tab.do(f"document.querySelector('[data-do={kind}]').click()")
    text: str = tab.do("window.copied")
    return text


def test_what_is_in_sight_is_copied(tab: Browser, pages: Path) -> None:
    tab.open(page_of(pages, "googlenet"), "#H=320")
    markdown = copied(tab, "markdown")
    assert markdown.startswith("**GoogLeNet (H = 320, W = 224)**\n\n| layer | what it does |")
    assert "| inception\\_3a |" in markdown
    assert "reduce" not in markdown
    tab.do("document.querySelector('[data-do=open]').click()")
    latex = copied(tab, "latex")
    assert "inception\\_3a/3x3/reduce & 96 1x1 & $40" not in latex
    assert "inception\\_3a/3x3/reduce & 96 1x1 & 40$\\times$28$\\times$96 & 18,528" in latex


def test_a_size_is_turned_in_all_networks_or_in_one(tab: Browser, pages: Path) -> None:
    tab.open(page_of(pages, "alexnet", "resnet18"))
    values = "[...document.querySelectorAll('[name=H]')].map((input) => input.value)"
    typed(tab, "H", "300")
    tab.do("document.activeElement.blur()")
    assert tab.do(values) == ["300", "300"]
    tab.do("document.getElementById('together').click()")
    typed(tab, "H", "260")
    assert tab.do(values) == ["260", "300"]
    assert tab.do("location.hash") == "#1.H=260&2.H=300"


@pytest.mark.parametrize("name", ["googlenet", "course-pattern"])
def test_nothing_is_wider_than_the_page(tab: Browser, pages: Path, name: str) -> None:
    tab.open(page_of(pages, name), "#at=conv1:output")
    for width in (360, 800, 1600):
        tab.show(width)
        assert tab.do("document.documentElement.scrollWidth") <= width
        tab.show(width, media="print")
        assert tab.do("getComputedStyle(document.querySelector('.rows .tools')).display") == "none"


def test_totals_of_billions_stay_on_a_line_of_a_small_screen(tab: Browser, pages: Path) -> None:
    tab.open(page_of(pages, "unet"))
    tab.show(360)
    heights = tab.do("[...document.querySelectorAll('.tile b')].map((b) => b.clientHeight)")
    assert len(set(heights)) == 1


AXE = next(
    (
        found
        for package in ("axe_playwright_python", "axe_core_python")  # the newer axe first
        if (spec := find_spec(package)) is not None and spec.origin is not None
        for found in Path(spec.origin).parent.rglob("axe.min.js")
    ),
    None,
)


def violations(tab: Browser) -> list[tuple[str, list[str]]]:
    assert AXE is not None
    tab.do(AXE.read_text(encoding="utf-8"))
    found: list[tuple[str, list[str]]] = tab.do(
        "axe.run().then((all) => all.violations.map((v) => [v.id, v.nodes.map((n) => n.html)]))"
    )
    return found


@pytest.mark.skipif(AXE is None, reason="no package with axe-core is installed")
@pytest.mark.parametrize(
    ("names", "place", "width", "scheme"),
    [
        (("resnet18",), "#at=conv1:output", 360, "dark"),
        (("alexnet", "lenet5"), "#H=20&at=conv1:output", 1280, "light"),  # no AlexNet is so small
    ],
)
def test_axe_finds_nothing(
    tab: Browser, pages: Path, names: tuple[str, ...], place: str, width: int, scheme: str
) -> None:
    tab.show(width, scheme)
    tab.open(page_of(pages, *names), place)
    assert violations(tab) == []
    tab.do("document.querySelector('.sizes label').remove()")
    tab.do("document.querySelector('.sizes').append(document.createElement('input'))")
    assert [name for name, _ in violations(tab)] == ["label"]


@pytest.mark.skipif(AXE is None, reason="no package with axe-core is installed")
def test_axe_finds_nothing_where_a_spec_is_wrong(tab: Browser, tmp_path: Path) -> None:
    spec = tmp_path / "net.yaml"
    spec.write_text("input: 8x8x1\nlayers: [conv: {filters: 2, kernel: 9}]\n", encoding="utf-8")
    tab.show(360)
    with served(spec) as server:
        tab.call("Page.navigate", url=server.address)
        tab.wait("document.querySelector('.problems')")
        assert violations(tab) == []


def test_it_asks_for_nothing(tab: Browser, pages: Path) -> None:
    tab.requests.clear()
    path = page_of(pages, "lenet5")
    tab.open(path)
    assert {re.split(r"[#?]", url)[0] for url in tab.requests} <= {path.as_uri(), "about:blank"}


def test_names_run_nothing(tab: Browser, tmp_path: Path) -> None:
    nasty = (
        "</script><script>document.title='run'</script>"
        "<img src=x onerror=\"document.title='run'\"> $y$"
    )
    spec = tmp_path / "net.yaml"
    layers = [{"conv": {"filters": 2, "kernel": 3, "note": nasty}}]
    text = {"name": nasty, "source": nasty, "note": nasty, "input": "8x8x1", "layers": layers}
    spec.write_text(json.dumps(text), encoding="utf-8")
    target = tmp_path / "net.html"
    assert runner().invoke(main, ["page", str(spec), "-o", str(target)]).exit_code == 0
    tab.open(target, "#H=9&at=conv1:macs")
    assert tab.do("document.title") == nasty
    assert tab.do("document.querySelectorAll('img').length") == 0
    assert tab.do("document.querySelector('h1').textContent") == nasty
    assert r"\> \$y\$ (H = 9" in copied(tab, "markdown")


def test_a_watched_page_is_renewed_in_its_browser(tab: Browser, tmp_path: Path) -> None:
    spec = tmp_path / "net.yaml"
    text = "name: {}\ninput: 8x8x1\nlayers:\n  - conv: {{filters: 2, kernel: {}}}\n"
    spec.write_text(text.format("First", 3), encoding="utf-8")
    with served(spec) as server:
        tab.call("Page.navigate", url=f"{server.address}#H=9")
        tab.wait("document.querySelector('h1').textContent === 'First'")
        tab.wait("document.querySelector('[name=H]').value === '9'")
        write(spec, text.format("First", 11))
        tab.wait("document.querySelector('.problems').textContent.includes('error[E204]')")
        assert "kernel: 11" in tab.do("document.querySelector('.listing .marked code').textContent")
        write(spec, text.format("Second", 5))
        tab.wait("document.querySelector('h1').textContent === 'Second'")
        tab.wait("document.querySelector('[name=H]').value === '9'")
    tab.wait("document.getElementById('watched').textContent.includes('has ended')")

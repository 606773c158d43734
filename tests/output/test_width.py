"""A narrow page has fewer columns; nothing is ever cut, and what was asked for stays."""

import re

import pytest

from shapecalc.output.columns import COLUMNS, default_columns
from shapecalc.output.formats import write
from shapecalc.output.options import make_view
from shapecalc.output.report_table import tabulate
from shapecalc.text.safe import width_of
from tests.output.reports import NAMES, report, with_name
from tests.output.reread import READERS

WIDTHS = (40, 60, 80, 100, 140)
DEFAULT = [column.title for column in default_columns(make_view(), machine=False)]
ORDER = ["activations", "rf", "input", "type", "what it does", "MACs", "output"]


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("format_", ["text", "terminal"])
def test_no_line_is_wider_than_the_page(format_: str, name: str, width: int) -> None:
    for line in plain(write(report(name), format_, width=width)).splitlines():
        assert width_of(line) <= width


def test_a_word_that_is_wider_than_the_page_stays_whole() -> None:
    word = "[(CONV-RELU)*N-POOL?]*M-(FC-RELU)*K-SOFTMAX"
    text = write(
        with_name(f"the pattern {word} is long"), "text", width=40, columns="params", depth=0
    )
    assert f"the pattern\n{word}\nis long\n" in text


@pytest.mark.parametrize("name", NAMES)
def test_columns_go_in_the_stated_order(name: str) -> None:
    assert [c.title for c in sorted(COLUMNS, key=lambda c: c.drop) if c.drop] == ORDER
    before: set[str] = set()
    for width in range(160, 20, -1):
        table = tabulate(report(name), width=width)
        assert set(table.dropped) == set(ORDER[: len(table.dropped)])
        assert before <= set(table.dropped)
        assert [title for title in DEFAULT if title not in table.dropped] == list(table.header)
        before = set(table.dropped)
    assert before >= set(ORDER[:6])


def rule(text: str) -> int:
    """Return the width of a text's table."""
    return max(len(line) for line in text.splitlines() if line.startswith("──"))


@pytest.mark.parametrize("name", NAMES)
def test_a_column_goes_only_where_it_does_not_fit(name: str) -> None:
    """At the width where a column comes back, the table with it is as wide as the page."""
    left_out = len(ORDER) + 1
    for width in range(24, 160):
        table = tabulate(report(name), width=width)
        if len(table.dropped) < left_out and width > 24:
            assert rule(write(report(name), "text", width=width)) == width
        left_out = len(table.dropped)
    assert left_out == 0


@pytest.mark.parametrize("format_", ["text", "terminal", "latex"])
def test_the_page_says_what_was_left_out(format_: str) -> None:
    text = " ".join(plain(write(report("alexnet"), format_, width=80)).replace("% ", "").split())
    assert (
        "Left out to fit a width of 80: input, activations, rf; --columns chooses others." in text
    )
    assert "Left out" not in write(report("alexnet"), format_, width=140)


@pytest.mark.parametrize("format_", ["text", "terminal"])
@pytest.mark.parametrize("name", NAMES)
def test_columns_asked_for_stay_and_no_cell_is_cut(format_: str, name: str) -> None:
    text = plain(write(report(name), format_, width=40, columns="all", depth=0))
    table = tabulate(report(name), make_view(columns="all", depth=0))
    assert not table.dropped
    lines = text.splitlines()
    for cells, _ in table.lines:
        assert any(all(cell in line for cell in cells) for line in lines)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("width", [60, 110])
def test_the_terminal_shows_the_same_as_plain_text(name: str, width: int) -> None:
    terminal = write(report(name), "terminal", width=width)
    assert plain(terminal) == write(report(name), "text", width=width)


def test_the_terminal_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "75")
    assert READERS["terminal"](write(report("alexnet"), "terminal", columns="name,params"))
    assert "a width of 75" in plain(write(report("alexnet"), "terminal"))


@pytest.mark.parametrize(
    ("variable", "value", "orders"),
    [
        ("NO_COLOR", "", {"0", "1", "2", "36"}),  # an empty one asks for nothing (no-color.org)
        ("NO_COLOR", "1", {"0", "1", "2"}),  # bold and dim are no colours
        ("TERM", "dumb", set()),
    ],
)
def test_a_terminal_gets_the_orders_that_it_may(
    variable: str, value: str, orders: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    text = write(report("alexnet"), "terminal")
    given = set(re.findall(r"\x1b\[([\d;]*)m", text))
    # rich before 14 takes an empty NO_COLOR for one that is set
    assert given == orders or (variable == "NO_COLOR" and given == orders - {"36"})
    assert text.count("\x1b") == len(re.findall(r"\x1b\[[\d;]*m", text))


@pytest.mark.parametrize("format_", ["latex", "terminal", "text", "markdown"])
def test_a_table_wider_than_its_page_says_so(format_: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """LaTeX has a page of 80 characters, a terminal its own; plain text and Markdown take all."""
    monkeypatch.setenv("COLUMNS", "80")
    columns = "name,type,does,from,input,output,params,macs,flops"
    text = plain(write(report("alexnet"), format_, columns=columns))
    said = "Wider than 80: the table takes 1" in " ".join(text.split())
    assert said is (format_ in ("latex", "terminal"))

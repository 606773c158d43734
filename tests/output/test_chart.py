"""`--chart`: bars beside the rows, on a terminal and in text."""

from __future__ import annotations

import pytest

from shapecalc import summarize
from shapecalc.errors import SpecErrors
from shapecalc.output.report_table import LEAST_BAR, MOST_BAR, bar_text
from shapecalc.text.safe import width_of
from tests.output.reports import report
from tests.runner import runner

BLOCKS = " ▏▎▍▌▋▊▉█"


def length(bar: str) -> float:
    return sum(BLOCKS.index(block) / 8 for block in bar)


def bars_of(text: str) -> dict[str, str]:
    """Return the bars by the names of the rows."""
    lines = [line.split() for line in text.splitlines()]
    return {words[0]: words[-1] for words in lines if words and set(words[-1]) <= set(BLOCKS)}


@pytest.mark.parametrize("longest", [1, 7, 16, 40])
@pytest.mark.parametrize("most", [1, 9, 1000, 447_897_600])
def test_a_bar_is_as_long_as_its_share(most, longest):
    for number in {0, 1, most // 3, most // 2, most - 1, most}:
        bar = bar_text(number, most, longest)
        assert (length(bar) > 0) == (number > 0)
        assert length(bar) == pytest.approx(
            max(longest * number / most, (number > 0) / 8), abs=1 / 16
        )
    assert bar_text(most, most, longest) == "█" * longest


@pytest.mark.parametrize("key", ["params", "macs", "memory", "live_memory", "units"])
@pytest.mark.parametrize("width", [None, 60, 80, 100, 200])
def test_bars_are_those_of_the_column(key, width):
    alexnet = report("alexnet")
    text = alexnet.render("text", chart=key, width=width)
    values = {record["name"]: record[key] for record in alexnet.to_records(columns=f"name,{key}")}
    bars = bars_of(text)
    assert bars.keys() == {name for name, value in values.items() if value}
    longest = max(map(width_of, bars.values()))
    assert LEAST_BAR <= longest <= MOST_BAR
    for name, bar in bars.items():
        assert length(bar) == pytest.approx(
            max(1 / 8, longest * values[name] / max(values.values())), abs=1 / 16
        )
    if width:
        assert max(map(width_of, text.splitlines())) <= width


def test_the_scale_is_in_the_legend():
    text = report("alexnet").render("text", chart="macs", width=200)
    assert "MACs, as bars  from 0 to 447,897,600, that of conv2" in text
    text = report("alexnet").render("text", chart="memory", columns="name", batch=2)
    assert "memory, as bars  from 0 to 2,323,200 bytes, those of conv1" in text


def test_rows_that_are_chosen_have_a_scale_of_their_own():
    text = report("alexnet").render("text", chart="macs", rows="fc*", width=100)
    assert "from 0 to 37,748,736, that of fc6" in text
    assert list(bars_of(text)) == ["fc6", "fc7", "fc8"]


@pytest.mark.parametrize("width", range(90, 150, 5))
def test_bars_leave_room_for_what_names_the_totals(width):
    text = report("vgg16").render("text", chart="params", only="weighted", width=width)
    assert "total of all" in text
    assert max(map(width_of, text.splitlines())) <= width
    assert "Wider than" not in text


def test_a_network_without_any_has_no_bars():
    text = summarize({"input": "4x4x3", "layers": ["relu"]}).render("text", chart="macs")
    assert bars_of(text) == {}


def invoke(*words, **options):
    from shapecalc.cli import main

    return runner().invoke(main, ["summarize", *words], **options)


def test_a_terminal_has_them_in_a_colour_unless_it_wants_none():
    words = ["lenet5", "--chart", "macs", "-f", "terminal", "--width", "100"]
    assert "\x1b[34m█" in invoke(*words).stdout
    plain = invoke(*words, env={"NO_COLOR": "1"}).stdout
    assert "\x1b[34m" not in plain
    assert bars_of(plain)


@pytest.mark.parametrize("format_", ["csv", "json", "html", "latex", "markdown"])
def test_other_formats_have_no_bars(format_):
    result = invoke("lenet5", "--chart", "macs", "-f", format_)
    assert result.exit_code == 2
    assert f"--chart draws bars of characters, and {format_} has none" in result.output
    assert "-f terminal or -f text" in result.output


@pytest.mark.parametrize(
    ("word", "message", "hint"),
    [
        ("rf", "of the column 'rf' no bars can be drawn", "one of units, weights,"),
        ("params%", "of the column 'params%' no bars can be drawn", "one of units, weights,"),
        ("mac", "unknown column 'mac'", "did you mean"),
        ("macs,params", "bars are drawn of one column", "--chart macs"),
        ("count", "the column 'count' needs a profile", "--profile"),
    ],
)  # fmt: skip
def test_what_no_bars_can_be_drawn_of(word, message, hint):
    result = invoke("lenet5", "--chart", word)
    assert result.exit_code == 2
    assert message in result.output
    assert hint in result.output


def test_symbols_have_no_length():
    with pytest.raises(SpecErrors, match="a chart needs numbers, but H has no value"):
        summarize("lenet5", input="HxHx1").render("text", chart="macs")


def test_an_output_without_blocks_has_other_signs():
    from shapecalc.cli.common import _encodable

    assert _encodable("██▌ ▏", "ascii") == "### |"

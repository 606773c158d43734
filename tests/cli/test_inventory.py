"""The lists of what the tool has fit their page: no line runs out of it, and no word is lost."""

from __future__ import annotations

import pytest

from shapecalc.analysis.sweep.columns import column_help
from shapecalc.cli import inventory, main
from shapecalc.counting.profiles import PROFILES
from shapecalc.layers import BUILT_IN_BLOCKS, BUILTIN, STRUCTURE
from shapecalc.output.columns import COLUMNS
from shapecalc.spec.language import all_layers, layer_help
from tests.runner import runner

LISTS = [
    "layers",
    *(f"layers {word}" for word in (*BUILTIN, *BUILT_IN_BLOCKS, *STRUCTURE)),
    "profiles",
    *(f"profiles {word}" for word in PROFILES),
    "summarize --columns help",
    "compare --columns help",
    "sweep --columns help",
]


@pytest.mark.parametrize("words", LISTS)
def test_no_line_is_wider_than_a_page(words: str) -> None:
    result = runner().invoke(main, words.split(), catch_exceptions=False)
    assert result.exit_code == 0
    assert "\x1b" not in result.stdout
    assert [line for line in result.stdout.splitlines() if len(line) > 80] == []


@pytest.mark.parametrize("width", [50, 80, 140])
def test_no_word_is_lost_whatever_the_width(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inventory, "page_width", lambda: width)
    for entry in all_layers():
        result = runner().invoke(main, ["layers", entry.type], catch_exceptions=False)
        page = layer_help(entry.type)
        text = " ".join(result.stdout.split())
        texts = [page.summary, page.rule, page.counts, page.learns, *(f.doc for f in page.fields)]
        assert [part for part in texts if " ".join(part.split()) not in text] == []
        widest = max(map(len, text.split()))
        assert max(map(len, result.stdout.splitlines())) <= max(width, 18 + widest)


def test_the_lists_of_columns_have_every_meaning() -> None:
    result = runner().invoke(main, ["summarize", "--columns", "help"])
    text = " ".join(result.stdout.split())
    assert [column.key for column in COLUMNS if f"{column.key} {column.meaning}" not in text] == []
    result = runner().invoke(main, ["sweep", "--columns", "help"])
    text = " ".join(result.stdout.split())
    assert [word for word, meaning in column_help() if f"{word} {meaning}" not in text] == []

"""What generation keeps, asked for: keys and values of causal attention, 2 x 24 numbers a token."""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING

import pytest

from shapecalc import loads, solve, summarize, sweep
from shapecalc.cli import main
from tests.runner import runner

if TYPE_CHECKING:
    from pathlib import Path

CAUSAL = """
input: 10x24
layers:
- attention: {heads: 6, causal: true}
- attention: 4
"""


def test_a_question_is_asked_of_it() -> None:
    """10 tokens keep 480 numbers, in float16 960 bytes; the second attention keeps none."""
    assert solve(loads(CAUSAL), "kv_cache = 480", over="L=1:20").admits(L=10)
    answer = solve(loads(CAUSAL), "kv_cache <= 960B", over="L=1:20", dtype="float16", batch=1)
    assert [n for n in range(1, 21) if answer.admits(L=n)] == list(range(1, 11))
    answer = solve(loads(CAUSAL), "kv_cache_memory <= 3840", over="L=1:20", batch=2)
    assert [n for n in range(1, 21) if answer.admits(L=n)] == list(range(1, 11))


def test_a_sweep_has_it() -> None:
    swept = sweep(loads(CAUSAL), "L=5,10", columns="kv_cache,kv_cache_memory", batch=3)
    assert list(swept["kv_cache"]) == [240, 480]
    assert list(swept["kv_cache_memory"]) == [3 * 4 * 240, 3 * 4 * 480]


def test_grouped_queries_keep_less() -> None:
    """Of 6 heads with 2 of keys and values a third is kept."""
    spec = "input: 10x24\nlayers: [attention: {heads: 6, causal: true, qk_norm: rmsnorm}]"
    for groups, kept in ((6, 480), (2, 160), (1, 80)):
        text = spec.replace("causal", f"groups: {groups}, causal")
        assert sweep(loads(text), "L=10", columns="kv_cache")["kv_cache"][0] == kept


@pytest.mark.parametrize(
    ("spec", "condition", "code"),
    [
        (CAUSAL, "kv_cache > 479", 1),
        (CAUSAL, "kv_cache > 480", 0),
        (CAUSAL, "kv_cache_memory >= 1920B", 1),
        ("input: 10x24\nlayers: [attention: 4]", "kv_cache > 0", 0),
    ],
)
def test_a_summary_fails_by_it(spec: str, condition: str, code: int, tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(spec, "utf-8")
    assert runner().invoke(main, ["summarize", str(path), "--fail-if", condition]).exit_code == code


def test_what_attends_to_all_keeps_nothing() -> None:
    text = summarize(loads("input: 10x24\nlayers: [attention: 4]")).render("json")
    assert "kv_cache" not in text


def test_every_layer_has_its_own() -> None:
    """Keys stay of the scores, values of what weighs by these; attention to all keeps none."""
    report = summarize(loads(CAUSAL))
    kept = {row.name: row.kv_cache for row in report.rows if row.kv_cache}
    assert kept == {"attention1/scores": 240, "attention1/weighted": 240}
    rows = list(csv.DictReader(StringIO(report.render("csv", columns="name,kv_cache", depth=1))))
    assert [row["kv_cache"] for row in rows] == ["0", "480", "0"]
    text = report.render("text", columns="kv_cache_memory", dtype="float16", batch=3)
    assert f"{3 * 2 * 480:,}" in text
    swept = sweep(loads(CAUSAL), "L=5,10", columns="attention1.kv_cache,attention2.kv_cache")
    assert list(swept["attention1.kv_cache"]) == [240, 480]
    assert list(swept["attention2.kv_cache"]) == [0, 0]


def test_of_symbols_it_is_a_formula() -> None:
    attention = "attention: {heads: 6, groups: 2, causal: true}"
    report = summarize(loads(f"input: Nx24\nlayers: [{attention}]"))
    assert str(report["attention1"].kv_cache) == "16N"
    assert report.at(N=10)["attention1"].kv_cache == 160


def test_rounds_of_a_repeat_keep_theirs_together() -> None:
    attention = "attention: {heads: 6, causal: true}"
    text = f"input: 10x24\nlayers: [repeat: {{times: 3, layers: [{attention}]}}]"
    assert summarize(loads(text)).totals.kv_cache == 3 * 480

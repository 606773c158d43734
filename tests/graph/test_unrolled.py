"""Repeats, inside each other too, are what stands written out: row by row, in every quantity."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

import pytest

import shapecalc

if TYPE_CHECKING:
    from shapecalc import Report

#: Layers that keep the sides, so that any number of them may follow each other.
LAYERS = (
    "batchnorm",
    "relu",
    {"lrn": 3},
    {"conv": {"filters": 4, "kernel": 3, "pad": 1}},
    {"conv": {"filters": 4, "kernel": 3, "pad": 1, "trainable": False}},
    {"conv": {"filters": 6, "kernel": [1, 3], "pad": "same", "note": "wide"}},
    {"depthwise": {"kernel": 3, "pad": 2, "dilation": 2}},
    {"maxpool": {"kernel": 3, "stride": 1, "pad": 1}},
)


def statements(random: Random, depth: int, rounds: tuple[str, ...] = ()) -> list[Any]:
    """Draw statements: layers, joins of branches, and repeats down to a depth."""
    drawn: list[Any] = [random.choice(LAYERS) for _ in range(random.randint(1, 3))]
    if rounds:
        drawn.append({"conv": {"filters": f"2 + {random.choice(rounds)}", "kernel": 1}})
    if random.random() < 0.5:
        drawn.append({"concat": [[], [random.choice(LAYERS)], ["relu"]]})
    if depth:
        name = f"i{depth}"
        inside = statements(random, depth - 1, (*rounds, name))
        drawn.append({"repeat": {"times": random.randint(0, 4), "index": name, "layers": inside}})
    random.shuffle(drawn)
    return drawn


def written_out(drawn: list[Any], rounds: dict[str, int]) -> list[Any]:
    """Write repeats out, as a person would, with numbers in place of the rounds' names."""
    lines: list[Any] = []
    for statement in drawn:
        if "repeat" in statement:
            repeat = statement["repeat"]
            for number in range(repeat["times"]):
                lines += written_out(repeat["layers"], {**rounds, repeat["index"]: number})
            continue
        filters = str(statement["conv"]["filters"]) if "conv" in statement else ""
        if filters.startswith("2 + "):
            number = 2 + rounds[filters.removeprefix("2 + ")]
            statement = {"conv": {**statement["conv"], "filters": number}}  # noqa: PLW2901
        lines.append(statement)
    return lines


def summarize(layers: list[Any], size: str) -> Report:
    return shapecalc.summarize({"input": f"{size}x4", "layers": [*layers, {"dense": 3}]})


@pytest.mark.parametrize("seed", range(12))
def test_repeats_are_what_stands_written_out(seed: int) -> None:
    random = Random(seed)
    drawn = statements(random, depth=3)
    size = random.choice(["12x9", "30x1"])
    repeated, written = summarize(drawn, size), summarize(written_out(drawn, {}), size)
    assert repeated.rows == written.rows
    assert [row.live for row in repeated] == [row.live for row in written]
    for total in ("weights", "biases", "buffers", "connections", "work", "activations", "frozen"):
        assert getattr(repeated.totals, total) == getattr(written.totals, total)
    assert repeated.totals.peak == written.totals.peak == max(row.live for row in written)
    assert repeated.peak == written.peak
    for name in ("text", "json", "csv"):
        assert repeated.render(name, depth=0) == written.render(name, depth=0)

"""A slice of channels that lie beside others sees what these alone see."""

from __future__ import annotations

import pytest

from shapecalc.api import loads, summarize
from shapecalc.report.beside import MOST_ROWS
from shapecalc.report.receptive_field import AtMost

BOTH = "concat: [[], [conv: {filters: 4, kernel: 5, pad: 2}]]"

#: Layers behind an input of 12x12x4 -> what the last of them sees, by moving every pixel.
SLICED = {
    "the operand that was not looked at": ([BOTH, "slice: {channels: [0, 4]}"], 1),
    "the other": ([BOTH, "slice: {channels: [-4, null]}"], 5),
    "some of both": ([BOTH, "slice: {channels: [3, 5]}"], 5),
    "every third": ([BOTH, "slice: {channels: [1, 8, 3]}"], 5),
    "a part of a part": ([BOTH, "slice: {channels: [1, 8, 2]}", "slice: {channels: [0, 2]}"], 1),
    "behind layers that keep channels": ([BOTH, "relu", "maxpool", "slice: {channels: [0, 4]}"], 2),
    "before a convolution": ([BOTH, "slice: {channels: [0, 4]}", "conv3-2"], 3),
    "joined twice": ([BOTH, BOTH, "slice: {channels: [3, 4]}"], 1),
    "moved by channels of zeros": (
        [BOTH, "pad_channels: [2, 0]", "slice: {channels: [2, 4]}"], 1,
    ),
    "only zeros": ([BOTH, "pad_channels: [2, 0]", "slice: {channels: [0, 2]}"], 5),
    "shuffled": ([BOTH, "channel_shuffle: 2", "slice: {channels: [0, 4]}"], 5),
    "mixed": ([BOTH, "conv1-8", "slice: {channels: [0, 4]}"], 5),
    "halves of all": ([BOTH, "glu", "slice: {channels: [0, 1]}"], 5),
    "too far back": ([BOTH, *["relu"] * MOST_ROWS, "slice: {channels: [0, 4]}"], 5),
}  # fmt: skip


def sees(shape: str, layers: list[str]) -> object:
    text = f"input: {shape}\nlayers:\n" + "".join(f"  - {layer}\n" for layer in layers)
    return summarize(loads(text)).rows[-1].receptive_field


@pytest.mark.parametrize("what", SLICED)
def test_a_slice_sees_what_it_takes(what: str) -> None:
    """Broken by a slice that has the field of the widest channel beside those it takes."""
    layers, size = SLICED[what]
    assert sees("12x12x4", layers) == (size, size)


def test_symbols_of_sides_are_followed_and_of_channels_are_not() -> None:
    assert sees("NxNx4", [BOTH, "slice: {channels: [0, 4]}"]) == (1, 1)
    assert sees("8x8xC", [BOTH, "slice: {channels: 1 of 2}"]) == (5, 5)


OF_SYMBOLS = {
    "one of two operands": ([BOTH, "slice: {channels: 1 of 2}"], AtMost),
    "and what reads it": ([BOTH, "relu", "slice: {channels: [0, 4]}", "conv3-2"], AtMost),
    "of a map that was not joined": (["conv3-4", "slice: {channels: [0, 2]}"], tuple),
    "of operands that see the same": (["concat: [[], [relu]]", "slice: {channels: 1 of 2}"], tuple),
}


@pytest.mark.parametrize("relus", [0, MOST_ROWS], ids=["near", "too far back"])
def test_where_a_symbol_decides_where_a_slice_of_so_many_begins_there_is_a_bound(
    relus: int,
) -> None:
    layers = ", ".join([BOTH, *["relu"] * relus, "slice: {channels: [k, k+4]}"])
    spec = loads(f"let: {{k: free}}\ninput: 12x12x4\nlayers: [{layers}]\n")
    assert type(summarize(spec).rows[-1].receptive_field) is AtMost


@pytest.mark.parametrize("what", OF_SYMBOLS)
def test_where_a_symbol_decides_what_is_taken_there_is_a_bound(what: str) -> None:
    layers, kind = OF_SYMBOLS[what]
    assert type(sees("8x8xC", layers)) is kind


def test_what_lies_too_far_back_is_a_bound() -> None:
    assert type(sees("12x12x4", SLICED["too far back"][0])) is AtMost
    assert type(sees("12x12x4", SLICED["behind layers that keep channels"][0])) is tuple


#: Layers behind a sequence of 6x2 -> what the last of them sees.
READ = ["lstm: {units: 2, bidirectional: true}"]
DIRECTIONS = {
    "forward": ([*READ, "slice: {channels: [0, 2]}", "slice: {length: [0, 2]}"], 2),
    "forward, in the end": ([*READ, "slice: {channels: [0, 2]}", "slice: {length: [-2, null]}"], 6),
    "backward": ([*READ, "slice: {channels: [2, 4]}", "slice: {length: [-2, null]}"], 2),
    "backward, in the end": ([*READ, "slice: {channels: [3, 4]}", "slice: {length: [0, 2]}"], 6),
    "both": ([*READ, "slice: {channels: [1, 3]}", "slice: {length: [0, 2]}"], 6),
    "of windows": (
        ["conv: {filters: 2, kernel: 3}", *READ, "slice: {channels: [2, 4]}",
         "slice: {length: [-2, null]}"], 4,
    ),
    "of two layers": (
        ["gru: {units: 2, layers: 2, bidirectional: true}", "slice: {channels: [0, 2]}",
         "slice: {length: [0, 2]}"], 6,
    ),
    "the last of each": (
        ["rnn: {units: 2, bidirectional: true, returns: last}", "slice: {channels: [0, 2]}"], 6,
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", DIRECTIONS)
def test_a_slice_of_one_direction_sees_what_was_read(what: str) -> None:
    """Broken by steps of one direction that see what only the other one has read."""
    layers, size = DIRECTIONS[what]
    assert sees("6x2", layers) == (size,)


def test_directions_are_followed_at_any_length() -> None:
    *_, size = sees("Nx2", [*READ, "slice: {channels: [2, 4]}", "slice: {length: [-2, null]}"])
    assert str(size) == "2"

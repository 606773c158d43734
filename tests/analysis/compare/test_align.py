"""Alignment of sequences, by itself."""

import itertools
import random
import time

from hypothesis import example, given
from hypothesis import strategies as st

from shapecalc.analysis.compare import align as module
from shapecalc.analysis.compare.align import align

LETTERS = st.lists(st.sampled_from("abcdefgh"), max_size=30)


def pair(first: str | list[str], second: str | list[str]) -> list[tuple[int, int]]:
    """Pair equal items only."""
    names = ([""] * len(first), [""] * len(second))
    return align(list(first), list(second), lambda a, b: int(first[a] == second[b]), names)


def longest(first: list[str], second: list[str]) -> int:
    """Count the longest common subsequence, by the textbook's recursion."""
    line = [0] * (len(second) + 1)
    for a in first:
        before = line
        line = [0]
        for j, b in enumerate(second):
            line.append(before[j] + 1 if a == b else max(before[j + 1], line[j]))
    return line[-1]


@given(LETTERS, LETTERS)
@example(list("aab"), list("ab"))
def test_as_many_equal_items_are_paired_as_can_be(first: list[str], second: list[str]) -> None:
    pairs = pair(first, second)
    assert len(pairs) == longest(first, second)
    assert all(first[a] == second[b] for a, b in pairs)
    for (a, b), (c, d) in itertools.pairwise(pairs):
        assert a < c
        assert b < d


@given(LETTERS, LETTERS)
def test_exchanging_the_sequences_exchanges_the_pairs(first: list[str], second: list[str]) -> None:
    assert pair(second, first) == [(b, a) for a, b in pair(first, second)]


def test_of_items_that_are_all_alike_the_last_are_new() -> None:
    assert pair("xaaay", "xaaaaay") == [(0, 0), (1, 1), (2, 2), (3, 3), (4, 6)]


def long(seed: int, number: int) -> list[str]:
    draw = random.Random(seed)
    return [draw.choice("abcdefghij") for _ in range(number)]


def test_an_edit_in_a_long_sequence_is_found_however_long_it_is() -> None:
    first = long(1, 20_000)
    second = [*first[:6000], "new", *first[6000:15_000], *first[15_004:]]
    pairs = pair(first, second)
    assert len(pairs) == 19_996
    assert {b for _, b in pairs} == set(range(19_997)) - {6000}
    assert all(first[a] == second[b] for a, b in pairs)


def test_sequences_without_likeness_take_time_that_grows_no_faster_than_they(
    monkeypatch,
) -> None:
    scored = 0

    def score(a: int, b: int) -> int:
        nonlocal scored
        scored += 1
        return int((a + b) % 3 == 0)

    for number in (2000, 8000, 32_000):
        scored = 0
        began = time.process_time()
        names = ([""] * number, [""] * number)
        pairs = align(
            [("a", i) for i in range(number)], [("b", i) for i in range(number)], score, names
        )
        assert scored <= 2 * module.WORK
        assert len(pairs) > number / 2
        assert time.process_time() - began < 20


def test_names_make_fixed_points_where_everything_is_alike() -> None:
    names = [f"layer{i}" for i in range(3000)]
    other = [f"new{i}" for i in range(1500)] + names
    first, second = ["a", *["x"] * 2998, "b"], ["c", *["x"] * 4498, "d"]
    pairs = align(first, second, lambda a, b: 1 + (names[a] == other[b]), (names, other))
    assert sum(names[a] == other[b] for a, b in pairs) > 2900

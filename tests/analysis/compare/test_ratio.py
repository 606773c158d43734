"""Ratios in words."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapecalc.analysis.compare.names import ratio, times_text


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (5, 5, "the same"),
        (0, 0, "the same"),
        (0, 5, "no ratio to 0"),
        (5, 0, "no ratio to 0"),
        (60_965_224, 6_998_552, "8.71x fewer"),
        (724_406_816, 1_582_671_872, "2.18x more"),
        (1000, 1001, "<1.01x more"),
        (1, 12, "12.0x more"),
        (123_456, 1, "123,000x fewer"),
        (1, 10**60, f"{10**60:,}x more"),
    ],
)
def test_in_words(before: int, after: int, said: str) -> None:
    assert ratio(before, after).text == said


COUNT = st.integers(1, 10**15)


@given(COUNT, COUNT)
def test_is_exact_at_least_1_and_turns_round(before: int, after: int) -> None:
    there, back = ratio(before, after), ratio(after, before)
    assert there.times is not None
    assert there.times >= 1
    assert there.times == back.times
    factor = there.times if after > before else 1 / there.times
    assert before * factor == after
    turned = {"more": "fewer", "fewer": "more", "the same": "the same"}
    assert back.direction == turned[there.direction]


@given(st.fractions(Fraction(1005, 1000), 10**9))
def test_text_is_right_to_three_digits(times: Fraction) -> None:
    read = Fraction(times_text(times).removesuffix("x").replace(",", ""))
    assert abs(read - times) <= times / 200  # half a unit of the third digit, of 1.00 at most
    assert (
        len(times_text(times).replace(",", "").removesuffix("x").replace(".", "").rstrip("0")) <= 3
    )

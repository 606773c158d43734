"""The little language of conditions on totals, and ratios in words."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapecalc.analysis.compare.totals import ratio, read_conditions, times_text, total_names
from shapecalc.errors import SpecErrors
from shapecalc.output.options import make_view

NAMES = total_names(make_view())


def holds(text: str, number: int, first: int = 1) -> bool:
    (condition,) = read_conditions([text], NAMES)
    return condition.holds(number, first)


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("params > 60M", 60_000_000),
        ("params>60_000_000", 60_000_000),
        ("  PARAMS  >  60,000,000  ", 60_000_000),
        ("params > 0.06G", 60_000_000),
        ("MACs > 1.5 Ki", 1536),
        ("memory > 3MiB", 3 * 2**20),
        ("peak_memory > 2GB", 2 * 10**9),
        ("parameter_memory > 7B", 7),
        ("flops > 1Ti", 2**40),
        ("peak > 5K", 5000),
        ("layers > 16", 16),
        ("weighted_layers > 0", 0),
    ],
)
def test_number(text: str, limit: int) -> None:
    assert not holds(text, limit)
    assert holds(text, limit + 1)


@pytest.mark.parametrize(
    ("sign", "below", "at", "above"),
    [
        ("<", True, False, False),
        ("<=", True, True, False),
        (">", False, False, True),
        (">=", False, True, True),
        ("==", False, True, False),
        ("!=", True, False, True),
    ],
)
def test_comparison(sign: str, below: bool, at: bool, above: bool) -> None:
    assert [holds(f"params {sign} 7", number) for number in (6, 7, 8)] == [below, at, above]


def test_relative_bounds_are_exact() -> None:
    """1.1 is no binary fraction: 1.1 x 10^16 in floating point would be off."""
    first = 10**16
    assert not holds("params > 1.1x", 11 * 10**15, first)
    assert holds("params > 1.1x", 11 * 10**15 + 1, first)
    assert holds("macs == 2x", 14, 7)


def test_what_is_told_has_the_numbers() -> None:
    plain, relative = read_conditions(["params > 6M", "macs > 1.1x"], NAMES)
    assert plain.sentence("B", 6_998_552, "A", 1) == "params > 6M: B has 6,998,552"
    said = "macs > 1.1x: B has 30, A has 20 (1.50x more)"
    assert relative.sentence("B", 30, "A", 20) == said


@given(st.integers(0, 10**30), st.integers(0, 10**6 - 1), st.sampled_from(["", "K", "Mi", "T"]))
def test_every_number_is_read_as_written(whole: int, part: int, suffix: str) -> None:
    (condition,) = read_conditions([f"params > {whole:,}.{part:06}{suffix}"], NAMES)
    scale = {"": 1, "K": 1000, "Mi": 2**20, "T": 10**12}[suffix]
    assert condition.bound == (whole + Fraction(part, 10**6)) * scale


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("parms > 6M", "E332", "parms"),
        ("count > 6M", "E332", "count"),
        ("", "E331", ""),
        ("> 6M", "E331", ""),
        ("params", "E331", ""),
        ("params 6M", "E331", ""),
        ("params => 6M", "E331", "=>"),
        ("params > ", "E331", ""),
        ("params > -6", "E331", "-6"),
        ("params > 60m", "E331", "m"),
        ("params > 60MB", "E331", "MB"),
        ("params > 60M or macs > 2", "E331", "or macs > 2"),
        ("params > 1e9", "E331", "e9"),
        ("params > ٣", "E331", "٣"),
        ("params > " + "9" * 200, "E331", "params > " + "9" * 200),
        ("params > __import__('os')", "E331", "__import__('os')"),
    ],
)
def test_what_cannot_be_read_is_pointed_at(text: str, code: str, place: str) -> None:
    with pytest.raises(SpecErrors) as caught:
        read_conditions([text], NAMES)
    (problem,) = caught.value.problems
    assert problem.code == code
    assert problem.hint
    assert problem.origin is not None
    assert problem.origin.span is not None
    assert text[problem.origin.span.column : problem.origin.span.end_column] == place


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(SpecErrors) as caught:
        read_conditions(["parms > 1", "params > 1", "params ~ 1"], NAMES)
    assert [problem.code for problem in caught.value.problems] == ["E332", "E331"]


@given(st.text(max_size=120))
def test_any_text_is_read_or_refused(text: str) -> None:
    codes: set[str] = set()
    try:
        read_conditions([text], NAMES)
    except SpecErrors as error:
        codes = {problem.code for problem in error.problems}
    assert codes <= {"E331", "E332"}


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
def test_a_ratio_in_words(before: int, after: int, said: str) -> None:
    assert ratio(before, after).text == said


COUNT = st.integers(1, 10**15)


@given(COUNT, COUNT)
def test_a_ratio_is_exact_at_least_1_and_turns_round(before: int, after: int) -> None:
    there, back = ratio(before, after), ratio(after, before)
    assert there.times is not None
    assert there.times >= 1
    assert there.times == back.times
    factor = there.times if after > before else 1 / there.times
    assert before * factor == after
    turned = {"more": "fewer", "fewer": "more", "the same": "the same"}
    assert back.direction == turned[there.direction]


@given(st.fractions(Fraction(1005, 1000), 10**9))
def test_a_ratios_text_is_right_to_three_digits(times: Fraction) -> None:
    read = Fraction(times_text(times).removesuffix("x").replace(",", ""))
    assert abs(read - times) <= times / 200  # half a unit of the third digit, of 1.00 at most
    assert (
        len(times_text(times).replace(",", "").removesuffix("x").replace(".", "").rstrip("0")) <= 3
    )

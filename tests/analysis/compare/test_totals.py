"""The little language of conditions on totals, and ratios in words."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapecalc.analysis.compare.totals import digits_text, ratio, read_conditions, total_names
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
    said = "macs > 1.1x: B has 30, A has 20: x1.50 (+50.0 %)"
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
        ("params > 1e9x", "E331", "e9x"),
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
        (5, 0, "x0 (-100 %)"),
        (60_965_224, 6_998_552, "x0.115 (-88.5 %)"),  # 12 times fewer, as the course has it
        (724_406_816, 1_582_671_872, "x2.18 (+118 %)"),
        (100, 47, "x0.470 (-53.0 %)"),
        (10, 21, "x2.10 (+110 %)"),
        (1000, 1001, "x1.001 (+0.100 %)"),
        (10**6, 10**6 - 1, "x0.999999 (-0.000100 %)"),
        (1, 12, "x12.0"),
        (10_000, 1, "x0.000100 (-99.99 %)"),
        (123_456, 1, "x0.00000810 (-99.999 %)"),
        (1, 10**60, f"x{10**60:,}"),
    ],
)
def test_a_ratio_in_words(before: int, after: int, said: str) -> None:
    assert ratio(before, after).text == said


COUNT = st.integers(1, 10**15)


@given(COUNT, COUNT)
def test_a_ratio_is_exact_and_turns_round(before: int, after: int) -> None:
    there, back = ratio(before, after), ratio(after, before)
    assert there.quotient is not None
    assert there.quotient == 1 / (back.quotient or 0)
    assert before * there.quotient == after
    assert there.percent == pytest.approx(100 * (after - before) / before)


@given(st.fractions(Fraction(1, 10**9), 10**9))
def test_a_ratios_text_is_right_to_three_digits(number: Fraction) -> None:
    text = digits_text(number, 1)
    read = Fraction(text.replace(",", ""))
    assert abs(read - number) <= number / 200  # half a unit of the third digit, of 1.00 at most
    assert (read == 1) == (number == 1)  # what is near does not read as the same


@given(COUNT, COUNT)
def test_factor_and_percentage_say_the_same(before: int, after: int) -> None:
    text = ratio(before, after).text
    if before == after:
        assert text == "the same"
        return
    factor, _, percent = text.removeprefix("x").replace(",", "").partition(" (")
    assert (Fraction(factor) > 1) == (after > before)
    if percent:
        change = Fraction(percent.removesuffix(" %)"))
        assert -100 < change < 0 or change > 0
        assert abs(float(change) - 100 * (after - before) / before) <= 0.006 * abs(float(change))


@pytest.mark.parametrize(("unit", "bound"), [("kB", 512_000), ("KB", 512_000), ("KiB", 524_288)])
def test_a_condition_takes_the_units_that_tables_write(unit: str, bound: int) -> None:
    (condition,) = read_conditions([f"peak_memory > 512{unit}"], ["peak_memory"])
    assert condition.bound == bound

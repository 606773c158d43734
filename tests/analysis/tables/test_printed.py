"""Printed cells are read as they stand, and compared at their own precision.

Every expectation is worked out by hand; nothing here asks the project what agrees.
"""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapecalc.analysis.tables.model import Convention
from shapecalc.analysis.tables.printed import (
    LayerKind,
    UnreadableError,
    read_extents,
    read_kernel,
    read_number,
    read_word,
)

DECIMAL = {"": 1, "K": 10**3, "M": 10**6, "million": 10**6}
BINARY = {"": 1, "K": 2**10, "M": 2**20}
NEAREST, DOWN, UP = (Convention(rounding=rounding) for rounding in ("nearest", "down", "up"))
TWO = Convention(significant=2)


def number(text: str, units: dict[str, int] = DECIMAL):
    return read_number(text, {unit: Fraction(value) for unit, value in units.items()})


@pytest.mark.parametrize(
    ("text", "value", "quantum"),
    [
        ("156", 156, 1),
        ("122,304", 122_304, 1),
        ("2.7K", 2_700, 100),
        ("159K", 159_000, 1_000),
        ("34M", 34_000_000, 1_000_000),
        ("60 million", 60_000_000, 1_000_000),
        ("3.8x10^9", 3_800_000_000, 100_000_000),
        ("3.8 × 10⁹", 3_800_000_000, 100_000_000),
        ("11.3*10**9", 11_300_000_000, 100_000_000),
        ("0", 0, 1),
        ("0.5", Fraction(1, 2), Fraction(1, 10)),
    ],
)
def test_a_number_and_the_unit_of_its_last_digit(text, value, quantum):
    read = number(text)
    assert (read.value, read.quantum) == (value, quantum)


def test_what_k_stands_for_is_the_tables_to_say():
    assert number("2.7K", BINARY).value == Fraction(27 * 1024, 10)
    assert number("2.7K", DECIMAL).value == 2_700


@pytest.mark.parametrize(
    "text",
    ["", "K", "2.7k", "2.7T", "1,23", "12,3456", "-3", "+3", "2.", ".5", "1e9", "NaN", "3 4"],
)
def test_what_is_no_number_is_refused(text):
    with pytest.raises(UnreadableError):
        number(text)


@pytest.mark.parametrize(
    ("text", "convention", "least", "most"),
    [  # the smallest and the largest whole number that prints so, by hand
        ("159K", NEAREST, 158_500, 159_499),
        ("159K", DOWN, 159_000, 159_999),
        ("159K", UP, 158_001, 159_000),
        ("2.7K", NEAREST, 2_650, 2_749),
        ("2.7K", DOWN, 2_700, 2_799),
        ("3.8x10^9", NEAREST, 3_750_000_000, 3_849_999_999),
        ("3.8x10^9", DOWN, 3_800_000_000, 3_899_999_999),
        ("60 million", DOWN, 60_000_000, 60_999_999),
        ("290,400", NEAREST, 290_400, 290_400),
        ("800K", NEAREST, 799_500, 800_499),
        ("800K", TWO, 795_000, 804_999),
        ("3.2M", TWO, 3_150_000, 3_249_999),
        ("25K", TWO, 24_500, 25_499),
        ("150K", TWO, 145_000, 154_999),
        ("650,000", TWO, 645_000, 654_999),
        ("4096", TWO, 4_096, 4_096),  # more than two digits, and no unit: exact
    ],
)
def test_a_number_agrees_with_what_prints_so_and_with_nothing_else(text, convention, least, most):
    read = number(text)
    assert read.agrees(Fraction(least), convention)
    assert read.agrees(Fraction(most), convention)
    assert not read.agrees(Fraction(least - 1), convention)
    assert not read.agrees(Fraction(most + 1), convention)


def test_a_number_with_a_unit_has_no_more_than_the_significant_digits():
    # 401,408 is 401K to the last digit, and 400K to two
    assert number("401K").agrees(Fraction(401_408), NEAREST)
    assert not number("401K").agrees(Fraction(401_408), TWO)
    assert number("400K").agrees(Fraction(401_408), TWO)


def test_a_kilo_of_1024_agrees_with_other_numbers_than_one_of_1000():
    # 159.859 x 1024 = 163,696, truncated to 159K; over 1000 it is 163K
    assert number("159K", BINARY).agrees(Fraction(163_696), DOWN)
    assert not number("159K", BINARY).agrees(Fraction(163_696), NEAREST)
    assert not number("159K", DECIMAL).agrees(Fraction(163_696), DOWN)


@given(
    st.integers(1, 10**9),
    st.integers(0, 3),
    st.sampled_from(["", "K", "M"]),
    st.integers(0, 999),
    st.sampled_from(["nearest", "down", "up"]),
)
def test_a_text_agrees_with_exactly_what_is_written_so(
    steps, decimals, unit, thousandths, rounding
):
    # A number of `steps` units of its last digit is what comes from steps .. steps + 1 when cut,
    # from steps - 1/2 .. steps + 1/2 when rounded, from steps - 1 .. steps when raised.
    text = f"{steps // 10**decimals}" + (f".{steps % 10**decimals:0{decimals}}" if decimals else "")
    first = {"nearest": Fraction(-1, 2), "down": Fraction(0), "up": Fraction(-999, 1000)}[rounding]
    quantum = Fraction(DECIMAL[unit], 10**decimals)
    inside = (steps + first + Fraction(thousandths, 1000)) * quantum
    read, convention = number(text + unit), Convention(rounding=rounding)
    assert read.agrees(inside, convention)
    assert not read.agrees(inside + quantum, convention)
    assert not read.agrees(inside - quantum, convention)


@pytest.mark.parametrize(
    ("text", "value", "beside"),
    [
        ("2.7K", 9_250, "9.25K"),
        ("34M", 118_013_952, "118.01M"),
        ("5 million", 6_998_552, "7.00 million"),  # not 7: that would claim too much
        ("3.8x10^9", 3_857_973_248, "3.858x10^9"),
        ("253,440", 290_400, "290,400"),
        ("4096", 12_544, "12544"),
        ("800K", 800_000, "800K"),
    ],
)
def test_a_computed_value_reads_like_the_printed_one_with_two_digits_more(text, value, beside):
    assert number(text).beside(Fraction(value)) == beside


@pytest.mark.parametrize(
    ("text", "extents"),
    [
        ("112x112x64", (112, 112, 64)),
        ("[55x55x96]", (55, 55, 96)),
        ("13 × 13", (13, 13)),
        ("7*7*256", (7, 7, 256)),
        ("110", (110,)),
    ],
)
def test_extents(text, extents):
    assert read_extents(text).extents == extents


@pytest.mark.parametrize("text", ["", "x", "3x", "[3x4", "3x4x5x6x7", "3 by 4", "-3x4", "3.5x4"])
def test_what_is_no_volume_is_refused(text):
    if text == "[3x4":  # a bracket that papers forget is no mistake
        assert read_extents(text).extents == (3, 4)
        return
    with pytest.raises(UnreadableError):
        read_extents(text)


def test_a_window_says_what_it_prints():
    assert read_kernel("7x7/2").agrees(((7, 7), (2, 2)), NEAREST)
    assert read_kernel("7/2").agrees(((7, 7), (2, 2)), NEAREST)
    assert read_kernel("3x5").agrees(((3, 5), (4, 2)), NEAREST)
    assert not read_kernel("7x7/2").agrees(((7, 7), (3, 3)), NEAREST)
    assert not read_kernel("7x7/2").agrees(((7, 5), (2, 2)), NEAREST)
    assert not read_kernel("7/2").agrees(((7, 5), (2, 2)), NEAREST)
    assert read_kernel("3x3").beside(((7, 5), (2, 3))) == "7x5"
    assert read_kernel("3x3/1").beside(((7, 5), (2, 3))) == "7x5/2x3"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("convolution", LayerKind("conv", "conv1", 7, 64)),
        ("max pool", LayerKind("maxpool", "pool1", 3, 64)),
        ("avg pool", LayerKind("avgpool", "pool5", 7, 1024)),
        ("conv3-64", LayerKind("conv", "conv1_1", 3, 64)),
        ("FC-4096", LayerKind("dense", "fc6", None, 4096)),
        ("soft-max", LayerKind("softmax", "softmax1", None, 1000)),
        ("LRN", LayerKind("lrn", "norm1", None, 64)),
        ("linear", LayerKind("dense", "linear", None, 1000)),
        ("inception (3a)", LayerKind("inception", "inception_3a")),
        ("dropout (40%)", LayerKind("dropout", "dropout1", None, 1024, "40%")),
    ],
)
def test_a_papers_word_for_a_layer(text, kind):
    assert read_word(text).agrees(kind, NEAREST)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("max pool", LayerKind("avgpool", "pool1", 3, 64)),
        ("conv3-64", LayerKind("conv", "conv1_1", 1, 64)),
        ("conv3-64", LayerKind("conv", "conv1_1", 3, 65)),
        ("conv3-64", LayerKind("conv", "conv1_1", None, 64)),  # not square
        ("FC-4096", LayerKind("dense", "fc6", None, 1000)),
        ("inception (3a)", LayerKind("inception", "inception_3b")),
        ("dropout (40%)", LayerKind("dropout", "dropout1", None, 1024, "50%")),
    ],
)
def test_a_word_for_another_layer(text, kind):
    assert not read_word(text).agrees(kind, NEAREST)

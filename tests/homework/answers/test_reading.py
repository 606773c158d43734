"""Reading gives back what was written, in every notation, and survives everything else."""

from __future__ import annotations

import os
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shapecalc.errors import SpecErrors
from shapecalc.homework.answers.files import READERS, read_answers
from shapecalc.homework.assignment.notation import (
    Blank,
    ReadExtents,
    ReadNumber,
    Unreadable,
)
from shapecalc.homework.assignment.notation.numerals import read_number
from shapecalc.homework.assignment.notation.volumes import read_volume

#: So many inputs each; SHAPECALC_FUZZ=5000 tries more, tests/fuzz/homework.py whole files.
EXAMPLES = int(os.environ.get("SHAPECALC_FUZZ", "200"))
counts = st.integers(0, 10**15)
extents = st.lists(st.integers(1, 99_999), min_size=2, max_size=4)


def groups(number: int, mark: str) -> str:
    return f"{number:,}".replace(",", mark)


@given(
    counts,
    st.sampled_from(
        [",", ".", " ", "'", "_", "\N{NO-BREAK SPACE}", "\N{RIGHT SINGLE QUOTATION MARK}"]
    ),
)
def test_every_separator_of_thousands(number: int, mark: str) -> None:
    readings = read_number(groups(number, mark))
    assert isinstance(readings, tuple)
    assert readings[0].value == number
    assert readings[0].half == 0


@given(st.integers(1, 10**6), st.integers(0, 999), st.sampled_from("KMG"), st.sampled_from(".,"))
def test_units_keep_their_precision(whole: int, decimals: int, unit: str, mark: str) -> None:
    scale = {"K": 10**3, "M": 10**6, "G": 10**9}[unit]
    readings = read_number(f"{whole}{mark}{decimals:03}{unit}")
    assert isinstance(readings, tuple)
    assert readings[0].value == (Fraction(whole) + Fraction(decimals, 1000)) * scale
    assert readings[0].half == Fraction(scale, 2000)


@given(st.lists(st.integers(1, 999), min_size=1, max_size=5), st.integers(0, 9999))
def test_sums_are_computed(factors: list[int], bias: int) -> None:
    product = 1
    for factor in factors:
        product *= factor
    for sign in ("*", " x ", "\N{MULTIPLICATION SIGN}", "\N{DOT OPERATOR}"):
        readings = read_number(sign.join(map(str, factors)) + f" + {bias}")
        assert isinstance(readings, tuple)
        assert readings[0].value == product + bias


@given(extents)
def test_every_notation_of_a_volume(dims: list[int]) -> None:
    texts = [
        "x".join(map(str, dims)),
        " X ".join(map(str, dims)),
        "\N{MULTIPLICATION SIGN}".join(map(str, dims)),
        str(dims),
        str(tuple(dims)),
        f"(None, {str(dims)[1:]}".replace("]", ")"),
        f"torch.Size({dims})",
        ", ".join(map(str, dims)),
    ]
    for text in texts:
        readings = read_volume(text)
        assert isinstance(readings, tuple), text
        assert readings[0].dims == tuple(map(Fraction, dims)), text


@given(st.integers(1, 9999), st.integers(1, 9999), st.integers(1, 9999))
def test_channels_before_an_at_sign(height: int, width: int, channels: int) -> None:
    (reading,) = read_volume(f"{channels}@{height}x{width}")
    assert isinstance(reading, ReadExtents)
    assert (reading.dims, reading.channels_first) == ((channels, height, width), True)


@settings(max_examples=EXAMPLES)
@given(st.text() | st.text(alphabet="0123456789xX,.@*+-() KMGe^_'[]None\t=~%/", max_size=60))
def test_no_text_makes_a_cell_fail(text: str) -> None:
    for read in (read_number, read_volume):
        readings = read(text)
        if isinstance(readings, Unreadable):
            assert readings.reason
            assert len(readings.reason) < 200
        elif not isinstance(readings, Blank):
            assert readings
            assert all(
                isinstance(reading, ReadNumber | ReadExtents) and reading.text
                for reading in readings
            )


def alive(data: bytes, name: str) -> None:
    try:
        answers = read_answers(data, name)
    except SpecErrors as error:
        problems = error.problems
    else:
        problems = ()
        assert answers.cells or answers.columns
    assert all(problem.message for problem in problems)


SUFFIXES = [*READERS, "", ".xlsx", ".pdf"]
PARTS = [
    b"layer", b"output", b"params", b"conv1", b"55x55x96", b"34944", b"|", b",", b";", b"\t", b"\n",
    b"\r\n", b'"', b"'", b"[", b"]", b"{", b"}", b":", b"- ", b"&a", b"*a", b"<<: ", b"!!python/object",
    b"---", b"#", b"\xef\xbb\xbf", b"\xff\xfe", b"\x00", b"\xc3\xa9", b"\xe9", b"=cmd|' /C calc'!A0",
    b"<script>", b"sep=;\n", b"\\", b"  ", b"null", b"1e999", b"?", b"PK\x03\x04",
]  # fmt: skip


@settings(max_examples=EXAMPLES)
@given(st.binary(max_size=300), st.sampled_from(SUFFIXES))
def test_no_bytes_make_a_reader_fail(data: bytes, suffix: str) -> None:
    alive(data, f"answers{suffix}")


@settings(max_examples=EXAMPLES)
@given(st.lists(st.sampled_from(PARTS), max_size=40), st.sampled_from(SUFFIXES))
def test_no_near_miss_of_a_table_makes_a_reader_fail(parts: list[bytes], suffix: str) -> None:
    alive(b"".join(parts), f"answers{suffix}")


@pytest.mark.parametrize(
    ("data", "name", "message"),
    [
        (b"", "a.csv", "is empty"),
        (b"\xef\xbb\xbf", "a.csv", "is empty"),
        (b"%PDF-1.4 ...", "a.csv", "is a PDF"),
        (b"PK\x03\x04...", "a.docx", "zip archive"),
        (b"layer,output\nconv1,\x00\x01\x02", "a.csv", "control characters"),
        (b"[" * 100_000, "a.json", "nested too deeply"),
        (b"[" * 5_000, "a.yaml", "nested more than"),
        (b'{"conv1": {"output": "1", "output": "2"}}', "a.json", "stands twice"),
        (b"conv1: {output: 1}\nconv1: {output: 2}\n", "a.yaml", "stands twice"),
        (b"a: &a [1]\nb: !!python/object/apply:os.system [ls]\n", "a.yaml", "tag"),
        (b"layer,output\n" + b"conv1,1\n" * 40_000, "a.csv", "more than 256 KiB"),
        (b"layer,output\n" + b",,,,,,,,,\n" * 4_000, "a.csv", "20,000 cells"),
        (b"kernel,stride\n3,1\n", "a.csv", "no row names the columns"),
        (b"nothing here", "a.md", "no row names the columns"),
        (b"- just\n- words\n", "a.yaml", "names no layer"),
    ],
)
def test_what_is_no_table_is_refused(data: bytes, name: str, message: str) -> None:
    with pytest.raises(SpecErrors, match=message):
        read_answers(data, name)


def test_a_bomb_of_aliases_is_refused() -> None:
    lines = [b"a0: &a0 [x,x,x,x,x,x,x,x,x]"]
    lines += [b"a%d: &a%d [%s]" % (n, n, b",".join([b"*a%d" % (n - 1)] * 9)) for n in range(1, 9)]
    with pytest.raises(SpecErrors, match="aliases"):
        read_answers(b"\n".join(lines), "a.yaml")


def test_numbers_are_never_read_by_yaml() -> None:
    text = b"conv1: {params: 011, macs: 1_000, output: 27:27:13, units: no}\n"
    raws = [cell.raw for cell in read_answers(text, "a.yaml").cells]
    assert raws == ["011", "1_000", "27:27:13", "no"]


@pytest.mark.parametrize("text", ["9" * 190, "9**9**9**9", "(" * 90 + "1" + ")" * 90, "1e999999"])
def test_numbers_are_bounded(text: str) -> None:
    assert isinstance(read_number(text), Unreadable)


def test_what_a_spreadsheet_has_shortened_is_said() -> None:
    shortened, power = read_number("4.48E+08"), read_number("4.48e8")
    assert isinstance(shortened, tuple)
    assert isinstance(power, tuple)
    assert "spreadsheets shorten" in shortened[0].note
    assert (shortened[0].value, shortened[0].half) == (448_000_000, 500_000)
    assert "spreadsheet" not in power[0].note


def test_what_stands_outside_rows_and_columns_is_told() -> None:
    text = b"layer,params\nconv1,156,28x28x6\n,157\nname,\n,\n"
    answers = read_answers(text, "a.csv")
    assert answers.ignored == ("column 3, which has no heading",)
    assert answers.notes == ("answers without a layer's name were not read: line 3",)

"""What spreadsheets and editors do to a sheet: it is said, and never called wrong."""

from __future__ import annotations

import pytest

import shapecalc
from shapecalc.errors import SpecErrors
from shapecalc.homework.answers.files import decode, read_answers
from shapecalc.homework.assignment.model import assign
from shapecalc.homework.diagnosis.check import check

HOMEWORK = assign(shapecalc.summarize("alexnet"), layers=["conv2", "pool3"])
#: What becomes of 6-6-256 in a spreadsheet, and of numbers that it cannot show.
DATES = (
    "06-Jun-256", "06-Jun-56", "6-Jun", "Jun 6 256", "2056-06-06", "2056-06-06 00:00:00",
    "06.06.2056", "6/6/256", "06/06/2056", "6. Jun. 256", "06. Juni 256", "6-Mai-256", "6 Dez 12",
)  # fmt: skip
NUMBERS = ("3.09E+11", "3,09E+11", "1.2E+12", "#REF!", "#VALUE!", "#NAME?", "########", "TRUE")


def judged(data: bytes, name: str = "answers.csv"):
    return {
        judged_cell.cell.at: judged_cell
        for judged_cell in check(HOMEWORK, read_answers(data, name)).cells
    }


@pytest.mark.parametrize("text", DATES)
def test_a_date_in_place_of_a_volume_is_unreadable(text: str) -> None:
    cell = judged(f"layer;output\npool3;{text}\n".encode())["pool3", "output"]
    assert cell.verdict == "unreadable"
    assert "is a date; spreadsheets make one of 6-6-256: write 6x6x256" in cell.note


@pytest.mark.parametrize("text", NUMBERS)
def test_what_a_spreadsheet_cannot_show_is_unreadable(text: str) -> None:
    cell = judged(f"layer;macs\nconv2;{text}\n".encode())["conv2", "macs"]
    assert cell.verdict == "unreadable"
    if "E+" in text:
        assert "what a spreadsheet leaves of 12 digits" in cell.note
        assert "save it anew" in cell.note


@pytest.mark.parametrize(
    ("encoding", "note"),
    [
        ("utf-8", ()),
        ("utf-8-sig", ()),
        ("utf-16", ("read as UTF-16",)),
        ("cp1252", ("no UTF-8; read as Windows-1252",)),
        ("twice", ("its UTF-8 was encoded twice",)),
    ],
)
def test_encodings_are_understood_and_said(encoding: str, note: tuple[str, ...]) -> None:
    text = "layer;output\nconv2;27×27×256\n"
    data = text.encode().decode("cp1252").encode() if encoding == "twice" else text.encode(encoding)
    result = check(HOMEWORK, read_answers(data, "answers.csv"))
    assert result.cells[0].verdict == "right"
    assert result.notes == note


@pytest.mark.parametrize(
    ("data", "name", "message"),
    [
        (b"", "a.csv", "E701: the file is empty"),
        (b" \n\n", "a.md", "E701: the file is empty"),
        (b"# remarks\n---\n", "a.yaml", "E701: the file is empty"),
        (b"", "a.json", "E701: the file is empty"),
        (b"%PDF-1.7\n%\xe2\xe3", "a.csv", "E703: the file is a PDF, no table in text"),
        (b"PK\x03\x04..", "a.csv", "E703: the file is a zip archive, as .xlsx and .docx are"),
        (b"\xd0\xcf\x11\xe0..", "a.csv", "E703: the file is an old Office file"),
        ("layer;output\n".encode("utf-16-le"), "a.csv", "E703: the file is no text"),
        (b"<html>log in</html>", "a.csv", "E701: no row names the columns"),
        (
            b'layer,params\nconv2,1\n"pool3,0\nfc6,1\n',
            "a.csv",
            "E701: the table cannot be read: a q",
        ),
    ],
)
def test_what_is_no_table_is_refused_by_name(data: bytes, name: str, message: str) -> None:
    with pytest.raises(SpecErrors) as caught:
        read_answers(data, name)
    (problem,) = caught.value.problems
    assert f"{problem.code}: {problem.message}".startswith(message)
    assert problem.hint


def test_a_list_in_brackets_is_no_number() -> None:
    # 27,27,256 has a number's separators where all extents have three digits: 112,112,128
    homework = assign(shapecalc.summarize("vgg16"), layers=["conv2_1", "fc6"], columns=["output"])
    for text in ("[112,112,128]", "(112,112,128)", "112,112,128"):
        answers = read_answers(f"layer;output\nconv2_1;{text}\nfc6;4,096\n".encode(), "a.csv")
        result = check(homework, answers)
        assert [cell.marks for cell in result.cells] == [1, 1], text


@pytest.mark.parametrize("sign", ["×", "²", "\N{NO-BREAK SPACE}", "\N{EN DASH}", "\N{MINUS SIGN}"])
def test_every_sign_that_was_encoded_twice_is_read_again(sign: str) -> None:
    """A product, a square, a thousand, a dash and a difference as word processors write them."""
    data = f"layer;macs\nconv1;5 {sign} 2\n".encode().decode("cp1252").encode()
    assert decode(data, "a.csv").text == f"layer;macs\nconv1;5 {sign} 2\n"


def test_the_separator_that_a_spreadsheet_states_counts() -> None:
    result = check(
        HOMEWORK, read_answers(b"sep=~\nlayer~output~macs\nconv2~27x27x256~7\n", "a.csv")
    )
    assert [cell.verdict for cell in result.cells if cell.raw] == ["right", "wrong"]

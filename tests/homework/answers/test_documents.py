"""Answers in OpenDocument's files, Word's and notebooks; and archives that mean harm."""

from __future__ import annotations

import json
from io import BytesIO
from typing import TYPE_CHECKING
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZipFile

import pytest

from shapecalc.errors import SpecErrors
from shapecalc.homework.answers import documents
from shapecalc.homework.answers.files import SUFFIXES, load_submission, read_answers
from tests.homework.classroom.broken import encrypted

if TYPE_CHECKING:
    from pathlib import Path

_ODF = "urn:oasis:names:tc:opendocument:xmlns:"
SPACES = (
    f'xmlns:office="{_ODF}office:1.0" xmlns:table="{_ODF}table:1.0" xmlns:text="{_ODF}text:1.0"'
    f' xmlns:style="{_ODF}style:1.0"'
    ' xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
)
STYLES = (
    '<office:automatic-styles><style:style style:name="T1" style:family="text">'
    '<style:text-properties style:text-position="super 58%"/></style:style>'
    "</office:automatic-styles>"
)
WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
MATH = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'


def packed(files: dict[str, str | bytes], packing: int = ZIP_DEFLATED) -> bytes:
    target = BytesIO()
    with ZipFile(target, "w", packing) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return target.getvalue()


def ods(rows: str, before: str = "") -> bytes:
    sheet = f'<table:table table:name="Answers">{rows}</table:table>'
    content = (
        f"<office:document-content {SPACES}>{STYLES}<office:body><office:spreadsheet>{before}"
        f"{sheet}</office:spreadsheet></office:body></office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    return packed({"mimetype": kind, "content.xml": content})


def cell(text: str, value: str = "", kind: str = "string", more: str = "") -> str:
    stated = f' office:value="{value}"' if value else ""
    said = "".join(f"<text:p>{line}</text:p>" for line in text.split("\n"))
    return f'<table:table-cell office:value-type="{kind}"{stated}{more}>{said}</table:table-cell>'


def row(*cells: str, more: str = "") -> str:
    return f"<table:table-row{more}>{''.join(cells)}</table:table-row>"


HEAD = row(cell("layer"), cell("output"), cell("params"))
BLANK = '<table:table-cell table:number-columns-repeated="{}"/>'


def raws(data: bytes, name: str) -> list[tuple[str, str, str]]:
    return [(c.layer, c.quantity.key, c.raw) for c in read_answers(data, name).cells]


def test_a_spreadsheet_counts_what_is_stored_and_reads_what_is_typed() -> None:
    data = ods(
        HEAD
        + row(cell("conv1"), cell("28x28x6"), cell("105.415.200", "105415200", "float"))
        + row(
            cell("pool1"),
            cell('14<text:span text:style-name="T1">2</text:span>x<text:s/>6'),
            cell("1,5E+3", "1.5E+3", "float"),
        )
        + row(BLANK.format(16384), more=' table:number-rows-repeated="1048570"')
        + row(cell("fc"), BLANK.format(1), cell("<text:span>1</text:span>0"), BLANK.format(900))
    )
    wanted = [
        ("conv1", "output", "28x28x6"), ("conv1", "params", "105415200"),
        ("pool1", "output", "14^2x 6"), ("pool1", "params", "1500"),
        ("fc", "output", ""), ("fc", "params", "10"),
    ]  # fmt: skip
    assert raws(data, "a.ods") == wanted
    assert raws(data, "a.csv") == raws(data, "") == wanted  # by what it holds, not by its name


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (cell("6.6.25", more=' office:date-value="2025-06-06"', kind="date"), "made a date"),
        (cell("50%", "0.5", "percentage"), "a percentage, 50%"),
        (cell("TRUE", kind="boolean"), "is no number"),
        (cell("#DIV/0!", more=' calcext:value-type="error"'), "an error of the spreadsheet, #DIV"),
        (cell("1E+16", "1E+16", "float"), "15 digits"),
    ],
)
def test_what_the_spreadsheet_made_something_else_of(made: str, reason: str) -> None:
    answers = read_answers(ods(HEAD + row(cell("conv1"), cell("1x1x1"), made)), "a.ods")
    assert reason in answers.cells[1].reason


def test_comments_are_no_answers_and_the_sheet_with_headings_is_read() -> None:
    note = "<office:annotation><text:p>is this right?</text:p></office:annotation>"
    notes = (
        '<table:table table:name="Notes"><table:table-row>'
        + cell("hello")
        + "</table:table-row></table:table>"
    )
    noted = cell("156").replace("<text:p>", f"{note}<text:p>")
    data = ods(HEAD + row(cell("conv1"), cell("a\nb"), noted), notes)
    answers = read_answers(data, "a.ods")
    assert [c.raw for c in answers.cells] == ["a\nb", "156"]
    assert answers.notes == ("of 2 sheets Answers was read",)


def paragraph(text: str, style: str = "") -> str:
    styled = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{styled}<w:r><w:t>{text}</w:t></w:r></w:p>"


def docx(*blocks: str) -> bytes:
    body = "".join(blocks)
    document = f"<w:document {WORD} {MATH}><w:body>{body}</w:body></w:document>"
    return packed({"[Content_Types].xml": "<x/>", "word/document.xml": document})


def table(*rows: tuple[str, ...]) -> str:
    made = ("".join(f"<w:tc>{made}</w:tc>" for made in cells) for cells in rows)
    return f"<w:tbl>{''.join(f'<w:tr>{cells}</w:tr>' for cells in made)}</w:tbl>"


def test_word_s_tables_are_read_with_what_is_raised_and_what_was_deleted() -> None:
    heads = tuple(map(paragraph, ("layer", "output", "params")))
    raised = (
        '<w:p><w:r><w:t>14</w:t></w:r><w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr>'
        "<w:t>2</w:t></w:r><w:r><w:t>x6</w:t></w:r></w:p>"
    )
    changed = (
        "<w:p><w:del><w:r><w:delText>150</w:delText></w:r></w:del>"
        "<w:ins><w:r><w:t>156</w:t></w:r></w:ins></w:p>"
    )
    formula = (
        "<w:p><m:oMath><m:sSup><m:e><m:r><m:t>10</m:t></m:r></m:e>"
        "<m:sup><m:r><m:t>3</m:t></m:r></m:sup></m:sSup></m:oMath></w:p>"
    )
    piped = paragraph("a|b")
    data = docx(
        paragraph("shapecalc homework 0000000a"),
        paragraph("LeNet", "Heading1"),
        table(heads, (paragraph("conv1"), raised, changed), (paragraph("fc"), piped, formula)),
    )
    answers = read_answers(data, "a.docx")
    assert [c.raw for c in answers.cells] == ["14^2x6", "156", "a|b", "10^3"]
    assert {c.network for c in answers.cells} <= {"", "LeNet"}
    assert answers.stamp == "0000000a"


def test_an_opendocument_text_is_read() -> None:
    rows = HEAD + row(cell("conv1"), cell("28x28x6"), cell("156"))
    content = (
        f"<office:document-content {SPACES}>{STYLES}<office:body><office:text>"
        f"<text:p>Dear teacher</text:p><table:table>{rows}</table:table>"
        "</office:text></office:body></office:document-content>"
    )
    data = packed({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": content})
    assert [c.raw for c in read_answers(data, "a.odt").cells] == ["28x28x6", "156"]


def notebook(*cells: object, **more: object) -> bytes:
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, **more}).encode()


def test_a_notebook_s_tables_in_text_are_read() -> None:
    lines = [
        "# mine\n",
        "| layer | output | params |\n",
        "|---|---|---|\n",
        "| conv1 | 28x28x6 | 156 |",
    ]
    text = {"cell_type": "markdown", "source": lines}
    program = {"cell_type": "code", "source": ["| layer | params |\n", "| fc | 1 |"], "outputs": []}
    picture = {"cell_type": "code", "source": "1", "outputs": ["x" * 400_000]}
    data = notebook(program, text, picture, nbformat_minor=5)
    assert raws(data, "a.ipynb") == [("conv1", "output", "28x28x6"), ("conv1", "params", "156")]
    assert len(raws(notebook(text, nbformat_minor=5), "a")) == 2
    for broken in (
        b"{",
        b"[1, 2]",
        b'{"cells": 3}',
        b'{"cells": [3]}',
        notebook({"cell_type": "markdown", "source": 3}),
    ):
        with pytest.raises(SpecErrors) as caught:
            read_answers(broken, "a.ipynb")
        assert caught.value.problems[0].code == "E701"


BOMB = f'<!DOCTYPE x [<!ENTITY a "{"a" * 100}">]><x>&a;</x>'


@pytest.mark.parametrize(
    ("data", "code", "message"),
    [
        (docx()[:-30], "E703", "but a broken one"),
        (packed({"a.txt": "x"}), "E703", "a zip archive"),
        (packed({"xl/workbook.bin": "x"}), "E703", "a binary Excel workbook"),
        (packed({"ppt/presentation.xml": "x"}), "E703", "a presentation"),
        (packed({"Index/Document.iwa": "x"}), "E703", "Numbers or Pages"),
        (packed({"mimetype": "application/vnd.oasis.opendocument.graphics"}), "E703", "no table"),
        (packed({"word/document.xml": BOMB}), "E755", "declares markup"),
        (packed({"word/document.xml": BOMB.encode("utf-16")}), "E755", "declares markup"),
        (packed({"word/document.xml": "<a>" * 5000}), "E755", "too deeply"),
        (packed({"word/document.xml": "<a>"}), "E755", "no element found"),
        (packed({"word/document.xml": b"\xff\xfe\x00"}), "E755", "cannot be read"),
        (packed({"word/document.xml": " " * 9_000_000}), "E702", "8 MiB"),
        (packed({"word/document.xml": "<a/>"}, ZIP_BZIP2), "E755", "packed in a way"),
        (encrypted(docx()), "E755", "a password"),
        (docx(paragraph("no table")), "E701", "no row names"),
        (packed({"mimetype": "application/vnd.oasis.opendocument.text"}), "E755", "unpacked"),
        (ods(""), "E701", "no sheet"),
    ],
    # A zip holds the time it was made, and workers that collect it later must name it alike.
    ids=lambda value: "file" if isinstance(value, bytes) else None,
)  # fmt: skip
def test_what_is_no_table_or_means_harm_is_refused(data: bytes, code: str, message: str) -> None:
    with pytest.raises(SpecErrors) as caught:
        read_answers(data, "a.docx")
    (problem,) = caught.value.problems
    assert (problem.code, message in problem.message) == (code, True), problem.message
    assert "name it" not in problem.hint


def test_cells_that_say_that_there_are_millions_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    many = cell("7", "7", "float", ' table:number-columns-repeated="9999"')
    data = ods(HEAD + row(cell("conv1"), many, more=' table:number-rows-repeated="9999999"'))
    with pytest.raises(SpecErrors) as caught:
        read_answers(data, "a.ods")
    assert caught.value.problems[0].code == "E702"
    monkeypatch.setattr(documents, "MAX_ROWS", 3)
    assert len(read_answers(data, "a.ods").rows) == 1


@pytest.mark.parametrize("suffix", [".docx", ".ipynb", ".ods", ".xlsx"])
def test_a_folder_with_one_document_is_a_submission(tmp_path: Path, suffix: str) -> None:
    assert suffix in SUFFIXES
    heads = tuple(map(paragraph, ("layer", "params")))
    data = docx(table(heads, (paragraph("conv1"), paragraph("156"))))
    (tmp_path / f"answers{suffix}").write_bytes(data)
    (tmp_path / "notes.pdf").write_bytes(b"%PDF")
    if suffix == ".ipynb":
        text = {"cell_type": "markdown", "source": "| layer | params |\n|--|--|\n| conv1 | 156 |"}
        (tmp_path / f"answers{suffix}").write_bytes(notebook(text))
    assert [c.raw for c in load_submission(str(tmp_path)).cells] == ["156"]

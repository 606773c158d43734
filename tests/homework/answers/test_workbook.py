"""Workbooks: written so that a spreadsheet harms nothing, read so that nothing harms the reader."""

from __future__ import annotations

import datetime as dt
import random
import zipfile
from io import BytesIO

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font

from shapecalc.cli import main
from shapecalc.errors import SpecErrors
from shapecalc.homework.answers.files import read_answers
from shapecalc.homework.assignment.teacher import read_homework
from shapecalc.homework.diagnosis.check import check
from shapecalc.homework.sheets.as_xlsx import to_xlsx
from shapecalc.text import Source
from tests.runner import runner

TEXT = "title: LeNet\nspec: lenet5\ncolumns: [output, params, macs]\nlayers: [conv1, pool1, fc1]\n"
HEADER = ["layer", "output", "params", "macs"]


def homework():
    return read_homework(Source("homework.yaml", TEXT))


def saved(book: Workbook) -> bytes:
    target = BytesIO()
    book.save(target)
    return target.getvalue()


def book_of(*rows: list[object]) -> Workbook:
    book = Workbook()
    for row in (HEADER, *rows):
        book.active.append(row)
    return book


def judged(book: Workbook | bytes) -> dict[tuple[str, str], object]:
    data = book if isinstance(book, bytes) else saved(book)
    return {
        judged_cell.cell.at: judged_cell
        for judged_cell in check(homework(), read_answers(data, "a.xlsx")).cells
    }


def refused(data: bytes, name: str = "a.xlsx") -> str:
    with pytest.raises(SpecErrors) as caught:
        read_answers(data, name)
    return caught.value.problems[0].code


def test_a_sheet_comes_back_blank_and_a_solution_right() -> None:
    blank = judged(to_xlsx(homework()))
    assert {item.verdict for item in blank.values()} == {"blank"}
    solved = check(homework(), read_answers(to_xlsx(homework(), solution=True), "a.xlsx"))
    assert solved.marks == solved.out_of > 0
    # the second sheet, with the workings, is not the one that was read
    assert solved.notes == ("of 2 sheets answers was read",)


def test_a_sheet_of_another_homework_is_noticed() -> None:
    other = read_homework(Source("homework.yaml", TEXT + "input: 36x36x1\n"))
    result = check(homework(), read_answers(to_xlsx(other), "a.xlsx"))
    assert any("stamped" in note for note in result.notes)


def test_only_blanks_are_open_and_they_are_texts() -> None:
    page = load_workbook(BytesIO(to_xlsx(homework()))).active
    assert page.protection.sheet
    opened = [cell for row in page.iter_rows() for cell in row if not cell.protection.locked]
    assert len(opened) == 9 + 1  # the cells, and the name
    assert {cell.number_format for cell in opened} == {"@"}
    assert {cell.value for cell in opened} == {None}


def test_names_and_titles_are_no_formulas() -> None:
    assigned = read_homework(Source("h.yaml", TEXT.replace("LeNet", "=1+1")))
    page = load_workbook(BytesIO(to_xlsx(assigned, who="=cmd()"))).active
    texts = {cell.value: cell.data_type for row in page.iter_rows() for cell in row if cell.value}
    assert texts["=1+1"] == texts["=cmd()"] == "s"


def test_the_same_homework_gives_the_same_bytes() -> None:
    import time

    first = to_xlsx(homework())
    time.sleep(1.1)
    assert to_xlsx(homework()) == first


def test_what_a_spreadsheet_makes_of_answers_is_not_guessed_at() -> None:
    book = book_of(
        ["conv1", dt.date(2025, 6, 6), True, 122305.0],  # 6-6-25 typed
        ["pool1", "14x14x6", 0.5, "=6*6"],
        ["fc1", dt.time(1, 30), "10,164", "#REF!"],
    )
    book.active["C3"].number_format = "0%"
    book.active["D4"].data_type = "e"
    result = judged(book)
    verdicts = {at: item.verdict for at, item in result.items()}
    assert verdicts == {
        ("conv1", "output"): "unreadable",
        ("conv1", "params"): "unreadable",
        ("conv1", "macs"): "wrong",
        ("pool1", "output"): "right",
        ("pool1", "params"): "unreadable",
        ("pool1", "macs"): "unreadable",
        ("fc1", "output"): "unreadable",
        ("fc1", "params"): "right",
        ("fc1", "macs"): "unreadable",
    }
    assert "made a date" in result["conv1", "output"].note
    assert "TRUE" in result["conv1", "params"].note
    assert "50%" in result["pool1", "params"].note
    assert "never stored" in result["pool1", "macs"].note
    assert "#REF!" in result["fc1", "macs"].note


def test_a_stored_result_counts_and_is_not_computed_anew() -> None:
    # the formula says 2 + 2, the spreadsheet stored 156: that is what the student saw
    data = saved(book_of(["conv1", "28x28x6", "=2+2", None]))
    stored = rewritten(data, b"<f>2+2</f><v />", b"<f>2+2</f><v>156</v>")
    assert judged(stored)["conv1", "params"].verdict == "right"
    assert judged(data)["conv1", "params"].verdict == "unreadable"


def rewritten(data: bytes, old: bytes, new: bytes) -> bytes:
    """Change bytes of the first sheet."""
    target = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as source, zipfile.ZipFile(target, "w") as archive:
        for part in source.infolist():
            content = source.read(part)
            if part.filename == "xl/worksheets/sheet1.xml":
                assert old in content
                content = content.replace(old, new)
            archive.writestr(part, content)
    return target.getvalue()


def test_a_text_that_begins_with_an_equals_sign_is_a_calculation_of_the_student() -> None:
    book = book_of(["conv1", None, None, None])
    book.active["C2"].value, book.active["C2"].data_type = "=5*5*1*6+6", "s"
    assert judged(book)["conv1", "params"].verdict == "right_other_notation"


def test_numbers_beyond_15_digits_are_not_trusted() -> None:
    result = judged(book_of(["conv1", None, 1.23e17, 3.09e11]))
    assert result["conv1", "params"].verdict == "unreadable"
    assert result["conv1", "macs"].read_as == "309,000,000,000"


def test_the_sheet_with_the_stamp_is_read_else_that_with_most_headings() -> None:
    book = Workbook()
    book.active.append(["shopping", "price"])
    table = book.create_sheet("table")
    for row in (HEADER, ["conv1", "28x28x6", 156, None]):
        table.append(row)
    notes = book.create_sheet("notes")
    notes.append(["layer", "params"])
    assert judged(book)["conv1", "params"].verdict == "right"
    notes["A5"] = f"shapecalc homework {homework().stamp}"
    notes["A2"], notes["B2"] = "conv1", 150
    assert judged(book)["conv1", "params"].verdict == "misconception"


def test_merged_cells_are_told() -> None:
    book = book_of(["conv1", "28x28x6", 156, None], ["pool1", None, 12, None])
    book.active.merge_cells("B2:B3")
    answers = read_answers(saved(book), "a.xlsx")
    assert any("B2:B3" in note for note in answers.notes)


def test_what_a_merged_cell_covers_is_no_blank() -> None:
    book = book_of(["conv1", "28x28x6", 156, None], ["pool1", None, 0, None])
    book.active.merge_cells("B2:B3")
    result = judged(book)
    assert result["conv1", "output"].verdict == "right"
    assert result["pool1", "output"].verdict == "unreadable"
    assert "merged with B2" in result["pool1", "output"].note


RAISED, STRUCK = InlineFont(vertAlign="superscript"), InlineFont(strike=True)


def test_runs_of_rich_text_are_read_as_they_are_shown() -> None:
    book = book_of(
        ["conv1", CellRichText("28", TextBlock(RAISED, "2"), "x6"), None, None],
        ["pool1", CellRichText(TextBlock(STRUCK, "27x27x6"), " 14x14x6"), None, None],
        ["fc1", CellRichText("8", TextBlock(InlineFont(b=True), "4")), None, None],
    )
    book.active["C2"] = CellRichText("6*5", TextBlock(RAISED, "2"), "+6")
    book.active["D2"] = CellRichText("1.176*10", TextBlock(RAISED, "5"))
    book.active["C3"] = CellRichText(TextBlock(STRUCK, "0"))
    book.active["D3"], book.active["D4"] = 0, "10,080"
    book.active["D3"].font = Font(strike=True)
    result = judged(book)
    assert {at: item.verdict for at, item in result.items()} == {
        ("conv1", "output"): "right_other_notation",
        ("conv1", "params"): "right_other_notation",
        ("conv1", "macs"): "right_other_notation",
        ("pool1", "output"): "right_other_notation",
        ("pool1", "params"): "unreadable",
        ("pool1", "macs"): "unreadable",
        ("fc1", "output"): "right",
        ("fc1", "params"): "blank",
        ("fc1", "macs"): "right",
    }
    assert "struck through" in result["pool1", "macs"].note
    assert "struck through was left out" in result["pool1", "output"].note


@pytest.mark.parametrize(
    ("stored", "form", "verdict", "note"),
    [
        (117.6, '0.0"K"', "right_other_notation", ""),
        (117_600, '#,##0,"K"', "right", ""),
        (117_600, "#,##0,", "right", "D2: 117600 is shown as 117.6"),
        (117_600, '[>=1000000]0.0,,"M";[>=1000]0.0,"K";0', "right", ""),
        (117_600, '#,##0 "MACs"', "right_other_notation", ""),
        (117_600, '0.0,"M"', "unreadable", "shows 117.6 M"),
        (117_600.4, "#,##0", "right", "D2: 117600.4 is shown as 117600"),
        (117_600, ";;;", "right", "D2: 117600 is hidden"),
        (117_600, "0.00E+00", "right", ""),
        (117_600, '0"x"00"x"00', "unreadable", "something else"),
        (1176, "0.0%", "unreadable", "a percentage, 117600%"),
        (117_600, "[$-407]#,##0.00;[Red]-#,##0.00", "right", ""),
        ("117.6", '@"K"', "right_other_notation", ""),
    ],
)
def test_a_number_means_what_its_format_shows_or_is_told(
    stored: float | str, form: str, verdict: str, note: str
) -> None:
    book = book_of(["conv1", None, None, stored])
    book.active["D2"].number_format = form
    checked = check(homework(), read_answers(saved(book), "a.xlsx"))
    (cell,) = (item for item in checked.cells if item.cell.at == ("conv1", "macs"))
    assert cell.verdict == verdict
    assert note in "; ".join((cell.note, *checked.notes))


def test_thousands_that_are_shown_are_none_of_the_heading() -> None:
    book = Workbook()
    book.active.append(["layer", "macs (K)"])
    book.active.append(["conv1", 117_600])
    book.active["B2"].number_format = "#,##0,"
    assert judged(book)["conv1", "macs"].read_as == "117,600"


def test_what_is_hidden_is_read_and_told() -> None:
    book = book_of(["conv1", "28x28x6", 156, None], ["pool1", "14x14x6", 0, 0])
    book.active.row_dimensions[3].hidden = True
    book.active.column_dimensions["C"].hidden = True
    book.create_sheet("other")["A1"] = "nothing"
    book.active.sheet_state = "hidden"
    answers = read_answers(saved(book), "a.xlsx")
    assert "hidden rows were read all the same: 3" in answers.notes
    assert "hidden columns were read all the same: C" in answers.notes
    assert "the sheet is hidden, and was read all the same" in answers.notes
    assert judged(book)["pool1", "output"].verdict == "right"


def test_a_sheet_that_is_seen_goes_before_a_hidden_one() -> None:
    book = book_of(["conv1", "28x28x6", 1, None])
    seen = book.create_sheet("seen")
    for row in (HEADER, ["conv1", "28x28x6", 156, None]):
        seen.append(row)
    book.active.sheet_state = "hidden"
    assert judged(book)["conv1", "params"].verdict == "right"


def test_a_cell_at_the_far_end_costs_nothing() -> None:
    book = book_of(["conv1", "28x28x6", 156, None])
    book.active["XFD1048576"] = 1
    answers = read_answers(saved(book), "a.xlsx")
    assert any("were read" in note for note in answers.notes)
    assert answers.cells[1].raw == "156"


def bomb(**parts: bytes) -> bytes:
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return target.getvalue()


def test_bombs_are_refused_before_they_are_unpacked() -> None:
    assert refused(bomb(a=b"\0" * 5 * 2**20)) == "E702"
    assert refused(bomb(**{f"part{n}": b"" for n in range(201)})) == "E702"
    assert refused(b"PK\x03\x04" + b"\0" * 300 * 2**10) == "E702"
    plain = saved(book_of(["conv1", "1x1x1", 1, 1]))
    entities = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'
    assert refused(rewritten(plain, b"<worksheet", entities + b"<worksheet")) == "E755"


def test_what_is_no_workbook_is_said_to_be_none() -> None:
    assert refused(b"PK\x03\x04 and nothing more") == "E755"
    assert refused(bomb(readme=b"no workbook")) == "E755"
    assert refused(b"\xd0\xcf\x11\xe0 encrypted") == "E703"
    assert refused(saved(Workbook())) == "E701"
    # a workbook under the name of a text, too
    assert (
        read_answers(saved(book_of()), "a.csv").cells
        == read_answers(saved(book_of()), "a.xlsx").cells
    )
    # text under a workbook's name is read as what it is
    assert read_answers(b"layer,params\nconv1,156\n", "a.xlsx").cells[0].raw == "156"


def test_mutated_workbooks_are_judged_or_refused() -> None:
    rng = random.Random(1)
    base = to_xlsx(homework(), solution=True)
    with zipfile.ZipFile(BytesIO(base)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    seen = set()
    for attempt in range(200):
        data = bytearray(base)
        if attempt % 4:  # the markup inside, packed anew
            name = rng.choice(list(parts))
            data = bytearray(bomb(**{**parts, name: mutated(rng, parts[name])}))
        else:
            data = bytearray(mutated(rng, base))
        try:
            read_answers(bytes(data), "a.xlsx")
            seen.add("read")
        except SpecErrors as error:
            seen.add(error.problems[0].code)
    assert {"read", "E755"} <= seen


def mutated(rng: random.Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.randrange(1, 5)):
        at = rng.randrange(len(changed))
        if rng.random() < 0.5:
            changed[at] = rng.randrange(256)
        else:
            del changed[at : at + rng.randrange(1, 20)]
    return bytes(changed)


def test_without_openpyxl_the_command_to_install_it_is_told(tmp_path, monkeypatch) -> None:
    (tmp_path / "homework.yaml").write_text(TEXT)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("shapecalc.homework.answers.workbook.find_spec", lambda _: None)
    for words in (
        ["sheet", "homework.yaml", "-o", "sheet.xlsx"],
        ["check", "a.xlsx", "--against", "lenet5"],
    ):
        (tmp_path / "a.xlsx").write_bytes(b"PK\x03\x04")
        done = runner().invoke(main, ["homework", *words])
        assert done.exit_code == 2
        assert "pip install 'shapecalc-convnets[xlsx]'" in done.stderr


def test_the_commands_write_and_read_a_workbook(tmp_path, monkeypatch) -> None:
    (tmp_path / "homework.yaml").write_text(TEXT)
    monkeypatch.chdir(tmp_path)
    words = ["homework", "sheet", "homework.yaml", "--solution", "-o", "solved.xlsx"]
    assert runner().invoke(main, words).exit_code == 0
    words = ["homework", "check", "solved.xlsx", "--homework", "homework.yaml"]
    assert "All 9 cells are right." in runner().invoke(main, words).output
    done = runner().invoke(main, ["homework", "sheet", "homework.yaml", "-f", "xlsx"])
    assert (done.exit_code, "error[E302]" in done.stderr) == (2, True)


def test_a_table_may_begin_in_any_column() -> None:
    book = Workbook()
    for row in (HEADER, ["conv1", "1x1x1"]):
        book.active.append([None, *row])
    assert {cell.raw for cell in judged(book).values()} >= {"1x1x1"}

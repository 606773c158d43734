"""No answer of a table is lost in silence, or read as one that nobody gave."""

from __future__ import annotations

import pytest

from shapecalc import summarize
from shapecalc.errors import SpecErrors
from shapecalc.homework.answers.files import read_answers
from shapecalc.homework.assignment.model import assign
from shapecalc.homework.diagnosis.check import check
from tests.homework.answers.test_documents import HEAD, WORD, cell, ods, packed, row


def verdicts(
    data: str | bytes, name: str, layers: tuple[str, ...] = ("conv1", "conv2")
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the verdicts of what is not blank, and the notes."""
    answers = read_answers(data.encode() if isinstance(data, str) else data, name)
    homework = assign(summarize("alexnet"), layers=list(layers))
    checked = check(homework, answers)
    judged = {".".join(each.cell.at): each.verdict for each in checked.cells}
    return {at: verdict for at, verdict in judged.items() if verdict != "blank"}, checked.notes


def docx(body: str) -> bytes:
    content = f"<w:document {WORD}><w:body>{body}</w:body></w:document>"
    return packed({"word/document.xml": content})


def word_cell(inside: str, properties: str = "") -> str:
    return f"<w:tc>{properties}<w:p><w:r>{inside}</w:r></w:p></w:tc>"


def word_text(text: str) -> str:
    return word_cell(f"<w:t>{text}</w:t>")


BOTH = {"conv1.params": "right", "conv2.params": "right"}


@pytest.mark.parametrize(
    "text",
    ["| layer | params |\n|---|---|\n| conv1 | 34944 |\n\n| conv2 | 614656 |\n",
     "| layer | params |\n|---|---|\n| conv1 | 34944 |\n\nIn words.\n\n| conv2 | 614656 |\n",
     "| layer | params |\n|---|---|\n| conv1 | 34944 |\n\n| params | layer |\n|---|---|\n"
     "| 614656 | conv2 |\n"],
)  # fmt: skip
def test_a_markdown_table_in_pieces(text: str) -> None:
    assert verdicts(text, "a.md")[0] == BOTH


def test_a_markdown_table_without_headings_is_told() -> None:
    text = "| layer | params |\n|---|---|\n| conv1 | 34944 |\n\n| conv2 | x | 614656 |\n"
    judged, notes = verdicts(text, "a.md")
    assert judged == {"conv1.params": "right"}
    assert "tables without headings were not read: line 5" in notes


@pytest.mark.parametrize("order", ["layer,params", "params,layer"])
def test_a_second_header_begins_another_table(order: str) -> None:
    values = "conv1,34944" if order.startswith("layer") else "34944,conv1"
    text = f"layer,output\nconv1,55x55x96\nconv2,27x27x256\n\n{order}\n{values}\n"
    assert verdicts(text, "a.csv")[0] == {
        "conv1.output": "right", "conv2.output": "right", "conv1.params": "right",
    }  # fmt: skip


@pytest.mark.parametrize("text", ["layer,output,params\nconv1,55x55x96,34,944\n",
                                  "layer,output,params\nconv1,(55,55,96),34944\n"])  # fmt: skip
def test_commas_that_are_not_in_quotes_are_no_wrong_answers(text: str) -> None:
    assert verdicts(text, "a.csv")[0] == {
        "conv1.output": "unreadable", "conv1.params": "unreadable",
    }  # fmt: skip


def test_a_row_of_another_separator_is_told() -> None:
    judged, notes = verdicts("layer,params\nconv1;34944\nconv2,614656\n", "a.csv")
    assert judged == {"conv2.params": "right"}
    assert "parted otherwise than the headings, and not read: line 2" in notes


def test_columns_that_end_together_are_not_cut() -> None:
    text = (
        "layer      output    params         macs\n"
        "conv1    55x55x96    34,944  105,415,200\n"
        "conv2   27x27x256            447,897,600\n"
        "pool1    27x27x96                      0\n"
        "fc8                4,097,000\n"
    )
    judged, _ = verdicts(text, "a.txt", ("conv1", "conv2", "pool1", "fc8"))
    assert judged == dict.fromkeys(
        ("conv1.output", "conv1.params", "conv1.macs", "conv2.output", "conv2.macs",
         "pool1.output", "pool1.macs", "fc8.params"),
        "right",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "lost"),
    [("conv1: {params: 34944}\nconv2: [27x27x256, 614656]\n", "conv2"),
     ("conv1: {params: 34944}\nconv2: 27x27x256\n", "conv2"),
     ("answers: {conv1: {params: 34944}}\nconv2: {params: 614656}\n", "conv2"),
     ("- {layer: conv1, params: 34944}\n- {params: 614656}\n- conv2\n", "entry 2, entry 3")],
)  # fmt: skip
def test_entries_that_are_no_rows_are_told(text: str, lost: str) -> None:
    judged, notes = verdicts(text, "a.yaml")
    assert judged == {"conv1.params": "right"}
    assert f"no map of columns, and not read: {lost}" in notes


def test_a_cell_of_word_in_a_control_or_struck_through_or_merged() -> None:
    control = f"<w:tc><w:sdt><w:sdtContent>{word_text('34944')[6:-7]}</w:sdtContent></w:sdt></w:tc>"
    struck = word_cell("<w:rPr><w:strike/></w:rPr><w:t>614656</w:t>")
    first = word_cell("<w:t>13x13x384</w:t>", '<w:tcPr><w:vMerge w:val="restart"/></w:tcPr>')
    below = word_cell("", "<w:tcPr><w:vMerge/></w:tcPr>")
    rows = [
        word_text("layer") + word_text("output") + word_text("params"),
        word_text("conv1") + word_text("") + control,
        word_text("conv2") + word_text("") + struck,
        word_text("conv3") + first + word_text(""),
    ]
    table = "".join(f"<w:tr>{cells}</w:tr>" for cells in rows)
    last = f"<w:tr>{word_text('conv4')}{below}{word_text('')}</w:tr>"
    table += f"<w:sdt><w:sdtContent>{last}</w:sdtContent></w:sdt>"
    layers = ("conv1", "conv2", "conv3", "conv4")
    assert verdicts(docx(f"<w:tbl>{table}</w:tbl>"), "a.docx", layers)[0] == {
        "conv1.params": "right", "conv2.params": "unreadable",
        "conv3.output": "right", "conv4.output": "unreadable",
    }  # fmt: skip


def test_a_cell_of_a_spreadsheet_that_shows_thousands_or_is_covered() -> None:
    spanned = ' table:number-rows-spanned="2"'
    data = ods(
        HEAD
        + row(cell("conv1"), cell("55x55x96"), cell("35K", "35", "float"))
        + row(cell("conv2"), cell(""), cell("614.656", "614656", "float"))
        + row(cell("conv3"), cell("13x13x384", more=spanned), cell("885.120K", "885.12", "float"))
        + row(cell("conv4"), "<table:covered-table-cell/>", cell(""))
    )
    assert verdicts(data, "a.ods", ("conv1", "conv2", "conv3", "conv4"))[0] == {
        "conv1.output": "right", "conv1.params": "right_other_notation", "conv2.params": "right",
        "conv3.output": "right", "conv3.params": "right_other_notation",
        "conv4.output": "unreadable",
    }  # fmt: skip


@pytest.mark.parametrize(
    "raw", ["{(11*11*3)+1}*96", "34848 (weights) + 96 (biases)", "34~944", "34944 (a word)"]
)
def test_brackets_and_ties_are_read_as_they_stand(raw: str) -> None:
    text = f"layer,params\nconv1,{raw}\n"
    assert verdicts(text, "a.csv")[0] == {"conv1.params": "right_other_notation"}


@pytest.mark.parametrize("raw", ['""""', "''", "\N{DITTO MARK}"])
def test_a_ditto_mark_is_not_blank(raw: str) -> None:
    assert verdicts(f"layer,params\nconv1,{raw}\n", "a.csv")[0] == {"conv1.params": "unreadable"}


def test_rows_numbered_from_zero_are_a_question() -> None:
    names = ("conv1", "conv2", "conv3", "conv4", "conv5")
    text = "layer,params\npool1,0\n" + "".join(f"conv{at},1\n" for at in range(5))
    judged, _ = verdicts(text, "a.csv", (*names, "pool1"))
    assert judged == {
        **dict.fromkeys([f"{name}.params" for name in names], "unreadable"), "pool1.params": "right",
    }  # fmt: skip


@pytest.mark.parametrize("word", ["Summe", "Insgesamt", "Grand total", "Total:", "Suma"])
def test_words_for_the_total(word: str) -> None:
    judged, _ = verdicts(f"layer,params\n{word},62378344\n", "a.csv", ("conv1", "total"))
    assert judged == {"total.params": "right"}


def test_a_table_of_no_layer_is_refused() -> None:
    with pytest.raises(SpecErrors, match="E701"):
        verdicts("output: {conv1: 55x55x96}\n", "a.yaml")


def test_a_table_in_html_beside_one_with_pipes_is_told() -> None:
    text = "| layer | params |\n|---|---|\n| conv1 | 34944 |\n\n<table><tr><td>conv2</td></tr></table>\n"
    notes = read_answers(text.encode(), "a.md").notes
    assert notes == ("tables in HTML were not read, write them with | between cells: line 5",)
    assert read_answers(text.partition("\n\n")[0].encode(), "a.md").notes == ()


def test_a_name_with_a_digit_is_no_piece_of_an_answer_in_a_wider_second_table() -> None:
    text = "layer,output\nconv1,28x28x6\n\nlayer,params,macs\nconv1,156,117600\n"
    answers = read_answers(text.encode(), "a.csv")
    checked = check(assign(summarize("lenet5"), layers=["conv1"]), answers)
    assert [judged.verdict for judged in checked.cells] == ["right"] * 3


WHOLE = "commas that are not in quotes seem to part the row anew; put such cells in quotes"


@pytest.mark.parametrize(
    "text",
    ["layer,params,units\nconv1,34,944\n", "layer,params,units\nconv1,34,848\n",
     "layer,units,params,memory\nconv1,290,400,34944\n", "layer,memory,params\nconv1,1,16M\n"],
)  # fmt: skip
def test_commas_that_part_a_row_without_a_cell_too_many(text: str) -> None:
    judged, _ = verdicts(text, "a.csv", ("conv1",))
    assert set(judged.values()) == {"unreadable"}
    homework = assign(summarize("alexnet"), layers=["conv1"], columns=["params", "units", "memory"])
    cells = check(homework, read_answers(text.encode(), "a.csv")).cells
    assert {cell.note for cell in cells if cell.verdict != "blank"} == {WHOLE}


def test_a_volume_that_commas_part_without_brackets() -> None:
    text = "layer,output,params,macs\nconv1,55, 55, 96\nconv2,27x27x256,614656,447897600\n"
    assert verdicts(text, "a.csv")[0] == {
        **dict.fromkeys(("conv1.output", "conv1.params", "conv1.macs"), "unreadable"),
        **dict.fromkeys(("conv2.output", "conv2.params", "conv2.macs"), "right"),
    }


def test_numbers_of_three_digits_beside_each_other_are_two_answers() -> None:
    """LeNet-5's last layer has 850 parameters and 840 products."""
    homework = assign(summarize("lenet5"), layers=["fc2"], columns=["params", "macs"])
    for line, wanted in (("850,840", ["right", "right"]), ("85,840", ["wrong", "right"])):
        text = f"layer,params,macs\nfc2,{line}\n"
        cells = check(homework, read_answers(text.encode(), "a.csv")).cells
        assert [cell.verdict for cell in cells] == wanted
    answers = read_answers(b"layer;params;macs\nconv1;34;944\n", "a.csv")
    assert not any(cell.cut for cell in answers.cells)


SIDE_BY_SIDE = (
    "layer,output,params,,layer,output,params\nconv1,55x55x96,34944,,conv2,27x27x256,614656\n"
)


@pytest.mark.parametrize(
    ("text", "name"),
    [(SIDE_BY_SIDE, "a.csv"), (SIDE_BY_SIDE.replace(",,", ","), "a.csv"),
     ("".join(f"|{line}|\n" for line in SIDE_BY_SIDE.replace(",", "|").splitlines()), "a.md")],
)  # fmt: skip
def test_tables_side_by_side(text: str, name: str) -> None:
    assert verdicts(text, name)[0] == {
        "conv1.output": "right", "conv2.output": "right", **BOTH,
    }  # fmt: skip


def test_tables_side_by_side_keep_why_a_cell_is_no_answer() -> None:
    date = '<table:table-cell office:value-type="date"><text:p>6-6</text:p></table:table-cell>'
    head = row(*map(cell, ("layer", "params", "layer", "params")))
    data = ods(head + row(cell("conv1"), cell("34944"), cell("conv2"), date))
    judged, _ = verdicts(data, "a.ods")
    assert judged == {"conv1.params": "right", "conv2.params": "unreadable"}


def sheet(name: str, *rows: str) -> str:
    return f'<table:table table:name="{name}">{"".join(rows)}</table:table>'


def test_tables_on_several_sheets() -> None:
    head, other = row(cell("layer"), cell("params")), row(cell("layer"), cell("output"))
    first = head + row(cell("conv1"), cell("34944")) + row(cell("conv2"), cell(""))
    second = other + row(cell("conv1"), cell("55x55x96")) + row(cell("conv2"), cell("27x27x256"))
    third = head + row(cell("conv2"), cell("614656"))
    more = sheet("B", second) + sheet("C", third)
    judged, notes = verdicts(ods(first, more), "a.ods")
    assert judged == {"conv1.output": "right", "conv2.output": "right", **BOTH}
    assert "of 3 sheets B, C and Answers were read" in notes


def test_a_lesser_sheet_counts_where_the_other_leaves_a_blank() -> None:
    full = row(*map(cell, ("layer", "output", "params")))
    full += row(*map(cell, ("conv1", "55x55x96", "34944")))
    full += row(cell("conv2"), cell("27x27x256"))
    draft = row(cell("Layer name"), cell("params"))
    draft += row(cell("Conv 1"), cell("1")) + row(cell("conv2"), cell("614656"))
    judged, notes = verdicts(ods(full, sheet("draft", draft)), "a.ods")
    assert judged == {"conv1.output": "right", "conv2.output": "right", **BOTH}
    assert "of 2 sheets Answers was read, and draft for what that leaves blank" in notes


@pytest.mark.parametrize(("again", "verdict"), [("34944", "right"), ("1", "unreadable")])
def test_two_sheets_of_one_standing_that_differ_are_a_question(again: str, verdict: str) -> None:
    head = row(cell("layer"), cell("params"))
    other = sheet("other", head + row(cell("Conv 1"), cell(again)))
    judged, _ = verdicts(ods(head + row(cell("conv1"), cell("34944")), other), "a.ods")
    assert judged == {"conv1.params": verdict}


TABS = "<w:r><w:t>{}</w:t><w:tab/><w:t>{}</w:t></w:r>"
STOPS = '<w:pPr><w:tabs><w:tab w:val="left" w:pos="1"/></w:tabs></w:pPr>'


def test_columns_in_word_that_tabs_keep_apart() -> None:
    rows = (("layer", "params"), ("conv1", "34944"), ("conv2", "614,656"))
    lines = [f"<w:p>{STOPS}{TABS.format(*each)}</w:p>" for each in rows]
    assert verdicts(docx("<w:p><w:r><w:t>My work</w:t></w:r></w:p>" + "".join(lines)), "a.docx")[
        0
    ] == {"conv1.params": "right", "conv2.params": "right"}
    table = f"<w:tbl>{''.join(f'<w:tr>{word_text(a)}{word_text(b)}</w:tr>' for a, b in rows[:2])}</w:tbl>"
    assert verdicts(docx(table + lines[0] + lines[2]), "a.docx")[0] == BOTH


@pytest.mark.parametrize(
    "text",
    ["- conv1: {params: 34944}\n- conv2: {params: 614656}\n",
     "- conv1:\n    params: 34944\n- {layer: conv2, params: 614656}\n",
     "answers:\n- conv1: {params: 34944}\n  conv2: {params: 614656}\n",
     "conv1:\n- params: 34944\nconv2:\n- params: 614656\n"],
)  # fmt: skip
def test_lists_of_layers_in_yaml(text: str) -> None:
    assert verdicts(text, "a.yaml") == (BOTH, ())


def test_a_layer_listed_with_one_column_twice_is_told() -> None:
    text = "conv1: [{params: 1}, {params: 34944}]\nconv2: {params: 614656}\n"
    judged, notes = verdicts(text, "a.yaml")
    assert judged == {"conv2.params": "right"}
    assert "no map of columns, and not read: conv1" in notes

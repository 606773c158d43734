"""A student's page: marks, explanations before cells, words beside colours, and no markup of others."""

from __future__ import annotations

import os
import re
from fractions import Fraction
from pathlib import Path

import pytest
from example_class import NAMES, alexnet, handed, judge, record
from pagereader import Reader, faults

import shapecalc
from shapecalc.homework.assignment.conventions import Conventions, Policy
from shapecalc.homework.assignment.model import assign
from shapecalc.homework.classroom import Graded, Student
from shapecalc.homework.classroom.feedback import feedback
from shapecalc.homework.classroom.pages import clean
from shapecalc.homework.diagnosis import VERDICTS

GOLDEN = Path(__file__).parent / "golden"
REGENERATE = os.environ.get("SHAPECALC_REGENERATE") == "1"

#: One of everything: no bias, the + 1 forgotten, a slip of its own, unreadable, blank, not asked.
ANSWERS = """\
layer,output,params,macs
conv1,55x55x96,34848,105M
pool1,26x26x96,0,-
conv2,26x26x256,614400,five
pool2,12x12x256,,0
conv3,12x12x384,884736,123456
conv4,12x12x384,1327104,191102976
conv5,12x12x256,884736,127401984
pool3,5x5x256,0,0
fc6,4096,26214400,26214400
fc7,4096,16777216,
fc8,1000,4096000,4096000
softmax,1000,0,0
"""
WHO = Student("s042", "Zoë Ångström", "zoe@school.example")


def page_of(text: str = ANSWERS, who: Student = WHO, **options: object) -> str:
    checked = judge(alexnet(), text)
    return feedback(alexnet(), record(checked, who), checked, **options).html  # type: ignore[arg-type]


def test_the_page_is_as_the_golden_files_have_it() -> None:
    checked = judge(alexnet(), ANSWERS)
    pages = feedback(alexnet(), record(checked, WHO, late=5), checked)
    for name, text in (("feedback.html", pages.html), ("feedback.md", pages.markdown)):
        if REGENERATE:
            (GOLDEN / name).write_text(text, encoding="utf-8")
        assert (GOLDEN / name).read_text(encoding="utf-8") == text


def test_golden_files_all_have_a_test() -> None:
    names = {"feedback.html", "feedback.md", "class_report.html", "class_report.md"}
    assert {path.name for path in GOLDEN.iterdir()} == names


@pytest.mark.parametrize("hint", [1, 2, 3])
@pytest.mark.parametrize("solution", [False, True])
def test_every_page_is_sound_and_stands_alone(hint: int, *, solution: bool) -> None:
    for person in handed(24):
        pages = feedback(alexnet(), person.graded, person.checked, hint=hint, solution=solution)
        assert faults(pages.html) == []


def test_the_search_for_faults_bites() -> None:
    page = page_of()
    for wrong in (
        page.replace("</table>", "", 1),
        page.replace("<h1", '<img src="x.png"><h1'),
        page.replace("<style>", "<style>@import 'x';"),
        page.replace("<style>", "<style>body { background: url(x.png); }"),
        page.replace('<p class="about"', '<p onclick="x"'),
        page.replace("#explanation-1", "#nowhere"),
        page.replace("h2", "h3"),
        re.sub(r"<caption>.*?</caption>", "", page),
        page.replace('scope="row"', "", 1),
    ):
        assert wrong != page
        assert faults(wrong) != []


def test_what_explains_most_comes_first_and_before_the_cells() -> None:
    titles = [text for level, text in Reader(page_of()).headings if level == 2]
    assert titles == ["What explains it", "The other cells", "Your cells", "Notes"]
    cards = [text for level, text in Reader(page_of()).headings if level == 3]
    assert cards[0].startswith("1. The biases were forgotten, in all 8 cells of params")
    assert any(card.startswith("Not readable: MACs of conv2") for card in cards)
    assert any(card.startswith("No answer: params of pool2; MACs of fc7") for card in cards)
    assert any(card.startswith("Right with your own earlier values: output of") for card in cards)
    assert any("no known mistake gives it: MACs of conv3" in card for card in cards)


def test_one_sentence_explains_a_whole_table() -> None:
    forgotten = {
        "conv1": 34848,
        "conv2": 614400,
        "conv3": 884736,
        "conv4": 1327104,
        "conv5": 884736,
    }
    dense = {"fc6": 37748736, "fc7": 16777216, "fc8": 4096000}
    text = "layer,params\n" + "".join(f"{k},{v}\n" for k, v in (forgotten | dense).items())
    homework = assign(
        shapecalc.summarize("alexnet"), columns=("params",), layers=[*forgotten, *dense]
    )
    checked = judge(homework, text)
    page = Reader(feedback(homework, record(checked, WHO), checked).html)
    cards = [text for level, text in page.headings if level == 3]
    assert cards == [
        "1. The biases were forgotten, in all 8 cells of params where it shows."
        " Everything else is right."
    ]


def test_every_cell_says_its_verdict_in_words() -> None:
    page = Reader(page_of())
    (table,) = [table for table in page.tables if table.caption.startswith("What was read")]
    rows = {row[0].strip(): [cell.split("\n") for cell in row[1:]] for row in table.rows}
    assert rows["conv1"][0][:2] == ["55×55×96", "✓ right"]
    assert rows["conv1"][1][:2] == ["34,848", "✗ known mistake, see 1"]
    assert rows["conv1"][2] == ["105,000,000 ± 500,000", "✓ right", "you wrote 105M", ""]
    assert rows["pool1"][0][1].startswith("✗ known mistake, see ")
    assert rows["conv2"][0][1] == "✓> follows from yours"
    assert rows["conv2"][2][:2] == ["five", "? not readable"]
    assert rows["pool2"][1][:2] == ["… no answer", ""]
    assert rows["conv3"][2][:2] == ["123,456", "✗ wrong"]
    assert rows["marks"][1][0] == "2 of 11"


def test_a_colour_never_stands_alone() -> None:
    for person in handed(24):
        html = feedback(alexnet(), person.graded, person.checked).html
        for kind, inside in re.findall(r'<td class="(?:n )?(good|own|bad|open)">(.*?)</td>', html):
            words = re.sub(r"<[^>]*>", " ", inside)
            signs = {"good": "✓", "own": "✓", "bad": "✗", "open": "?…"}[kind]
            assert any(sign in words for sign in signs), (kind, inside)
            assert re.search(r"right|follows|convention|mistake|wrong|readable|answer", words)


def test_marks_are_exact_and_lateness_is_told() -> None:
    checked = judge(alexnet(), ANSWERS)
    graded = Graded(
        WHO, "graded", "late.csv", 1, Fraction(22), Fraction(22) * Fraction(2, 3), Fraction(33)
    )
    text = feedback(alexnet(), graded, checked).markdown
    assert "- marks: 14.67 of 33 (22 earned, 7.33 taken off for lateness)\n" in text
    assert "- late: 1 hour after the deadline\n" in text
    on_time = feedback(alexnet(), record(checked, WHO), checked).markdown
    assert f"- marks: {checked.marks} of 33\n" in on_time
    assert "taken off" not in on_time
    assert "late:" not in on_time


def test_marks_that_differ_from_what_a_sign_says_are_told() -> None:
    policy = Policy(misconception=Fraction(1, 3), follow_through=Fraction(1, 2))
    homework = alexnet(policy=policy)
    checked = judge(homework, ANSWERS)
    text = feedback(homework, record(checked, WHO), checked).markdown
    assert "34,848; ✗ known mistake, see 1; marks 0.33 of 1" in text
    assert "26x26x256; ✓&gt; follows from yours; marks 0.5 of 1" in text
    assert "It earns 1/2 of the marks, whatever" in text


def test_a_mistake_that_costs_once_is_said_to_be_counted() -> None:
    homework = alexnet(policy=Policy(deduct="once"))
    checked = judge(homework, ANSWERS)
    text = feedback(homework, record(checked, WHO), checked).markdown
    assert re.search(r"34,848; ✗ known mistake, see 1 +\|", text)
    assert "614,400; ✗ known mistake, see 1; already counted" in text
    assert "marks 1 of 1" not in text
    per_cell = alexnet(policy=Policy())
    assert (
        "already counted"
        not in feedback(per_cell, record(checked, WHO), judge(per_cell, ANSWERS))[1]
    )


def test_hint_levels_tell_cells_then_ideas_then_rules() -> None:
    cells, ideas, rules = (page_of(hint=hint) for hint in (1, 2, 3))
    titles = [text for level, text in Reader(cells).headings if level == 2]
    assert titles == ["The other cells", "Your cells", "Notes"]
    assert "The biases were left out." not in cells
    assert "✗ known mistake" not in cells
    assert cells.count("✗ wrong") == 10
    assert "The biases were left out." in ideas
    assert "11*11*3*96" not in ideas
    assert "you have 34,848 = 11*11*3*96; the rule is 11*11*3*96 + 96" in rules


def test_a_rule_in_words_holds_under_the_conventions() -> None:
    text = "layer,params,flops\nconv1,1,1\n"
    texts = {}
    for bias, operations in ((True, "macs"), (False, "full")):
        homework = assign(
            shapecalc.summarize("alexnet"),
            columns=("params", "flops"),
            conventions=Conventions(bias=bias, operations=operations),  # type: ignore[arg-type]
        )
        checked = judge(homework, text)
        texts[bias] = feedback(homework, record(checked, WHO), checked).markdown
    assert "The rule for params is kernel x depth x filters + one bias a filter" in texts[True]
    assert "The rule for params is kernel x depth x filters; dense" in texts[False]
    assert "The rule for FLOPs is" in texts[True]
    assert "The rule for FLOPs is" not in texts[False]


def test_the_key_is_there_only_when_asked() -> None:
    secret, solved = page_of(), page_of(solution=True)
    assert "34,944" not in secret
    assert "right is 34,944" in solved
    (table,) = [
        table
        for table in Reader(solved).tables
        if table.caption == "The cells that have another value"
    ]
    rows = [[cell.strip() for cell in row] for row in table.rows]
    assert ["conv1", "params", "34,944", "11*11*3*96 + 96"] in rows
    assert ["conv2", "output", "27×27×256", "side 27 - 5 + 4 + 1, 256 channels"] in rows  # followed


@pytest.mark.parametrize(
    "name", [*NAMES, "<script>alert(1)</script>", "'\"><svg onload=x>", "a" * 500]
)
def test_names_are_texts(name: str) -> None:
    who = Student(name, name, name)
    checked = judge(alexnet(), ANSWERS)
    source = f"{name}/{name}.csv"
    pages = feedback(alexnet(), record(checked, who)._replace(file=source), checked)
    assert faults(pages.html) == []
    assert clean(name)[:50] in "".join(Reader(pages.html).texts)
    for text in pages:
        assert not re.search(r"<(script|svg|b)\b", text)
        assert "\u202e" not in text


def test_answers_are_texts() -> None:
    answers = (
        'layer,output,params\nconv1,"<script>x</script>","[a](http://evil.example)"\n<b>,1,2\n'
    )
    checked = judge(alexnet(), answers)
    pages = feedback(alexnet(), record(checked, WHO), checked)
    assert faults(pages.html) == []
    assert "<script>" not in pages.markdown
    assert "](http" not in pages.markdown.replace("\\]", "")


def test_a_name_in_persian_keeps_its_joiner_and_its_direction() -> None:
    page = page_of(who=Student("1", "می\u200cروم"))
    assert "<bdi>می\u200cروم</bdi>" in page


@pytest.mark.parametrize(
    ("status", "file", "message", "marks"),
    [
        ("missing", "", "Nothing was handed in", "none"),
        ("unreadable", "zoe.pdf", "this is not wrong", "none yet; your teacher decides"),
        ("unreadable", "", "Nothing says which file counts", "none yet; your teacher decides"),
    ],
)
def test_who_has_no_answers_has_a_page_too(
    status: str, file: str, message: str, marks: str
) -> None:
    graded = Graded(WHO, status, file, notes=("zoe.pdf is a PDF",), out_of=Fraction(33))  # type: ignore[arg-type]
    pages = feedback(alexnet(), graded)
    assert faults(pages.html) == []
    for text in pages:
        assert message in text
        assert "zoe.pdf is a PDF." in text
        assert "of 33" not in text
    assert f"- marks: {marks}\n" in pages.markdown


def test_a_note_is_told_once() -> None:
    checked = judge(alexnet(), "shapecalc homework 12345678\n" + ANSWERS)
    (note,) = checked.notes
    assert "12345678" in note
    graded = record(checked, WHO)._replace(notes=(note, "two files; the later one is graded"))
    text = feedback(alexnet(), graded, checked).markdown
    assert text.count("12345678") == 1
    assert "- two files; the later one is graded.\n" in text


def test_what_rounded_answers_hide_is_told_once_and_under_its_own_heading() -> None:
    text = "layer,output,params\nconv1,55x55x96,35K\nconv2,27x27x256,0.61M\nconv3,1x1x1,885120\nfc8,,4.1M\n"
    checked = judge(alexnet(), text)
    page = feedback(alexnet(), record(checked, WHO), checked).markdown
    (notes,) = re.findall(r"## Notes on single cells\n\n(.*?)\n\n## Your cells", page, re.DOTALL)
    assert notes.splitlines() == [
        "- conv3, output: too far from the right volume to be followed.",
        "- Rounded answers are right at their own precision: params of conv1, conv2, fc8. They do"
        " not show mistakes that round to the same, such as: the biases were forgotten; one bias"
        " for the whole layer; a bias for every input channel.",
    ]
    assert page.count("Rounded answers") == 1
    assert "Rounded answers" not in feedback(alexnet(), record(checked, WHO), checked, hint=1)[1]


def test_all_right_needs_no_explanation() -> None:
    homework = assign(shapecalc.summarize("alexnet"), columns=("output",), layers=["conv1", "fc6"])
    checked = judge(homework, "layer,output\nconv1,55x55x96\nfc6,4096\n")
    text = feedback(homework, record(checked, WHO), checked).markdown
    assert "All 2 cells are right." in text
    assert "What explains it" not in text


def test_every_verdict_has_words() -> None:
    from shapecalc.homework.classroom.feedback import _WORDS

    assert set(_WORDS) == set(VERDICTS)


def test_the_same_answers_make_the_same_page() -> None:
    assert page_of() == page_of()

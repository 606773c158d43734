"""Quizzes read by readers of others: what they see is what was meant."""

from __future__ import annotations

import html

import pytest

import shapecalc
from shapecalc.homework.assignment.model import assign
from shapecalc.homework.exports.gift import gift
from shapecalc.homework.exports.moodle import answers_of, moodle_xml
from shapecalc.homework.exports.questions import blanks_of

pytestmark = pytest.mark.oracle

HOMEWORK = assign(shapecalc.summarize("alexnet"), columns=["output", "params", "flops"])
BLANKS = [blank for some in blanks_of(HOMEWORK).values() for blank in some]


def test_a_reader_of_moodle_xml_sees_the_blanks_and_their_answers() -> None:
    parser = pytest.importorskip("moodle_xml_parser.parser")
    found = [gap for q in parser.parse_string(moodle_xml(HOMEWORK))["cloze"] for gap in q.gaps]
    assert len(found) == len(BLANKS)
    seen = 0
    for gap, blank in zip(found, BLANKS, strict=True):
        assert gap.sub_type == "NUMERICAL"
        assert gap.sub_grade == blank.marks * 3
        for option, answer in zip(gap.options, answers_of(blank), strict=True):
            assert option.answer.partition(":")[0] == answer.value
            assert option.score == float(answer.percent)
            assert html.unescape(html.unescape(option.feedback)) == answer.message
            seen += 1
    assert seen > 300


def test_a_reader_of_gift_sees_the_questions_and_their_answers() -> None:
    # pygiftparserrgmf 0.0.5 is in no extra: it installs its own tests as the package `tests`.
    parser = pytest.importorskip("pygiftparser.parser")
    # It does not know the line of a numerical question that is for all other numbers.
    lines = [line for line in gift(HOMEWORK).splitlines() if not line.startswith("~")]
    _, *questions = parser.parse("\n".join(lines)).questions
    assert len(questions) == len(BLANKS)
    for question, blank in zip(questions, BLANKS, strict=True):
        assert question.name == blank.name
        *answers, _ = answers_of(blank)
        options = getattr(question.answer, "options", None)
        if options is None:  # one number alone makes another kind of answer
            assert len(answers) == 1
            continue
        assert [each.text for each in options] == [f"{a.value}:{a.tolerance}" for a in answers]
        assert [each.percentage for each in options] == [float(a.percent) / 100 for a in answers]


def test_the_comparison_bites() -> None:
    parser = pytest.importorskip("moodle_xml_parser.parser")
    text = moodle_xml(HOMEWORK).replace("%0%34848", "%50%34848")
    gaps = [gap for q in parser.parse_string(text)["cloze"] for gap in q.gaps]
    assert 50 in {option.score for gap in gaps for option in gap.options}

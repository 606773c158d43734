"""Quizzes are well formed, and played they say and give what the homework says and gives."""

from __future__ import annotations

import io
import json
import re
import sys
import xml.etree.ElementTree as ET
import zipfile
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import shapecalc
from shapecalc.homework.assignment.model import assign
from shapecalc.homework.exports.gift import gift
from shapecalc.homework.exports.moodle import GRADES, moodle_xml
from shapecalc.homework.exports.qti import qti
from shapecalc.homework.exports.questions import blanks_of, number_page
from shapecalc.homework.sheets import key_of

sys.path.insert(0, str(Path(__file__).parent))

from quiz import (
    NASTY,
    QTI,
    Blank,
    blanks_of_gift,
    blanks_of_moodle,
    fields_of,
    play,
    play_item,
    right_in_canvas,
)
from schemas import wrong_with_moodle

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.homework.assignment.model import Homework
    from shapecalc.homework.exports.questions import AskedNumber as Asked

Make = "Callable[..., Homework]"

#: The key of the small network, worked out by hand: (36 + 2 - 5)/2 + 1 = 17.5, so 17, and 14.
KEY = [
    ("one: params", 1824),  # 5*5*3*24 + 24
    ("one: MACs", 428400),  # 5*5*3*24 * 17*14
    ("two: output, height", 8),
    ("two: output, width", 6),  # (14 - 3)/2 + 1 = 6.5
    ("two: output, channels", 24),
    ("two: params", 0),
    ("two: MACs", 0),
    ("three: output, height", 8),
    ("three: output, width", 6),
    ("three: output, channels", 40),
    ("three: params", 8680),  # 3*3*24*40 + 40
    ("three: MACs", 414720),  # 3*3*24*40 * 8*6
    ("four: params", 1921000),  # 8*6*40*1000 + 1000
    ("four: MACs", 1920000),
    ("total: params", 1931504),
    ("total: MACs", 2763120),
]


def asked_numbers(homework: Homework) -> list[Asked]:
    return [blank for parts in blanks_of(homework).values() for blank in parts]


def items_of(package: bytes) -> list[ET.Element]:
    with zipfile.ZipFile(io.BytesIO(package)) as zipped:
        (name,) = [n for n in zipped.namelist() if re.fullmatch(r"(\w+)/\1\.xml", n)]
        return ET.fromstring(zipped.read(name)).findall(f".//{QTI}item")


def test_every_number_is_asked_once_with_its_key_and_its_marks(made: Make) -> None:
    homework = made()
    blanks = asked_numbers(homework)
    assert [(blank.name, blank.right) for blank in blanks] == KEY
    assert sum(blank.marks for blank in blanks) == 7 + 10 + 2  # params 4 + 3, MACs 5 x 2, outputs 2
    assert {blank.marks for blank in blanks if blank.part} == {Fraction(1, 3)}


def test_a_volume_is_asked_in_the_order_of_the_layout(made: Make) -> None:
    blanks = asked_numbers(made("conventions: {layout: chw}\n"))
    assert [blank.part for blank in blanks if blank.part][:3] == ["channels", "height", "width"]
    assert [blank.right for blank in blanks if blank.part][:3] == [24, 8, 6]


def test_a_question_by_itself_explains_its_own_layer_and_no_other(made: Make) -> None:
    homework = made()
    for blank in asked_numbers(homework):
        page = number_page(homework, blank)
        layer = blank.cell.layer
        for row in homework.report.rows:
            for term in key_of(homework, row.name):
                own = term in key_of(homework, layer)
                assert (f"<b>{term}</b>: " in page) is own
    (pool,) = (b for b in asked_numbers(homework) if b.name == "two: output, height")
    assert "<b>maxpool 3x3</b>: maximum of every window; kernel 3x3" in number_page(homework, pool)
    total = asked_numbers(homework)[-1]
    assert total.cell.layer == "total"
    assert "not written" not in number_page(homework, total)


def test_wrong_numbers_are_those_that_are_known(made: Make) -> None:
    wrong = {
        blank.name: {wrong.value: wrong.ids for wrong in blank.others}
        for blank in asked_numbers(made())
    }
    assert wrong["one: params"][Fraction(1800)] == ("P1",)  # no biases
    assert wrong["one: params"][Fraction(624)] == ("P2",)  # 5*5*24 + 24
    assert wrong["two: output, height"][Fraction(7)] == ("S1", "S2")
    assert wrong["two: output, channels"][Fraction(12)] == ("S13",)
    assert Fraction(15, 2) not in wrong["two: output, height"]
    assert wrong["two: output, width"][Fraction(13, 2)] == ("S8",)  # (14 - 3)/2 + 1, not rounded


@pytest.mark.parametrize("per", ["layer", "cell"])
def test_moodle_gives_what_the_homework_gives(made: Make, per: str) -> None:
    homework = made("policy: {misconception: 1/3}\n")
    blanks = list(blanks_of_moodle(moodle_xml(homework, per=per)))
    assert len(blanks) == len(KEY)
    plays(homework, blanks, 1 / 3)


def test_what_the_teacher_accepts_earns_what_the_policy_says(made: Make) -> None:
    accept = "accept: {one: {params: {1800: as the slides have it}}, two: {output: [7x6x24]}}\n"
    for policy, share in (("{}", 1), ("{other_convention: 1/2}", 1 / 2), ("{accepted: right}", 1)):
        homework = made(f"{accept}policy: {policy}\n")
        blanks = {blank.question: blank for blank in blanks_of_gift(gift(homework))}
        marks, message = play(blanks["one: params"], "1800")  # else no biases
        assert marks == pytest.approx(share * blanks["one: params"].marks)
        assert message == "Accepted: as the slides have it."
        marks, message = play(blanks["two: output, height"], "7")
        assert (marks, message) == (share * blanks["two: output, height"].marks, "Accepted.")


def test_gift_says_what_the_homework_says(made: Make) -> None:
    homework = made("policy: {misconception: 1/4}\n")
    blanks = list(blanks_of_gift(gift(homework)))
    assert [blank.question for blank in blanks] == [name for name, _ in KEY]
    plays(homework, blanks, 1 / 4)


def plays(homework: Homework, blanks: list[Blank], share: float) -> None:
    """Type the key, every wrong number and nonsense into every blank."""
    count = 0
    for number, blank in zip(asked_numbers(homework), blanks, strict=True):
        assert play(blank, str(number.right)) == (blank.marks, "Right.")
        for wrong in number.others:
            marks, message = play(blank, f"{float(wrong.value):.10g}")
            assert marks == pytest.approx(share * blank.marks, abs=1e-6)
            assert wrong.message in message
            count += 1
        assert play(blank, "987654321") == (0, number.otherwise)
        assert play(blank, "a lot") == (0, number.otherwise)
    assert count > 60


#: How versions and languages of Moodle read commas and points.
LANGUAGES = [{}, {"thousands": ","}, {"thousands": ".", "decimal": ","}, {"decimal": ","}]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("write", [moodle_xml, gift])
def test_a_separator_of_thousands_makes_no_number_wrong(
    made: Make, write: Callable[[Homework], str], language: dict[str, str]
) -> None:
    homework = made()
    read = blanks_of_gift if write is gift else blanks_of_moodle
    repaired = 0
    for number, blank in zip(asked_numbers(homework), read(write(homework)), strict=True):
        marks, message = play(blank, f"{number.right:,}", **language)
        if 1000 <= number.right < 10**6:
            assert marks == blank.marks
            repaired += "decimal sign" in message
        for wrong in number.others:
            if wrong.value.denominator == 1 and 1000 < wrong.value < 10**6 and wrong.value % 1000:
                marks, message = play(blank, f"{int(wrong.value):,}", **language)
                assert marks == 0
                assert wrong.message in message
    assert (repaired == 4) == (language.get("thousands") != ",")


def test_a_whole_number_of_thousands_is_told_but_earns_nothing(made: Make) -> None:
    homework = made(base="spec: net.yaml\nlayers: [four]\ncolumns: [output]\n")
    (blank,) = blanks_of_moodle(moodle_xml(homework))
    assert play(blank, "1000") == (blank.marks, "Right.")
    marks, message = play(blank, "1,000")  # arrives as 1
    assert marks == 0
    assert "Write digits only" in message


def test_qti_scores_and_says_what_the_homework_says(made: Make) -> None:
    homework = made("policy: {misconception: 1/4}\n")
    network, *items = items_of(qti(homework))
    assert fields_of(network)["question_type"] == "text_only_question"
    for number, item in zip(asked_numbers(homework), items, strict=True):
        assert item.get("title") == number.name
        assert fields_of(item)["points_possible"] == (
            "0.333333" if number.part else str(number.marks)
        )
        assert play_item(item, str(number.right)) == (100, " Right. ")
        for wrong in number.others:
            score, message = play_item(item, f"{float(wrong.value):.4f}")
            assert score == 25
            assert message.strip() == wrong.message
        score, message = play_item(item, "987654321")
        assert score == 0
        assert message.strip() == number.otherwise
        assert right_in_canvas(item) == {number.right}


@pytest.mark.parametrize("field", ["title", "note"])
def test_nothing_that_a_teacher_writes_is_markup(made: Make, field: str) -> None:
    nasty = f"{field}: {json.dumps(NASTY)}\n"
    homework = made(nasty, base="spec: net.yaml\nlayers: [two]\ncolumns: [output, params]\n")
    message = homework.title if field == "title" else homework.note
    assert "{1:NM" in message
    for text in (moodle_xml(homework), moodle_xml(homework, per="cell")):
        assert len(list(blanks_of_moodle(text))) == 4
        assert '<b>&amp;"' not in "".join(ET.fromstring(text).itertext())
    assert len(list(blanks_of_gift(gift(homework)))) == 4
    network, *items = items_of(qti(homework))
    assert len(items) == 4
    shown = "".join(network.itertext())
    assert "&lt;b&gt;&amp;" in shown
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\u202e]", shown)


@given(title=st.text(max_size=30), note=st.text("{}~=#:\\\\&;<>%1NM\n/", max_size=30))
@settings(max_examples=150, deadline=None)
def test_any_title_leaves_the_blanks_as_they_are(title: str, note: str) -> None:
    homework = SMALLEST._replace(title=title, note=note)
    for per in ("layer", "cell"):
        text = moodle_xml(homework, per=per)
        assert list(wrong_with_moodle(text)) == []
        assert [b.alternatives for b in blanks_of_moodle(text)] == PLAYED[per]
    assert [b.alternatives for b in blanks_of_gift(gift(homework))] == PLAYED["gift"]
    assert len(items_of(qti(homework))) == 5


SMALLEST = assign(shapecalc.summarize("lenet5"), columns=["output", "params"], layers=["pool1"])
PLAYED = {
    "layer": [b.alternatives for b in blanks_of_moodle(moodle_xml(SMALLEST))],
    "cell": [b.alternatives for b in blanks_of_moodle(moodle_xml(SMALLEST, per="cell"))],
    "gift": [b.alternatives for b in blanks_of_gift(gift(SMALLEST))],
}


@pytest.mark.parametrize("share", [Fraction(n, 12) for n in range(13)])
def test_shares_are_of_moodles_list(made: Make, share: Fraction) -> None:
    homework = made(f"policy: {{misconception: {share}}}\n")
    result = {
        answer.get("fraction")
        for answer in ET.fromstring(moodle_xml(homework, per="cell")).iter("answer")
    }
    assert result <= set(GRADES)
    (other,) = result - {"100", "0"} or {"100" if share > Fraction(19, 20) else "0"}
    assert abs(Fraction(other) / 100 - share) <= Fraction(1, 20)


def test_no_wrong_number_is_below_0(made: Make) -> None:
    """Without its padding a window of 5 has no place on 3 pixels: (3 - 5)/1 + 1 = -1."""
    net = "input: 3x3x2\nlayers: [conv: {name: one, filters: 4, kernel: 5, pad: 1}]\n"
    base = "title: T\nspec: net.yaml\ncolumns: [output]\nlayers: [one]\n"
    values = [
        wrong.value for blank in asked_numbers(made(net=net, base=base)) for wrong in blank.others
    ]
    assert values
    assert min(values) == 0


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("separator", [",", ".", " "])
def test_millions_with_separators_are_foreseen(
    made: Make, language: dict[str, str], separator: str
) -> None:
    homework = made(base="spec: alexnet\nlayers: [conv1, conv2]\ncolumns: [macs]\n")
    blanks = list(blanks_of_moodle(moodle_xml(homework)))
    for number, blank in zip(asked_numbers(homework), blanks, strict=True):
        assert number.right in (105_415_200, 447_897_600)
        typed = f"{number.right:,}".replace(",", separator)
        marks, message = play(blank, typed, **language)
        assert (marks, "Right." in message) == (blank.marks, True), typed
        assert play(blank, "123.456.789", **language) == (0, number.otherwise)


def test_a_whole_million_with_points_is_told_but_earns_nothing(made: Make) -> None:
    net = "name: n\ninput: 1000\nlayers: [dense: {name: fc, units: 5000, bias: false}]\n"
    homework = made(net=net, base="spec: net.yaml\nlayers: [fc]\ncolumns: [params]\n")
    (blank,) = blanks_of_moodle(moodle_xml(homework))
    assert play(blank, "5,000,000") == (blank.marks, "Right.")
    marks, message = play(blank, "5.000.000")  # arrives as 5
    assert marks == 0
    assert "Write digits only" in message

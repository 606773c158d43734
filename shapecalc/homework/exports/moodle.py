"""Questions for Moodle in its XML, cloze, one a layer, or numerical, one a number; and its grades.

Moodle takes the first answer that fits, so the right one stands first.  Depending on its version
and language it reads a lone comma as a decimal sign: 34,944 is then 34.944.  That reading of the
right number is right, too, and that of a wrong one wrong in the same way.

Of a table of grades one unknown user or one text for a number stops the whole import, so only
students of the roster stand there, and who has no mark has a dash, which Moodle takes for no grade.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.homework.answers import refuse_file
from shapecalc.homework.assignment.notation import marks_number
from shapecalc.homework.exports.moodle_worksheet import worksheet as worksheet  # noqa: PLC0414
from shapecalc.homework.exports.packing import xml_text
from shapecalc.homework.exports.questions import (
    DIGITS,
    blanks_of,
    by_layer,
    clean,
    conventions_page,
    counted_page,
    decimal,
    layer_page,
    network_page,
    number_page,
    paragraph,
    tolerance,
)
from shapecalc.homework.exports.tables import csv_text, mark_of, sentence_of
from shapecalc.homework.languages import say, to_say
from shapecalc.text.safe import csv_safe, one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shapecalc.homework.assignment.model import Homework
    from shapecalc.homework.classroom import Classroom
    from shapecalc.homework.exports.questions import AskedNumber

#: The shares of a question's marks that Moodle accepts, in percent.
GRADES = (
    "100",
    "90",
    "80",
    "75",
    "70",
    "66.66667",
    "60",
    "50",
    "40",
    "33.33333",
    "30",
    "25",
    "20",
    "10",
    "5",
    "0",
)

_RIGHT = to_say("Right.")
_COMMA = to_say("A comma or a point was read as a decimal sign: write digits only.")
_LONGEST_NAME = 255


class ForeseenAnswer(NamedTuple):
    """A number with what it earns, in percent, and what is said of it; `*` is any number."""

    value: str
    tolerance: str
    percent: str
    message: str


def grade(share: Fraction) -> str:
    """Return the share of Moodle's list that is nearest, the lower of two.

    >>> grade(Fraction(1, 3)), grade(Fraction(1, 8)), grade(Fraction(0))
    ('33.33333', '10', '0')
    """
    return min(GRADES[::-1], key=lambda percent: abs(Fraction(percent) / 100 - share))


def answers_of(blank: AskedNumber) -> tuple[ForeseenAnswer, ...]:
    """Return all answers that are foreseen, in the order in which they are tried."""
    answers: dict[str, ForeseenAnswer] = {}
    for answer in _foreseen(blank):
        answers.setdefault(answer.value, answer)
    return (*answers.values(), ForeseenAnswer("*", "0", "0", blank.otherwise))


def _foreseen(blank: AskedNumber) -> Iterator[ForeseenAnswer]:
    yield ForeseenAnswer(str(blank.right), "0", "100", say(_RIGHT))
    if twin := _twin(Fraction(blank.right)):
        yield ForeseenAnswer(twin, "0.0001", "100", f"{say(_RIGHT)} {say(_COMMA)}")
    for other in blank.others:
        yield ForeseenAnswer(
            decimal(other.value), tolerance(other.value), grade(other.share), other.message
        )
    for other in blank.others:
        if twin := _twin(other.value):
            yield ForeseenAnswer(
                twin, "0.0001", grade(other.share), f"{other.message} {say(_COMMA)}"
            )
    if blank.right >= 1000 and not _twin(Fraction(blank.right)):
        # 4,000 may arrive as 4: it cannot be told from a 4, so nothing is earned, but it is said.
        message = say(
            "If you wrote a number of thousands with a separator: {repair}", repair=say(DIGITS)
        )
        yield ForeseenAnswer(f"{blank.right:,}".partition(",")[0], "0", "0", message)


def _twin(value: Fraction) -> str:
    """Return what becomes of a number whose separator of thousands is read as a decimal sign.

    Of 105.415.200 Moodle reads what stands before the second point; of several commas it knows
    what they are.

    >>> _twin(Fraction(34944)), _twin(Fraction(105415200)), _twin(Fraction(4000))
    ('34.944', '105.415', '')
    """
    if value.denominator > 1 or value < 1000:
        return ""
    first, second, *_ = f"{value.numerator:,}".split(",")
    return f"{first}.{second}" if int(second) else ""


def moodle_xml(homework: Homework, *, per: str = "layer") -> str:
    """Write a homework as a category with its questions: `per` layer (cloze) or cell.

    Volumes are cloze in any case: a numerical question has one number.
    """
    quiz = ET.Element("quiz")
    category = ET.SubElement(quiz, "question", type="category")
    name = clean_category(homework.title)
    _text(category, "category", f"$course$/{name}")
    _question(quiz, "description", say("the network"), network_page(homework), grade_="0")
    blanks = blanks_of(homework)
    scale = lcm(*(blank.marks.denominator for parts in blanks.values() for blank in parts))
    if per == "layer":
        for layer, cells in by_layer(blanks).items():
            _cloze(quiz, homework, layer, cells, scale)
    else:
        for parts in blanks.values():
            if len(parts) > 1:
                _cloze(quiz, homework, parts[0].name.partition(",")[0], [parts], scale)
            else:
                _numerical(quiz, homework, parts[0])
    return xml_text(quiz)


def moodle_pool(homeworks: Sequence[Homework], *, per: str = "layer") -> str:
    """Write the variants of a homework as one category, of which a quiz draws a random question.

    A variant is one cloze question with its network and all of its blanks, since whoever has one
    layer must have the others; so `per` makes no difference.
    """
    quiz = ET.Element("quiz")
    category = ET.SubElement(quiz, "question", type="category")
    _text(category, "category", f"$course$/{clean_category(homeworks[0].title)}")
    asked = [(homework, blanks_of(homework)) for homework in homeworks]
    marks = (blank.marks for _, blanks in asked for parts in blanks.values() for blank in parts)
    scale = lcm(*(mark.denominator for mark in marks))
    for homework, blanks in asked:
        lines = [_cloze_text(network_page(homework))]
        for cells in by_layer(blanks).values():
            lines += _cloze_lines(homework, cells, scale)
        columns = {parts[0].cell.quantity.key for parts in blanks.values()}
        lines += [_cloze_text(counted_page(homework, columns)), paragraph(say(DIGITS))]
        name = say("{title}, variant {stamp}", title=homework.title, stamp=homework.stamp)
        _question(quiz, "cloze", name, "".join(lines))
    return xml_text(quiz)


def clean_category(title: str) -> str:
    """Write a title as one category: Moodle would read a / as a step down."""
    return one_line(title).replace("/", "//")[:_LONGEST_NAME] or "homework"


def _question(quiz: ET.Element, kind: str, name: str, text: str, *, grade_: str = "") -> ET.Element:
    """Add what all questions have."""
    question = ET.SubElement(quiz, "question", type=kind)
    _text(question, "name", one_line(name)[:_LONGEST_NAME])
    _text(question, "questiontext", text, format="html")
    _text(question, "generalfeedback", "", format="html")
    if grade_:
        ET.SubElement(question, "defaultgrade").text = grade_
    ET.SubElement(question, "penalty").text = "0" if kind == "description" else "0.3333333"
    ET.SubElement(question, "hidden").text = "0"
    return question


def _text(parent: ET.Element, tag: str, text: str, **attributes: str) -> None:
    ET.SubElement(ET.SubElement(parent, tag, attributes), "text").text = text


def _numerical(quiz: ET.Element, homework: Homework, blank: AskedNumber) -> None:
    page = number_page(homework, blank)
    marks = str(marks_number(blank.marks))
    question = _question(quiz, "numerical", blank.name, page, grade_=marks)
    for answer in answers_of(blank):
        element = ET.SubElement(
            question, "answer", fraction=answer.percent, format="moodle_auto_format"
        )
        ET.SubElement(element, "text").text = answer.value
        _text(element, "feedback", clean(answer.message), format="html")
        ET.SubElement(element, "tolerance").text = answer.tolerance
    for tag, text in (("unitgradingtype", "0"), ("unitpenalty", "0.1"), ("showunits", "3")):
        ET.SubElement(question, tag).text = text
    ET.SubElement(question, "unitsleft").text = "0"


def _cloze(
    quiz: ET.Element,
    homework: Homework,
    name: str,
    cells: list[tuple[AskedNumber, ...]],
    scale: int,
) -> None:
    """Add a cloze question with the blanks of some cells of one layer."""
    layer = cells[0][0].cell.layer
    lines = list(_cloze_lines(homework, cells, scale))
    columns = [parts[0].cell.quantity.key for parts in cells]
    lines += [_cloze_text(conventions_page(homework, layer, columns)), paragraph(say(DIGITS))]
    _question(quiz, "cloze", name, "".join(lines))


def _cloze_lines(
    homework: Homework, cells: list[tuple[AskedNumber, ...]], scale: int
) -> Iterator[str]:
    """Yield the blanks of some cells of one layer, below what it does."""
    yield _cloze_text(layer_page(homework, cells[0][0].cell.layer))
    for parts in cells:
        fields = " x ".join(_field(homework, blank, scale) for blank in parts)
        extents = " x ".join(say(blank.part) for blank in parts)
        named = f" ({extents})" if len(parts) > 1 else ""
        title = _cloze_text(clean(say(parts[0].cell.quantity.title)))
        yield f"<p>{title}{named}: {fields}</p>"  # the blanks are written already


def _field(homework: Homework, blank: AskedNumber, scale: int) -> str:
    """Write a blank in the grammar of cloze questions, on one line."""
    weight = int(blank.marks * scale)
    alternatives = "~".join(
        f"{'=' if answer.percent == '100' else f'%{answer.percent}%'}"
        f"{answer.value}{'' if answer.value == '*' else f':{answer.tolerance}'}"
        f"#{_cloze_text(clean(clean(answer.message)))}"
        for answer in answers_of(blank)
    )
    return f"{{{weight}:NUMERICAL:{alternatives}}}"


#: What has a meaning in a cloze question.  Moodle takes the backslash from some of them only, but
#: decodes every entity, after it has found the ends of feedback.
_ENTITIES = {ord(sign): f"&#{ord(sign)};" for sign in "{}~\\"}


def _cloze_text(html: str) -> str:
    """Write HTML so that nothing in it is read as a blank, or as the end of one.

    Within a blank the HTML is escaped twice, since Moodle decodes feedback before it is HTML.
    """
    return html.translate(_ENTITIES)


def grades(classroom: Classroom, *, missing: str = "blank") -> str:
    """Write a row a student, in the order of the roster.

    Raises `SpecErrors` (E743) for an id or an address that a spreadsheet would run.
    """
    rows = [["ID number", "Email address", "Grade", "Feedback comments"]]
    for graded in classroom.students:
        student = graded.student
        for text in (student.id, student.email):
            if csv_safe(text) != text:
                message = f"a spreadsheet would run '{text[:40]}'"
                hint = "change it in the roster: with a ' before it Moodle would not know it"
                raise refuse_file("E743", message, classroom.title, hint)
        mark = mark_of(graded, missing) or "-"
        rows.append([student.id, student.email, mark, sentence_of(graded)])
    return csv_text(rows)

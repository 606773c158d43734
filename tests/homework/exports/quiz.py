"""Quizzes read and played as platforms do, in code of its own.

Written from what the platforms document of their formats, and from nothing of the exports: XML by
the standard library, cloze and GIFT character by character.
"""

from __future__ import annotations

import html
import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

#: What texts of teachers may hold: markup of every format, formulas, controls, other scripts.
NASTY = (
    "<b>&\"'</b> ]]> {1:NM:=5~%50%4#x} ~ = # \\ :: // -> $CATEGORY: x/y "
    "하나 ة \u202e \x1b[31m =1+1 &#126; &lt;i&gt;"
)


class Alternative(NamedTuple):
    """What a question foresees: a number or *, how near, what it earns, what is said (as HTML)."""

    value: str
    tolerance: float
    percent: float
    message: str


class Blank(NamedTuple):
    """A number to type, with its marks."""

    question: str
    marks: float
    alternatives: tuple[Alternative, ...]


def number(typed: str, *, thousands: str = "", decimal: str = ".") -> float | None:
    """Read a typed number as Moodle does; `thousands` and `decimal` are of its language.

    Versions that know nothing of the language read a lone comma as a decimal sign.
    """
    text = typed.replace(" ", "")
    if "." in text or text.count(",") > 1:
        text = text.replace(",", "")
    else:
        if thousands:
            text = text.replace(thousands, "")
        text = text.replace(decimal, ".").replace(",", ".")
    # what stands behind the first number is a unit, known or not
    read = re.match(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?", text)
    return float(read[0]) if read else None


def play(blank: Blank, typed: str, **language: str) -> tuple[float, str]:
    """Type a number into a blank: the marks earned and what is said, tags and entities read."""
    answer = number(typed, **language)
    for alternative in blank.alternatives:
        near = answer is not None and alternative.value != "*"
        if alternative.value == "*" or (
            near and abs(answer - float(alternative.value)) <= alternative.tolerance + 1e-9
        ):
            return blank.marks * alternative.percent / 100, plain(alternative.message)
    return 0, ""


def plain(text: str) -> str:
    """Return HTML as a browser shows it."""
    return html.unescape(re.sub(r"<[^>]*>", " ", text))


def blanks_of_moodle(text: str) -> Iterator[Blank]:
    """Yield the blanks of a Moodle XML file, in order."""
    for question in ET.fromstring(text):
        name = question.findtext("name/text", "")
        if question.get("type") == "cloze":
            yield from blanks_of_cloze(name, question.findtext("questiontext/text", ""))
        elif question.get("type") == "numerical":
            alternatives = tuple(
                Alternative(
                    answer.findtext("text", ""),
                    float(answer.findtext("tolerance", "nan")),
                    float(answer.get("fraction", "nan")),
                    answer.findtext("feedback/text", ""),
                )
                for answer in question.findall("answer")
            )
            yield Blank(name, float(question.findtext("defaultgrade", "nan")), alternatives)


def blanks_of_cloze(name: str, text: str) -> Iterator[Blank]:
    """Yield the blanks of a cloze question."""
    at = 0
    while begin := re.compile(r"\{(\d*):(?:NUMERICAL|NM):").search(text, at):
        at = begin.end()
        pieces, piece = [], ""
        while text[at] != "}":
            if text[at] == "\\":
                raise AssertionError("Moodle takes a backslash off some characters only")
            if text[at] == "~":
                pieces.append(piece)
                piece = ""
            else:
                piece += text[at]
            at += 1
        assert "\n" not in piece
        alternatives = tuple(map(_cloze_alternative, [*pieces, piece]))
        yield Blank(name, float(begin[1] or 1), alternatives)


def _cloze_alternative(piece: str) -> Alternative:
    text, _, message = piece.partition("#")
    percent = 100.0 if text.startswith("=") else 0.0
    text = text.removeprefix("=")
    if match := re.match(r"%(-?\d+(?:\.\d*)?)%", text):
        percent, text = float(match[1]), text[match.end() :]
    value, _, tolerance = text.partition(":")
    return Alternative(value, float(tolerance or 0), percent, html.unescape(message))


def blanks_of_gift(text: str) -> Iterator[Blank]:
    """Yield the blanks of a GIFT file; each is worth 1."""
    for paragraph in re.split(r"\n\s*\n", text):
        lines = [line for line in paragraph.splitlines() if not line.lstrip().startswith("//")]
        tokens = [
            (match[0][1:], True) if len(match[0]) > 1 else (match[0], False)
            for match in re.finditer(r"\\[\\~=#{}:]|.", "\n".join(lines).strip(), re.DOTALL)
        ]
        shape = "".join("x" if escaped else sign for sign, escaped in tokens)
        if shape.startswith("$CATEGORY:"):
            continue
        assert shape.startswith("::"), lines
        named = shape.index("::", 2)
        name = "".join(sign for sign, _ in tokens[2:named])
        if "{" not in shape:
            assert "}" not in shape
            continue
        begin, end = shape.index("{"), shape.index("}")
        assert end == len(shape) - 1
        assert shape[begin + 1] == "#"
        inside = tokens[begin + 2 : end]
        yield Blank(name, 1, tuple(_gift_alternatives(inside)))


def _gift_alternatives(tokens: list[tuple[str, bool]]) -> Iterator[Alternative]:
    pieces: list[list[tuple[str, bool]]] = []
    for sign, escaped in tokens:
        if sign in "=~" and not escaped:
            pieces.append([])
        if pieces:
            pieces[-1].append((sign, escaped))
    for piece in pieces:
        cut = piece.index(("#", False))
        text = "".join(sign for sign, _ in piece[:cut]).strip()
        message = "".join(sign for sign, _ in piece[cut + 1 :]).strip()
        assert ("#", False) not in piece[cut + 1 :]
        if text == "~":
            yield Alternative("*", 0, 0, message)
            continue
        percent, text = 100.0, text.removeprefix("=")
        if match := re.match(r"%(\d{1,3}\.?\d*)%", text):
            percent, text = float(match[1]), text[match.end() :]
        value, _, tolerance = text.partition(":")
        yield Alternative(value, float(tolerance), percent, message)


QTI = "{http://www.imsglobal.org/xsd/ims_qtiasiv1p2}"


def fields_of(item: ET.Element) -> dict[str, str]:
    """Return an item's metadata."""
    fields = item.findall(f"{QTI}itemmetadata/{QTI}qtimetadata/{QTI}qtimetadatafield")
    return {
        field.findtext(f"{QTI}fieldlabel", ""): field.findtext(f"{QTI}fieldentry", "")
        for field in fields
    }


def play_item(item: ET.Element, typed: str) -> tuple[float, str]:
    """Answer an item of QTI 1.2: the score in percent, and what is said."""
    score, feedbacks = 0.0, []
    processing = item.find(f"{QTI}resprocessing")
    assert processing is not None
    for condition in processing.findall(f"{QTI}respcondition"):
        tested = condition.find(f"{QTI}conditionvar")
        assert tested is not None
        if not all(_holds(item, typed) for item in tested):
            continue
        score = float(condition.findtext(f"{QTI}setvar", str(score)))
        feedbacks += [
            element.get("linkrefid") for element in condition.findall(f"{QTI}displayfeedback")
        ]
        if condition.get("continue") != "Yes":
            break
    texts = {
        element.get("ident"): element.findtext(f".//{QTI}mattext", "")
        for element in item.findall(f"{QTI}itemfeedback")
    }
    return score, plain(" ".join(texts[name] for name in feedbacks))


def _holds(test: ET.Element, typed: str) -> bool:
    tag = test.tag.removeprefix(QTI)
    if tag == "other":
        return True
    if tag in ("or", "and"):
        return {"or": any, "and": all}[tag](_holds(item, typed) for item in test)
    answer, value = float(typed), float(test.text or "nan")
    return {"varequal": answer == value, "vargte": answer >= value, "varlte": answer <= value}[tag]


def right_in_canvas(item: ET.Element) -> set[float]:
    """Return the numbers that Canvas' importer takes for right: those with an `or` or an `and`.

    Its numerical questions give 100 % to each of them, whatever the package says they score.
    """
    collected = set()
    for condition in item.iter(f"{QTI}respcondition"):
        for tag in ("or", "and"):
            for node in condition.iter(f"{QTI}{tag}"):
                collected |= {
                    float(element.text or "nan") for element in node.iter(f"{QTI}varequal")
                }
    return collected

"""A quiz in QTI 1.2 as Canvas imports it: a zip with a manifest, the assessment and its settings.

Canvas takes every condition that has an `or` or an `and` for a right answer, whatever it scores.
The conditions of wrong values have neither: Canvas passes them over, other readers show their
messages.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from fractions import Fraction
from typing import TYPE_CHECKING

from shapecalc.homework.assignment.notation import marks_number
from shapecalc.homework.exports.packing import archive, xml_text
from shapecalc.homework.exports.questions import (
    blanks_of,
    decimal,
    network_page,
    number_page,
    paragraph,
)
from shapecalc.homework.languages import say
from shapecalc.text.safe import one_line

if TYPE_CHECKING:
    from shapecalc.homework.assignment.model import Homework
    from shapecalc.homework.exports.questions import AskedNumber

_QTI = "http://www.imsglobal.org/xsd/ims_qtiasiv1p2"
_PACKAGE = "http://www.imsglobal.org/xsd/imsccv1p1/imscp_v1p1"
_CANVAS = "http://canvas.instructure.com/xsd/cccv1p0"
_META = "associatedcontent/imscc_xmlv1p1/learning-application-resource"


def qti(homework: Homework) -> bytes:
    """Pack a homework as a QTI 1.2 package."""
    ident = f"shapecalc_{homework.stamp}"
    return archive(
        {
            "imsmanifest.xml": xml_text(_manifest(ident)),
            f"{ident}/{ident}.xml": xml_text(assessment(homework, ident)),
            f"{ident}/assessment_meta.xml": xml_text(_settings(homework, ident)),
        }
    )


def _manifest(ident: str) -> ET.Element:
    """Name the two files and what they are."""
    root = ET.Element("manifest", identifier=f"{ident}_manifest", xmlns=_PACKAGE)
    metadata = ET.SubElement(root, "metadata")
    ET.SubElement(metadata, "schema").text = "IMS Content"
    ET.SubElement(metadata, "schemaversion").text = "1.1.3"
    ET.SubElement(root, "organizations")
    resources = ET.SubElement(root, "resources")
    quiz = ET.SubElement(resources, "resource", identifier=ident, type="imsqti_xmlv1p2")
    ET.SubElement(quiz, "file", href=f"{ident}/{ident}.xml")
    ET.SubElement(quiz, "dependency", identifierref=f"{ident}_meta")
    href = f"{ident}/assessment_meta.xml"
    meta = ET.SubElement(resources, "resource", identifier=f"{ident}_meta", type=_META, href=href)
    ET.SubElement(meta, "file", href=href)
    return root


def _settings(homework: Homework, ident: str) -> ET.Element:
    """Write what Canvas asks of a quiz: its title, its points, one attempt, no answers shown."""
    root = ET.Element("quiz", identifier=ident, xmlns=_CANVAS)
    marks = sum((b.marks for parts in blanks_of(homework).values() for b in parts), Fraction(0))
    for tag, text in {
        "title": one_line(homework.title),
        "description": paragraph(one_line(homework.title)),
        "shuffle_answers": "false",
        "scoring_policy": "keep_highest",
        "quiz_type": "assignment",
        "points_possible": str(marks_number(marks)),
        "show_correct_answers": "false",
        "allowed_attempts": "1",
        "one_question_at_a_time": "false",
        "available": "false",
    }.items():
        ET.SubElement(root, tag).text = text
    return root


def assessment(homework: Homework, ident: str) -> ET.Element:
    """Write the items: the network, and one for every number."""
    root = ET.Element("questestinterop", xmlns=_QTI)
    whole = ET.SubElement(root, "assessment", ident=ident, title=one_line(homework.title))
    section = ET.SubElement(whole, "section", ident="root_section")
    item = _item(section, f"{ident}_0", say("the network"), "text_only_question", "0")
    _shown(ET.SubElement(item, "presentation"), network_page(homework))
    blanks = (blank for parts in blanks_of(homework).values() for blank in parts)
    for number, blank in enumerate(blanks, 1):
        marks = str(marks_number(blank.marks))
        name = one_line(blank.name)
        item = _item(section, f"{ident}_{number}", name, "numerical_question", marks)
        presentation = ET.SubElement(item, "presentation")
        _shown(presentation, number_page(homework, blank))
        response = ET.SubElement(
            presentation, "response_str", ident="response1", rcardinality="Single"
        )
        fib = ET.SubElement(response, "render_fib", fibtype="Decimal")
        ET.SubElement(fib, "response_label", ident="answer1")
        _processing(item, blank)
    return root


def _item(section: ET.Element, ident: str, title: str, kind: str, points: str) -> ET.Element:
    """Begin an item with what Canvas wants to know of it."""
    item = ET.SubElement(section, "item", ident=ident, title=title)
    metadata = ET.SubElement(ET.SubElement(item, "itemmetadata"), "qtimetadata")
    for label, entry in {
        "question_type": kind,
        "points_possible": points,
        "original_answer_ids": "",
        "assessment_question_identifierref": f"{ident}_question",
    }.items():
        field = ET.SubElement(metadata, "qtimetadatafield")
        ET.SubElement(field, "fieldlabel").text = label
        ET.SubElement(field, "fieldentry").text = entry
    return item


def _shown(parent: ET.Element, html: str) -> None:
    material = ET.SubElement(parent, "material")
    ET.SubElement(material, "mattext", texttype="text/html").text = html


def _processing(item: ET.Element, blank: AskedNumber) -> None:
    """Write the conditions, the right number first, and the feedback they show."""
    processing = ET.SubElement(item, "resprocessing")
    outcomes = ET.SubElement(processing, "outcomes")
    ET.SubElement(
        outcomes, "decvar", maxvalue="100", minvalue="0", varname="SCORE", vartype="Decimal"
    )
    _right(processing, blank)
    feedbacks = {"correct_fb": say("Right.")}
    for number, other in enumerate(blank.others, 1):
        # Canvas reads idents with `wrong` or `incorrect` as what is said of any wrong answer.
        ident = f"slip{number}_fb"
        feedbacks[ident] = other.message
        condition, tested = _condition(processing, "No")
        ET.SubElement(tested, "varequal", respident="response1").text = decimal(other.value)
        _scored(condition, ident, other.share * 100)
    feedbacks["general_incorrect_fb"] = blank.otherwise
    condition, tested = _condition(processing, "Yes")
    ET.SubElement(tested, "other")
    _scored(condition, "general_incorrect_fb", Fraction(0))
    for ident, text in feedbacks.items():
        feedback = ET.SubElement(item, "itemfeedback", ident=ident)
        _shown(ET.SubElement(feedback, "flow_mat"), paragraph(one_line(text)))


def _right(processing: ET.Element, blank: AskedNumber) -> None:
    condition, tested = _condition(processing, "No")
    either = ET.SubElement(tested, "or")
    ET.SubElement(either, "varequal", respident="response1").text = str(blank.right)
    both = ET.SubElement(either, "and")
    ET.SubElement(both, "vargte", respident="response1").text = str(blank.right)
    ET.SubElement(both, "varlte", respident="response1").text = str(blank.right)
    _scored(condition, "correct_fb", Fraction(100))


def _condition(processing: ET.Element, onwards: str) -> tuple[ET.Element, ET.Element]:
    condition = ET.SubElement(processing, "respcondition", {"continue": onwards})
    return condition, ET.SubElement(condition, "conditionvar")


def _scored(condition: ET.Element, ident: str, score: Fraction) -> None:
    if score:
        points = str(marks_number(score))
        ET.SubElement(condition, "setvar", action="Set", varname="SCORE").text = points
    ET.SubElement(condition, "displayfeedback", feedbacktype="Response", linkrefid=ident)

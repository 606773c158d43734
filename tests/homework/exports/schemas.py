"""What platforms demand of files, as schemas, and as lists of what is wrong with XML.

Written from the platforms' documentation; every field that it names is there, and no other is
allowed.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_VISIBILITY = {"enum": ["visible", "hidden", "after_due_date", "after_published"]}
_FORMAT = {"enum": ["text", "html", "simple_format", "md", "ansi"]}


def _object(properties: dict[str, Any], *required: str, **more: Any) -> dict[str, Any]:
    closed = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**closed, "required": list(required), **more}


#: Gradescope, `results.json`.
GRADESCOPE = _object(
    {
        "score": {"type": "number", "minimum": 0},
        "execution_time": {"type": "number"},
        "output": {"type": "string"},
        "output_format": _FORMAT,
        "test_output_format": _FORMAT,
        "test_name_format": _FORMAT,
        "visibility": _VISIBILITY,
        "stdout_visibility": _VISIBILITY,
        "extra_data": {"type": "object"},
        "tests": {
            "type": "array",
            "items": _object(
                {
                    "score": {"type": "number", "minimum": 0},
                    "max_score": {"type": "number", "minimum": 0},
                    "status": {"enum": ["passed", "failed"]},
                    "name": {"type": "string"},
                    "name_format": _FORMAT,
                    "number": {"type": "string"},
                    "output": {"type": "string"},
                    "output_format": _FORMAT,
                    "tags": {"type": "array", "items": {"type": "string"}},
                    "visibility": _VISIBILITY,
                    "extra_data": {"type": "object"},
                }
            ),
        },
        "leaderboard": {"type": "array"},
    },
    anyOf=[{"required": ["score"]}, {"required": ["tests"]}],
)

#: PrairieLearn, `results.json` of the external grader.
_POINTS = {"required": ["points", "max_points"]}
PRAIRIELEARN = _object(
    {
        "score": {"type": "number", "minimum": 0, "maximum": 1},
        "gradable": {"type": "boolean"},
        "format_errors": {
            "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]
        },
        "message": {"type": "string"},
        "output": {"type": "string"},
        "images": {"type": "array"},
        "tests": {
            "type": "array",
            "items": _object(
                {
                    "name": {"type": "string"},
                    "description": {"type": "string"},
                    "points": {"type": "number", "minimum": 0},
                    "max_points": {"type": "number", "minimum": 0},
                    "message": {"type": "string"},
                    "output": {"type": "string"},
                    "images": {"type": "array"},
                }
            ),
            # Points stand in all tests or in none.
            "anyOf": [{"items": _POINTS}, {"items": {"not": {"anyOf": [_POINTS]}}}],
        },
    },
    "gradable",
    "score",
    **{
        "if": {"properties": {"gradable": {"const": False}}},
        "then": {"required": ["format_errors"]},
        "else": {"not": {"required": ["format_errors"]}},
    },
)

#: CodeRunner, what a combinator grader prints.
CODERUNNER = _object(
    {
        "fraction": {"type": "number", "minimum": 0, "maximum": 1},
        "prologuehtml": {"type": "string"},
        "epiloguehtml": {"type": "string"},
        "instructorhtml": {"type": "string"},
        "testresults": {
            "type": "array",
            "prefixItems": [{"type": "array", "items": {"type": "string"}}],
            "items": {"type": "array", "items": {"type": ["string", "number"]}},
        },
        "columnformats": {"type": "array", "items": {"enum": ["%s", "%h"]}},
        "graderstate": {},
        "files": {"type": "object"},
    },
    "fraction",
)

_MOODLE_GRADES = {100, 90, 80, 75, 70, 66.66667, 60, 50, 40, 33.33333, 30, 25, 20, 10, 5, 0}
_ALL = ["name", "questiontext", "generalfeedback"]
_MOODLE = {
    "category": ["category"],
    "description": [*_ALL, "defaultgrade", "penalty", "hidden"],
    "cloze": [*_ALL, "penalty", "hidden"],
    "numerical": [
        *_ALL,
        *("defaultgrade", "penalty", "hidden", "answer"),
        *("unitgradingtype", "unitpenalty", "showunits", "unitsleft"),
    ],
}


def wrong_with_moodle(text: str) -> Iterator[str]:
    """Yield what Moodle's import would not take, or take for something else."""
    root = ET.fromstring(text.encode())
    if root.tag != "quiz" or not text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n'):
        yield "no quiz in UTF-8"
    for at, question in enumerate(root):
        kind = question.get("type", "")
        if question.tag != "question" or kind not in _MOODLE:
            yield f"{question.tag} of type {kind}"
            continue
        tags = [child.tag for child in question]
        if list(dict.fromkeys(tags)) != _MOODLE[kind]:
            yield f"children of {kind}: {tags}"
        if kind == "category":
            if at or not question.findtext("category/text", "").startswith("$course$/"):
                yield "the category"
            continue
        if not 0 < len(question.findtext("name/text", "")) <= 255:
            yield "a name"
        for tag in ("questiontext", "generalfeedback"):
            element = question.find(tag)
            if element is None or element.get("format") != "html" or element.find("text") is None:
                yield tag
        yield from _wrong_answers(question)


def _wrong_answers(question: ET.Element) -> Iterator[str]:
    answers = question.findall("answer")
    if answers and (answers[0].get("fraction") != "100" or answers[-1].findtext("text") != "*"):
        yield "the order of the answers"
    for answer in answers:
        if [child.tag for child in answer] != ["text", "feedback", "tolerance"]:
            yield "children of an answer"
        if float(answer.get("fraction", "nan")) not in _MOODLE_GRADES:
            yield f"fraction {answer.get('fraction')}"
        if not re.fullmatch(r"\d+(\.\d+)?|\*", answer.findtext("text", "")):
            yield "a number"
        if not re.fullmatch(r"\d+(\.\d+)?", answer.findtext("tolerance", "")):
            yield "a tolerance"


#: Elements of QTI 1.2 with their children in order; * may be there, + several times, | one of them.
_QTI = {
    "questestinterop": "assessment",
    "assessment": "qtimetadata* section+",
    "section": "item+",
    "item": "itemmetadata presentation resprocessing* itemfeedback*+",
    "itemmetadata": "qtimetadata",
    "qtimetadata": "qtimetadatafield+",
    "qtimetadatafield": "fieldlabel fieldentry",
    "presentation": "material response_str*",
    "material": "mattext",
    "response_str": "render_fib",
    "render_fib": "response_label",
    "resprocessing": "outcomes respcondition+",
    "outcomes": "decvar",
    "respcondition": "conditionvar setvar* displayfeedback*",
    "conditionvar": "(or|varequal|other)",
    "or": "varequal and",
    "and": "vargte varlte",
    "itemfeedback": "flow_mat",
    "flow_mat": "material",
}
_ATTRIBUTES = {
    "assessment": {"ident", "title"},
    "section": {"ident"},
    "item": {"ident", "title"},
    "mattext": {"texttype"},
    "response_str": {"ident", "rcardinality"},
    "render_fib": {"fibtype"},
    "response_label": {"ident"},
    "decvar": {"maxvalue", "minvalue", "varname", "vartype"},
    "respcondition": {"continue"},
    "varequal": {"respident"},
    "vargte": {"respident"},
    "varlte": {"respident"},
    "setvar": {"action", "varname"},
    "displayfeedback": {"feedbacktype", "linkrefid"},
    "itemfeedback": {"ident"},
}
NAMESPACE = "{http://www.imsglobal.org/xsd/ims_qtiasiv1p2}"


def _pattern(children: str) -> str:
    if children.startswith("("):
        return f"{children} "
    parts = re.findall(r"(\w+)([*+]*)", children)
    quantity = {"": "", "*": "?", "+": "+", "*+": "*"}
    return "".join(f"(?:{name} ){quantity[sign]}" for name, sign in parts)


def wrong_with_qti(text: str) -> Iterator[str]:
    """Yield what is not as QTI 1.2 has it: order, attributes, idents and what refers to them."""
    root = ET.fromstring(text.encode())
    for element in root.iter():
        tag = element.tag.removeprefix(NAMESPACE)
        children = "".join(f"{child.tag.removeprefix(NAMESPACE)} " for child in element)
        if not re.fullmatch(_pattern(_QTI.get(tag, "")), children):
            yield f"children of {tag}: {children}"
        if set(element.attrib) != _ATTRIBUTES.get(tag, set()):
            yield f"attributes of {tag}: {sorted(element.attrib)}"
    items = root.findall(f".//{NAMESPACE}item")
    if len({item.get("ident") for item in items}) < len(items):
        yield "an ident twice"
    for item in items:
        feedback = [element.get("ident") for element in item.findall(f"{NAMESPACE}itemfeedback")]
        shown = [element.get("linkrefid") for element in item.iter(f"{NAMESPACE}displayfeedback")]
        if feedback != list(dict.fromkeys(shown)):
            yield "feedback without a condition, or the other way round"
        for ident in set(feedback) - {"correct_fb", "general_incorrect_fb"}:
            if re.search(r"wrong|correct|general_|_all|_I?C$|solution", ident or ""):
                yield f"{ident} means something else in Canvas"

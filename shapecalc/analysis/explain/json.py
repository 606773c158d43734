"""A lesson for a program: rules, numbers, steps, values, facts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from shapecalc.analysis.explain.model import Derivation, Equation
from shapecalc.output.cells import machine_text
from shapecalc.output.document import Grid, Picture
from shapecalc.text.safe import printable

if TYPE_CHECKING:
    from shapecalc.analysis.explain.model import Block, Explanation, Section

#: The schema's name and version: a field that changes its meaning makes a new version.
SCHEMA = "shapecalc.explanation/1"


def to_json(lesson: Explanation) -> str:
    """Write a lesson as JSON."""
    record = {
        "schema": SCHEMA,
        "network": lesson.network,
        "layer": lesson.name or None,
        "type": lesson.type,
        "about": lesson.about,
        "note": lesson.note,
        "source": lesson.source,
        "domain": lesson.domain,
        "sections": list(map(_section, lesson.sections)),
    }
    text = json.dumps(record, ensure_ascii=False, indent=2, default=machine_text)
    if not text.replace("\n", "").isprintable():  # a terminal would obey it
        text = json.dumps(record, indent=2, default=machine_text)
    return text + "\n"


def _section(section: Section) -> dict[str, Any]:
    return {
        "topic": section.topic,
        "answer": section.answer,
        "values": list(map(_value, section.values)),
        "facts": section.facts,
        "blocks": list(map(_block, section.blocks)),
    }


def _block(block: Block) -> dict[str, Any]:
    if isinstance(block, Derivation):
        rule, *rest = block.lines
        return {
            "kind": "derivation",
            "label": block.label,
            "rule": rule,
            "substituted": block.formula.substituted(block.times),
            "steps": rest[1:],
            "value": _value(block.formula.value),
            "where": {letter: number for letter, number, _ in block.where},
        }
    if isinstance(block, Equation):
        return {"kind": "equation", "left": block.label, "right": block.shown}
    if isinstance(block, Grid):
        return {"kind": "table", "header": block.header, "rows": block.rows}
    if isinstance(block, Picture):
        return {"kind": "picture", "lines": block.lines}
    return {"kind": "text", "text": printable(block.text)}


def _value(value: Any) -> Any:  # noqa: ANN401  (a dimension: an expression as programs read it)
    return value if isinstance(value, int) else machine_text(value)

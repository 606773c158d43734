"""An explanation laid out: a document for people, records for programs.

A record as a document has rules, numbers, steps, values and facts, in lines the formulas.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.analysis.explain.model import OF_SIZES, Derivation, Equation, Explanation, Section
from shapecalc.analysis.explain.model import Block as Explained
from shapecalc.output.cells import machine_text
from shapecalc.output.csv import Plain
from shapecalc.output.document import Block, Document, Grid, Heading, Prose
from shapecalc.output.records import Records
from shapecalc.output.table import Picture
from shapecalc.text.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.algebra.traced import Formula


def document(lesson: Explanation) -> Document:
    """Return what a person reads."""
    return Document(
        _title(lesson),
        tuple(_blocks(lesson)),
        about=tuple(one_line(text) for text in (lesson.about, lesson.note) if text),
        remarks=tuple(_remarks(lesson)),
        level=2,
        names=(*lesson.names, one_line(lesson.source)),
    )


def _title(lesson: Explanation) -> str:
    """Name what is explained."""
    network = one_line(lesson.network) or "the network"
    return f"{one_line(lesson.name)} of {network}" if lesson.name else network


def _remarks(lesson: Explanation) -> Iterator[str]:
    """Say for which symbols it holds, and where the spec was read."""
    if lesson.domain:
        yield one_line(f"Domain: {'; '.join(lesson.domain)}.")
    yield f"Read from {one_line(lesson.source)}."


def _blocks(lesson: Explanation) -> Iterator[Block]:
    for section in lesson.sections:
        yield Heading(section.title, section.answer)
        yield from map(_block, section.blocks)


def _block(block: Explained) -> Block:
    match block:
        case Derivation() | Equation():
            return block.chain._replace(label=one_line(block.label))
        case Prose(text):
            return Prose(one_line(text))
        case Grid():
            return block.one_line()
        case Picture():
            return block


#: The schema's name and version.
SCHEMA = "shapecalc.explanation/1"


def records(lesson: Explanation) -> Records:
    """Return the sections with all that they say; a line is a formula, its value a number."""
    return Records(
        SCHEMA,
        lambda: {
            "network": lesson.network,
            "layer": lesson.name or None,
            "type": lesson.type,
            "about": lesson.about,
            "note": lesson.note,
            "source": lesson.source,
            "domain": lesson.domain,
            "sections": list(map(_section, lesson.sections)),
        },
        columns=("layer", "topic", "what", "rule", "numbers", "value"),
        lines=(line for section in lesson.sections for line in _lines(lesson.name, section)),
    )


def _section(section: Section) -> dict[str, Any]:
    return {
        "topic": section.topic,
        "answer": section.answer,
        "values": list(map(_value, section.values)),
        "facts": section.facts,
        "blocks": [_block_data(block) for block in section.blocks if not _is_drawing(block)],
    }


def _is_drawing(block: Explained) -> bool:
    """Tell whether a block is nothing but a drawing."""
    return isinstance(block, Picture) and not block.lines


def _block_data(block: Explained) -> dict[str, Any]:
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
    return {"kind": "text", "text": one_line(block.text)}


def _lines(layer: str, section: Section) -> Iterator[tuple[object, ...]]:
    """Yield a line a formula; a topic without any has a line with its answer, if there is one."""
    lines: list[tuple[object, ...]] = [
        (name, "", *_formula(formula)) for name, formula in section.formulas
    ]
    for block in section.blocks:
        if isinstance(block, Derivation):
            lines.append((layer, block.label, *_formula(block.formula, block.times)))
        elif isinstance(block, Equation):
            lines.append((layer, block.label, block.shown[0], None, None))
    if not lines and section.answer:
        lines = [(layer, section.title, None, section.answer, None)]
    for name, *cells in lines:
        yield (name, section.topic, *cells)


def _formula(formula: Formula, times: str = OF_SIZES) -> tuple[object, ...]:
    """Return a formula in letters, with the numbers in their places, and what it comes to."""
    value = _value(formula.value)
    return (
        formula.rule(times),
        formula.substituted(times),
        Plain(value) if isinstance(value, str) else value,
    )


def _value(value: Any) -> Any:  # noqa: ANN401  (a dimension: an expression as programs read it)
    return value if isinstance(value, int) else machine_text(value)

"""An explanation as a document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.analysis.explain.model import Derivation, Equation
from shapecalc.output.document import Block, Document, Grid, Heading, Picture, Prose
from shapecalc.text.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.analysis.explain.model import Block as Explained
    from shapecalc.analysis.explain.model import Explanation


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

"""A lesson as Markdown, for lecture notes."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from shapecalc.analysis.explain.model import Derivation, Equation, Grid, Picture, Prose
from shapecalc.analysis.explain.text import derivation_lines, heading, remarks, title
from shapecalc.output.markdown import escaped, paragraph, table_row
from shapecalc.output.text import PROSE, pad_rows
from shapecalc.text.safe import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.analysis.explain.model import Block, Explanation, Section


def to_markdown(lesson: Explanation) -> str:
    """Write a lesson as GitHub Flavored Markdown."""
    blocks = [f"## {escaped(title(lesson))}"]
    blocks += [paragraph(printable(text)) for text in (lesson.about, lesson.note) if text]
    for section in lesson.sections:
        blocks.append(f"### {escaped(heading(section))}")
        blocks += _blocks(section)
    blocks += map(paragraph, remarks(lesson))
    return "\n\n".join(blocks) + "\n"


def _blocks(section: Section) -> Iterator[str]:
    """Write the blocks; derivations that follow each other are set together."""
    for derived, group in groupby(
        section.blocks, lambda block: isinstance(block, Derivation | Equation)
    ):
        if derived:
            yield _fenced(
                [
                    line
                    for each in group
                    if isinstance(each, Derivation | Equation)
                    for line, _ in derivation_lines(each, PROSE)
                ]
            )
        else:
            yield from map(_block, group)


def _block(block: Block) -> str:
    if isinstance(block, Picture):
        return _fenced(block.lines)
    if isinstance(block, Grid):
        return "\n".join(_table(block))
    return paragraph(printable(block.text) if isinstance(block, Prose) else "")


def _fenced(lines: tuple[str, ...] | list[str]) -> str:
    return "\n".join(["```text", *(line.replace("```", "'''") for line in lines), "```"])


def _table(grid: Grid) -> Iterator[str]:
    shortest = ["-" * (2 + flush) for flush in grid.right]
    body = [[escaped(printable(cell)) for cell in row] for row in grid.rows]
    header, _, *rest = pad_rows([list(map(escaped, grid.header)), shortest, *body], grid.right)
    yield table_row(header)
    yield table_row(
        ["-" * (len(c) - flush) + ":" * flush for c, flush in zip(header, grid.right, strict=True)]
    )
    yield from map(table_row, rest)

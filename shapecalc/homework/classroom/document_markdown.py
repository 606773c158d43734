"""A document as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.homework.classroom.document import Bars, Card, Cell, Grid, Points
from shapecalc.homework.classroom.document_html import address
from shapecalc.output.markdown import escaped, paragraph, table_row
from shapecalc.output.text import pad_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.homework.classroom.document import Block, Document

#: The widest bar, in characters.
_BAR = 30


def to_markdown(document: Document) -> str:
    """Write a document as GitHub Flavored Markdown."""
    blocks = [f"# {escaped(document.title)}", *map(paragraph, document.about)]
    blocks.append(_points([f"{term}: {said}" for term, said in document.facts]))
    for section in document.sections:
        blocks.append(f"## {escaped(section.title)}")
        blocks += [text for block in section.blocks for text in _block(block)]
    blocks.append(
        " ".join(f"*{escaped(term)}*: {escaped(said)}." for term, said in document.legend)
    )
    return "\n\n".join(filter(None, blocks)) + "\n"


def _block(block: Block) -> Iterator[str]:
    if isinstance(block, Grid):
        yield paragraph(f"{block.caption}.")
        yield _grid(block)
    elif isinstance(block, Bars):
        yield paragraph(f"{block.caption}.")
        yield _bars(block)
    elif isinstance(block, Card):
        yield f"### {escaped(block.title)}"
        yield from map(paragraph, block.texts)
        yield _points(block.points)
    elif isinstance(block, Points):
        yield _points(block.items)
    else:
        yield f"**{escaped(block.text)}**" if block.kind == "urgent" else paragraph(block.text)


def _points(items: tuple[str, ...] | list[str]) -> str:
    return "\n".join(f"- {paragraph(item)}" for item in items)


def _grid(grid: Grid) -> str:
    shortest = ["-" * (2 + right) for right in grid.right]
    body = [list(map(_text, row)) for row in grid.rows]
    if grid.footer:
        body.append([f"**{escaped(cell)}**" if cell else "" for cell in grid.footer])
    header, _, *rest = pad_rows([list(map(escaped, grid.header)), shortest, *body], grid.right)
    rule = [
        "-" * (len(cell) - right) + ":" * right
        for cell, right in zip(header, grid.right, strict=True)
    ]
    return "\n".join(map(table_row, [header, rule, *rest]))


def _text(cell: Cell) -> str:
    text = escaped(cell.text)
    if cell.page:
        text = f"[{text}]({address(cell.page)}.md)"
    return "; ".join(filter(None, (text, *map(escaped, cell.below))))


def _bars(chart: Bars) -> str:
    most = max((count for _, count in chart.bars), default=0) or 1
    rows = tuple(
        (Cell(label), Cell(f"{count:,}"), Cell("█" * -(-_BAR * count // most)))
        for label, count in chart.bars
    )
    return _grid(Grid(chart.caption, (*chart.heads, ""), (False, True, False), rows))

"""Documents in lines of text, each with the style that a terminal may give it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, TypeAlias

from shapecalc.output.document import Bars, Card, Chain, Grid, Heading, Points, Prose
from shapecalc.output.table import GAP, Picture
from shapecalc.output.text import PROSE, pad_rows, wrap
from shapecalc.text.safe import width_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shapecalc.output.document import Block, Cell, Document

Style: TypeAlias = Literal["", "title", "answer", "heading", "formula", "quiet", "picture"]
Line: TypeAlias = tuple[str, Style]

#: Lines of words are no longer than this, however wide the page.
WIDEST = 100

#: Stands for a space at which no line is broken; no text holds it.
_NO_BREAK = "\ue000"
#: Elements up to this length are not broken.
WHOLE = 40
_ELEMENT = re.compile(r"\[[^\]]*\]")

#: What stands before every line below a heading.
INDENT = "  "


def document_to_text(document: Document, width: int | None = None) -> str:
    """Write a document in lines of at most `width` characters, where words and tables allow."""
    return "\n".join(line for line, _ in to_lines(document, width or PROSE)) + "\n"


def to_lines(document: Document, width: int) -> list[Line]:
    """Write a document in lines, each with its style."""
    return [(line.rstrip(), style) for line, style in _lines(document, width)]


def _lines(document: Document, width: int) -> Iterator[Line]:
    yield from _wrapped(document.title, width, "title" if document.level else "quiet")
    for text in document.about:
        yield from _wrapped(text, min(width, WIDEST), "quiet")
    for text in document.answer:
        yield from _wrapped(text, width, "answer")
    yield from _facts(document.facts, width)
    yield from _blocks(document.blocks, width)
    yield from _legend(document.legend, width)
    if document.remarks:
        yield "", ""
    for text in document.remarks:
        yield from _wrapped(text, width, "quiet")


def _blocks(blocks: Sequence[Block], width: int) -> Iterator[Line]:
    """Write blocks apart from each other, but formulas together; those below a heading indented."""
    margin = ""
    before: Block | None = None
    for block in blocks:
        if isinstance(block, Picture) and not block.lines:
            continue
        together = isinstance(block, Chain) and isinstance(before, Chain)
        if not isinstance(before, Heading) and not together:
            yield "", ""
        if isinstance(block, Heading):
            margin = INDENT
            yield from _wrapped(heading_text(block), width, "heading")
        else:
            for line, style in _block(block, width - len(margin)):
                yield margin + line, style
        before = block


def heading_text(heading: Heading) -> str:
    """Write a heading and its answer."""
    return f"{heading.text}: {heading.answer}" if heading.answer else heading.text


def _block(block: Block, width: int) -> Iterator[Line]:
    match block:
        case Prose():
            yield from _wrapped(block.text, min(width, WIDEST))
        case Chain():
            yield from chain_lines(block, width)
        case Picture():
            for line in block.lines:
                yield line, "picture"
        case Points():
            yield from _points(block.items, width)
        case Card():
            yield from _wrapped(block.title, min(width, WIDEST), "answer")
            for text in block.texts:
                yield from _wrapped(text, min(width, WIDEST))
            yield from _points(block.points, width)
        case Grid(caption=caption) if caption:
            yield from _wrapped(caption, width)
            yield "", ""
            for line, style in _grid_lines(block):
                yield INDENT + line, style
        case Grid():
            yield from _fitted_grid(block, width)
        case Bars():
            rows = tuple((label, f"{count:,}") for label, count in block.bars)
            yield from _block(Grid(block.heads, rows, (False, True), block.caption), width)


def _wrapped(text: str, width: int, style: Style = "") -> Iterator[Line]:
    for line in wrap(text, width):
        yield line, style


def _points(items: Sequence[str], width: int) -> Iterator[Line]:
    for item in items:
        for at, line in enumerate(wrap(item, min(width, WIDEST) - 2)):
            yield f"{'  ' if at else '- '}{line}", ""


def _facts(facts: Sequence[tuple[str, str]], width: int) -> Iterator[Line]:
    if facts:
        yield "", ""
    for term, text in facts:
        yield from _wrapped(f"{term}: {text}", width)


def _legend(legend: Sequence[tuple[str, str]], width: int) -> Iterator[Line]:
    if legend:
        yield "", ""
    for term, meaning in legend:
        yield from _wrapped(f"{term}: {meaning}", width, "quiet")


# -- formulas -------------------------------------------------------------------------------------


def chain_lines(chain: Chain, width: int) -> Iterator[Line]:
    """Write equalities; an element of an array is not broken at its indices."""
    texts = tuple(
        _ELEMENT.sub(_kept, link) if isinstance(link, str) else text
        for link, text in zip(chain.links, chain.texts, strict=True)
    )
    for line, style in _chain(chain, texts, width):
        yield line.replace(_NO_BREAK, " "), style


def _kept(element: re.Match[str]) -> str:
    """Keep an element together; a long one breaks behind its commas."""
    whole = element[0].replace(" ", _NO_BREAK)
    return whole if len(whole) <= WHOLE else whole.replace(f",{_NO_BREAK}", ", ")


def _chain(chain: Chain, texts: tuple[str, ...], width: int) -> Iterator[Line]:
    """Write the rule, below it the numbers, and the steps behind as many as the line holds."""
    label = chain.label
    margin = " " * width_of(label)
    if width_of(label) > width // 2:
        yield label, "formula"
        label = margin = INDENT
    whole = " = ".join((label, *texts))
    if not chain.letters and width_of(whole) <= width:
        yield whole, "formula"
        return
    rule, *rest = texts
    yield from _hanging(f"{label} = {rule}", f"{margin}   ", width)
    if rest:
        substituted, *steps = rest
        text = f"{margin} = {substituted}"
        for step in steps:
            if width_of(text) + 3 + width_of(step) > width:
                yield from _hanging(text, f"{margin}   ", width)
                text = f"{margin} = {step}"
            else:
                text += f" = {step}"
        yield from _hanging(text, f"{margin}   ", width)
    yield from _wrapped(chain.where, width, "quiet")


def _hanging(text: str, margin: str, width: int) -> Iterator[Line]:
    """Break a formula that is too long at its spaces, the following lines indented."""
    if width_of(text) <= width:
        yield text, "formula"
        return
    blanks = len(text) - len(text.lstrip(" "))
    first, *more = wrap(text, width - blanks)
    yield " " * blanks + first, "formula"
    for line in wrap(" ".join(more), width - len(margin)):
        yield margin + line, "formula"


# -- grids ----------------------------------------------------------------------------------------


def cell_text(cell: str | Cell) -> str:
    """Write a cell in one line."""
    return cell if isinstance(cell, str) else "; ".join(filter(None, (cell.text, *cell.below)))


def _padded(grid: Grid) -> list[tuple[str, ...]]:
    rows = [tuple(map(cell_text, row)) for row in grid.rows]
    header = [grid.header] if any(grid.header) else []
    return list(pad_rows([*header, *rows, *([grid.footer] if grid.footer else [])], grid.right))


def _grid_lines(grid: Grid) -> Iterator[Line]:
    headed = any(grid.header)
    for number, row in enumerate(_padded(grid)):
        yield (" " * GAP).join(row).rstrip(), "quiet" if headed and not number else ""


def _fitted_grid(grid: Grid, width: int) -> Iterator[Line]:
    """Write a grid in as much room as there is: without its spare column, or in broken lines."""
    headed, lines = any(grid.header), list(_grid_lines(grid))
    widest = max(width_of(line) for line, _ in lines)
    if grid.spare is not None and widest > width:
        yield from _fitted_grid(grid.without_spare(), width)
        return
    if not headed and widest > width:
        yield from _flush_right(grid, width)
        return
    for (line, style), row in zip(lines, _padded(grid), strict=True):
        if width_of(line) > width:
            first, *rest = row
            yield from _columned(first, " ".join(rest), width)
        else:
            yield line, style


def _columned(first: str, rest: str, width: int) -> Iterator[Line]:
    """Set what is too long for a line beside its first column."""
    head = first + INDENT
    for line in wrap(rest, max(width - width_of(head), width // 3)):
        yield head + line, ""
        head = " " * width_of(head)


def _flush_right(grid: Grid, width: int) -> Iterator[Line]:
    """Set the last cells at the right edge, on lines of their own where there is no room."""
    for row, cells in zip(_padded(grid), grid.rows, strict=True):
        plain = tuple(map(cell_text, cells))
        begin, last = "  ".join(row[:-1]).rstrip(), plain[-1]
        room = width - width_of(begin) - len(INDENT)
        if last and width_of(last) <= room:
            yield f"{begin}{last:>{room + len(INDENT)}}", ""
            continue
        yield from _columned(row[0], "  ".join(plain[1:-1]), width)
        if last:
            margin = " " * (width_of(row[0]) + 2 * len(INDENT))
            if width_of(margin + last) <= width:
                yield f"{last:>{width}}", ""
            else:
                yield from _hanging(margin + last, margin + INDENT, width)

"""Documents as GitHub Flavored Markdown, formulas between dollars."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from shapecalc.output.document import (
    Bars,
    Card,
    Chain,
    Grid,
    Heading,
    Picture,
    Points,
    Prose,
    address,
)
from shapecalc.output.document_text import chain_lines, heading_text
from shapecalc.output.formulas import Name, inline, latex, tree_of, tree_of_text
from shapecalc.output.markdown import aligned, escaped, footer_row, paragraph
from shapecalc.output.text import PROSE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from shapecalc.output.document import Block, Cell, Document, Form

#: The widest bar, in characters.
_BAR = 30


def document_to_markdown(document: Document) -> str:
    """Write a document as Markdown."""
    title = escaped(document.title)
    blocks = [
        f"{'#' * document.level} {title}" if document.level else f"**{paragraph(document.title)}**",
        *(paragraph(text) for text in (*document.about, *document.answer)),
        _points([f"{term}: {text}" for term, text in document.facts]),
        *_blocks(document),
        " ".join(f"*{escaped(term)}*: {escaped(meaning)}." for term, meaning in document.legend),
        *map(paragraph, document.remarks),
    ]
    return "\n\n".join(filter(None, blocks)) + "\n"


def _blocks(document: Document) -> Iterator[str]:
    """Write the blocks; formulas that are text alone are set together."""
    for plain, group in groupby(document.blocks, _plain_chain):
        if plain:
            chains = [chain for chain in group if isinstance(chain, Chain)]
            yield _fenced([line for chain in chains for line, _ in chain_lines(chain, PROSE)])
        else:
            for block in group:
                yield from _block(block, document.level + 1)


def _plain_chain(block: Block) -> bool:
    return isinstance(block, Chain) and isinstance(block.links[0], str)


def _block(block: Block, level: int) -> Iterable[str]:
    match block:
        case Heading():
            return (f"{'#' * level} {escaped(heading_text(block))}",)
        case Prose(kind="urgent"):
            return (f"**{escaped(block.text)}**",)
        case Prose():
            return (paragraph(block.text),)
        case Grid():
            return (*_caption(block.caption), _grid(block))
        case Bars():
            return (*_caption(block.caption), _bars(block))
        case Card():
            title = f"{'#' * (level + 1)} {escaped(block.title)}"
            return (title, *map(paragraph, block.texts), _points(block.points))
        case Points():
            return (_points(block.items),)
        case Picture():
            return (_fenced(block.lines),)
        case Chain():
            return _chain(block)


def _caption(caption: str) -> tuple[str, ...]:
    """End a caption like a sentence."""
    if not caption:
        return ()
    return (paragraph(caption if caption.endswith((":", ".")) else f"{caption}."),)


def _chain(chain: Chain) -> Iterator[str]:
    forms = (link for link in chain.links if not isinstance(link, str))
    yield f"{paragraph(chain.label)} {inline(_latex(form, chain.times) for form in forms)}"
    if chain.letters:
        yield "with " + ", ".join(
            f"${latex(Name(letter))} = {latex(tree_of_text(number))}$ ({escaped(meaning)})"
            for letter, number, meaning in chain.letters
        )


def _latex(form: Form, times: str) -> str:
    return latex(tree_of(form, times))


def _points(items: Sequence[str]) -> str:
    return "\n".join(f"- {paragraph(item)}" for item in items)


def _fenced(lines: Sequence[str]) -> str:
    return "\n".join(["```text", *(line.replace("```", "'''") for line in lines), "```"])


def _grid(grid: Grid) -> str:
    rows = [list(map(escaped, grid.header)), *(list(map(_text, row)) for row in grid.rows)]
    return "\n".join(aligned(rows + ([footer_row(grid.footer)] if grid.footer else []), grid.right))


def _text(cell: str | Cell) -> str:
    if isinstance(cell, str):
        return escaped(cell)
    text = escaped(cell.text)
    if cell.page:
        text = f"[{text}]({address(cell.page)}.md)"
    return "; ".join(filter(None, (text, *map(escaped, cell.below))))


def _bars(chart: Bars) -> str:
    most = max((count for _, count in chart.bars), default=0) or 1
    rows = tuple(
        (label, f"{count:,}", "█" * -(-_BAR * count // most)) for label, count in chart.bars
    )
    return _grid(Grid((*chart.heads, ""), rows, (False, True, False)))

"""Tables and documents in Markdown: render on GitHub and in notebooks, and are aligned when raw."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING

from shapecalc.output.document import Bars, Card, Chain, Grid, Heading, Points, Prose, address
from shapecalc.output.document_text import chain_lines, heading_text
from shapecalc.output.table import Picture
from shapecalc.output.text import PROSE, marked_rows, pad_rows, spelled

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from shapecalc.output.document import Block, Cell, Document
    from shapecalc.output.table import Table

# An underscore between letters is no markup, so `conv2_x` stays readable, and no arrow is.
_MARKUP = re.compile(r"[\\`*|<\[\]~$]|(?<! -)>|&(?=#|\w)|(?<![^\W_])_|_(?![^\W_])")
# What makes a heading, a list or a rule at the start of a paragraph.
_LEADING = re.compile(r"^(\d*)([#+=.)-])")


def to_markdown(table: Table) -> str:
    """Write a table as GitHub Flavored Markdown."""
    blocks = [
        f"**{escaped(table.title)}**" if table.title.strip() else "",
        *map(paragraph, table.about),
        "\n".join(_table_rows(table)),
        *map(paragraph, table.notes),
        "\n".join(_totals(table)),
        " ".join(f"*{term}*: {escaped(meaning)}." for term, meaning in table.legend),
        *map(paragraph, table.remarks),
    ]
    return "\n\n".join(filter(None, blocks)) + "\n"


def _totals(table: Table) -> list[str]:
    if table.totals is None:
        # Stars are products; blanks to fill in stay as they are.
        return [f"- {escaped(text) if '*' in text else text}" for text in spelled(table)]
    right = [column.numeric for column in table.totals.columns]
    return aligned(
        [[escaped(cell) for cell in row] for row in (table.totals.header, *table.totals.lines)],
        right,
    )


def _table_rows(table: Table) -> list[str]:
    rows = [[escaped(cell) for cell in row] for row in (table.header, *marked_rows(table))]
    right = [column.numeric for column in table.columns]
    return aligned(rows + ([footer_row(table.footer)] if table.footer else []), right)


def footer_row(footer: Sequence[str]) -> list[str]:
    """Write the cells of a table's last line, of sums."""
    return [f"**{escaped(cell)}**" if cell else "" for cell in footer]


def aligned(rows: Sequence[Sequence[str]], right: Sequence[bool]) -> list[str]:
    """Write rows of Markdown as a table, the first its header; `right` are flush right."""
    shortest = ["-" * (2 + flush) for flush in right]  # a rule is at least `--` or `--:` wide
    header, _, *rest = pad_rows([rows[0], shortest, *rows[1:]], right)
    rule = [
        "-" * (len(cell) - flush) + ":" * flush for cell, flush in zip(header, right, strict=True)
    ]
    return [f"| {' | '.join(cells)} |" for cells in (header, rule, *rest)]


def paragraph(text: str) -> str:
    """Write a text as a paragraph of its own, without markup."""
    return _LEADING.sub(r"\1\\\2", escaped(text))


def escaped(text: str) -> str:
    """Take the meaning from what Markdown and HTML would read as markup."""
    return _MARKUP.sub(_harmless, text)


def _harmless(match: re.Match[str]) -> str:
    character = match.group()
    return {"<": "&lt;", ">": "&gt;", "&": "&amp;"}.get(character, f"\\{character}")


# -- documents -------------------------------------------------------------------------------------

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
            return (_fenced(block.lines),) if block.lines else ()
        case Chain():
            return _chain(block)


def _caption(caption: str) -> tuple[str, ...]:
    """End a caption like a sentence."""
    if not caption:
        return ()
    return (paragraph(caption if caption.endswith((":", ".")) else f"{caption}."),)


def _chain(chain: Chain) -> Iterator[str]:
    # A table need not know of them.
    from shapecalc.output.formulas import inline, latex, letters_text, tree_of

    forms = (link for link in chain.links if not isinstance(link, str))
    equal = inline(latex(tree_of(form, chain.times)) for form in forms)
    yield f"{paragraph(chain.label)} {equal}"
    if chain.letters:
        yield letters_text(chain, escaped)


def _points(items: Sequence[str]) -> str:
    return "\n".join(f"- {paragraph(item)}" for item in items)


def _fenced(lines: Sequence[str]) -> str:
    return "\n".join(["```text", *(line.replace("```", "'''") for line in lines), "```"])


def _grid(grid: Grid) -> str:
    rows = [list(map(escaped, grid.header)), *(list(map(_text, row)) for row in grid.rows)]
    return "\n".join(aligned(rows + ([footer_row(grid.footer)] if grid.footer else []), grid.right))


@lru_cache(maxsize=4096)  # the pages of a class have the same cells again and again
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

"""A Markdown table: renders on GitHub and in notebooks, and is aligned when read raw."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shapecalc.output.text import marked_rows, pad_rows, spelled

if TYPE_CHECKING:
    from collections.abc import Sequence

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
        "\n".join(_grid(table)),
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


def _grid(table: Table) -> list[str]:
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

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
        f"**{escaped(table.title)}**",
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
    return _aligned(right, table.totals.header, table.totals.lines)


def _grid(table: Table) -> list[str]:
    footer = [f"**{cell}**" if cell else "" for cell in map(escaped, table.footer)]
    right = [column.numeric for column in table.columns]
    return _aligned(right, table.header, marked_rows(table), *([footer] if footer else ()))


def _aligned(
    right: Sequence[bool],
    header: Sequence[str],
    lines: Sequence[Sequence[str]],
    *footer: Sequence[str],
) -> list[str]:
    shortest = ["-" * (2 + flush) for flush in right]  # a rule is at least `--` or `--:` wide
    cells = [list(map(escaped, row)) for row in (header, *lines)]
    header, _, *rest = pad_rows([cells[0], shortest, *cells[1:], *footer], right)
    rule = [
        "-" * (len(cell) - flush) + ":" * flush for cell, flush in zip(header, right, strict=True)
    ]
    return [table_row(header), table_row(rule), *map(table_row, rest)]


def grid_of(header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool]) -> str:
    """Write a small table without a footer."""
    return "\n".join(_aligned(right, header, rows))


def table_row(cells: Sequence[str]) -> str:
    """Write a line of a table."""
    return f"| {' | '.join(cells)} |"


def paragraph(text: str) -> str:
    """Write a text as a paragraph of its own, without markup."""
    return _LEADING.sub(r"\1\\\2", escaped(text))


def escaped(text: str) -> str:
    """Take the meaning from what Markdown and HTML would read as markup."""
    return _MARKUP.sub(_harmless, text)


def _harmless(match: re.Match[str]) -> str:
    found = match.group()
    return {"<": "&lt;", ">": "&gt;", "&": "&amp;"}.get(found, f"\\{found}")

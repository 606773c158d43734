"""The text table with colours, by Rich."""

from __future__ import annotations

from io import StringIO
from shutil import get_terminal_size
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from shapecalc.cells import NOT_APPLICABLE_MARK, UNKNOWN_MARK
from shapecalc.render.as_text import (
    above,
    grid,
    prose_width,
    row_width,
    small_print,
    totals,
)
from shapecalc.table import GAP

if TYPE_CHECKING:
    from shapecalc.table import Table

#: Cells that the eye should pass over, and one that it should not.
STYLES = {
    "0": "dim",
    NOT_APPLICABLE_MARK: "dim",
    UNKNOWN_MARK: "bold red",
    "same": "dim",
    "added": "green",
    "removed": "red",
}


def terminal_width() -> int:
    """Measure the terminal."""
    return get_terminal_size().columns


def to_terminal(table: Table, width: int) -> str:
    """Write a table with the colours that the terminal has, fitted like plain text."""
    header, body, footer = grid(table)
    natural = row_width(header)
    measure = prose_width(natural, width)
    title, *about = above(table, measure)
    rule = Text("─" * natural, "dim")
    facts = totals(table, measure)
    lines = [
        Text(title, "bold"),
        *(Text(line, "dim") for line in about),
        Text(),
        _line(header, "bold"),
        rule,
        *map(_line, body),
        *((rule, _line(footer, "bold")) if footer else ()),
        Text(),
        *map(Text, facts),
        *([Text()] if facts else ()),
        *(Text(line, "dim") for line in small_print(table, measure)),
    ]
    for line in lines:
        line.rstrip()
    target = StringIO()
    console = Console(file=target, force_terminal=True, width=max(width, natural), highlight=False)
    console.print(Text("\n").join(lines), soft_wrap=True)
    return target.getvalue()


def _line(cells: list[str], style: str = "") -> Text:
    """Join cells, the first in its own colour."""
    line = Text(style=style)
    for index, cell in enumerate(cells):
        if index:
            line.append(" " * GAP)
        line.append(
            cell, "cyan" if not index and not style else STYLES.get(cell.split(":")[0].strip())
        )
    return line

"""The text table with colours, by Rich."""

from __future__ import annotations

from contextlib import contextmanager
from io import StringIO
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from shapecalc.output.cells import NOT_APPLICABLE_MARK, UNKNOWN_MARK
from shapecalc.output.table import GAP, panels
from shapecalc.output.text import above, grid, prose_width, row_width, small_print, totals
from shapecalc.text.safe import terminal_width

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from shapecalc.output.document import Document
    from shapecalc.output.table import Table

#: Cells that the eye should pass over, and some that it should not.
STYLES = {
    "0": "dim",
    NOT_APPLICABLE_MARK: "dim",
    UNKNOWN_MARK: "bold red",
    "same": "dim",
    "added": "green",
    "removed": "red",
    "match": "green",
    "erratum": "yellow",
    "MISMATCH": "bold red",
}
#: What a bar begins with.
BAR = tuple("█▉▊▋▌▍▎▏")
#: What stands behind a cell of a table that marks its cells: a note's number, or an alarm.
MARKS = {**dict.fromkeys("⁰¹²³⁴⁵⁶⁷⁸⁹", "yellow"), "!": "bold red"}


def to_terminal(table: Table, width: int | None) -> str:
    """Write a table with the colours that the terminal has, fitted like plain text.

    Without a width the terminal is measured.
    """
    width = width or terminal_width()
    grids = [grid(panel) for panel in panels(table, width)]
    natural = max(row_width(header) for header, *_ in grids)
    measure = prose_width(natural, width)
    title, *about = above(table, measure)
    lines = [Text(title, "bold"), *(Text(line, "dim") for line in about)]
    for header, body, footer in grids:
        rule = Text("─" * row_width(header), "dim")
        lines += [
            Text(),
            _line(header, "bold"),
            rule,
            *(_line(cells, marked=table.continued) for cells in body),
            *((rule.copy(), _line(footer, "bold")) if footer else ()),
        ]
    facts = totals(table, measure)
    lines += [
        Text(),
        *map(Text, facts),
        *([Text()] if facts else ()),
        *(Text(line, "dim") for line in small_print(table, measure)),
    ]
    for line in lines:
        line.rstrip()
    return _printed(lines, max(width, natural))


#: How a terminal shows the lines of a document, by their style.
DOCUMENT = {
    "title": "bold",
    "answer": "bold",
    "heading": "bold cyan",
    "quiet": "dim",
    "picture": "green",
}


def document_to_terminal(document: Document, width: int | None) -> str:
    """Write a document in lines, each in its style, as wide as the terminal or as is said."""
    from shapecalc.output.document_text import to_lines

    lines = to_lines(document, width or terminal_width())
    return _printed([Text(line, DOCUMENT.get(style, "")) for line, style in lines], 80)


def _printed(lines: list[Text], width: int) -> str:
    target = StringIO()
    # rich 13 asks the environment for a height that it is not given, and fails on a strange one
    console = Console(file=target, force_terminal=True, width=width, height=25, highlight=False)
    console.print(Text("\n").join(lines), soft_wrap=True)
    return target.getvalue()


def _line(cells: Sequence[str], style: str = "", *, marked: bool = False) -> Text:
    """Join cells, the first in its own colour; of a `marked` table, cells with marks in theirs."""
    line = Text(style=style)
    for index, cell in enumerate(cells):
        if index:
            line.append(" " * GAP)
        text = cell.strip()
        own = STYLES.get(text.split(":")[0]) or (MARKS.get(text[-1:]) if marked else None)
        own = "blue" if text.startswith(BAR) else own
        line.append(cell, "cyan" if not index and not style else own)
    return line


def error_console() -> Console:
    """Return the console of standard error; rich fails on a strange width in the environment."""
    from shutil import get_terminal_size

    width, height = get_terminal_size()
    return Console(stderr=True, width=width, height=height)


@contextmanager
def progress(words: str, steps: int) -> Iterator[Callable[[], object]]:
    """Draw a bar on standard error that ends when all is done; give the function for a step."""
    from rich.progress import Progress

    with Progress(console=error_console(), transient=True) as bar:
        task = bar.add_task(words, total=steps)
        yield lambda: bar.advance(task)

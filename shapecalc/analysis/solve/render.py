"""Solutions as text, for a terminal, for notes, for a page."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, NamedTuple, Protocol

from shapecalc.output.table import (
    GAP,
)
from shapecalc.output.text import PROSE, pad_rows, wrap
from shapecalc.text.safe import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.analysis.solve.answer import Grid

#: So many rows of a table are shown to people; programs get all.
MAX_ROWS = 40

_STYLE = """\
  body { margin: 0 auto; padding: 2rem 1rem; max-width: 60rem; color-scheme: light dark;
    font: 16px/1.5 system-ui, sans-serif; }
"""
_PART = """\
  .solution h1, .solution .title { font-size: 1.4em; font-weight: 650; margin: 0; }
  .solution .answer { font-size: 1.15em; font-weight: 600; margin: 0.4em 0; }
  .solution .wide { overflow-x: auto; }
  .solution table { border-collapse: collapse; font-size: 0.9em; margin: 0.4em 0 1.2em;
    font-variant-numeric: tabular-nums; }
  .solution th, .solution td { padding: 0.25em 0.8em; text-align: left; white-space: nowrap; }
  .solution th { border-bottom: 1.5px solid currentColor; font-weight: 650; }
  .solution .n { text-align: right; }
  .solution .remarks { font-size: 0.85em; opacity: 0.78; margin: 0.3em 0; }
"""


class Answered(Protocol):
    """What is shown: a solution of a question, or the windows between two sizes."""

    @property
    def question(self) -> str:
        """What was asked."""

    @property
    def network(self) -> str:
        """Of what."""

    @property
    def remarks(self) -> tuple[str, ...]:
        """What limits the answer."""

    def answer(self) -> tuple[str, ...]:
        """Say it in a few lines."""

    def grids(self, most: int | None) -> tuple[Grid, ...]:
        """Return the tables under it, of at most so many rows each."""


class Reply(NamedTuple):
    """A solution that draws itself, with so many rows of a table."""

    solved: Answered
    most: int | None

    def lines(self, width: int | None) -> Iterator[tuple[str, str]]:
        """Return lines of at most a width, 80 without one, each with its style."""
        return _lines(self.solved, width or PROSE, self.most)

    def coloured(self, width: int) -> str:
        """Write the lines in the colours of a terminal."""
        from shapecalc.output.terminal import styled

        return styled(self.lines(width))

    def markdown(self) -> str:
        """Write it as Markdown."""
        return _markdown(self.solved, self.most)

    def html(self, *, standalone: bool) -> str:
        """Write it as a page, or as the part of one."""
        return _html(self.solved, self.most, standalone=standalone)


def document(solved: Answered, most: int | None = MAX_ROWS) -> Reply:
    """Return what a person reads; tables have at most so many rows, None: all."""
    return Reply(solved, most)


def _title(solved: Answered) -> str:
    return printable(f"{solved.network}: {solved.question}")


def _lines(solved: Answered, width: int, most: int | None) -> Iterator[tuple[str, str]]:
    """Yield the lines of text, each with the style that a terminal gives it."""
    for line in wrap(_title(solved), width):
        yield line, "dim"
    for text in solved.answer():
        for line in wrap(printable(text), width):
            yield line, "bold"
    for grid in solved.grids(most):
        yield "", ""
        for line in wrap(grid.title, width):
            yield line, ""
        yield "", ""
        rows = pad_rows(
            [grid.header, *(tuple(map(printable, row)) for row in grid.rows)], grid.right
        )
        for number, row in enumerate(rows):
            line = (" " * GAP).join(row).rstrip()
            yield " " * GAP + line, "" if number else "dim"
    if solved.remarks:
        yield "", ""
    for remark in solved.remarks:
        for line in wrap(printable(remark), width):
            yield line, "dim"


def _markdown(solved: Answered, most: int | None) -> str:
    from shapecalc.output.markdown import grid_of, paragraph

    blocks = [f"**{paragraph(_title(solved))}**", *map(paragraph, solved.answer())]
    for grid in solved.grids(most):
        blocks += [paragraph(grid.title), grid_of(grid.header, grid.rows, grid.right)]
    return "\n\n".join([*blocks, *map(paragraph, solved.remarks)]) + "\n"


def _html(solved: Answered, most: int | None, *, standalone: bool) -> str:
    head = "h1" if standalone else "div"
    parts = [
        f'<{head} class="title">{escape(_title(solved))}</{head}>',
        *(f'<p class="answer">{escape(printable(text))}</p>' for text in solved.answer()),
        *map(_html_grid, solved.grids(most)),
        *(f'<p class="remarks">{escape(printable(text))}</p>' for text in solved.remarks),
    ]
    body = "\n".join(parts)
    if not standalone:
        return f'<div class="solution">\n<style>\n{_PART}</style>\n{body}\n</div>\n'
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(_title(solved))}</title>\n<style>\n{_STYLE}{_PART}</style>\n</head>\n"
        f'<body>\n<main class="solution">\n{body}\n</main>\n</body>\n</html>\n'
    )


def _html_grid(grid: Grid) -> str:
    def row(tag: str, cells: tuple[str, ...]) -> str:
        marked = zip(cells, grid.right, strict=True)
        kinds = [(cell, ' class="n"' if flush else "") for cell, flush in marked]
        return f"<tr>{''.join(f'<{tag}{k}>{escape(printable(c))}</{tag}>' for c, k in kinds)}</tr>"

    rows = "\n".join(row("td", cells) for cells in grid.rows)
    return (
        f'<p>{escape(grid.title)}</p>\n<div class="wide"><table>\n<thead>{row("th", grid.header)}'
        f"</thead>\n<tbody>\n{rows}\n</tbody>\n</table></div>"
    )

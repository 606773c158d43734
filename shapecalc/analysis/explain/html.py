"""A lesson as a page that stands alone, or the part of it that a notebook shows."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from shapecalc.analysis.explain.model import Derivation, Equation, Grid, Picture
from shapecalc.analysis.explain.text import remarks, title
from shapecalc.output.html import extents, page, part
from shapecalc.text.safe import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.analysis.explain.model import Block, Explanation, Section

_STYLE = """\
  .shapecalc .section { margin: 1.6em 0 0; max-width: 60em; }
  .shapecalc .section > h2 {
    margin: 0 0 0.5em; padding-bottom: 0.2em; font-size: 1.1em; font-weight: 650;
    border-bottom: 1.5px solid currentColor;
  }
  .shapecalc .section > h2 .answer { font-variant-numeric: tabular-nums; margin-left: 0.6em; }
  .shapecalc .section p { margin: 0.6em 0; max-width: 46em; }
  .shapecalc .rule {
    margin: 0.6em 0; display: grid; grid-template-columns: max-content max-content 1fr;
    gap: 0.1em 0.6em; overflow-x: auto;
    font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace;
    font-size: 0.9em; font-variant-numeric: tabular-nums;
  }
  .shapecalc .rule .label { font-weight: 600; }
  .shapecalc .rule .equals { grid-column: 2; }
  .shapecalc .rule .step:last-of-type { font-weight: 650; }
  .shapecalc .where { font-size: 0.84em; opacity: 0.78; }
  .shapecalc pre {
    margin: 0.8em 0; padding: 0.8em 1em; overflow-x: auto; line-height: 1.3; font-size: 0.84em;
    border-radius: 6px; background: rgba(128, 136, 150, 0.12);
    font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace;
  }
"""


def to_html(lesson: Explanation, *, standalone: bool = True) -> str:
    """Write a lesson as HTML, without scripts and without requests to anywhere."""
    head = "h1" if standalone else "div"
    name = title(lesson)
    body = "\n".join(
        [
            f'<{head} class="title">{escape(name)}</{head}>',
            *(
                f'<p class="about">{extents(printable(text))}</p>'
                for text in (lesson.about, lesson.note)
                if text
            ),
            *(line for section in lesson.sections for line in _section(section)),
            *(f'<p class="remarks">{escape(text)}</p>' for text in remarks(lesson)),
        ]
    )
    return page(name, body, _STYLE) if standalone else part(body, _STYLE)


def _section(section: Section) -> Iterator[str]:
    answer = f'<span class="answer">{extents(section.answer)}</span>' if section.answer else ""
    yield f'<section class="section">\n<h2>{escape(section.title)}{answer}</h2>'
    for block in section.blocks:
        yield from _block(block)
    yield "</section>"


def _block(block: Block) -> Iterator[str]:
    if isinstance(block, Derivation | Equation):
        yield f'<div class="rule"><span class="label">{escape(printable(block.label))}</span>'
        for each in block.shown:
            yield f'<span class="equals">=</span><span class="step">{extents(each)}</span>'
        yield "</div>"
        if block.letters:
            said = ", ".join(
                f"{letter} = {number} ({what})" for letter, number, what in block.letters
            )
            yield f'<p class="where">with {escape(said)}</p>'
    elif isinstance(block, Picture):
        yield "<pre>" + escape("\n".join(block.lines)) + "</pre>"
    elif isinstance(block, Grid):
        yield from _table(block)
    else:
        yield f"<p>{extents(printable(block.text))}</p>"


def _table(grid: Grid) -> Iterator[str]:
    sides = [' class="n"' if flush else "" for flush in grid.right]
    yield '<div class="wide">\n<table class="layers">'
    if any(grid.header):
        cells = zip(sides, grid.header, strict=True)
        row = "".join(f'<th scope="col"{side}>{escape(cell)}</th>' for side, cell in cells)
        yield f"<thead><tr>{row}</tr></thead>"
    yield "<tbody>"
    for line in grid.rows:
        first, *rest = (extents(printable(cell)) for cell in line)
        cells = zip(sides[1:], rest, strict=True)
        tail = "".join(f"<td{side}>{cell}</td>" for side, cell in cells)
        yield f'<tr><th scope="row"{sides[0]}>{first}</th>{tail}</tr>'
    yield "</tbody>\n</table>\n</div>"

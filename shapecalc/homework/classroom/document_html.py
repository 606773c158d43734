"""A document as a page of HTML that stands alone: no script, no request, light, dark and print."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote

from shapecalc.homework.classroom.document import Bars, Card, Grid, Points
from shapecalc.output.html import extents, page

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shapecalc.homework.classroom.document import Block, Cell, Document, Section

_VOLUME = re.compile(r"\d+(x\d+)+")

_STYLE = """\
  :root {
    --good: #17702f; --own: #1f5fa8; --bad: #b3261e; --open: #7a5200;
    --line: rgba(128, 136, 150, 0.3); --warm: 214, 96, 0; --bar: #3f6fb5;
  }
  @media (prefers-color-scheme: dark) {
    :root {
      --good: #6fd08c; --own: #86b7f5; --bad: #ff968c; --open: #e5b95c; --bar: #6d9de0;
    }
  }
  body { width: auto; max-width: 66rem; overflow-wrap: break-word; }
  .shapecalc h2 { margin: 1.8em 0 0.5em; font-size: 1.15em; font-weight: 650; }
  .shapecalc p { max-width: 46em; }
  .shapecalc .facts th, .shapecalc .facts td { text-align: left; vertical-align: top; }
  .shapecalc .facts { margin: 1em 0; }
  .shapecalc .facts th { white-space: nowrap; }
  .shapecalc .facts td { overflow-wrap: anywhere; }
  .shapecalc .wide { margin: 0.6em 0 1.2em; }
  .shapecalc .wide:focus-visible { outline: 2px solid var(--own); outline-offset: 2px; }
  .shapecalc caption {
    caption-side: top; text-align: left; padding: 0 0 0.4em; font-size: 0.95em; opacity: 0.78;
  }
  .shapecalc caption span {
    position: sticky; left: 0; display: inline-block; width: max-content;
    max-width: min(46em, 100vw - 2rem);
  }
  .shapecalc .layers th, .shapecalc .layers td { vertical-align: top; }
  .shapecalc .layers .n, .shapecalc .layers thead .n { text-align: right; }
  .shapecalc .layers small { display: block; font-size: 0.82em; line-height: 1.35; }
  .shapecalc .layers td.text, .shapecalc .layers small {
    white-space: normal; max-width: 26em;
  }
  .shapecalc .layers td.text { min-width: 11em; }
  .shapecalc .layers thead th { white-space: normal; }
  .shapecalc .layers tr > :last-child { padding-right: 0.8em; }
  .shapecalc .remarks { margin: 0 0 1.4em; max-width: 56em; }
  .shapecalc small.plain { opacity: 0.78; }
  .shapecalc .good small:first-of-type { color: var(--good); }
  .shapecalc .own small:first-of-type { color: var(--own); }
  .shapecalc .bad small:first-of-type { color: var(--bad); font-weight: 600; }
  .shapecalc .open small:first-of-type { color: var(--open); }
  .shapecalc .bad > bdi { font-weight: 600; }
  .shapecalc a { color: inherit; text-decoration: underline; text-underline-offset: 0.15em; }
  .shapecalc .card {
    margin: 0.9em 0; padding: 0.7em 1em; max-width: 50em; border: 1px solid var(--line);
    border-left: 4px solid var(--line); border-radius: 6px; break-inside: avoid;
  }
  .shapecalc .card.bad { border-left-color: var(--bad); }
  .shapecalc .card.own { border-left-color: var(--own); }
  .shapecalc .card.open { border-left-color: var(--open); }
  .shapecalc .card:target { outline: 2px solid var(--own); }
  .shapecalc .card h3 { margin: 0; font-size: 1em; font-weight: 650; }
  .shapecalc .card p { margin: 0.4em 0 0; }
  .shapecalc ul { margin: 0.5em 0; padding-left: 1.2em; max-width: 48em; }
  .shapecalc .card ul { font-size: 0.9em; font-variant-numeric: tabular-nums; }
  .shapecalc li { margin: 0.2em 0; }
  .shapecalc .urgent { border-left: 4px solid var(--bad); padding-left: 0.8em; font-weight: 600; }
  .shapecalc .bars td:last-child { width: 100%; min-width: 7em; vertical-align: middle; }
  .shapecalc .bars { width: min(100%, 40em); }
  .shapecalc .bar {
    display: block; height: 0.9em; min-width: 1px; border-radius: 2px; background: var(--bar);
  }
  .shapecalc .heat { background: rgba(var(--warm), var(--heat)); }
  @media print {
    .shapecalc .bar, .shapecalc .heat { print-color-adjust: exact; }
    .shapecalc tr { break-inside: avoid; }
    .shapecalc h2, .shapecalc h3, .shapecalc caption { break-after: avoid; }
    .shapecalc tfoot { display: table-row-group; }
  }
"""


def to_html(document: Document) -> str:
    """Write a document, without scripts and without requests to anywhere."""
    lines = [
        f'<h1 class="title" dir="auto">{escape(document.title)}</h1>',
        *(f'<p class="about" dir="auto">{extents(text)}</p>' for text in document.about),
        *_facts(document.facts),
        *(line for section in document.sections for line in _section(section)),
        *_legend(document.legend),
    ]
    return page(document.title, "\n".join(lines), _STYLE)


def _section(section: Section) -> Iterator[str]:
    yield f"<section>\n<h2>{escape(section.title)}</h2>"
    for block in section.blocks:
        yield from _block(block)
    yield "</section>"


def _block(block: Block) -> Iterable[str]:
    if isinstance(block, Grid):
        return _grid(block)
    if isinstance(block, Bars):
        return _bars(block)
    if isinstance(block, Card):
        return _card(block)
    if isinstance(block, Points):
        return _points(block.items)
    return (f'<p{_kind(block.kind)} dir="auto">{extents(block.text)}</p>',)


def _points(items: tuple[str, ...]) -> Iterator[str]:
    if items:
        yield "<ul>"
        yield from (f'<li dir="auto">{extents(item)}</li>' for item in items)
        yield "</ul>"


def _card(card: Card) -> Iterator[str]:
    anchor = f' id="{escape(card.anchor)}"' if card.anchor else ""
    yield f'<div class="card {card.tone}"{anchor}>\n<h3 dir="auto">{extents(card.title)}</h3>'
    yield from (f'<p dir="auto">{extents(text)}</p>' for text in card.texts)
    yield from _points(card.points)
    yield "</div>"


def _facts(facts: tuple[tuple[str, str], ...]) -> Iterator[str]:
    if facts:
        yield '<table class="facts">'
        for term, said in facts:
            yield f'<tr><th scope="row">{escape(term)}</th><td><bdi>{escape(said)}</bdi></td></tr>'
        yield "</table>"


def _legend(legend: tuple[tuple[str, str], ...]) -> Iterator[str]:
    if legend:
        yield '<dl class="legend">'
        yield from (f"<dt>{escape(term)}</dt><dd>{extents(said)}</dd>" for term, said in legend)
        yield "</dl>"


def _wide(caption: str, kind: str) -> str:
    """Open a table that is scrolled where it is too wide, by keys as well."""
    said = escape(caption)
    return (
        f'<div class="wide" role="region" aria-label="{said}" tabindex="0">\n'
        f'<table class="layers{kind}">\n<caption><span>{extents(caption)}</span></caption>'
    )


def _grid(grid: Grid) -> Iterator[str]:
    sides = ["n" if right else "" for right in grid.right]
    yield _wide(grid.caption, "")
    cells = (
        f'<th scope="col"{_kind(side)}>{escape(title)}</th>'
        for side, title in zip(sides, grid.header, strict=True)
    )
    yield f"<thead><tr>{''.join(cells)}</tr></thead>\n<tbody>"
    for first, *rest in grid.rows:
        tail = "".join(_data(cell, side) for cell, side in zip(rest, sides[1:], strict=True))
        yield f'<tr><th scope="row"{_kind(sides[0])}>{_inside(first)}</th>{tail}</tr>'
    yield "</tbody>"
    if grid.footer:
        first_text, *texts = grid.footer
        tail = "".join(
            f"<td{_kind(side)}>{escape(text)}</td>"
            for text, side in zip(texts, sides[1:], strict=True)
        )
        yield f'<tfoot><tr><th scope="row">{escape(first_text)}</th>{tail}</tr></tfoot>'
    yield "</table>\n</div>"


def _data(cell: Cell, side: str) -> str:
    heat = cell.heat
    long = "text" if not side and not cell.below and len(cell.text) > 24 else ""
    kinds = " ".join(filter(None, (side, cell.tone, long, "heat" if heat is not None else "")))
    # Text is readable on the strongest colour, in the light and in the dark.
    colour = f' style="--heat: {0.55 * heat:.2f}"' if heat is not None else ""
    return f"<td{_kind(kinds)}{colour}>{_inside(cell)}</td>"


def _inside(cell: Cell) -> str:
    volume = _VOLUME.fullmatch(cell.text)  # any other text may be a stranger's, and stays
    text = f"<bdi>{(extents if volume else escape)(cell.text)}</bdi>"
    if cell.page:
        text = f'<a href="{address(cell.page)}.html">{text}</a>'
    lines = [f"<bdi>{escape(line)}</bdi>" for line in cell.below]
    if lines and cell.card:
        lines[0] = f'<a href="#{quote(cell.card, safe="")}">{lines[0]}</a>'
    kinds = ("", *[' class="plain"'] * len(lines))
    return text + "".join(
        f"<small{kind}>{line}</small>" for kind, line in zip(kinds, lines, strict=False)
    )


def address(name: str) -> str:
    """Return the relative address of a feedback page, without its suffix; it leads nowhere else."""
    return f"feedback/{quote(name, safe='')}"


def _kind(kinds: str) -> str:
    return f' class="{kinds}"' if kinds else ""


def _bars(chart: Bars) -> Iterator[str]:
    """Draw bars as boxes; their numbers stand beside them."""
    most = max((count for _, count in chart.bars), default=0) or 1
    label, number = map(escape, chart.heads)
    yield _wide(chart.caption, " bars")
    yield (
        f'<thead><tr><th scope="col">{label}</th><th scope="col" class="n">{number}</th>'
        '<td aria-hidden="true"></td></tr></thead>\n<tbody>'
    )
    for name, count in chart.bars:
        width = f'<span class="bar" style="width: {100 * count / most:.1f}%"></span>'
        yield (
            f'<tr><th scope="row">{escape(name)}</th><td class="n">{count:,}</td>'
            f'<td aria-hidden="true">{width if count else ""}</td></tr>'
        )
    yield "</tbody>\n</table>\n</div>"

"""A page that stands alone, or the part of it that a notebook shows.

The part takes its colours from the page around it, light or dark; the page states both.
"""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from shapecalc.output.cells import NOT_APPLICABLE_MARK, split_times

if TYPE_CHECKING:
    from shapecalc.output.table import (
        Head,
        Table,
    )
    from shapecalc.output.view import (
        Column,
    )

# The page: its colours, and a first column that stays in sight where the table must scroll.
_PAGE = """\
  :root { color-scheme: light dark; --paper: #fff; --ink: #1d2430; }
  @media (prefers-color-scheme: dark) { :root { --paper: #14171c; --ink: #dfe3ea; } }
  body {
    margin: 0 auto; padding: 2rem 1rem; box-sizing: border-box; width: fit-content;
    min-width: min(44rem, 100%); max-width: 100%;
    font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
    background: var(--paper); color: var(--ink);
  }
  .shapecalc .layers tr > th:first-child {
    position: sticky; left: 0; background: var(--paper) padding-box;
  }
  @media print { body { padding: 0; } .shapecalc .wide { overflow: visible; } }
"""

_STYLE = """\
  .shapecalc { line-height: 1.45; }
  .shapecalc .title { margin: 0; font-size: 1.5em; font-weight: 650; letter-spacing: -0.01em; }
  .shapecalc .about { margin: 0.15em 0 0; max-width: 56em; opacity: 0.72; }
  .shapecalc .wide { overflow-x: auto; margin: 1.1em 0; }
  .shapecalc table {
    border-collapse: collapse; font-size: 0.9em; font-variant-numeric: tabular-nums;
    margin: 0; border: 0;
  }
  .shapecalc .layers th, .shapecalc .layers td {
    padding: 0.28em 0.8em; text-align: left; white-space: nowrap; border: 0; font-weight: 400;
  }
  .shapecalc .layers tr > :first-child { padding-left: 0; }
  .shapecalc .layers tr > :last-child { padding-right: 0; }
  .shapecalc .layers .n { text-align: right; }
  .shapecalc .layers thead th {
    border-bottom: 1.5px solid currentColor; font-weight: 650; vertical-align: bottom;
  }
  .shapecalc .layers thead th[title] { cursor: help; }
  .shapecalc .layers tbody tr + tr > * { border-top: 1px solid rgba(128, 136, 150, 0.18); }
  .shapecalc .layers tbody tr:hover > td { background: rgba(64, 132, 255, 0.12); }
  .shapecalc .layers tbody th { font-weight: 500; }
  .shapecalc .layers tfoot tr > * { border-top: 1.5px solid currentColor; font-weight: 650; }
  .shapecalc .layers .zero { opacity: 0.45; }
  .shapecalc .facts th, .shapecalc .facts td {
    padding: 0.1em 1.6em 0.1em 0; text-align: right; background: none; border: 0;
    font-weight: 400;
  }
  .shapecalc .facts th { text-align: left; }
  .shapecalc .facts td { font-weight: 600; }
  .shapecalc .facts td + td { font-weight: 400; opacity: 0.72; padding-right: 0; }
  .shapecalc .notes { margin: 1em 0; padding: 0; list-style: none; font-size: 0.9em; }
  .shapecalc .legend {
    display: grid; grid-template-columns: max-content 1fr; gap: 0.1em 1.2em; margin: 1.3em 0;
    max-width: 64em; font-size: 0.84em; opacity: 0.78;
  }
  .shapecalc .legend dt { margin: 0; font-weight: 600; }
  .shapecalc .legend dd { margin: 0; }
  .shapecalc .remarks { margin: 0; font-size: 0.84em; opacity: 0.78; }
  @media (max-width: 40em) {
    .shapecalc .layers th, .shapecalc .layers td { padding: 0.28em 0.55em; }
    .shapecalc .facts th, .shapecalc .facts td { padding-right: 0.8em; }
    .shapecalc .legend { display: block; }
    .shapecalc .legend dt, .shapecalc .legend dd { display: inline; }
    .shapecalc .legend dt::after { content: ": "; }
    .shapecalc .legend dd::after { content: "\\A"; white-space: pre; }
  }
"""

# The totals of several networks, side by side.
_SEVERAL = """\
  .shapecalc .several td + td { font-weight: 600; opacity: 1; padding-right: 1.6em; }
  .shapecalc .several thead th { text-align: right; font-weight: 650; }
  .shapecalc .several thead th:first-child { text-align: left; }
"""


def to_html(table: Table, *, standalone: bool = True, style: str = "", below: str = "") -> str:
    """Write a table as HTML, without scripts and without requests to anywhere.

    `style` is added to that of all pages, and `below`, which is HTML, stands under the table.
    """
    parts = _part(table, "h1" if standalone else "div")
    body = "\n".join([*parts, below] if below else parts)
    style += "" if table.totals is None else _SEVERAL
    return page(table.title, body, style) if standalone else part(body, style)


def part(body: str, style: str = "") -> str:
    """Return what a notebook shows; `style` is added to that of all outputs."""
    return f'<div class="shapecalc">\n<style>\n{_STYLE}{style}</style>\n{body}\n</div>\n'


def page(title: str, body: str, style: str = "") -> str:
    """Return a page of its own; `style` is added to that of all pages."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>\n{_PAGE}{_STYLE}{style}</style>\n</head>\n"
        f'<body>\n<main class="shapecalc">\n{body}\n</main>\n</body>\n</html>\n'
    )


def _part(table: Table, heading: str) -> list[str]:
    return [
        f'<{heading} class="title">{escape(table.title)}</{heading}>',
        *(f'<p class="about">{escape(text)}</p>' for text in table.about),
        '<div class="wide">',
        f'<table class="layers" aria-label="{escape(table.title)}">',
        "<thead>",
        _row([_head(*each) for each in zip(table.columns, table.header, strict=True)]),
        "</thead>",
        "<tbody>",
        *(_line(table, cells, mark) for cells, mark in table.lines),
        "</tbody>",
        *(("<tfoot>", _line(table, table.footer, ""), "</tfoot>") if table.footer else ()),
        "</table>",
        "</div>",
        *_list(table.notes, "ul", "notes", "li"),
        *_totals(table),
        '<dl class="legend">',
        *(f"<dt>{escape(term)}</dt><dd>{extents(said)}</dd>" for term, said in table.legend),
        "</dl>",
        *(f'<p class="remarks">{escape(remark)}</p>' for remark in table.remarks),
    ]


def _totals(table: Table) -> list[str]:
    grid = table.totals
    facts = table.facts if grid is None else grid.lines
    if not facts:
        return []
    lines = (
        _row([f'<th scope="row">{escape(label)}</th>', *map(_data, cells)])
        for label, *cells in facts
    )
    if grid is None:
        return ['<table class="facts">', *lines, "</table>"]
    heads = [_head(*each) for each in zip(grid.columns, grid.header, strict=True)]
    head = ["<thead>", _row(heads), "</thead>", "<tbody>", *lines, "</tbody>"]
    return ['<div class="wide">', '<table class="facts several">', *head, "</table>", "</div>"]


def _list(items: tuple[str, ...], tag: str, kind: str, item: str) -> list[str]:
    if not items:
        return []
    return [
        f'<{tag} class="{kind}">',
        *(f"<{item}>{escape(each)}</{item}>" for each in items),
        f"</{tag}>",
    ]


def _row(cells: list[str]) -> str:
    return f"<tr>{''.join(cells)}</tr>"


def _head(column: Column | Head, title: str) -> str:
    side = ' class="n"' if column.numeric else ""
    return f'<th scope="col"{side} title="{escape(column.meaning)}">{escape(title)}</th>'


def _data(text: str) -> str:
    return f"<td>{escape(text)}</td>"


def _line(table: Table, cells: tuple[str, ...], mark: str) -> str:
    first, *rest = [
        extents(cell) if column.extents else _power(escape(cell))
        for column, cell in zip(table.columns, cells, strict=True)
    ]
    side = ' class="n"' if table.columns[0].numeric else ""
    note = f" {mark}" if mark else ""
    return _row(
        [
            f'<th scope="row"{side}>{first}{note}</th>',
            *(_cell(column, cell) for column, cell in zip(table.columns[1:], rest, strict=True)),
        ]
    )


def _cell(column: Column | Head, text: str) -> str:
    kinds = ["n"] if column.numeric else []
    if text in ("0", NOT_APPLICABLE_MARK):
        kinds.append("zero")
    attribute = f' class="{" ".join(kinds)}"' if kinds else ""
    return f"<td{attribute}>{text}</td>"


def _power(text: str) -> str:
    """Raise the exponent of a power of ten, as in 3.8x10^9."""
    return re.sub(r"(?<=\d)x10\^(\d+)", "\N{MULTIPLICATION SIGN}10<sup>\\1</sup>", text)


def extents(text: str) -> str:
    """Escape, and set the x between extents as a multiplication sign."""
    return "\N{MULTIPLICATION SIGN}".join(map(escape, split_times(text)))

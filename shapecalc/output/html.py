"""Tables and documents as HTML: a page that stands alone, or the part that a notebook shows.

Neither runs a script or asks for anything from elsewhere.  The part takes its colours from the page
around it, light or dark; the page states both, and prints on paper.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING
from urllib.parse import quote

from shapecalc.output.cells import NOT_APPLICABLE_MARK, split_times
from shapecalc.output.document import Bars, Card, Chain, Grid, Heading, Points, Prose, address
from shapecalc.output.markup import Element, Node, WrittenOnce, mathml, page, part
from shapecalc.output.table import Picture

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from shapecalc.output.document import Block, Cell, Document, Names
    from shapecalc.output.table import Head, Line, Table
    from shapecalc.output.view import Column

#: More columns than these are printed on a page turned on its side, on a large one, on a larger.
SHEETS = {"landscape": 6, "large": 14, "huge": 24}
#: A text in a cell that is longer than this may be broken.
_LONG = 24
_TIMES = "\N{MULTIPLICATION SIGN}"
_ARROW = "\N{RIGHTWARDS ARROW}"
_VOLUME = re.compile(r"\d+(x\d+)+")
#: So many cells and texts are kept as they were written: the pages of a class have the same ones.
_MANY = 4096


def to_html(
    table: Table, *, standalone: bool = True, below: tuple[Block, ...] = (), sheet_of: int = 0
) -> str:
    """Write a table as HTML, with blocks below it.

    A sheet that is filled in by hand, of so many columns to fill in, has room to write on paper.
    """
    body = [*_table_page(table, standalone=standalone), *_blocks(below)]
    styles = ["table", *(["document"] if below else [])]
    if not standalone:
        return part(body, styles)
    columns = max(len(table.columns), 2 * sheet_of)
    on_paper = [*_paper(columns), *(["sheet"] if sheet_of else [])]
    styles += ["print", *on_paper]
    return page(table.title, body, styles, language=table.language)


def document_to_html(document: Document, *, standalone: bool = True) -> str:
    """Write a document as HTML."""
    names = document.names_pattern()
    body = [
        Element(_title_tag(standalone), _arrows(document.title), class_="title", dir="auto"),
        *(_paragraph(text, "about", names) for text in document.about if text),
        *(_paragraph(text, "answer", names) for text in document.answer),
        *_facts(document.facts),
        *_blocks(document.blocks, names),
        *_legend(document.legend, names),
        *(_paragraph(text, "remarks", names) for text in document.remarks),
    ]
    if not standalone:
        return part(body, ["table", "document"])
    grids = (block for block in document.blocks if isinstance(block, Grid))
    columns = max((len(grid.header) for grid in grids), default=0)
    styles = ["table", "document", "print", *_paper(columns)]
    return page(document.title, body, styles, kind="document", language=document.language)


# -- pages ----------------------------------------------------------------------------------------


def _title_tag(standalone: bool) -> str:
    return "h1" if standalone else "div"


def _paper(columns: int) -> list[str]:
    """Choose the sheet of paper for a table of so many columns; these rules stand last."""
    return [sheet for sheet, most in SHEETS.items() if columns > most]


# -- tables ---------------------------------------------------------------------------------------


def _table_page(table: Table, *, standalone: bool) -> Iterator[Node]:
    yield Element(_title_tag(standalone), _arrows(table.title), class_="title")
    for text in table.about:
        yield Element("p", _arrows(text), class_="about")
    heads = list(map(_head, table.columns, table.header))
    lines = [_line(table, line) for line in table.lines]
    groups = [lines[at : at + table.together] for at in range(0, len(lines), table.together)]
    bodies = [lines] if table.together == 1 else groups
    footer = _row(_cells(table, table.footer)) if table.footer else None
    yield _scrolled(_table(heads, bodies, footer, label=table.title))
    if table.notes:
        yield Element("ul", *(Element("li", _arrows(note)) for note in table.notes), class_="notes")
    yield from _totals(table)
    for picture in table.pictures if standalone else ():
        yield from _picture(picture)
    yield from _legend(table.legend)
    for text in table.remarks:
        yield Element("p", _arrows(text), class_="remarks")


def _head(column: Column | Head, title: str) -> Element:
    return Element(
        "th", _arrows(title), scope="col", class_=_side(column.numeric), title=column.meaning
    )


def _line(table: Table, line: Line) -> Element:
    cells, mark = line
    first, *rest = _cells(table, cells)
    if mark:
        first.children = (*first.children, f" {mark}")
    return _row([first, *rest])


def _cells(table: Table, cells: Sequence[str]) -> Iterator[Element]:
    for at, (column, text) in enumerate(zip(table.columns, cells, strict=True)):
        inside = _extents(text) if column.extents else _power(text)
        if not at:
            yield Element("th", *inside, scope="row", class_=_side(column.numeric))
            continue
        zero = "zero" if text in ("0", NOT_APPLICABLE_MARK) else ""
        yield Element("td", *inside, class_=_kinds(_side(column.numeric), zero))


def _totals(table: Table) -> Iterator[Element]:
    grid = table.totals
    facts: Sequence[Sequence[str]] = table.facts if grid is None else grid.lines
    if not facts:
        return
    rows = [
        _row([Element("th", label, scope="row"), *(Element("td", _arrows(cell)) for cell in cells)])
        for label, *cells in facts
    ]
    if grid is None:
        yield _scrolled(Element("table", Element("tbody", *rows), class_="facts"))
        return
    heads = list(map(_head, grid.columns, grid.header))
    yield _scrolled(_table(heads, [rows], None, kind="facts several"))


def _table(
    heads: Iterable[Node],
    bodies: Iterable[Iterable[Node]],
    footer: Node | None,
    *,
    kind: str = "layers",
    label: str = "",
    caption: str = "",
    names: Names = None,
) -> Element:
    """Put the parts of a table together; `label` names it where it has no caption.

    Where there are several bodies, none is broken between pages.
    """
    heads = list(heads)
    parts = [
        Element("caption", Element("span", *_extents(caption, names))) if caption else None,
        Element("thead", _row(heads)) if heads else None,
        *(Element("tbody", *rows) for rows in bodies),
        Element("tfoot", footer) if footer is not None else None,
    ]
    return Element("table", *(part for part in parts if part), class_=kind, aria_label=label)


def _scrolled(table: Element, label: str = "") -> Element:
    """Let a table be scrolled where it is too wide, by keys as well where it has a name."""
    if not label:
        return Element("div", table, class_="wide")
    return Element("div", table, class_="wide", role="region", aria_label=label, tabindex="0")


def _row(cells: Iterable[Node]) -> Element:
    return Element("tr", *cells)


# -- blocks of documents --------------------------------------------------------------------------


def _blocks(blocks: Sequence[Block], names: Names = None) -> Iterator[Element]:
    """Write blocks; those below a heading are a section."""
    headings = 0

    def number(block: Block) -> int:
        nonlocal headings
        headings += isinstance(block, Heading)
        return headings

    for _, group in groupby(blocks, number):
        parts = [element for block in group for element in _block(block, names)]
        if parts[0].tag == "h2":
            yield Element("section", *parts)
        else:
            yield from parts


def _block(block: Block, names: Names) -> Iterable[Element]:
    match block:
        case Heading():
            return _heading(block, names)
        case Prose():
            return (_paragraph(block.text, block.kind, names),)
        case Grid():
            return (_grid(block, names),)
        case Bars():
            return (_bars(block, names),)
        case Points():
            return _points(block.items, names)
        case Card():
            return (_card(block, names),)
        case Picture():
            return _picture(block)
        case Chain():
            return _chain(block, names)


def _heading(heading: Heading, names: Names) -> Iterator[Element]:
    answer = heading.answer
    shown = [Element("span", *_extents(answer, names), class_="answer")] if answer else []
    yield Element("h2", _arrows(heading.text), *shown)


def _paragraph(text: str, kind: str, names: Names = None) -> Element:
    return Element("p", *_extents(text, names), class_=kind, dir="auto")


def _facts(facts: Sequence[tuple[str, str]]) -> Iterator[Element]:
    if facts:
        rows = (
            _row([Element("th", term, scope="row"), Element("td", Element("bdi", text))])
            for term, text in facts
        )
        yield Element("table", Element("tbody", *rows), class_="facts")


def _legend(legend: Sequence[tuple[str, str]], names: Names = None) -> Iterator[Element]:
    if legend:
        yield _legend_list(tuple(legend), names)


@lru_cache(maxsize=8)
def _legend_list(legend: Sequence[tuple[str, str]], names: Names) -> WrittenOnce:
    pairs = (
        (Element("dt", term), Element("dd", *_extents(meaning, names))) for term, meaning in legend
    )
    return WrittenOnce("dl", *(part for pair in pairs for part in pair), class_="legend")


def _points(items: Sequence[str], names: Names) -> Iterator[Element]:
    if items:
        yield Element("ul", *(Element("li", *_extents(item, names), dir="auto") for item in items))


def _card(card: Card, names: Names) -> Element:
    title = Element("h3", *_extents(card.title, names), dir="auto")
    texts = (_paragraph(text, "", names) for text in card.texts)
    kinds = _kinds("card", card.tone)
    return Element("div", title, *texts, *_points(card.points, names), class_=kinds, id=card.anchor)


def _chain(chain: Chain, names: Names) -> Iterator[Element]:
    """Write equalities below each other, the signs in a line."""
    steps = (
        part
        for link in chain.links
        for part in (
            Element("span", "=", class_="equals"),
            Element(
                "span",
                Element("code", *_extents(link, names))
                if isinstance(link, str)
                else mathml(link, chain.times),
                class_="step",
            ),
        )
    )
    yield Element("div", Element("span", chain.label, class_="label"), *steps, class_="rule")
    if chain.letters:
        yield Element("p", chain.where, class_="where")


def _grid(grid: Grid, names: Names) -> Element:
    sides = [_side(right) for right in grid.right]
    titled = any(grid.header)
    heads = (
        Element("th", title, scope="col", class_=side)
        for side, title in zip(sides, grid.header if titled else (), strict=titled)
    )
    rows = [_row(_grid_cells(row, sides, names)) for row in grid.rows]
    footer = None
    if grid.footer:
        first, *texts = grid.footer
        tail = zip(texts, sides[1:], strict=True)
        cells = (Element("td", text, class_=side) for text, side in tail)
        footer = _row([Element("th", first, scope="row"), *cells])
    table = _table(heads, [rows], footer, caption=grid.caption, names=names)
    return _scrolled(table, grid.caption)


def _grid_cells(row: Sequence[str | Cell], sides: Sequence[str], names: Names) -> Iterator[Element]:
    first, *rest = row
    yield _first_cell(first, sides[0], names)
    yield from (_grid_cell(cell, side, names) for cell, side in zip(rest, sides[1:], strict=True))


@lru_cache(maxsize=_MANY)
def _first_cell(cell: str | Cell, side: str, names: Names) -> WrittenOnce:
    return WrittenOnce("th", *_inside(cell, names), scope="row", class_=side)


@lru_cache(maxsize=_MANY)
def _grid_cell(cell: str | Cell, side: str, names: Names) -> WrittenOnce:
    if isinstance(cell, str):
        return WrittenOnce("td", *_inside(cell, names), class_=_kinds(side))
    long = "text" if not side and not cell.below and len(cell.text) > _LONG else ""
    heat = "heat" if cell.heat is not None else ""
    # Text is readable on the strongest colour, in the light and in the dark.
    colour = f"--heat: {0.55 * cell.heat:.2f}" if cell.heat is not None else ""
    kinds = _kinds(side, cell.tone, long, heat)
    return WrittenOnce("td", *_inside(cell, names), class_=kinds, style=colour)


def _inside(cell: str | Cell, names: Names) -> Iterator[Element]:
    if isinstance(cell, str):
        yield Element("bdi", *_extents(cell, names))
        return
    volume = _VOLUME.fullmatch(cell.text)  # any other text may be a stranger's, and stays
    text = Element("bdi", *(_extents(cell.text) if volume else (cell.text,)))
    yield Element("a", text, href=f"{address(cell.page)}.html") if cell.page else text
    for at, line in enumerate(cell.below):
        inside = Element("bdi", line)
        if not at and cell.card:
            inside = Element("a", inside, href=f"#{quote(cell.card, safe='')}")
        yield Element("small", inside, class_="plain" if at else "")


def _picture(picture: Picture) -> Iterator[Element]:
    """Show a drawing, which can be scrolled where it is too wide, or lines of characters."""
    if picture.drawn is None:
        yield Element("pre", "\n".join(picture.lines))
        return
    svg: Element | None = picture.drawn()
    if svg is None:
        return
    shown = _scrolled(svg, picture.summary or next(_titles(svg)))
    folded = Element("details", Element("summary", picture.summary), shown)
    yield folded if picture.summary else shown


def _titles(svg: Element) -> Iterator[str]:
    """Yield what a drawing is called."""
    for child in svg.children:
        if isinstance(child, Element) and child.tag == "title":
            yield from (text for text in child.children if isinstance(text, str))


def _bars(chart: Bars, names: Names) -> Element:
    """Draw bars as boxes; their numbers stand beside them."""
    most = max((count for _, count in chart.bars), default=0) or 1
    label, number = chart.heads
    heads = [
        Element("th", label, scope="col"),
        Element("th", number, scope="col", class_="n"),
        Element("td", aria_hidden="true"),
    ]
    rows = []
    for name, count in chart.bars:
        box = Element("span", class_="bar", style=f"width: {100 * count / most:.1f}%")
        rows.append(
            _row(
                [
                    Element("th", name, scope="row"),
                    Element("td", f"{count:,}", class_="n"),
                    Element("td", *([box] if count else []), aria_hidden="true"),
                ]
            )
        )
    kind = "layers bars"
    table = _table(heads, [rows], None, kind=kind, caption=chart.caption, names=names)
    return _scrolled(table, chart.caption)


# -- texts ----------------------------------------------------------------------------------------


def _side(right: bool) -> str:
    return "n" if right else ""


def _kinds(*kinds: str) -> str:
    return " ".join(filter(None, kinds))


def _power(text: str) -> Iterator[Node]:
    """Raise the exponent of a power of ten, as in 3.8x10^9."""
    first, *more = re.split(r"(?<=\d)x10\^(\d+)", _arrows(text))
    yield first
    for power, rest in zip(more[::2], more[1::2], strict=True):
        yield f"{_TIMES}10"
        yield Element("sup", power)
        yield rest


@lru_cache(maxsize=_MANY)
def _extents(text: str, names: Names = None) -> tuple[str]:
    """Set the x between extents as a multiplication sign, but not in names."""
    return (_TIMES.join(map(_arrows, split_times(text, names))),)


def _arrows(text: str) -> str:
    """Set the arrow of a text as the one sign that it is, which no line breaks in two."""
    return text.replace(" -> ", f" {_ARROW} ")

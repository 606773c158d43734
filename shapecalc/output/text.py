"""Plain aligned text, and the layout that the terminal shares."""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING

from shapecalc.output.table import GAP, marked_text, panels
from shapecalc.text.safe import widest, width_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shapecalc.output.table import Table, TotalsGrid

#: Text under a narrow table may be so wide.
PROSE = 80
#: What groups the digits of a number in some languages.
NARROW = "\N{NARROW NO-BREAK SPACE}"
#: So many lines are written at once.
LINES = 2000


def to_text(table: Table, width: int | None = None) -> Iterator[str]:
    """Write a table as plain text, of lines at most `width` wide where words allow."""
    lines = map(str.rstrip, _lines(table, width))
    while part := list(islice(lines, LINES)):
        yield "\n".join([*part, ""])


def _lines(table: Table, width: int | None) -> Iterator[str]:
    grids = [grid(panel) for panel in panels(table, width)]
    natural = max(row_width(header) for header, *_ in grids)
    measure = prose_width(natural, width)
    gap = " " * GAP
    yield from above(table, measure)
    for header, body, footer in grids:
        rule = "─" * row_width(header)
        yield from chain(["", gap.join(header), rule], map(gap.join, body))
        yield from [rule, gap.join(footer)] if footer else ()
    facts = totals(table, measure)
    yield from ("", *([*facts, ""] if facts else ()), *small_print(table, measure))


def grid(table: Table) -> tuple[Sequence[str], Iterator[Sequence[str]], Sequence[str]]:
    """Pad the cells: the header, the lines as they are asked for, the footer if there is one."""
    footer = table.footer or table.header
    rows = pad_rows(
        [table.header, footer, *marked_rows(table)], [column.numeric for column in table.columns]
    )
    header, footer = next(rows), next(rows)
    return header, rows, footer if table.footer else ()


def with_excess(table: Table, width: int) -> Table:
    """Add to a table that it is wider than was asked for, unless it says so where it leaves out.

    It is said in English only, so not under a table in another language.
    """
    taken = max(map(_taken, panels(table, width)))
    if taken <= width or table.dropped or table.language != "en":
        return table
    excess = f"Wider than {width}: the table takes {taken}, and nothing more can be left out."
    return table._replace(remarks=(*table.remarks, excess))


def _taken(table: Table) -> int:
    """Return how wide the grid is."""
    columns = zip(table.header, table.footer or table.header, *marked_rows(table), strict=True)
    return sum(widest(set(cells)) + GAP for cells in columns) - GAP


def marked_rows(table: Table) -> list[tuple[str, ...]]:
    """Return the lines' cells, with the notes' marks in the first."""
    return [
        (marked_text(cells[0], mark), *cells[1:]) if mark else cells for cells, mark in table.lines
    ]


def pad_rows(rows: Sequence[Sequence[str]], right: Sequence[bool]) -> Iterator[tuple[str, ...]]:
    """Pad every column to its widest cell, flush right or left; a row is made when it is next."""
    columns = zip(zip(*rows, strict=True), right, strict=True)
    return zip(*(_padded(cells, right=flush) for cells, flush in columns), strict=True)


def _padded(cells: tuple[str, ...], *, right: bool) -> Iterator[str]:
    texts = set(cells)  # of most columns of a long table few
    width = widest(texts)
    if 2 * len(texts) > len(cells):
        return (pad(text, width, right=right) for text in cells)
    return map({text: pad(text, width, right=right) for text in texts}.__getitem__, cells)


def pad(cell: str, width: int, *, right: bool) -> str:
    """Fill a cell up with spaces."""
    space = " " * (width - width_of(cell))
    return space + cell if right else cell + space


def row_width(cells: Sequence[str]) -> int:
    """Return the width of a line of the grid."""
    return sum(map(width_of, cells)) + GAP * (len(cells) - 1)


def prose_width(natural: int, width: int | None) -> int:
    """Return how wide the text around a table is set: as the table, but not too narrow."""
    natural = max(PROSE, natural)
    return natural if width is None else min(natural, width)


def above(table: Table, width: int) -> list[str]:
    """Return what stands over the table: the title, and what the network is."""
    return [line for text in (table.title, *table.about) for line in wrap(text, width)]


def totals(table: Table, width: int) -> list[str]:
    """Return what stands under the table: the layers' notes, and the totals."""
    notes = [line for note in table.notes for line in wrap(note, width)]
    facts = facts_text(table, width) if table.facts or table.totals else []
    return [*notes, *([""] if notes and facts else []), *facts]


def small_print(table: Table, width: int) -> list[str]:
    """Return what stands last: the legend, and the remarks."""
    remarks = [line for remark in table.remarks for line in wrap(remark, width)]
    legend = legend_text(table, width)
    return [*legend, *([""] if legend else []), *remarks]


def legend_text(table: Table, width: int) -> list[str]:
    """Return the terms with their meanings."""
    return terms_text(table.legend, width)


def terms_text(terms: Sequence[tuple[str, str]], width: int) -> list[str]:
    """Write terms with their meanings beside them, or behind them where space is scarce."""
    at = max((width_of(term) for term, _ in terms), default=0) + GAP
    if width - at < PROSE // 2:
        return [line for term, meaning in terms for line in wrap(f"{term}: {meaning}", width)]
    return [line for term, meaning in terms for line in hung(term, meaning, at, width)]


def hung(term: str, text: str, at: int, width: int) -> list[str]:
    """Write a term, and a text that begins at a column and goes on under itself.

    >>> hung("rf", "receptive field of a unit", 4, 20)
    ['rf  receptive field', '    of a unit']
    """
    first, *more = wrap(text, width - at) or [""]
    return [
        (pad(term, at, right=False) + first).rstrip(),
        *(" " * at + line for line in more),
    ]


def facts_text(table: Table, width: int) -> list[str]:
    """Return the totals as an aligned list, or line by line where that is too wide."""
    if table.totals is not None:
        return _grid_text(table.totals, width)
    lines = [(" " * GAP).join(row).rstrip() for row in pad_rows(table.facts, (False, True, True))]
    if widest(lines) <= width:
        return lines
    return [line for text in spelled(table) for line in wrap(text, width)]


def _grid_text(totals: TotalsGrid, width: int) -> list[str]:
    """Return totals in columns: all beside each other, or in blocks of as many as there is room."""
    for room in range(len(totals.header) - 1, 0, -1):
        blocks = [_block(grid) for grid in totals.blocks(room)]
        if room == 1 or max(width_of(line) for block in blocks for line in block) <= width:
            break
    return [line for block in blocks for line in ("", *block)][1:]


def _block(grid: TotalsGrid) -> list[str]:
    right = [column.numeric for column in grid.columns]
    header, *lines = pad_rows([grid.header, *grid.lines], right)
    return [(" " * GAP).join(header), "─" * row_width(header), *map((" " * GAP).join, lines)]


def spelled(table: Table) -> list[str]:
    """Write every total as words."""
    if table.totals is not None:
        return table.totals.spelled()
    return [
        f"{fact.label}: {fact.number}" + (f" ({fact.bytes})" if fact.bytes else "")
        for fact in table.facts
    ]


def wrap(text: str, width: int) -> list[str]:
    """Break a text at spaces; a longer word stays whole, and a number with narrow blanks in it."""
    lines: list[str] = []
    line, used = "", 0
    for word in text.split() if NARROW not in text else filter(None, text.split(" ")):
        size = width_of(word)
        if line and used + 1 + size > width:
            lines.append(line)
            line, used = word, size
        else:
            line, used = (f"{line} {word}", used + 1 + size) if line else (word, size)
    return [*lines, line] if line else lines

"""A comparison as the paper's own table, with what is computed beside or under every cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from shapecalc.analysis.tables.model import Judgement
from shapecalc.analysis.tables.notes import head_of, networks, notes_of, texts
from shapecalc.analysis.tables.overview import listing, overview
from shapecalc.output.table import Line, Table
from shapecalc.text.safe import printable

if TYPE_CHECKING:
    from shapecalc.analysis.tables.model import CellResult, Judgements, NetworkTally, Status
    from shapecalc.output.table import Head

#: A table of so many columns has its computed values beside the printed ones, a wider one below.
BESIDE = 3
#: What stands behind a computed value that is a mismatch.
WRONG = "!"
#: Heads, header, lines and footer of a table.
_Laid: TypeAlias = "tuple[tuple[Head, ...], tuple[str, ...], tuple[Line, ...], tuple[str, ...]]"
#: The quantities whose cells hold extents.
_EXTENTS = ("output", "sides", "window")


def tabulate(
    judged: Judgements | Judgement, *, only: Status | None = None, width: int | None = None
) -> Table:
    """Lay one table out as the paper has it, several as a line each.

    With `only` the cells of that status are listed.  `width` is the page's, in characters.
    """
    judgements = (judged,) if isinstance(judged, Judgement) else judged
    if only is not None:
        return listing(judgements, only, width)
    return paper(judgements[0]) if len(judgements) == 1 else overview(judgements, width)


def paper(judgement: Judgement) -> Table:
    """Lay a table out as it is printed, with a computed value beside or under every cell."""
    marks, notes = notes_of(judgement.cells)
    beside = len(judgement.columns) <= BESIDE
    shape = _beside if beside else _under
    heads, header, lines, footer = shape(judgement, marks)
    where = "beside" if beside else "under"
    legend = dict(judgement.conventions)
    legend["computed"] = f"{where} each printed cell, from {networks(judgement)}"
    if not judgement.holds:
        legend[WRONG] = "MISMATCH"
    return Table(
        title=printable(judgement.title) or judgement.name,
        about=texts(judgement.citation, judgement.note),
        columns=heads,
        header=header,
        lines=lines,
        footer=footer,
        facts=(),
        notes=notes,
        legend=tuple(legend.items()),
        remarks=(
            *(_also(judgement, tally) for tally in judgement.also),
            *judgement.counts.sentences(),
        ),
        continued=True,
    )


def _under(judgement: Judgement, marks: tuple[str, ...]) -> _Laid:
    """Set the computed values in a line of their own."""
    titles = judgement.columns
    cells = _by_place(judgement, marks)
    header = ("", *map(printable, titles))
    heads = (head_of(""), *(_head_for(judgement, title) for title in titles))
    lines = []
    for row in judgement.rows:
        printed = [cells.get((row, title), ("", ""))[0] for title in titles]
        computed = [cells.get((row, title), ("", ""))[1] for title in titles]
        lines += [Line((printable(row), *printed)), Line(("computed", *computed))]
    footer = ("matched", *(_matched(judgement, title) for title in titles))
    return heads, header, tuple(lines), footer


def _beside(judgement: Judgement, marks: tuple[str, ...]) -> _Laid:
    """Set every computed value in a column behind the printed one's."""
    titles = judgement.columns
    cells = _by_place(judgement, marks)
    heads, header, footer = [head_of("")], [""], ["matched"]
    for title in titles:
        head = _head_for(judgement, title)
        heads += [head, head._replace(meaning="computed")]
        header += [printable(title), "computed"]
        footer += ["", _matched(judgement, title)]
    lines = [
        Line(
            (
                printable(row),
                *(cell for title in titles for cell in cells.get((row, title), _BLANK)),
            )
        )
        for row in judgement.rows
    ]
    return tuple(heads), tuple(header), tuple(lines), tuple(footer)


_BLANK = ("", "")


def _by_place(
    judgement: Judgement, marks: tuple[str, ...]
) -> dict[tuple[str, str], tuple[str, str]]:
    """Return what is printed and what is computed, with its mark, by row and column."""
    return {
        (cell.row, cell.column): (
            printable(cell.printed),
            _noted(cell, mark),
        )
        for cell, mark in zip(judgement.cells, marks, strict=True)
    }


def _noted(cell: CellResult, mark: str) -> str:
    """Set the mark of a note behind a value; behind a digit it must not look like an exponent."""
    space = " " if mark and cell.computed[-1:].isdigit() else ""
    return f"{cell.computed}{space}{mark}{WRONG if cell.status == 'MISMATCH' else ''}"


def _also(judgement: Judgement, tally: NetworkTally) -> str:
    """Say in which columns another network matches more or fewer cells."""
    own = {
        title: sum(cell.status == "match" for cell in judgement.cells if cell.column == title)
        for title in judgement.columns
    }
    changed = [
        f"{title} {match} of {cells} (here {own[title]})"
        for title, match, cells in tally.columns
        if match != own[title]
    ]
    return f"With {tally.network} in its place match: {', '.join(changed) or 'the same cells'}."


def _matched(judgement: Judgement, title: str) -> str:
    cells = [cell for cell in judgement.cells if cell.column == title]
    return f"{sum(cell.status == 'match' for cell in cells)}/{len(cells)}"


def _head_for(judgement: Judgement, title: str) -> Head:
    """Say how a column is set: extents, numbers flush right, or words."""
    held = {cell.quantity for cell in judgement.cells if cell.column == title}
    extents = not held.isdisjoint(_EXTENTS)
    return head_of(printable(title), numeric=not extents and "type" not in held, extents=extents)

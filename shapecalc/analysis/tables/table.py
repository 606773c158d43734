"""Judged tables laid out: tables for people, records with every cell for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from shapecalc.analysis.compare.fit import Laid, fit, lines_of, lines_of_row, width_of_all
from shapecalc.analysis.tables.model import (
    CellResult,
    Counts,
    Judgement,
    Judgements,
    NetworkTally,
    Status,
    count,
)
from shapecalc.analysis.tables.quantities import QUANTITIES
from shapecalc.output.cells import Json, superscript
from shapecalc.output.records import Records, Rows
from shapecalc.output.table import Head, Line, Table, left_out, marked_text
from shapecalc.text.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


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
        title=one_line(judgement.title) or judgement.name,
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
        together=1 if beside else 2,
    )


def _under(judgement: Judgement, marks: tuple[str, ...]) -> _Laid:
    """Set the computed values in a line of their own."""
    titles = judgement.columns
    cells = _by_place(judgement, marks)
    header = ("", *map(one_line, titles))
    heads = (head_of(""), *(_head_for(judgement, title) for title in titles))
    lines = []
    for row in judgement.rows:
        printed = [cells.get((row, title), ("", ""))[0] for title in titles]
        computed = [cells.get((row, title), ("", ""))[1] for title in titles]
        lines += [Line((one_line(row), *printed)), Line(("computed", *computed))]
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
        header += [one_line(title), "computed"]
        footer += ["", _matched(judgement, title)]
    lines = [
        Line(
            (
                one_line(row),
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
            one_line(cell.printed),
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
    return head_of(one_line(title), numeric=not extents and "type" not in held, extents=extents)


def overview(judgements: tuple[Judgement, ...], width: int | None = None) -> Table:
    """Give every table a line, with its counts; a narrow page leaves out what the tables are."""
    counts = [judgement.counts for judgement in judgements]
    total = count(tuple(cell for judgement in judgements for cell in judgement.cells))
    titles = ("cells", "match", "explained", "unexplained", "MISMATCH")
    numbers = zip(titles, zip(*counts, strict=True), total, strict=True)
    columns = [
        Laid(head_of("table"), "table", tuple(judgement.name for judgement in judgements), "total"),
        Laid(
            head_of("what it is"),
            "what it is",
            tuple(one_line(judgement.title) for judgement in judgements),
            drop=1,
        ),
        *(
            Laid(head_of(title, numeric=True), title, tuple(map(_number, column)), _number(every))
            for title, column, every in numbers
        ),
    ]
    laid = fit(columns, width)
    return Table(
        title="Published tables",
        about=("Every printed cell, compared with what comes out.",),
        columns=tuple(column.head for column in laid),
        header=tuple(column.header for column in laid),
        lines=tuple(map(Line, lines_of(laid))),
        footer=tuple(column.footer for column in laid),
        facts=(),
        notes=(),
        legend=(
            ("match", "the computed value prints as the cell does, under the declared convention"),
            (
                "explained",
                "an erratum that matches the network, convention or arithmetic named for it",
            ),
            ("unexplained", "an erratum with an account, and no more"),
            ("MISMATCH", "anything else, and an erratum that is no longer needed"),
        ),
        remarks=(
            "shapecalc tables NAME prints a table, --only errata what differs.",
            *_left_out(columns, laid, width),
            *total.sentences(),
        ),
        dropped=_dropped(columns, laid),
    )


def listing(judgements: tuple[Judgement, ...], only: Status, width: int | None = None) -> Table:
    """List the cells of one status, of one table or of several; long names go on below."""
    several = len(judgements) != 1
    listed = [
        (judgement, cell)
        for judgement in judgements
        for cell in judgement.cells
        if cell.status == only
    ]
    marks, notes = notes_of([cell for _, cell in listed])
    compared = count(tuple(cell for judgement in judgements for cell in judgement.cells))
    columns = [
        *([_texts_of("table", [judgement.name for judgement, _ in listed])] if several else []),
        *(
            _texts_of(title, [getattr(cell, title) for _, cell in listed], drop=drop, wraps=wraps)
            for title, drop, wraps in _LISTED
        ),
    ]
    columns[0] = columns[0]._replace(footer=f"{len(listed)} of {compared.cells:,}")
    aside = max((len(mark) + 1 for mark in marks if mark), default=0)  # the marks behind the first
    laid = fit(columns, None if width is None else width - aside)
    rows = zip(zip(*(column.cells for column in laid), strict=True), marks, strict=True)
    return Table(
        title="Published tables" if several else one_line(judgements[0].title),
        about=() if several else texts(judgements[0].citation, judgements[0].note),
        columns=tuple(column.head for column in laid),
        header=tuple(column.header for column in laid),
        lines=tuple(
            Line(line, "" if place else mark)
            for row, mark in rows
            for place, line in enumerate(lines_of_row(row))
        ),
        footer=tuple(column.footer for column in laid),
        facts=(),
        notes=notes,
        legend=(
            *_conventions([part for part in judgements if any(part is of for of, _ in listed)]),
            (
                "computed",
                "from " + ("each table's own network" if several else networks(judgements[0])),
            ),
        ),
        remarks=(*_left_out(columns, laid, width, marks), *compared.sentences()),
        dropped=_dropped(columns, laid),
    )


#: The columns of a list of cells: when a narrow page leaves it out, and where texts go on below.
_LISTED = (
    ("row", 0, 16),
    ("column", 0, 12),
    ("printed", 0, 0),
    ("computed", 0, 0),
    ("status", 1, 0),
)


def _texts_of(title: str, texts: list[str], drop: int = 0, wraps: int = 0) -> Laid:
    head = head_of(title, numeric=title in ("printed", "computed"))
    return Laid(head, title, tuple(map(one_line, texts)), drop=drop, wraps=wraps)


def _dropped(columns: Sequence[Laid], laid: Sequence[Laid]) -> tuple[str, ...]:
    shown = {column.header for column in laid}
    return tuple(column.header for column in columns if column.header not in shown)


def _left_out(
    columns: Sequence[Laid], laid: Sequence[Laid], width: int | None, marks: Sequence[str] = ()
) -> tuple[str, ...]:
    """Say which columns a narrow page does not have; `marks` stand behind the first column."""
    dropped = _dropped(columns, laid)
    if not dropped or width is None:
        return ()
    first, *rest = laid
    heads = zip((cell.partition("\n")[0] for cell in first.cells), marks, strict=bool(marks))
    marked = tuple(marked_text(head, mark) for head, mark in heads)
    taken = width_of_all([first._replace(cells=(*first.cells, *marked)), *rest])
    return (left_out(dropped, width, taken, "--format text has all"),)


def _conventions(judgements: list[Judgement]) -> Iterable[tuple[str, str]]:
    """State the conventions of several tables, each under its name."""
    for judgement in judgements:
        for name, text in judgement.conventions:
            yield (f"{judgement.name}, {name}" if len(judgements) > 1 else name), text


def _number(number: int) -> str:
    return f"{number:,}"


def notes_of(cells: Iterable[CellResult]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Number the accounts; cells with the same one share its mark."""
    groups: dict[tuple[str, str, str], list[CellResult]] = {}
    marks = []
    for cell in cells:
        key = (cell.status, cell.account, cell.under)
        if cell.status != "match":
            groups.setdefault(key, []).append(cell)
        marks.append("" if cell.status == "match" else superscript(list(groups).index(key) + 1))
    notes = (
        f"{superscript(number)} {_note(*key, members)}"
        for number, (key, members) in enumerate(groups.items(), 1)
    )
    return tuple(marks), tuple(map(one_line, notes))


def _note(status: str, account: str, under: str, members: list[CellResult]) -> str:
    """Say what is the matter with cells, and what was recomputed."""
    if status == "MISMATCH":
        return f"MISMATCH: {account}."
    stop = "" if account.endswith(".") else "."
    if not under:
        return f"Erratum, unexplained.  {account}{stop}"
    rows, titles = ({cell.row for cell in members}, {cell.column for cell in members})
    recomputed = []
    for cell in members:
        place = [cell.row] * (len(rows) > 1) + [cell.column] * (len(titles) > 1)
        recomputed.append(": ".join([*([" ".join(place)] if place else []), cell.recomputed]))
    return f"Erratum, explained.  {account}{stop}  Matches when {under}: {'; '.join(recomputed)}."


def networks(judgement: Judgement) -> str:
    """Name the files of the networks that a table was computed from."""
    return ", ".join(judgement.networks)


def head_of(title: str, *, numeric: bool = False, extents: bool = False) -> Head:
    """Say how a column is set, and what it means where its title is a quantity's name."""
    return Head(QUANTITIES[title].meaning if title in QUANTITIES else title, numeric, extents)


def texts(*parts: str) -> tuple[str, ...]:
    """Return texts of a file as they may be printed, empty ones left out."""
    return tuple(one_line(text) for text in parts if text)


#: The schema's name and version.
SCHEMA = "shapecalc.tables/1"


def records(judged: Judgements | Judgement, *, only: Status | None = None) -> Records:
    """Return the tables with their cells, or with those of a status; a line is a cell."""
    judgements = (judged,) if isinstance(judged, Judgement) else judged
    counts = count(tuple(cell for judgement in judgements for cell in judgement.cells))
    return Records(
        SCHEMA,
        key="tables",
        rows=(_table(judgement, only) for judgement in judgements),
        tail=lambda: {"summary": {**_counts(counts), "sentence": "; ".join(counts.sentences())}},
        columns=("table", *_cell(CellResult("", "", "", "", "", None, "match"))),
        lines=(
            tuple(map(_plain, (judgement.name, *_cell(cell).values())))
            for judgement in judgements
            for cell in _chosen(judgement, only)
        ),
    )


def _table(judgement: Judgement, only: Status | None) -> dict[str, object]:
    return {
        "name": judgement.name,
        "title": judgement.title,
        "source": judgement.citation,
        "note": judgement.note,
        "networks": judgement.networks,
        "conventions": dict(judgement.conventions),
        **_counts(judgement.counts),
        "also": [
            {
                "network": tally.network,
                "columns": {title: [match, cells] for title, match, cells in tally.columns},
            }
            for tally in judgement.also
        ],
        "cells_detail": Rows(map(_cell, _chosen(judgement, only))),
    }


def _counts(counts: Counts) -> dict[str, Json]:
    return {
        "cells": counts.cells,
        "match": counts.match,
        "erratum": counts.erratum,
        "explained": counts.explained,
        "unexplained": counts.unexplained,
        "mismatch": counts.mismatch,
    }


def _cell(cell: CellResult) -> dict[str, Json]:
    """Return a cell: `computed` exactly, `computed_text` as it would be printed."""
    return {
        "row": cell.row,
        "column": cell.column,
        "quantity": cell.quantity,
        "printed": cell.printed,
        "computed": cell.value,
        "computed_text": cell.computed,
        "status": cell.status,
        "explained": cell.explained if cell.status == "erratum" else None,
        "account": cell.account or None,
        "under": cell.under or None,
        "recomputed": cell.recomputed or None,
    }


def _plain(value: Json) -> Json:
    return one_line(value) if isinstance(value, str) else value


def _chosen(judgement: Judgement, only: Status | None) -> Iterator[CellResult]:
    """Yield the cells, or only those of a status."""
    return (cell for cell in judgement.cells if only in (None, cell.status))

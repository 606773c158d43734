"""Comparisons as tables: the paper's own, a list of cells, and a line a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from shapecalc.cells import superscript
from shapecalc.comparison.fit import Laid, fit, lines_of
from shapecalc.printing import printable
from shapecalc.published.nouns import count
from shapecalc.published.quantities import QUANTITIES
from shapecalc.table import Head, Line, Table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapecalc.published.nouns import CellResult, Judgement, Status, Tally

#: A table of so many columns has its computed values beside the printed ones, a wider one below.
BESIDE = 3
#: What stands behind a computed value that is a mismatch.
WRONG = "!"
#: Heads, header, lines and footer of a table.
_Laid: TypeAlias = "tuple[tuple[Head, ...], tuple[str, ...], tuple[Line, ...], tuple[str, ...]]"
#: The quantities whose cells hold extents.
_EXTENTS = ("output", "sides", "window")


def tabulate(
    judgements: tuple[Judgement, ...], only: Status | None = None, width: int | None = None
) -> Table:
    """Lay one table out as the paper has it, several as a line each.

    With `only` the cells of that status are listed.  `width` is the page's, in characters.
    """
    if only is not None:
        return listing(judgements, only)
    return paper(judgements[0]) if len(judgements) == 1 else overview(judgements, width)


def paper(judgement: Judgement) -> Table:
    """Lay a table out as it is printed, with a computed value beside or under every cell."""
    marks, notes = _notes(judgement.cells)
    beside = len(judgement.columns) <= BESIDE
    shape = _beside if beside else _under
    heads, header, lines, footer = shape(judgement, marks)
    where = "beside" if beside else "under"
    legend = dict(judgement.conventions)
    legend["computed"] = f"{where} each printed cell, from {_networks(judgement)}"
    if not judgement.holds:
        legend[WRONG] = "MISMATCH"
    return Table(
        title=printable(judgement.title) or judgement.name,
        about=_texts(judgement.citation, judgement.note),
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


def listing(judgements: tuple[Judgement, ...], only: Status) -> Table:
    """List the cells of one status, of one table or of several."""
    several = len(judgements) != 1
    found = [(each, cell) for each in judgements for cell in each.cells if cell.status == only]
    cells = tuple(cell for _, cell in found)
    marks, notes = _notes(cells)
    titles = (*(["table"] if several else []), "row", "column", "printed", "computed", "status")
    heads = tuple(_head(title, numeric=title in ("printed", "computed")) for title in titles)
    compared = count(tuple(cell for each in judgements for cell in each.cells))
    head = () if several else _texts(judgements[0].citation, judgements[0].note)
    return Table(
        title="Published tables" if several else printable(judgements[0].title),
        about=head,
        columns=heads,
        header=titles,
        lines=tuple(
            Line(
                (
                    *([each.name] if several else []),
                    *map(printable, (cell.row, cell.column, cell.printed)),
                    cell.computed,
                    cell.status,
                ),
                mark,
            )
            for (each, cell), mark in zip(found, marks, strict=True)
        ),
        footer=(f"{len(found)} of {compared.cells:,}", *[""] * (len(titles) - 1)),
        facts=(),
        notes=notes,
        legend=(
            *_conventions([each for each in judgements if any(each is one for one, _ in found)]),
            (
                "computed",
                "from " + ("each table's own network" if several else _networks(judgements[0])),
            ),
        ),
        remarks=compared.sentences(),
    )


def overview(judgements: tuple[Judgement, ...], width: int | None = None) -> Table:
    """Give every table a line, with its counts; a narrow page does not say what the tables are."""
    counts = [each.counts for each in judgements]
    total = count(tuple(cell for each in judgements for cell in each.cells))
    titles = ("cells", "match", "explained", "unexplained", "MISMATCH")
    numbers = zip(titles, zip(*counts, strict=True), total, strict=True)
    laid = fit(
        [
            Laid(_head("table"), "table", tuple(each.name for each in judgements), "total"),
            Laid(
                _head("what it is"),
                "what it is",
                tuple(printable(each.title) for each in judgements),
                drop=1,
            ),
            *(
                Laid(_head(title, numeric=True), title, tuple(map(_number, column)), _number(every))
                for title, column, every in numbers
            ),
        ],
        width,
    )
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
            ("explained", "an erratum that matches the network or convention that is named for it"),
            ("unexplained", "an erratum with an account, and no more"),
            ("MISMATCH", "anything else, and an erratum that is no longer needed"),
        ),
        remarks=(
            "shapecalc tables NAME prints a table, --only errata what differs.",
            *total.sentences(),
        ),
    )


def _under(judgement: Judgement, marks: tuple[str, ...]) -> _Laid:
    """Set the computed values in a line of their own."""
    titles = judgement.columns
    cells = _by_place(judgement, marks)
    header = ("", *map(printable, titles))
    heads = (_head(""), *(_head_of(judgement, title) for title in titles))
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
    heads, header, footer = [_head("")], [""], ["matched"]
    for title in titles:
        head = _head_of(judgement, title)
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


def _notes(cells: Iterable[CellResult]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Number the accounts; cells with the same one share its mark."""
    groups: dict[tuple[str, str, str], list[CellResult]] = {}
    marks = []
    for cell in cells:
        key = (cell.status, cell.account, cell.under)
        if cell.status != "match":
            groups.setdefault(key, []).append(cell)
        marks.append("" if cell.status == "match" else superscript(list(groups).index(key) + 1))
    notes = (
        f"{superscript(number)} {_said(*key, members)}"
        for number, (key, members) in enumerate(groups.items(), 1)
    )
    return tuple(marks), tuple(map(printable, notes))


def _said(status: str, account: str, under: str, members: list[CellResult]) -> str:
    """Say what is the matter with cells, and what was recomputed."""
    if status == "MISMATCH":
        return f"MISMATCH: {account}."
    stop = "" if account.endswith(".") else "."
    if not under:
        return f"Erratum, unexplained by any network or convention.  {account}{stop}"
    rows, titles = ({cell.row for cell in members}, {cell.column for cell in members})
    found = []
    for cell in members:
        place = [cell.row] * (len(rows) > 1) + [cell.column] * (len(titles) > 1)
        found.append(": ".join([*([" ".join(place)] if place else []), cell.recomputed]))
    return f"Erratum, explained.  {account}{stop}  Matches when {under}: {'; '.join(found)}."


def _also(judgement: Judgement, tally: Tally) -> str:
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


def _conventions(judgements: list[Judgement]) -> Iterable[tuple[str, str]]:
    """State the conventions of several tables, each under its name."""
    for each in judgements:
        for name, text in each.conventions:
            yield (f"{each.name}, {name}" if len(judgements) > 1 else name), text


def _networks(judgement: Judgement) -> str:
    return ", ".join(judgement.networks)


def _number(number: int) -> str:
    return f"{number:,}"


def _head_of(judgement: Judgement, title: str) -> Head:
    """Say how a column is set: extents, numbers flush right, or words."""
    held = {cell.quantity for cell in judgement.cells if cell.column == title}
    extents = not held.isdisjoint(_EXTENTS)
    return _head(printable(title), numeric=not extents and "type" not in held, extents=extents)


def _head(title: str, *, numeric: bool = False, extents: bool = False) -> Head:
    return Head(QUANTITIES[title].meaning if title in QUANTITIES else title, numeric, extents)


def _texts(*texts: str) -> tuple[str, ...]:
    return tuple(printable(text) for text in texts if text)

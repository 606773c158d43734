"""Comparisons in lists: a line a table, and the cells of one status."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.analysis.compare.fit import Laid, fit, lines_of, lines_of_row
from shapecalc.analysis.tables.model import count
from shapecalc.analysis.tables.notes import head_of, networks, notes_of, texts
from shapecalc.output.table import Line, Table, left_out
from shapecalc.text.safe import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shapecalc.analysis.tables.model import Judgement, Status


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
            tuple(printable(judgement.title) for judgement in judgements),
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
        title="Published tables" if several else printable(judgements[0].title),
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
        remarks=(*_left_out(columns, laid, width), *compared.sentences()),
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
    return Laid(head, title, tuple(map(printable, texts)), drop=drop, wraps=wraps)


def _left_out(columns: Sequence[Laid], laid: Sequence[Laid], width: int | None) -> tuple[str, ...]:
    """Say which columns a narrow page does not have."""
    shown = {column.header for column in laid}
    dropped = tuple(column.header for column in columns if column.header not in shown)
    return (left_out(dropped, width, "--format text has all"),) if dropped else ()


def _conventions(judgements: list[Judgement]) -> Iterable[tuple[str, str]]:
    """State the conventions of several tables, each under its name."""
    for judgement in judgements:
        for name, text in judgement.conventions:
            yield (f"{judgement.name}, {name}" if len(judgements) > 1 else name), text


def _number(number: int) -> str:
    return f"{number:,}"

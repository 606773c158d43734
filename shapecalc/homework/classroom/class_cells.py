"""The part of a class report about the sheet: every mistake, and every cell."""

from __future__ import annotations

from fractions import Fraction
from math import sqrt
from typing import TYPE_CHECKING

from shapecalc.homework.assignment.quantities import QUANTITIES
from shapecalc.homework.classroom.pages import clean
from shapecalc.homework.diagnosis.misconceptions import CATALOGUE
from shapecalc.output.document import Cell, Grid, Prose

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from shapecalc.homework.classroom.agreement import At
    from shapecalc.homework.classroom.statistics import Item, MistakeCount, Statistics
    from shapecalc.homework.diagnosis.model import Verdict
    from shapecalc.output.document import Block

#: Less discrimination than this is remarked on, but not where nearly all are right.
LOW, EASY = 0.2, Fraction(95, 100)

_COUNTED: tuple[tuple[str, tuple[Verdict, ...]], ...] = (
    ("right", ("right", "right_other_notation")),
    ("from own values", ("right_follow_through",)),
    ("other convention", ("right_other_convention",)),
    ("known mistake", ("misconception",)),
    ("wrong", ("wrong",)),
    ("not readable", ("unreadable",)),
    ("blank", ("blank",)),
)


def mistakes(numbers: Statistics, graded: int) -> Iterator[Block]:
    """Yield what went wrong: mistakes by students, and layers by mistakes."""
    if numbers.mistakes:
        caption = "Known mistakes, those of most students first"
        yield _counted(caption, "mistake", numbers.mistakes, graded)
    for column, items in _by_column(numbers.items).items():
        yield from _map(column, items)


def conventions(numbers: Statistics, graded: int) -> Iterator[Block]:
    """Yield which conventions other than the sheet's students have kept to."""
    if numbers.conventions:
        caption = "Other conventions, those of most students first; these are no mistakes"
        yield _counted(caption, "convention", numbers.conventions, graded)


def _counted(caption: str, kind: str, counts: Sequence[MistakeCount], graded: int) -> Grid:
    """Lay out in how many students and cells mistakes or conventions are."""
    rows = tuple(
        (
            Cell(mistake.id),
            Cell(CATALOGUE[mistake.id].name),
            Cell(f"{mistake.students:,}", heat=sqrt(mistake.students / graded)),
            Cell(percent(Fraction(mistake.students, graded))),
            Cell(f"{mistake.cells:,}"),
            Cell(f"{mistake.certain:,}"),
        )
        for mistake in counts
    )
    header = ("id", kind, "students", "share", "cells", "certain")
    return Grid(header, rows, (False, False, True, True, True, True), caption)


def _map(column: str, items: Sequence[Item]) -> Iterator[Block]:
    """Yield layers by mistakes, for one column."""
    ids = sorted({name for item in items for name in item.misconceptions}, key=_order)
    if not ids:
        return
    rows = []
    for item in items:
        if not item.misconceptions:
            continue
        counts = [item.misconceptions[name] for name in ids]
        cells = [
            Cell(f"{count:,}", heat=sqrt(count / item.students)) if count else Cell("")
            for count in counts
        ]
        rows.append((Cell(clean(item.at[0])), *cells))
    title = QUANTITIES[column].title
    meanings = "; ".join(f"{name}: {CATALOGUE[name].name}" for name in ids)
    caption = f"Mistakes in {title}: students by layer, layers without any left out"
    yield Grid(("layer", *ids), tuple(rows), (False, *[True] * len(ids)), caption)
    yield Prose(f"{meanings}.", "remarks")


def _order(name: str) -> int:
    return list(CATALOGUE).index(name)


def _by_column(items: Iterable[Item]) -> dict[str, list[Item]]:
    columns: dict[str, list[Item]] = {}
    for item in items:
        columns.setdefault(item.at[1], []).append(item)
    return {column: columns[column] for column in QUANTITIES if column in columns}


def cells(numbers: Statistics) -> Iterator[Block]:
    """Yield how many are right in every cell, as a map and with all counts."""
    if not numbers.items:
        return
    by = {item.at: item for item in numbers.items}
    columns = list(_by_column(numbers.items))
    rows = []
    for layer in dict.fromkeys(at[0] for at in by):
        shares = [_share(by.get((layer, column))) for column in columns]
        rows.append((Cell(clean(layer)), *shares))
    titles = [QUANTITIES[column].title for column in columns]
    caption = "Students who are right, in any way; the stronger the colour, the fewer"
    yield Grid(("layer", *titles), tuple(rows), (False, *[True] * len(titles)), caption)
    header = ("layer", "column", "share right", "discrimination", *(label for label, _ in _COUNTED))
    right = (False, False, *[True] * (len(header) - 2))
    rows = [_item(item) for item in numbers.items]
    yield Grid(header, tuple(rows), right, "Every cell: how many are right, and what became of it")


def _share(item: Item | None) -> Cell:
    if item is None:
        return Cell("")
    counted = f"{item.right:,} of {item.students:,}"
    return Cell(percent(item.share), (counted,), heat=float(1 - item.share))


def _item(item: Item) -> tuple[Cell, ...]:
    r = item.discrimination
    below: tuple[str, ...] = ()
    if r is not None and r < LOW and item.share <= EASY:
        below = ("against the rest",) if r < 0 else ("low",)
    shown = "\N{EN DASH}" if r is None else f"{r:.2f}".replace("-", "\N{MINUS SIGN}")
    counts = [sum(item.verdicts[verdict] for verdict in verdicts) for _, verdicts in _COUNTED]
    return (
        Cell(clean(item.at[0])),
        Cell(QUANTITIES[item.at[1]].title),
        Cell(percent(item.share)),
        Cell(shown, below, "bad" if below else ""),
        *(Cell(f"{count:,}" if count else "") for count in counts),
    )


def percent(share: Fraction) -> str:
    """Write a share in whole percents; only all are 100% and only none 0%.

    >>> percent(Fraction(2, 3)), percent(Fraction(999, 1000)), percent(Fraction(1, 1000))
    ('67%', '>99%', '<1%')
    """
    rounded = round(100 * share)
    if rounded == 100 and share < 1:
        return ">99%"
    return "<1%" if rounded == 0 and share > 0 else f"{rounded}%"


def cell_name(at: At) -> str:
    """Name a cell."""
    return f"{clean(at[0])}, {QUANTITIES[at[1]].title}"

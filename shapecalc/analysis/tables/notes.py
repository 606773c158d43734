"""Pieces of the tables of comparisons: heads, texts, and the notes with the accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.analysis.tables.quantities import QUANTITIES
from shapecalc.output.cells import superscript
from shapecalc.output.table import Head
from shapecalc.text.safe import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapecalc.analysis.tables.model import CellResult, Judgement


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
    return tuple(marks), tuple(map(printable, notes))


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
    return tuple(printable(text) for text in parts if text)

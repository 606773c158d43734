"""Rows of layers that are alike: what is written of one holds for all of them.

In a long network most layers are: the same fields, and the same volumes that flow in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from shapecalc.text import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from shapecalc.output.view import Column, View
    from shapecalc.report import Row, Totals

T = TypeVar("T")

#: So many different rows are remembered, so that a network of a kind of its own each costs no
#: more memory for it.
REMEMBERED = 4096


class Kinds(NamedTuple):
    """Rows sorted into kinds: the first row of every kind, and the number of every row's kind."""

    firsts: list[Row]
    numbers: list[int]


def kinds_of(rows: Iterable[Row]) -> Kinds:
    """Put rows that are alike into one kind.

    Alike are rows of one layer object for the same inputs, whose arrays are their own or another's
    alike; where they stand, and what they see of the input, may differ.
    """
    return _sorted_by(_alike_by, rows)


def seeing_alike(rows: Iterable[Row]) -> Kinds:
    """Put rows into one kind that see the same: a layer without a window sees as the one before."""
    return _sorted_by(lambda row: id(row.field), rows)


def _alike_by(row: Row) -> object:
    """Return what rows that are alike have in common; None: a level is like no other."""
    if row.layer is None:
        return None
    arrays = row.weights, row.biases, row.buffers, row.frozen
    return id(row.layer), id(row.inputs), arrays  # rows that are alike share their inputs


def _sorted_by(key: Callable[[Row], object], rows: Iterable[Row]) -> Kinds:
    kinds = Kinds([], [])
    known: dict[object, int] = {}
    for row in rows:
        number = new = len(kinds.firsts)
        common = key(row)
        if common is not None:
            number = known.setdefault(common, new)
        if number == new:
            kinds.firsts.append(row)
            if len(known) > REMEMBERED:
                known.clear()
        kinds.numbers.append(number)
    return kinds


def lines(
    rows: Sequence[Row],
    columns: Sequence[Column],
    totals: Totals,
    view: View,
    write: Callable[[Column, object], T],
) -> Iterator[list[T]]:
    """Yield the cells of every row, as `write` makes them of a column's value."""
    placed = [(at, column) for at, column in enumerate(columns) if column.placed == "row"]
    seeing = [(at, column) for at, column in enumerate(columns) if column.placed == "field"]

    def cell(column: Column, row: Row) -> T:
        return write(column, column.of_row(row, view, totals))

    numbers = kinds_of(rows).numbers
    known: dict[int, list[T]] = {}
    before, seen = None, dict[int, T]()
    for row, kind in zip(rows, numbers, strict=True):
        if before is None or row.field is not before.field:
            seen = {at: cell(column, row) for at, column in seeing}
        before = row
        line = known.get(kind)
        if line is None:
            line = [seen[at] if at in seen else cell(c, row) for at, c in enumerate(columns)]
            if len(known) > REMEMBERED:
                known.clear()
            known[kind] = line
        else:
            line = line.copy()
            for at, column in placed:
                line[at] = cell(column, row)
            for at, text in seen.items():
                line[at] = text
        yield line

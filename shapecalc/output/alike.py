"""Rows of layers that are alike: what is written of one holds for all of them.

In a long network most layers are: the same fields, and the same volumes that flow in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from shapecalc.output.view import Column, View
    from shapecalc.report import Row, Totals

T = TypeVar("T")

#: So many different rows are remembered, so that a network of a kind of its own each costs no
#: more memory for it.
REMEMBERED = 4096


def firsts(rows: Iterable[Row]) -> list[int]:
    """Return for every row the index of a row before it that is alike, or its own.

    Alike are rows of one layer object for the same inputs, whose arrays are their own or another's
    alike; where they stand, and what they see of the input, may differ.
    """
    alike = []
    known: dict[tuple[object, ...], int] = {}
    for index, row in enumerate(rows):
        if row.layer is None:  # a level is like no other
            alike.append(index)
            continue
        arrays = row.weights, row.biases, row.buffers, row.frozen
        alike.append(known.setdefault((id(row.layer), row.inputs, arrays), index))
        if len(known) > REMEMBERED:
            known.clear()
    return alike


def once(alike: Sequence[int], make: Callable[[int], T]) -> list[T]:
    """Make something of every row, by its index; of rows that are alike once."""
    made: list[T] = []
    for index, first in enumerate(alike):
        made.append(make(index) if first == index else made[first])
    return made


def lines(
    rows: Sequence[Row],
    columns: Sequence[Column],
    totals: Totals,
    view: View,
    write: Callable[[Column, object], T],
) -> Iterator[list[T]]:
    """Yield the cells of every row, as `write` makes them of a column's value."""
    placed = [(at, column) for at, column in enumerate(columns) if column.placed]
    known: dict[int, list[T]] = {}
    for row, first in zip(rows, firsts(rows), strict=True):
        line = known.get(first)
        if line is None:
            line = [write(column, column.of_row(row, view, totals)) for column in columns]
            if len(known) > REMEMBERED:
                known.clear()
            known[first] = line
            yield line
            continue
        line = line.copy()
        for at, column in placed:
            line[at] = write(column, column.of_row(row, view, totals))
        yield line

"""Rows of layers that are alike: what is written of one holds for all of them.

In a long network most layers are: the same fields, and the same volumes that flow in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

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
    kinds = Kinds([], [])
    known: dict[tuple[object, ...], int] = {}
    for row in rows:
        number = new = len(kinds.firsts)
        if row.layer is not None:  # a level is like no other
            arrays = row.weights, row.biases, row.buffers, row.frozen
            number = known.setdefault((id(row.layer), row.inputs, arrays), new)
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
    placed = [(at, column) for at, column in enumerate(columns) if column.placed]
    numbers = kinds_of(rows).numbers
    known: dict[int, list[T]] = {}
    for row, kind in zip(rows, numbers, strict=True):
        line = known.get(kind)
        if line is None:
            line = [write(column, column.of_row(row, view, totals)) for column in columns]
            if len(known) > REMEMBERED:
                known.clear()
            known[kind] = line
            yield line
            continue
        line = line.copy()
        for at, column in placed:
            line[at] = write(column, column.of_row(row, view, totals))
        yield line

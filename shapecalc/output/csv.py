"""Comma-separated values: one header row of machine names, then lines of plain values."""

from __future__ import annotations

import csv
from functools import lru_cache
from io import StringIO
from itertools import chain, islice
from typing import TYPE_CHECKING

from shapecalc.text.safe import csv_safe

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shapecalc.output.records import Records

#: So many lines are written at once.
LINES = 2000
#: Ends a row until the writer is done: it puts quotes around what holds a sign of it, and many
#: readers take a carriage return alone for the end of a row.
_END = "\0\r\n"


class Plain(str):
    """A text that is written as it is, since it is no stranger's: a mark, an expression."""

    __slots__ = ()


def to_csv(records: Records) -> Iterator[str]:
    """Write the lines under their columns' names, without totals: sums would add them.

    None is an empty cell.  A text that a spreadsheet would read as a formula gets a `'` before it.
    """
    return written(chain([records.columns], records.cells()))


def written(
    rows: Iterable[Iterable[object]], delimiter: str = ",", ending: str = "\n"
) -> Iterator[str]:
    r"""Write rows, many at a time, each line ended so.

    >>> "".join(written([("name", "n"), ("=1+1", 2), (Plain("-"), None)]))
    "name,n\n'=1+1,2\n-,\n"
    """
    rows = iter(rows)
    while part := list(islice(rows, LINES)):
        target = StringIO(newline="")
        csv.writer(target, delimiter=delimiter, lineterminator=_END).writerows(
            [value if type(value) is int else cell(value) for value in row] for row in part
        )
        yield target.getvalue().replace(_END, ending)


#: Most texts of a long table recur.
_safe = lru_cache(4096)(csv_safe)


def cell(value: object) -> object:
    """Return a value as its cell holds it."""
    if type(value) is str:
        return _safe(value)
    if isinstance(value, str):
        return value if isinstance(value, Plain) else csv_safe(value)
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else value

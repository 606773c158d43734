"""Records: a result for programs, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence


class Rows:
    """A list that stands in a document with a line an entry; `hollow` is what it holds empty.

    The entries may be made while they are written, so that their number takes no memory.
    """

    __slots__ = ("entries", "hollow")

    def __init__(self, entries: Iterable[object], hollow: str = "\n") -> None:
        self.entries = entries
        self.hollow = hollow


class Records:
    """A result as plain values: a document of rows with what holds for all, and lines of cells.

    As a document (JSON) it is `schema` (its name and version: a field that changes its meaning
    makes a new version), `head`, then `rows` under the name `key`, then `tail`, which is made when
    the rows are through.  Without a key it is the head alone.  As lines (CSV) it is `columns`, and
    `lines` of as many cells; without them the rows, or their values of these names.  Rows and lines
    are made when they are asked for, once.  A `dense` document keeps what is no row in one line, an
    `ascii` one escapes all other letters.
    """

    def __init__(
        self,
        schema: str,
        head: Callable[[], Mapping[str, Any]] = dict,
        key: str = "",
        rows: Iterable[Any] = (),
        tail: Callable[[], Mapping[str, Any]] = dict,
        columns: Sequence[str] = (),
        lines: Iterable[Sequence[object]] | None = None,
        *,
        dense: bool = False,
        ascii: bool = False,  # noqa: A002  (the word of `json`)
    ) -> None:
        self.schema = schema
        self.head = head
        self.key = key
        self.rows = rows
        self.tail = tail
        self.columns = columns
        self.lines = lines
        self.dense = dense
        self.ascii = ascii

    def cells(self) -> Iterable[Sequence[object]]:
        """Return the lines, a cell a column."""
        return (self._line(row) for row in self.rows) if self.lines is None else self.lines

    def _line(self, row: Any) -> Sequence[object]:  # noqa: ANN401
        return [row[name] for name in self.columns] if isinstance(row, Mapping) else row

    def dicts(self) -> list[dict[str, Any]]:
        """Return the rows as a data frame takes them; the lines, where rows are no flat records."""
        rows = list(self.rows)
        if rows and all(isinstance(row, Mapping) and not _nested(row) for row in rows):
            return [dict(row) for row in rows]
        lines = map(self._line, rows) if self.lines is None else self.lines
        return [dict(zip(self.columns, line, strict=True)) for line in lines]


def _nested(row: Mapping[str, object]) -> bool:
    return any(isinstance(value, Rows) for value in row.values())

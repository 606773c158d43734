"""JSON for programs: a document whose rows stand a line each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from itertools import chain, islice
from typing import TYPE_CHECKING

from shapecalc.output.cells import machine_text
from shapecalc.output.records import Rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shapecalc.output.records import Records

#: So many parts are written at once.
PARTS = 4000


def to_json(records: Records) -> Iterator[str]:
    """Write the document; without rows it is a tree, a value a line.

    None is not applicable, the text `unknown` what no rule could compute.
    """
    head = {"schema": records.schema, **records.head()}
    if not records.key:
        yield dump(head, 2, ascii=records.ascii) + "\n"
        return
    members = chain(head.items(), [(records.key, Rows(records.rows))], _late(records))
    write = _Writer(dense=records.dense, ascii=records.ascii)
    yield from _joined(write.members(members, ""))
    yield "\n"


def _late(records: Records) -> Iterator[tuple[str, object]]:
    yield from records.tail().items()


class _Writer:
    """How the members of a document stand: a line each, or where it is dense one behind another."""

    def __init__(self, *, dense: bool, ascii: bool) -> None:  # noqa: A002  (as `json` has it)
        self.dense = dense
        self.ascii = ascii

    def members(self, members: Iterable[tuple[str, object]], margin: str) -> Iterator[str]:
        """Yield the parts of an object whose brace closes at a margin."""
        inner = margin if self.dense else f"{margin}  "
        before = "{" if self.dense else f"{{\n{inner}"
        for key, value in members:
            yield f"{before}{self.plain(key)}: "
            if isinstance(value, Rows):
                yield from self.rows(value, inner)
            else:
                yield self.plain(value)
            before = ", " if self.dense else f",\n{inner}"
        yield "}" if self.dense else f"\n{margin}}}"

    def rows(self, rows: Rows, margin: str) -> Iterator[str]:
        """Yield the parts of a list whose bracket closes at a margin."""
        inner = f"{margin}  "
        before = "["
        for row in rows.entries:
            yield f"{before}\n{inner}"
            if isinstance(row, Mapping) and any(isinstance(value, Rows) for value in row.values()):
                yield from self.members(row.items(), inner)
            else:
                yield self.plain(row)
            before = ","
        yield f"\n{margin}]" if before == "," else f"[{rows.hollow}\n{margin}]"

    def plain(self, value: object) -> str:
        """Return a value in a line."""
        return dump(value, ascii=self.ascii)


def _joined(parts: Iterator[str]) -> Iterator[str]:
    """Put parts together, many at a time."""
    while text := "".join(islice(parts, PARTS)):
        yield text


def dump(value: object, indent: int | None = None, *, ascii: bool = False) -> str:  # noqa: A002
    """Write a value in one line, or indented in several; an expression as the language has it."""
    if not ascii:
        text = _encoder(indent, ascii=False).encode(value)
        if text.replace("\n", "").isprintable():  # a terminal would obey it
            return text
    return _encoder(indent, ascii=True).encode(value)


@lru_cache
def _encoder(indent: int | None, *, ascii: bool) -> json.JSONEncoder:  # noqa: A002
    """Return what writes values: a long table has a hundred thousand."""
    return json.JSONEncoder(ensure_ascii=ascii, indent=indent, default=machine_text)

"""Texts and places in them."""

from __future__ import annotations

import re
from typing import NamedTuple

#: What ends a line, as the YAML parser counts lines.
BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")


class Source(NamedTuple):
    """A text with the name that messages give it (a path, `<stdin>`, `--set k=...`)."""

    name: str
    text: str

    def line(self, number: int) -> str:
        """Return line `number`, counted from 0, without its end."""
        lines = BREAK.split(self.text, number + 1)
        return lines[number] if number < len(lines) else ""


class Span(NamedTuple):
    """A stretch of a text.  Lines and columns count from 0; the end is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


class Origin(NamedTuple):
    """Where something was written: a source and, when there is one, the stretch of text."""

    source: Source
    span: Span | None = None

    @classmethod
    def of_file(cls, name: str) -> Origin:
        """Return a whole file as the place, or what was given on a command line."""
        return cls(Source(name, ""))

    def __str__(self) -> str:
        """Give the place as editors and terminals link it: ``alexnet.yaml:12:5``."""
        if self.span is None:
            return self.source.name
        return f"{self.source.name}:{self.span.line + 1}:{self.span.column + 1}"

"""What is wrong with a file of another program, said in one way by all readers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shapecalc.errors import SpecErrors, refuse
from shapecalc.text import Origin, Source, Span

if TYPE_CHECKING:
    from mmap import mmap

#: A network's description holds no weights: a longer text is none.
MAX_TEXT = 8 * 2**20


def unreadable(name: str, message: str, hint: str = "", rule: str = "") -> SpecErrors:
    """Return what is wrong with a file, to be raised."""
    return refuse("E009", message, Origin.of_file(name), hint, rule)


def text_of(name: str, data: bytes | mmap) -> Source:
    """Return a file as text.  Raises `SpecErrors` for too much of it, or for another encoding."""
    if len(data) > MAX_TEXT:
        message = f"the file holds more than {MAX_TEXT // 2**20} MiB"
        hint = "give the file that describes the layers, without weights"
        raise refuse("E005", message, Origin.of_file(name), hint)
    try:
        return Source(name, data[:].decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        message = f"the file is not UTF-8 text: byte {error.start}, in line {line}"
        raise refuse("E004", message, Origin.of_file(name), "save it as UTF-8") from None


def line_of(source: Source, offset: int) -> Origin:
    """Return the place of a character of a text: from there to the end of its line."""
    before = source.text[:offset]
    begin = before.rfind("\n") + 1
    end = re.compile(r"[^\r\n]*").match(source.text, offset)
    assert end is not None
    line, column = before.count("\n"), offset - begin
    return Origin(source, Span(line, column, line, column + max(1, len(end[0].rstrip()))))

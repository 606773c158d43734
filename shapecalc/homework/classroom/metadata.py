"""Gradescope's own list of what was handed in: who, and when.

The export has folders `submission_123` beside a file `submission_metadata.yml`.  Only the lines
that are needed are read, by their indentation: the file holds outputs of programs as well.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.homework.assignment.deadline import read_time

if TYPE_CHECKING:
    from datetime import datetime

#: The file's name, and so much of it is read.
FILE = re.compile(r"submission_metadata\.ya?ml")
MAX_BYTES = 32 * 2**20

_FOLDER = re.compile(r"['\"]?(submission_\d{1,12})['\"]?:\s*")
_FIELD = re.compile(r"( {0,4})(- )?:?(name|sid|email|created_at|submitters):\s*(.*)")


class Entry(NamedTuple):
    """A submission: the words for its students, a tuple each, and when it was made."""

    students: tuple[tuple[str, ...], ...] = ()
    time: datetime | None = None


def read_metadata(text: str) -> dict[str, Entry]:
    r"""Return the submissions by folder.

    >>> text = "submission_7:\n  :submitters:\n  - :name: Ann Lee\n    :sid: s1\n"
    >>> read_metadata(text)["submission_7"].students
    (('Ann Lee', 's1'),)
    """
    found: dict[str, Entry] = {}
    folder, people, inside = "", list[list[str]](), False
    time: datetime | None = None
    for line in [*text.splitlines(), "submission_0:"]:
        if match := _FOLDER.fullmatch(line):
            if folder:
                found[folder] = Entry(tuple(tuple(each) for each in people if each), time)
            folder, people, inside, time = match[1], [], False, None
        elif match := _FIELD.match(line):
            indent, dash, field, raw = match.groups()
            value = _bare(raw)
            if field == "submitters":
                inside = True
            elif field == "created_at" and len(indent) <= 2 and not dash:
                time, inside = read_time(value), False
            elif inside and field in ("name", "sid", "email"):
                if dash or not people:
                    people.append([])
                if value:
                    people[-1].append(value)
        elif re.match(r" {2}:?\w+:", line):
            inside = False
    return found


def _bare(text: str) -> str:
    """Take the quotes off a value."""
    text = text.strip()
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "'\""
    return text[1:-1].strip() if quoted else text

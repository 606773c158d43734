"""Who handed in what, and when: a table of times, and Gradescope's own list."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.homework.answers.files import decode
from shapecalc.homework.answers.model import refuse_file
from shapecalc.homework.assignment.deadline import LIKE, read_time
from shapecalc.homework.classroom.roster import (
    EMAIL_WORDS,
    ID_WORDS,
    MAX_BYTES,
    plain_heading,
    table_rows,
)
from shapecalc.text.files import fold

if TYPE_CHECKING:
    from datetime import datetime, timezone

#: Headings of the column with the times.
TIME_WORDS = (
    "submitted", "submitted at", "submission time", "time", "time submitted", "timestamp",
    "handed in",
)  # fmt: skip


def load_times(path: str, zone: timezone) -> dict[str, datetime]:
    """Read a table of times, by whatever names the student or the file: words folded.

    A student's latest time counts.  Raises `SpecErrors` (E001, E703, E713).
    """
    try:
        with open(path, "rb") as file:  # noqa: PTH123  (as for answers)
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        message = f"the times in '{path}' cannot be read: {error.strerror or error}"
        hint = "a table of times is a CSV file with the columns id, submitted"
        raise refuse_file("E001", message, path, hint) from None
    return read_times(data, path, zone)


def read_times(data: bytes, name: str, zone: timezone) -> dict[str, datetime]:
    """Read a table of times from bytes."""
    text, _ = decode(data, name, most=MAX_BYTES)
    named = (*ID_WORDS, *EMAIL_WORDS, "file", "student")
    rows = table_rows(text, name, {*named, *TIME_WORDS})
    header = [plain_heading(cell) for cell in rows[0][1]] if rows else []
    columns = [at for at, word in enumerate(header) if word in named]
    at = next((at for at, word in enumerate(header) if word in TIME_WORDS), None)
    if not columns or at is None:
        hint = "the first row names the columns: id,submitted"
        raise refuse_file("E713", "no row of the table of times names its columns", name, hint)
    times: dict[str, datetime] = {}
    for line, row in rows[1:]:
        written = row[at].strip() if at < len(row) else ""
        if not written:
            continue
        time = read_time(written, zone)
        if time is None:
            raise refuse_file("E713", f"line {line}: '{written[:60]}' is no time", name, LIKE)
        for column in columns:
            if column < len(row) and (word := fold(row[column])):
                times[word] = max(time, times.get(word, time))
    return times


#: Gradescope's file, and so much of it is read.
METADATA_FILE = re.compile(r"submission_metadata\.ya?ml")
MAX_METADATA = 32 * 2**20

_FOLDER = re.compile(r"['\"]?(submission_\d{1,12})['\"]?:\s*")
_FIELD = re.compile(r"( {0,4})(- )?:?(name|sid|email|created_at|submitters):\s*(.*)")


class Submitted(NamedTuple):
    """A submission: the words for its students, a tuple each, and when it was made."""

    students: tuple[tuple[str, ...], ...] = ()
    time: datetime | None = None


def read_metadata(text: str) -> dict[str, Submitted]:
    r"""Return the submissions of Gradescope's list, by folder.

    Its export has folders `submission_123` beside a file `submission_metadata.yml`.  Only the lines
    that are needed are read, by their indentation: the file holds outputs of programs as well.

    >>> text = "submission_7:\n  :submitters:\n  - :name: Ann Lee\n    :sid: s1\n"
    >>> read_metadata(text)["submission_7"].students
    (('Ann Lee', 's1'),)
    """
    submissions: dict[str, Submitted] = {}
    folder, people, inside = "", list[list[str]](), False
    time: datetime | None = None
    for line in [*text.splitlines(), "submission_0:"]:
        if match := _FOLDER.fullmatch(line):
            if folder:
                submissions[folder] = Submitted(
                    tuple(tuple(words) for words in people if words), time
                )
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
    return submissions


def _bare(text: str) -> str:
    """Take the quotes off a value."""
    text = text.strip()
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "'\""
    return text[1:-1].strip() if quoted else text

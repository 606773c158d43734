"""When things were handed in: from a table of times that a platform exports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.homework.answers.answers import refuse_file
from shapecalc.homework.answers.decode import decode
from shapecalc.homework.assignment.deadline import LIKE, read_time
from shapecalc.homework.classroom.roster import (
    EMAIL_WORDS,
    ID_WORDS,
    MAX_BYTES,
    plain_heading,
    table_rows,
)
from shapecalc.text.names import fold

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
    found: dict[str, datetime] = {}
    for line, row in rows[1:]:
        written = row[at].strip() if at < len(row) else ""
        if not written:
            continue
        time = read_time(written, zone)
        if time is None:
            raise refuse_file("E713", f"line {line}: '{written[:60]}' is no time", name, LIKE)
        for column in columns:
            if column < len(row) and (word := fold(row[column])):
                found[word] = max(time, found.get(word, time))
    return found

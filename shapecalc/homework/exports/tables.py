"""Tables of platforms, read to be handed back: every row and every other cell stays as it is."""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.homework.answers import refuse_file
from shapecalc.homework.assignment.notation import marks_text
from shapecalc.homework.classroom import standing
from shapecalc.homework.languages import figures, say, say_counted
from shapecalc.output.csv import Plain, written
from shapecalc.spec.find import read_bytes
from shapecalc.text.safe import one_line
from shapecalc.text.words import capital, sentence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from shapecalc.homework.classroom import Graded

#: A gradebook of 5,000 students and 100 columns takes a few MiB.
MAX_BYTES = 32 * 2**20
#: So many names are told of each kind.
_SHOWN = 50


class PlatformTable(NamedTuple):
    """A table: its cells, and how its file was written."""

    name: str
    rows: tuple[tuple[str, ...], ...]
    delimiter: str
    mark: str
    ending: str


def load_table(path: str, hint: str) -> PlatformTable:
    """Read a table from a file; `hint` says where one comes from.  Raises `SpecErrors` (E741)."""
    try:
        data = read_bytes(path, MAX_BYTES)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise refuse_file("E741", f"'{path}' cannot be read: {reason}", path, hint) from None
    return read_table(data, path, hint)


def read_table(data: bytes, name: str, hint: str) -> PlatformTable:
    """Read a table.  Raises `SpecErrors` (E741) for anything else."""
    if len(data) > MAX_BYTES:
        raise refuse_file("E741", f"the file holds more than {MAX_BYTES // 2**20} MiB", name, hint)
    mark = "\ufeff" if data.startswith(b"\xef\xbb\xbf") else ""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise refuse_file("E741", "the file is not UTF-8 text", name, hint) from None
    first = text[:10_000].splitlines()[:3]
    semicolons = sum(line.count(";") for line in first)
    delimiter = ";" if semicolons > sum(line.count(",") for line in first) else ","
    try:
        rows = list(csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        message = f"the table cannot be read: {error}"
        raise refuse_file("E741", message, name, hint) from None
    ending = "\r\n" if "\r\n" in text else "\n"
    return PlatformTable(name, tuple(map(tuple, rows)), delimiter, mark, ending)


def csv_text(rows: Iterable[Sequence[str]], delimiter: str = ",", ending: str = "\n") -> str:
    """Write rows, each line ended so.

    The writer quotes what holds a character of its line's end, so that end is always both.
    """
    lines = ("".join(written([map(Plain, row)], delimiter, "\r\n")) for row in rows)
    return "".join(line.removesuffix("\r\n") + ending for line in lines)


def mark_of(graded: Graded, missing: str) -> str:
    """Return what stands in a column of marks; nothing where nothing could be graded."""
    counts = graded.status == "graded" or (graded.status == "missing" and missing == "zero")
    return marks_text(graded.marks) if counts else ""


def sentence_of(graded: Graded) -> str:
    """Say to a student how a class's marks came about."""
    if graded.status == "missing":
        return standing(graded)
    if graded.status == "unreadable":
        reasons = capital(sentence(one_line("; ".join(graded.notes))))
        return f"{standing(graded)} {reasons}".strip()
    text = say(
        "{earned} of {out_of} marks.",
        earned=figures(marks_text(graded.earned)),
        out_of=figures(marks_text(graded.out_of)),
    )
    if not graded.late:
        return text
    late = say_counted(
        "Late by {count} hour, so {marks} count.",
        "Late by {count} hours, so {marks} count.",
        graded.late,
        marks=figures(marks_text(graded.marks)),
    )
    return f"{text} {late}"


def paired(places: dict[str, list[int]]) -> tuple[dict[str, int], list[str]]:
    """Give every student the one row that is theirs alone; return who has several, or shares one.

    `places` are the rows that a student's id may be.
    """
    taken: dict[int, int] = {}
    for rows in places.values():
        for at in rows:
            taken[at] = taken.get(at, 0) + 1
    pairs = {who: rows[0] for who, rows in places.items() if len(rows) == 1 == taken[rows[0]]}
    return pairs, [who for who, rows in places.items() if rows and who not in pairs]


def left_out(what: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield a line for every kind of persons that were left out, if there are any."""
    for kind, persons in what.items():
        if persons:
            more = f" and {len(persons) - _SHOWN} more" if len(persons) > _SHOWN else ""
            yield f"{kind}: {'; '.join(one_line(person) for person in persons[:_SHOWN])}{more}"

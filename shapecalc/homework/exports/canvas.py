"""Canvas' own export of a gradebook: its rows and columns, and where the parts of it are."""

from __future__ import annotations

import csv
import re
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.errors import did_you_mean
from shapecalc.homework.answers.answers import refuse_file
from shapecalc.text.safe import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

#: A gradebook of 5,000 students and 100 columns takes a few MiB.
MAX_BYTES = 32 * 2**20

#: The columns that are of one person only, as Canvas names them: its own id first.
IDS = ("id", "sis user id", "sis login id", "integration id")
_NAMES = ("student", "lastname", "firstname", "last name", "first name")
#: All columns that say who a row is of.
IDENTITY = (*_NAMES, *IDS, "root account", "section")
_POINTS = "points possible"
_HINT = "export the gradebook in Canvas (Grades, Export), and leave it as it is"


class Gradebook(NamedTuple):
    """A gradebook: its cells, how its file was written, and where its parts are.

    `header` is the row with the names of the columns, `points` that of the points possible.
    """

    name: str
    rows: tuple[tuple[str, ...], ...]
    delimiter: str
    mark: str
    ending: str
    header: int
    points: int

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns."""
        return self.rows[self.header]

    def students(self) -> Iterator[int]:
        """Yield the rows of students, by their numbers."""
        yield from (at for at in range(self.points + 1, len(self.rows)) if any(self.rows[at]))

    def at(self, row: int, column: str) -> str:
        """Return a cell by its column's name in small letters, without blanks around it."""
        names = [name.strip().casefold() for name in self.columns]
        place = names.index(column) if column in names else -1
        return self.rows[row][place].strip() if 0 <= place < len(self.rows[row]) else ""


def load_gradebook(path: str) -> Gradebook:
    """Read Canvas' export from a file.  Raises `SpecErrors` (E741)."""
    try:
        with Path(path).open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise refuse_file("E741", f"'{path}' cannot be read: {reason}", path, _HINT) from None
    return read_gradebook(data, path)


def read_gradebook(data: bytes, name: str) -> Gradebook:
    """Read Canvas' export.  Raises `SpecErrors` (E741) for anything else."""
    if len(data) > MAX_BYTES:
        raise refuse_file("E741", f"the file holds more than {MAX_BYTES // 2**20} MiB", name, _HINT)
    mark = "\ufeff" if data.startswith(b"\xef\xbb\xbf") else ""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise refuse_file("E741", "the file is not UTF-8 text", name, _HINT) from None
    first = text[:10_000].splitlines()[:3]
    semicolons = sum(line.count(";") for line in first)
    delimiter = ";" if semicolons > sum(line.count(",") for line in first) else ","
    try:
        rows = list(csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        message = f"the table cannot be read: {error}"
        raise refuse_file("E741", message, name, _HINT) from None
    cells = tuple(map(tuple, rows))
    header, points = _places(cells, name)
    ending = "\r\n" if "\r\n" in text else "\n"
    return Gradebook(name, cells, delimiter, mark, ending, header, points)


def _places(rows: tuple[tuple[str, ...], ...], name: str) -> tuple[int, int]:
    """Find the header and the row of the points possible, as Canvas' importer does."""
    names = [cell.strip().casefold() for cell in rows[0]] if rows else []
    headed = len(names) > 3 and "section" in names and "id" in names
    if not headed or names[0] not in ("student", "lastname", "last name"):
        message = "the first row does not begin with Student, ID, ..., Section"
        raise refuse_file("E741", message, name, _HINT)
    for at, row in enumerate(rows[1:4], 1):
        if row and row[0].strip().casefold() == _POINTS:
            return 0, at
    raise refuse_file("E741", "no row below the header holds the points possible", name, _HINT)


def assignment_column(book: Gradebook, assignment: str) -> int:
    """Find the column of an assignment: by its whole name, its id, or its title where it is one's.

    Raises `SpecErrors` (E742).
    """
    wanted = assignment.strip()
    columns = [name.strip() for name in book.columns]
    asked = [name for name in columns if re.fullmatch(r".*\(\d+\)", name, re.DOTALL)]
    exact = [at for at, name in enumerate(columns) if name == wanted and name in asked]
    by_id = [at for at, name in enumerate(columns) if name in asked and name.endswith(wanted)]
    by_id = by_id if re.fullmatch(r"\(\d+\)", wanted) else []
    title = [
        at for at, name in enumerate(columns) if name in asked and _title(name) == wanted.casefold()
    ]
    for found in (exact, by_id, title):
        if len(found) == 1:
            return found[0]
        if found:
            message = f"{len(found)} columns are '{printable(wanted)}'"
            hint = "name it with its id, as the header has it"
            raise refuse_file("E742", message, book.name, hint)
    hint = did_you_mean(wanted, asked)
    if not hint:
        shown = ", ".join(printable(name) for name in asked[:4])
        hint = f"the assignments are {shown}" if asked else "make the assignment in Canvas first"
    raise refuse_file("E742", f"no column is '{printable(wanted)}'", book.name, hint)


def _title(name: str) -> str:
    return name.rpartition("(")[0].strip().casefold()

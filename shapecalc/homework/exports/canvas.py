"""Canvas' gradebook with one assignment filled in, made from Canvas' own export of it.

Every row and column stays as it is.  Canvas matches students by its own ids, so none is invented:
who of the class is in no row, and which rows are nobody's, is told.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple, NoReturn
from unicodedata import normalize

from shapecalc.homework.answers import refuse_file
from shapecalc.homework.assignment.notation import marks_text
from shapecalc.homework.exports.tables import (
    csv_text,
    left_out,
    load_table,
    mark_of,
    paired,
    read_table,
)
from shapecalc.text.safe import csv_safe, one_line
from shapecalc.text.words import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.homework.classroom import Classroom, Graded, Student
    from shapecalc.homework.exports.tables import PlatformTable

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
    return _gradebook(load_table(path, _HINT))


def read_gradebook(data: bytes, name: str) -> Gradebook:
    """Read Canvas' export.  Raises `SpecErrors` (E741) for anything else."""
    return _gradebook(read_table(data, name, _HINT))


def _gradebook(table: PlatformTable) -> Gradebook:
    return Gradebook(*table, *_places(table.rows, table.name))


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
    assignments = [name for name in columns if re.fullmatch(r".*\(\d+\)", name, re.DOTALL)]
    exact = [at for at, name in enumerate(columns) if name == wanted and name in assignments]
    by_id = [at for at, name in enumerate(columns) if name in assignments and name.endswith(wanted)]
    by_id = by_id if re.fullmatch(r"\(\d+\)", wanted) else []
    title = [
        at
        for at, name in enumerate(columns)
        if name in assignments and _title(name) == wanted.casefold()
    ]
    for columns_so in (exact, by_id, title):
        if len(columns_so) == 1:
            return columns_so[0]
        if columns_so:
            message = f"{len(columns_so)} columns are '{one_line(wanted)}'"
            hint = "name it with its id, as the header has it"
            raise refuse_file("E742", message, book.name, hint)
    hint = did_you_mean(wanted, assignments)
    if not hint:
        shown = ", ".join(one_line(name) for name in assignments[:4])
        hint = (
            f"the assignments are {shown}" if assignments else "make the assignment in Canvas first"
        )
    raise refuse_file("E742", f"no column is '{one_line(wanted)}'", book.name, hint)


def _title(name: str) -> str:
    return name.rpartition("(")[0].strip().casefold()


_NUMBER = re.compile(r"[-+]?[\d.,]*%?")


class Filled(NamedTuple):
    """The gradebook's new text, and who was matched with whom.

    `ambiguous` are students that fit several rows, or rows that fit several students.
    """

    text: str
    matched: tuple[str, ...]
    ambiguous: tuple[str, ...]
    absent: tuple[str, ...]
    others: tuple[str, ...]
    escaped: int


def canvas(
    classroom: Classroom, *, gradebook: str, assignment: str, missing: str = "blank"
) -> tuple[str, Iterator[str]]:
    """Fill the column of an assignment in a file of Canvas' own; return its text, and what became.

    Raises `SpecErrors`: E741 for another file, and as `fill`.
    """
    filled = fill(load_gradebook(gradebook), classroom, assignment, missing=missing)
    return filled.text, report(filled)


def fill(
    book: Gradebook, classroom: Classroom, assignment: str, *, missing: str = "blank"
) -> Filled:
    """Fill the column of an assignment with the marks of a class, two decimals each.

    Who handed nothing in has no mark, or 0 with `missing`; who handed in what could not be read
    has none.  Raises `SpecErrors`: E742 without such a column, E743 for a name that a spreadsheet
    would run, E744 where the points possible are not the homework's marks.
    """
    column = assignment_column(book, assignment)
    _points_agree(book, classroom, column)
    pairs, ambiguous = _matched(book, classroom)
    rows = [list(row) for row in book.rows]
    for at, graded in pairs.items():
        mark = mark_of(graded, missing)
        if mark:
            rows[at] += [""] * (column + 1 - len(rows[at]))
            rows[at][column] = mark
    text, escaped = _written(book, rows)
    taken = {graded.student.id for graded in pairs.values()} | set(ambiguous)
    others = [book.rows[at][0] for at in book.students() if at not in pairs]
    return Filled(
        text,
        tuple(graded.student.id for graded in pairs.values()),
        tuple(ambiguous),
        tuple(g.student.id for g in classroom.students if g.student.id not in taken),
        tuple(others),
        escaped,
    )


def _points_agree(book: Gradebook, classroom: Classroom, column: int) -> None:
    row = book.rows[book.points]
    points = row[column].strip() if column < len(row) else ""
    number = re.fullmatch(r"\d{1,9}(?:[.,]\d{1,9})?", points, re.ASCII)
    possible = round(Fraction(points.replace(",", ".")), 2) if number else None
    worth = {
        round(student.out_of, 2) for student in classroom.students if student.status == "graded"
    }
    if worth - {possible}:
        marks = marks_text(max(worth))
        message = (
            f"the assignment has {one_line(points) or 'no'} points, the homework {marks} marks"
        )
        hint = f"set the assignment's points in Canvas to {marks}, and export again"
        raise refuse_file("E744", message, book.name, hint)


def _matched(book: Gradebook, classroom: Classroom) -> tuple[dict[int, Graded], list[str]]:
    """Match rows with students: by an id or a login, else by a name that only one has."""
    places_of: dict[str, list[int]] = {}
    rows = list(book.students())
    for graded in classroom.students:
        student = graded.student
        by_id = [at for at in rows if _is_known(book, at, student)]
        by_name = [at for at in rows if _plain(student.name) in _names(book, at) - {""}]
        places_of[student.id] = by_id or by_name
    pairs, ambiguous = paired(places_of)
    by_row = {pairs[g.student.id]: g for g in classroom.students if g.student.id in pairs}
    return by_row, ambiguous


def _is_known(book: Gradebook, at: int, student: Student) -> bool:
    """Tell whether a row has an id or the login of a student.

    Canvas numbers its users itself, so a number that is the same by chance is believed only where
    the names have a word in common, or one of the two has no name.
    """
    texts = (text for name, text in student.columns if name.strip().casefold() in IDS)
    ids = {_plain(text) for text in (student.id, student.email, *texts)} - {""}
    if ids & {_plain(book.at(at, name)) for name in IDS[1:]}:
        return True
    words = {word for name in _names(book, at) for word in name.replace(",", " ").split()}
    names = set(_plain(student.name).replace(",", " ").split())
    alike = bool(words & names) or not words or not names
    return alike and _plain(book.at(at, IDS[0])) in ids


def _plain(text: str) -> str:
    return " ".join(normalize("NFC", text).casefold().split())


def _names(book: Gradebook, at: int) -> set[str]:
    """Return the names of a row, as they are shown and as they are sorted."""
    shown = book.at(at, "student")
    last = book.at(at, "lastname") or book.at(at, "last name")
    first = book.at(at, "firstname") or book.at(at, "first name")
    if not shown:
        return {_plain(f"{last}, {first}"), _plain(f"{first} {last}")}
    last, comma, first = shown.partition(",")
    return {_plain(shown), _plain(f"{first} {last}")} if comma else {_plain(shown)}


def _written(book: Gradebook, rows: list[list[str]]) -> tuple[str, int]:
    """Write the rows; count the cells that got a ' before them."""
    identity = [name.strip().casefold() in IDENTITY for name in book.columns]
    escaped = 0
    for at, row in enumerate(rows):
        for place, cell in enumerate(row):
            if at == book.points or _NUMBER.fullmatch(cell.strip()) or csv_safe(cell) == cell:
                continue
            if place < len(identity) and identity[place]:
                _run(book, at, place)
            row[place] = csv_safe(cell)
            escaped += 1
    return book.mark + csv_text(rows, book.delimiter, book.ending), escaped


def report(filled: Filled) -> Iterator[str]:
    """Yield what became of the class and of the gradebook's rows, a line each."""
    yield f"{len(filled.matched)} students were found in the gradebook."
    what = {
        "in no row of the gradebook": filled.absent,
        "fit several rows, or share one; their marks were left out": filled.ambiguous,
        "rows of nobody in the class": filled.others,
    }
    yield from left_out(what)
    if filled.escaped:
        yield f"{filled.escaped} cells got a ' before them: a spreadsheet would have run them"


def _run(book: Gradebook, at: int, place: int) -> NoReturn:
    cell = one_line(book.rows[at][place])[:40]
    message = f"row {at + 1}, {book.columns[place]}: a spreadsheet would run '{cell}'"
    hint = "change it in Canvas: a ' before it would keep Canvas from knowing the student again"
    raise refuse_file("E743", message, book.name, hint)

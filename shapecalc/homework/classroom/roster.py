"""The roster: who is in the class, from a CSV file as registries and platforms export it."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.errors import Problem, SpecErrors
from shapecalc.homework.answers.files import decode
from shapecalc.homework.answers.model import refuse_file
from shapecalc.homework.answers.tables import separated
from shapecalc.homework.assignment.deadline import LIKE, extended
from shapecalc.homework.classroom.model import Student
from shapecalc.text import Origin
from shapecalc.text.files import fold, turned
from shapecalc.text.safe import FORMULA

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shapecalc.homework.assignment.deadline import Deadline

#: Limits of a roster.
MAX_BYTES = 8 * 2**20
MAX_STUDENTS = 20_000
_LONGEST = 200
#: So many lines may stand above the headings.
_PREFACE = 20

#: Headings by what they mean, ids in the order in which they are taken for a student's id.
ID_WORDS = (
    "id", "student id", "sid", "student number", "student no", "matriculation number",
    "matric number", "id number", "idnumber", "sis user id", "sis id", "user id", "sis login id",
    "login id", "login", "username", "user name", "netid", "orgdefinedid", "identifier",
)  # fmt: skip
EMAIL_WORDS = ("email", "email address", "e mail", "e mail address", "mail")
NAME_WORDS = ("name", "student", "full name", "student name", "display name", "sortable name")
FIRST_WORDS = ("first name", "firstname", "given name", "given names", "forename")
LAST_WORDS = ("last name", "lastname", "surname", "family name")
DUE_WORDS = ("due", "deadline", "extension", "extended until", "due date")

_WORDS = {*ID_WORDS, *EMAIL_WORDS, *NAME_WORDS, *FIRST_WORDS, *LAST_WORDS, *DUE_WORDS}


class Roster(NamedTuple):
    """The students in the roster's order, and what was passed over."""

    students: tuple[Student, ...]
    notes: tuple[str, ...] = ()


def load_roster(path: str) -> Roster:
    """Read a roster.  Raises `SpecErrors` (E001 to E003, E703, E710 to E712, E714)."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123  (as for answers)
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        hint = "a roster is a CSV file with the columns id, name, email"
        raise refuse_file("E001", f"there is no file '{path}'", path, hint) from None
    except IsADirectoryError:
        raise refuse_file("E002", f"'{path}' is a directory", path, "name a file in it") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise refuse_file("E003", f"'{path}' cannot be read: {reason}", path) from None
    return read_roster(data, path)


def read_roster(data: bytes, name: str) -> Roster:
    """Read a roster from bytes.

    Raises `SpecErrors`: E703 for no text, E710 for no table of students, E711 for students that
    have no id or one id, E712 for too much, E714 for ids that a spreadsheet would compute.
    """
    if len(data) > MAX_BYTES:
        hint = "a roster takes about 100 bytes a student; is it the right file?"
        raise refuse_file(
            "E712", f"the roster holds more than {MAX_BYTES // 2**20} MiB", name, hint
        )
    if not data.strip(b"\xef\xbb\xbf \t\r\n"):
        raise refuse_file("E710", "the roster is empty", name, _HEADINGS)
    text, notes = decode(data, name, most=MAX_BYTES)
    rows = table_rows(text, name, _WORDS)
    at = next((at for at, (_, row) in enumerate(rows[:_PREFACE]) if _identifies(row)), None)
    if at is None:
        raise refuse_file("E710", "no row of the roster names its columns", name, _HEADINGS)
    header = [cell.strip() for cell in rows[at][1]]
    passed: list[str] = []
    students = [
        (line, student)
        for line, row in rows[at + 1 :]
        if (student := _student(header, row, line, passed)) is not None
    ]
    if not students:
        hint = "below the row of headings there is a row a student"
        raise refuse_file("E710", "the roster names no student", name, hint)
    if len(students) > MAX_STUDENTS:
        raise refuse_file("E712", f"the roster has more than {MAX_STUDENTS:,} students", name)
    problems = list(_problems(students, name))
    if problems:
        raise SpecErrors(problems)
    return Roster(tuple(student for _, student in students), (*notes, *passed))


_HEADINGS = "the first row names the columns, one of them the id: id,name,email"


def table_rows(text: str, name: str, words: set[str]) -> list[tuple[int, list[str]]]:
    """Split a table into rows with their lines, under the separator that knows most headings.

    Raises `SpecErrors` (E710) where no separator makes rows of it.
    """
    lines = text.splitlines(keepends=True)
    best: list[tuple[int, list[str]]] = []
    most, failed = -1, None
    for separator in ",;\t|":
        try:
            split = separated(lines, separator)
            rows = [(line, row) for line, row in split if any(map(str.strip, row))]
        except csv.Error as error:
            failed = error
            continue
        known = max((len(_columns(row, words)) for _, row in rows[:_PREFACE]), default=0)
        if known > most:
            best, most = rows, known
    if most < 1 and failed is not None:
        hint = "save it as .csv anew; a quote may be missing its other end"
        raise refuse_file("E710", f"the table cannot be read: {failed}", name, hint)
    return best


def plain_heading(text: str) -> str:
    """Reduce a heading to its words.

    >>> plain_heading("E-mail_Address "), plain_heading("ID number")
    ('e mail address', 'id number')
    """
    return " ".join(re.sub(r"[\W_]+", " ", fold(text[:100])).split())


def _columns(header: Sequence[str], words: set[str]) -> dict[str, int]:
    """Return the columns that mean something, each word once."""
    columns: dict[str, int] = {}
    for at, cell in enumerate(header[:1000]):
        if (word := plain_heading(cell)) in words:
            columns.setdefault(word, at)
    return columns


def _identifies(row: Sequence[str]) -> bool:
    """Tell whether a row is the headings: something in it tells students apart."""
    columns = _columns(row, _WORDS)
    names = {*NAME_WORDS, *EMAIL_WORDS, *ID_WORDS}
    return bool(columns.keys() & names) or bool(
        columns.keys() & {*FIRST_WORDS} and columns.keys() & {*LAST_WORDS}
    )


def _student(
    header: Sequence[str], row: Sequence[str], line: int, passed: list[str]
) -> Student | None:
    """Make a student of a row; None for the rows that platforms put between."""
    columns = _columns(header, _WORDS)

    def first(words: Sequence[str]) -> str:
        cells = (row[columns[word]].strip() for word in words
                 if word in columns and columns[word] < len(row))  # fmt: skip
        return next((cell for cell in cells if cell), "")

    name = first(NAME_WORDS) or f"{first(FIRST_WORDS)} {first(LAST_WORDS)}".strip()
    identity = first(ID_WORDS) or first(EMAIL_WORDS)
    if fold(name) in ("points possible", "student, test", "test student"):
        passed.append(f"line {line} of the roster, {name.strip()}, is no student")
        return None
    if not identity and not name:
        filled = [cell.strip() for cell in row if cell.strip()]
        if all(plain_heading(cell) in ("manual posting", "read only") for cell in filled):
            return None
    alone = not columns.keys() & {*ID_WORDS, *EMAIL_WORDS}
    kept = zip(header, row, strict=False)
    return Student(
        identity or (name if alone else ""),
        turned(name),
        first(EMAIL_WORDS),
        tuple((heading, cell) for heading, cell in kept if heading),
    )


def _problems(students: Sequence[tuple[int, Student]], name: str) -> Iterator[Problem]:
    """Yield what makes students impossible to tell apart or unsafe to write."""
    seen: dict[str, int] = {}
    origin = Origin.of_file(name)
    for line, student in students:
        identity = student.id
        if not identity:
            hint = "give every student an id or an email"
            yield Problem("E711", f"line {line}: the student has no id", origin, hint=hint)
        elif fold(identity) in seen:
            hint = "take one of the rows out; capitals make no difference"
            message = (
                f"lines {seen[fold(identity)]} and {line}: two students have the id"
                f" '{identity[:60]}'"
            )
            yield Problem("E711", message, origin, hint=hint)
        elif identity.startswith(FORMULA):
            hint = "ids go into grade books as they are; write it without the first sign"
            message = f"line {line}: a spreadsheet would compute the id '{identity[:60]}'"
            yield Problem("E714", message, origin, hint=hint)
        elif len(identity) > _LONGEST or not identity.isprintable():
            hint = "an id is a word, such as a number or a login"
            message = f"line {line}: the id is no word of at most {_LONGEST} visible letters"
            yield Problem("E711", message, origin, hint=hint)
        seen.setdefault(fold(identity), line)


def identities(student: Student) -> Iterator[str]:
    """Yield the words that mean this student alone: ids, logins, addresses."""
    yield student.id
    for heading, cell in student.columns:
        word = plain_heading(heading)
        if cell.strip() and word in (*ID_WORDS, *EMAIL_WORDS):
            yield cell.strip()
            if word in EMAIL_WORDS:
                yield cell.strip().partition("@")[0]


def numbers(student: Student) -> Iterator[str]:
    """Yield the numbers under which platforms know the student."""
    for heading, cell in student.columns:
        if plain_heading(heading) in ("id", "user id"):
            yield cell.strip()


def deadline_of(student: Student, deadline: Deadline, name: str) -> Deadline:
    """Return a student's own deadline, where the roster gives one.  Raises `SpecErrors` (E713)."""
    for heading, cell in student.columns:
        text = cell.strip()
        if plain_heading(heading) not in DUE_WORDS or not text:
            continue
        own = extended(deadline, text)
        if own is None:
            wrong, hint = "is no deadline", f"{LIKE}, or 2 days"
            if deadline.last is None:
                wrong = "lengthens a deadline that there is not"
                hint = "add `due: 2026-11-20T23:59` to the homework"
            message = f"'{text[:60]}' {wrong}, in {heading} of {student.id}"
            raise refuse_file("E713", message, name, hint)
        return own
    return deadline

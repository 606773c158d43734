"""The roster: who is in the class, and whose a file is.

It is a CSV file as registries and platforms export it.  Files are known by the folders and names
that platforms and people give; never by a guess.  Every trace in a path is a set of students.  What
all of them allow must be one student; traces that contradict each other, or that fit two, decide
nothing.
"""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.errors import Problem, SpecErrors
from shapecalc.homework.answers import refuse_file
from shapecalc.homework.answers.files import WESTERN, bytes_of, decode
from shapecalc.homework.answers.tables import separated
from shapecalc.homework.assignment.deadline import LIKE, extended
from shapecalc.homework.classroom import Student
from shapecalc.homework.classroom.encodings import encodings_of, strange
from shapecalc.text import Origin
from shapecalc.text.files import bare, fold, turned
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
    "identificador",
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


def load_roster(path: str, encoding: str = "") -> Roster:
    """Read a roster.  Raises `SpecErrors` (E001 to E003, E703, E710 to E712, E714, E717)."""
    hint = "a roster is a CSV file with the columns id, name, email"
    return read_roster(bytes_of(path, MAX_BYTES, hint), path, encoding)


def read_roster(data: bytes, name: str, encoding: str = "") -> Roster:
    """Read a roster from bytes, in an encoding that is known or told by the bytes.

    Raises `SpecErrors`: E703 for no text, E710 for no table of students, E711 for students that
    have no id or one id, E712 for too much, E714 for ids that a spreadsheet would compute, E717 for
    an encoding in which the names are none.
    """
    if len(data) > MAX_BYTES:
        hint = "a roster takes about 100 bytes a student; is it the right file?"
        raise refuse_file(
            "E712", f"the roster holds more than {MAX_BYTES // 2**20} MiB", name, hint
        )
    if not data.strip(b"\xef\xbb\xbf \t\r\n"):
        raise refuse_file("E710", "the roster is empty", name, _HEADINGS)
    text, notes = decode(data, name, most=MAX_BYTES, encoding=encoding)
    students, passed = _students(text, name)
    if notes == (WESTERN,):
        notes = (_western([student for _, student in students], data, name),)
    if len(students) > MAX_STUDENTS:
        raise refuse_file("E712", f"the roster has more than {MAX_STUDENTS:,} students", name)
    problems = list(_problems(students, name))
    if problems:
        raise SpecErrors(problems)
    return Roster(tuple(student for _, student in students), (*notes, *passed))


def _western(students: Sequence[Student], data: bytes, name: str) -> str:
    """Say what was supposed of the letters.  Raises `SpecErrors` (E717) where it is wrong."""
    words = [word for student in students for word in (student.id, student.name)]
    if odd := strange(words):
        lossless, _ = _students(data.decode("latin-1"), name)
        names = [student.name.encode("latin-1") for _, student in lossless]
        message = f"the roster is no UTF-8, and as Windows-1252 it has names like '{odd[:60]}'"
        likely = encodings_of(data, [name for name in names if not name.isascii()])
        hint = f"save it as UTF-8, or add --encoding {likely or 'with its name'}"
        raise refuse_file("E717", message, name, hint)
    accented = next((word for word in words if not word.isascii()), "")
    return (
        f"{WESTERN}, with names like '{accented[:60]}'; --encoding names another"
        if accented
        else WESTERN
    )


def _students(text: str, name: str) -> tuple[list[tuple[int, Student]], list[str]]:
    """Return the students of a table with their lines, and what was passed over."""
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
    return students, passed


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


def _numbers(student: Student) -> Iterator[str]:
    """Yield the numbers under which platforms know the student."""
    for heading, cell in student.columns:
        if plain_heading(heading) in ("id", "user id"):
            yield cell.strip()


#: How Moodle names somebody in a grading worksheet, in whatever language: `Participant 1234567`.
_PARTICIPANT = re.compile(r"[^\W\d][^\d]* (\d{1,12})")


def _participant(student: Student) -> Iterator[str]:
    """Yield the number under which Moodle has the student's submission, from its worksheet."""
    for heading, cell in student.columns:
        word = plain_heading(heading)
        if word in ID_WORDS and (match := _PARTICIPANT.fullmatch(cell.strip())):
            yield match[1]


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


_MOODLE = re.compile(r"(?P<name>.+?)_(?P<number>\d+)_assignsubmission_[a-z]+_?.*", re.DOTALL)
_CANVAS = re.compile(r"(?P<name>[^_]+)_(?P<late>LATE_)?(?P<number>\d+)_\d+_(?P<file>.+)", re.DOTALL)
#: The word in a Canvas file name, and what attempts after the first end in.
_ATTEMPT = re.compile(
    r"(?i)(?:[ _-](?:attempt|version|try|v)[ _-]?(\d{1,3})|-(\d{1,3})|\((\d{1,3})\))$"
)
#: A date ends in what looks like an attempt.
_DATE = re.compile(r"\d{1,4}([-_.])\d{1,2}\1\d{1,4}$")
_WORD = re.compile(r"[^\W_]+")
#: A window of so many words is looked at, in so many words of a name.
_WINDOW = 6
_MOST_WORDS = 40
#: A number of fewer digits names a student only where it is the whole name.
_DIGITS = 4
_SIGNED = re.compile(
    r"(?i)^[\W_]*(?:name|student|student name|id|student id|email|matriculation number)"
    r"[*`\"]*\s*[:,;=\t|][\s*\"`]*(?P<who>[^|]{1,100}?)[\s,;|\"*`]*$"
)
_LINES = 40


class Directory(NamedTuple):
    """The students by every word that means them: places in the roster."""

    students: tuple[Student, ...]
    exact: dict[str, frozenset[int]]
    names: dict[str, frozenset[int]]
    numbers: dict[str, frozenset[int]]
    participants: dict[str, frozenset[int]]


def directory(students: Sequence[Student]) -> Directory:
    """Enter students under their ids, addresses, and names in any order."""
    exact: dict[str, set[int]] = {}
    names: dict[str, set[int]] = {}
    known: dict[str, set[int]] = {}
    participants: dict[str, set[int]] = {}
    for at, student in enumerate(students):
        for word in identities(student):
            exact.setdefault(fold(word), set()).add(at)
        for number in _numbers(student):
            known.setdefault(number, set()).add(at)
        for number in _participant(student):
            participants.setdefault(number, set()).add(at)
        words = student.name.split()
        for turn in range(len(words)):
            key = bare("".join(words[turn:] + words[:turn]))
            if len(key) > 3 or (len(key) > 1 and not key.isascii()):
                names.setdefault(key, set()).add(at)
    indexes = (exact, names, known, participants)
    frozen = [{key: frozenset(at) for key, at in index.items()} for index in indexes]
    return Directory(tuple(students), *frozen)


class Whose(NamedTuple):
    """The student that a path means, by place; None, with the reason, where none or several are.

    `perhaps` are those whose it may be.
    """

    at: int | None
    reason: str = ""
    perhaps: frozenset[int] = frozenset()


def whose(known: Directory, parts: Sequence[str]) -> Whose:
    """Tell whose a file is by its folders and its name."""
    traces = [trace for number, part in enumerate(parts)
              for trace in _traces(known, part, last=number == len(parts) - 1)]  # fmt: skip
    return decide(known, traces)


def decide(known: Directory, traces: Sequence[frozenset[int]]) -> Whose:
    """Return the one student that all traces allow."""
    if not traces:
        return Whose(None, "names no student of the roster")
    left = frozenset.intersection(*traces)
    if len(left) == 1:
        return Whose(next(iter(left)), "", left)
    perhaps = left or frozenset.union(*traces)
    ids = " and ".join(known.students[at].id for at in sorted(perhaps)[:3])
    return Whose(None, f"may be of {ids}" if left else f"names {ids}", perhaps)


def _traces(known: Directory, part: str, *, last: bool) -> Iterator[frozenset[int]]:
    """Yield what one folder or name says."""
    if match := _MOODLE.fullmatch(part):
        yield from _whole(known, match["name"])
        if (numbered := known.participants.get(match["number"])) is not None:
            yield numbered
        return
    if match := _CANVAS.fullmatch(part):
        named = known.names.get(bare(match["name"]), frozenset())
        if named:
            yield named
        numbered = known.numbers.get(match["number"], frozenset())
        if numbered and (named or _consistent(known, numbered, match["name"])):
            yield numbered
        if named or numbered:
            return
    ends = last or part.lower().endswith(".zip")
    stem = part.rpartition(".")[0] if ends and "." in part[1:] else part
    yield from _whole(known, stem) or _whole(known, part) or _windows(known, stem)


def _consistent(known: Directory, numbered: frozenset[int], name: str) -> bool:
    """Tell whether a platform's number and name can be of one student of the roster."""
    written = bare(name)
    return any(
        not known.students[at].name
        or any(len(bare(word)) > 1 and bare(word) in written
               for word in known.students[at].name.split())
        for at in numbered
    )  # fmt: skip


def _whole(known: Directory, text: str) -> list[frozenset[int]]:
    """Look a whole text up: an id, an address, a name."""
    if (owners := known.exact.get(fold(text))) is not None:
        return [owners]
    owners = known.names.get(bare(text))
    return [owners] if owners is not None else []


def _windows(known: Directory, text: str) -> list[frozenset[int]]:
    """Look up the stretches of words of a text, the longest first, which use up what is inside."""
    words = list(_WORD.finditer(text))[:_MOST_WORDS]
    owners: list[frozenset[int]] = []
    done: set[int] = set()
    for size in range(min(_WINDOW, len(words)), 0, -1):
        for at in range(len(words) - size + 1):
            inside = set(range(at, at + size))
            if inside & done:
                continue
            stretch = text[words[at].start() : words[at + size - 1].end()]
            if stretch.isdecimal() and len(stretch) < _DIGITS:
                continue
            if hit := _whole(known, stretch):
                owners += hit
                done |= inside
    return owners


def marked_late(parts: Sequence[str]) -> bool:
    """Tell whether Canvas has marked a file as late."""
    match = _CANVAS.fullmatch(parts[-1])
    return match is not None and match["late"] is not None


def attempt(parts: Sequence[str]) -> int:
    """Return which attempt a file says it is; 0 where it says nothing.

    >>> attempt(["leeann_12_34_answers-2.csv"]), attempt(["s1", "answers (3).csv"])
    (2, 3)
    >>> attempt(["attempt_2", "answers.csv"]), attempt(["answers.csv"])
    (2, 0)
    >>> attempt(["answers-2026-11-02.csv"])
    0
    """
    for part in reversed(parts):
        stem = part.rpartition(".")[0] if "." in part[1:] else part
        if _DATE.search(stem):
            continue
        if match := _ATTEMPT.search(f" {stem}"):
            return int(next(filter(None, match.groups())))
    return 0


def signatures(known: Directory, text: str) -> Iterator[frozenset[int]]:
    """Yield the students that the first lines of a file name, in a line of their own."""
    for line in text.splitlines()[:_LINES]:
        if len(line) < 300 and (match := _SIGNED.match(line)):
            yield from _whole(known, match["who"])

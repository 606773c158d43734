"""Submissions to students: one file each, and every other file told with the reason.

Who handed something in is never missing: what cannot be read, what may be of several students, and
several files of which nothing says which counts are for the teacher to decide.

Of several files of a student the one with the highest attempt counts, then the latest of those
whose times are known, then the only one that holds a table of answers.  Where nothing decides,
nothing is chosen.  Times are known from a table of them, or from Gradescope's own list.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.errors import SpecErrors
from shapecalc.homework.answers import refuse_file
from shapecalc.homework.answers.files import SUFFIXES, decode, read_answers
from shapecalc.homework.assignment.deadline import LIKE, read_time
from shapecalc.homework.assignment.model import stamp_in
from shapecalc.homework.classroom import Leftover
from shapecalc.homework.classroom.folder import ArchiveError
from shapecalc.homework.classroom.roster import (
    EMAIL_WORDS,
    ID_WORDS,
    MAX_BYTES,
    attempt,
    decide,
    directory,
    marked_late,
    plain_heading,
    signatures,
    table_rows,
    whose,
)
from shapecalc.homework.languages import say
from shapecalc.spec.find import read_bytes
from shapecalc.text.files import bare, fold

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime, timezone, tzinfo

    from shapecalc.homework.classroom import Student
    from shapecalc.homework.classroom.folder import Folder, Handed
    from shapecalc.homework.classroom.roster import Directory

#: Headings of the column with the times.
_TIME_WORDS = (
    "submitted", "submitted at", "submission time", "time", "time submitted", "timestamp",
    "handed in",
)  # fmt: skip


def load_times(path: str, zone: timezone, encoding: str = "") -> dict[str, datetime]:
    """Read a table of times, by whatever names the student or the file: words folded.

    A student's latest time counts.  Raises `SpecErrors` (E001, E703, E713).
    """
    try:
        data = read_bytes(path, MAX_BYTES)
    except OSError as error:
        message = f"the times in '{path}' cannot be read: {error.strerror or error}"
        hint = "a table of times is a CSV file with the columns id, submitted"
        raise refuse_file("E001", message, path, hint) from None
    return read_times(data, path, zone, encoding)


def read_times(data: bytes, name: str, zone: timezone, encoding: str = "") -> dict[str, datetime]:
    """Read a table of times from bytes."""
    text, _ = decode(data, name, most=MAX_BYTES, encoding=encoding)
    named = (*ID_WORDS, *EMAIL_WORDS, "file", "student")
    rows = table_rows(text, name, {*named, *_TIME_WORDS})
    header = [plain_heading(cell) for cell in rows[0][1]] if rows else []
    columns = [at for at, word in enumerate(header) if word in named]
    at = next((at for at, word in enumerate(header) if word in _TIME_WORDS), None)
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
_METADATA_FILE = re.compile(r"submission_metadata\.ya?ml")
_MAX_METADATA = 32 * 2**20

_FOLDER = re.compile(r"['\"]?(submission_\d{1,12})['\"]?:\s*")
_FIELD = re.compile(r"( {0,4})(- )?:?(name|sid|email|created_at|submitters):\s*(.*)")


class _Submitted(NamedTuple):
    """A submission: the words for its students, a tuple each, and when it was made."""

    students: tuple[tuple[str, ...], ...] = ()
    time: datetime | None = None


def read_metadata(text: str) -> dict[str, _Submitted]:
    r"""Return the submissions of Gradescope's list, by folder.

    Its export has folders `submission_123` beside a file `submission_metadata.yml`.  Only the lines
    that are needed are read, by their indentation: the file holds outputs of programs as well.

    >>> text = "submission_7:\n  :submitters:\n  - :name: Ann Lee\n    :sid: s1\n"
    >>> read_metadata(text)["submission_7"].students
    (('Ann Lee', 's1'),)
    """
    submissions: dict[str, _Submitted] = {}
    folder, people, inside = "", list[list[str]](), False
    time: datetime | None = None
    for line in [*text.splitlines(), "submission_0:"]:
        if match := _FOLDER.fullmatch(line):
            if folder:
                submissions[folder] = _Submitted(
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


class Submission(NamedTuple):
    """What counts as a student's answers; no `handed` where that cannot be decided.

    `undecided` says what to do about it then.  `time` is when it was handed in, where that is
    known; `marked` that the platform says late.
    """

    handed: Handed | None
    time: datetime | None = None
    marked: bool = False
    notes: tuple[str, ...] = ()
    undecided: str = ""


class Intake(NamedTuple):
    """The submissions by the students' places in the roster, and the files that are nobody's."""

    submissions: dict[int, Submission]
    leftovers: tuple[Leftover, ...]


class _Candidate(NamedTuple):
    """A file with what is known of it."""

    handed: Handed
    time: datetime | None
    note: str = ""


#: What may be of more students than this, such as a stamp that half the class has, names none.
_GROUP = 8


class Clock(NamedTuple):
    """Where times come from: a table, by names; the files themselves, only where asked."""

    table: Mapping[str, datetime]
    files: bool
    zone: tzinfo


def take_in(
    folder: Folder,
    students: Sequence[Student],
    clock: Clock,
    stamps: Mapping[str, frozenset[int]] | None = None,
) -> Intake:
    """Put every file of a folder to its student.

    `stamps` are those of the sheets with whose they are, where students have sheets of their own.
    """
    known = directory(students)
    leftovers = list(folder.leftovers)
    entries, files = _entries(folder, leftovers)
    candidates: dict[int, list[_Candidate]] = {}
    shared: dict[int, Submission] = {}
    for handed in files:
        owners = _owners(folder, known, handed, entries, stamps or {})
        for at in owners.places:
            time = _time(folder, handed, students[at], entries, clock)
            candidates.setdefault(at, []).append(_Candidate(handed, time, owners.note))
        if not owners.places:
            reason = "; ".join(filter(None, (handed.refused, owners.note)))
            leftovers.append(Leftover(handed.path, reason))
        if len(owners.perhaps) <= _GROUP:
            shared |= dict.fromkeys(owners.perhaps, _of_several(handed))
    chosen = {
        at: _choose(folder, students[at], candidates[at], leftovers) for at in sorted(candidates)
    }
    return Intake({**shared, **chosen}, tuple(sorted(leftovers)))


def _of_several(handed: Handed) -> Submission:
    """Return what is known of a student whose file it may be, and whose it may not be."""
    note = say("{file} may be of this student, and of another one", file=handed.path)
    return Submission(None, notes=(note,), undecided=say("put the id into the file's name"))


def _entries(
    folder: Folder, leftovers: list[Leftover]
) -> tuple[dict[tuple[str, ...], _Submitted], list[Handed]]:
    """Read Gradescope's list, wherever one lies; the other files are submissions."""
    entries: dict[tuple[str, ...], _Submitted] = {}
    files = []
    for handed in folder.files:
        if not _METADATA_FILE.fullmatch(handed.parts[-1]):
            files.append(handed)
            continue
        try:
            text = decode(folder.read(handed, _MAX_METADATA), handed.path, most=_MAX_METADATA).text
        except ArchiveError as error:
            leftovers.append(Leftover(handed.path, str(error)))
            continue
        except SpecErrors as error:
            leftovers.append(Leftover(handed.path, error.problems[0].message))
            continue
        leftovers.append(Leftover(handed.path, "Gradescope's list, which was read"))
        for name, entry in read_metadata(text).items():
            entries[(*handed.parts[:-1], name)] = entry
    return entries, files


def _entry(handed: Handed, entries: Mapping[tuple[str, ...], _Submitted]) -> _Submitted | None:
    for length in range(len(handed.parts), 0, -1):
        if (entry := entries.get(handed.parts[:length])) is not None:
            return entry
    return None


class _Owners(NamedTuple):
    """The places of those whose a file is, and what is to be noted.

    Where there are none, the note says why, and the file is `perhaps` of one of several.
    """

    places: tuple[int, ...]
    note: str = ""
    perhaps: frozenset[int] = frozenset()


def _owners(
    folder: Folder,
    known: Directory,
    handed: Handed,
    entries: Mapping[tuple[str, ...], _Submitted],
    stamps: Mapping[str, frozenset[int]],
) -> _Owners:
    """Return whose a file is, and what had to be understood, or why it is nobody's."""
    entry = _entry(handed, entries)
    if entry is not None and entry.students:
        owners, unknown = [], []
        for words in entry.students:
            owner = _listed(known, words)
            if owner is None:
                unknown.append(words[0])
            else:
                owners.append(owner)
        reason = f"handed in by {' and '.join(unknown[:3])}, who is not in the roster"
        return _Owners(tuple(dict.fromkeys(owners)), reason if unknown else "")
    by_path = whose(known, handed.parts)
    if by_path.at is not None:
        return _Owners((by_path.at,))
    traces = _signed(folder, known, handed, stamps)
    inside = decide(known, traces)
    if traces and inside.at is not None:
        if by_path.reason.startswith("names ") and "roster" not in by_path.reason:
            reason = f"its path {by_path.reason}, the text {known.students[inside.at].id}"
            return _Owners((), reason, by_path.perhaps | inside.perhaps)
        return _Owners((inside.at,), say("matched by what stands inside the file"))
    return _Owners((), by_path.reason, by_path.perhaps or inside.perhaps)


def _listed(known: Directory, words: Sequence[str]) -> int | None:
    """Find a student by the words of a platform's list; None where they fit none or several."""
    traces = [trace for word in words
              if (trace := known.exact.get(fold(word)) or known.names.get(bare(word)))]  # fmt: skip
    return decide(known, traces).at


def _signed(
    folder: Folder, known: Directory, handed: Handed, stamps: Mapping[str, frozenset[int]]
) -> list[frozenset[int]]:
    """Return whom the text of a file names, and whose sheet it is."""
    try:
        text = decode(folder.read(handed), handed.path).text
    except (ArchiveError, SpecErrors):
        return []
    sheet = stamps.get(stamp_in(text), frozenset())
    return [*signatures(known, text), *([sheet] if sheet else [])]


def _time(
    folder: Folder,
    handed: Handed,
    student: Student,
    entries: Mapping[tuple[str, ...], _Submitted],
    clock: Clock,
) -> datetime | None:
    """Return when a file was handed in: by the table, by the platform, by the file where asked."""
    words = (handed.path, handed.parts[-1], student.id, student.email, student.name)
    for word in words:
        if word and (time := clock.table.get(fold(word))) is not None:
            return time
    entry = _entry(handed, entries)
    if entry is not None and entry.time is not None:
        return entry.time
    return folder.time(handed, clock.zone) if clock.files else None


def _choose(
    folder: Folder, student: Student, candidates: Sequence[_Candidate], leftovers: list[Leftover]
) -> Submission:
    """Choose a student's submission; the other files are told."""
    left = list(candidates)
    for rule, keep in _RULES:
        kept = keep(folder, left) if len(left) > 1 else left
        if kept and len(kept) < len(left):
            counting = kept[0].handed.path if len(kept) == 1 else "another file"
            for candidate in left:
                if candidate not in kept:
                    why = candidate.handed.refused or rule
                    reason = f"also of {student.id}: {why}; {counting} counts"
                    leftovers.append(Leftover(candidate.handed.path, reason))
            left = kept
    refused = tuple(
        say(
            "{file} was handed in as well, and cannot be read: {reason}",
            file=handed.path,
            reason=handed.refused,
        )
        for handed, *_ in candidates
        if handed.refused and (handed is not left[0].handed or len(left) > 1)
    )
    if len(left) > 1:
        paths = say(" and ").join(candidate.handed.path for candidate in left[:3])
        for candidate in left:
            reason = f"of {student.id}, and nothing says which of several files counts"
            reason = "; ".join(filter(None, (reason, candidate.handed.refused)))
            leftovers.append(Leftover(candidate.handed.path, reason))
        note = say("handed in {files}, and nothing says which counts", files=paths)
        return Submission(None, notes=(note, *refused), undecided=say("hand in one file"))
    only = left[0]
    notes = (*filter(None, (only.note,)), *refused)
    return Submission(only.handed, only.time, marked_late(only.handed.parts), notes)


def _readable(_: Folder, left: list[_Candidate]) -> list[_Candidate]:
    return [
        candidate
        for candidate in left
        if not candidate.handed.refused
        and (not candidate.handed.suffix or candidate.handed.suffix in SUFFIXES)
    ]


def _last_attempt(_: Folder, left: list[_Candidate]) -> list[_Candidate]:
    last = max(attempt(candidate.handed.parts) for candidate in left)
    return [candidate for candidate in left if attempt(candidate.handed.parts) == last]


def _latest(_: Folder, left: list[_Candidate]) -> list[_Candidate]:
    times = [candidate.time for candidate in left if candidate.time is not None]
    return (
        [candidate for candidate in left if candidate.time == max(times)]
        if len(times) == len(left)
        else left
    )


def _tables(folder: Folder, left: list[_Candidate]) -> list[_Candidate]:
    """Return the files that hold a table of answers."""

    def holds(candidate: _Candidate) -> bool:
        try:
            read_answers(folder.read(candidate.handed), candidate.handed.path)
        except (ArchiveError, SpecErrors):
            return False
        return True

    return [candidate for candidate in left if holds(candidate)]


def _alike(folder: Folder, left: list[_Candidate]) -> list[_Candidate]:
    """Return the first of files that are all the same."""
    try:
        contents = {folder.read(candidate.handed) for candidate in left}
    except ArchiveError:
        return left
    return left[:1] if len(contents) == 1 else left


#: Why a file does not count, and those of several that do.
_RULES: Sequence[tuple[str, Callable[[Folder, list[_Candidate]], list[_Candidate]]]] = (
    ("its kind of file is not read", _readable),
    ("an earlier attempt", _last_attempt),
    ("handed in earlier", _latest),
    ("no table of answers", _tables),
    ("the same once more", _alike),
)

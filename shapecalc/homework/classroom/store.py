"""A graded class as JSON and back, fractions exact: class.json, and the state of a run.

What is read is a stranger's file: it is bounded, every field has its type, and nothing is guessed.
The state has a line a student, so that a run goes on where one ended.  A line holds for what it was
made from: its key says which bytes, homework, version and student.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from fractions import Fraction
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias, cast, get_args

from shapecalc.errors import SpecErrors
from shapecalc.homework.answers import refuse_file
from shapecalc.homework.classroom import (
    Classroom,
    Graded,
    Leftover,
    MarkedCell,
    Status,
    Student,
)
from shapecalc.homework.diagnosis import VERDICTS
from shapecalc.output.json import to_json as json_parts
from shapecalc.output.records import Records, Rows
from shapecalc.spec.find import read_bytes
from shapecalc.text.files import page_name, replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from shapecalc.homework.classroom.judging import Outcome

#: The schema's name and version: a field that changes its meaning makes a new version.
SCHEMA = "shapecalc.homework.class/1"
#: A class of 1,000 with the cells of VGG-16 takes 25 MiB.
MAX_BYTES = 256 * 2**20
#: Digits of a whole number; Python reads no more than 4,300 by itself.
MAX_DIGITS = 100

_FRACTION = re.compile(r"\d{1,200}(?:/[1-9]\d{0,199})?", re.ASCII)
_HINT = "`shapecalc homework grade` writes it; grade the class again"


def to_json(classroom: Classroom) -> str:
    """Write a class, the last line ended; `from_json` reads the same class from it."""
    return "".join(json_parts(document(classroom)))


def document(
    classroom: Classroom, columns: Sequence[str] = (), lines: Iterable[Sequence[object]] = ()
) -> Records:
    """Return a class as a document, made while it is written, since the whole may be large.

    `lines` of `columns` are what it is in lines.
    """
    return Records(
        SCHEMA,
        lambda: {"title": classroom.title, "stamp": classroom.stamp},
        "students",
        map(graded_plain, classroom.students),
        lambda: {"leftovers": Rows((left._asdict() for left in classroom.leftovers), "")},
        columns,
        lines,
    )


def from_json(text: str, name: str = "class.json") -> Classroom:
    """Read a class.  Raises `SpecErrors` (E740) for anything else."""
    read = _ClassReader(name)
    tree = read.fields(parse(text, name), "the class", ("schema", *Classroom._fields))
    if tree["schema"] != SCHEMA:
        read.no(f"`schema` is {_short(tree['schema'])}, not '{SCHEMA}'")
    students = read.items(tree["students"], "students", read.graded)
    seen: set[str] = set()
    for at, graded in enumerate(students):
        if graded.student.id in seen:
            read.no(f"students[{at}] has the id '{graded.student.id[:40]}' of another student")
        seen.add(graded.student.id)
    return Classroom(
        read.text(tree["title"], "title"),
        read.text(tree["stamp"], "stamp"),
        students,
        read.items(tree["leftovers"], "leftovers", read.leftover),
    )


def load(path: str) -> Classroom:
    """Read a class from its file, or from the folder that `homework grade` wrote it into."""
    from pathlib import Path

    file = Path(path) / "class.json" if Path(path).is_dir() else Path(path)
    try:
        data = read_bytes(str(file), MAX_BYTES)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise refuse_file("E740", f"'{file}' cannot be read: {reason}", path, _HINT) from None
    if len(data) > MAX_BYTES:
        message = f"the file holds more than {MAX_BYTES // 2**20} MiB"
        raise refuse_file("E740", message, str(file), _HINT)
    try:
        return from_json(data.decode("utf-8-sig"), str(file))
    except UnicodeDecodeError:
        raise refuse_file("E740", "the file is not UTF-8 text", str(file), _HINT) from None


def graded_plain(graded: Graded) -> dict[str, Any]:
    """Return a student's record as what JSON has; `graded_from` reads it."""
    plain = {**graded._asdict(), "student": graded.student._asdict()}
    plain["cells"] = [
        {**cell._asdict(), "marks": str(cell.marks), "out_of": str(cell.out_of)}
        for cell in graded.cells
    ]
    return {**plain, **{k: str(v) for k, v in plain.items() if isinstance(v, Fraction)}}


def graded_from(plain: object, name: str) -> Graded:
    """Read a student's record.  Raises `SpecErrors` (E740)."""
    return _ClassReader(name).graded(plain, "the student")


def parse(text: str, name: str) -> object:
    """Read JSON: no key twice, no NaN, bounded depth and digits.  Raises `SpecErrors` (E740)."""
    try:
        return json.loads(text, parse_int=_whole, parse_constant=_refused, object_pairs_hook=_once)
    except RecursionError:
        raise refuse_file("E740", "lists and maps are nested too deeply", name, _HINT) from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        message = f"the text is not JSON: {error.msg}, {where}"
        raise refuse_file("E740", message, name, _HINT) from None
    except ValueError as error:  # a key twice, NaN, or thousands of digits
        raise refuse_file("E740", f"the text is not a class: {error}", name, _HINT) from None


def _whole(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        message = f"a number has more than {MAX_DIGITS} digits"
        raise ValueError(message)
    return int(digits)


def _refused(word: str) -> NoReturn:
    message = f"{word} is no number"
    raise ValueError(message)


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    items = dict(pairs)
    if len(items) < len(pairs):
        message = "a map has one key twice"
        raise ValueError(message)
    return items


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:39]}…"


#: A record's field to its reader, which takes the value and where it stands.
_Reads: TypeAlias = "dict[str, Callable[[object, str], Any]]"


class _ClassReader:
    """Reads records of what JSON has; the first thing that is wrong ends it."""

    def __init__(self, name: str) -> None:
        self.name = name

    def no(self, message: str) -> NoReturn:
        raise refuse_file("E740", message, self.name, _HINT)

    def fields(self, plain: object, at: str, known: tuple[str, ...]) -> dict[str, Any]:
        """Require a map of exactly these keys."""
        if not isinstance(plain, dict):
            self.no(f"{at} is no map: {_short(plain)}")
        for key in known:
            if key not in plain:
                self.no(f"{at} lacks `{key}`")
        for key in plain:
            if key not in known:
                self.no(f"{at} has the unknown key {_short(key)}")
        return cast("dict[str, Any]", plain)

    def record(self, plain: object, at: str, reads: _Reads) -> dict[str, Any]:
        """Read a map field by field."""
        fields = self.fields(plain, at, tuple(reads))
        return {key: read(fields[key], f"{at}.{key}") for key, read in reads.items()}

    def items(
        self, plain: object, at: str, read: Callable[[object, str], Any], size: int | None = None
    ) -> tuple[Any, ...]:
        """Read a list, of so many if that is said."""
        if not isinstance(plain, list) or (size is not None and len(plain) != size):
            self.no(f"{at} is no list{f' of {size}' if size else ''}: {_short(plain)}")
        return tuple(read(item, f"{at}[{number}]") for number, item in enumerate(plain))

    def text(self, plain: object, at: str) -> str:
        if not isinstance(plain, str):
            self.no(f"{at} is no text: {_short(plain)}")
        if not plain.isascii() and any("\ud800" <= letter <= "\udfff" for letter in plain):
            self.no(f"{at} has half a letter: {_short(plain)}")
        return plain

    def texts(self, plain: object, at: str) -> tuple[str, ...]:
        return self.items(plain, at, self.text)

    def word(self, plain: object, at: str, words: tuple[str, ...]) -> Any:  # noqa: ANN401
        if plain not in words:
            self.no(f"{at} is {_short(plain)}, none of {', '.join(words)}")
        return plain

    def flag(self, plain: object, at: str) -> bool:
        if not isinstance(plain, bool):
            self.no(f"{at} is neither true nor false: {_short(plain)}")
        return plain

    def hours(self, plain: object, at: str) -> int:
        if not isinstance(plain, int) or isinstance(plain, bool) or not 0 <= plain < 10**9:
            self.no(f"{at} is no number of hours: {_short(plain)}")
        return plain

    def fraction(self, plain: object, at: str) -> Fraction:
        if not isinstance(plain, str) or not _FRACTION.fullmatch(plain):
            self.no(f"{at} is no fraction like '5/2': {_short(plain)}")
        return Fraction(plain)

    def pair(self, plain: object, at: str) -> tuple[str, ...]:
        return self.items(plain, at, self.text, 2)

    def leftover(self, plain: object, at: str) -> Leftover:
        return Leftover(**self.record(plain, at, {"file": self.text, "reason": self.text}))

    def student(self, plain: object, at: str) -> Student:
        reads: _Reads = {
            "id": self.text,
            "name": self.text,
            "email": self.text,
            "columns": lambda plain, at: self.items(plain, at, self.pair),
        }
        return Student(**self.record(plain, at, reads))

    def mark(self, plain: object, at: str) -> MarkedCell:
        text, fraction = self.text, self.fraction
        reads: _Reads = {
            **dict.fromkeys(("layer", "column", "raw", "read_as", "value", "right"), text),
            "verdict": lambda word, at: self.word(word, at, tuple(VERDICTS)),
            "misconceptions": lambda plain, at: self.items(plain, at, self.texts),
            "certain": self.flag,
            "marks": fraction,
            "out_of": fraction,
            "follows": self.flag,
        }
        mark = MarkedCell(**self.record(plain, at, reads))
        if mark.marks > mark.out_of:
            self.no(f"{at} has {mark.marks} marks out of {mark.out_of}")
        return mark

    def graded(self, plain: object, at: str) -> Graded:
        text, fraction = self.text, self.fraction
        reads: _Reads = {
            "student": self.student,
            "status": lambda word, at: self.word(word, at, get_args(Status)),
            "file": text,
            "late": self.hours,
            **dict.fromkeys(("earned", "marks", "out_of"), fraction),
            "cells": lambda plain, at: self.items(plain, at, self.mark),
            "notes": self.texts,
            "page": text,
        }
        graded = Graded(**self.record(plain, at, reads))
        if graded.earned != sum((cell.marks for cell in graded.cells), Fraction(0)):
            self.no(f"{at} has earned {graded.earned} marks, which its cells do not add up to")
        if graded.marks > graded.earned or graded.earned > graded.out_of:
            self.no(f"{at} has {graded.marks} marks of {graded.earned} out of {graded.out_of}")
        return graded


#: The file in the results, and the folder of pages beside it.
FILE = "state.jsonl"
PAGES = "feedback"
#: The name of a file that was not yet renamed into place.
_HALF = re.compile(r"\..+\.(?:html|md|csv|json|jsonl)\.[a-z0-9_]{8}", re.DOTALL)


class State:
    """The lines of the state, by key: where they stand in the file, which may be large.

    Lines that cannot be read are none.
    """

    def __init__(self, results: Path) -> None:
        self._path = results / FILE
        self._pages = results / PAGES
        self._names: set[str] = set()

    @cached_property
    def _places(self) -> dict[str, tuple[int, int]]:
        places: dict[str, tuple[int, int]] = {}
        at = 0
        with suppress(FileNotFoundError), self._path.open("rb") as file:
            for line in file:
                entry = _entry(line)
                if entry is not None:
                    places[entry["key"]] = at, len(line)
                    self._names.update(entry["pages"])
                at += len(line)
        return places

    def _lines(self, keys: Iterable[str]) -> Iterator[bytes]:
        """Yield the lines of those keys that have one."""
        places = [place for key in keys if (place := self._places.get(key)) is not None]
        if not places:
            return
        with self._path.open("rb") as file:
            for at, size in places:
                file.seek(at)
                yield file.read(size).removesuffix(b"\n") + b"\n"

    def recall(self, key: str) -> Graded | None:
        """Return a student's record, when it is kept and its pages are as they were written."""
        entry = _entry(next(self._lines([key]), b""))
        if entry is None:
            return None
        for name, digest in entry["pages"].items():
            try:
                data = (self._pages / name).read_bytes()
            except OSError:
                return None
            if sha256(data).hexdigest() != digest:
                return None
        try:
            return graded_from(entry["graded"], FILE)
        except (SpecErrors, ValueError, TypeError, RecursionError):
            return None

    def keep(self, outcome: Outcome) -> None:
        """Write an outcome's pages, then its line, at once."""
        self._pages.mkdir(parents=True, exist_ok=True)
        digests = {}
        for suffix, text in outcome.pages.items():
            data = text.encode("utf-8", "replace")
            name = f"{outcome.graded.page}.{suffix}"
            replace(self._pages / name, [data])
            digests[name] = sha256(data).hexdigest()
        if outcome.error:
            return  # another version may do better
        plain = {"key": outcome.key, "pages": digests, "graded": graded_plain(outcome.graded)}
        line = json.dumps(plain).encode() + b"\n"
        places = self._places
        with self._path.open("ab") as file:
            places[outcome.key] = file.tell(), len(line)
            file.write(line)
        self._names.update(digests)

    def settle(self, keys: Iterable[str], pages: set[str]) -> None:
        """Keep only these lines, in their order, and take away pages that nobody has any more."""
        replace(self._path, self._lines(keys))
        for name in sorted(self._names - pages):
            (self._pages / name).unlink(missing_ok=True)
        for folder in (self._pages, self._path.parent):
            for path in folder.glob(".*"):  # half written, when a run was ended from outside
                if _HALF.fullmatch(path.name):
                    path.unlink(missing_ok=True)


def _entry(line: bytes) -> dict[str, Any] | None:
    """Read a line; None for one that was cut off, or that this program has not written."""
    try:
        entry = json.loads(line)
        page = entry["graded"]["page"]
        safe = isinstance(entry["key"], str) and page_name(page, set()) == page
        if not safe or entry["pages"].keys() != {f"{page}.html", f"{page}.md"}:
            return None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return cast("dict[str, Any]", entry)

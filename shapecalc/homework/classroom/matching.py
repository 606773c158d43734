"""Whose a file is: by the folders and names that platforms and people give; never a guess.

Every trace in a path is a set of students.  What all of them allow must be one student; traces that
contradict each other, or that fit two, decide nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.homework.classroom.roster import identities, numbers
from shapecalc.text.files import bare, fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shapecalc.homework.classroom.model import Student

_MOODLE = re.compile(r"(?P<name>.+?)_\d+_assignsubmission_[a-z]+_?.*", re.DOTALL)
_CANVAS = re.compile(r"(?P<name>[^_]+)_(?P<late>LATE_)?(?P<number>\d+)_\d+_(?P<file>.+)", re.DOTALL)
#: The word in a Canvas file name, and what attempts after the first end in.
_ATTEMPT = re.compile(
    r"(?i)(?:[ _-](?:attempt|version|try|v)[ _-]?(\d{1,3})|-(\d{1,3})|\((\d{1,3})\))$"
)
#: A date ends in what looks like an attempt.
_DATE = re.compile(r"\d{1,4}([-_.])\d{1,2}\1\d{1,4}$")
_WORDS = re.compile(r"[^\W_]+")
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


def directory(students: Sequence[Student]) -> Directory:
    """Enter students under their ids, addresses, and names in any order."""
    exact: dict[str, set[int]] = {}
    names: dict[str, set[int]] = {}
    known: dict[str, set[int]] = {}
    for at, student in enumerate(students):
        for word in identities(student):
            exact.setdefault(fold(word), set()).add(at)
        for number in numbers(student):
            known.setdefault(number, set()).add(at)
        words = student.name.split()
        for turn in range(len(words)):
            key = bare("".join(words[turn:] + words[:turn]))
            if len(key) > 3 or (len(key) > 1 and not key.isascii()):
                names.setdefault(key, set()).add(at)
    frozen = [{key: frozenset(at) for key, at in index.items()} for index in (exact, names, known)]
    return Directory(tuple(students), *frozen)


class Whose(NamedTuple):
    """The student that a path means, by place; None, with the reason, where none or several are."""

    at: int | None
    reason: str = ""


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
        return Whose(next(iter(left)))
    places = sorted(left or frozenset.union(*traces))[:3]
    ids = " and ".join(f"{known.students[at].id}" for at in places)
    return Whose(None, f"may be of {ids}" if left else f"names {ids}")


def _traces(known: Directory, part: str, *, last: bool) -> Iterator[frozenset[int]]:
    """Yield what one folder or name says."""
    if match := _MOODLE.fullmatch(part):
        yield from _whole(known, match["name"]) or ()
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
    words = list(_WORDS.finditer(text))[:_MOST_WORDS]
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

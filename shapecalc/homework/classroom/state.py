"""What is graded already: a line a student in the results, so that a run goes on where one ended.

A line holds for what it was made from: its key says which bytes, homework, version and student.
"""

from __future__ import annotations

import json
import re
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.errors import SpecErrors
from shapecalc.homework.classroom.store import graded_from, graded_plain
from shapecalc.text.files import page_name, replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from shapecalc.homework.classroom.judging import Outcome
    from shapecalc.homework.classroom.model import Graded

#: The file in the results, and the folder of pages beside it.
FILE = "state.jsonl"
PAGES = "feedback"
#: The name of a file that was not yet renamed into place.
_HALF = re.compile(r"\..+\.(?:html|md|csv|json|jsonl)\.[a-z0-9_]{8}", re.DOTALL)


class State:
    """The lines of the state, by key; lines that cannot be read are none."""

    def __init__(self, results: Path) -> None:
        self._path = results / FILE
        self._pages = results / PAGES
        self._lines: dict[str, str] = {}
        self._names: dict[str, list[str]] = {}
        for line in self._read():
            entry = _entry(line)
            if entry is not None:
                self._lines[entry.key] = line
                self._names[entry.key] = entry.names

    def _read(self) -> Iterator[str]:
        try:
            with self._path.open(encoding="utf-8") as file:
                yield from file
        except (FileNotFoundError, UnicodeDecodeError):
            return  # nothing was kept, or nothing of use

    def recall(self, key: str) -> Graded | None:
        """Return a student's record, when it is kept and its pages are as they were written."""
        entry = _entry(self._lines.get(key, ""))
        if entry is None:
            return None
        for name, digest in entry.pages.items():
            try:
                data = (self._pages / name).read_bytes()
            except OSError:
                return None
            if sha256(data).hexdigest() != digest:
                return None
        return entry.graded

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
        line = json.dumps(plain) + "\n"
        self._lines[outcome.key] = line
        self._names[outcome.key] = list(digests)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(line)

    def settle(self, keys: Iterable[str], pages: set[str]) -> None:
        """Keep only these lines, in their order, and take away pages that nobody has any more."""
        old = {name for names in self._names.values() for name in names}
        replace(self._path, [self._lines[key] for key in keys if key in self._lines])
        for name in sorted(old - pages):
            (self._pages / name).unlink(missing_ok=True)
        for folder in (self._pages, self._path.parent):
            for path in folder.glob(".*"):  # half written, when a run was ended from outside
                if _HALF.fullmatch(path.name):
                    path.unlink(missing_ok=True)


class _Entry(NamedTuple):
    key: str
    graded: Graded
    pages: dict[str, str]

    @property
    def names(self) -> list[str]:
        return list(self.pages)


def _entry(line: str) -> _Entry | None:
    """Read a line; None for one that was cut off, or that this program has not written."""
    try:
        plain = json.loads(line)
        key, pages = plain["key"], dict(plain["pages"])
        graded = graded_from(plain["graded"], FILE)
        safe = isinstance(key, str) and page_name(graded.page, set()) == graded.page
        if not safe or pages.keys() != {f"{graded.page}.html", f"{graded.page}.md"}:
            return None
        return _Entry(key, graded, pages)
    except (SpecErrors, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None

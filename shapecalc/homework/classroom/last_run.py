"""What the last run came to: when nothing is other than it was, there is nothing to write.

Everything that is read is read again, and compared by its content; only what the last run wrote is
known by its size and its times, and by its content where it is new.
"""

from __future__ import annotations

import json
from fractions import Fraction
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.text.files import replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from shapecalc.homework.classroom import Classroom, Graded

#: The file in the results; it is no result, and hidden.
FILE = ".last-run.json"
#: What was changed so many nanoseconds ago may be changed again at what is the same time for the
#: disk; and so many where it knows whole seconds only.
_SOON, _SOON_IN_SECONDS = 50_000_000, 3_000_000_000


class LastRun(NamedTuple):
    """A run: the work of every student by its key, and what became of it without the cells."""

    whole: str
    keys: tuple[str, ...]
    outcomes: tuple[dict[str, Any], ...]

    def records(self, before: Sequence[Graded]) -> list[Graded]:
        """Return the students' records, without cells; `before` are those before judging."""
        return [
            graded._replace(
                status=outcome["status"],
                earned=Fraction(outcome["earned"]),
                marks=Fraction(outcome["marks"]),
                out_of=Fraction(outcome["out_of"]),
                notes=tuple(outcome["notes"]),
            )
            for graded, outcome in zip(before, self.outcomes, strict=True)
        ]


def whole_of(classroom: Classroom, keys: Iterable[str]) -> str:
    """Return what tells all that is written from anything else that might be.

    The students may be as they were before they were judged: their keys say what comes of them.
    """
    what = (classroom.title, classroom.stamp, classroom.leftovers, tuple(keys))
    return sha256(repr(what).encode()).hexdigest()


def keep_run(
    results: Path, classroom: Classroom, keys: Sequence[str], names: Iterable[str]
) -> None:
    """Keep what a run came to, which has written the files of these names."""
    files = {name: _seen(results / name) for name in names}
    newest = max(map(_changed, files.values()))
    run = {
        "whole": whole_of(classroom, keys),
        "keys": list(keys),
        "files": files,
        "new": {
            name: _digest(results / name) for name, seen in files.items() if _is_new(seen, newest)
        },
        "outcomes": [
            {
                "status": graded.status,
                "earned": str(graded.earned),
                "marks": str(graded.marks),
                "out_of": str(graded.out_of),
                "notes": graded.notes,
            }
            for graded in classroom.students
        ],
    }
    text = json.dumps(run)
    digest = sha256(text.encode()).hexdigest()
    replace(results / FILE, [f"{digest}\n{text}\n"])


def recall_run(results: Path) -> LastRun | None:
    """Return the last run where all that it wrote is as it was; None where that is not certain."""
    file = results / FILE
    try:
        digest, text = file.read_text(encoding="utf-8").splitlines()
        if sha256(text.encode()).hexdigest() != digest:
            return None
        made = file.stat().st_mtime_ns
        run = json.loads(text)
        new = run["new"]
        for name, seen in run["files"].items():
            if _seen(results / name) != seen:
                return None
            if _is_new(seen, made) and new.get(name) != _digest(results / name):
                return None
        return LastRun(run["whole"], tuple(run["keys"]), tuple(run["outcomes"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None  # there was none, or it is of no use


def _seen(path: Path) -> list[int]:
    """Return what a change of a file changes."""
    status = path.lstat()
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]


def _changed(seen: Sequence[int]) -> int:
    return max(seen[1:3])


def _is_new(seen: Sequence[int], now: int) -> bool:
    """Tell whether a file is so new that a later change might not show in its times."""
    changed = _changed(seen)
    return now - changed < (_SOON if changed % 10**9 else _SOON_IN_SECONDS)


def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()

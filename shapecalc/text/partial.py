"""A long file that is written in pieces, over several runs where one is ended.

Beside `points.csv` a folder `points.csv.part` keeps what is written so far (`rows`), what it is
(`what.json`), and how much of it is whole (`done.json`), until the file stands in its place.
"""

from __future__ import annotations

import json
import os
import time
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import MappingProxyType
from typing import IO, TYPE_CHECKING, NamedTuple

from shapecalc.text.files import kept_alone, settle, told_to_end

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: Seconds after which it is noted again what is whole: so much work may be lost.
NOTED = 1.0
#: The file that is made of the pieces, where these are not it.
MADE = "made"
_NAMES = ("rows", MADE, "done.json", "what.json", "done.new", "what.new")
#: So often a folder is made that a run which has just ended takes away.
_TRIES = 5


class OtherPartError(Exception):
    """What was begun in the folder is something else: by name what it is there, and what here."""

    def __init__(self, differing: Mapping[str, tuple[str, str]]) -> None:
        super().__init__(*differing)
        self.differing = differing


class Whole(NamedTuple):
    """So many bytes are whole, with which so much is done, by name."""

    size: int = 0
    done: Mapping[str, int] = MappingProxyType({})


class Partial:
    """Pieces of a file; `whole` is how far it is, noted or not."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows = folder / "rows"
        self.whole = self._noted()
        self.file: IO[bytes] = self.rows.open("ab")
        self.file.truncate(self.whole.size)
        self.last = time.monotonic()

    def _noted(self) -> Whole:
        """Read how much is whole; where less is there than was noted, begin anew."""
        try:
            done = json.loads((self.folder / "done.json").read_text(encoding="utf-8"))
            size = done.pop("bytes")
            if self.rows.stat().st_size >= size:
                return Whole(size, done)
        except (OSError, ValueError, KeyError):
            pass
        return Whole()

    def add(self, data: bytes, done: Mapping[str, int]) -> None:
        """Append a piece, with which so much is done.  Raises `OSError`."""
        self.file.write(data)
        self.file.flush()
        self.whole = Whole(self.whole.size + len(data), done)  # at once, or not at all
        if time.monotonic() > self.last + NOTED:
            self.note()

    def note(self) -> None:
        """Note what is whole, once it is on the disk.  Raises `OSError`."""
        os.fsync(self.file.fileno())
        _store(self.folder / "done.json", {"bytes": self.whole.size, **self.whole.done})
        self.last = time.monotonic()

    def stop(self) -> None:
        """Keep what is whole, and take away what is not; where nothing is, all."""
        with suppress(OSError):  # the rest of a full disk's last piece
            self.file.close()
        if not self.whole.done:
            self.clear()
            return
        with suppress(OSError):
            os.truncate(self.rows, self.whole.size)  # which gives a full disk room for the note
            self.file = self.rows.open("ab")
            self.note()
            self.file.close()

    def finish(self, made: Path, target: Path) -> None:
        """Put the whole file in its place, and take the rest away.  Raises `OSError`."""
        self.file.close()
        with made.open("rb+") as file:
            os.fsync(file.fileno())
        settle(made, target)
        self.clear()

    def clear(self) -> None:
        """Take away what was kept."""
        for path in self.folder.iterdir():
            if path.name in _NAMES:
                path.unlink()


@contextmanager
def begun(path: str, what: Mapping[str, str]) -> Iterator[tuple[Partial, Path]]:
    """Begin a file, or go on with it; yield what is there of it, and where it will stand.

    What is whole is kept when the block fails or the program is asked to end.  Raises
    `BlockingIOError` where another process writes it, `OtherPartError` where something else was
    begun, and `OSError`.
    """
    target = Path(os.path.realpath(path))
    folder = target.with_name(f"{target.name}.part")
    with told_to_end(), _alone(folder):
        _must_be(folder / "what.json", what)
        partial = Partial(folder)
        try:
            yield partial, target
        except BaseException:
            partial.stop()
            raise
        finally:
            partial.file.close()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Make a folder, and keep it for oneself."""
    try:
        with ExitStack() as stack:
            for left in reversed(range(_TRIES)):
                folder.mkdir(exist_ok=True)
                try:
                    stack.enter_context(kept_alone(folder))
                    break
                except FileNotFoundError:
                    if not left:
                        raise
            yield
    finally:
        with suppress(OSError):  # there is something in it
            folder.rmdir()


def _must_be(file: Path, what: Mapping[str, str]) -> None:
    """Require what was begun to be this, or begin it."""
    try:
        there = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        there = None
    except ValueError:
        there = {"what": "nothing that can be read"}
    if there is None:
        _store(file, what)
    elif there != what:
        names = dict.fromkeys((*there, *what))
        pairs = {name: (there.get(name, ""), what.get(name, "")) for name in names}
        raise OtherPartError({name: pair for name, pair in pairs.items() if pair[0] != pair[1]})


def _store(file: Path, values: Mapping[str, object]) -> None:
    """Write a small file, whole or not at all."""
    new = file.with_suffix(".new")
    new.write_text(json.dumps(values, indent=1), encoding="utf-8")
    new.replace(file)

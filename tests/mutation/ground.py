"""Where faults in the source are planted: a copy of the tree, never the tree itself."""

from __future__ import annotations

import ast
import os
import shutil
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from tests.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

PACKAGE = "shapecalc"


class Planted(NamedTuple):
    """Somewhere in the package `right` is written as `wrong`.

    `right` occurs once in the whole package, so that a fault needs no file and survives a move.
    """

    what: str
    right: str
    wrong: str


class Place(NamedTuple):
    """A stretch of a file."""

    path: str
    start: int
    end: int

    @property
    def room(self) -> str:
        """The package that the file lies in, `analysis/sweep`; of one without, its name."""
        return self.path.rpartition("/")[0] or self.path.removesuffix(".py")


class LostError(AssertionError):
    """The text that a fault changes is gone, or there twice."""


@cache
def sources(root: Path = ROOT) -> Mapping[str, str]:
    """Return the package's source, by paths in it."""
    home = root / PACKAGE
    files = sorted(home.rglob("*.py"))
    return {file.relative_to(home).as_posix(): file.read_text("utf-8") for file in files}


def place_of(fault: Planted, texts: Mapping[str, str]) -> Place:
    """Find a fault's place.  Raises `LostError` with its name."""
    times = {path: text.count(fault.right) for path, text in texts.items() if fault.right in text}
    if sum(times.values()) != 1:
        where = ", ".join(times) or "nowhere"
        message = f"{fault.what!r}: {fault.right!r} must occur once in the package, not {where}"
        raise LostError(message)
    (path,) = times
    start = texts[path].index(fault.right)
    return Place(path, start, start + len(fault.right))


class Ground:
    """A copy of the tree, in which a fault stands for as long as a block runs."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.texts = sources()
        self.planted_so_far = 0
        unwanted = shutil.ignore_patterns(".git", ".?*cache", ".venv", "__pycache__", "findings")
        shutil.copytree(ROOT, home, ignore=unwanted, dirs_exist_ok=True)

    @contextmanager
    def planted(self, fault: Planted) -> Iterator[Place]:
        """Plant a fault; afterwards all is as it was, its time too, for what is compiled."""
        place = place_of(fault, self.texts)
        file, text = self.home / PACKAGE / place.path, self.texts[place.path]
        wrong = text[: place.start] + fault.wrong + text[place.end :]
        ast.parse(wrong)
        made = file.stat()
        file.write_text(wrong, "utf-8")
        self.planted_so_far += 1  # no two have one time: Python tells what it compiled by that
        os.utime(file, (made.st_atime, made.st_mtime + 10 * self.planted_so_far))
        try:
            yield place
        finally:
            file.write_text(text, "utf-8")
            os.utime(file, (made.st_atime, made.st_mtime))

"""Names of people and files in any script, and files that are written beside their place first."""

from __future__ import annotations

import os
import re
from errno import EILSEQ, ELOOP
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, TYPE_CHECKING
from unicodedata import normalize

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


#: Names that Windows keeps for devices.
_DEVICES = frozenset({"con", "prn", "aux", "nul"}) | {
    f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10)
}
#: Bytes and characters of a page's name, so that a suffix and what a copy adds fit as well.
_BYTES = 120
_LETTERS = 60


def fold(text: str) -> str:
    """Return what tells an identity from others: letters' case and composition make no difference.

    >>> fold(" Ann@X.edu "), fold("e\u0301") == fold("\u00c9")
    ('ann@x.edu', True)
    """
    return normalize("NFC", normalize("NFKC", text).strip().casefold())


def bare(text: str) -> str:
    """Return only the letters and digits of a name, as platforms put it into file names.

    >>> bare("O'Brien, Mary-Ann"), bare("李 雷")
    ('obrienmaryann', '李雷')
    """
    return "".join(c for c in fold(text) if c.isalnum())


def turned(name: str) -> str:
    """Write `Last, First` as `First Last`.

    >>> turned("O'Brien, Mary"), turned("Mary O'Brien")
    ("Mary O'Brien", "Mary O'Brien")
    """
    last, comma, first = name.partition(",")
    return f"{first.strip()} {last.strip()}" if comma and first.strip() else name.strip()


def page_name(identity: str, taken: set[str]) -> str:
    """Make a file's name of an identity, safe on every system, and add it to those `taken`.

    Letters and digits of every script stay; what differs only in case gets a number.
    """
    kept = "".join(c if c.isalnum() or c in "-_." else "-" for c in normalize("NFC", identity))
    name = re.sub(r"-{2,}", "-", kept[:_LETTERS]).strip("-. ") or "student"
    while len(name.encode()) > _BYTES:
        name = name[:-1]
    if name.split(".")[0].casefold() in _DEVICES:
        name = f"{name}-student"
    free, number = name, 1
    while fold(free) in taken:
        number += 1
        free = f"{name}-{number}"
    taken.add(fold(free))
    return free


def replace(path: str | Path, parts: Iterable[str | bytes]) -> None:
    """Write what comes in parts to a file, as `fill` does.  Raises `OSError`."""
    fill(path, lambda file: file.writelines(_bytes(parts)))


def fill(path: str | Path, write: Callable[[IO[bytes]], object]) -> None:
    """Let `write` fill a file; nothing is changed when it fails.

    A link is followed once; a device or a pipe is written to as it is.  Raises `OSError`.
    """
    target = Path(path)
    try:
        os.fsencode(target)
    except UnicodeEncodeError:
        message = "the names of files have no such letters here; PYTHONUTF8=1 may help"
        raise OSError(EILSEQ, message, str(path)) from None
    if target.exists() and not target.is_file():  # a device or a pipe has nothing to rename
        with target.open("wb") as device:
            write(device)
        return
    target = Path(os.path.realpath(target))
    if target.is_symlink():
        raise OSError(ELOOP, os.strerror(ELOOP))
    file = NamedTemporaryFile("wb", dir=target.parent, prefix=f".{target.name[:60]}.", delete=False)  # noqa: SIM115
    written = Path(file.name)
    try:
        with file:
            write(file)
        written.chmod(target.stat().st_mode if target.exists() else 0o666 & ~_umask())
        written.replace(target)  # after closing: Windows renames no open file
    except BaseException:
        written.unlink()
        raise


def _bytes(parts: Iterable[str | bytes]) -> Iterator[bytes]:
    return (part.encode("utf-8", "replace") if isinstance(part, str) else part for part in parts)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask

"""Names of people and files in any script, and files that are written beside their place first."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from contextlib import contextmanager, suppress
from errno import EILSEQ, ELOOP, ENXIO
from pathlib import Path
from stat import S_ISFIFO, S_ISREG
from threading import current_thread, main_thread
from typing import IO, TYPE_CHECKING, NoReturn
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
    if not _is_plain(target):
        if target.exists() and not target.is_file():  # a device or a pipe has nothing to rename
            with open(target, "wb", opener=_opened) as device:
                write(device)
            return
        target = Path(os.path.realpath(target))
        if target.is_symlink():
            raise OSError(ELOOP, os.strerror(ELOOP))
    written = target.parent / f".{target.name[-60:]}.{os.urandom(4).hex()}"
    with told_to_end():
        try:
            with open(written, "xb", opener=_private) as file:
                write(file)
            settle(written, target)
        except BaseException:
            written.unlink(missing_ok=True)
            raise


def _is_plain(path: Path) -> bool:
    """Tell whether a file and no link is of that name, or nothing yet."""
    try:
        return S_ISREG(path.lstat().st_mode)
    except OSError as error:
        return isinstance(error, FileNotFoundError)


def settle(written: Path, target: Path) -> None:
    """Put a file that is written and closed (Windows renames no open one) in its place."""
    written.chmod(target.stat().st_mode if target.exists() else 0o666 & ~_umask())
    written.replace(target)


@contextmanager
def kept_alone(folder: Path) -> Iterator[None]:
    """Keep a folder for oneself until the process ends, in whatever way it does.

    Raises `BlockingIOError` where another process keeps it.  Where a disk knows no locks, nobody is
    kept out.
    """
    place = folder / ".lock"
    file = _locked(place)
    try:
        yield
    finally:
        with suppress(OSError):  # Windows takes no file away that is open
            place.unlink()
        file.close()


def _locked(place: Path) -> IO[bytes]:
    """Open and lock the file of a name, which whoever had it takes away when done."""
    while True:
        file = place.open("ab")
        try:
            _lock(file.fileno())
            if os.path.samestat(os.fstat(file.fileno()), place.stat()):
                return file
        except FileNotFoundError:
            pass
        except BaseException:
            file.close()
            raise
        file.close()


def _lock(number: int) -> None:
    """Lock an open file, or raise `BlockingIOError`."""
    if sys.platform == "win32":
        import msvcrt

        try:
            msvcrt.locking(number, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            raise BlockingIOError from error
    else:
        import fcntl

        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if isinstance(error, BlockingIOError):
                raise


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


@contextmanager
def told_to_end() -> Iterator[None]:
    """Let what asks the program to end (SIGTERM, SIGHUP) unwind it, so that it can tidy up.

    A signal that is ignored (`nohup`), or that somebody else handles, stays so.
    """
    if current_thread() is not main_thread():  # only this one is told of signals
        yield
        return
    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    numbers = [getattr(signal, name) for name in names]
    taken = [number for number in numbers if signal.getsignal(number) == signal.SIG_DFL]
    for number in taken:
        signal.signal(number, _end)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)


def _end(number: int, _frame: object) -> NoReturn:
    sys.exit(128 + number)  # as a shell counts


#: Seconds for which a pipe that nobody reads is waited for.
_PATIENCE = 2.0


def _opened(path: str, flags: int) -> int:
    """Open a device or a pipe to write.  Raises `OSError` for a pipe that nobody reads."""
    if not S_ISFIFO(Path(path).stat().st_mode):
        return os.open(path, flags)
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            pipe = os.open(path, flags | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != ENXIO:
                raise
            if time.monotonic() > deadline:
                raise OSError(ENXIO, "it is a pipe, and nobody reads it") from None
            time.sleep(0.01)
        else:
            os.set_blocking(pipe, True)
            return pipe


def _bytes(parts: Iterable[str | bytes]) -> Iterator[bytes]:
    return (part.encode("utf-8", "replace") if isinstance(part, str) else part for part in parts)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask

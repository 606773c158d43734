"""Files are written beside their place first, and renamed into it when they are whole."""

from __future__ import annotations

import os
from errno import EILSEQ, ELOOP
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


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

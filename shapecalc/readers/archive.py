"""Archives in which models lie: their small texts are read, their weights never.

An archive is read where it lies.  How much it may unpack to, and how many files it may list, is
bounded, whatever it says of itself.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING

from shapecalc.readers.faults import unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from mmap import mmap

#: Of one text in an archive.
MAX_MEMBER = 32 * 2**20
#: Of the list of files at the archive's end.
_MAX_LIST = 16 * 2**20

_END = struct.Struct("<4s4H2LH")
_WIDE_END = struct.Struct("<4sQ2H2L4Q")


class Archive:
    """The files of an archive, by their paths."""

    def __init__(self, name: str, data: bytes | mmap) -> None:
        self.name = name
        if _list_size(data) > _MAX_LIST:
            raise unreadable(name, "the archive's list of files is too long for a model")
        try:
            self._zip = zipfile.ZipFile(Region(data))
        except (zipfile.BadZipFile, ValueError, OSError, struct.error, NotImplementedError):
            raise unreadable(
                name, "the archive is damaged: its list of files cannot be read", _AGAIN
            ) from None

    def names(self) -> Iterator[str]:
        """List the paths."""
        return iter(self._zip.namelist())

    def text(self, path: str) -> bytes:
        """Unpack one file.  Raises `SpecErrors` for a missing, a damaged, or a huge one."""
        try:
            with self._zip.open(path) as member:
                data = member.read(MAX_MEMBER + 1)
        except KeyError:
            raise unreadable(self.name, f"the archive has no '{path}'", _AGAIN) from None
        except (
            *(zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, struct.error),
            *(NotImplementedError, RuntimeError),  # other packings; a password
        ):
            raise unreadable(
                self.name, f"'{path}' in the archive is damaged or packed in another way", _AGAIN
            ) from None
        if len(data) > MAX_MEMBER:
            message = f"'{path}' in the archive unpacks to more than {MAX_MEMBER // 2**20} MiB"
            raise unreadable(self.name, message)
        return data


_AGAIN = "save the model again, or copy the file anew"


def _list_size(data: bytes | mmap) -> int:
    """Return how many bytes the list of files at the end claims to have, 0 where there is none."""
    at = data.rfind(b"PK\5\6", max(0, len(data) - 2**16 - _END.size))
    if at < 0 or at + _END.size > len(data):
        return 0
    size: int = _END.unpack_from(data, at)[5]
    wide = data.rfind(b"PK\6\6", max(0, at - 2**16), at)
    if wide >= 0 and wide + _WIDE_END.size <= len(data):
        size = max(size if size < 2**32 - 1 else 0, _WIDE_END.unpack_from(data, wide)[8])
    return size


class Region(io.RawIOBase):
    """Bytes as a file that is open to read, without a copy of them."""

    def __init__(self, data: bytes | mmap) -> None:
        self._data = data
        self._at = 0

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def seekable(self) -> bool:
        """Tell that any place can be read."""
        return True

    def tell(self) -> int:
        """Return the place that is read next."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Step to a place."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: len(self._data)}[whence]
        if start + offset < 0:
            raise ValueError("a place before the beginning")
        self._at = start + offset
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Read as much as fits."""
        piece = self._data[self._at : self._at + len(buffer)]
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

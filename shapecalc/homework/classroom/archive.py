"""Zips that platforms give out: what is in them, read in memory and bounded, never unpacked."""

from __future__ import annotations

import stat
import struct
import zlib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

if TYPE_CHECKING:
    from pathlib import Path
    from zipfile import ZipInfo

#: Limits of a zip: bytes of the file and of its directory, members, bytes unpacked in all, and how
#: often a member may be larger than what is stored of it.
MAX_ZIP = 512 * 2**20
MAX_DIRECTORY = 8 * 2**20
MAX_MEMBERS = 20_000
MAX_TOTAL = 256 * 2**20
MAX_RATIO = 200
#: Smaller members are no bombs, however well they pack.
_SMALL = 2**20

_END = struct.Struct("<4s4H2LH")
_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_BREAKS = (BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError)


class Member(NamedTuple):
    """A file in a zip: its name, and its time as the zip has it, which knows no zone.

    `refused` says why it is not read.
    """

    info: ZipInfo
    name: str
    time: tuple[int, int, int, int, int, int]
    refused: str = ""


class ArchiveError(Exception):
    """A zip that is not read, and why."""


def open_zip(path: Path) -> ZipFile:
    """Open a zip whose directory is within the limits.  Raises `ArchiveError`."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            if size > MAX_ZIP:
                raise ArchiveError(f"a zip of more than {MAX_ZIP // 2**20} MiB")
            file.seek(max(0, size - 2**16 - _END.size - _LOCATOR.size - _END64.size))
            _bounded(file.read())
        return ZipFile(path)
    except (*_BREAKS, NotImplementedError, struct.error) as error:
        raise ArchiveError(f"a broken zip: {_said(error)}") from None


def _bounded(tail: bytes) -> None:
    """Require that the directory, as a zip's last bytes announce it, can be read at all."""
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or at + _END.size > len(tail):
        raise BadZipFile("it has no directory")
    *_, size, _offset, _comment = _END.unpack_from(tail, at)
    locator = at - _LOCATOR.size
    record = locator - _END64.size
    if locator >= 0 and tail[locator : locator + 4] == b"PK\x06\x07":
        if record < 0:
            raise BadZipFile("its directory is nowhere")
        *_, size, _offset = _END64.unpack_from(tail, record)
    if size > MAX_DIRECTORY:
        raise ArchiveError("a zip whose directory is too large")


def _said(error: BaseException) -> str:
    return (str(error) or type(error).__name__)[:100]


def members(archive: ZipFile) -> list[Member]:
    """List the files of a zip in the order of their names, those refused with the reason.

    Raises `ArchiveError` where there are too many.
    """
    infos = [info for info in archive.infolist() if not info.orig_filename.endswith("/")]
    if len(infos) > MAX_MEMBERS:
        raise ArchiveError(f"a zip of more than {MAX_MEMBERS:,} files")
    found = [Member(each, _name(each), each.date_time, _refused(each)) for each in infos]
    return sorted(found, key=lambda each: each.name)


def _name(info: ZipInfo) -> str:
    """Return a member's name; UTF-8 that does not say so is read as UTF-8."""
    name = info.orig_filename
    if not info.flag_bits & 0x800 and not name.isascii():
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:
            return name
    return name


def _refused(info: ZipInfo) -> str:
    """Say why a member is not read, or nothing."""
    name = info.orig_filename
    path = PurePosixPath(name.replace("\\", "/"))
    if "\0" in name:
        return "its name holds a zero byte"
    if path.is_absolute() or ".." in path.parts or name[1:2] == ":":
        return "its name leads out of the zip"
    if stat.S_ISLNK(info.external_attr >> 16):
        return "a link"
    if info.flag_bits & 1:
        return "encrypted"
    if info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):  # others unpack without a bound
        return "packed in a way that is not read; make the zip anew"
    if info.file_size > _SMALL and info.file_size > MAX_RATIO * max(info.compress_size, 1):
        return f"a zip bomb: it unpacks to more than {MAX_RATIO} times its size"
    return ""


def unpacked(archive: ZipFile, member: Member, most: int) -> bytes:
    """Unpack at most `most` + 1 bytes of a member, whatever it says of its size.

    Raises `ArchiveError` for a broken one.
    """
    try:
        with archive.open(member.info) as file:
            return file.read(most + 1)
    except (*_BREAKS, NotImplementedError) as error:
        raise ArchiveError(f"broken in its zip: {_said(error)}") from None

"""What lies in the folder of submissions: files, and files in zips; nothing is unpacked to disk.

Every entry is somebody's or a leftover.  What is there and cannot be read was handed in all the
same: it comes with the reason, so that whose it is can be told.
"""

from __future__ import annotations

import os
import stat
import struct
import zlib
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

from shapecalc.homework.answers import refuse_file
from shapecalc.homework.answers.files import MAX_DOCUMENT, SUFFIXES
from shapecalc.homework.classroom import Leftover
from shapecalc.text.safe import terminal_safe

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import tzinfo
    from zipfile import ZipInfo

#: So many files and folders are looked at, so deep.
MAX_FILES = 50_000
_DEPTH = 20
#: What every document has that is packed as a zip.
_IN_DOCUMENTS = frozenset({"[Content_Types].xml", "mimetype"})
#: What operating systems leave behind.
_SYSTEM = frozenset({".ds_store", "thumbs.db", "desktop.ini"})


class Handed(NamedTuple):
    """A file that was handed in, not yet read.

    `path` is how it is told: below the folder, with `/`; `parts` are its folders and itself, any of
    which may name the student.  A file in a zip has its `member`.  `refused` says why it is not
    read.
    """

    path: str
    parts: tuple[str, ...]
    disk: Path
    member: Member | None = None
    refused: str = ""

    @property
    def suffix(self) -> str:
        """The ending of the name, in lower case."""
        stem, dot, ending = self.parts[-1].rpartition(".")
        return f".{ending.lower()}" if dot and stem else ""


class Folder:
    """The files of a folder, or of one zip, and what is passed over.

    Zips are opened once and read in memory, each up to a limit in all.  `known` are the paths of
    files that are no submissions, such as the roster, with what they are.
    """

    def __init__(self, path: str, known: Mapping[str, str] | None = None) -> None:
        own = dict(known or {})
        self._known = {os.path.realpath(path): what for path, what in own.items()}
        self._links = {Path(path).absolute(): what for path, what in own.items()}
        self.leftovers: list[Leftover] = []
        self._zips: dict[Path, ZipFile] = {}
        self._unpacked: dict[Path, int] = {}
        self._count = 0
        self._name = path
        root = Path(path)
        try:
            if root.is_dir():
                self.files = list(self._walk(root, ()))
            elif root.is_file():
                self.files = list(self._inside(root, ()))
            else:
                hint = "name the folder with the submissions, or the zip of the platform"
                raise refuse_file("E001", f"there is no folder '{path}'", path, hint)
        except OSError as error:
            reason = error.strerror or error
            raise refuse_file("E003", f"'{path}' cannot be read: {reason}", path) from None

    def _walk(self, folder: Path, parts: tuple[str, ...]) -> Iterator[Handed]:
        """Yield the files below a folder, by their names; links are not followed."""
        with os.scandir(folder) as entries:
            inside = []
            for entry in entries:
                self._counted()
                inside.append(entry)
        for entry in sorted(inside, key=lambda entry: entry.name):
            inner, disk = (*parts, entry.name), Path(entry.path)
            path = _path_text(inner)
            reason = _of_system(inner) or self._own(entry)
            if (
                reason == _HIDDEN
                and _hidden_answers(inner)
                and entry.is_file(follow_symlinks=False)
            ):
                yield Handed(path, inner, disk, refused=_HIDDEN)
            elif reason:
                self.leftovers.append(Leftover(path, reason))
            elif entry.is_symlink():
                yield Handed(path, inner, disk, refused="a link, which is not followed")
            elif entry.is_dir(follow_symlinks=False):
                yield from self._below(disk, inner)
            elif not entry.is_file(follow_symlinks=False):
                yield Handed(path, inner, disk, refused="no file, but a pipe or a device")
            elif entry.name.lower().endswith(".zip"):
                yield from self._inside(disk, inner)
            else:
                yield Handed(path, inner, disk)
        if parts and not inside:
            self.leftovers.append(Leftover(_path_text(parts), "an empty folder"))

    def _own(self, entry: os.DirEntry[str]) -> str:
        """Say what a file is that is no submission; a link is, unless it was named itself."""
        if entry.is_symlink():
            return self._links.get(Path(entry.path).absolute(), "")
        return self._known.get(os.path.realpath(entry.path), "")

    def _below(self, folder: Path, parts: tuple[str, ...]) -> Iterator[Handed]:
        """Yield the files of an inner folder, or the folder itself where it cannot be read."""
        refused = f"more than {_DEPTH} folders deep" if len(parts) > _DEPTH else ""
        try:
            if not refused:
                yield from self._walk(folder, parts)
        except OSError as error:
            refused = f"cannot be read: {error.strerror or error}"
        if refused:
            yield Handed(_path_text(parts), parts, folder, refused=refused)

    def _inside(self, path: Path, parts: tuple[str, ...]) -> Iterator[Handed]:
        """Yield the files of a zip, or the zip itself where it is none or has none."""
        try:
            archive = open_zip(path)
            inside = members(archive)
        except ArchiveError as error:
            if not parts:
                hint = "name the folder with the submissions, or the zip of the platform"
                message = f"'{path}' is no zip that can be read: {error}"
                raise refuse_file("E715", message, str(path), hint) from None
            # a student's own broken zip is their submission, and the reason is told to them
            refused = str(error) if _begins(path, (b"", b"PK")) else ""  # else of another kind
            yield Handed(_path_text(parts), parts, path, refused=refused)
            return
        if parts and _IN_DOCUMENTS & {member.name for member in inside}:
            yield Handed(_path_text(parts), parts, path)  # a document under another name
            return
        self._zips[path] = archive
        empty = bool(parts)
        for member in inside:
            self._counted()
            path_of = member.name.replace("\\", "/").split("/")
            names = tuple(name for name in path_of if name not in ("", "."))
            inner = (*parts, *names)
            reason = _of_system(inner) if names else "has no name"
            if reason == _HIDDEN and _hidden_answers(inner):
                empty = False
                yield Handed(_path_text(inner), inner, path, member, _HIDDEN)
            elif reason:
                self.leftovers.append(Leftover(_path_text(inner) or "?", reason))
            else:
                empty = False
                yield Handed(_path_text(inner), inner, path, member, member.refused)
        if empty:
            yield Handed(_path_text(parts), parts, path, refused="a zip with no file in it")

    def _counted(self) -> None:
        self._count += 1
        if self._count > MAX_FILES:
            message = f"the folder holds more than {MAX_FILES:,} files"
            hint = "name the folder with the submissions only"
            raise refuse_file("E715", message, self._name, hint)

    def read(self, handed: Handed, most: int = MAX_DOCUMENT) -> bytes:
        """Read at most `most` + 1 bytes of a file.  Raises `ArchiveError` where it cannot be."""
        if handed.refused:
            raise ArchiveError(handed.refused)
        archive = self._zips.get(handed.disk)
        if handed.member is None or archive is None:
            try:
                with handed.disk.open("rb") as file:
                    return file.read(most + 1)
            except OSError as error:
                raise ArchiveError(f"cannot be read: {error.strerror or error}") from None
        if self._unpacked.get(handed.disk, 0) > MAX_TOTAL:
            raise ArchiveError(f"the zip unpacks to more than {MAX_TOTAL // 2**20} MiB")
        data = unpacked(archive, handed.member, most)
        self._unpacked[handed.disk] = self._unpacked.get(handed.disk, 0) + len(data)
        return data

    def time(self, handed: Handed, zone: tzinfo) -> datetime | None:
        """Return when a file was changed, as the disk or its zip has it, which knows no zone."""
        try:
            if handed.member is None:
                return datetime.fromtimestamp(int(handed.disk.stat().st_mtime), tz=UTC)
            return datetime(*handed.member.time, tzinfo=zone)
        except (OSError, ValueError, OverflowError):
            return None


def _begins(path: Path, signs: tuple[bytes, ...]) -> bool:
    """Tell whether a file begins with one of these pairs of bytes, or cannot be read at all."""
    try:
        with path.open("rb") as file:
            return file.read(2) in signs
    except OSError:
        return True


#: Why a file is not read whose name begins with a dot.
_HIDDEN = "a hidden file"


def _of_system(parts: tuple[str, ...]) -> str:
    """Say that a file is an operating system's or a hidden one, or nothing."""
    if any(part == "__MACOSX" for part in parts) or parts[-1].lower() in _SYSTEM:
        return "made by the operating system"
    hidden = any(part.startswith((".", "~$")) and part != ".." for part in parts)
    return _HIDDEN if hidden else ""


def _hidden_answers(parts: tuple[str, ...]) -> bool:
    """Tell whether a hidden file may hold answers: by its suffix, in no hidden folder."""
    name = parts[-1]
    return (
        not any(part.startswith(".") for part in parts[:-1])
        and not name.startswith(("._", "~$"))
        and name.lower().endswith(SUFFIXES)
    )


def _path_text(parts: tuple[str, ...]) -> str:
    """Write a path for people: nothing in it moves the cursor or breaks a line."""
    joined = "/".join(part.encode("utf-8", "replace").decode() for part in parts)
    return terminal_safe(joined)[:400]


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
            if not size:
                raise ArchiveError("the file is empty")
            if size > MAX_ZIP:
                raise ArchiveError(f"a zip of more than {MAX_ZIP // 2**20} MiB")
            file.seek(max(0, size - 2**16 - _END.size - _LOCATOR.size - _END64.size))
            _bounded(file.read())
        return ZipFile(path)
    except (*_BREAKS, NotImplementedError, struct.error) as error:
        raise ArchiveError(f"a broken zip: {_reason(error)}") from None


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


def _reason(error: BaseException) -> str:
    return (str(error) or type(error).__name__)[:100]


def members(archive: ZipFile) -> list[Member]:
    """List the files of a zip in the order of their names, those refused with the reason.

    Raises `ArchiveError` where there are too many.
    """
    infos = [info for info in archive.infolist() if not info.orig_filename.endswith("/")]
    if len(infos) > MAX_MEMBERS:
        raise ArchiveError(f"a zip of more than {MAX_MEMBERS:,} files")
    members = [Member(info, _name(info), info.date_time, _refused(info)) for info in infos]
    return sorted(members, key=lambda member: member.name)


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
        raise ArchiveError(f"broken in its zip: {_reason(error)}") from None

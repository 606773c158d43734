"""A class in which work was handed in that cannot be read, in every way that we know of."""

from __future__ import annotations

import io
import os
import socket
import stat
import struct
import zipfile
from typing import TYPE_CHECKING, NamedTuple

from tests.homework.classroom.support import HEAD, RIGHT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def zipped(
    files: dict[str, bytes], change: object = None, packed: int = zipfile.ZIP_DEFLATED
) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", packed) as made:
        for name, data in files.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = packed
            if callable(change):
                change(info)
            made.writestr(info, data)
    return target.getvalue()


def as_link(info: zipfile.ZipInfo) -> None:
    info.create_system = 3
    info.external_attr = (stat.S_IFLNK | 0o777) << 16


def encrypted(data: bytes) -> bytes:
    """Set the flag of encryption in every header."""
    changed = bytearray(data)
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = changed.find(signature)
        while at >= 0:
            changed[at + offset] |= 1
            at = changed.find(signature, at + 4)
    return bytes(changed)


def _flipped(data: bytes) -> bytes:
    changed = bytearray(data)
    changed[45] ^= 0xFF
    return bytes(changed)


def _huge_directory(data: bytes) -> bytes:
    at = data.rfind(b"PK\x05\x06")
    return data[: at + 12] + struct.pack("<L", 2**31) + data[at + 16 :]


class Way(NamedTuple):
    """A way to hand in what cannot be read.

    `make` writes it and returns the entries that it makes, as they are told; `reason` is in the
    student's notes.
    """

    make: Callable[[Path, str], list[str]]
    reason: str


def _file(name: str, data: bytes, *entries: str) -> Callable[[Path, str], list[str]]:
    """Write a file of the student; `entries` are those of a zip, below it."""

    def make(folder: Path, who: str) -> list[str]:
        path = folder / name.format(who)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return [f"{name.format(who)}{entry}" for entry in entries or [""]]

    return make


def _link(target: str) -> Callable[[Path, str], list[str]]:
    def make(folder: Path, who: str) -> list[str]:
        (folder / f"{who}.csv").symlink_to(target)
        return [f"{who}.csv"]

    return make


def _pipe(folder: Path, who: str) -> list[str]:
    os.mkfifo(folder / f"{who}.csv")
    return [f"{who}.csv"]


def _socket(folder: Path, who: str) -> list[str]:
    here = os.open(".", os.O_RDONLY)
    try:
        os.chdir(folder)  # its whole path may be too long for a socket
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(f"{who}.csv")
    finally:
        os.fchdir(here)
        os.close(here)
    return [f"{who}.csv"]


def _deep(folder: Path, who: str) -> list[str]:
    inner = folder.joinpath(who, *["d"] * 20)
    inner.mkdir(parents=True)
    (inner / "a.csv").write_text(RIGHT)
    return ["/".join([who, *["d"] * 20])]


def _two(folder: Path, who: str) -> list[str]:
    (folder / f"{who}-a.csv").write_text(RIGHT)
    (folder / f"{who}-b.csv").write_text(RIGHT.replace("156", "150"))
    return [f"{who}-a.csv", f"{who}-b.csv"]


def _two_zips(folder: Path, who: str) -> list[str]:
    """Two of which neither can be read."""
    first = _file("{}-a.zip", zipped({}))(folder, who)
    return first + _file("{}-b.zip", encrypted(zipped({"a.csv": b"x"})), "/a.csv")(folder, who)


_ANSWERS = {"a.csv": RIGHT.encode()}
_GOOD = zipped(_ANSWERS)
_PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 100

WAYS: dict[str, Way] = {
    "an encrypted member": Way(_file("{}.zip", encrypted(_GOOD), "/a.csv"), "encrypted"),
    "a member that leads up": Way(
        _file("{}.zip", zipped({"../../a.csv": b"x"}), "/../../a.csv"), "leads out of the zip"
    ),
    "an absolute member": Way(
        _file("{}.zip", zipped({"/etc/a.csv": b"x"}), "/etc/a.csv"), "leads out of the zip"
    ),
    "a member on a drive": Way(
        _file("{}.zip", zipped({"C:\\a.csv": b"x"}), "/C:/a.csv"), "leads out of the zip"
    ),
    "a bomb": Way(_file("{}.zip", zipped({"a.csv": b"0" * 5_000_000}), "/a.csv"), "a zip bomb"),
    "an empty zip": Way(_file("{}.zip", zipped({})), "no file in it"),
    "a zip of folders": Way(_file("{}.zip", zipped({"answers/": b""})), "no file in it"),
    "a zip of what a system left": Way(
        _file("{}.zip", zipped({"__MACOSX/._a.csv": b"x"}), "", "/__MACOSX/._a.csv"),
        "no file in it",
    ),
    "a link in a zip": Way(_file("{}.zip", zipped(_ANSWERS, as_link), "/a.csv"), "a link"),
    "a zip cut off": Way(_file("{}.zip", _GOOD[:-30]), "a broken zip"),
    "a zip of zeros": Way(_file("{}.zip", b"PK\x03\x04" + b"\0" * 90), "a broken zip"),
    "a zip of no bytes": Way(_file("{}.zip", b""), "empty"),
    "a member whose bytes are broken": Way(
        _file("{}.zip", _flipped(_GOOD), "/a.csv"), "broken in its zip"
    ),
    "a member packed otherwise": Way(
        _file("{}.zip", zipped(_ANSWERS, packed=zipfile.ZIP_BZIP2), "/a.csv"), "make the zip anew"
    ),
    "a zip in a zip": Way(_file("{}.zip", zipped({"in.zip": _GOOD}), "/in.zip"), "a zip archive"),
    "a zip whose directory is huge": Way(
        _file("{}.zip", _huge_directory(_GOOD)), "directory is too large"
    ),
    "a PDF in a zip": Way(_file("{}.zip", zipped({"a.pdf": b"%PDF-1.7"}), "/a.pdf"), "PDF"),
    "a link to a file": Way(_link("../class.csv"), "a link"),
    "a link to nothing": Way(_link("nowhere.csv"), "a link"),
    "a link to a folder": Way(_link(".."), "a link"),
    "a pipe": Way(_pipe, "a pipe"),
    "a socket": Way(_socket, "a pipe or a device"),
    "an empty file": Way(_file("{}.csv", b""), "empty"),
    "a file of blanks": Way(_file("{}.csv", b" \n\t\n"), "empty"),
    "a PDF": Way(_file("{}.pdf", b"%PDF-1.7\n"), "PDF"),
    "a picture": Way(_file("{}/photo.png", _PNG), "picture"),
    "an old spreadsheet": Way(
        _file("{}.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500), "old Office file"
    ),
    "a file of zero bytes": Way(_file("{}.csv", b"\0" * 100), "no text"),
    "a file that is too large": Way(_file("{}.csv", b"9," * 200_000), "256 KiB"),
    "aliases that grow": Way(
        _file("{}.yaml", b"a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"), "names no layer"
    ),
    "half a JSON": Way(_file("{}.json", b'{"conv1": {"params": 156'), "not JSON"),
    "a table without headings": Way(_file("{}.csv", b"conv1,28x28x6,156\n"), "names the columns"),
    "a table of other rows": Way(
        _file("{}.csv", f"{HEAD}stem,28x28x6,156,1\nhead,14x14x6,0,0\n".encode()),
        "row stem was taken for nothing",
    ),
    "a sheet of another homework": Way(
        _file("{}.csv", f"shapecalc homework 0000000a\n{HEAD}fc9,10,1,1\n".encode()),
        "stamped 0000000a",
    ),
    "a workbook cut off": Way(_file("{}.xlsx", _GOOD[:-30]), "cannot be unpacked"),
    "two files": Way(_two, "nothing says which counts"),
    "two zips": Way(_two_zips, "nothing says which counts"),
    "a folder that is too deep": Way(_deep, "folders deep"),
}


def lay_out_broken(folder: Path, students: int, broken: int) -> tuple[dict[str, str], list[str]]:
    """Write a class of which so many hand in what cannot be read.

    A tenth hands in nothing, and the others what is right; there are files of nobody besides.
    Returns the way of everybody who cannot be read, by id, and every entry.
    """
    sub = folder / "sub"
    sub.mkdir(parents=True)
    ids = [f"n{at:04}" for at in range(students)]
    (folder / "class.csv").write_text("id,name\n" + "".join(f"{who},\n" for who in ids))
    ways: dict[str, str] = {}
    entries = []
    for at, who in enumerate(ids):
        if at < broken:
            ways[who] = list(WAYS)[at % len(WAYS)]
            entries += WAYS[ways[who]].make(sub, who)
        elif at % 10:
            entries += _file("{}.csv", RIGHT.encode())(sub, who)
    for name, data in (("notes.txt", b"x"), (".DS_Store", b"\0"), ("table.csv", HEAD.encode())):
        entries += _file(name, data)(sub, "")
    entries += _file(
        "all.zip", zipped({"who.csv": b"x", "../up.csv": b"x"}), "/who.csv", "/../up.csv"
    )(sub, "")
    (sub / "nothing").mkdir()
    return ways, [*entries, "nothing"]

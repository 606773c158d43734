"""Folders and zips that mean harm: nothing crashes, nothing leaves the results, all is told."""

from __future__ import annotations

import os
import struct
import time
from random import Random
from typing import TYPE_CHECKING

import pytest

from shapecalc.errors import SpecErrors
from shapecalc.homework.classroom import folder
from shapecalc.homework.classroom.folder import ArchiveError, members, open_zip, unpacked
from shapecalc.homework.exports.moodle import grades
from tests.homework.classroom.broken import as_link, encrypted, zipped
from tests.homework.classroom.support import RIGHT, lay_out, rows, run, written

if TYPE_CHECKING:
    from pathlib import Path


ZIPS: dict[str, tuple[bytes, str]] = {
    "up": (zipped({"../s1.csv": b"x", "../../s2.csv": b"x"}), "leads out of the zip"),
    "absolute": (zipped({"/etc/s1.csv": b"x"}), "leads out of the zip"),
    "drive": (zipped({"C:\\s1.csv": b"x"}), "leads out of the zip"),
    "backslash": (zipped({"..\\..\\s1.csv": b"x"}), "leads out of the zip"),
    "link": (zipped({"s1.csv": b"/etc/passwd"}, as_link), "a link"),
    "encrypted": (encrypted(zipped({"s1.csv": b"x"})), "encrypted"),
    "bomb": (zipped({"s1.csv": b"0" * 50_000_000}), "bomb"),
    "nul": (zipped({"s1.csvXhidden.exe": b"x"}).replace(b"X", b"\0"), "zero byte"),
    "nobody": (zipped({"who.csv": b"x"}), "names no student"),
}


@pytest.mark.parametrize("name", ZIPS)
def test_what_is_wrong_in_a_zip_is_left_over_and_told(tmp_path: Path, name: str) -> None:
    data, reason = ZIPS[name]
    lay_out(tmp_path / "c", {f"{name}.zip": data, "s2.csv": RIGHT})
    done = run(tmp_path / "c")
    statuses = [student.status for student in done.classroom.students]
    assert statuses == ["missing" if name == "nobody" else "unreadable", "graded", "missing"]
    told = rows(written(tmp_path / "c" / "results")["leftovers.csv"])
    assert [reason in left["reason"] for left in told] == [True] * (2 if name == "up" else 1)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (zipped({"s1.csv": RIGHT.encode()})[:-30], "a broken zip: it has no directory"),
        (b"PK\x03\x04" + b"\0" * 50, "a broken zip: it has no directory"),
        (zipped({}), "a zip with no file in it"),
        (zipped({"answers/": b""}), "a zip with no file in it"),
        (zipped({"__MACOSX/._a.csv": b"x"}), "a zip with no file in it"),
        (encrypted(zipped({"a.csv": b"x"})), "encrypted"),
        (zipped({"../../a.csv": b"x"}), "leads out of the zip"),
        (zipped({"a.csv": b"0" * 50_000_000}), "bomb"),
        (zipped({"a.csv": b"/etc/passwd"}, as_link), "a link"),
        (b"", "empty"),
        (zipped({"inner.zip": zipped({"s1.csv": RIGHT.encode()})}), "zip archive"),
        (zipped({"a.csv": b"%PDF-1.7"}), "PDF"),
        (zipped({"a.csv": b"x" * 300_000}), "256 KiB"),
    ],
)
def test_a_student_s_own_zip_that_cannot_be_read(tmp_path: Path, data: bytes, reason: str) -> None:
    lay_out(tmp_path / "c", {"s1.zip": data, "s2.csv": RIGHT})
    done = run(tmp_path / "c")
    assert [student.status for student in done.classroom.students] == [
        "unreadable",
        "graded",
        "missing",
    ]
    assert reason in done.classroom.students[0].notes[0]
    results = written(tmp_path / "c" / "results")
    assert reason in rows(results["grades.csv"])[0]["notes"]
    assert rows(results["grades.csv"])[0]["marks"] == ""
    assert reason in results["feedback/s1.md"].decode()
    assert any(reason in left["reason"] for left in rows(results["leftovers.csv"]))
    zero = grades(done.classroom, missing="zero").splitlines()
    assert zero[1].startswith("s1,ann@x.edu,-,")
    assert "What was handed in could not be read" in zero[1]
    assert zero[3].startswith("s3,ida@x.edu,0,")


def test_a_member_whose_bytes_are_broken(tmp_path: Path) -> None:
    data = bytearray(zipped({"s1.csv": RIGHT.encode()}))
    data[45] ^= 0xFF
    lay_out(tmp_path / "c", {"all.zip": bytes(data), "s2.csv": RIGHT})
    done = run(tmp_path / "c")
    assert done.classroom.students[0].status == "unreadable"
    assert "broken in its zip" in done.classroom.students[0].notes[0]


def test_sizes_that_lie_unpack_no_more_than_is_read(tmp_path: Path) -> None:
    data = zipped({"s1.csv": b"0" * 3_000_000})
    small = struct.pack("<L", 10)
    lying = data.replace(struct.pack("<L", 3_000_000), small)
    (tmp_path / "a.zip").write_bytes(lying)
    with open_zip(tmp_path / "a.zip") as opened:
        (member,) = members(opened)
        assert not member.refused
        # what is unpacked ends where the header says, and then the sum is not right
        with pytest.raises(ArchiveError, match="broken"):
            unpacked(opened, member, 1000)


def test_limits_of_a_zip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = zipped({f"s{n}.csv": b"x" for n in range(50)})
    lay_out(tmp_path / "c", {"s1.zip": data})
    for limit, value, reason in (
        ("MAX_MEMBERS", 49, "files"),
        ("MAX_DIRECTORY", 100, "directory is too large"),
        ("MAX_ZIP", 1000, "more than"),
    ):
        with monkeypatch.context() as patched:
            patched.setattr(folder, limit, value)
            with pytest.raises(ArchiveError, match=reason):
                members(open_zip(tmp_path / "c" / "sub" / "s1.zip"))
    with monkeypatch.context() as patched:
        patched.setattr(folder, "MAX_FILES", 20)
        with pytest.raises(SpecErrors) as caught:
            run(tmp_path / "c")
        assert caught.value.problems[0].code == "E715"
    monkeypatch.setattr(folder, "MAX_TOTAL", 0)
    looked = folder.Folder(str(tmp_path / "c" / "sub"))
    assert looked.read(looked.files[0]) == b"x"
    with pytest.raises(ArchiveError, match="unpacks to more"):
        looked.read(looked.files[1])


def test_a_directory_that_says_it_is_huge(tmp_path: Path) -> None:
    data = bytearray(zipped({"s1.csv": b"x"}))
    at = data.rfind(b"PK\x05\x06")
    data[at + 12 : at + 16] = struct.pack("<L", 2**31)
    (tmp_path / "a.zip").write_bytes(bytes(data))
    with pytest.raises(ArchiveError, match="directory"):
        open_zip(tmp_path / "a.zip")


def hostile(root: Path) -> list[str]:
    """Lay a class out with one of everything that means harm; return every file."""
    files: dict[str, str | bytes] = {
        "s1.csv": RIGHT,
        "a.zip": ZIPS["up"][0],
        "b.zip": ZIPS["bomb"][0],
        "c.zip": ZIPS["link"][0],
        "d.zip": zipped({"s3.zip": zipped({"x": b"y"})}),
        "e.zip": b"PK broken",
        "s2.csv": b"%PDF-1.7\n",
        "huge.csv": b"9" * 3_000_000,
        "deep.yaml": b"[" * 100_000,
        "bomb.yaml": b"a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
        "=cmd|' calc'!A0.csv": "=1+1,@SUM(A1)\n",
        "+1.csv": RIGHT,
        "<img src=x onerror=alert(1)>.csv": RIGHT,
        "\x1b[31mred.csv": RIGHT,
        "new\nline.csv": RIGHT,
        "\u202evsc.exe": RIGHT,
        "empty.csv": b"",
        "latin.csv": "größe,Größe\n".encode("latin-1"),
        ".DS_Store": b"\0\1",
        "__MACOSX/._s1.csv": b"\0",
        "~$s1.csv": b"\0",
        "a/b/c/d/e.csv": RIGHT,
        "x" * 200 + ".csv": RIGHT,
    }
    roster = (
        'id,name\ns1,"=HYPERLINK(""http://x"")"\ns2,<script>alert(1)</script>\n'
        "s3,\x1b[31mNed\n../../s4,Up And Out\n"
    ).replace("\x1b", "")
    lay_out(root, files, roster)
    (root / "sub" / "s4.csv").symlink_to("/etc/passwd")
    (root / "sub" / "loop").symlink_to("..")
    os.mkfifo(root / "sub" / "pipe.csv")
    return list(files)


def test_a_hostile_folder(tmp_path: Path) -> None:
    files = hostile(tmp_path / "c")
    before = {path for path in tmp_path.rglob("*") if "results" not in path.parts}
    began = time.process_time()
    done = run(tmp_path / "c")
    assert time.process_time() - began < 20
    after = {path for path in tmp_path.rglob("*") if "results" not in path.parts}
    assert after == before  # nothing outside the results
    statuses = [student.status for student in done.classroom.students]
    assert statuses == ["graded", "unreadable", "unreadable", "missing"]
    assert done.errors == ()
    left_over = {leftover.file.split("/")[0] for leftover in done.classroom.leftovers}
    counted = {student.file.split("/")[0] for student in done.classroom.students}
    shown = {folder._path_text((name,)).split("/")[0] for name in files}
    assert (
        shown | {"s4.csv", "loop", "pipe.csv"} <= left_over | counted
    )  # every file is accounted for
    results = written(tmp_path / "c" / "results")
    for name, data in results.items():
        assert b"\x1b" not in data, name
        assert b"<script>alert" not in data or not name.endswith(".html"), name
    grades = results["grades.csv"].decode().splitlines()
    assert grades[1].startswith("s1,\"'=HYPERLINK")
    assert "\n'=cmd" in results["leftovers.csv"].decode()
    assert "feedback/s1.html" in results


def test_a_hostile_folder_gives_the_same_bytes(tmp_path: Path) -> None:
    results = []
    for name in ("c", "d"):
        hostile(tmp_path / name)
        run(tmp_path / name)
        results.append(written(tmp_path / name / "results"))
    assert results[0] == results[1]


def mutants(count: int) -> list[bytes]:
    """Return zips with a few bytes changed, cut out or repeated."""
    rng = Random(3)
    good = [data for data, _ in ZIPS.values() if len(data) < 5000]
    good += [zipped({"s1.csv": RIGHT.encode(), "d/s2.csv": RIGHT.encode()})]
    collected = []
    for _ in range(count):
        data = bytearray(rng.choice(good))
        for _ in range(rng.randrange(1, 6)):
            at = rng.randrange(len(data))
            if rng.random() < 0.7:
                data[at] = rng.randrange(256)
            else:
                data[at : at + rng.randrange(9)] = data[: rng.randrange(9)]
        collected.append(bytes(data))
    return collected


def test_any_bytes_are_a_zip_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    opened = 0
    for data in mutants(1500):
        path.write_bytes(data)
        try:
            with open_zip(path) as archive:
                for member in members(archive):
                    opened += not member.refused and len(unpacked(archive, member, 1000)) >= 0
        except ArchiveError:
            continue
    assert opened > 40


def test_links_out_of_the_results_are_not_what_a_student_can_make(tmp_path: Path) -> None:
    # names of pages come from the roster, and none leads out
    lay_out(tmp_path / "c", {"s1.csv": RIGHT}, "id,name\n/etc/x,A\n../y,B\n..,C\ns1,D\n")
    run(tmp_path / "c")
    assert {path.name for path in tmp_path.iterdir()} == {"c"}


@pytest.mark.parametrize("name", ["grades.csv", "feedback/Ann-Lee.html", "feedback"])
def test_results_are_not_written_through_links(tmp_path: Path, name: str) -> None:
    lay_out(tmp_path / "c", {"s1.csv": RIGHT})
    outside = tmp_path / "outside"
    link = tmp_path / "c" / "results" / name
    link.parent.mkdir(parents=True)
    link.symlink_to(outside)
    with pytest.raises(SpecErrors, match="is a link"):
        run(tmp_path / "c")
    assert not outside.exists()

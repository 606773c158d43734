"""Rosters as registries and platforms export them."""

from __future__ import annotations

from random import Random

import pytest

from shapecalc.errors import SpecErrors
from shapecalc.homework.assignment.deadline import Deadline, read_time
from shapecalc.homework.classroom.roster import deadline_of, identities, read_roster

CANVAS = """\
Student,ID,SIS User ID,SIS Login ID,Section,AlexNet (77),Current Score
,,,,,Manual Posting,(read only)
    Points Possible,,,,,33,(read only)
"O'Brien, Mary",1001,s77,mob,A,,
"李, 雷",1002,s78,lilei,A,12,
"Student, Test",1003,,5e2f,A,,
"""
MOODLE = (
    "First name;Surname;ID number;Email address\nAnn;Lee;4711;ann@x.edu\nZoë;Müller;;zoe@x.edu\n"
)
GRADESCOPE = "Name,SID,Email,Role\nAnn Lee,4711,ann@x.edu,Student\n"


def students_of(text: str | bytes) -> list[tuple[str, str, str]]:
    data = text if isinstance(text, bytes) else text.encode()
    return [
        (student.id, student.name, student.email) for student in read_roster(data, "r.csv").students
    ]


@pytest.mark.parametrize(
    ("text", "students"),
    [
        ("id,name\n7,Ann Lee\n", [("7", "Ann Lee", "")]),
        (CANVAS, [("1001", "Mary O'Brien", ""), ("1002", "雷 李", "")]),
        (MOODLE, [("4711", "Ann Lee", "ann@x.edu"), ("zoe@x.edu", "Zoë Müller", "zoe@x.edu")]),
        (GRADESCOPE, [("4711", "Ann Lee", "ann@x.edu")]),
        ("Username\tLast name\tFirst name\nal7\tLee\tAnn\n", [("al7", "Ann Lee", "")]),
        ("Name\nAnn Lee\n", [("Ann Lee", "Ann Lee", "")]),
        ("\ufeffid,name\n7,Ann Lee\n", [("7", "Ann Lee", "")]),
        ("id;name\n7;Zoë\n".encode("utf-16"), [("7", "Zoë", "")]),
        ("id;name\n7;Zoë\n".encode("cp1252"), [("7", "Zoë", "")]),
        ("Course 6\n\nid,name\n\n7,Ann Lee\n,\n", [("7", "Ann Lee", "")]),
    ],
)
def test_rosters_of_all_kinds(text: str | bytes, students: list[tuple[str, str, str]]) -> None:
    assert students_of(text) == students


def test_other_columns_are_kept_as_they_are() -> None:
    first = read_roster(CANVAS.encode(), "r.csv").students[0]
    assert dict(first.columns)["AlexNet (77)"] == ""
    assert list(dict(first.columns))[:5] == [
        "Student", "ID", "SIS User ID", "SIS Login ID", "Section",
    ]  # fmt: skip
    assert set(identities(first)) == {"1001", "s77", "mob"}


def test_rows_of_a_platform_are_no_students_and_told() -> None:
    notes = read_roster(CANVAS.encode(), "r.csv").notes
    assert len(notes) == 2
    assert "Points Possible" in notes[0]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("", ["E710"]),
        ("a,b\n1,2\n", ["E710"]),
        ("id,name\n", ["E710"]),
        ("id,name\nx,A\nX,B\n", ["E711"]),
        ("id,name\ne\u0301,A\n\u00e9,B\n", ["E711"]),
        ("id,name\nx,A\n,B\n", ["E711"]),
        ("id,name\n=1+1,A\n@x,B\n-3,C\n", ["E714", "E714", "E714"]),
        ("id,name\n" + "".join(f"s{n},A\n" for n in range(20_001)), ["E712"]),
        ("id,name\n" + "x" * 201 + ",A\n", ["E711"]),
        ('id,name\n"a\nb",A\n', ["E711"]),
        ("id,name\n" + '"' * 300_001 + ",A\n", ["E710"]),
        (b"%PDF-1.7", ["E703"]),
        (b"id,name\n\x00\x01,A\n", ["E703"]),
    ],
)
def test_what_is_wrong_is_told(text: str | bytes, codes: list[str]) -> None:
    with pytest.raises(SpecErrors) as caught:
        students_of(text)
    assert [problem.code for problem in caught.value.problems] == codes


def test_a_deadline_of_ones_own() -> None:
    due = Deadline(read_time("2026-11-20T23:59", last=True))
    text = "id,extension\ns1,\ns2,2 days\ns3,2026-12-01\n"
    students = read_roster(text.encode(), "r.csv").students
    lasts = [str(deadline_of(student, due, "r.csv").last)[:19] for student in students]
    assert lasts == ["2026-11-20 23:59:59", "2026-11-22 23:59:59", "2026-12-01 23:59:59"]


def test_any_bytes_are_a_roster_or_refused() -> None:
    rng = Random(7)
    texts = [export.encode() for export in (CANVAS, MOODLE, GRADESCOPE)]
    read = 0
    for _ in range(600):
        data = bytearray(rng.choice(texts))
        for _ in range(rng.randrange(1, 9)):
            at = rng.randrange(len(data))
            data[at : at + rng.randrange(3)] = rng.choice(
                [
                    b",",
                    b'"',
                    b"\n",
                    b"\x00",
                    b"\xff",
                    b"=1",
                    b";",
                    b"\t",
                    bytes([rng.randrange(256)]),
                ]
            )
        try:
            read += bool(students_of(bytes(data)))
        except SpecErrors:
            continue
    assert read > 50


@pytest.mark.parametrize(
    "text", ['id,name\ns1,"Ann\ns2,Bob\n', 'id;name\n"s1;A\n', 'id,name\n"s1,A']
)
def test_a_quote_left_open_swallows_nobody(text: str) -> None:
    with pytest.raises(SpecErrors, match="a quote has no other end"):
        read_roster(text.encode(), "class.csv")


#: Encoding -> names, as registries of the world write them.
NAMES = {
    "gb18030": ["李雷", "韩梅梅", "王小明"],
    "big5": ["王小明", "陳大文", "林志玲"],
    "cp932": ["山田太郎", "佐藤花子"],
    "euc_jp": ["山田太郎", "佐藤花子"],
    "cp949": ["김민준", "이서연"],
    "cp1251": ["Иванов Пётр", "Смирнова Анна"],
    "koi8_r": ["Иванов Пётр", "Смирнова Анна"],
    "cp866": ["Иванов Пётр", "Смирнова Анна"],
    "cp1250": ["Łukasz Żak", "Józef Wałęsa"],
    "cp1253": ["Γιώργος Παπαδόπουλος", "Μαρία"],
    "cp1255": ["דוד כהן", "שרה לוי"],
    "cp1256": ["محمد علي", "فاطمة"],
    "cp874": ["สมชาย ใจดี"],
}


def listed(names: list[str]) -> str:
    return "id,name\n" + "".join(f"s{at},{name}\n" for at, name in enumerate(["Ann Lee", *names]))


@pytest.mark.parametrize("encoding", NAMES)
def test_names_that_would_be_signs_are_refused_with_what_they_may_be(encoding: str) -> None:
    data = listed(NAMES[encoding]).encode(encoding)
    with pytest.raises(SpecErrors) as caught:
        read_roster(data, "r.csv")
    (problem,) = caught.value.problems
    assert problem.code == "E717"
    assert f"{encoding} ({NAMES[encoding][0]})" in problem.hint
    known = read_roster(data, "r.csv", encoding)
    assert [student.name for student in known.students[1:]] == NAMES[encoding]
    assert known.notes == ()


@pytest.mark.parametrize(
    "name",
    ["Jörg Lutz", "Ann Müller", "René Blanc", "Muñoz", "Núñez", "José Gil", "Jäger", "Zoë", "Noël",
     "Björn Dahl", "Löw", "Håkan"],
)  # fmt: skip
def test_one_name_that_a_macintosh_wrote_is_not_read_as_another(name: str) -> None:
    data = listed([name, "Ann Lee"]).encode("mac_roman")
    with pytest.raises(SpecErrors) as caught:
        read_roster(data, "r.csv")
    assert caught.value.problems[0].code == "E717"
    assert f"mac_roman ({name})" in caught.value.problems[0].hint
    assert read_roster(data, "r.csv", "mac_roman").students[1].name == name


@pytest.mark.parametrize(
    "name",
    ["Miloš Žák", "Boš", "McŽak", "Müller–Lüdenscheidt", "Ka‘iulani", "Dell’Orto", "Šárka", "Œuvrard",
     "Všetecka"],
)  # fmt: skip
def test_names_with_signs_that_a_macintosh_uses_otherwise_are_read(name: str) -> None:
    known = read_roster(listed([name]).encode("cp1252"), "r.csv")
    assert known.students[1].name == name


def test_western_names_are_read_and_one_is_shown() -> None:
    names = [
        "Zoë Müller", "Þórður Sæþórsson", "Bjørn Ærø", "Mª José", "Gal·la", "O’Brien", "Œuvrard",
        "Ångström Öberg", "ŠÉF Žák",
    ]  # fmt: skip
    known = read_roster(listed(names).encode("cp1252"), "r.csv")
    assert [student.name for student in known.students[1:]] == names
    assert known.notes == (
        "no UTF-8; read as Windows-1252, with names like 'Zoë Müller'; --encoding names another",
    )
    assert (
        read_roster(listed(names).encode("utf-8-sig"), "r.csv", "utf-8").students == known.students
    )


@pytest.mark.parametrize(
    "encoding", ["klingon", "base64", "ascii", "utf-16", "rot13", "\0", "x" * 99]
)
def test_an_encoding_that_is_none_or_does_not_fit(encoding: str) -> None:
    with pytest.raises(SpecErrors) as caught:
        read_roster(listed(["Zoë"]).encode("cp1252") + b"\xff", "r.csv", encoding)
    assert caught.value.problems[0].code in ("E717", "E703")

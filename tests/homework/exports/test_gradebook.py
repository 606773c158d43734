"""Marks of a class in Canvas' own gradebook, and in a table for Moodle."""

from __future__ import annotations

import contextlib
import csv
import re
from fractions import Fraction
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shapecalc.cli import main
from shapecalc.errors import SpecErrors
from shapecalc.homework.classroom import Classroom, Graded, Student
from shapecalc.homework.classroom.roster import read_roster
from shapecalc.homework.classroom.store import load
from shapecalc.homework.exports.canvas import fill, read_gradebook, report
from shapecalc.homework.exports.moodle import grades
from shapecalc.homework.exports.moodle_worksheet import worksheet
from shapecalc.homework.exports.tables import csv_text
from shapecalc.text.safe import csv_safe
from tests.runner import runner

CLASS = Path(__file__).parent / "files" / "class.json"

#: As Canvas writes it: a hidden row, four blanks before the points, read-only totals, a test student.
BOOK = """\
Student,ID,SIS User ID,SIS Login ID,Section,Notes,Homework 1 (16),Homework 10 (17),Quiz (18),Quiz (19),Final Score
,,,,,,Manual Posting,,,,
    Points Possible,,,,,,20.0,10,5,5,(read only)
"Lovelace, Ada",101,s1,ADA@example.org,One,"a ""note"", kept",,7,EX,,81.5
"Hopper, Grace",102,s2,ghopper,One,-,3,,,,
"Nobody, Known",103,s3,nk,Two,,1.5,,,,
김민준,104,s4,kim,Two,,,,,,
"Student, Test",105,,,One,,,,,,
"""


def student(id_: str, marks: Fraction | int = 5, *, status: str = "graded", **more: str) -> Graded:
    out_of = Fraction(20)
    return Graded(Student(id_, **more), status, marks=Fraction(marks), out_of=out_of)


def book(text: str = BOOK):
    return read_gradebook(text.encode(), "canvas.csv")


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(StringIO(text, newline="")))


def column(text: str, at: int) -> list[str]:
    return [row[at] for row in rows(text)]


def test_one_column_is_filled_and_all_else_is_kept() -> None:
    filled = fill(book(), load(str(CLASS)), "Homework 1")
    before, after = rows(BOOK), rows(filled.text)
    for old, new in zip(before, after, strict=True):
        assert old[:6] + old[7:] == new[:6] + new[7:]
    # Grace has 11.5 marks, late by a tenth; Kim handed nothing in.
    assert column(filled.text, 6)[3:] == ["19", "10.35", "1.5", "", ""]
    assert filled.matched == ("ada", "grace", "kim")
    assert filled.absent == ("nul",)
    assert filled.others == ("Nobody, Known", "Student, Test")
    assert filled.ambiguous == ()


def test_who_handed_nothing_in_may_get_zero() -> None:
    filled = fill(book(), load(str(CLASS)), "Homework 1", missing="zero")
    assert column(filled.text, 6)[3:] == ["19", "10.35", "1.5", "0", ""]


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("delimiter", [",", ";"])
def test_a_gradebook_is_written_as_it_was(ending: str, mark: str, delimiter: str) -> None:
    target = StringIO()
    csv.writer(target, delimiter=delimiter, lineterminator=ending).writerows(rows(BOOK))
    text = mark + target.getvalue()
    filled = fill(book(text), Classroom("", "", ()), "Homework 1")
    assert filled.text == text
    assert filled.matched == ()


@pytest.mark.parametrize("name", ["Homework 1 (16)", "(16)", "homework 1", " Homework 1 "])
def test_an_assignment_is_named_by_title_or_id(name: str) -> None:
    filled = fill(book(), Classroom("", "", (student("101"),)), name)
    assert column(filled.text, 6)[3] == "5"


@pytest.mark.parametrize(
    ("person", "row"),
    [
        (student("101"), 3),
        (student("s2"), 4),
        (student("GHOPPER"), 4),
        (student("x", email="ada@example.org"), 3),
        (student("x", name="Ada Lovelace"), 3),
        (student("x", name="lovelace,  ada"), 3),
        (student("x", name="김민준"), 6),
        (
            student("x", name="\u1100\u1175\u11b7\u1106\u1175\u11ab\u110c\u116e\u11ab"),
            6,
        ),  # letters apart
        (student("s3", name="Ada Lovelace"), 5),  # an id of the school is surer than a name
        (student("103", name="Ada Lovelace"), 3),  # a number of Canvas is not, where names differ
        (student("103", name="Known Else"), 5),
        (student("x", columns=(("SIS User ID", "s4"), ("Section", "One"))), 6),
    ],
)
def test_students_are_found_by_id_login_or_name(person: Graded, row: int) -> None:
    filled = fill(book(), Classroom("", "", (person,)), "(16)")
    assert column(filled.text, 6)[row] == "5"
    assert filled.absent == ()


def test_who_fits_several_rows_is_told_and_left_out() -> None:
    twins = BOOK.replace("Nobody, Known", "Lovelace, Ada")
    filled = fill(book(twins), Classroom("", "", (student("x", name="Ada Lovelace"),)), "(16)")
    assert filled.ambiguous == ("x",)
    assert filled.text == twins
    both = Classroom("", "", (student("101"), student("x", name="Ada Lovelace"), student("102")))
    filled = fill(book(), both, "(16)")
    assert filled.ambiguous == ("101", "x")
    assert column(filled.text, 6)[3:5] == ["", "5"]
    assert any("fit several rows" in line and "101; x" in line for line in report(filled))


def test_last_and_first_names_may_have_columns_of_their_own() -> None:
    text = "LastName,FirstName,ID,Section,Homework (1)\n    Points Possible,,,,20\nHopper,Grace,7,One,\n"
    filled = fill(book(text), Classroom("", "", (student("x", name="Grace Hopper"),)), "Homework")
    assert rows(filled.text)[2] == ["Hopper", "Grace", "7", "One", "5"]


@pytest.mark.parametrize("cell", ["=1+1", "+1-cmd", "-note", "@x", "\tx", "\rx"])
def test_nothing_is_a_formula(cell: str) -> None:
    quoted = '"' + cell + '"'
    noted = BOOK.replace('"a ""note"", kept"', quoted)
    filled = fill(book(noted), Classroom("", "", ()), "(16)")
    assert rows(filled.text)[3][5] == f"'{cell}"
    assert filled.escaped == 1
    for identity in ('"Lovelace, Ada"', "ADA@example.org", ",s1,"):
        other = f",{quoted}," if identity == ",s1," else quoted
        with pytest.raises(SpecErrors, match="E743"):
            fill(book(BOOK.replace(identity, other)), Classroom("", "", ()), "(16)")


@pytest.mark.parametrize("number", ["-", "-1.5", "+3", "-12,5%"])
def test_numbers_and_dashes_stay(number: str) -> None:
    noted = BOOK.replace('"a ""note"", kept"', f'"{number}"')
    assert rows(fill(book(noted), Classroom("", "", ()), "(16)").text)[3][5] == number


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "does not begin with Student"),
        (b"a,b\n1,2\n", "does not begin with Student"),
        (b"Student,ID,Section\n", "does not begin with Student"),
        (b"Student,ID,Section,HW (1)\nAda,1,One,\n", "holds the points possible"),
        (b"\xff\xfeS\x00t\x00", "not UTF-8"),
        (b'Student,ID,Section,HW (1)\n"open', "cannot be read"),
        (b"PK\x03\x04\x00\x00", "does not begin with Student"),
        (b"x" * (32 * 2**20 + 1), "more than 32 MiB"),
    ],
)
def test_what_is_no_gradebook_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(SpecErrors, match="E741") as caught:
        read_gradebook(data, "canvas.csv")
    assert message in caught.value.problems[0].message


@pytest.mark.parametrize("name", ["Homework", "(1)", "Student", "Final Score", "", "Quiz", "(999)"])
def test_no_column_is_guessed(name: str) -> None:
    with pytest.raises(SpecErrors, match="E742"):
        fill(book(), load(str(CLASS)), name)


@pytest.mark.parametrize("points", ["10", "", "20.5", "abc", "1e1"])
def test_points_that_differ_are_refused(points: str) -> None:
    text = BOOK.replace("20.0", points)
    with pytest.raises(SpecErrors, match="E744"):
        fill(book(text), load(str(CLASS)), "(16)")


#: Cells with whatever a file may hold.
cells = st.text(st.characters(exclude_categories=("Cs",)), max_size=6) | st.sampled_from(
    ["=1", "-", "Points Possible", "Section", "ID", "Student", '"', "\r", ";", "EX", "a (1)"]
)


@given(st.lists(st.lists(cells, max_size=6), max_size=5), st.sampled_from(",;"))
@settings(max_examples=300, deadline=None)
def test_any_table_is_read_or_refused_and_makes_no_formula(
    more: list[list[str]], delimiter: str
) -> None:
    head = [["Student", "ID", "Section", "HW (1)", "x"], ["Points Possible", "", "", "20", ""]]
    text = csv_text([*head, *more], delimiter)
    filled = None
    with contextlib.suppress(SpecErrors):
        filled = fill(book(text), load(str(CLASS)), "(1)")
    if filled is None:
        return
    for row in csv.reader(StringIO(filled.text, newline=""), delimiter=delimiter):
        for cell in row:
            assert cell == csv_safe(cell) or re.fullmatch(r"\s*[-+]?[\d.,]*%?\s*", cell)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with pytest.raises(SpecErrors, match="E741"):
        read_gradebook(data, "canvas.csv")


@given(st.lists(st.fractions(0, 20, max_denominator=30), min_size=1, max_size=5))
def test_marks_are_exact_and_rounded_once(marks: list[Fraction]) -> None:
    head = "Student,ID,Section,HW (1)\n    Points Possible,,,20\n"
    text = head + "".join(f"S{at},{at},One,\n" for at in range(len(marks)))
    people = tuple(student(str(at), mark) for at, mark in enumerate(marks))
    filled = fill(book(text), Classroom("", "", people), "(1)")
    for mark, row in zip(marks, rows(filled.text)[2:], strict=True):
        assert abs(Fraction(row[3]) - mark) <= Fraction(1, 200)


def test_a_name_with_the_end_of_a_line_stays_one_cell() -> None:
    person = student('a\rb\n"c', email="d,e")
    assert rows(grades(Classroom("", "", (person,))))[1][:2] == ['a\rb\n"c', "d,e"]


def test_moodle_has_every_student_of_the_roster() -> None:
    result = rows(grades(load(str(CLASS))))
    assert result[0] == ["ID number", "Email address", "Grade", "Feedback comments"]
    assert [row[:3] for row in result[1:]] == [
        ["ada", "ada@example.org", "19"],
        ["grace", "grace@example.org", "10.35"],
        ["kim", "kim@example.org", "-"],
        ["nul", "sam@example.org", "-"],
    ]
    assert "Late by 5 hours" in result[2][3]
    assert rows(grades(load(str(CLASS)), missing="zero"))[3][2] == "0"


@pytest.mark.parametrize("text", ["=1", "@x", "+1", "-1", "\tx"])
def test_moodle_gets_no_formula(text: str) -> None:
    for person in (student(text), student("x", email=text)):
        with pytest.raises(SpecErrors, match="E743"):
            grades(Classroom("", "", (person,)))


def test_the_command_writes_the_gradebook_and_tells_who_was_not_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("canvas.csv").write_text(BOOK, encoding="utf-8")
    words = ["homework", "export", "canvas", str(CLASS.parent), "--gradebook", "canvas.csv"]
    done = runner().invoke(main, [*words, "--assignment", "Homework 1", "-o", "new.csv"])
    assert done.exit_code == 0
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        "3 students were found in the gradebook.",
        "in no row of the gradebook: nul",
        "rows of nobody in the class: Nobody, Known; Student, Test",
    ]
    assert column(Path("new.csv").read_text(encoding="utf-8"), 6)[3] == "19"
    done = runner().invoke(main, [*words, "--assignment", "Homework 1"])
    assert done.stdout == Path("new.csv").read_text(encoding="utf-8")
    done = runner().invoke(main, ["homework", "export", "moodle-csv", str(CLASS)])
    assert done.stdout == grades(load(str(CLASS)))


#: As Moodle writes it under blind marking, with its mark and its lines' ends.
BLIND = (
    '\ufeffIdentifier,Status,Grade,"Maximum grade","Grade can be changed","Last modified (grade)",'
    '"Feedback comments"\r\n'
    "Participant 1234567,Submitted,,20.00,Yes,-,\r\n"
    'Participant 1234568,Submitted,7.00,20.00,Yes,"Monday, 2 November 2026","before, kept"\r\n'
    "Participant 1234569,Submitted,,20.00,No,-,\r\n"
    "Participant 1234570,Submitted,3.00,20.00,Yes,-,-kept\r\n"
)


def filled_in(path: Path, text: str, *students: Graded, **options: str) -> tuple[str, list[str]]:
    (path / "w.csv").write_text(text, encoding="utf-8", newline="")
    written, lines = worksheet(
        Classroom("t", "0", students), worksheet=str(path / "w.csv"), **options
    )
    return written, list(lines)


def test_moodle_s_own_worksheet_is_filled_and_all_else_is_kept(tmp_path: Path) -> None:
    known = read_roster(BLIND.encode(), "w.csv").students
    classroom = (
        Graded(
            known[0], "graded", marks=Fraction(37, 2), earned=Fraction(37, 2), out_of=Fraction(20)
        ),
        Graded(known[1], "missing", out_of=Fraction(20)),
        Graded(known[2], "unreadable", "a.zip", out_of=Fraction(20), notes=("encrypted",)),
        student("nobody"),
    )
    text, lines = filled_in(tmp_path, BLIND, *classroom)
    before, after = rows(BLIND.removeprefix("\ufeff")), rows(text.removeprefix("\ufeff"))
    changed = {
        (at, before[0][place]): new
        for at, (one, other) in enumerate(zip(before, after, strict=True))
        for place, (old, new) in enumerate(zip(one, other, strict=True))
        if new != old
    }
    unread = (
        "What was handed in could not be read as a table of answers; this is not wrong. Encrypted."
    )
    assert changed == {
        (1, "Grade"): "18.5",
        (1, "Feedback comments"): "18.5 of 20 marks.",
        (3, "Feedback comments"): unread,
    }
    assert text.startswith("\ufeffIdentifier,")
    assert text.count("\r\n") == len(after)
    assert lines == [
        "3 students were found in the worksheet.",
        "in no row of the worksheet: nobody",
        "rows of nobody in the class: Participant 1234570",
        "locked in Moodle, which passes their marks over: Participant 1234569",
    ]
    zero, _ = filled_in(tmp_path, BLIND, *classroom, missing="zero")
    assert column(zero, 2)[1:] == ["18.5", "0", "", "3.00"]


def test_a_worksheet_in_another_language_and_one_that_does_not_fit(tmp_path: Path) -> None:
    german = "ID,Vollständiger Name,Bewertung,Feedback als Kommentar\nTeilnehmer/in 12,Ann Lee,,\n"
    ann = student("s1", name="Lee Ann", columns=(("ID", "Teilnehmer/in 12"),))  # type: ignore[arg-type]
    text, lines = filled_in(
        tmp_path, german, ann, grade="Bewertung", feedback="Feedback als Kommentar"
    )
    assert column(text, 2) == ["Bewertung", "5"]
    assert "Maximum grade" in lines[-1]
    with pytest.raises(SpecErrors) as caught:
        filled_in(tmp_path, german, ann)
    assert caught.value.problems[0].code == "E742"
    assert "Bewertung" in caught.value.problems[0].hint
    with pytest.raises(SpecErrors) as caught:
        filled_in(tmp_path, BLIND.replace("20.00", "100.00"), student("Participant 1234567"))
    assert caught.value.problems[0].code == "E744"
    # two of one name are nobody's
    twins = "Identifier,Full name,Grade\nParticipant 1,Ann Lee,\nParticipant 2,Ann Lee,\n"
    text, lines = filled_in(tmp_path, twins, student("s1", name="Ann Lee"))
    assert column(text, 2) == ["Grade", "", ""]
    assert "fit several rows" in lines[1]

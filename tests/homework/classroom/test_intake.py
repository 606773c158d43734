"""Whose a file is: names that platforms and people give, and what is left over."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC
from typing import TYPE_CHECKING

import pytest

from shapecalc.homework.classroom.folder import Folder
from shapecalc.homework.classroom.intake import Clock, Intake, read_metadata, read_times, take_in
from shapecalc.homework.classroom.roster import directory, read_roster, whose
from shapecalc.text.files import page_name
from tests.homework.classroom.broken import zipped
from tests.homework.classroom.support import NO_BIAS, RIGHT, lay_out, run

if TYPE_CHECKING:
    from pathlib import Path

ROSTER = """\
Student,ID,SIS Login ID,Email
"O'Brien, Mary",1001,mob,mary.obrien@x.edu
"Lee, Ann",1002,alee,ann.lee@x.edu
"李, 雷",1003,lei,lei.li@x.edu
"Lee, Ann-Marie",1004,amlee,am.lee@x.edu
"Müller, Zoë",1005,zm,zm@x.edu
"Moe, Max",1006,max1,max@x.edu
"Moe, Max",1007,max2,max@y.edu
"""
KNOWN = read_roster(ROSTER.encode(), "r.csv").students
DIRECTORY = directory(KNOWN)


@pytest.mark.parametrize(
    ("path", "who"),
    [
        ("1001.csv", "1001"),
        ("mob.csv", "1001"),
        ("MARY.OBRIEN@X.EDU.md", "1001"),
        ("Mary O'Brien.csv", "1001"),
        ("O’Brien, Mary.csv", "1001"),
        ("O'Brien_Mary_alexnet.csv", "1001"),
        ("alexnet 1001 final.csv", "1001"),
        ("homework/1001/answers.csv", "1001"),
        ("Ann Lee_4711_assignsubmission_file_/answers.csv", "1002"),
        ("Ann Lee_4711_assignsubmission_file_answers.csv", "1002"),
        ("Ann-Marie Lee_99_assignsubmission_onlinetext_/o.csv", "1004"),
        ("obrienmary_1001_5501_answers.csv", "1001"),
        ("obrienmary_LATE_1001_5501_answers.csv", "1001"),
        ("李雷.csv", "1003"),
        ("作业_李雷_1.csv", "1003"),
        ("leeannmarie_9_9_a.csv", "1004"),
        ("Zoe\u0308 Mu\u0308ller.csv", "1005"),
        ("ZOË MÜLLER.csv", "1005"),
        ("Max Moe 1006.csv", "1006"),
        ("moemax_1007_5_answers.csv", "1007"),
        ("canvas.zip/moemax_1007_5_answers.csv", "1007"),
        ("alee.zip/answers.csv", "1002"),
        # nobody
        ("answers.csv", None),
        ("Max Moe.csv", None),  # two students have the name
        ("1001_1002.csv", None),
        ("Ann Lee/1001.csv", None),
        ("smithjoe_1001_5_answers.csv", None),  # Canvas' number of another person
        ("Annabel Leeds.csv", None),
        ("lee.csv", None),
        ("", None),
    ],
)
def test_whose_a_file_is(path: str, who: str | None) -> None:
    result = whose(DIRECTORY, path.split("/"))
    assert (result.at is None) == (who is None), result
    assert result.at is None or KNOWN[result.at].id == who
    assert (who is None) == bool(result.reason)


def test_short_numbers_inside_a_name_are_no_ids() -> None:
    known = directory(read_roster(b"id,name\n2,Ann Lee\n12,Max Moe\n", "r.csv").students)
    assert whose(known, ["2.csv"]).at == 0
    assert whose(known, ["alexnet_2.csv"]).at is None


def intake(folder: Path, files: dict[str, str | bytes], **clock: object) -> Intake:
    lay_out(folder, files, ROSTER)
    settings = {"table": {}, "files": False, "zone": UTC, **clock}
    return take_in(Folder(str(folder / "sub")), KNOWN, Clock(**settings))  # type: ignore[arg-type]


def chosen(taken: Intake) -> dict[str, str | None]:
    return {
        KNOWN[at].id: submission.handed.path if submission.handed else None
        for at, submission in taken.submissions.items()
    }


@pytest.mark.parametrize(
    ("files", "counts"),
    [
        ({"1001.csv": RIGHT}, "1001.csv"),
        ({"1001.csv": RIGHT, "1001.pdf": b"%PDF"}, "1001.csv"),
        ({"1001.csv": RIGHT, "1001 (2).csv": NO_BIAS}, "1001 (2).csv"),
        ({"1001/attempt_1/a.csv": RIGHT, "1001/attempt_2/a.csv": NO_BIAS}, "1001/attempt_2/a.csv"),
        (
            {"obrienmary_1_2_a.csv": RIGHT, "obrienmary_1_3_a-1.csv": NO_BIAS},
            "obrienmary_1_3_a-1.csv",
        ),
        ({"1001.csv": RIGHT, "mob.txt": "dear teacher"}, "1001.csv"),
        ({"1001.csv": RIGHT, "mob.csv": RIGHT}, "1001.csv"),
        ({"1001.csv": RIGHT, "mob.csv": NO_BIAS}, None),
        ({"1001.pdf": b"%PDF"}, "1001.pdf"),
    ],
)
def test_which_of_several_files_counts(
    tmp_path: Path, files: dict[str, str | bytes], counts: str | None
) -> None:
    result = intake(tmp_path / "class", files)
    assert chosen(result) == {"1001": counts}
    left_over = {leftover.file for leftover in result.leftovers}
    assert left_over == set(files) - {counts}  # every file is accounted for
    assert bool(result.submissions[0].notes) == (counts is None)


def test_the_latest_counts_where_times_are_known(tmp_path: Path) -> None:
    table = read_times(
        b"file,submitted\n1001.csv,2026-11-20 10:00\nmob.csv,2026-11-20 09:59\n", "t.csv", UTC
    )
    result = intake(tmp_path / "class", {"1001.csv": RIGHT, "mob.csv": NO_BIAS}, table=table)
    assert chosen(result) == {"1001": "1001.csv"}


def test_the_text_of_a_file_may_say_whose_it_is(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "a.csv": "name,Mary O'Brien\n" + RIGHT,
        "b.yaml": "# id: 1002\nconv1: {params: 156}\n",
        "c.md": "- **name**: Max Moe\n\n" + RIGHT,  # two students have it
        "1003/d.csv": "name: Zoë Müller\n" + RIGHT,  # the folder says, and is believed
        "e.csv": "name: nobody\n" + RIGHT,
    }
    result = intake(tmp_path / "class", files)
    undecided = {"1006": None, "1007": None}
    assert chosen(result) == {"1001": "a.csv", "1002": "b.yaml", "1003": "1003/d.csv", **undecided}
    assert result.submissions[0].notes == ("matched by what stands inside the file",)
    assert {leftover.file for leftover in result.leftovers} == {"c.md", "e.csv"}


def test_the_stamp_of_ones_own_sheet_says_whose_it_is(tmp_path: Path) -> None:
    lay_out(
        tmp_path / "class",
        {
            "a.csv": "shapecalc homework 0000000a\n" + RIGHT,
            "b.csv": "shapecalc homework 0000000a\nname,Zoë Müller\n" + RIGHT,  # they differ
            "c.csv": "shapecalc homework 0000000b\n" + RIGHT,  # two have this one
            "d.csv": "shapecalc homework 0000000b\nname,Ann Lee\n" + RIGHT,
        },
        ROSTER,
    )
    stamps = {"0000000a": frozenset({0}), "0000000b": frozenset({1, 2})}
    folder = Folder(str(tmp_path / "class" / "sub"))
    result = take_in(folder, KNOWN, Clock({}, False, UTC), stamps)
    # what may be of several is not nothing of each
    assert chosen(result) == {"1001": "a.csv", "1002": "d.csv", "1003": None, "1005": None}
    assert {leftover.file for leftover in result.leftovers} == {"b.csv", "c.csv"}


def test_a_text_does_not_decide_against_its_path(tmp_path: Path) -> None:
    result = intake(tmp_path / "class", {"1001_1002.csv": "name: Zoë Müller\n" + RIGHT})
    assert chosen(result) == {"1001": None, "1002": None, "1005": None}
    assert "1005" in result.leftovers[0].reason


def test_what_may_be_of_two_students_is_nothing_handed_in_of_neither(tmp_path: Path) -> None:
    lay_out(tmp_path / "c", {"Max Moe.csv": RIGHT, "1006.csv": NO_BIAS}, ROSTER)
    six, seven = run(tmp_path / "c").classroom.students[-2:]
    assert (six.status, six.file) == ("graded", "1006.csv")
    assert (seven.status, seven.file) == ("unreadable", "")
    assert seven.notes == (
        "Max Moe.csv may be of this student, and of another one",
        "put the id into the file's name",
    )


def test_a_stamp_that_many_have_names_nobody(tmp_path: Path) -> None:
    roster = "id\n" + "".join(f"n{at:03}\n" for at in range(100, 120))
    students = read_roster(roster.encode(), "r.csv").students
    lay_out(tmp_path / "c", {"a.csv": "shapecalc homework 0000000a\n" + RIGHT}, roster)
    stamps = {"0000000a": frozenset(range(10))}
    folder = Folder(str(tmp_path / "c" / "sub"))
    result = take_in(folder, students, Clock({}, False, UTC), stamps)
    assert result.submissions == {}


METADATA = """\
---
submission_77:
  :submitters:
  - :name: Ann Lee
    :sid: '1002'
    :email: ann.lee@x.edu
  - :name: Zoë Müller
    :sid: "1005"
  :created_at: 2026-11-20 22:11:09.123456789 Z
  :score: 3.0
  :results:
    :output: |
      :name: Mary O'Brien
submission_78:
  :submitters:
  - :name: Joe Smith
    :sid: '9'
  :created_at: 2026-11-20 22:11:10 Z
"""


def test_gradescope_s_list_says_who_and_when(tmp_path: Path) -> None:
    result = intake(
        tmp_path / "class",
        {
            "export/submission_metadata.yml": METADATA,
            "export/submission_77/1001.csv": RIGHT,
            "export/submission_78/a.csv": RIGHT,
            "export/submission_79/a.csv": RIGHT,
        },
    )
    path = "export/submission_77/1001.csv"
    assert chosen(result) == {"1002": path, "1005": path}  # a group's file is of each of them
    assert str(result.submissions[1].time) == "2026-11-20 22:11:09.123456+00:00"
    reasons = {leftover.file: leftover.reason for leftover in result.leftovers}
    assert "Joe Smith" in reasons["export/submission_78/a.csv"]
    assert "roster" in reasons["export/submission_79/a.csv"]
    assert set(reasons) >= {"export/submission_metadata.yml"}


def test_outputs_in_the_list_name_nobody() -> None:
    listed = read_metadata(METADATA)
    assert [len(entry.students) for entry in listed.values()] == [2, 1]


def test_times_of_files_only_where_asked(tmp_path: Path) -> None:
    import os

    lay_out(tmp_path / "class", {"1001.csv": RIGHT}, ROSTER)
    os.utime(tmp_path / "class" / "sub" / "1001.csv", (10**9, 10**9))
    folder = Folder(str(tmp_path / "class" / "sub"))
    times = [
        take_in(folder, KNOWN, Clock({}, files, UTC)).submissions[0].time for files in (False, True)
    ]
    assert [str(time) for time in times] == ["None", "2001-09-09 01:46:40+00:00"]


def test_names_in_zips_that_are_utf_8_and_do_not_say_so(tmp_path: Path) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("ABCDEF.csv", RIGHT)
    data = target.getvalue().replace(b"ABCDEF", "李雷".encode())
    result = intake(tmp_path / "class", {"all.zip": data})
    assert chosen(result) == {"1003": "all.zip/李雷.csv"}


@pytest.mark.parametrize(
    ("identity", "page"),
    [
        ("s101", "s101"),
        ("ann@x.edu", "ann-x.edu"),
        ("../../etc/passwd", "etc-passwd"),
        ("李雷", "李雷"),
        ("CON", "CON-student"),
        ("a/b\\c:d*e", "a-b-c-d-e"),
        (".hidden.", "hidden"),
        ("////", "student"),
        ("<script>", "script"),
        ("é" * 90, "é" * 60),
    ],
)
def test_names_of_pages_are_safe(identity: str, page: str) -> None:
    assert page_name(identity, set()) == page


def test_a_hidden_file_was_handed_in_and_a_hidden_folder_is_none(tmp_path: Path) -> None:
    copy = {".ipynb_checkpoints/answers-checkpoint.csv": (RIGHT + "\n").encode()}
    data = zipped({"answers.csv": RIGHT.encode(), **copy})
    result = intake(tmp_path / "class", {"1001/.answers.csv": RIGHT, "1003.zip": data})
    assert chosen(result) == {"1001": "1001/.answers.csv", "1003": "1003.zip/answers.csv"}
    refused = [each.handed.refused for each in result.submissions.values() if each.handed]
    assert sorted(refused) == ["", "a hidden file"]


def test_names_of_pages_differ_in_more_than_case() -> None:
    taken: set[str] = set()
    names = [page_name(item, taken) for item in ("a/b", "A-B", "a-b-2", "a\\b")]
    assert len({name.casefold() for name in names}) == 4


def test_of_two_files_that_nobody_can_read_the_last_counts(tmp_path: Path) -> None:
    result = intake(tmp_path / "class", {"1001.pdf": b"%PDF", "1001 (2).pdf": b"%PDF"})
    assert chosen(result) == {"1001": "1001 (2).pdf"}


WORKSHEET = """\
Identifier,Status,Grade
Participant 1234567,Submitted,
Participant 1234568,Submitted,
Teilnehmer/in 1234569,Submitted,
"""


@pytest.mark.parametrize(
    ("part", "who"),
    [
        ("Participant_1234567_assignsubmission_file", 0),
        ("Participant_1234568_assignsubmission_file_", 1),
        ("Group 1-Participant_1234567_assignsubmission_file_answers.csv", 0),
        ("Teilnehmer_in_1234569_assignsubmission_onlinetext_onlinetext.html", 2),
        ("Participant_1234560_assignsubmission_file", None),
        ("Participant_123456_assignsubmission_file", None),
        ("Participant 1234568.csv", 1),
    ],
)
def test_moodle_s_folders_under_blind_marking(part: str, who: int | None) -> None:
    known = directory(read_roster(WORKSHEET.encode(), "w.csv").students)
    assert whose(known, [part, "answers.csv"] if "." not in part else [part]).at == who


def test_moodle_s_number_and_a_name_that_contradict_each_other_decide_nothing() -> None:
    roster = (
        "Identifier,Full name,ID number\nParticipant 11,Ann Lee,s1\nParticipant 12,Max Moe,s2\n"
    )
    known = directory(read_roster(roster.encode(), "w.csv").students)
    assert whose(known, ["Ann Lee_11_assignsubmission_file_", "a.csv"]).at == 0
    assert whose(known, ["Ann Lee_12_assignsubmission_file_", "a.csv"]).at is None
    assert whose(known, ["Ann Lee_99_assignsubmission_file_", "a.csv"]).at == 0


def test_a_document_under_the_name_of_a_zip_is_read_as_what_it_is(tmp_path: Path) -> None:
    cells = "".join(
        f"<w:tr>{''.join(f'<w:tc><w:p><w:r><w:t>{cell}</w:t></w:r></w:p></w:tc>' for cell in row.split(','))}</w:tr>"
        for row in RIGHT.splitlines()
    )
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    document = f"<w:document {space}><w:body><w:tbl>{cells}</w:tbl></w:body></w:document>"
    data = zipped({"[Content_Types].xml": b"<x/>", "word/document.xml": document.encode()})
    lay_out(tmp_path / "c", {"1001.zip": data, "1002.docx": data, "1003/1003.pdf": data}, ROSTER)
    students = run(tmp_path / "c").classroom.students
    assert [student.marks for student in students[:3]] == [6, 6, 6]

"""A class in which everybody has a variant: each is judged by their own, and found by its stamp."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest
from support import lay_out, request

from shapecalc.errors import SpecErrors
from shapecalc.homework.assignment.teacher import read_homework
from shapecalc.homework.classroom.grade import Request, grade
from shapecalc.homework.sheets.sheet import handout
from shapecalc.homework.variants.draw import VariantPool, draw, pool_of
from shapecalc.homework.variants.variant_list import Drawn, parse_variants, write_variants
from shapecalc.text import Source

if TYPE_CHECKING:
    from pathlib import Path

HOMEWORK = "spec: lenet5\nlayers: [conv1, fc1]\nvary: {input: [32, 36, 40], conv1.filters: 4..9}\n"
SOURCE = Source("homework.yaml", HOMEWORK)
STUDENTS = ("s1", "s2", "s3")


@cache
def pool() -> VariantPool:
    return pool_of(SOURCE, "7")


def varied(folder: Path, students: tuple[str, ...] = STUDENTS) -> Request:
    """Draw variants, and hand in everybody's own solution; s2's file has no name that helps."""
    drawn, files = [], {}
    for who in STUDENTS:
        values = draw(pool(), "7", who).values
        own = read_homework(SOURCE, dict(values))
        drawn.append(Drawn(who, own.stamp, values))
        name = "answers" if who == "s2" else who
        text = handout(own, "csv", solution=True)
        files[f"{name}.csv"] = text if isinstance(text, bytes) else text.encode()
    assert len({variant.stamp for variant in drawn}) == len(drawn)
    lay_out(folder, files, "id,name\ns1,Ann Lee\ns2,Max Moe\ns3,Ida Holm\n")
    listed = write_variants([name for name, _ in drawn[0].values], drawn[: len(students)])
    wanted = request(folder, HOMEWORK)
    variants = parse_variants(Source("variants.csv", listed))
    return wanted._replace(source=wanted.source._replace(variants=variants))


def test_each_is_judged_by_their_own_variant(tmp_path: Path) -> None:
    students = grade(varied(tmp_path)).classroom.students
    assert [student.status for student in students] == ["graded"] * 3
    assert all(student.marks == student.out_of for student in students)
    assert len({student.cells[0].right for student in students}) > 1


def test_without_the_list_nobody_is_judged_by_the_wrong_variant(tmp_path: Path) -> None:
    wanted = varied(tmp_path)
    with pytest.raises(SpecErrors) as refused:
        grade(wanted._replace(source=wanted.source._replace(variants=None)))
    assert refused.value.problems[0].code == "E752"


def test_a_student_without_a_variant_is_told(tmp_path: Path) -> None:
    with pytest.raises(SpecErrors) as refused:
        grade(varied(tmp_path, STUDENTS[:2]))
    assert refused.value.problems[0].code == "E752"
    assert "s3" in refused.value.problems[0].message

"""A graded class to JSON and back; anything else is refused, and says where."""

from __future__ import annotations

import contextlib
import json
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shapecalc.errors import SpecErrors
from shapecalc.homework.classroom import Classroom, Graded, Leftover, MarkedCell, Student
from shapecalc.homework.classroom.store import (
    MAX_BYTES,
    from_json,
    graded_from,
    graded_plain,
    load,
    parse,
    to_json,
)
from shapecalc.homework.diagnosis import VERDICTS

FILE = Path(__file__).parent / "files" / "class.json"
TEXT = FILE.read_text(encoding="utf-8")

texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)
small = st.fractions(0, 9, max_denominator=7)


@st.composite
def marks(draw: st.DrawFn) -> MarkedCell:
    out_of = draw(small)
    return MarkedCell(
        *(draw(texts) for _ in range(6)),
        draw(st.sampled_from(list(VERDICTS))),
        draw(st.tuples(st.tuples(texts), st.tuples(texts, texts)) | st.just(())),
        draw(st.booleans()),
        out_of * draw(st.fractions(0, 1, max_denominator=5)),
        out_of,
    )


@st.composite
def classes(draw: st.DrawFn) -> Classroom:
    ids = draw(st.lists(texts, unique=True, max_size=3))
    students = [
        Graded(
            Student(name, draw(texts), draw(texts), ((draw(texts), draw(texts)),)),
            draw(st.sampled_from(["graded", "unreadable", "missing"])),
            draw(texts),
            draw(st.integers(0, 99)),
            earned := sum((cell.marks for cell in cells), Fraction(0)),
            earned * draw(st.fractions(0, 1, max_denominator=5)),
            earned + draw(small),
            tuple(cells),
            (draw(texts),),
            draw(texts),
        )
        for name in ids
        for cells in [draw(st.lists(marks(), max_size=2))]
    ]
    left = draw(st.lists(st.builds(Leftover, texts, texts), max_size=2))
    return Classroom(draw(texts), draw(texts), tuple(students), tuple(left))


@given(classes())
@settings(max_examples=60, deadline=None)
def test_what_is_written_is_read(classroom: Classroom) -> None:
    assert from_json(to_json(classroom)) == classroom
    for student in classroom.students:
        assert graded_from(parse(json.dumps(graded_plain(student)), "state"), "state") == student


def test_the_file_is_written_as_it_was_read() -> None:
    assert to_json(from_json(TEXT)) == TEXT


def edited(change) -> str:
    tree = json.loads(TEXT)
    change(tree, tree["students"][0], tree["students"][0]["cells"][0])
    return json.dumps(tree)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda top, _, __: top.update(schema="x"), "`schema` is 'x', not 'shapecalc"),
        (lambda top, _, __: top.pop("stamp"), "the class lacks `stamp`"),
        (lambda top, _, __: top.update(extra=1), "the class has the unknown key 'extra'"),
        (lambda top, _, __: top.update(students={}), "students is no list: {}"),
        (lambda _, first, __: first.update(status="gone"), "students[0].status is 'gone', none of"),
        (lambda _, first, __: first.update(status=["x"]), "students[0].status is ['x'], none of"),
        (lambda _, first, __: first.update(late=-1), "students[0].late is no number of hours: -1"),
        (
            lambda _, first, __: first.update(late=True),
            "students[0].late is no number of hours: True",
        ),
        (
            lambda _, first, __: first.update(marks=3),
            "students[0].marks is no fraction like '5/2': 3",
        ),
        (lambda _, first, __: first.update(marks="1/0"), "students[0].marks is no fraction"),
        (lambda _, first, __: first.update(marks="-1"), "students[0].marks is no fraction"),
        (lambda _, first, __: first.update(marks="٣"), "students[0].marks is no fraction"),
        (lambda _, first, __: first.update(student="Ada"), "students[0].student is no map: 'Ada'"),
        (
            lambda _, first, __: first["student"].update(id=7),
            "students[0].student.id is no text: 7",
        ),
        (
            lambda _, first, __: first["student"].update(columns=[["a"]]),
            "columns[0] is no list of 2",
        ),
        (lambda _, __, cell: cell.update(certain=1), "cells[0].certain is neither true nor false"),
        (lambda _, __, cell: cell.update(misconceptions=["S1"]), "misconceptions[0] is no list"),
        (lambda _, __, cell: cell.update(out_of="0", marks="1"), "has 1 marks out of 0"),
        (lambda top, first, _: top["students"].append(first), "of another student"),
        (lambda top, *_: top.update(title="half \udc80"), "title has half a letter"),
        (
            lambda _, first, __: first.update(earned="0"),
            "has earned 0 marks, which its cells do not",
        ),
        (lambda _, first, __: first.update(marks="999"), "has 999 marks of"),
        (lambda _, first, __: first.update(out_of="0"), "out of 0"),
        (lambda top, *_: top.update(leftovers=[{"file": "a"}]), "leftovers[0] lacks `reason`"),
    ],
)
def test_what_is_no_class_is_refused(change, message: str) -> None:
    with pytest.raises(SpecErrors) as caught:
        from_json(edited(change))
    (problem,) = caught.value.problems
    assert problem.code == "E740"
    assert message in problem.message
    assert problem.hint


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON: Expecting value, line 1, column 1"),
        ("[]", "the class is no map: []"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a": NaN}', "NaN is no number"),
        ('{"a": 1, "a": 2}', "a map has one key twice"),
        ('{"a": ' + "9" * 5000 + "}", "the text is not a class"),
    ],
)
def test_hostile_text_is_refused(text: str, message: str) -> None:
    with pytest.raises(SpecErrors, match="E740") as caught:
        from_json(text)
    assert message in caught.value.problems[0].message


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


@given(st.data(), json_values)
@settings(max_examples=300, deadline=None)
def test_any_value_in_any_place_is_read_or_refused(data: st.DataObject, value: object) -> None:
    tree = json.loads(TEXT)
    at = tree
    while True:
        keys = list(at) if isinstance(at, dict) else list(range(len(at)))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(at[key], dict | list) or not at[key] or data.draw(st.booleans()):
            break
        at = at[key]
    at[key] = value
    with contextlib.suppress(SpecErrors):
        from_json(json.dumps(tree))


def test_a_class_is_loaded_from_its_file_or_its_folder(tmp_path: Path) -> None:
    assert load(str(FILE)) == load(str(FILE.parent)) == from_json(TEXT)
    for path in (tmp_path, tmp_path / "nothing.json", "nul\0"):
        with pytest.raises(SpecErrors, match=r"E740.*cannot be read"):
            load(str(path))
    (tmp_path / "class.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SpecErrors, match="not UTF-8"):
        load(str(tmp_path))
    with (tmp_path / "class.json").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(SpecErrors, match="more than 256 MiB"):
        load(str(tmp_path))


def test_marks_stay_exact() -> None:
    third = Graded(Student("a"), "missing", out_of=Fraction(2, 7))
    (read,) = from_json(to_json(Classroom("", "", (third,)))).students
    assert read.out_of == Fraction(2, 7)


def test_of_several_mistakes_the_first_in_the_file_is_told() -> None:
    def change(_: object, first: dict[str, object], __: object) -> None:
        first.update(earned=1, marks=2, out_of=3)

    order = [key for key in json.loads(TEXT)["students"][0] if key in ("earned", "marks", "out_of")]
    with pytest.raises(SpecErrors, match=rf"students\[0\]\.{order[0]} is no fraction"):
        from_json(edited(change))

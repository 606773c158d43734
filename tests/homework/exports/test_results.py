"""One student's check for Gradescope, CodeRunner and PrairieLearn."""

from __future__ import annotations

import json
import re
import sys
from fractions import Fraction
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from shapecalc.cli import main
from shapecalc.homework.answers.files import read_answers
from shapecalc.homework.assignment.notation import value_text
from shapecalc.homework.diagnosis.check import check
from shapecalc.homework.exports.coderunner import combinator
from shapecalc.homework.exports.gradescope import results
from shapecalc.homework.exports.parts import part_lines, parts_of
from shapecalc.homework.exports.prairielearn import MAX_BYTES
from shapecalc.homework.exports.prairielearn import results as prairielearn
from tests.runner import runner

sys.path.insert(0, str(Path(__file__).parent))

from schemas import CODERUNNER, GRADESCOPE, PRAIRIELEARN

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.homework.assignment.model import Homework
    from shapecalc.homework.diagnosis import Checked

    Make = Callable[..., Homework]

SCHEMAS = {"gradescope": GRADESCOPE, "coderunner": CODERUNNER, "prairielearn": PRAIRIELEARN}
#: A bias left out, a side that follows through, notation, markup, and what nobody can read.
ANSWERS = """\
layer,output,params,macs
one,,"1,800",428.4K
two,7x6x24,0,-
three,7x6x40,8680,362880
four,=1+cmd|' /C calc'!A1,<script>alert(1)</script>,
total,,77,**bold** [x](y) `z` 12
"""


def checked(homework: Homework, text: str = ANSWERS) -> Checked:
    return check(homework, read_answers(text.encode(), "answers.csv"))


def test_gradescope_has_a_test_a_layer_with_its_marks_and_mistakes(made: Make) -> None:
    student = checked(made("policy: {follow_through: 1/2}\n"))
    written = json.loads(results(student))
    jsonschema.validate(written, GRADESCOPE)
    tests = {test["name"]: test for test in written["tests"]}
    assert list(tests) == ["one", "two", "three", "four", "total"]
    assert [test["number"] for test in written["tests"]] == ["1", "2", "3", "4", "5"]
    assert [(test["score"], test["max_score"]) for test in written["tests"]] == [
        (2, 3),
        (3, 4),
        (0.5 + 1 + 1, 4),
        (0, 5),
        (0, 3),
    ]
    assert written["score"] == sum(test["score"] for test in written["tests"]) == 7.5
    assert tests["one"]["tags"] == ["P1"]
    assert "biases were left out" in tests["one"]["output"]
    assert {test["status"] for test in written["tests"]} == {"failed"}
    cells = written["extra_data"]["shapecalc"]["cells"]
    assert [cell["verdict"] for cell in cells[:3]] == [
        "not_graded",
        "misconception",
        "right_other_notation",
    ]


@pytest.mark.parametrize(("per", "names"), [("column", 3), ("cell", 13)])
def test_parts_are_columns_or_cells(made: Make, per: str, names: int) -> None:
    student = checked(made())
    written = json.loads(results(student, per=per, visibility="after_published", markup="md"))
    jsonschema.validate(written, GRADESCOPE)
    assert len(written["tests"]) == names
    assert sum(test["max_score"] for test in written["tests"]) == student.out_of == 19
    assert sum(test["score"] for test in written["tests"]) == written["score"] == student.marks
    assert {test["visibility"] for test in written["tests"]} == {"after_published"}


@pytest.mark.parametrize("per", ["layer", "column", "cell"])
@pytest.mark.parametrize("text", [ANSWERS, "layer,output,params\n", "layer,params\none,\n"])
def test_what_is_not_answered_stays_in_the_total(made: Make, per: str, text: str) -> None:
    student = checked(made(), text)
    for written in (results(student, per=per), prairielearn(student, per=per)):
        assert '"skipped"' not in written
        tests = json.loads(written)["tests"]
        worth = sum(test.get("max_score", 0) or test.get("max_points", 0) for test in tests)
        assert worth == student.out_of > 0


def test_marks_are_rounded_once(made: Make) -> None:
    student = checked(made("policy: {follow_through: 1/3, misconception: 1/7}\n"))
    assert student.marks.denominator == 7
    written = json.loads(results(student))
    assert written["score"] == round(float(student.marks), 6)
    written = json.loads(prairielearn(student))
    assert written["score"] == round(float(student.marks / student.out_of), 6)
    assert json.loads(combinator(student))["fraction"] == written["score"]


def test_coderunner_has_a_row_a_layer(made: Make) -> None:
    written = json.loads(combinator(checked(made())))
    jsonschema.validate(written, CODERUNNER)
    header, *rows = written["testresults"]
    assert header == ["iscorrect", "layer", "what was said", "marks"]
    assert [row[0] for row in rows] == [0, 0, 1, 0, 0]
    assert [row[1] for row in rows] == ["one", "two", "three", "four", "total"]
    assert rows[0][3] == "2 of 3"
    right = "layer,params\n" + "".join(
        f"{cell.layer},{cell.key}\n" for cell in made().cells if cell.quantity.key == "params"
    )
    _, *rows = json.loads(combinator(checked(made(), right), per="column"))["testresults"]
    assert [row[:2] for row in rows] == [[0, "output"], [1, "params"], [0, "MACs"]]


def test_prairielearn_has_points_in_every_test(made: Make) -> None:
    written = json.loads(prairielearn(checked(made()), per="cell"))
    jsonschema.validate(written, PRAIRIELEARN)
    assert written["gradable"] is True
    assert written["score"] == pytest.approx(float(Fraction(9, 19)), abs=1e-6)
    assert len(written["tests"]) == 13


def test_prairielearn_takes_no_more_than_its_limit(
    made: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = prairielearn(checked(made()))
    monkeypatch.setattr("shapecalc.homework.exports.prairielearn.MAX_BYTES", len(whole) - 1)
    short = prairielearn(checked(made()))
    jsonschema.validate(json.loads(short), PRAIRIELEARN)
    assert len(short) < len(whole) < MAX_BYTES
    assert json.loads(short)["score"] == json.loads(whole)["score"]
    tests = json.loads(whole)["tests"]
    left = [{key: test[key] for key in ("name", "points", "max_points")} for test in tests]
    assert json.loads(short)["tests"] == left


class _Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)
        assert not attrs


@pytest.mark.parametrize("hint", [1, 2, 3])
def test_nothing_that_a_student_writes_is_markup(made: Make, hint: int) -> None:
    hostile = ANSWERS + '"<img src=x onerror=alert(1)>",3x3x3,"<b>",1\n"\u202e","\x85",,\n'
    student = checked(made(), hostile)
    written = json.loads(results(student, hint=hint, markup="html"))
    texts = [written["output"], *(test["output"] for test in written["tests"])]
    texts += [json.loads(combinator(student, hint=hint))["epiloguehtml"]]
    for text in texts:
        assert _Tags(text).tags <= {"ul", "li"}
        assert text.replace("\n", "").isprintable()
    assert any("&lt;script&gt;" in text for text in texts)
    written = json.loads(results(student, hint=hint, markup="md"))
    total = written["tests"][4]["output"]
    assert r"\*\*bold\*\* \[x\](y) \`z\` 12" in total
    assert "<" not in "".join(test["output"] for test in written["tests"])


def test_the_first_hint_says_which_cells_and_no_more(made: Make) -> None:
    student = checked(made())
    texts = [
        results(student, hint=1),
        prairielearn(student, hint=1),
        combinator(student, hint=1),
    ]
    for text in texts:
        assert "1,800 - wrong" in text
        assert "P1" not in text
        assert not re.search(r"bias|known mistake|perhaps", text, re.IGNORECASE)
    assert all("biases were left out" in write(student) for write in (results, prairielearn))


def test_half_a_character_is_no_character(made: Make, tmp_path: Path) -> None:
    made()
    path = tmp_path / "answers.json"
    path.write_text('{"one": {"params": "\\ud800 12"}, "two\\udfff": {"params": "1"}}')
    for format_ in SCHEMAS:
        export(format_, path, tmp_path)
    out = tmp_path / "results.json"
    words = ["homework", "export", "gradescope", str(path), "-o", str(out)]
    assert runner().invoke(main, [*words, "--homework", f"{tmp_path}/homework.yaml"]).exit_code == 0
    assert json.loads(out.read_text(encoding="utf-8"))["score"] == 0


@pytest.mark.parametrize("hint", [1, 2, 3])
@pytest.mark.parametrize("per", ["layer", "column", "cell"])
def test_no_right_answer_is_told(made: Make, per: str, hint: int) -> None:
    homework = made()
    wrong = "layer,output,params,macs\n" + "".join(
        f"{layer},3x5x7,11,13\n" for layer in homework.layers
    )
    student = checked(homework, wrong)
    texts = [
        results(student, per=per, hint=hint),
        prairielearn(student, per=per, hint=hint),
        combinator(student, per=per, hint=hint),
    ]
    for cell in homework.cells:
        if cell.filled_in or not cell.key or cell.out_of == 0:
            continue
        for text in texts:
            assert value_text(cell.key, homework.conventions) not in text
            assert f"{cell.key}" not in text


#: What a submission may hold, and what is said of it.
BROKEN = {
    "empty.csv": (b"", "the file is empty"),
    "answers.csv": (b"%PDF-1.7", "the file is a PDF"),
    "answers.yaml": (b"a: &a [1]\nb: *a\n", "names no layer"),
    "answers.json": (b"[" * 100_000, "nested too deeply"),
    "notes.csv": (b"kernel,stride\n3,1\n", "no row names the columns"),
}


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("format_", SCHEMAS)
def test_answers_that_cannot_be_read_make_results(
    made: Make, tmp_path: Path, format_: str, name: str
) -> None:
    made()
    data, message = BROKEN[name]
    folder = tmp_path / "submission"
    folder.mkdir()
    (folder / name).write_bytes(data)
    result = export(format_, folder, tmp_path)
    assert result.get("score", result.get("fraction")) == 0
    assert message in json.dumps(result)
    if format_ == "prairielearn":
        assert result["gradable"] is False


def export(format_: str, path: Path, folder: Path) -> dict[str, Any]:
    words = ["homework", "export", format_, str(path), "--homework", f"{folder}/homework.yaml"]
    done = runner().invoke(main, words)
    assert done.exit_code == 0, done.output
    written = json.loads(done.stdout)
    jsonschema.validate(written, SCHEMAS[format_])
    return written


@pytest.mark.parametrize("format_", SCHEMAS)
def test_a_submission_is_the_one_file_of_answers_in_a_folder(
    made: Make, tmp_path: Path, format_: str
) -> None:
    made()
    folder = tmp_path / "submission"
    folder.mkdir()
    assert "the submission holds no file" in json.dumps(export(format_, folder, tmp_path))
    (folder / "photo.heic").write_bytes(b"1")
    assert "no file of answers, but photo.heic" in json.dumps(export(format_, folder, tmp_path))
    (folder / ".answers.csv").write_text(ANSWERS)
    (folder / "link.csv").symlink_to(tmp_path / "homework.yaml")
    (folder / "Ответы.CSV").write_text(ANSWERS)
    result = export(format_, folder, tmp_path)
    assert result.get("score", result.get("fraction")) > 0
    (folder / "answers2.md").write_text("x")
    assert "2 files of answers: answers2.md," in json.dumps(export(format_, folder, tmp_path))


def test_a_file_that_is_not_there_is_no_result(made: Make, tmp_path: Path) -> None:
    made()
    words = ["homework", "export", "gradescope", "no.csv"]
    done = runner().invoke(main, [*words, "--homework", f"{tmp_path}/homework.yaml"])
    assert done.exit_code == 2
    assert done.stdout == ""
    assert "E001" in done.stderr


def test_an_answer_is_cut_where_it_is_longer_than_a_line_may_be(made: Make) -> None:
    for length, shown in ((60, "z" * 60), (61, f"{'z' * 59}…")):
        student = checked(made(), f"layer,params\none,{'z' * length}\n")
        lines = list(part_lines(parts_of(student, "cell")[0], per="cell"))
        assert lines[0].split(" - ")[0] == shown


def test_what_is_noted_of_an_answer_stands_behind_its_verdict(made: Make) -> None:
    student = checked(made(), "layer,params\none,1.8K\nthree,zz\n")
    text = results(student)
    assert "zz - could not be read; this is not wrong ('zz' is no number)" in text

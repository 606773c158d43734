"""The teacher's file, and the sheets made of it."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import pytest

from shapecalc import summarize
from shapecalc.cli import main
from shapecalc.errors import SpecErrors
from shapecalc.homework.answers.files import read_answers
from shapecalc.homework.assignment.model import assign
from shapecalc.homework.assignment.teacher import read_homework
from shapecalc.homework.diagnosis.check import check
from shapecalc.homework.sheets import stated
from shapecalc.homework.sheets.sheet import sheet
from shapecalc.text import Source
from tests.runner import runner

if TYPE_CHECKING:
    from pathlib import Path

WHOLE = """\
title: AlexNet by hand
note: Hand in on paper.
spec: alexnet
columns: [output, params, FLOPs, memory]
layers: [conv1, pool1, conv2, fc6, total]
given: {conv1: {output: 55x55x96}, pool1: [params]}
points: {flops: 2, fc6: {params: 3}}
conventions: {bias: left_out, flops_per_mac: 1, kilobyte: 1024, layout: chw, rounding: exact}
policy: {follow_through: 1/2, cap: 0.25, within: 3, misconception: 50%, deduct: once}
"""


def homework(text: str = WHOLE):
    return read_homework(Source("homework.yaml", text))


def test_everything_in_the_file_counts() -> None:
    assigned = homework()
    keys = {cell.at: cell.key for cell in assigned.cells}
    worth = {cell.at: cell.out_of for cell in assigned.cells}
    assert assigned.title == "AlexNet by hand"
    assert keys["conv1", "params"] == 34_848  # without its 96 biases
    assert keys["conv2", "flops"] == 447_897_600  # one per multiply-accumulate
    assert keys["conv1", "memory"] == 1_161_600
    assert worth["conv2", "flops"] == 2
    assert worth["fc6", "params"] == 3
    assert {cell.at for cell in assigned.cells if cell.filled_in} == {
        ("conv1", "output"),
        ("pool1", "params"),
    }
    assert assigned.policy.follow_through == Fraction(1, 2)
    assert assigned.policy.cap == Fraction(1, 4)
    assert assigned.policy.within == 3
    assert assigned.policy.misconception == Fraction(1, 2)
    assert assigned.policy.deduct == "once"


def test_what_is_left_out_has_its_default() -> None:
    assigned = homework("spec: alexnet\n")
    assert [column.key for column in assigned.columns] == ["output", "params", "macs"]
    assert len(assigned.cells) == 33
    assert assigned.title == "AlexNet"


def test_kilobytes_are_those_of_the_file() -> None:
    # 55 x 55 x 96 numbers of 4 bytes are 1,134.4 KiB, or 1,161.6 kB
    base = "spec: alexnet\ncolumns: memory\nlayers: conv1\nconventions: {kilobyte: %d}\n"
    for kilobyte, right, other in (
        (1024, "1134.4 KB", "1161.6 KB"),
        (1000, "1161.6 KB", "1134.4 KB"),
    ):
        verdicts = {
            right: "right_other_notation",
            other: "right_other_convention",
            "1134.4 KiB": "right_other_notation",
            "1147 KB": "wrong",
        }
        for answer, verdict in verdicts.items():
            answers = read_answers(f"layer;memory\nconv1;{answer}\n".encode(), "a.csv")
            assert check(homework(base % kilobyte), answers).cells[0].verdict == verdict


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("spec: alexnet\ncolums: [output]\n", "unknown key 'colums'"),
        ("title: nothing\n", "`spec` is missing"),
        ("spec: [a]\n", "`spec` is a name"),
        ("spec: alexnet\nlayers: [conv9]\n", "there is no layer 'conv9'"),
        ("spec: alexnet\ncolumns: [parms]\n", "'parms' is nothing that can be asked"),
        ("spec: alexnet\nconventions: {bias: perhaps}\n", "bias cannot be 'perhaps'"),
        ("spec: alexnet\npolicy: {cap: 2}\n", "at most 1 is possible"),
        ("spec: alexnet\npolicy: {within: 0}\n", "a number from 1 to 1000"),
        ("spec: alexnet\npoints: {fc6: {params: much}}\n", "'much' is no number"),
        ("spec: alexnet\ngiven: [conv1]\n", "`given` is a map"),
        ("- a list\n", "a homework is a map"),
        ("spec: nowhere\n", "there is no file 'nowhere'"),
        ("spec: alexnet\ninput: HxWx3\n", "has symbols: H, W"),
    ],
)
def test_what_is_wrong_with_the_file_is_told(text: str, message: str) -> None:
    with pytest.raises(SpecErrors) as caught:
        homework(text)
    assert any(message in problem.message for problem in caught.value.problems)


@pytest.mark.parametrize("format_", ["csv", "markdown", "yaml"])
@pytest.mark.parametrize(
    "text", [WHOLE, "spec: googlenet\n", "spec: lenet5\nlayers: [conv1, fc1, total]\n"]
)
def test_a_solution_read_again_is_right_and_a_blank_sheet_blank(text: str, format_: str) -> None:
    assigned = homework(text)
    name = {"csv": "a.csv", "markdown": "a.md", "yaml": "a.yaml"}[format_]
    solved = check(assigned, read_answers(sheet(assigned, format_, solution=True).encode(), name))
    assert {cell.verdict for cell in solved.cells} <= {"right", "not_graded"}
    assert solved.marks == solved.out_of > 0
    assert solved.notes == ()
    blank = check(assigned, read_answers(sheet(assigned, format_).encode(), name))
    assert {cell.verdict for cell in blank.cells} <= {"blank", "not_graded"}
    assert blank.marks == 0


def test_a_sheet_of_another_homework_is_noticed() -> None:
    filled = sheet(homework("spec: alexnet\n"), "csv").encode()
    result = check(homework("spec: alexnet\ninput: 224x224x3\n"), read_answers(filled, "a.csv"))
    assert any("stamped" in note for note in result.notes)


@pytest.mark.parametrize("format_", ["text", "markdown", "html", "csv", "yaml"])
def test_a_sheet_does_not_hold_its_answers(format_: str) -> None:
    text = sheet(homework("spec: alexnet\n"), format_)
    for number in ("34,944", "34944", "27x27", "105,415,200", "62,378,344"):
        assert number not in text
    assert homework("spec: alexnet\n").stamp in text


def test_the_commands_of_a_teacher_and_of_a_student(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.yaml").write_text("input: 9x9x2\nlayers: [conv: {filters: 4, kernel: 3}]\n")
    (tmp_path / "homework.yaml").write_text("spec: net\n")  # beside it
    made = runner().invoke(main, ["homework", "sheet", "homework.yaml", "-o", "answers.csv"])
    assert (made.exit_code, made.output) == (0, "")
    filled = (tmp_path / "answers.csv").read_text().replace("3x3,,,", "3x3,7x7x4,76,3528")
    (tmp_path / "answers.csv").write_text(filled)
    done = runner().invoke(
        main, ["homework", "check", "answers.csv", "--homework", "homework.yaml", "--strict"]
    )
    assert done.exit_code == 0
    assert "All 3 cells are right." in done.output


@pytest.mark.parametrize(("answer", "verdict"), [("61.7K", "wrong"), ("61706", "right")])
def test_whole_numbers_where_they_are_asked_for(answer: str, verdict: str) -> None:
    assigned = homework(
        "spec: lenet5\nlayers: [total]\ncolumns: [params]\nconventions: {rounding: exact}\n"
    )
    rounded = check(assigned, read_answers(f"layer,params\ntotal,{answer}".encode(), "a.csv"))
    assert [cell.verdict for cell in rounded.cells] == [verdict]
    loose = homework("spec: lenet5\nlayers: [total]\ncolumns: [params]\n")
    (cell,) = check(loose, read_answers(f"layer,params\ntotal,{answer}".encode(), "a.csv")).cells
    assert cell.verdict in ("right", "right_other_notation")


def test_a_homework_that_asks_for_nothing_is_none() -> None:
    with pytest.raises(SpecErrors, match="asks for nothing"):
        homework("spec: lenet5\nlayers: [total]\ncolumns: [output]\n")


def test_a_stamp_is_another_when_what_the_spec_extends_changes(tmp_path: Path) -> None:
    """Else a sheet of the old base would be marked by the numbers of the new one."""
    base, head = tmp_path / "base.yaml", tmp_path / "head.yaml"
    layers = "layers:\n  - conv: {name: a, filters: 4, kernel: 3}\n  - dense: {name: b, units: 9}\n"
    head.write_text("extends: base.yaml\nchange: {b: {units: 5}}\n")
    stamps = []
    for filters in ("4", "6", "4"):
        base.write_text(f"input: 8x8x3\n{layers.replace('4', filters)}")
        stamps += [
            read_homework(Source(str(tmp_path / "hw.yaml"), spec)).stamp
            for spec in (f"spec: {head}\n", f"specs: {{first: lenet5, second: {head}}}\n")
        ]
    first, several, other, others, again, several_again = stamps
    assert (first, several) == (again, several_again)
    assert len({first, several, other, others}) == 4


UNEVEN = """\
input: 8x16x1
layers:
  - conv: {filters: 4, kernel: 3x5, name: conv1}
  - dense: {units: 10, name: fc1}
"""


def test_a_field_with_unequal_sides_is_refused_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text(UNEVEN)
    source = Source(str(tmp_path / "homework.yaml"), "spec: net.yaml\ncolumns: [output, rf]\n")
    with pytest.raises(SpecErrors, match="rf of conv1 is no number: its sides are 3 and 5"):
        read_homework(source)


def test_an_answer_where_there_is_no_key_is_told(tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text(UNEVEN)
    assigned = assign(summarize(str(tmp_path / "net.yaml")), columns=("params", "rf"))
    answers = read_answers(b"layer,params,rf\nconv1,64,3x5\nfc1,2890,-\n", "a.csv")
    checked = check(assigned, answers)
    assert checked.notes == ("not graded, as it is no one number there: rf of conv1",)


@pytest.mark.parametrize("column", ["memory", "rf", "units", "output"])
@pytest.mark.parametrize("section", ["points", "accept"])
def test_a_total_of_what_has_none_is_refused(column: str, section: str) -> None:
    text = f"spec: lenet5\ncolumns: [params, {column}]\nlayers: [conv1, total]\n"
    with pytest.raises(SpecErrors, match="has no total that could be asked for"):
        homework(text + f"{section}: {{total: {{{column}: 3}}}}\n")


def test_a_sheet_says_which_counts_have_no_total() -> None:
    text = "spec: lenet5\ncolumns: [params, memory, rf]\nlayers: [conv1, total]\n"
    assert stated(homework(text))["-"] == "not asked; memory and rf have no total"


# -- constants that are to be found out ----------------------------------------------------------

DESIGN = "input: 32x32x1\nlet: {k: 19, s: 2}\nlayers:\n- conv: {filters: 8, kernel: 5}\n- maxpool: {kernel: s, stride: s}\n- conv: {filters: k, kernel: 3}\n- dense: 10\n"  # fmt: skip
FIND = "spec: net\nunknown: [k]\nset: {k: 23}\ngiven: {total: [params]}\nlayers: [conv1, pool1, conv2, fc1, total]\n"


@pytest.mark.parametrize("format_", ["text", "markdown", "html", "csv", "yaml", "latex"])
def test_a_sheet_writes_an_unknown_constant_by_its_name(tmp_path, monkeypatch, format_) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.yaml").write_text(DESIGN)
    assigned = homework(FIND)
    assert {cell.at: cell.key for cell in assigned.cells}["conv2", "params"] == 3 * 3 * 8 * 23 + 23
    plain, solved = (
        sheet(assigned, format_, solution=solution).replace("×", "x").replace(r"$\times$", "x")
        for solution in (False, True)
    )
    rows = [line for line in plain.splitlines() if "conv2" in line]
    assert any("conv k 3x3" in line for line in rows)
    assert "conv 23" not in plain
    assert "23 filters" not in plain
    assert "maxpool 2x2" in plain  # another constant is known
    total = 5 * 5 * 8 + 8 + 3 * 3 * 8 * 23 + 23 + 12 * 12 * 23 * 10 + 10
    assert f"{total:,}" in plain or str(total) in plain
    assert "12x12x23" not in plain
    assert "12x12x23" in solved


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("spec: alexnet\nunknown: [k]\n", "E116: 'k' is no constant of AlexNet"),
        ("spec: net\nunknown: [k]\npicture: volumes\n", "E111: `unknown` does not go with a picture"),
        ("specs: [net, lenet5]\nunknown: [k]\n", "E111: `unknown` does not go with `specs`"),
        ("spec: net\nunknown: {k: 3}\n", "E110"),
    ],
)  # fmt: skip
def test_what_cannot_be_unknown_is_refused(tmp_path, monkeypatch, text, message) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.yaml").write_text(DESIGN)
    with pytest.raises(SpecErrors) as caught:
        homework(text)
    assert str(caught.value).startswith(message)


def test_an_unknown_constant_may_vary_from_student_to_student(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.yaml").write_text(DESIGN)
    source = Source("homework.yaml", FIND.replace("set: {k: 23}", "vary: {k: [20, 28]}"))
    one, other = (sheet(read_homework(source, {"k": k}), "csv") for k in ("20", "28"))
    assert one != other  # by the budget
    assert [line for line in one.splitlines() if line.startswith("conv2")] == [
        line for line in other.splitlines() if line.startswith("conv2")
    ]

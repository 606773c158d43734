"""Other values that a teacher accepts, and how many digits are enough."""

from __future__ import annotations

from fractions import Fraction

import pytest

from shapecalc.errors import SpecErrors
from shapecalc.homework.answers.files import read_answers
from shapecalc.homework.assignment.teacher import read_homework
from shapecalc.homework.classroom import Graded, Student
from shapecalc.homework.classroom.feedback import feedback
from shapecalc.homework.classroom.judging import marks_of
from shapecalc.homework.diagnosis.check import check
from shapecalc.homework.sheets.checked import tabulate
from shapecalc.homework.sheets.sheet import sheet
from shapecalc.text import Source

ACCEPT = """\
spec: alexnet
columns: [output, params]
layers: [conv1, pool1, total]
accept:
  conv1: {params: {34848: "without biases, as the slides have it"}, output: [56x56x96]}
  total: {params: [62.4M, 60965224]}
"""


def homework(text: str):
    return read_homework(Source("homework.yaml", text))


def judged(text: str, *rows: str, head: str = "layer;output;params"):
    answers = read_answers("\n".join([head, *rows]).encode(), "a.csv")
    return {
        judged_cell.cell.at: judged_cell for judged_cell in check(homework(text), answers).cells
    }


def test_what_is_accepted_earns_by_the_policy_and_tells_the_reason() -> None:
    rows = ("conv1;56x56x96;34,848", "pool1;27x27x96;0", "total;;60965224")
    result = judged(ACCEPT, *rows)
    assert result["conv1", "params"].verdict == "right_other_convention"
    assert result["conv1", "params"].note == "without biases, as the slides have it"
    assert result["conv1", "output"].verdict == "right_other_convention"
    assert result["total", "params"].verdict == "right_other_convention"
    assert result["conv1", "params"].marks == 1
    full = judged(ACCEPT + "policy: {accepted: right, other_convention: 1/2}\n", *rows)
    assert full["conv1", "params"].verdict == "right"
    half = judged(ACCEPT + "policy: {other_convention: 1/2}\n", *rows)
    assert half["conv1", "params"].marks == Fraction(1, 2)
    # an accepted volume is the student's own: what follows from it is right as well
    own = judged(ACCEPT, "conv1;56x56x96;1", "pool1;27x27x96;0")
    assert own["pool1", "output"].verdict == "right"


@pytest.mark.parametrize("hint", [1, 2, 3])
@pytest.mark.parametrize("verdict", ["right", "other_convention"])
def test_a_teachers_reason_reaches_the_student(hint: int, verdict: str) -> None:
    task = homework(f"{ACCEPT}policy: {{accepted: {verdict}}}\n")
    answers = read_answers(b"layer;output;params\nconv1;56x56x96;34,848\n", "a.csv")
    result = check(task, answers)
    graded = Graded(Student("s1"), "graded", "a.csv", cells=marks_of(result))
    page = feedback(task, graded, result, hint=hint).markdown
    note = "conv1, params: without biases, as the slides have it."
    assert "## Notes on single cells\n\n- conv1, output: accepted beside the right" in page
    assert f"\n- {note}\n" in page
    assert f"• {note}" in tabulate(result, hint=hint).notes


def test_what_is_not_accepted_is_judged_as_ever() -> None:
    result = judged(ACCEPT, "conv1;55x55x96;34,849", "total;;62,367,776")
    assert result["conv1", "params"].verdict == "misconception"
    assert result["total", "params"].verdict == "misconception"


def test_the_sheet_says_that_some_are_accepted_but_not_which() -> None:
    text = sheet(homework(ACCEPT), "text")
    assert "accepted" in text
    for number in ("34,848", "34848", "slides", "56x56x96", "60,965,224"):
        assert number not in text


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ("34,944", "right"),
        ("34,900", "right"),  # 3 digits
        ("34,940", "right"),  # 4 digits
        ("34.9K", "right_other_notation"),
        ("35,000", "misconception"),  # 35,040, with every bias twice, rounded
        ("35K", "wrong"),  # 2 digits
        ("34,850", "misconception"),  # 34,848 without biases, rounded
        ("34,800", "misconception"),
        ("36,120", "wrong"),
    ],
)
def test_three_significant_digits_are_enough(answer: str, verdict: str) -> None:
    text = "spec: alexnet\ncolumns: [params]\nlayers: [conv1]\nconventions: {digits: 3}\n"
    result = judged(text, f"conv1;{answer}", head="layer;params")
    assert result["conv1", "params"].verdict == verdict
    assert "3 significant digits are enough" in " ".join(sheet(homework(text), "text").split())


def test_digits_of_a_number_with_zeros_of_its_own() -> None:
    # fc8 has 4,097,000 parameters; without its 1,000 biases they are 4,096,000
    text = "spec: alexnet\ncolumns: [params]\nlayers: [fc8]\nconventions: {digits: 3}\n"
    for answer, verdict in (
        ("4097000", "right"),
        ("4100000", "right"),
        ("4096000", "misconception"),
        ("4.1M", "wrong"),
    ):
        result = judged(text, f"fc8;{answer}", head="layer;params")
        assert result["fc8", "params"].verdict == verdict, answer
    rounded = judged(text, "fc8;4100000", head="layer;params")["fc8", "params"]
    # without biases it is 4,096,000, which rounds alike
    assert "rounded, so it does not show whether" in rounded.note


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("accept: [conv1]\n", "`accept` is a map"),
        ("accept: {conv1: [3]}\n", "is no map of columns"),
        ("accept: {conv1: {params: [[3]]}}\n", "no value to accept"),
        ("accept: {conv1: {params: many}}\n", "'many' is no whole number"),
        ("accept: {conv1: {output: many}}\n", "'many' is no volume"),
        ("accept: {conv9: {params: 1}}\n", "no layer 'conv9'"),
        ("accept: {conv1: {prams: 1}}\n", "'prams' is nothing that can be asked"),
        ("accept: {conv1: {params: 1}}\nvary: {input: [32]}\n", "`vary` makes others"),
        ("conventions: {digits: 0}\n", "digits cannot be '0'"),
        ("conventions: {digits: 3, rounding: exact}\n", "exclude each other"),
        ("given: {conv1: {output: 32x32x6}}\n", "is 28x28x6, not '32x32x6'"),
        ("given: {conv1: {params: some}}\n", "is 156, not 'some'"),
        ("conventions: {operations: full, flops_per_mac: 1}\n", "counts 2 per"),
        ("policy: {accepted: wrong}\n", "accepted cannot be 'wrong'"),
    ],
)
def test_what_cannot_be_accepted_is_told(text: str, message: str) -> None:
    with pytest.raises(SpecErrors) as caught:
        homework("spec: lenet5\n" + text)
    assert any(message in problem.message for problem in caught.value.problems)

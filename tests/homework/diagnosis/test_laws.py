"""Laws of judging: what must hold for any table of answers."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

import shapecalc
from shapecalc.homework.answers.files import read_answers
from shapecalc.homework.assignment.conventions import Conventions, Policy
from shapecalc.homework.assignment.model import assign
from shapecalc.homework.assignment.notation import value_text
from shapecalc.homework.assignment.quantities import QUANTITIES
from shapecalc.homework.diagnosis.check import check
from shapecalc.homework.diagnosis.working import working_of
from shapecalc.layers.shape import whole
from shapecalc.output.formats import write

REPORT = shapecalc.summarize("alexnet")
HOMEWORK = assign(REPORT)
INDEPENDENT = assign(
    REPORT, policy=Policy(follow_through=Fraction(0), other_convention=Fraction(0))
)
KEY = {cell.at: value_text(cell.key, Conventions()) for cell in HOMEWORK.cells}

#: Answers near the key and far from it.
answer = st.sampled_from(
    [
        *KEY.values(),
        "54x54x96",
        "26x26x96",
        "12x12x256",
        "1x1x1",
        "0",
        "614400",
        "35K",
        "?",
        "",
        "x",
    ]
)
tables = st.dictionaries(st.sampled_from(sorted(KEY)), answer, max_size=12)


def judged(changes: dict[tuple[str, str], str], homework=HOMEWORK):
    cells = {**KEY, **changes}
    lines = ["layer;output;params;macs"]
    lines += [
        ";".join([layer, *(cells[layer, column] for column in ("output", "params", "macs"))])
        for layer in HOMEWORK.layers
    ]
    return check(homework, read_answers("\n".join(lines).encode(), "a.csv"))


@settings(max_examples=60, deadline=None)
@given(tables)
def test_nobody_does_worse_than_by_comparing_cells(changes) -> None:
    own = {judged_cell.cell.at: judged_cell.marks for judged_cell in judged(changes).cells}
    alone = {
        judged_cell.cell.at: judged_cell.marks for judged_cell in judged(changes, INDEPENDENT).cells
    }
    assert all(own[at] >= alone[at] for at in own)
    assert all(own[at] == 1 for at, text in {**KEY, **changes}.items() if text == KEY[at])


@settings(max_examples=60, deadline=None)
@given(tables)
def test_every_cell_has_one_verdict_and_marks_within_what_it_is_worth(changes) -> None:
    result = judged(changes)
    assert [judged_cell.cell.at for judged_cell in result.cells] == [
        cell.at for cell in HOMEWORK.cells
    ]
    for judged_cell in result.cells:
        assert 0 <= judged_cell.marks <= judged_cell.cell.out_of
        assert (judged_cell.verdict == "misconception") <= bool(judged_cell.diagnoses)
        assert (judged_cell.verdict in ("wrong", "blank", "unreadable")) <= (judged_cell.marks == 0)
    assert 0 <= result.marks <= result.out_of == 33


@settings(max_examples=30, deadline=None)
@given(tables)
def test_the_same_answers_give_the_same_bytes_in_every_format(changes) -> None:
    for name in ("text", "markdown", "html", "json", "csv", "latex"):
        text = write(judged(changes), name, hint=3)
        assert text == write(judged(changes), name, hint=3)
        assert text.endswith("\n")


def test_every_working_gives_the_number_that_the_report_has() -> None:
    conventions = Conventions()
    for name in shapecalc.shipped():
        report = shapecalc.summarize(name)
        for row in report.rows:
            for column, quantity in QUANTITIES.items():
                working = working_of(row, column, conventions)
                if working is not None:
                    key = quantity.of(row, conventions)
                    right = whole(key) if column == "output" else key  # type: ignore[arg-type]
                    assert working.value == right, (name, row.name, column)

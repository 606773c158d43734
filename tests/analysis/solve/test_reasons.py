"""What stands below an answer: why it is one, what is near it, and what else was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import shapecalc
from shapecalc import solve
from shapecalc.analysis.solve.windows import windows_between
from shapecalc.errors import SpecErrors

if TYPE_CHECKING:
    from shapecalc.analysis.solve.answer import Solution

CONV = "input: NxNx3\nlayers: [conv: {filters: 1, kernel: KERNEL}]"


def of_text(text: str, question: str, **over: str) -> Solution:
    return solve(shapecalc.loads(text), question, over=over)


def refusal(text: str, question: str) -> tuple[str, str]:
    """Return message and hint of a question that cannot be asked."""
    with pytest.raises(SpecErrors) as caught:
        solve(shapecalc.loads(text), question)
    (problem,) = caught.value.problems
    return problem.message, problem.hint


def test_a_layers_numbers_are_listed_and_no_shares_nor_words() -> None:
    message, hint = refusal(CONV.replace("KERNEL", "1"), "conv1.zzz = 3")
    assert message == "'zzz' is no number of it"
    numbers = hint.removeprefix("it has ").split(", ")
    assert {"height", "channels", "params", "macs", "memory", "rf"} <= set(numbers)
    assert not {"params%", "macs%", "name", "does", "note"} & set(numbers)


def test_nothing_is_divided_by_0() -> None:
    message, hint = refusal(CONV.replace("KERNEL", "1"), "output.height divisible by 0")
    assert (message, hint) == ("what is divided by must be a number from 1 on", "divisible by 32")


@pytest.mark.parametrize(("question", "word"), [("3a = 7x7", "3a"), ("3a.height = 7", "3a.height")])
def test_a_name_that_begins_with_a_digit_is_named_whole_and_put_into_quotes(
    question: str, word: str
) -> None:
    spec = "input: NxNx3\nlayers: [conv: {name: 3a, filters: 1, kernel: 5}]"
    message, hint = refusal(spec, question)
    assert message == f"'{word}' is neither a number nor a shape"
    assert "a name that begins with a digit stands in quotes: '3x3'.params" in hint
    (box,) = of_text(spec, question.replace("3a", "'3a'")).boxes
    assert box["N"].text("N") == "N = 11"


def test_the_nearest_to_a_number_that_no_size_has_lie_around_it() -> None:
    """Of a 1x1 convolution of 3 channels to 1: 3 * 5,000^2 = 75,000,000 multiply-accumulates."""
    solution = of_text(CONV.replace("KERNEL", "1"), "macs = 75000001")
    assert not solution
    (near,) = solution.nearest
    assert [(row[0], row[4]) for row in near.rows] == [
        ("4,999", "off by 29,998"),
        ("5,000", "off by 1"),
        ("5,001", "off by 30,002"),
    ]


def test_conditions_that_contradict_each_other_are_shown_each_by_itself() -> None:
    solution = solve("alexnet", "pool3 = 6x6 and pool3 = 7x7")
    assert not solution
    (apart,) = solution.nearest
    assert (apart.caption, apart.rows) == (
        "Each by itself holds:",
        (
            ("pool3 = 6x6", "H from 227 to 258"),
            ("pool3 = 6x6", "W from 227 to 258"),
            ("pool3 = 7x7", "H from 259 to 290"),
            ("pool3 = 7x7", "W from 259 to 290"),
        ),
    )


def test_it_is_said_when_the_network_itself_narrows_the_answer() -> None:
    """A 5x5 window needs 5 pixels: up to 8 outputs, 5 to 12 pixels; for exactly 8 it needs 12."""
    kernel = CONV.replace("KERNEL", "5")
    limit = "The network exists where: N >= 5: conv1."
    assert f"{limit} That narrows the answer for N." in of_text(kernel, "output <= 8").remarks
    assert limit in of_text(kernel, "output = 8").remarks


def test_layers_whose_windows_step_over_pixels_are_named() -> None:
    steps = "input: NxNx3\nlayers: [conv: {filters: 2, kernel: 1, stride: 3}, maxpool: 2]"
    remark = "Between their windows, at every size, step over pixels: conv1 (1 of every 3)."
    assert remark in of_text(steps, "no loss").remarks
    assert not any("step over" in text for text in solve("alexnet", "no loss").remarks)


def test_what_was_tried_is_shown_at_the_borders_of_the_answer() -> None:
    """55 + conv1.pad/2 pixels before the pools: up to 62 of them give 6x6."""
    solution = solve("alexnet", "pool3.height = 6", over={"conv1.pad": "0:40"})
    (shown,) = solution.why
    assert shown.caption == "At the borders:"
    assert [row[0] for row in shown.rows] == ["0", "15", "16"]
    assert [row[-1] for row in shown.rows] == ["holds", "holds", "off by 1"]


def test_of_several_fields_the_combinations_are_shown_that_hold_then_the_nearest() -> None:
    spec = (
        "input: 9x9x3\n"
        "layers: [conv: {name: a, filters: 1, kernel: 5}, conv: {name: b, filters: 2, kernel: 3}]"
    )
    over = {"a.pad": "0:3", "b.pad": "0:3"}
    solution = of_text(spec, "output.height = 7", **over)
    (shown,) = solution.why
    assert [row[:2] for row in shown.rows[:3]] == [("0", "2"), ("1", "1"), ("2", "0")]
    assert [row[-1] for row in shown.rows] == ["holds"] * 3 + ["off by 2"] * 3


def test_windows_are_told_with_the_bounds_that_were_looked_at() -> None:
    assert "dilation" not in windows_between("7 -> 5").render("text")
    assert "dilation 1 to 2" in windows_between("7 -> 5", dilation="1:2").render("text")


def test_a_layer_that_has_no_such_quantity_is_named() -> None:
    """A rectifier connects nothing: LeNet's paper counts connections of weights."""
    relu = "input: NxNx3\nlayers: [relu]"
    assert refusal(relu, "relu1.connections = 3") == (
        "relu1 has no connections",
        "ask for another of its numbers",
    )

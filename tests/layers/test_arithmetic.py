"""Arithmetic, counted by hand for a map of 2x3 with 5 channels: 30 elements."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shapecalc import loads, summarize
from shapecalc.layers.arithmetic import (
    Abs,
    Clip,
    Divide,
    Exp,
    Log,
    Maximum,
    Minimum,
    Negative,
    PowerOf,
    Sqrt,
    Subtract,
)
from shapecalc.layers.base import NO_WORK, Work
from shapecalc.layers.merge import Add, Concat, Elementwise, Multiply
from shapecalc.layers.shape import Map, Shape, Vector
from tests.spec.support import problems_of

if TYPE_CHECKING:
    from conftest import Refusal

    from shapecalc.layers.activation import Pointwise

SHAPE = Map((2, 3), 5)


@pytest.mark.parametrize("made", [Multiply, Subtract, Divide, Maximum, Minimum])
@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ((SHAPE,), SHAPE),
        ((SHAPE, SHAPE, SHAPE), SHAPE),
        ((SHAPE, Map((1, 1), 5)), SHAPE),
        ((Map((2, 3), 1), SHAPE), SHAPE),
        ((Map((2, 1), 5), Map((1, 3), 1)), SHAPE),
        ((Vector(5), SHAPE), SHAPE),
        ((Vector(7), Vector(1)), Vector(7)),
    ],
)
def test_extents_of_1_stretch(
    made: type[Elementwise], inputs: tuple[Shape, ...], expected: Shape, refusal: Refusal
) -> None:
    assert refusal(made(), *inputs) is None
    assert made().output(*inputs) == expected


def test_what_stretches_is_said() -> None:
    gate = Map((1, 1), 5)
    assert Multiply().does(SHAPE, gate) == Subtract().does(SHAPE, gate) == "1x1x5 stretched"
    assert Divide().does(SHAPE, Vector(5), Map((2, 3), 1)) == "5 stretched, 2x3x1 stretched"
    assert Multiply().does(SHAPE, SHAPE) == Maximum().does(gate, gate) == ""
    assert Subtract(left=1.0).does(Map((1, 1), 5)) == "1 - x"
    assert Multiply(right=0.17).does(SHAPE) == "x * 0.17"
    assert Add(left=2.0, right=3.0).does(SHAPE) == "2 + x + 3"
    assert Divide(right=8.0).does(SHAPE, gate) == "x / 8, 1x1x5 stretched"


@pytest.mark.parametrize(
    ("made", "kind"),
    [
        (Add, "adds"), (Multiply, "multiplies"), (Subtract, "adds"), (Divide, "divisions"),
        (Maximum, "compares"), (Minimum, "compares"),
    ],
)  # fmt: skip
def test_a_constant_is_one_operand_more(made: type[Elementwise], kind: str) -> None:
    def work(layer: Elementwise, count: int) -> Work:
        return layer.work((SHAPE,) * count, SHAPE)

    assert work(made(), 1) == NO_WORK
    assert work(made(), 3) == Work(**{kind: 60})
    assert work(made(right=2.0), 1) == work(made(left=2.0), 1) == Work(**{kind: 30})
    assert work(made(left=1.0, right=2.0), 2) == Work(**{kind: 90})


def test_what_does_not_match(refusal: Refusal) -> None:
    error = refusal(Subtract(), SHAPE, Map((2, 7), 5))
    assert error is not None
    assert (error.code, error.message) == (
        "E206", "operand 2 of subtract is 2x7x5, but operand 1 is 2x3x5",
    )  # fmt: skip


@pytest.mark.parametrize("join", [Add(), Multiply(), Subtract(), Concat()])
def test_a_join_of_one_operand_passes_it_on(join: Elementwise, refusal: Refusal) -> None:
    assert refusal(join, SHAPE) is None
    assert join.output(SHAPE) == SHAPE
    assert join.work((SHAPE,), SHAPE) == NO_WORK


@pytest.mark.parametrize(
    ("layer", "work"),
    [
        (Abs(), Work(compares=30)),
        (Negative(), NO_WORK),
        (Exp(), Work(exponentials=30)),
        (Log(), Work(exponentials=30)),
        (Sqrt(), Work(exponentials=30)),
        (PowerOf(exponent=3.0), Work(exponentials=30)),
        (Clip(range=(-1.0, 2.5)), Work(compares=60)),
    ],
)
def test_functions_of_an_element(layer: Pointwise, work: Work) -> None:
    assert layer.output(SHAPE) == SHAPE
    assert layer.work((SHAPE,), SHAPE) == work
    assert layer.weights(SHAPE) == ()


def test_how_constants_are_written() -> None:
    net = """
        input: 2x3x5
        let: {half: 2}
        layers:
          - multiply: 0.17
          - subtract: {left: 1}
          - divide: {right: half}
          - add: {from: [divide1, input], right: -0.5}
          - maximum: {left: [relu], right: [abs]}
          - minimum: {branches: [[relu], [abs]], right: 6}
          - clip: [0, 6]
          - power: -0.5
          - concat: {from: input}
    """
    report = summarize(loads(net))
    assert [(row.name, row.does) for row in report.rows if row.type not in ("relu", "abs")] == [
        ("input", ""),
        ("multiply1", "x * 0.17"),
        ("subtract1", "1 - x"),
        ("divide1", "x / 2"),
        ("add1", "x + (-0.5)"),
        ("maximum1", ""),  # left and right are its branches
        ("minimum1", "x min 6"),
        ("clip1", "0 to 6"),
        ("power1", "to the -0.5"),
        ("concat1", ""),
    ]
    assert report["maximum1"].sources == ("left/relu1", "right/abs1")
    assert report.totals.work == Work(
        multiplies=30, adds=30 + 60, divisions=30, exponentials=30,
        compares=2 * (30 + 30) + 30 + 60 + 60,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("multiply: half", "multiply takes branches, not 'half'"),
        ("multiply: {right: halv}", "multiply: right takes a number, not 'halv'"),
        ("add: {rihgt: 2}", "add has no field 'rihgt'"),
        ("concat: 2", "concat takes branches, not '2'"),
        ("add: relu", "add takes branches, not 'relu'"),
        ("clip: [6, 0]", "clip: range must rise, but 6 is not below 0"),
        ("clip: 6", "clip: range takes two numbers [low, high], not '6'"),
        ("subtract", "subtract1: subtract joins one or more branches, but has none"),
    ],
)
def test_what_cannot_be_read(statement: str, message: str) -> None:
    problems = problems_of(f"input: 2x3x5\nlayers: [{statement}]\n")
    assert [problem.message for problem in problems] == [message]

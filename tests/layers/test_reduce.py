"""Reductions, counted by hand for a map of 2x3 with 5 channels: 30 elements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from shapecalc import loads, summarize
from shapecalc.layers.base import SEES_ALL, Work
from shapecalc.layers.reduce import L2Norm, MaxOver, MeanOver, Reduction, SumOver
from shapecalc.layers.shape import Map, Shape, Vector
from shapecalc.layers.window import EVERYTHING, InputSpan
from tests.spec.support import problems_of

if TYPE_CHECKING:
    from conftest import Refusal

SHAPE = Map((2, 3), 5)


@pytest.mark.parametrize(
    ("over", "shape", "left", "kept"),
    [
        (("positions",), SHAPE, Vector(5), Map((1, 1), 5)),
        (("height", "width"), SHAPE, Vector(5), Map((1, 1), 5)),
        (("channels",), SHAPE, Map((2,), 3), Map((2, 3), 1)),
        ((2,), SHAPE, Map((2,), 3), Map((2, 3), 1)),
        (("height",), SHAPE, Map((3,), 5), Map((1, 3), 5)),
        (("width", "channels"), SHAPE, Vector(2), Map((2, 1), 1)),
        (("positions", "channels"), SHAPE, Vector(1), Map((1, 1), 1)),
        (("length",), Map((7,), 4), Vector(4), Map((1,), 4)),
        (("depth",), Map((2, 3, 5), 7), Map((3, 5), 7), Map((1, 3, 5), 7)),
        (("channels",), Vector(11), Vector(1), Vector(1)),
        ((0,), Vector(11), Vector(1), Vector(1)),
    ],
)
def test_axes_go_or_are_1(
    over: Any, shape: Shape, left: Shape, kept: Shape, refusal: Refusal
) -> None:
    for made in (MeanOver, SumOver, MaxOver):
        assert refusal(made(over=over), shape) is None
        assert made(over=over).output(shape) == left
        assert made(over=over, keep=True).output(shape) == kept


def test_work() -> None:
    def work(made: type[Reduction], *over: str) -> Work:
        layer = made(over=over)
        return layer.work((SHAPE,), layer.output(SHAPE))

    assert work(MeanOver, "positions") == Work(adds=30, divisions=5)
    assert work(MeanOver, "channels") == Work(adds=30, divisions=6)
    assert work(SumOver, "height") == Work(adds=30)
    assert work(MaxOver, "width", "channels") == Work(compares=30)
    assert L2Norm().work((SHAPE,), SHAPE) == Work(
        multiplies=30, adds=30 + 6, divisions=30, exponentials=6
    )
    assert L2Norm(over=("height",)).work((SHAPE,), SHAPE).exponentials == 15
    assert L2Norm(over=("positions", "channels")).work((SHAPE,), SHAPE).adds == 31


def test_what_a_unit_sees() -> None:
    own = InputSpan((0,), (0,), 1)
    for layer in (MeanOver(over=("width",), keep=True), L2Norm(over=("width",))):
        assert layer.window(SHAPE) == (own, EVERYTHING)
    for layer in (MeanOver(over=("channels",), keep=True), L2Norm()):
        assert layer.window(SHAPE) is None
    assert L2Norm(over=("positions",)).window(SHAPE) is SEES_ALL


@pytest.mark.parametrize(
    ("over", "fields"),
    [
        ("positions", (20, 24)),
        ("height", (20, 5)),
        ("[width, channels]", (3, 24)),
        ("channels", (3, 5)),
    ],
)
def test_what_is_seen_through_axes_that_go(over: str, fields: tuple[int, int]) -> None:
    """A mean sees all along its axes, and along the others what its elements saw."""
    layers = f"[conv: {{filters: 4, kernel: [3, 5], pad: valid}}, mean: {over}]"
    report = summarize(loads(f"input: 20x24x3\nlayers: {layers}\n"))
    assert report["mean1"].receptive_field == fields


def test_a_global_pool_by_another_name() -> None:
    for word, pool in (("mean", "global_avgpool"), ("max", "global_maxpool")):
        net = "input: 7x9x3\nlayers: [conv: {filters: 4, kernel: 3}, "
        own = summarize(loads(f"{net}{pool}]"))
        other = summarize(loads(f"{net}{word}: {{over: positions, keep: true}}]"))
        assert own.rows[-1].output == other.rows[-1].output
        assert own.totals.work == other.totals.work
        assert [f.first for f in own.rows[-1].field or ()] == [
            f.first for f in other.rows[-1].field or ()
        ]


def test_ssd_s_norm_with_its_gain() -> None:
    net = "input: 38x38x512\nlayers: [l2norm, scale: {init: 20}]\n"
    report = summarize(loads(net))
    assert report.totals.params == 512
    assert [row.does for row in report.rows[1:]] == ["over channels", "per channel, init 20"]


def test_sizes_may_be_symbols() -> None:
    report = summarize(loads("input: HxWx6\nlayers: [l2norm: height, mean: [height, width]]"))
    assert str(report["l2norm1"].work.exponentials) == "6W"
    assert str(report["mean1"].work.adds) == "6*H*W"
    assert report["mean1"].output == Vector(6)


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("mean: length", "mean1: there is no axis length in 2x3x5"),
        ("sum: 3", "sum1: there is no axis 3 in 2x3x5"),
        ("max: [height, 0]", "max1: over height and 0 names an axis of 2x3x5 twice"),
        ("mean: heigth", "mean: over takes axes (channels, positions, length, depth, height, width,"
         " or their numbers), not 'heigth'"),
        ("mean", "mean needs over: the axes that become one number"),
    ],
)  # fmt: skip
def test_what_is_refused(statement: str, message: str) -> None:
    (problem,) = problems_of(f"input: 2x3x5\nlayers: [{statement}]\n")
    assert problem.message == message


def test_a_vector_has_no_positions(refusal: Refusal) -> None:
    error = refusal(MeanOver(over=("positions",)), Vector(11))
    assert error is not None
    assert (error.code, error.message) == ("E201", "there are no axes positions in a vector of 11")

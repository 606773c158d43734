"""Layers with trained arrays, counted by hand for a map of 2x3 with 5 channels: 30 elements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from shapecalc import loads, summarize
from shapecalc.layers.base import NO_WORK, Parameter, Work
from shapecalc.layers.shape import Map, Shape, Vector
from shapecalc.layers.trained import Bias, PositionEmbedding, Scale, Token, TrainedArray

if TYPE_CHECKING:
    from conftest import Refusal

SHAPE = Map((2, 3), 5)


@pytest.mark.parametrize(
    ("per", "shape", "extents"),
    [
        ("channel", SHAPE, (5,)),
        ("position", SHAPE, (2, 3)),
        ("element", SHAPE, (5, 2, 3)),
        ("one", SHAPE, (1,)),
        ("channel", Map((7,), 4), (4,)),
        ("position", Map((2, 3, 5), 7), (2, 3, 5)),
        ("element", Vector(11), (11,)),
        ("channel", Vector(11), (11,)),
    ],
)
def test_what_has_a_number_of_its_own(per: Any, shape: Shape, extents: tuple[int, ...]) -> None:
    weight, bias = Parameter("weight", extents), Parameter("bias", extents, "bias")
    assert Scale(per=per).weights(shape) == (weight,)
    assert Scale(per=per, bias=True).weights(shape) == (weight, bias)
    assert Bias(per=per).weights(shape) == (bias,)
    assert Scale(per=per).output(shape) == Bias(per=per).output(shape) == shape


def test_work() -> None:
    for per in ("channel", "position", "element", "one"):
        assert Scale(per=per).work((SHAPE,), SHAPE) == Work(multiplies=30)
        assert Scale(per=per, bias=True).work((SHAPE,), SHAPE) == Work(multiplies=30, bias_adds=30)
        assert Bias(per=per).work((SHAPE,), SHAPE) == Work(bias_adds=30)
    assert PositionEmbedding().work((SHAPE,), SHAPE) == Work(adds=30)
    assert Token(count=2).work((Map((7,), 4),), Map((9,), 4)) == NO_WORK
    assert TrainedArray(shape=(2, 3, 5)).work((), SHAPE) == NO_WORK


def test_a_bias_of_its_own_is_a_convolution_s() -> None:
    """Two ways to write one thing count alike, in parameters, multiplications and additions."""
    for bias, per in (("true", "channel"), ("per_position", "element")):
        own = summarize(
            loads(f"input: 7x9x3\nlayers: [conv: {{filters: 4, kernel: 3, bias: {bias}}}]")
        )
        after = summarize(
            loads(
                f"input: 7x9x3\nlayers: [conv: {{filters: 4, kernel: 3, bias: false}}, bias: {per}]"
            )
        )
        assert after.totals.params == own.totals.params
        assert after.totals.work == own.totals.work


def test_positions_need_sides(refusal: Refusal) -> None:
    for layer in (Scale(per="position"), Bias(per="position")):
        error = refusal(layer, Vector(11))
        assert error is not None
        assert (error.code, error.field) == ("E201", "per")
        assert (
            error.message == f"{layer.type} per position needs sides, but a vector of 11 flows in"
        )


def test_an_embedding_is_of_the_input_s_shape() -> None:
    assert PositionEmbedding().weights(Map((197,), 768)) == (Parameter("weight", (768, 197)),)
    assert PositionEmbedding().weights(Map((197,), 768))[0].size == 151_296  # ViT-B/16
    assert PositionEmbedding().output(SHAPE) == SHAPE
    assert PositionEmbedding().window(SHAPE) is None


def test_tokens_lengthen_a_sequence(refusal: Refusal) -> None:
    sequence = Map((196,), 768)
    assert Token().output(sequence) == Map((197,), 768)
    assert Token(count=2).output(sequence) == Map((198,), 768)  # DeiT: class and distillation
    assert Token(count=2).weights(sequence) == (Parameter("weight", (768, 2)),)
    (seen,) = Token(count=2).window(sequence)
    assert (seen.lo[:4], seen.hi[:4]) == ((0, 0, 0, 1), (-1, -1, 0, 1))  # 2 that see nothing
    assert (seen.hi[-1], seen.step, len(seen.lo)) == (195, 196, 198)
    error = refusal(Token(), SHAPE)
    assert error is not None
    assert error.code == "E201"
    assert error.message == "token needs a sequence, length x channels, but 2x3x5 flows in"


def test_an_array_has_no_inputs(refusal: Refusal) -> None:
    layer = TrainedArray(shape=(2, 3, 5))
    assert layer.output() == SHAPE
    assert layer.weights() == (Parameter("weight", (5, 2, 3)),)
    assert TrainedArray(shape=(7,)).output() == Vector(7)
    error = refusal(layer, SHAPE)
    assert error is not None
    assert (error.code, error.message) == ("E207", "parameter takes no input, but 1 flows in")


def test_an_array_is_an_operand_of_a_join() -> None:
    report = summarize(
        loads("input: 2x3x5\nlayers:\n  - conv: {filters: 4, kernel: 1}\n"
              "  - multiply: {gate: [parameter: 1x1x4, sigmoid], x: []}\n  - dense: 7")
    )  # fmt: skip
    assert [row.name for row in report.rows] == [
        "input", "conv1", "gate/parameter1", "gate/sigmoid1", "multiply1", "fc1",
    ]  # fmt: skip
    assert report["gate/parameter1"].params == 4
    assert report["gate/parameter1"].sources == ()
    assert report["multiply1"].output == Map((2, 3), 4)
    assert [field.first for field in report["multiply1"].field or ()] == [(0,), (0,)]
    assert report.totals.params == (5 * 4 + 4) + 4 + (24 * 7 + 7)


def test_sizes_may_be_symbols() -> None:
    net = "input: Nx6\nlet: {t: 1}\nlayers: [token: t, position_embedding, scale: element, bias: position]"
    report = summarize(loads(net, settings={"t": "free"}))
    assert str(report["token1"].output.sides[0]) == "N + t"
    assert str(report.totals.params) == "13N + 19t"

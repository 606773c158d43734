"""Joins of branches."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING

import pytest

from shapecalc.algebra import largest
from shapecalc.algebra.expr import symbol
from shapecalc.layers.base import NO_WORK, Work
from shapecalc.layers.merge import Add, Concat, Join, Multiply
from shapecalc.layers.shape import Map, Shape, Vector

if TYPE_CHECKING:
    from conftest import Refusal

    from shapecalc.algebra import Dim


def test_concat_is_googlenets_inception_3a() -> None:
    branches = (Map((28, 28), 64), Map((28, 28), 128), Map((28, 28), 32), Map((28, 28), 32))
    assert Concat().output(*branches) == Map((28, 28), 256)
    assert Concat().work(branches, Map((28, 28), 256)) == NO_WORK


@pytest.mark.parametrize(
    ("layer", "inputs", "expected"),
    [
        (Concat(), (Map((5,), 2), Map((5,), 3)), Map((5,), 5)),
        (Concat(), (Map((2, 3, 5), 1), Map((2, 3, 5), 6)), Map((2, 3, 5), 7)),
        (Concat(), (Vector(2), Vector(3), Vector(5)), Vector(10)),
        (Add(), (Map((2, 3), 5), Map((2, 3), 5)), Map((2, 3), 5)),
        (Add(), (Vector(5), Vector(5)), Vector(5)),
        (Multiply(), (Map((2, 3), 5), Map((2, 3), 5)), Map((2, 3), 5)),
        (Multiply(), (Vector(7), Vector(7)), Vector(7)),
        # Gates stretch: a channel's, a position's, both, from either hand.
        (Multiply(), (Map((2, 3), 5), Map((1, 1), 5)), Map((2, 3), 5)),
        (Multiply(), (Map((1, 1), 5), Map((2, 3), 5)), Map((2, 3), 5)),
        (Multiply(), (Map((2, 3), 5), Map((2, 3), 1)), Map((2, 3), 5)),
        (Multiply(), (Map((2, 3), 1), Map((1, 1), 5)), Map((2, 3), 5)),
        (Multiply(), (Map((2, 3), 5), Vector(5)), Map((2, 3), 5)),
        (Multiply(), (Vector(5), Map((2, 3, 7), 5)), Map((2, 3, 7), 5)),
        (Multiply(), (Map((1, 1), 1), Map((1, 1), 1)), Map((1, 1), 1)),
    ],
)
def test_output(layer: Join, inputs: tuple[Shape, ...], expected: Shape, refusal: Refusal) -> None:
    assert refusal(layer, *inputs) is None
    assert layer.output(*inputs) == expected


H, W = map(symbol, "HW")


@pytest.mark.parametrize(
    ("extents", "wider"),
    [
        ((H, 1), H),
        ((1, H), H),
        ((H, 8), 8),  # H is 1 or 8
        ((H // 4, H), H),
        ((H, H // 4, 1), H),
        ((H - 3, H // 2), H // 2),  # they can be joined for H = 4, 5, 6: 2, 2, 3
        ((H * W, H), H * W),
        ((H, W), largest((H, W))),
        ((H, W, 8), 8),
    ],
)
def test_a_symbol_stretches_where_it_is_1(extents: tuple[Dim, ...], wider: Dim) -> None:
    for order in permutations(extents):
        shapes = [Map((extent, 5), 3) for extent in order]
        assert Multiply().output(*shapes) == Map((wider, 5), 3)


def test_work_of_three_operands() -> None:
    shapes = (Map((2, 3), 5),) * 3
    assert Add().work(shapes, Map((2, 3), 5)) == Work(adds=60)
    assert Multiply().work(shapes, Map((2, 3), 5)) == Work(multiplies=60)


@pytest.mark.parametrize(
    ("layer", "inputs", "message"),
    [
        (
            Concat(),
            (Map((27, 28), 64), Map((27, 28), 96), Map((28, 28), 32)),
            "operand 3 of concat is 28x28x32, but operand 1 is 27x28x64",
        ),
        (
            Concat(),
            (Map((2, 3), 5), Map((2, 7), 5)),
            "operand 2 of concat is 2x7x5, but operand 1 is 2x3x5",
        ),
        (Concat(), (Map((2, 3), 5), Vector(5)), "operand 2 of concat is 5, but operand 1 is 2x3x5"),
        (
            Concat(),
            (Map((2,), 5), Map((2, 3), 5)),
            "operand 2 of concat is 2x3x5, but operand 1 is 2x5",
        ),
        (
            Add(),
            (Map((2, 3), 5), Map((2, 3), 7)),
            "operand 2 of add is 2x3x7, but operand 1 is 2x3x5",
        ),
        (
            Add(),
            (Map((2, 3), 5), Map((1, 1), 5)),
            "operand 2 of add is 1x1x5, but operand 1 is 2x3x5",
        ),
        (Add(), (Vector(5), Vector(7)), "operand 2 of add is 7, but operand 1 is 5"),
        (
            Multiply(),
            (Map((1, 1), 5), Map((2, 3), 5), Map((2, 3), 7)),
            "operand 3 of multiply is 2x3x7, but operand 1 is 1x1x5",
        ),
        (
            Multiply(),
            (Map((1, 1), 5), Map((2, 3), 5), Map((2, 7), 5)),
            "operand 3 of multiply is 2x7x5, but operand 2 is 2x3x5",
        ),
        (
            Multiply(),
            (Map((2,), 5), Map((2, 3), 5)),
            "operand 2 of multiply is 2x3x5, but operand 1 is 2x5",
        ),
    ],
)
def test_what_does_not_match(
    layer: Join, inputs: tuple[Shape, ...], message: str, refusal: Refusal
) -> None:
    error = refusal(layer, *inputs)
    assert error is not None
    assert (error.code, error.message) == ("E206", message)

"""Formulas say what the referee does, entry by entry; worked examples have gradients that hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from shapecalc.execute.example import example
from shapecalc.execute.formulas import formulas
from shapecalc.execute.frame import frame_of
from shapecalc.execute.layer import backward, forward, random_arrays
from shapecalc.execute.pool import divisor
from shapecalc.layers import layer_class
from shapecalc.layers.fields import MODES, Padding
from shapecalc.layers.pool import AvgPool
from shapecalc.shape import Map, Shape, Vector

UNEVEN = Padding(((1, 0), (2, 1)))

#: Layers of all types with formulas, and what flows in.
CASES: dict[str, tuple[str, dict[str, Any], Shape]] = {
    "plain": ("conv", {"filters": 3, "kernel": (2,)}, Map((5, 4), 2)),
    "signal": ("conv", {"filters": 2, "kernel": (3,), "stride": (2,)}, Map((7,), 4)),
    "volume": ("conv", {"filters": 2, "kernel": (2, 1, 2), "bias": False}, Map((3, 2, 4), 1)),
    "groups": ("conv", {"filters": 6, "kernel": (2, 1), "groups": 2}, Map((3, 5), 4)),
    "uneven": (
        "conv",
        {"filters": 2, "kernel": (3, 2), "stride": (2, 1), "dilation": (1, 2), "pad": UNEVEN},
        Map((6, 5), 3),
    ),
    "untied": ("conv", {"filters": 2, "kernel": (2,), "bias": "per_position"}, Map((4, 3), 1)),
    "same": ("conv", {"filters": 1, "kernel": (4,), "stride": (2,), "pad": MODES["same"]}, Map((5, 7), 2)),
    "dense": ("dense", {"units": 4}, Vector(5)),
    "without bias": ("dense", {"units": 2, "bias": False}, Vector(3)),
    "max": ("maxpool", {"kernel": (3,), "stride": (2,)}, Map((7, 5), 2)),
    "max, padded": ("maxpool", {"kernel": (3, 2), "stride": (1,), "pad": Padding(((1, 2), (0, 1)))}, Map((4, 5), 2)),
    "mean": ("avgpool", {"kernel": (2, 3), "stride": (2,)}, Map((4, 7), 3)),
    "mean, hanging over": (
        "avgpool",
        {"kernel": (3,), "stride": (2,), "pad": Padding(((1, 1),)), "rounding": "ceil", "count_include_pad": False},
        Map((6, 4), 2),
    ),
    "relu": ("relu", {}, Map((3, 4), 2)),
    "relu of a row": ("relu", {}, Vector(6)),
}  # fmt: skip


def ran(word: str, fields: dict[str, Any], shape: Shape) -> tuple[Any, dict[str, Any]]:
    """Run a layer forward and backward on random numbers; return both by their letters."""
    layer, random = layer_class(word)(**fields), np.random.default_rng(3)
    size = shape.channels * int(np.prod(shape.sides))
    x = (random.permutation(size) - size / 2 + 0.3).reshape(1, shape.channels, *shape.sides)
    arrays = random_arrays(layer, x, random=random)
    y = forward(layer, arrays, x)
    g = random.normal(size=y.shape)
    back = backward(layer, arrays, (x,), y, g)
    values = {"x": x[0], "g": g[0]} | {name[0]: each for name, each in arrays.items()}
    if isinstance(layer, AvgPool):
        values["n"] = divisor(layer, x, frame_of(layer, x))[0, 0]
    right = {"y": y[0], "x": back.inputs[0][0]}
    return layer, {"values": values, "right": right | {k[0]: v for k, v in back.arrays.items()}}


@pytest.mark.parametrize("name", CASES)
def test_every_entry_is_the_sum_that_the_formula_says(name: str) -> None:
    """Broken by a wrong index, range, condition, divisor or operand in any formula."""
    word, fields, shape = CASES[name]
    layer, done = ran(word, fields, shape)
    found = formulas(layer, shape)
    assert found is not None
    assert found.keys() == done["right"].keys()
    for of, right in done["right"].items():
        said = np.empty_like(right)
        for at in np.ndindex(*right.shape):
            said[at] = sum(term.value for term in found[of].terms(done["values"], at))
        np.testing.assert_allclose(said, right, rtol=1e-12, atol=1e-12, err_msg=found[of].text)


def test_the_text_has_the_layer_s_own_indices() -> None:
    conv = layer_class("conv")(
        filters=256, kernel=(5,), stride=(1,), groups=2, pad=Padding(((2, 2),))
    )
    found = formulas(conv, Map((27, 27), 96))
    assert found is not None
    assert found["w"].text == (
        "dL/dw[f, c, p, q] = sum over i, j of"
        " g[f, i, j] * x[48*(f // 128) + c, i + p - 2, j + q - 2]"
    )
    assert found["w"].note == "x is 0 outside the input"
    assert found["x"].text == (
        "dL/dx[c, u, v] = sum over d, f, i, j, p, q with 48*(f // 128) + d = c"
        " and i + p - 2 = u and j + q - 2 = v of g[f, i, j] * w[f, d, p, q]"
    )
    pool = formulas(layer_class("maxpool")(kernel=(3,), stride=(2,)), Map((55, 55), 96))
    assert pool is not None
    assert pool["x"].text == (
        "dL/dx[c, u, v] = sum of g[c, i, j] over all i, j whose largest"
        " x[c, 2*i + p, 2*j + q] is x[c, u, v]"
    )
    assert pool["x"].note == "of equals the first wins, row by row"
    mean = formulas(layer_class("avgpool")(), Map((4, 6), 1))
    assert mean is not None
    assert mean["y"].text == "y[c, i, j] = sum over p, q of x[c, 2*i + p, 2*j + q]/4"


def test_a_layer_without_formulas_has_no_example() -> None:
    table = layer_class("conv")(filters=2, kernel=(2,), connections=((0,), (0, 1)))
    assert formulas(table, Map((4, 4), 2)) is None
    assert example(layer_class("tanh")()) is None


WORKED = [
    ("conv", {"filters": 96, "kernel": (11,), "stride": (4,)}),
    ("conv", {"filters": 8, "kernel": (5,), "groups": 4, "pad": Padding(((2, 2),)), "bias": False}),
    ("conv", {"filters": 8, "kernel": (1,), "pad": Padding(((1, 1),))}),
    ("conv", {"filters": 8, "kernel": (3,), "dilation": (2,), "bias": "per_position"}),
    ("conv", {"filters": 8, "kernel": (3,), "stride": (2,), "pad": MODES["same"]}),
    ("conv", {"filters": 2, "kernel": (7,), "connections": ((0,), (0, 1))}),
    ("dense", {"units": 4096}),
    ("maxpool", {"kernel": (3,), "stride": (2,)}),
    ("maxpool", {"kernel": (3,), "stride": (1,), "pad": Padding(((1, 1),))}),
    ("avgpool", {"kernel": (7,), "stride": (1,)}),
    ("avgpool", {"kernel": (3,), "stride": (2,), "pad": Padding(((1, 1),)), "count_include_pad": False}),
    ("relu", {}),
]  # fmt: skip


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize(("word", "fields"), WORKED)
def test_an_example_s_gradients_are_central_differences(
    word: str, fields: dict[str, Any], rank: int
) -> None:
    """Broken by an example whose gradients are not those of its own output."""
    done = example(layer_class(word)(**fields), rank)
    assert done is not None
    assert all(each.size <= 400 for each in done.values.values())

    def loss(moved: dict[str, Any]) -> float:
        arrays = {"weight": moved.get("w"), "bias": moved.get("b")}
        kept = {name: each for name, each in arrays.items() if each is not None}
        y = forward(done.layer, kept, moved["x"][None])
        return float((y[0] * done.values["g"]).sum())

    for letter, gradient in done.gradients.items():
        assert gradient.shape == done.values[letter].shape
        for at in np.ndindex(*gradient.shape):
            ends = []
            for h in (0.01, -0.01):
                array = done.values[letter].copy()
                array[at] += h
                ends.append(loss({**done.values, letter: array}))
            assert gradient[at] == pytest.approx((ends[0] - ends[1]) / 0.02, abs=1e-8)


@pytest.mark.parametrize(("word", "fields"), WORKED)
def test_an_example_s_lines_say_its_numbers(word: str, fields: dict[str, Any]) -> None:
    done = example(layer_class(word)(**fields))
    assert done is not None
    arrays = {"y": done.values["y"]} | {f"dL/d{k}": v for k, v in done.gradients.items()}
    assert len(done.lines) == len(arrays)
    for line in done.lines:
        left, *_, last = line.split(" = ")
        name, place = left.rstrip("]").split("[")
        entry = arrays[name][tuple(map(int, place.split(", ")))]
        assert float(last) == pytest.approx(entry, rel=1e-5)


def test_an_example_by_hand() -> None:
    """1-D: kernel -1 2 ... on a row, with every number written out."""
    done = example(layer_class("dense")(units=7))
    assert done is not None
    assert done.values["x"].tolist() == [1, 4, -1]
    assert done.values["w"].tolist() == [[-1, 2, 4], [-2, 1, 3]]
    assert done.gradients["x"].tolist() == [-1 + 2 * -2, 2 + 2 * 1, 4 + 2 * 3]
    assert done.gradients["w"].tolist() == [[1, 4, -1], [2, 8, -2]]
    assert done.gradients["b"].tolist() == [1, 2]
    assert "dL/dx[0] = 1*(-1) + 2*(-2) = -5" in done.lines

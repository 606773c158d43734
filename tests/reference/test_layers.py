"""Small cases whose results are computed by hand, for what no framework settles."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from shapecalc.layers import layer_class
from shapecalc.layers.fields import MODES, Padding
from shapecalc.reference.layer import backward, forward
from shapecalc.reference.layer import count as counted
from shapecalc.reference.weighted import correlate, correlate_kernels, recorded


def run(word: str, x: Any, arrays: Any = None, **fields: Any) -> Any:
    """Run a layer on one example of one channel; return that."""
    array = np.array(x, float)[None, None]
    y = forward(layer_class(word)(**fields), arrays or {}, array)
    assert y.shape[:2] == (1, 1)
    return y[0, 0].tolist()


def test_of_equal_elements_the_first_in_row_major_order_wins() -> None:
    pool = layer_class("maxpool")()
    x = np.ones((1, 1, 2, 4))
    y = forward(pool, {}, x)
    back = backward(pool, {}, (x,), y, np.array([[[[3.0, 5.0]]]]))
    assert back.inputs[0].tolist() == [[[[3, 0, 5, 0], [0, 0, 0, 0]]]]


def test_same_pads_the_odd_pixel_at_the_end() -> None:
    ones = {"weight": np.ones((1, 1, 2))}
    y = run("conv", [1, 2, 4], ones, filters=1, kernel=(2,), pad=MODES["same"], bias=False)
    assert y == [3, 6, 4]


@pytest.mark.parametrize(
    ("rounding", "expected"), [("floor", [3]), ("ceil", [3, 4]), ("ceil_full", [3, 4])]
)
def test_a_last_partial_window(rounding: str, expected: list[float]) -> None:
    assert run("maxpool", [1, 3, 4], kernel=(2,), rounding=rounding) == expected


def test_a_window_that_sees_nothing_has_no_maximum_and_a_mean_of_0() -> None:
    fields = {"kernel": (1,), "stride": (2,), "rounding": "ceil_full"}
    assert run("maxpool", [1, 3], **fields) == [1, -np.inf]
    assert run("avgpool", [1, 3], **fields) == [1, 0]


def test_a_mean_s_divisor() -> None:
    fields = {"kernel": (3,), "stride": (3,), "pad": Padding(((1, 1),)), "rounding": "ceil"}
    x = [3, 6, 12, 24]
    assert run("avgpool", x, **fields) == [3, 12]  # 9/3, and 36/3: the padding counts
    assert run("avgpool", x, **fields, count_include_pad=False) == [4.5, 18]


def test_a_row_holds_a_map_channel_by_channel() -> None:
    x = np.arange(12.0).reshape(1, 2, 2, 3)  # 2x3x2
    flat = forward(layer_class("flatten")(), {}, x)
    assert flat[0].tolist() == list(range(12))
    back = forward(layer_class("reshape")(shape=(2, 3, 2)), {}, flat)
    assert (back == x).all()


def test_between_maps_a_reshape_keeps_the_order_that_shapes_are_written_in() -> None:
    x = np.arange(12.0).reshape(1, 2, 3, 2)  # a map of 3x2x2
    y = forward(layer_class("reshape")(shape=(6, 2)), {}, x)  # its positions in one row
    assert y.shape == (1, 2, 6)
    assert y[0].tolist() == x[0].reshape(2, 6).tolist()


def test_a_convolution_correlates_and_its_kernels_gradient_does_too() -> None:
    """The course's mathematics, with every index: a 3-wide kernel on 5 elements."""
    x, w, g = np.array([1.0, 2, 4, 8, 16]), np.array([3.0, 5, 7]), np.array([1.0, 10, 100])
    view = np.lib.stride_tricks.sliding_window_view(x[None, None], 3, 2)
    y = correlate(view, w[None, None])
    assert y[0, 0].tolist() == [x[i : i + 3] @ w for i in range(3)]
    dw = correlate_kernels(view, g[None, None])
    assert dw[0, 0].tolist() == [x[t : t + 3] @ g for t in range(3)]


def test_a_number_counts_what_is_done_with_it() -> None:
    layer = layer_class("conv")(filters=1, kernel=(3,), pad=Padding(((1, 1),)))
    arrays = {"weight": np.ones((1, 1, 3)), "bias": np.ones(1)}
    y, done = counted(layer, arrays, np.array([[[1.0, 2, 3, 4]]]))
    assert y[0, 0].tolist() == [4, 7, 10, 8]
    assert done == (12, 16, 0, 0, 0)  # 4 positions x 3 taps, padding too; 4 biases more


@pytest.mark.parametrize("piece", [1, 300, 1000, 4000])
@pytest.mark.parametrize("word", ["conv", "transposed"])
def test_pieces_change_nothing(word: str, piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    layer = layer_class(word)(filters=6, kernel=(3, 2), stride=(2, 1), groups=2, bias=False)
    random = np.random.default_rng(0)
    x = random.normal(size=(3, 4, 11, 7))
    weight = random.normal(size=(6, 2, 3, 2) if word == "conv" else (4, 3, 3, 2))
    y = forward(layer, {"weight": weight}, x)
    back = backward(layer, {"weight": weight}, (x,), y, np.cos(y))
    monkeypatch.setattr("shapecalc.reference.weighted.PIECE", piece)
    with recorded() as products:
        np.testing.assert_allclose(forward(layer, {"weight": weight}, x), y, atol=1e-12)
    assert len(products) >= (6 if piece <= 300 else 3)
    again = backward(layer, {"weight": weight}, (x,), y, np.cos(y))
    np.testing.assert_allclose(again.inputs[0], back.inputs[0], atol=1e-12)
    np.testing.assert_allclose(again.arrays["weight"], back.arrays["weight"], atol=1e-11)

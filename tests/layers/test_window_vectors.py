"""The window arithmetic against sizes that PyTorch, Keras, TensorFlow and Caffe give.

`data/semantics_vectors.json`: the torch vectors were produced by PyTorch 2.15.0, the Keras ones by
Keras 3.15.1 on JAX, the Caffe ones by the formula of BVLC's pooling_layer.cpp.  `out: null` says
that the framework refused.
"""

from __future__ import annotations

import json
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from shapecalc import loads, summarize
from shapecalc.errors import SpecErrors
from shapecalc.layers.conv import Conv
from shapecalc.layers.fields import Padding
from shapecalc.layers.globalpool import AdaptiveAvgPool, AdaptiveMaxPool
from shapecalc.layers.pool import AvgPool, MaxPool
from shapecalc.layers.shape import Map
from shapecalc.layers.transposed import Transposed
from shapecalc.layers.window import (
    EVERYTHING,
    Window,
    output_size,
    padding,
    taps_inside,
    transposed_size,
)
from tests.paths import TESTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Refusal

    from shapecalc.layers.base import Layer

Vector = dict[str, Any]

VECTORS: dict[str, list[Vector]] = json.loads(
    (TESTS / "data" / "semantics_vectors.json").read_text()
)
SAME, VALID = Padding(((0, 0),), "same"), Padding(((0, 0),), "valid")


def vectors(kind: str) -> pytest.MarkDecorator:
    """Run a test once for every vector of a kind."""
    label = [" ".join(f"{k}={v}" for k, v in each.items()) for each in VECTORS[kind]]
    return pytest.mark.parametrize("v", VECTORS[kind], ids=label)


def both(size: int) -> Padding:
    """Pad both ends of a side alike."""
    return Padding(((size, size),))


def check(refusal: Refusal, layer: Layer, n: int, expected: int | None, channels: int) -> None:
    """Expect `layer` to make a side of `n`, with 3 channels, `expected`; None: to refuse it."""
    error = refusal(layer, Map((n,), 3))
    if expected is None:
        assert error is not None
        assert error.code == "E204"
    else:
        assert error is None
        assert layer.output(Map((n,), 3)) == Map((expected,), channels)


def test_the_vectors_are_all_there() -> None:
    assert {kind: len(each) for kind, each in VECTORS.items()} == {
        "torch_conv": 127,
        "torch_convT": 57,
        "torch_maxpool": 146,
        "torch_avgpool": 40,
        "torch_adaptive": 6,
        "caffe_pool": 77,
        "tf_same": 14,
        "tf_valid": 14,
        "keras_convT": 13,
        "caffe_vs_torch_ceil_differ": 30,
        "torch_same": 5,
    }


@vectors("torch_conv")
def test_pytorch_convolution(v: Vector, refusal: Refusal) -> None:
    n, k, s, p, d, out = v["n"], v["k"], v["s"], v["p"], v["d"], v["out"]
    if out is not None:
        assert output_size(n, Window(k, s, p, p, d)) == out
    conv = Conv(filters=7, kernel=(k,), stride=(s,), pad=both(p), dilation=(d,))
    check(refusal, conv, n, out, 7)


@vectors("torch_convT")
def test_pytorch_transposed_convolution(v: Vector, refusal: Refusal) -> None:
    n, k, s, p, op, d, out = v["n"], v["k"], v["s"], v["p"], v["op"], v["d"], v["out"]
    if out is not None:
        assert transposed_size(n, Window(k, s, p, p, d), op) == out
    layer = Transposed(
        filters=7, kernel=(k,), stride=(s,), pad=both(p), dilation=(d,), output_padding=(op,)
    )
    check(refusal, layer, n, out, 7)


@vectors("torch_maxpool")
def test_pytorch_max_pool(v: Vector, refusal: Refusal) -> None:
    n, k, s, p, d, out = v["n"], v["k"], v["s"], v["p"], v["d"], v["out"]
    rounding: Any = "ceil" if v["ceil"] else "floor"
    if out is not None:
        assert output_size(n, Window(k, s, p, p, d, rounding)) == out
    pool = MaxPool(kernel=(k,), stride=(s,), pad=both(p), dilation=(d,), rounding=rounding)
    check(refusal, pool, n, out, 3)


@vectors("torch_avgpool")
def test_pytorch_average_pool(v: Vector, refusal: Refusal) -> None:
    n, k, s, p, out = v["n"], v["k"], v["s"], v["p"], v["out"]
    rounding: Any = "ceil" if v["ceil"] else "floor"
    if out is not None:
        assert output_size(n, Window(k, s, p, p, 1, rounding)) == out
    check(refusal, AvgPool(kernel=(k,), stride=(s,), pad=both(p), rounding=rounding), n, out, 3)


@vectors("torch_adaptive")
@pytest.mark.parametrize("pool", [AdaptiveAvgPool, AdaptiveMaxPool])
def test_pytorch_adaptive_pool(
    v: Vector, pool: type[AdaptiveAvgPool | AdaptiveMaxPool], refusal: Refusal
) -> None:
    layer = pool(size=(v["out"],))
    check(refusal, layer, v["n"], v["out"], 3)
    held = sum(end - begin for begin, end in v["windows"])
    shape = Map((v["n"],), 3)
    assert layer.connected((shape,), Map((v["out"],), 3)) == 3 * held
    (step,) = layer.window(shape)
    if step is EVERYTHING:
        assert v["windows"] == [[0, v["n"]]]
        return
    windows = zip(step.lo, step.hi, strict=True)
    assert v["windows"][: len(step.lo)] == [[low, high + 1] for low, high in windows]


@vectors("caffe_pool")
def test_caffe_pool_beside_pytorch(v: Vector, refusal: Refusal) -> None:
    check_roundings(v, refusal, {"ceil_caffe": "caffe", "ceil": "torch_ceil", "floor": "floor"})


@vectors("caffe_vs_torch_ceil_differ")
def test_caffe_pool_where_pytorch_differs(v: Vector, refusal: Refusal) -> None:
    check_roundings(v, refusal, {"ceil_caffe": "caffe", "ceil": "torch_ceil"})


def check_roundings(v: Vector, refusal: Refusal, roundings: dict[Any, str]) -> None:
    """Expect of every rounding what the vector holds under its framework's name."""
    n, k, s, p = v["n"], v["k"], v["s"], v["p"]
    for rounding, key in roundings.items():
        assert output_size(n, Window(k, s, p, p, 1, rounding)) == v[key]
        pool = MaxPool(kernel=(k,), stride=(s,), pad=both(p), rounding=rounding)
        check(refusal, pool, n, v[key], 3)


@vectors("tf_same")
def test_tensorflow_same(v: Vector, refusal: Refusal) -> None:
    n, k, s, d, out = v["n"], v["k"], v["s"], v["d"], v["out"]
    window = Window(k, s, dilation=d, mode="same")
    assert output_size(n, window) == out
    assert padding(n, window) == (v["pad_before"], v["pad_after"])
    size: Vector = {"kernel": (k,), "stride": (s,), "pad": SAME, "dilation": (d,)}
    check(refusal, Conv(filters=7, **size), n, out, 7)
    check(refusal, MaxPool(**size), n, out, 3)
    assert Conv(filters=7, **size).window(Map((n,), 3))[0].lo == (-v["pad_before"],)


@vectors("tf_valid")
def test_tensorflow_valid(v: Vector, refusal: Refusal) -> None:
    n, k, s, d, out = v["n"], v["k"], v["s"], v["d"], v["out"]
    size: Vector = {"kernel": (k,), "stride": (s,), "pad": VALID, "dilation": (d,)}
    check(refusal, Conv(filters=7, **size), n, out, 7)
    check(refusal, MaxPool(**size), n, out, 3)
    if out is not None:
        window = Window(k, s, dilation=d, mode="valid")
        assert output_size(n, window) == out
        assert padding(n, window) == (0, 0)
        (step,) = Conv(filters=7, **size).window(Map((n,), 3))
        last_seen = (out - 1) * step.step + step.hi[0]
        assert n - 1 - last_seen == v["dropped"]


@vectors("keras_convT")
def test_keras_transposed_convolution(v: Vector, refusal: Refusal) -> None:
    n, k, s, mode, op, out = (
        v["n"], v["k"], v["s"], v["padding"], v["output_padding"], v["out"]
    )  # fmt: skip
    assert transposed_size(n, Window(k, s, mode=mode), op) == out
    layer = Transposed(
        filters=7,
        kernel=(k,),
        stride=(s,),
        pad=Padding(((0, 0),), mode),
        output_padding=None if op is None else (op,),
    )
    check(refusal, layer, n, out, 7)


@vectors("torch_same")
def test_pytorch_same_is_tensorflows_at_stride_1(v: Vector, refusal: Refusal) -> None:
    n, k, d, out = v["n"], v["k"], v["d"], v["out"]
    window = Window(k, dilation=d, mode="same")
    assert padding(n, window) == (v["pad_left"], v["pad_right"])
    conv = Conv(filters=7, kernel=(k,), pad=SAME, dilation=(d,))
    check(refusal, conv, n, out, 7)


# What a framework refuses and we take, with our answer.


def test_same_with_a_stride_which_pytorch_refuses(refusal: Refusal) -> None:
    # "padding='same' is not supported for strided convolutions"; TensorFlow gives ceil(13/5).
    check(refusal, Conv(filters=7, kernel=(6,), stride=(5,), pad=SAME), 13, 3, 7)


def test_pads_above_half_the_kernel_which_pytorch_refuses(refusal: Refusal) -> None:
    # "pad should be at most half of effective kernel size"; Caffe takes any below the kernel.
    # 7 and 2 zeros at each end hold 5 windows of 3 at 0, 2, 4, 6 and 8.
    pool = MaxPool(kernel=(3,), stride=(2,), pad=both(2))
    check(refusal, pool, 7, 5, 3)


def test_pads_as_large_as_the_kernel_which_everyone_refuses(refusal: Refusal) -> None:
    error = refusal(MaxPool(kernel=(3,), stride=(2,), pad=both(3)), Map((7,), 3))
    assert error is not None
    assert (error.code, error.field) == ("E203", "pad")


def test_a_last_window_outside_the_input_which_only_caffe_takes(refusal: Refusal) -> None:
    # pytorch issue #148123: 10, kernel 1, stride 2: Caffe's sixth window holds nothing.
    check(refusal, MaxPool(kernel=(1,), stride=(2,), rounding="ceil_caffe"), 10, 6, 3)
    check(refusal, MaxPool(kernel=(1,), stride=(2,), rounding="ceil"), 10, 5, 3)


def test_caffe_clips_all_sides_as_soon_as_one_is_padded(refusal: Refusal) -> None:
    # pooling_layer.cpp: `if (pad_h_ || pad_w_)` stands before the clip of both.  Height: six windows
    # begin, the last at 10 of 10, outside; width: six, the last at 10 of 1 + 10, inside.
    padded = {"kernel": (1, 2), "stride": (2,), "pad": Padding(((0, 0), (1, 1)))}
    for rounding, sides in (("ceil_caffe", (5, 6)), ("ceil", (5, 6)), ("ceil_full", (6, 6))):
        pool = MaxPool(**padded, rounding=rounding)
        assert refusal(pool, Map((10, 10), 3)) is None
        assert pool.output(Map((10, 10), 3)) == Map(sides, 3)
    bare = MaxPool(kernel=(1, 2), stride=(2,), rounding="ceil_caffe")
    assert bare.output(Map((10, 10), 3)) == Map((6, 5), 3)


# The vectors bite: each common wrong rule disagrees with at least one of them.

WRONG: dict[str, tuple[str, Callable[[Vector], int]]] = {
    "dilation ignored": (
        "torch_conv",
        lambda v: (v["n"] + 2 * v["p"] - v["k"]) // v["s"] + 1,
    ),
    "padding at one end only": (
        "torch_conv",
        lambda v: (v["n"] + v["p"] - v["d"] * (v["k"] - 1) - 1) // v["s"] + 1,
    ),
    "ceil without the clip": (
        "torch_maxpool",
        lambda v: -(-(v["n"] + 2 * v["p"] - v["d"] * (v["k"] - 1) - 1) // v["s"]) + 1,
    ),
    "Caffe always clipped": ("caffe_vs_torch_ceil_differ", lambda v: int(v["torch_ceil"])),
    "output padding ignored": (
        "torch_convT",
        lambda v: (v["n"] - 1) * v["s"] - 2 * v["p"] + v["d"] * (v["k"] - 1) + 1,
    ),
    "same keeps the size": ("tf_same", lambda v: int(v["n"])),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_the_vectors_bite(mistake: str) -> None:
    kind, wrong = WRONG[mistake]
    known = [v for v in VECTORS[kind] if v.get("out", v.get("caffe")) is not None]
    assert any(wrong(v) != v.get("out", v.get("caffe")) for v in known)


def test_a_symbol_cannot_say_whether_caffe_clips() -> None:
    text = "input: 9x8x3\nlet: {p: free}\nlayers: [maxpool: {pad: p, rounding: ceil_caffe}]"
    with pytest.raises(SpecErrors, match="E121"):
        summarize(loads(text))


def test_pairs_of_positions_and_taps_that_meet_the_input_are_counted_in_closed_form() -> None:
    random = Random(7)
    for _ in range(2000):
        n, positions, kernel = random.randint(1, 14), random.randint(0, 12), random.randint(1, 9)
        stride, dilation, before = (
            random.randint(1, 5),
            random.randint(1, 4),
            random.randint(-4, 12),
        )
        met = sum(
            0 <= i * stride - before + tap * dilation < n
            for i in range(positions)
            for tap in range(kernel)
        )
        window = Window(kernel, stride, dilation=dilation)
        assert taps_inside(n, positions, window, before) == met
    # 9,999,999 taps are not looked at one by one: all, less a triangle at either end
    n, half = 20_000_000, 4_999_999
    assert taps_inside(n, n, Window(2 * half + 1), half) == n * (2 * half + 1) - half * (half + 1)

"""Formulas say what the referee does, entry by entry; worked examples have gradients that hold."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from shapecalc.layers import BUILTIN, layer_class
from shapecalc.layers.axes import Cut, End, PartOf
from shapecalc.layers.fields import MODES, Padding, Rational
from shapecalc.layers.shape import Map, Shape, Vector
from shapecalc.reference import registry
from shapecalc.reference.arrays import in_domain
from shapecalc.reference.example import by_letters, example, on_paper
from shapecalc.reference.formula import BACK
from shapecalc.reference.formula import FORWARD as COMPUTED
from shapecalc.reference.layer import backward, count, formulas, forward, random_arrays, slots
from tests.kinds import BARE

if TYPE_CHECKING:
    from shapecalc.reference.arrays import Gradients

UNEVEN = Padding(((1, 0), (2, 1)))
ONE = Padding(((1, 1),))
TABLE = ((0, 2), (1, 2, 3), (0,))

#: Layers of all types, and what flows in.
CASES: dict[str, tuple[str, dict[str, Any], tuple[Shape, ...]]] = {
    "plain": ("conv", {"filters": 3, "kernel": (2,)}, (Map((5, 4), 2),)),
    "signal": ("conv", {"filters": 2, "kernel": (3,), "stride": (2,)}, (Map((7,), 4),)),
    "volume": ("conv", {"filters": 2, "kernel": (2, 1, 2), "bias": False}, (Map((3, 2, 4), 1),)),
    "groups": ("conv", {"filters": 6, "kernel": (2, 1), "groups": 2}, (Map((3, 5), 4),)),
    "uneven": (
        "conv",
        {"filters": 2, "kernel": (3, 2), "stride": (2, 1), "dilation": (1, 2), "pad": UNEVEN},
        (Map((6, 5), 3),),
    ),
    "untied": ("conv", {"filters": 2, "kernel": (2,), "bias": "per_position"}, (Map((4, 3), 1),)),
    "same": ("conv", {"filters": 1, "kernel": (4,), "stride": (2,), "pad": MODES["same"]}, (Map((5, 7), 2),)),
    "table": ("conv", {"filters": 3, "kernel": (2,), "connections": TABLE}, (Map((4, 3), 5),)),
    "depthwise": ("depthwise", {"kernel": (3, 2), "multiplier": 2, "pad": ONE}, (Map((4, 5), 3),)),
    "depthwise, one channel": ("depthwise", {"kernel": (2,), "multiplier": 3}, (Map((4, 5), 1),)),
    "separable": ("separable", {"filters": 4, "kernel": (2, 3), "multiplier": 2, "stride": (2,)}, (Map((5, 6), 3),)),
    "separable signal": ("separable", {"filters": 2, "kernel": (3,), "bias": "per_position"}, (Map((5,), 1),)),
    "transposed": ("transposed", {"filters": 3, "kernel": (3, 2), "stride": (2, 3)}, (Map((2, 4), 5),)),
    "transposed, cut": (
        "transposed",
        {"filters": 4, "kernel": (3,), "stride": (2,), "pad": ONE, "output_padding": (1,), "groups": 2},
        (Map((2, 3), 6),),
    ),
    "transposed, same": ("transposed", {"filters": 2, "kernel": (3,), "stride": (2,), "pad": MODES["same"], "bias": "per_position"}, (Map((4, 3), 1),)),
    "dense": ("dense", {"units": 4}, (Vector(5),)),
    "dense of a map": ("dense", {"units": 2, "bias": False}, (Vector(3),)),
    "rbf": ("rbf", {"units": 4}, (Vector(5),)),
    "max": ("maxpool", {"kernel": (3,), "stride": (2,)}, (Map((7, 5), 2),)),
    "max, padded": ("maxpool", {"kernel": (3, 2), "stride": (1,), "pad": Padding(((1, 2), (0, 1)))}, (Map((4, 5), 2),)),
    "mean": ("avgpool", {"kernel": (2, 3), "stride": (2,)}, (Map((4, 7), 3),)),
    "mean, padded": ("avgpool", {"kernel": (2, 3), "stride": (2,), "pad": ONE}, (Map((4, 7), 3),)),
    "mean, hanging over": (
        "avgpool",
        {"kernel": (3,), "stride": (2,), "pad": ONE, "rounding": "ceil", "count_include_pad": False},
        (Map((6, 4), 2),),
    ),
    "subsampling": ("subsampling", {"kernel": (2, 3)}, (Map((4, 7), 3),)),
    "global mean": ("global_avgpool", {}, (Map((4, 3), 2),)),
    "global max": ("global_maxpool", {}, (Map((4, 3, 2), 5),)),
    "adaptive mean": ("adaptive_avgpool", {"size": (3, 2)}, (Map((4, 5), 2),)),
    "adaptive max": ("adaptive_maxpool", {"size": (2, 4)}, (Map((3, 7), 2),)),
    "lrn": ("lrn", {"size": 3, "alpha": 0.7, "k": 2.0}, (Map((2, 3), 5),)),
    "lrn, even": ("lrn", {"size": 4, "alpha": 2.0, "beta": 0.5}, (Map((2, 3), 7),)),
    "batchnorm": ("batchnorm", {}, (Map((2, 4), 3),)),
    "batchnorm of the batch": ("batchnorm", {"statistics": False, "affine": False}, (Map((2, 4), 3),)),
    "layernorm": ("layernorm", {}, (Map((2, 4), 3),)),
    "layernorm of all": ("layernorm", {"over": "all"}, (Map((2, 4), 3),)),
    "groupnorm": ("groupnorm", {"groups": 2}, (Map((2, 3), 4),)),
    "instancenorm": ("instancenorm", {}, (Map((2, 4), 3),)),
    "instancenorm, bare": ("instancenorm", {"affine": False}, (Map((5,), 3),)),
    "rmsnorm": ("rmsnorm", {}, (Map((2, 4), 3),)),
    "rmsnorm of heads": ("rmsnorm", {"heads": 2}, (Map((2,), 6),)),
    "layernorm of heads": ("layernorm", {"heads": 2}, (Map((2, 1), 6),)),
    "rmsnorm, bare": ("rmsnorm", {"scale": False}, (Map((5,), 3),)),
    "embedding": ("embedding", {"entries": 6, "size": 3}, (Vector(4),)),
    "embedding of a map": ("embedding", {"entries": 5, "size": 3}, (Map((2, 3), 1),)),
    "glu": ("glu", {}, (Map((2, 3), 4),)),
    "geglu": ("geglu", {}, (Vector(6),)),
    "swiglu": ("swiglu", {}, (Map((3,), 4),)),
    "maxout": ("maxout", {"pieces": 3}, (Map((2, 3), 6),)),
    "rnn": ("rnn", {"units": 3}, (Map((4,), 2),)),
    "lstm": ("lstm", {"units": 2, "biases": 1}, (Map((3,), 4),)),
    "gru": ("gru", {"units": 2}, (Map((4,), 3),)),
    "gru, no bias": ("gru", {"units": 3, "biases": 0}, (Map((2,), 1),)),
    "batchnorm, no scale": ("batchnorm", {"scale": False}, (Map((2, 4), 3),)),
    "layernorm, no shift": ("layernorm", {"shift": False, "over": "all"}, (Map((2, 4), 3),)),
    "groupnorm, no scale": ("groupnorm", {"groups": 2, "scale": False}, (Map((2, 3), 4),)),
    "scale": ("scale", {}, (Map((2, 3), 4),)),
    "scale by places": ("scale", {"per": "position", "bias": True}, (Map((2, 3), 4),)),
    "scale of elements": ("scale", {"per": "element", "bias": True}, (Map((2, 3), 4),)),
    "scale by one": ("scale", {"per": "one", "bias": True}, (Map((3,), 4),)),
    "scale of a row": ("scale", {"bias": True}, (Vector(5),)),
    "bias": ("bias", {}, (Map((2, 3), 4),)),
    "bias by places": ("bias", {"per": "position"}, (Map((2, 3), 4),)),
    "position_embedding": ("position_embedding", {}, (Map((3,), 4),)),
    "token": ("token", {"count": 2}, (Map((3,), 4),)),
    "parameter": ("parameter", {"shape": (2, 3, 4)}, ()),
    "parameter, a row": ("parameter", {"shape": (4,)}, ()),
    "prelu": ("prelu", {}, (Map((3, 4), 2),)),
    "prelu, shared": ("prelu", {"shared": True}, (Map((3, 4), 2),)),
    "prelu of a row": ("prelu", {}, (Vector(5),)),
    "softmax": ("softmax", {}, (Map((3, 2), 5),)),
    "softmax of positions": ("softmax", {"over": ("positions",)}, (Map((3, 2), 5),)),
    "softmax of a side": ("softmax", {"over": ("width",)}, (Map((3, 2), 4),)),
    "softmax of a side and channels": ("softmax", {"over": (0, 2)}, (Map((3, 2), 4),)),
    "softmax of all": ("softmax", {"over": ("positions", "channels")}, (Map((3, 2), 4),)),
    "softmax of a row": ("softmax", {}, (Vector(5),)),
    "flatten": ("flatten", {}, (Map((2, 3), 4),)),
    "reshape": ("reshape", {"shape": (4, 3, 2)}, (Map((2, 3), 4),)),
    "reshape to a row": ("reshape", {"shape": (24,)}, (Map((2, 3), 4),)),
    "reshape of a row": ("reshape", {"shape": (4, 3, 2)}, (Vector(24),)),
    "permute": ("permute", {"order": (2, 0, 1)}, (Map((2, 3), 4),)),
    "permute a volume": ("permute", {"order": (1, 3, 0, 2)}, (Map((2, 3, 5), 4),)),
    "pad": ("pad", {"pad": UNEVEN}, (Map((2, 3), 4),)),
    "crop": ("crop", {"crop": UNEVEN}, (Map((4, 5), 2),)),
    "crop to": ("crop", {"to": (2, 3)}, (Map((5, 6), 2),)),
    "upsample": ("upsample", {"factor": (2, 3)}, (Map((3, 2), 4),)),
    "upsample, blended": ("upsample", {"factor": (2, 3), "mode": "bilinear"}, (Map((3, 2), 4),)),
    "upsample by a fraction": ("upsample", {"factor": (Rational(3, 2), 2)}, (Map((3, 2), 4),)),
    "upsample by a fraction, blended": ("upsample", {"factor": (Rational(3, 2),), "mode": "bilinear"}, (Map((4, 3), 2),)),
    "upsample to a size": ("upsample", {"to": (5, 2)}, (Map((3, 4), 2),)),
    "upsample to a size, blended": ("upsample", {"to": (5, 2), "mode": "bilinear"}, (Map((3, 4), 2),)),
    "upsample, corners aligned": ("upsample", {"to": (5, 1), "mode": "bilinear", "align": "corners"}, (Map((3, 4), 2),)),
    "crop after an offset": ("crop", {"to": (2, 3), "offset": (2, 1)}, (Map((5, 6), 2),)),
    "channel_shuffle": ("channel_shuffle", {"groups": 3}, (Map((2, 4), 6),)),
    "slice": ("slice", {"channels": Cut(End(1), End(4)), "width": Cut(End(1), End(1, "end"), 2)}, (Map((3, 7), 5),)),
    "slice, every third channel": ("slice", {"channels": Cut(End(6, "end"), step=3)}, (Map((2,), 7),)),
    "slice of a row": ("slice", {"channels": PartOf(2, (3, 4))}, (Vector(7),)),
    "pad_channels": ("pad_channels", {"channels": (2, 1)}, (Map((2, 3), 4),)),
    "pixel_shuffle": ("pixel_shuffle", {"factor": (2, 3)}, (Map((2, 1), 12),)),
    "pixel_shuffle, places first": ("pixel_shuffle", {"factor": (3, 2), "order": "dcr"}, (Map((1, 2), 12),)),
    "pixel_unshuffle": ("pixel_unshuffle", {"factor": (2, 3)}, (Map((4, 3), 2),)),
    "pixel_unshuffle, places first": ("pixel_unshuffle", {"factor": (2,), "order": "dcr"}, (Map((2, 4, 2), 3),)),
    "concat": ("concat", {}, (Map((2, 3), 4), Map((2, 3), 1), Map((2, 3), 5))),
    "concat of rows": ("concat", {}, (Vector(4), Vector(3))),
    "add": ("add", {}, (Map((2, 3), 4), Map((2, 3), 4), Map((2, 3), 4))),
    "multiply": ("multiply", {}, (Map((2, 3), 4), Map((2, 3), 4))),
    "multiply, stretched": ("multiply", {}, (Map((2, 3), 4), Map((2, 1), 1), Vector(4))),
    "add, one and constants": ("add", {"left": 2.0, "right": 3.0}, (Map((2, 3), 4),)),
    "multiply by constants": ("multiply", {"left": 2.0, "right": 0.5}, (Map((2, 3), 4), Vector(4))),
    "subtract": ("subtract", {}, (Map((2, 3), 4), Map((2, 3), 4), Vector(4))),
    "subtract from 1": ("subtract", {"left": 1.0}, (Map((2, 3), 4),)),
    "subtract 2 and 3": ("subtract", {"right": 3.0}, (Map((2, 1), 1), Map((2, 3), 4))),
    "divide": ("divide", {}, (Map((2, 3), 4), Map((2, 3), 1), Map((2, 3), 4))),
    "divide 1": ("divide", {"left": 1.0, "right": 4.0}, (Vector(5),)),
    "maximum": ("maximum", {}, (Map((2, 3), 4), Map((2, 3), 4), Map((1, 1), 4))),
    "maximum with constants": ("maximum", {"left": 0.2, "right": 1.2}, (Map((2, 3), 4),)),
    "minimum": ("minimum", {"right": 0.2}, (Map((2, 3), 4), Map((2, 3), 4))),
    "mean of a side": ("mean", {"over": ("height",)}, (Map((2, 3), 4),)),
    "mean of channels": ("mean", {"over": ("channels",)}, (Map((2, 3), 4),)),
    "mean of all": ("mean", {"over": ("positions", "channels")}, (Map((2, 3), 4),)),
    "mean, kept": ("mean", {"over": (1, 2), "keep": True}, (Map((2, 3), 4),)),
    "sum": ("sum", {"over": ("positions",)}, (Map((2, 3), 4),)),
    "sum of a row": ("sum", {"over": ("channels",)}, (Vector(5),)),
    "max of axes": ("max", {"over": ("width", "channels")}, (Map((2, 3), 4),)),
    "max, kept": ("max", {"over": ("width",), "keep": True}, (Map((2, 3), 4),)),
    "l2norm": ("l2norm", {}, (Map((2, 3), 4),)),
    "l2norm of a side": ("l2norm", {"over": ("height",)}, (Map((2, 3), 4),)),
    "l2norm of all": ("l2norm", {"over": ("positions", "channels")}, (Map((2, 3), 4),)),
    "power": ("power", {"exponent": 3.0}, (Map((3, 4), 2),)),
    "clip": ("clip", {"range": (-1.0, 2.0)}, (Map((3, 4), 2),)),
    "dense at positions": ("dense", {"units": 3, "over": "channels"}, (Map((2, 5), 4),)),
    "dense at positions, no bias": (
        "dense", {"units": 2, "over": "channels", "bias": False}, (Map((5,), 3),)
    ),
    "matmul": ("matmul", {}, (Map((2, 3), 4), Map((2, 4), 5))),
    "matmul, both turned": ("matmul", {"transpose": "both"}, (Map((3,), 4), Map((5,), 3))),
    "scores": (
        "matmul",
        {"transpose": "second", "heads": 2, "first": Cut(End(1), End(5)), "second": Cut(End(5)), "root": True},
        (Map((2, 3), 9), Map((2, 3), 9)),
    ),
    "scores of windows, grouped": (
        "matmul",
        {"transpose": "second", "heads": 4, "groups": 2, "windows": True},
        (Map((2, 3), 4), Map((2, 3), 2)),
    ),
    "weighted": ("matmul", {"heads": 2, "merge": "sequence"}, (Map((2, 3), 4), Map((4,), 6))),
    "weighted map, grouped": (
        "matmul", {"heads": 4, "groups": 2, "merge": "map"}, (Map((4, 6), 6), Map((2, 3), 2))
    ),
    "causal_mask": ("causal_mask", {}, (Map((2, 3), 3),)),
    "window_mask": (
        "window_mask", {"size": (2,), "shift": (1,)}, (Map((4, 1, 4), 4), Map((3, 4), 1))
    ),
    "relative_position": ("relative_position", {"size": (2, 3)}, (Map((2, 6), 6),)),
    "relative_position of windows": ("relative_position", {"size": (2,)}, (Map((3, 2, 4), 4),)),
    "roll": ("roll", {"shift": (1, -2)}, (Map((3, 4), 2),)),
    "window_partition": ("window_partition", {"size": (2,), "shift": (1,)}, (Map((3, 5), 2),)),
    "window_merge": (
        "window_merge", {"size": (2,), "shift": (1,)}, (Map((6, 4), 2), Map((3, 5), 1))
    ),
    "window_merge of a grid": (
        "window_merge", {"size": (2,), "grid": True}, (Map((6, 4), 2), Map((3, 5), 1))
    ),
    "relu": ("relu", {}, (Map((3, 4), 2),)),
    "leaky_relu": ("leaky_relu", {"slope": 0.3}, (Vector(6),)),
    "elu": ("elu", {"alpha": 0.7}, (Vector(6),)),
}  # fmt: skip
#: A bare word needs no case of its own.
CASES |= {
    word: (word, {}, (Map((3, 4), 2),))
    for word in BARE
    if word not in {word for word, _, _ in CASES.values()}
}


def inputs_of(layer: Any, shapes: tuple[Shape, ...], random: Any) -> list[Any]:
    """Make an input of each shape, of numbers that are all different."""
    inputs: list[Any] = []
    for shape in shapes:
        size = shape.channels * int(np.prod(shape.sides))
        numbers = (random.permutation(size) - size / 2 + 0.3) / 2
        numbers = in_domain(layer, numbers + len(inputs) / 8)
        inputs.append(numbers.reshape(1, shape.channels, *shape.sides))
    return inputs


def ran(word: str, fields: dict[str, Any], shapes: tuple[Shape, ...]) -> tuple[Any, Any, Any]:
    """Run a layer forward and backward on random numbers; return both by their letters."""
    layer, random = layer_class(word)(**fields), np.random.default_rng(3)
    inputs = inputs_of(layer, shapes, random)
    arrays = random_arrays(layer, *inputs, random=random)
    y = forward(layer, arrays, *inputs)
    g = random.normal(size=y.shape)
    back = backward(layer, arrays, tuple(inputs), y, g)
    values, gradients = by_letters(layer, arrays, tuple(inputs), y, g, back)
    return layer, values, gradients


@pytest.mark.parametrize("name", CASES)
def test_the_referee_reads_fields_and_nothing_else_of_a_layer(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Broken by a property or a constant of the rule's class that the referee takes over."""
    word, fields, shapes = CASES[name]
    made = layer_class(word)
    known = {field.name for field in made.fields()} | {"fields", "positive", "indexes"}

    def watched(layer: Any, attribute: str) -> Any:
        assert attribute in known or attribute.startswith("_"), f"{word}.{attribute} is read"
        return object.__getattribute__(layer, attribute)

    monkeypatch.setattr(made, "__getattribute__", watched)
    layer, _, _ = ran(word, fields, shapes)
    formulas(layer, *shapes)
    small, shapes = on_paper(layer, *shapes)
    random = np.random.default_rng(3)
    inputs = inputs_of(small, shapes, random)
    count(small, random_arrays(small, *inputs, random=random), *inputs)


@pytest.mark.parametrize("name", CASES)
def test_every_entry_is_the_sum_that_the_formula_says(name: str) -> None:
    """Broken by a wrong index, range, condition, divisor or operand in any formula."""
    word, fields, shapes = CASES[name]
    layer, values, gradients = ran(word, fields, shapes)
    found = formulas(layer, *shapes)
    right = {of: values[of] for of in (*COMPUTED, *BACK) if of in found} | gradients
    assert found.keys() == right.keys()
    for of, array in right.items():
        said = np.empty_like(array, dtype=float)
        for at in np.ndindex(*array.shape):
            said[at] = sum(term.value for term in found[of].terms(values, at))
        np.testing.assert_allclose(said, array, rtol=1e-11, atol=1e-11, err_msg=found[of].text)
        assert len(found[of].indices) == array.ndim


def test_every_layer_type_has_a_case() -> None:
    assert {word for word, _, _ in CASES.values()} == set(BUILTIN)


def test_a_wrong_gradient_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """Feed the comparison a convolution whose backward turns the kernel."""
    right = registry.backward_to_all.needed(layer_class("conv"))

    def turned(*given: Any) -> Gradients:
        back = right(*given)
        return back._replace(arrays=back.arrays | {"weight": back.arrays["weight"][..., ::-1]})

    monkeypatch.setitem(registry.backward_to_all, layer_class("conv"), turned)
    with pytest.raises(AssertionError, match="sum over i, j of g"):
        test_every_entry_is_the_sum_that_the_formula_says("plain")
    assert example(layer_class("conv")(filters=9, kernel=(3,)), Map((9, 9), 1)).differences > 0.01


def texts(word: str, *shapes: Shape, **fields: Any) -> dict[str, str]:
    found = formulas(layer_class(word)(**fields), *shapes)
    return {of: f"{each.entry} = {each.text}" for of, each in found.items()}


def test_the_text_has_the_layer_s_own_indices() -> None:
    conv = texts(
        "conv", Map((27, 27), 96), filters=256, kernel=(5,), groups=2, pad=Padding(((2, 2),))
    )
    assert conv["w"] == (
        "dL/dw[f, c, p, q] = sum over i, j of"
        " g[f, i, j] * x[48*(f // 128) + c, i + p - 2, j + q - 2]"
    )
    assert conv["x"] == (
        "dL/dx[c, u, v] = sum over e, f, i, j, p, q with 48*(f // 128) + e = c"
        " and i + p - 2 = u and j + q - 2 = v of g[f, i, j] * w[f, e, p, q]"
    )
    assert texts("maxpool", Map((55, 55), 96), kernel=(3,), stride=(2,))["x"] == (
        "dL/dx[c, u, v] = the sum of g[c, i, j] over all i, j whose largest"
        " x[c, 2*i + p, 2*j + q] is x[c, u, v]"
    )
    mean = texts("avgpool", Map((4, 6), 1))
    assert mean["y"] == "y[c, i, j] = sum over p, q of x[c, 2*i + p, 2*j + q]/4"
    assert texts("global_avgpool", Map((7, 7), 2048))["x"] == "dL/dx[c, u, v] = g[c, 0, 0]/49"
    joined = texts("concat", Map((28, 28), 64), Map((28, 28), 128))
    assert joined["x2"] == "dL/dx2[c, u, v] = g[c + 64, u, v]"
    assert joined["y"] == (
        "y[c, u, v] = the first of x1[c, u, v] where c < 64, x2[c - 64, u, v] where c < 192"
    )
    assert texts("transposed", Map((3, 4), 8), filters=5, kernel=(3,), stride=(2,))["x"] == (
        "dL/dx[c, u, v] = sum over f, p, q of g[f, 2*u + p, 2*v + q] * w[c, f, p, q]"
    )
    assert texts("leaky_relu", Vector(6), slope=0.3)["x"] == (
        "dL/dx[c] = g[c] where x[c] > 0, else 0.3*g[c]"
    )


def test_formulas_of_a_huge_layer_take_no_memory() -> None:
    """A canvas of a million squared would take terabytes."""
    huge = Map((1_000_000, 999_999), 3)
    for word, fields in (
        ("conv", {"filters": 9, "kernel": (3,), "pad": ONE}),
        ("avgpool", {"kernel": (3,), "stride": (2,), "pad": ONE, "rounding": "ceil"}),
        ("maxpool", {"kernel": (3,), "pad": MODES["same"]}),
        ("global_avgpool", {}),
        ("batchnorm", {}),
    ):
        assert formulas(layer_class(word)(**fields), huge)


IMAGE = Map((40, 50), 12)
WORKED: list[tuple[str, dict[str, Any], tuple[Shape, ...]]] = [
    ("conv", {"filters": 96, "kernel": (11,), "stride": (4,)}, (IMAGE,)),
    ("conv", {"filters": 8, "kernel": (5,), "groups": 4, "pad": Padding(((2, 2),)), "bias": False}, (IMAGE,)),
    ("conv", {"filters": 8, "kernel": (1,), "pad": ONE}, (Map((40,), 12),)),
    ("conv", {"filters": 8, "kernel": (3,), "dilation": (2,), "bias": "per_position"}, (Map((9, 8, 7), 3),)),
    ("conv", {"filters": 8, "kernel": (3,), "stride": (2,), "pad": MODES["same"]}, (IMAGE,)),
    ("conv", {"filters": 2, "kernel": (7,), "connections": ((0,), (0, 9))}, (IMAGE,)),
    ("transposed", {"filters": 8, "kernel": (4,), "stride": (4,), "pad": Padding(((2, 2),)), "output_padding": (3,)}, (IMAGE,)),
    ("dense", {"units": 4096}, (IMAGE,)),
    ("maxpool", {"kernel": (3,), "stride": (1,), "pad": ONE}, (IMAGE,)),
    ("avgpool", {"kernel": (7,), "stride": (1,)}, (IMAGE,)),
    ("multiply", {}, (IMAGE, Vector(12))),
    *((word, fields, shapes) for word, fields, shapes in CASES.values()),
]  # fmt: skip


@pytest.mark.parametrize(("word", "fields", "shapes"), WORKED)
def test_an_example_s_gradients_are_central_differences(
    word: str, fields: dict[str, Any], shapes: tuple[Shape, ...]
) -> None:
    """Broken by an example whose gradients are not those of its own output."""
    done = example(layer_class(word)(**fields), *shapes)
    assert all(each.size <= 150 for each in done.values.values())
    assert {len(shape.sides) for shape in done.inputs} <= {0, *(len(each.sides) for each in shapes)}
    assert done.gradients
    assert done.differences < 1e-6
    if word == "separable" or fields.get("connections"):
        return
    operands = sorted(name for name in done.values if name[0] == "x")
    needs = slots(done.layer, *(done.values[name][None] for name in operands))
    known = {name: slot.letter for name, slot in needs.items()}
    kept = {name: done.values[letter] for name, letter in known.items()}

    def loss(moved: dict[str, Any]) -> float:
        arrays = {name: moved[known[name]] for name in kept}
        y = forward(done.layer, arrays, *(moved[name][None] for name in operands))
        seen = np.where(np.isfinite(y), y, 0)  # a mask hides by -infinity
        return float((seen[0] * done.values["g"]).sum())

    for letter, gradient in done.gradients.items():
        assert gradient.shape == done.values[letter].shape
        for at in np.ndindex(*gradient.shape):
            ends = []
            for h in (0.001, -0.001):
                array = done.values[letter].astype(float)
                array[at] += h
                ends.append(loss({**done.values, letter: array}))
            slope = (ends[0] - ends[1]) / 0.002
            assert gradient[at] == pytest.approx(slope, rel=1e-4, abs=1e-4)


@pytest.mark.parametrize(("word", "fields", "shapes"), WORKED)
def test_an_example_s_lines_say_its_numbers(
    word: str, fields: dict[str, Any], shapes: tuple[Shape, ...]
) -> None:
    """Broken by an entry that is written with other numbers than it has, read from the text."""
    done = example(layer_class(word)(**fields), *shapes)
    arrays = done.values | {f"dL/d{k}": v for k, v in done.gradients.items()}
    assert done.lines.keys() == done.formulas.keys()
    for left, *sums in done.lines.values():
        name, _, place = left.rstrip("]").partition("[")
        entry = arrays[name][tuple(map(int, filter(None, place.split(", "))))]
        scale = 1 + sum(abs(float(number)) for number in _numbers_in(sums[0]))
        for text in sums:
            assert eval(text, {"__builtins__": {}} | NAMES) == pytest.approx(
                entry, abs=2e-3 * scale
            )


#: The functions that lines may name.
NAMES = {
    "max": max,
    "min": min,
    "exp": math.exp,
    "log": math.log,
    "sqrt": math.sqrt,
    "tanh": math.tanh,
    "Phi": lambda x: (1 + math.erf(x / math.sqrt(2))) / 2,
}


def _numbers_in(text: str) -> list[str]:
    import re

    return re.findall(r"\d+(?:\.\d+)?(?:e[+-]?\d+)?", text)


def test_an_example_by_hand() -> None:
    """A matrix of two rows, with every number written out."""
    done = example(layer_class("dense")(units=7), Vector(100))
    assert done.values["x"].tolist() == [1, 4, -1]
    assert done.values["w"].tolist() == [[-1, 2, 4], [-2, 1, 3]]
    assert done.gradients["x"].tolist() == [-1 + 2 * -2, 2 + 2 * 1, 4 + 2 * 3]
    assert done.gradients["w"].tolist() == [[1, 4, -1], [2, 8, -2]]
    assert done.gradients["b"].tolist() == [1, 2]
    assert done.lines["x"] == ("dL/dx[0]", "1*(-1) + 2*(-2)", "-5")

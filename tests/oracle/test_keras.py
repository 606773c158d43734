"""Keras 3 (on JAX) as judge: its applications, and its layers with padding `same` and `valid`."""

from __future__ import annotations

import math
import os
from collections import Counter
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from draw import axes, layers
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from judge import AnyLayer, answer, need, taken

from shapecalc import loads, summarize
from shapecalc.counting.profiles import PROFILES
from shapecalc.layers import layer_class
from shapecalc.layers.fields import CAUSAL, MODES
from shapecalc.layers.shape import SIDE_NAMES, Map, Shape, Vector
from shapecalc.reference import run
from shapecalc.reference.layer import forward

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.report import Report

os.environ["KERAS_BACKEND"] = "jax"
jax = need("jax")
keras = need("keras")

pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore")]


#: Our spec -> Keras's application.
SAME = {
    "vgg16": "VGG16",
    "vgg19": "VGG19",
    "resnet50": "ResNet50",
    "mobilenet-v2": "MobileNetV2",
    "densenet121": "DenseNet121",
    "inception-v3": "InceptionV3",
}

#: What Keras trains more than the paper has, from the layers that both have.
MORE: dict[str, Callable[[Report], int]] = {
    # a bias in every convolution, although batch normalisation follows
    "ResNet50": lambda report: channels(report, "conv"),
    # no scale in batch normalisation, as ReLU follows
    "InceptionV3": lambda report: -channels(report, "batchnorm"),
}

#: The same as a constant, from the source given.
PUBLISHED = {
    "ResNet50": 26_560,  # reference/semantics.md: "plus conv biases 26,560"
    "InceptionV3": -17_216,  # 23,834,568 - (23,851,784 - 34,432): Keras's documentation
}


def channels(report: Report, word: str) -> int:
    return sum(row.output.channels for row in report.rows if row.type == word)


def size(weights: list[Any]) -> int:
    return sum(math.prod(each.shape) for each in weights)


def owned(layer: Any) -> tuple[int, ...]:
    """Return a Keras kernel's shape in our order."""
    *kernel, inputs, filters = layer.kernel.shape
    if type(layer).__name__ == "DepthwiseConv2D":
        return inputs * filters, 1, *kernel
    return filters, inputs, *kernel


@pytest.mark.parametrize("spec", SAME)
def test_the_network_is_keras_s(spec: str) -> None:
    name = SAME[spec]
    report, model = summarize(spec), getattr(keras.applications, name)(weights=None)
    theirs = Counter(
        (owned(layer), tuple(layer.output.shape[1:]))
        for layer in model.layers
        if type(layer).__name__ in ("Conv2D", "DepthwiseConv2D", "Dense")
    )
    ours = Counter(
        (row.parameters[0].shape, (*row.output.sides, row.output.channels))
        for row in report.rows
        if row.type in ("conv", "depthwise", "dense")
    )
    assert ours == theirs
    more = MORE[name](report) if name in MORE else 0
    assert more == PUBLISHED.get(name, 0)
    assert report.totals.params + more == size(model.trainable_weights)
    assert report.totals.buffers == size(model.non_trainable_weights)
    assert PROFILES["keras"].count(report.totals) + more == model.count_params()
    assert PROFILES["keras"].not_counted(report.rows) == ()


# -- one layer at a time ------------------------------------------------------------------------


def ranked(name: str, layer: AnyLayer, x: Shape, **options: Any) -> Any:
    """Build a Keras layer with a kernel, for as many sides as `x` has."""
    rank = len(x.sides)
    if layer.pad.mode != "given":
        options["padding"] = layer.pad.mode
    if layer.dilation != (1,):
        options["dilation_rate"] = spread(layer.dilation, rank)
    return getattr(keras.layers, name.replace("#", f"{rank}D"))(**options)


def spread(values: tuple[int, ...], rank: int) -> tuple[int, ...]:
    return values * rank if len(values) == 1 else values


def moving(layer: AnyLayer, x: Shape) -> dict[str, Any]:
    rank = len(x.sides)
    return {
        "kernel_size": spread(layer.kernel, rank),
        "strides": spread(layer.stride, rank),
        "use_bias": layer.bias,
    }


def pool(name: str, layer: AnyLayer, x: Shape) -> Any:
    rank = len(x.sides)
    strides = None if layer.stride is None else spread(layer.stride, rank)
    return ranked(name, layer, x, pool_size=spread(layer.kernel, rank), strides=strides)


RECURRENT = {"rnn": "SimpleRNN", "lstm": "LSTM", "gru": "GRU"}


def recurrent(name: str) -> Callable[[Any, Shape], Any]:
    """Build a Keras layer that reads a sequence."""

    def build(layer: AnyLayer, _: Shape) -> Any:
        options = {"reset_after": layer.biases == 2} if name == "GRU" else {}
        whole = layer.returns == "all"
        made = getattr(keras.layers, name)(
            layer.units, return_sequences=whole, use_bias=layer.biases > 0, **options
        )
        return keras.layers.Bidirectional(made) if layer.bidirectional else made

    return build


def along(layer: AnyLayer, x: Shape) -> list[int]:
    """Return Keras's numbers of axes, whose first is the batch, and whose last are channels."""
    names = (*SIDE_NAMES.get(len(x.sides), ()), "channels")
    words = [n for n in layer.over if n != "positions"]
    words += names[:-1] if "positions" in layer.over else ()
    numbers = [n if isinstance(n, int) else names.index(n) for n in words]
    if "positions" in layer.over and not x.sides:
        raise ValueError("no positions")
    if not numbers or max(numbers) >= len(names) or len(set(numbers)) < len(numbers):
        raise ValueError("no such axes")
    return [1 + number for number in numbers]


def over_positions(name: str) -> Callable[[Any, Shape], Any]:
    """Build what reduces all positions."""
    return lambda layer, x: getattr(keras.layers, f"{name}{len(x.sides)}D")(keepdims=layer.keep)


#: Our word -> Keras's layer.
LAYERS: dict[str, Callable[[Any, Shape], Any]] = {
    "conv": lambda layer, x: ranked(
        "Conv#", layer, x, filters=layer.filters, groups=layer.groups, **moving(layer, x)
    ),
    "depthwise": lambda layer, x: ranked(
        "DepthwiseConv#", layer, x, depth_multiplier=layer.multiplier, **moving(layer, x)
    ),
    "separable": lambda layer, x: ranked(
        "SeparableConv#",
        layer,
        x,
        filters=layer.filters,
        depth_multiplier=layer.multiplier,
        **moving(layer, x),
    ),
    "transposed": lambda layer, x: ranked(
        "Conv#Transpose",
        layer,
        x,
        filters=layer.filters,
        output_padding=layer.output_padding and spread(layer.output_padding, len(x.sides)),
        **moving(layer, x),
    ),
    "maxpool": lambda layer, x: pool("MaxPooling#", layer, x),
    "avgpool": lambda layer, x: pool("AveragePooling#", layer, x),
    "pad": lambda layer, x: around("ZeroPadding#", layer.pad, x),
    "crop": lambda layer, x: around("Cropping#", layer.crop, x),
    "upsample": lambda layer, x: getattr(keras.layers, f"UpSampling{len(x.sides)}D")(
        spread(layer.factor or (2,), len(x.sides))[0]
        if len(x.sides) == 1
        else spread(layer.factor or (2,), len(x.sides))
    ),
    "dense": lambda layer, _: keras.Sequential(
        [
            *([keras.layers.Flatten()] if layer.over == "all" else []),
            keras.layers.Dense(layer.units, use_bias=layer.bias),
        ]
    ),
    "batchnorm": lambda layer, _: keras.layers.BatchNormalization(
        center=layer.affine and layer.shift, scale=layer.affine and layer.scale
    ),
    "layernorm": lambda layer, _: keras.layers.LayerNormalization(
        center=layer.affine and layer.shift, scale=layer.affine and layer.scale
    ),
    **{word: recurrent(name) for word, name in RECURRENT.items()},
    "rmsnorm": lambda layer, _: keras.layers.RMSNormalization(),
    "softmax": lambda layer, x: keras.layers.Softmax(along(layer, x)),
    "l2norm": lambda layer, x: keras.layers.UnitNormalization(along(layer, x)),
    "glu": lambda _, __: keras.layers.Lambda(keras.activations.glu),
    "hardtanh": lambda _, __: keras.layers.Activation("hard_tanh"),
    "mean": over_positions("GlobalAveragePooling"),
    "max": over_positions("GlobalMaxPooling"),
    "embedding": lambda layer, x: keras.Sequential(
        [
            keras.layers.Embedding(layer.entries, layer.size),
            *([keras.layers.Reshape((*x.sides, layer.size))] if x.sides else []),
        ]
    ),
    "groupnorm": lambda layer, _: keras.layers.GroupNormalization(
        layer.groups, center=layer.affine and layer.shift, scale=layer.affine and layer.scale
    ),
}


def around(name: str, pad: Any, x: Shape) -> Any:
    ends = pad.pairs * len(x.sides) if len(pad.pairs) == 1 else pad.pairs
    made = getattr(keras.layers, f"{name[:-1]}{len(x.sides)}D")
    return made(ends[0] if len(ends) == 1 else ends)


WINDOWED = ("conv", "depthwise", "separable", "transposed", "maxpool", "avgpool")

#: What Keras has of the fields' values.
MODE = st.sampled_from(list(MODES.values()))
ONLY: dict[str, st.SearchStrategy[Any]] = {
    "rounding": st.just("floor"),
    "bias": st.booleans(),
    "to": st.none(),
    "statistics": st.just(True),
    "over": st.just("channels"),
    "scale": st.just(True),
    "heads": st.just(1),
    "mode": st.just("nearest"),
    "align": st.just("centres"),
    "offset": st.none(),
}
MORE_ONLY: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    **{word: {"pad": MODE} for word in WINDOWED},
    "conv": {"pad": MODE | st.just(CAUSAL)},
    **{word: {"layers": st.just(1), "biases": st.sampled_from([0, 1])} for word in RECURRENT},
    "gru": {"layers": st.just(1), "biases": st.sampled_from([0, 1, 2])},
    **{word: {"over": axes} for word in ("softmax", "l2norm")},
    **{word: {"over": st.just(("positions",))} for word in ("mean", "max")},
    "hardtanh": {"range": st.just((-1.0, 1.0))},
    "upsample": {"factor": st.tuples(st.integers(1, 4))},
    "transposed": {"pad": MODE, "groups": st.just(1)},
    "maxpool": {"pad": MODE, "dilation": st.just((1,))},
    "avgpool": {"pad": MODE, "dilation": st.just((1,))},
}


def keras_has(layer: AnyLayer, x: Shape) -> bool:
    """Tell whether Keras has such a layer at all."""
    if layer.type in ("depthwise", "separable") and len(x.sides) == 3:
        return False
    if layer.type == "crop":
        return layer.crop is not None
    if layer.type == "conv" and layer.pad == CAUSAL and len(x.sides) > 1:
        return False
    return layer.type not in WINDOWED or set(layer.dilation) == {1} or set(layer.stride) == {1}


def agree(layer: AnyLayer, x: Shape) -> None:
    """Both refuse the layer; or both take it, with the same output and as many elements."""
    report = answer(layer, x)
    shape = (2, *x.sides, x.channels)
    try:
        made = LAYERS[layer.type](layer, x)
        made.build(shape)
        said = tuple(made.compute_output_shape(shape))
        ran = jax.eval_shape(made.call, jax.ShapeDtypeStruct(shape, "float32")).shape
        assert min(ran) > 0
        assert min(said) > 0
    except Exception as error:
        if report is not None:
            raise AssertionError(f"Keras refuses what we take: {error}") from error
        return
    assert report is not None, f"Keras gives {ran}"
    row = report["layer"]
    assert (*row.output.sides, row.output.channels) == said[1:] == ran[1:]
    assert row.params + row.buffers == made.count_params()


@pytest.mark.parametrize("word", LAYERS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_layer_is_keras_s(word: str, data: st.DataObject) -> None:
    layer, (x,) = data.draw(layers(word, only=ONLY | MORE_ONLY.get(word, {})))
    assume(keras_has(layer, x))
    agree(layer, x)


def test_a_dilated_transposed_convolution_keeps_all_that_its_kernel_reaches() -> None:
    layer = layer_class("transposed")(
        filters=5, kernel=(3,), dilation=(2,), pad=MODES["valid"], bias=False
    )
    made = keras.layers.Conv2DTranspose(5, 3, dilation_rate=2, padding="valid")
    assert made(np.zeros((1, 4, 7, 2))).shape == (1, 8, 11, 5)  # 4 - 1 + 5, 7 - 1 + 5
    report = taken(layer, Map((4, 7), 2))
    assert report["layer"].output == Map((8, 11), 5)


@pytest.mark.parametrize(
    ("n", "kernel", "stride", "dilation"),
    [(7, 3, 1, 1), (8, 4, 1, 2), (9, 2, 3, 1), (10, 5, 2, 1), (11, 3, 1, 4), (2, 5, 1, 1)],
)
def test_a_causal_convolution_computes_what_keras_s_does(
    n: int, kernel: int, stride: int, dilation: int
) -> None:
    random = np.random.default_rng(0)
    layer = layer_class("conv")(
        filters=5,
        kernel=(kernel,),
        stride=(stride,),
        dilation=(dilation,),
        pad=CAUSAL,
        bias=False,
    )
    x = random.normal(size=(1, 3, n)).astype(np.float32)
    weight = random.normal(size=(5, 3, kernel)).astype(np.float32)
    made = keras.layers.Conv1D(5, kernel, stride, "causal", dilation_rate=dilation, use_bias=False)
    made.build((1, n, 3))
    made.set_weights([weight.transpose(2, 1, 0)])
    theirs = np.moveaxis(np.asarray(made(np.moveaxis(x, 1, -1))), -1, 1)
    ours = forward(layer, {"weight": weight}, x)
    np.testing.assert_allclose(ours, theirs, atol=1e-5, rtol=1e-5)
    assert taken(layer, Map((n,), 3))["layer"].output == Map((theirs.shape[2],), 5)


TRANSPOSED = [
    (kernel, stride, mode, extra)
    for kernel in range(1, 6)
    for stride in range(1, 4)
    for mode in ("same", "valid")
    for extra in (None, *range(stride))
]


@pytest.mark.parametrize(("kernel", "stride", "mode", "extra"), TRANSPOSED)
def test_units_of_a_transposed_convolution_see_what_keras_s_see(
    kernel: int, stride: int, mode: str, extra: int | None
) -> None:
    n = 5
    made = keras.layers.Conv1DTranspose(
        1,
        kernel,
        stride,
        padding=mode,
        output_padding=extra,
        kernel_initializer="ones",
        use_bias=False,
    )
    sees = np.asarray(made(np.eye(n)[:, :, None]))[:, :, 0] != 0  # input x output
    layer = layer_class("transposed")(
        filters=1,
        kernel=(kernel,),
        stride=(stride,),
        pad=MODES[mode],
        output_padding=None if extra is None else (extra,),
    )
    report = taken(layer, Map((n,), 1))
    row = report["layer"]
    ends = list(map(row.field[0].sees, range(row.output.sides[0])))
    ours = [[first <= place <= last for first, last in ends] for place in range(n)]
    assert ours == sees.tolist()


@pytest.mark.parametrize("mode", ["same", "valid"])
def test_the_referee_s_transposed_convolution_computes_what_keras_s_does(mode: str) -> None:
    """Where Keras cuts, its own code decides: with an output padding, and a kernel < stride."""
    random = np.random.default_rng(0)
    for n, kernel, stride, extra in product((1, 4, 5), (1, 2, 3, 5), (1, 2, 3), (None, 0, 1, 2)):
        if extra is not None and extra >= stride:
            continue
        layer = layer_class("transposed")(
            filters=7,
            kernel=(kernel,),
            stride=(stride,),
            pad=MODES[mode],
            bias=False,
            output_padding=None if extra is None else (extra,),
        )
        x = random.normal(size=(1, 2, n)).astype(np.float32)
        weight = random.normal(size=(2, 7, kernel)).astype(np.float32)
        theirs = keras.ops.conv_transpose(
            np.moveaxis(x, 1, -1),
            weight.transpose(2, 1, 0),
            strides=stride,
            padding=mode,
            output_padding=extra,
            data_format="channels_last",
        )
        ours = forward(layer, {"weight": weight}, x)
        np.testing.assert_allclose(ours, np.moveaxis(theirs, -1, 1), atol=1e-5, rtol=1e-5)


# -- what takes several inputs, and attention -----------------------------------------------------

JOINS = {"subtract": "Subtract", "maximum": "Maximum", "minimum": "Minimum"}


@pytest.mark.parametrize("word", JOINS)
def test_joins_compute_what_keras_s_do(word: str) -> None:
    random = np.random.default_rng(0)
    a, b = (random.normal(size=(2, 5, 4, 3)).astype(np.float32) for _ in range(2))
    theirs = getattr(keras.layers, JOINS[word])()([np.moveaxis(x, 1, -1) for x in (a, b)])
    ours = forward(layer_class(word)(), {}, a, b)
    np.testing.assert_allclose(ours, np.moveaxis(theirs, -1, 1), rtol=1e-6)


def test_a_product_computes_what_keras_s_dot_does() -> None:
    """Dot joins the last axes of sequences: every position with every other."""
    random = np.random.default_rng(0)
    a, b = (random.normal(size=(2, n, 5)).astype(np.float32) for n in (7, 4))
    theirs = np.asarray(keras.layers.Dot(axes=2)([a, b]))
    layer = layer_class("matmul")(transpose="second")
    ours = forward(layer, {}, np.moveaxis(a, 2, 1), np.moveaxis(b, 2, 1))
    np.testing.assert_allclose(np.moveaxis(ours, 1, -1), theirs, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("over", [("channels",), ("height",), ("positions",), (0, 2)])
def test_axes_compute_what_keras_s_do(over: tuple[str | int, ...]) -> None:
    x = np.random.default_rng(0).normal(size=(2, 5, 4, 3)).astype(np.float32)
    for word in ("softmax", "l2norm"):
        layer = layer_class(word)(over=over)
        theirs = LAYERS[word](layer, Map((4, 3), 5))(np.moveaxis(x, 1, -1))
        ours = forward(layer, {}, x)
        np.testing.assert_allclose(ours, np.moveaxis(theirs, -1, 1), rtol=1e-4, atol=1e-5)


def test_a_table_is_keras_s_and_so_is_a_head_tied_to_it() -> None:
    """ReversibleEmbedding scores words by the table that it looks them up in."""
    table = np.random.default_rng(0).normal(size=(11, 5)).astype(np.float32)
    indices = np.array([[0, 3, 10, 3, 1, 2, 9]])
    made = keras.layers.ReversibleEmbedding(11, 5, tie_weights=True)
    made.build((None, 7))
    made.set_weights([table])
    layer = layer_class("embedding")(entries=11, size=5)
    ours = forward(layer, {"weight": table}, indices.astype(np.float32))
    np.testing.assert_array_equal(np.moveaxis(ours, 1, -1), np.asarray(made(indices)))
    assert taken(layer, Vector(7)).totals.params == made.count_params()
    net = loads(
        "input: 7\nlayers:\n  - embedding: {name: words, entries: 11, size: 5}\n"
        "  - dense: {units: 11, over: channels, bias: false, share: words}"
    )
    (scores,) = run(net, {"input": indices}, {"words.weight": table}).outputs.values()
    theirs = np.asarray(made(made(indices), reverse=True))
    np.testing.assert_allclose(np.moveaxis(scores, 1, -1), theirs, rtol=1e-4, atol=1e-5)
    assert summarize(net).totals.params == made.count_params()


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(("heads", "groups", "key"), [(3, 3, 4), (4, 2, 3), (6, 1, 2)])
def test_attention_computes_what_keras_s_does(
    heads: int, groups: int, key: int, causal: bool
) -> None:
    x = np.random.default_rng(0).normal(size=(2, 7, 12)).astype(np.float32)
    made = (
        keras.layers.MultiHeadAttention(heads, key)
        if heads == groups
        else keras.layers.GroupQueryAttention(key, heads, groups)
    )
    theirs = np.asarray(made(x, x, use_causal_mask=causal))
    arrays = [np.asarray(array) + 0.1 * at for at, array in enumerate(made.get_weights())]
    made.set_weights(arrays)
    theirs = np.asarray(made(x, x, use_causal_mask=causal))
    net = loads(
        f"input: 7x12\nlayers: [{{attention: {{heads: {heads}, groups: {groups}, key: {key},"
        f" causal: {str(causal).lower()}}}}}]"
    )
    *parts, out, shift = arrays
    kernels = [kernel.reshape(12, -1).T for kernel in parts[::2]]
    biases = [bias.ravel() for bias in parts[1::2]]
    weights = {
        "attention1/qkv.weight": np.concatenate(kernels),
        "attention1/qkv.bias": np.concatenate(biases),
        "attention1/out.weight": out.reshape(-1, 12).T,
        "attention1/out.bias": shift,
    }
    (ours,) = run(net, {"input": np.moveaxis(x, 2, 1)}, weights).outputs.values()
    np.testing.assert_allclose(np.moveaxis(ours, 1, -1), theirs, rtol=1e-3, atol=1e-4)
    assert summarize(net).totals.params == made.count_params()

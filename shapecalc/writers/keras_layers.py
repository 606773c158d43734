"""How Keras 3 spells each layer type, channels last, as expressions of what flows in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from shapecalc.algebra import known
from shapecalc.layers.axes import PartOf, chosen
from shapecalc.layers.fields import pads_per_side, per_side
from shapecalc.layers.window import padding
from shapecalc.writers.python_code import CallCode, Code, SlotCode, SumCode, call, literal
from shapecalc.writers.site import Site, UnsayableError, alike_as_one, frame_of

if TYPE_CHECKING:
    from collections.abc import Callable

#: An expression of the layer's name, as code, and of what flows in.
KerasUse: TypeAlias = "Callable[..., Code]"


def _apply(constructor: CallCode, name: Code, *operands: Code) -> Code:
    """Construct a layer under its name, and call it."""
    named = constructor._replace(arguments=(*constructor.arguments, ("name", name)))
    return call(named, *operands)


def _layer(kind: str, *positional: Code, **fields: Code | None) -> KerasUse:
    made = call(f"layers.{kind}", *positional, **fields)
    return lambda name, *operands: _apply(made, name, *operands)


def _frame(site: Site) -> tuple[bool, list[tuple[int, int]]]:
    """Tell whether `same` pads as a layer does; and else by how much every side is padded."""
    moves = site.layer.moves(site.inputs[0])
    ends = [
        # what is left of a stride is dropped by Keras, too
        (before, 0 if -known(move.stride) < after < 0 else after)
        for (before, after), move in zip(frame_of(site), moves, strict=True)
    ]
    if any(after < 0 for _, after in ends):
        raise UnsayableError("its rounding drops places that a window of Keras would take")
    sides = zip(site.inputs[0].sides, moves, strict=True)
    same = [padding(n, move._replace(mode="same")) for n, move in sides]
    alike = [(known(before), known(after)) for before, after in same]
    return ends == alike and any(map(any, ends)), ends


def _padded(ends: list[tuple[int, int]], rank: int, use: KerasUse) -> KerasUse:
    """Put zeros around what flows into a layer, in a layer of its own."""
    if not any(map(any, ends)):
        return use
    pad = call(f"layers.ZeroPadding{rank}D", SlotCode(ends[0] if rank == 1 else tuple(ends), "pad"))

    def padded(name: Code, x: Code) -> Code:
        return use(name, _apply(pad, _suffixed(name, "pad"), x))

    return padded


def _suffixed(name: Code, suffix: str) -> str:
    assert isinstance(name, str)
    return f'{name[:-1]}_{suffix}"'


def _window(site: Site) -> dict[str, Code | None]:
    layer = site.layer
    return {
        "strides": SlotCode(alike_as_one(site.spread(layer.steps())), "strides", 1),
        "dilation_rate": SlotCode(alike_as_one(site.spread(layer.dilation)), "dilation", 1),
    }


def _bias(layer: Any) -> SlotCode:  # noqa: ANN401
    if layer.bias == "per_position":
        raise UnsayableError("Keras has no convolution with a bias for every position")
    return SlotCode(bool(layer.bias), "use_bias", usual=True)


def _strides_agree(site: Site) -> None:
    if any(s != 1 for s in site.spread(site.layer.steps())) and any(
        d != 1 for d in site.spread(site.layer.dilation)
    ):
        raise UnsayableError("Keras takes strides or dilations, but not both")


def _conv(site: Site) -> KerasUse:
    layer, rank = site.layer, site.rank
    if layer.connections is not None:
        raise UnsayableError("Keras has no convolution with a table of connections")
    _strides_agree(site)
    same, ends = _frame(site)
    kernel = SlotCode(alike_as_one(site.spread(layer.kernel)), "kernel_size")
    use = _layer(
        f"Conv{rank}D",
        SlotCode(layer.filters, "filters"),
        kernel,
        **_window(site),
        padding='"same"' if same else None,
        groups=SlotCode(layer.groups, "groups", 1),
        use_bias=_bias(layer),
    )
    return use if same else _padded(ends, rank, use)


def _depthwise(site: Site) -> KerasUse:
    layer, rank = site.layer, site.rank
    if rank > 2 or len(set(site.spread(layer.stride))) > 1:
        raise UnsayableError("Keras has depthwise convolutions of equal strides on 1 or 2 sides")
    _strides_agree(site)
    same, ends = _frame(site)
    use = _layer(
        f"DepthwiseConv{rank}D",
        SlotCode(alike_as_one(site.spread(layer.kernel)), "kernel_size"),
        **_window(site),
        padding='"same"' if same else None,
        depth_multiplier=SlotCode(layer.multiplier, "depth_multiplier", 1),
        use_bias=_bias(layer),
    )
    return use if same else _padded(ends, rank, use)


def _pool(site: Site) -> dict[str, Code | None]:
    kernel = alike_as_one(site.spread(site.layer.kernel))
    if set(site.layer.dilation) != {1}:
        raise UnsayableError("Keras has no pool with a dilation")
    strides = SlotCode(alike_as_one(site.spread(site.layer.steps())), "strides", kernel)
    return {"pool_size": SlotCode(kernel, "pool_size"), "strides": strides}


def _maxpool(site: Site) -> KerasUse:
    same, ends = _frame(site)
    fields = _pool(site)
    use = _layer(f"MaxPooling{site.rank}D", **fields, padding='"same"' if same else None)
    if same or not any(map(any, ends)):
        return use
    around = literal([[0, 0], *map(list, ends), [0, 0]])

    def padded(name: Code, x: Code) -> Code:
        lowest = 'float("-inf")'
        return use(name, call("ops.pad", x, around, constant_values=lowest))

    return padded


def _avgpool(site: Site) -> KerasUse:
    same, ends = _frame(site)
    fields = _pool(site)
    counted = site.layer.count_include_pad
    if same and not counted:
        return _layer(f"AveragePooling{site.rank}D", **fields, padding='"same"')
    given = pads_per_side(site.layer.pad, site.rank)
    if any(map(any, ends)) and (not counted or [*given] != ends):
        raise UnsayableError("Keras has no mean that counts the padding so")
    return _padded(ends, site.rank, _layer(f"AveragePooling{site.rank}D", **fields))


def _global(kind: str) -> Callable[[Site], KerasUse]:
    def spell(site: Site) -> KerasUse:
        return _layer(f"Global{kind}Pooling{site.rank}D", keepdims="True")

    return spell


def _dense(site: Site) -> KerasUse:
    layer = site.layer
    bias = SlotCode(bool(layer.bias), "use_bias", usual=True)
    use = _layer("Dense", SlotCode(layer.units, "units"), use_bias=bias)
    if not site.rank or layer.over == "channels":
        return use
    flat = _flatten(site)
    return lambda name, x: use(name, flat(_suffixed(name, "flatten"), x))


def _flatten(site: Site) -> KerasUse:
    """Flatten a map channel by channel."""
    places = 1
    for side in site.inputs[0].sides:
        places *= known(side)
    use = _layer("Flatten")
    if places == 1 or site.channels == 1:
        return use
    order = call("layers.Permute", literal((site.rank + 1, *range(1, site.rank + 1))))
    return lambda name, x: use(name, _apply(order, _suffixed(name, "order"), x))


def _trained(layer: Any) -> dict[str, Code | None]:  # noqa: ANN401
    return {
        "scale": SlotCode(bool(layer.affine and layer.scale), "scale", usual=True),
        "center": SlotCode(bool(layer.affine and layer.shift), "center", usual=True),
    }


def _batchnorm(site: Site) -> KerasUse:
    if not site.layer.statistics:
        raise UnsayableError("Keras has no batch normalisation without statistics")
    return _layer("BatchNormalization", epsilon="1e-5", **_trained(site.layer))


def _layernorm(site: Site) -> KerasUse:
    if site.layer.over != "channels" or known(site.layer.heads) != 1:
        raise UnsayableError("layer normalisation is written over all channels only")
    return _layer("LayerNormalization", epsilon="1e-5", **_trained(site.layer))


def _groupnorm(site: Site) -> KerasUse:
    groups = SlotCode(site.layer.groups, "groups")
    return _layer("GroupNormalization", groups, epsilon="1e-5", **_trained(site.layer))


def _lrn(site: Site) -> KerasUse:
    layer = site.layer
    words = tuple(map(literal, (layer.size, layer.alpha, layer.beta, layer.k)))
    return lambda _, x: call("local_response_norm", x, *words)


def _activation(word: str) -> Callable[[Site], KerasUse]:
    return lambda _: _layer("Activation", literal(word))


def _field(kind: str, name: str) -> Callable[[Site], KerasUse]:
    return lambda site: _layer(kind, SlotCode(getattr(site.layer, name), name))


def _softmax(site: Site) -> KerasUse:
    axes = tuple(axis + 1 for axis in chosen(site.layer.over, site.inputs[0]))
    usual = axes == (site.rank + 1,)
    return _layer("Softmax", axis=None if usual else literal(alike_as_one(axes)))


def _embedding(site: Site) -> KerasUse:
    layer = site.layer
    if not site.whole:
        raise UnsayableError("Keras looks up indices of an input that nothing else reads")
    entries = SlotCode(known(layer.entries), "input_dim")
    use = _layer("Embedding", entries, SlotCode(known(layer.size), "output_dim"))
    return (lambda name, x: use(name, f"{x}[..., 0]")) if site.rank else use


def _prelu(site: Site) -> KerasUse:
    if site.layer.shared:
        raise UnsayableError("Keras has no PReLU with one slope for all channels")
    axes = list(range(1, site.rank + 1))
    return _layer("PReLU", shared_axes=literal(axes) if axes else None)


def _stochastic_depth(site: Site) -> KerasUse:
    """Drop all of an example or nothing of it."""
    alike = f"(None{', 1' * (site.rank + 1)})"
    return _layer("Dropout", SlotCode(site.layer.rate, "rate"), noise_shape=alike)


def _reshape(site: Site) -> KerasUse:
    *sides, channels = map(known, site.layer.shape)
    if not site.rank or not sides:
        raise UnsayableError("reshapes between vectors and maps are not written")
    return _layer("Reshape", literal((*sides, channels)))


def _permute(site: Site) -> KerasUse:
    return _layer("Permute", literal(tuple(axis + 1 for axis in site.layer.order)))


def _pad(site: Site) -> KerasUse:
    ends = [(known(a), known(b)) for a, b in pads_per_side(site.layer.pad, site.rank)]
    if any(end < 0 for pair in ends for end in pair):
        raise UnsayableError("Keras takes no padding below 0")
    return _layer(f"ZeroPadding{site.rank}D", literal(ends[0] if site.rank == 1 else tuple(ends)))


def _upsample(site: Site) -> KerasUse:
    layer, rank = site.layer, site.rank
    factors = layer.factors(site.inputs[0])
    whole = all(isinstance(f, int) for f in factors)
    blend = layer.mode != "nearest"
    if layer.size is not None or not whole or layer.align != "centres" or (blend and rank != 2):
        raise UnsayableError("Keras enlarges by whole factors, and blends pictures only")
    interpolation = '"bilinear"' if blend else None
    return _layer(f"UpSampling{rank}D", literal(alike_as_one(factors)), interpolation=interpolation)


def _slice(site: Site) -> KerasUse:
    texts = [":"]
    for _, n, part in site.layer.parts(site.inputs[0]):
        if part is None:
            texts.append(":")
            continue
        first, after = map(known, part.ends(known(n)))
        step = 1 if isinstance(part, PartOf) else known(part.step)
        texts.append(f"{first}:{after}" + (f":{step}" if step != 1 else ""))
    index = ", ".join(texts)
    return lambda _, x: f"{x}[{index}]"


def _channel_shuffle(site: Site) -> KerasUse:
    groups = literal(site.layer.groups)
    return lambda _, x: call("channel_shuffle", x, groups)


def _join(kind: str) -> Callable[[Site], KerasUse]:
    def spell(site: Site) -> KerasUse:
        if getattr(site.layer, "left", None) is not None or getattr(site.layer, "right", None):
            raise UnsayableError("joins with constants are not written")
        if len({len(shape.sides) for shape in site.inputs}) > 1:
            raise UnsayableError("a vector that stretches over a map is not written")
        made = call(f"layers.{kind}")
        if len(site.inputs) == 1:
            return _layer("Identity")
        return lambda name, *operands: _apply(made, name, f"[{', '.join(map(str, operands))}]")

    return spell


def _difference(sign: str) -> Callable[[Site], KerasUse]:
    def spell(site: Site) -> KerasUse:
        _join("Add")(site)
        return lambda _, *operands: SumCode(sign, operands)

    return spell


def _function(name: str) -> Callable[[Site], KerasUse]:
    return lambda _: lambda _name, x: call(f"ops.{name}", x)


def _crop(site: Site) -> KerasUse:
    ends = site.layer._cuts(site.inputs[0].sides)  # noqa: SLF001
    pairs = tuple((known(a), known(b)) for a, b in per_side(tuple(ends), site.rank, "crop"))
    if any(end < 0 for pair in pairs for end in pair):
        raise UnsayableError("Keras takes no cropping below 0")
    return _layer(f"Cropping{site.rank}D", literal(pairs[0] if site.rank == 1 else pairs))


#: How types are spelled; for the others there are no words yet.
SPELLINGS: dict[str, Callable[[Site], KerasUse]] = {
    "conv": _conv,
    "depthwise": _depthwise,
    "maxpool": _maxpool,
    "avgpool": _avgpool,
    "global_avgpool": _global("Average"),
    "global_maxpool": _global("Max"),
    "dense": _dense,
    "lrn": _lrn,
    "batchnorm": _batchnorm,
    "layernorm": _layernorm,
    "groupnorm": _groupnorm,
    "relu": lambda _: _layer("ReLU"),
    "relu6": lambda _: _layer("ReLU", "6"),
    "leaky_relu": _field("LeakyReLU", "slope"),
    "prelu": _prelu,
    "elu": _field("ELU", "alpha"),
    "gelu": _activation("gelu"),
    "silu": _activation("silu"),
    "sigmoid": _activation("sigmoid"),
    "hard_sigmoid": _activation("hard_sigmoid"),
    "hard_swish": _activation("hard_silu"),
    "tanh": _activation("tanh"),
    "softplus": _activation("softplus"),
    "mish": _activation("mish"),
    "softmax": _softmax,
    "embedding": _embedding,
    "dropout": _field("Dropout", "rate"),
    "stochastic_depth": _stochastic_depth,
    "identity": lambda _: _layer("Identity"),
    "flatten": lambda site: _flatten(site) if site.rank else _layer("Identity"),
    "reshape": _reshape,
    "permute": _permute,
    "pad": _pad,
    "crop": _crop,
    "upsample": _upsample,
    "slice": _slice,
    "channel_shuffle": _channel_shuffle,
    "concat": _join("Concatenate"),
    "add": _join("Add"),
    "multiply": _join("Multiply"),
    "maximum": _join("Maximum"),
    "minimum": _join("Minimum"),
    "subtract": _difference("-"),
    "divide": _difference("/"),
    "abs": _function("abs"),
    "negative": _function("negative"),
    "exp": _function("exp"),
    "log": _function("log"),
    "sqrt": _function("sqrt"),
}
#: Functions that the program needs where their names stand in it.
HELPERS = {
    "local_response_norm": '''
def local_response_norm(x, size, alpha, beta, k):
    """Divide by the squares of neighbouring channels."""
    channels = x.shape[-1]
    ends = [[0, 0]] * (len(x.shape) - 1) + [[size // 2, (size - 1) // 2]]
    padded = ops.pad(ops.square(x), ends)
    total = sum(padded[..., i : i + channels] for i in range(size))
    return x / (k + alpha / size * total) ** beta
''',
    "channel_shuffle": '''
def channel_shuffle(x, groups):
    """Deal the channels of every group out over all groups."""
    *sides, channels = x.shape[1:]
    x = ops.reshape(x, (-1, *sides, groups, channels // groups))
    return ops.reshape(ops.swapaxes(x, -1, -2), (-1, *sides, channels))
''',
}

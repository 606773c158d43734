"""How Keras 3 spells each layer type, channels last, as expressions of what flows in.

A type that it has no layer for is spelled by one of `keras_modules`, which goes into the program.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.algebra import known
from shapecalc.layers.axes import PartOf, chosen
from shapecalc.layers.fields import Rational, pads_per_side, per_side
from shapecalc.writers.keras_recurrent import RECURRENT
from shapecalc.writers.keras_spelling import (
    KerasSpelling,
    channels_last,
    expression,
    laid_as,
    layer_of,
    listed,
    tuple_slot,
)
from shapecalc.writers.keras_windows import KERAS_WINDOWS, around, places_of
from shapecalc.writers.python_code import CallCode, Code, SlotCode, SumCode, call, literal
from shapecalc.writers.site import Site, alike_as_one, channels_of_operands

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


# -- dense layers, normalisations, and trained arrays ----------------------------------------------


def _flat(site: Site) -> tuple[tuple[str, CallCode], ...]:
    """Flatten a map channel by channel, in layers of their own."""
    if not site.rank:
        return ()
    return (*_order(site, "flatten_order"), ("flatten", call("layers.Flatten")))


def _order(site: Site, ending: str) -> tuple[tuple[str, CallCode], ...]:
    """Move the channels of a map to the front, where that changes the order of its elements."""
    places = places_of(site)
    if places == 1 or site.channels == 1:
        return ()
    dims = literal((site.rank + 1, *range(1, site.rank + 1)))
    return ((ending, call("layers.Permute", dims)),)


def _dense(site: Site) -> KerasSpelling:
    layer = site.layer
    use_bias = SlotCode(bool(layer.bias), "use_bias", usual=True)
    made = call("layers.Dense", SlotCode(layer.units, "units"), use_bias=use_bias)
    before = () if layer.over == "channels" else _flat(site)
    return KerasSpelling(made, before=before, laid=laid_as("weight", "bias"))


def _rbf(site: Site) -> KerasSpelling:
    made = call("Rbf", SlotCode(site.layer.units, "units"))
    laid = (("", lambda arrays: [arrays["codes"]]),)
    return KerasSpelling(made, before=_flat(site), laid=laid)


def _flatten(site: Site) -> KerasSpelling:
    if not site.rank:
        return layer_of("Identity")
    return layer_of("Flatten")._replace(before=_order(site, "order"))


_NORM = ("weight", "bias", "running_mean", "running_var")


def _trained(layer: Any) -> dict[str, Code | None]:  # noqa: ANN401
    return {
        "scale": SlotCode(bool(layer.affine and layer.scale), "scale", usual=True),
        "center": SlotCode(bool(layer.affine and layer.shift), "center", usual=True),
    }


def _norm(kind: str, layer: Any, *arguments: Code, **fields: Code | None) -> KerasSpelling:  # noqa: ANN401
    made = call(f"layers.{kind}Normalization", *arguments, epsilon="1e-5", **fields)
    made = made._replace(arguments=(*made.arguments, *call("", **_trained(layer)).arguments))
    return KerasSpelling(made, laid=laid_as(*_NORM))


def _batchnorm(site: Site) -> KerasSpelling:
    if site.layer.statistics:
        return _norm("Batch", site.layer)
    return KerasSpelling(call("BatchStatistics", **_trained(site.layer)), laid=laid_as(*_NORM))


def _layernorm(site: Site) -> KerasSpelling:
    layer = site.layer
    if known(layer.heads) != 1:
        return _by_head(site, centred=True, **_trained(layer))
    if layer.over == "channels" or not site.rank:
        return _norm("Layer", layer)
    return _norm("Layer", layer, axis=literal(list(range(1, site.rank + 2))))


def _by_head(site: Site, *, centred: bool, **fields: Code | None) -> KerasSpelling:
    heads = SlotCode(known(site.layer.heads), "heads")
    made = call("HeadNorm", heads, centred=literal(centred), **fields)
    return KerasSpelling(made, laid=laid_as(*_NORM))


def _groupnorm(site: Site) -> KerasSpelling:
    return _norm("Group", site.layer, SlotCode(site.layer.groups, "groups"))


def _rmsnorm(site: Site) -> KerasSpelling:
    if known(site.layer.heads) == 1 and site.layer.scale:
        made = call("layers.RMSNormalization", epsilon="1e-5")
        return KerasSpelling(made, laid=laid_as("weight"))
    scale = SlotCode(bool(site.layer.scale), "scale", usual=True)
    return _by_head(site, centred=False, scale=scale, center="False")


def _lrn(site: Site) -> KerasSpelling:
    layer = site.layer
    words = ("size", "alpha", "beta", "k")
    fields = {word: SlotCode(getattr(layer, word), word) for word in words}
    return KerasSpelling(call("LocalResponseNorm", **fields))


def _laid_like(site: Site, name: str, arrays: Mapping[str, Any]) -> list[Any]:
    """Lay an array of `scale` or `bias` as it meets what flows in."""
    if name not in arrays:
        return []
    per, array = site.layer.per, arrays[name]
    return [array[..., None] if per == "position" else channels_last(array)]


def _per(site: Site) -> Code:
    return SlotCode(site.layer.per, "per")


def _scale(site: Site) -> KerasSpelling:
    layer = site.layer
    init = SlotCode(float(layer.init), "init", 1.0)
    bias = SlotCode(bool(layer.bias), "bias", usual=False)
    laid = (("", lambda a: [*_laid_like(site, "weight", a), *_laid_like(site, "bias", a)]),)
    return KerasSpelling(call("Scale", _per(site), bias=bias, init=init), laid=laid)


def _bias(site: Site) -> KerasSpelling:
    laid = (("", lambda arrays: _laid_like(site, "bias", arrays)),)
    return KerasSpelling(call("Bias", _per(site)), laid=laid)


def _token(site: Site) -> KerasSpelling:
    return KerasSpelling(
        call("Tokens", SlotCode(site.layer.count, "count")), laid=laid_as("weight")
    )


def _parameter(site: Site) -> KerasSpelling:
    shape = tuple_slot((*map(known, site.output.sides), known(site.output.channels)), "shape")
    # the extents that it is created with come first in ours, and last here
    return KerasSpelling(call("TrainedArray", shape), laid=laid_as("weight"))


def _embedding(site: Site) -> KerasSpelling:
    layer = site.layer
    entries = SlotCode(known(layer.entries), "input_dim")
    made = call("layers.Embedding", entries, SlotCode(known(layer.size), "output_dim"))
    plain = site.whole and not site.rank
    indices = () if plain else (("indices", call("Indices", entries)),)
    laid = (("", lambda arrays: [arrays["weight"]]),)
    return KerasSpelling(made, before=indices, laid=laid)


# -- element by element ----------------------------------------------------------------------------


def _activation(word: str) -> Callable[[Site], KerasSpelling]:
    return lambda _: layer_of("Activation", literal(word))


def _field(kind: str, name: str) -> Callable[[Site], KerasSpelling]:
    return lambda site: layer_of(kind, SlotCode(getattr(site.layer, name), name))


def _function(name: str) -> Callable[[Site], KerasSpelling]:
    return lambda _: expression(lambda x: call(f"ops.{name}", x))


def _own(name: str, *fields: str) -> Callable[[Site], KerasSpelling]:
    """Spell a type by a layer of the program, with its fields."""

    def spell(site: Site) -> KerasSpelling:
        values = (SlotCode(getattr(site.layer, field_), field_) for field_ in fields)
        return KerasSpelling(call(name, *values))

    return spell


def _softmax(site: Site) -> KerasSpelling:
    axes = _axes(site)
    usual = axes == (site.rank + 1,)
    return layer_of("Softmax", axis=None if usual else literal(alike_as_one(axes)))


def _axes(site: Site) -> tuple[int, ...]:
    """Return the axes that a layer works over, the batch being the first."""
    return tuple(axis + 1 for axis in chosen(site.layer.over, site.inputs[0]))


def _prelu(site: Site) -> KerasSpelling:
    axes = list(range(1, site.rank + 1 + site.layer.shared))
    made = call("layers.PReLU", shared_axes=literal(axes) if axes else None)

    def laid(arrays: Mapping[str, Any]) -> list[Any]:
        return [arrays["weight"].reshape(*[1] * site.rank, -1)]

    return KerasSpelling(made, laid=(("", laid),))


def _stochastic_depth(site: Site) -> KerasSpelling:
    """Drop all of an example or nothing of it."""
    alike = f"(None{', 1' * (site.rank + 1)})"
    return layer_of("Dropout", SlotCode(site.layer.rate, "rate"), noise_shape=alike)


def _hardtanh(site: Site) -> KerasSpelling:
    if tuple(site.layer.range) == (-1, 1):
        return layer_of("Activation", '"hard_tanh"')
    return _clip(site)


def _clip(site: Site) -> KerasSpelling:
    low, high = map(literal, site.layer.range)
    return expression(lambda x: call("ops.clip", x, low, high))


def _power(site: Site) -> KerasSpelling:
    return expression(lambda x: call("ops.power", x, literal(site.layer.exponent)))


def _gated(gate: str) -> Callable[[Site], KerasSpelling]:
    return lambda _: KerasSpelling(call("GatedUnit", literal(gate)))


# -- moving elements -------------------------------------------------------------------------------


def _reshape(site: Site) -> KerasSpelling:
    *sides, channels = map(known, site.layer.shape)
    if site.rank and sides:
        return layer_of("Reshape", literal((*sides, channels)))
    if not sides:
        return _flatten(site) if site.rank else layer_of("Reshape", literal((channels,)))
    # a vector has the elements of a channel side by side
    apart = ("apart", call("layers.Reshape", literal((channels, *sides))))
    order = literal((*range(2, len(sides) + 2), 1))
    return layer_of("Permute", order)._replace(before=(apart,))


def _permute(site: Site) -> KerasSpelling:
    return layer_of("Permute", literal(tuple(axis + 1 for axis in site.layer.order)))


def _rim(ends: list[tuple[int, int]]) -> KerasSpelling:
    """Spell what only adds and takes away places."""
    layers = around(ends)
    if not layers:
        return layer_of("Identity")
    *before, (_, made) = layers
    return KerasSpelling(made, before=tuple(before))


def _pad(site: Site) -> KerasSpelling:
    return _rim([(known(a), known(b)) for a, b in pads_per_side(site.layer.pad, site.rank)])


def _crop(site: Site) -> KerasSpelling:
    ends = site.layer._cuts(site.inputs[0].sides)  # noqa: SLF001
    pairs = per_side(tuple(ends), site.rank, "crop")
    return _rim([(-known(a), -known(b)) for a, b in pairs])


def _upsample(site: Site) -> KerasSpelling:
    layer, rank = site.layer, site.rank
    blend = layer.mode != "nearest"
    factors = () if layer.size is not None else layer.factors(site.inputs[0])
    whole = bool(factors) and all(isinstance(factor, int) for factor in factors)
    if whole and layer.align == "centres" and (rank == 2 or not blend):
        interpolation = '"bilinear"' if blend else None
        factor = literal(alike_as_one(factors))
        return layer_of(f"UpSampling{rank}D", factor, interpolation=interpolation)
    sizes = tuple(map(known, site.output.sides))
    fractions = [(f.times, f.over) if isinstance(f, Rational) else (int(f), 1) for f in factors]
    made = call(
        "Resize",
        tuple_slot(sizes, "sizes"),
        factors=tuple_slot(fractions, "factors") if fractions else None,
        mode=SlotCode(layer.mode, "mode", "nearest"),
        align=SlotCode(layer.align, "align", "centres"),
    )
    return KerasSpelling(made)


def _slice(site: Site) -> KerasSpelling:
    texts = [":"]
    for _, n, part in site.layer.parts(site.inputs[0]):
        if part is None:
            texts.append(":")
            continue
        first, after = map(known, part.ends(known(n)))
        step = 1 if isinstance(part, PartOf) else known(part.step)
        texts.append(f"{first}:{after}" + (f":{step}" if step != 1 else ""))
    index = ", ".join(texts)
    return expression(lambda x: f"{x}[{index}]")


def _pad_channels(site: Site) -> KerasSpelling:
    if not any(site.layer.channels):
        return layer_of("Identity")
    ends = [[0, 0]] * (site.rank + 1) + [list(map(int, site.layer.channels))]
    return expression(lambda x: call("ops.pad", x, literal(ends)))


def _blocks(name: str) -> Callable[[Site], KerasSpelling]:
    def spell(site: Site) -> KerasSpelling:
        factors = tuple_slot(site.spread(site.layer.factor), "factors")
        return KerasSpelling(call(name, factors, order=SlotCode(site.layer.order, "order")))

    return spell


def _roll(site: Site) -> KerasSpelling:
    shifts, axes = site.spread(site.layer.shift), tuple(range(1, site.rank + 1))
    return expression(lambda x: call("ops.roll", x, literal(shifts), literal(axes)))


def _partition(name: str, *more: str) -> Callable[[Site], KerasSpelling]:
    def spell(site: Site) -> KerasSpelling:
        layer, rank = site.layer, len(site.inputs[-1].sides)
        size, shift = (per_side(tuple(v), rank, "size") for v in (layer.size, layer.shift))
        fields = {word: SlotCode(getattr(layer, word), word, usual=False) for word in more}
        made = call(name, tuple_slot(size, "size"), tuple_slot(shift, "shift"), **fields)
        return KerasSpelling(made, _of_several)

    return spell


def _of_several(layer: Code, *operands: Code) -> Code:
    return call(layer, operands[0] if len(operands) == 1 else listed(operands))


def _relative_position(site: Site) -> KerasSpelling:
    size = tuple(site.layer.size)
    made = call("RelativePosition", tuple_slot(size * 2 if len(size) == 1 else size, "size"))
    return KerasSpelling(made, laid=(("", lambda arrays: [*arrays.values()]),))


def _matmul(site: Site) -> KerasSpelling:
    layer = site.layer
    usual = {"transpose": "none", "merge": "none", "windows": False, "root": False}
    names = ("transpose", "heads", "groups", "merge", "windows", "first", "second", "root")
    values = {name: getattr(layer, name) for name in names} | channels_of_operands(
        layer, site.inputs
    )
    fields: dict[str, Code | None] = {
        name: SlotCode(value, name)
        for name, value in values.items()
        if value is not None and value != usual.get(name)
    }
    return KerasSpelling(call("MatrixProduct", **fields), _of_several)


# -- along axes, and joins -------------------------------------------------------------------------


def _reduced(name: str) -> Callable[[Site], KerasSpelling]:
    def spell(site: Site) -> KerasSpelling:
        axes, keep = _axes(site), site.layer.keep
        fields = {"axis": literal(axes), "keepdims": "True" if keep else None}

        def use(*operands: Code) -> Code:
            return call(f"ops.{name}", operands[-1], **fields)

        if keep or len(axes) <= site.rank:
            return expression(use)
        made = call("layers.Reshape", "(1,)")  # which has to be a vector still
        return KerasSpelling(made, lambda layer, x: call(layer, use(x)))

    return spell


def _l2norm(site: Site) -> KerasSpelling:
    return layer_of("UnitNormalization", axis=literal(alike_as_one(_axes(site))))


def _stretched(site: Site) -> tuple[list[bool], int]:
    """Tell which of the inputs of a join are vectors beside maps, and how many sides these have."""
    ranks = [len(shape.sides) for shape in site.inputs]
    return [rank < max(ranks) for rank in ranks], max(ranks)


def _operands(site: Site, operands: tuple[Code, ...]) -> list[Code]:
    """Let vectors stretch over the sides of maps beside them."""
    short, rank = _stretched(site)
    index = ", ".join([":", *["None"] * rank, ":"])
    pairs = zip(operands, short, strict=True)
    return [f"{x}[{index}]" if is_short else x for x, is_short in pairs]


def _with_constants(site: Site, terms: list[Code]) -> list[Code]:
    left, right = site.layer.left, site.layer.right
    before = [] if left is None else [literal(float(left))]
    return [*before, *terms, *([] if right is None else [literal(float(right))])]


def _join(kind: str) -> Callable[[Site], KerasSpelling]:
    sign = {"Add": "+", "Multiply": "*"}.get(kind, "")

    def spell(site: Site) -> KerasSpelling:
        constants = _with_constants(site, [])
        if len(site.inputs) == 1 and not constants:
            return layer_of("Identity")
        made = call(f"layers.{kind}")
        if not constants:
            return KerasSpelling(made, lambda layer, *x: call(layer, listed(_operands(site, x))))
        if sign:
            return expression(
                lambda *x: SumCode(sign, tuple(_with_constants(site, _operands(site, x))))
            )

        def use(*operands: Code) -> Code:
            first, *others = _operands(site, operands)
            for other in (*others, *constants):
                first = call(f"ops.{kind.lower()}", first, other)
            return first

        return expression(use)

    return spell


def _concat(site: Site) -> KerasSpelling:
    if len(site.inputs) == 1:
        return layer_of("Identity")
    return layer_of("Concatenate")._replace(use=lambda layer, *x: call(layer, listed(x)))


def _difference(sign: str) -> Callable[[Site], KerasSpelling]:
    def spell(site: Site) -> KerasSpelling:
        return expression(
            lambda *x: SumCode(sign, tuple(_with_constants(site, _operands(site, x))))
        )

    return spell


#: How every type is spelled.
SPELLINGS: dict[str, Callable[[Site], KerasSpelling]] = {
    **KERAS_WINDOWS,
    **RECURRENT,
    "dense": _dense,
    "rbf": _rbf,
    "lrn": _lrn,
    "batchnorm": _batchnorm,
    "layernorm": _layernorm,
    "groupnorm": _groupnorm,
    "instancenorm": lambda site: _norm("Group", site.layer, "-1"),
    "rmsnorm": _rmsnorm,
    "relu": lambda _: layer_of("ReLU"),
    "relu6": lambda _: layer_of("ReLU", "6"),
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
    "identity": lambda _: layer_of("Identity"),
    "glu": _gated("sigmoid"),
    "geglu": _gated("gelu"),
    "swiglu": _gated("silu"),
    "maxout": _own("Maxout", "pieces"),
    "flatten": _flatten,
    "reshape": _reshape,
    "permute": _permute,
    "pad": _pad,
    "crop": _crop,
    "upsample": _upsample,
    "slice": _slice,
    "channel_shuffle": _own("ChannelShuffle", "groups"),
    "pad_channels": _pad_channels,
    "pixel_shuffle": _blocks("BlockShuffle"),
    "pixel_unshuffle": _blocks("BlockUnshuffle"),
    "concat": _concat,
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
    "power": _power,
    "clip": _clip,
    "hardtanh": _hardtanh,
    "mean": _reduced("mean"),
    "sum": _reduced("sum"),
    "max": _reduced("max"),
    "l2norm": _l2norm,
    "scale": _scale,
    "bias": _bias,
    "position_embedding": lambda _: KerasSpelling(
        call("PositionEmbedding"), laid=laid_as("weight")
    ),
    "token": _token,
    "parameter": _parameter,
    "matmul": _matmul,
    "causal_mask": _own("CausalMask"),
    "window_mask": _partition("WindowMask"),
    "relative_position": _relative_position,
    "roll": _roll,
    "window_partition": _partition("WindowPartition", "grid"),
    "window_merge": _partition("WindowMerge", "grid"),
}

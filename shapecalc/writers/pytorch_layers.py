"""How PyTorch spells each layer type: the module that holds its arrays, and what is called.

A type that it has no class for is spelled by a helper of `pytorch_modules`, or in an expression.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapecalc.algebra import known
from shapecalc.layers.axes import PartOf, chosen
from shapecalc.layers.fields import Rational, per_side
from shapecalc.writers.python_code import (
    Behind,
    CallCode,
    Code,
    Items,
    SlotCode,
    SumCode,
    call,
    literal,
)
from shapecalc.writers.pytorch_spelling import Spelling, extents, last_side_first
from shapecalc.writers.pytorch_windows import WINDOWS
from shapecalc.writers.site import UnsayableError, alike_as_one, channels_of_operands, pad_pairs

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.writers.site import AnyLayer, Site


# -- dense layers and normalisations --------------------------------------------------------------


def _along_channels(module: Code, x: Code) -> Code:
    """Move the channels to the end, where the module works, and back."""
    return Behind(CallCode(module, (("", Behind(x, ".movedim(1, -1)")),)), ".movedim(-1, 1)")


def _dense(site: Site) -> Spelling:
    layer = site.layer
    flat = layer.over == "all"
    size = known(site.inputs[0].size) if flat else site.channels
    bias = SlotCode(bool(layer.bias), "bias", usual=True)
    made = call(
        "nn.Linear", SlotCode(size, "in_features"), SlotCode(layer.units, "out_features"), bias=bias
    )
    if site.rank == 0:
        return Spelling(made)
    if flat:
        return Spelling(made, lambda module, x: call(module, Behind(x, ".flatten(1)")))
    return Spelling(made, _along_channels)


def _rbf(site: Site) -> Spelling:
    size = SlotCode(known(site.inputs[0].size), "inputs")
    return Spelling(call("Rbf", size, SlotCode(site.layer.units, "units")), helpers=(("Rbf", 0),))


def _lrn(site: Site) -> Spelling:
    layer = site.layer
    made = call(
        "nn.LocalResponseNorm",
        SlotCode(layer.size, "size"),
        alpha=SlotCode(layer.alpha, "alpha", 1e-4),
        beta=SlotCode(layer.beta, "beta", 0.75),
        k=SlotCode(layer.k, "k", 1.0),
    )
    if site.rank:
        return Spelling(made)
    return Spelling(
        made, lambda module, x: Behind(call(module, Behind(x, "[:, :, None]")), "[:, :, 0]")
    )


def _trained(layer: AnyLayer) -> str:
    """Return what a normalisation trains, in a word: both, none, scale or shift."""
    if not layer.affine or not (layer.scale or layer.shift):
        return "none"
    return "both" if layer.scale and layer.shift else "scale" if layer.scale else "shift"


def _norm(
    site: Site,
    function: str,
    *arguments: Code,
    use: Callable[..., Code] = call,
    **named: Code | None,
) -> Spelling:
    """Spell a normalisation, with an array taken away where it trains only one of the two."""
    kind = _trained(site.layer)
    affine = "elementwise_affine" if "LayerNorm" in function else "affine"
    if kind == "none":
        named[affine] = "False"
    if kind == "scale" and function == "nn.LayerNorm":
        named["bias"] = "False"
        kind = "both"
    made: Code = call(function, *arguments, **named)
    if kind in ("both", "none"):
        return Spelling(made, use)
    gone = "bias" if kind == "scale" else "weight"
    helper = f"without_{gone}"
    return Spelling(call(helper, made), use, helpers=((helper, 0),))


def _batchnorm(site: Site) -> Spelling:
    statistics = None if site.layer.statistics else "False"
    size = SlotCode(site.channels, "num_features")
    return _norm(site, f"nn.BatchNorm{max(site.rank, 1)}d", size, track_running_stats=statistics)


def _layernorm(site: Site) -> Spelling:
    if site.layer.over == "all":
        return _norm(site, "nn.LayerNorm", SlotCode(extents(site.inputs[0]), "normalized_shape"))
    use = _along_channels if site.rank else call
    return _by_head(site, _norm(site, "nn.LayerNorm", _normalised(site), use=use))


def _normalised(site: Site) -> SlotCode:
    """Return how many channels are normalised together: all, or those of a head."""
    return SlotCode(site.channels // known(site.layer.heads), "normalized_shape")


def _by_head(site: Site, spelling: Spelling) -> Spelling:
    """Let a normalisation of channels work head by head."""
    if known(site.layer.heads) == 1 or spelling.module is None:
        return spelling
    renamed = (("weight", "norm.weight"), ("bias", "norm.bias"))
    helpers = (*spelling.helpers, ("HeadNorm", 0))
    return Spelling(call("HeadNorm", spelling.module), helpers=helpers, renamed=renamed)


def _groupnorm(site: Site) -> Spelling:
    groups = SlotCode(site.layer.groups, "num_groups")
    return _norm(site, "nn.GroupNorm", groups, SlotCode(site.channels, "num_channels"))


def _instancenorm(site: Site) -> Spelling:
    channels = SlotCode(site.channels, "num_features")
    if all(known(side) == 1 for side in site.inputs[0].sides):  # which InstanceNorm refuses
        return _norm(site, "nn.GroupNorm", channels, channels)
    affine = None if _trained(site.layer) == "none" else "True"
    return _norm(site, f"nn.InstanceNorm{site.rank}d", channels, affine=affine)


def _rmsnorm(site: Site) -> Spelling:
    affine = None if site.layer.scale else "False"
    made = call("nn.RMSNorm", _normalised(site), eps="1e-5", elementwise_affine=affine)
    return _by_head(site, Spelling(made, _along_channels if site.rank else call))


# -- element by element ---------------------------------------------------------------------------


def _module(name: str, **fields: str) -> Callable[[Site], Spelling]:
    """Spell a type by a class, with its fields by the class's words."""

    def spell(site: Site) -> Spelling:
        words = {
            word: SlotCode(getattr(site.layer, field_), word) for word, field_ in fields.items()
        }
        return Spelling(call(f"nn.{name}", *words.values()))

    return spell


def _function(text: str) -> Callable[[Site], Spelling]:
    """Spell a type by what stands behind its input."""
    return lambda _: Spelling(None, lambda x: Behind(x, text))


def _prelu(site: Site) -> Spelling:
    count = 1 if site.layer.shared else site.channels
    return Spelling(call("nn.PReLU", SlotCode(count, "num_parameters")))


def _hardtanh(site: Site) -> Spelling:
    low, high = site.layer.range
    return Spelling(call("nn.Hardtanh", SlotCode(low, "min_val"), SlotCode(high, "max_val")))


def _softmax(site: Site) -> Spelling:
    dims = _dims(site)
    if len(dims) == 1:
        return Spelling(call("nn.Softmax", dim=SlotCode(dims[0], "dim")))
    made = call("JointSoftmax", SlotCode(dims, "dims"))
    return Spelling(made, helpers=(("JointSoftmax", 0),))


def _depth(site: Site) -> Spelling:
    made = call("StochasticDepth", SlotCode(site.layer.rate, "rate"))
    return Spelling(made, helpers=(("StochasticDepth", 0),))


def _gated(gate: str) -> Callable[[Site], Spelling]:
    def spell(site: Site) -> Spelling:
        half = site.channels // 2
        return Spelling(
            None,
            lambda x: SumCode(
                "*", (Behind(x, f"[:, :{half}]"), call(gate, Behind(x, f"[:, {half}:]")))
            ),
        )

    return spell


def _maxout(site: Site) -> Spelling:
    return _function(f".unflatten(1, (-1, {site.layer.pieces})).amax(2)")(site)


# -- recurrent layers -----------------------------------------------------------------------------


def _recurrent(name: str) -> Callable[[Site], Spelling]:
    def spell(site: Site) -> Spelling:
        layer = site.layer
        if layer.biases == 1:
            reason = f"nn.{name} has two biases for every unit or none, but this layer has one"
            raise UnsayableError(reason, "say `biases: 2` of the layer, or 0")
        made = call(
            f"nn.{name}",
            SlotCode(site.channels, "input_size"),
            SlotCode(layer.units, "hidden_size"),
            num_layers=SlotCode(layer.layers, "num_layers", 1),
            bias=None if layer.biases else "False",
            batch_first="True",
            bidirectional="True" if layer.bidirectional else None,
        )
        if layer.returns == "all":
            behind = "[0].movedim(1, 2)"
        else:
            states = "[1][0]" if name == "LSTM" else "[1]"
            ways = "[-2:].movedim(0, 1).flatten(1)" if layer.bidirectional else "[-1]"
            behind = states + ways
        return Spelling(
            made, lambda module, x: Behind(call(module, Behind(x, ".movedim(1, 2)")), behind)
        )

    return spell


# -- trained arrays -------------------------------------------------------------------------------


def _numbers(site: Site) -> tuple[tuple[int, ...], tuple[int, ...] | None]:
    """Return the extents of a scale or a bias, and how it is laid along what flows in."""
    shape = extents(site.inputs[0])
    per = site.layer.per
    if per == "channel":
        return shape[:1], (shape[0], *(1,) * site.rank) if site.rank else None
    return {"position": shape[1:], "element": shape}.get(per, (1,)), None


def _scale(site: Site) -> Spelling:
    numbers, laid = _numbers(site)
    made = call(
        "Scale",
        SlotCode(numbers, "weight"),
        bias=SlotCode(numbers, "bias") if site.layer.bias else None,
        shape=SlotCode(laid, "shape") if laid else None,
        init=SlotCode(float(site.layer.init), "init", 1.0),
    )
    return Spelling(made, helpers=(("Scale", 0),))


def _bias(site: Site) -> Spelling:
    numbers, laid = _numbers(site)
    shape = SlotCode(laid, "shape") if laid else None
    return Spelling(call("Bias", SlotCode(numbers, "bias"), shape=shape), helpers=(("Bias", 0),))


def _position_embedding(site: Site) -> Spelling:
    sizes = (SlotCode(n, f"size_{axis}") for axis, n in enumerate(extents(site.inputs[0])))
    return Spelling(call("PositionEmbedding", *sizes), helpers=(("PositionEmbedding", 0),))


def _token(site: Site) -> Spelling:
    made = call("Tokens", SlotCode(site.channels, "channels"), SlotCode(site.layer.count, "count"))
    return Spelling(made, helpers=(("Tokens", 0),))


def _parameter(site: Site) -> Spelling:
    sizes = (SlotCode(n, f"size_{axis}") for axis, n in enumerate(extents(site.output)))
    return Spelling(call("TrainedArray", *sizes), helpers=(("TrainedArray", 0),))


def _embedding(site: Site) -> Spelling:
    entries = known(site.layer.entries)
    made = call(
        "nn.Embedding",
        SlotCode(entries, "num_embeddings"),
        SlotCode(known(site.layer.size), "embedding_dim"),
    )

    def use(module: Code, x: Code) -> Code:
        indices = Behind(x, "[:, 0]") if site.rank else x
        if not site.whole:  # the nearest indices, begun anew where they end
            indices = Behind(indices, f".round().long().remainder({entries})")
        return Behind(call(module, indices), ".movedim(-1, 1)")

    return Spelling(made, use)


# -- moving elements ------------------------------------------------------------------------------


def _reshape(site: Site) -> Spelling:
    *sides, channels = map(known, site.layer.shape)
    if not site.rank or not sides:
        inner = ", ".join(map(str, (channels, *sides)))
        return _function(f".reshape(-1, {inner})")(site)
    inner = ", ".join(map(str, (*sides, channels)))
    return _function(f".movedim(1, -1).reshape(-1, {inner}).movedim(-1, 1)")(site)


def _permute(site: Site) -> Spelling:
    order = ", ".join(str(axis + 1) for axis in site.layer.order)
    return _function(f".movedim(1, -1).permute(0, {order}).movedim(-1, 1)")(site)


def _pad(site: Site) -> Spelling:
    ends = last_side_first(pad_pairs(site.layer.pad, site.rank))
    return Spelling(call(f"nn.ZeroPad{site.rank}d", SlotCode(ends, "padding")))


def _crop(site: Site) -> Spelling:
    starts = [known(before) for before, _ in site.layer._cuts(site.inputs[0].sides)]  # noqa: SLF001
    sizes = extents(site.output)[1:]
    places = (f"{start}:{start + size}" for start, size in zip(starts, sizes, strict=True))
    return _function(f"[:, :, {', '.join(places)}]")(site)


def _upsample(site: Site) -> Spelling:
    layer, linear = site.layer, ("linear", "bilinear", "trilinear")
    mode = "nearest" if layer.mode == "nearest" else linear[site.rank - 1]
    fields: dict[str, Code | None] = {}
    if layer.size is not None:
        fields["size"] = SlotCode(alike_as_one(extents(site.output)[1:]), "size")
    else:
        factors = [
            f.times / f.over if isinstance(f, Rational) else float(f)
            for f in layer.factors(site.inputs[0])
        ]
        whole = [int(f) if f.is_integer() else f for f in factors]
        fields["scale_factor"] = SlotCode(alike_as_one(whole), "scale_factor")
    if mode != "nearest":
        fields["mode"] = SlotCode(mode, "mode")
    fields["align_corners"] = None if layer.align == "centres" else "True"
    return Spelling(call("nn.Upsample", **fields))


def _channel_shuffle(site: Site) -> Spelling:
    groups = site.layer.groups
    if site.rank:
        return Spelling(call("nn.ChannelShuffle", SlotCode(groups, "groups")))
    return _function(f".unflatten(1, ({groups}, -1)).transpose(1, 2).flatten(1)")(site)


def _slice(site: Site) -> Spelling:
    *sides, channels = site.layer.parts(site.inputs[0])
    texts = [":"]
    for _, n, part in (channels, *sides):
        if part is None:
            texts.append(":")
            continue
        first, after = ((known(end)) for end in part.ends(known(n)))
        step = 1 if isinstance(part, PartOf) else known(part.step)
        texts.append(f"{first}:{after}" + (f":{step}" if step != 1 else ""))
    while texts[-1] == ":":
        texts.pop()
    return _function(f"[{', '.join(texts)}]")(site)


def _pad_channels(site: Site) -> Spelling:
    ends = literal((*(0, 0) * site.rank, *map(int, site.layer.channels)))
    return Spelling(None, lambda x: call("F.pad", x, ends))


def _blocks(native: str, helper: str) -> Callable[[Site], Spelling]:
    def spell(site: Site) -> Spelling:
        factors = site.spread(site.layer.factor)
        first = site.layer.order == "crd"
        if len(factors) == 2 and len(set(factors)) == 1 and first:
            return Spelling(call(f"nn.{native}", SlotCode(factors[0], "factor")))
        made = call(helper, SlotCode(factors, "factors"), channels_first=literal(first))
        return Spelling(made, helpers=((helper, 0),))

    return spell


def _roll(site: Site) -> Spelling:
    shifts = site.spread(site.layer.shift)
    dims = tuple(range(2, 2 + site.rank))
    return Spelling(None, lambda x: call("torch.roll", x, literal(shifts), literal(dims)))


def _partition(name: str) -> Callable[[Site], Spelling]:
    def spell(site: Site) -> Spelling:
        layer, rank = site.layer, len(site.inputs[-1].sides)
        grid = {"grid": "True"} if layer.grid else {}
        size, shift = (per_side(tuple(v), rank, "size") for v in (layer.size, layer.shift))
        made = call(name, SlotCode(size, "size"), SlotCode(shift, "shift"), **grid)
        return Spelling(made, helpers=((name, 0),))

    return spell


def _window_mask(site: Site) -> Spelling:
    rank = len(site.inputs[1].sides)
    size, shift = (per_side(tuple(v), rank, "size") for v in (site.layer.size, site.layer.shift))
    made = call("WindowMask", SlotCode(size, "size"), SlotCode(shift, "shift"))
    return Spelling(made, helpers=(("WindowMask", 0),))


def _relative_position(site: Site) -> Spelling:
    size = tuple(site.layer.size)
    sides = size * 2 if len(size) == 1 else size
    heads = known(site.inputs[0].sides[-2])
    made = call("RelativePosition", SlotCode(sides, "sides"), SlotCode(heads, "heads"))
    return Spelling(made, helpers=(("RelativePosition", 0),))


def _matmul(site: Site) -> Spelling:
    layer = site.layer
    usual = {"transpose": "none", "merge": "none", "windows": False, "root": False}
    names = ("transpose", "heads", "groups", "merge", "windows", "first", "second", "root")
    fields = {name: getattr(layer, name) for name in names} | channels_of_operands(
        layer, site.inputs
    )
    words: dict[str, Code | None] = {
        name: SlotCode(value, name)
        for name, value in fields.items()
        if value is not None and value != usual.get(name)
    }
    return Spelling(call("MatrixProduct", **words), helpers=(("MatrixProduct", 0),))


# -- along axes, and joins ------------------------------------------------------------------------


def _dims(site: Site) -> tuple[int, ...]:
    """Return the axes that a layer works over, as PyTorch numbers them."""
    axes = chosen(site.layer.over, site.inputs[0])
    return tuple(1 if axis == site.rank else axis + 2 for axis in axes)


def _reduced(name: str) -> Callable[[Site], Spelling]:
    def spell(site: Site) -> Spelling:
        dims = _dims(site)
        text = f".{name}({literal(dims)}" + (", keepdim=True)" if site.layer.keep else ")")
        if not site.layer.keep and 1 in dims:  # the last axis left holds the channels
            text += "[:, None]" if len(dims) == site.rank + 1 else ".movedim(-1, 1)"
        return _function(text)(site)

    return spell


def _l2norm(site: Site) -> Spelling:
    dims = _dims(site)
    dim = None if dims == (1,) else literal(dims[0] if len(dims) == 1 else dims)
    return Spelling(None, lambda x: call("F.normalize", x, dim=dim))


def _concat(_: Site) -> Spelling:
    def use(*operands: Code) -> Code:
        return call("torch.cat", Items(tuple((x, "") for x in operands)), dim="1")

    return Spelling(None, use)


def _operands(site: Site, operands: tuple[Code, ...]) -> list[Code]:
    """Let vectors stretch over the sides of maps beside them, and add the constants."""
    rank = max(len(shape.sides) for shape in site.inputs)
    laid = [
        x if len(shape.sides) == rank else Behind(x, f"[:, :{', None' * rank}]")
        for x, shape in zip(operands, site.inputs, strict=True)
    ]
    left, right = site.layer.left, site.layer.right
    before = [] if left is None else [literal(float(left))]
    return [*before, *laid, *([] if right is None else [literal(float(right))])]


def _operator(sign: str) -> Callable[[Site], Spelling]:
    def spell(site: Site) -> Spelling:
        def use(*operands: Code) -> Code:
            terms = _operands(site, operands)
            return terms[0] if len(terms) == 1 else SumCode(sign, tuple(terms))

        return Spelling(None, use)

    return spell


def _extremum(function: str, bound: str) -> Callable[[Site], Spelling]:
    def spell(site: Site) -> Spelling:
        def use(*operands: Code) -> Code:
            constants = [c for c in (site.layer.left, site.layer.right) if c is not None]
            first, *others = _operands(site._replace(layer=_NO_CONSTANTS), operands)
            for other in others:
                first = call(function, first, other)
            for constant in constants:
                first = Behind(first, f".clamp({bound}={literal(float(constant))})")
            return first

        return Spelling(None, use)

    return spell


class _NoConstants(NamedTuple):
    """Stands for a join without constants."""

    left: float | None = None
    right: float | None = None


_NO_CONSTANTS = _NoConstants()


def _nothing(_: Site) -> Spelling:
    return Spelling(call("nn.Identity"))


#: How every type is spelled.
SPELLINGS: dict[str, Callable[[Site], Spelling]] = {
    **WINDOWS,
    "dense": _dense,
    "rbf": _rbf,
    "lrn": _lrn,
    "batchnorm": _batchnorm,
    "layernorm": _layernorm,
    "groupnorm": _groupnorm,
    "instancenorm": _instancenorm,
    "rmsnorm": _rmsnorm,
    "relu": _module("ReLU"),
    "relu6": _module("ReLU6"),
    "leaky_relu": _module("LeakyReLU", negative_slope="slope"),
    "prelu": _prelu,
    "elu": _module("ELU", alpha="alpha"),
    "gelu": _module("GELU"),
    "silu": _module("SiLU"),
    "sigmoid": _module("Sigmoid"),
    "hard_sigmoid": _module("Hardsigmoid"),
    "hard_swish": _module("Hardswish"),
    "tanh": _module("Tanh"),
    "softplus": _module("Softplus"),
    "mish": _module("Mish"),
    "softmax": _softmax,
    "dropout": _module("Dropout", p="rate"),
    "stochastic_depth": _depth,
    "identity": _nothing,
    "glu": lambda _: Spelling(call("nn.GLU", dim="1")),
    "geglu": _gated("F.gelu"),
    "swiglu": _gated("F.silu"),
    "maxout": _maxout,
    "rnn": _recurrent("RNN"),
    "lstm": _recurrent("LSTM"),
    "gru": _recurrent("GRU"),
    "embedding": _embedding,
    "flatten": lambda _: Spelling(call("nn.Flatten")),
    "reshape": _reshape,
    "permute": _permute,
    "pad": _pad,
    "crop": _crop,
    "upsample": _upsample,
    "channel_shuffle": _channel_shuffle,
    "slice": _slice,
    "pad_channels": _pad_channels,
    "pixel_shuffle": _blocks("PixelShuffle", "BlockShuffle"),
    "pixel_unshuffle": _blocks("PixelUnshuffle", "BlockUnshuffle"),
    "concat": _concat,
    "add": _operator("+"),
    "multiply": _operator("*"),
    "subtract": _operator("-"),
    "divide": _operator("/"),
    "maximum": _extremum("torch.maximum", "min"),
    "minimum": _extremum("torch.minimum", "max"),
    "abs": _function(".abs()"),
    "negative": _function(".neg()"),
    "exp": _function(".exp()"),
    "log": _function(".log()"),
    "sqrt": _function(".sqrt()"),
    "power": lambda site: _function(f".pow({literal(site.layer.exponent)})")(site),
    "clip": lambda site: _function(f".clamp({', '.join(map(literal, site.layer.range))})")(site),
    "hardtanh": _hardtanh,
    "mean": _reduced("mean"),
    "sum": _reduced("sum"),
    "max": _reduced("amax"),
    "l2norm": _l2norm,
    "scale": _scale,
    "bias": _bias,
    "position_embedding": _position_embedding,
    "token": _token,
    "parameter": _parameter,
    "matmul": _matmul,
    "causal_mask": lambda _: Spelling(call("CausalMask"), helpers=(("CausalMask", 0),)),
    "window_mask": _window_mask,
    "relative_position": _relative_position,
    "roll": _roll,
    "window_partition": _partition("WindowPartition"),
    "window_merge": _partition("WindowMerge"),
}

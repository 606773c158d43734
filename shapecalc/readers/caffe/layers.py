"""What Caffe's layers are as layers of ours, by their types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.readers.caffe.fields import CaffeFields, CaffeLayer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from shapecalc.readers.caffe.network import CaffeNetwork


class CaffeLayerWriter:
    """Writes what a layer of the file is, under its name."""

    def __init__(
        self, network: CaffeNetwork, layer: CaffeLayer, sources: list[str], completed: bool
    ) -> None:
        self.network = network
        self.layer = layer
        self.sources = sources
        #: Whether what it reads is read by it alone
        self.completes = completed

    def parameters(self, name: str) -> CaffeFields:
        """Return the parameters of its type."""
        return self.layer.parameters(name)

    def add(
        self,
        kind: str,
        sources: Sequence[str] | None = None,
        name: str = "",
        /,
        **fields: Any,  # noqa: ANN401
    ) -> list[str]:
        """Write a layer; return the one top that it has."""
        given = self.sources if sources is None else sources
        return [self.network.layers.add(kind, fields, given, name or self.layer.name)]

    def learned(self, kind: str, **fields: Any) -> list[str]:  # noqa: ANN401
        """Write a layer with weights, which others may share or nothing may train."""
        count = 1 if kind in ("bias", "prelu") else 1 + fields.get("bias", True)
        names = self.weight_names(count)
        owners = [self.network.owners.get(name) for name in names]
        if any(owners):
            owner = (owners[0] or ("",))[0]
            if owners != [(owner, place, count) for place in range(count)]:
                raise self.layer.fault(
                    "it shares some of its weights, and a layer shares all or none",
                    "give the others their names, too",
                )
            return self.add(kind, **fields, share=owner)
        if self.is_frozen(count):
            fields["trainable"] = False
        (written,) = self.add(kind, **fields)
        owned = {name: (written, place, count) for place, name in enumerate(names) if name}
        self.network.owners.update(owned)
        return [written]

    def weight_names(self, count: int) -> list[str]:
        """Return the names that its weights have, empty where they have none."""
        message = self.layer.message
        names = [word.text for word in message.words("param")] or [
            block.word("name") for block in message.messages("param")
        ]
        return [*names, *[""] * count][:count]

    def is_frozen(self, count: int) -> bool:
        """Tell whether nothing trains its weights."""
        message = self.layer.message
        blocks = [CaffeFields(self.layer, block) for block in message.messages("param")]
        rates = [block.number("lr_mult", 1) for block in blocks]
        rates += CaffeFields(self.layer, message).numbers("blobs_lr")
        still = [rate == 0 for rate in (*rates, *[1] * count)[:count]]
        if any(still) and not all(still):
            self.network.remarks.append(
                f"'{self.layer.name}' trains only some of its weights: all count as trained"
            )
        return all(still)


def _window(parameters: CaffeFields, *, pool: bool = False) -> dict[str, Any]:
    """Return the fields of a window."""
    fields: dict[str, Any] = {"kernel": parameters.sides("kernel_size", "kernel")}
    stride = parameters.sides("stride", "stride", 1)
    if stride != 1 or pool:
        fields["stride"] = stride
    for word in ("pad", "dilation"):
        size = parameters.sides(word, word, {"pad": 0, "dilation": 1}[word])
        if size != {"pad": 0, "dilation": 1}[word]:
            fields[word] = size
    return fields


def _convolution(write: CaffeLayerWriter, kind: str) -> list[str]:
    parameters = write.parameters("convolution")
    parameters.channels_axis()
    fields: dict[str, Any] = {"filters": parameters.whole("num_output"), **_window(parameters)}
    groups = parameters.whole("group", 1)
    if groups != 1:
        fields["groups"] = groups
    if not parameters.truth("bias_term", default=True):
        fields["bias"] = False
    return write.learned(kind, **fields)


def _pool(write: CaffeLayerWriter) -> list[str]:
    parameters = write.parameters("pooling")
    means = parameters.choice("pool", "MAX", "AVE", "STOCHASTIC")
    if means == "STOCHASTIC":
        write.network.remarks.append(
            f"'{write.layer.name}' draws at random in training: a mean stands for it"
        )
    mean = means != "MAX"
    if parameters.truth("global_pooling", default=False):
        return write.add("global_avgpool" if mean else "global_maxpool")
    rounding = parameters.choice("round_mode", "CEIL", "FLOOR")
    return write.add(
        "avgpool" if mean else "maxpool",
        **_window(parameters, pool=True),
        **({"rounding": "ceil_caffe"} if rounding == "CEIL" else {}),
    )


def _dense(write: CaffeLayerWriter) -> list[str]:
    parameters = write.parameters("inner_product")
    parameters.channels_axis()
    bias = {} if parameters.truth("bias_term", default=True) else {"bias": False}
    return write.learned("dense", units=parameters.whole("num_output"), **bias)


def _lrn(write: CaffeLayerWriter) -> list[str]:
    parameters = write.parameters("lrn")
    size = parameters.whole("local_size", 5)
    alpha, beta = parameters.number("alpha", 1), parameters.number("beta", 0.75)
    region = parameters.choice("norm_region", "ACROSS_CHANNELS", "WITHIN_CHANNEL")
    if region == "ACROSS_CHANNELS":
        return write.add("lrn", size=size, alpha=alpha, beta=beta, k=parameters.number("k", 1))
    # Caffe itself puts it together of other layers
    chain: list[tuple[str, dict[str, Any]]] = [
        ("power", {"exponent": 2}),
        (
            "avgpool",
            {"kernel": size, "stride": 1, "pad": (size - 1) // 2, "rounding": "ceil_caffe"},
        ),
        ("multiply", {"right": alpha}),
        ("add", {"right": 1}),
        ("power", {"exponent": -beta}),
    ]
    return write.add("multiply", [write.sources[0], _chain(write, chain)[0]])


def _chain(write: CaffeLayerWriter, layers: Iterable[tuple[str, dict[str, Any]]]) -> list[str]:
    """Write layers behind each other, under names of their own."""
    sources = write.sources
    for kind, fields in layers:
        sources = write.add(kind, sources, f"{write.layer.name}_{kind}", **fields)
    return sources


def _power(write: CaffeLayerWriter) -> list[str]:
    parameters = write.parameters("power")
    chain: list[tuple[str, dict[str, Any]]] = [
        ("multiply", {"right": parameters.number("scale", 1)}),
        ("add", {"right": parameters.number("shift", 0)}),
        ("power", {"exponent": parameters.number("power", 1)}),
    ]
    steps = [
        (kind, fields)
        for (kind, fields), nothing in zip(chain, (1, 0, 1), strict=True)
        if next(iter(fields.values())) != nothing
    ]
    if not steps:
        return write.add("identity")
    before, (kind, fields) = steps[:-1], steps[-1]
    return write.add(kind, _chain(write, before), **fields)


def _eltwise(write: CaffeLayerWriter) -> list[str]:
    parameters = write.parameters("eltwise")
    kind = parameters.choice("operation", "PROD", "SUM", "MAX", default=1)
    sources = list(write.sources)
    coefficients = parameters.numbers("coeff")
    if kind == "SUM" and coefficients == [1, -1]:
        return write.add("subtract")
    if kind == "SUM":
        for at, factor in enumerate(coefficients[: len(sources)]):
            if factor != 1:
                name = f"{write.layer.name}_{at + 1}"
                (sources[at],) = write.add("multiply", [sources[at]], name, right=factor)
    return write.add({"PROD": "multiply", "SUM": "add", "MAX": "maximum"}[kind], sources)


def _concat(write: CaffeLayerWriter) -> list[str]:
    parameters = write.parameters("concat")
    parameters.channels_axis("concat_dim")
    return write.add("concat") if len(write.sources) > 1 else write.sources


def _slice(write: CaffeLayerWriter) -> list[str]:
    parameters = write.parameters("slice")
    parameters.channels_axis("slice_dim")
    points = parameters.wholes("slice_point")
    tops = len(write.layer.tops)
    if points and len(points) != tops - 1:
        raise write.layer.fault(f"its {tops} tops need {tops - 1} slice_points, not {len(points)}")
    parts: list[object] = [f"{at + 1} of {tops}" for at in range(tops)]
    if points:
        parts = [list(pair) for pair in zip([0, *points], [*points, "channels"], strict=True)]
    asked = [word.text not in write.network.silenced for word in write.layer.tops]
    names = [f"{write.layer.name}_{word.text}" for word in write.layer.tops]
    if sum(asked) == 1:
        names = [write.layer.name] * tops
    return [
        write.add("slice", None, name, channels=part)[0] if used else ""
        for name, part, used in zip(names, parts, asked, strict=True)
    ]


def _reshape(write: CaffeLayerWriter) -> list[str]:
    parameters = CaffeFields(write.layer, write.parameters("reshape").message.message("shape"))
    dims = parameters.wholes("dim")
    if write.parameters("reshape").has("axis", "num_axes") or not dims:
        raise write.layer.fault("only a whole shape is read: reshape_param { shape { dim: ... } }")
    if len(dims) == 2 and dims[1] == -1:
        return write.add("flatten")
    if len(dims) > 1 and min(dims[1:]) > 0:
        return write.add("reshape", shape=[*dims[2:], dims[1]])
    raise write.layer.fault("a shape with 0 or -1 behind the batch is not read", "write numbers")


def _batchnorm(write: CaffeLayerWriter) -> list[str]:
    fields: dict[str, Any] = {"affine": False}
    written = write.network.layers.add("batchnorm", fields, write.sources, write.layer.name)
    write.network.norms[written] = fields
    return [written]


def _scale(write: CaffeLayerWriter) -> list[str]:
    """Write trained factors, as part of the batch normalisation that they alone follow."""
    if len(write.sources) > 1:
        return write.add("multiply")
    parameters = write.parameters("scale")
    bias = parameters.truth("bias_term", default=False)
    per, count = _extent(write, parameters), 1 + bias
    norm = write.network.norms.get(write.sources[0])
    if norm is None or per != "channel" or not write.completes or any(write.weight_names(count)):
        return write.learned("scale", per=per, bias=bias)
    del write.network.norms[write.sources[0]], norm["affine"]
    if not bias:
        norm["shift"] = False
    if write.is_frozen(count):
        norm["trainable"] = False
    return write.sources


def _extent(write: CaffeLayerWriter, parameters: CaffeFields) -> str:
    """Return what has a number of its own."""
    axis, count = parameters.whole("axis", 1), parameters.whole("num_axes", 1)
    if (axis, count) == (1, 1):
        return "channel"
    if (axis, count) in ((1, -1), (0, 0)):
        return "element" if count else "one"
    raise write.layer.fault(
        f"axis {axis} and num_axes {count} have no layer", "axis 1, num_axes 1 or -1"
    )


def _crop(write: CaffeLayerWriter) -> list[str]:
    parameters = write.parameters("crop")
    if parameters.whole("axis", 2) != 2 or len(write.sources) != 2:
        raise write.layer.fault(
            "its axis is not 2: only sides are cropped, to those of a second bottom"
        )
    offsets = parameters.wholes("offset") or [0]
    offset = offsets[0] if len(offsets) == 1 else offsets
    return write.add("crop", write.sources[:1], like=write.sources[1], offset=offset)


def _plain(kind: str, name: str = "", **only: int) -> Callable[[CaffeLayerWriter], list[str]]:
    """Return the rule of a layer whose parameters, if it has any, are read at their defaults."""

    def rule(write: CaffeLayerWriter) -> list[str]:
        parameters = write.parameters(name)
        for field, default in only.items():
            if parameters.number(field, default) != default:
                raise write.layer.fault(f"its {field} is read as {default} alone, Caffe's default")
        return write.add(kind, write.sources[:1])

    return rule


def _relu(write: CaffeLayerWriter) -> list[str]:
    slope = write.parameters("relu").number("negative_slope", 0)
    return write.add("leaky_relu", slope=slope) if slope else write.add("relu")


def _clip(write: CaffeLayerWriter) -> list[str]:
    parameters = write.parameters("clip")
    bounds = [parameters.numbers(word)[-1:] for word in ("min", "max")]
    if not all(bounds):
        raise write.layer.fault("it has no min or no max", "add `clip_param { min: 0 max: 6 }`")
    low, high = bounds[0][0], bounds[1][0]
    return write.add("relu6") if (low, high) == (0, 6) else write.add("clip", range=[low, high])


def _mvn(write: CaffeLayerWriter) -> list[str]:
    parameters = write.parameters("mvn")
    if not parameters.truth("normalize_variance", default=True):
        raise write.layer.fault("a mean that is taken off, and no variance, is not read")
    if parameters.truth("across_channels", default=False):
        return write.add("layernorm", over="all", affine=False)
    return write.add("instancenorm", affine=False)


LAYERS: dict[str, Callable[[CaffeLayerWriter], list[str]]] = {
    "absval": _plain("abs"),
    "batchnorm": _batchnorm,
    "bias": lambda write: (
        write.add("add")
        if len(write.sources) > 1
        else write.learned("bias", per=_extent(write, write.parameters("bias")))
    ),
    "bnll": _plain("softplus"),
    "clip": _clip,
    "concat": _concat,
    "convolution": lambda write: _convolution(write, "conv"),
    "crop": _crop,
    "deconvolution": lambda write: _convolution(write, "transposed"),
    "dropout": lambda write: write.add(
        "dropout", rate=write.parameters("dropout").number("dropout_ratio", 0.5)
    ),
    "eltwise": _eltwise,
    "elu": lambda write: write.add("elu", alpha=write.parameters("elu").number("alpha", 1)),
    "exp": _plain("exp", "exp", base=-1, scale=1, shift=0),
    "flatten": _plain("flatten", "flatten", axis=1, end_axis=-1),
    "innerproduct": _dense,
    "log": _plain("log", "log", base=-1, scale=1, shift=0),
    "lrn": _lrn,
    "mvn": _mvn,
    "pooling": _pool,
    "power": _power,
    "prelu": lambda write: write.learned(
        "prelu", shared=write.parameters("prelu").truth("channel_shared", default=False)
    ),
    "relu": _relu,
    "reshape": _reshape,
    "scale": _scale,
    "sigmoid": _plain("sigmoid"),
    "sigmoidcrossentropyloss": _plain("sigmoid"),
    "slice": _slice,
    "softmax": _plain("softmax", "softmax", axis=1),
    "softmaxloss": _plain("softmax", "softmax", axis=1),
    "softmaxwithloss": _plain("softmax", "softmax", axis=1),
    "swish": _plain("silu", "swish", beta=1),
    "tanh": _plain("tanh"),
}

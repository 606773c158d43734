"""What each layer of Keras is in our language."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from shapecalc.readers.json_text import JsonFields, is_number, is_whole, shown
from shapecalc.readers.keras.call import LayerCall
from shapecalc.readers.keras.flow import TensorNumber
from shapecalc.readers.keras.own import OPERATIONS, reduced, unrolled_cell

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shapecalc.readers.keras.flow import Flow

#: An activation by its name: our layer, with the fields that Keras' defaults differ in.
ACTIVATIONS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "elu": ("elu", {}),
    "exponential": ("exp", {}),
    "gelu": ("gelu", {}),
    "glu": ("glu", {}),
    "hard_sigmoid": ("hard_sigmoid", {}),
    "hard_silu": ("hard_swish", {}),
    "hard_swish": ("hard_swish", {}),
    "hard_tanh": ("hardtanh", {}),
    "leaky_relu": ("leaky_relu", {"slope": 0.2}),
    "mish": ("mish", {}),
    "relu": ("relu", {}),
    "relu6": ("relu6", {}),
    "sigmoid": ("sigmoid", {}),
    "silu": ("silu", {}),
    "softmax": ("softmax", {}),
    "softplus": ("softplus", {}),
    "swish": ("silu", {}),
    "tanh": ("tanh", {}),
}
#: Layers that may stand where an activation does.
_ACTIVATION_LAYERS = ("ELU", "LeakyReLU", "PReLU", "ReLU", "Softmax")
#: Scaled exponential linear units: where they bend to, and how they are scaled.
_SELU = (1.6732632423543772, 1.0507009873554805)


def _activated(call: LayerCall, flow: Flow, part: str | None = None) -> Flow:
    """Write the activation that a layer has within itself, if any."""
    value = call.config.get("activation")
    if isinstance(value, dict):  # a layer, or a function, written out
        kind, config = value.get("class_name"), value.get("config")
        if kind in _ACTIVATION_LAYERS:
            own = JsonFields(call.layer.name, call.layer.owner, value)
            path = call.path + ("_activation" if part is None else part)
            return LAYERS[kind](LayerCall(call.written, own, path, [flow], {}))
        value = config if isinstance(config, str) else kind
    if value in (None, "linear"):
        return flow
    known = ACTIVATIONS.get(value) if isinstance(value, str) else None
    if value == "selu":
        alpha, scale = _SELU
        bent = call.add("elu", [flow], "_elu" if part is None else f"{part}_elu", alpha=alpha)
        return call.add("multiply", [bent], "_selu" if part is None else part, right=scale)
    if known is None:
        raise call.layer.fault(f"there is no layer for its activation {shown(value)}")
    kind, fields = known
    if kind == "softmax" and call.written.channels_first and flow.rank > 1:
        raise call.layer.fault("its softmax works along a side, not along the channels")
    return call.add(kind, [flow], f"_{value}" if part is None else part, **fields)


# Windows


def _window(call: LayerCall, sides: int, kernel: str = "kernel_size") -> dict[str, Any]:
    """Return the fields of a window; pools stride by their size."""
    config = call.config
    if config.text("data_format") == "channels_last" and call.written.channels_first:
        raise call.layer.fault("it has its channels last, and other layers have them first")
    if call.flow.sides != sides:
        raise call.layer.fault(
            f"it works on {sides} sides, and what it reads has {call.flow.sides}"
        )
    fields: dict[str, Any] = {"kernel": call.sizes(kernel, sides)}
    stride = call.sizes("strides", sides, 1)
    if kernel == "pool_size":
        fields["stride"] = stride if "strides" in config else fields["kernel"]
    elif stride != 1:
        fields["stride"] = stride
    padding = config.text("padding", "valid").lower()
    if padding not in ("valid", "same", "causal"):
        raise call.layer.fault(f"its padding is valid, same or causal, not '{padding}'")
    if padding != "valid":
        fields["pad"] = padding
    dilation = call.sizes("dilation_rate", sides, 1)
    if dilation != 1:
        fields["dilation"] = dilation
    return fields


def _bias(call: LayerCall) -> dict[str, bool]:
    return {} if call.config.truth("use_bias", default=True) else {"bias": False}


def _conv(sides: int) -> Callable[[LayerCall], Flow]:
    def rule(call: LayerCall) -> Flow:
        groups = call.config.whole("groups", 1)
        flow = call.add(
            "conv",
            filters=call.config.whole("filters"),
            **_window(call, sides),
            **({"groups": groups} if groups != 1 else {}),
            **_bias(call),
        )
        return _activated(call, flow)

    return rule


def _depthwise(sides: int) -> Callable[[LayerCall], Flow]:
    def rule(call: LayerCall) -> Flow:
        multiplier = call.config.whole("depth_multiplier", 1)
        more = {"multiplier": multiplier} if multiplier != 1 else {}
        return _activated(
            call, call.add("depthwise", **_window(call, sides), **more, **_bias(call))
        )

    return rule


def _separable(sides: int) -> Callable[[LayerCall], Flow]:
    def rule(call: LayerCall) -> Flow:
        multiplier = call.config.whole("depth_multiplier", 1)
        flow = call.add(
            "separable",
            filters=call.config.whole("filters"),
            **_window(call, sides),
            **({"multiplier": multiplier} if multiplier != 1 else {}),
            **_bias(call),
        )
        return _activated(call, flow)

    return rule


def _transposed(sides: int) -> Callable[[LayerCall], Flow]:
    def rule(call: LayerCall) -> Flow:
        fields = _window(call, sides)
        fields.setdefault("pad", "valid")
        if "output_padding" in call.config:
            fields["output_padding"] = call.sizes("output_padding", sides)
        flow = call.add("transposed", filters=call.config.whole("filters"), **fields, **_bias(call))
        return _activated(call, flow)

    return rule


def _pool(kind: str, sides: int) -> Callable[[LayerCall], Flow]:
    def rule(call: LayerCall) -> Flow:
        fields = _window(call, sides, "pool_size")
        if kind == "avgpool" and "pad" in fields:
            fields["count_include_pad"] = False
        if call.flow.around and "pad" not in fields:
            fields["pad"] = [list(pair) for pair in call.flow.around]
        return call.add(kind, **fields)

    return rule


def _global(kind: str) -> Callable[[LayerCall], Flow]:
    """Return the rule of a global pool, whose result stays a map of one place in ours."""

    def rule(call: LayerCall) -> Flow:
        keep = call.config.truth("keepdims", default=False)
        flow = call.add(kind)
        return flow if keep else flow._replace(rank=1)

    return rule


def _adaptive(kind: str, sides: int) -> Callable[[LayerCall], Flow]:
    return lambda call: call.add(kind, size=call.sizes("output_size", sides))


# Layers by themselves


def _dense(call: LayerCall) -> Flow:
    over = {} if call.flow.rank == 1 else {"over": "channels"}
    if over and call.written.channels_first:
        raise call.layer.fault("it works along a side, not along the channels")
    flow = call.add("dense", units=call.config.whole("units"), **over, **_bias(call))
    return _activated(call, flow if over else flow._replace(sides=0))


def _flatten(call: LayerCall) -> Flow:
    if call.flow.sides == 0:
        return call.flow
    return call.add("flatten")._replace(rank=1, sides=0)


def _reshape(call: LayerCall) -> Flow:
    target = call.written.channels_last(call.config.wholes("target_shape"))
    flow = call.flow
    if -1 in target:
        known = flow.shape if flow.shape and None not in flow.shape else None
        rest = math.prod(size for size in target if size != -1)
        if known is None:
            if target == [-1]:
                return _flatten(call)
            raise call.layer.fault("a size of -1 is not read where the input's sizes are open")
        size = math.prod(extent or 0 for extent in known)
        target = [size // rest if extent == -1 and rest > 0 else extent for extent in target]
    if flow.sides != flow.rank - 1 and target == [*[1] * flow.sides, target[-1]]:
        return flow._replace(rank=len(target))  # ours is still the map of one place
    if len(target) == 1:
        return _flatten(call)
    return call.add("reshape", shape=target)._replace(rank=len(target), sides=len(target) - 1)


def _permute(call: LayerCall) -> Flow:
    if call.written.channels_first:
        raise call.layer.fault("axes are not moved where channels come first")
    return call.add("permute", order=[axis - 1 for axis in call.config.wholes("dims")])


def _rim(kind: str, field: str, key: str, sides: int) -> Callable[[LayerCall], Flow]:
    def rule(call: LayerCall) -> Flow:
        value = call.config.get(key)
        pairs = value if isinstance(value, list) else [value] * sides
        if sides == 1 and len(pairs) == 2:
            pairs = [pairs]
        pairs = [pair if isinstance(pair, list) else [pair, pair] for pair in pairs]
        if len(pairs) != sides or not all(
            len(pair) == 2 and all(map(is_whole, pair)) for pair in pairs
        ):
            raise call.layer.fault(f"{key} has two numbers for each of {sides} sides")
        return call.add(kind, **{field: pairs})

    return rule


def _upsampling(sides: int) -> Callable[[LayerCall], Flow]:
    def rule(call: LayerCall) -> Flow:
        return call.add("upsample", factor=call.sizes("size", sides, 2), **_mode(call))

    return rule


def _mode(call: LayerCall, default: str = "nearest") -> dict[str, str]:
    mode = call.config.text("interpolation", default)
    if mode not in ("nearest", "bilinear"):
        raise call.layer.fault(f"it interpolates by {mode}; nearest and bilinear are read")
    return {"mode": mode} if mode != "nearest" else {}


def _resizing(call: LayerCall) -> Flow:
    size = [call.config.whole("height"), call.config.whole("width")]
    return call.add("upsample", to=size, **_mode(call, "bilinear"))


def _channels(call: LayerCall, axis: Any) -> None:  # noqa: ANN401
    """Refuse a layer that normalises along a side."""
    axes = axis if isinstance(axis, list) else [axis]
    for value in axes:
        if not is_whole(value) or call.axis(int(value), call.flow.rank) != -1:
            raise call.layer.fault(f"it works along axis {shown(value)}, not along the channels")


def _affine(call: LayerCall) -> dict[str, bool]:
    scale, shift = (call.config.truth(key, default=True) for key in ("scale", "center"))
    if not scale and not shift:
        return {"affine": False}
    return {**({} if scale else {"scale": False}), **({} if shift else {"shift": False})}


def _batchnorm(call: LayerCall) -> Flow:
    axis = call.config.get("axis")
    _channels(call, -1 if axis is None else axis)
    return call.add("batchnorm", **_affine(call))


def _rmsnorm(call: LayerCall) -> Flow:
    axis = call.config.get("axis")
    _channels(call, -1 if axis is None else axis)
    return call.add("rmsnorm")


def _layernorm(call: LayerCall) -> Flow:
    axis = call.config.get("axis")
    axes = axis if isinstance(axis, list) else [-1 if axis is None else axis]
    if call.config.truth("rms_scaling", default=False):
        _channels(call, axes)
        return call.add("rmsnorm")
    if len(axes) > 1 and len(axes) == call.flow.rank:
        return call.add("layernorm", over="all", **_affine(call))
    _channels(call, axes)
    return call.add("layernorm", **_affine(call))


def _groupnorm(call: LayerCall) -> Flow:
    _channels(call, call.config.whole("axis", -1))
    groups = call.config.whole("groups", 32)
    if groups == -1:
        return call.add("instancenorm", **_affine(call))
    return call.add("groupnorm", groups=groups, **_affine(call))


def _normalization(call: LayerCall) -> Flow:
    """Write the normalisation of an input by what was measured: statistics, which are kept."""
    stated = "mean" in call.config
    return call.add("batchnorm", affine=False, **({"statistics": False} if stated else {}))


def _rescaling(call: LayerCall) -> Flow:
    scale, offset = call.config.get("scale"), call.config.get("offset")
    if not (is_number(scale) and (offset is None or is_number(offset))):
        # a number per channel: what a normalisation without anything to keep does
        return call.add("batchnorm", affine=False, statistics=False)
    if not offset:
        return call.add("multiply", right=scale)
    return call.add("add", [call.add("multiply", None, "_scale", right=scale)], right=offset)


def _relu(call: LayerCall) -> Flow:
    config = call.config
    most = config.get("max_value")
    slope = config.number("negative_slope", 0)
    if config.number("threshold", 0):
        raise call.layer.fault("a threshold other than 0 is not read")
    if slope and most is None:
        return call.add("leaky_relu", slope=slope)
    if slope:
        raise call.layer.fault("a slope beside a largest value is not read")
    if most is None:
        return call.add("relu")
    largest = config.number("max_value", 6)
    return call.add("relu6") if largest == 6 else call.add("clip", range=[0, largest])


def _leaky(call: LayerCall) -> Flow:
    slope = call.config.number("negative_slope", call.config.number("alpha", 0.3))
    return call.add("leaky_relu", slope=slope)


def _prelu(call: LayerCall) -> Flow:
    shared = call.config.items("shared_axes")
    axes = {call.axis(axis, call.flow.rank) for axis in shared if is_whole(axis)}
    if len(axes) == call.flow.rank:
        return call.add("prelu", shared=True)
    if -1 in axes or len(axes) != call.flow.rank - 1:
        raise call.layer.fault("a slope per place is not read, only one per channel, or one")
    return call.add("prelu")


def _along(kind: str) -> Callable[[LayerCall], Flow]:
    """Read a layer that works along one or several axes, usually the channels."""

    def rule(call: LayerCall) -> Flow:
        axis, last = call.config.get("axis"), call.flow.sides
        axes = axis if isinstance(axis, list) else [-1 if axis is None else axis]
        if not axes or not all(map(is_whole, axes)):
            raise call.layer.fault(f"it works along axis {shown(axis)}")
        own = sorted({call.axis(int(value), call.flow.rank) % (last + 1) for value in axes})
        if own == [last]:
            return call.add(kind)
        return call.add(kind, over=own[0] if len(own) == 1 else own)

    return rule


def _embedding(call: LayerCall) -> Flow:
    if call.flow.rank != max(call.flow.sides, 1):
        raise call.layer.fault("it looks up more than one sequence of indices")
    entries, size = call.config.whole("input_dim"), call.config.whole("output_dim")
    made = call.add("embedding", entries=entries, size=size)
    return made._replace(rank=call.flow.rank + 1, sides=call.flow.rank)


def _reversible(call: LayerCall) -> Flow:
    """Read a table that a head uses, too: as its weights, where it is called backwards."""
    if call.options.get("reverse") is not True:
        return _embedding(call)
    if not call.config.truth("tie_weights", default=True):
        raise call.layer.fault("a table with other weights backwards is not read")
    units = call.config.whole("input_dim")
    return call.add("dense", units=units, over="channels", bias=False)


def _dropout(call: LayerCall) -> Flow:
    rate = call.config.number("rate", 0.5)
    alike = call.config.items("noise_shape")
    if alike and alike[0] is None and all(size == 1 for size in alike[1:]):
        return call.add("stochastic_depth", rate=rate)  # an example is dropped whole
    return call.add("dropout", rate=rate)


def _plain(kind: str, **fields: object) -> Callable[[LayerCall], Flow]:
    return lambda call: call.add(kind, **fields)


# Sequences


def _recurrent(kind: str) -> Callable[[LayerCall], Flow]:
    def rule(call: LayerCall) -> Flow:
        return _unrolled(call, kind, call.config, {})

    return rule


def _unrolled(call: LayerCall, kind: str, config: JsonFields, more: dict[str, Any]) -> Flow:
    if config.truth("return_state", default=False):
        raise call.layer.fault("states that it returns are not read")
    if call.flow.sides != 1:
        raise call.layer.fault(f"it reads a sequence, not {call.flow.sides} sides")
    biases = 2 if kind == "gru" and config.truth("reset_after", default=True) else 1
    every = config.truth("return_sequences", default=False)
    fields: dict[str, Any] = {
        "units": config.whole("units"),
        **more,
        **({} if every else {"returns": "last"}),
        "biases": biases if config.truth("use_bias", default=True) else 0,
    }
    flow = call.add(kind, **fields)
    return flow if every else flow._replace(rank=1, sides=0)


_RECURRENT = {"LSTM": "lstm", "GRU": "gru", "SimpleRNN": "rnn"}


def _inner(call: LayerCall) -> JsonFields:
    """Return the layer within a wrapper."""
    return JsonFields(call.layer.name, call.layer.owner, call.config.get("layer"))


def _bidirectional(call: LayerCall) -> Flow:
    inner = _inner(call)
    kind = _RECURRENT.get(inner.text("class_name"))
    if inner.text("class_name") == "RNN":
        config = JsonFields(inner.name, inner.owner, inner.get("config"))
        return unrolled_cell(call, config, {"bidirectional": True})
    if kind is None or call.config.text("merge_mode", "concat") != "concat":
        raise call.layer.fault("only LSTM, GRU and SimpleRNN in two directions, side by side")
    config = JsonFields(inner.name, inner.owner, inner.get("config"))
    return _unrolled(call, kind, config, {"bidirectional": True})


def _at_every_place(call: LayerCall) -> Flow:
    inner = _inner(call)
    if inner.text("class_name") != "Dense":
        raise call.layer.fault(f"a {inner.text('class_name')} at every place is not read")
    config = JsonFields(inner.name, inner.owner, inner.get("config"))
    call.config = config
    return _dense(call)


def _attention(call: LayerCall) -> Flow:
    config = call.config
    heads, key = config.whole("num_heads"), config.whole("key_dim")
    value = config.whole("value_dim", key)
    if config.get("output_shape") is not None or config.get("attention_axes") not in (None, [1]):
        raise call.layer.fault("only attention over a sequence to as many channels is read")
    if config.truth("use_gate", default=False):
        raise call.layer.fault("the gate behind it has weights that are not read")
    named = [call.options.get(word) for word in ("query", "value", "key")]
    given = list(call.options.get("args") or ())
    order = [*given, *named[len(given) :]]
    flows = [call.flows[tensor] for tensor in order if isinstance(tensor, TensorNumber)]
    query, memory, keys = (*flows, *flows[-1:] * 2)[:3] if flows else [call.flow] * 3
    sources = [query] if query.layer == memory.layer == keys.layer else [query, keys, memory]
    if len(sources) == 3 and keys.layer == memory.layer:
        sources = sources[:2]
    return call.add(
        "attention",
        sources,
        heads=heads,
        key=key,
        **({"value": value} if value != key else {}),
        **_bias(call),
    )


# Joins


def _alike(call: LayerCall) -> list[Flow]:
    """Return what flows in, all of as many sides in ours, where they have as many in the file."""
    flows = call.flows
    if len({flow.rank for flow in flows}) > 1 or len({flow.sides for flow in flows}) == 1:
        return flows
    return [
        call.add("flatten", [flow], f"_{at + 1}")._replace(rank=1, sides=0) if flow.sides else flow
        for at, flow in enumerate(flows)
    ]


def _join(kind: str) -> Callable[[LayerCall], Flow]:
    def rule(call: LayerCall) -> Flow:
        flows = _alike(call)
        if len(flows) > 1:
            deepest = max(flows, key=lambda flow: flow.rank)
            return call.add(kind, flows)._replace(rank=deepest.rank, sides=deepest.sides)
        # an operation on a number
        arguments = call.options.get("args") or ()
        numbers = [(at, value) for at, value in enumerate(arguments) if type(value) in (int, float)]
        if len(numbers) != 1:
            raise call.layer.fault("it reads one tensor, where several are expected")
        at, value = numbers[0]
        return call.add(kind, **{"left" if at == 0 else "right": value})

    return rule


def _average(call: LayerCall) -> Flow:
    flow = call.add("add", _alike(call), "_sum")
    return call.add("divide", [flow], right=len(call.flows))


def _concatenate(call: LayerCall) -> Flow:
    flows = _alike(call)
    axis = call.config.whole("axis", -1)
    if call.axis(axis, flows[0].rank) != -1:
        raise call.layer.fault(f"it joins along axis {axis}, not along the channels")
    return call.add("concat", flows) if len(flows) > 1 else flows[0]


def _scaled_sum(call: LayerCall) -> Flow:
    """Write the sum of Inception-ResNet, whose second operand is scaled."""
    if len(call.flows) != 2:
        raise call.layer.fault(f"it reads two tensors, not {len(call.flows)}")
    first, second = call.flows
    scaled = call.add("multiply", [second], "_scale", right=call.config.number("scale", 1))
    return call.add("add", [first, scaled])


def _mean(call: LayerCall) -> Flow:
    axes = call.config.get("axis")
    places = [call.axis(axis, call.flow.rank) for axis in axes] if isinstance(axes, list) else []
    if sorted(places) != list(range(call.flow.rank - 1)):
        return reduced("mean")(call)
    return _global("global_avgpool")(call)


#: Layers that read several tensors.
JOINED = frozenset(
    [
        "Add",
        "Subtract",
        "Multiply",
        "Average",
        "Maximum",
        "Minimum",
        "Concatenate",
        "TrueDivide",
        "Divide",
        "CustomScaleLayer",
        "MultiHeadAttention",
    ]
)
_SIDES = (1, 2, 3)
#: What each class is.
LAYERS: dict[str, Callable[[LayerCall], Flow]] = {
    **{
        f"{name}{sides}D": rule(sides)
        for sides in _SIDES
        for name, rule in (
            ("Conv", _conv),
            ("Convolution", _conv),
            ("DepthwiseConv", _depthwise),
            ("SeparableConv", _separable),
            ("UpSampling", _upsampling),
        )
    },
    **{f"Conv{sides}DTranspose": _transposed(sides) for sides in _SIDES},
    **{f"MaxPooling{sides}D": _pool("maxpool", sides) for sides in _SIDES},
    **{f"AveragePooling{sides}D": _pool("avgpool", sides) for sides in _SIDES},
    **{f"GlobalMaxPooling{sides}D": _global("global_maxpool") for sides in _SIDES},
    **{f"GlobalAveragePooling{sides}D": _global("global_avgpool") for sides in _SIDES},
    **{f"AdaptiveMaxPooling{sides}D": _adaptive("adaptive_maxpool", sides) for sides in _SIDES},
    **{f"AdaptiveAveragePooling{sides}D": _adaptive("adaptive_avgpool", sides) for sides in _SIDES},
    **{f"ZeroPadding{sides}D": _rim("pad", "pad", "padding", sides) for sides in _SIDES},
    **{f"Cropping{sides}D": _rim("crop", "crop", "cropping", sides) for sides in _SIDES},
    **{f"SpatialDropout{sides}D": _dropout for sides in _SIDES},
    **{name: _recurrent(kind) for name, kind in _RECURRENT.items()},
    "Activation": lambda call: _activated(call, call.flow, ""),
    "ActivityRegularization": _plain("identity"),
    "Add": _join("add"),
    "AlphaDropout": _dropout,
    "Average": _average,
    "BatchNormalization": _batchnorm,
    "BatchNormalizationV1": _batchnorm,
    "Bidirectional": _bidirectional,
    "Concatenate": _concatenate,
    "CustomScaleLayer": _scaled_sum,
    "Dense": _dense,
    "Divide": _join("divide"),
    "Dropout": _dropout,
    "ELU": lambda call: call.add("elu", alpha=call.config.number("alpha", 1)),
    "Flatten": _flatten,
    "GaussianDropout": _dropout,
    "GaussianNoise": _plain("identity"),
    "GroupNormalization": _groupnorm,
    "Identity": _plain("identity"),
    "LayerNormalization": _layernorm,
    "LayerScale": _plain("scale"),
    "LeakyReLU": _leaky,
    "Masking": _plain("identity"),
    "Maximum": _join("maximum"),
    "Mean": _mean,
    "Minimum": _join("minimum"),
    "MultiHeadAttention": _attention,
    "Multiply": _join("multiply"),
    "Normalization": _normalization,
    "PReLU": _prelu,
    "Permute": _permute,
    "RMSNormalization": _rmsnorm,
    "ReLU": _relu,
    "Rescaling": _rescaling,
    "Reshape": _reshape,
    "Resizing": _resizing,
    "Softmax": _along("softmax"),
    "Embedding": _embedding,
    "ReversibleEmbedding": _reversible,
    "RNN": lambda call: unrolled_cell(call, call.config, {}),
    "StochasticDepth": lambda call: call.add(
        "stochastic_depth", rate=call.config.number("drop_path_rate", 0.5)
    ),
    "Subtract": _join("subtract"),
    "TimeDistributed": _at_every_place,
    "TrueDivide": _join("divide"),
    "UnitNormalization": _along("l2norm"),
    **OPERATIONS,
}

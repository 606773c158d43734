"""The layers that shapecalc's programs for Keras bring with them, and operations on tensors."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

from shapecalc.readers.json_text import JsonFields, is_number, is_whole, shown
from shapecalc.readers.keras.flow import SIDES, TensorNumber

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shapecalc.readers.keras.call import LayerCall
    from shapecalc.readers.keras.flow import Flow

#: The package that these layers are registered in.
PACKAGE = "shapecalc"


# -- layers of programs ----------------------------------------------------------------------------


def _copied(kind: str, *fields: str) -> Callable[[LayerCall], Flow]:
    """Read a layer whose arguments are our fields."""

    def rule(call: LayerCall) -> Flow:
        own = {field: call.config.get(field) for field in fields if field in call.config}
        return call.add(kind, **own)

    return rule


def _window(call: LayerCall, kernel: str) -> dict[str, Any]:
    sides = call.flow.sides
    return {
        "kernel": call.sizes(kernel, sides),
        "stride": call.sizes("strides", sides, 1),
        "dilation": call.sizes("dilation_rate", sides, 1),
    }


def _bias(call: LayerCall) -> dict[str, Any]:
    """Return which bias it is by its number of axes."""
    axes = len(call.config.items("bias"))
    return {"bias": "per_position" if axes > 1 else bool(axes)}


def _free_conv(call: LayerCall) -> Flow:
    config = call.config
    own = {"filters": config.whole("filters"), "groups": config.whole("groups", 1)}
    return call.add("conv", **own, **_window(call, "kernel_size"), **_bias(call))


def _table_conv(call: LayerCall) -> Flow:
    table = call.config.items("table")
    own = {"filters": len(table), "connections": table}
    return call.add("conv", **own, **_window(call, "kernel_size"), **_bias(call))


def _cut_transposed(call: LayerCall) -> Flow:
    config = call.config
    cuts = _pairs(call, "cuts")
    added = [max(-after, 0) for _, after in cuts]
    own: dict[str, Any] = {
        "filters": config.whole("filters"),
        "groups": config.whole("groups", 1),
        "pad": [[before, max(after, 0)] for before, after in cuts],
        **({"output_padding": added} if any(added) else {}),
    }
    return call.add("transposed", **own, **_window(call, "kernel_size"), **_bias(call))


def _pairs(call: LayerCall, key: str) -> list[list[int]]:
    """Return the two numbers of every side.  Raises `SpecErrors`."""
    pairs = call.config.items(key)
    if not all(isinstance(p, list) and len(p) == 2 and all(map(is_whole, p)) for p in pairs):
        raise call.layer.fault(f"{key} has two numbers for each side")
    return [[int(before), int(after)] for before, after in pairs]


def _padded_pool(call: LayerCall) -> Flow:
    return call.add("maxpool", **_window(call, "pool_size"), pad=_pairs(call, "margins"))


def _mean_pool(call: LayerCall) -> Flow:
    counted = any(map(any, _pairs(call, "counted")))
    fields = {**_window(call, "pool_size"), "pad": _pairs(call, "margins")}
    return call.add("avgpool", **fields, count_include_pad=counted)


def _blurpool(call: LayerCall) -> Flow:
    fields = _window(call, "pool_size")
    return call.add("blurpool", kernel=fields["kernel"], stride=fields["stride"])


def _affine(call: LayerCall) -> dict[str, bool]:
    return {
        "scale": call.config.truth("scale", default=True),
        "shift": call.config.truth("center", default=True),
    }


def _head_norm(call: LayerCall) -> Flow:
    heads = call.config.whole("heads")
    if call.config.truth("centred", default=True):
        return call.add("layernorm", heads=heads, **_affine(call))
    return call.add("rmsnorm", heads=heads, scale=_affine(call)["scale"])


def _gated(call: LayerCall) -> Flow:
    gates = {"sigmoid": "glu", "gelu": "geglu", "silu": "swiglu"}
    gate = call.config.text("gate")
    if gate not in gates:
        raise call.layer.fault(f"its gate is sigmoid, gelu or silu, not '{gate}'")
    return call.add(gates[gate])


def _array(call: LayerCall) -> Flow:
    flow = call.add("parameter", (), shape=call.config.wholes("shape"))
    return flow._replace(rank=0, sides=0)


def _matmul(call: LayerCall) -> Flow:
    names = ("transpose", "heads", "groups", "merge", "windows", "first", "second", "root")
    return _copied("matmul", *names)(call)


def _partition(kind: str, *more: str) -> Callable[[LayerCall], Flow]:
    return _copied(kind, "size", "shift", *more)


def _relative_position(call: LayerCall) -> Flow:
    sizes = call.config.wholes("size")
    alone = len(sizes) == 2 and sizes[0] == sizes[1]
    return call.add("relative_position", size=sizes[0] if alone else "x".join(map(str, sizes)))


def _resize(call: LayerCall) -> Flow:
    modes = {word: call.config.text(word) for word in ("mode", "align") if word in call.config}
    factors = call.config.items("factors")
    if not factors:
        return call.add("upsample", to=call.config.wholes("sizes"), **modes)
    pairs = _pairs(call, "factors")
    if any(over < 1 for _, over in pairs):
        raise call.layer.fault("factors are above 0")
    return call.add("upsample", factor=[times / over for times, over in pairs], **modes)


def _indices(call: LayerCall) -> Flow:
    """Read what rounds indices as nothing: a table does the same."""
    return call.flow


def _cells(call: LayerCall, cell: JsonFields, more: dict[str, Any]) -> Flow:
    """Read a recurrent layer whose steps the program brings."""
    config = JsonFields(cell.name, cell.owner, cell.get("config"))
    kind = config.text("kind")
    if cell.text("registered_name") != f"{PACKAGE}>GatedCell" or kind not in ("rnn", "gru", "lstm"):
        raise call.layer.fault(f"steps of the class '{cell.text('class_name')}' are not read")
    own = {"units": config.whole("units"), "biases": config.whole("biases", 0)}
    return call.add(kind, **own, **more)


def unrolled_cell(call: LayerCall, config: JsonFields, more: dict[str, Any]) -> Flow:
    """Read an RNN around a cell.  Raises `SpecErrors`."""
    every = config.truth("return_sequences", default=False)
    if config.truth("return_state", default=False) or call.flow.sides != 1:
        raise call.layer.fault("it reads a sequence, and returns no states")
    cell = JsonFields(call.layer.name, call.layer.owner, config.get("cell"))
    if every:
        return _cells(call, cell, more)
    return _cells(call, cell, {**more, "returns": "last"})._replace(rank=1, sides=0)


#: What each layer of a program is.
OWN_LAYERS: Mapping[str, Callable[[LayerCall], Flow]] = {
    "BatchStatistics": lambda call: call.add("batchnorm", statistics=False, **_affine(call)),
    "Bias": _copied("bias", "per"),
    "BlockShuffle": lambda call: call.add(
        "pixel_shuffle", factor=call.sizes("factors", call.flow.sides), order=_order(call)
    ),
    "BlockUnshuffle": lambda call: call.add(
        "pixel_unshuffle", factor=call.sizes("factors", call.flow.sides), order=_order(call)
    ),
    "BlurPool": _blurpool,
    "CausalMask": _copied("causal_mask"),
    "ChannelShuffle": _copied("channel_shuffle", "groups"),
    "CutConvTranspose": _cut_transposed,
    "FreeConv": _free_conv,
    "GatedUnit": _gated,
    "HeadNorm": _head_norm,
    "Indices": _indices,
    "LocalResponseNorm": _copied("lrn", "size", "alpha", "beta", "k"),
    "MatrixProduct": _matmul,
    "Maxout": _copied("maxout", "pieces"),
    "MeanPool": _mean_pool,
    "PaddedMaxPool": _padded_pool,
    "PositionEmbedding": _copied("position_embedding"),
    "Rbf": _copied("rbf", "units"),
    "RelativePosition": _relative_position,
    "Resize": _resize,
    "Scale": _copied("scale", "per", "bias", "init"),
    "Subsampling": lambda call: call.add("subsampling", **_window(call, "pool_size")),
    "TableConv": _table_conv,
    "Tokens": _copied("token", "count"),
    "TrainedArray": _array,
    "WindowMask": _partition("window_mask"),
    "WindowMerge": _partition("window_merge", "grid"),
    "WindowPartition": _partition("window_partition", "grid"),
}


def _order(call: LayerCall) -> str:
    return call.config.text("order", "crd")


# -- operations ------------------------------------------------------------------------------------


def _item(call: LayerCall) -> Flow:
    """Read an index of slices, or of new axes that let a vector stretch over the sides of maps."""
    index = (call.options.get("args") or [None, None])[-1]
    entries = index if isinstance(index, list) else [index]
    if isinstance(index, TensorNumber) or not entries or not _is_whole_axis(entries[0]):
        raise call.layer.fault("an index is read that takes parts of sides or channels")
    if None in entries:
        if call.flow.rank != 1 or not _is_whole_axis(entries[-1]):
            raise call.layer.fault("new axes are read of a vector that stretches over a map")
        return call.flow._replace(rank=len(entries) - 1) if call.flow.sides else call.flow
    words = (*SIDES.get(call.flow.sides, ()), "channels")
    fields = {}
    for word, entry in zip(words, entries[1:], strict=False):
        part = entry.get("config") if isinstance(entry, dict) else None
        if not isinstance(part, dict) or entry.get("class_name") != "__slice__":
            raise call.layer.fault(f"it takes {shown(entry)} of its {word}; slices are read")
        start, stop, step = (part.get(key) for key in ("start", "stop", "step"))
        if not _is_whole_axis(entry):
            fields[word] = [start or 0, stop, *([] if step in (None, 1) else [step])]
    return call.add("slice", **fields) if fields else call.flow


def _is_whole_axis(entry: object) -> bool:
    part = entry.get("config") if isinstance(entry, dict) else None
    return isinstance(part, dict) and all(value is None for value in part.values())


def _pad(call: LayerCall) -> Flow:
    """Read zeros around the sides, or before and behind the channels; or what a maximum skips."""
    pairs = _pairs(call, "pad_width")
    value = call.options.get("constant_values")
    if call.config.text("mode", "constant") != "constant" or len(pairs) != call.flow.sides + 2:
        raise call.layer.fault("a padding is read that is the same number on all sides")
    batch, *sides, channels = pairs
    if not any(batch) and not any(channels) and value == -inf:
        return call.flow._replace(around=tuple(map(tuple, sides)))
    if any(batch) or value not in (None, 0) or (any(channels) and any(map(any, sides))):
        raise call.layer.fault("zeros are read around sides, or around channels")
    if any(channels):
        return call.add("pad_channels", channels=channels)
    return call.add("pad", pad=sides)


def _power(call: LayerCall) -> Flow:
    exponent = (call.options.get("args") or [None])[-1]
    if isinstance(exponent, TensorNumber) or not is_number(exponent):
        raise call.layer.fault("a power of a number is read")
    return call.add("power", exponent=exponent)


def _clip(call: LayerCall) -> Flow:
    ends = [call.config.get(key) for key in ("x_min", "x_max")]
    if not all(map(is_number, ends)):
        raise call.layer.fault("two numbers are read that it stays between")
    return call.add("clip", range=ends)


def _places(call: LayerCall, axes: list[int]) -> list[int]:
    """Return axes of the file as ours, the channels last."""
    own = {call.axis(axis, call.flow.rank) % (call.flow.sides + 1) for axis in axes}
    return sorted(own)


def _roll(call: LayerCall) -> Flow:
    shifts, axes = call.config.wholes("shift"), _places(call, call.config.wholes("axis"))
    if len(shifts) != len(axes) or axes[-1:] == [call.flow.sides]:
        raise call.layer.fault("a shift is read for every side that it moves along")
    moves = dict(zip(axes, shifts, strict=True))
    return call.add("roll", shift=[moves.get(axis, 0) for axis in range(call.flow.sides)])


def reduced(kind: str) -> Callable[[LayerCall], Flow]:
    """Return the rule of what takes one number of all along some axes."""

    def rule(call: LayerCall) -> Flow:
        axis, keep = call.config.get("axis"), call.config.truth("keepdims", default=False)
        every = list(range(1, call.flow.rank + 1))
        axes = _places(call, every if axis is None else call.config.wholes("axis"))
        flow = call.add(kind, over=axes[0] if len(axes) == 1 else axes, keep=keep)
        left = max(call.flow.sides + 1 - len(axes), 1)
        return flow if keep else flow._replace(rank=left, sides=left - 1)

    return rule


#: What each operation is, by its class.
OPERATIONS: Mapping[str, Callable[[LayerCall], Flow]] = {
    "Absolute": _copied("abs"),
    "Clip": _clip,
    "Exp": _copied("exp"),
    "GetItem": _item,
    "Log": _copied("log"),
    "Max": reduced("max"),
    "Negative": _copied("negative"),
    "Pad": _pad,
    "Power": _power,
    "Roll": _roll,
    "Sqrt": _copied("sqrt"),
    "Sum": reduced("sum"),
}

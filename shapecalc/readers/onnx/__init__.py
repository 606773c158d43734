"""ONNX models: a graph of operations, of which each becomes a layer of ours.

Only what a table of costs needs is read: operations, the extents of weights, and the few small
constants that shapes are computed of.  The weights themselves are stepped over.
"""

from __future__ import annotations

from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

from shapecalc.errors import refuse
from shapecalc.readers import PARTIAL, ReadModel
from shapecalc.readers.onnx.attention import find_attention
from shapecalc.readers.onnx.file import OnnxFile, Tensor, read_file
from shapecalc.readers.onnx.rules import RULES
from shapecalc.readers.onnx.values import Value
from shapecalc.readers.onnx.walk import MOST_EXTENTS, GraphWalk
from shapecalc.readers.open_sizes import GivenSizes, with_letters
from shapecalc.readers.protobuf import DamagedError, Messages
from shapecalc.text import Origin, collector_paused
from shapecalc.text.words import counted, listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from mmap import mmap

    from shapecalc.readers.onnx.file import Extent, OnnxNode

#: The sets of operations that are read: earlier ones broadcast otherwise, later ones are unknown.
OLDEST, NEWEST = 7, 28
#: So many nodes are read: as many layers as a spec may have.
MOST_NODES = 500_000
#: So many differences are told.
_MOST_TOLD = 5

#: The modules that enter operations into the table.
_OPERATIONS = (
    "windows", "dense", "norms", "pointwise", "joins", "parts", "moves", "recurrent", "microsoft",
    "processors", "subgraphs",
)  # fmt: skip
#: Operations whose inputs but the first are weights, wherever they come from.
_WEIGHTED = frozenset({
    "Conv", "ConvTranspose", "Gemm", "BatchNormalization", "InstanceNormalization",
    "LayerNormalization", "GroupNormalization", "PRelu", "LSTM", "GRU", "RNN",
})  # fmt: skip
#: Operations whose input has the channels last.
_LAST = frozenset({
    "MatMul", "LayerNormalization", "Add", "Softmax", "SimplifiedLayerNormalization",
    "MatMulInteger", "QLinearMatMul", "Attention", "BiasGelu", "FastGelu", "FusedMatMul",
    "MatMulNBits", "MultiHeadAttention", "SkipLayerNormalization",
    "SkipSimplifiedLayerNormalization",
})  # fmt: skip
#: Operations on every element, as those that scale an image; so many are looked behind.
_IN_PLACE = frozenset({"Add", "Cast", "Div", "Mul", "Relu", "Sub"})
_FARTHEST = 6


@collector_paused
def read(name: str, data: bytes | mmap, inputs: Mapping[str, str] | None = None) -> ReadModel:
    """Read a model; `inputs` are shapes for sizes that it leaves open.

    Raises `SpecErrors` for one that is damaged or has nothing to read.
    """
    return with_letters(name, inputs, partial(_read, name, data))


def _read(name: str, data: bytes | mmap, sizes: GivenSizes) -> ReadModel:
    walk, outputs = walked(name, data, sizes)
    named = {"name": walk.file.name} if walk.file.is_ours and walk.file.name else {}
    return ReadModel({**named, **walk.layers.data(outputs)}, tuple(_remarks(walk)))


def walked(name: str, data: bytes | mmap, sizes: GivenSizes) -> tuple[GraphWalk, list[str]]:
    """Walk through a model; return what its outputs stand for, too.

    Raises `SpecErrors`.
    """
    try:
        file = read_file(Messages(data, name))
        _must_be_readable(file, name)
        walk = GraphWalk(file, name)
        outputs = _walked(walk, sizes)
    except DamagedError as error:
        message = f"'{name}' cannot be read as an ONNX model: {error}"
        raise refuse("E009", message, Origin.of_file(name), "is it complete?") from None
    if walk.differences:
        shown = walk.differences[:_MOST_TOLD]
        more = len(walk.differences) - len(shown)
        raise walk.refuse(
            "; ".join(shown) + (f"; and {more} more" if more else ""),
            "one of the two is wrong: onnx.shape_inference.infer_shapes states shapes anew",
        )
    return walk, outputs


def _must_be_readable(file: OnnxFile, name: str) -> None:
    """Refuse what no network can be."""
    place = Origin.of_file(name)
    if not file.nodes:
        raise refuse("E009", f"'{name}' holds a graph without nodes", place, "is it complete?")
    if len(file.nodes) > MOST_NODES:
        message = f"'{name}' has {len(file.nodes):,} nodes"
        raise refuse("E009", message, place, f"at most {MOST_NODES:,} are read")
    if file.opset and file.opset < OLDEST:
        message = f"'{name}' is written in opset {file.opset}; read are {OLDEST} to {NEWEST}"
        raise refuse("E009", message, place, "onnx.version_converter brings it to a later one")


def _walked(walk: GraphWalk, sizes: GivenSizes) -> list[str]:
    """GraphWalk through a graph; return what its outputs stand for."""
    for module in _OPERATIONS:
        import_module(f"{__name__}.{module}")
    for name in walk.file.inputs:
        if name not in walk.arrays:
            _add_input(walk, name, sizes)
    walk.flowing_in.update(walk.values)
    if not walk.values:
        raise walk.refuse("the graph has no input that flows", "is it a model of weights alone?")
    walk.run(RULES)
    if not len(walk.layers):
        raise walk.refuse(
            f"nothing of it can be read: {_counts(walk.opaque + walk.lost)}",
            "onnx.shape_inference.infer_shapes states the shapes that are missing",
        )
    ends = [walk.values[name] for name in walk.file.outputs if name in walk.values]
    outputs = [value.source for value in ends]
    find_attention(walk, outputs)
    return outputs


def _add_input(walk: GraphWalk, name: str, sizes: GivenSizes) -> None:
    """Add an input of the network, or note one that only ever is a weight."""
    given = walk.file.inputs[name]
    readers = [walk.file.nodes[number] for number in walk.readers.get(name, ())]
    weight = all(node.op in _WEIGHTED and node.inputs[0] != name for node in readers)
    if readers and weight and given and all(isinstance(n, int) and n > 0 for n in given):
        walk.arrays[name] = Tensor(tuple(given), 1, origin=name)  # type: ignore[arg-type]
        return
    if given is None or not given:
        raise walk.refuse(f"the input '{_short(name)}' has no shape", _FIXED)
    batch = 0 if len(given) > 1 or not isinstance(given[0], int) else None
    channel = _channels_of(walk, name, len(given))
    axes = tuple(axis for axis in range(len(given)) if axis not in (batch, channel))
    axes = (*axes, channel) if channel is not None else axes
    open_ = [1 if axis == batch and not isinstance(n, int) else n for axis, n in enumerate(given)]
    dims = sizes.fill(name, open_, axes)
    if not all(0 < n <= 10**9 for n in dims) or len(dims) > MOST_EXTENTS + 1:
        shape = "x".join(map(str, dims[:9]))
        raise walk.refuse(
            f"the input '{_short(name)}' is {shape}",
            "an extent is 1 to 1,000,000,000, and a volume has at most three sides",
        )
    extents = tuple(dims[axis] for axis in axes) or (1,)
    words = _WORDS[len(extents)]
    source = walk.layers.add_input(name, dict(zip(words, extents, strict=True)))
    walk.values[name] = Value(source, extents, axes or (None,), dims, batch)


_WORDS = {
    1: ("channels",),
    2: ("length", "channels"),
    3: ("height", "width", "channels"),
    4: ("depth", "height", "width", "channels"),
}
_FIXED = "export the model with an example, or state it with onnx.tools.update_model_dims"


def _channels_of(walk: GraphWalk, name: str, rank: int) -> int | None:
    """Find the axis of an input's channels by what reads it: the second, or the last.

    What changes elements where they stand is looked behind.
    """
    if rank < 2:
        return 0 if rank and name else None
    last = (walk.file.inputs.get(name) or (None,))[-1] if rank == 3 else None
    for _ in range(_FARTHEST):
        readers = [walk.file.nodes[number] for number in walk.readers.get(name, ())]
        for node in readers:
            order = node.attributes.get("perm")
            if node.op == "Transpose" and order and sorted(order) == [*range(rank)]:
                second: int = order[1] or rank - 1
                return 1 if order[-1] == 1 else second  # they are put last, or second
            if node.op in _LAST and rank == 3:
                return rank - 1
        goes_on = (n for n in readers if n.op in _IN_PLACE or _keeps_last(walk, n, last))
        behind = (node.outputs[0] for node in goes_on if node.outputs)
        name = next(behind, "")
    return 1


def _keeps_last(walk: GraphWalk, node: OnnxNode, size: Extent) -> bool:
    """Tell whether a node joins other axes than the last, of this size, as before a product."""
    array = walk.array(node, 1) if node.op == "Reshape" else None
    values = array.values() if array is not None else None
    return bool(values) and size is not None and list(values or ())[-1] == size


def _remarks(walk: GraphWalk) -> Iterator[str]:
    """Say what the file has that is not the network as it was written."""
    if walk.lost:
        yield (
            f"{PARTIAL}{_counts(walk.lost)} left out, as there is no rule for them and the file"
            " does not state their shapes"
        )
    yield from list(walk.remarks)[:_MOST_TOLD]
    made = sum(1 for node in walk.file.nodes if node.op == "Conv" and _is_folded(node.inputs))
    if made:
        yield (
            f"as stored: {counted(made, 'convolution')} had the exporter fold a batch normalisation"
            " into their weights: its layers are gone, and of its parameters a bias is left"
        )
    if walk.merged:
        yield (
            f"as stored: {counted(len(walk.merged), 'array')} used by several layers; every layer's"
            " are counted, but for kernels with all that belongs to them, which are shared"
        )
    apart = sum(
        walk.arrays[name].size for name in walk.apart - walk.used if walk.arrays[name].is_trained
    )
    if apart:
        yield (
            f"as stored: {apart:,} numbers only make constants, which are computed once, with"
            f" {walk.macs_apart:,} MACs; neither are counted in a layer"
        )
    if walk.file.opset > NEWEST:
        yield f"opset {walk.file.opset} is newer than {NEWEST}, the last that is known here"


def _is_folded(inputs: tuple[str, ...]) -> bool:
    """Tell whether a convolution has weights that PyTorch's exporter made, by their names."""
    return len(inputs) > 2 and (
        inputs[2].endswith(".weight_bias") or inputs[1].startswith("onnx::Conv_")
    )


def _counts(ops: dict[str, int]) -> str:
    return listed([f"{number} {op[:40]}" for op, number in list(ops.items())[:20]])


def _short(name: str) -> str:
    return name[:80]

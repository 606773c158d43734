"""TensorFlow Lite models, read with the format's own package (the extra `tflite`).

Operators that compute what one of ONNX does are called like it and walked through as a file of ONNX
is; what has its channels elsewhere, options of its own or an activation within has a rule here
(`rules`).  A converter has merged norms and paddings into convolutions by then: what is read is the
network as it is stored.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from shapecalc.errors import refuse
from shapecalc.readers import PARTIAL, ReadModel
from shapecalc.readers.faults import unreadable
from shapecalc.readers.onnx.file import OnnxFile
from shapecalc.readers.onnx.rules import RULES
from shapecalc.readers.onnx.values import Value
from shapecalc.readers.onnx.walk import MOST_EXTENTS, GraphWalk
from shapecalc.readers.open_sizes import GivenSizes
from shapecalc.readers.protobuf import DamagedError, Messages
from shapecalc.readers.tflite.file import read_file
from shapecalc.text import Origin, collector_paused
from shapecalc.text.words import counted, listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from mmap import mmap

    from shapecalc.readers.onnx.file import OnnxNode
    from shapecalc.readers.tflite.file import LiteFile

#: The opset as which the operations are written.
_OPSET = 22
_WORDS = {
    1: ("channels",),
    2: ("length", "channels"),
    3: ("height", "width", "channels"),
    4: ("depth", "height", "width", "channels"),
}
_OPERATIONS = ("windows", "dense", "norms", "pointwise", "joins", "parts", "moves")
_LARGEST = 10**9


class _OperatorNames:
    """Says what layers are called: as the operator."""

    def of(self, node: OnnxNode, arrays: Sequence[str]) -> str:
        """Return a node's path."""
        return node.name


@collector_paused
def read(name: str, data: bytes | mmap, inputs: Mapping[str, str] | None = None) -> ReadModel:
    """Read a model; `inputs` are shapes for sizes that it leaves open.  Raises `SpecErrors`."""
    try:
        file = read_file(data)
    except ImportError:
        message = "a TensorFlow Lite model is read with the package tflite, which is not installed"
        hint = "pip install 'shapecalc-convnets[tflite]'"
        raise refuse("E009", message, Origin.of_file(name), hint) from None
    except DamagedError as error:
        message = f"'{name}' cannot be read as a TensorFlow Lite model: {error}"
        raise unreadable(name, message, "is it complete?") from None
    if not file.nodes:
        raise unreadable(name, f"'{name}' holds a graph without operators", "is it complete?")
    return _walked(name, file, GivenSizes(name, inputs))


def _walked(name: str, file: LiteFile, sizes: GivenSizes) -> ReadModel:
    """Walk through the operators."""
    from shapecalc.readers.tflite.rules import LITE_RULES

    for module in _OPERATIONS:
        import_module(f"shapecalc.readers.onnx.{module}")
    onnx = OnnxFile(
        _OPSET, "tflite", "", file.nodes, file.arrays, file.inputs, file.outputs, file.stated,
        Messages(b""),
    )  # fmt: skip
    walk = GraphWalk(onnx, name, channels_last=True)
    walk.names = _OperatorNames()  # type: ignore[assignment]
    for key in file.inputs:
        if key not in walk.arrays:
            _add_input(walk, key, file.names[key], sizes)
    if not walk.values:
        raise unreadable(name, "the graph has no input", "is it a model of weights alone?")
    walk.run({**RULES, **LITE_RULES})
    if walk.differences:
        raise unreadable(name, "; ".join(walk.differences[:5]), "one of the two is wrong")
    if not len(walk.layers):
        raise unreadable(name, "the graph computes nothing that is read")
    outputs = [walk.values[key].source for key in file.outputs if key in walk.values]
    return ReadModel(walk.layers.data(outputs), tuple(_remarks(walk, file)))


def _add_input(walk: GraphWalk, key: str, name: str, given: GivenSizes) -> None:
    """Add an input of the network: a batch, sides, and channels as its last axis."""
    stated = walk.file.inputs[key] or ()
    batch = 0 if len(stated) > 1 else None
    dims = [1 if axis == batch and n is None else n for axis, n in enumerate(stated)]
    axes = tuple(axis for axis in range(len(dims)) if axis != batch)
    plain = name.partition(":")[0].removeprefix("serving_default_")
    sizes = given.fill(plain, dims, axes)
    if not axes or len(axes) > MOST_EXTENTS or not all(0 < n <= _LARGEST for n in sizes):
        raise walk.refuse(
            f"the input '{plain[:80]}' is {'x'.join(map(str, sizes)) or 'of no stated shape'}",
            "an extent is 1 to 1,000,000,000, and a volume has at most three sides",
        )
    extents = tuple(sizes[axis] for axis in axes)
    words = _WORDS[len(extents)]
    source = walk.layers.add_input(plain, dict(zip(words, extents, strict=True)))
    walk.values[key] = Value(source, extents, axes, sizes, batch)


def _remarks(walk: GraphWalk, file: LiteFile) -> Iterator[str]:
    """Say what the file has that is not the network as it was written."""
    if walk.lost:
        lost = listed([f"{count} {word[:40]}" for word, count in list(walk.lost.items())[:20]])
        yield (
            f"{PARTIAL}{lost} left out, as there is no rule for them and the file does not state"
            " their shapes"
        )
    yield from list(walk.remarks)[:5]
    yield (
        "as stored: the converter folds normalisations and paddings into convolutions, drops biases"
        " that are zero and stores equal arrays once; parameters are those of the file's layers"
    )
    narrow = {
        word: count
        for word, count in file.types.most_common()
        if word in ("int8", "uint8", "int4", "int16", "float16", "bfloat16")
    }
    if narrow:
        arrays = listed([f"{counted(count, 'array')} of {word}" for word, count in narrow.items()])
        word = next(iter(narrow))
        hint = f"; --dtype {word} computes the memory of that" if word != "int4" else ""
        yield f"as stored: quantised: {arrays}{hint}"

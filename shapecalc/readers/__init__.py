"""Files of other programs where a spec is expected: what they are, and how they are read.

A reader turns a file into a spec's data: the maps and lists that its YAML would be.  It is a
module of this room with a function ``read(name, data)``, named in the row of its kind of file.
"""

from __future__ import annotations

import re
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from mmap import mmap


#: How a remark begins that says what of a file is in no total.
PARTIAL = "partial: "


class ReadModel(NamedTuple):
    """What was read of a file: a spec's data, and what has to be said about it."""

    data: Mapping[str, Any]
    remarks: tuple[str, ...] = ()


class ModelFile(NamedTuple):
    """A kind of file: its name in a sentence, its suffixes, how it begins, what to do.

    Its first bytes alone tell it where they are `sure`; elsewhere its suffix must agree.  One with
    a `reader`, a module of this room, is read; what to do is for the others.  A `sized` one takes
    the shapes that inputs are given, where the file leaves them open.
    """

    name: str
    suffixes: tuple[str, ...]
    begins: bytes
    advice: str
    sure: bool = True
    reader: str = ""
    sized: bool = False

    def read(
        self, name: str, data: bytes | mmap, inputs: Mapping[str, str] | None = None
    ) -> ReadModel:
        """Read a file.  Raises `SpecErrors` for a damaged one."""
        module = import_module(f"shapecalc.readers.{self.reader}")
        given = {"inputs": inputs} if self.sized else {}
        reading: ReadModel = module.read(name, data, **given)
        return reading


_ADVICE = "write its layers down as a spec; `shapecalc specs lenet5` prints one to start from"
_WEIGHTS = f"it holds arrays and no order of layers: {_ADVICE}"
_PROTOBUF = rb"[\x08\x0a\x12\x1a\x22\x2a\x3a]"
#: The version of the format, and behind it the name of what wrote the file.
_ONNX = rb"\x08[\x01-\x1e]\x12[\x03-\x7f][ -~]{3}"
_ZIP = rb"PK\x03\x04"
_PICKLE = rb"\x80[\x02-\x05]"

#: Every kind; where two have a suffix, the first whose beginning fits is meant.
MODEL_FILES: tuple[ModelFile, ...] = (
    ModelFile(
        "a Keras model or its weights",
        (".h5", ".hdf5", ".keras"),
        rb"\x89HDF",
        _ADVICE,
        reader="keras",
    ),
    ModelFile("a Keras model", (".keras",), _ZIP, _ADVICE, sure=False, reader="keras"),
    ModelFile(
        "a Keras model", (".json",), rb'\s*\{\s*"(class_name|module)"', _ADVICE, reader="keras"
    ),
    ModelFile(
        "a TensorFlow Lite model",
        (".tflite", ".lite"),
        rb".{4}TFL3",
        _ADVICE,
        reader="tflite",
        sized=True,
    ),
    ModelFile("a TensorFlow graph", (".pb",), _PROTOBUF, _ADVICE, sure=False),
    ModelFile("a PyTorch program", (".pt2",), _ZIP, _ADVICE, sure=False, reader="pt2"),
    ModelFile("a PyTorch model", (".pt", ".pth", ".ckpt"), _ZIP, _ADVICE, sure=False),
    ModelFile("a PyTorch model", (".pt", ".pth", ".ckpt", ".bin"), _PICKLE, _ADVICE, sure=False),
    ModelFile("a pickle of Python", (".pkl", ".pickle"), _PICKLE, _ADVICE),
    ModelFile("an ONNX model", (".onnx",), _ONNX, _ADVICE, reader="onnx", sized=True),
    ModelFile(
        "an ONNX model", (".onnx",), _PROTOBUF, _ADVICE, sure=False, reader="onnx", sized=True
    ),
    ModelFile("a Core ML model", (".mlmodel",), _PROTOBUF, _ADVICE, sure=False),
    ModelFile("a file of Caffe weights", (".caffemodel",), _PROTOBUF, _WEIGHTS, sure=False),
    ModelFile("a file of Darknet weights", (".weights",), rb"[\x00-\x02]", _WEIGHTS, sure=False),
    ModelFile("a file of weights", (".safetensors",), rb'.{4}\x00{4}\{"', _WEIGHTS),
    ModelFile("a file of weights", (".gguf",), rb"GGUF", _WEIGHTS),
    ModelFile("a file of NumPy arrays", (".npz",), _ZIP, _WEIGHTS, sure=False),
    ModelFile("a file of NumPy arrays", (".npy",), rb"\x93NUMPY", _WEIGHTS),
    ModelFile("a notebook", (".ipynb",), rb'\s*\{\s*"(cells|metadata|nbformat)"', _ADVICE),
    ModelFile(
        "a Caffe network",
        (".prototxt", ".pbtxt"),
        rb"(.*\n)?\s*(layers?|node)\s*\{\s*(#|name|type|top|bottom|\n)",
        _ADVICE,
        reader="caffe",
    ),
    ModelFile(
        "a Darknet network",
        (".cfg",),
        rb"(\s*[#;][^\n]*\n)*\s*\[net(work)?\]",
        _ADVICE,
        reader="darknet",
    ),
    ModelFile(
        "a Python program",
        (".py", ".pyi"),
        rb"(\s*#[^\n]*\n)*\s*(import \w+|from [\w.]+ import |class \w+[(:]|def \w+\(|@\w+)",
        _ADVICE,
    ),
)
#: So many bytes of a file tell what it is.
HEAD = 4096
#: What a spec, a table or a homework has and no file of another program.
_OURS = re.compile(rb"^(layers|extends|specs?)\s*:", re.MULTILINE)


def model_file(name: str, data: bytes) -> ModelFile | None:
    """Return the kind of file of another program that a file is, or None for what may be a spec.

    >>> model_file("net.yaml", b"input: 32x32x3"), model_file("net.cfg", b"layers: [relu]")
    (None, None)
    >>> model_file("a.onnx", bytes([8, 7])).name, model_file("a.yaml", b"import torch").name
    ('an ONNX model', 'a Python program')
    """
    head = data[:HEAD]
    if _OURS.search(head):
        return None
    named = [kind for kind in MODEL_FILES if name.lower().endswith(kind.suffixes)]
    for kind in (*named, *(kind for kind in MODEL_FILES if kind.sure)):
        if re.match(kind.begins, head, re.DOTALL):
            return kind
    # Every spec may be called .json, and every text .bin
    return next((kind for kind in named if not {".json", ".bin"} & set(kind.suffixes)), None)

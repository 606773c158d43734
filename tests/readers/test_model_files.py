"""A file of another program that is given where a spec is expected is called by its name."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest

import shapecalc
from shapecalc.cli import main
from shapecalc.readers import MODEL_FILES, model_file
from tests.runner import runner

if TYPE_CHECKING:
    from pathlib import Path


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(zipfile.ZipInfo("data.pkl"), b"")  # of no time: it is a test's name
    return file.getvalue()


def saved(array: object) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


SAFE = (2).to_bytes(8, "little")
TORCH = b"# a model\nimport torch\nfrom torch import nn\n\nclass Net(nn.Module):\n    pass\n"
DOCSTRING = b'"""A model."""\n\nimport torch\n'
CAFFE = b'name: "LeNet"\nlayer {\n  name: "conv1"\n  type: "Convolution"\n}\n'
CAFFE_OLD = b'name: "LeNet"\ninput: "data"\ninput_dim: 1\nlayers {\n  type: CONVOLUTION\n}\n'
ONNX = b"\x08\x07\x12\x07pytorch"
DARKNET = b"# YOLO\n[net]\nwidth=416\n\n[convolutional]\nfilters=16\n"

#: A file, what it holds, and what it is called.
FILES = [
    ("net.py", TORCH, "a Python program"),
    ("net.py", DOCSTRING, "a Python program"),
    ("net.pt", zipped(), "a PyTorch model"),
    ("net.pth", pickle.dumps({}), "a PyTorch model"),
    ("net.pb", b"\x0a\x10\x0a\x05", "a TensorFlow graph"),
    ("net.mlmodel", b"\x08\x01\x12", "a Core ML model"),
    ("net.safetensors", SAFE + b'{"a":1}', "a file of weights"),
    ("net.npz", zipped(), "a file of NumPy arrays"),
    ("net.npy", saved(np.zeros(3)), "a file of NumPy arrays"),
    ("net.ipynb", json.dumps({"cells": []}).encode(), "a notebook"),
    # without the suffix, or with another one
    ("net", TORCH, "a Python program"),
]
#: Files that are read by a reader of their own.
READ = [
    ("net.pt2", zipped(), "a PyTorch program"),
    ("net.onnx", ONNX, "an ONNX model"),
    ("NET.ONNX", b"\x3a\x07\x12\x07pytorch", "an ONNX model"),
    ("net.prototxt", CAFFE, "a Caffe network"),
    ("net.prototxt", CAFFE_OLD, "a Caffe network"),
    ("net.keras", zipped(), "a Keras model"),
    ("net.keras", b"\x89HDF\r\n\x1a\n", "a Keras model or its weights"),
    ("net.h5", b"\x89HDF\r\n\x1a\n", "a Keras model or its weights"),
    ("net.json", json.dumps({"class_name": "Sequential"}).encode(), "a Keras model"),
    ("net.yaml", b"\x89HDF\r\n\x1a\n", "a Keras model or its weights"),
    ("net.txt", CAFFE, "a Caffe network"),
    ("net.cfg", DARKNET, "a Darknet network"),
    ("net", DARKNET, "a Darknet network"),
    ("net", ONNX, "an ONNX model"),
    ("net.bin", ONNX, "an ONNX model"),
    ("net.yaml", ONNX, "an ONNX model"),
    ("net.tflite", b"\x1c\0\0\0TFL3", "a TensorFlow Lite model"),
    ("net", b"\x1c\0\0\0TFL3", "a TensorFlow Lite model"),
]
#: Files that are read as specs, whatever they are called.
SPECS = [
    ("net.yaml", b"input: 3x4x5\nlayers: [relu]\n"),
    ("net.cfg", b"input: 3x4x5\nlayers: [relu]\n"),
    ("net.py", b"input: 3x4x5\nlayers: [relu]\n"),
    ("net.json", b'{"input": "3x4x5", "layers": ["relu"]}'),
    ("net", b"# import torch\ninput: 3x4x5\nlayers: [relu]\n"),
    ("net", b'inputs: {"left": 3x4x5}\nlayers: [relu: {from: left}]\n'),
    ("net.bin", b'name: "layer { }"\ninput: "3x4x5"\nlayers: [relu]\n'),
]


@pytest.mark.parametrize(("name", "data", "kind"), FILES)
def test_a_model_file_is_called_by_its_name(
    name: str, data: bytes, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes(data)
    done = runner().invoke(main, ["summarize", name])
    assert done.exit_code == 2
    assert done.stderr.startswith(f"error[E008]: '{name}' is {kind}, and no spec\n")
    assert "as a spec" in done.stderr


@pytest.mark.parametrize(("name", "data", "kind"), READ)
def test_a_model_file_has_a_reader(name: str, data: bytes, kind: str) -> None:
    known = model_file(name, data)
    assert known is not None
    assert (known.name, bool(known.reader)) == (kind, True)


@pytest.mark.parametrize(("name", "data"), SPECS)
def test_a_spec_is_read_whatever_it_is_called(name: str, data: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(data)
    assert len(shapecalc.summarize(tmp_path / name)) == 2


def test_a_suffix_alone_is_enough_where_no_spec_has_it() -> None:
    for kind in MODEL_FILES:
        for suffix in kind.suffixes:
            known = model_file(f"net{suffix}", b"\xff\xfe\xfd")
            assert (known is None) == (suffix in (".json", ".bin"))


def test_a_large_model_is_read_from_its_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shapecalc.spec.find.MAX_BYTES", 2**20)
    done = runner().invoke(main, ["summarize", "-"], input=ONNX + b"\0" * 2**20)
    assert done.exit_code == 2
    assert done.stderr.startswith(
        "error[E005]: an ONNX model of more than 1 MiB is read from its file\n"
    )


def test_standard_input_is_looked_at_too() -> None:
    done = runner().invoke(main, ["summarize", "-"], input=TORCH)
    assert "'<stdin>' is a Python program" in done.stderr

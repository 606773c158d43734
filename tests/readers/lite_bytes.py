"""TensorFlow Lite files, built with the format's own package."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import pytest

_REASON = "tflite is not installed: the extra `test` has it"
tflite: Any = pytest.importorskip("tflite", reason=_REASON)
flatbuffers: Any = pytest.importorskip("flatbuffers", reason=_REASON)


class _Builder(flatbuffers.Builder):
    """A file that grows, and where its vectors of numbers lie."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.vectors: dict[tuple[int, ...], int] = {}


class LiteModel:
    """A graph that grows operator by operator; tensors are the numbers that `add` returns."""

    def __init__(self) -> None:
        self.tensors: list[tuple[str, tuple[int, ...], str, bytes, Any, int, Any]] = []
        self.operators: list[tuple[str, list[int], list[int], str, dict[str, Any]]] = []
        self.inputs: list[int] = []
        self.outputs: list[int] = []

    def tensor(
        self,
        *shape: int,
        name: str = "",
        kind: str = "FLOAT32",
        data: bytes = b"",
        scale: list[float] | None = None,
        zero: int = 0,
        signature: list[int] | None = None,
    ) -> int:
        """Add a tensor; one with data is constant."""
        name = name or f"net/t{len(self.tensors)}/Relu"
        self.tensors.append((name, shape, kind, data, scale, zero, signature))
        return len(self.tensors) - 1

    def array(self, *shape: int, kind: str = "FLOAT32", scale: list[float] | None = None) -> int:
        """Add a constant of zeros."""
        width = {"FLOAT32": 4, "FLOAT16": 2, "INT8": 1, "INT32": 4}[kind]
        return self.tensor(*shape, kind=kind, data=bytes(width * prod(shape)), scale=scale)

    def whole(self, values: Any) -> int:
        """Add a constant of whole numbers."""
        array = np.array(values, "<i4")
        return self.tensor(*array.shape, kind="INT32", data=array.tobytes())

    def input(self, *shape: int, **more: Any) -> int:
        """Add an input."""
        self.inputs.append(self.tensor(*shape, name="serving_default_x:0", **more))
        return self.inputs[-1]

    def add(
        self, op: str, inputs: list[int], *shapes: tuple[int, ...], options: str = "", **fields: Any
    ) -> int:  # fmt: skip
        """Add an operator; return the first of its results, which are the graph's until others."""
        outputs = [self.tensor(*shape) for shape in shapes]
        self.operators.append((op, inputs, outputs, options, fields))
        self.outputs = outputs
        return outputs[0]

    def data(self) -> bytes:
        """Return the file."""
        builder = _Builder(1024)
        codes = list(dict.fromkeys(op for op, *_ in self.operators))
        buffers = [_table(builder, "Buffer")]
        tensors = []
        for name, shape, kind, data, scale, zero, signature in self.tensors:
            number = 0
            if data:
                number = len(buffers)
                held = builder.CreateByteVector(data)
                buffers.append(_table(builder, "Buffer", Data=held))
            fields: dict[str, Any] = {"Name": builder.CreateString(name)}
            if scale:
                scales = builder.CreateNumpyVector(np.array(scale, "<f4"))
                zeros = builder.CreateNumpyVector(np.full(len(scale), zero, "<i8"))
                quantised = {"Scale": scales, "ZeroPoint": zeros}
                fields["Quantization"] = _table(builder, "QuantizationParameters", **quantised)
            if signature:
                fields["ShapeSignature"] = _numbers(builder, signature)
            fields["Shape"] = _numbers(builder, shape)
            fields |= {"Type": getattr(tflite.TensorType, kind), "Buffer": number}
            tensors.append(_table(builder, "Tensor", **fields))
        operators = []
        for op, inputs, outputs, options, more in self.operators:
            fields = {"Inputs": _numbers(builder, inputs), "Outputs": _numbers(builder, outputs)}
            if options:
                made = {
                    key: _numbers(builder, value) if isinstance(value, list) else value
                    for key, value in more.items()
                }
                fields["BuiltinOptions"] = _table(builder, options, **made)
                fields["BuiltinOptionsType"] = getattr(tflite.BuiltinOptions, options)
            operators.append(_table(builder, "Operator", OpcodeIndex=codes.index(op), **fields))
        graph = _table(
            builder,
            "SubGraph",
            Tensors=_tables(builder, tensors),
            Inputs=_numbers(builder, self.inputs),
            Outputs=_numbers(builder, self.outputs),
            Operators=_tables(builder, operators),
        )
        known = [_code(builder, op) for op in codes]
        model = _table(
            builder,
            "Model",
            Version=3,
            OperatorCodes=_tables(builder, known),
            Subgraphs=_tables(builder, [graph]),
            Buffers=_tables(builder, buffers),
        )
        builder.Finish(model, b"TFL3")
        return bytes(builder.Output())


def _code(builder: Any, op: str) -> int:
    if op.startswith("CUSTOM."):
        custom = builder.CreateString(op.removeprefix("CUSTOM."))
        number = tflite.BuiltinOperator.CUSTOM
        return _table(builder, "OperatorCode", CustomCode=custom, DeprecatedBuiltinCode=number)
    return _table(builder, "OperatorCode", BuiltinCode=getattr(tflite.BuiltinOperator, op))


def _table(builder: Any, kind: str, **fields: Any) -> int:
    getattr(tflite, f"{kind}Start")(builder)
    for name, value in fields.items():
        getattr(tflite, f"{kind}Add{name}")(builder, value)
    offset: int = getattr(tflite, f"{kind}End")(builder)
    return offset


def _numbers(builder: _Builder, values: Any) -> int:
    """Write a vector; equal ones of a file are one."""
    key = tuple(values)
    if key not in builder.vectors:
        builder.vectors[key] = builder.CreateNumpyVector(np.array(values, "<i4"))
    return builder.vectors[key]


def _tables(builder: Any, offsets: list[int]) -> int:
    builder.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    vector: int = builder.EndVector()
    return vector

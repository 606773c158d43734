"""ONNX files made by hand, byte by byte, without any library."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


def varint(number: int) -> bytes:
    number &= (1 << 64) - 1
    data = bytearray()
    while number > 127:
        data.append(number & 127 | 128)
        number >>= 7
    return bytes([*data, number])


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def block(field: int, data: bytes | str) -> bytes:
    data = data.encode() if isinstance(data, str) else data
    return varint(field << 3 | 2) + varint(len(data)) + data


def single(field: int, value: float) -> bytes:
    return varint(field << 3 | 5) + struct.pack("<f", value)


def tensor(name: str, dims: Sequence[int], values: Sequence[float] | None = None) -> bytes:
    """Write a tensor: of whole numbers where all are, without any of zeros."""
    whole = values is not None and all(isinstance(v, int) for v in values)
    head = b"".join(number(1, n) for n in dims) + number(2, 7 if whole else 1) + block(8, name)
    if values is None:
        size = 1
        for n in dims:
            size *= n
        return head + block(9, bytes(4 * size))
    return head + block(9, struct.pack(f"<{len(values)}{'q' if whole else 'f'}", *values))


def elsewhere(
    name: str, dims: Sequence[int], type_: int = 1, file: str = "model.onnx.data"
) -> bytes:
    """Write a tensor whose values lie in another file."""
    place = block(1, "location") + block(2, file)
    head = b"".join(number(1, n) for n in dims) + number(2, type_) + block(8, name)
    return head + block(13, place) + number(14, 1)


class Graph(bytes):
    """A graph within a node, as an attribute."""


class Reference(str):
    """An attribute of a function's node: that of its call by this name."""

    __slots__ = ()


def attribute(name: str, value: Any) -> bytes:
    head = block(1, name)
    if isinstance(value, Reference):
        return head + block(21, value) + number(20, 2)
    if isinstance(value, Graph):
        return head + block(6, value) + number(20, 5)
    if isinstance(value, list) and value and all(isinstance(v, float) for v in value):
        return head + b"".join(single(7, v) for v in value) + number(20, 6)
    if isinstance(value, float):
        return head + single(2, value) + number(20, 1)
    if isinstance(value, int):
        return head + number(3, value) + number(20, 2)
    if isinstance(value, str):
        return head + block(4, value) + number(20, 3)
    if isinstance(value, bytes):
        return head + block(5, value) + number(20, 4)
    return head + b"".join(number(8, n) for n in value) + number(20, 7)


def node(
    op: str,
    inputs: str | Sequence[str],
    outputs: str | Sequence[str],
    name: str = "",
    domain: str = "",
    scopes: str = "",
    **attributes: Any,
) -> bytes:
    """Write a node; inputs and outputs are names, or a text of them."""
    inputs = inputs.split() if isinstance(inputs, str) else inputs
    outputs = outputs.split() if isinstance(outputs, str) else outputs
    data = b"".join(block(1, word) for word in inputs)
    data += b"".join(block(2, word) for word in outputs)
    data += block(3, name) if name else b""
    data += block(4, op)
    data += b"".join(block(5, attribute(key, value)) for key, value in attributes.items())
    data += block(7, domain) if domain else b""
    if scopes:
        data += block(9, block(1, "pkg.torch.onnx.name_scopes") + block(2, scopes))
    return data


def value(name: str, dims: Iterable[int | str | None] | None) -> bytes:
    """Write what is stated of a value; nothing but its type without extents."""
    if dims is None:
        return block(1, name) + block(2, block(1, number(1, 1)))
    sizes = [
        number(1, n) if isinstance(n, int) else block(2, n) if isinstance(n, str) else b""
        for n in dims
    ]
    shape = b"".join(block(1, size) for size in sizes)
    return block(1, name) + block(2, block(1, number(1, 1) + block(2, shape)))


def model(
    nodes: Sequence[bytes],
    inputs: Mapping[str, Sequence[int | str | None]],
    outputs: Mapping[str, Sequence[int | str | None] | None],
    arrays: Mapping[str, Sequence[int] | bytes] | None = None,
    stated: Mapping[str, Sequence[int | str | None]] | None = None,
    opset: int = 20,
    domains: Sequence[str] = (),
    functions: Sequence[bytes] = (),
) -> bytes:
    """Write a model; an array is its extents, or a tensor's bytes."""
    graph = b"".join(block(1, data) for data in nodes) + block(2, "net")
    for name, given in (arrays or {}).items():
        graph += block(5, given if isinstance(given, bytes) else tensor(name, given))
    for field, values in ((11, inputs), (12, outputs), (13, stated or {})):
        graph += b"".join(block(field, value(name, dims)) for name, dims in values.items())
    return (
        number(1, 10)
        + block(2, "by hand")
        + block(7, graph)
        + block(8, block(1, "") + number(2, opset))
        + b"".join(block(8, block(1, domain) + number(2, 1)) for domain in domains)
        + b"".join(block(25, data) for data in functions)
    )


def function(
    name: str,
    inputs: str,
    outputs: str,
    nodes: Sequence[bytes],
    domain: str = "local",
    **defaults: Any,
) -> bytes:
    """Write a function of a model, with the attributes that a call may leave out."""
    data = block(1, name) + b"".join(block(4, word) for word in inputs.split())
    data += b"".join(block(5, word) for word in outputs.split())
    data += b"".join(block(7, one) for one in nodes)
    data += b"".join(block(11, attribute(key, value)) for key, value in defaults.items())
    return data + block(9, block(1, "") + number(2, 20)) + block(10, domain)


def graph(
    nodes: Sequence[bytes],
    outputs: str,
    arrays: Mapping[str, Sequence[int]] | None = None,
    inputs: str = "",
) -> Graph:
    """Write a graph within a node."""
    data = b"".join(block(1, one) for one in nodes) + block(2, "inner")
    data += b"".join(block(5, tensor(name, dims)) for name, dims in (arrays or {}).items())
    data += b"".join(block(11, value(name, None)) for name in inputs.split())
    return Graph(data + b"".join(block(12, value(name, None)) for name in outputs.split()))

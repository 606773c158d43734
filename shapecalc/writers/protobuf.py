"""Protocol Buffers' wire format, written: messages by the schemas that they are read with.

A message is a map of its fields' names to values; what may come often is a list, and a message in
it a map again.  Fields go in the order of their numbers, so that equal messages are equal bytes.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.readers.protobuf import Field, Schema

#: The wire types of what a field holds; all else is so many bytes.
_VARINT, _BYTES, _FOUR = 0, 2, 5
_RANGE = 1 << 64


def encoded(schema: Schema, values: Mapping[str, Any]) -> list[bytes]:
    r"""Write a message, as pieces that follow each other: large ones are never copied.

    A `span` is the bytes of what lies there.

    >>> from shapecalc.readers.protobuf import Field
    >>> b"".join(encoded({1: Field("size", "int"), 2: Field("name", "text")}, {"size": 300}))
    b'\x08\xac\x02'
    """
    pieces: list[bytes] = []
    for number, field in sorted(schema.items()):
        if field.name not in values:
            continue
        value = values[field.name]
        for item in value if field.many else (value,):
            pieces += _field(number, field, item)
    return pieces


def _field(number: int, field: Field, value: Any) -> list[bytes]:  # noqa: ANN401
    if field.kind == "int":
        return [_varint(number << 3 | _VARINT) + _varint(value % _RANGE)]
    if field.kind == "float":
        return [_varint(number << 3 | _FOUR) + struct.pack("<f", value)]
    if field.kind == "text":
        inner = [value.encode("utf-8", "replace")]
    elif field.kind == "message":
        assert field.schema is not None
        inner = encoded(field.schema, value)
    else:
        inner = [value]
    size = sum(map(len, inner))
    head = _varint(number << 3 | _BYTES) + _varint(size)
    if size < 1 << 16:
        return [head + b"".join(inner)]
    return [head, *inner]


def _varint(value: int) -> bytes:
    r"""Write a number of seven bits a byte, the lowest first.

    >>> _varint(3), _varint(300)
    (b'\x03', b'\xac\x02')
    """
    made = bytearray()
    while value > 127:
        made.append(value & 127 | 128)
        value >>= 7
    made.append(value)
    return bytes(made)

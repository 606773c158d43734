"""Protocol Buffers' wire format: a walk over messages that steps over what nobody asks for.

A message is fields, each a number with a value: a varint, four or eight bytes, or so many bytes,
which are a text, numbers side by side, or a message again.  What they mean a schema says; a field
that it does not have is passed over, so that the weights of a large file, which lies in a memory
map, are never touched.  (https://protobuf.dev/programming-guides/encoding/)
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from mmap import mmap

Data: TypeAlias = "bytes | mmap"

#: So many fields may be walked over, in all messages of a file together.
MAX_FIELDS = 30_000_000
#: So many values may be kept of them: a layer takes about twenty.
MAX_VALUES = 8_000_000
#: A message of more bytes has some that are stepped over.
LARGE = 1 << 16
#: So deep messages may lie in each other.
MAX_DEPTH = 32
#: So many bytes of a text are read, and so many numbers may lie side by side.
MAX_TEXT = 1 << 16
MAX_PACKED = 1 << 20

_SIGN = 1 << 63
_RANGE = 1 << 64
_LARGEST_NUMBER = (1 << 29) - 1


class DamagedError(Exception):
    """What no message can be; its text says where and why."""


class ByteRange(NamedTuple):
    """Bytes of a file that were stepped over: from `start` up to `stop`."""

    start: int
    stop: int


class Field(NamedTuple):
    """What a field's number means: its name, what its value is, and whether it may come often.

    A `message` has the schema of its fields.  A `span` says where the value lies, no more.
    """

    name: str
    kind: Literal["int", "float", "text", "span", "message"]
    many: bool = False
    schema: Schema | None = None


Schema: TypeAlias = "dict[int, Field]"


class Messages:
    """The messages of one file; `path` is where it lies, "" where that does not matter."""

    __slots__ = ("data", "kept", "large", "left", "path")

    def __init__(self, data: Data, path: str = "") -> None:
        self.data = data
        self.path = path
        self.left = MAX_FIELDS
        self.kept = 0
        self.large = 0

    def read(  # noqa: PLR0915  (one loop: a call for every field would double its time)
        self, schema: Schema, span: ByteRange | None = None, depth: int = 0
    ) -> dict[str, Any]:
        """Return the values of a message's fields by name; those that may come often as lists.

        Raises `DamagedError`.
        """
        start, end = span or (0, len(self.data))
        if depth > MAX_DEPTH:
            raise DamagedError(f"messages lie more than {MAX_DEPTH} deep in each other, at {start}")
        data: Data = self.data
        if 0 < end - start <= 4096:  # small ones are read faster out of a copy
            data, base, at, end = data[start:end], start, 0, end - start
        else:
            base, at = 0, start
        values: dict[str, Any] = {}
        number = 0
        left = self.left
        while at < end:
            left -= 1
            if left < 0:
                raise _too_many()
            key = data[at]
            at += 1
            if key > 127:
                key, at = _varint(data, at - 1, end, base)
            number, wire = key >> 3, key & 7
            if not 0 < number <= _LARGEST_NUMBER:
                raise DamagedError(f"there is no field {number}, at byte {base + at}")
            value: Any
            if wire == 2:
                if at >= end:
                    raise _cut_off(base + at)
                size = data[at]
                at += 1
                if size > 127:
                    size, at = _varint(data, at - 1, end, base)
                stop = at + size
                if stop > end:
                    raise DamagedError(
                        f"field {number} at byte {base + at} is said to hold {size:,} bytes, but"
                        f" {end - at:,} are left"
                    )
                field = schema.get(number)
                if field is None:
                    at = stop
                    continue
                name, kind, many, inner = field
                if kind == "text":
                    value = str(data[at : min(stop, at + MAX_TEXT)], "utf-8", "replace")
                elif kind == "span":
                    value = ByteRange(base + at, base + stop)
                elif kind == "message":
                    assert inner is not None
                    self.left = left
                    value = self.read(inner, ByteRange(base + at, base + stop), depth + 1)
                    left = self.left
                    if size > LARGE:
                        self.forget()
                else:
                    if many:
                        if size > MAX_PACKED:
                            raise DamagedError(f"{size:,} bytes of numbers at byte {base + at}")
                        numbers = packed(data[at:stop], kind, base + at)
                        values.setdefault(name, []).extend(numbers)
                        self.kept += len(numbers)
                    at = stop
                    continue
                at = stop
            elif wire == 0:
                if at >= end:
                    raise _cut_off(base + at)
                value = data[at]
                at += 1
                if value > 127:
                    value, at = _varint(data, at - 1, end, base)
                field = schema.get(number)
                if field is None or field.kind != "int":
                    continue
                name, _, many, _ = field
                if value >= _SIGN:
                    value -= _RANGE
            elif wire in (1, 5):
                stop = at + (8 if wire == 1 else 4)
                if stop > end:
                    raise _cut_off(base + at)
                field = schema.get(number)
                if field is None or field.kind != "float":
                    at = stop
                    continue
                name, _, many, _ = field
                (value,) = struct.unpack("<d" if wire == 1 else "<f", data[at:stop])
                at = stop
            else:
                raise DamagedError(f"field {number} at byte {base + at} has the wire type {wire}")
            if many:
                values.setdefault(name, []).append(value)
                self.kept += 1
                if self.kept > MAX_VALUES:
                    raise _too_many()
            else:
                values[name] = value
        self.left = left
        return values

    def forget(self) -> None:
        """Give back the pages of a memory map that were touched, after every few large messages.

        A touched byte may bring two megabytes of the file with it.
        """
        self.large += 1
        release = getattr(self.data, "madvise", None)  # neither bytes nor every system has it
        if release is not None and self.large % 8 == 0:
            import mmap

            release(mmap.MADV_DONTNEED)


def packed(data: bytes, kind: str, at: int) -> list[int] | list[float]:
    """Read numbers that lie side by side: varints, or four bytes each.  Raises `DamagedError`.

    >>> packed(bytes([3, 0x96, 1]), "int", 0), packed(bytes([0, 0, 128, 63]), "float", 0)
    ([3, 150], [1.0])
    """
    if kind == "float":
        if len(data) % 4:
            raise DamagedError(f"{len(data)} bytes at {at} are no numbers of four bytes")
        return list(struct.unpack(f"<{len(data) // 4}f", data))
    numbers = []
    place = 0
    while place < len(data):
        value = data[place]
        place += 1
        if value > 127:
            value, place = _varint(data, place - 1, len(data), at)
        numbers.append(value - _RANGE if value >= _SIGN else value)
    return numbers


def _varint(data: Data, at: int, end: int, base: int) -> tuple[int, int]:
    """Read a number of seven bits a byte; return it, and where it ends."""
    value = shift = 0
    while at < end:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value & (_RANGE - 1), at
        shift += 7
        if shift > 63:
            raise DamagedError(f"a number has more than ten bytes, at byte {base + at}")
    raise _cut_off(base + at)


def _cut_off(at: int) -> DamagedError:
    return DamagedError(f"it ends within a field, at byte {at}")


def _too_many() -> DamagedError:
    return DamagedError(f"it holds more than {MAX_FIELDS:,} fields, or {MAX_VALUES:,} to read")

"""An ONNX file as records: nodes, arrays and the shapes that it states.

The numbers are those of onnx.proto (https://onnx.ai/onnx/repo-docs/IR.html).  Arrays keep where
their values lie; only small ones, of which shapes are computed, are ever read.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from shapecalc.readers.protobuf import ByteRange, DamagedError, Field, Messages, Schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

#: An extent as stated: a number, a word, or None where nothing is said.
Extent: TypeAlias = "int | str | None"

_ENTRY: Schema = {1: Field("key", "text"), 2: Field("value", "text")}
TENSOR: Schema = {
    1: Field("dims", "int", many=True),
    2: Field("type", "int"),
    4: Field("floats", "span"),
    5: Field("ints", "span"),
    7: Field("longs", "span"),
    8: Field("name", "text"),
    9: Field("raw", "span"),
    10: Field("doubles", "span"),
    13: Field("beside", "span", many=True),
    14: Field("location", "int"),
}
ATTRIBUTE: Schema = {
    1: Field("name", "text"),
    2: Field("f", "float"),
    3: Field("i", "int"),
    4: Field("s", "text"),
    5: Field("t", "message", schema=TENSOR),
    6: Field("g", "span"),
    7: Field("floats", "float", many=True),
    8: Field("ints", "int", many=True),
    9: Field("strings", "text", many=True),
    20: Field("type", "int"),
    21: Field("reference", "text"),
}
#: The key of an attribute's value, by its type.
_VALUES = {1: "f", 2: "i", 3: "s", 4: "t", 5: "g", 6: "floats", 7: "ints", 8: "strings"}
_EMPTY = {"f": 0.0, "i": 0, "s": "", "floats": [], "ints": [], "strings": []}
NODE: Schema = {
    1: Field("inputs", "text", many=True),
    2: Field("outputs", "text", many=True),
    3: Field("name", "text"),
    4: Field("op", "text"),
    5: Field("attributes", "span", many=True),
    7: Field("domain", "text"),
    9: Field("notes", "span", many=True),
}
_DIM: Schema = {1: Field("value", "int"), 2: Field("word", "text")}
_SHAPE: Schema = {1: Field("dims", "message", many=True, schema=_DIM)}
_TENSOR_TYPE: Schema = {1: Field("type", "int"), 2: Field("shape", "message", schema=_SHAPE)}
TYPE: Schema = {1: Field("tensor", "message", schema=_TENSOR_TYPE)}
VALUE: Schema = {1: Field("name", "text"), 2: Field("type", "span")}
_GRAPH: Schema = {
    1: Field("nodes", "message", many=True, schema=NODE),
    2: Field("name", "text"),
    5: Field("arrays", "message", many=True, schema=TENSOR),
    11: Field("inputs", "message", many=True, schema=VALUE),
    12: Field("outputs", "message", many=True, schema=VALUE),
    13: Field("values", "message", many=True, schema=VALUE),
}
_OPSET: Schema = {1: Field("domain", "text"), 2: Field("version", "int")}
_FUNCTION: Schema = {
    1: Field("name", "text"),
    4: Field("inputs", "text", many=True),
    5: Field("outputs", "text", many=True),
    7: Field("nodes", "message", many=True, schema=NODE),
    10: Field("domain", "text"),
    11: Field("defaults", "span", many=True),
}
MODEL: Schema = {
    1: Field("ir", "int"),
    2: Field("producer", "text"),
    7: Field("graph", "message", schema=_GRAPH),
    8: Field("opsets", "message", many=True, schema=_OPSET),
    25: Field("functions", "message", many=True, schema=_FUNCTION),
}

#: What our own files say of who wrote them.
PRODUCER = "shapecalc"
#: Element types whose raw bytes are read: their letters in `struct`.
_LETTERS = {
    1: "f", 2: "B", 3: "b", 4: "H", 5: "h", 6: "i", 7: "q", 9: "?", 10: "e", 11: "d", 12: "I",
    13: "Q",
}  # fmt: skip
#: Element types of trained numbers, of whatever width.
FLOATS = frozenset({1, 10, 11, 16, 17, 18, 19, 20, 23})
#: Arrays of more elements hold no shapes.
_MOST_VALUES = 4096
#: No array of which all bytes are looked at has more.
_LARGEST_MASK = 1 << 26
#: An array's location where it lies in another file.
_EXTERNAL = 1
#: No array has more axes.
MOST_AXES = 16


class Tensor:
    """An array whose extents are known, and of a small one the values, where they are wanted.

    `origin` is the initializer that it was made of; equal ones are the same weights.  `made` is the
    operation that it is the result of, with the arrays that it took; None for one that is stored.
    """

    __slots__ = ("_lies", "_messages", "_values", "dims", "halves", "made", "origin", "type")

    def __init__(
        self,
        dims: tuple[int, ...],
        type_: int,
        values: Sequence[Any] | None = None,
        origin: str = "",
    ) -> None:
        self.dims = dims
        self.type = type_
        self.origin = origin
        self._values = values
        self._messages: Messages | None = None
        self._lies: dict[str, Any] = {}
        #: Of a square, what `masks` has found its halves to hold; none where they hold more.
        self.halves: tuple[Any, ...] | None = None
        self.made: tuple[OnnxNode, tuple[Tensor | None, ...]] | None = None

    @classmethod
    def stored(cls, fields: dict[str, Any], messages: Messages, name: str) -> Tensor:
        """Return an array as a file has it.  Raises `DamagedError`."""
        dims = tuple(fields.get("dims", ()))
        if len(dims) > MOST_AXES or any(n < 0 for n in dims):
            raise DamagedError(f"the array '{name}' has extents that none has: {list(dims[:9])}")
        array = cls(dims, fields.get("type", 1), origin=name)
        array._messages, array._lies = messages, fields
        return array

    @property
    def size(self) -> int:
        """The number of elements."""
        size = 1
        for n in self.dims:
            size *= n
        return size

    @property
    def is_trained(self) -> bool:
        """Tell whether its numbers may be weights: floating-point ones."""
        return self.type in FLOATS

    def like(self, dims: tuple[int, ...]) -> Tensor:
        """Return the same elements in other extents, of which nobody asks the values."""
        return Tensor(dims, self.type, origin=self.origin)

    def moved(self, op: str, dims: tuple[int, ...], **attributes: Any) -> Tensor:  # noqa: ANN401
        """Return what an operation of one operand makes of it."""
        array = self.like(dims)
        array.made = OnnxNode(op, "", "", (), (), attributes, ()), (self,)
        return array

    def place(self) -> tuple[Messages, dict[str, Any]] | None:
        """Return the file that it is stored in and where it lies there; None for a result."""
        return None if self._messages is None else (self._messages, self._lies)

    def is_turned(self, other: Tensor) -> bool:
        """Tell whether a stored matrix holds the elements of another one, rows as columns.

        Of large ones some are compared; elements that are all alike tell nothing.
        """
        own, theirs = self._lies.get("raw"), other._lies.get("raw")
        if own is None or theirs is None or self.type != other.type or len(self.dims) != 2:
            return False
        width = (own.stop - own.start) // max(self.size, 1)
        rows, columns = self.dims
        if other.dims != (columns, rows) or theirs.stop - theirs.start != own.stop - own.start:
            return False
        data, seen = self._messages.data, set()  # type: ignore[union-attr]
        for at in range(0, self.size, self.size // _MOST_VALUES + 1):
            start = own.start + width * at
            there = theirs.start + width * (at % columns * rows + at // columns)
            element = data[start : start + width]
            if element != data[there : there + width]:
                return False
            seen.add(bytes(element))
        return len(seen) > 1

    def repeats(self, numbers: Sequence[float]) -> bool:
        """Tell whether it holds the same numbers again and again, in single precision."""
        span, times = self._lies.get("raw"), self.size // len(numbers)
        if span is None or self.type != 1 or self._messages is None:
            return False
        unit = struct.pack(f"<{len(numbers)}f", *numbers)
        if span.stop - span.start != times * len(unit) or times * len(numbers) != self.size:
            return False
        return bytes(self._messages.data[span.start : span.stop]) == unit * times

    def values(self) -> Sequence[Any] | None:
        """Return its elements, or None where they are many or elsewhere.  Raises `DamagedError`."""
        if self._values is None and self._messages is not None and self.size <= _MOST_VALUES:
            self._values = self._read()
        return self._values

    def raw(self) -> bytes | None:
        """Return its bytes, or None where they are too many, or not there."""
        size = struct.calcsize(f"<{_LETTERS.get(self.type, 'x')}") * self.size
        if self._messages is None or self.type not in _LETTERS or size > _LARGEST_MASK:
            return None
        if self._lies.get("location") == _EXTERNAL:
            return _bytes_beside(self._messages, self._lies, size)
        span = self._lies.get("raw")
        if span is None or span.stop - span.start != size:
            return None
        return bytes(self._messages.data[span.start : span.stop])

    def numbers(self) -> Iterator[Any]:
        """Yield the numbers that its bytes are; none where these are not there."""
        held = self.raw()
        if held is not None:
            yield from (number for (number,) in struct.iter_unpack(f"<{_LETTERS[self.type]}", held))

    def number_in(self, element: bytes) -> Any:  # noqa: ANN401
        """Return the number that one element's bytes are."""
        return struct.unpack(f"<{_LETTERS[self.type]}", element)[0]

    def _read(self) -> Sequence[Any] | None:
        lies, data = self._lies, self._messages.data  # type: ignore[union-attr]
        if self.type not in _LETTERS:
            return None  # of a kind that no shape is made of
        letter = _LETTERS[self.type]
        if lies.get("location") == _EXTERNAL:
            size = struct.calcsize(f"<{letter}") * self.size
            beside = _bytes_beside(self._messages, lies, size)  # type: ignore[arg-type]
            return None if beside is None else struct.unpack(f"<{self.size}{letter}", beside)
        span: ByteRange | None
        if (span := lies.get("raw")) is not None:
            size = struct.calcsize(f"<{letter}")
            if span.stop - span.start != size * self.size:
                raise DamagedError(
                    f"the array '{self.origin}' of {self.size} elements has"
                    f" {span.stop - span.start} bytes"
                )
            return struct.unpack(f"<{self.size}{letter}", data[span.start : span.stop])
        from shapecalc.readers.protobuf import packed

        for key, kind in (("floats", "float"), ("ints", "int"), ("longs", "int")):
            if (span := lies.get(key)) is not None and span.stop - span.start <= 10 * _MOST_VALUES:
                numbers = packed(data[span.start : span.stop], kind, span.start)
                return numbers if len(numbers) == self.size else None
        return [] if self.size == 0 else None


class OnnxNode(NamedTuple):
    """An operation: what it does with which values, by their names."""

    op: str
    domain: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Any]
    notes: tuple[ByteRange, ...]


class AttributeReference(str):
    """The value of an attribute in a function: that of the call's attribute of this name."""

    __slots__ = ()


class OnnxFunction(NamedTuple):
    """A function of a model: an operation that is several."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    nodes: list[OnnxNode]
    defaults: dict[str, Any]


class Subgraph(NamedTuple):
    """A graph within a node."""

    nodes: list[OnnxNode]
    arrays: dict[str, Tensor]
    inputs: list[str]
    outputs: list[str]


class OnnxFile(NamedTuple):
    """A model: its nodes in the order of the file, arrays, and what it says of values' extents."""

    opset: int
    producer: str
    name: str
    nodes: list[OnnxNode]
    arrays: dict[str, Tensor]
    inputs: dict[str, tuple[Extent, ...] | None]
    outputs: dict[str, tuple[Extent, ...] | None]
    stated: dict[str, tuple[Extent, ...] | None]
    messages: Messages

    def subgraph(self, span: ByteRange) -> Subgraph:
        """Return a graph within a node."""
        return _Reading(self.messages).subgraph(span)

    @property
    def is_ours(self) -> bool:
        """Tell whether our own writer made it: its nodes have their layers' paths as names."""
        return self.producer == PRODUCER


def read_file(messages: Messages) -> OnnxFile:
    """Read a model.  Raises `DamagedError`."""
    model = messages.read(MODEL)
    graph = model.get("graph")
    if graph is None:
        raise DamagedError("it holds no graph")
    opset = 0
    for entry in model.get("opsets", ()):
        if entry.get("domain", "") in ("", "ai.onnx"):
            opset = max(opset, entry.get("version", 0))
    reading = _Reading(messages)
    arrays = {}
    for fields in graph.get("arrays", ()):
        name = fields.get("name", "")
        arrays[name] = Tensor.stored(fields, messages, name)
    return OnnxFile(
        opset,
        model.get("producer", ""),
        graph.get("name", ""),
        reading.nodes(graph.get("nodes", ()), model.get("functions", ())),
        arrays,
        reading.values(graph.get("inputs", ())),
        reading.values(graph.get("outputs", ())),
        reading.values(graph.get("values", ())),
        messages,
    )


class _Reading:
    """Reads attributes and types, of which a file has the same ones again and again."""

    def __init__(self, messages: Messages) -> None:
        self.messages = messages
        self.attributes: dict[bytes, tuple[str, Any]] = {}
        self.types: dict[bytes, tuple[Extent, ...] | None] = {}

    def nodes(
        self, nodes: Sequence[dict[str, Any]], functions: Sequence[dict[str, Any]]
    ) -> list[OnnxNode]:
        """Return the nodes of a graph, with those of a function in the place of its call."""
        plain = [self.node(fields) for fields in nodes]
        if not functions:
            return plain
        known = {
            (fields.get("domain", ""), fields.get("name", "")): OnnxFunction(
                tuple(fields.get("inputs", ())),
                tuple(fields.get("outputs", ())),
                [self.node(node) for node in fields.get("nodes", ())],
                dict([self.attribute(span) for span in fields.get("defaults", ())]),
            )
            for fields in functions
        }
        return list(_inlined(plain, known, 0, [MOST_INLINED]))

    def subgraph(self, span: ByteRange) -> Subgraph:
        """Return a graph within a node."""
        graph = self.messages.read(_GRAPH, span)
        arrays = {
            fields.get("name", ""): Tensor.stored(fields, self.messages, fields.get("name", ""))
            for fields in graph.get("arrays", ())
        }
        inputs, outputs = (
            [fields.get("name", "") for fields in graph.get(side, ())]
            for side in ("inputs", "outputs")
        )
        nodes = [self.node(fields) for fields in graph.get("nodes", ())]
        return Subgraph(nodes, arrays, inputs, outputs)

    def node(self, fields: dict[str, Any]) -> OnnxNode:
        return OnnxNode(
            fields.get("op", ""),
            fields.get("domain", ""),
            fields.get("name", ""),
            tuple(fields.get("inputs", ())),
            tuple(fields.get("outputs", ())),
            dict([self.attribute(span) for span in fields.get("attributes", ())]),
            tuple(fields.get("notes", ())),
        )

    def attribute(self, span: ByteRange) -> tuple[str, Any]:
        if span.stop - span.start > 256:
            return self.attribute_of(span)
        data = self.messages.data[span.start : span.stop]
        known = self.attributes.get(data)
        if known is None:
            known = self.attribute_of(span)
            if not isinstance(known[1], Tensor):
                self.attributes[data] = known
        return known

    def attribute_of(self, span: ByteRange) -> tuple[str, Any]:
        fields = self.messages.read(ATTRIBUTE, span)
        name = fields.get("name", "")
        if fields.get("reference"):
            return name, AttributeReference(fields["reference"])
        key = _VALUES.get(fields.get("type", 0)) or next(
            (key for key in _VALUES.values() if key in fields), "i"
        )
        if key == "t":
            return name, Tensor.stored(fields.get("t", {}), self.messages, "")
        return name, fields.get(key, _EMPTY.get(key))

    def values(self, items: Sequence[dict[str, Any]]) -> dict[str, tuple[Extent, ...] | None]:
        return {fields.get("name", ""): self.extents(fields.get("type")) for fields in items}

    def extents(self, span: ByteRange | None) -> tuple[Extent, ...] | None:
        """Return what a type says of extents; None for nothing, or what is no tensor."""
        if span is None:
            return None
        data = self.messages.data[span.start : min(span.stop, span.start + 4096)]
        if data not in self.types:
            tensor = self.messages.read(TYPE, span).get("tensor", {})
            shape = tensor.get("shape")
            self.types[data] = (
                None
                if shape is None
                else tuple(d.get("value", d.get("word")) for d in shape.get("dims", ()))
            )
        return self.types[data]


#: So deep functions may call each other, and so many nodes may they come to.
_DEEPEST_CALL = 16
MOST_INLINED = 500_000


def _inlined(
    nodes: Sequence[OnnxNode],
    functions: dict[tuple[str, str], OnnxFunction],
    depth: int,
    left: list[int],
) -> Iterator[OnnxNode]:
    """Yield nodes, those of functions with names of their own.  Raises `DamagedError`."""
    for number, node in enumerate(nodes):
        function = functions.get((node.domain, node.op))
        if function is None:
            left[0] -= 1
            if left[0] < 0:
                raise DamagedError(f"its functions come to more than {MOST_INLINED:,} nodes")
            yield node
            continue
        if depth >= _DEEPEST_CALL:
            raise DamagedError(f"functions call each other more than {_DEEPEST_CALL} deep")
        prefix = node.name or f"{node.op}_{number}"
        names = dict(zip(function.inputs, node.inputs, strict=False))
        names |= dict(zip(function.outputs, node.outputs, strict=False))
        names |= dict.fromkeys(function.inputs[len(node.inputs) :], "")
        given = {**function.defaults, **node.attributes}
        within = [_as_called(inner, prefix, names, given) for inner in function.nodes]
        yield from _inlined(within, functions, depth + 1, left)


def _as_called(
    node: OnnxNode, prefix: str, names: dict[str, str], given: dict[str, Any]
) -> OnnxNode:
    """Return a function's node as it is in a call: `names` are those of its values outside."""
    inputs, outputs = (
        tuple(names.get(name, f"{prefix}/{name}") if name else "" for name in side)
        for side in (node.inputs, node.outputs)
    )
    attributes = {
        key: given.get(value) if isinstance(value, AttributeReference) else value
        for key, value in node.attributes.items()
        if not isinstance(value, AttributeReference) or value in given
    }
    name = f"{prefix}/{node.name or node.op}"
    return node._replace(name=name, inputs=inputs, outputs=outputs, attributes=attributes)


_NOTE_KEY = b"pkg.torch.onnx.name_scopes"


def place_beside(messages: Messages, lies: dict[str, Any]) -> dict[str, str]:
    """Return where in another file an array lies: `location`, `offset`, `length`."""
    entries = [messages.read(_ENTRY, span) for span in lies.get("beside", ())]
    return {entry.get("key", ""): entry.get("value", "") for entry in entries}


def file_beside(model: str, name: str) -> Path | None:
    """Return the file of a model's folder, or of one below it, that a name means; else None."""
    from pathlib import Path  # few models have one

    folder = Path(model).resolve().parent
    path = folder if "\0" in name else (folder / name).resolve()
    return path if path != folder and path.is_relative_to(folder) else None


def _bytes_beside(messages: Messages, lies: dict[str, Any], size: int) -> bytes | None:
    """Read so many bytes of what lies in another file; None where they are not there."""
    place = place_beside(messages, lies)
    path = file_beside(messages.path, place.get("location", "")) if messages.path else None
    if path is None or not path.is_file():
        return None
    try:
        with path.open("rb") as file:
            file.seek(int(place.get("offset") or 0))
            data = file.read(size)
    except (OSError, ValueError, OverflowError):
        return None
    return data if len(data) == size else None


def scopes_of(node: OnnxNode, messages: Messages) -> str:
    """Return the modules that PyTorch's exporter notes a node to stand in, "" where it does not."""
    for span in node.notes:
        head = messages.data[span.start : min(span.stop, span.start + len(_NOTE_KEY) + 4)]
        if _NOTE_KEY in head:
            value: str = messages.read(_ENTRY, span).get("value", "")
            return value
    return ""

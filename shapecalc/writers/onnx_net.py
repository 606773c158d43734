"""An ONNX graph while it is written: its nodes, its arrays, and how what flows lies in memory.

The numbers of messages and fields are those that `readers.onnx.file` reads.
"""

from __future__ import annotations

import struct
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.algebra import known
from shapecalc.readers.onnx.file import ATTRIBUTE
from shapecalc.writers.protobuf import encoded

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from shapecalc.layers.shape import Shape
    from shapecalc.report import Row
    from shapecalc.writers.site import AnyLayer, Site

#: Element types by their numbers.
FLOAT, INT, BOOL, DOUBLE = 1, 7, 9, 11
#: Their letters in `struct`, and NumPy's words for them.
_LETTERS = {FLOAT: "f", INT: "q", BOOL: "?", DOUBLE: "d"}
_WORDS = {FLOAT: "<f4", DOUBLE: "<f8"}
#: The keys and the numbers of attributes' values, by their types in Python.
_ATTRIBUTES = {float: ("f", 1), int: ("i", 2), str: ("s", 3), dict: ("t", 4)}
_INTS = ("ints", 7)


def tensor(
    values: Sequence[Any], dims: Sequence[int], type_: int, name: str = ""
) -> dict[str, Any]:
    """Return an array of numbers as a message's fields."""
    raw = struct.pack(f"<{len(values)}{_LETTERS[type_]}", *values)
    return {"dims": list(dims), "type": type_, "raw": raw, **({"name": name} if name else {})}


def _attribute(name: str, value: Any) -> bytes:  # noqa: ANN401
    key, number = _INTS if isinstance(value, list) else _ATTRIBUTES[type(value)]
    return b"".join(encoded(ATTRIBUTE, {"name": name, key: value, "type": number}))


class OnnxNet:
    """A graph while it grows; values and nodes are called by the path of the layer at work.

    `element` is the type of all numbers that flow, but for indices.  `arrays` are the network's
    own by our names; without them, every one is made by a node of one number again and again.
    """

    def __init__(
        self,
        taken: Iterable[str],
        shared: Iterable[str],
        arrays: Mapping[str, Any] | None = None,
        element: int = FLOAT,
    ) -> None:
        self.arrays = arrays
        self.element = element
        #: The layers whose arrays others use, too.
        self.shared = frozenset(shared)
        #: The nodes that make arrays, which go before all others, and those.
        self.made: list[dict[str, Any]] = []
        self.nodes: list[dict[str, Any]] = []
        self.stored: list[dict[str, Any]] = []
        #: What tells how many examples there are, if anything does.
        self.batch_of = ""
        self.path = ""
        self._start = 0
        self._taken = set(taken)
        self._constants: dict[tuple[Any, ...], str] = {}

    # -- layers and their nodes ---------------------------------------------------------------

    def begin(self, path: str) -> None:
        """Begin with a layer."""
        self.path, self._start = path, len(self.nodes)

    def node(self, op: str, *inputs: str, **attributes: Any) -> str:  # noqa: ANN401
        """Add an operation; return the value that it gives."""
        return self.node_of(op, inputs, 1, **attributes)[0]

    def node_of(
        self,
        op: str,
        inputs: Sequence[str],
        count: int,
        **attributes: Any,  # noqa: ANN401
    ) -> list[str]:
        """Add an operation that gives so many values."""
        name = self._unique(f"{self.path}/{op}")
        outputs = [name, *(self._unique(f"{name}:{number}") for number in range(1, count))]
        self.nodes.append(_node(op, name, inputs, outputs, attributes))
        return outputs

    def finish(self, value: str) -> str:
        """End a layer, whose value has its path as name from now on."""
        mine = self.nodes[self._start :]
        if not any(value in node["outputs"] for node in mine):
            value = self.node("Identity", value)
            mine = self.nodes[self._start :]
        for node in mine:
            for key in ("inputs", "outputs"):
                node[key] = [self.path if name == value else name for name in node[key]]
        return self.path

    def _unique(self, name: str) -> str:
        unique, number = name, 1
        while unique in self._taken:
            number += 1
            unique = f"{name}_{number}"
        self._taken.add(unique)
        return unique

    # -- numbers ------------------------------------------------------------------------------

    def constant(
        self, values: Sequence[Any], dims: Sequence[int] | None = None, type_: int | None = None
    ) -> str:
        """Return an array of numbers that are no weights; equal ones are one."""
        kind = self.element if type_ is None else type_
        extents = (len(values),) if dims is None else tuple(dims)
        key = (kind, extents, tuple(values))
        if key not in self._constants:
            name = self._unique(f"constant{len(self._constants) + 1}")
            self._constants[key] = name
            self.stored.append(tensor(values, extents, kind, name))
        return self._constants[key]

    def number(self, value: float) -> str:
        """Return a constant of one number."""
        return self.constant([float(value)], ())

    def ints(self, *values: int) -> str:
        """Return a constant of whole numbers: extents, axes, places."""
        return self.constant(values, type_=INT)

    def filled(self, value: float, *dims: int) -> str:
        """Return a constant that is one number everywhere."""
        return self.constant([float(value)] * prod(dims), dims)

    def array(
        self,
        owner: str,
        name: str,
        shape: Sequence[int],
        order: Sequence[int] | None,
        dims: Sequence[int],
        fill: float,
    ) -> str:
        """Return an array of a layer's, its axes in another order and then with other extents.

        One that several layers use is stored as it is, and each lays it out for itself.
        """
        turned = order is not None and [*order] != sorted(order)
        if owner in self.shared:
            stored = self._stored(owner, name, None, shape, fill)
            if turned:
                stored = self.node("Transpose", stored, perm=list(order or ()))
                shape = [shape[axis] for axis in order or ()]
            if tuple(dims) != tuple(shape):
                stored = self.node("Reshape", stored, self.ints(*dims))
            return stored
        return self._stored(owner, name, order if turned else None, dims, fill)

    def _stored(
        self,
        owner: str,
        name: str,
        order: Sequence[int] | None,
        dims: Sequence[int],
        fill: float,
    ) -> str:
        if self.arrays is None:
            return self.own(owner, name, dims, None, fill)
        array = self.arrays[f"{owner}.{name}"]
        if order is not None:
            array = array.transpose(order)
        return self.own(owner, name, dims, [array], fill)

    def own(
        self,
        owner: str,
        name: str,
        dims: Sequence[int],
        arrays: Sequence[Any] | None,
        fill: float,
    ) -> str:
        """Return an array of a layer's, stored when it is asked for first."""
        key = (owner, name)
        if key not in self._constants:
            value = self._constants[key] = self._unique(f"{owner}.{name}")
            if arrays is None:
                self._make(value, dims, fill)
            else:
                self._store(value, dims, arrays)
        return self._constants[key]

    def _make(self, value: str, dims: Sequence[int], fill: float) -> None:
        """Add a node that makes an array of one number: it takes no room in the file."""
        extents = self.ints(*dims)
        numbers = tensor([fill], [1], self.element)
        given = {"value": numbers}
        name = self._unique(f"{value}/ConstantOfShape")
        self.made.append(_node("ConstantOfShape", name, [extents], [value], given))

    def _store(self, value: str, dims: Sequence[int], arrays: Iterable[Any]) -> None:
        """Store an array of the numbers of NumPy's, one behind the other."""
        raw = b"".join(
            [array.astype(_WORDS[self.element], copy=False).tobytes() for array in arrays]
        )
        fields = {"dims": list(dims), "type": self.element, "raw": raw, "name": value}
        self.stored.append(fields)


def _node(
    op: str, name: str, inputs: Sequence[str], outputs: Sequence[str], attributes: Mapping[str, Any]
) -> dict[str, Any]:
    given = [_attribute(word, value) for word, value in sorted(attributes.items())]
    return {
        "inputs": [*inputs],
        "outputs": [*outputs],
        "name": name,
        "op": op,
        "attributes": given,
    }


class LaidValue:
    """What a layer gives: with its channels `first`, behind the batch, or `last`, or both.

    What is asked for and not there is made once, by a node of whoever asks first.
    """

    def __init__(
        self, net: OnnxNet, shape: Shape, first: str | None = None, last: str | None = None
    ) -> None:
        self.net = net
        self.sides = tuple(map(known, shape.sides))
        self.channels = known(shape.channels)
        self._first, self._last = first, last
        if not self.sides:
            self._first = self._last = first or last

    @property
    def rank(self) -> int:
        """The number of sides."""
        return len(self.sides)

    def names(self) -> set[str | None]:
        """Return all values that it is."""
        return {self._first, self._last}

    def has_first(self) -> bool:
        """Tell whether it lies there with its channels behind the batch."""
        return self._first is not None

    def has_last(self) -> bool:
        """Tell whether it lies there with its channels last."""
        return self._last is not None

    def is_last(self, name: str) -> bool:
        """Tell whether a name is that of the value with its channels behind its sides."""
        return self.rank > 0 and name == self._last

    def first(self) -> str:
        """Return the value with its channels behind the batch."""
        if self._first is None:
            assert self._last is not None
            order = [0, self.rank + 1, *range(1, self.rank + 1)]
            self._first = self.net.node("Transpose", self._last, perm=order)
        return self._first

    def last(self) -> str:
        """Return the value with its channels last."""
        if self._last is None:
            assert self._first is not None
            order = [0, *range(2, self.rank + 2), 1]
            self._last = self.net.node("Transpose", self._first, perm=order)
        return self._last

    def either(self) -> tuple[str, bool]:
        """Return the value as it lies there, and whether its channels are last."""
        if self._first is not None:
            return self._first, False
        return self.last(), True


class Place(NamedTuple):
    """A layer where it is written: its site, what flows in, and whose arrays it has."""

    net: OnnxNet
    site: Site
    row: Row
    owner: str
    operands: tuple[LaidValue, ...]

    @property
    def layer(self) -> AnyLayer:
        """The layer."""
        return self.site.layer

    @property
    def x(self) -> LaidValue:
        """What flows in first."""
        return self.operands[0]

    @property
    def sides(self) -> tuple[int, ...]:
        """The sides of what flows out."""
        return tuple(map(known, self.site.output.sides))

    @property
    def channels(self) -> int:
        """The channels of what flows out."""
        return known(self.site.output.channels)

    def array(
        self,
        name: str,
        dims: Sequence[int] | None = None,
        order: Sequence[int] | None = None,
        fill: float | None = None,
    ) -> str:
        """Return one of the layer's arrays, its axes in this order, with these extents.

        Without numbers of its own a kernel takes the mean of what it sees, and a bias is 0.
        """
        shape = next(
            tuple(map(known, parameter.shape))
            for parameter in self.row.parameters
            if parameter.name == name
        )
        if fill is None:
            fill = 0.0 if "bias" in name or "mean" in name else 1 / max(prod(shape[1:]), 1)
        laid = [shape[axis] for axis in order] if order is not None else shape
        return self.net.array(self.owner, name, shape, order, laid if dims is None else dims, fill)

    def has(self, name: str) -> bool:
        """Tell whether the layer has an array of this name."""
        return any(parameter.name == name for parameter in self.row.parameters)

    def gives(self, first: str | None = None, last: str | None = None) -> LaidValue:
        """Return what the layer gives."""
        return LaidValue(self.net, self.site.output, first, last)

    def like(self, value: str, *, last: bool) -> LaidValue:
        """Return what the layer gives, laid as one of its operands."""
        return self.gives(None, value) if last else self.gives(value)

    def along_channels(self, name: str, *, last: bool, fill: float | None = None) -> str:
        """Return an array of a number for every channel, so that it meets the channels."""
        size = known(next(p.shape[0] for p in self.row.parameters if p.name == name))
        return self.array(name, (size,) if last else (size, *(1,) * self.x.rank), fill=fill)

"""A TensorFlow Lite file as records: operators, arrays, and the shapes that it states.

Tables and their fields are read by the format's own package.  It follows offsets wherever they
lead, so that what it raises on a damaged file, and how much it may read, is bounded here.
(https://github.com/tensorflow/tensorflow/blob/master/tensorflow/compiler/mlir/lite/schema/schema.fbs)
"""

from __future__ import annotations

import struct
from collections import Counter
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.readers.onnx.file import MOST_AXES, OnnxNode, Tensor
from shapecalc.readers.protobuf import DamagedError
from shapecalc.readers.tflite.names import LiteNames

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from mmap import mmap

    from shapecalc.readers.onnx.file import Extent

#: So many numbers of vectors may be read, in all tables together.
_MOST_NUMBERS = 8_000_000
_MOST_TENSORS = 2_000_000
_LONGEST_NAME = 4096
#: Arrays of more elements hold no shapes.
_MOST_VALUES = 4096
_MOST_INPUTS = 10_000

#: What offsets that lead elsewhere come to.
_ASTRAY = (
    struct.error, IndexError, ValueError, TypeError, OverflowError, AttributeError, BufferError,
)  # fmt: skip


class _ElementKind(NamedTuple):
    """An element type: its word, its number in ONNX, and its letter in `struct`, if it has one."""

    word: str
    number: int
    letter: str = ""


_KINDS = {
    0: _ElementKind("float32", 1, "f"),
    1: _ElementKind("float16", 10, "e"),
    2: _ElementKind("int32", 6, "i"),
    3: _ElementKind("uint8", 2, "B"),
    4: _ElementKind("int64", 7, "q"),
    5: _ElementKind("string", 8),
    6: _ElementKind("bool", 9, "?"),
    7: _ElementKind("int16", 5, "h"),
    9: _ElementKind("int8", 3, "b"),
    10: _ElementKind("float64", 11, "d"),
    12: _ElementKind("uint64", 13, "Q"),
    15: _ElementKind("uint32", 12, "I"),
    16: _ElementKind("uint16", 4, "H"),
    17: _ElementKind("int4", 22),
    18: _ElementKind("bfloat16", 16),
}
_OTHER = _ElementKind("other", 0)

#: Operators that are called as those of ONNX, which compute the same of the same inputs.
_PLAIN = {
    "ABS": "Abs", "ADD": "Add", "ADD_N": "Sum", "BROADCAST_TO": "Expand", "CAST": "Cast",
    "DEQUANTIZE": "DequantizeLinear", "DIV": "Div", "ELU": "Elu", "EQUAL": "Equal", "EXP": "Exp",
    "FAKE_QUANT": "Identity", "GELU": "Gelu", "GREATER": "Greater", "HARD_SWISH": "HardSwish",
    "LESS": "Less", "LOG": "Log", "LOGICAL_AND": "And", "LOGICAL_NOT": "Not", "LOGICAL_OR": "Or",
    "LOGISTIC": "Sigmoid", "MAXIMUM": "Max", "MINIMUM": "Min", "MUL": "Mul", "NEG": "Neg",
    "POW": "Pow", "QUANTIZE": "QuantizeLinear", "RANGE": "Range", "RELU": "Relu", "RELU6": "Relu6",
    "SELECT": "Where", "SELECT_V2": "Where", "SHAPE": "Shape", "SQRT": "Sqrt", "SUB": "Sub",
    "TANH": "Tanh",
}  # fmt: skip


class LiteFile(NamedTuple):
    """A model: operators in the order of the file as nodes, and what is known of its tensors.

    Tensors are called `t0`, `t1` and so on: names need not be unique.  `types` counts the arrays of
    an element type.
    """

    nodes: list[OnnxNode]
    arrays: dict[str, Tensor]
    inputs: dict[str, tuple[Extent, ...] | None]
    outputs: dict[str, tuple[Extent, ...] | None]
    stated: dict[str, tuple[Extent, ...] | None]
    types: Counter[str]
    names: dict[str, str]


def read_file(data: bytes | mmap) -> LiteFile:
    """Read a model.  Raises `DamagedError`, or `ImportError` without the format's package."""
    import tflite

    if data[4:8] != b"TFL3":
        raise DamagedError("its version of the format is another one than 3 (TFL3)")
    try:
        return _LiteReading(tflite, data).file()
    except _ASTRAY:
        raise DamagedError("an offset or a size in it leads elsewhere") from None


class _LiteReading:
    """Reads the tables of a file."""

    def __init__(self, package: Any, data: bytes | mmap) -> None:  # noqa: ANN401
        self.package = package
        self.data = data
        self.model = package.Model.GetRootAs(data, 0)
        self.left = _MOST_NUMBERS
        self.types: Counter[str] = Counter()
        options = vars(package.BuiltinOptions)
        #: The name of the table of an operator's options, by its number.
        self.options = {n: name for name, n in options.items() if isinstance(n, int) and n}
        operators = vars(package.BuiltinOperator)
        self.operators = {n: name for name, n in operators.items() if isinstance(n, int)}
        self.members: dict[int, list[tuple[str, Callable[[Any], Any]]]] = {}

    def file(self) -> LiteFile:
        if not self.model.SubgraphsLength():
            raise DamagedError("it holds no graph")
        graph = self.model.Subgraphs(0)
        arrays: dict[str, Tensor] = {}
        stated: dict[str, tuple[Extent, ...] | None] = {}
        names: dict[str, str] = {}
        count = self.few(graph.TensorsLength(), _MOST_TENSORS)
        for number in range(count):
            key = f"t{number}"
            tensor = graph.Tensors(number)
            names[key] = self.text(tensor)
            array = self.array(tensor, key)
            if array is not None:
                arrays[key] = array
            else:
                stated[key] = self.stated(tensor)
        codes = [self.code(number) for number in range(self.few(self.model.OperatorCodesLength()))]
        paths = LiteNames(names)
        operators = self.few(graph.OperatorsLength(), 500_000)
        nodes = [self.node(graph.Operators(n), codes, paths, count) for n in range(operators)]
        ends = [
            [f"t{number}" for number in self.numbers(end()) if 0 <= number < count]
            for end in (graph.InputsAsNumpy, graph.OutputsAsNumpy)
        ]
        inputs, outputs = ({key: stated.get(key) for key in end} for end in ends)
        return LiteFile(nodes, arrays, inputs, outputs, stated, self.types, names)

    def few(self, count: int, most: int = _MOST_NUMBERS) -> int:
        """Return a number of tables, each of which has an offset of four bytes."""
        if count > most or 4 * count > len(self.data):
            raise DamagedError(f"it is said to hold {count:,} tables of a kind")
        return count

    def numbers(self, vector: Any) -> list[int]:  # noqa: ANN401
        """Return a vector of numbers, a view of the file; the package gives 0 for a missing one."""
        if isinstance(vector, int):
            return []
        self.left -= vector.size
        if self.left < 0:
            del vector  # a memory map stays open as long as there is a view of it
            raise DamagedError(f"it holds more than {_MOST_NUMBERS:,} numbers of shapes")
        numbers: list[int] = vector.tolist()
        return numbers

    def text(self, tensor: Any) -> str:  # noqa: ANN401
        """Return a tensor's name."""
        return self.text_at(tensor._tab, 10)  # noqa: SLF001  (a name's length has no accessor)

    def text_at(self, table: Any, slot: int) -> str:  # noqa: ANN401
        """Return a text of a table."""
        offset = table.Offset(slot)
        if not offset:
            return ""
        at = offset + table.Pos
        at += struct.unpack_from("<I", self.data, at)[0]
        (size,) = struct.unpack_from("<I", self.data, at)
        return str(self.data[at + 4 : at + 4 + min(size, _LONGEST_NAME)], "utf-8", "replace")

    def code(self, number: int) -> str:
        """Return an operator by its name; one of somebody's own has `CUSTOM.` before it."""
        code = self.model.OperatorCodes(number)
        newer = code._tab.Offset(10)  # noqa: SLF001  (its accessor does not give numbers below 127)
        builtin = code.DeprecatedBuiltinCode()
        if newer:
            builtin = max(builtin, *struct.unpack_from("<i", self.data, newer + code._tab.Pos))  # noqa: SLF001
        word = self.operators.get(builtin, f"OPERATOR_{builtin}")
        return f"CUSTOM.{self.text_at(code._tab, 6)[:60]}" if word == "CUSTOM" else word  # noqa: SLF001

    def stated(self, tensor: Any) -> tuple[Extent, ...] | None:  # noqa: ANN401
        """Return the extents that are stated of what flows; None where nothing is."""
        shape = self.numbers(tensor.ShapeAsNumpy())
        signature = self.numbers(tensor.ShapeSignatureAsNumpy())
        if not shape or len(shape) > MOST_AXES:
            return None
        if len(signature) == len(shape):
            return tuple(
                None if open_ < 0 else n for n, open_ in zip(shape, signature, strict=True)
            )
        return tuple(shape)

    def array(self, tensor: Any, key: str) -> Tensor | None:  # noqa: ANN401
        """Return a tensor that is constant, or None."""
        kind = _KINDS.get(tensor.Type(), _OTHER)
        number = tensor.Buffer()
        if not 0 < number < self.model.BuffersLength():
            return None
        buffer = self.model.Buffers(number)
        size = buffer.DataLength()
        beside = (buffer.Offset(), buffer.Size())
        if beside[0] > 1:
            size = beside[1]
        if not size:
            return None
        dims = tuple(self.numbers(tensor.ShapeAsNumpy()))
        if len(dims) > MOST_AXES or any(n < 0 for n in dims):
            raise DamagedError(f"the array '{key}' has extents that none has: {list(dims[:9])}")
        self.types[kind.word] += 1
        scales, zeros = self.quantised(tensor)
        if kind.letter and tensor.Sparsity() is None:
            wanted = struct.calcsize(f"<{kind.letter}") * prod(dims)
            if wanted != size:
                raise DamagedError(
                    f"an array of {'x'.join(map(str, dims)) or 'one number'} {kind.word} has"
                    f" {size:,} bytes"
                )
        values: list[Any] | None = None
        if kind.letter and prod(dims) <= _MOST_VALUES and beside[0] <= 1:
            data = buffer.DataAsNumpy().tobytes()
            values = list(struct.unpack(f"<{prod(dims)}{kind.letter}", data))
            if scales:
                known = len(scales) == len(zeros) == 1
                values = [scales[0] * (n - zeros[0]) for n in values] if known else None
        return Tensor(dims, 1 if scales else kind.number, values, key)

    def quantised(self, tensor: Any) -> tuple[list[float], list[int]]:  # noqa: ANN401
        """Return the first scale of a quantised tensor and its zero point; nothing of others."""
        quantised = tensor.Quantization()
        if quantised is None or not quantised.ScaleLength():
            return [], []
        if quantised.ScaleLength() > 1:
            return [1.0, 1.0], []
        zero = quantised.ZeroPoint(0) if quantised.ZeroPointLength() else 0
        return [float(quantised.Scale(0))], [zero]

    def node(self, operator: Any, codes: list[str], paths: LiteNames, count: int) -> OnnxNode:  # noqa: ANN401
        """Return an operator as a node."""
        number = operator.OpcodeIndex()
        op = codes[number] if number < len(codes) else f"OPERATOR_{number}"
        sides = []
        for end in (operator.InputsAsNumpy, operator.OutputsAsNumpy):
            numbers = self.numbers(end())
            if len(numbers) > _MOST_INPUTS or any(n >= count for n in numbers):
                raise DamagedError(f"{op} reads or gives tensors that are not there")
            sides.append(tuple(f"t{n}" if n >= 0 else "" for n in numbers))
        inputs, outputs = sides
        attributes = dict(self.attributes(operator))
        name = paths.of(op, outputs[0]) if outputs else ""
        if not attributes.get("FusedActivationFunction"):
            op = _PLAIN.get(op, op)
        if op == "Cast":
            attributes = {"to": _KINDS.get(attributes.get("OutDataType", 0), _OTHER).number}
        return OnnxNode(op, "", name, inputs, outputs, attributes, ())

    def attributes(self, operator: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401
        """Yield an operator's options by the names that the package has for them."""
        kind = operator.BuiltinOptionsType()
        table = operator.BuiltinOptions()
        if table is None or kind not in self.options:
            return
        made = getattr(self.package, self.options[kind])()
        made.Init(table.Bytes, table.Pos)
        if kind not in self.members:
            self.members[kind] = [
                (name.removesuffix("AsNumpy"), member)
                for name, member in vars(type(made)).items()
                if callable(member)
                and member.__code__.co_argcount == 1
                and not name.startswith("_")
                and not name.endswith(("Length", "IsNone"))
            ]
        for name, member in self.members[kind]:
            value = member(made)
            yield name, value if isinstance(value, int | float) else self.numbers(value)

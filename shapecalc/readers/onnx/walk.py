"""The walk through an ONNX graph, node by node, each of which becomes a layer or a note.

What the operations mean is in the modules beside this one; here is what they share: values and
constants by their names, and how a layer is added.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from math import isclose
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.errors import SpecErrors, refuse
from shapecalc.readers.layer_list import LayerList
from shapecalc.readers.onnx.constants import constant, folded, shape_of_dims
from shapecalc.readers.onnx.file import MOST_AXES, Tensor
from shapecalc.readers.onnx.names import Names
from shapecalc.readers.onnx.values import Value, size_of
from shapecalc.text import Origin

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shapecalc.readers.onnx.file import Extent, OnnxFile, OnnxNode

#: So many elements of constants are computed in a file.
_MOST_FOLDED = 4_000_000
#: A value that so many nodes read is the beginning of no pattern.
_MANY_READERS = 64
#: Fields hold no larger numbers (`layers.fields.LARGEST`), and no volume has more elements.
_LARGEST = 10**9
#: A volume has so many axes, the channels among them.
MOST_EXTENTS = 4


#: What norms add to a variance, by the language.
_EPSILON = 1e-5


class NoRuleError(Exception):
    """A node that no layer stands for, and why."""


class Taken(NamedTuple):
    """The arrays that a layer takes, in the order of its own, and the node that it stands for."""

    kind: str
    node: OnnxNode
    arrays: tuple[Tensor | None, ...]


class GraphWalk:
    """What is known of a graph by now."""

    def __init__(self, file: OnnxFile, place: str, *, channels_last: bool = False) -> None:
        self.file = file
        self.place = place
        self.channels_last = channels_last
        self.layers = LayerList()
        self.arrays: dict[str, Tensor] = dict(file.arrays)
        #: The arrays of the file, as those that are made of them name their origin.
        self.stored = {array.origin for array in file.arrays.values() if array.origin}
        self.values: dict[str, Value] = {}
        #: Values of which the file states another shape, for a reason that is known.
        self.astray: set[str] = set()
        self.flowing_in: dict[str, Value] = {}
        self.names = Names(file)
        self.readers: dict[str, list[int]] = defaultdict(list)
        for number, node in enumerate(file.nodes):
            for name in filter(None, node.inputs):
                self.readers[name].append(number)
        self.done: set[int] = set()
        #: Arrays that are not trained, and how many layers have such and others.
        self.frozen: set[str] = set()
        self.partly_frozen = 0
        #: Kernels by the initializers that they are: the layer that owns them.
        self.owners: dict[str, tuple[str, str, tuple[str, ...]]] = {}
        self.units: dict[str, Any] = {}  # of dense layers, by their kernels
        self.entries: dict[str, int] = {}  # of tables, by their origins
        self.tables: dict[str, Tensor] = {}
        self.lost_values: set[str] = set()
        self.opaque: Counter[str] = Counter()
        self.lost: Counter[str] = Counter()
        self.remarks: dict[str, None] = {}
        self.differences: list[str] = []
        self.merged: set[str] = set()
        self.used: set[str] = set()
        #: Initializers that only make constants: weights of no layer.
        self.apart: set[str] = set()
        self.macs_apart = 0  # of products that make constants
        #: What is computed of values as they are quantised: their scales, and products of these.
        self.scales: set[str] = set()
        self.rules: dict[str, Callable[[GraphWalk, OnnxNode, int], None]] = {}
        #: So many graphs within nodes are open.
        self.depth = 0
        #: So many of their nodes were taken.
        self.inner = 0
        self.budget = _MOST_FOLDED
        #: What layers take, by what stands for them: the arrays of the file, as ours lie.
        self.taken: dict[str, Taken] = {}
        #: The extents that flow into dense layers.
        self.entered: dict[str, tuple[int, ...]] = {}
        #: What layers compute otherwise than the file, though their sizes are the same.
        self.inexact: dict[str, None] = {}

    # What a rule asks

    def value(self, node: OnnxNode, number: int = 0) -> Value:
        """Return what flows into a node.  Raises `NoRuleError` for a constant."""
        name = node.inputs[number] if number < len(node.inputs) else ""
        value = self.values.get(name)
        if value is None:
            raise NoRuleError(f"input {number + 1} is none that flows")
        return value

    def solid(self, node: OnnxNode) -> Value:
        """Return what flows in, if it is a volume.  Raises `NoRuleError`."""
        value = self.value(node)
        if value.loose:
            raise NoRuleError("it has too many axes")
        return value

    def array(self, node: OnnxNode, number: int) -> Tensor | None:
        """Return a constant that a node takes, or None."""
        name = node.inputs[number] if number < len(node.inputs) else ""
        return self.arrays.get(name) if name else None

    def has(self, node: OnnxNode, number: int) -> bool:
        """Tell whether a node's input is given."""
        return number < len(node.inputs) and bool(node.inputs[number])

    def kernel(self, node: OnnxNode, number: int) -> Tensor:
        """Return a constant that a node must take.  Raises `NoRuleError`."""
        array = self.array(node, number)
        if array is None:
            raise NoRuleError(f"input {number + 1} is no constant")
        return array

    def number(self, name: str) -> float | None:
        """Return a constant of one element, or None.

        In a file of our own writer a weight of one element, which has its layer's name, is none.
        """
        array = self.arrays.get(name)
        if array is None or array.size != 1 or (self.file.is_ours and "/" in array.origin):
            return None
        values = array.values()
        return None if values is None else values[0]

    def few_readers(self, name: str) -> list[int]:
        """Return the nodes that read a value; none where they are too many for a pattern."""
        numbers = self.readers.get(name, [])
        return numbers if len(numbers) <= _MANY_READERS else []

    def only_reader(self, name: str, *ops: str) -> int | None:
        """Return the one node that reads a value, if it does one of these; else None."""
        numbers = self.few_readers(name)
        if len(set(numbers)) != 1 or name in self.file.outputs or numbers[0] in self.done:
            return None
        return numbers[0] if not ops or self.file.nodes[numbers[0]].op in ops else None

    def other_input(self, node: OnnxNode, name: str) -> str | None:
        """Return the input of a node of two that is not this one."""
        if len(node.inputs) != 2 or name not in node.inputs:
            return None
        return node.inputs[1 - node.inputs.index(name)]

    # What a rule does

    def give(self, node: OnnxNode, value: Value, output: int = 0) -> None:
        """Note what a node gives, and hold it against what the file states.

        What is made of a value whose stated shape is known to be wrong is stated likewise.
        """
        if output < len(node.outputs) and node.outputs[output]:
            name = node.outputs[output]
            self.values[name] = value
            if self.astray.isdisjoint(node.inputs):
                self.compare(node, name, value.dims)
            else:
                self.astray.add(name)

    def add(
        self,
        node: OnnxNode,
        kind: str,
        fields: dict[str, Any],
        sources: Sequence[Value],
        arrays: Sequence[Tensor | None] = (),
        buffers: Sequence[Tensor | None] = (),
    ) -> str:
        """Add a layer; where its kernel, its first array, is that of an earlier one, they share."""
        trained = tuple(array.origin for array in arrays if array is not None)
        name = self.names.of(node, trained)
        if arrays and arrays[0] is not None and arrays[0].origin and kind not in _VECTORS:
            owner = self.owners.get(arrays[0].origin)
            alike = [(kind, trained)]
            entries = self.entries.get(arrays[0].origin)
            if (
                kind == "dense"
                and fields.get("over")
                and len(trained) == 1
                and fields["units"] == entries
            ):
                alike.append(("embedding", trained))  # a head that uses a table
            turned = kind == "dense" and self.units.get(arrays[0].origin, fields["units"])
            if turned is not False and turned != fields["units"]:
                alike = []  # a matrix that is turned around
            if owner is not None and owner[1:] in alike:
                fields = {**fields, "share": owner[0]}
                trained = ()
            elif owner is not None:
                self.merged.add(arrays[0].origin)
        for origin in trained:
            (self.merged if origin in self.used else self.used).add(origin)
        frozen = [origin in self.frozen for origin in trained]
        if frozen and all(frozen):
            fields = {**fields, "trainable": False}
        self.partly_frozen += any(frozen) and not all(frozen)
        reference = self.layers.add(kind, fields, [value.source for value in sources], name)
        if kind == "dense":
            self.entered[reference] = sources[0].extents
        if kind == "embedding" and arrays[0] is not None:
            self.entries.setdefault(arrays[0].origin, fields["entries"])
            self.tables.setdefault(arrays[0].origin, arrays[0])
        if arrays and "share" not in fields:
            self.taken[reference] = Taken(kind, node, (*arrays, *buffers))
        if "note" in fields:
            self.differs(node, fields["note"])
        if arrays and arrays[0] is not None and arrays[0].origin:
            self.owners.setdefault(arrays[0].origin, (reference, kind, trained))
            if kind == "dense":
                self.units.setdefault(arrays[0].origin, fields["units"])
        return reference

    def same(
        self, node: OnnxNode, kind: str, fields: dict[str, Any], value: Value,
        arrays: Sequence[Tensor | None] = (), buffers: Sequence[Tensor | None] = (),
    ) -> None:  # fmt: skip
        """Add a layer whose output is like its input."""
        source = self.add(node, kind, fields, [value], arrays, buffers)
        self.give(node, value._replace(source=source))

    def volume(
        self, source: str, value: Value, extents: tuple[int, ...], dims: tuple[int, ...]
    ) -> Value:
        """Return what a layer gives whose axes are those of what flows in."""
        return Value(source, extents, value.axes, dims, value.batch)

    def skip(self, *numbers: int) -> None:
        """Leave nodes out that another one's layer stands for."""
        self.done.update(numbers)

    def remark(self, text: str) -> None:
        """Note what has to be said, once."""
        self.remarks[text] = None

    def differs(self, node: OnnxNode, why: str) -> None:
        """Note that a layer has the sizes of the file's, but not its numbers."""
        self.inexact[f"{_called(node)}: {why}"] = None

    def adds_epsilon(self, node: OnnxNode, epsilon: float | None) -> None:
        """Note where a norm that follows what flows in adds another number to its variance."""
        if epsilon is not None and not isclose(epsilon, _EPSILON, rel_tol=1e-3):
            self.differs(node, f"it adds {epsilon:.3g} to a variance, not {_EPSILON:g}")

    def refuse(self, message: str, hint: str = "", rule: str = "") -> SpecErrors:
        """Return the refusal of the file."""
        return refuse("E009", message, Origin.of_file(self.place), hint, rule)

    # The walk

    def run(self, rules: dict[str, Callable[[GraphWalk, OnnxNode, int], None]]) -> None:
        """Make a layer of every node, in an order in which each comes after what it reads."""
        self.rules = rules
        self.constants()
        for number in self.in_order():
            if number not in self.done:
                self.take(self.file.nodes[number], number)

    def take(self, node: OnnxNode, number: int) -> None:
        """Make a layer of a node, or a note; `number` is its own, or that of the one it is in."""
        if not any(node.outputs) or self.fold(node):
            return
        if any(name in self.lost_values for name in node.inputs):
            self.lose(node, f"{node.op} behind it")
            return
        named = node.op if node.domain in _STANDARD else f"{node.domain}.{node.op}"
        rule = self.rules.get(named)
        try:
            if rule is None:
                raise NoRuleError("no rule")  # noqa: TRY301
            rule(self, node, number)
        except NoRuleError:
            self.without_rule(node)
        except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError):
            raise self.refuse(
                f"the node {_called(node)} has inputs or attributes that its operation cannot have",
                "check the file with onnx.checker.check_model",
            ) from None

    def constants(self) -> None:
        """Note what nodes Constant hold."""
        for number, node in enumerate(self.file.nodes):
            if node.op == "Constant" and node.domain in _STANDARD:
                array = constant(node)
                if array is not None and node.outputs:
                    self.arrays[node.outputs[0]] = array
                    self.done.add(number)

    def in_order(self) -> list[int]:
        """Order nodes so that each comes after what it reads.  Raises `SpecErrors` for circles."""
        made: dict[str, int] = {}
        for number, node in enumerate(self.file.nodes):
            for name in filter(None, node.outputs):
                if name in made or name in self.file.inputs:
                    raise self.refuse(
                        f"two nodes give '{name}'", "every value has one origin, by the standard"
                    )
                made[name] = number
        waits = [{made[name] for name in node.inputs if name in made} for node in self.file.nodes]
        if all(max(before, default=-1) < number for number, before in enumerate(waits)):
            return list(range(len(waits)))
        following = defaultdict(list)
        for number, before in enumerate(waits):
            for other in before:
                following[other].append(number)
        left = [len(before) for before in waits]
        ready = [number for number in reversed(range(len(waits))) if not left[number]]
        ordered = []
        while ready:
            number = ready.pop()
            ordered.append(number)
            for other in reversed(following[number]):
                left[other] -= 1
                if not left[other]:
                    ready.append(other)
        if len(ordered) < len(waits):
            held = next(number for number, count in enumerate(left) if count)
            raise self.refuse(
                f"nodes feed each other in a circle, {_called(self.file.nodes[held])} among them",
                "a graph flows forward only",
            )
        return ordered

    def fold(self, node: OnnxNode) -> bool:
        """Compute a node that takes constants alone; tell whether that was done."""
        if node.op == "Shape" and node.inputs and node.inputs[0] in self.values:
            self.arrays[node.outputs[0]] = shape_of_dims(node, self.values[node.inputs[0]].dims)
            return True
        if node.op in ("CastLike", "Mul") and self.passed(node):
            return True
        given = [self.arrays.get(name) if name else None for name in node.inputs]
        if not given or any(
            array is None and name for array, name in zip(given, node.inputs, strict=True)
        ):
            return False
        if self.budget < 0:
            return False
        array = folded(node, given)
        if array is None or len(array.dims) > MOST_AXES:
            return False
        if node.op == "MatMul":
            factors = [tensor for tensor in given if tensor is not None]
            own = {tensor.origin for tensor in factors} & self.file.arrays.keys()
            self.apart |= own
            self.macs_apart += array.size * factors[0].dims[-1] if own else 0
        if array.made is None and not any(array is tensor for tensor in given):
            array.made = node, tuple(given)
        self.budget -= array.size if array.size <= 4096 else 1
        if not array.origin:
            array.origin = node.outputs[0] if node.outputs else ""
        self.arrays[node.outputs[0]] = array
        if self.file.is_ours and node.op == "ConstantOfShape":  # a weight without its numbers
            self.file.arrays[array.origin] = array
            self.stored.add(array.origin)
        return True

    def passed(self, node: OnnxNode) -> bool:
        """Pass on what a node changes in its type or its scale alone; tell whether that was done.

        A constant may be cast to the type of what flows, and what was quantised as it flowed is
        multiplied by its scale again.
        """
        if node.op == "CastLike":
            array = self.arrays.get(node.inputs[0]) if node.inputs else None
            if array is not None:
                self.arrays[node.outputs[0]] = array
            return array is not None
        if self.scales.isdisjoint(node.inputs):
            return False
        value = next((self.values[name] for name in node.inputs if name in self.values), None)
        if value is not None:
            self.give(node, value)
        else:
            self.arrays[node.outputs[0]] = Tensor((), 1)
            self.scales.add(node.outputs[0])
        return True

    # What has no rule

    def without_rule(self, node: OnnxNode) -> None:
        """Put a layer of unknown costs where a node has no rule, if its shape is stated."""
        sources = [self.values[name] for name in node.inputs if name in self.values]
        word = node.op if node.domain in _STANDARD else f"{node.domain}.{node.op}"
        given = [self.stated(name) for name in node.outputs]
        extents = [None if dims is None else _numbers(dims) for dims in given]
        if not extents or all(dims is None for dims in extents):
            self.lose(node, word)
            return
        self.opaque[word] += 1
        arrays = [
            self.arrays[name]
            for name in node.inputs
            if name in self.arrays and self.arrays[name].is_trained and word not in _WITHOUT_WEIGHTS
        ]
        params = sum(array.size for array in arrays if array.size > 1)
        for number, dims in enumerate(extents):
            if dims is None or not node.outputs[number]:
                if number < len(node.outputs):
                    self.lost_values.add(node.outputs[number])
                continue
            value = self.unknown_volume(dims)
            if value is None:
                self.lost_values.add(node.outputs[number])
                continue
            fields: dict[str, Any] = {"op": _safe(word), "shape": list(value.extents)}
            if params and not number:
                fields["params"] = min(params, _LARGEST)
            if not sources:
                sources = [self.first_input()]
            source = self.add(node, "opaque", fields, sources)
            self.give(node, value._replace(source=source), number)

    def opaque_of(
        self, node: OnnxNode, dims: tuple[int, ...], sources: list[Value], params: int
    ) -> None:
        """Put a layer of unknown costs where they are, but the shape is known by its rule."""
        value = self.unknown_volume(dims)
        if value is None:
            raise NoRuleError("it is no volume")
        fields = {"op": node.op, "shape": list(value.extents), "params": min(params, _LARGEST)}
        self.opaque[node.op] += 1
        source = self.add(node, "opaque", fields, sources)
        self.give(node, value._replace(source=source))

    def first_input(self) -> Value:
        """Return an input of the network, for what reads nothing that flows."""
        return next(iter(self.values.values()))

    def unknown_volume(self, dims: tuple[int, ...]) -> Value | None:
        """Return a value of stated extents, or None for one that is no volume."""
        batch = 0 if len(dims) > 1 else None
        axes = tuple(axis for axis in range(len(dims)) if axis != batch)
        if MOST_EXTENTS - 1 <= len(axes) <= MOST_EXTENTS and batch == 0 and not self.channels_last:
            axes = (*axes[1:], axes[0])
        extents = tuple(dims[axis] for axis in axes) or (1,)
        if len(extents) > MOST_EXTENTS or 0 in extents or max(extents) > _LARGEST:
            return None
        return Value("", extents, axes or (None,), dims, batch)

    def lose(self, node: OnnxNode, word: str) -> None:
        """Leave a node out, of which not even the shape is known."""
        self.lost[word] += 1
        self.lost_values.update(filter(None, node.outputs))

    # What the file states

    def stated(self, name: str) -> tuple[Extent, ...] | None:
        """Return the extents that the file states of a value."""
        given = self.file.stated.get(name)
        return self.file.outputs.get(name) if given is None else given

    def compare(self, node: OnnxNode, name: str, dims: tuple[int, ...]) -> None:
        """Note where the file states another shape than ours."""
        given = self.stated(name)
        if given is None:
            return
        batch = self.values[name].batch
        if len(given) == len(dims) and all(
            axis == batch or not isinstance(n, int) or n == own
            for axis, (n, own) in enumerate(zip(given, dims, strict=True))
        ):
            return
        theirs = "x".join(str("?" if n is None else n) for n in given) or "one number"
        ours = "x".join(map(str, dims))
        text = f"{_called(node)} gives {ours}, and the file states {theirs}"
        less = [own - n for n, own in zip(given, dims, strict=False) if isinstance(n, int)]
        why = _why_inferred(node, self.file.opset, less) if len(given) == len(dims) else ""
        if why:
            self.astray.add(name)
            self.remark(f"{text}: {why}")
        elif not self.opaque:
            self.differences.append(text)
        else:
            self.remark(text)


def _why_inferred(node: OnnxNode, opset: int, less: Sequence[int]) -> str:
    """Return why shape inference states another shape than runtimes give, where that is known.

    `less` is by how much what is stated is smaller, axis by axis.  Seen with onnx 1.23.2 beside
    onnxruntime 1.32.0.
    """
    if node.attributes.get("ceil_mode") and opset < 22:
        return (
            "up to opset 21, shape inference keeps a pool's window that starts in the padding,"
            " which no runtime does"
        )
    if node.op in ("Resize", "Upsample") and set(less) == {0, 1}:
        return (
            "shape inference rounds the product of a size and its factor down that a runtime"
            " rounds to single precision before"
        )
    return ""


#: Layers of a number for every channel, of which equal ones are often stored once.
_VECTORS = frozenset(
    [
        "batchnorm",
        "layernorm",
        "groupnorm",
        "instancenorm",
        "rmsnorm",
        "scale",
        "bias",
        "prelu",
        "parameter",
    ]
)
_STANDARD = ("", "ai.onnx")
#: Operations whose constants say how elements move, and are never weights.
_WITHOUT_WEIGHTS = frozenset({"Resize", "Upsample", "Pad", "Clip", "Tile", "Expand", "Reshape"})


def _called(node: OnnxNode) -> str:
    name = node.name or (node.outputs[0] if node.outputs else "")
    return f"{_safe(node.op)} '{name[:80]}'"


def _safe(word: str) -> str:
    return "".join(c if c.isalnum() or c in "._-" else "_" for c in word)[:40] or "_"


def _numbers(dims: tuple[Extent, ...]) -> tuple[int, ...] | None:
    """Return extents that are all numbers; a batch that is left open counts as 1."""
    if dims and not isinstance(dims[0], int):
        dims = (1, *dims[1:])
    return tuple(dims) if all(isinstance(n, int) and n > 0 for n in dims) else None  # type: ignore[arg-type]


def must_fit(walk: GraphWalk, node: OnnxNode, extents: Sequence[int]) -> None:
    """Refuse an output of which nothing is left, or that no memory holds."""
    if any(n < 1 for n in extents):
        text = "x".join(map(str, extents))
        raise walk.refuse(
            f"{_called(node)} leaves {text} of its input",
            "every extent is at least 1: is the input as large as the network needs?",
        )
    if size_of(extents) > _LARGEST**2 or max(extents, default=0) > _LARGEST:
        raise walk.refuse(f"{_called(node)} gives more than {_LARGEST:,} along an axis")

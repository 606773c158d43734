"""PyTorch's exported programs, `.pt2`: an archive whose graph is JSON; no PyTorch is needed.

Operations of ATen are written as those of ONNX (`translations`), which are walked through as a file
of ONNX is; what ONNX has no operation for has a rule here (`rules`).  Modules become levels, some
one layer (`modules`).  Weights are never unpacked, and nothing is unpickled.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from shapecalc.readers import ReadModel
from shapecalc.readers.archive import Archive
from shapecalc.readers.faults import unreadable
from shapecalc.readers.json_text import JsonFields, parse_json
from shapecalc.readers.onnx.attention import find_attention
from shapecalc.readers.onnx.file import OnnxFile, OnnxNode
from shapecalc.readers.onnx.rules import RULES
from shapecalc.readers.onnx.values import Value
from shapecalc.readers.onnx.walk import GraphWalk
from shapecalc.readers.protobuf import Messages
from shapecalc.readers.pt2.attention import WrittenAttention, attentions_of
from shapecalc.readers.pt2.modules import MODULES, CalledModule
from shapecalc.readers.pt2.program import AtenProgram
from shapecalc.readers.pt2.rules import PT2_RULES
from shapecalc.readers.pt2.translations import TRANSLATIONS
from shapecalc.text.words import counted, listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from mmap import mmap

    from shapecalc.readers.pt2.operation import AtenOperation

#: The opset as which the operations are written.
_OPSET = 22
_AXES = {1: (0,), 2: (2, 1), 3: (2, 3, 1), 4: (2, 3, 4, 1)}
_WORDS = {
    1: ("channels",),
    2: ("length", "channels"),
    3: ("height", "width", "channels"),
    4: ("depth", "height", "width", "channels"),
}
_OPERATIONS = ("windows", "dense", "norms", "pointwise", "joins", "parts", "moves", "recurrent")
#: What is filled anew, whatever it takes sizes from.
_FRESH = frozenset({"new_zeros", "new_ones", "new_full", "zeros_like", "ones_like", "full_like"})
#: Truths about what flows, which is no volume: they choose, and cost nothing that is counted.
_TRUTHS = frozenset({"any", "eq", "ge", "gt", "isinf", "le", "logical_not", "lt", "ne"})
#: Operations that take the last axis of what they read as the channels.
_LAST_FIRST = frozenset({
    "CosineWindows", "LayerNormalization", "Linear", "MatMul", "Module", "Recurrent",
})  # fmt: skip
#: What is a layer with weights even where a constant flows in.
_LEARNED = frozenset({"linear", "conv2d"})

#: What arguments of another kind than an operation has come to.
_OTHERWISE = (ArithmeticError, LookupError, TypeError, ValueError, AttributeError)


def read(name: str, data: bytes | mmap) -> ReadModel:
    """Read an exported program.  Raises `SpecErrors`."""
    archive = Archive(name, data)
    paths = list(archive.names())
    models = [path for path in paths if path.endswith("models/model.json")]
    if not models:
        kind = "weights or a script" if any(path.endswith(".pkl") for path in paths) else "no model"
        raise unreadable(
            name,
            f"the archive holds {kind}, and no exported program",
            "torch.export.save(torch.export.export(model, (example,)), 'model.pt2') writes one",
        )
    folder = models[0].removesuffix("models/model.json")
    weights = f"{folder}data/weights/model_weights_config.json"
    stored = parse_json(name, archive.text(weights)) if weights in paths else {}
    return read_program(name, parse_json(name, archive.text(models[0])), stored)


def read_program(name: str, program: object, stored: object = None) -> ReadModel:
    """Read what a program's JSON holds.  Raises `SpecErrors`."""
    return _ProgramWalk(AtenProgram(name, JsonFields(name, "the program", program), stored)).read()


class _Names:
    """Says what layers are called: the path of their module."""

    def of(self, node: OnnxNode, arrays: Sequence[str]) -> str:
        """Return a node's path, which ends in `/` where it is its module's."""
        return node.name


class _ProgramWalk:
    """A program on its way into a spec."""

    def __init__(self, program: AtenProgram) -> None:
        self.program = program

    def read(self) -> ReadModel:
        """Read the graph."""
        within: list[AtenOperation] = []  # of a module that is a layer of ours
        written = self._attentions()
        for entry in self.program.graph.items("nodes"):
            operation = self.program.operation(entry)
            attention = written.get(operation.outputs[0]) if operation.outputs else None
            if attention is not None:
                if operation.outputs == attention.last.outputs:
                    self._emit_attention(attention)
                continue
            if within and operation.leaf(MODULES) != within[0].leaf(MODULES):
                self._translate_module(within)
                within = []
                operation = self.program.operation(entry)
            if operation.leaf(MODULES) is None:
                self._translate(operation)
            else:
                within.append(operation)
        if within:
            self._translate_module(within)
        ends = [
            self.program.real(
                str(self.program.fields(self.program.fields(entry).get("as_tensor")).get("name"))
            )
            for entry in self.program.graph.items("outputs")
        ]
        return self._walked(ends)

    def _attentions(self) -> dict[str, WrittenAttention]:
        """Return the attentions that are written out, by all that they compute."""
        entries = self.program.graph.items("nodes")
        operations = [self.program.operation(entry) for entry in entries]
        if not any("scaled_dot_product" in operation.target for operation in operations):
            return {}
        try:
            written = attentions_of(self.program, operations, MODULES)
        except _OTHERWISE:
            return {}
        return {name: attention for attention in written for name in attention.outputs}

    def _emit_attention(self, attention: WrittenAttention) -> None:
        """Write the operations of an attention as the one that it is."""
        whole = attention.last._replace(path=attention.path)
        inputs, fields = attention.inputs, attention.fields
        self.program.emit(
            "Module", inputs, whole.outputs[0], whole, kind="attention", fields=fields
        )

    def _translate(self, operation: AtenOperation) -> None:
        references = operation.references()
        outputs = operation.outputs
        if not outputs:
            return
        in_place = operation.target.endswith("_") and not operation.target.startswith("_")
        target = operation.target.rstrip("_") if in_place else operation.target
        flowing = [name for name in references if self.program.flows(name)]
        if target in _FRESH | _TRUTHS or (not flowing and target not in _LEARNED):
            self.program.constant(operation)
        else:
            rule = TRANSLATIONS.get(target)
            if rule is None:
                self.program.emit(f"aten.{target}", references, outputs, operation)
            else:
                try:
                    rule(self.program, operation)
                except _OTHERWISE:
                    raise self.program.fault(
                        f"{target} takes other arguments than it is known to: is the file damaged?"
                    ) from None
        if in_place and references and references[0] != outputs[0]:
            self.program.aliases[references[0]] = outputs[0]

    def _translate_module(self, operations: list[AtenOperation]) -> None:
        """Write the operations of a module as the layer that it is."""
        leaf = operations[0].leaf(MODULES)
        assert leaf is not None
        own = {name for operation in operations for name in operation.outputs}
        read = [name for operation in operations for name in operation.references()]
        parameters = {
            self.program.arrays[name].origin.removeprefix(f"{leaf[0]}."): name
            for name in read
            if name in self.program.arrays and self.program.arrays[name].origin
        }
        flows = list(
            dict.fromkeys(name for name in read if self.program.flows(name) and name not in own)
        )
        whole = operations[-1]._replace(path=leaf[0].replace(".", "/") + "/")
        try:
            module = CalledModule(self.program, whole, operations, flows, parameters)
            known = MODULES[leaf[1]](module)
        except _OTHERWISE:
            known = False
        if not known:
            for operation in operations:
                self._translate(operation)

    # The walk

    def _walked(self, ends: list[str]) -> ReadModel:
        for module in _OPERATIONS:
            import_module(f"shapecalc.readers.onnx.{module}")
        file = OnnxFile(
            _OPSET,
            "pytorch",
            "",
            self.program.nodes,
            self.program.arrays,
            self.program.inputs,
            dict.fromkeys(ends),
            dict(self.program.dims),
            Messages(b""),
        )
        walk = GraphWalk(file, self.program.name)
        walk.names = _Names()  # type: ignore[assignment]
        walk.frozen = self.program.frozen
        for name in self.program.inputs:
            self._add_input(walk, name)
        if not walk.values:
            raise self.program.fault("nothing flows in: the program has no input that is a tensor")
        walk.run({**RULES, **PT2_RULES})
        if walk.differences:
            raise self.program.fault("; ".join(walk.differences[:5]), "one of the two is wrong")
        if not len(walk.layers):
            raise self.program.fault("the program computes nothing that is read")
        outputs = [walk.values[name].source for name in ends if name in walk.values]
        find_attention(walk, outputs)
        remarks = list(walk.remarks)
        if walk.lost:
            lost = listed([f"{count} {word}" for word, count in walk.lost.items()])
            remarks.insert(0, f"partial: {lost} left out, as the file does not state their shapes")
        if walk.merged:
            arrays = counted(len(walk.merged), "array")
            remarks.append(f"{arrays} used by several layers, each of which counts its own")
        remarks += self._said_of_training(walk)
        if self.program.open:
            remarks.append("sizes that the file leaves open are those of its example")
        return ReadModel(walk.layers.data(outputs), tuple(remarks))

    def _said_of_training(self, walk: GraphWalk) -> Iterator[str]:
        """Yield what layers of ours have no words for."""
        if self.program.normed:
            weights = counted(self.program.normed, "weight")
            yield (
                f"{weights} computed of a direction and a length (weight_norm): counted as what"
                f" comes of them, {self.program.lengths:,} less than are trained"
            )
        if self.program.kernels:
            kernels = counted(len(self.program.kernels), "kernel")
            yield (
                f"{kernels} fixed or computed: counted as large as they are,"
                f" {self.program.beyond:,} more than are trained"
            )
        if walk.partly_frozen:
            layers = counted(walk.partly_frozen, "layer")
            yield f"{layers} frozen in part, and counted as trained"

    def _add_input(self, walk: GraphWalk, name: str) -> None:
        dims = self.program.dims[name]
        if not dims or not all(0 < n <= 10**9 for n in dims) or len(dims) - 1 not in (0, *_AXES):
            raise self.program.fault(
                f"the input '{name[:40]}' is {'x'.join(map(str, dims)) or 'a number'}"
            )
        axes = _AXES.get(len(dims) - 1, (0,))
        if len(dims) == 2:
            axes = (1,)
        elif self._last_first(name):
            axes = tuple(range(1, len(dims)))
        extents = tuple(dims[axis] for axis in axes)
        words = _WORDS[len(extents)]
        source = walk.layers.add_input(name, dict(zip(words, extents, strict=True)))
        batch = 0 if len(dims) > 1 else None
        walk.values[name] = Value(source, extents, axes, dims, batch)

    def _last_first(self, name: str) -> bool:
        """Tell whether the first that reads an input takes its last axis as the channels."""
        reader = next((node.op for node in self.program.nodes if name in node.inputs), "")
        return reader in _LAST_FIRST

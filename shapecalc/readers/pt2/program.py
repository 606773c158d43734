"""An exported program: its tensors, and the operations of ONNX that its own become."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from shapecalc.readers.faults import unreadable
from shapecalc.readers.json_text import JsonFields, is_whole
from shapecalc.readers.onnx.file import OnnxNode, Tensor
from shapecalc.readers.pt2.operation import AtenOperation, Reference
from shapecalc.text.words import listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.errors import SpecErrors

#: The schemas that are read: the major number moves where an old reader would go wrong.
_MAJORS = (8,)
#: So many operations are read, and so many inputs.
_MAX_NODES, _MAX_INPUTS = 200_000, 1000
#: Element types, as ONNX numbers them: of what is trained, and of what is not.
FLOAT, INT = 1, 7


#: What leaves the numbers of an array as they are: its size is that of the parameter.
_SAME_NUMBERS = frozenset(
    {
        *("view", "reshape", "permute", "transpose", "unsqueeze", "squeeze"),
        *("contiguous", "clone", "alias", "detach", "expand"),
    }
)


class AtenProgram:
    """A program on its way into a graph of ONNX's operations."""

    def __init__(self, name: str, program: JsonFields, stored: object) -> None:
        self.name = name
        self.program = program
        module = self.fields(program.get("graph_module"))
        self.graph = self.fields(module.get("graph"))
        self.signature = self.fields(module.get("signature"))
        self.stored = self.fields(self.fields(stored).get("config"))
        self.dims: dict[str, tuple[int, ...]] = {}
        self.open = False
        self.arrays: dict[str, Tensor] = {}
        #: The extents of parameters
        self.trained: dict[str, tuple[int, ...]] = {}
        #: What no input flows into, though it is computed
        self.fixed: set[str] = set()
        #: Fixed arrays of which a triangle is left
        self.triangles: set[str] = set()
        self.inputs: dict[str, tuple[int | str | None, ...] | None] = {}
        #: Parameters that are not trained
        self.frozen: set[str] = set()
        #: Weights that are computed of a direction and a length: how many, and of how many more
        self.normed, self.lengths = 0, 0
        self.of_lengths: set[str] = set()
        #: Kernels that are fixed, or larger than the parameter in them; and by how much in all
        self.kernels: set[str] = set()
        self.beyond = 0
        self.aliases: dict[str, str] = {}
        self.nodes: list[OnnxNode] = []
        self.made = 0
        self._check_version()
        self._sizes()
        self._signature()
        #: Matrices that layers with biases of their own share
        self.shared = self._shared_alone()

    def fields(self, value: object) -> JsonFields:
        """Return what a map of the file holds."""
        return JsonFields(self.name, "the program", value)

    def fault(self, message: str, hint: str = "") -> SpecErrors:
        """Return what is wrong with the file, to be raised."""
        return unreadable(self.name, message, hint)

    def _check_version(self) -> None:
        version = self.fields(self.program.get("schema_version"))
        major, minor = version.get("major"), version.get("minor")
        if major not in _MAJORS:
            wanted = listed([str(number) for number in _MAJORS], "or")
            raise self.fault(
                f"its schema is version {major}.{minor}, and {wanted} is read",
                "export it with another release of PyTorch; 2.14 writes schema 8.20",
            )

    def _sizes(self) -> None:
        """Note the extents of all tensors."""
        values = self.graph.get("tensor_values")
        for name, meta in (values if isinstance(values, dict) else {}).items():
            sizes = [self._extent(size) for size in self.fields(meta).items("sizes")]
            self.dims[name] = tuple(sizes)

    def meta(self, name: str) -> JsonFields:
        """Return what the file says of a tensor."""
        values = self.graph.get("tensor_values")
        return self.fields(values.get(name) if isinstance(values, dict) else None)

    def _extent(self, size: object) -> int:
        """Return an extent; one that is left open is that of the example."""
        fields = self.fields(size)
        value = fields.get("as_int")
        if value is None:
            self.open = True
            value = self.fields(self.fields(fields.get("as_expr")).get("hint")).get("as_int")
        if not is_whole(value) or value < 0:
            raise self.fault(f"a tensor has an extent that none has: {str(size)[:60]}")
        return int(value)

    def _signature(self) -> None:
        """Note parameters, buffers and inputs by the names that they have in the graph."""
        places: dict[tuple[str, tuple[int, ...]], str] = {}
        for entry in self.signature.items("input_specs"):
            for kind, spec in (entry if isinstance(entry, dict) else {}).items():
                fields = self.fields(spec)
                arg = self.fields(fields.get("arg"))
                name = str(arg.get("name") or self.fields(arg.get("as_tensor")).get("name"))
                if name not in self.dims:
                    continue
                dims = self.dims[name]
                if kind == "user_input":
                    self.inputs[name] = dims
                    if len(self.inputs) > _MAX_INPUTS:
                        raise self.fault(f"the program has more than {_MAX_INPUTS:,} inputs")
                elif kind == "parameter":
                    origin = fields.text("parameter_name", name)
                    origin = self._tied(origin, dims, places)
                    self.arrays[name] = Tensor(dims, FLOAT, origin=origin)
                    self.trained[origin] = dims
                    if self.meta(name).truth("requires_grad", default=True) is False:
                        self.frozen.add(origin)
                else:
                    self.arrays[name] = Tensor(dims, INT)

    def _shared_alone(self) -> set[str]:
        """Return the parameters that dense layers share whose biases are not shared with them."""
        biases: dict[str, set[str]] = {}
        for entry in self.graph.items("nodes"):
            operation = self.operation(entry)
            array = self.arrays.get(operation.get("weight", ""))
            if operation.target == "linear" and array is not None and array.origin:
                biases.setdefault(array.origin, set()).add(operation.get("bias", ""))
        return {origin for origin, names in biases.items() if len(names) > 1}

    def _tied(
        self, origin: str, dims: tuple[int, ...], places: dict[tuple[str, tuple[int, ...]], str]
    ) -> str:
        """Return the first parameter that is stored where this one is."""
        entry = self.fields(self.stored.get(origin))
        meta = self.fields(entry.get("tensor_meta"))
        device = self.fields(meta.get("device")).text("type")
        path = entry.text("path_name")
        if not path or device == "meta" or not math.prod(dims):
            return origin
        return places.setdefault((path, dims), origin)

    def operation(self, entry: object) -> AtenOperation:
        fields = self.fields(entry)
        target = fields.text("target")
        if len(self.nodes) > _MAX_NODES:
            raise self.fault(f"the program has more than {_MAX_NODES:,} operations")
        arguments = {}
        for given in fields.items("inputs"):
            argument = self.fields(given)
            arguments[argument.text("name")] = self._value(argument.get("arg"))
        outputs = []
        for given in fields.items("outputs"):
            outputs += self._given(given)
        stack = self.fields(fields.get("metadata")).text("nn_module_stack")
        modules = [
            (parts[1], parts[2])
            for parts in (level.split(",") for level in stack.split(";"))
            if len(parts) == 3
        ]
        path = modules[-1][0].replace(".", "/") if modules else ""
        words = target.removeprefix("torch.ops.").split(".")
        short = words[1] if words[0] == "aten" and len(words) > 1 else ".".join(words)
        return AtenOperation(short, arguments, outputs, f"{path}/" if path else "", modules)

    def _given(self, output: object) -> list[str]:
        fields = self.fields(output)
        one = fields.get("as_tensor")
        several = [one] if one is not None else fields.items("as_tensors")
        return [str(self.fields(item).get("name")) for item in several]

    def _value(self, argument: object) -> Any:  # noqa: ANN401
        """Return an argument: a number, a word, a list, or a tensor's name."""
        fields = argument if isinstance(argument, dict) else {}
        for kind, value in fields.items():
            if kind in ("as_tensor", "as_tensors", "as_optional_tensors"):
                items = value if isinstance(value, list) else [value]
                names = [self._tensor(item) for item in items]
                return names if kind != "as_tensor" else names[0]
            if kind in ("as_sym_int", "as_sym_ints"):
                items = value if isinstance(value, list) else [value]
                numbers = [self.fields(item).get("as_int") for item in items]
                return numbers if kind == "as_sym_ints" else numbers[0]
            return None if kind == "as_none" else value
        return None

    def _tensor(self, item: object) -> Reference | None:
        fields = self.fields(item)
        inner = self.fields(fields.get("as_tensor")) if "as_tensor" in fields else fields
        name = inner.get("name")
        return Reference(self.real(name)) if isinstance(name, str) else None

    def constant(self, operation: AtenOperation) -> None:
        """Note what is computed of constants alone: it belongs to the first trained one."""
        references = operation.references()
        origins = [self.arrays[name].origin for name in references if name in self.arrays]
        origin = next(filter(None, origins), "")
        kept = operation.target in _SAME_NUMBERS and self.fixed.isdisjoint(references)
        if operation.target.startswith("_weight_norm") and operation.outputs:
            self.normed += 1
            self.of_lengths.update(operation.outputs)
            sizes = sum(math.prod(self.dims.get(name, ())) for name in references)
            self.lengths += sizes - math.prod(self.dims.get(operation.outputs[0], ()))
        for name in operation.outputs:
            dims = self.dims.get(name, ())
            self.arrays[name] = Tensor(dims, FLOAT if origin else INT, origin=origin)
            if origin and not kept:
                self.fixed.add(name)
            if operation.target in ("tril", "triu") or not self.triangles.isdisjoint(references):
                self.triangles.add(name)

    # What translations ask and do

    def real(self, name: str) -> str:
        """Return the name of a tensor's value now: what works in place gives it another."""
        passed: list[str] = []
        while name in self.aliases and len(passed) <= len(self.aliases):
            passed.append(name)
            name = self.aliases[name]
        for other in passed[:-1]:  # so that a long way is gone once
            self.aliases[other] = name
        return name

    def flows(self, name: object) -> bool:
        """Tell whether something is a tensor that an input flows into."""
        return isinstance(name, Reference) and name not in self.arrays

    def rank(self, name: str) -> int:
        """Return how many axes a tensor has."""
        return len(self.dims.get(name, ()))

    def emit(
        self,
        op: str,
        inputs: Sequence[str | None],
        outputs: str | Sequence[str],
        operation: AtenOperation,
        **attributes: Any,  # noqa: ANN401
    ) -> str:
        """Write an operation of ONNX; return the first value that it gives."""
        given = [outputs] if isinstance(outputs, str) else list(outputs)
        names = tuple(name or "" for name in inputs)
        while names and not names[-1]:
            names = names[:-1]
        self.nodes.append(OnnxNode(op, "", operation.path, names, tuple(given), attributes, ()))
        return given[0]

    def between(self) -> str:
        """Return a name for a value that the file does not have."""
        self.made += 1
        return f"\0{self.made}"

    def note_kernel(self, name: str) -> None:
        """Note a kernel that has more numbers than the parameter of which it is computed."""
        array = self.arrays.get(name)
        if array is None or name in self.of_lengths or name in self.kernels:
            return
        beyond = array.size - math.prod(self.trained.get(array.origin, (0,)))
        if beyond:
            self.kernels.add(name)
            self.beyond += beyond

    def number(self, value: float) -> str:
        """Return the name of a constant."""
        name = self.between()
        self.arrays[name] = Tensor((), FLOAT, [float(value)])
        return name

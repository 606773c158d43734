"""Attention that a module of one's own writes out: dense layers around a scaled product."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from shapecalc.readers.pt2.operation import AtenOperation, Reference
    from shapecalc.readers.pt2.program import AtenProgram

#: What only puts elements elsewhere on their way into heads, and back.
_MOVES = frozenset({
    "alias", "chunk", "clone", "contiguous", "permute", "reshape", "select", "split",
    "split_with_sizes", "squeeze", "swapaxes", "transpose", "unbind", "unflatten", "unsqueeze",
    "view", "_unsafe_view", "flatten",
})  # fmt: skip
_NORMS = {"rms_norm": "rmsnorm", "layer_norm": "layernorm"}


class HeadsTrace(NamedTuple):
    """The way back from an operand of a product to its dense layer."""

    dense: AtenOperation
    passed: list[AtenOperation]
    norm: AtenOperation | None


class WrittenAttention(NamedTuple):
    """One attention: all that belongs to it, its last operation, and what it is in our words."""

    outputs: frozenset[str]
    last: AtenOperation
    inputs: list[Reference]
    fields: dict[str, Any]
    path: str


def attentions_of(
    program: AtenProgram, operations: Sequence[AtenOperation], modules: Collection[str]
) -> list[WrittenAttention]:
    """Return the attentions that are written out; those of known modules are read with these."""
    search = _Search(program, operations)
    products = [op for op in operations if op.target == "scaled_dot_product_attention"]
    made = [search.around(product) for product in products if product.leaf(modules) is None]
    return [one for one in made if one is not None]


class _Search:
    def __init__(self, program: AtenProgram, operations: Sequence[AtenOperation]) -> None:
        self.program = program
        self.makers = {name: op for op in operations for name in op.outputs}
        self.users: dict[str, list[AtenOperation]] = defaultdict(list)
        for op in operations:
            for name in dict.fromkeys(op.references()):
                self.users[name].append(op)

    def around(self, product: AtenOperation) -> WrittenAttention | None:
        """Return the attention whose product this is, or nothing where it is another one."""
        program = self.program
        traces = [self._back(product.get(word)) for word in ("query", "key", "value")]
        end = self._ahead(product)
        query, key, value = (
            program.dims.get(product.get(w), ()) for w in ("query", "key", "value")
        )
        if None in traces or not end or {len(query), len(key), len(value)} != {4}:
            return None
        known = [trace for trace in traces if trace is not None]
        fields = self._fields(product, known, end[-1], (query, key, value))
        if fields is None:
            return None
        passed = [op for trace in known for op in (*trace.passed, trace.dense)]
        members = [*passed, product, *end]
        outputs = frozenset(name for op in members for name in op.outputs)
        inside = {id(op) for op in members}
        last = set(end[-1].outputs)
        if any(id(user) not in inside for n in outputs - last for user in self.users[n]):
            return None
        norms = [trace.norm.get("weight") for trace in known[:2] if trace.norm is not None]
        layers = [*dict.fromkeys(trace.dense.outputs[0] for trace in known)]
        weights = [self.makers[name].get("weight") for name in layers]
        inputs = [known[0].dense.get("input"), *weights, *norms, end[-1].get("weight")]
        return WrittenAttention(outputs, end[-1], inputs, fields, product.path)

    def _back(self, name: Any) -> HeadsTrace | None:  # noqa: ANN401
        """Go back from an operand to a dense layer."""
        passed: list[AtenOperation] = []
        norm = None
        while (op := self.makers.get(name)) is not None and len(passed) < 20:
            if op.target == "linear":
                return HeadsTrace(op, passed, norm)
            if op.target in _NORMS and norm is None:
                norm = op
            elif op.target not in _MOVES:
                return None
            passed.append(op)
            name = op.references()[0]
        return None

    def _ahead(self, product: AtenOperation) -> list[AtenOperation]:
        """Return what follows a product up to a dense layer."""
        passed: list[AtenOperation] = []
        at = product
        while len(at.outputs) == 1 and len(self.users[at.outputs[0]]) == 1 and len(passed) < 20:
            at = self.users[at.outputs[0]][0]
            passed.append(at)
            if at.target == "linear":
                return passed
            if at.target not in _MOVES:
                break
        return []

    def _fields(
        self,
        product: AtenOperation,
        traces: list[HeadsTrace],
        out: AtenOperation,
        dims: tuple[tuple[int, ...], ...],
    ) -> dict[str, Any] | None:
        """Return what our attention says of it, or nothing where it has no words for it."""
        query, key, value = dims
        x = traces[0].dense.get("input")
        sizes = self.program.dims.get(x, ())
        heads, groups = query[1], key[1]
        scale = product.get("scale")
        if (
            len(sizes) != 3
            or {trace.dense.get("input") for trace in traces} != {x}
            or product.get("attn_mask") is not None
            or (scale is not None and not math.isclose(scale, query[3] ** -0.5, rel_tol=1e-6))
            or {query[2], key[2], value[2]} != {sizes[1]}
            or value[1] != groups
            or (groups != heads and not product.get("enable_gqa", default=False))
            or self._units(out) != sizes[2]
        ):
            return None
        layers = {trace.dense.outputs[0]: trace.dense for trace in traces}
        units = sum(self._units(layer) for layer in layers.values())
        biases = {layer.get("bias") is not None for layer in layers.values()}
        norm = self._norm(traces, query[3])
        if len(layers) == 2 or len(biases) > 1 or norm is None:
            return None
        if units != heads * query[3] + groups * (key[3] + value[3]):
            return None
        (qkv,) = biases
        words = {(True, True): None, (False, False): False, (True, False): "qkv"}
        bias = words.get((qkv, out.get("bias") is not None), "out")
        return {
            "heads": heads,
            **({"key": query[3]} if heads * query[3] != sizes[2] else {}),
            **({"value": value[3]} if value[3] != key[3] else {}),
            **({"groups": groups} if groups != heads else {}),
            **({} if bias is None else {"bias": bias}),
            **({"qk_norm": norm} if norm else {}),
            **({"causal": True} if product.get("is_causal", default=False) else {}),
        }

    def _units(self, layer: AtenOperation) -> int:
        return self.program.dims.get(layer.outputs[0], (0,))[-1]

    def _norm(self, traces: list[HeadsTrace], size: int) -> str | None:
        """Return what normalises queries and keys, "" where nothing does; None is another way."""
        norms = [trace.norm for trace in traces]
        if norms == [None] * 3:
            return ""
        query, key, value = norms
        if query is None or key is None or value is not None or query.target != key.target:
            return None
        for norm in (query, key):
            trained = norm.get("weight") is not None
            shifted = norm.get("bias") is not None
            whole = trained and shifted == (norm.target == "layer_norm")
            if list(norm.get("normalized_shape", [])) != [size] or not whole:
                return None
        return _NORMS[query.target]
